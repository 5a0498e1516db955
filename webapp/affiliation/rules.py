"""What is true of affiliates, of whom they win, and of what that brings (RULES F). Pure."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from webapp.accounts.rules import Role
from webapp.money import Money
from webapp.refused import Refused

TAG_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
TAG_LENGTH = 7
PATH_LENGTH = 200
LABEL_LENGTH = 60
NOTE_LENGTH = 200
LINKS_MOST = 100  # that an affiliate keeps
NETWORK_CLICKS_MOST = 20  # an hour that count, of one network on the links of one affiliate
CLICKS_MOST = 5_000  # the same of all networks together, per process
CLICKS_SPAN = timedelta(hours=1)
SEES_EARNINGS = Role.ADMINISTRATOR  # the weakest role that sees links and earnings
SAME_NETWORK_MOST = 3  # sign-ups from one network for one affiliate, before somebody looks at them
HUMAN_SECONDS = 5  # a person takes longer from the click to a filled-in form
PER_CENT = 100  # basis points


class Reason(StrEnum):
    """Why an order brings its affiliate nothing (RULES F2–F4); an affiliate is told by these."""

    CLOSED = "closed"  # the affiliate account was closed when it was placed
    REFUSED = "refused"  # the operator looked at the customer and refused it
    LATE = "late"  # no order within a day of the customer's sign-up
    OVER = "over"  # more than a year after the sign-up
    OWN = "own"  # by the affiliate, or by somebody of its organisation
    ADDRESS = "address"  # from the affiliate's own network
    MANAGED = "managed"  # the customer was no new one, or a partner manages its products
    EXCLUDED = "excluded"  # nothing but products that do not count


class Verdict(StrEnum):
    """What became of a customer that an affiliate won."""

    ALLOWED = "allowed"
    HELD = "held"  # somebody at the desk has to look at it
    REFUSED = "refused"


class Sign(StrEnum):
    """What makes a sign-up suspicious."""

    SAME_NUMBER = "same_number"  # of the register or VAT: it is the affiliate itself
    SAME_PLACE = "same_place"  # street and postcode
    SAME_NETWORK = "same_network"  # the affiliate signs in from there
    SAME_DOMAIN = "same_domain"  # of the e-mail address, and no public provider's
    MANY = "many"  # sign-ups from one network for this affiliate
    FAST = "fast"  # filled in faster than a person can


REFUSING = frozenset((Sign.SAME_NUMBER,))


class State(StrEnum):
    """What a commission is at this moment."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    PAID = "paid"
    CANCELLED = "cancelled"  # the order was given back
    NOT_COUNTED = "not_counted"


class Wait(StrEnum):
    """What a commission waits for."""

    DAYS = "days"
    PAYMENT = "payment"  # the customer has not paid its invoice
    RATE = "rate"  # of exchange
    REVIEW = "review"


class NoAffiliate(Refused):
    """The organisation's affiliate account is closed."""

    sentence = "This affiliate account is closed."


class MayNotJoin(Refused):
    """RULES A3: nobody is partner and affiliate at once."""

    sentence = "This organisation can’t join the affiliate programme at the moment."


class TooManyLinks(Refused):
    """The list of links stays readable."""

    sentence = "You keep as many links as fit on this page. Remove one that you no longer need."


class LinkKept(Refused):
    """Each page is in the list once."""

    sentence = "This page is in your list already."


class AlreadyReviewed(Refused):
    """Somebody at the desk was faster."""

    sentence = "Somebody has decided this already."


@dataclass(frozen=True)
class Ordered:
    """What was true of a customer and its order when it was placed."""

    on: date
    pays_until: date  # the last day on which orders of this customer count
    after_sign_up: timedelta  # of the customer's first order
    by_colleague: bool
    same_network: bool
    managed: bool
    closed: bool
    refused: bool
    counted: bool  # whether any of its products counts


@dataclass(frozen=True)
class Noted:
    """A click on an affiliate's link that has no row yet."""

    public_id: str
    account_id: int
    path: str
    at: datetime
    network: str


def why_not(ordered: Ordered, *, first_order: timedelta) -> Reason | None:
    """The first reason why the order does not count; None when it does (RULES F2–F4).

    That its customer was refused comes last: the desk may change its mind, and forgives nothing else by that.
    """
    reasons = (
        (ordered.closed, Reason.CLOSED),
        (ordered.by_colleague, Reason.OWN),
        (ordered.same_network, Reason.ADDRESS),
        (ordered.managed, Reason.MANAGED),
        (ordered.after_sign_up > first_order, Reason.LATE),
        (ordered.on > ordered.pays_until, Reason.OVER),
        (not ordered.counted, Reason.EXCLUDED),
        (ordered.refused, Reason.REFUSED),
    )
    return next((reason for applies, reason in reasons if applies), None)


def core_of(number: str | None) -> str:
    """What of a register or VAT number names the business, however it is written (RULES F3): of a Swiss UID with
    MWST, TVA or IVA the UID, of a French SIRET or VAT number the SIREN."""
    plain = "".join(sign for sign in (number or "").upper() if sign.isalnum())
    if plain.startswith("CHE"):
        return plain[:12]
    if plain.startswith("FR") and len(plain) == 13:
        return plain[4:]
    return plain[:9] if plain.isdigit() and len(plain) == 14 else plain


def verdict(signs: frozenset[Sign]) -> Verdict:
    """What becomes of a sign-up with these signs before anybody looked at it."""
    if signs & REFUSING:
        return Verdict.REFUSED
    return Verdict.HELD if signs else Verdict.ALLOWED


def link_followed(path: str, links: Mapping[str, int]) -> int:
    """Which of an affiliate's links led to this page: the one of that address, else of that page with whatever
    query, else the one of all others."""
    return links.get(path) or links.get(path.partition("?")[0]) or links[""]


def within_limits(
    noted: Sequence[Noted], hashes: Mapping[str, str | None], counted: Mapping[tuple[int, str], int]
) -> list[Noted]:
    """Those that count, after so many of the last hour by account and hashed network."""
    left = {key: NETWORK_CLICKS_MOST - n for key, n in counted.items()}
    kept = []
    for click in noted:
        hashed = hashes[click.network]
        if hashed is not None:
            key = (click.account_id, hashed)
            left[key] = left.get(key, NETWORK_CLICKS_MOST) - 1
            if left[key] < 0:
                continue
        kept.append(click)
    return kept


def click_counts(clicked_at: datetime, *, now: datetime, days: int) -> bool:
    """Whether a click still counts for a sign-up (RULES F2); one from the future is none."""
    return clicked_at <= now <= clicked_at + timedelta(days=days)


def last_waiting_day(placed_on: date, days: int) -> date:
    """The last day on which a commission waits (RULES F6): the order's own day is not counted."""
    return placed_on + timedelta(days=days)


def rate_at(earned: Money, tiers: Sequence[tuple[int, int]]) -> int:
    """Per cent for who has earned so much before the order; `tiers` in whole units, lowest first (RULES F5)."""
    return [rate for step, rate in tiers if earned.minor >= step * 100 or step == 0][-1]


def next_tier(earned: Money, tiers: Sequence[tuple[int, int]]) -> tuple[Money, int] | None:
    """(what is missing, the rate then) of the next step; None at the highest (RULES F5)."""
    for step, rate in tiers:
        if earned.minor < step * 100:
            return Money(step * 100 - earned.minor, earned.currency), rate
    return None


def whole_commission(base: Money, rate: int) -> Money:
    """What an order brings, in its own currency, as long as nothing of it is given back (RULES F5)."""
    return base.share(rate * PER_CENT)


def left_of(whole: Money, *, credited: int, base: int) -> Money:
    """What stays of it when so much of its base, net, was given back (RULES F6: in proportion)."""
    return whole - whole.part(credited, base) if base else whole


@dataclass(frozen=True)
class Course:
    """What decides what a commission is at this moment."""

    reason: Reason | None
    whole: int  # minor units, of the order's currency
    amount: int | None  # what is left of it, in the affiliate's currency; None as long as no rate is known
    held: bool
    waits_until: date
    confirms_on: date | None
    paid_on: date | None  # of the payout that it was part of

    def state(self, today: date) -> State:
        """What it is."""
        if self.reason:
            return State.NOT_COUNTED
        if self.paid_on:
            return State.PAID
        if self.amount == 0 and self.whole:
            return State.CANCELLED
        if self.confirms_on and self.confirms_on <= today:
            return State.CONFIRMED
        return State.WAITING

    def waits_for(self, today: date) -> Wait:
        """What it waits for, the longest first."""
        if self.held:
            return Wait.REVIEW
        if self.amount is None:
            return Wait.RATE
        if self.confirms_on is None and today > self.waits_until:
            return Wait.PAYMENT
        return Wait.DAYS


def new_tag() -> str:
    """A tag that nobody can guess and everybody can read out (RULES F1)."""
    return "".join(secrets.choice(TAG_ALPHABET) for _ in range(TAG_LENGTH))


@dataclass(frozen=True)
class Month:
    """What one month would bring, at which rate, and how much that makes altogether."""

    nth: int
    rate: int
    commission: Money
    total: Money


def projection(monthly: Money, *, months: int, tiers: Sequence[tuple[int, int]]) -> list[Month]:
    """What orders of so much a month, net, would bring: one order a month, the rate by what was earned before."""
    total, course = Money(0, monthly.currency), []
    for nth in range(1, months + 1):
        rate = rate_at(total, tiers)
        commission = whole_commission(monthly, rate)
        total = total + commission
        course.append(Month(nth, rate, commission, total))
    return course
