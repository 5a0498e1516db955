"""What every answer carries, and where a change may come from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.client import ProofreadingClient
from webapp import create_app
from webapp.extensions import db
from webapp.htmx import local_address

PAGES = ("/", "/en/", "/de/partners", "/fr/sign-in", "/en/account", "/nowhere", "/en/nowhere")
FILES = (
    "/healthz",
    "/theme.css",
    "/robots.txt",
    "/sitemap.xml",
    "/static/css/app.css",
    "/static/nowhere.css",
)


@pytest.mark.parametrize("address", [*PAGES, *FILES])
def test_every_answer_is_told_how_to_be_treated(client, address):
    headers = client.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers, "only where there is HTTPS"
    assert headers.get("Server", "").count("/") == 0


def test_the_operator_s_logo_may_style_itself_and_nothing_more(client):
    """An SVG with styles of its own; it is shown as a picture, and opened alone it runs nothing."""
    policy = client.get("/logo").headers["Content-Security-Policy"]
    assert policy in ("default-src 'none'", "default-src 'none'; style-src 'unsafe-inline'")


def test_pages_may_not_be_framed_and_forms_go_home(client):
    policy = client.get("/en/").headers["Content-Security-Policy"]
    for directive in ("frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'", "script-src 'self'"):
        assert directive in policy


def test_private_pages_are_never_stored(client, cast):
    client.sign_in(cast.nadia)
    for address in ("/de/account", f"/de/o/{cast.lumen.public_id}/", "/de/"):
        assert client.get(address).headers["Cache-Control"] == "no-store"


def test_a_static_file_with_its_stamp_is_kept_for_long(client):
    sheet = next(link for link in client.get_page("/en/").root.all("link") if "app.css" in link.get("href"))
    response = client.get(sheet.get("href"))
    assert "max-age=31536000" in response.headers["Cache-Control"]


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(client):
    cookie = client.get("/en/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("session=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert "Domain" not in cookie


@pytest.fixture
def https(app):
    """A client of the same portal behind HTTPS, on the same database."""
    secure = create_app(replace(app.config["SETTINGS"], base_url="https://partners.example.com"))
    secure.test_client_class = ProofreadingClient
    yield secure.test_client()
    with secure.app_context():
        db.engine.dispose()


def test_behind_https_cookies_are_bound_to_the_host_and_http_is_forbidden(https):
    response = https.get("/en/sign-in", base_url="https://partners.example.com")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=") and "Secure" in cookie and "Path=/" in cookie
    assert "max-age=31536000" in response.headers["Strict-Transport-Security"]


POST = {"email": "x@example.com", "password": "x"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8080"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_changes_nothing_even_with_a_token(client, headers):
    response = client.post("/en/sign-in", data={**POST, "csrf_token": client.token()}, headers=headers)
    assert response.status_code == 403


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c"])
def test_without_a_token_nothing_changes_and_the_page_says_what_to_do(client, token):
    page = client.post("/en/sign-in", data=POST if token is None else {**POST, "csrf_token": token})
    assert page.status_code == 400 and "send it again" in page.text


def test_a_token_of_another_session_is_none(client, another):
    token = another().token()
    client.get("/en/sign-in")
    assert client.post("/en/sign-in", data={**POST, "csrf_token": token}).status_code == 400


def test_the_own_origin_is_welcome(client):
    data = {**POST, "csrf_token": client.token()}
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/en/sign-in", data=data, headers=headers).status_code == 422


def test_only_the_declared_number_of_proxies_is_believed(app):
    forwarded = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
    }
    settings = app.config["SETTINGS"]

    def seen_by(hops):
        from flask import request

        other = create_app(replace(settings, proxy_hops=hops))
        seen = {}
        other.before_request(lambda: seen.update(address=request.remote_addr, secure=request.is_secure))
        other.test_client().get("/robots.txt", headers=forwarded)
        with other.app_context():
            db.engine.dispose()
        return seen["address"], seen["secure"]

    assert seen_by(0) == ("127.0.0.1", False)
    assert seen_by(1) == ("203.0.113.9", True)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/en/\\..\\x",
        "javascript:alert(1)",
        "evil.example",
        "/en/\nSet-Cookie: a=b",
        "/en/\x00",
        "/\t/evil.example",
        " /en/",
        "",
        None,
    ],
)
def test_nobody_is_sent_to_another_site(target):
    assert local_address(target, "/home") == "/home"


@pytest.mark.parametrize("target", ["/", "/en/", "/de/o/abc/team?x=1&y=2", "/fr/partners?q=%C3%A9#top"])
def test_paths_of_this_site_are_kept(target):
    assert local_address(target, "/home") == target


def test_a_file_too_large_for_any_form_gets_a_page(client):
    response = client.post("/en/sign-in", data={"email": "x" * 2_000_000, "csrf_token": "x"})
    assert response.status_code == 413 and "<h1>" in response.text
