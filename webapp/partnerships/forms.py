"""What is typed and ticked on the pages of a partnership."""

from __future__ import annotations

import re
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from webapp.partnerships.selection import EVERYTHING, NOTHING, Selection, Ticked
from webapp.products.rules import Family

PUBLIC_ID = re.compile(r"[a-z2-7]{26}")
SEARCH_LENGTH = 80


@dataclass(frozen=True)
class Step:
    """Where a button of the selection leads: a page of the list, and the words that are searched."""

    page: int
    q: str


def read_boxes(form: MultiDict[str, str], selection: Selection) -> None:
    """Notes the boxes that were sent, and the buttons "All" and "None" of a category (`do=all:web`)."""

    def ids(name: str) -> frozenset[str]:
        return frozenset(each for each in form.getlist(name) if PUBLIC_ID.fullmatch(each))

    selection.take(Ticked(ids("shown"), ids("technical"), ids("statistical")))
    what, _colon, family = form.get("do", "").partition(":")
    if what in ("all", "none") and family in set(Family):
        selection.take_family(Family(family), EVERYTHING if what == "all" else NOTHING)


def next_step(form: MultiDict[str, str]) -> Step | None:
    """The page of the list that a button asks for (`do=page:2`, `do=search`, `do=all:web`); None for other buttons."""
    what, _colon, value = form.get("do", "").partition(":")
    q = form.get("q", "")[:SEARCH_LENGTH]
    here = form.get("page", "")
    if what == "page" and value.isascii() and value.isdigit():
        return Step(min(int(value[:5]), 10_000), q)
    if what == "search":
        return Step(1, q)
    if what in ("all", "none"):
        return Step(int(here[:5]) if here.isascii() and here.isdigit() else 1, q)
    return None
