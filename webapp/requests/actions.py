"""What a client without an account does with a request: it signs up by the mailed link (RULES C7)."""

from __future__ import annotations

from datetime import datetime

from webapp import audit
from webapp.accounts import actions as accounts
from webapp.accounts.models import User
from webapp.accounts.rules import OrganisationDetails
from webapp.invitations.models import Invitation
from webapp.invitations.rules import NotWaiting, State
from webapp.refused import Gone
from webapp.unit import lock, unit_of_work


@unit_of_work
def join(
    invitation: Invitation, details: OrganisationDetails, *, name: str, password_hash: str, language: str,
    by: User | None = None, now: datetime,
) -> User:  # fmt: skip
    """A person and its organisation; the address is proved by the link that led here, nothing is granted yet.

    Raises NotWaiting, Gone, and AddressTaken for an address that signs in already.
    """
    state = lock(invitation).state(now)
    if state is not State.WAITING:
        raise NotWaiting(state)
    if invitation.email is None:
        raise Gone()
    person = accounts.add_proved_person(
        name, invitation.email, password_hash, language=language, region=details.country, now=now
    )
    organisation = accounts.add_organisation(details, language=language, owner=person, now=now)
    audit.record("organisation.opened", organisation, by=person, now=now, organisation=organisation)
    return person
