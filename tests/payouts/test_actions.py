"""Runs, executions, returns and preferences on the real database; after each test all money adds up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.books import all_is_well
from tests.factories import join, make_user
from tests.payouts.story import (
    DECEMBER,
    FEBRUARY,
    GERMAN_IBAN,
    IBAN,
    JANUARY,
    PAYPAL,
    affiliate,
    earn,
    earnings,
    give_back,
    mails,
    operator_has,
    owner_of,
    payouts,
    prepaid,
    run,
    runs,
    to,
)
from tests.times import NOW
from webapp import jobs
from webapp.accounts.rules import OnlyRepresentatives, Role
from webapp.affiliation import actions as affiliation
from webapp.affiliation import queries as commissions
from webapp.audit import AuditEvent
from webapp.extensions import db
from webapp.ledger.rules import AccountKind
from webapp.orders.rules import Treatment
from webapp.payouts import actions, queries, rules
from webapp.payouts.models import Payout
from webapp.payouts.rules import Kind, RunState, State


@pytest.fixture
def anna(app):
    return affiliate()


# --- the run ------------------------------------------------------------------------------------------------


def test_a_run_pays_what_was_confirmed_before_the_month_to_the_prepaid_account_at_once(anna):
    """RULES F8."""
    earn(anna)
    assert run() == 1
    (payout,) = payouts(anna)
    assert (payout.amount, payout.currency, payout.month) == (6_000, "CHF", date(2027, 1, 1))
    assert (payout.state, payout.number, payout.issued_on) == (
        State.EXECUTED,
        "A-2027-00001",
        date(2027, 1, 1),
    )
    assert (earnings(anna), prepaid(anna), anna.paid_until) == (0, 6_000, date(2027, 1, 1))
    assert runs()[0].state is RunState.EXECUTED  # nothing of it leaves the portal


@pytest.mark.parametrize(("minor", "made"), [(4_999, 0), (5_000, 1)])
def test_fifty_is_enough_and_a_cent_less_is_not(anna, minor, made):
    """RULES F8: 49.99 and 50.00."""
    earn(anna, minor)
    assert run() == len(payouts()) == made


def test_what_is_too_little_is_kept_until_it_is_enough(anna):
    """RULES F8."""
    earn(anna, 3_000)
    assert run(JANUARY) == 0
    earn(anna, 2_000, now=JANUARY - timedelta(days=5))
    assert run(JANUARY) == 0 and run(FEBRUARY) == 1
    assert [each.amount for each in payouts()] == [5_000]


@pytest.mark.parametrize(
    ("ordered", "made"), [(JANUARY - timedelta(days=32), 1), (JANUARY - timedelta(days=31), 0)]
)
def test_what_is_confirmed_on_the_day_of_the_run_waits_for_the_next_one(anna, ordered, made):
    """RULES F6, F8: the order of 30 November is confirmed on 31 December, that of 1 December on 1 January."""
    order = earn(anna, now=ordered)
    confirmed = commissions.commission_of(order).confirms_on
    assert confirmed == (date(2026, 12, 31) if made else date(2027, 1, 1))
    assert run() == made


def test_what_is_not_paid_or_held_is_not_paid_out(anna):
    """RULES F6: no commission of money that never came."""
    earn(anna, paid=False)
    assert run() == run(FEBRUARY) == 0


def test_each_currency_has_a_run_of_its_own(app):
    """RULES F8: the run of an affiliate's currency, on the first of the month in the operator's zone."""
    swiss, german = to(affiliate("Anna")), to(affiliate("Bert", country="DE", currency="EUR"))
    for account in (swiss, german):
        earn(account)
    assert run(JANUARY - timedelta(hours=2)) == 0  # 23:30 on the day before
    assert run(JANUARY - timedelta(hours=1)) == 2
    assert {(each.currency, each.nth, each.state) for each in runs()} == {
        ("CHF", 1, RunState.DUE), ("EUR", 1, RunState.DUE),
    }  # fmt: skip
    assert [each.target for each in payouts()] == [IBAN, GERMAN_IBAN]
    assert operator_has(AccountKind.PAYOUTS) == operator_has(AccountKind.PAYOUTS, "EUR") == 6_000


def test_a_run_is_safe_to_repeat(anna):
    """SECURITY M4: one payout per affiliate and month."""
    earn(anna)
    assert [run(), run(), run(JANUARY + timedelta(days=20))] == [1, 0, 0]
    assert actions.run_month(date(2026, 12, 1), now=JANUARY) == 0
    assert len(payouts()) == len(runs()) == 1


def test_the_database_holds_one_payout_per_month(anna):
    """SECURITY M4."""
    earn(anna)
    run()
    (payout,) = payouts()
    values = {c.name: getattr(payout, c.name) for c in Payout.__table__.c if c.name != "id"}
    with pytest.raises(IntegrityError):
        db.session.execute(sa.insert(Payout).values({**values, "number": "A-1", "public_id": "x"}))


def test_a_month_that_has_not_begun_is_refused(anna):
    earn(anna)
    with pytest.raises(rules.NotDue):
        actions.run_month(date(2027, 2, 1), now=JANUARY)


def test_the_worker_and_a_command_do_the_same(anna, app, clock):
    """RULES F8: safe to repeat; a month that has not begun is refused with a sentence."""
    earn(anna)
    clock.now = JANUARY
    runner = app.test_cli_runner()
    assert "payouts.runs" in jobs.run_due(now=JANUARY) and len(payouts()) == 1
    again = runner.invoke(args=["payouts", "run"])
    assert (again.exit_code, again.output) == (0, "Payouts made for 2027-01: 0.\n")
    ahead = runner.invoke(args=["payouts", "run", "--month", "2027-02"])
    assert ahead.exit_code == 1 and "The payouts of this month are not due yet." in ahead.output


def test_the_command_pays(anna, app, clock):
    earn(anna)
    clock.now = JANUARY
    done = app.test_cli_runner().invoke(args=["payouts", "run", "--month", "2027-01"])
    assert done.output == "Payouts made for 2027-01: 1.\n" and len(payouts()) == 1


def test_a_clock_that_is_set_back_changes_nothing(anna):
    """SECURITY M7: what was paid stays paid, and numbers and days go on."""
    other = affiliate("Bert")
    earn(anna)
    assert run(FEBRUARY) == 1
    earn(other)
    assert run(DECEMBER) == 0 and run(JANUARY) == 1
    first, second = payouts()
    assert [first.number, second.number] == ["A-2027-00001", "A-2027-00002"]
    assert first.issued_on == second.issued_on == date(2027, 2, 1)
    assert run(FEBRUARY) == 0


def test_a_month_that_was_missed_is_paid_with_the_next_one(anna):
    earn(anna)
    earn(anna, now=NOW + timedelta(days=15))
    assert run(FEBRUARY) == 1
    assert payouts()[0].amount == 6_000 + 7_200  # the second order at 30 per cent


def test_who_closed_the_account_is_paid_all_the_same(anna):
    """RULES A3, F8."""
    earn(anna)
    affiliation.close(anna, by=owner_of(anna), now=NOW)
    assert run() == 1


def test_numbers_have_no_gap_and_each_payout_is_recorded_and_told(app):
    """RULES F8; SECURITY U1, O1."""
    for name in ("Anna", "Bert", "Cleo"):
        earn(affiliate(name))
    run()
    assert [each.number for each in payouts()] == [f"A-2027-0000{n}" for n in (1, 2, 3)]
    assert mails("payout_sent") == 3
    seen = db.session.scalars(
        sa.select(AuditEvent.action).where(AuditEvent.action.startswith("payout"))
    ).all()
    assert sorted(seen) == ["payout.made"] * 3 + ["payouts.begun", "payouts.sealed"]


def test_portions_leave_nobody_out(app, monkeypatch):
    """One transaction pays a few, the run all of them."""
    monkeypatch.setattr(actions, "PORTION", 2)
    for n in range(5):
        earn(affiliate(f"Affiliate {n}"), 4_000 if n == 2 else 6_000)
    assert run() == 4
    assert len({each.run_id for each in payouts()}) == 1


@pytest.mark.parametrize(
    ("country", "number", "treatment", "vat"),
    [
        ("CH", "CHE-116.281.710 MWST", Treatment.STANDARD, 450),
        ("CH", None, Treatment.OUTSIDE_SCOPE, 0),
        ("CH", "CHE-123", Treatment.OUTSIDE_SCOPE, 0),
        ("DE", "DE136695976", Treatment.REVERSE_CHARGE, 0),
        ("DE", None, Treatment.OUTSIDE_SCOPE, 0),
    ],
)
def test_the_credit_note_keeps_how_it_is_taxed(app, country, number, treatment, vat):
    """RULES F8, M7: the VAT that 60.00 contains at 8.1 per cent is 4.50."""
    currency = "CHF" if country == "CH" else "EUR"
    account = affiliate(country=country, currency=currency, vat_number=number)
    earn(account)
    run()
    (payout,) = payouts()
    assert (payout.treatment, payout.vat, payout.amount) == (treatment, vat, 6_000)
    assert payout.party["name"] == "Anna Empfiehlt" and payout.party["buyer"]["country"] == "CH"


# --- who is held up -----------------------------------------------------------------------------------------


def test_after_a_change_nothing_is_paid_for_five_days_and_then_in_the_same_month(anna):
    """RULES F8: a further run pays who was held up, once nothing is in the way."""
    other = affiliate("Bert")
    earn(anna)
    earn(other)
    actions.prefer(anna, Kind.IBAN, IBAN, "Anna", by=owner_of(anna), now=JANUARY - timedelta(days=1))
    assert run(JANUARY) == 1 and not payouts(anna)
    assert run(JANUARY + timedelta(days=4) - timedelta(seconds=1)) == 0
    assert run(JANUARY + timedelta(days=4)) == 1
    assert [(each.month, each.nth) for each in runs()] == [(date(2027, 1, 1), 1), (date(2027, 1, 1), 2)]
    assert run(JANUARY + timedelta(days=9)) == 0


def test_the_first_choice_holds_payouts_too(anna):
    """RULES F8: who got in and chose an account of its own does not get the money at once."""
    earn(anna)
    actions.prefer(anna, Kind.IBAN, IBAN, "Thief", by=owner_of(anna), now=JANUARY - timedelta(hours=1))
    assert run() == 0


# --- refunds ------------------------------------------------------------------------------------------------


def test_what_is_refunded_after_the_payout_is_taken_from_the_next_one(anna):
    """RULES F6; SECURITY M4: a debt is carried, and no payout is below zero."""
    order = earn(anna)
    run()
    give_back(order, now=JANUARY + timedelta(days=2))
    assert (earnings(anna), len(payouts())) == (-6_000, 1)
    standing = queries.standing(anna, now=JANUARY + timedelta(days=2))
    assert standing.confirmed.minor == -6_000
    assert run(FEBRUARY) == 0
    earn(anna, 10_999, now=FEBRUARY)
    april = FEBRUARY + timedelta(days=59)
    assert run(april) == 0  # 49.99
    earn(anna, 1, now=FEBRUARY)
    assert run(april) == 1 and payouts()[-1].amount == 5_000 and earnings(anna) == 0


def test_a_refund_before_the_run_lowers_it(anna):
    """RULES F6."""
    order = earn(anna, 8_000)
    give_back(order, 4_000, now=NOW + timedelta(days=3))
    run()
    assert [each.amount for each in payouts()] == [7_000]


# --- execution and return -----------------------------------------------------------------------------------


@pytest.fixture
def due(app, cast):
    """A run in francs with two payouts by bank and one by PayPal."""
    for name, kind in (("Anna", Kind.IBAN), ("Bert", Kind.IBAN), ("Cleo", Kind.PAYPAL)):
        earn(to(affiliate(name), kind))
    run()
    (it,) = runs()
    return it


def test_a_run_that_is_carried_out_left_the_bank(due, cast, monkeypatch):
    """RULES F8: PAYOUTS to BANK, each affiliate is told once; of a large run the worker does the rest."""
    assert due.state is RunState.DUE and operator_has(AccountKind.PAYOUTS) == 18_000
    assert mails("payout_run_due") == 1 and mails("payout_sent") == 0
    before = operator_has(AccountKind.BANK)
    monkeypatch.setattr(actions, "PORTION", 2)
    actions.execute(due, by=cast.olga, now=JANUARY)
    assert [each.state for each in payouts()] == [State.EXECUTED, State.EXECUTED, State.MADE]
    all_is_well()
    assert actions.finish_executions(now=JANUARY + timedelta(minutes=1)) == 1
    assert actions.finish_executions(now=JANUARY + timedelta(minutes=2)) == 0
    assert {each.executed_at for each in payouts()} == {JANUARY}
    assert (operator_has(AccountKind.PAYOUTS), operator_has(AccountKind.BANK)) == (0, before + 18_000)
    assert mails("payout_sent") == 3
    with pytest.raises(rules.Executed):
        actions.execute(due, by=cast.olga, now=JANUARY)


@pytest.mark.parametrize("executed", [False, True])
def test_a_payout_that_comes_back_is_the_affiliate_s_balance_again(due, cast, executed):
    """RULES F8: from the bank when it had left, else from what is on its way."""
    if executed:
        actions.execute(due, by=cast.olga, now=JANUARY)
    payout = payouts()[0]
    account = payout.account
    actions.take_back(payout, reason="Account closed", by=cast.olga, now=JANUARY + timedelta(days=3))
    assert (payout.state, earnings(account), mails("payout_failed")) == (State.RETURNED, 6_000, 1)
    with pytest.raises(rules.NothingToReturn):
        actions.take_back(payout, reason="Again", by=cast.olga, now=JANUARY + timedelta(days=3))
    assert queries.preference_of(account).came_back
    assert run(FEBRUARY) == 0  # nothing goes there before the affiliate has looked at it
    actions.prefer(account, Kind.IBAN, IBAN, "Anna", by=owner_of(account), now=FEBRUARY + timedelta(hours=1))
    assert run(FEBRUARY + timedelta(hours=2)) == 1  # saved as it was: no hold
    assert payouts(account)[-1].amount == 6_000


def test_a_payout_that_came_back_is_not_paid_again_in_the_same_month(due, cast):
    """SECURITY M4."""
    payout = payouts()[0]
    actions.take_back(payout, reason="Closed", by=cast.olga, now=JANUARY)
    account = payout.account
    actions.prefer(account, Kind.PREPAID, "", "", by=owner_of(account), now=JANUARY + timedelta(days=1))
    assert run(JANUARY + timedelta(days=20)) == 0
    assert run(FEBRUARY) == 1


def test_who_changed_the_preference_before_it_came_back_is_not_asked_to_look_at_it(due, cast):
    payout = payouts()[0]
    actions.prefer(payout.account, Kind.PAYPAL, PAYPAL, "", by=owner_of(payout.account), now=JANUARY)
    actions.take_back(payout, reason="Closed", by=cast.olga, now=JANUARY + timedelta(days=1))
    assert not queries.preference_of(payout.account).came_back


def test_a_run_of_which_all_came_back_is_done(due, cast):
    for payout in payouts():
        actions.take_back(payout, reason="Closed", by=cast.olga, now=JANUARY)
    assert due.state is RunState.EXECUTED and operator_has(AccountKind.PAYOUTS) == 0


def test_what_went_to_a_prepaid_account_does_not_come_back(anna, cast):
    earn(anna)
    run()
    with pytest.raises(rules.NothingToReturn):
        actions.take_back(payouts()[0], reason="Closed", by=cast.olga, now=JANUARY)


# --- preferences --------------------------------------------------------------------------------------------


def test_who_represents_the_affiliate_says_where_payouts_go(anna):
    """RULES F8: five days' hold, a mail to all who see the earnings."""
    helper = make_user("Hilda Helper")
    admin = make_user("Adam Admin")
    join(helper, anna.organisation, Role.COLLABORATOR)
    join(admin, anna.organisation, Role.ADMINISTRATOR)
    for person in (helper, admin, make_user("Stranger")):
        with pytest.raises(OnlyRepresentatives):
            actions.prefer(anna, Kind.IBAN, IBAN, "Anna", by=person, now=NOW)
    row = actions.prefer(anna, Kind.IBAN, IBAN, "Anna", by=owner_of(anna), now=NOW)
    assert row.holds_until == NOW + timedelta(days=5)
    assert mails("payout_preferences_changed") == 2  # the owner and the administrator


def test_the_old_paypal_address_hears_of_a_change(anna, outbox):
    """UX 6, mail 23."""
    to(anna, Kind.PAYPAL)
    actions.prefer(anna, Kind.PREPAID, "", "", by=owner_of(anna), now=NOW)
    outbox.deliver()
    assert {each["To"].addresses[0].addr_spec for each in outbox.messages} == {owner_of(anna).email, PAYPAL}


def test_saving_the_same_once_more_changes_and_tells_nothing(anna):
    row = actions.prefer(anna, Kind.IBAN, IBAN, "Anna", by=owner_of(anna), now=NOW)
    told, held = mails("payout_preferences_changed"), row.holds_until
    actions.prefer(anna, Kind.IBAN, IBAN, "Anna B", by=owner_of(anna), now=NOW + timedelta(days=1))
    assert (row.holder, row.holds_until, mails("payout_preferences_changed")) == ("Anna B", held, told)
