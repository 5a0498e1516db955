"""What is true of partnerships between a client and a partner (RULES C). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from webapp.refused import Refused

END_STEP = timedelta(minutes=10)  # how long the first page of ending opens the second one


class Access(StrEnum):
    """RULES C1, C2."""

    LIMITED = "limited"
    FULL = "full"


class Payer(StrEnum):
    """Whose payment method is used (RULES C5)."""

    CLIENT = "client"
    PARTNER = "partner"


class Side(StrEnum):
    """On whose side somebody acts in a partnership."""

    CLIENT = "client"
    PARTNER = "partner"
    OPERATOR = "operator"


class Right(StrEnum):
    """RULES C4."""

    TECHNICAL = "technical"
    STATISTICAL = "statistical"


class Standing(StrEnum):
    """What a partnership is at this moment."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


@dataclass(frozen=True)
class Rights:
    """What a limited partner may do with one product (RULES C4). Falsy when it is nothing."""

    technical: bool = False
    statistical: bool = False

    def __bool__(self) -> bool:
        return self.technical or self.statistical

    def has(self, right: Right) -> bool:
        """Whether this right is among them."""
        return self.technical if right is Right.TECHNICAL else self.statistical

    def __and__(self, other: Rights) -> Rights:
        return Rights(self.technical and other.technical, self.statistical and other.statistical)


NOTHING = Rights()
EVERYTHING = Rights(technical=True, statistical=True)

Picked = Mapping[int, Rights]  # by the product's id


@dataclass(frozen=True)
class Terms:
    """What a client lets a partner do. Only full access leaves a choice of who pays (RULES C5)."""

    access: Access
    payer: Payer = Payer.CLIENT

    def __post_init__(self) -> None:
        if self.access is Access.LIMITED and self.payer is not Payer.CLIENT:
            raise ValueError("limited access is paid for by the client")


@dataclass(frozen=True)
class RightChange:
    """One right on one product, given or taken away."""

    product_id: int
    right: Right
    given: bool


def differences(before: Picked, after: Picked) -> list[RightChange]:
    """What changes from one selection of products to another: by product, technical first."""
    found = []
    for product_id in sorted({*before, *after}):
        old, new = before.get(product_id, NOTHING), after.get(product_id, NOTHING)
        found += [
            RightChange(product_id, right, new.has(right))
            for right in Right
            if old.has(right) != new.has(right)
        ]
    return found


def may_order(access: Access, *, acting_for_client: bool) -> bool:
    """Whether a partner may order and renew for its client (RULES C1, C2); the client itself always may."""
    return not acting_for_client or access is Access.FULL


def earns(access: Access, *, manages_product: bool) -> bool:
    """Whether the partner earns on what the client buys or renews (RULES C1, C2)."""
    return access is Access.FULL or manages_product


def rights_on(access: Access, granted: Rights) -> Rights:
    """What a partner may do with a product of its client (RULES C1, C2, C4)."""
    return EVERYTHING if access is Access.FULL else granted


def manages_all_clients(role: str) -> bool:
    """Whether somebody with this role in the partner's organisation reaches every client (RULES C13)."""
    return role in ("legal_representative", "administrator")


NAMED = 3  # how many products a sentence names before it counts the rest


@dataclass(frozen=True)
class Some:
    """A number of products, the first few by name."""

    count: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """What a partner can do, ready to be said: with full access the two counts are of all products."""

    terms: Terms
    technical: Some
    statistical: Some


# --- refusals -----------------------------------------------------------------------------------------------


class OwnPartner(Refused):
    """RULES C3, SECURITY A11: client and partner are two organisations."""

    sentence = "An organisation can’t be its own partner."


class AlreadyPartners(Refused):
    """One partnership between two organisations at a time."""

    sentence = "%(partner)s is your partner already. Change its access on its page."


class FullGiven(Refused):
    """RULES C2, C3. `partner` is who has it."""

    sentence = (
        "%(partner)s has full access. Change or end that first; then you can give other partners access."
    )


@dataclass(frozen=True)
class Holder:
    """A partner that manages a product at this moment."""

    partner: str
    partnership: str  # the public id
    product: str


class HeldByOthers(Refused):
    """RULES C3: full access would pay two partners for one product. `holders` names each."""

    sentence = "Full access is not possible as long as other partners manage products."

    def __init__(self, holders: list[Holder]) -> None:
        super().__init__()
        self.holders = holders


class ProductTaken(Refused):
    """RULES C1: one product has at most one managing partner."""

    sentence = "%(product)s is now managed by %(partner)s."


class NothingChosen(Refused):
    """Limited access begins with at least one product."""

    status = 422
    sentence = "Choose at least one product and one right."


class ChangedMeanwhile(Refused):
    """Somebody else changed the partnership after the page was shown: nothing was overwritten."""

    sentence = "Somebody has changed this partnership in the meantime. Nothing of yours has been saved."


class Ended(Refused):
    """RULES C11: it is over."""

    status = 410
    sentence = "This partnership has ended."


class Suspended(Refused):
    """The operator has suspended the partner."""

    sentence = "%(partner)s is suspended at the moment and can’t be given anything."
