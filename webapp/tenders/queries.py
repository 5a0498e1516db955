"""What is asked about calls for tenders. A partner sees what went to it, a requester what it sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, contains_eager, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from webapp import links
from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.rules import Role
from webapp.directory.models import PartnerAccount
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.tenders.models import Offer, Tender, TenderOpening, TenderRecipient
from webapp.tenders.rules import budget_bounds
from webapp.uploads import Upload

PER_PAGE = 25
COUNT_LIMIT = 500
TABS = ("open", "opened", "answered", "closed", "dismissed")


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


def contact_person(partner: PartnerAccount) -> User | None:
    """The same for one partner."""
    return db.session.scalar(
        sa.select(User)
        .join(PartnerAccount, User.id == contact_of_partner())
        .where(PartnerAccount.id == partner.id)
    )


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


# --- the partner --------------------------------------------------------------------------------------------


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


def opening(tender: Tender, partner: PartnerAccount) -> TenderOpening | None:
    """When this partner opened the contact data."""
    return db.session.scalar(
        sa.select(TenderOpening).where(
            TenderOpening.tender_id == tender.id, TenderOpening.partner_id == partner.id
        )
    )


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


@dataclass(frozen=True)
class _Statements:
    """The page of a tab and its count: composed once, which takes longer than the database's answer."""

    page: sa.Select[*tuple[Any, ...]]
    count: sa.Select[Any]


@cache
def _inbox(tab: str, service: str, language: str) -> _Statements:
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
class Inbox:
    """One page of calls as plain rows. `count` is capped at COUNT_LIMIT + 1."""

    rows: Sequence[sa.Row[tuple[object, ...]]]
    count: int
    page: int
    more: bool


def inbox(
    partner: PartnerAccount, tab: str, *, now: datetime, service: str = "", language: str = "", page: int = 1
) -> Inbox:
    """The calls of one tab, newest first, 25 a page: two statements whatever the number of calls."""
    statements = _inbox(tab, service, language)
    values = {"partner": partner.id, "now": now}
    rows = db.session.connection().execute(statements.page, {**values, "offset": (page - 1) * PER_PAGE}).all()
    count: int = db.session.connection().scalar(statements.count, values) or 0
    return Inbox(rows[:PER_PAGE], count, page, len(rows) > PER_PAGE)


def inbox_count(partner: PartnerAccount, *, now: datetime) -> int:
    """How many open calls wait for this partner, capped at COUNT_LIMIT + 1."""
    return (
        db.session.connection().scalar(_inbox("open", "", "").count, {"partner": partner.id, "now": now}) or 0
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
