"""Every change to payouts: where they go, the runs that make them, and what became of them.

A run is put together in portions, each a transaction of its own that pays its affiliates whole: one that is cut off
goes on where it stopped, and two workers that run at once share the work (SECURITY M4).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from webapp import audit, clock, mailer
from webapp.accounts import queries as accounts
from webapp.accounts.checks import refuse_all_but_representatives
from webapp.accounts.models import User
from webapp.affiliation.models import AffiliateAccount
from webapp.database import new_public_id
from webapp.extensions import db
from webapp.ledger import actions as ledger
from webapp.ledger.rules import AccountKind, Booking, Cause
from webapp.ledger.rules import Side as Account
from webapp.mailer import Address
from webapp.money import CURRENCIES
from webapp.orders import queries as money
from webapp.orders.numbers import next_numbers
from webapp.orders.rules import Tax
from webapp.payouts import mail as _mail  # noqa: F401 # registers the mails
from webapp.payouts import queries, rules
from webapp.payouts.models import Payout, PayoutPreference, PayoutRun
from webapp.payouts.queries import Payee
from webapp.payouts.rules import Kind
from webapp.programme import programme, seller_today
from webapp.unit import lock, take_turns, unit_of_work

PORTION = 500  # affiliates that are paid in one transaction
BANK, UNDER_WAY = Account(AccountKind.BANK), Account(AccountKind.PAYOUTS)


# --- where payouts go ---------------------------------------------------------------------------------------


@unit_of_work
def prefer(
    account: AffiliateAccount, kind: Kind, target: str, holder: str, *, by: User, now: datetime
) -> PayoutPreference:
    """Payouts go there from now on; after a change nothing is paid for some days (RULES F8).

    The same once more confirms it, also after a payout came back. Raises OnlyRepresentatives.
    """
    lock(account)
    refuse_all_but_representatives(account.organisation, by)
    row = _preference(account)
    before = row.preference if row else rules.TO_PREPAID
    if row is None:
        row = PayoutPreference(account=account, kind=Kind.PREPAID, target="", holder="", holds_until=now)
        db.session.add(row)
    changed = (before.kind, before.target) != (kind, target)
    if changed:
        row.holds_until = now + timedelta(days=programme().affiliation.payout_hold_days)
    elif row.came_back_at:
        row.holds_until = max(row.holds_until, now)  # a further run of this month looks at it
    row.kind, row.target, row.holder, row.came_back_at = kind, target, holder, None
    row.changed_at, row.changed_by_id = now, by.id
    audit.record(
        "payout.preferences", account, by=by, now=now, organisation=account.organisation,
        detail=f"kind={kind}",
    )  # fmt: skip
    if changed:
        for each in _told_of_change(account, before):
            mailer.queue("payout_preferences_changed", each, account, now=now)
    return row


def _preference(account: AffiliateAccount) -> PayoutPreference | None:
    """The row as it is now."""
    row = queries.preference_row(account)
    return lock(row) if row else None


def _told_of_change(account: AffiliateAccount, before: rules.Preference) -> list[User | Address]:
    """Who looks after the affiliate's money, and the PayPal account that gets it no longer."""
    people: list[User | Address] = [*money.money_people(account.organisation)]
    if before.kind is Kind.PAYPAL and before.target not in {each.email for each in people}:
        owner = account.organisation
        people.append(Address(before.target, owner.name, owner.language, owner.country))
    return people


# --- the runs of a month ------------------------------------------------------------------------------------


def run_due(*, now: datetime) -> int:
    """By the clock: goes on with what was cut off, then pays who is due this month; how many payouts were made."""
    made = sum(_fill(month, currency, now=now) for month, currency in queries.unfinished())
    return made + run_month(rules.month_of(clock.day_of(now)), now=now)


def run_month(month: date, *, now: datetime) -> int:
    """Pays all who are due in this month and not paid yet, in each currency; how many payouts were made (RULES F8).

    Raises NotDue for a month that has not begun.
    """
    if month > clock.day_of(now):
        raise rules.NotDue()
    return sum(_fill(month, currency, now=now) for currency in CURRENCIES)


def _fill(month: date, currency: str, *, now: datetime) -> int:
    """Portion after portion, until nobody is left; then the run is sealed."""
    begun, newest = queries.open_run(month, currency), queries.newest_run(month, currency)
    nth = begun.nth if begun else newest.nth + 1 if newest else 1
    made, after = 0, 0
    while ids := queries.unpaid_accounts(month, currency, nth=nth, after=after, most=PORTION):
        made += _pay(ids, month, currency, now=now)
        after = ids[-1]
    _seal(month, currency, now=now)
    return made


@unit_of_work
def _pay(account_ids: Sequence[int], month: date, currency: str, *, now: datetime) -> int:
    """Pays those of these affiliates who are due; how many."""
    take_turns(f"payouts:{month}:{currency}")
    held = queries.hold(account_ids, month)
    payees = queries.payees(held, month, currency, now=now)
    if payees:
        _make(_open(month, currency, now=now), payees, now=now)
    return len(payees)


def _open(month: date, currency: str, *, now: datetime) -> PayoutRun:
    """The run that is being put together, begun now if there is none."""
    run = queries.open_run(month, currency)
    if run is None:
        newest = queries.newest_run(month, currency)
        run = PayoutRun(month=month, currency=currency, nth=newest.nth + 1 if newest else 1, started_at=now)
        db.session.add(run)
        audit.record("payouts.begun", run, by=None, now=now)
    return run


def _make(run: PayoutRun, payees: Sequence[Payee], *, now: datetime) -> None:
    """A payout for each, numbered, booked and told."""
    numbers, day = next_numbers(rules.SERIES, rules.NOTE_PREFIX, len(payees), now=now)
    same = {
        "run_id": run.id, "month": run.month, "currency": run.currency, "made_at": now, "issued_on": day,
        "policy_version": programme().version, "reason": "",
    }  # fmt: skip
    buyer = seller_today(run.currency)
    rows = [
        {**same, "public_id": new_public_id(), "number": number, **_values(payee, buyer, now=now)}
        for number, payee in zip(numbers, payees, strict=True)
    ]
    # with a value for each column, be it NULL, all rows are one statement
    written = sa.insert(Payout).returning(Payout).execution_options(render_nulls=True)
    payouts = {each.account_id: each for each in db.session.scalars(written, rows)}
    db.session.execute(
        sa.update(AffiliateAccount).where(AffiliateAccount.id.in_(payouts)).values(paid_until=run.month)
    )
    made = [(payouts[payee.account_id], payee.organisation_id) for payee in payees]
    ledger.book([_made(payout, organisation_id) for payout, organisation_id in made], now=now)
    audit.record_each("payout.made", made, by=None, now=now)
    _tell_each("payout_sent", [each for each in made if each[0].executed_at], now=now)


def _values(payee: Payee, buyer: dict[str, str], *, now: datetime) -> dict[str, Any]:
    """What a payout's row keeps of whom it pays."""
    tax, to = _tax(payee, buyer), payee.preference
    return {
        "account_id": payee.account_id, "amount": payee.amount.minor, "treatment": tax.treatment,
        "vat_rate": tax.rate, "vat": rules.contained(payee.amount, tax.rate).minor, "kind": to.kind,
        "target": to.target, "holder": to.holder or payee.party["name"][: rules.NAME_LENGTH],
        "language": payee.language, "party": {**payee.party, "buyer": buyer},
        "executed_at": None if to.kind.outside else now,
    }  # fmt: skip


def _tax(payee: Payee, buyer: dict[str, str]) -> Tax:
    rate = programme().vat.rates.get(payee.country, 0)
    return rules.self_billed(
        affiliate=payee.country, operator=buyer["country"], vat_number=payee.vat_number, rate=rate
    )


def _made(payout: Payout, organisation_id: int) -> Booking:
    earnings = Account(AccountKind.EARNINGS, organisation_id)
    to = UNDER_WAY if payout.kind.outside else Account(AccountKind.PREPAID, organisation_id)
    return _booking(payout, earnings, to, Cause.PAYOUT_MADE)


def _booking(payout: Payout, debit: Account, credit: Account, cause: Cause) -> Booking:
    return Booking(
        debit, credit, payout.money, cause, f"payout:{payout.id}:{cause.value}", f"payouts:{payout.id}",
        payout.number, payout.policy_version,
    )  # fmt: skip


def _tell_each(kind: str, payouts: Sequence[tuple[Payout, int]], *, now: datetime) -> None:
    """The mail about each payout to whoever sees the money of its organisation."""
    people = queries.people_of({organisation_id for _payout, organisation_id in payouts})
    mailer.queue_each(
        kind, [(person, payout) for payout, each in payouts for person in people.get(each, ())], now=now
    )


@unit_of_work
def _seal(month: date, currency: str, *, now: datetime) -> None:
    """Nothing is added to the month's open run any more; the operator hears if there is something to carry out."""
    take_turns(f"payouts:{month}:{currency}")
    run = queries.open_run(month, currency)
    if run is None:
        return
    lock(run).sealed_at = now
    audit.record("payouts.sealed", run, by=None, now=now)
    if not queries.anything_to_carry_out(run):
        run.executed_at = now
        return
    for operator in accounts.operators():
        mailer.queue("payout_run_due", operator, run, now=now)


# --- what became of them ------------------------------------------------------------------------------------


@unit_of_work
def execute(run: PayoutRun, *, by: User, now: datetime) -> None:
    """The operator has given the run's files to bank and PayPal. Raises StillFilled and Executed.

    Of a large run the first portion is noted at once, and the rest by the worker within a minute.
    """
    lock(run)
    if run.sealed_at is None:
        raise rules.StillFilled()
    if run.executed_at:
        raise rules.Executed()
    run.executed_at, run.executed_by = now, by
    audit.record("payouts.executed", run, by=by, now=now)
    _execute_portion(run, now=now)


def finish_executions(*, now: datetime) -> int:
    """By the clock: what is left of runs that were carried out; of how many runs."""
    runs = queries.half_executed()
    for run in runs:
        while _execute_next(run, now=now):
            pass
    return len(runs)


@unit_of_work
def _execute_next(run: PayoutRun, *, now: datetime) -> int:
    lock(run)
    return _execute_portion(run, now=now)


def _execute_portion(run: PayoutRun, *, now: datetime) -> int:
    """The next payouts of the run left the operator's account, and their affiliates hear of it; how many."""
    payouts = queries.to_execute(run, most=PORTION)
    for payout in payouts:
        payout.executed_at = run.executed_at
    ledger.book([_booking(each, UNDER_WAY, BANK, Cause.PAYOUT_EXECUTED) for each in payouts], now=now)
    told = [(payout, payout.account.organisation_id) for payout in payouts]
    audit.record_each("payout.executed", told, by=run.executed_by, now=now)
    _tell_each("payout_sent", told, now=now)
    return len(payouts)


@unit_of_work
def take_back(payout: Payout, *, reason: str, by: User, now: datetime) -> None:
    """A payout came back: its amount is the affiliate's balance again (RULES F8). `reason` is told.

    Nothing goes to the same place before the affiliate has looked at it. Raises StillFilled and NothingToReturn.
    """
    run, account = lock(payout.run), lock(payout.account)
    lock(payout)
    if run.sealed_at is None:
        raise rules.StillFilled()
    if payout.returned_at or payout.kind is Kind.PREPAID:
        raise rules.NothingToReturn()
    source = BANK if payout.executed_at else UNDER_WAY
    payout.returned_at, payout.returned_by_id, payout.reason = now, by.id, reason
    earnings = Account(AccountKind.EARNINGS, account.organisation_id)
    ledger.book([_booking(payout, source, earnings, Cause.PAYOUT_RETURNED)], now=now)
    row = _preference(account)
    if row and row.takes(payout):
        row.came_back_at = now
    audit.record("payout.returned", payout, by=by, now=now, organisation=account.organisation)
    mailer.withhold("payout_sent", payout.id, now=now)
    _tell_each("payout_failed", [(payout, account.organisation_id)], now=now)
    if run.executed_at is None and not queries.anything_to_carry_out(run):
        run.executed_at, run.executed_by = now, by
