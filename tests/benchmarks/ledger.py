"""An account with a million transfers: its page, its file, and the proof of the whole ledger.

The page is shown beside the hand-written page of 25 partners and beside the page of an account with a
thousand transfers. Files come from the served product and are read as they come; their base is `csv.writer`
over a bare cursor, in one process. Proving is measured beside the sum of all entries by account.
"""

from __future__ import annotations

import csv
import http.client
import io
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from flask import Flask

from tests.benchmarks import data, history, report
from tests.benchmarks.pages import Page, measure, table
from tests.benchmarks.report import Ratio, middle, over
from tests.benchmarks.serving import Server, resident_megabytes, serving
from webapp.extensions import db
from webapp.ledger import proofs

PARTNERS, PAYER = 1_000, 1_000
MANY, FEW = 1_000_000, 1_000
SMALL_FILES = 5  # before each large one
CHUNK = 64 * 1024  # bytes
SAMPLE = 0.5  # seconds between two looks at the memory

ACCOUNT = """
    SELECT e.at, t.cause, t.reference, e.amount, e.balance, t.currency
    FROM entries e JOIN transfers t ON t.id = e.transfer_id WHERE e.account_id = 2 ORDER BY e.seq
"""
REVENUE = """
    SELECT o.paid_at, c.name AS client, o.number, i.number AS bill, l.label, l.plan_name, l.action, l.periods,
        l.quantity, l.public, l.discount, l.sliding, l.net, o.vat_rate, l.vat, o.currency, p.name, l.cashback,
        o.received, o.gross
    FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN organisations c ON c.id = o.holder_id
    JOIN organisations p ON p.id = o.payer_id JOIN invoices i ON i.order_id = o.id AND i.corrects_id IS NULL
    WHERE l.earner_id = 1 ORDER BY l.order_id, l.position
"""


def run(kind: str, folder: Path, *, rounds: int, seconds: float, only: str) -> list[Ratio]:
    """Page, proof and files; `only` names one of them."""
    with data.databases(kind, folder) as address, ExitStack() as stack:
        environ = data.environment(address("ledger"), folder)
        app = data.portal(environ)
        data.add_partners(app, PARTNERS)
        for organisation, count in ((1, MANY), (2, FEW)):
            history.add_transfers(app, organisation, count)
        data.settle(app)
        found = _proof(app, rounds) if only in ("", "check") else []
        if only == "check":
            return found
        many, few = (data.signed_in_cookie(app, n, _account(n)) for n in (1, 2))
        product = stack.enter_context(serving("tests.benchmarks.product:app", environ, "/en/partners"))
        if only in ("", "statement"):
            pages = {
                "hello": Page(stack.enter_context(serving("tests.benchmarks.hello:app", environ)), "/"),
                "raw": Page(
                    stack.enter_context(serving("tests.benchmarks.raw_page:app", environ)), "/partners"
                ),
                "statement": Page(product, _account(2), (few,)),
                "statement of many": Page(product, _account(1), (many,)),
            }
            found += _statement(pages, rounds, seconds)
        if only in ("", "csv"):
            history.add_plan(app)
            for organisation, count in ((1, MANY), (2, FEW)):
                history.add_orders(app, organisation, PAYER, count)
            data.settle(app)
            report.heading(f"Files of {MANY:,} rows")
            for name, bare in (("account", ACCOUNT), ("revenue", REVENUE)):
                found += _file(name, app, product, (many, few), bare, rounds)
        with app.app_context():
            db.engine.dispose()
        return found


def _account(organisation: int, page: str = "account") -> str:
    return f"/en/o/o{organisation:025d}/{page}"


def _statement(pages: dict[str, Page], rounds: int, seconds: float) -> list[Ratio]:
    report.heading(f"Statement of an account, signed in, 50 of {FEW:,} and of {MANY:,} transfers")
    medians = measure(pages, rounds=rounds, seconds=seconds)
    table(medians)
    few, many = medians["statement"].cpu_ms, medians["statement of many"].cpu_ms
    return report.tell(
        Ratio("statement: CPU to the raw page", over(many, medians["raw"].cpu_ms), 1.5),
        Ratio(f"statement: CPU to {FEW:,} transfers", over(many, few), 1.2),
    )


# --- the proof ----------------------------------------------------------------------------------------------


def _proof(app: Flask, rounds: int) -> list[Ratio]:
    report.heading(f"Proving a ledger of {MANY:,} transfers")
    whole: list[float | None] = []
    bare: list[float | None] = []
    with app.app_context():
        for _ in range(rounds):
            began = time.perf_counter()
            db.session.execute(
                sa.text("SELECT account_id, sum(amount) FROM entries GROUP BY account_id")
            ).all()
            summed = time.perf_counter()
            found = proofs.run()
            bare.append(summed - began)
            whole.append(time.perf_counter() - summed)
            db.session.rollback()
            assert not any(found.values()), found
    report.line(f"all proofs {middle(whole) or 0:.1f} s, the sums alone {middle(bare) or 0:.2f} s")
    return report.tell(
        Ratio("check: time to the sums of all accounts", over(middle(whole), middle(bare)), None)
    )


# --- files --------------------------------------------------------------------------------------------------


class Taken(NamedTuple):
    """A file as it came: when the first byte was here, when the last, its rows, and the server's peak memory."""

    first_ms: float
    seconds: float
    rows: int
    megabytes: float


def _file(
    name: str, app: Flask, product: Server, cookies: tuple[str, str], bare: str, rounds: int
) -> list[Ratio]:
    large, small = (
        lambda n=n, cookie=cookie: _take(product, _account(n, f"{name}.csv"), cookie)
        for n, cookie in zip((1, 2), cookies, strict=True)
    )
    for _ in range(2 * SMALL_FILES):  # both workers have opened all that they need
        small()
    at_rest = resident_megabytes(product.pid)
    first: list[float | None] = []
    ours: list[float | None] = []
    base: list[float | None] = []
    peak = 0.0
    for _ in range(rounds):
        quick = middle([small().first_ms for _ in range(SMALL_FILES)]) or 0.0
        taken = large()
        assert taken.rows >= MANY, taken
        first.append(taken.first_ms - quick)
        ours.append(taken.rows / taken.seconds)
        base.append(_barely(app, bare))
        peak = max(peak, taken.megabytes)
    report.line(f"{name}.csv: {middle(ours) or 0:,.0f} rows a second, bare {middle(base) or 0:,.0f}")
    growth = peak - at_rest if at_rest else None
    return report.tell(
        Ratio(f"{name}.csv: first byte, after that of {FEW:,} rows", middle(first), 100, unit="ms"),
        Ratio(
            f"{name}.csv: rows/s to csv.writer over a cursor",
            over(middle(ours), middle(base)),
            0.5,
            at_least=True,
        ),
        Ratio(f"{name}.csv: growth of the server's memory", growth, 20, unit="MB"),
    )


def _take(server: Server, path: str, cookie: str) -> Taken:
    name, _, value = cookie.partition(": ")
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        began = time.perf_counter()
        connection.request("GET", path, headers={name: value, "Accept-Encoding": "identity"})
        answer = connection.getresponse()
        part = answer.read(1)
        first = looked = time.perf_counter()
        rows, peak = -1, 0.0  # the first line names the columns
        while part:
            rows += part.count(b"\n")
            if time.perf_counter() - looked > SAMPLE:
                looked = time.perf_counter()
                peak = max(peak, resident_megabytes(server.pid) or 0.0)
            part = answer.read(CHUNK)
        assert answer.status == 200, answer.status
        return Taken((first - began) * 1000, time.perf_counter() - began, rows, peak)


def _barely(app: Flask, query: str) -> float:
    """Rows a second, written as the driver gives them, in pieces of the same size as the product's."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    rows = 0
    with app.app_context(), closing(db.engine.raw_connection()) as connection:
        began = time.perf_counter()
        cursor = connection.cursor()
        cursor.execute(query)
        for row in cursor:
            writer.writerow(row)
            rows += 1
            if text.tell() >= CHUNK:
                text.getvalue().encode()
                text.seek(0)
                text.truncate()
        return rows / (time.perf_counter() - began)
