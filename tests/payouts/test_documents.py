"""The self-billed credit note: on paper, for machines, and by the business rules of EN 16931."""

from __future__ import annotations

import pytest

from tests.invoices.reading import complaints, inside, text_of, value, values
from tests.payouts.story import JANUARY, affiliate, earn, payouts, run, to
from webapp.invoices import paper
from webapp.payouts import actions
from webapp.payouts.documents import document_of
from webapp.payouts.rules import Kind
from webapp.unit import unit_of_work

TAXED = {"CH": "CHE-100.155.212 MWST", "DE": "DE136695976"}


def paid(kind=Kind.PREPAID, **values):
    account = affiliate(**values)
    if kind is not Kind.PREPAID:
        to(account, kind)
    earn(account)
    run()
    return payouts()[0]


@pytest.mark.parametrize("number", [False, True])
@pytest.mark.parametrize(("country", "currency"), [("CH", "CHF"), ("DE", "EUR"), ("US", "EUR")])
@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_a_credit_note_follows_the_standard(app, language, country, currency, number):
    """RULES F8, M7: type 389, the affiliate sells, the operator buys."""
    if language != "en" and country == "US":
        return
    number = TAXED.get(country) if number else None
    payout = paid(country=country, currency=currency, vat_number=number, language=language)
    found = inside(paper.pdf(document_of(payout)))
    assert complaints(found) == []
    assert value(found, "rsm:ExchangedDocument/ram:TypeCode") == "389"
    assert value(found, "rsm:ExchangedDocument/ram:ID") == payout.number
    assert value(found, "ram:SellerTradeParty/ram:Name") == "Anna Empfiehlt"
    assert value(found, "ram:BuyerTradeParty/ram:Name") == payout.party["buyer"]["name"]
    assert values(found, "ram:GrandTotalAmount") == ["60.00"] and values(found, "ram:DuePayableAmount") == [
        "0.00"
    ]
    assert values(found, "ram:TaxTotalAmount") == ["4.50" if country == "CH" and number else "0.00"]


def test_on_paper_the_operator_writes_to_the_affiliate(app):
    """RULES F8: what it is for, the amount, and where it goes, masked."""
    text = text_of(paper.pdf(document_of(paid(Kind.IBAN, language="en"))))
    for words in (
        "Credit note A-2027-00001", "Anna Empfiehlt", "Commissions of the affiliate programme",
        "Confirmed before 1 January 2027, and not paid out yet", "CHF 60.00", "IBAN CH93 •••• 2957",
        "Self-billing: issued by the recipient of the service.", "VAT number",
    ):  # fmt: skip
        assert words in text, words
    assert "0076" not in text


def test_what_was_issued_never_changes(app, cast):
    """RULES O3: the affiliate moves, the payout comes back, and the paper stays as it was."""
    payout = paid(Kind.IBAN)
    before = paper.pdf(document_of(payout))

    @unit_of_work
    def move():
        owner = payout.account.organisation
        owner.name, owner.street, owner.language = "Renamed", "Elsewhere 1", "fr"

    move()
    actions.take_back(payout, reason="Closed", by=cast.olga, now=JANUARY)
    assert paper.pdf(document_of(payout)) == before
