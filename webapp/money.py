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


def parse_amount(typed: str) -> int:
    """Minor units of what a person typed: `1'000`, `1’000`, `1 000`, `1.000,50`, `1,000.50`, `12,5`.

    Raises ValueError for anything else, for more than two decimals and for a negative amount.
    """
    text = re.sub(r"[\s'’\u00a0\u202f]", "", typed)
    if not re.fullmatch(r"\d[\d.,]*", text):
        raise ValueError(typed)
    separators = re.findall(r"[.,]", text)
    if separators:
        last = text[max(text.rfind("."), text.rfind(",")) + 1 :]
        decimal = separators[-1]
        is_fraction = len(last) != 3 or (len(set(separators)) == 2 and separators.count(decimal) == 1)
        whole, fraction = (text[: -len(last) - 1] if last else text[:-1], last) if is_fraction else (text, "")
        groups = re.split(r"[.,]", whole)
        if len(fraction) > 2 or any(len(g) != 3 for g in groups[1:]) or not 1 <= len(groups[0]) <= 3 < 4 and groups[1:]:
            raise ValueError(typed)
        text = "".join(groups) + "." + (fraction or "0")
    return int(Decimal(text) * MINOR_PER_UNIT)
