"""The time in tests: it stands still at NOW, a Saturday in November, until a test moves it on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


class Clock:
    """What `webapp.clock.now` answers during a test."""

    def __init__(self, start: datetime = NOW) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> datetime:
        """Moves the time on: `clock.forward(days=30, seconds=1)`."""
        self.now += timedelta(**duration)
        return self.now
