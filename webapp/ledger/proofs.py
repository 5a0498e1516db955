"""What `flask ledger check` proves: here the ledger's own rules, L1 to L7 of SECURITY.

Other features register what has to agree with the ledger: `proofs.register("orders", queries.faults)`. A proof
reads the whole database and answers a sentence for each thing that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from webapp.database import UtcDateTime
from webapp.extensions import db
from webapp.ledger import queries
from webapp.ledger.models import Entry, LedgerAccount, Transfer
from webapp.ledger.rules import FLOORED, MILLION, Cause
from webapp.money import Money

Proof = Callable[[], list[str]]
Question = sa.Select[*tuple[Any, ...]]

TOLD = 20  # of each kind of fault
APPEND_ONLY = ("entries", "transfers", "ledger_accounts")

_proofs: dict[str, Proof] = {}


def register(name: str, proof: Proof) -> None:
    """From now on `run` asks this proof too."""
    _proofs[name] = proof


def run() -> dict[str, list[str]]:
    """What each registered proof found, by its name; empty lists where all is well."""
    return {name: proof() for name, proof in _proofs.items()}


def told(question: Callable[[], Question], sentence: str) -> list[str]:
    """The sentence about each row that answers the question."""
    return [sentence.format(**row._mapping) for row in asked(question)]


def asked(question: Callable[[], Question]) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """The rows that answer the question."""
    return db.session.connection().execute(_put_together(question, db.engine.dialect.name)).all()


@cache
def _put_together(question: Callable[[], Question], _dialect: str) -> Question:
    """Once for each kind of database: it takes longer than to ask a small one."""
    return question()


def faults() -> list[str]:
    """What is wrong with the ledger, looked at as a whole; nothing when L1 to L7 hold."""
    return [
        *_guards(),
        *told(
            _unbalanced,
            "L1: transfer {id} over {amount} has not exactly one entry on each side that says so.",
        ),
        *told(_of_two_currencies, "L6: transfer {id} is in {currency}, not both of its accounts are."),
        *told(_not_whole, "L7: transfer {id} is over {amount}, which is no whole amount above zero."),
        *_entries(),
        *_sums(),
        *_conversions(),
    ]


def _guards() -> list[str]:
    """L3: the triggers are in place; a table that was rebuilt loses them."""
    if db.engine.dialect.name == "sqlite":
        asked = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        needed = {f"{table}_no_{what}" for table in APPEND_ONLY for what in ("update", "delete")}
    else:
        asked = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        needed = {f"{table}_append_only" for table in APPEND_ONLY}
    there = set(db.session.scalars(sa.text(asked)))
    return [f"L3: the trigger {name} is missing." for name in sorted({*needed, "entries_chained"} - there)]


def _unbalanced() -> Question:
    """L1: each transfer has its two entries."""
    gives, takes = aliased(Entry), aliased(Entry)
    entries = (
        sa.select(sa.func.count())
        .where(Entry.transfer_id == Transfer.id)
        .correlate(Transfer)
        .scalar_subquery()
    )
    balanced = sa.and_(
        sa.func.coalesce(gives.amount, 0) == -Transfer.amount,
        sa.func.coalesce(takes.amount, 0) == Transfer.amount,
        entries == 2,
    )
    return (
        sa.select(Transfer.id, Transfer.amount)
        .outerjoin(gives, sa.and_(gives.transfer_id == Transfer.id, gives.account_id == Transfer.debit_id))
        .outerjoin(takes, sa.and_(takes.transfer_id == Transfer.id, takes.account_id == Transfer.credit_id))
        .where(~balanced)
        .order_by(Transfer.id)
        .limit(TOLD)
    )


def _of_two_currencies() -> Question:
    """L6: each transfer has one currency."""
    debit, credit = aliased(LedgerAccount), aliased(LedgerAccount)
    alike = sa.and_(
        sa.func.coalesce(debit.currency, "") == Transfer.currency,
        sa.func.coalesce(credit.currency, "") == Transfer.currency,
    )
    return (
        sa.select(Transfer.id, Transfer.currency)
        .outerjoin(debit, debit.id == Transfer.debit_id)
        .outerjoin(credit, credit.id == Transfer.credit_id)
        .where(~alike)
        .order_by(Transfer.id)
        .limit(TOLD)
    )


def _not_whole() -> Question:
    """L7: each transfer is over a whole amount above zero."""
    whole = sa.and_(Transfer.amount > 0, Transfer.amount == sa.cast(Transfer.amount, sa.BigInteger))
    return sa.select(Transfer.id, Transfer.amount).where(~whole).order_by(Transfer.id).limit(TOLD)


def _unchained() -> Question:
    """L2, L3, L5: each account's entries are a chain without a gap, and its balance their sum."""
    of_account: dict[str, Any] = {"partition_by": Entry.account_id, "order_by": Entry.seq}
    chain = (
        sa.select(
            Entry.account_id, Entry.seq, Entry.transfer_id, Entry.at, Entry.balance, Entry.floored,
            sa.func.row_number().over(**of_account).label("nth"),
            sa.func.sum(Entry.amount).over(**of_account).label("total"),
            sa.func.lag(Entry.at, type_=UtcDateTime).over(**of_account).label("earlier"),
        )
        .subquery()
    ).c  # fmt: skip
    floored = LedgerAccount.kind.in_(FLOORED)
    return (
        sa.select(
            chain.account_id, chain.seq, chain.balance, chain.nth, chain.total, chain.earlier, chain.at,
            LedgerAccount.kind, Transfer.at.label("booked"),
            (chain.floored != floored).label("wrong_floor"),
            (floored & (chain.balance < 0)).label("too_low"),
        )
        .select_from(chain.seq.table)
        .outerjoin(LedgerAccount, LedgerAccount.id == chain.account_id)
        .outerjoin(Transfer, Transfer.id == chain.transfer_id)
        .where(
            sa.or_(
                chain.seq != chain.nth, chain.balance != chain.total, chain.at < chain.earlier,
                Transfer.id.is_(None), chain.at != Transfer.at, LedgerAccount.id.is_(None),
                chain.floored != floored, floored & (chain.balance < 0),
            )
        )
        .order_by(chain.account_id, chain.seq)
        .limit(TOLD)
    )  # fmt: skip


def _entries() -> list[str]:
    wrong: list[str] = []
    for row in asked(_unchained):
        where = f"account {row.account_id}, entry {row.seq}"
        if row.seq != row.nth:
            wrong.append(f"L3: {where}: it should be number {row.nth}.")
        if row.balance != row.total:
            wrong.append(f"L2: {where}: the balance is {row.balance}, the entries add up to {row.total}.")
        if row.earlier and row.at < row.earlier:
            wrong.append(f"L3: {where}: it is older than the entry before.")
        if row.booked is None:
            wrong.append(f"L1: {where}: its transfer is missing.")
        elif row.booked != row.at:
            wrong.append(f"L3: {where}: its transfer was at another time.")
        if row.kind is None or row.wrong_floor:
            wrong.append(f"L5: {where}: it does not say whether the account has a floor.")
        if row.too_low:
            wrong.append(f"L5: {where}: the balance is {row.balance}, below zero.")
    return wrong


def _sums() -> list[str]:
    """L1: all accounts of a currency add up to nothing."""
    return [
        f"L1: the accounts in {currency} add up to {total.minor}, not to 0."
        for currency, kinds in queries.trial_balance().items()
        if (total := sum(kinds.values(), Money(0, currency))).minor
    ]


def _conversions() -> list[str]:
    """L6: a conversion is two transfers, and the stored rate leads from one to the other."""
    pairs: dict[str, dict[str, Any]] = {}
    for row in asked(_converted):
        stem, _, half = row.key.rpartition(":")
        pairs.setdefault(stem, {})[half] = row
    return [
        f"L6: the conversion {stem} is not two transfers with one rate that leads from one to the other."
        for stem, halves in pairs.items()
        if not _lead_to_each_other(halves.get("given"), halves.get("taken"))
    ]


def _converted() -> Question:
    return sa.select(Transfer.key, Transfer.amount, Transfer.rate, Transfer.rate_on).where(
        Transfer.cause == Cause.CONVERTED
    )


def _lead_to_each_other(given: Any, taken: Any) -> bool:
    return bool(
        given
        and taken
        and (given.rate, given.rate_on) == (taken.rate, taken.rate_on)
        and Money(given.amount, "").part(given.rate, MILLION).minor == taken.amount
    )


register("ledger", faults)
