"""What an address asks of a list of invoices."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.datastructures import MultiDict

from webapp.invoices.rules import Kind


def read_year(args: MultiDict[str, str], years: Sequence[int]) -> int | None:
    """One of these years; None for all."""
    asked = args.get("year", "")
    return next((year for year in years if str(year) == asked), None)


def read_kind(args: MultiDict[str, str]) -> Kind | None:
    """Invoices or credit notes; None for both."""
    asked = args.get("kind", "")
    return Kind(asked) if asked in set(Kind) else None
