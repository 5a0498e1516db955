"""Payments for banks: ISO 20022 pain.001.001.09, as SEPA wants it for EUR and the Swiss payment standards for CHF.

The head says how many payments follow and their sum, so both are known before; the payments themselves are written as
they are read. What banks cannot carry is written plainer: SEPA knows the letters of telegrams only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree import ElementTree as ET

from webapp.invoices.rules import for_payment
from webapp.money import Money

SPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
NAME_MOST, STREET_MOST, POSTCODE_MOST, TOWN_MOST, TEXT_MOST, ID_MOST = 70, 70, 16, 35, 140, 35
CHUNK = 32 * 1024  # characters

_NOT_SEPA = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")
_SPELLED = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "æ": "ae", "Æ": "Ae",
    "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "þ": "th",
    "&": "+", "_": "-", "ı": "i",
})  # fmt: skip


@dataclass(frozen=True)
class Party:
    """Who pays or is paid; whatever is not known is empty."""

    name: str
    street: str
    postcode: str
    town: str
    country: str


@dataclass(frozen=True)
class Debtor:
    """The operator with the account that pays; without a BIC the bank knows itself by the account."""

    party: Party
    iban: str
    bic: str


@dataclass(frozen=True)
class Payment:
    """One transfer; `number` names it on both sides."""

    number: str
    amount: Money
    party: Party
    iban: str
    text: str


@dataclass(frozen=True)
class Order:
    """The head of a file. Of a file that a bank gets twice it takes one: both have the same `number`."""

    number: str
    made_at: datetime
    execute_on: date
    count: int
    total: Money
    debtor: Debtor

    @property
    def sepa(self) -> bool:
        """Whether it is a SEPA transfer."""
        return self.total.currency == "EUR"


def lines(order: Order, payments: Iterable[Payment]) -> Iterator[bytes]:
    """The file in pieces."""
    head, tail = _head(order)
    text = head
    for payment in payments:
        text += _written(_payment(payment, sepa=order.sepa))
        if len(text) >= CHUNK:
            yield text.encode()
            text = ""
    yield (text + tail).encode()


def _head(order: Order) -> tuple[str, str]:
    """What comes before the payments, and what after them."""
    root = ET.Element("Document", {"xmlns": SPACE})
    whole = _add(root, "CstmrCdtTrfInitn")
    group = _add(whole, "GrpHdr")
    number = plain(order.number, ID_MOST, sepa=True)
    name = plain(order.debtor.party.name, NAME_MOST, sepa=order.sepa)
    _add(group, "MsgId", number)
    _add(group, "CreDtTm", f"{order.made_at:%Y-%m-%dT%H:%M:%SZ}")
    _sums(group, order)
    _add(group, "InitgPty/Nm", name)
    part = _add(whole, "PmtInf")
    _add(part, "PmtInfId", number)
    _add(part, "PmtMtd", "TRF")
    _add(part, "BtchBookg", "true")
    _sums(part, order)
    if order.sepa:
        _add(part, "PmtTpInf/SvcLvl/Cd", "SEPA")
    _add(part, "ReqdExctnDt/Dt", order.execute_on.isoformat())
    _party(_add(part, "Dbtr"), order.debtor.party, sepa=order.sepa)
    _add(part, "DbtrAcct/Id/IBAN", order.debtor.iban)
    _bank(_add(part, "DbtrAgt/FinInstnId"), order.debtor)
    if order.sepa:
        _add(part, "ChrgBr", "SLEV")
    _add(part, "CdtTrfTxInf")
    head, tail = _written(root).split("<CdtTrfTxInf />")
    return f"<?xml version='1.0' encoding='utf-8'?>\n{head}", tail


def _sums(parent: ET.Element, order: Order) -> None:
    _add(parent, "NbOfTxs", str(order.count))
    _add(parent, "CtrlSum", f"{order.total.amount:.2f}")


def _bank(bank: ET.Element, debtor: Debtor) -> None:
    if debtor.bic:
        _add(bank, "BICFI", debtor.bic)
    elif debtor.iban[:2] in ("CH", "LI"):  # the number of the institute stands in the IBAN
        member = _add(bank, "ClrSysMmbId")
        _add(member, "ClrSysId/Cd", "CHBCC")
        _add(member, "MmbId", str(int(debtor.iban[4:9])))
    else:
        _add(bank, "Othr/Id", "NOTPROVIDED")


def _payment(payment: Payment, *, sepa: bool) -> ET.Element:
    it = ET.Element("CdtTrfTxInf")
    _add(it, "PmtId/InstrId", plain(payment.number, ID_MOST, sepa=True))
    _add(it[0], "EndToEndId", plain(payment.number, ID_MOST, sepa=True))
    _add(it, "Amt/InstdAmt", f"{payment.amount.amount:.2f}", Ccy=payment.amount.currency)
    _party(_add(it, "Cdtr"), payment.party, sepa=sepa)
    _add(it, "CdtrAcct/Id/IBAN", payment.iban)
    _add(it, "RmtInf/Ustrd", plain(payment.text, TEXT_MOST, sepa=sepa))
    return it


def _party(element: ET.Element, party: Party, *, sepa: bool) -> None:
    """Name and structured address; a name of letters that the bank cannot carry at all says so."""
    _add(element, "Nm", plain(party.name, NAME_MOST, sepa=sepa) or "NOTPROVIDED")
    town = plain(party.town, TOWN_MOST, sepa=sepa)
    if not (town and party.country):
        return
    address = _add(element, "PstlAdr")
    for name, value, most in (
        ("StrtNm", party.street, STREET_MOST),
        ("PstCd", party.postcode, POSTCODE_MOST),
    ):
        if written := plain(value, most, sepa=sepa):
            _add(address, name, written)
    _add(address, "TwnNm", town)
    _add(address, "Ctry", party.country)


def plain(text: str, most: int, *, sepa: bool) -> str:
    """One line of the letters that the bank can carry, at most so long."""
    if not sepa:
        return for_payment(text, most)
    spelled = unicodedata.normalize("NFKD", for_payment(text, len(text)).translate(_SPELLED))
    bare = _NOT_SEPA.sub("", "".join(sign for sign in spelled if not unicodedata.combining(sign)))
    return " ".join(re.sub(r"/+", "/", bare).split())[:most].strip(" /")


def _add(parent: ET.Element, path: str, text: str = "", /, **attributes: str) -> ET.Element:
    """Adds a new element for each step of `path`; the last one gets text and attributes."""
    for step in path.split("/"):
        parent = ET.SubElement(parent, step)
    parent.attrib.update(attributes)
    parent.text = text or None
    return parent


def _written(element: ET.Element) -> str:
    return ET.tostring(element, encoding="unicode")
