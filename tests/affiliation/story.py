"""Affiliates, whom they win and what is ordered, in few words and at any instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa

from tests.factories import join, make_order, make_organisation, make_plan, make_user
from tests.ledger.story import has
from tests.times import NOW
from webapp import clock
from webapp.accounts.models import Organisation, User, UserSession
from webapp.accounts.rules import Role
from webapp.affiliation import actions, queries
from webapp.affiliation.models import AffiliateAccount, Attribution, Commission
from webapp.database import new_public_id
from webapp.extensions import db
from webapp.ledger.rules import AccountKind
from webapp.mailer import QueuedMail
from webapp.money import Money
from webapp.orders import actions as orders
from webapp.orders.models import Invoice, Order
from webapp.orders.quotes import Wanted
from webapp.payments import actions as payments
from webapp.products.models import Plan
from webapp.unit import unit_of_work
from webapp.visits import Visit

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
_numbers = count(1)


def at(*parts: int) -> datetime:
    """An instant, UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc] # year, month, day and so on


def make_joined(name: str = "Anna Empfiehlt", **values: Any) -> AffiliateAccount:
    """An affiliate from Bern, in francs, with an owner of its own."""
    owner = make_user(f"{name} Owner", email=f"owner@affiliate-{next(_numbers)}.example")
    values = {"street": f"Am Bach {next(_numbers)}", "register_number": None, **values}
    joined: AffiliateAccount = actions.join(
        make_organisation(name, owner=owner, **values), by=owner, now=NOW - 60 * DAY
    )
    return joined


def signed_up(
    account: AffiliateAccount, *, now: datetime = NOW, click: datetime | None = None, visit: Visit | None = None,
    **values: Any,
) -> Organisation:  # fmt: skip
    """A company that signed up now, over a link that was followed half an hour before."""
    number = next(_numbers)
    owner = make_user(f"Owner {number}", email=f"owner@won-{number}.example", created_at=now, verified_at=now)
    values = {"street": f"Neuweg {number}", "register_number": None, "created_at": now, **values}
    customer: Organisation = make_organisation(f"Won {number} AG", owner=owner, **values)
    visit = visit or visited(account, click or now - HOUR / 2)
    actions.attribute(customer, person=owner, visit=visit, now=now)
    return customer


def visited(account: AffiliateAccount, at: datetime, **values: Any) -> Visit:
    """Its link was followed."""
    row = {"click": new_public_id(), "path": "/", "network": f"192.0.2.{next(_numbers) % 250}", **values}
    return Visit(account.tag, at=at, **row)


def won(customer: Organisation) -> Attribution | None:
    """By whom it was won."""
    return queries.attribution_of(customer.id)


def plan_for(minor: int, **values: Any) -> Plan:
    """A plan that costs so much a year, in both currencies, and knows no sliding scale."""
    return make_plan(price_chf=minor, price_eur=minor, sliding=False, **values)


def ordered(customer: Organisation, *plans: Plan, now: datetime = NOW, **values: Any) -> Order:
    """An order of these plans, or of the usual one."""
    wanted = [Wanted(plan, f"neu{n}.ch") for n, plan in enumerate(plans or (make_plan(),), 1)]
    return make_order(customer, *wanted, now=now, **values)


def of(order: Order) -> Commission:
    """What it brings, as it is now."""
    found = queries.commission_of(order)
    assert found is not None
    db.session.refresh(found)
    return found


def earning(account: AffiliateAccount, minor: int, *, now: datetime = NOW, paid: bool = True) -> Order:
    """An order of a new customer that brings exactly so much at 25 per cent, as the first one of its affiliate."""
    customer = signed_up(account, now=now, **abroad(account.currency))
    return ordered(customer, plan_for(minor * 4), now=now, paid=paid)


def abroad(currency: str) -> dict[str, str]:
    """Where somebody is who pays in this currency."""
    return {"country": "CH" if currency == "CHF" else "DE", "currency": currency}


def paid(order: Order, *, now: datetime) -> Order:
    """All that is missing arrives from the bank."""
    key = f"paid{next(_numbers)}"
    payments.book_payment(order, order.missing, booked_on=clock.day_of(now), key=key, by=None, now=now)
    return order


def give_back(order: Order, *minors: int | None, now: datetime = NOW) -> Invoice:
    """So much, net, of its lines is given back, None for all that is left; all of all lines unless told otherwise."""
    given = minors or (None,) * len(order.lines)
    amounts = {
        line.id: line.left if minor is None else Money(minor, order.currency)
        for line, minor in zip(order.lines, given, strict=False)
    }
    return orders.credit(order, amounts, reason="Given back", by=None, now=now)


def earnings(account: AffiliateAccount, currency: str | None = None) -> int:
    """Minor units on its account."""
    return has(account.organisation, currency or account.currency, AccountKind.EARNINGS)


def becomes_colleague(person: User, organisation: Organisation) -> None:
    """From now on the person belongs to it too."""
    join(person, organisation, Role.COLLABORATOR)


@unit_of_work
def seen_at(person: User, address: str, *, now: datetime) -> None:
    """The person was signed in from there."""
    db.session.add(
        UserSession(
            user=person, token_hash=new_public_id(), kept=False, address=address, created_at=now, last_seen_at=now
        )
    )  # fmt: skip


def owner_of(organisation: Organisation) -> User:
    """Its first person."""
    person: User = organisation.memberships[0].user
    return person


def mails(kind: str) -> int:
    """How many mails of this kind were queued."""
    total = sa.select(sa.func.count()).select_from(QueuedMail).where(QueuedMail.kind == kind)
    return db.session.scalar(total) or 0
