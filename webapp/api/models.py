"""Tables of the keys that outside shops sign with, and of everything they sent."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import User, code_of, one_of
from webapp.api.rules import EXTERNAL_ID_LENGTH, NAME_LENGTH, Misfit, Standing
from webapp.api.signing import EVENT_ID_LENGTH
from webapp.database import Base, new_public_id
from webapp.money import Money
from webapp.orders.models import Order


class ApiKey(Base):
    """A key of an outside shop. Two are valid at a time (`place` 1 and 2), so that one can follow the other.

    Its secret is in no row: it is drawn from SECRET_KEY, so a copy of the database signs nothing. `form_key` is
    the one-time key of the form that made it. `used_at` is written once in a while, not at each message.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH))
    place: Mapped[int]
    form_key: Mapped[str] = mapped_column(sa.String(26), unique=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    created_by: Mapped[User | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint("place IN (1, 2)", name="place"),
        sa.Index(
            "uq_api_keys_place", "place", unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"), postgresql_where=sa.text("revoked_at IS NULL"),
        ),
    )  # fmt: skip

    @property
    def secret(self) -> bytes:
        """What messages are signed with."""
        message = f"api-key:{self.public_id}".encode()
        return hmac.digest(current_app.config["SETTINGS"].secret_key.encode(), message, hashlib.sha256)


class OutsideEvent(Base):
    """A message of an outside shop, by its permanent id (SECURITY L4). It counts from `applied_at` on.

    One that speaks of an order that is not there yet is parked until the order comes; `kind` is `order` or the
    event's type, `data` what it says. `misfit` tells why it did less than that.
    """

    __tablename__ = "outside_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(sa.String(EVENT_ID_LENGTH), unique=True)
    digest: Mapped[str] = mapped_column(sa.String(64))
    kind: Mapped[str] = mapped_column(sa.String(20))
    external_id: Mapped[str] = mapped_column(sa.String(EXTERNAL_ID_LENGTH))
    data: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    misfit: Mapped[Misfit | None] = mapped_column(code_of(Misfit))
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("orders.id"), index=True)

    order: Mapped[Order | None] = relationship()

    __table_args__ = (
        one_of("misfit", Misfit),
        sa.CheckConstraint("(applied_at IS NULL) = (order_id IS NULL)", name="applied_whole"),
        sa.Index("ix_outside_events_parked", "external_id", "applied_at"),
        sa.Index("ix_outside_events_waiting", "applied_at", "id"),
    )

    @property
    def amount(self) -> Money | None:
        """The amount that it names; None where it concerns the whole order."""
        return Money(self.data["minor"], self.data["currency"]) if "minor" in self.data else None

    @property
    def at(self) -> datetime:
        """When it happened in the shop, as the shop says."""
        return datetime.fromisoformat(self.data["at"])

    @property
    def standing(self) -> Standing:
        """What became of it."""
        if self.applied_at is None:
            return Standing.PARKED
        return Standing.APPLIED if self.misfit in (None, Misfit.BEYOND) else Standing.REFUSED
