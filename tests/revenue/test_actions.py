"""The monthly statement by mail: when it is sent, to whom, and how it is stopped (UX mail 21)."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.factories import join, make_plan, make_user
from tests.orders.story import ordered, refund
from tests.revenue.story import bought, by_partner, full, new
from tests.threads import at_once
from webapp.accounts.rules import Role
from webapp.audit import AuditEvent
from webapp.directory.actions import suspend
from webapp.directory.rules import SuspensionReason
from webapp.extensions import db
from webapp.mailer import QueuedMail
from webapp.partnerships.rules import Payer
from webapp.revenue import actions

FIRST_OF_DECEMBER = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)


def queued():
    """(address, stop link) of the statements in the queue."""
    rows = db.session.execute(
        sa.select(QueuedMail.address, QueuedMail.stop)
        .where(QueuedMail.kind == "monthly_statement")
        .order_by(QueuedMail.id)
    )
    return [tuple(row) for row in rows]


@pytest.fixture
def earned(cast):
    """Lumière has earned something in November."""
    full(cast)
    return bought(cast.lumen, new(make_plan()))


def test_whoever_sees_the_partner_s_money_gets_the_statement_once(cast, earned):
    """UX mail 21: administrators and legal representatives, once a month whatever the number of runs."""
    admin = make_user("Anne Aebi")
    join(admin, cast.lumiere, Role.ADMINISTRATOR)
    for hours in (0, 6, 100):
        actions.send_statements(now=FIRST_OF_DECEMBER + timedelta(hours=hours))
    stop = f"statements:{cast.lumiere_partner.public_id}"
    assert queued() == [(cast.pierre.email, stop), (admin.email, stop)]


@pytest.mark.parametrize(
    ("at", "sent"),
    [
        (FIRST_OF_DECEMBER - timedelta(days=1), False),
        (datetime(2026, 11, 30, 23, 0, tzinfo=UTC), True),  # midnight has passed in Zürich
        (FIRST_OF_DECEMBER + timedelta(days=6), True),
        (FIRST_OF_DECEMBER + timedelta(days=7), False),
        (datetime(2027, 1, 2, tzinfo=UTC), False),  # nothing in December
    ],
)
def test_it_is_sent_in_the_first_days_of_the_next_month(cast, earned, at, sent):
    actions.send_statements(now=at)
    assert bool(queued()) is sent


def test_a_month_without_anything_has_no_statement(cast):
    full(cast)
    ordered(cast.lumen, new(make_plan()))
    bought(cast.lumiere, new(make_plan()))
    assert actions.send_statements(now=FIRST_OF_DECEMBER) == 0 and queued() == []


@pytest.mark.parametrize("payer", list(Payer))
def test_a_month_in_which_something_was_taken_back_has_one(cast, payer):
    """RULES M11."""
    order = by_partner(full(cast, payer), new(make_plan()))
    refund(order, 1_000, now=FIRST_OF_DECEMBER)
    actions.send_statements(now=datetime(2027, 1, 3, tzinfo=UTC))
    assert [address for address, _stop in queued()] == [cast.pierre.email]


def test_who_has_stopped_it_or_is_suspended_gets_none(cast, now, earned):
    """RFC 8058: one click, without signing in."""
    assert actions.stop_statements(cast.lumiere_partner.public_id, now=now)
    actions.send_statements(now=FIRST_OF_DECEMBER)
    assert queued() == []
    actions.set_statement_mail(cast.lumiere_partner, True, by=cast.pierre, now=now)
    suspend(cast.lumiere_partner, SuspensionReason.OTHER, by=cast.olga, now=now)
    actions.send_statements(now=FIRST_OF_DECEMBER)
    assert queued() == []
    assert not actions.stop_statements("nobody", now=now)


def test_switching_it_is_recorded_once(cast, now):
    for wanted in (False, False, True):
        actions.set_statement_mail(cast.lumiere_partner, wanted, by=cast.pierre, now=now)
    recorded = sa.select(AuditEvent.detail).where(AuditEvent.action == "partner.statement_mail")
    assert db.session.scalars(recorded.order_by(AuditEvent.id)).all() == ["off", "on"]


def test_two_workers_at_once_send_it_once(app, cast, earned):
    at_once(app, *[lambda: actions.send_statements(now=FIRST_OF_DECEMBER)] * 3)
    assert len(queued()) == 1
