"""How people work with a page: with mouse and keyboard, or with the keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

FAR = 150  # more presses of Tab than any page has controls


class Hands:
    """Fills in and presses; with `keyboard` by Tab, arrows, Space and Enter only."""

    def __init__(self, page: Page, *, keyboard: bool = False) -> None:
        self.page = page
        self.keyboard = keyboard

    def reach(self, target: Locator) -> None:
        """Goes to the control with Tab, in either direction from where the focus is."""
        expect(target).to_have_count(1)
        for _n in range(FAR):
            if target.evaluate("e => e === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {target}")

    def write(self, selector: str, text: str) -> None:
        """Writes into a field in place of what it holds."""
        field = self.page.locator(selector)
        if self.keyboard:
            self.reach(field)
            self.page.keyboard.press("Control+A")
            self.page.keyboard.press("Delete")
            self.page.keyboard.type(text)
        else:
            field.fill(text)

    def tick(self, selector: str) -> None:
        """Ticks a box, or chooses a radio button."""
        box = self.page.locator(selector)
        if box.is_checked():
            return
        if not self.keyboard:
            box.check()
        elif box.get_attribute("type") == "radio":
            self._arrow_to(box)
        else:
            self.reach(box)
            self.page.keyboard.press("Space")
        expect(box).to_be_checked()

    def _arrow_to(self, radio: Locator) -> None:
        group = radio.get_attribute("name")
        for _n in range(FAR):
            if self.page.evaluate("() => document.activeElement.name") == group:
                break
            self.page.keyboard.press("Tab")
        for _n in range(FAR):
            if radio.is_checked():
                return
            here = radio.evaluate("e => e === document.activeElement")
            self.page.keyboard.press("Space" if here else "ArrowDown")

    def choose(self, selector: str, value: str) -> None:
        """Chooses from a drop-down list."""
        field = self.page.locator(selector)
        if self.keyboard:
            self.reach(field)
            values = field.evaluate("e => [...e.options].map(option => option.value)")
            way = values.index(value) - values.index(field.input_value())
            if abs(way) < 10:
                for _n in range(abs(way)):
                    self.page.keyboard.press("ArrowDown" if way > 0 else "ArrowUp")
            else:
                words = field.locator(f"option[value='{value}']").text_content() or ""
                self.page.keyboard.type(words.strip())
        else:
            field.select_option(value)
        expect(field).to_have_value(value)

    def press(self, selector: str) -> None:
        """Presses a button or follows a link."""
        target = self.page.locator(selector)
        if self.keyboard:
            self.reach(target)
            self.page.keyboard.press("Enter")
        else:
            target.click()
