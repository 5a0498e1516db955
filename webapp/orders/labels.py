"""The words for what orders say by codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from webapp.accounts.models import Organisation
from webapp.i18n import current_language, lazy, money, ngettext, number
from webapp.i18n import gettext as _
from webapp.ledger.models import LedgerAccount
from webapp.ledger.rules import AccountKind
from webapp.orders.models import Order, OrderLine
from webapp.orders.rules import (
    Action,
    Case,
    Factors,
    Method,
    PriceKind,
    Shown,
    Standing,
    State,
    Treatment,
    VatState,
    vat_state,
)
from webapp.products.rules import Period

STATES = {
    State.OPEN: lazy("To be paid"),
    State.PART_PAID: lazy("Partly paid"),
    State.PAID: lazy("Paid"),
    State.REFUNDED: lazy("Refunded"),
    State.PART_REFUNDED: lazy("Partly refunded"),
    State.CANCELLED: lazy("Order cancelled"),
}
TONES = {State.OPEN: "wait", State.PART_PAID: "wait", State.PAID: "ok"}

# as somebody sees an order who does not pay for it: nothing about money (RULES M5)
STANDINGS = {
    Standing.WAITING: lazy("Waiting"),
    Standing.DONE: lazy("Carried out"),
    Standing.CANCELLED: lazy("Order cancelled"),
}
STANDING_TONES = {Standing.WAITING: "wait", Standing.DONE: "ok"}

# what the operator's list can be narrowed to
SHOWN = {
    Shown.TO_BE_PAID: lazy("To be paid"),
    Shown.OVERDUE: lazy("Overdue"),
    Shown.PART_PAID: lazy("Partly paid"),
    Shown.PAID: lazy("Paid"),
    Shown.PART_REFUNDED: lazy("Partly refunded"),
    Shown.REFUNDED: lazy("Refunded"),
    Shown.CANCELLED: lazy("Order cancelled"),
}

METHODS = {
    Method.PREPAID: lazy("Prepaid account"),
    Method.INVOICE: lazy("Invoice and bank transfer"),
    Method.OUTSIDE: lazy("In the shop"),
}
ACTIONS = {Action.NEW: lazy("New product"), Action.RENEWAL: lazy("Renewal")}
PRICES = {PriceKind.PUBLIC: lazy("Public price"), PriceKind.PARTNER: lazy("Partner price")}
TREATMENTS = {
    Treatment.STANDARD: lazy("VAT"),
    Treatment.REVERSE_CHARGE: lazy("Reverse charge: the recipient owes the VAT."),
    Treatment.OUTSIDE_SCOPE: lazy("Not subject to VAT in the recipient’s country."),
}
VAT_STATES = {
    VatState.VALID: lazy("The VAT number fits: its form and check digits are right."),
    VatState.MALFORMED: lazy("This is not a VAT number of your country: check it for a slip."),
    VatState.UNVERIFIED: lazy("VAT numbers of your country can’t be checked here."),
}
VAT_TONES = {VatState.VALID: "ok", VatState.MALFORMED: "bad", VatState.UNVERIFIED: "wait"}

ACCOUNTS = {
    AccountKind.PREPAID: lazy("Prepaid account"),
    AccountKind.RECEIVABLE: lazy("Owed on invoices"),
    AccountKind.DEBT: lazy("Cashback to be given back"),
    AccountKind.WITHDRAWALS: lazy("Withdrawals under way"),
    AccountKind.BANK: lazy("Bank"),
    AccountKind.CLEARING: lazy("Received by an outside shop"),
    AccountKind.SUSPENSE: lazy("Bank transfers not assigned"),
    AccountKind.REVENUE: lazy("Revenue"),
    AccountKind.VAT: lazy("VAT"),
    AccountKind.CASHBACK: lazy("Cashback"),
    AccountKind.EXCHANGE: lazy("Exchange"),
}

# --- who pays, who earns (RULES M4) -------------------------------------------------------------------------

REASONS = {
    Case.CLIENT_PAYS_CLIENT_ORDERS: lazy(
        "A partner has full access, the client pays, and the order is in the client’s name: the client is charged "
        "the public price, and the partner gets cashback."
    ),
    Case.CLIENT_PAYS_PARTNER_ORDERS: lazy(
        "A partner has full access, the client pays, and the order is in the partner’s name: the client is "
        "charged the public price, and the partner gets cashback."
    ),
    Case.PARTNER_PAYS_CLIENT_ORDERS: lazy(
        "A partner has full access and pays for what it orders, but this order is in the client’s name: the "
        "client is charged the public price, and the partner gets cashback."
    ),
    Case.PARTNER_PAYS_PARTNER_ORDERS: lazy(
        "A partner has full access, the partner pays, and the order is in the partner’s name: the partner is "
        "charged the partner price. It has the discount and gets no cashback."
    ),
    Case.MANAGED: lazy(
        "A partner with limited access manages this product: the client is charged the public price, and the "
        "partner gets cashback."
    ),
    Case.NOBODY_S: lazy(
        "No partner manages this product: the public price is charged, and nobody gets cashback."
    ),
}
_FULL, _LIMITED = lazy("Full access"), lazy("Limited access")
_CLIENT, _PARTNER = lazy("Client"), lazy("Partner")
# a row each: access, payment method, in whose name, who is charged, price, what the partner gets
CASES = (
    (_FULL, _CLIENT, _CLIENT, _CLIENT, PRICES[PriceKind.PUBLIC], lazy("Cashback")),
    (_FULL, _CLIENT, _PARTNER, _CLIENT, PRICES[PriceKind.PUBLIC], lazy("Cashback")),
    (_FULL, _PARTNER, _CLIENT, _CLIENT, PRICES[PriceKind.PUBLIC], lazy("Cashback")),
    (_FULL, _PARTNER, _PARTNER, _PARTNER, PRICES[PriceKind.PARTNER], lazy("The discount itself, no cashback")),
    (
        _LIMITED, None, lazy("Client, for a product that the partner manages"), _CLIENT,
        PRICES[PriceKind.PUBLIC], lazy("Cashback"),
    ),
    (
        _LIMITED, None, lazy("Client, for another product"), _CLIENT, PRICES[PriceKind.PUBLIC], lazy("Nothing"),
    ),
    (_LIMITED, None, lazy("Partner: this is not possible"), None, None, None),
)  # fmt: skip


def case_reason(case: Case) -> str:
    """Why who pays and earns, in a sentence."""
    return str(REASONS[case])


# --- how a price was worked out -----------------------------------------------------------------------------


def listed(factors: Factors, period: Period) -> str:
    """`CHF 9.92 × 35 × 1 year`: unit price, quantity, periods."""
    values = {"unit": money(factors.unit), "quantity": number(factors.quantity)}
    if period is Period.YEAR:
        return ngettext(
            "%(unit)s × %(quantity)s × %(num)s year", "%(unit)s × %(quantity)s × %(num)s years",
            factors.periods, **values,
        )  # fmt: skip
    return ngettext(
        "%(unit)s × %(quantity)s × %(num)s month", "%(unit)s × %(quantity)s × %(num)s months",
        factors.periods, **values,
    )  # fmt: skip


def slid(factors: Factors) -> str:
    """`− 25% sliding scale (35 products)`."""
    return ngettext(
        "− %(rate)s%% sliding scale (%(num)s product of this category)",
        "− %(rate)s%% sliding scale (%(num)s products of this category)",
        factors.count,
        rate=number(factors.sliding),
    )


def discounted(factors: Factors) -> str:
    """`− 20% partner discount`."""
    return _("− %(rate)s%% partner discount", rate=number(factors.discount))


def price_steps(factors: Factors, period: Period, price: PriceKind) -> list[tuple[str, Any]]:
    """(what is done, what is left) from the list price to the one of this kind; what changes nothing is left out."""
    steps = [(listed(factors, period), factors.listed)]
    before_sliding = factors.listed
    if price == PriceKind.PARTNER and factors.discount:
        before_sliding = factors.discounted
        steps.append((discounted(factors), before_sliding))
    if factors.sliding:
        steps.append((slid(factors), before_sliding.less(factors.sliding)))
    return steps


def price_name(factors: Factors, price: PriceKind) -> str:
    """The name of what the steps lead to, with all reductions together where there are two."""
    if price == PriceKind.PARTNER and factors.discount and factors.sliding:
        kept = (100 - factors.discount) * (100 - factors.sliding)
        return _("Partner price (−%(rate)s%% in all)", rate=number(Decimal(10_000 - kept) / 100))
    return str(PRICES[price])


def basis_points(rate: int) -> str:
    """`8.1%`."""
    return _("%(percent)s%%", percent=number(Decimal(rate) / 100))


# --- orders -------------------------------------------------------------------------------------------------


def order_state(state: State, *, overdue: bool = False) -> tuple[str, str]:
    """(words, tone) of what an order is to its payer."""
    if overdue:
        return _("Overdue"), "bad"
    return str(STATES[state]), TONES.get(state, "")


def order_standing(standing: Standing) -> tuple[str, str]:
    """(words, tone) of what an order is to somebody who does not pay for it."""
    return str(STANDINGS[standing]), STANDING_TONES.get(standing, "")


def method_name(method: Method) -> str:
    """How it is paid."""
    return str(METHODS[method])


def action_name(action: Action) -> str:
    """What a line does."""
    return str(ACTIONS[action])


def ordered_plan(line: OrderLine) -> str:
    """The plan's name, as it was when it was ordered."""
    return line.name_in(current_language())


def ordered_by(order: Order) -> str:
    """Who really ordered (RULES C14)."""
    if order.by:
        return str(order.by.name)
    return _("A shop outside this portal") if order.outside else _("Nobody: it was renewed automatically")


def tax_name(treatment: Treatment, rate: int) -> str:
    """`VAT 8.1%`, or `VAT` where none is charged."""
    if treatment is Treatment.STANDARD:
        return _("VAT %(rate)s", rate=basis_points(rate))
    return _("VAT")


def tax_reason(treatment: Treatment) -> str:
    """Why no VAT is charged; empty where it is."""
    return "" if treatment is Treatment.STANDARD else str(TREATMENTS[treatment])


def account_name(account: LedgerAccount) -> str:
    """An account of the ledger, with the organisation that has it."""
    kind = str(ACCOUNTS[account.kind])
    if account.organisation is None:
        return kind
    return _("%(account)s of %(organisation)s", account=kind, organisation=account.organisation.name)


def paid_from(account: LedgerAccount) -> str:
    """Where a payment came from, as its payer calls it."""
    if account.kind is AccountKind.PREPAID:
        return _("From the prepaid account")
    return _("In the shop") if account.kind is AccountKind.CLEARING else _("Bank transfer")


def returned_to(account: LedgerAccount) -> str:
    """Where a payment went back to, as its payer calls it."""
    if account.kind is AccountKind.PREPAID:
        return _("Returned to the prepaid account")
    return _("Returned by the shop")


def vat_known(organisation: Organisation) -> tuple[str, str] | None:
    """(words, tone) of what is known of the organisation's VAT number; None without one (RULES M7)."""
    state = vat_state(organisation.vat_number, organisation.country)
    return (str(VAT_STATES[state]), VAT_TONES[state]) if state else None


def is_overdue(order: Any, today: date) -> bool:
    """Whether something is missing on it after its day."""
    return bool(order.facts.missing and not order.facts.cancelled and order.due_on < today)


FILTERS: dict[str, Callable[..., Any]] = {
    "account_name": account_name,
    "action_name": action_name,
    "case_reason": case_reason,
    "method_name": method_name,
    "order_standing": order_standing,
    "order_state": order_state,
    "ordered_by": ordered_by,
    "ordered_plan": ordered_plan,
    "overdue": is_overdue,
    "paid_from": paid_from,
    "price_name": price_name,
    "price_steps": price_steps,
    "returned_to": returned_to,
    "tax_name": tax_name,
    "tax_reason": tax_reason,
    "vat_known": vat_known,
}
