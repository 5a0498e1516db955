"""The way of an order: catalogue, lines, check, placed; for an organisation itself and by a partner for its client."""

from dataclasses import replace
from datetime import date

import pytest

from tests.client import Page, values_of
from tests.factories import (
    join,
    make_assignment,
    make_organisation,
    make_partnership,
    make_plan,
    make_prepaid,
    make_product,
    make_withdrawal,
)
from tests.ordering.story import Buyer, order, orders, sell
from tests.orders.story import has
from webapp.accounts.models import Membership
from webapp.accounts.rules import Role
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.i18n import day
from webapp.ordering.routes import ORDERS
from webapp.orders.rules import LINES_MOST, Method, PriceKind
from webapp.partnerships import actions as partnerships
from webapp.partnerships.rules import Access, Payer, Side
from webapp.products.models import Product
from webapp.products.rules import Family

HTMX = {"HX-Request": "true"}


@pytest.fixture
def goods(app):
    return sell()


@pytest.fixture
def nadia(client, cast, goods):
    """Orders for Lumen Optik."""
    return Buyer(client.sign_in(cast.nadia), cast.lumen)


@pytest.fixture
def full(cast):
    """Lumière has full access to Lumen Optik, and pays for what it orders."""
    return make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)


@pytest.fixture
def pierre(another, cast, goods, full):
    """Orders for Lumen Optik as Lumière."""
    return Buyer(another().sign_in(cast.pierre), cast.lumiere, full)


def change(**values):
    """Something else happens meanwhile: `row=..., name=value`."""
    row = values.pop("row")
    for name, value in values.items():
        setattr(row, name, value)
    db.session.commit()


def made():
    """All products, oldest first."""
    return list(db.session.query(Product).order_by(Product.id))


# --- the catalogue ------------------------------------------------------------------------------------------


def test_the_catalogue_shows_what_is_sold_by_category_in_the_payer_s_currency(nadia, goods):
    make_plan("old", name="Web hosting Classic", retired_at=goods.hosting.created_at)
    page = nadia.client.get_page(nadia.base)
    assert page.h1 == "What do you want to order?"
    for words in (
        "Websites and hosting",
        "Web hosting Start CHF 9.92 per year",
        "Mail Solo CHF 1.90 per month",
    ):
        assert words in page
    assert "Classic" not in page and "€" not in page


def test_a_partner_that_pays_sees_its_own_currency_and_discount(another, cast, goods):
    """RULES M1: the payer's currency decides, whoever the products are for."""
    partnership = make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL, Payer.PARTNER)
    berta = Buyer(another().sign_in(cast.berta), cast.bergwerk, partnership)
    page = berta.client.get_page(berta.base)
    assert "5,75 € per year −20% for you" in page and "CHF" not in page, page.text
    assert "You act for Lumen Optik AG as Bergwerk IT GmbH" in page.root.text
    change(row=partnership, payer=Payer.CLIENT)
    assert "9,92 CHF per year Quantity" in berta.client.get_page(berta.base)


def test_the_catalogue_is_searched_and_narrowed_to_a_category(nadia, goods):
    assert "Mail Solo" in nadia.client.get_page(f"{nadia.base}?q=solo")
    assert "Web hosting" not in nadia.client.get_page(f"{nadia.base}?q=solo")
    page = nadia.client.get_page(f"{nadia.base}?family=domain")
    assert "Domain .ch" in page and "Mail Solo" not in page
    assert "Nothing found" in nadia.client.get_page(f"{nadia.base}?q=zzzz")
    fragment = Page(nadia.client.get(f"{nadia.base}?q=solo", headers=HTMX))
    assert "Mail Solo" in fragment and "What do you want" not in fragment


def test_looking_keeps_nothing(nadia):
    """SECURITY T1: an order begins with its first line."""
    nadia.client.get_page(f"{nadia.base}/lines")
    assert nadia.client.get(f"{nadia.base}/check").status_code == 303
    assert db.session.query(Draft).count() == 0


def test_a_plan_goes_into_the_order_without_a_script(nadia, goods):
    page = nadia.add(goods.hosting, 35)
    assert page.status == 303 and page.location == nadia.base
    page = nadia.client.get_page(page.location)
    assert "Web hosting Start is in the order." in page.notices
    assert "35 × Web hosting Start CHF 260.40" in page and "Total CHF 281.49" in page


def test_a_plan_goes_into_the_order_in_place(nadia, goods):
    """HTMX: the row comes back fresh, and with it the order and its total."""
    page = Page(
        nadia.client.post(
            nadia.base, headers=HTMX,
            data={"csrf_token": nadia.client.token(), "plan": goods.hosting.public_id, "quantity": "35"},
        )
    )  # fmt: skip
    assert page.status == 200
    assert "Added. The order has 1 line: CHF 281.49." in page.notices
    [basket] = [part for part in page.root.walk() if part.get("id") == "basket"]
    assert basket.get("hx-swap-oob") == "true" and "Total CHF 281.49" in basket.text


@pytest.mark.parametrize("quantity", ["0", "-1", "1001", "two", "", "1.5", "١", "99999999"])
def test_a_quantity_is_a_whole_number_to_a_thousand(nadia, goods, quantity):
    page = nadia.add(goods.hosting, quantity)
    assert page.status == 422 and page.title.startswith("Error:")
    assert page.errors == ["Enter a whole number from 1 to 1’000."]
    assert "Nothing is in it yet." in page


def test_a_domain_is_one_and_has_its_name(nadia, goods):
    assert nadia.add(goods.domain, label="example").errors == [
        "Enter the name of the domain, such as example.ch."
    ]
    assert nadia.add(goods.domain, label="").status == 422
    assert nadia.add(goods.domain, 2, label="Example.CH").status == 303
    assert "Domain .ch CHF 10.00" in nadia.lines()
    assert nadia.add(goods.domain, label="example.ch").errors == ["example.ch is in the order already."]
    assert "example.ch" in [field.get("value") for field in nadia.lines().main.all("input")]


def test_what_has_no_label_is_called_like_its_plan(nadia, goods):
    nadia.add(goods.mail)
    assert [item.get("value") for item in nadia.lines().main.all("input") if "label" in item.get("name")] == [
        "Mail Solo"
    ]


def test_the_same_form_sent_twice_is_one_line(nadia, goods):
    form = next(
        form for form in nadia.client.get_page(nadia.base).forms
        if values_of(form).get("plan") == goods.mail.public_id
    )  # fmt: skip
    for _n in range(2):
        assert nadia.client.post_to(nadia.base, values_of(form)).status == 303
    nadia.add(goods.mail, key="")
    assert len(nadia.lines().main.with_class("ware")) == 2


def test_a_plan_that_is_not_sold_any_more_does_not_go_in(nadia, goods, now):
    change(row=goods.mail, retired_at=now)
    page = nadia.add(goods.mail)
    assert (
        "This plan is no longer sold. Choose another one." in nadia.client.get_page(page.location).root.text
    )
    for plan in ("", "x", "a" * 26, "\x00"):
        assert nadia.client.post_to(nadia.base, {"plan": plan, "quantity": "1"}).status == 303
    assert "Nothing is in this order" in nadia.lines()


def test_an_order_has_fifty_lines_at_most(nadia, goods):
    for n in range(LINES_MOST):
        nadia.add(goods.hosting, label=f"{n}.example")
    page = nadia.add(goods.hosting)
    assert page.status == 422
    assert page.errors == ["An order has at most 50 lines. Place this one, then begin another one."]


# --- lines --------------------------------------------------------------------------------------------------


def test_quantity_periods_and_label_of_a_line_can_be_changed(nadia, goods):
    nadia.add(goods.mail, 2)
    assert nadia.change(quantity=4, periods=12, label="team.example", do="update").location.endswith("/lines")
    page = nadia.lines()
    assert "Mail Solo CHF 91.20" in page  # 1.90 × 4 × 12 months
    assert nadia.change().location.endswith("/check")
    page = nadia.check()
    assert "team.example Mail Solo" in page and "12 months" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"quantity": "0"}, "Enter a whole number from 1 to"),
        ({"label": " "}, "Enter a label, such as example.com."),
        ({"label": "x" * 121}, "Use at most 120 characters"),
        ({"periods": "7"}, "Choose one of the options shown."),
    ],
)
def test_a_wrong_line_comes_back_with_what_was_typed(nadia, goods, wrong, said):
    nadia.add(goods.mail, 2)
    page = nadia.change(**wrong)
    assert page.status == 422 and said in page.errors[0]
    assert "CHF 3.80" in nadia.lines(), "the order is as it was"


def test_a_line_can_be_taken_out_and_the_others_keep_what_was_typed(nadia, goods):
    nadia.add(goods.mail)
    nadia.add(goods.domain, label="a.ch")
    remove = nadia.lines().main.all("button")
    key = next(each.get("value") for each in remove if each.get("aria-label") == "Remove a.ch")
    page = nadia.change(remove=key, quantity=3)
    assert "a.ch is no longer in the order." in nadia.client.get_page(page.location).notices
    assert "CHF 5.70" in nadia.lines() and "a.ch" not in nadia.lines()


def test_two_domains_of_one_name_are_refused_among_the_lines(nadia, goods):
    nadia.add(goods.domain, label="a.ch")
    nadia.add(goods.domain, label="b.ch")
    assert nadia.change(label="A.ch").errors == ["a.ch is in the order already."]


def test_an_order_of_somebody_else_is_not_there(nadia, another, cast, goods):
    """SECURITY: the key of a colleague's, of another organisation's and of another client's order opens nothing."""
    nadia.add(goods.mail)
    adam = another().sign_in(cast.adam)
    assert adam.get(nadia.base).status_code == 404
    other = make_organisation("Second AG", owner=cast.nadia)
    page = nadia.base.replace(cast.lumen.public_id, other.public_id)
    assert nadia.client.get(page).status_code == 404


# --- check --------------------------------------------------------------------------------------------------


def test_everything_is_shown_once_more_with_prices_and_how_they_came_about(nadia, goods):
    """RULES M2, M3, M7; DESIGN 6."""
    nadia.add(goods.hosting, 35)
    page = nadia.check()
    for words in (
        "CHF 9.92 × 35 × 1 year CHF 347.20",
        "− 25% sliding scale (35 products of this category) CHF 260.40",
        "Without VAT CHF 260.40 VAT 8.1% CHF 21.09 Total CHF 281.49",
        "Lumen Optik AG pays. The products belong to Lumen Optik AG.",
        "No partner manages this product",
    ):
        assert words in page, words
    assert "Order and pay CHF 281.49" in page.buttons


def test_a_company_without_a_vat_number_is_asked_for_it_and_comes_back(nadia, goods, cast):
    """RULES M7."""
    nadia.add(goods.mail)
    settings = nadia.check().links["Add the VAT number"]
    page = nadia.client.submit(settings, {"vat_number": "CHE-107.787.577 MWST"})
    assert (page.status, page.location) == (303, f"{nadia.base}/check")
    assert "Add the VAT number" not in nadia.check().links
    change(row=cast.lumen, vat_number="DE136695976", country="DE")
    assert "VAT number" not in nadia.check()
    change(row=cast.lumen, vat_number="DE1")
    assert "check it for a slip" in nadia.check()
    assert nadia.client.get_page(settings.split("?")[0] + "?next=//evil.example").status == 200


def test_individuals_are_not_asked_for_a_vat_number(nadia, goods, cast):
    change(row=cast.lumen, kind="individual", register_number=None)
    nadia.add(goods.mail)
    assert "Add the VAT number" not in nadia.check().links


def test_a_method_that_is_not_possible_says_why(nadia, goods, cast):
    """RULES M6: the prepaid account with its balance."""
    nadia.add(goods.hosting, 35)
    assert "There is CHF 0.00 on it; CHF 281.49 is missing." in nadia.check()
    make_prepaid(cast.lumen, 28_149)
    page = nadia.check()
    assert "There is CHF 281.49 on it. The amount is taken at once." in page
    assert values_of(page.form(f"{nadia.base}/placement"))["method"] == "prepaid"


def test_without_an_account_of_the_operator_nobody_pays_by_invoice(nadia, goods, cast, app, monkeypatch):
    nadia.add(goods.mail)
    shown = nadia.as_shown("invoice")
    monkeypatch.setitem(app.config, "PROGRAMME", replace(app.config["PROGRAMME"], seller=None))
    page = nadia.check()
    assert "Bank transfers in CHF are not possible here." in page
    assert "There is no way to pay at the moment." in page and not page.main.with_class("primary")
    page = nadia.place(shown)
    assert page.status == 422 and orders() == []
    assert page.errors == [
        "Payment by invoice is not possible in this currency. Pay from the prepaid account."
    ]


# --- placed -------------------------------------------------------------------------------------------------


def test_an_order_by_invoice_waits_for_its_payment(nadia, goods, cast, outbox):
    nadia.add(goods.hosting, 35)
    assert nadia.place().location == f"{nadia.base}/placed"
    it = order()
    assert (it.gross, it.method, it.side, it.by_id) == (28_149, Method.INVOICE, Side.CLIENT, cast.nadia.id)
    page = nadia.placed()
    assert page.h1 == f"Order {it.number} is placed"
    assert f"Transfer CHF 281.49 by {day(it.due_on)}, with the reference {it.reference}." in page
    assert nadia.client.get_page(page.links["See the order"]).status == 200
    assert made() == []


def test_an_order_from_the_prepaid_account_begins_at_once(nadia, goods, cast):
    """RULES M5: the products are the holder's."""
    make_prepaid(cast.lumen, 30_000)
    nadia.add(goods.hosting, 35, "filiale")
    nadia.place(method="prepaid")
    assert "It is paid. What was ordered has begun." in nadia.placed()
    assert (len(made()), made()[0].label, has(cast.lumen)) == (35, "filiale 01", 30_000 - 28_149)
    assert {each.organisation_id for each in made()} == {cast.lumen.id}


def test_two_presses_are_one_order_and_back_is_safe(nadia, goods):
    nadia.add(goods.mail)
    shown = nadia.as_shown()
    for _n in range(2):
        assert nadia.place(shown).location == f"{nadia.base}/placed"
    assert len(orders()) == 1
    for page in ("", "/lines", "/check", "/renewals"):
        answer = nadia.client.get(f"{nadia.base}{page}")
        assert answer.headers["Location"].endswith("/placed"), page
    assert "This order has been placed already." in nadia.placed().notices


def test_the_key_of_a_placed_order_never_begins_another_one(nadia, goods, cast, clock):
    """The draft is forgotten after a day, the order is not."""
    nadia.add(goods.mail)
    nadia.place()
    clock.forward(days=2)
    nadia.client.sign_in(cast.nadia)
    assert nadia.add(goods.mail).location.endswith("/placed")
    assert len(orders()) == 1


def test_an_order_without_a_method_is_asked_for_it(nadia, goods):
    nadia.add(goods.mail)
    page = nadia.place({**nadia.as_shown(), "method": ""})
    assert (page.status, page.errors) == (422, ["Choose how it is paid."])
    assert nadia.place({**nadia.as_shown(), "method": "outside"}).status == 422
    assert nadia.place({**nadia.as_shown(), "seen": "x"}).status == 409
    assert orders() == []


# --- what changes between check and placement ---------------------------------------------------------------


def test_a_price_that_changed_is_told_and_asked_again(nadia, goods):
    nadia.add(goods.mail, 10, "team.example")
    shown = nadia.as_shown()
    change(row=goods.mail, price_chf=250)
    page = nadia.place(shown)
    assert page.status == 409 and orders() == []
    assert page.errors == [
        "The price has changed since you saw it: it was CHF 18.49, it is now CHF 24.32. Check the order again."
    ]
    assert "team.example" in page, "nothing is lost"
    nadia.place({**values_of(page.form(f"{nadia.base}/placement")), "method": "invoice"})
    assert order().gross == 2_432


def test_lines_that_were_changed_in_another_window_are_checked_again(nadia, goods):
    nadia.add(goods.mail, label="a.example")
    shown = nadia.as_shown()
    nadia.change(label="b.example")
    page = nadia.place(shown)
    assert (page.status, orders()) == (409, [])
    assert "changed in another window" in page.errors[0] and "b.example" in page


def test_a_plan_that_is_retired_meanwhile_is_named_and_the_rest_stays(nadia, goods, now):
    nadia.add(goods.mail)
    nadia.add(goods.domain, label="a.ch")
    shown = nadia.as_shown()
    change(row=goods.mail, retired_at=now)
    page = nadia.place(shown)
    assert page.status == 409 and orders() == []
    assert page.errors == ["Mail Solo is no longer sold. Choose another plan."]
    assert page.h1 == "Is your order complete?" and "a.ch" in page.response.text
    assert nadia.client.get(f"{nadia.base}/check").headers["Location"].endswith("/lines")
    remove = next(
        b.get("value") for b in page.main.all("button") if b.get("aria-label") == "Remove Mail Solo"
    )
    nadia.change(remove=remove)
    nadia.place()
    assert [line.label for line in order().lines] == ["a.ch"]


def test_a_product_that_ended_meanwhile_is_not_renewed(nadia, cast, now):
    product = make_product(cast.lumen, "lumen-optik.ch")
    nadia.add_renewal(product)
    shown = nadia.as_shown()
    change(row=product, ended_at=now)
    page = nadia.place(shown)
    assert page.status == 409 and orders() == []
    assert "not there any more" in page.errors[0] and "Not possible" in page


def test_too_little_on_the_prepaid_account_by_now_is_told(nadia, goods, cast):
    make_prepaid(cast.lumen, 2_100)
    nadia.add(goods.mail)
    shown = nadia.as_shown("prepaid")
    make_withdrawal(cast.lumen, cast.nadia, 2_000)
    page = nadia.place(shown)
    assert page.status == 409 and orders() == []
    assert page.errors == ["There is not enough money on the prepaid account."]
    assert "There is CHF 1.00 on it; CHF 1.05 is missing." in page
    assert has(cast.lumen) == 100


# --- renewals -----------------------------------------------------------------------------------------------


def test_a_product_is_renewed_from_its_page(nadia, cast, lumens_products):
    """RULES M8: periods are chosen, the next page is the check."""
    site = lumens_products.site
    product = nadia.client.get_page(f"{nadia.space}/products/{site.public_id}")
    page = nadia.client.submit(product.links["Renew"], {"periods": "2"})
    assert page.location.endswith("/check")
    page = nadia.client.get_page(page.location)
    assert "Renewal of Web hosting Pro" in page and "1 Jun 2027 to 1 Jun 2029" in page and "2 years" in page
    assert "Renew lumen-optik.ch" in str(nadia.client.get_page(f"{nadia.space}/products").response.text)


def test_the_form_of_a_renewal_sent_twice_is_one_order_and_the_last_choice_holds(nadia, lumens_products):
    address = f"{nadia.space}/products/{lumens_products.site.public_id}/renewal"
    form = values_of(nadia.client.get_page(address).form())
    first = nadia.client.post_to(address, {**form, "periods": "1"})
    second = nadia.client.post_to(address, {**form, "periods": "3"})
    assert first.location == second.location
    assert "1 Jun 2027 to 1 Jun 2030" in nadia.client.get_page(second.location)
    assert nadia.client.post_to(address, {**form, "periods": "4"}).status == 422


def test_several_renewals_go_into_one_order_each_product_once(nadia, lumens_products):
    page = nadia.client.get_page(f"{nadia.base}/renewals")
    assert "vps-zrh-01" in page and "Renews on 1 Jun 2027" in page
    assert "vps-zrh-01" not in nadia.client.get_page(f"{nadia.base}/renewals?q=mail")
    for periods in (1, 2):
        nadia.add_renewal(lumens_products.site, periods)
    nadia.add_renewal(lumens_products.post)
    assert len(nadia.lines().main.with_class("ware")) == 2
    fragment = nadia.client.post(
        f"{nadia.base}/renewals", headers=HTMX,
        data={
            "csrf_token": nadia.client.token(), "product": lumens_products.shop.public_id, "periods": "1",
        },
    )  # fmt: skip
    assert "The order has 3 lines" in Page(fragment)


def test_what_is_being_renewed_is_not_renewed_again(nadia, lumens_products):
    """SECURITY L4."""
    nadia.add_renewal(lumens_products.site)
    shown = nadia.as_shown()
    other = Buyer(nadia.client, nadia.organisation)
    other.add_renewal(lumens_products.site)
    other.place()
    page = nadia.place(shown)
    assert page.status == 409 and "is being renewed already: order" in page.errors[0]
    page = nadia.client.get_page(f"{nadia.space}/products/{lumens_products.site.public_id}/renewal")
    assert "It is being renewed already, by order" in page
    third = Buyer(nadia.client, nadia.organisation)
    assert "Being renewed: order" in nadia.client.get_page(f"{third.base}/renewals")
    third.add_renewal(lumens_products.site)
    assert "Nothing is in this order" in third.lines()
    assert len(orders()) == 1


def test_nothing_of_others_is_renewed(nadia, cast, now):
    theirs = make_product(cast.stefans, "stranger.example")
    ended = make_product(cast.lumen, "alt.example", ended_at=now)
    for product in (theirs, ended):
        nadia.add_renewal(product)
    assert "Nothing is in this order" in nadia.lines()
    assert nadia.client.get(f"{nadia.space}/products/{theirs.public_id}/renewal").status_code == 404
    assert nadia.client.get(f"{nadia.space}/products/{ended.public_id}/renewal").status_code == 410


# --- by a partner for its client ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "amounts"),
    [("CH", ("CHF 347.20", "CHF 277.76", "CHF 208.32")), ("DE", ("201,25 €", "161,00 €", "120,75 €"))],
)
def test_the_sources_figures_are_shown_as_they_are_charged(another, cast, goods, country, amounts):
    """RULES M3, M4; F10: 35 hostings for a partner that pays."""
    account, person = (
        (cast.lumiere_partner, cast.pierre) if country == "CH" else (cast.bergwerk_partner, cast.berta)
    )
    partnership = make_partnership(cast.lumen, account, Access.FULL, Payer.PARTNER)
    buyer = Buyer(another().sign_in(person), account.organisation, partnership)
    buyer.add(goods.hosting, 35)
    page = buyer.check()
    for amount in amounts:
        assert amount in page
    assert "− 20% partner discount" in page and "− 25% sliding scale" in page
    buyer.place()
    assert order().net == {"CH": 20_832, "DE": 12_075}[country]
    assert order().payer_id == account.organisation_id and order().holder_id == cast.lumen.id


FORMATS = {
    ("en", "CH"): (("CHF 347.20", "CHF 277.76", "CHF 208.32"), ("€ 201.25", "€ 161.00", "€ 120.75")),
    ("de", "CH"): (("CHF 347.20", "CHF 277.76", "CHF 208.32"), ("EUR 201.25", "EUR 161.00", "EUR 120.75")),
    ("fr", "CH"): (("347,20 CHF", "277,76 CHF", "208,32 CHF"), ("201,25 €", "161,00 €", "120,75 €")),
    ("de", "DE"): (("347,20 CHF", "277,76 CHF", "208,32 CHF"), ("201,25 €", "161,00 €", "120,75 €")),
    ("fr", "FR"): (("347,20 CHF", "277,76 CHF", "208,32 CHF"), ("201,25 €", "161,00 €", "120,75 €")),
}


@pytest.mark.parametrize(("language", "region"), FORMATS)
def test_amounts_are_written_as_the_reader_writes_them(another, cast, goods, language, region):
    """RULES L1, M3; F10."""
    accounts = ((cast.lumiere_partner, cast.pierre), (cast.bergwerk_partner, cast.berta))
    for (account, person), amounts in zip(accounts, FORMATS[language, region], strict=True):
        change(row=person, region=region)
        client = make_organisation("Client AG")
        partnership = make_partnership(client, account, Access.FULL, Payer.PARTNER)
        buyer = Buyer(another().sign_in(person), account.organisation, partnership, language)
        buyer.add(goods.hosting, 35)
        text = buyer.check().text
        for amount in amounts:
            assert amount in text, f"{amount} in {text}"


ROWS = [
    # access, payment method, by whom, manages, who pays, price, what the page says of it
    (Access.FULL, Payer.CLIENT, Side.CLIENT, False, "client", PriceKind.PUBLIC, True),
    (Access.FULL, Payer.CLIENT, Side.PARTNER, False, "client", PriceKind.PUBLIC, True),
    (Access.FULL, Payer.PARTNER, Side.CLIENT, False, "client", PriceKind.PUBLIC, True),
    (Access.FULL, Payer.PARTNER, Side.PARTNER, False, "partner", PriceKind.PARTNER, False),
    (Access.LIMITED, Payer.CLIENT, Side.CLIENT, True, "client", PriceKind.PUBLIC, True),
    (Access.LIMITED, Payer.CLIENT, Side.CLIENT, False, "client", PriceKind.PUBLIC, False),
]


@pytest.mark.parametrize(("access", "payer", "side", "manages", "pays", "price", "earns"), ROWS)
def test_each_row_of_who_pays_and_who_earns_from_end_to_end(
    another, cast, goods, access, payer, side, manages, pays, price, earns
):
    """RULES M4, M5, C5, O8: shown, charged and booked alike."""
    product = make_product(cast.lumen, "lumen-optik.ch", goods.hosting)
    partnership = make_partnership(
        cast.lumen, cast.lumiere_partner, access, payer, products=[product] if manages else []
    )
    acting = side is Side.PARTNER
    person, organisation = (cast.pierre, cast.lumiere) if acting else (cast.nadia, cast.lumen)
    buyer = Buyer(another().sign_in(person), organisation, partnership if acting else None)
    payers = {"client": cast.lumen, "partner": cast.lumiere}
    make_prepaid(payers[pays], 10_000)
    before = has(cast.lumiere)
    buyer.add_renewal(product, 3)
    page = buyer.check()
    public, partners = 2_976, 2_381  # 9.92 × 3 years; less 20 per cent
    net = public if price is PriceKind.PUBLIC else partners
    assert f"Without VAT CHF {net / 100:.2f}" in page
    assert f"{payers[pays].name} pays" in page and "belong to Lumen Optik AG" in page
    if acting and earns:
        assert "You get CHF 5.95 cashback on your prepaid account once the order is paid." in page
    elif acting:
        assert "You pay the partner price, CHF 5.95 less than the public price." in page
    else:
        assert "5.95" not in page, "what a partner gets is not the client's to see"
    buyer.place(method="prepaid")
    it = order()
    [line] = it.lines
    assert (it.payer_id, it.net, line.price) == (payers[pays].id, net, price)
    assert (line.cashback, line.earner_id) == ((595, cast.lumiere.id) if earns else (0, None))
    assert has(cast.lumiere) - before == (595 if earns else 0) - (it.gross if pays == "partner" else 0)
    db.session.refresh(product)
    assert (product.organisation_id, product.payer_id) == (cast.lumen.id, payers[pays].id)
    page = buyer.placed()
    assert (f"CHF {it.gross / 100:.2f}" in page) is (payers[pays] is organisation), "RULES M5"
    if acting:
        assert "Lumen Optik AG is told by mail what you have ordered." in page
    sees = buyer.client.get(f"/en/o/{organisation.public_id}/orders/{it.public_id}").status_code
    assert sees == (200 if organisation.id in (it.payer_id, it.holder_id) else 404)


def test_a_limited_partner_is_told_that_it_orders_nothing_and_whom_to_ask(another, cast, goods):
    """RULES M4, last line; C1."""
    product = make_product(cast.lumen, "lumen-optik.ch", goods.hosting)
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, products=[product])
    pierre = another().sign_in(cast.pierre)
    space = f"/en/o/{cast.lumiere.public_id}/clients/{partnership.public_id}"
    for address in ("/orders/new", f"/orders/new/{'a' * 26}/check", f"/products/{product.public_id}/renewal"):
        page = pierre.get_page(f"{space}{address}", status=403)
        assert page.h1 == "You can’t order for Lumen Optik AG"
        assert page.links["Ask Nadia Noser"] == "mailto:nadia@lumen.example"
    assert pierre.post_to(f"{space}/orders/new/{'a' * 26}/placement").status == 403
    assert "Renew" not in pierre.get_page(f"{space}/products").links


def test_only_those_who_manage_money_order(another, cast, full, goods):
    """RULES O2, C13: a stranger finds nothing, a collaborator is told whom to ask."""
    own = f"/en/o/{cast.lumen.public_id}/orders/new"
    theirs = f"/en/o/{cast.lumiere.public_id}/clients/{full.public_id}/orders/new"
    assert another().sign_in(cast.hugo).get(own).status_code == 403
    assert another().sign_in(cast.adam).get(own).status_code == 303
    assert another().sign_in(cast.stefan).get(own).status_code == 404
    paula = another().sign_in(cast.paula)
    assert paula.get(theirs).status_code == 404  # not hers to look after
    change(row=db.session.query(Membership).filter_by(user_id=cast.paula.id).one(), role=Role.ADMINISTRATOR)
    assert paula.get(theirs).status_code == 303
    assert another().sign_in(cast.nadia).get(theirs).status_code == 404
    join(cast.stefan, cast.lumiere, Role.LEGAL_REPRESENTATIVE)
    other = make_partnership(cast.stefans, cast.bergwerk_partner, Access.FULL)
    page = theirs.replace(full.public_id, other.public_id)
    assert another().sign_in(cast.pierre).get(page).status_code == 404


def test_a_collaborator_who_looks_after_the_client_is_too_weak(another, cast, full):
    make_assignment(full, db.session.query(Membership).filter_by(user_id=cast.paula.id).one())
    paula = another().sign_in(cast.paula)
    space = f"/en/o/{cast.lumiere.public_id}/clients/{full.public_id}"
    assert paula.get_page(f"{space}/orders/new", status=403).h1 == "You can’t do this"
    assert "Order products" not in paula.get_page(f"{space}/products").links


def test_a_partnership_that_ended_before_the_placement_orders_nothing(pierre, goods, cast, full, clock):
    """RULES C11."""
    pierre.add(goods.mail)
    shown = pierre.as_shown()
    partnerships.end(full, side=Side.CLIENT, seen_hash=cast.nadia.password_hash, by=cast.nadia, now=clock.now)
    page = pierre.place(shown)
    assert page.status == 403 and orders() == []
    assert "The partnership has ended" in page and "What you typed" not in page
    assert pierre.client.get(f"{pierre.base}/check").status_code == 404


def test_access_that_is_limited_by_now_orders_nothing(pierre, goods, full):
    """RULES C9, M4."""
    pierre.add(goods.mail)
    shown = pierre.as_shown()
    change(row=full, access=Access.LIMITED, payer=Payer.CLIENT)
    page = pierre.place(shown)
    assert page.status == 403 and orders() == [] and "Nothing was ordered." in page


def test_a_payment_method_that_changed_meanwhile_is_told_and_asked_again(pierre, goods, full, cast):
    """RULES C10, M4."""
    pierre.add(goods.mail, 10, "team.example")
    shown = pierre.as_shown()
    change(row=full, payer=Payer.CLIENT)
    page = pierre.place(shown)
    assert page.status == 409 and orders() == []
    assert page.errors == [
        "The payment method has changed since you saw it: now Lumen Optik AG pays. Check the order again."
    ]
    assert "team.example" in page and "Lumen Optik AG pays: you order with its payment method." in page
    pierre.place({**values_of(page.form(f"{pierre.base}/placement")), "method": "invoice"})
    assert order().payer_id == cast.lumen.id


def test_the_same_amount_from_another_purse_is_asked_again(pierre, goods, full, cast):
    """RULES C10: a plan without a discount costs both the same."""
    plain = make_plan("plain", Family.OTHER, name="Plain", discount=0)
    pierre.add(plain)
    shown = pierre.as_shown()
    change(row=full, payer=Payer.CLIENT)
    page = pierre.place(shown)
    assert page.status == 409 and "now Lumen Optik AG pays" in page.errors[0] and orders() == []


def test_a_partner_reads_no_balance_of_its_client(pierre, goods, full, cast):
    """RULES M5."""
    change(row=full, payer=Payer.CLIENT)
    make_prepaid(cast.lumen, 4_242)
    pierre.add(goods.mail)
    page = pierre.check()
    assert "42.42" not in page
    assert "The amount is taken from the prepaid account of Lumen Optik AG at once." in page
    assert "Add the VAT number" not in page.links
    pierre.change(quantity=1000)
    page = pierre.check()
    assert (
        "There is not enough money on the prepaid account of Lumen Optik AG." in page and "42.42" not in page
    )


def test_a_client_s_order_is_not_the_partner_s(pierre, another, goods, cast, full):
    """An order begun for one client is not there for another one."""
    pierre.add(goods.mail)
    second = make_partnership(make_organisation("Second AG"), cast.lumiere_partner, Access.FULL)
    page = pierre.base.replace(full.public_id, second.public_id)
    assert pierre.client.get(page).status_code == 404
    own = f"/en/o/{cast.lumiere.public_id}/orders/new/{pierre.base.rsplit('/', 1)[1]}"
    assert pierre.client.get(own).status_code == 404
    pierre.place()
    assert pierre.client.get(f"{page}/placed").status_code == 404
    assert pierre.client.get(f"{own}/placed").status_code == 404
    theirs = own.replace(cast.lumiere.public_id, cast.lumen.public_id)
    assert another().sign_in(cast.nadia).get(f"{theirs}/placed").status_code == 404


def test_a_partner_renews_for_its_client_from_the_product_s_page(pierre, cast, full):
    product = make_product(cast.lumen, "lumen-optik.ch")
    page = pierre.client.get_page(f"{pierre.space}/products/{product.public_id}")
    page = pierre.client.submit(page.links["Renew"], {"periods": "1"})
    check = pierre.client.get_page(page.location)
    assert "So far Lumen Optik AG has paid for it." in check
    assert "Order products" in pierre.client.get_page(f"{pierre.space}/products").links


# --- who pays for a product ---------------------------------------------------------------------------------


def test_a_product_says_who_pays_for_it_when_it_is_not_its_holder(nadia, cast):
    """RULES O8."""
    paid = make_product(cast.lumen, "lumen-optik.ch", payer=cast.lumiere)
    make_product(cast.lumen, "shop.lumen-optik.ch")
    page = nadia.client.get_page(f"{nadia.space}/products")
    assert page.text.count("Paid for by Lumière Digital Sàrl") == 1
    page = nadia.client.get_page(f"{nadia.space}/products/{paid.public_id}")
    assert "Paid for by Lumière Digital Sàrl (the product belongs to Lumen Optik AG)" in page


def test_a_collaborator_is_offered_no_order(another, cast, goods):
    hugo = another().sign_in(cast.hugo)
    make_product(cast.lumen, "lumen-optik.ch")
    page = hugo.get_page(f"/en/o/{cast.lumen.public_id}/products")
    assert "Order products" not in page.links and "Renew" not in page.text.split("Renewal")[0]


# --- too much -----------------------------------------------------------------------------------------------


def test_an_organisation_does_not_flood_its_client_with_orders(pierre, nadia, goods, monkeypatch):
    """Each order is an invoice and mails; what the client orders itself is counted apart."""
    monkeypatch.setattr("webapp.ordering.routes.ORDERS", replace(ORDERS, most=1))
    pierre.add(goods.hosting, label="one.ch")
    assert pierre.place().status == 303
    again = Buyer(pierre.client, pierre.organisation, pierre.partnership)
    again.add(goods.hosting, label="two.ch")
    page = again.place()
    assert page.status == 429 and len(page.errors) == 1 and "two.ch" in page
    nadia.add(goods.hosting, label="three.ch")
    assert nadia.place().status == 303
    assert len(orders()) == 2


def test_too_many_products_lead_back_to_the_lines(nadia, goods):
    nadia.add(goods.hosting, 1_000, label="a.ch")
    nadia.add(goods.hosting, 1, label="b.ch")
    page = nadia.place()
    assert page.errors == [
        "An order has at most 1000 new products. Order fewer of them, then place another order."
    ]
    assert page.status == 422 and not orders()


def test_a_renewal_for_too_long_leads_back_to_its_line(nadia, cast):
    """RULES M8."""
    site = make_product(cast.lumen, "lumen-optik.ch", renews_on=date(2098, 6, 1))
    nadia.add_renewal(site, 10)
    page = nadia.place()
    assert page.errors == ["lumen-optik.ch can’t be renewed for so long. Choose a shorter time."]
    assert page.status == 422 and not orders()
