"""What partners do with the calls that went to them (RULES T2, T7 to T9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from webapp import audit, mailer, uploads
from webapp.accounts.models import Membership, User
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.inbox import mail as _mail  # noqa: F401 # registers the digest
from webapp.inbox import queries
from webapp.mailer import QueuedMail
from webapp.programme import programme
from webapp.tenders.mail import requester
from webapp.tenders.models import Offer, Tender, TenderOpening, TenderRecipient
from webapp.tenders.queries import offer_of
from webapp.tenders.rules import NotOpen, NotPossible, Status
from webapp.unit import lock, unit_of_work
from webapp.uploads import Checked


def _require_open(tender: Tender, *, now: datetime) -> None:
    if tender.status(now) is not Status.OPEN:
        raise NotOpen()


@unit_of_work
def open_contact(received: TenderRecipient, *, by: User, now: datetime) -> TenderOpening:
    """Shows the contact data to the partner: logged, and the requester is told (RULES T2, T8). Raises NotOpen."""
    tender = lock(received.tender)
    _require_open(tender, now=now)
    partner = received.partner
    existing = queries.opening(tender, partner)
    if existing:
        return existing
    opening = TenderOpening(tender_id=tender.id, partner_id=partner.id, user_id=by.id, opened_at=now)
    db.session.add(opening)
    audit.record("tender.opened", tender, by=by, organisation=partner.organisation, now=now)
    # the first one at once, later ones at most daily (the job `tell_of_openings` sends what is held back)
    if tender.opening_mails and (
        tender.opening_mailed_at is None or tender.opening_mailed_at <= now - timedelta(days=1)
    ):
        _mail_openings(tender, now=now)
    return opening


def _mail_openings(tender: Tender, *, now: datetime) -> None:
    tender.opening_mailed_at = now
    mailer.queue("tender_opened", requester(tender), tender, now=now, stop=f"openings:{tender.public_id}")


@dataclass(frozen=True)
class Terms:
    """What an offer says: prices in minor units of `currency`."""

    price_least: int
    price_most: int
    currency: str
    message: str
    language: str
    valid_until: datetime
    pdf: Checked | None = None
    drop_pdf: bool = False


@unit_of_work
def make_offer(received: TenderRecipient, terms: Terms, *, by: User, now: datetime) -> Offer:
    """Makes the partner's one offer, or changes it (RULES T7).

    Raises NotOpen, and NotPossible before opening and once the partner has left or is suspended.
    """
    tender = lock(received.tender)
    _require_open(tender, now=now)
    if lock(received.partner).suspended_at or not queries.opening(tender, received.partner):
        raise NotPossible()
    offer = offer_of(tender, received.partner)
    if offer:
        lock(offer)  # a colleague may have changed it since the page was read
    again = offer is not None and offer.withdrawn_at is None
    if offer is None:
        offer = Offer(tender_id=tender.id, partner_id=received.partner_id, user_id=by.id, made_at=now)
    else:
        offer.changed_at, offer.withdrawn_at, offer.user_id = now, None, by.id
        offer.changes += 1
    for name in ("price_least", "price_most", "currency", "message", "language", "valid_until"):
        setattr(offer, name, getattr(terms, name))
    old = offer.pdf if (terms.pdf or terms.drop_pdf) else None
    if old:
        offer.pdf = None
    db.session.add(offer)
    db.session.flush()
    if old:
        db.session.delete(old)
    if terms.pdf:
        offer.pdf = uploads.store(terms.pdf, now=now)
    audit.record("offer.changed" if again else "offer.made", offer, by=by, now=now)
    if not again:
        mailer.queue("offer_received", requester(tender), offer, now=now)
    return offer


@unit_of_work
def withdraw_offer(offer: Offer, *, by: User, now: datetime) -> None:
    """Takes the offer back while the call is open. Raises NotOpen."""
    _require_open(lock(offer.tender), now=now)
    lock(offer)
    if offer.withdrawn_at is None:
        offer.withdrawn_at = now
        audit.record("offer.withdrawn", offer, by=by, now=now)


@unit_of_work
def dismiss(received: TenderRecipient, *, reason: str, by: User, now: datetime) -> None:
    """ "Not for us" (RULES T9): the call leaves the partner's inbox."""
    _require_open(lock(received.tender), now=now)
    received.dismissed_at = now
    received.dismissal = reason
    audit.record("tender.dismissed", received.tender, by=by, now=now, detail=f"reason={reason}")


@unit_of_work
def take_back_dismissal(received: TenderRecipient, *, by: User, now: datetime) -> None:
    """The call comes back into the inbox."""
    _require_open(lock(received.tender), now=now)
    received.dismissed_at = None
    received.dismissal = None
    audit.record("tender.dismissal_taken_back", received.tender, by=by, now=now)


@unit_of_work
def set_preferences(
    partner: PartnerAccount, preferences: dict[str, Any], *, contact: Membership, by: User, now: datetime
) -> None:
    """Which calls the partner gets, how, and who gets the mail (RULES T9). Keys are the columns' names."""
    lock(partner)
    for name in (
        "tender_services",
        "tender_places",
        "tender_languages",
        "tender_least_budget",
        "tender_mail",
    ):
        setattr(partner, name, preferences[name])
    partner.tender_contact_id = contact.id
    audit.record("partner.tender_preferences", partner, by=by, organisation=partner.organisation, now=now)


def tell_of_openings(*, now: datetime) -> int:
    """Sends the mails about openings that were held back for a day."""
    untold = queries.openings_untold(now=now)
    for tender in untold:
        _tell_of_openings(tender, now=now)
    return len(untold)


@unit_of_work
def _tell_of_openings(tender: Tender, *, now: datetime) -> None:
    lock(tender)
    if tender.opening_mailed_at is None or tender.opening_mailed_at <= now - timedelta(days=1):
        _mail_openings(tender, now=now)


def send_digests(*, now: datetime) -> int:
    """After the digest hour: one mail per partner about the open calls since the last one (RULES T9)."""
    if now.astimezone(current_app.config["SETTINGS"].zone).hour < programme().tenders.digest_hour:
        return 0
    waiting = queries.partners_with_digest(now=now)
    for partner in waiting:
        _send_digest(partner, now=now)
    return len(waiting)


@unit_of_work
def _send_digest(partner: PartnerAccount, *, now: datetime) -> None:
    contact = queries.contact_person(lock(partner))
    day = now.astimezone(current_app.config["SETTINGS"].zone).date()
    dedupe = f"tender_digest:{partner.id}:{day}"
    if contact is None or db.session.scalar(sa.select(QueuedMail.id).where(QueuedMail.dedupe == dedupe)):
        return
    db.session.execute(
        sa.update(TenderRecipient)
        .where(
            TenderRecipient.partner_id == partner.id,
            TenderRecipient.digest,
            TenderRecipient.digested_at.is_(None),
        )
        .values(digested_at=now)
    )
    mailer.queue(
        "tender_digest", contact, partner, now=now, stop=f"tenders:{partner.public_id}", dedupe=dedupe
    )
