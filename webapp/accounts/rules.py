"""What is true of people and organisations (RULES O). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from stdnum import get_cc_module
from stdnum.ch import uid as swiss_uid
from stdnum.ch import vat as swiss_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret

from webapp.refused import Refused

SESSION_IDLE = timedelta(minutes=60)
SESSION_LONGEST = timedelta(hours=24)
KEPT_SESSION_IDLE = timedelta(days=30)
KEPT_SESSION_LONGEST = timedelta(days=90)
INVITATION_LIFETIME = timedelta(days=14)
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


class LastRepresentative(Refused):
    """RULES O2."""

    sentence = "An organisation always keeps a legal representative. Give somebody else that role first."


class NotYourRank(Refused):
    """RULES O2."""

    status = 403
    sentence = "Only a legal representative gives or takes away that role."


def may_set_role(actor: Role, *, current: Role | None, new: Role | None) -> bool:
    """Whether `actor` may invite to `new` (`current` None), change `current` to `new`, or remove (`new` None).

    Administrators and legal representatives manage the team; whatever touches the role of a legal
    representative is theirs alone (RULES O2).
    """
    if not actor.reaches(Role.ADMINISTRATOR):
        return False
    touched = {current, new}
    return Role.LEGAL_REPRESENTATIVE not in touched or actor is Role.LEGAL_REPRESENTATIVE


def keeps_a_representative(representatives: int, *, current: Role, new: Role | None) -> bool:
    """Whether the organisation still has a legal representative after the change (RULES O2)."""
    loses_one = current is Role.LEGAL_REPRESENTATIVE and new is not Role.LEGAL_REPRESENTATIVE
    return representatives - loses_one >= 1


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


@dataclass(frozen=True)
class CheckedNumber:
    """A register or VAT number: `compact` as stored, `valid` by form and check digits (offline)."""

    compact: str
    valid: bool


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
    """The VAT number (RULES O3): Swiss UID with MWST/TVA/IVA in CH and LI, an EU VAT number with its country's
    letters elsewhere, British ones for GB."""
    compact = "".join(number.split()).upper()
    try:
        if country in ("CH", "LI"):
            return CheckedNumber(swiss_vat.format(swiss_vat.validate(compact)), True)
        if country == "GB" or compact.startswith("GB"):
            module = get_cc_module("gb", "vat")
            return CheckedNumber("GB" + module.validate(compact.removeprefix("GB")), True)
        return CheckedNumber(eu_vat.validate(compact), True)
    except ValidationError:
        return CheckedNumber(compact, False)
