"""What is asked for the pages on which a client sees its partners."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from webapp.accounts.models import Organisation
from webapp.extensions import db
from webapp.partnerships import queries as partnerships
from webapp.partnerships.choosable import PER_PAGE
from webapp.partnerships.models import Partnership, PartnershipChange, ProductGrant
from webapp.partnerships.queries import GRANTED
from webapp.partnerships.rules import NOTHING, Access, Rights
from webapp.products import queries as products
from webapp.products.models import Product


def product_counts(client: Organisation) -> dict[int, int]:
    """How many products each of the client's partners reaches, by the partnership's id."""
    everything = _active(client)
    granted = (
        sa.select(ProductGrant.partnership_id, sa.func.count())
        .join(Product, Product.id == ProductGrant.product_id)
        .where(ProductGrant.client_id == client.id, GRANTED, Product.ended_at.is_(None))
        .group_by(ProductGrant.partnership_id)
    )
    counts = {row[0]: row[1] for row in db.session.execute(granted)}
    if full := partnerships.full_partner(client):
        counts[full.id] = (
            db.session.scalar(sa.select(sa.func.count()).select_from(everything.subquery())) or 0
        )
    return counts


def _active(client: Organisation) -> sa.Select[int]:
    return sa.select(Product.id).where(Product.organisation_id == client.id, Product.ended_at.is_(None))


def access_since(partnership: Partnership) -> datetime:
    """Since when the access is what it is: the beginning, or the last change between limited and full."""
    changed = db.session.connection().scalar(_ACCESS_CHANGED, {"partnership": partnership.id})
    return changed or partnership.started_at


_ACCESS_CHANGED = sa.select(sa.func.max(PartnershipChange.at)).where(
    PartnershipChange.partnership_id == sa.bindparam("partnership"), PartnershipChange.what == "access"
)


@dataclass(frozen=True)
class Granted:
    """One page of what a limited partner manages: public id, label and rights of each product."""

    rows: list[tuple[str, str, Rights]]
    page: int
    more: bool


def granted_products(partnership: Partnership, *, page: int) -> Granted:
    """25 of the products that a limited partner manages, in the order of lists."""
    rows = db.session.execute(
        sa.select(Product.public_id, Product.label, ProductGrant.technical, ProductGrant.statistical)
        .join(ProductGrant, ProductGrant.product_id == Product.id)
        .where(ProductGrant.partnership_id == partnership.id, GRANTED, Product.ended_at.is_(None))
        .order_by(*products.LISTED)
        .limit(PER_PAGE + 1)
        .offset((page - 1) * PER_PAGE)
    ).all()
    shown = [(row[0], row[1], Rights(row[2], row[3])) for row in rows[:PER_PAGE]]
    return Granted(shown, page, len(rows) > PER_PAGE)


def granted_product(partnership: Partnership, public_id: str) -> Product | None:
    """One of the products that a limited partner manages."""
    return db.session.scalar(
        sa.select(Product)
        .join(ProductGrant, ProductGrant.product_id == Product.id)
        .where(
            ProductGrant.partnership_id == partnership.id,
            GRANTED,
            Product.public_id == public_id,
            Product.ended_at.is_(None),
        )
    )


@dataclass(frozen=True)
class Before:
    """What a partnership was at an earlier version, as far as it has changed since."""

    access: Access
    rights: dict[int, Rights]  # of products that changed since, by id
    public_ids: dict[str, int]  # of the same products


def as_of(partnership: Partnership, version: int) -> Before:
    """Undoes, newest first, what changed after this version."""
    access, rights, public_ids = partnership.access, dict[int, Rights](), dict[str, int]()
    if version == partnership.version:
        return Before(access, rights, public_ids)
    granted = partnerships.granted(partnership) if access is Access.LIMITED else {}
    for change in partnerships.changes_since(partnership, version):
        if change.what == "access":
            access = Access.LIMITED if change.detail == Access.FULL else Access.FULL
        for each in change.rights:
            then = rights.get(each.product_id, granted.get(each.product_id, NOTHING))
            rights[each.product_id] = replace(then, **{each.right.value: not each.given})
            public_ids[each.product.public_id] = each.product_id
    return Before(access, rights, public_ids)
