"""What is asked about orders: whose one is, who may see it, and what came of it (RULES M5, M11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload, selectinload

from webapp import clock
from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.rules import Role
from webapp.extensions import db
from webapp.ledger.models import LedgerAccount, Transfer
from webapp.ledger.rules import Cause
from webapp.lists import Part, has, one_more, part
from webapp.money import Money
from webapp.orders import rules
from webapp.orders.models import CreditLine, Invoice, NoticeSettings, Order, OrderLine, OrderProduct
from webapp.orders.rules import Facts, Method, Shown, Standing, State
from webapp.products.models import Product
from webapp.programme import programme

# --- orders -------------------------------------------------------------------------------------------------


def _whole() -> sa.Select[Order]:
    return sa.select(Order).options(
        joinedload(Order.holder), joinedload(Order.payer), joinedload(Order.by), selectinload(Order.lines),
        selectinload(Order.invoices),
    )  # fmt: skip


def concerning(organisation: Organisation) -> sa.ColumnElement[bool]:
    """The condition on orders that an organisation knows of: it pays for them, or they are for it (RULES O8)."""
    return sa.or_(Order.payer_id == organisation.id, Order.holder_id == organisation.id)


def order_of(organisation: Organisation, public_id: str) -> Order | None:
    """An order that this organisation knows of. Its amounts are the payer's to see (RULES M5)."""
    return db.session.scalar(_whole().where(Order.public_id == public_id, concerning(organisation)))


def any_order(public_id: str) -> Order | None:
    """An order, for the operator's desk."""
    return db.session.scalar(_whole().where(Order.public_id == public_id))


def by_id(order_id: int) -> Order | None:
    """The order that a mail is about."""
    return db.session.get(Order, order_id)


def locked_lines(order: Order) -> list[OrderLine]:
    """The order's lines as they are now, locked until the unit ends."""
    return list(
        db.session.scalars(
            sa.select(OrderLine)
            .where(OrderLine.order_id == order.id)
            .order_by(OrderLine.position)
            .with_for_update(key_share=True, of=OrderLine)
            .execution_options(populate_existing=True)
        )
    )


def by_key(key: str) -> Order | None:
    """The order that a form with this one-time key became."""
    return db.session.scalar(sa.select(Order).where(Order.key == key))


def by_reference(reference: str) -> Order | None:
    """The order that a bank transfer with this reference pays."""
    return db.session.scalar(sa.select(Order).where(Order.reference == reference))


def by_outside_number(outside: str) -> Order | None:
    """The order that an outside shop calls so."""
    return db.session.scalar(sa.select(Order).where(Order.outside == outside))


def claimed(claim: str) -> Order | None:
    """The order that renews this period already."""
    return db.session.scalar(
        sa.select(Order).join(OrderLine, OrderLine.order_id == Order.id).where(OrderLine.claim == claim)
    )


# --- lists of orders ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """An order in a list, with what happened to it."""

    public_id: str
    number: str
    placed_at: datetime
    due_on: date
    method: Method
    currency: str
    holder_id: int
    holder: str
    payer_id: int
    payer: str
    facts: Facts

    @property
    def state(self) -> State:
        """What it is at this moment."""
        return self.facts.state

    @property
    def standing(self) -> Standing:
        """The same for somebody who does not pay for it."""
        return self.facts.standing

    @property
    def gross(self) -> Money:
        """What was billed for it."""
        return Money(self.facts.billed, self.currency)

    @property
    def missing(self) -> Money:
        """What has still to be paid."""
        return Money(self.facts.missing, self.currency)


_HOLDER, _PAYER = aliased(Organisation), aliased(Organisation)
_STANDS = Order.cancelled_at.is_(None)
_OWES = sa.and_(_STANDS, Order.gross - Order.credited > Order.received)
_OWES_NOT = sa.and_(_STANDS, Order.gross - Order.credited <= Order.received)
IN_STATE = {
    State.OPEN: sa.and_(_OWES, Order.received == 0),
    State.PART_PAID: sa.and_(_OWES, Order.received > 0),
    State.PAID: sa.and_(_OWES_NOT, Order.credited == 0),
    State.PART_REFUNDED: sa.and_(_OWES_NOT, Order.credited > 0, Order.credited < Order.gross),
    State.REFUNDED: sa.and_(_OWES_NOT, Order.credited > 0, Order.credited == Order.gross),
    State.CANCELLED: Order.cancelled_at.is_not(None),
}
_PAID = sa.or_(Order.received > 0, Order.gross == 0)
WITH_STANDING = {
    Standing.WAITING: _OWES,
    Standing.DONE: sa.and_(_OWES_NOT, _PAID),
    Standing.CANCELLED: sa.or_(IN_STATE[State.CANCELLED], sa.and_(_OWES_NOT, sa.not_(_PAID))),
}


def orders_of(organisation: Organisation, standing: Standing | None = None, *, page: int = 1) -> Part[Row]:
    """The orders that an organisation knows of, newest first: one statement (RULES O8)."""
    query = _rows().where(concerning(organisation))
    if standing:
        query = query.where(WITH_STANDING[standing])
    return _part(query, page)


def all_orders(search: str, shown: Shown | None, *, today: date, page: int = 1) -> Part[Row]:
    """All orders, newest first, for the operator's desk; `search` in numbers, references and organisations."""
    query = _rows()
    if search:
        query = query.where(_matching(search))
    if shown is Shown.OVERDUE:
        query = query.where(_OWES, Order.due_on < today)
    elif shown is Shown.TO_BE_PAID:
        query = query.where(_OWES)
    elif shown:
        query = query.where(IN_STATE[State(shown.value)])
    return _part(query, page)


def _rows() -> sa.Select[Any]:
    columns: tuple[Any, ...] = (
        Order.public_id, Order.number, Order.placed_at, Order.due_on, Order.method, Order.currency,
        Order.holder_id, _HOLDER.name.label("holder"), Order.payer_id, _PAYER.name.label("payer"),
        Order.gross, Order.credited, Order.received, Order.cancelled_at,
    )  # fmt: skip
    return (
        sa.select(*columns)
        .join(_HOLDER, _HOLDER.id == Order.holder_id)
        .join(_PAYER, _PAYER.id == Order.payer_id)
        .order_by(Order.id.desc())
    )


def _matching(search: str) -> sa.ColumnElement[bool]:
    reference = "".join(search.split())
    return sa.or_(
        has(Order.number, search), has(Order.reference, reference), has(Order.outside, search),
        has(_HOLDER.name, search), has(_PAYER.name, search),
    )  # fmt: skip


def _part(query: sa.Select[Any], page: int) -> Part[Row]:
    found = db.session.execute(one_more(query, page)).mappings()
    return part([_row(**each) for each in found], page)


def _row(*, gross: int, credited: int, received: int, cancelled_at: datetime | None, **values: Any) -> Row:
    return Row(**values, facts=Facts(gross, credited, received, cancelled_at is not None))


# --- what came of an order ----------------------------------------------------------------------------------

PAYERS_CAUSES = (Cause.ORDER_PAID, Cause.ORDER_EXCESS, Cause.ORDER_RETURNED)


def products_made(order: Order) -> dict[int, list[Product]]:
    """The products that it made, by the line's id."""
    rows = db.session.execute(
        sa.select(OrderProduct.line_id, Product)
        .join(Product, Product.id == OrderProduct.product_id)
        .join(OrderLine, OrderLine.id == OrderProduct.line_id)
        .where(OrderLine.order_id == order.id)
        .order_by(Product.id)
    )
    made: dict[int, list[Product]] = {}
    for line_id, product in rows:
        made.setdefault(line_id, []).append(product)
    return made


def transfers_of(order: Order) -> list[Transfer]:
    """What was booked for it, oldest first: for the operator's desk."""
    sides = [
        joinedload(side).joinedload(LedgerAccount.organisation) for side in (Transfer.debit, Transfer.credit)
    ]
    return list(
        db.session.scalars(
            sa.select(Transfer)
            .where(Transfer.subject == f"orders:{order.id}")
            .options(*sides)
            .order_by(Transfer.id)
        )
    )


def movements_of(order: Order) -> list[Transfer]:
    """What its payer paid and got back: no cashback, which is somebody else's."""
    return [each for each in transfers_of(order) if each.cause in PAYERS_CAUSES]


def earners_of(order: Order) -> dict[int, Organisation]:
    """The partners that earn on its lines, by id."""
    wanted = {line.earner_id for line in order.lines if line.earner_id}
    rows = db.session.scalars(sa.select(Organisation).where(Organisation.id.in_(wanted))) if wanted else ()
    return {row.id: row for row in rows}


# --- what a refund would do ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refund:
    """What crediting these amounts, net by the line's id, would mean at this moment (RULES M11)."""

    order: Order
    amounts: Mapping[int, Money]

    @property
    def lines(self) -> list[tuple[OrderLine, Money]]:
        """The lines that it takes from, with how much."""
        return [
            (line, self.amounts[line.id])
            for line in self.order.lines
            if line.id in self.amounts and self.amounts[line.id].minor
        ]

    @property
    def net(self) -> Money:
        """What is credited."""
        return self.order.money(sum(amount.minor for _line, amount in self.lines))

    @property
    def vat(self) -> Money:
        """The tax on it."""
        return self.order.vat_back(self.net.minor)

    @property
    def gross(self) -> Money:
        """What the payer gets, or has less to pay."""
        return self.net + self.vat

    @property
    def after(self) -> Facts:
        """What the order would be."""
        order = self.order
        return Facts(order.gross, order.credited + self.gross.minor, order.received, cancelled=False)

    @property
    def returned(self) -> Money:
        """What goes to the payer's prepaid account."""
        return self.order.money(max(0, self.after.excess - self.order.returned))

    @property
    def empties(self) -> bool:
        """Whether nothing would be left to pay on an order that is not paid: any cent would begin it (RULES M6)."""
        return self.order.paid_at is None and self.after.owed == 0

    @property
    def begins(self) -> bool:
        """Whether nothing would be missing then on an order that waits for its payment."""
        return self.order.paid_at is None and self.after.settled

    @property
    def cashback(self) -> list[tuple[OrderLine, Money]]:
        """The lines whose cashback is taken back, with how much."""
        found = [
            (line, line.money(line.cashback_booked) - line.cashback_after(line.credited + amount.minor))
            for line, amount in self.lines
        ]
        return [(line, back) for line, back in found if back.minor > 0]


# --- invoices -----------------------------------------------------------------------------------------------


def invoice_of(payer: Organisation, public_id: str) -> Invoice | None:
    """An invoice or credit note of this payer; nobody else sees it (RULES M5)."""
    return db.session.scalar(_invoices().where(Invoice.public_id == public_id, Invoice.payer_id == payer.id))


def any_invoice(public_id: str) -> Invoice | None:
    """An invoice, for the operator's desk."""
    return db.session.scalar(_invoices().where(Invoice.public_id == public_id))


def _invoices() -> sa.Select[Invoice]:
    return sa.select(Invoice).options(
        joinedload(Invoice.order).options(joinedload(Order.holder), selectinload(Order.lines)),
        joinedload(Invoice.corrects), selectinload(Invoice.credits).joinedload(CreditLine.line),
    )  # fmt: skip


def invoice_by_id(invoice_id: int) -> Invoice | None:
    """The invoice that a mail is about."""
    return db.session.get(Invoice, invoice_id)


def is_first(invoice: Invoice) -> bool:
    """Whether its payer got none before."""
    before = sa.exists().where(Invoice.payer_id == invoice.payer_id, Invoice.id < invoice.id)
    return not db.session.scalar(sa.select(before))


# --- who ----------------------------------------------------------------------------------------------------


def money_people(organisation: Organisation) -> list[User]:
    """Who is told about the organisation's money: who may see it, and may sign in."""
    return list(db.session.scalars(_money_people(), {"organisation": organisation.id}))


@cache
def _money_people() -> sa.Select[User]:
    able = [role for role in Role if role.reaches(rules.MANAGES_MONEY)]
    return (
        sa.select(User)
        .join(User.memberships)
        .where(
            Membership.organisation_id == sa.bindparam("organisation"),
            Membership.role.in_(able),
            User.verified_at.is_not(None),
            User.disabled_at.is_(None),
        )
        .order_by(User.id)
    )


def is_told(organisation: Organisation, address: str) -> bool:
    """Whether a mail to this address is still one to somebody who sees the organisation's money."""
    return any(each.email == address for each in money_people(organisation))


def notices_of(organisation: Organisation) -> NoticeSettings | None:
    """Which mails the organisation wants; None as long as it never said."""
    return db.session.get(NoticeSettings, organisation.id)


def methods(currency: str) -> list[Method]:
    """How an order in this currency can be paid."""
    return [Method.PREPAID, *([Method.INVOICE] if programme().iban(currency) else [])]


def today(now: datetime) -> date:
    """The day on which bills of this moment are dated."""
    return clock.day_of(now)
