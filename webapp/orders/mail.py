"""The mails of orders, to whoever sees the organisation's money (RULES M5, M8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from webapp.accounts.models import Organisation
from webapp.i18n import current_language, day, listing, money, ngettext, number
from webapp.i18n import gettext as _
from webapp.mailer import Letter, QueuedMail, address_of, mail
from webapp.orders import queries
from webapp.orders.models import Invoice, Order, OrderLine
from webapp.orders.rules import Method
from webapp.programme import programme, seller_today
from webapp.references import spaced

NAMED = 3  # how many products a mail names before it counts the rest


@mail
def invoice_issued(row: QueuedMail) -> Letter | None:
    """To the payer, when an order is placed: the invoice, and how it is paid."""
    invoice = queries.invoice_by_id(row.about)
    if invoice is None or not queries.is_told(invoice.payer, row.address):
        return None
    order = invoice.order
    return Letter(
        subject=_("Invoice %(number)s: %(amount)s", number=invoice.number, amount=_gross(invoice)),
        heading=_("Invoice %(number)s", number=invoice.number),
        paragraphs=_what_is_invoiced(order),
        facts=(
            (_("Order"), order.number),
            *(((_("For"), order.holder.name),) if order.holder_id != order.payer_id else ()),
            (_("Ordered"), _what(order)),
            (_("Total"), _gross(invoice)),
            *_how_to_pay(order, invoice),
        ),
        button=(_("See the order and its invoice"), _page(order, order.payer)),
        after=ask_for_vat_number(order.payer) if queries.is_first(invoice) else (),
        why=_why(invoice.payer),
        thread=_thread(order),
    )


def _what_is_invoiced(order: Order) -> tuple[str, ...]:
    if order.method is Method.PREPAID:
        return (_("The amount was taken from the prepaid account. There is nothing for you to do."),)
    if order.method is Method.OUTSIDE:
        return (_("You pay it in the shop in which you ordered."),)
    if not order.missing.minor:
        return (_("Nothing is left to be paid."),)
    return (
        _("Please transfer the amount and state the reference, so that it is found."),
        _("The order is carried out as soon as the payment has arrived."),
    )


def _how_to_pay(order: Order, invoice: Invoice) -> tuple[tuple[str, str], ...]:
    seller = programme().seller
    if order.method is not Method.INVOICE or not order.missing.minor:
        return ()
    if seller is None or order.currency not in seller.iban:
        return ()
    bic = seller.bic.get(order.currency)
    return (
        (_("Payable by"), day(invoice.due_on)),
        (_("Account holder"), seller_today(order.currency)["account_holder"]),
        (_("To the account"), seller.written_iban(order.currency)),
        *(((_("BIC"), bic),) if bic else ()),
        (_("Reference"), spaced(order.reference)),
    )


def ask_for_vat_number(payer: Organisation) -> tuple[str, ...]:
    """RULES M7: a company without a VAT number is asked for it where it pays, once more with its first invoice, and
    in the mails that announce its renewals."""
    if payer.kind != "company" or payer.vat_number:
        return ()
    return (
        _("If %(organisation)s has a VAT number, add it in the settings: invoices show it.",
          organisation=payer.name),
    )  # fmt: skip


@mail
def ordered_for_client(row: QueuedMail) -> Letter | None:
    """To the client, when a partner ordered for it; amounts only if it pays (RULES M5)."""
    order = queries.by_id(row.about)
    if order is None or order.partnership is None or not queries.is_told(order.holder, row.address):
        return None
    partner = order.partnership.partner.name
    own = order.payer_id == order.holder_id
    return Letter(
        subject=_("%(partner)s has ordered for %(client)s", partner=partner, client=order.holder.name),
        heading=_("%(partner)s has ordered for you", partner=partner),
        paragraphs=(
            _("It may order and renew for you, because you have given it full access."),
            _("You pay for this order: its invoice comes in a mail of its own.")
            if own
            else _(
                "%(partner)s pays for this order. What it ordered is yours all the same.", partner=partner
            ),
        ),
        facts=(
            (_("Order"), order.number),
            *(((_("Ordered by"), order.by.name),) if order.by else ()),
            (_("Ordered"), _what(order)),
            *(((_("Total"), money(order.money(order.gross))),) if own else ()),
        ),
        button=(_("See the order"), _page(order, order.holder)),
        why=_why(order.holder),
        thread=_thread(order),
    )


@mail
def order_paid(row: QueuedMail) -> Letter | None:
    """To the payer, when a transfer has paid its order in full."""
    order = queries.by_id(row.about)
    if order is None or order.paid_at is None or not queries.is_told(order.payer, row.address):
        return None
    return Letter(
        subject=_("Payment for order %(number)s received", number=order.number),
        heading=_("Your payment has arrived"),
        paragraphs=(
            _("Thank you. Order %(number)s is paid in full, and was carried out.", number=order.number),
        ),
        facts=(
            (_("Ordered"), _what(order)),
            (_("Total"), money(order.money(order.gross))),
            (_("Paid on"), day(order.paid_at)),
        ),
        button=(_("See the order"), _page(order, order.payer)),
        why=_why(order.payer),
        thread=_thread(order),
    )


@mail
def order_cancelled(row: QueuedMail) -> Letter | None:
    """To the payer, and to the client if somebody else pays."""
    order = queries.by_id(row.about)
    if order is None or order.cancelled_at is None:
        return None
    mine = next((each for each in (order.payer, order.holder) if queries.is_told(each, row.address)), None)
    if mine is None:
        return None
    pays = mine.id == order.payer_id
    return Letter(
        subject=_("Order %(number)s is cancelled", number=order.number),
        heading=_("Order %(number)s is cancelled", number=order.number),
        paragraphs=(
            _("New products of it have ended, and renewals are taken back.")
            if order.paid_at
            else _("Nothing of it will be carried out."),
            *((_what_happens_to_money(order),) if pays else ()),
            *_renews_no_more(order),
        ),
        facts=((_("Ordered"), _what(order)),),
        button=(_("See the order"), _page(order, mine)),
        why=_why(mine),
        thread=_thread(order),
    )


def _renews_no_more(order: Order) -> tuple[str, ...]:
    """RULES M8."""
    if not order.automatic:
        return ()
    return (
        _(
            "What it was to renew no longer renews by itself. If you want that again, switch it on under “Renewals”."
        ),
    )


def _what_happens_to_money(order: Order) -> str:
    if not order.received:
        return _("Nothing is to be paid. If a transfer is under way, the money goes to your prepaid account.")
    amount = money(order.money(order.returned))
    if order.method is Method.OUTSIDE:
        return _("The shop in which you ordered gives you back %(amount)s.", amount=amount)
    return _(
        "What you paid, %(amount)s, has gone to your prepaid account. It can pay another order or be withdrawn.",
        amount=amount,
    )


@mail
def credit_issued(row: QueuedMail) -> Letter | None:
    """To the payer, with each credit note."""
    note = queries.invoice_by_id(row.about)
    if note is None or note.corrects is None or not queries.is_told(note.payer, row.address):
        return None
    order = note.order
    return Letter(
        subject=_("Credit note %(number)s: %(amount)s", number=note.number, amount=_gross(note)),
        heading=_("Credit note %(number)s", number=note.number),
        paragraphs=(
            _("It corrects invoice %(invoice)s.", invoice=note.corrects.number),
            _where_it_goes(order),
        ),
        facts=(
            (_("Order"), order.number),
            (_("Amount"), _gross(note)),
            *(((_("Reason"), note.reason),) if note.reason else ()),
        ),
        button=(_("See the order and its credit note"), _page(order, order.payer)),
        why=_why(note.payer),
        thread=_thread(order),
    )


def _where_it_goes(order: Order) -> str:
    if order.facts.missing:
        return _("You have that much less to pay.")
    if not order.received:
        return _("Nothing is left to be paid.")
    if order.method is Method.OUTSIDE:
        return _("The shop in which you ordered gives you back what you have paid too much.")
    return _(
        "What you have paid too much is on your prepaid account. It can pay another order or be withdrawn."
    )


def _what(order: Order) -> str:
    """The first products by name, the others as a number."""
    names = names_of(order.lines)
    rest = len(names) - NAMED
    if rest < 2:
        return listing(names)
    return ngettext(
        "%(names)s and %(num)s more", "%(names)s and %(num)s more", rest, names=", ".join(names[:NAMED])
    )


def names_of(lines: Sequence[OrderLine]) -> list[str]:
    """What each line is called in a mail: how many of it, and which plan when others have the same name."""
    alike = Counter(line.label for line in lines)
    return [_name_of(line, alone=alike[line.label] == 1) for line in lines]


def _name_of(line: OrderLine, *, alone: bool) -> str:
    plan = line.name_in(current_language())
    name = line.label if alone else _("%(product)s (%(plan)s)", product=line.label, plan=plan)
    if line.quantity == 1:
        return name
    return _("%(quantity)s × %(plan)s", quantity=number(line.quantity), plan=name)


def _gross(invoice: Invoice) -> str:
    return money(invoice.money(invoice.gross))


def _page(order: Order, organisation: Organisation) -> str:
    return address_of("orders.show", org=organisation.public_id, order=order.public_id)


def _why(organisation: Organisation) -> str:
    return _(
        "You get this mail because you look after the orders of %(organisation)s.",
        organisation=organisation.name,
    )


def _thread(order: Order) -> str:
    return f"order.{order.id}"
