"""What is asked about the catalogue, products, their settings and usage, and tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from webapp.accounts.models import Organisation
from webapp.charts import Bar, bars, ceiling
from webapp.extensions import db
from webapp.lists import Part, has, part_of
from webapp.products.models import Plan, Product, ProductSetting, ProductTag, Tag, Usage
from webapp.products.rules import Colour, Family, Metric, PlanRow, daily
from webapp.text import fold

AT_ONCE = 500  # how many values one statement names
ACTIVE = Product.ended_at.is_(None)
LISTED = (Product.family_rank, Product.sort_label, Product.id)  # the order of every list
WORDS = 6  # of a search that count

_FAMILY_RANK = sa.case({family: family.rank for family in Family}, value=Plan.family)
Each = TypeVar("Each")


def _chunks(values: Iterable[Each]) -> Iterator[list[Each]]:
    rest = iter(values)
    while chunk := list(islice(rest, AT_ONCE)):
        yield chunk


# --- the catalogue ------------------------------------------------------------------------------------------


def plans(search: str = "", family: Family | None = None, *, page: int = 1) -> Part[Any]:
    """Plans by category and code, retired ones among them; `search` in code and names."""
    query = sa.select(Plan).order_by(_FAMILY_RANK, Plan.code)
    if family:
        query = query.where(Plan.family == family)
    if search:
        columns = (Plan.code, Plan.name_en, Plan.name_fr, Plan.name_de)
        query = query.where(sa.or_(*(has(column, search) for column in columns)))
    return part_of(query, page)


def all_plans() -> list[Plan]:
    """The whole catalogue, for the file."""
    return list(db.session.scalars(sa.select(Plan).order_by(_FAMILY_RANK, Plan.code)))


def plans_on_sale(*, beside: Plan | None = None) -> list[Plan]:
    """What a product can have as its plan; `beside` is the one that it has."""
    offered = sa.or_(Plan.retired_at.is_(None), Plan.id == (beside.id if beside else 0))
    return list(db.session.scalars(sa.select(Plan).where(offered).order_by(_FAMILY_RANK, Plan.code)))


def plan(public_id: str) -> Plan | None:
    """One plan."""
    return db.session.scalar(sa.select(Plan).where(Plan.public_id == public_id))


def plan_by_code(code: str) -> Plan | None:
    """The plan with this code."""
    return db.session.scalar(sa.select(Plan).where(Plan.code == code))


def plans_by_code(codes: Iterable[str]) -> dict[str, Plan]:
    """The plans with these codes."""
    found: dict[str, Plan] = {}
    for chunk in _chunks(codes):
        for each in db.session.scalars(sa.select(Plan).where(Plan.code.in_(chunk))):
            found[each.code] = each
    return found


@dataclass(frozen=True)
class PlanChange:
    """What a line of the file does to the catalogue: a new plan (`old` None), or these columns of an old one."""

    row: PlanRow
    old: Plan | None
    columns: list[tuple[str, Any, Any]]

    @property
    def changes(self) -> bool:
        """Whether it does anything."""
        return self.old is None or bool(self.columns)


def plan_changes(rows: Sequence[PlanRow]) -> list[PlanChange]:
    """What these lines would do at this moment, in their order; lines that do nothing are left out."""
    known = plans_by_code(row.details.code for row in rows)
    found = [plan_change(row, known.get(row.details.code)) for row in rows]
    return [change for change in found if change.changes]


def plan_change(row: PlanRow, old: Plan | None) -> PlanChange:
    """What one line does to the plan with its code."""
    if old is None:
        return PlanChange(row, None, [])
    before, after = old.details.columns(), row.details.columns()
    columns = [(name, before[name], after[name]) for name in row.details.differing(old.details)]
    if row.retired is not None and row.retired != bool(old.retired_at):
        columns.append(("retired", bool(old.retired_at), row.retired))
    return PlanChange(row, old, columns)


def products_with(plan: Plan) -> int:
    """How many active products have this plan."""
    return _count(sa.select(Product.id).where(Product.plan_id == plan.id, ACTIVE))


def _count(query: sa.Select[Any]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0


# --- products -----------------------------------------------------------------------------------------------


def owner(public_id: str) -> Organisation | None:
    """The organisation whose products the operator looks after."""
    return db.session.scalar(sa.select(Organisation).where(Organisation.public_id == public_id))


def products(
    organisation: Organisation,
    search: str = "",
    tag: Tag | None = None,
    *,
    ended: bool = False,
    page: int = 1,
) -> Part[Any]:
    """The organisation's products by category and label, with plans and tags: the active ones, or those that
    have ended. The number of statements is the same however many there are.
    """
    query = (
        sa.select(Product)
        .join(Product.plan)
        .options(
            contains_eager(Product.plan),
            joinedload(Product.payer, innerjoin=True),
            selectinload(Product.tags),
        )
        .where(
            Product.organisation_id == organisation.id,
            Product.ended_at.is_not(None) if ended else ACTIVE,
        )
        .order_by(*LISTED)
    )
    if search:
        query = query.where(Product.sort_label.contains(fold(search), autoescape=True))
    if tag:
        tagged = sa.select(ProductTag.product_id).where(ProductTag.tag_id == tag.id)
        query = query.where(Product.id.in_(tagged))
    return part_of(query, page)


def labelled(words: str) -> list[sa.ColumnElement[bool]]:
    """The conditions under which a product's label holds each of the words."""
    return [Product.sort_label.contains(word, autoescape=True) for word in fold(words).split()[:WORDS]]


def product(organisation: Organisation, public_id: str) -> Product | None:
    """One of the organisation's products with its plan and tags, also one that has ended."""
    return db.session.scalar(
        sa.select(Product)
        .join(Product.plan)
        .options(contains_eager(Product.plan), selectinload(Product.tags))
        .where(Product.organisation_id == organisation.id, Product.public_id == public_id)
        .execution_options(populate_existing=True)  # its tags, after one was added
    )


def product_by_id(product_id: int) -> Product | None:
    """What a finished form has made."""
    return db.session.get(Product, product_id)


# --- settings -----------------------------------------------------------------------------------------------


def settings_of(product: Product) -> list[ProductSetting]:
    """The product's technical settings by name."""
    return list(
        db.session.scalars(
            sa.select(ProductSetting)
            .where(ProductSetting.product_id == product.id)
            .order_by(ProductSetting.name, ProductSetting.id)
        )
    )


def setting_of(product: Product, public_id: str) -> ProductSetting | None:
    """One of the product's settings."""
    return db.session.scalar(
        sa.select(ProductSetting).where(
            ProductSetting.product_id == product.id, ProductSetting.public_id == public_id
        )
    )


def setting_named(product: Product, name: str) -> ProductSetting | None:
    """The product's setting with this name, however its letters are written."""
    return next((each for each in settings_of(product) if fold(each.name) == fold(name)), None)


# --- usage --------------------------------------------------------------------------------------------------


def metrics_of(product: Product) -> list[Metric]:
    """What is counted of this product."""
    counted = set(
        db.session.scalars(sa.select(Usage.metric).where(Usage.product_id == product.id).distinct())
    )
    return [metric for metric in Metric if metric in counted]


def usage_of(product: Product, metric: Metric, since: date) -> list[tuple[date, int]]:
    """(day, amount) from this day on, oldest first."""
    rows = db.session.execute(
        sa.select(Usage.day, Usage.amount)
        .where(Usage.product_id == product.id, Usage.metric == metric, Usage.day >= since)
        .order_by(Usage.day)
    )
    return [(day, amount) for day, amount in rows]


@dataclass(frozen=True)
class UsageView:
    """What the chart and its table show. Without `metric` nothing was ever counted."""

    metrics: Sequence[Metric]
    metric: Metric | None
    days: int
    first: date
    last: date
    figures: Sequence[tuple[date, int]]

    @property
    def bars(self) -> list[Bar]:
        """The chart's rectangles."""
        return bars(daily(self.figures, first=self.first, days=self.days))

    @property
    def total(self) -> int:
        """All days together."""
        return sum(amount for _day, amount in self.figures)

    @property
    def peak(self) -> tuple[date, int]:
        """The first of the days with the most."""
        return max(self.figures, key=lambda figure: figure[1])

    @property
    def ceiling(self) -> int:
        """The figure at the top of the chart."""
        return ceiling(self.peak[1])


def usage_view(product: Product, wanted: Metric | None, *, days: int, today: date) -> UsageView:
    """The last `days` days of one metric: the wanted one, else the first that was ever counted."""
    metrics = metrics_of(product)
    metric = wanted if wanted in metrics else next(iter(metrics), None)
    first = today - timedelta(days=days - 1)
    figures = [figure for figure in usage_of(product, metric, first) if figure[0] <= today] if metric else []
    return UsageView(metrics, metric, days, first, today, figures)


def products_by_public_id(ids: Iterable[str]) -> dict[str, int]:
    """The active products with these public ids, in all organisations: for the operator's files."""
    found: dict[str, int] = {}
    for chunk in _chunks(ids):
        rows = db.session.execute(
            sa.select(Product.public_id, Product.id).where(Product.public_id.in_(chunk), ACTIVE)
        )
        found.update((public_id, product_id) for public_id, product_id in rows)
    return found


def products_by_label(names: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], list[int]]:
    """(organisation's name, label) -> the active products that are called so; for the operator's files."""
    wanted = set(names)
    found: dict[tuple[str, str], list[int]] = {}
    for chunk in _chunks(sorted({label for _organisation, label in wanted})):
        rows = db.session.execute(
            sa.select(Organisation.name, Product.label, Product.id)
            .join(Organisation, Organisation.id == Product.organisation_id)
            .where(Product.label.in_(chunk), ACTIVE)
        )
        for name, label, product_id in rows:
            if (name, label) in wanted:
                found.setdefault((name, label), []).append(product_id)
    return found


# --- tags ---------------------------------------------------------------------------------------------------


def tags_of(organisation: Organisation) -> list[Tag]:
    """The organisation's tags by name."""
    return list(
        db.session.scalars(
            sa.select(Tag).where(Tag.organisation_id == organisation.id).order_by(Tag.sort_name, Tag.id)
        )
    )


def tags_with_use(organisation: Organisation) -> list[tuple[Tag, int]]:
    """The organisation's tags by name, and on how many active products each is."""
    used = (
        sa.select(ProductTag.tag_id, sa.func.count().label("n"))
        .join(Product, Product.id == ProductTag.product_id)
        .where(ProductTag.organisation_id == organisation.id, ACTIVE)
        .group_by(ProductTag.tag_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Tag, sa.func.coalesce(used.c.n, 0))
        .outerjoin(used, used.c.tag_id == Tag.id)
        .where(Tag.organisation_id == organisation.id)
        .order_by(Tag.sort_name, Tag.id)
    )
    return [(tag, n) for tag, n in rows]


def use_of(tag: Tag) -> int:
    """On how many active products the tag is."""
    return _count(
        sa.select(ProductTag.product_id)
        .join(Product, Product.id == ProductTag.product_id)
        .where(ProductTag.tag_id == tag.id, ACTIVE)
    )


def tag(organisation: Organisation, public_id: str) -> Tag | None:
    """One of the organisation's tags."""
    return db.session.scalar(
        sa.select(Tag).where(Tag.organisation_id == organisation.id, Tag.public_id == public_id)
    )


def tag_named(organisation: Organisation, sort_name: str) -> Tag | None:
    """The organisation's tag with this folded name."""
    return db.session.scalar(
        sa.select(Tag).where(Tag.organisation_id == organisation.id, Tag.sort_name == sort_name)
    )


def tags_on(ids: list[int]) -> dict[int, list[tuple[str, str]]]:
    """(name, colour) of each tag on these products, by the product's id."""
    found: dict[int, list[tuple[str, str]]] = {}
    for product_id, name, colour in db.session.connection().execute(_tags_of_products(), {"products": ids}):
        found.setdefault(product_id, []).append((name, colour.value))
    return found


@cache
def _tags_of_products() -> sa.Select[int, str, Colour]:
    """Composed once: that takes longer than the database's answer."""
    return (
        sa.select(ProductTag.product_id, Tag.name, Tag.colour)
        .join(Tag, Tag.id == ProductTag.tag_id)
        .where(ProductTag.product_id.in_(sa.bindparam("products", expanding=True)))
        .order_by(Tag.sort_name)
    )


def tag_ids_on(product: Product) -> set[int]:
    """Which tags the product has."""
    return set(db.session.scalars(sa.select(ProductTag.tag_id).where(ProductTag.product_id == product.id)))
