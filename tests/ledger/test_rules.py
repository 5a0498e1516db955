"""What a booking, an account and a rate may be."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.story import CLEARING, REVENUE
from webapp.ledger.rules import (
    KEY_LENGTH,
    AccountKind,
    Booking,
    Cause,
    Rate,
    Side,
    conversion,
    months_between,
    next_month,
    taken_back,
)
from webapp.money import Money

RIGHT = {
    "debit": CLEARING, "credit": REVENUE, "amount": Money(1, "CHF"), "cause": Cause.TOPPED_UP, "key": "k",
    "subject": "orders:1", "reference": "", "policy": "test",
}  # fmt: skip
RATE = Rate("CHF", "EUR", 1_051_234, date(2026, 11, 21))


def test_some_accounts_are_of_organisations_and_the_others_the_operator_s():
    of_organisations = {kind for kind in AccountKind if kind.of_organisation}
    assert {kind.value for kind in of_organisations} == {
        "prepaid", "receivable", "debt", "withdrawals", "earnings",
    }  # fmt: skip
    for kind in AccountKind:
        assert Side(kind, 1 if kind.of_organisation else None).kind is kind
        with pytest.raises(ValueError, match="do not go together"):
            Side(kind, None if kind.of_organisation else 1)


def test_prepaid_and_withdrawals_have_a_floor():
    """SECURITY L5."""
    assert {kind.value for kind in AccountKind if kind.floored} == {"prepaid", "withdrawals"}


@pytest.mark.parametrize("minor", [0, -1, 1.0, 1.5, True, "1"])
def test_a_booking_is_over_a_whole_amount_above_zero(minor):
    """SECURITY L7."""
    with pytest.raises(ValueError, match="whole amount"):
        Booking(**{**RIGHT, "amount": Money(minor, "CHF")})


@pytest.mark.parametrize(
    "values",
    [
        {"amount": Money(1, "USD")},
        {"credit": CLEARING},
        {"key": ""},
        {"key": "k" * (KEY_LENGTH + 1)},
        {"subject": ""},
        {"subject": "s" * 61},
        {"reference": "r" * 41},
        {"policy": ""},
        {"policy": "p" * 41},
        {"rate": RATE},
        {"cause": Cause.CONVERTED},
    ],
)
def test_a_booking_that_says_nonsense_is_refused(values):
    """RULES P1: each has the version of the policy. SECURITY L6: conversions, and only they, have a rate."""
    assert Booking(**RIGHT)
    with pytest.raises(ValueError):
        Booking(**{**RIGHT, **values})


def test_every_code_fits_its_column():
    assert max(len(code) for code in (*AccountKind, *Cause)) <= 20


# --- rates --------------------------------------------------------------------------------------------------


def test_a_conversion_is_two_bookings_through_the_exchange_account():
    """SECURITY L6: one currency each, with the rate."""
    prepaid, exchange = Side(AccountKind.PREPAID, 7), Side(AccountKind.EXCHANGE)
    both = conversion(prepaid, Money(100, "CHF"), RATE, key="c", subject="x:1", reference="", policy="test")
    out, into = both
    assert (out.debit, out.credit, out.amount, out.rate) == (prepaid, exchange, Money(100, "CHF"), RATE)
    assert (into.debit, into.credit, into.amount, into.rate) == (exchange, prepaid, Money(105, "EUR"), RATE)
    assert out.key != into.key
    back, again = taken_back(both, key="d")
    assert (back.debit, back.credit, back.amount, back.key) == (
        exchange,
        prepaid,
        Money(100, "CHF"),
        "d:given",
    )
    assert (again.debit, again.credit, again.amount) == (prepaid, exchange, Money(105, "EUR"))


@pytest.mark.parametrize(
    ("minor", "millionths", "becomes"), [(1, 500_000, 1), (1, 499_999, 0), (3, 1_500_000, 5)]
)
def test_a_rate_rounds_half_up_once(minor, millionths, becomes):
    rate = Rate("EUR", "CHF", millionths, date(2026, 11, 21))
    assert rate.convert(Money(minor, "EUR")) == Money(becomes, "CHF")


def test_a_rate_leads_from_one_of_our_currencies_to_another():
    for given_, taken, millionths in (
        ("CHF", "CHF", 1), ("CHF", "USD", 1), ("CHF", "EUR", 0), ("CHF", "EUR", -1), ("CHF", "EUR", 1.5),
    ):  # fmt: skip
        with pytest.raises(ValueError):
            Rate(given_, taken, millionths, date(2026, 11, 21))
    with pytest.raises(ValueError, match="not in CHF"):
        RATE.convert(Money(1, "EUR"))


# --- months -------------------------------------------------------------------------------------------------


def test_months_follow_each_other():
    assert next_month(date(2026, 11, 1)) == date(2026, 12, 1)
    assert next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert months_between(date(2026, 11, 30), date(2027, 1, 1)) == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]


@given(st.dates(date(1999, 1, 1), date(2090, 1, 1)), st.integers(0, 2000))
def test_every_day_is_in_one_of_the_months(first, days):
    last = date.fromordinal(first.toordinal() + days)
    months = months_between(first, last)
    assert months[0] <= first and months[-1] <= last < next_month(months[-1])
    assert all(next_month(one) == other for one, other in pairwise(months))
