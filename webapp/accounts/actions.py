"""Every change of people and sessions, and what makes organisations and members of them.

Passwords arrive here as hashes: argon2 is slow on purpose, and nobody waits for the database meanwhile.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from webapp import audit, links, mailer, signals, uploads
from webapp.accounts import mail as _mail  # noqa: F401 # registers the mails
from webapp.accounts import passwords, queries, rules
from webapp.accounts.models import (
    Membership,
    Organisation,
    User,
    UserSession,
    token_hash,
)
from webapp.accounts.rules import OrganisationDetails, Role
from webapp.extensions import db
from webapp.links import Link
from webapp.refused import Gone
from webapp.unit import lock, unit_of_work
from webapp.visits import Visit

DOUBLE_CLICK = timedelta(minutes=1)
NOBODY = 0  # what a link is about that nobody gets

# --- signing up ---------------------------------------------------------------------------------------------


@unit_of_work
def sign_up(
    details: OrganisationDetails,
    *,
    name: str,
    email: str,
    password_hash: str,
    language: str,
    first_page: str | None = None,
    visit: Visit | None = None,
    by: User | None = None,
    now: datetime,
) -> None:
    """A person and its organisation, and a mail to verify the address (RULES O1, O3).

    `first_page` is a path of this site: the first sign-in leads there, from whatever device. `visit` tells over
    whose link they came.
    For a known address only its holder learns that it is known: by mail. An address that was never verified
    belongs to nobody yet: what was typed first must not become the password of whoever follows the link, so
    the holder of the mailbox chooses one.
    """
    known = queries.user_by_email(email)
    if known is None:
        person = add_person(name, email, password_hash, language=language, region=details.country, now=now)
        if person:
            person.first_page = first_page
            organisation = add_organisation(details, language=language, owner=person, now=now)
            audit.record("person.signed_up", person, by=person, now=now, organisation=organisation)
            signals.signed_up.send(organisation, person=person, visit=visit, now=now)
            _mail_verification(person, now)
            return
        known = queries.user_by_email(email)  # another request was faster
    if known and not known.disabled_at:
        _tell_that_known(lock(known), now)


def _tell_that_known(known: User, now: datetime) -> None:
    if known.verified_at is None:
        if now - known.created_at < DOUBLE_CLICK:
            return
        known.password_hash, known.first_page = "", None
        links.end("verify", known.id)
        links.issue("reset", known.id, expires_at=now + rules.RESET_LIFETIME, now=now)
    mailer.queue("already_registered", known, known, now=now)


def _mail_verification(person: User, now: datetime) -> None:
    links.issue("verify", person.id, expires_at=now + rules.VERIFICATION_LIFETIME, now=now)
    mailer.queue("verify_address", person, person, now=now)


@unit_of_work
def send_verification(email: str, *, by: User | None = None, now: datetime) -> None:
    """The verification mail once more, for an address that waits for it; older links die."""
    person = queries.user_by_email(email)
    if person is None or person.disabled_at or lock(person).verified_at:
        return
    link = links.live("verify", person.id)
    if link is None or now - link.created_at >= DOUBLE_CLICK:
        _mail_verification(person, now)


@unit_of_work
def verify_address(link: Link, *, by: User | None = None, now: datetime) -> User:
    """The link proves that the address is the person's. Raises Gone when it was used meanwhile."""
    person = _subject_of(link, now)
    person.verified_at = person.verified_at or now
    audit.record("person.verified", person, by=person, now=now)
    return person


def _subject_of(link: Link, now: datetime) -> User:
    """Uses the link up and answers its person, locked."""
    if not links.consume(link, now=now):
        raise Gone()
    person = queries.user(link.subject)
    if person is None or lock(person).disabled_at:
        raise Gone()
    return person


@unit_of_work
def create_first_operator(
    name: str,
    email: str,
    password: str,
    language: str,
    *,
    region: str = "CH",
    by: User | None = None,
    now: datetime,
) -> User:
    """The person who runs the portal, verified at once. Raises OperatorExists, AddressTaken."""
    if db.engine.dialect.name == "postgresql":  # SQLite has one writer anyway
        db.session.execute(sa.text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
    if queries.operators():
        raise rules.OperatorExists()
    person = add_person(
        name, email, passwords.hash_password(password), language=language, region=region, now=now
    )
    if person is None:
        raise rules.AddressTaken()
    person.verified_at = person.operator_since = now
    audit.record("operator.created", person, by=by, now=now)
    return person


# --- sessions -----------------------------------------------------------------------------------------------


@unit_of_work
def sign_in(
    person: User,
    *,
    seen_hash: str,
    kept: bool,
    browser: str,
    address: str,
    renewed_hash: str | None = None,
    confirmed: bool = False,
    by: User | None = None,
    now: datetime,
) -> tuple[str, UserSession]:
    """A new session and its token. `seen_hash` is the one that the password was compared with.

    `confirmed` tells that it was shown: a mailed link signs in without one. Operators are never kept signed
    in. Raises WrongPassword when the account changed since the comparison.
    """
    lock(person)
    if person.disabled_at or person.password_hash != seen_hash:
        raise rules.WrongPassword()
    if renewed_hash:
        person.password_hash = renewed_hash
    person.first_page = None
    token = secrets.token_urlsafe(32)
    session = UserSession(
        user=person,
        token_hash=token_hash(token),
        kept=kept and not person.operator_since,
        created_at=now,
        last_seen_at=now,
        confirmed_at=now if confirmed else None,
        browser=rules.browser_of(browser),
        address=address[:45],
    )
    db.session.add(session)
    audit.record("session.started", session, by=person, now=now)
    return token, session


@unit_of_work
def see(session: UserSession, *, by: User | None = None, now: datetime) -> None:
    """Notes that the session is in use."""
    db.session.execute(
        sa.update(UserSession)
        .where(UserSession.id == session.id, UserSession.ended_at.is_(None))
        .values(last_seen_at=now)
    )


@unit_of_work
def confirm_session(session: UserSession, *, by: User | None = None, now: datetime) -> None:
    """Notes that the person has shown its password; a session that ended meanwhile stays as it is."""
    if lock(session).ended_at is None:
        session.confirmed_at = now


@unit_of_work
def end_session(session: UserSession, *, by: User | None, now: datetime) -> None:
    """Ends one session: its cookie opens nothing any more."""
    if lock(session).ended_at is None:
        session.ended_at = now
        audit.record("session.ended", session, by=by, now=now)


@unit_of_work
def end_other_sessions(person: User, *, but: UserSession | None, by: User | None, now: datetime) -> int:
    """Ends all of the person's sessions but this one; how many."""
    others = (
        sa.update(UserSession)
        .where(UserSession.user_id == person.id, UserSession.ended_at.is_(None))
        .values(ended_at=now)
    )
    if but:
        others = others.where(UserSession.id != but.id)
    ended = len(db.session.scalars(others.returning(UserSession.id)).all())
    audit.record("session.others_ended", person, by=by, now=now, detail=f"sessions={ended}")
    return ended


@unit_of_work
def forget_old_sessions(*, now: datetime) -> int:
    """Deletes sessions that ended or ran out more than 30 days ago; how many."""
    then = now - rules.ENDED_SESSIONS_KEPT

    def run_out(idle: timedelta, longest: timedelta) -> sa.ColumnElement[bool]:
        return sa.or_(UserSession.last_seen_at < then - idle, UserSession.created_at < then - longest)

    old = sa.or_(
        UserSession.ended_at < then,
        sa.and_(UserSession.kept, run_out(rules.KEPT_SESSION_IDLE, rules.KEPT_SESSION_LONGEST)),
        sa.and_(~UserSession.kept, run_out(rules.SESSION_IDLE, rules.SESSION_LONGEST)),
    )
    return len(db.session.scalars(sa.delete(UserSession).where(old).returning(UserSession.id)).all())


# --- passwords ----------------------------------------------------------------------------------------------


@unit_of_work
def request_reset(email: str, *, by: User | None = None, now: datetime) -> None:
    """A link to choose a new password, for a known address; an unknown one costs the same work."""
    person = queries.user_by_email(email)
    known = person is not None and not person.disabled_at
    about = person.id if person and known else NOBODY
    links.issue("reset", about, expires_at=now + rules.RESET_LIFETIME, now=now)
    if person and known:
        mailer.queue("reset_password", person, person, now=now)


@unit_of_work
def reset_password(link: Link, *, password_hash: str, by: User | None = None, now: datetime) -> User:
    """The new password; all sessions end, and the address is proved as well. Raises Gone."""
    person = _subject_of(link, now)
    person.verified_at = person.verified_at or now
    links.end("verify", person.id)
    _set_password(person, password_hash, but=None, now=now)
    return person


@unit_of_work
def change_password(
    person: User, *, seen_hash: str, password_hash: str, but: UserSession, by: User | None, now: datetime
) -> None:
    """The new password; all sessions but this one end. Raises WrongPassword when another one was faster."""
    if lock(person).password_hash != seen_hash:
        raise rules.WrongPassword()
    links.end("reset", person.id)
    confirm_session(but, now=now)
    _set_password(person, password_hash, but=but, now=now)


def _set_password(person: User, password_hash: str, *, but: UserSession | None, now: datetime) -> None:
    person.password_hash = password_hash
    end_other_sessions(person, but=but, by=person, now=now)
    audit.record("person.password_changed", person, by=person, now=now)
    mailer.queue("password_changed", person, person, now=now)


# --- the person ---------------------------------------------------------------------------------------------


@unit_of_work
def change_profile(
    person: User,
    *,
    name: str,
    language: str,
    region: str,
    avatar: uploads.Checked | None = None,
    by: User | None,
    now: datetime,
) -> None:
    """Name, language, number format, and a new picture if there is one (RULES O4)."""
    lock(person)
    person.name, person.language, person.region = name, language, region
    if avatar:
        _set_avatar(person, uploads.store(avatar, now=now))
    audit.record("person.changed", person, by=by, now=now)


@unit_of_work
def remove_avatar(person: User, *, by: User | None, now: datetime) -> None:
    """Initials again (RULES O4)."""
    _set_avatar(lock(person), None)
    audit.record("person.avatar_removed", person, by=by, now=now)


def _set_avatar(person: User, picture: uploads.Upload | None) -> None:
    old = person.avatar
    person.avatar = picture
    db.session.flush()
    if old:
        db.session.delete(old)


# --- parts of other actions ---------------------------------------------------------------------------------


@unit_of_work
def add_person(
    name: str, email: str, password_hash: str, *, language: str, region: str, now: datetime
) -> User | None:
    """A new account; None when the address was taken in this very moment."""
    person = User(
        name=name,
        email=email,
        password_hash=password_hash,
        language=language,
        region=region,
        created_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(person)
    except IntegrityError:
        return None
    return person


@unit_of_work
def add_proved_person(
    name: str, email: str, password_hash: str, *, language: str, region: str, now: datetime
) -> User:
    """A new account whose address a mailed link has proved, so it is verified at once.

    It may take the place of one that somebody opened with this address and never verified. Raises AddressTaken
    for an address that signs in already.
    """
    person = add_person(
        name, email, password_hash, language=language, region=region, now=now
    ) or _never_verified(email)
    person.name, person.password_hash = name, password_hash
    person.language, person.region, person.verified_at = language, region, now
    audit.record("person.signed_up", person, by=person, now=now)
    return person


def _never_verified(email: str) -> User:
    person = queries.user_by_email(email)
    if person is None or lock(person).verified_at or person.disabled_at:
        raise rules.AddressTaken()
    links.end("verify", person.id)
    links.end("reset", person.id)
    return person


@unit_of_work
def add_organisation(
    details: OrganisationDetails, *, language: str, owner: User, now: datetime
) -> Organisation:
    """A new organisation; its owner is its legal representative (RULES O1, O2)."""
    organisation = Organisation(kind=details.kind, language=language, created_at=now)
    organisation.describe(details)
    db.session.add(organisation)
    db.session.flush()
    add_member(organisation, owner, Role.LEGAL_REPRESENTATIVE, now=now)
    return organisation


@unit_of_work
def add_member(organisation: Organisation, person: User, role: Role, *, now: datetime) -> Membership:
    """The person belongs to the organisation from now on (RULES O2)."""
    membership = Membership(user=person, organisation=organisation, role=role, created_at=now)
    db.session.add(membership)
    db.session.flush()
    return membership
