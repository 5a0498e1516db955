"""What tests of calls for tenders begin with, and look at: a call that was typed, sent, published; its traces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from tests.times import NOW
from webapp import drafts
from webapp.accounts.models import Organisation, User
from webapp.audit import AuditEvent
from webapp.database import Base
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.mailer import QueuedMail
from webapp.tenders import actions
from webapp.tenders.models import Tender

CONTACT = {
    "contact_name": "Valentina Visconti",
    "contact_company": "Visconti Optics Ltd",
    "contact_email": "valentina.visconti@optics.example",
    "contact_phone": "+41 31 555 77 88",
}


def typed(**values: Any) -> dict[str, Any]:
    """What the form keeps of a whole call."""
    return {
        "title": "A shop for eyeglasses",
        "description": "We sell eyeglasses in three branches and want a shop on the web by spring.",
        "budget": "5000-20000",
        "start": "month",
        "validity_days": "30",
        "services": ["web", "shop"],
        "reply_languages": ["en", "de"],
        "place": "CH-BE",
        "country": "CH",
        "region": "CH-BE",
        "currency": "CHF",
        "language": "en",
        "org": "",
        "complete": True,
        **CONTACT,
        **values,
    }


def draft(**values: Any) -> Draft:
    """A kept draft of a whole call."""
    return drafts.save("tender", drafts.new_key(), typed(**values), now=NOW)


def sent(**values: Any) -> Tender:
    """A visitor's call that waits for its confirmation."""
    return actions.send(draft(**values), by=None, organisation=None, now=NOW)


def published(*, by: User | None = None, organisation: Organisation | None = None, **values: Any) -> Tender:
    """An open call, a visitor's unless `by` sent it for `organisation`."""
    if by:
        return actions.send(draft(**values), by=by, organisation=organisation, now=NOW)
    tender = sent(**values)
    actions.confirm(tender, by=None, now=NOW)
    return tender


def mails(kind: str = "", *, waiting: bool = False) -> list[QueuedMail]:
    """The rows of the mail queue, oldest first."""
    query = sa.select(QueuedMail).order_by(QueuedMail.id)
    rows: Iterable[QueuedMail] = db.session.scalars(query.execution_options(populate_existing=True))
    return [row for row in rows if (not kind or row.kind == kind) and (not waiting or row.state == "waiting")]


def kinds() -> list[str]:
    """Which mails were queued so far."""
    return [row.kind for row in mails()]


def count(model: type[Base]) -> int:
    """How many rows there are."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def audit_of(row: Any) -> list[str]:
    """The actions on record for this row, oldest first."""
    subject = f"{row.__tablename__}:{row.id}"
    query = sa.select(AuditEvent.action).where(AuditEvent.subject == subject).order_by(AuditEvent.id)
    return list(db.session.scalars(query))


def own(row: Any) -> Any:
    """The row in this thread's session; the one given belongs to the test's."""
    return db.session.get_one(type(row), sa.inspect(row).identity)


def kinds_of(results: list[Any]) -> list[str]:
    """What came of acts at once: `done` or the name of the refusal, sorted."""
    return sorted(type(each).__name__ if isinstance(each, Exception) else "done" for each in results)
