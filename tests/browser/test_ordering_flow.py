"""An order from the catalogue to what happens next (UX 7: F10; RULES M3, M4, O8), by client and partner."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import checks
from tests.browser.hands import Hands
from tests.browser.steps import ON, anew, both_ways, focused
from tests.factories import make_partnership, make_prepaid, make_product
from tests.ordering.story import order, orders, sell
from webapp.extensions import db
from webapp.orders.rules import Method
from webapp.partnerships.rules import Access, Payer
from webapp.products.models import Product

AMOUNTS = {
    "de": ("CHF 347.20", "CHF 277.76", "CHF 208.32", "CHF 52.08"),
    "fr": ("347,20 CHF", "277,76 CHF", "208,32 CHF", "52,08 CHF"),
}


@pytest.fixture
def goods(app):
    return sell()


@pytest.fixture
def full(cast):
    """Lumière has full access to Lumen Optik, and pays for what it orders."""
    return make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)


@both_ways(german="no-script", french="keyboard")
def test_a_partner_orders_35_hostings_for_its_client(cast, goods, full, visit, way):
    """F10, RULES M3, M4: 347.20, 277.76, 208.32 on the way to the order; the total is what is charged."""
    make_prepaid(cast.lumiere, 50_000)
    pierre = visit(cast.pierre, way)
    pierre.go(f"/o/{cast.lumiere.public_id}/clients/{full.public_id}/products")
    pierre.hands.press("main a[href$='/orders/new']")
    pierre.page.wait_for_url("**/orders/new/*")
    pierre.look()
    plan = goods.hosting.public_id
    pierre.hands.write(f"#quantity-{plan}", "0")
    pierre.hands.press(f"#add-{plan}")
    expect(pierre.find(f"#quantity-{plan}-error")).to_be_visible()
    pierre.hands.write(f"#quantity-{plan}", "35")
    pierre.hands.press(f"#add-{plan}")
    basket = pierre.find("#basket")
    expect(basket).to_contain_text("208")
    pierre.look()
    pierre.follow("#go-on", "/lines")
    pierre.press_on("/check")
    expect(pierre.find("section.acting")).to_contain_text("Lumen Optik AG")
    pierre.hands.press("details.worked summary")
    steps = pierre.find("details.worked dl")
    listed, discounted, charged, saved = AMOUNTS[way.language]
    for amount in (listed, discounted, charged):
        expect(steps).to_contain_text(amount)
    pierre.look()
    expect(pierre.find("main")).to_contain_text(saved)
    pierre.hands.tick("#method-0")
    pierre.press_on("/placed")
    anew()
    placed = order()
    assert (placed.net, placed.method, placed.payer_id) == (20_832, Method.PREPAID, cast.lumiere.id)
    assert db.session.query(Product).filter_by(organisation_id=cast.lumen.id).count() == 35
    pierre.page.go_back()
    pierre.page.wait_for_url("**/placed")
    assert len(orders()) == 1


@both_ways(german="keyboard")
def test_a_client_orders_a_domain_and_renews_a_product(cast, goods, visit, way):
    """RULES M8, O8: what is new and what is renewed go into one order, paid by invoice."""
    product = make_product(cast.lumen, "lumen-optik.ch", goods.hosting)
    nadia = visit(cast.nadia, way)
    nadia.go(f"/o/{cast.lumen.public_id}/products")
    nadia.hands.press("main a[href$='/orders/new']")
    nadia.page.wait_for_url("**/orders/new/*")
    domain = goods.domain.public_id
    nadia.hands.write(f"#label-{domain}", "brillen.ch")
    nadia.hands.press(f"#add-{domain}")
    expect(nadia.find("#basket")).to_contain_text("brillen.ch")
    nadia.follow("main .tabs a[href$='/renewals']", "/renewals")
    nadia.hands.choose(f"#periods-{product.public_id}", "2")
    nadia.hands.press(f"#add-{product.public_id}")
    expect(nadia.find("#basket")).to_contain_text("lumen-optik.ch")
    nadia.look()
    nadia.follow("#go-on", "/lines")
    remove = nadia.find("button[name=remove]")
    expect(remove).to_have_count(2)
    nadia.press_on("/check")
    nadia.follow("main .crumb a", "/lines")
    nadia.press_on("/check")
    nadia.hands.tick("#method-1")
    nadia.press_on("/placed")
    nadia.see("What was ordered begins when the payment arrives.")
    anew()
    assert [line.label for line in order().lines] == ["brillen.ch", "lumen-optik.ch"]
    nadia.follow("main a.btn.primary", order().public_id)


@both_ways(german="no-script")
def test_a_price_that_changes_is_told_and_asked_again(cast, goods, visit, way):
    """Nothing is ordered, nothing is lost; the next press orders at the price that is shown."""
    product = make_product(cast.lumen, "lumen-optik.ch", goods.mail)
    nadia = visit(cast.nadia, way)
    nadia.go(f"/o/{cast.lumen.public_id}/products/{product.public_id}")
    nadia.follow("main a[href$='/renewal']", "/renewal")
    nadia.press_on("/check")
    goods.mail.price_chf = 290
    anew()
    nadia.hands.tick("#method-1")
    nadia.hands.press(ON)
    expect(nadia.find("#errors")).to_be_visible()
    expect(nadia.find("#errors")).to_contain_text("2.05")
    expect(nadia.find("#errors")).to_contain_text("3.13")
    expect(nadia.find("#method-1")).to_be_checked()
    nadia.look()
    assert orders() == []
    nadia.press_on("/placed")
    anew()
    assert order().gross == 313


def test_the_order_grows_beside_the_list_and_the_focus_stays(cast, goods, page, let_in):
    """UX 2.4, 2.5: the row and the order are swapped, the focus stays on the button, the total is told."""
    let_in(page.context, cast.nadia)
    page.goto(f"/en/o/{cast.lumen.public_id}/orders/new")
    hands = Hands(page, keyboard=True)
    button = f"#add-{goods.mail.public_id}"
    for n in (1, 2):
        hands.press(button)
        expect(page.locator("#basket li")).to_have_count(n)
        focused(page.locator(button))
    expect(page.locator(f"#plan-{goods.mail.public_id} [role=status]")).to_contain_text(
        "The order has 2 lines"
    )
    assert not checks.axe(page)
    page.locator("#q").press_sequentially("domain")
    page.wait_for_url("**q=domain**")
    expect(page.locator(".ware")).to_have_count(1)
    focused(page.locator("#q"))
    page.locator(button.replace(goods.mail.public_id, goods.domain.public_id)).dblclick()
    expect(page.locator(".ware .err")).to_be_visible()
    assert not checks.axe(page)


def test_a_double_click_places_one_order(cast, goods, page, let_in):
    """UX 2.6: the draft's key is the order's."""
    let_in(page.context, cast.nadia)
    page.goto(f"/en/o/{cast.lumen.public_id}/orders/new")
    page.locator(f"#add-{goods.mail.public_id}").click()
    page.locator("#go-on").click()
    page.locator(ON).first.click()
    page.wait_for_url("**/check")
    page.locator("#method-1").check()
    page.locator(ON).dblclick()
    page.wait_for_url("**/placed")
    anew()
    assert len(orders()) == 1
