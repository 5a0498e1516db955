"""What is asked about the volume under management, and about prices (RULES A2, M1, M2)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from webapp.accounts.models import Organisation
from webapp.directory.models import PartnerAccount
from webapp.directory.rules import VolumeStanding, volume_standing
from webapp.extensions import db
from webapp.money import Money
from webapp.orders import queries as orders
from webapp.orders import quotes
from webapp.orders.models import Order, OrderLine
from webapp.partnerships.models import Partnership, ProductGrant
from webapp.partnerships.queries import ACTIVE, GRANTED
from webapp.partnerships.rules import Access
from webapp.products.models import Plan, Product
from webapp.products.rules import Period
from webapp.programme import programme
from webapp.revenue.models import Price, Volume

# --- the volume under management (RULES A2) -----------------------------------------------------------------


def volume(partner: PartnerAccount) -> Volume:
    """The partner's volume under management, in its organisation's currency: one statement.

    All active products of a client that gives full access, else those that it granted. A suspended partner
    manages nothing.
    """
    currency = partner.organisation.currency
    price = Plan.price_chf if currency == "CHF" else Plan.price_eur
    yearly = price * sa.case((Plan.period == Period.MONTH, 12), else_=1)
    managed = (
        sa.select(Product.id, Product.organisation_id, yearly.label("yearly"))
        .join(Plan, Plan.id == Product.plan_id)
        .join(Partnership, Partnership.client_id == Product.organisation_id)
        .join(PartnerAccount, PartnerAccount.id == Partnership.partner_id)
        .outerjoin(
            ProductGrant,
            sa.and_(
                ProductGrant.partnership_id == Partnership.id, ProductGrant.product_id == Product.id, GRANTED
            ),
        )
        .where(
            Partnership.partner_id == partner.id,
            PartnerAccount.suspended_at.is_(None),
            ACTIVE,
            Product.ended_at.is_(None),
            sa.or_(Partnership.access == Access.FULL, ProductGrant.id.is_not(None)),
        )
        .subquery()
    )
    value, count, clients = db.session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(managed.c.yearly), 0),
            sa.func.count(),
            sa.func.count(managed.c.organisation_id.distinct()),
        ).select_from(managed)
    ).one()
    return Volume(Money(int(value), currency), count, clients)


def standing(partner: PartnerAccount, managed: Volume, *, now: datetime) -> VolumeStanding:
    """Where the partner stands towards the yearly volume (RULES A2)."""
    eligibility = programme().eligibility
    return volume_standing(
        managed.value,
        eligibility.volume(managed.value.currency),
        since=partner.approved_at,
        months=eligibility.months_to_reach_it,
        now=now,
    )


# --- prices (RULES M1, M2) ----------------------------------------------------------------------------------


def price(
    plan: Plan, currency: str, *, quantity: int, periods: int, payer: Organisation | None = None
) -> Price:
    """The price of so many of a plan, for somebody who has none yet or for this payer (RULES M2)."""
    already = quotes.paid_for(payer)[plan.family] if payer else 0
    factors = quotes.factors(plan, currency, quantity=quantity, periods=periods, count=already + quantity)
    return Price(plan, factors, already, quotes.tax_of(payer) if payer else None)


# --- where an amount or a mail leads ------------------------------------------------------------------------


def partner_by_public_id(public_id: str) -> PartnerAccount | None:
    """The partner that a mail's stop link names."""
    return db.session.scalar(sa.select(PartnerAccount).where(PartnerAccount.public_id == public_id))


def origin(organisation: Organisation, number: str) -> Order | None:
    """The order with this number that moved money of the organisation: it is concerned, or earned on it."""
    earned_on = sa.exists().where(OrderLine.order_id == Order.id, OrderLine.earner_id == organisation.id)
    return db.session.scalar(
        sa.select(Order).where(Order.number == number, sa.or_(orders.concerning(organisation), earned_on))
    )
