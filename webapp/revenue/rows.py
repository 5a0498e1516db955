"""Lines of orders and what was credited of them, as rows of files (RULES M9, M10, C12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from heapq import merge
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from webapp.accounts.models import Organisation
from webapp.database import UtcDateTime
from webapp.extensions import db
from webapp.orders.models import CreditLine, Invoice, Order, OrderLine
from webapp.orders.rules import PriceKind
from webapp.partnerships.models import Partnership
from webapp.revenue.monthly import CREDITED_AT, CREDITED_BEFORE, within

AT_ONCE = 1_000  # rows of a file that are read together


@dataclass(frozen=True)
class Wanted:
    """Which rows of a file: of one month and in one currency, or of all. With `by_payment` an order belongs to the
    month in which it was paid, as in the statement; else to the one in which it was placed.
    """

    month: date | None = None
    currency: str | None = None
    by_payment: bool = False


@dataclass(frozen=True)
class _Part:
    """Some lines of orders, in the order of an index: `key` is the column of the order's id in it."""

    key: Any
    where: sa.ColumnElement[bool]


@dataclass(frozen=True)
class Rows:
    """The rows of a file: `reader_id` is the organisation that reads it, as a partner of the client or as itself."""

    parts: tuple[_Part, ...]
    reader_id: int
    as_partner: bool


def of_revenue(organisation: Organisation) -> Rows:
    """Lines on which a partner earns, and those that it pays for itself."""
    return Rows(
        (
            _Part(OrderLine.order_id, OrderLine.earner_id == organisation.id),
            _Part(Order.id, sa.and_(Order.payer_id == organisation.id, OrderLine.price == PriceKind.PARTNER)),
        ),
        organisation.id,
        as_partner=True,
    )


def of_client(partnership: Partnership) -> Rows:
    """What was ordered for a client while it had this partner (RULES C12): all orders that one with full access
    stood behind, and lines of what a limited one managed.
    """
    managed = sa.and_(
        OrderLine.partnership_id == partnership.id, Order.partnership_id.is_distinct_from(partnership.id)
    )
    return Rows(
        (_Part(Order.id, Order.partnership_id == partnership.id), _Part(OrderLine.order_id, managed)),
        partnership.partner_organisation_id,
        as_partner=True,
    )


def of_orders(organisation: Organisation) -> Rows:
    """What an organisation pays for, and what is for it (RULES O8)."""
    return Rows(
        (
            _Part(Order.id, Order.payer_id == organisation.id),
            _Part(Order.id, sa.and_(Order.holder_id == organisation.id, Order.payer_id != organisation.id)),
        ),
        organisation.id,
        as_partner=False,
    )


_bill = aliased(Invoice)


def _plain(column: Any) -> Any:
    """The column as the database has it: a million values are not turned into objects."""
    return sa.type_coerce(column, sa.String)


# what each row of a file begins with; `exchange` knows this order
_COMMON = (
    OrderLine.order_id, OrderLine.position, Order.holder_id, Order.payer_id, Order.number, OrderLine.label,
    sa.cast(OrderLine.plan_name, sa.Text), _plain(OrderLine.action), _plain(OrderLine.period), OrderLine.periods,
    OrderLine.quantity, OrderLine.public, OrderLine.discount, OrderLine.sliding, _plain(OrderLine.price),
    OrderLine.net, OrderLine.cashback, OrderLine.earner_id, Order.vat_rate, Order.currency,
    Order.paid_at.is_not(None), Order.cancelled_at.is_not(None), Order.gross, Order.credited, Order.received,
)  # fmt: skip
_IN_ORDER = itemgetter(0, 1)


def lines_of(rows: Rows, wanted: Wanted) -> Iterator[Any]:
    """The lines of orders by order, as plain rows, of each part a thousand at a time: `_COMMON`, the moment, the
    invoice's number, VAT.
    """
    moment = sa.func.coalesce(Order.paid_at, Order.placed_at) if wanted.by_payment else Order.placed_at
    query = (
        sa.select(*_COMMON, sa.type_coerce(moment, UtcDateTime), _bill.number, OrderLine.vat)
        .select_from(OrderLine)
        .join(Order, Order.id == OrderLine.order_id)
        .join(_bill, sa.and_(_bill.order_id == Order.id, _bill.corrects_id.is_(None)))
        .where(*_asked(wanted, moment))
    )
    return merge(*(_all(query, part, (OrderLine.position,)) for part in rows.parts), key=_IN_ORDER)


def credits_of(rows: Rows, wanted: Wanted) -> Iterator[Any]:
    """What credit notes took back of such lines, in the same way: then what it took back, and how much was taken
    back before, net.
    """
    moment: Any = Invoice.issued_at
    if wanted.by_payment:
        moment = sa.func.coalesce(CREDITED_AT, Invoice.issued_at)
    query = (
        sa.select(
            *_COMMON, sa.type_coerce(moment, UtcDateTime), Invoice.number, CreditLine.vat,
            CreditLine.net, CREDITED_BEFORE, CreditLine.invoice_id,
        )
        .select_from(CreditLine)
        .join(OrderLine, OrderLine.id == CreditLine.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Invoice, Invoice.id == CreditLine.invoice_id)
        .where(*_asked(wanted, moment))
    )  # fmt: skip
    keys = (OrderLine.position, CreditLine.invoice_id)
    return merge(*(_all(query, part, keys) for part in rows.parts), key=itemgetter(0, 1, -1))


def _asked(wanted: Wanted, moment: Any) -> list[sa.ColumnElement[bool]]:
    month = [within(moment, wanted.month)] if wanted.month else []
    return [*month, *([Order.currency == wanted.currency] if wanted.currency else [])]


def _all(query: sa.Select[Any], part: _Part, further: tuple[Any, ...]) -> Iterator[Any]:
    """All rows of a part, each page beginning behind the last row of the one before. A row has its order and its
    position first, and a third key last."""
    keys = (part.key, *further)
    page = query.where(part.where).order_by(*keys).limit(AT_ONCE)
    connection = db.session.connection()  # plain rows: the session would look at each
    rows = connection.execute(page).all()
    while rows:
        yield from rows
        if len(rows) < AT_ONCE:
            return
        last = (rows[-1][0], rows[-1][1], rows[-1][-1])[: len(keys)]
        behind = sa.and_(part.key >= last[0], sa.tuple_(*keys) > sa.tuple_(*map(sa.literal, last)))
        rows = connection.execute(page.where(behind)).all()


def name_of(organisation_id: int) -> str:
    """What an organisation is called."""
    return db.session.scalars(sa.select(Organisation.name).where(Organisation.id == organisation_id)).one()
