"""Limits: counted in the database, for all processes, before the work."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.threads import at_once
from tests.times import NOW
from webapp import limits
from webapp.extensions import db
from webapp.limits import Attempts, spend
from webapp.refused import TooMany

HOUR = timedelta(hours=1)


def test_as_many_as_allowed_pass_and_the_next_waits(app):
    for _n in range(3):
        spend("sign-in", "anna", most=3, per=HOUR, now=NOW)
    with pytest.raises(TooMany) as refusal:
        spend("sign-in", "anna", most=3, per=HOUR, now=NOW)
    assert 0 < refusal.value.seconds <= 3600


def test_the_next_window_is_open_again(app):
    spend("sign-in", "anna", most=1, per=HOUR, now=NOW)
    with pytest.raises(TooMany) as refusal:
        spend("sign-in", "anna", most=1, per=HOUR, now=NOW)
    spend("sign-in", "anna", most=1, per=HOUR, now=NOW + timedelta(seconds=refusal.value.seconds))


def test_how_many_are_left_and_how_long_the_window_lasts(app):
    limit = limits.Limit("end", 3, HOUR)
    assert limits.left(limit, "anna", now=NOW) == 3
    for _n in range(2):
        limits.spend_all([(limit, "anna")], now=NOW)
    assert limits.left(limit, "anna", now=NOW) == 1
    assert limits.left(limit, "berta", now=NOW) == 3
    for _n in range(3):
        with suppress(TooMany):
            limits.spend_all([(limit, "anna")], now=NOW)
    assert limits.left(limit, "anna", now=NOW) == 0
    assert limits.seconds_left(limit, now=NOW + timedelta(minutes=20)) == 40 * 60
    assert limits.left(limit, "anna", now=NOW + HOUR) == 3


def test_others_and_other_things_are_counted_apart(app):
    spend("sign-in", "anna", most=1, per=HOUR, now=NOW)
    spend("sign-in", "berta", most=1, per=HOUR, now=NOW)
    spend("reset", "anna", most=1, per=HOUR, now=NOW)


def test_refused_attempts_count_too(app):
    for _n in range(5):
        try:
            spend("sign-in", "anna", most=1, per=HOUR, now=NOW)
        except TooMany:
            continue
    assert db.session.scalar(sa.select(Attempts.n)) == 5


def test_at_once_exactly_as_many_pass_as_allowed(app):
    results = at_once(app, *[lambda: spend("sign-in", "anna", most=4, per=HOUR, now=NOW)] * 10)
    assert results.count(None) == 4
    assert sum(isinstance(result, TooMany) for result in results) == 6


def test_nobody_s_address_stands_in_the_table(app):
    spend("sign-in", "anna@example.com", most=1, per=HOUR, now=NOW)
    row = db.session.execute(sa.select(Attempts.__table__)).mappings().one()
    assert "anna" not in str(dict(row))


def test_old_counters_are_forgotten(app):
    spend("sign-in", "anna", most=1, per=HOUR, now=NOW)
    assert limits.forget_old(now=NOW) == 0
    assert limits.forget_old(now=NOW + timedelta(hours=2)) == 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::/64", "2001:db8:1:2::/64"),
        ("", ""),
        (None, ""),
    ],
)
def test_one_customer_is_counted_as_one(address, network):
    """A server that listens on both names IPv4 customers in IPv6: they must not all be counted as one."""
    assert limits.network(address) == network
