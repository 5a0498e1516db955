"""What an affiliate has earned: sums, months, and each order that came of its customers, none of whom is named."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from webapp import charts, clock, kept
from webapp.affiliation import queries as affiliation
from webapp.affiliation import rules
from webapp.affiliation.models import AffiliateAccount, Attribution, Commission
from webapp.affiliation.rules import Course, Verdict
from webapp.earnings.models import Chart, Line, Listed, Progress
from webapp.extensions import db
from webapp.ledger.rules import Rate, months_between, next_month
from webapp.money import Money
from webapp.orders.models import Order
from webapp.payouts.models import Payout
from webapp.programme import programme

PER_PAGE = 25
MONTHS_DRAWN = 12
ACCOUNTS_KEPT = 512
BATCH = 2_000  # rows of a file that are read at a time


def progress(account: AffiliateAccount) -> Progress:
    """What it has earned, the rate that this makes, and the next one."""
    tiers, earned = programme().affiliation.tiers, affiliation.counted(account)
    return Progress(
        earned, rules.rate_at(earned, tiers), rules.next_tier(earned, tiers), _share(earned, tiers),
        db.session.scalar(_FIRST_PAID, {"account": account.id}),
    )  # fmt: skip


_FIRST_PAID = sa.select(sa.func.min(Payout.issued_on)).where(
    Payout.account_id == sa.bindparam("account"), Payout.returned_at.is_(None)
)


def _share(earned: Money, tiers: list[tuple[int, int]]) -> int:
    steps = [step * 100 for step, _rate in tiers]
    n = bisect_right(steps, earned.minor) - 1
    if n + 1 == len(steps):
        return 100
    return (earned.minor - steps[n]) * 100 // (steps[n + 1] - steps[n])


# --- months -------------------------------------------------------------------------------------------------


def chart(account: AffiliateAccount, *, today: date) -> Chart | None:
    """What the orders of each month brought, less what was taken back; None without any.

    Kept until a commission of the account changes: an affiliate may have a hundred thousand of them.
    """
    shelf, key = (
        kept.shelf("commissions by month", ACCOUNTS_KEPT),
        (account.id, account.moves, today.replace(day=1)),
    )
    drawn: Chart | None = shelf.get(key)
    if drawn is None and account.moves:
        drawn = _chart(account, today=today)
        shelf.put(key, drawn)
    return drawn


def _chart(account: AffiliateAccount, *, today: date) -> Chart | None:
    first = today.replace(day=1)
    for _month in range(MONTHS_DRAWN - 1):
        first = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    months = {
        month: account.money(
            int(
                db.session.scalar(
                    _PLACED,
                    {"account": account.id, "since": clock.start_of(month),
                     "until": clock.start_of(next_month(month))},
                )
                or 0
            )  # PostgreSQL's sums are decimals
        )
        for month in months_between(first, today)
    }  # fmt: skip
    amounts = [[each.minor] for each in months.values()]
    if not any(minor for (minor,) in amounts):
        return None
    return Chart(months, account.money(charts.span(amounts)[0]), charts.bars(amounts))


_PLACED = sa.select(sa.func.sum(Commission.amount)).where(
    Commission.account_id == sa.bindparam("account"),
    Commission.placed_at >= sa.bindparam("since"),
    Commission.placed_at < sa.bindparam("until"),
)


# --- orders -------------------------------------------------------------------------------------------------


def listed(account: AffiliateAccount, *, page: int = 1) -> Listed:
    """25 orders and what they brought."""
    rows = db.session.execute(
        _lines(), {"account": account.id, "most": PER_PAGE + 1, "skipped": (page - 1) * PER_PAGE}
    ).all()
    payouts = Payouts(account)
    return Listed([_line(row, account, payouts) for row in rows[:PER_PAGE]], page, len(rows) > PER_PAGE)


def all_lines(account: AffiliateAccount) -> Iterator[Line]:
    """All of them, the oldest first, read while they are sent."""
    payouts, after = Payouts(account), 0
    while rows := db.session.execute(
        _following_lines(), {"account": account.id, "after": after, "most": BATCH}
    ).all():
        yield from (_line(row, account, payouts) for row in rows)
        after = rows[-1].id


class Payouts:
    """An affiliate's payouts that were not returned: which of them a commission was part of."""

    def __init__(self, account: AffiliateAccount) -> None:
        rows = db.session.execute(
            sa.select(Payout.month, Payout.issued_on)
            .where(Payout.account_id == account.id, Payout.returned_at.is_(None))
            .order_by(Payout.month)
        ).all()
        self._months = [row.month for row in rows]
        self._days = [row.issued_on for row in rows]

    def day_of(self, confirms_on: date | None) -> date | None:
        """When what is confirmed on this day was paid: by the first payout of a later month's beginning."""
        if confirms_on is None:
            return None
        n = bisect_right(self._months, confirms_on)
        return self._days[n] if n < len(self._days) else None


_COLUMNS: tuple[Any, ...] = (
    Commission.id, Commission.placed_at, Commission.reason, Commission.whole, Commission.booked, Commission.amount,
    Commission.rate, Commission.currency, Commission.exchange, Commission.exchange_on, Commission.waits_until,
    Commission.confirms_on, Commission.cancelled_at, Commission.policy_version, Order.number, Attribution.verdict,
)  # fmt: skip


def _all() -> sa.Select[Any]:
    chosen = sa.select(*_COLUMNS)
    return (
        chosen.join(Order, Order.id == Commission.order_id)
        .join(Attribution, Attribution.id == Commission.attribution_id)
        .where(Commission.account_id == sa.bindparam("account"))
    )


@cache
def _lines() -> sa.Select[Any]:
    newest = _all().order_by(Commission.id.desc())
    return newest.limit(sa.bindparam("most")).offset(sa.bindparam("skipped"))


@cache
def _following_lines() -> sa.Select[Any]:
    later = _all().where(Commission.id > sa.bindparam("after")).order_by(Commission.id)
    return later.limit(sa.bindparam("most"))


def _line(row: Any, account: AffiliateAccount, payouts: Payouts) -> Line:
    foreign = row.currency != account.currency
    unknown = foreign and row.exchange is None and row.reason is None
    course = Course(
        reason=row.reason, whole=row.whole, amount=None if unknown else row.amount,
        held=row.verdict is Verdict.HELD, waits_until=row.waits_until, confirms_on=row.confirms_on,
        paid_on=payouts.day_of(row.confirms_on) if row.reason is None and _counted_then(row) else None,
    )  # fmt: skip
    rate = Rate(row.currency, account.currency, row.exchange, row.exchange_on) if row.exchange else None
    return Line(
        number=row.number, on=clock.day_of(row.placed_at), course=course, amount=account.money(row.amount),
        whole=Money(row.whole, row.currency), booked=Money(row.booked, row.currency), rate=row.rate,
        exchange=rate, cancelled_on=_day(row.cancelled_at), policy=row.policy_version,
    )  # fmt: skip


def _counted_then(row: Any) -> bool:
    """Whether something of it was left when it was confirmed: an order given back before was never paid."""
    return row.cancelled_at is None or clock.day_of(row.cancelled_at) >= row.confirms_on


def _day(moment: datetime | None) -> date | None:
    return clock.day_of(moment) if moment else None
