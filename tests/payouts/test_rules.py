"""What is true of payouts, as tables."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from webapp.money import Money
from webapp.orders.rules import Treatment
from webapp.payments.rules import NoIban, NoPayPalAddress, NotPaidOutTo, QrIban
from webapp.payouts import rules
from webapp.payouts.rules import TO_PREPAID, Kind, NotInFrancs, Obstacle, Preference

NOW = datetime(2026, 12, 1, 0, 30)
LEAST = Money(5_000, "CHF")
HELD = Preference(Kind.IBAN, "CH93", "Anna", holds_until=NOW + timedelta(seconds=1))
FREE = Preference(Kind.IBAN, "CH93", "Anna", holds_until=NOW)
BACK = Preference(Kind.IBAN, "CH93", "Anna", holds_until=NOW, came_back=True)


@pytest.mark.parametrize(
    ("minor", "preference", "obstacle"),
    [
        (4_999, TO_PREPAID, Obstacle.TOO_LITTLE),
        (5_000, TO_PREPAID, None),
        (5_000, FREE, None),
        (5_000, HELD, Obstacle.CHANGED),
        (5_000, BACK, Obstacle.CAME_BACK),
        (4_999, BACK, Obstacle.TOO_LITTLE),
        (0, TO_PREPAID, Obstacle.TOO_LITTLE),
        (-9_000, TO_PREPAID, Obstacle.TOO_LITTLE),
    ],
)
def test_what_is_in_the_way_of_a_payout(minor, preference, obstacle):
    """RULES F8; SECURITY M4."""
    assert rules.obstacle(Money(minor, "CHF"), LEAST, preference, now=NOW) is obstacle


def test_nothing_is_never_paid_whatever_the_policy_says():
    """SECURITY M4: no empty payout where the least one is zero."""
    assert rules.obstacle(Money(0, "CHF"), Money(0, "CHF"), TO_PREPAID, now=NOW) is Obstacle.TOO_LITTLE


@pytest.mark.parametrize(
    ("kind", "typed", "currency", "target"),
    [
        (Kind.PREPAID, "whatever", "CHF", ""),
        (Kind.IBAN, " ch93 0076 2011 6238 5295 7 ", "CHF", "CH9300762011623852957"),
        (Kind.IBAN, "CH93 0076 2011 6238 5295 7", "EUR", "CH9300762011623852957"),
        (Kind.IBAN, "LI21 0881 0000 2324 013A A", "CHF", "LI21088100002324013AA"),
        (Kind.IBAN, "DE89 3704 0044 0532 0130 00", "EUR", "DE89370400440532013000"),
        (Kind.PAYPAL, " Anna@Example.com ", "CHF", "anna@example.com"),
    ],
)
def test_where_payouts_go(kind, typed, currency, target):
    """RULES F8: blanks and small letters are welcome."""
    assert rules.target(kind, typed, currency) == target


@pytest.mark.parametrize(
    ("kind", "typed", "currency", "refusal"),
    [
        (Kind.IBAN, "CH93 0076 2011 6238 5295 8", "CHF", NoIban),
        (Kind.IBAN, "", "CHF", NoIban),
        (Kind.IBAN, "CH44 3199 9123 0008 8901 2", "CHF", QrIban),
        (Kind.IBAN, "DE89 3704 0044 0532 0130 00", "CHF", NotInFrancs),
        (Kind.IBAN, "SA03 8000 0000 6080 1016 7519", "EUR", NotPaidOutTo),
        (Kind.PAYPAL, "anna", "EUR", NoPayPalAddress),
        (Kind.PAYPAL, "=cmd@example.com", "EUR", NoPayPalAddress),
        (Kind.PAYPAL, "+anna@example.com", "EUR", NoPayPalAddress),
        (Kind.PAYPAL, "", "EUR", NoPayPalAddress),
    ],
)
def test_where_payouts_do_not_go(kind, typed, currency, refusal):
    """RULES F8; SECURITY 3: an address never begins a formula."""
    with pytest.raises(refusal):
        rules.target(kind, typed, currency)


@pytest.mark.parametrize(
    ("affiliate", "number", "rate", "treatment"),
    [
        ("CH", "CHE-116.281.710 MWST", 810, Treatment.STANDARD),
        ("CH", "CHE-116.281.710 MWST", 0, Treatment.OUTSIDE_SCOPE),
        ("CH", "CHE-1", 810, Treatment.OUTSIDE_SCOPE),
        ("CH", None, 810, Treatment.OUTSIDE_SCOPE),
        ("DE", "DE136695976", 1900, Treatment.REVERSE_CHARGE),
        ("DE", "DE1", 1900, Treatment.OUTSIDE_SCOPE),
        ("US", "12-3456789", 0, Treatment.REVERSE_CHARGE),
        ("US", None, 0, Treatment.OUTSIDE_SCOPE),
    ],
)
def test_how_a_self_billed_credit_note_is_taxed(affiliate, number, rate, treatment):
    """RULES F8, M7."""
    tax = rules.self_billed(affiliate=affiliate, operator="CH", vat_number=number, rate=rate)
    assert tax.treatment is treatment and (tax.rate == rate or tax.treatment is not Treatment.STANDARD)


@pytest.mark.parametrize(("minor", "vat"), [(6_000, 450), (5_000, 375), (10_810, 810), (1, 0)])
def test_the_vat_that_an_amount_contains(minor, vat):
    """RULES M7: rounded once."""
    assert rules.contained(Money(minor, "CHF"), 810).minor == vat


def test_months_and_runs():
    """RULES F8."""
    assert rules.month_of(date(2026, 12, 31)) == date(2026, 12, 1)
    assert rules.next_run(date(2026, 12, 1)) == rules.next_run(date(2026, 12, 31)) == date(2027, 1, 1)
