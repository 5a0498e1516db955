"""What is asked about keys and messages of outside shops."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from webapp.accounts.models import Organisation
from webapp.api.models import ApiKey, OutsideEvent
from webapp.extensions import db
from webapp.lists import has
from webapp.products.models import Plan, Product

LISTED = 100  # messages on the operator’s page
VALID_MOST = 2  # keys, as `place` says


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


def key_of_form(form_key: str) -> ApiKey | None:
    """The key that a form with this one-time key made."""
    return db.session.scalar(sa.select(ApiKey).where(ApiKey.form_key == form_key))


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


def still_parked(search: str = "") -> list[OutsideEvent]:
    """What waits for its order, oldest first, the first hundred; `search` in the shop's numbers and in ids."""
    waiting = OutsideEvent.applied_at.is_(None)
    return _listed(sa.select(OutsideEvent).where(waiting).order_by(OutsideEvent.id), search)


def misfits(search: str = "") -> list[OutsideEvent]:
    """What did less than it says, newest first, the last hundred."""
    strange = OutsideEvent.misfit.is_not(None)
    return _listed(sa.select(OutsideEvent).where(strange).order_by(OutsideEvent.id.desc()), search)


def taken_in(search: str = "") -> list[OutsideEvent]:
    """What was taken in, newest first, the last hundred."""
    done = OutsideEvent.applied_at.is_not(None)
    return _listed(sa.select(OutsideEvent).where(done).order_by(OutsideEvent.id.desc()), search)


def _listed(query: sa.Select[OutsideEvent], search: str) -> list[OutsideEvent]:
    if search:
        query = query.where(
            sa.or_(*(has(each, search) for each in (OutsideEvent.external_id, OutsideEvent.event_id)))
        )
    return list(db.session.scalars(query.options(joinedload(OutsideEvent.order)).limit(LISTED)))


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
