"""The words for invitations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from webapp import clock
from webapp.i18n import gettext as _
from webapp.i18n import lazy, listing, ngettext
from webapp.invitations.models import Invitation
from webapp.invitations.rules import Direction, State
from webapp.partnerships.labels import ACCESSES, PAYERS, RIGHTS
from webapp.partnerships.rules import Access, Payer, Right, Rights
from webapp.products.labels import FAMILIES

STATES = {
    State.WAITING: (lazy("Waiting"), "wait"),
    State.EXPIRED: (lazy("Expired"), ""),
    State.ACCEPTED: (lazy("Accepted"), "ok"),
    State.REFUSED: (lazy("Refused"), "bad"),
    State.DELETED: (lazy("Deleted"), ""),
}


def state_name(invitation: Invitation, now: datetime | None = None) -> tuple[str, str]:
    """(name, tone of its badge)."""
    name, tone = STATES[invitation.state(now or clock.now())]
    return str(name), tone


def rights_name(rights: Rights) -> str:
    """`Technical and Statistics`."""
    return listing([str(RIGHTS[right]) for right in Right if rights.has(right)])


def access_line(invitation: Invitation) -> str:
    """What is offered or asked for, in a few words."""
    if invitation.access is Access.FULL:
        if invitation.payer is Payer.PARTNER:
            return _("Full access, the partner’s payment method")
        return _("Full access, the client’s payment method")
    if invitation.direction is Direction.TO_CLIENT:
        return _("Limited access: %(categories)s", categories=listing(asked_lines(invitation)))
    return ngettext(
        "Limited access to %(num)s product", "Limited access to %(num)s products", len(invitation.products)
    )


def asked_lines(invitation: Invitation) -> list[str]:
    """`Mail (Technical and Statistics)` for each category that a partner asks for."""
    return [
        _("%(category)s (%(rights)s)", category=str(FAMILIES[each.family]), rights=rights_name(each.rights))
        for each in sorted(invitation.asked, key=lambda each: each.family.rank)
    ]


def access_name(access: Access) -> str:
    """`Limited access`."""
    return str(ACCESSES[access])


def payer_name(payer: Payer) -> str:
    """`Client’s payment method`."""
    return str(PAYERS[payer])


FILTERS: dict[str, Callable[..., Any]] = {
    "access_name": access_name,
    "payer_name": payer_name,
    "invitation_state": state_name,
    "rights_name": rights_name,
    "access_line": access_line,
}
