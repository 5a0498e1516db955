"""What is true of people and organisations (RULES O). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from stdnum.ch import uid as swiss_uid
from stdnum.ch import vat as swiss_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret
from stdnum.gb import vat as british_vat

from webapp.refused import Refused

SESSION_IDLE = timedelta(minutes=60)
SESSION_LONGEST = timedelta(hours=24)
KEPT_SESSION_IDLE = timedelta(days=30)
KEPT_SESSION_LONGEST = timedelta(days=90)
SEEN_EVERY = timedelta(minutes=5)  # how exactly "last seen" is known
CONFIRMED_FOR = timedelta(minutes=15)  # how long a password that was shown is good for weighty changes
ENDED_SESSIONS_KEPT = timedelta(days=30)
VERIFICATION_LIFETIME = timedelta(days=3)
RESET_LIFETIME = timedelta(hours=1)
AVATAR_PIXELS = 210


class Role(StrEnum):
    """RULES O2, weakest first."""

    COLLABORATOR = "collaborator"
    ADMINISTRATOR = "administrator"
    LEGAL_REPRESENTATIVE = "legal_representative"

    @property
    def rank(self) -> int:
        """Higher may more."""
        return list(Role).index(self)

    def reaches(self, needed: Role) -> bool:
        """Whether this role may do what `needed` is asked for."""
        return self.rank >= needed.rank


class Kind(StrEnum):
    """RULES O3."""

    INDIVIDUAL = "individual"
    COMPANY = "company"


class OperatorExists(Refused):
    """The first operator is made once."""

    sentence = "This portal has an operator already. Sign in instead."


class AddressTaken(Refused):
    """An account with this address exists."""

    sentence = "There is an account with this mail address already."


class WrongPassword(Refused):
    """The same words whether the address or the password is wrong."""

    status = 422
    sentence = "The mail address or the password is not right."


class OnlyRepresentatives(Refused):
    """For the people who answer for an organisation (RULES C6, C7)."""

    status = 403
    sentence = "Only legal representatives can do this."


class SignInStep(StrEnum):
    """What a sign-in still needs after the right password. A second factor takes its place before DONE."""

    VERIFY_ADDRESS = "verify_address"
    DONE = "done"


def next_step(*, verified_at: datetime | None) -> SignInStep:
    """The step that comes next for a person who has shown the right password."""
    return SignInStep.DONE if verified_at else SignInStep.VERIFY_ADDRESS


def session_lives(
    *, created_at: datetime, last_seen_at: datetime, ended_at: datetime | None, kept: bool, now: datetime
) -> bool:
    """Idle 60 minutes and 24 hours in all; 30 and 90 days for "keep me signed in"."""
    idle, longest = (KEPT_SESSION_IDLE, KEPT_SESSION_LONGEST) if kept else (SESSION_IDLE, SESSION_LONGEST)
    return ended_at is None and now - last_seen_at < idle and now - created_at < longest


def confirmation_holds(confirmed_at: datetime | None, *, now: datetime) -> bool:
    """Whether the password was shown so recently that it need not be asked for again."""
    return confirmed_at is not None and now - confirmed_at < CONFIRMED_FOR


@dataclass(frozen=True)
class CheckedNumber:
    """A register or VAT number: `compact` as stored, `valid` by form and check digits (offline)."""

    compact: str
    valid: bool


# What a number looks like, shown where one is asked for. The digits are made up, the check digits fit.
REGISTER_EXAMPLES = {
    "CH": "CHE-107.787.577", "LI": "CHE-107.787.577", "FR": "732 829 320", "DE": "HRB 12345",
    "AT": "FN 123456a", "IT": "MI-1234567", "GB": "01234567", "BE": "0428.759.497",
    "LU": "B123456", "NL": "12345678",
}  # fmt: skip
VAT_EXAMPLES = {
    "CH": "CHE-107.787.577 MWST", "LI": "CHE-107.787.577 MWST", "FR": "FR40303265045", "MC": "FR40303265045",
    "DE": "DE136695976", "AT": "ATU13585627", "BE": "BE0428759497", "LU": "LU15027442",
    "IT": "IT00743110157",
    "BG": "BG175074752", "CY": "CY10259033P", "CZ": "CZ25123891", "DK": "DK13585628", "EE": "EE100931558",
    "ES": "ESB58378431", "FI": "FI20774740", "GB": "GB980780684", "GR": "EL094259216", "HR": "HR33392005961",
    "HU": "HU12892312", "IE": "IE6433435F", "LT": "LT119511515", "LV": "LV40003521600", "MT": "MT11679112",
    "NL": "NL004495445B01", "PL": "PL8567346215", "PT": "PT501964843", "RO": "RO18547290",
    "SE": "SE123456789701", "SI": "SI50223054", "SK": "SK2022749619",
}  # fmt: skip


def register_example(country: str) -> str:
    """A company-register number as this country writes it."""
    return REGISTER_EXAMPLES.get(country, "12345678")


def vat_example(country: str) -> str:
    """A VAT number as this country writes it; a German one where the country has no EU VAT number."""
    return VAT_EXAMPLES.get(country, VAT_EXAMPLES["DE"])


def check_register_number(number: str, country: str) -> CheckedNumber:
    """The company-register number of this country (RULES O3, A1): UID in CH and LI, SIREN or SIRET in FR,
    elsewhere any 4 to 20 letters, digits, blanks and `-./` with a digit."""
    compact = " ".join(number.split()).upper()
    try:
        if country in ("CH", "LI"):
            return CheckedNumber(swiss_uid.format(swiss_uid.validate(compact)), True)
        if country == "FR":
            digits = compact.replace(" ", "")
            module = siren if len(digits) == 9 else siret
            return CheckedNumber(module.validate(digits), True)
    except ValidationError:
        return CheckedNumber(compact, False)
    plain = all(c.isalnum() or c in " -./" for c in compact) and any(c.isdigit() for c in compact)
    return CheckedNumber(compact, plain and 4 <= len(compact) <= 20)


def check_vat_number(number: str, country: str) -> CheckedNumber:
    """The VAT number (RULES O3): Swiss UID with MWST/TVA/IVA in CH and LI, an EU VAT number with its
    country's letters elsewhere, British ones for GB."""
    compact = "".join(number.split()).upper()
    try:
        if country in ("CH", "LI"):
            return CheckedNumber(swiss_vat.format(swiss_vat.validate(compact)), True)
        if country == "GB" or compact.startswith("GB"):
            return CheckedNumber("GB" + british_vat.validate(compact.removeprefix("GB")), True)
        return CheckedNumber(eu_vat.validate(compact), True)
    except ValidationError:
        return CheckedNumber(compact, False)


@dataclass(frozen=True)
class OrganisationDetails:
    """What an organisation says of itself (RULES O3). The numbers are compact and checked."""

    kind: Kind
    name: str
    street: str
    postcode: str
    city: str
    country: str
    register_number: str | None = None
    vat_number: str | None = None


# In this order: most browsers name others in their user agent, too.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Vivaldi", "Vivaldi"),
    ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser_of(user_agent: str) -> str:
    """`Firefox/Windows`: brand and system of a browser as far as it says; either may be empty."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser}/{system}"
