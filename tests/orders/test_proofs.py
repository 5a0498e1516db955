"""`flask ledger check` finds what was changed behind the application: every proof, by a row that breaks it."""

import pytest
import sqlalchemy as sa

from tests.books import all_is_well
from tests.factories import make_partnership, make_plan, make_product
from tests.orders.story import cancelled, line_of, new, ordered, pay, refund
from webapp.extensions import db
from webapp.ledger import proofs as all_proofs
from webapp.orders import proofs
from webapp.orders.models import CreditLine, Invoice, Order, OrderLine, Series
from webapp.partnerships.rules import Access
from webapp.unit import unit_of_work


@pytest.fixture
def orders(cast):
    """One of each kind: open, paid, refunded in part, cancelled, free; with cashback for Lumière."""
    plan = make_plan()
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    found = [ordered(cast.lumen, new(plan), make_product(cast.lumen, plan=plan)) for _n in range(4)]
    for order in found[1:]:
        pay(order)
    refund(found[2], 100, 33)
    cancelled(found[3])
    found.append(ordered(cast.lumen, new(make_plan(price_chf=0))))
    all_is_well()
    return found


def change(table, row, **values):
    key = sa.inspect(table).primary_key[0]
    return sa.update(table).where(key == row.id).values(**values)


def found():
    return " ".join(proofs.faults())


def test_orders_are_proved_with_the_ledger(orders):
    """SECURITY L1–L7: the command asks both."""
    run = all_proofs.run()
    assert run["ledger"] == run["orders"] == []


@pytest.mark.parametrize("name", ["received", "returned", "credited"])
@pytest.mark.parametrize("by", [1, -1])
def test_what_an_order_says_and_what_was_booked(orders, damage, name, by):
    """RULES M11."""
    order = orders[2]  # refunded in part after its payment: all three have something
    damage(change(Order, order, **{name: getattr(order, name) + by}))
    assert f"orders:{order.id}: {name} and what was booked differ by {by}." in found()


def test_what_was_billed_and_what_was_booked(orders, damage):
    """RULES M11; with the line changed too, only the ledger knows better."""
    order = orders[0]
    damage(change(Order, order, net=order.net - 1, vat=order.vat + 1))
    assert f"orders:{order.id}: net and what was booked differ by -1." in found()
    assert f"orders:{order.id}: vat and what was booked differ by 1." in found()


def test_money_that_moved_for_an_order_that_is_not_there(orders, damage):
    """RULES M11."""
    damage(sa.text("UPDATE transfers SET subject = 'orders:999' WHERE cause = 'order_paid' AND id IN "
                   "(SELECT max(id) FROM transfers WHERE cause = 'order_paid')"))  # fmt: skip
    assert "orders:999: received and what was booked differ by" in found()


def test_money_of_an_order_that_went_to_somebody_else(cast, orders, damage):
    """RULES M5, M6."""
    damage(change(Order, orders[3], payer_id=cast.stefans.id))
    assert f"it is order {orders[3].number}’s, but moves other accounts" in found()
    assert f"Order {orders[3].number}: its invoice is missing, or says something else" in found()


@pytest.mark.parametrize("by", [1, -1])
def test_the_cashback_of_a_line(orders, damage, by):
    """RULES M4: per line, also when the sum over the order is right."""
    one, two = orders[2].lines
    damage(
        change(OrderLine, one, cashback_booked=one.cashback_booked + by),
        change(OrderLine, two, cashback_booked=two.cashback_booked - by),
    )
    assert f"Line {one.id}: its cashback and what was booked" in found()
    assert f"Line {two.id}: its cashback and what was booked" in found()


def test_the_cashback_of_somebody_else(cast, orders, damage):
    """RULES M4: the right amount for the wrong partner."""
    line = orders[1].lines[0]
    damage(change(OrderLine, line, earner_id=cast.bergwerk.id))
    assert found().count(f"Line {line.id}: its cashback") == 2


@pytest.mark.parametrize("name", ["net", "vat"])
def test_lines_that_do_not_add_up(orders, damage, name):
    """SECURITY L7."""
    line = orders[0].lines[0]
    names = ("net", "public", "cashback") if name == "net" else ("vat",)
    values = {each: getattr(line, each) + 1 for each in names}
    damage(change(OrderLine, line, **values))
    assert f"Order {orders[0].number}: net" in found()


def test_an_order_without_lines(orders, damage):
    """SECURITY L7."""
    order = orders[4]
    damage(
        sa.text(f"DELETE FROM order_products WHERE line_id = {line_of(order).id}"),
        sa.delete(OrderLine).where(OrderLine.order_id == order.id),
    )
    assert f"Order {order.number}: net 0 and VAT 0, its lines add up to" in found()


def test_a_credit_that_no_note_tells(orders, damage):
    """RULES M11."""
    line = orders[2].lines[0]
    damage(change(OrderLine, line, credited=line.credited + 1))
    assert f"Order {orders[2].number}: its credit notes say something else" in found()


@pytest.mark.parametrize("name", ["net", "vat"])
def test_a_note_whose_lines_do_not_add_up(orders, damage, name):
    """SECURITY L7."""
    note = orders[2].invoices[-1]
    first = note.credits[0]
    damage(
        sa.update(CreditLine)
        .where(CreditLine.invoice_id == note.id, CreditLine.line_id == first.line_id)
        .values(**{name: getattr(first, name) + 1})
    )
    assert f"Credit note {note.number}: its lines don’t add up" in found()


def test_a_note_that_corrects_another_order(orders, damage):
    """RULES M5."""
    note = orders[2].invoices[-1]
    damage(change(Invoice, note, corrects_id=orders[1].invoice.id))
    assert f"Credit note {note.number}" in found()


@pytest.mark.parametrize("name", ["net", "vat"])
def test_an_invoice_over_another_sum(orders, damage, name):
    """RULES M5."""
    invoice = orders[1].invoice
    damage(change(Invoice, invoice, **{name: getattr(invoice, name) + 1, "gross": invoice.gross + 1}))
    assert f"Order {orders[1].number}: its invoice is missing, or says something else" in found()


def test_a_missing_invoice_is_a_missing_number(orders, damage):
    """RULES M5."""
    damage(sa.delete(Invoice).where(Invoice.id == orders[0].invoice.id))
    assert f"Order {orders[0].number}: its invoice is missing" in found()
    assert "Number 2026-00002 of the invoices does not follow the one before it." in found()
    assert "The invoices of 2026: as many numbers were given as there are, but for 1." in found()


@pytest.mark.parametrize(
    ("table", "series"), [(Order, "orders"), (Invoice, "invoices")], ids=["orders", "invoices"]
)
def test_a_gap_in_the_numbers(orders, damage, table, series):
    """RULES M5: also when as many numbers were given as there are."""
    row = orders[1] if table is Order else orders[1].invoice
    damage(change(table, row, number=row.number[:-1] + "9"))
    assert f"Number {row.number} of the {series} does not follow" in found()


def test_the_next_number_is_the_next_one(orders, damage):
    """RULES M5."""
    damage(sa.update(Series).where(Series.name == "credits").values(following=9))
    assert "The credits of 2026: as many numbers were given as there are, but for 6." in found()
    damage(sa.delete(Series).where(Series.name == "credits"))
    assert "The credits of 2026: as many numbers were given as there are, but for -2." in found()


def test_a_day_that_goes_back(orders, damage):
    """RULES M5."""
    invoice = orders[1].invoice
    damage(change(Invoice, invoice, issued_on=invoice.due_on.replace(year=2020)))
    assert f"Number {invoice.number} of the invoices does not follow" in found()


def test_numbers_beyond_five_digits_follow_each_other(cast, damage):
    """RULES M5: the hundred-thousandth of a year."""
    row = sa.literal(0).label("n")
    numbers = sa.select(row).cte("numbers", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < 99_998))
    first = ordered(cast.lumen, new(make_plan()))
    columns = [column for column in Order.__table__.columns if column.name != "id"]
    text = sa.cast(numbers.c.n + 2, sa.String)
    padded = sa.case(
        (numbers.c.n + 2 < 100_000, sa.func.substr(sa.cast(numbers.c.n + 100_002, sa.String), 2)), else_=text
    )
    new_values = {
        "number": sa.literal("O-2026-") + padded, "public_id": text, "reference": text,
        "net": sa.literal(0), "vat": sa.literal(0), "gross": sa.literal(0),
    }  # fmt: skip
    copied = sa.select(*[new_values.get(column.name, column) for column in columns]).select_from(
        sa.join(Order.__table__, numbers, Order.id == first.id)
    )
    damage(
        sa.insert(Order).from_select([column.name for column in columns], copied),
        sa.update(Series).where(Series.name == "orders").values(following=100_001),
    )
    assert db.session.scalar(sa.select(Order.number).where(Order.number == "O-2026-100000"))
    assert not [fault for fault in proofs.faults() if "Number" in fault or "numbers" in fault]


def test_a_payment_that_nothing_followed(orders, damage):
    """SECURITY M2: paid, but not marked; marked, but not paid; too much, but not given back."""
    damage(change(Order, orders[1], paid_at=None), change(Order, orders[0], paid_at=orders[0].placed_at))
    for order in orders[:2]:
        assert f"Order {order.number}: what became of it does not follow" in found()


def test_there_are_ten_statements_whatever_there_is(orders, statements):
    """SECURITY L1: one for each proof."""
    with statements() as seen:
        assert proofs.faults() == []
    assert len(seen) == 10


def test_what_is_told_is_not_endless(cast, damage):
    """SECURITY L1: twenty of each kind."""
    plan = make_plan()

    @unit_of_work
    def many():
        for _n in range(25):
            ordered(cast.lumen, new(plan))

    many()
    damage(sa.update(Order).values(received=1))
    assert len([fault for fault in proofs.faults() if "received" in fault and "booked" in fault]) == 20
