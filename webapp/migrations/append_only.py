"""Tables of what happened, of which no row is ever changed or taken away.

Migrations that have run are history: what this does is never altered. What shall be otherwise gets another name.
"""

from __future__ import annotations

from alembic import op


def append_only(table: str) -> None:
    """Both databases refuse UPDATE and DELETE of this table; PostgreSQL by `refuse_change` of the first migration."""
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
