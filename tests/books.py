"""What has to be true of the books after every test that moves money, and how to make it untrue."""

from __future__ import annotations

import sqlalchemy as sa

from webapp.extensions import db
from webapp.ledger import proofs
from webapp.ledger.models import Transfer
from webapp.orders.models import Order
from webapp.payments.models import IncomingTransfer, Withdrawal

TABLES = (Transfer, Order, IncomingTransfer, Withdrawal)


def opened() -> bool:
    """Whether there is anything that `flask ledger check` looks at."""
    return bool(db.session.scalar(sa.select(sa.or_(*[sa.exists().select_from(table) for table in TABLES]))))


def faults() -> list[str]:
    """What `flask ledger check` would say."""
    return [f"{name}: {fault}" for name, found in proofs.run().items() for fault in found]


def all_is_well() -> None:
    """SECURITY L1–L7, M1, M2: `flask ledger check` finds nothing."""
    assert faults() == []


def damage(*statements: sa.Executable) -> None:
    """Runs these past the application; triggers that stand in the way are taken down for it, and put up again."""
    db.session.commit()
    with db.engine.begin() as connection:
        down, up = _triggers(connection)
        for each in down:
            connection.exec_driver_sql(each)
        for statement in statements:
            connection.execute(statement)
        for each in up:
            connection.exec_driver_sql(each)
    db.session.expire_all()


def _triggers(connection: sa.Connection) -> tuple[list[str], list[str]]:
    """What takes them down, and what puts them up again."""
    if connection.dialect.name == "postgresql":
        return ["SET session_replication_role = replica"], ["SET session_replication_role = origin"]
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    return [f"DROP TRIGGER {name}" for name, _sql in found], [sql for _name, sql in found]
