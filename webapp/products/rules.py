"""What is true of plans, products and tags (RULES O9, P1, M1). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from webapp.refused import Refused

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


class Colour(StrEnum):
    """The colours of tags; each has a letter beside it, so that colour is never alone (RULES O9)."""

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


class TooManySettings(Refused):
    """A product has room for so many settings."""

    sentence = "This product has as many settings as it can hold. Remove one first."


class ProductEnded(Refused):
    """Nothing of a product that has ended can be changed."""

    status = 410
    sentence = "This product has ended; nothing of it can be changed any more."
