"""Documents to draw: an operator in Switzerland, buyers in three languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from webapp.invoices.rules import Discount, Document, DocumentLine, Kind, Party, Step
from webapp.money import Money
from webapp.orders.rules import Treatment
from webapp.references import reference_of

SELLER = Party(
    "Alpenhost AG",
    "Rue du Lac 12",
    "1003",
    "Lausanne",
    "CH",
    vat_number="CHE-116.281.710 TVA",
    register_number="CHE-116.281.710",
    email="billing@alpenhost.example",
)
BUYERS = {
    "CH": Party("Cœur d’Agence Sàrl", "Chemin des Œillets 7", "1204", "Genève", "CH", "CHE-100.155.212 TVA"),
    "FR": Party("Lumière Digitale SAS", "12, rue de l’Église", "69002", "Lyon", "FR", "FR40303265045"),
    "DE": Party("Weiß & Söhne GmbH", "Große Straße 5", "10115", "Berlin", "DE", "DE136695976"),
    "US": Party("Maple Web Inc.", "1 Main Street", "05401", "Burlington", "US"),
}
SWISS_IBAN = "CH9300762011623852957"
GERMAN_IBAN = "DE89370400440532013000"


def hosting(currency: str = "CHF", position: int = 1, **changes: Any) -> DocumentLine:
    """RULES M3: 35 hostings at the partner price."""
    amounts = {"CHF": (992, 27776, 20832), "EUR": (575, 16100, 12075)}[currency]
    unit, discounted, net = (Money(minor, currency) for minor in amounts)
    steps = (Step(Discount.PARTNER, 20, discounted), Step(Discount.SLIDING_SCALE, 25, net))
    line = DocumentLine(
        position,
        "Web hosting",
        "atelier-brun.example",
        35,
        unit,
        steps,
        net,
        date(2026, 12, 1),
        date(2026, 12, 31),
    )
    return replace(line, **changes)


def plain(minor: int, currency: str = "CHF", position: int = 1, **changes: Any) -> DocumentLine:
    """One thing at its price."""
    amount = Money(minor, currency)
    return replace(DocumentLine(position, "Domain name", "brun.example", 1, amount, (), amount), **changes)


def document(region: str = "CH", language: str = "en", currency: str = "CHF", **changes: Any) -> Document:
    """An invoice with everything on it; `lines` may be changed without adding up by hand."""
    lines = changes.pop("lines", None) or (
        hosting(currency, 1),
        plain(1990, currency, 2, period_from=date(2026, 12, 1), period_until=date(2027, 11, 30)),
    )
    treatment = changes.pop("vat_treatment", Treatment.STANDARD)
    rate = changes.pop("vat_rate", 810 if treatment is Treatment.STANDARD else 0)
    net = Money(sum(line.net.minor for line in lines), currency)
    vat = net.share(rate)
    made = Document(
        kind=Kind.INVOICE,
        number="2026-000042",
        issued_on=date(2026, 11, 22),
        due_on=date(2026, 12, 22),
        language=language,
        region=region,
        currency=currency,
        seller=SELLER,
        buyer=BUYERS[region],
        holder="",
        order_number="B-2026-000107",
        lines=tuple(lines),
        net=net,
        vat_rate=rate,
        vat=vat,
        gross=net + vat,
        vat_treatment=treatment,
        paid=Money(0, currency),
        reference=reference_of("2026000042"),
        iban=SWISS_IBAN if currency == "CHF" else GERMAN_IBAN,
        bic="" if currency == "CHF" else "COBADEFFXXX",
        account_holder=SELLER.name,
        note="",
        corrects=None,
        policy_version="2026-11+3f2a9c1d",
    )
    return replace(made, **changes)


def credit_note(**changes: Any) -> Document:
    """It takes back the invoice's domain name."""
    invoice = document(lines=(plain(1990),))
    changed = {
        "kind": Kind.CREDIT_NOTE,
        "number": "2026-000043",
        "due_on": None,
        "corrects": (invoice.number, invoice.issued_on),
        **changes,
    }
    return replace(invoice, **changed)
