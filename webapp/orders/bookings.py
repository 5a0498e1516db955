"""What happens to orders, in the ledger: amounts from one account to another one, each named by what it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from webapp.ledger import actions as ledger
from webapp.ledger.rules import AccountKind, Booking, Cause
from webapp.ledger.rules import Side as Account
from webapp.money import Money
from webapp.orders.models import Order
from webapp.orders.rules import Method


@dataclass(frozen=True)
class Move:
    """An amount from one account to another one."""

    debit: Account
    credit: Account
    amount: Money
    cause: Cause
    key: str


def book(order: Order, moves: Sequence[Move], *, now: datetime) -> None:
    """Books these for the order, by the policy it was placed under; what is nothing is left out."""
    ledger.book(
        [
            Booking(
                each.debit, each.credit, each.amount, each.cause, each.key,
                f"orders:{order.id}", order.number, order.policy_version,
            )
            for each in moves
            if each.amount.minor
        ],
        now=now,
    )  # fmt: skip


def receivable(order: Order) -> Account:
    """What its payer owes."""
    return Account(AccountKind.RECEIVABLE, order.payer_id)


def payers_own(order: Order) -> Account:
    """Where the payer gets back what is its own: the prepaid account (RULES M6), or by the shop that received it."""
    if order.method is Method.OUTSIDE:
        return Account(AccountKind.CLEARING)
    return Account(AccountKind.PREPAID, order.payer_id)


def payment(order: Order, amount: Money, source: Account, key: str) -> Move:
    """Money for the order that arrived at `source`."""
    return Move(source, receivable(order), amount, Cause.ORDER_PAID, key)
