"""Invoices and credit notes: their numbers, and what is given back (RULES M7, M11)."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.books import all_is_well
from tests.factories import make_plan
from tests.orders.story import (
    CLEARING,
    LUMEN,
    active,
    balances,
    cancelled,
    has,
    line_of,
    new,
    ordered,
    pay,
    refund,
    refund_total,
)
from tests.tenders.story import count, kinds
from webapp.ledger.rules import NotEnough
from webapp.money import Money
from webapp.orders import actions, rules
from webapp.orders.models import Invoice
from webapp.orders.rules import Method, State

# --- numbers ------------------------------------------------------------------------------------------------


def test_numbers_have_no_gaps(cast, plan):
    """RULES M5: what is refused takes no number; credit notes have their own."""
    ordered(cast.lumen, new(plan))
    for values in ({"expected": Money(1, "CHF")}, {"method": Method.PREPAID}, {"by": cast.hugo}):
        with pytest.raises((rules.PriceChanged, NotEnough, rules.NoLongerOrdering)):
            ordered(cast.lumen, new(plan), **values)
    second = ordered(cast.lumen, new(plan))
    assert (second.number, second.invoice.number) == ("O-2026-00002", "2026-00002")
    assert refund(second, 1).number == "C-2026-00001"
    with pytest.raises(rules.TooMuchCredited):
        refund(second, 12_000)
    assert refund(second, 1).number == "C-2026-00002"


def test_a_year_begins_with_one_in_the_operator_s_zone(cast, plan):
    """RULES M5: half past midnight in Zürich is still the old year in UTC."""
    first = ordered(cast.lumen, new(plan), now=datetime(2026, 12, 31, 22, 59, tzinfo=UTC))
    second = ordered(cast.lumen, new(plan), now=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert [first.invoice.number, second.invoice.number] == ["2026-00001", "2027-00001"]
    assert second.invoice.issued_on == date(2027, 1, 1) and second.number == "O-2027-00001"


def test_days_on_invoices_never_go_back(cast, now, plan):
    """RULES M5: a clock that is set back numbers on, with the day of the newest one."""
    ordered(cast.lumen, new(plan), now=now)
    late = ordered(cast.lumen, new(plan), now=now - timedelta(days=3))
    assert (late.invoice.number, late.invoice.issued_on) == ("2026-00002", date(2026, 11, 21))
    assert late.invoice.due_on == date(2026, 12, 21)
    next_one = ordered(cast.lumen, new(plan), now=now + timedelta(days=1))
    assert next_one.invoice.issued_on == date(2026, 11, 22)


# --- credit -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paid", ["before", "after"])
@pytest.mark.parametrize("steps", [(1,) * 7 + (93,), (33, 33, 34), (99, 1), (50, 50), (100,)])
def test_refunds_add_up(cast, full, paid, steps):
    """RULES M11, SECURITY L7: net, VAT and cashback, in however many steps, before or after the payment."""
    plan = make_plan(price_chf=100, discount=35)
    order = ordered(cast.lumen, new(plan))
    if paid == "before":
        pay(order)
    for done, step in zip(itertools.accumulate(steps), steps, strict=True):
        note = refund(order, step)
        assert (note.net, note.corrects, note.reason) == (step, order.invoice, "Too slow")
        assert order.credited - done == Money(8, "CHF").part(done, 100).minor
        if paid == "before":
            assert has(cast.lumiere) == 35 - Money(35, "CHF").part(done, 100).minor
            assert has(cast.lumen) == order.credited
    if paid == "after":
        assert has(cast.lumiere) == active(cast.lumen) == 0 and order.paid_at is None
        pay(order, 108)
    assert order.state is State.REFUNDED and order.credited == 108 == has(cast.lumen)
    assert balances() == {("bank", ""): -108, ("prepaid", LUMEN): 108}
    assert active(cast.lumen) == 1  # money comes back, products stay: `cancel` ends them
    notes = [invoice for invoice in order.invoices if invoice.is_credit]
    assert [sum(each.net for each in notes), sum(each.vat for each in notes)] == [100, 8]


def test_a_refund_of_several_lines_is_one_credit_note(cast, plan, full):
    """RULES M11: each line with its own part of the VAT."""
    order = ordered(cast.lumen, new(plan), new(plan, 2), new(plan))
    pay(order)
    note = refund(order, 1000, 0, 500)
    assert [(each.line.position, each.net, each.vat) for each in note.credits] == [
        (1, 1000, 81),
        (3, 500, 41),
    ]
    assert (note.net, note.vat, note.gross) == (1500, 122, 1622)
    assert [line.credited for line in order.lines] == [1000, 0, 500]
    assert [line.cashback_booked for line in order.lines] == [2200, 4800, 2300]


def test_a_refund_before_the_payment_lowers_what_is_missing(cast, plan, full):
    """RULES M11, SECURITY M2: the rest pays the order, and the cashback is of the rest."""
    order = ordered(cast.lumen, new(plan))
    refund(order, 6000)
    assert (order.missing.minor, order.state) == (6486, State.OPEN)
    pay(order, 6486)
    assert (order.state, active(cast.lumen), has(cast.lumiere)) == (State.PART_REFUNDED, 1, 1200)


def test_a_refund_that_leaves_what_was_paid_already_pays_the_order(cast, plan, full):
    """SECURITY M2: 64.86 were paid, the other half is given back."""
    order = ordered(cast.lumen, new(plan))
    pay(order, 6486)
    assert active(cast.lumen) == 0
    refund(order, 6000)
    assert (order.state, active(cast.lumen), has(cast.lumiere)) == (State.PART_REFUNDED, 1, 1200)


def test_what_was_credited_whole_before_anything_was_paid_begins_nothing(cast, plan, full):
    """RULES M5, SECURITY M2: nobody gets a product because its bill was wrong; nobody is told of a payment."""
    order = ordered(cast.lumen, new(plan))
    refund(order, 12_000)
    assert (order.state, order.paid_at, active(cast.lumen)) == (State.REFUNDED, None, 0)
    assert "order_paid" not in kinds() and balances() == {}
    cancelled(order)
    assert order.state is State.CANCELLED and balances() == {}


@pytest.mark.parametrize("amounts", [(), (0, 0), (-1, 2)])
def test_a_refund_has_an_amount(cast, plan, amounts):
    """RULES M11."""
    order = ordered(cast.lumen, new(plan), new(plan))
    with pytest.raises(rules.NothingCredited):
        refund(order, *amounts)
    assert count(Invoice) == 1


@given(
    prices=st.lists(st.integers(1, 999), min_size=1, max_size=3),
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 600)), max_size=6),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_refunds_with_and_without_their_vat_add_up(cast, full, prices, steps):
    """RULES M11, SECURITY L7: net by line and gross by total, mixed, and the cancel takes what is left."""
    plans = [make_plan(price_chf=price, sliding=False) for price in prices]
    before = balances()
    order = ordered(cast.lumen, *[new(plan) for plan in plans])
    pay(order)
    for by_line, most in steps:
        if by_line:
            amount = min(most, max(line.left.minor for line in order.lines))
            amounts = {line.id: order.money(min(amount, line.left.minor)) for line in order.lines}
            if amount:
                actions.credit(order, amounts, reason="", by=None, now=order.placed_at)
        elif left := order.gross - order.credited:
            refund_total(order, min(most, left))
        whole = order.money(order.vat)
        assert 0 <= order.credited - sum(line.credited for line in order.lines) <= whole.minor
    all_is_well()
    cancelled(order)
    after = balances()
    bank, own = ("bank", ""), ("prepaid", LUMEN)
    assert after.pop(bank) == before.pop(bank, 0) - order.gross
    assert after.pop(own) == before.pop(own, 0) + order.gross
    assert after == before == {}


@pytest.mark.parametrize("end", ["refunded", "cancelled"])
def test_a_cent_of_vat_that_is_left_alone_is_given_back_too(cast, end):
    """SECURITY L7: 0.08 in refunds of one Rappen, of which the last is nothing but VAT."""
    order = ordered(cast.lumen, new(make_plan(price_chf=7)))
    assert (order.net, order.vat) == (7, 1)
    for _n in range(7):
        refund_total(order, 1)
    assert (line_of(order).credited, order.credited) == (7, 7)
    if end == "refunded":
        note = refund_total(order, 1)
    else:
        note = cancelled(order).invoices[-1]
    assert (note.net, note.vat, [each.vat for each in note.credits]) == (0, 1, [1])
    assert balances() == {}


def test_a_refund_of_a_total_is_spread_over_the_lines(cast, plan, full):
    """RULES M11: as in the whole order, VAT included."""
    order = ordered(cast.lumen, new(plan), new(plan, 2))
    pay(order)
    note = refund_total(order, 3243)
    assert (note.net, note.vat, note.gross) == (3000, 243, 3243)
    assert [(each.net, each.vat) for each in note.credits] == [(1000, 81), (2000, 162)]
    assert has(cast.lumen) == 3243 and has(cast.lumiere) == 6600
    for amount, why in (
        (order.gross, rules.TooMuchCredited), (0, rules.NothingCredited), (-1, rules.NothingCredited),
    ):  # fmt: skip
        with pytest.raises(why):
            refund_total(order, amount)
    cancelled(order)
    with pytest.raises(rules.AlreadyCancelled):
        refund_total(order, 1)


def test_what_a_shop_received_is_given_back_by_the_shop(cast, plan, full):
    """RULES M6: it is not on the prepaid account, too."""
    order = ordered(cast.lumen, new(plan), method=Method.OUTSIDE)
    pay(order, source=CLEARING)
    refund_total(order, 1081)
    assert balances()["clearing", ""] == -12_972 + 1081
    cancelled(order)
    assert balances() == {}


def test_lines_of_another_order_are_not_refunded(cast, plan):
    """RULES M11: a crafted form credits nothing, and makes no empty credit note."""
    order, other = ordered(cast.lumen, new(plan)), ordered(cast.lumen, new(plan))
    amounts = {line_of(other).id: Money(100, "CHF")}
    with pytest.raises(rules.NothingCredited):
        actions.credit(order, amounts, reason="", by=None, now=order.placed_at)
    with pytest.raises(ValueError):
        actions.credit(order, {line_of(order).id: Money(1, "EUR")}, reason="", by=None, now=order.placed_at)
    assert count(Invoice) == 2


def test_nobody_gets_more_back_than_was_billed(cast, plan, full):
    """RULES M11: of each line."""
    order = ordered(cast.lumen, new(plan), new(plan))
    pay(order)
    for amounts in ((12_001,), (0, 12_001)):
        with pytest.raises(rules.TooMuchCredited):
            refund(order, *amounts)
    refund(order, 11_999)
    with pytest.raises(rules.TooMuchCredited):
        refund(order, 2)
    refund(order, 1)
    assert has(cast.lumen) == 12_972 and has(cast.lumiere) == 2400


def test_a_cancelled_order_is_credited_no_more(cast, plan):
    """RULES M6, M11."""
    order = cancelled(ordered(cast.lumen, new(plan)))
    with pytest.raises(rules.AlreadyCancelled):
        refund(order, 1)
