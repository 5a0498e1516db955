"""What became of an order by what was paid and given back, and what is booked for it (RULES M4, M6, M11)."""

import itertools
from datetime import date

import pytest

from tests.factories import make_organisation, make_partnership, make_plan, make_prepaid, make_withdrawal
from tests.orders.story import (
    CHARGED,
    CLEARING,
    DEBT,
    LUMEN,
    LUMIERE,
    RECEIVABLE,
    active,
    balances,
    booked,
    cancelled,
    has,
    key,
    new,
    ordered,
    pay,
    prepaid,
    refund,
    spend,
)
from tests.tenders.story import audit_of, count, kinds
from webapp.ledger.rules import AccountKind, KeyReused, NotEnough
from webapp.money import Money
from webapp.orders import actions, rules
from webapp.orders.models import Invoice, Order, Series
from webapp.orders.rules import Method, State
from webapp.partnerships.rules import Access

# --- payment ------------------------------------------------------------------------------------------------


def test_the_prepaid_account_pays_at_once(cast, plan, full):
    """RULES M4, M6: enough to the last Rappen."""
    make_prepaid(cast.lumen, 12_972)
    order = ordered(cast.lumen, new(plan), by=cast.nadia, method=Method.PREPAID)
    assert (order.state, order.due_on, active(cast.lumen)) == (State.PAID, date(2026, 11, 21), 1)
    assert balances() == {
        ("bank", ""): -12_972, **CHARGED, ("cashback", ""): -2400, ("prepaid", LUMIERE): 2400,
    }  # fmt: skip


def test_one_rappen_short_orders_nothing(cast, plan, full):
    """SECURITY L5: no order, no invoice, no number, no mail, no product."""
    make_prepaid(cast.lumen, 12_971)
    with pytest.raises(NotEnough):
        ordered(cast.lumen, new(plan), by=cast.nadia, method=Method.PREPAID)
    assert count(Order) == count(Invoice) == count(Series) == active(cast.lumen) == 0
    assert balances() == {("bank", ""): -12_971, ("prepaid", LUMEN): 12_971}
    assert set(kinds()) == {"topped_up"}


def test_money_in_another_currency_pays_nothing(cast, plan):
    """SECURITY L6: euros on the account don't pay francs."""
    make_prepaid(cast.lumen, 1_000_000, "EUR")
    with pytest.raises(NotEnough):
        ordered(cast.lumen, new(plan), method=Method.PREPAID)
    order = ordered(cast.lumen, new(plan))
    with pytest.raises(ValueError):
        actions.receive(order, Money(12_972, "EUR"), CLEARING, key=key(), by=None, now=order.placed_at)
    assert booked(order) == {"order_charged": 12_000, "order_vat": 972}


@pytest.mark.parametrize(
    ("parts", "states", "rest"),
    [
        ((12_972,), [State.PAID], 0),
        ((12_971, 1), [State.PART_PAID, State.PAID], 0),
        ((6000, 6972), [State.PART_PAID, State.PAID], 0),
        ((20_000,), [State.PAID], 7028),
        ((6000, 10_000), [State.PART_PAID, State.PAID], 3028),
        ((12_972, 12_972), [State.PAID, State.PAID], 12_972),
        ((12_972, 1, 2), [State.PAID] * 3, 3),
    ],
)
def test_what_is_received(cast, plan, full, parts, states, rest):
    """RULES M6: exact, partial, in excess, twice; what is too much is the payer's."""
    order, seen = ordered(cast.lumen, new(plan)), []
    for part in parts:
        pay(order, part)
        seen.append(order.state)
        assert active(cast.lumen) == has(cast.lumiere) // 2400 == (order.state is State.PAID)
    assert seen == states and has(cast.lumen) == rest
    assert order.received == sum(parts) and order.returned == rest
    assert has(cast.lumen, RECEIVABLE) == 0
    assert kinds().count("order_paid") == 2  # to Nadia and Adam, once


def test_a_transfer_that_was_under_way_when_the_order_was_cancelled(cast, plan, full):
    """RULES M6: it goes to the payer's prepaid account, from where it pays a new order."""
    order = ordered(cast.lumen, new(plan))
    cancelled(order)
    assert balances() == {}
    pay(order, 12_972)
    assert (order.state, active(cast.lumen), order.paid_at) == (State.CANCELLED, 0, None)
    assert balances() == {("bank", ""): -12_972, ("prepaid", LUMEN): 12_972}
    assert ordered(cast.lumen, new(plan), method=Method.PREPAID).state is State.PAID


def test_a_part_payment_comes_back_when_the_order_is_cancelled(cast, plan, full):
    """RULES M6."""
    order = ordered(cast.lumen, new(plan))
    pay(order, 5000)
    cancelled(order)
    assert balances() == {("bank", ""): -5000, ("prepaid", LUMEN): 5000}


def test_the_money_of_an_order_that_a_partner_paid_comes_back_to_the_partner(cast, plan, wallet):
    """RULES M6: to the payer, not to the client."""
    make_prepaid(cast.lumiere, 10_378)
    order = ordered(cast.lumen, new(plan), by=cast.pierre, acting=wallet, method=Method.PREPAID)
    assert has(cast.lumiere) == 0
    cancelled(order)
    assert (has(cast.lumiere), has(cast.lumen)) == (10_378, 0)


def test_the_same_payment_counts_once(cast, plan, full):
    """SECURITY L4: the same key and amount; another amount, source or order is refused."""
    order, other = (ordered(cast.lumen, new(plan), method=Method.OUTSIDE) for _n in range(2))
    for _n in range(3):
        pay(order, 5000, CLEARING, key="event-1")
    assert order.received == 5000
    make_prepaid(cast.lumen, 5000)
    for wrong in ((order, 5001, CLEARING), (other, 5000, CLEARING), (order, 5000, prepaid(cast.lumen))):
        with pytest.raises(KeyReused):
            pay(*wrong, key="event-1")
    assert (order.received, other.received) == (5000, 0)
    pay(order, source=CLEARING)
    pay(order, 5000, CLEARING, key="event-1")
    assert has(cast.lumen) == 5000 and audit_of(order).count("order.received") == 2


def test_an_open_order_is_paid_from_the_prepaid_account_or_by_a_shop(cast, plan):
    """RULES M4, M6."""
    order, outside = ordered(cast.lumen, new(plan)), ordered(cast.lumen, new(plan), method=Method.OUTSIDE)
    with pytest.raises(NotEnough):
        pay(order, source=prepaid(cast.lumen))
    assert order.received == 0
    make_prepaid(cast.lumen, 12_972)
    pay(order, source=prepaid(cast.lumen))
    pay(outside, source=CLEARING)
    assert order.state is outside.state is State.PAID
    assert balances() == {
        ("bank", ""): -12_972, ("clearing", ""): -12_972, ("revenue", ""): 24_000, ("vat", ""): 1944,
    }  # fmt: skip


def test_no_invoice_where_nobody_could_pay_it(app, cast, plan, monkeypatch):
    """RULES M6: the operator has no account in this currency."""
    policy = app.config["PROGRAMME"]
    monkeypatch.setitem(policy.seller.iban, "CHF", "")
    with pytest.raises(rules.NoInvoice):
        ordered(cast.lumen, new(plan))


# --- cashback -----------------------------------------------------------------------------------------------


def test_cashback_that_was_spent_becomes_a_debt_and_the_next_one_pays_it(cast, plan, full):
    """RULES M11, SECURITY L5: nobody falls below zero; the debt is paid before the partner gets more."""
    order = ordered(cast.lumen, new(plan))
    pay(order)
    make_withdrawal(cast.lumiere, cast.pierre, 2000)
    refund(order, 12_000)
    assert (has(cast.lumiere), has(cast.lumiere, DEBT)) == (0, -2000)
    small = ordered(cast.lumen, new(make_plan(price_chf=5000)))
    pay(small)  # brings 10.00
    assert (has(cast.lumiere), has(cast.lumiere, DEBT)) == (0, -1000)
    pay(ordered(cast.lumen, new(plan)))  # brings 24.00
    assert (has(cast.lumiere), has(cast.lumiere, DEBT)) == (1400, 0)
    assert booked(small)["debt_settled"] == 1000
    refund(small, 5000)
    assert (has(cast.lumiere), has(cast.lumiere, DEBT)) == (400, 0)


def test_a_debt_is_of_one_partner_and_one_currency(cast, plan, full):
    """SECURITY L6: cashback in euros pays no debt in francs; money that is paid in stays where it is."""
    order = ordered(cast.lumen, new(plan))
    pay(order)
    make_withdrawal(cast.lumiere, cast.pierre, 2400)
    cancelled(order)
    berlin = make_organisation("Berlin GmbH", country="DE")
    make_partnership(berlin, cast.lumiere_partner, Access.FULL)
    pay(ordered(berlin, new(plan)))
    make_prepaid(cast.lumiere, 500)
    assert has(cast.lumiere, currency="EUR") == 2200
    assert (has(cast.lumiere), has(cast.lumiere, DEBT)) == (500, -2400)


# --- whatever the order of events ---------------------------------------------------------------------------

EVENTS = {
    "paid": lambda order: pay(order, 12_972, key=f"{order.id}:paid"),
    "paid again": lambda order: pay(order, 12_972, key=f"{order.id}:paid"),
    "a rest": lambda order: pay(order, 500, key=f"{order.id}:rest"),
    "refund": lambda order: refund(order, 4321),
    "cancel": lambda order: cancelled(order),
}


def told(order, names):
    """Tells the order these events; a refund after the cancel is refused, as everything was given back."""
    for name in names:
        try:
            EVENTS[name](order)
        except rules.AlreadyCancelled:
            assert name == "refund"


def world(cast):
    """What there is, by account; for the partner as a whole, whatever it owes."""
    return {
        **{name: has(None, AccountKind(name)) for name in ("revenue", "vat", "bank", "cashback")},
        "payer": has(cast.lumen), "receivable": has(cast.lumen, RECEIVABLE),
        "partner": has(cast.lumiere) + has(cast.lumiere, DEBT), "active": active(cast.lumen),
    }  # fmt: skip


@pytest.mark.parametrize(
    "events",
    [("paid", "refund"), ("paid", "cancel"), ("paid", "a rest", "refund"), ("paid", "refund", "cancel"),
     ("paid", "paid again", "refund", "cancel"), ("a rest", "refund", "cancel"), ("a rest", "cancel")],
    ids=", ".join,
)  # fmt: skip
def test_events_in_any_order_and_repeated_come_to_the_same(cast, full, events):
    """SECURITY M2: every order of what happens to an order gives the same state and the same balances."""
    plan = make_plan(sliding=False)
    found = {}
    for names in itertools.permutations(events):
        before = world(cast)
        order = ordered(cast.lumen, new(plan))
        told(order, names)
        differences = {name: value - before[name] for name, value in world(cast).items()}
        found[names] = differences, order.state, order.received, order.returned, order.credited
        if spent := has(cast.lumiere):  # the next one begins with a partner who has spent it all
            spend(cast.lumiere, spent)
    assert all(each == found[events] for each in found.values()), found
