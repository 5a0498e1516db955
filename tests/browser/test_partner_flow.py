"""A company becomes a partner and shows itself in the directory (RULES A1, A4, A5)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import checks
from tests.browser.stage import picture
from tests.factories import make_organisation, make_user

SEND = "main form button.primary"


@pytest.mark.parametrize(("width", "javascript"), [(1280, True), (390, False)], ids=["script", "no-script"])
def test_a_company_applies_is_approved_and_listed(app, cast, outbox, new_context, let_in, width, javascript):
    adele = make_user("Adele Anwärterin", email="adele@anwaerter.example", language="de")
    company = make_organisation("Anwärter Informatik GmbH", owner=adele)
    window = new_context(width=width, javascript=javascript, language="de")
    let_in(window, adele)
    page = window.new_page()

    page.goto(f"/de/o/{company.public_id}/application")
    page.locator("#website").fill("anwaerter")
    page.locator(SEND).click()
    expect(page.locator("#errors li")).to_have_count(6)
    assert not checks.wider_than_the_window(page)
    page.locator("#website").fill("https://www.anwaerter.example.com")
    page.locator("#about").fill("Wir betreuen vierzig Webshops in der Ostschweiz.")
    for name in ("support", "invoices", "products", "conditions"):
        page.locator(f"#{name}").check()
    page.locator(SEND).click()
    expect(page.locator(".badge.wait")).to_be_visible()
    mails = {mail["To"]: mail["Content-Language"] for mail in outbox.deliver()}
    assert mails == {"adele@anwaerter.example": "de", "olga@helvia.example": "en"}

    desk = new_context(width=width, javascript=javascript)
    let_in(desk, cast.olga)
    olgas = desk.new_page()
    olgas.goto("/en/admin/applications")
    olgas.locator("main a", has_text="Anwärter Informatik GmbH").click()
    olgas.locator("form[action$='/approval'] button").click()
    expect(olgas.locator("main [role=status]")).to_contain_text("Anwärter Informatik GmbH is a partner now")
    (mail,) = outbox.deliver()
    assert (mail["To"], mail["Content-Language"]) == ("adele@anwaerter.example", "de")

    page.goto(f"/de/o/{company.public_id}/directory-profile")
    page.locator("#listed").check()
    page.locator("input[name=services]").first.check()
    page.locator("input[name=languages][value=de]").check()
    page.locator("#text_de").fill("Wir betreuen <b>Webshops</b> & Server.")
    page.locator("#logo").set_input_files(
        {"name": "logo.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    )
    page.locator(SEND).click()
    expect(page.locator("#errors li")).to_have_count(1)
    expect(page.locator("#text_de")).to_have_value("Wir betreuen <b>Webshops</b> & Server.")
    page.locator("#logo").set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": picture()})
    page.locator(SEND).click()
    expect(page.locator("main img.logo")).to_be_visible()
    assert not checks.wider_than_the_window(page)

    visitor = new_context(width=width, javascript=javascript, language="fr").new_page()
    visitor.goto("/fr/partners?q=anwarter")
    expect(visitor.locator("#results .card")).to_have_count(1)
    visitor.locator("#results .card a").click()
    expect(visitor.locator("h1")).to_have_text("Anwärter Informatik GmbH")
    expect(visitor.locator("main p[lang=de]")).to_have_text("Wir betreuen <b>Webshops</b> & Server.")
    assert visitor.locator("main img.logo").evaluate("e => e.complete && e.naturalWidth > 0")


def test_a_rejected_company_reads_why_and_applies_again(app, cast, new_context, let_in, outbox):
    adele = make_user("Adele Anwärterin", email="adele@anwaerter.example", language="en")
    company = make_organisation("Anwärter Informatik GmbH", owner=adele)
    window = new_context()
    let_in(window, adele)
    page = window.new_page()
    page.goto(f"/en/o/{company.public_id}/application")
    page.locator("#website").fill("https://www.anwaerter.example.com")
    page.locator("#about").fill("We look after forty shops in the east.")
    for name in ("support", "invoices", "products", "conditions"):
        page.locator(f"#{name}").check()
    page.locator(SEND).dblclick()  # one application
    expect(page.locator(".badge.wait")).to_be_visible()
    desk = new_context()
    let_in(desk, cast.olga)
    olgas = desk.new_page()
    olgas.goto("/en/admin/applications")
    olgas.locator("main a", has_text="Anwärter Informatik GmbH").click()
    olgas.locator("form[action$='/rejection'] button").click()
    expect(olgas.locator("#errors")).to_be_focused()
    olgas.locator("#reason").fill("Your website can’t be reached.")
    olgas.locator("form[action$='/rejection'] button").click()
    expect(olgas.locator("main [role=status]")).to_be_visible()
    expect(olgas.locator("main a", has_text="Anwärter Informatik GmbH")).to_have_count(0)
    assert (
        "Your website can’t be reached."
        in outbox.to("adele@anwaerter.example")[-1].get_body(("plain",)).get_content()
    )
    page.goto(f"/en/o/{company.public_id}/application")
    expect(page.locator("main blockquote")).to_have_text("Your website can’t be reached.")
    expect(page.locator("#about")).to_be_visible()
