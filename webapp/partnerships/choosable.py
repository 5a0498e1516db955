"""The products of a client to choose from: which this partner has, could have, or another one manages.

These SELECTs stand beside `queries`, which would be too long with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from webapp.accounts.models import Organisation
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.partnerships.models import Partnership, ProductGrant
from webapp.partnerships.rules import Rights
from webapp.products import queries as products
from webapp.products.models import Plan, Product
from webapp.products.rules import Family

PER_PAGE = 25
FAMILIES = tuple(Family)  # by rank
_LIVE_GRANT = sa.and_(
    ProductGrant.__table__.c.product_id == Product.__table__.c.id,
    ProductGrant.__table__.c.ended_at.is_(None),
)


@dataclass(frozen=True)
class ProductRow:
    """One product of a client: what this partner may do with it, or which other partner manages it."""

    id: int
    public_id: str
    family: Family
    label: str
    plan: str
    granted: Rights
    holder: str | None
    tags: tuple[tuple[str, str], ...]  # name, colour


@dataclass(frozen=True)
class FamilyCount:
    """How many products of a category there are, and how many of them this partner has."""

    family: Family
    total: int
    shared: int


@dataclass(frozen=True)
class ProductPage:
    """One page of a client's products, with the counts of all of them."""

    rows: list[ProductRow]
    families: dict[Family, FamilyCount]
    page: int
    more: bool
    q: str

    @property
    def by_family(self) -> list[tuple[Family, list[ProductRow]]]:
        """The rows, category by category."""
        return [(family, list(rows)) for family, rows in groupby(self.rows, key=lambda row: row.family)]


def products_page(
    client: Organisation, *, language: str, own: Partnership | None = None, q: str = "", page: int = 1
) -> ProductPage:
    """25 of the client's active products, by category and label: three statements, whatever their number."""
    values = {"client": client.id, "own": own.id if own else 0}
    words = products.labelled(q)
    statement = _products_in(language).where(*words) if words else _products_in(language)
    found = db.session.connection().execute(statement, {**values, "offset": (page - 1) * PER_PAGE}).all()
    tags = products.tags_on([row[0] for row in found[:PER_PAGE]])
    rows = [
        ProductRow(
            row[0], row[1], row[2], row[3], row[4], Rights(bool(row[5]), bool(row[6])), row[7],
            tuple(tags.get(row[0], ())),
        )
        for row in found[:PER_PAGE]
    ]  # fmt: skip
    counted = db.session.connection().execute(_counts_by_family(), values)
    families = {FAMILIES[rank]: FamilyCount(FAMILIES[rank], total, shared) for rank, total, shared in counted}
    return ProductPage(rows, families, page, len(found) > PER_PAGE, q)


# Statements that pages ask again and again are composed once: that takes longer than the database's answer.


@cache
def _products_in(language: str) -> sa.Select[Any]:
    """Columns as ProductRow has them, its tags aside."""
    product, plan = Product.__table__.c, Plan.__table__.c
    grant, partner = ProductGrant.__table__.c, PartnerAccount.__table__.c
    mine = grant.partnership_id == sa.bindparam("own")
    holding = Partnership.__table__.c
    return (
        sa.select(
            product.id, product.public_id, plan.family, product.label, plan[f"name_{language}"],
            sa.case((mine, grant.technical), else_=sa.false()),
            sa.case((mine, grant.statistical), else_=sa.false()),
            sa.case((mine, None), else_=partner.name),
        )
        .select_from(
            Product.__table__.join(Plan.__table__, plan.id == product.plan_id)
            .outerjoin(ProductGrant.__table__, _LIVE_GRANT)
            .outerjoin(Partnership.__table__, holding.id == grant.partnership_id)
            .outerjoin(PartnerAccount.__table__, partner.id == holding.partner_id)
        )
        .where(product.organisation_id == sa.bindparam("client"), product.ended_at.is_(None))
        .order_by(*products.LISTED)
        .limit(PER_PAGE + 1)
        .offset(sa.bindparam("offset"))
    )  # fmt: skip


@cache
def _counts_by_family() -> sa.Select[Any]:
    """Rank of a category, how many products it has, how many of them are this partner's.

    All are counted in the index of lists, the partner's own from its grants: half the work of one join.
    """
    product, grant = Product.__table__.c, ProductGrant.__table__.c
    everything = (
        sa.select(product.family_rank, sa.func.count().label("total"))
        .where(product.organisation_id == sa.bindparam("client"), product.ended_at.is_(None))
        .group_by(product.family_rank)
        .subquery("everything")
    )
    shared = (
        sa.select(product.family_rank, sa.func.count().label("shared"))
        .select_from(ProductGrant.__table__.join(Product.__table__, product.id == grant.product_id))
        .where(
            grant.partnership_id == sa.bindparam("own"), grant.ended_at.is_(None), product.ended_at.is_(None)
        )
        .group_by(product.family_rank)
        .subquery("shared")
    )
    return (
        sa.select(everything.c.family_rank, everything.c.total, sa.func.coalesce(shared.c.shared, 0))
        .select_from(everything.outerjoin(shared, shared.c.family_rank == everything.c.family_rank))
        .order_by(everything.c.family_rank)
    )


@dataclass(frozen=True)
class Choosable:
    """A product of the client that this partner has or could have."""

    id: int
    public_id: str
    family: Family
    label: str
    granted: Rights


def choosable(
    client: Organisation,
    *,
    own: Partnership | None,
    public_ids: Iterable[str] | None = None,
    ids: Iterable[int] | None = None,
    family: Family | None = None,
) -> list[Choosable]:
    """The active products that no other partner manages, in the order of lists; only those asked for."""
    statement = _choosable(public_ids is not None, ids is not None, family is not None)
    values: dict[str, Any] = {"client": client.id, "own": own.id if own else 0}
    if public_ids is not None:
        values["public_ids"] = list(public_ids)
    if ids is not None:
        values["ids"] = list(ids)
    if family is not None:
        values["family"] = family.rank
    return [
        Choosable(row[0], row[1], FAMILIES[row[2]], row[3], Rights(bool(row[4]), bool(row[5])))
        for row in db.session.connection().execute(statement, values)
    ]


@cache
def _choosable(by_public_id: bool, by_id: bool, by_family: bool) -> sa.Select[Any]:
    product, grant = Product.__table__.c, ProductGrant.__table__.c
    # SQLite would go through the client's whole list, which is in order, to find a few of it
    by_list = not (by_public_id or by_id)
    owner = product.organisation_id if by_list else product.organisation_id + sa.literal_column("0")
    asked: list[sa.ColumnElement[bool]] = []
    if by_public_id:
        asked.append(product.public_id.in_(sa.bindparam("public_ids", expanding=True)))
    if by_id:
        asked.append(product.id.in_(sa.bindparam("ids", expanding=True)))
    if by_family:
        asked.append(product.family_rank == sa.bindparam("family"))
    return (
        sa.select(
            product.id, product.public_id, product.family_rank, product.label, grant.technical,
            grant.statistical,
        )
        .select_from(Product.__table__.outerjoin(ProductGrant.__table__, _LIVE_GRANT))
        .where(
            owner == sa.bindparam("client"),
            product.ended_at.is_(None),
            sa.or_(grant.id.is_(None), grant.partnership_id == sa.bindparam("own")),
            *asked,
        )
        .order_by(*products.LISTED)
    )  # fmt: skip
