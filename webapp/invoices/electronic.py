"""An invoice for machines: EN 16931 as Cross Industry Invoice, which Factur-X and ZUGFeRD put into the PDF.

Comments name the business terms (BT) and groups (BG) of the standard where their element does not say them.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree as ET

from webapp.i18n import speaking
from webapp.invoices.labels import discount_name, holder, reason, terms, untaxed
from webapp.invoices.rules import Document, DocumentLine, Party
from webapp.money import Money
from webapp.orders.rules import Treatment

FILE_NAME = "factur-x.xml"
PROFILE = "urn:cen.eu:en16931:2017"
_D16B = "urn:un:unece:uncefact:data:standard"
NAMESPACES = {
    "rsm": f"{_D16B}:CrossIndustryInvoice:100",
    "ram": f"{_D16B}:ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_D16B}:UnqualifiedDataType:100",
    "qdt": f"{_D16B}:QualifiedDataType:100",
}
INVOICE, CREDIT_NOTE, SELF_BILLED = "380", "381", "389"  # UNTDID 1001
CREDIT_TRANSFER, SEPA_TRANSFER = "30", "58"  # UNTDID 4461
DISCOUNT = "95"  # UNTDID 5189
ONE = "C62"  # UN/ECE recommendation 20
CATEGORIES = {  # UNTDID 5305 and VATEX
    Treatment.STANDARD: ("S", ""),
    Treatment.REVERSE_CHARGE: ("AE", "VATEX-EU-AE"),
    Treatment.OUTSIDE_SCOPE: ("O", "VATEX-EU-O"),
}

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml(document: Document) -> bytes:
    """The document as CII in the profile EN 16931, in the buyer's language, the same bytes each time."""
    root = ET.Element(_name("rsm:CrossIndustryInvoice"))
    with speaking(document.language, document.region):
        _add(
            root,
            "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID",
            PROFILE,
        )
        _head(_add(root, "rsm:ExchangedDocument"), document)
        trade = _add(root, "rsm:SupplyChainTradeTransaction")
        for line in document.lines:
            _line(_add(trade, "ram:IncludedSupplyChainTradeLineItem"), line, document)
        _agreement(_add(trade, "ram:ApplicableHeaderTradeAgreement"), document)
        _delivery(_add(trade, "ram:ApplicableHeaderTradeDelivery"), document)
        _settlement(_add(trade, "ram:ApplicableHeaderTradeSettlement"), document)
    for prefix, space in NAMESPACES.items():
        ET.register_namespace(prefix, space)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _head(head: ET.Element, document: Document) -> None:
    _add(head, "ram:ID", document.number)
    billed = SELF_BILLED if document.paid_to else INVOICE
    _add(head, "ram:TypeCode", CREDIT_NOTE if document.is_credit else billed)
    _day(head, "ram:IssueDateTime", document.issued_on)
    _say(head, "ram:IncludedNote/ram:Content", document.note)
    _say(head, "ram:IncludedNote/ram:Content", holder(document))
    _say(head, "ram:IncludedNote/ram:Content", reason(document))


def _line(item: ET.Element, line: DocumentLine, document: Document) -> None:
    _add(item, "ram:AssociatedDocumentLineDocument/ram:LineID", str(line.position))
    product = _add(item, "ram:SpecifiedTradeProduct")
    _add(product, "ram:Name", line.name)
    _say(product, "ram:Description", line.detail)
    price = _add(item, "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice")
    _add(price, "ram:ChargeAmount", _figure(line.unit))
    _add(item, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", str(line.billed), unitCode=ONE)
    settlement = _add(item, "ram:SpecifiedLineTradeSettlement")
    _tax(_add(settlement, "ram:ApplicableTradeTax"), document)
    if line.period_from and line.period_until:
        _period(settlement, line.period_from, line.period_until)
    _allowances(settlement, line)
    total = _add(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _add(total, "ram:LineTotalAmount", _figure(line.net))


def _allowances(settlement: ET.Element, line: DocumentLine) -> None:
    before = line.public
    for step in line.steps:
        if step.after != before:
            allowance = _add(settlement, "ram:SpecifiedTradeAllowanceCharge")
            _add(allowance, "ram:ChargeIndicator/udt:Indicator", "false")
            _add(allowance, "ram:CalculationPercent", str(step.per_cent))
            _add(allowance, "ram:BasisAmount", _figure(before))
            _add(allowance, "ram:ActualAmount", _figure(before - step.after))
            _add(allowance, "ram:ReasonCode", DISCOUNT)
            _add(allowance, "ram:Reason", discount_name(step.kind))
        before = step.after


def _agreement(agreement: ET.Element, document: Document) -> None:
    # where nothing falls under VAT, the standard wants no VAT numbers (BR-O-02): ours is then a local one
    taxed = document.vat_treatment is not Treatment.OUTSIDE_SCOPE
    _party(
        _add(agreement, "ram:SellerTradeParty"), document.seller, scheme="VA" if taxed else "FC", known=True
    )
    _party(_add(agreement, "ram:BuyerTradeParty"), document.buyer, scheme="VA" if taxed else "")
    _say(agreement, "ram:SellerOrderReferencedDocument/ram:IssuerAssignedID", document.order_number)


def _delivery(delivery: ET.Element, document: Document) -> None:
    begins = document.span[0] if document.span else document.issued_on
    _day(delivery, "ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime", begins)


def _party(element: ET.Element, party: Party, *, scheme: str, known: bool = False) -> None:
    vat_number = re.sub(r"[\s.]", "", party.vat_number).upper()
    if scheme == "VA" and not re.match("[A-Z]{2}", vat_number):
        scheme = "FC" if known else ""
    if known and not party.register_number and not (vat_number and scheme == "VA"):
        _add(element, "ram:ID", party.email or party.name)  # BR-CO-26: something to know the seller by
    _add(element, "ram:Name", party.name)
    _say(element, "ram:SpecifiedLegalOrganization/ram:ID", party.register_number)
    address = _add(element, "ram:PostalTradeAddress")
    _say(address, "ram:PostcodeCode", party.postcode)
    for name, line in zip(("LineOne", "LineTwo", "LineThree"), party.street.splitlines(), strict=False):
        _say(address, f"ram:{name}", line)
    _say(address, "ram:CityName", party.city)
    _add(address, "ram:CountryID", party.country)
    _say(element, "ram:URIUniversalCommunication/ram:URIID", party.email, schemeID="EM")
    if vat_number and scheme:
        _add(element, "ram:SpecifiedTaxRegistration/ram:ID", vat_number, schemeID=scheme)


def _settlement(settlement: ET.Element, document: Document) -> None:
    _say(settlement, "ram:PaymentReference", document.reference)
    _add(settlement, "ram:InvoiceCurrencyCode", document.currency)
    if document.open.minor and document.iban:
        _means(_add(settlement, "ram:SpecifiedTradeSettlementPaymentMeans"), document)
    tax = _add(settlement, "ram:ApplicableTradeTax")
    _add(tax, "ram:CalculatedAmount", _figure(document.vat))
    _tax(tax, document, base=document.net)
    if document.span:
        _period(settlement, *document.span)
    agreed = _add(settlement, "ram:SpecifiedTradePaymentTerms")
    _add(agreed, "ram:Description", terms(document))
    if document.due_on and document.open.minor:
        _day(agreed, "ram:DueDateDateTime", document.due_on)
    _totals(_add(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation"), document)
    if document.corrects:
        number, issued_on = document.corrects
        corrected = _add(settlement, "ram:InvoiceReferencedDocument")
        _add(corrected, "ram:IssuerAssignedID", number)
        _day(corrected, "ram:FormattedIssueDateTime", issued_on, space="qdt")


def _means(means: ET.Element, document: Document) -> None:
    _add(means, "ram:TypeCode", SEPA_TRANSFER if document.currency == "EUR" else CREDIT_TRANSFER)
    account = _add(means, "ram:PayeePartyCreditorFinancialAccount")
    _add(account, "ram:IBANID", re.sub(r"\s", "", document.iban))
    _say(account, "ram:AccountName", document.account_holder)
    _say(means, "ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID", document.bic)


def _tax(tax: ET.Element, document: Document, *, base: Money | None = None) -> None:
    """The category of VAT; with `base` as the breakdown of the whole document asks for it (BG-23)."""
    category, reason = CATEGORIES[document.vat_treatment]
    if category == "S" and document.vat_rate == 0:
        category = "Z"
    _add(tax, "ram:TypeCode", "VAT")
    if base is not None:
        if reason:
            _add(tax, "ram:ExemptionReason", untaxed(document.vat_treatment))
        _add(tax, "ram:BasisAmount", _figure(base))
    _add(tax, "ram:CategoryCode", category)
    if base is not None and reason:
        _add(tax, "ram:ExemptionReasonCode", reason)
    if category != "O":
        _add(tax, "ram:RateApplicablePercent", f"{Decimal(document.vat_rate) / 100:f}")


def _totals(totals: ET.Element, document: Document) -> None:
    # BR-CO-16: what is due is the total less what was paid; what was paid in excess is no part of this invoice
    paid = document.gross - document.open if not document.is_credit else Money(0, document.currency)
    _add(totals, "ram:LineTotalAmount", _figure(document.net))
    _add(totals, "ram:TaxBasisTotalAmount", _figure(document.net))
    _add(totals, "ram:TaxTotalAmount", _figure(document.vat), currencyID=document.currency)
    _add(totals, "ram:GrandTotalAmount", _figure(document.gross))
    _add(totals, "ram:TotalPrepaidAmount", _figure(paid))
    _add(totals, "ram:DuePayableAmount", _figure(document.gross - paid))


# --- elements -----------------------------------------------------------------------------------------------


def _name(prefixed: str) -> str:
    prefix, _colon, name = prefixed.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{name}"


def _add(parent: ET.Element, path: str, text: str = "", /, **attributes: str) -> ET.Element:
    """Adds a new element for each step of `path`; the last one gets text and attributes."""
    for step in path.split("/"):
        parent = ET.SubElement(parent, _name(step))
    parent.attrib.update(attributes)
    parent.text = _NOT_IN_XML.sub("", text) or None
    return parent


def _say(parent: ET.Element, path: str, text: str, /, **attributes: str) -> None:
    """The same, unless there is nothing to say: the standard wants no empty elements."""
    if _NOT_IN_XML.sub("", text).strip():
        _add(parent, path, text, **attributes)


def _day(parent: ET.Element, path: str, value: date, *, space: str = "udt") -> None:
    _add(parent, f"{path}/{space}:DateTimeString", f"{value:%Y%m%d}", format="102")


def _period(settlement: ET.Element, start: date, end: date) -> None:
    period = _add(settlement, "ram:BillingSpecifiedPeriod")
    _day(period, "ram:StartDateTime", start)
    _day(period, "ram:EndDateTime", end)


def _figure(amount: Money) -> str:
    return f"{amount.amount:.2f}"
