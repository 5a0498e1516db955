"""What the operator asks: across all organisations, so only the desk may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from webapp.accounts.models import Membership, Organisation, User
from webapp.affiliation.models import Attribution
from webapp.affiliation.rules import Verdict
from webapp.api.models import OutsideEvent
from webapp.audit import AuditEvent
from webapp.directory.models import Application, PartnerAccount
from webapp.directory.rules import SuspensionReason
from webapp.extensions import db
from webapp.lists import Part, has, part_of
from webapp.mailer import WAITING, QueuedMail
from webapp.payments.models import IncomingTransfer, Withdrawal
from webapp.payments.queries import TRANSFERS_IN, WITHDRAWALS_IN
from webapp.payments.rules import TransferState, WithdrawalState
from webapp.payouts.models import PayoutRun
from webapp.payouts.queries import RUNS_DUE
from webapp.tenders.models import Tender
from webapp.tenders.queries import is_open
from webapp.tenders.rules import Status


@dataclass(frozen=True)
class ToDo:
    """What waits for the operator, and how large the portal is."""

    applications: int
    dead_mails: int
    transfers: int
    withdrawals: int
    payout_runs: int
    messages: int
    customers: int  # that affiliates won and somebody has to look at
    open_tenders: int
    partners: int
    organisations: int


def to_do(*, now: datetime) -> ToDo:
    """The figures of the desk's overview, in one statement."""

    def count(table: Any, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.count()).select_from(table).where(*conditions).scalar_subquery()

    waiting = count(Application, Application.approved_at.is_(None), Application.rejected_at.is_(None))
    row = db.session.execute(
        sa.select(
            waiting,
            count(QueuedMail, QueuedMail.dead_at.is_not(None)),
            count(IncomingTransfer, TRANSFERS_IN[TransferState.WAITING]),
            count(Withdrawal, WITHDRAWALS_IN[WithdrawalState.WAITING]),
            count(PayoutRun, RUNS_DUE),
            count(OutsideEvent, OutsideEvent.applied_at.is_(None)),
            count(Attribution, Attribution.verdict == Verdict.HELD),
            count(Tender, is_open(now)),
            count(PartnerAccount, PartnerAccount.suspended_at.is_(None)),
            count(Organisation),
        )
    ).one()
    return ToDo(*list(row))  # more columns than the types of a row follow


# --- organisations ------------------------------------------------------------------------------------------


def organisations(search: str, *, page: int = 1) -> Part[Any]:
    """Organisations by name; `search` in their name and city and in the addresses of their people."""
    query = sa.select(Organisation).order_by(Organisation.name, Organisation.id)
    if search:
        has_member = (
            sa.exists()
            .where(Membership.organisation_id == Organisation.id, Membership.user_id == User.id)
            .where(has(User.email, search))
        )
        query = query.where(
            sa.or_(has(Organisation.name, search), has(Organisation.city, search), has_member)
        )
    return part_of(query, page)


def organisation(public_id: str) -> Organisation | None:
    """One organisation with its people."""
    return db.session.scalar(
        sa.select(Organisation)
        .where(Organisation.public_id == public_id)
        .options(selectinload(Organisation.memberships).joinedload(Membership.user))
    )


def applications_of(organisation: Organisation) -> Sequence[Application]:
    """The organisation's applications, newest first."""
    return db.session.scalars(
        sa.select(Application)
        .where(Application.organisation_id == organisation.id)
        .order_by(Application.id.desc())
    ).all()


@dataclass(frozen=True)
class Suspension:
    """Since when a partner is suspended, by whom, and why, as the log has it."""

    at: datetime
    by: str | None
    reason: SuspensionReason


def suspension_of(partner: PartnerAccount) -> Suspension | None:
    """The suspension that holds at the moment; who has left the programme is beyond that."""
    if partner.suspended_at is None or partner.left_at:
        return None
    event = db.session.execute(
        sa.select(AuditEvent.detail, User.name)
        .outerjoin(User, User.id == AuditEvent.person_id)
        .where(
            AuditEvent.subject == f"partner_accounts:{partner.id}", AuditEvent.action == "partner.suspended"
        )
        .order_by(AuditEvent.id.desc())
        .limit(1)
    ).first()
    reason = event.detail.removeprefix("reason=") if event else ""
    known = SuspensionReason(reason) if reason in set(SuspensionReason) else SuspensionReason.OTHER
    return Suspension(partner.suspended_at, event.name if event else None, known)


def tenders_sent_count(organisation: Organisation) -> int:
    """How many calls for tenders the organisation has published."""
    return (
        db.session.scalar(
            sa.select(sa.func.count(Tender.id)).where(Tender.organisation_id == organisation.id)
        )
        or 0
    )


# --- calls for tenders --------------------------------------------------------------------------------------


def tenders(search: str, state: str, *, page: int = 1, now: datetime) -> Part[Any]:
    """Calls of this state ("" for all), newest first; `search` in reference, title and contact address."""
    query = sa.select(Tender).options(selectinload(Tender.offers)).order_by(Tender.id.desc())
    if state:
        query = query.where(_in_state(Status(state), now))
    if search:
        columns = (Tender.reference, Tender.title, Tender.contact_email)
        query = query.where(sa.or_(*(has(column, search) for column in columns)))
    return part_of(query, page)


def _in_state(status: Status, now: datetime) -> sa.ColumnElement[bool]:
    """`tenders.rules.status` in SQL; a test holds them together."""
    shown = Tender.hidden_at.is_(None)
    kept = sa.and_(shown, Tender.cancelling_at.is_(None))
    undecided = sa.and_(kept, Tender.awarded_at.is_(None))
    running = sa.and_(undecided, Tender.lapsed_at.is_(None))
    over = sa.or_(
        Tender.lapsed_at.is_not(None), sa.and_(Tender.confirmed_at.is_not(None), Tender.closes_at <= now)
    )
    return {
        Status.HIDDEN: Tender.hidden_at.is_not(None),
        Status.CANCELLED: sa.and_(shown, Tender.cancelling_at.is_not(None)),
        Status.AWARDED: sa.and_(kept, Tender.awarded_at.is_not(None)),
        Status.EXPIRED: sa.and_(undecided, over),
        Status.UNCONFIRMED: sa.and_(running, Tender.confirmed_at.is_(None)),
        Status.OPEN: is_open(now),
    }[status]


# --- mail ---------------------------------------------------------------------------------------------------

MAIL_STATES = {
    "waiting": WAITING,
    "sent": QueuedMail.sent_at.is_not(None),
    "dead": QueuedMail.dead_at.is_not(None),
    "cancelled": QueuedMail.cancelled_at.is_not(None),
}


def mails(state: str, kind: str, search: str, *, page: int = 1) -> Part[Any]:
    """The mail log, newest first; `search` in the address."""
    query = sa.select(QueuedMail).order_by(QueuedMail.id.desc())
    if state:
        query = query.where(MAIL_STATES[state])
    if kind:
        query = query.where(QueuedMail.kind == kind)
    if search:
        query = query.where(has(QueuedMail.address, search))
    return part_of(query, page)


def mail(mail_id: int) -> QueuedMail | None:
    """One row of the log."""
    return db.session.get(QueuedMail, mail_id)
