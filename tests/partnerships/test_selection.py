"""Choosing products over several pages (RULES C4, C6, C9)."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from tests.factories import make_organisation, make_partnership, make_plan, make_product, make_tag
from webapp.extensions import db
from webapp.partnerships import queries
from webapp.partnerships.choosable import products_page
from webapp.partnerships.forms import ListPage, asked_page, read_boxes
from webapp.partnerships.rules import EVERYTHING, Access, Right, RightChange, Rights
from webapp.partnerships.selection import Selection
from webapp.products.rules import Colour, Family

TECHNICAL, STATISTICAL = Rights(technical=True), Rights(statistical=True)


@pytest.fixture
def shop(cast):
    """lumen-optik.ch with both rights and shop with one for Lumière; vps for Bergwerk; mail for nobody."""
    web, mail = make_plan("web-pro", Family.WEB), make_plan("mail", Family.MAIL)
    cloud = make_plan("vps", Family.CLOUD)
    products = {
        name: make_product(cast.lumen, name, plan)
        for name, plan in (
            ("lumen-optik.ch", web),
            ("shop.lumen-optik.ch", web),
            ("post", mail),
            ("vps", cloud),
        )
    }
    ours = make_partnership(
        cast.lumen, cast.lumiere_partner,
        products={products["lumen-optik.ch"]: EVERYTHING, products["shop.lumen-optik.ch"]: TECHNICAL},
    )  # fmt: skip
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[products["vps"]])
    return ours, products


def ticked(*products, technical=(), statistical=(), do=""):
    form = MultiDict([("shown", each.public_id) for each in products])
    form.setlist("technical", [each.public_id for each in technical])
    form.setlist("statistical", [each.public_id for each in statistical])
    form["do"] = do
    return form


def test_a_page_lists_products_by_category_with_rights_and_the_other_partner(cast, shop):
    ours, products = shop
    make_tag(cast.lumen, "prod", Colour.GREEN, [products["lumen-optik.ch"]])
    page = products_page(cast.lumen, language="en", own=ours)
    assert [(row.label, row.granted, row.holder) for row in page.rows] == [
        ("lumen-optik.ch", EVERYTHING, None),
        ("shop.lumen-optik.ch", TECHNICAL, None),
        ("post", Rights(), None),
        ("vps", Rights(), "Bergwerk IT GmbH"),
    ]
    assert page.rows[0].tags == (("prod", "green"),)
    assert [(c.family, c.shared, c.total) for c in page.families.values()] == [
        (Family.WEB, 2, 2), (Family.MAIL, 0, 1), (Family.CLOUD, 0, 1),
    ]  # fmt: skip
    assert [family for family, _rows in page.by_family] == [Family.WEB, Family.MAIL, Family.CLOUD]


def test_only_what_differs_from_today_is_kept(cast, shop):
    ours, products = shop
    selection = Selection.read({}, cast.lumen, ours)
    site, store, post = products["lumen-optik.ch"], products["shop.lumen-optik.ch"], products["post"]
    read_boxes(ticked(site, store, post, technical=[site, store], statistical=[store, post]), selection)
    assert selection.as_kept == {str(site.id): "t", str(store.id): "ts", str(post.id): "s"}
    assert selection.changes == [
        (RightChange(site.id, Right.STATISTICAL, False), "lumen-optik.ch"),
        (RightChange(store.id, Right.STATISTICAL, True), "shop.lumen-optik.ch"),
        (RightChange(post.id, Right.STATISTICAL, True), "post"),
    ]
    again = Selection.read(selection.as_kept, cast.lumen, ours)
    assert again.picked == {site.id: TECHNICAL, store.id: EVERYTHING, post.id: STATISTICAL}
    read_boxes(ticked(site, store, post, technical=[site, store], statistical=[site]), again)
    assert again.as_kept == {} and again.changes == []


def test_a_product_of_another_partner_or_of_another_client_can_t_be_chosen(cast, shop):
    ours, products = shop
    foreign = make_product(cast.stefans, "stranger.example")
    selection = Selection.read({}, cast.lumen, ours)
    read_boxes(ticked(products["vps"], foreign, technical=[products["vps"], foreign]), selection)
    assert selection.as_kept == {}
    slipped_in = Selection.read({str(products["vps"].id): "t", str(foreign.id): "ts"}, cast.lumen, ours)
    assert set(slipped_in.picked) == set(queries.granted(ours)) and slipped_in.changes == []


def test_all_and_none_take_a_category(cast, shop):
    ours, products = shop
    selection = Selection.read({}, cast.lumen, ours)
    read_boxes(ticked(do="all:mail"), selection)
    read_boxes(ticked(do="none:web"), selection)
    read_boxes(ticked(do="all:cloud"), selection)
    assert selection.picked == {products["post"].id: EVERYTHING}
    counts = selection.counts(products_page(cast.lumen, language="de", own=ours))
    assert {family: count.shared for family, count in counts.items()} == {
        Family.WEB: 0, Family.MAIL: 1, Family.CLOUD: 0,
    }  # fmt: skip


def test_with_full_access_nothing_is_granted_one_by_one(cast):
    client = make_organisation("Client AG")
    product = make_product(client, "client.example")
    full = make_partnership(client, cast.lumiere_partner, access=Access.FULL)
    selection = Selection.read({str(product.id): "t"}, client, full)
    assert selection.own is None and selection.picked == {product.id: TECHNICAL}


def test_what_has_ended_meanwhile_is_left_out(cast, shop, now):
    ours, products = shop
    selection = Selection.read({str(products["post"].id): "t"}, cast.lumen, ours)
    products["post"].ended_at = products["lumen-optik.ch"].ended_at = now
    db.session.commit()
    assert set(selection.picked) == {products["shop.lumen-optik.ch"].id}


@pytest.mark.parametrize(
    ("typed", "leads"),
    [
        ({"do": "page:3", "q": "shop"}, ListPage(3, "shop")),
        ({"do": "search", "q": "x" * 200, "page": "4"}, ListPage(1, "x" * 80)),
        ({"do": "all:web", "page": "2"}, ListPage(2, "")),
        ({"do": "all:web", "page": "²"}, ListPage(1, "")),
        ({"do": "page:x"}, None),
        ({"do": "enter", "q": "shop", "listed": "", "page": "2"}, ListPage(1, "shop")),
        ({"do": "enter", "q": "shop", "listed": "shop"}, None),
        ({"do": "enter"}, None),
        ({"do": "review"}, None),
        ({}, None),
    ],
)
def test_where_a_button_leads(typed, leads):
    assert asked_page(MultiDict(typed)) == leads


def test_a_page_of_many_products_takes_three_statements(app, cast, statements):
    client = make_organisation("Many AG")
    plan = make_plan("web")
    for n in range(60):
        make_product(client, f"site-{n:03}.example", plan)
    with statements() as seen:
        page = products_page(client, language="fr", page=2)
    assert len(page.rows) == 25 and page.more and len(seen) == 3
    assert [row.label for row in products_page(client, language="fr", q="SITE-059").rows] == [
        "site-059.example"
    ]
