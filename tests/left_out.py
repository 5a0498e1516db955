"""Tests that a machine cannot run: skipped with a reason, told at the end, refused when REQUIRE_ALL=1."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

POSTGRESQL = "no PostgreSQL here"
CHROMIUM = "no Chromium here"
HOW_TO_GET = {
    POSTGRESQL: "apt install postgresql (or set TEST_DATABASE_URL)",
    CHROMIUM: "apt install chromium (or set CHROMIUM to its path)",
}


def leave_out(missing: str) -> NoReturn:
    """Skips the test that asks, or fails it where nothing may be left out."""
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(f"{missing}, and REQUIRE_ALL=1 lets nothing be left out", pytrace=False)
    pytest.skip(reason=missing)  # one of those above, each with the command that brings it


def tell(reporter: pytest.TerminalReporter) -> None:
    """Says at the end of the run what was left out, and the command that brings it."""
    reasons = [str(report.longrepr) for report in reporter.stats.get("skipped", [])]
    for missing, remedy in HOW_TO_GET.items():
        n = sum(missing in reason for reason in reasons)
        if n:
            reporter.write_line(
                f"LEFT OUT: {n} tests, because there is {missing}: {remedy}", yellow=True, bold=True
            )
