"""The operator's commands: backup, check, and how a wrong setting is told."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import settings_for_tests
from tests.factories import make_organisation, make_prepaid, make_user
from tests.installation import make_schema
from tests.post import MailServer
from tests.times import NOW
from webapp import create_app, programme
from webapp.accounts.models import User
from webapp.extensions import db

ROOT = Path(__file__).parent.parent


@pytest.fixture
def small(tmp_path: Path) -> Flask:
    """An installation on SQLite."""
    app = create_app(settings_for_tests(f"sqlite:///{tmp_path / 'live.sqlite3'}", tmp_path))
    make_schema(app)
    return app


def command(app: Flask, *words: str) -> tuple[int, str]:
    """Exit status and output of a command."""
    result = app.test_cli_runner().invoke(args=list(words))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def names_in(file: Path) -> int:
    """How many people a database holds."""
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(database.execute("SELECT count(*) FROM users").fetchone()[0])


def test_a_backup_of_a_live_database_is_whole(small: Flask, tmp_path: Path) -> None:
    """SECURITY 1: while others write, the copy is consistent and opens."""
    enough, stop = threading.Event(), threading.Event()

    def write() -> None:
        n = 0
        with small.app_context():
            while not stop.is_set():
                n += 1
                make_user(f"Person {n}", email=f"person-{n}@example.com")
                if n > 20:
                    enough.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert enough.wait(30)
        status, output = command(small, "backup", str(tmp_path / "copy.sqlite3"))
    finally:
        stop.set()
        writer.join()
    assert status == 0, output
    assert "is copied to" in output
    copy = tmp_path / "copy.sqlite3"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert names_in(copy) > 20

    restored = create_app(settings_for_tests(f"sqlite:///{copy}", tmp_path))
    with restored.app_context():
        assert (
            db.session.scalar(sa.select(User.name).where(User.email == "person-1@example.com")) == "Person 1"
        )
        db.session.remove()
        db.engine.dispose()
    with small.app_context():
        db.engine.dispose()


def test_a_backup_replaces_nothing(small: Flask, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("precious")
    status, output = command(small, "backup", str(taken))
    assert status == 1
    assert "exists already" in output
    assert taken.read_text() == "precious"
    status, output = command(small, "backup", str(tmp_path / "no" / "folder" / "copy"))
    assert status == 1
    assert "There is no folder" in output


def test_postgresql_is_left_to_its_own_tool(tmp_path: Path) -> None:
    app = create_app(settings_for_tests("postgresql://me:secret@db.example.com/cordee", tmp_path))
    status, output = command(app, "backup", str(tmp_path / "copy.dump"))
    assert status == 1
    assert (
        f"pg_dump --format=custom --file={tmp_path / 'copy.dump'} postgresql://me@db.example.com/cordee"
        in output
    )
    assert "secret" not in output


def test_check_says_that_all_is_well(app: Flask, smtp: MailServer) -> None:
    status, output = command(app, "check")
    assert status == 1
    assert "nobody runs this portal yet" in output
    make_user("Olga Brunner", operator_since=NOW)
    status, output = command(app, "check")
    lines = output.splitlines()
    about = [line.split()[1] for line in lines]
    assert about == ["Settings:", "Programme:", "Database:", "Operator:", "Mail:"]
    assert status == 0, output
    assert smtp.received == []


def test_check_says_which_policy_holds_and_who_can_pay_by_invoice(tmp_path: Path) -> None:
    """RULES P1."""
    settings = settings_for_tests(f"sqlite:///{tmp_path / 'x.sqlite3'}", tmp_path)
    _status, output = command(create_app(settings), "check")
    policy = programme.read(Path(settings.programme_file))
    assert f"{policy.version} from {policy.file}; payment by invoice is offered in CHF and EUR." in output
    _status, output = command(create_app(replace(settings, programme_file="")), "check")
    assert f"from {programme.DEFAULT_FILE}; payment by invoice is not offered" in output


def test_check_says_what_is_missing(tmp_path: Path) -> None:
    settings = settings_for_tests("postgresql://me:secret@127.0.0.1:1/nowhere", tmp_path)
    app = create_app(replace(settings, mail_url="smtp+plain://127.0.0.1:1"))
    status, output = command(app, "check")
    assert status == 1
    settings_line, policy, database, mail = output.splitlines()
    assert settings_line.startswith("ok ") and policy.startswith("ok ")
    assert database.startswith("NOT OK ") and "PostgreSQL does not answer" in database
    assert mail.startswith("NOT OK ") and "127.0.0.1:1 does not take mail" in mail
    assert "secret" not in output


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MODE", "production!", "MODE must be one of"),
        ("SECRET_KEY", "short", "SECRET_KEY must have at least 32 characters"),
        ("DATABASE_URL", "mysql://localhost/x", "DATABASE_URL must start with"),
        ("MAIL_URL", "", "MAIL_URL must be set"),
        ("TIMEZONE", "Mars/Olympus", "TIMEZONE must be a name"),
        ("PROXY_HOPS", "one", "PROXY_HOPS must be a whole number"),
    ],
)
def test_a_wrong_setting_is_told_in_one_sentence(name: str, value: str, words: str, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "MODE": "demo",
        "SECRET_KEY": "a-key-for-tests-0123456789-abcdefghij",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'x.sqlite3'}",
        "MAIL_URL": f"folder:{tmp_path}",
        "MAIL_FROM": "desk@helvia.example",
        name: value,
    }
    for program in (["flask", "--app", "wsgi", "worker"], ["flask", "--app", "wsgi", "check"]):
        result = subprocess.run(
            [sys.executable, "-m", *program],
            cwd=ROOT, env=environment, text=True, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert result.returncode != 0
        assert result.stderr.startswith(words)
        assert len(result.stderr.splitlines()) == 1
        assert result.stdout == ""


def test_the_ledger_is_proved_by_a_command(small: Flask) -> None:
    """SECURITY L1-L7: the trial balance per currency, and every fault with what to do about it."""
    assert command(small, "ledger", "check")[0] == 0
    with small.app_context():
        make_prepaid(make_organisation(), 12_345)
    status, output = command(small, "ledger", "check")
    assert status == 0 and "ok      ledger" in output
    assert [line.split() for line in output.splitlines()][:4] == [
        ["CHF"], ["prepaid", "123.45"], ["bank", "-123.45"], ["total", "0.00"],
    ]  # fmt: skip
    with small.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("DROP TRIGGER entries_no_update"))
        connection.execute(sa.text("UPDATE entries SET balance = 99999 WHERE balance > 0"))
    status, output = command(small, "ledger", "check")
    assert status == 1 and "NOT OK  ledger" in output
    assert "L3: the trigger entries_no_update is missing." in output
    assert "the balance is 99999, the entries add up to 12345." in output
    assert "Copy the database as it is now: flask --app wsgi backup FILE" in output
