"""What tests of partnerships begin with, and look at: terms, memberships, grants, history, who reaches what."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tests.times import NOW
from webapp.accounts import queries as accounts
from webapp.accounts.models import Membership, Organisation, User
from webapp.audit import AuditEvent
from webapp.extensions import db
from webapp.partnerships import actions, labels, queries
from webapp.partnerships.models import Partnership, PartnershipChange, ProductGrant
from webapp.partnerships.rules import Access, Payer, Rights, Side, Terms

LIMITED, FULL = Terms(Access.LIMITED), Terms(Access.FULL)
WALLET = Terms(Access.FULL, Payer.PARTNER)
TECHNICAL, STATISTICAL = Rights(technical=True), Rights(statistical=True)


def begun(
    client: Any, partner: Any, terms: Terms = LIMITED, picked: Any = None, *, by: User, **values: Any
) -> Partnership:
    """A partnership that began by its action; `picked` is by product."""
    by_id = {product.id: rights for product, rights in (picked or {}).items()}
    values = {"side": Side.PARTNER, "now": NOW, **values}
    return actions.begin(client, partner, terms, by_id, by=by, **values)


def ids(picked: Any) -> dict[int, Rights]:
    """The same selection by the products' ids."""
    return {product.id: rights for product, rights in picked.items()}


def membership(organisation: Organisation, person: User) -> Membership | None:
    """The person's place in the organisation."""
    return accounts.membership_in(organisation, person)


def reaches(person: User, partnership: Partnership) -> bool:
    """Whether the person reaches the client as one of the partner's colleagues."""
    mine = membership(partnership.partner.organisation, person)
    return mine is not None and queries.reached(mine, partnership.public_id) is not None


def grants(partnership: Partnership) -> list[tuple[str, Rights, bool]]:
    """All its grants, oldest first: product, rights, whether it is over."""
    rows = db.session.scalars(
        sa.select(ProductGrant)
        .where(ProductGrant.partnership_id == partnership.id)
        .order_by(ProductGrant.id)
        .execution_options(populate_existing=True)
    )
    return [(row.product.label, row.rights, row.ended_at is not None) for row in rows]


def changes(partnership: Partnership) -> list[PartnershipChange]:
    """Its history, oldest first."""
    return queries.history(partnership)[::-1]


def told(partnership: Partnership, reader: Side, me: User | None = None) -> list[str]:
    """The lines of its history as somebody on that side reads them, oldest first."""
    return [
        line
        for change in changes(partnership)
        for line in labels.history_lines(
            change, reader=reader, me=me.id if me else 0, client=partnership.client.name,
            partner=partnership.partner.name,
        )
    ]  # fmt: skip


def audited(action: str) -> AuditEvent:
    """The newest row of the audit for this action."""
    event = db.session.scalar(
        sa.select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id.desc()).limit(1)
    )
    assert event is not None, action
    return event
