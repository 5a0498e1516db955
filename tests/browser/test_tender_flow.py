"""A call for tenders from the first letter to the accepted offer (UX 7, F8)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser import checks
from tests.browser.hands import Hands
from tests.browser.sentences import said
from tests.browser.stage import typed_call
from tests.factories import PASSWORD, make_offer, make_recipient, make_tender
from webapp import drafts, links
from webapp.extensions import db
from webapp.inbox import actions as inbox
from webapp.inbox import queries as inbox_of
from webapp.tenders.models import Offer, Tender, TenderOpening
from webapp.unit import unit_of_work

TITLE = "Forty mailboxes move to Switzerland"
STORY = "We have forty mailboxes abroad and want them in Switzerland by spring, with calendars."
OTHER_STORY = "We have fifty mailboxes abroad and want them in Switzerland by summer, with calendars."
SUBMIT = "main form#tender-form button:not([name])"


def fresh() -> None:
    """What the server has committed meanwhile can be read."""
    db.session.rollback()
    db.session.expire_all()


def calls() -> int:
    fresh()
    return db.session.query(Tender).count()


@unit_of_work
def own_page(tender: Tender, now) -> str:
    return links.issue("tender", tender.id, expires_at=now + timedelta(days=90), now=now).token


def fill_in(hands: Hands, language: str) -> None:
    """All but title and place."""
    hands.tick("#services-0")
    hands.write("#description", STORY)
    hands.tick("#start-1")
    for n in range(3):
        hands.tick(f"#reply_languages-{n}")
    hands.write("#contact_name", "Vera Visitor")
    hands.write("#contact_email", "vera@visitor.example")


@pytest.mark.parametrize(
    ("language", "width", "javascript", "keyboard"),
    [("en", 1280, True, True), ("de", 390, False, False), ("fr", 390, True, False)],
    ids=["en-keyboard", "de-no-javascript", "fr-phone"],
)
def test_a_visitors_call_reaches_partners_who_answer_it(
    app, cast, outbox, new_context, language, width, javascript, keyboard
):
    """RULES T1, T2, T5, T7, T8, L2."""
    page = new_context(width=width, javascript=javascript, language=language).new_page()
    hands = Hands(page, keyboard=keyboard)

    # the form comes back with two errors; the summary leads to both, and nothing is lost
    page.goto(f"/{language}/tenders/new")
    fill_in(hands, language)
    hands.press(SUBMIT)
    expect(page.locator("#errors li")).to_have_count(2)
    if javascript:
        expect(page.locator("#errors")).to_be_focused()
    assert page.title().startswith(said("Error:", language))
    expect(page.locator("#description")).to_have_value(STORY)
    expect(page.locator("#services-0")).to_be_checked()
    expect(page.locator("#contact_email")).to_have_value("vera@visitor.example")
    assert not javascript or not checks.axe(page)
    hands.press("#errors li:nth-child(1) a")
    expect(page.locator("#title")).to_be_focused()
    hands.write("#title", TITLE)
    if keyboard:  # back up to the summary
        page.locator("#errors").focus()
    hands.press("#errors li:nth-child(2) a")
    expect(page.locator("#place")).to_be_focused()
    hands.choose("#place", "CH-VD")

    # what partners will see: while writing, or by a button
    if not javascript:
        hands.press("button[value=preview]")
    expect(page.locator("#excerpt h3")).to_have_text(TITLE)
    if javascript and keyboard:
        expect(page.locator("#place")).to_be_focused()
    assert not checks.wider_than_the_window(page)

    # check, change one thing, check again
    hands.press(SUBMIT)
    page.wait_for_url("**/check")
    assert STORY in page.locator("main").inner_text()
    assert not javascript or not checks.axe(page)
    hands.press("a[href$='#description']")
    expect(page.locator("#description")).to_be_focused()
    expect(page.locator("#description")).to_have_value(STORY)
    hands.write("#description", OTHER_STORY)
    hands.press(SUBMIT)
    page.wait_for_url("**/check")
    assert OTHER_STORY in page.locator("main").inner_text()
    assert calls() == 0
    hands.press("main form button.primary")
    page.wait_for_url("**/done")
    assert "vera@visitor.example" in page.locator("main").inner_text()
    page.go_back()
    page.wait_for_url("**/done")  # the finished form can't be sent again
    assert calls() == 1

    # looking at the mailed link, however often, changes nothing; the button does
    (mail,) = outbox.deliver()
    assert (mail["To"], mail["Content-Language"]) == ("vera@visitor.example", language)
    own = next(link for link in outbox.links(mail) if "/t/" in link)
    for _n in range(3):
        assert page.goto(own).status == 200
    assert not outbox.deliver()
    assert not javascript or not checks.axe(page)
    hands.press("form[action$='/confirmation'] button")
    expect(page.locator("main [role=status]")).to_have_text(
        said("Your call is published. Partners whom it concerns are being told now.", language)
    )
    mails = {mail["To"]: mail for mail in outbox.deliver()}
    assert {to: mail["Content-Language"] for to, mail in mails.items()} == {
        "pierre@lumiere.example": "fr", "berta@bergwerk.example": "de",
    }  # fmt: skip
    assert all(
        "Visitor" not in mail.as_string() and "visitor.example" not in mail.as_string()
        for mail in mails.values()
    )

    # a partner follows the link, signs in on the way, opens the call and makes an offer
    partner = new_context(width=width, javascript=javascript, language="fr").new_page()
    theirs = Hands(partner, keyboard=keyboard)
    call = next(link for link in outbox.links(mails["pierre@lumiere.example"]) if "/tenders/" in link)
    partner.goto(call)
    theirs.write("#email", "pierre@lumiere.example")
    theirs.write("#password", PASSWORD)
    theirs.press("main form button.primary")
    partner.wait_for_url(f"**/fr/o/{cast.lumiere.public_id}/tenders/*")
    expect(partner.locator("h1")).to_have_text(TITLE)
    assert "vera@visitor.example" not in partner.content()
    assert not javascript or not checks.axe(partner)
    theirs.press("form[action$='/opening'] button")
    expect(partner.locator("#contact")).to_contain_text("vera@visitor.example")
    assert OTHER_STORY in partner.locator("main").inner_text()
    theirs.press("main a.primary[href$='/offer']")
    theirs.write("#price_least", "abc")
    theirs.press("main form button.primary")
    expect(partner.locator("#errors li")).to_have_count(2)
    theirs.press("#errors li:nth-child(1) a")
    expect(partner.locator("#price_least")).to_have_value("abc")
    theirs.write("#price_least", "4’200")
    theirs.write("#message", "Nous pouvons commencer la semaine prochaine.")
    partner.locator("#pdf").set_input_files(
        {"name": "offre.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}
    )
    theirs.press("main form button.primary")
    expect(partner.locator("main")).to_contain_text("offre.pdf")
    assert not checks.wider_than_the_window(partner)

    # the sender sees who has opened it, compares two offers, and takes one
    fresh()
    tender, berta = db.session.query(Tender).one(), cast.berta
    received = inbox_of.received(cast.bergwerk_partner, tender.public_id)
    inbox.open_contact(received, by=berta, now=tender.confirmed_at)
    make_offer(tender, cast.bergwerk_partner, berta)
    told = [mail["To"] for mail in outbox.deliver()]
    assert told.count("vera@visitor.example") >= 2  # somebody has opened it, and made an offer
    page.goto(own)
    expect(page.locator(".hist li")).to_have_count(2)
    expect(page.locator("article.offer")).to_have_count(2)
    assert not javascript or not checks.axe(page)
    assert not checks.wider_than_the_window(page)
    first = page.locator("article.offer", has_text="Lumière").locator("a[href$='/acceptance']")
    if keyboard:
        hands.reach(first)
        page.keyboard.press("Enter")
    else:
        first.click()
    page.wait_for_url("**/acceptance")
    hands.press("main form button.primary")
    expect(page.locator("main [role=status]")).to_contain_text("Lumière Digital Sàrl")
    mails = {mail["To"]: mail for mail in outbox.deliver()}
    assert {to: mail["Content-Language"] for to, mail in mails.items()} == {
        "pierre@lumiere.example": "fr", "berta@bergwerk.example": "de",
    }  # fmt: skip
    partner.reload()
    expect(partner.locator(".notice.ok")).to_contain_text(
        said("Your offer was accepted on %(day)s. The sender expects to hear from you.", "fr", day="21")[:10]
    )
    assert db.session.query(TenderOpening).count() == 2


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_a_call_is_withdrawn_by_a_button_only(app, cast, clock, new_context, let_in, outbox, javascript):
    """RULES T3, T4: looking changes nothing; after the button no partner sees the call."""
    tender = make_tender(confirmed_at=clock.now)
    received = make_recipient(tender, cast.lumiere_partner)
    inbox.open_contact(received, by=cast.pierre, now=clock.now)
    token = own_page(tender, clock.now)
    outbox.deliver()
    window = new_context(width=390, javascript=javascript)
    let_in(window, cast.pierre)
    partner = window.new_page()
    theirs = f"/fr/o/{cast.lumiere.public_id}/tenders/{tender.public_id}"
    assert partner.goto(theirs).status == 200
    page = new_context(width=390, javascript=javascript).new_page()
    for _n in range(3):
        page.goto(f"/en/t/{token}")
    assert partner.reload().status == 200
    page.locator("form[action$='/cancellation'] button").click()
    expect(page.locator("main [role=status]")).to_have_text(
        "Your call is withdrawn. Partners no longer see it."
    )
    assert partner.reload().status == 410
    expect(partner.locator("h1")).to_have_count(1)
    partner.goto(f"/fr/o/{cast.lumiere.public_id}/tenders")
    assert tender.title not in partner.locator("main").inner_text()
    assert "pierre@lumiere.example" in [mail["To"] for mail in outbox.deliver()]
    assert page.reload().status == 200
    expect(page.locator("form[action$='/cancellation']")).to_have_count(0)


def test_a_double_click_sends_one_call(app, cast, clock, page):
    key = drafts.new_key()
    drafts.save("tender", key, typed_call(), now=clock.now)
    page.goto(f"/en/tenders/new/{key}/check")
    page.locator("main form button.primary").dblclick()
    page.wait_for_url("**/done")
    assert calls() == 1


def test_two_windows_send_one_call(app, cast, clock, context):
    key = drafts.new_key()
    drafts.save("tender", key, typed_call(), now=clock.now)
    windows = [context.new_page(), context.new_page()]
    for page in windows:
        page.goto(f"/en/tenders/new/{key}/check")
    for page in windows:
        page.locator("main form button.primary").click()
        page.wait_for_url("**/done")
    assert calls() == 1


def test_another_language_keeps_what_was_typed(app, page):
    """UX 7, G10: the draft stays."""
    page.goto("/en/tenders/new")
    page.locator("#title").fill(TITLE)
    page.locator("#description").fill(STORY)
    page.locator(SUBMIT).click()
    expect(page.locator("#errors")).to_be_focused()
    page.locator("nav.lang a[hreflang=fr]").click()
    page.wait_for_url("**/fr/tenders/new/*")
    expect(page.locator("#title")).to_have_value(TITLE)
    expect(page.locator("#description")).to_have_value(STORY)


def test_an_offer_is_in_the_database_once_after_a_double_click(app, cast, clock, page, let_in):
    tender = make_tender(confirmed_at=clock.now)
    received = make_recipient(tender, cast.lumiere_partner)
    inbox.open_contact(received, by=cast.pierre, now=clock.now)
    let_in(page.context, cast.pierre)
    page.goto(f"/en/o/{cast.lumiere.public_id}/tenders/{tender.public_id}/offer")
    page.locator("#price_least").fill("1500")
    page.locator("#message").fill("We can start next week, and stay.")
    page.locator("main form button.primary").dblclick()
    expect(page.locator("main [role=status]").first).to_be_visible()
    fresh()
    assert db.session.query(Offer).count() == 1
