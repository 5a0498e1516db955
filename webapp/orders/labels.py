"""The words for what orders say by codes."""

from __future__ import annotations

from webapp.i18n import lazy
from webapp.orders.rules import Action, Method, State, Treatment, VatState

STATES = {
    State.OPEN: lazy("To be paid"),
    State.PART_PAID: lazy("Partly paid"),
    State.PAID: lazy("Paid"),
    State.REFUNDED: lazy("Refunded"),
    State.PART_REFUNDED: lazy("Partly refunded"),
    State.CANCELLED: lazy("Cancelled"),
}
METHODS = {
    Method.PREPAID: lazy("Prepaid account"),
    Method.INVOICE: lazy("Invoice and bank transfer"),
    Method.OUTSIDE: lazy("In the shop"),
}
ACTIONS = {Action.NEW: lazy("New"), Action.RENEWAL: lazy("Renewal")}
TREATMENTS = {
    Treatment.STANDARD: lazy("VAT"),
    Treatment.REVERSE_CHARGE: lazy("Reverse charge: the recipient owes the VAT."),
    Treatment.OUTSIDE_SCOPE: lazy("Not subject to VAT in the recipient’s country."),
}
VAT_STATES = {
    VatState.VALID: lazy("Form and check digits are right."),
    VatState.MALFORMED: lazy("This is not a VAT number of this country: check it for a slip."),
    VatState.UNVERIFIED: lazy("Numbers of this country can’t be checked here."),
}
