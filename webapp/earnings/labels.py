"""The words for what an affiliate sees of its commissions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp import clock
from webapp.affiliation.rules import Reason, State, Wait
from webapp.earnings.models import Line
from webapp.i18n import day, lazy
from webapp.i18n import gettext as _

TONES = {State.WAITING: "wait", State.CONFIRMED: "ok", State.PAID: "info"}

REASONS = {
    Reason.CLOSED: lazy("Your affiliate account was closed when the order was placed."),
    Reason.REFUSED: lazy("We looked at this customer and do not count it."),
    Reason.LATE: lazy("The customer did not order anything within a day of its sign-up."),
    Reason.OVER: lazy("The customer signed up more than a year before this order."),
    Reason.OWN: lazy("You, or somebody of your organisation, belong to the customer or ordered for it."),
    Reason.ADDRESS: lazy("The order came from your own internet connection."),
    Reason.MANAGED: lazy("The customer was no new one, or a partner looks after its products."),
    Reason.EXCLUDED: lazy("Nothing in this order counts for affiliates, such as domain names."),
}

WAITS = {
    Wait.PAYMENT: lazy("Waiting until the customer has paid"),
    Wait.RATE: lazy("Waiting for an exchange rate"),
    Wait.REVIEW: lazy("Waiting until we have looked at the customer"),
}


def commission_state(line: Line) -> str:
    """`Waiting until 18 December 2026`, `Confirmed`, `Paid on 1 November 2026`, `Cancelled: order refunded`."""
    today = clock.day_of(clock.now())
    state = line.course.state(today)
    if state is State.NOT_COUNTED:
        return _("Not counted")
    if state is State.PAID:
        assert line.course.paid_on is not None
        return _("Paid on %(day)s", day=day(line.course.paid_on, "medium"))
    if state is State.CANCELLED:
        return _("Cancelled: order refunded")
    if state is State.CONFIRMED:
        return _("Confirmed")
    wait = line.course.waits_for(today)
    if wait is Wait.DAYS:
        return _("Waiting until %(day)s", day=day(line.course.waits_until, "medium"))
    return str(WAITS[wait])


def commission_tone(line: Line) -> str:
    """The colour of its badge."""
    return TONES.get(line.course.state(clock.day_of(clock.now())), "")


def not_counted(reason: Reason) -> str:
    """RULES F7: why an order brings nothing, in words."""
    return str(REASONS[reason])


FILTERS: dict[str, Callable[..., Any]] = {
    "commission_state": commission_state,
    "commission_tone": commission_tone,
    "not_counted": not_counted,
}
