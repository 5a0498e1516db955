"""The self-billed credit note of a payout, as it was issued: nothing that happens later changes it (RULES F8, M7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from webapp.i18n import day, speaking
from webapp.i18n import gettext as _
from webapp.invoices.rules import Document, DocumentLine, Kind, Party
from webapp.money import Money
from webapp.orders.rules import Method
from webapp.payouts.labels import goes_to
from webapp.payouts.models import Payout


def document_of(payout: Payout) -> Document:
    """What it says, in the affiliate's language: the affiliate bills the operator, who writes the bill."""
    affiliate, gross, vat = payout.party, payout.money, Money(payout.vat, payout.currency)
    with speaking(payout.language, affiliate["country"]):
        name = _("Commissions of the affiliate programme")
        detail = _("Confirmed before %(day)s, and not paid out yet", day=day(payout.month))
        note = _("Self-billing: issued by the recipient of the service.")
        to = goes_to(payout)
    return Document(
        kind=Kind.INVOICE, number=payout.number, issued_on=payout.issued_on, due_on=None,
        language=payout.language, region=affiliate["country"], currency=payout.currency,
        seller=_party(affiliate), buyer=_party(affiliate["buyer"]), holder="", order_number="",
        lines=(DocumentLine(1, name, detail, 1, gross - vat, (), gross - vat),),
        net=gross - vat, vat_rate=payout.vat_rate, vat=vat, gross=gross, vat_treatment=payout.treatment,
        paid=gross, reference="", iban="", bic="", account_holder="", note=note, corrects=None,
        policy_version=payout.policy_version, method=Method.PREPAID, paid_to=to,
    )  # fmt: skip


def _party(kept: Mapping[str, Any]) -> Party:
    return Party(**{field.name: kept.get(field.name) or "" for field in fields(Party)})
