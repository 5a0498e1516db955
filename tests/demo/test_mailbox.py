"""The demo's mailbox page and the list of sign-ins: there in demo mode, nowhere else."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.client import Page, ProofreadingClient
from webapp.demo import mailbox, sign_ins
from webapp.demo.people import NADIA


def mails_to(demo: Flask, address: str) -> list[mailbox.Envelope]:
    """What this person got."""
    return mailbox.envelopes(demo.config["SETTINGS"].mail_server.folder, to=address)


def test_it_lists_all_mail_newest_first(visitor: ProofreadingClient, demo: Flask) -> None:
    page = visitor.get_page("/dev/mail")
    assert page.h1 == "Demo mailbox"
    assert f"{len(mails_to(demo, ''))} mails" in page
    dates = re.findall(r'<time datetime="([^"]+)"', page.response.text)
    assert len(dates) == 50
    moments = [each.at for each in mails_to(demo, "")]
    assert moments == sorted(moments, reverse=True)
    assert "Next page" in page.links
    visitor.get_page(page.links["Next page"])


def test_it_finds_the_mail_of_an_address(visitor: ProofreadingClient, demo: Flask) -> None:
    n = len(mails_to(demo, NADIA.email))
    page = visitor.get_page("/dev/mail?to=NADIA.keller")
    assert f"{n} mails to “NADIA.keller”" in page
    page = visitor.get_page("/dev/mail?to=nobody@nowhere.example")
    assert "No mail here" in page


def test_a_mail_is_shown_as_html_as_text_and_with_its_links(visitor: ProofreadingClient, demo: Flask) -> None:
    envelope = next(
        each for each in mails_to(demo, NADIA.email) if "offer" in each.subject.casefold() or each
    )
    page = visitor.get_page(f"/dev/mail/{envelope.id}")
    assert page.h1 == envelope.subject
    frame = page.main.all("iframe")[0]
    assert frame.get("src") == f"/dev/mail/{envelope.id}/html"
    assert frame.get("title")
    assert frame.get("sandbox") == "allow-top-navigation-by-user-activation"
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.main.all("pre")[0].text
    assert any(address.startswith("http://localhost/") for address in page.links.values())
    assert "Message-ID" in page


def test_the_html_part_has_a_policy_of_its_own(mail_program: FlaskClient, demo: Flask) -> None:
    envelope = mails_to(demo, NADIA.email)[0]
    response = mail_program.get(f"/dev/mail/{envelope.id}/html")
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert '<head><base target="_top">' in response.text
    source = mail_program.get(f"/dev/mail/{envelope.id}/source")
    assert source.mimetype == "text/plain"
    assert "Auto-Submitted: auto-generated" in source.text


@pytest.mark.parametrize("name", ["nothing", "000001-1-1", "..%2f..%2fsecret", "000001-1-1.eml", "%00"])
def test_what_is_no_mail_is_not_found(visitor: ProofreadingClient, name: str) -> None:
    for address in (f"/dev/mail/{name}", f"/dev/mail/{name}/html", f"/dev/mail/{name}/source"):
        visitor.get_page(address, status=404)


def test_the_language_switch_leads_home(visitor: ProofreadingClient) -> None:
    page = visitor.get_page("/dev/mail?to=x")
    assert {"/en/", "/fr/", "/de/"} <= set(page.all_links)


def test_the_sign_in_page_shows_who_can_be_tried(visitor: ProofreadingClient, demo: Flask) -> None:
    """UX 5.15."""
    with demo.app_context():
        password = sign_ins.password()
    for language in ("en", "fr", "de"):
        page = visitor.get_page(f"/{language}/sign-in")
        assert NADIA.email in page
        assert password in page


def test_outside_of_the_demo_there_is_no_such_page(client: ProofreadingClient) -> None:
    for address in ("/dev/mail", "/dev/mail/000001-1-1", "/dev/mail/000001-1-1/html"):
        client.get_page(address, status=404)
    page: Page = client.get_page("/en/sign-in")
    assert "Password" in page
    assert NADIA.email not in page
    assert "/dev/mail" not in page.all_links
