"""Pages around an organisation's prepaid account: paying in, withdrawing. The operator's are in `desk`."""

from __future__ import annotations

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, drafts
from webapp.accounts.access import member, own_draft, person
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.found import found
from webapp.htmx import go, page_number, render, show
from webapp.i18n import gettext as _
from webapp.invoices.codes import code_to_fill
from webapp.money import CURRENCIES
from webapp.payments import actions, labels, queries
from webapp.payments.forms import WithdrawalForm, WithdrawForm, wanted_of
from webapp.programme import programme, seller_today
from webapp.refused import Refused

blueprint = Blueprint("payments", __name__)
for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


@blueprint.get("/o/<org>/account/payment-in")
@member(Role.ADMINISTRATOR)
def pay_in(membership: Member) -> Response:
    """Where to a transfer that fills the prepaid account goes, and what it has to say."""
    organisation = membership.organisation
    reference = queries.top_up_reference(organisation)
    return render(
        "payments/pay_in.html",
        membership=membership, seller=programme().seller, reference=reference,
        currencies=sorted(CURRENCIES, key=lambda each: each != organisation.currency),
        codes={each: code_to_fill(seller_today(each), each, reference) for each in CURRENCIES},
    )  # fmt: skip


@blueprint.get("/o/<org>/account/withdrawals")
@member(Role.ADMINISTRATOR)
def withdrawals(membership: Member) -> Response:
    """What was asked for, and what became of it."""
    part = queries.withdrawals_of(membership.organisation, page=page_number(request.args))
    return render("payments/withdrawals.html", membership=membership, part=part)


@blueprint.route("/o/<org>/account/withdrawals/new", methods=["GET", "POST"])
@blueprint.route("/o/<org>/account/withdrawals/new/<draft>", methods=["GET", "POST"], endpoint="change")
@member(Role.LEGAL_REPRESENTATIVE)
def withdraw(membership: Member, draft: str | None = None) -> AnyResponse:
    """How much, and where to (RULES M6); nothing happens before it was checked."""
    kept = found(own_draft("withdrawal", draft, membership)) if draft else None
    if draft and queries.by_key(draft):
        return _asked(membership, _("This withdrawal has been requested already."))
    form = WithdrawalForm(queries.withdrawable(membership.organisation), kept.data if kept else None)
    if form.accounts and form.validate_on_submit():
        key = draft or drafts.new_key()
        drafts.save("withdrawal", key, form.as_data(membership.public_id), now=clock.now())
        return go(url_for("payments.check", org=membership.org.public_id, draft=key))
    return show("payments/withdraw.html", form, membership=membership)


@blueprint.route("/o/<org>/account/withdrawals/new/<draft>/check", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def check(membership: Member, draft: str) -> AnyResponse:
    """What is asked for, and the button; a second press asks for nothing more."""
    kept = found(own_draft("withdrawal", draft, membership))
    amount, destination = wanted_of(kept.data)
    form = WithdrawForm(amount, destination)
    done = queries.by_key(draft)
    if not done and form.validate_on_submit():
        try:
            done = actions.request_withdrawal(
                membership.organisation, amount, destination, key=draft, by=person(), now=clock.now()
            )
        except Refused as refusal:
            form.refuse(refusal)
    if done:
        return _asked(membership, _("The withdrawal is requested. You get a mail as soon as it is paid out."))
    return show(
        "payments/check.html", form, membership=membership, draft=draft, amount=amount, to=destination
    )


def _asked(membership: Member, sentence: str) -> AnyResponse:
    flash(sentence)
    return go(url_for("payments.withdrawals", org=membership.org.public_id))
