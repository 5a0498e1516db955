"""What comes from outside, read strictly: orders and what became of them, or each fault with its place. Pure.

It is an API for machines: each fault has a code, a JSON pointer (RFC 6901) and a sentence in English.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from webapp.money import CURRENCIES, MINOR_PER_UNIT, Money
from webapp.orders.rules import LINES_MOST, PERIODS_MOST, QUANTITY_MOST, REASON_LENGTH
from webapp.products.rules import CODE, LABEL_LENGTH
from webapp.refused import Refused
from webapp.text import has_control_characters, tidy_line

LARGEST_BODY = 64 * 1024  # bytes
DEEPEST = 8  # objects and arrays inside each other
EXTERNAL_ID_LENGTH = 100
FAULTS_TOLD = 50
AHEAD = timedelta(minutes=5)  # how far another clock may be ahead
FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)

EXTERNAL_ID = re.compile(rf"[!-~]{{1,{EXTERNAL_ID_LENGTH}}}")  # printable ASCII without blanks
PUBLIC_ID = re.compile(r"[a-z2-7]{26}")
AMOUNT = re.compile(r"(0|[1-9][0-9]{0,10})\.([0-9]{2})")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)

NAME_LENGTH = 60  # of a key
KEY_TOLD = 60  # characters of an unknown name that a pointer holds

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
Value = TypeVar("Value")
Read = Callable[[Any], Value]  # a value of JSON -> ours, or _Wrong


class EventType(StrEnum):
    """What became of an order; the value is the body's `type`."""

    PAID = "order.paid"
    CANCELLED = "order.cancelled"
    REFUNDED = "order.refunded"


class Misfit(StrEnum):
    """Why a message did less than it says."""

    CURRENCY = "currency"  # an amount in another one than the order's: nothing was booked
    IMPOSSIBLE = "impossible"  # the rules refuse it: nothing was booked
    BEYOND = "beyond"  # a refund of more than was left: what was left was given back


class Standing(StrEnum):
    """What became of a message about an order."""

    APPLIED = "applied"
    PARKED = "parked"  # until its order comes
    REFUSED = "refused"  # it was parked, and does not fit the order that came


@dataclass(frozen=True)
class OrderedLine:
    """What is ordered: something new under a label, or more periods of a product by its public id."""

    plan: str
    quantity: int
    periods: int
    label: str  # "" with a product
    product: str | None


@dataclass(frozen=True)
class NewOrder:
    """An order that was placed outside; `expected_gross` is what the shop charged, to compare with."""

    external_id: str
    client: str  # public id of the organisation
    currency: str
    lines: tuple[OrderedLine, ...]
    placed_at: datetime
    expected_gross: Money | None


@dataclass(frozen=True)
class Event:
    """What became of an order; without an amount it concerns the whole of it."""

    type: EventType
    external_id: str
    amount: Money | None
    at: datetime
    reason: str


class Fault(NamedTuple):
    """What is wrong: for machines, where, and for whoever reads the log."""

    code: str
    pointer: str
    message: str

    def as_data(self) -> dict[str, str]:
        """As the answer tells it."""
        return self._asdict()


class Faults(Exception):
    """A body that is refused, with everything that is wrong in it (the first fifty)."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults[:FAULTS_TOLD])
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.message}" for fault in self.faults))


class OtherBody(Refused):
    """The permanent id of a message names one body (SECURITY L4)."""

    sentence = "A message with this id said something else before."


class ShownAlready(Refused):
    """A key's secret is shown once, whatever a browser sends again."""

    sentence = "This key was made and shown already. If nobody has kept it, revoke it and make another one."


class NoRoom(Refused):
    """Two keys are valid at a time: the old one and the one that follows it."""

    sentence = "Two keys are valid already. Revoke one before you make another."


def new_order(body: bytes, *, now: datetime) -> NewOrder:
    """The order in this body. Raises Faults.

    `{"external_id", "client", "currency", "placed_at", "lines": [{"plan", "quantity", "periods", "label" for
    something new or "product" for a renewal}], "expected_gross"?}`
    """
    top = _top(body)
    currency = top.needed("currency", _currency)
    gross = top.optional("expected_gross", _amount)
    order = NewOrder(
        external_id=top.needed("external_id", _external_id),
        client=top.needed("client", _public_id),
        currency=currency,
        lines=tuple(_line(each) for each in top.objects("lines", most=LINES_MOST)),
        placed_at=top.needed("placed_at", _moment(now)),
        expected_gross=None if gross is None else Money(gross, currency),
    )
    products = [line.product for line in order.lines]
    for n, product in enumerate(products):
        if product and product in products[:n]:
            top.wrong("repeated", f"lines/{n}/product", "The same product is in an earlier line.")
    top.finish()
    return order


def _line(each: _Object) -> OrderedLine:
    line = OrderedLine(
        plan=each.needed("plan", _plan),
        quantity=each.needed("quantity", _whole(QUANTITY_MOST)),
        periods=each.needed("periods", _whole(PERIODS_MOST)),
        label=each.optional("label", _label) or "",
        product=each.optional("product", _public_id),
    )
    if each.has("label") == each.has("product"):
        each.wrong(
            "label_or_product", "", "Give either a label, for something new, or a product, for a renewal."
        )
    elif line.product and line.quantity and line.quantity != 1:
        each.wrong("out_of_range", "quantity", "A product is renewed once: the quantity is 1.")
    return line


def event(body: bytes, *, now: datetime) -> Event:
    """The event in this body. Raises Faults.

    `{"type": "order.paid", "timestamp", "data": {"external_id", "amount"?, "currency"?, "reason"?}}`, the shape
    that Standard Webhooks recommends.
    """
    top = _top(body)
    type_ = top.needed("type", _event_type)
    at = top.needed("timestamp", _moment(now))
    data = top.object("data")
    external_id = data.needed("external_id", _external_id)
    minor = data.optional("amount", _positive_amount)
    currency = data.optional("currency", _currency)
    reason = data.optional("reason", _reason)
    if data.has("amount") != data.has("currency"):
        data.wrong("amount_and_currency", "", "An amount has a currency, and a currency an amount.")
    if type_ is EventType.CANCELLED and data.has("amount"):
        data.wrong("not_expected", "amount", "A cancellation concerns the whole order.")
    top.finish()
    amount = None if minor is None or currency is None else Money(minor, currency)
    return Event(type_, external_id, amount, at, reason or "")


# --- values -------------------------------------------------------------------------------------------------


class _Wrong(Exception):
    """A value that isn't right; the code and the sentence say why."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class _Number(str):
    """A number that is no int of ours: with a fraction, or endless; as it was written."""

    __slots__ = ()


def _string(value: Any) -> str:
    if type(value) is not str:
        raise _Wrong("wrong_type", "This has to be a string.")
    return value


def _matching(pattern: re.Pattern[str], message: str) -> Read[str]:
    def read(value: Any) -> str:
        if not pattern.fullmatch(_string(value)):
            raise _Wrong("malformed", message)
        return str(value)

    return read


_external_id = _matching(
    EXTERNAL_ID, f"This has to be 1 to {EXTERNAL_ID_LENGTH} printable ASCII characters without blanks."
)
_public_id = _matching(PUBLIC_ID, "This has to be a public id: 26 lower-case letters and digits.")
_plan = _matching(CODE, "This has to be the code of a plan, such as web-pro.")


def _currency(value: Any) -> str:
    if _string(value) not in CURRENCIES:
        raise _Wrong("unknown", f"This has to be one of {', '.join(CURRENCIES)}.")
    return str(value)


def _event_type(value: Any) -> EventType:
    if _string(value) not in list(EventType):
        raise _Wrong("unknown", f"This has to be one of {', '.join(EventType)}.")
    return EventType(value)


def _whole(most: int) -> Read[int]:
    def read(value: Any) -> int:
        if type(value) is not int:
            raise _Wrong("wrong_type", "This has to be a whole number.")
        if not 1 <= value <= most:
            raise _Wrong("out_of_range", f"This has to be from 1 to {most}.")
        return value

    return read


def _amount(value: Any) -> int:
    """Minor units."""
    parts = AMOUNT.fullmatch(_string(value))
    if parts is None:
        raise _Wrong("malformed", 'This has to be an amount with two decimals, as a string: "12.50".')
    return int(parts[1]) * MINOR_PER_UNIT + int(parts[2])


def _positive_amount(value: Any) -> int:
    minor = _amount(value)
    if not minor:
        raise _Wrong("out_of_range", "This has to be more than 0.00.")
    return minor


def _words(most: int) -> Read[str]:
    def read(value: Any) -> str:
        words = tidy_line(_string(value))
        if not words or len(words) > most:
            raise _Wrong("out_of_range", f"This has to be 1 to {most} characters long.")
        if has_control_characters(words, lines=False):
            raise _Wrong("malformed", "This has to be one line without control characters.")
        return words

    return read


_label = _words(LABEL_LENGTH)
_reason = _words(REASON_LENGTH)


def _moment(now: datetime) -> Read[datetime]:
    def read(value: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value) if MOMENT.fullmatch(_string(value)) else None
            moment = moment.astimezone(UTC) if moment else None
        except (ValueError, OverflowError):
            moment = None
        if moment is None:
            raise _Wrong(
                "malformed", "This has to be a moment with its offset (RFC 3339): 2026-11-30T14:05:00+01:00."
            )
        if not FIRST_MOMENT <= moment <= now + AHEAD:
            raise _Wrong("out_of_range", "This has to be a moment from 2000 on, and not in the future.")
        return moment

    return read


# --- JSON ---------------------------------------------------------------------------------------------------


class _Object:
    """An object of the body, whose members are asked for one by one; what is wrong is collected."""

    def __init__(self, values: dict[str, Any], pointer: str, faults: list[Fault]) -> None:
        self._values, self._pointer, self._faults = values, pointer, faults
        self._asked: set[str] = set()
        self._inner: list[_Object] = []

    def has(self, name: str) -> bool:
        """Whether there is such a member; `null` is none."""
        return self._values.get(name) is not None

    def wrong(self, code: str, path: str, message: str) -> None:
        """Keeps a fault of a member, or of the object itself."""
        self._faults.append(Fault(code, f"{self._pointer}/{path}" if path else self._pointer, message))

    def needed(self, name: str, read: Read[Value]) -> Value:
        """The member; nothing when it is wrong, which `finish` tells."""
        if name not in self._values:
            self._asked.add(name)
            self.wrong("missing", name, f"{name} is missing.")
            return _nothing()
        return self._member(name, read)

    def optional(self, name: str, read: Read[Value]) -> Value | None:
        """The member, None without one."""
        self._asked.add(name)
        return self._member(name, read) if self.has(name) else None

    def _member(self, name: str, read: Read[Value]) -> Value:
        self._asked.add(name)
        try:
            return read(self._values[name])
        except _Wrong as wrong:
            self.wrong(wrong.code, name, wrong.message)
            return _nothing()

    def object(self, name: str) -> _Object:
        """The member that is an object; where there is none, one whose faults nobody reads."""
        values = self.needed(name, _is_object)
        inner = _Object(values or {}, f"{self._pointer}/{name}", self._faults if values is not None else [])
        self._inner.append(inner)
        return inner

    def objects(self, name: str, *, most: int) -> list[_Object]:
        """The objects of a member that is an array."""
        values = self.needed(name, _is_array(most)) or []
        found = []
        for n, each in enumerate(values):
            if isinstance(each, dict):
                found.append(_Object(each, f"{self._pointer}/{name}/{n}", self._faults))
            else:
                self.wrong("wrong_type", f"{name}/{n}", "This has to be an object.")
        self._inner += found
        return found

    def finish(self) -> None:
        """Raises Faults if there are any; a name that nobody asked for is one."""
        self._tell_unknown()
        if self._faults:
            raise Faults(self._faults)

    def _tell_unknown(self) -> None:
        for name in self._values:
            if name not in self._asked:
                self.wrong("unknown_member", _escaped(name), "There is no such member.")
        for inner in self._inner:
            inner._tell_unknown()


def _nothing() -> Any:
    """Stands for what is wrong until `finish` refuses the whole."""
    return None


def _is_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong("wrong_type", "This has to be an object.")
    return value


def _is_array(most: int) -> Read[list[Any]]:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise _Wrong("wrong_type", "This has to be an array.")
        if not 1 <= len(value) <= most:
            raise _Wrong("out_of_range", f"This has to hold 1 to {most} objects.")
        return value

    return read


class _Members(dict[str, Any]):
    """An object as it was written; `twice` are the names that it holds more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        times = Counter(name for name, _value in pairs)
        self.twice = {name for name, n in times.items() if n > 1}


class _Endless(_Number):
    """NaN or Infinity, which Python writes and JSON doesn't know."""

    __slots__ = ()


def _top(body: bytes) -> _Object:
    """The body, once it is an object in JSON as RFC 8259 wants it."""
    if len(body) > LARGEST_BODY:
        raise Faults([Fault("body_too_large", "", f"The body is larger than {LARGEST_BODY // 1024} kB.")])
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"The body is not in UTF-8 (byte {error.start})."
        raise Faults([Fault("not_utf8", "", message)]) from None
    if _depth(text) > DEEPEST:
        message = f"Objects and arrays are nested more than {DEEPEST} deep."
        raise Faults([Fault("too_deep", "", message)])
    try:
        value = json.loads(
            text,
            object_pairs_hook=_Members,
            parse_int=_int,
            parse_float=_Number,
            parse_constant=_Endless,
        )
    except json.JSONDecodeError as error:
        message = f"The body is not JSON (line {error.lineno}, column {error.colno})."
        raise Faults([Fault("json_malformed", "", message)]) from None
    if faults := list(_not_json(value, "")):
        raise Faults(faults)
    if not isinstance(value, dict):
        raise Faults([Fault("wrong_type", "", "The body has to be an object.")])
    return _Object(value, "", [])


def _depth(text: str) -> int:
    """How deep objects and arrays lie inside each other, before anything is built of them."""
    deepest = depth = 0
    for mark in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if mark in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _int(written: str) -> int | _Number:
    return int(written) if len(written) <= 18 else _Number(written)


def _not_json(value: Any, pointer: str) -> Iterator[Fault]:
    """What Python’s reader lets through: names twice, NaN, halves of characters."""
    if isinstance(value, _Members):
        for name in sorted(value.twice):
            yield Fault(
                "repeated_member", f"{pointer}/{_escaped(name)}", "This member is there more than once."
            )
        for name, inner in value.items():
            if _SURROGATE.search(name):
                yield Fault("json_malformed", f"{pointer}/{_escaped(name)}", "This name is not Unicode text.")
            yield from _not_json(inner, f"{pointer}/{_escaped(name)}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _not_json(inner, f"{pointer}/{n}")
    elif isinstance(value, _Endless):
        yield Fault("json_malformed", pointer, f"{value} is not JSON.")
    elif isinstance(value, str) and _SURROGATE.search(value):
        yield Fault("json_malformed", pointer, "This string is not Unicode text.")


def _escaped(name: str) -> str:
    """A name as part of a pointer (RFC 6901), cut, and without halves of characters."""
    name = name.encode("utf-8", "replace").decode()[:KEY_TOLD]
    return name.replace("~", "~0").replace("/", "~1")
