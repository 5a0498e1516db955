"""The mails about calls for tenders, one function each. A mail to a partner never holds contact data (RULES T2)."""

from __future__ import annotations

from webapp import clock, links, mailer
from webapp.i18n import day, language_name, listing, ngettext, place
from webapp.i18n import gettext as _
from webapp.mailer import Address, Letter, QueuedMail, Recipient, address_of
from webapp.tenders import labels, queries
from webapp.tenders.models import Offer, Tender, TenderOpening
from webapp.tenders.rules import Status, excerpt, without_contact

# every kind that goes to the requester about a call: erased with it
TO_REQUESTER = (
    "tender_confirm", "tender_received", "tender_opened", "tender_closing", "tender_expired", "tender_cancelled",
)  # fmt: skip


def requester(tender: Tender) -> Recipient:
    """Who sent the call: the person with an account, else the address that was typed."""
    if tender.user:
        return tender.user
    return Address(tender.contact_email or "", tender.contact_name or "", tender.language, tender.country)


def _tender(mail: QueuedMail) -> Tender | None:
    tender = queries.by_id(mail.about)
    return None if tender is None or tender.erased_at else tender


def _own_page(tender: Tender) -> str:
    link = links.live("tender", tender.id)
    return address_of("tenders.manage", token=link.token) if link else address_of("pages.home")


def _thread(tender: Tender) -> str:
    return f"call.{tender.public_id}"


def _language_line() -> str:
    return _("It was sent automatically in English.")


def _why_requester() -> str:
    return (
        _("You receive this message because a call for tenders was published with your address.")
        + " "
        + _language_line()
    )


def why_partner() -> str:
    """Why a partner gets it."""
    return (
        _("You receive this message because your company is a partner and gets calls for tenders.")
        + " "
        + _language_line()
    )


def closes(tender: Tender) -> str:
    """The last day on which the call is open."""
    last = labels.closing_day(tender)
    return day(last) if last else ""


def _facts(tender: Tender) -> tuple[tuple[str, str], ...]:
    return (
        (_("Needs"), ", ".join(labels.needs(tender.services))),
        (_("Where"), place(tender.place)),
        (_("Budget"), labels.budget(tender)),
        (_("Start"), str(labels.STARTS[tender.start])),
        (_("Answers in"), listing([language_name(code) for code in sorted(tender.reply_languages)])),
        (_("Open until"), closes(tender)),
    )


@mailer.mail
def tender_confirm(mail: QueuedMail) -> Letter | None:
    """To a visitor: confirm the address, or cancel (RULES T3, T5). The address may be a stranger's: no typed words."""
    tender = _tender(mail)
    if tender is None or tender.status(clock.now()) is not Status.UNCONFIRMED:
        return None
    return Letter(
        subject=_("Confirm your call for tenders %(reference)s", reference=tender.reference),
        heading=_("Confirm your call for tenders"),
        preheader=_("No partner sees it before you confirm."),
        paragraphs=(
            _(
                "We have received a call for tenders with your address. No partner sees it before you confirm it."
            ),
        ),
        facts=((_("Reference"), tender.reference),),
        button=(_("Confirm or cancel the call"), _own_page(tender)),
        after=(
            _("Opening the link changes nothing yet. You decide on the page."),
            _("Keep this message: with the same link you can follow the call and cancel it at any time."),
            _("If it was not you, do nothing, or cancel the call by the link."),
        ),
        why=_why_requester(),
        thread=_thread(tender),
    )


@mailer.mail
def tender_received(mail: QueuedMail) -> Letter | None:
    """To a signed-in requester: the call is out, with the link to cancel (RULES T3)."""
    tender = _tender(mail)
    if tender is None or tender.status(clock.now()) is not Status.OPEN:
        return None
    return Letter(
        subject=_("Your call for tenders %(reference)s is published", reference=tender.reference),
        heading=_("Your call for tenders is published"),
        paragraphs=(
            _("Partners whom “%(title)s” concerns are being told now.", title=tender.title),
            _("They see your contact details only when they open the call, and you see who has done so."),
        ),
        facts=((_("Reference"), tender.reference), (_("Open until"), closes(tender))),
        button=(_("Follow or cancel the call"), _own_page(tender)),
        after=(_("Opening the link changes nothing yet. You decide on the page."),),
        why=_why_requester(),
        thread=_thread(tender),
    )


def _is_open(tender_id: int) -> bool:
    tender = queries.by_id(tender_id)
    return tender is not None and tender.status(clock.now()) is Status.OPEN


@mailer.mail_to_many(holds=_is_open)
def tender_excerpt(mail: QueuedMail) -> Letter | None:
    """To each partner concerned: an excerpt, never the contact data (RULES T2). Alike for a whole language."""
    tender = _tender(mail)
    if tender is None or tender.status(clock.now()) is not Status.OPEN:
        return None
    return Letter(
        subject=_("New call for tenders: %(title)s", title=tender.title),
        heading=tender.title,
        preheader=_("A new call for tenders concerns you. Open until %(day)s.", day=closes(tender)),
        paragraphs=(
            _("Somebody looks for a partner, and the call matches what you wish to receive. An excerpt:"),
        ),
        quote=(tender.language, excerpt(without_contact(tender.description))),
        facts=_facts(tender),
        button=(_("Read the call"), address_of("inbox.open_mailed", tender=tender.public_id)),
        after=(
            _(
                "Opening the link changes nothing yet. The sender sees only that you looked at the contact details."
            ),
        ),
        why=why_partner(),
        thread=_thread(tender),
    )


@mailer.mail
def tender_opened(mail: QueuedMail) -> Letter | None:
    """To the requester: partners have opened the contact data; the first time at once, then daily (RULES T8)."""
    tender = _tender(mail)
    if tender is None or tender.status(clock.now()) is not Status.OPEN:
        return None
    n = queries.openings_count(tender)
    return Letter(
        subject=ngettext(
            "%(num)s partner has opened your call for tenders",
            "%(num)s partners have opened your call for tenders",
            n,
        ),
        heading=ngettext("%(num)s partner has opened your call", "%(num)s partners have opened your call", n),
        paragraphs=(_("They have seen your contact details for “%(title)s”.", title=tender.title),),
        facts=((_("Partners"), listing([opening.partner.name for opening in tender.openings])),),
        button=(_("Follow the call"), _own_page(tender)),
        after=(_("Opening the link changes nothing yet."),),
        why=_why_requester(),
        thread=_thread(tender),
    )


@mailer.mail
def offer_received(mail: QueuedMail) -> Letter | None:
    """To the requester: a partner has made an offer (RULES T7)."""
    offer = queries.offer_by_id(mail.about)
    if offer is None or offer.withdrawn_at or offer.tender.erased_at:
        return None
    tender = offer.tender
    return Letter(
        subject=_("%(partner)s has made you an offer", partner=offer.partner.name),
        heading=_("%(partner)s has made you an offer", partner=offer.partner.name),
        paragraphs=(_("It answers your call “%(title)s”.", title=tender.title),),
        facts=((_("Price"), labels.price(offer)), (_("Valid until"), day(labels.offer_day(offer)))),
        quote=(offer.language, excerpt(offer.message)),
        button=(_("Compare the offers"), _own_page(tender)),
        after=(_("Opening the link changes nothing yet. You decide on the page."),),
        why=_why_requester(),
        thread=_thread(tender),
    )


def _partner_page(offer: Offer) -> str:
    return address_of("inbox.show", org=offer.partner.organisation.public_id, tender=offer.tender.public_id)


@mailer.mail
def offer_accepted(mail: QueuedMail) -> Letter | None:
    """To the partner whose offer was taken (RULES T7)."""
    offer = queries.offer_by_id(mail.about)
    if offer is None or not offer.accepted_at or offer.tender.erased_at:
        return None
    return Letter(
        subject=_("Your offer for %(reference)s was accepted", reference=offer.tender.reference),
        heading=_("Your offer was accepted"),
        paragraphs=(
            _("The sender of “%(title)s” wants to work with you.", title=offer.tender.title),
            _("Get in touch: the contact details stand on the page of the call."),
        ),
        facts=((_("Your price"), labels.price(offer)), (_("Reference"), offer.tender.reference)),
        button=(_("See the contact details"), _partner_page(offer)),
        why=why_partner(),
        thread=_thread(offer.tender),
    )


@mailer.mail
def offer_not_chosen(mail: QueuedMail) -> Letter | None:
    """To the partners whose offers were not taken (RULES T7)."""
    offer = queries.offer_by_id(mail.about)
    if offer is None or offer.tender.erased_at:
        return None
    return Letter(
        subject=_("Another offer was chosen for %(reference)s", reference=offer.tender.reference),
        heading=_("Another offer was chosen"),
        paragraphs=(
            _("The sender of “%(title)s” has decided for another partner.", title=offer.tender.title),
            _("Thank you for your work. Your offer stays on your page."),
        ),
        button=(_("See your offer"), _partner_page(offer)),
        why=why_partner(),
        thread=_thread(offer.tender),
    )


@mailer.mail
def tender_over(mail: QueuedMail) -> Letter | None:
    """To a person who opened a call: it was withdrawn, has closed or was awarded."""
    opening = _opening(mail)
    if opening is None or opening.tender.erased_at:
        return None
    tender = opening.tender
    sentences = {
        Status.CANCELLED: _("Its sender has withdrawn it."),
        Status.EXPIRED: _("Its time is over."),
        Status.AWARDED: _("Its sender has accepted another offer."),
    }
    sentence = sentences.get(tender.status(clock.now()))
    if sentence is None:
        return None
    return Letter(
        subject=_("The call for tenders %(reference)s is closed", reference=tender.reference),
        heading=_("A call that you opened is closed"),
        paragraphs=(_("“%(title)s” takes no more offers.", title=tender.title), sentence),
        why=why_partner(),
        thread=_thread(tender),
    )


def _opening(mail: QueuedMail) -> TenderOpening | None:
    return queries.opening_by_id(mail.about)


@mailer.mail
def tender_closing(mail: QueuedMail) -> Letter | None:
    """To the requester, a few days before the end (RULES T6)."""
    tender = _tender(mail)
    if tender is None or tender.status(clock.now()) is not Status.OPEN:
        return None
    extend = () if tender.extended_at else (_("You can extend it once on the page."),)
    return Letter(
        subject=_("Your call for tenders closes on %(day)s", day=closes(tender)),
        heading=_("Your call closes on %(day)s", day=closes(tender)),
        paragraphs=(_("After that, partners can no longer answer “%(title)s”.", title=tender.title), *extend),
        facts=((_("Offers so far"), str(len(labels.standing_offers(tender)))),),
        button=(_("Follow or extend the call"), _own_page(tender)),
        after=(_("Opening the link changes nothing yet. You decide on the page."),),
        why=_why_requester(),
        thread=_thread(tender),
    )


@mailer.mail
def tender_expired(mail: QueuedMail) -> Letter | None:
    """To the requester: the time is over (RULES T6)."""
    tender = _tender(mail)
    if tender is None or tender.status(clock.now()) is not Status.EXPIRED:
        return None
    n = len(labels.standing_offers(tender))
    return Letter(
        subject=_("Your call for tenders %(reference)s has closed", reference=tender.reference),
        heading=_("Your call has closed"),
        paragraphs=(
            _("Partners can no longer see “%(title)s”.", title=tender.title),
            ngettext(
                "You have %(num)s offer. You can still accept it while it is valid.",
                "You have %(num)s offers. You can still accept one while it is valid.",
                n,
            )
            if n
            else _("No partner has made an offer. You can publish a new call at any time."),
        ),
        button=(_("See the call"), _own_page(tender)),
        after=(_("Your text and your contact details are erased after the retention period."),),
        why=_why_requester(),
        thread=_thread(tender),
    )


@mailer.mail
def tender_cancelled(mail: QueuedMail) -> Letter | None:
    """To the requester: the cancel took effect (RULES T3)."""
    tender = _tender(mail)
    if tender is None:
        return None
    return Letter(
        subject=_("Your call for tenders %(reference)s is withdrawn", reference=tender.reference),
        heading=_("Your call is withdrawn"),
        paragraphs=(
            _("No partner can see “%(title)s” any more.", title=tender.title),
            _("You can publish a new call at any time."),
        ),
        button=(_("See the call"), _own_page(tender)),
        why=_why_requester(),
        thread=_thread(tender),
    )
