"""RULES F as truth tables, without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from webapp.affiliation.rules import (
    TAG_ALPHABET,
    Course,
    Ordered,
    Reason,
    Sign,
    State,
    Verdict,
    Wait,
    click_counts,
    last_waiting_day,
    left_of,
    new_tag,
    next_tier,
    rate_at,
    verdict,
    whole_commission,
    why_not,
)
from webapp.money import Money
from webapp.visits import normal_tag

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = timedelta(days=1)
TIERS = [(0, 25), (50, 30), (1000, 35), (20_000, 50)]


def chf(minor):
    return Money(minor, "CHF")


# --- tags ---------------------------------------------------------------------------------------------------


def test_a_tag_can_be_read_out():
    """RULES F1: nothing in it looks like something else."""
    tags = {new_tag() for _ in range(50)}
    assert len(tags) == 50 and all(set(tag) <= set(TAG_ALPHABET) and normal_tag(tag) == tag for tag in tags)
    assert not set("01ilo") & set(TAG_ALPHABET)


@pytest.mark.parametrize(
    "typed",
    [
        "k7m2q9w", "K7M2Q9W", " k7m2q9w ", "k7m2q9w/", "k7m2q9w.", "«k7m2q9w»", "<k7m2q9w>", "“K7m2Q9w”,",
        "ｋ７ｍ２ｑ９ｗ", "k7m2\u200bq9w", "\ufeffk7m2q9w\n", "k7m2q9w&", "k7m2\u00adq9w",
    ],
)  # fmt: skip
def test_a_tag_is_known_however_it_is_spelled(typed):
    """RULES F1."""
    assert normal_tag(typed) == "k7m2q9w"


@pytest.mark.parametrize(
    "typed", ["", "abc", "k7m2 q9w", "k7m2q9w' OR 1=1", "newsletter-11", "ä7m2q9w", "a" * 21]
)
def test_what_is_no_tag_is_none(typed):
    """RULES F1: `utm_term` is a generic parameter."""
    assert normal_tag(typed) is None


# --- clocks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "counts"),
    [
        (timedelta(0), True),
        (30 * DAY, True),
        (30 * DAY + timedelta(seconds=1), False),
        (timedelta(seconds=-1), False),
    ],
)
def test_a_click_counts_for_thirty_days(ago, counts):
    """RULES F2, SECURITY M5."""
    assert click_counts(NOW - ago, now=NOW, days=30) is counts


def test_the_day_of_the_order_is_not_counted():
    """RULES F6."""
    assert last_waiting_day(date(2026, 11, 18), 30) == date(2026, 12, 18)
    assert last_waiting_day(date(2028, 1, 30), 30) == date(2028, 2, 29)


# --- what counts --------------------------------------------------------------------------------------------

COUNTS = Ordered(
    on=date(2026, 11, 22), pays_until=date(2026, 11, 22), after_sign_up=timedelta(hours=24), by_colleague=False,
    same_network=False, managed=False, closed=False, refused=False, counted=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, None),
        ({"refused": True}, Reason.REFUSED),
        ({"closed": True}, Reason.CLOSED),
        ({"by_colleague": True}, Reason.OWN),
        ({"same_network": True}, Reason.ADDRESS),
        ({"managed": True}, Reason.MANAGED),
        ({"after_sign_up": timedelta(hours=24, seconds=1)}, Reason.LATE),
        ({"on": date(2026, 11, 23)}, Reason.OVER),
        ({"counted": False}, Reason.EXCLUDED),
        ({"managed": True, "counted": False, "closed": True}, Reason.CLOSED),
    ],
)
def test_an_order_counts_unless_there_is_a_reason(values, reason):
    """RULES F2, F3, F4, F10."""
    assert why_not(replace(COUNTS, **values), first_order=timedelta(hours=24)) is reason


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        (set(), Verdict.ALLOWED),
        ({Sign.SAME_PLACE}, Verdict.HELD),
        ({Sign.SAME_NETWORK}, Verdict.HELD),
        ({Sign.SAME_DOMAIN}, Verdict.HELD),
        ({Sign.MANY}, Verdict.HELD),
        ({Sign.FAST}, Verdict.HELD),
        ({Sign.SAME_NUMBER}, Verdict.REFUSED),
        ({Sign.SAME_NUMBER, Sign.FAST}, Verdict.REFUSED),
    ],
)
def test_a_suspicious_sign_up_is_looked_at(signs, expected):
    """RULES F3."""
    assert verdict(frozenset(signs)) is expected


# --- how much -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("earned", "rate", "following"),
    [
        (0, 25, (5_000, 30)),
        (4_999, 25, (1, 30)),
        (5_000, 30, (95_000, 35)),
        (99_999, 30, (1, 35)),
        (100_000, 35, (1_900_000, 50)),
        (1_999_999, 35, (1, 50)),
        (2_000_000, 50, None),
        (9_000_000, 50, None),
    ],
)
def test_the_rate_rises_with_what_was_earned_before(earned, rate, following):
    """RULES F5: 49.99 and 50.00, 999.99 and 1000.00, 19,999.99 and 20,000.00."""
    assert rate_at(chf(earned), TIERS) == rate
    assert next_tier(chf(earned), TIERS) == (following and (chf(following[0]), following[1]))


@pytest.mark.parametrize(
    ("base", "rate", "whole"),
    [(0, 25, 0), (1, 25, 0), (2, 25, 1), (34_720, 25, 8_680), (20_125, 30, 6_038), (999, 35, 350)],
)
def test_a_commission_is_rounded_half_up_once(base, rate, whole):
    """RULES F5, M3."""
    assert whole_commission(chf(base), rate) == chf(whole)


@pytest.mark.parametrize(
    ("credited", "left"), [(0, 3_000), (1, 3_000), (4, 2_999), (6_000, 1_500), (11_999, 0), (12_000, 0)]
)
def test_a_refund_takes_its_part(credited, left):
    """RULES F6."""
    assert left_of(chf(3_000), credited=credited, base=12_000) == chf(left)
    assert left_of(chf(0), credited=0, base=0) == chf(0)


# --- states -------------------------------------------------------------------------------------------------

WAITING = Course(
    reason=None, whole=3_000, amount=3_000, held=False, waits_until=date(2026, 12, 18),
    confirms_on=date(2026, 12, 19), paid_on=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("values", "today", "state"),
    [
        ({}, date(2026, 12, 18), State.WAITING),
        ({}, date(2026, 12, 19), State.CONFIRMED),
        ({"confirms_on": None}, date(2027, 12, 19), State.WAITING),
        ({"amount": 0}, date(2026, 12, 1), State.CANCELLED),
        ({"amount": 0}, date(2026, 12, 19), State.CANCELLED),
        ({"amount": None}, date(2026, 12, 19), State.CONFIRMED),
        ({"paid_on": date(2027, 1, 1)}, date(2027, 1, 1), State.PAID),
        ({"paid_on": date(2027, 1, 1), "amount": 0}, date(2027, 1, 2), State.PAID),
        ({"reason": Reason.OWN, "amount": 0}, date(2027, 1, 2), State.NOT_COUNTED),
    ],
)
def test_a_commission_is_in_one_of_five_states(values, today, state):
    """RULES F6, F7."""
    assert replace(WAITING, **values).state(today) is state


@pytest.mark.parametrize(
    ("values", "today", "wait"),
    [
        ({}, date(2026, 12, 1), Wait.DAYS),
        ({"confirms_on": None}, date(2026, 12, 18), Wait.DAYS),
        ({"confirms_on": None}, date(2026, 12, 19), Wait.PAYMENT),
        ({"amount": None, "confirms_on": None}, date(2026, 12, 1), Wait.RATE),
        ({"amount": None, "confirms_on": None, "held": True}, date(2026, 12, 1), Wait.REVIEW),
    ],
)
def test_it_says_what_a_commission_waits_for(values, today, wait):
    """RULES F6, F7, F9."""
    assert replace(WAITING, **values).waits_for(today) is wait
