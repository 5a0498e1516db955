"""Countries and regions: complete, named as a native editor names them, and never an error."""

import re

import pytest

from webapp import places

LANGUAGES = ("en", "fr", "de")


def test_every_country_is_offered_once():
    assert len(places.COUNTRIES) == len(set(places.COUNTRIES)) == 33
    assert places.COUNTRIES[:8] == ("CH", "LI", "FR", "DE", "AT", "BE", "LU", "IT")
    assert list(places.COUNTRIES[8:]) == sorted(places.COUNTRIES[8:])


def test_the_whole_eu_and_eea_are_offered():
    eu = {
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
    }
    eu |= {"LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
    assert set(places.COUNTRIES) == eu | {"IS", "LI", "NO", "CH", "GB", "MC"}


@pytest.mark.parametrize(("country", "count"), [("CH", 26), ("FR", 13), ("DE", 16), ("AT", 9), ("BE", 3)])
def test_a_divided_country_has_all_its_regions(country, count):
    assert len(places.REGIONS[country]) == count


def test_every_region_carries_its_own_code_and_three_clean_names():
    for country, by_code in places.REGIONS.items():
        assert country in places.COUNTRIES
        for code, region in by_code.items():
            assert region.code == code
            assert re.fullmatch(rf"{country}-[A-Z0-9]{{1,3}}", code)
            assert all(name and name == name.strip() and "'" not in name for name in region[1:])


def test_no_two_regions_of_a_country_share_a_name():
    for country in places.REGIONS:
        for language in LANGUAGES:
            names = [name for _, name in places.regions(country, language)]
            assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("code", "en", "fr", "de"),
    [
        ("CH", "Switzerland", "Suisse", "Schweiz"),
        ("DE", "Germany", "Allemagne", "Deutschland"),
        ("GB", "United Kingdom", "Royaume-Uni", "Vereinigtes Königreich"),
        ("CH-VD", "Vaud", "Vaud", "Waadt"),
        ("CH-GE", "Geneva", "Genève", "Genf"),
        ("CH-GR", "Graubünden", "Grisons", "Graubünden"),
        ("CH-SG", "St. Gallen", "Saint-Gall", "St. Gallen"),
        ("CH-TI", "Ticino", "Tessin", "Tessin"),
        ("CH-ZH", "Zurich", "Zurich", "Zürich"),
        ("FR-BRE", "Brittany", "Bretagne", "Bretagne"),
        ("FR-20R", "Corsica", "Corse", "Korsika"),
        ("DE-BY", "Bavaria", "Bavière", "Bayern"),
        ("DE-NW", "North Rhine-Westphalia", "Rhénanie-du-Nord-Westphalie", "Nordrhein-Westfalen"),
        ("AT-9", "Vienna", "Vienne", "Wien"),
        ("BE-VLG", "Flanders", "Flandre", "Flandern"),
    ],
)
def test_a_place_has_its_name_in_each_language(code, en, fr, de):
    assert tuple(places.place_name(code, language) for language in LANGUAGES) == (en, fr, de)


@pytest.mark.parametrize(
    "code", ["", "XX", "US", "ch", "CH-", "CH-XX", "-VD", "VD", "XX-VD", "FR-BE", "Vaud", "CH-VD-1"]
)
def test_an_unknown_code_is_no_place_and_comes_back_as_it_is(code):
    assert not places.is_place(code)
    for language in LANGUAGES:
        assert places.place_name(code, language) == code
        assert places.country_name(code, language) == code
        assert places.region_name(code, language) == code


@pytest.mark.parametrize("code", ["CH", "LI", "MC", "CH-VD", "FR-IDF", "DE-BE", "AT-1", "BE-WAL"])
def test_a_country_and_a_region_are_places(code):
    assert places.is_place(code)


def test_a_country_is_no_region_and_a_region_no_country():
    assert places.region_name("FR", "de") == "FR"
    assert places.country_name("CH-FR", "de") == "CH-FR"


@pytest.mark.parametrize(
    ("code", "country"), [("CH-FR", "CH"), ("FR-20R", "FR"), ("AT-9", "AT"), ("CH", "CH"), ("", "")]
)
def test_a_region_knows_its_country(code, country):
    assert places.country_of(code) == country


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_of_countries_begins_with_the_neighbours(language):
    codes = [code for code, _ in places.countries(language)]
    assert codes[:5] == ["CH", "FR", "DE", "AT", "LI"]
    assert sorted(codes) == sorted(places.COUNTRIES)


@pytest.mark.parametrize(
    ("language", "begin", "end"),
    [
        ("en", ["Belgium", "Bulgaria", "Croatia", "Cyprus"], ["Sweden", "United Kingdom"]),
        ("fr", ["Belgique", "Bulgarie", "Chypre", "Croatie"], ["Suède", "Tchéquie"]),
        ("de", ["Belgien", "Bulgarien", "Dänemark", "Estland"], ["Vereinigtes Königreich", "Zypern"]),
    ],
)
def test_the_other_countries_follow_by_name(language, begin, end):
    names = [name for _, name in places.countries(language)][5:]
    assert (names[:4], names[-2:]) == (begin, end)


def test_accents_do_not_push_a_name_to_the_end():
    french = [name for _, name in places.regions("FR", "fr")]
    assert french.index("Île-de-France") == french.index("Hauts-de-France") + 1
    assert [name for _, name in places.regions("AT", "de")][-1] == "Wien"
    assert ("ES", "Espagne") in places.countries("fr")


@pytest.mark.parametrize("country", ["LI", "LU", "XX", ""])
def test_a_country_that_is_not_divided_has_no_regions(country):
    assert places.regions(country, "en") == []


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("de_CH", "Genf"),
        ("de-AT", "Genf"),
        ("fr_CH", "Genève"),
        ("en_GB", "Geneva"),
        ("en_XA", "Geneva"),
        ("it", "Geneva"),
    ],
)
def test_a_locale_speaks_its_language_and_any_other_is_answered_in_english(language, name):
    assert places.region_name("CH-GE", language) == name
    assert len(places.countries(language)) == len(places.COUNTRIES)


def test_a_list_can_be_changed_without_changing_the_next_one():
    places.countries("en").clear()
    assert places.countries("en")


@pytest.mark.parametrize(
    ("country", "currency"), [("CH", "CHF"), ("LI", "CHF"), ("FR", "EUR"), ("GB", "EUR"), ("XX", "EUR")]
)
def test_the_currency_follows_the_country(country, currency):
    assert places.currency_of(country) == currency
