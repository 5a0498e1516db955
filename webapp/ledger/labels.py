"""The words for codes of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp import i18n
from webapp.i18n import lazy, remembered
from webapp.ledger.rules import Cause
from webapp.money import Money

# as the owner of a prepaid account reads them
CAUSES = {
    Cause.ORDER_CHARGED: lazy("Order placed"),
    Cause.ORDER_VAT: lazy("VAT of an order"),
    Cause.ORDER_PAID: lazy("Order paid"),
    Cause.ORDER_EXCESS: lazy("Paid in excess of an order"),
    Cause.ORDER_REVERSED: lazy("Order reversed"),
    Cause.ORDER_VAT_REVERSED: lazy("VAT of an order reversed"),
    Cause.ORDER_RETURNED: lazy("Money back from an order"),
    Cause.CASHBACK_EARNED: lazy("Cashback"),
    Cause.CASHBACK_TAKEN_BACK: lazy("Cashback of a refunded order taken back"),
    Cause.DEBT_SETTLED: lazy("Cashback taken back later"),
    Cause.TRANSFER_RECEIVED: lazy("Bank transfer received"),
    Cause.TRANSFER_ASSIGNED: lazy("Bank transfer assigned"),
    Cause.TRANSFER_SENT_BACK: lazy("Bank transfer sent back"),
    Cause.TOPPED_UP: lazy("Paid in"),
    Cause.WITHDRAWAL_REQUESTED: lazy("Withdrawal requested"),
    Cause.WITHDRAWAL_PAID: lazy("Withdrawal paid out"),
    Cause.WITHDRAWAL_REFUSED: lazy("Withdrawal refused, money back"),
    Cause.COMMISSION_EARNED: lazy("Commission"),
    Cause.COMMISSION_REDUCED: lazy("Commission of a refunded order taken back"),
    Cause.PAYOUT_MADE: lazy("Commissions paid out"),
    Cause.PAYOUT_EXECUTED: lazy("Payout transferred"),
    Cause.PAYOUT_RETURNED: lazy("Payout came back"),
    Cause.CONVERTED: lazy("Converted"),
}


@remembered
def cause_name(cause: Cause) -> str:
    """Why money moved."""
    return str(CAUSES[cause])


@remembered
def signed(amount: Money) -> str:
    """`+CHF 12.50` for what came in, `−CHF 12.50` for what left."""
    sign = "\N{MINUS SIGN}" if amount.minor < 0 else "+"
    return sign + i18n.money(Money(abs(amount.minor), amount.currency))


FILTERS: dict[str, Callable[..., Any]] = {"cause_name": cause_name, "signed": signed}
