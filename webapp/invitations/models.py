"""Tables of invitations to a partnership and of what they offer or ask for."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Organisation, User, code_of, one_of
from webapp.database import Base, new_public_id
from webapp.directory.models import PartnerAccount
from webapp.invitations.rules import Direction, State, state_of
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Access, Payer, Rights, Terms
from webapp.products.models import Product
from webapp.products.rules import Family

OPEN = "accepted_at IS NULL AND refused_at IS NULL AND deleted_at IS NULL"


class Invitation(Base):
    """An invitation (RULES C6–C8). To a client it knows the address only, until somebody answers: `client`.

    What a partner asks for stands in `access`, `payer` and `asked`; what it gets stands in `partnership`.
    """

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    direction: Mapped[Direction] = mapped_column(code_of(Direction))
    client_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisations.id"))
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner_accounts.id"), index=True)
    email: Mapped[str | None] = mapped_column(sa.String(254))
    language: Mapped[str] = mapped_column(sa.String(2))
    access: Mapped[Access] = mapped_column(code_of(Access))
    payer: Mapped[Payer] = mapped_column(code_of(Payer))
    message: Mapped[str] = mapped_column(sa.Text, default="")
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    invited_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    partnership_id: Mapped[int | None] = mapped_column(sa.ForeignKey("partnerships.id"))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    accepted_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    client: Mapped[Organisation | None] = relationship()
    partner: Mapped[PartnerAccount] = relationship()
    invited_by: Mapped[User] = relationship(foreign_keys=[invited_by_id])
    answered_by: Mapped[User | None] = relationship(foreign_keys=[answered_by_id])
    partnership: Mapped[Partnership | None] = relationship()
    products: Mapped[list[OfferedProduct]] = relationship(
        back_populates="invitation", cascade="all, delete-orphan"
    )
    asked: Mapped[list[AskedRights]] = relationship(back_populates="invitation", cascade="all, delete-orphan")

    __table_args__ = (
        one_of("direction", Direction),
        one_of("access", Access),
        one_of("payer", Payer),
        sa.CheckConstraint("access = 'full' OR payer = 'client'", name="limited_is_paid_by_client"),
        sa.CheckConstraint("direction = 'to_client' OR client_id IS NOT NULL", name="client_known"),
        sa.CheckConstraint("(direction = 'to_client') = (email IS NOT NULL)", name="addressee"),
        sa.CheckConstraint("(accepted_at IS NULL) = (partnership_id IS NULL)", name="accepted_whole"),
        sa.CheckConstraint(
            "(accepted_at IS NULL OR refused_at IS NULL) AND (accepted_at IS NULL OR deleted_at IS NULL)"
            " AND (refused_at IS NULL OR deleted_at IS NULL)",
            name="ends_once",
        ),
        sa.Index(
            "uq_invitations_to_partner", "client_id", "partner_id", unique=True,
            sqlite_where=sa.text(f"direction = 'to_partner' AND {OPEN}"),
            postgresql_where=sa.text(f"direction = 'to_partner' AND {OPEN}"),
        ),
        sa.Index(
            "uq_invitations_to_client", "partner_id", "email", unique=True,
            sqlite_where=sa.text(f"direction = 'to_client' AND {OPEN}"),
            postgresql_where=sa.text(f"direction = 'to_client' AND {OPEN}"),
        ),
    )  # fmt: skip

    def state(self, now: datetime) -> State:
        """Waiting, expired, accepted, refused or deleted."""
        return state_of(
            expires_at=self.expires_at,
            accepted_at=self.accepted_at,
            refused_at=self.refused_at,
            deleted_at=self.deleted_at,
            now=now,
        )

    @property
    def terms(self) -> Terms:
        """The access and payment method that it offers or asks for."""
        return Terms(self.access, self.payer)


class OfferedProduct(Base):
    """A product that an invitation to a partner offers, with its rights (RULES C6)."""

    __tablename__ = "offered_products"

    invitation_id: Mapped[int] = mapped_column(
        sa.ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True
    )
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("products.id"), primary_key=True)
    technical: Mapped[bool]
    statistical: Mapped[bool]

    invitation: Mapped[Invitation] = relationship(back_populates="products")
    product: Mapped[Product] = relationship()

    __table_args__ = (sa.CheckConstraint("technical OR statistical", name="some_right"),)

    @property
    def rights(self) -> Rights:
        """What it offers."""
        return Rights(self.technical, self.statistical)


class AskedRights(Base):
    """The rights that a partner asks for, per category: it cannot see the client's products (RULES C7)."""

    __tablename__ = "asked_rights"

    invitation_id: Mapped[int] = mapped_column(
        sa.ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True
    )
    family: Mapped[Family] = mapped_column(code_of(Family), primary_key=True)
    technical: Mapped[bool]
    statistical: Mapped[bool]

    invitation: Mapped[Invitation] = relationship(back_populates="asked")

    __table_args__ = (
        one_of("family", Family),
        sa.CheckConstraint("technical OR statistical", name="some_right"),
    )

    @property
    def rights(self) -> Rights:
        """What is asked for."""
        return Rights(self.technical, self.statistical)
