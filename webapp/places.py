"""The countries and regions (ISO 3166) of addresses, directory filters and calls for tenders.

A place is a country ("CH", ISO 3166-1 alpha-2) or a region of one ("CH-VD", ISO 3166-2). Country names are
Babel's; the names of regions are here, because CLDR's subdivisions are not part of Babel. Swiss cantons are
named as the Federal Constitution names them in its article 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from babel import Locale

from webapp.text import fold

# The programme's neighbourhood first, then the rest of the EU and EEA with Great Britain and Monaco.
COUNTRIES: tuple[str, ...] = (
    *("CH", "LI", "FR", "DE", "AT", "BE", "LU", "IT"),
    *("BG", "CY", "CZ", "DK", "EE", "ES", "FI", "GB", "GR", "HR", "HU", "IE", "IS", "LT", "LV"),
    *("MC", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"),
)

EU: frozenset[str] = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
EEA = EU | {"IS", "LI", "NO"}

# What a list of choices begins with, in this order; the others follow by name.
_FIRST = ("CH", "FR", "DE", "AT", "LI")


class Region(NamedTuple):
    """A part of a country: its ISO 3166-2 code and its name in each language."""

    code: str
    en: str
    fr: str
    de: str


def _by_code(*regions: Region) -> dict[str, Region]:
    return {region.code: region for region in regions}


# Country -> ISO 3166-2 code -> region; countries without an entry are not divided here.
REGIONS: dict[str, dict[str, Region]] = {
    "CH": _by_code(
        Region("CH-AG", "Aargau", "Argovie", "Aargau"),
        Region("CH-AI", "Appenzell Innerrhoden", "Appenzell Rhodes-Intérieures", "Appenzell Innerrhoden"),
        Region("CH-AR", "Appenzell Ausserrhoden", "Appenzell Rhodes-Extérieures", "Appenzell Ausserrhoden"),
        Region("CH-BE", "Bern", "Berne", "Bern"),
        Region("CH-BL", "Basel-Landschaft", "Bâle-Campagne", "Basel-Landschaft"),
        Region("CH-BS", "Basel-Stadt", "Bâle-Ville", "Basel-Stadt"),
        Region("CH-FR", "Fribourg", "Fribourg", "Freiburg"),
        Region("CH-GE", "Geneva", "Genève", "Genf"),
        Region("CH-GL", "Glarus", "Glaris", "Glarus"),
        Region("CH-GR", "Graubünden", "Grisons", "Graubünden"),
        Region("CH-JU", "Jura", "Jura", "Jura"),
        Region("CH-LU", "Lucerne", "Lucerne", "Luzern"),
        Region("CH-NE", "Neuchâtel", "Neuchâtel", "Neuenburg"),
        Region("CH-NW", "Nidwalden", "Nidwald", "Nidwalden"),
        Region("CH-OW", "Obwalden", "Obwald", "Obwalden"),
        Region("CH-SG", "St. Gallen", "Saint-Gall", "St. Gallen"),
        Region("CH-SH", "Schaffhausen", "Schaffhouse", "Schaffhausen"),
        Region("CH-SO", "Solothurn", "Soleure", "Solothurn"),
        Region("CH-SZ", "Schwyz", "Schwyz", "Schwyz"),
        Region("CH-TG", "Thurgau", "Thurgovie", "Thurgau"),
        Region("CH-TI", "Ticino", "Tessin", "Tessin"),
        Region("CH-UR", "Uri", "Uri", "Uri"),
        Region("CH-VD", "Vaud", "Vaud", "Waadt"),
        Region("CH-VS", "Valais", "Valais", "Wallis"),
        Region("CH-ZG", "Zug", "Zoug", "Zug"),
        Region("CH-ZH", "Zurich", "Zurich", "Zürich"),
    ),
    "FR": _by_code(
        Region("FR-20R", "Corsica", "Corse", "Korsika"),
        Region("FR-ARA", "Auvergne-Rhône-Alpes", "Auvergne-Rhône-Alpes", "Auvergne-Rhône-Alpes"),
        Region("FR-BFC", "Bourgogne-Franche-Comté", "Bourgogne-Franche-Comté", "Bourgogne-Franche-Comté"),
        Region("FR-BRE", "Brittany", "Bretagne", "Bretagne"),
        Region("FR-CVL", "Centre-Val de Loire", "Centre-Val de Loire", "Centre-Val de Loire"),
        Region("FR-GES", "Grand Est", "Grand Est", "Grand Est"),
        Region("FR-HDF", "Hauts-de-France", "Hauts-de-France", "Hauts-de-France"),
        Region("FR-IDF", "Île-de-France", "Île-de-France", "Île-de-France"),
        Region("FR-NAQ", "Nouvelle-Aquitaine", "Nouvelle-Aquitaine", "Nouvelle-Aquitaine"),
        Region("FR-NOR", "Normandy", "Normandie", "Normandie"),
        Region("FR-OCC", "Occitania", "Occitanie", "Okzitanien"),
        Region(
            "FR-PAC",
            "Provence-Alpes-Côte d’Azur",
            "Provence-Alpes-Côte d’Azur",
            "Provence-Alpes-Côte d’Azur",
        ),
        Region("FR-PDL", "Pays de la Loire", "Pays de la Loire", "Pays de la Loire"),
    ),
    "DE": _by_code(
        Region("DE-BB", "Brandenburg", "Brandebourg", "Brandenburg"),
        Region("DE-BE", "Berlin", "Berlin", "Berlin"),
        Region("DE-BW", "Baden-Württemberg", "Bade-Wurtemberg", "Baden-Württemberg"),
        Region("DE-BY", "Bavaria", "Bavière", "Bayern"),
        Region("DE-HB", "Bremen", "Brême", "Bremen"),
        Region("DE-HE", "Hesse", "Hesse", "Hessen"),
        Region("DE-HH", "Hamburg", "Hambourg", "Hamburg"),
        Region(
            "DE-MV",
            "Mecklenburg-Western Pomerania",
            "Mecklembourg-Poméranie-Occidentale",
            "Mecklenburg-Vorpommern",
        ),
        Region("DE-NI", "Lower Saxony", "Basse-Saxe", "Niedersachsen"),
        Region("DE-NW", "North Rhine-Westphalia", "Rhénanie-du-Nord-Westphalie", "Nordrhein-Westfalen"),
        Region("DE-RP", "Rhineland-Palatinate", "Rhénanie-Palatinat", "Rheinland-Pfalz"),
        Region("DE-SH", "Schleswig-Holstein", "Schleswig-Holstein", "Schleswig-Holstein"),
        Region("DE-SL", "Saarland", "Sarre", "Saarland"),
        Region("DE-SN", "Saxony", "Saxe", "Sachsen"),
        Region("DE-ST", "Saxony-Anhalt", "Saxe-Anhalt", "Sachsen-Anhalt"),
        Region("DE-TH", "Thuringia", "Thuringe", "Thüringen"),
    ),
    "AT": _by_code(
        Region("AT-1", "Burgenland", "Burgenland", "Burgenland"),
        Region("AT-2", "Carinthia", "Carinthie", "Kärnten"),
        Region("AT-3", "Lower Austria", "Basse-Autriche", "Niederösterreich"),
        Region("AT-4", "Upper Austria", "Haute-Autriche", "Oberösterreich"),
        Region("AT-5", "Salzburg", "Salzbourg", "Salzburg"),
        Region("AT-6", "Styria", "Styrie", "Steiermark"),
        Region("AT-7", "Tyrol", "Tyrol", "Tirol"),
        Region("AT-8", "Vorarlberg", "Vorarlberg", "Vorarlberg"),
        Region("AT-9", "Vienna", "Vienne", "Wien"),
    ),
    "BE": _by_code(
        Region(
            "BE-BRU",
            "Brussels-Capital Region",
            "Région de Bruxelles-Capitale",
            "Region Brüssel-Hauptstadt",
        ),
        Region("BE-VLG", "Flanders", "Flandre", "Flandern"),
        Region("BE-WAL", "Wallonia", "Wallonie", "Wallonien"),
    ),
}


def country_name(code: str, language: str) -> str:
    """Name of a country of COUNTRIES ("CH", "de" -> "Schweiz"); any other code comes back as it is."""
    return _country_names(_spoken(language)).get(code, code)


def region_name(code: str, language: str) -> str:
    """Name of a region of REGIONS ("CH-VD", "de" -> "Waadt"); any other code comes back as it is."""
    region = _region(code)
    return _named(region, language) if region else code


def place_name(code: str, language: str) -> str:
    """Name of a country or region; any other code comes back as it is."""
    return region_name(code, language) if _region(code) else country_name(code, language)


def country_of(region_code: str) -> str:
    """Country part of an ISO 3166-2 code ("CH-VD" -> "CH"); a country is its own."""
    return region_code.partition("-")[0]


def is_place(code: str) -> bool:
    """Whether the code is a country of COUNTRIES or a region of REGIONS, written exactly so."""
    return code in COUNTRIES or _region(code) is not None


def countries(language: str) -> list[tuple[str, str]]:
    """Every country as (code, name): CH, FR, DE, AT and LI first, then by name, accents aside."""
    return list(_countries(_spoken(language)))


@lru_cache
def _countries(language: str) -> tuple[tuple[str, str], ...]:
    names = _country_names(language)
    others = _by_name((code, name) for code, name in names.items() if code not in _FIRST)
    return (*((code, names[code]) for code in _FIRST), *others)


def regions(country: str, language: str) -> list[tuple[str, str]]:
    """The regions of a country as (ISO 3166-2 code, name) by name, accents aside; [] if it has none."""
    return list(_regions(country, _spoken(language)))


@lru_cache
def _regions(country: str, language: str) -> tuple[tuple[str, str], ...]:
    return _by_name((code, _named(region, language)) for code, region in REGIONS.get(country, {}).items())


def currency_of(country: str) -> str:
    """Currency of an organisation whose address is in this country: CHF for CH, LI, else EUR (RULES O3)."""
    return "CHF" if country in ("CH", "LI") else "EUR"


@lru_cache
def _country_names(language: str) -> Mapping[str, str]:
    territories = Locale.parse(language).territories
    return {code: territories[code] for code in COUNTRIES}


def _region(code: str) -> Region | None:
    return REGIONS.get(country_of(code), {}).get(code)


def _named(region: Region, language: str) -> str:
    name: str = getattr(region, _spoken(language))
    return name


def _spoken(language: str) -> str:
    """The one of en, fr, de that a language or locale speaks ("de_CH" -> "de"); en for any other."""
    spoken = language.replace("-", "_").partition("_")[0].lower()
    return spoken if spoken in ("en", "fr", "de") else "en"


def _by_name(places: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(places, key=lambda place: fold(place[1])))
