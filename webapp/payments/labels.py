"""The words for what transfers and withdrawals say by codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp.i18n import lazy
from webapp.payments.models import IncomingTransfer, Withdrawal
from webapp.payments.rules import Kind, TransferState, WithdrawalState, in_groups

KINDS = {Kind.IBAN: lazy("Bank account"), Kind.PAYPAL: lazy("PayPal")}
TO = {Kind.IBAN: lazy("To a bank account"), Kind.PAYPAL: lazy("To PayPal")}
TRANSFERS = {
    TransferState.WAITING: lazy("To be assigned"),
    TransferState.ORDER: lazy("For an order"),
    TransferState.ACCOUNT: lazy("On a prepaid account"),
    TransferState.SENT_BACK: lazy("Sent back"),
}
WITHDRAWALS = {
    WithdrawalState.WAITING: lazy("Waiting"),
    WithdrawalState.PAID: lazy("Paid out"),
    WithdrawalState.REFUSED: lazy("Refused"),
}
TRANSFER_TONES = {TransferState.WAITING: "wait", TransferState.ORDER: "ok", TransferState.ACCOUNT: "ok"}
WITHDRAWAL_TONES = {
    WithdrawalState.WAITING: "wait",
    WithdrawalState.PAID: "ok",
    WithdrawalState.REFUSED: "bad",
}


def destination_kind(kind: Kind) -> str:
    """What kind of account money goes to."""
    return str(KINDS[kind])


def transfer_state(transfer: IncomingTransfer) -> tuple[str, str]:
    """Words and tone of a badge."""
    return str(TRANSFERS[transfer.state]), TRANSFER_TONES.get(transfer.state, "")


def withdrawal_state(withdrawal: Withdrawal) -> tuple[str, str]:
    """Words and tone of a badge."""
    return str(WITHDRAWALS[withdrawal.state]), WITHDRAWAL_TONES[withdrawal.state]


FILTERS: dict[str, Callable[..., Any]] = {
    "destination_kind": destination_kind,
    "transfer_state": transfer_state,
    "withdrawal_state": withdrawal_state,
    "in_groups": in_groups,
}
