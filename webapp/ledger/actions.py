"""What is written into the ledger: transfers with both their entries, and nothing else ever."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from webapp.database import new_public_id
from webapp.extensions import db
from webapp.ledger import queries
from webapp.ledger.models import Entry, LedgerAccount, Transfer
from webapp.ledger.queries import Head
from webapp.ledger.rules import AccountKind, Booking, KeyReused, NotEnough, Side
from webapp.money import Money
from webapp.unit import insert_into, locks_rows, unit_of_work

Accounts = dict[tuple[Side, str], LedgerAccount]

SHORT_OF = {
    AccountKind.PREPAID: NotEnough.sentence,
    AccountKind.WITHDRAWALS: "Less money than this waits to be paid out.",
}


@unit_of_work
def hold(sides: Collection[Side], currency: str, *, now: datetime) -> dict[Side, Money]:
    """What these accounts have; nobody else moves them until the unit ends."""
    held = _hold({(side, currency) for side in sides}, now=now)
    heads = queries.heads([account.id for account in held.values()])
    return {side: Money(heads[account.id].balance, currency) for (side, _), account in held.items()}


@unit_of_work
def book(bookings: Sequence[Booking], *, now: datetime) -> list[Transfer]:
    """Makes these transfers in this order, all of them or none.

    A key that was booked with the same body answers its transfer and moves nothing; with another body it raises
    KeyReused (SECURITY L4). Raises NotEnough where an account would fall below its floor (SECURITY L5).
    A transfer is never older than what its accounts already saw, whatever `now` says.
    """
    if not bookings:
        return []
    held = _hold(
        {(side, each.amount.currency) for each in bookings for side in (each.debit, each.credit)}, now=now
    )
    heads = queries.heads([account.id for account in held.values()])
    known = queries.transfers_by_key({each.key for each in bookings})
    first: dict[str, Booking] = {}  # of those that are new, by key
    steps: list[_Step] = []
    for each in bookings:
        before = known.get(each.key)
        if (before and not before.says(each)) or (each.key in first and first[each.key] != each):
            raise KeyReused()
        if not before and each.key not in first:
            first[each.key] = each
            steps.append(_step(each, held, heads, now))
    known.update(_write(steps))  # all were looked at: nothing is written when one is refused
    return [known[each.key] for each in bookings]


@dataclass(frozen=True)
class _Step:
    """A transfer that may be written, and how both accounts stand after it."""

    booking: Booking
    at: datetime
    debit: LedgerAccount
    credit: LedgerAccount
    after: tuple[Head, Head]


def _hold(wanted: set[tuple[Side, str]], *, now: datetime) -> Accounts:
    """These accounts, made where they are missing, locked in the order of their ids."""
    held = queries.accounts(wanted)
    missing = sorted(
        wanted - held.keys(),
        key=lambda each: (each[0].kind, each[0].organisation_id or 0, each[1]),
    )
    rows = [
        {
            "public_id": new_public_id(), "kind": side.kind, "organisation_id": side.organisation_id,
            "currency": currency, "created_at": now,
        }
        for side, currency in missing
    ]  # fmt: skip
    if rows:
        db.session.execute(insert_into(LedgerAccount).on_conflict_do_nothing(), rows)
    elif not locks_rows():
        return held
    return queries.accounts(wanted, locked=True)


def _step(booking: Booking, held: Accounts, heads: dict[int, Head], now: datetime) -> _Step:
    """Looks whether the transfer may be made, and moves `heads` on."""
    currency, minor = booking.amount.currency, booking.amount.minor
    debit, credit = held[booking.debit, currency], held[booking.credit, currency]
    at = max(now, heads[debit.id].at, heads[credit.id].at)
    for account, amount in ((debit, -minor), (credit, minor)):
        head = heads[account.id]
        heads[account.id] = Head(head.seq + 1, head.balance + amount, at)
        if account.kind.floored and heads[account.id].balance < 0:
            raise NotEnough(SHORT_OF[account.kind])
    return _Step(booking, at, debit, credit, (heads[debit.id], heads[credit.id]))


def _write(steps: Sequence[_Step]) -> dict[str, Transfer]:
    """Writes them in their order, by key."""
    if not steps:
        return {}
    made = insert_into(Transfer).on_conflict_do_nothing(index_elements=["key"]).returning(Transfer)
    transfers = {row.key: row for row in db.session.scalars(made, [_transfer(step) for step in steps])}
    if len(transfers) < len(steps):  # a key was used a moment ago, with other accounts: ours were locked
        raise KeyReused()
    db.session.execute(
        sa.insert(Entry), [each for step in steps for each in _entries(step, transfers[step.booking.key])]
    )
    return transfers


def _transfer(step: _Step) -> dict[str, Any]:
    booking = step.booking
    return {
        "public_id": new_public_id(), "at": step.at, "debit_id": step.debit.id, "credit_id": step.credit.id,
        "amount": booking.amount.minor, "currency": booking.amount.currency, "cause": booking.cause,
        "key": booking.key, "subject": booking.subject, "reference": booking.reference,
        "policy_version": booking.policy, "rate": booking.rate.millionths if booking.rate else None,
        "rate_on": booking.rate.day if booking.rate else None,
    }  # fmt: skip


def _entries(step: _Step, transfer: Transfer) -> list[dict[str, Any]]:
    minor = step.booking.amount.minor
    return [
        {
            "account_id": account.id, "seq": head.seq, "transfer_id": transfer.id, "at": step.at,
            "amount": amount, "balance": head.balance, "floored": account.kind.floored,
        }
        for account, amount, head in zip((step.debit, step.credit), (-minor, minor), step.after, strict=True)
    ]  # fmt: skip
