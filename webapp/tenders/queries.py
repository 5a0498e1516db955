"""What is asked about calls for tenders: whom they concern, who sent them, what the worker has to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from webapp import links
from webapp.accounts.models import Membership, Organisation
from webapp.accounts.rules import Role
from webapp.directory.models import PartnerAccount
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.tenders.models import Offer, Tender, TenderOpening
from webapp.tenders.rules import budget_bounds
from webapp.uploads import Upload


def draft_files(draft: Draft) -> list[Upload]:
    """The files kept with a draft, oldest first."""
    return list(
        db.session.scalars(sa.select(Upload).where(Upload.draft == draft.key_hash).order_by(Upload.id))
    )


def bytes_in_drafts() -> int:
    """How much the files of all unfinished calls take: strangers may put them there."""
    return db.session.scalar(sa.select(sa.func.sum(Upload.size)).where(Upload.draft.is_not(None))) or 0


# --- whom a call concerns (RULES T2, T9) --------------------------------------------------------------------


@dataclass(frozen=True)
class Reach:
    """What decides whom a call concerns. `budget_most` in whole units, None when unknown or open-ended."""

    services: frozenset[str]
    reply_languages: frozenset[str]
    country: str
    region: str
    budget_most: int | None
    organisation_id: int | None = None


def reach_of(tender: Tender) -> Reach:
    """The call as matching sees it."""
    return Reach(
        tender.services,
        tender.reply_languages,
        tender.country,
        tender.region,
        tender.budget_most,
        tender.organisation_id,
    )


def reach_of_draft(data: dict[str, Any], organisation: Organisation | None) -> Reach:
    """The same for a call that is not sent yet."""
    return Reach(
        frozenset(data["services"]), frozenset(data["reply_languages"]), data["country"], data["region"],
        budget_bounds(data["budget"])[1], organisation.id if organisation else None,
    )  # fmt: skip


def concerned(reach: Reach) -> sa.ColumnElement[bool]:
    """Which partner accounts wish to receive this call (RULES T9); choosing nothing means everything.

    A call without a region concerns every region of its country; one without a known budget concerns
    everybody; budgets in another currency are compared one to one.
    """
    partner = PartnerAccount

    def wants(
        column: InstrumentedAttribute[frozenset[str]], *conditions: sa.ColumnElement[bool]
    ) -> sa.ColumnElement[bool]:
        return sa.or_(column == frozenset(), *conditions)

    places = [partner.tender_places.has_word(reach.country)]
    if reach.region:
        places.append(partner.tender_places.has_word(reach.region))
    else:
        places.append(
            sa.type_coerce(partner.tender_places, sa.Text).contains(f" {reach.country}-", autoescape=True)
        )
    conditions = [
        partner.suspended_at.is_(None),
        wants(partner.tender_services, *map(partner.tender_services.has_word, sorted(reach.services))),
        wants(
            partner.tender_languages, *map(partner.tender_languages.has_word, sorted(reach.reply_languages))
        ),
        wants(partner.tender_places, *places),
    ]
    if reach.budget_most is not None:
        conditions.append(partner.tender_least_budget <= reach.budget_most)
    if reach.organisation_id is not None:
        conditions.append(partner.organisation_id != reach.organisation_id)
    return sa.and_(*conditions)


def count_concerned(reach: Reach) -> int:
    """How many partners the call concerns."""
    return (
        db.session.scalar(sa.select(sa.func.count()).select_from(PartnerAccount).where(concerned(reach))) or 0
    )


def contact_of_partner() -> sa.ColumnElement[int]:
    """The id of the person who gets a partner's tender mails: the chosen one, else a legal representative."""
    chosen = sa.select(Membership.user_id).where(Membership.id == PartnerAccount.tender_contact_id)
    first = (
        sa.select(sa.func.min(Membership.user_id))
        .where(
            Membership.organisation_id == PartnerAccount.organisation_id,
            Membership.role == Role.LEGAL_REPRESENTATIVE,
        )
        .correlate(PartnerAccount)
    )
    return sa.func.coalesce(chosen.correlate(PartnerAccount).scalar_subquery(), first.scalar_subquery())


# --- the requester ------------------------------------------------------------------------------------------


def _whole() -> tuple[ExecutableOption, ...]:
    return (
        selectinload(Tender.files),
        selectinload(Tender.openings).joinedload(TenderOpening.partner),
        selectinload(Tender.offers).joinedload(Offer.partner),
        selectinload(Tender.offers).joinedload(Offer.pdf),
    )


def by_link(token: str, *, now: datetime) -> Tender | None:
    """The call that a mailed link opens."""
    link = links.find("tender", token, now=now)
    return (
        db.session.scalar(sa.select(Tender).where(Tender.id == link.subject).options(*_whole()))
        if link
        else None
    )


def sent_by(organisation: Organisation) -> list[Tender]:
    """The organisation's own calls, newest first."""
    return list(
        db.session.scalars(
            sa.select(Tender)
            .where(Tender.organisation_id == organisation.id)
            .options(selectinload(Tender.offers), selectinload(Tender.openings))
            .order_by(Tender.id.desc())
        )
    )


def sent(organisation: Organisation, public_id: str) -> Tender | None:
    """One of the organisation's own calls."""
    return db.session.scalar(
        sa.select(Tender)
        .where(Tender.organisation_id == organisation.id, Tender.public_id == public_id)
        .options(*_whole())
    )


def by_id(tender_id: int) -> Tender | None:
    """For mails and jobs, which know whom they serve."""
    return db.session.get(Tender, tender_id)


def offer_by_id(offer_id: int) -> Offer | None:
    """For mails."""
    return db.session.get(Offer, offer_id, options=[joinedload(Offer.tender), joinedload(Offer.partner)])


# --- what partners did --------------------------------------------------------------------------------------


def opening_by_id(opening_id: int) -> TenderOpening | None:
    """For mails."""
    return db.session.get(TenderOpening, opening_id, options=[joinedload(TenderOpening.tender)])


def openings_count(tender: Tender) -> int:
    """How many partners have opened the contact data (RULES T8)."""
    return db.session.scalar(sa.select(sa.func.count()).where(TenderOpening.tender_id == tender.id)) or 0


def offer_of(tender: Tender, partner: PartnerAccount) -> Offer | None:
    """This partner's own offer."""
    return db.session.scalar(
        sa.select(Offer).where(Offer.tender_id == tender.id, Offer.partner_id == partner.id)
    )


def is_open(now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    """RULES T6 in SQL: the one status that partners see (`rules.status` is its twin; a test joins them)."""
    return sa.and_(
        Tender.confirmed_at.is_not(None),
        Tender.closes_at > now,
        Tender.awarded_at.is_(None),
        Tender.cancelling_at.is_(None),
        Tender.hidden_at.is_(None),
        Tender.lapsed_at.is_(None),
    )


# --- the worker ---------------------------------------------------------------------------------------------


def cancels_to_finish(*, now: datetime) -> list[Tender]:
    """Calls whose cancel was cut off by a crash."""
    return list(
        db.session.scalars(
            sa.select(Tender).where(
                Tender.cancelled_at.is_(None), Tender.cancelling_at < now - timedelta(seconds=30)
            )
        )
    )


def lapsed(*, now: datetime, confirm_within: timedelta) -> list[Tender]:
    """Calls that have run out, or were never confirmed, and that nobody was told about yet."""
    no_end = (
        Tender.lapsed_at.is_(None),
        Tender.awarded_at.is_(None),
        Tender.cancelling_at.is_(None),
        Tender.hidden_at.is_(None),
    )
    return list(
        db.session.scalars(
            sa.select(Tender).where(
                *no_end,
                sa.or_(
                    Tender.closes_at <= now,
                    sa.and_(Tender.confirmed_at.is_(None), Tender.sent_at <= now - confirm_within),
                ),
            )
        )
    )


def closing_soon(*, now: datetime, within: timedelta) -> list[Tender]:
    """Open calls that close within this time and whose requester was not reminded."""
    return list(
        db.session.scalars(
            sa.select(Tender).where(
                is_open(now), Tender.closes_at <= now + within, Tender.reminded_at.is_(None)
            )
        )
    )


def to_erase(*, now: datetime, retention: timedelta) -> list[Tender]:
    """Calls that ended `retention` ago (RULES T6), and those that were never confirmed and have lapsed."""
    end = sa.func.coalesce(Tender.cancelled_at, Tender.awarded_at, Tender.hidden_at, Tender.lapsed_at)
    return list(
        db.session.scalars(
            sa.select(Tender).where(
                Tender.erased_at.is_(None),
                sa.or_(
                    sa.type_coerce(end, Tender.sent_at.type) <= now - retention,
                    sa.and_(Tender.confirmed_at.is_(None), Tender.lapsed_at.is_not(None)),
                ),
            )
        )
    )


def partner_to_stop(public_id: str) -> PartnerAccount | None:
    """The partner that a stop link names, locked."""
    return db.session.scalar(
        sa.select(PartnerAccount).where(PartnerAccount.public_id == public_id).with_for_update()
    )


def tender_to_stop(public_id: str) -> Tender | None:
    """The call that a stop link names, locked."""
    return db.session.scalar(sa.select(Tender).where(Tender.public_id == public_id).with_for_update())


# --- the operator -------------------------------------------------------------------------------------------


def any_tender(public_id: str) -> Tender | None:
    """One call, for the operator."""
    return db.session.scalar(sa.select(Tender).where(Tender.public_id == public_id).options(*_whole()))
