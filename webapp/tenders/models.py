"""Tables of calls for tenders, whom they went to, who opened them, and the offers."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Organisation, User
from webapp.database import Base, new_public_id
from webapp.directory.models import PartnerAccount
from webapp.money import Money
from webapp.tenders.rules import Dates, Status, status
from webapp.uploads import Upload

tender_files = sa.Table(
    "tender_files",
    Base.metadata,
    sa.Column("tender_id", sa.ForeignKey("tenders.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("upload_id", sa.ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True),
)


class Tender(Base):
    """One call (RULES T1). Text and contact are erased `retention_days` after the end; the figures stay."""

    __tablename__ = "tenders"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    reference: Mapped[str] = mapped_column(sa.String(12), unique=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisations.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    title: Mapped[str] = mapped_column(sa.String(90))
    description: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.String(2))  # of the text, and of mails to a visitor
    services: Mapped[frozenset[str]]
    reply_languages: Mapped[frozenset[str]]
    country: Mapped[str] = mapped_column(sa.String(2))
    region: Mapped[str] = mapped_column(sa.String(8), default="")
    start: Mapped[str] = mapped_column(sa.String(10))
    currency: Mapped[str] = mapped_column(sa.String(3))
    budget_least: Mapped[int | None]  # whole units; None in both: not known
    budget_most: Mapped[int | None]

    contact_name: Mapped[str | None] = mapped_column(sa.String(80))
    contact_company: Mapped[str | None] = mapped_column(sa.String(120))
    contact_email: Mapped[str | None] = mapped_column(sa.String(254))
    contact_phone: Mapped[str | None] = mapped_column(sa.String(30))

    validity_days: Mapped[int]
    sent_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None] = mapped_column(index=True)
    extended_at: Mapped[datetime | None]
    awarded_at: Mapped[datetime | None]
    cancelling_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    lapsed_at: Mapped[datetime | None]  # the worker has told everybody that it expired
    hidden_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    opening_mailed_at: Mapped[datetime | None]
    opening_mails: Mapped[bool] = mapped_column(default=True, server_default=sa.true())

    organisation: Mapped[Organisation | None] = relationship()
    user: Mapped[User | None] = relationship()
    files: Mapped[list[Upload]] = relationship(secondary=tender_files, order_by="Upload.id")
    offers: Mapped[list[Offer]] = relationship(back_populates="tender", order_by="Offer.id")
    openings: Mapped[list[TenderOpening]] = relationship(back_populates="tender", order_by="TenderOpening.id")

    __table_args__ = (
        sa.CheckConstraint("awarded_at IS NULL OR cancelled_at IS NULL", name="one_end"),
        sa.CheckConstraint("cancelled_at IS NULL OR cancelling_at IS NOT NULL", name="cancelled"),
    )

    @property
    def dates(self) -> Dates:
        """The dates that make the status."""
        return Dates(
            self.confirmed_at,
            self.closes_at,
            self.awarded_at,
            self.cancelling_at,
            self.hidden_at,
            self.lapsed_at,
        )

    def status(self, now: datetime) -> Status:
        """RULES T6."""
        return status(self.dates, now=now)

    @property
    def place(self) -> str:
        """The code of the region, or of the country where none was chosen."""
        return self.region or self.country


class TenderRecipient(Base):
    """A partner whom the call concerned when it was published: one row, at most one notification (T2, T9)."""

    __tablename__ = "tender_recipients"

    tender_id: Mapped[int] = mapped_column(sa.ForeignKey("tenders.id"), primary_key=True)
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner_accounts.id"), primary_key=True)
    digest: Mapped[bool] = mapped_column(default=False)  # goes into the next daily digest
    digested_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    dismissal: Mapped[str | None] = mapped_column(sa.String(20))

    tender: Mapped[Tender] = relationship()
    partner: Mapped[PartnerAccount] = relationship()

    __table_args__ = (sa.Index("ix_tender_recipients_partner", "partner_id", "tender_id"),)


class TenderOpening(Base):
    """A partner has seen the contact data: who and when (RULES T2, T8)."""

    __tablename__ = "tender_openings"

    id: Mapped[int] = mapped_column(primary_key=True)
    tender_id: Mapped[int] = mapped_column(sa.ForeignKey("tenders.id"))
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner_accounts.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    opened_at: Mapped[datetime]

    tender: Mapped[Tender] = relationship(back_populates="openings")
    partner: Mapped[PartnerAccount] = relationship()
    user: Mapped[User] = relationship()

    __table_args__ = (sa.UniqueConstraint("tender_id", "partner_id"),)


class Offer(Base):
    """A partner's answer (RULES T7): a price or a range in minor units, words, a date, a PDF."""

    __tablename__ = "offers"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    tender_id: Mapped[int] = mapped_column(sa.ForeignKey("tenders.id"))
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("partner_accounts.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    price_least: Mapped[int] = mapped_column(sa.BigInteger)
    price_most: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    message: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.String(2))
    valid_until: Mapped[datetime]
    pdf_id: Mapped[int | None] = mapped_column(sa.ForeignKey("uploads.id"))
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    changes: Mapped[int] = mapped_column(default=0, server_default="0")
    withdrawn_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]

    tender: Mapped[Tender] = relationship(back_populates="offers")
    partner: Mapped[PartnerAccount] = relationship()
    user: Mapped[User] = relationship()
    pdf: Mapped[Upload | None] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("tender_id", "partner_id"),
        sa.CheckConstraint("0 <= price_least AND price_least <= price_most", name="price"),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name="currency"),
        sa.CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name="one_end"),
        sa.Index(
            "uq_offers_accepted",
            "tender_id",
            unique=True,
            sqlite_where=sa.text("accepted_at IS NOT NULL"),
            postgresql_where=sa.text("accepted_at IS NOT NULL"),
        ),
    )

    @property
    def stamp(self) -> str:
        """Which version of the offer somebody has read."""
        return f"{self.public_id}.{self.changes}"

    @property
    def price(self) -> tuple[Money, Money]:
        """(least, most); equal for a fixed price."""
        return Money(self.price_least, self.currency), Money(self.price_most, self.currency)
