"""Who orders for whom, and how the payer can pay. No tables: what becomes of it is an order's."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.accounts.models import Organisation
from webapp.accounts.queries import Member
from webapp.money import Money
from webapp.orders.rules import Method
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Payer, Side


@dataclass(frozen=True)
class Purchase:
    """Who orders for whom: a colleague for the own organisation, or for a client of it (`partnership`)."""

    membership: Member
    partnership: Partnership | None = None

    @property
    def organisation(self) -> Organisation:
        """Whose colleague orders."""
        return self.membership.organisation

    @property
    def holder(self) -> Organisation:
        """Whose the products will be (RULES O8)."""
        return self.partnership.client if self.partnership else self.organisation

    @property
    def side(self) -> Side:
        """In whose name."""
        return Side.PARTNER if self.partnership else Side.CLIENT

    @property
    def charged(self) -> Payer:
        """Whose payment method is used (RULES C5, M4)."""
        return self.partnership.payer if self.partnership else Payer.CLIENT

    @property
    def payer(self) -> Organisation:
        """Who pays."""
        return self.organisation if self.charged is Payer.PARTNER else self.holder

    @property
    def pays_itself(self) -> bool:
        """Whether whoever orders belongs to the payer, and may see its money (RULES M5)."""
        return self.payer.id == self.organisation.id


@dataclass(frozen=True)
class Means:
    """How an order of this total can be paid: what is on the prepaid account, and whether by invoice."""

    total: Money
    balance: Money
    by_invoice: bool

    @property
    def missing(self) -> Money:
        """What the prepaid account lacks."""
        return max(self.total - self.balance, Money(0, self.total.currency))

    @property
    def possible(self) -> list[Method]:
        """The methods that can be chosen."""
        prepaid = [] if self.missing.minor else [Method.PREPAID]
        return [*prepaid, *([Method.INVOICE] if self.by_invoice else [])]
