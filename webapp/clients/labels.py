"""The words for the list of clients."""

from __future__ import annotations

from webapp.clients.rules import Order, Status
from webapp.i18n import lazy
from webapp.partnerships.rules import Payer

ORDERS = {
    Order.NAME: lazy("Name"),
    Order.SINCE: lazy("Newest first"),
    Order.PRODUCTS: lazy("Most products first"),
}
STATUSES = {
    Status.CURRENT: lazy("Current"),
    Status.ENDED: lazy("Ended"),
    Status.ALL: lazy("Any"),
}
PAYMENT = {Payer.CLIENT: lazy("Client’s payment method"), Payer.PARTNER: lazy("Your payment method")}
SHORT_PAYMENT = {Payer.CLIENT: lazy("Client’s"), Payer.PARTNER: lazy("Yours")}  # below "Payment method"


def payment(payer: Payer) -> str:
    """Whose payment method is used, said to the partner."""
    return str(PAYMENT[payer])


def short_payment(payer: Payer) -> str:
    """The same in a column of that name."""
    return str(SHORT_PAYMENT[payer])


FILTERS = {"client_payment": payment, "short_payment": short_payment}
