"""Money: whole minor units, and what people type for it."""

from __future__ import annotations

import contextlib
from decimal import Decimal

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
