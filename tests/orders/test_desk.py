"""The operator's pages of orders: finding them, cancelling, refunding once (RULES M6, M11, SECURITY L4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import make_order, make_partnership, make_plan
from tests.orders.story import has, pay
from webapp import drafts
from webapp.extensions import db
from webapp.orders.models import Order
from webapp.orders.quotes import Wanted
from webapp.orders.rules import Method
from webapp.partnerships.rules import Access
from webapp.products.rules import Family

LIST = "/en/admin/orders"


def page_of(order):
    return f"{LIST}/{order.public_id}"


@pytest.fixture
def hosting(app):
    return make_plan("web-start", name="Web hosting Start", price_chf=10_000, price_eur=9_000)


@pytest.fixture
def order(cast, hosting):
    """Lumen Optik's, on which Lumière earns: two hostings, and a server, CHF 300.– and the VAT."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    server = make_plan("vps", Family.CLOUD, price_chf=10_000, discount=10)
    return make_order(
        cast.lumen, Wanted(hosting, "shop.ch", 2), Wanted(server, "vps-1"), acting=partnership, by=cast.pierre
    )


@pytest.fixture
def desk(client, cast):
    return client.sign_in(cast.olga)


def rows(page):
    return [row.all("th")[0].text for row in page.main.all("tr")[1:]]


# --- the list -----------------------------------------------------------------------------------------------


def test_orders_are_found_by_number_reference_and_organisation(desk, cast, hosting):
    one, other = (make_order(each, Wanted(hosting, "a.ch")) for each in (cast.stefans, cast.bergwerk))
    assert rows(desk.get_page(LIST)) == [other.number, one.number]
    spaced = f"{one.reference[:4]} {one.reference[4:8]} {one.reference[8:]}".lower()
    for words in (one.number, spaced, "stranger"):
        assert rows(desk.get_page(f"{LIST}?q={words}")) == [one.number], words
    assert "No order found" in desk.get_page(f"{LIST}?q=100%25")


def test_the_number_in_the_shop_is_found_too(desk, cast, hosting):
    order = make_order(cast.stefans, Wanted(hosting, "a.ch"), method=Method.OUTSIDE, outside="S-77")
    assert rows(desk.get_page(f"{LIST}?q=s-77")) == [order.number]


def test_orders_are_narrowed_by_what_is_missing(desk, cast, hosting, clock):
    late = make_order(cast.stefans, Wanted(hosting, "a.ch"), now=clock.now - timedelta(days=40))
    part = make_order(cast.stefans, Wanted(hosting, "b.ch"))
    pay(part, 100)
    paid = make_order(cast.stefans, Wanted(hosting, "c.ch"), paid=True)
    for state, expected in (
        ("to_be_paid", [part.number, late.number]), ("overdue", [late.number]), ("part_paid", [part.number]),
        ("paid", [paid.number]), ("refunded", []), ("cancelled", []),
        ("nonsense", [paid.number, part.number, late.number]),
    ):  # fmt: skip
        assert rows(desk.get_page(f"{LIST}?state={state}")) == expected, state


def test_before_the_first_order_the_list_says_so(desk):
    assert "No orders yet" in desk.get_page(LIST)


def test_nobody_else_sees_the_desk(client, cast, order):
    client.sign_in(cast.nadia).get_page(LIST, status=404)
    client.get_page(page_of(order), status=404)


# --- one order ----------------------------------------------------------------------------------------------


def test_the_desk_shows_cashback_and_all_that_was_booked(desk, order):
    """RULES M4, M11; DESIGN 6."""
    page = desk.get_page(page_of(order))
    assert "Lumière Digital Sàrl gets a cashback of CHF 40.00 once the order is paid." in page
    sums = page.root.with_class("worked")[0].all("dl")
    assert [[row.text for row in each.all("div")] for each in sums] == [
        ["CHF 100.00 × 2 × 1 year CHF 200.00", "Public price CHF 200.00"],
        [
            "CHF 100.00 × 2 × 1 year CHF 200.00", "− 20% partner discount CHF 160.00",
            "Partner price CHF 160.00", "Cashback: public price − partner price CHF 40.00",
        ],
    ]  # fmt: skip
    pay(order)
    page = desk.get_page(page_of(order))
    assert "Lumière Digital Sàrl has a cashback of CHF 40.00." in page
    booked = [[cell.text for cell in row.all("td")][1:] for row in page.main.all("tr")[1:]]
    assert ["Order placed", "Owed on invoices of Lumen Optik AG", "Revenue", "CHF 300.00"] in booked
    assert ["Order paid", "Bank", "Owed on invoices of Lumen Optik AG", "CHF 324.30"] in booked
    assert ["Cashback", "Cashback", "Prepaid account of Lumière Digital Sàrl", "CHF 40.00"] in booked


# --- cancelling ---------------------------------------------------------------------------------------------


def test_an_order_is_cancelled_with_a_reason(desk, order, cast):
    """RULES M6: the money is the payer's, the cashback goes back."""
    pay(order)
    address = desk.get_page(page_of(order)).links["Cancel the order…"]
    assert desk.submit(address).errors == ["Enter the reason. The credit note says it."]
    assert desk.submit(address, {"reason": "Double order"}).location == page_of(order)
    page = desk.get_page(page_of(order))
    assert page.notices == [f"Order {order.number} is cancelled."]
    assert "Double order" in page and "Refund…" not in page.links
    assert has(cast.lumen) == 32_430 and has(cast.lumiere) == 0
    desk.get_page(address, status=409)


def test_a_renewal_that_another_one_followed_says_why_it_stays(desk, cast, lumens_products):
    """What the rules refuse is told, and what was typed is kept."""
    first = make_order(cast.lumen, lumens_products.site, paid=True)
    make_order(cast.lumen, lumens_products.site, paid=True)
    page = desk.submit(f"{page_of(first)}/cancellation", {"reason": "Double order"})
    assert page.status == 409 and len(page.errors) == 1
    assert page.root.by_id("reason").get("value") == "Double order"
    assert db.session.get(Order, first.id).cancelled_at is None


# --- refunding ----------------------------------------------------------------------------------------------


def checked(desk, order, **values):
    """The address of the page that shows what the refund means."""
    page = desk.submit(f"{page_of(order)}/refund", {"reason": "Too slow", **values})
    assert page.status == 303, page.errors
    return page.location


def test_a_refund_shows_what_it_means_before_it_is_done(desk, order, cast):
    """RULES M11: net, VAT, gross, and the cashback in proportion."""
    pay(order)
    page = desk.get_page(checked(desk, order, amount_1="50"))
    sums = [
        (row.all("dt")[0].text, row.all("dd")[0].text) for row in page.main.with_class("sum")[0].all("div")
    ]
    assert sums == [
        ("shop.ch", "CHF 50.00"), ("Without VAT", "CHF 50.00"), ("VAT 8.1%", "CHF 4.05"), ("Total", "CHF 54.05"),
    ]  # fmt: skip
    assert "CHF 54.05 goes to the prepaid account of Lumen Optik AG." in page
    assert "Cashback of CHF 10.00 is taken back from Lumière Digital Sàrl, for shop.ch." in page
    assert (has(cast.lumen), has(cast.lumiere)) == (0, 5_000)
    assert desk.submit(page.path).location == page_of(order)
    assert (has(cast.lumen), has(cast.lumiere)) == (5_405, 4_000)
    page = desk.get_page(page_of(order))
    assert page.notices == ["The refund is booked."]
    assert "Of a cashback of CHF 40.00, Lumière Digital Sàrl has CHF 30.00." in page


def test_a_refund_that_is_sent_twice_credits_once(desk, order, cast):
    """SECURITY L4, UX 2.6: the second press finds it done."""
    pay(order)
    address = checked(desk, order, amount_1="50")
    for _press in range(2):
        assert desk.post_to(address).location == page_of(order)
    assert "This refund was booked already." in desk.get_page(page_of(order)).notices
    assert has(cast.lumen) == 5_405
    assert desk.get_page(address, status=303).location == page_of(order)


def test_one_button_refunds_all_that_is_left(desk, order, cast):
    pay(order)
    desk.submit(checked(desk, order, amount_1="50"))
    desk.submit(checked(desk, order, do="whole", amount_1="no amount"))
    assert has(cast.lumen) == 32_430 and has(cast.lumiere) == 0
    assert "Refunded" in desk.get_page(page_of(order))
    assert "Nothing of this order is left to be refunded." in desk.get_page(f"{page_of(order)}/refund")


def test_nobody_gets_more_back_than_was_billed(desk, order):
    page = desk.submit(f"{page_of(order)}/refund", {"amount_1": "200.01", "reason": "Too slow"})
    assert page.errors == ["At most CHF 200.00 of it can still be refunded."]
    assert page.root.by_id("amount_1").get("value") == "200.01"
    assert page.root.by_id("reason").get("value") == "Too slow"
    assert page.status == 422


def test_a_refund_needs_an_amount(desk, order):
    for typed in ("", "0"):
        page = desk.submit(f"{page_of(order)}/refund", {"amount_1": typed, "reason": "Too slow"})
        assert page.errors == ["Enter an amount for at least one line."]


def test_what_was_refunded_meanwhile_is_told(desk, another, order, cast):
    """Two operators at once: the second one checks again, from what is left."""
    pay(order)
    one, other = (checked(desk, order, amount_1=amount) for amount in ("50", "60"))
    desk.submit(one)
    assert desk.get_page(other, status=303).location == f"{page_of(order)}/refund"
    assert "was refunded since you saw it" in desk.get_page(f"{page_of(order)}/refund").notices[-1]
    assert desk.post_to(other).location == f"{page_of(order)}/refund"
    assert "was refunded since you saw it" in desk.get_page(f"{page_of(order)}/refund").notices[-1]
    assert has(cast.lumen) == 5_405


def test_a_refund_of_an_order_that_waits_says_what_is_left_to_pay(desk, order):
    """RULES M6: nothing was paid, so nothing comes back."""
    page = desk.get_page(checked(desk, order, amount_2="100"))
    assert "CHF 216.20 is left to be paid." in page and "No cashback is taken back." in page
    pay(order, 21_620)
    page = desk.get_page(checked(desk, order, amount_2="100"))
    assert "what was ordered begins at once" in page
    desk.submit(page.path)
    assert db.session.get(Order, order.id).paid_at is not None


@pytest.mark.parametrize("received", [0, 1])
def test_an_order_that_is_not_paid_is_cancelled_and_not_refunded_whole(desk, order, cast, now, received):
    """RULES M6: nothing would be left to pay, and the next cent that comes would begin all of it."""
    if received:
        pay(order, received)
    page = desk.submit(f"{page_of(order)}/refund", {"do": "whole", "reason": "Too slow"})
    assert page.errors == ["This order is not paid, and nothing would be left to pay. Cancel it instead."]
    amounts = {str(line.id): line.net for line in order.lines}
    kept = {"order": order.public_id, "amounts": amounts, "reason": "Too slow", "credited": 0}
    drafts.save("refund", "a" * 26, kept, now=now)
    page = desk.submit(f"{page_of(order)}/refund/{'a' * 26}")
    assert page.status == 422 and "Cancel it instead." in page.errors[0]
    pay(order, 1)
    assert (order.paid_at, order.credited, has(cast.lumen)) == (None, 0, 0)


def test_a_refund_is_of_its_own_order(desk, order, cast, hosting):
    other = make_order(cast.stefans, Wanted(hosting, "b.ch"))
    key = checked(desk, order, amount_1="50").rpartition("/")[2]
    desk.get_page(f"{page_of(other)}/refund/{key}", status=404)
    assert desk.post_to(f"{page_of(other)}/refund/{key}").status == 404
