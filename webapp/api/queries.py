"""What is asked about keys and messages of outside shops."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from webapp.accounts.models import Organisation
from webapp.api.models import ApiKey, OutsideEvent
from webapp.extensions import db
from webapp.products.models import Plan, Product


def valid_keys() -> list[ApiKey]:
    """The keys that messages may be signed with, at most two."""
    return list(
        db.session.scalars(sa.select(ApiKey).where(ApiKey.revoked_at.is_(None)).order_by(ApiKey.place))
    )


def keys() -> list[ApiKey]:
    """All keys, valid ones first, then newest first."""
    return list(
        db.session.scalars(sa.select(ApiKey).order_by(ApiKey.revoked_at.is_not(None), ApiKey.id.desc()))
    )


def key(public_id: str) -> ApiKey | None:
    """A key."""
    return db.session.scalar(sa.select(ApiKey).where(ApiKey.public_id == public_id))


def event(event_id: str) -> OutsideEvent | None:
    """The message with this permanent id."""
    return db.session.scalar(sa.select(OutsideEvent).where(OutsideEvent.event_id == event_id))


def parked(external_id: str) -> list[OutsideEvent]:
    """What came about an order before the order, in the order of its arrival."""
    return list(
        db.session.scalars(
            sa.select(OutsideEvent)
            .where(OutsideEvent.external_id == external_id, OutsideEvent.applied_at.is_(None))
            .order_by(OutsideEvent.id)
        )
    )


def still_parked() -> list[OutsideEvent]:
    """Everything that waits for its order, oldest first, the first hundred."""
    return list(
        db.session.scalars(
            sa.select(OutsideEvent)
            .where(OutsideEvent.applied_at.is_(None))
            .order_by(OutsideEvent.id)
            .limit(100)
        )
    )


def organisation(public_id: str) -> Organisation | None:
    """The client that an order is for."""
    return db.session.scalar(sa.select(Organisation).where(Organisation.public_id == public_id))


def plans(codes: Collection[str]) -> dict[str, Plan]:
    """The plans with these codes."""
    rows = db.session.scalars(sa.select(Plan).where(Plan.code.in_(list(codes))))
    return {plan.code: plan for plan in rows}


def products(client: Organisation, public_ids: Collection[str]) -> dict[str, Product]:
    """Those of these products that the client has, by public id."""
    rows = db.session.scalars(
        sa.select(Product).where(
            Product.organisation_id == client.id,
            Product.public_id.in_(list(public_ids)),
            Product.ended_at.is_(None),
        )
    )
    return {product.public_id: product for product in rows}
