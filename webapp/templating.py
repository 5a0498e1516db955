"""What templates can use beside the words and formats of `i18n`."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app, request, url_for
from markupsafe import Markup

from webapp import clock, letters, uploads
from webapp.config import LANGUAGES
from webapp.htmx import dom_id


def this_page_in(language: str) -> str:
    """The address of the same page in another language; query and draft survive."""
    endpoint = request.endpoint
    if not endpoint or request.view_args is None or not current_app.url_map.is_endpoint_expecting(endpoint, "lang"):
        return url_for("pages.home", lang=language)
    try:
        address = url_for(endpoint, **{**request.view_args, "lang": language})
    except Exception:  # an address that can't be built again (an error page)
        return url_for("pages.home", lang=language)
    query = request.query_string.decode("latin-1")
    return f"{address}?{query}" if query else address


def public_address(language: str) -> str:
    """The absolute address of this page in a language, without the query: for search engines."""
    return current_app.config["SETTINGS"].base_url + this_page_in(language).partition("?")[0]  # type: ignore[no-any-return] # Flask's config is untyped


def asset(filename: str) -> str:
    """A static file's address that changes with its content, so it can be kept for long."""
    return url_for("static", filename=filename, v=_fingerprint(str(current_app.static_folder), filename))


@lru_cache(maxsize=64)
def _fingerprint(folder: str, filename: str) -> str:
    return hashlib.sha256((Path(folder) / filename).read_bytes()).hexdigest()[:12]


def people_text(text: str) -> Markup:
    """People's own words with their line ends, escaped."""
    return letters.paragraph_breaks(text)


def init_app(app: Flask) -> None:
    """Registers globals and filters."""
    app.jinja_env.globals.update(
        this_page_in=this_page_in,
        public_address=public_address,
        asset=asset,
        dom_id=dom_id,
        now=lambda: clock.now(),
        LANGUAGES=LANGUAGES,
        settings=app.config["SETTINGS"],
        ATTACHMENT_MEGABYTES=uploads.ATTACHMENT_BYTES // uploads.MEGABYTE,
    )
    app.jinja_env.filters["people_text"] = people_text
