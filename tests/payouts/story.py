"""Affiliates with commissions, and the days on which they are paid, in few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import sqlalchemy as sa

from tests.factories import make_affiliate, make_customer, make_order, make_organisation, make_plan, make_user
from tests.ledger.story import has
from tests.times import NOW
from webapp.extensions import db
from webapp.ledger import queries as ledger
from webapp.ledger.rules import AccountKind
from webapp.mailer import QueuedMail
from webapp.money import Money
from webapp.orders import actions as orders
from webapp.orders.quotes import Wanted
from webapp.payouts import actions
from webapp.payouts.models import Payout, PayoutPreference, PayoutRun
from webapp.payouts.rules import NAME_LENGTH, Kind
from webapp.unit import unit_of_work

IBAN, GERMAN_IBAN = "CH9300762011623852957", "DE89370400440532013000"
QR_IBAN = "CH4431999123000889012"
PAYPAL = "pay@anna.example"
DECEMBER = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)
JANUARY = datetime(2027, 1, 1, 0, 30, tzinfo=UTC)  # orders of NOW were confirmed in December
FEBRUARY = datetime(2027, 2, 1, 0, 30, tzinfo=UTC)
MONTHS = (JANUARY, FEBRUARY, datetime(2027, 3, 1, 0, 30, tzinfo=UTC))
_numbers = count(1)


def affiliate(name="Anna Empfiehlt", owner=None, **values):
    """An affiliate from Bern with an owner of its own."""
    owner = owner or make_user("Anna Owner")  # not by the name: a long one is no name of a person
    values = {"street": f"Am Bach {next(_numbers)}", "register_number": None, **values}
    return make_affiliate(make_organisation(name, owner=owner, **values))


def earn(account, minor=6_000, *, now=NOW, paid=True):
    """An order of a new customer that brings exactly so much at 25 per cent, confirmed 30 days later."""
    currency = account.currency
    customer = make_customer(account, now=now, country="CH" if currency == "CHF" else "DE", currency=currency)
    plan = make_plan(price_chf=minor * 4, price_eur=minor * 4, sliding=False)
    return make_order(customer, Wanted(plan, "example.com"), paid=paid, now=now)


def give_back(order, minor=None, *, now):
    """Gives all of the order's first line back, or so much net."""
    line = order.lines[0]
    left = line.left if minor is None else Money(minor, order.currency)
    return orders.credit(order, {line.id: left}, reason="Given back", by=None, now=now)


@unit_of_work
def to(account, kind=Kind.IBAN, target=None, *, changed=NOW - timedelta(days=30), hold=5, holder=None):
    """Where its payouts go, since long ago."""
    targets = {Kind.IBAN: IBAN if account.currency == "CHF" else GERMAN_IBAN, Kind.PAYPAL: PAYPAL}
    target = target or targets.get(kind, "")
    owner = account.organisation.memberships[0].user_id
    row = PayoutPreference(
        account=account, kind=kind, target=target,
        holder=holder or account.organisation.name[:NAME_LENGTH],
        changed_at=changed, changed_by_id=owner, holds_until=changed + timedelta(days=hold),
    )  # fmt: skip
    db.session.add(row)
    return account


def owner_of(account):
    return account.organisation.memberships[0].user


def run(now=JANUARY):
    """What the worker does by the clock; how many payouts were made."""
    return actions.run_due(now=now)


def payouts(account=None):
    found = sa.select(Payout).order_by(Payout.id)
    return db.session.scalars(found.where(Payout.account_id == account.id) if account else found).all()


def runs():
    return db.session.scalars(sa.select(PayoutRun).order_by(PayoutRun.id)).all()


def earnings(account):
    """Minor units on the affiliate's account."""
    return has(account.organisation, account.currency, AccountKind.EARNINGS)


def prepaid(account):
    return has(account.organisation, account.currency)


def operator_has(kind, currency="CHF"):
    return ledger.balance(kind, currency=currency).minor


def mails(kind):
    """How many mails of this kind were queued."""
    return db.session.scalar(
        sa.select(sa.func.count()).select_from(QueuedMail).where(QueuedMail.kind == kind)
    )
