"""What tests of renewals begin with, and look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import current_app

from tests.factories import make_plan, make_product
from webapp.accounts.models import Organisation
from webapp.extensions import db
from webapp.mailer import QueuedMail
from webapp.orders.models import NoticeSettings, Order
from webapp.products.models import Product
from webapp.products.rules import Family, Period
from webapp.renewals.models import RenewalNotice
from webapp.unit import unit_of_work

TOMORROW = date(2026, 11, 22)  # when what renews by itself is ordered today
IN_A_WEEK = date(2026, 11, 28)
IN_TWO_WEEKS = date(2026, 12, 5)
PRICE = 12_972  # a year for CHF 120 with 8.1 per cent VAT


@contextmanager
def no_invoices() -> Iterator[None]:
    """Meanwhile the operator has no bank account: nobody pays by invoice."""
    config = current_app.config
    policy = config["PROGRAMME"]
    config["PROGRAMME"] = replace(policy, seller=None)
    try:
        yield
    finally:
        config["PROGRAMME"] = policy


def product(
    holder: Organisation, label: str = "example.ch", renews_on: date = TOMORROW, **values: Any
) -> Product:
    """A product for CHF 120 a year that renews by itself."""
    plan = values.pop("plan", None) or make_plan(family=Family.OTHER, sliding=False)
    row = {"started_on": date(2025, renews_on.month, min(renews_on.day, 28)), **values}
    return make_product(holder, label, plan, renews_on=renews_on, **row)


def monthly(holder: Organisation, renews_on: date, **values: Any) -> Product:
    """The same for CHF 10 a month."""
    plan = make_plan(family=Family.OTHER, sliding=False, period=Period.MONTH, price_chf=1000, price_eur=1000)
    return product(holder, renews_on=renews_on, plan=plan, **values)


def by_hand(
    holder: Organisation, label: str = "example.ch", renews_on: date = IN_A_WEEK, **values: Any
) -> Product:
    """A product that has to be renewed by somebody."""
    return product(holder, label, renews_on, auto_renew=False, **values)


@unit_of_work
def wish(organisation: Organisation, **values: Any) -> None:
    """Which mails it wants; everything unless told otherwise."""
    row = {
        "reminders": True, "reminder_days": frozenset({"30", "7"}), "automatic_reminder": True,
        "automatic_done": True, "invoice_issued": True, **values,
    }  # fmt: skip
    db.session.add(NoticeSettings(organisation_id=organisation.id, **row))


@unit_of_work
def change(row: Any, **values: Any) -> None:
    """Somebody else changed this row."""
    for name, value in values.items():
        setattr(row, name, value)


def orders() -> list[Order]:
    """All there are."""
    return list(db.session.scalars(sa.select(Order).order_by(Order.id)))


def renewed(order: Order) -> list[str]:
    """What it renews."""
    return [line.label for line in order.lines]


def notices() -> list[tuple[str, str, date, int]]:
    """Who was told what."""
    rows = db.session.scalars(sa.select(RenewalNotice).order_by(RenewalNotice.id))
    return [(row.organisation.name, row.kind.value, row.renews_on, row.days) for row in rows]


def mails(kind: str) -> list[str]:
    """The addresses to which mails of this kind are queued."""
    return list(
        db.session.scalars(
            sa.select(QueuedMail.address).where(QueuedMail.kind == kind).order_by(QueuedMail.id)
        )
    )
