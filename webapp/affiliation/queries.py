"""What is asked about affiliates, whom they won, and what that brought."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from webapp.accounts.models import Membership, Organisation, User, UserSession
from webapp.affiliation.models import AffiliateAccount, AffiliateLink, Attribution, Click, Commission
from webapp.affiliation.rules import Verdict
from webapp.directory import queries as directory
from webapp.directory.rules import Obstacle
from webapp.extensions import db
from webapp.limits import network
from webapp.money import Money
from webapp.orders.models import Order
from webapp.partnerships.models import Partnership

_ATTRIBUTION = (
    sa.select(Attribution)
    .where(Attribution.organisation_id == sa.bindparam("organisation"))
    .options(joinedload(Attribution.account))
)


def account_of(organisation: Organisation) -> AffiliateAccount | None:
    """The organisation's affiliate account, open or closed."""
    return db.session.scalar(
        sa.select(AffiliateAccount).where(AffiliateAccount.organisation_id == organisation.id)
    )


def obstacle(organisation: Organisation) -> Obstacle | None:
    """Why the organisation can't join at this moment (RULES A3)."""
    if organisation.programme == "partner":
        return Obstacle.PARTNER
    return Obstacle.WAITING if directory.waiting_application(organisation) else None


def open_account(tag: str) -> AffiliateAccount | None:
    """The affiliate with this tag, if its account is open (RULES F1)."""
    return db.session.scalar(
        sa.select(AffiliateAccount).where(
            AffiliateAccount.tag == tag, AffiliateAccount.closed_at.is_(None)
        )
    )  # fmt: skip


def id_of_open_account(tag: str) -> int | None:
    """The same, just who it is: asked for each visitor that brings a tag, so not by way of a row."""
    return db.session.scalar(
        sa.select(AffiliateAccount.id).where(
            AffiliateAccount.tag == tag, AffiliateAccount.closed_at.is_(None)
        )
    )  # fmt: skip


def account(account_id: int) -> AffiliateAccount | None:
    """What a mail is about."""
    return db.session.get(AffiliateAccount, account_id)


# --- links and clicks ---------------------------------------------------------------------------------------


class CountedLink(NamedTuple):
    """A link with what it brought."""

    public_id: str
    path: str
    label: str
    clicks: int
    sign_ups: int


def links_of(account: AffiliateAccount) -> list[CountedLink]:
    """The affiliate's links with their clicks and sign-ups, the oldest first, all other pages last."""
    won = (
        sa.select(sa.func.count())
        .where(Attribution.link_id == AffiliateLink.id)
        .correlate(AffiliateLink)
        .scalar_subquery()
    )
    link = AffiliateLink
    rows = db.session.execute(
        sa.select(link.public_id, link.path, link.label, link.clicks, won)
        .where(link.account_id == account.id)
        .order_by(link.path == "", link.id)
    )
    return [CountedLink(*row) for row in rows]


def sign_ups_by_code(account: AffiliateAccount) -> int:
    """How many customers came without a link: they named the affiliate's code."""
    by_code = sa.select(sa.func.count()).where(
        Attribution.account_id == account.id, Attribution.link_id.is_(None)
    )
    return db.session.scalar(by_code) or 0


def link(account: AffiliateAccount, public_id: str) -> AffiliateLink | None:
    """One of the affiliate's own links; that of all other pages is none to be chosen."""
    return db.session.scalar(
        sa.select(AffiliateLink).where(
            AffiliateLink.account_id == account.id, AffiliateLink.public_id == public_id,
            AffiliateLink.path != "",
        )
    )  # fmt: skip


def paths_of(account_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """By account, the ids of its links by their paths."""
    found: dict[int, dict[str, int]] = {account_id: {} for account_id in account_ids}
    rows = db.session.execute(
        sa.select(AffiliateLink.account_id, AffiliateLink.path, AffiliateLink.id).where(
            AffiliateLink.account_id.in_(account_ids)
        )
    )
    for account_id, path, link_id in rows:
        found[account_id][path] = link_id
    return found


def clicks_from(pairs: Collection[tuple[int, str]], *, since: datetime) -> dict[tuple[int, str], int]:
    """How many clicks there were from these networks: (account, network's hash) -> number."""
    rows = db.session.execute(
        sa.select(Click.account_id, Click.network_hash, sa.func.count())
        .where(sa.tuple_(Click.account_id, Click.network_hash).in_(pairs), Click.at >= since)
        .group_by(Click.account_id, Click.network_hash)
    )
    return {(account_id, hashed): n for account_id, hashed, n in rows if hashed}


def old_clicks(*, before: datetime, most: int) -> list[int]:
    """The ids of clicks from before that instant that won nobody."""
    won = sa.select(Attribution.id).where(Attribution.click_id == Click.id)
    return list(
        db.session.scalars(
            sa.select(Click.id).where(Click.at < before, ~won.exists()).order_by(Click.at).limit(most)
        )
    )


# --- who was won --------------------------------------------------------------------------------------------


def attribution_of(organisation_id: int) -> Attribution | None:
    """Which affiliate won this customer (RULES F2: one, for ever)."""
    return db.session.scalar(_ATTRIBUTION, {"organisation": organisation_id})


def click_by_public_id(public_id: str) -> Click | None:
    """The click that a visitor's browser names."""
    return db.session.scalar(sa.select(Click).where(Click.public_id == public_id))


def networks_of(organisation_id: int, *, since: datetime) -> set[str]:
    """From where the people of an organisation were signed in, as limits count."""
    addresses = db.session.scalars(
        sa.select(UserSession.address)
        .join(Membership, Membership.user_id == UserSession.user_id)
        .where(Membership.organisation_id == organisation_id, UserSession.last_seen_at >= since)
        .distinct()
    )
    return {network(address) for address in addresses} - {""}


def network_of(person: User, *, since: datetime) -> str:
    """From where the person was seen last."""
    address = db.session.scalar(
        sa.select(UserSession.address)
        .where(UserSession.user_id == person.id, UserSession.last_seen_at >= since)
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
        .limit(1)
    )
    return network(address)


def share_people(organisation_id: int, other_id: int) -> bool:
    """Whether somebody belongs to both organisations at this moment."""
    mine, theirs = sa.orm.aliased(Membership), sa.orm.aliased(Membership)
    both = (
        sa.select(mine.id)
        .join(theirs, theirs.user_id == mine.user_id)
        .where(mine.organisation_id == organisation_id, theirs.organisation_id == other_id)
    )
    return bool(db.session.scalar(sa.select(both.exists())))


def belongs_to(person: User, organisation_id: int) -> bool:
    """Whether the person is one of the organisation."""
    found = sa.select(Membership.id).where(
        Membership.user_id == person.id, Membership.organisation_id == organisation_id
    )
    return bool(db.session.scalar(sa.select(found.exists())))


def is_managed(organisation: Organisation) -> bool:
    """Whether a partner manages something of it, or somebody who was here before it belongs to it (RULES F3)."""
    partnership = sa.select(Partnership.id).where(
        Partnership.client_id == organisation.id, Partnership.ended_at.is_(None)
    )
    known = (
        sa.select(Membership.id)
        .join(Membership.user)
        .where(Membership.organisation_id == organisation.id, User.created_at < organisation.created_at)
    )
    return bool(db.session.scalar(sa.select(sa.or_(partnership.exists(), known.exists()))))


def sign_ups_from(account: AffiliateAccount, network_hash: str, *, since: datetime) -> int:
    """How many customers of this affiliate signed up from one network."""
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Attribution)
            .where(
                Attribution.account_id == account.id, Attribution.network_hash == network_hash,
                Attribution.at >= since,
            )
        )
        or 0
    )  # fmt: skip


# --- commissions --------------------------------------------------------------------------------------------


def counted(account: AffiliateAccount) -> Money:
    """What decides its rate (RULES F5): what it earned, without orders that are not paid or under review yet.

    An order that nobody pays would raise the rate of all that follow.
    """
    return account.money(account.earned - int(db.session.scalar(_OPEN, {"account": account.id}) or 0))


_OPEN = sa.select(sa.func.sum(Commission.amount)).where(
    Commission.account_id == sa.bindparam("account"), Commission.confirms_on.is_(None)
)


def commission_of(order: Order) -> Commission | None:
    """What the order brings its affiliate, if there is one."""
    return db.session.scalar(
        sa.select(Commission)
        .where(Commission.order_id == order.id)
        .options(joinedload(Commission.account), joinedload(Commission.attribution))
    )


def commissions_of(attribution: Attribution) -> list[Commission]:
    """All that a customer brought, the oldest first."""
    return list(
        db.session.scalars(
            sa.select(Commission).where(Commission.attribution_id == attribution.id).order_by(Commission.id)
        )
    )


def without_rate(*, after: int, most: int) -> list[int]:
    """The ids of commissions that wait for a rate of exchange, from this one on (RULES F9)."""
    return list(
        db.session.scalars(
            sa.select(Commission.id)
            .join(AffiliateAccount, AffiliateAccount.id == Commission.account_id)
            .where(
                Commission.id > after, Commission.reason.is_(None), Commission.confirms_on.is_(None),
                Commission.exchange.is_(None), Commission.currency != AffiliateAccount.currency,
            )
            .order_by(Commission.id)
            .limit(most)
        )
    )  # fmt: skip


def commission(commission_id: int) -> Commission | None:
    """The commission with this number."""
    return db.session.get(Commission, commission_id)


def is_held(commission: Commission) -> bool:
    """Whether somebody at the desk has still to look at its customer."""
    return commission.attribution.verdict is Verdict.HELD


def window(now: datetime, days: int) -> datetime:
    """The instant from which something so many days old still counts."""
    return now - timedelta(days=days)


def emails_of(organisation_id: int) -> Iterable[str]:
    """The addresses of its people."""
    return db.session.scalars(
        sa.select(User.email)
        .join(User.memberships)
        .where(Membership.organisation_id == organisation_id)
    )  # fmt: skip


# --- the operator's desk ------------------------------------------------------------------------------------

PER_PAGE = 25


def to_review() -> list[Attribution]:
    """Customers whose sign-up looked like the affiliate's own, the oldest first (RULES F3)."""
    return list(
        db.session.scalars(
            _attributions()
            .where(Attribution.verdict == Verdict.HELD)
            .order_by(Attribution.id)
            .limit(PER_PAGE)
        )
    )


def reviewed(account: AffiliateAccount | None = None, *, page: int = 1) -> tuple[list[Attribution], bool]:
    """(customers that were won, the newest first; whether there are more): all, or an affiliate's."""
    found = _attributions().order_by(Attribution.id.desc())
    if account:
        found = found.where(Attribution.account_id == account.id)
    rows = list(db.session.scalars(found.limit(PER_PAGE + 1).offset((page - 1) * PER_PAGE)))
    return rows[:PER_PAGE], len(rows) > PER_PAGE


def _attributions() -> sa.Select[Attribution]:
    return sa.select(Attribution).options(
        joinedload(Attribution.organisation),
        joinedload(Attribution.account).joinedload(AffiliateAccount.organisation),
    )


def attribution(public_id: str) -> Attribution | None:
    """A customer that was won, by its public id."""
    return db.session.scalar(_attributions().where(Attribution.public_id == public_id))


def affiliates(search: str, *, page: int = 1) -> tuple[list[AffiliateAccount], bool]:
    """(affiliates, who earned most first; whether there are more); `search` in names and tags."""
    found = (
        sa.select(AffiliateAccount)
        .join(AffiliateAccount.organisation)
        .options(contains_eager(AffiliateAccount.organisation))
        .order_by(AffiliateAccount.earned.desc(), AffiliateAccount.id)
    )
    if search:
        found = found.where(
            sa.or_(
                Organisation.name.icontains(search, autoescape=True),
                AffiliateAccount.tag == search.casefold(),
            )
        )
    rows = list(db.session.scalars(found.limit(PER_PAGE + 1).offset((page - 1) * PER_PAGE)))
    return rows[:PER_PAGE], len(rows) > PER_PAGE


def affiliate(public_id: str) -> AffiliateAccount | None:
    """An affiliate account, by its public id."""
    return db.session.scalar(
        sa.select(AffiliateAccount)
        .where(AffiliateAccount.public_id == public_id)
        .options(joinedload(AffiliateAccount.organisation))
    )


def commissions_with_orders(attribution: Attribution, *, most: int = PER_PAGE) -> list[Commission]:
    """The newest orders of a customer and what they bring."""
    return list(
        db.session.scalars(
            sa.select(Commission)
            .where(Commission.attribution_id == attribution.id)
            .options(joinedload(Commission.order), joinedload(Commission.account))
            .order_by(Commission.id.desc())
            .limit(most)
        )
    )
