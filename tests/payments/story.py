"""Statements of banks in few words, and what became of the money."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count

import sqlalchemy as sa

from tests.orders.story import has
from tests.times import NOW
from webapp.extensions import db
from webapp.ledger.rules import AccountKind
from webapp.money import Money
from webapp.payments import actions
from webapp.payments.models import IncomingTransfer, Withdrawal
from webapp.payments.rules import Destination, Kind
from webapp.payments.statements import Incoming, LeftOut, Statement
from webapp.programme import programme

IBAN = "CH5604835012345678009"
BANK_ACCOUNT = Destination(Kind.IBAN, IBAN)
PAYPAL = Destination(Kind.PAYPAL, "nadia@lumen.example")
DAY = date(2026, 11, 20)
_numbers = count(1)


def incoming(minor=5_000, *references, bank_id=None, currency="CHF", name="Lumen Optik AG", text=""):
    """Money that a bank booked; with a name of its own unless one is given."""
    return Incoming(
        bank_id or f"{next(_numbers):040}", DAY, Money(minor, currency), name, IBAN, tuple(references), text, ""
    )  # fmt: skip


def statement(*entries, currency="CHF", iban=None):
    """What a file says of the operator's account in this currency."""
    return Statement(iban or programme().iban(currency), currency, tuple(entries), LeftOut())


def imported(*entries, by=None, now=NOW, **values):
    """What became of these."""
    return actions.import_statement(statement(*entries, **values), by=by, now=now)


def waiting(minor=5_000, *references, **values):
    """A transfer that nobody was found for."""
    entry = incoming(minor, *references, **values)
    imported(entry, currency=entry.amount.currency)
    return transfer(entry)


def transfer(entry):
    """The row that it became."""
    return db.session.scalars(
        sa.select(IncomingTransfer).where(IncomingTransfer.bank_id == entry.bank_id)
    ).one()


def transfers():
    return db.session.scalars(sa.select(IncomingTransfer).order_by(IncomingTransfer.id)).all()


def withdrawals():
    return db.session.scalars(sa.select(Withdrawal).order_by(Withdrawal.id)).all()


def asked(organisation, minor, by, *, to=BANK_ACCOUNT, currency="CHF", now=NOW, key=None):
    """A withdrawal that was asked for."""
    key = key or f"key-{next(_numbers)}"
    return actions.request_withdrawal(organisation, Money(minor, currency), to, key=key, by=by, now=now)


def suspense(currency="CHF"):
    """Minor units that wait to be assigned."""
    return has(None, AccountKind.SUSPENSE, currency)


def bank(currency="CHF"):
    """Minor units that went through the operator's account: below zero for what came in."""
    return has(None, AccountKind.BANK, currency)


def under_way(organisation, currency="CHF"):
    """Minor units that wait to be paid out."""
    return has(organisation, AccountKind.WITHDRAWALS, currency)


def days(n):
    return timedelta(days=n)


def file_of(*entries, currency="CHF", iban=None):
    """The same as a bank's file. Each entry: (amount such as `12.50`, reference or ``, text[, bank's own name])."""
    number = iban or programme().iban(currency)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">', "<BkToCstmrStmt>", "<Stmt>",
             f"<Acct><Id><IBAN>{number}</IBAN></Id><Ccy>{currency}</Ccy></Acct>"]  # fmt: skip
    for n, (amount, reference, text, *name) in enumerate(entries, 1):
        known = name[0] if name else f"REF{n:09}"
        structured = f"<Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd>" if reference else ""
        plain = f"<Ustrd>{text}</Ustrd>" if text else ""
        lines += [
            "<Ntry>", f'<Amt Ccy="{currency}">{amount}</Amt>', "<CdtDbtInd>CRDT</CdtDbtInd>",
            "<Sts><Cd>BOOK</Cd></Sts>", f"<BookgDt><Dt>{DAY}</Dt></BookgDt>",
            f"<NtryDtls><TxDtls><Refs><AcctSvcrRef>{known}</AcctSvcrRef></Refs>",
            f"<RltdPties><Dbtr><Pty><Nm>Payer {n}</Nm></Pty></Dbtr></RltdPties>",
            f"<RmtInf>{plain}{structured}</RmtInf></TxDtls></NtryDtls>", "</Ntry>",
        ]  # fmt: skip
    return "\n".join([*lines, "</Stmt>", "</BkToCstmrStmt>", "</Document>"]).encode()
