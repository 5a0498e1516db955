"""Orders as a file for spreadsheets: a row per line, and one with amounts below nothing per credit (RULES M9, M10)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from flask import Response

from webapp import clock, sheets
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.money import CURRENCIES, Money
from webapp.ordering.labels import lasting
from webapp.orders.labels import STANDINGS, STATES, action_name
from webapp.orders.rules import Action, Facts, PriceKind
from webapp.products.rules import Period
from webapp.revenue.rows import Rows, Wanted, credits_of, lines_of, name_of
from webapp.revenue.rules import Sight, sight, taken_back
from webapp.sheets import figure_of

BASIS_POINTS = 100  # in a per cent


def download(name: str, rows: Rows, wanted: Wanted) -> Response:
    """The file, sent while it is read; it is named with its currency and its month."""
    currency = wanted.currency or "-".join(CURRENCIES)
    month = [f"{wanted.month:%Y-%m}"] if wanted.month else []
    return sheets.download("-".join([name, currency, *month]) + ".csv", columns(), _cells(rows, wanted))


def columns() -> list[str]:
    """RULES M9."""
    return [
        _("Date"), _("Client"), _("Order"), _("Invoice"), _("Product"), _("Plan"), _("Action"), _("Period"),
        _("Quantity"), _("Public price, net"), _("Discount in per cent"), _("Sliding scale in per cent"),
        _("Charged, net"), _("VAT in per cent"), _("VAT"), _("Total"), _("Currency"), _("Payer"), _("Cashback"),
        _("Status"),
    ]  # fmt: skip


def _cells(rows: Rows, wanted: Wanted) -> Iterator[list[str]]:
    table = _Table(rows)
    for row in lines_of(rows, wanted):
        yield table.ordered(row)
    for row in credits_of(rows, wanted):
        yield table.credited(row)


class _Names(dict[int, str]):
    """The names of organisations, each asked for once."""

    def __missing__(self, organisation_id: int) -> str:
        self[organisation_id] = name = name_of(organisation_id)
        return name


class _Table:
    """Turns rows into cells for one reader; words are looked up once, as a file may have a million rows."""

    def __init__(self, rows: Rows) -> None:
        self.reader_id, self.as_partner = rows.reader_id, rows.as_partner
        self.names = _Names()
        self.language = current_language()
        self.credit = _("Credit note")
        self.actions = {action.value: action_name(action) for action in Action}
        self.states = {state: str(words) for state, words in STATES.items()}
        self.standings = {standing: str(words) for standing, words in STANDINGS.items()}
        self.plan = cache(lambda names: str(json.loads(names)[self.language]))
        self.period = cache(lambda periods, period: lasting(periods, Period(period)))

    def ordered(self, row: Any) -> list[str]:
        """A line of an order."""
        return self._cells(row[:-3], *row[-3:], what=None)

    def credited(self, row: Any) -> list[str]:
        """What a credit note took back of one, with amounts below nothing."""
        *line, at, number, vat, back, before, _note = row
        return self._cells(line, at, number, vat, what=(int(before), back))

    def _cells(
        self, line: Any, at: datetime, number: str, vat: int, *, what: tuple[int, int] | None
    ) -> list[str]:
        (
            _order, _position, holder_id, payer_id, order, label, plan, action, period, periods, quantity, public,
            discount, sliding, price, net, cashback, earner_id, rate, currency, paid, cancelled, gross,
            credited, received,
        ) = line  # fmt: skip
        facts = Facts(gross, credited, received, bool(cancelled))
        if not paid:
            cashback = 0  # nobody has it yet
        if what:
            before, back = what
            public, cashback = (
                -taken_back(Money(whole, currency), before=before, after=before + back, of=net).minor
                for whole in (public, cashback)
            )
            net, vat = -back, -vat
            action, period, quantity = self.credit, "", ""
        else:
            action, period, quantity = self.actions[action], self.period(periods, period), str(quantity)
        names, earns = self.names, earner_id == self.reader_id
        seen = sight(pays=payer_id == self.reader_id, as_partner=self.as_partner)
        start = [day_of(at), names[holder_id], order]
        goods = [label, self.plan(plan), action, period, quantity]
        end = [currency, names[payer_id], figure_of(cashback) if earns else ""]
        if seen is Sight.GOODS:
            return [*start, "", *goods, *_NO_AMOUNTS, *end, self.standings[facts.standing]]
        less = str(discount) if earns or price == PriceKind.PARTNER else "0"
        prices = [figure_of(public), less, str(sliding), figure_of(net)]
        if seen is Sight.NET:
            return [*start, "", *goods, *prices, *_NO_VAT, *end, self.standings[facts.standing]]
        tax = [_per_cent(rate), figure_of(vat), figure_of(net + vat)]
        return [*start, number, *goods, *prices, *tax, *end, self.states[facts.state]]


_NO_VAT = [""] * 3
_NO_AMOUNTS = [""] * 7


@lru_cache(maxsize=4096)
def day_of(moment: datetime) -> str:
    """`2026-11-21`, in the operator's zone; lines of an order have the same."""
    return clock.day_of(moment).isoformat()


@cache
def _per_cent(basis_points: int) -> str:
    """`8.1`, `20`."""
    whole, rest = divmod(basis_points, BASIS_POINTS)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
