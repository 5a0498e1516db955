"""Products, settings, usage and tags as people see them, and the catalogue at the operator's desk."""

import io
import re
from datetime import date, timedelta

import pytest

from tests.factories import make_plan, make_product, make_setting, make_tag, make_usage
from webapp.products import exchange, queries
from webapp.products.rules import Colour, Family, Metric

NASTY = "<script>alert(1)</script>\"'&"
HTMX = {"HX-Request": "true"}


def products_of(organisation):
    return f"/en/o/{organisation.public_id}/products"


def address_of(product):
    return f"{products_of(product.organisation)}/{product.public_id}"


def owned(organisation):
    return f"/en/admin/organisations/{organisation.public_id}/products"


def tags_on(page):
    return [pill.all("span")[0].text for pill in page.root.with_class("tag-cell")[0].with_class("tag")]


def rows_of(page):
    return [row.all("th")[0].text for row in page.main.all("tr") if row.all("td")]


def csv(*lines):
    return io.BytesIO("\n".join(lines).encode("utf-8-sig")), "file.csv"


@pytest.fixture
def shop(cast):
    """Lumen Optik's shop, with two tags."""
    plan = make_plan(
        "web-pro", name_en="Web Hosting Pro", name_fr="Hébergement Pro", name_de="Webhosting Profi"
    )
    product = make_product(cast.lumen, "shop.lumen-optik.ch", plan)
    make_tag(cast.lumen, "prod", Colour.GREEN, [product])
    make_tag(cast.lumen, "shop", Colour.BLUE, [product])
    return product


# --- the list -----------------------------------------------------------------------------------------------


def test_products_stand_in_their_categories_in_the_reader_s_words(client, cast, shop):
    """RULES O9: tags on the product."""
    make_product(cast.lumen, "mailboxes", make_plan("post", Family.MAIL), auto_renew=False)
    make_product(cast.lumiere, "of somebody else")
    client.sign_in(cast.hugo)
    page = client.get_page(products_of(cast.lumen))
    assert [head.text for head in page.main.all("th") if head.get("scope") == "rowgroup"] == [
        "Websites and hosting",
        "Mail",
    ]
    assert rows_of(page) == ["shop.lumen-optik.ch", "mailboxes"]
    assert tags_on(page) == ["prod", "shop"]
    assert "Web Hosting Pro" in page and "1 Jun 2027 (not automatic)" in page
    assert "Webhosting Profi" in client.get_page(products_of(cast.lumen).replace("/en/", "/de/"))


def test_the_list_is_searched_by_words_and_by_tag(client, cast, shop):
    make_product(cast.lumen, "Café")
    client.sign_in(cast.hugo)
    tag = shop.tags[0].public_id
    assert rows_of(client.get_page(f"{products_of(cast.lumen)}?q=CAFE")) == ["Café"]
    assert rows_of(client.get_page(f"{products_of(cast.lumen)}?tag={tag}")) == ["shop.lumen-optik.ch"]
    none = client.get_page(f"{products_of(cast.lumen)}?tag={tag}&q=cafe")
    assert "No product found" in none and none.links["Show all products"] == products_of(cast.lumen)
    assert len(rows_of(client.get_page(f"{products_of(cast.lumen)}?tag=nonsense"))) == 2


def test_without_products_the_page_says_what_will_be_there(client, cast):
    client.sign_in(cast.hugo)
    assert "No products yet" in client.get_page(products_of(cast.lumen))


# --- tags on products ---------------------------------------------------------------------------------------


def test_a_colleague_puts_a_tag_on_without_a_script_and_comes_back_to_the_list(client, cast, shop):
    """RULES O9, UX 5.12: a page of its own."""
    client.sign_in(cast.hugo)
    here = f"{products_of(cast.lumen)}?q=shop"
    link = client.get_page(here).root.by_id(f"add-{shop.public_id}").get("href")
    answer = client.submit(link, {"name": f"  {NASTY[:20]} ", "colour": "violet"}, to=link)
    assert (answer.status, answer.location) == (303, here)
    page = client.get_page(here)
    assert page.notices == [f"shop.lumen-optik.ch has the tag {NASTY[:20]}."]
    assert tags_on(page) == [NASTY[:20], "prod", "shop"]


def test_a_tag_is_put_on_in_place(client, cast, shop):
    """RULES O9, UX 5.12: only the cell is replaced; the focus has somewhere to go."""
    client.sign_in(cast.hugo)
    link = client.get_page(products_of(cast.lumen)).root.by_id(f"add-{shop.public_id}").get("href")
    opened = client.get_page(link, headers=HTMX)
    assert opened.root.by_id(f"tags-{shop.public_id}")
    assert opened.root.by_id(f"name-{shop.public_id}").has("autofocus")
    assert [option.get("value") for option in opened.root.all("option")] == ["prod", "shop"]
    added = client.post_to(link, {"name": "New", "colour": "red"}, headers=HTMX)
    assert added.status == 200 and tags_on(added) == ["New", "prod", "shop"]
    assert added.notices == ["shop.lumen-optik.ch has the tag New."]
    assert added.root.by_id(f"add-{shop.public_id}").has("autofocus")
    closed = client.get_page(f"{link}&closed=1", headers=HTMX)
    assert not closed.root.all("form")[3:] and closed.root.by_id(f"add-{shop.public_id}")


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["in place", "as a page"])
@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"name": "", "colour": "red"}, "Enter a name, such as shop."),
        ({"name": "x" * 25, "colour": "red"}, "Use at most 24 characters; there are 25 now."),
        ({"name": "\u0301", "colour": "red"}, "Enter a name with letters, digits or signs."),
        ({"name": "a\u202eb", "colour": "red"}, "Remove the invisible control characters from this text."),
        ({"name": "new", "colour": "pink"}, "Choose one of the options shown."),
        ({"name": "new", "colour": ""}, "Choose a colour."),
    ],
)
def test_a_wrong_tag_comes_back_with_a_message(client, cast, shop, headers, typed, told):
    client.sign_in(cast.hugo)
    page = client.post_to(f"{address_of(shop)}/tags", typed, headers=headers)
    assert page.status == 422 and told in page.text
    assert page.root.by_id(f"name-{shop.public_id}").get("value") == typed["name"].strip()
    assert len(queries.tags_of(cast.lumen)) == 2


def test_a_product_has_room_for_eight_tags(client, cast, shop):
    for n in range(6):
        make_tag(cast.lumen, f"tag {n}", products=[shop])
    client.sign_in(cast.hugo)
    page = client.submit(f"{address_of(shop)}/tags", {"name": "nine"}, to=f"{address_of(shop)}/tags")
    assert page.status == 422
    assert page.errors == ["There are too many tags here. Remove one that is no longer needed first."]


def test_each_tag_has_a_button_that_takes_it_off(client, cast, shop):
    """RULES O9, UX 5.12."""
    client.sign_in(cast.hugo)
    page = client.get_page(products_of(cast.lumen))
    button = next(b for b in page.main.all("button") if b.get("class") == "off")
    assert button.get("aria-label") == "Remove tag prod from shop.lumen-optik.ch"
    target = button.parent.get("action")
    assert client.submit(products_of(cast.lumen), to=target).location == products_of(cast.lumen)
    assert tags_on(client.get_page(products_of(cast.lumen))) == ["shop"]
    again = client.post_to(target, headers=HTMX)
    assert again.status == 200 and tags_on(again) == ["shop"]


def test_nobody_is_sent_elsewhere(client, cast, shop):
    client.sign_in(cast.hugo)
    for target in ("//evil.example", "https://evil.example/", "/\\evil.example"):
        page = client.post_to(f"{address_of(shop)}/tags?next={target}", {"name": "x", "colour": "red"})
        assert page.location == products_of(cast.lumen)


def test_no_color_stands_alone(client, cast, shop):
    """RULES O9, UX 5.12: eight colours, each with its name and a shape of its own."""
    client.sign_in(cast.hugo)
    page = client.get_page(f"{address_of(shop)}/tags")
    words = [choice.text.split() for choice in page.root.with_class("swatch")]
    assert [name for _shape, name in words] == [
        "Grey", "Red", "Orange", "Yellow", "Green", "Teal", "Blue", "Violet",
    ]  # fmt: skip
    assert len({shape for shape, _name in words}) == 8


# --- an organisation's tags ---------------------------------------------------------------------------------


def test_the_tags_with_their_use(client, another, cast, shop):
    """RULES O9: any colleague sees them, administrators and representatives change them."""
    make_tag(cast.lumen, "spare")
    address = f"/en/o/{cast.lumen.public_id}/tags"
    hugos = client.sign_in(cast.hugo).get_page(address)
    assert rows_of(hugos) == ["prod", "shop", "spare"]
    assert "1 product" in hugos and "on no product" in hugos and "Merge" not in hugos.text
    page = another().sign_in(cast.adam).get_page(address)
    assert page.text.count("Merge") == 3
    link = next(link for link in page.all_links if "?tag=" in link)
    assert rows_of(client.get_page(link)) == ["shop.lumen-optik.ch"]


def test_a_tag_is_renamed_recoloured_merged_and_deleted(client, cast, shop):
    """RULES O9"""
    client.sign_in(cast.nadia)
    prod, blue = queries.tags_of(cast.lumen)
    address = f"/en/o/{cast.lumen.public_id}/tags"
    one = f"{address}/{prod.public_id}"
    assert client.submit(one, {"name": "Production", "colour": "red"}).location == address
    assert "Production" in client.get_page(address) and "Red" in client.get_page(address)
    taken = client.submit(one, {"name": "SHOP"})
    assert taken.status == 422 and taken.errors == ["There is a tag with this name already."]
    assert client.submit(f"{one}/merger").errors == ["Choose a tag."]
    assert "1 product has the tag Production." in client.get_page(f"{one}/merger")
    assert client.submit(f"{one}/merger", {"into": blue.public_id}).location == address
    assert client.get_page(address).notices == ["The tag Production is merged into shop."]
    last = f"{address}/{blue.public_id}/removal"
    assert "It disappears from 1 product." in client.get_page(last)
    assert client.submit(last).location == address
    assert "No tags yet" in client.get_page(address)
    client.get_page(one, status=404)


def test_the_last_tag_has_nothing_to_merge_into(client, cast):
    tag = make_tag(cast.lumen)
    client.sign_in(cast.nadia)
    page = client.get_page(f"/en/o/{cast.lumen.public_id}/tags/{tag.public_id}/merger")
    assert "There is no other tag." in page and not page.forms


# --- one product --------------------------------------------------------------------------------------------


def test_a_product_tells_what_it_is(client, cast, shop):
    client.sign_in(cast.hugo)
    page = client.get_page(address_of(shop))
    facts = ("Websites and hosting", "Web Hosting Pro", "1 June 2026", "1 June 2027", "prod")
    for words in (*facts, "There are no settings yet.", "No usage has been recorded yet."):
        assert words in page, words
    assert not page.root.all("figure")


def test_settings_are_looked_at_by_all_and_changed_by_administrators(client, another, cast, shop):
    """RULES C4: technical settings as named values."""
    address = address_of(shop)
    adam = client.sign_in(cast.adam)
    assert adam.submit(f"{address}/settings/new", {"name": "PHP version", "value": NASTY}).location == address
    page = adam.get_page(address)
    assert NASTY in page.text and page.notices == ["The setting PHP version is added."]
    (setting,) = queries.settings_of(shop)
    one = f"{address}/settings/{setting.public_id}"
    assert adam.submit(one, {"value": "8.4"}).location == address
    assert "8.4" in adam.get_page(address)
    hugos = another().sign_in(cast.hugo)
    seen = hugos.get_page(address)
    assert (
        "8.4" in seen
        and "Add a setting" not in seen.text
        and f"{address}/settings" not in "".join(seen.all_links)
    )
    assert hugos.post_to(one, {"value": "9"}).status == 403
    assert "Its value now: 8.4" in adam.get_page(f"{one}/removal")
    assert adam.submit(f"{one}/removal").location == address
    assert "There are no settings yet." in adam.get_page(address)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"name": "", "value": ""}, ["Enter a name, such as PHP version.", "Enter the value."]),
        ({"name": "x" * 61, "value": "v"}, ["Use at most 60 characters; there are 61 now."]),
        ({"name": "n", "value": "x" * 501}, ["Use at most 500 characters; there are 501 now."]),
        (
            {"name": "php VERSION", "value": "v"},
            ["There is a setting with this name already. Change it in the list."],
        ),
    ],
)
def test_a_wrong_setting_comes_back_with_messages(client, cast, shop, typed, told):
    make_setting(shop, "PHP version", "8.3")
    client.sign_in(cast.adam)
    page = client.submit(f"{address_of(shop)}/settings/new", typed)
    assert page.status == 422 and page.errors == told
    assert page.root.by_id("value").get("value") == typed["value"]
    assert [setting.value for setting in queries.settings_of(shop)] == ["8.3"]


def test_an_ended_product_is_only_looked_at(client, cast, shop, now):
    setting = make_setting(shop)
    tag = shop.tags[0].public_id
    client.sign_in(cast.olga)
    client.submit(f"{owned(cast.lumen)}/{shop.public_id}/end")
    client.sign_in(cast.nadia)
    page = client.get_page(address_of(shop))
    assert "Ended on" in page and "8.4" in page and not page.forms and "Add a setting" not in page.text
    assert rows_of(client.get_page(products_of(cast.lumen))) == []
    for address in ("tags", "settings/new", f"settings/{setting.public_id}"):
        client.get_page(f"{address_of(shop)}/{address}", status=410)
    assert client.post_to(f"{address_of(shop)}/tags/{tag}/removal").status == 410


# --- usage --------------------------------------------------------------------------------------------------


def test_usage_is_drawn_and_told_as_a_table(client, cast, shop, now):
    """RULES C4: usage figures per day, a chart drawn by the server, the same figures in a table."""
    today = now.date()
    for n in range(40):
        make_usage(shop, today - timedelta(days=n), amount=1000 + n)
    make_usage(shop, today, metric=Metric.MESSAGES, amount=3)
    client.sign_in(cast.hugo)
    page = client.get_page(address_of(shop))
    (drawing,) = page.root.with_class("chart")[0].all("svg")
    assert drawing.all("title")[0].text == "Visits per day from 23 October 2026 to 21 November 2026"
    assert len(drawing.all("g")[1].all("rect")) == 30
    assert "30’435 altogether; the most, 1’029, on 23 October 2026" in page.text
    table = page.root.with_class("figures")[0]
    assert [row.text for row in table.all("tr")][:2] == ["Day Visits", "21 Nov 2026 1’000"]
    assert len(table.all("tr")) == 31
    longer = client.get_page(page.links["Last 90 days"].partition("#")[0])
    assert len(longer.root.with_class("figures")[0].all("tr")) == 41
    messages = client.get_page(longer.links["Messages"].partition("#")[0])
    assert "3 altogether" in messages and "Last 90 days" in messages


def test_nothing_is_drawn_where_nothing_was_counted(client, cast, shop):
    make_usage(shop, date(2025, 1, 1), amount=5)
    client.sign_in(cast.hugo)
    page = client.get_page(address_of(shop))
    assert "Nothing was counted from 23 October 2026 to 21 November 2026." in page
    assert not page.root.all("figure")


# --- the catalogue ------------------------------------------------------------------------------------------

PLAN = {
    "code": "Web-Max", "family": "web", "name_en": "Web Max", "name_fr": "Web Maxi", "name_de": "Web Max",
    "period": "month", "price_chf": "1’250.50", "price_eur": "990", "discount": "20 %", "sliding": "y",
}  # fmt: skip


def test_the_operator_keeps_the_catalogue(client, cast):
    """Code, category, names in three languages, prices, discount, sliding scale, affiliates."""
    client.sign_in(cast.olga)
    assert "The catalogue is empty" in client.get_page("/en/admin/catalogue")
    assert client.submit("/en/admin/catalogue/new", PLAN).location == "/en/admin/catalogue"
    plan = queries.plan_by_code("web-max")
    assert (plan.price_chf, plan.price_eur, plan.discount) == (125_050, 99_000, 20)
    assert (plan.sliding, plan.affiliates, plan.name_fr) == (True, False, "Web Maxi")
    page = client.get_page("/en/admin/catalogue")
    assert "CHF 1’250.50" in page and "per month" in page and "20%" in page
    address = page.links["Web Max"]
    assert client.submit(address, {"name_en": "Web Mega", "affiliates": "y", "sliding": None}).status == 303
    plan = queries.plan_by_code("web-max")
    assert (plan.name_en, plan.sliding, plan.affiliates, plan.price_chf) == ("Web Mega", False, True, 125_050)
    assert client.submit(address, to=f"{address}/retirement").location == address
    assert "Retired" in client.get_page("/en/admin/catalogue")
    assert client.submit(address, to=f"{address}/return").location == address
    assert "Retired" not in client.get_page("/en/admin/catalogue").text


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("code", "", "Enter a code, such as web-pro."),
        ("code", "web pro", "Use letters, digits, dots and hyphens only, such as web-pro."),
        ("code", "taken", "There is a plan with this code already."),
        ("family", "", "Choose a category."),
        ("family", "shoes", "Choose one of the options shown."),
        ("name_fr", "", "Enter the name in French."),
        ("price_chf", "", "Enter the price in CHF."),
        ("price_eur", "-1", "Enter an amount such as 1’500 or 1’500.50."),
        ("discount", "", "Enter a whole number from 0 to 100."),
        ("discount", "101", "Enter a whole number from 0 to 100."),
        ("discount", "12.5", "Enter a whole number from 0 to 100."),
        ("period", "week", "Choose one of the options shown."),
    ],
)
def test_a_wrong_plan_comes_back_with_a_message(client, cast, field, value, told):
    make_plan("taken")
    client.sign_in(cast.olga)
    page = client.submit("/en/admin/catalogue/new", {**PLAN, field: value})
    assert page.status == 422 and page.errors == [told]
    assert page.root.by_id("name_en").get("value") == "Web Max"
    assert len(queries.all_plans()) == 1


def test_a_plan_that_costs_nothing_is_a_plan(client, cast):
    client.sign_in(cast.olga)
    assert (
        client.submit("/en/admin/catalogue/new", {**PLAN, "price_chf": "0", "price_eur": "0"}).status == 303
    )


def test_the_catalogue_is_searched(client, cast):
    make_plan("web-pro"), make_plan("mail-pro", Family.MAIL, retired_at=None)
    client.sign_in(cast.olga)
    assert rows_of(client.get_page("/en/admin/catalogue?q=PRO")) == ["Web pro", "Mail pro"]
    assert rows_of(client.get_page("/en/admin/catalogue?q=pro&family=mail")) == ["Mail pro"]
    assert "No plan found" in client.get_page("/en/admin/catalogue?q=zzz")


def test_the_catalogue_goes_out_and_comes_back_changed(client, cast):
    """Nothing is done before the changes were seen; a second time does no harm."""
    make_plan("web-pro", name_en="=1+1")
    client.sign_in(cast.olga)
    answer = client.get("/en/admin/catalogue.csv")
    assert answer.mimetype == "text/csv" and "catalogue.csv" in answer.headers["Content-Disposition"]
    text = answer.data.decode("utf-8-sig")
    assert "'=1+1" in text and ",120.00,110.00,20,yes,yes,no" in text
    lines = text.replace("120.00", "130.00").split("\r\n")
    lines.insert(1, "new,mail,New,Neuf,Neu,month,1,2,0,no,no,no")
    checked = client.submit("/en/admin/catalogue/import", {"file": csv(*lines)}, content_type=MULTIPART)
    assert checked.status == 303 and len(queries.all_plans()) == 1
    page = client.get_page(checked.location)
    assert "price_chf 120.00 → 130.00" in page and "New" in page and "name_en" not in page.text
    assert client.submit(checked.location).location == "/en/admin/catalogue"
    assert client.get_page("/en/admin/catalogue").notices == ["1 plan was added. 1 plan was changed."]
    assert queries.plan_by_code("web-pro").details.price_chf == 13_000
    assert queries.plan_by_code("web-pro").name_en == "=1+1"
    assert client.post_to(checked.location).location == "/en/admin/catalogue"
    same = client.submit("/en/admin/catalogue/import", {"file": csv(*lines)}, content_type=MULTIPART)
    assert "There is nothing to do." in client.get_page(same.location)


MULTIPART = "multipart/form-data"


def test_a_wrong_file_is_told_line_by_line_and_nothing_is_imported(client, cast):
    client.sign_in(cast.olga)
    good = "a,web,A,A,A,year,1,1,0,yes,yes,no"
    lines = [",".join(exchange.PLAN_COLUMNS), good, good.replace("year", NASTY.replace('"', '""')), good]
    page = client.submit("/en/admin/catalogue/import", {"file": csv(*lines)}, content_type=MULTIPART)
    assert page.status == 422 and queries.all_plans() == []
    assert page.errors[0].startswith("Line 3: “<script>") and page.errors[1].startswith(
        "Line 4: the code “a”"
    )
    assert page.errors[2].startswith("Nothing was imported.")
    empty = client.submit("/en/admin/catalogue/import", content_type=MULTIPART)
    assert empty.errors == ["Choose a CSV file."]


def test_a_draft_of_somebody_s_call_is_no_file(client, cast):
    client.sign_in(cast.olga)
    client.get_page("/en/admin/catalogue/import/" + "a" * 26, status=404)


# --- an organisation's products, by the operator ------------------------------------------------------------

PRODUCT = {"plan": "web-pro", "label": "new.example", "started_on": "1.6.2026", "renews_on": "2027-06-01"}


def test_the_operator_adds_changes_and_ends_a_product(client, cast):
    make_plan("web-pro"), make_plan("old", retired_at=cast.lumen.created_at)
    client.sign_in(cast.olga)
    desk = client.get_page(f"/en/admin/organisations/{cast.lumen.public_id}")
    address = desk.links["See the products"]
    form = client.get_page(f"{address}/new")
    assert [option.get("value") for option in form.root.all("option")] == ["", "web-pro"]
    assert client.submit(f"{address}/new", PRODUCT).location == address
    (product,) = queries.products(cast.lumen).rows
    assert (product.started_on, product.renews_on) == (date(2026, 6, 1), date(2027, 6, 1))
    assert product.auto_renew is True and product.label == "new.example"
    one = f"{address}/{product.public_id}"
    assert client.get_page(one).root.by_id("renews_on").get("value") == "01.06.2027"
    assert client.submit(one, {"renews_on": "31.12.2027", "auto_renew": None}).location == address
    assert "31 Dec 2027 (not automatic)" in client.get_page(address)
    assert client.submit(f"{one}/end").location == address
    assert "No products here" in client.get_page(address)
    assert rows_of(client.get_page(f"{address}?state=ended")) == ["new.example"]
    assert not client.get_page(one).forms
    assert client.post_to(one, PRODUCT).status == 410


def test_a_form_that_is_sent_twice_adds_one_product(client, cast):
    make_plan("web-pro")
    client.sign_in(cast.olga)
    key = client.get_page(f"{owned(cast.lumen)}/new").root.all("input")
    typed = {**PRODUCT, "key": next(field.get("value") for field in key if field.get("name") == "key")}
    for _time in range(2):
        assert client.post_to(f"{owned(cast.lumen)}/new", typed).status == 303
    assert len(queries.products(cast.lumen).rows) == 1


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("plan", "", "Choose a plan."),
        ("plan", "old", "Choose one of the options shown."),
        ("label", "", "Enter a label, such as example.com."),
        ("label", "x" * 121, "Use at most 120 characters; there are 121 now."),
        ("started_on", "", "Enter the first day."),
        ("started_on", "31.2.2026", "Enter a day such as 30.06.2027 or 2027-06-30."),
        ("renews_on", "06/30/2027", "Enter a day such as 30.06.2027 or 2027-06-30."),
        ("renews_on", "1.1.0001", "Enter a day such as 30.06.2027 or 2027-06-30."),
        ("renews_on", "1.6.2026", "The renewal comes after the start."),
    ],
)
def test_a_wrong_product_comes_back_with_a_message(client, cast, field, value, told):
    make_plan("web-pro"), make_plan("old", retired_at=cast.lumen.created_at)
    client.sign_in(cast.olga)
    page = client.submit(f"{owned(cast.lumen)}/new", {**PRODUCT, field: value})
    assert page.status == 422 and page.errors == [told]
    assert not queries.products(cast.lumen).rows


def test_a_product_is_looked_for_under_its_own_organisation(client, cast, shop):
    client.sign_in(cast.olga)
    client.get_page(f"{owned(cast.lumiere)}/{shop.public_id}", status=404)


# --- files of usage -----------------------------------------------------------------------------------------

USAGE = ",".join(exchange.USAGE_COLUMNS)


def test_usage_is_imported_by_number_and_by_label(client, cast, shop):
    client.sign_in(cast.olga)
    lines = [f"{shop.public_id},,2026-11-20,visits,7", f"{shop.label},Lumen Optik AG,2026-11-21,visits,8"]
    for amounts in (7, 8), (9, 10):
        sent = client.submit("/en/admin/usage", {"file": csv(USAGE, *lines)}, content_type=MULTIPART)
        assert sent.location == "/en/admin/usage"
        assert client.get_page(sent.location).notices == ["2 figures were imported."]
        assert queries.usage_of(shop, Metric.VISITS, date(2026, 1, 1)) == [
            (date(2026, 11, 20), amounts[0]),
            (date(2026, 11, 21), amounts[1]),
        ]
        lines = [re.sub(r"\d$", str(n), line) for n, line in zip((9, 10), lines, strict=True)]


def test_a_wrong_figure_stops_the_whole_file(client, cast, shop):
    client.sign_in(cast.olga)
    lines = [f"{shop.public_id},,2026-11-20,visits,7", f"{shop.label},Lumen,2026-11-21,visits,8"]
    page = client.submit("/en/admin/usage", {"file": csv(USAGE, *lines)}, content_type=MULTIPART)
    assert page.status == 422
    assert page.errors[0] == "Line 3: Lumen has no product “shop.lumen-optik.ch”, or it has ended."
    assert queries.metrics_of(shop) == []
