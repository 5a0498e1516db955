"""Tables of payouts to affiliates: preferences, runs, and each payout with its self-billed credit note."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import User, code_of, one_of
from webapp.affiliation.models import AffiliateAccount
from webapp.database import Base, new_public_id
from webapp.money import Money
from webapp.orders.rules import Treatment
from webapp.payments.rules import TARGET_LENGTH, Destination
from webapp.payouts.rules import NAME_LENGTH, REASON_LENGTH, Kind, Preference, RunState, State


class PayoutPreference(Base):
    """Where an affiliate's payouts go; without a row, to its prepaid account.

    After a change nothing is paid until `holds_until`; `came_back_at`: a payout to it was returned.
    """

    __tablename__ = "payout_preferences"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("affiliate_accounts.id"), primary_key=True)
    kind: Mapped[Kind] = mapped_column(code_of(Kind))
    target: Mapped[str] = mapped_column(sa.String(TARGET_LENGTH))
    holder: Mapped[str] = mapped_column(sa.String(NAME_LENGTH))
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    holds_until: Mapped[datetime]
    came_back_at: Mapped[datetime | None]

    account: Mapped[AffiliateAccount] = relationship()

    __table_args__ = (
        one_of("kind", Kind),
        sa.CheckConstraint("(kind = 'prepaid') = (target = '')", name="target"),
    )

    @property
    def preference(self) -> Preference:
        """The same as rules know it."""
        return Preference(
            self.kind, self.target, self.holder, self.holds_until, self.came_back_at is not None
        )

    def takes(self, payout: Payout) -> bool:
        """Whether payouts still go where this one went."""
        return (self.kind, self.target) == (payout.kind, payout.target)


class PayoutRun(Base):
    """The payouts of a month in one currency; `nth` counts further runs, for who was held up on the first day.

    It pays what was confirmed before `month`'s first day. While it is not `sealed_at` it is still being filled: a
    run that was cut off goes on where it stopped. Its files are made from sealed runs.
    """

    __tablename__ = "payout_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    month: Mapped[date]
    currency: Mapped[str] = mapped_column(sa.String(3))
    nth: Mapped[int]
    started_at: Mapped[datetime]
    sealed_at: Mapped[datetime | None]
    executed_at: Mapped[datetime | None]
    executed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    executed_by: Mapped[User | None] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("month", "currency", "nth"),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name="currency"),
        sa.CheckConstraint("executed_at IS NULL OR sealed_at IS NOT NULL", name="executed"),
        sa.Index(
            "uq_payout_runs_open", "month", "currency", unique=True,
            sqlite_where=sa.text("sealed_at IS NULL"), postgresql_where=sa.text("sealed_at IS NULL"),
        ),
    )  # fmt: skip

    @property
    def state(self) -> RunState:
        """What became of it."""
        if self.sealed_at is None:
            return RunState.FILLING
        return RunState.EXECUTED if self.executed_at else RunState.DUE


class Payout(Base):
    """What an affiliate gets in a month: one at most, the whole of what was confirmed before (SECURITY M4).

    It is its own self-billed credit note: `number`, without gaps in its series, `issued_on`, the VAT contained in
    `amount`, and in `party` both sides as they were that day (name, street, postcode, city, country, vat_number,
    register_number, `buyer` with the operator's). `target` and `holder` are the preferences of that day.
    """

    __tablename__ = "payouts"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    number: Mapped[str] = mapped_column(sa.String(20), unique=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("payout_runs.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("affiliate_accounts.id"))
    month: Mapped[date]
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    treatment: Mapped[Treatment] = mapped_column(code_of(Treatment))
    vat_rate: Mapped[int]
    vat: Mapped[int] = mapped_column(sa.BigInteger)
    kind: Mapped[Kind] = mapped_column(code_of(Kind))
    target: Mapped[str] = mapped_column(sa.String(TARGET_LENGTH))
    holder: Mapped[str] = mapped_column(sa.String(NAME_LENGTH))
    language: Mapped[str] = mapped_column(sa.String(2))
    party: Mapped[dict[str, Any]]
    policy_version: Mapped[str] = mapped_column(sa.String(40))
    made_at: Mapped[datetime]
    issued_on: Mapped[date]
    executed_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    returned_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(sa.String(REASON_LENGTH), default="")

    run: Mapped[PayoutRun] = relationship()
    account: Mapped[AffiliateAccount] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("account_id", "month"),
        one_of("kind", Kind),
        one_of("treatment", Treatment),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name="currency"),
        sa.CheckConstraint("amount > 0 AND vat >= 0 AND vat < amount", name="amount"),
        sa.CheckConstraint("treatment = 'standard' OR (vat = 0 AND vat_rate = 0)", name="tax"),
        sa.CheckConstraint("(kind = 'prepaid') = (target = '')", name="target"),
        sa.CheckConstraint("kind <> 'prepaid' OR executed_at IS NOT NULL", name="prepaid_at_once"),
        sa.CheckConstraint("kind <> 'prepaid' OR returned_at IS NULL", name="prepaid_stays"),
        sa.CheckConstraint("(returned_at IS NULL) = (returned_by_id IS NULL)", name="returned_whole"),
        sa.Index("ix_payouts_run", "run_id", "id"),
        sa.Index(
            "ix_payouts_made",
            "run_id",
            "id",
            sqlite_where=sa.text("executed_at IS NULL AND returned_at IS NULL"),
            postgresql_where=sa.text("executed_at IS NULL AND returned_at IS NULL"),
        ),
    )

    @property
    def money(self) -> Money:
        """What the affiliate gets."""
        return Money(self.amount, self.currency)

    @property
    def destination(self) -> Destination | None:
        """Where it went, outside of the portal; None for the prepaid account."""
        return Destination(self.kind.outside, self.target) if self.kind.outside else None

    @property
    def state(self) -> State:
        """What became of it."""
        if self.returned_at:
            return State.RETURNED
        return State.EXECUTED if self.executed_at else State.MADE
