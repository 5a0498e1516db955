"""Every page as people see it: light and dark, wide and narrow, in each language (UX 7: G1–6, 9, 13, 14)."""

from __future__ import annotations

import gzip
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser import checks
from tests.browser.sentences import said
from tests.browser.sights import SIGHTS, Sight, forgotten
from tests.browser.stage import Stage, people_and_stage

LOOKS = ((1280, "en"), (390, "de"), (320, "fr"))


@pytest.fixture
def stage(app, installation) -> Stage:
    return installation.begin_with(people_and_stage, 25)


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


def test_no_page_is_forgotten():
    assert not forgotten()


def by_name(sight: Sight) -> str:
    return sight.name


@pytest.mark.parametrize("sight", SIGHTS, ids=by_name)
def test_it_can_be_read_and_used_wherever_it_is_seen(sight, opened):
    """Axe, width and words at each size; the way of the keyboard at one; at last letters twice as large."""
    found = []
    walked = LOOKS[SIGHTS.index(sight) % 2]
    for width, language in LOOKS:
        page = opened(sight, width, language)
        assert page.locator("html").get_attribute("lang") == language
        problems = checks.axe(page) + checks.wider_than_the_window(page) + checks.broken_words(page)
        page.emulate_media(color_scheme="dark")
        problems += [f"dark: {problem}" for problem in checks.axe(page, rules=["color-contrast"])]
        page.emulate_media(color_scheme="light")
        if (width, language) == walked:
            problems += checks.walk(page)
        page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
        problems += checks.wider_than_the_window(page)
        if width == 390 and page.locator("details").count():
            problems += checks.axe(page)
        found += [f"{language} {width}: {problem}" for problem in problems]
    page.set_viewport_size({"width": 1280, "height": 900})
    checks.double_letters(page)
    found += [
        f"large letters: {problem}" for problem in checks.wider_than_the_window(page) + checks.cut_off(page)
    ]
    assert not found, "\n" + "\n".join(found)


FORMS = [
    sight for sight in SIGHTS if sight.name in (
        "new call", "call typed", "sign in", "sign up", "forgot password", "reset password", "invitation",
        "password", "invite a colleague", "settings", "account", "new organisation", "offer",
        "directory profile", "application", "first operator", "an application",
    )
]  # fmt: skip


@pytest.mark.parametrize("sight", FORMS, ids=by_name)
def test_an_empty_form_says_what_is_missing_and_leads_there(sight, opened):
    n = FORMS.index(sight)
    language = ("en", "fr", "de")[n % 3]
    page = opened(sight, (390, 1280)[n % 2], language)
    form = page.locator("main form[novalidate]").first
    for field in form.locator("input[type=text]:visible:not([readonly]), input[type=email], textarea").all():
        field.fill("")
    for field in form.locator("input[type=password]").all():
        field.fill("secret")
    form.locator("button:not([type=button])").last.click()
    expect(page.locator("#errors")).to_be_focused()
    assert page.title().startswith(said("Error:", language))
    for field in page.locator("main input[type=password]").all():
        assert field.input_value() == "", "a password comes back"
    for link in page.locator("#errors a").all():
        target = (link.get_attribute("href") or "")[1:]
        link.click()
        expect(page.locator(f"[id='{target}']")).to_be_focused()
    found = checks.axe(page) + checks.wider_than_the_window(page)
    assert not found, "\n" + "\n".join(found)


KILOBYTE = 1024
PAGE, CSS, OWN_SCRIPT = 35 * KILOBYTE, 9 * KILOBYTE, 2 * KILOBYTE
WEIGHED = (
    "home", "directory", "profile", "new call", "call to check", "call with offers",
    "become a partner", "sign up",
)  # fmt: skip


def test_public_pages_are_light(stage, new_context, base_url):
    """Compressed by gzip, which is somewhat larger than what a proxy makes."""
    for sight in (sight for sight in SIGHTS if sight.name in WEIGHED):
        page = new_context().new_page()
        answers = []
        page.on("response", lambda answer, answers=answers: answers.append(answer))
        page.goto(sight.address(stage, "de"), wait_until="networkidle")
        assert {urlsplit(answer.url).netloc for answer in answers} == {urlsplit(base_url).netloc}
        weights = {
            urlsplit(answer.url).path: len(gzip.compress(answer.body(), 9))
            for answer in answers if "font" not in answer.headers.get("content-type", "")
        }  # fmt: skip
        own = next(answer for answer in answers if urlsplit(answer.url).path.endswith("/app.js"))
        assert sum(weights.values()) <= PAGE, weights
        assert sum(weight for path, weight in weights.items() if path.endswith(".css")) <= CSS, weights
        assert len(weights) <= 6, weights
        assert len(own.body()) <= OWN_SCRIPT
        page.context.close()


@pytest.mark.parametrize("sight", [SIGHTS[0], SIGHTS[-1]], ids=by_name)
def test_the_first_stop_of_the_keyboard_leads_past_the_menu(sight, opened):
    page = opened(sight)
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    expect(page.locator("a.skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_nothing_moves_for_those_who_do_not_want_it(new_context):
    page = new_context(reduced_motion="reduce").new_page()
    for address in ("/en/", "/en/partners", "/en/tenders/new"):
        page.goto(address)
        moving = page.evaluate(
            """() => [...document.querySelectorAll('*')].filter(e => {
                const style = getComputedStyle(e);
                return style.animationName !== 'none' || /[1-9]/.test(style.transitionDuration);
            }).map(e => e.outerHTML.slice(0, 80))"""
        )
        assert not moving


def test_borders_and_states_are_seen_in_forced_colours(opened, context):
    sight = next(sight for sight in SIGHTS if sight.name == "new call")
    page = opened(sight)
    page.emulate_media(forced_colors="active")
    for control in ("#title", "#place", "main button.primary"):
        width = page.locator(control).first.evaluate("e => getComputedStyle(e).borderTopWidth")
        assert width != "0px", control
    page.locator("main form button.primary").click()
    expect(page.locator("#errors")).to_be_focused()
    assert page.locator("#errors").evaluate("e => getComputedStyle(e).borderTopWidth") == "2px"
