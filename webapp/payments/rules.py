"""Where money is paid out to from the prepaid account, and what is kept of what came in (RULES M6). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from stdnum import iban

from webapp.money import Money
from webapp.refused import Refused

# What is kept of a transfer that came in.
BANK_ID_LENGTH = 40
BY_HAND = "hand:"  # begins the bank's name of a transfer that no statement brought
HAND_DAYS = 7  # between the bank's day and the one that the operator typed, for what may be the same transfer
BANK_REFERENCE_LENGTH = 35
NAME_LENGTH = 140
TEXT_LENGTH = 1_000

TARGET_LENGTH = 127  # PayPal takes no longer address
IBAN_EXAMPLE = "CH93 0076 2011 6238 5295 7"
PAYPAL_EXAMPLE = "name@example.com"

# Countries of the single euro payments area (the European Payments Council's list, which holds Switzerland too).
PAID_OUT_TO = frozenset((
    "AD", "AL", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB",
    "GI", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MD", "ME", "MK",
    "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE", "SI", "SK", "SM", "VA",
))  # fmt: skip

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_QR_INSTITUTES = range(30_000, 32_000)  # numbers of Swiss banks that take payments with a QR reference only
_MAIL = re.compile(
    r"(?!\.)(?!.*\.\.)[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}(?<!\.)"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)
_HIDDEN = "••••"
REASON_LENGTH = 200


class Kind(StrEnum):
    """How money leaves."""

    IBAN = "iban"
    PAYPAL = "paypal"


class TransferState(StrEnum):
    """What became of money that came in."""

    WAITING = "waiting"
    ORDER = "order"
    ACCOUNT = "account"
    SENT_BACK = "sent_back"


class WithdrawalState(StrEnum):
    """What became of money that somebody asked for."""

    WAITING = "waiting"
    PAID = "paid"
    REFUSED = "refused"


class NoIban(Refused):
    """Not an IBAN: a letter too many, digits swapped."""

    status = 422
    sentence = "This is not an IBAN. Compare it with your bank’s, for example %(example)s."

    def __init__(self) -> None:
        super().__init__(example=IBAN_EXAMPLE)


class NotPaidOutTo(Refused):
    """An IBAN of a country that a SEPA transfer doesn't reach."""

    status = 422
    sentence = (
        "Withdrawals go to accounts in Switzerland and the SEPA countries. This IBAN is of another country."
    )


class QrIban(Refused):
    """A QR-IBAN: a transfer without a QR reference comes back from there."""

    status = 422
    sentence = "This is a QR-IBAN, which takes bills only. Enter the account’s normal IBAN."


class NoPayPalAddress(Refused):
    """Not a mail address."""

    status = 422
    sentence = "Enter the mail address of the PayPal account, such as %(example)s."

    def __init__(self) -> None:
        super().__init__(example=PAYPAL_EXAMPLE)


class BelowLeast(Refused):
    """Less than is paid out at once."""

    status = 422
    sentence = "Withdraw at least %(least)s."

    def __init__(self, least: Money) -> None:
        super().__init__(least=least)


class WithdrawalChanged(Refused):
    """The amount or the destination is not the one that was shown."""

    sentence = "The withdrawal has been changed in another window since you saw it. Check it again."


class PaymentChanged(Refused):
    """A check page that shows what is no longer typed."""

    sentence = "The payment has been changed in another window since you saw it. Check it again."


class OtherAccount(Refused):
    """A statement of an account that is not the operator's."""

    status = 422
    sentence = "This statement is of another account than the one that invoices name."


class Assigned(Refused):
    """Somebody was faster."""

    sentence = "This transfer has been assigned already."


class OtherCurrency(Refused):
    """Nothing is converted."""

    status = 422
    sentence = "The order is in another currency than the transfer."


class PaidInShop(Refused):
    """The shop that sent an order also receives its money."""

    sentence = "This order is paid in the shop in which it was placed."


class Decided(Refused):
    """Somebody was faster."""

    sentence = "This withdrawal was paid out or refused already."


@dataclass(frozen=True)
class Destination:
    """Where a withdrawal goes: `target` is a compact IBAN, or PayPal's mail address in lower case."""

    kind: Kind
    target: str

    @property
    def shown(self) -> str:
        """In full: an IBAN in groups of four."""
        return in_groups(self.target) if self.kind is Kind.IBAN else self.target

    @property
    def masked(self) -> str:
        """Enough of it to know it again: `CH93 •••• 2957`, `c•••@example.com`."""
        if self.kind is Kind.IBAN:
            return f"{self.target[:4]} {_HIDDEN} {self.target[-4:]}"
        name, _at, domain = self.target.rpartition("@")
        return f"{name[:1]}{_HIDDEN}@{domain}"

    @property
    def country(self) -> str | None:
        """The country of the bank; PayPal has none."""
        return self.target[:2] if self.kind is Kind.IBAN else None


def destination(kind: Kind, typed: str) -> Destination:
    """The destination that a person typed. Raises NoIban, NotPaidOutTo, QrIban or NoPayPalAddress."""
    return Destination(kind, check_iban(typed) if kind is Kind.IBAN else check_paypal(typed))


def check_iban(typed: str) -> str:
    """The compact IBAN; blanks are allowed wherever people put them."""
    compact = "".join(typed.split())
    compact = compact.upper() if compact.isascii() else ""
    if not _IBAN.fullmatch(compact) or not iban.is_valid(compact):
        raise NoIban()
    if compact[:2] not in PAID_OUT_TO:
        raise NotPaidOutTo()
    if compact[:2] in ("CH", "LI") and int(compact[4:9]) in _QR_INSTITUTES:
        raise QrIban()
    return compact


def check_paypal(typed: str) -> str:
    """PayPal's mail address, in lower case."""
    address = typed.strip().lower()
    if len(address) > TARGET_LENGTH or not _MAIL.fullmatch(address):
        raise NoPayPalAddress()
    return address


def check_account(stated: str, own: str | None) -> None:
    """Raises OtherAccount unless the statement is of the account that invoices in its currency name."""
    if stated != own:
        raise OtherAccount()


def check_least(amount: Money, least: Money) -> None:
    """Raises BelowLeast if so little is not paid out; nothing never is. Whether it is there is the ledger's to say."""
    if amount.minor < max(least.minor, 1):
        raise BelowLeast(least)


def by_hand(key: str) -> str:
    """What stands for the bank's name of a transfer that was booked by hand with this key."""
    return f"{BY_HAND}{key}"


def in_groups(number: str) -> str:
    """`CH9300762011623852957` -> `CH93 0076 2011 6238 5295 7`."""
    return " ".join(number[n : n + 4] for n in range(0, len(number), 4))
