"""What the technical pages ask."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from webapp.extensions import db
from webapp.jobs import JobSlot


def last_job() -> datetime | None:
    """When the worker last began something; None when it never did."""
    return db.session.scalar(sa.select(JobSlot.started_at).order_by(JobSlot.started_at.desc()).limit(1))
