"""What a browser complains about: scripts that fail, what the content policy refuses, what does not load."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError

# Chromium also tells that a page itself came with one of these; tests look at the page for that.
EXPECTED = re.compile(
    r"Failed to load resource: the server responded with a status of (401|403|404|409|410|422|429) "
)
# HTMX tells of requests that it took back, because somebody has typed on (`hx-sync`).
TAKEN_BACK = re.compile(r"htmx:(sendAbort|afterRequest), ")
# A page that came late on a busy machine is shown without its cross-fade.
NO_FADE = "Transition was aborted because of invalid state. Page already revealed"
PAGE = re.compile(r"https?://[^/]+/(en|fr|de)/")


class Complaints:
    """Collected from all windows that it listens to."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def listen(self, window: BrowserContext) -> None:
        """From now on, for all pages of the window."""
        window.on("console", self._console)
        window.on("weberror", self._script)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        address = message.location.get("url", "")
        if TAKEN_BACK.match(message.text) or (EXPECTED.match(message.text) and PAGE.match(address)):
            return
        self.found.append(f"{message.type}: {message.text} ({address})")

    def _script(self, error: WebError) -> None:
        if NO_FADE not in str(error.error):
            self.found.append(f"script: {error.error}")

    def expect_none(self) -> None:
        """Fails with all of them."""
        assert not self.found, "the console says:\n  " + "\n  ".join(self.found)
