"""What is true of plans, products and tags (RULES O9, P1, M1). Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from webapp.refused import Refused

CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
CODE_LENGTH = 40
NAME_LENGTH = 80
LARGEST_PRICE = 100_000_000_00  # minor units
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2099, 12, 31)  # of what a product's dates may be

LABEL_LENGTH = 120
TAG_LENGTH = 24
TAGS_OF_AN_ORGANISATION = 100
TAGS_ON_A_PRODUCT = 8
SETTING_NAME_LENGTH = 60
SETTING_VALUE_LENGTH = 500
SETTINGS_OF_A_PRODUCT = 50


class Family(StrEnum):
    """The categories of plans, in the order of every list of products."""

    WEB = "web"
    MAIL = "mail"
    CLOUD = "cloud"
    DOMAIN = "domain"
    OTHER = "other"

    @property
    def rank(self) -> int:
        """Its place in lists."""
        return list(Family).index(self)


class Period(StrEnum):
    """How long one price lasts."""

    MONTH = "month"
    YEAR = "year"

    @property
    def months(self) -> int:
        """The same in months."""
        return 12 if self is Period.YEAR else 1


def following(day: date, period: Period, *, periods: int = 1, started_on: date) -> date:
    """The day on which what renews on `day` renews next (RULES M8).

    A month that is too short is left on its last day, and the day of the start comes back in the next one that
    has it: 31 January, 28 February, 31 March.
    """
    wanted = started_on.day if day.day == _within(day.year, day.month, started_on.day).day else day.day
    month = day.year * 12 + day.month - 1 + period.months * periods
    return _within(month // 12, month % 12 + 1, wanted)


def _within(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


class Colour(StrEnum):
    """The colours of tags; each has a name and a shape of its own, so that colour is never alone (RULES O9)."""

    GREY = "grey"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    TEAL = "teal"
    BLUE = "blue"
    VIOLET = "violet"


class Metric(StrEnum):
    """What is counted per day."""

    VISITS = "visits"
    TRANSFER = "transfer"  # megabytes
    MESSAGES = "messages"
    CPU_HOURS = "cpu_hours"


@dataclass(frozen=True)
class PlanDetails:
    """What the operator says of a plan. Prices in minor units per period; `discount` in per cent (RULES M1)."""

    code: str
    family: Family
    names: dict[str, str]
    period: Period
    price_chf: int
    price_eur: int
    discount: int
    sliding: bool
    affiliates: bool

    def as_data(self) -> dict[str, Any]:
        """Plain values, for a draft."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> PlanDetails:
        """What `as_data` wrote."""
        return cls(**{**data, "family": Family(data["family"]), "period": Period(data["period"])})

    def differing(self, other: PlanDetails) -> list[str]:
        """The columns of the CSV file in which the two differ."""
        mine, theirs = self.columns(), other.columns()
        return [name for name in mine if mine[name] != theirs[name]]

    def columns(self) -> dict[str, Any]:
        """Its values by the columns of the CSV file."""
        values = asdict(self)
        names = {f"name_{language}": name for language, name in values.pop("names").items()}
        return {"code": values.pop("code"), "family": values.pop("family"), **names, **values}


@dataclass(frozen=True)
class PlanRow:
    """One line of the CSV file: a plan, and whether it is retired; None where the file does not say."""

    details: PlanDetails
    retired: bool | None


@dataclass(frozen=True)
class Figure:
    """One line of a file of usage: what was counted of a product on one day."""

    product_id: int
    metric: Metric
    day: date
    amount: int


@dataclass(frozen=True)
class ProductDetails:
    """What the operator says of a product of an organisation."""

    plan_code: str
    label: str
    started_on: date
    renews_on: date
    auto_renew: bool


class CodeTaken(Refused):
    """A plan's code names one plan."""

    sentence = "There is a plan with this code already."


class TagTaken(Refused):
    """A tag's name names one tag of the organisation."""

    sentence = "There is a tag with this name already."


class TooManyTags(Refused):
    """A product has room for a few tags, an organisation for a hundred."""

    sentence = "There are too many tags here. Remove one that is no longer needed first."


class PlanRetired(Refused):
    """Nobody gets a plan that is no longer sold."""

    status = 422
    sentence = "This plan is no longer sold. Choose another one."


class RenewedMeanwhile(Refused):
    """A renewal that is taken back was followed by another one."""

    sentence = "%(product)s has been renewed again since. Take that renewal back first."


class SameTag(Refused):
    """A tag is merged into another one."""

    status = 422
    sentence = "Choose another tag."


class SettingTaken(Refused):
    """A setting's name names one setting of the product."""

    sentence = "There is a setting with this name already. Change it in the list."


class TooManySettings(Refused):
    """A product has room for so many settings."""

    sentence = "This product has as many settings as it can hold. Remove one first."


class NotYours(Refused):
    """Nobody decides about what is another organisation's, or has ended (RULES C1, M8)."""

    sentence = "One of these products is not there any more. The list shows those that are."


class ProductEnded(Refused):
    """Nothing of a product that has ended can be changed."""

    status = 410
    sentence = "This product has ended; nothing about it can be changed any more."


# --- the chart of usage -------------------------------------------------------------------------------------


def daily(figures: Iterable[tuple[date, int]], *, first: date, days: int) -> list[tuple[int]]:
    """What the chart shows of `days` days from the first: an amount each, nothing for days without a figure."""
    known = dict(figures)
    return [(known.get(first + timedelta(days=n), 0),) for n in range(days)]
