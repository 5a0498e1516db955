"""What an affiliate sees of its earnings."""

import csv
import io
from datetime import timedelta

import pytest

from tests.factories import make_affiliate, make_customer, make_order, make_plan, make_rate
from tests.times import NOW
from webapp.affiliation.models import Commission
from webapp.earnings import queries
from webapp.extensions import db
from webapp.money import Money
from webapp.orders import actions as orders
from webapp.orders.quotes import Wanted
from webapp.payouts import actions as payouts
from webapp.payouts import queries as of_payouts

DAY = timedelta(days=1)


@pytest.fixture
def account(cast):
    """Stefan recommends since a year ago."""
    return make_affiliate(cast.stefans, by=cast.stefan, now=NOW - 365 * DAY)


def at(account, page=""):
    return f"/en/o/{account.organisation.public_id}/affiliate{page}"


def ordered(customer, days, quantity=1, **values):
    values = {"paid": True, "now": NOW - days * DAY, **values}
    return make_order(customer, Wanted(make_plan(), "example.com", quantity), **values)


def rows_of(client, account):
    file = client.get(at(account, "/earnings.csv"))
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(file.get_data(as_text=True).removeprefix("\ufeff"))))


def test_waiting_confirmed_and_paid_add_up(client, cast, account):
    """RULES F6, F8, SECURITY M3: an order waits 30 days, and is paid at the start of a month."""
    customer = make_customer(account, now=NOW - 200 * DAY)
    ordered(customer, 200, 2)  # CHF 60.00 at 25 per cent
    client.sign_in(cast.stefan)
    page = client.get_page(at(account))
    assert "Confirmed CHF 60.00 CHF 60.00 will be paid on" in " ".join(page.text.split())
    payouts.run_due(now=NOW)
    page = client.get_page(at(account))
    assert "Paid so far CHF 60.00" in " ".join(page.text.split()) and "Paid on" in page
    late, early = ordered(customer, 31), ordered(customer, 30)  # at 30 per cent
    standing = of_payouts.standing(account, now=NOW)
    assert (standing.confirmed, standing.waiting) == (Money(3_600, "CHF"), Money(3_600, "CHF"))
    page = client.get_page(at(account))
    assert late.number in page and early.number in page and f"Waiting until {NOW:%-d %b %Y}" in page
    assert "CHF 72.00 will be paid on 1 December 2026" in page


def test_nobody_learns_who_ordered_what(client, cast, account):
    """RULES F7, SECURITY M6: number, date, status and commission only."""
    customer = make_customer(account, "Geheim AG")
    order = ordered(customer, 1, 7)
    client.sign_in(cast.stefan)
    for text in (client.get_page(at(account)).text, client.get(at(account, "/earnings.csv")).text):
        assert order.number in text
        for secret in ("Geheim", "example.com", "840", order.lines[0].plan_name["en"]):
            assert secret not in text


def test_what_does_not_count_says_why(client, cast, account):
    """RULES F3, F4, F7."""
    customer = make_customer(account)
    make_order(customer, Wanted(make_plan(affiliates=False), "example.ch"))
    cancelled = ordered(customer, 1)
    orders.cancel(cancelled, reason="Back", by=None, now=NOW)
    client.sign_in(cast.stefan)
    page = client.get_page(at(account))
    assert "Nothing in this order counts for affiliates" in page and "Cancelled: order refunded" in page
    assert [row["Status"] for row in rows_of(client, account)] == ["Not counted", "Cancelled: order refunded"]


def test_an_unpaid_order_waits_for_its_payment(client, cast, account):
    """A decision: who has not paid brings nothing yet."""
    customer = make_customer(account, now=NOW - 100 * DAY)
    ordered(customer, 100, paid=False)
    client.sign_in(cast.stefan)
    assert "Waiting until the customer has paid" in client.get_page(at(account))


def test_each_amount_says_how_it_came_about(client, cast, account):
    """DESIGN 6, RULES F9: rate, refund, exchange, from what was stored."""
    make_rate((NOW - 3 * DAY).date())
    customer = make_customer(account, country="DE", currency="EUR")
    order = ordered(customer, 1)
    orders.credit(order, {order.lines[0].id: Money(3_333, "EUR")}, reason="Part", by=None, now=NOW)
    client.sign_in(cast.stefan)
    page = client.get_page(at(account))
    for words in ("25% of what counts in the order", "27.50", "8.33", "0.950000", "CHF 18.21", "2026-11+"):
        assert words in page
    (row,) = rows_of(client, account)
    assert (row["Commission"], row["Currency"], row["Exchange rate"]) == ("18.21", "CHF", "0.950000")


def test_the_chart_and_its_table_say_what_the_list_says(client, cast, account):
    """UX F11."""
    customer = make_customer(account, now=NOW - 340 * DAY)
    for days in (340, 200, 200, 40, 1):
        ordered(customer, days)
    chart = queries.chart(account, today=NOW.date())
    total = sum(each.minor for each in chart.months.values())
    assert total == sum(line.amount.minor for line in queries.all_lines(account)) == account.earned
    assert len(chart.months) == 12 and len(chart.bars) == 4
    assert "Commission per month" in client.sign_in(cast.stefan).get_page(at(account))


def test_the_statement_is_the_ledger_s(client, cast, account):
    """SECURITY L2: with the balance after each entry."""
    order = ordered(make_customer(account), 1)
    orders.cancel(order, reason="Back", by=None, now=NOW)
    client.sign_in(cast.stefan)
    page = client.get_page(at(account, "/statement"))
    assert (
        "Commission of a refunded order taken back" in page and "+CHF 30.00" in page and "−CHF 30.00" in page
    )
    file = client.get(at(account, f"/statement.csv?month={NOW:%Y-%m}")).text
    assert order.number in file and "30.00" in file


def test_many_orders_have_pages_and_one_file(client, cast, account):
    customer = make_customer(account)
    for _n in range(27):
        ordered(customer, 1, paid=False)
    client.sign_in(cast.stefan)
    assert "Next page" in client.get_page(at(account))
    assert "Previous page" in client.get_page(at(account, "?page=2"))
    assert "There are no more orders." in client.get_page(at(account, "?page=9"))
    assert len(rows_of(client, account)) == 27


def test_what_was_paid_and_refunded_afterwards_is_carried(client, cast, account):
    """RULES F6: taken from the next one, never a negative payout."""
    customer = make_customer(account, now=NOW - 200 * DAY)
    order = ordered(customer, 200, 2)
    payouts.run_due(now=NOW)
    orders.cancel(order, reason="Back", by=None, now=NOW)
    standing = of_payouts.standing(account, now=NOW)
    assert standing.confirmed == Money(-6_000, "CHF") and standing.paid == Money(6_000, "CHF")
    client.sign_in(cast.stefan)
    page = client.get_page(at(account))
    assert "refunded after their commission had been paid out" in page and "Paid on" in page
    assert db.session.query(Commission).one().amount == 0


@pytest.mark.parametrize(
    ("earned", "share", "missing"),
    [
        (0, 0, "CHF 50.00"),
        (2_500, 50, "CHF 25.00"),
        (99_999, 99, "CHF 0.01"),
        (2_000_000, 100, "the highest rate"),
    ],
)
def test_the_way_to_the_next_rate_is_drawn(client, cast, account, earned, share, missing):
    """RULES F5."""
    if earned:  # by one order, at the lowest rate
        plan = make_plan(price_chf=4 * earned, sliding=False)
        make_order(make_customer(account), Wanted(plan, "example.com"), paid=True)
    assert queries.progress(account).share == share
    assert missing in client.sign_in(cast.stefan).get_page(at(account))
