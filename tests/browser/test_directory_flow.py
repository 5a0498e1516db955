"""The directory, searched with and without scripts, in several languages (UX 7: G7, G8, G10; RULES A5)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import checks
from tests.browser.stage import set_stage


@pytest.fixture
def stage(cast, clock):
    return set_stage(cast, clock.now)


def names(page) -> list[str]:
    return page.locator("#results .card h2, #results .card h3").all_inner_texts()


def test_results_come_while_one_types_and_the_focus_stays(stage, page):
    page.goto("/en/partners")
    everything = page.locator("#results [role=status]").inner_text()
    page.locator("#q").click()
    page.keyboard.type("lumiere")
    expect(page.locator("#results [role=status]")).not_to_have_text(everything)
    expect(page.locator("#results [role=status]")).to_have_text("1 partner")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#results .card")).to_contain_text("Lumière Digital Sàrl")
    expect(page).to_have_url(re.compile(r"[?&]q=lumiere"))
    assert not checks.axe(page)
    page.keyboard.type("zzz")
    expect(page.locator("#results [role=status]")).to_have_text("0 partners")
    expect(page.locator("#q")).to_be_focused()
    page.reload()
    expect(page.locator("#q")).to_have_value("lumierezzz")
    expect(page.locator("#results [role=status]")).to_have_text("0 partners")
    page.locator("#results a.btn").click()
    expect(page.locator("#results [role=status]")).to_have_text(everything)


def test_the_number_is_told_to_those_who_listen(stage, page):
    """A live region speaks when it changes after it has come."""
    page.goto("/en/partners")
    page.locator("#q").fill("bergwerk")
    expect(page.locator("#results [role=status]")).to_have_text("1 partner")
    page.wait_for_function(
        "() => document.querySelector('#results [role=status]').textContent.endsWith('\\u00a0')"
    )


def test_filters_combine(stage, page):
    page.goto("/en/partners")
    page.locator("input[name=service][value=shop]").check()
    expect(page.locator("#results [role=status]")).to_have_text("1 partner")
    expect(page.locator("input[name=service][value=shop]")).to_be_focused()
    page.locator("#speaks").select_option("it" if page.locator("#speaks option[value=it]").count() else "fr")
    expect(page.locator("#results [role=status]")).to_have_text("1 partner")
    page.locator("#country").select_option("DE")
    expect(page.locator("#results [role=status]")).to_have_text("0 partners")
    assert all(part in page.url for part in ("service=shop", "country=DE"))
    page.locator("#country").select_option("")
    expect(page.locator("#results [role=status]")).to_have_text("1 partner")


def test_it_can_be_searched_without_scripts_on_a_phone(stage, new_context):
    page = new_context(width=390, javascript=False, language="de").new_page()
    page.goto("/de/partners")
    page.locator("#q").fill("lumière")
    page.locator("details.more summary").click()
    page.locator("input[name=service][value=shop]").check()
    page.locator("form.filters button.btn").click()
    expect(page.locator("#results .card")).to_have_count(1)
    expect(page.locator("#q")).to_have_value("lumière")
    expect(page.locator("input[name=service][value=shop]")).to_be_checked()
    page.locator("#results .card a").click()
    expect(page.locator("h1")).to_have_text("Lumière Digital Sàrl")
    page.go_back()
    expect(page.locator("#results .card")).to_have_count(1)


def test_the_next_page_is_a_link(stage, page):
    page.goto("/en/partners")
    first = names(page)
    page.locator("a[rel=next]").click()
    page.wait_for_url("**page=2**")
    assert names(page)
    assert not set(names(page)) & set(first)
    page.go_back()
    assert names(page) == first


def test_another_language_keeps_page_and_query_and_is_remembered(stage, page):
    page.goto("/en/partners?q=lumiere&service=web")
    for language, name in (("fr", "Français"), ("de", "Deutsch"), ("en", "English")):
        link = page.locator(f"nav.lang a[hreflang={language}]")
        assert name in link.text_content()
        link.click()
        page.wait_for_url(f"**/{language}/partners?q=lumiere&service=web")
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("#q")).to_have_value("lumiere")
    page.goto("/")
    page.wait_for_url("**/en/")


def test_languages_of_a_page_name_each_other(stage, page, base_url):
    named = {}
    for language in ("en", "fr", "de"):
        page.goto(f"/{language}/partners")
        assert page.locator("html").get_attribute("lang") == language
        named[language] = {
            link.get_attribute("hreflang"): link.get_attribute("href")
            for link in page.locator("link[rel=alternate]").all()
        }
        assert named[language][language] == f"{base_url}/{language}/partners"
        assert page.locator("link[rel=canonical]").get_attribute("href") == f"{base_url}/{language}/partners"
    assert named["en"] == named["fr"] == named["de"]
    assert set(named["en"]) == {"en", "fr", "de", "x-default"}


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_bare_address_speaks_the_language_of_the_browser(stage, new_context, language):
    page = new_context(language=language).new_page()
    page.goto("/")
    page.wait_for_url(f"**/{language}/")


def test_an_address_with_a_language_is_never_changed(stage, new_context):
    page = new_context(language="fr").new_page()
    page.goto("/de/")
    assert page.url.endswith("/de/")
    expect(page.locator("html")).to_have_attribute("lang", "de")
