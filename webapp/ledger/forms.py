"""What the address of a statement asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from werkzeug.datastructures import MultiDict

from webapp.ledger.queries import OwnAccount


def read_account(args: MultiDict[str, str], accounts: Sequence[OwnAccount]) -> OwnAccount:
    """The account in this currency; the first one when there is none."""
    wanted = args.get("currency")
    return next((each for each in accounts if each.currency == wanted), accounts[0])


def read_month(args: MultiDict[str, str], months: Sequence[date]) -> date | None:
    """The month such as `2026-11` if the account moved in it, else the newest one; None when it never moved."""
    wanted = args.get("month")
    return next((each for each in months if f"{each:%Y-%m}" == wanted), months[0] if months else None)
