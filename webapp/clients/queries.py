"""What a partner asks about its clients: plain rows, a fixed number of statements whatever their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from webapp import signals
from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.queries import Member, Org
from webapp.clients.rules import Filters, Keeps, Order, Status
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.invitations import queries as invitations
from webapp.invitations.models import Invitation
from webapp.invitations.rules import Direction
from webapp.partnerships import queries as partnerships
from webapp.partnerships.models import Assignment, Partnership, PartnershipChange, ProductGrant
from webapp.partnerships.rules import EVERYTHING, Access, Rights, manages_all_clients
from webapp.products import queries as product_queries
from webapp.products.models import Plan, Product
from webapp.products.rules import Family
from webapp.text import fold

PER_PAGE = 25
IN_MENU = 8


@dataclass(frozen=True)
class Partner:
    """Of an organisation's partner account what its pages need, also while it is suspended.

    `open_invitations`: whether anything between it and a client waits for an answer, or has lapsed.
    """

    id: int
    suspended_at: datetime | None
    left_at: datetime | None
    open_invitations: bool


_PARTNER = sa.select(
    PartnerAccount.id,
    PartnerAccount.suspended_at,
    PartnerAccount.left_at,
    sa.exists().where(Invitation.partner_id == PartnerAccount.id, invitations.OPEN),
).where(PartnerAccount.organisation_id == sa.bindparam("organisation"))


def partner_of(organisation: Organisation | Org) -> Partner | None:
    """The organisation as a partner."""
    row = db.session.connection().execute(_PARTNER, {"organisation": organisation.id}).first()
    return Partner(*row) if row else None


def what_keeps(partner: PartnerAccount, *, now: datetime) -> Keeps:
    """What keeps the partner from leaving the programme at this moment (RULES A3); offers are a feature's above."""
    waiting = sa.and_(invitations.OPEN, Invitation.expires_at > now, Invitation.partner_id == partner.id)

    def count(table: Any, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.count()).select_from(table).where(*conditions).scalar_subquery()

    row = db.session.execute(
        sa.select(
            count(Partnership, Partnership.partner_id == partner.id, Partnership.ended_at.is_(None)),
            count(Invitation, waiting, Invitation.direction == Direction.TO_PARTNER),
            count(Invitation, waiting, Invitation.direction == Direction.TO_CLIENT),
        )
    ).one()
    offers = sum(number for _listener, number in signals.partner_leaving.send(partner, now=now))
    return Keeps(*row, offers)


def waiting_invitations(partner: PartnerAccount, *, now: datetime) -> list[Invitation]:
    """What waits between the partner and clients, in both directions, as far as a page shows it."""
    sent = [each for each in invitations.open_of_partner(partner) if each.expires_at > now]
    return [*invitations.waiting_for_partner(partner, now=now), *sent][:PER_PAGE]


# --- the list (RULES C12) -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clients:
    """One page of clients as plain rows: public_id, name, access, payer, started_at, ended_at, products."""

    rows: Sequence[sa.Row[tuple[Any, ...]]]
    count: int
    page: int
    more: bool


def clients(partner: Partner, membership: Member, filters: Filters, *, page: int = 1) -> Clients:
    """The clients that this colleague of the partner may see (RULES C13), 25 a page: two statements."""
    statements = _statements(filters, manages_all_clients(membership.role))
    values = {"partner": partner.id, "member": membership.id}
    connection = db.session.connection()
    rows = connection.execute(statements.page, {**values, "offset": (page - 1) * PER_PAGE}).all()
    count: int = connection.scalar(statements.count, values) or 0
    return Clients(rows[:PER_PAGE], count, page, len(rows) > PER_PAGE)


@dataclass(frozen=True)
class _Statements:
    """The page and its count: composed once per search, which takes longer than the database's answer."""

    page: sa.Select[Any]
    count: sa.Select[Any]


@lru_cache(maxsize=512)
def _statements(filters: Filters, everybody: bool) -> _Statements:
    of = Partnership.__table__.c
    conditions = [of.partner_id == sa.bindparam("partner"), *_conditions(filters)]
    if not everybody:
        conditions.append(of.id.in_(_assigned_to(sa.bindparam("member"))))
    found = sa.select(
        of.id, of.public_id, of.client_id, of.access, of.payer, of.started_at, of.ended_at,
        of.client_sort_name,
    ).where(*conditions)  # fmt: skip
    if filters.order is Order.PRODUCTS:
        found = found.add_columns(_products_of(of).label("products"))
    # the page is cut first: what follows is looked up for its rows only
    some = found.order_by(*_order(filters.order, found.selected_columns)).limit(PER_PAGE + 1)
    cut = some.offset(sa.bindparam("offset")).subquery("cut").c
    organisation = Organisation.__table__.c
    products = cut.products if filters.order is Order.PRODUCTS else _products_of(cut)
    page = (
        sa.select(
            cut.public_id, organisation.name, cut.access, cut.payer, cut.started_at, cut.ended_at,
            products.label("products"),
        )
        .join_from(cut.id.table, Organisation.__table__, organisation.id == cut.client_id)
        .order_by(*_order(filters.order, cut))
    )  # fmt: skip
    count = sa.select(sa.func.count()).select_from(Partnership.__table__).where(*conditions)
    return _Statements(page, count)


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    of = Partnership.__table__.c
    found: list[sa.ColumnElement[bool]] = [
        of.client_sort_name.contains(word, autoescape=True)
        for word in fold(filters.q).split()[: product_queries.WORDS]
    ]
    if filters.access:
        found.append(of.access == Access(filters.access))
    if filters.payer:
        found.append(of.payer == filters.payer)
    if filters.status is not Status.ALL:
        ended = filters.status is Status.ENDED
        found.append(of.ended_at.is_not(None) if ended else of.ended_at.is_(None))
    return found


def _order(order: Order, of: Any) -> list[sa.ColumnElement[Any]]:
    by_name = [of.client_sort_name, of.id]
    if order is Order.SINCE:
        return [of.started_at.desc(), of.id.desc()]
    return [of.products.desc(), *by_name] if order is Order.PRODUCTS else by_name


def _assigned_to(membership: sa.BindParameter[int] | int) -> sa.Select[Any]:
    return sa.select(Assignment.partnership_id).where(Assignment.membership_id == membership)


def _products_of(of: Any) -> sa.ColumnElement[int]:
    """How many products the partner manages: all of the client's, or those that were granted."""
    number = sa.func.count()
    everything = sa.select(number).where(Product.organisation_id == of.client_id, Product.ended_at.is_(None))
    granted = (
        sa.select(number)
        .select_from(ProductGrant)
        .join(ProductGrant.product)
        .where(
            ProductGrant.partnership_id == of.id, partnerships.GRANTED, Product.ended_at.is_(None)
        )
    )  # fmt: skip
    return sa.case(
        (of.ended_at.is_not(None), 0),
        (of.access == Access.FULL, everything.scalar_subquery()),
        else_=granted.scalar_subquery(),
    )


@dataclass(frozen=True)
class MyClients:
    """The first few clients that somebody reaches, by name, for the menu of a partner."""

    rows: tuple[sa.Row[tuple[str, str]], ...]
    more: bool
    suspended: bool


def my_clients(membership: Member, partner: Partner | None = None) -> MyClients:
    """The clients that this colleague of the partner can act for at this moment (RULES C13): one statement,
    and another one only when there are none and `partner` is not known yet: a suspended one reaches nobody."""
    statement = _menu(manages_all_clients(membership.role))
    values = {"organisation": membership.organisation_id, "member": membership.id}
    rows = db.session.connection().execute(statement, values).all()
    if not rows and partner is None:
        partner = partner_of(membership.org)
    return MyClients(tuple(rows[:IN_MENU]), len(rows) > IN_MENU, bool(partner and partner.suspended_at))


@lru_cache
def _menu(everybody: bool) -> sa.Select[tuple[str, str]]:
    of, partner = Partnership.__table__.c, PartnerAccount.__table__.c
    account = sa.select(partner.id).where(
        partner.organisation_id == sa.bindparam("organisation"), partner.suspended_at.is_(None)
    )
    conditions = [of.partner_id == account.scalar_subquery(), of.ended_at.is_(None)]
    if not everybody:
        conditions.append(of.id.in_(_assigned_to(sa.bindparam("member"))))
    return (
        sa.select(of.public_id, Organisation.name)
        .select_from(Partnership)
        .join(Organisation, Organisation.id == of.client_id)
        .where(*conditions)
        .order_by(of.client_sort_name, of.id)
        .limit(IN_MENU + 1)
    )


# --- one client ---------------------------------------------------------------------------------------------


def partnership_of(organisation: Organisation, public_id: str) -> Partnership | None:
    """The partnership of this partner with that client, whoever of the partner asks and whatever its state."""
    return db.session.scalar(
        sa.select(Partnership).where(
            Partnership.public_id == public_id, Partnership.partner_organisation_id == organisation.id
        )
    )


def collaborators(partnership: Partnership) -> list[Membership]:
    """The partner's colleagues who reach a client only when they are assigned to it, by name (RULES C13)."""
    return [each for each in _team(partnership) if not manages_all_clients(each.role)]


def managers(partnership: Partnership) -> list[Membership]:
    """The partner's colleagues who reach every client, by name (RULES C13)."""
    return [each for each in _team(partnership) if manages_all_clients(each.role)]


def _team(partnership: Partnership) -> list[Membership]:
    return list(
        db.session.scalars(
            sa.select(Membership)
            .join(Membership.user)
            .options(joinedload(Membership.user).joinedload(User.avatar))
            .where(
                Membership.organisation_id == partnership.partner_organisation_id, User.disabled_at.is_(None)
            )
            .order_by(User.name, User.id)
        )
    )


# --- the client's space (RULES C14) -------------------------------------------------------------------------


@dataclass(frozen=True)
class Managed:
    """A product of the client that the partner manages, with what it may do with it."""

    public_id: str
    family: Family
    label: str
    plan: str
    renews_on: date
    rights: Rights
    tags: tuple[tuple[str, str], ...]  # name, colour


@dataclass(frozen=True)
class ManagedPage:
    """One page of them; `count` is of all that match `q`."""

    rows: list[Managed]
    count: int
    page: int
    more: bool
    q: str


def managed(partnership: Partnership, *, language: str, q: str = "", page: int = 1) -> ManagedPage:
    """What of the client's the partner sees, 25 a page: three statements, whatever the number of products."""
    product, plan = Product.__table__.c, Plan.__table__.c
    seen, rights = _seen(partnership)
    conditions = [seen, product.ended_at.is_(None), *product_queries.labelled(q)]
    tables = _with_grants(partnership)
    found = db.session.execute(
        sa.select(
            product.id, product.public_id, plan.family, product.label, plan[f"name_{language}"],
            product.renews_on, *rights,
        )
        .select_from(tables.join(Plan.__table__, plan.id == product.plan_id))
        .where(*conditions)
        .order_by(*product_queries.LISTED)
        .limit(PER_PAGE + 1)
        .offset((page - 1) * PER_PAGE)
    ).all()  # fmt: skip
    count = db.session.scalar(sa.select(sa.func.count()).select_from(tables).where(*conditions))
    tags = product_queries.tags_on([row[0] for row in found[:PER_PAGE]])
    rows = [
        Managed(
            row[1], row[2], row[3], row[4], row[5], Rights(bool(row[6]), bool(row[7])),
            tuple(tags.get(row[0], ())),
        )
        for row in found[:PER_PAGE]
    ]  # fmt: skip
    return ManagedPage(rows, count or 0, page, len(found) > PER_PAGE, q)


def _seen(partnership: Partnership) -> tuple[sa.ColumnElement[bool], list[sa.ColumnElement[bool]]]:
    """(which products, their two rights) by the kind of access."""
    if partnership.access is Access.FULL:
        every = Product.__table__.c.organisation_id == partnership.client_id
        return every, [sa.literal(EVERYTHING.technical), sa.literal(EVERYTHING.statistical)]
    grant = ProductGrant.__table__.c
    mine = sa.and_(grant.partnership_id == partnership.id, grant.ended_at.is_(None))
    return mine, [grant.technical, grant.statistical]


def _with_grants(partnership: Partnership) -> Any:
    product, grant = Product.__table__, ProductGrant.__table__
    if partnership.access is Access.FULL:
        return product
    return grant.join(product, product.c.id == grant.c.product_id)


def product_of(partnership: Partnership, public_id: str) -> Product | None:
    """A product of the client, also one that has ended; what the partner may do with it is another question."""
    return db.session.scalar(
        sa.select(Product)
        .options(joinedload(Product.plan), joinedload(Product.organisation))
        .where(Product.public_id == public_id, Product.organisation_id == partnership.client_id)
    )


def was_managed(partnership: Partnership, product: Product) -> bool:
    """Whether the partner has, or once had, anything to do with this product of the client.

    Who never had is told nothing of it, not even that it can't change it.
    """
    if partnership.access is Access.FULL:
        return True
    grant = sa.exists().where(
        ProductGrant.partnership_id == partnership.id, ProductGrant.product_id == product.id
    )
    full = sa.exists().where(
        PartnershipChange.partnership_id == partnership.id,
        PartnershipChange.what.in_(("started", "access")),
        PartnershipChange.detail == Access.FULL.value,
    )
    return bool(db.session.scalar(sa.select(sa.or_(grant, full))))


# --- what was asked for, and what was given (RULES C7) ------------------------------------------------------


def request_behind(partnership: Partnership) -> Invitation | None:
    """The partner's request that the partnership began with; None when the client began it."""
    return db.session.scalar(
        sa.select(Invitation)
        .options(selectinload(Invitation.asked))
        .where(
            Invitation.partnership_id == partnership.id, Invitation.direction == Direction.TO_CLIENT
        )
    )  # fmt: skip
