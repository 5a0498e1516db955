"""Rates of exchange are imported; what was imported is never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from webapp import signals
from webapp.accounts.models import User
from webapp.extensions import db
from webapp.rates import queries, rules
from webapp.rates.models import ExchangeRate
from webapp.rates.rules import Quoted
from webapp.unit import take_turns, unit_of_work

PORTION = 1_000  # rows of a statement


@unit_of_work
def take_in(rates: Sequence[Quoted], *, by: User | None, now: datetime) -> int:
    """Keeps the rates of days that were not known; how many. Raises OtherRate when a known day's differs.

    Who waits for a rate hears of it in the same transaction.
    """
    take_turns("rates")
    known = queries.known({rate.currency for rate in rates})
    for rate in rates:
        if known.get((rate.currency, rate.day), rate.millionths) != rate.millionths:
            raise rules.OtherRate(day=rate.day)
    fresh = [rate for rate in rates if (rate.currency, rate.day) not in known]
    for first in range(0, len(fresh), PORTION):
        db.session.execute(
            sa.insert(ExchangeRate),
            [
                {"currency": each.currency, "day": each.day, "millionths": each.millionths, "imported_at": now,
                 "imported_by_id": by.id if by else None}
                for each in fresh[first : first + PORTION]
            ],
        )  # fmt: skip
    signals.rates_imported.send(None, now=now)
    return len(fresh)
