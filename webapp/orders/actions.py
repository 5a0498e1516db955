"""Every change to orders: placed, paid, credited, cancelled; each books what it means in the same transaction.

What became of an order is worked out from what happened to it, not from the order in which it happened
(SECURITY M2): each action notes its fact and calls `_settle`, which books the difference to what should be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

import sqlalchemy as sa

from webapp import audit, drafts, mailer
from webapp.accounts.models import Organisation, User
from webapp.config import LANGUAGES
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.i18n import speaking
from webapp.ledger import actions as ledger
from webapp.ledger import queries as books
from webapp.ledger.rules import AccountKind, Booking, Cause
from webapp.ledger.rules import Side as Account
from webapp.money import Money
from webapp.orders import checks, queries, quotes, rules
from webapp.orders import mail as _mail  # noqa: F401 # registers the mails
from webapp.orders.models import CreditLine, Invoice, Order, OrderLine, OrderProduct, Series
from webapp.orders.quotes import Quote, QuotedLine, Wanted
from webapp.orders.rules import Action, Method
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Side
from webapp.products import actions as products
from webapp.products import rules as product_rules
from webapp.products.rules import LABEL_LENGTH
from webapp.programme import programme, seller_today
from webapp.references import reference_of
from webapp.unit import insert_into, lock, unit_of_work

# --- placing ------------------------------------------------------------------------------------------------


@unit_of_work
def place(
    holder: Organisation, wanted: Sequence[Wanted], *, side: Side, method: Method, by: User | None, now: datetime,
    acting: Partnership | None = None, expected: Money | None = None, key: str | None = None,
    outside: str | None = None,
) -> Order:  # fmt: skip
    """The order is placed, billed and, from the prepaid account, paid (RULES M1–M5).

    `expected` is the total that was shown; `key` the form's one-time key: a second submit answers the first
    order. `by` is None for an automatic renewal and an outside shop. Raises NoLongerOrdering, NothingOrdered,
    NotSold, NotRenewable, RenewedAlready, MayNotOrder, PriceChanged, NoInvoice, and the ledger's NotEnough.
    """
    _lock_money(holder, acting)
    if key and (placed := queries.by_key(key)):  # asked with the payer locked: of two at once one waits here
        return placed
    if acting:
        checks.refuse_partner(acting, holder)
    if by:
        checks.refuse_others(acting.partner.organisation if acting else holder, by)
    wanted = checks.locked(wanted)
    checks.refuse_wanted(holder, wanted)
    quote = quotes.quote(holder, wanted, side=side, acting=acting)
    if expected is not None and expected != quote.gross:
        raise rules.PriceChanged(amount=quote.gross)
    if method is Method.INVOICE and not programme().iban(quote.payer.currency):
        raise rules.NoInvoice()
    order = _write(quote, method=method, by=by, now=now, key=key, outside=outside)
    invoice = _issue(order, by=by, now=now)
    _book(order, _charge(order), now=now)
    audit.record("order.placed", order, by=by, now=now, organisation=quote.payer, detail=f"method={method}")
    _tell_of_order(order, invoice, now=now)
    if method is Method.PREPAID and order.gross:
        _receive(order, order.money(order.gross), Account(AccountKind.PREPAID, order.payer_id),
                 key=f"order:{order.id}:prepaid", now=now)  # fmt: skip
    _settle(order, now=now)
    return order


def _lock_money(holder: Organisation, acting: Partnership | None) -> None:
    """Orders of one payer come one after the other: each counts those before it (RULES M2)."""
    concerned = {holder.id: holder}
    if acting:
        concerned[acting.partner.organisation_id] = acting.partner.organisation
    for organisation_id in sorted(concerned):
        lock(concerned[organisation_id])


def _write(
    quote: Quote, *, method: Method, by: User | None, now: datetime, key: str | None, outside: str | None
) -> Order:
    number, day = _number("orders", "O", now=now)
    terms = quote.partnership.terms if quote.partnership else None
    vat = quote.vat
    parts = vat.split([line.net.minor for line in quote.lines])
    due = timedelta(days=programme().invoicing.due_days if method is Method.INVOICE else 0)
    order = Order(
        number=number, holder=quote.holder, payer=quote.payer, partnership=quote.partnership,
        access=terms and terms.access, paid_by=terms and terms.payer, side=quote.side, by=by,
        method=method, outside=outside, reference=reference_of(number),
        currency=quote.payer.currency, net=quote.net.minor, treatment=quote.tax.treatment,
        vat_rate=quote.tax.rate, vat=vat.minor, gross=quote.gross.minor,
        policy_version=programme().version, key=key, placed_at=now, due_on=day + due,
        received=0, credited=0, returned=0,
        lines=[_line(n, line, part) for n, (line, part) in enumerate(zip(quote.lines, parts, strict=True), 1)],
    )  # fmt: skip
    db.session.add(order)
    db.session.flush()
    return order


def _line(position: int, quoted: QuotedLine, vat: Money) -> OrderLine:
    wanted, factors, plan = quoted.wanted, quoted.factors, quoted.wanted.plan
    earner = quoted.partnership.partner.organisation if quoted.partnership else None
    return OrderLine(
        position=position, action=wanted.action, plan=plan, plan_code=plan.code,
        plan_name={language: plan.name_in(language) for language in LANGUAGES},
        family=plan.family, period=plan.period, product=wanted.product, label=wanted.label,
        quantity=wanted.quantity, periods=wanted.periods, starts_on=quoted.starts_on, ends_on=quoted.ends_on,
        unit=factors.unit.minor, discount=factors.discount, sliding=factors.sliding, count=factors.count,
        price=quoted.deal.price, public=factors.public.minor, partner=factors.partner.minor,
        net=quoted.net.minor, vat=vat.minor, partnership=quoted.partnership, earner=earner,
        cashback=quoted.cashback.minor, cashback_booked=0, credited=0,
        claim=checks.claim_of(wanted.product) if wanted.product else None,
    )  # fmt: skip


def _number(series: str, prefix: str, *, now: datetime) -> tuple[str, date]:
    """The next number of the year without a gap, and the day that goes with it, never before an earlier one's."""
    day = queries.today(now)
    row = db.session.execute(
        _following(db.engine.dialect.name), {"series": series, "of_year": day.year, "day": day}
    ).one()
    return rules.numbered(prefix, day.year, row[0] - 1), row[1]


@cache
def _following(_dialect: str) -> sa.Executable:
    """The first number of a year, or one more than was given last."""
    day = sa.bindparam("day", type_=sa.Date)
    made = insert_into(Series).values(
        name=sa.bindparam("series"), year=sa.bindparam("of_year"), following=2, newest_on=day
    )
    return made.on_conflict_do_update(
        index_elements=["name", "year"],
        set_={
            "following": Series.following + 1,
            "newest_on": sa.case((Series.newest_on > day, Series.newest_on), else_=day),
        },
    ).returning(Series.following, Series.newest_on)


def _issue(
    order: Order, *, by: User | None, now: datetime, corrects: Invoice | None = None, net: int | None = None,
    vat: int | None = None, reason: str = "",
) -> Invoice:  # fmt: skip
    """The order's invoice; or a credit note of so much, when it corrects one."""
    payer = order.payer
    number, day = _number("credits", "C", now=now) if corrects else _number("invoices", "", now=now)
    net, vat = order.net if net is None else net, order.vat if vat is None else vat
    invoice = Invoice(
        number=number, order=order, payer=payer, corrects=corrects, issued_at=now, issued_on=day,
        due_on=day if corrects else max(day, order.due_on), language=payer.language,
        party={
            "name": payer.name, "street": payer.street, "postcode": payer.postcode, "city": payer.city,
            "country": payer.country, "vat_number": payer.vat_number,
            "register_number": payer.register_number, "note": payer.invoice_note,
            "holder": order.holder.name if order.holder_id != order.payer_id else "",
            "seller": seller_today(order.currency), "periods": _periods(order),
        },
        currency=order.currency, net=net, vat=vat, gross=net + vat, reason=reason,
        by_id=by.id if by else None,
    )  # fmt: skip
    db.session.add(invoice)
    db.session.flush()
    return invoice


def _periods(order: Order) -> dict[str, list[str]]:
    """From when until when each line lasts, by its position: a renewal may still be moved until it is paid."""
    return {
        str(line.position): [line.starts_on.isoformat(), line.ends_on.isoformat()]
        for line in order.lines
        if line.starts_on and line.ends_on
    }


# --- what happens to it -------------------------------------------------------------------------------------


@unit_of_work
def receive(
    order: Order, amount: Money, source: Account, *, key: str, by: User | None, now: datetime
) -> None:
    """Money for the order arrived at `source`; what is too much, or too late, is the payer's (RULES M6).

    The same key counts once. Raises KeyReused when it was another payment's (SECURITY L4).
    """
    _lock_order(order)
    if key in books.transfers_by_key({key}):
        _book(order, [_payment(order, amount, source, key)], now=now)
        return
    _receive(order, amount, source, key=key, now=now)
    audit.record("order.received", order, by=by, now=now, organisation=order.payer, detail=f"{amount.minor}")
    _settle(order, now=now)


@unit_of_work
def credit(
    order: Order, amounts: Mapping[int, Money], *, reason: str, by: User | None, now: datetime
) -> Invoice:
    """Gives back so much, net, of each line (by id), with its VAT and its part of the cashback (RULES M11).

    What was paid goes to the payer's prepaid account; what the order made stays: `cancel` ends it.
    Raises NothingCredited, TooMuchCredited, AlreadyCancelled.
    """
    _lock_order(order)
    if order.cancelled_at:
        raise rules.AlreadyCancelled()
    amounts = {line.id: amounts[line.id] for line in order.lines if line.id in amounts}
    if not any(amount.minor for amount in amounts.values()) or min(amounts.values()).minor < 0:
        raise rules.NothingCredited()
    note = _credit(order, amounts, reason=reason, by=by, now=now)
    _settle(order, now=now)
    return note


@unit_of_work
def credit_total(order: Order, amount: Money, *, reason: str, by: User | None, now: datetime) -> Invoice:
    """Gives back so much, VAT included, spread over what is left of the lines (RULES M11).

    Raises NothingCredited, TooMuchCredited, AlreadyCancelled.
    """
    _lock_order(order)
    if order.cancelled_at:
        raise rules.AlreadyCancelled()
    left = order.money(order.gross - order.credited)
    if (left - amount).minor < 0:
        raise rules.TooMuchCredited(amount=left)
    if amount.minor <= 0:
        raise rules.NothingCredited()
    net_left = order.money(sum(line.left.minor for line in order.lines))
    net = rules.net_of(amount, gross=order.money(order.gross), net=order.money(order.net),
                       gross_left=left, net_left=net_left)  # fmt: skip
    parts = net.split([line.left.minor for line in order.lines])
    amounts = {line.id: part for line, part in zip(order.lines, parts, strict=True)}
    note = _credit(order, amounts, vat=amount - net, reason=reason, by=by, now=now)
    _settle(order, now=now)
    return note


@unit_of_work
def refund(order: Order, draft: Draft, *, by: User, now: datetime) -> bool:
    """Credits what a checked form asked for, once: False when its draft was used before.

    The draft holds `amounts` by the line's id, the `reason`, and how much was `credited` when it was shown.
    Raises what `credit` raises, RefundedMeanwhile and CancelInstead.
    """
    _lock_order(order)
    if not drafts.finish(draft, now=now):
        return False
    if draft.data["credited"] != order.credited:
        raise rules.RefundedMeanwhile()
    amounts = {int(line_id): order.money(minor) for line_id, minor in draft.data["amounts"].items()}
    if queries.Refund(order, amounts).empties:
        raise rules.CancelInstead()
    credit(order, amounts, reason=draft.data["reason"], by=by, now=now)
    return True


@unit_of_work
def cancel(order: Order, *, reason: str, by: User | None, now: datetime) -> None:
    """The order counts no more: all that is left of it is credited, and what it made ends (RULES M6).

    Raises AlreadyCancelled, and RenewedMeanwhile for a renewal that another one followed.
    """
    _lock_order(order)
    if order.cancelled_at:
        raise rules.AlreadyCancelled()
    for line in order.lines:
        line.claim = None
        if order.paid_at:
            _take_away(line, by=by, now=now)
        if order.automatic:
            _stop_renewing(line, by=by, now=now)
    if order.credited < order.gross:
        _credit(order, {line.id: line.left for line in order.lines}, reason=reason, by=by, now=now)
    order.cancelled_at = now
    audit.record("order.cancelled", order, by=by, now=now, organisation=order.payer)
    for person in _told(order.payer, order.holder):
        mailer.queue("order_cancelled", person, order, now=now)
    _settle(order, now=now)


@unit_of_work
def cancel_unpaid(order: Order, *, organisation: Organisation, by: User, now: datetime) -> None:
    """Who pays for an order takes it back before it has paid. Raises NotOpen, NoLongerOrdering, AlreadyCancelled."""
    _lock_order(order)
    checks.refuse_others(organisation, by)
    if order.payer_id != organisation.id or order.paid_at:
        raise rules.NotOpen()
    with speaking(order.payer.language, order.payer.country):
        reason = _("Cancelled by %(organisation)s before it was paid.", organisation=organisation.name)
    cancel(order, reason=reason[: rules.REASON_LENGTH], by=by, now=now)


def _lock_order(order: Order) -> None:
    _lock_money(order.holder, order.partnership)
    lock(order)
    for line in order.lines:
        lock(line)


def _receive(order: Order, amount: Money, source: Account, *, key: str, now: datetime) -> None:
    _book(order, [_payment(order, amount, source, key)], now=now)
    order.received = (order.money(order.received) + amount).minor


def _credit(
    order: Order, amounts: Mapping[int, Money], *, reason: str, by: User | None, now: datetime,
    vat: Money | None = None,
) -> Invoice:  # fmt: skip
    """A credit note, booked. Unless `vat` is given it is the part that belongs to all that was ever credited, less
    what was before."""
    given = [line for line in order.lines if line.id in amounts]
    # without any net amount a cent of VAT may be all that is left
    lines = [line for line in given if amounts[line.id].minor] or given[:1]
    for line in lines:
        if (line.left - amounts[line.id]).minor < 0:
            raise rules.TooMuchCredited(amount=line.left)
    net = sum(amounts[line.id].minor for line in lines)
    if vat is None:
        vat = order.vat_back(net)
    note = _issue(
        order, by=by, now=now, corrects=order.invoice, net=net, vat=vat.minor, reason=reason
    )  # fmt: skip
    parts = vat.split([amounts[line.id].minor for line in lines])
    for line, part in zip(lines, parts, strict=True):
        line.credited += amounts[line.id].minor
        note.credits.append(CreditLine(line=line, net=amounts[line.id].minor, vat=part.minor))
    order.credited += note.gross
    _book(order, _reversal(order, note), now=now)
    audit.record("order.credited", order, by=by, now=now, organisation=order.payer, detail=note.number)
    for person in queries.money_people(order.payer):
        mailer.queue("credit_issued", person, note, now=now)
    return note


def _settle(order: Order, *, now: datetime) -> None:
    """Books the difference between what the order's facts ask for and what is booked (SECURITY M2)."""
    db.session.flush()
    if order.facts.settled and order.paid_at is None:
        order.paid_at = now
        _fulfil(order, now=now)
        if order.method is not Method.PREPAID:
            for person in queries.money_people(order.payer):
                mailer.queue("order_paid", person, order, now=now)
    excess = order.facts.excess
    if excess > order.returned:
        cause = Cause.ORDER_RETURNED if order.credited else Cause.ORDER_EXCESS
        move = _Move(_receivable(order), _payers_own(order), order.money(excess - order.returned), cause,
                     f"order:{order.id}:returned:{excess}")  # fmt: skip
        _book(order, [move], now=now)
        order.returned = excess
    for line in order.lines:
        _settle_cashback(line, now=now)


def _fulfil(order: Order, *, now: datetime) -> None:
    """What was paid begins, on the client's organisation (RULES M5)."""
    for line in order.lines:
        if line.action is Action.NEW:
            _make(line, now=now)
        elif line.product and lock(line.product).ended_at:
            _give_back_ended(line, now=now)
        elif line.product:
            _renew(line, now=now)


def _make(line: OrderLine, *, now: datetime) -> None:
    order, day = line.order, queries.today(now)
    width = len(str(line.quantity))  # so that a list of them by label is in their order
    for n in range(1, line.quantity + 1):
        label = line.label if line.quantity == 1 else f"{line.label[: LABEL_LENGTH - 6]} {n:0{width}}"
        product = products.start_product(
            order.holder, line.plan, label=label, started_on=day, periods=line.periods, payer=order.payer,
            by=order.by, now=now,
        )  # fmt: skip
        db.session.flush()
        db.session.add(OrderProduct(line_id=line.id, product_id=product.id))


def _renew(line: OrderLine, *, now: datetime) -> None:
    product, order = line.product, line.order
    assert product is not None and line.ends_on is not None
    if product.renews_on != line.starts_on:  # the operator moved it meanwhile
        line.starts_on = product.renews_on
        line.ends_on = product_rules.following(
            product.renews_on, line.period, periods=line.periods, started_on=product.started_on
        )
    line.payer_before_id = product.payer_id
    products.renew_product(product, until=line.ends_on, payer=order.payer, by=order.by, now=now)


def _give_back_ended(line: OrderLine, *, now: datetime) -> None:
    """The product ended before its renewal was paid: the money is the payer's again."""
    with speaking(line.order.payer.language, line.order.payer.country):
        reason = _("The product had ended before its renewal was paid.")
    if line.left.minor:
        _credit(line.order, {line.id: line.left}, reason=reason, by=None, now=now)


def _take_away(line: OrderLine, *, by: User | None, now: datetime) -> None:
    """What the line made ends; what it renewed is as it was."""
    if line.action is Action.NEW:
        for product in line.made:
            if not lock(product).ended_at:
                products.end_product(product, by=by, now=now)
    elif line.product and line.starts_on and line.ends_on and line.payer_before:
        products.take_back_renewal(
            line.product, until=line.ends_on, back_to=line.starts_on, payer=line.payer_before, by=by, now=now
        )


def _stop_renewing(line: OrderLine, *, by: User | None, now: datetime) -> None:
    """What renewed by itself does so no more: the clock would order it anew within the hour (RULES M8)."""
    if line.product and lock(line.product).auto_renew and not line.product.ended_at:
        products.set_automatic(line.product, False, by=by, now=now)


# --- cashback -----------------------------------------------------------------------------------------------


def _settle_cashback(line: OrderLine, *, now: datetime) -> None:
    """Credits the partner what a paid line brings, and takes back what was credited of it since (RULES M4, M11)."""
    if line.earner_id is None or line.order.paid_at is None:
        return
    due = line.cashback_after(line.credited)
    difference = due.minor - line.cashback_booked
    if difference:
        moves = _earn(line, difference, now=now) if difference > 0 else _take_back(line, -difference, now=now)
        _book(line.order, moves, now=now)
        line.cashback_booked = due.minor


def _earn(line: OrderLine, minor: int, *, now: datetime) -> list[_Move]:
    """To the partner's prepaid account; a debt from cashback that was taken back is paid first."""
    prepaid, debt = _partners(line)
    owed = -ledger.hold([prepaid, debt], line.order.currency, now=now)[debt].minor
    cashback, key = Account(AccountKind.CASHBACK), f"line:{line.id}:cashback:{line.credited}"
    moves = [_Move(cashback, prepaid, line.money(minor), Cause.CASHBACK_EARNED, key)]
    if paid_off := min(owed, minor):
        moves.append(_Move(prepaid, debt, line.money(paid_off), Cause.DEBT_SETTLED, f"{key}:debt"))
    return moves


def _take_back(line: OrderLine, minor: int, *, now: datetime) -> list[_Move]:
    """From the partner's prepaid account; what it does not have becomes its debt (SECURITY L5)."""
    prepaid, debt = _partners(line)
    there = min(minor, ledger.hold([prepaid, debt], line.order.currency, now=now)[prepaid].minor)
    cashback, key = Account(AccountKind.CASHBACK), f"line:{line.id}:back:{line.credited}"
    parts = [(prepaid, there, key), (debt, minor - there, f"{key}:debt")]
    return [
        _Move(account, cashback, line.money(part), Cause.CASHBACK_TAKEN_BACK, each)
        for account, part, each in parts
        if part
    ]


def _partners(line: OrderLine) -> tuple[Account, Account]:
    return Account(AccountKind.PREPAID, line.earner_id), Account(AccountKind.DEBT, line.earner_id)


# --- the ledger ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Move:
    """An amount from one account to another one."""

    debit: Account
    credit: Account
    amount: Money
    cause: Cause
    key: str


def _receivable(order: Order) -> Account:
    return Account(AccountKind.RECEIVABLE, order.payer_id)


def _payers_own(order: Order) -> Account:
    """Where the payer gets back what is its own: the prepaid account (RULES M6), or by the shop that received it."""
    if order.method is Method.OUTSIDE:
        return Account(AccountKind.CLEARING)
    return Account(AccountKind.PREPAID, order.payer_id)


def _payment(order: Order, amount: Money, source: Account, key: str) -> _Move:
    return _Move(source, _receivable(order), amount, Cause.ORDER_PAID, key)


def _charge(order: Order) -> list[_Move]:
    """What the payer owes from now on."""
    owed, key = _receivable(order), f"order:{order.id}"
    return [
        _Move(owed, Account(AccountKind.REVENUE), order.money(order.net), Cause.ORDER_CHARGED, f"{key}:net"),
        _Move(owed, Account(AccountKind.VAT), order.money(order.vat), Cause.ORDER_VAT, f"{key}:vat"),
    ]


def _reversal(order: Order, note: Invoice) -> list[_Move]:
    """What the payer owes no longer."""
    owed, key = _receivable(order), f"credit:{note.id}"
    return [
        _Move(Account(AccountKind.REVENUE), owed, note.money(note.net), Cause.ORDER_REVERSED, f"{key}:net"),
        _Move(Account(AccountKind.VAT), owed, note.money(note.vat), Cause.ORDER_VAT_REVERSED, f"{key}:vat"),
    ]


def _book(order: Order, moves: Sequence[_Move], *, now: datetime) -> None:
    ledger.book(
        [
            Booking(
                each.debit, each.credit, each.amount, each.cause, each.key,
                f"orders:{order.id}", order.number, order.policy_version,
            )
            for each in moves
            if each.amount.minor
        ],
        now=now,
    )  # fmt: skip


# --- who is told --------------------------------------------------------------------------------------------


def _tell_of_order(order: Order, invoice: Invoice, *, now: datetime) -> None:
    """The payer gets the invoice if it wants such mails (RULES M8); a client hears what a partner orders for it."""
    notices = queries.notices_of(order.payer)
    if notices is None or notices.invoice_issued:
        for person in queries.money_people(order.payer):
            mailer.queue("invoice_issued", person, invoice, now=now)
    if order.side is Side.PARTNER:
        for person in queries.money_people(order.holder):
            mailer.queue("ordered_for_client", person, order, now=now)


def _told(*organisations: Organisation) -> list[User]:
    """Who sees the money of any of them, each once."""
    people = {person.id: person for each in organisations for person in queries.money_people(each)}
    return list(people.values())
