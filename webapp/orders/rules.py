"""What an order costs, who pays it, who earns on it, and what becomes of it (RULES M1–M6). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stdnum.eu import vat as eu_vat

from webapp.accounts.rules import Role, check_vat_number
from webapp.money import Money
from webapp.partnerships.rules import Access, Payer, Side, Terms, earns, may_order
from webapp.places import EU
from webapp.products.rules import NotYours
from webapp.refused import Refused

QUANTITY_MOST = 1_000  # of a line, and new products of an order: paid, they begin in one transaction
LINES_MOST = 50
PERIODS_MOST = 36
REASON_LENGTH = 200
MANAGES_MONEY = Role.ADMINISTRATOR  # the weakest role that orders and sees amounts

NUMBERS_KNOWN = EU | {"CH", "LI", "GB", "MC"}  # countries whose VAT numbers can be checked offline


class Action(StrEnum):
    """What a line does."""

    NEW = "new"
    RENEWAL = "renewal"


class Method(StrEnum):
    """How an order is paid."""

    PREPAID = "prepaid"
    INVOICE = "invoice"
    OUTSIDE = "outside"  # in the shop that sent it


class PriceKind(StrEnum):
    """Which price is charged."""

    PUBLIC = "public"
    PARTNER = "partner"


class State(StrEnum):
    """What an order is at this moment, computed from what happened to it."""

    OPEN = "open"
    PART_PAID = "part_paid"
    PAID = "paid"
    REFUNDED = "refunded"
    PART_REFUNDED = "part_refunded"
    CANCELLED = "cancelled"


class Standing(StrEnum):
    """The same for somebody who does not pay for it: whether it was carried out, and nothing about money (RULES M5)."""

    WAITING = "waiting"
    DONE = "done"
    CANCELLED = "cancelled"


class Shown(StrEnum):
    """Which orders the operator's list shows: those in a state, or those that money is missing on."""

    TO_BE_PAID = "to_be_paid"
    OVERDUE = "overdue"
    PART_PAID = "part_paid"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


class Treatment(StrEnum):
    """How an order is taxed (RULES M7)."""

    STANDARD = "standard"
    REVERSE_CHARGE = "reverse_charge"
    OUTSIDE_SCOPE = "outside_scope"


class VatState(StrEnum):
    """What is known, offline, of a VAT number (RULES M7)."""

    VALID = "valid"
    MALFORMED = "malformed"
    UNVERIFIED = "unverified"


# --- prices -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Factors:
    """What a price is made of. `unit` is the public price of one for one period, net; `discount` and `sliding`
    are per cent; `count` is how many the payer has of the family, this order included (RULES M2)."""

    unit: Money
    quantity: int
    periods: int
    discount: int
    sliding: int
    count: int

    @property
    def listed(self) -> Money:
        """Unit price × quantity × periods."""
        return self.unit * (self.quantity * self.periods)

    @property
    def public(self) -> Money:
        """The public price: it slides too (RULES M2)."""
        return self.listed.less(self.sliding)

    @property
    def discounted(self) -> Money:
        """The list price less the partner discount (RULES M1)."""
        return self.listed.less(self.discount)

    @property
    def partner(self) -> Money:
        """The partner price: the sliding scale applies to what the partner discount leaves (RULES M2, M3)."""
        return self.discounted.less(self.sliding)

    def price(self, kind: PriceKind) -> Money:
        """The price of this kind."""
        return self.public if kind == PriceKind.PUBLIC else self.partner  # templates say it as a word

    @property
    def difference(self) -> Money:
        """Public price − partner price of the same thing: the discount, or the cashback (RULES M4)."""
        return self.public - self.partner


# --- who pays, who earns ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deal:
    """A line of the table in RULES M4. `earning`: the partner gets the difference as cashback."""

    charged: Payer
    price: PriceKind
    earning: bool


def deal(terms: Terms | None, *, by: Side, manages: bool = False) -> Deal:
    """Who is charged what, and whether the partner earns (RULES M4).

    `terms` of the partner whom the thing concerns, None when the client has none; `manages`: whether a limited
    partner manages this product. Raises MayNotOrder.
    """
    acting = by is Side.PARTNER
    if terms is None:
        if acting:
            raise MayNotOrder()
        return Deal(Payer.CLIENT, PriceKind.PUBLIC, earning=False)
    if not may_order(terms.access, acting_for_client=acting):
        raise MayNotOrder()
    if acting and terms.payer is Payer.PARTNER:
        return Deal(Payer.PARTNER, PriceKind.PARTNER, earning=False)
    return Deal(Payer.CLIENT, PriceKind.PUBLIC, earning=earns(terms.access, manages_product=manages))


def renews_as(terms: Terms | None, *, paid_by_partner: bool) -> Side:
    """As whom a product renews by itself: as the partner if it pays for the product and still may (RULES M4, M8)."""
    if paid_by_partner and terms and terms.access is Access.FULL and terms.payer is Payer.PARTNER:
        return Side.PARTNER
    return Side.CLIENT


class Case(StrEnum):
    """Which line of the table in RULES M4 an order's line falls under; the last one is for a partner refused."""

    CLIENT_PAYS_CLIENT_ORDERS = "client_client"
    CLIENT_PAYS_PARTNER_ORDERS = "client_partner"
    PARTNER_PAYS_CLIENT_ORDERS = "partner_client"
    PARTNER_PAYS_PARTNER_ORDERS = "partner_partner"
    MANAGED = "managed"
    NOBODY_S = "nobody_s"


def case_of(terms: Terms | None, *, by: Side, earning: bool) -> Case:
    """`terms` of the partner with full access, None without one; `earning` whether a partner gets cashback."""
    if terms is None or terms.access is not Access.FULL:
        return Case.MANAGED if earning else Case.NOBODY_S
    orders = Side.PARTNER if by is Side.PARTNER else Side.CLIENT
    return Case(f"{terms.payer}_{orders}")


# --- VAT ----------------------------------------------------------------------------------------------------


def vat_state(number: str | None, country: str) -> VatState | None:
    """What is known of this number, by form and check digits alone (RULES M7); None without one."""
    if not number:
        return None
    if check_vat_number(number, country).valid:
        return VatState.VALID
    return VatState.MALFORMED if country in NUMBERS_KNOWN else VatState.UNVERIFIED


@dataclass(frozen=True)
class Tax:
    """How an amount is taxed; `rate` in basis points."""

    treatment: Treatment
    rate: int

    def on(self, net: Money) -> Money:
        """The tax on this net amount, rounded once for the whole order."""
        return net.share(self.rate)


def tax(*, seller: str, buyer: str, vat_number: str | None, rate: int) -> Tax:
    """How an order is taxed: `seller` and `buyer` are countries, `rate` is the table's for the buyer's (RULES M7).

    A valid EU VAT number of another country than the seller's puts the tax on the buyer.
    """
    if vat_number and buyer in EU and buyer != seller and _eu_number_elsewhere(vat_number, seller):
        return Tax(Treatment.REVERSE_CHARGE, 0)
    return Tax(Treatment.STANDARD, rate) if rate else Tax(Treatment.OUTSIDE_SCOPE, 0)


def _eu_number_elsewhere(number: str, seller: str) -> bool:
    country = "GR" if number[:2] == "EL" else number[:2]
    return country in EU and country != seller and eu_vat.is_valid(number)


# --- numbers ------------------------------------------------------------------------------------------------


def numbered(prefix: str, year: int, n: int) -> str:
    """`O-2026-00012`: the number of an order, an invoice or a credit note; without a prefix `2026-00012`."""
    return "-".join([*([prefix] if prefix else []), str(year), f"{n:05d}"])


# --- what becomes of an order -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What happened to an order, in minor units: billed at placing, credited since, received for it.

    `paid` whether it was ever paid in full, `cancelled` whether somebody cancelled it. Everything else follows
    (SECURITY M2), in whatever order these came about.
    """

    billed: int
    credited: int
    received: int
    cancelled: bool

    @property
    def owed(self) -> int:
        """What is billed at this moment."""
        return self.billed - self.credited

    @property
    def missing(self) -> int:
        """What has still to be paid."""
        return max(0, self.owed - self.received)

    @property
    def excess(self) -> int:
        """What was received beyond that: the payer's (RULES M6)."""
        return max(0, self.received - self.owed)

    @property
    def settled(self) -> bool:
        """Whether nothing is missing, and the order still stands; what was only credited is not paid by that.

        Once true it stays so whatever is received or credited later, until somebody cancels the order.
        """
        return not self.cancelled and self.missing == 0 and (self.received > 0 or self.billed == 0)

    @property
    def standing(self) -> Standing:
        """In one word for somebody who does not pay for it."""
        if self.settled:
            return Standing.DONE
        return Standing.WAITING if self.missing and not self.cancelled else Standing.CANCELLED

    @property
    def state(self) -> State:
        """In one word."""
        if self.cancelled:
            return State.CANCELLED
        if self.missing:
            return State.PART_PAID if self.received else State.OPEN
        if self.credited:
            return State.REFUNDED if self.credited == self.billed else State.PART_REFUNDED
        return State.PAID


def proportion(whole: Money, *, taken: int, of: int) -> Money:
    """What belongs to `taken` of `of` in the whole; all of it belongs to all (RULES M11)."""
    return whole if taken >= of else whole.part(taken, of)


def net_of(amount: Money, *, gross: Money, net: Money, gross_left: Money, net_left: Money) -> Money:
    """The net part of a refund with VAT: as in the whole order, and within what is left of net and of VAT."""
    vat_left = gross_left.minor - net_left.minor
    share = amount.part(net.minor, gross.minor).minor
    return Money(max(amount.minor - vat_left, min(share, amount.minor, net_left.minor)), amount.currency)


# --- refusals -----------------------------------------------------------------------------------------------


class MayNotOrder(Refused):
    """RULES M4, C1: a limited partner orders nothing."""

    status = 403
    sentence = "With limited access a partner can’t order or renew for its client."


class NoLongerOrdering(Refused):
    """Who orders no longer may: its role, the partnership or the partner's standing changed."""

    status = 403
    sentence = "You can’t order for this organisation any more."


class NothingOrdered(Refused):
    """An order has a line."""

    status = 422
    sentence = "Choose at least one product."


class NotSold(Refused):
    """The plan is no longer in the catalogue."""

    sentence = "%(plan)s is no longer sold. Choose another plan."


class NotRenewable(NotYours):
    """The product has ended, or is another organisation's."""


class RenewedAlready(Refused):
    """A renewal of the same period is on its way (SECURITY L4)."""

    sentence = "%(product)s is being renewed already: order %(order)s."


class TooManyProducts(Refused):
    """What is paid begins in one transaction, for which everybody who pays waits."""

    status = 422
    sentence = "An order has at most %(most)s new products. Order fewer of them, then place another order."


class TooFarAhead(Refused):
    """A product's dates end with the century."""

    status = 422
    sentence = "%(product)s can’t be renewed for so long. Choose a shorter time."


class RenewedTwice(Refused):
    """An order renews a product once."""

    status = 422
    sentence = "One of these products is in the order twice. Choose it once, for as long as you like."


class PriceChanged(Refused):
    """The price is not the one that was shown (told, and asked again)."""

    sentence = "The price has changed since you saw it: it is now %(amount)s. Check the order again."


class NoInvoice(Refused):
    """Without the operator's bank account nobody pays by transfer."""

    status = 422
    sentence = "Payment by invoice is not possible in this currency. Pay from the prepaid account."


class AlreadyCancelled(Refused):
    """An order is cancelled once."""

    sentence = "This order is cancelled already."


class TooMuchCredited(Refused):
    """Nobody gets more back than was billed."""

    status = 422
    sentence = "At most %(amount)s of it can still be refunded."


class NothingCredited(Refused):
    """A refund has an amount."""

    status = 422
    sentence = "Enter an amount for at least one line."


class CancelInstead(Refused):
    """An order that is not paid, and on which a refund leaves nothing to pay: any cent would begin it."""

    status = 422
    sentence = "This order is not paid, and nothing would be left to pay. Cancel it instead."


class RefundedMeanwhile(Refused):
    """Something was credited since the refund was checked."""

    sentence = "Something of this order was refunded since you saw it. Check what is left."


class NotOpen(Refused):
    """Only an order that waits for its payment can be paid."""

    sentence = "Nothing is missing on this order any more."
