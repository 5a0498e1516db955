"""The reseller space: a partner's clients, who looks after them, and acting for one of them (RULES C11–C14)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts.access import member, person
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.clients import actions, labels, queries
from webapp.clients.access import acting, my_clients, my_partner, product_to_change, product_to_see
from webapp.clients.forms import LeavingForm, PeopleForm, client_choices, read_filters
from webapp.clients.queries import Partner
from webapp.clients.rules import StillNeeded
from webapp.directory import queries as directory
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, page_number, render, show, wants_fragment
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.invitations import queries as invitations
from webapp.partnerships import actions as partnership_actions
from webapp.partnerships import queries as partnerships
from webapp.partnerships.ending import Ending, first_page, go_on, last_page, second_page
from webapp.partnerships.labels import for_partner, history_lines
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Ended, Side, Standing, manages_all_clients
from webapp.products import queries as products_queries
from webapp.products.forms import SettingForm, read_chart, read_search
from webapp.products.models import Product, ProductSetting
from webapp.products.routes import today
from webapp.products.rules import SettingTaken, TooManySettings

blueprint = Blueprint("clients", __name__)
blueprint.add_app_template_global(my_clients)
blueprint.add_app_template_global(client_choices)
for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)

ON_PROFILE = 10  # products that the profile shows; the client's space has them all


# --- the list (RULES C12) -----------------------------------------------------------------------------------


@blueprint.get("/o/<org>/clients")
@member()
def index(membership: Member) -> Response:
    """The partner's clients, 25 a page, and what waits for an answer."""
    partner = my_partner(membership)
    filters = read_filters(request.args)
    return render(
        "clients/index.html",
        fragment="clients/_list.html",
        membership=membership, partner=partner, filters=filters,
        clients=queries.clients(partner, membership, filters, page=page_number(request.args)),
        **({} if wants_fragment() else _waiting(membership, partner)),
    )  # fmt: skip


def _waiting(membership: Member, partner: Partner) -> dict[str, Any]:
    """Invitations of clients, and the partner's own requests: for those who reach all clients (RULES C13)."""
    may_see = manages_all_clients(membership.role) and not partner.suspended_at
    if not may_see or not partner.open_invitations:
        return {"waiting": [], "requests": []}
    account = found(directory.account_of(membership.organisation))
    return {
        "waiting": invitations.waiting_for_partner(account, now=clock.now()),
        "requests": invitations.open_of_partner(account),
    }


# --- one client ---------------------------------------------------------------------------------------------


@blueprint.get("/o/<org>/clients/<client>", endpoint="show")
@member()
def show_client(membership: Member, client: str) -> Response:
    """What the partner may do for the client, and all that happened; a record when it is over (RULES C12)."""
    partnership = found(partnerships.partners_partnership(membership, client))
    return render(
        "clients/show.html",
        membership=membership, partnership=partnership,
        standing=partnership.standing,
        managers=queries.managers(partnership), assigned=partnerships.assigned(partnership),
        history=_history(partnership),
        **(_today(partnership) if partnership.standing is Standing.ACTIVE else {}),
    )  # fmt: skip


def _today(partnership: Partnership) -> dict[str, Any]:
    """What a partnership that stands allows: in sentences, product by product, and beside what was asked for."""
    request_behind = queries.request_behind(partnership)
    return {
        "lines": for_partner(partnerships.summary(partnership), partnership.client.name),
        "products": queries.managed(partnership, language=current_language()),
        "on_profile": ON_PROFILE,
        "compared": invitations.asked_and_granted(request_behind, partnership) if request_behind else None,
    }


def _history(partnership: Partnership) -> list[tuple[Any, list[str]]]:
    client, partner = partnership.client.name, partnership.partner.name
    return [
        (
            change.at,
            history_lines(change, reader=Side.PARTNER, me=person().id, client=client, partner=partner),
        )
        for change in partnerships.history(partnership)
    ]


@blueprint.route("/o/<org>/clients/<client>/people", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def people(membership: Member, client: str) -> AnyResponse:
    """Which collaborators look after the client (RULES C13)."""
    partnership = found(partnerships.partners_partnership(membership, client))
    if partnership.ended_at:
        raise Ended()
    assigned = [each.membership_id for each in partnerships.assigned(partnership)]
    form = PeopleForm(queries.collaborators(partnership), assigned)
    if form.validate_on_submit():
        partnership_actions.assign(partnership, form.chosen, by=person(), now=clock.now())
        flash(_("Your choice of who looks after %(client)s has been saved.", client=partnership.client.name))
        return go(url_for("clients.show", org=membership.org.public_id, client=client))
    return show(
        "clients/people.html", form,
        membership=membership, partnership=partnership, managers=queries.managers(partnership),
    )  # fmt: skip


# --- the end (RULES C11) ------------------------------------------------------------------------------------


def _ending(membership: Member, client: str) -> Ending:
    return Ending(found(partnerships.partners_partnership(membership, client)), membership, Side.PARTNER)


@blueprint.route("/o/<org>/clients/<client>/end", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def end(membership: Member, client: str) -> AnyResponse:
    """What ends and what stays."""
    ending = _ending(membership, client)
    return go_on(ending) if request.method == "POST" else first_page(ending)


@blueprint.route("/o/<org>/clients/<client>/end/password", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def end_password(membership: Member, client: str) -> AnyResponse:
    """The password, always."""
    return second_page(_ending(membership, client))


@blueprint.get("/o/<org>/clients/<client>/ended")
@member(Role.LEGAL_REPRESENTATIVE)
def ended(membership: Member, client: str) -> AnyResponse:
    """That it is over."""
    return last_page(_ending(membership, client))


# --- acting for a client (RULES C14) ------------------------------------------------------------------------


@blueprint.get("/o/<org>/clients/<client>/products")
@acting
def products(membership: Member, partnership: Partnership) -> Response:
    """The client's space, as far as the partner may see it."""
    found_products = queries.managed(
        partnership, language=current_language(), q=read_search(request.args), page=page_number(request.args)
    )
    return render(
        "clients/products.html",
        fragment="clients/_products.html",
        membership=membership, partnership=partnership, products=found_products,
    )  # fmt: skip


@blueprint.get("/o/<org>/clients/<client>/products/<product>")
@acting
def product(membership: Member, partnership: Partnership, product: str) -> Response:
    """One product: settings with the technical right, usage with the statistical one (RULES C4)."""
    it, rights = product_to_see(partnership, product)
    metric, days = read_chart(request.args)
    return render(
        "clients/product.html",
        membership=membership, partnership=partnership, product=it, rights=rights,
        settings=products_queries.settings_of(it) if rights.technical else None,
        usage=products_queries.usage_view(it, metric, days=days, today=today()) if rights.statistical else None,
    )  # fmt: skip


def _address(membership: Member, partnership: Partnership, product: Product) -> str:
    org = membership.org.public_id
    return url_for("clients.product", org=org, client=partnership.public_id, product=product.public_id)


@blueprint.route("/o/<org>/clients/<client>/products/<product>/settings/new", methods=["GET", "POST"])
@acting
def new_setting(membership: Member, partnership: Partnership, product: str) -> AnyResponse:
    """Adds a technical setting for the client."""
    it, form = product_to_change(partnership, product), SettingForm()
    if form.validate_on_submit():
        name, value = form.name.data, form.value.data
        try:
            actions.add_setting(partnership, it, name=name, value=value, by=person(), now=clock.now())
            flash(_("The setting %(name)s is added.", name=name))
            return go(_address(membership, partnership, it))
        except (SettingTaken, TooManySettings) as refusal:
            form.blame("name", refusal)
    return _setting_page(membership, partnership, it, form, None)


@blueprint.route("/o/<org>/clients/<client>/products/<product>/settings/<setting>", methods=["GET", "POST"])
@acting
def change_setting(membership: Member, partnership: Partnership, product: str, setting: str) -> AnyResponse:
    """Another value for a technical setting of the client."""
    it = product_to_change(partnership, product)
    row = found(products_queries.setting_of(it, setting))
    form = SettingForm(row)
    if form.validate_on_submit():
        value = form.value.data
        actions.change_setting(partnership, it, name=row.name, value=value, by=person(), now=clock.now())
        flash(_("The setting %(name)s is changed.", name=row.name))
        return go(_address(membership, partnership, it))
    return _setting_page(membership, partnership, it, form, row)


def _setting_page(
    membership: Member,
    partnership: Partnership,
    product: Product,
    form: SettingForm,
    setting: ProductSetting | None,
) -> Response:
    return show(
        "clients/setting.html", form,
        membership=membership, partnership=partnership, product=product, setting=setting,
    )  # fmt: skip


@blueprint.route(
    "/o/<org>/clients/<client>/products/<product>/settings/<setting>/removal", methods=["GET", "POST"]
)
@acting
def remove_setting(membership: Member, partnership: Partnership, product: str, setting: str) -> AnyResponse:
    """Asks once, then takes the setting of the client away."""
    it = product_to_change(partnership, product)
    row, form = found(products_queries.setting_of(it, setting)), ConfirmForm()
    if not form.validate_on_submit():
        return show(
            "clients/setting_removal.html", form,
            membership=membership, partnership=partnership, product=it, setting=row,
        )  # fmt: skip
    name = row.name
    actions.remove_setting(partnership, it, row, by=person(), now=clock.now())
    flash(_("The setting %(name)s is removed.", name=name))
    return go(_address(membership, partnership, it))


# --- leaving the programme (RULES A3) -----------------------------------------------------------------------


@blueprint.route("/o/<org>/leaving", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def leaving(membership: Member) -> AnyResponse:
    """What leaving means, and the button; or what has to come to an end before."""
    partner, form, now = found(directory.account_of(membership.organisation)), LeavingForm(), clock.now()
    if partner.left_at:
        return go(url_for("pages.overview", org=membership.org.public_id))
    keeps = queries.what_keeps(partner, now=now)
    try:
        if form.is_submitted() and keeps:
            raise StillNeeded()
        if form.validate_on_submit():
            actions.leave(partner, by=person(), now=now)
            flash(_("%(organisation)s has left the partner programme.", organisation=membership.org.name))
            return go(url_for("pages.overview", org=membership.org.public_id))
    except StillNeeded as refusal:
        form.refuse(refusal)
        keeps = queries.what_keeps(partner, now=now)
    waiting = queries.waiting_invitations(partner, now=now) if keeps.waiting else []
    return show("clients/leaving.html", form, membership=membership, keeps=keeps, waiting=waiting)
