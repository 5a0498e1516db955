"""Money that came in is booked once and where it belongs; money that goes out leaves once (RULES M6)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.books import all_is_well
from tests.factories import join, make_order, make_organisation, make_plan, make_prepaid, make_user
from tests.orders.story import has
from tests.payments.story import (
    BANK_ACCOUNT,
    DAY,
    PAYPAL,
    asked,
    bank,
    file_of,
    imported,
    incoming,
    statement,
    suspense,
    transfer,
    transfers,
    under_way,
    waiting,
    withdrawals,
)
from tests.times import NOW
from webapp import drafts
from webapp.accounts.models import Membership
from webapp.accounts.rules import OnlyRepresentatives, Role
from webapp.audit import AuditEvent
from webapp.extensions import db
from webapp.ledger.models import Transfer
from webapp.ledger.rules import KeyReused, NotEnough
from webapp.mailer import QueuedMail
from webapp.money import Money
from webapp.orders import actions as orders
from webapp.orders.quotes import Wanted
from webapp.orders.rules import Method, State
from webapp.payments import actions, queries, statements
from webapp.payments.actions import Imported
from webapp.payments.models import IncomingTransfer
from webapp.payments.queries import kept_file, top_up_reference
from webapp.payments.rules import (
    Assigned,
    BelowLeast,
    Decided,
    Kind,
    OtherAccount,
    OtherCurrency,
    PaidInShop,
    TransferState,
    WithdrawalState,
    destination,
)
from webapp.unit import unit_of_work
from webapp.uploads import Upload

ROOT = Path(__file__).parents[2]


@pytest.fixture
def lumen(cast):
    return cast.lumen


@pytest.fixture
def order(cast):
    """An order of Lumen Optik's over CHF 129.72, to be paid by transfer."""
    return make_order(cast.lumen)


def outside(holder):
    """An order that a shop sent."""
    return make_order(holder, method=Method.OUTSIDE, outside="SHOP-1")


def kinds():
    """The mails in the queue, by kind."""
    return sorted(db.session.scalars(sa.select(QueuedMail.kind)))


def actions_of(row):
    """What the log says of it."""
    subject = f"{row.__tablename__}:{row.id}"
    return list(
        db.session.scalars(
            sa.select(AuditEvent.action).where(AuditEvent.subject == subject).order_by(AuditEvent.id)
        )
    )


# --- statements ---------------------------------------------------------------------------------------------


def test_a_transfer_pays_the_order_that_it_names(app, order):
    """RULES M5: what is paid begins."""
    entry = incoming(order.gross, order.reference)
    assert imported(entry) == Imported(new=1, unassigned=0, known=0)
    assert (order.state, order.paid_at) == (State.PAID, NOW)
    row = transfer(entry)
    assert (row.state, row.order_id, row.recorded_at, row.assigned_at) == (
        TransferState.ORDER, order.id, NOW, NOW,
    )  # fmt: skip
    assert row.recorded_by_id is row.assigned_by_id is None
    assert (bank(), suspense(), has(order.payer)) == (-order.gross, 0, 0)
    assert actions_of(row) == ["transfer.assigned"] and "order_paid" in kinds()


def test_a_part_pays_nothing_yet(app, order):
    """RULES M6."""
    imported(incoming(order.gross - 1, order.reference))
    assert (order.state, order.missing.minor, order.paid_at) == (State.PART_PAID, 1, None)
    imported(incoming(1, order.reference))
    assert order.state is State.PAID


def test_an_excess_is_the_payer_s(app, order):
    """RULES M6: it is on the prepaid account."""
    imported(incoming(order.gross + 250, order.reference))
    assert (order.state, has(order.payer)) == (State.PAID, 250)
    imported(incoming(order.gross, order.reference))
    assert has(order.payer) == order.gross + 250


def test_a_transfer_that_is_under_way_when_its_order_is_cancelled(app, order):
    """RULES M6: the money goes to the payer's prepaid account; nothing begins."""
    orders.cancel(order, reason="A mistake", by=None, now=NOW)
    imported(incoming(order.gross, order.reference))
    assert (order.state, order.paid_at, has(order.payer)) == (State.CANCELLED, None, order.gross)
    new = make_order(order.holder, Wanted(make_plan(), "again.ch"), method=Method.PREPAID, now=NOW)
    assert new.state is State.PAID, "it can pay a new order"


def test_a_transfer_fills_the_prepaid_account_that_it_names(app, lumen):
    entry = incoming(7_700, top_up_reference(lumen))
    assert imported(entry) == Imported(1, 0, 0)
    row = transfer(entry)
    assert (row.state, row.organisation_id, has(lumen), bank()) == ("account", lumen.id, 7_700, -7_700)
    assert actions_of(row) == ["transfer.assigned"]
    assert kinds() == ["topped_up", "topped_up"]  # Nadia and Adam; Hugo sees no money


def test_a_transfer_in_euros_fills_the_account_in_euros(app, lumen):
    """RULES O3: nothing is converted."""
    make_prepaid(lumen, 5_000, "EUR")
    assert (has(lumen), has(lumen, currency="EUR")) == (0, 5_000)


@pytest.mark.parametrize("references", [(), ("RF18539007547034",), ("210000000003139471430009017",)])
def test_a_transfer_that_names_nothing_waits(app, references):
    entry = incoming(5_000, *references)
    assert imported(entry) == Imported(new=1, unassigned=1, known=0)
    row = transfer(entry)
    assert (row.state, row.assigned_at, suspense(), bank()) == ("waiting", None, 5_000, -5_000)
    assert actions_of(row) == ["transfer.recorded"] and not kinds()


def test_a_transfer_that_names_two_things_waits(app, order, lumen):
    """Two references in one text: nobody guesses."""
    second = make_order(lumen)
    imported(incoming(9_000, order.reference, second.reference))
    imported(incoming(9_000, order.reference, top_up_reference(lumen)))
    assert [row.state for row in transfers()] == ["waiting", "waiting"]
    assert suspense() == 18_000 and order.received == second.received == 0


def test_one_thing_among_references_that_name_nothing_is_found(app, order):
    imported(incoming(order.gross, "RF18539007547034", order.reference))
    assert order.state is State.PAID


def test_another_currency_than_the_order_s_waits(app, order):
    """SECURITY L6: francs are not euros."""
    imported(incoming(order.gross, order.reference, currency="EUR"), currency="EUR")
    assert (order.received, suspense("EUR"), suspense()) == (0, order.gross, 0)


def test_an_order_of_a_shop_is_not_paid_by_transfer(app, lumen):
    """The shop has its money: the transfer waits."""
    order = outside(lumen)
    before = order.received
    imported(incoming(order.gross, order.reference))
    assert (order.received, suspense()) == (before, order.gross)


def test_a_statement_of_another_account_is_refused(app, order):
    with pytest.raises(OtherAccount):
        imported(incoming(order.gross, order.reference), iban="CH5604835012345678009")
    with pytest.raises(OtherAccount):
        imported(incoming(1, currency="EUR"), currency="EUR", iban="CH9300762011623852957")
    assert not transfers() and order.received == 0


def test_the_same_file_twice_counts_once(app, order, lumen):
    """RULES M6; SECURITY L4."""
    file = [
        incoming(order.gross, order.reference), incoming(300, top_up_reference(lumen)), incoming(44),
    ]  # fmt: skip
    assert imported(*file) == Imported(3, 1, 0)
    mails = kinds()
    assert imported(*file) == Imported(0, 0, 3)
    assert (len(transfers()), has(lumen), suspense(), kinds()) == (3, 300, 44, mails)


def test_files_that_overlap_bring_what_is_new(app, lumen):
    one, two, three = (incoming(minor, top_up_reference(lumen)) for minor in (100, 20, 3))
    assert imported(one, two) == Imported(2, 0, 0)
    assert imported(two, three) == Imported(1, 0, 1)
    assert has(lumen) == 123


def by_hand(order, minor, key, *, booked_on=DAY):
    return actions.book_payment(order, order.money(minor), booked_on=booked_on, key=key, by=None, now=NOW)


def test_what_was_booked_by_hand_is_not_booked_again_by_the_bank_s_file(app, order, lumen):
    """RULES M6; SECURITY L4: or its payer would withdraw the same money once more. A second such transfer is one."""
    booked = by_hand(order, order.gross, "one")
    first, second = (incoming(order.gross, order.reference) for _ in range(2))
    assert queries.expected(statement(first)).fresh == []
    assert imported(first) == Imported(0, 0, 1)
    assert (order.received, has(lumen), bank()) == (order.gross, 0, -order.gross)
    told = transfer(first)
    assert (told.same_as_id, told.order_id, told.debtor_name) == (booked.id, order.id, "Lumen Optik AG")
    assert imported(first, second) == Imported(1, 0, 1)
    assert (has(lumen), bank()) == (order.gross, -2 * order.gross)
    by_hand(order, order.gross, "one")  # the form, sent again
    assert len(transfers()) == 3


@pytest.mark.parametrize(
    ("minor", "booked_on", "same"),
    [(12_972, DAY - timedelta(days=7), True), (12_972, DAY - timedelta(days=8), False), (12_971, DAY, False)],
)
def test_what_was_booked_by_hand_is_known_by_its_amount_and_day(app, order, minor, booked_on, same):
    """RULES M6."""
    by_hand(order, minor, "one", booked_on=booked_on)
    entry = incoming(12_972, order.reference)
    assert imported(entry) == Imported(int(not same), 0, int(same))
    assert order.received == minor + (0 if same else 12_972)


def test_all_of_a_statement_is_booked_or_nothing(app, order, monkeypatch):
    def breaks(*_args, **_kwargs):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("webapp.payments.actions._suspend", breaks)
    with pytest.raises(RuntimeError):
        imported(incoming(order.gross, order.reference), incoming(1))
    db.session.expire_all()
    assert not transfers() and order.received == 0 and bank() == 0


def test_who_imported_is_kept(app, cast, order):
    row = transfer(_import_one(incoming(order.gross, order.reference), cast.olga))
    assert row.recorded_by_id == row.assigned_by_id == cast.olga.id


def _import_one(entry, by):
    imported(entry, by=by)
    return entry


def test_many_at_once_take_few_statements(app, cast, statements):
    """A thousand that nobody is found for, and a thousand for two hundred accounts, in few statements."""
    companies = [make_organisation(f"Company {n}", owner=cast.nadia) for n in range(200)]
    references = [top_up_reference(each) for each in companies]
    file = [incoming(100 + n) for n in range(1_000)]
    file += [incoming(1, references[n % 200]) for n in range(1_000)]
    with statements() as seen:
        assert imported(*file) == Imported(2_000, 1_000, 0)
    assert len(seen) < 550, len(seen)
    with statements() as seen:
        assert imported(*file) == Imported(0, 0, 2_000)
    assert len(seen) < 30, len(seen)
    assert {has(each) for each in companies} == {5} and len(kinds()) == 1_000


def test_orders_at_once_are_looked_up_together(app, cast, statements):
    """What each one costs is what paying an order costs, and does not grow."""
    plan = make_plan()
    all_orders = [make_order(cast.lumen, Wanted(plan, f"n{n}.ch")) for n in range(60)]
    file = [incoming(each.gross, each.reference) for each in all_orders]
    counts = []
    for part in (file[:20], file[20:]):
        with statements() as seen:
            imported(*part)
        counts.append(len(seen) / len(part))
    assert counts[1] <= counts[0] < 30, counts
    assert {each.state for each in all_orders} == {State.PAID}


# --- a file that waits --------------------------------------------------------------------------------------


def keep(content, by):
    key = actions.keep_statement(content, by=by, now=NOW)
    return drafts.find("statement", key, now=NOW)


def test_a_kept_file_is_imported_once_and_forgotten(app, cast, lumen):
    content = file_of(("12.50", top_up_reference(lumen), "For the account"), ("3.00", "", "Hello"))
    draft = keep(content, cast.olga)
    assert kept_file(draft) == content
    what = statements.read(content)
    assert actions.import_draft(draft, what, by=cast.olga, now=NOW) == Imported(2, 1, 0)
    assert kept_file(draft) is None
    assert actions.import_draft(draft, what, by=cast.olga, now=NOW) is None
    assert (has(lumen), suspense()) == (1_250, 300)


def test_a_file_that_nobody_imports_goes_with_its_draft(app, cast):
    keep(file_of(("1.00", "", "")), cast.olga)
    drafts.forget_old(now=NOW + timedelta(days=2))
    assert db.session.query(Upload).count() == 0


IMPORT = """
import sys
from datetime import datetime
from webapp import create_app
from webapp.payments import actions, statements
app = create_app()
with app.app_context():
    print("begins", flush=True)
    with open(sys.argv[2], "rb") as file:
        actions.import_statement(statements.read(file.read()), by=None, now=datetime.fromisoformat(sys.argv[1]))
    print("done", flush=True)
"""


def test_killed_in_the_middle(app, cast, tmp_path):
    """SIGKILL while it books: nothing of the file is there, and the same file brings everything once."""
    plan = make_plan()
    all_orders = [make_order(cast.lumen, Wanted(plan, f"n{n}.ch")) for n in range(30)]
    rows = [(f"{each.gross // 100}.{each.gross % 100:02}", each.reference, "") for each in all_orders]
    rows += [("1.00", top_up_reference(cast.lumen), ""), ("2.00", "", "")] * 100
    rows = [(*row, f"NAME{n}") for n, row in enumerate(rows)]
    content = file_of(*rows)
    (tmp_path / "file.xml").write_bytes(content)
    settings = app.config["SETTINGS"]
    names = ("mode", "secret_key", "base_url", "database_url", "mail_url", "mail_from", "operator_name")
    environment = {name.upper(): getattr(settings, name) for name in (*names, "programme_file")}
    db.session.commit()
    for pause in (0.05, 0.2, 0.4):
        process = subprocess.Popen(
            [sys.executable, "-c", IMPORT, NOW.isoformat(), str(tmp_path / "file.xml")], cwd=ROOT,
            stdout=subprocess.PIPE, text=True, env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        try:
            assert process.stdout and process.stdout.readline() == "begins\n"
            time.sleep(pause)  # it is somewhere in the middle; wherever it is, the same holds
            os.kill(process.pid, signal.SIGKILL)
            finished = "done" in process.stdout.read()
        finally:
            process.kill()
            process.communicate(timeout=10)
        db.session.rollback()
        assert len(transfers()) in ((230,) if finished else (0, 230))
        all_is_well()
    known = len(transfers())
    assert actions.import_statement(statements.read(content), by=None, now=NOW) == Imported(
        230 - known, 0 if known else 100, known
    )
    db.session.expire_all()
    assert {each.state for each in all_orders} == {State.PAID}
    assert (has(cast.lumen), suspense()) == (100_00, 200_00)


# --- by hand ------------------------------------------------------------------------------------------------


def book(order, minor, key="k" * 26, by=None, **values):
    row = {"booked_on": DAY, "key": key, "by": by, "now": NOW, **values}
    return actions.book_payment(order, order.money(minor), **row)


def test_a_payment_is_booked_by_hand(app, cast, order):
    row = book(order, order.gross, by=cast.olga)
    assert order.state is State.PAID and row.by_hand
    assert (row.order_id, row.booked_on, row.reference) == (order.id, DAY, order.reference)
    assert row.recorded_by_id == row.assigned_by_id == cast.olga.id


def test_the_same_key_books_once(app, cast, order):
    """SECURITY L4: with something else under it, it is refused."""
    first = book(order, 100, by=cast.olga)
    assert book(order, 100, by=cast.olga).id == first.id
    with pytest.raises(KeyReused):
        book(order, 200, by=cast.olga)
    with pytest.raises(KeyReused):
        book(make_order(cast.lumen), 100, by=cast.olga)
    assert order.received == 100 and len(transfers()) == 1


def test_what_does_not_fit_is_not_booked_by_hand(app, cast, order):
    with pytest.raises(OtherCurrency):
        actions.book_payment(order, Money(100, "EUR"), booked_on=DAY, key="k", by=cast.olga, now=NOW)
    with pytest.raises(PaidInShop):
        book(outside(cast.lumen), 100, by=cast.olga)
    assert not transfers()


# --- assigning ----------------------------------------------------------------------------------------------


def test_a_transfer_that_waits_pays_an_order(app, cast, order):
    row = waiting(order.gross + 5)
    actions.assign_to_order(row, order, by=cast.olga, now=NOW)
    assert (row.state, row.assigned_by_id, order.state) == ("order", cast.olga.id, State.PAID)
    assert (suspense(), has(order.payer)) == (0, 5)
    assert actions_of(row) == ["transfer.recorded", "transfer.assigned"]


def test_a_transfer_that_waits_fills_an_account(app, cast, lumen):
    row = waiting(800)
    actions.assign_to_account(row, lumen, by=cast.olga, now=NOW)
    assert (row.state, row.organisation_id, suspense(), has(lumen)) == ("account", lumen.id, 0, 800)
    assert kinds() == ["topped_up", "topped_up"]


def test_a_transfer_that_waits_is_sent_back(app, cast):
    row = waiting(800)
    actions.send_back(row, by=cast.olga, now=NOW)
    assert (row.state, row.sent_back_at, row.assigned_at) == ("sent_back", NOW, NOW)
    assert (suspense(), bank()) == (0, 0)
    assert actions_of(row) == ["transfer.recorded", "transfer.sent_back"]


def test_a_transfer_is_assigned_once(app, cast, order, lumen):
    row = waiting(800)
    actions.assign_to_account(row, lumen, by=cast.olga, now=NOW)
    for again in (
        lambda: actions.assign_to_account(row, cast.lumiere, by=cast.olga, now=NOW),
        lambda: actions.assign_to_order(row, order, by=cast.olga, now=NOW),
        lambda: actions.send_back(row, by=cast.olga, now=NOW),
    ):
        with pytest.raises(Assigned):
            again()
    assert (has(lumen), has(cast.lumiere), order.received) == (800, 0, 0)


def test_a_transfer_pays_no_order_that_it_can_t(app, cast, order):
    euros = waiting(order.gross, currency="EUR")
    with pytest.raises(OtherCurrency):
        actions.assign_to_order(euros, order, by=cast.olga, now=NOW)
    francs = waiting(order.gross)
    with pytest.raises(PaidInShop):
        actions.assign_to_order(francs, outside(cast.lumen), by=cast.olga, now=NOW)
    db.session.expire_all()
    assert [row.state for row in transfers()] == ["waiting", "waiting"]


# --- withdrawals --------------------------------------------------------------------------------------------


def test_a_withdrawal_leaves_the_account_at_once(app, cast, lumen):
    """RULES M6: to a bank account or to PayPal. Who looks after the account hears of it."""
    make_prepaid(lumen, 10_000)
    mails = len(kinds())
    row = asked(lumen, 4_000, cast.nadia)
    assert (has(lumen), under_way(lumen), row.state) == (6_000, 4_000, "waiting")
    assert (row.destination, row.requested_by_id, row.requested_at) == (BANK_ACCOUNT, cast.nadia.id, NOW)
    assert kinds()[mails:] == ["withdrawal_requested", "withdrawal_requested"]
    assert actions_of(row) == ["withdrawal.requested"]
    assert asked(lumen, 6_000, cast.nadia, to=PAYPAL).destination == PAYPAL
    assert (has(lumen), under_way(lumen)) == (0, 10_000)


def test_an_iban_may_have_spaces_and_paypal_capitals(app, cast, lumen):
    make_prepaid(lumen, 10_000)
    written = destination(Kind.IBAN, " ch56 0483 5012 3456 7800 9 ")
    assert asked(lumen, 2_000, cast.nadia, to=written).target == "CH5604835012345678009"
    assert asked(lumen, 2_000, cast.nadia, to=destination(Kind.PAYPAL, "Nadia@Lumen.example ")).target == (
        "nadia@lumen.example"
    )


def test_the_same_key_asks_once(app, cast, lumen):
    """SECURITY L4."""
    make_prepaid(lumen, 10_000)
    first = asked(lumen, 2_000, cast.nadia, key="one")
    assert asked(lumen, 2_000, cast.nadia, key="one").id == first.id
    assert (has(lumen), len(withdrawals())) == (8_000, 1)


def test_no_more_than_there_is(app, cast, lumen):
    """SECURITY L5: nor from the account in another currency."""
    make_prepaid(lumen, 5_000)
    for minor, currency in ((5_001, "CHF"), (2_000, "EUR")):
        with pytest.raises(NotEnough):
            asked(lumen, minor, cast.nadia, currency=currency)
    assert not withdrawals() and has(lumen) == 5_000
    with pytest.raises(BelowLeast):
        asked(lumen, 1_999, cast.nadia)


@unit_of_work
def give(user, organisation, role):
    """This role from now on; None ends the membership."""
    row = db.session.scalar(sa.select(Membership).filter_by(user_id=user.id, organisation_id=organisation.id))
    if role:
        row.role = role
    else:
        db.session.delete(row)


def test_only_legal_representatives_ask(app, cast, lumen):
    """SECURITY A: by the rights of this moment: not an administrator, a former representative, a stranger."""
    make_prepaid(lumen, 10_000)
    clara = make_user("Clara Former")
    join(clara, lumen, Role.LEGAL_REPRESENTATIVE)
    give(clara, lumen, Role.ADMINISTRATOR)
    for person in (cast.adam, cast.hugo, cast.stefan, cast.olga, clara):
        with pytest.raises(OnlyRepresentatives):
            asked(lumen, 2_000, person)
    give(clara, lumen, None)
    with pytest.raises(OnlyRepresentatives):
        asked(lumen, 2_000, clara)
    assert has(lumen) == 10_000 and not withdrawals()


def test_a_withdrawal_is_paid_out(app, cast, lumen):
    make_prepaid(lumen, 10_000)
    row = asked(lumen, 4_000, cast.nadia)
    actions.pay_withdrawal(row, by=cast.olga, now=NOW)
    assert (row.state, row.paid_at, row.decided_by_id) == (WithdrawalState.PAID, NOW, cast.olga.id)
    assert (has(lumen), under_way(lumen), bank()) == (6_000, 0, -6_000)
    assert actions_of(row) == ["withdrawal.requested", "withdrawal.paid"]
    assert kinds().count("withdrawal_paid") == 2


def test_a_refused_withdrawal_gives_the_money_back(app, cast, lumen):
    make_prepaid(lumen, 10_000)
    row = asked(lumen, 4_000, cast.nadia)
    actions.refuse_withdrawal(row, reason="The account is closed.", by=cast.olga, now=NOW)
    assert (row.state, row.reason) == (WithdrawalState.REFUSED, "The account is closed.")
    assert (has(lumen), under_way(lumen), bank()) == (10_000, 0, -10_000)
    assert actions_of(row) == ["withdrawal.requested", "withdrawal.refused"]
    assert kinds().count("withdrawal_refused") == 2


def test_a_withdrawal_is_decided_once(app, cast, lumen):
    make_prepaid(lumen, 10_000)
    paid, refused = asked(lumen, 4_000, cast.nadia), asked(lumen, 2_000, cast.nadia)
    actions.pay_withdrawal(paid, by=cast.olga, now=NOW)
    actions.refuse_withdrawal(refused, reason="No", by=cast.olga, now=NOW)
    for row in (paid, refused):
        with pytest.raises(Decided):
            actions.pay_withdrawal(row, by=cast.olga, now=NOW)
        with pytest.raises(Decided):
            actions.refuse_withdrawal(row, reason="No", by=cast.olga, now=NOW)
    assert (has(lumen), under_way(lumen)) == (6_000, 0)


def test_every_booking_says_what_it_is_about(app, cast, lumen):
    """RULES P1, M11."""
    row = waiting(5_000)
    actions.assign_to_account(row, lumen, by=cast.olga, now=NOW)
    out = asked(lumen, 5_000, cast.nadia)
    subjects = list(db.session.scalars(sa.select(Transfer.subject).order_by(Transfer.id)))
    assert subjects == [f"incoming_transfers:{row.id}"] * 2 + [f"withdrawals:{out.id}"]
    assert all(db.session.scalars(sa.select(Transfer.policy_version)))
    assert db.session.get(IncomingTransfer, row.id).organisation.id == lumen.id
