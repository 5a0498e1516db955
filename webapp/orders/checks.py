"""What is asked inside a unit of work before an order is placed: who may, and whether the things are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from webapp.accounts.checks import role_in
from webapp.accounts.models import Organisation, User
from webapp.orders import queries, rules
from webapp.orders.quotes import Wanted
from webapp.partnerships.models import Partnership
from webapp.products import rules as products
from webapp.products.models import Product
from webapp.unit import lock


def refuse_others(organisation: Organisation, by: User) -> None:
    """Raises NoLongerOrdering unless the person may spend this organisation's money at this moment."""
    role = role_in(organisation, by)
    if role is None or not role.reaches(rules.MANAGES_MONEY):
        raise rules.NoLongerOrdering()


def refuse_partner(acting: Partnership, holder: Organisation) -> None:
    """Raises NoLongerOrdering unless the partner may act for the client at this moment."""
    lock(acting)
    over = acting.ended_at or acting.client_id != holder.id
    if over or lock(acting.partner).suspended_at:
        raise rules.NoLongerOrdering()


def locked(wanted: Sequence[Wanted]) -> list[Wanted]:
    """The same lines by what is true now, plans and products locked in the order of their ids.

    A renewal is one of the product's plan at this moment, whatever the page showed.
    """
    for product in sorted({each.product for each in wanted if each.product}, key=lambda row: row.id):
        lock(product)
    now = [
        replace(each, plan=each.product.plan, label=each.product.label) if each.product else each
        for each in wanted
    ]
    for plan in sorted({each.plan for each in now}, key=lambda row: row.id):
        lock(plan)
    return now


def refuse_wanted(holder: Organisation, wanted: Sequence[Wanted]) -> None:
    """Raises what is wrong with the lines of an order, whose rows are locked."""
    if not 0 < len(wanted) <= rules.LINES_MOST:
        raise rules.NothingOrdered()
    if sum(each.quantity for each in wanted if not each.product) > rules.QUANTITY_MOST:
        raise rules.TooManyProducts(most=rules.QUANTITY_MOST)
    renewed = [each.product for each in wanted if each.product]
    if len(set(renewed)) < len(renewed):
        raise rules.RenewedTwice()
    for each in wanted:
        if each.product:
            _refuse_renewal(holder, each.product, each.periods)
        elif each.plan.retired_at:
            raise rules.NotSold(plan=each.plan.name_in(holder.language))


def _refuse_renewal(holder: Organisation, product: Product, periods: int) -> None:
    if product.ended_at or product.organisation_id != holder.id:
        raise rules.NotRenewable()
    if waiting := queries.claimed(claim_of(product)):
        raise rules.RenewedAlready(product=product.label, order=waiting.number)
    until = products.following(
        product.renews_on, product.plan.period, periods=periods, started_on=product.started_on
    )
    if until > products.LAST_DAY:
        raise rules.TooFarAhead(product=product.label)


def claim_of(product: Product) -> str:
    """What names the product's next period: it is renewed once."""
    return f"{product.id}:{product.renews_on.isoformat()}"
