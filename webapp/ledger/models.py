"""Tables of the ledger. What is in them is never changed and never deleted: triggers refuse it (SECURITY L3).

The database holds the rest of the rules too: one currency per transfer by foreign keys, floors by a check, and
by a trigger that each entry continues its account's chain and says what its transfer says.
"""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Organisation, code_of, one_of
from webapp.database import Base, new_public_id
from webapp.ledger.rules import (
    KEY_LENGTH,
    POLICY_LENGTH,
    REFERENCE_LENGTH,
    SUBJECT_LENGTH,
    AccountKind,
    Booking,
    Cause,
    Side,
)
from webapp.money import Money

OF_ORGANISATIONS = ", ".join(f"'{kind.value}'" for kind in AccountKind if kind.of_organisation)
OPERATORS = "organisation_id IS NULL"


class LedgerAccount(Base):
    """An account of an organisation or, without one, of the operator. It has one currency (SECURITY L6)."""

    __tablename__ = "ledger_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    kind: Mapped[AccountKind] = mapped_column(code_of(AccountKind))
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisations.id"))
    currency: Mapped[str] = mapped_column(sa.String(3))
    created_at: Mapped[datetime]

    organisation: Mapped[Organisation | None] = relationship()

    __table_args__ = (
        one_of("kind", AccountKind),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name="currency"),
        sa.CheckConstraint(
            f"(organisation_id IS NOT NULL) = (kind IN ({OF_ORGANISATIONS}))", name="whose"
        ),
        sa.UniqueConstraint("id", "currency"),  # what a transfer refers to
        sa.UniqueConstraint("organisation_id", "kind", "currency"),
        sa.Index(
            "uq_ledger_accounts_operator", "kind", "currency", unique=True,
            sqlite_where=sa.text(OPERATORS), postgresql_where=sa.text(OPERATORS),
        ),
    )  # fmt: skip

    @property
    def side(self) -> Side:
        """What bookings call it."""
        return Side(self.kind, self.organisation_id)


class Transfer(Base):
    """An amount that left one account and reached another one. `rate`, in millionths, and its day: conversions."""

    __tablename__ = "transfers"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    at: Mapped[datetime]
    debit_id: Mapped[int] = mapped_column()
    credit_id: Mapped[int] = mapped_column()
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    cause: Mapped[Cause] = mapped_column(code_of(Cause))
    key: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), unique=True)
    subject: Mapped[str] = mapped_column(sa.String(SUBJECT_LENGTH), index=True)
    reference: Mapped[str] = mapped_column(sa.String(REFERENCE_LENGTH))
    policy_version: Mapped[str] = mapped_column(sa.String(POLICY_LENGTH))
    rate: Mapped[int | None] = mapped_column(sa.BigInteger)
    rate_on: Mapped[date | None]

    debit: Mapped[LedgerAccount] = relationship(
        primaryjoin=lambda: Transfer.debit_id == LedgerAccount.id, foreign_keys=[debit_id]
    )
    credit: Mapped[LedgerAccount] = relationship(
        primaryjoin=lambda: Transfer.credit_id == LedgerAccount.id, foreign_keys=[credit_id]
    )

    __table_args__ = (
        one_of("cause", Cause),
        # SQLite would keep a fraction in a column of integers (SECURITY L7)
        sa.CheckConstraint("amount > 0 AND amount = CAST(amount AS BIGINT)", name="amount"),
        sa.CheckConstraint("debit_id <> credit_id", name="two_accounts"),
        sa.CheckConstraint(
            "(cause = 'converted') = (rate IS NOT NULL) AND (rate IS NULL) = (rate_on IS NULL)", name="rate"
        ),
        sa.CheckConstraint("rate > 0", name="rate_above_zero"),
        sa.ForeignKeyConstraint(
            ["debit_id", "currency"], ["ledger_accounts.id", "ledger_accounts.currency"],
            name="fk_transfers_debit",
        ),
        sa.ForeignKeyConstraint(
            ["credit_id", "currency"], ["ledger_accounts.id", "ledger_accounts.currency"],
            name="fk_transfers_credit",
        ),
    )  # fmt: skip

    @property
    def money(self) -> Money:
        """What moved."""
        return Money(self.amount, self.currency)

    def says(self, booking: Booking) -> bool:
        """Whether it is what this booking asks for (SECURITY L4); time and policy are not of what it says."""
        rate = booking.rate
        return (
            self.debit.side, self.credit.side, self.money, self.cause,
            self.subject, self.reference, self.rate, self.rate_on,
        ) == (
            booking.debit, booking.credit, booking.amount, booking.cause,
            booking.subject, booking.reference, rate and rate.millionths, rate and rate.day,
        )  # fmt: skip


class Entry(Base):
    """A transfer as one of its accounts sees it: `amount` is above zero where it reaches the account.

    `seq` counts an account's entries without a gap, `balance` is what the account has after this one.
    """

    __tablename__ = "entries"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("ledger_accounts.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    transfer_id: Mapped[int] = mapped_column(sa.ForeignKey("transfers.id"))
    at: Mapped[datetime]
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    balance: Mapped[int] = mapped_column(sa.BigInteger)
    floored: Mapped[bool]

    account: Mapped[LedgerAccount] = relationship()
    transfer: Mapped[Transfer] = relationship()

    __table_args__ = (
        sa.CheckConstraint("NOT floored OR balance >= 0", name="floor"),
        sa.UniqueConstraint("transfer_id", "account_id"),
        sa.Index("ix_entries_at", "account_id", "at", "seq"),
    )
