"""What tests of revenue begin with: partnerships through which something was ordered, and orders that are paid."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

from tests.factories import make_partnership, make_plan, make_product
from tests.orders.story import new, ordered, pay
from tests.times import NOW
from webapp.orders.models import Order
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Access, Payer
from webapp.products.models import Plan


def full(cast: Any, payer: Payer = Payer.CLIENT, client: Any = None) -> Partnership:
    """Lumière may do everything for Lumen Optik, or for another client."""
    return make_partnership(client or cast.lumen, cast.lumiere_partner, Access.FULL, payer)


def limited(cast: Any) -> tuple[Partnership, Any, Any]:
    """Lumière manages the first of two products of Lumen Optik."""
    plan = make_plan("web-one")
    mine, other = (make_product(cast.lumen, label, plan) for label in ("mine.ch", "other.ch"))
    return make_partnership(cast.lumen, cast.lumiere_partner, products=[mine]), mine, other


def sources_plan() -> Plan:
    """The plan of which the sources speak (RULES M3)."""
    return make_plan("web-start", name="Web Start", price_chf=992, price_eur=575)


def bought(
    holder: Any, *wanted: Any, at: datetime = NOW, paid: datetime | None = None, **values: Any
) -> Order:
    """An order that is paid in full, at once unless told otherwise."""
    order = ordered(holder, *wanted, now=at, **values)
    pay(order, now=paid or at)
    return order


def by_partner(partnership: Partnership, *wanted: Any, **values: Any) -> Order:
    """The same, placed by the partner for its client."""
    return bought(partnership.client, *wanted, acting=partnership, **values)


def cells(answer: Any) -> list[dict[str, str]]:
    """The rows of a file, by the names of their columns."""
    assert answer.status_code == 200, answer.headers.get("Location")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


__all__ = ["bought", "by_partner", "cells", "full", "limited", "new", "sources_plan"]
