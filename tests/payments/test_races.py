"""Payments at the same instant, with real threads on both databases: the outcome is one that could have come one
after the other, and the books add up."""

from __future__ import annotations

from tests.factories import make_order, make_prepaid, make_waiting_transfer, make_withdrawal
from tests.orders.story import has
from tests.partnerships.test_races import race
from tests.payments.story import (
    BANK_ACCOUNT,
    incoming,
    statement,
    suspense,
    transfers,
    under_way,
    withdrawals,
)
from tests.tenders.story import kinds_of
from tests.threads import at_once
from tests.times import NOW
from webapp import drafts
from webapp.money import Money
from webapp.orders import actions as orders
from webapp.orders.rules import State
from webapp.payments import actions
from webapp.payments.queries import top_up_reference

RACES = 4


def importing(file):
    return lambda: actions.import_statement(file, by=None, now=NOW)


def test_two_imports_of_the_same_file(app, cast):
    """RULES M6; SECURITY L4: each transfer counts once, and both know how it ended."""
    for n in range(RACES):
        order = make_order(cast.lumen)
        entries = [
            incoming(order.gross, order.reference), incoming(100, top_up_reference(cast.lumen)), incoming(7),
        ]  # fmt: skip
        results = at_once(
            app, importing(statement(*entries)), importing(statement(*reversed(entries))),
            importing(statement(*entries)),
        )  # fmt: skip
        assert sorted(each.new for each in results) == [0, 0, 3], results
        assert order.state is State.PAID and order.received == order.gross
        assert (has(cast.lumen), suspense(), len(transfers())) == (100 * (n + 1), 7 * (n + 1), 3 * (n + 1))


def test_two_imports_of_files_that_overlap(app, cast):
    for n in range(RACES):
        one, two, three = (incoming(minor, top_up_reference(cast.lumen)) for minor in (100, 20, 3))
        results = at_once(app, importing(statement(one, two)), importing(statement(three, two)))
        assert sum(each.new for each in results) == 3
        assert has(cast.lumen) == 123 * (n + 1)


def test_a_checked_file_is_imported_by_one_of_two(app, cast):
    """SECURITY L4: a double click."""
    from tests.payments.story import file_of
    from webapp.payments.statements import read

    for n in range(RACES):
        content = file_of(("1.00", top_up_reference(cast.lumen), "", f"N{n}"))
        draft = drafts.find("statement", actions.keep_statement(content, by=cast.olga, now=NOW), now=NOW)

        def pressing(own, draft=draft, content=content):
            mine, olga = own(draft), own(cast.olga)
            return lambda: actions.import_draft(mine, read(content), by=olga, now=NOW) is not None

        assert sorted(race(app, pressing, pressing)) == [False, True]
        assert has(cast.lumen) == 100 * (n + 1)


def test_an_import_and_a_cancel_of_its_order(app, cast):
    """RULES M6; SECURITY M2: in either order the payer has the money, and nothing goes on."""
    for n in range(RACES):
        order = make_order(cast.lumen)

        def cancelling(own, order=order):
            mine = own(order)
            return lambda: orders.cancel(mine, reason="A mistake", by=None, now=NOW)

        def paying(_own, order=order):
            return importing(statement(incoming(order.gross, order.reference)))

        race(app, cancelling, paying)
        assert order.state is State.CANCELLED and has(cast.lumen) == order.gross * (n + 1)


def test_an_import_and_payments_by_hand(app, cast):
    """Orders of several payers in one file, while each of them is paid by hand: nobody waits in a circle."""
    for _ in range(RACES):
        mine = [make_order(each) for each in (cast.lumen, cast.lumiere, cast.stefans)]
        file = statement(*[incoming(each.gross, each.reference) for each in reversed(mine)])

        def by_hand(order):
            def act(own):
                it = own(order)
                return lambda: actions.book_payment(
                    it, it.money(50), booked_on=NOW.date(), key=f"k{it.id}", by=None, now=NOW
                )

            return act

        results = race(app, lambda own, file=file: importing(file), *[by_hand(each) for each in mine])
        assert not [each for each in results if isinstance(each, Exception)], results
        assert all(each.received == each.gross + 50 for each in mine)


def test_files_that_tell_at_once_of_what_was_booked_by_hand(app, cast):
    """SECURITY L4: the same money counts once; the second transfer of two files is another one."""
    for n in range(RACES):
        order = make_order(cast.lumen)
        day = NOW.date()
        actions.book_payment(order, order.missing, booked_on=day, key=f"h{n}", by=None, now=NOW)
        files = [statement(incoming(order.gross, order.reference)) for _ in range(2)]
        results = at_once(app, *[importing(each) for each in files])
        assert sorted(each.new for each in results) == [0, 1], results
        assert (order.received, has(cast.lumen)) == (2 * order.gross, (n + 1) * order.gross)


def test_the_same_payment_by_hand_twice(app, cast):
    """SECURITY L4: the form's key."""
    for n in range(RACES):
        order = make_order(cast.lumen)

        def pressing(own, order=order, n=n):
            mine, olga = own(order), own(cast.olga)
            return lambda: actions.book_payment(
                mine, mine.money(100), booked_on=NOW.date(), key=f"press{n}", by=olga, now=NOW
            )

        one, two = race(app, pressing, pressing)
        assert one == two and order.received == 100


def test_a_transfer_is_assigned_by_one_of_three(app, cast):
    for _ in range(RACES):
        transfer, order = make_waiting_transfer(1_000), make_order(cast.lumen)

        def to(what, *things, transfer=transfer):
            def act(own):
                mine, rest, olga = own(transfer), [own(each) for each in things], own(cast.olga)
                return lambda: what(mine, *rest, by=olga, now=NOW)

            return act

        results = race(
            app, to(actions.assign_to_order, order), to(actions.assign_to_account, cast.lumiere),
            to(actions.send_back),
        )  # fmt: skip
        assert kinds_of(results) == ["Assigned", "Assigned", "done"]
        assert suspense() == 0


def asking(organisation, person, minor, key):
    def act(own):
        mine, by = own(organisation), own(person)
        return lambda: actions.request_withdrawal(
            mine, Money(minor, "CHF"), BANK_ACCOUNT, key=key, by=by, now=NOW
        )

    return act


def test_two_withdrawals_of_the_whole_balance(app, cast):
    """SECURITY L5: one gets it, the other one is told."""
    for n in range(RACES):
        make_prepaid(cast.lumen, 5_000)
        results = race(
            app,
            asking(cast.lumen, cast.nadia, 5_000, f"a{n}"),
            asking(cast.lumen, cast.nadia, 5_000, f"b{n}"),
        )
        assert kinds_of(results) == ["NotEnough", "done"]
        assert (has(cast.lumen), under_way(cast.lumen)) == (0, 5_000 * (n + 1))


def test_a_double_submit_asks_once(app, cast):
    """SECURITY L4."""
    make_prepaid(cast.lumen, 5_000 * RACES)
    for n in range(RACES):
        one, two = race(
            app,
            asking(cast.lumen, cast.nadia, 2_500, f"k{n}"),
            asking(cast.lumen, cast.nadia, 2_500, f"k{n}"),
        )
        assert one == two and len(withdrawals()) == n + 1


def test_a_withdrawal_is_decided_by_one_of_two(app, cast):
    for _ in range(RACES):
        make_prepaid(cast.lumen, 2_000)
        before = has(cast.lumen)
        row = make_withdrawal(cast.lumen, cast.nadia, 2_000)

        def paying(own, row=row):
            mine, olga = own(row), own(cast.olga)
            return lambda: actions.pay_withdrawal(mine, by=olga, now=NOW)

        def refusing(own, row=row):
            mine, olga = own(row), own(cast.olga)
            return lambda: actions.refuse_withdrawal(mine, reason="No", by=olga, now=NOW)

        assert kinds_of(race(app, paying, refusing)) == ["Decided", "done"]
        assert has(cast.lumen) == (before if row.refused_at else before - 2_000) and not under_way(cast.lumen)
