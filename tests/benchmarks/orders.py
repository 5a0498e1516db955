"""Orders and bank statements, in one process as a web worker runs them, beside the statements that they write.

The base of each ratio is the action's own INSERTs and UPDATEs on a twin of the database (see `twin`): the
difference is everything that is read, checked, priced and made of objects.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks import data, report
from tests.benchmarks.report import Ratio, middle, over
from tests.benchmarks.twin import Twins, twins
from tests.factories import make_order, make_plan, make_prepaid, make_product
from tests.payments.story import file_of
from webapp import clock
from webapp.accounts.models import Organisation, User
from webapp.extensions import db
from webapp.orders import actions
from webapp.orders.models import Order
from webapp.orders.quotes import Wanted, renewal_of
from webapp.orders.rules import Method
from webapp.partnerships.rules import Side as By
from webapp.payments import actions as payments
from webapp.payments import statements
from webapp.payments.queries import top_up_reference
from webapp.products.models import Plan, Product
from webapp.unit import unit_of_work

ORDERS, LINES = 12, 35  # orders of one round, lines of a large one
ENTRIES, PAID = 10_000, 100  # of a bank's statement, and those of them that pay an order
BALANCE = 1_000_000_00


def run(kind: str, folder: Path, *, rounds: int, only: str) -> list[Ratio]:
    """Placing orders, and importing a bank's statement."""
    found: list[Ratio] = []
    if only in ("", "orders"):
        with twins(kind, folder, "orders") as both:
            found += _orders(both, rounds)
    if only in ("", "import"):
        with twins(kind, folder, "import") as both:
            found += _imports(both, rounds)
    return found


# --- orders -------------------------------------------------------------------------------------------------


class _Case(NamedTuple):
    """How it is paid, and the lines of the n-th order."""

    method: Method
    wanted: Callable[[int], list[Wanted]]


def _orders(both: Twins, rounds: int) -> list[Ratio]:
    report.heading("Placing orders, to the rows that they write")
    with both.app.app_context():
        data.add_partners(both.app, 1)
        _fill(rounds)
        db.session.remove()
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in CASES}
        counted: dict[str, int] = {}
        for number in range(rounds + 1):
            for name, case in CASES.items():
                before = both.statements
                pairs = [_place(both, case, number * ORDERS + n) for n in range(ORDERS)]
                if number:  # the round before the first one warms up
                    taken[name] += pairs
                counted[name] = (both.statements - before) // ORDERS
    return report.tell(*[_told(name, pairs, counted[name]) for name, pairs in taken.items()])


def _told(name: str, pairs: list[tuple[float, float]], statements: int) -> Ratio:
    ours, bare = middle([each for each, _ in pairs]), middle([each for _, each in pairs])
    report.line(f"{name}: {1 / (ours or 1):.0f} orders a second, {statements} statements each")
    return Ratio(f"order of {name}: time to its bare writes", over(ours, bare), None)


@unit_of_work
def _fill(rounds: int) -> None:
    """Somebody with money, and a product for each line that will renew one."""
    plan, payer = make_plan("web"), db.session.get_one(Organisation, 1)
    renewals = (rounds + 1) * ORDERS * LINES
    for n in range(renewals):
        make_product(payer, f"site-{n}.example", plan)
    make_prepaid(payer, BALANCE, "CHF", now=clock.now())


def _new(count: int, n: int) -> list[Wanted]:
    plan = db.session.get_one(Plan, 1)
    return [Wanted(plan, f"new-{n}-{line}.example") for line in range(count)]


def _renewals(n: int) -> list[Wanted]:
    first = 1 + n * LINES
    products = [db.session.get_one(Product, number) for number in range(first, first + LINES)]
    return [renewal_of(product) for product in products]


CASES = {
    "one line, by invoice": _Case(Method.INVOICE, lambda n: _new(1, n)),
    "one line, prepaid": _Case(Method.PREPAID, lambda n: _new(1, n)),
    f"{LINES} lines, by invoice": _Case(Method.INVOICE, lambda n: _new(LINES, n)),
    f"{LINES} lines, prepaid": _Case(Method.PREPAID, lambda n: _new(LINES, n)),
    f"{LINES} renewals, by invoice": _Case(Method.INVOICE, _renewals),
}


def _place(both: Twins, case: _Case, n: int) -> tuple[float, float]:
    """As a page does it, which has just loaded who orders what."""
    db.session.remove()
    holder, person = db.session.get_one(Organisation, 1), db.session.get_one(User, 1)
    wanted = case.wanted(n)
    return both.compared(
        lambda: (
            actions.place(holder, wanted, side=By.CLIENT, method=case.method, by=person, now=clock.now())
            and None
        )
    )


# --- statements of the bank ---------------------------------------------------------------------------------


def _imports(both: Twins, rounds: int) -> list[Ratio]:
    report.heading(f"Importing {ENTRIES:,} entries of a bank's statement, to the rows that it writes")
    with both.app.app_context():
        data.add_partners(both.app, ENTRIES // 2)
        make_plan("web")
        pairs = []
        for n in range(rounds):
            file = _file(n)
            db.session.remove()
            pairs.append(both.compared(lambda file=file: _import(file)))
            db.session.remove()
    ours, bare = middle([each for each, _ in pairs]), middle([each for _, each in pairs])
    report.line(f"{ENTRIES / (ours or 1):.0f} entries a second, read, found and booked")
    return report.tell(Ratio("import of a statement: time to its bare writes", over(ours, bare), None))


def _file(n: int) -> bytes:
    """A few entries pay orders, half of the others fill accounts, and nobody is found for the rest."""
    orders = [_unpaid(each) for each in range(1, PAID + 1)]
    owners = [db.session.get_one(Organisation, each) for each in range(1, ENTRIES // 2 - PAID + 1)]
    paying = [(str(order.money(order.gross).amount), order.reference, "") for order in orders]
    filling = [("25.00", top_up_reference(owner), "") for owner in owners]
    entries = [*paying, *filling]
    entries += [("12.50", "", f"Thanks for {each}") for each in range(ENTRIES - len(entries))]
    return file_of(*[(*entry, f"BANK{n}-{each}") for each, entry in enumerate(entries)])


def _unpaid(organisation: int) -> Order:
    now = clock.now() - timedelta(seconds=1)
    return make_order(db.session.get_one(Organisation, organisation), *_new(1, organisation), now=now)


def _import(file: bytes) -> None:
    statement = statements.read(file)
    done = payments.import_statement(statement, by=None, now=clock.now())
    assert done.new == ENTRIES, done
