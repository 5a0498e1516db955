"""The operator's pages of all invoices and credit notes. On the feature's blueprint."""

from __future__ import annotations

from flask import Response, request

from webapp import clock
from webapp.accounts.access import operator
from webapp.found import found
from webapp.htmx import page_number, render
from webapp.i18n import current_language
from webapp.invoices import exchange, labels, queries
from webapp.invoices.forms import read_kind, read_year
from webapp.invoices.routes import blueprint
from webapp.orders import queries as orders
from webapp.products.forms import read_search

__all__ = ["blueprint"]


@blueprint.get("/admin/invoices")
@operator
def desk() -> Response:
    """All of them, searched, by year and kind; and whether a number is missing."""
    numbers = queries.numbers()
    years = sorted({each.year for each in numbers}, reverse=True)
    search, year, kind = read_search(request.args), read_year(request.args, years), read_kind(request.args)
    return render(
        "invoices/desk.html",
        part=queries.all_invoices(search, year, kind, page=page_number(request.args)),
        search=search, year=year, kind=kind, years=years, kinds=labels.KINDS,
        numbers=numbers, today=orders.today(clock.now()),
    )  # fmt: skip


@blueprint.get("/admin/invoices/<invoice>")
@operator
def on_desk(invoice: str) -> Response:
    """What the document says, and what became of it."""
    it = found(orders.any_invoice(invoice))
    return render(
        "invoices/on_desk.html",
        invoice=it, document=exchange.shown(it, current_language()),
        today=orders.today(clock.now()),
    )  # fmt: skip


@blueprint.get("/admin/invoices/<invoice>.pdf")
@operator
def desk_document(invoice: str) -> Response:
    """The document for people, the payer's own."""
    return exchange.download(found(orders.any_invoice(invoice)), "pdf")


@blueprint.get("/admin/invoices/<invoice>.xml")
@operator
def desk_electronic(invoice: str) -> Response:
    """The document for machines, the payer's own."""
    return exchange.download(found(orders.any_invoice(invoice)), "xml")
