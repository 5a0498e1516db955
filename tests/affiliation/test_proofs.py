"""`flask ledger check` finds what was changed behind the application: each proof, by a row that breaks it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.affiliation.story import give_back, make_joined, of, ordered, plan_for, signed_up
from tests.books import all_is_well
from tests.factories import make_rate
from webapp.affiliation import proofs
from webapp.affiliation.models import AffiliateAccount, Commission
from webapp.affiliation.rules import Reason
from webapp.extensions import db
from webapp.ledger import proofs as all_proofs
from webapp.ledger.models import Entry, Transfer
from webapp.orders.models import OrderLine


@pytest.fixture
def affiliate(app):
    return make_joined()


@pytest.fixture
def brought(affiliate):
    """One of each kind: whole, given back in part, converted, without a rate, not counted."""
    customer, abroad = signed_up(affiliate), signed_up(affiliate, country="DE", currency="EUR")
    without_rate = ordered(abroad)
    make_rate()
    found = {
        "whole": ordered(customer),
        "part": ordered(customer, plan_for(10_000), plan_for(7_000, affiliates=False), paid=True),
        "converted": ordered(abroad),
        "without": without_rate,
        "excluded": ordered(customer, plan_for(5_000, affiliates=False)),
    }
    give_back(found["part"], 4_000, 1_000)
    all_is_well()
    return {name: of(order) for name, order in found.items()}


def change(row, **values):
    table = type(row)
    return sa.update(table).where(table.id == row.id).values(**values)


def found():
    return " ".join(proofs.faults())


def test_commissions_are_proved_with_the_ledger(brought):
    """SECURITY L2: the command asks for them too."""
    assert all_proofs.run()["affiliation"] == []


def test_an_order_without_its_commission(brought, damage):
    """RULES F2."""
    order = brought["whole"].order
    damage(sa.delete(Commission).where(Commission.id == brought["whole"].id))
    assert f"Order {order.number} of an affiliate's customer has no commission." in found()


@pytest.mark.parametrize("by", [1, -1])
def test_an_account_that_says_something_else_than_its_commissions(affiliate, brought, damage, by):
    """RULES F5."""
    tag, right = affiliate.tag, affiliate.earned
    damage(change(affiliate, earned=right + by))
    assert f"Affiliate {tag} has earned {right}, its account says {right + by}." in found()


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize("name", ["whole", "part", "converted"])
def test_a_commission_that_says_something_else_than_the_ledger(affiliate, brought, damage, name, by):
    """SECURITY L2: also when all else is changed with it."""
    row = brought[name]
    damage(
        change(row, amount=row.amount + by, booked=row.booked + by, whole=row.whole + by),
        change(affiliate, earned=affiliate.earned + by),
    )
    assert f"What was booked for commissions:{row.id} is off by {-by} CHF." in found()


def test_a_transfer_of_another_amount(brought, damage):
    """SECURITY L2."""
    row = brought["whole"]
    transfer = db.session.scalars(
        sa.select(Transfer).where(Transfer.subject == f"commissions:{row.id}")
    ).one()
    damage(
        sa.update(Entry)
        .where(Entry.transfer_id == transfer.id, Entry.amount > 0)
        .values(amount=Entry.amount + 1)
    )
    assert f"What was booked for commissions:{row.id} is off by 1 CHF." in found()


def test_a_transfer_of_somebody_else_s_commission(brought, damage):
    row = brought["whole"]
    mine = Transfer.subject == f"commissions:{row.id}"
    damage(sa.update(Transfer).where(mine).values(subject=f"commissions:{brought['excluded'].id}"))
    assert f"What was booked for commissions:{row.id} is off by -3000 CHF." in found()
    assert f"What was booked for commissions:{brought['excluded'].id} is off by 3000 CHF." in found()


def test_a_commission_that_is_not_booked_whole(brought, damage):
    """RULES F5."""
    row = brought["whole"]
    damage(change(row, whole=row.whole + 1))
    assert f"Commission {row.id} should be 3001, 3000 of it is booked." in found()


def test_one_that_does_not_count_and_is_booked(brought, damage):
    """RULES F4."""
    row = brought["whole"]
    damage(change(row, reason=Reason.LATE))
    assert f"Commission {row.id} should be 0, 3000 of it is booked." in found()


def test_one_that_counts_and_is_not_booked(brought, damage):
    row = brought["excluded"]
    damage(change(row, reason=None, base=5_000, whole=1_250))
    assert f"Commission {row.id} should be 1250, 0 of it is booked." in found()


def test_one_that_was_given_back_and_is_booked(brought, damage):
    """RULES F6: the part that is left, of the lines that count."""
    row = brought["part"]
    line = row.order.lines[0]
    damage(sa.update(OrderLine).where(OrderLine.id == line.id).values(credited=5_000))
    assert f"Commission {row.id} should be 1250, 1500 is booked." in found()


def test_a_line_that_counts_no_more(brought, damage):
    """RULES F4, P1: what was counted is kept with the commission."""
    row = brought["part"]
    damage(change(row, counted={"positions": [2]}))
    assert f"Commission {row.id} should be 2250, 1500 is booked." in found()


def test_a_conversion_by_another_rate(brought, damage):
    """RULES F9, SECURITY L6."""
    row = brought["converted"]
    damage(change(row, exchange=row.exchange + 1_000))
    assert f"Commission {row.id}: {row.booked} are not {row.amount} by the stored rate." in found()


def test_a_rate_where_there_is_nothing_to_convert(brought, damage):
    row = brought["converted"]
    damage(change(row, exchange=None, exchange_on=None))
    assert f"Commission {row.id}: {row.booked} are not {row.amount} by the stored rate." in found()
    assert f"Commission {row.id} should be 0, {row.booked} of it is booked." in found()


def test_a_commission_that_waits_for_its_rate_has_nothing(brought, damage):
    """RULES F9."""
    row = brought["without"]
    damage(change(row, booked=10))
    assert f"Commission {row.id} should be 0, 10 of it is booked." in found()


def test_no_more_is_told_than_anybody_reads(affiliate, brought, damage):
    damage(sa.update(AffiliateAccount).values(earned=0))
    assert len(proofs.faults()) == 1
