"""The document of an invoice, as it was issued: nothing that happens later changes it (RULES M3, M5, M7, O3, O8).

It is made of what never alters: the row of the invoice with what it keeps of its day, and the order's factors.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from webapp.i18n import ngettext, speaking
from webapp.invoices.rules import Discount, Document, DocumentLine, Kind, Party, Step
from webapp.orders.models import Invoice, OrderLine
from webapp.orders.rules import Action, Method, PriceKind
from webapp.products.rules import Period


def document_of(invoice: Invoice, *, language: str | None = None) -> Document:
    """What the invoice or credit note says, in the payer's language unless told otherwise."""
    order, party, language = invoice.order, invoice.party, language or invoice.language
    seller, corrected = party["seller"], invoice.corrects
    by_invoice = order.method is Method.INVOICE and not corrected
    with speaking(language, party["country"]):
        lines = tuple(_credited(invoice, language) if corrected else _billed(invoice, language))
    return Document(
        kind=Kind.CREDIT_NOTE if corrected else Kind.INVOICE,
        number=invoice.number, issued_on=invoice.issued_on, due_on=invoice.due_on if by_invoice else None,
        language=language, region=party["country"], currency=invoice.currency,
        seller=Party.of(seller), buyer=Party.of(party), holder=party["holder"],
        order_number=order.number, outside=order.outside or "", method=order.method,
        lines=lines, net=invoice.money(invoice.net), vat=invoice.money(invoice.vat),
        gross=invoice.money(invoice.gross), vat_rate=order.vat_rate, vat_treatment=order.treatment,
        paid=invoice.money(0 if by_invoice or corrected else invoice.gross),
        paid_on=invoice.issued_on if order.method is Method.PREPAID else None,
        reference=order.reference if by_invoice else "", note=party["note"], reason=invoice.reason,
        iban=seller.get("iban", "") if by_invoice else "", bic=seller.get("bic", "") if by_invoice else "",
        account_holder=seller.get("account_holder", "") if by_invoice else "",
        corrects=(corrected.number, corrected.issued_on) if corrected else None,
        policy_version=order.policy_version,
    )  # fmt: skip


def _billed(invoice: Invoice, language: str) -> Iterator[DocumentLine]:
    for line in invoice.order.lines:
        start, end = _period(invoice, line)
        yield DocumentLine(
            line.position, line.name_in(language), f"{line.label}\n{_what(line)}", line.quantity,
            line.money(line.unit), tuple(_steps(line)), line.money(line.net), start, end, line.periods,
        )  # fmt: skip


def _credited(invoice: Invoice, language: str) -> Iterator[DocumentLine]:
    """What is taken back of each line, which keeps its place in the invoice."""
    assert invoice.corrects
    for credit in sorted(invoice.credits, key=lambda credit: credit.line.position):
        line, amount = credit.line, invoice.money(credit.net)
        start, end = _period(invoice.corrects, line)
        yield DocumentLine(
            line.position, line.name_in(language), line.label, 1, amount, (), amount, start, end
        )


def _steps(line: OrderLine) -> Iterator[Step]:
    """The discounts that lead from the list price to what is charged (RULES M1, M2)."""
    factors = line.factors
    if line.price is PriceKind.PARTNER and line.discount:
        yield Step(Discount.PARTNER, line.discount, factors.discounted)
    if line.sliding:
        yield Step(Discount.SLIDING_SCALE, line.sliding, factors.price(line.price))


def _period(invoice: Invoice, line: OrderLine) -> tuple[date | None, date | None]:
    """The first and the last day; on the one after it the next period begins."""
    kept = invoice.party["periods"].get(str(line.position))
    if not kept:
        return None, None
    return date.fromisoformat(kept[0]), date.fromisoformat(kept[1]) - timedelta(days=1)


def _what(line: OrderLine) -> str:
    """`Renewal for 1 year`; a new product begins on the day on which it is paid."""
    if line.action is Action.RENEWAL:
        if line.period is Period.YEAR:
            return ngettext("Renewal for %(num)s year", "Renewal for %(num)s years", line.periods)
        return ngettext("Renewal for %(num)s month", "Renewal for %(num)s months", line.periods)
    if line.period is Period.YEAR:
        return ngettext(
            "New, for %(num)s year from the payment", "New, for %(num)s years from the payment", line.periods
        )
    return ngettext(
        "New, for %(num)s month from the payment", "New, for %(num)s months from the payment", line.periods
    )
