"""What a banking app scans: the Swiss QR-bill for CHF, the EPC code (EPC069-12) for EUR."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import segno
from segno.helpers import make_epc_qr

from webapp.invoices.rules import Document, Party, for_payment
from webapp.references import parse_reference

if TYPE_CHECKING:  # it takes a fifth of a second to import: only who draws a bill waits for it
    from qrbill.bill import QRBill

SWISS_MOST = 99_999_999_999  # minor units: nine digits of francs
EPC_MOST = 99_999_999_999


def swiss_bill(document: Document) -> QRBill | None:
    """The Swiss payment part of an invoice in CHF with something to pay.

    None where the scheme has no place for it: another currency, an account elsewhere, a seller without a whole
    address. The bank details then stand in the text alone.
    """
    amount = document.open
    if document.currency != "CHF" or not 0 < amount.minor <= SWISS_MOST:
        return None
    creditor = _address(document.seller, name=document.account_holder)
    if creditor is None:
        return None
    from qrbill.bill import QRBill

    try:
        return QRBill(
            account=document.iban,
            creditor=creditor,
            debtor=_address(document.buyer),
            amount=f"{amount.amount:.2f}",
            currency="CHF",
            reference_number=parse_reference(document.reference),
            additional_information=for_payment(document.number, 140),
            language=document.language if document.language in ("en", "fr", "de") else "en",
        )
    except ValueError:  # an account that is none, or not in Switzerland or Liechtenstein
        return None


def swiss_heading(bill: QRBill, english: str) -> str:
    """One of the headings that the scheme prescribes, in the bill's language."""
    from qrbill.bill import LABELS

    return english if bill.language == "en" else str(LABELS[english][bill.language])


def swiss_code(bill: QRBill) -> str:
    """Its code, without the cross, as SVG."""
    return _svg(segno.make(bill.qr_data(), error="m", boost_error=False, micro=False, encoding="utf-8"))


def epc_code(document: Document) -> str | None:
    """The EPC code of an invoice in EUR with something to pay, as SVG; None where there is no place for it."""
    amount = document.open
    holder = for_payment(document.account_holder or document.seller.name, 70)
    reference = parse_reference(document.reference)
    if document.currency != "EUR" or not (
        0 < amount.minor <= EPC_MOST and holder and document.iban and reference
    ):
        return None
    return _svg(
        make_epc_qr(
            name=holder,
            iban=re.sub(r"\s", "", document.iban),
            amount=amount.amount,
            reference=reference,
            bic=document.bic if len(document.bic) in (8, 11) else None,
            encoding="utf-8",
        )
    )


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
