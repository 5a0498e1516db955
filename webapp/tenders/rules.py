"""What is true of calls for tenders (RULES T). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from webapp.refused import Gone, Refused


class Status(StrEnum):
    """RULES T6. Only OPEN is shown to partners."""

    UNCONFIRMED = "unconfirmed"
    OPEN = "open"
    AWARDED = "awarded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Dates:
    """The dates of a call from which its status follows; a transition sets one of them, none is cleared."""

    confirmed_at: datetime | None = None
    closes_at: datetime | None = None
    awarded_at: datetime | None = None
    cancelling_at: datetime | None = None
    hidden_at: datetime | None = None
    lapsed_at: datetime | None = None


def status(dates: Dates, *, now: datetime) -> Status:
    """The status at `now` (RULES T3, T5, T6). A call that is being cancelled is cancelled for everybody."""
    if dates.hidden_at:
        return Status.HIDDEN
    if dates.cancelling_at:
        return Status.CANCELLED
    if dates.awarded_at:
        return Status.AWARDED
    if dates.lapsed_at:
        return Status.EXPIRED
    if not dates.confirmed_at:
        return Status.UNCONFIRMED
    return Status.OPEN if dates.closes_at and now < dates.closes_at else Status.EXPIRED


# What the requester may still do (RULES T3, T6, T7), by status.
REQUESTER_MAY: dict[Status, frozenset[str]] = {
    Status.UNCONFIRMED: frozenset({"confirm", "cancel"}),
    Status.OPEN: frozenset({"cancel", "extend", "accept"}),
    Status.AWARDED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.EXPIRED: frozenset({"accept"}),
    Status.HIDDEN: frozenset(),
}


class NotOpen(Gone):
    """The call can't be read or answered any more (RULES T6)."""

    sentence = "This call for tenders is not open any more."


class LinkOver(Gone):
    """A mailed link that opens nothing: used, expired, replaced, malformed and unknown look alike (RULES T4)."""

    sentence = "This link does not work any more. It was used up, has expired or is incomplete."


class NotPossible(Refused):
    """The requester asked for something that the call's status does not allow."""

    sentence = "This is not possible any more, because the call has changed in the meantime."


class AlreadyExtended(Refused):
    """RULES T6: once."""

    sentence = "This call has been extended once already."


class OfferOver(Refused):
    """The offer can't be accepted any more."""

    sentence = "This offer was withdrawn or is past its date. Choose another one or wait for a new offer."


class OfferChanged(Refused):
    """The requester must accept what it has read."""

    sentence = "The partner has changed this offer in the meantime. Read it again, then decide."


def last_moment(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after `day` where the operator is: a call that closes on a day is open all that day."""
    return datetime.combine(day + timedelta(days=1), time.min, zone)


def closing(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """When a call that is published now for `days` days closes (RULES T6)."""
    return last_moment(now.astimezone(zone).date() + timedelta(days=days), zone)


def closing_day(closes_at: datetime, zone: ZoneInfo) -> date:
    """The last day on which the call is open, as people say it."""
    return (closes_at - timedelta(seconds=1)).astimezone(zone).date()


def budget_bounds(band: str) -> tuple[int | None, int | None]:
    """(least, most) in whole units of a band's code: `1000-5000`, `5000-` (more than), `-1000` (up to), `` unknown."""
    if not band:
        return None, None
    least, _, most = band.partition("-")
    return (int(least) if least else 0), (int(most) if most else None)


def budget_bands(steps: tuple[int, ...]) -> list[str]:
    """The codes of the bands that these steps make, smallest first."""
    if not steps:
        return []
    inner = [f"{low}-{high}" for low, high in pairwise(steps)]
    return [f"-{steps[0]}", *inner, f"{steps[-1]}-"]


_MAIL_ADDRESS = re.compile(r"[^\s@<>()\[\],;:]+@[^\s@<>()\[\],;:]+\.\w+")
_PHONE = re.compile(r"(?:\+|\b0)\d[\d\s/().-]{6,}\d")
PHONE_DIGITS = 9  # a date has eight


def without_contact(text: str) -> str:
    """The text with `[…]` for mail addresses and phone numbers that somebody typed into it (RULES T2)."""

    def hide_phone(match: re.Match[str]) -> str:
        digits = sum(c.isdigit() for c in match.group())
        return "[…]" if digits >= PHONE_DIGITS else match.group()

    return _PHONE.sub(hide_phone, _MAIL_ADDRESS.sub("[…]", text))


def excerpt(description: str, length: int = 280) -> str:
    """The beginning of a text, cut at a word unless that word is endless."""
    text = " ".join(description.split())
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    at_word = cut if text[length - 1] == " " else cut.rpartition(" ")[0]
    return (at_word if len(at_word) >= length // 2 else cut).rstrip(" ,.;:–-") + "…"
