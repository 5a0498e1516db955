"""The OpenAPI description of the addresses for machines. What it says of sizes and forms is what `rules` reads."""

from __future__ import annotations

from typing import Any

from flask import current_app

from webapp.api.rules import AMOUNT, EXTERNAL_ID, LARGEST_BODY, PUBLIC_ID, EventType, Standing
from webapp.api.signing import EVENT_ID, SECONDS
from webapp.money import CURRENCIES
from webapp.orders.rules import LINES_MOST, PERIODS_MOST, QUANTITY_MOST, REASON_LENGTH, State
from webapp.products.rules import CODE, LABEL_LENGTH

ABOUT = (
    "Messages are signed as Standard Webhooks (https://www.standardwebhooks.com): `webhook-signature` holds "
    "`v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body` under the key, which is the base64 behind "
    "`whsec_`. A message keeps its `webhook-id` however often it is sent: it counts once, and is answered again. "
    "The same id with another body is refused. Whatever is refused changes nothing."
)
BODY = f"JSON in UTF-8, {LARGEST_BODY // 1024} kB at most."
REFUSALS = {
    "400": "A header is malformed, or the request is.",
    "401": "A header is missing, no signature fits, or its time is too far from now.",
    "409": "The id was used with another body.",
    "413": "The body is too large.",
    "415": "The body is not application/json in UTF-8.",
    "422": "The body is not right; each fault has a JSON pointer to its place.",
    "429": "Too many wrong signatures, or messages with one key; `Retry-After` says when to send it again.",
    "500": "Something broke. Nothing was saved: send the same message again later.",
}

Schema = dict[str, Any]


def openapi() -> dict[str, Any]:
    """The whole description, OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Orders from outside", "version": "1", "description": ABOUT},
        "servers": [{"url": current_app.config["SETTINGS"].base_url}],
        "security": [{"signature": []}],
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
                    "200": ("It counts; `refused` is one that was parked and does not fit its order.", "EventAnswer"),
                    "202": ("It is parked until its order comes.", "EventAnswer"),
                },
            )},
            "/api/v1/openapi.json": {"get": {
                "operationId": "describe",
                "summary": "This description",
                "security": [],
                "responses": {"200": {
                    "description": "OpenAPI 3.1.",
                    "content": {"application/json": {"schema": {"type": "object"}}},
                }},
            }},
        },
        "components": {
            "schemas": {**_wanted(), **_answers()},
            "parameters": _headers(),
            "securitySchemes": {"signature": {
                "type": "apiKey", "in": "header", "name": "webhook-signature",
                "description": "`v1,` and a signature; several are separated by blanks, one has to fit.",
            }},
        },
    }  # fmt: skip


def _operation(
    name: str, summary: str, told: str, body: str, answers: dict[str, tuple[str, str]]
) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "description": told,
        "parameters": [{"$ref": f"#/components/parameters/{header}"} for header in _headers()],
        "requestBody": {"required": True, "description": BODY, "content": _json(body)},
        "responses": {
            **{status: _answer(words, schema) for status, (words, schema) in answers.items()},
            **{status: _answer(words, "Errors") for status, words in REFUSALS.items()},
        },
    }


def _answer(words: str, schema: str) -> dict[str, Any]:
    return {"description": words, "content": _json(schema)}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _headers() -> dict[str, Any]:
    return {
        "id": _header("webhook-id", "The message’s permanent id.", EVENT_ID.pattern),
        "timestamp": _header("webhook-timestamp", "Seconds since 1970, of this attempt.", SECONDS.pattern),
    }


def _header(name: str, words: str, pattern: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": words, "schema": _text(pattern)}


# --- schemas ------------------------------------------------------------------------------------------------

NULL: Schema = {"type": "null"}  # the same as no member at all


def _text(pattern: str, words: str = "", **more: Any) -> Schema:
    return {"type": "string", "pattern": f"^{pattern}$", **({"description": words} if words else {}), **more}


def _whole(most: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": most}


def _line_of_text(most: int) -> Schema:
    words = "One line without control characters; blanks around it are taken away."
    return {"type": "string", "minLength": 1, "maxLength": most, "description": words}


def _object(properties: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object with these members and no others; an optional one may be null."""
    return {
        "type": "object",
        "properties": {
            name: {"anyOf": [schema, NULL]} if name in optional and schema != NULL else schema
            for name, schema in properties.items()
        },
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


AMOUNT_SCHEMA = _text(AMOUNT.pattern, "Two decimals.", examples=["12.50"])
CURRENCY: Schema = {"type": "string", "enum": list(CURRENCIES)}
SHOP_NUMBER = _text(EXTERNAL_ID.pattern, "The shop’s number of the order; one order has it.")
MOMENT: Schema = {
    "type": "string",
    "format": "date-time",
    "description": "With its offset; from 2000 on, and not ahead of now by more than five minutes.",
}


def _wanted() -> dict[str, Schema]:
    """What bodies hold."""
    plan = _text(CODE.pattern, "A code of the catalogue.")
    product = _text(PUBLIC_ID.pattern, "A product of this client; its plan is `plan`.")
    something_new = {
        "plan": plan, "quantity": _whole(QUANTITY_MOST), "periods": _whole(PERIODS_MOST),
        "label": _line_of_text(LABEL_LENGTH), "product": NULL,
    }  # fmt: skip
    renewal = {
        "plan": plan, "quantity": {"type": "integer", "const": 1}, "periods": _whole(PERIODS_MOST),
        "product": product, "label": NULL,
    }  # fmt: skip
    order = {
        "external_id": SHOP_NUMBER,
        "client": _text(PUBLIC_ID.pattern, "The client’s id; the operator knows it."),
        "currency": {**CURRENCY, "description": "The one that the client pays in."},
        "placed_at": MOMENT,
        "lines": {
            "type": "array", "minItems": 1, "maxItems": LINES_MOST,
            "items": {"anyOf": [
                {"$ref": "#/components/schemas/SomethingNew"}, {"$ref": "#/components/schemas/Renewal"},
            ]},
        },
        "expected_gross": AMOUNT_SCHEMA,
    }  # fmt: skip
    data = {
        "external_id": SHOP_NUMBER,
        "amount": {**AMOUNT_SCHEMA, "description": "More than 0.00, with its currency. A cancellation has none."},
        "currency": CURRENCY,
        "reason": _line_of_text(REASON_LENGTH),
    }  # fmt: skip
    event = {
        "type": {"type": "string", "enum": [kind.value for kind in EventType]},
        "timestamp": MOMENT,
        "data": _object(data, optional=("amount", "currency", "reason")),
    }
    return {
        "NewOrder": _object(order, optional=("expected_gross",)),
        "SomethingNew": _object(something_new, optional=("product",)),
        "Renewal": _object(renewal, optional=("label",)),
        "Event": _object(event),
    }


def _answers() -> dict[str, Schema]:
    """What answers hold."""
    text: Schema = {"type": "string"}
    order = {
        "external_id": text,
        "number": {**text, "description": "The portal’s number."},
        "state": {**text, "enum": [state.value for state in State]},
        "currency": CURRENCY,
        **dict.fromkeys(("net", "vat", "gross", "credited"), AMOUNT_SCHEMA),
    }
    event = {
        "status": {**text, "enum": [each.value for each in Standing]},
        "external_id": text,
        "order": {"$ref": "#/components/schemas/Order"},
    }
    fault = {
        "code": {**text, "description": "For machines."},
        "pointer": {**text, "description": "Where in the body, as a JSON pointer."},
        "message": {**text, "description": "For whoever reads the log."},
    }
    answer = _object(event)
    answer["required"].remove("order")  # it is left out, and never null
    return {
        "Order": _object(order),
        "EventAnswer": answer,
        "Errors": _object({"errors": {"type": "array", "minItems": 1, "items": _object(fault)}}),
    }
