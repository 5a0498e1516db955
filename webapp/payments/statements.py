"""A bank's statement of account (camt.053 of ISO 20022): what came in, or each fault with its line (RULES M6).

Every version is read, with its namespace or without: what we look at has the same names in all of them, and the
few things that moved are looked for in both places. A file is read whole or refused whole. What a payer wrote
never makes a file fail: somebody could keep all money of a day from being booked with one odd character.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from lxml import etree
from stdnum import iban, iso11649
from stdnum.ch import esr

from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.money import CURRENCIES, MINOR_PER_UNIT, Money
from webapp.payments.rules import BANK_ID_LENGTH, BANK_REFERENCE_LENGTH, NAME_LENGTH, TEXT_LENGTH
from webapp.text import tidy_line

LARGEST_FILE = 5 * 1024 * 1024  # bytes
MOST_ENTRIES = 100_000
FAULTS_TOLD = 50
MOST_REFERENCES = 5
TOLD = 40  # characters of something wrong that a sentence quotes
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
WHOLE_FILE = 0  # the line of a fault that concerns no line

_BLANKS = " \t\r\n"  # XML's own
_AMOUNT = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,2}))?")
_ZONE = r"(?:Z|[+-][0-9]{2}:[0-9]{2})?"
_DAY = re.compile(
    rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]+)?)?{_ZONE}"
)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_DEFINITIONS = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_FOREIGN = re.compile(r"\b(?!camt\.053)[a-z]{4}\.[0-9]{3}\b")
_RF = re.compile(r"(?<![A-Z0-9])RF(?= ?[0-9]{2})")
_GROUP = re.compile(" ?[A-Z0-9]+")
_LONGEST_WRITTEN = 2 * 25  # 25 characters with blanks between them
_QRR = re.compile(r"(?<![A-Z0-9])[0-9](?: ?[0-9]){26}(?![A-Z0-9])")
_BOOKED, _NOT_BOOKED = "BOOK", ("PDNG", "INFO", "FUTR")
_NO_REFERENCE = ("", "NOTPROVIDED", "NONREF")
_OTHER_MESSAGES = {
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
    "CstmrCdtTrfInitn": "pain.001",
    "CstmrPmtStsRpt": "pain.002",
    "CstmrDrctDbtInitn": "pain.008",
}


class Fault(NamedTuple):
    """What is wrong, as a whole sentence that names its line; `line` 0 concerns the file."""

    line: int
    sentence: str


class Faults(Exception):
    """A file that is refused, with everything that is wrong in it (the first fifty)."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(sentence for _line, sentence in faults))


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


class _Wrong(Exception):
    """What is not right: the element or line, and the sentence, whose `%(…)s` are filled in here."""

    def __init__(self, where: etree._Element | int, sentence: str, /, **values: object) -> None:
        line = where if isinstance(where, int) else _line(where)
        self.fault = Fault(line, sentence % {"line": line, **values})
        super().__init__(sentence)


def read(data: bytes) -> Statement:
    """The statement in this file. Raises Faults."""
    try:
        statements = _statements(_parsed(data))
        iban_, currency = _account(statements)
        if sum(len(_all(each, "Ntry")) for each in statements) > MOST_ENTRIES:
            raise _Wrong(
                WHOLE_FILE,
                _("The file has more than %(most)s entries. Split it into several files."),
                most=MOST_ENTRIES,
            )
    except _Wrong as wrong:
        raise Faults([wrong.fault]) from None
    counted: Counter[str] = Counter()
    found: dict[str, Incoming] = {}
    faults: list[Fault] = []
    for each in statements:
        seen: Counter[str] = Counter()
        for entry in _all(each, "Ntry"):
            try:
                for incoming in _entry(entry, iban_, currency, counted, seen):
                    counted["repeated"] += incoming.bank_id in found
                    found.setdefault(incoming.bank_id, incoming)
            except _Wrong as wrong:
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


# --- the file -----------------------------------------------------------------------------------------------


def _parsed(data: bytes) -> etree._Element:
    if len(data) > LARGEST_FILE:
        raise _Wrong(
            WHOLE_FILE,
            _("The file is larger than %(megabytes)s MB."),
            megabytes=LARGEST_FILE // (1024 * 1024),
        )
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise _Wrong(WHOLE_FILE, _("The file is empty."))
    _refuse_other_encodings(data)
    if definition := _DEFINITIONS.search(data):
        line = _line_at(data, definition.start())
        raise _Wrong(line, _("Line %(line)s: the file defines a document type. No bank’s statement does."))
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise _Wrong(line, _("Line %(line)s: this is not well-formed XML. Is the file complete?")) from None


def _refuse_other_encodings(data: bytes) -> None:
    line = 1
    try:
        data.decode("utf-8")
        declared = _DECLARED.match(data)
        if declared is None or declared[1].upper() in (b"UTF-8", b"UTF8"):
            return
    except UnicodeDecodeError as error:
        line = _line_at(data, error.start)
    raise _Wrong(line, _("Line %(line)s: the file is not in UTF-8."))


def _line_at(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _statements(root: etree._Element) -> list[etree._Element]:
    """The statements of a camt.053; any other message is refused by its name."""
    message = root[0] if _name(root) == "Document" and len(root) else root
    foreign = _FOREIGN.search(etree.QName(message).namespace or "")
    if _name(message) != "BkToCstmrStmt" or foreign:
        kind = foreign[0] if foreign else _OTHER_MESSAGES.get(_name(message))
        if kind:
            raise _Wrong(
                message,
                _("Line %(line)s: this is a message “%(kind)s”. Upload an account statement, “camt.053”."),
                kind=kind,
            )
        raise _Wrong(message, _("Line %(line)s: this is not an account statement, “camt.053”."))
    statements = _all(message, "Stmt")
    if not statements:
        raise _Wrong(message, _("Line %(line)s: the message holds no statement."))
    return statements


def _account(statements: Sequence[etree._Element]) -> tuple[str, str]:
    """(IBAN, currency) of all statements in the file."""
    (first, *others) = [(each, _account_of(each)) for each in statements]
    for element, account in others:
        if account != first[1]:
            raise _Wrong(
                element,
                _(
                    "Line %(line)s: this statement is of another account than the first one. Upload a file "
                    "for each account."
                ),
            )
    return first[1]


def _account_of(statement: etree._Element) -> tuple[str, str]:
    element = _one(statement, "Acct", "Id", "IBAN")
    if element is None:
        raise _Wrong(statement, _("Line %(line)s: this statement names no account by an IBAN."))
    number = _text(element)
    if not _is_iban(number):
        raise _Wrong(element, _("Line %(line)s: “%(value)s” is not an IBAN."), value=_short(number))
    return number, _currency_of(statement)


def _currency_of(statement: etree._Element) -> str:
    """The account's currency; not every bank names it there, but each amount has one."""
    named = _one(statement, "Acct", "Ccy")
    if named is None:
        amounts = (_one(each, "Amt") for name in ("Bal", "Ntry") for each in _all(statement, name))
        amount = next((each for each in amounts if each is not None), None)
        where, currency = (statement, "") if amount is None else (amount, amount.get("Ccy", ""))
    else:
        where, currency = named, _text(named)
    if currency not in CURRENCIES:
        raise _Wrong(
            where,
            _("Line %(line)s: “%(value)s” is none of our currencies: %(choices)s."),
            value=_short(currency),
            choices=", ".join(CURRENCIES),
        )
    return currency


# --- an entry -----------------------------------------------------------------------------------------------


def _entry(
    entry: etree._Element, account: str, currency: str, counted: Counter[str], seen: Counter[str]
) -> list[Incoming]:
    """What came in by this entry; nothing, and counted, if it is something else."""
    amount = _amount(_needed(entry, "Amt"), currency)
    direction = _code(_needed(entry, "CdtDbtInd"), ("CRDT", "DBIT"))
    status = _needed(entry, "Sts")
    code = _one(status, "Cd")  # until 2018 the code stood there without this
    booked = _code(status if code is None else code, (_BOOKED, *_NOT_BOOKED)) == _BOOKED
    reversal = _one(entry, "RvslInd")
    reversed_ = reversal is not None and _code(reversal, ("true", "1", "false", "0")) in ("true", "1")
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
    details = _all(entry, "NtryDtls")
    transactions = [each for detail in details for each in _all(detail, "TxDtls")]
    for each in transactions:
        direction = _one(each, "CdtDbtInd")
        if direction is not None and _code(direction, ("CRDT", "DBIT")) == "DBIT":
            raise _Wrong(direction, _("Line %(line)s: a transaction of this credit is a debit."))
    if not transactions:
        return [(None, amount)]
    batch = len(transactions) > 1 or _announced(details) > 1
    own = [_own_amount(each, amount.currency, batch=batch) for each in transactions]
    if not batch and (own[0] is None or _has_charges(entry, transactions[0])):
        return [(transactions[0], amount)]
    for element, each_amount in zip(transactions, own, strict=True):
        if each_amount is None:
            raise _Wrong(
                element,
                _("Line %(line)s: this transaction has no amount of its own in %(currency)s."),
                currency=amount.currency,
            )
    amounts = [each for each in own if each is not None]
    if sum(each.minor for each in amounts) != amount.minor:
        raise _Wrong(
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
    numbers = [_text(each) for detail in details if (each := _one(detail, "Btch", "NbOfTxs")) is not None]
    return sum(int(each) for each in numbers if re.fullmatch("[0-9]{1,15}", each))


def _own_amount(transaction: etree._Element, currency: str, *, batch: bool) -> Money | None:
    """The amount that a transaction tells in the account's currency; the payer's order only where we must."""
    paths = [("Amt",), ("AmtDtls", "TxAmt", "Amt"), *([("AmtDtls", "InstdAmt", "Amt")] if batch else [])]
    for path in paths:
        element = _one(transaction, *path)
        if element is not None and element.get("Ccy", currency) == currency:
            return _amount(element, currency)
    return None


def _has_charges(entry: etree._Element, transaction: etree._Element) -> bool:
    """Whether the bank kept something: then the transaction tells what was sent, the entry what came."""
    return _one(entry, "Chrgs") is not None or _one(transaction, "Chrgs") is not None


def _debtor(source: etree._Element) -> tuple[str, str]:
    """(name, IBAN) of who paid; each may be empty."""
    paths = [(role, *inner) for role in ("Dbtr", "UltmtDbtr") for inner in (("Nm",), ("Pty", "Nm"))]
    names = (_words(source, "RltdPties", *path, most=NAME_LENGTH) for path in paths)
    number = _words(source, "RltdPties", "DbtrAcct", "Id", "IBAN", most=NAME_LENGTH).replace(" ", "")
    return next(filter(None, names), ""), number if _is_iban(number) else ""


def _remittance(source: etree._Element, entry: etree._Element | None) -> tuple[str, tuple[str, ...]]:
    """(what the payer wrote, the references in it); a structured one goes before all others."""
    notes = _all(source, "RmtInf")
    structured = [
        _clean(_text(reference), TEXT_LENGTH)
        for note in notes
        for each in _all(note, "Strd")
        if (reference := _one(each, "CdtrRefInf", "Ref")) is not None
    ]
    lines = [_text(line) for note in notes for line in _all(note, "Ustrd")]
    lines += [
        _text(line) for note in notes for each in _all(note, "Strd") for line in _all(each, "AddtlRmtInf")
    ]
    if not lines:
        lines = [_text(line) for line in _all(source, "AddtlTxInf")]
    if not lines and entry is not None:
        lines = [_text(line) for line in _all(entry, "AddtlNtryInf")]
    text = _clean(" ".join(lines), TEXT_LENGTH)
    valid = [each for reference in structured if (each := _valid_reference(reference))]
    odd = [reference for reference in structured if reference and not _valid_reference(reference)]
    found = valid or [*_found_references(" ".join(odd)), *_found_references(text)]
    shown = _clean(
        " ".join([*odd, text]), TEXT_LENGTH
    )  # a reference that is none is all the same worth reading
    return shown, tuple(dict.fromkeys(found))[:MOST_REFERENCES]


def _valid_reference(written: str) -> str:
    """The compact reference, "" if it is none: RF… with its check digits, or 27 digits of which the last checks."""
    compact = written.replace(" ", "").upper()
    if re.fullmatch("RF[0-9]{2}[A-Z0-9]{1,21}", compact) and iso11649.is_valid(compact):
        return compact
    if re.fullmatch("[0-9]{27}", compact) and compact.strip("0") and esr.is_valid(compact):
        return compact
    return ""


def _found_references(text: str) -> Iterator[str]:
    """Every reading of a reference in what somebody wrote: in one piece, in groups, followed by other words."""
    text = text.upper()
    for start in _RF.finditer(text):
        end = start.start()
        while (piece := _GROUP.match(text, end)) and piece.end() - start.start() <= _LONGEST_WRITTEN:
            end = piece.end()
            if reference := _valid_reference(text[start.start() : end]):
                yield reference
    for digits in _QRR.finditer(text):
        if reference := _valid_reference(digits[0]):
            yield reference


def _end_to_end(source: etree._Element) -> str:
    return _words(source, "Refs", "EndToEndId", most=BANK_REFERENCE_LENGTH)


def _bank_reference(source: etree._Element, *path: str) -> str:
    reference = _words(source, *path, most=BANK_REFERENCE_LENGTH)
    return "" if reference.upper() in _NO_REFERENCE else reference


# --- values -------------------------------------------------------------------------------------------------


def _amount(element: etree._Element, currency: str) -> Money:
    typed = _text(element)
    if (own := element.get("Ccy", "")) != currency:
        raise _Wrong(
            element,
            _("Line %(line)s: this amount is in “%(value)s”, and the account is in %(currency)s."),
            value=_short(own),
            currency=currency,
        )
    parts = _AMOUNT.fullmatch(typed)
    if parts is None:
        raise _Wrong(
            element, _("Line %(line)s: “%(value)s” is not an amount such as 1250.50."), value=_short(typed)
        )
    return Money(int(parts[1]) * MINOR_PER_UNIT + int((parts[2] or "0").ljust(2, "0")), currency)


def _booked_on(entry: etree._Element) -> date:
    """The day of booking; the value date where a bank tells no other."""
    paths = [(name, kind) for name in ("BookgDt", "ValDt") for kind in ("Dt", "DtTm")]
    element = next((each for path in paths if (each := _one(entry, *path)) is not None), None)
    if element is None:
        raise _Wrong(entry, _("Line %(line)s: this entry has no booking date."))
    typed = _text(element)
    parts = _DAY.fullmatch(typed)
    try:
        day = date.fromisoformat(parts[1]) if parts else date.min
    except ValueError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        raise _Wrong(
            element, _("Line %(line)s: “%(value)s” is not a date such as 2026-11-30."), value=_short(typed)
        )
    return day


def _code(element: etree._Element, choices: Sequence[str]) -> str:
    code = _text(element)
    if code not in choices:
        raise _Wrong(
            element,
            _("Line %(line)s: “%(value)s” in “%(name)s” is none of these: %(choices)s."),
            value=_short(code),
            name=_name(element),
            choices=", ".join(choices),
        )
    return code


def _is_iban(number: str) -> bool:
    return bool(_IBAN.fullmatch(number)) and iban.is_valid(number)


def _plain(minor: int) -> str:
    return f"{minor // MINOR_PER_UNIT}.{minor % MINOR_PER_UNIT:02}"


# --- elements -----------------------------------------------------------------------------------------------


def _name(element: etree._Element) -> str:
    """Its name without the namespace."""
    return str(element.tag).rpartition("}")[2]


def _all(element: etree._Element, name: str) -> list[etree._Element]:
    return [each for each in element if _name(each) == name]


def _one(element: etree._Element, *path: str) -> etree._Element | None:
    """The first one at the end of this path."""
    if not path:
        return element
    found = (_one(each, *path[1:]) for each in element if _name(each) == path[0])
    return next((each for each in found if each is not None), None)


def _needed(entry: etree._Element, name: str) -> etree._Element:
    element = _one(entry, name)
    if element is None:
        raise _Wrong(entry, _("Line %(line)s: this entry has no “%(name)s”."), name=name)
    return element


def _line(element: etree._Element) -> int:
    return int(element.sourceline or 1)


def _text(element: etree._Element) -> str:
    return (element.text or "").strip(_BLANKS)


def _words(element: etree._Element, *path: str, most: int) -> str:
    """What stands at the end of the path, as a line; "" if there is nothing."""
    found = _one(element, *path)
    return "" if found is None else _clean(_text(found), most)


def _clean(text: str, most: int) -> str:
    """One line of printable characters: whoever pays writes what they like."""
    return tidy_line("".join(c if c.isprintable() else " " for c in text))[:most].strip()


def _short(value: str) -> str:
    """What a sentence quotes of a value."""
    value = "".join(c for c in value if c.isprintable())
    return value if len(value) <= TOLD else f"{value[:TOLD]}…"
