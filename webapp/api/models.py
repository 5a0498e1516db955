"""Tables of the keys that outside shops sign with, and of everything they sent."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.api.rules import EXTERNAL_ID_LENGTH
from webapp.database import Base, new_public_id
from webapp.orders.models import Order

EVENT_ID_LENGTH = 100


class ApiKey(Base):
    """A key of an outside shop. Two are valid at a time (`place` 1 and 2), so that one can follow the other.

    Its secret is in no row: it is drawn from SECRET_KEY, so a copy of the database signs nothing.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    name: Mapped[str] = mapped_column(sa.String(60))
    place: Mapped[int]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

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
    event's type, `data` what it says.
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
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("orders.id"), index=True)

    order: Mapped[Order | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint("(applied_at IS NULL) = (order_id IS NULL)", name="applied_whole"),
        sa.Index("ix_outside_events_parked", "external_id", "applied_at"),
    )
