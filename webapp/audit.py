"""Who did what, for whom, when: one row per change, in its transaction, never altered (triggers hold it).

Rows hold ids and codes, no names and no contact data, so erasing a person leaves them as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base
from webapp.extensions import db


class AuditEvent(Base):
    """`action` such as `tender.cancelled`; `subject` the thing's table and id; `person` None for a link's holder."""

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(sa.String(60))
    person_id: Mapped[int | None]
    organisation_id: Mapped[int | None]
    subject: Mapped[str] = mapped_column(sa.String(60))
    detail: Mapped[str] = mapped_column(sa.String(200), default="")

    __table_args__ = (sa.Index("ix_audit_events_subject", "subject"),)


def record(
    action: str,
    subject: Base,
    *,
    by: Base | None,
    now: datetime,
    organisation: Base | None = None,
    detail: str = "",
) -> None:
    """Adds the row in the caller's unit of work. `detail` holds codes only, such as `role=administrator`."""
    db.session.flush()
    db.session.add(AuditEvent(**_values(action, subject, _id(organisation), by=by, now=now), detail=detail))


def record_each(
    action: str, subjects: Iterable[tuple[Base, Base | int | None]], *, by: Base | None, now: datetime
) -> None:
    """The same for many things and whose they are, an organisation or its number, by one statement."""
    db.session.flush()
    rows = [
        {**_values(action, subject, _id(whose), by=by, now=now), "detail": ""} for subject, whose in subjects
    ]
    if rows:
        db.session.execute(sa.insert(AuditEvent), rows)


def _id(whose: Base | int | None) -> int | None:
    return whose.id if isinstance(whose, Base) else whose  # type: ignore[attr-defined] # every table has an id


def _values(
    action: str, subject: Base, organisation_id: int | None, *, by: Base | None, now: datetime
) -> dict[str, Any]:
    return {
        "at": now,
        "action": action,
        "person_id": by.id if by else None,  # type: ignore[attr-defined] # every table has an id
        "organisation_id": organisation_id,
        "subject": f"{subject.__tablename__}:{subject.id}",  # type: ignore[attr-defined] # the same
    }
