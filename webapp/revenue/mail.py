"""The monthly statement of a partner."""

from __future__ import annotations

from webapp import clock
from webapp.directory import queries as directory
from webapp.directory.models import PartnerAccount
from webapp.i18n import gettext as _
from webapp.i18n import money, month
from webapp.mailer import Letter, QueuedMail, address_of, mail
from webapp.orders.queries import is_told
from webapp.revenue import monthly
from webapp.revenue.rules import Earned, month_before


@mail
def monthly_statement(row: QueuedMail) -> Letter | None:
    """To whoever sees the partner's money: what the month before brought."""
    partner = directory.partner_by_id(row.about)
    if partner is None or not _wanted(partner, row.address):
        return None
    day = month_before(clock.day_of(row.queued_at))
    found = [by_month[day] for by_month in monthly.earned(partner.organisation, [day]).values()]
    if not found:
        return None
    name = partner.organisation.name
    return Letter(
        subject=_("Your revenue in %(month)s", month=month(day)),
        heading=_("Your revenue in %(month)s", month=month(day)),
        paragraphs=(
            _("This is what %(organisation)s earned with its clients.", organisation=name),
            _("The statement shows it by client, and how each amount was worked out."),
        ),
        facts=tuple(fact for earned in found for fact in _facts(earned, alone=len(found) == 1)),
        button=(
            _("See the statement"),
            address_of("revenue.index", org=partner.organisation.public_id, month=f"{day:%Y-%m}"),
        ),
        why=_("You get this mail because you look after the revenue of %(organisation)s.", organisation=name),
        thread=f"statements.{partner.id}",
    )


def _wanted(partner: PartnerAccount, address: str) -> bool:
    return bool(
        partner.statement_mail and not partner.suspended_at and is_told(partner.organisation, address)
    )


def _facts(earned: Earned, *, alone: bool) -> tuple[tuple[str, str], ...]:
    currency = earned.total.currency
    discount = _("Discount") if alone else _("Discount in %(currency)s", currency=currency)
    cashback = _("Cashback") if alone else _("Cashback in %(currency)s", currency=currency)
    return (
        (discount, money(earned.discount)),
        (cashback, money(earned.cashback)),
        (_("Together"), money(earned.total)),
    )
