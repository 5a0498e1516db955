"""Signatures of what comes from outside: Standard Webhooks, symmetric (`v1`). Pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets as randomness
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE = timedelta(minutes=5)
SECRET_PREFIX = "whsec_"
SHORTEST_SECRET, USUAL_SECRET, LONGEST_SECRET = 24, 32, 64  # bytes, by the specification
EVENT_ID_LENGTH = 100

# No full stop: what is signed is joined by full stops, so one could be moved from the id into the body.
EVENT_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{EVENT_ID_LENGTH}}}")
SECONDS = re.compile(r"[1-9][0-9]{0,11}")


class NotSigned(Exception):
    """What all of these have in common: the answer's status, a code for machines, a sentence for their makers.

    English alone, and so no Refused, whose sentences are translated.
    """

    status = 401
    code = "not_signed"
    message = "The request is not signed."

    def __init__(self) -> None:
        super().__init__(self.message)


class Missing(NotSigned):
    """A header that isn't there."""

    code = "header_missing"

    def __init__(self, header: str) -> None:
        self.message = f"The header {header} is missing."
        super().__init__()


class BadId(NotSigned):
    """An id that is none."""

    status = 400
    code = "id_malformed"
    message = "webhook-id has to be 1 to 100 letters, digits, hyphens and underscores."


class BadTimestamp(NotSigned):
    """A time that is none."""

    status = 400
    code = "timestamp_malformed"
    message = "webhook-timestamp has to be a whole number of seconds since 1970."


class BadSignature(NotSigned):
    """No signature fits: another secret, another body, another id or time."""

    code = "signature_wrong"
    message = "No signature in webhook-signature fits this id, timestamp and body."


class TooOld(NotSigned):
    """Signed well, long ago."""

    code = "timestamp_too_old"
    message = "webhook-timestamp is too far in the past."


class FromTheFuture(NotSigned):
    """Signed well, by a clock that is ahead."""

    code = "timestamp_in_future"
    message = "webhook-timestamp is too far in the future."


def new_secret() -> bytes:
    """A secret, random."""
    return randomness.token_bytes(USUAL_SECRET)


def written_secret(secret: bytes) -> str:
    """The secret as it is shown once: `whsec_…`."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def read_secret(written: str) -> bytes:
    """The bytes of `whsec_…`. Raises ValueError."""
    try:
        secret = base64.b64decode(written.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not a secret") from None
    if not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET:
        raise ValueError("a secret of the wrong length")
    return secret


def sign(secret: bytes, event_id: str, timestamp: int, body: bytes) -> str:
    """The signature for the header: `v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body`."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def headers_for(secrets: Iterable[bytes], event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a signed message; each secret adds a signature."""
    signatures = " ".join(sign(secret, event_id, timestamp, body) for secret in secrets)
    return {ID: event_id, TIMESTAMP: str(timestamp), SIGNATURE: signatures}


def verify(
    secrets: Sequence[bytes],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> str:
    """The permanent id of the event, once one of the signatures fits one of the secrets. Raises NotSigned.

    The time is judged last: what isn't signed learns nothing about our clock.
    """
    event_id, timestamp, _signatures = _read(headers)
    if not any(fitting(secrets, headers, body)):
        raise BadSignature()
    age = int(now.astimezone(UTC).timestamp()) - timestamp
    if age > tolerance.total_seconds():
        raise TooOld()
    if -age > tolerance.total_seconds():
        raise FromTheFuture()
    return event_id


def fitting(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes) -> list[bool]:
    """For each of the secrets whether one of the signatures is its own. Raises NotSigned for malformed headers."""
    event_id, timestamp, signatures = _read(headers)
    found = []
    for secret in secrets:
        expected, fits = sign(secret, event_id, timestamp, body).encode(), False
        for each in signatures:  # all of them, always: how long it takes tells nothing
            fits |= hmac.compare_digest(expected, each.encode("utf-8", "surrogateescape"))
        found.append(fits)
    return found


def _read(headers: Mapping[str, str]) -> tuple[str, int, list[str]]:
    """(id, seconds, signatures) of the headers, whatever the case of their names."""
    values = {name.lower(): value for name, value in headers.items()}
    for header in (ID, TIMESTAMP, SIGNATURE):
        if not values.get(header):
            raise Missing(header)
    if not EVENT_ID.fullmatch(values[ID]):
        raise BadId()
    if not SECONDS.fullmatch(values[TIMESTAMP]):
        raise BadTimestamp()
    return values[ID], int(values[TIMESTAMP]), values[SIGNATURE].split(" ")
