"""Tables of affiliates, their links and clicks, whom they won, and what that brings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Organisation, User, code_of, one_of
from webapp.affiliation.rules import LABEL_LENGTH, PATH_LENGTH, Reason, Verdict
from webapp.database import Base, new_public_id
from webapp.ledger.rules import Rate
from webapp.money import Money
from webapp.orders.models import Order


class AffiliateAccount(Base):
    """An organisation that recommends the operator (RULES F1); closed, it may be opened again with the same tag.

    Its `currency` stays the one of the day it joined. `earned` is the sum of its commissions, less what was taken
    back, in minor units: it decides the rate (RULES F5); `moves` counts how often it changed. `paid_until`: what was
    confirmed before that day was in a payout; nothing is confirmed before it any more. `tier` is the highest rate
    that was told by mail.
    """

    __tablename__ = "affiliate_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"), unique=True)
    tag: Mapped[str] = mapped_column(sa.String(20), unique=True)
    currency: Mapped[str] = mapped_column(sa.String(3))
    joined_at: Mapped[datetime]
    policy_version: Mapped[str] = mapped_column(sa.String(40))  # whose terms were accepted
    closed_at: Mapped[datetime | None]
    earned: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    moves: Mapped[int] = mapped_column(default=0, server_default="0")
    tier: Mapped[int] = mapped_column(default=0, server_default="0")
    paid_until: Mapped[date | None]

    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name="currency"),
        sa.CheckConstraint("earned >= 0", name="earned"),
    )

    def money(self, minor: int) -> Money:
        """So many minor units of its currency."""
        return Money(minor, self.currency)


class AffiliateLink(Base):
    """A page that an affiliate links to; `clicks` counts them for ever. All other pages share the path ``""``."""

    __tablename__ = "affiliate_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("affiliate_accounts.id"))
    path: Mapped[str] = mapped_column(sa.String(PATH_LENGTH))
    label: Mapped[str] = mapped_column(sa.String(LABEL_LENGTH), default="")
    created_at: Mapped[datetime]
    clicks: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")

    account: Mapped[AffiliateAccount] = relationship()

    __table_args__ = (sa.UniqueConstraint("account_id", "path"),)


class Click(Base):
    """Somebody followed an affiliate's link. `network_hash` goes after the window of RULES F2, and then the row.

    A click wins one customer at most: an attribution names it.
    """

    __tablename__ = "clicks"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True)  # the visitor's browser keeps it
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("affiliate_accounts.id"))
    link_id: Mapped[int | None] = mapped_column(sa.ForeignKey("affiliate_links.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(index=True)
    network_hash: Mapped[str | None] = mapped_column(sa.String(64))

    __table_args__ = (sa.Index("ix_clicks_account", "account_id", "network_hash", "at"),)


class Attribution(Base):
    """An affiliate won this customer, for ever (RULES F2); `pays_until` is the last day whose orders count.

    `signs` are the codes of what made the sign-up suspicious; `held` and refused ones are the desk's to review.
    """

    __tablename__ = "attributions"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("affiliate_accounts.id"))
    click_id: Mapped[int | None] = mapped_column(sa.ForeignKey("clicks.id"), unique=True)
    link_id: Mapped[int | None] = mapped_column(sa.ForeignKey("affiliate_links.id", ondelete="SET NULL"))
    at: Mapped[datetime]
    pays_until: Mapped[date]
    first_order_at: Mapped[datetime | None]
    network_hash: Mapped[str | None] = mapped_column(sa.String(64))
    signs: Mapped[frozenset[str]] = mapped_column(default=frozenset)
    verdict: Mapped[Verdict] = mapped_column(code_of(Verdict))
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    note: Mapped[str] = mapped_column(sa.String(200), default="")  # the desk's, for itself

    organisation: Mapped[Organisation] = relationship()
    account: Mapped[AffiliateAccount] = relationship()
    reviewed_by: Mapped[User | None] = relationship()

    __table_args__ = (
        one_of("verdict", Verdict),
        sa.Index("ix_attributions_account", "account_id", "network_hash", "at"),
        sa.Index("ix_attributions_verdict", "verdict", "id"),
        sa.Index("ix_attributions_link", "link_id"),
    )


class Commission(Base):
    """What one order brings its affiliate, with all that it was made of (RULES F3–F6, F9, P1).

    `base` is the net of the lines that count (`counted` holds their positions), `excluded` that of the others,
    `rate` per cent at `earned_before`. `whole` is the commission in the order's currency, `booked` what of it is
    booked at this moment, `amount` the same in the affiliate's currency; with another currency `exchange` and
    `exchange_on` say how, and as long as they are missing nothing is booked. `confirms_on` is the first day on
    which it is confirmed, None until that is known.
    """

    __tablename__ = "commissions"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("affiliate_accounts.id"))
    attribution_id: Mapped[int] = mapped_column(sa.ForeignKey("attributions.id"), index=True)
    placed_at: Mapped[datetime]
    reason: Mapped[Reason | None] = mapped_column(code_of(Reason))
    counted: Mapped[dict[str, Any]]  # {"positions": [1, 3]}
    currency: Mapped[str] = mapped_column(sa.String(3))
    base: Mapped[int] = mapped_column(sa.BigInteger)
    excluded: Mapped[int] = mapped_column(sa.BigInteger)
    rate: Mapped[int]
    earned_before: Mapped[int] = mapped_column(sa.BigInteger)
    whole: Mapped[int] = mapped_column(sa.BigInteger)
    exchange: Mapped[int | None] = mapped_column(sa.BigInteger)  # millionths
    exchange_on: Mapped[date | None]
    booked: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    amount: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    moves: Mapped[int] = mapped_column(default=0, server_default="0")  # how often something was booked
    waits_until: Mapped[date]
    confirms_on: Mapped[date | None]
    cancelled_at: Mapped[datetime | None]
    policy_version: Mapped[str] = mapped_column(sa.String(40))

    order: Mapped[Order] = relationship()
    account: Mapped[AffiliateAccount] = relationship()
    attribution: Mapped[Attribution] = relationship()

    __table_args__ = (
        sa.CheckConstraint("reason IN ({})".format(", ".join(f"'{r.value}'" for r in Reason)), name="reason"),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name="currency"),
        sa.CheckConstraint("base >= 0 AND excluded >= 0 AND rate BETWEEN 0 AND 100", name="factors"),
        sa.CheckConstraint("booked BETWEEN 0 AND whole AND amount >= 0", name="booked"),
        sa.CheckConstraint("(exchange IS NULL) = (exchange_on IS NULL)", name="exchange"),
        sa.CheckConstraint("confirms_on IS NULL OR confirms_on > waits_until", name="confirms"),
        sa.Index("ix_commissions_account", "account_id", "id"),
        sa.Index("ix_commissions_payable", "account_id", "confirms_on", "amount"),
        sa.Index("ix_commissions_placed", "account_id", "placed_at", "amount"),
        sa.Index(
            "ix_commissions_unsettled", "id",
            sqlite_where=sa.text("confirms_on IS NULL AND reason IS NULL"),
            postgresql_where=sa.text("confirms_on IS NULL AND reason IS NULL"),
        ),
    )  # fmt: skip

    @property
    def foreign(self) -> bool:
        """Whether the order is in another currency than the affiliate's account (RULES F9)."""
        return self.currency != self.account.currency

    @property
    def rate_of_exchange(self) -> Rate | None:
        """From the order's currency to the affiliate's."""
        if self.exchange is None or self.exchange_on is None:
            return None
        return Rate(self.currency, self.account.currency, self.exchange, self.exchange_on)
