"""What the addresses of statements, files and prices ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import abort
from werkzeug.datastructures import MultiDict

from webapp.accounts.models import Organisation
from webapp.forms import BaseForm, Select, lazy
from webapp.i18n import current_language
from webapp.ledger.rules import months_between
from webapp.money import CURRENCIES
from webapp.ordering.forms import Quantity, periods_choices
from webapp.products.labels import family
from webapp.products.models import Plan
from webapp.products.queries import plans_on_sale
from webapp.revenue import queries
from webapp.revenue.models import Price
from webapp.revenue.rows import Wanted

FIRST = date(2000, 1, 1)  # the oldest month that anybody asks for


def read_month(args: MultiDict[str, str], months: Sequence[date]) -> date:
    """The month such as `2026-11` if it is one of these, else the newest one."""
    wanted = args.get("month")
    return next((each for each in months if f"{each:%Y-%m}" == wanted), months[0])


def read_wanted(args: MultiDict[str, str], *, today: date, by_payment: bool = False) -> Wanted:
    """Which rows of a file; 404 for what is no month or currency: nobody takes another file for the one asked for."""
    currency, month = args.get("currency"), args.get("month")
    known = {f"{each:%Y-%m}": each for each in months_between(FIRST, today)} if month else {}
    if (currency and currency not in CURRENCIES) or (month and month not in known):
        abort(404)
    return Wanted(known[month] if month else None, currency or None, by_payment)


class PriceForm(BaseForm):
    """A plan, how many of it, for how long, and in which currency: typed into the address."""

    plan = Select(lazy("Product"), choices=())
    quantity = Quantity(lazy("Quantity"), default="1")
    periods = Select(lazy("For how long?"), choices=())
    currency = Select(lazy("Currency"), choices=lambda: [(each, each) for each in CURRENCIES])

    class Meta(BaseForm.Meta):
        csrf = False

    def __init__(self, args: MultiDict[str, str], *, currency: str) -> None:
        self.plans = {each.code: each for each in plans_on_sale()}
        first = next(iter(self.plans), "")
        given = MultiDict({"plan": first, "quantity": "1", "periods": "1", "currency": currency})
        for name, value in args.items():
            if name in given:
                given[name] = value
        super().__init__(formdata=given)
        self.plan.choices = _by_family(list(self.plans.values()))
        if self.chosen:
            self.periods.choices = periods_choices(self.chosen.period)
            if self.periods.data not in dict(self.periods.choices):
                self.periods.data = "1"  # of a plan by the month that was chosen before this one by the year

    @property
    def chosen(self) -> Plan | None:
        """The plan, if it is sold."""
        return self.plans.get(self.plan.data)

    def price(self, payer: Organisation | None = None) -> Price | None:
        """What was asked for; None for what can't be answered."""
        if not self.validate() or self.chosen is None:
            return None
        return queries.price(
            self.chosen, self.currency.data, quantity=self.quantity.whole, periods=int(self.periods.data), payer=payer
        )  # fmt: skip


def _by_family(plans: Sequence[Plan]) -> dict[str, list[tuple[str, str]]]:
    groups: dict[str, list[Any]] = {}
    for plan in plans:
        groups.setdefault(family(plan.family), []).append((plan.code, plan.name_in(current_language())))
    return groups
