"""Signatures as Standard Webhooks: the official example, secrets, tolerance, what is refused by which name."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from webapp.api import signing
from webapp.api.signing import (
    BadId,
    BadSignature,
    BadTimestamp,
    FromTheFuture,
    Missing,
    NotSigned,
    TooOld,
    headers_for,
    new_secret,
    read_secret,
    sign,
    verify,
    written_secret,
)

# The example of the specification's reference libraries.
OFFICIAL_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OFFICIAL_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
OFFICIAL_SECONDS = 1614265330
OFFICIAL_BODY = b'{"test": 2432232314}'
OFFICIAL_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
SECRET, OTHER = b"a" * 32, b"b" * 24
BODY = b'{"external_id": "1001"}'


def signed(*secrets, event_id="evt_1", seconds=SECONDS, body=BODY, **changed):
    headers = headers_for(secrets or [SECRET], event_id, seconds, body)
    for name, value in changed.items():
        headers["webhook-" + name] = value
    return {name: value for name, value in headers.items() if value is not None}


def accepted(headers, *secrets, body=BODY, now=NOW):
    return verify(secrets or [SECRET], headers, body, now=now, tolerance=timedelta(minutes=5))


def test_the_official_example_is_signed_and_verified():
    secret = read_secret(OFFICIAL_SECRET)
    assert sign(secret, OFFICIAL_ID, OFFICIAL_SECONDS, OFFICIAL_BODY) == OFFICIAL_SIGNATURE
    headers = {
        "webhook-id": OFFICIAL_ID,
        "webhook-timestamp": str(OFFICIAL_SECONDS),
        "webhook-signature": OFFICIAL_SIGNATURE,
    }
    now = datetime.fromtimestamp(OFFICIAL_SECONDS, UTC)
    assert verify([secret], headers, OFFICIAL_BODY, now=now) == OFFICIAL_ID


def test_the_names_of_headers_have_no_case():
    headers = {name.title(): value for name, value in signed().items()}
    assert accepted(headers) == "evt_1"
    assert accepted(Headers(headers)) == "evt_1"


def test_two_secrets_are_valid_at_a_time():
    assert accepted(signed(OTHER), SECRET, OTHER) == "evt_1"
    assert accepted(signed(SECRET), SECRET, OTHER) == "evt_1"
    assert accepted(signed(SECRET, OTHER), OTHER) == "evt_1"


def test_signatures_of_other_kinds_are_passed_over():
    fits = sign(SECRET, "evt_1", SECONDS, BODY)
    assert accepted(signed(signature=f"v1a,c2lnbmF0dXJl v2,x nonsense  {fits}")) == "evt_1"
    assert accepted(signed(signature=f"{fits} v1,x")) == "evt_1"


@pytest.mark.parametrize("name", ["id", "timestamp", "signature"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_header_is_named(name, value):
    with pytest.raises(Missing) as refused:
        accepted(signed(**{name: value}))
    assert str(refused.value) == refused.value.message == f"The header webhook-{name} is missing."


@pytest.mark.parametrize("event_id", ["a.b", "a b", "é", "a" * 101, "a\n", "a,b", "../x", "evt:1"])
def test_an_id_is_letters_digits_hyphens_and_underscores(event_id):
    """A full stop could move from the id into the body: both would be signed the same."""
    with pytest.raises(BadId):
        accepted(signed(event_id=event_id))


@pytest.mark.parametrize(
    "seconds",
    ["now", "-1", "+1", "1e9", "0", "01", f"{SECONDS}.0", f" {SECONDS}", "١", "1" * 13, "1_000", "NaN"],
)
def test_a_time_is_whole_seconds(seconds):
    with pytest.raises(BadTimestamp):
        accepted(signed(timestamp=seconds))


@pytest.mark.parametrize(
    "headers",
    [
        signed(OTHER), signed(id="evt_2"), signed(timestamp=str(SECONDS + 1)), signed(body=BODY + b" "),
        signed(signature="v1,"), signed(signature="v1"), signed(signature=" "), signed(signature="é \udce9 v1,é"),
        signed(signature=sign(SECRET, "evt_1", SECONDS, BODY)[3:]),
        signed(signature=sign(SECRET, "evt_1", SECONDS, BODY)[:-1]),
        signed(signature=sign(SECRET, "evt_1", SECONDS, BODY).replace("v1,", "v2,")),
        signed(signature=sign(SECRET, "evt_1", SECONDS, BODY).replace("v1,", "V1,")),
    ],
)  # fmt: skip
def test_a_signature_that_does_not_fit_is_refused(headers):
    with pytest.raises(BadSignature):
        accepted(headers)


def test_without_a_secret_nothing_fits():
    with pytest.raises(BadSignature):
        verify([], signed(), BODY, now=NOW)


@pytest.mark.parametrize("seconds", [-300, -299, 0, 300])
def test_clocks_may_differ_by_the_tolerance(seconds):
    assert accepted(signed(seconds=SECONDS + seconds)) == "evt_1"


@pytest.mark.parametrize(
    ("seconds", "refusal"), [(-301, TooOld), (301, FromTheFuture), (10**11, FromTheFuture)]
)
def test_beyond_the_tolerance_a_signature_is_refused_in_both_directions(seconds, refusal):
    with pytest.raises(refusal):
        accepted(signed(seconds=SECONDS + seconds))


def test_the_time_zone_of_the_clock_does_not_matter():
    assert accepted(signed(), now=NOW.astimezone(timezone(timedelta(hours=9)))) == "evt_1"


def test_what_is_not_signed_does_not_learn_that_it_is_old():
    with pytest.raises(BadSignature):
        accepted(signed(OTHER, seconds=SECONDS - 10_000))


def test_all_signatures_are_compared_with_all_secrets(monkeypatch):
    compared = []
    compare = signing.hmac.compare_digest
    monkeypatch.setattr(signing.hmac, "compare_digest", lambda a, b: compared.append(b) or compare(a, b))
    accepted(signed(SECRET, OTHER), SECRET, OTHER)
    assert len(compared) == 4


def test_a_secret_is_written_and_read():
    secret = new_secret()
    assert len(secret) == 32 and secret != new_secret()
    assert written_secret(secret).startswith("whsec_") and read_secret(written_secret(secret)) == secret


@pytest.mark.parametrize(
    "written", ["", "whsec_", "whsec_abc", "whsec_é", "whsec_" + "a" * 28, "whsec_" + "A" * 100]
)
def test_what_is_no_secret_is_refused(written):
    with pytest.raises(ValueError, match="secret"):
        read_secret(written)


def test_every_refusal_has_a_code_and_a_whole_sentence():
    refusals = NotSigned.__subclasses__()
    assert len({each.code for each in refusals}) == len(refusals) == 6
    assert all(each.message.endswith(".") and each.status in (400, 401) for each in refusals)


@given(
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "Webhook-Id"]),
        st.text() | st.integers().map(str) | st.just(str(SECONDS)),
    ),
    st.binary(),
)
def test_whatever_is_sent_unsigned_is_refused_by_a_name(headers, body):
    with pytest.raises(NotSigned):
        accepted(headers, body=body)


@given(st.binary(min_size=24, max_size=64), st.from_regex(r"\A[A-Za-z0-9_-]{1,100}\Z"), st.binary())
def test_whatever_is_signed_is_accepted_and_nothing_else(secret, event_id, body):
    headers = headers_for([secret], event_id, SECONDS, body)
    assert accepted(headers, secret, body=body) == event_id
    with pytest.raises(BadSignature):
        accepted(headers, secret, body=body + b"x")
