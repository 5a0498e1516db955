"""An invoice on paper: PDF/A-3 with its Factur-X inside, laid out by `paper.typ`.

All words and numbers are made here and handed over as data; text of people is never part of a template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import typst
from babel import numbers
from stdnum import iban

from webapp.i18n import country, day, money, number, reader, speaking
from webapp.i18n import gettext as _
from webapp.invoices import codes, electronic
from webapp.invoices.glyphs import FONTS, printable
from webapp.invoices.labels import holder, reason, terms, title, untaxed
from webapp.invoices.rules import Discount, Document, DocumentLine, Party
from webapp.money import Money
from webapp.orders.rules import Treatment
from webapp.references import spaced

if TYPE_CHECKING:
    from qrbill.bill import QRBill

TEMPLATE = Path(__file__).parent / "paper.typ"
STANDARDS: list[Any] = ["a-3a", "ua-1"]
HUE = 262

_at_work = Lock()  # one press, one document at a time: each takes milliseconds


def pdf(document: Document, *, hue: int = HUE) -> bytes:
    """The document as PDF/A-3a and PDF/UA, the same bytes each time; `hue` is the operator's colour."""
    return _with_properties(draw(content(document, hue=hue), document.issued_on))


def content(document: Document, *, hue: int = HUE) -> str:
    """All that the layout shows, as JSON."""
    with speaking(document.language, document.region):
        said = _clean({**_content(document), "hue": hue})
    said["xml"] = electronic.xml(document).decode()
    return json.dumps(said)


def draw(said: str, dated: date) -> bytes:
    """The layout with this content, dated so."""
    with _at_work:
        drawn = _press().compile(
            format="pdf",
            sys_inputs={"content": said},
            pdf_standards=STANDARDS,
            timestamp=datetime.combine(dated, time(), UTC),
        )
    assert isinstance(drawn, bytes)
    return drawn


@lru_cache(maxsize=1)
def _press() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    return typst.Compiler(str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=fonts)


def _clean(content: Any) -> Any:
    if isinstance(content, str):
        return printable(content)
    if isinstance(content, dict):  # a code is a drawing of ours
        return {key: value if key == "code" else _clean(value) for key, value in content.items()}
    return [_clean(each) for each in content] if isinstance(content, list) else content


# --- what it says -------------------------------------------------------------------------------------------


def _content(document: Document) -> dict[str, Any]:
    bill = codes.swiss_bill(document)
    issuer, read_by = document.issuer, document.addressee
    return {
        "lang": document.language,
        "region": document.region,
        "title": title(document.number, credit=document.is_credit or bool(document.paid_to)),
        "seller": issuer.name,
        "sender": _lines(issuer, abroad=False)[1:],
        "return": " · ".join(_lines(issuer, abroad=False)),
        "buyer": _lines(read_by, abroad=read_by.country != issuer.country),
        "imprint": list(_imprint(issuer)),
        "facts": list(_facts(document)),
        "holder": holder(document),
        "reason": reason(document),
        "note": document.note,
        "columns": [
            _("Description"),
            _("Quantity"),
            _("Unit price"),
            _("Amount in %(currency)s", currency=document.currency),
        ],
        "lines": [_line(line) for line in document.lines],
        "sums": list(_sums(document)),
        "remarks": [words for words in (untaxed(document.vat_treatment), terms(document)) if words],
        "bank": [] if bill else _bank(document),  # the payment part says it all
        "epc": _epc(document),
        "swiss": _swiss(bill) if bill else None,
        "policy": _("Prices by the programme policy %(version)s.", version=document.policy_version)
        if document.policy_version
        else "",
        "page": _("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
    }


def _lines(party: Party, *, abroad: bool) -> list[str]:
    place = f"{party.postcode} {party.city}".strip()
    lines = [party.name, *party.street.splitlines(), place, country(party.country) if abroad else ""]
    return [line for line in lines if line.strip()]


def _imprint(issuer: Party) -> Iterator[str]:
    if issuer.vat_number:
        yield _("VAT number %(number)s", number=issuer.vat_number)
    if issuer.register_number:
        yield _("Register number %(number)s", number=issuer.register_number)
    if issuer.email:
        yield issuer.email


def _facts(document: Document) -> Iterator[list[str]]:
    yield [_("Date"), day(document.issued_on)]
    if document.open.minor and document.due_on:
        yield [_("Due by"), day(document.due_on)]
    if document.corrects:
        yield [_("Corrects invoice"), document.corrects[0]]
        yield [_("Dated"), day(document.corrects[1])]
    if document.order_number:
        yield [_("Order"), document.order_number]
    if document.outside:
        yield [_("Number in the shop"), document.outside]
    if document.addressee.vat_number:
        yield [_("Your VAT number"), document.addressee.vat_number]
    if document.addressee.register_number:
        yield [_("Your register number"), document.addressee.register_number]


def _line(line: DocumentLine) -> dict[str, Any]:
    quantity = number(line.quantity)
    return {
        "position": number(line.position),
        "name": line.name,
        "detail": [*line.detail.splitlines(), *filter(None, [_period(line.period_from, line.period_until)])],
        "quantity": quantity if line.periods == 1 else f"{quantity} × {number(line.periods)}",
        "unit": _amount(line.unit),
        "steps": list(_steps(line)),
        "net": _amount(line.net),
    }


def _steps(line: DocumentLine) -> Iterator[list[str]]:
    if line.steps:
        yield [_("Public price"), _amount(line.public)]
    for step in line.steps:
        if step.kind is Discount.PARTNER:
            words = _("less %(percent)s%% partner discount", percent=number(step.per_cent))
        else:
            words = _("less %(percent)s%% sliding scale", percent=number(step.per_cent))
        yield [words, _amount(step.after)]


def _period(start: date | None, end: date | None) -> str:
    if start and end:
        return _("%(start)s to %(end)s", start=day(start, "medium"), end=day(end, "medium"))
    return ""


def _sums(document: Document) -> Iterator[dict[str, Any]]:
    yield _sum(_("Net total"), _amount(document.net))
    if document.vat_treatment is Treatment.STANDARD:
        rate = number(Decimal(document.vat_rate) / 100)
        yield _sum(_("VAT %(percent)s%%", percent=rate), _amount(document.vat))
    else:
        yield _sum(_("VAT"), _amount(document.vat))
    total = _("Total credited") if document.is_credit else _("Total")
    yield _sum(total, money(document.gross), strong=True)
    if document.open.minor and document.paid.minor:
        yield _sum(_("Already paid"), f"−{_amount(document.paid)}")
        yield _sum(_("Still to pay"), money(document.open), strong=True)


def _sum(label: str, amount: str, *, strong: bool = False) -> dict[str, Any]:
    return {"label": label, "amount": amount, "strong": strong}


def _bank(document: Document) -> list[list[str]]:
    if not (document.open.minor and document.iban):
        return []
    facts = [
        [_("Account holder"), document.account_holder or document.seller.name],
        [_("IBAN"), iban.format(document.iban)],
        [_("BIC"), document.bic],
        [_("Reference"), spaced(document.reference) if document.reference else ""],
    ]
    return [fact for fact in facts if fact[1]]


def _epc(document: Document) -> dict[str, str] | None:
    code = codes.epc_code(document)
    if not code:
        return None
    return {
        "code": code,
        "caption": _("Scan to pay with your banking app"),
        "alt": _("Code for a transfer of %(amount)s", amount=money(document.open)),
    }


def _swiss(bill: QRBill) -> dict[str, Any]:
    amount = f"{Decimal(bill.amount):,.2f}".replace(",", " ")  # as the scheme prescribes, in every language
    return {
        "code": codes.swiss_code(bill),
        "alt": _("Code of the QR-bill"),
        "words": {
            key: codes.swiss_heading(bill, english)
            for key, english in {
                "separate": "Separate before paying in",
                "receipt": "Receipt",
                "part": "Payment part",
                "account": "Account / Payable to",
                "reference": "Reference",
                "further": "Additional information",
                "debtor": "Payable by" if bill.debtor else "Payable by (name/address)",
                "currency": "Currency",
                "amount": "Amount",
                "acceptance": "Acceptance point",
            }.items()
        },
        "account": [iban.format(bill.account), *_block(bill.creditor)],
        "reference": spaced(bill.reference_number) if bill.reference_number else "",
        "further": bill.additional_information,
        "debtor": _block(bill.debtor) if bill.debtor else [],
        "currency": bill.currency,
        "amount": amount,
    }


def _block(address: Any) -> list[str]:
    home = f"{address.pcode} {address.city}"
    place = home if address.country == "CH" else f"{address.country}-{home}"
    return [line for line in (address.name, address.street, place) if line]


def _amount(value: Money) -> str:
    """`1’234.50`: the currency stands at the head of the column."""
    return numbers.format_currency(value.amount, value.currency, format="#,##0.00", locale=reader().locale)


# --- what machines ask of the file --------------------------------------------------------------------------

_SCHEMA = (
    '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
    "<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>"
    "<pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>"
    + "".join(
        '<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category>'
        f"<pdfaProperty:description>{meaning}</pdfaProperty:description>"
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>"
        for name, meaning in {
            "DocumentFileName": "The name of the embedded XML document",
            "DocumentType": "The type of the hybrid document in capital letters",
            "Version": "The version of the standard of the embedded XML document",
            "ConformanceLevel": "The conformance level of the embedded XML document",
        }.items()
    )
    + "</rdf:Seq></pdfaSchema:property></rdf:li>"
).encode()
_PROPERTIES = (
    '<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">'
    f"<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>{electronic.FILE_NAME}</fx:DocumentFileName>"
    "<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel></rdf:Description>"
).encode()


def _with_properties(drawn: bytes) -> bytes:
    """The same file, whose metadata say that there is Factur-X inside; typst has no way to say that itself.

    The text grows, so its length and the places of what comes after it are written anew.
    """
    at = drawn.rindex(b"/Type/Metadata/Subtype/XML>>\nstream\n")
    start = drawn.rindex(b" obj\n<</Length ", 0, at)
    end = drawn.index(b"\nendstream", at)
    text = drawn[at:end]
    longer = text.replace(
        b"</rdf:Bag></pdfaExtension:schemas>", _SCHEMA + b"</rdf:Bag></pdfaExtension:schemas>"
    )
    longer = longer.replace(b"</rdf:RDF>", _PROPERTIES + b"</rdf:RDF>")
    length = int(drawn[start + len(b" obj\n<</Length ") : at])
    head = drawn[:start] + b" obj\n<</Length %d" % (length + len(longer) - len(text))
    table = drawn.rindex(b"\nxref\n")
    body = head + longer + drawn[end:table]
    grown = len(body) - table

    def moved(entry: re.Match[bytes]) -> bytes:
        place = int(entry[1])
        return b"%010d 00000 n" % (place + grown if place > start else place)

    tail = re.sub(rb"\b(\d{10}) 00000 n", moved, drawn[table:])
    return body + re.sub(rb"startxref\n\d+", b"startxref\n%d" % (len(body) + 1), tail)
