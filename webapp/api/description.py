"""The OpenAPI description of the addresses for machines. What it says of sizes and forms is what `rules` reads."""

from __future__ import annotations

from typing import Any

from webapp.api.models import EVENT_ID_LENGTH
from webapp.api.rules import AMOUNT, EXTERNAL_ID, PUBLIC_ID, EventType
from webapp.money import CURRENCIES
from webapp.orders.rules import LINES_MOST, PERIODS_MOST, QUANTITY_MOST, REASON_LENGTH, State
from webapp.products.rules import CODE, LABEL_LENGTH

SIGNATURE = (
    "Messages are signed as Standard Webhooks (https://www.standardwebhooks.com): `webhook-signature` holds "
    "`v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body` under the key. A message keeps its "
    "`webhook-id` however often it is sent; the same id with another body is refused."
)


def openapi() -> dict[str, Any]:
    """The whole description, OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Orders from outside", "version": "1", "description": SIGNATURE},
        "paths": {
            "/api/v1/orders": {"post": _operation(
                "placeOrder", "Place an order of an outside shop",
                "The client pays in the shop. Prices are the portal’s: with `expected_gross` an order at another "
                "price is refused.",
                "NewOrder", {"200": ("The order is placed, or was by this message before.", "Order")},
            )},
            "/api/v1/events": {"post": _operation(
                "tellEvent", "Tell what became of an order",
                "An event whose order is not there yet is parked and applied when the order comes. Without an "
                "amount it concerns the whole order; a refund beyond what is left gives back what is left.",
                "Event", {
                    "200": ("It counts.", "EventAnswer"),
                    "202": ("It is parked until its order comes.", "EventAnswer"),
                },
            )},
        },
        "components": {"schemas": _schemas(), "parameters": _headers()},
    }  # fmt: skip


def _operation(
    name: str, summary: str, told: str, body: str, answers: dict[str, tuple[str, str]]
) -> dict[str, Any]:
    refusals = {
        "400": "A header is missing or malformed.",
        "401": "The signature or its time is not right.",
        "409": "The id was used with another body.",
        "422": "The body is not right; each fault has a place.",
        "429": "Too many wrong signatures.",
    }
    return {
        "operationId": name,
        "summary": summary,
        "description": told,
        "parameters": [{"$ref": f"#/components/parameters/{header}"} for header in _headers()],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{body}"}}},
        },
        "responses": {
            **{status: _answer(words, schema) for status, (words, schema) in answers.items()},
            **{status: _answer(words, "Errors") for status, words in refusals.items()},
        },
    }


def _answer(words: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": words, "content": content}


def _headers() -> dict[str, Any]:
    return {
        "webhook-id": _header(
            "webhook-id", "The message’s permanent id.", rf"^[A-Za-z0-9_-]{{1,{EVENT_ID_LENGTH}}}$"
        ),
        "webhook-timestamp": _header(
            "webhook-timestamp", "Seconds since 1970, of this attempt.", "^[0-9]{1,12}$"
        ),
        "webhook-signature": _header(
            "webhook-signature", "`v1,` and a signature; several are separated by blanks.", "^v1,"
        ),
    }


def _header(name: str, words: str, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": True, "description": words, "schema": schema}


def _schemas() -> dict[str, Any]:
    amount = {"type": "string", "pattern": f"^{AMOUNT.pattern}$", "example": "12.50"}
    currency = {"type": "string", "enum": list(CURRENCIES)}
    external_id = {
        "type": "string",
        "pattern": f"^{EXTERNAL_ID.pattern}$",
        "description": "The shop’s number.",
    }
    moment = {"type": "string", "format": "date-time", "description": "Not ahead of now."}
    public_id = {"type": "string", "pattern": f"^{PUBLIC_ID.pattern}$"}
    plan = {"type": "string", "pattern": f"^{CODE.pattern}$", "description": "A code of the catalogue."}
    periods = {"type": "integer", "minimum": 1, "maximum": PERIODS_MOST}
    something_new = _object(
        {
            "plan": plan,
            "quantity": {"type": "integer", "minimum": 1, "maximum": QUANTITY_MOST},
            "periods": periods,
            "label": {"type": "string", "minLength": 1, "maxLength": LABEL_LENGTH},
        }
    )
    renewal = _object({"plan": plan, "quantity": {"const": 1}, "periods": periods, "product": public_id})
    order = _object(
        {
            "external_id": {"type": "string"},
            "number": {"type": "string"},
            "state": {"type": "string", "enum": [state.value for state in State]},
            "currency": currency,
            **dict.fromkeys(("net", "vat", "gross", "credited"), amount),
        }
    )
    return {
        "NewOrder": _object(
            {
                "external_id": external_id,
                "client": {**public_id, "description": "The id in the address of the client’s pages."},
                "currency": currency,
                "placed_at": moment,
                "lines": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": LINES_MOST,
                    "items": {"oneOf": [something_new, renewal]},
                },
                "expected_gross": amount,
            },
            optional=("expected_gross",),
        ),
        "Event": _object(
            {
                "type": {"type": "string", "enum": [kind.value for kind in EventType]},
                "timestamp": moment,
                "data": _object(
                    {
                        "external_id": external_id,
                        "amount": amount,
                        "currency": currency,
                        "reason": {"type": "string", "maxLength": REASON_LENGTH},
                    },
                    optional=("amount", "currency", "reason"),
                ),
            }
        ),
        "Order": order,
        "EventAnswer": _object(
            {
                "status": {"type": "string", "enum": ["applied", "parked"]},
                "external_id": {"type": "string"},
                "order": {"$ref": "#/components/schemas/Order"},
            },
            optional=("order",),
        ),
        "Errors": _object(
            {
                "errors": {
                    "type": "array",
                    "minItems": 1,
                    "items": _object({name: {"type": "string"} for name in ("code", "pointer", "message")}),
                }
            }
        ),
    }


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }
