"""The operator's pages: transfers that came in, and withdrawals to be paid out. On the feature's blueprint."""

from __future__ import annotations

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, drafts, uploads
from webapp.accounts.access import operator, person
from webapp.drafts import Draft
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, page_number, render, show
from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.orders import queries as orders
from webapp.orders.models import Order
from webapp.orders.rules import Method
from webapp.payments import actions, labels, queries, rules, statements
from webapp.payments.forms import (
    BookForm,
    PaymentForm,
    RefusalForm,
    StatementForm,
    payment_of,
    read_transfer_state,
    read_withdrawal_state,
)
from webapp.payments.models import IncomingTransfer, Withdrawal
from webapp.payments.queries import Payment
from webapp.payments.routes import blueprint
from webapp.payments.rules import Assigned, Decided, TransferState
from webapp.products.forms import read_search
from webapp.refused import Refused

__all__ = ["blueprint"]

SHOWN = 200  # transfers of a file that the check page lists


# --- transfers ----------------------------------------------------------------------------------------------


@blueprint.get("/admin/payments")
@operator
def desk() -> Response:
    """Money that came in, above all what waits to be assigned."""
    search, state = read_search(request.args), read_transfer_state(request.args)
    return render(
        "payments/desk.html",
        part=queries.transfers(search, state, page=page_number(request.args)),
        search=search, state=state, choices=labels.TRANSFERS, waiting=queries.waiting_transfers(),
    )  # fmt: skip


@blueprint.get("/admin/payments/<transfer>")
@operator
def transfer(transfer: str) -> Response:
    """One transfer; while it waits, with what it could be for."""
    it = found(queries.transfer(transfer))
    search = read_search(request.args) if "q" in request.args else it.debtor_name
    waits = it.state is TransferState.WAITING
    return render(
        "payments/transfer.html",
        transfer=it, search=search,
        orders=queries.orders_for(it, search) if waits else [],
        organisations=queries.organisations_named(search) if waits else [],
    )  # fmt: skip


def _waiting(public_id: str) -> IncomingTransfer:
    it = found(queries.transfer(public_id))
    if it.state is not TransferState.WAITING:
        raise Assigned()
    return it


def _to_list(sentence: str) -> AnyResponse:
    flash(sentence)
    return go(url_for("payments.desk"))


@blueprint.route("/admin/payments/<transfer>/order/<order>", methods=["GET", "POST"])
@operator
def assign_order(transfer: str, order: str) -> AnyResponse:
    """What it means that the transfer pays this order, and the button that books it."""
    it, row = _waiting(transfer), found(orders.any_order(order))
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            actions.assign_to_order(it, row, by=person(), now=clock.now())
            return _to_list(_("The transfer is booked for order %(number)s.", number=row.number))
        except Refused as refusal:
            form.refuse(refusal)
    return show("payments/assign_order.html", form, transfer=it, payment=Payment(row, it.money))


@blueprint.route("/admin/payments/<transfer>/account/<organisation>", methods=["GET", "POST"])
@operator
def assign_account(transfer: str, organisation: str) -> AnyResponse:
    """Asks once, then the transfer is on this organisation's prepaid account."""
    it, owner = _waiting(transfer), found(queries.organisation(organisation))
    form = ConfirmForm()
    if form.validate_on_submit():
        actions.assign_to_account(it, owner, by=person(), now=clock.now())
        return _to_list(
            _("The transfer is on the prepaid account of %(organisation)s.", organisation=owner.name)
        )
    return show("payments/assign_account.html", form, transfer=it, organisation=owner)


@blueprint.route("/admin/payments/<transfer>/return", methods=["GET", "POST"])
@operator
def send_back(transfer: str) -> AnyResponse:
    """Asks once, then notes that the operator has sent the money back."""
    it = _waiting(transfer)
    form = ConfirmForm()
    if form.validate_on_submit():
        actions.send_back(it, by=person(), now=clock.now())
        return _to_list(_("The transfer is noted as sent back."))
    return show("payments/send_back.html", form, transfer=it)


# --- a bank's statement -------------------------------------------------------------------------------------


@blueprint.route("/admin/payments/import", methods=["GET", "POST"])
@uploads.takes_files
@operator
def import_statement() -> AnyResponse:
    """Reads a file; nothing is done before it was seen what for."""
    form = StatementForm()
    if form.validate_on_submit():
        key = actions.keep_statement(form.content, by=person(), now=clock.now())
        return go(url_for("payments.check_statement", draft=key))
    return show("payments/import.html", form)


@blueprint.route("/admin/payments/import/<draft>", methods=["GET", "POST"])
@operator
def check_statement(draft: str) -> AnyResponse:
    """What the file brings, and the button that books it."""
    kept = found(drafts.find("statement", draft, now=clock.now()))
    content = queries.kept_file(kept)
    if kept.finished_at or content is None:
        return _to_list(_("This file was imported already."))
    statement = statements.read(content)
    form = ConfirmForm()
    if form.validate_on_submit():
        return _to_list(_said(actions.import_draft(kept, statement, by=person(), now=clock.now())))
    expected = queries.expected(statement)
    return show("payments/check_statement.html", form, statement=statement, expected=expected, most=SHOWN)


def _said(done: actions.Imported | None) -> str:
    if done is None:
        return _("This file was imported already.")
    booked = ngettext("%(num)s transfer was booked.", "%(num)s transfers were booked.", done.new)
    waiting = ngettext(
        "%(num)s of them waits to be assigned.", "%(num)s of them wait to be assigned.", done.unassigned
    )
    return f"{booked} {waiting}" if done.unassigned else booked


# --- a payment by hand --------------------------------------------------------------------------------------


def _payable(public_id: str) -> Order:
    """An order that can be paid by transfer."""
    order = found(orders.any_order(public_id))
    if order.method is Method.OUTSIDE:
        raise rules.PaidInShop()
    return order


def _of(order: Order, key: str) -> Draft:
    kept = found(drafts.find("payment", key, now=clock.now()))
    return found(kept if kept.data["order"] == order.public_id else None)


@blueprint.route("/admin/orders/<order>/payments/new", methods=["GET", "POST"])
@blueprint.route(
    "/admin/orders/<order>/payments/new/<draft>", methods=["GET", "POST"], endpoint="change_payment"
)
@operator
def new_payment(order: str, draft: str | None = None) -> AnyResponse:
    """A transfer for this order that came in; nothing is booked before it was checked."""
    it = _payable(order)
    typed = _of(it, draft).data if draft else None
    form = PaymentForm(it, today=orders.today(clock.now()), typed=typed)
    if form.validate_on_submit():
        key = draft or drafts.new_key()
        drafts.save("payment", key, form.as_data(), now=clock.now())
        return go(url_for("payments.check_payment", order=it.public_id, draft=key))
    return show("payments/new_payment.html", form, order=it)


@blueprint.route("/admin/orders/<order>/payments/new/<draft>/check", methods=["GET", "POST"])
@operator
def check_payment(order: str, draft: str) -> AnyResponse:
    """What the payment means, and the button that books it; a second press books nothing more."""
    it = _payable(order)
    amount, day = payment_of(it, _of(it, draft).data)
    form = BookForm(amount, day)
    done = queries.by_bank_id(rules.by_hand(draft))
    if not done and form.validate_on_submit():
        done = actions.book_payment(it, amount, booked_on=day, key=draft, by=person(), now=clock.now())
    if done:
        flash(_("The payment is booked."))
        return go(url_for("orders.on_desk", order=it.public_id))
    return show("payments/check_payment.html", form, payment=Payment(it, amount), day=day, draft=draft)


# --- withdrawals --------------------------------------------------------------------------------------------


@blueprint.get("/admin/withdrawals")
@operator
def withdrawal_desk() -> Response:
    """Withdrawals: those that wait, oldest first, with where they go."""
    state = read_withdrawal_state(request.args)
    part = queries.withdrawals(state, page=page_number(request.args))
    return render("payments/withdrawal_desk.html", part=part, state=state, choices=labels.WITHDRAWALS)


@blueprint.get("/admin/withdrawals/<withdrawal>")
@operator
def withdrawal(withdrawal: str) -> Response:
    """One withdrawal, with what the bank needs; while it waits, with the buttons that decide."""
    return render("payments/withdrawal.html", withdrawal=found(queries.withdrawal(withdrawal)))


def _to_withdrawals(sentence: str) -> AnyResponse:
    flash(sentence)
    return go(url_for("payments.withdrawal_desk"))


@blueprint.post("/admin/withdrawals/<withdrawal>/payout")
@operator
def pay_out(withdrawal: str) -> AnyResponse:
    """Notes that the operator has paid it out."""
    it: Withdrawal = found(queries.withdrawal(withdrawal))
    actions.pay_withdrawal(it, by=person(), now=clock.now())
    return _to_withdrawals(
        _("The withdrawal of %(organisation)s is noted as paid out.", organisation=it.organisation.name)
    )


@blueprint.route("/admin/withdrawals/<withdrawal>/refusal", methods=["GET", "POST"])
@operator
def refuse(withdrawal: str) -> AnyResponse:
    """Asks for the reason, then gives the money back."""
    it: Withdrawal = found(queries.withdrawal(withdrawal))
    if not it.waiting:
        raise Decided()
    form = RefusalForm()
    if form.validate_on_submit():
        actions.refuse_withdrawal(it, reason=form.reason.data, by=person(), now=clock.now())
        return _to_withdrawals(
            _("The withdrawal of %(organisation)s is refused.", organisation=it.organisation.name)
        )
    return show("payments/refuse.html", form, withdrawal=it)
