"""The time, in UTC. Actions and rules take `now` as a value; only the edges ask the clock."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """This instant, aware, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
