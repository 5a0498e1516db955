"""The unit of work: one public action is one transaction, committed once, here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from webapp.database import Base, writing
from webapp.extensions import db
from webapp.refused import Gone

F = TypeVar("F", bound=Callable[..., object])
Row = TypeVar("Row", bound=Base)

RETRIES = 3
SERIALIZATION_FAILURES = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock


def unit_of_work(action: F) -> F:
    """Runs the action in one write transaction: all of it commits, or nothing.

    An action called by another joins its transaction. What was read before the action began is old news:
    the action calls `lock` on each row that it decides by. Raises what the action raises, after a rollback;
    a deadlock that PostgreSQL reports is tried again, the whole action.
    """

    @wraps(action)
    def run(*args: object, **kwargs: object) -> object:
        if writing.get():
            return action(*args, **kwargs)
        for attempt in range(1, RETRIES + 1):
            db.session.commit()  # ends the reading transaction; nothing is pending outside of a unit
            token = writing.set(True)
            try:
                result = action(*args, **kwargs)
                db.session.commit()
                return result
            except DBAPIError as error:
                db.session.rollback()
                if attempt == RETRIES or getattr(error.orig, "sqlstate", "") not in SERIALIZATION_FAILURES:
                    raise
            except BaseException:
                db.session.rollback()
                raise
            finally:
                writing.reset(token)
        raise AssertionError("unreachable")

    return run  # type: ignore[return-value] # the same signature, by functools.wraps


def lock(row: Row) -> Row:
    """The row as it is now, locked until the unit ends (SQLite locks the whole database at its start).

    Rows that only refer to it can be written meanwhile: who waits for that would soon wait in a circle.
    """
    try:
        # `of`: what the row was loaded with, by outer joins, can't be locked on PostgreSQL
        db.session.refresh(row, with_for_update={"of": type(row), "key_share": True})
    except InvalidRequestError:
        raise Gone() from None
    return row


def locks_rows() -> bool:
    """Whether the database locks row by row; SQLite locked all of it when the unit began."""
    return db.engine.dialect.name == "postgresql"


def take_turns(what: str) -> None:
    """Units that name the same thing, though it may have no row yet, come one after the other.

    PostgreSQL holds the name until the unit ends; on SQLite every unit that writes waits for the one before.
    """
    if locks_rows():
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(what, 0))))


def rows_changed(statement: sa.Update | sa.Delete) -> int:
    """Runs the statement in the caller's unit of work; how many rows it changed."""
    return cast("sa.CursorResult[Any]", db.session.execute(statement)).rowcount


def insert_into(table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT, for the database in use; both say it alike."""
    return postgresql.insert(table) if db.engine.dialect.name == "postgresql" else sqlite.insert(table)
