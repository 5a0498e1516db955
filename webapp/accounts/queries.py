"""What is asked about people and organisations; everything about an organisation is scoped to who asks."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager, joinedload

from webapp.accounts import passwords
from webapp.accounts.models import Membership, Organisation, User, UserSession
from webapp.accounts.rules import Role, session_lives
from webapp.extensions import db
from webapp.uploads import Upload

# What every page of a signed-in person asks is composed once: that takes longer than the database's answer.
_LIVE_SESSION = (
    sa.select(UserSession)
    .join(UserSession.user)
    .options(contains_eager(UserSession.user))
    .where(
        UserSession.token_hash == sa.bindparam("token_hash"),
        UserSession.ended_at.is_(None),
        User.disabled_at.is_(None),
    )
)
_MEMBERSHIPS = (
    sa.select(Membership)
    .join(Membership.organisation)
    .options(contains_eager(Membership.organisation))
    .where(Membership.user_id == sa.bindparam("person"))
)
_MEMBERSHIPS_BY_NAME = _MEMBERSHIPS.order_by(Organisation.name, Organisation.id)
_MEMBERSHIP = _MEMBERSHIPS.where(Organisation.public_id == sa.bindparam("organisation"))


# --- sessions -----------------------------------------------------------------------------------------------


def live_session(token_hash: str, *, now: datetime) -> UserSession | None:
    """The session with this token and its person, if it has not ended, idled out or been disabled."""
    row = db.session.scalar(_LIVE_SESSION, {"token_hash": token_hash})
    return row if row and _alive(row, now) else None


def live_sessions(person: User, *, now: datetime) -> list[UserSession]:
    """The person's sessions that still open something, the one seen last first."""
    rows = db.session.scalars(
        sa.select(UserSession)
        .where(UserSession.user_id == person.id, UserSession.ended_at.is_(None))
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    )
    return [row for row in rows if _alive(row, now)]


def session_of(person: User, public_id: str) -> UserSession | None:
    """One of the person's own sessions."""
    return db.session.scalar(
        sa.select(UserSession).where(UserSession.user_id == person.id, UserSession.public_id == public_id)
    )


def _alive(row: UserSession, now: datetime) -> bool:
    return session_lives(
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        ended_at=row.ended_at,
        kept=row.kept,
        now=now,
    )


# --- people -------------------------------------------------------------------------------------------------


def user(user_id: int) -> User | None:
    """The account that a link is about."""
    return db.session.get(User, user_id)


def user_by_email(email: str) -> User | None:
    """The account with this address (in lower case)."""
    return db.session.scalar(sa.select(User).where(User.email == email).options(joinedload(User.avatar)))


def user_with_password(email: str, password: str) -> User | None:
    """The account that this address and password open; the same work for an unknown address."""
    known = user_by_email(email)
    right = passwords.matches(known.password_hash if known else None, password)
    return known if known and right and not known.disabled_at else None


def operators() -> list[User]:
    """Who runs the portal."""
    return list(db.session.scalars(sa.select(User).where(User.operator_since.is_not(None)).order_by(User.id)))


def avatar(file: str, *, seen_by: User) -> Upload | None:
    """A picture of the person, of one with whom it shares an organisation, or of anybody for an operator."""
    theirs, mine = aliased(Membership), aliased(Membership)
    together = (
        sa.select(theirs.id)
        .join(mine, mine.organisation_id == theirs.organisation_id)
        .where(theirs.user_id == User.id, mine.user_id == seen_by.id)
    )
    may = sa.true() if seen_by.operator_since else sa.or_(User.id == seen_by.id, together.exists())
    return db.session.scalar(
        sa.select(Upload).join(User, User.avatar_id == Upload.id).where(Upload.public_id == file, may)
    )


# --- organisations and teams --------------------------------------------------------------------------------


def organisation(organisation_id: int) -> Organisation | None:
    """The organisation with this number."""
    return db.session.get(Organisation, organisation_id)


def membership(person: User, organisation_public_id: str) -> Membership | None:
    """The person's membership in the organisation with this public id."""
    return db.session.scalar(_MEMBERSHIP, {"person": person.id, "organisation": organisation_public_id})


def membership_in(organisation: Organisation, person: User) -> Membership | None:
    """The person's membership in this organisation."""
    return db.session.scalar(
        sa.select(Membership).where(
            Membership.user_id == person.id, Membership.organisation_id == organisation.id
        )
    )


def memberships(person: User) -> list[Membership]:
    """The person's memberships with their organisations, by name."""
    return list(db.session.scalars(_MEMBERSHIPS_BY_NAME, {"person": person.id}))


def colleagues_with(organisation: Organisation, role: Role) -> list[User]:
    """The people of the organisation whose role reaches `role`, by name."""
    able = [each for each in Role if each.reaches(role)]
    return list(
        db.session.scalars(
            sa.select(User)
            .join(User.memberships)
            .where(Membership.organisation_id == organisation.id, Membership.role.in_(able))
            .order_by(User.name, User.id)
        )
    )


def team(organisation: Organisation) -> list[Membership]:
    """Everybody in the organisation, the strongest role first, then by name."""
    members = db.session.scalars(
        sa.select(Membership)
        .join(Membership.user)
        .options(contains_eager(Membership.user).joinedload(User.avatar))
        .where(Membership.organisation_id == organisation.id)
        .order_by(User.name, User.id)
    )
    return sorted(members, key=lambda member: -member.role.rank)
