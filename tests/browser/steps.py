"""What the tests of partnerships have in common: ways to work with a page, and the steps of its longer flows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Response, expect

from tests.browser import checks
from tests.browser.hands import Hands
from tests.factories import PASSWORD
from webapp.accounts.models import User
from webapp.extensions import db

ON = "main form[method=post] button.primary"  # the button that leads on
DONE = "main [role=status]"


@dataclass(frozen=True)
class Way:
    """How somebody works: wide, with scripts, by keyboard alone; or narrow, without scripts."""

    javascript: bool
    language: str = "en"

    def __str__(self) -> str:
        return f"{'keyboard' if self.javascript else 'no-script'}-{self.language}"


def both_ways(*, german: str = "", french: str = "") -> pytest.MarkDecorator:
    """A test walks once by keyboard and once without scripts, `german` one of them in German, `french` one in
    French, in English what is left."""
    languages = {german: "de", french: "fr"}
    ways = [Way(True, languages.get("keyboard", "en")), Way(False, languages.get("no-script", "en"))]
    return pytest.mark.parametrize("way", ways, ids=str)


class Visit:
    """Somebody at work in a window of their own."""

    def __init__(self, window: BrowserContext, way: Way) -> None:
        self.way = way
        self.page: Page = window.new_page()
        self.hands = Hands(self.page, keyboard=way.javascript)

    def go(self, path: str) -> Response:
        """Opens the page with this address, without the language."""
        answer = self.page.goto(f"/{self.way.language}{path}")
        assert answer is not None
        return answer

    def at(self, ending: str) -> None:
        """Waits for the page whose address ends like this, and looks at it."""
        self.page.wait_for_url(lambda address: urlsplit(address).path.endswith(ending))
        self.look()

    def look(self) -> None:
        """Nothing sticks out; with scripts, axe finds nothing, and again with everything open."""
        found = checks.wider_than_the_window(self.page)
        if self.way.javascript:
            found += checks.axe(self.page)
        assert not found, "\n".join([self.page.url, *found])

    def see(self, words: str) -> None:
        """The page says this, in English; other languages say the same in words of their own."""
        if self.way.language == "en":
            expect(self.page.locator("main")).to_contain_text(words)

    def find(self, selector: str) -> Locator:
        """A part of the page."""
        return self.page.locator(selector)

    def follow(self, selector: str, ending: str) -> None:
        """Presses what leads to the page whose address ends like this, if only to the same page anew."""
        with self.page.expect_event("load"):
            self.hands.press(selector)
        self.at(ending)

    def press_on(self, ending: str) -> None:
        """Leads on to the page whose address ends like this."""
        self.follow(ON, ending)


Visits = Callable[..., Visit]


def anew() -> None:
    """What the test has read is old news."""
    db.session.commit()
    db.session.expire_all()


def focused(part: Locator) -> None:
    """The focus is here, and nowhere at the top of the page."""
    expect(part).to_be_focused()


def give_password(visit: Visit) -> None:
    """Types the password where it is asked for."""
    visit.hands.write("#password", PASSWORD)


def sign_in_on_the_way(visit: Visit, user: User) -> None:
    """Signs in by the link of a page, and comes back to it."""
    back = urlsplit(visit.page.url).path
    visit.hands.press("main a.btn.primary")
    visit.at("/sign-in")
    visit.hands.write("#email", user.email)
    visit.hands.write("#password", PASSWORD)
    visit.hands.press(ON)
    visit.at(back)


def begin_to_end(visit: Visit, profile: str) -> None:
    """From the page of the other side over the first page of ending to the password."""
    visit.go(profile)
    visit.hands.press("section.danger a")
    visit.at("/end")
    visit.hands.press("main form button")
    visit.at("/end/password")
