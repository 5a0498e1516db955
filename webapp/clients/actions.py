"""What a partner's people change for a client. Rights are asked for under lock, at that moment (RULES C14).

The partnership is locked first, then who acts and for which partner: a client that takes a right away, a partner
that gives a client to somebody else, an operator that suspends: each comes before or after, never in between.
"""

from __future__ import annotations

from datetime import datetime

from webapp import audit
from webapp.accounts import queries as accounts
from webapp.accounts.checks import refuse_all_but_representatives
from webapp.accounts.models import User
from webapp.clients import queries
from webapp.clients.rules import (
    AccessLost,
    NotLookedAfter,
    PartnershipOver,
    PartnerSuspended,
    RightGone,
    StillNeeded,
)
from webapp.directory import actions as directory
from webapp.directory.models import PartnerAccount
from webapp.partnerships import queries as partnerships
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Right
from webapp.products import actions as products
from webapp.products.models import Product, ProductSetting
from webapp.products.rules import ProductEnded
from webapp.refused import Gone
from webapp.unit import lock, unit_of_work


@unit_of_work
def add_setting(
    partnership: Partnership, product: Product, *, name: str, value: str, by: User, now: datetime
) -> ProductSetting:
    """A new technical setting of the client's product. Raises AccessLost, and what the product refuses."""
    _acting(partnership, product, by=by, now=now)
    return products.add_setting(product, name=name, value=value, by=by, now=now)


@unit_of_work
def change_setting(
    partnership: Partnership, product: Product, *, name: str, value: str, by: User, now: datetime
) -> ProductSetting:
    """Another value for one that is there. Raises AccessLost, and what the product refuses."""
    _acting(partnership, product, by=by, now=now)
    return products.change_setting(product, name=name, value=value, by=by, now=now)


@unit_of_work
def remove_setting(
    partnership: Partnership, product: Product, setting: ProductSetting, *, by: User, now: datetime
) -> None:
    """Takes a technical setting of the client's product away. Raises AccessLost, and what the product refuses."""
    _acting(partnership, product, by=by, now=now)
    products.remove_setting(product, setting, by=by, now=now)


def _acting(partnership: Partnership, product: Product, *, by: User, now: datetime) -> None:
    """Raises AccessLost unless this person may change this product for the client now; notes that it does."""
    lock(partnership)
    if partnership.ended_at:
        raise PartnershipOver()
    if lock(partnership.partner).suspended_at:
        raise PartnerSuspended()
    if not _looks_after(partnership, by):
        raise NotLookedAfter()
    if product.organisation_id != partnership.client_id:
        raise AccessLost()
    if lock(product).ended_at:
        raise ProductEnded()
    if not partnerships.rights_of(partnership, product).has(Right.TECHNICAL):
        raise RightGone()
    audit.record(
        "partnership.acted", partnership, by=by, now=now, organisation=partnership.client,
        detail=f"product={product.id}",
    )  # fmt: skip


def _looks_after(partnership: Partnership, by: User) -> bool:
    """Whether the person reaches the client (RULES C13): as a colleague of the partner, and as one of its own."""
    membership = accounts.membership_in(partnership.partner.organisation, by)
    if membership is None:
        return False
    try:
        lock(membership)
    except Gone:  # removed from the team at this very moment
        return False
    return partnerships.reached(membership, partnership.public_id) is not None


@unit_of_work
def leave(partner: PartnerAccount, *, by: User, now: datetime) -> None:
    """The organisation leaves the partner programme (RULES A3).

    Raises OnlyRepresentatives, HasLeft, and StillNeeded as long as clients or requesters count on it.
    """
    organisation = lock(partner.organisation)
    lock(partner)
    refuse_all_but_representatives(organisation, by)
    if queries.what_keeps(partner, now=now):
        raise StillNeeded()
    directory.leave(partner, by=by, now=now)
