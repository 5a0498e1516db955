"""Orders whose invoices tests look at."""

from __future__ import annotations

from typing import Any

from tests.factories import make_order, make_partnership, make_plan
from webapp.accounts.models import Organisation
from webapp.orders.models import Order
from webapp.orders.quotes import Wanted
from webapp.partnerships.rules import Access, Payer
from webapp.products.models import Plan


def hosting() -> Plan:
    """RULES M3: CHF 9.92, EUR 5.75, 20% for partners, sliding."""
    return make_plan(
        name_en="Web hosting",
        name_fr="Hébergement web",
        name_de="Webhosting",
        price_chf=992,
        price_eur=575,
    )


def partners_order(cast: Any, **values: Any) -> Order:
    """35 hostings that Lumière orders for Lumen Optik and pays itself, at the partner price."""
    wallet = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)
    return make_order(cast.lumen, Wanted(hosting(), "shop.ch", 35), acting=wallet, by=cast.pierre, **values)


def own_order(holder: Organisation, quantity: int = 1, **values: Any) -> Order:
    """Hostings that the organisation orders and pays itself."""
    return make_order(holder, Wanted(hosting(), "shop.example", quantity), **values)
