"""Documents of real orders, read back: what they say, and that nothing changes them (RULES M3, M5, M7, O3, O8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.factories import make_order, make_partnership, make_prepaid, make_product
from tests.invoices.reading import codes_on, complaints, inside, text_of, value, values
from tests.invoices.story import hosting, own_order, partners_order
from tests.orders.story import cancelled, new, pay, refund
from webapp import programme
from webapp.extensions import db
from webapp.invoices.documents import document_of
from webapp.invoices.electronic import xml
from webapp.invoices.paper import pdf
from webapp.invoices.rules import WrongSum
from webapp.money import Money
from webapp.orders.rules import Method, Treatment
from webapp.partnerships.rules import Access, Payer
from webapp.references import spaced


def paper_of(invoice):
    """Its PDF."""
    return pdf(document_of(invoice))


def said_by(invoice):
    """What people read in it."""
    return text_of(paper_of(invoice))


def say(organisation, **values):
    """The organisation's details, changed."""
    for name, given in values.items():
        setattr(organisation, name, given)
    db.session.commit()


# --- what it says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["9.92", "347.20", "277.76", "208.32", "16.87", "CHF 225.19", "19 November 2026"]),
        ("fr", ["9,92", "347,20", "277,76", "208,32", "16,87", "225,19 CHF", "19 novembre 2026"]),
        ("de", ["9.92", "347.20", "277.76", "208.32", "16.87", "CHF 225.19", "19. November 2026"]),
    ],
)
def test_the_figures_of_the_sources_stand_on_the_payer_s_paper(cast, language, expected):
    """RULES L2, M3: 35 × 9.92 = 347.20 → 277.76 → 208.32, in the payer's language."""
    say(cast.lumiere, language=language)
    order = partners_order(cast)
    text = said_by(order.invoice)
    assert [words for words in (order.invoice.number, order.number, *expected) if words not in text] == []
    assert {"en": "Web hosting", "fr": "Hébergement web", "de": "Webhosting"}[language] in text


def test_euros_come_out_as_well(cast):
    """RULES M3: 35 × 5.75 = 201.25 → 161.00 → 120.75."""
    wallet = make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL, Payer.PARTNER)
    order = make_order(cast.lumen, new(hosting(), 35), acting=wallet, by=cast.berta)
    text = said_by(order.invoice)
    assert [words for words in ("5,75", "201,25", "161,00", "120,75 €") if words not in text] == []


def test_a_client_s_price_slides_from_the_public_price(cast):
    """RULES M2."""
    text = said_by(own_order(cast.stefans, 35).invoice)
    assert "Public price 347.20 less 25% sliding scale 260.40" in text and "partner discount" not in text


def test_seller_payer_and_whose_products_they_are(cast):
    """RULES O3, O8, M7: the payer's numbers and note; the products are another organisation's."""
    note = "Référence de l’acheteur 4711"
    say(cast.lumiere, language="en", vat_number="CHE-105.962.535 TVA", invoice_note=note)
    text = said_by(partners_order(cast).invoice)
    for words in [
        "Helvia SA", "Rue du Simplon 12", "VAT number CHE-107.787.577 TVA", "desk@helvia.example",
        "Lumière Digital Sàrl Rue du Lac 7 1800 Vevey", "Your VAT number CHE-105.962.535 TVA",
        "Your register number CHE-105.962.535", note, "Products of: Lumen Optik AG",
    ]:  # fmt: skip
        assert words in text
    assert "Products of" not in said_by(own_order(cast.stefans).invoice)


def test_a_renewal_says_from_its_first_to_its_last_day(cast):
    product = make_product(cast.stefans, "brun.example", hosting(), renews_on=date(2026, 12, 4))
    order = make_order(cast.stefans, product)
    assert "brun.example Renewal for 1 year 4 Dec 2026 to 3 Dec 2027" in said_by(order.invoice)


def test_a_new_product_says_for_how_long(cast):
    order = make_order(cast.stefans, new(hosting(), 2, 3, "brun.example"))
    assert "brun.example New, for 3 years from the payment" in said_by(order.invoice)


# --- how it is paid -----------------------------------------------------------------------------------------


def test_the_swiss_code_is_the_order_s(cast):
    """RULES M6: reference and amount, read by a camera."""
    order = partners_order(cast)
    (code,) = codes_on(paper_of(order.invoice))
    lines = code.text.split("\r\n")
    assert lines[3] == "CH9300762011623852957" and lines[5] == "Helvia SA"
    assert lines[18:20] == ["225.19", "CHF"] and lines[21] == "Lumière Digital Sàrl"
    assert lines[27:30] == ["SCOR", order.reference, order.invoice.number]


def test_the_code_for_euros_is_the_order_s(cast):
    """RULES M6."""
    order = own_order(cast.bergwerk, 35)
    (code,) = codes_on(paper_of(order.invoice))
    lines = code.text.splitlines()
    assert lines[0] == "BCD" and lines[5:7] == ["Helvia SA", "LI21088100002324013AA"]
    assert lines[7] == "EUR150.94" and order.reference in lines


def test_what_the_prepaid_account_pays_is_paid(cast):
    """RULES M6: there is nothing to scan, and machines read that nothing is due."""
    say(cast.stefans, language="en")
    make_prepaid(cast.stefans, 100_000)
    order = own_order(cast.stefans, method=Method.PREPAID)
    file = paper_of(order.invoice)
    assert "Paid from the prepaid account on 19 November 2026." in text_of(file)
    assert codes_on(file) == [] and spaced(order.reference) not in text_of(file)
    assert value(inside(file), "ram:DuePayableAmount") == "0.00"


def test_what_a_shop_is_paid_for_is_not_transferred(cast):
    order = own_order(cast.stefans, method=Method.OUTSIDE, outside="S-77")
    file = paper_of(order.invoice)
    assert "It is paid in the shop in which it was ordered." in text_of(file)
    assert "Number in the shop S-77" in text_of(file) and codes_on(file) == []
    assert complaints(inside(file)) == []


def test_what_costs_nothing_asks_for_nothing(cast):
    plan = hosting()
    plan.price_chf = 0
    db.session.commit()
    order = make_order(cast.stefans, new(plan))
    assert "There is nothing to pay." in said_by(order.invoice) and codes_on(paper_of(order.invoice)) == []


# --- VAT ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "treatment", "words"),
    [
        ("DE136695976", Treatment.REVERSE_CHARGE, "VAT reversed: the recipient is liable"),
        (None, Treatment.OUTSIDE_SCOPE, "outside its scope"),
        ("DE123", Treatment.OUTSIDE_SCOPE, "Your VAT number DE123"),
    ],
)
def test_no_vat_is_explained(cast, number, treatment, words):
    """RULES M7."""
    say(cast.bergwerk, language="en", vat_number=number)
    order = own_order(cast.bergwerk, 35)
    document = document_of(order.invoice)
    assert document.vat_treatment is treatment and words in text_of(pdf(document))
    assert complaints(xml(document)) == []


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_machines_read_the_order_by_the_rules_of_the_standard(cast, language):
    """EN 16931, with schema and business rules."""
    say(cast.lumiere, language=language)
    order = partners_order(cast)
    found = xml(document_of(order.invoice))
    assert complaints(found) == []
    assert value(found, "rsm:ExchangedDocument/ram:ID") == order.invoice.number
    assert value(found, "ram:GrandTotalAmount") == "225.19" == value(found, "ram:DuePayableAmount")
    assert value(found, "ram:PaymentReference") == order.reference
    assert inside(paper_of(order.invoice)) == found


# --- credit notes -------------------------------------------------------------------------------------------


def test_a_credit_note_says_what_it_corrects_and_why(cast):
    """RULES M6, M11."""
    order = make_order(
        cast.stefans, new(hosting(), 5, label="a.example"), new(hosting(), 3, label="b.example")
    )
    pay(order)
    note = refund(order, 0, 1000, reason="Two days without a server")
    document = document_of(note)
    assert [(line.position, line.net.minor, line.detail) for line in document.lines] == [
        (2, 1000, "b.example")
    ]
    text = text_of(pdf(document))
    for words in [
        f"Credit note {note.number}", f"Corrects invoice {order.invoice.number}", "Two days without a server",
        "Total credited CHF 10.81", "in your favour",
    ]:  # fmt: skip
        assert words in text
    assert codes_on(pdf(document)) == [] and "Due by" not in text
    found = xml(document)
    assert complaints(found) == []
    assert values(found, "ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == [order.invoice.number]


def test_a_cancelled_order_is_credited_line_by_line(cast):
    """RULES M6."""
    order = cancelled(partners_order(cast))
    document = document_of(order.invoices[-1])
    assert [line.net for line in document.lines] == [Money(20_832, "CHF")]
    assert document.gross == document_of(order.invoice).gross and complaints(xml(document)) == []


def test_a_shop_gives_back_what_it_was_paid(cast):
    order = own_order(cast.stefans, method=Method.OUTSIDE, outside="S-78")
    assert "the shop in which you ordered gives it back" in said_by(cancelled(order).invoices[-1])


# --- nothing changes it -------------------------------------------------------------------------------------


def _renamed(organisation):
    say(
        organisation,
        name="Neu & Söhne",
        street="Anderswo 9",
        vat_number=None,
        invoice_note="Neu",
        language="de",
    )


def _another_policy(app, monkeypatch, tmp_path):
    """The operator has moved, has another name and other accounts, and sells at other prices."""
    text = app.config["PROGRAMME"].file.read_text("utf-8").replace("Helvia SA", "Autre SA")
    text = text.replace("Rue du Simplon 12", "Rue Neuve 1").replace(
        "CH93 0076 2011 6238 5295 7", "CH5604835012345678009"
    )
    file = tmp_path / "programme.toml"
    file.write_text(text.replace('version = "2026-11"', 'version = "2027-01"'), "utf-8")
    monkeypatch.setitem(app.config, "PROGRAMME", programme.read(file))


LATER = {
    "paid in part": lambda order, cast: pay(order, 100),
    "paid": lambda order, cast: pay(order),
    "refunded": lambda order, cast: (pay(order), refund(order, 1000)),
    "cancelled": lambda order, cast: cancelled(order),
    "payer renamed": lambda order, cast: _renamed(cast.lumiere),
    "holder renamed": lambda order, cast: _renamed(cast.lumen),
    "plan renamed": lambda order, cast: say(order.lines[0].plan, name_fr="Autre", price_chf=1),
}


@pytest.mark.parametrize("later", LATER)
def test_what_happens_later_changes_no_byte(cast, later):
    """RULES M5: an invoice stays as it was issued."""
    order = partners_order(cast)
    before = paper_of(order.invoice), xml(document_of(order.invoice))
    LATER[later](order, cast)
    db.session.expire_all()
    assert (paper_of(order.invoice), xml(document_of(order.invoice))) == before


def test_another_policy_and_seller_change_no_byte(app, cast, monkeypatch, tmp_path):
    """RULES P1: invoices that were issued keep the seller and its account; later ones have the new ones."""
    order = partners_order(cast)
    note = refund(order, 1000)
    before = paper_of(order.invoice), paper_of(note)
    _another_policy(app, monkeypatch, tmp_path)
    assert (paper_of(order.invoice), paper_of(note)) == before
    later = document_of(own_order(cast.stefans).invoice)
    assert (later.seller.name, later.seller.street, later.iban) == (
        "Autre SA",
        "Rue Neuve 1",
        "CH5604835012345678009",
    )


def test_a_renewal_that_the_operator_moves_changes_no_byte(cast):
    product = make_product(cast.stefans, "brun.example", hosting())
    order = make_order(cast.stefans, product)
    before, moved = paper_of(order.invoice), product.renews_on + timedelta(days=30)
    say(product, renews_on=moved)
    pay(order)
    assert order.lines[0].starts_on == moved
    assert paper_of(order.invoice) == before


# --- an operator without [seller] ---------------------------------------------------------------------------


def test_without_a_seller_the_operator_is_named_and_nothing_is_scanned(app, cast, monkeypatch):
    """RULES P1: by its settings, as well as they say it."""
    make_prepaid(cast.stefans, 100_000)
    monkeypatch.setitem(app.config, "PROGRAMME", replace(app.config["PROGRAMME"], seller=None))
    order = own_order(cast.stefans, method=Method.PREPAID)
    file = paper_of(order.invoice)
    assert "Helvia Seestrasse 1 8002 Zürich" in text_of(file) and codes_on(file) == []
    assert values(inside(file), "ram:SellerTradeParty/ram:Name") == ["Helvia"]


def test_who_charges_vat_has_a_number(tmp_path):
    """RULES M7: the policy refuses a seller without one."""
    file = tmp_path / "programme.toml"
    text = programme.DEFAULT_FILE.read_text("utf-8").replace("registered = []", 'registered = ["CH"]')
    seller = '[seller]\nstreet = "Weg 1"\npostcode = "1000"\ncity = "Lausanne"\ncountry = "CH"\n'
    file.write_text(f"{text}\n{seller}", "utf-8")
    with pytest.raises(SystemExit, match="vat_number is missing"):
        programme.read(file)


def test_a_document_that_does_not_add_up_is_never_made(cast):
    """RULES M3: whatever happened to the rows."""
    order = own_order(cast.stefans, 5)
    order.lines[0].quantity = 6
    db.session.commit()
    with pytest.raises(WrongSum):
        document_of(order.invoice)
