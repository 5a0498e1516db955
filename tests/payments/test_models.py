"""What the database itself refuses of transfers and withdrawals (RULES M6)."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.factories import make_order, make_prepaid, make_waiting_transfer, make_withdrawal
from tests.times import NOW
from webapp.extensions import db
from webapp.money import Money
from webapp.payments.models import IncomingTransfer, Withdrawal
from webapp.payments.rules import Kind, TransferState, WithdrawalState


@pytest.mark.parametrize(
    "values",
    [
        {"amount": 0}, {"amount": -1}, {"currency": "USD"}, {"assigned_at": NOW}, {"sent_back_at": NOW},
        {"organisation_id": 1}, {"organisation_id": 1, "order_id": 1, "assigned_at": NOW},
        {"organisation_id": 1, "sent_back_at": NOW, "assigned_at": NOW},
    ],
)  # fmt: skip
def test_a_transfer_that_contradicts_itself(app, cast, values):
    make_order(cast.lumen)
    row = make_waiting_transfer()
    with pytest.raises(IntegrityError):
        db.session.execute(sa.update(IncomingTransfer).where(IncomingTransfer.id == row.id).values(**values))
    db.session.rollback()


@pytest.mark.parametrize(
    "values",
    [
        {"amount": 0}, {"currency": "USD"}, {"kind": "cash"}, {"paid_at": NOW, "refused_at": NOW},
        {"organisation_id": 99},
    ],
)  # fmt: skip
def test_a_withdrawal_that_contradicts_itself(app, cast, values):
    make_prepaid(cast.lumen, 5_000)
    row = make_withdrawal(cast.lumen, cast.nadia)
    columns = {
        name: sa.literal(value, sa.String) if name == "kind" else value for name, value in values.items()
    }
    with pytest.raises(IntegrityError):
        db.session.execute(sa.update(Withdrawal).where(Withdrawal.id == row.id).values(**columns))
        db.session.flush()
    db.session.rollback()


def test_the_bank_s_name_counts_once(app):
    """SECURITY L4."""
    row = make_waiting_transfer()
    again = IncomingTransfer(
        bank_id=row.bank_id, booked_on=date(2026, 11, 1), amount=1, currency="CHF", debtor_name="", debtor_iban="",
        reference="", text="", recorded_at=NOW,
    )  # fmt: skip
    db.session.add(again)
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_what_rows_say_of_themselves(app, cast):
    make_prepaid(cast.lumen, 5_000)
    filled = db.session.query(IncomingTransfer).one()
    waiting = make_waiting_transfer(1_234, "EUR")
    assert (filled.state, waiting.state) == (TransferState.ACCOUNT, TransferState.WAITING)
    assert waiting.money == Money(1_234, "EUR") and not waiting.by_hand
    row = make_withdrawal(cast.lumen, cast.nadia, kind=Kind.PAYPAL, target="n@lumen.example")
    assert (row.state, row.waiting, row.money) == (WithdrawalState.WAITING, True, Money(5_000, "CHF"))
    assert row.destination.shown == "n@lumen.example"
