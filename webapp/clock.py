"""The time, in UTC. Actions and rules take `now` as a value; only the edges ask the clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time

from flask import current_app, has_app_context

_standing: ContextVar[datetime | None] = ContextVar("standing", default=None)


def now() -> datetime:
    """This instant, aware, UTC, whole seconds; the demo may be ahead (`webapp.demo.calendar`)."""
    if standing := _standing.get():
        return standing
    moment = datetime.now(UTC).replace(microsecond=0)
    ahead = current_app.config.get("AHEAD") if has_app_context() else None
    return moment + ahead() if ahead else moment


def day_of(moment: datetime) -> date:
    """The day of this instant in the operator's time zone."""
    day: date = moment.astimezone(current_app.config["SETTINGS"].zone).date()
    return day


def start_of(day: date) -> datetime:
    """The instant at which this day begins in the operator's time zone."""
    return datetime.combine(day, time(), current_app.config["SETTINGS"].zone).astimezone(UTC)


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Inside, the clock stands still at this instant: the demo's story is told so, and tests."""
    token = _standing.set(moment)
    try:
        yield
    finally:
        _standing.reset(token)
