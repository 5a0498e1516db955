"""What our typeface shows (RULES L1: the letters of three languages)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webapp.invoices.glyphs import FONTS, UNBROKEN, UNKNOWN, characters, printable


def test_the_letters_of_our_languages_are_there():
    letters = "œŒæÿçéèêàùîïôûëÉÀ«»‹› äöüßÄÖÜẞ„“”’‘–—…€×−·½ \u202f\u00a0ĄĘŁŻŚČŘŽŞĞ"
    for font in FONTS.glob("*.ttf"):
        assert [letter for letter in letters if ord(letter) not in characters(font)] == []


def test_other_writing_is_shown_as_far_as_it_goes():
    assert printable("Привет Γειά שלום") == "Привет Γειά שלום"
    assert printable("日本 😀") == f"{UNKNOWN}{UNKNOWN} {UNKNOWN}"
    assert printable("ｆｕｌｌ ﬁ ①") == "full ﬁ 1"


def test_what_steers_a_line_goes_and_line_ends_stay():
    assert printable("a\x00\u202eb\u200dc\td\ne\u2028f") == "abc d\ne f"


def test_a_long_word_may_break():
    assert printable("w" * 500).split("\u200b") == ["w" * UNBROKEN] * 12 + ["w" * 20]
    assert printable("atelier-brun.example") == "atelier-brun.example"


@given(st.text())
def test_nothing_is_left_that_cannot_be_shown(text):
    known = frozenset.intersection(*map(characters, FONTS.glob("*.ttf"))) | {ord("\n"), 0x200B}
    assert {ord(letter) for letter in printable(text)} <= known
