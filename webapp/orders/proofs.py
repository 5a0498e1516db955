"""What `flask ledger check` proves of orders: each by one statement over the whole database.

Orders say what happened to them, the ledger what was booked for them: both have to tell the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from webapp.extensions import db
from webapp.ledger import proofs
from webapp.ledger.models import LedgerAccount, Transfer
from webapp.ledger.rules import AccountKind, Cause
from webapp.orders.models import CreditLine, Invoice, Order, OrderLine, Series
from webapp.orders.rules import Method

OF_ORDERS = "orders:"
CHARGED = (Cause.ORDER_CHARGED, Cause.ORDER_VAT)
REVERSED = (Cause.ORDER_REVERSED, Cause.ORDER_VAT_REVERSED)
RETURNED = (Cause.ORDER_EXCESS, Cause.ORDER_RETURNED)
# What an order says, and the causes of the transfers that say the same.
AMOUNTS: dict[str, tuple[Cause, ...]] = {
    "net": (Cause.ORDER_CHARGED,),
    "vat": (Cause.ORDER_VAT,),
    "credited": REVERSED,
    "received": (Cause.ORDER_PAID,),
    "returned": RETURNED,
}
SERIES = (("orders", "O-"), ("invoices", ""), ("credits", "C-"))

_further: list[Callable[[], Any]] = []


def faults() -> list[str]:
    """What is wrong with orders and invoices, looked at as a whole; nothing when all is well."""
    return [
        *_booked(),
        *proofs.told(
            _sides, "Transfer {id}: it is order {number}’s, but moves other accounts than its payer’s."
        ),
        *proofs.told(
            _cashback,
            "Line {line}: its cashback and what was booked for organisation {earner} differ by {by}.",
        ),
        *proofs.told(
            _lines, "Order {number}: net {net} and VAT {vat}, its lines add up to {nets} and {vats}."
        ),
        *proofs.told(
            _credited,
            "Order {number}: its credit notes say something else than the order or its line {position}.",
        ),
        *proofs.told(
            _settled,
            "Order {number}: what became of it does not follow from what was billed, credited and received.",
        ),
        *proofs.told(
            _invoices, "Order {number}: its invoice is missing, or says something else than the order."
        ),
        *proofs.told(_notes, "Credit note {number}: its lines don’t add up to it, or are another order’s."),
        *proofs.told(_numbers, "Number {number} of the {series} does not follow the one before it."),
        *proofs.told(
            _series, "The {series} of {year}: as many numbers were given as there are, but for {by}."
        ),
    ]


def _text(number: Any) -> sa.ColumnElement[str]:
    return sa.cast(number, sa.String)


def _total(
    amount: sa.ColumnElement[int], when: sa.ColumnElement[bool] | None = None
) -> sa.ColumnElement[int]:
    """The sum over a group; where there is nothing, 0."""
    counted = amount if when is None else sa.case((when, amount), else_=0)
    return sa.func.coalesce(sa.func.sum(counted), 0)


def _booked() -> list[str]:
    return [
        f"{row.subject}: {name} and what was booked differ by {row._mapping[name]}."
        for row in proofs.asked(_sums)
        for name in AMOUNTS
        if row._mapping[name]
    ]


def _sums() -> proofs.Question:
    """RULES M11: each order's transfers add up to what it says, and no transfer is an unknown order's."""
    nothing = sa.literal(0)
    said = sa.select(
        (OF_ORDERS + _text(Order.id)).label("subject"), sa.literal(1).label("known"),
        *[getattr(Order, name).label(name) for name in AMOUNTS],
    )  # fmt: skip
    moved = sa.select(
        Transfer.subject, nothing,
        *[sa.case((Transfer.cause.in_(causes), -Transfer.amount), else_=0) for causes in AMOUNTS.values()],
    ).where(Transfer.subject.startswith(OF_ORDERS))  # fmt: skip
    both = said.union_all(moved).subquery().c
    sums = [_total(both[name]).label(name) for name in AMOUNTS]
    return (
        sa.select(both.subject, _total(both.known).label("known"), *sums)
        .group_by(both.subject)
        .having(sa.or_(_total(both.known) != 1, *[each != 0 for each in sums]))
        .order_by(both.subject)
        .limit(proofs.TOLD)
    )


def _sides() -> proofs.Question:
    """RULES M5, M6: what an order moves is its payer's, in its currency."""
    debit, credit = aliased(LedgerAccount), aliased(LedgerAccount)
    owing = sa.and_(debit.kind == AccountKind.RECEIVABLE, debit.organisation_id == Order.payer_id)
    owed = sa.and_(credit.kind == AccountKind.RECEIVABLE, credit.organisation_id == Order.payer_id)
    own = sa.or_(
        sa.and_(credit.kind == AccountKind.PREPAID, credit.organisation_id == Order.payer_id),
        sa.and_(
            credit.kind == AccountKind.CLEARING, Order.method == Method.OUTSIDE
        ),  # the shop gives it back
    )
    right = sa.case(
        (Transfer.cause == Cause.ORDER_CHARGED, sa.and_(owing, credit.kind == AccountKind.REVENUE)),
        (Transfer.cause == Cause.ORDER_VAT, sa.and_(owing, credit.kind == AccountKind.VAT)),
        (Transfer.cause == Cause.ORDER_REVERSED, sa.and_(owed, debit.kind == AccountKind.REVENUE)),
        (Transfer.cause == Cause.ORDER_VAT_REVERSED, sa.and_(owed, debit.kind == AccountKind.VAT)),
        (Transfer.cause == Cause.ORDER_PAID, owed),
        (Transfer.cause.in_(RETURNED), sa.and_(owing, own)),
        else_=sa.true(),
    )
    return (
        sa.select(Transfer.id, Order.number)
        .join(Order, Transfer.subject == OF_ORDERS + _text(Order.id))
        .join(debit, debit.id == Transfer.debit_id)
        .join(credit, credit.id == Transfer.credit_id)
        .where(sa.or_(Transfer.currency != Order.currency, sa.not_(right)))
        .order_by(Transfer.id)
        .limit(proofs.TOLD)
    )


def _line_of(key: Any) -> sa.ColumnElement[str]:
    """`12` of the key `line:12:cashback:0`."""
    rest = sa.func.substr(key, len("line:") + 1)
    place = sa.func.strpos if db.engine.dialect.name == "postgresql" else sa.func.instr
    return sa.func.substr(rest, 1, place(rest, ":") - 1)


def _cashback() -> proofs.Question:
    """RULES M4: what each line's earner got, less what was taken back, is what the line says."""
    earned, back = Transfer.cause == Cause.CASHBACK_EARNED, Transfer.cause == Cause.CASHBACK_TAKEN_BACK
    said = sa.select(
        _text(OrderLine.id).label("line"), OrderLine.cashback_booked.label("amount"),
        _text(OrderLine.earner_id).label("earner"),
    ).where(OrderLine.earner_id.is_not(None))  # fmt: skip
    account = aliased(LedgerAccount)
    moved = (
        sa.select(
            _line_of(Transfer.key),
            sa.case((earned, -Transfer.amount), else_=Transfer.amount),
            _text(account.organisation_id),
        )
        .join(account, account.id == sa.case((earned, Transfer.credit_id), else_=Transfer.debit_id))
        .where(sa.or_(earned, back), Transfer.key.startswith("line:"))
    )
    both = said.union_all(moved).subquery().c
    total = _total(both.amount)
    return (
        sa.select(both.line, both.earner, total.label("by"))
        .group_by(both.line, both.earner)
        .having(total != 0)
        .order_by(both.line)
        .limit(proofs.TOLD)
    )


def _lines() -> proofs.Question:
    """SECURITY L7: an order is the sum of its lines, VAT as well as net."""
    lines = (
        sa.select(
            OrderLine.order_id,
            sa.func.sum(OrderLine.net).label("net"),
            sa.func.sum(OrderLine.vat).label("vat"),
        )
        .group_by(OrderLine.order_id)
        .subquery()
    ).c
    return (
        sa.select(
            Order.number, Order.net, Order.vat,
            sa.func.coalesce(lines.net, 0).label("nets"), sa.func.coalesce(lines.vat, 0).label("vats"),
        )
        .outerjoin(lines.net.table, lines.order_id == Order.id)
        .where(
            sa.or_(
                sa.func.coalesce(lines.net, -1) != Order.net, sa.func.coalesce(lines.vat, -1) != Order.vat
            )
        )
        .order_by(Order.id)
        .limit(proofs.TOLD)
    )  # fmt: skip


def _credited() -> proofs.Question:
    """RULES M11: what was credited of a line and an order is what its credit notes say."""
    lines = (
        sa.select(CreditLine.line_id, sa.func.sum(CreditLine.net).label("net"))
        .group_by(CreditLine.line_id)
        .subquery()
    ).c
    notes = (
        sa.select(Invoice.order_id, sa.func.sum(Invoice.gross).label("gross"))
        .where(Invoice.corrects_id.is_not(None))
        .group_by(Invoice.order_id)
        .subquery()
    ).c
    by_line, by_order = sa.func.coalesce(lines.net, 0), sa.func.coalesce(notes.gross, 0)
    return (
        sa.select(Order.number, OrderLine.position)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .outerjoin(lines.net.table, lines.line_id == OrderLine.id)
        .outerjoin(notes.gross.table, notes.order_id == Order.id)
        .where(sa.or_(OrderLine.credited != by_line, Order.credited != by_order))
        .order_by(OrderLine.id)
        .limit(proofs.TOLD)
    )


def _settled() -> proofs.Question:
    """SECURITY M2: what is too much was given back, and what is paid is marked as paid."""
    owed = Order.gross - Order.credited
    excess = sa.case((Order.received > owed, Order.received - owed), else_=0)
    settled = sa.and_(Order.received >= owed, sa.or_(Order.received > 0, Order.gross == 0))
    unmarked = sa.and_(settled, Order.cancelled_at.is_(None), Order.paid_at.is_(None))
    too_early = sa.and_(~settled, Order.paid_at.is_not(None))
    return (
        sa.select(Order.number)
        .where(sa.or_(Order.returned != excess, unmarked, too_early))
        .order_by(Order.id)
        .limit(proofs.TOLD)
    )


def _invoices() -> proofs.Question:
    """RULES M5: each order has one invoice, over its sum and to its payer; credit notes go to the same one."""
    same = sa.and_(Invoice.payer_id == Order.payer_id, Invoice.currency == Order.currency)
    whole = sa.and_(Invoice.net == Order.net, Invoice.vat == Order.vat)
    right = sa.and_(same, sa.or_(Invoice.corrects_id.is_not(None), whole))
    firsts = sa.func.count(sa.case((Invoice.corrects_id.is_(None), 1)))
    return (
        sa.select(Order.number)
        .outerjoin(Invoice, Invoice.order_id == Order.id)
        .group_by(Order.id, Order.number)
        .having(sa.or_(firsts != 1, sa.func.sum(sa.case((right, 0), else_=1)) != 0))
        .order_by(Order.id)
        .limit(proofs.TOLD)
    )


def _notes() -> proofs.Question:
    """SECURITY L7: a credit note is the sum of its lines, and they are lines of the order that it corrects."""
    net, vat = (
        sa.func.coalesce(sa.func.sum(CreditLine.net), 0),
        sa.func.coalesce(sa.func.sum(CreditLine.vat), 0),
    )
    strange = sa.func.count(sa.case((OrderLine.order_id != Invoice.order_id, 1)))
    corrected = aliased(Invoice)
    elsewhere = sa.or_(corrected.order_id != Invoice.order_id, corrected.corrects_id.is_not(None))
    return (
        sa.select(Invoice.number)
        .join(corrected, corrected.id == Invoice.corrects_id)
        .outerjoin(CreditLine, CreditLine.invoice_id == Invoice.id)
        .outerjoin(OrderLine, OrderLine.id == CreditLine.line_id)
        .group_by(Invoice.id, Invoice.number, Invoice.net, Invoice.vat)
        .having(
            sa.or_(
                net != Invoice.net, vat != Invoice.vat, strange != 0,
                sa.func.count(sa.case((elsewhere, 1))) != 0,
            )
        )
        .order_by(Invoice.id)
        .limit(proofs.TOLD)
    )  # fmt: skip


# --- numbers ------------------------------------------------------------------------------------------------


def also_numbered(rows: Callable[[], Any]) -> None:
    """From now on the numbers of a later feature are looked at too: `rows` has the columns of `_given`."""
    _further.append(rows)


def _given() -> sa.CTE:
    """Every number that was given, with its series, its year, its order in time, and the day on it if it has one."""
    found = []
    for name, prefix in SERIES:
        table: Any = Order if name == "orders" else Invoice
        day = sa.cast(sa.null(), sa.Date) if table is Order else Invoice.issued_on
        rows = sa.select(
            sa.literal(name).label("series"), sa.literal(prefix).label("prefix"),
            sa.func.substr(table.number, len(prefix) + 1, 4).label("year"),
            table.id.label("id"), table.number.label("number"), day.label("day"),
        )  # fmt: skip
        if table is Invoice:
            rows = rows.where((Invoice.corrects_id.is_not(None)) if prefix else Invoice.corrects_id.is_(None))
        found.append(rows)
    return sa.union_all(*found, *(further() for further in _further)).cte("given")


def _numbers() -> proofs.Question:
    """RULES M5: numbers of a year rise one by one, and the days on invoices with them."""
    given = _given().c
    of_year: dict[str, Any] = {"partition_by": [given.series, given.year], "order_by": given.id}
    counted = sa.select(
        given.series, given.prefix, given.year, given.id, given.number, given.day,
        sa.func.row_number().over(**of_year).label("nth"), sa.func.lag(given.day).over(**of_year).label("before"),
    ).subquery().c  # fmt: skip
    padded = sa.func.substr(_text(100_000 + counted.nth), 2)
    expected = counted.prefix + counted.year + "-" + sa.case(
        (counted.nth < 100_000, padded), else_=_text(counted.nth)
    )  # fmt: skip
    wrong = (
        sa.select(counted.series, counted.year, sa.func.min(counted.id).label("first"))
        .where(sa.or_(counted.number != expected, counted.day < counted.before))
        .group_by(counted.series, counted.year)
        .subquery()
    ).c
    return (
        sa.select(given.number, given.series)
        .join(wrong.first.table, sa.and_(wrong.first == given.id, wrong.series == given.series))
        .order_by(given.series, given.year)
        .limit(proofs.TOLD)
    )


def _series() -> proofs.Question:
    """RULES M5: the next number of each year is the one after all that were given."""
    given = _given().c
    said = sa.select(
        Series.name.label("series"), _text(Series.year).label("year"), (Series.following - 1).label("count")
    )
    there = sa.select(given.series, given.year, -sa.func.count()).group_by(given.series, given.year)
    both = said.union_all(there).subquery().c
    return (
        sa.select(both.series, both.year, sa.func.sum(both.count).label("by"))
        .group_by(both.series, both.year)
        .having(sa.func.sum(both.count) != 0)
        .order_by(both.series, both.year)
    )


proofs.register("orders", faults)
