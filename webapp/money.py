"""Money: whole minor units and a currency. Never a float."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

CURRENCIES = ("CHF", "EUR")
MINOR_PER_UNIT = 100
WHOLE = 10_000  # basis points, hundredths of a per cent, of the whole


@dataclass(frozen=True, order=True)
class Money:
    """An amount in minor units (Rappen, cents) of one currency."""

    minor: int
    currency: str

    @property
    def amount(self) -> Decimal:
        """The same in whole units, exact."""
        return Decimal(self.minor) / MINOR_PER_UNIT

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._alike(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._alike(other).minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.minor * times, self.currency)

    def share(self, basis_points: int) -> Money:
        """So many hundredths of a per cent of the amount, rounded half up to the minor unit.

        The one rounding of the product: half a minor unit goes away from zero, so that what is taken back is
        what was given (RULES M3).
        """
        return self.part(basis_points, WHOLE)

    def part(self, numerator: int, denominator: int) -> Money:
        """The amount × numerator ÷ denominator, rounded as `share` does. Neither is negative."""
        doubled = 2 * abs(self.minor) * numerator
        rounded = (doubled + denominator) // (2 * denominator)
        return Money(rounded if self.minor >= 0 else -rounded, self.currency)

    def less(self, per_cent: int) -> Money:
        """The amount less so many per cent: a discount."""
        return self.share(WHOLE - per_cent * 100)

    def split(self, weights: Sequence[int]) -> list[Money]:
        """The amount in parts as large as their weights ask, which add up to it exactly (SECURITY L7).

        Each part is cut off; what is left goes, one minor unit each, to those that lost most. Without any weight
        the first one has it all.
        """
        whole = sum(weights)
        if whole == 0:
            return [Money(self.minor if n == 0 else 0, self.currency) for n in range(len(weights))]
        sign = 1 if self.minor >= 0 else -1
        cut = [divmod(abs(self.minor) * weight, whole) for weight in weights]
        left = abs(self.minor) - sum(part for part, _rest in cut)
        first = sorted(range(len(cut)), key=lambda n: (-cut[n][1], n))[:left]
        return [Money(sign * (part + (n in first)), self.currency) for n, (part, _rest) in enumerate(cut)]

    def _alike(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"{other.currency} is not {self.currency}")
        return other


# One kind of mark between groups of three digits, another one before the cents; `12.-` is Swiss for `12.00`.
_AMOUNT = re.compile(
    r"""
    (?P<whole> [0-9]+ | [1-9][0-9]{0,2} (?P<mark>[.,'’\s]) [0-9]{3} (?: (?P=mark) [0-9]{3} )* )
    (?: (?!(?P=mark)) [.,] (?P<cents> [0-9]{1,2} | [-–—]{1,2} ) )?
    """,
    re.VERBOSE,
)


def parse_amount(typed: str) -> int:
    """Minor units of what a person typed: `1'000`, `1’000`, `1 000`, `1.000,50`, `1,000.50`, `12,5`, `12.-`.

    Raises ValueError for anything else, so for more than two decimals and for a negative amount.
    """
    amount = _AMOUNT.fullmatch(typed.strip())
    if amount is None:
        raise ValueError(typed)
    whole = re.sub("[^0-9]", "", amount["whole"])
    cents = (amount["cents"] or "").strip("-–—")
    return int(whole) * MINOR_PER_UNIT + int(cents.ljust(2, "0"))
