"""What tests of orders begin with, and look at: money on accounts, orders in few words, what everybody has."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import count
from typing import Any

import sqlalchemy as sa

from tests.factories import make_plan
from tests.times import NOW
from webapp.accounts.models import Organisation
from webapp.extensions import db
from webapp.ledger import queries as books
from webapp.ledger.models import Entry, LedgerAccount, Transfer
from webapp.ledger.rules import AccountKind
from webapp.ledger.rules import Side as Account
from webapp.orders import actions
from webapp.orders.models import Order, OrderLine
from webapp.orders.quotes import Wanted, renewal_of
from webapp.orders.rules import Method
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Side
from webapp.payments import actions as payments
from webapp.products.models import Product
from webapp.unit import unit_of_work

CLEARING = Account(AccountKind.CLEARING)
PREPAID, RECEIVABLE, DEBT = AccountKind.PREPAID, AccountKind.RECEIVABLE, AccountKind.DEBT
LUMEN, LUMIERE = "Lumen Optik AG", "Lumière Digital Sàrl"
CHARGED = {("revenue", ""): 12_000, ("vat", ""): 972}  # for the usual plan
_keys = count(1)


def key() -> str:
    """One that nothing else has."""
    return f"test:{next(_keys)}"


def prepaid(organisation: Organisation) -> Account:
    """Its prepaid account."""
    return Account(PREPAID, organisation.id)


def new(plan: Any, quantity: int = 1, periods: int = 1, label: str = "neu.ch") -> Wanted:
    """So many new products."""
    return Wanted(plan, label, quantity, periods)


def ordered(holder: Organisation, *wanted: Any, by: Any = None, acting: Any = None, **values: Any) -> Order:
    """An order, by invoice unless told otherwise, of what is wanted; a product means its renewal."""
    lines = [renewal_of(each) if isinstance(each, Product) else each for each in wanted]
    side = Side.PARTNER if acting else Side.CLIENT
    row = {"method": Method.INVOICE, "now": NOW, **values}
    return actions.place(holder, lines, side=side, acting=acting, by=by, **row)


def pay(order: Order, minor: int | None = None, source: Account | None = None, **values: Any) -> None:
    """So much arrives for it, on the bank's account unless told otherwise; all that is missing unless told
    otherwise."""
    amount = order.missing if minor is None else order.money(minor)
    row = {"key": key(), "by": None, "now": NOW, **values}
    if source:
        actions.receive(order, amount, source, **row)
    else:
        payments.book_payment(order, amount, booked_on=row["now"].date(), **row)


def spend(organisation: Organisation, minor: int) -> None:
    """So much of its prepaid account goes towards an order of its own, which is never paid in full."""
    pay(ordered(organisation, new(make_plan(price_chf=10 * minor))), minor, prepaid(organisation))


def refund(order: Order, *minors: int, **values: Any) -> Any:
    """So much, net, of its first lines is given back."""
    amounts = {line.id: order.money(minor) for line, minor in zip(order.lines, minors, strict=False)}
    return actions.credit(order, amounts, **{"reason": "Too slow", "by": None, "now": NOW, **values})


def refund_total(order: Order, minor: int, **values: Any) -> Any:
    """So much, VAT included, is given back."""
    row = {"reason": "Too slow", "by": None, "now": NOW, **values}
    return actions.credit_total(order, order.money(minor), **row)


def cancelled(order: Order, **values: Any) -> Order:
    """The same, cancelled."""
    actions.cancel(order, **{"reason": "A mistake", "by": None, "now": NOW, **values})
    return order


def has(organisation: Organisation | None, kind: AccountKind = PREPAID, currency: str = "CHF") -> int:
    """Minor units on this account."""
    return books.balance(kind, organisation.id if organisation else None, currency=currency).minor


def balances(currency: str = "CHF") -> dict[tuple[str, str], int]:
    """What is on every account that has something: by kind and organisation, `""` for the operator."""
    rows = db.session.execute(
        sa.select(LedgerAccount.kind, Organisation.name, sa.func.sum(Entry.amount))
        .join(Entry, Entry.account_id == LedgerAccount.id)
        .outerjoin(Organisation, Organisation.id == LedgerAccount.organisation_id)
        .where(LedgerAccount.currency == currency)
        .group_by(LedgerAccount.kind, Organisation.name)
    )
    return {(str(kind), name or ""): int(total) for kind, name, total in rows if total}


def booked(order: Order) -> dict[str, int]:
    """What was booked for it, by cause."""
    totals: Counter[str] = Counter()
    rows = db.session.scalars(sa.select(Transfer).where(Transfer.subject == f"orders:{order.id}"))
    for row in rows:
        totals[row.cause] += row.amount
    return dict(totals)


def line_of(order: Order) -> OrderLine:
    """Its only line."""
    [line] = order.lines
    return line


def active(organisation: Organisation) -> int:
    """How many products it has."""
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Product)
            .where(Product.organisation_id == organisation.id, Product.ended_at.is_(None))
        )
        or 0
    )


def ended(partnership: Partnership, now: datetime) -> None:
    """It ended at this moment."""
    set_values(partnership, ended_at=now, ended_by_side=Side.CLIENT)


@unit_of_work
def set_values(row: Any, **values: Any) -> None:
    """The row is so from now on."""
    for name, value in values.items():
        setattr(row, name, value)
