"""What a banking app scans: the Swiss QR-bill for CHF, the EPC code (EPC069-12) for EUR."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import segno

from webapp.invoices.rules import Document, Party, for_payment
from webapp.money import Money
from webapp.references import parse_reference

if TYPE_CHECKING:  # it takes a fifth of a second to import: only who draws a bill waits for it
    from qrbill.bill import QRBill

MOST = 99_999_999_999  # minor units that either scheme takes: nine digits before the point
QUIET = 4  # modules around a code on a page
CROSS = 7 / 46  # of the Swiss code's width


@dataclass(frozen=True)
class Payee:
    """Who is paid, and where to; a payer quotes the reference."""

    party: Party
    holder: str
    iban: str
    bic: str
    reference: str


def _payee_of(document: Document) -> Payee:
    return Payee(
        document.seller, document.account_holder or document.seller.name, document.iban, document.bic,
        document.reference,
    )  # fmt: skip


# --- the Swiss QR-bill --------------------------------------------------------------------------------------


def swiss_bill(document: Document) -> QRBill | None:
    """The Swiss payment part of an invoice in CHF with something to pay.

    None where the scheme has no place for it: another currency, an account elsewhere, a seller without a whole
    address. The bank details then stand in the text alone.
    """
    amount = document.open
    if document.currency != "CHF" or not 0 < amount.minor <= MOST:
        return None
    return _bill(
        _payee_of(document), amount, debtor=document.buyer, text=for_payment(document.number, 140),
        language=document.language if document.language in ("en", "fr", "de") else "en",
    )  # fmt: skip


def _bill(
    payee: Payee, amount: Money | None, *, debtor: Party | None = None, text: str = "", language: str = "en"
) -> QRBill | None:
    creditor = _address(payee.party, name=payee.holder)
    if creditor is None:
        return None
    from qrbill.bill import QRBill

    try:
        return QRBill(
            account=payee.iban,
            creditor=creditor,
            debtor=_address(debtor) if debtor else None,
            amount=f"{amount.amount:.2f}" if amount else None,
            currency="CHF",
            reference_number=parse_reference(payee.reference),
            additional_information=text,
            language=language,
        )
    except ValueError:  # an account that is none, or not in Switzerland or Liechtenstein
        return None


def swiss_heading(bill: QRBill, english: str) -> str:
    """One of the headings that the scheme prescribes, in the bill's language."""
    from qrbill.bill import LABELS

    return english if bill.language == "en" else str(LABELS[english][bill.language])


def swiss_code(bill: QRBill) -> str:
    """Its code, without the cross, as SVG."""
    return _svg(_swiss(bill))


def _swiss(bill: QRBill) -> segno.QRCode:
    return segno.make(bill.qr_data(), error="m", boost_error=False, micro=False, encoding="utf-8")


# --- the EPC code -------------------------------------------------------------------------------------------


def epc_code(document: Document) -> str | None:
    """The EPC code of an invoice in EUR with something to pay, as SVG; None where there is no place for it."""
    amount = document.open
    if document.currency != "EUR" or not 0 < amount.minor <= MOST:
        return None
    code = _epc(_payee_of(document), amount)
    return _svg(code) if code else None


def _epc(payee: Payee, amount: Money | None) -> segno.QRCode | None:
    """EPC069-12, version 2: a payer’s app asks for an amount that is not there."""
    holder, iban = for_payment(payee.holder, 70), re.sub(r"\s", "", payee.iban)
    reference = parse_reference(payee.reference)
    if not (holder and iban and reference):
        return None
    bic = payee.bic if len(payee.bic) in (8, 11) else ""
    asked = f"EUR{amount.amount:.2f}" if amount else ""
    said = "\n".join(["BCD", "002", "1", "SCT", bic, holder, iban, asked, "", reference])
    return segno.make(said, error="m", boost_error=False, micro=False, encoding="utf-8")


# --- on a page ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawing:
    """A code in a square of so many units, its quiet zone included; `cross` of them for the Swiss cross inside."""

    size: int
    path: str
    cross: float = 0

    @property
    def corner(self) -> float:
        """Where the cross begins, from the left and from above."""
        return (self.size - self.cross) / 2


def code_to_fill(seller: Mapping[str, str], currency: str, reference: str) -> Drawing | None:
    """What is scanned to transfer any amount to the seller, as an invoice of this moment names it, for a page.

    None where the schemes have no place for it.
    """
    party = Party.of(seller)
    holder = seller.get("account_holder") or party.name
    payee = Payee(party, holder, seller.get("iban", ""), seller.get("bic", ""), reference)
    if currency == "CHF":
        bill = _bill(payee, None)
        return _drawing(_swiss(bill), cross=CROSS) if bill else None
    code = _epc(payee, None) if currency == "EUR" else None
    return _drawing(code) if code else None


def _drawing(code: segno.QRCode, *, cross: float = 0) -> Drawing:
    width = len(code.matrix)
    return Drawing(width + 2 * QUIET, "".join(_runs(code)), round(width * cross, 2))


def _runs(code: segno.QRCode) -> Iterator[str]:
    """Dark modules beside each other, as one piece of a path."""
    for y, row in enumerate(code.matrix, QUIET):
        for dark, run in groupby(enumerate(row, QUIET), key=lambda module: bool(module[1])):
            if dark:
                places = [x for x, _module in run]
                yield f"M{places[0]} {y}h{len(places)}v1h-{len(places)}z"


def _address(party: Party, *, name: str = "") -> dict[str, str] | None:
    """A structured address; street and house number may stand in one field together."""
    fields = {
        "name": for_payment(name or party.name, 70),
        "street": for_payment(party.street, 70),
        "pcode": for_payment(party.postcode, 16),
        "city": for_payment(party.city, 35),
        "country": party.country,
    }
    return fields if all(fields[field] for field in ("name", "pcode", "city", "country")) else None


def _svg(code: segno.QRCode) -> str:
    drawn = io.BytesIO()
    code.save(drawn, kind="svg", border=0, xmldecl=False, svgns=True, omitsize=True, nl=False)
    return drawn.getvalue().decode()
