"""When somebody is reminded, what becomes one order, and how it is paid (RULES M8)."""

from __future__ import annotations

from datetime import date

import pytest

from webapp.money import Money
from webapp.orders.rules import LINES_MOST, Method
from webapp.renewals.rules import CannotPay, Due, Notice, Wishes, batches, interval_due, paying

CHOICES = (60, 30, 14, 7, 1)
BOTH = (Method.PREPAID, Method.INVOICE)
DAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("left", "chosen", "sent", "due"),
    [
        # on the day of each interval
        (60, CHOICES, (), 60),
        (30, CHOICES, (60,), 30),
        (14, CHOICES, (60, 30), 14),
        (7, CHOICES, (60, 30, 14), 7),
        (1, CHOICES, (60, 30, 14, 7), 1),
        # between them nothing new has come
        (61, CHOICES, (), None),
        (59, CHOICES, (60,), None),
        (29, CHOICES, (60, 30), None),
        (2, (30, 7), (30, 7), None),
        # each once
        (30, (30, 7), (30,), None),
        (7, (30, 7), (30, 7), None),
        # late by days: the newest alone
        (5, CHOICES, (), 7),
        (5, CHOICES, (60,), 7),
        (0, CHOICES, (60, 30), 1),
        (12, (30, 7), (), 30),
        # too late
        (-1, CHOICES, (), None),
        (-400, CHOICES, (), None),
        # a clock that is set back: what a newer one has told is not told again
        (7, CHOICES, (60, 30, 14, 7, 1), None),
        (30, (30, 7), (7,), None),
        (20, (30, 7), (7,), None),
        # chosen later
        (10, (30, 14), (30,), 14),
        (45, (60, 30), (), 60),
        (25, (60, 30), (30,), None),
        # switched off
        (7, (), (), None),
    ],
)
def test_which_reminder_goes_out(left, chosen, sent, due):
    """RULES M8: reminder mails before the due date, at chosen intervals."""
    assert interval_due(left, chosen, sent) == due


@pytest.mark.parametrize(
    ("left", "sent", "due"),
    [
        (15, (), None),
        (14, (), 14),
        (13, (), 14),
        (2, (), 14),
        (1, (), None),
        (0, (), None),
        (14, (14,), None),
    ],
)
def test_when_an_automatic_renewal_is_announced(left, sent, due):
    """RULES M8: a reminder 14 days before; on the day of the renewal itself it comes too late."""
    assert interval_due(left, (14,), sent, until=2) == due


def test_whoever_never_chose_gets_everything():
    """RULES M8"""
    wishes = Wishes.default(CHOICES)
    assert wishes == Wishes(True, (30, 7), True, True, True)
    assert Wishes.default((60, 7)).days == (7,), "only what the policy offers"


def test_each_mail_can_be_switched_off():
    """RULES M8: on/off; each switchable."""
    wishes = Wishes(True, (60, 1), True, True, True)
    assert wishes.intervals(Notice.REMINDER, automatic_days=14) == (60, 1)
    assert wishes.intervals(Notice.AUTOMATIC, automatic_days=14) == (14,)
    off = Wishes(False, (60, 1), False, True, True)
    assert off.intervals(Notice.REMINDER, automatic_days=14) == ()
    assert off.intervals(Notice.AUTOMATIC, automatic_days=14) == ()


def due(product, day=DAY, holder=1, payer=1):
    return Due(day, holder, payer, None if holder == payer else 7, product)


def test_what_one_organisation_pays_for_one_holder_on_one_day_is_one_order():
    """RULES M2, M8: oldest first; holders, payers and days stay apart."""
    later, other = due(3, date(2026, 12, 2)), due(4, holder=2)
    paid_by_partner = due(5, payer=9)
    found = batches([due(1), later, other, paid_by_partner, due(2)])
    assert found == [(due(1), due(2)), (paid_by_partner,), (other,), (later,)]


def test_an_order_has_room_for_so_many_lines():
    many = batches(due(n) for n in range(LINES_MOST + 1))
    assert [len(batch) for batch in many] == [LINES_MOST, 1]


@pytest.mark.parametrize(
    ("balance", "methods", "method"),
    [
        (1000, BOTH, Method.PREPAID),
        (1001, (Method.PREPAID,), Method.PREPAID),
        (999, BOTH, Method.INVOICE),
        (0, BOTH, Method.INVOICE),
    ],
)
def test_the_prepaid_account_pays_when_it_suffices(balance, methods, method):
    """RULES M8: renewal and debit, or the invoice."""
    assert paying(Money(1000, "CHF"), Money(balance, "CHF"), methods) is method


def test_without_money_and_without_invoices_nothing_can_be_paid():
    with pytest.raises(CannotPay):
        paying(Money(1000, "CHF"), Money(999, "CHF"), (Method.PREPAID,))
