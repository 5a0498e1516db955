"""Files for spreadsheets: in pieces, defused, with figures that every spreadsheet reads."""

import csv
import io

import pytest

from webapp import sheets
from webapp.money import Money


def test_a_file_leaves_in_pieces_while_its_rows_are_read():
    read = []

    def rows():
        for n in range(5_000):
            read.append(n)
            yield [str(n), "Hébergement"]

    pieces = sheets.lines(["n", "what"], rows())
    first = next(pieces)
    assert 0 < len(read) < 5_000
    whole = (first + b"".join(pieces)).decode("utf-8-sig")
    assert first.startswith(b"\xef\xbb\xbf") and len(whole.splitlines()) == 5_001
    assert whole.splitlines()[-1] == "4999,Hébergement"


def test_a_file_without_rows_has_its_header():
    assert b"".join(sheets.lines(["a", "b"], [])).decode("utf-8-sig") == "a,b\r\n"


def test_every_cell_is_defused():
    """SECURITY 3."""
    assert b"'=1+1" in b"".join(sheets.lines(["a"], [["=1+1"]]))


@pytest.mark.parametrize(("minor", "text"), [(0, "0.00"), (5, "0.05"), (123_450, "1234.50"), (-5, "-0.05")])
def test_figures_have_two_decimals_and_no_groups(minor, text):
    assert sheets.figure(Money(minor, "CHF")) == text


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("-5", "-5"), ("-12.50", "-12.50"), ("-1+1", "'-1+1"), ("--5", "'--5"), ("-", "'-"), ("-5\n", "'-5\n"),
        ("+5", "'+5"),
    ],
)  # fmt: skip
def test_a_figure_below_nothing_is_no_formula(cell, written):
    assert sheets.defuse(cell) == written


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("Shop;=1+1", "Shop;'=1+1"), ("a; =1", "a;' =1"), ('a;"=1"', "a;'\"=1\""), ("a;@x", "a;'@x"),
        ("a;;-1", "a;;'-1"), ("a;'=1", "a;''=1"), ("=1;+2", "'=1;'+2"), ("a;b=1", "a;b=1"), ("a;", "a;"),
    ],
)  # fmt: skip
def test_a_cell_that_semicolons_part_is_defused_in_all_its_parts(cell, written):
    """SECURITY 3: where commas are decimals, spreadsheets end a cell at a semicolon, whatever stands around it."""
    assert sheets.defuse(cell) == written
    assert sheets.as_it_was(written) == cell
    assert b"".join(sheets.lines(["a"], [["x", cell]])) == b"".join(_written(["x", written]))


def _written(row):
    text = io.StringIO()
    csv.writer(text).writerows([["a"], row])
    return [b"\xef\xbb\xbf", text.getvalue().encode()]
