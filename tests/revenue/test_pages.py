"""The partner's statement, its charts, and the price calculators."""

from datetime import timedelta

import pytest

from tests.factories import make_partnership, make_plan, make_product
from tests.orders.story import refund
from tests.revenue.story import bought, by_partner, full, limited, new, sources_plan
from webapp.extensions import db
from webapp.partnerships.rules import Access, Payer
from webapp.products.rules import Period
from webapp.revenue import monthly
from webapp.unit import unit_of_work


@pytest.fixture
def pierre(client, cast):
    """The browser of the partner's legal representative."""
    return client.sign_in(cast.pierre)


def revenue(cast, query="", language="en"):
    return f"/{language}/o/{cast.lumiere.public_id}/revenue{query}"


def prices(cast, query="", language="en", organisation=None):
    return f"/{language}/o/{(organisation or cast.lumiere).public_id}/prices{query}"


def sums(page):
    """The rows of each sum that opens below a line."""
    return [
        [(row.all("dt")[0].text, row.all("dd")[0].text) for row in each.all("div")]
        for opened in page.root.with_class("worked")
        for each in opened.all("dl")
    ]


def plain(text):
    """Without the kinds of blanks that languages put into amounts."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


# --- the statement ------------------------------------------------------------------------------------------


def test_an_amount_of_the_account_leads_to_where_it_is_explained(pierre, another, cast):
    """DESIGN 6, RULES M5: the payer sees its order, the partner its month; nobody else anything."""
    full(cast)
    order = bought(cast.lumen, new(make_plan()))
    account = pierre.get_page(f"/en/o/{cast.lumiere.public_id}/account")
    where = account.links[order.number]
    assert pierre.get(where).location == revenue(cast, "?month=2026-11")
    own = f"/en/o/{cast.lumen.public_id}/account/orders/{order.number}"
    nadia = another().sign_in(cast.nadia)
    assert nadia.get(own).location == f"/en/o/{cast.lumen.public_id}/orders/{order.public_id}"
    stefans = f"/en/o/{cast.stefans.public_id}/account/orders/{order.number}"
    assert another().sign_in(cast.stefan).get(stefans).status_code == 404


def test_without_revenue_the_page_says_so_and_draws_nothing(pierre, cast):
    """UX 5.10."""
    page = pierre.get_page(revenue(cast))
    assert "No revenue yet" in page and not page.main.all("figure")
    assert page.links["See what you could earn"] == prices(cast)


def test_a_statement_shows_each_client_with_what_it_brought(pierre, cast):
    """UX 5.10, RULES M4: by client, with sums above."""
    entrusted = full(cast, Payer.PARTNER)
    make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL)
    by_partner(entrusted, new(sources_plan(), 35, label="shop.ch"))
    bought(cast.stefans, new(make_plan()))
    page = pierre.get_page(revenue(cast))
    assert [each.text for each in page.main.all("h3")] == ["Lumen Optik AG", "Stranger & Sons"]
    for words in (
        "Discount in CHF CHF 52.08",
        "Cashback in CHF CHF 24.00",
        "Together CHF 76.08",
        "Discount CHF 52.08, cashback CHF 0.00",
        "Discount CHF 0.00, cashback CHF 24.00",
    ):
        assert words in page, words


def test_each_line_opens_how_it_was_worked_out_and_why(pierre, cast):
    """RULES M3, M4, DESIGN 6: discount because the partner pays, cashback because the client does."""
    entrusted = full(cast, Payer.PARTNER)
    plan = sources_plan()
    by_partner(entrusted, new(plan, 35))
    page = pierre.get_page(revenue(cast))
    steps = [
        ("CHF 9.92 × 35 × 1 year", "CHF 347.20"),
        ("− 20% partner discount", "CHF 277.76"),
        ("− 25% sliding scale (35 products of this category)", "CHF 208.32"),
        ("Partner price (−40% in all)", "CHF 208.32"),
    ]
    public = [
        ("CHF 9.92 × 35 × 1 year", "CHF 347.20"),
        ("− 25% sliding scale (35 products of this category)", "CHF 260.40"),
        ("Public price", "CHF 260.40"),
    ]
    assert sums(page) == [steps, [*public, ("Discount: public price − partner price", "CHF 52.08")]]
    assert "It has the discount and gets no cashback." in page
    assert page.links["All cases"].endswith("/who-earns")


def test_a_line_of_cashback_shows_both_prices(pierre, cast):
    """RULES M4, DESIGN 6."""
    _partnership, mine, _other = limited(cast)
    bought(cast.lumen, mine)
    page = pierre.get_page(revenue(cast))
    assert sums(page) == [
        [("CHF 120.00 × 1 × 1 year", "CHF 120.00"), ("Public price", "CHF 120.00")],
        [
            ("CHF 120.00 × 1 × 1 year", "CHF 120.00"),
            ("− 20% partner discount", "CHF 96.00"),
            ("Partner price", "CHF 96.00"),
            ("Cashback: public price − partner price", "CHF 24.00"),
        ],
    ]
    assert "A partner with limited access manages this product" in page


def test_what_is_taken_back_says_why(pierre, cast):
    """RULES M11."""
    full(cast)
    refund(bought(cast.lumen, new(make_plan())), 6_000)
    page = pierre.get_page(revenue(cast))
    assert "Cashback taken back" in page and "−CHF 12.00" in page
    assert "By then, CHF 60.00 of CHF 120.00 had been credited to the payer." in page


def test_the_invoice_s_order_is_linked_for_its_payer_only(pierre, cast):
    """RULES M5."""
    entrusted = full(cast, Payer.PARTNER)
    mine, theirs = by_partner(entrusted, new(make_plan())), bought(cast.lumen, new(make_plan()))
    page = pierre.get_page(revenue(cast))
    assert mine.number in page.links and theirs.number not in page.links and theirs.number in page


def test_months_are_chosen_by_the_address_and_swapped_alone(pierre, cast, now):
    """UX 2, 5.10."""
    full(cast)
    bought(cast.lumen, new(make_plan()))
    unit_of_work(lambda: setattr(cast.lumiere_partner, "approved_at", now - timedelta(days=60)))()
    page = pierre.get_page(revenue(cast))
    assert [each.text for each in page.root.by_id("month").all("option")] == [
        "November 2026", "October 2026", "September 2026",
    ]  # fmt: skip
    october = pierre.get_page(revenue(cast, "?month=2026-10"))
    assert "Nothing was earned in this month." in october and october.main.all("figure")
    part = pierre.get(revenue(cast, "?month=2026-11"), headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<section id="statement"') and "HX-Request" in part.headers["Vary"]
    assert "November 2026" in pierre.get_page(revenue(cast, "?month=1999-13"))


def test_the_chart_has_the_same_figures_as_its_table(pierre, cast):
    """UX 5.10: drawn by the server, by attributes alone, with a title."""
    entrusted = full(cast, Payer.PARTNER)
    by_partner(entrusted, new(make_plan()))
    bought(cast.lumen, new(make_plan()))
    page = pierre.get_page(revenue(cast))
    [figure] = page.main.all("figure")
    assert figure.all("title")[0].text == "Discount and cashback by month from December 2025 to November 2026"
    assert "CHF 48.00 altogether: CHF 24.00 discount and CHF 24.00 cashback" in page
    assert [bar.get("class") for bar in figure.all("svg")[-1].all("rect") if bar.get("class")] == ["b0", "b1"]
    rows = page.main.all("table")[0].all("tr")
    assert len(rows) == 13 and rows[1].text.split()[:2] == ["November", "2026"]
    assert [each.text for each in rows[1].all("td")] == ["CHF 24.00", "CHF 24.00", "CHF 48.00"]
    assert "style=" not in pierre.get(revenue(cast)).text


def test_a_long_month_has_pages(pierre, cast, monkeypatch):
    monkeypatch.setattr(monthly, "PER_PAGE", 2)
    full(cast)
    bought(cast.lumen, *[new(make_plan(), label=f"{n}.ch") for n in range(3)])
    first = pierre.get_page(revenue(cast))
    assert "0.ch" in first and "2.ch" not in first
    second = pierre.get_page(first.links["Next page"])
    assert "2.ch" in second and "1.ch" not in second
    assert "There is nothing more in this month." in pierre.get_page(revenue(cast, "?month=2026-11&page=9"))


def test_revenue_is_for_partners_and_their_administrators(client, another, cast):
    """RULES O2: 404 for organisations that are no partners."""
    assert client.get(revenue(cast)).status_code == 303
    assert another().sign_in(cast.paula).get(revenue(cast)).status_code == 403
    nadia = another().sign_in(cast.nadia)
    assert nadia.get(revenue(cast)).status_code == 404
    for page in ("revenue", "prices", "revenue.csv"):
        assert nadia.get(f"/en/o/{cast.lumen.public_id}/{page}").status_code == 404
    links = nadia.get_page(f"/en/o/{cast.lumen.public_id}/").all_links
    assert not [each for each in links if each.endswith(("/revenue", f"{cast.lumen.public_id}/prices"))]


def test_the_menu_leads_to_revenue_and_prices(pierre, another, cast):
    """UX 3.1."""
    links = pierre.get_page(f"/en/o/{cast.lumiere.public_id}/").all_links
    assert revenue(cast) in links and prices(cast) in links
    paula = another().sign_in(cast.paula).get_page(f"/en/o/{cast.lumiere.public_id}/")
    assert revenue(cast) not in paula.all_links and prices(cast) not in paula.all_links


def test_a_client_s_billing_data_are_linked(pierre, another, cast):
    """RULES C12: in its menu and on its page, for administrators."""
    partnership = full(cast)
    at = f"/en/o/{cast.lumiere.public_id}/clients"
    file = f"{at}/{partnership.public_id}/billing.csv"
    assert pierre.get_page(at).links["Billing data (CSV)"] == file
    assert pierre.get_page(f"{at}/{partnership.public_id}").links["Download CSV"] == file
    paula = another().sign_in(cast.paula)
    assert "Billing data (CSV)" not in paula.get_page(at).links


def test_the_statement_by_mail_is_switched_off_and_on(pierre, cast):
    """UX mail 21."""
    page = pierre.get_page(revenue(cast))
    done = pierre.submit(revenue(cast), {}, to=revenue(cast, "/mail"))
    assert "Stop these mails" in page.buttons and not cast.lumiere_partner.statement_mail
    assert "You get no more statements by mail." in pierre.get_page(done.location).notices
    pierre.submit(revenue(cast), {}, to=revenue(cast, "/mail"))
    db.session.refresh(cast.lumiere_partner)
    assert cast.lumiere_partner.statement_mail


# --- prices -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "region", "currency", "figures"),
    [
        ("en", "CH", "CHF", ("CHF 347.20", "CHF 277.76", "CHF 208.32")),
        ("fr", "CH", "CHF", ("347,20 CHF", "277,76 CHF", "208,32 CHF")),
        ("de", "CH", "CHF", ("CHF 347.20", "CHF 277.76", "CHF 208.32")),
        ("en", "DE", "EUR", ("201,25 €", "161,00 €", "120,75 €")),
        ("fr", "FR", "EUR", ("201,25 €", "161,00 €", "120,75 €")),
        ("de", "DE", "EUR", ("201,25 €", "161,00 €", "120,75 €")),
    ],
)
def test_the_sources_figures_in_each_language(pierre, cast, language, region, currency, figures):
    """RULES M3, UX F10."""
    plan = sources_plan()
    unit_of_work(lambda: setattr(cast.pierre, "region", region))()
    page = pierre.get_page(
        prices(cast, f"?plan={plan.code}&quantity=35&periods=1&currency={currency}", language)
    )
    for figure in figures:
        assert figure in plain(page.text), figure


def test_a_partner_sees_what_it_pays_and_what_a_client_s_order_brings(pierre, cast):
    """RULES M1, M2, M7: with what it pays for already."""
    plan = sources_plan()
    for n in range(4):
        make_product(cast.lumen, f"{n}.ch", plan, payer=cast.lumiere)
    page = pierre.get_page(prices(cast, f"?plan={plan.code}&quantity=31"))
    for words in (
        "Partner price CHF 184.52",
        "VAT 8.1% CHF 14.95",
        "Total CHF 199.47",
        "You pay for 4 active products of this category already",
        "− 25% sliding scale (35 products of this category)",
        "Cashback: public price − partner price",
    ):
        assert words in page, words


def test_in_another_currency_there_is_no_vat_of_the_partner_s(pierre, cast):
    """RULES O3: an order is in its payer's currency."""
    plan = sources_plan()
    page = pierre.get_page(prices(cast, f"?plan={plan.code}&currency=EUR"))
    assert "You pay in CHF." in page and "VAT 8.1%" not in page


def test_anybody_sees_the_public_price_slide(client, app):
    """RULES M2: without a partner price."""
    sources_plan()
    page = client.get_page("/en/prices?plan=web-start&quantity=35")
    assert "CHF 260.40 without VAT" in page and "208.32" not in page and "20%" not in page
    assert "Partners earn on it" in page
    assert "CHF 9.92 without VAT" in client.get_page("/en/prices")
    assert "€ 5.75 without VAT" in client.get_page("/en/prices?currency=EUR")


@pytest.mark.parametrize("quantity", ["0", "-1", "1.5", "many", "1001", "", "٣"])
def test_a_quantity_that_is_none_comes_back_with_a_sentence(client, app, quantity):
    sources_plan()
    page = client.get_page("/en/prices", query_string={"quantity": quantity})
    assert page.root.by_id("price").text.count("Enter a whole number from 1 to 1’000.") == 1
    assert page.root.by_id("quantity").get("value") == quantity
    assert page.root.by_id("quantity").get("aria-invalid") == "true"


@pytest.mark.parametrize("query", ["plan=nothing", "currency=USD"])
def test_what_is_not_sold_has_no_price(client, app, query):
    sources_plan()
    assert "Choose one of the options shown." in client.get_page(f"/en/prices?{query}")


def test_a_price_is_swapped_alone(client, app):
    """UX 2."""
    sources_plan()
    part = client.get("/en/prices?quantity=35", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<section id="price"') and "260.40" in part.text


def test_periods_follow_the_plan_that_was_chosen(client, app):
    """A year at most for what is sold by the month, and whatever the plan before it allowed."""
    sources_plan()
    make_plan("vps", period=Period.MONTH, price_chf=1_000, sliding=False)
    page = client.get_page("/en/prices?plan=vps&periods=12")
    assert "CHF 120.00 without VAT" in page
    page = client.get_page("/en/prices?plan=web-start&periods=12")
    assert "CHF 9.92 without VAT" in page


def test_an_empty_catalogue_has_no_prices(client, pierre, cast):
    assert "No prices yet" in client.get_page("/en/prices")
    assert "No prices yet" in pierre.get_page(prices(cast))


def test_a_german_partner_begins_in_euro(client, cast):
    """RULES O3."""
    sources_plan()
    page = client.sign_in(cast.berta).get_page(prices(cast, "?quantity=35", organisation=cast.bergwerk))
    for figure in ("201,25", "161,00", "120,75"):
        assert figure in page, figure
