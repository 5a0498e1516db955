"""The bank of the demo's operator: transfers that arrive, and the statements (camt.053) in which it tells them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

from webapp.money import Money
from webapp.programme import programme
from webapp.sheets import figure


@dataclass(frozen=True)
class Arriving:
    """Money that somebody has sent; it is booked on that day."""

    day: date
    debtor: str
    amount: Money
    reference: str = ""
    text: str = ""


class Bank:
    """Keeps what is on its way until a statement tells it."""

    def __init__(self) -> None:
        self._arriving: list[Arriving] = []
        self._told = 0

    def send(self, *transfers: Arriving) -> None:
        """Somebody sends money."""
        self._arriving += transfers

    def statement(self, currency: str, *, until: date) -> bytes | None:
        """The file with all that was booked until this day and not told yet; None when there is nothing."""
        booked = [each for each in self._arriving if each.day <= until and each.amount.currency == currency]
        if not booked:
            return None
        self._arriving = [each for each in self._arriving if each not in booked]
        entries = "".join(map(self._entry, sorted(booked, key=lambda each: each.day)))
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>'
            f"<Acct><Id><IBAN>{programme().iban(currency)}</IBAN></Id><Ccy>{currency}</Ccy></Acct>\n"
            f"{entries}</Stmt></BkToCstmrStmt></Document>\n"
        ).encode()

    def _entry(self, transfer: Arriving) -> str:
        self._told += 1
        amount = f'<Amt Ccy="{transfer.amount.currency}">{figure(transfer.amount)}</Amt>'
        words = f"<Ustrd>{escape(transfer.text)}</Ustrd>" if transfer.text else ""
        if transfer.reference:
            words += f"<Strd><CdtrRefInf><Ref>{transfer.reference}</Ref></CdtrRefInf></Strd>"
        return (
            f"<Ntry>{amount}<CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
            f"<BookgDt><Dt>{transfer.day}</Dt></BookgDt><NtryDtls><TxDtls>"
            f"<Refs><AcctSvcrRef>HLV{self._told:08}</AcctSvcrRef></Refs>{amount}<CdtDbtInd>CRDT</CdtDbtInd>"
            f"<RltdPties><Dbtr><Pty><Nm>{escape(transfer.debtor)}</Nm></Pty></Dbtr></RltdPties>"
            f"<RmtInf>{words}</RmtInf></TxDtls></NtryDtls></Ntry>\n"
        )
