"""What people type: folded for search, tidied for storing, checked for characters that harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.text import fold, has_control_characters, slug, tidy_line, tidy_text


@pytest.mark.parametrize(
    ("written", "sought"),
    [
        ("Café Zürich", "cafe zurich"),
        ("Straße", "strasse"),
        ("Œuvre & Cie", "oeuvre & cie"),
        ("ŁÓDŹ", "lodz"),
        ("Smørrebrød", "smorrebrod"),
        ("  two \n blanks ", "two blanks"),
        ("e\u0301te\u0301", "ete"),
        ("ﬁne", "fine"),
    ],
)
def test_search_knows_neither_accents_nor_case(written, sought):
    assert fold(written) == sought


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_more(text):
    assert fold(fold(text)) == fold(text)


def test_a_line_is_stored_tidy():
    assert tidy_line("  Anna \u00a0 Keller\t ") == "Anna Keller"
    assert tidy_line("e\u0301") == "é"


def test_a_text_keeps_its_lines():
    assert tidy_text("\r\nOne\r\rTwo\n\n\n\nThree  \n") == "One\n\nTwo\n\nThree"


@pytest.mark.parametrize(
    "bad", ["\x00", "\x0b", "\x1c", "\x1d", "\x1e", "\x7f", "\x85", "\u2028", "\u202e", "\u2066"]
)
def test_control_characters_and_direction_overrides_are_found_everywhere(bad):
    assert has_control_characters(f"a{bad}b", lines=False)
    assert has_control_characters(f"a{bad}b", lines=True)


@pytest.mark.parametrize("end", ["\n", "\t", "\r"])
def test_line_ends_belong_into_texts_only(end):
    assert has_control_characters(f"a{end}Bcc: b@example.com", lines=False)
    assert has_control_characters("a\rb", lines=False)
    assert not has_control_characters("a\n\tb", lines=True)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Lumière Digital Sàrl", "lumiere-digital-sarl"),
        ("  --A & B-- ", "a-b"),
        ("日本", "x"),
        ("", "x"),
        ("a" * 100, "a" * 60),
        ("Groß/Klein", "gross-klein"),
    ],
)
def test_a_name_becomes_an_address(name, address):
    assert slug(name) == address
