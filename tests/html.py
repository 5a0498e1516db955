"""A small reader of HTML that is strict where browsers forgive: elements are closed where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = set("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905 # a line of words reads best
# words on both sides of these are not one word
BLANK_BETWEEN = set(
    "p div li td th tr h1 h2 h3 h4 dt dd label option legend section article br".split()  # noqa: SIM905 # the same as above
)


@dataclass(eq=False)
class Element:
    """An element with its attributes and children (elements and strings), and who holds it."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        """An attribute, empty when it is missing."""
        return self.attributes.get(name, default)

    def has(self, name: str) -> bool:
        """Whether the attribute is there, even empty."""
        return name in self.attributes

    def walk(self) -> Iterator[Element]:
        """This element and all below it, top to bottom."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, *tags: str) -> list[Element]:
        """The elements below with one of these tags."""
        return [element for element in self.walk() if element is not self and element.tag in tags]

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

    def strings(self) -> Iterator[tuple[Element, str]]:
        """(holder, string) for every piece of text that people read."""
        for child in self.children:
            if isinstance(child, str):
                yield self, child
            elif child.tag not in ("script", "style", "template"):
                yield from child.strings()

    @property
    def text(self) -> str:
        """What people read, blanks tidied (no-break spaces become blanks)."""
        words: list[str] = []
        for child in self.children:
            if isinstance(child, str):
                words.append(child)
            elif child.tag not in ("script", "style", "template"):
                words.append(f" {child.text} " if child.tag in BLANK_BETWEEN else child.text)
        return " ".join("".join(words).split())

    @property
    def language(self) -> str:
        """The language that holds here."""
        for element in (self, *self.ancestors()):
            if element.has("lang"):
                return element.get("lang")
        return ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Element("#root", {})
        self.complaints: list[str] = []
        self.doctype = ""

    def handle_decl(self, declaration: str) -> None:
        self.doctype = declaration

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attributes]
        self.complaints += [f"<{tag}> has {name} twice" for name in set(names) if names.count(name) > 1]
        element = Element(tag, {name: value or "" for name, value in attributes}, self.here)
        self.here.children.append(element)
        if tag not in VOID:
            self.here = element

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.here = self.here.parent or self.root

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.here.tag == tag:
            self.here = self.here.parent or self.root
            return
        self.complaints.append(f"</{tag}> closes <{self.here.tag}>, line {self.getpos()[0]}")
        for holder in self.here.ancestors():
            if holder.tag == tag:
                self.here = holder.parent or self.root
                return

    def handle_data(self, text: str) -> None:
        self.here.children.append(text)

    def close(self) -> None:
        super().close()
        if self.here is not self.root:
            self.complaints.append(f"<{self.here.tag}> is never closed")


def read(text: str) -> tuple[Element, list[str], str]:
    """(root, complaints about the structure, doctype)."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.root, reader.complaints, reader.doctype
