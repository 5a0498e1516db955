"""Who acts for which client. What the client may have changed since the last page is read at each request."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from flask import Response, abort, g, request
from werkzeug.exceptions import NotFound

from webapp.accounts.access import member
from webapp.accounts.queries import Member
from webapp.clients import queries
from webapp.clients.queries import MyClients, Partner
from webapp.clients.rules import (
    AccessLost,
    NotLookedAfter,
    PartnershipOver,
    PartnerSuspended,
    RightGone,
)
from webapp.found import found
from webapp.htmx import render
from webapp.i18n import tell
from webapp.partnerships import queries as partnerships
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Right, Rights, Standing
from webapp.products.models import Product
from webapp.products.rules import ProductEnded
from webapp.refused import Refused

View = TypeVar("View", bound=Callable[..., object])

NOT_TYPED = {"csrf_token", "seen", "method", "key", "do", "plan", "product"}  # what pages say, not people


def acting(view: View) -> View:
    """The view's address names a client (`client`) of the partner (`org`): this person can act for it at this
    moment (RULES C13, C14). The view gets `membership` and `partnership`.

    Who can't, or not any more, gets 404; but whoever sends something gets a page that says why, with what was
    typed.
    """

    @wraps(view)
    @member()
    def guarded(*args: object, membership: Member, client: str, **kwargs: object) -> object:
        try:
            partnership = partnerships.reached(membership, client) or _why_not(membership, client)
            return view(*args, membership=membership, partnership=partnership, **kwargs)
        except (AccessLost, ProductEnded) as refusal:
            if request.method != "POST":
                abort(404)
            return lost(membership, client, refusal)

    return guarded  # type: ignore[return-value] # `org` and `client` became `membership` and `partnership`


def _why_not(membership: Member, client: str) -> Partnership:
    """Raises what keeps this person from acting for the client; 404 when it never was one of the partner's."""
    partnership = queries.partnership_of(membership.organisation, client)
    if partnership is None:
        raise NotFound()
    raise {
        Standing.ENDED: PartnershipOver,
        Standing.SUSPENDED: PartnerSuspended,
        Standing.ACTIVE: NotLookedAfter,
    }[partnership.standing]()


def product_to_see(partnership: Partnership, public_id: str) -> tuple[Product, Rights]:
    """A product of the client with what the partner may do with it at this moment (RULES C1, C2, C4)."""
    product = queries.product_of(partnership, public_id)
    if product is None or not queries.was_managed(partnership, product):
        raise NotFound()
    if product.ended_at:
        raise ProductEnded()
    rights = partnerships.rights_of(partnership, product)
    if not rights:
        raise RightGone()
    return product, rights


def product_to_change(partnership: Partnership, public_id: str) -> Product:
    """The same for its settings, which need the technical right (RULES C4)."""
    product, rights = product_to_see(partnership, public_id)
    if not rights.has(Right.TECHNICAL):
        raise RightGone()
    return product


def lost(membership: Member, client: str, refusal: Refused) -> Response:
    """The page that says what happened to the access; nothing that was typed is lost."""
    typed = [(name, value) for name, value in request.form.items() if name not in NOT_TYPED and value.strip()]
    return render(
        "clients/lost.html",
        status=refusal.status,
        membership=membership,
        sentence=tell(refusal),
        typed=typed,
        record=partnerships.partners_partnership(membership, client),
    )


def my_partner(membership: Member) -> Partner:
    """The organisation as a partner, also while it is suspended; 404 when it is none. The menu needs it as well."""
    g.partner = partner = found(queries.partner_of(membership.org))
    return partner


def my_clients(membership: Member) -> MyClients:
    """The clients in the menu of a partner's colleague; asked for once per request."""
    if "my_clients" not in g:
        g.my_clients = queries.my_clients(membership, g.get("partner"))
    mine: MyClients = g.my_clients
    return mine
