"""What is asked of the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from webapp import clock
from webapp.accounts.models import Organisation
from webapp.accounts.queries import Org
from webapp.database import UtcDateTime
from webapp.extensions import db
from webapp.kept import shelf
from webapp.ledger.models import Entry, LedgerAccount, Transfer
from webapp.ledger.rules import OF_ORDERS, AccountKind, Cause, Side, months_between, next_month
from webapp.money import Money

PER_PAGE = 50
AT_ONCE = 1_000  # lines of a file that are read together
ACCOUNTS_KEPT = 4096  # whose months are remembered
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


def accounts(
    wanted: Collection[tuple[Side, str]], *, locked: bool = False
) -> dict[tuple[Side, str], LedgerAccount]:
    """The accounts of these sides and currencies that exist; `locked` in the order of their ids."""
    whose: dict[tuple[AccountKind, str], list[int]] = {}  # of each kind and currency: one list, however long
    for side, currency in sorted(
        wanted, key=lambda each: (each[0].kind, each[1], each[0].organisation_id or 0)
    ):
        of_kind = whose.setdefault((side.kind, currency), [])
        if side.organisation_id is not None:
            of_kind.append(side.organisation_id)
    values: dict[str, object] = {}
    for n, ((kind, currency), organisations) in enumerate(whose.items()):
        values |= {f"kind{n}": kind, f"currency{n}": currency, f"organisations{n}": organisations}
    found = _accounts(tuple(kind.of_organisation for kind, _currency in whose), locked)
    return {(row.side, row.currency): row for row in db.session.scalars(found, values)}


@lru_cache(maxsize=256)
def _accounts(of_organisations: tuple[bool, ...], locked: bool) -> sa.Select[LedgerAccount]:
    """Accounts of so many kinds, each of organisations or of the operator."""
    each = (
        sa.and_(
            LedgerAccount.kind == sa.bindparam(f"kind{n}"),
            LedgerAccount.currency == sa.bindparam(f"currency{n}"),
            LedgerAccount.organisation_id.in_(sa.bindparam(f"organisations{n}", expanding=True))
            if theirs
            else LedgerAccount.organisation_id.is_(None),
        )
        for n, theirs in enumerate(of_organisations)
    )
    found = sa.select(LedgerAccount).where(sa.or_(*each)).order_by(LedgerAccount.id)
    return found.with_for_update() if locked else found


_HEADS = (
    sa.select(LedgerAccount.id, Entry.seq, Entry.balance, Entry.at)
    .join(Entry, sa.and_(Entry.account_id == LedgerAccount.id, Entry.seq == NEWEST))
    .where(LedgerAccount.id.in_(sa.bindparam("ids", expanding=True)))
)


def heads(account_ids: Collection[int]) -> dict[int, Head]:
    """Where each of these accounts stands."""
    rows = db.session.execute(_HEADS, {"ids": list(account_ids)})
    known = {id: Head(seq, balance, at) for id, seq, balance, at in rows}
    return {id: known.get(id, Head()) for id in account_ids}


def transfers_by_key(keys: Collection[str]) -> dict[str, Transfer]:
    """The transfers that were booked under these keys."""
    rows = db.session.scalars(_transfers_by_key(), {"keys": list(keys)})
    return {row.key: row for row in rows}


@cache
def _transfers_by_key() -> sa.Select[Transfer]:
    return (
        sa.select(Transfer)
        .where(Transfer.key.in_(sa.bindparam("keys", expanding=True)))
        .options(joinedload(Transfer.debit), joinedload(Transfer.credit))
    )


def balance(kind: AccountKind, organisation_id: int | None = None, *, currency: str) -> Money:
    """What this account has; nothing when it never moved."""
    whose = LedgerAccount.organisation_id == organisation_id  # of the operator: IS NULL
    account = (
        sa.select(LedgerAccount.id)
        .where(LedgerAccount.kind == kind, LedgerAccount.currency == currency, whose)
        .scalar_subquery()
    )
    newest = sa.select(Entry.balance).where(Entry.account_id == account).order_by(Entry.seq.desc()).limit(1)
    return Money(db.session.scalar(newest) or 0, currency)


# --- accounts as their organisations see them ---------------------------------------------------------------


@dataclass(frozen=True)
class OwnAccount:
    """An organisation's account: `first` and `newest` are when it moved; it has no ids before it ever did."""

    id: int | None
    balance: Money
    first: datetime | None = None
    newest: datetime | None = None
    public_id: str = ""

    @property
    def currency(self) -> str:
        """Of all its entries."""
        return self.balance.currency


_OLDEST = (
    sa.select(sa.func.min(_each.at))
    .where(_each.account_id == LedgerAccount.id)
    .correlate(LedgerAccount)
    .scalar_subquery()
)
_OWN = (
    sa.select(
        LedgerAccount.id, LedgerAccount.currency, Entry.balance, _OLDEST, Entry.at, LedgerAccount.public_id
    )
    .join(Entry, sa.and_(Entry.account_id == LedgerAccount.id, Entry.seq == NEWEST))
    .where(
        LedgerAccount.organisation_id == sa.bindparam("organisation"),
        LedgerAccount.kind == sa.bindparam("kind"),
    )
    .order_by(LedgerAccount.currency)
)


def own_accounts(
    organisation: Organisation | Org, kind: AccountKind = AccountKind.PREPAID, *, currency: str | None = None
) -> list[OwnAccount]:
    """The organisation's accounts of this kind that ever moved; before them the one in its own currency."""
    known = [
        OwnAccount(id, Money(minor, each), first, newest, public_id)
        for id, each, minor, first, newest, public_id in db.session.connection().execute(
            _OWN, {"organisation": organisation.id, "kind": kind}
        )
    ]
    own = currency or organisation.currency
    ordered = sorted(known, key=lambda each: each.currency != own)
    if not ordered or ordered[0].currency != own:
        ordered.insert(0, OwnAccount(None, Money(0, own)))
    return ordered


def balances(organisation: Organisation) -> list[Money]:
    """What is on its prepaid accounts: its own currency first, then others that ever moved."""
    return [account.balance for account in own_accounts(organisation)]


def months(account: OwnAccount) -> tuple[date, ...]:
    """The months (their first days) in which the account moved, newest first: one statement.

    They are kept until it moves in another month: the database lets no entry begin before an older one.
    """
    if account.first is None or account.newest is None:
        return ()
    asked = months_between(clock.day_of(account.first), clock.day_of(account.newest))
    known = shelf("months", ACCOUNTS_KEPT)
    key = (account.public_id, asked[-1])
    found: tuple[date, ...] | None = known.get(key)
    if found is None:
        found = _months(account, asked)
        known.put(key, found)
    return found


def _months(account: OwnAccount, asked: Sequence[date]) -> tuple[date, ...]:
    values: dict[str, object] = {"account": account.id}
    for n, day in enumerate(asked):
        values |= {
            f"day{n}": day, f"begin{n}": clock.start_of(day), f"over{n}": clock.start_of(next_month(day))
        }  # fmt: skip
    return tuple(db.session.scalars(_moved_in(len(asked)), values))


@cache
def _moved_in(count: int) -> sa.Select[tuple[date]]:
    """Those of so many months, each given by its day and the moments between which it lasts, in which it moved."""
    spans = (  # VALUES would say the same, but SQLAlchemy composes it anew each time
        sa.select(*(
            sa.bindparam(f"{name}{n}", type_=kind).label(name)
            for name, kind in (("day", sa.Date), ("begin", UtcDateTime), ("over", UtcDateTime))
        ))
        for n in range(count)
    )  # fmt: skip
    each = sa.union_all(*spans).cte("months").c
    moved = sa.exists().where(
        Entry.account_id == sa.bindparam("account"), Entry.at >= each.begin, Entry.at < each.over
    )
    return sa.select(each.day).where(moved).order_by(each.day.desc())


class Line(NamedTuple):
    """An entry of a statement: what moved, why, and what the account had after it."""

    seq: int
    at: datetime
    moved: int
    left: int
    cause: Cause
    reference: str
    currency: str

    @property
    def amount(self) -> Money:
        """What moved: above zero what came in."""
        return Money(self.moved, self.currency)

    @property
    def balance(self) -> Money:
        """What the account had then."""
        return Money(self.left, self.currency)

    @property
    def of_order(self) -> bool:
        """Whether the reference is an order's number: the order explains the amount."""
        return self.cause in OF_ORDERS


@dataclass(frozen=True)
class Month:
    """A month of an account: the numbers of its entries (none when `last` is below `first`) and both balances."""

    account: OwnAccount
    day: date
    first: int
    last: int
    opening: Money
    closing: Money

    @property
    def count(self) -> int:
        """How many entries; they have no gap, so nobody counts them."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Statement:
    """A page of a month, newest first; `more` says whether there are older ones."""

    month: Month
    page: int
    lines: list[Line]
    more: bool


def month_of(account: OwnAccount, day: date) -> Month:
    """The month that begins on this day, by two steps in the index whatever the size of the account."""
    values = {"account": account.id, "begin": clock.start_of(day), "over": clock.start_of(next_month(day))}
    rows = db.session.connection().execute(_BEFORE, values)
    heads = {which: Head(seq, balance, at) for which, seq, balance, at in rows}
    before, newest = (heads.get(which, Head()) for which in ("begin", "over"))
    currency = account.currency
    opening, closing = Money(before.balance, currency), Money(newest.balance, currency)
    return Month(account, day, before.seq + 1, newest.seq, opening, closing)


def _newest_before(moment: str) -> sa.Select[Any]:
    """The newest entry of an account before `moment`, named by it."""
    found = (
        sa.select(sa.literal(moment).label("which"), Entry.seq, Entry.balance, Entry.at)
        .where(Entry.account_id == sa.bindparam("account"), Entry.at < sa.bindparam(moment))
        .order_by(Entry.at.desc(), Entry.seq.desc())
        .limit(1)
    )
    return sa.select(found.subquery())


# Where an account stood when a month began, and when it was over.
_BEFORE = sa.union_all(_newest_before("begin"), _newest_before("over"))


def statement(month: Month, *, page: int = 1) -> Statement:
    """50 entries of a month: a range of numbers, so the last page is as fast as the first."""
    page = min(page, max(1, -(-month.count // PER_PAGE)))
    last = month.last - (page - 1) * PER_PAGE
    first = max(last - PER_PAGE + 1, month.first)
    currency = month.account.currency
    lines = [Line(*row, currency) for row in _rows(month.account, first, last)]
    return Statement(month, page, lines[::-1], first > month.first)


def all_rows(month: Month) -> Iterator[sa.Row[int, datetime, int, int, Cause, str]]:
    """All entries of a month as plain rows with what lines have, oldest first, read a thousand at a time."""
    for first in range(month.first, month.last + 1, AT_ONCE):
        yield from _rows(month.account, first, min(first + AT_ONCE - 1, month.last))


# of the tables, not of their models: a row of a file costs half as much
_entry, _transfer = Entry.__table__.c, Transfer.__table__.c
_ROWS = (
    sa.select(
        _entry.seq, _entry.at, _entry.amount, _entry.balance, _transfer.cause, _transfer.reference
    )
    .join_from(Entry.__table__, Transfer.__table__, _transfer.id == _entry.transfer_id)
    .where(
        _entry.account_id == sa.bindparam("account"),
        _entry.seq.between(sa.bindparam("first"), sa.bindparam("last")),
    )
    .order_by(_entry.seq)
)  # fmt: skip


def _rows(
    account: OwnAccount, first: int, last: int
) -> Sequence[sa.Row[int, datetime, int, int, Cause, str]]:
    return db.session.connection().execute(_ROWS, {"account": account.id, "first": first, "last": last}).all()


# --- the whole ledger ---------------------------------------------------------------------------------------


def trial_balance() -> dict[str, dict[AccountKind, Money]]:
    """Per currency and kind of account what all accounts of that kind have; each currency adds up to nothing."""
    balance = (
        sa.select(_each.balance)
        .where(_each.account_id == LedgerAccount.id)
        .order_by(_each.seq.desc())
        .limit(1)
        .correlate(LedgerAccount)
        .scalar_subquery()
    )
    each = sa.select(LedgerAccount.currency, LedgerAccount.kind, balance.label("balance")).subquery().c
    rows = db.session.execute(
        sa.select(each.currency, each.kind, sa.func.sum(each.balance))
        .where(each.balance.is_not(None))
        .group_by(each.currency, each.kind)
        .order_by(each.currency)
    ).all()
    found: dict[str, dict[AccountKind, Money]] = {currency: {} for currency, *_ in rows}
    for currency, kind, minor in sorted(rows, key=lambda row: list(AccountKind).index(row[1])):
        found[currency][kind] = Money(int(minor), currency)
    return found
