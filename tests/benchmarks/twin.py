"""What an action writes, and nothing else: its own INSERTs and UPDATEs, once more on a twin of its database.

Both databases begin empty and see the same statements in the same order, so rows get the same ids, and every
key, check and trigger has the same work. What the twin needs is the least that the action could do with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from tests.benchmarks import data
from webapp.demo.settings import PROGRAMME
from webapp.extensions import db

WRITES = ("INSERT", "UPDATE", "DELETE")


class _Written(NamedTuple):
    """A statement as the database's driver got it; a list of values is for many rows."""

    statement: str
    values: Any


class Twins:
    """An application, and a second database that `follow` keeps the same."""

    def __init__(self, app: Flask, second: Flask) -> None:
        self.app = app
        self.statements = 0  # of all kinds, so far
        self._second = second
        self._done: list[list[_Written]] = []
        self._open: list[_Written] = []
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", self._note)
            event.listen(db.engine, "commit", self._close)
            event.listen(db.engine, "rollback", lambda _connection: self._open.clear())

    def _note(self, _c: sa.Connection, _cursor: Any, statement: str, values: Any, *_others: Any) -> None:
        self.statements += 1
        if statement.lstrip().startswith(WRITES):
            self._open.append(_Written(statement, values))

    def _close(self, _connection: sa.Connection) -> None:
        if self._open:
            self._done.append(self._open)
            self._open = []

    def follow(self) -> float:
        """Writes on the second one what was written since; how many seconds that took."""
        done, self._done = self._done, []
        with self._second.app_context(), closing(db.engine.raw_connection()) as connection:
            begin = "BEGIN IMMEDIATE" if db.engine.dialect.name == "sqlite" else "SELECT 1"
            cursor = connection.cursor()
            began = time.perf_counter()
            for transaction in done:
                cursor.execute(begin)
                for statement, values in transaction:
                    (cursor.executemany if isinstance(values, list) else cursor.execute)(statement, values)
                    if cursor.description:  # RETURNING
                        cursor.fetchall()
                connection.commit()
            return time.perf_counter() - began

    def compared(self, act: Callable[[], None]) -> tuple[float, float]:
        """(seconds of `act` on the first, of what it wrote on the second one)."""
        self.follow()
        began = time.perf_counter()
        act()
        return time.perf_counter() - began, self.follow()


@contextmanager
def twins(kind: str, folder: Path, name: str) -> Iterator[Twins]:
    """Two new databases, and the demo's programme, which has bank accounts and discounts."""
    with data.databases(kind, folder) as address:
        apps = [
            data.portal(data.environment(address(each), folder, PROGRAMME_FILE=str(PROGRAMME)))
            for each in (name, f"{name}_twin")
        ]
        try:
            yield Twins(*apps)
        finally:
            for app in apps:
                with app.app_context():
                    db.engine.dispose()
