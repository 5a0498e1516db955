"""What is asked about a team and its invitations; everything is scoped to the organisation."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from webapp.accounts.models import Membership, Organisation
from webapp.accounts.rules import Role
from webapp.extensions import db
from webapp.organisations.models import ColleagueInvitation

OPEN = sa.and_(ColleagueInvitation.accepted_at.is_(None), ColleagueInvitation.withdrawn_at.is_(None))


def membership_by_id(membership_id: int) -> Membership | None:
    """The membership that a mail is about."""
    return db.session.get(Membership, membership_id)


def member(organisation: Organisation, public_id: str) -> Membership | None:
    """One of the organisation's memberships, with the person."""
    return db.session.scalar(
        sa.select(Membership)
        .options(joinedload(Membership.user))
        .where(Membership.organisation_id == organisation.id, Membership.public_id == public_id)
    )


def representatives(organisation: Organisation) -> int:
    """How many legal representatives the organisation has."""
    return db.session.scalar(
        sa.select(sa.func.count())
        .select_from(Membership)
        .where(Membership.organisation_id == organisation.id, Membership.role == Role.LEGAL_REPRESENTATIVE)
    ) or 0  # fmt: skip


def open_invitations(organisation: Organisation) -> list[ColleagueInvitation]:
    """The invitations that wait for an answer or have run out, oldest first."""
    return list(
        db.session.scalars(
            sa.select(ColleagueInvitation)
            .options(joinedload(ColleagueInvitation.invited_by))
            .where(ColleagueInvitation.organisation_id == organisation.id, OPEN)
            .order_by(ColleagueInvitation.created_at, ColleagueInvitation.id)
        )
    )


def open_invitation(organisation: Organisation, public_id: str) -> ColleagueInvitation | None:
    """One of them."""
    return db.session.scalar(
        sa.select(ColleagueInvitation).where(
            ColleagueInvitation.organisation_id == organisation.id,
            ColleagueInvitation.public_id == public_id,
            OPEN,
        )
    )


def open_invitation_to(organisation: Organisation, email: str) -> ColleagueInvitation | None:
    """The one that this address has from this organisation."""
    return db.session.scalar(
        sa.select(ColleagueInvitation).where(
            ColleagueInvitation.organisation_id == organisation.id, ColleagueInvitation.email == email, OPEN
        )
    )


def invitation(invitation_id: int) -> ColleagueInvitation | None:
    """The invitation that a link is about, whatever its state."""
    return db.session.get(ColleagueInvitation, invitation_id)
