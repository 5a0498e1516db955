"""How the codes of calls are called, and small readings of a call that pages and mails share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from flask import current_app

from webapp.directory.labels import service
from webapp.directory.rules import SERVICES
from webapp.i18n import gettext as _
from webapp.i18n import lazy, money, remembered, speaking
from webapp.money import MINOR_PER_UNIT, Money
from webapp.tenders import rules
from webapp.tenders.models import Offer, Tender
from webapp.tenders.rules import Status, budget_bounds

STARTS = {
    "soon": lazy("As soon as possible"),
    "month": lazy("Within a month"),
    "quarter": lazy("Within three months"),
    "open": lazy("No fixed date"),
}

STATUSES = {
    Status.UNCONFIRMED: (lazy("Waiting for confirmation"), "wait"),
    Status.OPEN: (lazy("Open"), "ok"),
    Status.AWARDED: (lazy("Awarded"), "info"),
    Status.CANCELLED: (lazy("Withdrawn"), ""),
    Status.EXPIRED: (lazy("Closed"), ""),
    Status.HIDDEN: (lazy("Hidden by the operator"), ""),
}


def in_order(services: Iterable[str]) -> list[str]:
    """Service codes in the order in which they are always shown."""
    return [code for code in SERVICES if code in services]


def needs(services: Iterable[str]) -> list[str]:
    """The names of the services, in order."""
    return [service(code) for code in in_order(services)]


@remembered
def needed(services: frozenset[str]) -> str:
    """The same as words: `Mail, Online shops`."""
    return ", ".join(needs(services))


def budget(tender: Any) -> str:
    """The budget band of a call, or of a row of the inbox, in words."""
    return budget_words(tender.budget_least, tender.budget_most, tender.currency)


@remembered
def budget_words(least: int | None, most: int | None, currency: str) -> str:
    """Whole units into words: `CHF 1’000 to CHF 5’000`."""

    def whole(units: int) -> str:
        return money(Money(units * MINOR_PER_UNIT, currency), whole=True)

    if most is not None:
        return (
            _("%(least)s to %(most)s", least=whole(least), most=whole(most))
            if least
            else _("Up to %(most)s", most=whole(most))
        )
    return _("More than %(least)s", least=whole(least)) if least else _("Not known yet")


def budget_choices(steps: tuple[int, ...], currency: str) -> list[tuple[str, str]]:
    """(code, words) for the form, unknown first."""
    bands = [(code, budget_words(*budget_bounds(code), currency)) for code in rules.budget_bands(steps)]
    return [("", _("I don’t know yet")), *bands]


def closing_day(tender: Any) -> date | None:
    """The last day on which a call, or a row of the inbox, is open."""
    return (
        rules.closing_day(tender.closes_at, current_app.config["SETTINGS"].zone) if tender.closes_at else None
    )


def offer_day(offer: Offer) -> date:
    """The last day on which the offer is valid."""
    return rules.closing_day(offer.valid_until, current_app.config["SETTINGS"].zone)


def standing_offers(tender: Tender) -> list[Offer]:
    """The offers that were not withdrawn."""
    return [offer for offer in tender.offers if not offer.withdrawn_at]


def price(offer: Offer) -> str:
    """A price or a range."""
    least, most = offer.price
    if least == most:
        return money(least)
    return _("%(least)s to %(most)s", least=money(least), most=money(most))


def status_name(status: Status) -> tuple[str, str]:
    """(words, tone of the badge)."""
    words, tone = STATUSES[status]
    return str(words), tone


def reply_subject(tender: Tender) -> str:
    """The subject of a partner's own mail to the requester, in the requester's language."""
    with speaking(tender.language, tender.country):
        return _("Your call for tenders %(reference)s", reference=tender.reference)


FILTERS: dict[str, Callable[..., Any]] = {
    "needs": needs,
    "needed": needed,
    "excerpt": lambda text: rules.excerpt(rules.without_contact(text)),
    "budget": budget,
    "budget_name": lambda band, currency: budget_words(*rules.budget_bounds(band), currency),
    "closing_day": closing_day,
    "offer_day": offer_day,
    "price": price,
    "status_name": status_name,
    "start_name": lambda code: str(STARTS[code]),
    "reply_subject": reply_subject,
}
