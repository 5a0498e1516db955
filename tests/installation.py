"""The application with a database of its own, empty whenever a test begins.

Whatever many tests begin with is made once per database and then copied: `installation.begin_with(assemble)`.
"""

from __future__ import annotations

import os
import secrets
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import flask_migrate
import sqlalchemy as sa
from flask import Flask

from webapp.database import Base
from webapp.extensions import db
from webapp.kept import Revision
from webapp.unit import unit_of_work

Made = TypeVar("Made")


def make_schema(app: Flask) -> None:
    """The tables, by the migrations that an operator runs."""
    with app.app_context():
        flask_migrate.upgrade()


class Installation(ABC):
    """An application and its database, which can be emptied."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._touched = False
        self._beginnings: dict[Hashable, tuple[Any, Any]] = {}
        make_schema(app)
        with app.app_context():
            sa.event.listen(db.engine, "commit", self._touch)

    def _touch(self, _connection: sa.Connection) -> None:
        self._touched = True

    def forget(self) -> None:
        """Empties the database."""
        self._empty()
        self._touched = False

    def begin_with(self, make: Callable[..., Made], *arguments: Hashable) -> Made:
        """What this function writes and answers: rows, in a dataclass. It runs once per database; other tests
        find the same rows. Where the test has written something before, it runs beside that."""
        if self._touched:
            return make(*arguments)
        if (make, *arguments) in self._beginnings:
            saved, known = self._beginnings[make, *arguments]
            db.session.rollback()
            self._restore(saved)
            _new_stamps()
            return _once_more(known)
        made = make(*arguments)
        db.session.commit()
        self._beginnings[make, *arguments] = self._save(), _known(made)
        return made

    @abstractmethod
    def _empty(self) -> None: ...

    @abstractmethod
    def _save(self) -> Any: ...

    @abstractmethod
    def _restore(self, saved: Any) -> None: ...


class OnSqlite(Installation):
    """On a file, which is replaced: rows that history is made of can't be deleted."""

    def __init__(self, app: Flask, file: Path) -> None:
        super().__init__(app)
        self._file = file
        self._schema = self._save()

    def _empty(self) -> None:
        self._restore(self._schema)

    def _save(self) -> bytes:
        self._disconnect()  # with the last connection, its log goes into the file
        return self._file.read_bytes()

    def _restore(self, saved: bytes) -> None:
        self._disconnect()
        copy = self._file.with_suffix(".copy")
        copy.write_bytes(saved)
        for log in ("-wal", "-shm"):  # of a thread that a test forgot
            with suppress(FileNotFoundError):
                os.remove(f"{self._file}{log}")
        copy.replace(self._file)

    def _disconnect(self) -> None:
        with self.app.app_context():
            db.engine.dispose()


class OnPostgres(Installation):
    """On a server, whose role for the tests is a superuser: rows that history is made of can be deleted then.
    TRUNCATE would make the files of all tables anew, which takes thirty times as long."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        with app.app_context(), db.engine.begin() as connection:
            sequences = connection.execute(sa.text("SELECT sequencename FROM pg_sequences")).scalars().all()
        tables = [table.name for table in db.metadata.sorted_tables]
        self._schema = [
            *(f'DELETE FROM "{table}"' for table in tables),
            *(f"SELECT setval('\"{sequence}\"', 1, false)" for sequence in sequences),
        ]

    def _empty(self) -> None:
        self._restore(self._schema)

    def _save(self) -> list[str]:
        name = f"beginning_{len(self._beginnings)}"
        with db.engine.begin() as connection:
            connection.execute(sa.text(f"CREATE SCHEMA {name}"))
            statements = []
            for table in db.metadata.sorted_tables:
                if connection.scalar(sa.select(sa.func.count()).select_from(table)):
                    connection.execute(sa.text(f'CREATE TABLE {name}."{table.name}" AS TABLE "{table.name}"'))
                    statements.append(f'INSERT INTO "{table.name}" SELECT * FROM {name}."{table.name}"')
            positions = connection.execute(
                sa.text("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
            )
            return statements + [f"SELECT setval('\"{each}\"', {value})" for each, value in positions]

    def _restore(self, saved: list[str]) -> None:
        with self.app.app_context(), db.engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '20s'")  # a thread that a test forgot
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # no triggers
            connection.exec_driver_sql("; ".join(saved))


@unit_of_work
def _new_stamps() -> None:
    """Pages that another test's requests have kept are not this one's, though the rows are the same."""
    for revision in db.session.scalars(sa.select(Revision)):
        revision.stamp = secrets.randbits(62)


# --- rows once more -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Known:
    """A row, by its table and its primary key."""

    table: type[Base]
    id: tuple[Any, ...]


def _with(made: Any, change: Callable[[Any], Any]) -> Any:
    """The dataclass with other values in its fields, and in those of the dataclasses that it holds."""
    values = {each.name: getattr(made, each.name) for each in fields(made)}
    return replace(
        made,
        **{
            name: _with(value, change)
            if is_dataclass(value) and not isinstance(value, _Known)
            else change(value)
            for name, value in values.items()
        },
    )


def _known(made: Made) -> Made:
    def change(value: Any) -> Any:
        return _Known(type(value), sa.inspect(value).identity) if isinstance(value, Base) else value

    known: Made = _with(made, change)
    return known


def _once_more(known: Made) -> Made:
    """The same rows, in this session: one statement per table."""
    wanted: dict[type[Base], set[Any]] = defaultdict(set)
    _with(known, lambda value: wanted[value.table].add(value.id) if isinstance(value, _Known) else None)
    rows = {}
    for table, ids in wanted.items():
        key = sa.tuple_(*sa.inspect(table).primary_key)
        for row in db.session.scalars(sa.select(table).where(key.in_(ids))):
            rows[_Known(table, sa.inspect(row).identity)] = row
    made: Made = _with(known, lambda value: rows[value] if isinstance(value, _Known) else value)
    return made
