"""What templates can use beside the words and formats of `i18n`."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import flask
from flask import Flask, current_app, g, has_request_context, request
from markupsafe import Markup
from werkzeug.routing import BuildError

from webapp import clock, letters, uploads
from webapp.config import LANGUAGES
from webapp.i18n import current_language


def url_for(endpoint: str, /, **values: Any) -> str:
    """Flask's `url_for`. A plain path is built once and remembered: a page has dozens of them."""
    plain = "_external" not in values and all(isinstance(value, str | None) for value in values.values())
    if not plain or endpoint.startswith(".") or not has_request_context():
        return flask.url_for(endpoint, **values)
    return _path(request.environ.get("SCRIPT_NAME", ""), current_language(), endpoint, tuple(values.items()))


@lru_cache(maxsize=4096)
def _path(_root: str, _language: str, endpoint: str, values: tuple[tuple[str, str | None], ...]) -> str:
    return flask.url_for(endpoint, **dict(values))  # type: ignore[arg-type] # None leaves a value out


def this_page_in(language: str) -> str:
    """The address of the same page in another language; query and draft survive."""
    if "after_language" not in g:
        g.after_language = _after_language()
    return f"/{language}{g.after_language}"


def _after_language() -> str:
    """This page's address behind its language; the home page's where there is no way back (an error page)."""
    endpoint = request.endpoint
    if (
        not endpoint
        or request.view_args is None
        or not current_app.url_map.is_endpoint_expecting(endpoint, "lang")
    ):
        return "/"
    try:
        address = url_for(endpoint, **request.view_args)
    except BuildError:
        return "/"
    query = request.query_string.decode("latin-1")
    return address[len("/en") :] + (f"?{query}" if query else "")


def public_address(language: str) -> str:
    """The absolute address of this page in a language, without the query: for search engines."""
    return current_app.config["SETTINGS"].base_url + this_page_in(language).partition("?")[0]


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
        url_for=url_for,
        this_page_in=this_page_in,
        public_address=public_address,
        asset=asset,
        now=lambda: clock.now(),
        LANGUAGES=LANGUAGES,
        settings=app.config["SETTINGS"],
        ATTACHMENT_MEGABYTES=uploads.ATTACHMENT_BYTES // uploads.MEGABYTE,
    )
    app.jinja_env.filters["people_text"] = people_text
