"""What tests of orders from outside begin with: a shop with its key, messages in few words, and what they left."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from werkzeug.test import TestResponse

from tests.orders.story import DEBT, balances
from tests.times import NOW
from webapp.accounts.models import Organisation
from webapp.api import actions, rules
from webapp.api.models import ApiKey, OutsideEvent
from webapp.api.signing import headers_for
from webapp.drafts import new_key
from webapp.extensions import db
from webapp.orders.models import Order
from webapp.products.models import Plan

ORDERS, EVENTS = "/api/v1/orders", "/api/v1/events"
_ids = itertools.count(1)


def next_id() -> str:
    """The id of a message that nothing else has."""
    return f"msg_{next(_ids)}"


def order_of(client: Organisation, plan: Plan, quantity: int = 1, **values: Any) -> dict[str, Any]:
    """The body of an order of something new; `product` makes it a renewal."""
    line = {"plan": plan.code, "quantity": quantity, "periods": 1, "label": "example.ch"}
    return {
        "external_id": "1001", "client": client.public_id, "currency": client.currency,
        "placed_at": NOW.isoformat(), "lines": [line], **values,
    }  # fmt: skip


def renewal_order(client: Organisation, product: Any, **values: Any) -> dict[str, Any]:
    """The body of an order that renews a product."""
    line = {"plan": product.plan.code, "quantity": 1, "periods": 1, "product": product.public_id}
    return {**order_of(client, product.plan, **values), "lines": [line]}


def event_of(kind: str, amount: str | None = None, currency: str = "CHF", **data: Any) -> dict[str, Any]:
    """The body of an event: paid, refunded or cancelled."""
    money = {"amount": amount, "currency": currency} if amount else {}
    body = {"external_id": "1001", **money, **data}
    return {"type": f"order.{kind}", "timestamp": NOW.isoformat(), "data": body}


def written(body: Any) -> bytes:
    """The body as it is sent."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def make_api_key(by: Any, name: str = "Shop", *, now: datetime = NOW) -> ApiKey:
    """A key that is valid."""
    key: ApiKey = actions.make_key(name, form_key=new_key(), by=by, now=now)
    return key


def take(body: Any, event_id: str | None = None, *, now: datetime = NOW) -> Any:
    """The message is taken in as its address does: an order or an event."""
    raw, event_id = written(body), event_id or next_id()
    if "lines" in json.loads(raw):
        return actions.take_order(rules.new_order(raw, now=now), event_id=event_id, body=raw, now=now)
    return actions.take_event(rules.event(raw, now=now), event_id=event_id, body=raw, now=now)


@dataclass
class Shop:
    """A shop that sends signed messages to the addresses."""

    client: Any
    secrets: list[bytes]
    clock: Callable[[], datetime] = field(default=lambda: NOW)

    def send(self, address: str, body: Any, event_id: str | None = None, **changed: Any) -> TestResponse:
        """Sends it signed. `seconds` moves the time that is signed; further values change headers, None takes
        them out."""
        raw = written(body)
        seconds = int(self.clock().timestamp()) + changed.pop("seconds", 0)
        headers: dict[str, Any] = headers_for(self.secrets, event_id or next_id(), seconds, raw)
        headers["content-type"] = "application/json"
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        sent = {name: value for name, value in headers.items() if value is not None}
        response: TestResponse = self.client.post(address, data=raw, headers=sent)
        assert response.mimetype == "application/json", response.text
        assert "Set-Cookie" not in response.headers, response.headers
        return response

    def order(self, body: Any, event_id: str | None = None, **changed: Any) -> TestResponse:
        """Sends an order."""
        return self.send(ORDERS, body, event_id, **changed)

    def event(self, body: Any, event_id: str | None = None, **changed: Any) -> TestResponse:
        """Sends an event."""
        return self.send(EVENTS, body, event_id, **changed)


def codes(response: TestResponse) -> list[str]:
    """What the answer complains about, each with its place."""
    assert response.json is not None
    return [f"{each['code']} {each['pointer']}".strip() for each in response.json["errors"]]


def faults_of(refusal: rules.Faults) -> list[str]:
    """The same of what an action raised."""
    return [f"{each.code} {each.pointer}".strip() for each in refusal.faults]


def standing(currency: str = "CHF") -> dict[tuple[str, str], int]:
    """What is on each account; what a partner owes of its cashback is taken from what it has."""
    found: dict[tuple[str, str], int] = {}
    for (kind, name), minor in balances(currency).items():
        where = ("prepaid" if kind == DEBT else kind, name)
        found[where] = found.get(where, 0) + minor
    return {where: minor for where, minor in found.items() if minor}


def orders() -> list[Order]:
    """All orders."""
    return list(db.session.scalars(sa.select(Order).order_by(Order.id)))


def messages() -> list[OutsideEvent]:
    """All messages that were taken in."""
    return list(db.session.scalars(sa.select(OutsideEvent).order_by(OutsideEvent.id)))
