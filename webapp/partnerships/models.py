"""Tables of partnerships, of grants of products, and of everything that ever changed in one.

The database holds the rules that two people at once could break: one active full partnership per client, one
active partnership between two organisations, one managing partner per product, no grant on another
organisation's product, client and partner are two.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from webapp.accounts.models import Membership, Organisation, User, code_of, one_of
from webapp.database import Base, new_public_id
from webapp.directory.models import PartnerAccount
from webapp.partnerships.rules import Access, Payer, Right, Rights, Side, Standing, Terms
from webapp.products.models import Product
from webapp.text import fold

ACTIVE = "ended_at IS NULL"


class Partnership(Base):
    """A client and one of its partners (RULES C). `version` counts its changes.

    `client_sort_name` is the client's name, folded: the order of the partner's list and what it is searched by.
    """

    __tablename__ = "partnerships"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"))
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner_accounts.id"))
    partner_organisation_id: Mapped[int]
    client_sort_name: Mapped[str] = mapped_column(sa.String(240), default="", server_default="")
    access: Mapped[Access] = mapped_column(code_of(Access))
    payer: Mapped[Payer] = mapped_column(code_of(Payer))
    started_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    ended_at: Mapped[datetime | None]
    ended_by_side: Mapped[Side | None] = mapped_column(code_of(Side))

    client: Mapped[Organisation] = relationship(foreign_keys=[client_id])
    partner: Mapped[PartnerAccount] = relationship(foreign_keys=[partner_id])
    changed_by: Mapped[User | None] = relationship()

    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["partner_id", "partner_organisation_id"],
            ["partner_accounts.id", "partner_accounts.organisation_id"],
            name="fk_partnerships_partner",
        ),
        sa.UniqueConstraint("id", "client_id"),  # what a grant refers to
        one_of("access", Access),
        one_of("payer", Payer),
        sa.CheckConstraint("client_id <> partner_organisation_id", name="two_organisations"),
        sa.CheckConstraint("access = 'full' OR payer = 'client'", name="limited_is_paid_by_client"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_side IS NULL)", name="ended_whole"),
        sa.Index(
            "uq_partnerships_full", "client_id", unique=True,
            sqlite_where=sa.text(f"access = 'full' AND {ACTIVE}"),
            postgresql_where=sa.text(f"access = 'full' AND {ACTIVE}"),
        ),
        sa.Index(
            "uq_partnerships_pair", "client_id", "partner_id", unique=True,
            sqlite_where=sa.text(ACTIVE), postgresql_where=sa.text(ACTIVE),
        ),
        sa.Index(
            "ix_partnerships_clients", "partner_id", "client_sort_name", "id",
            sqlite_where=sa.text(ACTIVE), postgresql_where=sa.text(ACTIVE),
        ),
        sa.Index("ix_partnerships_partner", "partner_id", "ended_at", "id"),
        sa.Index("ix_partnerships_client", "client_id", "ended_at", "id"),
    )  # fmt: skip

    @property
    def standing(self) -> Standing:
        """Active, suspended with its partner, or ended."""
        if self.ended_at:
            return Standing.ENDED
        return Standing.SUSPENDED if self.partner.suspended_at else Standing.ACTIVE

    @property
    def terms(self) -> Terms:
        """Access and payment method."""
        return Terms(self.access, self.payer)


def _sort_name(name: str) -> str:
    return fold(name)[:240]


@event.listens_for(Partnership, "before_insert")
def _name_client(_mapper: Mapper[Partnership], connection: sa.Connection, partnership: Partnership) -> None:
    name = connection.scalar(sa.select(Organisation.name).where(Organisation.id == partnership.client_id))
    partnership.client_sort_name = _sort_name(name or "")


@event.listens_for(Organisation, "after_update")
def _rename_client(
    _mapper: Mapper[Organisation], connection: sa.Connection, organisation: Organisation
) -> None:
    """Organisations do not know of partnerships, and may be renamed."""
    if sa.inspect(organisation).attrs.name.history.has_changes():
        connection.execute(
            sa.update(Partnership)
            .where(Partnership.client_id == organisation.id, Partnership.ended_at.is_(None))
            .values(client_sort_name=_sort_name(organisation.name))
        )


class ProductGrant(Base):
    """A product in the hands of a limited partner (RULES C1, C4), until `ended_at`."""

    __tablename__ = "product_grants"

    id: Mapped[int] = mapped_column(primary_key=True)
    partnership_id: Mapped[int]
    product_id: Mapped[int]
    client_id: Mapped[int]  # of both: a product of another organisation can't be granted
    technical: Mapped[bool]
    statistical: Mapped[bool]
    granted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    partnership: Mapped[Partnership] = relationship(overlaps="product")
    product: Mapped[Product] = relationship(overlaps="partnership")

    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["partnership_id", "client_id"], ["partnerships.id", "partnerships.client_id"],
            name="fk_product_grants_partnership",
        ),
        sa.ForeignKeyConstraint(
            ["product_id", "client_id"], ["products.id", "products.organisation_id"],
            name="fk_product_grants_product",
        ),
        sa.CheckConstraint("technical OR statistical", name="some_right"),
        sa.Index(
            "uq_product_grants_product", "product_id", unique=True,
            sqlite_where=sa.text(ACTIVE), postgresql_where=sa.text(ACTIVE),
        ),
        sa.Index("ix_product_grants_partnership", "partnership_id", "ended_at"),
    )  # fmt: skip

    @property
    def rights(self) -> Rights:
        """What it allows."""
        return Rights(self.technical, self.statistical)


class PartnershipChange(Base):
    """One step in a partnership's life, never altered: `what` is `started`, `access`, `payer`, `rights`, `followed`
    (somebody left the client's team for it, RULES C8) or `ended`; `detail` the new access or payer."""

    __tablename__ = "partnership_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    partnership_id: Mapped[int] = mapped_column(sa.ForeignKey("partnerships.id"), index=True)
    at: Mapped[datetime]
    side: Mapped[Side] = mapped_column(code_of(Side))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    what: Mapped[str] = mapped_column(sa.String(20))
    detail: Mapped[str] = mapped_column(sa.String(40), default="")

    partnership: Mapped[Partnership] = relationship()
    person: Mapped[User | None] = relationship()
    rights: Mapped[list[RightChanged]] = relationship(order_by="RightChanged.id")

    __table_args__ = (one_of("side", Side),)


class RightChanged(Base):
    """One right on one product, given or taken away by a change; `label` is what the product was called then."""

    __tablename__ = "right_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(sa.ForeignKey("partnership_changes.id"), index=True)
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("products.id"), index=True)
    right: Mapped[Right] = mapped_column(code_of(Right))
    label: Mapped[str] = mapped_column(sa.String(120))
    given: Mapped[bool]

    product: Mapped[Product] = relationship()

    __table_args__ = (  # "right" is a word of SQL
        sa.CheckConstraint("\"right\" IN ('technical', 'statistical')", name="right"),
    )


class Assignment(Base):
    """A collaborator of the partner who looks after this client (RULES C13)."""

    __tablename__ = "assignments"

    id: Mapped[int] = mapped_column(primary_key=True)
    partnership_id: Mapped[int] = mapped_column(sa.ForeignKey("partnerships.id"))
    membership_id: Mapped[int] = mapped_column(
        sa.ForeignKey("memberships.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]

    partnership: Mapped[Partnership] = relationship()
    membership: Mapped[Membership] = relationship()

    __table_args__ = (sa.UniqueConstraint("partnership_id", "membership_id"),)
