"""The words for what payouts say by codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp.i18n import day, lazy, money, month, number
from webapp.i18n import gettext as _
from webapp.payments.labels import KINDS as OUTSIDE
from webapp.payouts.models import Payout, PayoutRun
from webapp.payouts.rules import Kind, Obstacle, Preference, RunState, Standing, State

KINDS = {
    Kind.PREPAID: lazy("Prepaid account"),
    **{Kind(kind.value): words for kind, words in OUTSIDE.items()},
}
CHOICES = {
    Kind.PREPAID: lazy("To the prepaid account, at once"),
    Kind.IBAN: lazy("To a bank account"),
    Kind.PAYPAL: lazy("To PayPal"),
}
STATES = {
    State.MADE: lazy("On its way"),
    State.EXECUTED: lazy("Paid"),
    State.RETURNED: lazy("Came back"),
}
TONES = {State.MADE: "wait", State.EXECUTED: "ok", State.RETURNED: "bad"}
RUNS = {
    RunState.FILLING: lazy("Being put together"),
    RunState.DUE: lazy("To be carried out"),
    RunState.EXECUTED: lazy("Carried out"),
}
RUN_TONES = {RunState.FILLING: "", RunState.DUE: "wait", RunState.EXECUTED: "ok"}


def payout_kind(kind: Kind) -> str:
    """Where payouts go."""
    return str(KINDS[kind])


def goes_to(where: Payout | Preference) -> str:
    """`IBAN CH93 •••• 2957`: where a payout goes, masked."""
    if where.destination is None:
        return str(KINDS[Kind.PREPAID])
    name = "IBAN" if where.kind is Kind.IBAN else str(KINDS[where.kind])
    return f"{name} {where.destination.masked}"


def payout_state(payout: Payout) -> tuple[str, str]:
    """Words and tone of a badge."""
    if payout.state is State.EXECUTED and payout.executed_at:
        return _("Paid on %(day)s", day=day(payout.executed_at, "medium")), TONES[State.EXECUTED]
    return str(STATES[payout.state]), TONES[payout.state]


def run_state(run: PayoutRun) -> tuple[str, str]:
    """Words and tone of a badge."""
    return str(RUNS[run.state]), RUN_TONES[run.state]


def run_title(run: PayoutRun) -> str:
    """`December 2026`; further runs of a month are counted."""
    if run.nth > 1:
        return _("%(month)s, run %(nth)s", month=month(run.month), nth=number(run.nth))
    return month(run.month)


def outlook(standing: Standing) -> str:
    """When the next payout is, or what it waits for (RULES F8)."""
    at = day(standing.on)
    if standing.obstacle is Obstacle.CAME_BACK:
        return _(
            "Your last payout came back. Look at where payouts go and save it once more: then you are paid."
        )
    if standing.obstacle is Obstacle.CHANGED:
        return _(
            "%(amount)s will be paid from %(day)s on: after a change of where payouts go we wait for a few days.",
            amount=money(standing.due), day=at,
        )  # fmt: skip
    if standing.obstacle is Obstacle.TOO_LITTLE:
        return _(
            "The next payouts are on %(day)s. %(least)s must be confirmed by then; %(missing)s are missing so far.",
            day=at, least=money(standing.least), missing=money(standing.missing),
        )  # fmt: skip
    return _("%(amount)s will be paid on %(day)s.", amount=money(standing.due), day=at)


FILTERS: dict[str, Callable[..., Any]] = {
    "payout_kind": payout_kind, "goes_to": goes_to, "payout_state": payout_state, "run_state": run_state,
    "run_title": run_title, "payout_outlook": outlook,
}  # fmt: skip
