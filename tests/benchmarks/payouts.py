"""The payout run: a million commissions of fifty thousand affiliates, beside the one sum that it needs at least.

Commissions stand there without the orders that brought them, which a run never reads. All affiliates are paid: half of
them to the prepaid account, the others to banks and PayPal; with numbers, bookings, marks of who did what, and mails.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from tests.benchmarks import data, report
from tests.benchmarks.history import NUMBERS
from tests.benchmarks.report import Ratio, middle, over
from tests.benchmarks.serving import resident_megabytes
from webapp import clock
from webapp.extensions import db
from webapp.payouts import actions, queries

AFFILIATES, MANY = 50_000, 1_000_000
WARM = 0.2  # of the run, until all of its code and statements are known
SAMPLE = 0.2  # seconds between two looks at the memory

ACCOUNTS = """
    {numbers} INSERT INTO affiliate_accounts (id, public_id, organisation_id, tag, currency, joined_at, policy_version,
        earned, tier)
    SELECT n, 'f' || n, n, 'tag' || n, 'CHF', :now, 'bench', 100000, 35 FROM numbers
"""
PREFERENCES = """
    {numbers} INSERT INTO payout_preferences (account_id, kind, target, holder, changed_at, changed_by_id, holds_until)
    SELECT n, CASE WHEN n % 4 = 1 THEN 'iban' ELSE 'paypal' END,
        CASE WHEN n % 4 = 1 THEN 'CH9300762011623852957' ELSE 'p' || n || '@paypal.example' END,
        'Person ' || n, :now, n, :now
    FROM numbers WHERE n % 2 = 1
"""
COMMISSIONS = """
    {numbers} INSERT INTO commissions (public_id, order_id, account_id, attribution_id, placed_at, counted, currency,
        base, excluded, rate, earned_before, whole, booked, amount, moves, waits_until, confirms_on, policy_version)
    SELECT 'k' || n, n, 1 + n % :affiliates, 1 + n % :affiliates, :now, '{{}}', 'CHF', 10000 + n % 997, 0, 35, 0, 5000,
        3500 + n % 97, 3500 + n % 97, 1, :waited, :confirmed, 'bench'
    FROM numbers
"""
SUM = "SELECT account_id, sum(amount) FROM commissions WHERE confirms_on < :month GROUP BY account_id"


def run(kind: str, folder: Path, *, rounds: int) -> list[Ratio]:
    """One run, and the bare sum as often as asked for."""
    with data.databases(kind, folder) as address:
        app = data.portal(data.environment(address("payouts"), folder))
        data.add_companies(app, AFFILIATES)
        _fill(app)
        data.settle(app)
        report.heading(f"Payout run over {MANY:,} commissions of {AFFILIATES:,} affiliates")
        with app.app_context():
            found = _measure(rounds)
            db.engine.dispose()
        return found


def _fill(app: Flask) -> None:
    now = clock.now()
    with app.app_context():
        confirmed = clock.day_of(now).replace(day=1) - timedelta(days=10)
        values = {
            "now": moment_of(now - timedelta(days=60)), "affiliates": AFFILIATES,
            "waited": confirmed - timedelta(days=1), "confirmed": confirmed,
        }  # fmt: skip
        with unchecked() as connection:
            for statement, count in ((ACCOUNTS, AFFILIATES), (PREFERENCES, AFFILIATES), (COMMISSIONS, MANY)):
                connection.execute(sa.text(statement.format(numbers=NUMBERS)), {**values, "count": count})


@contextmanager
def unchecked() -> Iterator[sa.Connection]:
    """For rows that stand there without those that they refer to."""
    sqlite = db.engine.dialect.name == "sqlite"
    with db.engine.connect() as connection:
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute("PRAGMA foreign_keys=OFF" if sqlite else "SET session_replication_role = replica")
        yield connection
        connection.commit()
        connection.invalidate()  # nothing else is written unchecked


def moment_of(moment: datetime) -> str:
    zone = "" if db.engine.dialect.name == "sqlite" else "+00:00"
    return f"{moment:%Y-%m-%d %H:%M:%S.000000}{zone}"


def _measure(rounds: int) -> list[Ratio]:
    now = clock.now()
    month = clock.day_of(now).replace(day=1)
    bare = middle([_sum(month) for _ in range(rounds)])
    memory: list[tuple[float, float]] = []
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=(memory, done))
    watch.start()
    began, worked = time.perf_counter(), _spent()
    made = actions.run_due(now=now)
    taken, worked = time.perf_counter() - began, _spent() - worked
    done.set()
    watch.join()
    assert made == AFFILIATES and not queries.unfinished(), made
    report.line(f"run {worked:.1f} s, {made / worked:,.0f} payouts a second; the sum alone {bare or 0:.2f} s")
    late = [megabytes for at, megabytes in memory if at - began > WARM * taken]
    growth = max(late) - late[0] if late and late[0] else None
    return report.tell(
        Ratio("payout run: time to the one sum that it needs", over(worked, bare), 5.0),
        Ratio("payout run: growth of memory after the first fifth", growth, 20, unit="MB"),
    )


def _spent() -> float:
    """Seconds: of the processor where the database works in this process, else of the clock."""
    return time.process_time() if db.engine.dialect.name == "sqlite" else time.perf_counter()


def _sum(month: date) -> float:
    began = _spent()
    with closing(db.session.execute(sa.text(SUM), {"month": month})) as rows:
        assert sum(1 for _row in rows) == AFFILIATES
    db.session.rollback()
    return _spent() - began


def _watch(memory: list[tuple[float, float]], done: threading.Event) -> None:
    while not done.wait(SAMPLE):
        memory.append((time.perf_counter(), resident_megabytes(os.getpid()) or 0.0))
