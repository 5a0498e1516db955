"""Categories, the chart of usage, and what differs between two versions of a plan."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from webapp.products.rules import (
    CHART_HEIGHT,
    CHART_WIDTH,
    CODE,
    Family,
    Period,
    PlanDetails,
    bars,
    ceiling,
)

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


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 1), (1, 1), (7, 7), (10, 10), (11, 12), (99, 100), (100, 100), (101, 120), (1056, 1200)],
)  # fmt: skip
def test_the_top_of_the_chart_is_round_and_near(most, top):
    assert ceiling(most) == top


def test_a_bar_for_each_day_with_a_figure_inside_of_the_drawing():
    first = date(2026, 1, 30)
    figures = [(first + timedelta(days=n), 100 * (n % 3)) for n in range(90)]
    drawn = bars([*figures, (first - timedelta(days=1), 10**6)], first=first, days=90)
    assert len(drawn) == 60
    assert max(bar.height for bar in drawn) == CHART_HEIGHT
    for bar in drawn:
        assert 0 <= bar.x < bar.x + bar.width <= CHART_WIDTH
        assert bar.y + bar.height == pytest.approx(CHART_HEIGHT)
    assert [bar.day for bar in drawn] == sorted(bar.day for bar in drawn)


def test_the_smallest_figure_can_be_seen():
    first = date(2026, 1, 1)
    drawn = bars([(first, 1), (first + timedelta(days=1), 10**9)], first=first, days=30)
    assert [bar.height for bar in drawn] == [1.0, CHART_HEIGHT]


def test_nothing_is_drawn_without_figures():
    assert bars([], first=date(2026, 1, 1), days=30) == []
