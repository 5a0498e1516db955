"""Tables of money that came in by bank transfer, and of money that organisations ask to be paid out."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Organisation, User, code_of, one_of
from webapp.database import Base, new_public_id
from webapp.money import Money
from webapp.orders.models import Order
from webapp.payments.rules import (
    BANK_ID_LENGTH,
    BY_HAND,
    NAME_LENGTH,
    REASON_LENGTH,
    TARGET_LENGTH,
    TEXT_LENGTH,
    Destination,
    Kind,
    TransferState,
    WithdrawalState,
)


class IncomingTransfer(Base):
    """Money that arrived on the operator's account. `bank_id` is the bank's own name for it: it counts once.

    Found or assigned, it pays `order` or fills the prepaid account of `organisation`; else it waits for the
    operator, who may also have sent it back. `same_as` is the row of what the operator had booked by hand before a
    statement told of it: that one was booked, and this one never is.
    """

    __tablename__ = "incoming_transfers"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    bank_id: Mapped[str] = mapped_column(sa.String(BANK_ID_LENGTH), unique=True)
    booked_on: Mapped[date]
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    debtor_name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH))
    debtor_iban: Mapped[str] = mapped_column(sa.String(34))
    reference: Mapped[str] = mapped_column(sa.String(35))
    text: Mapped[str] = mapped_column(sa.String(TEXT_LENGTH))
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    assigned_at: Mapped[datetime | None]
    assigned_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisations.id"), index=True)
    sent_back_at: Mapped[datetime | None]
    same_as_id: Mapped[int | None] = mapped_column(sa.ForeignKey("incoming_transfers.id"), unique=True)

    order: Mapped[Order | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name="currency"),
        sa.CheckConstraint("order_id IS NULL OR organisation_id IS NULL", name="one_end"),
        sa.CheckConstraint(
            "(assigned_at IS NOT NULL)"
            " = (order_id IS NOT NULL OR organisation_id IS NOT NULL OR sent_back_at IS NOT NULL)",
            name="assigned_whole",
        ),
        sa.CheckConstraint(
            "sent_back_at IS NULL OR (order_id IS NULL AND organisation_id IS NULL)", name="sent_back"
        ),
        sa.CheckConstraint("same_as_id IS NULL OR order_id IS NOT NULL", name="same_as"),
        sa.Index("ix_incoming_transfers_waiting", "assigned_at", "id"),
    )

    @property
    def money(self) -> Money:
        """What arrived."""
        return Money(self.amount, self.currency)

    @property
    def by_hand(self) -> bool:
        """Whether the operator typed it in, and no statement brought it."""
        return self.bank_id.startswith(BY_HAND)

    @property
    def state(self) -> TransferState:
        """What became of it."""
        if self.order_id:
            return TransferState.ORDER
        if self.organisation_id:
            return TransferState.ACCOUNT
        return TransferState.SENT_BACK if self.sent_back_at else TransferState.WAITING


class Withdrawal(Base):
    """Money that an organisation asks to be paid out from its prepaid account (RULES M6).

    From the moment of asking it is out of the account; refused, it comes back.
    """

    __tablename__ = "withdrawals"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    kind: Mapped[Kind] = mapped_column(code_of(Kind))
    target: Mapped[str] = mapped_column(sa.String(TARGET_LENGTH))
    key: Mapped[str] = mapped_column(sa.String(64), unique=True)  # the form's; a second submit is none
    requested_at: Mapped[datetime]
    requested_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    paid_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(sa.String(REASON_LENGTH), default="")

    organisation: Mapped[Organisation] = relationship()
    requested_by: Mapped[User] = relationship(foreign_keys=[requested_by_id])

    __table_args__ = (
        one_of("kind", Kind),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name="currency"),
        sa.CheckConstraint("paid_at IS NULL OR refused_at IS NULL", name="decided_once"),
        sa.Index("ix_withdrawals_organisation", "organisation_id", "id"),
        sa.Index("ix_withdrawals_waiting", "paid_at", "refused_at", "id"),
    )

    @property
    def money(self) -> Money:
        """How much."""
        return Money(self.amount, self.currency)

    @property
    def destination(self) -> Destination:
        """Where to."""
        return Destination(self.kind, self.target)

    @property
    def state(self) -> WithdrawalState:
        """What became of it."""
        if self.paid_at:
            return WithdrawalState.PAID
        return WithdrawalState.REFUSED if self.refused_at else WithdrawalState.WAITING

    @property
    def waiting(self) -> bool:
        """Whether the operator has still to decide."""
        return self.state is WithdrawalState.WAITING
