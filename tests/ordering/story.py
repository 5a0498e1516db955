"""What tests of the way of an order have in common: somebody who walks it, and what is sold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from tests.client import Page, ProofreadingClient, values_of
from tests.factories import make_plan
from webapp.accounts.models import Organisation
from webapp.extensions import db
from webapp.orders.models import Order
from webapp.partnerships.models import Partnership
from webapp.products.models import Plan, Product
from webapp.products.rules import Family, Period


@dataclass(frozen=True)
class Goods:
    """What is sold: the sources' hosting (RULES M3), mail by the month, a domain without a sliding scale."""

    hosting: Plan
    mail: Plan
    domain: Plan


def sell() -> Goods:
    """Puts it into the catalogue."""
    return Goods(
        make_plan("web-start", name="Web hosting Start", price_chf=992, price_eur=575, discount=20),
        make_plan(
            "mail-solo", Family.MAIL, name="Mail Solo", period=Period.MONTH, price_chf=190, price_eur=175
        ),
        make_plan(
            "ch", Family.DOMAIN, name="Domain .ch", price_chf=1_000, price_eur=950, discount=10, sliding=False
        ),
    )


@dataclass
class Buyer:
    """Somebody who orders, for the own organisation or for a client; `base` is the address of the catalogue."""

    client: ProofreadingClient
    organisation: Organisation
    partnership: Partnership | None = None
    language: str = "en"
    base: str = field(init=False)

    def __post_init__(self) -> None:
        self.base = Page(self.client.get(f"{self.space}/orders/new")).location

    @property
    def space(self) -> str:
        """Where the addresses of this buyer begin."""
        start = f"/{self.language}/o/{self.organisation.public_id}"
        return f"{start}/clients/{self.partnership.public_id}" if self.partnership else start

    def add(self, plan: Plan, quantity: Any = 1, label: str = "", **more: Any) -> Page:
        """Puts a plan into the order."""
        data = {"plan": plan.public_id, "quantity": str(quantity), "label": label, **more}
        return self.client.post_to(self.base, data)

    def add_renewal(self, product: Product, periods: Any = 1, **more: Any) -> Page:
        """Puts a renewal into the order."""
        data = {"product": product.public_id, "periods": str(periods), **more}
        return self.client.post_to(f"{self.base}/renewals", data)

    def lines(self) -> Page:
        """The page with what is in the order."""
        return self.client.get_page(f"{self.base}/lines")

    def change(self, **values: Any) -> Page:
        """Sends that page with other values, by the beginning of their names; `remove` is a button."""
        form = self.lines().form(f"{self.base}/lines")
        sent = values_of(form)
        for name in [each for each in sent if each.split("-")[0] in values]:
            sent[name] = str(values[name.split("-")[0]])
        if "remove" in values or "do" in values:
            sent.update({name: values[name] for name in ("remove", "do") if name in values})
        return self.client.post_to(f"{self.base}/lines", sent)

    def check(self) -> Page:
        """The page with everything once more."""
        return self.client.get_page(f"{self.base}/check")

    def as_shown(self, method: str = "invoice") -> dict[str, Any]:
        """What the button on that page sends."""
        return {**values_of(self.check().form(f"{self.base}/placement")), "method": method}

    def place(self, shown: dict[str, Any] | None = None, *, method: str = "invoice") -> Page:
        """Presses that button."""
        return self.client.post_to(f"{self.base}/placement", shown or self.as_shown(method))

    def placed(self) -> Page:
        """The last page."""
        return self.client.get_page(f"{self.base}/placed")


def orders() -> list[Order]:
    """All there are."""
    return list(db.session.scalars(sa.select(Order).order_by(Order.id)))


def order() -> Order:
    """The only one."""
    [only] = orders()
    return only
