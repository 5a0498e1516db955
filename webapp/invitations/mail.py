"""The mails of invitations to a partnership (UX mails 4–12), in both directions."""

from __future__ import annotations

from webapp import clock
from webapp.accounts import queries as accounts
from webapp.accounts.mail import in_your_language, live_link
from webapp.accounts.models import Organisation, User
from webapp.i18n import day, language_name, ngettext
from webapp.i18n import gettext as _
from webapp.invitations import labels, queries
from webapp.invitations.models import Invitation
from webapp.invitations.rules import Comparison, Direction, State
from webapp.mailer import Letter, QueuedMail, address_of, mail
from webapp.partnerships import queries as partnerships
from webapp.partnerships.labels import ACCESSES, PAYERS, RIGHTS, as_text, for_client, for_partner, rights_name
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Access, Payer, Right, Rights
from webapp.products.labels import FAMILIES

ASKING = {"invitation_to_partner", "invitation_to_client", "invitation_reminder"}
TO_THE_ASKED = {*ASKING, "invitation_deleted"}


# --- pieces -------------------------------------------------------------------------------------------------


def _invitation(row: QueuedMail, *states: State) -> Invitation | None:
    """What the mail is about, if it is in one of these states; None as well when its reader has nothing to do with
    it any more, or when it asks on behalf of a partner that is suspended, or asks one."""
    invitation = queries.by_id(row.about)
    if invitation is None or invitation.state(clock.now()) not in states:
        return None
    if row.kind in ASKING and invitation.partner.suspended_at:
        return None
    organisation = _reading(row, invitation)
    if organisation and not partnerships.is_represented_by(organisation, row.address):
        return None
    return invitation


def _reading(row: QueuedMail, invitation: Invitation) -> Organisation | None:
    """For whom its reader answers; None for whoever has the address that a partner typed."""
    asked = row.kind in TO_THE_ASKED
    if invitation.direction is Direction.TO_CLIENT:
        return None if asked else invitation.partner.organisation
    return invitation.partner.organisation if asked else invitation.client


def _link(invitation: Invitation) -> str | None:
    link = live_link(queries.PURPOSE, invitation.id)
    return address_of("invitations.link", token=link.token) if link else None


def _client(invitation: Invitation) -> str:
    return invitation.client.name if invitation.client else invitation.email or ""


def _quote(invitation: Invitation) -> tuple[str, str] | None:
    return (invitation.language, invitation.message) if invitation.message else None


def _reason(invitation: Invitation) -> tuple[str, str] | None:
    person: User | None = invitation.answered_by
    return (person.language if person else "en", invitation.reason) if invitation.reason else None


def _thread(invitation: Invitation) -> str:
    return f"invitation.{invitation.public_id}"


def _why_partner(row: QueuedMail, invitation: Invitation) -> str:
    because = _(
        "You get this mail because you are a legal representative of %(partner)s.",
        partner=invitation.partner.name,
    )
    return f"{because} {in_your_language(row)}"


def _why_client(row: QueuedMail, invitation: Invitation) -> str:
    because = _(
        "You get this mail because you are a legal representative of %(client)s.", client=_client(invitation)
    )
    return f"{because} {in_your_language(row)}"


def _why_asked(row: QueuedMail, invitation: Invitation) -> str:
    """To the address that a partner typed, with or without an account."""
    because = _(
        "You get this mail because %(person)s at %(partner)s entered your address.",
        person=invitation.invited_by.name,
        partner=invitation.partner.name,
    )
    known = accounts.user_by_email(row.address)
    language = (
        in_your_language(row)
        if known
        else _("It is in %(language)s, the language of the request.", language=language_name(row.language))
    )
    return f"{because} {language}"


def _changes_nothing(*, to_partner: bool) -> str:
    if to_partner:
        return _("You can accept or refuse on that page. Opening the link changes nothing yet.")
    return _("You can give access or refuse on that page. Opening the link changes nothing yet.")


def _who_pays(invitation: Invitation, *, to_partner: bool) -> tuple[str, str]:
    """Who orders and gets the invoices, as one fact."""
    if invitation.access is Access.LIMITED:
        return _("Orders and invoices"), _("Stay with the client")
    if invitation.payer is Payer.CLIENT:
        return _("Payment"), str(PAYERS[Payer.CLIENT])
    return _("Payment"), _("Your payment method") if to_partner else str(PAYERS[Payer.PARTNER])


def _products_with(right: Right, products: list[tuple[str, Rights]]) -> list[tuple[str, str]]:
    names = [label for label, rights in products if rights.has(right)]
    if not names:
        return []
    return [(str(RIGHTS[right]), labels.a_few(names))]


# --- asked --------------------------------------------------------------------------------------------------


@mail
def invitation_to_partner(row: QueuedMail) -> Letter | None:
    """To each legal representative of the partner (RULES C6)."""
    invitation = _invitation(row, State.WAITING)
    address = _link(invitation) if invitation else None
    if invitation is None or address is None or invitation.client is None:
        return None
    client, partner = invitation.client, invitation.partner.name
    still = queries.still_offered(invitation)
    summary = partnerships.summary_of(invitation.terms, still, client)
    by_label = sorted(
        invitation.products, key=lambda each: (each.product.family_rank, each.product.sort_label)
    )
    products = [(each.product.label, each.rights) for each in by_label if each.product_id in still]
    return Letter(
        subject=_subject_to_partner(invitation, len(still)),
        heading=_("%(client)s wants to work with you", client=client.name),
        preheader=_("Nothing is shared until you accept. Answer by %(day)s.", day=day(invitation.expires_at)),
        paragraphs=(
            _(
                "%(client)s invites %(partner)s. Nothing is shared until you accept.",
                client=client.name,
                partner=partner,
            ),
            _("This is what you will be able to do:"),
            *as_text(for_partner(summary, client.name)),
        ),
        quote=_quote(invitation),
        facts=(
            (_("Access"), str(ACCESSES[invitation.access])),
            *_products_with(Right.TECHNICAL, products),
            *_products_with(Right.STATISTICAL, products),
            _who_pays(invitation, to_partner=True),
            (_("Answer by"), day(invitation.expires_at)),
        ),
        button=(_("See the invitation"), address),
        after=(_changes_nothing(to_partner=True),),
        why=_why_partner(row, invitation),
        thread=_thread(invitation),
    )


def _subject_to_partner(invitation: Invitation, products: int) -> str:
    client = _client(invitation)
    if invitation.access is Access.FULL:
        return _("%(client)s asks you to manage all its products", client=client)
    if not products:
        return _("%(client)s wants to work with you", client=client)
    return ngettext(
        "%(client)s asks you to manage %(num)s product",
        "%(client)s asks you to manage %(num)s of its products",
        products,
        client=client,
    )


@mail
def invitation_to_client(row: QueuedMail) -> Letter | None:
    """To the address that a partner asks for access, with or without an account (RULES C7)."""
    invitation = _invitation(row, State.WAITING)
    address = _link(invitation) if invitation else None
    if invitation is None or address is None:
        return None
    partner = invitation.partner.name
    return Letter(
        subject=_("%(partner)s asks for access to your products", partner=partner),
        heading=_("%(partner)s would like to look after your products", partner=partner),
        preheader=_("You decide what it gets. Answer by %(day)s.", day=day(invitation.expires_at)),
        paragraphs=(
            _(
                "%(person)s at %(partner)s asks you for access. You decide what it gets: what was asked for, "
                "less, more, or nothing. Nothing is shared before that.",
                person=invitation.invited_by.name,
                partner=partner,
            ),
        ),
        quote=_quote(invitation),
        facts=(
            (_("Access"), str(ACCESSES[invitation.access])),
            *_asked_facts(invitation),
            _who_pays(invitation, to_partner=False),
            (_("Answer by"), day(invitation.expires_at)),
        ),
        button=(_("See the request"), address),
        after=(
            _changes_nothing(to_partner=False),
            _("You don’t know the sender? Then do nothing."),
        ),
        why=_why_asked(row, invitation),
        thread=_thread(invitation),
    )


def _asked_facts(invitation: Invitation) -> list[tuple[str, str]]:
    in_order = sorted(invitation.asked, key=lambda each: each.family.rank)
    return [(str(FAMILIES[each.family]), rights_name(each.rights)) for each in in_order]


@mail
def invitation_reminder(row: QueuedMail) -> Letter | None:
    """To whoever may answer, five days before the invitation lapses; both directions."""
    invitation = _invitation(row, State.WAITING)
    address = _link(invitation) if invitation else None
    if invitation is None or address is None:
        return None
    until, to_partner = day(invitation.expires_at), invitation.direction is Direction.TO_PARTNER
    sender = _client(invitation) if to_partner else invitation.partner.name
    return Letter(
        subject=_("Answer %(sender)s by %(day)s", sender=sender, day=day(invitation.expires_at, "medium")),
        heading=_("%(sender)s is waiting for your answer", sender=sender),
        paragraphs=(
            _("%(client)s has invited you to a partnership, and you have not answered yet.", client=sender)
            if to_partner
            else _("%(partner)s has asked you for access to your products, and you have not answered yet.",
                   partner=sender),
            _("After %(day)s the invitation can no longer be answered.", day=until)
            if to_partner
            else _("After %(day)s the request can no longer be answered.", day=until),
        ),
        facts=((_("Access"), str(ACCESSES[invitation.access])), (_("Answer by"), until)),
        button=(_("See the invitation") if to_partner else _("See the request"), address),
        after=(_changes_nothing(to_partner=to_partner),),
        why=_why_partner(row, invitation) if to_partner else _why_asked(row, invitation),
        thread=_thread(invitation),
    )  # fmt: skip


@mail
def invitation_deleted(row: QueuedMail) -> Letter | None:
    """To whoever got its mail: the sender has taken it back (RULES C8); one that had lapsed is no news."""
    invitation = _invitation(row, State.DELETED)
    if invitation is None or invitation.deleted_at is None or invitation.deleted_at >= invitation.expires_at:
        return None
    to_partner = invitation.direction is Direction.TO_PARTNER
    said = (
        _("The invitation of %(sender)s was deleted", sender=_client(invitation))
        if to_partner
        else _("The request of %(sender)s was deleted", sender=invitation.partner.name)
    )
    return Letter(
        subject=said,
        heading=said,
        paragraphs=(
            _("It can no longer be answered, and nothing was shared. There is nothing that you need to do."),
        ),
        facts=((_("Deleted on"), day(invitation.deleted_at)),),
        why=_why_partner(row, invitation) if to_partner else _why_asked(row, invitation),
        thread=_thread(invitation),
    )


# --- answered -----------------------------------------------------------------------------------------------


def _partners_page(invitation: Invitation) -> str:
    """The client's list of partners; the partner's own page while the partnership stands."""
    org = invitation.client.public_id if invitation.client else ""
    partnership = invitation.partnership
    if partnership and not partnership.ended_at:
        return address_of("partners.show", org=org, partner=partnership.public_id)
    return address_of("partners.index", org=org)


@mail
def invitation_accepted(row: QueuedMail) -> Letter | None:
    """To the client's legal representatives: the partnership stands (RULES C6); of no use once it has ended."""
    invitation = _invitation(row, State.ACCEPTED)
    partnership = invitation.partnership if invitation else None
    if invitation is None or partnership is None or partnership.ended_at:
        return None
    partner = invitation.partner.name
    left_out = len(invitation.products) - len(partnerships.granted(partnership))
    return Letter(
        subject=_("%(partner)s has accepted your invitation", partner=partner),
        heading=_("%(partner)s has accepted your invitation", partner=partner),
        paragraphs=(
            _("The partnership has begun. This is what %(partner)s can do from now on:", partner=partner),
            *as_text(for_client(partnerships.summary(partnership))),
            *_left_out(invitation, left_out),
        ),
        facts=(
            (_("Accepted by"), invitation.answered_by.name if invitation.answered_by else partner),
            (_("Since"), day(partnership.started_at)),
        ),
        button=(_("See the partner"), _partners_page(invitation)),
        after=(_("You can change or end the access there at any time."),),
        why=_why_client(row, invitation),
        thread=_thread(invitation),
    )


def _left_out(invitation: Invitation, number: int) -> tuple[str, ...]:
    if invitation.access is Access.FULL or number <= 0:
        return ()
    return (
        ngettext(
            "%(num)s product of the invitation was no longer available and was left out.",
            "%(num)s products of the invitation were no longer available and were left out.",
            number,
        ),
    )


@mail
def invitation_refused(row: QueuedMail) -> Letter | None:
    """To the client's legal representatives, with the reason if there is one (RULES C6)."""
    invitation = _invitation(row, State.REFUSED)
    if invitation is None:
        return None
    partner = invitation.partner.name
    return Letter(
        subject=_("%(partner)s has refused your invitation", partner=partner),
        heading=_("%(partner)s has refused your invitation", partner=partner),
        paragraphs=(_("Nothing was shared. You can invite another partner, or publish a call for tenders."),),
        quote=_reason(invitation),
        button=(_("See your partners"), _partners_page(invitation)),
        why=_why_client(row, invitation),
        thread=_thread(invitation),
    )


@mail
def invitation_lapsed(row: QueuedMail) -> Letter | None:
    """To whoever sent it: nobody has answered in time (RULES C8); both directions."""
    invitation = _invitation(row, State.EXPIRED)
    if invitation is None:
        return None
    facts = ((_("Sent on"), day(invitation.sent_at)), (_("Expired on"), day(invitation.expires_at)))
    if invitation.direction is Direction.TO_CLIENT:
        email = invitation.email or ""
        return Letter(
            subject=_("Your request to %(name)s has expired", name=email),
            heading=_("Your request has expired"),
            paragraphs=(
                _("%(name)s has not answered within 30 days. Nothing was shared.", name=email),
                _("You can send the request again with everything as it was, or delete it."),
            ),
            facts=facts,
            button=(
                _("See your requests"),
                address_of("clients.index", org=invitation.partner.organisation.public_id),
            ),
            why=_why_partner(row, invitation),
            thread=_thread(invitation),
        )
    partner = invitation.partner.name
    return Letter(
        subject=_("Your invitation to %(name)s has expired", name=partner),
        heading=_("Your invitation has expired"),
        paragraphs=(
            _("%(name)s has not answered within 30 days. Nothing was shared.", name=partner),
            _("You can send the invitation again with everything as it was, or delete it."),
        ),
        facts=facts,
        button=(_("See your invitations"), _partners_page(invitation)),
        why=_why_client(row, invitation),
        thread=_thread(invitation),
    )


@mail
def request_granted(row: QueuedMail) -> Letter | None:
    """To the partner's legal representatives: what they asked for and what they got (RULES C7)."""
    invitation = _invitation(row, State.ACCEPTED)
    partnership = invitation.partnership if invitation else None
    if invitation is None or partnership is None or partnership.ended_at:
        return None
    client = partnership.client.name
    return Letter(
        subject=_("%(client)s has given you access", client=client),
        heading=_("%(client)s has given you access", client=client),
        paragraphs=(
            _("The partnership has begun. This is what you can do from now on:"),
            *as_text(for_partner(partnerships.summary(partnership), client)),
            *_beside_what_was_asked(invitation, partnership),
        ),
        facts=(
            (_("Access"), str(ACCESSES[partnership.access])),
            (_("Payment"), str(PAYERS[partnership.payer])),
            (_("Since"), day(partnership.started_at)),
        ),
        button=(
            _("See the client"),
            address_of(
                "clients.show", org=invitation.partner.organisation.public_id, client=partnership.public_id
            ),
        ),
        why=_why_partner(row, invitation),
        thread=_thread(invitation),
    )


def _beside_what_was_asked(invitation: Invitation, partnership: Partnership) -> tuple[str, ...]:
    compared = queries.asked_and_granted(invitation, partnership)
    if compared.kind is Comparison.AS_ASKED:
        return (_("That is what you asked for."),)
    return (_("That differs from what you asked for:"), *labels.differences(compared))


@mail
def request_refused(row: QueuedMail) -> Letter | None:
    """To the partner's legal representatives, with the reason if there is one (RULES C7)."""
    invitation = _invitation(row, State.REFUSED)
    if invitation is None:
        return None
    email = invitation.email or ""
    return Letter(
        subject=_("%(email)s has refused your request", email=email),
        heading=_("Your request was refused"),
        paragraphs=(_("%(email)s does not give you access. Nothing was shared.", email=email),),
        quote=_reason(invitation),
        button=(
            _("See your clients"),
            address_of("clients.index", org=invitation.partner.organisation.public_id),
        ),
        why=_why_partner(row, invitation),
        thread=_thread(invitation),
    )
