"""Orders as a file for spreadsheets: a row per line, and one with amounts below nothing per credit (RULES M9, M10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from typing import Any

from flask import Response

from webapp import clock, sheets
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.money import CURRENCIES, Money
from webapp.ordering.labels import lasting
from webapp.orders.labels import STANDINGS, STATES, action_name
from webapp.orders.rules import Facts, PriceKind
from webapp.products.rules import Period
from webapp.revenue import queries
from webapp.revenue.queries import Rows, Wanted
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
    words = _Words()
    lines = ((row, _ordered(row)) for row in queries.lines_of(rows, wanted))
    credited = ((row, _credited(row)) for row in queries.credits_of(rows, wanted))
    for row, amounts in chain(lines, credited):
        seen = sight(pays=row.payer_id == rows.reader_id, as_partner=rows.as_partner)
        yield _row(row, amounts, words, seen, earns=row.earner_id == rows.reader_id)


class _Amounts:
    """The amounts of a row in minor units; `of_credit` says that they are what was taken back."""

    __slots__ = ("cashback", "net", "of_credit", "public", "vat")

    def __init__(self, public: int, net: int, vat: int, cashback: int, *, of_credit: bool) -> None:
        self.public, self.net, self.vat, self.cashback, self.of_credit = public, net, vat, cashback, of_credit


def _ordered(row: Any) -> _Amounts:
    """What was ordered; cashback once the order is paid."""
    return _Amounts(row.public, row.net, row.vat, row.cashback if row.paid_at else 0, of_credit=False)


def _credited(row: Any) -> _Amounts:
    """What a credit note took back, below nothing."""
    before = int(row.before)

    def part(whole: int) -> int:
        money = Money(whole, row.currency)
        return -taken_back(money, before=before, after=before + row.back, of=row.net).minor

    cashback = part(row.cashback) if row.paid_at else 0
    return _Amounts(part(row.public), -row.back, -row.vat, cashback, of_credit=True)


class _Words:
    """The words of the file in the reader's language, each looked up once."""

    def __init__(self) -> None:
        self.language = current_language()
        self.credit = _("Credit note")
        self.action: Callable[..., str] = cache(action_name)
        self.period: Callable[..., str] = cache(lasting)
        self.state = {state: str(words) for state, words in STATES.items()}
        self.standing = {standing: str(words) for standing, words in STANDINGS.items()}


def _row(row: Any, amounts: _Amounts, words: _Words, seen: Sight, *, earns: bool) -> list[str]:
    charged_less = row.price is PriceKind.PARTNER
    all_of_it, money = seen is Sight.ALL, seen is not Sight.GOODS
    facts = Facts(row.gross, row.credited_in_all, row.received, row.cancelled_at is not None)
    return [
        clock.day_of(row.at).isoformat(),
        row.client,
        row.number,
        row.invoice if all_of_it else "",
        row.label,
        row.plan_name[words.language],
        words.credit if amounts.of_credit else words.action(row.action),
        "" if amounts.of_credit else words.period(row.periods, Period(row.period)),
        "" if amounts.of_credit else str(row.quantity),
        figure_of(amounts.public) if money else "",
        (str(row.discount) if charged_less or earns else "0") if money else "",
        str(row.sliding) if money else "",
        figure_of(amounts.net) if money else "",
        _per_cent(row.vat_rate) if all_of_it else "",
        figure_of(amounts.vat) if all_of_it else "",
        figure_of(amounts.net + amounts.vat) if all_of_it else "",
        row.currency,
        row.payer,
        figure_of(amounts.cashback) if earns else "",
        words.state[facts.state] if all_of_it else words.standing[facts.standing],
    ]


@cache
def _per_cent(basis_points: int) -> str:
    """`8.1`, `20`."""
    whole, rest = divmod(basis_points, BASIS_POINTS)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
