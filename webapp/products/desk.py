"""The operator's pages: the catalogue, an organisation's products, files of usage. On the feature's blueprint."""

from __future__ import annotations

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, drafts, uploads
from webapp.accounts.access import operator, person
from webapp.accounts.models import Organisation
from webapp.drafts import Draft
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, page_number, render, show
from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.products import actions, exchange, labels, queries, rules
from webapp.products.forms import FileForm, PlanForm, ProductForm, read_family, read_search
from webapp.products.models import Product
from webapp.products.routes import blueprint, today
from webapp.products.rules import Figure, PlanDetails, PlanRow

__all__ = ["blueprint"]

CHANGES_SHOWN = 200

blueprint.add_app_template_filter(exchange.cell_of, "cell_of")


# --- the catalogue ------------------------------------------------------------------------------------------


@blueprint.get("/admin/catalogue")
@operator
def catalogue() -> Response:
    """The plans, by category."""
    search, family = read_search(request.args), read_family(request.args)
    return render(
        "products/catalogue.html",
        part=queries.plans(search, family, page=page_number(request.args)),
        search=search,
        family=family,
        families=labels.FAMILIES,
    )


def _to_catalogue() -> AnyResponse:
    return go(url_for("products.catalogue"))


@blueprint.route("/admin/catalogue/new", methods=["GET", "POST"])
@operator
def new_plan() -> AnyResponse:
    """A new plan."""
    form = PlanForm()
    if form.validate_on_submit():
        try:
            actions.add_plan(form.details, by=person(), now=clock.now())
            flash(_("The plan %(code)s is in the catalogue.", code=form.code.data))
            return _to_catalogue()
        except rules.CodeTaken as refusal:
            form.blame("code", refusal)
    return show("products/plan.html", form, plan=None)


@blueprint.route("/admin/catalogue/<plan>", methods=["GET", "POST"])
@operator
def edit_plan(plan: str) -> AnyResponse:
    """What is said of a plan."""
    row = found(queries.plan(plan))
    form = PlanForm(row)
    if form.validate_on_submit():
        try:
            actions.edit_plan(row, form.details, by=person(), now=clock.now())
            flash(_("The plan %(code)s is saved.", code=form.code.data))
            return _to_catalogue()
        except rules.CodeTaken as refusal:
            form.blame("code", refusal)
    return show("products/plan.html", form, plan=row, use=queries.products_with(row))


@blueprint.post("/admin/catalogue/<plan>/retirement")
@operator
def retire_plan(plan: str) -> AnyResponse:
    """Takes a plan off the shelf; products that have it keep it."""
    row = found(queries.plan(plan))
    actions.retire_plan(row, by=person(), now=clock.now())
    flash(_("The plan %(code)s is no longer sold.", code=row.code))
    return go(url_for("products.edit_plan", plan=row.public_id))


@blueprint.post("/admin/catalogue/<plan>/return")
@operator
def restore_plan(plan: str) -> AnyResponse:
    """Puts a plan back on the shelf."""
    row = found(queries.plan(plan))
    actions.restore_plan(row, by=person(), now=clock.now())
    flash(_("The plan %(code)s is sold again.", code=row.code))
    return go(url_for("products.edit_plan", plan=row.public_id))


# --- the catalogue as a file --------------------------------------------------------------------------------


@blueprint.get("/admin/catalogue.csv")
@operator
def export_plans() -> Response:
    """The whole catalogue, retired plans too."""
    return Response(
        exchange.written_plans(queries.all_plans()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="catalogue.csv"'},
    )


@blueprint.route("/admin/catalogue/import", methods=["GET", "POST"])
@uploads.takes_files
@operator
def import_plans() -> AnyResponse:
    """Reads a file; nothing is done before its changes were seen."""
    form = FileForm()
    if form.validate_on_submit():
        rows, faults = exchange.read_plans(form.content)
        if not faults:
            key = drafts.new_key()
            kept = [{"details": row.details.as_data(), "retired": row.retired} for row in rows]
            drafts.save("catalogue", key, {"plans": kept}, now=clock.now())
            return go(url_for("products.check_import", draft=key))
        form.complain(faults)
    return show("products/import_plans.html", form, columns=exchange.PLAN_COLUMNS)


@blueprint.route("/admin/catalogue/import/<draft>", methods=["GET", "POST"])
@operator
def check_import(draft: str) -> AnyResponse:
    """What the file will change, and the button that does it."""
    kept = found(drafts.find("catalogue", draft, now=clock.now()))
    if kept.finished_at:
        flash(_("This file was imported already."))
        return _to_catalogue()
    form = ConfirmForm()
    if form.validate_on_submit():
        flash(_said(actions.import_plans(kept, by=person(), now=clock.now())))
        return _to_catalogue()
    changes, n = _changes(kept), len(kept.data["plans"])
    return show("products/check_import.html", form, changes=changes, n=n, most=CHANGES_SHOWN)


def _changes(draft: Draft) -> list[queries.PlanChange]:
    plans = draft.data["plans"]
    return queries.plan_changes(
        [PlanRow(PlanDetails.from_data(each["details"]), each["retired"]) for each in plans]
    )


def _said(done: actions.Imported) -> str:
    added = ngettext("%(num)s plan was added.", "%(num)s plans were added.", done.added)
    changed = ngettext("%(num)s plan was changed.", "%(num)s plans were changed.", done.changed)
    return f"{added} {changed}"


# --- an organisation's products -----------------------------------------------------------------------------


def _to_owned(organisation: Organisation) -> AnyResponse:
    return go(url_for("products.owned", organisation=organisation.public_id))


@blueprint.get("/admin/organisations/<organisation>/products")
@operator
def owned(organisation: str) -> Response:
    """The organisation's products, or those that have ended."""
    it, ended = found(queries.owner(organisation)), request.args.get("state") == "ended"
    search = read_search(request.args)
    part = queries.products(it, search, ended=ended, page=page_number(request.args))
    return render("products/owned.html", it=it, part=part, search=search, ended=ended)


@blueprint.route("/admin/organisations/<organisation>/products/new", methods=["GET", "POST"])
@operator
def new_product(organisation: str) -> AnyResponse:
    """A product for the organisation."""
    it = found(queries.owner(organisation))
    form = ProductForm(queries.plans_on_sale())
    if form.validate_on_submit():
        try:
            actions.add_product(it, form.details, key=form.key.data or "", by=person(), now=clock.now())
            flash(_("The product %(product)s is added.", product=form.label.data))
            return _to_owned(it)
        except rules.PlanRetired as refusal:
            form.blame("plan", refusal)
    return show("products/product.html", form, it=it, product=None)


def _owned(organisation: str, product: str) -> tuple[Organisation, Product]:
    it = found(queries.owner(organisation))
    return it, found(queries.product(it, product))


@blueprint.route("/admin/organisations/<organisation>/products/<product>", methods=["GET", "POST"])
@operator
def edit_product(organisation: str, product: str) -> AnyResponse:
    """What is said of a product; one that has ended is only looked at."""
    it, row = _owned(organisation, product)
    form = ProductForm(queries.plans_on_sale(beside=row.plan), row)
    if form.validate_on_submit():
        try:
            actions.edit_product(row, form.details, by=person(), now=clock.now())
            flash(_("The product %(product)s is saved.", product=row.label))
            return _to_owned(it)
        except rules.PlanRetired as refusal:
            form.blame("plan", refusal)
    return show("products/product.html", form, it=it, product=row)


@blueprint.route("/admin/organisations/<organisation>/products/<product>/end", methods=["GET", "POST"])
@operator
def end_product(organisation: str, product: str) -> AnyResponse:
    """Asks once, then ends the product."""
    it, row = _owned(organisation, product)
    form = ConfirmForm()
    if not form.validate_on_submit():
        return show("products/end_product.html", form, it=it, product=row)
    actions.end_product(row, by=person(), now=clock.now())
    flash(_("The product %(product)s has ended.", product=row.label))
    return _to_owned(it)


# --- usage --------------------------------------------------------------------------------------------------


@blueprint.route("/admin/usage", methods=["GET", "POST"])
@uploads.takes_files
@operator
def import_usage() -> AnyResponse:
    """Takes figures per day from a file, all of them or none."""
    form = FileForm()
    if form.validate_on_submit():
        figures, faults = _figures(form.content)
        if not faults:
            n = actions.import_usage(figures, by=person(), now=clock.now())
            flash(ngettext("%(num)s figure was imported.", "%(num)s figures were imported.", n))
            return go(url_for("products.import_usage"))
        form.complain(faults)
    return show("products/import_usage.html", form, columns=exchange.USAGE_COLUMNS, metrics=labels.METRICS)


def _figures(content: bytes) -> tuple[list[Figure], list[str]]:
    lines, faults = exchange.read_usage(content, today=today())
    if faults:
        return [], faults
    numbers = {each.product for each in lines if not each.organisation}
    names = {(each.organisation, each.product) for each in lines if each.organisation}
    return exchange.resolved(
        lines, queries.products_by_public_id(sorted(numbers)), queries.products_by_label(sorted(names))
    )
