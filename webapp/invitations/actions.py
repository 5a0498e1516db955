"""Every change to invitations: sent, sent again, deleted, accepted, refused, lapsed (RULES C6–C8)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from webapp import audit, drafts, links, mailer
from webapp.accounts import queries as accounts
from webapp.accounts.checks import refuse_all_but_representatives
from webapp.accounts.models import Organisation, User
from webapp.directory.models import PartnerAccount
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.invitations import mail as _mail  # noqa: F401 # registers the mails
from webapp.invitations import queries, rules
from webapp.invitations.models import AskedRights, Invitation, OfferedProduct
from webapp.invitations.rules import Direction, State
from webapp.partnerships import actions as partnerships
from webapp.partnerships import checks
from webapp.partnerships import queries as partnership_queries
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Access, NothingChosen, Picked, Rights, Side, Suspended, Terms
from webapp.products.rules import Family
from webapp.refused import Gone
from webapp.unit import lock, unit_of_work

ANSWERED_LINK_LIFETIME = timedelta(days=365)  # so long it leads to a page that says what happened


# --- sent ---------------------------------------------------------------------------------------------------


@unit_of_work
def invite(
    draft: Draft, client: Organisation, partner: PartnerAccount, terms: Terms, picked: Picked, *, message: str,
    language: str = "", by: User, now: datetime,
) -> Invitation:  # fmt: skip
    """The client invites a partner (RULES C6); the draft is finished with it: a second submit answers the first.

    `language` is that of the message. Raises OnlyRepresentatives, AlreadyInvited, NothingChosen, and what
    `partnerships.begin` refuses.
    """
    if not drafts.finish(draft, now=now):
        return _made(draft)
    lock(client)
    refuse_all_but_representatives(client, by)
    checks.refuse_new(client, lock(partner), terms, picked)
    if terms.access is Access.LIMITED and not picked:
        raise NothingChosen()
    if queries.open_between(client, partner):
        raise rules.AlreadyInvited()
    invitation = _new(Direction.TO_PARTNER, partner, terms, message=message, by=by, now=now)
    invitation.client = client
    invitation.language = language or client.language
    if terms.access is Access.LIMITED:
        invitation.products = [
            OfferedProduct(product_id=product_id, technical=rights.technical, statistical=rights.statistical)
            for product_id, rights in picked.items()
        ]
    return _sent(invitation, draft, by=by, now=now)


@unit_of_work
def ask(
    draft: Draft, partner: PartnerAccount, email: str, terms: Terms, asked: Mapping[Family, Rights], *,
    message: str, language: str, by: User, now: datetime,
) -> Invitation:  # fmt: skip
    """The partner asks whoever has this address for access (RULES C7); known or unknown, the answer is the same.

    Raises OnlyRepresentatives, Suspended, AlreadyInvited, NothingChosen.
    """
    if not drafts.finish(draft, now=now):
        return _made(draft)
    lock(partner)
    refuse_all_but_representatives(partner.organisation, by)
    if partner.suspended_at:
        raise Suspended(partner=partner.name)
    if terms.access is Access.LIMITED and not any(asked.values()):
        raise NothingChosen()
    if queries.open_to(partner, email):
        raise rules.AlreadyInvited()
    invitation = _new(Direction.TO_CLIENT, partner, terms, message=message, by=by, now=now)
    invitation.email, invitation.language = email, language
    if terms.access is Access.LIMITED:
        invitation.asked = [
            AskedRights(family=family, technical=rights.technical, statistical=rights.statistical)
            for family, rights in asked.items()
            if rights
        ]
    return _sent(invitation, draft, by=by, now=now)


def _made(draft: Draft) -> Invitation:
    made = queries.by_id(lock(draft).result or 0)
    if made is None:
        raise Gone()
    return made


def _new(
    direction: Direction, partner: PartnerAccount, terms: Terms, *, message: str, by: User, now: datetime
) -> Invitation:
    return Invitation(
        direction=direction, partner=partner, access=terms.access, payer=terms.payer, message=message,
        invited_by=by, created_at=now,
    )  # fmt: skip


def _sent(invitation: Invitation, draft: Draft, *, by: User, now: datetime) -> Invitation:
    db.session.add(invitation)
    _mail_it(invitation, now=now)
    draft.result = invitation.id
    audit.record("invitation.sent", invitation, by=by, now=now, organisation=_sender(invitation))
    return invitation


def _sender(invitation: Invitation) -> Organisation:
    """The organisation that asks."""
    if invitation.direction is Direction.TO_PARTNER and invitation.client:
        return invitation.client
    return invitation.partner.organisation


def _mail_it(invitation: Invitation, *, now: datetime) -> None:
    """A new link, which kills the older one, in a mail to each who may answer."""
    invitation.sent_at, invitation.expires_at = now, now + rules.LIFETIME
    db.session.flush()
    links.replace(queries.PURPOSE, invitation.id, expires_at=now + ANSWERED_LINK_LIFETIME, now=now)
    for recipient in _addressees(invitation):
        mailer.queue(_kind(invitation), recipient, invitation, now=now)


def _kind(invitation: Invitation) -> str:
    to_partner = invitation.direction is Direction.TO_PARTNER
    return "invitation_to_partner" if to_partner else "invitation_to_client"


def _addressees(invitation: Invitation) -> list[mailer.Recipient]:
    """The partner's legal representatives; or the client's address, in the language of its account if it has one."""
    if invitation.direction is Direction.TO_PARTNER:
        return list(partnership_queries.representatives(invitation.partner.organisation))
    email = invitation.email or ""
    known = accounts.user_by_email(email)
    return [known or mailer.Address(email, "", invitation.language, invitation.partner.organisation.country)]


@unit_of_work
def resend(invitation: Invitation, *, by: User, now: datetime) -> None:
    """Once more, with everything kept and a new link; also one that has lapsed (RULES C8). Who sends it stands in
    for it from then on.

    Raises NotWaiting, SentJustNow, Suspended, OnlyRepresentatives.
    """
    _open_for_sender(invitation, by=by, now=now)
    if invitation.partner.suspended_at:
        raise Suspended(partner=invitation.partner.name)
    if now - invitation.sent_at < rules.RESEND_PAUSE:
        raise rules.SentJustNow()
    invitation.invited_by = by
    _mail_it(invitation, now=now)
    audit.record("invitation.sent_again", invitation, by=by, now=now, organisation=_sender(invitation))


@unit_of_work
def delete(invitation: Invitation, *, by: User, now: datetime) -> None:
    """Takes it back (RULES C8); whoever got it by mail is told. Raises NotWaiting, OnlyRepresentatives."""
    _open_for_sender(invitation, by=by, now=now)
    invitation.deleted_at = now
    _withhold(invitation, now=now)
    sent = _kind(invitation), invitation.id
    if mailer.has_left(*sent) or mailer.in_hand(*sent, now=now):
        for recipient in _addressees(invitation):
            mailer.queue("invitation_deleted", recipient, invitation, now=now)
    audit.record("invitation.deleted", invitation, by=by, now=now, organisation=_sender(invitation))


def _open_for_sender(invitation: Invitation, *, by: User, now: datetime) -> None:
    lock(_sender(invitation))
    lock(invitation.partner)
    lock(invitation)
    refuse_all_but_representatives(_sender(invitation), by)
    if not invitation.state(now).open:
        raise rules.NotWaiting(invitation.state(now))


def _withhold(invitation: Invitation, *, now: datetime) -> None:
    for kind in ("invitation_to_partner", "invitation_to_client", "invitation_reminder"):
        mailer.withhold(kind, invitation.id, now=now)


# --- answered -----------------------------------------------------------------------------------------------


@unit_of_work
def accept(invitation: Invitation, *, by: User, now: datetime) -> Partnership:
    """A representative of the partner accepts (RULES C6); what has ended or gone to others meanwhile is left out.

    Raises NotWaiting, OnlyRepresentatives, SenderLeft, and what `partnerships.begin` refuses.
    """
    client = invitation.client
    if client is None:
        raise Gone()
    _open_for_answer(invitation, client, now=now)
    refuse_all_but_representatives(invitation.partner.organisation, by)
    if not partnership_queries.is_represented_by(client, invitation.invited_by.email):
        raise rules.SenderLeft(client=client.name)
    picked = queries.still_offered(invitation) if invitation.access is Access.LIMITED else {}
    partnership = partnerships.begin(
        client, invitation.partner, invitation.terms, picked, side=Side.PARTNER, by=by, now=now
    )
    _answered(invitation, partnership, by=by, now=now)
    for recipient in _client_side(invitation):
        mailer.queue("invitation_accepted", recipient, invitation, now=now)
    return partnership


@unit_of_work
def grant(
    invitation: Invitation, client: Organisation, terms: Terms, picked: Picked, *, by: User, now: datetime
) -> Partnership:
    """A representative of the client grants what it likes, whatever was asked (RULES C7).

    Raises NotWaiting, OnlyRepresentatives, NothingChosen, and what `partnerships.begin` refuses.
    """
    _open_for_answer(invitation, client, now=now)
    _addressed_to(invitation, by)
    refuse_all_but_representatives(client, by)
    if terms.access is Access.LIMITED and not picked:
        raise NothingChosen()
    partnership = partnerships.begin(
        client, invitation.partner, terms, picked, side=Side.CLIENT, by=by, now=now
    )
    invitation.client = client
    _answered(invitation, partnership, by=by, now=now)
    for recipient in partnership_queries.representatives(invitation.partner.organisation):
        mailer.queue("request_granted", recipient, invitation, now=now)
    return partnership


@unit_of_work
def refuse(invitation: Invitation, *, reason: str, by: User, now: datetime) -> None:
    """Whoever was asked says no, with a reason or without (RULES C6, C7). Raises NotWaiting, OnlyRepresentatives."""
    _open_for_answer(invitation, invitation.client, now=now)
    if invitation.direction is Direction.TO_PARTNER:
        refuse_all_but_representatives(invitation.partner.organisation, by)
        told, kind = _client_side(invitation), "invitation_refused"
    else:
        _addressed_to(invitation, by)
        told, kind = partnership_queries.representatives(invitation.partner.organisation), "request_refused"
    invitation.refused_at, invitation.answered_by, invitation.reason = now, by, reason
    _withhold(invitation, now=now)
    for recipient in told:
        mailer.queue(kind, recipient, invitation, now=now)
    audit.record("invitation.refused", invitation, by=by, now=now)


def _open_for_answer(invitation: Invitation, client: Organisation | None, *, now: datetime) -> None:
    if client:
        lock(client)
    lock(invitation.partner)
    lock(invitation)
    state = invitation.state(now)
    if state is not State.WAITING:
        raise rules.NotWaiting(state)


def _addressed_to(invitation: Invitation, by: User) -> None:
    if invitation.email != by.email:
        raise Gone()


def _answered(invitation: Invitation, partnership: Partnership, *, by: User, now: datetime) -> None:
    db.session.flush()
    invitation.accepted_at, invitation.answered_by, invitation.partnership = now, by, partnership
    _withhold(invitation, now=now)
    _end_the_other_way_round(invitation, partnership, now=now)
    audit.record("invitation.accepted", invitation, by=by, now=now, organisation=partnership.client)


def _end_the_other_way_round(invitation: Invitation, partnership: Partnership, *, now: datetime) -> None:
    """The two have found each other: what else is open between them has no purpose any more."""
    other = queries.open_between(partnership.client, partnership.partner)
    if other and other.id != invitation.id:
        other.deleted_at = now
        _withhold(other, now=now)


def _client_side(invitation: Invitation) -> list[User]:
    """The client's legal representatives; nobody before a client is known."""
    if invitation.client is None:
        return []
    return partnership_queries.representatives(invitation.client)


# --- by the clock -------------------------------------------------------------------------------------------


@unit_of_work
def remind(*, now: datetime) -> int:
    """Five days before an invitation lapses, whoever may answer is reminded, once per sending; how many."""
    waiting = queries.to_remind(now=now)
    for invitation in waiting:
        for recipient in _addressees(invitation):
            key = f"invitation.reminder:{invitation.id}:{int(invitation.sent_at.timestamp())}:{_short(recipient.email)}"
            mailer.queue("invitation_reminder", recipient, invitation, now=now, dedupe=key)
    return len(waiting)


def _short(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()[:16]


@unit_of_work
def tell_of_lapses(*, now: datetime) -> int:
    """Tells whoever sent an invitation that it has lapsed, once per sending; how many."""
    lapsed = queries.lapsed(now=now, since=now - timedelta(days=7))
    for invitation in lapsed:
        for recipient in partnership_queries.representatives(_sender(invitation)):
            key = f"invitation.lapsed:{invitation.id}:{int(invitation.sent_at.timestamp())}:{recipient.id}"
            mailer.queue("invitation_lapsed", recipient, invitation, now=now, dedupe=key)
    return len(lapsed)
