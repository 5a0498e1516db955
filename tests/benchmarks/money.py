"""Invoices, drawn in one process as a web worker draws them.

An invoice is loaded from the database and made a PDF with its codes and its Factur-X inside, beside the bare
drawing of the same page by typst, from data that lie ready.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flask import Flask

from tests.benchmarks import data, report
from tests.benchmarks.report import Ratio, middle, over
from tests.factories import make_order, make_organisation, make_plan
from webapp.demo.settings import PROGRAMME
from webapp.extensions import db
from webapp.invoices import electronic, paper
from webapp.invoices.documents import document_of
from webapp.invoices.rules import Document
from webapp.orders import queries
from webapp.orders.quotes import Wanted

DRAWN = 20  # of one round
LINES = {"two lines": 2, "fifty lines": 50}


def run(kind: str, folder: Path, *, rounds: int, only: str) -> list[Ratio]:
    """PDF and XML per second."""
    with data.databases(kind, folder) as address:
        environ = data.environment(address("money"), folder, PROGRAMME_FILE=str(PROGRAMME))
        app = data.portal(environ)
        found: list[Ratio] = []
        if only in ("", "invoices"):
            found += _invoices(app, rounds)
        return found


def _invoices(app: Flask, rounds: int) -> list[Ratio]:
    report.heading("Invoices: PDF with its codes and EN 16931 inside")
    found = []
    with app.app_context():
        plan = make_plan()
        for currency, country in (("CHF", "CH"), ("EUR", "DE")):
            payer = make_organisation(country=country)
            for size, count in LINES.items():
                order = make_order(payer, *[Wanted(plan, f"shop-{n}.example", 2) for n in range(count)])
                ratio = _drawn(f"{currency}, {size}", order.invoice.public_id, rounds)
                found.append(Ratio(f"invoice in {currency}, {size}: CPU to the bare drawing", ratio, 3.0))
    return report.tell(*found)


def _drawn(name: str, public_id: str, rounds: int) -> float | None:
    """Prints how many a second there are; the ratio of all of it to the drawing alone."""

    def document(n: int) -> Document:
        db.session.expire_all()
        invoice = queries.any_invoice(public_id)
        assert invoice
        return replace(document_of(invoice), number=f"2026-{n:05d}")  # typst remembers what it drew before

    def bare_drawing(n: int) -> None:
        paper.draw(*ready[n])

    ready = [(paper.content(document(n)), document(n).issued_on) for n in range(DRAWN)]
    whole: list[float | None] = []
    bare: list[float | None] = []
    machines: list[float | None] = []
    for _ in range(rounds):
        bare.append(_seconds(bare_drawing))
        whole.append(_seconds(lambda n: paper.pdf(document(n))))
        machines.append(_seconds(lambda n: electronic.xml(document(n))))
    all_of_it, xml = middle(whole) or 1.0, middle(machines) or 1.0
    report.line(f"{name}: {1 / all_of_it:.0f} PDF, {1 / xml:.0f} XML a second of processor time")
    return over(all_of_it, middle(bare))


def _seconds(act: Callable[[int], object]) -> float:
    """Processor time of one, each another document; typst has forgotten those of the round before."""
    began = time.process_time()
    for n in range(DRAWN):
        act(n)
    return (time.process_time() - began) / DRAWN
