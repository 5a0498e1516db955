"""The words for categories, periods, colours and figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from webapp.i18n import current_language, lazy
from webapp.products.models import Plan, Product
from webapp.products.rules import Colour, Family, Metric, Period

FAMILIES = {
    Family.WEB: lazy("Websites and hosting"),
    Family.MAIL: lazy("Mail"),
    Family.CLOUD: lazy("Cloud servers"),
    Family.DOMAIN: lazy("Domains"),
    Family.OTHER: lazy("Other products"),
}

PERIODS = {Period.MONTH: lazy("per month"), Period.YEAR: lazy("per year")}

COLOURS = {
    Colour.GREY: lazy("Grey"),
    Colour.RED: lazy("Red"),
    Colour.ORANGE: lazy("Orange"),
    Colour.YELLOW: lazy("Yellow"),
    Colour.GREEN: lazy("Green"),
    Colour.TEAL: lazy("Teal"),
    Colour.BLUE: lazy("Blue"),
    Colour.VIOLET: lazy("Violet"),
}

# Beside a colour, for those who do not tell it from another one.
SHAPES = {
    Colour.GREY: "○",
    Colour.RED: "■",
    Colour.ORANGE: "▲",
    Colour.YELLOW: "◆",
    Colour.GREEN: "●",
    Colour.TEAL: "▼",
    Colour.BLUE: "□",
    Colour.VIOLET: "◇",
}

METRICS = {
    Metric.VISITS: lazy("Visits"),
    Metric.TRANSFER: lazy("Data transfer in MB"),
    Metric.MESSAGES: lazy("Messages"),
    Metric.CPU_HOURS: lazy("CPU hours"),
}


def family(which: Family) -> str:
    """The category's name."""
    return str(FAMILIES[which])


def period(which: Period) -> str:
    """`per year`."""
    return str(PERIODS[which])


def metric(which: Metric) -> str:
    """What is counted."""
    return str(METRICS[which])


def colour(which: Colour) -> str:
    """The colour's name."""
    return str(COLOURS[which])


def shape(which: Colour) -> str:
    """The sign beside the colour's name."""
    return SHAPES[which]


def plan_name(plan: Plan) -> str:
    """The plan's name in the reader's language."""
    return plan.name_in(current_language())


def by_family(products: Iterable[Product]) -> list[tuple[Family, list[Product]]]:
    """Products in the order of lists, grouped by their categories."""
    return [(which, list(rows)) for which, rows in groupby(products, key=lambda each: each.plan.family)]


def plans_by_family(plans: Iterable[Plan]) -> list[tuple[Family, list[Plan]]]:
    """The same of plans."""
    return [(which, list(rows)) for which, rows in groupby(plans, key=lambda each: each.family)]


FILTERS: dict[str, Callable[..., Any]] = {
    "family": family,
    "period": period,
    "metric": metric,
    "colour_name": colour,
    "colour_shape": shape,
    "plan_name": plan_name,
    "by_family": by_family,
    "plans_by_family": plans_by_family,
}
