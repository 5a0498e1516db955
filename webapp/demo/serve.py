"""`make run`: the whole product on this machine – web server and worker, watched over until Ctrl-C.

Both are processes of their own, as in production; one that dies is started again.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

WEB = (
    *("granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "8", "--backpressure", "128"),
    *("--respawn-failed-workers", "--no-ws", "--log-level", "error"),
)
WORKER = ("flask", "--app", "wsgi", "worker")
PATIENCE = 10.0  # seconds that a process gets to stop by itself
LONG_LIFE = 60.0  # seconds after which a process counts as healthy
LONGEST_PAUSE = 30.0  # seconds between two starts of a process that keeps dying
UP_WITHIN = 60.0
LATE = "The web server does not answer yet; see the messages above."


class CannotServe(Exception):
    """Why the demo does not run; one sentence for who started it."""


@contextlib.contextmanager
def alone(file: Path, sentence: str) -> Iterator[None]:
    """Nobody else works with the demo's data inside. Raises CannotServe with the sentence."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel lets go of it, however we end
        except OSError:
            raise CannotServe(sentence) from None
        yield


def check_port(host: str, port: int) -> None:
    """Raises CannotServe where nothing can listen."""
    if not 1 <= port <= 65535:
        raise CannotServe(f"A port is a number from 1 to 65535, not {port}.")
    try:
        family, *_rest, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except PermissionError:
        raise CannotServe(
            f"Port {port} needs more rights. Choose one above 1023: make run PORT=8000"
        ) from None
    except socket.gaierror:
        raise CannotServe(f"This machine does not know the host {host}.") from None
    except OSError:
        other = port + 1 if port < 65535 else 8000
        raise CannotServe(
            f"Nothing can listen at {host}, port {port}: it is in use or not of this machine. "
            f"Choose another one: make run PORT={other}"
        ) from None


class Child:
    """One process and the wish that it lives."""

    def __init__(self, name: str, command: tuple[str, ...], environ: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self._command = [sys.executable, "-m", *command]
        self._environ = dict(environ)
        self._folder = folder
        self._deaths = 0
        self._start()

    def _start(self) -> None:
        # A session of its own: Ctrl-C reaches us alone, and we stop the children in good order.
        self._process = subprocess.Popen(
            self._command,
            env=self._environ,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._started = time.monotonic()
        self._again_at: float | None = None

    @property
    def pid(self) -> int:
        """The process that lives at the moment."""
        return self._process.pid

    def watch(self) -> None:
        """Starts it again when it has died, later each time that it dies young."""
        if self._process.poll() is None:
            return
        now = time.monotonic()
        if self._again_at is None:
            self._deaths = 1 if now - self._started > LONG_LIFE else self._deaths + 1
            pause = min(LONGEST_PAUSE, 2.0 ** min(self._deaths, 6) / 2)
            print(
                f"The {self.name} has ended ({self._process.returncode}); it starts again.", file=sys.stderr
            )
            self._again_at = now + pause
        elif now >= self._again_at:
            self._start()

    def ask_to_stop(self) -> None:
        """SIGTERM: it finishes what it has in hand."""
        if self._process.poll() is None:
            self._process.terminate()

    def wait(self, until: float) -> None:
        """Waits for its end; after `until` it is killed with all that it started."""
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def answers(host: str, port: int) -> bool:
    """Whether the web server gives an answer."""
    connection = http.client.HTTPConnection(
        "localhost" if host in ("0.0.0.0", "::") else host, port, timeout=5
    )
    try:
        connection.request("GET", "/healthz")
        return bool(connection.getresponse().status)  # whatever it thinks of the worker, which comes later
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def watch_over(environ: Mapping[str, str], folder: Path, *, host: str, port: int, greeting: str) -> None:
    """Runs web server and worker until SIGINT, SIGTERM or SIGHUP; says the greeting once the web answers."""
    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: stopping.append(number))
    web = Child("web server", (*WEB, "--host", host, "--port", str(port), "wsgi:app"), environ, folder)
    children = [web]
    late = time.monotonic() + UP_WITHIN
    while not stopping and not answers(host, port) and time.monotonic() < late:
        time.sleep(0.05)
        web.watch()
    if not stopping:
        children.append(Child("worker", WORKER, environ, folder))  # not sooner: pages come first
        print(greeting if time.monotonic() < late else LATE, flush=True)
    while not stopping:
        time.sleep(0.25)
        for child in children:
            child.watch()
    for child in children:
        child.ask_to_stop()
    until = time.monotonic() + PATIENCE
    for child in children:
        child.wait(until)
