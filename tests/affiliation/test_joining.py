"""The public page, joining and closing, and the rules (RULES A3, F)."""

import pytest

from tests.factories import PASSWORD, make_affiliate, make_application, make_customer, make_order
from tests.times import NOW
from webapp.affiliation import actions, queries
from webapp.affiliation.rules import MayNotJoin, Reason


def at(organisation, page=""):
    return f"/en/o/{organisation.public_id}/affiliate{page}"


def test_the_public_page_says_what_recommending_pays(client, cast):
    """RULES F5: 200.- a month, at 25, then at 30 per cent."""
    page = client.get_page("/en/affiliate?amount=200&currency=CHF")
    for words in ("From CHF 20’000", "50%", "Join the affiliate programme", "CHF 710.00 in the first year"):
        assert words in page
    assert "Enter an amount such as" in client.get_page("/en/affiliate?amount=much")


def test_a_legal_representative_joins_with_the_password(client, cast):
    """RULES A3, F1."""
    client.sign_in(cast.stefan)
    address = at(cast.stefans, "/join")
    menu = client.get_page(f"/en/o/{cast.stefans.public_id}/").all_links
    assert any(link.endswith("/affiliate/join") for link in menu)
    assert "Accept the rules to take part." in client.submit(address, {"password": PASSWORD})
    assert "Enter your password." in client.submit(address, {"terms": "y"})
    assert queries.account_of(cast.stefans) is None
    done = client.submit(address, {"terms": "y", "password": PASSWORD})
    assert done.location.endswith("/affiliate/links")
    account = queries.account_of(cast.stefans)
    assert account.tag and cast.stefans.programme == "affiliate"
    assert "is in the affiliate programme" in client.get_page(f"/en/o/{cast.stefans.public_id}/application")
    assert client.get_page(address, status=303).location.endswith("/affiliate")


def test_a_partner_is_told_why_it_can_t_join(client, cast):
    """RULES A3: nobody is partner and affiliate at once."""
    client.sign_in(cast.pierre)
    page = client.get_page(at(cast.lumiere, "/join"))
    assert page.h1 == "Lumière Digital Sàrl is a partner" and "leave the partner programme first" in page
    assert client.post_to(at(cast.lumiere, "/join"), {"terms": "y", "password": PASSWORD}).status == 200
    with pytest.raises(MayNotJoin):
        actions.join(cast.lumiere, by=cast.pierre, now=NOW)
    assert queries.account_of(cast.lumiere) is None


def test_who_has_applied_to_be_a_partner_waits(client, cast):
    """RULES A3."""
    make_application(cast.stefans, cast.stefan)
    client.sign_in(cast.stefan)
    assert "has applied to become a partner" in client.get_page(at(cast.stefans, "/join"))
    with pytest.raises(MayNotJoin):
        actions.join(cast.stefans, by=cast.stefan, now=NOW)


def test_closing_stops_what_counts_and_frees_the_way(client, cast):
    """RULES A3, F8: what was earned stays; opened again, the account has its tag and its balance."""
    account = make_affiliate(cast.stefans, by=cast.stefan)
    customer = make_customer(account)
    make_order(customer)
    client.sign_in(cast.stefan)
    assert "it stays on the account" in client.get_page(at(cast.stefans, "/closing"))
    assert client.submit(at(cast.stefans, "/closing")).status == 422
    client.submit(at(cast.stefans, "/closing"), {"password": PASSWORD})
    assert account.closed_at and cast.stefans.programme is None and account.earned == 3_000
    assert "was closed on" in client.get_page(at(cast.stefans))
    assert queries.commission_of(make_order(customer)).reason is Reason.CLOSED
    tag = account.tag
    assert "opens it again" in client.get_page(at(cast.stefans, "/join"))
    client.submit(at(cast.stefans, "/join"), {"terms": "y"})  # the password was shown a moment ago
    assert account.closed_at is None and account.tag == tag and account.earned == 3_000


def test_the_rules_tell_the_three_clocks_apart(client, cast):
    """RULES F2, F6, and the eight reasons of F3 and F4."""
    make_affiliate(cast.stefans, by=cast.stefan)
    client.sign_in(cast.stefan)
    page = client.get_page(at(cast.stefans, "/rates"))
    for words in ("30 days, until the sign-up", "for 365 days", "waits 30 days", "within 24 hours", "CHF 50"):
        assert words in page
    assert len(client.get_page(at(cast.stefans, "/missing")).main.all("ol")[0].all("li")) == 8


def test_others_have_no_such_pages(client, cast):
    client.sign_in(cast.stefan)
    for page in ("/rates", "/missing", "/closing", "/statement", "/earnings.csv"):
        assert client.get(at(cast.stefans, page)).status_code == 404
    assert client.get_page(at(cast.stefans), status=303).location.endswith("/affiliate/join")
