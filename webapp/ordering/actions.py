"""The one change of this feature: what was put together becomes an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from webapp import drafts
from webapp.accounts.models import User
from webapp.drafts import Draft
from webapp.ordering import rules
from webapp.ordering.models import Purchase
from webapp.ordering.rules import Seen
from webapp.orders import actions as orders
from webapp.orders import queries
from webapp.orders.models import Order
from webapp.orders.quotes import Wanted
from webapp.orders.rules import Method, PriceChanged
from webapp.partnerships.rules import Payer
from webapp.unit import unit_of_work


@unit_of_work
def place(
    draft: Draft, purchase: Purchase, wanted: Sequence[Wanted], *, seen: Seen, method: Method, key: str, by: User,
    now: datetime,
) -> Order:  # fmt: skip
    """The order is placed once, if it still is what was `seen`: a second submit answers the first order.

    Raises AmountChanged, PayerChanged, and what `orders.actions.place` raises.
    """
    if not drafts.finish(draft, now=now) and (placed := queries.by_key(key)):
        return placed
    try:
        order = orders.place(
            purchase.holder, wanted, side=purchase.side, method=method, by=by, now=now,
            acting=purchase.partnership, expected=seen.gross, key=key,
        )  # fmt: skip
    except PriceChanged as refusal:  # the partnership is locked: its payment method may be the cause
        if purchase.charged is not seen.charged:
            raise rules.PayerChanged(payer=purchase.payer.name) from None
        raise rules.AmountChanged(old=seen.gross, new=refusal.values["amount"]) from None
    charged = Payer.CLIENT if order.payer_id == order.holder_id else Payer.PARTNER
    if charged is not seen.charged:  # the same amount, but somebody else's money
        raise rules.PayerChanged(payer=order.payer.name)
    return order
