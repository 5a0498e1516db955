"""What is true of a partner's revenue, and who sees what in a file of orders (RULES M1–M5, M9). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from webapp.charts import Bar, bars, baseline, span
from webapp.money import Money
from webapp.orders.rules import proportion

MONTHS = 12  # that the chart shows
STATEMENT_DAYS = 7  # of a month, in which the mail about the one before is sent


# --- months -------------------------------------------------------------------------------------------------


def month_before(day: date) -> date:
    """The first day of the month before this one's."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def last_months(day: date, n: int = MONTHS) -> list[date]:
    """The first days of the `n` months that end with this one's, oldest first."""
    months = [day.replace(day=1)]
    while len(months) < n:
        months.append(month_before(months[-1]))
    return months[::-1]


# --- what a partner earned ----------------------------------------------------------------------------------


class What(StrEnum):
    """What a line of the statement is. What is taken back is below nothing."""

    DISCOUNT = "discount"
    DISCOUNT_BACK = "discount_back"
    CASHBACK = "cashback"
    CASHBACK_BACK = "cashback_back"


@dataclass(frozen=True)
class Earned:
    """Discount and cashback of some time, in one currency."""

    discount: Money
    cashback: Money

    def __add__(self, other: Earned) -> Earned:
        return Earned(self.discount + other.discount, self.cashback + other.cashback)

    @property
    def total(self) -> Money:
        """Both together."""
        return self.discount + self.cashback

    @property
    def something(self) -> bool:
        """Whether there was anything."""
        return bool(self.discount.minor or self.cashback.minor)


def nothing_in(currency: str) -> Earned:
    """No revenue at all."""
    return Earned(Money(0, currency), Money(0, currency))


def taken_back(whole: Money, *, before: int, after: int, of: int) -> Money:
    """What goes of a discount or cashback when, of `of`, not `before` but `after` is credited (RULES M11).

    Rounded by what stays, so that all parts together are the whole.
    """
    return proportion(whole, taken=after, of=of) - proportion(whole, taken=before, of=of)


@dataclass(frozen=True)
class Chart:
    """Discount and cashback by month in one currency: the drawing and its table."""

    currency: str
    months: Mapping[date, Earned]

    @property
    def _places(self) -> list[tuple[int, int]]:
        return [(each.discount.minor, each.cashback.minor) for each in self.months.values()]

    @property
    def bars(self) -> Sequence[Bar]:
        """The rectangles, two for each month."""
        return bars(self._places)

    @property
    def base(self) -> float:
        """Where they stand."""
        return baseline(self._places)

    @property
    def top(self) -> Money:
        """The amount at the top of the drawing."""
        return Money(span(self._places)[0], self.currency)

    @property
    def bottom(self) -> Money | None:
        """The amount at its bottom, if that is below nothing."""
        least = span(self._places)[1]
        return Money(least, self.currency) if least else None

    @property
    def total(self) -> Earned:
        """All months together."""
        return sum(self.months.values(), nothing_in(self.currency))

    @property
    def drawn(self) -> bool:
        """Whether there is something to draw."""
        return any(each.something for each in self.months.values())


# --- who sees what of a row ---------------------------------------------------------------------------------


class Sight(StrEnum):
    """How much of an order's row its reader sees (RULES M5, M9)."""

    ALL = "all"  # the payer
    NET = "net"  # a partner that does not pay: neither the invoice nor VAT
    GOODS = "goods"  # a client that does not pay: no amount


def sight(*, pays: bool, as_partner: bool) -> Sight:
    """How much somebody sees who pays for the order or not, and reads it as the client's partner or as the client."""
    if pays:
        return Sight.ALL
    return Sight.NET if as_partner else Sight.GOODS
