"""What is asked about exchange rates."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import sqlalchemy as sa

from webapp.extensions import db
from webapp.ledger.rules import Rate
from webapp.rates.models import ExchangeRate
from webapp.rates.rules import BASE, FRESH


def rate_on(given: str, taken: str, day: date) -> Rate | None:
    """The newest rate on or before the day; None when there is none of the last 7 days (RULES F9)."""
    foreign = taken if given == BASE else given
    row = db.session.scalar(
        sa.select(ExchangeRate)
        .where(
            ExchangeRate.currency == foreign, ExchangeRate.day <= day, ExchangeRate.day >= day - FRESH
        )
        .order_by(ExchangeRate.day.desc())
        .limit(1)
    )  # fmt: skip
    return row.quoted.rate(given, taken) if row else None


def known(currencies: Collection[str]) -> dict[tuple[str, date], int]:
    """Millionths by currency and day."""
    rows = db.session.execute(
        sa.select(ExchangeRate.currency, ExchangeRate.day, ExchangeRate.millionths).where(
            ExchangeRate.currency.in_(currencies)
        )
    )
    return {(currency, day): millionths for currency, day, millionths in rows}


def newest(most: int) -> list[ExchangeRate]:
    """The rates of the last days that are known, the newest first."""
    return list(db.session.scalars(sa.select(ExchangeRate).order_by(ExchangeRate.day.desc()).limit(most)))
