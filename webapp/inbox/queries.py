"""What is asked about the calls that went to a partner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from webapp.accounts.models import Membership, Organisation, User
from webapp.clients.queries import Partner
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.tenders.models import Offer, Tender, TenderOpening, TenderRecipient
from webapp.tenders.queries import contact_of_partner, is_open

PER_PAGE = 25
COUNT_LIMIT = 500

_PARTNER_OF = sa.select(PartnerAccount).where(
    PartnerAccount.organisation_id == sa.bindparam("organisation"), PartnerAccount.suspended_at.is_(None)
)


def partner_of(organisation: Organisation) -> PartnerAccount | None:
    """The organisation's partner account, unless it is suspended."""
    return db.session.scalar(_PARTNER_OF, {"organisation": organisation.id})


def partner_organisation_for(person: User, tender_public_id: str) -> str | None:
    """The public id of the person's organisation to which this call went (mails carry no organisation)."""
    return db.session.scalar(
        sa.select(Organisation.public_id)
        .join(PartnerAccount, PartnerAccount.organisation_id == Organisation.id)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .join(TenderRecipient, TenderRecipient.partner_id == PartnerAccount.id)
        .join(Tender, Tender.id == TenderRecipient.tender_id)
        .where(Membership.user_id == person.id, Tender.public_id == tender_public_id)
        .order_by(Organisation.id)
        .limit(1)
    )


def received(partner: PartnerAccount, tender_public_id: str) -> TenderRecipient | None:
    """A call that went to this partner."""
    return db.session.scalar(
        sa.select(TenderRecipient)
        .join(TenderRecipient.tender)
        .options(contains_eager(TenderRecipient.tender).selectinload(Tender.files))
        .where(TenderRecipient.partner_id == partner.id, Tender.public_id == tender_public_id)
    )


def offers_kept(partner: PartnerAccount, *, now: datetime) -> int:
    """How many of the partner's offers somebody can still accept (RULES T7)."""
    open_offers = (
        sa.select(sa.func.count())
        .select_from(Offer)
        .join(Tender, Tender.id == Offer.tender_id)
        .where(
            Offer.partner_id == partner.id, Offer.withdrawn_at.is_(None), Offer.accepted_at.is_(None),
            Offer.valid_until > now, is_open(now),
        )
    )  # fmt: skip
    return db.session.scalar(open_offers) or 0


def opening(tender: Tender, partner: PartnerAccount) -> TenderOpening | None:
    """When this partner opened the contact data."""
    return db.session.scalar(
        sa.select(TenderOpening).where(
            TenderOpening.tender_id == tender.id, TenderOpening.partner_id == partner.id
        )
    )


@dataclass(frozen=True)
class _Statements:
    """The page of a tab and its count: composed once, which takes longer than the database's answer."""

    page: sa.Select[*tuple[Any, ...]]
    count: sa.Select[Any]


@cache
def _statements(tab: str, service: str, language: str) -> _Statements:
    partner: sa.BindParameter[int] = sa.bindparam("partner")
    open_now = is_open(sa.bindparam("now"))
    mine = sa.and_(Offer.tender_id == Tender.id, Offer.partner_id == partner, Offer.withdrawn_at.is_(None))
    opened = sa.and_(TenderOpening.tender_id == Tender.id, TenderOpening.partner_id == partner)
    has_offer, has_opened = sa.exists().where(mine), sa.exists().where(opened)
    kept = TenderRecipient.dismissed_at.is_(None)
    conditions = {
        "open": (open_now, kept),
        "opened": (open_now, kept, has_opened, ~has_offer),
        "answered": (open_now, has_offer),
        "closed": (~open_now, has_offer),
        "dismissed": (open_now, ~kept),
    }[tab]
    query = (
        sa.select(
            Tender.public_id, Tender.title, Tender.language, Tender.services, Tender.country, Tender.region,
            Tender.currency, Tender.budget_least, Tender.budget_most, Tender.closes_at, Tender.confirmed_at,
        )
        .select_from(TenderRecipient)
        .join(Tender, Tender.id == TenderRecipient.tender_id)
        .where(TenderRecipient.partner_id == partner, *conditions)
    )  # fmt: skip
    if service:
        query = query.where(Tender.services.has_word(service))
    if language:
        query = query.where(Tender.reply_languages.has_word(language))
    some = query.with_only_columns(sa.literal(1)).limit(COUNT_LIMIT + 1).subquery()
    return _Statements(
        query.order_by(TenderRecipient.tender_id.desc()).limit(PER_PAGE + 1).offset(sa.bindparam("offset")),
        sa.select(sa.func.count()).select_from(some),
    )


@dataclass(frozen=True)
class Calls:
    """One page of calls as plain rows. `count` is capped at COUNT_LIMIT + 1."""

    rows: Sequence[sa.Row[tuple[object, ...]]]
    count: int
    page: int
    more: bool


def calls(
    partner: PartnerAccount | Partner,
    tab: str,
    *,
    now: datetime,
    service: str = "",
    language: str = "",
    page: int = 1,
) -> Calls:
    """The calls of one tab, newest first, 25 a page: two statements whatever the number of calls."""
    statements = _statements(tab, service, language)
    values = {"partner": partner.id, "now": now}
    rows = db.session.connection().execute(statements.page, {**values, "offset": (page - 1) * PER_PAGE}).all()
    count: int = db.session.connection().scalar(statements.count, values) or 0
    return Calls(rows[:PER_PAGE], count, page, len(rows) > PER_PAGE)


def open_count(partner: PartnerAccount, *, now: datetime) -> int:
    """How many open calls wait for this partner, capped at COUNT_LIMIT + 1."""
    return (
        db.session.connection().scalar(_statements("open", "", "").count, {"partner": partner.id, "now": now})
        or 0
    )


def openings_untold(*, now: datetime) -> list[Tender]:
    """Open calls opened by partners since the last mail about it, which is more than a day old."""
    newest = sa.select(sa.func.max(TenderOpening.opened_at)).where(TenderOpening.tender_id == Tender.id)
    return list(
        db.session.scalars(
            sa.select(Tender).where(
                is_open(now),
                Tender.opening_mails,
                Tender.opening_mailed_at <= now - timedelta(days=1),
                newest.correlate(Tender).scalar_subquery() > Tender.opening_mailed_at,
            )
        )
    )


def partners_with_digest(*, now: datetime) -> list[PartnerAccount]:
    """Partners with open calls that wait for the daily digest."""
    waiting = (
        sa.select(TenderRecipient.partner_id)
        .join(Tender, Tender.id == TenderRecipient.tender_id)
        .where(TenderRecipient.digest, TenderRecipient.digested_at.is_(None), is_open(now))
    )
    return list(
        db.session.scalars(
            sa.select(PartnerAccount).where(
                PartnerAccount.id.in_(waiting),
                PartnerAccount.tender_mail == "daily",
                PartnerAccount.suspended_at.is_(None),
            )
        )
    )


def in_digest(partner_id: int, digested_at: datetime, *, now: datetime) -> list[Tender]:
    """The calls of the digest that was queued at `digested_at`, those still open."""
    return list(
        db.session.scalars(
            sa.select(Tender)
            .join(TenderRecipient, TenderRecipient.tender_id == Tender.id)
            .where(
                TenderRecipient.partner_id == partner_id,
                TenderRecipient.digested_at == digested_at,
                is_open(now),
            )
            .order_by(Tender.id)
        )
    )


def contact_person(partner: PartnerAccount) -> User | None:
    """Who gets this partner's tender mails."""
    return db.session.scalar(
        sa.select(User)
        .join(PartnerAccount, User.id == contact_of_partner())
        .where(PartnerAccount.id == partner.id)
    )
