"""Every change to transfers that came in and to withdrawals; each is booked in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from webapp import audit, mailer
from webapp.accounts import queries as accounts
from webapp.accounts.models import Organisation, User
from webapp.accounts.rules import Role
from webapp.extensions import db
from webapp.ledger import actions as ledger
from webapp.ledger.rules import AccountKind, Booking, Cause
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
from webapp.unit import lock, unit_of_work

BANK, SUSPENSE = Account(AccountKind.BANK), Account(AccountKind.SUSPENSE)


# --- money that came in -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Imported:
    """What became of a statement: how many transfers are new, of those how many nobody was found for."""

    new: int
    unassigned: int
    known: int


@unit_of_work
def import_statement(statement: Statement, *, by: User | None, now: datetime) -> Imported:
    """Books every transfer of the bank's statement that is not known yet; all of them, or none.

    One whose reference names an order pays it, one that names a prepaid account fills it, the others wait to be
    assigned. Raises OtherAccount for a statement of somebody else's account.
    """
    if programme().iban(statement.currency) != statement.account_iban:
        raise rules.OtherAccount()
    known = queries.known({each.bank_id for each in statement.entries})
    fresh = [each for each in statement.entries if each.bank_id not in known]
    transfers = [_record(each, by=by, now=now) for each in fresh]
    unassigned = sum(not each.assigned_at for each in transfers)
    return Imported(len(fresh), unassigned, len(statement.entries) - len(fresh))


@unit_of_work
def book_payment(
    order: Order, amount: Money, *, booked_on: date, key: str, by: User, now: datetime
) -> IncomingTransfer:
    """A transfer for this order that the operator saw on its account. The same key counts once (SECURITY L4)."""
    bank_id = f"hand:{key}"
    if known := queries.by_bank_id(bank_id):
        return known
    transfer = IncomingTransfer(
        bank_id=bank_id, booked_on=booked_on, amount=amount.minor, currency=amount.currency,
        debtor_name="", debtor_iban="", reference=order.reference, text="", recorded_at=now,
        recorded_by_id=by.id,
    )  # fmt: skip
    db.session.add(transfer)
    _pay(transfer, order, BANK, by=by, now=now)
    return transfer


def _record(incoming: Incoming, *, by: User | None, now: datetime) -> IncomingTransfer:
    transfer = IncomingTransfer(
        bank_id=incoming.bank_id, booked_on=incoming.booked_on, amount=incoming.amount.minor,
        currency=incoming.amount.currency, debtor_name=incoming.debtor_name, debtor_iban=incoming.debtor_iban,
        reference=incoming.reference, text=incoming.text, recorded_at=now, recorded_by_id=by.id if by else None,
    )  # fmt: skip
    db.session.add(transfer)
    found = queries.named_by(incoming)
    if isinstance(found, Order):
        _pay(transfer, found, BANK, by=by, now=now)
    elif isinstance(found, Organisation):
        _fill(transfer, found, BANK, by=by, now=now)
    else:
        _move(transfer, BANK, SUSPENSE, Cause.TRANSFER_RECEIVED, "received", now=now)
        audit.record("transfer.recorded", transfer, by=by, now=now)
    return transfer


@unit_of_work
def assign_to_order(transfer: IncomingTransfer, order: Order, *, by: User, now: datetime) -> None:
    """The transfer pays this order. Raises Assigned, OtherCurrency and PaidInShop."""
    _waiting(transfer)
    if order.currency != transfer.currency:
        raise rules.OtherCurrency()
    _pay(transfer, order, SUSPENSE, by=by, now=now)


@unit_of_work
def assign_to_account(
    transfer: IncomingTransfer, organisation: Organisation, *, by: User, now: datetime
) -> None:
    """The transfer fills this organisation's prepaid account. Raises Assigned."""
    _waiting(transfer)
    _fill(transfer, organisation, SUSPENSE, by=by, now=now)


@unit_of_work
def send_back(transfer: IncomingTransfer, *, by: User, now: datetime) -> None:
    """The operator has sent the money back to where it came from. Raises Assigned."""
    _waiting(transfer)
    transfer.assigned_at = transfer.sent_back_at = now
    transfer.assigned_by_id = by.id
    _move(transfer, SUSPENSE, BANK, Cause.TRANSFER_SENT_BACK, "sent_back", now=now)
    audit.record("transfer.sent_back", transfer, by=by, now=now)


def _waiting(transfer: IncomingTransfer) -> None:
    if lock(transfer).assigned_at:
        raise rules.Assigned()


def _pay(
    transfer: IncomingTransfer, order: Order, source: Account, *, by: User | None, now: datetime
) -> None:
    if order.method is Method.OUTSIDE:
        raise rules.PaidInShop()
    transfer.order, transfer.assigned_at, transfer.assigned_by_id = order, now, by.id if by else None
    db.session.flush()
    orders.receive(order, transfer.money, source, key=f"transfer:{transfer.id}:paid", by=by, now=now)
    audit.record("transfer.assigned", transfer, by=by, now=now, organisation=order.payer)


def _fill(
    transfer: IncomingTransfer, organisation: Organisation, source: Account, *, by: User | None, now: datetime
) -> None:
    transfer.organisation, transfer.assigned_at = organisation, now
    transfer.assigned_by_id = by.id if by else None
    cause = Cause.TOPPED_UP if source == BANK else Cause.TRANSFER_ASSIGNED
    _move(transfer, source, Account(AccountKind.PREPAID, organisation.id), cause, "filled", now=now)
    audit.record("transfer.assigned", transfer, by=by, now=now, organisation=organisation)
    for person in billing.money_people(organisation):
        mailer.queue("topped_up", person, transfer, now=now)


def _move(
    transfer: IncomingTransfer, debit: Account, credit: Account, cause: Cause, what: str, *, now: datetime
) -> None:
    db.session.flush()
    ledger.book(
        [
            Booking(
                debit, credit, transfer.money, cause, f"transfer:{transfer.id}:{what}",
                f"incoming_transfers:{transfer.id}", transfer.reference, programme().version,
            )
        ],
        now=now,
    )  # fmt: skip


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
    membership = accounts.membership_in(organisation, by)
    if membership is None or lock(membership).role is not Role.LEGAL_REPRESENTATIVE:
        raise rules.OnlyRepresentatives()
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
    ledger.book(
        [
            Booking(
                debit, credit, withdrawal.money, cause, f"withdrawal:{withdrawal.id}:{cause.value}",
                f"withdrawals:{withdrawal.id}", "", programme().version,
            )
        ],
        now=now,
    )  # fmt: skip


def _tell(kind: str, withdrawal: Withdrawal, *, by: User, now: datetime) -> None:
    audit.record(kind.replace("_", "."), withdrawal, by=by, now=now, organisation=withdrawal.organisation)
    for person in billing.money_people(withdrawal.organisation):
        mailer.queue(kind, person, withdrawal, now=now)
