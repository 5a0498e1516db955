"""Categories, the days of a chart, and what differs between two versions of a plan."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from webapp.products.rules import CODE, Family, Period, PlanDetails, daily

DETAILS = PlanDetails(
    "web-pro", Family.WEB, {"en": "Pro", "fr": "Pro", "de": "Profi"}, Period.YEAR, 12_000, 11_000, 20, True, False
)  # fmt: skip


def test_categories_have_their_order():
    assert [family.rank for family in Family] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("code", ["web-pro", "a", "9.x_y", "a" * 40])
def test_a_code_is_made_of_letters_digits_dots_and_hyphens(code):
    assert CODE.fullmatch(code)


@pytest.mark.parametrize("code", ["", "Web", "-a", "a b", "a/b", "ä", "=1", "a" * 41, "a\n"])
def test_anything_else_is_no_code(code):
    assert not CODE.fullmatch(code)


def test_a_plan_comes_out_of_a_draft_as_it_went_in():
    assert PlanDetails.from_data(DETAILS.as_data()) == DETAILS


def test_what_differs_is_told_by_the_columns_of_the_file():
    other = replace(DETAILS, names={**DETAILS.names, "de": "Plus"}, price_chf=1, sliding=False)
    assert DETAILS.differing(other) == ["name_de", "price_chf", "sliding"]
    assert DETAILS.differing(DETAILS) == []


def test_the_chart_of_usage_has_a_place_for_each_day():
    first = date(2026, 1, 30)
    figures = [
        (first + timedelta(days=1), 7),
        (first - timedelta(days=1), 10**6),
        (first + timedelta(days=4), 9),
    ]
    assert daily(figures, first=first, days=4) == [(0,), (7,), (0,), (0,)]
