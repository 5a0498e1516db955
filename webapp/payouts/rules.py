"""What is true of payouts to affiliates (RULES F8, SECURITY M4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from webapp.ledger.rules import next_month
from webapp.money import Money
from webapp.payments.rules import Destination
from webapp.payments.rules import Kind as Outside

NAME_LENGTH = 70  # of an account's holder, as SEPA carries it
REASON_LENGTH = 200
NOTE_PREFIX = "A"  # of the numbers of self-billed credit notes


class Kind(StrEnum):
    """Where a payout goes."""

    PREPAID = "prepaid"
    IBAN = "iban"
    PAYPAL = "paypal"

    @property
    def outside(self) -> Outside | None:
        """How money leaves the portal; None for the prepaid account."""
        return None if self is Kind.PREPAID else Outside(self.value)


class State(StrEnum):
    """What became of a payout."""

    MADE = "made"  # the operator has to carry it out
    EXECUTED = "executed"
    RETURNED = "returned"  # it came back: the amount is the affiliate's balance again


class Obstacle(StrEnum):
    """Why an affiliate is not paid this month."""

    TOO_LITTLE = "too_little"
    CHANGED = "changed"  # the preferences were changed a few days ago
    CAME_BACK = "came_back"  # the last payout came back, and the preferences are still the same


@dataclass(frozen=True)
class Preference:
    """Where payouts go; `holds_until` after a change, `came_back` when the bank refused it since."""

    kind: Kind
    target: str
    holder: str
    holds_until: datetime | None = None
    came_back: bool = False

    @property
    def destination(self) -> Destination | None:
        """Where to, outside of the portal."""
        return Destination(self.kind.outside, self.target) if self.kind.outside else None


def obstacle(balance: Money, least: Money, preference: Preference, *, now: datetime) -> Obstacle | None:
    """What is in the way of a payout at this moment; None when it can be made (RULES F8)."""
    if balance.minor < max(least.minor, 1):
        return Obstacle.TOO_LITTLE
    if preference.holds_until and now < preference.holds_until:
        return Obstacle.CHANGED
    return Obstacle.CAME_BACK if preference.came_back else None


def month_of(day: date) -> date:
    """The month whose run it is: what was confirmed before its first day is paid."""
    return day.replace(day=1)


def next_run(day: date) -> date:
    """The first day of the next run."""
    return next_month(day)
