"""What somebody has put into an order so far, over several pages; kept in a draft."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from webapp.i18n import current_language
from webapp.ordering import queries, rules
from webapp.ordering.models import Purchase
from webapp.ordering.rules import Seen
from webapp.orders import quotes
from webapp.orders.quotes import Quote, QuotedLine, Wanted, renewal_of
from webapp.orders.rules import LINES_MOST, Method, NotRenewable, NotSold, RenewedAlready
from webapp.products.models import Plan, Product
from webapp.products.rules import Family
from webapp.refused import Refused
from webapp.text import fold

DRAFT = "order"


@dataclass
class Item:
    """A line: a new product of `plan`, or the renewal of `product`. `obstacle` says why it can't be had any more."""

    key: str
    plan: Plan
    label: str
    quantity: int = 1
    periods: int = 1
    product: Product | None = None
    obstacle: Refused | None = None

    @property
    def wanted(self) -> Wanted:
        """For a quote, and for the order."""
        if self.product:
            return renewal_of(self.product, periods=self.periods)
        return Wanted(self.plan, self.label, self.quantity, self.periods)

    @property
    def as_kept(self) -> dict[str, Any]:
        """For a draft's data."""
        what = {"product": self.product.public_id} if self.product else {"plan": self.plan.public_id}
        return {
            "key": self.key, **what, "label": self.label, "quantity": self.quantity, "periods": self.periods,
        }  # fmt: skip


@dataclass
class Basket:
    """The order that is being put together under this key."""

    purchase: Purchase
    key: str
    items: list[Item]
    method: Method | None = None

    @classmethod
    def read(cls, kept: Mapping[str, Any], purchase: Purchase, key: str) -> Basket:
        """As `as_kept` wrote it into a draft, with what became of plans and products since."""
        rows = kept.get("items", [])
        plans = queries.plans(row["plan"] for row in rows if "plan" in row)
        products = queries.products(purchase.holder, (row["product"] for row in rows if "product" in row))
        renewing = queries.renewing(products.values())
        items = []
        for row in rows:
            product = products.get(row.get("product", ""))
            plan = product.plan if product else plans.get(row.get("plan", ""))
            if plan:
                obstacle = _gone(product, renewing) if product else _unsold(plan)
                label = product.label if product else row["label"]
                items.append(
                    Item(row["key"], plan, label, row["quantity"], row["periods"], product, obstacle)
                )
        method = kept.get("method")
        return cls(purchase, key, items, Method(method) if method else None)

    @property
    def as_kept(self) -> dict[str, Any]:
        """For a draft's data."""
        return {
            "by": self.purchase.membership.public_id,
            "for": self.purchase.holder.public_id,
            "items": [item.as_kept for item in self.items],
            "method": self.method,
        }

    # --- what is in it --------------------------------------------------------------------------------------

    def add(self, item: Item) -> None:
        """Puts a line in; one that was sent before, or renews the same product, takes the place of that one.

        Raises InOrderAlready, OrderFull.
        """
        item.label = item.label or item.plan.name_in(self.purchase.holder.language)
        for n, other in enumerate(self.items):
            if other.key == item.key or (
                item.product and other.product and other.product.id == item.product.id
            ):
                self.items[n] = item
                return
        if item.plan.family is Family.DOMAIN and not item.product and self.has_domain(item.label):
            raise rules.InOrderAlready(label=item.label)
        if len(self.items) >= LINES_MOST:
            raise rules.OrderFull(most=LINES_MOST)
        self.items.append(item)

    def renewal(self, product: Product) -> Item | None:
        """The line that renews this product, if there is one."""
        return next((item for item in self.items if item.product and item.product.id == product.id), None)

    def has_domain(self, name: str, *, but: str = "") -> bool:
        """Whether the domain is registered by a line already; `but` by the line with this key."""
        return any(
            item.plan.family is Family.DOMAIN and item.key != but and fold(item.label) == fold(name)
            for item in self.items
            if not item.product
        )

    def remove(self, key: str) -> Item | None:
        """Takes the line with this key out; None when it is not there any more."""
        item = next((each for each in self.items if each.key == key), None)
        if item:
            self.items.remove(item)
        return item

    @property
    def obstacles(self) -> list[Item]:
        """The lines that can't be had any more."""
        return [item for item in self.items if item.obstacle]

    # --- what it costs --------------------------------------------------------------------------------------

    @property
    def wanted(self) -> list[Wanted]:
        """Every line, for the order."""
        return [item.wanted for item in self.items]

    @cached_property
    def quote(self) -> Quote:
        """What it costs at this moment, without the lines that can't be had any more."""
        wanted = [item.wanted for item in self.items if not item.obstacle]
        purchase = self.purchase
        return quotes.quote(purchase.holder, wanted, side=purchase.side, acting=purchase.partnership)

    @property
    def priced(self) -> list[tuple[Item, QuotedLine | None]]:
        """Each line with its price; without one if it can't be had any more."""
        lines = iter(self.quote.lines)
        return [(item, None if item.obstacle else next(lines)) for item in self.items]

    @property
    def stamp(self) -> str:
        """Another one whenever the lines are others."""
        text = json.dumps([item.as_kept for item in self.items])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def seen(self) -> Seen:
        """What the check page shows of it."""
        return Seen(self.purchase.charged, self.quote.gross, self.stamp)


def _unsold(plan: Plan) -> Refused | None:
    return NotSold(plan=plan.name_in(current_language())) if plan.retired_at else None


def _gone(product: Product, renewing: Mapping[int, str]) -> Refused | None:
    if product.ended_at:
        return NotRenewable()
    if product.id in renewing:
        return RenewedAlready(product=product.label, order=renewing[product.id])
    return None
