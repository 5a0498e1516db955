"""What is asked about transfers that came in, and about withdrawals."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from webapp.accounts.models import Organisation
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.ledger import queries as books
from webapp.lists import Part, has, part_of
from webapp.money import Money, parse_amount
from webapp.orders import queries as orders
from webapp.orders.models import Order
from webapp.orders.queries import Row
from webapp.orders.rules import Facts, Method
from webapp.partnerships.models import Partnership
from webapp.payments.models import IncomingTransfer, Withdrawal
from webapp.payments.rules import BY_HAND, HAND_DAYS, TransferState, WithdrawalState
from webapp.payments.statements import Incoming, Statement
from webapp.references import parse_reference, reference_of
from webapp.uploads import Upload

_TOP_UP = re.compile(r"RF[0-9]{2}T([0-9]{1,12})")
AT_ONCE = 500  # of one statement
CHOICES = 10  # what a transfer's page offers at once


def _parts(things: Collection[Any]) -> Iterator[list[Any]]:
    """No database takes any number of values in one statement."""
    whole = list(things)
    for n in range(0, len(whole), AT_ONCE):
        yield whole[n : n + AT_ONCE]


# --- whom a reference names ---------------------------------------------------------------------------------


def top_up_reference(organisation: Organisation) -> str:
    """The reference that a transfer to the organisation's prepaid account quotes."""
    return reference_of(f"T{organisation.id}")


def named(entries: Sequence[Incoming]) -> dict[str, Order | Organisation]:
    """By the bank's name of each transfer the one thing that its references name: an order in its currency, or
    the organisation whose prepaid account it fills. Those that name nothing, or several things, are left out."""
    references = {each for entry in entries for each in entry.references if parse_reference(each)}
    paid = _orders_by_reference(references)
    filled = _organisations_by_reference(references)
    found: dict[str, Order | Organisation] = {}
    for entry in entries:
        things: list[Order | Organisation] = []
        for reference in entry.references:
            order = paid.get(reference)
            if order and order.currency == entry.amount.currency:
                things.append(order)
            elif reference in filled:
                things.append(filled[reference])
        if len(things) == 1:
            found[entry.bank_id] = things[0]
    return found


def _orders_by_reference(references: Collection[str]) -> dict[str, Order]:
    """Those that can be paid by transfer, whether or not they still wait."""
    found: dict[str, Order] = {}
    for part in _parts(references):
        rows = db.session.scalars(
            sa.select(Order)
            .where(Order.reference.in_(part), Order.method != Method.OUTSIDE)
            .options(joinedload(Order.payer), joinedload(Order.holder))
        )
        found.update((row.reference, row) for row in rows)
    return found


def _organisations_by_reference(references: Collection[str]) -> dict[str, Organisation]:
    ids = {
        int(written[1]): reference for reference in references if (written := _TOP_UP.fullmatch(reference))
    }
    found: dict[str, Organisation] = {}
    for part in _parts([each for each in ids if each < 2**31]):
        rows = db.session.scalars(sa.select(Organisation).where(Organisation.id.in_(part)))
        found.update((ids[row.id], row) for row in rows if top_up_reference(row) == ids[row.id])
    return found


def booked_by_hand(
    entries: Sequence[Incoming], things: Mapping[str, Order | Organisation]
) -> dict[str, IncomingTransfer]:
    """By the bank's name of each transfer the one that the operator had booked by hand for the same order: as much
    money, about the same day, and told by no statement so far. Each stands for one transfer alone."""
    ids = {thing.id for thing in things.values() if isinstance(thing, Order)}
    told = aliased(IncomingTransfer)
    by_hand: dict[tuple[int | None, int], list[IncomingTransfer]] = defaultdict(list)
    for part in _parts(ids):
        rows = db.session.scalars(
            sa.select(IncomingTransfer)
            .where(
                IncomingTransfer.order_id.in_(part),
                IncomingTransfer.bank_id.startswith(BY_HAND),
                ~sa.exists().where(told.same_as_id == IncomingTransfer.id),
            )
            .order_by(IncomingTransfer.booked_on, IncomingTransfer.id)
        )
        for row in rows:
            by_hand[row.order_id, row.amount].append(row)
    found: dict[str, IncomingTransfer] = {}
    for entry in entries:
        thing = things.get(entry.bank_id)
        rest = by_hand[thing.id, entry.amount.minor] if isinstance(thing, Order) else []
        near = [row for row in rest if abs(row.booked_on - entry.booked_on) <= timedelta(days=HAND_DAYS)]
        if near:
            found[entry.bank_id] = near[0]
            rest.remove(near[0])
    return found


def concerned(things: Collection[Order | Organisation]) -> set[int]:
    """The ids of the organisations whose money moves when these get some."""
    orders_ = [each for each in things if isinstance(each, Order)]
    ids = {each.id for each in things if isinstance(each, Organisation)}
    ids |= {each for order in orders_ for each in (order.payer_id, order.holder_id)}
    for part in _parts({order.partnership_id for order in orders_ if order.partnership_id}):
        ids.update(
            db.session.scalars(sa.select(Partnership.partner_organisation_id).where(Partnership.id.in_(part)))
        )
    return ids


def hold(organisation_ids: Collection[int]) -> None:
    """Locks these organisations in the order of their ids, until the unit ends."""
    for part in _parts(sorted(organisation_ids)):
        db.session.execute(
            sa.select(Organisation.id)
            .where(Organisation.id.in_(part))
            .order_by(Organisation.id)
            .with_for_update(key_share=True)
        )


# --- a statement that is to be imported ---------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """What an import would do at this moment: `fresh` are those that are not known yet, by the bank's name or from
    being booked by hand, with whom they name."""

    fresh: list[tuple[Incoming, Order | Organisation | None]]
    known: int

    @property
    def orders(self) -> int:
        """How many pay an order."""
        return sum(isinstance(thing, Order) for _incoming, thing in self.fresh)

    @property
    def accounts(self) -> int:
        """How many fill a prepaid account."""
        return sum(isinstance(thing, Organisation) for _incoming, thing in self.fresh)

    @property
    def unassigned(self) -> int:
        """How many will wait for the operator."""
        return sum(thing is None for _incoming, thing in self.fresh)


def expected(statement: Statement) -> Expected:
    """What importing this statement would do."""
    before = known({each.bank_id for each in statement.entries})
    untold = [each for each in statement.entries if each.bank_id not in before]
    things = named(untold)
    by_hand = booked_by_hand(untold, things)
    fresh = [(each, things.get(each.bank_id)) for each in untold if each.bank_id not in by_hand]
    return Expected(fresh, len(statement.entries) - len(fresh))


def known(bank_ids: Collection[str]) -> set[str]:
    """Those of these transfers that are recorded already."""
    found: set[str] = set()
    for part in _parts(bank_ids):
        found.update(
            db.session.scalars(sa.select(IncomingTransfer.bank_id).where(IncomingTransfer.bank_id.in_(part)))
        )
    return found


def kept_file(draft: Draft) -> bytes | None:
    """The statement that waits with this draft; None once it was imported."""
    return db.session.scalar(sa.select(Upload.data).where(Upload.draft == draft.key_hash))


# --- transfers ----------------------------------------------------------------------------------------------


def by_bank_id(bank_id: str) -> IncomingTransfer | None:
    """The transfer with the bank's own name."""
    return db.session.scalar(sa.select(IncomingTransfer).where(IncomingTransfer.bank_id == bank_id))


def of_order(order: Order) -> list[IncomingTransfer]:
    """The transfers that paid the order, oldest first."""
    return list(
        db.session.scalars(
            sa.select(IncomingTransfer)
            .where(IncomingTransfer.order_id == order.id)
            .order_by(IncomingTransfer.booked_on, IncomingTransfer.id)
        )
    )


def transfer(public_id: str) -> IncomingTransfer | None:
    """A transfer, for the operator's desk."""
    return db.session.scalar(_transfers().where(IncomingTransfer.public_id == public_id))


def transfer_by_id(transfer_id: int) -> IncomingTransfer | None:
    """The transfer that a mail is about."""
    return db.session.get(IncomingTransfer, transfer_id)


def _transfers() -> sa.Select[IncomingTransfer]:
    return sa.select(IncomingTransfer).options(
        joinedload(IncomingTransfer.order), joinedload(IncomingTransfer.organisation)
    )


TRANSFERS_IN = {
    TransferState.WAITING: IncomingTransfer.assigned_at.is_(None),
    TransferState.ORDER: IncomingTransfer.order_id.is_not(None),
    TransferState.ACCOUNT: IncomingTransfer.organisation_id.is_not(None),
    TransferState.SENT_BACK: IncomingTransfer.sent_back_at.is_not(None),
}


def transfers(search: str, state: TransferState | None, *, page: int = 1) -> Part[Any]:
    """Transfers for the operator's desk: those that wait oldest first, others newest first.

    `search` is in who paid and what they wrote, in order numbers and organisations; an amount finds its equal.
    """
    waiting = state is TransferState.WAITING
    query = _transfers().order_by(IncomingTransfer.id if waiting else IncomingTransfer.id.desc())
    if state:
        query = query.where(TRANSFERS_IN[state])
    if search:
        query = query.outerjoin(Order, Order.id == IncomingTransfer.order_id)
        query = query.outerjoin(Organisation, Organisation.id == IncomingTransfer.organisation_id)
        query = query.where(_matching(search))
    return part_of(query, page)


def _matching(search: str) -> sa.ColumnElement[bool]:
    compact = "".join(search.split())
    conditions = [
        has(IncomingTransfer.debtor_name, search), has(IncomingTransfer.text, search),
        has(IncomingTransfer.reference, compact), has(IncomingTransfer.debtor_iban, compact),
        has(Order.number, search), has(Organisation.name, search),
    ]  # fmt: skip
    try:
        minor = parse_amount(search)
    except ValueError:
        minor = 0
    if 0 < minor < 2**63:
        conditions.append(IncomingTransfer.amount == minor)
    return sa.or_(*conditions)


def waiting_transfers() -> int:
    """How many wait to be assigned."""
    waiting = TRANSFERS_IN[TransferState.WAITING]
    return db.session.scalar(sa.select(sa.func.count(IncomingTransfer.id)).where(waiting)) or 0


def orders_for(transfer: IncomingTransfer, search: str) -> list[Row]:
    """Orders that the transfer can pay, newest first, by number, reference or organisation; at most ten."""
    if not search:
        return []
    today = transfer.booked_on  # not asked for: nothing is overdue here
    rows = orders.all_orders(search, None, today=today).rows
    fitting = [
        each for each in rows if each.currency == transfer.currency and each.method is not Method.OUTSIDE
    ]
    return fitting[:CHOICES]


def organisations_named(search: str) -> list[Organisation]:
    """Organisations whose prepaid account a transfer can fill; at most ten."""
    if not search:
        return []
    query = sa.select(Organisation).where(has(Organisation.name, search))
    return list(db.session.scalars(query.order_by(Organisation.name, Organisation.id).limit(CHOICES)))


def organisation(public_id: str) -> Organisation | None:
    """An organisation, for the operator's desk."""
    return db.session.scalar(sa.select(Organisation).where(Organisation.public_id == public_id))


@dataclass(frozen=True)
class Payment:
    """What this amount would mean for an order at this moment (RULES M6)."""

    order: Order
    amount: Money

    @property
    def after(self) -> Facts:
        """What the order would be."""
        facts = self.order.facts
        return Facts(facts.billed, facts.credited, facts.received + self.amount.minor, facts.cancelled)

    @property
    def left(self) -> Money:
        """What would still be missing."""
        return self.order.money(0 if self.after.cancelled else self.after.missing)

    @property
    def excess(self) -> Money:
        """What would go to the payer's prepaid account."""
        return self.order.money(max(0, self.after.excess - self.order.returned))

    @property
    def begins(self) -> bool:
        """Whether what was ordered would begin."""
        return self.order.paid_at is None and self.after.settled


# --- withdrawals --------------------------------------------------------------------------------------------


def withdrawable(organisation: Organisation) -> list[Money]:
    """What is on the prepaid accounts that have something."""
    return [each for each in books.balances(organisation) if each.minor > 0]


def by_key(key: str) -> Withdrawal | None:
    """The withdrawal that a form with this one-time key became."""
    return db.session.scalar(sa.select(Withdrawal).where(Withdrawal.key == key))


def withdrawals_of(organisation: Organisation, *, page: int = 1) -> Part[Any]:
    """What the organisation asked for, newest first."""
    query = sa.select(Withdrawal).where(Withdrawal.organisation_id == organisation.id)
    return part_of(query.options(joinedload(Withdrawal.requested_by)).order_by(Withdrawal.id.desc()), page)


def _withdrawals() -> sa.Select[Withdrawal]:
    return sa.select(Withdrawal).options(
        joinedload(Withdrawal.organisation), joinedload(Withdrawal.requested_by)
    )


def withdrawal(public_id: str) -> Withdrawal | None:
    """A withdrawal, for the operator's desk."""
    return db.session.scalar(_withdrawals().where(Withdrawal.public_id == public_id))


def withdrawal_by_id(withdrawal_id: int) -> Withdrawal | None:
    """The withdrawal that a mail is about."""
    return db.session.get(Withdrawal, withdrawal_id)


WITHDRAWALS_IN = {
    WithdrawalState.WAITING: sa.and_(Withdrawal.paid_at.is_(None), Withdrawal.refused_at.is_(None)),
    WithdrawalState.PAID: Withdrawal.paid_at.is_not(None),
    WithdrawalState.REFUSED: Withdrawal.refused_at.is_not(None),
}


def withdrawals(state: WithdrawalState | None, *, page: int = 1) -> Part[Any]:
    """Withdrawals for the operator's desk: those that wait oldest first, others newest first."""
    waiting = state is WithdrawalState.WAITING
    query = _withdrawals().order_by(Withdrawal.id if waiting else Withdrawal.id.desc())
    return part_of(query.where(WITHDRAWALS_IN[state]) if state else query, page)


def waiting_withdrawals() -> int:
    """How many wait to be paid out."""
    waiting = WITHDRAWALS_IN[WithdrawalState.WAITING]
    return db.session.scalar(sa.select(sa.func.count(Withdrawal.id)).where(waiting)) or 0
