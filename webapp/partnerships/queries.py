"""What is asked about partnerships. Rights are read from live rows at each request (SECURITY A3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.rules import Role
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.partnerships.models import (
    Assignment,
    Partnership,
    PartnershipChange,
    ProductGrant,
    RightChanged,
)
from webapp.partnerships.rules import (
    Access,
    Holder,
    Picked,
    Rights,
    Terms,
    manages_all_clients,
    rights_on,
)
from webapp.products.models import Product

ACTIVE = Partnership.ended_at.is_(None)
GRANTED = ProductGrant.ended_at.is_(None)
NAMED = 3  # how many products a sentence names before it counts the rest
HISTORY = 50


# --- partnerships -------------------------------------------------------------------------------------------


def _with_both() -> sa.Select[Partnership]:
    return (
        sa.select(Partnership)
        .join(Partnership.partner)
        .join(Organisation, Organisation.id == Partnership.client_id)
        .options(contains_eager(Partnership.partner), contains_eager(Partnership.client))
    )


def of_client(client: Organisation, *, ended: bool = False) -> list[Partnership]:
    """The client's partnerships, by the partner's name; those that have ended newest first."""
    which = Partnership.ended_at.is_not(None) if ended else ACTIVE
    order = [Partnership.ended_at.desc()] if ended else [PartnerAccount.sort_name]
    return list(
        db.session.scalars(
            _with_both().where(Partnership.client_id == client.id, which).order_by(*order, Partnership.id)
        )
    )


def clients_partnership(client: Organisation, public_id: str) -> Partnership | None:
    """One of the client's partnerships, also one that has ended."""
    return db.session.scalar(
        _with_both().where(Partnership.client_id == client.id, Partnership.public_id == public_id)
    )


def active_between(client: Organisation, partner: PartnerAccount) -> Partnership | None:
    """The partnership of these two that stands."""
    return db.session.scalar(
        _with_both().where(Partnership.client_id == client.id, Partnership.partner_id == partner.id, ACTIVE)
    )


def full_partner(client: Organisation, *, but: Partnership | None = None) -> Partnership | None:
    """The partnership with full access, if there is one (RULES C2); `but` another one."""
    return db.session.scalar(
        _with_both().where(
            Partnership.client_id == client.id,
            Partnership.access == Access.FULL,
            ACTIVE,
            Partnership.id != (but.id if but else 0),
        )
    )


def holders(client: Organisation, *, but: Partnership | None = None) -> list[Holder]:
    """Which partner manages which product at this moment (RULES C1, C3); `but` one partnership's own."""
    rows = db.session.execute(
        sa.select(PartnerAccount.name, Partnership.public_id, Product.label)
        .select_from(ProductGrant)
        .join(ProductGrant.partnership)
        .join(Partnership.partner)
        .join(ProductGrant.product)
        .where(
            ProductGrant.client_id == client.id,
            GRANTED,
            Product.ended_at.is_(None),
            ProductGrant.partnership_id != (but.id if but else 0),
        )
        .order_by(PartnerAccount.sort_name, Product.sort_label)
    )
    return [Holder(*row) for row in rows]


# --- what a partner may do ----------------------------------------------------------------------------------


def reaching(membership: Membership) -> sa.ColumnElement[bool]:
    """The condition on partnerships under which this colleague of the partner reaches the client (RULES C13).

    To be used beside a join with PartnerAccount: active, not suspended, of this organisation, and for a
    collaborator one that was assigned.
    """
    mine = sa.and_(
        ACTIVE,
        PartnerAccount.organisation_id == membership.organisation_id,
        PartnerAccount.suspended_at.is_(None),
    )
    if manages_all_clients(membership.role):
        return mine
    assigned = sa.exists().where(
        Assignment.partnership_id == Partnership.id, Assignment.membership_id == membership.id
    )
    return sa.and_(mine, assigned)


def reached(membership: Membership, public_id: str) -> Partnership | None:
    """The partnership through which this colleague of the partner reaches that client, at this moment."""
    return db.session.scalar(_with_both().where(Partnership.public_id == public_id, reaching(membership)))


def partners_partnership(membership: Membership, public_id: str) -> Partnership | None:
    """One of the partner's partnerships with a client, also when it has ended or is suspended: its record.

    A collaborator sees those that are, or were, assigned to it.
    """
    mine = [Partnership.public_id == public_id, PartnerAccount.organisation_id == membership.organisation_id]
    if not manages_all_clients(membership.role):
        mine.append(
            sa.exists().where(
                Assignment.partnership_id == Partnership.id, Assignment.membership_id == membership.id
            )
        )
    return db.session.scalar(_with_both().where(*mine))


def granted(partnership: Partnership) -> dict[int, Rights]:
    """The products that a limited partner manages, with their rights; those that have ended left out."""
    rows = db.session.execute(
        sa.select(ProductGrant.product_id, ProductGrant.technical, ProductGrant.statistical)
        .join(ProductGrant.product)
        .where(ProductGrant.partnership_id == partnership.id, GRANTED, Product.ended_at.is_(None))
    )
    return {row[0]: Rights(row[1], row[2]) for row in rows}


def live_grants(partnership: Partnership) -> list[ProductGrant]:
    """The rows of what is granted, with those of ended products."""
    return list(
        db.session.scalars(
            sa.select(ProductGrant).where(ProductGrant.partnership_id == partnership.id, GRANTED)
        )
    )


def rights_of(partnership: Partnership, product: Product) -> Rights:
    """What the partner may do with this product of the client (RULES C1, C2, C4)."""
    grant = db.session.scalar(
        sa.select(ProductGrant).where(
            ProductGrant.partnership_id == partnership.id, ProductGrant.product_id == product.id, GRANTED
        )
    )
    return rights_on(partnership.access, grant.rights if grant else Rights())


def active_products(client: Organisation, ids: Iterable[int] | None = None) -> dict[int, Product]:
    """The client's active products by id; only those of `ids` when given."""
    wanted = [] if ids is None else [Product.id.in_(list(ids))]
    products = db.session.scalars(
        sa.select(Product)
        .where(Product.organisation_id == client.id, Product.ended_at.is_(None), *wanted)
        .order_by(Product.family_rank, Product.sort_label, Product.id)
    )
    return {product.id: product for product in products}


def taken(client: Organisation, ids: Iterable[int], *, but: Partnership | None = None) -> dict[int, str]:
    """Which of these products another partner manages: product id -> the partner's name (RULES C1)."""
    rows = db.session.execute(
        sa.select(ProductGrant.product_id, PartnerAccount.name)
        .join(ProductGrant.partnership)
        .join(Partnership.partner)
        .where(
            ProductGrant.client_id == client.id,
            GRANTED,
            ProductGrant.product_id.in_(list(ids)),
            ProductGrant.partnership_id != (but.id if but else 0),
        )
    )
    return {row[0]: row[1] for row in rows}


# --- in words -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Some:
    """A number of products, the first few by name."""

    count: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """What a partner can do, ready to be said: with full access the two counts are of all products."""

    terms: Terms
    technical: Some
    statistical: Some


def summary(partnership: Partnership) -> Summary:
    """What the partner can do today. A fixed number of statements, whatever the number of products."""
    if partnership.access is Access.FULL:
        products = sa.select(Product.label).where(
            Product.organisation_id == partnership.client_id, Product.ended_at.is_(None)
        )
        everything = _some(products)
        return Summary(partnership.terms, everything, everything)
    granted = (
        sa.select(Product.label)
        .join(ProductGrant, ProductGrant.product_id == Product.id)
        .where(ProductGrant.partnership_id == partnership.id, GRANTED, Product.ended_at.is_(None))
    )
    technical = _some(granted.where(ProductGrant.technical))
    return Summary(partnership.terms, technical, _some(granted.where(ProductGrant.statistical)))


def summary_of(terms: Terms, picked: Picked, client: Organisation) -> Summary:
    """The same for a choice that is not made yet."""
    if terms.access is Access.FULL:
        everything = _some(
            sa.select(Product.label).where(Product.organisation_id == client.id, Product.ended_at.is_(None))
        )
        return Summary(terms, everything, everything)
    products = active_products(client, picked)
    names = {
        right: [product.label for product in products.values() if getattr(picked[product.id], right)]
        for right in ("technical", "statistical")
    }
    return Summary(
        terms,
        *(Some(len(names[right]), tuple(names[right][:NAMED])) for right in ("technical", "statistical")),
    )


def _some(labels: sa.Select[str]) -> Some:
    count = db.session.scalar(sa.select(sa.func.count()).select_from(labels.subquery())) or 0
    first = db.session.scalars(
        labels.order_by(Product.family_rank, Product.sort_label, Product.id).limit(NAMED)
    )
    return Some(count, tuple(first))


def history(partnership: Partnership) -> list[PartnershipChange]:
    """What changed, newest first, the last fifty."""
    return list(
        db.session.scalars(
            sa.select(PartnershipChange)
            .where(PartnershipChange.partnership_id == partnership.id)
            .options(
                joinedload(PartnershipChange.person),
                selectinload(PartnershipChange.rights).joinedload(RightChanged.product),
            )
            .order_by(PartnershipChange.id.desc())
            .limit(HISTORY)
        )
    )


def change(change_id: int) -> PartnershipChange | None:
    """The change that a mail is about."""
    return db.session.get(
        PartnershipChange,
        change_id,
        options=[selectinload(PartnershipChange.rights).joinedload(RightChanged.product)],
    )


def last_change(partnership: Partnership) -> PartnershipChange | None:
    """The newest change."""
    return db.session.scalar(
        sa.select(PartnershipChange)
        .where(PartnershipChange.partnership_id == partnership.id)
        .options(
            joinedload(PartnershipChange.person),
            selectinload(PartnershipChange.rights).joinedload(RightChanged.product),
        )
        .order_by(PartnershipChange.id.desc())
        .limit(1)
    )


# --- people -------------------------------------------------------------------------------------------------


def representatives(organisation: Organisation) -> list[User]:
    """Who answers for the organisation and may sign in."""
    return list(
        db.session.scalars(
            sa.select(User)
            .join(User.memberships)
            .where(
                Membership.organisation_id == organisation.id,
                Membership.role == Role.LEGAL_REPRESENTATIVE,
                User.disabled_at.is_(None),
            )
            .order_by(User.name, User.id)
        )
    )


def shared_people(client: Organisation, partner: PartnerAccount) -> list[Membership]:
    """Places in the client's team that people of the partner have, its representatives aside (RULES C8)."""
    theirs = sa.select(Membership.user_id).where(Membership.organisation_id == partner.organisation_id)
    return list(
        db.session.scalars(
            sa.select(Membership)
            .options(joinedload(Membership.user))
            .where(
                Membership.organisation_id == client.id,
                Membership.role != Role.LEGAL_REPRESENTATIVE,
                Membership.user_id.in_(theirs),
            )
            .order_by(Membership.id)
        )
    )


def assigned(partnership: Partnership) -> list[Assignment]:
    """Who of the partner's collaborators looks after this client (RULES C13)."""
    return list(
        db.session.scalars(
            sa.select(Assignment)
            .join(Assignment.membership)
            .join(Membership.user)
            .options(contains_eager(Assignment.membership).contains_eager(Membership.user))
            .where(Assignment.partnership_id == partnership.id)
            .order_by(User.name, User.id)
        )
    )
