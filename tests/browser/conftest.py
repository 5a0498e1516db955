"""A real Chromium before a real server in this process: tests set its stage and read its mail.

A test fails for whatever the console complains about. The time starts where all tests start, and runs.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from playwright.sync_api import Error as PlaywrightError
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests import left_out
from tests.browser.complaints import Complaints
from tests.browser.steps import Visit, Way
from tests.client import ProofreadingClient
from tests.conftest import on_sqlite, settings_for_tests
from tests.factories import PASSWORD
from tests.installation import Installation
from tests.times import NOW, Clock
from webapp.accounts.models import User

HERE = Path(__file__).parent
GROUPS = 2  # Chromiums that run at once, at most
QUIET = (
    "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
PATIENCE = 15_000  # milliseconds; machines that test are busy
SIZES = {1280: 900, 390: 844, 320: 640}

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks these tests, and deals them out to a few workers only."""
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    for n, item in enumerate(ours):
        item.add_marker("browser")
        item.add_marker(pytest.mark.xdist_group(f"browser-{n % GROUPS}"))


# --- the browser --------------------------------------------------------------------------------------------


def _chromium() -> str | None:
    """The machine's own Chromium."""
    names = (
        os.environ.get("CHROMIUM", ""),
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    )
    return next((path for name in names if name and (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser(playwright: Playwright, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """The machine's Chromium, else Playwright's own; the tests are left out where neither starts."""
    own = _chromium()
    arguments = {
        **browser_type_launch_args,
        "args": [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])],
    }
    try:
        browser = playwright.chromium.launch(executable_path=own, **arguments)
    except PlaywrightError:
        if own:
            raise
        left_out.leave_out(left_out.CHROMIUM)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A desktop that asks for English pages, unless a test wants something else."""
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}


@pytest.fixture
def context(app: Flask, new_context: Callable[..., BrowserContext]) -> BrowserContext:
    """The test's own browser window."""
    return new_context()


@pytest.fixture(autouse=True)
def complaints(new_context: Callable[..., BrowserContext]) -> Iterator[Complaints]:
    """What all windows of the test complain about; nothing, or the test fails."""
    complaints = Complaints()
    yield complaints
    complaints.expect_none()


@pytest.fixture
def new_context(
    app: Flask,
    server: Server,
    browser: Browser,
    browser_context_args: dict[str, Any],
    request: pytest.FixtureRequest,
) -> Iterator[Callable[..., BrowserContext]]:
    """Opens windows that know nothing of each other: `new_context(width=390, javascript=False)`."""
    open_windows: list[BrowserContext] = []

    def open_window(
        *, width: int = 1280, javascript: bool = True, language: str = "en", **more: Any
    ) -> BrowserContext:
        arguments = {
            **browser_context_args,
            "viewport": {"width": width, "height": SIZES[width]},
            "java_script_enabled": javascript,
            "locale": {"en": "en-GB", "de": "de-CH", "fr": "fr-CH"}[language],
            **more,
        }
        window = browser.new_context(**arguments)
        window.set_default_timeout(PATIENCE)
        request.getfixturevalue("complaints").listen(window)
        open_windows.append(window)
        return window

    yield open_window
    for window in open_windows:
        window.close()
    server.wait_until_idle()


# --- the server ---------------------------------------------------------------------------------------------


class Server:
    """The application on a port of its own, each request in a thread."""

    def __init__(self, app: Flask, port: int) -> None:
        self.address = f"http://localhost:{port}"
        self._app = app
        self._busy = 0
        self._change = threading.Condition()
        self._http: BaseWSGIServer = make_server(
            "127.0.0.1", port, self._serve, threaded=True, request_handler=_Silent
        )
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self._change:
            self._busy += 1
        try:
            answer = self._app.wsgi_app(environ, start_response)
            try:
                return [b"".join(answer)]
            finally:
                if hasattr(answer, "close"):
                    answer.close()
        finally:
            with self._change:
                self._busy -= 1
                self._change.notify_all()

    def wait_until_idle(self) -> None:
        """Until no request is under way: the database is emptied next."""
        with self._change:
            assert self._change.wait_for(lambda: self._busy == 0, timeout=30), "a request does not end"


class _Silent(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_what: object) -> None:
        pass


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def _port() -> int:
    return _free_port()


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory, _port: int) -> Iterator[Installation]:
    """One application per worker, on SQLite; its mails lead to the server below."""
    folder = tmp_path_factory.mktemp("browser")
    settings = settings_for_tests(f"sqlite:///{folder / 'tests.sqlite3'}", folder)
    with on_sqlite(replace(settings, base_url=f"http://localhost:{_port}")) as installation:
        installation.app.test_client_class = ProofreadingClient
        yield installation


@pytest.fixture(scope="session")
def server(installation: Installation, _port: int) -> Iterator[Server]:
    """Serves the application."""
    with Server(installation.app, _port) as server:
        yield server


@pytest.fixture(scope="session")
def base_url(server: Server) -> str:
    """Where `page.goto("/en/")` goes."""
    return server.address


# --- the time -----------------------------------------------------------------------------------------------


class RunningClock(Clock):
    """Begins at NOW and runs; `forward` jumps."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._start = NOW

    @property  # type: ignore[override] # a moment that moves on
    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._started)

    @now.setter
    def now(self, moment: datetime) -> None:
        self._start += moment - self.now

    def forward(self, **duration: float) -> datetime:
        self._start += timedelta(**duration)
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> RunningClock:
    """The time."""
    clock = RunningClock()
    monkeypatch.setattr("webapp.clock.now", clock)
    return clock


# --- people -------------------------------------------------------------------------------------------------


@pytest.fixture
def sign_in() -> Callable[..., None]:
    """Signs in by the page for it: `sign_in(page, cast.pierre)`, in the language of the page's address."""

    def fill_in(page: Page, user: User, *, language: str = "en") -> None:
        page.goto(f"/{language}/sign-in")
        page.locator("#email").fill(user.email)
        page.locator("#password").fill(PASSWORD)
        page.locator("main form button:not([type=button])").click()
        page.wait_for_url(lambda address: "/sign-in" not in address)

    return fill_in


@pytest.fixture
def let_in(app: Flask, clock: RunningClock, base_url: str) -> Callable[[BrowserContext, User], None]:
    """Signs in past that page, for tests of many other pages: `let_in(page.context, cast.olga)`."""

    def give_cookie(window: BrowserContext, user: User) -> None:
        client = app.test_client()
        client.clock = clock
        client.sign_in(user)
        cookie = client.get_cookie("session")
        assert cookie is not None
        window.add_cookies([{"name": "session", "value": cookie.value, "url": base_url, "httpOnly": True}])

    return give_cookie


@pytest.fixture
def visit(
    new_context: Callable[..., BrowserContext], let_in: Callable[[BrowserContext, User], None]
) -> Callable[[User | None, Way], Visit]:
    """Opens a window for somebody who works in this way: `visit(cast.nadia, way)`."""

    def open_window(user: User | None, way: Way) -> Visit:
        window = new_context(
            width=1280 if way.javascript else 390, javascript=way.javascript, language=way.language
        )
        if user:
            let_in(window, user)
        return Visit(window, way)

    return open_window
