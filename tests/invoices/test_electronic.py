"""Invoices for machines, held to schema and business rules of EN 16931 by other people's software."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.invoices.papers import BUYERS, SELLER, credit_note, document, hosting, plain
from tests.invoices.reading import complaints, figures, value, values
from webapp.invoices.electronic import xml
from webapp.invoices.rules import Discount, Document, DocumentLine, Step
from webapp.money import Money
from webapp.orders.rules import Treatment

CENT = Decimal("0.01")


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.parametrize(("region", "currency"), [("CH", "CHF"), ("CH", "EUR"), ("FR", "EUR"), ("DE", "EUR")])
def test_an_invoice_is_valid(language, region, currency):
    assert complaints(xml(document(region, language, currency, holder="Brun SA", note="Commande 4711"))) == []


def test_the_business_rules_do_find_a_wrong_sum():
    """So that the others' silence says something."""
    found = xml(document()).replace(b"<ram:LineTotalAmount>19.90<", b"<ram:LineTotalAmount>19.91<")
    assert any("BR-CO-10" in complaint for complaint in complaints(found))


def test_who_sells_and_who_buys():
    """RULES O3, M7: both with their numbers."""
    found = xml(document("FR", "fr", "EUR"))
    assert values(found, "ram:SellerTradeParty/ram:Name") == [SELLER.name]
    assert value(found, "ram:SellerTradeParty/ram:SpecifiedLegalOrganization/ram:ID") == "CHE-116.281.710"
    assert values(found, "ram:SpecifiedTaxRegistration/ram:ID") == ["CHE-116281710TVA", "FR40303265045"]
    assert value(found, "ram:BuyerTradeParty/ram:PostalTradeAddress/ram:CityName") == "Lyon"
    assert value(found, "ram:SellerOrderReferencedDocument/ram:IssuerAssignedID") == "B-2026-000107"


def test_discounts_are_allowances_of_their_line():
    """RULES M1, M2, M3."""
    found = xml(document(lines=(hosting(),)))
    assert figures(found, "ram:SpecifiedTradeAllowanceCharge/ram:CalculationPercent") == [20, 25]
    assert figures(found, "ram:SpecifiedTradeAllowanceCharge/ram:BasisAmount") == [
        Decimal("347.20"),
        Decimal("277.76"),
    ]
    assert figures(found, "ram:SpecifiedTradeAllowanceCharge/ram:ActualAmount") == [
        Decimal("69.44"),
        Decimal("69.44"),
    ]
    assert values(found, "ram:SpecifiedTradeAllowanceCharge/ram:Reason") == [
        "Partner discount",
        "Sliding scale",
    ]


def test_how_to_pay():
    found = xml(document(region="DE", currency="EUR"))
    assert value(found, "ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode") == "58"
    assert value(found, "ram:IBANID") == "DE89370400440532013000"
    assert value(found, "ram:BICID") == "COBADEFFXXX"
    assert value(found, "ram:PaymentReference") == document().reference
    assert value(found, "ram:DueDateDateTime/udt:DateTimeString") == "20261222"
    assert value(xml(document()), "ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode") == "30"


@pytest.mark.parametrize(
    ("paid", "prepaid", "due"), [(0, "0.00", "21.51"), (500, "5.00", "16.51"), (9999, "21.51", "0.00")]
)
def test_what_was_paid_is_not_due_any_more(paid, prepaid, due):
    found = xml(document(lines=(plain(1990),), paid=Money(paid, "CHF")))
    assert complaints(found) == []
    assert (value(found, "ram:TotalPrepaidAmount"), value(found, "ram:DuePayableAmount")) == (prepaid, due)
    assert bool(values(found, "ram:IBANID")) == (due != "0.00")


def test_reverse_charge():
    """RULES M7."""
    found = xml(document("DE", "de", "EUR", vat_treatment=Treatment.REVERSE_CHARGE))
    assert complaints(found) == []
    assert set(values(found, "ram:ApplicableTradeTax/ram:CategoryCode")) == {"AE"}
    assert value(found, "ram:ExemptionReasonCode") == "VATEX-EU-AE"
    assert value(found, "ram:CalculatedAmount") == "0.00"


def test_outside_the_scope_of_vat():
    """RULES M7."""
    found = xml(document("US", "en", "EUR", vat_treatment=Treatment.OUTSIDE_SCOPE))
    assert complaints(found) == []
    assert set(values(found, "ram:ApplicableTradeTax/ram:CategoryCode")) == {"O"}


@pytest.mark.parametrize("treatment", [Treatment.STANDARD, Treatment.OUTSIDE_SCOPE])
def test_a_seller_without_a_register_number(treatment):
    seller = replace(SELLER, register_number="")
    if treatment is Treatment.OUTSIDE_SCOPE:
        seller = replace(seller, vat_number="")
    assert complaints(xml(document(vat_treatment=treatment, seller=seller))) == []


def test_a_rate_of_nothing_is_a_rate():
    found = xml(document(vat_rate=0))
    assert complaints(found) == []
    assert set(values(found, "ram:ApplicableTradeTax/ram:CategoryCode")) == {"Z"}


def test_a_credit_note_names_the_invoice_that_it_corrects():
    """RULES M11: a mistake is booked back."""
    found = xml(credit_note())
    assert complaints(found) == []
    assert value(found, "rsm:ExchangedDocument/ram:TypeCode") == "381"
    assert value(found, "ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == "2026-000042"
    assert value(found, "ram:FormattedIssueDateTime/qdt:DateTimeString") == "20261122"
    assert values(found, "ram:IBANID") == []


def test_the_holder_and_the_note_are_told():
    """RULES O8, O3."""
    found = xml(document(holder="Atelier Brun SA", note="Purchase order 4711"))
    assert values(found, "ram:IncludedNote/ram:Content") == [
        "Purchase order 4711",
        "Products of: Atelier Brun SA",
    ]


@pytest.mark.parametrize(
    "text", ["<a>&amp;]]>", "\x00\x0b\ufffe\ud800", "\"'", "a\nb\r\nc", "😀" * 125, "\u202eevil"]
)
def test_hostile_text_stays_text(text):
    line = plain(100, name=f"x{text}", detail=text)
    party = replace(BUYERS["CH"], name=f"x{text}", street=f"x{text}", city=f"x{text}")
    found = xml(document(lines=(line,), buyer=party, note=text, holder=text, order_number=f"x{text}"))
    assert complaints(found) == []


def test_the_same_document_is_the_same_bytes():
    assert xml(document()) == xml(document())


# --- arithmetic ---------------------------------------------------------------------------------------------


@st.composite
def lines(draw: st.DrawFn, position: int) -> DocumentLine:
    """A line with any discounts."""
    unit = Money(draw(st.integers(0, 100_000)), "CHF")
    quantity, periods = draw(st.integers(1, 50)), draw(st.integers(1, 36))
    left, steps = unit * (quantity * periods), []
    for kind in draw(st.lists(st.sampled_from(Discount), unique=True)):
        per_cent = draw(st.integers(0, 100))
        left = left.less(per_cent)
        steps.append(Step(kind, per_cent, left))
    start = draw(st.none() | st.dates(date(2020, 2, 29), date(2040, 1, 1)))
    return DocumentLine(position, "Hosting", "", quantity, unit, tuple(steps), left, start, start, periods)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """An invoice of any lines, taxed in any way, paid in any part."""
    some = [draw(lines(position)) for position in range(1, draw(st.integers(1, 6)) + 1)]
    treatment = draw(st.sampled_from(Treatment))
    rate = draw(st.sampled_from([260, 380, 810, 1900, 2000, 2550])) if treatment is Treatment.STANDARD else 0
    return document(
        lines=some,
        vat_treatment=treatment,
        vat_rate=rate,
        paid=Money(draw(st.integers(0, 10_000_000)), "CHF"),
    )


@settings(max_examples=60, deadline=None)
@given(documents())
def test_whatever_is_billed_adds_up_for_everybody(invoice):
    """EN 16931 BR-CO-10, 13, 15, 16, 17; RULES M1–M3, M7."""
    found = xml(invoice)
    assert complaints(found) == []
    nets = figures(found, "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount")
    (net,) = figures(found, "ram:TaxBasisTotalAmount")
    (vat,) = figures(found, "ram:TaxTotalAmount")
    (gross,) = figures(found, "ram:GrandTotalAmount")
    (paid,) = figures(found, "ram:TotalPrepaidAmount")
    (due,) = figures(found, "ram:DuePayableAmount")
    assert sum(nets) == net and net + vat == gross and gross - paid == due >= 0
    assert vat == (net * invoice.vat_rate / 10_000).quantize(CENT, ROUND_HALF_UP)
    prices = figures(found, "ram:NetPriceProductTradePrice/ram:ChargeAmount")
    billed = figures(found, "ram:BilledQuantity")
    taken = sum(figures(found, "ram:SpecifiedTradeAllowanceCharge/ram:ActualAmount"))
    assert sum(price * many for price, many in zip(prices, billed, strict=True)) - taken == net
