"""Messages at the same instant, and a process that is killed in the middle of one: on both databases.

Whatever comes first, nothing counts twice and nothing is parked for ever.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.api.story import (
    Shop,
    event_of,
    make_api_key,
    messages,
    order_of,
    orders,
    standing,
    take,
    written,
)
from tests.books import all_is_well
from tests.dump import everything
from tests.factories import make_partnership, make_plan
from tests.orders.story import has
from tests.tenders.story import kinds_of
from tests.threads import at_once
from webapp.accounts.models import User
from webapp.api import actions, queries
from webapp.api.rules import Standing
from webapp.drafts import new_key
from webapp.extensions import db
from webapp.orders.models import Order
from webapp.orders.rules import State
from webapp.partnerships.rules import Access

ROOT = Path(__file__).parent.parent.parent
RACES = 4


@pytest.fixture
def plan(app):
    """CHF 120 a year, 20 per cent for partners."""
    return make_plan("web-pro")


def about(number, body):
    """The same about another order."""
    if "lines" in body:
        return {**body, "external_id": number}
    return {**body, "data": {**body["data"], "external_id": number}}


def test_the_same_order_twice_at_once_is_one_order(app, cast, plan):
    """SECURITY L4: the shop lost patience and sent it again."""
    for n in range(RACES):
        body = about(str(n), order_of(cast.lumen, plan))
        results = at_once(app, *[lambda body=body, n=n: take(body, f"race_{n}").number] * 3)
        assert len(set(results)) == 1, results
        assert len(orders()) == n + 1


def test_two_messages_with_one_order_place_it_once(app, cast, plan):
    for n in range(RACES):
        body = about(str(n), order_of(cast.lumen, plan))
        results = at_once(app, *[lambda body=body, n=n, x=x: take(body, f"race_{n}{x}").number for x in "ab"])
        assert kinds_of([each if isinstance(each, Exception) else None for each in results]) == [
            "Faults",
            "done",
        ]
        assert len(orders()) == n + 1


def test_two_bodies_under_one_id_at_once_are_one_message(app, cast, plan):
    """SECURITY L4."""
    for n in range(RACES):
        bodies = [about(f"{n}{x}", order_of(cast.lumen, plan)) for x in "ab"]
        results = at_once(app, *[lambda body=body, n=n: take(body, f"race_{n}").number for body in bodies])
        assert kinds_of([each if isinstance(each, Exception) else None for each in results]) == [
            "OtherBody", "done",
        ]  # fmt: skip
        assert len(orders()) == n + 1


def test_events_that_come_with_their_order_are_never_left_behind(app, cast, plan):
    """SECURITY M2: each either finds the order or is found by it."""
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    for n in range(RACES):
        told = [order_of(cast.lumen, plan), event_of("paid"), event_of("refunded", "64.86")]
        before = standing()
        sent = [(about(str(n), body), f"race_{n}{k}") for k, body in enumerate(told)]
        results = at_once(app, *[lambda body=body, at=at: take(body, at) and None for body, at in sent])
        assert results == [None] * 3
        order = orders()[-1]
        assert (order.state, order.received, order.credited) == (State.PART_REFUNDED, 12_972, 6_486)
        assert has(cast.lumiere) - before.get(("prepaid", cast.lumiere.name), 0) == 1_200
    assert queries.still_parked() == []
    assert {row.standing for row in messages()} == {Standing.APPLIED}


def test_an_event_that_comes_while_its_order_is_written_waits_for_it(app, cast, plan):
    """SECURITY M2: just before the order is committed, somebody else tells that it is paid."""

    def tell():
        with app.app_context():
            take(event_of("paid"), "race_late")

    late = threading.Thread(target=tell)

    def meanwhile(session):
        if late.ident is None and any(isinstance(each, Order) for each in session.identity_map.values()):
            late.start()
            late.join(1)

    sa.event.listen(db.session, "before_commit", meanwhile)
    try:
        take(order_of(cast.lumen, plan))
    finally:
        sa.event.remove(db.session, "before_commit", meanwhile)
    late.join(20)
    db.session.expire_all()
    assert queries.still_parked() == []
    assert orders()[0].state is State.PAID


def test_the_same_event_many_times_at_once_counts_once(app, cast, plan):
    """SECURITY L4."""
    order = take(order_of(cast.lumen, plan))
    for n in range(RACES):
        body = event_of("paid", "10.00")
        results = at_once(app, *[lambda n=n, body=body: take(body, f"race_{n}").event_id] * 4)
        assert results == [f"race_{n}"] * 4
        assert orders()[0].received == 1_000 * (n + 1)
    assert order.state is State.PART_PAID


def test_over_the_addresses_at_once_both_are_answered_the_same(app, cast, plan, another, clock):
    shop = Shop(another(), [make_api_key(cast.olga).secret], lambda: clock.now)
    body = order_of(cast.lumen, plan)
    results = at_once(app, *[lambda: (a := shop.order(body, "msg_1")) and (a.status_code, a.json)] * 3)
    assert results[0][0] == 200, results
    assert results == [results[0]] * 3


def making(operator_id, form_key, now):
    def make():
        operator = db.session.get(User, operator_id)
        actions.make_key("Shop", form_key=form_key, by=operator, now=now)

    return make


def test_operators_make_two_keys_at_once_and_no_third(app, cast, now):
    made = [making(cast.olga.id, new_key(), now) for _n in range(3)]
    results = at_once(app, *made)
    assert kinds_of(results) == ["NoRoom", "done", "done"], results
    assert len(queries.valid_keys()) == 2


def test_a_form_sent_twice_at_once_makes_one_key(app, cast, now):
    made = [making(cast.olga.id, new_key(), now)] * 2
    assert kinds_of(at_once(app, *made)) == ["ShownAlready", "done"]


# --- killed -------------------------------------------------------------------------------------------------

PROCESS = """
import json, os, signal, sys, traceback
import sqlalchemy as sa
from datetime import datetime
from webapp import create_app
from webapp.api import actions, rules
from webapp.extensions import db

COUNT = ("INSERT INTO transfers", "INSERT INTO outside_events", "UPDATE outside_events")
now = datetime.fromisoformat(sys.argv[1])
app = create_app()
seen = 0

def counting(killed_at):
    def count(_connection, _cursor, statement, *_rest):
        global seen
        if statement.startswith(COUNT):
            seen += 1
            if seen == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)

    return count

def act(what, body, event_id, killed_at):
    kinds = {"order": (rules.new_order, actions.take_order), "event": (rules.event, actions.take_event)}
    read, take = kinds[what]
    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", counting(killed_at))
        take(read(body.encode(), now=now), event_id=event_id, body=body.encode(), now=now)
    os._exit(seen)

for line in sys.stdin:  # the application is loaded once: each line is a process of its own, without a connection yet
    child = os.fork()
    if child == 0:
        try:
            act(*json.loads(line))
        except BaseException:
            traceback.print_exc()
        os._exit(99)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture
def process(app, now):
    """Takes a message in by a process of its own that is killed at its nth write of what counts; 0 is never.

    Answers how it ended: the signal, below zero, or how often it wrote.
    """
    settings = app.config["SETTINGS"]
    names = ("mode", "secret_key", "base_url", "database_url", "mail_url", "mail_from", "programme_file")
    environment = {
        name.upper(): getattr(settings, name) for name in (*names, "operator_name", "operator_email")
    }
    parent = subprocess.Popen(
        [sys.executable, "-c", PROCESS, now.isoformat()], cwd=ROOT, text=True,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip

    def run(what, body, event_id, killed_at=0):
        db.session.commit()
        parent.stdin.write(json.dumps([what, written(body).decode(), event_id, killed_at]) + "\n")
        parent.stdin.flush()
        ended = int(parent.stdout.readline())
        db.session.expire_all()
        return ended

    yield run
    parent.stdin.close()
    parent.wait(20)
    parent.stdout.close()


def test_what_is_killed_never_came_and_comes_whole_the_next_time(cast, plan, process):
    """SECURITY L1, L4, M2: an order with what waited for it, then an event; killed at the first, in the middle
    and at the last write, sent again under the same id."""
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    take(event_of("paid"))
    body, before = order_of(cast.lumen, plan), everything()
    for killed_at in (1, 3, 6):
        assert process("order", body, "msg_order", killed_at) == -signal.SIGKILL
        assert everything() == before
        all_is_well()
    assert process("order", body, "msg_order") == 6
    assert process("order", body, "msg_order") == 1  # it is known: its id is asked for, nothing else happens
    (order,) = orders()
    assert (order.state, has(cast.lumiere)) == (State.PAID, 2_400)
    refund, before = event_of("refunded", "64.86"), everything()
    for killed_at in (1, 2):
        assert process("event", refund, "msg_refund", killed_at) == -signal.SIGKILL
        assert everything() == before
    assert process("event", refund, "msg_refund") > 2
    assert has(cast.lumiere) == 1_200
