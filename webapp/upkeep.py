"""What an operator asks of a running installation: a safe copy of its data, and whether all is in place."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from webapp.accounts.queries import operators
from webapp.config import Settings
from webapp.extensions import db
from webapp.money import CURRENCIES
from webapp.programme import programme
from webapp.transport import Later, transport


class CannotBackUp(Exception):
    """Why there is no copy; a sentence for the operator."""


def back_up(target: Path) -> int:
    """Writes a whole, consistent copy of the SQLite database, while it is in use; its size in bytes.

    Raises CannotBackUp. (Copying the file itself can miss rows or break: the newest ones stand in the WAL.)
    """
    url = db.engine.url
    if db.engine.dialect.name != "sqlite":
        safe = url._replace(drivername="postgresql", password=None).render_as_string()
        raise CannotBackUp(
            f"PostgreSQL makes its own copies:\n  pg_dump --format=custom --file={target} {safe}\n"
            "(The password comes from ~/.pgpass or PGPASSWORD.)"
        )
    source = Path(url.database or "")
    if not source.is_file():
        raise CannotBackUp(f"There is no database at {source}.")
    if target.exists():
        raise CannotBackUp(f"{target} exists already; a copy never replaces another one.")
    if not target.parent.is_dir():
        raise CannotBackUp(f"There is no folder {target.parent}.")
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))  # it holds personal data: for its owner only
    except OSError as error:
        raise CannotBackUp(f"{target} can't be written: {error.strerror}.") from None
    try:
        _copy(source, target)
    except sqlite3.Error as error:
        target.unlink()
        raise CannotBackUp(f"There is no copy: {error}.") from None
    except CannotBackUp:
        target.unlink()
        raise
    return target.stat().st_size


def _copy(source: Path, target: Path) -> None:
    connection = sqlite3.connect(source, timeout=10, isolation_level=None)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    finally:
        connection.close()
    copy = sqlite3.connect(target)
    try:
        if (verdict := copy.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            raise CannotBackUp(f"The copy is damaged and was removed: {verdict}.")
    finally:
        copy.close()


class Finding(NamedTuple):
    """One line of `check`."""

    fine: bool
    sentence: str


def findings(app: Flask) -> Iterator[Finding]:
    """What is in place and what is not. The settings are right, or `create_app` had stopped."""
    settings: Settings = app.config["SETTINGS"]
    yield Finding(True, f"Settings: {settings.mode} at {settings.base_url}.")
    yield _programme()
    database = _database()
    yield database
    if database.fine:
        yield _operator()
    yield _mail(app, settings)


def _programme() -> Finding:
    policy = programme()
    offered = " and ".join(currency for currency in CURRENCIES if policy.iban(currency))
    return Finding(
        True,
        f"Programme: version {policy.version} from {policy.file}; "
        f"payment by invoice is {f'offered in {offered}' if offered else 'not offered, as it names no account'}.",
    )


def _database() -> Finding:
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[db.engine.dialect.name]
    try:
        with db.engine.connect() as connection:
            version = ".".join(map(str, connection.dialect.server_version_info or ()))
            at = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return Finding(False, f"Database: {name} does not answer: {reason}")
    newest = newest_migration()
    if at != newest:
        return Finding(
            False,
            f"Database: {name} {version} is at migration {at or 'none'}, the newest is {newest}. "
            "Run: flask --app wsgi db upgrade",
        )
    return Finding(True, f"Database: {name} {version} at the newest migration, {newest}.")


def _operator() -> Finding:
    names = [operator.name for operator in operators() if not operator.disabled_at]
    if not names:
        return Finding(False, "Operator: nobody runs this portal yet. Run: flask --app wsgi setup")
    return Finding(True, f"Operator: {', '.join(names)}.")


def newest_migration() -> str | None:
    """The migration that this version of the code needs."""
    return ScriptDirectory(current_app.extensions["migrate"].directory).get_current_head()


def _mail(app: Flask, settings: Settings) -> Finding:
    server = settings.mail_server
    place = f"the folder {server.folder}" if server.folder else f"{server.host}:{server.port}"
    try:
        way_out = transport(app)
        way_out.greet()
    except (Later, OSError) as error:
        return Finding(False, f"Mail: {place} does not take mail: {error}")
    way_out.close()
    return Finding(True, f"Mail: {place} answers; mail leaves as {settings.mail_from}.")
