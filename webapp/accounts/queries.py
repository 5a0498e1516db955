"""What is asked about people and organisations; everything about an organisation is scoped to who asks."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from webapp.accounts.models import Membership, Organisation, User, UserSession
from webapp.accounts.rules import Role, session_lives
from webapp.extensions import db


def live_session(token_hash: str, *, now: datetime) -> UserSession | None:
    """The session with this token and its person, if it has not ended, idled out or been disabled."""
    row = db.session.scalar(
        sa.select(UserSession)
        .join(UserSession.user)
        .options(contains_eager(UserSession.user))
        .where(UserSession.token_hash == token_hash, UserSession.ended_at.is_(None), User.disabled_at.is_(None))
    )
    if row is None:
        return None
    alive = session_lives(
        created_at=row.created_at, last_seen_at=row.last_seen_at, ended_at=row.ended_at, kept=row.kept, now=now
    )
    return row if alive else None


def membership(person: User, organisation_public_id: str) -> Membership | None:
    """The person's membership in the organisation with this public id."""
    return db.session.scalar(
        sa.select(Membership)
        .join(Membership.organisation)
        .options(contains_eager(Membership.organisation))
        .where(Membership.user_id == person.id, Organisation.public_id == organisation_public_id)
    )


def memberships(person: User) -> list[Membership]:
    """The person's memberships with their organisations, by name."""
    return list(
        db.session.scalars(
            sa.select(Membership)
            .join(Membership.organisation)
            .options(contains_eager(Membership.organisation))
            .where(Membership.user_id == person.id)
            .order_by(Organisation.name, Organisation.id)
        )
    )


def colleagues_with(organisation: Organisation, role: Role) -> list[User]:
    """The people of the organisation whose role reaches `role`, by name."""
    able = [each for each in Role if each.reaches(role)]
    return list(
        db.session.scalars(
            sa.select(User)
            .join(User.memberships)
            .where(Membership.organisation_id == organisation.id, Membership.role.in_(able))
            .order_by(User.name)
        )
    )


def user_by_email(email: str) -> User | None:
    """The account with this address (in lower case)."""
    return db.session.scalar(sa.select(User).where(User.email == email).options(joinedload(User.avatar)))


def operators() -> list[User]:
    """Who runs the portal."""
    return list(db.session.scalars(sa.select(User).where(User.operator_since.is_not(None)).order_by(User.id)))
