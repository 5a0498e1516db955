"""A client adds a partner, the partner answers (UX 7: F1, F2, F3; RULES C6, C8)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import checks
from tests.browser.hands import Hands
from tests.cast import stock
from tests.factories import PASSWORD, make_partnership
from tests.invitations.story import invited, page_of
from webapp.extensions import db
from webapp.invitations.models import Invitation
from webapp.invitations.rules import State
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Access, Payer

SEND = "main form[method=post] button.primary"


@pytest.fixture
def goods(cast):
    """Lumen Optik has products; Nadia and Pierre read English."""
    cast.nadia.language = cast.pierre.language = "en"
    db.session.commit()
    return stock(cast.lumen)


def anew():
    """What the test has read is old news."""
    db.session.commit()
    db.session.expire_all()


@pytest.mark.parametrize(
    ("language", "width", "javascript", "keyboard"),
    [("en", 1280, True, True), ("de", 390, False, False)],
    ids=["en-keyboard", "de-no-javascript"],
)
def test_limited_access_from_search_to_answer(
    cast, goods, outbox, new_context, let_in, language, width, javascript, keyboard
):
    """F1, F3: two rights, Change returns to the summary; the mail, three looks, the answer."""
    window = new_context(width=width, javascript=javascript, language=language)
    let_in(window, cast.nadia)
    page = window.new_page()
    hands = Hands(page, keyboard=keyboard)
    page.goto(f"/{language}/o/{cast.lumen.public_id}/partners/new")
    hands.write("#q", "it")
    if not javascript:
        hands.press("form[role=search] button")
    expect(page.locator("input#partner-1")).to_be_visible()
    hands.tick("input#partner-1")
    hands.press(SEND)
    page.wait_for_url("**/access")
    hands.tick("#access-0")
    hands.press(SEND)
    page.wait_for_url("**/products")
    hands.tick(f"#t-{goods.site.public_id}")
    hands.tick(f"#s-{goods.site.public_id}")
    if javascript:
        expect(page.locator("#picked")).to_contain_text("See statistics for 1 product")
        expect(page.locator(f"#s-{goods.site.public_id}")).to_be_focused()
        assert not checks.axe(page)
    hands.press(".savebar button")
    page.wait_for_url("**/check")
    hands.press(".check-list a[href$='products?then=check']")
    page.wait_for_url("**/products**")
    hands.tick(f"#t-{goods.shop.public_id}")
    if javascript:
        expect(page.locator("#picked")).to_contain_text("2 products for Lumière Digital")
    hands.press(".savebar button")
    page.wait_for_url("**/check")
    assert not checks.wider_than_the_window(page)
    hands.write("#message", "Grüezi")
    hands.press(SEND)
    page.wait_for_url("**/partners")
    expect(page.locator("main [role=status]").first).to_contain_text("Lumière Digital")
    (mail,) = outbox.to(cast.pierre.email)
    (link,) = [link for link in outbox.links(mail) if "/i/" in link]
    _answer(new_context(width=width, javascript=javascript), let_in, cast, link, goods)


def _answer(window, let_in, cast, link, goods):
    page = window.new_page()
    for _n in range(3):
        page.goto(link)
    page.locator("main a.btn.primary").click()
    page.wait_for_url("**/sign-in**")
    page.locator("#email").fill(cast.pierre.email)
    page.locator("#password").fill(PASSWORD)
    page.locator(SEND).click()
    page.wait_for_url("**/i/*")
    anew()
    assert db.session.query(Partnership).count() == 0
    expect(page.locator("main")).to_contain_text("lumen-optik.ch")
    page.locator("form[action$=acceptance] button").click()
    page.wait_for_url("**/clients/*")
    assert page.goto(link).status == 410
    anew()
    assert db.session.query(Partnership).one().client_id == cast.lumen.id


def test_full_access_with_the_wallet_asks_for_the_password(cast, goods, page, sign_in):
    """F1: and a second one is refused with the reason."""
    sign_in(page, cast.nadia)
    page.goto(f"/en/partners/{cast.lumiere_partner.slug}")
    page.locator("main a.btn.primary").first.click()
    page.wait_for_url("**/who?partner=*")
    page.locator(SEND).click()
    page.locator("#access-1").check()
    page.locator(SEND).click()
    page.locator("#payer-1").check()
    page.locator(SEND).click()
    page.wait_for_url("**/check")
    page.locator("#message").fill("Hello")
    if page.locator("#password").count():
        page.locator("#password").fill("wrong wrong wrong")
        page.locator(SEND).click()
        expect(page.locator("#errors")).to_be_focused()
        expect(page.locator("#message")).to_have_value("Hello")
        expect(page.locator("#password")).to_have_value("")
        page.locator("#password").fill(PASSWORD)
    page.locator(SEND).click()
    page.wait_for_url("**/partners")
    sent = db.session.query(Invitation).one()
    assert (sent.access, sent.payer) == (Access.FULL, Payer.PARTNER)
    make_partnership(cast.lumen, cast.bergwerk_partner, access=Access.FULL)
    page.goto(f"/en/o/{cast.lumen.public_id}/partners/new")
    page.locator("#q").fill("bergwerk")
    expect(page.locator("#partner-results .off, #partner-results .opt")).to_contain_text("already")
    expect(page.locator("#partner-0")).not_to_have_attribute("type", "radio")


def test_resending_keeps_the_focus_and_replaces_the_link(cast, goods, clock, page, sign_in, outbox):
    """F2"""
    sent = invited(cast, goods.site, now=clock.now)
    older = page_of(sent)
    clock.forward(minutes=11)
    sign_in(page, cast.nadia)
    page.goto(f"/en/o/{cast.lumen.public_id}/partners")
    button = page.locator(f"#resend-{sent.public_id}")
    button.focus()
    page.keyboard.press("Enter")
    row = page.locator(f"#inv-{sent.public_id}")
    expect(row.locator("[role=status]")).to_contain_text("Sent again.")
    expect(button).to_be_focused()
    assert not checks.axe(page)
    page.keyboard.press("Enter")
    expect(row.locator("[role=status]")).to_contain_text("less than 10 minutes ago")
    expect(button).to_be_focused()
    assert page.goto(older).status == 410
    expect(page.locator("h1")).to_have_text("A newer mail has replaced this link")
    anew()
    assert page.goto(page_of(sent)).status == 200


def test_deleting_and_sending_again_what_has_lapsed(cast, goods, clock, new_context, let_in):
    """F2, without scripts."""
    sent = invited(cast, goods.site, now=clock.now)
    clock.forward(days=31)
    window = new_context(width=390, javascript=False)
    let_in(window, cast.nadia)
    page = window.new_page()
    page.goto(f"/en/o/{cast.lumen.public_id}/partners")
    page.locator(f"#resend-{sent.public_id}").click()
    expect(page.locator("main [role=status]").first).to_contain_text("Sent again.")
    page.locator(f"#inv-{sent.public_id} a").click()
    page.wait_for_url("**/deletion")
    page.locator("main form button").click()
    page.wait_for_url("**/partners")
    expect(page.locator(f"#inv-{sent.public_id}")).to_have_count(0)
    anew()
    assert db.session.get(Invitation, sent.id).state(clock.now) is State.DELETED


def test_the_wrong_account_switches_and_refuses(cast, goods, clock, page, sign_in):
    """F3"""
    sent = invited(cast, goods.site, now=clock.now)
    sign_in(page, cast.stefan)
    page.goto(page_of(sent))
    expect(page.locator("main")).to_contain_text("You are signed in as stefan@stranger.example.")
    page.locator("main form button").click()
    page.locator("main a.btn.primary").click()
    page.locator("#email").fill(cast.pierre.email)
    page.locator("#password").fill(PASSWORD)
    page.locator(SEND).click()
    page.wait_for_url("**/i/*")
    page.locator("#reason").fill("No time.")
    page.locator("form[action$=refusal] button").click()
    page.wait_for_url("**/clients")
    anew()
    assert db.session.get(Invitation, sent.id).reason == "No time."
    assert page.goto(page_of(sent)).status == 410
    expect(page.locator("h1")).to_have_text("This invitation was refused")
