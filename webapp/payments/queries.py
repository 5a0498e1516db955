"""What is asked about transfers that came in, and about withdrawals."""

from __future__ import annotations

import re
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from webapp.accounts.models import Organisation
from webapp.extensions import db
from webapp.orders import queries as orders
from webapp.orders.models import Order
from webapp.orders.rules import Method
from webapp.payments.models import IncomingTransfer, Withdrawal
from webapp.payments.statements import Incoming
from webapp.references import parse_reference, reference_of

_TOP_UP = re.compile(r"RF[0-9]{2}T([0-9]{1,12})")
AT_ONCE = 500  # of one statement


# --- transfers ----------------------------------------------------------------------------------------------


def top_up_reference(organisation: Organisation) -> str:
    """The reference that a transfer to the organisation's prepaid account quotes."""
    return reference_of(f"T{organisation.id}")


def topping_up(reference: str) -> Organisation | None:
    """Whose prepaid account a transfer with this reference fills."""
    compact = parse_reference(reference)
    found = _TOP_UP.fullmatch(compact) if compact else None
    return db.session.get(Organisation, int(found[1])) if found else None


def paying(reference: str, currency: str) -> Order | None:
    """The order that a transfer with this reference and currency pays, whether or not it still waits."""
    compact = parse_reference(reference)
    order = orders.by_reference(compact) if compact else None
    fits = order and order.currency == currency and order.method is not Method.OUTSIDE
    return order if fits else None


def named_by(incoming: Incoming) -> Order | Organisation | None:
    """The one thing that the transfer's references name; None when they name nothing, or several things."""
    found = [
        thing
        for reference in incoming.references
        if (thing := paying(reference, incoming.amount.currency) or topping_up(reference))
    ]
    return found[0] if len(found) == 1 else None


def known(bank_ids: Collection[str]) -> set[str]:
    """Those of these transfers that are recorded already."""
    ids = list(bank_ids)
    found: set[str] = set()
    for n in range(0, len(ids), AT_ONCE):
        found.update(
            db.session.scalars(
                sa.select(IncomingTransfer.bank_id).where(IncomingTransfer.bank_id.in_(ids[n : n + AT_ONCE]))
            )
        )
    return found


def by_bank_id(bank_id: str) -> IncomingTransfer | None:
    """The transfer with the bank's own name."""
    return db.session.scalar(sa.select(IncomingTransfer).where(IncomingTransfer.bank_id == bank_id))


def of_order(order: Order) -> list[IncomingTransfer]:
    """The transfers that paid the order, oldest first."""
    return list(
        db.session.scalars(
            sa.select(IncomingTransfer)
            .where(IncomingTransfer.order_id == order.id)
            .order_by(IncomingTransfer.booked_on, IncomingTransfer.id)
        )
    )


def transfer(public_id: str) -> IncomingTransfer | None:
    """A transfer, for the operator's desk."""
    return db.session.scalar(
        sa.select(IncomingTransfer)
        .where(IncomingTransfer.public_id == public_id)
        .options(joinedload(IncomingTransfer.order), joinedload(IncomingTransfer.organisation))
    )


def transfer_by_id(transfer_id: int) -> IncomingTransfer | None:
    """The transfer that a mail is about."""
    return db.session.get(IncomingTransfer, transfer_id)


# --- withdrawals --------------------------------------------------------------------------------------------


def by_key(key: str) -> Withdrawal | None:
    """The withdrawal that a form with this one-time key became."""
    return db.session.scalar(sa.select(Withdrawal).where(Withdrawal.key == key))


def withdrawals_of(organisation: Organisation) -> list[Withdrawal]:
    """What the organisation asked for, newest first, the last fifty."""
    return list(
        db.session.scalars(
            sa.select(Withdrawal)
            .where(Withdrawal.organisation_id == organisation.id)
            .order_by(Withdrawal.id.desc())
            .limit(50)
        )
    )


def withdrawal(public_id: str) -> Withdrawal | None:
    """A withdrawal, for the operator's desk."""
    return db.session.scalar(sa.select(Withdrawal).where(Withdrawal.public_id == public_id))


def withdrawal_by_id(withdrawal_id: int) -> Withdrawal | None:
    """The withdrawal that a mail is about."""
    return db.session.get(Withdrawal, withdrawal_id)
