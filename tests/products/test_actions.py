"""Changes of the catalogue, of products, settings, usage and tags, on both databases."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.factories import make_plan, make_product, make_setting, make_tag, make_usage
from tests.threads import at_once
from webapp import drafts
from webapp.accounts.models import Organisation, User
from webapp.audit import AuditEvent
from webapp.extensions import db
from webapp.products import actions, queries, rules
from webapp.products.models import Plan, Product, ProductSetting, ProductTag, Tag, Usage
from webapp.products.rules import Colour, Family, Figure, Metric, Period, PlanDetails, ProductDetails
from webapp.refused import Gone

DETAILS = PlanDetails(
    "web-pro", Family.WEB, {"en": "Pro", "fr": "Plus", "de": "Profi"}, Period.YEAR, 12_000, 11_000, 20, True, False
)  # fmt: skip
PRODUCT = ProductDetails("web-pro", "shop.example", date(2026, 6, 1), date(2027, 6, 1), True)


def done():
    return list(db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


def rows(table):
    return db.session.scalars(
        sa.select(table).order_by(table.id).execution_options(populate_existing=True)
    ).all()


def count(table):
    return db.session.scalar(sa.select(sa.func.count()).select_from(table))


# --- the catalogue ------------------------------------------------------------------------------------------


def test_a_plan_says_what_it_was_told(app, cast, now):
    plan = actions.add_plan(DETAILS, by=cast.olga, now=now)
    assert plan.details == DETAILS and plan.retired_at is None
    assert (plan.name_in("fr"), plan.price("EUR").minor) == ("Plus", 11_000)
    assert done() == ["plan.added"]


def test_a_code_names_one_plan(app, cast, now):
    make_plan("web-pro")
    other = make_plan("web-start")
    with pytest.raises(rules.CodeTaken):
        actions.add_plan(DETAILS, by=cast.olga, now=now)
    with pytest.raises(rules.CodeTaken):
        actions.edit_plan(other, DETAILS, by=cast.olga, now=now)
    assert queries.plan(other.public_id).code == "web-start"


def test_two_operators_who_add_the_same_code_at_once_get_one_plan(app, cast, now):
    for n in range(5):
        details = replace(DETAILS, code=f"plan-{n}")

        def add(details=details):
            return actions.add_plan(details, by=None, now=now).id

        results = at_once(app, add, add, add)
        assert sum(isinstance(each, rules.CodeTaken) for each in results) == 2, results
        assert count(Plan) == n + 1


def test_products_move_with_their_plan_to_another_category(app, cast, now):
    plan, other = make_plan("web-pro", Family.WEB), make_plan("vps", Family.CLOUD)
    mine, ended = make_product(cast.lumen, "a", plan), make_product(cast.lumen, "b", plan, ended_at=now)
    elsewhere = make_product(cast.lumen, "c", other)
    actions.edit_plan(plan, replace(DETAILS, family=Family.DOMAIN), by=cast.olga, now=now)
    db.session.expire_all()
    assert [each.family_rank for each in (mine, ended, elsewhere)] == [3, 3, 2]


def test_a_product_that_is_added_while_its_plan_moves_has_the_right_rank(app, cast, now):
    plan_id, lumen_id = make_plan("web-pro", Family.WEB).id, cast.lumen.id
    for n in range(6):
        families = (Family.MAIL, Family.CLOUD, Family.DOMAIN)

        def move(family=families[n % 3]):
            actions.edit_plan(
                db.session.get(Plan, plan_id), replace(DETAILS, family=family), by=None, now=now
            )

        def add():
            organisation = db.session.get(Organisation, lumen_id)
            actions.add_product(organisation, PRODUCT, key=drafts.new_key(), by=None, now=now)

        assert at_once(app, move, add, add) == [None] * 3
        assert {each.family_rank for each in rows(Product)} == {families[n % 3].rank}


def test_a_retired_plan_goes_to_nobody_and_stays_with_those_who_have_it(app, cast, now):
    plan = make_plan("web-pro")
    product = make_product(cast.lumen, "shop.example", plan)
    actions.retire_plan(plan, by=cast.olga, now=now)
    actions.retire_plan(plan, by=cast.olga, now=now + timedelta(days=1))
    assert plan.retired_at == now
    with pytest.raises(rules.PlanRetired):
        actions.add_product(cast.lumen, PRODUCT, key=drafts.new_key(), by=cast.olga, now=now)
    actions.edit_product(product, replace(PRODUCT, label="new.example"), by=cast.olga, now=now)
    assert product.label == "new.example"
    actions.restore_plan(plan, by=cast.olga, now=now)
    assert actions.add_product(cast.lumen, PRODUCT, key=drafts.new_key(), by=cast.olga, now=now).plan is plan
    assert done() == ["plan.retired", "product.changed", "plan.restored", "product.added"]


def imported(*details, now, retired=None):
    kept = [{"details": each.as_data(), "retired": retired} for each in details]
    return drafts.save("catalogue", drafts.new_key(), {"plans": kept}, now=now)


def test_a_file_adds_changes_and_leaves_alone(app, cast, now):
    known = make_plan("web-pro", Family.MAIL)
    product = make_product(cast.lumen, "a", known)
    same, absent = make_plan("same"), make_plan("absent")
    draft = imported(DETAILS, same.details, replace(DETAILS, code="new"), now=now)
    assert actions.import_plans(draft, by=cast.olga, now=now) == actions.Imported(added=1, changed=1)
    assert known.details == DETAILS and queries.plan_by_code("new").name_in("de") == "Profi"
    db.session.expire_all()
    assert product.family_rank == Family.WEB.rank
    assert absent.retired_at is None and count(Plan) == 4
    assert done() == ["plan.changed", "plan.added"]


def test_a_file_retires_and_brings_back(app, cast, now):
    plan = make_plan("web-pro")
    actions.import_plans(imported(plan.details, now=now, retired=True), by=cast.olga, now=now)
    assert plan.retired_at == now
    actions.import_plans(imported(plan.details, now=now), by=cast.olga, now=now)
    assert plan.retired_at == now
    actions.import_plans(imported(plan.details, now=now, retired=False), by=cast.olga, now=now)
    assert plan.retired_at is None


def test_a_file_is_imported_once(app, cast, now):
    draft = imported(DETAILS, now=now)
    draft_id = draft.id

    def go():
        return actions.import_plans(db.session.get(drafts.Draft, draft_id), by=None, now=now)

    results = at_once(app, go, go, go)
    assert sum(isinstance(each, Gone) for each in results) == 2, results
    assert count(Plan) == 1


def test_two_files_at_once_are_both_taken(app, cast, now):
    many = [replace(DETAILS, code=f"p{n}") for n in range(20)]
    for each in many:
        make_plan(each.code)
    ids = [imported(*order, now=now).id for order in (many, list(reversed(many)))]

    def go(draft_id):
        return actions.import_plans(db.session.get(drafts.Draft, draft_id), by=None, now=now)

    results = at_once(app, *[lambda draft_id=draft_id: go(draft_id) for draft_id in ids])
    assert sorted(each.changed for each in results) == [0, 20]


# --- products -----------------------------------------------------------------------------------------------


def test_a_product_has_its_place_in_lists(app, cast, now):
    make_plan("web-pro", Family.MAIL)
    product = actions.add_product(
        cast.lumen, replace(PRODUCT, label="Éclair.example"), key=drafts.new_key(), by=cast.olga, now=now
    )
    assert (product.sort_label, product.family_rank) == ("eclair.example", Family.MAIL.rank)
    actions.edit_product(product, replace(PRODUCT, label="ﷺ" * 120), by=cast.olga, now=now)
    assert len(product.sort_label) == 240
    assert done() == ["product.added", "product.changed"]


def test_a_double_submit_adds_one_product(app, cast, now):
    make_plan("web-pro")
    lumen_id = cast.lumen.id
    for n in range(1, 5):
        key = drafts.new_key()

        def submit(key=key):
            organisation = db.session.get(Organisation, lumen_id)
            return actions.add_product(organisation, PRODUCT, key=key, by=None, now=now).id

        assert len(set(at_once(app, submit, submit, submit))) == 1
        assert count(Product) == n


def test_a_plan_that_is_not_there_is_not_sold(app, cast, now):
    with pytest.raises(rules.PlanRetired):
        actions.add_product(cast.lumen, PRODUCT, key=drafts.new_key(), by=cast.olga, now=now)


def test_nothing_of_an_ended_product_changes(app, cast, now):
    product = make_product(cast.lumen, "shop.example", make_plan("web-pro"))
    setting, tag = make_setting(product), make_tag(cast.lumen, products=[product])
    actions.end_product(product, by=cast.olga, now=now)
    nadia = cast.nadia
    for act in (
        lambda: actions.end_product(product, by=cast.olga, now=now),
        lambda: actions.edit_product(product, PRODUCT, by=cast.olga, now=now),
        lambda: actions.change_setting(product, name="a", value="b", by=nadia, now=now),
        lambda: actions.remove_setting(product, setting, by=nadia, now=now),
        lambda: actions.add_tag(product, name="x", colour=Colour.RED, by=nadia, now=now),
        lambda: actions.remove_tag(product, tag, by=nadia, now=now),
        lambda: actions.import_usage([Figure(product.id, Metric.VISITS, date(2026, 1, 1), 1)], by=None, now=now),
    ):  # fmt: skip
        with pytest.raises(rules.ProductEnded):
            act()
    assert done() == ["product.ended"]
    assert (count(ProductSetting), count(ProductTag), count(Usage)) == (1, 1, 0)


# --- settings -----------------------------------------------------------------------------------------------


def test_a_setting_is_added_changed_and_removed(app, cast, now):
    """RULES C4: technical settings; who does it stands in the log, for whom too."""
    product = make_product(cast.lumen)
    setting = actions.add_setting(product, name="PHP version", value="8.3", by=cast.adam, now=now)
    later = now + timedelta(days=1)
    actions.change_setting(product, name="php VERSION", value="8.4", by=cast.pierre, now=later)
    (only,) = queries.settings_of(product)
    assert (only.name, only.value, only.changed_at) == ("PHP version", "8.4", later)
    actions.remove_setting(product, setting, by=cast.adam, now=later)
    assert queries.settings_of(product) == []
    assert done() == ["setting.changed", "setting.changed", "setting.removed"]
    logged = rows(AuditEvent)
    assert [each.person_id for each in logged] == [cast.adam.id, cast.pierre.id, cast.adam.id]
    assert [each.organisation_id for each in logged] == [cast.lumen.id] * 3
    assert {each.subject for each in logged} == {f"products:{product.id}"}
    assert all("PHP" not in each.detail and "8." not in each.detail for each in logged)


def test_a_new_setting_does_not_overwrite_one_with_its_name(app, cast, now):
    product = make_product(cast.lumen)
    make_setting(product, "PHP version", "8.3")
    with pytest.raises(rules.SettingTaken):
        actions.add_setting(product, name="Php Version", value="1", by=cast.adam, now=now)
    assert queries.settings_of(product)[0].value == "8.3"


def test_two_who_add_the_same_setting_at_once_get_one(app, cast, now):
    product_id, adam_id = make_product(cast.lumen).id, cast.adam.id

    def add(value):
        product, adam = db.session.get(Product, product_id), db.session.get(User, adam_id)
        actions.add_setting(product, name="PHP version", value=value, by=adam, now=now)

    results = at_once(app, *[lambda value=str(n): add(value) for n in range(4)])
    assert sum(isinstance(each, rules.SettingTaken) for each in results) == 3, results
    assert count(ProductSetting) == 1


def test_a_product_holds_fifty_settings(app, cast, now):
    product = make_product(cast.lumen)
    for n in range(rules.SETTINGS_OF_A_PRODUCT):
        make_setting(product, f"setting {n}")
    with pytest.raises(rules.TooManySettings):
        actions.change_setting(product, name="one more", value="x", by=cast.adam, now=now)
    actions.change_setting(product, name="setting 7", value="new", by=cast.adam, now=now)


def test_a_setting_that_is_gone_is_not_removed_twice(app, cast, now, elsewhere):
    product = make_product(cast.lumen)
    setting = make_setting(product)
    ids = product.id, setting.id, cast.adam.id

    def remove():
        row, its = db.session.get(Product, ids[0]), db.session.get(ProductSetting, ids[1])
        actions.remove_setting(row, its, by=db.session.get(User, ids[2]), now=now)

    elsewhere(remove)
    with pytest.raises(Gone):
        actions.remove_setting(product, setting, by=cast.adam, now=now)


# --- usage --------------------------------------------------------------------------------------------------


def test_figures_are_written_and_written_anew(app, cast, now):
    one, two = make_product(cast.lumen, "a"), make_product(cast.lumen, "b")
    day = date(2026, 11, 1)
    make_usage(one, day, amount=5)
    figures = [Figure(one.id, Metric.VISITS, day, 7), Figure(two.id, Metric.MESSAGES, day, 10**15)]
    assert actions.import_usage(figures, by=cast.olga, now=now) == 2
    assert queries.usage_of(one, Metric.VISITS, day) == [(day, 7)]
    assert queries.usage_of(two, Metric.MESSAGES, day) == [(day, 10**15)]
    assert done() == ["usage.imported", "usage.imported"]


def test_many_figures_at_once(app, cast, now):
    product = make_product(cast.lumen)
    figures = [
        Figure(product.id, Metric.VISITS, date(2020, 1, 1) + timedelta(days=n), n) for n in range(1_203)
    ]
    assert actions.import_usage(figures, by=cast.olga, now=now) == count(Usage) == 1_203
    assert done() == ["usage.imported"]


def test_all_figures_or_none(app, cast, now):
    one, ended = make_product(cast.lumen, "a"), make_product(cast.lumen, "b", ended_at=now)
    day = date(2026, 11, 1)
    with pytest.raises(rules.ProductEnded):
        actions.import_usage(
            [Figure(one.id, Metric.VISITS, day, 7), Figure(ended.id, Metric.VISITS, day, 7)],
            by=cast.olga, now=now,
        )  # fmt: skip
    assert count(Usage) == 0 and done() == []


# --- tags ---------------------------------------------------------------------------------------------------


def names_on(product):
    found = queries.product(db.session.get(Organisation, product.organisation_id), product.public_id)
    return [(tag.name, tag.colour.value) for tag in found.tags]


def test_a_tag_is_created_where_it_is_put(app, cast, now):
    """RULES O9: from the product list; a name that is known keeps its colour, however it is written."""
    shop, mail = make_product(cast.lumen, "shop"), make_product(cast.lumen, "mail")
    first = actions.add_tag(shop, name="Été", colour=Colour.GREEN, by=cast.hugo, now=now)
    again = actions.add_tag(mail, name="ete", colour=Colour.RED, by=cast.hugo, now=now)
    assert first is again and names_on(shop) == names_on(mail) == [("Été", "green")]
    actions.add_tag(mail, name="ÉTÉ", colour=Colour.RED, by=cast.hugo, now=now)
    assert count(ProductTag) == 2
    assert done() == ["tag.added", "product.tagged", "product.tagged"]


def test_a_tag_is_the_organisation_s_own(app, cast, now):
    """RULES O9: per organisation."""
    make_tag(cast.lumiere, "prod", Colour.BLUE)
    product = make_product(cast.lumen)
    tag = actions.add_tag(product, name="prod", colour=Colour.GREEN, by=cast.hugo, now=now)
    assert tag.organisation_id == cast.lumen.id and count(Tag) == 2


def test_colleagues_who_invent_the_same_tag_at_once_get_one(app, cast, now):
    """RULES O9: names are unique, however they are written."""
    products = [make_product(cast.lumen, f"product {n}").id for n in range(4)]
    hugo_id = cast.hugo.id
    for n in range(4):
        name = f"tag {n}"

        def put(product_id, written, name=name):
            hugo = db.session.get(User, hugo_id)
            product = db.session.get(Product, product_id)
            return actions.add_tag(product, name=written, colour=Colour.RED, by=hugo, now=now).id

        spellings = (name, name.upper(), f"  {name}", name.title())
        acts = zip(products, spellings, strict=True)
        results = at_once(app, *[lambda each=each, put=put: put(*each) for each in acts])
        assert len(set(results)) == 1 and isinstance(results[0], int), results
        assert count(Tag) == n + 1


def test_two_who_rename_to_the_same_name_at_once(app, cast, now):
    """RULES O9"""
    nadia_id = cast.nadia.id
    for n in range(5):
        ids = [make_tag(cast.lumen, f"{side} {n}").id for side in ("left", "right")]

        def rename(tag_id, n=n):
            tag, nadia = db.session.get(Tag, tag_id), db.session.get(User, nadia_id)
            actions.edit_tag(tag, name=f"Middle {n}", colour=Colour.RED, by=nadia, now=now)

        results = at_once(app, *[lambda each=each, go=rename: go(each) for each in ids])
        assert sum(each is None for each in results) == 1, results
        assert sum(isinstance(each, rules.TagTaken) for each in results) == 1, results


def test_tags_have_their_limits(app, cast, now):
    product = make_product(cast.lumen)
    for n in range(rules.TAGS_ON_A_PRODUCT):
        make_tag(cast.lumen, f"tag {n}", products=[product])
    with pytest.raises(rules.TooManyTags):
        actions.add_tag(product, name="one more", colour=Colour.RED, by=cast.hugo, now=now)
    actions.add_tag(product, name="Tag 3", colour=Colour.RED, by=cast.hugo, now=now)
    for n in range(rules.TAGS_ON_A_PRODUCT, rules.TAGS_OF_AN_ORGANISATION):
        make_tag(cast.lumen, f"tag {n}")
    other = make_product(cast.lumen, "other")
    with pytest.raises(rules.TooManyTags):
        actions.add_tag(other, name="one more", colour=Colour.RED, by=cast.hugo, now=now)
    assert count(Tag) == rules.TAGS_OF_AN_ORGANISATION


def test_a_name_that_grows_when_it_is_folded_is_cut(app, cast, now):
    product = make_product(cast.lumen)
    tag = actions.add_tag(product, name="ﷺ" * 24, colour=Colour.RED, by=cast.hugo, now=now)
    assert len(tag.sort_name) == 48


def test_a_tag_is_taken_off_and_stays(app, cast, now):
    """RULES O9"""
    product = make_product(cast.lumen)
    tag = make_tag(cast.lumen, products=[product])
    actions.remove_tag(product, tag, by=cast.hugo, now=now)
    actions.remove_tag(product, tag, by=cast.hugo, now=now)
    assert names_on(product) == [] and count(Tag) == 1
    assert done() == ["product.untagged"]


def test_a_tag_is_renamed_and_recoloured_everywhere(app, cast, now):
    """RULES O9"""
    product = make_product(cast.lumen)
    tag, other = make_tag(cast.lumen, "prod", products=[product]), make_tag(cast.lumen, "Test")
    actions.edit_tag(tag, name="Prod", colour=Colour.VIOLET, by=cast.nadia, now=now)
    assert names_on(product) == [("Prod", "violet")]
    with pytest.raises(rules.TagTaken):
        actions.edit_tag(tag, name="TEST", colour=Colour.VIOLET, by=cast.nadia, now=now)
    db.session.expire_all()
    assert (tag.name, other.name) == ("Prod", "Test")


def test_a_tag_is_merged_into_another_one(app, cast, now):
    """RULES O9"""
    one, both, neither = (make_product(cast.lumen, label) for label in ("one", "both", "neither"))
    old, new = make_tag(cast.lumen, "old", products=[one, both]), make_tag(cast.lumen, "new", products=[both])
    actions.merge_tag(old, new, by=cast.nadia, now=now)
    assert names_on(one) == names_on(both) == [("new", "green")] and names_on(neither) == []
    assert count(Tag) == 1 and done() == ["tag.merged"]


def test_a_tag_is_not_merged_into_itself_nor_into_a_stranger_s(app, cast, now):
    mine, theirs = make_tag(cast.lumen), make_tag(cast.lumiere)
    for into in (mine, theirs):
        with pytest.raises(rules.SameTag):
            actions.merge_tag(mine, into, by=cast.nadia, now=now)
    assert count(Tag) == 2


def test_a_deleted_tag_is_gone_from_all_products(app, cast, now):
    """RULES O9"""
    product = make_product(cast.lumen)
    tag = make_tag(cast.lumen, products=[product])
    actions.delete_tag(tag, by=cast.nadia, now=now)
    assert names_on(product) == [] and (count(Tag), count(ProductTag)) == (0, 0)


def test_merging_each_into_the_other_at_once_leaves_one(app, cast, now):
    nadia_id = cast.nadia.id
    for _round in range(5):
        product = make_product(cast.lumen)
        ids = [make_tag(cast.lumen, name, products=[product]).id for name in ("left", "right")]

        def merge(tag_id, into_id):
            tag, into = db.session.get(Tag, tag_id), db.session.get(Tag, into_id)
            actions.merge_tag(tag, into, by=db.session.get(User, nadia_id), now=now)

        results = at_once(app, lambda i=ids, go=merge: go(*i), lambda i=ids, go=merge: go(*reversed(i)))
        assert sum(result is None for result in results) == 1, results
        assert sum(isinstance(result, Gone) for result in results) == 1, results
        (left,) = names_on(product)
        tag = db.session.scalars(sa.select(Tag)).one()
        assert left[0] == tag.name
        actions.delete_tag(tag, by=cast.nadia, now=now)
