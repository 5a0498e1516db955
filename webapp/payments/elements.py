"""The XML of a bank's file: parsed without opening anything, its elements and values, each fault with its line.

Elements are found by their names, whatever the namespace.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from lxml import etree

from webapp.i18n import gettext as _
from webapp.money import MINOR_PER_UNIT, Money
from webapp.text import tidy_line

LARGEST_FILE = 5 * 1024 * 1024  # bytes
TOLD = 40  # characters of something wrong that a sentence quotes
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
WHOLE_FILE = 0  # the line of a fault that concerns no line

_BLANKS = " \t\r\n"  # XML's own
_AMOUNT = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,2}))?")
_ZONE = r"(?:Z|[+-][0-9]{2}:[0-9]{2})?"
_DAY = re.compile(
    rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]+)?)?{_ZONE}"
)
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_DEFINITIONS = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


class Fault(NamedTuple):
    """What is wrong, as a whole sentence that names its line; `line` 0 concerns the file."""

    line: int
    sentence: str


class Faults(Exception):
    """A file that is refused, with everything that is wrong in it (the first fifty)."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(sentence for _line, sentence in faults))


class Wrong(Exception):
    """What is not right: the element or line, and the sentence, whose `%(…)s` are filled in here."""

    def __init__(self, where: etree._Element | int, sentence: str, /, **values: object) -> None:
        line = where if isinstance(where, int) else line_of(where)
        self.fault = Fault(line, sentence % {"line": line, **values})
        super().__init__(sentence)


def parsed(data: bytes, *, largest: int = LARGEST_FILE) -> etree._Element:
    """The root of the file. Raises Wrong for what is no XML, or defines something."""
    if len(data) > largest:
        raise Wrong(
            WHOLE_FILE, _("The file is larger than %(megabytes)s MB."), megabytes=largest // (1024 * 1024)
        )
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise Wrong(WHOLE_FILE, _("The file is empty."))
    _refuse_other_encodings(data)
    if definition := _DEFINITIONS.search(data):
        line = _line_at(data, definition.start())
        raise Wrong(line, _("Line %(line)s: the file defines a document type. No bank’s statement does."))
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise Wrong(line, _("Line %(line)s: this is not well-formed XML. Is the file complete?")) from None


def _refuse_other_encodings(data: bytes) -> None:
    line = 1
    try:
        data.decode("utf-8")
        declared = _DECLARED.match(data)
        if declared is None or declared[1].upper() in (b"UTF-8", b"UTF8"):
            return
    except UnicodeDecodeError as error:
        line = _line_at(data, error.start)
    raise Wrong(line, _("Line %(line)s: the file is not in UTF-8."))


def _line_at(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


# --- elements -----------------------------------------------------------------------------------------------


def name_of(element: etree._Element) -> str:
    """Its name without the namespace."""
    return str(element.tag).rpartition("}")[2]


def children(element: etree._Element, name: str) -> list[etree._Element]:
    """Those of this name."""
    return [each for each in element if name_of(each) == name]


def first(element: etree._Element, *path: str) -> etree._Element | None:
    """The first one at the end of this path."""
    if not path:
        return element
    found = (first(each, *path[1:]) for each in element if name_of(each) == path[0])
    return next((each for each in found if each is not None), None)


def needed(entry: etree._Element, name: str) -> etree._Element:
    """The one of this name, which has to be there."""
    element = first(entry, name)
    if element is None:
        raise Wrong(entry, _("Line %(line)s: this entry has no “%(name)s”."), name=name)
    return element


def line_of(element: etree._Element) -> int:
    """The line in which it begins."""
    return int(element.sourceline or 1)


# --- values -------------------------------------------------------------------------------------------------


def text_of(element: etree._Element) -> str:
    """What stands in it."""
    return (element.text or "").strip(_BLANKS)


def words_at(element: etree._Element, *path: str, most: int) -> str:
    """What stands at the end of the path, as a line; "" if there is nothing."""
    found = first(element, *path)
    return "" if found is None else clean(text_of(found), most)


def clean(text: str, most: int) -> str:
    """One line of printable characters: whoever pays writes what they like."""
    return tidy_line("".join(c if c.isprintable() else " " for c in text))[:most].strip()


def amount_of(element: etree._Element, currency: str) -> Money:
    """An amount in this currency, and in no other."""
    typed = text_of(element)
    if (own := element.get("Ccy", "")) != currency:
        raise Wrong(
            element,
            _("Line %(line)s: this amount is in “%(value)s”, and the account is in %(currency)s."),
            value=quoted(own),
            currency=currency,
        )
    parts = _AMOUNT.fullmatch(typed)
    if parts is None:
        raise Wrong(
            element, _("Line %(line)s: “%(value)s” is not an amount such as 1250.50."), value=quoted(typed)
        )
    return Money(int(parts[1]) * MINOR_PER_UNIT + int((parts[2] or "0").ljust(2, "0")), currency)


def day_of(element: etree._Element) -> date:
    """A date, or that of a moment, as it stands there."""
    typed = text_of(element)
    parts = _DAY.fullmatch(typed)
    try:
        day = date.fromisoformat(parts[1]) if parts else date.min
    except ValueError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Wrong(
            element, _("Line %(line)s: “%(value)s” is not a date such as 2026-11-30."), value=quoted(typed)
        )
    return day


def code_of(element: etree._Element, choices: Sequence[str]) -> str:
    """A code, one of these."""
    code = text_of(element)
    if code not in choices:
        raise Wrong(
            element,
            _("Line %(line)s: “%(value)s” in “%(name)s” is none of these: %(choices)s."),
            value=quoted(code),
            name=name_of(element),
            choices=", ".join(choices),
        )
    return code


def quoted(value: str) -> str:
    """What a sentence quotes of a value."""
    value = "".join(c for c in value if c.isprintable())
    return value if len(value) <= TOLD else f"{value[:TOLD]}…"
