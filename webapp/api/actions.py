"""What messages of outside shops change, each once whatever its repetition; and the keys they are signed with."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from webapp import audit
from webapp.accounts.models import Organisation, User
from webapp.api import queries
from webapp.api.models import ApiKey, OutsideEvent
from webapp.api.rules import (
    Event,
    EventType,
    Fault,
    Faults,
    Misfit,
    NewOrder,
    NoRoom,
    OrderedLine,
    OtherBody,
    ShownAlready,
)
from webapp.extensions import db
from webapp.ledger.rules import AccountKind
from webapp.ledger.rules import Side as Account
from webapp.money import Money
from webapp.orders import actions as orders
from webapp.orders import queries as billing
from webapp.orders.models import Order
from webapp.orders.quotes import Wanted, renewal_of
from webapp.orders.rules import Method, PriceChanged
from webapp.partnerships.rules import Side
from webapp.products.models import Plan, Product
from webapp.refused import Refused
from webapp.unit import insert_into, lock, take_turns, unit_of_work

log = logging.getLogger(__name__)

KINDS = {EventType.PAID: "paid", EventType.CANCELLED: "cancelled", EventType.REFUNDED: "refunded"}
ORDER = "order"
USE_TOLD = timedelta(minutes=5)  # how often a key that is used says so
PLACES: dict[type[Refused], str] = {PriceChanged: "/expected_gross"}  # what a refusal of the rules is about


# --- keys ---------------------------------------------------------------------------------------------------


@unit_of_work
def make_key(name: str, *, form_key: str, by: User, now: datetime) -> ApiKey:
    """A new key; its secret is shown once. Raises ShownAlready for the same form, NoRoom while two are valid."""
    take_turns("api_keys")
    if queries.key_of_form(form_key):
        raise ShownAlready()
    taken = {key.place for key in queries.valid_keys()}
    free = next((place for place in (1, 2) if place not in taken), None)
    if free is None:
        raise NoRoom()
    key = ApiKey(name=name, place=free, form_key=form_key, created_at=now, created_by=by)
    db.session.add(key)
    audit.record("api_key.made", key, by=by, now=now)
    return key


@unit_of_work
def revoke_key(key: ApiKey, *, by: User, now: datetime) -> None:
    """What is signed with it from now on is refused."""
    if lock(key).revoked_at is None:
        key.revoked_at = now
        audit.record("api_key.revoked", key, by=by, now=now)


def note_use(keys: Collection[ApiKey], *, now: datetime) -> None:
    """That a message is signed with these keys; written only where nothing was written lately."""
    due = [key for key in keys if key.used_at is None or now - key.used_at >= USE_TOLD]
    if due:
        _note_use(due, now=now)


@unit_of_work
def _note_use(keys: Collection[ApiKey], *, now: datetime) -> None:
    ids = [key.id for key in keys]
    db.session.execute(sa.update(ApiKey).where(ApiKey.id.in_(ids)).values(used_at=now))


# --- messages -----------------------------------------------------------------------------------------------


@unit_of_work
def take_order(new: NewOrder, *, event_id: str, body: bytes, now: datetime) -> Order:
    """Places the order for its client, who pays in the shop (RULES M4), and does what came about it before.

    The same message answers the same order. Raises OtherBody, and Faults for what the order names wrongly.
    """
    data = {"at": new.placed_at.isoformat()}
    event, known = _note(event_id, body, ORDER, new.external_id, data, now=now)
    if known and event.order:
        return event.order
    client, wanted = _understood(new)
    if billing.by_outside_number(new.external_id):
        raise Faults([Fault("already_there", "/external_id", "Another message has brought this order.")])
    try:
        order = orders.place(
            client, wanted, side=Side.CLIENT, method=Method.OUTSIDE, by=None, now=now,
            expected=new.expected_gross, outside=new.external_id,
        )  # fmt: skip
    except Refused as refusal:
        raise Faults([_fault_of(refusal)]) from None
    event.order, event.applied_at = order, now
    for parked in queries.parked(new.external_id):
        _apply_parked(parked, order, now=now)
    return order


def _apply_parked(event: OutsideEvent, order: Order, *, now: datetime) -> None:
    """Does what it says; when it doesn't fit the order, the order counts nevertheless, and a person looks."""
    try:
        with db.session.begin_nested():  # what it had begun is taken back
            _apply(event, order, now=now)
    except (Faults, Refused) as refusal:
        event.order, event.applied_at = order, now
        event.misfit = Misfit.CURRENCY if isinstance(refusal, Faults) else Misfit.IMPOSSIBLE
        log.warning("event %s came before order %s and does not fit it (%s): look it up in the shop",
                    event.event_id, order.number, refusal)  # fmt: skip


@unit_of_work
def take_event(event: Event, *, event_id: str, body: bytes, now: datetime) -> OutsideEvent:
    """Does what the message says of its order, or parks it until the order comes.

    In whatever order messages come, and however often, the ledger is the same (SECURITY M2). Raises OtherBody,
    and Faults for an amount in another currency than the order's or a cancellation that is not possible.
    """
    amount = {"minor": event.amount.minor, "currency": event.amount.currency} if event.amount else {}
    data = {**amount, "reason": event.reason, "at": event.at.isoformat()}
    row, known = _note(event_id, body, KINDS[event.type], event.external_id, data, now=now)
    order = billing.by_outside_number(event.external_id)
    if known or order is None:
        return row
    try:
        _apply(row, order, now=now)
    except Refused as refusal:
        raise Faults([_fault_of(refusal)]) from None
    return row


def _note(
    event_id: str, body: bytes, kind: str, external_id: str, data: dict[str, Any], *, now: datetime
) -> tuple[OutsideEvent, bool]:
    """The row of this message, and whether it was there.

    All about one order comes one after the other: an event that finds no order is seen by the order.
    """
    take_turns(f"outside:{external_id}")
    digest = hashlib.sha256(body).hexdigest()
    made = db.session.execute(
        insert_into(OutsideEvent)
        .values(
            event_id=event_id, digest=digest, kind=kind, external_id=external_id, data=data, received_at=now
        )
        .on_conflict_do_nothing(index_elements=["event_id"])
        .returning(OutsideEvent.id)
    ).scalar()
    row = queries.event(event_id)
    assert row is not None
    if row.digest != digest or row.kind != kind:
        raise OtherBody()
    return row, made is None


def _understood(new: NewOrder) -> tuple[Organisation, list[Wanted]]:
    """The client and the lines that the order names. Raises Faults with a place for each."""
    client = queries.organisation(new.client)
    if client is None:
        raise Faults([Fault("unknown_client", "/client", "There is no client with this id.")])
    faults: list[Fault] = []
    if new.currency != client.currency:
        faults.append(Fault("other_currency", "/currency", f"This client pays in {client.currency}."))
    plans = queries.plans({line.plan for line in new.lines})
    products = queries.products(client, {line.product for line in new.lines if line.product})
    wanted = []
    for n, line in enumerate(new.lines):
        product = products.get(line.product) if line.product else None
        try:
            wanted.append(_understood_line(line, plans.get(line.plan), product))
        except Faults as wrong:
            faults += [fault._replace(pointer=f"/lines/{n}{fault.pointer}") for fault in wrong.faults]
    if faults:
        raise Faults(faults)
    return client, wanted


def _understood_line(line: OrderedLine, plan: Plan | None, product: Product | None) -> Wanted:
    if plan is None:
        raise Faults([Fault("unknown_plan", "/plan", "There is no plan with this code.")])
    if line.product is None and plan.retired_at:
        raise Faults([Fault("not_sold", "/plan", "This plan is no longer sold.")])
    if line.product is None:
        return Wanted(plan, line.label, quantity=line.quantity, periods=line.periods)
    if product is None:
        raise Faults([Fault("unknown_product", "/product", "This client has no product with this id.")])
    if product.plan_id != plan.id:
        raise Faults([Fault("other_plan", "/plan", "The product has another plan.")])
    return renewal_of(product, periods=line.periods)


def _apply(event: OutsideEvent, order: Order, *, now: datetime) -> None:
    """Does what the message says. What it says once too often, or beyond what is left, changes nothing."""
    event.order, event.applied_at = order, now
    amount = _amount(event, order)
    if event.kind == KINDS[EventType.PAID]:
        paid = amount or order.money(order.gross)
        if paid.minor:
            orders.receive(
                order, paid, Account(AccountKind.CLEARING), key=f"event:{event.id}", by=None, now=now
            )
    elif order.cancelled_at:
        return
    elif event.kind == KINDS[EventType.CANCELLED]:
        orders.cancel(order, reason=event.data["reason"], by=None, now=now)
    else:
        _give_back(event, order, amount, now=now)


def _give_back(event: OutsideEvent, order: Order, amount: Money | None, *, now: datetime) -> None:
    left = order.money(order.gross - order.credited)
    if amount and amount.minor > left.minor:
        event.misfit = Misfit.BEYOND
        log.warning("event %s refunds more of order %s than is left of it: look it up in the shop",
                    event.event_id, order.number)  # fmt: skip
    given = min(amount or left, left)
    if given.minor:
        orders.credit_total(order, given, reason=event.data["reason"], by=None, now=now)


def _amount(event: OutsideEvent, order: Order) -> Money | None:
    if event.amount and event.amount.currency != order.currency:
        raise Faults([Fault("other_currency", "/data/currency", f"The order is in {order.currency}.")])
    return event.amount


def _fault_of(refusal: Refused) -> Fault:
    """A refusal of the rules for machines: its name as the code, its sentence in English."""
    name = type(refusal).__name__
    code = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
    values = {key: _plain(value) for key, value in refusal.values.items()}
    message = refusal.sentence % values if values else refusal.sentence
    return Fault(code, PLACES.get(type(refusal), ""), message)


def _plain(value: object) -> str:
    return f"{value.amount:.2f} {value.currency}" if isinstance(value, Money) else str(value)
