"""What is asked about requests beside what invitations and partnerships know."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.accounts import queries as accounts
from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.rules import Role
from webapp.directory.models import PartnerAccount
from webapp.invitations.models import Invitation
from webapp.partnerships import queries as partnerships
from webapp.partnerships.models import Partnership
from webapp.partnerships.queries import Bars
from webapp.partnerships.rules import AlreadyPartners, FullGiven, HeldByOthers, Suspended, Terms
from webapp.refused import Refused


@dataclass(frozen=True)
class Obstacles:
    """What a client has with partners already, as far as it is in the way of a request (RULES C1–C3)."""

    partner: PartnerAccount
    same: Partnership | None  # with the partner that asks
    bars: Bars  # what other partners are in the way of

    def to(self, terms: Terms) -> Refused | None:
        """Why these terms can't be granted at the moment; judged once more, under lock, when they are."""
        if self.same:
            return AlreadyPartners(partner=self.partner.name)
        if self.partner.suspended_at:
            return Suspended(partner=self.partner.name)
        if self.bars.full:
            return FullGiven(partner=self.bars.full.partner.name)
        return HeldByOthers(self.bars.holders) if self.bars.on(terms.access) else None


def obstacles(client: Organisation, partner: PartnerAccount) -> Obstacles:
    """What is in the way of this partner at this moment."""
    return Obstacles(partner, partnerships.active_between(client, partner), partnerships.bars(client))


def may_answer_for(person: User, invitation: Invitation) -> list[Membership]:
    """The person's places from which it can answer: it represents a client that is not the partner itself."""
    return [
        each
        for each in accounts.memberships(person)
        if each.role is Role.LEGAL_REPRESENTATIVE
        and each.organisation_id != invitation.partner.organisation_id
    ]


def others(person: User, invitation: Invitation) -> list[tuple[Organisation, list[User]]]:
    """The person's organisations for which somebody else would have to decide, with who that is."""
    return [
        (each.organisation, accounts.colleagues_with(each.organisation, Role.LEGAL_REPRESENTATIVE))
        for each in accounts.memberships(person)
        if each.role is not Role.LEGAL_REPRESENTATIVE
        and each.organisation_id != invitation.partner.organisation_id
    ]
