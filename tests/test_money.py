"""Money: whole minor units, and what people type for it."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.money import Money, parse_amount

NO_BREAK, NARROW = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("0", 0),
        ("7", 700),
        ("1000", 100_000),
        ("1'000", 100_000),
        ("1’000", 100_000),
        ("1 000", 100_000),
        (f"1{NO_BREAK}000", 100_000),
        (f"1{NARROW}000", 100_000),
        ("1.000", 100_000),
        ("1,000", 100_000),
        ("1.000,50", 100_050),
        ("1,000.50", 100_050),
        ("1'000.50", 100_050),
        ("1 000,50", 100_050),
        ("12,5", 1250),
        ("12.5", 1250),
        ("12.05", 1205),
        ("0.05", 5),
        ("00012", 1200),
        ("1.234.567", 123_456_700),
        ("1’234’567.89", 123_456_789),
        ("12.-", 1200),
        ("12.–", 1200),
        ("1'200.--", 120_000),
        ("  80  ", 8000),
    ],
)
def test_an_amount_is_read_as_people_here_write_it(typed, minor):
    assert parse_amount(typed) == minor


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "-5",
        "+5",
        "12.345,6.7",
        "1.00.000",
        "1.000.50",
        "1,000,50",
        "10'00",
        "1'0000",
        "0.123",
        "1.2345",
        "12.",
        ".5",
        "5 CHF",
        "1e3",
        "½",
        "٣",
        "1\n000\n00",
        "12,-5",
        "ten",
        "0x10",
    ],
)
def test_everything_else_is_refused(typed):
    with pytest.raises(ValueError):
        parse_amount(typed)


@given(st.integers(min_value=0, max_value=10**13), st.sampled_from(["'", "’", " ", NARROW]))
def test_what_is_written_with_groups_and_cents_is_read_back(minor, mark):
    written = f"{minor // 100:,}".replace(",", mark) + f".{minor % 100:02}"
    assert parse_amount(written) == minor


@given(st.text(alphabet="0123456789.,' ’-", max_size=12))
def test_nothing_typed_breaks_it(typed):
    with contextlib.suppress(ValueError):
        assert parse_amount(typed) >= 0


def test_an_amount_in_whole_units_is_exact():
    assert Money(20_832, "CHF").amount == Decimal("208.32")
    assert Money(1, "EUR").amount == Decimal("0.01")


# --- parts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minor", "basis_points", "share"),
    [(5, 1000, 1), (4, 1000, 0), (-5, 1000, -1), (-4, 1000, 0), (500, 810, 41), (-500, 810, -41), (15, 5000, 8),
     (-15, 5000, -8), (1, 10_000, 1), (0, 810, 0), (7, 0, 0), (10**15, 1, 10**11)],
)  # fmt: skip
def test_half_a_minor_unit_goes_away_from_zero(minor, basis_points, share):
    """RULES M3: what is taken back is what was given."""
    assert Money(minor, "CHF").share(basis_points) == Money(share, "CHF")


AMOUNTS = st.integers(-(10**13), 10**13)


@given(AMOUNTS, st.integers(0, 10_000))
def test_a_share_is_the_nearest_whole_amount(minor, basis_points):
    """SECURITY L7: as exact fractions say, on both sides of zero alike."""
    exact = Fraction(minor * basis_points, 10_000)
    found = Money(minor, "EUR").share(basis_points).minor
    assert abs(found - exact) <= Fraction(1, 2) and found == -Money(-minor, "EUR").share(basis_points).minor
    if abs(found - exact) == Fraction(1, 2):
        assert abs(found) > abs(exact)


@given(AMOUNTS, st.integers(0, 1000), st.integers(1, 1000))
def test_a_part_and_a_share_round_alike(minor, numerator, denominator):
    """RULES M11."""
    money = Money(minor, "CHF")
    assert money.part(numerator * 10, 10_000) == money.share(numerator * 10)
    assert money.part(denominator, denominator) == money and money.part(0, denominator).minor == 0


@pytest.mark.parametrize("per_cent", [0, 1, 20, 35, 99, 100])
def test_less_is_what_the_discount_leaves(per_cent):
    """RULES M1: rounded once; 9.925 less 20 per cent is no float."""
    assert Money(1000, "CHF").less(per_cent).minor == 1000 - 10 * per_cent
    assert Money(5, "CHF").less(50).minor == 3  # half a cent goes up in what is paid, too


@given(AMOUNTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=12))
def test_the_parts_of_a_split_add_up(minor, weights):
    """SECURITY L7: exactly, each within one minor unit of what its weight asks, none on the other side of zero."""
    parts = Money(minor, "EUR").split(weights)
    assert len(parts) == len(weights) and sum(part.minor for part in parts) == minor
    for part, weight in zip(parts, weights, strict=True):
        assert part.currency == "EUR" and part.minor * minor >= 0
        if sum(weights):
            assert abs(part.minor - Fraction(minor * weight, sum(weights))) < 1


def test_a_split_without_weights_goes_to_the_first():
    """SECURITY L7."""
    assert [part.minor for part in Money(7, "CHF").split([0, 0])] == [7, 0]
    assert [part.minor for part in Money(100, "CHF").split([1, 1, 1])] == [34, 33, 33]
    assert [part.minor for part in Money(-100, "CHF").split([1, 1, 1])] == [-34, -33, -33]


@given(AMOUNTS, AMOUNTS, st.integers(0, 100))
def test_amounts_are_added_and_taken_away(one, two, times):
    """SECURITY L7."""
    mine, other = Money(one, "CHF"), Money(two, "CHF")
    assert (mine + other - other, -mine, (mine * times).minor) == (mine, Money(-one, "CHF"), one * times)


def test_two_currencies_are_never_added():
    """SECURITY L6."""
    for act in (Money.__add__, Money.__sub__):
        with pytest.raises(ValueError):
            act(Money(1, "CHF"), Money(1, "EUR"))
