"""What `flask ledger check` proves of payments: the bank's account is what came in less what was paid out.

Each by statements over the whole database.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from webapp.ledger import proofs
from webapp.ledger.models import Entry, LedgerAccount, Transfer
from webapp.ledger.rules import AccountKind
from webapp.payments.models import IncomingTransfer, Withdrawal
from webapp.payments.queries import TRANSFERS_IN, WITHDRAWALS_IN
from webapp.payments.rules import TransferState, WithdrawalState

_WAITS = TRANSFERS_IN[TransferState.WAITING]
_BACK = TRANSFERS_IN[TransferState.SENT_BACK]
_TWICE = IncomingTransfer.same_as_id.is_not(None)  # booked by hand before: nothing is booked for it
_UNPAID = WITHDRAWALS_IN[WithdrawalState.WAITING]
_PAID = WITHDRAWALS_IN[WithdrawalState.PAID]

_further: list[Callable[[], Any]] = []


def faults() -> list[str]:
    """What is wrong with transfers and withdrawals, looked at as a whole; nothing when all is well."""
    return [
        *proofs.told(
            _bank,
            "The bank’s account in {currency} and the transfers that came in and went out differ by {by}.",
        ),
        *proofs.told(
            _suspense,
            "The money in {currency} that nobody was found for and the transfers that wait differ by {by}.",
        ),
        *proofs.told(
            _under_way,
            "Organisation {organisation}: its money under way in {currency} and its withdrawals that wait"
            " differ by {by}.",
        ),
        *proofs.told(_orders, "Incoming transfer {id}: it was not booked for the order that it pays."),
        *proofs.told(
            _accounts, "Incoming transfer {id}: it did not reach the prepaid account that it fills."
        ),
    ]


def moves_the_bank(rows: Callable[[], Any]) -> None:
    """From now on these rows of a later feature, made by `said`, are part of what the bank's account should say."""
    _further.append(rows)


def _text(number: Any) -> sa.ColumnElement[str]:
    return sa.cast(number, sa.String)


def booked(kind: AccountKind) -> Any:
    """What all accounts of this kind have, by currency and organisation."""
    return (
        sa.select(
            LedgerAccount.currency.label("currency"),
            LedgerAccount.organisation_id.label("organisation"),
            Entry.amount.label("amount"),
        )
        .join(Entry, Entry.account_id == LedgerAccount.id)
        .where(LedgerAccount.kind == kind)
    )


def said(table: Any, amount: Any, whose: Any = None) -> Any:
    """The same as rows of ours say it."""
    organisation = sa.cast(sa.null(), sa.Integer) if whose is None else whose
    return sa.select(table.currency, organisation, amount)


def differing(*parts: Any) -> proofs.Question:
    """The currencies and organisations for which these do not add up to nothing."""
    rows = sa.union_all(*parts).subquery().c
    total = sa.func.sum(rows.amount)
    return (
        sa.select(rows.currency, rows.organisation, total.label("by"))
        .group_by(rows.currency, rows.organisation)
        .having(total != 0)
        .order_by(rows.currency, rows.organisation)
        .limit(proofs.TOLD)
    )


def _bank() -> proofs.Question:
    """RULES M6: what came in, less what was paid out and sent back, is what the bank's account says."""
    kept = sa.case((sa.or_(_BACK, _TWICE), 0), else_=IncomingTransfer.amount)
    return differing(
        booked(AccountKind.BANK),
        said(IncomingTransfer, kept),
        said(Withdrawal, -Withdrawal.amount).where(_PAID),
        *(further() for further in _further),
    )


def _suspense() -> proofs.Question:
    """RULES M6: money that nobody was found for is that of the transfers that wait."""
    return differing(
        booked(AccountKind.SUSPENSE), said(IncomingTransfer, -IncomingTransfer.amount).where(_WAITS)
    )


def _under_way() -> proofs.Question:
    """RULES M6: money on its way out of a prepaid account is that of the withdrawals that wait."""
    return differing(
        booked(AccountKind.WITHDRAWALS),
        said(Withdrawal, -Withdrawal.amount, Withdrawal.organisation_id).where(_UNPAID),
    )


def _orders() -> proofs.Question:
    """RULES M6: a transfer that pays an order was booked for it, whole and once."""
    paid = sa.and_(
        Transfer.key == "transfer:" + _text(IncomingTransfer.id) + ":paid",
        Transfer.subject == "orders:" + _text(IncomingTransfer.order_id),
        Transfer.amount == IncomingTransfer.amount,
        Transfer.currency == IncomingTransfer.currency,
    )
    return (
        sa.select(IncomingTransfer.id)
        .outerjoin(Transfer, paid)
        .where(IncomingTransfer.order_id.is_not(None), ~_TWICE, Transfer.id.is_(None))
        .order_by(IncomingTransfer.id)
        .limit(proofs.TOLD)
    )


def _accounts() -> proofs.Question:
    """RULES M6: a transfer that fills a prepaid account reached that of its organisation, whole and once."""
    filled = sa.and_(
        Transfer.key == "transfer:" + _text(IncomingTransfer.id) + ":filled",
        Transfer.amount == IncomingTransfer.amount,
        Transfer.currency == IncomingTransfer.currency,
    )
    whose = sa.and_(
        LedgerAccount.id == Transfer.credit_id,
        LedgerAccount.kind == AccountKind.PREPAID,
        LedgerAccount.organisation_id == IncomingTransfer.organisation_id,
    )
    return (
        sa.select(IncomingTransfer.id)
        .outerjoin(Transfer, filled)
        .outerjoin(LedgerAccount, whose)
        .where(IncomingTransfer.organisation_id.is_not(None), LedgerAccount.id.is_(None))
        .order_by(IncomingTransfer.id)
        .limit(proofs.TOLD)
    )


proofs.register("payments", faults)
