"""Charts that the server draws: rectangles in units of the drawing, by attributes alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 900, 160
ROUND = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100)  # tenths of a power of ten
LEAST = 1.0  # high: what is there at all is seen
MARGIN = 0.12  # of a place, on both sides of its bars


@dataclass(frozen=True)
class Bar:
    """One rectangle: which place of the chart it stands on, and which of the place's amounts it is."""

    place: int
    series: int
    amount: int
    x: float
    y: float
    width: float
    height: float


def ceiling(most: int) -> int:
    """The round number at the top of the chart, not much above `most`."""
    size = 10
    while size * 10 < most:
        size *= 10
    steps = range(1, 11) if most <= 10 else (size * step // 10 for step in ROUND)
    return next(step for step in steps if step >= most)


def span(places: Sequence[Sequence[int]]) -> tuple[int, int]:
    """(the round number at the top, the one at the bottom): nothing at the bottom unless an amount is below it."""
    amounts = [amount for place in places for amount in place]
    most, least = max(amounts, default=0), min(amounts, default=0)
    return (ceiling(most) if most > 0 or least >= 0 else 0, -ceiling(-least) if least < 0 else 0)


def baseline(places: Sequence[Sequence[int]]) -> float:
    """How far down the line lies on which the bars stand."""
    top, bottom = span(places)
    return round(HEIGHT * top / (top - bottom), 2)


def bars(places: Sequence[Sequence[int]]) -> list[Bar]:
    """The rectangles of places side by side, each with as many amounts; amounts of nothing have none.

    What is below nothing hangs from the line on which the others stand.
    """
    top, bottom = span(places)
    base = HEIGHT * top / (top - bottom)
    step = WIDTH / max(len(places), 1)
    drawn = []
    for place, amounts in enumerate(places):
        width = step * (1 - 2 * MARGIN) / max(len(amounts), 1)
        for series, amount in enumerate(amounts):
            if amount:
                height = round(max(LEAST, HEIGHT * abs(amount) / (top - bottom)), 2)
                x = round(place * step + step * MARGIN + series * width, 2)
                y = round(base - height if amount > 0 else base, 2)
                drawn.append(Bar(place, series, amount, x, y, round(width, 2), height))
    return drawn
