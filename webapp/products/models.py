"""Tables of the catalogue, of products with their settings and usage, and of tags."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Organisation, code_of, one_of
from webapp.config import LANGUAGES
from webapp.database import Base, new_public_id
from webapp.money import Money
from webapp.products.rules import Colour, Family, Metric, Period, PlanDetails


class Plan(Base):
    """What the operator sells. Prices are public ones, net, per `period`; `discount` in per cent (RULES M1)."""

    __tablename__ = "plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    family: Mapped[Family] = mapped_column(code_of(Family))
    name_en: Mapped[str] = mapped_column(sa.String(80))
    name_fr: Mapped[str] = mapped_column(sa.String(80))
    name_de: Mapped[str] = mapped_column(sa.String(80))
    period: Mapped[Period] = mapped_column(code_of(Period))
    price_chf: Mapped[int] = mapped_column(sa.BigInteger)
    price_eur: Mapped[int] = mapped_column(sa.BigInteger)
    discount: Mapped[int]
    sliding: Mapped[bool]
    affiliates: Mapped[bool]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("family", Family),
        one_of("period", Period),
        sa.CheckConstraint("price_chf >= 0 AND price_eur >= 0", name="prices"),
        sa.CheckConstraint("discount BETWEEN 0 AND 100", name="discount"),
    )

    def name_in(self, language: str) -> str:
        """Its name in this language."""
        name: str = getattr(self, f"name_{language}")
        return name

    def price(self, currency: str) -> Money:
        """The public price per period."""
        return Money(self.price_chf if currency == "CHF" else self.price_eur, currency)

    @property
    def details(self) -> PlanDetails:
        """What the operator says of it."""
        return PlanDetails(
            self.code, self.family, {language: self.name_in(language) for language in LANGUAGES}, self.period,
            self.price_chf, self.price_eur, self.discount, self.sliding, self.affiliates,
        )  # fmt: skip

    def describe(self, details: PlanDetails) -> None:
        """Takes over what the operator says of it."""
        self.code, self.family, self.period = details.code, details.family, details.period
        self.name_en, self.name_fr, self.name_de = (details.names[language] for language in LANGUAGES)
        self.price_chf, self.price_eur, self.discount = details.price_chf, details.price_eur, details.discount
        self.sliding, self.affiliates = details.sliding, details.affiliates


class Product(Base):
    """One product of an organisation, paid for by itself or by somebody else, who gets no right to it (RULES O8).

    It is active until `ended_at`.
    """

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"))
    payer_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"))
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plans.id"), index=True)
    family_rank: Mapped[int]  # of the plan's family, and the folded label: the order of every list
    sort_label: Mapped[str] = mapped_column(sa.String(240))
    label: Mapped[str] = mapped_column(sa.String(120))
    started_on: Mapped[date]
    renews_on: Mapped[date]
    auto_renew: Mapped[bool]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship(foreign_keys=[organisation_id])
    payer: Mapped[Organisation] = relationship(foreign_keys=[payer_id])
    plan: Mapped[Plan] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary="product_tags", order_by="Tag.sort_name", viewonly=True)
    settings: Mapped[list[ProductSetting]] = relationship(
        back_populates="product", cascade="all, delete-orphan", order_by="ProductSetting.name"
    )

    __table_args__ = (
        sa.UniqueConstraint("id", "organisation_id"),  # what a grant refers to
        sa.Index("ix_products_listed", "organisation_id", "ended_at", "family_rank", "sort_label", "id"),
        sa.Index("ix_products_payer", "payer_id", "ended_at"),
        sa.Index("ix_products_renewal", "renews_on", "ended_at"),
    )


class ProductSetting(Base):
    """A technical setting as a named value; seen and changed with the technical right (RULES C4)."""

    __tablename__ = "product_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("products.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(60))
    value: Mapped[str] = mapped_column(sa.String(500))
    changed_at: Mapped[datetime]

    product: Mapped[Product] = relationship(back_populates="settings")

    __table_args__ = (sa.UniqueConstraint("product_id", "name"),)


class Usage(Base):
    """One figure of one day; seen with the statistical right (RULES C4)."""

    __tablename__ = "usage"

    product_id: Mapped[int] = mapped_column(
        sa.ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    metric: Mapped[Metric] = mapped_column(code_of(Metric), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(sa.BigInteger)

    __table_args__ = (one_of("metric", Metric), sa.CheckConstraint("amount >= 0", name="amount"))


class Tag(Base):
    """A short coloured tag of an organisation (RULES O9); `sort_name` is its name, folded."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(sa.String(24))
    sort_name: Mapped[str] = mapped_column(sa.String(48))
    colour: Mapped[Colour] = mapped_column(code_of(Colour))

    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (
        one_of("colour", Colour),
        sa.UniqueConstraint("organisation_id", "sort_name"),
        sa.UniqueConstraint("id", "organisation_id"),
    )


class ProductTag(Base):
    """A tag on a product; both of the same organisation, held by the database."""

    __tablename__ = "product_tags"

    product_id: Mapped[int] = mapped_column(primary_key=True)
    tag_id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int]

    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["product_id", "organisation_id"], ["products.id", "products.organisation_id"],
            name="fk_product_tags_product", ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tag_id", "organisation_id"], ["tags.id", "tags.organisation_id"],
            name="fk_product_tags_tag", ondelete="CASCADE",
        ),
        sa.Index("ix_product_tags_tag_id", "tag_id"),
    )  # fmt: skip
