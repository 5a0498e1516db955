"""What every answer carries and every change must show: headers, cookies, and where a request comes from."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask, Response, abort, current_app, g, request, session
from flask_wtf.csrf import generate_csrf
from itsdangerous import URLSafeTimedSerializer

from webapp.extensions import csrf

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
SAFE = ("GET", "HEAD", "OPTIONS")
# one-click stop of mail, RFC 8058: the mail service posts, without cookies
# and messages of shops, which are signed
CROSS_SITE_ENDPOINTS = {"tenders.stop_mail_now", "api.orders", "api.events"}
CROSS_SITE_VIEWS = {
    "webapp.tenders.routes.stop_mail_now",
    "webapp.api.routes.orders",
    "webapp.api.routes.events",
}


def init_app(app: Flask) -> None:
    """Registers the checks."""
    app.before_request(refuse_nul)
    for view in CROSS_SITE_VIEWS:
        csrf.exempt(view)
    app.before_request(refuse_other_sites)
    app.after_request(add_headers)
    app.context_processor(lambda: {"csrf_token": csrf_token})


def csrf_token() -> str:
    """The token for a form: the session's random value, signed as Flask-WTF does it, once and not on each page."""
    value = session.get("csrf_token")
    if value and "csrf_token" not in g:
        g.csrf_token = _signed(str(current_app.secret_key), value)
    token: str = generate_csrf()
    return token


@lru_cache(maxsize=4096)
def _signed(key: str, value: str) -> str:
    signed: str = URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(value)
    return signed


def refuse_nul() -> None:
    """No address of ours holds NUL, the one character that PostgreSQL does not take in a text."""
    if "\0" in request.path or "%00" in request.environ.get("QUERY_STRING", ""):
        abort(404)


def refuse_other_sites() -> None:
    """A change must come from a page of this site (beside the CSRF token)."""
    if request.method in SAFE or request.endpoint in CROSS_SITE_ENDPOINTS:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)
    origin = request.headers.get("Origin")
    if origin and origin.partition("://")[2] != request.host:
        abort(403)


def add_headers(response: Response) -> Response:
    """Content policy, no sniffing, no framing, no referrer to others, no storing of private pages."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if current_app.config["SETTINGS"].secure:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    elif response.status_code in (200, 304):  # an address with v= changes with its file
        headers["Cache-Control"] = f"public, max-age={31536000 if 'v' in request.args else 86400}"
    return response
