"""A bank's statement of account (camt.053 of ISO 20022): what came in, or each fault with its line (RULES M6).

Every version is read, with its namespace or without: what we look at has the same names in all of them, and the
few things that moved are looked for in both places. A file is read whole or refused whole. What a payer wrote
never makes a file fail: somebody could keep all money of a day from being booked with one odd character.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from lxml import etree
from stdnum import iban

from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.money import CURRENCIES, MINOR_PER_UNIT, Money
from webapp.payments.elements import (
    WHOLE_FILE,
    Fault,
    Faults,
    Wrong,
    amount_of,
    children,
    clean,
    code_of,
    day_of,
    first,
    name_of,
    needed,
    parsed,
    quoted,
    text_of,
    words_at,
)
from webapp.payments.rules import BANK_ID_LENGTH, BANK_REFERENCE_LENGTH, NAME_LENGTH, TEXT_LENGTH
from webapp.references import references_in, valid_reference

MOST_ENTRIES = 100_000
FAULTS_TOLD = 50
MOST_REFERENCES = 5

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_FOREIGN = re.compile(r"\b(?!camt\.053)[a-z]{4}\.[0-9]{3}\b")
_BOOKED, _NOT_BOOKED = "BOOK", ("PDNG", "INFO", "FUTR")
_NO_REFERENCE = ("", "NOTPROVIDED", "NONREF")
_OTHER_MESSAGES = {
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
    "CstmrCdtTrfInitn": "pain.001",
    "CstmrPmtStsRpt": "pain.002",
    "CstmrDrctDbtInitn": "pain.008",
}


@dataclass(frozen=True)
class Incoming:
    """Money that a bank booked to our account.

    `bank_id` stays the same in every file that holds this transaction; `references` are all readings of the
    reference that have right check digits (RF… of ISO 11649 or 27 digits of the QR-bill), compact.
    """

    bank_id: str
    booked_on: date
    amount: Money
    debtor_name: str
    debtor_iban: str  # compact, "" when the bank tells none
    references: tuple[str, ...]
    text: str
    bank_reference: str  # by which the bank finds it; may be ""

    @property
    def reference(self) -> str:
        """The reference, where there is one and only one."""
        return self.references[0] if len(self.references) == 1 else ""


@dataclass(frozen=True)
class LeftOut:
    """How many entries of a file are no incoming money, by why."""

    debits: int = 0
    reversals: int = 0
    not_booked: int = 0
    empty: int = 0  # of 0.00
    repeated: int = 0  # told twice in the same file

    @property
    def total(self) -> int:
        """All of them."""
        return self.debits + self.reversals + self.not_booked + self.empty + self.repeated


@dataclass(frozen=True)
class Statement:
    """What a file says of one account."""

    account_iban: str
    currency: str
    entries: tuple[Incoming, ...]
    left_out: LeftOut


def read(data: bytes) -> Statement:
    """The statement in this file. Raises Faults."""
    try:
        statements = _statements(parsed(data))
        iban_, currency = _account(statements)
        if sum(len(children(each, "Ntry")) for each in statements) > MOST_ENTRIES:
            raise Wrong(
                WHOLE_FILE,
                _("The file has more than %(most)s entries. Split it into several files."),
                most=MOST_ENTRIES,
            )
    except Wrong as wrong:
        raise Faults([wrong.fault]) from None
    counted: Counter[str] = Counter()
    found: dict[str, Incoming] = {}
    faults: list[Fault] = []
    for each in statements:
        seen: Counter[str] = Counter()
        for entry in children(each, "Ntry"):
            try:
                for incoming in _entry(entry, iban_, currency, counted, seen):
                    counted["repeated"] += incoming.bank_id in found
                    found.setdefault(incoming.bank_id, incoming)
            except Wrong as wrong:
                faults.append(wrong.fault)
    if faults:
        raise Faults(_told(faults))
    return Statement(iban_, currency, tuple(found.values()), LeftOut(**counted))


def _told(faults: list[Fault]) -> list[Fault]:
    """The first fifty faults, and how many more there are."""
    if (more := len(faults) - FAULTS_TOLD) <= 0:
        return faults
    rest = ngettext("… and %(num)s more entry", "… and %(num)s more entries", more)
    return [*faults[:FAULTS_TOLD], Fault(WHOLE_FILE, rest)]


def _statements(root: etree._Element) -> list[etree._Element]:
    """The statements of a camt.053; any other message is refused by its name."""
    message = root[0] if name_of(root) == "Document" and len(root) else root
    foreign = _FOREIGN.search(etree.QName(message).namespace or "")
    if name_of(message) != "BkToCstmrStmt" or foreign:
        kind = foreign[0] if foreign else _OTHER_MESSAGES.get(name_of(message))
        if kind:
            raise Wrong(
                message,
                _("Line %(line)s: this is a message “%(kind)s”. Upload an account statement, “camt.053”."),
                kind=kind,
            )
        raise Wrong(message, _("Line %(line)s: this is not an account statement, “camt.053”."))
    statements = children(message, "Stmt")
    if not statements:
        raise Wrong(message, _("Line %(line)s: the message holds no statement."))
    return statements


def _account(statements: Sequence[etree._Element]) -> tuple[str, str]:
    """(IBAN, currency) of all statements in the file."""
    (own, *others) = [(each, _account_of(each)) for each in statements]
    for element, account in others:
        if account != own[1]:
            raise Wrong(
                element,
                _(
                    "Line %(line)s: this statement is of another account than the first one. Upload a file "
                    "for each account."
                ),
            )
    return own[1]


def _account_of(statement: etree._Element) -> tuple[str, str]:
    element = first(statement, "Acct", "Id", "IBAN")
    if element is None:
        raise Wrong(statement, _("Line %(line)s: this statement names no account by an IBAN."))
    number = text_of(element)
    if not _is_iban(number):
        raise Wrong(element, _("Line %(line)s: “%(value)s” is not an IBAN."), value=quoted(number))
    return number, _currency_of(statement)


def _currency_of(statement: etree._Element) -> str:
    """The account's currency; not every bank names it there, but each amount has one."""
    named = first(statement, "Acct", "Ccy")
    if named is None:
        amounts = (first(each, "Amt") for name in ("Bal", "Ntry") for each in children(statement, name))
        amount = next((each for each in amounts if each is not None), None)
        where, currency = (statement, "") if amount is None else (amount, amount.get("Ccy", ""))
    else:
        where, currency = named, text_of(named)
    if currency not in CURRENCIES:
        raise Wrong(
            where,
            _("Line %(line)s: “%(value)s” is none of our currencies: %(choices)s."),
            value=quoted(currency),
            choices=", ".join(CURRENCIES),
        )
    return currency


# --- an entry -----------------------------------------------------------------------------------------------


def _entry(
    entry: etree._Element, account: str, currency: str, counted: Counter[str], seen: Counter[str]
) -> list[Incoming]:
    """What came in by this entry; nothing, and counted, if it is something else."""
    amount = amount_of(needed(entry, "Amt"), currency)
    direction = code_of(needed(entry, "CdtDbtInd"), ("CRDT", "DBIT"))
    status = needed(entry, "Sts")
    code = first(status, "Cd")  # until 2018 the code stood there without this
    booked = code_of(status if code is None else code, (_BOOKED, *_NOT_BOOKED)) == _BOOKED
    reversal = first(entry, "RvslInd")
    reversed_ = reversal is not None and code_of(reversal, ("true", "1", "false", "0")) in ("true", "1")
    if not booked or reversed_ or direction == "DBIT":
        counted["not_booked" if not booked else "reversals" if reversed_ else "debits"] += 1
        return []
    day = _booked_on(entry)
    came: list[Incoming] = []
    transactions = _transactions(entry, amount)
    for transaction, own in transactions:
        if not own.minor:
            counted["empty"] += 1
            continue
        source = entry if transaction is None else transaction
        name, number = _debtor(source)
        text, references = _remittance(source, entry if len(transactions) == 1 else None)
        reference = _bank_reference(source, "Refs", "AcctSvcrRef") or _bank_reference(entry, "AcctSvcrRef")
        told = (reference,) if reference else (name, number, *references, text, _end_to_end(source))
        came.append(
            Incoming(
                bank_id=_bank_id((account, day.isoformat(), str(own.minor), currency, *told), seen),
                booked_on=day,
                amount=own,
                debtor_name=name,
                debtor_iban=number,
                references=references,
                text=text,
                bank_reference=reference,
            )
        )
    return came


def _bank_id(told: Iterable[str], seen: Counter[str]) -> str:
    """An id of what the bank tells; the second of two that are the same in one statement gets another one.

    So has each transaction of a batch whose bank repeats the entry's reference. Counted per statement:
    overlapping files tell the whole of a day again.
    """
    told = "\0".join(told)
    seen[told] += 1
    if seen[told] > 1:
        told = f"{told}\0\0{seen[told]}"
    return hashlib.sha256(told.encode()).hexdigest()[:BANK_ID_LENGTH]


def _transactions(entry: etree._Element, amount: Money) -> list[tuple[etree._Element | None, Money]]:
    """Each transaction with its own amount; together they are the entry."""
    details = children(entry, "NtryDtls")
    transactions = [each for detail in details for each in children(detail, "TxDtls")]
    for each in transactions:
        direction = first(each, "CdtDbtInd")
        if direction is not None and code_of(direction, ("CRDT", "DBIT")) == "DBIT":
            raise Wrong(direction, _("Line %(line)s: a transaction of this credit is a debit."))
    if not transactions:
        return [(None, amount)]
    batch = len(transactions) > 1 or _announced(details) > 1
    own = [_own_amount(each, amount.currency, batch=batch) for each in transactions]
    if not batch and (own[0] is None or _has_charges(entry, transactions[0])):
        return [(transactions[0], amount)]
    for element, each_amount in zip(transactions, own, strict=True):
        if each_amount is None:
            raise Wrong(
                element,
                _("Line %(line)s: this transaction has no amount of its own in %(currency)s."),
                currency=amount.currency,
            )
    amounts = [each for each in own if each is not None]
    if sum(each.minor for each in amounts) != amount.minor:
        raise Wrong(
            entry,
            _(
                "Line %(line)s: the transactions of this entry add up to %(sum)s, and the entry is "
                "%(amount)s."
            ),
            sum=_plain(sum(each.minor for each in amounts)),
            amount=_plain(amount.minor),
        )
    return list(zip(transactions, amounts, strict=True))


def _announced(details: Iterable[etree._Element]) -> int:
    """How many transactions the bank says that there are."""
    numbers = [text_of(each) for detail in details if (each := first(detail, "Btch", "NbOfTxs")) is not None]
    return sum(int(each) for each in numbers if re.fullmatch("[0-9]{1,15}", each))


def _own_amount(transaction: etree._Element, currency: str, *, batch: bool) -> Money | None:
    """The amount that a transaction tells in the account's currency; the payer's order only where we must."""
    paths = [("Amt",), ("AmtDtls", "TxAmt", "Amt"), *([("AmtDtls", "InstdAmt", "Amt")] if batch else [])]
    for path in paths:
        element = first(transaction, *path)
        if element is not None and element.get("Ccy", currency) == currency:
            return amount_of(element, currency)
    return None


def _has_charges(entry: etree._Element, transaction: etree._Element) -> bool:
    """Whether the bank kept something: then the transaction tells what was sent, the entry what came."""
    return first(entry, "Chrgs") is not None or first(transaction, "Chrgs") is not None


def _debtor(source: etree._Element) -> tuple[str, str]:
    """(name, IBAN) of who paid; each may be empty."""
    paths = [(role, *inner) for role in ("Dbtr", "UltmtDbtr") for inner in (("Nm",), ("Pty", "Nm"))]
    names = (words_at(source, "RltdPties", *path, most=NAME_LENGTH) for path in paths)
    number = words_at(source, "RltdPties", "DbtrAcct", "Id", "IBAN", most=NAME_LENGTH).replace(" ", "")
    return next(filter(None, names), ""), number if _is_iban(number) else ""


def _remittance(source: etree._Element, entry: etree._Element | None) -> tuple[str, tuple[str, ...]]:
    """(what the payer wrote, the references in it); a structured one goes before all others."""
    notes = children(source, "RmtInf")
    structured = [
        clean(text_of(reference), TEXT_LENGTH)
        for note in notes
        for each in children(note, "Strd")
        if (reference := first(each, "CdtrRefInf", "Ref")) is not None
    ]
    lines = [text_of(line) for note in notes for line in children(note, "Ustrd")]
    lines += [
        text_of(line)
        for note in notes
        for each in children(note, "Strd")
        for line in children(each, "AddtlRmtInf")
    ]
    if not lines:
        lines = [text_of(line) for line in children(source, "AddtlTxInf")]
    if not lines and entry is not None:
        lines = [text_of(line) for line in children(entry, "AddtlNtryInf")]
    text = clean(" ".join(lines), TEXT_LENGTH)
    valid = [each for reference in structured if (each := valid_reference(reference))]
    odd = [reference for reference in structured if reference and not valid_reference(reference)]
    found = valid or [*references_in(" ".join(odd)), *references_in(text)]
    shown = clean(
        " ".join([*odd, text]), TEXT_LENGTH
    )  # a reference that is none is worth reading all the same
    return shown, tuple(dict.fromkeys(found))[:MOST_REFERENCES]


def _end_to_end(source: etree._Element) -> str:
    return words_at(source, "Refs", "EndToEndId", most=BANK_REFERENCE_LENGTH)


def _bank_reference(source: etree._Element, *path: str) -> str:
    reference = words_at(source, *path, most=BANK_REFERENCE_LENGTH)
    return "" if reference.upper() in _NO_REFERENCE else reference


def _booked_on(entry: etree._Element) -> date:
    """The day of booking; the value date where a bank tells no other."""
    paths = [(name, kind) for name in ("BookgDt", "ValDt") for kind in ("Dt", "DtTm")]
    element = next((each for path in paths if (each := first(entry, *path)) is not None), None)
    if element is None:
        raise Wrong(entry, _("Line %(line)s: this entry has no booking date."))
    return day_of(element)


def _is_iban(number: str) -> bool:
    return bool(_IBAN.fullmatch(number)) and iban.is_valid(number)


def _plain(minor: int) -> str:
    return f"{minor // MINOR_PER_UNIT}.{minor % MINOR_PER_UNIT:02}"
