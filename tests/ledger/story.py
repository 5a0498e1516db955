"""Short ways to say what is booked."""

from itertools import count

from tests.factories import make_organisation
from tests.times import NOW
from webapp.ledger import actions, queries
from webapp.ledger.rules import AccountKind, Booking, Cause, Side
from webapp.money import Money

BANK, REVENUE, VAT = Side(AccountKind.BANK), Side(AccountKind.REVENUE), Side(AccountKind.VAT)
_keys = count(1)


def prepaid(organisation):
    return Side(AccountKind.PREPAID, organisation.id)


def withdrawals(organisation):
    return Side(AccountKind.WITHDRAWALS, organisation.id)


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


def rich(minor=10_000, name="Rich AG"):
    """An organisation with money on its prepaid account."""
    organisation = make_organisation(name)
    book(booking(BANK, prepaid(organisation), minor))
    return organisation
