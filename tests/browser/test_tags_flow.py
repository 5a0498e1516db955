"""Tags of products, changed in place and on pages of their own (UX 5.12, F12, G7; RULES O9)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import checks
from tests.browser.hands import Hands
from tests.browser.stage import set_stage


@pytest.fixture
def stage(cast, clock):
    return set_stage(cast, clock.now, companies=3)


@pytest.fixture
def products(stage) -> str:
    return f"/en/o/{stage.cast.lumen.public_id}/products"


def test_a_tag_is_put_on_and_taken_off_in_place_by_keyboard(stage, products, page, let_in):
    """UX F12: the page stays, the focus has somewhere to go, what was done is told."""
    let_in(page.context, stage.cast.hugo)
    page.goto(products)
    which = stage.product.public_id
    cell, hands = page.locator(f"#tags-{which}"), Hands(page, keyboard=True)
    hands.press(f"#add-{which}")
    expect(page.locator(f"#name-{which}")).to_be_focused()
    assert not checks.axe(page)
    page.keyboard.press("Enter")  # nothing typed yet
    expect(cell.locator(".err")).to_have_text("Enter a name, such as shop.")
    expect(page.locator(f"#name-{which}")).to_be_focused()
    hands.write(f"#name-{which}", "Sale")
    hands.tick(f"#tags-{which} input[value=violet]")
    hands.press(f"#tags-{which} button.primary")
    expect(cell.locator("li.t-violet")).to_have_text("Sale×")
    expect(cell.locator("[role=status]")).to_contain_text("shop.lumen-optik.ch has the tag Sale.")
    expect(page.locator(f"#add-{which}")).to_be_focused()
    assert not checks.axe(page)
    hands.press(f"#tags-{which} button[aria-label='Remove tag Sale from shop.lumen-optik.ch']")
    expect(cell.locator("li.t-violet")).to_have_count(0)
    expect(page.locator(f"#add-{which}")).to_be_focused()
    hands.press(f"#add-{which}")
    hands.press(f"#tags-{which} .tag-form a")
    expect(cell.locator("form.tag-form")).to_have_count(0)
    expect(page.locator(f"#add-{which}")).to_be_focused()
    assert page.url.endswith(products)


def test_two_forms_can_be_open_at_once(stage, products, page, let_in):
    let_in(page.context, stage.cast.hugo)
    page.goto(products)
    for n in (1, 2):
        page.locator("a.add").first.click()
        expect(page.locator(".tag-form")).to_have_count(n)
    assert not checks.axe(page)


def test_tags_without_scripts(stage, products, new_context, let_in):
    """UX F12: pages in place of parts; one comes back to where one was."""
    window = new_context(width=390, javascript=False)
    let_in(window, stage.cast.nadia)
    page = window.new_page()
    page.goto(f"{products}?q=shop")
    which = stage.product.public_id
    page.locator(f"#add-{which}").click()
    page.locator(f"#name-{which}").fill("Sale")
    page.locator("input[value=red]").check()
    page.locator(".tag-form button").click()
    page.wait_for_url(f"**?q=shop#tags-{which}")
    expect(page.locator(f"#tags-{which} li.t-red")).to_have_text("Sale×")
    page.locator("button[aria-label='Remove tag Sale from shop.lumen-optik.ch']").click()
    expect(page.locator(f"#tags-{which} li.t-red")).to_have_count(0)
    page.locator("a[href$='/tags']").first.click()
    page.locator("a[aria-label='Merge the tag shop']").click()
    page.locator("#into").select_option(label="prod")
    page.locator("main form button").click()
    expect(page.locator("main [role=status]")).to_have_text("The tag shop is merged into prod.")
    page.locator("a[aria-label='Delete the tag prod']").click()
    page.locator("main form button").click()
    expect(page.locator("main [role=status]")).to_have_text("The tag prod is deleted.")
    page.goto(products)
    expect(page.locator(f"#tags-{which} li.tag")).to_have_count(0)


def test_a_chart_is_read_without_seeing_it(stage, products, page, let_in):
    """UX 1: drawn by the server, with a title and the same figures in a table."""
    let_in(page.context, stage.cast.hugo)
    page.goto(f"{products}/{stage.product.public_id}")
    expect(page.get_by_role("img", name="Visits per day from")).to_be_visible()
    hands = Hands(page, keyboard=True)
    hands.press("details.mini summary")
    expect(page.locator("table.figures tbody tr")).to_have_count(30)
    hands.press("main nav a[href*='days=90']")
    expect(page.locator("main a[aria-current]", has_text="Last 90 days")).to_be_visible()
    expect(page.locator("svg .bars rect")).to_have_count(40)
    assert not checks.axe(page)
