"""What is asked about invitations to a partnership."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from webapp import links
from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.rules import Role
from webapp.directory import queries as directory
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.invitations.models import Invitation, OfferedProduct
from webapp.invitations.rules import REMINDER, Compared, Direction, Granted, compare
from webapp.partnerships import queries as partnerships
from webapp.partnerships.models import Partnership, ProductGrant
from webapp.partnerships.rules import Access, Rights
from webapp.products import queries as products
from webapp.products.models import Plan, Product
from webapp.products.rules import Family
from webapp.text import fold

PURPOSE = "partnership"  # of the mailed links
OPEN = sa.and_(
    Invitation.accepted_at.is_(None), Invitation.refused_at.is_(None), Invitation.deleted_at.is_(None)
)
CANDIDATES = 20


def _whole() -> sa.Select[Invitation]:
    return sa.select(Invitation).options(
        joinedload(Invitation.partner).joinedload(PartnerAccount.organisation),
        joinedload(Invitation.client),
        joinedload(Invitation.invited_by),
        selectinload(Invitation.products).joinedload(OfferedProduct.product),
        selectinload(Invitation.asked),
    )


def by_id(invitation_id: int) -> Invitation | None:
    """The invitation that a mail or a link is about."""
    return _one(Invitation.id == invitation_id)


def by_link(token: str, *, now: datetime) -> Invitation | None:
    """The invitation of a mailed link, whatever its state; None for a link that opens nothing.

    The link outlives the answer and the lapse, so that it leads to a page that says what happened.
    """
    link = links.find(PURPOSE, token, now=now)
    return by_id(link.subject) if link else None


def by_replaced_link(token: str, *, now: datetime) -> Invitation | None:
    """The invitation of a link that a newer mail has replaced."""
    link = links.find_replaced(PURPOSE, token, now=now)
    return by_id(link.subject) if link else None


def _one(*conditions: sa.ColumnElement[bool]) -> Invitation | None:
    return db.session.scalar(_whole().where(*conditions))


def _all(*conditions: sa.ColumnElement[bool]) -> list[Invitation]:
    return list(db.session.scalars(_whole().where(*conditions).order_by(Invitation.id)))


def _from_client(client: Organisation) -> sa.ColumnElement[bool]:
    return sa.and_(Invitation.client_id == client.id, Invitation.direction == Direction.TO_PARTNER)


def _to_partner(partner: PartnerAccount) -> sa.ColumnElement[bool]:
    return sa.and_(Invitation.partner_id == partner.id, Invitation.direction == Direction.TO_PARTNER)


def _from_partner(partner: PartnerAccount) -> sa.ColumnElement[bool]:
    return sa.and_(Invitation.partner_id == partner.id, Invitation.direction == Direction.TO_CLIENT)


def _to_address(email: str) -> sa.ColumnElement[bool]:
    return sa.and_(Invitation.email == email, Invitation.direction == Direction.TO_CLIENT)


# --- sent ---------------------------------------------------------------------------------------------------


def open_of_client(client: Organisation) -> list[Invitation]:
    """The client's open invitations to partners, waiting or lapsed, newest first."""
    return _all(_from_client(client), OPEN)[::-1]


def open_of_partner(partner: PartnerAccount) -> list[Invitation]:
    """What the partner has asked clients and waits for, or has lapsed, newest first."""
    return _all(_from_partner(partner), OPEN)[::-1]


def sent_by(organisation: Organisation, public_id: str) -> Invitation | None:
    """An invitation that the organisation sent, as a client or as a partner."""
    this = Invitation.public_id == public_id
    if mine := _one(_from_client(organisation), this):
        return mine
    partner = directory.account_of(organisation)
    return _one(_from_partner(partner), this) if partner else None


def open_between(client: Organisation, partner: PartnerAccount) -> Invitation | None:
    """The client's open invitation to this partner."""
    return _one(_from_client(client), _to_partner(partner), OPEN)


def open_to(partner: PartnerAccount, email: str) -> Invitation | None:
    """The partner's open request to this address."""
    return _one(_from_partner(partner), _to_address(email), OPEN)


# --- received -----------------------------------------------------------------------------------------------


def waiting_for_partner(partner: PartnerAccount, *, now: datetime) -> list[Invitation]:
    """The invitations of clients that wait for the partner's answer, oldest first."""
    return _all(_to_partner(partner), OPEN, Invitation.expires_at > now)


def received_by_partner(partner: PartnerAccount, public_id: str) -> Invitation | None:
    """One of the invitations that clients sent to this partner."""
    return _one(_to_partner(partner), Invitation.public_id == public_id)


def waiting_for_person(person: User, *, now: datetime) -> list[Invitation]:
    """The requests of partners that wait for an answer at this person's address, oldest first."""
    return _all(_to_address(person.email), OPEN, Invitation.expires_at > now)


def received_by_person(person: User, public_id: str) -> Invitation | None:
    """One of the requests that partners sent to this person's address."""
    return _one(_to_address(person.email), Invitation.public_id == public_id)


# --- offered, asked, granted --------------------------------------------------------------------------------


def offered(invitation: Invitation) -> dict[int, Rights]:
    """What the invitation offers, by product, as it was written."""
    return {each.product_id: each.rights for each in invitation.products}


def still_offered(invitation: Invitation) -> dict[int, Rights]:
    """The same without products that have ended or that another partner manages by now."""
    if invitation.client is None:
        return {}
    wanted = offered(invitation)
    active = partnerships.active_products(invitation.client, wanted)
    taken = partnerships.taken(invitation.client, wanted)
    return {each: wanted[each] for each in active if each not in taken}


def asked_and_granted(invitation: Invitation, partnership: Partnership) -> Compared:
    """What the partner asked for beside what it has of the partnership today (RULES C7)."""
    rows = db.session.execute(
        sa.select(Product.label, ProductGrant.technical, ProductGrant.statistical, Plan.family)
        .select_from(ProductGrant)
        .join(ProductGrant.product)
        .join(Product.plan)
        .where(
            ProductGrant.partnership_id == partnership.id,
            ProductGrant.ended_at.is_(None),
            Product.ended_at.is_(None),
        )
        .order_by(*products.LISTED)
    )
    granted: dict[Family, list[Granted]] = {}
    for label, technical, statistical, family in rows:
        granted.setdefault(family, []).append(Granted(label, Rights(technical, statistical)))
    asked = {each.family: each.rights for each in invitation.asked}
    return compare(invitation.terms, asked, partnership.terms, granted)


def in_the_way(invitation: Invitation) -> bool:
    """Whether another partner of the client makes this partnership impossible at the moment (RULES C1–C3)."""
    client = invitation.client
    if client is None:
        return False
    if invitation.access is Access.FULL and partnerships.holders(client):
        return True
    return partnerships.full_partner(client) is not None


# --- whom a client can invite -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Candidate:
    """A partner, and why the client can't invite it: `own`, `suspended`, `partner` or `invited`; empty when it can.

    `partnership` is the one that stands in the way.
    """

    partner: PartnerAccount
    obstacle: str = ""
    partnership: Partnership | None = None


def candidates(client: Organisation, q: str) -> list[Candidate]:
    """The partners that these words find (RULES C6): by name those that the directory shows; any by the exact mail
    address of one of its legal representatives, which is in no list."""
    words = fold(q).split()[:6]
    found: sa.ColumnElement[bool]
    if "@" in q:
        found = PartnerAccount.organisation_id.in_(_represented_by(q.strip().lower()))
    elif len("".join(words)) >= 2:  # letters, as the page says
        by_name = [PartnerAccount.sort_name.contains(word, autoescape=True) for word in words]
        found = sa.and_(PartnerAccount.listed_at.is_not(None), *by_name)
    else:
        return []
    partners = db.session.scalars(
        sa.select(PartnerAccount)
        .where(found, PartnerAccount.suspended_at.is_(None))
        .order_by(PartnerAccount.sort_name, PartnerAccount.id)
        .limit(CANDIDATES)
    )
    return as_candidates(client, list(partners))


def _represented_by(email: str) -> sa.Select[int]:
    return (
        sa.select(Membership.organisation_id)
        .join(Membership.user)
        .where(
            User.email == email,
            User.verified_at.is_not(None),
            User.disabled_at.is_(None),
            Membership.role == Role.LEGAL_REPRESENTATIVE,
        )
    )


def as_candidates(client: Organisation, partners: list[PartnerAccount]) -> list[Candidate]:
    """The partners with what stands in the way of an invitation at this moment."""
    ids = [partner.id for partner in partners]
    standing = {
        each.partner_id: each
        for each in db.session.scalars(
            sa.select(Partnership).where(
                Partnership.client_id == client.id,
                Partnership.partner_id.in_(ids),
                Partnership.ended_at.is_(None),
            )
        )
    }
    invited = set(
        db.session.scalars(
            sa.select(Invitation.partner_id).where(
                Invitation.client_id == client.id,
                Invitation.partner_id.in_(ids),
                Invitation.direction == Direction.TO_PARTNER,
                OPEN,
            )
        )
    )
    return [_as_candidate(client, partner, standing, invited) for partner in partners]


def _as_candidate(
    client: Organisation, partner: PartnerAccount, standing: dict[int, Partnership], invited: set[int]
) -> Candidate:
    if partner.organisation_id == client.id:
        return Candidate(partner, "own")
    if partner.suspended_at:
        return Candidate(partner, "suspended")
    if partner.id in standing:
        return Candidate(partner, "partner", standing[partner.id])
    return Candidate(partner, "invited" if partner.id in invited else "")


def partner_by_public_id(public_id: str) -> PartnerAccount | None:
    """The partner that was chosen."""
    return db.session.scalar(sa.select(PartnerAccount).where(PartnerAccount.public_id == public_id))


def partner_to_ask(key: str) -> PartnerAccount | None:
    """The partner that a link asks: by its slug when the directory shows it, else by the id that only those know who
    have met it, by an offer for example."""
    return directory.listed_partner(key) or db.session.scalar(
        sa.select(PartnerAccount).where(
            PartnerAccount.public_id == key, PartnerAccount.suspended_at.is_(None)
        )
    )


# --- by the clock -------------------------------------------------------------------------------------------


def to_remind(*, now: datetime) -> list[Invitation]:
    """Waiting invitations that lapse within five days; not those of a partner that is suspended."""
    soon = sa.and_(Invitation.expires_at > now, Invitation.expires_at <= now + REMINDER)
    return _all(OPEN, soon, Invitation.partner.has(PartnerAccount.suspended_at.is_(None)))


def lapsed(*, now: datetime, since: datetime) -> list[Invitation]:
    """Invitations that lapsed between `since` and `now`."""
    return _all(OPEN, Invitation.expires_at <= now, Invitation.expires_at > since)
