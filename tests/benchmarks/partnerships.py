"""A client with 2,000 products and a partner with 5,000 clients, beside the hand-written page of 25 rows.

The access editor shows 25 products; its fragment is the save bar after a box was ticked. A save is measured
in one process, beside the bare statements that such a change needs at least, committed alike.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from tests.benchmarks import data, report
from tests.benchmarks.pages import Page, measure, table
from tests.benchmarks.report import Ratio, middle, over
from tests.benchmarks.serving import serving
from webapp import clock
from webapp.accounts.models import User
from webapp.extensions import db
from webapp.partnerships import actions, queries
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import NOTHING, Rights, Terms
from webapp.products.models import Product

PRODUCTS, CLIENTS = 2_000, 5_000
EDITOR = f"/en/o/o{data.CLIENT:025d}/partners/{data.public_id('s', data.CLIENT)}"
MANAGED = f"/en/o/o{1:025d}/clients"
BARE = (
    "UPDATE product_grants SET ended_at = :now WHERE product_id = :product AND ended_at IS NULL",
    "INSERT INTO product_grants (partnership_id, product_id, client_id, technical, statistical, granted_at)"
    " VALUES (:client, :product, :client, TRUE, FALSE, :now)",
    "UPDATE partnerships SET version = version + 1, changed_at = :now WHERE id = :client",
)
SAVES = 40  # of one round


def run(kind: str, folder: Path, *, rounds: int, seconds: float) -> list[Ratio]:
    """Editor, save bar, list of clients, and a save."""
    with data.databases(kind, folder) as address, ExitStack() as stack:
        environ = data.environment(address("clients"), folder)
        app = data.portal(environ)
        data.add_partners(app, 1_000)
        data.add_clients(app, CLIENTS, partner_id=1, products=PRODUCTS)
        client = data.signed_in_cookie(app, data.CLIENT, EDITOR)
        partner = data.signed_in_cookie(app, 1, MANAGED)
        data.settle(app)
        raw = stack.enter_context(serving("tests.benchmarks.raw_page:app", environ))
        product = stack.enter_context(serving("tests.benchmarks.product:app", environ, "/en/partners"))
        report.heading(f"Access editor of {PRODUCTS:,} products, list of {CLIENTS:,} clients")
        medians = measure(
            {
                "hello": Page(stack.enter_context(serving("tests.benchmarks.hello:app", environ)), "/"),
                "raw": Page(raw, "/partners"),
                "access editor": Page(product, EDITOR, (client,)),
                "save bar": _save_bar(app, Page(product, EDITOR, (client,))),
                "managed clients": Page(product, MANAGED, (partner,)),
            },
            rounds=rounds,
            seconds=seconds,
        )
        table(medians)
        cpu = {name: over(found.cpu_ms, medians["raw"].cpu_ms) for name, found in medians.items()}
        report.line(f"one save: {_save(app, rounds):.1f} × the bare statements that it needs at least")
        return report.tell(
            Ratio("access editor: CPU to the raw page", cpu["access editor"], 2.0),
            Ratio("save bar: CPU to the raw page", cpu["save bar"], 1.0),
            Ratio("managed clients: CPU to the raw page", cpu["managed clients"], 2.0),
        )


def _save_bar(app: Flask, editor: Page) -> Page:
    """What HTMX posts after a tick: the form as the page shows it, with the first box turned."""
    name, _equals, value = editor.headers[0].removeprefix("Cookie: ").partition("=")
    visitor = app.test_client()
    visitor.set_cookie(name, value, domain="127.0.0.1")
    page = visitor.get(editor.path, base_url=app.config["SETTINGS"].base_url).get_data(as_text=True)
    form = re.search(r'<form[^>]* hx-post="([^"]+)".*?</form>', page, re.DOTALL)
    assert form is not None
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    boxes = re.findall(r'<input type="checkbox" [^>]*name="(\w+)" value="(\w+)" checked', form[0])
    body = "&".join(f"{key}={text}" for key, text in [*fields, ("access", "limited"), *boxes[1:]])
    headers = (*editor.headers, "HX-Request: true", f"Origin: http://127.0.0.1:{editor.server.port}")
    return editor._replace(path=form[1].replace("&amp;", "&"), headers=headers, body=body)


def _save(app: Flask, rounds: int) -> float:
    """A right taken and given again, through the action and by bare statements: the ratio of the times."""
    ours: list[float | None] = []
    bare: list[float | None] = []
    with app.app_context():
        person = db.session.get_one(User, data.CLIENT)
        partnership = db.session.get_one(Partnership, data.CLIENT)
        chosen = db.session.get_one(Product, 1).id
        for _ in range(rounds):
            db.session.refresh(partnership)  # the bare statements have changed it
            ours.append(_timed(lambda n: _change(partnership, chosen, person, n)))
            bare.append(_timed(lambda n: _change_barely(chosen)))
    return over(middle(ours), middle(bare)) or 0.0


def _timed(act: Callable[[int], None]) -> float:
    began = time.perf_counter()
    for n in range(SAVES):
        act(n)
    return time.perf_counter() - began


def _change(partnership: Partnership, product: int, person: User, n: int) -> None:
    picked = {**queries.granted(partnership), product: Rights(technical=True, statistical=n % 2 == 0)}
    actions.change_access(
        partnership,
        Terms(partnership.access),
        picked,
        version=partnership.version,
        by=person,
        now=clock.now(),
    )
    assert picked[product] != NOTHING


def _change_barely(product: int) -> None:
    with data.write_connection() as connection:
        for statement in BARE:
            connection.execute(
                sa.text(statement), {"now": clock.now(), "product": product, "client": data.CLIENT}
            )
