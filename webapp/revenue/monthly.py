"""What a partner earned: discount and cashback by month, client and line, as they were booked (RULES M3, M4, M11)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from webapp import clock
from webapp.accounts.models import Organisation
from webapp.database import UtcDateTime
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.ledger.models import Entry, LedgerAccount, Transfer
from webapp.ledger.rules import AccountKind, Cause, months_between, next_month
from webapp.money import Money
from webapp.orders.models import CreditLine, Invoice, Order, OrderLine
from webapp.orders.rules import Factors, PriceKind, case_of
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Terms
from webapp.revenue.models import ClientMonth, Line, Placed, Statement
from webapp.revenue.rules import Chart, Earned, What, last_months, nothing_in, taken_back

PER_PAGE = 50

# An order counts when it is paid; a credit note when it is issued, but not before that.
CREDITED_AT = sa.case((Invoice.issued_at > Order.paid_at, Invoice.issued_at), else_=Order.paid_at)
_discount = OrderLine.public - OrderLine.partner
_other = aliased(CreditLine)
CREDITED_BEFORE = (
    sa.select(sa.func.coalesce(sa.func.sum(_other.net), 0))
    .where(_other.line_id == CreditLine.line_id, _other.invoice_id < CreditLine.invoice_id)
    .correlate(CreditLine)
    .scalar_subquery()
)
_CASHBACK = (Cause.CASHBACK_EARNED, Cause.CASHBACK_TAKEN_BACK)
_PARTNERS_OWN = (AccountKind.PREPAID, AccountKind.DEBT)  # what it could not give back is owed


def _discounted(organisation: Organisation) -> sa.ColumnElement[bool]:
    """The lines that the partner has paid at the partner price."""
    return sa.and_(
        Order.payer_id == organisation.id,
        Order.paid_at.is_not(None),
        OrderLine.price == PriceKind.PARTNER,
    )


def _cashback_of(organisation: Organisation) -> sa.ColumnElement[bool]:
    return sa.and_(
        LedgerAccount.organisation_id == organisation.id,
        LedgerAccount.kind.in_(_PARTNERS_OWN),
        Transfer.cause.in_(_CASHBACK),
    )


def _spans(days: Iterable[date]) -> Any:
    """A table of these months: `day`, and the instants at which each begins and is over."""
    columns = (
        sa.column("day", sa.Date),
        sa.column("begin", UtcDateTime),
        sa.column("over", UtcDateTime),
    )
    values = [(day, clock.start_of(day), clock.start_of(next_month(day))) for day in days]
    return sa.values(*columns, name="months").data(values).cte("months").c


def within(moment: Any, month: date) -> sa.ColumnElement[bool]:
    """The condition that a moment is in this month."""
    begin, over = clock.start_of(month), clock.start_of(next_month(month))
    return sa.and_(moment >= begin, moment < over)


@dataclass(frozen=True)
class _Back:
    """A discount that a credit note has taken back."""

    at: datetime
    holder_id: int
    amount: Money

    @property
    def month(self) -> date:
        return clock.day_of(self.at).replace(day=1)


def _backs(organisation: Organisation, since: date, last: date) -> list[_Back]:
    """The discounts that were taken back from this month to that one; worked out here, to the minor unit."""
    rows = db.session.execute(
        sa.select(
            CREDITED_AT, Order.holder_id, Order.currency, _discount, OrderLine.net, CreditLine.net, CREDITED_BEFORE
        )
        .select_from(CreditLine)
        .join(Invoice, Invoice.id == CreditLine.invoice_id)
        .join(OrderLine, OrderLine.id == CreditLine.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            _discounted(organisation),
            clock.start_of(since) <= CREDITED_AT,
            clock.start_of(next_month(last)) > CREDITED_AT,
        )
    )  # fmt: skip
    return [
        _Back(at, holder, -taken_back(Money(discount, currency), before=before, after=before + net, of=of))
        for at, holder, currency, discount, of, net, before in rows
    ]


class _Sums:
    """Discount and cashback by currency and something else."""

    def __init__(self) -> None:
        self.found: dict[str, dict[Any, Earned]] = {}

    def add(self, key: Any, discount: Money, cashback: Money | None = None) -> None:
        """Adds to what there is under this key."""
        each = self.found.setdefault(discount.currency, {})
        before = each.get(key, nothing_in(discount.currency))
        each[key] = before + Earned(discount, cashback or Money(0, discount.currency))


def earned(organisation: Organisation, months: Sequence[date]) -> dict[str, dict[date, Earned]]:
    """Discount and cashback by currency and month, of these months, oldest first: two statements."""
    spans = _spans(months)
    discounts = (
        sa.select(spans.day, Order.currency, sa.func.sum(_discount), sa.literal(0))
        .select_from(OrderLine)
        .join(Order, Order.id == OrderLine.order_id)
        .join(spans.day.table, sa.and_(Order.paid_at >= spans.begin, Order.paid_at < spans.over))
        .where(_discounted(organisation))
        .group_by(spans.day, Order.currency)
    )
    cashbacks = (
        sa.select(spans.day, Transfer.currency, sa.literal(0), sa.func.sum(Entry.amount))
        .select_from(LedgerAccount)
        .join(spans.day.table, sa.true())
        .join(
            Entry,
            sa.and_(Entry.account_id == LedgerAccount.id, Entry.at >= spans.begin, Entry.at < spans.over),
        )
        .join(Transfer, Transfer.id == Entry.transfer_id)
        .where(_cashback_of(organisation))
        .group_by(spans.day, Transfer.currency)
    )
    sums = _Sums()
    for day, currency, discount, cashback in db.session.execute(sa.union_all(discounts, cashbacks)):
        sums.add(day, Money(int(discount), currency), Money(int(cashback), currency))
    for back in _backs(organisation, months[0], months[-1]):
        sums.add(back.month, back.amount)
    return {
        currency: {day: found.get(day, nothing_in(currency)) for day in months}
        for currency, found in sorted(sums.found.items())
    }


def months_of(partner: PartnerAccount, *, now: datetime) -> list[date]:
    """The months of which there is a statement, newest first."""
    return months_between(clock.day_of(partner.approved_at), clock.day_of(now))[::-1]


def statement(organisation: Organisation, month: date, *, now: datetime, page: int = 1) -> Statement:
    """A month of a partner's revenue: the same number of statements however much there is."""
    shown = last_months(clock.day_of(now))
    found = earned(organisation, sorted({*shown, month}))
    charts = [Chart(currency, {day: by_month[day] for day in shown}) for currency, by_month in found.items()]
    lines, more = _lines(organisation, month, page)
    return Statement(
        month,
        [by_month[month] for by_month in found.values() if by_month[month].something],
        [chart for chart in charts if chart.drawn],
        _by_client(organisation, month, lines),
        page,
        more,
    )


def _by_client(organisation: Organisation, month: date, lines: Sequence[Line]) -> list[ClientMonth]:
    sums = _of_clients(organisation, month, {line.client_id for line in lines})
    clients: dict[int, list[Line]] = {}
    for line in lines:
        clients.setdefault(line.client_id, []).append(line)
    return [
        ClientMonth(
            own[0].client,
            own[0].partnership,
            [by_client[holder] for by_client in sums.values() if holder in by_client],
            own,
        )
        for holder, own in clients.items()
    ]


def _of_clients(
    organisation: Organisation, month: date, holders: Collection[int]
) -> dict[str, dict[int, Earned]]:
    """What these clients brought in a month, by currency: two statements."""
    events = _events(organisation, month)
    rows = db.session.execute(
        sa.select(Order.holder_id, Order.currency, events.c.is_cashback, sa.func.sum(events.c.amount))
        .select_from(events)
        .join(Order, Order.id == events.c.order_id)
        .where(Order.holder_id.in_(holders), events.c.of.is_(None))
        .group_by(Order.holder_id, Order.currency, events.c.is_cashback)
    )
    sums = _Sums()
    for holder, currency, is_cashback, minor in rows:
        amount, none = Money(int(minor), currency), Money(0, currency)
        sums.add(holder, none if is_cashback else amount, amount if is_cashback else none)
    for back in _backs(organisation, month, month):
        if back.holder_id in holders:
            sums.add(back.holder_id, back.amount)
    return dict(sorted(sums.found.items()))


def _events(organisation: Organisation, month: date) -> sa.Subquery:
    """What counts in a month: lines paid at the partner price, discounts taken back, and the cashback in the
    ledger. `of` is None but for those taken back, whose amount follows from `of`, `before` and `net`; `seq` is the
    order of what happens at one moment.
    """
    none = sa.null()
    discounts = (
        sa.select(
            Order.paid_at.label("at"), Order.id.label("order_id"), sa.cast(OrderLine.id, sa.String).label("line"),
            sa.literal(0).label("seq"), sa.literal(0).label("is_cashback"), _discount.label("amount"),
            sa.cast(none, sa.BigInteger).label("of"), sa.cast(none, sa.BigInteger).label("before"),
            sa.cast(none, sa.BigInteger).label("net"),
        )
        .select_from(OrderLine)
        .join(Order, Order.id == OrderLine.order_id)
        .where(_discounted(organisation), within(Order.paid_at, month))
    )  # fmt: skip
    backs = (
        sa.select(
            CREDITED_AT, Order.id, sa.cast(OrderLine.id, sa.String), CreditLine.invoice_id, sa.literal(0), _discount,
            OrderLine.net, CREDITED_BEFORE, CreditLine.net,
        )
        .select_from(CreditLine)
        .join(Invoice, Invoice.id == CreditLine.invoice_id)
        .join(OrderLine, OrderLine.id == CreditLine.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(_discounted(organisation), within(CREDITED_AT, month))
    )  # fmt: skip
    about = sa.case(  # `orders:12`
        (Transfer.subject.startswith("orders:"), sa.cast(sa.func.substr(Transfer.subject, 8), sa.Integer))
    )
    cashbacks = (
        sa.select(
            Entry.at, Order.id, Transfer.key, Transfer.id, sa.literal(1), Entry.amount, none, none, none
        )
        .select_from(LedgerAccount)
        .join(Entry, Entry.account_id == LedgerAccount.id)
        .join(Transfer, Transfer.id == Entry.transfer_id)
        .join(Order, Order.id == about)
        .where(_cashback_of(organisation), within(Entry.at, month))
    )
    return sa.union_all(discounts, backs, cashbacks).subquery("events")


def _lines(organisation: Organisation, month: date, page: int) -> tuple[list[Line], bool]:
    """A page of the month's lines by client and time; whether there are more: two statements."""
    events = _events(organisation, month)
    rows = db.session.execute(
        sa.select(events, Order.holder_id, Organisation.name)
        .select_from(events)
        .join(Order, Order.id == events.c.order_id)
        .join(Organisation, Organisation.id == Order.holder_id)
        .order_by(
            sa.func.lower(Organisation.name),
            Order.holder_id,
            events.c.at,
            events.c.order_id,
            events.c.seq,
            sa.func.length(events.c.line),
            events.c.line,
        )
        .limit(PER_PAGE + 1)
        .offset((page - 1) * PER_PAGE)
    ).all()
    known = _order_lines({_line_id(row.line) for row in rows})
    lines = [_line(row, known[_line_id(row.line)], organisation) for row in rows[:PER_PAGE]]
    return lines, len(rows) > PER_PAGE


def _line_id(named: str) -> int:
    """`12`, or the key of a transfer: `line:12:cashback:0`."""
    return int(named.split(":")[1] if ":" in named else named)


def _order_lines(ids: Collection[int]) -> dict[int, Any]:
    """Of these lines of orders what their prices were made of."""
    rows = db.session.execute(
        sa.select(
            OrderLine.id, OrderLine.label, OrderLine.plan_name, OrderLine.period, OrderLine.unit, OrderLine.quantity,
            OrderLine.periods, OrderLine.discount, OrderLine.sliding, OrderLine.count, OrderLine.price,
            OrderLine.earner_id, Order.public_id, Order.number, Order.currency, Order.payer_id, Order.access,
            Order.paid_by, Order.side, Order.policy_version, Order.placed_at,
            Partnership.public_id.label("partnership"),
        )
        .join(Order, Order.id == OrderLine.order_id)
        .outerjoin(
            Partnership, Partnership.id == sa.func.coalesce(OrderLine.partnership_id, Order.partnership_id)
        )
        .where(OrderLine.id.in_(ids))
    )  # fmt: skip
    return {row.id: row for row in rows}


def _line(event: Any, row: Any, organisation: Organisation) -> Line:
    factors = Factors(
        Money(row.unit, row.currency), row.quantity, row.periods, row.discount, row.sliding, row.count
    )
    terms = Terms(row.access, row.paid_by) if row.access else None
    what, minor, credited = _what(event, row.currency)
    return Line(
        what, event.at, minor, Money(credited, row.currency), event.name, event.holder_id, row.partnership,
        row.number, row.public_id if row.payer_id == organisation.id else None, row.label, row.plan_name, row.period,
        factors, row.price, case_of(terms, by=row.side, earning=row.earner_id is not None), row.earner_id,
        Placed(row.policy_version, row.placed_at),
    )  # fmt: skip


def _what(event: Any, currency: str) -> tuple[What, Money, int]:
    """What the event is, its amount, and how much of the line had been credited by then."""
    amount = Money(event.amount, currency)
    if event.is_cashback:
        credited = int(event.line.split(":")[3])  # `line:12:back:5000`
        return (What.CASHBACK if amount.minor > 0 else What.CASHBACK_BACK), amount, credited
    if event.of is None:
        return What.DISCOUNT, amount, 0
    before, after = int(event.before), int(event.before) + event.net
    return What.DISCOUNT_BACK, -taken_back(amount, before=before, after=after, of=event.of), after


def partners_to_tell(month: date) -> list[PartnerAccount]:
    """The partners in which something was earned or taken back in this month, and that want the mail."""
    paid = (
        sa.select(Order.payer_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(OrderLine.price == PriceKind.PARTNER, within(Order.paid_at, month))
    )
    credited = (
        sa.select(Order.payer_id)
        .select_from(CreditLine)
        .join(Invoice, Invoice.id == CreditLine.invoice_id)
        .join(OrderLine, OrderLine.id == CreditLine.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.price == PriceKind.PARTNER, Order.paid_at.is_not(None), within(CREDITED_AT, month))
    )
    booked = (
        sa.select(LedgerAccount.organisation_id)
        .join(Entry, Entry.account_id == LedgerAccount.id)
        .join(Transfer, Transfer.id == Entry.transfer_id)
        .where(LedgerAccount.kind.in_(_PARTNERS_OWN), Transfer.cause.in_(_CASHBACK), within(Entry.at, month))
    )
    return list(
        db.session.scalars(
            sa.select(PartnerAccount)
            .where(
                PartnerAccount.organisation_id.in_(sa.union_all(paid, credited, booked)),
                PartnerAccount.suspended_at.is_(None),
                PartnerAccount.statement_mail,
            )
            .order_by(PartnerAccount.id)
        )
    )
