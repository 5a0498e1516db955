"""The operator's pages of payouts: runs, their files, and what became of each payout. On the feature's blueprint."""

from __future__ import annotations

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts.access import operator, person
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, page_number, render, show
from webapp.i18n import gettext as _
from webapp.payouts import actions, exchange, labels, queries
from webapp.payouts.forms import ReturnForm, read_state
from webapp.payouts.models import PayoutRun
from webapp.payouts.queries import Total
from webapp.payouts.routes import blueprint
from webapp.payouts.rules import Executed, Kind, NothingToReturn, RunState, StillFilled
from webapp.refused import Refused

__all__ = ["blueprint"]


@blueprint.get("/admin/payouts")
@operator
def desk() -> Response:
    """The runs, newest first, with what each pays."""
    page = page_number(request.args)
    rows, more = queries.runs(page=page)
    return render("payouts/desk.html", rows=rows, page=page, more=more)


@blueprint.get("/admin/payouts/<run>")
@operator
def run(run: str) -> Response:
    """One run: its totals, its files, and each payout."""
    it, state = found(queries.run(run)), read_state(request.args)
    return render(
        "payouts/run.html",
        row=queries.with_totals(it), state=state, choices=labels.STATES, can_pay=exchange.can_pay(it),
        paypal_files=exchange.paypal_files,
        part=queries.payouts_in(it, state, page=page_number(request.args)),
    )  # fmt: skip


def _total(run: PayoutRun, kind: Kind) -> Total:
    """What of a sealed run goes this way; a file of nothing is none."""
    if run.state is RunState.FILLING:
        raise StillFilled()
    totals = queries.with_totals(run).totals
    return found(next((each for each in totals if each.kind is kind and each.sent), None))


@blueprint.get("/admin/payouts/<run>/transfers.xml")
@operator
def transfers(run: str) -> Response:
    """The bank's file."""
    it: PayoutRun = found(queries.run(run))
    total = _total(it, Kind.IBAN)
    return exchange.transfers(it, found(total if exchange.can_pay(it) else None))


@blueprint.get("/admin/payouts/<run>/paypal-<int:nth>.csv")
@operator
def mass_payment(run: str, nth: int) -> Response:
    """PayPal's file, or one of several."""
    it: PayoutRun = found(queries.run(run))
    files = exchange.paypal_files(_total(it, Kind.PAYPAL))
    return exchange.mass_payment(it, found(nth if 1 <= nth <= files else None))


@blueprint.route("/admin/payouts/<run>/execution", methods=["GET", "POST"])
@operator
def execution(run: str) -> AnyResponse:
    """Asks once, then notes that the operator has carried the run out."""
    it: PayoutRun = found(queries.run(run))
    if it.state is not RunState.DUE:
        raise Executed() if it.executed_at else StillFilled()
    form = ConfirmForm()
    if form.validate_on_submit():
        actions.execute(it, by=person(), now=clock.now())
        flash(_("The run is noted as carried out. The affiliates are told by mail."))
        return go(url_for("payouts.run", run=it.public_id))
    return show("payouts/execution.html", form, row=queries.with_totals(it))


@blueprint.get("/admin/payouts/notes/<payout>.pdf")
@operator
def desk_document(payout: str) -> Response:
    """The affiliate's self-billed credit note."""
    return exchange.credit_note(found(queries.payout(payout)), "pdf")


@blueprint.get("/admin/payouts/notes/<payout>.xml")
@operator
def desk_electronic(payout: str) -> Response:
    """The same for machines."""
    return exchange.credit_note(found(queries.payout(payout)), "xml")


@blueprint.route("/admin/payouts/notes/<payout>/return", methods=["GET", "POST"])
@operator
def take_back(payout: str) -> AnyResponse:
    """Asks for the reason, then the amount is the affiliate's balance again."""
    it = found(queries.payout(payout))
    if it.returned_at or it.kind is Kind.PREPAID:
        raise NothingToReturn()
    form = ReturnForm()
    if form.validate_on_submit():
        try:
            actions.take_back(it, reason=form.reason.data, by=person(), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(_("The payout is noted as returned. The affiliate is told by mail what to do."))
            return go(url_for("payouts.run", run=it.run.public_id))
    return show("payouts/take_back.html", form, payout=it)
