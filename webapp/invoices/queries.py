"""Lists of invoices and credit notes: a payer's own (RULES M5), and all of them for the operator's desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from webapp.accounts.models import Organisation
from webapp.extensions import db
from webapp.invoices.rules import Kind
from webapp.lists import Part, has, one_more, part
from webapp.money import Money
from webapp.orders.models import Invoice, Order
from webapp.orders.rules import Facts, State

CREDIT_PREFIX = "C-"
IS_KIND = {Kind.INVOICE: Invoice.corrects_id.is_(None), Kind.CREDIT_NOTE: Invoice.corrects_id.is_not(None)}


# --- lists --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """An invoice or credit note in a list, with what became of its order."""

    public_id: str
    number: str
    issued_on: date
    due_on: date
    corrects_id: int | None
    gross: Money
    order: str
    order_id: str
    holder: str
    payer: str
    facts: Facts

    @property
    def is_credit(self) -> bool:
        """Whether it is a credit note."""
        return self.corrects_id is not None

    @property
    def state(self) -> State:
        """What the order is at this moment."""
        return self.facts.state


_HOLDER, _PAYER = aliased(Organisation), aliased(Organisation)


def invoices_of(payer: Organisation, year: int | None = None, *, page: int = 1) -> Part[Row]:
    """The payer's invoices and credit notes, newest first: one statement."""
    return _part(_rows().where(Invoice.payer_id == payer.id, _in_year(year)), page)


def all_invoices(search: str, year: int | None, kind: Kind | None, *, page: int = 1) -> Part[Row]:
    """All of them, newest first; `search` in the numbers of invoices and orders, references and payers."""
    query = _rows().where(_in_year(year))
    if search:
        query = query.where(_matching(search))
    if kind:
        query = query.where(IS_KIND[kind])
    return _part(query, page)


def _in_year(year: int | None) -> sa.ColumnElement[bool]:
    if year is None:
        return sa.true()
    return Invoice.issued_on.between(date(year, 1, 1), date(year, 12, 31))


def _matching(search: str) -> sa.ColumnElement[bool]:
    reference = "".join(search.split())
    return sa.or_(
        has(Invoice.number, search), has(Order.number, search), has(Order.reference, reference),
        has(_PAYER.name, search),
    )  # fmt: skip


def _rows() -> sa.Select[Any]:
    columns: tuple[Any, ...] = (
        Invoice.public_id, Invoice.number, Invoice.issued_on, Invoice.due_on, Invoice.corrects_id,
        Invoice.gross, Invoice.currency, Order.number.label("order"), Order.public_id.label("order_id"),
        _HOLDER.name.label("holder"), _PAYER.name.label("payer"), Order.gross.label("billed"),
        Order.credited, Order.received, Order.cancelled_at,
    )  # fmt: skip
    return (
        sa.select(*columns)
        .join(Order, Order.id == Invoice.order_id)
        .join(_HOLDER, _HOLDER.id == Order.holder_id)
        .join(_PAYER, _PAYER.id == Invoice.payer_id)
        .order_by(Invoice.id.desc())
    )


def _part(query: sa.Select[Any], page: int) -> Part[Row]:
    found = db.session.execute(one_more(query, page)).mappings()
    return part([_row(**each) for each in found], page)


def _row(
    *, gross: int, currency: str, billed: int, credited: int, received: int, cancelled_at: Any, **values: Any
) -> Row:
    facts = Facts(billed, credited, received, cancelled_at is not None)
    return Row(**values, gross=Money(gross, currency), facts=facts)


# --- years and sums -----------------------------------------------------------------------------------------


def years_of(payer: Organisation) -> list[int]:
    """The years that the payer has invoices or credit notes of, newest first."""
    year = sa.cast(sa.extract("year", Invoice.issued_on), sa.Integer)
    return list(db.session.scalars(
        sa.select(year).where(Invoice.payer_id == payer.id).group_by(year).order_by(year.desc())
    ))  # fmt: skip


@dataclass(frozen=True)
class Sums:
    """What a payer was invoiced and credited in one currency, VAT included."""

    invoiced: Money
    credited: Money

    @property
    def together(self) -> Money:
        """What is left."""
        return self.invoiced - self.credited


def sums_of(payer: Organisation, year: int | None = None) -> list[Sums]:
    """By currency: one statement."""
    first, others = [
        sa.func.coalesce(sa.func.sum(sa.case((IS_KIND[kind], Invoice.gross), else_=0)), 0) for kind in Kind
    ]
    rows = db.session.execute(
        sa.select(Invoice.currency, first, others)
        .where(Invoice.payer_id == payer.id, _in_year(year))
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    return [
        Sums(Money(int(invoiced), currency), Money(int(credited), currency))
        for currency, invoiced, credited in rows
    ]


# --- numbers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Numbers:
    """The numbers that were given in a year: how many, and the highest of them."""

    kind: Kind
    year: int
    count: int
    highest: int

    @property
    def missing(self) -> int:
        """How many below the highest are no document's; numbers are given without gaps (RULES M5)."""
        return self.highest - self.count


def numbers() -> list[Numbers]:
    """By kind and year, newest year first: one statement, answered by the index of the numbers alone."""
    credit = Invoice.number.startswith(CREDIT_PREFIX)
    bare = sa.case((credit, sa.func.substr(Invoice.number, len(CREDIT_PREFIX) + 1)), else_=Invoice.number)
    rows = db.session.execute(
        sa.select(
            credit.label("credit"), sa.func.substr(bare, 1, 4).label("year"), sa.func.count(),
            sa.func.max(sa.cast(sa.func.substr(bare, 6), sa.Integer)),
        ).group_by("credit", "year").order_by(sa.desc("year"), "credit")
    )  # fmt: skip
    return [
        Numbers(Kind.CREDIT_NOTE if is_credit else Kind.INVOICE, int(year), count, highest)
        for is_credit, year, count, highest in rows
    ]
