"""The operator's policy (RULES P): TOML read once into frozen dataclasses, checked, with a version.

Each entry says beside its name what it may be; `read` refuses everything else with one sentence.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from flask import current_app
from stdnum import bic as bank_code
from stdnum import iban as bank_account
from stdnum.ch import vat as swiss_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as british_vat

from webapp.config import LANGUAGES, BadSetting
from webapp.money import CURRENCIES, MINOR_PER_UNIT, Money
from webapp.places import COUNTRIES, EEA

DEFAULT_FILE = Path(__file__).parent / "programme.toml"
FAMILIES = ("web", "mail", "cloud", "domain", "other")  # of plans, as webapp.products.rules has them
LONGEST_AHEAD = 62  # days, two months: how early a renewal may be announced (RULES M8)
LARGEST_AMOUNT = 1_000_000_000  # whole units
BASIS_POINTS = 100  # in a per cent

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,29}")
_PLAN_CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
# What a Swiss QR-bill can carry: basic Latin, Latin-1, Latin Extended-A, and five more.
_PRINTABLE = re.compile(r"[\u0020-\u007e\u00a0-\u017f\u0218-\u021b\u20ac]+")
_QR_IBAN = range(30_000, 32_000)  # institutions' numbers that stand for a QR-IBAN


# --- what an entry may be -----------------------------------------------------------------------------------


class _Wrong(Exception):
    """Why an entry, or what it has under `key`, cannot be what it is: the sentence after its name."""

    def __init__(self, why: str, key: str = "") -> None:
        super().__init__(why)
        self.key = f".{key}" if key else ""


def _said(value: Any) -> str:
    """The value as it stands in the file, or nearly."""
    if isinstance(value, bool):
        return str(value).lower()
    return (repr(value) if isinstance(value, str | list | dict) else str(value))[:80]


def _entry(read: Callable[[Any], Any], default: Any = MISSING) -> Any:
    return field(metadata={"read": read}, **({} if default is MISSING else {"default": default}))


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _whole(least: int, most: int) -> Any:
    def read(value: Any) -> int:
        if not _is_whole(value, least, most):
            raise _Wrong(f"must be a whole number from {least} to {most}, not {_said(value)}")
        return int(value)

    return _entry(read)


def _wholes(
    least: int, most: int, *, ordered: Callable[[int, int], bool] | None = None, order: str = ""
) -> Any:
    """Whole numbers; each neighbouring pair must satisfy `ordered`."""

    def read(value: Any) -> tuple[int, ...]:
        if not isinstance(value, list) or not all(_is_whole(each, least, most) for each in value):
            raise _Wrong(f"must be a list of whole numbers from {least} to {most}, not {_said(value)}")
        if ordered and not all(ordered(a, b) for a, b in pairwise(value)):
            raise _Wrong(f"must {order}, unlike {_said(value)}")
        return tuple(value)

    return _entry(read)


def _rising(least: int, most: int) -> Any:
    return _wholes(least, most, ordered=lambda a, b: a < b, order="rise from one number to the next")


def _not_falling(least: int, most: int) -> Any:
    return _wholes(least, most, ordered=lambda a, b: a <= b, order="not fall from one number to the next")


def _falling(least: int, most: int) -> Any:
    return _wholes(least, most, ordered=lambda a, b: a > b, order="fall from one number to the next")


def _truth() -> Any:
    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise _Wrong(f"must be true or false, not {_said(value)}")
        return value

    return _entry(read)


def _amounts() -> Any:
    """Whole units of every currency."""

    def read(value: Any) -> dict[str, int]:
        if not isinstance(value, dict) or set(value) != set(CURRENCIES):
            raise _Wrong(f"needs an amount for each of {', '.join(CURRENCIES)} and nothing else")
        for currency, amount in value.items():
            if not _is_whole(amount, 0, LARGEST_AMOUNT):
                why = f"must be a whole number from 0 to {LARGEST_AMOUNT}, not {_said(amount)}"
                raise _Wrong(why, currency)
        return value

    return _entry(read)


def _words(what: str, fits: Callable[[str], bool]) -> Any:
    """A list of different words."""

    def read(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise _Wrong(f"must be a list of {what}")
        for each in value:
            if not fits(each) or value.count(each) > 1:
                reason = "twice" if fits(each) else "which is none"
                raise _Wrong(f"must be a list of {what}; it has {each!r}, {reason}")
        return tuple(value)

    return _entry(read)


def _line(most: int, *, optional: bool = False) -> Any:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not value.strip() or len(value.strip()) > most:
            raise _Wrong(f"must be a text of 1 to {most} characters")
        if not _PRINTABLE.fullmatch(value):
            raise _Wrong("has a character that bills cannot carry")
        return " ".join(value.split())

    return _entry(read, "" if optional else MISSING)


def _is_country(code: str) -> bool:
    return code in COUNTRIES


def _basis_points(country: str, value: Any) -> int:
    number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if number and Decimal(value).is_finite() and 0 <= value <= 100:
        exact = Decimal(value).quantize(Decimal("0.01"))
        if exact == value:
            return int(exact * BASIS_POINTS)
    why = f"must be a per cent from 0 to 100 with at most two decimals, such as 8.1, not {_said(value)}"
    raise _Wrong(why, country)


def _vat_rates() -> Any:
    def read(value: Any) -> dict[str, int]:
        if not isinstance(value, dict):
            raise _Wrong("must be a table of countries and per cents, such as CH = 8.1")
        for country in value:
            if not _is_country(country):
                raise _Wrong("is for no country that the portal knows", country)
        return {country: _basis_points(country, rate) for country, rate in value.items()}

    return _entry(read)


def _country() -> Any:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not _is_country(value):
            raise _Wrong(f"must be a two-letter country code, such as CH, not {_said(value)}")
        return value

    return _entry(read)


def _by_currency(what: str, check: Callable[[str], str]) -> Any:
    def read(value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or not set(value) <= set(CURRENCIES):
            raise _Wrong(f'must be a table by currency, such as {{ {CURRENCIES[0]} = "…" }}')
        for currency, text in value.items():
            try:
                value = {**value, currency: check(text)}
            except (ValidationError, TypeError, AttributeError):
                raise _Wrong(f"must be a valid {what}, not {_said(text)}", currency) from None
        return value

    return field(metadata={"read": read}, default_factory=dict)


# --- the policy ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Eligibility:
    """RULES A2. `volume_per_year` by currency, in whole units."""

    volume_per_year: dict[str, int] = _amounts()  # noqa: RUF009 # a field
    months_to_reach_it: int = _whole(0, 120)

    def volume(self, currency: str) -> Money:
        """The yearly volume asked for in this currency."""
        return Money(self.volume_per_year[currency] * MINOR_PER_UNIT, currency)


@dataclass(frozen=True)
class Benefits:
    """RULES A6. Per cent."""

    most_discount: int = _whole(0, 100)


@dataclass(frozen=True)
class Sliding:
    """RULES M2. From each of `counts` active products of a family on, the rate in per cent beside it."""

    families: tuple[str, ...] = _words(f"families of plans ({', '.join(FAMILIES)})", FAMILIES.__contains__)
    counts: tuple[int, ...] = _rising(1, 1_000_000)
    rates: tuple[int, ...] = _not_falling(0, 100)

    @property
    def steps(self) -> list[tuple[int, int]]:
        """(count from which it holds, per cent), lowest first."""
        return list(zip(self.counts, self.rates, strict=True))

    def step(self, family: str, sliding_plan: bool, count: int) -> int:
        """Per cent off for this many products of the family; 0 where plan or family do not slide."""
        if not sliding_plan or family not in self.families:
            return 0
        return max((rate for least, rate in self.steps if count >= least), default=0)


@dataclass(frozen=True)
class Vat:
    """RULES M7. `rates` in basis points (8.1 per cent: 810) by the payer's country; charged where `registered`."""

    registered: tuple[str, ...] = _words("two-letter country codes", _is_country)
    rates: dict[str, int] = _vat_rates()  # noqa: RUF009 # a field

    def charged_in(self, country: str) -> bool:
        """Whether the operator is registered for VAT in this country."""
        return country in self.registered

    @property
    def table(self) -> list[tuple[str, Decimal]]:
        """(country, per cent): first where it is charged, then as in the file."""
        order = sorted(self.rates, key=lambda country: not self.charged_in(country))
        return [(country, Decimal(self.rates[country]) / BASIS_POINTS) for country in order]

    def rate(self, country: str) -> int:
        """Basis points that a payer in this country is charged; 0 where the operator is not registered."""
        return self.rates.get(country, 0) if self.charged_in(country) else 0


@dataclass(frozen=True)
class Invoicing:
    """Days until an invoice is due; the least withdrawal from a prepaid account, whole units (RULES M6)."""

    due_days: int = _whole(0, 365)
    withdrawal_least: int = _whole(0, LARGEST_AMOUNT)

    def least_withdrawal(self, currency: str) -> Money:
        """The same in this currency."""
        return Money(self.withdrawal_least * MINOR_PER_UNIT, currency)


@dataclass(frozen=True)
class Seller:
    """Who issues the invoices, and the accounts that they are paid to. An empty name is the operator's."""

    street: str = _line(70)
    postcode: str = _line(16)
    city: str = _line(35)
    country: str = _country()
    name: str = _line(70, optional=True)
    vat_number: str = _line(40, optional=True)
    register_number: str = _line(40, optional=True)
    account_holder: str = _line(70, optional=True)
    iban: dict[str, str] = _by_currency("IBAN", bank_account.validate)  # noqa: RUF009 # a field
    bic: dict[str, str] = _by_currency("BIC", bank_code.validate)  # noqa: RUF009 # a field

    def written_iban(self, currency: str) -> str:
        """The IBAN in groups of four."""
        return str(bank_account.format(self.iban[currency]))


@dataclass(frozen=True)
class Renewals:
    """RULES M8. Days before the renewal: what a client may choose, and when the automatic one is told and done."""

    reminder_choices: tuple[int, ...] = _falling(1, LONGEST_AHEAD)
    automatic_reminder_days: int = _whole(1, LONGEST_AHEAD)
    days_before: int = _whole(0, LONGEST_AHEAD)


@dataclass(frozen=True)
class Tenders:
    """RULES T1, T5, T6. Days unless the name says otherwise; `budget_steps` in whole units."""

    validity_days: int = _whole(1, 366)
    shorter_validity_days: tuple[int, ...] = _wholes(1, 366)
    retention_days: int = _whole(0, 3660)
    confirm_within_days: int = _whole(1, 366)
    visitors_confirm: bool = _truth()
    closing_reminder_days: int = _whole(0, 366)
    budget_steps: tuple[int, ...] = _rising(1, LARGEST_AMOUNT)
    attachments: int = _whole(0, 20)
    digest_hour: int = _whole(0, 23)

    @property
    def validity_choices(self) -> tuple[int, ...]:
        """The validities that a requester can choose, shortest first."""
        return (*sorted(d for d in self.shorter_validity_days if d < self.validity_days), self.validity_days)


@dataclass(frozen=True)
class Affiliation:
    """RULES F. Days; `rates` in per cent, each from the cumulative earnings in `rate_steps`, whole units."""

    click_days: int = _whole(1, 366)
    commission_days: int = _whole(1, 3660)
    pending_days: int = _whole(0, 366)
    rates: tuple[int, ...] = _not_falling(0, 100)
    rate_steps: tuple[int, ...] = _rising(0, LARGEST_AMOUNT)
    least_payout: int = _whole(0, LARGEST_AMOUNT)
    first_order_hours: int = _whole(1, 8760)
    payout_hold_days: int = _whole(0, 60)
    consent_required: bool = _truth()
    sites: tuple[str, ...] = _words("host names", lambda host: bool(_HOST.fullmatch(host)))
    excluded_families: tuple[str, ...] = _words(
        f"families of plans ({', '.join(FAMILIES)})", FAMILIES.__contains__
    )
    excluded_plans: tuple[str, ...] = _words("codes of plans", lambda code: bool(_PLAN_CODE.fullmatch(code)))

    @property
    def tiers(self) -> list[tuple[int, int]]:
        """(cumulative earnings from which it counts, rate), lowest first."""
        return list(zip(self.rate_steps, self.rates, strict=True))

    def excludes(self, family: str, code: str) -> bool:
        """Whether orders of this plan bring an affiliate nothing (RULES F4)."""
        return family in self.excluded_families or code in self.excluded_plans


@dataclass(frozen=True)
class Events:
    """Orders from outside: how far the time that a message states may be from ours, either way."""

    timestamp_tolerance_seconds: int = _whole(1, 3600)


@dataclass(frozen=True)
class Texts:
    """The operator's own words on the public programme page, in one language (RULES A6)."""

    introduction: str = ""
    benefits: tuple[str, ...] = ()


SECTIONS = {
    "eligibility": Eligibility,
    "benefits": Benefits,
    "sliding": Sliding,
    "vat": Vat,
    "invoicing": Invoicing,
    "renewals": Renewals,
    "tenders": Tenders,
    "affiliation": Affiliation,
    "events": Events,
}
OPTIONAL_SECTIONS = ("discounts", "seller", "texts")


@dataclass(frozen=True)
class Programme:
    """The whole policy: `label` is the version that the operator gave it, `digest` the SHA-256 of the file."""

    file: Path
    label: str
    digest: str
    eligibility: Eligibility
    benefits: Benefits
    sliding: Sliding
    vat: Vat
    invoicing: Invoicing
    renewals: Renewals
    tenders: Tenders
    affiliation: Affiliation
    events: Events
    discounts: dict[str, int]
    seller: Seller | None
    texts: dict[str, Texts]

    @property
    def version(self) -> str:
        """What rows keep (RULES P1): a changed file is another version, even under its old label."""
        return f"{self.label}+{self.digest[:8]}"

    def discount_of(self, code: str, own: int) -> int:
        """The partner discount of a plan, in per cent: the policy's, else the plan's own (RULES M1)."""
        return self.discounts.get(code, own)

    def iban(self, currency: str) -> str | None:
        """The account to which invoices in this currency are paid; without one nobody pays by invoice."""
        return self.seller.iban.get(currency) if self.seller else None

    def text_in(self, language: str) -> Texts:
        """The operator's own words in this language; empty where the defaults say enough."""
        return self.texts.get(language, Texts())


# --- reading it ---------------------------------------------------------------------------------------------


def read(path: Path = DEFAULT_FILE) -> Programme:
    """The policy in this file; raises BadSetting with one sentence that names the file and the entry."""
    raw, table = _toml(path)
    label = table.get("version")
    if not isinstance(label, str) or not _VERSION.fullmatch(label):
        raise BadSetting(
            f'The programme file {path} needs a version, such as version = "2026-11": '
            "at most 30 letters, digits, dots, dashes and underscores."
        )
    for name in table:
        if name not in ("version", *SECTIONS, *OPTIONAL_SECTIONS):
            raise BadSetting(
                f"{path}: {name} is not part of the policy; "
                f"its sections are {', '.join((*SECTIONS, *OPTIONAL_SECTIONS))}."
            )
    sections = {name: _section(path, table, name, kind) for name, kind in SECTIONS.items()}
    programme = Programme(
        file=path,
        label=label,
        digest=hashlib.sha256(raw).hexdigest(),
        **sections,
        discounts=_discounts(path, table.get("discounts", {})),
        seller=_section(path, table, "seller", Seller) if "seller" in table else None,
        texts=_texts(path, table.get("texts", {})),
    )
    if contradiction := _contradiction(programme):
        raise BadSetting(f"{path}: {contradiction}.")
    return programme


def _toml(path: Path) -> tuple[bytes, dict[str, Any]]:
    try:
        raw = path.read_bytes()
        return raw, tomllib.loads(raw.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        why = f"line {line} is not written in UTF-8"
    except (OSError, tomllib.TOMLDecodeError) as error:
        why = str(error)
    except (ValueError, ArithmeticError):
        why = "one of its numbers is too long"
    except RecursionError:
        why = "its lists or tables are nested too deeply"
    raise BadSetting(f"The programme file {path} cannot be read: {why}.")


def _section(path: Path, table: dict[str, Any], name: str, kind: type) -> Any:
    given = table.get(name)
    if not isinstance(given, dict):
        raise BadSetting(f"The programme file {path} needs a section [{name}].")
    entries = {each.name: each for each in fields(kind)}
    for unknown in (entry for entry in given if entry not in entries):
        raise BadSetting(f"{path}: {name}.{unknown} is not an entry of the policy.")
    values: dict[str, Any] = {}
    for entry, described in entries.items():
        if entry in given:
            try:
                values[entry] = described.metadata["read"](given[entry])
            except _Wrong as wrong:
                raise BadSetting(f"{path}: {name}.{entry}{wrong.key} {wrong}.") from None
        elif described.default is MISSING and described.default_factory is MISSING:
            raise BadSetting(f"The programme file {path} needs {name}.{entry}.")
    return kind(**values)


def _discounts(path: Path, given: Any) -> dict[str, int]:
    if not isinstance(given, dict):
        raise BadSetting(
            f"{path}: [discounts] must be a section of plans and per cents, such as web-pro = 25."
        )
    for code, rate in given.items():
        if not _PLAN_CODE.fullmatch(code):
            raise BadSetting(
                f"{path}: discounts has {code!r}, which is no plan’s code; "
                "a code with a dot in it stands between quotation marks."
            )
        if not _is_whole(rate, 0, 100):
            raise BadSetting(
                f"{path}: discounts.{code} must be a whole number from 0 to 100, not {_said(rate)}."
            )
    return given


def _texts(path: Path, given: Any) -> dict[str, Texts]:
    known = isinstance(given, dict) and set(given) <= set(LANGUAGES)
    if not known or not all(_is_text(entry) for entry in given.values()):
        raise BadSetting(
            f"{path}: texts.en, texts.fr, texts.de may have an introduction (a text) and benefits (a list)."
        )
    return {
        language: Texts(entry.get("introduction", ""), tuple(entry.get("benefits", ())))
        for language, entry in given.items()
    }


def _is_text(entry: Any) -> bool:
    if not isinstance(entry, dict) or set(entry) - {"introduction", "benefits"}:
        return False
    benefits = entry.get("benefits", [])
    texts = [entry.get("introduction", ""), *(benefits if isinstance(benefits, list) else [None])]
    return all(isinstance(text, str) for text in texts)


def _contradiction(programme: Programme) -> str | None:
    """What two entries, each right by itself, cannot say together."""
    sliding, vat, renewals = programme.sliding, programme.vat, programme.renewals
    tenders, affiliation = programme.tenders, programme.affiliation
    if len(sliding.counts) != len(sliding.rates):
        return "sliding.rates needs one entry for each of sliding.counts"
    if unknown := [country for country in vat.registered if country not in vat.rates]:
        return f"vat.registered names {unknown[0]}, for which vat.rates has no rate"
    if vat.registered and not (programme.seller and programme.seller.vat_number):
        return "seller.vat_number is missing: invoices with VAT show it; who charges none sets vat.registered = []"
    if renewals.days_before >= renewals.automatic_reminder_days:
        return "renewals.automatic_reminder_days must be more than renewals.days_before"
    if tenders.closing_reminder_days >= tenders.validity_choices[0]:
        return "tenders.closing_reminder_days must be less than the shortest validity of a call"
    if len(affiliation.rates) != len(affiliation.rate_steps) or affiliation.rate_steps[:1] != (0,):
        return "affiliation.rate_steps must rise from 0, with one entry for each of affiliation.rates"
    return _wrong_seller(programme.seller) if programme.seller else None


def _wrong_seller(seller: Seller) -> str | None:
    if seller.vat_number and not _is_vat_number(seller.vat_number, seller.country):
        return f"seller.vat_number is no valid VAT number of {seller.country}: {seller.vat_number!r}"
    if extra := set(seller.bic) - set(seller.iban):
        return f"seller.bic has {min(extra)}, for which seller.iban has no account"
    francs, euros = seller.iban.get("CHF", ""), seller.iban.get("EUR", "")
    if francs and not francs.startswith(("CH", "LI")):
        return (
            "seller.iban.CHF must be of an account in Switzerland or Liechtenstein; QR-bills allow no other"
        )
    if francs and int(francs[4:9]) in _QR_IBAN:
        return "seller.iban.CHF is a QR-IBAN; give the account’s ordinary IBAN, as bills carry a creditor reference"
    if euros and euros[:2] not in EEA and "EUR" not in seller.bic:
        return "seller.bic.EUR is missing; transfers to an account outside the EEA need it"
    return None


def _is_vat_number(number: str, country: str) -> bool:
    if country in ("CH", "LI"):
        return bool(swiss_vat.is_valid(number))
    if country == "GB":
        return bool(british_vat.is_valid(number))
    return bool(eu_vat.is_valid(number))


def programme() -> Programme:
    """The policy of this installation."""
    return current_app.config["PROGRAMME"]


def seller_today(currency: str) -> dict[str, str]:
    """Who sells, and the account for this currency, as an invoice of this moment keeps it; empty where unknown.

    Without [seller] it is the operator as its settings name it, and there is no account.
    """
    settings, seller = current_app.config["SETTINGS"], programme().seller
    named = {"name": settings.operator_name or settings.brand_name, "email": settings.operator_email}
    if seller is None:
        parts = [part.strip() for part in settings.operator_address.split(",")]
        return {**named, "street": "\n".join(filter(None, parts)), "country": settings.operator_country}
    name = seller.name or named["name"]
    return {
        **named, "name": name, "street": seller.street, "postcode": seller.postcode, "city": seller.city,
        "country": seller.country, "vat_number": seller.vat_number, "register_number": seller.register_number,
        "account_holder": seller.account_holder or name, "iban": seller.iban.get(currency, ""),
        "bic": seller.bic.get(currency, ""),
    }  # fmt: skip
