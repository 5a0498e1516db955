"""What is true of the ledger (RULES M11, SECURITY L1-L7). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from webapp.money import CURRENCIES, Money
from webapp.refused import Refused

KEY_LENGTH = 100
SUBJECT_LENGTH = 60
REFERENCE_LENGTH = 40
POLICY_LENGTH = 40
MILLION = 1_000_000


class NotEnough(Refused):
    """The account would fall below its floor (SECURITY L5)."""

    sentence = "There is not enough money on the prepaid account."


class KeyReused(Refused):
    """The key already belongs to a transfer that says something else (SECURITY L4)."""

    sentence = "Something else was already booked under this key."


class AccountKind(StrEnum):
    """The accounts: those that each organisation has, per currency, and the operator's."""

    PREPAID = "prepaid"  # what the organisation may spend or withdraw, never below zero
    RECEIVABLE = "receivable"  # what it owes on invoices, below zero
    DEBT = "debt"  # cashback that it has to give back, below zero
    WITHDRAWALS = "withdrawals"  # asked for and not paid out yet, never below zero
    EARNINGS = "earnings"  # commissions that were not paid yet; below zero, what refunds took back afterwards
    BANK = "bank"
    CLEARING = "clearing"  # what an outside shop received
    SUSPENSE = "suspense"  # incoming transfers nobody was found for
    REVENUE = "revenue"
    VAT = "vat"
    CASHBACK = "cashback"
    COMMISSIONS = "commissions"
    PAYOUTS = "payouts"  # on their way to affiliates
    EXCHANGE = "exchange"

    @property
    def of_organisation(self) -> bool:
        """Whether each organisation has one; else the operator has."""
        return self in _OF_ORGANISATIONS

    @property
    def floored(self) -> bool:
        """Whether its balance never falls below zero (SECURITY L5)."""
        return self in FLOORED


FLOORED = (AccountKind.PREPAID, AccountKind.WITHDRAWALS)
_OF_ORGANISATIONS = (AccountKind.RECEIVABLE, AccountKind.DEBT, AccountKind.EARNINGS, *FLOORED)


class Cause(StrEnum):
    """Why money moved."""

    ORDER_CHARGED = "order_charged"
    ORDER_VAT = "order_vat"
    ORDER_PAID = "order_paid"
    ORDER_EXCESS = "order_excess"
    ORDER_REVERSED = "order_reversed"
    ORDER_VAT_REVERSED = "order_vat_reversed"
    ORDER_RETURNED = "order_returned"  # back to the prepaid account
    CASHBACK_EARNED = "cashback_earned"
    CASHBACK_TAKEN_BACK = "cashback_taken_back"
    DEBT_SETTLED = "debt_settled"
    TRANSFER_RECEIVED = "transfer_received"
    TRANSFER_ASSIGNED = "transfer_assigned"
    TRANSFER_SENT_BACK = "transfer_sent_back"
    TOPPED_UP = "topped_up"
    WITHDRAWAL_REQUESTED = "withdrawal_requested"
    WITHDRAWAL_PAID = "withdrawal_paid"
    WITHDRAWAL_REFUSED = "withdrawal_refused"
    COMMISSION_EARNED = "commission_earned"
    COMMISSION_REDUCED = "commission_reduced"
    PAYOUT_MADE = "payout_made"
    PAYOUT_EXECUTED = "payout_executed"
    PAYOUT_RETURNED = "payout_returned"
    CONVERTED = "converted"


OF_ORDERS = frozenset(cause for cause in Cause if cause.startswith(("order_", "cashback_", "debt_")))


@dataclass(frozen=True)
class Side:
    """One side of a booking: an account without its currency, which the amount says."""

    kind: AccountKind
    organisation_id: int | None = None

    def __post_init__(self) -> None:
        if self.kind.of_organisation is (self.organisation_id is None):
            raise ValueError(f"{self.kind} and organisation {self.organisation_id} do not go together")


@dataclass(frozen=True)
class Rate:
    """What one unit of a currency was worth in another one, in millionths, on a day (SECURITY L6)."""

    given: str
    taken: str
    millionths: int
    day: date

    def __post_init__(self) -> None:
        if self.given == self.taken or not {self.given, self.taken} <= set(CURRENCIES):
            raise ValueError(f"no rate from {self.given} to {self.taken}")
        if type(self.millionths) is not int or self.millionths <= 0:
            raise ValueError("a rate is a whole number of millionths above zero")

    def convert(self, amount: Money) -> Money:
        """The amount in the other currency, rounded half up once."""
        if amount.currency != self.given:
            raise ValueError(f"{amount} is not in {self.given}")
        return Money(amount.part(self.millionths, MILLION).minor, self.taken)


@dataclass(frozen=True)
class Booking:
    """One transfer to be made: `amount` leaves `debit` and reaches `credit`.

    `key` makes it happen once (SECURITY L4); `subject` is what it is about, such as `orders:12`; `reference` what a
    person reads, an order's or invoice's number, or empty; `policy` the version it was computed with (RULES P1).
    """

    debit: Side
    credit: Side
    amount: Money
    cause: Cause
    key: str
    subject: str
    reference: str
    policy: str
    rate: Rate | None = None

    def __post_init__(self) -> None:
        if type(self.amount.minor) is not int or self.amount.minor <= 0:
            raise ValueError(f"{self.amount.minor!r} is no whole amount above zero")
        if self.amount.currency not in CURRENCIES:
            raise ValueError(f"{self.amount.currency} is no currency of ours")
        if self.debit == self.credit:
            raise ValueError("debit and credit are the same account")
        if (self.cause is Cause.CONVERTED) is (self.rate is None):
            raise ValueError("a conversion has a rate, and nothing else has one")
        if not self.key or not self.subject or not self.policy:
            raise ValueError("a booking has a key, a subject and the version of the policy")
        for text, most in (
            (self.key, KEY_LENGTH), (self.subject, SUBJECT_LENGTH),
            (self.reference, REFERENCE_LENGTH), (self.policy, POLICY_LENGTH),
        ):  # fmt: skip
            if len(text) > most:
                raise ValueError(f"{text!r} is longer than {most} characters")


def conversion(
    account: Side, amount: Money, rate: Rate, *, key: str, subject: str, reference: str, policy: str
) -> list[Booking]:
    """Both transfers that turn money of an organisation's account into another currency (SECURITY L6)."""
    exchange = Side(AccountKind.EXCHANGE)
    return [
        Booking(account, exchange, amount, Cause.CONVERTED, f"{key}:given", subject, reference, policy, rate),
        Booking(
            exchange, account, rate.convert(amount), Cause.CONVERTED,
            f"{key}:taken", subject, reference, policy, rate,
        ),
    ]  # fmt: skip


def taken_back(conversion: Iterable[Booking], *, key: str) -> list[Booking]:
    """The same two transfers the other way round, by the same rate: exactly what was turned is turned back."""
    return [
        replace(
            each, debit=each.credit, credit=each.debit, key=f"{key}:{each.key.rpartition(':')[2]}"
        )
        for each in conversion
    ]  # fmt: skip


def next_month(day: date) -> date:
    """The first day of the month after this one's."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def months_between(first: date, last: date) -> list[date]:
    """The first days of the months from one day to another."""
    months = [first.replace(day=1)]
    while (following := next_month(months[-1])) <= last:
        months.append(following)
    return months
