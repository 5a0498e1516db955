"""What messages of outside shops change, each once whatever its repetition; and the keys they are signed with."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import Any

from webapp import audit
from webapp.accounts.models import Organisation, User
from webapp.api import queries
from webapp.api.models import ApiKey, OutsideEvent
from webapp.api.rules import Event, EventType, Fault, Faults, NewOrder, NoRoom, OtherBody
from webapp.extensions import db
from webapp.ledger.rules import AccountKind
from webapp.ledger.rules import Side as Account
from webapp.money import Money
from webapp.orders import actions as orders
from webapp.orders import queries as billing
from webapp.orders.models import Order
from webapp.orders.queries import Wanted, renewal_of
from webapp.orders.rules import Method
from webapp.partnerships.rules import Side
from webapp.refused import Refused
from webapp.unit import insert_into, lock, unit_of_work

log = logging.getLogger(__name__)

KINDS = {EventType.PAID: "paid", EventType.CANCELLED: "cancelled", EventType.REFUNDED: "refunded"}
ORDER = "order"


# --- keys ---------------------------------------------------------------------------------------------------


@unit_of_work
def make_key(name: str, *, by: User, now: datetime) -> ApiKey:
    """A new key; its secret is shown once. Raises NoRoom while two are valid."""
    lock(by)
    taken = {key.place for key in queries.valid_keys()}
    free = next((place for place in (1, 2) if place not in taken), None)
    if free is None:
        raise NoRoom()
    key = ApiKey(name=name, place=free, created_at=now, created_by_id=by.id)
    db.session.add(key)
    audit.record("api_key.made", key, by=by, now=now)
    return key


@unit_of_work
def revoke_key(key: ApiKey, *, by: User, now: datetime) -> None:
    """What is signed with it from now on is refused."""
    if lock(key).revoked_at is None:
        key.revoked_at = now
        audit.record("api_key.revoked", key, by=by, now=now)


# --- messages -----------------------------------------------------------------------------------------------


@unit_of_work
def take_order(new: NewOrder, *, event_id: str, body: bytes, now: datetime) -> Order:
    """Places the order for its client, who pays in the shop (RULES M4), and does what came about it before.

    The same message answers the same order. Raises OtherBody, and Faults for what the order names wrongly.
    """
    event, known = _note(event_id, body, ORDER, new.external_id, {}, now=now)
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
        try:
            _apply(parked, order, now=now)
        except (Faults, Refused) as refusal:
            log.warning("event %s came before order %s and does not fit it (%s): look it up in the shop",
                        parked.event_id, order.number, refusal)  # fmt: skip
    return order


@unit_of_work
def take_event(event: Event, *, event_id: str, body: bytes, now: datetime) -> OutsideEvent:
    """Does what the message says of its order, or parks it until the order comes.

    In whatever order messages come, and however often, the ledger is the same (SECURITY M2). Raises OtherBody,
    and Faults for an amount in another currency than the order's or a cancellation that is not possible.
    """
    amount = {"minor": event.amount.minor, "currency": event.amount.currency} if event.amount else {}
    data = {**amount, "reason": event.reason}
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
    """The row of this message, and whether it was there. Two of the same at once come one after the other."""
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
    faults = []
    if new.currency != client.currency:
        faults.append(Fault("other_currency", "/currency", f"This client pays in {client.currency}."))
    plans = queries.plans({line.plan for line in new.lines})
    products = queries.products(client, {line.product for line in new.lines if line.product})
    wanted = []
    for n, line in enumerate(new.lines):
        plan = plans.get(line.plan)
        product = products.get(line.product) if line.product else None
        if plan is None:
            faults.append(Fault("unknown_plan", f"/lines/{n}/plan", "There is no plan with this code."))
        elif line.product and product is None:
            faults.append(
                Fault("unknown_product", f"/lines/{n}/product", "This client has no product with this id.")
            )
        elif product and product.plan_id != plan.id:
            faults.append(Fault("other_plan", f"/lines/{n}/plan", "The product has another plan."))
        elif product:
            wanted.append(renewal_of(product, periods=line.periods))
        else:
            wanted.append(Wanted(plan, line.label, quantity=line.quantity, periods=line.periods))
    if faults:
        raise Faults(faults)
    return client, wanted


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
        left = order.money(order.gross - order.credited)
        given = min(amount or left, left)
        if amount and amount.minor > left.minor:
            log.warning("event %s refunds more of order %s than is left of it: look it up in the shop",
                        event.event_id, order.number)  # fmt: skip
        if given.minor:
            orders.credit_total(order, given, reason=event.data["reason"], by=None, now=now)


def _amount(event: OutsideEvent, order: Order) -> Money | None:
    if "minor" not in event.data:
        return None
    amount = Money(event.data["minor"], event.data["currency"])
    if amount.currency != order.currency:
        raise Faults([Fault("other_currency", "/data/currency", f"The order is in {order.currency}.")])
    return amount


def _fault_of(refusal: Refused) -> Fault:
    """A refusal of the rules for machines: its name as the code, its sentence in English."""
    name = type(refusal).__name__
    code = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
    return Fault(code, "", refusal.sentence % {key: str(value) for key, value in refusal.values.items()})
