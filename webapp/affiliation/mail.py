"""The mails of affiliates, to whoever sees their earnings."""

from __future__ import annotations

from webapp.affiliation import queries, rules
from webapp.affiliation.models import AffiliateAccount
from webapp.i18n import gettext as _
from webapp.i18n import money
from webapp.mailer import Letter, QueuedMail, address_of, mail
from webapp.orders import queries as orders
from webapp.programme import programme


@mail
def tier_reached(row: QueuedMail) -> Letter | None:
    """A higher rate is reached for the first time (RULES F5)."""
    account = queries.account(row.about)
    if account is None or not orders.is_told(account.organisation, row.address):
        return None
    tiers, earned = programme().affiliation.tiers, queries.counted(account)
    following = rules.next_tier(earned, tiers)
    missing = ((_("Until %(rate)s%%", rate=following[1]), money(following[0])),) if following else ()
    return Letter(
        subject=_("Your affiliate commission is now %(rate)s%%", rate=account.tier),
        heading=_("You reached %(rate)s%%", rate=account.tier),
        paragraphs=(_("From the next order of your customers on, you earn %(rate)s%% of it.",
                      rate=account.tier),),
        facts=((_("Earned so far"), money(earned)), *missing),
        button=(_("See your earnings"), address_of("earnings.index", org=account.organisation.public_id)),
        why=why(account),
    )  # fmt: skip


def why(account: AffiliateAccount) -> str:
    """Why somebody gets mail about an affiliate account."""
    return _("You get this because you see the earnings of %(organisation)s in the affiliate programme.",
             organisation=account.organisation.name)  # fmt: skip
