"""The table of exchange rates."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base
from webapp.rates.rules import Quoted


class ExchangeRate(Base):
    """What one euro was worth on a day, in millionths; what was imported is never changed."""

    __tablename__ = "exchange_rates"

    currency: Mapped[str] = mapped_column(sa.String(3), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    millionths: Mapped[int] = mapped_column(sa.BigInteger)
    imported_at: Mapped[datetime]
    imported_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    __table_args__ = (
        sa.CheckConstraint("currency IN ('CHF')", name="currency"),
        sa.CheckConstraint("millionths > 0", name="millionths"),
    )

    @property
    def quoted(self) -> Quoted:
        """The rate as rules know it."""
        return Quoted(self.currency, self.millionths, self.day)
