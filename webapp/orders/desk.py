"""The operator's pages of all orders: what was booked, cancelling and refunding. On the feature's blueprint."""

from __future__ import annotations

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, drafts
from webapp.accounts.access import operator, person
from webapp.drafts import Draft
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, page_number, render, show
from webapp.i18n import gettext as _
from webapp.i18n import tell
from webapp.orders import actions, labels, queries, rules
from webapp.orders.forms import CancellationForm, RefundForm, read_shown, refunded_amounts
from webapp.orders.models import Order
from webapp.orders.routes import blueprint
from webapp.products.forms import read_search
from webapp.refused import Refused

__all__ = ["blueprint"]


@blueprint.get("/admin/orders")
@operator
def desk() -> Response:
    """All orders, searched, by what is missing on them."""
    search, shown = read_search(request.args), read_shown(request.args)
    today = queries.today(clock.now())
    return render(
        "orders/desk.html",
        part=queries.all_orders(search, shown, today=today, page=page_number(request.args)),
        search=search, shown=shown, choices=labels.SHOWN, today=today,
    )  # fmt: skip


@blueprint.get("/admin/orders/<order>")
@operator
def on_desk(order: str) -> Response:
    """Everything about an order: what was booked, who earns on it, and the buttons that change it."""
    it = found(queries.any_order(order))
    return render(
        "orders/on_desk.html",
        order=it, made=queries.products_made(it), earners=queries.earners_of(it),
        transfers=queries.transfers_of(it), today=queries.today(clock.now()),
    )  # fmt: skip


def _to(order: Order) -> AnyResponse:
    return go(url_for("orders.on_desk", order=order.public_id))


def _standing(public_id: str) -> Order:
    """The order, unless it is cancelled: then nothing of it can be changed."""
    it = found(queries.any_order(public_id))
    if it.cancelled_at:
        raise rules.AlreadyCancelled()
    return it


@blueprint.route("/admin/orders/<order>/cancellation", methods=["GET", "POST"])
@operator
def cancel(order: str) -> AnyResponse:
    """Asks for the reason, then cancels the whole order (RULES M6)."""
    it = _standing(order)
    form = CancellationForm()
    if form.validate_on_submit():
        try:
            actions.cancel(it, reason=form.reason.data, by=person(), now=clock.now())
            flash(_("Order %(number)s is cancelled.", number=it.number))
            return _to(it)
        except Refused as refusal:
            form.refuse(refusal)
    return show("orders/cancel.html", form, order=it)


@blueprint.route("/admin/orders/<order>/refund", methods=["GET", "POST"])
@operator
def refund(order: str) -> AnyResponse:
    """How much of each line is refunded; nothing is done before it was checked (RULES M11)."""
    it = _standing(order)
    form = RefundForm.of(it)
    if form.validate_on_submit():
        key = drafts.new_key()
        drafts.save("refund", key, form.as_data(it), now=clock.now())
        return go(url_for("orders.check_refund", order=it.public_id, draft=key))
    return show("orders/refund.html", form, order=it)


def _checked(order: Order, key: str) -> Draft:
    """The draft of this order's refund."""
    draft = found(drafts.find("refund", key, now=clock.now()))
    return found(draft if draft.data["order"] == order.public_id else None)


@blueprint.route("/admin/orders/<order>/refund/<draft>", methods=["GET", "POST"])
@operator
def check_refund(order: str, draft: str) -> AnyResponse:
    """What the refund means, and the button that does it; a second press does nothing more."""
    it = found(queries.any_order(order))
    kept = _checked(it, draft)
    form = ConfirmForm()
    if kept.finished_at:
        flash(_("This refund was booked already."))
        return _to(it)
    if kept.data["credited"] != it.credited:
        return _once_more(it)
    if form.validate_on_submit():
        return _refund(it, kept, form)
    return _check_page(it, kept, form)


def _once_more(order: Order) -> AnyResponse:
    """What was typed does not fit any more what is left of the order."""
    flash(tell(rules.RefundedMeanwhile()), "error")
    return go(url_for("orders.refund", order=order.public_id))


def _refund(order: Order, kept: Draft, form: ConfirmForm) -> AnyResponse:
    try:
        done = actions.refund(order, kept, by=person(), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return _check_page(order, kept, form)
    flash(_("The refund is booked.") if done else _("This refund was booked already."))
    return _to(order)


def _check_page(order: Order, kept: Draft, form: ConfirmForm) -> Response:
    possible = queries.Refund(order, refunded_amounts(order, kept.data))
    return show(
        "orders/check_refund.html", form,
        order=order, refund=possible, reason=kept.data["reason"], earners=queries.earners_of(order),
    )  # fmt: skip
