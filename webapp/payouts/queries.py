"""What is asked about payouts: who is to be paid and what is in the way, runs, and what became of each."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.rules import Role
from webapp.affiliation.models import AffiliateAccount, Commission
from webapp.extensions import db
from webapp.lists import Part, part_of
from webapp.mailer import Address
from webapp.money import Money
from webapp.orders.rules import MANAGES_MONEY
from webapp.payouts import rules
from webapp.payouts.models import Payout, PayoutPreference, PayoutRun
from webapp.payouts.rules import TO_PREPAID, Kind, Preference, Standing, State
from webapp.programme import programme

AT_ONCE = 1_000  # payouts of a file that are read together

OUTSIDE = Payout.kind != Kind.PREPAID
PAYOUTS_IN = {
    State.MADE: sa.and_(Payout.executed_at.is_(None), Payout.returned_at.is_(None)),
    State.EXECUTED: sa.and_(Payout.executed_at.is_not(None), Payout.returned_at.is_(None)),
    State.RETURNED: Payout.returned_at.is_not(None),
}
RUNS_DUE = sa.and_(PayoutRun.sealed_at.is_not(None), PayoutRun.executed_at.is_(None))


# --- where an affiliate stands ------------------------------------------------------------------------------


def least(currency: str) -> Money:
    """The least payout (RULES F8)."""
    return Money(programme().affiliation.least_payout * 100, currency)


def standing(account: AffiliateAccount, *, now: datetime) -> Standing:
    """Where the affiliate stands, and what its next payout waits for (RULES F8).

    Who is held up is paid in the same month yet, once nothing is in the way any more.
    """
    today, chosen, lowest = clock.day_of(now), preference_of(account), least(account.currency)
    month, on = rules.month_of(today), rules.next_run(today)
    sums = _sums(account, today=today, month=month, following=on)
    paid, owed, due = sums.paid, sums.before_month - sums.paid, sums.before_following - sums.paid
    free = clock.day_of(max(chosen.holds_until or now, now))
    unpaid = account.paid_until is None or account.paid_until < month
    late = unpaid and owed >= max(lowest.minor, 1) and free < on
    if late:
        on, due = free, owed
    return Standing(
        account.money(sums.waiting), account.money(sums.confirmed - paid), account.money(paid),
        account.money(due), lowest, on, chosen,
        rules.obstacle(account.money(due), lowest, chosen, now=now if late else clock.start_of(on)),
    )  # fmt: skip


@dataclass(frozen=True)
class _Sums:
    """Minor units: what waits, what was confirmed by certain days, and what was paid."""

    waiting: int
    confirmed: int
    before_month: int
    before_following: int
    paid: int


def _sums(account: AffiliateAccount, *, today: date, month: date, following: date) -> _Sums:
    """All that was earned less what is not confirmed yet: only this month's and open commissions are read."""
    row = db.session.execute(
        _late_sums(), {"account": account.id, "today": today, "month": month, "following": following}
    ).one()
    open_, after_today, since_month, since_following, paid = map(int, row)  # PostgreSQL's sums are decimals
    settled = account.earned - open_
    return _Sums(
        open_ + after_today, settled - after_today, settled - since_month, settled - since_following, paid
    )


@cache
def _late_sums() -> sa.Select[Any]:
    """One statement over two short ranges of an index that holds all that it asks."""
    today, month, following = (sa.bindparam(name, type_=sa.Date) for name in ("today", "month", "following"))
    own = sa.select(Commission.confirms_on.label("day"), Commission.amount.label("amount")).where(
        Commission.account_id == sa.bindparam("account")
    )
    late = sa.union_all(
        own.where(Commission.confirms_on.is_(None)), own.where(Commission.confirms_on >= month)
    ).subquery()

    def total(counts: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((counts, late.c.amount), else_=0)), 0)

    paid = sa.select(sa.func.coalesce(sa.func.sum(Payout.amount), 0)).where(
        Payout.account_id == sa.bindparam("account"), Payout.returned_at.is_(None)
    )
    return sa.select(
        total(late.c.day.is_(None)).label("open"), total(late.c.day > today).label("after_today"),
        total(late.c.day >= month).label("since_month"), total(late.c.day >= following).label("since_following"),
        paid.scalar_subquery().label("paid"),
    )  # fmt: skip


def preference_of(account: AffiliateAccount) -> Preference:
    """Where its payouts go."""
    row = preference_row(account)
    return row.preference if row else TO_PREPAID


def preference_row(account: AffiliateAccount) -> PayoutPreference | None:
    """The same as its row; None as long as the affiliate never chose."""
    return db.session.get(PayoutPreference, account.id)


# --- a run --------------------------------------------------------------------------------------------------


def open_run(month: date, currency: str) -> PayoutRun | None:
    """The run that is being put together."""
    return db.session.scalar(_runs(month, currency).where(PayoutRun.sealed_at.is_(None)))


def newest_run(month: date, currency: str) -> PayoutRun | None:
    """The last of the month's runs."""
    return db.session.scalar(_runs(month, currency).order_by(PayoutRun.nth.desc()).limit(1))


def _runs(month: date, currency: str) -> sa.Select[PayoutRun]:
    return sa.select(PayoutRun).where(PayoutRun.month == month, PayoutRun.currency == currency)


def unfinished() -> list[tuple[date, str]]:
    """Months and currencies whose run was cut off."""
    rows = db.session.execute(
        sa.select(PayoutRun.month, PayoutRun.currency)
        .where(PayoutRun.sealed_at.is_(None))
        .order_by(PayoutRun.id)
    )
    return [(month, currency) for month, currency in rows]


def half_executed() -> list[PayoutRun]:
    """Runs that were carried out, of which some payouts do not say so yet."""
    left = sa.exists().where(Payout.run_id == PayoutRun.id, PAYOUTS_IN[State.MADE])
    return list(
        db.session.scalars(
            sa.select(PayoutRun).where(PayoutRun.executed_at.is_not(None), left).order_by(PayoutRun.id)
        )
    )


def unpaid_accounts(month: date, currency: str, *, nth: int, after: int, most: int) -> list[int]:
    """The next affiliates that no run of this month has paid; a further run looks at those who were held up."""
    found = (
        sa.select(AffiliateAccount.id)
        .where(AffiliateAccount.currency == currency, AffiliateAccount.id > after, _unpaid(month))
        .order_by(AffiliateAccount.id)
        .limit(most)
    )
    if nth > 1:
        held = PayoutPreference.holds_until >= clock.start_of(month)
        found = found.join(PayoutPreference, PayoutPreference.account_id == AffiliateAccount.id).where(held)
    return list(db.session.scalars(found))


def _unpaid(month: date) -> sa.ColumnElement[bool]:
    return sa.or_(AffiliateAccount.paid_until.is_(None), AffiliateAccount.paid_until < month)


def hold(account_ids: Collection[int], month: date) -> list[int]:
    """Those of these accounts that are unpaid still; nobody else changes them until the unit ends."""
    return list(
        db.session.scalars(
            sa.select(AffiliateAccount.id)
            .where(AffiliateAccount.id.in_(account_ids), _unpaid(month))
            .order_by(AffiliateAccount.id)
            .with_for_update(key_share=True)
        )
    )


@dataclass(frozen=True)
class Payee:
    """An affiliate to be paid, as it is on this day."""

    account_id: int
    organisation_id: int
    amount: Money
    language: str
    country: str
    vat_number: str | None
    party: dict[str, Any]
    preference: Preference


def payees(account_ids: Sequence[int], month: date, currency: str, *, now: datetime) -> list[Payee]:
    """Those of these accounts that a run of the month pays, and how much (RULES F8, SECURITY M4)."""
    owed = _owed(account_ids, month)
    lowest = least(currency)
    found = []
    for row in db.session.execute(_payees(), {"ids": [each for each in account_ids if owed.get(each)]}):
        chosen = TO_PREPAID
        if row.kind:
            chosen = Preference(
                row.kind, row.target, row.holder, row.holds_until, row.came_back_at is not None
            )
        amount = Money(owed[row.account_id], currency)
        if rules.obstacle(amount, lowest, chosen, now=now) is None:
            party = {name: getattr(row, name) or "" for name in PARTY}
            found.append(
                Payee(
                    row.account_id, row.organisation_id, amount, row.language, row.country, row.vat_number,
                    party, chosen,
                )
            )  # fmt: skip
    return found


PARTY = ("name", "street", "postcode", "city", "country", "vat_number", "register_number")


def _owed(account_ids: Sequence[int], month: date) -> dict[int, int]:
    """What was confirmed before the month, less what was paid, by account."""
    confirmed, paid = (
        {
            account: int(total)
            for account, total in db.session.execute(query, {"ids": account_ids, "month": month})
        }
        for query in _confirmed_and_paid()
    )
    return {account: total - paid.get(account, 0) for account, total in confirmed.items()}


@cache
def _confirmed_and_paid() -> tuple[sa.Select[int, int], sa.Select[int, int]]:
    ids: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
    return (
        sa.select(Commission.account_id, sa.func.sum(Commission.amount))
        .where(Commission.account_id.in_(ids), Commission.confirms_on < sa.bindparam("month", type_=sa.Date))
        .group_by(Commission.account_id),
        sa.select(Payout.account_id, sa.func.sum(Payout.amount))
        .where(Payout.account_id.in_(ids), Payout.returned_at.is_(None))
        .group_by(Payout.account_id),
    )


@cache
def _payees() -> sa.Select[Any]:
    chosen = PayoutPreference
    return (
        sa.select(
            AffiliateAccount.id.label("account_id"), AffiliateAccount.organisation_id, Organisation.language,
            *(getattr(Organisation, name) for name in PARTY),
            chosen.kind, chosen.target, chosen.holder, chosen.holds_until, chosen.came_back_at,
        )
        .join(Organisation, Organisation.id == AffiliateAccount.organisation_id)
        .outerjoin(chosen, chosen.account_id == AffiliateAccount.id)
        .where(AffiliateAccount.id.in_(sa.bindparam("ids", expanding=True)))
        .order_by(AffiliateAccount.id)
    )  # fmt: skip


def people_of(organisation_ids: Collection[int]) -> dict[int, list[Address]]:
    """Who is told about the money of each of these organisations."""
    found: dict[int, list[Address]] = {}
    for organisation_id, *person in db.session.execute(_people(), {"ids": list(organisation_ids)}):
        found.setdefault(organisation_id, []).append(Address(*person))
    return found


@cache
def _people() -> sa.Select[int, str, str, str, str]:
    able = [role for role in Role if role.reaches(MANAGES_MONEY)]
    return (
        sa.select(Membership.organisation_id, User.email, User.name, User.language, User.region)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organisation_id.in_(sa.bindparam("ids", expanding=True)), Membership.role.in_(able),
            User.verified_at.is_not(None), User.disabled_at.is_(None),
        )
        .order_by(User.id)
    )  # fmt: skip


def to_execute(run: PayoutRun, *, most: int) -> list[Payout]:
    """The next payouts of the run that do not say yet that they were carried out, locked."""
    return list(
        db.session.scalars(
            sa.select(Payout)
            .where(Payout.run_id == run.id, OUTSIDE, PAYOUTS_IN[State.MADE])
            .order_by(Payout.id)
            .limit(most)
            .options(joinedload(Payout.account, innerjoin=True))
            .with_for_update(of=Payout)
            .execution_options(populate_existing=True)
        )
    )


def anything_to_carry_out(run: PayoutRun) -> bool:
    """Whether a payout of the run has to leave the portal."""
    return bool(
        db.session.scalar(
            sa.select(sa.exists().where(Payout.run_id == run.id, OUTSIDE, PAYOUTS_IN[State.MADE]))
        )
    )


# --- what pages show ----------------------------------------------------------------------------------------


def payouts_of(account: AffiliateAccount, *, page: int = 1) -> Part[Payout]:
    """What an affiliate was paid, newest first."""
    return part_of(sa.select(Payout).where(Payout.account_id == account.id).order_by(Payout.id.desc()), page)


def payouts_in(run: PayoutRun, state: State | None, *, page: int = 1) -> Part[Payout]:
    """The payouts of a run, in this state or all."""
    found = (
        sa.select(Payout)
        .where(Payout.run_id == run.id)
        .order_by(Payout.id)
        .options(joinedload(Payout.account).joinedload(AffiliateAccount.organisation))
    )
    return part_of(found.where(PAYOUTS_IN[state]) if state else found, page)


def payout_of(account: AffiliateAccount, public_id: str) -> Payout | None:
    """A payout of this affiliate."""
    return db.session.scalar(
        sa.select(Payout).where(Payout.account_id == account.id, Payout.public_id == public_id)
    )


def payout(public_id: str) -> Payout | None:
    """Any payout, for the operator."""
    return db.session.scalar(
        sa.select(Payout)
        .where(Payout.public_id == public_id)
        .options(joinedload(Payout.account).joinedload(AffiliateAccount.organisation), joinedload(Payout.run))
    )


def payout_by_id(payout_id: int) -> Payout | None:
    """The payout that a mail is about."""
    return db.session.get(Payout, payout_id)


def run(public_id: str) -> PayoutRun | None:
    """Any run, for the operator."""
    return db.session.scalar(sa.select(PayoutRun).where(PayoutRun.public_id == public_id))


def run_by_id(run_id: int) -> PayoutRun | None:
    """The run that a mail is about."""
    return db.session.get(PayoutRun, run_id)


@dataclass(frozen=True)
class Total:
    """How many payouts of a run go one way and how much they are together; of those how many came back."""

    kind: Kind
    count: int
    amount: Money
    returned: int
    returned_amount: Money

    @property
    def sent(self) -> int:
        """How many stand in a file: those that did not come back."""
        return self.count - self.returned

    @property
    def sent_amount(self) -> Money:
        """What the file moves."""
        return self.amount - self.returned_amount


@dataclass(frozen=True)
class RunRow:
    """A run in the list, with what it pays."""

    run: PayoutRun
    totals: tuple[Total, ...]

    @property
    def count(self) -> int:
        """How many payouts."""
        return sum(each.count for each in self.totals)

    @property
    def amount(self) -> Money:
        """All of them."""
        return sum((each.amount for each in self.totals), Money(0, self.run.currency))

    @property
    def outside(self) -> tuple[Total, ...]:
        """What leaves the portal, by way."""
        return tuple(each for each in self.totals if each.kind.outside)


def runs(*, page: int = 1) -> tuple[list[RunRow], bool]:
    """The runs, newest first, and whether there are older ones."""
    shown = part_of(sa.select(PayoutRun).order_by(PayoutRun.id.desc()), page)
    totals = _totals([each.id for each in shown.rows])
    return [RunRow(each, totals.get(each.id, ())) for each in shown.rows], shown.more


def with_totals(run: PayoutRun) -> RunRow:
    """One run with what it pays."""
    return RunRow(run, _totals([run.id]).get(run.id, ()))


def _totals(run_ids: Sequence[int]) -> dict[int, tuple[Total, ...]]:
    back = Payout.returned_at.is_not(None)
    rows = db.session.execute(
        sa.select(
            Payout.run_id, Payout.kind, Payout.currency, sa.func.count(), sa.func.sum(Payout.amount),
            sa.func.sum(sa.case((back, 1), else_=0)), sa.func.sum(sa.case((back, Payout.amount), else_=0)),
        )
        .where(Payout.run_id.in_(run_ids))
        .group_by(Payout.run_id, Payout.kind, Payout.currency)
        .order_by(Payout.run_id, Payout.kind)
    )  # fmt: skip
    found: dict[int, tuple[Total, ...]] = {}
    for run_id, kind, currency, count, amount, returned, returned_amount in rows:
        total = Total(
            kind, count, Money(int(amount), currency), int(returned), Money(int(returned_amount), currency)
        )
        found[run_id] = (*found.get(run_id, ()), total)
    return found


def sent_by(run: PayoutRun, kind: Kind, *, skip: int = 0, most: int | None = None) -> Iterator[Any]:
    """What a file of the run holds, as plain rows by their order, read a thousand at a time."""
    asked = (
        sa.select(
            Payout.id,
            Payout.number,
            Payout.amount,
            Payout.target,
            Payout.holder,
            Payout.party,
            Payout.language,
        )
        .where(Payout.run_id == run.id, Payout.kind == kind, Payout.returned_at.is_(None))
        .order_by(Payout.id)
    )
    part, left = asked.offset(skip), most or sys.maxsize
    while left and (rows := db.session.execute(part.limit(min(left, AT_ONCE))).all()):
        yield from rows
        part, left = asked.where(Payout.id > rows[-1].id), left - len(rows)
