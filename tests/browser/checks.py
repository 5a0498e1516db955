"""What a page must be in a browser: accessible, no wider than its window, in whole words, for keyboards."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
HERE = Path(__file__).parent


@lru_cache
def _axe() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


@lru_cache
def _script(name: str) -> str:
    return (HERE / f"{name}.js").read_text()


def axe(page: Page, *, rules: list[str] | None = None) -> list[str]:
    """What axe finds in the page; only by these rules where some are given. It needs JavaScript."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    options: dict[str, Any] = {
        "resultTypes": ["violations"],
        "preload": False,
        "elementRef": False,
        "runOnly": {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS},
    }
    if not rules:
        options["rules"] = {"target-size": {"enabled": True}}
    found: list[str] = page.evaluate(
        """async options => {
            const told = (rule, node) => `axe ${rule}: ${node.html.slice(0, 200)} – `
                + (node.failureSummary || '').replace(/\\s+/g, ' ').slice(0, 300);
            const {violations} = await axe.run(document, options);
            return violations.flatMap(found => found.nodes.map(node => told(found.id, node)));
        }""",
        options,
    )
    return found


def wider_than_the_window(page: Page) -> list[str]:
    """What makes the page scroll sideways."""
    found: list[str] = page.evaluate(_script("wide"))
    return found


def broken_words(page: Page) -> list[str]:
    """Words that stand on two lines without a hyphen."""
    found: list[str] = page.evaluate(_script("words"))
    return found


def cut_off(page: Page) -> list[str]:
    """Text that its box hides."""
    found: list[str] = page.evaluate(_script("cut"))
    return found


def double_letters(page: Page) -> None:
    """What people do in the settings of their browser who need larger letters."""
    settings = page.context.new_cdp_session(page)
    settings.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    settings.detach()


def walk(page: Page) -> list[str]:
    """Goes through the page with Tab: every control in order, with a visible ring, nothing over it."""
    script = _script("focus")
    expected: list[str] = page.evaluate(f"({script})('expected')")
    page.evaluate("() => { document.activeElement.blur(); window.scrollTo(0, 0) }")
    complaints, seen = [], []
    for _n in range(len(expected) + 3):
        page.keyboard.press("Tab")
        at = page.evaluate(f"({script})('at')")
        if at is None:
            break
        seen.append(at["name"])
        complaints += at["complaints"]
        if len(seen) >= len(expected):
            break
    if seen != expected:
        missing = [name for name in expected if name not in seen]
        complaints.append(
            f"Tab reaches {len(seen)} of {len(expected)} controls in order; missing or late: {missing[:5]}"
        )
    return complaints
