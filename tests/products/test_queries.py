"""What is asked about products: order, search, and as many statements for two thousand as for one."""

from datetime import date, timedelta

import sqlalchemy as sa

from tests.factories import make_plan, make_product, make_tag, make_usage
from webapp.extensions import db
from webapp.products import queries
from webapp.products.models import Product, ProductTag
from webapp.products.rules import Family, Metric
from webapp.text import fold
from webapp.unit import unit_of_work

TODAY = date(2026, 11, 21)


def labels(part):
    return [product.label for product in part.rows]


def test_products_come_by_category_and_label(app, cast, now):
    web, mail = make_plan("web", Family.WEB), make_plan("mail", Family.MAIL)
    for label, plan in (("zebra", web), ("a mail", mail), ("Éclair", web), ("abricot", web)):
        make_product(cast.lumen, label, plan)
    make_product(cast.lumen, "ended", web, ended_at=now)
    make_product(cast.lumiere, "stranger", web)
    assert labels(queries.products(cast.lumen)) == ["abricot", "Éclair", "zebra", "a mail"]
    assert labels(queries.products(cast.lumen, ended=True)) == ["ended"]


def test_products_are_searched_by_label_and_tag(app, cast):
    shop, other = make_product(cast.lumen, "Café Zürich 100%"), make_product(cast.lumen, "other")
    tag = make_tag(cast.lumen, "prod", products=[shop])
    assert labels(queries.products(cast.lumen, "cafe zur")) == ["Café Zürich 100%"]
    assert labels(queries.products(cast.lumen, "0%")) == ["Café Zürich 100%"]
    assert labels(queries.products(cast.lumen, "%")) == ["Café Zürich 100%"]
    assert labels(queries.products(cast.lumen, tag=tag)) == ["Café Zürich 100%"]
    assert labels(queries.products(cast.lumen, "other", tag)) == []
    assert queries.product(cast.lumiere, other.public_id) is None


def test_plans_are_searched_and_come_by_category(app):
    make_plan("b-web", name_de="Grosse Sache"), make_plan("a-web")
    make_plan("a-cloud", Family.CLOUD, retired_at=None)
    assert [plan.code for plan in queries.plans().rows] == ["a-web", "b-web", "a-cloud"]
    assert [plan.code for plan in queries.plans("GROSSE").rows] == ["b-web"]
    assert [plan.code for plan in queries.plans("a-", Family.CLOUD).rows] == ["a-cloud"]


@unit_of_work
def many(organisation, n):
    """So many products with two tags each."""
    plan = make_plan()
    tags = [make_tag(organisation, name).id for name in ("prod", "test")]
    made = [
        {
            "organisation_id": organisation.id, "payer_id": organisation.id, "plan_id": plan.id, "family_rank": 0,
            "label": f"p{i:05}.example",
            "sort_label": fold(f"p{i:05}.example"), "started_on": TODAY, "renews_on": TODAY, "auto_renew": True,
            "created_at": plan.created_at,
        }
        for i in range(n)
    ]  # fmt: skip
    ids = db.session.scalars(sa.insert(Product).returning(Product.id), made).all()
    rows = [{"product_id": i, "tag_id": t, "organisation_id": organisation.id} for i in ids for t in tags]
    db.session.execute(sa.insert(ProductTag), rows)


def test_a_page_of_two_thousand_products_takes_as_many_statements_as_a_page_of_one(
    app, cast, client, statements
):
    """UX: 25 rows a page, the same statements however many there are."""
    make_product(cast.lumiere, "only")
    many(cast.lumen, 2_000)
    counted = {}
    for organisation, person in ((cast.lumiere, cast.paula), (cast.lumen, cast.hugo)):
        client.sign_in(person)
        with statements() as seen:
            page = client.get_page(f"/en/o/{organisation.public_id}/products")
        counted[organisation.name] = [each for each in seen if each.startswith("SELECT")]
    assert page.root.with_class("tag-cell")[24:] and not page.root.with_class("tag-cell")[25:]
    # the partner's menu asks for its clients beside
    products = {name: [s for s in seen if " products" in s or " tags" in s] for name, seen in counted.items()}
    assert len(products["Lumen Optik AG"]) == len(products["Lumière Digital Sàrl"]) == 3
    assert len(counted["Lumen Optik AG"]) <= 7


def test_the_pages_of_a_list_hold_every_product_once(app, cast):
    many(cast.lumen, 60)
    parts = [queries.products(cast.lumen, page=n) for n in (1, 2, 3, 4)]
    assert [len(part.rows) for part in parts] == [25, 25, 10, 0]
    assert [part.more for part in parts] == [True, True, False, False]
    assert len({label for part in parts for label in labels(part)}) == 60


def test_usage_is_shown_for_the_wanted_days_and_metric(app, cast):
    product = make_product(cast.lumen)
    for n in range(100):
        make_usage(product, TODAY - timedelta(days=n), amount=n)
    make_usage(product, TODAY, metric=Metric.MESSAGES, amount=3)
    view = queries.usage_view(product, None, days=30, today=TODAY)
    assert (view.metric, view.metrics) == (Metric.VISITS, [Metric.VISITS, Metric.MESSAGES])
    assert (len(view.figures), view.total, view.peak) == (
        30,
        sum(range(30)),
        (TODAY - timedelta(days=29), 29),
    )
    assert (view.first, view.last, view.ceiling) == (TODAY - timedelta(days=29), TODAY, 30)
    assert len(queries.usage_view(product, Metric.VISITS, days=90, today=TODAY).bars) == 89
    assert queries.usage_view(product, Metric.MESSAGES, days=90, today=TODAY).total == 3
    assert queries.usage_view(product, Metric.CPU_HOURS, days=90, today=TODAY).metric == Metric.VISITS


def test_without_figures_there_is_no_metric(app, cast):
    view = queries.usage_view(make_product(cast.lumen), Metric.VISITS, days=30, today=TODAY)
    assert view.metric is None and view.figures == []


def test_tags_count_the_active_products_that_have_them(app, cast, now):
    """RULES O9"""
    active, ended = make_product(cast.lumen, "a"), make_product(cast.lumen, "b", ended_at=now)
    used, unused = make_tag(cast.lumen, "used", products=[active, ended]), make_tag(cast.lumen, "Éa")
    make_tag(cast.lumiere, "other")
    assert queries.tags_with_use(cast.lumen) == [(unused, 0), (used, 1)]
    assert (queries.use_of(used), queries.use_of(unused)) == (1, 0)


def test_files_find_active_products_by_number_and_by_names(app, cast, now):
    one, two = make_product(cast.lumen, "shop"), make_product(cast.lumiere, "shop")
    ended = make_product(cast.lumen, "old", ended_at=now)
    again = make_product(cast.lumen, "shop")
    numbers = [one.public_id, ended.public_id, "nothing"]
    assert queries.products_by_public_id(numbers) == {one.public_id: one.id}
    names = [("Lumen Optik AG", "shop"), ("Lumen Optik AG", "old"), ("Lumière Digital Sàrl", "shop")]
    found = {name: sorted(ids) for name, ids in queries.products_by_label(names).items()}
    assert found == {
        ("Lumen Optik AG", "shop"): [one.id, again.id],
        ("Lumière Digital Sàrl", "shop"): [two.id],
    }
