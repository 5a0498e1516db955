"""A partner's inbox: filters, preferences, and mail that stops (UX 7, F9, G15; RULES T9)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import checks
from tests.browser.hands import Hands
from tests.browser.stage import set_stage, typed_call
from tests.factories import PASSWORD
from webapp import drafts
from webapp.tenders import actions


@pytest.fixture
def stage(cast, clock):
    return set_stage(cast, clock.now)


@pytest.fixture
def inbox(stage) -> str:
    return f"/en/o/{stage.cast.lumiere.public_id}/tenders"


@pytest.fixture
def publish(stage, clock):
    """Nadia publishes a call."""

    def send(**values):
        draft = drafts.save("tender", drafts.new_key(), typed_call(**values), now=clock.now)
        return actions.send(draft, by=stage.cast.nadia, organisation=stage.cast.lumen, now=clock.now)

    return send


def test_calls_are_filtered_by_keyboard(stage, inbox, page, let_in):
    let_in(page.context, stage.cast.pierre)
    page.goto(inbox)
    expect(page.locator("#tender-list [role=status]")).to_have_text("3 calls")
    hands = Hands(page, keyboard=True)
    hands.choose("#service", "shop")
    expect(page.locator("#tender-list [role=status]")).to_have_text("0 calls")
    expect(page.locator("#service")).to_be_focused()
    assert not checks.axe(page)
    hands.choose("#service", "web")
    expect(page.locator("#tender-list [role=status]")).to_have_text("3 calls")
    expect(page.locator("#service")).to_be_focused()
    assert "service=web" in page.url
    page.reload()
    expect(page.locator("#service")).to_have_value("web")
    hands.press(".tabs a[href*='tab=answered']")
    expect(page.locator(".tabs [aria-current=page]")).to_have_count(1)
    expect(page.locator("#tender-list li h2")).to_have_count(1)


def test_calls_are_filtered_without_scripts(stage, inbox, new_context, let_in):
    window = new_context(width=390, javascript=False)
    let_in(window, stage.cast.pierre)
    page = window.new_page()
    page.goto(inbox)
    page.locator("#language").select_option("de")
    page.locator(".filter-row button").click()
    page.wait_for_url("**language=de**")
    expect(page.locator("#language")).to_have_value("de")


def test_a_call_is_put_aside_and_taken_back(stage, inbox, page, let_in):
    let_in(page.context, stage.cast.pierre)
    page.goto(f"{inbox}/{stage.fresh.public_id}")
    page.locator("details.mini summary").click()
    page.locator("details.mini button").click()  # no reason yet
    expect(page.locator("#errors")).to_be_focused()
    page.locator("main input[type=radio]").first.check()
    page.locator("main form button.primary").click()
    expect(page.locator("main [role=status]").first).to_contain_text("Not for us")
    expect(page.locator("#tender-list li h2")).to_have_count(2)
    page.goto(f"{inbox}/{stage.fresh.public_id}")
    page.locator("form[action$='/dismissal/end'] button").click()
    expect(page.locator("form[action$='/dismissal/end']")).to_have_count(0)


def test_mail_comes_as_preferred(stage, inbox, page, let_in, publish, outbox):
    outbox.deliver()
    let_in(page.context, stage.cast.pierre)
    page.goto(f"{inbox}/preferences")
    expect(page.locator("input[name=mail][value=at_once]")).to_be_checked()
    page.locator("input[name=mail][value=never]").check()
    page.locator("main form button.primary").click()
    expect(page.locator("main [role=status]")).to_contain_text("saved")
    expect(page.locator("input[name=mail][value=never]")).to_be_checked()
    publish()
    assert "pierre@lumiere.example" not in [mail["To"] for mail in outbox.deliver()]
    page.goto(inbox)
    expect(page.locator("#tender-list [role=status]")).to_have_text("4 calls")  # only the mail is off

    page.goto(f"{inbox}/preferences")
    page.locator("input[name=mail][value=at_once]").check()
    page.locator("input[name=services][value=backup]").check()
    page.locator("details.cat summary").first.click()
    assert not checks.axe(page)
    page.locator("main form button.primary").click()
    expect(page.locator("main [role=status]")).to_contain_text("saved")
    publish(title="A call about something else")
    assert "pierre@lumiere.example" not in [mail["To"] for mail in outbox.deliver()]
    publish(title="A call about copies of data", services=["backup"])
    assert "pierre@lumiere.example" in [mail["To"] for mail in outbox.deliver()]


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_mail_stops_by_a_button_only(stage, new_context, publish, outbox, javascript):
    """RULES T4: mail programs and scanners open links."""
    publish()
    mails = [mail for mail in outbox.deliver() if mail["To"] == "pierre@lumiere.example"]
    mail = next(mail for mail in mails if mail["List-Unsubscribe"])  # the others are about orders
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = str(mail["List-Unsubscribe"]).strip("<>")
    page = new_context(width=390, javascript=javascript, language="fr").new_page()
    for _n in range(3):
        page.goto(stop)
    publish(title="A second call for tenders")
    assert "pierre@lumiere.example" in [mail["To"] for mail in outbox.deliver()]
    page.locator("main form button.primary").click()
    expect(page.locator("main form")).to_have_count(0)
    publish(title="A third call for tenders")
    assert "pierre@lumiere.example" not in [mail["To"] for mail in outbox.deliver()]


def test_a_session_that_ended_meanwhile_leads_back_where_one_was(stage, inbox, clock, page, sign_in):
    sign_in(page, stage.cast.pierre)
    page.goto(f"{inbox}?service=web")
    clock.forward(minutes=61)
    page.locator("#language").select_option("de")
    page.wait_for_url("**/sign-in?**")
    assert page.locator("#tender-list").count() == 0
    page.locator("#email").fill(stage.cast.pierre.email)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button.primary").click()
    page.wait_for_url(f"**{inbox}?service=web**")
    expect(page.locator("#service")).to_have_value("web")
