"""`flask ledger check` finds what was changed behind the application: each proof of payouts, by what breaks it."""

from datetime import date

import pytest
import sqlalchemy as sa

from tests.books import all_is_well, faults
from tests.ledger.story import CLEARING, book, booking
from tests.payouts.story import FEBRUARY, IBAN, JANUARY, affiliate, earn, payouts, run, runs, to
from webapp.affiliation.models import AffiliateAccount
from webapp.ledger.rules import AccountKind, Side
from webapp.payouts import actions, proofs
from webapp.payouts.models import Payout
from webapp.payouts.rules import Kind


@pytest.fixture
def paid(cast):
    """A payout that was carried out, and of the month after one that was not yet, one that came back and one to a
    prepaid account."""
    accounts = {what: affiliate(what.title()) for what in ("executed", "made", "returned", "prepaid")}
    for n, (what, account) in enumerate(accounts.items()):
        if what != "prepaid":
            to(account)
        earn(account)
        if n == 0:
            run(JANUARY)
            actions.execute(runs()[0], by=cast.olga, now=JANUARY)
    run(FEBRUARY)
    found = {what: payouts(account)[0] for what, account in accounts.items()}
    actions.take_back(found["returned"], reason="No such account", by=cast.olga, now=FEBRUARY)
    assert len(payouts()) == 4
    all_is_well()
    return found


def changed(payout, **values):
    return sa.update(Payout).where(Payout.id == payout.id).values(**values)


def owed(payout, by):
    whose = f"Organisation {payout.account.organisation_id}"
    return f"{whose}: its earnings in CHF and its commissions less its payouts differ by {by}."


def under_way(by):
    return f"The money in CHF on its way to affiliates and the payouts that are made differ by {by}."


def bank(by):
    return f"payments: The bank’s account in CHF and the transfers that came in and went out differ by {by}."


def not_booked(payout):
    return f"Payout {payout.number}: it was not booked for its affiliate, or as something else."


def test_money_that_moved_without_a_row(paid, damage):
    """SECURITY M4: on an affiliate's account, and on its way."""
    it = paid["prepaid"]
    for side in (Side(AccountKind.EARNINGS, it.account.organisation_id), Side(AccountKind.PAYOUTS)):
        book(booking(CLEARING, side, 1))
    assert proofs.faults() == [owed(it, 1), under_way(1)]


def test_a_payout_of_another_amount(paid, damage):
    """SECURITY M4."""
    it = paid["executed"]
    damage(changed(it, amount=it.amount + 1))
    assert faults() == [bank(-1), f"payouts: {owed(it, 1)}", f"payouts: {not_booked(it)}"]


def test_a_payout_that_was_carried_out_and_not_booked(paid, damage):
    """RULES F8: and one that was not carried out, but booked."""
    damage(changed(paid["made"], executed_at=FEBRUARY))
    assert faults() == [bank(-6_000), f"payouts: {under_way(6_000)}"]
    damage(changed(paid["made"], executed_at=None), changed(paid["executed"], executed_at=None))
    assert faults() == [bank(6_000), f"payouts: {under_way(-6_000)}"]


def test_a_payout_that_came_back_and_was_not_booked(cast, paid, damage):
    """RULES F8: and one that did not come back, but was booked."""
    it, other = paid["made"], paid["returned"]
    damage(changed(it, returned_at=FEBRUARY, returned_by_id=cast.olga.id))
    assert proofs.faults() == [owed(it, -6_000), under_way(6_000)]
    damage(changed(it, returned_at=None, returned_by_id=None))
    damage(changed(other, returned_at=None, returned_by_id=None))
    assert proofs.faults() == [owed(other, 6_000), under_way(-6_000)]


def test_a_payout_that_went_elsewhere(paid, damage):
    """RULES F8: to the prepaid account and not to the bank, or the other way round."""
    one, other = paid["executed"], paid["prepaid"]
    damage(
        changed(one, kind=Kind.PREPAID, target=""), changed(other, kind=Kind.IBAN, target=IBAN),
    )  # fmt: skip
    assert proofs.faults() == [not_booked(one), not_booked(other)]


def test_a_payout_of_somebody_else(paid, damage):
    """SECURITY M4."""
    one, other = paid["executed"], paid["made"]
    damage(changed(one, account_id=other.account_id))
    assert not_booked(one) in proofs.faults() and owed(other, 6_000) in proofs.faults()


@pytest.mark.parametrize("values", [{"month": date(2026, 12, 1)}, {"currency": "EUR"}])
def test_a_payout_that_is_not_like_its_run(paid, damage, values):
    """SECURITY M4."""
    damage(changed(paid["made"], **values))
    number = paid["made"].number
    assert (
        f"Payout {number}: it is of another month or currency than its run or its affiliate."
        in proofs.faults()
    )


@pytest.mark.parametrize("until", [None, date(2026, 12, 1)])
def test_an_affiliate_that_does_not_know_until_when_it_was_paid(paid, damage, until):
    """SECURITY M7."""
    account = paid["executed"].account
    damage(sa.update(AffiliateAccount).where(AffiliateAccount.id == account.id).values(paid_until=until))
    assert proofs.faults() == [f"Affiliate {account.tag}: it does not know that it was paid for 2027-01-01."]


def test_a_gap_in_the_numbers_of_credit_notes(paid, damage):
    """RULES F8."""
    damage(changed(paid["made"], number="A-2027-00009"))
    [fault] = faults()
    assert fault.startswith("orders: Number A-2027-00009 of the ")
