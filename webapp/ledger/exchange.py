"""A month of a prepaid account as a file."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response

from webapp import clock, sheets
from webapp.i18n import gettext as _
from webapp.ledger import queries
from webapp.ledger.labels import cause_name
from webapp.ledger.queries import Month
from webapp.sheets import figure


def download(month: Month) -> Response:
    """Its entries, oldest first, with what came in and what left in columns of their own."""
    columns = [
        _("Date"), _("What"), _("Reference"), _("Money in"), _("Money out"), _("Balance"), _("Currency"),
    ]  # fmt: skip
    name = f"account-{month.account.currency}-{month.day:%Y-%m}.csv"
    return sheets.download(name, columns, _cells(month))


def _cells(month: Month) -> Iterator[list[str]]:
    for line in queries.all_lines(month):
        amount = figure(line.amount if line.amount.minor > 0 else -line.amount)
        moved = [amount, ""] if line.amount.minor > 0 else ["", amount]
        yield [
            clock.day_of(line.at).isoformat(), cause_name(line.cause), line.reference,
            *moved, figure(line.balance), line.balance.currency,
        ]  # fmt: skip
