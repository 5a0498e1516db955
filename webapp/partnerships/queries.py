"""What is asked about partnerships. Rights are read from live rows at each request (SECURITY A3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.queries import AnyMember, Org
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
    NAMED,
    NOTHING,
    Access,
    Holder,
    Picked,
    Right,
    Rights,
    Some,
    Summary,
    Terms,
    manages_all_clients,
    rights_on,
)
from webapp.products import queries as products
from webapp.products.models import Product

ACTIVE = Partnership.ended_at.is_(None)
GRANTED = ProductGrant.ended_at.is_(None)
HISTORY = 50


# --- partnerships -------------------------------------------------------------------------------------------


@cache
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


def clients_partnership(client: Organisation | Org, public_id: str) -> Partnership | None:
    """One of the client's partnerships, also one that has ended."""
    return db.session.scalar(_clients_partnership(), {"client": client.id, "public_id": public_id})


@cache
def _clients_partnership() -> sa.Select[Partnership]:
    return _with_both().where(
        Partnership.client_id == sa.bindparam("client"), Partnership.public_id == sa.bindparam("public_id")
    )


def active_between(client: Organisation, partner: PartnerAccount) -> Partnership | None:
    """The partnership of these two that stands."""
    return db.session.scalar(
        _with_both().where(Partnership.client_id == client.id, Partnership.partner_id == partner.id, ACTIVE)
    )


def full_partner(client: Organisation, *, but: Partnership | None = None) -> Partnership | None:
    """The partnership with full access, if there is one (RULES C2); `but` another one."""
    return db.session.scalar(_full_partner(), {"client": client.id, "but": but.id if but else 0})


@cache
def _full_partner() -> sa.Select[Partnership]:
    return _with_both().where(
        Partnership.client_id == sa.bindparam("client"),
        Partnership.access == Access.FULL,
        ACTIVE,
        Partnership.id != sa.bindparam("but"),
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


@dataclass(frozen=True)
class Bars:
    """What other partners of a client are in the way of (RULES C2, C3)."""

    full: Partnership | None
    holders: list[Holder]

    def on(self, access: Access | None) -> bool:
        """Whether a partnership can't begin with this access at the moment."""
        return self.full is not None or (access == Access.FULL and bool(self.holders))


def bars(client: Organisation, *, but: Partnership | None = None) -> Bars:
    """The partners of the client that have to give way first; `but` is the partnership that is being changed."""
    return Bars(full_partner(client, but=but), holders(client, but=but))


# --- what a partner may do ----------------------------------------------------------------------------------


def reaching(membership: AnyMember) -> sa.ColumnElement[bool]:
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


def reached(membership: AnyMember, public_id: str) -> Partnership | None:
    """The partnership through which this colleague of the partner reaches that client, at this moment."""
    return db.session.scalar(_with_both().where(Partnership.public_id == public_id, reaching(membership)))


def partners_partnership(membership: AnyMember, public_id: str) -> Partnership | None:
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


def rights_of(partnership: Partnership, product: Product) -> Rights:
    """What the partner may do with this product of the client at this moment (RULES C1, C2, C4).

    Nothing with another organisation's product or one that has ended, nor when it is over or suspended.
    """
    row = db.session.execute(
        sa.select(Partnership.access, ProductGrant.technical, ProductGrant.statistical)
        .join(Partnership.partner)
        .join(Product, Product.organisation_id == Partnership.client_id)
        .outerjoin(
            ProductGrant,
            sa.and_(
                ProductGrant.partnership_id == Partnership.id, ProductGrant.product_id == Product.id, GRANTED
            ),
        )
        .where(
            Partnership.id == partnership.id,
            ACTIVE,
            PartnerAccount.suspended_at.is_(None),
            Product.id == product.id,
            Product.ended_at.is_(None),
        )
    ).one_or_none()
    return rights_on(row[0], Rights(bool(row[1]), bool(row[2]))) if row else NOTHING


def active_products(client: Organisation, ids: Iterable[int] | None = None) -> dict[int, Product]:
    """The client's active products by id; only those of `ids` when given."""
    wanted = [] if ids is None else [Product.id.in_(list(ids))]
    found = db.session.scalars(
        sa.select(Product)
        .where(Product.organisation_id == client.id, Product.ended_at.is_(None), *wanted)
        .order_by(*products.LISTED)
    )
    return {product.id: product for product in found}


def called(ids: Iterable[int]) -> dict[int, str]:
    """What these products are called, whether or not they have ended."""
    rows = db.session.execute(sa.select(Product.id, Product.label).where(Product.id.in_(list(ids))))
    return {row[0]: row[1] for row in rows}


def labels_of(client: Organisation, ids: Iterable[int]) -> dict[int, str]:
    """Those of these products that the client has, with their labels."""
    rows = db.session.execute(
        sa.select(Product.id, Product.label).where(
            Product.organisation_id == client.id, Product.ended_at.is_(None), Product.id.in_(list(ids))
        )
    )
    return {row[0]: row[1] for row in rows}


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


def summary(partnership: Partnership) -> Summary:
    """What the partner can do today. A fixed number of statements, whatever the number of products."""
    if partnership.access is Access.FULL:
        return _everything(partnership.terms, partnership.client)
    values = {"partnership": partnership.id}
    counts = db.session.connection().execute(_counts_by_right(), values).one()
    technical, statistical = (
        Some(count, tuple(db.session.connection().scalars(_first_with(right), values)))
        if count
        else Some(0, ())
        for count, right in zip(counts, Right, strict=True)
    )
    return Summary(partnership.terms, technical, statistical)


@cache
def _counts_by_right() -> sa.Select[Any]:
    """How many products a limited partner has with each right, in the order of `Right`."""
    grant, product = ProductGrant.__table__.c, Product.__table__.c
    return (
        sa.select(*(sa.func.sum(sa.case((grant[right.value], 1), else_=0)) for right in Right))
        .join_from(ProductGrant.__table__, Product.__table__, product.id == grant.product_id)
        .where(
            grant.partnership_id == sa.bindparam("partnership"),
            grant.ended_at.is_(None),
            product.ended_at.is_(None),
        )
    )


@cache
def _first_with(right: Right) -> sa.Select[Any]:
    grant, product = ProductGrant.__table__.c, Product.__table__.c
    return (
        sa.select(product.label)
        .join_from(ProductGrant.__table__, Product.__table__, product.id == grant.product_id)
        .where(
            grant.partnership_id == sa.bindparam("partnership"),
            grant.ended_at.is_(None),
            product.ended_at.is_(None),
            grant[right.value],
        )
        .order_by(*products.LISTED)
        .limit(NAMED)
    )


def summary_of(terms: Terms, picked: Picked, client: Organisation) -> Summary:
    """The same for a choice that is not made yet."""
    if terms.access is Access.FULL:
        return _everything(terms, client)
    labels = {product.id: product.label for product in active_products(client, picked).values()}
    with_right = [[labels[each] for each in labels if picked[each].has(right)] for right in Right]
    technical, statistical = (Some(len(names), tuple(names[:NAMED])) for names in with_right)
    return Summary(terms, technical, statistical)


def within_reach(partnership: Partnership) -> Some:
    """The products that the partner manages or sees the statistics of: what an end takes away."""
    labels = _labels_of(partnership.client)
    if partnership.access is Access.LIMITED:
        labels = labels.join(ProductGrant, ProductGrant.product_id == Product.id).where(
            ProductGrant.partnership_id == partnership.id, GRANTED
        )
    return _some(labels)


def _everything(terms: Terms, client: Organisation) -> Summary:
    reached = _some(_labels_of(client))
    return Summary(terms, technical=reached, statistical=reached)


def _labels_of(client: Organisation) -> sa.Select[str]:
    return sa.select(Product.label).where(Product.organisation_id == client.id, Product.ended_at.is_(None))


def _some(labels: sa.Select[str]) -> Some:
    count = db.session.scalar(sa.select(sa.func.count()).select_from(labels.subquery())) or 0
    first = db.session.scalars(labels.order_by(*products.LISTED).limit(NAMED))
    return Some(count, tuple(first))


def history(partnership: Partnership) -> list[PartnershipChange]:
    """What changed, newest first, the last fifty."""
    return _changes_of(partnership, HISTORY)


def changes_since(partnership: Partnership, version: int) -> list[PartnershipChange]:
    """What changed after somebody saw this version, newest first: each change made one version."""
    return _changes_of(partnership, partnership.version - version)


def last_change(partnership: Partnership) -> PartnershipChange | None:
    """The newest change."""
    return next(iter(_changes_of(partnership, 1)), None)


def _changes_of(partnership: Partnership, most: int) -> list[PartnershipChange]:
    return list(db.session.scalars(_newest_changes(), {"partnership": partnership.id, "most": most}))


@cache
def _newest_changes() -> sa.Select[PartnershipChange]:
    return (
        sa.select(PartnershipChange)
        .where(PartnershipChange.partnership_id == sa.bindparam("partnership"))
        .options(
            joinedload(PartnershipChange.person),
            selectinload(PartnershipChange.rights).joinedload(RightChanged.product),
        )
        .order_by(PartnershipChange.id.desc())
        .limit(sa.bindparam("most"))
    )


def change(change_id: int) -> PartnershipChange | None:
    """The change that a mail is about."""
    return db.session.get(
        PartnershipChange,
        change_id,
        options=[selectinload(PartnershipChange.rights).joinedload(RightChanged.product)],
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


def is_represented_by(organisation: Organisation, email: str) -> bool:
    """Whether somebody with this address answers for the organisation at this moment."""
    return any(each.email == email for each in representatives(organisation))


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


def still_colleagues(partnership: Partnership, members: Iterable[Membership]) -> list[Membership]:
    """Those of the members who belong to the partner at this moment."""
    wanted = [each.id for each in members]
    return list(
        db.session.scalars(
            sa.select(Membership).where(
                Membership.id.in_(wanted), Membership.organisation_id == partnership.partner_organisation_id
            )
        )
    )
