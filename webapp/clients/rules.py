"""What is true of a partner's view of its clients (RULES C12–C14). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from webapp.refused import Refused


class Order(StrEnum):
    """How the list of clients is sorted."""

    NAME = "name"
    SINCE = "since"  # the newest first
    PRODUCTS = "products"  # the most first


class Status(StrEnum):
    """Which partnerships the list shows."""

    CURRENT = "current"
    ENDED = "ended"
    ALL = "all"


@dataclass(frozen=True)
class Filters:
    """What is asked of the list (RULES C12). An empty value is "any"; filters combine."""

    q: str = ""
    access: str = ""
    payer: str = ""
    status: Status = Status.CURRENT
    order: Order = Order.NAME

    @property
    def any(self) -> bool:
        """Whether something is left out that the bare list shows."""
        return replace(self, order=Order.NAME) != Filters()

    @property
    def without_words(self) -> Filters:
        """The same without the search."""
        return replace(self, q="")

    @property
    def as_query(self) -> dict[str, str | None]:
        """What an address says of them; what goes without saying is None."""
        return {
            "q": self.q or None,
            "access": self.access or None,
            "payer": self.payer or None,
            "status": None if self.status is Status.CURRENT else self.status.value,
            "sort": None if self.order is Order.NAME else self.order.value,
        }


class AccessLost(Refused):
    """Rights are those of this moment, whatever the page showed before (RULES C14, SECURITY A3)."""

    status = 403
    sentence = "You can’t act for this client any more."


class PartnershipOver(AccessLost):
    """RULES C11: all access stops with it."""

    sentence = "The partnership has ended, and with it all access to the products of this client."


class PartnerSuspended(AccessLost):
    """The operator has suspended the partner."""

    sentence = "Your partner account is suspended. Until that is lifted, nobody can act for its clients."


class NotLookedAfter(AccessLost):
    """RULES C13: this collaborator was not, or is no longer, assigned."""

    sentence = "You do not look after this client, or not any more."


class RightGone(AccessLost):
    """RULES C4: the technical right on this product was taken away."""

    sentence = "The client has changed your access: you can’t change the settings of this product any more."


class StillNeeded(Refused):
    """RULES A3: clients or requesters count on the partner, so it can't leave the programme yet."""

    sentence = "Something has come in between: you can’t leave the partner programme yet."


@dataclass(frozen=True)
class Keeps:
    """What keeps a partner from leaving the programme (RULES A3): how many clients, and how many wait for what."""

    clients: int
    invitations: int  # of clients, that wait for its answer
    requests: int  # to clients, that wait for theirs
    offers: int  # that somebody can accept

    @property
    def waiting(self) -> int:
        """How many invitations wait for somebody's answer."""
        return self.invitations + self.requests

    def __bool__(self) -> bool:
        return any((self.clients, self.invitations, self.requests, self.offers))
