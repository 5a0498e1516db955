"""Languages and regions: the words by language, dates, numbers and money by country (UX section 4)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from babel.messages.catalog import Catalog

from webapp import i18n
from webapp.i18n import day, instant, listing, money, number, place, speaking
from webapp.money import Money

READERS = [("en", "CH"), ("en", "GB"), ("de", "CH"), ("de", "DE"), ("fr", "CH"), ("fr", "FR")]


def plain(text):
    """CLDR's blanks differ from release to release: U+00A0 and U+202F are blanks here."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def said(reader, function, *args, **kwargs):
    with speaking(*reader):
        return plain(function(*args, **kwargs))


@pytest.mark.parametrize(
    ("reader", "francs", "euros"),
    [
        (("en", "CH"), "CHF 1’234’567.50", "€-42.00"),
        (("en", "GB"), "CHF 1,234,567.50", "-€42.00"),
        (("de", "CH"), "CHF 1’234’567.50", "EUR-42.00"),
        (("de", "DE"), "1.234.567,50 CHF", "-42,00 €"),
        (("fr", "CH"), "1 234 567,50 CHF", "-42,00 €"),
        (("fr", "FR"), "1 234 567,50 CHF", "-42,00 €"),
    ],
)
def test_money_is_written_as_the_country_does(reader, francs, euros):
    assert said(reader, money, Money(123_456_750, "CHF")).replace("CHF1", "CHF 1") == francs
    assert said(reader, money, Money(-4200, "EUR")) == euros


@pytest.mark.parametrize(
    ("reader", "whole", "broken"),
    [
        (("de", "CH"), "CHF 5’000", "CHF 5’000.50"),
        (("de", "DE"), "5.000 CHF", "5.000,50 CHF"),
        (("de", "AT"), "CHF 5.000", "CHF 5.000,50"),
        (("fr", "CH"), "5 000 CHF", "5 000,50 CHF"),
        (("fr", "FR"), "5 000 CHF", "5 000,50 CHF"),
        (("en", "GB"), "CHF 5,000", "CHF 5,000.50"),
    ],
)
def test_whole_amounts_can_be_written_without_cents(reader, whole, broken):
    assert said(reader, money, Money(500_000, "CHF"), whole=True).replace("CHF5", "CHF 5") == whole
    assert said(reader, money, Money(500_050, "CHF"), whole=True).replace("CHF5", "CHF 5") == broken


@pytest.mark.parametrize(
    ("reader", "long", "medium"),
    [
        (("en", "CH"), "3 November 2026", "3 Nov 2026"),
        (("en", "GB"), "3 November 2026", "3 Nov 2026"),
        (("de", "CH"), "3. November 2026", "03.11.2026"),
        (("de", "DE"), "3. November 2026", "03.11.2026"),
        (("fr", "CH"), "3 novembre 2026", "3 nov. 2026"),
        (("fr", "FR"), "3 novembre 2026", "3 nov. 2026"),
    ],
)
def test_dates_never_have_years_of_two_digits(reader, long, medium):
    assert said(reader, day, date(2026, 11, 3)) == long
    assert said(reader, day, date(2026, 11, 3), "medium") == medium


@pytest.mark.parametrize(
    ("reader", "written"),
    [(("en", "CH"), "12’345"), (("en", "GB"), "12,345"), (("de", "CH"), "12’345"), (("de", "DE"), "12.345"),
     (("fr", "CH"), "12 345"), (("fr", "FR"), "12 345")],
)  # fmt: skip
def test_numbers_are_grouped_as_the_country_does(reader, written):
    assert said(reader, number, 12345) == written


def test_a_region_that_a_language_does_not_know_still_has_formats():
    for reader in (("en", "FR"), ("fr", "GB"), ("de", "PT"), ("fr", "XX"), ("en", "")):
        assert said(reader, day, date(2026, 11, 3)).endswith("2026")
        assert "42" in said(reader, money, Money(4200, "EUR"))


def test_an_instant_is_shown_where_the_operator_is(app):
    late = datetime(2026, 12, 19, 23, 30, tzinfo=UTC)  # half past midnight in Zurich
    assert said(("en", "CH"), instant, late) == "20 Dec 2026, 00:30"
    assert said(("en", "CH"), day, late) == "20 December 2026"
    summer = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert said(("de", "CH"), instant, summer) == "01.07.2026, 14:00"


def test_lists_end_with_and():
    assert said(("en", "GB"), listing, ["a", "b", "c"]) == "a, b and c"
    assert said(("fr", "FR"), listing, ["a", "b", "c"]) == "a, b et c"
    assert said(("de", "CH"), listing, ["a", "b"]) == "a und b"
    assert listing([]) == ""


def test_places_have_a_name_in_each_language():
    assert [said((language, "CH"), place, "CH-GE") for language in ("en", "fr", "de")] == [
        "Geneva",
        "Genève",
        "Genf",
    ]


def test_a_language_inside_another_ends_where_it_began():
    with speaking("fr", "CH"):
        with speaking("de", "CH"):
            assert i18n.current_language() == "de"
        assert i18n.current_language() == "fr"
    assert i18n.current_language() == "en"


@pytest.fixture
def catalogue(monkeypatch, tmp_path):
    """A catalogue of our own, so that these tests do not hang on words that somebody may improve."""
    from babel.messages.pofile import write_po

    sentences = {
        "fr": ("%(num)s jour", "%(num)s jours", "Confirmer\u00a0: «\u00a0oui\u00a0»"),
        "de": ("%(num)s Tag", "%(num)s Tage", "Straße „ja“"),
    }
    for language, (one, many, sentence) in sentences.items():
        made = Catalog(locale=language)
        made.add(("%(num)s day", "%(num)s days"), (one, many))
        made.add("Sentence", sentence)
        file = tmp_path / language / "LC_MESSAGES" / "messages.po"
        file.parent.mkdir(parents=True)
        with file.open("wb") as stream:
            write_po(stream, made)
    monkeypatch.setattr(i18n, "CATALOGUES", tmp_path)
    i18n.catalogue.cache_clear()
    yield
    i18n.catalogue.cache_clear()


@pytest.mark.parametrize(
    ("language", "none", "one", "two"),
    [
        ("en", "0 days", "1 day", "2 days"),
        ("fr", "0 jour", "1 jour", "2 jours"),
        ("de", "0 Tage", "1 Tag", "2 Tage"),
    ],
)
def test_none_one_and_two_of_something(catalogue, language, none, one, two):
    """French counts nothing as one."""
    counted = [said((language, "CH"), i18n.ngettext, "%(num)s day", "%(num)s days", n) for n in (0, 1, 2)]
    assert counted == [none, one, two]


def test_the_number_in_a_sentence_is_written_as_the_country_does(catalogue):
    assert said(("de", "CH"), i18n.ngettext, "%(num)s day", "%(num)s days", 12345) == "12’345 Tage"


def test_switzerland_has_its_own_spelling(catalogue):
    """RULES L2: no ß and « » in German, narrow blanks in French."""
    for region, written in (
        ("DE", "Straße „ja“"),
        ("AT", "Straße „ja“"),
        ("CH", "Strasse «ja»"),
        ("LI", "Strasse «ja»"),
    ):
        with speaking("de", region):
            assert i18n.gettext("Sentence") == written
    with speaking("fr", "FR"):
        assert i18n.gettext("Sentence") == "Confirmer\u00a0: «\u00a0oui\u00a0»"
    with speaking("fr", "CH"):
        assert i18n.gettext("Sentence").startswith("Confirmer\u202f:")


def test_a_lazy_sentence_is_said_when_it_is_shown(catalogue):
    sentence = i18n.lazy("Sentence")
    with speaking("de", "DE"):
        assert str(sentence) == "Straße „ja“"
    assert str(sentence) == "Sentence"


def test_decimals_are_exact():
    assert said(("en", "GB"), number, Decimal("0.5")) == "0.5"


# --- addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cookie", "language"),
    [
        ("fr-CH,fr;q=0.9", None, "fr"),
        ("de-AT", None, "de"),
        ("it,es", None, "en"),
        ("", None, "en"),
        ("fr", "de", "de"),
        ("fr", "xx", "fr"),
        ("*", None, "en"),
        ("garbage;;;q=,", None, "en"),
    ],
)
def test_an_address_without_a_language_is_negotiated(client, header, cookie, language):
    """Cookie, then browser, then the operator's default."""
    if cookie:
        client.set_cookie("language", cookie)
    response = client.get("/", headers={"Accept-Language": header})
    assert response.status_code == 302 and response.headers["Location"].startswith(f"/{language}/")


def test_the_language_of_the_address_is_never_overridden(client):
    client.set_cookie("language", "de")
    page = client.get_page("/fr/", headers={"Accept-Language": "en"})
    assert page.root.all("html")[0].get("lang") == "fr"


def test_the_switcher_leads_to_the_same_page_with_its_query(client):
    page = client.get_page("/fr/partners?q=web&service=shop")
    assert "/de/partners?q=web&service=shop" in page.all_links
    assert "/en/partners?q=web&service=shop" in page.all_links


def test_the_first_of_a_month_is_written_as_the_french_do(app):
    """RULES L1."""
    first, second = date(2026, 5, 1), date(2026, 5, 2)
    with app.test_request_context():
        for region in ("CH", "FR"):
            with speaking("fr", region):
                assert (day(first), day(second)) == ("1er mai 2026", "2 mai 2026")
        with speaking("en", "GB"):
            assert day(first) == "1 May 2026"
