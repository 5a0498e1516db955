"""The demo's own time: it may run ahead of the clock, so that a month can be watched in a minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask

from webapp import clock
from webapp.demo.settings import VAR


def file_of(app: Flask) -> Path:
    """Where the demo with these data notes how many seconds it is ahead."""
    url: str = app.config["SETTINGS"].database_url
    return Path(
        f"{url.removeprefix('sqlite:///')}.ahead" if url.startswith("sqlite:////") else VAR / "demo.ahead"
    )


def ahead(app: Flask) -> Callable[[], timedelta]:
    """How much the demo is ahead at this moment; all its processes read the same file."""
    file = file_of(app)
    seen: tuple[float, timedelta] = (0.0, timedelta(0))

    def read() -> timedelta:
        nonlocal seen
        try:
            changed = file.stat().st_mtime
            if changed != seen[0]:
                seen = changed, timedelta(seconds=int(file.read_text()))
        except (OSError, ValueError):
            return timedelta(0)
        return seen[1]

    return read


def go_to(app: Flask, moment: datetime) -> None:
    """From now on it is this moment in the demo, and time goes on from there. Never back."""
    file = file_of(app)
    seconds = int((ahead(app)() + (moment - clock.now())).total_seconds())
    partial = file.with_suffix(".new")
    partial.write_text(str(seconds))
    partial.rename(file)
