"""Names of domains, and what a page has shown."""

import pytest

from webapp.money import Money
from webapp.ordering.rules import PERIODS, Seen, is_domain
from webapp.orders.rules import PERIODS_MOST
from webapp.partnerships.rules import Payer
from webapp.products.rules import Period


@pytest.mark.parametrize(
    "name", ["example.ch", "müller-optik.swiss", "a.b.example.co.uk", "1und1.de", "xn--bcher-kva.ch"]
)
def test_a_domain_has_a_name(name):
    assert is_domain(name)


@pytest.mark.parametrize(
    "name",
    ["", "example", ".ch", "example.", "-a.ch", "a-.ch", "a b.ch", "a_b.ch", "http://a.ch", "192.168.1.1",
     "a..ch", f"{'a' * 64}.ch", f"{'a.' * 127}ch"],
)  # fmt: skip
def test_other_words_are_none(name):
    assert not is_domain(name)


def test_what_was_shown_comes_back_as_it_went():
    seen = Seen(Payer.PARTNER, Money(20_832, "CHF"), "0123456789abcdef")
    assert Seen.read(str(seen)) == seen


@pytest.mark.parametrize(
    "text",
    ["", "client", "client.CHF1", "nobody.CHF1.0123456789abcdef", "client.USD1.0123456789abcdef",
     "client.CHF-1.0123456789abcdef", "client.CHF1.0123456789abcde", "client.CHF1.0123456789abcdef\n"],
)  # fmt: skip
def test_what_no_page_of_ours_says_was_not_shown(text):
    assert Seen.read(text) is None


def test_nothing_can_be_ordered_for_longer_than_an_order_allows():
    assert max(PERIODS[Period.MONTH]) <= PERIODS_MOST and max(PERIODS[Period.YEAR]) <= PERIODS_MOST
    assert all(choices[0] == 1 for choices in PERIODS.values())
