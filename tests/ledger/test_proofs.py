"""Each rule of the ledger, broken on purpose behind the triggers' back: the proof finds it and says where.

Everything happens in the test's own transaction, which is rolled back.
"""

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.ledger.story import CLEARING, REVENUE, book, booking, prepaid, rich
from webapp.extensions import db
from webapp.ledger import proofs
from webapp.ledger.rules import Rate, conversion
from webapp.money import Money

ROOT = Path(__file__).parents[2]
TABLES = ("entries", "transfers", "ledger_accounts")
ON_SQLITE = ("PRAGMA ignore_check_constraints = ON", "PRAGMA defer_foreign_keys = ON")
ON_POSTGRESQL = (
    "ALTER TABLE entries DROP CONSTRAINT ck_entries_floor",
    "ALTER TABLE transfers DROP CONSTRAINT ck_transfers_amount",
    "ALTER TABLE transfers DROP CONSTRAINT fk_transfers_debit",
    "ALTER TABLE transfers DROP CONSTRAINT fk_transfers_credit",
)
NEWEST = (  # the prepaid account's in francs
    "account_id = (SELECT id FROM ledger_accounts WHERE kind = 'prepaid' AND currency = 'CHF') AND seq = 3"
)


@pytest.fixture
def open_ledger(app):
    """A ledger with an order's worth of entries and a conversion, and no triggers until the test is over."""
    organisation = rich(10_000)
    book(booking(prepaid(organisation), REVENUE, 2_500), booking(CLEARING, REVENUE, 10, "EUR"))
    rate = Rate("CHF", "EUR", 1_051_234, date(2026, 11, 20))
    book(
        *conversion(
            prepaid(organisation), Money(500, "CHF"), rate, key="c", subject="x:1", reference="", policy="t"
        )
    )
    assert proofs.faults() == []
    for name, table in triggers():
        run(f"DROP TRIGGER {name}" + ("" if sqlite() else f" ON {table}"))
    for statement in ON_SQLITE if sqlite() else ON_POSTGRESQL:
        run(statement)
    yield
    db.session.rollback()
    if sqlite():
        run("PRAGMA ignore_check_constraints = OFF")
        db.session.rollback()
    assert proofs.faults() == []


def sqlite():
    return db.engine.dialect.name == "sqlite"


def triggers():
    """(name, table) of the ledger's."""
    asked = (
        "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
        if sqlite()
        else "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
    )
    return [row for row in db.session.execute(sa.text(asked)).all() if row[1] in TABLES]


def run(statement):
    db.session.execute(sa.text(statement))


def told():
    """What is wrong, beside the triggers that the fixture took away."""
    return [fault for fault in proofs.faults() if "trigger" not in fault]


def test_triggers_that_are_gone_are_missed(open_ledger):
    """SECURITY L3: a table that was rebuilt without them does not go unnoticed."""
    faults = proofs.faults()
    assert all(fault.startswith("L3: the trigger ") for fault in faults)
    assert len(faults) == (7 if sqlite() else 4)
    assert told() == []


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        (f"DELETE FROM entries WHERE {NEWEST}", {"L1"}),
        (f"UPDATE entries SET amount = amount - 1 WHERE {NEWEST}", {"L1", "L2"}),
        (f"UPDATE entries SET amount = amount - 1, balance = balance - 1 WHERE {NEWEST}", {"L1"}),
        (f"UPDATE entries SET balance = balance + 1 WHERE {NEWEST}", {"L1", "L2"}),
        (f"UPDATE entries SET seq = 7 WHERE {NEWEST}", {"L3"}),
        (f"UPDATE entries SET at = '2020-01-01 00:00:00+00' WHERE {NEWEST}", {"L3"}),
        (f"UPDATE entries SET floored = false WHERE {NEWEST}", {"L5"}),
        (f"UPDATE entries SET balance = -1 WHERE {NEWEST}", {"L1", "L2", "L5"}),
        ("UPDATE transfers SET currency = 'EUR' WHERE id = 1", {"L6"}),
        ("UPDATE transfers SET amount = amount + 1 WHERE id = 1", {"L1"}),
        ("UPDATE transfers SET amount = -amount WHERE id = 1", {"L1", "L7"}),
        ("UPDATE transfers SET credit_id = debit_id, debit_id = credit_id WHERE id = 2", {"L1"}),
        ("UPDATE transfers SET rate = rate + 100000 WHERE cause = 'converted'", {"L6"}),
        ("UPDATE transfers SET rate = rate + 1 WHERE key = 'c:given'", {"L6"}),
        ("UPDATE transfers SET rate_on = '2026-11-21' WHERE key = 'c:given'", {"L6"}),
        ("UPDATE transfers SET key = 'd:given' WHERE key = 'c:given'", {"L6"}),
        ("UPDATE transfers SET key = 'd:taken' WHERE key = 'c:taken'", {"L6"}),
    ],
)
def test_what_is_wrong_is_found(open_ledger, change, faults):
    """SECURITY L1-L7."""
    if sqlite():
        change = change.replace("+00'", "'")
    run(change)
    assert {fault.split(":")[0] for fault in told()} == faults, told()


def test_a_fraction_is_found(open_ledger):
    """SECURITY L7: PostgreSQL's columns hold none."""
    if sqlite():
        run("UPDATE transfers SET amount = 0.5 WHERE id = 1")
        assert "L7: transfer 1 is over 0.5, which is no whole amount above zero." in told()


def test_every_feature_that_proves_something_is_asked(app):
    """SECURITY L1: a room of proofs that nobody registers would prove nothing."""
    rooms = {file.parent.name for file in ROOT.glob("webapp/*/proofs.py")}
    assert set(proofs.run()) == rooms >= {"ledger", "orders", "payments"}


def test_other_features_add_what_has_to_agree(app, monkeypatch):
    monkeypatch.setattr(proofs, "_proofs", dict(proofs._proofs))
    proofs.register("shoe boxes", lambda: ["The shoe box of Rich AG is empty."])
    found = proofs.run()
    assert found["ledger"] == [] and found["shoe boxes"] == ["The shoe box of Rich AG is empty."]
