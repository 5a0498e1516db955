"""What is true of payouts to affiliates (RULES F8, SECURITY M4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from webapp.ledger.rules import next_month
from webapp.money import WHOLE, Money
from webapp.orders.rules import Tax, Treatment, VatState, vat_state
from webapp.payments.rules import Destination, NoPayPalAddress, destination
from webapp.payments.rules import Kind as Outside
from webapp.refused import Refused

NAME_LENGTH = 70  # of an account's holder, as SEPA carries it
REASON_LENGTH = 200
NOTE_PREFIX = "A"  # of the numbers of self-billed credit notes
SERIES = "payouts"
PAYPAL_MOST = 5_000  # payments that PayPal takes in one file
FRANCS_GO_TO = ("CH", "LI")  # Swiss payment standards: a domestic payment, which needs no more than an IBAN


class NotDue(Refused):
    """A month that has not begun."""

    status = 422
    sentence = "The payouts of this month are not due yet."


class NotInFrancs(Refused):
    """A bank abroad that would need more than an IBAN, and take a fee."""

    status = 422
    sentence = "Swiss francs are paid out to accounts in Switzerland or Liechtenstein. This IBAN is of another country."


class StillFilled(Refused):
    """A run that is not complete yet."""

    sentence = "This run is still being put together. Look at it again in a few minutes."


class Executed(Refused):
    """Somebody was faster."""

    sentence = "This run has been carried out already."


class NothingToReturn(Refused):
    """A payout that came back before, or that never left the portal."""

    sentence = "This payout has come back already, or went to a prepaid account."


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


class RunState(StrEnum):
    """What became of a run."""

    FILLING = "filling"  # it is being put together
    DUE = "due"  # the operator has to carry it out
    EXECUTED = "executed"


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


TO_PREPAID = Preference(Kind.PREPAID, "", "")  # of who never said anything else


def target(kind: Kind, typed: str, currency: str) -> str:
    """The target of a preference that a person typed: a compact IBAN, a mail address; nothing for prepaid.

    Raises NoIban, NotPaidOutTo, QrIban, NotInFrancs or NoPayPalAddress.
    """
    if kind.outside is None:
        return ""
    to = destination(kind.outside, typed)
    if currency == "CHF" and to.country and to.country not in FRANCS_GO_TO:
        raise NotInFrancs()
    if (
        to.kind is Outside.PAYPAL and not to.target[0].isalnum()
    ):  # a file of payments is opened as a spreadsheet
        raise NoPayPalAddress()
    return to.target


def obstacle(balance: Money, least: Money, preference: Preference, *, now: datetime) -> Obstacle | None:
    """What is in the way of a payout at this moment; None when it can be made (RULES F8)."""
    if balance.minor < max(least.minor, 1):
        return Obstacle.TOO_LITTLE
    if preference.holds_until and now < preference.holds_until:
        return Obstacle.CHANGED
    return Obstacle.CAME_BACK if preference.came_back else None


@dataclass(frozen=True)
class Standing:
    """An affiliate's money at this moment: `due` is what the next run, on `on`, pays as far as is known now.

    `paid` holds what is on its way too; `confirmed` may be below zero after a refund.
    """

    waiting: Money
    confirmed: Money
    paid: Money
    due: Money
    least: Money
    on: date
    preference: Preference
    obstacle: Obstacle | None

    @property
    def missing(self) -> Money:
        """How much more has to be confirmed until a run pays."""
        return Money(max(self.least.minor - self.due.minor, 0), self.due.currency)


def month_of(day: date) -> date:
    """The month whose run it is: what was confirmed before its first day is paid."""
    return day.replace(day=1)


def next_run(day: date) -> date:
    """The first day of the next run."""
    return next_month(day)


def self_billed(*, affiliate: str, operator: str, vat_number: str | None, rate: int) -> Tax:
    """How a payout is taxed: the affiliate's service to the operator; both are countries (RULES F8, M7).

    With a VAT number in the operator's country its VAT, `rate`, is contained; with one abroad it is the operator's
    to declare; without one there is none.
    """
    if vat_state(vat_number, affiliate) not in (VatState.VALID, VatState.UNVERIFIED):
        return Tax(Treatment.OUTSIDE_SCOPE, 0)
    if affiliate != operator:
        return Tax(Treatment.REVERSE_CHARGE, 0)
    return Tax(Treatment.STANDARD, rate) if rate else Tax(Treatment.OUTSIDE_SCOPE, 0)


def contained(amount: Money, rate: int) -> Money:
    """The VAT at this rate, in basis points, that an amount contains."""
    return amount.part(rate, WHOLE + rate)
