"""Every change to the catalogue, to products with their settings and usage, and to tags.

What a partner may do is not asked here: the feature of its clients asks before it acts for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from webapp import audit, drafts
from webapp.accounts.models import Organisation, User
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.products import queries, rules
from webapp.products.models import Plan, Product, ProductSetting, ProductTag, Tag, Usage
from webapp.products.rules import Colour, Figure, PlanDetails, PlanRow, ProductDetails
from webapp.refused import Gone
from webapp.text import fold
from webapp.unit import insert_into, lock, rows_changed, unit_of_work

SORT_LABEL_LENGTH = 2 * rules.LABEL_LENGTH
SORT_NAME_LENGTH = 2 * rules.TAG_LENGTH
ROWS_AT_ONCE = 500  # of one statement


# --- the catalogue ------------------------------------------------------------------------------------------


@unit_of_work
def add_plan(details: PlanDetails, *, by: User | None, now: datetime) -> Plan:
    """A new plan in the catalogue. Raises CodeTaken."""
    if queries.plan_by_code(details.code):
        raise rules.CodeTaken()
    plan = Plan(created_at=now)
    plan.describe(details)
    db.session.add(plan)
    _keep_code(plan)
    audit.record("plan.added", plan, by=by, now=now)
    return plan


@unit_of_work
def edit_plan(plan: Plan, details: PlanDetails, *, by: User | None, now: datetime) -> None:
    """What the operator says of the plan; its products move with it to another category. Raises CodeTaken."""
    lock(plan)
    other = queries.plan_by_code(details.code)
    if other and other.id != plan.id:
        raise rules.CodeTaken()
    plan.describe(details)
    _keep_code(plan)
    _rank_products(plan)
    audit.record("plan.changed", plan, by=by, now=now)


def _keep_code(plan: Plan) -> None:
    """Writes the plan; somebody else may have taken its code at the same moment."""
    try:
        db.session.flush()
    except IntegrityError:
        raise rules.CodeTaken() from None


def _rank_products(plan: Plan) -> None:
    """The plan is locked: no product gets it meanwhile."""
    rank = plan.family.rank
    db.session.execute(
        sa.update(Product)
        .where(Product.plan_id == plan.id, Product.family_rank != rank)
        .values(family_rank=rank)
        .execution_options(synchronize_session=False)
    )


@unit_of_work
def retire_plan(plan: Plan, *, by: User | None, now: datetime) -> None:
    """No product gets the plan from now on; those that have it keep it."""
    if lock(plan).retired_at is None:
        plan.retired_at = now
        audit.record("plan.retired", plan, by=by, now=now)


@unit_of_work
def restore_plan(plan: Plan, *, by: User | None, now: datetime) -> None:
    """The plan is sold again."""
    if lock(plan).retired_at:
        plan.retired_at = None
        audit.record("plan.restored", plan, by=by, now=now)


@dataclass(frozen=True)
class Imported:
    """How many plans a file has added and changed."""

    added: int
    changed: int


@unit_of_work
def import_plans(draft: Draft, *, by: User | None, now: datetime) -> Imported:
    """Does what the file of this draft says: plans are told by their codes, new ones added, others changed.

    Raises Gone for a file that was imported before, and CodeTaken.
    """
    if not drafts.finish(draft, now=now):
        raise Gone()
    rows = [PlanRow(PlanDetails.from_data(each["details"]), each["retired"]) for each in draft.data["plans"]]
    known = queries.plans_by_code(row.details.code for row in rows)
    # always in the same order, so that two files at once never wait for each other
    for plan in sorted(known.values(), key=lambda each: each.id):
        lock(plan)
    added = changed = 0
    for row in rows:
        change = queries.plan_change(row, known.get(row.details.code))
        if change.changes:
            _take_over(row, change.old, by=by, now=now)
            added, changed = added + (change.old is None), changed + (change.old is not None)
    return Imported(added, changed)


def _take_over(row: PlanRow, old: Plan | None, *, by: User | None, now: datetime) -> None:
    if old is None:
        plan = add_plan(row.details, by=by, now=now)
    else:
        plan = old
        edit_plan(plan, row.details, by=by, now=now)
    if row.retired is not None:
        (retire_plan if row.retired else restore_plan)(plan, by=by, now=now)


# --- products -----------------------------------------------------------------------------------------------


@unit_of_work
def add_product(
    organisation: Organisation, details: ProductDetails, *, key: str, by: User | None, now: datetime
) -> Product:
    """A product for the organisation. Raises PlanRetired.

    `key` is the form's one-time key: a second submit answers the product of the first.
    """
    draft = drafts.save("product", key, {}, now=now)
    if not drafts.finish(draft, now=now):
        made = queries.product_by_id(draft.result) if draft.result else None
        if made is None:
            raise Gone()
        return made
    product = Product(organisation=organisation, payer=organisation, created_at=now)
    _describe(product, details)
    db.session.add(product)
    db.session.flush()
    draft.result = product.id
    audit.record("product.added", product, by=by, now=now, organisation=organisation)
    return product


@unit_of_work
def start_product(
    organisation: Organisation, plan: Plan, *, label: str, started_on: date, periods: int,
    payer: Organisation, by: User | None, now: datetime,
) -> Product:  # fmt: skip
    """A product that was ordered and paid begins; it renews by itself."""
    product = Product(
        organisation=organisation, payer=payer, plan=plan, family_rank=plan.family.rank, label=label,
        sort_label=fold(label)[:SORT_LABEL_LENGTH], started_on=started_on, auto_renew=True, created_at=now,
        renews_on=rules.following(started_on, plan.period, periods=periods, started_on=started_on),
    )  # fmt: skip
    db.session.add(product)
    audit.record("product.added", product, by=by, now=now, organisation=organisation)
    return product


@unit_of_work
def renew_product(
    product: Product, *, until: date, payer: Organisation, by: User | None, now: datetime
) -> None:
    """The product runs on until that day, paid for by `payer`. Raises ProductEnded."""
    _active(product)
    product.renews_on, product.payer = until, payer
    audit.record("product.renewed", product, by=by, now=now, organisation=product.organisation)


@unit_of_work
def take_back_renewal(
    product: Product, *, until: date, back_to: date, payer: Organisation, by: User | None, now: datetime
) -> None:
    """A renewal that was cancelled counts no more: day and payer are those before it.

    Raises RenewedMeanwhile when another one followed.
    """
    if lock(product).ended_at:
        return
    if product.renews_on != until:
        raise rules.RenewedMeanwhile(product=product.label)
    product.renews_on, product.payer = back_to, payer
    audit.record("product.renewal_taken_back", product, by=by, now=now, organisation=product.organisation)


@unit_of_work
def set_automatic(product: Product, automatic: bool, *, by: User | None, now: datetime) -> None:
    """Whether the product renews by itself (RULES M8). Raises ProductEnded."""
    _active(product)
    product.auto_renew = automatic
    audit.record(
        "product.automatic", product, by=by, now=now, organisation=product.organisation,
        detail=f"automatic={automatic}",
    )  # fmt: skip


@unit_of_work
def edit_product(product: Product, details: ProductDetails, *, by: User | None, now: datetime) -> None:
    """What the operator says of the product. Raises PlanRetired, ProductEnded."""
    _active(product)
    _describe(product, details)
    audit.record("product.changed", product, by=by, now=now, organisation=product.organisation)


def _describe(product: Product, details: ProductDetails) -> None:
    plan = queries.plan_by_code(details.plan_code)
    if plan is None:
        raise rules.PlanRetired()
    if lock(plan).retired_at and product.plan_id != plan.id:
        raise rules.PlanRetired()
    product.plan, product.family_rank = plan, plan.family.rank
    product.label, product.sort_label = details.label, fold(details.label)[:SORT_LABEL_LENGTH]
    product.started_on, product.renews_on = details.started_on, details.renews_on
    product.auto_renew = details.auto_renew


@unit_of_work
def end_product(product: Product, *, by: User | None, now: datetime) -> None:
    """The product is over: nobody manages it any more, nothing of it changes. Raises ProductEnded."""
    _active(product)
    product.ended_at = now
    audit.record("product.ended", product, by=by, now=now, organisation=product.organisation)


def _active(product: Product) -> Product:
    """The product, locked. Raises ProductEnded."""
    if lock(product).ended_at:
        raise rules.ProductEnded()
    return product


# --- usage --------------------------------------------------------------------------------------------------


@unit_of_work
def import_usage(figures: Sequence[Figure], *, by: User | None, now: datetime) -> int:
    """Writes figures per day, all or none; one that is known already gets the new amount. How many.

    Each product, metric and day stands once. Raises ProductEnded when a product has ended meanwhile.
    """
    for product_id in sorted({figure.product_id for figure in figures}):
        product = queries.product_by_id(product_id)
        if product is None:
            raise Gone()
        audit.record("usage.imported", _active(product), by=by, now=now, organisation=product.organisation)
    for start in range(0, len(figures), ROWS_AT_ONCE):
        _write_usage(figures[start : start + ROWS_AT_ONCE])
    return len(figures)


def _write_usage(figures: Sequence[Figure]) -> None:
    made = insert_into(Usage)
    db.session.execute(
        made.on_conflict_do_update(
            index_elements=["product_id", "metric", "day"], set_={"amount": made.excluded.amount}
        ),
        [
            {"product_id": each.product_id, "metric": each.metric, "day": each.day, "amount": each.amount}
            for each in figures
        ],
    )


# --- settings -----------------------------------------------------------------------------------------------


@unit_of_work
def add_setting(product: Product, *, name: str, value: str, by: User, now: datetime) -> ProductSetting:
    """A new technical setting (RULES C4). Raises ProductEnded, SettingTaken, TooManySettings."""
    _active(product)
    if queries.setting_named(product, name):
        raise rules.SettingTaken()
    return change_setting(product, name=name, value=value, by=by, now=now)


@unit_of_work
def change_setting(product: Product, *, name: str, value: str, by: User, now: datetime) -> ProductSetting:
    """Gives the technical setting of this name its value (RULES C4). Raises ProductEnded, TooManySettings."""
    _active(product)
    setting = queries.setting_named(product, name)
    if setting is None:
        if len(queries.settings_of(product)) >= rules.SETTINGS_OF_A_PRODUCT:
            raise rules.TooManySettings()
        setting = ProductSetting(product_id=product.id, name=name)
        db.session.add(setting)
    setting.value, setting.changed_at = value, now
    db.session.flush()
    _note_setting("setting.changed", product, setting, by=by, now=now)
    return setting


@unit_of_work
def remove_setting(product: Product, setting: ProductSetting, *, by: User, now: datetime) -> None:
    """Takes the setting away from the product (RULES C4). Raises ProductEnded, Gone."""
    _active(product)
    _note_setting("setting.removed", product, lock(setting), by=by, now=now)
    db.session.delete(setting)


def _note_setting(action: str, product: Product, setting: ProductSetting, *, by: User, now: datetime) -> None:
    detail = f"setting={setting.id}"
    audit.record(action, product, by=by, now=now, organisation=product.organisation, detail=detail)


# --- tags ---------------------------------------------------------------------------------------------------


@unit_of_work
def add_tag(product: Product, *, name: str, colour: Colour, by: User, now: datetime) -> Tag:
    """Puts a tag on the product (RULES O9); a name that the organisation does not know is a new tag.

    A known tag keeps its colour. The organisation is locked: two colleagues who invent the same tag at once get
    one. Raises ProductEnded, TooManyTags.
    """
    organisation = lock(product.organisation)
    _active(product)
    tag = queries.tag_named(organisation, _sort_name(name)) or _new_tag(organisation, name, colour, by, now)
    on_it = queries.tag_ids_on(product)
    if tag.id in on_it:
        return tag
    if len(on_it) >= rules.TAGS_ON_A_PRODUCT:
        raise rules.TooManyTags()
    db.session.add(ProductTag(product_id=product.id, tag_id=tag.id, organisation_id=organisation.id))
    audit.record("product.tagged", product, by=by, now=now, organisation=organisation, detail=f"tag={tag.id}")
    return tag


def _new_tag(organisation: Organisation, name: str, colour: Colour, by: User, now: datetime) -> Tag:
    if len(queries.tags_of(organisation)) >= rules.TAGS_OF_AN_ORGANISATION:
        raise rules.TooManyTags()
    tag = Tag(organisation=organisation, name=name, sort_name=_sort_name(name), colour=colour)
    db.session.add(tag)
    db.session.flush()
    audit.record("tag.added", tag, by=by, now=now, organisation=organisation)
    return tag


def _sort_name(name: str) -> str:
    """The tag's name, folded: `Été` and `ete` are one tag."""
    return fold(name)[:SORT_NAME_LENGTH]


@unit_of_work
def remove_tag(product: Product, tag: Tag, *, by: User, now: datetime) -> None:
    """Takes the tag off the product; the tag stays. Raises ProductEnded."""
    _active(product)
    lock(tag)
    gone = sa.delete(ProductTag).where(ProductTag.product_id == product.id, ProductTag.tag_id == tag.id)
    if rows_changed(gone):
        audit.record(
            "product.untagged", product, by=by, now=now, organisation=product.organisation,
            detail=f"tag={tag.id}",
        )  # fmt: skip


@unit_of_work
def edit_tag(tag: Tag, *, name: str, colour: Colour, by: User, now: datetime) -> None:
    """Another name or colour, on all products that have the tag. Raises TagTaken."""
    organisation = _lock_tags(tag)
    other = queries.tag_named(organisation, _sort_name(name))
    if other and other.id != tag.id:
        raise rules.TagTaken()
    tag.name, tag.sort_name, tag.colour = name, _sort_name(name), colour
    audit.record("tag.changed", tag, by=by, now=now, organisation=organisation)


def _lock_tags(*tags: Tag) -> Organisation:
    """Their organisation, locked, and then the tags. Raises Gone for one that was deleted meanwhile."""
    organisation = lock(tags[0].organisation)
    for tag in tags:
        lock(tag)
    return organisation


@unit_of_work
def merge_tag(tag: Tag, into: Tag, *, by: User, now: datetime) -> None:
    """All products with the tag get the other one in its place; the tag is gone. Raises SameTag."""
    organisation = _lock_tags(tag, into)
    if tag.id == into.id or into.organisation_id != organisation.id:
        raise rules.SameTag()
    moved = sa.select(
        ProductTag.product_id, sa.literal(into.id), ProductTag.organisation_id
    ).where(ProductTag.tag_id == tag.id)  # fmt: skip
    db.session.execute(
        insert_into(ProductTag)
        .from_select(["product_id", "tag_id", "organisation_id"], moved)
        .on_conflict_do_nothing(index_elements=["product_id", "tag_id"])
    )
    audit.record("tag.merged", tag, by=by, now=now, organisation=organisation, detail=f"into={into.id}")
    db.session.delete(tag)


@unit_of_work
def delete_tag(tag: Tag, *, by: User, now: datetime) -> None:
    """The tag is gone, from all products too."""
    organisation = _lock_tags(tag)
    audit.record("tag.deleted", tag, by=by, now=now, organisation=organisation)
    db.session.delete(tag)
