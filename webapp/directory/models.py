"""Tables of applications, partner accounts with their listing and tender preferences, and listing texts."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Membership, Organisation, User
from webapp.database import Base, new_public_id
from webapp.uploads import Upload


class Application(Base):
    """A company asks to become a partner (RULES A1, A4). The commitments are accepted at `applied_at`."""

    __tablename__ = "applications"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"), index=True)
    applicant_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    website: Mapped[str] = mapped_column(sa.String(200))
    about: Mapped[str] = mapped_column(sa.Text)
    policy_version: Mapped[str] = mapped_column(sa.String(40))
    applied_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    rejected_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(sa.Text, default="")

    organisation: Mapped[Organisation] = relationship()
    applicant: Mapped[User] = relationship(foreign_keys=[applicant_id])

    __table_args__ = (
        sa.Index(
            "uq_applications_waiting",
            "organisation_id",
            unique=True,
            sqlite_where=sa.text("approved_at IS NULL AND rejected_at IS NULL"),
            postgresql_where=sa.text("approved_at IS NULL AND rejected_at IS NULL"),
        ),
        sa.CheckConstraint("approved_at IS NULL OR rejected_at IS NULL", name="decided_once"),
    )

    @property
    def state(self) -> str:
        """waiting, approved or rejected."""
        return "approved" if self.approved_at else "rejected" if self.rejected_at else "waiting"


class PartnerAccount(Base):
    """An approved partner: its listing in the directory (RULES A5) and which tenders it wants (RULES T9).

    `version` counts the changes of the listing. Of the tender preferences an empty set means "all".
    `statement_mail`: what each month brought is told by mail. Who has left the programme (`left_at`) is suspended
    too, until it is approved again (RULES A3).
    """

    __tablename__ = "partner_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"), unique=True)
    approved_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]

    statement_mail: Mapped[bool] = mapped_column(default=True, server_default=sa.true())

    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    listed_at: Mapped[datetime | None]
    name: Mapped[str] = mapped_column(sa.String(120))
    website: Mapped[str] = mapped_column(sa.String(200))
    city: Mapped[str] = mapped_column(sa.String(80))
    country: Mapped[str] = mapped_column(sa.String(2))
    region: Mapped[str] = mapped_column(sa.String(8), default="")
    services: Mapped[frozenset[str]] = mapped_column(default=frozenset)
    languages: Mapped[frozenset[str]] = mapped_column(default=frozenset)
    logo_id: Mapped[int | None] = mapped_column(sa.ForeignKey("uploads.id"))
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    sort_name: Mapped[str] = mapped_column(sa.String(200))
    search: Mapped[str] = mapped_column(sa.Text)

    tender_services: Mapped[frozenset[str]] = mapped_column(default=frozenset)
    tender_places: Mapped[frozenset[str]] = mapped_column(default=frozenset)
    tender_languages: Mapped[frozenset[str]] = mapped_column(default=frozenset)
    tender_least_budget: Mapped[int] = mapped_column(default=0)
    tender_mail: Mapped[str] = mapped_column(sa.String(10), default="at_once")
    tender_contact_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("memberships.id", ondelete="SET NULL")
    )

    organisation: Mapped[Organisation] = relationship()
    logo: Mapped[Upload | None] = relationship()
    texts: Mapped[list[ListingText]] = relationship(back_populates="partner", cascade="all, delete-orphan")
    tender_contact: Mapped[Membership | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint("tender_mail IN ('at_once', 'daily', 'never')", name="tender_mail"),
        sa.CheckConstraint("tender_least_budget >= 0", name="tender_least_budget"),
        sa.Index(
            "ix_partner_accounts_listed",
            "sort_name",
            "id",
            sqlite_where=sa.text("listed_at IS NOT NULL AND suspended_at IS NULL"),
            postgresql_where=sa.text("listed_at IS NOT NULL AND suspended_at IS NULL"),
        ),
        sa.Index(
            "uq_partner_accounts_id_organisation_id", "id", "organisation_id", unique=True
        ),  # for partnerships
        sa.Index("ix_partner_accounts_country", "country", "sort_name", "id"),
        sa.Index("ix_partner_accounts_region", "region", "sort_name", "id"),
    )

    def text_in(self, language: str) -> ListingText | None:
        """The short text in this language, else in another one that the partner wrote."""
        by_language = {text.language: text for text in self.texts}
        return by_language.get(language) or next(
            (by_language[k] for k in ("en", "fr", "de") if k in by_language), None
        )


class ListingText(Base):
    """A partner's short text in one language."""

    __tablename__ = "listing_texts"

    id: Mapped[int] = mapped_column(primary_key=True)
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner_accounts.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(sa.String(2))
    text: Mapped[str] = mapped_column(sa.Text)

    partner: Mapped[PartnerAccount] = relationship(back_populates="texts")

    __table_args__ = (sa.UniqueConstraint("partner_id", "language"),)
