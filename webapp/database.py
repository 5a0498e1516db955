"""One database behind everything: the model base, column types, and what SQLite needs to be trusted.

Two threads that check and then write both succeed on SQLite's defaults. Therefore a unit of work that
writes takes SQLite's write lock at its start (BEGIN IMMEDIATE); on PostgreSQL it locks the rows it checks.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, registry

writing: ContextVar[bool] = ContextVar("writing", default=False)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """Aware UTC instants on both databases (SQLite forgets the zone)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(sa.TypeDecorator[frozenset[str]]):
    """A small set of codes (`web`, `CH-VD`) in one text column: ` CH-VD web `, blank on both sides."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else f" {' '.join(sorted(value))} "

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str]:
        return frozenset((value or "").split())

    class comparator_factory(sa.Text.Comparator[frozenset[str]]):  # SQLAlchemy's name for it
        """Adds `column.has_word(code)`."""

        def has_word(self, code: str | sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
            """Whether the set has this code (a literal or a column)."""
            column = sa.type_coerce(self.expr, sa.Text)
            if isinstance(code, str):
                return column.contains(f" {code} ", autoescape=True)
            return column.like(sa.literal("% ") + code + sa.literal(" %"))


class Base(DeclarativeBase):
    """The base of all tables; constraints get predictable names."""

    registry = registry(
        metadata=sa.MetaData(
            naming_convention={
                "pk": "pk_%(table_name)s",
                "fk": "fk_%(table_name)s_%(column_0_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
            }
        ),
        type_annotation_map={datetime: UtcDateTime, frozenset[str]: Words, dict[str, Any]: sa.JSON},
    )


def new_public_id() -> str:
    """128 random bits, 26 lower-case letters and digits: the only id that an address shows."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def prepare_engine(engine: Engine, *, synchronous: str) -> None:
    """Makes SQLite safe (foreign keys, WAL, honest transactions); PostgreSQL needs nothing.

    `synchronous` is SQLite's pragma: FULL survives a power cut, whatever was committed.
    """
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver keeps its hands off; `begin` below speaks
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "busy_timeout=10000",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing.get() else "BEGIN")


def hurry(engine: Engine) -> None:
    """For the worker's process: a commit does not wait for the disk.

    Its marks ("sent") survive the end of the process; a power cut may send the last mails a second time.
    """
    statement = (
        "PRAGMA synchronous=NORMAL" if engine.dialect.name == "sqlite" else "SET synchronous_commit=off"
    )

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.execute(statement)
        if engine.dialect.name != "sqlite":
            connection.commit()  # a setting made in a transaction that is rolled back would be lost

    engine.dispose()
