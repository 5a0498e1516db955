"""What tests of requests share: a request that waits, and the way through the partner's pages."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tests.cast import Cast
from tests.client import Page, ProofreadingClient
from tests.factories import make_invitation
from webapp.accounts.models import Organisation
from webapp.extensions import db
from webapp.invitations.models import Invitation
from webapp.invitations.rules import Direction
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import EVERYTHING, Rights
from webapp.products.rules import Family

WEB_AND_MAIL = {Family.WEB: EVERYTHING, Family.MAIL: Rights(statistical=True)}


def asked(cast: Cast, **values: Any) -> Invitation:
    """Lumière asks Nadia for both rights on sites and the figures of mail, with a word; or another `partner`."""
    partner = values.pop("partner", cast.lumiere_partner)
    values = {"email": cast.nadia.email, "asked": WEB_AND_MAIL, "message": "We spoke on Monday.", **values}
    invitation: Invitation = make_invitation(Direction.TO_CLIENT, partner, cast.pierre, **values)
    return invitation


def requests() -> list[Invitation]:
    """All of them, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Invitation).order_by(Invitation.id).execution_options(populate_existing=True)
        )
    )


def partnership() -> Partnership:
    """The only one."""
    return db.session.scalars(sa.select(Partnership).execution_options(populate_existing=True)).one()


def clients(organisation: Organisation, *rest: str, language: str = "en") -> str:
    """An address below a partner's clients."""
    return "/".join([f"/{language}/o/{organisation.public_id}/clients", *rest])


def grant_of(client: Organisation, invitation: Invitation, *rest: str, language: str = "en") -> str:
    """The address of the client's answer."""
    return "/".join([f"/{language}/o/{client.public_id}/requests/{invitation.public_id}/grant", *rest])


def at(invitation: Invitation, *rest: str, language: str = "en") -> str:
    """The address of the request, for whoever was asked."""
    return "/".join([f"/{language}/requests/{invitation.public_id}", *rest])


def typed(
    client: ProofreadingClient, organisation: Organisation, email: str = "new@client.example", **ask: Any
) -> Page:
    """Goes through the partner's pages up to the check page, and answers that."""
    page = client.submit(clients(organisation, "new"), {"email": email, "language": "de"})
    page = client.submit(
        page.location, ask or {"access": "limited", "rights": ["web:technical", "mail:statistical"]}
    )
    page = client.submit(page.location, {"message": "We spoke on Monday."})
    assert page.location.endswith("/check"), (page.location, page.errors)
    return client.get_page(page.location)


def follow(client: ProofreadingClient, page: Page, status: int = 200) -> Page:
    """The page after a form was taken."""
    assert page.status == 303, (page.status, page.errors, page.text[:300])
    return client.get_page(page.location, status=status)
