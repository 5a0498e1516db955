"""Pages of an organisation's renewals, and of the mails about them (RULES M8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts.access import member, person
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, page_number, render, saying_why_not, show
from webapp.i18n import gettext as _
from webapp.programme import programme
from webapp.renewals import actions, queries
from webapp.renewals.forms import NoticesForm
from webapp.renewals.queries import Renewal

blueprint = Blueprint("renewals", __name__)


@blueprint.app_template_filter("by_month")
def by_month(renewals: list[Renewal], today: date) -> Iterator[tuple[date | None, list[Renewal]]]:
    """The renewals of each month, by its first day; None for those that should have been done already."""

    def month(each: Renewal) -> date | None:
        on = each.product.renews_on
        return None if on < today else on.replace(day=1)

    for key, group in groupby(renewals, month):
        yield key, list(group)


@blueprint.get("/o/<org>/renewals")
@member(Role.ADMINISTRATOR)
def index(membership: Member) -> Response:
    """What renews within a year, and what should have."""
    organisation, today = membership.organisation, clock.day_of(clock.now())
    part = queries.part(organisation, today=today, page=page_number(request.args))
    return render(
        "renewals/index.html",
        membership=membership,
        part=part,
        today=today,
        prices=queries.prices(organisation, part.rows),
        orders=queries.orders_under_way(part.rows),
        policy=programme().renewals,
    )


@blueprint.post("/o/<org>/products/<product>/automatic")
@member(Role.ADMINISTRATOR)
def automatic(membership: Member, product: str) -> AnyResponse:
    """Lets a product renew by itself, or no more."""
    it = found(queries.renewal(membership.organisation, product)).product
    on, page = request.form.get("automatic") == "on", page_number(request.form)
    if ConfirmForm().validate_on_submit():
        with saying_why_not():
            actions.set_automatic(membership.organisation, it, on, by=person(), now=clock.now())
            flash(_("%(product)s renews by itself.", product=it.label) if on
                  else _("%(product)s no longer renews by itself.", product=it.label))  # fmt: skip
    org = membership.org.public_id
    return go(url_for("renewals.index", org=org, page=page if page > 1 else None, _anchor=it.public_id))


@blueprint.route("/o/<org>/renewals/notices", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def notices(membership: Member) -> AnyResponse:
    """Which mails about renewals come, and when."""
    organisation = membership.organisation
    form = NoticesForm(queries.wishes_of(organisation))
    if form.validate_on_submit():
        with saying_why_not():
            actions.save_wishes(organisation, form.wishes, by=person(), now=clock.now())
            flash(_("Your choice of mails is saved. It counts from now on."))
        return go(url_for("renewals.notices", org=organisation.public_id))
    return show("renewals/notices.html", form, membership=membership, policy=programme().renewals)
