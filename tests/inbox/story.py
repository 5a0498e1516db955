"""What tests of the inbox begin with: a call that a partner has received, opened, answered."""

from __future__ import annotations

from typing import Any

from tests.times import NOW
from webapp.accounts.models import User
from webapp.directory.models import PartnerAccount
from webapp.inbox import actions, queries
from webapp.tenders.models import Offer, Tender, TenderRecipient


def received(tender: Tender, partner: PartnerAccount) -> TenderRecipient:
    """The call as it went to this partner."""
    row = queries.received(partner, tender.public_id)
    assert row is not None
    return row


def terms(**values: Any) -> actions.Terms:
    """An offer of CHF 7'500."""
    row = {
        "price_least": 750_000,
        "price_most": 750_000,
        "currency": "CHF",
        "message": "We have built nine shops for opticians.",
        "language": "en",
        "valid_until": NOW.replace(month=12),
        **values,
    }
    return actions.Terms(**row)


def opened(tender: Tender, partner: PartnerAccount, person: User) -> TenderRecipient:
    """The partner has seen the contact data."""
    row = received(tender, partner)
    actions.open_contact(row, by=person, now=NOW)
    return row


def answered(tender: Tender, partner: PartnerAccount, person: User, **values: Any) -> Offer:
    """The partner has made an offer."""
    return actions.make_offer(opened(tender, partner, person), terms(**values), by=person, now=NOW)
