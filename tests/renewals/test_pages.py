"""The pages of renewals: what is due, what it costs, what renews by itself, which mails come (RULES M8)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.factories import make_partnership, make_plan
from tests.orders.story import ordered
from tests.renewals.story import IN_A_WEEK, by_hand, change, monthly, product
from webapp.extensions import db
from webapp.partnerships.rules import Access, Payer, Side
from webapp.products.rules import Family
from webapp.renewals import queries
from webapp.renewals.rules import Wishes


@pytest.fixture
def nadia(client, cast):
    return client.sign_in(cast.nadia)


@pytest.fixture
def wallet(cast):
    """Lumière has full access to Lumen Optik and pays for what it orders."""
    return make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)


def renewals(organisation):
    return f"/en/o/{organisation.public_id}/renewals"


def notices(organisation):
    return f"{renewals(organisation)}/notices"


def switch(organisation, it):
    return f"/en/o/{organisation.public_id}/products/{it.public_id}/automatic"


def rows(page):
    return [row.text for row in page.main.all("tr") if row.get("id")]


def row(page, it):
    (found,) = [each.text for each in page.main.all("tr") if each.get("id") == it.public_id]
    return found


# --- what is due --------------------------------------------------------------------------------------------


def test_what_is_due_is_listed_by_month(nadia, cast):
    """RULES M8"""
    product(cast.lumen, "december.ch", date(2026, 12, 24))
    by_hand(cast.lumen, "november.ch", date(2026, 11, 30))
    product(cast.lumen, "overdue.ch", date(2026, 11, 20), auto_renew=False)
    product(cast.lumen, "in-two-years.ch", date(2028, 1, 1))
    product(cast.lumen, "ended.ch", date(2026, 12, 1), ended_at=cast.lumen.created_at)
    product(cast.stefans, "others.ch", date(2026, 12, 1))
    page = nadia.get_page(renewals(cast.lumen))
    groups = [each.text for each in page.main.with_class("group")]
    assert groups == ["Overdue", "November 2026", "December 2026"]
    assert [text.split()[0] for text in rows(page)] == ["overdue.ch", "november.ch", "december.ch"]
    assert "20 Nov 2026 Overdue" in rows(page)[0]


def test_prices_are_those_of_today(nadia, cast):
    """RULES M2: with the sliding scale over all that the payer has."""
    plan = make_plan(family=Family.WEB)
    for n in range(5):
        product(cast.lumen, f"site-{n}.ch", plan=plan)
    assert "CHF 114.00" in rows(nadia.get_page(renewals(cast.lumen)))[0]


def test_an_empty_list_says_what_will_be_there(nadia, cast):
    page = nadia.get_page(renewals(cast.lumen))
    assert "Nothing renews within a year" in page


def test_a_long_list_has_pages_and_few_statements(nadia, cast, statements):
    plan = make_plan()
    for n in range(60):
        product(cast.lumen, f"site-{n:02}.ch", plan=plan)
    with statements() as seen:
        page = nadia.get_page(renewals(cast.lumen))
    assert len(rows(page)) == 50
    assert len(seen) < 20, len(seen)
    assert len(rows(nadia.get_page(f"{renewals(cast.lumen)}?page=2"))) == 10
    assert "No renewals on this page" in nadia.get_page(f"{renewals(cast.lumen)}?page=9")


def test_who_pays_sees_the_price_and_the_other_one_does_not(nadia, another, cast, wallet):
    """RULES O8, M4, M5: only the payer sees amounts; a partner sees what it pays for clients."""
    paid, own = product(cast.lumen, "paid.ch", payer=cast.lumiere), product(cast.lumen, "own.ch")
    page = nadia.get_page(renewals(cast.lumen))
    assert "paid by Lumière Digital Sàrl" in row(page, paid) and "CHF" not in row(page, paid)
    assert "CHF 120.00" in row(page, own)
    pierre = another().sign_in(cast.pierre)
    page = pierre.get_page(renewals(cast.lumiere))
    assert len(rows(page)) == 1
    assert "CHF 96.00 for Lumen Optik AG" in row(page, paid)
    for link in page.links.values():
        assert pierre.get(link).status_code == 200, link
    change(wallet, ended_at=cast.lumen.created_at, ended_by_side=Side.CLIENT)
    assert rows(pierre.get_page(renewals(cast.lumiere))) == []
    assert "CHF 120.00" in row(nadia.get_page(renewals(cast.lumen)), paid)


def test_what_is_ordered_waits_for_its_payment(nadia, cast):
    it = product(cast.lumen, "waiting.ch")
    order = ordered(cast.lumen, it)
    page = nadia.get_page(renewals(cast.lumen))
    assert "Ordered, waits for its payment" in row(page, it)
    assert not [each for each in page.buttons if each.startswith("Switch")]
    assert page.links["Ordered, waits for its payment"].endswith(f"/orders/{order.public_id}")


def test_renew_leads_to_the_order(nadia, cast):
    """RULES M8: by hand, at any time."""
    it = by_hand(cast.lumen, "site.ch")
    (link,) = [each for each in nadia.get_page(renewals(cast.lumen)).main.all("a") if each.text == "Renew"]
    assert link.get("aria-label") == "Renew site.ch"
    assert "site.ch" in nadia.get_page(link.get("href"))
    assert it.renews_on == IN_A_WEEK


# --- the switch ---------------------------------------------------------------------------------------------


def test_a_switch_per_product(nadia, cast):
    """RULES M8: automatic renewal."""
    it = monthly(cast.lumen, IN_A_WEEK, label="site.ch")
    page = nadia.submit(renewals(cast.lumen), to=switch(cast.lumen, it))
    assert page.status == 303 and page.location == f"{renewals(cast.lumen)}"
    page = nadia.get_page(page.location)
    assert page.notices == ["site.ch no longer renews by itself."]
    assert "No Switch on" in row(page, it)
    db.session.refresh(it)
    assert not it.auto_renew
    nadia.submit(renewals(cast.lumen), to=switch(cast.lumen, it))
    assert nadia.get_page(renewals(cast.lumen)).notices == ["site.ch renews by itself."]


def test_the_switch_goes_back_to_its_page_of_the_list(nadia, cast):
    plan = make_plan()
    for n in range(51):
        product(cast.lumen, f"site-{n:02}.ch", plan=plan)
    it = product(cast.lumen, "zuletzt.ch", plan=plan)
    page = nadia.submit(f"{renewals(cast.lumen)}?page=2", to=switch(cast.lumen, it))
    assert page.headers["Location"].endswith(f"/renewals?page=2#{it.public_id}")


def test_without_a_token_nothing_changes(nadia, cast):
    it = product(cast.lumen)
    nadia.post(switch(cast.lumen, it), data={"automatic": "off"})
    db.session.refresh(it)
    assert it.auto_renew


def test_others_products_are_not_there(nadia, cast, wallet):
    other = product(cast.stefans)
    assert nadia.post_to(switch(cast.lumen, other), {"automatic": "off"}).status == 404
    assert nadia.post_to(switch(cast.stefans, other), {"automatic": "off"}).status == 404


def test_the_partner_switches_what_it_pays_for(client, cast, wallet):
    it = product(cast.lumen, payer=cast.lumiere)
    client.sign_in(cast.pierre).submit(renewals(cast.lumiere), to=switch(cast.lumiere, it))
    db.session.refresh(it)
    assert not it.auto_renew


# --- which mails --------------------------------------------------------------------------------------------


def test_everything_is_on_until_somebody_chooses(nadia, cast):
    """RULES M8"""
    page = nadia.get_page(notices(cast.lumen))
    ticked = [box.get("value") for box in page.main.all("input") if box.has("checked")]
    assert ticked == ["y", "30", "7", "y", "y", "y"]


def test_each_mail_is_switchable_and_the_intervals_chosen(nadia, cast):
    """RULES M8: 60, 30, 14, 7, 1 days; automatic reminder, confirmation, invoice."""
    choice = {"days": ["60", "1"], "automatic_reminder": None, "automatic_done": None, "invoice_issued": None}
    page = nadia.submit(notices(cast.lumen), choice)
    assert page.status == 303
    assert nadia.get_page(page.location).notices == ["Your choice of mails is saved. It counts from now on."]
    assert queries.wishes_of(cast.lumen) == Wishes(True, (60, 1), False, False, False)
    nadia.submit(notices(cast.lumen), {"reminders": None, "days": None})
    assert queries.wishes_of(cast.lumen) == Wishes(False, (), False, False, False)
    boxes = [box for box in nadia.get_page(notices(cast.lumen)).main.all("input") if box.has("checked")]
    assert boxes == []


def test_reminders_without_an_interval_are_asked_about(nadia, cast):
    page = nadia.submit(notices(cast.lumen), {"days": None, "automatic_done": None})
    assert page.status == 422
    assert page.errors == ["Choose at least one, or switch the reminders off."]
    ticked = [box.get("name") for box in page.main.all("input") if box.has("checked")]
    assert ticked == ["reminders", "automatic_reminder", "invoice_issued"], "nothing chosen is lost"


def test_only_offered_intervals_are_taken(nadia, cast):
    """RULES M8: up to 2 months ahead, as the policy says."""
    page = nadia.submit(notices(cast.lumen), {"days": ["61"]})
    assert page.status == 422 and page.errors == ["Choose from the options shown."]


def test_a_collaborator_reads_whom_to_ask(client, cast):
    client.sign_in(cast.hugo)
    for address in (renewals(cast.lumen), notices(cast.lumen)):
        assert client.get_page(address, status=403)


def test_the_menu_has_the_entry_for_those_who_see_the_money(nadia, another, cast):
    overview = f"/en/o/{cast.lumen.public_id}"
    assert renewals(cast.lumen) in nadia.get_page(renewals(cast.lumen)).all_links
    hugo = another().sign_in(cast.hugo)
    assert renewals(cast.lumen) not in hugo.get_page(f"{overview}/products").all_links


def test_a_day_s_difference_decides_what_is_overdue(nadia, cast, clock):
    it = by_hand(cast.lumen, "today.ch", clock.now.date())
    assert "Overdue" not in row(nadia.get_page(renewals(cast.lumen)), it)
    clock.now += timedelta(days=1)
    nadia.sign_in(cast.nadia)
    assert "Overdue" in row(nadia.get_page(renewals(cast.lumen)), it)
