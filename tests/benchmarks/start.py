"""How long a second `make run` takes until it answers, and how much memory all of it needs.

The first start tells the demo's story and is not measured. Memory is what web server, web workers and
background worker have resident, pages that they share counted in each: an upper bound.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.report import Ratio, middle
from tests.benchmarks.serving import ROOT, answers, children, free_port, resident_megabytes

STORY_WITHIN = 180.0  # seconds
SETTLED_AFTER = 3.0  # seconds after the first answer, when all processes are up


def run(folder: Path, *, rounds: int) -> list[Ratio]:
    """Starts the demo on a database of its own: once to fill it, then `rounds` times."""
    report.heading("Second start of the demo")
    _started(folder)
    seconds: list[float | None] = []
    megabytes: list[float | None] = []
    for _ in range(rounds):
        took, needed = _started(folder)
        seconds.append(took)
        megabytes.append(needed)
    return report.tell(
        Ratio("start: seconds to the first answer", middle(seconds), 3.0, unit="s"),
        Ratio(
            "start: memory of web server, two workers, background worker", middle(megabytes), 350, unit="MB"
        ),
    )


def _started(folder: Path) -> tuple[float, float | None]:
    """(seconds to the first answer, megabytes of all processes but the one that watches over them)."""
    port = free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'demo.sqlite3'}",
        "MAIL_URL": f"folder:{folder / 'demo-mail'}",
        "SECRET_KEY": "a-key-for-benchmarks-0123456789-abcdefghij",
        "MODE": "demo",
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.demo", "serve", "--port", str(port)],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not answers(port, "/en/"):
            if process.poll() is not None or time.perf_counter() - began > STORY_WITHIN:
                raise RuntimeError("the demo did not start")
            time.sleep(0.02)
        took = time.perf_counter() - began
        time.sleep(SETTLED_AFTER)
        parts = [resident_megabytes(each) for each in children(process.pid)]
        return took, sum(part or 0 for part in parts) or None
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
