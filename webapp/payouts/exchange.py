"""Files of payouts: credit notes, the bank's payments and PayPal's, streamed while they are read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

from flask import Response, stream_with_context

from webapp import clock, sheets
from webapp.i18n import gettext as _
from webapp.i18n import speaking
from webapp.invoices import exchange as invoices
from webapp.money import Money
from webapp.payouts import electronic, queries
from webapp.payouts.documents import document_of
from webapp.payouts.electronic import Debtor, Order, Party, Payment
from webapp.payouts.models import Payout, PayoutRun
from webapp.payouts.queries import Total
from webapp.payouts.rules import PAYPAL_MOST, Kind
from webapp.programme import seller_today


def credit_note(payout: Payout, kind: str) -> Response:
    """The self-billed credit note as a file; `kind` is pdf or xml."""
    return invoices.sent(
        payout.number, partial(document_of, payout), f"credit-note-{payout.number}.{kind}", kind
    )


# --- the bank's ---------------------------------------------------------------------------------------------


def can_pay(run: PayoutRun) -> bool:
    """Whether the programme's policy names the account that a file of this currency is paid from."""
    return bool(seller_today(run.currency).get("iban"))


def transfers(run: PayoutRun, total: Total) -> Response:
    """The payments of a run as pain.001."""
    seller = seller_today(run.currency)
    today = clock.day_of(clock.now())
    order = Order(
        f"{run.month:%Y%m}-{run.currency}-{run.nth}-{run.public_id[:12]}", run.sealed_at or run.started_at,
        working_day(today), total.sent, total.sent_amount,
        Debtor(_party({**seller, "name": seller["account_holder"]}), seller["iban"], seller["bic"]),
    )  # fmt: skip
    return _file(
        electronic.lines(order, _payments(run)), f"payouts-{run.month:%Y-%m}-{run.currency}-{run.nth}.xml",
        "application/xml",
    )  # fmt: skip


def _payments(run: PayoutRun) -> Iterator[Payment]:
    for row in queries.sent_by(run, Kind.IBAN):
        party = _party({**row.party, "name": row.holder})
        yield Payment(row.number, Money(row.amount, run.currency), party, row.target, _text(row))


def _text(row: Any) -> str:
    """What the affiliate reads on its statement."""
    with speaking(row.language, row.party["country"]):
        return _("Commissions, credit note %(number)s", number=row.number)


def _party(kept: dict[str, Any]) -> Party:
    street = " ".join(str(kept.get("street", "")).split())
    return Party(kept["name"], street, kept.get("postcode", ""), kept.get("city", ""), kept["country"])


def working_day(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(7 - day.weekday(), 0) if day.weekday() > 4 else 0)


# --- PayPal's -----------------------------------------------------------------------------------------------


def paypal_files(total: Total) -> int:
    """How many files PayPal gets: it takes no longer ones."""
    return -(-total.sent // PAYPAL_MOST)


def mass_payment(run: PayoutRun, nth: int) -> Response:
    """The payments of a run for PayPal, the n-th file: address, amount, currency, number, a note; no head."""
    rows = queries.sent_by(run, Kind.PAYPAL, skip=(nth - 1) * PAYPAL_MOST, most=PAYPAL_MOST)
    name = f"payouts-{run.month:%Y-%m}-{run.currency}-{run.nth}-paypal-{nth}.csv"
    return _file(_lines(run, rows), name, "text/csv; charset=utf-8")


def _lines(run: PayoutRun, rows: Iterable[Any]) -> Iterator[bytes]:
    for row in rows:
        text = io.StringIO(newline="")
        cells = [row.target, sheets.figure_of(row.amount), run.currency, row.number, _text(row)]
        csv.writer(text).writerow([sheets.defuse(cell) for cell in cells])
        yield text.getvalue().encode()


def _file(pieces: Iterator[bytes], name: str, content_type: str) -> Response:
    return Response(
        stream_with_context(pieces),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
