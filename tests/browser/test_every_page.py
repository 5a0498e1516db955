"""Every page, as people see it: in light and dark, wide and narrow, in each language (UX 7, G1 to G6, G9)."""

from __future__ import annotations

import pytest

from tests.browser import checks
from tests.browser.sights import SIGHTS, Sight, forgotten
from tests.browser.stage import Stage, set_stage

LOOKS = ((1280, "en"), (390, "de"), (320, "fr"))


@pytest.fixture
def stage(cast, clock) -> Stage:
    return set_stage(cast, clock.now)


@pytest.fixture
def opened(stage, context, let_in):
    """Opens a sight for the right person: `opened(sight, width, language)`."""
    page = context.new_page()

    def opener(sight: Sight, width: int = 1280, language: str = "en"):
        if sight.prepare:
            sight.prepare(stage)
        if (user := sight.user(stage)) and not context.cookies():
            let_in(context, user)
        page.set_viewport_size({"width": width, "height": 900 if width > 400 else 700})
        answer = page.goto(sight.address(stage, language))
        assert answer.status == sight.status, f"{sight.name}: {answer.status}"
        return page

    return opener


def test_no_page_is_forgotten(app):
    assert not forgotten(app)


def by_name(sight: Sight) -> str:
    return sight.name


@pytest.mark.parametrize("sight", SIGHTS, ids=by_name)
def test_it_is_accessible_and_fits_wherever_it_is_seen(sight, opened):
    found = []
    for width, language in LOOKS:
        page = opened(sight, width, language)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            problems = checks.axe(page) if scheme == "light" else checks.axe(page, rules=["color-contrast"])
            found += [f"{language} {width} {scheme}: {problem}" for problem in problems]
        problems = checks.wider_than_the_window(page) + checks.broken_words(page)
        assert page.locator("html").get_attribute("lang") == language
        page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
        problems += checks.wider_than_the_window(page)
        if width == 390:
            problems += checks.axe(page)
        found += [f"{language} {width}: {problem}" for problem in problems]
    assert not found, "\n" + "\n".join(found)
