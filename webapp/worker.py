"""The second process: delivers mail and does what is due by the clock, until it is told to stop."""

from __future__ import annotations

import logging
import signal
import sqlite3
import time

from flask import Flask
from sqlalchemy.exc import DBAPIError

from webapp import clock, jobs
from webapp.database import hurry
from webapp.extensions import db
from webapp.postman import Postman
from webapp.transport import transport

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0  # how often an empty queue is asked
JOBS_SECONDS = 5.0  # how often the clock is asked; the shortest job comes once a minute
LONGEST_PAUSE = 60.0  # between two tries to reach a database that does not answer
AFFECTED_SQLITE = ((3, 7, 0), (3, 51, 2))  # first and last version with the WAL-reset bug


class Stop:
    """A wish to stop, made by a signal and heeded between two mails."""

    def __init__(self) -> None:
        self.wished = False

    def listen(self) -> Stop:
        """Takes SIGTERM and SIGINT for such a wish."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._heard)
        return self

    def _heard(self, _number: int, _frame: object) -> None:
        self.wished = True

    def wait(self, seconds: float) -> None:
        """Waits so long, or until the wish comes."""
        until = time.monotonic() + seconds
        while not self.wished and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))


def run(app: Flask, stop: Stop, *, mail: bool = True) -> None:
    """Works until `stop` is wished; without `mail` only the jobs run and mail waits in its queue.

    A database that does not answer is waited for, with growing pauses: nothing is lost meanwhile.
    """
    with app.app_context():
        hurry(db.engine)
        if not app.config["SETTINGS"].demo:
            _warn_of_sqlite()
    way_out = transport(app)
    postman = Postman(app, way_out, stopping=lambda: stop.wished) if mail else None
    log.info("the worker starts%s", "" if mail else "; mail is paused")
    failures, jobs_at = 0, 0.0
    while not stop.wished:
        try:
            with app.app_context():
                handled = postman.round() if postman else 0
            if time.monotonic() >= jobs_at and not stop.wished:
                with app.app_context():
                    jobs.run_due(now=clock.now())
                jobs_at = time.monotonic() + JOBS_SECONDS
            failures = 0
            stop.wait(0 if handled else IDLE_SECONDS)
        except DBAPIError as error:
            failures += 1
            pause = min(LONGEST_PAUSE, 2.0 ** min(failures, 9))
            log.warning("the database refused (%s); trying again in %.0f seconds", _short(error), pause)
            stop.wait(pause)
    way_out.close()
    log.info("the worker has stopped")


def _short(error: DBAPIError) -> str:
    return (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]


def _warn_of_sqlite() -> None:
    first, last = AFFECTED_SQLITE
    if db.engine.dialect.name == "sqlite" and first <= sqlite3.sqlite_version_info <= last:
        log.warning(
            "SQLite %s has a very rare bug that can damage a database; 3.51.3 and newer are free of it. "
            "Keep backups, or use PostgreSQL: see the README, SQLite or PostgreSQL.",
            sqlite3.sqlite_version,
        )
