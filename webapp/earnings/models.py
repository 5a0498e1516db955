"""What an affiliate's pages show: sums, months, and orders without their customers. No tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from webapp.affiliation.rules import Course, Reason
from webapp.charts import Bar
from webapp.ledger.rules import Rate
from webapp.money import Money


@dataclass(frozen=True)
class Progress:
    """How far an affiliate is on its way to the next rate (RULES F5)."""

    earned: Money
    rate: int
    following: tuple[Money, int] | None  # (what is missing, the next rate)
    share: int  # per cent of the way from this rate's step to the next one's
    paid_since: date | None


@dataclass(frozen=True)
class Chart:
    """The commissions of the orders of the last 12 months, and the rectangles that draw them."""

    months: dict[date, Money]
    top: Money
    bars: list[Bar]


@dataclass(frozen=True)
class Line:
    """An order as its affiliate sees it: number, date, state and commission only (RULES F7, SECURITY M6)."""

    number: str
    on: date
    course: Course
    amount: Money  # what is left of the commission
    whole: Money  # in the order's currency, before anything was given back
    booked: Money  # what is left of that
    rate: int
    exchange: Rate | None
    cancelled_on: date | None
    policy: str

    @property
    def reason(self) -> Reason | None:
        """Why it does not count."""
        return self.course.reason

    @property
    def reduced(self) -> Money:
        """What a refund took back, in the order's currency."""
        return self.whole - self.booked


@dataclass(frozen=True)
class Listed:
    """A page of orders, the newest first."""

    lines: list[Line]
    page: int
    more: bool
