"""The European Central Bank's files of reference rates: its XML and its CSV, of a day or of all days.

Read whole or not at all; each fault names its line. Of all the currencies only ours is kept.
https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime

from lxml import etree

from webapp.i18n import gettext as _
from webapp.ledger.rules import MILLION
from webapp.payments.elements import WHOLE_FILE, Fault, Faults, Wrong, line_of, name_of, parsed
from webapp.rates.rules import Quoted

CURRENCY = "CHF"  # the one beside the euro
LARGEST = 20 * 1024 * 1024  # bytes: more than all days since 1999
TOLD = 40  # characters of something wrong that a sentence quotes
FAULTS_TOLD = 50
_RATE = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,6}))?")
_NONE = ("", "N/A")  # how the file says that there was no rate
_NEXT_DAY = "Date"


def read(data: bytes) -> list[Quoted]:
    """The rates in the file, the oldest first. Raises Faults."""
    faults: list[Fault] = []
    found: dict[date, Quoted] = {}
    try:
        entries = _from_xml(data) if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else _from_csv(data)
        for line, day, rate in entries:
            if len(faults) == FAULTS_TOLD:
                break  # what nobody reads is not worked out
            try:
                quoted = _quoted(line, day, rate)
                if found.setdefault(quoted.day, quoted) != quoted:
                    raise Wrong(line, _("Line %(line)s: the file says something else of this day before."))
            except Wrong as wrong:
                faults.append(wrong.fault)
    except Wrong as wrong:
        faults.append(wrong.fault)
    if not faults and not found:
        faults.append(Fault(WHOLE_FILE, _("The file has no rate of the Swiss franc.")))
    if faults:
        raise Faults(faults)
    return [found[day] for day in sorted(found)]


def _from_xml(data: bytes) -> Iterator[tuple[int, str, str]]:
    """(line, day, rate) of each day: `Cube` with a `time` that holds one with `currency` and `rate`."""
    root = parsed(data, largest=LARGEST)
    if name_of(root) != "Envelope":
        raise Wrong(
            root, _("Line %(line)s: this is no file of reference rates of the European Central Bank.")
        )
    for cube in root.iter(etree.Element):
        if name_of(cube) == "Cube" and cube.get("time") is not None:
            for each in cube:
                if each.get("currency") == CURRENCY:
                    yield line_of(each), cube.get("time") or "", each.get("rate") or ""


def _from_csv(data: bytes) -> Iterator[tuple[int, str, str]]:
    """The same of a table with a column per currency."""
    if len(data) > LARGEST:
        raise Wrong(
            WHOLE_FILE, _("The file is larger than %(megabytes)s MB."), megabytes=LARGEST // (1024 * 1024)
        )
    try:
        rows = csv.reader(data.decode("utf-8-sig").splitlines(), strict=True)
        head = [cell.strip() for cell in next(rows, [])]
        if head[:1] != [_NEXT_DAY] or CURRENCY not in head:
            raise Wrong(
                1, _("Line %(line)s: this is no file of reference rates of the European Central Bank.")
            )
        column = head.index(CURRENCY)
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) <= column:
                raise Wrong(rows.line_num, _("Line %(line)s: the line is too short. Is the file complete?"))
            if row[column].strip() not in _NONE:
                yield rows.line_num, row[0].strip(), row[column].strip()
    except UnicodeDecodeError:
        raise Wrong(WHOLE_FILE, _("The file is not in UTF-8.")) from None
    except csv.Error:
        raise Wrong(WHOLE_FILE, _("The file is not a table with commas.")) from None


def _quoted(line: int, day: str, rate: str) -> Quoted:
    parts = _RATE.fullmatch(rate)
    millionths = int(parts[1]) * MILLION + int((parts[2] or "").ljust(6, "0")) if parts else 0
    if not millionths:
        raise Wrong(line, _("Line %(line)s: “%(value)s” is not a rate such as 0.9345."), value=rate[:TOLD])
    return Quoted(CURRENCY, millionths, _day(line, day))


def _day(line: int, text: str) -> date:
    for pattern in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text, pattern).date()  # a day has no zone
        except ValueError:
            continue
    raise Wrong(line, _("Line %(line)s: “%(value)s” is not a day."), value=text[:TOLD])
