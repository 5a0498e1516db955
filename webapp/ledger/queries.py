"""What is asked of the ledger."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from webapp.extensions import db
from webapp.ledger.models import Entry, LedgerAccount, Transfer
from webapp.ledger.rules import AccountKind, Side
from webapp.money import Money

BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Head:
    """Where an account stands: its newest entry's number and time, and its balance."""

    seq: int = 0
    balance: int = 0
    at: datetime = BEFORE_ALL


# The number of an account's newest entry: one step in the index, whatever the size of the account.
_each = aliased(Entry)
NEWEST = (
    sa.select(sa.func.max(_each.seq))
    .where(_each.account_id == LedgerAccount.id)
    .correlate(LedgerAccount)
    .scalar_subquery()
)


def _is(side: Side, currency: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        LedgerAccount.kind == side.kind,
        LedgerAccount.currency == currency,
        LedgerAccount.organisation_id.is_(None)
        if side.organisation_id is None
        else LedgerAccount.organisation_id == side.organisation_id,
    )


def accounts(
    wanted: Collection[tuple[Side, str]], *, locked: bool = False
) -> dict[tuple[Side, str], LedgerAccount]:
    """The accounts of these sides and currencies that exist; `locked` in the order of their ids."""
    found = (
        sa.select(LedgerAccount).where(sa.or_(*(_is(*each) for each in wanted))).order_by(LedgerAccount.id)
    )
    if locked:
        found = found.with_for_update()
    return {(row.side, row.currency): row for row in db.session.scalars(found)}


def heads(account_ids: Collection[int]) -> dict[int, Head]:
    """Where each of these accounts stands."""
    newest = (
        sa.select(LedgerAccount.id, Entry.seq, Entry.balance, Entry.at)
        .join(Entry, sa.and_(Entry.account_id == LedgerAccount.id, Entry.seq == NEWEST))
        .where(LedgerAccount.id.in_(account_ids))
    )
    known = {id: Head(seq, balance, at) for id, seq, balance, at in db.session.execute(newest)}
    return {id: known.get(id, Head()) for id in account_ids}


def transfers_by_key(keys: Collection[str]) -> dict[str, Transfer]:
    """The transfers that were booked under these keys."""
    rows = db.session.scalars(
        sa.select(Transfer)
        .where(Transfer.key.in_(keys))
        .options(joinedload(Transfer.debit), joinedload(Transfer.credit))
    )
    return {row.key: row for row in rows}


def balance(kind: AccountKind, organisation_id: int | None = None, *, currency: str) -> Money:
    """What this account has; nothing when it never moved."""
    account = sa.select(LedgerAccount.id).where(_is(Side(kind, organisation_id), currency)).scalar_subquery()
    newest = sa.select(Entry.balance).where(Entry.account_id == account).order_by(Entry.seq.desc()).limit(1)
    return Money(db.session.scalar(newest) or 0, currency)
