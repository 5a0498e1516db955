"""A partner's revenue, price calculators, and orders as files."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts.access import member, person
from webapp.accounts.queries import Member
from webapp.directory import queries as directory
from webapp.directory.models import PartnerAccount
from webapp.found import found
from webapp.htmx import go, page_number, render
from webapp.i18n import gettext as _
from webapp.orders.rules import MANAGES_MONEY
from webapp.partnerships import queries as partnerships
from webapp.places import currency_of
from webapp.revenue import actions, exchange, labels, monthly, queries, rows
from webapp.revenue.forms import PriceForm, read_month, read_wanted
from webapp.text import slug

blueprint = Blueprint("revenue", __name__)
for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


def _partner(membership: Member) -> PartnerAccount:
    """The organisation's partner account; there is no such page for others."""
    return found(directory.account_of(membership.organisation))


# --- revenue ------------------------------------------------------------------------------------------------


@blueprint.get("/o/<org>/revenue")
@member(MANAGES_MONEY)
def index(membership: Member) -> Response:
    """The statement of a month: discount and cashback, per client, each line explained."""
    partner, now = _partner(membership), clock.now()
    months = monthly.months_of(partner, now=now)
    month = read_month(request.args, months)
    return render(
        "revenue/index.html",
        fragment="revenue/_statement.html",
        membership=membership, partner=partner, months=months,
        statement=monthly.statement(membership.organisation, month, now=now, page=page_number(request.args)),
    )  # fmt: skip


@blueprint.post("/o/<org>/revenue/mail")
@member(MANAGES_MONEY)
def statement_mail(membership: Member) -> AnyResponse:
    """Switches the mail about each month on or off."""
    wanted = request.form.get("mail") == "on"
    actions.set_statement_mail(_partner(membership), wanted, by=person(), now=clock.now())
    if wanted:
        flash(_("You get a statement by mail at the beginning of each month."))
    else:
        flash(_("You get no more statements by mail."))
    return go(url_for("revenue.index", org=membership.org.public_id))


@blueprint.get("/o/<org>/account/orders/<number>")
@member(MANAGES_MONEY)
def origin(membership: Member, number: str) -> AnyResponse:
    """Leads from an amount of the prepaid account to where it is explained: its order, or the month's statement."""
    org, order = membership.organisation, found(queries.origin(membership.organisation, number))
    if org.id in (order.payer_id, order.holder_id):
        return go(url_for("orders.show", org=org.public_id, order=order.public_id))
    return go(url_for("revenue.index", org=org.public_id, month=request.args.get("month")))


# --- files (RULES M9) ---------------------------------------------------------------------------------------


@blueprint.get("/o/<org>/revenue.csv")
@member(MANAGES_MONEY)
def revenue_file(membership: Member) -> Response:
    """Everything that the partner has earned on or paid for, or that of a month."""
    _partner(membership)
    wanted = read_wanted(request.args, today=clock.day_of(clock.now()), by_payment=True)
    return exchange.download("revenue", rows.of_revenue(membership.organisation), wanted)


@blueprint.get("/o/<org>/clients/<client>/billing.csv")
@member(MANAGES_MONEY)
def billing_file(membership: Member, client: str) -> Response:
    """What was ordered for a client while it had this partner (RULES C12, M10)."""
    partnership = found(partnerships.partners_partnership(membership, client))
    wanted = read_wanted(request.args, today=clock.day_of(clock.now()))
    name = f"billing-{slug(partnership.client.name)}"
    return exchange.download(name, rows.of_client(partnership), wanted)


@blueprint.get("/o/<org>/orders.csv")
@member(MANAGES_MONEY)
def orders_file(membership: Member) -> Response:
    """The organisation's own orders."""
    wanted = read_wanted(request.args, today=clock.day_of(clock.now()))
    return exchange.download("orders", rows.of_orders(membership.organisation), wanted)


# --- prices (RULES M1, M2) ----------------------------------------------------------------------------------


@blueprint.get("/prices")
def prices() -> Response:
    """What a plan costs anybody, with the sliding scale."""
    form = PriceForm(request.args, currency=currency_of(current_app.config["SETTINGS"].operator_country))
    return render("revenue/prices.html", fragment="revenue/_public_price.html", form=form, price=form.price())


@blueprint.get("/o/<org>/prices")
@member(MANAGES_MONEY)
def partner_prices(membership: Member) -> Response:
    """What a plan costs the partner, and what it brings where the client pays."""
    partner, organisation = _partner(membership), membership.organisation
    form = PriceForm(request.args, currency=organisation.currency)
    return render(
        "revenue/partner_prices.html",
        fragment="revenue/_partner_price.html",
        membership=membership, partner=partner, form=form, price=form.price(organisation),
    )  # fmt: skip
