"""Tables of orders, their lines, and of the invoices and credit notes that bill them.

The database holds what two people at once could break: a number is given once and without gaps, a period of a
product is renewed once, a line gives a discount or a cashback and never both (SECURITY M1).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Organisation, User, code_of, one_of
from webapp.database import Base, new_public_id
from webapp.money import Money
from webapp.orders.rules import (
    Action,
    Case,
    Factors,
    Facts,
    Method,
    PriceKind,
    Standing,
    State,
    Treatment,
    case_of,
    proportion,
)
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Access, Payer, Side, Terms
from webapp.products.models import Plan, Product
from webapp.products.rules import Family, Period


class Order(Base):
    """What was ordered for `holder` and is paid by `payer` (RULES O8), in the payer's currency.

    `by` is who really ordered, None for an automatic renewal and an outside shop; `side` in whose name.
    `access` and `paid_by` are the terms between the two that it was placed under (RULES M4), None without a
    partner. The last columns count, in minor units, what happened since: everything else follows from them.
    """

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    number: Mapped[str] = mapped_column(sa.String(20), unique=True)
    holder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"))
    payer_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"))
    partnership_id: Mapped[int | None] = mapped_column(sa.ForeignKey("partnerships.id"), index=True)
    access: Mapped[Access | None] = mapped_column(code_of(Access))
    paid_by: Mapped[Payer | None] = mapped_column(code_of(Payer))
    side: Mapped[Side] = mapped_column(code_of(Side))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    method: Mapped[Method] = mapped_column(code_of(Method))
    outside: Mapped[str | None] = mapped_column(sa.String(100), unique=True)  # the shop's number
    reference: Mapped[str] = mapped_column(sa.String(25), unique=True)
    currency: Mapped[str] = mapped_column(sa.String(3))
    net: Mapped[int] = mapped_column(sa.BigInteger)
    treatment: Mapped[Treatment] = mapped_column(code_of(Treatment))
    vat_rate: Mapped[int]
    vat: Mapped[int] = mapped_column(sa.BigInteger)
    gross: Mapped[int] = mapped_column(sa.BigInteger)
    policy_version: Mapped[str] = mapped_column(sa.String(40))
    key: Mapped[str | None] = mapped_column(sa.String(64), unique=True)  # the form's; a second submit is none
    placed_at: Mapped[datetime]
    due_on: Mapped[date]
    paid_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    received: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    credited: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    returned: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")

    holder: Mapped[Organisation] = relationship(foreign_keys=[holder_id])
    payer: Mapped[Organisation] = relationship(foreign_keys=[payer_id])
    partnership: Mapped[Partnership | None] = relationship()
    by: Mapped[User | None] = relationship()
    lines: Mapped[list[OrderLine]] = relationship(back_populates="order", order_by="OrderLine.position")
    invoices: Mapped[list[Invoice]] = relationship(back_populates="order", order_by="Invoice.id")

    __table_args__ = (
        one_of("access", Access),
        one_of("paid_by", Payer),
        one_of("side", Side),
        one_of("method", Method),
        one_of("treatment", Treatment),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name="currency"),
        sa.CheckConstraint("net >= 0 AND vat >= 0 AND gross = net + vat", name="sum"),
        sa.CheckConstraint("treatment = 'standard' OR (vat = 0 AND vat_rate = 0)", name="tax"),
        sa.CheckConstraint("credited BETWEEN 0 AND gross", name="credited"),
        sa.CheckConstraint("received >= 0 AND returned BETWEEN 0 AND received", name="received"),
        sa.CheckConstraint("cancelled_at IS NULL OR credited = gross", name="cancelled_whole"),
        sa.Index("ix_orders_holder", "holder_id", "id"),
        sa.Index("ix_orders_payer", "payer_id", "id"),
        sa.Index("ix_orders_placed", "placed_at"),
    )

    def money(self, minor: int) -> Money:
        """So many minor units of the order's currency."""
        return Money(minor, self.currency)

    @property
    def facts(self) -> Facts:
        """What happened to it."""
        return Facts(self.gross, self.credited, self.received, self.cancelled_at is not None)

    @property
    def state(self) -> State:
        """What it is at this moment."""
        return self.facts.state

    @property
    def standing(self) -> Standing:
        """The same for somebody who does not pay for it."""
        return self.facts.standing

    @property
    def automatic(self) -> bool:
        """Whether the clock placed it (RULES M8): neither a person nor an outside shop."""
        return self.by_id is None and self.method is not Method.OUTSIDE

    @property
    def missing(self) -> Money:
        """What has still to be paid."""
        return self.money(self.facts.missing)

    def vat_back(self, net: int) -> Money:
        """Of the VAT the part that goes with crediting so much more, net: what belongs to all that is credited
        then, less what was credited before."""
        before = sum(line.credited for line in self.lines)
        whole = proportion(self.money(self.vat), taken=before + net, of=self.net)
        return self.money(max(0, whole.minor - (self.credited - before)))

    @property
    def invoice(self) -> Invoice:
        """Its invoice, issued when it was placed."""
        return next(each for each in self.invoices if each.corrects_id is None)


class OrderLine(Base):
    """One plan or product of an order, with every factor that its price was made of (RULES P1, M1, M2).

    `public` and `partner` are the two prices, net, `net` the one that was charged; `cashback` is what the
    `earner` gets once the order is paid, `cashback_booked` what it has at this moment. `claim` names the period
    of a product that the line renews; a cancelled line lets go of it. `payer_before` is who paid for the product
    until the renewal was paid.
    """

    __tablename__ = "order_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"))
    position: Mapped[int]
    action: Mapped[Action] = mapped_column(code_of(Action))
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plans.id"), index=True)
    plan_code: Mapped[str] = mapped_column(sa.String(40))
    plan_name: Mapped[dict[str, Any]]  # by language
    family: Mapped[Family] = mapped_column(code_of(Family))
    period: Mapped[Period] = mapped_column(code_of(Period))
    product_id: Mapped[int | None] = mapped_column(sa.ForeignKey("products.id"), index=True)
    label: Mapped[str] = mapped_column(sa.String(120))
    quantity: Mapped[int]
    periods: Mapped[int]
    starts_on: Mapped[date | None]  # of a renewal; a new product begins when it is paid
    ends_on: Mapped[date | None]
    payer_before_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisations.id"))
    unit: Mapped[int] = mapped_column(sa.BigInteger)
    discount: Mapped[int]
    sliding: Mapped[int]
    count: Mapped[int]
    price: Mapped[PriceKind] = mapped_column(code_of(PriceKind))
    public: Mapped[int] = mapped_column(sa.BigInteger)
    partner: Mapped[int] = mapped_column(sa.BigInteger)
    net: Mapped[int] = mapped_column(sa.BigInteger)
    vat: Mapped[int] = mapped_column(sa.BigInteger)  # its part of the order's
    partnership_id: Mapped[int | None] = mapped_column(sa.ForeignKey("partnerships.id"), index=True)
    earner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisations.id"))
    cashback: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    cashback_booked: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    credited: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")  # net
    claim: Mapped[str | None] = mapped_column(sa.String(60), unique=True)

    order: Mapped[Order] = relationship(back_populates="lines")
    plan: Mapped[Plan] = relationship()
    product: Mapped[Product | None] = relationship()
    partnership: Mapped[Partnership | None] = relationship()
    payer_before: Mapped[Organisation | None] = relationship(foreign_keys=[payer_before_id])
    earner: Mapped[Organisation | None] = relationship(foreign_keys=[earner_id])
    made: Mapped[list[Product]] = relationship(
        secondary="order_products", order_by="Product.id", viewonly=True
    )

    __table_args__ = (
        one_of("action", Action),
        one_of("price", PriceKind),
        sa.UniqueConstraint("order_id", "position"),
        sa.CheckConstraint("quantity > 0 AND periods > 0 AND unit >= 0", name="factors"),
        sa.CheckConstraint("discount BETWEEN 0 AND 100 AND sliding BETWEEN 0 AND 100", name="per_cent"),
        sa.CheckConstraint("(action = 'renewal') = (product_id IS NOT NULL)", name="renewal"),
        sa.CheckConstraint(
            "(action = 'renewal') = (starts_on IS NOT NULL) AND (starts_on IS NULL) = (ends_on IS NULL)",
            name="stretch",
        ),
        sa.CheckConstraint("action = 'new' OR quantity = 1", name="renewal_of_one"),
        sa.CheckConstraint("net = CASE price WHEN 'public' THEN public ELSE partner END", name="charged"),
        sa.CheckConstraint("credited BETWEEN 0 AND net", name="credited"),
        sa.CheckConstraint("cashback_booked BETWEEN 0 AND cashback", name="cashback_booked"),
        sa.CheckConstraint(  # SECURITY M1: discount or cashback, never both; cashback has an earner
            "cashback = 0 OR (price = 'public' AND earner_id IS NOT NULL AND cashback = public - partner)",
            name="cashback",
        ),
        sa.Index("ix_order_lines_earner", "earner_id", "order_id"),
    )

    def money(self, minor: int) -> Money:
        """So many minor units of the order's currency."""
        return Money(minor, self.order.currency)

    @property
    def factors(self) -> Factors:
        """What its price was made of, as stored."""
        return Factors(
            self.money(self.unit), self.quantity, self.periods, self.discount, self.sliding, self.count
        )

    @property
    def case(self) -> Case:
        """Who paid and who earned, as the order was placed (RULES M4)."""
        order = self.order
        terms = Terms(order.access, order.paid_by) if order.access and order.paid_by else None
        return case_of(terms, by=order.side, earning=self.earner_id is not None)

    def name_in(self, language: str) -> str:
        """The plan's name when it was ordered."""
        return str(self.plan_name[language])

    @property
    def left(self) -> Money:
        """What of it was not credited yet, net."""
        return self.money(self.net - self.credited)

    def cashback_after(self, credited: int) -> Money:
        """What of its cashback stays the earner's when so much of it, net, is credited (RULES M11)."""
        whole = self.money(self.cashback)
        return whole - proportion(whole, taken=credited, of=self.net) if self.net else whole


class OrderProduct(Base):
    """A product that an order made (RULES M5: on the client's organisation)."""

    __tablename__ = "order_products"

    line_id: Mapped[int] = mapped_column(sa.ForeignKey("order_lines.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("products.id"), primary_key=True)

    __table_args__ = (sa.UniqueConstraint("product_id"),)


class Series(Base):
    """The next number of a year: given in the transaction of what gets it, so without gaps.

    `newest_on` is the day of the newest one: days follow the numbers even if a clock is set back.
    """

    __tablename__ = "series"

    name: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    following: Mapped[int]
    newest_on: Mapped[date]


class Invoice(Base):
    """An invoice, or a credit note when it `corrects` one; never altered, so its document stays the same.

    Whatever may change later is kept in `party` as it was on the day: the payer (name, street, postcode, city,
    country, vat_number, register_number, note), the `holder`'s name if it is another one, the `seller` with the
    account to pay to, and the `periods` that the lines renew. Only the payer may see it (RULES M5).
    """

    __tablename__ = "invoices"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    number: Mapped[str] = mapped_column(sa.String(20), unique=True)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    payer_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"))
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoices.id"))
    issued_at: Mapped[datetime]
    issued_on: Mapped[date]
    due_on: Mapped[date]
    language: Mapped[str] = mapped_column(sa.String(2))
    party: Mapped[dict[str, Any]]
    currency: Mapped[str] = mapped_column(sa.String(3))
    net: Mapped[int] = mapped_column(sa.BigInteger)
    vat: Mapped[int] = mapped_column(sa.BigInteger)
    gross: Mapped[int] = mapped_column(sa.BigInteger)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    order: Mapped[Order] = relationship(back_populates="invoices")
    payer: Mapped[Organisation] = relationship()
    corrects: Mapped[Invoice | None] = relationship(remote_side="Invoice.id")
    credits: Mapped[list[CreditLine]] = relationship(order_by="CreditLine.line_id")

    __table_args__ = (
        sa.CheckConstraint("net >= 0 AND vat >= 0 AND gross = net + vat", name="sum"),
        sa.Index("ix_invoices_payer", "payer_id", "id"),
        sa.Index(
            "uq_invoices_order", "order_id", unique=True,
            sqlite_where=sa.text("corrects_id IS NULL"), postgresql_where=sa.text("corrects_id IS NULL"),
        ),
    )  # fmt: skip

    @property
    def is_credit(self) -> bool:
        """Whether it is a credit note."""
        return self.corrects_id is not None

    def money(self, minor: int) -> Money:
        """So many minor units of its currency."""
        return Money(minor, self.currency)


class CreditLine(Base):
    """What a credit note takes back of a line: net, its part of the VAT, and of the cashback (RULES M11)."""

    __tablename__ = "credit_lines"

    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoices.id"), primary_key=True)
    line_id: Mapped[int] = mapped_column(sa.ForeignKey("order_lines.id"), primary_key=True)
    net: Mapped[int] = mapped_column(sa.BigInteger)
    vat: Mapped[int] = mapped_column(sa.BigInteger)

    line: Mapped[OrderLine] = relationship()

    __table_args__ = (
        sa.CheckConstraint("net >= 0 AND vat >= 0", name="sum"),
        sa.Index("ix_credit_lines_line", "line_id"),
    )


class NoticeSettings(Base):
    """Which mails about money and renewals an organisation wants (RULES M8); without a row, all defaults."""

    __tablename__ = "notice_settings"

    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"), primary_key=True)
    reminders: Mapped[bool] = mapped_column(default=True)
    reminder_days: Mapped[frozenset[str]]  # days before the due date, as words
    automatic_reminder: Mapped[bool] = mapped_column(default=True)
    automatic_done: Mapped[bool] = mapped_column(default=True)
    invoice_issued: Mapped[bool] = mapped_column(default=True)
