"""Pages of the partner programme and of the public directory."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, flash, get_template_attribute, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, kept, uploads
from webapp.accounts import queries as accounts
from webapp.accounts.access import member, person, person_or_none
from webapp.accounts.models import Organisation
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.directory import actions, labels, queries
from webapp.directory.forms import ApplicationForm, ListingForm, country_choices, read_filters, region_groups
from webapp.directory.models import PartnerAccount
from webapp.directory.rules import MayNotApply
from webapp.found import found
from webapp.htmx import go, render, show
from webapp.i18n import current_language, reader
from webapp.i18n import gettext as _
from webapp.programme import programme
from webapp.uploads import Upload

blueprint = Blueprint("directory", __name__)

CARDS = 4096


# --- the public directory -----------------------------------------------------------------------------------


@blueprint.get("/partners")
@kept.until_changed("directory")
def index() -> Response:
    """Who can be found, searched and filtered (RULES A5)."""
    filters, page = read_filters(request.args)
    return render(
        "directory/directory.html",
        fragment="directory/_results.html",
        filters=filters,
        results=queries.find_partners(filters, page=page),
    )


def drawn_cards(shown: Sequence[queries.Shown]) -> list[Markup]:
    """The cards of these partners: drawn once per version and language, then kept."""
    language = current_language()
    shelf = kept.shelf("cards", CARDS)
    keys = {partner_id: (public_id, version, reader()) for partner_id, public_id, version in shown}
    drawn = {partner_id: shelf.get(key) for partner_id, key in keys.items()}
    if missing := [partner_id for partner_id, card in drawn.items() if card is None]:
        draw = get_template_attribute("directory/_card.html", "drawn")
        for partner_id, data in queries.cards(missing, language).items():
            card = draw(data)
            shelf.put(keys[partner_id], card)
            drawn[partner_id] = card
    return [card for card in drawn.values() if card is not None]


@blueprint.get("/partners/<slug>")
@kept.until_changed("directory")
def profile(slug: str) -> Response:
    """A partner's own page; to the partner's people also before it is listed."""
    partner = queries.listed_partner(slug)
    preview = partner is None
    if partner is None and (somebody := person_or_none()):
        partner = queries.own_partner(slug, somebody)
    partner = found(partner)
    return render(
        "directory/profile.html",
        partner=partner,
        preview=preview,
        text=partner.text_in(current_language()),
        languages=queries.written_languages(partner),
    )


@blueprint.get("/partners/<slug>/logo/<file>")
def logo(slug: str, file: str) -> Response:
    """The partner's logo."""
    return uploads.picture(found(queries.logo(slug, file)))


# --- becoming a partner -------------------------------------------------------------------------------------


@blueprint.get("/become-a-partner")
def become() -> Response:
    """The programme: conditions, benefits, how to join (RULES A1, A2, A3, A6)."""
    policy = programme()
    return render("directory/become.html", programme=policy, own=policy.text_in(current_language()))


@blueprint.route("/o/<org>/application", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def apply(membership: Member) -> AnyResponse:
    """The application of an organisation (RULES A1, A4), or what is in its way."""
    form = ApplicationForm()
    try:
        queries.refuse_obstacle(membership.organisation)
        if form.validate_on_submit():
            _apply(membership.organisation, form)
            return go(url_for("directory.apply", org=membership.org.public_id))
    except MayNotApply as refusal:
        return _in_the_way(membership, refusal.why)
    return _application_page(membership, form)


def _apply(organisation: Organisation, form: ApplicationForm) -> None:
    actions.apply(
        organisation, website=form.website.data, about=form.about.data, by=person(), now=clock.now()
    )


def _application_page(membership: Member, form: ApplicationForm) -> Response:
    last = queries.last_application(membership.organisation)
    return show("directory/apply.html", form, membership=membership, last=last, programme=programme())


def _in_the_way(membership: Member, why: str) -> Response:
    """An explaining page, not an error: the person did nothing wrong."""
    application = queries.last_application(membership.organisation)
    return render("directory/obstacle.html", membership=membership, why=why, application=application)


# --- the partner's own listing ------------------------------------------------------------------------------


@blueprint.route("/o/<org>/directory-profile", methods=["GET", "POST"])
@uploads.takes_files
@member(Role.ADMINISTRATOR)
def listing(membership: Member) -> AnyResponse:
    """The editor of what the directory shows."""
    partner = _account(membership)
    form = ListingForm(partner=partner)
    if form.validate_on_submit():
        actions.edit_listing(
            partner,
            form.listing(),
            logo=form.checked_logo,
            remove_logo=form.remove_logo.data,
            by=person(),
            now=clock.now(),
        )
        flash(_("The directory profile is saved."))
        return go(url_for("directory.listing", org=membership.org.public_id))
    return show("directory/listing.html", form, membership=membership, partner=partner)


def _account(membership: Member) -> PartnerAccount:
    """The organisation's partner account; 404 for an organisation without one."""
    partner = queries.account_of(membership.organisation)
    if partner is None or partner.suspended_at:
        abort(404)
    return partner


def logo_address(partner: PartnerAccount) -> str:
    """Where the partner's logo is; empty without one."""
    file: Upload | None = partner.logo
    return url_for("directory.logo", slug=partner.slug, file=file.public_id) if file else ""


def host(website: str) -> str:
    """`https://www.example.com/` -> `www.example.com`."""
    return urlsplit(website).netloc


def apply_address() -> str:
    """Where "Apply now" leads: the application of the person's only organisation, else start or sign-up."""
    somebody = person_or_none()
    if somebody is None:
        return url_for("accounts.sign_up", next=url_for("directory.become"))
    mine = [m for m in accounts.memberships(somebody) if m.role == Role.LEGAL_REPRESENTATIVE]
    if len(mine) == 1:
        return url_for("directory.apply", org=mine[0].organisation.public_id)
    return url_for("accounts.start")


blueprint.add_app_template_filter(labels.service, "service")
blueprint.add_app_template_filter(labels.in_order, "in_order")
blueprint.add_app_template_filter(logo_address)
blueprint.add_app_template_filter(host)
blueprint.add_app_template_global(drawn_cards)
blueprint.add_app_template_global(region_groups)
blueprint.add_app_template_global(country_choices)
blueprint.add_app_template_global(apply_address)
blueprint.add_app_template_global(labels.structured_data, "structured_data")
