"""A small reader of HTML that is strict where browsers forgive: elements are closed where they belong.

It reads every answer of every test, so it is built for speed: one pass over the text, and a list of all elements
in which those below one of them stand behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from html import unescape
from itertools import pairwise

VOID = set("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905 # a line of words reads best
# words on both sides of these are not one word
BLANK_BETWEEN = set(
    "p div li td th tr h1 h2 h3 h4 dt dd label option legend section article br".split()  # noqa: SIM905 # the same as above
)
NOT_READ = ("script", "style", "template")

_REST = r"[^>\"']*(?:(?:\"[^\"]*\"|'[^']*')[^>\"']*)*"  # of a tag; a > in quotation marks does not end it
_TOKEN = re.compile(
    r"([^<]+)"
    rf"|<(script|style)\b({_REST})>(.*?)(?=</\2|\Z)"  # what is inside is no HTML
    rf"|<([a-z][^\s/>]*)({_REST})>"
    r"|</([a-z][^\s/>]*)[^>]*>"
    r"|<!--.*?-->"
    r"|<!([^>]*)>"
    r"|(<)",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"([^\s\"'=</>]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+)))?|(?P<odd>\S)", re.DOTALL
)


@dataclass(eq=False)
class Element:
    """An element with its attributes and children (elements and strings), and who holds it.

    Nobody changes it once it is read.
    """

    tag: str
    attributes: dict[str, str]
    parent: Element | None
    everything: list[Element]  # of the document, top to bottom
    place: int
    end: int = 0  # where the next element stands that is not below this one
    children: list[Element | str] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        """An attribute, empty when it is missing."""
        return self.attributes.get(name, default)

    def has(self, name: str) -> bool:
        """Whether the attribute is there, even empty."""
        return name in self.attributes

    def walk(self) -> Iterator[Element]:
        """This element and all below it, top to bottom."""
        return iter(self.everything[self.place : self.end])

    def all(self, *tags: str) -> list[Element]:
        """The elements below with one of these tags."""
        below = self.everything[self.place + 1 : self.end]
        return [element for element in below if element.tag in tags]

    def by_id(self, name: str) -> Element:
        """The element with this id."""
        return next(element for element in self.walk() if element.get("id") == name)

    def with_class(self, name: str) -> list[Element]:
        """The elements below that have this class."""
        return [element for element in self.walk() if name in element.get("class").split()]

    def ancestors(self) -> Iterator[Element]:
        """Who holds it, inside out."""
        holder = self.parent
        while holder:
            yield holder
            holder = holder.parent

    @cached_property
    def strings(self) -> list[tuple[Element, str]]:
        """(holder, string) for every piece of text that people read."""
        found: list[tuple[Element, str]] = []
        for child in self.children:
            if isinstance(child, str):
                found.append((self, child))
            elif child.tag not in NOT_READ:
                found += child.strings
        return found

    @cached_property
    def text(self) -> str:
        """What people read, blanks tidied (no-break spaces become blanks)."""
        words: list[str] = []
        for child in self.children:
            if isinstance(child, str):
                words.append(child)
            elif child.tag not in NOT_READ:
                words.append(f" {child.text} " if child.tag in BLANK_BETWEEN else child.text)
        return " ".join("".join(words).split())

    @property
    def language(self) -> str:
        """The language that holds here."""
        for element in (self, *self.ancestors()):
            if element.has("lang"):
                return element.get("lang")
        return ""


@lru_cache(maxsize=20_000)  # most tags stand on most pages
def _attributes(written: str) -> tuple[dict[str, str], tuple[str, ...], bool]:
    """(attributes, what is wrong with them, whether the tag closes itself)."""
    found = list(_ATTRIBUTE.finditer(written))
    closes_itself = bool(found) and written.endswith("/") and found[-1]["odd"] == "/"
    if closes_itself:
        found.pop()
    wrong = [f"has {each['odd']} between its attributes" for each in found if each["odd"]]
    pairs = [(each[1].lower(), unescape(each[2] or each[3] or each[4] or "")) for each in found if each[1]]
    names = sorted(name for name, _value in pairs)
    wrong += [f"has {name} twice" for name, following in pairwise(names) if name == following]
    return dict(pairs), tuple(wrong), closes_itself


class _Reader:
    def __init__(self, text: str) -> None:
        self.everything: list[Element] = []
        self.complaints: list[str] = []
        self.doctype = ""
        self.root = self.here = self._open("#root", {}, None)
        self._read(text)
        while self.here is not self.root:
            self.complaints.append(f"<{self.here.tag}> is never closed")
            self._close()
        self.root.end = len(self.everything)

    def _read(self, text: str) -> None:
        for token in _TOKEN.finditer(text):
            words, raw, raws, inside, tag, attributes, ended, declaration, bare = token.groups()
            if words:
                self.here.children.append(unescape(words) if "&" in words else words)
            elif tag:
                self._begin(tag.lower(), attributes)
            elif ended:
                self._end(ended.lower(), text, token.end())
            elif raw:
                self._begin(raw.lower(), raws)
                self.here.children += [inside] if inside else []
            elif declaration:
                self.doctype = declaration
            elif bare:
                self.complaints.append(f"a bare < stands in <{self.here.tag}>")

    def _open(self, tag: str, attributes: dict[str, str], parent: Element | None) -> Element:
        element = Element(tag, attributes, parent, self.everything, len(self.everything))
        element.end = element.place + 1
        self.everything.append(element)
        return element

    def _begin(self, tag: str, written: str) -> None:
        attributes, wrong, closes_itself = _attributes(written)
        self.complaints += [f"<{tag}> {what}" for what in wrong]
        element = self._open(tag, attributes, self.here)
        self.here.children.append(element)
        if tag not in VOID and not closes_itself:
            self.here = element

    def _close(self) -> None:
        self.here.end = len(self.everything)
        self.here = self.here.parent or self.root

    def _end(self, tag: str, text: str, at: int) -> None:
        if tag in VOID:
            return
        if self.here.tag == tag:
            self._close()
            return
        self.complaints.append(f"</{tag}> closes <{self.here.tag}>, line {text.count(chr(10), 0, at) + 1}")
        if any(holder.tag == tag for holder in self.here.ancestors()):
            while self.here.tag != tag:
                self._close()
            self._close()


@lru_cache(maxsize=8)  # an answer is proofread, then looked at
def _reader(text: str) -> _Reader:
    return _Reader(text)


def read(text: str) -> tuple[Element, list[str], str]:
    """(root, complaints about the structure, doctype)."""
    reader = _reader(text)
    return reader.root, list(reader.complaints), reader.doctype
