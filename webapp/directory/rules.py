"""What is true of partners (RULES A). Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

from webapp.money import Money
from webapp.refused import Refused

SERVICES = ("web", "mail", "cloud", "backup", "shop", "events")
TEXT_LENGTH = 600
NOT_PUBLIC = ("localhost", "local", "internal", "lan", "home", "intranet", "invalid", "onion", "arpa")


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

    `programme` is the one it is in (`partner`, `affiliate` or None, never both: RULES A3); `waiting` says
    that an application is not decided yet. A rejected organisation may apply again (RULES A4).
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

    sentence = "This organisation can’t apply at the moment."

    def __init__(self, why: Obstacle) -> None:
        super().__init__()
        self.why = why


class AlreadyDecided(Refused):
    """RULES A4: an application is decided once."""

    sentence = "This application has been decided already."


class SuspensionReason(StrEnum):
    """Why the operator suspends a partner, as the log keeps it: a code, no words about people."""

    CONDITIONS = "conditions"
    INVOICES = "invoices"
    SECURITY = "security"
    REQUEST = "request"
    OTHER = "other"


class AlreadySuspended(Refused):
    """Somebody at the desk was faster."""

    sentence = "This partner is suspended already."


class NotSuspended(Refused):
    """There is nothing to lift."""

    sentence = "This partner is not suspended."


class HasLeft(Refused):
    """RULES A3: it comes back by a new application, never by the operator's button."""

    sentence = "This organisation has left the partner programme."


@dataclass(frozen=True)
class VolumeStanding:
    """RULES A2: where a partner stands, with what is managed and asked for in one currency."""

    managed: Money
    asked: Money
    due: datetime
    reached: bool
    in_grace: bool

    @property
    def share(self) -> int:
        """Managed volume as whole per cent of what is asked, at most 100, for a progress bar."""
        return min(100, self.managed.minor * 100 // self.asked.minor) if self.asked.minor else 100


def volume_standing(
    managed: Money, asked: Money, *, since: datetime, months: int, now: datetime
) -> VolumeStanding:
    """Where a partner stands `months` after it was approved at `since` (RULES A2)."""
    month = since.month - 1 + months
    year, month = since.year + month // 12, month % 12 + 1
    last_day = [
        31,
        29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28,
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ]
    due = since.replace(year=year, month=month, day=min(since.day, last_day[month - 1]))
    return VolumeStanding(managed, asked, due, managed.minor >= asked.minor, now < due)


@dataclass(frozen=True)
class Filters:
    """What a visitor asks of the directory (RULES A5). An empty value is "any"; filters combine."""

    q: str = ""
    services: tuple[str, ...] = ()
    speaks: str = ""
    country: str = ""
    region: str = ""

    @property
    def without_words(self) -> Filters:
        """The same without the search."""
        return replace(self, q="")

    @property
    def any(self) -> bool:
        """Whether something is asked for at all."""
        return self != Filters()


@dataclass(frozen=True)
class Listing:
    """What a partner shows in the directory (RULES A5); `texts` by language."""

    listed: bool
    name: str
    website: str
    city: str
    country: str
    region: str
    services: frozenset[str]
    languages: frozenset[str]
    texts: Mapping[str, str] = field(default_factory=dict)


def normal_website(typed: str) -> str:
    """`Example.COM` -> `https://example.com/`. ValueError for anything but a web address of a public host."""
    address = typed if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", typed) else f"https://{typed}"
    parts = urlsplit(address)
    if (
        parts.scheme.lower() not in ("http", "https")
        or parts.username
        or parts.password
        or re.search(r"\s|\\", typed)
    ):
        raise ValueError(typed)
    host = _public_host(parts.hostname or "")
    port = f":{parts.port}" if parts.port and parts.port not in (80, 443) else ""
    return urlunsplit((parts.scheme.lower(), host + port, parts.path or "/", parts.query, ""))


def _public_host(host: str) -> str:
    try:
        ascii_host = host.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        raise ValueError(host) from None
    labels = ascii_host.split(".")
    well_formed = all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label) for label in labels)
    if (
        not well_formed
        or len(labels) < 2
        or labels[-1] in NOT_PUBLIC
        or labels[-1].isdigit()
        or _is_ip(ascii_host)
    ):
        raise ValueError(host)
    return ascii_host


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
