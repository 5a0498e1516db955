"""Signing up and in, passwords, colleagues, several organisations (RULES O1 to O4)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import checks
from tests.browser.hands import Hands
from tests.browser.stage import picture
from tests.factories import PASSWORD, join
from webapp.accounts.rules import Role

SEND = "main form button.primary"
NEW_PASSWORD = "staple battery correct horse"


@pytest.mark.parametrize(
    ("language", "width", "javascript", "keyboard"),
    [("en", 1280, True, True), ("de", 390, False, False), ("fr", 390, True, False)],
    ids=["en-keyboard", "de-no-javascript", "fr-phone"],
)
def test_somebody_signs_up_for_a_company(app, outbox, new_context, language, width, javascript, keyboard):
    page = new_context(width=width, javascript=javascript, language=language).new_page()
    hands = Hands(page, keyboard=keyboard)
    page.goto(f"/{language}/sign-up")
    hands.write("#name", "Nora Neuhaus")
    hands.write("#email", "nora@neuhaus.example")
    hands.write("#new_password", "too short")
    hands.write("#organisation_name", "Neuhaus AG")
    hands.write("#street", "Seeweg 2")
    hands.write("#postcode", "6300")
    hands.write("#city", "Zug")
    hands.press(SEND)
    expect(page.locator("#errors li")).to_have_count(1)
    expect(page.locator("#new_password")).to_have_value("")
    expect(page.locator("#street")).to_have_value("Seeweg 2")
    hands.write("#new_password", NEW_PASSWORD)
    hands.press(SEND)
    page.wait_for_url("**/sign-up/done")
    expect(page.locator("main")).to_contain_text("nora@neuhaus.example")
    assert not javascript or not checks.axe(page)
    assert not checks.wider_than_the_window(page)
    (mail,) = outbox.deliver()
    assert (mail["To"], mail["Content-Language"]) == ("nora@neuhaus.example", language)
    link = next(link for link in outbox.links(mail) if "/verify/" in link)
    for _n in range(3):
        page.goto(link)
    hands.press(SEND)
    page.wait_for_url("**/o/*/")
    expect(page.locator("h1")).to_have_text("Neuhaus AG")
    expect(page.locator("main [role=status]")).to_be_visible()
    assert page.goto(link).status == 410


def test_an_individual_is_not_asked_for_company_numbers(app, page):
    page.goto("/en/sign-up")
    page.locator("input[name=kind][value=individual]").check()
    expect(page.locator("#register_number")).to_be_hidden()
    expect(page.locator("#organisation_name")).to_be_hidden()
    page.locator("input[name=kind][value=company]").check()
    expect(page.locator("#register_number")).to_be_visible()


def test_a_password_can_be_looked_at_and_is_sent_covered(app, cast, page):
    page.goto("/en/sign-in")
    page.locator("#password").fill(PASSWORD)
    button = page.locator("[data-reveal]")
    expect(button).to_be_visible()
    button.click()
    expect(page.locator("#password")).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(page.locator("#password")).to_have_attribute("type", "password")


def test_without_scripts_there_is_no_dead_button(app, new_context):
    page = new_context(javascript=False).new_page()
    page.goto("/en/sign-in")
    expect(page.locator("[data-reveal]")).to_be_hidden()


def test_a_wrong_password_says_nothing_about_the_address(app, cast, page):
    told = []
    for email in (cast.nadia.email, "nobody@example.com"):
        page.goto("/en/sign-in")
        page.locator("#email").fill(email)
        page.locator("#password").fill("wrong horse battery")
        page.locator(SEND).click()
        expect(page.locator("#errors")).to_be_focused()
        expect(page.locator("#password")).to_have_value("")
        told.append(page.locator("#errors").inner_text())
    assert told[0] == told[1]


def test_signing_out_ends_the_session_wherever_its_cookie_is(app, cast, page, sign_in, new_context):
    sign_in(page, cast.nadia)
    copy = new_context()
    copy.add_cookies(page.context.cookies())
    page.locator(".side form button").click()
    page.wait_for_url("**/sign-in")
    page.go_back()
    expect(page.locator("#email, h1").first).to_be_visible()
    stolen = copy.new_page()
    stolen.goto("/en/account")
    stolen.wait_for_url("**/sign-in**")


def test_a_forgotten_password_is_replaced_by_a_mailed_link(app, cast, page, outbox):
    page.goto("/de/password/forgot")
    page.locator("#email").fill(cast.nadia.email)
    page.locator(SEND).click()
    expect(page.locator("main")).to_contain_text(cast.nadia.email)
    (mail,) = outbox.deliver()
    link = next(link for link in outbox.links(mail) if "/password/reset/" in link)
    for _n in range(3):
        page.goto(link)
    page.locator("#new_password").fill(NEW_PASSWORD)
    page.locator(SEND).click()
    page.wait_for_url("**/sign-in")
    page.locator("#email").fill(cast.nadia.email)
    page.locator("#password").fill(NEW_PASSWORD)
    page.locator(SEND).click()
    page.wait_for_url(f"**/o/{cast.lumen.public_id}/")
    assert [mail["To"] for mail in outbox.deliver()] == [cast.nadia.email]  # it was changed
    assert page.goto(link).status == 410


def test_a_colleague_is_invited_and_joins(app, cast, page, let_in, outbox, new_context):
    let_in(page.context, cast.nadia)
    page.goto(f"/en/o/{cast.lumen.public_id}/team/new")
    page.locator("#email").fill("clara@lumen.example")
    page.locator("#language").select_option("fr")
    page.locator(SEND).click()
    page.wait_for_url("**/team")
    expect(page.locator("main")).to_contain_text("clara@lumen.example")
    (mail,) = outbox.deliver()
    assert (mail["To"], mail["Content-Language"]) == ("clara@lumen.example", "fr")
    link = next(link for link in outbox.links(mail) if "/join/" in link)
    claras = new_context(width=390, javascript=False, language="fr").new_page()
    for _n in range(3):
        claras.goto(link)
    claras.locator("#name").fill("Clara Claude")
    claras.locator("#new_password").fill(NEW_PASSWORD)
    claras.locator(SEND).click()
    claras.wait_for_url(f"**/fr/o/{cast.lumen.public_id}/")
    page.reload()
    expect(page.locator("main table")).to_contain_text("Clara Claude")


def test_the_wrong_account_is_told_so_and_can_be_changed(app, cast, page, let_in, outbox, new_context):
    let_in(page.context, cast.nadia)
    page.goto(f"/en/o/{cast.lumen.public_id}/team/new")
    page.locator("#email").fill(cast.stefan.email)
    page.locator(SEND).click()
    page.wait_for_url("**/team")
    link = next(link for link in outbox.links(outbox.to(cast.stefan.email)[0]) if "/join/" in link)
    page.goto(link)
    expect(page.locator("main")).to_contain_text(cast.nadia.email)
    page.locator("form[action$='/switch'] button").click()
    page.locator("main a.primary").click()
    page.locator("#email").fill(cast.stefan.email)
    page.locator("#password").fill(PASSWORD)
    page.locator(SEND).click()
    page.wait_for_url(f"**{link}")
    page.locator(SEND).click()
    page.wait_for_url(f"**/o/{cast.lumen.public_id}/")


def test_somebody_with_two_organisations_changes_between_them(app, cast, page, sign_in):
    join(cast.nadia, cast.lumiere, Role.COLLABORATOR)
    sign_in(page, cast.nadia)
    first, second = cast.lumen, cast.lumiere
    if second.public_id in page.url:
        first, second = second, first
    page.locator(".side a", has_text=second.name).click()
    page.wait_for_url(f"**/o/{second.public_id}/")
    page.goto("/en/start")
    page.wait_for_url(f"**/o/{second.public_id}/")
    page.locator(".side a", has_text=first.name).click()
    page.wait_for_url(f"**/o/{first.public_id}/")


def test_a_picture_takes_the_place_of_initials(app, cast, page, let_in):
    let_in(page.context, cast.nadia)
    page.goto("/en/account")
    page.locator("#picture").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": picture(100)}
    )
    page.locator(SEND).click()
    expect(page.locator("#errors")).to_be_focused()
    page.locator("#picture").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": picture(300)}
    )
    page.locator(SEND).click()
    image = page.locator("main img.avatar")
    expect(image).to_be_visible()
    assert image.evaluate("e => e.naturalWidth") >= 210
    page.locator("form[action$='/picture/removal'] button").click()
    expect(page.locator("main span.avatar")).to_have_text("NN")


def test_other_devices_are_signed_out(app, cast, page, new_context, sign_in):
    other = new_context().new_page()
    sign_in(other, cast.nadia)
    sign_in(page, cast.nadia)
    page.goto("/en/account/sessions")
    page.locator("form[action$='/others/end'] button").click()
    expect(page.locator("main [role=status]")).to_be_visible()
    other.goto("/en/account")
    other.wait_for_url("**/sign-in**")


def test_the_first_operator_sets_the_portal_up(app, page):
    from webapp import clock
    from webapp.backoffice import actions

    token = actions.open_setup(now=clock.now()).token
    page.goto(f"/en/admin/setup/{token}")
    page.locator("#name").fill("Olga Ott")
    page.locator("#email").fill("olga@helvia.example")
    page.locator("#new_password").fill(NEW_PASSWORD)
    page.locator(SEND).click()
    page.wait_for_url("**/sign-in")
    page.locator("#email").fill("olga@helvia.example")
    page.locator("#password").fill(NEW_PASSWORD)
    page.locator(SEND).click()
    page.wait_for_url("**/admin/")
    assert page.goto(f"/en/admin/setup/{token}").status == 410
