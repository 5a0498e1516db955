"""A process that is killed in the middle of an order leaves nothing half booked.

The process is a real one on the same database; it kills itself by SIGKILL at a statement of the ledger, between
two bookings of one action.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.books import all_is_well
from tests.dump import everything
from tests.factories import make_partnership, make_plan, make_prepaid, make_product
from tests.orders.story import has, new, ordered, pay
from webapp.extensions import db
from webapp.orders.models import Order
from webapp.orders.rules import Method, State
from webapp.partnerships.rules import Access

ROOT = Path(__file__).parent.parent.parent

PROCESS = """
import os, signal, sys, traceback
import sqlalchemy as sa
from datetime import datetime
from webapp import create_app
from webapp.extensions import db
from webapp.orders import actions
from webapp.orders.models import Order
from webapp.orders.quotes import Wanted, renewal_of
from webapp.orders.rules import Method
from webapp.accounts.models import Organisation
from webapp.partnerships.rules import Side as Acting
from webapp.payments import actions as payments
from webapp.products.models import Plan, Product

now = datetime.fromisoformat(sys.argv[1])
app = create_app()
seen = 0

def counting(killed_at):
    def count(_connection, _cursor, statement, *_rest):
        global seen
        if statement.startswith(("INSERT INTO transfers", "INSERT INTO entries")):
            seen += 1
            if seen == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)

    return count

def place():
    holder = db.session.scalar(sa.select(Organisation).where(Organisation.name == "Lumen Optik AG"))
    wanted = [Wanted(db.session.scalar(sa.select(Plan)), "neu.ch"), renewal_of(db.session.scalar(sa.select(Product)))]
    actions.place(holder, wanted, side=Acting.CLIENT, method=Method.PREPAID, by=None, now=now)

def order():
    return db.session.scalar(sa.select(Order))

def receive():
    payments.book_payment(order(), order().money(30_000), booked_on=now.date(), key="t", by=None, now=now)

def credit():
    amounts = {line.id: line.money(6000) for line in order().lines}
    actions.credit(order(), amounts, reason="Too slow", by=None, now=now)

def cancel():
    actions.cancel(order(), reason="A mistake", by=None, now=now)

def act(what, killed_at):
    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", counting(int(killed_at)))
        {"place": place, "receive": receive, "credit": credit, "cancel": cancel}[what]()
    os._exit(seen)

for line in sys.stdin:  # the application is loaded once: each line is a process of its own, without a connection yet
    child = os.fork()
    if child == 0:
        try:
            act(*line.split())
        except BaseException:
            traceback.print_exc()
        os._exit(99)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture
def process(app, now):
    """Runs an action in a process of its own, to be killed at its nth write to the ledger; never, without a number.

    Answers how it ended: the signal, below zero, or how many writes it made.
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

    def run(what, killed_at=0):
        db.session.commit()
        parent.stdin.write(f"{what} {killed_at}\n")
        parent.stdin.flush()
        ended = int(parent.stdout.readline())
        db.session.expire_all()
        return ended

    yield run
    parent.stdin.close()
    parent.wait(20)
    parent.stdout.close()


# What each writes to the ledger: the charge or its reversal, the payment or its return, and two lines' cashbacks,
# each as transfers and as entries.
WRITES = 8


@pytest.mark.parametrize("what", ["place", "receive", "credit", "cancel"])
def test_what_is_killed_between_two_bookings_never_happened(cast, process, what):
    """SECURITY L1, L4, M2: killed at its first, a middle and its last write, then done once more, as a whole."""
    plan = make_plan()
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    site = make_product(cast.lumen, plan=plan)
    make_prepaid(cast.lumen, 100_000)
    if what != "place":
        order = ordered(cast.lumen, new(plan), site)
        if what in ("credit", "cancel"):
            pay(order)
    before = everything()
    for killed_at in (1, 2, 5, WRITES):
        assert process(what, killed_at) == -signal.SIGKILL
        assert everything() == before
        all_is_well()
    assert process(what) == WRITES
    all_is_well()
    order = db.session.scalar(sa.select(Order))
    assert {
        "place": (State.PAID, Method.PREPAID, 4800),
        "receive": (State.PAID, Method.INVOICE, 4800),
        "credit": (State.PART_REFUNDED, Method.INVOICE, 2400),
        "cancel": (State.CANCELLED, Method.INVOICE, 0),
    }[what] == (order.state, order.method, has(cast.lumiere))
