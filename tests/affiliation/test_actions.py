"""Whom affiliates win, and what that brings, on the real database."""

from datetime import timedelta

import pytest

from tests.factories import (
    make_affiliate,
    make_customer,
    make_order,
    make_organisation,
    make_plan,
    make_rate,
    make_user,
)
from tests.ledger.story import has
from tests.times import NOW
from webapp.affiliation import queries
from webapp.affiliation.rules import Reason, Verdict
from webapp.ledger.rules import AccountKind
from webapp.money import Money
from webapp.orders import actions as orders
from webapp.orders.quotes import Wanted


@pytest.fixture
def affiliate(app):
    """Anna's company recommends Helvia; from Bern, in francs."""
    anna = make_user("Anna Affiliate")
    return make_affiliate(
        make_organisation("Anna Empfiehlt", owner=anna, street="Am Bach 1", register_number=None)
    )


def earnings(account, currency="CHF"):
    return has(account.organisation, currency, AccountKind.EARNINGS)


def back(order, minor=None, now=NOW):
    """Gives all of the first line back, or so much of it."""
    line = order.lines[0]
    left = line.left if minor is None else Money(minor, order.currency)
    return orders.credit(order, {line.id: left}, reason="Given back", by=None, now=now)


def test_an_order_of_a_customer_brings_a_commission_in_the_same_transaction(affiliate):
    """RULES F1, F5."""
    customer = make_customer(affiliate)
    order = make_order(customer, Wanted(make_plan(), "example.com"))
    commission = queries.commission_of(order)
    assert (commission.base, commission.rate, commission.amount) == (12_000, 25, 3_000)
    assert commission.reason is None and commission.confirms_on is None
    assert earnings(affiliate) == affiliate.earned == 3_000


def test_what_is_given_back_takes_its_part_along(affiliate):
    """RULES F6."""
    order = make_order(make_customer(affiliate), paid=True)
    commission = queries.commission_of(order)
    assert commission.confirms_on == commission.waits_until + timedelta(days=1)
    back(order, 4_001)
    assert commission.amount == earnings(affiliate) == affiliate.earned == 2_000
    back(order)
    assert commission.amount == earnings(affiliate) == affiliate.earned == 0
    assert commission.cancelled_at == NOW


def test_another_currency_is_converted_by_the_newest_rate(affiliate):
    """RULES F9, SECURITY L6."""
    make_rate()
    order = make_order(make_customer(affiliate, country="DE", currency="EUR"))
    commission = queries.commission_of(order)
    assert (commission.booked, commission.amount, commission.exchange) == (2_750, 2_613, 950_000)
    assert (earnings(affiliate), earnings(affiliate, "EUR")) == (2_613, 0)
    back(order, 3_333)
    assert (commission.booked, commission.amount) == (1_917, 1_821)
    assert (earnings(affiliate), earnings(affiliate, "EUR"), affiliate.earned) == (1_821, 0, 1_821)


def test_without_a_rate_a_commission_waits(affiliate):
    """RULES F9: nothing is guessed."""
    from webapp.affiliation import actions

    order = make_order(make_customer(affiliate, country="DE", currency="EUR"), paid=True)
    commission = queries.commission_of(order)
    assert (commission.booked, commission.amount, commission.confirms_on) == (0, 0, None)
    make_rate()
    assert actions.settle_waiting(now=NOW) == 1
    assert (commission.amount, earnings(affiliate)) == (2_613, 2_613) and commission.confirms_on


def test_an_order_that_does_not_count_says_why(affiliate):
    """RULES F4."""
    order = make_order(make_customer(affiliate), Wanted(make_plan(affiliates=False), "example.com"))
    commission = queries.commission_of(order)
    assert (commission.reason, commission.amount, earnings(affiliate)) == (Reason.EXCLUDED, 0, 0)


def test_a_customer_at_the_affiliate_s_own_place_is_held(affiliate):
    customer = make_customer(affiliate, street="am Bach, 1", postcode=affiliate.organisation.postcode)
    assert queries.attribution_of(customer.id).verdict is Verdict.HELD
