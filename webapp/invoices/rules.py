"""What an invoice says (RULES M3, M5, M7, O3, O8): facts of the day, whose sums are right. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from webapp.money import Money
from webapp.orders.rules import Method, Treatment
from webapp.refused import Refused


class Kind(StrEnum):
    """What a document is."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class Discount(StrEnum):
    """Why an amount is less than the public price."""

    PARTNER = "partner"
    SLIDING_SCALE = "sliding_scale"


class Step(NamedTuple):
    """A discount of so many per cent, and what is left `after` it (RULES M1, M2)."""

    kind: Discount
    per_cent: int
    after: Money


@dataclass(frozen=True)
class Party:
    """Seller or buyer, as on the day. `country` is a code; whatever is not known is empty."""

    name: str
    street: str
    postcode: str
    city: str
    country: str
    vat_number: str = ""
    register_number: str = ""
    email: str = ""

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Party:
        """The one whom these entries name; they may hold more."""
        return cls(**{field.name: kept.get(field.name) or "" for field in fields(cls)})


@dataclass(frozen=True)
class DocumentLine:
    """What is billed, net. `unit` is the public price of one for one period; steps lead from it to `net`.

    A credit note's line says what is taken back: mostly one, of that amount.
    """

    position: int
    name: str
    detail: str
    quantity: int
    unit: Money
    steps: tuple[Step, ...]
    net: Money
    period_from: date | None = None
    period_until: date | None = None
    periods: int = 1

    def __post_init__(self) -> None:
        left = self.public
        for step in self.steps:
            if not 0 <= step.after.minor <= left.minor:
                raise WrongSum(f"line {self.position}: {step.after} after {left}")
            left = step.after
        if left != self.net:
            raise WrongSum(f"line {self.position}: its price is {left}, not {self.net}")
        if self.period_from and self.period_until and self.period_until < self.period_from:
            raise WrongSum(f"line {self.position}: it ends before it begins")

    @property
    def billed(self) -> int:
        """How many units are billed: so many for so many periods."""
        return self.quantity * self.periods

    @property
    def public(self) -> Money:
        """The public price of all of them."""
        return self.unit * self.billed


@dataclass(frozen=True)
class Document:
    """An invoice or a credit note. Amounts of a credit note are positive: they are the buyer's.

    `vat_rate` in basis points; `holder` is whose products they are, when that is not the buyer (RULES O8);
    `method` is how the order is paid, `outside` its number in the shop that it was placed in; `paid` is what was
    paid when the document was issued, `paid_on` the day on which nothing was missing any more. `due_on` may be
    missing where nothing is to be paid. `reason` says why a credit note was issued. `paid_to` is where the amount of
    a self-billed one goes: the buyer has issued it, and the seller reads it.
    """

    kind: Kind
    number: str
    issued_on: date
    due_on: date | None
    language: str
    region: str
    currency: str
    seller: Party
    buyer: Party
    holder: str
    order_number: str
    lines: tuple[DocumentLine, ...]
    net: Money
    vat_rate: int
    vat: Money
    gross: Money
    vat_treatment: Treatment
    paid: Money
    reference: str
    iban: str
    bic: str
    account_holder: str
    note: str
    corrects: tuple[str, date] | None
    policy_version: str
    paid_on: date | None = None
    method: Method = Method.INVOICE
    outside: str = ""
    reason: str = ""
    paid_to: str = ""

    def __post_init__(self) -> None:
        amounts = [self.net, self.vat, self.gross, self.paid, *(line.net for line in self.lines)]
        if {amount.currency for amount in amounts} != {self.currency}:
            raise WrongSum(f"{self.number}: not everything is in {self.currency}")
        if sum(line.net.minor for line in self.lines) != self.net.minor:
            raise WrongSum(f"{self.number}: its lines do not add up to {self.net}")
        if self.net + self.vat != self.gross:
            raise WrongSum(f"{self.number}: {self.net} and {self.vat} are not {self.gross}")
        if self.vat_treatment is not Treatment.STANDARD and (self.vat.minor or self.vat_rate):
            raise WrongSum(f"{self.number}: VAT that is not owed")

    @property
    def is_credit(self) -> bool:
        """Whether it is a credit note."""
        return self.kind is Kind.CREDIT_NOTE

    @property
    def issuer(self) -> Party:
        """Whose letter it is."""
        return self.buyer if self.paid_to else self.seller

    @property
    def addressee(self) -> Party:
        """Who reads it."""
        return self.seller if self.paid_to else self.buyer

    @property
    def open(self) -> Money:
        """What the buyer has still to pay."""
        if self.is_credit or self.paid.minor >= self.gross.minor:
            return Money(0, self.currency)
        return self.gross - self.paid

    @property
    def span(self) -> tuple[date, date] | None:
        """From the first to the last day that its lines bill."""
        starts = [line.period_from for line in self.lines if line.period_from]
        ends = [line.period_until for line in self.lines if line.period_until]
        return (min(starts), max(ends)) if starts and ends else None


class WrongSum(ValueError):
    """A document that does not add up is never drawn."""


class NotDrawn(Refused):
    """A document that could not be made; the log says why."""

    status = 500
    sentence = "%(number)s can’t be shown as a document at the moment. This has been recorded; please try again later."


# What payment codes allow: Latin letters with the marks of Europe's languages (Swiss Implementation Guidelines
# QR-bill 2.3, 4.1.1); the soft hyphen, which nobody sees, is none.
_PAYMENT_LETTERS = re.compile(r"[^\u0020-\u007e\u00a0-\u00ac\u00ae-\u017f\u0218-\u021b\u20ac]")
_PLAINER = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "…": "...", "\u202f": " "}
)


def for_payment(text: str, most: int) -> str:
    """The text in the letters of payment codes, one line, at most so long."""
    plain = _PAYMENT_LETTERS.sub("", re.sub(r"\s+", " ", text.translate(_PLAINER))).replace("\u00a0", " ")
    return " ".join(plain.split())[:most].strip()
