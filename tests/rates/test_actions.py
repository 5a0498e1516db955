"""Rates are taken in once, and never changed."""

from datetime import date

import pytest

from tests.factories import make_affiliate, make_customer, make_order, make_organisation, make_user
from tests.times import NOW
from webapp.affiliation import queries as affiliation
from webapp.rates import actions, queries
from webapp.rates.rules import OtherRate, Quoted

DAYS = [Quoted("CHF", 934_500, date(2026, 11, day)) for day in (16, 17, 18)]


def test_what_is_known_counts_once(app):
    assert actions.take_in(DAYS, by=None, now=NOW) == 3
    assert actions.take_in(DAYS, by=None, now=NOW) == 0
    assert [each.day.day for each in queries.newest(2)] == [18, 17]


def test_another_rate_for_a_known_day_is_refused_whole(app):
    actions.take_in(DAYS[:1], by=None, now=NOW)
    changed = [*DAYS[1:], Quoted("CHF", 1, DAYS[0].day)]
    with pytest.raises(OtherRate):
        actions.take_in(changed, by=None, now=NOW)
    assert len(queries.newest(9)) == 1


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (date(2026, 11, 15), None),
        (date(2026, 11, 17), 17),
        (date(2026, 11, 25), 18),
        (date(2026, 11, 26), None),
    ],
)
def test_the_newest_of_the_last_seven_days_counts(app, day, found):
    """RULES F9."""
    actions.take_in(DAYS, by=None, now=NOW)
    rate = queries.rate_on("CHF", "EUR", day)
    assert (rate.day.day if rate else None) == found


def test_commissions_that_waited_for_a_rate_are_booked_with_the_import(app):
    """RULES F9: in the same transaction."""
    account = make_affiliate(make_organisation("Anna", owner=make_user("Anna"), street="Am Bach 1"))
    order = make_order(make_customer(account, country="DE", currency="EUR"), paid=True)
    commission = affiliation.commission_of(order)
    assert commission.amount == 0 and commission.exchange is None
    actions.take_in(DAYS, by=None, now=NOW)
    assert (commission.booked, commission.amount, commission.exchange_on) == (2_750, 2_570, DAYS[2].day)
