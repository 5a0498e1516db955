"""Every change that people make to their organisations and teams."""

from __future__ import annotations

from datetime import datetime

from webapp import audit, drafts, links, mailer
from webapp.accounts import actions as accounts
from webapp.accounts import queries as people
from webapp.accounts.checks import role_in
from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.rules import OrganisationDetails, Role
from webapp.extensions import db
from webapp.links import Link
from webapp.organisations import mail as _mail  # noqa: F401 # registers the mails
from webapp.organisations import queries, rules
from webapp.organisations.models import ColleagueInvitation
from webapp.refused import Gone
from webapp.unit import lock, unit_of_work

# --- organisations ------------------------------------------------------------------------------------------


@unit_of_work
def open_organisation(details: OrganisationDetails, *, key: str, by: User, now: datetime) -> Organisation:
    """A further organisation of the person, who becomes its legal representative (RULES O1, O2).

    `key` is the form's one-time key: a second submit answers the organisation of the first.
    """
    draft = drafts.save("organisation", key, {}, now=now)
    if not drafts.finish(draft, now=now):
        made = people.organisation(draft.result) if draft.result else None
        if made is None:
            raise Gone()
        return made
    organisation = accounts.add_organisation(details, language=by.language, owner=by, now=now)
    draft.result = organisation.id
    audit.record("organisation.opened", organisation, by=by, now=now, organisation=organisation)
    return organisation


@unit_of_work
def change_organisation(
    organisation: Organisation,
    details: OrganisationDetails,
    *,
    language: str,
    invoice_note: str,
    by: User | None,
    now: datetime,
) -> None:
    """What the organisation says of itself; its currency follows its country (RULES O3). Its kind stays."""
    lock(organisation)
    organisation.describe(details)
    organisation.language, organisation.invoice_note = language, invoice_note
    audit.record("organisation.changed", organisation, by=by, now=now, organisation=organisation)


# --- the team -----------------------------------------------------------------------------------------------


@unit_of_work
def set_role(member: Membership, role: Role, *, by: User, now: datetime) -> None:
    """Another role for a colleague or oneself (RULES O2). Raises NotYourRank, LastRepresentative.

    The organisation is locked: two representatives who demote each other at once are judged one by one.
    """
    organisation = lock(member.organisation)
    current = lock(member).role
    _may_set(organisation, by, current=current, new=role)
    _keeps_a_representative(organisation, current, role)
    member.role = role
    audit.record(
        "member.role_changed", member, by=by, now=now, organisation=organisation, detail=f"role={role.value}"
    )


@unit_of_work
def remove_member(member: Membership, *, by: User, now: datetime) -> None:
    """Takes a colleague out, or leaves oneself (RULES O2). Raises NotYourRank, LastRepresentative."""
    organisation = lock(member.organisation)
    current = lock(member).role
    if member.user_id != by.id:
        _may_set(organisation, by, current=current, new=None)
    _keeps_a_representative(organisation, current, None)
    audit.record(
        "member.removed", member, by=by, now=now, organisation=organisation, detail=f"role={current.value}"
    )
    take_out(member, now=now)


@unit_of_work
def take_out(member: Membership, *, now: datetime) -> None:
    """The membership ends in the caller's unit of work, with the invitations that the member has sent."""
    for invitation in queries.open_invitations(member.organisation):
        if invitation.invited_by_id == member.user_id:  # nobody comes back by a door that they left open
            _withdraw(invitation, now)
    db.session.delete(member)


def _keeps_a_representative(organisation: Organisation, current: Role, new: Role | None) -> None:
    if not rules.keeps_a_representative(queries.representatives(organisation), current=current, new=new):
        raise rules.LastRepresentative()


# --- inviting -----------------------------------------------------------------------------------------------


@unit_of_work
def invite(
    organisation: Organisation, *, email: str, role: Role, language: str, by: User, now: datetime
) -> ColleagueInvitation:
    """Invites an address to join with a role (RULES O2). One that has run out is sent anew.

    Raises NotYourRank, AlreadyMember, AlreadyInvited.
    """
    _may_set(lock(organisation), by, current=None, new=role)
    known = people.user_by_email(email)
    if known and people.membership_in(organisation, known):
        raise rules.AlreadyMember()
    invitation = queries.open_invitation_to(organisation, email)
    if invitation is None:
        invitation = ColleagueInvitation(organisation=organisation, email=email, created_at=now)
        db.session.add(invitation)
    elif lock(invitation).expires_at > now:
        raise rules.AlreadyInvited()
    invitation.role, invitation.language, invitation.invited_by = role, language, by
    _mail_invitation(invitation, now)
    audit.record(
        "colleague.invited",
        invitation,
        by=by,
        now=now,
        organisation=organisation,
        detail=f"role={role.value}",
    )
    return invitation


def _may_set(organisation: Organisation, by: User, *, current: Role | None, new: Role | None) -> None:
    """Raises NotYourRank, or Gone for somebody who has left meanwhile. The organisation is locked."""
    role = role_in(organisation, by)
    if role is None:
        raise Gone()
    if not rules.may_set_role(role, current=current, new=new):
        raise rules.NotYourRank()


def _mail_invitation(invitation: ColleagueInvitation, now: datetime) -> None:
    invitation.expires_at = now + rules.INVITATION_LIFETIME
    db.session.flush()
    links.issue("colleague", invitation.id, expires_at=invitation.expires_at, now=now)
    mailer.queue("colleague_invited", _invited(invitation), invitation, now=now)


def _invited(invitation: ColleagueInvitation) -> mailer.Recipient:
    """An account's holder in the language of the account (RULES L2), anybody else in the invitation's."""
    known = people.user_by_email(invitation.email)
    return known or mailer.Address(invitation.email, "", invitation.language, invitation.organisation.country)


@unit_of_work
def resend_invitation(invitation: ColleagueInvitation, *, by: User, now: datetime) -> None:
    """The invitation once more, at most every 10 minutes; the older link dies. Raises SentJustNow."""
    _open_for(invitation, by)
    link = links.live("colleague", invitation.id)
    if link and now - link.created_at < rules.RESEND_PAUSE:
        raise rules.SentJustNow()
    _mail_invitation(invitation, now)
    audit.record("colleague.invited_again", invitation, by=by, now=now, organisation=invitation.organisation)


@unit_of_work
def withdraw_invitation(invitation: ColleagueInvitation, *, by: User, now: datetime) -> None:
    """Its link opens nothing any more. Raises Gone when it was answered meanwhile."""
    _open_for(invitation, by)
    _withdraw(invitation, now)
    audit.record("colleague.withdrawn", invitation, by=by, now=now, organisation=invitation.organisation)


def _withdraw(invitation: ColleagueInvitation, now: datetime) -> None:
    invitation.withdrawn_at = now
    links.end("colleague", invitation.id)
    mailer.withhold("colleague_invited", invitation.id, now=now)


def _open_for(invitation: ColleagueInvitation, by: User) -> None:
    lock(invitation.organisation)
    if lock(invitation).accepted_at or invitation.withdrawn_at:
        raise Gone()
    _may_set(invitation.organisation, by, current=None, new=invitation.role)


# --- answering an invitation --------------------------------------------------------------------------------


@unit_of_work
def accept_invitation(link: Link, *, by: User, now: datetime) -> Membership:
    """The person whose address was invited joins. Raises Gone."""
    invitation = _answer(link, now)
    if by.email != invitation.email:
        raise Gone()
    return _welcome(by, invitation, now)


@unit_of_work
def join_as_new_person(
    link: Link, *, name: str, password_hash: str, language: str, by: User | None = None, now: datetime
) -> User:
    """Somebody without an account gets one and joins; the link has proved the address.

    Raises Gone, and AddressTaken for an address that signs in already.
    """
    invitation = _answer(link, now)
    person = accounts.add_proved_person(
        name,
        invitation.email,
        password_hash,
        language=language,
        region=invitation.organisation.country,
        now=now,
    )
    _welcome(person, invitation, now)
    return person


def _answer(link: Link, now: datetime) -> ColleagueInvitation:
    """Uses the link up and answers its invitation, locked."""
    invitation = queries.invitation(link.subject)
    if invitation is None:
        raise Gone()
    lock(invitation.organisation)
    if lock(invitation).withdrawn_at or not links.consume(link, now=now):
        raise Gone()
    invitation.accepted_at = now
    return invitation


def _welcome(person: User, invitation: ColleagueInvitation, now: datetime) -> Membership:
    organisation = invitation.organisation
    membership = people.membership_in(organisation, person)
    if membership:
        return membership
    membership = accounts.add_member(organisation, person, invitation.role, now=now)
    audit.record(
        "colleague.joined", membership, by=person, now=now, organisation=organisation,
        detail=f"role={invitation.role.value}",
    )  # fmt: skip
    mailer.queue("colleague_joined", invitation.invited_by, membership, now=now)
    return membership
