"""The sentences of invoices that paper and the document for machines share."""

from __future__ import annotations

from webapp.i18n import day, money
from webapp.i18n import gettext as _
from webapp.invoices.rules import Discount, Document
from webapp.orders.rules import Treatment


def terms(document: Document) -> str:
    """What is to be paid until when, or why nothing is."""
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


def discount_name(kind: Discount) -> str:
    """A discount's name."""
    return _("Partner discount") if kind is Discount.PARTNER else _("Sliding scale")


def holder(document: Document) -> str:
    """Whose products they are, where somebody else pays (RULES O8)."""
    return _("Products of: %(name)s", name=document.holder) if document.holder else ""
