"""The affiliate programme's public page."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from webapp.htmx import render
from webapp.money import MINOR_PER_UNIT, Money
from webapp.places import currency_of
from webapp.programme import programme as policy

blueprint = Blueprint("affiliation", __name__)


@blueprint.get("", strict_slashes=False)
def programme() -> Response:
    """How recommending pays, and how to take part (RULES A3, F)."""
    terms = policy().affiliation
    currency = currency_of(current_app.config["SETTINGS"].operator_country)

    def whole(units: int) -> Money:
        return Money(units * MINOR_PER_UNIT, currency)

    return render(
        "affiliation/programme.html",
        terms=terms,
        tiers=[(whole(step), rate) for step, rate in terms.tiers],
        least_payout=whole(terms.least_payout),
    )
