"""What charts are made of."""

import pytest

from webapp.charts import HEIGHT, WIDTH, bars, baseline, ceiling, span


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 1), (1, 1), (7, 7), (10, 10), (11, 12), (99, 100), (100, 100), (101, 120), (1056, 1200)],
)  # fmt: skip
def test_the_top_of_the_chart_is_round_and_near(most, top):
    assert ceiling(most) == top


def test_a_bar_for_each_amount_inside_of_the_drawing():
    drawn = bars([(100 * (n % 3),) for n in range(90)])
    assert len(drawn) == 60
    assert max(bar.height for bar in drawn) == HEIGHT
    for bar in drawn:
        assert 0 <= bar.x < bar.x + bar.width <= WIDTH
        assert bar.y + bar.height == pytest.approx(HEIGHT)
    assert [bar.place for bar in drawn] == [n for n in range(90) if n % 3]


def test_two_amounts_of_a_place_stand_beside_each_other():
    first, second = bars([(100, 50), (0, 0)])
    assert (first.place, first.series, second.place, second.series) == (0, 0, 0, 1)
    assert second.x == pytest.approx(first.x + first.width) and second.x + second.width < WIDTH / 2
    assert first.height == 2 * second.height


def test_what_is_below_nothing_hangs_from_the_line():
    up, down = bars([(300,), (-100,)])
    assert span([(300,), (-100,)]) == (300, -100)
    assert baseline([(300,), (-100,)]) == up.y + up.height == down.y == HEIGHT * 3 / 4
    assert down.y + down.height == HEIGHT


def test_what_is_only_below_nothing_hangs_from_the_top():
    assert span([(-100,)]) == (0, -100) and baseline([(-100,)]) == 0
    assert [(bar.y, bar.height) for bar in bars([(-100,)])] == [(0, HEIGHT)]


def test_the_smallest_amount_can_be_seen():
    assert [bar.height for bar in bars([(1,), (10**9,)])] == [1.0, HEIGHT]


def test_nothing_is_drawn_without_amounts():
    assert bars([]) == [] and bars([(0, 0)]) == [] and baseline([(0, 0)]) == HEIGHT
