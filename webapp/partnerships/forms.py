"""What is typed and ticked on the pages of a partnership."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

from webapp import clock, limits
from webapp.accounts import access, entrance
from webapp.accounts.forms import PASSWORD_CHECKS
from webapp.forms import BaseForm, PasswordField, lazy, needed
from webapp.i18n import ngettext
from webapp.limits import Limit
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import EVERYTHING, NOTHING
from webapp.partnerships.selection import Selection, Ticked
from webapp.products.rules import Family

PUBLIC_ID = re.compile(r"[a-z2-7]{26}")
SEARCH_LENGTH = 80
END_CHECKS = Limit("end", 5, timedelta(minutes=15))  # wrong passwords, per person and partnership


@dataclass(frozen=True)
class ListPage:
    """A page of the products to choose from, and the words that are searched."""

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


def asked_page(form: MultiDict[str, str]) -> ListPage | None:
    """The page of the list that a button asks for (`do=page:2`, `do=search`, `do=all:web`); None for other buttons.

    Enter (`do=enter`) searches where other words than those of the `listed` products were typed.
    """
    what, _colon, value = form.get("do", "").partition(":")
    q = form.get("q", "")[:SEARCH_LENGTH]
    if what == "enter" and q != form.get("listed", ""):
        what = "search"
    here = form.get("page", "")
    if what == "page" and value.isascii() and value.isdigit():
        return ListPage(min(int(value[:5]), 10_000), q)
    if what == "search":
        return ListPage(1, q)
    if what in ("all", "none"):
        return ListPage(int(here[:5]) if here.isascii() and here.isdigit() else 1, q)
    return None


class EndForm(BaseForm):
    """The password that ends a partnership: asked for always, wrong ones are counted (RULES C11)."""

    password = PasswordField(lazy("Your password"), [needed(lazy("Enter your password."))])
    seen_hash = ""  # what the right password was compared with

    def __init__(self, partnership: Partnership) -> None:
        super().__init__()
        me = access.person().public_id
        self._attempts = [(END_CHECKS, f"{me} {partnership.public_id}"), (PASSWORD_CHECKS, me)]

    @property
    def tries_left(self) -> int:
        """How many more wrong passwords there is room for."""
        return min(limits.left(*attempt, now=clock.now()) for attempt in self._attempts)

    def validate(self, extra_validators: Any = None) -> bool:
        """Counts the attempt before it compares; the right password takes the count back."""
        return super().validate(extra_validators) and self.within(*self._attempts) and self._is_right()

    def _is_right(self) -> bool:
        self.seen_hash = access.person().password_hash
        if entrance.confirm(self.password.data or ""):
            limits.give_back(self._attempts, now=clock.now())
            return True
        self.password.errors = [self._what_is_left()]
        return False

    def _what_is_left(self) -> str:
        if left := self.tries_left:
            return ngettext(
                "This is not your password. You have %(num)s try left.",
                "This is not your password. You have %(num)s tries left.",
                left,
            )
        return ngettext(
            "This is not your password, and it was the last try. Wait a minute before the next one.",
            "This is not your password, and it was the last try. Wait %(num)s minutes before the next one.",
            -(-limits.seconds_left(END_CHECKS, now=clock.now()) // 60),
        )
