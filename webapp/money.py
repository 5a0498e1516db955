"""Money: whole minor units and a currency. Never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

CURRENCIES = ("CHF", "EUR")
MINOR_PER_UNIT = 100


@dataclass(frozen=True, order=True)
class Money:
    """An amount in minor units (Rappen, cents) of one currency."""

    minor: int
    currency: str

    @property
    def amount(self) -> Decimal:
        """The same in whole units, exact."""
        return Decimal(self.minor) / MINOR_PER_UNIT


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
