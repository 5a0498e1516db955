"""The affiliate programme: its public page, joining and closing, and the rules."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts import queries as accounts
from webapp.accounts.access import member, person, person_or_none
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.affiliation import actions, queries
from webapp.affiliation.forms import CalculatorForm, CloseForm, JoinForm
from webapp.affiliation.models import AffiliateAccount
from webapp.affiliation.rules import SEES_EARNINGS
from webapp.found import found
from webapp.htmx import go, render, show
from webapp.i18n import gettext as _
from webapp.money import MINOR_PER_UNIT, Money
from webapp.places import currency_of
from webapp.programme import programme as policy

blueprint = Blueprint("affiliation", __name__)


@blueprint.get("/affiliate", strict_slashes=False)
def programme() -> Response:
    """How recommending pays, what it would bring, and how to take part (RULES A3, F)."""
    currency = currency_of(current_app.config["SETTINGS"].operator_country)
    form = CalculatorForm(request.args, currency=currency)
    return render(
        "affiliation/programme.html",
        fragment="affiliation/_course.html",
        form=form, course=form.course(), **_terms(currency),
    )  # fmt: skip


def _terms(currency: str) -> dict[str, Any]:
    """What pages about the rules say, in a currency."""
    terms = policy().affiliation

    def whole(units: int) -> Money:
        return Money(units * MINOR_PER_UNIT, currency)

    return {
        "terms": terms, "tiers": [(whole(step), rate) for step, rate in terms.tiers],
        "least_payout": whole(terms.least_payout),
    }  # fmt: skip


def join_address() -> str:
    """Where "Join" leads: the only organisation for which the person may join, else start or sign-up."""
    somebody = person_or_none()
    if somebody is None:
        return url_for("accounts.sign_up", next=url_for("affiliation.programme"))
    mine = [each for each in accounts.memberships(somebody) if each.role == Role.LEGAL_REPRESENTATIVE]
    if len(mine) == 1:
        return url_for("affiliation.join", org=mine[0].organisation.public_id)
    return url_for("accounts.start")


blueprint.add_app_template_global(join_address)


# --- joining and closing (RULES A3) -------------------------------------------------------------------------


@blueprint.route("/o/<org>/affiliate/join", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def join(membership: Member) -> AnyResponse:
    """The rules, and the button that accepts them; or what is in the way."""
    org = membership.org.public_id
    if membership.org.programme == "affiliate":
        return go(url_for("earnings.index", org=org))
    if why := queries.obstacle(membership.organisation):
        return render("affiliation/obstacle.html", membership=membership, why=why)
    form = JoinForm()
    if form.validate_on_submit():
        actions.join(membership.organisation, by=person(), now=clock.now())
        flash(_("Welcome to the affiliate programme. Here are your links."))
        return go(url_for("affiliation.links", org=org))
    known = queries.account_of(membership.organisation)
    return show("affiliation/join.html", form, membership=membership, known=known,
                **_terms(membership.org.currency))  # fmt: skip


@blueprint.route("/o/<org>/affiliate/closing", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def closing(membership: Member) -> AnyResponse:
    """What becomes of links and earnings, and the button that closes the account."""
    account, form = _account(membership), CloseForm()
    if account.closed_at:
        return go(url_for("earnings.index", org=membership.org.public_id))
    if form.validate_on_submit():
        actions.close(account, by=person(), now=clock.now())
        flash(_("The affiliate account is closed."))
        return go(url_for("earnings.index", org=membership.org.public_id))
    return show("affiliation/closing.html", form, membership=membership, account=account,
                **_terms(account.currency))  # fmt: skip


# --- rules --------------------------------------------------------------------------------------------------


@blueprint.get("/o/<org>/affiliate/rates")
@member(SEES_EARNINGS)
def rates(membership: Member) -> Response:
    """Rates, the three clocks, and what counts (RULES F2–F9)."""
    account = _account(membership)
    return render(
        "affiliation/rates.html", membership=membership, account=account, **_terms(account.currency)
    )


@blueprint.get("/o/<org>/affiliate/missing")
@member(SEES_EARNINGS)
def missing(membership: Member) -> Response:
    """Why an order may be missing (RULES F2–F4)."""
    return render("affiliation/missing.html", membership=membership, account=_account(membership),
                  terms=policy().affiliation)  # fmt: skip


def _account(membership: Member) -> AffiliateAccount:
    """The organisation's affiliate account, open or closed; there is no such page for others."""
    return found(queries.account_of(membership.organisation))
