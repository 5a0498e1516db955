"""Tables that people take into their spreadsheets: CSV in UTF-8, sent while it is read from the database."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from flask import Response, stream_with_context

from webapp.money import MINOR_PER_UNIT, Money

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_SUSPICIOUS = frozenset({*DANGEROUS, "'"})
CHUNK = 32 * 1024  # characters
_FIGURE = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# Where a spreadsheet that separates cells by semicolons, as those of Switzerland and Germany do, begins a formula.
_INNER = re.compile(r"(?<=;)(?=['\" ]*[=+\-@])")
_INNER_DEFUSED = re.compile(_INNER.pattern.replace("(?=", "'(?=", 1))


def defuse(cell: str) -> str:
    """The cell as a spreadsheet may have it: what begins like a formula and is no figure gets an apostrophe.

    So does what follows a semicolon, where the spreadsheet may end the cell.
    """
    cell = _INNER.sub("'", cell)
    return f"'{cell}" if cell.lstrip("'").startswith(DANGEROUS) and not _FIGURE.fullmatch(cell) else cell


def as_it_was(cell: str) -> str:
    """The cell before it was defused."""
    cell = cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(DANGEROUS) else cell
    return _INNER_DEFUSED.sub("", cell)


def figure(amount: Money) -> str:
    """`1234.50`: the same in every language, the currency has a column of its own."""
    return figure_of(amount.minor)


def figure_of(minor: int) -> str:
    """The same of so many minor units."""
    if minor < 0:
        return f"-{figure_of(-minor)}"
    return f"{minor // MINOR_PER_UNIT}.{minor % MINOR_PER_UNIT:02d}"


def lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The file in pieces, with a byte order mark, which spreadsheets look for; every cell is defused."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([defuse(cell) if cell[:1] in _SUSPICIOUS or ";" in cell else cell for cell in row])
        if text.tell() >= CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def download(filename: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """The file as an answer that begins before the last row is read. `filename` is ASCII."""
    return Response(
        stream_with_context(lines(columns, rows)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )
