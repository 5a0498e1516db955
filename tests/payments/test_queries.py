"""Whom references name, and what lists show."""

from __future__ import annotations

import pytest

from tests.factories import make_order, make_prepaid, make_waiting_transfer, make_withdrawal
from tests.payments.story import imported, incoming, statement
from tests.times import NOW
from webapp.money import Money
from webapp.orders.rules import Method
from webapp.payments import actions, queries
from webapp.payments.queries import Payment
from webapp.payments.rules import TransferState, WithdrawalState
from webapp.references import parse_reference, reference_of, spaced


def found(*references, currency="CHF"):
    entry = incoming(5_000, *references, currency=currency)
    return queries.named([entry]).get(entry.bank_id)


def test_a_reference_names_an_order_or_an_account(app, cast):
    """RULES M6."""
    order = make_order(cast.lumen)
    assert found(order.reference) is order
    assert found(queries.top_up_reference(cast.lumen)) is cast.lumen
    assert found() is found("RF18539007547034") is None


def test_top_up_references_are_right_and_different(app, cast):
    """ISO 11649, as people type them."""
    one, two = queries.top_up_reference(cast.lumen), queries.top_up_reference(cast.lumiere)
    assert one != two and parse_reference(spaced(one)) == one


@pytest.mark.parametrize("body", ["T0", "T999999", "T999999999999", "T00001", "TX", "T"])
def test_a_reference_of_nobody_names_nobody(app, cast, body):
    """Nor does an id that is written in another way, or is larger than any."""
    assert found(reference_of(body)) is None


def test_several_things_are_none(app, cast):
    one, two = make_order(cast.lumen), make_order(cast.lumen)
    assert found(one.reference, two.reference) is None
    assert found(one.reference, "RF18539007547034") is one


def test_an_order_in_another_currency_or_of_a_shop_is_not_meant(app, cast):
    order = make_order(cast.lumen)
    shop = make_order(cast.lumen, method=Method.OUTSIDE, outside="SHOP-1")
    assert found(order.reference, currency="EUR") is found(shop.reference) is None


def test_what_an_import_would_do(app, cast, statements):
    """The same number of statements for one and for many."""
    order = make_order(cast.lumen)
    old = incoming(1)
    imported(old)
    entries = [
        old, incoming(5, order.reference), incoming(6, queries.top_up_reference(cast.lumen)), incoming(7),
    ]  # fmt: skip
    with statements() as few:
        what = queries.expected(statement(*entries))
    assert (what.orders, what.accounts, what.unassigned, what.known) == (1, 1, 1, 1)
    assert [thing for _incoming, thing in what.fresh] == [order, cast.lumen, None]
    more = [incoming(5, order.reference) for _ in range(300)]
    with statements() as many:
        assert queries.expected(statement(*entries, *more)).orders == 301
    assert len(few) == len(many) <= 5


@pytest.mark.parametrize(
    ("minor", "left", "excess", "begins"),
    [(12_971, 1, 0, False), (12_972, 0, 0, True), (13_000, 0, 28, True)],
)
def test_what_a_payment_would_mean(app, cast, minor, left, excess, begins):
    """RULES M6."""
    payment = Payment(make_order(cast.lumen), Money(minor, "CHF"))
    assert (payment.left.minor, payment.excess.minor, payment.begins) == (left, excess, begins)


def test_what_a_payment_would_mean_for_an_order_that_is_paid(app, cast):
    payment = Payment(make_order(cast.lumen, paid=True), Money(100, "CHF"))
    assert (payment.left.minor, payment.excess.minor, payment.begins) == (0, 100, False)


def test_lists_by_state(app, cast):
    make_prepaid(cast.lumen, 10_000)
    rows = [make_waiting_transfer(n) for n in (1, 2, 3)]
    actions.send_back(rows[0], by=cast.olga, now=NOW)
    assert [row.amount for row in queries.transfers("", TransferState.WAITING).rows] == [2, 3]
    assert [row.amount for row in queries.transfers("", None).rows] == [3, 2, 1, 10_000]
    assert queries.transfers("", TransferState.SENT_BACK).rows == [rows[0]]
    assert queries.waiting_transfers() == 2
    one, two = (make_withdrawal(cast.lumen, cast.nadia, n) for n in (2_000, 3_000))
    assert queries.withdrawals(WithdrawalState.WAITING).rows == [one, two]
    assert queries.withdrawals(None).rows == [two, one]
    actions.pay_withdrawal(one, by=cast.olga, now=NOW)
    assert queries.withdrawals(WithdrawalState.WAITING).rows == [two]


def test_the_transfers_of_an_order(app, cast):
    order = make_order(cast.lumen)
    imported(incoming(5, order.reference), incoming(6))
    assert [row.amount for row in queries.of_order(order)] == [5]


def test_lists_take_the_same_number_of_statements(app, cast, statements):
    counts = []
    for _ in range(2):
        with statements() as seen:
            for row in queries.transfers("", None).rows:
                assert row.order is None or row.order.number
                assert row.organisation is None or row.organisation.name
            for row in queries.withdrawals(None).rows:
                assert row.organisation.name and row.requested_by.name
        counts.append(len(seen))
        make_prepaid(cast.lumen, 10_000)
        make_withdrawal(cast.lumen, cast.nadia)
        make_withdrawal(cast.lumen, cast.nadia)
        make_order(cast.lumen, paid=True)
    assert counts[0] == counts[1] == 2
