"""Runs the migrations on the application's own engine.

Alembic's batch mode copies and drops tables: with SQLite's foreign keys on, that would delete the children
of a rebuilt table without a word. So they are off while a migration runs, and everything is checked after it.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from flask import current_app

from webapp.database import UtcDateTime, Words, writing
from webapp.extensions import db


def plainly(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Migrations name the database's own types, so that they outlive our classes."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Words):
        return "sa.Text()"
    return False


def run() -> None:
    """Upgrades or downgrades, one transaction per migration."""
    options = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        raw = connection.connection.driver_connection
        assert raw is not None
        if sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")  # has no effect inside a transaction: therefore here
        token = writing.set(True)
        try:
            context.configure(
                connection=connection,
                target_metadata=db.metadata,
                transactional_ddl=True,
                transaction_per_migration=True,
                render_item=plainly,
                **options,
            )
            with context.begin_transaction():
                context.run_migrations()
            if sqlite and (broken := raw.execute("PRAGMA foreign_key_check").fetchall()):
                raise RuntimeError(f"rows without their parents after the migration: {broken[:5]}")
        finally:
            writing.reset(token)
            if sqlite:
                connection.rollback()
                raw.execute("PRAGMA foreign_keys=ON")


if context.is_offline_mode():
    raise SystemExit("Migrations run against the database itself: flask --app wsgi db upgrade")
run()
