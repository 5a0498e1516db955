"""Months, what is taken back, and who sees what of an order's row."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.money import Money
from webapp.revenue.rules import (
    Chart,
    Earned,
    Sight,
    last_months,
    month_before,
    nothing_in,
    sight,
    taken_back,
)


def francs(minor):
    return Money(minor, "CHF")


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2026, 1, 1), date(2025, 12, 1)),
        (date(2026, 3, 31), date(2026, 2, 1)),
        (date(2028, 3, 1), date(2028, 2, 1)),
    ],
)
def test_the_month_before(day, before):
    assert month_before(day) == before


def test_the_last_months_end_with_this_one():
    months = last_months(date(2026, 2, 28))
    assert (months[0], months[-1], len(months)) == (date(2025, 3, 1), date(2026, 2, 1), 12)


@given(
    whole=st.integers(0, 10**9), of=st.integers(1, 10**9), cuts=st.lists(st.integers(0, 10**9), max_size=6)
)
def test_what_is_taken_back_in_parts_is_the_whole_in_the_end(whole, of, cuts):
    """RULES M11: in proportion, whatever the steps, to the last minor unit."""
    steps = sorted({0, of, *(cut % of for cut in cuts)})
    parts = [
        taken_back(francs(whole), before=before, after=after, of=of) for before, after in pairwise(steps)
    ]
    assert sum(part.minor for part in parts) == whole
    assert all(part.minor >= 0 for part in parts)


@pytest.mark.parametrize(
    ("pays", "as_partner", "seen"),
    [
        (True, True, Sight.ALL),
        (True, False, Sight.ALL),
        (False, True, Sight.NET),
        (False, False, Sight.GOODS),
    ],
)
def test_who_sees_what_of_a_row(pays, as_partner, seen):
    """RULES M5, M9."""
    assert sight(pays=pays, as_partner=as_partner) is seen


def test_a_chart_has_two_bars_a_month_and_the_sums_of_its_table():
    months = {
        date(2026, 10, 1): Earned(francs(100), francs(0)),
        date(2026, 11, 1): Earned(francs(300), francs(-50)),
    }
    chart = Chart("CHF", months)
    assert [(bar.place, bar.series, bar.amount) for bar in chart.bars] == [
        (0, 0, 100),
        (1, 0, 300),
        (1, 1, -50),
    ]
    assert (chart.total.discount, chart.total.cashback, chart.total.total) == (
        francs(400),
        francs(-50),
        francs(350),
    )
    assert (chart.top, chart.bottom, chart.drawn) == (francs(300), francs(-50), True)


def test_a_chart_of_nothing_is_not_drawn():
    chart = Chart("CHF", {date(2026, 10, 1): nothing_in("CHF")})
    assert not chart.drawn and chart.bars == [] and chart.bottom is None
