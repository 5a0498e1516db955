"""Things that happen at the same time: real threads, each with an application context of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from webapp.extensions import db


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[Any]:
    """Starts all together and answers what each returned, or the exception that it raised."""
    results: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def work(n: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            start.wait()
            try:
                results[n] = act()
            except Exception as error:
                results[n] = error

    db.session.commit()  # what the test has read is old news afterwards
    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a thread hangs"
    db.session.expire_all()
    return results
