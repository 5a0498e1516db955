"""Wishes, notices, and what renews by itself, on both databases (RULES M8)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.books import all_is_well
from tests.factories import (
    join,
    make_organisation,
    make_partnership,
    make_plan,
    make_prepaid,
    make_user,
    make_withdrawal,
)
from tests.orders.story import has, ordered, pay
from tests.post import of_kind, unflowed
from tests.renewals.story import (
    IN_A_WEEK,
    IN_TWO_WEEKS,
    PRICE,
    TOMORROW,
    by_hand,
    change,
    mails,
    monthly,
    no_invoices,
    notices,
    orders,
    product,
    renewed,
    wish,
)
from tests.tenders.story import own
from tests.threads import at_once
from tests.times import NOW
from webapp.accounts.rules import Role
from webapp.audit import AuditEvent
from webapp.directory.actions import suspend
from webapp.directory.rules import SuspensionReason
from webapp.extensions import db
from webapp.money import Money
from webapp.orders import actions as order_actions
from webapp.orders import fulfilment
from webapp.orders import queries as order_queries
from webapp.orders.quotes import renewal_of
from webapp.orders.rules import Method, NoLongerOrdering, State
from webapp.partnerships.rules import Access, Payer, Side
from webapp.products.actions import end_product
from webapp.products.models import Product
from webapp.products.rules import Family, ProductEnded
from webapp.renewals import actions, queries
from webapp.renewals.rules import NotPaidFor, Wishes
from webapp.unit import unit_of_work

ROOT = Path(__file__).parents[2]
WISHES = Wishes(True, (60, 1), automatic_reminder=False, automatic_done=True, invoice_issued=False)


@pytest.fixture
def wallet(cast):
    """Lumière has full access to Lumen Optik and pays for what it orders."""
    return make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)


def dates():
    """When each product renews next, by label."""
    db.session.expire_all()
    return {row.label: row.renews_on for row in db.session.scalars(sa.select(Product))}


# --- what people decide -------------------------------------------------------------------------------------


def test_wishes_are_kept_and_changed(cast, now):
    """RULES M8: on/off and at chosen intervals, each switchable."""
    assert queries.wishes_of(cast.lumen) == Wishes(True, (30, 7), True, True, True)
    actions.save_wishes(cast.lumen, WISHES, by=cast.adam, now=now)
    assert queries.wishes_of(cast.lumen) == WISHES
    other = replace(WISHES, reminders=False, days=())
    actions.save_wishes(cast.lumen, other, by=cast.nadia, now=now)
    assert queries.wishes_of(cast.lumen) == other
    assert queries.wishes_of(cast.lumiere).reminders, "others’ are their own"
    assert list(db.session.scalars(sa.select(AuditEvent.action))) == ["notices.changed"] * 2


def test_an_interval_that_the_policy_no_longer_offers_counts_no_more(cast, now):
    wish(cast.lumen, reminder_days=frozenset({"60", "59"}))
    assert queries.wishes_of(cast.lumen).days == (60,)


def test_wishes_are_for_those_who_see_the_money(cast, now):
    for somebody in (cast.hugo, cast.pierre):
        with pytest.raises(NoLongerOrdering):
            actions.save_wishes(cast.lumen, WISHES, by=somebody, now=now)
    assert queries.wishes_of(cast.lumen) != WISHES


def test_a_product_renews_by_itself_or_not(cast, now):
    """RULES M8: automatic renewal, a switch per product."""
    one = product(cast.lumen)
    actions.set_automatic(cast.lumen, one, False, by=cast.adam, now=now)
    assert not one.auto_renew
    actions.set_automatic(cast.lumen, one, True, by=cast.nadia, now=now)
    assert one.auto_renew


def test_the_switch_is_for_who_has_the_product_or_pays_for_it(cast, wallet, now):
    paid, own = product(cast.lumen, "paid.ch", payer=cast.lumiere), product(cast.lumen, "own.ch")
    actions.set_automatic(cast.lumiere, paid, False, by=cast.pierre, now=now)
    assert not paid.auto_renew
    for somebody, organisation, it in (
        (cast.pierre, cast.lumiere, own),
        (cast.berta, cast.bergwerk, paid),
        (cast.stefan, cast.stefans, own),
    ):
        with pytest.raises(NotPaidFor):
            actions.set_automatic(organisation, it, False, by=somebody, now=now)
    for somebody in (cast.hugo, cast.paula):
        with pytest.raises(NoLongerOrdering):
            actions.set_automatic(cast.lumen, own, False, by=somebody, now=now)
    end_product(own, by=cast.olga, now=now)
    with pytest.raises((NotPaidFor, ProductEnded)):
        actions.set_automatic(cast.lumen, own, False, by=cast.nadia, now=now)


def test_a_partner_that_pays_no_more_switches_nothing(cast, wallet, now):
    """RULES C11: all access stops with the end."""
    paid = product(cast.lumen, payer=cast.lumiere)
    change(wallet, ended_at=now, ended_by_side=Side.CLIENT)
    with pytest.raises(NotPaidFor):
        actions.set_automatic(cast.lumiere, paid, False, by=cast.pierre, now=now)


# --- reminders ----------------------------------------------------------------------------------------------


def test_who_pays_is_reminded_once_per_interval(cast, clock):
    """RULES M8: reminder mails before the due date; administrators and legal representatives get them."""
    by_hand(cast.lumen, renews_on=date(2026, 12, 21))
    assert actions.remind(now=clock.now) == 1
    assert notices() == [("Lumen Optik AG", "reminder", date(2026, 12, 21), 30)]
    assert mails("renewal_reminder") == ["nadia@lumen.example", "adam@lumen.example"]
    assert actions.remind(now=clock.forward(hours=1)) == 0
    assert actions.remind(now=clock.forward(days=22)) == 0
    assert actions.remind(now=clock.forward(days=1)) == 1
    assert [days for *_rest, days in notices()] == [30, 7]


def test_one_mail_for_all_that_renews_on_a_day(cast, now):
    """RULES M8: one mail per payer, due date and interval."""
    for n in range(3):
        by_hand(cast.lumen, f"site-{n}.ch")
    by_hand(cast.lumen, "later.ch", date(2026, 11, 27))
    by_hand(cast.stefans, "other.ch")
    assert actions.remind(now=now) == 3
    assert sorted(notices()) == [
        ("Lumen Optik AG", "reminder", date(2026, 11, 27), 7),
        ("Lumen Optik AG", "reminder", IN_A_WEEK, 7),
        ("Stranger & Sons", "reminder", IN_A_WEEK, 7),
    ]


def test_a_run_that_is_late_sends_the_newest_interval_only(cast, clock):
    by_hand(cast.lumen, renews_on=date(2026, 12, 21))
    assert actions.remind(now=clock.forward(days=25)) == 1
    assert [days for *_rest, days in notices()] == [7]
    assert actions.remind(now=clock.forward(days=1)) == 0


def test_a_clock_that_is_set_back_repeats_no_reminder(cast, clock):
    by_hand(cast.lumen, renews_on=date(2026, 12, 21))
    actions.remind(now=clock.forward(days=25))
    for back in (1, 10, 25, 400):
        assert actions.remind(now=clock.now - timedelta(days=back)) == 0


def test_chosen_intervals_count(cast, clock):
    """RULES M8: up to 2 months ahead."""
    wish(cast.lumen, reminder_days=frozenset({"60", "1"}))
    by_hand(cast.lumen, renews_on=NOW.date() + timedelta(days=60))
    assert actions.remind(now=clock.now) == 1
    assert actions.remind(now=clock.forward(days=53)) == 0
    assert actions.remind(now=clock.forward(days=6)) == 1


def test_reminders_can_be_switched_off(cast, now):
    """RULES M8: on/off."""
    wish(cast.lumen, reminders=False, automatic_reminder=False)
    by_hand(cast.lumen)
    product(cast.lumen, "auto.ch", IN_TWO_WEEKS)
    assert actions.remind(now=now) == 0


def test_what_renews_by_itself_is_announced_14_days_before(cast, clock):
    """RULES M8: automatic renewal with a reminder 14 days before, not with the others."""
    product(cast.lumen, renews_on=IN_TWO_WEEKS + timedelta(days=1))
    product(cast.lumen, "at-once.ch", TOMORROW)  # that comes too late
    assert actions.remind(now=clock.now) == 0
    assert actions.remind(now=clock.forward(days=1)) == 1
    assert notices() == [("Lumen Optik AG", "automatic", date(2026, 12, 6), 14)]
    assert len(mails("automatic_reminder")) == 2
    for _day in range(14):
        assert actions.remind(now=clock.forward(days=1)) == 0


def test_nobody_is_reminded_of_what_has_ended_was_ordered_or_is_overdue(cast, now):
    by_hand(cast.lumen, "ended.ch", ended_at=now)
    by_hand(cast.lumen, "overdue.ch", date(2026, 11, 20))
    under_way = by_hand(cast.lumen, "ordered.ch")
    order = ordered(cast.lumen, under_way)
    assert actions.remind(now=now) == 0
    order_actions.cancel(order, reason="No", by=None, now=now)
    assert actions.remind(now=now) == 1


def test_the_partner_is_reminded_of_what_it_pays_for(cast, wallet, now):
    """RULES M8, M5: who pays gets it."""
    by_hand(cast.lumen, payer=cast.lumiere)
    actions.remind(now=now)
    assert [name for name, *_rest in notices()] == ["Lumière Digital Sàrl"]
    assert mails("renewal_reminder") == ["pierre@lumiere.example"]


@pytest.mark.parametrize("how", ["ended", "client_pays", "limited", "suspended"])
def test_who_pays_no_more_is_not_reminded(cast, wallet, now, how):
    """RULES C11: a partner that is partner no more learns nothing of its former client’s products."""
    by_hand(cast.lumen, payer=cast.lumiere)
    product(cast.lumen, "auto.ch", IN_TWO_WEEKS, payer=cast.lumiere)
    stop_paying(cast, wallet, how, now)
    actions.remind(now=now)
    assert {name for name, *_rest in notices()} == {"Lumen Optik AG"}


def stop_paying(cast, partnership, how, now):
    if how == "ended":
        change(partnership, ended_at=now, ended_by_side=Side.CLIENT)
    elif how == "client_pays":
        change(partnership, payer=Payer.CLIENT)
    elif how == "limited":
        change(partnership, access=Access.LIMITED, payer=Payer.CLIENT)
    else:
        suspend(cast.lumiere_partner, reason=SuspensionReason.INVOICES, by=cast.olga, now=now)


def test_who_has_to_pay_instead_is_told_even_if_late(cast, wallet, clock):
    """The partnership ends between the reminder and the renewal: the client hears of it before it is charged."""
    product(cast.lumen, renews_on=IN_TWO_WEEKS, payer=cast.lumiere)
    actions.remind(now=clock.now)
    change(wallet, ended_at=clock.now, ended_by_side=Side.CLIENT)
    actions.remind(now=clock.forward(days=5))
    assert [name for name, *_rest in notices()] == ["Lumière Digital Sàrl", "Lumen Optik AG"]


def test_two_workers_at_once_remind_once(app, cast, now):
    for n in range(5):
        by_hand(cast.lumen, f"site-{n}.ch", IN_A_WEEK - timedelta(days=n))
    found = at_once(app, *[lambda: actions.remind(now=now)] * 4)
    assert sum(found) == 5
    assert len(mails("renewal_reminder")) == 10


def test_one_notice_that_fails_stops_no_other(cast, now, monkeypatch, caplog):
    by_hand(cast.lumen)
    by_hand(cast.stefans)
    people = order_queries.money_people

    def fail(organisation):
        if organisation.id == cast.lumen.id:
            raise RuntimeError("out of luck")
        return people(organisation)

    monkeypatch.setattr(order_queries, "money_people", fail)
    assert actions.remind(now=now) == 1
    assert "tried again within the hour" in caplog.text
    monkeypatch.undo()
    assert actions.remind(now=now) == 1, "nothing was half written"


# --- what renews by itself ----------------------------------------------------------------------------------


def test_what_is_due_is_ordered_and_debited(cast, now):
    """RULES M8: automatic renewal, a confirmation of renewal and debit, and the invoice."""
    make_prepaid(cast.lumen, 20_000)
    product(cast.lumen)
    product(cast.lumen, "later.ch", TOMORROW + timedelta(days=1))
    by_hand(cast.lumen, "by-hand.ch", TOMORROW)
    assert actions.renew(now=now) == 1
    (order,) = orders()
    assert (order.by, order.side, order.method) == (None, Side.CLIENT, Method.PREPAID)
    assert (renewed(order), order.gross, order.state) == (["example.ch"], PRICE, State.PAID)
    assert dates()["example.ch"] == date(2027, 11, 22)
    assert has(cast.lumen) == 20_000 - PRICE
    both = ["nadia@lumen.example", "adam@lumen.example"]
    assert mails("automatic_done") == both == mails("invoice_issued")


def test_each_mail_of_an_automatic_renewal_is_switchable(cast, now):
    """RULES M8"""
    make_prepaid(cast.lumen, 20_000)
    wish(cast.lumen, automatic_done=False, invoice_issued=False)
    product(cast.lumen)
    assert actions.renew(now=now) == 1
    assert mails("automatic_done") == mails("invoice_issued") == []


def test_without_enough_money_an_invoice_comes(cast, clock):
    """RULES M8: the period is ordered once, however long its payment takes."""
    make_prepaid(cast.lumen, PRICE - 1)
    product(cast.lumen)
    assert actions.renew(now=clock.now) == 1
    (order,) = orders()
    assert (order.method, order.state, dates()["example.ch"]) == (Method.INVOICE, State.OPEN, TOMORROW)
    assert mails("automatic_done") == []
    assert len(mails("invoice_issued")) == 2
    assert queries.due(TOMORROW) == []
    for _day in range(3):
        assert actions.renew(now=clock.forward(days=20)) == 0
    pay(order)
    assert dates()["example.ch"] == date(2027, 11, 22)
    assert actions.renew(now=clock.now) == 0


def test_what_waits_for_its_payment_is_not_ordered_again_for_another_day(cast, now):
    """The operator moves the date while the invoice is open."""
    it = product(cast.lumen)
    actions.renew(now=now)
    change(it, renews_on=TOMORROW - timedelta(days=3))
    assert actions.renew(now=now) == 0


def test_without_money_and_invoices_its_payer_is_told_once(cast, clock, caplog):
    """RULES M8: could not be renewed, once a period; it is done as soon as the money is there."""
    product(cast.lumen)
    for _hour in range(3):
        with no_invoices():
            assert actions.renew(now=clock.forward(hours=1)) == 0
    assert notices() == [("Lumen Optik AG", "failed", TOMORROW, 0)]
    assert len(mails("automatic_failed")) == 2
    assert orders() == []
    assert "tried again" not in caplog.text, "nothing that the operator has to look at"
    make_prepaid(cast.lumen, PRICE)
    with no_invoices():
        assert actions.renew(now=clock.forward(hours=1)) == 1
    assert dates()["example.ch"] == date(2027, 11, 22)


def test_products_of_one_day_are_one_order(cast, now):
    """RULES M2, M8: one order, several lines; the sliding scale counts all that the payer has."""
    make_prepaid(cast.lumen, 100_000)
    plan = make_plan(family=Family.WEB)
    for n in range(5):
        product(cast.lumen, f"site-{n}.ch", plan=plan)
    assert actions.renew(now=now) == 1
    (order,) = orders()
    assert [line.label for line in order.lines] == [f"site-{n}.ch" for n in range(5)]
    assert {(line.count, line.sliding) for line in order.lines} == {(5, 5)}


def test_when_not_all_can_be_paid_those_that_can_go_on(cast, now):
    """If one line is refused, the others still go."""
    make_prepaid(cast.lumen, PRICE + 10)
    product(cast.lumen, "first.ch")
    product(cast.lumen, "second.ch")
    with no_invoices():
        assert actions.renew(now=now) == 1
    assert [renewed(order) for order in orders()] == [["first.ch"]]
    assert notices() == [("Lumen Optik AG", "failed", TOMORROW, 0)]
    assert dates()["second.ch"] == TOMORROW


def test_one_that_fails_stops_no_other(cast, now, monkeypatch, caplog):
    """A mistake of ours is logged for the operator with what to do."""
    make_prepaid(cast.lumen, 100_000)
    make_prepaid(cast.stefans, 100_000)
    for label in ("first.ch", "broken.ch", "third.ch"):
        product(cast.lumen, label)
    product(cast.stefans, "other.ch")
    make = fulfilment.products.renew_product

    def fail(it, **values):
        if it.label == "broken.ch":
            raise RuntimeError("out of luck")
        make(it, **values)

    monkeypatch.setattr(fulfilment.products, "renew_product", fail)
    assert actions.renew(now=now) == 3
    assert sorted(label for order in orders() for label in renewed(order)) == [
        "first.ch",
        "other.ch",
        "third.ch",
    ]
    assert "tried again within the hour" in caplog.text
    monkeypatch.undo()
    assert actions.renew(now=now) == 1, "nothing was half written"


def test_a_run_late_by_a_month_goes_period_by_period(cast, now):
    """RULES M8: a monthly product that is overdue by two periods is renewed until its date lies ahead."""
    make_prepaid(cast.lumen, 100_000)
    monthly(cast.lumen, date(2026, 9, 30), started_on=date(2026, 8, 31))
    assert actions.renew(now=now) == 2
    found = [(order.lines[0].starts_on, order.lines[0].ends_on) for order in orders()]
    assert found == [(date(2026, 9, 30), date(2026, 10, 31)), (date(2026, 10, 31), date(2026, 11, 30))]
    assert actions.renew(now=now) == 0


def test_an_overdue_product_that_an_invoice_pays_waits_for_it(cast, clock):
    it = monthly(cast.lumen, date(2026, 9, 15))
    assert actions.renew(now=clock.now) == 1
    assert actions.renew(now=clock.forward(hours=1)) == 0
    pay(orders()[0])
    assert actions.renew(now=clock.forward(hours=1)) == 1
    db.session.refresh(it)
    assert it.renews_on == date(2026, 10, 15)


@pytest.mark.parametrize(
    ("started", "on", "then"),
    [
        (date(2024, 2, 29), date(2027, 2, 28), [date(2028, 2, 29)]),
        (date(2024, 2, 29), date(2028, 2, 29), [date(2029, 2, 28)]),
    ],
)
def test_the_29_of_february(cast, started, on, then):
    """RULES M8"""
    make_prepaid(cast.lumen, 100_000)
    product(cast.lumen, renews_on=on, started_on=started)
    day_before = NOW.replace(year=on.year, month=on.month, day=on.day) - timedelta(days=1)
    assert actions.renew(now=day_before) == 1
    assert dates()["example.ch"] == then[0]


def test_the_ends_of_months(cast, clock):
    """RULES M8: 31 January, 28 February, 31 March."""
    make_prepaid(cast.lumen, 100_000)
    monthly(cast.lumen, date(2027, 1, 31), started_on=date(2026, 10, 31))
    clock.now = NOW.replace(year=2027, month=4, day=1)
    assert actions.renew(now=clock.now) == 3
    assert [order.lines[0].ends_on for order in orders()] == [
        date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)
    ]  # fmt: skip


def test_a_clock_that_is_set_back_renews_nothing_again(cast, clock):
    make_prepaid(cast.lumen, 100_000)
    product(cast.lumen)
    actions.renew(now=clock.now)
    for back in (1, 30, 400):
        assert actions.renew(now=clock.now - timedelta(days=back)) == 0
    assert len(orders()) == 1


def test_what_has_ended_renews_no_more_and_a_retired_plan_still_does(cast, now):
    make_prepaid(cast.lumen, 100_000)
    product(cast.lumen, "ended.ch", ended_at=now)
    product(cast.lumen, "old.ch", plan=make_plan(family=Family.OTHER, sliding=False, retired_at=now))
    assert actions.renew(now=now) == 1
    assert [renewed(order) for order in orders()] == [["old.ch"]]


def test_a_product_that_costs_nothing_renews_without_money(cast, now):
    product(cast.lumen, plan=make_plan(price_chf=0, price_eur=0))
    assert actions.renew(now=now) == 1
    assert dates()["example.ch"] == date(2027, 11, 22)


# --- for whom the partner pays ------------------------------------------------------------------------------


def test_the_partner_that_pays_goes_on_paying_its_price(cast, wallet, now):
    """RULES M4, fourth line; M8: the payer hears of the debit, the client that something was ordered for it."""
    make_prepaid(cast.lumiere, 20_000)
    product(cast.lumen, payer=cast.lumiere)
    assert actions.renew(now=now) == 1
    (order,) = orders()
    assert (order.side, order.payer.name, order.net) == (Side.PARTNER, "Lumière Digital Sàrl", 9600)
    assert order.lines[0].cashback == 0
    assert mails("automatic_done") == ["pierre@lumiere.example"]
    assert mails("ordered_for_client") == ["nadia@lumen.example", "adam@lumen.example"]


def test_what_the_client_pays_for_brings_its_full_partner_cashback(cast, wallet, now):
    """RULES M4, third line: entrusting the wallet changes nothing for what the client pays itself."""
    make_prepaid(cast.lumen, 20_000)
    product(cast.lumen)
    actions.renew(now=now)
    (order,) = orders()
    assert (order.side, order.payer.name, order.net) == (Side.CLIENT, "Lumen Optik AG", 12_000)
    assert has(cast.lumiere) == 2400


@pytest.mark.parametrize("how", ["ended", "client_pays", "limited", "suspended"])
def test_who_pays_no_more_is_not_charged(cast, wallet, now, how):
    """RULES M4, C11: the payer changed between reminder and renewal; the client pays the public price."""
    make_prepaid(cast.lumiere, 20_000)
    make_prepaid(cast.lumen, 20_000)
    product(cast.lumen, payer=cast.lumiere)
    actions.remind(now=now)
    stop_paying(cast, wallet, how, now)
    assert actions.renew(now=now) == 1
    (order,) = orders()
    assert (order.side, order.payer.name, order.net) == (Side.CLIENT, "Lumen Optik AG", 12_000)
    assert has(cast.lumiere) == 20_000 + order.lines[0].cashback
    assert order.lines[0].cashback == (2400 if how == "client_pays" else 0)


def test_another_partner_does_not_pay_for_what_the_first_one_ordered(cast, wallet, now):
    """RULES M4: the wallet that counts is that of the partner which pays for the product."""
    change(wallet, ended_at=now, ended_by_side=Side.CLIENT)
    make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL, Payer.PARTNER)
    make_prepaid(cast.lumen, 20_000)
    product(cast.lumen, payer=cast.lumiere)
    actions.renew(now=now)
    (order,) = orders()
    assert (order.side, order.payer.name) == (Side.CLIENT, "Lumen Optik AG")


def test_clients_of_one_partner_get_an_order_each(cast, wallet, now):
    make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL, Payer.PARTNER)
    make_prepaid(cast.lumiere, 100_000)
    for holder in (cast.lumen, cast.stefans):
        product(holder, "paid.ch", payer=cast.lumiere)
        product(holder, "more.ch", payer=cast.lumiere)
    product(cast.lumen, "own.ch")
    assert actions.renew(now=now) == 3
    found = [(order.holder.name, order.payer.name, len(order.lines)) for order in orders()]
    assert sorted(found) == [
        ("Lumen Optik AG", "Lumen Optik AG", 1),
        ("Lumen Optik AG", "Lumière Digital Sàrl", 2),
        ("Stranger & Sons", "Lumière Digital Sàrl", 2),
    ]


def test_what_changed_since_it_was_seen_is_left_to_the_next_run(cast, wallet, now):
    """Under lock only what is still due, and still paid for by the same organisation, is ordered."""
    make_prepaid(cast.lumiere, 100_000)
    make_prepaid(cast.lumen, 100_000)
    one, two = product(cast.lumen, "one.ch", payer=cast.lumiere), product(cast.lumen, "two.ch")
    seen = queries.due(TOMORROW)
    change(wallet, ended_at=now, ended_by_side=Side.CLIENT)
    change(two, auto_renew=False)
    for each in seen:
        assert actions.order_batch((each,), now=now) is None
    assert actions.renew(now=now) == 1
    assert [renewed(order) for order in orders()] == [["one.ch"]]
    assert one.payer_id == cast.lumen.id


# --- races and crashes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("paid", [False, True])
def test_a_renewal_that_is_cancelled_is_not_ordered_again_within_the_hour(cast, now, outbox, paid):
    """RULES M8: whoever cancels what the clock has ordered wants none; the mail says so, and how to have it again."""
    change(cast.nadia, language="en")
    change(cast.adam, language="en")
    it = product(cast.lumen)
    if paid:
        make_prepaid(cast.lumen, PRICE)
    actions.renew(now=now)
    [order] = orders()
    if paid:
        order_actions.cancel(order, reason="A mistake", by=cast.olga, now=now)
    else:
        order_actions.cancel_unpaid(order, organisation=cast.lumen, by=cast.nadia, now=now)
    assert not it.auto_renew and it.renews_on == TOMORROW and it.payer_id == cast.lumen.id
    assert actions.renew(now=now) == 0 and len(orders()) == 1
    told = of_kind(outbox.deliver(), "order_cancelled")
    assert len(told) == 2 and all("switch it on under “Renewals”." in unflowed(each) for each in told)


def test_workers_at_once_renew_each_period_once(app, cast, now):
    """SECURITY L4: and what a stale list says is looked at again under lock."""
    make_prepaid(cast.lumen, 1_000_000)
    make_prepaid(cast.stefans, 1_000_000)
    for n in range(4):
        product(cast.lumen, f"site-{n}.ch", TOMORROW - timedelta(days=n))
        product(cast.stefans, f"shop-{n}.ch", TOMORROW - timedelta(days=n))
    found = at_once(app, *[lambda: actions.renew(now=now)] * 3)
    assert sum(found) == 8, found
    assert len(orders()) == 8
    assert {row.renews_on.year for row in db.session.scalars(sa.select(Product))} == {2027}
    assert has(cast.lumen) == 1_000_000 - 4 * PRICE


def test_a_stale_list_renews_nothing_twice(cast, now):
    make_prepaid(cast.lumen, 1_000_000)
    product(cast.lumen)
    seen = tuple(queries.due(TOMORROW))
    assert actions.order_batch(seen, now=now)
    assert actions.order_batch(seen, now=now) is None
    assert len(orders()) == 1


def test_money_that_goes_elsewhere_at_the_same_moment(app, cast, now):
    """SECURITY L5: never below zero; who comes too late gets an invoice."""
    make_prepaid(cast.lumen, PRICE)
    product(cast.lumen)
    at_once(
        app, lambda: actions.renew(now=now), lambda: make_withdrawal(own(cast.lumen), own(cast.nadia), PRICE)
    )
    (order,) = orders()
    assert has(cast.lumen) == 0
    assert (order.method is Method.PREPAID) == (order.state is State.PAID)


def test_a_person_and_the_clock_at_once(app, cast, now):
    """SECURITY L4: one of them renews the period."""
    make_prepaid(cast.lumen, 100_000)
    it = product(cast.lumen)

    def person():
        mine = db.session.get_one(Product, it.id)
        wanted = [renewal_of(mine)]
        return order_actions.place(
            mine.organisation, wanted, side=Side.CLIENT, method=Method.INVOICE, by=None, now=now
        )

    at_once(app, person, lambda: actions.renew(now=now))
    claims = [line.claim for order in orders() for line in order.lines]
    assert claims.count(f"{it.id}:{TOMORROW}") == 1


WORKER = """
import sys
from datetime import datetime
from webapp import create_app
from webapp.renewals import actions
app = create_app()
with app.app_context():
    print("begins", flush=True)
    actions.renew(now=datetime.fromisoformat(sys.argv[1]))
"""


@pytest.mark.parametrize("after", [1, 7])
def test_killed_in_the_middle(app, cast, now, after):
    """SIGKILL between, or in, two orders: what was begun is whole or not there, and the next run does the rest."""
    make_prepaid(cast.lumen, 10_000_000)
    for n in range(60):
        product(cast.lumen, f"site-{n}.ch", TOMORROW - timedelta(days=n))
    settings = app.config["SETTINGS"]
    names = ("mode", "secret_key", "base_url", "database_url", "mail_url", "mail_from", "operator_name")
    environment = {name.upper(): getattr(settings, name) for name in (*names, "programme_file")}
    db.session.commit()
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, now.isoformat()], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        assert process.stdout and process.stdout.readline() == "begins\n"
        until = time.monotonic() + 60
        while len(orders()) < after and time.monotonic() < until:
            db.session.rollback()
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate(timeout=10)
    db.session.rollback()
    before = len(orders())
    assert after <= before < 60
    all_is_well()
    assert actions.renew(now=now) == 60 - before
    assert has(cast.lumen) == 10_000_000 - 60 * PRICE
    assert {row.renews_on for row in db.session.scalars(sa.select(Product))} == {
        date(2027, each.month, each.day) for each in (TOMORROW - timedelta(days=n) for n in range(60))
    }


# --- at scale -----------------------------------------------------------------------------------------------


def test_what_is_not_due_is_not_loaded(cast, now, statements):
    """Plain rows, by one statement; objects only for what is ordered."""
    plan = make_plan()
    template = product(cast.lumen, "due.ch", plan=plan)
    values = {
        column.name: getattr(template, column.name)
        for column in Product.__table__.columns
        if column.name not in ("id", "public_id", "renews_on")
    }
    many = [
        {**values, "public_id": f"{n:026}", "renews_on": date(2027, 6, 1) + timedelta(days=n % 300)}
        for n in range(3000)
    ]
    bulk(many)
    due_id = template.id
    db.session.expunge_all()
    with statements() as seen:
        assert [each.product_id for each in queries.due(TOMORROW)] == [due_id]
        queries.upcoming(now.date(), now.date() + timedelta(days=60))
    assert len(seen) == 2
    assert not [each for each in db.session.identity_map.values() if isinstance(each, Product)]


@unit_of_work
def bulk(rows):
    db.session.execute(sa.insert(Product), rows)


def test_the_index_on_the_renewal_date_finds_them(app):
    query = "SELECT id FROM products WHERE renews_on <= '2026-11-22' AND ended_at IS NULL"
    if db.engine.dialect.name == "sqlite":
        plan = db.session.execute(sa.text(f"EXPLAIN QUERY PLAN {query}"))
    else:  # its planner reads a small table whole, unless it is told not to
        db.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        plan = db.session.execute(sa.text(f"EXPLAIN {query}"))
    assert any("ix_products_renewal" in row[-1] for row in plan)


def test_somebody_without_colleagues_who_see_money_is_nobody(cast, now):
    """Only administrators and legal representatives who may sign in are told."""
    gone = make_user("Gone", verified_at=None)
    alone = make_organisation("Alone AG", owner=gone)
    join(make_user("Helper"), alone, Role.COLLABORATOR)
    by_hand(alone)
    assert actions.remind(now=now) == 1
    assert mails("renewal_reminder") == []


def test_the_price_is_that_of_the_day(cast, wallet, now):
    """RULES M5: what the organisation would be charged today; others’ prices are none of its business."""
    own, paid = product(cast.lumen, "own.ch"), product(cast.lumen, "paid.ch", payer=cast.lumiere)
    part = queries.part(cast.lumen, today=now.date(), page=1)
    assert [each.product.label for each in part.rows] == ["own.ch", "paid.ch"]
    assert queries.prices(cast.lumen, part.rows) == {own.id: Money(12_000, "CHF")}
    part = queries.part(cast.lumiere, today=now.date(), page=1)
    assert queries.prices(cast.lumiere, part.rows) == {paid.id: Money(9600, "CHF")}
