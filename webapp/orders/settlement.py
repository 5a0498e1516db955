"""What became of an order, brought to what its facts ask for: it begins, excess is returned, cashback booked.

It is worked out from what happened, not from the order in which it happened (SECURITY M2).
"""

from __future__ import annotations

from datetime import datetime

from webapp import mailer, signals
from webapp.extensions import db
from webapp.ledger import actions as ledger
from webapp.ledger.rules import AccountKind, Cause
from webapp.ledger.rules import Side as Account
from webapp.orders import fulfilment, queries
from webapp.orders.bookings import Move, book, payers_own, receivable
from webapp.orders.models import Order, OrderLine
from webapp.orders.rules import Method


def settle(order: Order, *, now: datetime) -> None:
    """Books the difference between what the order's facts ask for and what is booked (SECURITY M2)."""
    db.session.flush()
    if order.facts.settled and order.paid_at is None:
        order.paid_at = now
        fulfilment.fulfil(order, now=now)
        if order.method is not Method.PREPAID:
            told = queries.money_people(order.payer)
            mailer.queue_each("order_paid", [(person, order) for person in told], now=now)
    excess = order.facts.excess
    if excess > order.returned:
        cause = Cause.ORDER_RETURNED if order.credited else Cause.ORDER_EXCESS
        move = Move(receivable(order), payers_own(order), order.money(excess - order.returned), cause,
                     f"order:{order.id}:returned:{excess}")  # fmt: skip
        book(order, [move], now=now)
        order.returned = excess
    for line in order.lines:
        _settle_cashback(line, now=now)
    signals.order_settled.send(order, now=now)


def _settle_cashback(line: OrderLine, *, now: datetime) -> None:
    """Credits the partner what a paid line brings, and takes back what was credited of it since (RULES M4, M11)."""
    if line.earner_id is None or line.order.paid_at is None:
        return
    due = line.cashback_after(line.credited)
    difference = due.minor - line.cashback_booked
    if difference:
        moves = _earn(line, difference, now=now) if difference > 0 else _take_back(line, -difference, now=now)
        book(line.order, moves, now=now)
        line.cashback_booked = due.minor


def _earn(line: OrderLine, minor: int, *, now: datetime) -> list[Move]:
    """To the partner's prepaid account; a debt from cashback that was taken back is paid first."""
    prepaid, debt = _partners(line)
    owed = -ledger.hold([prepaid, debt], line.order.currency, now=now)[debt].minor
    cashback, key = Account(AccountKind.CASHBACK), f"line:{line.id}:cashback:{line.credited}"
    moves = [Move(cashback, prepaid, line.money(minor), Cause.CASHBACK_EARNED, key)]
    if paid_off := min(owed, minor):
        moves.append(Move(prepaid, debt, line.money(paid_off), Cause.DEBT_SETTLED, f"{key}:debt"))
    return moves


def _take_back(line: OrderLine, minor: int, *, now: datetime) -> list[Move]:
    """From the partner's prepaid account; what it does not have becomes its debt (SECURITY L5)."""
    prepaid, debt = _partners(line)
    there = min(minor, ledger.hold([prepaid, debt], line.order.currency, now=now)[prepaid].minor)
    cashback, key = Account(AccountKind.CASHBACK), f"line:{line.id}:back:{line.credited}"
    parts = [(prepaid, there, key), (debt, minor - there, f"{key}:debt")]
    return [
        Move(account, cashback, line.money(part), Cause.CASHBACK_TAKEN_BACK, each)
        for account, part, each in parts
        if part
    ]


def _partners(line: OrderLine) -> tuple[Account, Account]:
    return Account(AccountKind.PREPAID, line.earner_id), Account(AccountKind.DEBT, line.earner_id)
