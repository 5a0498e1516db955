"""What is true of an order that is being put together. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from webapp.money import CURRENCIES, Money
from webapp.partnerships.rules import Payer
from webapp.products.rules import Period
from webapp.refused import Refused

# How many periods can be ordered at once.
PERIODS = {Period.MONTH: (1, 2, 3, 6, 12, 24, 36), Period.YEAR: (1, 2, 3, 5, 10)}

_PART = r"(?!-)(?:[^\W_]|-){1,63}(?<!-)"
_DOMAIN = re.compile(rf"(?:{_PART}\.)+(?![0-9]+\Z){_PART}")
_SEEN = re.compile(r"(client|partner)\.([A-Z]{3})([0-9]{1,15})\.([0-9a-f]{16})")


def is_domain(name: str) -> bool:
    """Whether this can be the name of a domain, such as `example.ch` or `müller.swiss`."""
    return len(name) <= 253 and bool(_DOMAIN.fullmatch(name))


@dataclass(frozen=True)
class Seen:
    """What the check page has shown: who pays, the total, and a stamp of the lines."""

    charged: Payer
    gross: Money
    lines: str

    def __str__(self) -> str:
        return f"{self.charged}.{self.gross.currency}{self.gross.minor}.{self.lines}"

    @classmethod
    def read(cls, text: str) -> Seen | None:
        """As the page's form carries it; None for what no page of ours says."""
        parts = _SEEN.fullmatch(text)
        if parts is None or parts[2] not in CURRENCIES:
            return None
        return cls(Payer(parts[1]), Money(int(parts[3]), parts[2]), parts[4])


# --- refusals -----------------------------------------------------------------------------------------------


class InOrderAlready(Refused):
    """A domain is registered once."""

    sentence = "%(label)s is in the order already."


class OrderFull(Refused):
    """An order has so many lines at most."""

    status = 422
    sentence = "An order has at most %(most)s lines. Place this one, then begin another one."


class AmountChanged(Refused):
    """The total is not the one that was shown."""

    sentence = (
        "The price has changed since you saw it: it was %(old)s, it is now %(new)s. Check the order again."
    )


class PayerChanged(Refused):
    """The client has changed the payment method after the page was shown (RULES C10)."""

    sentence = "The payment method has changed since you saw it: now %(payer)s pays. Check the order again."


class LinesChanged(Refused):
    """The order was changed in another window after the page was shown."""

    sentence = "The order has been changed in another window since you saw it. Check it again."
