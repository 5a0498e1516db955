"""The mail that the inbox sends. It never holds contact data (RULES T2)."""

from __future__ import annotations

from webapp import clock, mailer
from webapp.i18n import gettext as _
from webapp.i18n import ngettext, place
from webapp.inbox import queries
from webapp.mailer import Letter, QueuedMail, address_of
from webapp.tenders.labels import needs
from webapp.tenders.mail import closes, why_partner


@mailer.mail
def tender_digest(mail: QueuedMail) -> Letter | None:
    """To a partner, once a day: the calls since the last digest that are still open (RULES T9)."""
    tenders = queries.in_digest(mail.about, mail.queued_at, now=clock.now())
    if not tenders:
        return None
    n = len(tenders)
    return Letter(
        subject=ngettext("%(num)s new call for tenders", "%(num)s new calls for tenders", n),
        heading=ngettext("%(num)s new call for tenders", "%(num)s new calls for tenders", n),
        paragraphs=(_("These calls match what you wish to receive."),),
        entries=tuple(
            (
                tender.title,
                _(
                    "%(services)s · %(place)s · open until %(day)s",
                    services=", ".join(needs(tender.services)),
                    place=place(tender.place),
                    day=closes(tender),
                ),
                address_of("inbox.open_mailed", tender=tender.public_id),
            )
            for tender in tenders
        ),
        after=(_("Opening a link changes nothing yet."),),
        why=why_partner(),
        thread=f"digest.{mail.about}",
    )
