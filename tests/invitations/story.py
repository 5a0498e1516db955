"""What tests of invitations begin with: one that was sent by a client, or by a partner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from tests.cast import Cast
from tests.times import NOW
from webapp import drafts, links
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.invitations import actions, queries
from webapp.invitations.models import Invitation
from webapp.mailer import QueuedMail
from webapp.partnerships.rules import EVERYTHING, Access, Payer, Rights, Terms
from webapp.products.models import Product
from webapp.products.rules import Family

LIMITED, FULL = Terms(Access.LIMITED), Terms(Access.FULL)
WALLET = Terms(Access.FULL, Payer.PARTNER)
TECHNICAL, STATISTICAL = Rights(technical=True), Rights(statistical=True)


def draft(kind: str = "invitation", *, now: datetime = NOW) -> Draft:
    """A draft that nobody has sent."""
    return drafts.save(kind, drafts.new_key(), {}, now=now)


def invited(
    cast: Cast, *products: Product, terms: Terms = LIMITED, message: str = "", now: datetime = NOW,
    partner: str = "lumiere", rights: Rights = EVERYTHING,
) -> Invitation:  # fmt: skip
    """Nadia invites Lumière Digital, or another partner of the cast, to manage these products."""
    return actions.invite(
        draft(now=now), cast.lumen, getattr(cast, f"{partner}_partner"), terms,
        {each.id: rights for each in products}, message=message, by=cast.nadia, now=now,
    )  # fmt: skip


def asked(
    cast: Cast, email: str = "nadia@lumen.example", *, terms: Terms = LIMITED,
    rights: Mapping[Family, Rights] | None = None, message: str = "", language: str = "en", now: datetime = NOW,
) -> Invitation:  # fmt: skip
    """Pierre asks whoever has this address for access; for websites and mail unless told otherwise."""
    wanted = {Family.WEB: EVERYTHING, Family.MAIL: STATISTICAL} if rights is None else rights
    return actions.ask(
        draft("request", now=now), cast.lumiere_partner, email, terms, {} if terms.access is Access.FULL else wanted,
        message=message, language=language, by=cast.pierre, now=now,
    )  # fmt: skip


def token_of(invitation: Invitation) -> str:
    """What stands in the newest mail."""
    link = links.live(queries.PURPOSE, invitation.id)
    assert link is not None
    return link.token


def page_of(invitation: Invitation, language: str = "en") -> str:
    """The address in the newest mail."""
    return f"/{language}/i/{token_of(invitation)}"


def mails(kind: str) -> list[str]:
    """To whom a mail of this kind was queued, in the order of queueing; those that were cancelled left out."""
    return list(
        db.session.scalars(
            sa.select(QueuedMail.address)
            .where(QueuedMail.kind == kind, QueuedMail.cancelled_at.is_(None))
            .order_by(QueuedMail.id)
        )
    )
