"""What is true of invitations to a partnership (RULES C6, C7, C8). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from webapp.partnerships.rules import NOTHING, Access, Rights, Terms
from webapp.products.rules import Family
from webapp.refused import Gone, Refused

LIFETIME = timedelta(days=30)
REMINDER = timedelta(days=5)  # before it lapses
RESEND_PAUSE = timedelta(minutes=10)
MESSAGE_LENGTH = 1000
REASON_LENGTH = 500


class Direction(StrEnum):
    """Who asks: the client invites a partner (RULES C6), or the partner asks a client (RULES C7)."""

    TO_PARTNER = "to_partner"
    TO_CLIENT = "to_client"


class State(StrEnum):
    """What an invitation is at this moment; the last three absorb."""

    WAITING = "waiting"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DELETED = "deleted"

    @property
    def open(self) -> bool:
        """Whether it can be sent again or deleted."""
        return self in (State.WAITING, State.EXPIRED)


def state_of(
    *,
    expires_at: datetime,
    accepted_at: datetime | None,
    refused_at: datetime | None,
    deleted_at: datetime | None,
    now: datetime,
) -> State:
    """The state that these dates make (RULES C8)."""
    if accepted_at:
        return State.ACCEPTED
    if refused_at:
        return State.REFUSED
    if deleted_at:
        return State.DELETED
    return State.WAITING if now < expires_at else State.EXPIRED


# --- the way to an invitation -------------------------------------------------------------------------------


class Step(StrEnum):
    """The pages on which a client adds a partner (RULES C6)."""

    WHO = "who"
    ACCESS = "access"
    PRODUCTS = "products"
    WALLET = "wallet"
    CHECK = "check"


def steps(access: Access | None) -> tuple[Step, ...]:
    """Which pages there are, in their order: products with limited access, the payment method with full."""
    third = Step.WALLET if access is Access.FULL else Step.PRODUCTS
    return (Step.WHO, Step.ACCESS, third, Step.CHECK)


# --- asked and granted --------------------------------------------------------------------------------------


class Comparison(StrEnum):
    """What a client granted, beside what its partner asked for (RULES C7)."""

    AS_ASKED = "as_asked"
    LESS = "less"
    MORE = "more"
    OTHER = "other"


@dataclass(frozen=True)
class Granted:
    """A product that was granted, with its rights."""

    product: str
    rights: Rights


@dataclass(frozen=True)
class ComparedFamily:
    """One category: the rights that were asked for, the products that were granted."""

    family: Family
    asked: Rights
    granted: tuple[Granted, ...]
    kind: Comparison


@dataclass(frozen=True)
class Compared:
    """The whole: `families` holds the categories that were asked for or granted, both being limited access."""

    kind: Comparison
    asked: Terms
    granted: Terms
    families: tuple[ComparedFamily, ...] = ()


def compare(
    asked: Terms,
    asked_rights: Mapping[Family, Rights],
    granted: Terms,
    granted_products: Mapping[Family, Sequence[Granted]],
) -> Compared:
    """Puts both side by side (RULES C7). Of products that were not granted it says nothing: the partner can't
    know of them (SECURITY A12)."""
    if asked.access is not granted.access:
        return Compared(_by_access(granted.access), asked, granted)
    if asked.access is Access.FULL:
        same = asked.payer is granted.payer
        return Compared(Comparison.AS_ASKED if same else Comparison.OTHER, asked, granted)
    families = tuple(
        _compare_family(family, asked_rights.get(family, NOTHING), tuple(granted_products.get(family, ())))
        for family in Family
        if asked_rights.get(family) or granted_products.get(family)
    )
    return Compared(_together({each.kind for each in families}), asked, granted, families)


def _by_access(granted: Access) -> Comparison:
    return Comparison.MORE if granted is Access.FULL else Comparison.LESS


def _compare_family(family: Family, asked: Rights, granted: tuple[Granted, ...]) -> ComparedFamily:
    kinds = {_compare_rights(asked, each.rights) for each in granted} or {Comparison.LESS}
    return ComparedFamily(family, asked, granted, _together(kinds))


def _compare_rights(asked: Rights, granted: Rights) -> Comparison:
    if granted == asked:
        return Comparison.AS_ASKED
    both = asked & granted
    if both == granted:
        return Comparison.LESS
    return Comparison.MORE if both == asked else Comparison.OTHER


def _together(kinds: set[Comparison]) -> Comparison:
    """What several are as a whole: one that is as asked takes nothing away from another."""
    differing = kinds - {Comparison.AS_ASKED}
    if len(differing) > 1:
        return Comparison.OTHER
    return differing.pop() if differing else Comparison.AS_ASKED


# --- refusals -----------------------------------------------------------------------------------------------


class NotWaiting(Gone):
    """An answer to an invitation that was answered, has lapsed or was deleted. `state` says which."""

    sentence = "This invitation or request is no longer open."

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state


class ChoiceChanged(Refused):
    """What would be sent is not what the page showed: changed in another tab, or by what happened meanwhile."""

    sentence = "What you would give has changed since this page was opened. Check it once more, then send it."


class GivenToOthers(Refused):
    """RULES C3, said to the partner: whom the client trusts with its products is not for others to know."""

    sentence = (
        "%(client)s has given its products to another partner in the meantime, so this partnership can’t begin. "
        "%(client)s can make room for you and invite you again."
    )


class SenderLeft(Refused):
    """RULES C6: what somebody offered who no longer answers for the client is nobody's offer."""

    sentence = (
        "Whoever sent this invitation no longer answers for %(client)s, so it can’t be accepted. "
        "%(client)s can send it again."
    )


class AlreadyInvited(Refused):
    """One open invitation between two organisations at a time."""

    sentence = "There is an open invitation already. You can send it again or delete it in the list."


class SentJustNow(Refused):
    """A mail that would be the second within minutes."""

    sentence = "This mail was sent less than 10 minutes ago. Wait a moment before you send it again."
