"""`make bench`: measures and prints ratios. `make bench ARGS="--quick --only directory"`.

Everything runs on this machine (127.0.0.1), with data made for it in a temporary folder, for a few minutes.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from pathlib import Path

from tests.benchmarks import (
    clicks,
    earnings,
    ledger,
    mails,
    money,
    orders,
    pages,
    partnerships,
    payouts,
    report,
    start,
)

PARTS = (
    *("directory", "inbox", "weight", "clicks", "clients", "confirm", "mail"),
    *("orders", "import", "statement", "csv", "check", "invoices", "earnings", "payouts", "start"),
)


def main() -> None:
    """Reads the options, measures, and says at the end which goals were missed."""
    parser = argparse.ArgumentParser(prog="make bench", description="Speed beside bare Flask, as ratios.")
    parser.add_argument("--quick", action="store_true", help="one short round of each: a rough look")
    parser.add_argument("--only", choices=PARTS, default="", help="one part instead of all")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 16), metavar="1…15")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round of visits (at most 30)")
    given = parser.parse_args()
    rounds = 1 if given.quick else given.rounds
    seconds = 1.0 if given.quick else min(given.seconds, 30.0)

    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {given.database}"
    )
    print(
        f"Medians of {rounds} alternating rounds. Times are this machine's; only the ratios mean something."
    )
    found: list[report.Ratio] = []
    with tempfile.TemporaryDirectory(prefix="cordee-bench-") as name:
        folder = Path(name)
        if given.only in ("", "directory", "inbox", "weight"):
            found += pages.run(given.database, folder, rounds=rounds, seconds=seconds, only=given.only)
        if given.only in ("", "clicks"):
            found += clicks.run(given.database, folder, rounds=rounds, seconds=seconds)
        if given.only in ("", "clients"):
            found += partnerships.run(given.database, folder, rounds=rounds, seconds=seconds)
        if given.only in ("", "confirm", "mail"):
            found += mails.run(given.database, folder, rounds=rounds, only=given.only)
        if given.only in ("", "orders", "import"):
            found += orders.run(given.database, folder, rounds=rounds, only=given.only)
        if given.only in ("", "statement", "csv", "check"):
            found += ledger.run(given.database, folder, rounds=rounds, seconds=seconds, only=given.only)
        if given.only in ("", "invoices"):
            found += money.run(given.database, folder, rounds=rounds, only=given.only)
        if given.only in ("", "earnings"):
            found += earnings.run(given.database, folder, rounds=rounds, seconds=seconds)
        if given.only in ("", "payouts"):
            found += payouts.run(given.database, folder, rounds=rounds)
        if given.only in ("", "start"):
            found += start.run(folder, rounds=rounds)
    goals = [ratio for ratio in found if ratio.goal is not None]
    missed = [ratio for ratio in goals if ratio.met is False]
    report.heading(f"{len(goals) - len(missed)} of {len(goals)} goals met.")
    for ratio in missed:
        print(ratio)


if __name__ == "__main__":
    main()
