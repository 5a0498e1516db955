"""What the benchmarks print: lines of ratios, each beside its goal."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Ratio:
    """`value` should be at most, or at least, `goal`, if there is one; None when it could not be measured."""

    what: str
    value: float | None
    goal: float | None
    at_least: bool = False
    unit: str = "×"

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached."""
        if self.value is None or self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def __str__(self) -> str:
        if self.value is None:
            return f"  {self.what:<66} not measured here"
        if self.goal is None:
            return f"  {self.what:<66} {self.value:7.2f} {self.unit}"
        bound = "at least" if self.at_least else "at most"
        verdict = "met" if self.met else "MISSED"
        return f"  {self.what:<66} {self.value:7.2f} {self.unit:<2}  goal: {bound} {self.goal:g}  {verdict}"


def heading(text: str) -> None:
    """A title of a part."""
    print(f"\n{text}", flush=True)


def line(text: str) -> None:
    """A plain line."""
    print(f"  {text}", flush=True)


def tell(*ratios: Ratio) -> list[Ratio]:
    """Prints and returns them."""
    for ratio in ratios:
        print(ratio, flush=True)
    return list(ratios)


def middle(values: list[float | None]) -> float | None:
    """The median; None when one is not known."""
    known = [value for value in values if value is not None]
    return median(known) if known and len(known) == len(values) else None


def over(value: float | None, base: float | None) -> float | None:
    """The ratio; None when a side is not known or too small to divide by."""
    return value / base if value is not None and base else None
