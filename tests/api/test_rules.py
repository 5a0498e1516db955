"""Bodies from outside: what is read of orders and events, and each fault with its place."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.api.rules import (
    DEEPEST,
    FAULTS_TOLD,
    LARGEST_BODY,
    Event,
    EventType,
    Fault,
    Faults,
    NewOrder,
    OrderedLine,
    event,
    new_order,
)
from webapp.money import Money
from webapp.orders.rules import LINES_MOST, PERIODS_MOST, QUANTITY_MOST

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
CLIENT, PRODUCT = "a" * 26, "b2" * 13
LINE = {"plan": "web-pro", "quantity": 2, "periods": 1, "label": "example.ch"}
RENEWAL = {"plan": "mail", "quantity": 1, "periods": 3, "product": PRODUCT}
ORDER = {
    "external_id": "#1001/2026",
    "client": CLIENT,
    "currency": "CHF",
    "placed_at": "2026-11-22T10:58:03+01:00",
    "lines": [LINE, RENEWAL],
    "expected_gross": "129.70",
}
EVENT = {
    "type": "order.refunded",
    "timestamp": "2026-11-22T09:59:00Z",
    "data": {"external_id": "#1001/2026", "amount": "12.50", "currency": "CHF", "reason": "Not needed"},
}
GONE = object()


def written(value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def ordered(body):
    return new_order(written(body), now=NOW)


def happened(body):
    return event(written(body), now=NOW)


def changed(body, path, value):
    """The body with something else, or nothing, at this path."""
    name, _slash, rest = path.partition("/")
    key = int(name) if isinstance(body, list) else name
    copy = body.copy()
    if rest:
        copy[key] = changed(copy[key], rest, value)
    elif value is GONE:
        del copy[key]
    else:
        copy[key] = value
    return copy


def faults(read, body):
    with pytest.raises(Faults) as refused:
        read(body)
    assert all(each.message.endswith(".") or each.message.endswith('".') for each in refused.value.faults)
    return [(each.code, each.pointer) for each in refused.value.faults]


# --- what is read -------------------------------------------------------------------------------------------


def test_an_order_is_read():
    assert ordered(ORDER) == NewOrder(
        external_id="#1001/2026",
        client=CLIENT,
        currency="CHF",
        lines=(
            OrderedLine("web-pro", 2, 1, "example.ch", None),
            OrderedLine("mail", 1, 3, "", PRODUCT),
        ),
        placed_at=datetime(2026, 11, 22, 9, 58, 3, tzinfo=UTC),
        expected_gross=Money(129_70, "CHF"),
    )


def test_a_refund_is_read():
    assert happened(EVENT) == Event(
        EventType.REFUNDED,
        "#1001/2026",
        Money(12_50, "CHF"),
        datetime(2026, 11, 22, 9, 59, tzinfo=UTC),
        "Not needed",
    )


@pytest.mark.parametrize("type_", list(EventType))
def test_what_concerns_the_whole_order_has_no_amount(type_):
    body = {**EVENT, "type": type_, "data": {"external_id": "1"}}
    assert (happened(body).type, happened(body).amount, happened(body).reason) == (type_, None, "")


@pytest.mark.parametrize("value", [None, GONE])
def test_what_may_be_missing_may_be_null(value):
    assert ordered(changed(ORDER, "expected_gross", value)).expected_gross is None
    assert ordered(
        changed(changed(ORDER, "lines/0/product", value) if value is None else ORDER, "currency", "EUR")
    )
    assert happened(changed(EVENT, "data/reason", value)).reason == ""


@pytest.mark.parametrize(
    ("typed", "minor"), [("0.00", 0), ("0.05", 5), ("12.50", 12_50), ("99999999999.99", 99_999_999_999_99)]
)
def test_amounts_are_exact(typed, minor):
    assert ordered(changed(ORDER, "expected_gross", typed)).expected_gross == Money(minor, "CHF")


@pytest.mark.parametrize(
    "typed", ["2026-11-22T10:04:59.999999Z", "2026-11-22T00:00:00-09:30", "2000-01-01T00:00:00Z"]
)
def test_a_moment_has_an_offset_and_becomes_utc(typed):
    assert ordered(changed(ORDER, "placed_at", typed)).placed_at == datetime.fromisoformat(typed).astimezone(
        UTC
    )


def test_words_are_tidied():
    assert ordered(changed(ORDER, "lines/0/label", "  Cafe\u0301\u00a0 1 ")).lines[0].label == "Café 1"


# --- faults -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["external_id", "client", "currency", "placed_at", "lines", "lines/0/plan", "lines/1/quantity",
             "lines/0/periods"],
)  # fmt: skip
def test_what_an_order_needs_is_missed(path):
    assert faults(ordered, changed(ORDER, path, GONE)) == [("missing", f"/{path}")]


@pytest.mark.parametrize("path", ["type", "timestamp", "data", "data/external_id"])
def test_what_an_event_needs_is_missed(path):
    assert faults(happened, changed(EVENT, path, GONE)) == [("missing", f"/{path}")]


@pytest.mark.parametrize("path", ["", "lines/0/", "lines/1/"])
def test_a_member_that_nobody_knows_is_refused(path):
    body = json.dumps(changed(ORDER, f"{path}odd", 1)).replace("odd", "a~b/c").encode()
    assert faults(ordered, body) == [("unknown_member", f"/{path}a~0b~1c")]
    assert faults(happened, changed(EVENT, "data/ammount", "1.00")) == [("unknown_member", "/data/ammount")]


WRONG_VALUES = [
    ("external_id", 1001, "wrong_type"), ("external_id", "", "malformed"), ("external_id", "a b", "malformed"),
    ("external_id", "é", "malformed"), ("external_id", "a" * 101, "malformed"), ("external_id", "a\n", "malformed"),
    ("client", CLIENT.upper(), "malformed"), ("client", CLIENT + "a", "malformed"), ("client", None, "wrong_type"),
    ("client", "a" * 25 + "1", "malformed"),
    ("currency", "USD", "unknown"), ("currency", "chf", "unknown"), ("currency", ["CHF"], "wrong_type"),
    ("placed_at", "2026-11-22", "malformed"), ("placed_at", "2026-11-22T10:00:00", "malformed"),
    ("placed_at", "2026-02-29T10:00:00Z", "malformed"), ("placed_at", "2026-11-22T24:00:00Z", "malformed"),
    ("placed_at", "2026-11-22T10:00:60Z", "malformed"), ("placed_at", "2026-11-22T10:00:00+99:00", "malformed"),
    ("placed_at", "0000-11-22T10:00:00Z", "malformed"), ("placed_at", "0001-01-01T00:00:00+14:00", "malformed"),
    ("placed_at", 1_700_000_000, "wrong_type"), ("placed_at", "1999-12-31T23:59:59Z", "out_of_range"),
    ("placed_at", "2026-11-22T10:05:01Z", "out_of_range"), ("placed_at", "٢٠٢٦-11-22T10:00:00Z", "malformed"),
    ("expected_gross", 129.7, "wrong_type"), ("expected_gross", 129, "wrong_type"),
    *(("expected_gross", each, "malformed") for each in (
        "", "12.5", "12", "-1.00", "+1.00", "1e2", "NaN", "12.505", "012.00", "1'000.00", "12,50", "١٢.50", " 1.00",
        "1.00\n", "1" * 12 + ".00", ".50",
    )),
    ("lines", {}, "wrong_type"), ("lines", [], "out_of_range"), ("lines", [LINE] * (LINES_MOST + 1), "out_of_range"),
    ("lines/0", "web-pro", "wrong_type"), ("lines/0", None, "wrong_type"), ("lines/0/plan", "Web", "malformed"),
    ("lines/0/plan", "a" * 41, "malformed"), ("lines/0/quantity", 0, "out_of_range"),
    ("lines/0/quantity", QUANTITY_MOST + 1, "out_of_range"), ("lines/0/quantity", 1.0, "wrong_type"),
    ("lines/0/quantity", "1", "wrong_type"), ("lines/0/quantity", True, "wrong_type"),
    ("lines/0/quantity", 10**30, "wrong_type"), ("lines/0/periods", PERIODS_MOST + 1, "out_of_range"),
    ("lines/0/periods", -1, "out_of_range"), ("lines/0/label", " ", "out_of_range"),
    ("lines/0/label", "a" * 121, "out_of_range"), ("lines/0/label", "a\x00b", "malformed"),
    ("lines/0/label", "a\u202eb", "malformed"), ("lines/0/label", 5, "wrong_type"),
    ("lines/1/product", "x", "malformed"), ("lines/1/quantity", 2, "out_of_range"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "code"), WRONG_VALUES)
def test_a_wrong_value_is_named_with_its_place(path, value, code):
    assert faults(ordered, changed(ORDER, path, value)) == [(code, f"/{path}")]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("type", "order.shipped", "unknown"), ("type", "PAID", "unknown"), ("type", 1, "wrong_type"),
        ("data", "x", "wrong_type"), ("data", None, "wrong_type"), ("data/amount", "0.00", "out_of_range"),
        ("data/amount", 12.5, "wrong_type"), ("data/currency", "USD", "unknown"),
        ("data/reason", "", "out_of_range"), ("data/reason", "a\nb", "malformed"),
        ("data/reason", "a" * 201, "out_of_range"), ("timestamp", "soon", "malformed"),
    ],
)  # fmt: skip
def test_a_wrong_value_of_an_event_is_named_with_its_place(path, value, code):
    assert faults(happened, changed(EVENT, path, value)) == [(code, f"/{path}")]


def test_an_amount_has_a_currency_and_a_currency_an_amount():
    for name in ("amount", "currency"):
        assert faults(happened, changed(EVENT, f"data/{name}", GONE)) == [("amount_and_currency", "/data")]


def test_a_cancellation_has_no_amount():
    assert faults(happened, {**EVENT, "type": "order.cancelled"}) == [("not_expected", "/data/amount")]


@pytest.mark.parametrize("line", [{**LINE, "product": PRODUCT, "quantity": 1}, changed(LINE, "label", GONE)])
def test_a_line_is_something_new_or_a_renewal(line):
    assert faults(ordered, {**ORDER, "lines": [line]}) == [("label_or_product", "/lines/0")]


def test_a_product_is_renewed_by_one_line():
    assert faults(ordered, {**ORDER, "lines": [RENEWAL, LINE, RENEWAL]}) == [("repeated", "/lines/2/product")]


def test_all_faults_are_told():
    body = {"external_id": 1, "lines": [{}, "x"], "extra": 1}
    assert faults(ordered, body) == [
        ("missing", "/currency"), ("wrong_type", "/external_id"), ("missing", "/client"),
        ("wrong_type", "/lines/1"), ("missing", "/lines/0/plan"), ("missing", "/lines/0/quantity"),
        ("missing", "/lines/0/periods"), ("label_or_product", "/lines/0"), ("missing", "/placed_at"),
        ("unknown_member", "/extra"),
    ]  # fmt: skip


def test_at_most_fifty_faults_are_told():
    assert len(faults(ordered, {**ORDER, **{f"x{n}": 1 for n in range(100)}})) == FAULTS_TOLD


def test_a_fault_is_data_for_an_answer():
    assert Fault("missing", "/client", "client is missing.").as_data() == {
        "code": "missing", "pointer": "/client", "message": "client is missing."
    }  # fmt: skip


# --- JSON itself --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (b"", "json_malformed", ""), (b"{", "json_malformed", ""), (b"{'a': 1}", "json_malformed", ""),
        (b'{"a": 1,}', "json_malformed", ""), (b'{"a": 01}', "json_malformed", ""), (b"{} {}", "json_malformed", ""),
        (b'{"a": "\n"}', "json_malformed", ""), (b'\xef\xbb\xbf{"a": 1}', "json_malformed", ""),
        (b'{"a": NaN}', "json_malformed", "/a"), (b'{"a": [-Infinity]}', "json_malformed", "/a/0"),
        (b'{"a": "\\ud800"}', "json_malformed", "/a"), (b'{"\\ud800": 1}', "json_malformed", "/?"),
        (b'{"a": 1, "a": 1}', "repeated_member", "/a"), (b'{"a": {"b/": 1, "b/": 2}}', "repeated_member", "/a/b~1"),
        (b'{"a": 1, "\\u0061": 2}', "repeated_member", "/a"),
        (b'"\xff"', "not_utf8", ""), ('{"a": 1}'.encode("utf-16"), "not_utf8", ""),
        (b"[]", "wrong_type", ""), (b"null", "wrong_type", ""), (b'"x"', "wrong_type", ""), (b"1.5", "wrong_type", ""),
        (b" " * (LARGEST_BODY + 1), "body_too_large", ""), (b"[" * LARGEST_BODY, "too_deep", ""),
        (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), "too_deep", ""),
        (b'{"a": ' + b"9" * 5_000, "json_malformed", ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("read", [ordered, happened])
def test_what_is_no_strict_json_is_refused(read, body, code, pointer):
    assert faults(read, body) == [(code, pointer)]


def test_brackets_in_strings_are_not_deep():
    assert ordered(changed(ORDER, "lines/0/label", '[[[[[[[[[[\\"{{{{{{{')).lines[0].label.startswith("[[[[")


def test_a_body_of_quotation_marks_takes_a_moment_only():
    """A scan that begins again at each of them would take minutes."""
    assert faults(ordered, b'"' + b'\\"' * (LARGEST_BODY // 2 - 1)) == [("json_malformed", "")]


def test_a_number_without_end_is_a_wrong_number():
    body = json.dumps(ORDER).replace('"quantity": 2', f'"quantity": {"9" * 5_000}').encode()
    assert faults(ordered, body) == [("wrong_type", "/lines/0/quantity")]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([CLIENT, "CHF", "1.00"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def read_or_refused(read, body):
    try:
        return read(body)
    except Faults as refused:
        assert 1 <= len(refused.faults) <= FAULTS_TOLD
        json.dumps([each.as_data() for each in refused.faults], ensure_ascii=False).encode()
        return None


@settings(max_examples=300)
@given(st.sampled_from([ordered, happened]), st.binary(max_size=200) | ANYTHING.map(written))
def test_whatever_is_sent_is_refused_in_good_order(read, body):
    assert read_or_refused(read, body) is None


@settings(max_examples=300)
@given(st.data())
def test_an_order_with_anything_anywhere_is_read_or_refused(data):
    for read, body, paths in (
        (ordered, ORDER, [*ORDER, "lines/0", *(f"lines/0/{name}" for name in (*LINE, "product"))]),
        (happened, EVENT, [*EVENT, *(f"data/{name}" for name in EVENT["data"])]),
    ):
        read_or_refused(read, changed(body, data.draw(st.sampled_from(paths)), data.draw(ANYTHING)))


@settings(max_examples=300)
@given(st.sampled_from([(ordered, ORDER), (happened, EVENT)]), st.data())
def test_a_damaged_body_is_read_or_refused(case, data):
    read, body = case
    original = written(body)
    start = data.draw(st.integers(0, len(original) - 1))
    end = start + data.draw(st.integers(0, 20))
    read_or_refused(read, original[:start] + data.draw(st.binary(max_size=8)) + original[end:])


AMOUNTS = st.integers(1, 10**13 - 1)
LINES = st.builds(
    lambda plan, quantity, periods, label: {"plan": plan, "quantity": quantity, "periods": periods, "label": label},
    st.from_regex(r"\A[a-z0-9][a-z0-9._-]{0,39}\Z"), st.integers(1, QUANTITY_MOST), st.integers(1, PERIODS_MOST),
    st.from_regex(r"\A[a-z]([a-z. -]{0,100}[a-z])?\Z").map(lambda words: " ".join(words.split())),
)  # fmt: skip


@given(
    st.from_regex(r"\A[!-~]{1,100}\Z"), st.from_regex(r"\A[a-z2-7]{26}\Z"), st.sampled_from(["CHF", "EUR"]),
    st.lists(LINES, min_size=1, max_size=5), st.timedeltas(timedelta(0), timedelta(days=9_000)), AMOUNTS,
)  # fmt: skip
def test_what_is_written_is_read(external_id, client, currency, lines, ago, minor):
    placed_at = NOW - ago
    body = {
        "external_id": external_id,
        "client": client,
        "currency": currency,
        "lines": lines,
        "placed_at": placed_at.isoformat(),
        "expected_gross": f"{minor // 100}.{minor % 100:02}",
    }
    assert ordered(body) == NewOrder(
        external_id,
        client,
        currency,
        tuple(OrderedLine(**line, product=None) for line in lines),
        placed_at,
        Money(minor, currency),
    )
