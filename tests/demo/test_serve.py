"""`make run`: one command that serves everything, in processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from webapp.demo import serve, settings

WITHIN = 60.0  # seconds that a busy machine gets


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def environment(folder: Path) -> dict[str, str]:
    """This one, with data of its own."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    return {
        **kept,
        "SECRET_KEY": "a-key-for-the-demo-0123456789-abcdef",
        "DATABASE_URL": f"sqlite:///{folder / 'demo.sqlite3'}",
        "MAIL_URL": f"folder:{folder / 'mail'}",
    }


def command(*words: str) -> list[str]:
    """The demo's command line."""
    return [sys.executable, "-m", "webapp.demo", *words]


def outcome(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What becomes of the demo's command when it does not stay."""
    return subprocess.run(
        command(*words),
        env=env,
        cwd=settings.ROOT,
        text=True,
        capture_output=True,
        timeout=WITHIN,
        check=False,
    )


@contextmanager
def serving(folder: Path, port: int) -> Iterator[list[str]]:
    """The demo, up and answering, and what it has said; stopped with Ctrl-C afterwards."""
    with subprocess.Popen(
        command("serve", "--port", str(port)),
        env=environment(folder), cwd=settings.ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        said: list[str] = []
        try:
            assert process.stdout is not None
            while not said or "Ctrl-C" not in said[-1]:
                said.append(process.stdout.readline())
                assert said[-1], f"it has ended: {said}"
            assert serve.answers("127.0.0.1", port)
            yield said
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(WITHIN)
    assert process.returncode == 0


def people_in(folder: Path) -> int:
    """How many accounts there are."""
    with closing(sqlite3.connect(folder / "demo.sqlite3")) as database:
        return int(database.execute("SELECT count(*) FROM users").fetchone()[0])


def test_it_answers_and_keeps_its_data_for_the_next_time(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port) as said:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/en/partners", timeout=WITHIN) as answer:
            assert "Lumière Digital" in answer.read().decode()
        # a second one on the same data is refused in one sentence
        second = outcome("serve", "--port", str(free_port()), env=environment(tmp_path))
        assert second.returncode == 1
        assert second.stderr.startswith("The demo is running already.")
        assert len(second.stderr.splitlines()) == 1
    words = "".join(said)
    assert f"http://localhost:{port}" in words
    assert "olga.brunner@helvia.example" in words
    assert "Telling the demo's story" in words
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()

    before = people_in(tmp_path)
    with serving(tmp_path, port) as said:
        pass
    assert "Telling" not in "".join(said)
    assert people_in(tmp_path) == before


def test_a_port_in_use_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = outcome("serve", "--port", str(port), env=environment(tmp_path))
    assert refused.returncode == 1
    assert f"port {port}" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", 70000), ("no.such.host.invalid", 8000), ("203.0.113.7", 8000)]
)
def test_a_place_where_nothing_can_listen_is_refused(host: str, port: int) -> None:
    with pytest.raises(serve.CannotServe):
        serve.check_port(host, port)


def test_only_the_demos_own_database_is_thrown_away(tmp_path: Path) -> None:
    for extra, words in (
        (environment(tmp_path), "DATABASE_URL is set"),
        ({"MODE": "production"}, "MODE is set"),
    ):
        refused = outcome("reset", env={**extra, "PATH": os.environ["PATH"]})
        assert refused.returncode == 1
        assert refused.stderr.startswith(words)


def test_a_process_that_dies_is_started_again(tmp_path: Path) -> None:
    child = serve.Child(
        "sleeper", ("timeit", "-n1", "-r1", "import time; time.sleep(600)"), os.environ, tmp_path
    )
    first = child.pid
    try:
        os.kill(first, signal.SIGKILL)
        until = time.monotonic() + WITHIN
        while child.pid == first:
            child.watch()
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        child.ask_to_stop()
        child.wait(time.monotonic() + WITHIN)


def test_settings_that_stand_are_kept_and_the_secret_is_made_once(tmp_path: Path) -> None:
    found = settings.supplied(
        {"SECRET_KEY": "x" * 32, "BRAND_NAME": "Other", "MAIL_FROM": " "}, host="::1", port=9
    )
    assert found["BRAND_NAME"] == "Other"
    assert found["MODE"] == "demo"
    assert found["BASE_URL"] == "http://localhost:9"
    assert "@" in found["MAIL_FROM"]
    file = tmp_path / "var" / "secret"
    secret = settings.secret(file)
    assert len(secret) == 64
    assert settings.secret(file) == secret
    assert file.stat().st_mode & 0o777 == 0o600
