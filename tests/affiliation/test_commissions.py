"""What orders bring an affiliate, at the edges of every window and threshold of RULES F2–F10."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.affiliation.story import (
    DAY,
    HOUR,
    SECOND,
    at,
    becomes_colleague,
    earning,
    earnings,
    give_back,
    mails,
    make_joined,
    of,
    ordered,
    owner_of,
    paid,
    plan_for,
    seen_at,
    signed_up,
    visited,
    won,
)
from tests.api.story import event_of, order_of, take
from tests.factories import make_partnership, make_plan, make_prepaid, make_product, make_rate
from tests.orders.story import cancelled, ended
from tests.renewals import story as renewing
from tests.times import NOW
from webapp import clock
from webapp.affiliation import actions, queries, rules
from webapp.affiliation.models import Commission
from webapp.affiliation.rules import Reason, Sign, State, Verdict
from webapp.extensions import db
from webapp.limits import network
from webapp.orders.rules import Method
from webapp.partnerships.rules import Access
from webapp.payouts import actions as payouts
from webapp.products.rules import Family
from webapp.rates import actions as rates
from webapp.rates.rules import Quoted
from webapp.renewals import actions as renewals
from webapp.visits import Visit, network_hash

SUMMER = at(2026, 7, 1, 21, 30)  # 23:30 in Zurich, two hours ahead of UTC
WINTER = at(2026, 11, 20, 23, 30)  # half past midnight of the 21st


@pytest.fixture
def affiliate(app):
    return make_joined()


# --- a click counts for 30 days until the sign-up (RULES F2) ------------------------------------------------


@pytest.mark.parametrize(
    ("age", "counts"),
    [
        (timedelta(0), True), (30 * DAY - SECOND, True), (30 * DAY, True), (30 * DAY + SECOND, False),
        (-SECOND, False),
    ],
)  # fmt: skip
def test_a_click_counts_for_thirty_days(affiliate, age, counts):
    """RULES F2, SECURITY M5: to the second; and one from the future is none."""
    assert (won(signed_up(affiliate, click=NOW - age)) is not None) == counts


def test_a_click_across_the_end_of_summer_time_counts_for_thirty_times_24_hours(affiliate):
    """RULES F2."""
    clicked = at(2026, 10, 10, 12)
    assert won(signed_up(affiliate, now=clicked + 30 * DAY, click=clicked))
    assert won(signed_up(affiliate, now=clicked + 30 * DAY + HOUR, click=clicked)) is None


def test_a_click_wins_one_customer(affiliate):
    """RULES F2."""
    visit = visited(affiliate, NOW - HOUR)
    assert won(signed_up(affiliate, visit=visit))
    assert won(signed_up(affiliate, visit=visit)) is None


def test_a_click_of_somebody_else_s_link_wins_nobody(affiliate):
    other = make_joined("Bert Empfiehlt")
    visit = visited(affiliate, NOW - HOUR)
    signed_up(affiliate, visit=visit)
    swapped = Visit(other.tag, visit.click, visit.at, visit.path, visit.network)
    assert won(signed_up(other, visit=swapped)) is None


def test_without_a_click_nobody_won_it(affiliate):
    customer = signed_up(affiliate, click=NOW - 40 * DAY)
    order = ordered(customer, paid=True)
    assert queries.commission_of(order) is None


# --- the first order within a day (RULES F3) ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "reason"), [(timedelta(0), None), (24 * HOUR, None), (24 * HOUR + SECOND, Reason.LATE)]
)
def test_the_first_order_comes_within_a_day(affiliate, after, reason):
    """RULES F3, SECURITY M5; what comes later counts as the first one did."""
    customer = signed_up(affiliate)
    first, second = (ordered(customer, now=NOW + after + wait) for wait in (timedelta(0), 20 * DAY))
    assert of(first).reason is of(second).reason is reason
    assert earnings(affiliate) == (0 if reason else 3_000 + 3_000)


def test_a_first_order_of_what_does_not_count_opens_the_window_for_the_rest(affiliate):
    """RULES F3, F4: products were ordered when the account was created."""
    customer = signed_up(affiliate)
    excluded = ordered(customer, plan_for(10_000, affiliates=False), now=NOW)
    later = ordered(customer, now=NOW + 10 * DAY)
    assert (of(excluded).reason, of(later).reason) == (Reason.EXCLUDED, None)


# --- 365 days (RULES F2) ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signed", "last"),
    [
        (NOW, date(2027, 11, 21)),
        (WINTER, date(2027, 11, 21)),  # already the 21st in Zurich
        (SUMMER, date(2027, 7, 1)),  # still the 1st
        (SUMMER + HOUR, date(2027, 7, 2)),
        (at(2027, 2, 28, 12), date(2028, 2, 28)),
        (at(2027, 3, 1, 12), date(2028, 2, 29)),
        (at(2028, 2, 29, 12), date(2029, 2, 28)),
    ],
)
def test_a_customer_pays_for_365_days_of_the_operator_s_zone(affiliate, signed, last):
    """RULES F2, SECURITY M5: the last day counts to its end, also across summer time and 29 February."""
    customer = signed_up(affiliate, now=signed)
    assert won(customer).pays_until == last == clock.day_of(signed) + 365 * DAY
    ordered(customer, now=signed)
    end = clock.start_of(last + DAY)
    in_time, too_late = (ordered(customer, now=instant) for instant in (end - SECOND, end))
    assert (of(in_time).reason, of(too_late).reason) == (None, Reason.OVER)


# --- whose orders do not count (RULES F3, F10) --------------------------------------------------------------


def test_a_customer_whose_colleague_the_affiliate_becomes_counts_no_more(affiliate):
    """RULES F3: the earlier order stays, later ones do not count."""
    customer = signed_up(affiliate)
    before = ordered(customer, paid=True)
    becomes_colleague(owner_of(affiliate.organisation), customer)
    after = ordered(customer, now=NOW + DAY, paid=True)
    paid(ordered(customer, now=NOW + 2 * DAY), now=NOW + 3 * DAY)
    assert (of(before).reason, of(after).reason) == (None, Reason.OWN)
    assert earnings(affiliate) == of(before).amount == 3_000


def test_a_colleague_of_the_customer_who_joins_the_affiliate_is_the_same(affiliate):
    customer = signed_up(affiliate)
    becomes_colleague(owner_of(customer), affiliate.organisation)
    assert of(ordered(customer)).reason is Reason.OWN


def test_an_order_from_the_affiliate_s_network_does_not_count(affiliate):
    """RULES F3."""
    customer = signed_up(affiliate)
    buyer = owner_of(customer)
    seen_at(owner_of(affiliate.organisation), "192.0.2.1", now=NOW - DAY)
    seen_at(buyer, "192.0.2.2", now=NOW - HOUR)
    assert of(ordered(customer, by=buyer)).reason is None
    seen_at(buyer, "192.0.2.1", now=NOW - HOUR / 2)
    assert of(ordered(customer, by=buyer)).reason is Reason.ADDRESS


def test_the_affiliate_s_network_is_forgotten_after_the_window(affiliate):
    customer = signed_up(affiliate)
    buyer = owner_of(customer)
    seen_at(owner_of(affiliate.organisation), "192.0.2.1", now=NOW - 31 * DAY)
    seen_at(buyer, "192.0.2.1", now=NOW)
    assert of(ordered(customer, by=buyer)).reason is None


def test_a_partner_that_appears_later_ends_it(affiliate, cast):
    """RULES F3, F10: the earlier order stays; once the partner is gone, orders count again."""
    customer = signed_up(affiliate)
    before = ordered(customer)
    partnership = make_partnership(customer, cast.lumiere_partner, Access.FULL)
    during = ordered(customer, now=NOW + DAY)
    ended(partnership, NOW + 2 * DAY)
    after = ordered(customer, now=NOW + 3 * DAY)
    assert [of(each).reason for each in (before, during, after)] == [None, Reason.MANAGED, None]


def test_a_limited_partner_s_client_is_managed_too(affiliate, cast):
    customer = signed_up(affiliate)
    make_partnership(customer, cast.lumiere_partner, products=[make_product(customer)])
    assert of(ordered(customer)).reason is Reason.MANAGED


def test_a_customer_with_somebody_who_was_here_before_is_no_new_one(affiliate, cast):
    """RULES F3, F10."""
    customer = signed_up(affiliate)
    becomes_colleague(cast.stefan, customer)
    assert of(ordered(customer)).reason is Reason.MANAGED


# --- what does not count (RULES F4) -------------------------------------------------------------------------


def test_lines_that_do_not_count_are_left_out(affiliate):
    """RULES F4: of a mixed order the rest counts."""
    customer = signed_up(affiliate)
    plans = plan_for(8_000), plan_for(5_000, affiliates=False), plan_for(3_000, family=Family.DOMAIN)
    commission = of(ordered(customer, *plans))
    assert (commission.base, commission.excluded, commission.amount) == (8_000, 8_000, 2_000)
    assert commission.counted == {"positions": [1]}


def test_a_refund_of_what_does_not_count_takes_nothing(affiliate):
    """RULES F6: in proportion to the lines that count."""
    order = ordered(signed_up(affiliate), plan_for(8_000), plan_for(5_000, affiliates=False), paid=True)
    give_back(order, 0, 5_000)
    assert of(order).amount == 2_000
    give_back(order, 4_000)
    assert of(order).amount == 1_000


# --- waiting, confirmed, given back (RULES F6) --------------------------------------------------------------


@pytest.mark.parametrize(
    "placed", [NOW, WINTER, at(2026, 10, 10, 12), at(2027, 3, 1, 12), at(2028, 1, 30, 12)]
)
def test_a_commission_waits_thirty_days_of_the_operator_s_zone(affiliate, placed):
    """RULES F6, SECURITY M3: confirmed on the day after; the order's own day is not counted."""
    order = ordered(signed_up(affiliate, now=placed), now=placed, paid=True)
    commission = of(order)
    day = clock.day_of(placed)
    assert (commission.waits_until, commission.confirms_on) == (day + 30 * DAY, day + 31 * DAY)
    assert state(commission, day + 30 * DAY) is State.WAITING
    assert state(commission, day + 31 * DAY) is State.CONFIRMED


def state(commission, today):
    known = not commission.foreign or commission.exchange is not None
    return rules.Course(
        commission.reason, commission.whole, commission.amount if known else None,
        queries.is_held(commission), commission.waits_until, commission.confirms_on, None,
    ).state(today)  # fmt: skip


@pytest.mark.parametrize("days", [29, 30, 31, 60])
def test_what_is_given_back_is_taken_back_in_time_or_later(affiliate, days):
    """RULES F6: until the end of day 30 the commission falls; later, too, as a debt if it was paid out."""
    order = ordered(signed_up(affiliate), paid=True)
    give_back(order, now=NOW + days * DAY)
    commission = of(order)
    assert (commission.amount, earnings(affiliate), affiliate.earned) == (0, 0, 0)
    assert commission.cancelled_at == NOW + days * DAY
    assert state(commission, clock.day_of(NOW) + days * DAY) is State.CANCELLED


@pytest.mark.parametrize("days", [29, 30, 31])
def test_a_part_that_is_given_back_takes_its_part(affiliate, days):
    """RULES F6: half up on what is taken, once over all that was given back so far."""
    order = ordered(signed_up(affiliate), plan_for(9_999), paid=True)
    assert of(order).amount == 2_500
    for given, left in ((3_333, 1_667), (1, 1_666), (3_333, 833), (3_332, 0)):
        give_back(order, given, now=NOW + days * DAY)
        assert of(order).amount == left
    assert of(order).cancelled_at == NOW + days * DAY


def test_a_commission_is_confirmed_when_the_order_is_paid(affiliate):
    """RULES F6, SECURITY M3: unpaid ones wait longer, to the day of the payment."""
    customer = signed_up(affiliate)
    soon, late, never = (ordered(customer) for _n in range(3))
    paid(soon, now=NOW + 10 * DAY)
    paid(late, now=NOW + 45 * DAY)
    days = [of(each).confirms_on for each in (soon, late, never)]
    assert days == [date(2026, 12, 22), date(2027, 1, 5), None]


def test_an_order_that_is_cancelled_brings_nothing(affiliate):
    """RULES F3, F6: unpaid or paid."""
    customer = signed_up(affiliate)
    orders = ordered(customer), ordered(customer, paid=True)
    for order in orders:
        cancelled(order)
    assert [of(each).amount for each in orders] == [0, 0] and earnings(affiliate) == 0
    assert all(of(each).cancelled_at == NOW for each in orders)


def test_nothing_is_confirmed_on_a_day_that_was_paid_for(affiliate):
    """SECURITY M4, M7: also when the clock was set back after the run."""
    order = ordered(signed_up(affiliate))
    earning(affiliate, 6_000)
    assert payouts.run_due(now=at(2027, 2, 1, 1)) == 1
    paid(order, now=NOW + 40 * DAY)
    assert of(order).confirms_on == date(2027, 2, 1)


def test_the_clock_set_back_changes_nothing_that_was_confirmed(affiliate):
    """SECURITY M7."""
    order = ordered(signed_up(affiliate), paid=True)
    before = of(order).confirms_on
    give_back(order, 100, now=NOW - 5 * DAY)
    make_rate()
    actions.settle_waiting(now=NOW - 5 * DAY)
    assert of(order).confirms_on == before


# --- looked at by the desk (RULES F3) -----------------------------------------------------------------------


def held_customer(affiliate):
    return signed_up(
        affiliate, street=affiliate.organisation.street, postcode=affiliate.organisation.postcode
    )


def test_a_held_customer_s_commissions_are_booked_and_not_confirmed(affiliate, cast):
    """RULES F3: confirmed once it is allowed, not before that day."""
    customer = held_customer(affiliate)
    order = ordered(customer, paid=True)
    assert (of(order).amount, of(order).confirms_on) == (3_000, None)
    actions.review(won(customer), Verdict.ALLOWED, note="", by=cast.olga, now=NOW + 50 * DAY)
    assert of(order).confirms_on == clock.day_of(NOW + 50 * DAY)


def test_a_customer_is_refused_and_allowed_again(affiliate, cast):
    """RULES F3: what was booked is taken back, and comes again."""
    customer = held_customer(affiliate)
    orders = [ordered(customer, paid=True)]
    actions.review(won(customer), Verdict.REFUSED, note="Same shop", by=cast.olga, now=NOW + DAY)
    orders.append(ordered(customer, now=NOW + DAY))
    assert [(of(each).reason, of(each).amount) for each in orders] == [(Reason.REFUSED, 0)] * 2
    assert earnings(affiliate) == affiliate.earned == 0
    actions.review(won(customer), Verdict.ALLOWED, note="", by=cast.olga, now=NOW + 2 * DAY)
    assert [(of(each).reason, of(each).amount) for each in orders] == [(None, 3_000)] * 2
    assert earnings(affiliate) == affiliate.earned == 6_000
    assert (of(orders[0]).confirms_on, of(orders[1]).confirms_on) == (date(2026, 12, 22), None)


def test_allowing_a_customer_again_forgives_no_other_reason(affiliate, cast):
    """RULES F2–F4: an order that would not have counted anyway does not count afterwards either."""
    customer = held_customer(affiliate)
    ordered(customer)
    before = ordered(customer, now=NOW + 400 * DAY)
    actions.review(won(customer), Verdict.REFUSED, note="", by=cast.olga, now=NOW)
    over = ordered(customer, now=NOW + 400 * DAY)
    becomes_colleague(owner_of(affiliate.organisation), customer)
    own = ordered(customer, now=NOW + DAY)
    excluded = ordered(customer, plan_for(5_000, affiliates=False), now=NOW)
    actions.review(won(customer), Verdict.ALLOWED, note="", by=cast.olga, now=NOW)
    assert [of(each).reason for each in (before, over, own)] == [Reason.OVER, Reason.OVER, Reason.OWN]
    assert of(excluded).reason in (Reason.OWN, Reason.EXCLUDED)
    assert earnings(affiliate) == 3_000


def test_what_was_refused_over_a_payout_is_confirmed_anew(affiliate, cast):
    """SECURITY M4: allowed again it is part of the next payout, and not shown as paid by the last one."""
    customer = held_customer(affiliate)
    actions.review(won(customer), Verdict.ALLOWED, note="", by=cast.olga, now=NOW)
    order = ordered(customer, paid=True)
    other = earning(affiliate, 6_000)
    assert of(order).confirms_on == date(2026, 12, 22)
    actions.review(won(customer), Verdict.REFUSED, note="", by=cast.olga, now=NOW + DAY)
    assert payouts.run_due(now=at(2027, 1, 1, 1)) == 1
    actions.review(won(customer), Verdict.ALLOWED, note="", by=cast.olga, now=NOW + 60 * DAY)
    assert of(order).confirms_on == clock.day_of(NOW + 60 * DAY) > of(other).confirms_on
    assert earnings(affiliate) == 3_000


def test_a_customer_with_the_affiliate_s_own_number_is_refused_at_once(affiliate):
    """RULES F3: it is the affiliate itself."""
    affiliate.organisation.register_number = "CHE-105.962.535"
    db.session.commit()
    customer = signed_up(affiliate, register_number="CHE-105.962.535")
    assert won(customer).verdict is Verdict.REFUSED
    assert of(ordered(customer)).reason is Reason.REFUSED


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ({"vat_number": "CHE-105.962.535 MWST"}, {"vat_number": "CHE-105.962.535 TVA"}),
        ({"register_number": "CHE-105.962.535"}, {"vat_number": "CHE-105.962.535 MWST"}),
        ({"register_number": "404833048"}, {"register_number": "40483304800022"}),
        ({"register_number": "404833048"}, {"vat_number": "FR83404833048"}),
        ({"register_number": "HRB 12345 B"}, {"register_number": "HRB-12345-B"}),
    ],
)
def test_another_spelling_of_the_number_does_not_help(affiliate, theirs, mine):
    """RULES F3."""
    for name, number in theirs.items():
        setattr(affiliate.organisation, name, number)
    db.session.commit()
    assert won(signed_up(affiliate, **mine)).signs == {Sign.SAME_NUMBER}


def test_a_number_that_is_entered_after_the_sign_up_is_seen_at_the_next_order(affiliate):
    """RULES F3: not ordered by the affiliate itself."""
    affiliate.organisation.vat_number = "CHE-105.962.535 MWST"
    db.session.commit()
    customer = signed_up(affiliate)
    assert of(ordered(customer)).reason is None
    customer.vat_number = "CHE-105.962.535 IVA"
    db.session.commit()
    assert of(ordered(customer, make_plan())).reason is Reason.OWN


def test_an_ipv6_customer_is_one_network_too(affiliate):
    """RULES F3: all of its /64, at the sign-up, at the order and among many."""
    representative = owner_of(affiliate.organisation)
    seen_at(representative, "2001:db8:1:2::aaaa", now=NOW - DAY)
    own = visited(affiliate, NOW - HOUR, network=network("2001:db8:1:2::bbbb"))
    assert won(signed_up(affiliate, visit=own)).signs == {Sign.SAME_NETWORK}
    far = network("2001:db8:ffff::1")
    others = [signed_up(affiliate, visit=visited(affiliate, NOW - HOUR, network=far)) for _n in range(4)]
    assert [won(each).signs for each in others] == [set()] * 3 + [{Sign.MANY}]
    assert won(others[0]).network_hash == network_hash("2001:db8:ffff::2") is not None


def test_three_sign_ups_from_one_network_are_allowed_and_the_fourth_is_held(affiliate):
    """RULES F3."""
    customers = [
        signed_up(affiliate, visit=visited(affiliate, NOW - HOUR, network="198.51.100.7")) for _n in range(4)
    ]
    assert [won(each).verdict for each in customers] == [Verdict.ALLOWED] * 3 + [Verdict.HELD]
    assert won(customers[3]).signs == {Sign.MANY}


def test_a_form_filled_in_faster_than_a_person_can_is_held(affiliate):
    assert won(signed_up(affiliate, click=NOW - 4 * SECOND)).signs == {Sign.FAST}
    assert won(signed_up(affiliate, click=NOW - 5 * SECOND)).verdict is Verdict.ALLOWED


# --- closed and opened again (RULES A3, F8) -----------------------------------------------------------------


def test_a_closed_account_wins_nobody_and_earns_nothing_new(affiliate):
    """RULES F2: what was earned goes on; opened again, its old customers count as before."""
    owner, customer = owner_of(affiliate.organisation), signed_up(affiliate)
    before = ordered(customer)
    actions.close(affiliate, by=owner, now=NOW + DAY)
    during = ordered(customer, now=NOW + 2 * DAY)
    assert won(signed_up(affiliate, now=NOW + 2 * DAY)) is None
    paid(before, now=NOW + 2 * DAY)
    assert (of(before).amount, of(before).confirms_on) == (3_000, date(2026, 12, 22))
    tag = affiliate.tag
    assert actions.join(affiliate.organisation, by=owner, now=NOW + 3 * DAY) == affiliate
    after = ordered(customer, now=NOW + 3 * DAY)
    assert affiliate.tag == tag and won(signed_up(affiliate, now=NOW + 3 * DAY))
    assert [of(each).reason for each in (before, during, after)] == [None, Reason.CLOSED, None]
    give_back(before, now=NOW + 4 * DAY)
    assert earnings(affiliate) == of(after).amount


# --- rates (RULES F5) ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("earned", "rate"),
    [
        (1, 25), (4_999, 25), (5_000, 30), (99_999, 30), (100_000, 35), (1_999_999, 35), (2_000_000, 50),
        (9_000_000, 50),
    ],
)  # fmt: skip
@pytest.mark.parametrize("currency", ["CHF", "EUR"])
def test_the_rate_follows_what_was_earned_before(app, earned, rate, currency):
    """RULES F5: to the Rappen; the order that crosses a threshold is still paid at the old rate."""
    affiliate = make_joined(currency=currency, country="CH" if currency == "CHF" else "DE")
    crossing = earning(affiliate, earned)
    assert (of(crossing).rate, of(crossing).amount, affiliate.earned) == (25, earned, earned)
    following = of(earning(affiliate, 10_000))
    assert (following.rate, following.earned_before) == (rate, earned)
    assert following.amount == 40_000 * rate // 100


def test_what_is_given_back_lowers_the_rate_of_later_orders_only(affiliate):
    """RULES F5, P1: lifetime commission not cancelled; nothing is rated anew."""
    first = earning(affiliate, 5_000)
    second = earning(affiliate, 10_000)
    give_back(first, 4)
    third = earning(affiliate, 10_000)
    assert [of(each).rate for each in (first, second, third)] == [
        25,
        30,
        35 if affiliate.earned > 100_000 else 30,
    ]
    give_back(second), give_back(third)
    assert affiliate.earned == 4_999
    assert of(earning(affiliate, 1)).rate == 25


def test_an_order_that_nobody_pays_raises_no_rate(affiliate):
    """RULES F5: else an unpaid decoy would raise the rate of all that follow."""
    decoy = earning(affiliate, 2_000_000, paid=False)
    order = earning(affiliate, 2_500)
    assert queries.commission_of(order).rate == 25
    paid(decoy, now=NOW)
    assert queries.commission_of(earning(affiliate, 2_500)).rate == 50


def test_a_rate_is_told_once(affiliate):
    """RULES F5: not at the start, not again after a refund, once for two steps at a time."""
    earning(affiliate, 4_999)
    assert mails("tier_reached") == 0
    crossing = earning(affiliate, 1)
    assert (mails("tier_reached"), affiliate.tier) == (1, 30)
    give_back(crossing)
    earning(affiliate, 1)
    assert (mails("tier_reached"), affiliate.tier) == (1, 30)
    earning(affiliate, 2_000_000)
    assert (mails("tier_reached"), affiliate.tier) == (2, 50)


def test_the_policy_of_the_day_is_kept(affiliate, policy):
    """RULES P1: what is booked is never rated anew."""
    order = earning(affiliate, 1_000)
    before = of(order).policy_version
    policy(rates=(10, 20, 30, 40), pending_days=5, commission_days=1)
    give_back(order, 400)
    assert (of(order).rate, of(order).amount, of(order).policy_version) == (25, 900, before)
    assert of(order).waits_until == clock.day_of(NOW) + 30 * DAY
    assert of(earning(affiliate, 1_000)).rate == 10


# --- currencies (RULES F9) ----------------------------------------------------------------------------------


def foreign(affiliate, **values):
    return signed_up(affiliate, country="DE", currency="EUR", **values)


@pytest.mark.parametrize(
    ("age", "known"), [(0, True), (7, True), (8, False), (-1, False)]
)  # days; one from after the order is none
def test_the_newest_rate_of_the_last_week_counts(affiliate, age, known):
    """RULES F9."""
    make_rate(clock.day_of(NOW) - age * DAY)
    commission = of(ordered(foreign(affiliate)))
    assert (commission.exchange is not None) == known
    assert commission.amount == (2_613 if known else 0)


def test_a_rate_that_comes_late_confirms_late(affiliate):
    """RULES F9, SECURITY M3: not before the day on which it was known."""
    orders = [ordered(foreign(affiliate), paid=True) for _n in range(2)]
    assert rates.take_in([Quoted("CHF", 950_000, date(2026, 11, 20))], by=None, now=NOW + 50 * DAY) == 1
    assert [of(each).amount for each in orders] == [2_613, 2_613]
    assert of(orders[0]).confirms_on == clock.day_of(NOW + 50 * DAY)
    assert of(orders[0]).exchange_on == date(2026, 11, 20)


def test_a_later_rate_changes_nothing(affiliate):
    """RULES F9: rate and date are stored, and refunds use them."""
    make_rate()
    order = ordered(foreign(affiliate), paid=True)
    make_rate(date(2026, 11, 21), 1_500_000)
    actions.settle_waiting(now=NOW)
    give_back(order, 5_500)
    assert (of(order).booked, of(order).amount, of(order).exchange) == (1_375, 1_306, 950_000)


def test_an_order_given_back_before_its_rate_is_known_brings_what_is_left(affiliate):
    """SECURITY M2."""
    part, whole = (ordered(foreign(affiliate), paid=True) for _n in range(2))
    give_back(part, 5_500), give_back(whole)
    make_rate()
    actions.settle_waiting(now=NOW)
    assert (of(part).amount, of(whole).amount, earnings(affiliate)) == (1_306, 0, 1_306)
    assert of(whole).cancelled_at and not of(part).cancelled_at


def test_francs_become_euros_by_the_reciprocal(app):
    """RULES F9."""
    affiliate = make_joined(country="DE", currency="EUR")
    make_rate()
    commission = of(ordered(signed_up(affiliate)))
    assert (commission.booked, commission.amount, earnings(affiliate)) == (3_000, 3_158, 3_158)
    assert earnings(affiliate, "CHF") == 0


# --- whoever sends the order --------------------------------------------------------------------------------


def test_orders_from_outside_bring_commissions_too(affiliate):
    """RULES F1, F6: placed, paid, given back by messages of a shop."""
    customer, plan = signed_up(affiliate), make_plan("web-pro")
    order = take(order_of(customer, plan))
    assert order.method is Method.OUTSIDE
    assert (of(order).amount, of(order).confirms_on) == (3_000, None)
    take(event_of("paid"))
    assert of(order).confirms_on == date(2026, 12, 22)
    take(event_of("refunded", "64.86"))
    assert of(order).amount == 1_500
    take(event_of("cancelled"))
    assert of(order).amount == 0 and earnings(affiliate) == 0


def test_automatic_renewals_bring_commissions_too(affiliate):
    """RULES F2: new products and renewals, within 365 days; a renewal is no first order."""
    for sign_up, reason in ((NOW - 300 * DAY, None), (NOW - 366 * DAY, Reason.OVER)):
        customer = signed_up(affiliate, now=sign_up)
        ordered(customer, now=sign_up)
        renewing.product(customer)
        make_prepaid(customer, 100_000)
        before = affiliate.earned
        assert renewals.renew(now=NOW) == 1
        order = max(renewing.orders(), key=lambda each: each.id)
        assert of(order).reason is reason
        assert (affiliate.earned > before) == (reason is None)


def test_each_order_has_one_commission(affiliate):
    """SECURITY M2: however often it is heard of."""
    order = ordered(signed_up(affiliate), paid=True)
    for _n in range(3):
        actions.follow(order, now=NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Commission)) == 1
    assert earnings(affiliate) == 3_000
