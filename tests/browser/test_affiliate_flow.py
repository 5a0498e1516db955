"""An affiliate from joining to the payout (UX 7: F11; RULES F1–F8), in all three languages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.sentences import said
from tests.browser.steps import Way, anew, give_password
from tests.factories import PASSWORD, make_affiliate, make_customer, make_order, make_plan
from webapp.affiliation import queries
from webapp.affiliation.models import Attribution
from webapp.earnings import queries as earnings
from webapp.extensions import db
from webapp.orders import actions as orders
from webapp.orders.quotes import Wanted
from webapp.payouts import actions as payouts
from webapp.payouts.models import Payout, PayoutPreference
from webapp.payouts.rules import Kind

DAY = timedelta(days=1)
ALL = pytest.mark.parametrize("way", [Way(True, "en"), Way(False, "de"), Way(True, "fr")], ids=str)


def buys(customer, net, *, now):
    """A paid order of so much, in minor units."""
    return make_order(
        customer, Wanted(make_plan(price_chf=net, sliding=False), "example.com"), now=now, paid=True
    )


@ALL
def test_somebody_joins_and_its_link_wins_a_customer(app, cast, clock, new_context, visit, way):
    """F11, RULES F1, F2: joining, the link, the visitor's yes, the sign-up."""
    stefan = visit(cast.stefan, way)
    org = cast.stefans.public_id
    stefan.go(f"/o/{org}/affiliate/join")
    stefan.look()
    stefan.hands.tick("#terms")
    give_password(stefan)
    stefan.press_on("/affiliate/links")
    anew()
    account = queries.account_of(cast.stefans)
    link = stefan.find("main input[readonly]").first
    expect(link).to_have_value(f"{app.config['SETTINGS'].base_url}/?ref={account.tag}")

    guest = visit(None, way)
    guest.page.goto(link.input_value())
    guest.look()
    guest.follow("button[name=remember][value=yes]", "/")
    clock.forward(minutes=10)
    guest.go("/sign-up")
    for field, typed in (
        ("name", "Gina Gast"), ("email", "gina@gast.example"), ("new_password", PASSWORD), ("street", "Hofweg 3"),
        ("postcode", "4051"), ("city", "Basel"), ("organisation_name", "Gast AG"),
    ):  # fmt: skip
        guest.hands.write(f"#{field}", typed)
    guest.press_on("/sign-up/done")
    anew()
    won = db.session.query(Attribution).one()
    assert (won.account_id, won.organisation.name) == (account.id, "Gast AG")
    stefan.go(f"/o/{org}/affiliate/links")
    expect(stefan.find("main")).to_contain_text(
        said("%(num)s new customer", way.language, num=1) if way.language == "en" else "1"
    )


@ALL
def test_waiting_confirmed_and_paid(cast, clock, visit, way):
    """F11, RULES F5, F6, F8: day 30 and day 31, 49.99 and 50.00, a refund, the chart's table and the list."""
    account = make_affiliate(cast.stefans, by=cast.stefan)
    customer = make_customer(account, now=clock.now)
    first = buys(customer, 199_96, now=clock.now)  # 49.99 at 25 per cent
    gone = buys(customer, 400_00, now=clock.now)
    orders.cancel(gone, reason="Zurück", by=None, now=clock.now)
    page = f"/o/{cast.stefans.public_id}/affiliate"
    words = {
        state: said(sentence, way.language)
        for state, sentence in (("confirmed", "Confirmed"), ("cancelled", "Cancelled: order refunded"))
    }

    def badge(order):
        return stefan.find(f"tr:has-text('{order.number}') .badge")

    clock.forward(days=30)
    stefan = visit(cast.stefan, way)
    stefan.go(page)
    stefan.look()
    expect(badge(first)).not_to_have_text(words["confirmed"])
    expect(badge(gone)).to_have_text(words["cancelled"])
    clock.forward(days=1)
    stefan = visit(cast.stefan, way)  # a day later the session is over
    stefan.go(page)
    expect(badge(first)).to_have_text(words["confirmed"])
    next_month = (clock.now.replace(day=1) + 32 * DAY).replace(day=1)
    assert payouts.run_month(next_month.date(), now=next_month) == 0  # 49.99
    last = buys(customer, 4, now=clock.now - 40 * DAY)
    anew()
    assert queries.commission_of(last).amount == 1
    assert payouts.run_month(next_month.date(), now=next_month) == 1  # 50.00
    anew()
    assert db.session.query(Payout).one().amount == 50_00
    stefan.go(page)
    stefan.look()
    stefan.hands.press("section[aria-labelledby='months-h'] summary")
    rows = stefan.find("section[aria-labelledby='months-h'] tbody tr")
    chart = earnings.chart(account, today=clock.now.date())
    assert rows.count() == len(chart.months) == 12
    listed = sum(line.amount.minor for line in earnings.all_lines(account))
    assert sum(amount.minor for amount in chart.months.values()) == listed == 50_00


@ALL
def test_the_rate_rises_and_an_iban_is_kept(cast, clock, visit, way):
    """F11, RULES F5, F8: 999.99 and 1000.00; an IBAN typed with blanks, shown without its middle."""
    account = make_affiliate(cast.stefans, by=cast.stefan)
    customer = make_customer(account, now=clock.now)
    buys(customer, 399_996, now=clock.now)  # 999.99 at 25 per cent
    stefan = visit(cast.stefan, way)
    page = f"/o/{cast.stefans.public_id}/affiliate"
    stefan.go(page)
    expect(stefan.find("#rate-h")).to_contain_text("30")
    buys(customer, 3, now=clock.now)  # a cent at 30 per cent
    stefan.go(page)
    expect(stefan.find("#rate-h")).to_contain_text("35")
    stefan.go(f"{page}/preferences")
    stefan.look()
    stefan.hands.tick("#kind-1")
    stefan.hands.write("#iban", "CH93 0076 2011 6238 5295 8")
    stefan.hands.write("#holder", "Stranger & Sons")
    give_password(stefan)
    stefan.hands.press("main form[method=post] button.primary")
    expect(stefan.find("#iban-error")).to_be_visible()
    stefan.hands.write("#iban", "CH93 0076 2011 6238 5295 7")
    if stefan.find("#password").count():
        give_password(stefan)
    stefan.press_on("/preferences")
    anew()
    kept = db.session.query(PayoutPreference).one()
    assert (kept.kind, kept.target) == (Kind.IBAN, "CH9300762011623852957")
    expect(stefan.find("main")).to_contain_text("CH93 •••• 2957")
    assert "0076 2011" not in stefan.find("main").inner_text()
