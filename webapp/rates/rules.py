"""What is true of exchange rates (RULES F9). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from webapp.ledger.rules import MILLION, Rate
from webapp.refused import Refused

FRESH = timedelta(days=7)  # an older rate counts no more: what needs one waits
BASE = "EUR"  # the bank says what one euro is worth


class OtherRate(Refused):
    """What was imported never changes (RULES F9: amounts were made of it)."""

    status = 422
    sentence = "The file has another rate for %(day)s than the one that is known. Nothing was imported."


@dataclass(frozen=True)
class Quoted:
    """What one euro was worth in `currency`, in millionths, on a day."""

    currency: str
    millionths: int
    day: date

    def __post_init__(self) -> None:
        if self.currency == BASE or self.millionths <= 0:
            raise ValueError(f"no rate of one euro: {self.millionths} {self.currency}")

    def rate(self, given: str, taken: str) -> Rate:
        """The rate from one of both currencies to the other; from francs to euros the reciprocal, half up."""
        if (given, taken) == (BASE, self.currency):
            return Rate(given, taken, self.millionths, self.day)
        if (given, taken) == (self.currency, BASE):
            return Rate(given, taken, (2 * MILLION**2 + self.millionths) // (2 * self.millionths), self.day)
        raise ValueError(f"no rate from {given} to {taken}")
