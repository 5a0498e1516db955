"""The earnings page of an affiliate with a hundred thousand commissions, a twelfth of them confirmed this month,
beside the hand-written page of 25 rows."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from tests.benchmarks import data, history, report
from tests.benchmarks.history import MOMENT, NUMBERS
from tests.benchmarks.pages import Page, measure, table
from tests.benchmarks.payouts import ACCOUNTS, moment_of, unchecked
from tests.benchmarks.report import Ratio, over
from tests.benchmarks.serving import serving
from webapp import clock
from webapp.extensions import db

PARTNERS = 1_000
MANY, FEW = 100_000, 1_000  # of the first affiliate, and of the second one

WON = """
    {numbers} INSERT INTO attributions (public_id, organisation_id, account_id, at, pays_until, signs, verdict, note)
    SELECT 'w' || n, 100 + n, n, :now, :day, '  ', 'allowed', '' FROM numbers
"""
COMMISSIONS = """
    {numbers} INSERT INTO commissions (public_id, order_id, account_id, attribution_id, placed_at, counted, currency,
        base, excluded, rate, earned_before, whole, booked, amount, moves, waits_until, confirms_on, policy_version)
    SELECT 'k' || n, n, CASE WHEN n > :few THEN 1 ELSE 2 END, CASE WHEN n > :few THEN 1 ELSE 2 END, {moment}, '{{}}',
        'CHF', 10000, 0, 35, 0, 3500, 3500, 3500, 1, :waited,
        CASE WHEN n % 12 = 0 THEN :confirmed ELSE :before END, 'bench'
    FROM numbers
"""


def run(kind: str, folder: Path, *, rounds: int, seconds: float) -> list[Ratio]:
    """Both affiliates' pages beside the raw page."""
    with data.databases(kind, folder) as address, ExitStack() as stack:
        environ = data.environment(address("earnings"), folder)
        app = data.portal(environ)
        data.add_partners(app, PARTNERS)
        _fill(app)
        data.settle(app)
        many, few = (data.signed_in_cookie(app, n, _page(n)) for n in (1, 2))
        product = stack.enter_context(serving("tests.benchmarks.product:app", environ, "/en/partners"))
        pages = {
            "hello": Page(stack.enter_context(serving("tests.benchmarks.hello:app", environ)), "/"),
            "raw": Page(stack.enter_context(serving("tests.benchmarks.raw_page:app", environ)), "/partners"),
            "earnings": Page(product, _page(2), (few,)),
            "earnings of many": Page(product, _page(1), (many,)),
        }
        report.heading(f"Earnings page, signed in, 25 of {FEW:,} and of {MANY:,} commissions")
        medians = measure(pages, rounds=rounds, seconds=seconds)
        table(medians)
        with app.app_context():
            db.engine.dispose()
    large, small = medians["earnings of many"].cpu_ms, medians["earnings"].cpu_ms
    return report.tell(
        Ratio("earnings: CPU to the raw page", over(large, medians["raw"].cpu_ms), None),
        Ratio(f"earnings: CPU to {FEW:,} commissions", over(large, small), None),
    )


def _page(organisation: int) -> str:
    return f"/en/o/o{organisation:025d}/affiliate"


def _fill(app: Flask) -> None:
    now = clock.now()
    with app.app_context(), unchecked() as connection:
        begin, day = moment_of(now - timedelta(days=400)), clock.day_of(now)
        moment = MOMENT[connection.dialect.name].format(step=300)
        values = {
            "now": begin, "start": begin, "day": day, "few": FEW, "payer": 1, "first": 0,
            "waited": day - timedelta(days=99), "before": day - timedelta(days=90),
            "confirmed": day - timedelta(days=10),
        }  # fmt: skip
        for statement, count in (
            (ACCOUNTS, 2), (WON, 2), (COMMISSIONS, MANY + FEW), (history.ORDERS, MANY + FEW),
        ):  # fmt: skip
            text = statement.format(numbers=NUMBERS, moment=moment, lines=1)
            connection.execute(sa.text(text), {**values, "count": count})
        connection.execute(sa.text("UPDATE affiliate_accounts SET moves = 1"))
