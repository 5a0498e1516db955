"""The words for what keys and messages say by codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp.api.models import OutsideEvent
from webapp.api.rules import Misfit
from webapp.i18n import lazy

KINDS = {
    "order": lazy("Order"),
    "paid": lazy("Paid"),
    "cancelled": lazy("Cancelled"),
    "refunded": lazy("Refunded"),
}
MISFITS = {
    Misfit.CURRENCY: lazy("Other currency"),
    Misfit.IMPOSSIBLE: lazy("Not possible"),
    Misfit.BEYOND: lazy("More than was left"),
}
WHAT_TO_DO = {
    Misfit.CURRENCY: lazy(
        "It names another currency than its order, so nothing was booked. Look it up in the shop."
    ),
    Misfit.IMPOSSIBLE: lazy(
        "It was not possible for this order any more, so nothing was booked. Look it up in the shop."
    ),
    Misfit.BEYOND: lazy(
        "It refunds more than was left of the order. What was left was given back. Look it up in the shop."
    ),
}


def message_kind(event: OutsideEvent) -> str:
    """What a message tells."""
    return str(KINDS[event.kind])


def message_state(event: OutsideEvent) -> tuple[str, str]:
    """Words and tone of a badge."""
    if event.applied_at is None:
        return str(lazy("Waits for its order")), "wait"
    if event.misfit:
        return str(MISFITS[event.misfit]), "bad"
    return str(lazy("Taken in")), "ok"


def what_to_do(event: OutsideEvent) -> str:
    """What the operator does about a message that did less than it says."""
    return str(WHAT_TO_DO[event.misfit]) if event.misfit else ""


FILTERS: dict[str, Callable[..., Any]] = {
    "message_kind": message_kind,
    "message_state": message_state,
    "what_to_do": what_to_do,
}
