"""Files that the operator takes away and brings back: the catalogue, and usage per day, as CSV.

A file is read as a whole: either everything is right, or each fault is told with its line and nothing is done.
Cells that a spreadsheet would take for a formula are defused on the way out, and as they were on the way in.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from webapp import sheets
from webapp.config import LANGUAGES
from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.products.models import Plan
from webapp.products.rules import (
    CODE,
    LABEL_LENGTH,
    LARGEST_PRICE,
    NAME_LENGTH,
    Family,
    Figure,
    Metric,
    Period,
    PlanDetails,
    PlanRow,
)
from webapp.sheets import as_it_was
from webapp.text import has_control_characters, tidy_line

PLAN_COLUMNS = (
    "code", "family", *(f"name_{language}" for language in LANGUAGES), "period", "price_chf", "price_eur",
    "discount", "sliding", "affiliates", "retired",
)  # fmt: skip
NOT_NEEDED = {"retired"}
USAGE_COLUMNS = ("product", "organisation", "day", "metric", "amount")
LARGEST_FILE = 5 * 1024 * 1024  # bytes
MOST_PLANS = 2_000
MOST_FIGURES = 100_000
FAULTS_TOLD = 50
LARGEST_FIGURE = 10**15
CELL_TOLD = 40  # characters of a wrong cell that a sentence quotes

_PRICE = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?")
_YES, _NO = {"yes", "true", "1"}, {"no", "false", "0"}
Read = TypeVar("Read")


class _Wrong(Exception):
    """A cell or line that is not right; the sentence says which and why."""


# --- out ----------------------------------------------------------------------------------------------------


def written_plans(plans: Iterable[Plan]) -> bytes:
    """The catalogue."""
    return b"".join(
        sheets.lines(PLAN_COLUMNS, (plan_cells(plan.details, bool(plan.retired_at)) for plan in plans))
    )


def plan_cells(details: PlanDetails, retired: bool) -> list[str]:
    """A plan as the cells of its line."""
    values = {**details.columns(), "retired": retired}
    return [cell_of(name, values[name]) for name in PLAN_COLUMNS]


def cell_of(column: str, value: object) -> str:
    """`1250` in the column `price_chf` -> `12.50`; `True` -> `yes`."""
    if column.startswith("price_") and isinstance(value, int):
        return f"{value // 100}.{value % 100:02}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


# --- in -----------------------------------------------------------------------------------------------------


def read_plans(data: bytes) -> tuple[list[PlanRow], list[str]]:
    """(the plans of a file, what is wrong with it)."""
    seen: dict[str, int] = {}

    def read(line: int, cells: Mapping[str, str]) -> PlanRow:
        row = _plan(line, cells)
        first = seen.setdefault(row.details.code, line)
        if first != line:
            raise _Wrong(
                _(
                    "Line %(line)s: the code “%(code)s” is on line %(first)s already.",
                    line=line, code=row.details.code, first=first,
                )
            )  # fmt: skip
        return row

    return _read(data, PLAN_COLUMNS, read, most=MOST_PLANS)


def _plan(line: int, cells: Mapping[str, str]) -> PlanRow:
    code = cells["code"].lower()
    if not CODE.fullmatch(code):
        raise _Wrong(
            _(
                "Line %(line)s: write letters, digits, dots and hyphens in the column “code”, such as web-pro.",
                line=line,
            )
        )
    details = PlanDetails(
        code=code,
        family=Family(_choice(line, cells, "family", [each.value for each in Family])),
        names={language: _words(line, cells, f"name_{language}", NAME_LENGTH) for language in LANGUAGES},
        period=Period(_choice(line, cells, "period", [each.value for each in Period])),
        price_chf=_price(line, cells, "price_chf"),
        price_eur=_price(line, cells, "price_eur"),
        discount=_discount(line, cells),
        sliding=_yes(line, cells, "sliding"),
        affiliates=_yes(line, cells, "affiliates"),
    )
    return PlanRow(details, _yes(line, cells, "retired") if cells.get("retired") else None)


def _words(line: int, cells: Mapping[str, str], column: str, most: int) -> str:
    words = tidy_line(cells[column])
    if not words or len(words) > most or has_control_characters(words, lines=False):
        raise _Wrong(
            _(
                "Line %(line)s: write a text of at most %(most)s characters in the column “%(column)s”.",
                line=line, most=most, column=column,
            )
        )  # fmt: skip
    return words


def _choice(line: int, cells: Mapping[str, str], column: str, choices: Sequence[str]) -> str:
    chosen = cells[column].lower()
    if chosen not in choices:
        raise _Wrong(
            _(
                "Line %(line)s: “%(value)s” in the column “%(column)s” is none of these: %(choices)s.",
                line=line, value=_short(cells[column]), column=column, choices=", ".join(choices),
            )
        )  # fmt: skip
    return chosen


def _price(line: int, cells: Mapping[str, str], column: str) -> int:
    price = _PRICE.fullmatch(cells[column])
    minor = int(price[1]) * 100 + int((price[2] or "0").ljust(2, "0")) if price else LARGEST_PRICE + 1
    if minor > LARGEST_PRICE:
        raise _Wrong(
            _(
                "Line %(line)s: “%(value)s” in the column “%(column)s” is not an amount such as 1250.50.",
                line=line, value=_short(cells[column]), column=column,
            )
        )  # fmt: skip
    return minor


def _discount(line: int, cells: Mapping[str, str]) -> int:
    typed = cells["discount"]
    if not re.fullmatch("[0-9]{1,3}", typed) or int(typed) > 100:
        raise _Wrong(
            _(
                "Line %(line)s: “%(value)s” in the column “%(column)s” is not a whole number from 0 to 100.",
                line=line, value=_short(typed), column="discount",
            )
        )  # fmt: skip
    return int(typed)


def _yes(line: int, cells: Mapping[str, str], column: str) -> bool:
    typed = cells[column].lower()
    if typed not in _YES | _NO:
        raise _Wrong(
            _(
                "Line %(line)s: write yes or no in the column “%(column)s”.", line=line, column=column
            )
        )  # fmt: skip
    return typed in _YES


@dataclass(frozen=True)
class UsageLine:
    """A line of usage, before its product is looked up by public id, or by organisation and label."""

    line: int
    product: str
    organisation: str
    day: date
    metric: Metric
    amount: int


def read_usage(data: bytes, *, today: date) -> tuple[list[UsageLine], list[str]]:
    """(the lines of a file of usage, what is wrong with it)."""
    return _read(data, USAGE_COLUMNS, lambda line, cells: _usage(line, cells, today=today), most=MOST_FIGURES)


def _usage(line: int, cells: Mapping[str, str], *, today: date) -> UsageLine:
    day = iso_day(cells["day"])
    if day is None or not date(2000, 1, 1) <= day <= today:
        raise _Wrong(
            _(
                "Line %(line)s: “%(value)s” in the column “day” is not a day up to today, such as 2026-11-30.",
                line=line, value=_short(cells["day"]),
            )
        )  # fmt: skip
    amount = cells["amount"]
    if not re.fullmatch("[0-9]{1,16}", amount) or int(amount) > LARGEST_FIGURE:
        raise _Wrong(
            _(
                "Line %(line)s: “%(value)s” in the column “amount” is not a whole number.",
                line=line, value=_short(amount),
            )
        )  # fmt: skip
    return UsageLine(
        line=line,
        product=_words(line, cells, "product", LABEL_LENGTH),
        organisation=tidy_line(cells["organisation"]),
        day=day,
        metric=Metric(_choice(line, cells, "metric", [each.value for each in Metric])),
        amount=int(amount),
    )


def iso_day(typed: str) -> date | None:
    """`2026-11-30`, and nothing else."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", typed):
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def resolved(
    lines: Sequence[UsageLine],
    by_public_id: Mapping[str, int],
    by_label: Mapping[tuple[str, str], Sequence[int]],
) -> tuple[list[Figure], list[str]]:
    """(the figures with their products, the lines whose product is not known, not clear or named twice)."""
    figures, faults = [], []
    seen: dict[tuple[int, Metric, date], int] = {}
    for each in lines:
        if each.organisation:
            ids = list(by_label.get((each.organisation, each.product), ()))
        else:
            ids = [by_public_id[each.product]] if each.product in by_public_id else []
        first = seen.setdefault((ids[0], each.metric, each.day), each.line) if ids else each.line
        if fault := _unclear(each, len(ids), first):
            faults.append(fault)
        else:
            figures.append(Figure(ids[0], each.metric, each.day, each.amount))
    return ([] if faults else figures), _told(faults)


def _unclear(each: UsageLine, products: int, first: int) -> str:
    product = _short(each.product)
    if not products and each.organisation:
        return _(
            "Line %(line)s: %(organisation)s has no product “%(product)s”, or it has ended.",
            line=each.line, organisation=_short(each.organisation), product=product,
        )  # fmt: skip
    if not products:
        return _(
            "Line %(line)s: there is no product with the number “%(product)s”, or it has ended. "
            "To name a product by its label, fill in the column “organisation” too.",
            line=each.line, product=product,
        )  # fmt: skip
    if products > 1:
        return _(
            "Line %(line)s: there are several products “%(product)s” of %(organisation)s. Write the number of the "
            "one that you mean, and leave the column “organisation” empty.",
            line=each.line, product=product, organisation=_short(each.organisation),
        )  # fmt: skip
    if first != each.line:
        return _(
            "Line %(line)s: the same product, metric and day are on line %(first)s already.",
            line=each.line, first=first,
        )  # fmt: skip
    return ""


# --- how files are read -------------------------------------------------------------------------------------


def _read(
    data: bytes, columns: Sequence[str], read: Callable[[int, Mapping[str, str]], Read], *, most: int
) -> tuple[list[Read], list[str]]:
    rows: list[Read] = []
    faults: list[str] = []
    try:
        for line, cells in _lines(data, columns):
            try:
                rows.append(read(line, cells))
            except _Wrong as wrong:
                faults.append(str(wrong))
            if len(rows) + len(faults) > most:
                raise _Wrong(
                    _("The file has more than %(most)s lines. Split it into several files.", most=most)
                )
    except _Wrong as wrong:
        faults.append(str(wrong))
    if not rows and not faults:
        faults.append(_("The file has no lines below its header."))
    return ([] if faults else rows), _told(faults)


def _told(faults: list[str]) -> list[str]:
    """The first fifty faults, and how many more there are."""
    if (more := len(faults) - FAULTS_TOLD) <= 0:
        return faults
    return [*faults[:FAULTS_TOLD], ngettext("… and %(num)s more line", "… and %(num)s more lines", more)]


def _lines(data: bytes, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """(number of the line where it begins, column -> cell) for each line that is not empty."""
    text = _decoded(data)
    first = text.split("\n", 1)[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True
    )  # fmt: skip
    header: list[str] = []
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise _Wrong(
                _("Line %(line)s: the quotation marks do not match.", line=max(line, reader.line_num))
            ) from None
        begun, line = line, reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header = _header(cells, columns)
        elif len(cells) != len(header):
            raise _Wrong(
                _(
                    "Line %(line)s has %(n)s cells; the header has %(expected)s.",
                    line=begun, n=len(cells), expected=len(header),
                )
            )  # fmt: skip
        else:
            yield begun, {name: as_it_was(cell.strip()) for name, cell in zip(header, cells, strict=True)}


def _decoded(data: bytes) -> str:
    if len(data) > LARGEST_FILE:
        raise _Wrong(_("The file is larger than %(megabytes)s MB.", megabytes=LARGEST_FILE // (1024 * 1024)))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _Wrong(
            _("Line %(line)s: the file is not in UTF-8. Save it as “CSV UTF-8”.", line=line)
        ) from None
    if "\0" in text:
        raise _Wrong(_("This is not a CSV file."))
    return text


def _header(cells: Sequence[str], columns: Sequence[str]) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    missing = [name for name in columns if name not in header and name not in NOT_NEEDED]
    if missing:
        raise _Wrong(_("The header lacks these columns: %(columns)s.", columns=", ".join(missing)))
    unknown = [name for n, name in enumerate(header) if name not in columns or name in header[:n]]
    if unknown:
        raise _Wrong(
            _(
                "The header has columns that are not known, or that appear twice: %(columns)s.",
                columns=", ".join(_short(name) for name in unknown),
            )
        )
    return header


def _short(cell: str) -> str:
    """What a sentence quotes of a cell: a line of printable characters."""
    cell = "".join(c for c in cell if c.isprintable())
    return cell if len(cell) <= CELL_TOLD else f"{cell[:CELL_TOLD]}…"
