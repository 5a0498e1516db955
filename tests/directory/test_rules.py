"""Who may apply, what a website is, where a partner stands (RULES A)."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from webapp.directory.rules import Filters, Obstacle, normal_website, obstacle, volume_standing
from webapp.money import Money

SINCE = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("company", "programme", "waiting", "number"),
    list(product([True, False], [None, "partner", "affiliate"], [False, True], ["CHE-1", None, ""])),
)
def test_a_registered_company_outside_of_both_programmes_may_apply_once_at_a_time(
    company, programme, waiting, number
):
    """RULES A1, A3, A4: the whole truth table."""
    found = obstacle(company=company, programme=programme, waiting=waiting, register_number=number)
    if programme:
        assert found == programme  # partner or affiliate: never both
    elif not company:
        assert found is Obstacle.INDIVIDUAL
    elif waiting:
        assert found is Obstacle.WAITING
    else:
        assert found is (None if number else Obstacle.NO_REGISTER_NUMBER)


@pytest.mark.parametrize(
    ("managed", "reached", "share"),
    [(0, False, 0), (199_999, False, 99), (200_000, True, 100), (900_000, True, 100)],
)
@pytest.mark.parametrize("months_ago", [0, 11, 13])
def test_the_volume_is_measured_against_what_is_asked(managed, reached, share, months_ago):
    """RULES A2."""
    volume = Money(managed, "CHF")
    now = SINCE + timedelta(days=months_ago * 30.5)
    standing = volume_standing(volume, Money(200_000, "CHF"), since=SINCE, months=12, now=now)
    assert (standing.managed, standing.reached, standing.share) == (volume, reached, share)
    assert standing.in_grace is (months_ago < 12)


@pytest.mark.parametrize(
    ("months", "due"),
    [
        (12, datetime(2027, 1, 31, tzinfo=UTC)),
        (1, datetime(2026, 2, 28, tzinfo=UTC)),
        (25, datetime(2028, 2, 29, tzinfo=UTC)),
        (11, datetime(2026, 12, 31, tzinfo=UTC)),
        (0, SINCE),
    ],
)
def test_a_new_partner_has_some_months_to_reach_it(months, due):
    """RULES A2: by the calendar, also at the end of a month."""
    nothing, asked = Money(0, "EUR"), Money(180_000, "EUR")
    before = volume_standing(nothing, asked, since=SINCE, months=months, now=SINCE)
    assert before.due == due and before.in_grace is (months > 0)
    assert not volume_standing(nothing, asked, since=SINCE, months=months, now=due).in_grace


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("example.com", "https://example.com/"),
        ("HTTP://Www.Example.COM", "http://www.example.com/"),
        ("https://example.com/shop?a=1#top", "https://example.com/shop?a=1"),
        ("https://example.com:8443/", "https://example.com:8443/"),
        ("https://example.com:443/", "https://example.com/"),
        ("https://bücher.example", "https://xn--bcher-kva.example/"),
    ],
)
def test_a_website_is_kept_in_one_form(typed, kept):
    assert normal_website(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "example",
        "ftp://example.com",
        "javascript:alert(1)",
        "javascript://example.com/%0aalert(1)",
        "data:text/html,x",
        "https://",
        "https://user:pw@example.com",
        "https://user@example.com",
        "//example.com",
        "https://localhost",
        "https://10.0.0.1",
        "https://[::1]/",
        "https://2130706433/",
        "https://printer.local",
        "https://example.com\\@evil.example",
        "https://exa mple.com",
        "https://-x.example",
        "https://example.com:x",
        "https://a..example",
        "https://" + "a" * 70 + ".example",
    ],
)
def test_anything_but_a_public_web_address_is_refused(typed):
    with pytest.raises(ValueError):
        normal_website(typed)


def test_filters_know_whether_something_is_asked():
    assert not Filters().any
    assert Filters(q="x").any and Filters(services=("web",)).any
    assert Filters(q="x", speaks="de").without_words == Filters(speaks="de")
