"""Short ways to say what is booked, by accounts of which nothing but the ledger knows what is on them.

What came from the bank, waits to be paid out or belongs to nobody yet is told by rows, too, and has to agree with
them: `make_prepaid`, `make_withdrawal` and `make_waiting_transfer` book that.
"""

from itertools import count

from tests.factories import make_organisation
from tests.times import NOW
from webapp.ledger import actions, queries
from webapp.ledger.rules import AccountKind, Booking, Cause, Side
from webapp.money import Money

CLEARING, REVENUE, VAT = Side(AccountKind.CLEARING), Side(AccountKind.REVENUE), Side(AccountKind.VAT)
_keys = count(1)


def prepaid(organisation):
    return Side(AccountKind.PREPAID, organisation.id)


def booking(debit, credit, minor, currency="CHF", **values):
    """A booking with a key of its own."""
    row = {
        "cause": Cause.TOPPED_UP, "key": f"k{next(_keys)}", "subject": "tests:1", "reference": "",
        "policy": "test", **values,
    }  # fmt: skip
    return Booking(debit, credit, Money(minor, currency), **row)


def book(*bookings, now=NOW):
    return actions.book(bookings, now=now)


def has(organisation, currency="CHF", kind=AccountKind.PREPAID):
    """Minor units on an account."""
    return queries.balance(kind, organisation.id, currency=currency).minor


def rich(minor=10_000, **values):
    """An organisation with money on its prepaid account."""
    organisation = make_organisation("Rich AG", **values)
    book(booking(CLEARING, prepaid(organisation), minor))
    return organisation
