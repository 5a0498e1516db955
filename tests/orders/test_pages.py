"""Pages of an organisation's orders: who sees what of them, and how amounts came about (RULES M4, M5, O8)."""

from __future__ import annotations

import pytest

from tests.factories import make_order, make_partnership, make_plan, make_prepaid
from tests.orders.story import pay, refund
from webapp.extensions import db
from webapp.orders import actions
from webapp.orders.models import Order
from webapp.orders.quotes import Wanted
from webapp.orders.rules import Method
from webapp.partnerships.rules import Access
from webapp.products.rules import Family, Period


def page_of(order, organisation):
    return f"/en/o/{organisation.public_id}/orders/{order.public_id}"


def list_of(organisation, query=""):
    return f"/en/o/{organisation.public_id}/orders{query}"


@pytest.fixture
def hosting(app):
    return make_plan("web-start", name="Web hosting Start", price_chf=992, price_eur=575)


# --- how a price was worked out -----------------------------------------------------------------------------


def worked_out(page):
    """The rows of each sum that opens below a line: (words, amount)."""
    return [
        [(row.all("dt")[0].text, row.all("dd")[0].text) for row in sums.all("div")]
        for opened in page.root.with_class("worked")
        for sums in opened.all("dl")
    ]


def test_a_partner_that_pays_reads_each_step_to_the_partner_price(client, cast, hosting, wallet):
    """RULES M3, DESIGN 6: 347.20 → 277.76 → 208.32."""
    order = make_order(cast.lumen, Wanted(hosting, "shop.ch", 35), acting=wallet, by=cast.pierre)
    page = client.sign_in(cast.pierre).get_page(page_of(order, cast.lumiere))
    assert worked_out(page) == [[
        ("CHF 9.92 × 35 × 1 year", "CHF 347.20"),
        ("− 20% partner discount", "CHF 277.76"),
        ("− 25% sliding scale (35 products of this category)", "CHF 208.32"),
        ("Partner price (−40% in all)", "CHF 208.32"),
    ]]  # fmt: skip
    assert "the partner pays, and the order is in the partner’s name" in page
    assert order.policy_version in page
    assert page.links["All cases"] == "/en/who-earns"


def test_a_client_in_euros_reads_its_own_steps(client, cast, hosting):
    """RULES M2, M3: the public price slides too, on 201.25."""
    order = make_order(cast.bergwerk, Wanted(hosting, "shop.de", 35))
    page = client.sign_in(cast.berta).get_page(page_of(order, cast.bergwerk))
    assert worked_out(page) == [[
        ("5,75 € × 35 × 1 year", "201,25 €"),
        ("− 25% sliding scale (35 products of this category)", "150,94 €"),
        ("Public price", "150,94 €"),
    ]]  # fmt: skip
    assert "nobody gets cashback" in page


@pytest.mark.parametrize(("language", "unit"), [("fr", "9,92 CHF"), ("de", "CHF 9.92")])
def test_the_steps_are_written_as_the_reader_writes_amounts(client, cast, hosting, wallet, language, unit):
    """RULES L1."""
    order = make_order(cast.lumen, Wanted(hosting, "shop.ch", 35), acting=wallet)
    page = client.sign_in(cast.pierre).get_page(page_of(order, cast.lumiere).replace("/en/", f"/{language}/"))
    [steps] = worked_out(page)
    assert steps[0][0].startswith(f"{unit} × 35 × 1")
    amounts = [amount.replace("CHF", "").replace(",", ".").strip() for _words, amount in steps]
    assert amounts == ["347.20", "277.76", "208.32", "208.32"]


def test_months_are_months_and_nothing_is_said_of_what_changes_nothing(client, cast):
    server = make_plan("vps", Family.CLOUD, period=Period.MONTH, price_chf=2_000, sliding=False)
    order = make_order(cast.stefans, Wanted(server, "vps-1", 2, 3))
    page = client.sign_in(cast.stefan).get_page(page_of(order, cast.stefans))
    assert worked_out(page) == [[("CHF 20.00 × 2 × 3 months", "CHF 120.00"), ("Public price", "CHF 120.00")]]


def test_what_was_kept_is_shown_after_the_catalogue_has_changed(client, cast, hosting):
    """RULES P1: nothing is worked out anew."""
    order = make_order(cast.stefans, Wanted(hosting, "shop.ch", 35))
    hosting.price_chf, hosting.discount, hosting.sliding = 50_000, 1, False
    db.session.commit()
    page = client.sign_in(cast.stefan).get_page(page_of(order, cast.stefans))
    assert worked_out(page)[0][-1] == ("Public price", "CHF 260.40")


def test_the_table_of_all_cases_is_for_everybody(client):
    """RULES M4."""
    page = client.get_page("/en/who-earns")
    rows = [[cell.text for cell in row.all("th", "td")] for row in page.main.all("tr")[1:]]
    assert len(rows) == 7
    assert rows[3] == [
        "Full access", "Partner", "Partner", "Partner", "Partner price", "The discount itself, no cashback",
    ]  # fmt: skip
    assert rows[6][3:] == ["–", "–", "–"]


# --- one order ----------------------------------------------------------------------------------------------


def test_an_open_order_says_how_it_is_paid(client, cast, hosting):
    order = make_order(cast.stefans, Wanted(hosting, "shop.ch", 2), by=cast.stefan)
    page = client.sign_in(cast.stefan).get_page(page_of(order, cast.stefans))
    assert page.h1 == f"Order {order.number}"
    assert "To be paid" in page.main.with_class("page-h")[0].text
    assert "Stefan Stranger" in page
    assert "VAT 8.1%" in page and "CHF 19.84" in page and "CHF 21.45" in page
    assert "CH93 0076 2011 6238 5295 7" in page
    assert " ".join(order.reference[n : n + 4] for n in range(0, len(order.reference), 4)) in page
    [invoice] = order.invoices
    assert (
        page.links[f"Invoice {invoice.number}"]
        == f"/en/o/{cast.stefans.public_id}/invoices/{invoice.public_id}"
    )
    assert "Prepaid account" not in page.text.split("Orders")[-1]


def test_a_paid_order_shows_payments_and_what_came_of_it(client, cast, hosting):
    """RULES M5, M6: what was too much is on the prepaid account."""
    order = make_order(cast.stefans, Wanted(hosting, "shop.ch", 2))
    pay(order, 3_000)
    page = client.sign_in(cast.stefan).get_page(page_of(order, cast.stefans))
    assert "How to pay" not in page
    assert "Bank transfer" in page and "CHF 30.00" in page
    assert "Returned to the prepaid account" in page and "CHF 8.55" in page
    product = db.session.get(Order, order.id).lines[0].made[0]
    assert page.links["Product shop.ch 1"] == f"/en/o/{cast.stefans.public_id}/products/{product.public_id}"
    assert "Cancel this order" not in page


def test_a_refund_shows_its_credit_note_and_the_money(client, cast, hosting):
    """RULES M11."""
    order = make_order(cast.stefans, Wanted(hosting, "shop.ch", 2), paid=True)
    refund(order, 992)
    page = client.sign_in(cast.stefan).get_page(page_of(order, cast.stefans))
    assert "Partly refunded" in page
    assert "Credit note C-2026-00001" in page and "Too slow" in page
    assert "CHF 9.92 refunded" in page


def test_the_payer_reads_that_paying_gives_no_ownership(client, cast, hosting, wallet):
    """RULES O8."""
    order = make_order(cast.lumen, Wanted(hosting, "shop.ch"), acting=wallet, by=cast.pierre, paid=True)
    page = client.sign_in(cast.pierre).get_page(page_of(order, cast.lumiere))
    assert "What was ordered belongs to Lumen Optik AG: paying gives no ownership." in page
    assert "Product shop.ch" in page and "Product shop.ch" not in page.links
    assert "Lumière Digital Sàrl" in page.main.all("dl")[0].text


def test_a_client_whose_partner_pays_sees_no_amount(client, cast, hosting, wallet):
    """RULES M5, SECURITY A10: no amount, rate or invoice, whatever became of the order."""
    order = make_order(cast.lumen, Wanted(hosting, "shop.ch", 35), acting=wallet, by=cast.pierre)
    client.sign_in(cast.adam)
    for happens in (
        lambda: None,
        lambda: pay(order, 10_000),
        lambda: pay(order, 30_000),
        lambda: refund(order, 5_000),
    ):
        happens()
        for address in (page_of(order, cast.lumen), list_of(cast.lumen)):
            html = client.get_page(address).response.text
            invoice = db.session.get(Order, order.id).invoice
            for secret in (
                "208.32", "347.20", "225.19", "CHF", "CH93", "8.1", "25%", "20%", "Partly", "Refunded",
                order.reference, f" {invoice.number}", invoice.public_id, order.policy_version, "discount",
            ):  # fmt: skip
                assert secret not in html, secret
    page = client.get_page(page_of(order, cast.lumen))
    assert "Lumière Digital Sàrl pays for this order and has its invoice." in page
    assert "paying gives no ownership" in page
    assert "Pierre Perret" in page and "Carried out" in page
    assert "Product shop.ch 01" in page.links
    assert page.buttons == []


def test_a_partner_whose_client_pays_does_not_find_the_order(client, cast, hosting):
    """RULES M5."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    order = make_order(cast.lumen, Wanted(hosting, "shop.ch"), acting=partnership, by=cast.pierre)
    client.sign_in(cast.pierre).get_page(page_of(order, cast.lumiere), status=404)
    assert "No orders yet" in client.get_page(list_of(cast.lumiere))


def test_the_client_does_not_read_what_its_partner_earns(client, cast, hosting):
    """RULES M5: the cashback is the partner's."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    order = make_order(cast.lumen, Wanted(hosting, "shop.ch", 35), acting=partnership, paid=True)
    page = client.sign_in(cast.nadia).get_page(page_of(order, cast.lumen))
    assert "the partner gets cashback" in page
    assert "52.08" not in page.response.text and "208.32" not in page.response.text


def test_an_order_of_a_shop_and_one_of_the_clock_say_so(client, cast, hosting):
    shop = make_order(cast.stefans, Wanted(hosting, "shop.ch"), method=Method.OUTSIDE, outside="S-77")
    client.sign_in(cast.stefan)
    page = client.get_page(page_of(shop, cast.stefans))
    assert "A shop outside this portal" in page and "S-77" in page
    assert "You pay it in the shop in which you ordered" in page
    clock = make_order(cast.stefans, Wanted(hosting, "blog.ch"))
    assert "Nobody: it was renewed automatically" in client.get_page(page_of(clock, cast.stefans))


# --- the list -----------------------------------------------------------------------------------------------


def test_the_list_is_newest_first_and_has_pages(client, cast, hosting):
    numbers = [make_order(cast.stefans, Wanted(hosting, f"{n}.ch")).number for n in range(26)]
    page = client.sign_in(cast.stefan).get_page(list_of(cast.stefans))
    assert [row.all("th")[0].text for row in page.main.all("tr")[1:]] == numbers[:0:-1]
    assert page.links["Next page"] == list_of(cast.stefans, "?page=2")
    assert numbers[0] in client.get_page(list_of(cast.stefans, "?page=2"))


def test_a_list_takes_the_same_few_statements_however_long(client, cast, hosting, statements):
    make_order(cast.stefans, Wanted(hosting, "one.ch"))
    client.sign_in(cast.stefan).get_page(list_of(cast.stefans))

    address = list_of(cast.stefans)

    def asked():
        with statements() as seen:
            client.get_page(address)
        return seen

    before = asked()
    for n in range(10):
        make_order(cast.stefans, Wanted(hosting, f"{n}.ch"))
    assert asked() == before


@pytest.mark.parametrize("state", ["waiting", "done", "cancelled"])
def test_the_list_is_narrowed_by_state(client, cast, hosting, state):
    orders = {
        name: make_order(cast.stefans, Wanted(hosting, f"{name}.ch"))
        for name in ("waiting", "done", "cancelled")
    }
    pay(orders["done"])
    actions.cancel(orders["cancelled"], reason="-", by=None, now=orders["done"].placed_at)
    page = client.sign_in(cast.stefan).get_page(list_of(cast.stefans, f"?state={state}"))
    assert [row.all("th")[0].text for row in page.main.all("tr")[1:]] == [orders[state].number]


def test_a_filter_without_orders_leads_back_to_all(client, cast, hosting):
    make_order(cast.stefans, Wanted(hosting, "one.ch"))
    page = client.sign_in(cast.stefan).get_page(list_of(cast.stefans, "?state=done"))
    assert page.links["Show all orders"] == list_of(cast.stefans)


def test_a_late_payment_is_told(client, cast, hosting, clock):
    order = make_order(cast.stefans, Wanted(hosting, "one.ch"))
    client.sign_in(cast.stefan)
    clock.forward(days=28)
    client.sign_in(cast.stefan)
    assert "Overdue" not in client.get_page(list_of(cast.stefans))
    clock.forward(days=1)
    client.sign_in(cast.stefan)
    assert "Overdue" in client.get_page(list_of(cast.stefans))
    assert "Overdue" in client.get_page(page_of(order, cast.stefans))


def test_only_those_who_may_spend_see_orders(client, another, cast):
    """A collaborator has neither the entry in the menu nor the page."""
    page = client.sign_in(cast.hugo).get_page(f"/en/o/{cast.lumen.public_id}/products")
    assert list_of(cast.lumen) not in page.all_links
    client.get_page(list_of(cast.lumen), status=403)
    page = another().sign_in(cast.adam).get_page(f"/en/o/{cast.lumen.public_id}/products")
    assert list_of(cast.lumen) in page.all_links


# --- taking an order back -----------------------------------------------------------------------------------


def test_the_payer_takes_an_unpaid_order_back(client, cast, hosting):
    """RULES M6."""
    order = make_order(cast.stefans, Wanted(hosting, "shop.ch"))
    client.sign_in(cast.stefan)
    address = client.get_page(page_of(order, cast.stefans)).links["Cancel the order…"]
    page = client.get_page(address)
    assert "the money goes to the prepaid account of Stranger & Sons" in page
    assert db.session.get(Order, order.id).cancelled_at is None
    assert client.submit(address).location == page_of(order, cast.stefans)
    page = client.get_page(page_of(order, cast.stefans))
    assert page.notices == [f"Order {order.number} is cancelled."]
    assert "Credit note C-2026-00001" in page and "How to pay" not in page
    client.get_page(address, status=409)


def test_part_of_a_payment_goes_to_the_prepaid_account(client, cast, hosting):
    """RULES M6."""
    order = make_order(cast.stefans, Wanted(hosting, "shop.ch"))
    pay(order, 500)
    page = client.sign_in(cast.stefan).get_page(f"{page_of(order, cast.stefans)}/cancellation")
    assert "CHF 5.00" in page


def test_a_paid_order_is_not_taken_back_by_its_payer(client, cast, hosting):
    make_prepaid(cast.stefans, 10_000)
    order = make_order(cast.stefans, Wanted(hosting, "shop.ch"), method=Method.PREPAID)
    address = f"{page_of(order, cast.stefans)}/cancellation"
    client.sign_in(cast.stefan).get_page(address, status=409)
    assert client.post_to(address).status == 409
    assert db.session.get(Order, order.id).cancelled_at is None


def test_a_client_does_not_cancel_what_its_partner_pays(client, cast, hosting, wallet):
    """RULES M5: it is the payer's order."""
    order = make_order(cast.lumen, Wanted(hosting, "shop.ch"), acting=wallet)
    address = f"{page_of(order, cast.lumen)}/cancellation"
    client.sign_in(cast.nadia).get_page(address, status=404)
    assert client.post_to(address).status == 404
    assert db.session.get(Order, order.id).cancelled_at is None


# --- the VAT number (RULES M7) ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "country", "words"),
    [
        ("CHE-107.787.577 MWST", "CH", "its form and check digits are right"),
        ("CHE-107.787.578 MWST", "CH", "check it for a slip"),
        ("123456", "US", "VAT numbers of your country can’t be checked here."),
        (None, "CH", ""),
    ],
)
def test_the_settings_say_what_is_known_of_the_vat_number(client, cast, number, country, words):
    """RULES M7: valid, malformed, unverified."""
    cast.stefans.vat_number, cast.stefans.country = number, country
    db.session.commit()
    page = client.sign_in(cast.stefan).get_page(f"/en/o/{cast.stefans.public_id}/settings")
    known = [each.text for each in page.main.with_class("vat-known")]
    assert known == ([] if not words else known) and (not words or words in known[0])


def test_the_note_on_invoices_can_be_edited(client, cast, hosting):
    """RULES O3: the next invoice has it."""
    client.sign_in(cast.stefan).submit(
        f"/en/o/{cast.stefans.public_id}/settings", {"invoice_note": "Order 4711"}
    )
    assert make_order(cast.stefans, Wanted(hosting, "shop.ch")).invoice.party["note"] == "Order 4711"
