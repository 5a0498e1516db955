"""`flask ledger check` finds money that came or went otherwise than its rows say: every proof, by what breaks it."""

import pytest
import sqlalchemy as sa

from tests.factories import make_order, make_prepaid, make_waiting_transfer, make_withdrawal
from tests.ledger.story import book, booking, prepaid
from webapp.ledger.rules import AccountKind, Side
from webapp.payments import actions, proofs
from webapp.payments.models import IncomingTransfer, Withdrawal

BANK, SUSPENSE = Side(AccountKind.BANK), Side(AccountKind.SUSPENSE)


@pytest.fixture
def lumen(cast, now):
    """Lumen Optik with CHF 100.00 paid in, of which 30.00 were paid out and 20.00 wait; an order that it paid, and
    a transfer that waits, one that was sent back and one that is told twice."""
    make_prepaid(cast.lumen, 10_000)
    done = make_withdrawal(cast.lumen, cast.nadia, 3_000)
    actions.pay_withdrawal(done, by=cast.olga, now=now)
    make_withdrawal(cast.lumen, cast.nadia, 2_000)
    order = make_order(cast.lumen, paid=True)
    told = make_waiting_transfer(order.gross, booked_on=order.placed_at.date(), references=(order.reference,))
    assert told.same_as_id
    make_waiting_transfer()
    actions.send_back(make_waiting_transfer(), by=cast.olga, now=now)
    assert proofs.faults() == []
    return cast.lumen


def changed(where, **values):
    """The transfers of which this is true say something else."""
    return sa.update(IncomingTransfer).where(where).values(**values)


def differ(what, by):
    return f"{what} differ by {by}."


THE_BANK = "The bank’s account in CHF and the transfers that came in and went out"
NOBODY_S = "The money in CHF that nobody was found for and the transfers that wait"


@pytest.mark.parametrize("side", ["debit", "credit"])
def test_money_that_moved_without_a_row(lumen, damage, side):
    """RULES M6: on the bank's account, among what waits, and on its way out."""
    own, out = prepaid(lumen), Side(AccountKind.WITHDRAWALS, lumen.id)
    for account in (BANK, SUSPENSE, out):
        book(booking(*((account, own) if side == "debit" and account != out else (own, account)), 1))
    by = -1 if side == "debit" else 1
    assert proofs.faults() == [
        differ(THE_BANK, by),
        differ(NOBODY_S, by),
        differ(f"Organisation {lumen.id}: its money under way in CHF and its withdrawals that wait", 1),
    ]


def test_money_that_another_amount_came_of(lumen, damage):
    """RULES M6."""
    damage(changed(IncomingTransfer.organisation_id == lumen.id, amount=10_001))
    row, *others = proofs.faults()
    assert row == differ(THE_BANK, 1) and len(others) == 1
    assert others[0].endswith("it did not reach the prepaid account that it fills.")


def test_money_that_filled_another_account(cast, lumen, damage):
    """RULES M6."""
    damage(changed(IncomingTransfer.organisation_id == lumen.id, organisation_id=cast.stefans.id))
    [fault] = proofs.faults()
    assert fault.endswith("it did not reach the prepaid account that it fills.")


def test_money_that_paid_another_order(cast, lumen, damage):
    """RULES M6."""
    damage(changed(IncomingTransfer.order_id.is_not(None), order_id=make_order(lumen).id))
    [fault] = proofs.faults()
    assert fault.endswith("it was not booked for the order that it pays.")


def test_a_transfer_that_waits_no_longer_and_went_nowhere(lumen, damage, now):
    """RULES M6: the bank still has it, and nobody was found for it."""
    damage(changed(IncomingTransfer.assigned_at.is_(None), assigned_at=now, sent_back_at=now))
    assert proofs.faults() == [differ(THE_BANK, -12_972), differ(NOBODY_S, 12_972)]


def test_a_transfer_that_was_told_twice_and_counts_twice(lumen, damage):
    """SECURITY L4."""
    damage(changed(IncomingTransfer.same_as_id.is_not(None), same_as_id=None))
    row, *others = proofs.faults()
    assert row == differ(THE_BANK, 12_972) and len(others) == 1
    assert others[0].endswith("it was not booked for the order that it pays.")


def test_a_withdrawal_of_another_amount(lumen, damage):
    """RULES M6."""
    damage(sa.update(Withdrawal).values(amount=Withdrawal.amount + 1))
    assert proofs.faults() == [
        differ(THE_BANK, -1),
        differ(f"Organisation {lumen.id}: its money under way in CHF and its withdrawals that wait", -1),
    ]


def test_a_withdrawal_that_was_paid_and_not_booked(lumen, damage, now):
    """RULES M6."""
    damage(sa.update(Withdrawal).where(Withdrawal.paid_at.is_(None)).values(paid_at=now))
    assert proofs.faults() == [
        differ(THE_BANK, -2_000),
        differ(f"Organisation {lumen.id}: its money under way in CHF and its withdrawals that wait", 2_000),
    ]
