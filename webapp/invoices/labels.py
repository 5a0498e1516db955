"""The sentences of invoices that paper and the document for machines share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stdnum import iban

from webapp.i18n import day, lazy, money
from webapp.i18n import gettext as _
from webapp.invoices.rules import Discount, Document, Kind
from webapp.orders.rules import Method, Treatment

KINDS = {Kind.INVOICE: lazy("Invoices"), Kind.CREDIT_NOTE: lazy("Credit notes")}


def title(number: str, *, credit: bool) -> str:
    """What a document is called."""
    return _("Credit note %(number)s", number=number) if credit else _("Invoice %(number)s", number=number)


def terms(document: Document) -> str:
    """What is to be paid until when, or why nothing is."""
    if document.paid_to:
        return _("This amount is paid out to you: %(where)s.", where=document.paid_to)
    if document.is_credit and document.method is Method.OUTSIDE:
        return _("This amount is in your favour: the shop in which you ordered gives it back.")
    if document.is_credit:
        return _(
            "This amount is in your favour: it lowers what is still to be paid, the rest goes to your prepaid account."
        )
    if document.open.minor and document.due_on:
        return _("To pay by %(date)s: %(amount)s.", date=day(document.due_on), amount=money(document.open))
    if document.open.minor:
        return _("To pay: %(amount)s.", amount=money(document.open))
    if document.gross.minor == 0:
        return _("There is nothing to pay.")
    if document.method is Method.OUTSIDE:
        return _("It is paid in the shop in which it was ordered. There is nothing to transfer.")
    if document.paid_on and document.method is Method.PREPAID:
        return _(
            "Paid from the prepaid account on %(date)s. There is nothing left to pay.",
            date=day(document.paid_on),
        )
    if document.paid_on:
        return _("Paid on %(date)s. There is nothing left to pay.", date=day(document.paid_on))
    return _("Paid. There is nothing left to pay.")


def untaxed(treatment: Treatment) -> str:
    """Why there is no VAT (RULES M7); nothing where there is."""
    if treatment is Treatment.REVERSE_CHARGE:
        return _(
            "VAT reversed: the recipient is liable for the VAT (reverse charge, Article 196 of Directive 2006/112/EC)."
        )
    if treatment is Treatment.OUTSIDE_SCOPE:
        return _("No VAT is charged: the service is outside its scope.")
    return ""


def reason(document: Document) -> str:
    """Why a credit note was issued."""
    return _("Reason: %(reason)s", reason=document.reason) if document.reason else ""


def discount_name(kind: Discount) -> str:
    """A discount's name."""
    return _("Partner discount") if kind is Discount.PARTNER else _("Sliding scale")


def holder(document: Document) -> str:
    """Whose products they are, where somebody else pays (RULES O8)."""
    return _("Products of: %(name)s", name=document.holder) if document.holder else ""


FILTERS: dict[str, Callable[..., Any]] = {
    "invoice_terms": terms,
    "spaced_iban": iban.format,
    "untaxed_reason": untaxed,
}
