"""The mails of a partnership that stands: access changed, payment method changed, ended (UX mails 13–15)."""

from __future__ import annotations

from webapp.i18n import gettext as _
from webapp.i18n import instant
from webapp.mailer import Letter, QueuedMail, address_of, mail
from webapp.partnerships import queries
from webapp.partnerships.labels import PAYERS, as_text, for_client, for_partner, right_line
from webapp.partnerships.models import Partnership, PartnershipChange
from webapp.partnerships.rules import Payer, Side


def _partners_page(partnership: Partnership) -> str:
    """Where the client sees its partner."""
    return address_of("partners.show", org=partnership.client.public_id, partner=partnership.public_id)


def _clients_page(partnership: Partnership) -> str:
    """Where the partner sees its client."""
    return address_of(
        "clients.show", org=partnership.partner.organisation.public_id, client=partnership.public_id
    )


def _why_partner(partnership: Partnership) -> str:
    return _(
        "You get this mail because you are a legal representative of %(partner)s, the partner of %(client)s.",
        partner=partnership.partner.name,
        client=partnership.client.name,
    )


def _why_client(partnership: Partnership) -> str:
    return _(
        "You get this mail because you are a legal representative of %(client)s.",
        client=partnership.client.name,
    )


def _to_partner(row: QueuedMail) -> PartnershipChange | None:
    """The change that a mail to the partner is about; None when its reader no longer answers for the partner."""
    return _change(row, Side.PARTNER)


def _to_client(row: QueuedMail) -> PartnershipChange | None:
    """The same for a mail to the client."""
    return _change(row, Side.CLIENT)


def _change(row: QueuedMail, side: Side) -> PartnershipChange | None:
    change = queries.change(row.about)
    if change is None:
        return None
    partnership = change.partnership
    own = partnership.client if side is Side.CLIENT else partnership.partner.organisation
    return change if queries.is_represented_by(own, row.address) else None


def _what_changed(change: PartnershipChange) -> tuple[str, ...]:
    return tuple(right_line(each) for each in change.rights)


def _lines(partnership: Partnership, *, to_client: bool) -> tuple[str, ...]:
    summary = queries.summary(partnership)
    return as_text(for_client(summary) if to_client else for_partner(summary, partnership.client.name))


def _thread(partnership: Partnership) -> str:
    return f"partnership.{partnership.id}"


@mail
def access_changed(row: QueuedMail) -> Letter | None:
    """To each legal representative of the partner, with what was given and taken away (RULES C9)."""
    change = _to_partner(row)
    if change is None or change.partnership.ended_at:
        return None
    partnership = change.partnership
    client = partnership.client.name
    return Letter(
        subject=_("%(client)s has changed your access", client=client),
        heading=_("Your access has changed"),
        paragraphs=(
            _("%(client)s has changed what you may do for it.", client=client),
            *_what_changed(change),
            _("This is what you can do from now on:"),
            *_lines(partnership, to_client=False),
        ),
        button=(_("See the client"), _clients_page(partnership)),
        why=_why_partner(partnership),
        thread=_thread(partnership),
    )


@mail
def access_changed_copy(row: QueuedMail) -> Letter | None:
    """To the other legal representatives of the client."""
    change = _to_client(row)
    if change is None or change.partnership.ended_at:
        return None
    partnership = change.partnership
    partner = partnership.partner.name
    return Letter(
        subject=_("Access of %(partner)s changed", partner=partner),
        heading=_("The access of %(partner)s has changed", partner=partner),
        paragraphs=(
            _(
                "%(person)s has changed what %(partner)s may do for %(client)s.",
                person=change.person.name if change.person else partnership.client.name,
                partner=partner,
                client=partnership.client.name,
            ),
            *_what_changed(change),
            _("This is what %(partner)s can do from now on:", partner=partner),
            *_lines(partnership, to_client=True),
        ),
        button=(_("See the partner"), _partners_page(partnership)),
        after=(_("If this is not what you want, change it there or end the partnership."),),
        why=_why_client(partnership),
        thread=_thread(partnership),
    )


@mail
def payer_changed(row: QueuedMail) -> Letter | None:
    """To each legal representative of the partner (RULES C10)."""
    change = _to_partner(row)
    if change is None or change.partnership.ended_at:
        return None
    partnership, payer = change.partnership, Payer(change.detail)
    client = partnership.client.name
    return Letter(
        subject=_("Payment method for %(client)s changed", client=client),
        heading=_("The payment method has changed"),
        paragraphs=(
            _(
                "From now on your orders and renewals for %(client)s are charged to you, at the partner price.",
                client=client,
            )
            if payer is Payer.PARTNER
            else _(
                "From now on your orders and renewals for %(client)s are charged to the client, at the public "
                "price. You earn cashback on them.",
                client=client,
            ),
        ),
        facts=((_("Payment"), str(PAYERS[payer])), (_("Since"), instant(change.at))),
        button=(_("See the client"), _clients_page(partnership)),
        why=_why_partner(partnership),
        thread=_thread(partnership),
    )


@mail
def payer_changed_copy(row: QueuedMail) -> Letter | None:
    """To the other legal representatives of the client."""
    change = _to_client(row)
    if change is None or change.partnership.ended_at:
        return None
    partnership, payer = change.partnership, Payer(change.detail)
    partner = partnership.partner.name
    return Letter(
        subject=_("Payment method with %(partner)s changed", partner=partner),
        heading=_("The payment method has changed"),
        paragraphs=(
            _(
                "From now on %(partner)s pays for what it orders and renews for %(client)s, and gets the invoices.",
                partner=partner,
                client=partnership.client.name,
            )
            if payer is Payer.PARTNER
            else _(
                "From now on %(client)s pays for what %(partner)s orders and renews for it, and gets the invoices.",
                partner=partner,
                client=partnership.client.name,
            ),
        ),
        facts=(
            (_("Payment"), str(PAYERS[payer])),
            (_("Changed by"), change.person.name if change.person else "–"),
            (_("Since"), instant(change.at)),
        ),
        button=(_("See the partner"), _partners_page(partnership)),
        why=_why_client(partnership),
        thread=_thread(partnership),
    )


@mail
def ended_client(row: QueuedMail) -> Letter | None:
    """To each legal representative of the client (RULES C11)."""
    change = _to_client(row)
    if change is None:
        return None
    partnership = change.partnership
    partner = partnership.partner.name
    return Letter(
        subject=_("Partnership with %(partner)s ended", partner=partner),
        heading=_("The partnership has ended"),
        paragraphs=(
            _("%(partner)s has ended the partnership.", partner=partner)
            if change.side is Side.PARTNER
            else _("The partnership with %(partner)s was ended on your side.", partner=partner),
            _("All its access to your products has stopped. Your products, data and invoices stay with you."),
        ),
        facts=((_("Ended"), instant(change.at)),),
        button=(_("Find another partner"), address_of("directory.index")),
        why=_why_client(partnership),
        thread=_thread(partnership),
    )


@mail
def ended_partner(row: QueuedMail) -> Letter | None:
    """To each legal representative of the partner (RULES C11)."""
    change = _to_partner(row)
    if change is None:
        return None
    partnership = change.partnership
    client = partnership.client.name
    return Letter(
        subject=_("Partnership with %(client)s ended", client=client),
        heading=_("The partnership has ended"),
        paragraphs=(
            _("%(client)s has ended the partnership.", client=client)
            if change.side is Side.CLIENT
            else _("The partnership with %(client)s was ended on your side.", client=client),
            _("All your access to its products has stopped. What was ordered and earned so far stays."),
        ),
        facts=((_("Ended"), instant(change.at)),),
        button=(
            _("See your clients"),
            address_of("clients.index", org=partnership.partner.organisation.public_id),
        ),
        why=_why_partner(partnership),
        thread=_thread(partnership),
    )
