"""The operator's policy (RULES P): TOML read once into frozen dataclasses, checked, with a version."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from flask import current_app

from webapp.config import LANGUAGES, BadSetting
from webapp.money import CURRENCIES, MINOR_PER_UNIT, Money

DEFAULT_FILE = Path(__file__).parent / "programme.toml"


@dataclass(frozen=True)
class Eligibility:
    """RULES A2. `volume_per_year` by currency, in whole units."""

    volume_per_year: dict[str, int]
    months_to_reach_it: int

    def volume(self, currency: str) -> Money:
        """The yearly volume asked for in this currency."""
        return Money(self.volume_per_year[currency] * MINOR_PER_UNIT, currency)


@dataclass(frozen=True)
class Tenders:
    """RULES T1, T5, T6. Days unless the name says otherwise; `budget_steps` in whole units."""

    validity_days: int
    shorter_validity_days: tuple[int, ...]
    retention_days: int
    confirm_within_days: int
    visitors_confirm: bool
    closing_reminder_days: int
    budget_steps: tuple[int, ...]
    attachments: int
    digest_hour: int

    @property
    def validity_choices(self) -> tuple[int, ...]:
        """The validities that a requester can choose, shortest first."""
        return (*sorted(d for d in self.shorter_validity_days if d < self.validity_days), self.validity_days)


@dataclass(frozen=True)
class Benefits:
    """RULES A6. Per cent."""

    most_discount: int


@dataclass(frozen=True)
class Affiliation:
    """RULES F. Days; `rates` in per cent, each from the cumulative earnings in `rate_steps`, whole units."""

    click_days: int
    commission_days: int
    pending_days: int
    rates: tuple[int, ...]
    rate_steps: tuple[int, ...]
    least_payout: int

    @property
    def tiers(self) -> list[tuple[int, int]]:
        """(cumulative earnings from which it counts, rate), lowest first."""
        return list(zip(self.rate_steps, self.rates, strict=True))


@dataclass(frozen=True)
class Texts:
    """The operator's own words on the public programme page, in one language (RULES A6)."""

    introduction: str = ""
    benefits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Programme:
    """The whole policy."""

    version: str
    eligibility: Eligibility
    benefits: Benefits
    tenders: Tenders
    affiliation: Affiliation
    texts: dict[str, Texts]

    def text_in(self, language: str) -> Texts:
        """The operator's own words in this language; empty where the defaults say enough."""
        return self.texts.get(language, Texts())


def read(path: Path = DEFAULT_FILE) -> Programme:
    """The policy in this file; raises BadSetting with one sentence that names the entry."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSetting(f"The programme file {path} cannot be read: {error}.") from None
    version = table.get("version")
    if not isinstance(version, str) or not version:
        raise BadSetting(f'The programme file {path} needs a version, such as version = "2026-11".')
    programme = Programme(
        version,
        _section(path, table, "eligibility", Eligibility),
        _section(path, table, "benefits", Benefits),
        _section(path, table, "tenders", Tenders),
        _section(path, table, "affiliation", Affiliation),
        _texts(path, table.get("texts", {})),
    )
    missing = set(CURRENCIES) - set(programme.eligibility.volume_per_year)
    if missing:
        raise BadSetting(
            f"{path}: eligibility.volume_per_year needs an amount for {', '.join(sorted(missing))}."
        )
    rates, steps = programme.affiliation.rates, programme.affiliation.rate_steps
    if len(rates) != len(steps) or not steps or steps[0] != 0 or list(steps) != sorted(set(steps)):
        raise BadSetting(
            f"{path}: affiliation.rate_steps must rise from 0, with one entry for each of affiliation.rates."
        )
    return programme


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


def _section(path: Path, table: dict[str, Any], name: str, kind: type) -> Any:
    given = table.get(name)
    if not isinstance(given, dict):
        raise BadSetting(f"The programme file {path} needs a section [{name}].")
    values: dict[str, Any] = {}
    for field in fields(kind):
        if field.name not in given:
            raise BadSetting(f"The programme file {path} needs {name}.{field.name}.")
        values[field.name] = _value(f"{path}: {name}.{field.name}", str(field.type), given[field.name])
    unknown = sorted(set(given) - set(values))
    if unknown:
        raise BadSetting(f"{path}: {name}.{unknown[0]} is not an entry of the policy.")
    return kind(**values)


def _value(where: str, kind: str, value: Any) -> Any:
    def whole(number: Any) -> bool:
        return isinstance(number, int) and not isinstance(number, bool) and number >= 0

    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "int" and whole(value):
        return value
    if kind == "tuple[int, ...]" and isinstance(value, list) and all(map(whole, value)):
        return tuple(value)
    if kind == "dict[str, int]" and isinstance(value, dict) and all(map(whole, value.values())):
        return value
    raise BadSetting(
        f"{where} must be {'true or false' if kind == 'bool' else 'whole numbers, not ' + repr(value)}."
    )


def programme() -> Programme:
    """The policy of this installation."""
    return current_app.config["PROGRAMME"]
