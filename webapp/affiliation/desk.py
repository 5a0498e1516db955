"""Affiliates at the operator's desk: who they are, whom they won, and what looks wrong (RULES F3)."""

from __future__ import annotations

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts.access import operator, person
from webapp.affiliation import actions, labels, queries
from webapp.affiliation.forms import ReviewForm
from webapp.affiliation.rules import Verdict
from webapp.found import found
from webapp.htmx import go, page_number, render, show
from webapp.i18n import gettext as _

blueprint = Blueprint("affiliates", __name__)
for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


@blueprint.get("/admin/affiliates")
@operator
def index() -> Response:
    """Who recommends, and the customers that somebody has to look at."""
    search, page = " ".join(request.args.get("q", "").split())[:100], page_number(request.args)
    rows, more = queries.affiliates(search, page=page)
    return render(
        "affiliation/affiliates.html",
        rows=rows, more=more, page=page, search=search, held=queries.to_review(),
    )  # fmt: skip


@blueprint.get("/admin/affiliates/<affiliate>")
@operator
def affiliate(affiliate: str) -> Response:
    """One affiliate and the customers that it won."""
    account, page = found(queries.affiliate(affiliate)), page_number(request.args)
    rows, more = queries.reviewed(account, page=page)
    return render("affiliation/affiliate.html", account=account, rows=rows, more=more, page=page)


@blueprint.route("/admin/affiliates/customers/<customer>", methods=["GET", "POST"])
@operator
def review(customer: str) -> AnyResponse:
    """What is known of a customer that was won, and the decision about it."""
    attribution, form = found(queries.attribution(customer)), ReviewForm()
    if form.validate_on_submit():
        verdict = Verdict(form.verdict.data)
        actions.review(attribution, verdict, note=form.note.data, by=person(), now=clock.now())
        flash(_("The customer counts.") if verdict is Verdict.ALLOWED else _("The customer does not count."))
        return go(url_for("affiliates.index"))
    return show(
        "affiliation/review.html", form,
        attribution=attribution, commissions=queries.commissions_with_orders(attribution),
    )  # fmt: skip
