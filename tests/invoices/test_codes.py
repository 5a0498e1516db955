"""What a banking app reads from an invoice, seen by a camera (RULES M6: by reference)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.invoices.papers import BUYERS, GERMAN_IBAN, SELLER, SWISS_IBAN, credit_note, document, plain
from tests.invoices.reading import codes_on, corners_in_mm, opened, text_of
from webapp.invoices.codes import swiss_bill
from webapp.invoices.paper import pdf
from webapp.money import Money

QR_IBAN = "CH4431999123000889012"


def read_from(invoice):
    """The text of the one code on the document's last page."""
    (code,) = codes_on(pdf(invoice))
    return code.text


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_swiss_code_holds_each_field(language):
    lines = read_from(document(language=language)).split("\r\n")
    assert lines[:4] == ["SPC", "0200", "1", SWISS_IBAN]
    assert lines[4:11] == ["S", "Alpenhost AG", "Rue du Lac 12", "", "1003", "Lausanne", "CH"]
    assert lines[11:18] == [""] * 7
    assert lines[18:20] == ["246.71", "CHF"]
    assert lines[20:27] == ["S", "Cœur d'Agence Sàrl", "Chemin des Œillets 7", "", "1204", "Genève", "CH"]
    assert lines[27:31] == ["SCOR", document().reference, "2026-000042", "EPD"]
    assert len(lines) == 31


def test_the_swiss_payment_part_lies_at_the_foot_in_its_exact_size():
    """210 × 105 mm; the code is 46 × 46 mm, 67 mm from the left and 17 mm below the perforation."""
    file = pdf(document())
    (code,) = codes_on(file)
    left, top, right, bottom = corners_in_mm(code)
    assert (left, top) == (pytest.approx(67, abs=0.4), pytest.approx(297 - 105 + 17, abs=0.4))
    assert (right - left, bottom - top) == (pytest.approx(46, abs=0.6), pytest.approx(46, abs=0.6))
    with opened(file) as drawn:
        assert drawn[len(drawn) - 1].get_size() == (
            pytest.approx(595.28, abs=0.01),
            pytest.approx(841.89, abs=0.01),
        )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Receipt", "Payment part", "Account / Payable to", "Separate before paying in"]),
        ("fr", ["Récépissé", "Section paiement", "Compte / Payable à", "Point de dépôt"]),
        ("de", ["Empfangsschein", "Zahlteil", "Konto / Zahlbar an", "Zahlbar durch"]),
    ],
)
def test_the_payment_part_speaks_the_payer_s_language(language, words):
    """RULES L1: in the words that the scheme prescribes."""
    text = text_of(pdf(document(language=language)))
    assert [word for word in words if word not in text] == []
    assert "CH93 0076 2011 6238 5295 7" in text and "RF02 2026 0000 42" in text


def test_the_payment_part_writes_its_amount_as_the_scheme_wants_it():
    text = text_of(pdf(document(lines=(plain(123_456_789),), vat_rate=0)))
    assert "1 234 567.89" in text and "CHF 1’234’567.89" in text


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_european_code_holds_each_field(language):
    invoice = document("DE", language, "EUR")
    assert read_from(invoice).split("\n") == [
        "BCD", "002", "1", "SCT", "COBADEFFXXX", "Alpenhost AG", GERMAN_IBAN, "EUR152.04", "", invoice.reference,
    ]  # fmt: skip


def test_only_what_is_still_open_is_asked_for():
    """RULES M6: a partial payment."""
    assert "\r\n146.71\r\n" in read_from(document(paid=Money(10_000, "CHF")))
    assert "EUR52.04" in read_from(document("FR", "fr", "EUR", paid=Money(10_000, "EUR")))


@pytest.mark.parametrize(
    "settled",
    [
        credit_note(),
        document(paid=document().gross),
        document("DE", "de", "EUR", paid=document("DE", "de", "EUR").gross),
        document(paid=document().gross * 2),
        document(lines=(plain(0),)),
    ],
    ids=["credit note", "paid", "paid in euros", "paid twice", "free"],
)
def test_where_nothing_is_to_be_paid_there_is_no_code(settled):
    file = pdf(settled)
    assert codes_on(file) == [] and "IBAN" not in text_of(file)


@pytest.mark.parametrize("iban", [GERMAN_IBAN, QR_IBAN, "CH0000000000000000000", ""])
def test_an_account_without_place_in_the_scheme_leaves_the_bank_details_alone(iban):
    """Francs to an account abroad, a QR-IBAN (its references are others), none at all."""
    invoice = document(iban=iban)
    file = pdf(invoice)
    assert swiss_bill(invoice) is None and codes_on(file) == []
    assert ("RF02 2026 0000 42" in text_of(file)) == bool(iban)


def test_a_payer_without_a_whole_address_leaves_the_field_empty():
    invoice = document(buyer=replace(BUYERS["CH"], city=""))
    assert read_from(invoice).split("\r\n")[20:27] == [""] * 7
    assert "Payable by (name/address)" in text_of(pdf(invoice))


def test_long_and_foreign_text_fits_into_the_code():
    buyer = replace(BUYERS["CH"], name="Ж" * 40 + "Müller\n" * 60, street="Gasse " * 40, city="Ort" * 30)
    lines = read_from(document(buyer=buyer, account_holder="Ä" * 200)).split("\r\n")
    assert lines[5] == "Ä" * 70
    assert [len(lines[place]) <= most for place, most in ((21, 70), (22, 70), (25, 35))] == [True] * 3
    assert len(lines) == 31


def test_a_name_cannot_add_a_field():
    """SECURITY: line ends in text would move the account."""
    hostile = replace(SELLER, name="Alpenhost\r\nDE00\nEUR9999")
    assert read_from(document(seller=hostile, account_holder="")).split("\r\n")[18] == "246.71"
    lines = read_from(document("DE", "de", "EUR", seller=hostile, account_holder="")).split("\n")
    assert (lines[5], lines[7]) == ("Alpenhost DE00 EUR9999", "EUR152.04")
