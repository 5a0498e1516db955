"""What `flask ledger check` proves of payouts: affiliates have what they earned less what they were paid.

Each by one statement over the whole database.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from webapp.affiliation.models import AffiliateAccount, Commission
from webapp.ledger import proofs
from webapp.ledger.models import LedgerAccount, Transfer
from webapp.ledger.rules import AccountKind, Cause
from webapp.orders.proofs import also_numbered
from webapp.payments.proofs import booked, differing, moves_the_bank, said
from webapp.payouts.models import Payout, PayoutRun
from webapp.payouts.queries import OUTSIDE, PAYOUTS_IN
from webapp.payouts.rules import NOTE_PREFIX, SERIES, Kind, State

_STAYS = Payout.returned_at.is_(None)


def faults() -> list[str]:
    """What is wrong with payouts, looked at as a whole; nothing when all is well."""
    return [
        *proofs.told(
            _earnings,
            "Organisation {organisation}: its earnings in {currency} and its commissions less its payouts"
            " differ by {by}.",
        ),
        *proofs.told(
            _under_way,
            "The money in {currency} on its way to affiliates and the payouts that are made differ by {by}.",
        ),
        *proofs.told(_made, "Payout {number}: it was not booked for its affiliate, or as something else."),
        *proofs.told(
            _alike, "Payout {number}: it is of another month or currency than its run or its affiliate."
        ),
        *proofs.told(_paid_until, "Affiliate {tag}: it does not know that it was paid for {month}."),
    ]


def _earnings() -> proofs.Question:
    """SECURITY M4: what is on an affiliate's account is what it earned, less what it was paid."""
    earned = sa.select(
        AffiliateAccount.currency, AffiliateAccount.organisation_id, -Commission.amount
    ).join(AffiliateAccount, AffiliateAccount.id == Commission.account_id)  # fmt: skip
    paid = (
        sa.select(Payout.currency, AffiliateAccount.organisation_id, Payout.amount)
        .join(AffiliateAccount, AffiliateAccount.id == Payout.account_id)
        .where(_STAYS)
    )
    return differing(booked(AccountKind.EARNINGS), earned, paid)


def _under_way() -> proofs.Question:
    """RULES F8: money on its way to affiliates is that of the payouts that were not carried out yet."""
    made = said(Payout, -Payout.amount).where(OUTSIDE, PAYOUTS_IN[State.MADE])
    return differing(booked(AccountKind.PAYOUTS), made)


def _carried_out() -> Any:
    """What left the bank's account, and did not come back."""
    return said(Payout, -Payout.amount).where(OUTSIDE, PAYOUTS_IN[State.EXECUTED])


def _made() -> proofs.Question:
    """RULES F8: each payout left its affiliate's earnings, whole, for where it goes."""
    from_, to = (sa.orm.aliased(LedgerAccount) for _ in range(2))
    moved = sa.and_(
        Transfer.key == "payout:" + sa.cast(Payout.id, sa.String) + f":{Cause.PAYOUT_MADE.value}",
        Transfer.cause == Cause.PAYOUT_MADE,
        Transfer.amount == Payout.amount,
        Transfer.currency == Payout.currency,
    )
    right = sa.and_(
        from_.kind == AccountKind.EARNINGS,
        from_.organisation_id == AffiliateAccount.organisation_id,
        sa.or_(
            sa.and_(Payout.kind != Kind.PREPAID, to.kind == AccountKind.PAYOUTS),
            sa.and_(
                Payout.kind == Kind.PREPAID,
                to.kind == AccountKind.PREPAID,
                to.organisation_id == AffiliateAccount.organisation_id,
            ),
        ),
    )
    return (
        sa.select(Payout.number)
        .join(AffiliateAccount, AffiliateAccount.id == Payout.account_id)
        .outerjoin(Transfer, moved)
        .outerjoin(from_, from_.id == Transfer.debit_id)
        .outerjoin(to, to.id == Transfer.credit_id)
        .where(sa.or_(Transfer.id.is_(None), ~right))
        .order_by(Payout.id)
        .limit(proofs.TOLD)
    )


def _alike() -> proofs.Question:
    """SECURITY M4: a payout's month and currency are its run's, and the currency its affiliate's."""
    return (
        sa.select(Payout.number)
        .join(PayoutRun, PayoutRun.id == Payout.run_id)
        .join(AffiliateAccount, AffiliateAccount.id == Payout.account_id)
        .where(
            sa.or_(
                Payout.month != PayoutRun.month,
                Payout.currency != PayoutRun.currency,
                Payout.currency != AffiliateAccount.currency,
            )
        )
        .order_by(Payout.id)
        .limit(proofs.TOLD)
    )


def _paid_until() -> proofs.Question:
    """SECURITY M7: nothing is confirmed any more before a month that was paid."""
    return (
        sa.select(AffiliateAccount.tag, sa.func.max(Payout.month).label("month"))
        .join(Payout, Payout.account_id == AffiliateAccount.id)
        .group_by(AffiliateAccount.id, AffiliateAccount.tag, AffiliateAccount.paid_until)
        .having(
            sa.or_(
                AffiliateAccount.paid_until.is_(None), AffiliateAccount.paid_until < sa.func.max(Payout.month)
            )
        )
        .order_by(AffiliateAccount.tag)
        .limit(proofs.TOLD)
    )


def _numbered() -> Any:
    """The numbers of self-billed credit notes."""
    prefix = f"{NOTE_PREFIX}-"
    return sa.select(
        sa.literal(SERIES), sa.literal(prefix), sa.func.substr(Payout.number, len(prefix) + 1, 4), Payout.id,
        Payout.number, Payout.issued_on,
    )  # fmt: skip


moves_the_bank(_carried_out)
also_numbered(_numbered)
proofs.register("payouts", faults)
