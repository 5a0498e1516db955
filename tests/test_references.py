"""Creditor references (RULES M6: an incoming transfer is matched by its reference)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from webapp.references import parse_reference, reference_of, spaced


def test_the_standard_s_own_example_comes_out():
    assert reference_of("539007547034") == "RF18539007547034"
    assert spaced("RF18539007547034") == "RF18 5390 0754 7034"


@given(st.from_regex(r"[0-9A-Z]{1,21}", fullmatch=True))
def test_every_number_gets_a_reference_that_others_accept(number):
    reference = reference_of(number)
    assert iso11649.is_valid(reference) and reference[4:] == number
    assert parse_reference(spaced(reference).lower()) == reference


def test_marks_between_letters_and_digits_do_not_count():
    assert reference_of("2026-000042") == reference_of("2026000042") == reference_of("2026/000.042")


@pytest.mark.parametrize("number", ["", "–", "1" * 22])
def test_a_number_without_place_in_a_reference_is_refused(number):
    with pytest.raises(ValueError):
        reference_of(number)


@pytest.mark.parametrize(
    "typed",
    ["", "RF", "RF18", "RF19539007547034", "1853 9007 5470 34", "RF18 5390 0754 7034 é", "RF١٨539007547034"],
)
def test_what_is_no_reference_is_none(typed):
    assert parse_reference(typed) is None


@given(st.text(max_size=60))
def test_any_text_is_read_without_harm(text):
    found = parse_reference(text)
    assert found is None or iso11649.is_valid(found)
