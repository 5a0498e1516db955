"""When somebody is reminded of a renewal, and what renews by itself when (RULES M8). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from webapp.money import Money
from webapp.orders.rules import LINES_MOST, Method
from webapp.products.rules import NotYours
from webapp.refused import Refused

DEFAULT_DAYS = (30, 7)  # before the renewal date, for whoever has not chosen; where the policy offers them


class Notice(StrEnum):
    """What somebody is told about products of one renewal date."""

    REMINDER = "reminder"  # they have to be renewed
    AUTOMATIC = "automatic"  # they will renew by themselves
    FAILED = "failed"  # they did not


@dataclass(frozen=True)
class Wishes:
    """Which mails an organisation wants; `days` are its intervals before the renewal date, longest first."""

    reminders: bool
    days: tuple[int, ...]
    automatic_reminder: bool
    automatic_done: bool
    invoice_issued: bool

    @classmethod
    def default(cls, choices: Collection[int]) -> Wishes:
        """Those of an organisation that never said: everything."""
        days = tuple(each for each in DEFAULT_DAYS if each in choices)
        return cls(True, days, automatic_reminder=True, automatic_done=True, invoice_issued=True)

    def intervals(self, notice: Notice, *, automatic_days: int) -> tuple[int, ...]:
        """How many days before the renewal date this notice goes out; empty when it is switched off."""
        if notice is Notice.REMINDER:
            return self.days if self.reminders else ()
        return (automatic_days,) if self.automatic_reminder else ()


def interval_due(left: int, intervals: Iterable[int], sent: Collection[int], *, until: int = 0) -> int | None:
    """Of the intervals that have come, `left` days before the renewal date, the newest one; None when it, or a
    newer one, has gone out. After a pause this is one notice, not all that were missed; a clock that is set back
    repeats none. With fewer than `until` days left it is too late for any.
    """
    come = min((each for each in intervals if left <= each), default=None)
    if come is None or left < until or any(each <= come for each in sent):
        return None
    return come


# --- what renews by itself ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Due:
    """A product that is to renew by itself. `partnership_id` of the partner that pays for it and still may,
    None when its holder pays."""

    renews_on: date
    holder_id: int
    payer_id: int
    partnership_id: int | None
    product_id: int


def batches(due: Iterable[Due]) -> list[tuple[Due, ...]]:
    """What becomes one order each: products of one holder that the same organisation pays for from one day on,
    oldest first."""
    groups: dict[tuple[date, int, int], list[Due]] = {}
    for each in due:
        groups.setdefault((each.renews_on, each.holder_id, each.payer_id), []).append(each)
    return [
        tuple(groups[key][first : first + LINES_MOST])
        for key in sorted(groups)
        for first in range(0, len(groups[key]), LINES_MOST)
    ]


def paying(total: Money, balance: Money, methods: Sequence[Method]) -> Method:
    """How a renewal is paid: from the prepaid account when that suffices, else by invoice. Raises CannotPay."""
    if balance.minor >= total.minor and Method.PREPAID in methods:
        return Method.PREPAID
    if Method.INVOICE in methods:
        return Method.INVOICE
    raise CannotPay()


# --- refusals -----------------------------------------------------------------------------------------------


class CannotPay(Refused):
    """Neither the prepaid account nor an invoice can pay for a renewal."""

    sentence = "There is not enough money on the prepaid account, and payment by invoice is not possible."


class NotPaidFor(NotYours):
    """Whoever neither has a product nor pays for it decides nothing about its renewal."""

    status = 404
