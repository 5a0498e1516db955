"""Home, an organisation's overview, legal texts, and what browsers, search engines and monitors ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, kept, visits
from webapp.accounts.access import member, person, person_or_none
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.config import LANGUAGES, Settings
from webapp.directory import queries as directory
from webapp.directory.labels import service_choices
from webapp.directory.models import PartnerAccount
from webapp.directory.routes import drawn_cards
from webapp.htmx import render
from webapp.i18n import LANGUAGE_COOKIE, negotiate, remember_language
from webapp.inbox import queries as inbox
from webapp.invitations import queries as invitations
from webapp.mailer import address_of
from webapp.pages import queries
from webapp.partnerships import queries as partnerships
from webapp.partnerships.rules import manages_all_clients
from webapp.programme import programme
from webapp.revenue import queries as revenue
from webapp.tenders import queries as tenders
from webapp.tenders.models import Tender

blueprint = Blueprint("pages", __name__)
technical = Blueprint("technical", __name__)

NEWEST_PARTNERS = 3
NEWEST_TENDERS = 5
PARTNERS_PER_MAP = 2000
PUBLIC_PAGES = (
    "pages.home", "directory.index", "tenders.new", "directory.become", "revenue.prices", "orders.who_earns",
    "affiliation.programme",
)  # fmt: skip


def settings() -> Settings:
    """The operator's settings."""
    return current_app.config["SETTINGS"]


# --- for people ---------------------------------------------------------------------------------------------


@technical.get("/")
def root() -> AnyResponse:
    """To the home page in the reader's language: account, then cookie, then browser, then the default."""
    somebody = person_or_none()
    language = somebody.language if somebody else negotiate()
    response = redirect(url_for("pages.home", lang=language, ref=visits.tag_in_address()))
    response.vary.update(("Accept-Language", "Cookie"))
    return response


@blueprint.get("/")
@kept.until_changed("directory")
def home() -> Response:
    """What this is, and where to begin."""
    return render(
        "pages/home.html",
        cards=drawn_cards(directory.newest_partners(NEWEST_PARTNERS)),
        services=service_choices(),
    )


@blueprint.get("/o/<org>/")
@member()
def overview(membership: Member) -> Response:
    """An organisation's first page: what waits, where it stands, what to do next."""
    organisation = membership.organisation
    partner = directory.account_of(organisation) if organisation.programme == "partner" else None
    sent = tenders.sent_by(organisation)[:NEWEST_TENDERS]
    if partner and not partner.suspended_at:
        return _overview_of_partner(membership, partner, sent)
    return render(
        "pages/overview.html",
        membership=membership,
        obstacle=directory.obstacle_of(organisation),
        application=directory.last_application(organisation),
        suspended=partner is not None,
        sent=sent,
        **_partners_of(membership),
    )


def _partners_of(membership: Member) -> dict[str, Any]:
    """The organisation's own partners, and the requests of others that wait for this person."""
    return {
        "requests": invitations.waiting_for_person(person(), now=clock.now()),
        "partnerships": partnerships.of_client(membership.organisation),
        "represents": membership.role is Role.LEGAL_REPRESENTATIVE,
    }


def _overview_of_partner(membership: Member, partner: PartnerAccount, sent: list[Tender]) -> Response:
    now, reaches_all = clock.now(), manages_all_clients(membership.role)
    volume = revenue.volume(partner)
    return render(
        "pages/overview_partner.html",
        membership=membership,
        partner=partner,
        count=inbox.open_count(partner, now=now),
        newest=inbox.calls(partner, "open", now=now).rows[:NEWEST_TENDERS],
        volume=volume,
        standing=revenue.standing(partner, volume, now=now),
        sent=sent,
        waiting=invitations.waiting_for_partner(partner, now=now) if reaches_all else [],
        **_partners_of(membership),
    )


LEGAL = {
    "imprint": "pages/imprint.html",
    "privacy": "pages/privacy.html",
    "accessibility": "pages/accessibility.html",
}


@blueprint.get("/about/<any(imprint, privacy, accessibility):topic>")
def legal(topic: str) -> Response:
    """Imprint, privacy, accessibility."""
    return render(LEGAL[topic], programme=programme())


@blueprint.after_app_request
def keep_language(response: Response) -> Response:
    """Whoever moves on within the site in a language has chosen it: `/` leads there next time."""
    language = g.get("language")
    if language and response.status_code == 200 and _is_chosen(language):
        remember_language(response, language)
    return response


def _is_chosen(language: str) -> bool:
    headers = request.headers
    moves_on = headers.get("Sec-Fetch-Dest") == "document" and headers.get("Sec-Fetch-Site") == "same-origin"
    return moves_on and request.cookies.get(LANGUAGE_COOKIE) != language


# --- for browsers -------------------------------------------------------------------------------------------


@technical.get("/theme.css")
def theme() -> Response:
    """The operator's hue."""
    return _public(Response(f":root{{--h:{settings().brand_hue}}}\n", content_type="text/css; charset=utf-8"))


@technical.get("/logo")
@technical.get("/favicon.ico")
def logo() -> Response:
    """The operator's logo, else two linked rings in its hue."""
    file = settings().brand_logo
    if file:
        response = send_file(Path(file).absolute(), conditional=True)
    else:
        picture = render_template("pages/logo.svg", hue=settings().brand_hue)
        response = Response(picture, content_type="image/svg+xml; charset=utf-8")
    # an SVG may bring styles of its own, never scripts
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return _public(response)


def _public(response: Response) -> Response:
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


# --- for search engines and monitors ------------------------------------------------------------------------


@technical.get("/robots.txt")
def robots() -> Response:
    """What is of no use in a search engine."""
    text = render_template("pages/robots.txt", address=settings().base_url)
    return _public(Response(text, content_type="text/plain; charset=utf-8"))


@technical.get("/sitemap.xml")
def sitemap() -> Response:
    """The public pages with their languages; an index of several files where there are many partners."""
    maps = -(-directory.listed_count() // PARTNERS_PER_MAP)
    if maps > 1:
        return _xml("pages/sitemap_index.xml", maps=maps, address=settings().base_url)
    return _xml(
        "pages/sitemap.xml", pages=PUBLIC_PAGES, entries=directory.entries(page=1, per_page=PARTNERS_PER_MAP)
    )


@technical.get("/sitemap-<int(max=100000):number>.xml")
def sitemap_part(number: int) -> Response:
    """One file of a site map in parts; the first one has the pages that aren't partners'."""
    entries = directory.entries(page=max(number, 1), per_page=PARTNERS_PER_MAP)
    return _xml("pages/sitemap.xml", pages=PUBLIC_PAGES if number == 1 else (), entries=entries)


def _addresses_of(endpoint: str, languages: tuple[str, ...], **values: str) -> dict[str, str]:
    """A page's absolute address in each of these languages."""
    return {language: address_of(endpoint, lang=language, **values) for language in languages}


def _xml(template: str, **values: object) -> Response:
    text = render_template(
        template,
        languages=LANGUAGES,
        default=settings().default_language,
        addresses_of=_addresses_of,
        **values,
    )
    return _public(Response(text, content_type="application/xml; charset=utf-8"))


@technical.get("/healthz")
def health() -> Response:
    """Whether the database answers (503 when not), and when the worker last began something, in seconds."""
    state = queries.health()
    if not state.database:
        return make_response({"database": "away"}, 503)
    age = int((clock.now() - state.last_job).total_seconds()) if state.last_job else None
    return make_response({"database": "ok", "worker_seconds_ago": age})
