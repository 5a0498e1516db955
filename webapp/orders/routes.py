"""Pages of an organisation's orders. The operator's are in `desk`, on the same blueprint."""

from __future__ import annotations

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts.access import member, person
from webapp.accounts.queries import Member
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, page_number, render, show
from webapp.i18n import gettext as _
from webapp.orders import actions, labels, queries, rules
from webapp.orders.forms import read_standing
from webapp.orders.models import Order
from webapp.programme import programme
from webapp.references import spaced

blueprint = Blueprint("orders", __name__)
blueprint.add_app_template_global(programme, "programme_policy")
blueprint.add_app_template_filter(spaced, "spaced_reference")
for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


@blueprint.get("/who-earns")
def who_earns() -> Response:
    """Who pays which price, and who earns: the table behind each price (RULES M4)."""
    return render("orders/who_earns.html", cases=labels.CASES)


@blueprint.get("/o/<org>/orders")
@member(rules.MANAGES_MONEY)
def index(membership: Member) -> Response:
    """The orders that the organisation pays for, and those that are for it (RULES O8)."""
    standing = read_standing(request.args)
    return render(
        "orders/index.html",
        membership=membership, standing=standing, standings=labels.STANDINGS,
        part=queries.orders_of(membership.organisation, standing, page=page_number(request.args)),
        today=queries.today(clock.now()),
    )  # fmt: skip


@blueprint.get("/o/<org>/orders/<order>", endpoint="show")
@member(rules.MANAGES_MONEY)
def show_order(membership: Member, order: str) -> Response:
    """An order; all that is about money for its payer alone (RULES M5)."""
    it = found(queries.order_of(membership.organisation, order))
    pays = it.payer_id == membership.organisation_id
    return render(
        "orders/show.html",
        membership=membership, order=it, pays=pays, made=queries.products_made(it),
        movements=queries.movements_of(it) if pays else [],
        seller=programme().seller, today=queries.today(clock.now()),
    )  # fmt: skip


def _own(membership: Member, public_id: str) -> Order | None:
    """The order, if the organisation pays for it."""
    it = queries.order_of(membership.organisation, public_id)
    return it if it and it.payer_id == membership.organisation_id else None


@blueprint.route("/o/<org>/orders/<order>/cancellation", methods=["GET", "POST"])
@member(rules.MANAGES_MONEY)
def cancel_unpaid(membership: Member, order: str) -> AnyResponse:
    """Asks once, then takes back an order that is not paid (RULES M6)."""
    it = found(_own(membership, order))
    if it.paid_at or it.cancelled_at:
        raise rules.AlreadyCancelled() if it.cancelled_at else rules.NotOpen()
    form = ConfirmForm()
    if not form.validate_on_submit():
        return show("orders/cancel_unpaid.html", form, membership=membership, order=it)
    actions.cancel_unpaid(it, organisation=membership.organisation, by=person(), now=clock.now())
    flash(_("Order %(number)s is cancelled.", number=it.number))
    return go(url_for("orders.show", org=membership.org.public_id, order=it.public_id))
