"""What tests stand on: an application on SQLite and on PostgreSQL, a client, the cast, the post, the time.

`app` holds an application context open for the test itself: factories, actions and queries just work.
Requests of `client` and deliveries of `outbox` have contexts of their own, as in production. A test that uses
`app` runs once on each database; everything that it commits is gone afterwards.
"""

from __future__ import annotations

import contextvars
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import settings as hypothesis

from tests import books, left_out, postgres
from tests import cast as people
from tests.client import ProofreadingClient
from tests.installation import Installation, OnPostgres, OnSqlite
from tests.post import MailServer, Outbox, running_mail_server
from tests.times import NOW, Clock
from webapp import create_app, transport
from webapp.config import Settings
from webapp.demo.settings import PROGRAMME
from webapp.extensions import db

DATABASES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))

# How long an example takes is the machine's business: a busy one fails no test.
hypothesis.register_profile("any machine", deadline=None)
hypothesis.load_profile("any machine")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what was left out."""
    left_out.tell(terminalreporter)


def settings_for_tests(database_url: str, folder: Path) -> Settings:
    """What an operator would set."""
    return Settings(
        mode="test",
        secret_key="a-key-for-tests-0123456789-abcdefghij",
        base_url="http://localhost",
        database_url=database_url,
        mail_url=f"folder:{folder / 'mail'}",
        mail_from="Helvia Partners <partners@helvia.example>",
        programme_file=str(PROGRAMME),
        operator_name="Helvia",
        operator_address="Seestrasse 1, 8002 Zürich",
        operator_email="desk@helvia.example",
    )


@contextmanager
def on_sqlite(settings: Settings) -> Iterator[Installation]:
    """An installation on the SQLite file of these settings."""
    file = Path(settings.database_url.removeprefix("sqlite:///"))
    app = create_app(settings, synchronous="OFF")
    yield OnSqlite(app, file)
    with app.app_context():
        db.engine.dispose()


@contextmanager
def on_postgres(server: str, folder: Path) -> Iterator[Installation]:
    """An installation on a database of its own on this server."""
    name = f"cordee_tests_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    with postgres.database(server, name) as url:
        app = create_app(settings_for_tests(url, folder))
        yield OnPostgres(app)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str | None]:
    """The address of a PostgreSQL server, None when there is none."""
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session", params=DATABASES)
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """One application and database per worker and kind of database. Tests use `app`."""
    folder = tmp_path_factory.mktemp("installation")
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        if server is None:
            left_out.leave_out(left_out.POSTGRESQL)
        made = on_postgres(server, folder)
    else:
        made = on_sqlite(settings_for_tests(f"sqlite:///{folder / 'tests.sqlite3'}", folder))
    with made as installation:
        installation.app.test_client_class = ProofreadingClient
        yield installation


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time: `clock.now`, `clock.forward(days=1)`. It stands still for pages and mails too."""
    clock = Clock()
    monkeypatch.setattr("webapp.clock.now", clock)
    return clock


@pytest.fixture
def now() -> datetime:
    """When the test begins."""
    return NOW


@pytest.fixture
def app(installation: Installation, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application on an empty database, with a context open for the test itself.

    What a test leaves behind is what `flask ledger check` finds nothing wrong with, unless it did `damage`.
    """
    app = installation.app
    try:
        with app.app_context():
            yield app
            db.session.rollback()
            faults = books.faults() if books.opened() else []
            if "damage" in request.fixturenames:
                assert faults, "the test leaves no damage that `flask ledger check` finds"
            else:
                assert faults == [], "the test leaves books that are wrong"
    finally:
        installation.forget()
        shutil.rmtree(app.config["SETTINGS"].mail_server.folder or "", ignore_errors=True)


@pytest.fixture
def damage(app: Flask) -> Callable[..., None]:
    """Runs statements past the application and its triggers. The books are wrong afterwards, as they must be."""
    return books.damage


@pytest.fixture
def client(app: Flask, clock: Clock) -> ProofreadingClient:
    """A browser that proofreads; `client.sign_in(user)`."""
    return another_browser(app, clock)


def another_browser(app: Flask, clock: Clock) -> ProofreadingClient:
    """A browser with cookies of its own."""
    client = app.test_client()
    assert isinstance(client, ProofreadingClient)
    client.clock = clock
    return client


@pytest.fixture
def another(app: Flask, clock: Clock) -> Callable[[], ProofreadingClient]:
    """Makes further browsers: `pierres = another().sign_in(cast.pierre)`."""
    return lambda: another_browser(app, clock)


@pytest.fixture
def cast(app: Flask, installation: Installation) -> people.Cast:
    """Everybody of tests/cast.py, in the database."""
    return installation.begin_with(people.assemble)


@pytest.fixture
def lumens_products(cast: people.Cast) -> people.Products:
    """What Lumen Optik has."""
    return people.stock(cast.lumen)


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    """Mail, delivered by the real postman into a list."""
    return Outbox(app)


@pytest.fixture
def smtp(app: Flask) -> Iterator[MailServer]:
    """A real SMTP server; `transport.transport(app)` leads to it during the test."""
    settings = app.config["SETTINGS"]

    def send_mail_to(settings: Settings) -> None:
        app.config["SETTINGS"] = settings
        transport.configure(app, settings)

    with running_mail_server() as server:
        send_mail_to(replace(settings, mail_url=server.url))
        try:
            yield server
        finally:
            send_mail_to(settings)


@pytest.fixture
def elsewhere(app: Flask) -> Callable[[Callable[[], object]], object]:
    """Runs a function as another process would: in an application context of its own."""

    def run(what: Callable[[], object]) -> object:
        def inside() -> object:
            with app.app_context():
                return what()

        db.session.commit()  # what the test has read is old news afterwards
        try:
            return contextvars.Context().run(inside)
        finally:
            db.session.expire_all()

    return run


@pytest.fixture
def statements(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """`with statements() as seen:` collects the statements that reach the database meanwhile."""

    @contextmanager
    def collect() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        db.session.commit()
        sa.event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", note)
            seen[:] = [each for each in seen if not each.startswith(("BEGIN", "SELECT pg_catalog"))]

    return collect
