"""What an order would cost at this moment: who pays whom how much, and why (RULES M1–M5, M7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from flask import current_app

from webapp.accounts.models import Organisation
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.money import Money
from webapp.orders import rules
from webapp.orders.rules import Action, Deal, Factors, Tax
from webapp.partnerships import queries as partnerships
from webapp.partnerships.models import Partnership, ProductGrant
from webapp.partnerships.rules import Payer, Side
from webapp.products import rules as products
from webapp.products.models import Plan, Product
from webapp.products.rules import Family
from webapp.programme import programme


@dataclass(frozen=True)
class Wanted:
    """A line that somebody wants: a new product of `plan`, or the renewal of `product`."""

    plan: Plan
    label: str
    quantity: int = 1
    periods: int = 1
    product: Product | None = None

    @property
    def action(self) -> Action:
        """What the line does."""
        return Action.RENEWAL if self.product else Action.NEW


def renewal_of(product: Product, *, periods: int = 1) -> Wanted:
    """The renewal of this product."""
    return Wanted(product.plan, product.label, periods=periods, product=product)


@dataclass(frozen=True)
class QuotedLine:
    """A line with its price. `partnership` is whose partner earns the cashback, None when nobody does."""

    wanted: Wanted
    factors: Factors
    deal: Deal
    partnership: Partnership | None
    starts_on: date | None
    ends_on: date | None

    @property
    def net(self) -> Money:
        """What is charged for it."""
        return self.factors.price(self.deal.price)

    @property
    def cashback(self) -> Money:
        """What the partner gets for it once it is paid (RULES M4)."""
        return self.factors.difference if self.partnership else Money(0, self.net.currency)


@dataclass(frozen=True)
class Quote:
    """An order as it would be placed now: who pays whom how much, and why."""

    holder: Organisation
    payer: Organisation
    side: Side
    partnership: Partnership | None
    lines: tuple[QuotedLine, ...]
    tax: Tax

    @property
    def net(self) -> Money:
        """The sum of the lines."""
        return sum((line.net for line in self.lines), Money(0, self.payer.currency))

    @property
    def vat(self) -> Money:
        """The tax on it."""
        return self.tax.on(self.net)

    @property
    def gross(self) -> Money:
        """What is to be paid."""
        return self.net + self.vat

    def case(self, line: QuotedLine) -> rules.Case:
        """Who pays and who earns on this line of it (RULES M4)."""
        terms = self.partnership.terms if self.partnership else None
        return rules.case_of(terms, by=self.side, earning=line.partnership is not None)

    @property
    def cashback(self) -> Money:
        """What partners get on it."""
        return sum((line.cashback for line in self.lines), Money(0, self.payer.currency))


def quote(
    holder: Organisation, wanted: Sequence[Wanted], *, side: Side, acting: Partnership | None = None
) -> Quote:
    """What this order would cost at this moment (RULES M1–M5, M7).

    `acting` is the partnership through which a partner orders, with `side` PARTNER. Raises MayNotOrder.
    """
    concerned = _Concerned.by(holder, wanted, acting)
    deals = [concerned.deal(each, side) for each in wanted]
    paid_by_partner = any(deal.charged is Payer.PARTNER for deal in deals)
    payer = acting.partner.organisation if acting and paid_by_partner else holder
    counts = _counts(payer, wanted)
    lines = []
    for each, deal in zip(wanted, deals, strict=True):
        made_of = factors(
            each.plan, payer.currency, quantity=each.quantity, periods=each.periods, count=counts[each.plan.family]
        )  # fmt: skip
        starts_on, ends_on = _stretch(each)
        earning = concerned.of(each) if deal.earning else None
        lines.append(QuotedLine(each, made_of, deal, earning, starts_on, ends_on))
    return Quote(holder, payer, side, concerned.full, tuple(lines), tax_of(payer))


def factors(plan: Plan, currency: str, *, quantity: int, periods: int, count: int) -> Factors:
    """What a price is made of by today's policy; `count` is what the sliding scale goes by (RULES M1, M2)."""
    policy = programme()
    return Factors(
        plan.price(currency), quantity, periods, policy.discount_of(plan.code, plan.discount),
        policy.sliding.step(plan.family, plan.sliding, count), count,
    )  # fmt: skip


def tax_of(payer: Organisation) -> Tax:
    """How this organisation is taxed (RULES M7)."""
    return rules.tax(
        seller=seller_country(), buyer=payer.country, vat_number=payer.vat_number,
        rate=programme().vat.rate(payer.country),
    )  # fmt: skip


def seller_country() -> str:
    """Where the operator sells from."""
    seller = programme().seller
    country: str = seller.country if seller else current_app.config["SETTINGS"].operator_country
    return country


def _stretch(wanted: Wanted) -> tuple[date | None, date | None]:
    """From when and until when a renewal lasts; a new product begins on the day it is paid."""
    product = wanted.product
    if product is None:
        return None, None
    until = products.following(
        product.renews_on, wanted.plan.period, periods=wanted.periods, started_on=product.started_on
    )
    return product.renews_on, until


@dataclass(frozen=True)
class _Concerned:
    """The partners whom an order concerns: the one with full access, else whoever manages a product."""

    full: Partnership | None
    managing: dict[int, Partnership]

    @classmethod
    def by(cls, holder: Organisation, wanted: Iterable[Wanted], acting: Partnership | None) -> _Concerned:
        """Those of this holder, at this moment; a suspended partner is none."""
        if acting:
            return cls(acting, {})
        full = partnerships.full_partner(holder)
        if full:
            return cls(None if full.partner.suspended_at else full, {})
        return cls(None, managing(holder, [each.product.id for each in wanted if each.product]))

    def of(self, wanted: Wanted) -> Partnership | None:
        """The partnership that this line concerns."""
        return self.full or (self.managing.get(wanted.product.id) if wanted.product else None)

    def deal(self, wanted: Wanted, side: Side) -> Deal:
        """Who is charged what for this line (RULES M4)."""
        mine = self.of(wanted)
        return rules.deal(mine.terms if mine else None, by=side, manages=mine is not None)


def managing(holder: Organisation, product_ids: Sequence[int]) -> dict[int, Partnership]:
    """Which limited partnership manages which of these products, suspended partners left out (RULES C1)."""
    if not product_ids:
        return {}
    rows = db.session.execute(
        sa.select(ProductGrant.product_id, Partnership)
        .join(Partnership, Partnership.id == ProductGrant.partnership_id)
        .join(Partnership.partner)
        .where(
            ProductGrant.client_id == holder.id,
            ProductGrant.product_id.in_(product_ids),
            partnerships.GRANTED,
            partnerships.ACTIVE,
            PartnerAccount.suspended_at.is_(None),
        )
    )
    return {row[0]: row[1] for row in rows}


_PAID_FOR = (
    sa.select(Plan.family, sa.func.count())
    .join(Product, Product.plan_id == Plan.id)
    .where(Product.payer_id == sa.bindparam("payer"), Product.ended_at.is_(None))
    .group_by(Plan.family)
)


def paid_for(payer: Organisation) -> Counter[Family]:
    """How many active products of each family the payer pays for (RULES M2)."""
    rows = db.session.execute(_PAID_FOR, {"payer": payer.id})
    return Counter({row[0]: row[1] for row in rows})


def _counts(payer: Organisation, wanted: Sequence[Wanted]) -> Counter[Family]:
    """The same with this order (RULES M2)."""
    counts = paid_for(payer)
    for each in wanted:
        if each.product is None or each.product.payer_id != payer.id:
            counts[each.plan.family] += each.quantity
    return counts
