"""What is true of a team and of invitations to it (RULES O2). Pure."""

from __future__ import annotations

from datetime import timedelta

from webapp.accounts.rules import Role
from webapp.refused import Refused

INVITATION_LIFETIME = timedelta(days=14)
RESEND_PAUSE = timedelta(minutes=10)


class AlreadyMember(Refused):
    """An invitation to somebody who is there."""

    sentence = "This person belongs to the organisation already."


class AlreadyInvited(Refused):
    """An invitation to somebody who has one."""

    sentence = "This address has an open invitation already. You can send it again from the list."


class SentJustNow(Refused):
    """A mail that would be the second within minutes."""

    sentence = "This mail was sent less than 10 minutes ago. Wait a moment before you send it again."


class LastRepresentative(Refused):
    """RULES O2."""

    sentence = "An organisation always keeps a legal representative. Give somebody else that role first."


class NotYourRank(Refused):
    """RULES O2."""

    status = 403
    sentence = "Only a legal representative gives or takes away that role."


def may_set_role(actor: Role, *, current: Role | None, new: Role | None) -> bool:
    """Whether `actor` may invite to `new` (`current` None), change `current` to it, or remove (`new` None).

    Administrators and legal representatives manage the team; whatever touches the role of a legal
    representative is theirs alone (RULES O2).
    """
    if not actor.reaches(Role.ADMINISTRATOR):
        return False
    touched = {current, new}
    return Role.LEGAL_REPRESENTATIVE not in touched or actor is Role.LEGAL_REPRESENTATIVE


def who_removes(role: Role) -> Role:
    """The weakest role that may take somebody with this role out."""
    return next(actor for actor in Role if may_set_role(actor, current=role, new=None))


def keeps_a_representative(representatives: int, *, current: Role, new: Role | None) -> bool:
    """Whether the organisation still has a legal representative after the change (RULES O2)."""
    loses_one = current is Role.LEGAL_REPRESENTATIVE and new is not Role.LEGAL_REPRESENTATIVE
    return representatives - loses_one >= 1
