"""Runs at the same instant, with real threads on both databases, and runs that are killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.books import all_is_well
from tests.partnerships.test_races import race
from tests.payouts.story import (
    FEBRUARY,
    IBAN,
    JANUARY,
    MONTHS,
    affiliate,
    earn,
    earnings,
    give_back,
    mails,
    owner_of,
    payouts,
    run,
    runs,
    to,
)
from tests.threads import at_once
from webapp.extensions import db
from webapp.payouts import actions, queries
from webapp.payouts.rules import Kind, RunState

ROOT = Path(__file__).parent.parent.parent


def running(now=JANUARY):
    return lambda: actions.run_due(now=now)


def test_two_workers_share_a_run(app, monkeypatch):
    """SECURITY M4: each affiliate is paid once, in one run."""
    monkeypatch.setattr(actions, "PORTION", 2)
    accounts = [to(affiliate(f"Affiliate {n}"), Kind.IBAN if n % 2 else Kind.PAYPAL) for n in range(7)]
    for account in accounts:
        earn(account)
    results = at_once(app, running(), running(), running())
    assert sum(results) == 7, results
    assert [each.amount for each in payouts()] == [6_000] * 7
    assert [each.number[-1] for each in payouts()] == list("1234567")
    (it,) = runs()
    assert it.state is RunState.DUE


def test_a_run_and_a_refund(app):
    """RULES F6, F8: paid whole and owed back, or paid less; never more than was earned."""
    for n, now in enumerate(MONTHS):
        account = affiliate(f"Affiliate {n}")
        order = earn(account, 8_000)

        def refunding(own, order=order, now=now):
            mine = own(order)
            return lambda: give_back(mine, 8_000, now=now)

        results = race(app, lambda _own, now=now: running(now), refunding)
        assert not [each for each in results if isinstance(each, Exception)], results
        (payout,) = payouts(account)
        assert (payout.amount, earnings(account)) in ((8_000, -2_000), (6_000, 0))


def test_a_run_and_a_change_of_where_it_goes(app):
    """RULES F8: paid to where it went before, or held up; never to the new place at once."""
    for n, now in enumerate(MONTHS):
        account = affiliate(f"Affiliate {n}")
        earn(account)

        def changing(own, account=account, now=now):
            mine, owner = own(account), own(owner_of(account))
            return lambda: actions.prefer(mine, Kind.IBAN, IBAN, "Thief", by=owner, now=now)

        race(app, lambda _own, now=now: running(now), changing)
        assert [each.kind for each in payouts(account)] in ([Kind.PREPAID], [])


def test_a_run_is_carried_out_by_one_of_two(app, cast):
    """RULES F8: each payout leaves the bank once, and its affiliate is told once."""
    for n, now in enumerate(MONTHS):
        account = to(affiliate(f"Affiliate {n}"))
        earn(account)
        run(now)
        it = payouts(account)[0].run

        def executing(own, it=it, now=now):
            mine, olga = own(it), own(cast.olga)
            return lambda: actions.execute(mine, by=olga, now=now)

        results = race(app, executing, executing)
        assert sorted(type(each).__name__ for each in results) == ["Executed", "NoneType"], results
        assert mails("payout_sent") == n + 1


def test_an_execution_and_a_return(app, cast):
    """RULES F8: whichever comes first, the amount is the affiliate's again."""
    for n, now in enumerate(MONTHS):
        accounts = [to(affiliate(f"{name} {n}")) for name in ("Anna", "Bert")]
        for account in accounts:
            earn(account)
        run(now)
        it = payouts(accounts[0])[0]
        whole = it.run

        def executing(own, whole=whole, now=now):
            mine, olga = own(whole), own(cast.olga)
            return lambda: actions.execute(mine, by=olga, now=now)

        def returning(own, it=it, now=now):
            mine, olga = own(it), own(cast.olga)
            return lambda: actions.take_back(mine, reason="Closed", by=olga, now=now)

        results = race(app, executing, returning)
        assert results == [None, None], results
        assert earnings(accounts[0]) == 6_000 and earnings(accounts[1]) == 0


# --- killed in the middle -----------------------------------------------------------------------------------

PROCESS = """
import os, signal, sys
import sqlalchemy as sa
from datetime import datetime
from webapp import create_app
from webapp.extensions import db
from webapp.payouts import actions

actions.PORTION = 2
killed_at, seen = int(sys.argv[2]), 0

def count(_connection, _cursor, statement, *_rest):
    global seen
    if statement.startswith(("INSERT INTO payout", "INSERT INTO transfers", "INSERT INTO entries", "UPDATE payout")):
        seen += 1
        if seen == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)

app = create_app()
with app.app_context():
    sa.event.listen(db.engine, "before_cursor_execute", count)
    actions.run_due(now=datetime.fromisoformat(sys.argv[1]))
"""


def killed(app, at):
    """A run in a process of its own that is killed at its nth write; how it ended."""
    settings = app.config["SETTINGS"]
    names = ("mode", "secret_key", "base_url", "database_url", "mail_url", "mail_from", "programme_file")
    environment = {
        name.upper(): getattr(settings, name) for name in (*names, "operator_name", "operator_email")
    }
    db.session.commit()
    ended = subprocess.run(
        [sys.executable, "-c", PROCESS, JANUARY.isoformat(), str(at)], cwd=ROOT,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)}, check=False, timeout=60,
    )  # fmt: skip
    db.session.expire_all()
    return ended.returncode


def test_a_run_that_is_killed_goes_on_where_it_stopped(app):
    """SECURITY M4, L1: what was paid stays paid, and the rest follows in the same run, an hour or a month later."""
    for n in range(5):
        earn(to(affiliate(f"Affiliate {n}")))
    paid = 0
    for write in (1, 3, 6, 4):  # of the run, of a portion's bookings, of its payouts
        assert killed(app, write) == -signal.SIGKILL
        all_is_well()
        assert len(payouts()) % 2 == 0 and len(payouts()) >= paid
        paid = len(payouts())
    assert paid == 4 and runs()[0].state is RunState.FILLING
    assert run(FEBRUARY) == 5 - paid
    (it,) = runs()
    assert it.state is RunState.DUE and {each.amount for each in payouts()} == {6_000}
    assert [each.number[-1] for each in payouts()] == list("12345")
    assert not queries.unfinished()
