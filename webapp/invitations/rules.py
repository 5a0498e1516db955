"""What is true of invitations to a partnership (RULES C6, C7, C8). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

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


class NotWaiting(Gone):
    """An answer to an invitation that was answered, has lapsed or was deleted. `state` says which."""

    sentence = "This invitation can’t be answered any more."

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state


class AlreadyInvited(Refused):
    """One open invitation between two organisations at a time."""

    sentence = "There is an open invitation already. You can send it again or delete it in the list."


class SentJustNow(Refused):
    """A mail that would be the second within minutes."""

    sentence = "This invitation was sent less than 10 minutes ago. Wait a moment before you send it again."
