"""A partner asks a client for access and acts for it (UX 7: F4; RULES C4, C7, C11, C13, C14)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import checks
from tests.browser.hands import Hands
from tests.browser.steps import (
    DONE,
    ON,
    Visit,
    Way,
    anew,
    begin_to_end,
    both_ways,
    focused,
    give_password,
)
from tests.cast import stock
from tests.factories import make_assignment, make_partnership, make_product, make_setting
from tests.invitations.story import asked
from tests.post import of_kind, text_of
from webapp.accounts.models import Membership
from webapp.extensions import db
from webapp.invitations.models import Invitation
from webapp.partnerships.models import Partnership
from webapp.partnerships.queries import granted
from webapp.partnerships.rules import EVERYTHING, Access, Rights

KEYBOARD = Way(True)
STATISTICAL = Rights(statistical=True)


@pytest.fixture
def goods(cast):
    return stock(cast.lumen)


@pytest.fixture
def entrusted(cast, goods):
    """Paula of Lumière Digital looks after two products of Lumen Optik; she may change settings of one only."""
    make_setting(goods.site)
    rights = {goods.site: EVERYTHING, goods.post: STATISTICAL}
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, products=rights)
    make_assignment(partnership, db.session.query(Membership).filter_by(user_id=cast.paula.id).one())
    return partnership


def ask(pierre: Visit, cast, email: str) -> None:
    """Asks for everything with websites and for the statistics of mail; answers with the check page open."""
    pierre.go(f"/o/{cast.lumiere.public_id}/clients/new")
    pierre.hands.press(ON)  # nothing typed yet
    expect(pierre.find("#errors")).to_be_visible()
    pierre.hands.write("#email", email)
    pierre.press_on("/ask")
    pierre.hands.tick("#access-0")
    for value in ("web:technical", "web:statistical", "mail:statistical"):
        pierre.hands.tick(f"input[value='{value}']")
    pierre.press_on("/message")
    pierre.hands.write("#message", "Wir haben telefoniert.")
    pierre.press_on("/check")


@both_ways(german="no-script")
def test_a_client_grants_less_than_was_asked_for(cast, goods, outbox, visit, way):
    """F4, RULES C7: asked beside granted, nothing is ticked; the partner sees the difference."""
    pierre, nadia = visit(cast.pierre, way), visit(None, way)
    ask(pierre, cast, cast.nadia.email)
    pierre.follow(".check-list a[href$='/message']", "/message")
    expect(pierre.find("#message")).to_have_value("Wir haben telefoniert.")
    pierre.press_on("/check")
    pierre.follow(ON, "/clients")
    expect(pierre.find(DONE).first).to_contain_text(cast.nadia.email)

    (mail,) = outbox.to(cast.nadia.email)
    assert mail["Content-Language"] == "de", "the language of the account"
    (link,) = [link for link in outbox.links(mail) if "/i/" in link]
    link = link.replace("/de/", f"/{way.language}/")
    for _n in range(3):
        nadia.page.goto(link)
    nadia.look()
    # back to the address of the mail, which leads a representative to the choice
    nadia.follow("main a.btn.primary", "/sign-in")
    nadia.hands.write("#email", cast.nadia.email)
    give_password(nadia)
    nadia.follow(ON, "/grant")
    expect(nadia.find("main input:checked")).to_have_count(0)
    expect(nadia.find(".asked")).to_contain_text("Wir haben telefoniert.")
    nadia.hands.tick("#access-0")
    nadia.hands.press(ON)  # no product yet
    expect(nadia.find("#errors")).to_be_visible()
    expect(nadia.find("#access-0")).to_be_checked()
    nadia.look()
    nadia.hands.tick(f"#s-{goods.site.public_id}")
    nadia.press_on("/grant/check")
    anew()
    assert db.session.query(Partnership).count() == 0
    nadia.hands.press(ON)
    nadia.page.wait_for_url("**/partners/*")
    expect(nadia.find(DONE).first).to_contain_text("Lumière Digital Sàrl")
    anew()
    made = db.session.query(Partnership).one()
    assert (made.access, granted(made)) == (Access.LIMITED, {goods.site.id: STATISTICAL})
    assert nadia.page.goto(link).status == 410  # answered

    pierre.go(f"/o/{cast.lumiere.public_id}/clients/{made.public_id}")
    pierre.look()
    pierre.see("Lumen Optik AG gave you less than you asked for.")
    compared = pierre.find("section[aria-labelledby=compared] tbody tr")
    expect(compared).to_have_count(3)
    expect(compared.nth(1)).to_contain_text("lumen-optik.ch")
    assert "lumen-optik.ch" in text_of(outbox.to(cast.pierre.email)[-1])


@both_ways(german="keyboard")
def test_whoever_is_asked_the_partner_sees_the_same(cast, outbox, visit, way):
    """F4, SECURITY T2: known and unknown addresses; those without an account get a mail, too."""
    pierre, told = visit(cast.pierre, way), []
    for email in (cast.stefan.email, "nobody@unknown.example"):
        ask(pierre, cast, email)
        seen = [pierre.find("main").inner_text()]
        pierre.follow(ON, "/clients")
        seen.append(pierre.find(DONE).first.inner_text())
        seen.append(pierre.find("main li[id^=inv-]").filter(has_text=email).inner_text())
        told.append([" ".join(words.replace(email, "-").split()) for words in seen])
    assert told[0] == told[1]
    assert all(len(outbox.to(email)) == 1 for email in (cast.stefan.email, "nobody@unknown.example"))


@both_ways(german="no-script")
def test_a_request_is_refused_with_a_reason(cast, goods, clock, outbox, visit, way):
    """F4: and stays refused in another page that was open."""
    request = asked(cast, now=clock.now)
    nadia, again = visit(cast.nadia, way), visit(cast.nadia, KEYBOARD)
    again.go(f"/requests/{request.public_id}")
    again.hands.tick("#access-0")
    nadia.go(f"/o/{cast.lumen.public_id}/partners")
    nadia.follow(f"a[href$='/requests/{request.public_id}']", "/grant")
    nadia.follow("a[href$='/refusal']", "/refusal")
    nadia.hands.write("#reason", "Kein Bedarf.")
    nadia.hands.press(ON)
    expect(nadia.find(DONE).first).to_contain_text("Lumière Digital Sàrl")
    again.hands.tick(f"#t-{goods.site.public_id}")
    again.hands.press(ON)
    expect(again.find("h1")).to_have_text("You have refused this request")
    assert "Kein Bedarf." in text_of(of_kind(outbox.to(cast.pierre.email), "request_refused")[0])
    anew()
    assert db.session.query(Invitation).one().reason == "Kein Bedarf."


def test_enter_in_a_box_of_the_answer_gives_nothing_more(cast, goods, clock, page, let_in):
    """F4: it leads on; it presses no button of the list such as “Share all”."""
    request = asked(cast, now=clock.now)
    let_in(page.context, cast.nadia)
    page.goto(f"/en/o/{cast.lumen.public_id}/requests/{request.public_id}/grant")
    page.locator("#access-0").check()
    page.locator(f"#s-{goods.site.public_id}").check()
    page.keyboard.press("Enter")
    page.wait_for_url("**/grant/check")
    expect(page.locator("main .ticks")).to_contain_text("1 product")


@pytest.mark.parametrize("where", ["answer", "wizard"])
def test_enter_in_the_search_finds_products(cast, goods, clock, page, let_in, where):
    """F1, F4: among many products; what was ticked before stays ticked."""
    for n in range(30):
        make_product(cast.lumen, f"filiale-{n:02}.lumen-optik.ch", goods.site.plan)
    let_in(page.context, cast.nadia)
    if where == "answer":
        request = asked(cast, now=clock.now)
        page.goto(f"/en/o/{cast.lumen.public_id}/requests/{request.public_id}/grant")
        page.locator("#access-0").check()
    else:
        page.goto(f"/en/partners/{cast.lumiere_partner.slug}")
        page.locator("main a.btn.primary").first.click()
        page.wait_for_url("**/who?partner=*")
        page.locator(ON).click()
        page.locator("#access-0").check()
        page.locator(ON).click()
        page.wait_for_url("**/products")
    ticked = page.locator("#products input[name=technical]").first
    name = ticked.get_attribute("id")
    ticked.check()
    page.locator("#q").fill("filiale-29")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=filiale-29**")
    expect(page.locator("#products .prod")).to_have_count(1)
    assert not checks.axe(page)
    page.locator("#q").fill("")
    page.keyboard.press("Enter")
    expect(page.locator("#products .prod")).not_to_have_count(1)
    expect(page.locator(f"#{name}")).to_be_checked()


# --- acting for a client ------------------------------------------------------------------------------------


@both_ways(german="keyboard")
def test_a_colleague_acts_for_a_client_until_it_ends(cast, goods, entrusted, visit, way):
    """RULES C4, C14: a bar with both names; the client’s own pages; the very next request after the end is refused."""
    paula, nadia = visit(cast.paula, way), visit(cast.nadia, KEYBOARD)
    clients = f"/o/{cast.lumiere.public_id}/clients"
    space = f"{clients}/{entrusted.public_id}/products"
    setting = f"/settings/{goods.site.settings[0].public_id}"
    paula.go(clients)
    paula.follow(f"main a[href$='{entrusted.public_id}/products']", "/products")
    bar = paula.find("section.acting")
    expect(bar).to_contain_text("Lumen Optik AG")
    expect(bar).to_contain_text("Lumière Digital Sàrl")
    expect(paula.find("main tbody tr")).to_have_count(2)

    paula.follow(f"main a[href$='{goods.post.public_id}']", goods.post.public_id)
    expect(paula.find("section[aria-labelledby=settings] table")).to_have_count(0)
    paula.go(space)
    paula.follow(f"main a[href$='{goods.site.public_id}']", goods.site.public_id)
    paula.follow("section[aria-labelledby=settings] td.acts a:first-child", setting)
    expect(bar).to_be_visible()
    paula.hands.write("#value", "8.5")
    paula.press_on(goods.site.public_id)
    expect(paula.find("section[aria-labelledby=settings]")).to_contain_text("8.5")
    paula.follow("section[aria-labelledby=settings] td.acts a:first-child", setting)
    paula.hands.write("#value", "8.6 and what I typed")

    begin_to_end(nadia, f"/o/{cast.lumen.public_id}/partners/{entrusted.public_id}")
    give_password(nadia)
    nadia.follow("#pwform button[type=submit]", "/ended")

    paula.hands.press(ON)
    expect(paula.find("main .notice.bad")).to_be_visible()
    expect(paula.find("main")).to_contain_text("8.6 and what I typed")  # nothing typed is lost
    paula.look()
    assert paula.go(space).status == 404
    anew()
    assert goods.site.settings[0].value == "8.5"


def test_clients_are_found_while_typing(cast, entrusted, page, let_in):
    """The list is swapped, the focus stays in the field; the menu of a client is opened by keyboard."""
    make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL)
    let_in(page.context, cast.pierre)
    page.goto(f"/en/o/{cast.lumiere.public_id}/clients")
    expect(page.locator("#client-list tbody tr")).to_have_count(2)
    page.locator("#q").press_sequentially("strang")
    page.wait_for_url("**q=strang&**")
    expect(page.locator("#client-list tbody tr")).to_have_count(1)
    focused(page.locator("#q"))
    page.locator("#client-list details.menu summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#client-list details.menu a").first).to_be_visible()
    assert not checks.axe(page)
    Hands(page, keyboard=True).choose("#access", "limited")
    expect(page.locator("#client-list h2")).to_have_text("No client matches this search")
    focused(page.locator("#access"))
    assert not checks.axe(page)
