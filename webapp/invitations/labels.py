"""The words for invitations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from webapp import clock
from webapp.i18n import gettext as _
from webapp.i18n import lazy, listing, ngettext
from webapp.invitations.models import Invitation
from webapp.invitations.rules import Compared, ComparedFamily, Comparison, Direction, State
from webapp.partnerships.labels import rights_name
from webapp.partnerships.rules import Access, Payer
from webapp.products.labels import FAMILIES

STATES = {
    State.WAITING: (lazy("Waiting"), "wait"),
    State.EXPIRED: (lazy("Expired"), ""),
    State.ACCEPTED: (lazy("Accepted"), "ok"),
    State.REFUSED: (lazy("Refused"), "bad"),
    State.DELETED: (lazy("Deleted"), ""),
}

NAMED = 5  # things by name in a line


def state_name(invitation: Invitation, now: datetime | None = None) -> tuple[str, str]:
    """(name, tone of its badge)."""
    name, tone = STATES[invitation.state(now or clock.now())]
    return str(name), tone


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


def a_few(names: list[str]) -> str:
    """The first of them, and how many more there are."""
    if len(names) <= NAMED:
        return listing(names)
    return ngettext(
        "%(names)s and %(num)s more",
        "%(names)s and %(num)s more",
        len(names) - NAMED,
        names=", ".join(names[:NAMED]),
    )


def differences(compared: Compared) -> list[str]:
    """In which way what was granted differs from what was asked for, a line each (RULES C7)."""
    lines = []
    if compared.asked.access is not compared.granted.access:
        lines.append(
            _("You asked for limited access and got full access.")
            if compared.granted.access is Access.FULL
            else _("You asked for full access and got limited access.")
        )
    elif compared.asked.payer is not compared.granted.payer:
        lines.append(
            _("You asked to use your own payment method; the client’s is used.")
            if compared.granted.payer is Payer.CLIENT
            else _("You asked to use the client’s payment method; yours is used.")
        )
    differing = [each for each in compared.families if each.kind is not Comparison.AS_ASKED]
    return [*lines, *(_family_line(each) for each in differing)]


def _family_line(compared: ComparedFamily) -> str:
    category, asked = str(FAMILIES[compared.family]), rights_name(compared.asked)
    granted = a_few(
        [
            _("%(rights)s on %(product)s", rights=rights_name(each.rights), product=each.product)
            for each in compared.granted
        ]
    )
    if not compared.granted:
        return _("%(category)s: you asked for %(rights)s and got nothing.", category=category, rights=asked)
    if not compared.asked:
        return _(
            "%(category)s: you asked for nothing and got %(granted)s.", category=category, granted=granted
        )
    return _(
        "%(category)s: you asked for %(rights)s and got %(granted)s.",
        category=category,
        rights=asked,
        granted=granted,
    )


FILTERS: dict[str, Callable[..., Any]] = {
    "invitation_state": state_name,
    "access_line": access_line,
}
