"""Pages of an organisation's products and tags. The operator's are in `desk`, on the same blueprint."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts.access import member, person
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, local_address, page_number, render, saying_why_not, show, wants_fragment
from webapp.i18n import gettext as _
from webapp.products import actions, labels, queries, rules
from webapp.products.forms import MergeForm, SettingForm, TagForm, read_chart, read_search
from webapp.products.models import Product, Tag
from webapp.products.rules import Colour

blueprint = Blueprint("products", __name__)

for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


def today() -> date:
    """The day in the operator's time zone."""
    return clock.day_of(clock.now())


def _manages(membership: Member) -> bool:
    """Whether the colleague changes settings and tags, not only which product has which tag."""
    return membership.role.reaches(Role.ADMINISTRATOR)


# --- products -----------------------------------------------------------------------------------------------


@blueprint.get("/o/<org>/products")
@member()
def index(membership: Member) -> Response:
    """The organisation's products with their tags (RULES O9)."""
    organisation, search = membership.organisation, read_search(request.args)
    tags = queries.tags_of(organisation)
    tag = next((each for each in tags if each.public_id == request.args.get("tag")), None)
    part = queries.products(organisation, search, tag, page=page_number(request.args))
    back = _list_address(membership, search, tag, part.page)
    return render(
        "products/index.html",
        membership=membership, part=part, search=search, tag=tag, tags=tags, back=back,
    )  # fmt: skip


def _list_address(membership: Member, search: str = "", tag: Tag | None = None, page: int = 1) -> str:
    return url_for(
        "products.index",
        org=membership.org.public_id,
        q=search or None,
        tag=tag.public_id if tag else None,
        page=page if page > 1 else None,
    )


def _product(membership: Member, public_id: str) -> Product:
    return found(queries.product(membership.organisation, public_id))


def _active(membership: Member, public_id: str) -> Product:
    """The product, for a page that changes something of it."""
    product = _product(membership, public_id)
    if product.ended_at:
        raise rules.ProductEnded()
    return product


def _address(membership: Member, product: Product) -> str:
    return url_for("products.show", org=membership.org.public_id, product=product.public_id)


@blueprint.get("/o/<org>/products/<product>", endpoint="show")
@member()
def show_product(membership: Member, product: str) -> Response:
    """One product: facts, tags, settings, usage."""
    it = _product(membership, product)
    metric, days = read_chart(request.args)
    return render(
        "products/show.html",
        membership=membership,
        product=it,
        settings=queries.settings_of(it),
        usage=queries.usage_view(it, metric, days=days, today=today()),
        may_change=_manages(membership) and not it.ended_at,
        back=_address(membership, it),
    )


# --- settings -----------------------------------------------------------------------------------------------


@blueprint.route("/o/<org>/products/<product>/settings/new", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def new_setting(membership: Member, product: str) -> AnyResponse:
    """Adds a technical setting."""
    it, form = _active(membership, product), SettingForm()
    if form.validate_on_submit():
        try:
            name, value = form.name.data, form.value.data
            actions.add_setting(it, name=name, value=value, by=person(), now=clock.now())
            flash(_("The setting %(name)s is added.", name=name))
            return go(_address(membership, it))
        except (rules.SettingTaken, rules.TooManySettings) as refusal:
            form.blame("name", refusal)
    return show("products/setting.html", form, membership=membership, product=it, setting=None)


@blueprint.route("/o/<org>/products/<product>/settings/<setting>", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def change_setting(membership: Member, product: str, setting: str) -> AnyResponse:
    """Another value for a technical setting."""
    it = _active(membership, product)
    row = found(queries.setting_of(it, setting))
    form = SettingForm(row)
    if form.validate_on_submit():
        actions.change_setting(it, name=row.name, value=form.value.data, by=person(), now=clock.now())
        flash(_("The setting %(name)s is changed.", name=row.name))
        return go(_address(membership, it))
    return show("products/setting.html", form, membership=membership, product=it, setting=row)


@blueprint.route("/o/<org>/products/<product>/settings/<setting>/removal", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def remove_setting(membership: Member, product: str, setting: str) -> AnyResponse:
    """Asks once, then takes the setting away."""
    it = _active(membership, product)
    row, form = found(queries.setting_of(it, setting)), ConfirmForm()
    if not form.validate_on_submit():
        return show("products/setting_removal.html", form, membership=membership, product=it, setting=row)
    name = row.name
    actions.remove_setting(it, row, by=person(), now=clock.now())
    flash(_("The setting %(name)s is removed.", name=name))
    return go(_address(membership, it))


# --- tags on products ---------------------------------------------------------------------------------------


@blueprint.route("/o/<org>/products/<product>/tags", methods=["GET", "POST"])
@member()
def tags(membership: Member, product: str) -> AnyResponse:
    """Puts a tag on the product (RULES O9): a page of its own, or in place."""
    it = _active(membership, product)
    if wants_fragment() and "closed" in request.args:
        return _cell(membership, it)
    form = TagForm(place=it.public_id)
    if form.validate_on_submit():
        try:
            name, colour = form.name.data, Colour(form.colour.data)
            tag = actions.add_tag(it, name=name, colour=colour, by=person(), now=clock.now())
            said = _("%(product)s has the tag %(tag)s.", product=it.label, tag=tag.name)
            return _tags_changed(membership, it, said)
        except rules.TooManyTags as refusal:
            form.blame("name", refusal)
    return _cell(membership, it, form)


@blueprint.post("/o/<org>/products/<product>/tags/<tag>/removal")
@member()
def remove_tag(membership: Member, product: str, tag: str) -> AnyResponse:
    """Takes a tag off the product."""
    it, row = _active(membership, product), found(queries.tag(membership.organisation, tag))
    actions.remove_tag(it, row, by=person(), now=clock.now())
    said = _("%(product)s no longer has the tag %(tag)s.", product=it.label, tag=row.name)
    return _tags_changed(membership, it, said)


def _tags_changed(membership: Member, product: Product, said: str) -> AnyResponse:
    """Back to where the tags were changed."""
    if wants_fragment():
        return _cell(membership, _product(membership, product.public_id), said=said)
    flash(said)
    return go(f"{_back(membership)}#tags-{product.public_id}")


def _back(membership: Member) -> str:
    return local_address(request.args.get("next"), _list_address(membership)).partition("#")[0]


def _cell(membership: Member, product: Product, form: TagForm | None = None, *, said: str = "") -> Response:
    """The product's tags, with the open form or closed."""
    return render(
        "products/tags.html",
        fragment="products/_tags.html",
        status=form.status if form is not None and form.errors else 200,
        membership=membership,
        product=product,
        known=queries.tags_of(membership.organisation) if form else (),
        form=form,
        said=said,
        focus=wants_fragment(),
        back=_back(membership),
    )


# --- an organisation's tags ---------------------------------------------------------------------------------


def _tag(membership: Member, public_id: str) -> Tag:
    return found(queries.tag(membership.organisation, public_id))


def _to_tags(membership: Member) -> AnyResponse:
    return go(url_for("products.tag_list", org=membership.org.public_id))


@blueprint.get("/o/<org>/tags")
@member()
def tag_list(membership: Member) -> Response:
    """The organisation's tags, and on how many products each is (RULES O9)."""
    return render(
        "products/tag_list.html",
        membership=membership,
        tags=queries.tags_with_use(membership.organisation),
        manages=_manages(membership),
    )


@blueprint.route("/o/<org>/tags/<tag>", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def edit_tag(membership: Member, tag: str) -> AnyResponse:
    """Another name or colour (RULES O9)."""
    row = _tag(membership, tag)
    form = TagForm(row)
    if form.validate_on_submit():
        try:
            name, colour = form.name.data, Colour(form.colour.data)
            actions.edit_tag(row, name=name, colour=colour, by=person(), now=clock.now())
            flash(_("The tag %(tag)s is saved.", tag=name))
            return _to_tags(membership)
        except rules.TagTaken as refusal:
            form.blame("name", refusal)
    return show("products/tag.html", form, membership=membership, tag=row)


@blueprint.route("/o/<org>/tags/<tag>/merger", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def merge_tag(membership: Member, tag: str) -> AnyResponse:
    """Puts another tag in its place, everywhere (RULES O9)."""
    row = _tag(membership, tag)
    form = MergeForm([each for each in queries.tags_of(membership.organisation) if each.id != row.id])
    if form.validate_on_submit():
        said = _("The tag %(tag)s is merged into %(into)s.", tag=row.name, into=form.chosen.name)
        with saying_why_not():
            actions.merge_tag(row, form.chosen, by=person(), now=clock.now())
            flash(said)
        return _to_tags(membership)
    use = queries.use_of(row)
    return show("products/merge_tag.html", form, membership=membership, tag=row, use=use)


@blueprint.route("/o/<org>/tags/<tag>/removal", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def delete_tag(membership: Member, tag: str) -> AnyResponse:
    """Asks once, then takes the tag away from all products (RULES O9)."""
    row, form = _tag(membership, tag), ConfirmForm()
    if not form.validate_on_submit():
        use = queries.use_of(row)
        return show("products/delete_tag.html", form, membership=membership, tag=row, use=use)
    name = row.name
    with saying_why_not():
        actions.delete_tag(row, by=person(), now=clock.now())
        flash(_("The tag %(tag)s is deleted.", tag=name))
    return _to_tags(membership)
