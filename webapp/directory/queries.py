"""What is asked about applications, partner accounts and the public directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.rules import Role
from webapp.config import LANGUAGES
from webapp.directory.models import Application, ListingText, PartnerAccount
from webapp.directory.rules import Filters, MayNotApply, Obstacle, obstacle
from webapp.extensions import db
from webapp.text import fold
from webapp.uploads import Upload

PER_PAGE = 25
COUNT_LIMIT = 100  # counting on costs more than the page
LISTED = sa.and_(PartnerAccount.listed_at.is_not(None), PartnerAccount.suspended_at.is_(None))


# --- applications -------------------------------------------------------------------------------------------


def waiting_application(organisation: Organisation) -> Application | None:
    """The organisation's application that is not decided yet."""
    return db.session.scalar(
        sa.select(Application).where(
            Application.organisation_id == organisation.id,
            Application.approved_at.is_(None),
            Application.rejected_at.is_(None),
        )
    )


def last_application(organisation: Organisation) -> Application | None:
    """The organisation's newest application, whatever its state."""
    return db.session.scalar(
        sa.select(Application)
        .where(Application.organisation_id == organisation.id)
        .order_by(Application.id.desc())
        .limit(1)
    )


def obstacle_of(organisation: Organisation) -> Obstacle | None:
    """What is in the way of an application (RULES A1, A3, A4)."""
    return obstacle(
        company=organisation.kind == "company",
        programme=organisation.programme,
        waiting=waiting_application(organisation) is not None,
        register_number=organisation.register_number,
    )


def refuse_obstacle(organisation: Organisation) -> None:
    """Raises MayNotApply when something is in the way."""
    if why := obstacle_of(organisation):
        raise MayNotApply(why)


STATES = {
    "waiting": (Application.approved_at.is_(None), Application.rejected_at.is_(None)),
    "approved": (Application.approved_at.is_not(None),),
    "rejected": (Application.rejected_at.is_not(None),),
}


def applications(state: str, *, page: int = 1) -> tuple[list[Application], bool]:
    """(applications of this state, whether there are more): the waiting oldest first, others newest."""
    order = Application.id if state == "waiting" else Application.id.desc()
    found = list(
        db.session.scalars(
            sa.select(Application)
            .where(*STATES[state])
            .options(joinedload(Application.organisation), joinedload(Application.applicant))
            .order_by(order)
            .limit(PER_PAGE + 1)
            .offset((page - 1) * PER_PAGE)
        )
    )
    return found[:PER_PAGE], len(found) > PER_PAGE


def application(public_id: str) -> Application | None:
    """One application, for the operator."""
    return db.session.scalar(
        sa.select(Application)
        .where(Application.public_id == public_id)
        .options(joinedload(Application.organisation), joinedload(Application.applicant))
    )


def application_by_id(application_id: int) -> Application | None:
    """For mails, which know whom they serve."""
    return db.session.get(
        Application,
        application_id,
        options=[joinedload(Application.organisation), joinedload(Application.applicant)],
    )


# --- partner accounts ---------------------------------------------------------------------------------------


def account_of(organisation: Organisation) -> PartnerAccount | None:
    """The organisation's partner account with its texts and logo."""
    return db.session.scalar(
        sa.select(PartnerAccount)
        .where(PartnerAccount.organisation_id == organisation.id)
        .options(selectinload(PartnerAccount.texts), joinedload(PartnerAccount.logo))
    )


def partner_by_id(partner_id: int) -> PartnerAccount | None:
    """For mails, which know whom they serve."""
    return db.session.get(PartnerAccount, partner_id, options=[joinedload(PartnerAccount.organisation)])


def slugs_like(slug: str) -> set[str]:
    """The taken slugs that begin with this one."""
    return set(
        db.session.scalars(
            sa.select(PartnerAccount.slug).where(PartnerAccount.slug.startswith(slug, autoescape=True))
        )
    )


def tender_contact_for(organisation: Organisation, applicant: User) -> Membership | None:
    """Who gets a new partner's tender mails: the applicant, else the first legal representative."""
    is_applicant = sa.case((Membership.user_id == applicant.id, 0), else_=1)
    return db.session.scalar(
        sa.select(Membership)
        .where(
            Membership.organisation_id == organisation.id,
            sa.or_(Membership.user_id == applicant.id, Membership.role == Role.LEGAL_REPRESENTATIVE),
        )
        .order_by(is_applicant, Membership.id)
        .limit(1)
    )


# --- the public directory -----------------------------------------------------------------------------------


Shown = tuple[int, str, int]  # a partner's id, public id and version: which card is to be drawn


@dataclass(frozen=True)
class Found:
    """One page of the directory; `count` is capped at COUNT_LIMIT + 1."""

    rows: tuple[Shown, ...]
    count: int
    page: int
    more: bool

    @property
    def capped(self) -> bool:
        """Whether there are more than were counted."""
        return self.count > COUNT_LIMIT


def find_partners(filters: Filters, *, page: int = 1) -> Found:
    """The listed partners that these filters let through (RULES A5), by name, 25 a page: one statement."""
    rows = db.session.execute(_page_of(filters, page)).all()
    count = rows[0].found if rows else db.session.scalar(sa.select(_count_of(filters))) or 0
    shown = tuple((row.id, row.public_id, row.version) for row in rows[:PER_PAGE])
    return Found(shown, count, page, len(rows) > PER_PAGE)


# Statements are built once per search: that takes longer than to run one of them.


@lru_cache(maxsize=512)
def _page_of(filters: Filters, page: int) -> sa.Select[Any]:
    partners = PartnerAccount.__table__.c
    return (
        sa.select(partners.id, partners.public_id, partners.version, _count_of(filters).label("found"))
        .where(*_conditions(filters))
        .order_by(partners.sort_name, partners.id)
        .limit(PER_PAGE + 1)
        .offset((page - 1) * PER_PAGE)
    )


def _count_of(filters: Filters) -> sa.ScalarSelect[int]:
    """How many there are, capped: nobody reads 100,000 rows to be told that there are many."""
    partners = PartnerAccount.__table__.alias("counted")
    some = (
        sa.select(sa.literal(1))
        .select_from(partners)
        .where(*_conditions(filters, partners))
        .limit(COUNT_LIMIT + 1)
    )
    return sa.select(sa.func.count()).select_from(some.subquery()).scalar_subquery()


def _conditions(
    filters: Filters, table: sa.FromClause = PartnerAccount.__table__
) -> list[sa.ColumnElement[bool]]:
    c = table.c
    conditions: list[sa.ColumnElement[bool]] = [c.listed_at.is_not(None), c.suspended_at.is_(None)]
    conditions += [c.search.contains(word, autoescape=True) for word in fold(filters.q).split()[:6]]
    conditions += [c.services.has_word(service) for service in filters.services]
    if filters.speaks:
        conditions.append(c.languages.has_word(filters.speaks))
    if filters.country:
        conditions.append(c.country == filters.country)
    if filters.region:
        conditions.append(c.region == filters.region)
    return conditions


@dataclass(frozen=True)
class Card:
    """What a card of the directory shows; `text_language` is the reader's, or the one that there is."""

    slug: str
    name: str
    city: str
    country: str
    region: str
    services: frozenset[str]
    languages: frozenset[str]
    approved_at: datetime
    text: str | None
    text_language: str | None


def cards(partner_ids: Sequence[int], language: str) -> dict[int, Card]:
    """The cards of these partners, one statement for all of them."""
    rows = db.session.connection().execute(_cards_in(language), {"partners": partner_ids})
    found: dict[int, Card] = {}
    for partner_id, *values in rows:
        if partner_id not in found:
            found[partner_id] = Card(*values)
    return found


@cache
def _cards_in(language: str) -> sa.Select[Any]:
    """Columns as Card has them; of each partner's texts the reader's comes first."""
    partner = PartnerAccount.__table__.c
    text = ListingText.__table__.c
    preferred = sa.case((text.language == language, 0), *_in_order(), else_=9)
    return (
        sa.select(
            partner.id, partner.slug, partner.name, partner.city, partner.country, partner.region,
            partner.services, partner.languages, partner.approved_at, text.text, text.language,
        )
        .outerjoin_from(PartnerAccount.__table__, ListingText.__table__, text.partner_id == partner.id)
        .where(partner.id.in_(sa.bindparam("partners", expanding=True)))
        .order_by(partner.id, preferred)
    )  # fmt: skip


def _in_order() -> list[tuple[sa.ColumnElement[bool], int]]:
    return [(ListingText.language == code, n) for n, code in enumerate(LANGUAGES, 1)]


def newest_partners(n: int) -> Sequence[Shown]:
    """The partners that joined the directory last."""
    rows = db.session.execute(
        sa.select(PartnerAccount.id, PartnerAccount.public_id, PartnerAccount.version)
        .where(LISTED)
        .order_by(PartnerAccount.listed_at.desc(), PartnerAccount.id.desc())
        .limit(n)
    )
    return [(row.id, row.public_id, row.version) for row in rows]


def listed_partner(slug: str) -> PartnerAccount | None:
    """The partner that the public sees at this address."""
    return _partner_at(slug, LISTED)


def own_partner(slug: str, person: User) -> PartnerAccount | None:
    """The partner at this address, for the people of its organisation: a preview."""
    mine = sa.exists().where(
        Membership.organisation_id == PartnerAccount.organisation_id, Membership.user_id == person.id
    )
    return _partner_at(slug, sa.and_(mine, PartnerAccount.left_at.is_(None)))


def _partner_at(slug: str, condition: sa.ColumnElement[bool]) -> PartnerAccount | None:
    return db.session.scalar(
        sa.select(PartnerAccount)
        .where(PartnerAccount.slug == slug, condition)
        .options(selectinload(PartnerAccount.texts), joinedload(PartnerAccount.logo))
    )


def logo(slug: str, file: str) -> Upload | None:
    """The logo of the partner at this address. Its own id can't be guessed, so previews may show it too."""
    return db.session.scalar(
        sa.select(Upload)
        .join(PartnerAccount, PartnerAccount.logo_id == Upload.id)
        .where(PartnerAccount.slug == slug, PartnerAccount.suspended_at.is_(None), Upload.public_id == file)
    )


@dataclass(frozen=True)
class Entry:
    """A partner in the site map: the languages in which it wrote a text."""

    slug: str
    changed_at: datetime
    languages: tuple[str, ...]


def listed_count() -> int:
    """How many partners the directory shows."""
    return db.session.scalar(sa.select(sa.func.count(PartnerAccount.id)).where(LISTED)) or 0


def entries(*, page: int, per_page: int) -> list[Entry]:
    """The listed partners of one file of the site map."""
    partners = db.session.scalars(
        sa.select(PartnerAccount)
        .where(LISTED)
        .options(selectinload(PartnerAccount.texts).load_only(ListingText.language))
        .order_by(PartnerAccount.id)
        .limit(per_page)
        .offset((page - 1) * per_page)
    )
    return [Entry(p.slug, p.changed_at, written_languages(p)) for p in partners]


def written_languages(partner: PartnerAccount) -> tuple[str, ...]:
    """The languages in which the partner wrote a text, in the site's order; all when it wrote none."""
    written = {text.language for text in partner.texts}
    return tuple(code for code in LANGUAGES if code in written) or LANGUAGES
