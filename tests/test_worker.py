"""The worker delivers, does what is due, waits for a database that is away, and stops between two mails."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask

from tests import kinds
from tests.conftest import settings_for_tests
from tests.factories import make_user
from tests.post import Collector
from tests.times import NOW
from webapp import create_app, jobs, mailer, postman, worker
from webapp.accounts.models import User
from webapp.config import Settings
from webapp.extensions import db
from webapp.jobs import JobSlot
from webapp.mailer import Address, QueuedMail
from webapp.postman import Postman
from webapp.unit import unit_of_work
from webapp.worker import Stop

ROOT = Path(__file__).parent.parent
WITHIN = 60.0


class After(Stop):
    """The wish to stop comes after so many waits, which take no time."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.waited: list[float] = []
        self._most = waits

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.wished = len(self.waited) >= self._most


@pytest.fixture(autouse=True)
def known_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer, "KINDS", dict(mailer.KINDS))
    monkeypatch.setattr(postman, "KINDS", mailer.KINDS)
    kinds.register()


@unit_of_work
def queue(about: User, n: int) -> None:
    for k in range(n):
        mailer.queue("note", Address(f"person-{k}@example.com", f"Person {k}", "en", "CH"), about, now=NOW)


def mails() -> list[QueuedMail]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(QueuedMail).order_by(QueuedMail.id)))


def test_it_delivers_and_does_what_is_due(app: Flask) -> None:
    queue(make_user("Anna Keller"), 3)
    worker.run(app, After(2))
    assert [mail.state for mail in mails()] == ["sent"] * 3
    folder = app.config["SETTINGS"].mail_server.folder
    assert len(list(folder.glob("*.eml"))) == 3
    assert set(db.session.scalars(sa.select(JobSlot.name))) == set(jobs.JOBS)


def test_without_mail_only_the_jobs_run(app: Flask) -> None:
    """SECURITY 1: a restore starts with mail paused."""
    queue(make_user("Anna Keller"), 1)
    worker.run(app, After(1), mail=False)
    assert [mail.state for mail in mails()] == ["waiting"]
    assert mails()[0].attempts == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(JobSlot)) == len(jobs.JOBS)


def test_a_worker_that_is_to_stop_gives_back_what_it_has_not_sent(app: Flask) -> None:
    queue(make_user("Anna Keller"), 5)
    way_out = Collector()
    carrier = Postman(app, way_out, stopping=lambda: len(way_out.messages) == 2)
    assert carrier.round() == 2
    assert [mail.state for mail in mails()] == ["sent", "sent", "waiting", "waiting", "waiting"]
    left = mails()[2:]
    assert [(mail.attempts, mail.leased_until) for mail in left] == [(0, None)] * 3
    # another one takes them at once
    assert Postman(app, way_out).round() == 3
    assert len({to for to, _message in way_out.messages}) == 5


def test_it_goes_no_further_than_its_lease(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow mail server must not keep mails so long that a second worker sends them, too."""
    queue(make_user("Anna Keller"), 4)
    way_out = Collector()
    time_on_wall = iter([0.0, 1.0, 2.0, 46.0, 47.0, 48.0])
    monkeypatch.setattr("webapp.postman.time.monotonic", lambda: next(time_on_wall))
    assert Postman(app, way_out).round() == 2
    monkeypatch.undo()
    assert [mail.state for mail in mails()] == ["sent", "sent", "waiting", "waiting"]


def nowhere(folder: Path) -> Settings:
    """Settings with a database that does not answer."""
    return settings_for_tests("postgresql://me:secret@127.0.0.1:1/nowhere", folder)


def test_a_database_that_is_away_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(nowhere(tmp_path))
    stop = After(8)
    worker.run(app, stop)
    assert stop.waited == [2, 4, 8, 16, 32, 60, 60, 60]
    assert "the database refused" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(("version", "warned"), [((3, 40, 1), True), ((3, 51, 2), True), ((3, 51, 3), False)])
def test_it_warns_once_of_an_affected_sqlite(
    tmp_path: Path,
    version: tuple[int, int, int],
    warned: bool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    app = create_app(settings_for_tests(f"sqlite:///{tmp_path / 'x.sqlite3'}", tmp_path))
    worker.run(app, After(2))
    assert caplog.text.count("very rare bug") == warned
    with app.app_context():
        db.engine.dispose()


def test_its_commits_do_not_wait_for_the_disk(tmp_path: Path) -> None:
    app = create_app(settings_for_tests(f"sqlite:///{tmp_path / 'x.sqlite3'}", tmp_path))
    worker.run(app, After(1))
    with app.app_context(), db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1  # NORMAL
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_stops_when_it_is_told_to(tmp_path: Path, number: signal.Signals) -> None:
    settings = replace(settings_for_tests(f"sqlite:///{tmp_path / 'x.sqlite3'}", tmp_path), mode="production")
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        **{
            name.upper(): str(getattr(settings, name))
            for name in ("mode", "secret_key", "database_url", "mail_url", "mail_from")
        },
        "OPERATOR_NAME": "Helvia",
        "OPERATOR_EMAIL": "desk@helvia.example",
    }
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
        cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        seen = ""
        until = time.monotonic() + WITHIN
        while "the worker starts" not in seen and time.monotonic() < until:
            seen += process.stderr.readline()
        process.send_signal(number)
        _out, rest = process.communicate(timeout=WITHIN)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert "the worker has stopped" in rest
