"""What the pages about revenue show; there are no tables here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from webapp.money import Money
from webapp.orders.rules import Case, Factors, PriceKind, Tax
from webapp.products.models import Plan
from webapp.products.rules import Period
from webapp.revenue.rules import Chart, Earned, What


@dataclass(frozen=True)
class Volume:
    """What the products that a partner manages at this moment cost a year: public prices, net."""

    value: Money
    products: int
    clients: int


@dataclass(frozen=True)
class Price:
    """What so much of a plan costs, and who has how many already. `tax` is None where no payer is known."""

    plan: Plan
    factors: Factors
    paid_already: int = 0
    tax: Tax | None = None

    @property
    def vat(self) -> Money | None:
        """The tax on the partner price."""
        return self.tax.on(self.factors.partner) if self.tax else None

    @property
    def gross(self) -> Money | None:
        """The partner price with it."""
        return self.factors.partner + self.vat if self.vat is not None else None


@dataclass(frozen=True)
class Placed:
    """Of the order of a line: by which version of the policy, and when."""

    policy_version: str
    placed_at: datetime


@dataclass(frozen=True)
class Line:
    """A line of the statement, with all that its amount was made of. `credited` is what of the line's price had
    been given back to its payer by then. It has what the macro `worked_out` asks of an order's line.
    """

    what: What
    at: datetime
    amount: Money
    credited: Money
    client: str
    client_id: int
    partnership: str | None  # the public id
    number: str
    order_id: str | None  # the public id, where the partner may see the order
    label: str
    names: dict[str, str]
    period: Period
    factors: Factors
    price: PriceKind
    case: Case
    earner_id: int | None
    order: Placed

    @property
    def net(self) -> Money:
        """What was charged for the whole line."""
        return self.factors.price(self.price)


@dataclass(frozen=True)
class ClientMonth:
    """A client with its lines on this page, and what it brought in the whole month, by currency."""

    name: str
    partnership: str | None
    sums: Sequence[Earned]
    lines: Sequence[Line]


@dataclass(frozen=True)
class Statement:
    """A month of a partner's revenue: its sums by currency, a page of its lines by client, and the charts of the
    last months by currency.
    """

    month: date
    sums: Sequence[Earned]
    charts: Sequence[Chart]
    clients: Sequence[ClientMonth]
    page: int
    more: bool
