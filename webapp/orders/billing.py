"""What is billed: the invoice of an order and its credit notes, issued and booked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from webapp import audit, mailer
from webapp.accounts.models import User
from webapp.extensions import db
from webapp.ledger.rules import AccountKind, Cause
from webapp.ledger.rules import Side as Account
from webapp.money import Money
from webapp.orders import queries, rules
from webapp.orders.bookings import Move, book, receivable
from webapp.orders.models import CreditLine, Invoice, Order
from webapp.orders.numbers import next_number
from webapp.programme import seller_today


def charge(order: Order, *, by: User | None, now: datetime) -> Invoice:
    """The order's invoice, booked: what its payer owes from now on."""
    invoice = _issue(order, by=by, now=now)
    owed, key = receivable(order), f"order:{order.id}"
    moves = [
        Move(owed, Account(AccountKind.REVENUE), order.money(order.net), Cause.ORDER_CHARGED, f"{key}:net"),
        Move(owed, Account(AccountKind.VAT), order.money(order.vat), Cause.ORDER_VAT, f"{key}:vat"),
    ]
    book(order, moves, now=now)
    return invoice


def credit(
    order: Order, amounts: Mapping[int, Money], *, reason: str, by: User | None, now: datetime,
    vat: Money | None = None,
) -> Invoice:  # fmt: skip
    """A credit note of these amounts, net by the line's id, booked. Raises TooMuchCredited.

    Unless `vat` is given it is the part that belongs to all that was ever credited, less what was before.
    """
    given = [line for line in order.lines if line.id in amounts]
    # without any net amount a cent of VAT may be all that is left
    lines = [line for line in given if amounts[line.id].minor] or given[:1]
    for line in lines:
        if (line.left - amounts[line.id]).minor < 0:
            raise rules.TooMuchCredited(amount=line.left)
    net = sum(amounts[line.id].minor for line in lines)
    if vat is None:
        vat = order.vat_back(net)
    note = _issue(order, by=by, now=now, corrects=order.invoice, net=net, vat=vat.minor, reason=reason)
    parts = vat.split([amounts[line.id].minor for line in lines])
    for line, part in zip(lines, parts, strict=True):
        line.credited += amounts[line.id].minor
        note.credits.append(CreditLine(line=line, net=amounts[line.id].minor, vat=part.minor))
    order.credited += note.gross
    book(order, _reversal(order, note), now=now)
    audit.record("order.credited", order, by=by, now=now, organisation=order.payer, detail=note.number)
    for person in queries.money_people(order.payer):
        mailer.queue("credit_issued", person, note, now=now)
    return note


def _reversal(order: Order, note: Invoice) -> list[Move]:
    """What the payer owes no longer."""
    owed, key = receivable(order), f"credit:{note.id}"
    return [
        Move(Account(AccountKind.REVENUE), owed, note.money(note.net), Cause.ORDER_REVERSED, f"{key}:net"),
        Move(Account(AccountKind.VAT), owed, note.money(note.vat), Cause.ORDER_VAT_REVERSED, f"{key}:vat"),
    ]


def _issue(
    order: Order, *, by: User | None, now: datetime, corrects: Invoice | None = None, net: int | None = None,
    vat: int | None = None, reason: str = "",
) -> Invoice:  # fmt: skip
    """The order's invoice; or a credit note of so much, when it corrects one."""
    payer = order.payer
    number, day = next_number("credits", "C", now=now) if corrects else next_number("invoices", "", now=now)
    net, vat = order.net if net is None else net, order.vat if vat is None else vat
    invoice = Invoice(
        number=number, order=order, payer=payer, corrects=corrects, issued_at=now, issued_on=day,
        due_on=day if corrects else max(day, order.due_on), language=payer.language,
        party={
            "name": payer.name, "street": payer.street, "postcode": payer.postcode, "city": payer.city,
            "country": payer.country, "vat_number": payer.vat_number,
            "register_number": payer.register_number, "note": payer.invoice_note,
            "holder": order.holder.name if order.holder_id != order.payer_id else "",
            "seller": seller_today(order.currency), "periods": _periods(order),
        },
        currency=order.currency, net=net, vat=vat, gross=net + vat, reason=reason,
        by_id=by.id if by else None,
    )  # fmt: skip
    db.session.add(invoice)
    db.session.flush()
    return invoice


def _periods(order: Order) -> dict[str, list[str]]:
    """From when until when each line lasts, by its position: a renewal may still be moved until it is paid."""
    return {
        str(line.position): [line.starts_on.isoformat(), line.ends_on.isoformat()]
        for line in order.lines
        if line.starts_on and line.ends_on
    }
