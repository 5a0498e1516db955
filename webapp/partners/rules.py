"""What is true of partners (RULES A). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from webapp.money import Money
from webapp.refused import Refused

SERVICES = ("web", "mail", "cloud", "backup", "shop", "events")
COMMITMENTS = ("support", "invoices", "products", "conditions")


class Obstacle(StrEnum):
    """Why an organisation can't apply at this moment (RULES A1, A3, A4)."""

    INDIVIDUAL = "individual"
    AFFILIATE = "affiliate"
    PARTNER = "partner"
    WAITING = "waiting"
    NO_REGISTER_NUMBER = "no_register_number"


def obstacle(
    *, company: bool, programme: str | None, waiting: bool, register_number: str | None
) -> Obstacle | None:
    """The first thing in the way of an application, None when the organisation may apply.

    `programme` is the one it is in (`partner`, `affiliate` or None, never both: RULES A3); `waiting` says that
    an application is not decided yet. A rejected organisation may apply again (RULES A4).
    """
    if programme == "partner":
        return Obstacle.PARTNER
    if programme == "affiliate":
        return Obstacle.AFFILIATE
    if not company:
        return Obstacle.INDIVIDUAL
    if waiting:
        return Obstacle.WAITING
    if not register_number:
        return Obstacle.NO_REGISTER_NUMBER
    return None


class MayNotApply(Refused):
    """RULES A1, A3."""

    sentence = "This organisation can't apply at the moment."

    def __init__(self, why: Obstacle) -> None:
        super().__init__()
        self.why = why


class AlreadyDecided(Refused):
    """RULES A4: an application is decided once."""

    sentence = "This application has been decided already."


@dataclass(frozen=True)
class VolumeStanding:
    """RULES A2: where a partner stands. `share` is 0 to 100 for a progress bar."""

    managed: Money
    asked: Money
    due: datetime
    reached: bool
    in_grace: bool

    @property
    def share(self) -> int:
        """Managed volume as whole per cent of what is asked, at most 100."""
        return min(100, self.managed.minor * 100 // self.asked.minor) if self.asked.minor else 100


def volume_standing(managed: Money, asked: Money, *, since: datetime, months: int, now: datetime) -> VolumeStanding:
    """Where a partner stands `months` after it was approved at `since` (RULES A2)."""
    month = since.month - 1 + months
    year, month = since.year + month // 12, month % 12 + 1
    last_day = [31, 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    due = since.replace(year=year, month=month, day=min(since.day, last_day[month - 1]))
    return VolumeStanding(managed, asked, due, managed.minor >= asked.minor, now < due)
