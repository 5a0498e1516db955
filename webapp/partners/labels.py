"""The words for changes that a client is about to make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from webapp.i18n import gettext as _
from webapp.i18n import instant, lazy, ngettext
from webapp.partnerships.models import Partnership, PartnershipChange
from webapp.partnerships.rules import Payer, Right, RightChange, Side

PAYMENT = {Payer.CLIENT: lazy("Your payment method"), Payer.PARTNER: lazy("Partner’s payment method")}


def payment(payer: Payer) -> str:
    """Whose payment method is used, said to the client."""
    return str(PAYMENT[payer])


def full_lines(payer: Payer) -> list[str]:
    """In few words: limited becomes full."""
    lines = [_("Full access instead of limited access")]
    return [*lines, _("Partner’s payment method")] if payer is Payer.PARTNER else lines


def limited_line() -> str:
    """In few words: full becomes limited."""
    return _("Limited access instead of full access")


def full_sentences(partner: str, payer: Payer) -> list[str]:
    """Limited becomes full, with the payment method."""
    return [
        _("%(partner)s gets full access: all your products, now and later.", partner=partner),
        payment_sentence(payer, partner),
    ]


def limited_sentence(partner: str) -> str:
    """Full becomes limited."""
    return _(
        "%(partner)s loses full access: only the chosen products stay within its reach, and it can’t order or "
        "renew for you any more.",
        partner=partner,
    )


def payment_sentence(payer: Payer, partner: str) -> str:
    """What a payment method means."""
    if payer is Payer.PARTNER:
        return _(
            "From now on %(partner)s pays for what it orders and renews for you, and gets the invoices.",
            partner=partner,
        )
    return _(
        "From now on you pay for what %(partner)s orders and renews for you, and get the invoices.",
        partner=partner,
    )


def right_sentence(change: RightChange, product: str, partner: str) -> str:
    """One right, given or taken away."""
    words = {"partner": partner, "product": product}
    if change.right is Right.TECHNICAL:
        if change.given:
            return _("%(partner)s may change settings, files and users of %(product)s.", **words)
        return _("%(partner)s can’t change settings, files and users of %(product)s any more.", **words)
    if change.given:
        return _("%(partner)s may see the statistics of %(product)s.", **words)
    return _("%(partner)s can’t see the statistics of %(product)s any more.", **words)


def changed_by(change: PartnershipChange, *, me: int, now: datetime) -> str:
    """By whom, and how long ago."""
    ago = now - change.at
    minutes = max(0, int(ago.total_seconds()) // 60)
    if change.person_id == me:
        return _yourself(minutes, change.at)
    if change.side is Side.OPERATOR:
        return _by_operator(minutes, change.at)
    who = _name(change)
    if ago >= timedelta(hours=1):
        return _("Changed by %(who)s on %(instant)s", who=who, instant=instant(change.at))
    if minutes == 0:
        return _("Changed by %(who)s just now", who=who)
    return ngettext(
        "Changed by %(who)s %(num)s minute ago", "Changed by %(who)s %(num)s minutes ago", minutes, who=who
    )


def _yourself(minutes: int, at: datetime) -> str:
    if minutes >= 60:
        return _("Changed by yourself on %(instant)s", instant=instant(at))
    if minutes == 0:
        return _("Changed by yourself just now")
    return ngettext(
        "Changed by yourself %(num)s minute ago", "Changed by yourself %(num)s minutes ago", minutes
    )


def _by_operator(minutes: int, at: datetime) -> str:
    if minutes >= 60:
        return _("Changed by the operator on %(instant)s", instant=instant(at))
    if minutes == 0:
        return _("Changed by the operator just now")
    return ngettext(
        "Changed by the operator %(num)s minute ago", "Changed by the operator %(num)s minutes ago", minutes
    )


def _name(change: PartnershipChange) -> str:
    if change.side is Side.CLIENT and change.person:
        return change.person.name
    partnership: Partnership = change.partnership
    return partnership.partner.name


FILTERS: dict[str, Callable[..., object]] = {
    "payment_method": payment,
    "payment_sentence": payment_sentence,
}
