"""The addresses for machines: who is heard, what is answered, and what is refused whole."""

from __future__ import annotations

import io
import json
import logging
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.api.story import EVENTS, ORDERS, Shop, codes, event_of, make_api_key, messages, order_of, orders
from tests.dump import everything
from tests.factories import make_plan
from webapp import limits
from webapp.api import actions as api
from webapp.api import queries, rules
from webapp.api.routes import MESSAGES, WRONG_SIGNATURES
from webapp.api.signing import headers_for, written_secret
from webapp.extensions import db
from webapp.orders import actions as billing

DESCRIPTION = "/api/v1/openapi.json"
TRACES = ("attempts", "api_keys")  # counted attempts, and when a key was last used


@pytest.fixture
def plan(app):
    """CHF 120 a year."""
    return make_plan("web-pro")


@pytest.fixture
def key(cast):
    return make_api_key(cast.olga)


@pytest.fixture
def shop(client, key, clock):
    """A shop with its key."""
    return Shop(client, [key.secret], lambda: clock.now)


@pytest.fixture
def order(cast, plan):
    return order_of(cast.lumen, plan, expected_gross="129.72")


# --- what is answered ---------------------------------------------------------------------------------------


def test_an_order_from_its_placing_to_its_refund(shop, order):
    answer = shop.order(order)
    placed = {
        "external_id": "1001", "number": "O-2026-00001", "state": "open", "currency": "CHF",
        "net": "120.00", "vat": "9.72", "gross": "129.72", "credited": "0.00",
    }  # fmt: skip
    assert (answer.status_code, answer.json) == (200, placed)
    answer = shop.event(event_of("paid", "29.72"))
    assert (answer.status_code, answer.json["status"]) == (200, "applied")
    assert answer.json["order"] == {**placed, "state": "part_paid"}
    assert shop.event(event_of("paid", "100.00")).json["order"]["state"] == "paid"
    answer = shop.event(event_of("refunded", "29.72", reason="Too slow"))
    assert answer.json["order"] == {**placed, "state": "part_refunded", "credited": "29.72"}


def test_an_event_that_is_parked_is_accepted_and_says_so(shop, order):
    parked = {"status": "parked", "external_id": "1001"}
    for _time in range(2):
        answer = shop.event(event_of("paid"), "msg_early")
        assert (answer.status_code, answer.json) == (202, parked)
    strange = shop.event(event_of("paid", "1.00", "EUR"), "msg_strange")
    assert strange.status_code == 202
    shop.order(order)
    answer = shop.event(event_of("paid"), "msg_early")
    assert (answer.status_code, answer.json["status"]) == (200, "applied")
    answer = shop.event(event_of("paid", "1.00", "EUR"), "msg_strange")
    assert (answer.status_code, answer.json["status"]) == (200, "refused")


def test_the_same_message_is_answered_the_same(shop, order):
    """SECURITY L4: one order, one payment, though its shop heard no answer the first time."""
    first = shop.order(order, "msg_order")
    assert shop.order(order, "msg_order", seconds=60).json == first.json
    paid = shop.event(event_of("paid"), "msg_paid")
    before = everything(but=TRACES)
    assert shop.event(event_of("paid"), "msg_paid").json == paid.json
    assert everything(but=TRACES) == before
    assert len(orders()) == 1


def test_the_same_id_with_another_body_is_refused(shop, order):
    """SECURITY L4: even a blank more is another body, and an event is no order."""
    shop.order(order, "msg_order")
    before = everything(but=TRACES)
    spaced = json.dumps(order, indent=1).encode()
    for answer in (shop.order(spaced, "msg_order"), shop.event(event_of("paid"), "msg_order")):
        assert (answer.status_code, codes(answer)) == (409, ["id_reused"])
    assert everything(but=TRACES) == before


def test_what_does_not_fit_is_told_with_its_place(shop, order):
    before = everything(but=TRACES)
    answer = shop.order({**order, "expected_gross": "1.00", "client": "a" * 26})
    assert (answer.status_code, codes(answer)) == (422, ["unknown_client /client"])
    answer = shop.order({**order, "expected_gross": "1.00"})
    assert (answer.status_code, codes(answer)) == (422, ["price_changed /expected_gross"])
    assert "129.72 CHF" in answer.json["errors"][0]["message"]
    assert everything(but=TRACES) == before
    shop.order(order)
    answer = shop.event(event_of("paid", "1.00", "EUR"))
    assert (answer.status_code, codes(answer)) == (422, ["other_currency /data/currency"])


def test_amounts_are_plain_whatever_language_is_asked_for(shop, order):
    answer = shop.order({**order, "expected_gross": "1.00"}, accept_language="de-CH", cookie="language=fr")
    assert "it is now 129.72 CHF" in answer.json["errors"][0]["message"]


MALFORMED = {
    b"": "json_malformed",
    b"{": "json_malformed",
    b"[]": "wrong_type",
    b'{"lines": NaN}': "json_malformed /lines",
    b"\xff": "not_utf8",
    b"[" * 60_000: "too_deep",
    b'{"a": 1, "a": 2}': "repeated_member /a",
    b"external_id=1001": "json_malformed",
}


@pytest.mark.parametrize("body", list(MALFORMED), ids=range(len(MALFORMED)))
@pytest.mark.parametrize("address", [ORDERS, EVENTS])
def test_what_is_malformed_is_refused_whole(shop, address, body):
    before = everything(but=TRACES)
    answer = shop.send(address, body)
    assert answer.status_code == 422
    assert codes(answer)[0] == MALFORMED[body]
    assert everything(but=TRACES) == before


def test_one_wrong_line_among_many_leaves_nothing(shop, order, cast, plan):
    line = order["lines"][0]
    lines = [{**line, "label": f"{n}.ch"} for n in range(49)] + [{**line, "plan": "nothing"}]
    before = everything(but=TRACES)
    answer = shop.order({**order, "lines": lines})
    assert codes(answer) == ["unknown_plan /lines/49/plan"]
    assert everything(but=TRACES) == before


# --- who is heard -------------------------------------------------------------------------------------------


def test_two_keys_are_heard_at_once_and_a_revoked_one_no_more(shop, key, order, cast, now):
    """The old one is revoked once the shop signs with the new one."""
    new = make_api_key(cast.olga, "New")
    other = Shop(shop.client, [new.secret], shop.clock)
    both = Shop(shop.client, [key.secret, new.secret], shop.clock)
    for each in (shop, other, both):
        assert each.event(event_of("paid")).status_code == 202
    api.revoke_key(key, by=cast.olga, now=now)
    answer = shop.event(event_of("paid"))
    assert (answer.status_code, codes(answer)) == (401, ["signature_wrong"])
    for each in (other, both):
        assert each.event(event_of("paid")).status_code == 202
    third = make_api_key(cast.olga, "Third")
    assert Shop(shop.client, [third.secret], shop.clock).order(order).status_code == 200


def test_without_any_key_nobody_is_heard(client, order, cast):
    answer = Shop(client, [b"a" * 32]).order(order)
    assert (answer.status_code, codes(answer)) == (401, ["signature_wrong"])
    assert orders() == []


def test_a_key_tells_when_it_was_used_and_only_if_it_signed(shop, key, order, cast, clock):
    other = make_api_key(cast.olga, "Other")
    Shop(shop.client, [b"a" * 32], shop.clock).order(order)
    shop.order(order, seconds=-301)
    db.session.refresh(key)
    assert key.used_at is None
    shop.order(order)
    begun = clock.now
    clock.forward(seconds=299)
    shop.event(event_of("paid"))
    db.session.refresh(key)
    assert key.used_at == begun
    clock.forward(seconds=1)
    shop.event(event_of("paid"))
    db.session.refresh(key)
    assert (key.used_at, other.used_at) == (clock.now, None)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-301, ["timestamp_too_old"]), (-300, []), (0, []), (300, []), (301, ["timestamp_in_future"])],
)
def test_clocks_may_be_five_minutes_apart_in_both_directions(shop, order, seconds, expected):
    answer = shop.order(order, seconds=seconds)
    assert answer.status_code == (401 if expected else 200)
    assert (codes(answer) if expected else []) == expected


@pytest.mark.parametrize("part", ["body", "webhook_id", "webhook_timestamp", "webhook_signature", "secret"])
def test_whatever_is_changed_on_the_way_is_noticed(shop, order, part, cast):
    raw = json.dumps(order).encode()
    headers = headers_for(shop.secrets, "msg_1", int(shop.clock().timestamp()), raw)
    if part == "body":
        raw = raw.replace(b"129.72", b"129.71")
    elif part == "secret":
        headers = headers_for([b"a" * 32], "msg_1", int(headers["webhook-timestamp"]), raw)
    else:
        name = part.replace("_", "-")
        headers[name] = {
            "webhook-id": "msg_2", "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1),
            "webhook-signature": headers["webhook-signature"].swapcase(),
        }[name]  # fmt: skip
    before = everything(but=TRACES)
    answer = shop.client.post(ORDERS, data=raw, headers={**headers, "content-type": "application/json"})
    assert (answer.status_code, codes(answer)) == (401, ["signature_wrong"])
    assert everything(but=TRACES) == before


@pytest.mark.parametrize(
    ("changed", "status", "expected"),
    [
        ({"webhook_id": None}, 401, "header_missing"),
        ({"webhook_timestamp": None}, 401, "header_missing"),
        ({"webhook_signature": None}, 401, "header_missing"),
        ({"webhook_signature": "v1a,abc"}, 401, "signature_wrong"),
        ({"webhook_id": "a.b"}, 400, "id_malformed"),
        ({"webhook_timestamp": "now"}, 400, "timestamp_malformed"),
    ],
)
def test_headers_are_looked_at_before_anything_else(shop, changed, status, expected):
    answer = shop.order(b"{", **changed)
    assert (answer.status_code, codes(answer)) == (status, [expected])


def test_wrong_signatures_lock_nobody_out_who_signs_well(shop, order, clock, caplog):
    """A shop with a revoked key locks nobody out, itself included as soon as it signs with the new one."""
    wrong = Shop(shop.client, [b"a" * 32], shop.clock)
    with caplog.at_level(logging.WARNING):
        for _time in range(WRONG_SIGNATURES.most):
            assert wrong.order(order).status_code == 401
        told = len(caplog.records)
        answer = wrong.order(order)
        assert (answer.status_code, codes(answer)) == (429, ["too_many"])
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert len(caplog.records) == told
    assert shop.order(order).status_code == 200
    clock.forward(seconds=60)
    assert wrong.order(order).status_code == 401


def test_a_key_signs_so_many_messages_a_minute(shop, order, cast, clock, now):
    """The one too many is not kept and says when to come again; a shop with the other key goes on."""
    other = Shop(shop.client, [make_api_key(cast.olga, "Other").secret], shop.clock)
    limits.spend_all(
        [(MESSAGES, key.public_id) for key in queries.valid_keys()[:1]] * (MESSAGES.most - 1), now=now
    )
    assert shop.order(order).status_code == 200
    answer = shop.event(event_of("paid"), "msg_paid")
    assert (answer.status_code, codes(answer)) == (429, ["too_many"])
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert [message.kind for message in messages()] == ["order"]
    assert other.event(event_of("refunded", "1.00")).status_code == 200
    clock.forward(seconds=int(answer.headers["Retry-After"]))
    assert shop.event(event_of("paid"), "msg_paid").status_code == 200


# --- requests -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'],
)
def test_json_is_json(shop, order, content_type):
    assert shop.order(order, content_type=content_type).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "application/json; charset=latin-1", "application/jsonp"],
)  # fmt: skip
def test_anything_else_is_not(shop, order, content_type):
    answer = shop.order(order, content_type=content_type)
    assert (answer.status_code, codes(answer)) == (415, ["wrong_media_type"])
    assert messages() == []


class Endless(io.BytesIO):
    """A body that never ends, and how much of it was read."""

    taken = 0

    def read(self, size=-1):
        assert size >= 0, "without an end there is no all"
        self.taken += size
        return b" " * size

    def readinto(self, buffer):
        buffer[:] = self.read(len(buffer))
        return len(buffer)


def test_a_body_without_a_length_is_read_as_far_as_64_kb(shop, order):
    """Sent in chunks: what is signed is taken in, what goes on is cut off."""
    raw = json.dumps(order).encode()
    headers = headers_for(shop.secrets, "msg_1", int(shop.clock().timestamp()), raw)
    sent = {**headers, "content-type": "application/json", "transfer-encoding": "chunked"}

    def send(body):
        chunked = {"wsgi.input": body, "wsgi.input_terminated": True}
        return shop.client.post(ORDERS, headers=sent, environ_overrides=chunked)

    assert send(io.BytesIO(raw)).status_code == 200
    endless = Endless()
    answer = send(endless)
    assert (answer.status_code, codes(answer)) == (413, ["body_too_large"])
    assert endless.taken <= rules.LARGEST_BODY + 8192


def test_a_body_that_is_too_large_is_not_read(shop):
    endless = Endless()
    announced = {"wsgi.input": endless, "CONTENT_LENGTH": str(rules.LARGEST_BODY + 1)}
    sent = {"content-type": "application/json"}
    answer = shop.client.post(ORDERS, headers=sent, environ_overrides=announced)
    assert (answer.status_code, codes(answer)) == (413, ["body_too_large"])
    assert endless.taken == 0
    largest = b" " * rules.LARGEST_BODY
    assert codes(shop.order(largest)) == ["json_malformed"]


def test_a_message_comes_from_anywhere(shop, order):
    """It is signed: no page of ours is asked for, no session begins."""
    answer = shop.order(order, origin="https://shop.example", sec_fetch_site="cross-site")
    assert answer.status_code == 200
    assert orders()[0].by is None


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("address", [ORDERS, EVENTS])
def test_other_methods_are_told_which_one_it_is(client, address, method):
    answer = client.open(address, method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert codes(answer) == ["method_not_allowed"]
    assert client.head(address).status_code == 405


@pytest.mark.parametrize(
    "address",
    ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/orders", "/api/v1/orders/", "/api/%00", "/api//"],
)
def test_what_is_not_there_is_told_in_json(client, address):
    for method in ("GET", "POST"):
        answer = client.open(address, method=method)
        assert (answer.status_code, answer.mimetype) == (404, "application/json")
        assert codes(answer) == ["not_found"]


@pytest.mark.parametrize(("address", "method"), [(ORDERS, "POST"), (EVENTS, "POST"), (DESCRIPTION, "GET")])
def test_a_doubled_slash_leads_no_machine_on(client, address, method):
    """No redirect, and no page about one."""
    for wrong in (address.replace("/v1/", "//v1/"), address.replace("/v1/", "/v1///")):
        answer = client.open(wrong, method=method)
        assert (answer.status_code, codes(answer)) == (404, ["not_found"]), wrong


def test_a_crash_is_told_in_json_and_leaves_nothing(shop, order, app, monkeypatch):
    def broken(*_args, **_values):
        raise RuntimeError("a secret of the inside")

    before = everything(but=TRACES)
    with monkeypatch.context() as patched:
        patched.setitem(app.config, "TESTING", False)
        patched.setattr(billing, "settle", broken)
        answer = shop.order(order, "msg_order")
    assert (answer.status_code, codes(answer)) == (500, ["broken"])
    assert "secret" not in answer.text
    assert everything(but=TRACES) == before
    assert shop.order(order, "msg_order").status_code == 200


def test_the_clock_of_the_request_is_one(shop, order, monkeypatch, clock):
    """What is in the future is measured at the moment at which the message came."""
    late = (clock.now + timedelta(minutes=5)).isoformat()
    assert shop.order({**order, "placed_at": late}).status_code == 200
    later = (clock.now + timedelta(minutes=5, seconds=1)).isoformat()
    answer = shop.order({**order, "placed_at": later, "external_id": "1002"})
    assert codes(answer) == ["out_of_range /placed_at"]
    clock.forward(seconds=1)
    assert shop.order({**order, "placed_at": later, "external_id": "1002"}).status_code == 200


# --- the README ---------------------------------------------------------------------------------------------


def test_the_example_of_the_readme_works(shop, cast, plan, key, clock, monkeypatch):
    """It is executed as it stands there, but for the key, the client and the way of a request."""
    readme = (Path(__file__).parent.parent.parent / "README.md").read_text("utf-8")
    chapter = readme.partition("### Orders from outside")[2].partition("\n### ")[0]
    (example,) = re.findall(r"```python\n(.*?)```", chapter, re.DOTALL)
    assert example.count("\n") <= 40
    example = example.replace("whsec_…", written_secret(key.secret)).replace(
        '"…"', f'"{cast.lumen.public_id}"'
    )
    answers = []

    def send(request):
        path = urlsplit(request.full_url).path
        answers.append(shop.client.post(path, data=request.data, headers=dict(request.header_items())))

    monkeypatch.setattr("urllib.request.urlopen", send)
    monkeypatch.setattr("time.time", lambda: clock.now.timestamp())
    exec(example, {})  # our own words
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].json["order"]["state"] == "paid"
