"""Tables of people, organisations, memberships and sessions."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.rules import Kind, OrganisationDetails, Role
from webapp.database import Base, new_public_id
from webapp.places import currency_of
from webapp.uploads import Upload


def code_of(values: type[StrEnum]) -> sa.Enum:
    """A column's type: the enumeration in Python, its value as text in the table."""
    return sa.Enum(
        values, native_enum=False, length=20, values_callable=lambda each: [one.value for one in each]
    )


def one_of(column: str, values: type[StrEnum]) -> sa.CheckConstraint:
    """A check that the column holds one of the enumeration's values."""
    allowed = ", ".join(f"'{value.value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({allowed})", name=column)


def token_hash(token: str) -> str:
    """How a session's token stands in the database."""
    return hashlib.sha256(token.encode()).hexdigest()


class User(Base):
    """A person with an account of their own (RULES O1). `operator_since` opens the operator's desk.

    `first_page` is the path that the person wanted to see when it signed up, until the first sign-in leads there.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    name: Mapped[str] = mapped_column(sa.String(80))
    language: Mapped[str] = mapped_column(sa.String(2))
    region: Mapped[str] = mapped_column(sa.String(2))
    avatar_id: Mapped[int | None] = mapped_column(sa.ForeignKey("uploads.id"))
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    operator_since: Mapped[datetime | None]
    first_page: Mapped[str | None] = mapped_column(sa.String(300))

    avatar: Mapped[Upload | None] = relationship()
    memberships: Mapped[list[Membership]] = relationship(back_populates="user")

    @property
    def initials(self) -> str:
        """Shown where there is no avatar (RULES O4)."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


class Organisation(Base):
    """An individual or a company (RULES O3). `programme` is partner or affiliate, never both (RULES A3)."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    kind: Mapped[Kind] = mapped_column(code_of(Kind))
    name: Mapped[str] = mapped_column(sa.String(120))
    street: Mapped[str] = mapped_column(sa.String(120))
    postcode: Mapped[str] = mapped_column(sa.String(12))
    city: Mapped[str] = mapped_column(sa.String(80))
    country: Mapped[str] = mapped_column(sa.String(2))
    currency: Mapped[str] = mapped_column(sa.String(3))
    language: Mapped[str] = mapped_column(sa.String(2))
    register_number: Mapped[str | None] = mapped_column(sa.String(30))
    vat_number: Mapped[str | None] = mapped_column(sa.String(30))
    invoice_note: Mapped[str] = mapped_column(sa.String(500), default="")
    programme: Mapped[str | None] = mapped_column(sa.String(10))
    created_at: Mapped[datetime]

    memberships: Mapped[list[Membership]] = relationship(back_populates="organisation")

    __table_args__ = (
        one_of("kind", Kind),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name="currency"),
        sa.CheckConstraint("programme IN ('partner', 'affiliate')", name="programme"),
    )

    def describe(self, details: OrganisationDetails) -> None:
        """Takes over what it says of itself; its currency follows its country (RULES O3). Its kind stays."""
        self.name = details.name
        self.street, self.postcode, self.city = details.street, details.postcode, details.city
        self.country, self.currency = details.country, currency_of(details.country)
        self.register_number, self.vat_number = details.register_number, details.vat_number


class Membership(Base):
    """A person's role in an organisation (RULES O2)."""

    __tablename__ = "memberships"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"), index=True)
    role: Mapped[Role] = mapped_column(code_of(Role))
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship(back_populates="memberships")

    __table_args__ = (sa.UniqueConstraint("user_id", "organisation_id"), one_of("role", Role))

    @property
    def org(self) -> Organisation:
        """The organisation, by the name that it has where a membership is plain values (`queries.Member`)."""
        return self.organisation


class UserSession(Base):
    """One sign-in. The cookie holds the token, the row its hash; `ended_at` ends it at the next request."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    kept: Mapped[bool]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]  # when the password was last shown
    ended_at: Mapped[datetime | None]
    browser: Mapped[str] = mapped_column(sa.String(120), default="")
    address: Mapped[str] = mapped_column(sa.String(45), default="")

    user: Mapped[User] = relationship()
