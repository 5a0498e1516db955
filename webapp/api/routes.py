"""Addresses for machines: orders from an outside shop and what became of them, signed as Standard Webhooks.

Answers are JSON. What is refused says why: a code, a sentence in English and, for a body, a JSON pointer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps

from flask import Blueprint, Response, abort, jsonify, request

from webapp import clock, limits
from webapp.api import actions, description, queries, rules, signing
from webapp.api.models import OutsideEvent
from webapp.api.rules import Fault, Faults, OtherBody
from webapp.limits import Limit
from webapp.orders.models import Order
from webapp.programme import programme
from webapp.refused import TooMany

blueprint = Blueprint("api", __name__)
log = logging.getLogger(__name__)

# From one network, for the log's sake: a signature can't be guessed. It counts nothing that is signed well, so that
# a shop beside one that still signs with a revoked key goes on.
WRONG_SIGNATURES = Limit("api.signature", 60, timedelta(minutes=1))
MESSAGES = Limit("api.message", 600, timedelta(minutes=1))  # that one key has signed
MEDIA_TYPE = "application/json"

View = Callable[[str, bytes], tuple[dict[str, object], int]]


def signed(view: View) -> Callable[[], Response]:
    """The view is for messages that one of the valid keys has signed; it gets their id and body."""

    @wraps(view)
    def guarded() -> Response:
        body = _body()
        try:
            answer, status = view(_verified(body), body)
        except signing.NotSigned as refusal:
            return _not_signed(refusal)
        except Faults as faults:
            return _refused(422, faults.faults)
        except OtherBody as refusal:
            return _refused(refusal.status, [Fault("id_reused", "", refusal.sentence)])
        except TooMany as wait:
            return _later(wait, "Too many messages with this key. Send this one again later.")
        return _answer(answer, status)

    return guarded


def _body() -> bytes:
    """At most 64 kB of JSON; 413 and 415 for anything else, before more is read."""
    if (request.content_length or 0) > rules.LARGEST_BODY:
        abort(413)
    request.max_content_length = rules.LARGEST_BODY + 1  # a body in chunks is cut there without a word
    charset = request.mimetype_params.get("charset", "utf-8")
    if request.mimetype != MEDIA_TYPE or charset.lower() not in ("utf-8", "utf8"):
        abort(415)
    body = request.get_data(cache=False)
    if len(body) > rules.LARGEST_BODY:
        abort(413)
    return body


def _verified(body: bytes) -> str:
    """The message's permanent id. Raises NotSigned."""
    now, keys = clock.now(), queries.valid_keys()
    tolerance = timedelta(seconds=programme().events.timestamp_tolerance_seconds)
    secrets, headers = [key.secret for key in keys], dict(request.headers.items())
    event_id = signing.verify(secrets, headers, body, now=now, tolerance=tolerance)
    fits = signing.fitting(secrets, headers, body)
    used = [key for key, signs in zip(keys, fits, strict=True) if signs]
    limits.spend_all([(MESSAGES, key.public_id) for key in used], now=now)
    actions.note_use(used, now=now)
    return event_id


def _not_signed(refusal: signing.NotSigned) -> Response:
    try:
        limits.spend_all([(WRONG_SIGNATURES, limits.network(request.remote_addr))], now=clock.now())
    except TooMany as wait:
        return _later(wait, "Too many wrong signatures. Wait a moment.")
    log.warning("a message to %s was refused: %s", request.path, refusal.code)
    return _refused(refusal.status, [Fault(refusal.code, "", refusal.message)])


@blueprint.post("/orders", provide_automatic_options=False)
@signed
def orders(event_id: str, body: bytes) -> tuple[dict[str, object], int]:
    """Places an order that came in outside."""
    now = clock.now()
    new = rules.new_order(body, now=now)
    order = actions.take_order(new, event_id=event_id, body=body, now=now)
    return _said_of_order(order), 200


@blueprint.post("/events", provide_automatic_options=False)
@signed
def events(event_id: str, body: bytes) -> tuple[dict[str, object], int]:
    """Takes in what became of an order: paid, cancelled, refunded."""
    now = clock.now()
    event = rules.event(body, now=now)
    row = actions.take_event(event, event_id=event_id, body=body, now=now)
    return _said_of_event(row), 200 if row.applied_at else 202


@blueprint.get("/openapi.json", provide_automatic_options=False)
def openapi() -> Response:
    """The description of this API."""
    return _answer(description.openapi(), 200)


def _said_of_order(order: Order) -> dict[str, object]:
    return {
        "external_id": order.outside, "number": order.number, "state": order.state.value,
        "currency": order.currency, "net": _amount(order, order.net), "vat": _amount(order, order.vat),
        "gross": _amount(order, order.gross), "credited": _amount(order, order.credited),
    }  # fmt: skip


def _said_of_event(event: OutsideEvent) -> dict[str, object]:
    said: dict[str, object] = {"status": event.standing.value, "external_id": event.external_id}
    return {**said, "order": _said_of_order(event.order)} if event.order else said


def _amount(order: Order, minor: int) -> str:
    return f"{order.money(minor).amount:.2f}"


def _answer(said: dict[str, object], status: int) -> Response:
    response = jsonify(said)
    response.status_code = status
    return response


def _later(wait: TooMany, message: str) -> Response:
    response = _refused(wait.status, [Fault("too_many", "", message)])
    response.headers["Retry-After"] = str(wait.seconds)
    return response


def _refused(status: int, faults: Sequence[Fault]) -> Response:
    return _answer({"errors": [fault.as_data() for fault in faults]}, status)
