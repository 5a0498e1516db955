"""What tests of calls for tenders begin with: a call that was typed, sent, published, opened, answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from tests.times import NOW
from webapp import drafts
from webapp.accounts.models import Organisation, User
from webapp.directory.models import PartnerAccount
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.mailer import QueuedMail
from webapp.tenders import actions, queries
from webapp.tenders.models import Offer, Tender, TenderRecipient

CONTACT = {
    "contact_name": "Valentina Visconti",
    "contact_company": "Visconti Optics Ltd",
    "contact_email": "valentina.visconti@optics.example",
    "contact_phone": "+41 31 555 77 88",
}


def typed(**values: Any) -> dict[str, Any]:
    """What the form keeps of a whole call."""
    return {
        "title": "A shop for eyeglasses",
        "description": "We sell eyeglasses in three branches and want a shop on the web by spring.",
        "budget": "5000-20000",
        "start": "month",
        "validity_days": "30",
        "services": ["web", "shop"],
        "reply_languages": ["en", "de"],
        "place": "CH-BE",
        "country": "CH",
        "region": "CH-BE",
        "currency": "CHF",
        "language": "en",
        "org": "",
        "complete": True,
        **CONTACT,
        **values,
    }


def draft(**values: Any) -> Draft:
    """A kept draft of a whole call."""
    return drafts.save("tender", drafts.new_key(), typed(**values), now=NOW)


def sent(**values: Any) -> Tender:
    """A visitor's call that waits for its confirmation."""
    return actions.send(draft(**values), by=None, organisation=None, now=NOW)


def published(*, by: User | None = None, organisation: Organisation | None = None, **values: Any) -> Tender:
    """An open call, a visitor's unless `by` sent it for `organisation`."""
    if by:
        return actions.send(draft(**values), by=by, organisation=organisation, now=NOW)
    tender = sent(**values)
    actions.confirm(tender, by=None, now=NOW)
    return tender


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


def mails(kind: str = "", *, waiting: bool = False) -> list[QueuedMail]:
    """The rows of the mail queue, oldest first."""
    query = sa.select(QueuedMail).order_by(QueuedMail.id)
    rows: Iterable[QueuedMail] = db.session.scalars(query.execution_options(populate_existing=True))
    return [row for row in rows if (not kind or row.kind == kind) and (not waiting or row.state == "waiting")]


def kinds() -> list[str]:
    """Which mails were queued so far."""
    return [row.kind for row in mails()]
