"""What the technical pages ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from webapp.extensions import db
from webapp.jobs import JobSlot


@dataclass(frozen=True)
class Health:
    """Whether the database answers, and when the worker last began something (None: never, or not known)."""

    database: bool
    last_job: datetime | None = None


def health() -> Health:
    """How the portal is."""
    try:
        return Health(True, last_job())
    except SQLAlchemyError:
        db.session.rollback()
        return Health(False)


def last_job() -> datetime | None:
    """When the worker last began something; None when it never did."""
    return db.session.scalar(sa.select(JobSlot.started_at).order_by(JobSlot.started_at.desc()).limit(1))
