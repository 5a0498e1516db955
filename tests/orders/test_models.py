"""What the database itself refuses, and what an order says of itself."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError

from tests.factories import make_partnership, make_plan, make_product
from tests.orders.story import cancelled, line_of, new, ordered, pay, refund
from webapp.extensions import db
from webapp.orders.models import CreditLine, Invoice, Order, OrderLine
from webapp.orders.rules import State
from webapp.partnerships.rules import Access
from webapp.unit import unit_of_work


def change(table, row, **values):
    """What a bug would write, past all actions."""

    @unit_of_work
    def write():
        db.session.execute(sa.update(table).where(table.id == row.id).values(**values))

    write()


@pytest.fixture
def order(cast):
    """One hosting by invoice, which brings Lumière a cashback."""
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    return ordered(cast.lumen, new(make_plan()))


@pytest.mark.parametrize(
    "values",
    [
        {"gross": 1},
        {"net": -1},
        {"credited": 1_000_000},
        {"received": -1},
        {"returned": 1},
        {"currency": "USD"},
        {"treatment": "reverse_charge"},
        {"cancelled_at": sa.func.current_timestamp()},
    ],
    ids=lambda values: next(iter(values)),
)
def test_an_order_that_does_not_add_up_is_refused(order, values):
    """SECURITY L7, M2."""
    with pytest.raises(IntegrityError):
        change(Order, order, **values)


@pytest.mark.parametrize(
    "values",
    [
        {"price": "partner", "net": 9600},
        {"price": "partner"},
        {"earner_id": None},
        {"cashback": 1},
        {"cashback_booked": 2401},
        {"credited": 12_001},
        {"net": 11_999},
        {"quantity": 0},
        {"discount": 101},
        {"sliding": -1},
    ],
    ids=lambda values: "-".join(values),
)
def test_a_line_gives_a_discount_or_a_cashback_and_never_more_than_all(order, values):
    """SECURITY M1; RULES M4: held by the database."""
    with pytest.raises(IntegrityError):
        change(OrderLine, line_of(order), **values)


def test_a_period_is_renewed_once_whoever_asks(cast):
    """SECURITY L4: the unique constraint itself, past the check of the action."""
    one, two = make_product(cast.lumen), make_product(cast.lumen)
    first, second = ordered(cast.lumen, one), ordered(cast.lumen, two)
    with pytest.raises(IntegrityError):
        change(OrderLine, line_of(second), claim=line_of(first).claim)


def test_a_number_a_reference_and_a_key_are_given_once(cast):
    """SECURITY L4."""
    plan = make_plan()
    first = ordered(cast.lumen, new(plan), key="k", outside="shop-1")
    second = ordered(cast.lumen, new(plan))
    for name in ("number", "reference", "key", "outside"):
        with pytest.raises(IntegrityError):
            change(Order, second, **{name: getattr(first, name)})


def test_an_order_has_one_invoice(order):
    """RULES M5."""
    values = {
        column.name: getattr(order.invoice, column.name)
        for column in Invoice.__table__.columns
        if column.name not in ("id", "public_id", "number")
    }

    @unit_of_work
    def write():
        db.session.add(Invoice(number="2026-99999", **values))
        db.session.flush()

    with pytest.raises(IntegrityError):
        write()


@pytest.mark.parametrize("what", ["update", "delete"])
def test_what_was_issued_is_never_altered(order, what):
    """RULES M11, SECURITY L3: invoices and credit notes only grow, on both databases."""
    note = refund(order, 100)

    @unit_of_work
    def write(table, condition):
        row = sa.update(table).values(net=1) if what == "update" else sa.delete(table)
        db.session.execute(row.where(condition))

    for table, condition in (
        (Invoice, Invoice.id == order.invoice.id),
        (CreditLine, CreditLine.invoice_id == note.id),
    ):
        with pytest.raises(DatabaseError, match=r"append-only|refuse"):
            write(table, condition)


def test_an_order_says_what_it_is(order):
    """SECURITY M2, RULES M6."""
    assert (order.state, order.missing) == (State.OPEN, order.money(12_972))
    pay(order, 10_000)
    assert (order.state, order.missing) == (State.PART_PAID, order.money(2972))
    pay(order)
    assert (order.state, order.missing) == (State.PAID, order.money(0))
    refund(order, 2000)
    assert (order.state, line_of(order).left) == (State.PART_REFUNDED, order.money(10_000))
    refund(order, 10_000)
    assert order.state is State.REFUNDED
    assert cancelled(order).state is State.CANCELLED


def test_a_line_keeps_what_its_price_was_made_of(order):
    """RULES P1, M1: names and factors of the day, whatever the catalogue says later."""
    line = line_of(order)
    name, version = line.plan.name_en, order.policy_version

    @unit_of_work
    def reprice():
        line.plan.name_en, line.plan.price_chf, line.plan.discount = "Other", 1, 0

    reprice()
    assert line.name_in("en") == name and line.factors.unit == order.money(12_000)
    assert line.factors.partner == order.money(9600)
    assert order.policy_version == version and "+" in version


def test_the_invoice_keeps_who_paid_as_it_was(cast, order):
    """RULES M5: a move of the payer changes no invoice."""

    @unit_of_work
    def move():
        cast.lumen.street, cast.lumen.name = "Neue Gasse 2", "Lumen Neu AG"

    move()
    assert order.invoice.party["name"] == "Lumen Optik AG"
    assert order.invoice.party["street"] == "Marktgasse 1"
    assert refund(order, 100).party["name"] == "Lumen Neu AG"
