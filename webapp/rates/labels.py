"""The words for exchange rates."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from babel import numbers

from webapp.i18n import reader
from webapp.ledger.rules import MILLION, Rate

PATTERN = "0.000000"


def exchange_rate(rate: Rate) -> str:
    """`0.950000` as this language writes numbers."""
    return numbers.format_decimal(Decimal(rate.millionths) / MILLION, PATTERN, locale=reader().locale)


FILTERS: dict[str, Callable[..., Any]] = {"exchange_rate": exchange_rate}
