"""A client and its partners, from the first invitation to the end (UX 7: F1, F2, F3, F5, F6, F7; RULES C2–C11)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import checks
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
    sign_in_on_the_way,
)
from tests.cast import stock
from tests.factories import make_partnership, make_product
from tests.invitations.story import invited, page_of
from tests.post import of_kind, text_of
from webapp.extensions import db
from webapp.invitations.models import Invitation
from webapp.invitations.rules import State
from webapp.partnerships.models import Partnership
from webapp.partnerships.queries import granted
from webapp.partnerships.rules import EVERYTHING, Access, Payer, Rights
from webapp.products.models import Product

KEYBOARD = Way(True)
TECHNICAL, STATISTICAL = Rights(technical=True), Rights(statistical=True)


@pytest.fixture
def goods(cast):
    return stock(cast.lumen)


@pytest.fixture
def lumiere(cast, goods):
    """Lumière Digital may do everything with two sites of Lumen Optik."""
    return make_partnership(cast.lumen, cast.lumiere_partner, products=[goods.site, goods.shop])


def page_of_partner(partnership: Partnership) -> str:
    return f"/o/{partnership.client.public_id}/partners/{partnership.public_id}"


def partners_of(cast) -> str:
    return f"/o/{cast.lumen.public_id}/partners"


def find_lumiere(nadia: Visit, cast) -> None:
    """The first page of the wizard: searches, and chooses with arrow keys."""
    nadia.go(partners_of(cast) + "/new")
    nadia.hands.write("#q", "vevey" if nadia.way.javascript else "Lumière")
    if nadia.way.javascript:
        nadia.hands.write("#q", "lumiere")
    else:
        nadia.hands.press("form[role=search] button")
    expect(nadia.find("#partner-results input[type=radio]")).to_have_count(1)
    if nadia.way.javascript:
        focused(nadia.find("#q"))
    nadia.look()
    nadia.hands.tick("#partner-0")
    nadia.press_on("/access")


def reaches(partnership: Partnership) -> dict[str, Rights]:
    """Label -> rights, as the database has them."""
    anew()
    return {db.session.get(Product, each).label: rights for each, rights in granted(partnership).items()}


# --- F1: adding a partner -----------------------------------------------------------------------------------


@both_ways(german="no-script", french="keyboard")
def test_what_another_partner_manages_cant_be_chosen(cast, goods, outbox, visit, way):
    """F1, RULES C1, C3: the product shows its partner in place of boxes, full access says who is in the way."""
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[goods.site])
    nadia = visit(cast.nadia, way)
    find_lumiere(nadia, cast)
    expect(nadia.find("#access-1")).to_be_disabled()
    expect(nadia.find("#bar-full")).to_contain_text("Bergwerk IT GmbH")
    expect(nadia.find("#bar-full")).to_contain_text("lumen-optik.ch")
    nadia.hands.tick("#access-0")
    nadia.press_on("/products")
    taken = nadia.find(f"li:has(#n-{goods.site.public_id})")
    expect(taken).to_contain_text("Bergwerk IT GmbH")
    expect(taken.locator("input")).to_have_count(0)
    nadia.hands.tick(f"#s-{goods.shop.public_id}")
    nadia.follow(".savebar button", "/check")
    nadia.follow(ON, "/partners")
    (mail,) = outbox.to(cast.pierre.email)
    assert mail["Content-Language"] == "fr", "in the partner's language, whatever the sender's is"
    (offer,) = db.session.query(Invitation).one().products
    assert (offer.product_id, offer.rights) == (goods.shop.id, STATISTICAL)


@both_ways(german="keyboard")
def test_full_access_with_the_wallet_is_offered(cast, goods, outbox, visit, way):
    """F1, RULES C5, C6: in plain words, with the password."""
    nadia = visit(cast.nadia, way)
    find_lumiere(nadia, cast)
    nadia.hands.tick("#access-1")
    nadia.press_on("/wallet")
    nadia.hands.tick("#payer-1")
    nadia.press_on("/check")
    nadia.follow(".check-list a[href$='wallet?then=check']", "/wallet")
    nadia.press_on("/check")
    give_password(nadia)
    nadia.follow(ON, "/partners")
    sent = db.session.query(Invitation).one()
    assert (sent.access, sent.payer) == (Access.FULL, Payer.PARTNER)
    assert "/i/" in text_of(outbox.to(cast.pierre.email)[0])


@both_ways(german="no-script")
def test_beside_full_access_nobody_gets_anything(cast, goods, visit, way):
    """F1, RULES C2: the reason stands there, with the way to change it; there is nothing to send."""
    full = make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL)
    nadia = visit(cast.nadia, way)
    find_lumiere(nadia, cast)
    for n in (0, 1):
        expect(nadia.find(f"#access-{n}")).to_be_disabled()
    expect(nadia.find(ON)).to_have_count(0)
    expect(nadia.find("main .notice.wait")).to_contain_text("Bergwerk IT GmbH")
    nadia.follow("main .notice.wait a", page_of_partner(full))


# --- F2, F3: the invitation ---------------------------------------------------------------------------------


@both_ways(french="no-script")
def test_an_invitation_expires_is_sent_again_and_deleted(cast, goods, clock, outbox, visit, way):
    """F2, RULES C8: each link that is over says why."""
    sent = invited(cast, goods.site, now=clock.now)
    first = page_of(sent)
    clock.forward(days=31)
    nadia, pierre = visit(cast.nadia, way), visit(cast.pierre, KEYBOARD)
    assert pierre.page.goto(first).status == 410
    pierre.see("This invitation has expired")
    nadia.go(partners_of(cast))
    row = nadia.find(f"#inv-{sent.public_id}")
    nadia.hands.press(f"#resend-{sent.public_id}")
    if way.javascript:
        expect(row.locator("[role=status]")).to_contain_text("Sent again.")
        focused(nadia.find(f"#resend-{sent.public_id}"))
    else:
        expect(nadia.find(DONE).first).to_be_visible()
    nadia.look()
    anew()
    second = page_of(sent)
    assert pierre.page.goto(first).status == 410
    pierre.see("A newer mail has replaced this link")
    assert pierre.page.goto(second).status == 200
    expect(pierre.find("main")).to_contain_text("lumen-optik.ch")
    assert any(second in link for mail in outbox.to(cast.pierre.email) for link in outbox.links(mail)) or (
        second.replace("/en/", "/fr/") in "".join(text_of(mail) for mail in outbox.to(cast.pierre.email))
    )
    nadia.follow(f"#inv-{sent.public_id} .acts a", "/deletion")
    nadia.follow("main form button", "/partners")
    expect(row).to_have_count(0)
    pierre.hands.press("form[action$=acceptance] button")
    expect(pierre.find("h1")).to_have_text("This invitation was deleted")
    anew()
    assert db.session.get(Invitation, sent.id).state(clock.now) is State.DELETED
    assert db.session.query(Partnership).count() == 0


@both_ways(german="keyboard", french="no-script")
def test_an_invitation_is_answered_once(cast, goods, clock, visit, way):
    """F3: two pages are open; the first answer holds, the second one is told so."""
    sent = invited(cast, goods.site, now=clock.now)
    pierre, again = visit(None, way), visit(cast.pierre, KEYBOARD)
    for _n in range(3):
        pierre.page.goto(page_of(sent, way.language))
    anew()
    assert db.session.get(Invitation, sent.id).state(clock.now) is State.WAITING
    pierre.look()
    sign_in_on_the_way(pierre, cast.pierre)
    again.page.goto(page_of(sent))
    pierre.hands.press("form[action$=acceptance] button")
    pierre.page.wait_for_url("**/clients/*", wait_until="load")
    pierre.look()
    again.hands.write("#reason", "No time.")
    again.hands.press("form[action$=refusal] button")
    expect(again.find("h1")).to_have_text("This invitation was accepted")
    anew()
    assert db.session.get(Invitation, sent.id).state(clock.now) is State.ACCEPTED
    assert db.session.query(Partnership).one().ended_at is None


# --- F5: the editor -----------------------------------------------------------------------------------------


@both_ways(german="no-script")
def test_rights_are_changed_reviewed_and_saved(cast, goods, lumiere, outbox, visit, way):
    """F5, RULES C9: the bar counts, the focus stays, nothing holds before it is saved."""
    nadia = visit(cast.nadia, way)
    nadia.go(page_of_partner(lumiere))
    technical = f"#t-{goods.site.public_id}"
    untick(nadia, technical)
    if way.javascript:
        expect(nadia.find("#savebar strong")).to_have_text(re.compile("^1 change, not saved yet"))
        focused(nadia.find(technical))
        nadia.look()
    nadia.hands.press(f"details:has(#s-{goods.post.public_id}) summary")
    nadia.hands.tick(f"#s-{goods.post.public_id}")
    if way.javascript:
        expect(nadia.find("#savebar strong")).to_have_text(re.compile("^2 changes, not saved yet"))
        expect(nadia.find("#savebar li")).to_have_count(2)
        focused(nadia.find(f"#s-{goods.post.public_id}"))
        nadia.look()
    assert reaches(lumiere) == {"lumen-optik.ch": EVERYTHING, "shop.lumen-optik.ch": EVERYTHING}
    nadia.follow("#savebar button", "/review")
    expect(nadia.find("section[aria-labelledby=changes] li")).to_have_count(2)
    expect(nadia.find("#password")).to_have_count(0)
    nadia.press_on(page_of_partner(lumiere))
    expect(nadia.find(DONE).first).to_contain_text("Lumière Digital Sàrl")
    assert reaches(lumiere) == {
        "lumen-optik.ch": STATISTICAL, "shop.lumen-optik.ch": EVERYTHING, "mail.lumen-optik.ch": STATISTICAL,
    }  # fmt: skip
    (mail,) = outbox.to(cast.pierre.email)
    assert "mail.lumen-optik.ch" in text_of(mail)


def untick(visit: Visit, selector: str) -> None:
    """Takes the tick out of a box."""
    if visit.way.javascript:
        visit.hands.reach(visit.find(selector))
        visit.page.keyboard.press("Space")
    else:
        visit.find(selector).uncheck()
    expect(visit.find(selector)).not_to_be_checked()


def in_the_bar(visit: Visit, lines: int) -> None:
    """So many changes stand in the bar; it comes without scripts on the next page only."""
    if visit.way.javascript:
        expect(visit.find("#savebar li")).to_have_count(lines)


@both_ways(german="keyboard")
def test_changes_are_discarded(cast, goods, lumiere, visit, way):
    """F5: with scripts from the bar, else from the review."""
    nadia = visit(cast.nadia, way)
    nadia.go(page_of_partner(lumiere))
    untick(nadia, f"#t-{goods.site.public_id}")
    if way.javascript:
        expect(nadia.find("#savebar a.plain")).to_be_visible()
        nadia.hands.press("#savebar a.plain")
    else:
        nadia.follow("#savebar button", "/review")
        nadia.follow("main form a.plain", page_of_partner(lumiere))
    expect(nadia.find(f"#t-{goods.site.public_id}")).to_be_checked()
    expect(nadia.find("#savebar li")).to_have_count(0)
    assert reaches(lumiere) == {"lumen-optik.ch": EVERYTHING, "shop.lumen-optik.ch": EVERYTHING}


@both_ways(german="no-script")
def test_two_tabs_overwrite_nothing(cast, goods, lumiere, visit, way):
    """F5, RULES C9: the second one sees both versions, and applies its changes to what holds now."""
    nadia, other = visit(cast.nadia, way), visit(cast.nadia, KEYBOARD)
    nadia.go(page_of_partner(lumiere))
    other.go(page_of_partner(lumiere))
    untick(other, f"#s-{goods.shop.public_id}")
    in_the_bar(other, 1)
    other.follow("#savebar button", "/review")
    other.press_on(page_of_partner(lumiere))
    untick(nadia, f"#t-{goods.site.public_id}")
    if way.javascript:
        expect(nadia.find("#savebar [role=status]")).to_contain_text("Somebody has changed this access")
        nadia.look()
    nadia.follow("#savebar button", "/review")
    expect(nadia.find("section[aria-labelledby=theirs]")).to_contain_text("shop.lumen-optik.ch")
    expect(nadia.find("section[aria-labelledby=mine] ul.plain li")).to_have_count(1)
    expect(nadia.find("section[aria-labelledby=mine] ul.plain li")).to_contain_text("lumen-optik.ch")
    nadia.press_on("/review")
    expect(nadia.find("section[aria-labelledby=changes] li")).to_have_count(1)
    nadia.press_on(page_of_partner(lumiere))
    assert reaches(lumiere) == {"lumen-optik.ch": STATISTICAL, "shop.lumen-optik.ch": TECHNICAL}


@both_ways(german="keyboard")
def test_one_product_is_taken_away(cast, goods, lumiere, outbox, visit, way):
    """F5: a page with one button."""
    nadia = visit(cast.nadia, way)
    nadia.go(page_of_partner(lumiere))
    nadia.follow(f"a[href$='/products/{goods.shop.public_id}/removal']", "/removal")
    nadia.follow("main form button", page_of_partner(lumiere))
    expect(nadia.find(DONE).first).to_contain_text("shop.lumen-optik.ch")
    assert reaches(lumiere) == {"lumen-optik.ch": EVERYTHING}
    assert "shop.lumen-optik.ch" in text_of(outbox.to(cast.pierre.email)[-1])


@both_ways(german="no-script")
def test_limited_access_becomes_full_and_limited_again(cast, goods, lumiere, visit, way):
    """F5, RULES C4, C9: full access asks for the password, limited access for products."""
    nadia = visit(cast.nadia, way)
    nadia.go(page_of_partner(lumiere))
    nadia.hands.tick("#access-1")
    in_the_bar(nadia, 1)
    if way.javascript:
        expect(nadia.find("#products")).not_to_be_visible()
        nadia.look()
    nadia.follow("#savebar button", "/review")
    nadia.hands.press(ON)
    expect(nadia.find("#password")).to_have_attribute("aria-invalid", "true")
    nadia.look()
    give_password(nadia)
    nadia.press_on(page_of_partner(lumiere))
    anew()
    assert lumiere.access is Access.FULL

    nadia.hands.tick("#access-0")
    in_the_bar(nadia, 1)
    nadia.hands.press("#savebar button")
    expect(nadia.find("#errors")).to_be_visible()
    expect(nadia.find("#access-0")).to_be_checked()
    nadia.look()
    nadia.hands.tick(f"#t-{goods.site.public_id}")
    in_the_bar(nadia, 2)
    nadia.follow("#savebar button", "/review")
    nadia.press_on(page_of_partner(lumiere))
    anew()
    assert lumiere.access is Access.LIMITED
    assert reaches(lumiere) == {"lumen-optik.ch": TECHNICAL}


def test_the_bar_covers_nothing_on_a_small_window(cast, goods, lumiere, new_context, let_in):
    """F5, G6 (WCAG 2.4.11): each control that gets the focus can be seen, with changes in the bar."""
    for n in range(12):
        make_product(cast.lumen, f"filiale-{n}.lumen-optik.ch", goods.site.plan)
    window = new_context(width=390)
    let_in(window, cast.nadia)
    page = window.new_page()
    page.goto("/en" + page_of_partner(lumiere))
    page.locator("details.cat summary").last.click()
    page.locator(f"#t-{goods.site.public_id}").uncheck()
    page.locator(f"#s-{goods.domain.public_id}").check()
    expect(page.locator("#savebar strong")).to_have_text(re.compile("^2 changes, not saved yet"))
    key = page.locator("input[name=draft]").get_attribute("value")
    page.goto(f"{page.url}?draft={key}")  # a fresh page: Tab begins at its top
    page.evaluate("() => document.querySelectorAll('details.cat').forEach(d => { d.open = true })")
    expect(page.locator("#savebar strong")).to_have_text(re.compile("^2 changes, not saved yet"))
    assert not checks.walk(page)
    bar = page.locator("#savebar").bounding_box()
    assert bar and bar["height"] < 100, "one row"


def test_enter_in_a_box_leads_on(cast, goods, lumiere, page, let_in):
    """It presses no button of the list."""
    let_in(page.context, cast.nadia)
    page.goto("/en" + page_of_partner(lumiere))
    page.locator(f"#t-{goods.site.public_id}").uncheck()
    expect(page.locator("#savebar li")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/review**")
    expect(page.locator("section[aria-labelledby=changes] li")).to_have_count(1)


# --- F6: who pays -------------------------------------------------------------------------------------------


@both_ways(german="keyboard")
def test_the_wallet_is_handed_over_and_taken_back(cast, goods, outbox, visit, way):
    """F6, RULES C10: the current method is marked; the password is asked for once; both are told by mail."""
    full = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    nadia = visit(cast.nadia, way)
    for n, payer in ((1, Payer.PARTNER), (0, Payer.CLIENT)):
        nadia.go(page_of_partner(full))
        nadia.follow("a[href$='/payment']", "/payment")
        expect(nadia.find(f"label:has(#payer-{1 - n}) .badge")).to_be_visible()
        nadia.hands.tick(f"#payer-{n}")
        nadia.follow("main form button.primary", "/payment/check")
        if payer is Payer.PARTNER:
            nadia.hands.write("#password", "wrong wrong wrong")
            nadia.hands.press(ON)
            expect(nadia.find("#errors")).to_be_visible()
            expect(nadia.find("#password")).to_have_value("")
            if way.javascript:
                focused(nadia.find("#errors"))
            nadia.look()
            give_password(nadia)
        else:
            expect(nadia.find("#password")).to_have_count(0)
        nadia.press_on(page_of_partner(full))
        anew()
        assert full.payer is payer
        assert len(outbox.to(cast.pierre.email)) == 2 - n
    assert "Lumen Optik AG" in text_of(outbox.to(cast.pierre.email)[-1])


# --- F7: the end --------------------------------------------------------------------------------------------


@both_ways(german="no-script")
def test_a_client_ends_a_partnership(cast, goods, lumiere, clock, outbox, visit, way):
    """F7, RULES C11: two steps, the password with five tries; access is gone at once, both sides get a mail."""
    nadia, pierre = visit(cast.nadia, way), visit(cast.pierre, KEYBOARD)
    space = f"/o/{cast.lumiere.public_id}/clients/{lumiere.public_id}"
    pierre.go(f"{space}/products/{goods.site.public_id}")
    expect(pierre.find("h1")).to_have_text("lumen-optik.ch")

    nadia.go(page_of_partner(lumiere) + "/end/password")
    nadia.at("/end")  # nobody skips the first step
    begin_to_end(nadia, page_of_partner(lumiere))
    for n in range(5):
        nadia.hands.write("#password", "wrong wrong wrong")
        nadia.hands.press("#pwform button[type=submit]")
        expect(nadia.find("#password-error")).to_be_visible()
        expect(nadia.find("#password")).to_have_value("")
        focused(nadia.find("#password"))
        nadia.at("/end/password")
        if n < 4:
            left = f"You have {4 - n} tr"
            if way.language == "en":
                expect(nadia.find("#password-error")).to_contain_text(left)
    give_password(nadia)
    nadia.hands.press("#pwform button[type=submit]")  # the right one, but too late
    expect(nadia.find("#errors")).to_be_visible()
    nadia.look()
    anew()
    assert lumiere.ended_at is None

    clock.forward(minutes=16)
    begin_to_end(nadia, page_of_partner(lumiere))
    give_password(nadia)
    nadia.follow("#pwform button[type=submit]", "/ended")
    expect(nadia.find("h1")).to_contain_text("Lumière Digital Sàrl")
    expect(nadia.find("main")).to_contain_text(f"P-{lumiere.public_id[:8].upper()}")

    assert pierre.page.reload().status == 404
    assert pierre.go(f"{space}/products").status == 404
    pierre.go(space)
    pierre.see("Lumen Optik AG ended this partnership on")
    pierre.look()
    mails = outbox.deliver()
    assert len(of_kind(mails, "ended_client")) == len(of_kind(mails, "ended_partner")) == 1
    told = {mail["To"]: mail["Content-Language"] for mail in mails}
    assert told == {cast.nadia.email: "de", cast.pierre.email: "fr"}
    nadia.go(page_of_partner(lumiere) + "/end/password")
    nadia.at("/ended")


@both_ways(german="keyboard")
def test_a_partner_ends_a_partnership(cast, goods, lumiere, visit, way):
    """F7 from the other side, the same way; ending twice shows the same page."""
    pierre, nadia = visit(cast.pierre, way), visit(cast.nadia, KEYBOARD)
    client = f"/o/{cast.lumiere.public_id}/clients/{lumiere.public_id}"
    begin_to_end(pierre, client)
    nadia.go(page_of_partner(lumiere))
    give_password(pierre)
    pierre.follow("#pwform button[type=submit]", "/ended")
    untick(nadia, f"#t-{goods.site.public_id}")
    nadia.page.wait_for_url("**/partners/*")
    expect(nadia.find("main .notice")).to_contain_text("This partnership has ended")
    nadia.look()
    nadia.go(page_of_partner(lumiere) + "/end")
    nadia.at("/ended")
    nadia.see("Lumière Digital Sàrl")
