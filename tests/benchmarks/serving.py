"""A server to be measured: the production settings of the app server, its processor time and its memory."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
GRANIAN = (
    *("granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "8", "--backpressure", "128"),
    *("--respawn-failed-workers", "--no-ws", "--log-level", "warning", "--host", "127.0.0.1"),
)
CLIENTS = 8
UP_WITHIN = 30.0
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def children(pid: int) -> list[int]:
    """What the process started itself; nothing where there is no /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(entry.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.parent.name))
    return found


def family(pid: int) -> list[int]:
    """The process and all that it started."""
    found = [pid]
    for each in found:
        found += children(each)
    return found


def processor_seconds(pid: int) -> float | None:
    """What the process and all that it started have used so far; None where there is no /proc."""
    ticks = 0
    for each in family(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def resident_megabytes(pid: int) -> float | None:
    """The memory of the process and all that it started, shared pages counted in each; None without /proc."""
    pages = 0
    for each in family(pid):
        try:
            pages += int(Path(f"/proc/{each}/statm").read_text().split()[1])
        except OSError:
            return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


@dataclass(frozen=True)
class Round:
    """What one round of visits cost. `cpu_ms` per request, of the server's processes; None when not known."""

    per_second: float
    p50_ms: float
    cpu_ms: float | None
    kilobytes: float


class Server:
    """One application behind the app server."""

    def __init__(self, app: str, environ: Mapping[str, str]) -> None:
        self.port = free_port()
        self._process = subprocess.Popen(
            [sys.executable, "-m", *GRANIAN, "--port", str(self.port), app],
            cwd=ROOT,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.pid = self._process.pid

    def wait_until_up(self, path: str = "/") -> None:
        """Returns when it gives any answer."""
        until = time.monotonic() + UP_WITHIN
        while not answers(self.port, path):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the server did not start")
            time.sleep(0.02)

    def visited(
        self, path: str, *, seconds: float, headers: tuple[str, ...] = (), body: str = "", status: int = 200
    ) -> Round:
        """A round of visits to one page, or of posts of a form's `body` (URL-encoded, ASCII).

        Raises RuntimeError when an answer had another status.
        """
        before = processor_seconds(self.pid)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.benchmarks.load",
                str(self.port),
                str(CLIENTS),
                str(seconds),
                path,
                body,
                *headers,
            ],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
            timeout=seconds + 60,
        )
        after = processor_seconds(self.pid)
        found = json.loads(done.stdout)
        if set(found["statuses"]) != {str(status)}:
            raise RuntimeError(f"{path} answered {found['statuses']}")
        cpu = None if before is None or after is None else (after - before) * 1000 / found["requests"]
        return Round(found["per_second"], found["p50_ms"], cpu, found["bytes"] / 1000)

    def stop(self) -> None:
        """Ends it with its workers."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def answers(port: int, path: str) -> bool:
    """Whether something answers there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
        return True
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def serving(app: str, environ: Mapping[str, str], path: str = "/") -> Iterator[Server]:
    """A server that is up inside."""
    server = Server(app, environ)
    try:
        server.wait_until_up(path)
        yield server
    finally:
        server.stop()
