"""Years of somebody's business: transfers with both their entries, orders with their lines and invoices.

Made inside the database by `INSERT … SELECT`, with every key, check and trigger on.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask

from tests.benchmarks import data
from webapp import clock
from webapp.extensions import db
from webapp.ledger.models import LedgerAccount
from webapp.ledger.rules import AccountKind
from webapp.orders.models import OrderLine
from webapp.products.models import Plan
from webapp.products.rules import Family, Period

QUIET_MONTHS = 23  # with a transfer each, before the one with all others
LINES = 50  # of an order
SECONDS = 2  # from one transfer to the next one
OTHERS = {1: AccountKind.CASHBACK, 2: AccountKind.CLEARING}  # where an organisation's money comes from
NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)"
# The n-th moment after :start. SQLite keeps moments as text.
MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', :start, '+' || (n * {step}) || ' seconds')",
    "postgresql": "CAST(:start AS timestamptz) + n * interval '{step} seconds'",
}
TRANSFERS = """
    {numbers} INSERT INTO transfers (public_id, at, debit_id, credit_id, amount, currency, cause, key, subject,
        reference, policy_version)
    SELECT :key || n, {moment}, CASE WHEN n % 4 = 0 THEN :own ELSE :other END,
        CASE WHEN n % 4 = 0 THEN :other ELSE :own END, CASE WHEN n % 4 = 0 THEN 500 + n % 97 ELSE 1000 + n % 997 END,
        'CHF', CASE WHEN n % 4 = 0 THEN 'cashback_taken_back' ELSE 'cashback_earned' END, :key || n, 'bench:' || n,
        'RF18T' || n, 'bench'
    FROM numbers ORDER BY n
"""
ENTRIES = """
    INSERT INTO entries (account_id, seq, transfer_id, at, amount, balance, floored)
    SELECT :account, row_number() OVER (ORDER BY id), id, at, moved, sum(moved) OVER (ORDER BY id), {floored}
    FROM (SELECT id, at, CASE WHEN credit_id = :account THEN amount ELSE -amount END AS moved
        FROM transfers WHERE :account IN (credit_id, debit_id)) AS own
    ORDER BY id
"""
ORDERS = """
    {numbers} INSERT INTO orders (id, public_id, number, holder_id, payer_id, side, method, reference, currency, net,
        treatment, vat_rate, vat, gross, policy_version, placed_at, due_on, paid_at, received, credited, returned)
    SELECT :first + n, 'o' || (:first + n), 'O-' || (:first + n), :payer, :payer, 'client', 'invoice',
        'RF' || (:first + n), 'CHF', 12000 * {lines}, 'standard', 810, 972 * {lines}, 12972 * {lines}, 'bench',
        {moment}, :day, {moment}, 12972 * {lines}, 0, 0
    FROM numbers ORDER BY n
"""
INVOICES = """
    INSERT INTO invoices (public_id, number, order_id, payer_id, issued_at, issued_on, due_on, language, party,
        currency, net, vat, gross, reason)
    SELECT public_id, '2026-' || id, id, payer_id, placed_at, due_on, due_on, 'en', '{}', currency, net, vat,
        gross, ''
    FROM orders WHERE id > :first ORDER BY id
"""


def add_plan(app: Flask) -> None:
    """What is ordered."""
    names = {"name_en": "Web hosting", "name_fr": "Hébergement web", "name_de": "Webhosting"}
    with app.app_context(), data.write_connection() as connection:
        connection.execute(sa.insert(Plan), [{
            "id": 1, "public_id": "plan", "code": "web", "family": Family.WEB, **names, "period": Period.YEAR,
            "price_chf": 12_000, "price_eur": 11_000, "discount": 20, "sliding": True, "affiliates": True,
            "created_at": clock.now(),
        }])  # fmt: skip


def add_transfers(app: Flask, organisation_id: int, count: int) -> None:
    """So many transfers of its prepaid account in the month before this one, and one in each of some before."""
    own, other = 2 * organisation_id, 2 * organisation_id + 1
    accounts = [(own, AccountKind.PREPAID, organisation_id), (other, OTHERS[organisation_id], None)]
    with app.app_context(), data.write_connection() as connection:
        connection.execute(sa.insert(LedgerAccount), [
            {"id": number, "public_id": f"a{number}", "kind": kind, "organisation_id": owner, "currency": "CHF",
             "created_at": clock.now()}
            for number, kind, owner in accounts
        ])  # fmt: skip
        *quiet, busy = _months(QUIET_MONTHS + 1)
        moment = MOMENT[connection.dialect.name].format(step=SECONDS)
        transfers = sa.text(TRANSFERS.format(numbers=NUMBERS, moment=moment))
        for start, many in [*((month, 1) for month in quiet), (busy, count)]:
            connection.execute(
                transfers,
                {
                    "start": _text(start),
                    "count": many,
                    "own": own,
                    "other": other,
                    "key": f"{own}-{start:%y%m}-",
                },
            )
        for number, kind, _owner in accounts:
            connection.execute(sa.text(ENTRIES.format(floored=kind.floored)), {"account": number})


def _months(count: int) -> Iterator[datetime]:
    """When the last `count` months began, the present one left out."""
    today = clock.day_of(clock.now())
    present = today.year * 12 + today.month - 1
    for each in range(present - count, present):
        yield clock.start_of(date(each // 12, each % 12 + 1, 1))


def _text(moment: datetime) -> str:
    return (
        f"{moment:%Y-%m-%d %H:%M:%S}+00:00"
        if db.engine.dialect.name != "sqlite"
        else f"{moment:%Y-%m-%d %H:%M:%S}"
    )


def add_orders(app: Flask, earner_id: int, payer_id: int, lines: int) -> None:
    """Paid orders with so many lines in all, on each of which the partner earns its cashback."""
    now = clock.now()
    with app.app_context(), data.write_connection() as connection:
        first = connection.scalar(sa.text("SELECT coalesce(max(id), 0) FROM orders"))
        moment = MOMENT[connection.dialect.name].format(step=60)
        connection.execute(
            sa.text(ORDERS.format(numbers=NUMBERS, moment=moment, lines=LINES)),
            {
                "first": first,
                "count": lines // LINES,
                "payer": payer_id,
                "start": _text(now),
                "day": now.date(),
            },
        )
        connection.execute(sa.text(INVOICES), {"first": first})
        _add_lines(connection, first, earner_id)


def _add_lines(connection: sa.Connection, first: int, earner_id: int) -> None:
    """One order's lines by hand, the same ones for every other order by the database."""
    columns = [column for column in OrderLine.__table__.columns if column.name not in ("id", "order_id")]
    model: dict[str, Any] = {
        "order_id": first + 1, "action": "new", "plan_id": 1, "plan_code": "web", "family": Family.WEB,
        "plan_name": dict.fromkeys(data.LANGUAGES, "Web hosting"), "period": Period.YEAR,
        "quantity": 1, "periods": 1, "unit": 12_000, "discount": 20, "sliding": 0, "count": 1, "price": "public",
        "public": 12_000, "partner": 9_600, "net": 12_000, "vat": 972, "earner_id": earner_id, "cashback": 2_400,
        "cashback_booked": 2_400, "credited": 0,
    }  # fmt: skip
    rows = [{**model, "position": n, "label": f"shop-{n}.example"} for n in range(1, LINES + 1)]
    connection.execute(sa.insert(OrderLine), rows)
    names = ", ".join(f'"{column.name}"' for column in columns)
    same = ", ".join(f'line."{column.name}"' for column in columns)
    connection.execute(
        sa.text(
            f"INSERT INTO order_lines (order_id, {names}) SELECT orders.id, {same} FROM orders JOIN order_lines line"
            " ON line.order_id = :model WHERE orders.id > :model ORDER BY orders.id, line.position"
        ),
        {"model": first + 1},
    )
