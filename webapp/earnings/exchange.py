"""All commissions of an affiliate as a file for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response

from webapp import sheets
from webapp.affiliation.models import AffiliateAccount
from webapp.earnings import queries
from webapp.earnings.labels import commission_state, not_counted
from webapp.i18n import gettext as _
from webapp.sheets import figure


def download(account: AffiliateAccount) -> Response:
    """A row per order, sent while it is read: number, date, state and commission only (RULES F7)."""
    columns = [
        _("Date"), _("Order"), _("Status"), _("Reason"), _("Rate in per cent"), _("Commission"), _("Currency"),
        _("Exchange rate"), _("Of the day"),
    ]  # fmt: skip
    return sheets.download(f"commissions-{account.tag}.csv", columns, _cells(account))


def _cells(account: AffiliateAccount) -> Iterator[list[str]]:
    for line in queries.all_lines(account):
        rate = line.exchange
        yield [
            line.on.isoformat(), line.number, commission_state(line), not_counted(line.reason) if line.reason else "",
            str(line.rate), figure(line.amount), account.currency,
            f"{rate.millionths // 1_000_000}.{rate.millionths % 1_000_000:06d}" if rate else "",
            rate.day.isoformat() if rate else "",
        ]  # fmt: skip
