"""The words for revenue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp.i18n import current_language, lazy
from webapp.ordering.labels import lasting
from webapp.revenue.models import Line
from webapp.revenue.rules import What

WHATS = {
    What.DISCOUNT: lazy("Discount"),
    What.DISCOUNT_BACK: lazy("Discount taken back"),
    What.CASHBACK: lazy("Cashback"),
    What.CASHBACK_BACK: lazy("Cashback taken back"),
}


def what_earned(what: What) -> str:
    """What a line of the statement is."""
    return str(WHATS[what])


def earned_on(line: Line) -> str:
    """The plan's name, as it was when it was ordered."""
    return line.names[current_language()]


FILTERS: dict[str, Callable[..., Any]] = {
    "earned_on": earned_on,
    "lasting": lasting,
    "what_earned": what_earned,
}
