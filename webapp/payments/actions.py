"""Every change to transfers that came in and to withdrawals; each is booked in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from webapp import audit, drafts, mailer, uploads
from webapp.accounts.checks import refuse_all_but_representatives
from webapp.accounts.models import Organisation, User
from webapp.database import new_public_id
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.ledger import actions as ledger
from webapp.ledger.rules import AccountKind, Booking, Cause, KeyReused
from webapp.ledger.rules import Side as Account
from webapp.money import Money
from webapp.orders import actions as orders
from webapp.orders import queries as billing
from webapp.orders.models import Order
from webapp.orders.rules import Method
from webapp.payments import mail as _mail  # noqa: F401 # registers the mails
from webapp.payments import queries, rules
from webapp.payments.models import IncomingTransfer, Withdrawal
from webapp.payments.rules import Destination
from webapp.payments.statements import Incoming, Statement
from webapp.programme import programme
from webapp.unit import insert_into, lock, unit_of_work
from webapp.uploads import Upload

BANK, SUSPENSE = Account(AccountKind.BANK), Account(AccountKind.SUSPENSE)


# --- money that came in -------------------------------------------------------------------------------------

AT_ONCE = 200  # transfers that are booked together


@dataclass(frozen=True)
class Imported:
    """What became of a statement: how many transfers are new, of those how many nobody was found for."""

    new: int
    unassigned: int
    known: int


@unit_of_work
def keep_statement(content: bytes, *, by: User, now: datetime) -> str:
    """Keeps a file that was read and found right until it is imported; the key of its draft."""
    key = drafts.new_key()
    draft = drafts.save("statement", key, {"by": by.public_id}, now=now)
    uploads.store(uploads.Checked("statement.xml", "application/xml", content), now=now, draft=draft.key_hash)
    return key


@unit_of_work
def import_draft(draft: Draft, statement: Statement, *, by: User, now: datetime) -> Imported | None:
    """Imports what was kept with this draft, once, and forgets the file; None when it was done before."""
    if not drafts.finish(draft, now=now):
        return None
    done = import_statement(statement, by=by, now=now)
    db.session.execute(sa.delete(Upload).where(Upload.draft == draft.key_hash))
    return done


@unit_of_work
def import_statement(statement: Statement, *, by: User | None, now: datetime) -> Imported:
    """Books every transfer of the bank's statement that is not known yet; all of them, or none.

    One whose reference names an order pays it, one that names a prepaid account fills it, the others wait to be
    assigned. What was booked by hand before is not booked again. Raises OtherAccount for a statement of somebody
    else's account.
    """
    rules.check_account(statement.account_iban, programme().iban(statement.currency))
    written = _write_down([_row(each) for each in statement.entries], by=by, now=now)
    fresh = [each for each in statement.entries if each.bank_id in written]
    things = queries.named(fresh)
    queries.hold(queries.concerned(things.values()))  # before any account: so does everybody who pays
    by_hand = queries.booked_by_hand(fresh, things)
    fill, suspend = [], []
    for each in fresh:
        transfer, thing = written[each.bank_id], things.get(each.bank_id)
        if each.bank_id in by_hand:
            _recognise(transfer, by_hand[each.bank_id], by=by, now=now)
        elif isinstance(thing, Order):
            _pay(transfer, thing, BANK, by=by, now=now)
        elif thing:
            fill.append((transfer, thing))
        else:
            suspend.append(transfer)
    _fill(fill, BANK, by=by, now=now)
    _suspend(suspend, by=by, now=now)
    new = len(fresh) - len(by_hand)
    return Imported(new, len(suspend), len(statement.entries) - new)


@unit_of_work
def book_payment(
    order: Order, amount: Money, *, booked_on: date, key: str, by: User | None, now: datetime
) -> IncomingTransfer:
    """A transfer for this order that the operator saw on its account. The same key counts once (SECURITY L4).

    Raises OtherCurrency, PaidInShop, and KeyReused when it was another payment's.
    """
    bank_id = rules.by_hand(key)
    row = {
        "bank_id": bank_id, "booked_on": booked_on, "amount": amount.minor, "currency": amount.currency,
        "debtor_name": "", "debtor_iban": "", "reference": order.reference, "text": "",
    }  # fmt: skip
    written = _write_down([row], by=by, now=now)
    if bank_id in written:
        _pay(written[bank_id], order, BANK, by=by, now=now)
        return written[bank_id]
    known = queries.by_bank_id(bank_id)
    if known is None or (known.order_id, known.money) != (order.id, amount):
        raise KeyReused()
    return known


def _row(incoming: Incoming) -> dict[str, Any]:
    return {
        "bank_id": incoming.bank_id, "booked_on": incoming.booked_on, "amount": incoming.amount.minor,
        "currency": incoming.amount.currency, "debtor_name": incoming.debtor_name,
        "debtor_iban": incoming.debtor_iban, "reference": incoming.reference, "text": incoming.text,
    }  # fmt: skip


def _write_down(
    rows: Sequence[dict[str, Any]], *, by: User | None, now: datetime
) -> dict[str, IncomingTransfer]:
    """Those of these transfers that are new, by the bank's name; they wait.

    Of two who write down the same one at once, one waits here for the other. The order keeps them from waiting
    for each other.
    """
    rows = sorted(rows, key=lambda row: str(row["bank_id"]))
    written: dict[str, IncomingTransfer] = {}
    same = {"recorded_at": now, "recorded_by_id": by.id if by else None}
    for n in range(0, len(rows), AT_ONCE):
        values = [{"public_id": new_public_id(), **row, **same} for row in rows[n : n + AT_ONCE]]
        made = insert_into(IncomingTransfer).on_conflict_do_nothing(index_elements=["bank_id"])
        found = db.session.scalars(made.returning(IncomingTransfer), values)
        written.update((each.bank_id, each) for each in found)
    return written


@unit_of_work
def assign_to_order(transfer: IncomingTransfer, order: Order, *, by: User, now: datetime) -> None:
    """The transfer pays this order. Raises Assigned, OtherCurrency and PaidInShop."""
    _waiting(transfer)
    _pay(transfer, order, SUSPENSE, by=by, now=now)


@unit_of_work
def assign_to_account(
    transfer: IncomingTransfer, organisation: Organisation, *, by: User, now: datetime
) -> None:
    """The transfer fills this organisation's prepaid account. Raises Assigned."""
    _waiting(transfer)
    _fill([(transfer, organisation)], SUSPENSE, by=by, now=now)


@unit_of_work
def send_back(transfer: IncomingTransfer, *, by: User, now: datetime) -> None:
    """The operator has sent the money back to where it came from. Raises Assigned."""
    _waiting(transfer)
    transfer.assigned_at = transfer.sent_back_at = now
    transfer.assigned_by_id = by.id
    _book([_moving(transfer, SUSPENSE, BANK, Cause.TRANSFER_SENT_BACK, "sent_back")], now=now)
    audit.record("transfer.sent_back", transfer, by=by, now=now)


def _waiting(transfer: IncomingTransfer) -> None:
    if lock(transfer).assigned_at:
        raise rules.Assigned()


def _pay(
    transfer: IncomingTransfer, order: Order, source: Account, *, by: User | None, now: datetime
) -> None:
    if order.method is Method.OUTSIDE:
        raise rules.PaidInShop()
    if order.currency != transfer.currency:
        raise rules.OtherCurrency()
    transfer.order_id, transfer.assigned_at, transfer.assigned_by_id = order.id, now, by.id if by else None
    orders.receive(order, transfer.money, source, key=f"transfer:{transfer.id}:paid", by=by, now=now)
    audit.record("transfer.assigned", transfer, by=by, now=now, organisation=order.payer)


def _recognise(
    transfer: IncomingTransfer, by_hand: IncomingTransfer, *, by: User | None, now: datetime
) -> None:
    """The statement tells of what was booked by hand already: the same money counts once (SECURITY L4)."""
    transfer.same_as_id, transfer.order_id = by_hand.id, by_hand.order_id
    transfer.assigned_at, transfer.assigned_by_id = now, by.id if by else None
    audit.record("transfer.recognised", transfer, by=by, now=now)


def _fill(
    pairs: Sequence[tuple[IncomingTransfer, Organisation]], source: Account, *, by: User | None, now: datetime
) -> None:
    """Each transfer is on this organisation's prepaid account, and who looks after it is told."""
    cause = Cause.TOPPED_UP if source == BANK else Cause.TRANSFER_ASSIGNED
    bookings = []
    for transfer, organisation in pairs:
        transfer.organisation_id, transfer.assigned_at = organisation.id, now
        transfer.assigned_by_id = by.id if by else None
        account = Account(AccountKind.PREPAID, organisation.id)
        bookings.append(_moving(transfer, source, account, cause, "filled"))
    _book(bookings, now=now)
    owners = {organisation.id: organisation for _transfer, organisation in pairs}
    told = {number: billing.money_people(organisation) for number, organisation in owners.items()}
    audit.record_each("transfer.assigned", pairs, by=by, now=now)
    mails = [(person, transfer) for transfer, organisation in pairs for person in told[organisation.id]]
    mailer.queue_each("topped_up", mails, now=now)


def _suspend(transfers: Sequence[IncomingTransfer], *, by: User | None, now: datetime) -> None:
    """Nobody was found for these."""
    _book([_moving(each, BANK, SUSPENSE, Cause.TRANSFER_RECEIVED, "received") for each in transfers], now=now)
    audit.record_each("transfer.recorded", [(each, None) for each in transfers], by=by, now=now)


def _moving(transfer: IncomingTransfer, debit: Account, credit: Account, cause: Cause, what: str) -> Booking:
    return Booking(
        debit, credit, transfer.money, cause, f"transfer:{transfer.id}:{what}",
        f"incoming_transfers:{transfer.id}", transfer.reference, programme().version,
    )  # fmt: skip


def _book(bookings: Sequence[Booking], *, now: datetime) -> None:
    db.session.flush()
    for n in range(0, len(bookings), AT_ONCE):
        ledger.book(bookings[n : n + AT_ONCE], now=now)


# --- money that goes out ------------------------------------------------------------------------------------


@unit_of_work
def request_withdrawal(
    organisation: Organisation, amount: Money, destination: Destination, *, key: str, by: User, now: datetime
) -> Withdrawal:
    """Asks for money from the prepaid account, which leaves it at once (RULES M6).

    The same key asks once. Raises OnlyRepresentatives, BelowLeast, and the ledger's NotEnough.
    """
    lock(organisation)
    if known := queries.by_key(key):
        return known
    refuse_all_but_representatives(organisation, by)
    rules.check_least(amount, programme().invoicing.least_withdrawal(amount.currency))
    withdrawal = Withdrawal(
        organisation=organisation, amount=amount.minor, currency=amount.currency, kind=destination.kind,
        target=destination.target, key=key, requested_at=now, requested_by=by,
    )  # fmt: skip
    db.session.add(withdrawal)
    prepaid, waiting = _accounts(withdrawal)
    _pay_out(withdrawal, prepaid, waiting, Cause.WITHDRAWAL_REQUESTED, now=now)
    audit.record("withdrawal.requested", withdrawal, by=by, now=now, organisation=organisation)
    for person in billing.money_people(organisation):
        mailer.queue("withdrawal_requested", person, withdrawal, now=now)
    return withdrawal


@unit_of_work
def pay_withdrawal(withdrawal: Withdrawal, *, by: User, now: datetime) -> None:
    """The operator has paid it out. Raises Decided."""
    _undecided(withdrawal)
    withdrawal.paid_at, withdrawal.decided_by_id = now, by.id
    _pay_out(withdrawal, _accounts(withdrawal)[1], BANK, Cause.WITHDRAWAL_PAID, now=now)
    _tell("withdrawal_paid", withdrawal, by=by, now=now)


@unit_of_work
def refuse_withdrawal(withdrawal: Withdrawal, *, reason: str, by: User, now: datetime) -> None:
    """The money comes back to the prepaid account; `reason` is told. Raises Decided."""
    _undecided(withdrawal)
    withdrawal.refused_at, withdrawal.decided_by_id, withdrawal.reason = now, by.id, reason
    prepaid, waiting = _accounts(withdrawal)
    _pay_out(withdrawal, waiting, prepaid, Cause.WITHDRAWAL_REFUSED, now=now)
    _tell("withdrawal_refused", withdrawal, by=by, now=now)


def _undecided(withdrawal: Withdrawal) -> None:
    lock(withdrawal.organisation)
    if not lock(withdrawal).waiting:
        raise rules.Decided()


def _accounts(withdrawal: Withdrawal) -> tuple[Account, Account]:
    """The prepaid account, and where money waits to be paid out."""
    organisation_id = withdrawal.organisation.id
    return Account(AccountKind.PREPAID, organisation_id), Account(AccountKind.WITHDRAWALS, organisation_id)


def _pay_out(withdrawal: Withdrawal, debit: Account, credit: Account, cause: Cause, *, now: datetime) -> None:
    db.session.flush()
    booking = Booking(
        debit, credit, withdrawal.money, cause, f"withdrawal:{withdrawal.id}:{cause.value}",
        f"withdrawals:{withdrawal.id}", "", programme().version,
    )  # fmt: skip
    _book([booking], now=now)


def _tell(kind: str, withdrawal: Withdrawal, *, by: User, now: datetime) -> None:
    audit.record(kind.replace("_", "."), withdrawal, by=by, now=now, organisation=withdrawal.organisation)
    for person in billing.money_people(withdrawal.organisation):
        mailer.queue(kind, person, withdrawal, now=now)
