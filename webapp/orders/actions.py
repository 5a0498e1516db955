"""Every change to orders: placed, paid, credited, cancelled; each books what it means in the same transaction.

What became of an order is worked out from what happened to it, not from the order in which it happened
(SECURITY M2): each action notes its fact and calls `settle`, which books the difference to what should be.
The steps that actions share are in rooms below, none a transaction by itself: billing, fulfilment, settlement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm.attributes import set_committed_value

from webapp import audit, drafts, mailer
from webapp.accounts.models import Organisation, User
from webapp.config import LANGUAGES
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.i18n import speaking
from webapp.ledger import queries as books
from webapp.ledger.rules import AccountKind
from webapp.ledger.rules import Side as Account
from webapp.money import Money
from webapp.orders import billing, checks, fulfilment, queries, quotes, rules
from webapp.orders import mail as _mail  # noqa: F401 # registers the mails
from webapp.orders.bookings import book, payment
from webapp.orders.models import Invoice, Order, OrderLine
from webapp.orders.numbers import next_number
from webapp.orders.quotes import Quote, QuotedLine, Wanted
from webapp.orders.rules import Method
from webapp.orders.settlement import settle
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Side
from webapp.programme import programme
from webapp.references import reference_of
from webapp.unit import lock, unit_of_work

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
    invoice = billing.charge(order, by=by, now=now)
    audit.record("order.placed", order, by=by, now=now, organisation=quote.payer, detail=f"method={method}")
    _tell_of_order(order, invoice, now=now)
    if method is Method.PREPAID and order.gross:
        _receive(order, order.money(order.gross), Account(AccountKind.PREPAID, order.payer_id),
                 key=f"order:{order.id}:prepaid", now=now)  # fmt: skip
    settle(order, now=now)
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
    number, day = next_number("orders", "O", now=now)
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
        book(order, [payment(order, amount, source, key)], now=now)
        return
    _receive(order, amount, source, key=key, now=now)
    audit.record("order.received", order, by=by, now=now, organisation=order.payer, detail=f"{amount.minor}")
    settle(order, now=now)


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
    note = billing.credit(order, amounts, reason=reason, by=by, now=now)
    settle(order, now=now)
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
    note = billing.credit(order, amounts, vat=amount - net, reason=reason, by=by, now=now)
    settle(order, now=now)
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
            fulfilment.take_away(line, by=by, now=now)
        if order.automatic:
            fulfilment.stop_renewing(line, by=by, now=now)
    if order.credited < order.gross:
        billing.credit(order, {line.id: line.left for line in order.lines}, reason=reason, by=by, now=now)
    order.cancelled_at = now
    audit.record("order.cancelled", order, by=by, now=now, organisation=order.payer)
    for person in _told(order.payer, order.holder):
        mailer.queue("order_cancelled", person, order, now=now)
    settle(order, now=now)


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
    set_committed_value(order, "lines", queries.locked_lines(order))


def _receive(order: Order, amount: Money, source: Account, *, key: str, now: datetime) -> None:
    book(order, [payment(order, amount, source, key)], now=now)
    order.received = (order.money(order.received) + amount).minor


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
