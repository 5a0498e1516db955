"""What is asked while an order is put together: what is sold, what can be renewed, and who pays."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from webapp.accounts.models import Organisation
from webapp.drafts import KEY
from webapp.extensions import db
from webapp.ledger import queries as ledger
from webapp.ledger.rules import AccountKind
from webapp.lists import Part, has, part_of
from webapp.money import Money
from webapp.ordering.models import Means, Purchase
from webapp.orders import queries as orders
from webapp.orders.checks import claim_of
from webapp.orders.models import Order, OrderLine
from webapp.orders.rules import Method
from webapp.products.models import Plan, Product
from webapp.products.rules import Family

SOLD = Plan.retired_at.is_(None)
_FAMILY_RANK = sa.case({family: family.rank for family in Family}, value=Plan.family)


# --- what can be ordered ------------------------------------------------------------------------------------


def on_sale(search: str = "", family: Family | None = None, *, page: int = 1) -> Part[Plan]:
    """Plans that are sold, by category and code; `search` in codes and names."""
    query = sa.select(Plan).where(SOLD).order_by(_FAMILY_RANK, Plan.code)
    if family:
        query = query.where(Plan.family == family)
    if search:
        columns = (Plan.code, Plan.name_en, Plan.name_fr, Plan.name_de)
        query = query.where(sa.or_(*(has(each, search) for each in columns)))
    return part_of(query, page)


def families_on_sale() -> list[Family]:
    """The categories in which something is sold."""
    sold = set(db.session.scalars(sa.select(Plan.family).where(SOLD).distinct()))
    return [family for family in Family if family in sold]


def plans(public_ids: Iterable[str]) -> dict[str, Plan]:
    """The plans with these ids, also those that are not sold any more."""
    found = db.session.scalars(sa.select(Plan).where(Plan.public_id.in_(_well_formed(public_ids))))
    return {each.public_id: each for each in found}


def products(holder: Organisation, public_ids: Iterable[str]) -> dict[str, Product]:
    """The holder's products with these ids, also those that have ended."""
    found = db.session.scalars(
        sa.select(Product)
        .options(joinedload(Product.plan), joinedload(Product.payer))
        .where(Product.organisation_id == holder.id, Product.public_id.in_(_well_formed(public_ids)))
    )
    return {each.public_id: each for each in found}


def _well_formed(public_ids: Iterable[str]) -> list[str]:
    return [each for each in public_ids if KEY.fullmatch(each)]


def renewing(products: Iterable[Product]) -> dict[int, str]:
    """By product the number of the order that renews its next period already (SECURITY L4)."""
    claims = {claim_of(each): each.id for each in products}
    rows = db.session.execute(
        sa.select(OrderLine.claim, Order.number)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.claim.in_(list(claims)))
    )
    return {claims[claim]: number for claim, number in rows if claim}


# --- how it is paid -----------------------------------------------------------------------------------------


def means(payer: Organisation, total: Money) -> Means:
    """How this organisation can pay this total at this moment."""
    balance = ledger.balance(AccountKind.PREPAID, payer.id, currency=total.currency)
    return Means(total, balance, Method.INVOICE in orders.methods(total.currency))


# --- what became of it --------------------------------------------------------------------------------------


def placed(purchase: Purchase, key: str) -> Order | None:
    """The order that the form with this key became, for whom it was placed so."""
    order = orders.by_key(key) if KEY.fullmatch(key) else None
    if order is None or order.holder_id != purchase.holder.id or order.side is not purchase.side:
        return None
    acting = purchase.partnership
    return order if acting is None or order.partnership_id == acting.id else None
