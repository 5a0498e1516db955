"""What is asked about a partner's revenue, about prices, and about the volume under management (RULES M, A2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from heapq import merge
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from webapp import clock
from webapp.accounts.models import Organisation
from webapp.database import UtcDateTime
from webapp.directory.models import PartnerAccount
from webapp.directory.rules import VolumeStanding, volume_standing
from webapp.extensions import db
from webapp.ledger.models import Entry, LedgerAccount, Transfer
from webapp.ledger.rules import AccountKind, Cause, months_between, next_month
from webapp.money import Money
from webapp.orders import queries as orders
from webapp.orders import quotes
from webapp.orders.models import CreditLine, Invoice, Order, OrderLine
from webapp.orders.rules import Factors, PriceKind, case_of
from webapp.partnerships.models import Partnership, ProductGrant
from webapp.partnerships.queries import ACTIVE, GRANTED
from webapp.partnerships.rules import Access, Terms
from webapp.products.models import Plan, Product
from webapp.products.rules import Family, Period
from webapp.programme import programme
from webapp.revenue.models import ClientMonth, Line, Placed, Price, Statement, Volume
from webapp.revenue.rules import Chart, Earned, What, last_months, nothing_in, taken_back

PER_PAGE = 50
AT_ONCE = 1_000  # rows of a file that are read together


# --- the volume under management (RULES A2) -----------------------------------------------------------------


def volume(partner: PartnerAccount) -> Volume:
    """The partner's volume under management, in its organisation's currency: one statement.

    All active products of a client that gives full access, else those that it granted. A suspended partner
    manages nothing.
    """
    currency = partner.organisation.currency
    price = Plan.price_chf if currency == "CHF" else Plan.price_eur
    yearly = price * sa.case((Plan.period == Period.MONTH, 12), else_=1)
    managed = (
        sa.select(Product.id, Product.organisation_id, yearly.label("yearly"))
        .join(Plan, Plan.id == Product.plan_id)
        .join(Partnership, Partnership.client_id == Product.organisation_id)
        .join(PartnerAccount, PartnerAccount.id == Partnership.partner_id)
        .outerjoin(
            ProductGrant,
            sa.and_(
                ProductGrant.partnership_id == Partnership.id, ProductGrant.product_id == Product.id, GRANTED
            ),
        )
        .where(
            Partnership.partner_id == partner.id,
            PartnerAccount.suspended_at.is_(None),
            ACTIVE,
            Product.ended_at.is_(None),
            sa.or_(Partnership.access == Access.FULL, ProductGrant.id.is_not(None)),
        )
        .subquery()
    )
    value, count, clients = db.session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(managed.c.yearly), 0),
            sa.func.count(),
            sa.func.count(managed.c.organisation_id.distinct()),
        ).select_from(managed)
    ).one()
    return Volume(Money(int(value), currency), count, clients)


def standing(partner: PartnerAccount, managed: Volume, *, now: datetime) -> VolumeStanding:
    """Where the partner stands towards the yearly volume (RULES A2)."""
    eligibility = programme().eligibility
    return volume_standing(
        managed.value,
        eligibility.volume(managed.value.currency),
        since=partner.approved_at,
        months=eligibility.months_to_reach_it,
        now=now,
    )


# --- prices (RULES M1, M2) ----------------------------------------------------------------------------------


def price(
    plan: Plan, currency: str, *, quantity: int, periods: int, payer: Organisation | None = None
) -> Price:
    """The price of so many of a plan, for somebody who has none yet or for this payer (RULES M2)."""
    already = paid_for(payer, plan.family) if payer else 0
    policy, count = programme(), already + quantity
    factors = Factors(
        plan.price(currency), quantity, periods, policy.discount_of(plan.code, plan.discount),
        policy.sliding.step(plan.family, plan.sliding, count), count,
    )  # fmt: skip
    return Price(plan, factors, already, quotes.tax_of(payer) if payer else None)


def paid_for(payer: Organisation, family: Family) -> int:
    """How many active products of this category the organisation pays for (RULES M2)."""
    counted = (
        sa.select(sa.func.count())
        .select_from(Product)
        .join(Plan, Plan.id == Product.plan_id)
        .where(Product.payer_id == payer.id, Product.ended_at.is_(None), Plan.family == family)
    )
    return db.session.scalar(counted) or 0


# --- the statement of a month -------------------------------------------------------------------------------

# An order counts when it is paid; a credit note when it is issued, but not before that.
_credited_at = sa.case((Invoice.issued_at > Order.paid_at, Invoice.issued_at), else_=Order.paid_at)
_discount = OrderLine.public - OrderLine.partner
_other = aliased(CreditLine)
_credited_before = (
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


def _within(moment: Any, month: date) -> sa.ColumnElement[bool]:
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
            _credited_at, Order.holder_id, Order.currency, _discount, OrderLine.net, CreditLine.net, _credited_before
        )
        .select_from(CreditLine)
        .join(Invoice, Invoice.id == CreditLine.invoice_id)
        .join(OrderLine, OrderLine.id == CreditLine.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            _discounted(organisation),
            _credited_at >= clock.start_of(since),
            _credited_at < clock.start_of(next_month(last)),
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
        .where(_discounted(organisation), _within(Order.paid_at, month))
    )  # fmt: skip
    backs = (
        sa.select(
            _credited_at, Order.id, sa.cast(OrderLine.id, sa.String), CreditLine.invoice_id, sa.literal(0), _discount,
            OrderLine.net, _credited_before, CreditLine.net,
        )
        .select_from(CreditLine)
        .join(Invoice, Invoice.id == CreditLine.invoice_id)
        .join(OrderLine, OrderLine.id == CreditLine.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(_discounted(organisation), _within(_credited_at, month))
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
        .where(_cashback_of(organisation), _within(Entry.at, month))
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


# --- the mail about a month ---------------------------------------------------------------------------------


def partner_by_public_id(public_id: str) -> PartnerAccount | None:
    """The partner that a mail's stop link names."""
    return db.session.scalar(sa.select(PartnerAccount).where(PartnerAccount.public_id == public_id))


def partners_to_tell(month: date) -> list[PartnerAccount]:
    """The partners in which something was earned or taken back in this month, and that want the mail."""
    paid = (
        sa.select(Order.payer_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(OrderLine.price == PriceKind.PARTNER, _within(Order.paid_at, month))
    )
    credited = (
        sa.select(Order.payer_id)
        .select_from(CreditLine)
        .join(Invoice, Invoice.id == CreditLine.invoice_id)
        .join(OrderLine, OrderLine.id == CreditLine.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.price == PriceKind.PARTNER, Order.paid_at.is_not(None), _within(_credited_at, month))
    )
    booked = (
        sa.select(LedgerAccount.organisation_id)
        .join(Entry, Entry.account_id == LedgerAccount.id)
        .join(Transfer, Transfer.id == Entry.transfer_id)
        .where(LedgerAccount.kind.in_(_PARTNERS_OWN), Transfer.cause.in_(_CASHBACK), _within(Entry.at, month))
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


# --- rows of files (RULES M9, M10, C12) ---------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """Which rows of a file: of one month and in one currency, or of all. With `by_payment` an order belongs to the
    month in which it was paid, as in the statement; else to the one in which it was placed.
    """

    month: date | None = None
    currency: str | None = None
    by_payment: bool = False


@dataclass(frozen=True)
class _Part:
    """Some lines of orders, in the order of an index: `key` is the column of the order's id in it."""

    key: Any
    where: sa.ColumnElement[bool]


def _revenue_of(organisation: Organisation) -> tuple[_Part, ...]:
    """Lines on which a partner earns, and those that it pays for itself."""
    return (
        _Part(OrderLine.order_id, OrderLine.earner_id == organisation.id),
        _Part(Order.id, sa.and_(Order.payer_id == organisation.id, OrderLine.price == PriceKind.PARTNER)),
    )


def _billing_of(partnership: Partnership) -> tuple[_Part, ...]:
    """All orders that a partner with full access stood behind, and lines of what a limited one managed: those that
    were placed while the partnership stood (RULES C12)."""
    mine = Order.partnership_id == partnership.id
    return (
        _Part(Order.id, mine),
        _Part(
            OrderLine.order_id,
            sa.and_(
                OrderLine.partnership_id == partnership.id,
                Order.partnership_id.is_distinct_from(partnership.id),
            ),
        ),
    )


def _orders_of(organisation: Organisation) -> tuple[_Part, ...]:
    """What an organisation pays for, and what is for it (RULES O8)."""
    return (
        _Part(Order.id, Order.payer_id == organisation.id),
        _Part(Order.id, sa.and_(Order.holder_id == organisation.id, Order.payer_id != organisation.id)),
    )


@dataclass(frozen=True)
class Rows:
    """The rows of a file: `reader_id` is the organisation that reads it, as a partner of the client or as itself."""

    parts: tuple[_Part, ...]
    reader_id: int
    as_partner: bool


def revenue_rows(organisation: Organisation) -> Rows:
    """Everything that a partner earned on or paid for."""
    return Rows(_revenue_of(organisation), organisation.id, as_partner=True)


def billing_rows(partnership: Partnership) -> Rows:
    """What was ordered for a client while it had this partner."""
    return Rows(_billing_of(partnership), partnership.partner_organisation_id, as_partner=True)


def order_rows(organisation: Organisation) -> Rows:
    """An organisation's own orders."""
    return Rows(_orders_of(organisation), organisation.id, as_partner=False)


_bill = aliased(Invoice)


def _plain(column: Any) -> Any:
    """The column as the database has it: a million values are not turned into objects."""
    return sa.type_coerce(column, sa.String)


# what each row of a file begins with; `exchange` knows this order
_COMMON = (
    OrderLine.order_id, OrderLine.position, Order.holder_id, Order.payer_id, Order.number, OrderLine.label,
    sa.cast(OrderLine.plan_name, sa.Text), _plain(OrderLine.action), _plain(OrderLine.period), OrderLine.periods,
    OrderLine.quantity, OrderLine.public, OrderLine.discount, OrderLine.sliding, _plain(OrderLine.price),
    OrderLine.net, OrderLine.cashback, OrderLine.earner_id, Order.vat_rate, Order.currency,
    Order.paid_at.is_not(None), Order.cancelled_at.is_not(None), Order.gross, Order.credited, Order.received,
)  # fmt: skip
_IN_ORDER = itemgetter(0, 1)


def lines_of(rows: Rows, wanted: Wanted) -> Iterator[Any]:
    """The lines of orders by order, as plain rows, of each part a thousand at a time: `_COMMON`, the moment, the
    invoice's number, VAT.
    """
    moment = sa.func.coalesce(Order.paid_at, Order.placed_at) if wanted.by_payment else Order.placed_at
    query = (
        sa.select(*_COMMON, sa.type_coerce(moment, UtcDateTime), _bill.number, OrderLine.vat)
        .select_from(OrderLine)
        .join(Order, Order.id == OrderLine.order_id)
        .join(_bill, sa.and_(_bill.order_id == Order.id, _bill.corrects_id.is_(None)))
        .where(*_asked(wanted, moment))
    )
    return merge(*(_all(query, part, (OrderLine.position,)) for part in rows.parts), key=_IN_ORDER)


def credits_of(rows: Rows, wanted: Wanted) -> Iterator[Any]:
    """What credit notes took back of such lines, in the same way: then what it took back, and how much was taken
    back before, net.
    """
    moment: Any = Invoice.issued_at
    if wanted.by_payment:
        moment = sa.func.coalesce(_credited_at, Invoice.issued_at)
    query = (
        sa.select(
            *_COMMON, sa.type_coerce(moment, UtcDateTime), Invoice.number, CreditLine.vat,
            CreditLine.net, _credited_before, CreditLine.invoice_id,
        )
        .select_from(CreditLine)
        .join(OrderLine, OrderLine.id == CreditLine.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Invoice, Invoice.id == CreditLine.invoice_id)
        .where(*_asked(wanted, moment))
    )  # fmt: skip
    keys = (OrderLine.position, CreditLine.invoice_id)
    return merge(*(_all(query, part, keys) for part in rows.parts), key=itemgetter(0, 1, -1))


def _asked(wanted: Wanted, moment: Any) -> list[sa.ColumnElement[bool]]:
    month = [_within(moment, wanted.month)] if wanted.month else []
    return [*month, *([Order.currency == wanted.currency] if wanted.currency else [])]


def _all(query: sa.Select[Any], part: _Part, further: tuple[Any, ...]) -> Iterator[Any]:
    """All rows of a part, each page beginning behind the last row of the one before. A row has its order and its
    position first, and a third key last."""
    keys = (part.key, *further)
    page = query.where(part.where).order_by(*keys).limit(AT_ONCE)
    connection = db.session.connection()  # plain rows: the session would look at each
    rows = connection.execute(page).all()
    while rows:
        yield from rows
        if len(rows) < AT_ONCE:
            return
        last = (rows[-1][0], rows[-1][1], rows[-1][-1])[: len(keys)]
        behind = sa.and_(part.key >= last[0], sa.tuple_(*keys) > sa.tuple_(*map(sa.literal, last)))
        rows = connection.execute(page.where(behind)).all()


def name_of(organisation_id: int) -> str:
    """What an organisation is called."""
    return db.session.scalars(sa.select(Organisation.name).where(Organisation.id == organisation_id)).one()


def origin(organisation: Organisation, number: str) -> Order | None:
    """The order with this number that moved money of the organisation: it is concerned, or earned on it."""
    earned_on = sa.exists().where(OrderLine.order_id == Order.id, OrderLine.earner_id == organisation.id)
    return db.session.scalar(
        sa.select(Order).where(Order.number == number, sa.or_(orders.concerning(organisation), earned_on))
    )
