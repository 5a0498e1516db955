"""Numbers of orders, invoices and credit notes: each series begins with the year and has no gap.

They are given within the transaction of what they name; two that ask at once wait for each other.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

import sqlalchemy as sa

from webapp.extensions import db
from webapp.orders import queries, rules
from webapp.orders.models import Series
from webapp.unit import insert_into


def next_number(series: str, prefix: str, *, now: datetime) -> tuple[str, date]:
    """The next number of the year without a gap, and the day that goes with it, never before an earlier one's."""
    numbers, day = next_numbers(series, prefix, 1, now=now)
    return numbers[0], day


def next_numbers(series: str, prefix: str, count: int, *, now: datetime) -> tuple[list[str], date]:
    """The same for so many that follow each other."""
    day = queries.today(now)
    given = {"series": series, "of_year": day.year, "day": day, "count": count}
    following, dated = db.session.execute(_following(db.engine.dialect.name), given).one()
    return [rules.numbered(prefix, day.year, n) for n in range(following - count, following)], dated


@cache
def _following(_dialect: str) -> sa.Executable:
    """The first numbers of a year, or those after the one that was given last."""
    day, count = sa.bindparam("day", type_=sa.Date), sa.bindparam("count", type_=sa.Integer)
    made = insert_into(Series).values(
        name=sa.bindparam("series"), year=sa.bindparam("of_year"), following=count + 1, newest_on=day
    )
    return made.on_conflict_do_update(
        index_elements=["name", "year"],
        set_={
            "following": Series.following + count,
            "newest_on": sa.case((Series.newest_on > day, Series.newest_on), else_=day),
        },
    ).returning(Series.following, Series.newest_on)
