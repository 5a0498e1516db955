"""A call for tenders that concerns 10,000 partners: queueing its mails, and delivering them.

Confirming is measured beside the bare statement that its mails need: `INSERT … SELECT` of as many rows
into the same table, committed on the same connection settings. The product also writes who the call went
to, the audit event and the call itself. Delivery is the worker's Postman beside smtplib with messages
that lie ready, each over one connection to the same server; the Postman also writes the messages and
marks every single one as sent.
"""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from flask import Flask

from tests.benchmarks import data, report
from tests.benchmarks.report import Ratio, middle, over
from tests.benchmarks.serving import ROOT, free_port
from webapp import clock
from webapp.database import hurry, writing
from webapp.extensions import db
from webapp.mailer import QueuedMail
from webapp.postman import Postman
from webapp.tenders import actions, queries
from webapp.transport import transport

PARTNERS, CONCERNED = 20_000, 10_000
MOST_ROUNDS_OF_THE_POSTMAN = 10_000
BARE = """
    INSERT INTO queued_mails
        (kind, about, address, name, language, region, stop, dedupe, queued_at, due_at, attempts)
    SELECT 'bare', :about, email, name, language, region, 'tenders:' || public_id, :dedupe || id,
           CAST(:now AS {moment}), CAST(:now AS {moment}), 0
    FROM users WHERE id <= :count
"""


@contextmanager
def sink() -> Iterator[int]:
    """The port of a mail server that takes everything."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.sink", str(port)], cwd=ROOT, stdin=-1)
    try:
        for _ in range(200):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield port
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()


def run(kind: str, folder: Path, *, rounds: int, only: str) -> list[Ratio]:
    """Confirms and delivers, `rounds` times, in turn with the bare ones."""
    with data.databases(kind, folder) as address, sink() as port:
        environ = data.environment(address("mails"), folder, MAIL_URL=f"smtp+plain://127.0.0.1:{port}")
        app = data.portal(environ)
        data.add_partners(app, PARTNERS, concerned=CONCERNED)
        for n in range(1, rounds + 2):
            data.add_unconfirmed_tender(app, n)
        data.settle(app)
        try:
            found = _confirm(app, rounds) if only in ("", "confirm") else []
            return found + (_deliver(app, port, rounds) if only in ("", "mail") else [])
        finally:
            with app.app_context():
                db.engine.dispose()


def _confirm(app: Flask, rounds: int) -> list[Ratio]:
    report.heading(f"Confirming a call that concerns {CONCERNED:,} of {PARTNERS:,} partners")
    bare: list[float | None] = []
    product: list[float | None] = []
    for n in range(1, rounds + 1):
        _forget_mails(app)
        bare.append(_bare_insert(app, n))
        _forget_mails(app)
        product.append(_confirmed(app, n))
    ratio = over(middle(product), middle(bare))
    report.line(
        f"bare INSERT … SELECT {middle(bare) or 0:.3f} s, actions.confirm {middle(product) or 0:.3f} s"
    )
    return report.tell(Ratio("confirm: time to the bare INSERT … SELECT", ratio, 3.0))


def _forget_mails(app: Flask) -> None:
    """Every round begins with an empty queue."""
    with app.app_context(), data.write_connection() as connection:
        connection.execute(sa.delete(QueuedMail))


def _bare_insert(app: Flask, n: int) -> float:
    with app.app_context():
        moment = "TEXT" if db.engine.dialect.name == "sqlite" else "timestamptz"
        statement = sa.text(BARE.format(moment=moment))
        now = clock.now().strftime("%Y-%m-%d %H:%M:%S.000000")
        values = {"about": n, "dedupe": f"bare:{n}:", "now": now, "count": CONCERNED}
        with db.engine.connect():  # a connection that is open already
            pass
        began = time.perf_counter()
        with data.write_connection() as connection:
            added = connection.execute(statement, values).rowcount
        lasted = time.perf_counter() - began
    assert added == CONCERNED, added
    return lasted


def _confirmed(app: Flask, n: int) -> float:
    with app.app_context():
        tender = queries.by_id(n)
        assert tender is not None
        db.session.commit()
        began = time.perf_counter()
        actions.confirm(tender, by=None, now=clock.now())
        lasted = time.perf_counter() - began
        queued = db.session.scalar(sa.select(sa.func.count()).where(QueuedMail.about == n)) or 0
    assert queued >= CONCERNED, queued
    return lasted


def _deliver(app: Flask, port: int, rounds: int) -> list[Ratio]:
    report.heading(f"Delivering the {CONCERNED:,} mails of a call over SMTP")
    with app.app_context():
        _confirmed_anew(app, rounds + 1)
        hurry(db.engine)  # as the worker does
        messages = _ready_messages(app)
    bare: list[Pace] = []
    product: list[Pace] = []
    for _ in range(rounds):
        bare.append(_sent_barely(port, messages))
        product.append(_sent_by_the_postman(app))
    for name, paces in (("smtplib, messages ready", bare), ("Postman", product)):
        rate, cpu = middle([pace.per_second for pace in paces]), middle([pace.cpu_us for pace in paces])
        report.line(f"{name:<24}{rate or 0:7.0f} mails/s {cpu or 0:7.0f} µs of the sender's CPU each")
    value = over(middle([pace.per_second for pace in product]), middle([pace.per_second for pace in bare]))
    return report.tell(Ratio("mail: mails per second to smtplib", value, 0.8, at_least=True))


class Pace(NamedTuple):
    """How fast mails left, and what each cost their sender."""

    per_second: float
    cpu_us: float


@contextmanager
def _timed(mails: int) -> Iterator[list[Pace]]:
    """Leaves the pace of so many mails in the list."""
    paces: list[Pace] = []
    began, cpu = time.perf_counter(), time.process_time()
    yield paces
    lasted, used = time.perf_counter() - began, time.process_time() - cpu
    paces.append(Pace(mails / lasted, used / mails * 1_000_000))


def _confirmed_anew(app: Flask, n: int) -> None:
    _forget_mails(app)
    _confirmed(app, n)


class _Catcher:
    """A way out that keeps what the Postman would send."""

    def __init__(self) -> None:
        self.caught: list[tuple[str, bytes]] = []

    def send(self, to: str, message: bytes) -> None:
        self.caught.append((to, message))

    def greet(self) -> None:
        pass

    def close(self) -> None:
        pass


def _ready_messages(app: Flask) -> list[tuple[str, bytes]]:
    """The same messages that the Postman sends, written beforehand."""
    catcher = _Catcher()
    postman = Postman(app, catcher)
    for _ in range(MOST_ROUNDS_OF_THE_POSTMAN):
        if not postman.round():
            break
    assert len(catcher.caught) >= CONCERNED
    return catcher.caught


def _sent_barely(port: int, messages: list[tuple[str, bytes]]) -> Pace:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as host:
        host.ehlo()
        with _timed(len(messages)) as pace:
            for to, message in messages:
                host.sendmail("partners@helvia.example", [to], message, mail_options=["BODY=8BITMIME"])
    return pace[0]


def _sent_by_the_postman(app: Flask) -> Pace:
    with app.app_context():
        again = sa.update(QueuedMail).values(sent_at=None, attempts=0)
        with data.write_connection() as connection:
            waiting = connection.execute(again).rowcount
        way_out = transport(app)
        postman = Postman(app, way_out)
        way_out.greet()
        with _timed(waiting) as pace:
            for _ in range(MOST_ROUNDS_OF_THE_POSTMAN):
                if not postman.round():
                    break
        way_out.close()
        sent = db.session.scalar(sa.select(sa.func.count()).where(QueuedMail.sent_at.is_not(None)))
        db.session.rollback()
    assert sent == waiting, (sent, waiting)
    assert not writing.get()
    return pace[0]
