"""Everything that the database holds, as text: to see that nothing changed, or that something is gone."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from webapp.extensions import db


def everything(*, but: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """table -> its rows, each as one text; tables of `but` left out."""
    db.session.commit()
    tables = sorted(set(sa.inspect(db.engine).get_table_names()) - set(but))
    with db.engine.connect() as connection:
        rows = {table: connection.exec_driver_sql(f'SELECT * FROM "{table}"').all() for table in tables}
    return {table: sorted(repr([_plain(value) for value in row]) for row in rows[table]) for table in tables}


def _plain(value: object) -> object:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else value


def where(text: str, *, but: tuple[str, ...] = ()) -> list[str]:
    """The tables that hold this text, whatever the case of its letters."""
    return [
        table
        for table, rows in everything(but=but).items()
        if any(text.lower() in row.lower() for row in rows)
    ]


def bytes_on_disk() -> bytes:
    """The database file of SQLite with its log; nothing on PostgreSQL."""
    if db.engine.dialect.name != "sqlite":
        return b""
    db.session.commit()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    file = Path(db.engine.url.database or "")
    log = file.with_name(file.name + "-wal")
    return file.read_bytes() + (log.read_bytes() if log.exists() else b"")
