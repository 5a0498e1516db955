"""A month of an account as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache

from flask import Response

from webapp import clock, sheets
from webapp.i18n import gettext as _
from webapp.ledger import queries
from webapp.ledger.labels import cause_name
from webapp.ledger.queries import Month
from webapp.sheets import figure_of

A_DAY = timedelta(days=1)


def download(month: Month, name: str = "account") -> Response:
    """Its entries, oldest first, with what came in and what left in columns of their own."""
    columns = [
        _("Date"), _("What"), _("Reference"), _("Money in"), _("Money out"), _("Balance"), _("Currency"),
    ]  # fmt: skip
    file = f"{name}-{month.account.currency}-{month.day:%Y-%m}.csv"
    return sheets.download(file, columns, _cells(month))


def _cells(month: Month) -> Iterator[list[str]]:
    words, currency = cache(cause_name), month.account.currency
    day, over = "", clock.start_of(month.day)  # of the row before: most rows are of the same day
    for _seq, at, amount, balance, cause, reference in queries.all_rows(month):
        if at >= over:
            date = clock.day_of(at)
            day, over = date.isoformat(), clock.start_of(date + A_DAY)
        moved = figure_of(abs(amount))
        yield [
            day, words(cause), reference,
            *([moved, ""] if amount > 0 else ["", moved]), figure_of(balance), currency,
        ]  # fmt: skip
