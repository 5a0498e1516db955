"""Languages and regions: who reads what in which words and formats. Plain Babel, no compile step.

English sentences are the message ids. A reader has a language and a region; German and French for
Switzerland are made from one catalogue each (ß -> ss, „…“ -> «…», French spaces); German for elsewhere
has another word for VAT (MWST -> MwSt.). See `_swiss` and `_not_swiss`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar

from babel import Locale, dates, numbers
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import LazyProxy, NullTranslations, Translations
from flask import Flask, current_app, g, has_request_context, request
from jinja2.nodes import EvalContext
from jinja2.utils import pass_eval_context
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from webapp.config import LANGUAGES
from webapp.money import Money
from webapp.places import country_name, place_name
from webapp.refused import Refused, TooMany

CATALOGUES = Path(__file__).parent.parent / "translations"
LANGUAGE_NAMES = {"en": "English", "fr": "Français", "de": "Deutsch"}
LANGUAGE_COOKIE = "language"
A_YEAR = 31_536_000  # seconds
SWISS = ("CH", "LI")

Words = TypeVar("Words", bound=Callable[..., str])


@dataclass(frozen=True)
class Reader:
    """Whom a sentence is for: `language` is en, fr or de; `region` is a country code such as CH."""

    language: str
    region: str

    @property
    def locale(self) -> Locale:
        """The locale for dates, numbers and money; the plain language where Babel knows no such pair."""
        return _locale(self.language, self.region)


@lru_cache(maxsize=256)
def _locale(language: str, region: str) -> Locale:
    if language == "en" and region not in ("CH", "GB", "IE", "AT", "DE", "BE", "NL", "MT", "CY"):
        region = "GB"
    try:
        return Locale(language, region)
    except Exception:  # Babel raises its own for pairs that CLDR does not list
        return Locale(language)


_speaking: ContextVar[Reader | None] = ContextVar("speaking", default=None)


@contextmanager
def speaking(language: str, region: str) -> Iterator[None]:
    """Everything inside is written for this reader: mails, PDFs, exports (RULES L2)."""
    token = _speaking.set(Reader(language, region))
    try:
        yield
    finally:
        _speaking.reset(token)


def reader() -> Reader:
    """For whom the current sentence is."""
    if forced := _speaking.get():
        return forced
    known: Reader | None = _kept_for_request("reader")
    if known:
        return known
    if has_request_context():
        g.reader = Reader(current_language(), _region_of_request())
        return g.reader
    return Reader("en", "GB")


def current_language() -> str:
    """The language in the address (it is never overridden), else the one negotiated."""
    if forced := _speaking.get():
        return forced.language
    if known := _kept_for_request("language"):
        return str(known)
    return negotiate() if has_request_context() else "en"


def _kept_for_request(name: str) -> Any:
    """What `g` holds. Asked for each word of a page: the proxy alone would cost more than all the rest."""
    try:
        return g._get_current_object().get(name)  # Werkzeug’s documented way
    except RuntimeError:  # outside of an application
        return None


def negotiate() -> str:
    """The language for an address without one: cookie, browser, operator's default."""
    cookie = request.cookies.get(LANGUAGE_COOKIE)
    if cookie in LANGUAGES:
        return cookie
    wanted = request.accept_languages.best_match(LANGUAGES)
    return wanted or current_app.config["SETTINGS"].default_language


def remember_language(response: AnyResponse, language: str) -> None:
    """Sets the cookie by which `/` chooses a language; no other page looks at it."""
    secure = current_app.config["SETTINGS"].secure
    response.set_cookie(
        LANGUAGE_COOKIE, language, max_age=A_YEAR, secure=secure, httponly=True, samesite="Lax"
    )


def _region_of_request() -> str:
    """The country for formats: the person's own setting, else the operator's country."""
    return g.get("region") or current_app.config["SETTINGS"].operator_country


@lru_cache(maxsize=8)
def catalogue(language: str, swiss: bool) -> NullTranslations:
    """The messages of a language, compiled in memory at first use, as they are written in Switzerland or elsewhere."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if language == "en" or not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        messages = read_po(file, locale=language, abort_invalid=True)
    (_swiss if swiss else _not_swiss)(messages, language)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


def _swiss(messages: Catalog, language: str) -> None:
    changes = {"de": {"ß": "ss", "„": "«", "“": "»"}, "fr": {"\u00a0:": "\u202f:"}}.get(language, {})

    def change(text: str) -> str:
        for old, new in changes.items():
            text = text.replace(old, new)
        return text

    _change(messages, change)


# Not the one behind a Swiss number, such as CHE-107.787.577 MWST, which is part of it.
_SWISS_VAT = re.compile(r"(?<!\d )\bMWST\b\.?")


def _not_swiss(messages: Catalog, language: str) -> None:
    if language == "de":
        _change(messages, lambda text: _SWISS_VAT.sub("MwSt.", text))


def _change(messages: Catalog, change: Callable[[str], str]) -> None:
    for message in messages:
        if isinstance(message.string, str):
            message.string = change(message.string)
        elif message.string:
            message.string = tuple(change(part) for part in message.string)


def _messages() -> NullTranslations:
    who = reader()
    return catalogue(who.language, who.region in SWISS)


def gettext(message: str, /, **values: object) -> str:
    """The sentence for the reader, with `%(name)s` filled in."""
    text = _messages().ugettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """The sentence for `n` things; `%(num)s` is the number as the reader writes it."""
    return _messages().ungettext(one, many, n) % {"num": number(n), **values}


def lazy(message: str, /, **values: object) -> Any:
    """A sentence that is translated when it is shown: form labels, named choices."""
    return LazyProxy(gettext, message, enable_cache=False, **values)


_ = gettext


def tell(refusal: Refused) -> str:
    """The sentence of a refusal for the reader; amounts in it as the reader writes them."""
    if isinstance(refusal, TooMany):
        minutes = max(1, -(-refusal.seconds // 60))
        return ngettext(
            "There were too many attempts. Try again in a minute.",
            "There were too many attempts. Try again in %(num)s minutes.",
            minutes,
        )
    values = {
        name: money(value) if isinstance(value, Money) else value for name, value in refusal.values.items()
    }
    return gettext(refusal.sentence, **values)


# --- formats ------------------------------------------------------------------------------------------------


def remembered(words: Words) -> Words:
    """For words that depend on reader and arguments alone, such as a price: found once, then known.

    The same ones come back on every page, and Babel takes its time over each.
    """

    @lru_cache(maxsize=4096)
    def known(_who: Reader, *args: object, **kwargs: object) -> object:
        return words(*args, **kwargs)

    @wraps(words)
    def find(*args: object, **kwargs: object) -> object:
        return known(reader(), *args, **kwargs)

    return find  # type: ignore[return-value] # the same signature, by functools.wraps


@remembered
def number(value: int | Decimal) -> str:
    """`12345` -> `12’345`."""
    return numbers.format_decimal(value, locale=reader().locale)


@remembered
def money(value: Money, *, whole: bool = False) -> str:
    """`CHF 1’234.50`; `whole` leaves out `.00`."""
    digits = not (whole and value.minor % 100 == 0)
    return numbers.format_currency(
        value.amount,
        value.currency,
        locale=reader().locale,
        format=None if digits else _whole_units_pattern(),
        currency_digits=digits,
    )


def _whole_units_pattern() -> str:
    pattern = reader().locale.currency_formats["standard"].pattern
    return pattern.replace(".00", "")


def day(value: date | datetime, style: str = "long") -> str:
    """`19 December 2026`; style `medium` gives `19 Dec 2026`. An instant is shown as a day here."""
    if isinstance(value, datetime):
        value = value.astimezone(current_app.config["SETTINGS"].zone).date()
    return _day(value, style)


@remembered
def _day(value: date, style: str) -> str:
    words = dates.format_date(value, style, locale=reader().locale)
    # Babel counts the first of a month like any other day.
    return f"1er{words[1:]}" if words.startswith("1 ") and reader().locale.language == "fr" else words


@remembered
def month(value: date) -> str:
    """`November 2026`."""
    return dates.format_skeleton("yMMMM", value, locale=reader().locale)


def instant(value: datetime, style: str = "medium") -> str:
    """`19 Dec 2026, 14:32`, in the operator's time zone."""
    local = value.astimezone(current_app.config["SETTINGS"].zone)
    return f"{_day(local.date(), style)}, {dates.format_time(local, 'HH:mm', locale=reader().locale)}"


def listing(items: Iterable[str]) -> str:
    """`a, b and c`."""
    return _listing(tuple(items))


@remembered
def _listing(items: tuple[str, ...]) -> str:
    return format_list(items, locale=reader().locale) if items else ""


def country(code: str) -> str:
    """The country's name for the reader."""
    return country_name(code, current_language())


def place(code: str) -> str:
    """A country's or region's name for the reader."""
    return place_name(code, current_language())


def language_name(code: str) -> str:
    """`de` -> `German`, `allemand`, `Deutsch`."""
    return Locale(code).get_language_name(current_language()) or code


# --- Flask --------------------------------------------------------------------------------------------------


@pass_eval_context
def _in_template(eval_context: EvalContext, message: str, /, **values: object) -> str:
    text = _messages().ugettext(message)
    if eval_context.autoescape:
        text = Markup(text)  # noqa: S704 # our own sentence; what is filled in is escaped
    return text % values if values or "%" in text else text


def init_app(app: Flask) -> None:
    """Puts the language into addresses and takes it out, and gives templates the words and formats."""
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined] # the extension adds it
        lambda message: _messages().ugettext(message),
        lambda one, many, n: _messages().ungettext(one, many, n),
        newstyle=True,
        pgettext=lambda context, message: _messages().upgettext(context, message),
        npgettext=lambda context, one, many, n: _messages().unpgettext(context, one, many, n),
    )
    # the extension's own `_` and gettext do the same by way of two more calls, dozens of times a page
    environment.globals.update(_=_in_template, gettext=_in_template)
    environment.policies["ext.i18n.trimmed"] = True
    environment.filters.update(
        day=day,
        month=month,
        instant=instant,
        money=money,
        number=number,
        country=country,
        place=place,
        listing=listing,
        language_name=language_name,
    )
    environment.globals.update(LANGUAGE_NAMES=LANGUAGE_NAMES, current_language=current_language)

    @app.url_value_preprocessor
    def take_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values and "lang" in values:
            g.language = values.pop("lang")

    @app.url_defaults
    def put_language(endpoint: str, values: dict[str, Any]) -> None:
        if "lang" not in values and app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values["lang"] = current_language()
