"""What a partner earned, by month, client and line (RULES M3, M4, M11)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import make_organisation, make_plan, make_prepaid, make_withdrawal
from tests.orders.story import cancelled, has, line_of, new, ordered, pay, refund
from tests.revenue.story import bought, by_partner, full, limited, sources_plan
from webapp.money import Money
from webapp.orders.rules import Case
from webapp.partnerships.rules import Payer
from webapp.revenue import monthly
from webapp.revenue.rules import Earned, What
from webapp.unit import unit_of_work

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
IN_DECEMBER = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)


def francs(minor):
    return Money(minor, "CHF")


def earned_in(cast, month=NOVEMBER, currency="CHF"):
    """(discount, cashback) of Lumière in this month."""
    found = monthly.earned(cast.lumiere, [month])
    each = found[currency][month] if currency in found else None
    return (each.discount.minor, each.cashback.minor) if each else (0, 0)


def lines_in(cast, now, month=NOVEMBER):
    """All lines of its statement."""
    statement = monthly.statement(cast.lumiere, month, now=now)
    return [line for client in statement.clients for line in client.lines]


def test_what_the_partner_pays_brings_a_discount_and_what_the_client_pays_cashback(cast, now):
    """RULES M4."""
    plan = sources_plan()
    entrusted = full(cast, Payer.PARTNER)
    by_partner(entrusted, new(plan, 35))
    assert earned_in(cast) == (26_040 - 20_832, 0)
    bought(cast.lumen, new(plan, 35))
    assert earned_in(cast) == (5_208, 5_208)
    first, second = lines_in(cast, now)
    assert (first.what, first.case) == (What.DISCOUNT, Case.PARTNER_PAYS_PARTNER_ORDERS)
    assert (second.what, second.case) == (What.CASHBACK, Case.PARTNER_PAYS_CLIENT_ORDERS)
    assert [each.amount for each in (first, second)] == [francs(5_208)] * 2
    assert first.order_id and second.order_id is None  # RULES M5


def test_an_order_counts_when_it_is_paid(cast, now):
    """RULES M4: not when it is placed."""
    entrusted = full(cast, Payer.PARTNER)
    order = ordered(cast.lumen, new(make_plan()), acting=entrusted)
    assert earned_in(cast) == (0, 0) and lines_in(cast, now) == []
    pay(order, now=IN_DECEMBER)
    assert earned_in(cast) == (0, 0) and earned_in(cast, DECEMBER) == (2_400, 0)
    other = ordered(cast.lumen, new(make_plan()))
    pay(other, now=IN_DECEMBER)
    assert earned_in(cast, DECEMBER) == (2_400, 2_400)


@pytest.mark.parametrize("payer", list(Payer))
def test_what_is_credited_is_taken_back_in_proportion_in_its_own_month(cast, now, payer):
    """RULES M11: the month that is over stays as it was."""
    partnership = full(cast, payer)
    order = by_partner(partnership, new(make_plan()))
    paid = line_of(order).net  # 9'600 or 12'000
    refund(order, paid // 3, now=IN_DECEMBER)
    refund(order, paid // 2, now=IN_DECEMBER)
    kept, taken = (2_400, 0), (-2_000, 0)
    if payer is Payer.CLIENT:
        kept, taken = kept[::-1], taken[::-1]
    assert earned_in(cast) == kept and earned_in(cast, DECEMBER) == taken
    lines = lines_in(cast, IN_DECEMBER, DECEMBER)
    assert [line.amount.minor for line in lines] == [-800, -1_200]
    assert [line.credited.minor for line in lines] == [paid // 3, paid // 3 + paid // 2]
    assert {line.what for line in lines} == (
        {What.DISCOUNT_BACK} if payer is Payer.PARTNER else {What.CASHBACK_BACK}
    )
    cancelled(order, now=IN_DECEMBER + timedelta(days=40))
    everything = [earned_in(cast, month) for month in (NOVEMBER, DECEMBER, date(2027, 1, 1))]
    assert [sum(each) for each in zip(*everything, strict=True)] == [0, 0]


def test_what_was_credited_before_the_payment_counts_with_it(cast):
    """RULES M11."""
    entrusted = full(cast, Payer.PARTNER)
    order = ordered(cast.lumen, new(make_plan()), acting=entrusted)
    refund(order, 4_800)
    pay(order, now=IN_DECEMBER)
    assert earned_in(cast) == (0, 0) and earned_in(cast, DECEMBER) == (1_200, 0)


def test_what_was_never_paid_brings_nothing(cast, now):
    """RULES M6."""
    entrusted = full(cast, Payer.PARTNER)
    cancelled(ordered(cast.lumen, new(make_plan()), acting=entrusted))
    cancelled(ordered(cast.lumen, new(make_plan())))
    assert earned_in(cast) == (0, 0) and lines_in(cast, now) == []


def test_cashback_that_can_not_be_taken_back_is_below_nothing_all_the_same(cast, now):
    """SECURITY L5, RULES M11: what became a debt was taken back, and settling it is no new loss."""
    full(cast)
    order = bought(cast.lumen, new(make_plan()))
    make_withdrawal(cast.lumiere, cast.pierre, 2_000)
    cancelled(order)
    assert earned_in(cast) == (0, 0)
    assert [line.amount.minor for line in lines_in(cast, now)] == [2_400, -400, -2_000]
    bought(cast.lumen, new(make_plan()))
    assert earned_in(cast) == (0, 2_400) and has(cast.lumiere) == 400


def test_each_currency_stands_for_itself(cast, now):
    """RULES O3: a German client's cashback is in EUR."""
    client = make_organisation("Spreewald GmbH", country="DE")
    full(cast)
    full(cast, client=client)
    plan = sources_plan()
    bought(cast.lumen, new(plan, 35))
    bought(client, new(plan, 35))
    assert earned_in(cast) == (0, 5_208) and earned_in(cast, currency="EUR") == (0, 15_094 - 12_075)
    statement = monthly.statement(cast.lumiere, NOVEMBER, now=now)
    assert [each.total for each in statement.sums] == [francs(5_208), Money(3_019, "EUR")]
    assert [(each.name, each.sums) for each in statement.clients] == [
        ("Lumen Optik AG", [Earned(francs(0), francs(5_208))]),
        ("Spreewald GmbH", [Earned(Money(0, "EUR"), Money(3_019, "EUR"))]),
    ]
    assert [chart.currency for chart in statement.charts] == ["CHF", "EUR"]
    assert statement.charts[0].months[NOVEMBER].cashback == francs(5_208)


def test_a_partner_with_limited_access_earns_on_what_it_manages(cast, now):
    """RULES C1, M4."""
    _partnership, mine, other = limited(cast)
    bought(cast.lumen, mine, other)
    [line] = lines_in(cast, now)
    assert (line.label, line.case, line.amount) == ("mine.ch", Case.MANAGED, francs(2_400))


def test_what_a_partner_buys_for_itself_is_no_revenue(cast, now):
    """RULES M4."""
    bought(cast.lumiere, new(make_plan()))
    assert earned_in(cast) == (0, 0) and lines_in(cast, now) == []


def test_earnings_stay_when_the_partnership_ends(cast, now):
    """RULES C11: and its line still names the partnership."""
    partnership = full(cast)
    order = ordered(cast.lumen, new(make_plan()))
    unit_of_work(
        lambda: [setattr(partnership, "ended_at", now), setattr(partnership, "ended_by_side", "client")]
    )()
    pay(order)
    [line] = lines_in(cast, now)
    assert (line.amount, line.partnership) == (francs(2_400), partnership.public_id)


def test_a_long_statement_has_pages_and_a_fixed_number_of_statements(cast, now, statements, monkeypatch):
    full(cast)
    plan = make_plan()
    bought(cast.lumen, new(plan))
    with statements() as few:
        monthly.statement(cast.lumiere, NOVEMBER, now=now)
    bought(cast.lumen, *[new(plan) for _n in range(5)])
    monkeypatch.setattr(monthly, "PER_PAGE", 4)
    with statements() as many:
        first = monthly.statement(cast.lumiere, NOVEMBER, now=now)
    assert len(many) == len(few) <= 7
    second = monthly.statement(cast.lumiere, NOVEMBER, now=now, page=2)
    assert [len(each.clients[0].lines) for each in (first, second)] == [4, 2]
    assert (first.more, second.more) == (True, False)
    assert first.clients[0].sums == second.clients[0].sums == list(first.sums)


def test_the_charts_show_twelve_months_whichever_month_is_read(cast, now):
    full(cast)
    bought(cast.lumen, new(make_plan()))
    statement = monthly.statement(cast.lumiere, date(2024, 5, 1), now=now)
    assert list(statement.charts[0].months)[::11] == [date(2025, 12, 1), NOVEMBER]
    assert (statement.sums, statement.clients) == ([], [])


def test_a_month_ends_in_the_operator_s_zone(cast):
    """An order that is paid on 30 November at 23:30 in Zürich, in UTC too, and one an hour later."""
    full(cast)
    bought(cast.lumen, new(make_plan()), at=datetime(2026, 11, 30, 22, 30, tzinfo=UTC))
    bought(cast.lumen, new(make_plan()), at=datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
    assert earned_in(cast) == earned_in(cast, DECEMBER) == (0, 2_400)


def test_statements_begin_with_the_month_of_the_approval(cast, now):
    unit_of_work(
        lambda: setattr(cast.lumiere_partner, "approved_at", datetime(2026, 9, 30, 23, tzinfo=UTC))
    )()
    assert monthly.months_of(cast.lumiere_partner, now=now) == [NOVEMBER, date(2026, 10, 1)]


def test_money_that_was_paid_in_is_no_revenue(cast):
    make_prepaid(cast.lumiere, 10_000)
    assert earned_in(cast) == (0, 0)
