"""The redirect of affiliates' links, answered before Flask sets about its work.

It stands for `arrivals.follow`, as long as nothing has to be looked up: the tag was asked for lately, and the
visitor has no cookie that matters. Its headers are those that Flask gave the same kind of answer before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from werkzeug.http import dump_cookie
from werkzeug.urls import iri_to_uri

from webapp import clock, visits
from webapp.affiliation.clicks import Clicks
from webapp.database import new_public_id
from webapp.limits import network
from webapp.visits import Visit

PATH = "/r/"
OWN_HEADERS = ("location", "set-cookie", "content-length")  # those that differ from answer to answer
Headers = list[tuple[str, str]]


class Shortcut:
    """Stands before the application."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._application: Callable[..., Iterable[bytes]] = app.wsgi_app
        self._headers: dict[bool, Headers] = {}  # by whether the click was counted on the way
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signer is not None
        self._sign = signer.dumps

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if not path.startswith(PATH) or environ["REQUEST_METHOD"] != "GET" or not path.isascii():
            return self._application(environ, start_response)
        tag = _tag(path)
        clicks: Clicks = self._app.extensions["recommenders"]
        if tag is None or not clicks.is_known_now(tag) or self._has_cookies(environ):
            return self._by_flask(environ, start_response)
        settings, terms = self._app.config["SETTINGS"], self._app.config["PROGRAMME"].affiliation
        way = visits.way(_to(environ["QUERY_STRING"]), tag, own=settings.base_url, sites=terms.sites)
        counts = way.counted is not None and visits.is_visit(environ)
        headers = self._headers.get(counts)
        if headers is None or (counts and not terms.consent_required):
            return self._by_flask(environ, start_response)
        headers = [*headers, ("Location", _location(way.location)), ("Content-Length", "0")]
        if counts:
            page = (way.counted or "/")[: visits.LONGEST_PATH]
            visit = Visit(tag, new_public_id(), clock.now(), page, network(environ.get("REMOTE_ADDR")))
            clicks.note(visit)
            headers.append(("Set-Cookie", self._session_of(visit)))
        start_response("302 FOUND", headers)
        return [b""]

    def _has_cookies(self, environ: dict[str, Any]) -> bool:
        """Whether something is known of the visitor already."""
        cookies = environ.get("HTTP_COOKIE", "")
        return bool(cookies) and (self._app.config["SESSION_COOKIE_NAME"] in cookies or "visit" in cookies)

    def _session_of(self, visit: Visit) -> str:
        """The cookie of a session that holds the click and nothing else."""
        config = self._app.config
        return dump_cookie(
            config["SESSION_COOKIE_NAME"], self._sign({visits.IN_SESSION: visits.kept(visit)}),
            httponly=config["SESSION_COOKIE_HTTPONLY"], secure=config["SESSION_COOKIE_SECURE"],
            samesite=config["SESSION_COOKIE_SAMESITE"], path="/",
        )  # fmt: skip

    def _by_flask(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The long way, whose headers are kept for the next one who comes."""

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            if status.startswith("302"):
                own = {name.lower(): value for name, value in headers}
                kept = [pair for pair in headers if pair[0].lower() not in OWN_HEADERS]
                self._headers["set-cookie" in own] = kept
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return self._application(environ, start)


@lru_cache(maxsize=1024)
def _tag(path: str) -> str | None:
    return visits.normal_tag(path.removeprefix(PATH))


@lru_cache(maxsize=1024)
def _to(query: str) -> str:
    return parse_qs(query).get("to", [""])[0]


_location = lru_cache(maxsize=1024)(iri_to_uri)
