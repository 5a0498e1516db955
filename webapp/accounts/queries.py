"""What is asked about people and organisations; everything about an organisation is scoped to who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager, joinedload

from webapp.accounts import passwords
from webapp.accounts.models import Membership, Organisation, User, UserSession
from webapp.accounts.rules import Kind, Role, session_lives
from webapp.extensions import db
from webapp.uploads import Upload

_MEMBERSHIPS = (
    sa.select(Membership)
    .join(Membership.organisation)
    .options(contains_eager(Membership.organisation))
    .where(Membership.user_id == sa.bindparam("person"))
)
_MEMBERSHIPS_BY_NAME = _MEMBERSHIPS.order_by(Organisation.name, Organisation.id)
_MEMBERSHIP = _MEMBERSHIPS.where(Organisation.public_id == sa.bindparam("organisation"))


# --- who asks -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Org:
    """Of an organisation what every page of it shows, as plain values."""

    id: int
    public_id: str
    name: str
    kind: Kind
    programme: str | None
    currency: str


@dataclass(frozen=True)
class Member:
    """A membership as this request found it: plain values, which say who may do what. `organisation` is its row."""

    id: int
    public_id: str
    role: Role
    user_id: int
    org: Org

    @property
    def organisation_id(self) -> int:
        """The number of the organisation."""
        return self.org.id

    @property
    def organisation(self) -> Organisation:
        """The organisation with all that it has: for what is changed, or asked about more than `org` tells."""
        return db.session.get_one(Organisation, self.org.id)


AnyMember = Member | Membership  # both have what says who may do what: id, role, organisation_id, org


@dataclass(frozen=True)
class Who:
    """Who asks, as this request found it: the session, the person, and its memberships by the organisations' names."""

    session_id: int
    seen_at: datetime
    person_id: int
    public_id: str
    language: str
    region: str
    operator: bool
    memberships: tuple[Member, ...]


# Every page of a signed-in person asks this: composed once, of the tables and not of their models, which takes
# a third of the time.
_session, _user = UserSession.__table__.c, User.__table__.c
_member, _org = Membership.__table__.c, Organisation.__table__.c
_WHO = (
    sa.select(
        _session.id, _session.created_at, _session.last_seen_at, _session.kept,
        _user.id, _user.public_id, _user.language, _user.region, _user.operator_since.is_not(None),
        _member.id, _member.public_id, _member.role,
        _org.id, _org.public_id, _org.name, _org.kind, _org.programme, _org.currency,
    )
    .select_from(
        UserSession.__table__.join(User.__table__, _user.id == _session.user_id)
        .outerjoin(Membership.__table__, _member.user_id == _user.id)
        .outerjoin(Organisation.__table__, _org.id == _member.organisation_id)
    )
    .where(
        _session.token_hash == sa.bindparam("token_hash"),
        _session.ended_at.is_(None),
        _user.disabled_at.is_(None),
    )
    .order_by(_org.name, _org.id)
)  # fmt: skip


def who(token_hash: str, *, now: datetime) -> Who | None:
    """Whose session has this token, if it has not ended, idled out or been disabled: one statement, plain rows."""
    rows = db.session.connection().execute(_WHO, {"token_hash": token_hash}).all()
    if not rows:
        return None
    session_id, created_at, seen_at, kept, person_id, own_id, language, region, operator = rows[0][:9]
    if not session_lives(created_at=created_at, last_seen_at=seen_at, ended_at=None, kept=kept, now=now):
        return None
    members = tuple(
        Member(id, public_id, role, person_id, Org(*org))
        for id, public_id, role, *org in (row[9:] for row in rows)
        if id is not None
    )
    return Who(session_id, seen_at, person_id, own_id, language, region, bool(operator), members)


# --- sessions -----------------------------------------------------------------------------------------------


def session(session_id: int) -> UserSession:
    """The row of a session that was found by its token."""
    return db.session.get_one(UserSession, session_id)


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


def person(person_id: int) -> User:
    """The row of the person whose session was found."""
    return db.session.get_one(User, person_id)


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
