"""The table of notices about renewals: what went out does not go out again."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Organisation, code_of, one_of
from webapp.database import Base
from webapp.renewals.rules import Notice


class RenewalNotice(Base):
    """An organisation was told of what it pays for and renews on that day (RULES M8).

    `days` is the interval before the day, 0 for a renewal that failed. The database holds that each goes out once,
    however many workers there are.
    """

    __tablename__ = "renewal_notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"))
    kind: Mapped[Notice] = mapped_column(code_of(Notice))
    renews_on: Mapped[date]
    days: Mapped[int]
    told_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (
        one_of("kind", Notice),
        sa.UniqueConstraint("organisation_id", "kind", "renews_on", "days"),
        sa.CheckConstraint("days >= 0", name="days"),
        sa.Index("ix_renewal_notices_renews_on", "renews_on"),
    )
