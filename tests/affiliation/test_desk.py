"""Affiliates at the operator's desk."""

import pytest

from tests.factories import make_affiliate, make_customer, make_order, make_organisation, make_rate, make_user
from webapp.affiliation import queries
from webapp.affiliation.rules import Reason, Verdict


@pytest.fixture
def held(cast):
    """A customer at the affiliate's own place, which has ordered and paid."""
    account = make_affiliate(make_organisation("Anna & Co", owner=make_user("Anna"), street="Am Bach 1"))
    customer = make_customer(account, "Won AG", street="Am Bach 1")
    make_order(customer, paid=True)
    return queries.attribution_of(customer.id)


def test_a_suspicious_customer_is_on_the_desk_until_somebody_decides(client, cast, held):
    """RULES F3."""
    client.sign_in(cast.olga)
    assert "1 customer of an affiliate is to be reviewed" in client.get_page("/en/admin/")
    page = client.get_page("/en/admin/affiliates")
    assert "Won AG" in page and "Street and postcode are the affiliate’s own." in page
    address = f"/en/admin/affiliates/customers/{held.public_id}"
    assert "CHF 120.00 × 25%" in client.get_page(address)
    assert client.submit(address).status == 422
    client.submit(address, {"verdict": "allowed", "note": "Shared office"})
    (commission,) = queries.commissions_of(held)
    assert held.verdict is Verdict.ALLOWED and commission.confirms_on and commission.amount == 3_000
    page = client.get_page(address)
    assert "Shared office" in page and "Olga Ott on" in page
    assert "to be reviewed" not in client.get_page("/en/admin/")


def test_a_refused_customer_brings_nothing(client, cast, held):
    """RULES F3: what was booked is taken back, and what it orders later does not count."""
    client.sign_in(cast.olga)
    address = f"/en/admin/affiliates/customers/{held.public_id}"
    client.submit(address, {"verdict": "refused"})
    (commission,) = queries.commissions_of(held)
    assert (commission.reason, commission.amount, held.account.earned) == (Reason.REFUSED, 0, 0)
    later = queries.commission_of(make_order(held.organisation))
    assert later.reason is Reason.REFUSED
    client.submit(address, {"verdict": "allowed"})
    assert [each.amount for each in queries.commissions_of(held)] == [3_000, 3_000]
    assert "Somebody has decided this already" in client.submit(address, {"verdict": "allowed"})


def test_affiliates_are_found_by_name_and_tag(client, cast, held):
    client.sign_in(cast.olga)
    for words in ("anna", held.account.tag.upper()):
        assert "Anna & Co" in client.get_page(f"/en/admin/affiliates?q={words}")
    assert "No affiliate found" in client.get_page("/en/admin/affiliates?q=nobody")
    page = client.get_page(f"/en/admin/affiliates/{held.account.public_id}")
    assert "Won AG" in page and "To be reviewed" in page


def test_an_order_in_another_currency_shows_its_rate(client, cast):
    """RULES F9."""
    account = make_affiliate(make_organisation("Anna & Co", owner=make_user("Anna"), street="Am Bach 1"))
    make_rate()
    customer = make_customer(account, country="DE", currency="EUR")
    make_order(customer)
    client.sign_in(cast.olga)
    page = client.get_page(f"/en/admin/affiliates/customers/{queries.attribution_of(customer.id).public_id}")
    assert "110.00 × 25%" in page and "× 0.950000" in page
