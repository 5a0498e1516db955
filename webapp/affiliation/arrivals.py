"""How visitors arrive: the redirect that carries a tag on, the question whether the click may be remembered,
and the banners that other sites show."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from webapp import visits
from webapp.affiliation import banners
from webapp.config import LANGUAGES
from webapp.htmx import go, local_address
from webapp.programme import programme

blueprint = Blueprint("arrivals", __name__)

_LANGUAGES, _SIZES = ",".join(LANGUAGES), ",".join(banners.SIZES)
A_DAY = 86_400  # seconds


@blueprint.get("/r/<path:tag>")
def follow(tag: str) -> AnyResponse:
    """Leads to a page of this site or of the operator's others, with the tag in the address (RULES F1).

    Here, that page counts the click; when it leads to another site, the redirect does. Most are answered by
    `Shortcut` and never come here.
    """
    known, own = visits.known_tag(tag), current_app.config["SETTINGS"].base_url
    way = visits.way(request.args.get("to", ""), known, own=own, sites=programme().affiliation.sites)
    if known and way.counted and visits.is_visit(request.environ):
        visits.follow(known, way.counted)
    response = redirect(way.location)
    response.data = b""
    return response


@blueprint.post("/visit")
def answer() -> AnyResponse:
    """Whether the visitor wants the click to be remembered beyond this visit, or forgotten; then back to the page."""
    if request.form.get("remember") == "forget":
        visits.forget()
    else:
        visits.answer(remember=request.form.get("remember") == "yes")
    return go(local_address(request.form.get("next"), "/"))


@blueprint.get(f"/banners/<any({_LANGUAGES}):language>/<any({_SIZES}):size>.<any(svg, png):kind>")
def banner(language: str, size: str, kind: str) -> Response:
    """A picture that leads here, for the sites of affiliates."""
    response = Response(banners.picture(language, size, kind), content_type=banners.TYPES[kind])
    response.headers["Cache-Control"] = f"public, max-age={A_DAY}"
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    return response
