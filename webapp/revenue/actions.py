"""The statements that partners get by mail."""

from __future__ import annotations

from datetime import datetime

from webapp import audit, clock, mailer
from webapp.accounts.models import User
from webapp.directory.models import PartnerAccount
from webapp.orders.queries import money_people
from webapp.revenue import mail as _mail  # noqa: F401 # registers the mail
from webapp.revenue import monthly, queries
from webapp.revenue.rules import STATEMENT_DAYS, month_before
from webapp.unit import lock, unit_of_work


@unit_of_work
def set_statement_mail(partner: PartnerAccount, wanted: bool, *, by: User | None, now: datetime) -> None:
    """Switches a partner's monthly statement by mail on or off."""
    if lock(partner).statement_mail != wanted:
        partner.statement_mail = wanted
        audit.record(
            "partner.statement_mail", partner, by=by, now=now, organisation=partner.organisation,
            detail="on" if wanted else "off",
        )  # fmt: skip


@unit_of_work
def stop_statements(public_id: str, *, now: datetime) -> bool:
    """What the stop link of a statement does; False when there is no such partner."""
    partner = queries.partner_by_public_id(public_id)
    if partner:
        set_statement_mail(partner, False, by=None, now=now)
    return partner is not None


def send_statements(*, now: datetime) -> int:
    """In the first days of a month, the statement of the one before to every partner that earned something in it.

    Each person gets it once, whatever the number of runs. Answers how many partners were looked at.
    """
    today = clock.day_of(now)
    if today.day > STATEMENT_DAYS:
        return 0
    partners = monthly.partners_to_tell(month_before(today))
    for partner in partners:
        _send_statement(partner, now=now)
    return len(partners)


@unit_of_work
def _send_statement(partner: PartnerAccount, *, now: datetime) -> None:
    if lock(partner).suspended_at or not partner.statement_mail:
        return
    month = month_before(clock.day_of(now))
    for person in money_people(partner.organisation):
        mailer.queue(
            "monthly_statement", person, partner, now=now, stop=f"statements:{partner.public_id}",
            dedupe=f"statement:{partner.id}:{month:%Y-%m}:{person.id}",
        )  # fmt: skip
