"""Invoices on paper, read back by PDFium and pypdf."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pypdf
import pytest

from tests.invoices.papers import BUYERS, SELLER, credit_note, document, hosting, plain
from tests.invoices.reading import codes_on, complaints, inside, opened, pages, text_of, value
from webapp.invoices.electronic import xml
from webapp.invoices.paper import pdf
from webapp.money import Money
from webapp.orders.rules import Treatment

HOSTILE = [
    '#import "@preview/x:0.1.0": *',
    '#panic("executed")',
    "#read(\"/etc/passwd\") #sys.inputs #eval(\"1+1\")",
    "] [ ) ( } { \\ \" ' ` $x^2$ *bold* _it_ = Heading // no /* no",
    "</script><svg onload=x>",
    "<svg 日本",
    "<svg xmlns='http://www.w3.org/2000/svg'><text>drawn</text></svg>",
    "one\ntwo\r\nthree",
    "w" * 500,
    "long words " * 45,
    "שלום עולם العربية",
    "😀🏳️‍🌈👩‍👩‍👧 日本語",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "\u202egnp.exe\u2066 \x00\x07\x1b[31m \ufffe",
    "{page} {pages} %(name)s %s %%",
    "",
]  # fmt: skip


# --- words and numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "region", "currency", "expected"),
    [
        ("en", "CH", "CHF", ["22 November 2026", "9.92", "41’664.00", "VAT 8.1%", "CHF 45’038.78"]),
        ("fr", "CH", "CHF", ["22 novembre 2026", "41 664,00", "8,1", "45 038,78 CHF"]),
        ("de", "CH", "CHF", ["22. November 2026", "41’664.00", "8.1", "CHF 45’038.78"]),
        ("fr", "FR", "EUR", ["22 novembre 2026", "5,75", "24 150,00", "26 106,15 €"]),
        ("de", "DE", "EUR", ["22. November 2026", "5,75", "24.150,00", "26.106,15 €"]),
        ("en", "DE", "EUR", ["22 November 2026", "24.150,00", "26.106,15 €"]),
        ("en", "US", "EUR", ["22 November 2026", "24,150.00", "€26,106.15"]),
    ],
)
def test_amounts_and_days_are_written_as_the_buyer_writes_them(language, region, currency, expected):
    """RULES L1, M3."""
    lines = [hosting(currency, position) for position in range(1, 201)]
    text = text_of(pdf(document(region, language, currency, lines=lines)))
    assert "2026-000042" in text
    assert [words for words in expected if words not in text] == []


def test_every_letter_of_our_languages_is_shown():
    letters = "œ Œ € ß ẞ ’ “ ” „ « » – — … × é à ç ÿ ä ö ü Ș ș Ł ł"
    text = text_of(pdf(document(note=letters)))
    assert letters in text and "□" not in text and "\ufffd" not in text


def test_an_invoice_says_whom_it_is_from_and_for_with_both_numbers():
    """RULES O3, M7."""
    text = text_of(pdf(document("FR", "en", "EUR", note="Purchase order 4711")))
    for words in [
        "Invoice 2026-000042", "Alpenhost AG", "VAT number CHE-116.281.710 TVA", "Register number CHE-116.281.710",
        "Lumière Digitale SAS 12, rue de l’Église 69002 Lyon France", "Your VAT number FR40303265045",
        "Order B-2026-000107", "Due by 22 December 2026", "Purchase order 4711", "2026-11+3f2a9c1d",
        "1 Dec 2026 to 30 Nov 2027",
    ]:  # fmt: skip
        assert words in text


def test_whose_products_they_are_is_said_when_somebody_else_pays():
    """RULES O8, M5."""
    assert "Products of: Atelier Brun SA" in text_of(pdf(document(holder="Atelier Brun SA")))
    assert "Products of" not in text_of(pdf(document()))


def test_each_discount_is_shown_with_what_is_left():
    """RULES M1, M2, M3; DESIGN 6: amounts explain themselves."""
    text = text_of(pdf(document(lines=(hosting(),))))
    assert "Public price 347.20 less 20% partner discount 277.76 less 25% sliding scale 208.32" in text


def test_several_periods_stand_beside_the_quantity():
    line = plain(1000, quantity=3, periods=12, net=Money(36000, "CHF"))
    assert "3 × 12 10.00 360.00" in text_of(pdf(document(lines=(line,))))


def test_reverse_charge_is_explained():
    """RULES M7."""
    text = text_of(pdf(document("DE", "en", "EUR", vat_treatment=Treatment.REVERSE_CHARGE)))
    assert "VAT reversed: the recipient is liable" in text and "Your VAT number DE136695976" in text


def test_what_is_outside_the_scope_of_vat_is_explained():
    """RULES M7."""
    text = text_of(pdf(document("US", "en", "EUR", vat_treatment=Treatment.OUTSIDE_SCOPE)))
    assert "outside its scope" in text and "reversed" not in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "To pay by 22 December 2026: CHF 246.71."),
        ({"due_on": None}, "To pay: CHF 246.71."),
        ({"paid": Money(10_000, "CHF")}, "Already paid −100.00 Still to pay CHF 146.71 To pay by"),
        ({"paid": Money(24_671, "CHF"), "paid_on": date(2026, 12, 3)}, "Paid on 3 December 2026."),
        ({"paid": Money(24_671, "CHF")}, "Paid. There is nothing left to pay."),
        ({"lines": (plain(0),)}, "There is nothing to pay."),
    ],
)
def test_an_invoice_says_what_is_left_to_do(change, words):
    assert words in text_of(pdf(document(**change)))


def test_a_credit_note_names_its_invoice_and_asks_for_nothing():
    """RULES M6, M11."""
    text = text_of(pdf(credit_note(note="Cancelled within 30 days")))
    for words in [
        "Credit note 2026-000043", "Corrects invoice 2026-000042", "Total credited CHF 21.51", "in your favour",
        "Cancelled within 30 days",
    ]:  # fmt: skip
        assert words in text
    assert "To pay" not in text and "Due by" not in text


# --- pages --------------------------------------------------------------------------------------------------


def test_two_hundred_lines_go_over_pages_that_are_numbered():
    lines = [
        plain(1000 + position, position=position, name=f"Domain {position}.") for position in range(1, 201)
    ]
    texts = pages(pdf(document(lines=lines)))
    assert len(texts) > 5
    for number, text in enumerate(texts, 1):
        assert f"Page {number} of {len(texts)}" in text
    whole = " ".join(texts)
    assert [position for position in range(1, 201) if whole.count(f"Domain {position}.") != 1] == []
    assert all("Alpenhost AG · Invoice 2026-000042" in text for text in texts[1:])
    assert "Payment part" in texts[-1] and "Payment part" not in " ".join(texts[:-1])
    assert sum("Unit price" in text for text in texts) >= len(texts) - 1


@pytest.mark.parametrize("count", range(1, 16))
def test_the_payment_part_covers_nothing(count):
    """However long the text is: it lies at the foot, of one more page where there is no room."""
    lines = [plain(1000, position=position) for position in range(1, count + 1)]
    file = pdf(document(lines=lines))
    assert len(codes_on(file)) == 1
    foot = 105 * 72 / 25.4
    with opened(file) as drawn:
        page = drawn[len(drawn) - 1].get_textpage()
        above = page.get_text_bounded(bottom=foot + 14)
        below = page.get_text_bounded(top=foot)
    assert (
        "Receipt" not in above
        and "Amount in CHF" not in below
        and "policy" not in below
        and "Total" not in below
    )
    assert "Receipt" in below and "Acceptance point" in below


# --- the file -----------------------------------------------------------------------------------------------


def test_the_same_document_is_the_same_bytes_in_any_thread():
    some = [document(), document("DE", "de", "EUR"), credit_note()]
    first = [pdf(each) for each in some]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(pdf, some * 3)) == first * 3


def test_the_operator_s_colour_is_the_accent():
    assert pdf(document(), hue=20) != pdf(document())
    assert text_of(pdf(document(), hue=20)) == text_of(pdf(document()))


@pytest.mark.parametrize("made", [document(), document("DE", "de", "EUR"), credit_note()])
def test_the_invoice_for_machines_is_inside(made):
    found = inside(pdf(made))
    assert found == xml(made) and complaints(found) == []
    assert value(found, "rsm:ExchangedDocument/ram:ID") in text_of(pdf(made))


def test_the_file_says_what_it_is():
    """PDF/A-3a, PDF/UA, Factur-X EN 16931; made on the day of the invoice, in its language."""
    reader = pypdf.PdfReader(io.BytesIO(pdf(document(language="fr"))), strict=True)
    root = reader.trailer["/Root"]
    said = root["/Metadata"].get_data().decode()
    for words in [
        "<pdfaid:part>3</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>",
        "<pdfuaid:part>1</pdfuaid:part>", "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>",
        "<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>", "<xmp:CreateDate>2026-11-22T00:00:00",
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>",
    ]:  # fmt: skip
        assert said.count(words) == 1
    assert pypdf.xmp.XmpInformation(root["/Metadata"]).dc_title
    assert root["/Lang"].startswith("fr") and reader.metadata.author == "Alpenhost AG"
    (file,) = root["/AF"]
    assert file.get_object()["/AFRelationship"] == "/Alternative"


@pytest.mark.parametrize("made", [document(), document(lines=[hosting(position=n) for n in range(1, 40)])])
def test_every_object_of_the_file_is_where_its_table_says(made):
    file = pdf(made)
    start = int(re.search(rb"startxref\n(\d+)", file)[1])
    assert file[start:].startswith(b"xref\n0 ")
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", file[start:])]
    assert len(places) > 30
    for number, place in enumerate(places, 1):
        assert file[place:].startswith(b"%d 0 obj\n" % number)
    (length,) = re.findall(rb"/Length (\d+)/Type/Metadata", file)
    begins = file.index(b"<?xpacket begin")
    assert file[begins + int(length) :].startswith(b"\nendstream")


# --- what people type ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_people_is_never_code(text):
    """SECURITY: it neither breaks the document nor runs."""
    line = plain(1990, name=text, detail=text)
    buyer = replace(BUYERS["CH"], name=text, street=text, city=text, vat_number=text, register_number=text)
    seller = replace(SELLER, name=text or "x", email=text)
    made = document(
        lines=(line,),
        buyer=buyer,
        seller=seller,
        holder=text,
        note=text,
        order_number=text,
        account_holder=text,
    )
    file = pdf(made)
    found = text_of(file)
    assert "2026-000042" in found and "CHF 21.51" in found
    assert inside(file) == xml(made)
    assert "root:" not in found and "executed" not in found.replace('#panic("executed")', "")


@pytest.mark.parametrize("text", HOSTILE[:5])
def test_hostile_text_is_printed_as_it_is(text):
    found = text_of(pdf(document(note=text))).replace(" ", "")
    assert text.replace(" ", "") in found


def test_an_invoice_needs_no_network_and_no_fonts_of_the_system(monkeypatch):
    """The same bytes wherever it is drawn."""
    monkeypatch.setenv("XDG_DATA_HOME", "/nonexistent")
    reader = pypdf.PdfReader(io.BytesIO(pdf(document(note="日本 😀 العربية"))))
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert {re.sub(r"^/[A-Z]+\+", "", font) for font in fonts} == {"LiberationSans", "LiberationSans-Bold"}
