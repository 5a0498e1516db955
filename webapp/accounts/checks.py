"""What is asked inside a unit of work about who acts: the role that somebody has at this moment."""

from __future__ import annotations

from webapp.accounts import queries, rules
from webapp.accounts.models import Organisation, User
from webapp.accounts.rules import Role
from webapp.unit import lock


def role_in(organisation: Organisation, by: User) -> Role | None:
    """The person's role in this organisation, which stays so until all is written; None for somebody without one."""
    membership = queries.membership_in(organisation, by)
    return lock(membership).role if membership else None


def refuse_all_but_representatives(organisation: Organisation, by: User) -> None:
    """Raises OnlyRepresentatives unless the person answers for the organisation at this moment (RULES C6, C7)."""
    if role_in(organisation, by) is not Role.LEGAL_REPRESENTATIVE:
        raise rules.OnlyRepresentatives()
