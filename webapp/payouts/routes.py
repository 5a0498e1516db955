"""Pages of an affiliate's payouts, and of where they go. The operator's are in `desk`."""

from __future__ import annotations

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts.access import member, person
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.affiliation import queries as affiliation
from webapp.affiliation.models import AffiliateAccount
from webapp.affiliation.rules import SEES_EARNINGS
from webapp.found import found
from webapp.htmx import go, page_number, render, show
from webapp.i18n import gettext as _
from webapp.payouts import actions, exchange, labels, queries
from webapp.payouts.forms import PreferencesForm
from webapp.payouts.models import Payout
from webapp.programme import programme

blueprint = Blueprint("payouts", __name__)
for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


def _account(membership: Member) -> AffiliateAccount:
    """The organisation's affiliate account, open or closed; there is no such page for others."""
    return found(affiliation.account_of(membership.organisation))


def _payout(membership: Member, public_id: str) -> Payout:
    return found(queries.payout_of(_account(membership), public_id))


@blueprint.get("/o/<org>/affiliate/payouts")
@member(SEES_EARNINGS)
def index(membership: Member) -> Response:
    """What was paid, and when the next payout is or what it waits for (RULES F8)."""
    account = _account(membership)
    return render(
        "payouts/index.html",
        membership=membership, standing=queries.standing(account, now=clock.now()),
        part=queries.payouts_of(account, page=page_number(request.args)),
    )  # fmt: skip


@blueprint.get("/o/<org>/affiliate/payouts/<payout>.pdf")
@member(SEES_EARNINGS)
def document(membership: Member, payout: str) -> Response:
    """The self-billed credit note for people."""
    return exchange.credit_note(_payout(membership, payout), "pdf")


@blueprint.get("/o/<org>/affiliate/payouts/<payout>.xml")
@member(SEES_EARNINGS)
def electronic(membership: Member, payout: str) -> Response:
    """The same for machines."""
    return exchange.credit_note(_payout(membership, payout), "xml")


@blueprint.route("/o/<org>/affiliate/preferences", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def preferences(membership: Member) -> AnyResponse:
    """Where payouts go, masked, and the form that changes it with the password (RULES F8)."""
    account = _account(membership)
    chosen = queries.preference_of(account)
    form = PreferencesForm(account, chosen)
    if form.validate_on_submit():
        actions.prefer(account, form.chosen, form.target, form.named, by=person(), now=clock.now())
        flash(_("Saved. All who see the earnings are told by mail of a change."))
        return go(url_for("payouts.preferences", org=membership.org.public_id))
    return show(
        "payouts/preferences.html", form, membership=membership, account=account, chosen=chosen,
        held=bool(chosen.holds_until and chosen.holds_until > clock.now()),
        days=programme().affiliation.payout_hold_days,
    )  # fmt: skip
