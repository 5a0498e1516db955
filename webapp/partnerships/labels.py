"""The words for partnerships: what a partner can do, as the client reads it and as the partner reads it.

These sentences are the same on every page and in every mail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from webapp.i18n import gettext as _
from webapp.i18n import lazy, listing, ngettext, number
from webapp.partnerships.models import PartnershipChange, RightChanged
from webapp.partnerships.rules import NAMED, Access, Payer, Right, Rights, Side, Some, Standing, Summary

ACCESSES = {Access.LIMITED: lazy("Limited access"), Access.FULL: lazy("Full access")}
PAYERS = {Payer.CLIENT: lazy("Client’s payment method"), Payer.PARTNER: lazy("Partner’s payment method")}
RIGHTS = {Right.TECHNICAL: lazy("Technical"), Right.STATISTICAL: lazy("Statistics")}
STANDINGS = {
    Standing.ACTIVE: (lazy("Active"), "ok"),
    Standing.SUSPENDED: (lazy("Suspended"), "wait"),
    Standing.ENDED: (lazy("Ended"), ""),
}


def access_name(access: Access) -> str:
    """`Limited access`."""
    return str(ACCESSES[access])


def payer_name(payer: Payer) -> str:
    """`Client’s payment method`."""
    return str(PAYERS[payer])


def rights_name(rights: Rights) -> str:
    """`Technical and Statistics`."""
    return listing([str(RIGHTS[right]) for right in Right if rights.has(right)])


def standing_badge(standing: Standing) -> tuple[str, str]:
    """(name, tone of its badge)."""
    name, tone = STANDINGS[standing]
    return str(name), tone


@dataclass(frozen=True)
class Line:
    """One line of "What X can do": allowed or not, and the sentence."""

    may: bool
    sentence: str


def as_text(lines: list[Line]) -> tuple[str, ...]:
    """The same lines in a mail."""
    return tuple(f"{'✓' if line.may else '✕'} {line.sentence}" for line in lines)


def for_client(summary: Summary) -> list[Line]:
    """What the partner can do, said to the client."""
    if summary.terms.access is Access.FULL:
        own = summary.terms.payer is Payer.PARTNER
        return [
            Line(True, _("Manage all your products, now and later")),
            Line(
                True,
                _("Order and renew for you, at its own expense")
                if own
                else _("Order and renew for you; you pay"),
            ),
            Line(
                False,
                _("You do not see the invoices that it pays") if own else _("Cannot see your invoices"),
            ),
        ]
    return [
        *_limited(summary),
        Line(False, _("Cannot order or renew for you, and does not see your invoices")),
    ]


def for_partner(summary: Summary, client: str) -> list[Line]:
    """The same, said to the partner."""
    if summary.terms.access is Access.FULL:
        own = summary.terms.payer is Payer.PARTNER
        return [
            Line(True, _("Manage all products of %(client)s, now and later", client=client)),
            Line(
                True,
                _("Order and renew for %(client)s, at your expense", client=client)
                if own
                else _("Order and renew for %(client)s, at its expense", client=client),
            ),
            Line(
                False,
                _("%(client)s does not see the invoices that you pay", client=client)
                if own
                else _("You do not see the invoices of %(client)s", client=client),
            ),
        ]
    return [
        *_limited(summary),
        Line(
            False,
            _("You cannot order or renew for %(client)s, and do not see its invoices", client=client),
        ),
    ]


def _limited(summary: Summary) -> list[Line]:
    technical, statistical = summary.technical, summary.statistical
    return [
        Line(True, _managed(technical)) if technical.count else Line(False, _("Cannot manage any product")),
        Line(True, _seen(statistical)) if statistical.count else Line(False, _("Cannot see any statistics")),
    ]


def _managed(some: Some) -> str:
    names = ", ".join(some.names)
    if some.count <= NAMED:
        return ngettext(
            "Manage %(num)s product: %(names)s", "Manage %(num)s products: %(names)s", some.count, names=names
        )
    more = some.count - len(some.names)
    return ngettext(
        "Manage %(count)s products: %(names)s and %(num)s more",
        "Manage %(count)s products: %(names)s and %(num)s more",
        more,
        count=number(some.count),
        names=names,
    )


def _seen(some: Some) -> str:
    return ngettext("See statistics for %(num)s product", "See statistics for %(num)s products", some.count)


def right_line(changed: RightChanged) -> str:
    """`+ Technical on lumen-optik.ch`."""
    return change_line(changed.right, changed.label, given=changed.given)


def change_line(right: Right, product: str, *, given: bool) -> str:
    """The same for a change that is not saved yet."""
    if given:
        return _("+ %(right)s on %(product)s", right=str(RIGHTS[right]), product=product)
    return _("− %(right)s on %(product)s", right=str(RIGHTS[right]), product=product)


def history_lines(
    change: PartnershipChange, *, reader: Side, me: int, client: str, partner: str
) -> list[str]:
    """What one change did, a line each, as `reader`'s side reads it: a colleague by name, oneself as "you",
    the other side by the organisation's name."""
    who = _who(change, reader=reader, client=client, partner=partner)
    you = change.side is reader and change.person_id == me
    if change.what == "rights":
        return [_right_history(each, who, you=you) for each in change.rights]
    sentences = {
        "started": (_("You began the partnership"), _("%(who)s began the partnership", who=who)),
        "ended": (_("You ended the partnership"), _("%(who)s ended the partnership", who=who)),
        "followed": (
            _("You work through the partnership from now on, no longer as a colleague"),
            _("%(who)s works through the partnership from now on, no longer as a colleague",
              who=change.person.name if change.person else who),
        ),
        "access limited": (_("You gave limited access"), _("%(who)s gave limited access", who=who)),
        "access full": (_("You gave full access"), _("%(who)s gave full access", who=who)),
        "payer client": (
            _("You set the client’s payment method"), _("%(who)s set the client’s payment method", who=who),
        ),
        "payer partner": (
            _("You set the partner’s payment method"), _("%(who)s set the partner’s payment method", who=who),
        ),
    }  # fmt: skip
    key = f"{change.what} {change.detail}" if change.what in ("access", "payer") else change.what
    yours, theirs = sentences[key]
    lines = [_right_history(each, who, you=you) for each in change.rights] if change.what == "access" else []
    return [yours if you else theirs, *lines]


def _who(change: PartnershipChange, *, reader: Side, client: str, partner: str) -> str:
    if change.side is Side.OPERATOR:
        return _("The operator")
    if change.side is reader and change.person:
        return change.person.name
    return client if change.side is Side.CLIENT else partner


def _right_history(changed: RightChanged, who: str, *, you: bool) -> str:
    right, product = str(RIGHTS[changed.right]), changed.label
    if you and changed.given:
        return _("You gave %(right)s on %(product)s", right=right, product=product)
    if you:
        return _("You took away %(right)s on %(product)s", right=right, product=product)
    if changed.given:
        return _("%(who)s gave %(right)s on %(product)s", who=who, right=right, product=product)
    return _("%(who)s took away %(right)s on %(product)s", who=who, right=right, product=product)


FILTERS: dict[str, Callable[..., object]] = {
    "access_name": access_name,
    "payer_name": payer_name,
    "rights_name": rights_name,
    "standing_badge": standing_badge,
}
