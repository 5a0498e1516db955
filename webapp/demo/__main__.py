"""`python -m webapp.demo serve | reset | month`: settings must stand before the application is made, so this is no
`flask` command."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from webapp.demo import serve, settings

RUNNING = "The demo is running already. Stop it first, with Ctrl-C where it was started."


def main() -> None:
    """Does what the command line says; a refusal is one sentence and exit status 1."""
    parser = argparse.ArgumentParser(prog="python -m webapp.demo", description="The demo of Cordée.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("serve", "run web server and worker, with a story the first time"),
        ("reset", "throw the demo's data away and tell its story anew"),
        ("month", "play a month of the affiliate programme through, day by day"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("--host", default="127.0.0.1", help="where the demo listens")
        command.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    try:
        {"serve": run, "reset": reset, "month": month}[given.command](given.host, given.port)
    except serve.CannotServe as refusal:
        raise SystemExit(str(refusal)) from None


def run(host: str, port: int) -> None:
    """Serves the demo at this place until it is stopped."""
    if os.environ.get("MODE", "").strip() not in ("", "demo"):
        raise serve.CannotServe(
            "This serves the demo, but MODE is set to something else. See the README, Hosting."
        )
    os.environ.update(settings.supplied(os.environ, host=host, port=port))
    with serve.alone(_lock(), RUNNING):
        serve.check_port(host, port)
        greeting = prepare()
        serve.watch_over(os.environ, settings.ROOT, host=host, port=port, greeting=greeting)


def reset(host: str, port: int) -> None:
    """Removes the demo's own database and mailbox, and tells the story anew, with links to this place."""
    _demo_only()
    os.environ.update(settings.supplied(os.environ, host=host, port=port))
    if os.environ["DATABASE_URL"] != f"sqlite:///{settings.DATABASE}":
        raise serve.CannotServe(
            f"DATABASE_URL is set: only the demo's own database, {settings.DATABASE}, is ever thrown away."
        )
    with serve.alone(_lock(), RUNNING):
        for ending in ("", "-wal", "-shm"):
            Path(f"{settings.DATABASE}{ending}").unlink(missing_ok=True)
        shutil.rmtree(settings.MAILBOX, ignore_errors=True)
        (settings.VAR / "demo.ahead").unlink(missing_ok=True)
        Path(f"{settings.DATABASE}.ahead").unlink(missing_ok=True)
        prepare()
    print("The demo is as on its first day. Start it with: make run")


def month(host: str, port: int) -> None:
    """Lets weeks pass in the demo, which may be running, until what is ordered today has been paid out."""
    _demo_only()
    os.environ.update(settings.supplied(os.environ, host=host, port=port))
    greeting = prepare()
    from webapp.demo import month as weeks
    from wsgi import app

    with app.app_context():
        if not weeks.play(app, print):
            raise serve.CannotServe("The ledger does not hold. See: flask ledger check")
    print(greeting)


def prepare() -> str:
    """Brings the database up to date, tells the story if nobody lives there yet; what to greet with."""
    from flask_migrate import upgrade

    from webapp.demo import sign_ins, story
    from wsgi import app

    with app.app_context():
        upgrade()
        if not story.told():
            print("Telling the demo's story …", file=sys.stderr, flush=True)
            story.tell(app)
        return sign_ins.greeting()


def _demo_only() -> None:
    if os.environ.get("MODE", "").strip() not in ("", "demo"):
        raise serve.CannotServe("MODE is set, and not to demo. To host Cordée see the README, Hosting.")


def _lock() -> Path:
    """The file that says that somebody works with these data."""
    url = os.environ["DATABASE_URL"]
    return Path(
        f"{url.removeprefix('sqlite:///')}.lock"
        if url.startswith("sqlite:////")
        else settings.VAR / "demo.lock"
    )


if __name__ == "__main__":
    main()
