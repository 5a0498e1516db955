"""Who may order, and for whom: the organisation's own money, or as a partner with full access (RULES M4, C14)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response

from webapp.accounts.access import member, too_weak
from webapp.accounts.queries import Member
from webapp.clients.access import acting
from webapp.htmx import render
from webapp.ordering.models import Purchase
from webapp.orders.rules import MANAGES_MONEY
from webapp.partnerships import queries as partnerships
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import may_order

View = TypeVar("View", bound=Callable[..., Any])


def for_itself(view: View) -> View:
    """The view gets the `Purchase` of an administrator or legal representative for the own organisation."""

    @wraps(view)
    @member(MANAGES_MONEY)
    def guarded(*args: object, membership: Member, **kwargs: object) -> object:
        return view(Purchase(membership), *args, **kwargs)

    return guarded  # type: ignore[return-value] # `org` became the purchase


def for_client(view: View) -> View:
    """The view gets the `Purchase` for a client of the partner's that has given it full access (RULES M4)."""

    @wraps(view)
    @acting
    def guarded(*args: object, membership: Member, partnership: Partnership, **kwargs: object) -> object:
        if not membership.role.reaches(MANAGES_MONEY):
            return too_weak(membership, MANAGES_MONEY)
        if not may_order(partnership.access, acting_for_client=True):
            return limited(membership, partnership)
        return view(Purchase(membership, partnership), *args, **kwargs)

    return guarded  # type: ignore[return-value] # `org` and `client` became the purchase


def limited(membership: Member, partnership: Partnership) -> Response:
    """The page that says why a limited partner orders nothing, and whom to ask (RULES M4, last line)."""
    return render(
        "ordering/limited.html",
        status=403,
        membership=membership,
        partnership=partnership,
        able=partnerships.representatives(partnership.client),
    )
