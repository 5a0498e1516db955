"""Pages of an organisation's invoices, for who pays and nobody else (RULES M5). The operator's are in `desk`."""

from __future__ import annotations

from flask import Blueprint, Response, request

from webapp import clock
from webapp.accounts.access import member
from webapp.accounts.queries import Member
from webapp.found import found
from webapp.htmx import page_number, render
from webapp.i18n import current_language
from webapp.invoices import exchange, labels, queries
from webapp.invoices.forms import read_year
from webapp.orders import queries as orders
from webapp.orders.rules import MANAGES_MONEY

blueprint = Blueprint("invoices", __name__)
for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


@blueprint.get("/o/<org>/invoices")
@member(MANAGES_MONEY)
def index(membership: Member) -> Response:
    """The invoices and credit notes that the organisation pays, by year, with their sums."""
    years = queries.years_of(membership.organisation)
    year = read_year(request.args, years)
    return render(
        "invoices/index.html",
        membership=membership, years=years, year=year, today=orders.today(clock.now()),
        part=queries.invoices_of(membership.organisation, year, page=page_number(request.args)),
        sums=queries.sums_of(membership.organisation, year),
    )  # fmt: skip


@blueprint.get("/o/<org>/invoices/<invoice>", endpoint="show")
@member(MANAGES_MONEY)
def show_invoice(membership: Member, invoice: str) -> Response:
    """All that the document says, each price explained, and how to pay what is still missing."""
    it = found(orders.invoice_of(membership.organisation, invoice))
    return render(
        "invoices/show.html",
        membership=membership, invoice=it, document=exchange.shown(it, current_language()),
        today=orders.today(clock.now()),
    )  # fmt: skip


@blueprint.get("/o/<org>/invoices/<invoice>.pdf")
@member(MANAGES_MONEY)
def document(membership: Member, invoice: str) -> Response:
    """The document for people."""
    return exchange.download(found(orders.invoice_of(membership.organisation, invoice)), "pdf")


@blueprint.get("/o/<org>/invoices/<invoice>.xml")
@member(MANAGES_MONEY)
def electronic(membership: Member, invoice: str) -> Response:
    """The document for machines."""
    return exchange.download(found(orders.invoice_of(membership.organisation, invoice)), "xml")
