"""What a paid order does to products: it makes and renews them; a cancelled one takes that back."""

from __future__ import annotations

from datetime import datetime

from webapp.accounts.models import User
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.i18n import speaking
from webapp.orders import billing, queries
from webapp.orders.models import Order, OrderLine, OrderProduct
from webapp.orders.rules import Action
from webapp.products import actions as products
from webapp.products import rules as product_rules
from webapp.products.rules import LABEL_LENGTH
from webapp.unit import lock


def fulfil(order: Order, *, now: datetime) -> None:
    """What was paid begins, on the client's organisation (RULES M5)."""
    for line in order.lines:
        if line.action is Action.NEW:
            _make(line, now=now)
        elif line.product and lock(line.product).ended_at:
            _give_back_ended(line, now=now)
        elif line.product:
            _renew(line, now=now)


def _make(line: OrderLine, *, now: datetime) -> None:
    order, day = line.order, queries.today(now)
    width = len(str(line.quantity))  # so that a list of them by label is in their order
    for n in range(1, line.quantity + 1):
        label = line.label if line.quantity == 1 else f"{line.label[: LABEL_LENGTH - 6]} {n:0{width}}"
        product = products.start_product(
            order.holder, line.plan, label=label, started_on=day, periods=line.periods, payer=order.payer,
            by=order.by, now=now,
        )  # fmt: skip
        db.session.flush()
        db.session.add(OrderProduct(line_id=line.id, product_id=product.id))


def _renew(line: OrderLine, *, now: datetime) -> None:
    product, order = line.product, line.order
    assert product is not None and line.ends_on is not None
    if product.renews_on != line.starts_on:  # the operator moved it meanwhile
        line.starts_on = product.renews_on
        line.ends_on = product_rules.following(
            product.renews_on, line.period, periods=line.periods, started_on=product.started_on
        )
    line.payer_before_id = product.payer_id
    products.renew_product(product, until=line.ends_on, payer=order.payer, by=order.by, now=now)


def _give_back_ended(line: OrderLine, *, now: datetime) -> None:
    """The product ended before its renewal was paid: the money is the payer's again."""
    with speaking(line.order.payer.language, line.order.payer.country):
        reason = _("The product had ended before its renewal was paid.")
    if line.left.minor:
        billing.credit(line.order, {line.id: line.left}, reason=reason, by=None, now=now)


def take_away(line: OrderLine, *, by: User | None, now: datetime) -> None:
    """What the line made ends; what it renewed is as it was."""
    if line.action is Action.NEW:
        for product in line.made:
            if not lock(product).ended_at:
                products.end_product(product, by=by, now=now)
    elif line.product and line.starts_on and line.ends_on and line.payer_before:
        products.take_back_renewal(
            line.product, until=line.ends_on, back_to=line.starts_on, payer=line.payer_before, by=by, now=now
        )


def stop_renewing(line: OrderLine, *, by: User | None, now: datetime) -> None:
    """What renewed by itself does so no more: the clock would order it anew within the hour (RULES M8)."""
    if line.product and lock(line.product).auto_renew and not line.product.ended_at:
        products.set_automatic(line.product, False, by=by, now=now)
