"""The words of an order that is being put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp.i18n import gettext as _
from webapp.i18n import money, ngettext, tell
from webapp.money import Money
from webapp.ordering.models import Means, Purchase
from webapp.orders.quotes import Quote
from webapp.products.rules import Period


def lasting(periods: int, period: Period) -> str:
    """`1 year`, `6 months`."""
    if period is Period.YEAR:
        return ngettext("%(num)s year", "%(num)s years", periods)
    return ngettext("%(num)s month", "%(num)s months", periods)


def who_pays(purchase: Purchase) -> str:
    """Who is charged, said to whoever orders (RULES C5, M4)."""
    if purchase.partnership is None:
        return _("%(payer)s pays.", payer=purchase.payer.name)
    if purchase.pays_itself:
        return _(
            "%(payer)s pays: %(client)s lets you order with your payment method.",
            payer=purchase.payer.name, client=purchase.holder.name,
        )  # fmt: skip
    return _("%(client)s pays: you order with its payment method.", client=purchase.holder.name)


def whose(purchase: Purchase) -> str:
    """Whose the products are (RULES O8)."""
    if purchase.payer.id == purchase.holder.id:
        return _("The products belong to %(holder)s.", holder=purchase.holder.name)
    return _(
        "The products belong to %(holder)s. Paying for them gives %(payer)s no ownership.",
        holder=purchase.holder.name, payer=purchase.payer.name,
    )  # fmt: skip


def brings(purchase: Purchase, quote: Quote) -> str:
    """What the order brings the partner that places it, and why (RULES M4)."""
    if purchase.pays_itself:
        saved = sum((line.factors.difference for line in quote.lines), Money(0, quote.net.currency))
        return _(
            "You pay the partner price, %(saved)s less than the public price. This discount is your earning: "
            "there is no cashback on it.",
            saved=money(saved),
        )  # fmt: skip
    return _(
        "%(client)s pays the public price. You get %(cashback)s cashback on your prepaid account once the "
        "order is paid.",
        client=purchase.holder.name, cashback=money(quote.cashback),
    )  # fmt: skip


def prepaid_lines(purchase: Purchase, means: Means) -> list[str]:
    """Beneath the choice of the prepaid account: what is on it, to the payer's people only (RULES M5)."""
    if purchase.pays_itself:
        return [
            _("There is %(balance)s on it. The amount is taken at once.", balance=money(means.balance)),
        ]
    return [
        _("The amount is taken from the prepaid account of %(client)s at once.", client=purchase.holder.name)
    ]


def why_not_prepaid(purchase: Purchase, means: Means) -> str:
    """Why the prepaid account can't be chosen; empty when it can."""
    if not means.missing.minor:
        return ""
    if purchase.pays_itself:
        return _(
            "There is %(balance)s on it; %(missing)s is missing.",
            balance=money(means.balance), missing=money(means.missing),
        )  # fmt: skip
    return _("There is not enough money on the prepaid account of %(client)s.", client=purchase.holder.name)


def why_not_invoice(means: Means) -> str:
    """Why an invoice can't be chosen; empty when it can."""
    if means.by_invoice:
        return ""
    return _("Bank transfers in %(currency)s are not possible here.", currency=means.total.currency)


FILTERS: dict[str, Callable[..., Any]] = {
    "lasting": lasting,
    "who_pays": who_pays,
    "whose": whose,
    "brings": brings,
    "prepaid_lines": prepaid_lines,
    "why_not_prepaid": why_not_prepaid,
    "why_not_invoice": why_not_invoice,
    "told": tell,
}
