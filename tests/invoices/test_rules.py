"""What an invoice says adds up, or there is no invoice (RULES M3, M7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.invoices.papers import credit_note, document, hosting, plain
from webapp.invoices.rules import Discount, Step, WrongSum, for_payment
from webapp.money import Money
from webapp.orders.rules import Treatment


def test_the_figures_of_the_sources_stand_on_a_line():
    """RULES M3."""
    line = hosting("CHF")
    assert [line.public.minor, *(step.after.minor for step in line.steps)] == [34720, 27776, 20832]
    assert [hosting("EUR").public.minor, hosting("EUR").net.minor] == [20125, 12075]


def test_periods_multiply_the_price():
    line = plain(1000, quantity=3, periods=12, net=Money(36000, "CHF"))
    assert (line.billed, line.public.minor) == (36, 36000)


@pytest.mark.parametrize(
    "change",
    [
        {"net": Money(20833, "CHF")},
        {"steps": (Step(Discount.PARTNER, 20, Money(34721, "CHF")),)},
        {"steps": ()},
        {"steps": (Step(Discount.PARTNER, 20, Money(-1, "CHF")),)},
        {"period_until": date(2026, 11, 30)},
    ],
)
def test_a_line_that_does_not_add_up_is_refused(change):
    with pytest.raises(WrongSum):
        replace(hosting("CHF"), **change)


@pytest.mark.parametrize(
    "change",
    [
        {"net": Money(1, "CHF")},
        {"gross": Money(1, "CHF")},
        {"vat": Money(1, "CHF")},
        {"currency": "EUR"},
        {"paid": Money(1, "EUR")},
        {"lines": ()},
        {"vat_treatment": Treatment.REVERSE_CHARGE},
    ],
)
def test_a_document_that_does_not_add_up_is_refused(change):
    with pytest.raises(WrongSum):
        replace(document(), **change)


def test_what_is_open_is_what_was_not_paid_and_never_less_than_nothing():
    invoice = document()
    assert invoice.open == invoice.gross
    assert replace(invoice, paid=Money(100, "CHF")).open == invoice.gross - Money(100, "CHF")
    assert replace(invoice, paid=invoice.gross * 2).open.minor == 0
    assert credit_note().open.minor == 0


def test_an_invoice_spans_its_lines():
    assert document().span == (date(2026, 12, 1), date(2027, 11, 30))
    assert document(lines=(plain(1990),)).span is None


@given(st.text(), st.integers(1, 140))
def test_payment_codes_get_letters_that_they_allow(text, most):
    shown = for_payment(text, most)
    assert len(shown) <= most and shown == shown.strip()
    assert all(letter.isprintable() and ord(letter) < 0x2100 for letter in shown)


def test_typographic_marks_become_plain_ones_in_payment_codes():
    assert for_payment("Cœur d’Agence –\n „Ș“ 😀", 70) == 'Cœur d\'Agence - "Ș"'
