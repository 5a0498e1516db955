"""Addresses for machines: orders from an outside shop and what became of them, signed as Standard Webhooks.

Answers are JSON. What is refused says why: a code, a sentence in English and, for a body, a JSON pointer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from flask import Blueprint, Response, jsonify, request

from webapp import clock, limits
from webapp.api import actions, description, queries, rules, signing
from webapp.api.models import OutsideEvent
from webapp.api.rules import Fault, Faults
from webapp.limits import Limit
from webapp.orders.models import Order
from webapp.programme import programme
from webapp.refused import Refused, TooMany

blueprint = Blueprint("api", __name__)
log = logging.getLogger(__name__)

WRONG_SIGNATURES = Limit("api.signature", 60, timedelta(minutes=1))

View = Callable[[str, bytes], tuple[dict[str, object], int]]


def signed(view: View) -> Callable[[], Response]:
    """The view is for messages that one of the valid keys has signed; it gets their id and body."""

    @wraps(view)
    def guarded() -> Response:
        attempt = (WRONG_SIGNATURES, limits.network(request.remote_addr))
        try:
            if not limits.left(*attempt, now=clock.now()):
                raise TooMany(limits.seconds_left(WRONG_SIGNATURES, now=clock.now()))
            body = request.stream.read(rules.LARGEST_BODY + 1)
            answer, status = view(_verified(body), body)
        except signing.NotSigned as refusal:
            limits.spend_all([attempt], now=clock.now())
            log.warning("a message to %s was refused: %s", request.path, refusal.code)
            return _refused(refusal.status, [Fault(refusal.code, "", refusal.message)])
        except Faults as faults:
            return _refused(422, faults.faults)
        except TooMany as refusal:
            response = _refused(429, [Fault("too_many", "", "Too many wrong signatures. Wait a moment.")])
            response.headers["Retry-After"] = str(refusal.seconds)
            return response
        except Refused as refusal:
            return _refused(refusal.status, [Fault(_code(refusal), "", refusal.sentence)])
        response = jsonify(answer)
        response.status_code = status
        return response

    return guarded


def _verified(body: bytes) -> str:
    """The message's permanent id. Raises NotSigned."""
    secrets = [key.secret for key in queries.valid_keys()]
    tolerance = timedelta(seconds=programme().events.timestamp_tolerance_seconds)
    return signing.verify(secrets, request.headers, body, now=clock.now(), tolerance=tolerance)


@blueprint.post("/orders")
@signed
def orders(event_id: str, body: bytes) -> tuple[dict[str, object], int]:
    """Places an order that came in outside."""
    new = rules.new_order(body, now=clock.now())
    order = actions.take_order(new, event_id=event_id, body=body, now=clock.now())
    return _said_of_order(order), 200


@blueprint.post("/events")
@signed
def events(event_id: str, body: bytes) -> tuple[dict[str, object], int]:
    """Takes in what became of an order: paid, cancelled, refunded."""
    event = rules.event(body, now=clock.now())
    row = actions.take_event(event, event_id=event_id, body=body, now=clock.now())
    return _said_of_event(row), 200 if row.applied_at else 202


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The description of this API."""
    return jsonify(description.openapi())


def _said_of_order(order: Order) -> dict[str, object]:
    return {
        "external_id": order.outside, "number": order.number, "state": order.state.value,
        "currency": order.currency, "net": _amount(order, order.net), "vat": _amount(order, order.vat),
        "gross": _amount(order, order.gross), "credited": _amount(order, order.credited),
    }  # fmt: skip


def _said_of_event(event: OutsideEvent) -> dict[str, object]:
    if event.order is None:
        return {"status": "parked", "external_id": event.external_id}
    return {"status": "applied", "external_id": event.external_id, "order": _said_of_order(event.order)}


def _amount(order: Order, minor: int) -> str:
    return f"{order.money(minor).amount:.2f}"


def _code(refusal: Refused) -> str:
    return "id_reused" if isinstance(refusal, rules.OtherBody) else "refused"


def _refused(status: int, faults: tuple[Fault, ...] | list[Fault]) -> Response:
    response = jsonify(errors=[fault.as_data() for fault in faults])
    response.status_code = status
    return response
