"""Prices, who pays and who earns, and VAT, as truth tables (RULES M1–M4, M7; SECURITY M1, M2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.money import Money
from webapp.orders.rules import (
    Factors,
    Facts,
    MayNotOrder,
    PriceKind,
    State,
    Tax,
    Treatment,
    VatState,
    deal,
    numbered,
    proportion,
    renews_as,
    tax,
    vat_state,
)
from webapp.partnerships.rules import Access, Payer, Side, Terms

FULL, FULL_PARTNER, LIMITED = (
    Terms(Access.FULL), Terms(Access.FULL, Payer.PARTNER), Terms(Access.LIMITED),
)  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "listed", "discounted", "partner", "public"),
    [
        (Money(992, "CHF"), 34_720, 27_776, 20_832, 26_040),
        (Money(575, "EUR"), 20_125, 16_100, 12_075, 15_094),  # 150.9375 rounds half up
    ],
)
def test_thirty_five_hostings_cost_what_the_sources_say(
    unit: Money, listed: int, discounted: int, partner: int, public: int
) -> None:
    """RULES M3: 347.20 → 277.76 → 208.32, and 201.25 → 161.00 → 120.75."""
    factors = Factors(unit, quantity=35, periods=1, discount=20, sliding=25, count=35)
    assert factors.listed.minor == listed
    assert factors.discounted.minor == discounted
    assert factors.partner.minor == partner
    assert factors.public.minor == public
    assert factors.difference.minor == public - partner
    assert factors.price(PriceKind.PUBLIC) == factors.public
    assert factors.price(PriceKind.PARTNER) == factors.partner


@pytest.mark.parametrize(
    ("terms", "by", "manages", "charged", "price", "earning"),
    [
        (FULL, Side.CLIENT, True, Payer.CLIENT, PriceKind.PUBLIC, True),
        (FULL, Side.PARTNER, True, Payer.CLIENT, PriceKind.PUBLIC, True),
        (FULL_PARTNER, Side.CLIENT, True, Payer.CLIENT, PriceKind.PUBLIC, True),
        (FULL_PARTNER, Side.PARTNER, True, Payer.PARTNER, PriceKind.PARTNER, False),
        (LIMITED, Side.CLIENT, True, Payer.CLIENT, PriceKind.PUBLIC, True),
        (LIMITED, Side.CLIENT, False, Payer.CLIENT, PriceKind.PUBLIC, False),
        (None, Side.CLIENT, False, Payer.CLIENT, PriceKind.PUBLIC, False),
    ],
)
def test_who_is_charged_what_and_who_earns(
    terms: Terms | None, by: Side, manages: bool, charged: Payer, price: PriceKind, earning: bool
) -> None:
    """RULES M4, its table line by line; SECURITY M1: discount or cashback, never both."""
    found = deal(terms, by=by, manages=manages)
    assert (found.charged, found.price, found.earning) == (charged, price, earning)
    assert not (found.price is PriceKind.PARTNER and found.earning)


@pytest.mark.parametrize("terms", [LIMITED, None])
@pytest.mark.parametrize("manages", [True, False])
def test_a_limited_partner_and_a_stranger_order_nothing(terms: Terms | None, manages: bool) -> None:
    """RULES M4, last line; C1, SECURITY A8."""
    with pytest.raises(MayNotOrder):
        deal(terms, by=Side.PARTNER, manages=manages)


@pytest.mark.parametrize(
    ("terms", "paid_by_partner", "side"),
    [
        (FULL_PARTNER, True, Side.PARTNER),
        (FULL_PARTNER, False, Side.CLIENT),
        (FULL, True, Side.CLIENT),
        (LIMITED, True, Side.CLIENT),
        (None, True, Side.CLIENT),
    ],
)
def test_an_automatic_renewal_goes_on_as_it_was_paid(
    terms: Terms | None, paid_by_partner: bool, side: Side
) -> None:
    """RULES M4, M8."""
    assert renews_as(terms, paid_by_partner=paid_by_partner) is side


@pytest.mark.parametrize(
    ("seller", "buyer", "number", "rate", "expected"),
    [
        ("CH", "CH", None, 810, Tax(Treatment.STANDARD, 810)),
        ("CH", "CH", "CHE-107.787.577 MWST", 810, Tax(Treatment.STANDARD, 810)),
        ("CH", "DE", "DE136695976", 1900, Tax(Treatment.REVERSE_CHARGE, 0)),
        ("CH", "DE", "DE136695976", 0, Tax(Treatment.REVERSE_CHARGE, 0)),
        ("CH", "DE", None, 1900, Tax(Treatment.STANDARD, 1900)),
        ("CH", "DE", None, 0, Tax(Treatment.OUTSIDE_SCOPE, 0)),
        ("CH", "DE", "DE136695977", 1900, Tax(Treatment.STANDARD, 1900)),
        ("FR", "FR", "FR40303265045", 2000, Tax(Treatment.STANDARD, 2000)),
        ("FR", "DE", "FR40303265045", 1900, Tax(Treatment.STANDARD, 1900)),
        ("FR", "DE", "DE136695976", 1900, Tax(Treatment.REVERSE_CHARGE, 0)),
        ("FR", "GR", "EL094259216", 2400, Tax(Treatment.REVERSE_CHARGE, 0)),
        ("FR", "CH", "CHE-107.787.577 MWST", 0, Tax(Treatment.OUTSIDE_SCOPE, 0)),
        ("FR", "GB", "GB980780684", 0, Tax(Treatment.OUTSIDE_SCOPE, 0)),
    ],
)
def test_vat_follows_the_buyers_country_and_number(
    seller: str, buyer: str, number: str | None, rate: int, expected: Tax
) -> None:
    """RULES M7."""
    assert tax(seller=seller, buyer=buyer, vat_number=number, rate=rate) == expected


@pytest.mark.parametrize(
    ("number", "country", "state"),
    [
        (None, "DE", None),
        ("DE136695976", "DE", VatState.VALID),
        ("DE136695977", "DE", VatState.MALFORMED),
        ("CHE-107.787.577 MWST", "CH", VatState.VALID),
        ("CHE-107.787.578 MWST", "LI", VatState.MALFORMED),
        ("12345", "NO", VatState.UNVERIFIED),
    ],
)
def test_what_is_known_of_a_vat_number(number: str | None, country: str, state: VatState | None) -> None:
    """RULES M7: checked offline, by form and check digits."""
    assert vat_state(number, country) is state


@pytest.mark.parametrize(
    ("facts", "state", "missing", "excess"),
    [
        (Facts(100, 0, 0, False), State.OPEN, 100, 0),
        (Facts(100, 0, 40, False), State.PART_PAID, 60, 0),
        (Facts(100, 0, 100, False), State.PAID, 0, 0),
        (Facts(100, 0, 130, False), State.PAID, 0, 30),
        (Facts(100, 30, 70, False), State.PART_REFUNDED, 0, 0),
        (Facts(100, 30, 100, False), State.PART_REFUNDED, 0, 30),
        (Facts(100, 100, 100, False), State.REFUNDED, 0, 100),
        (Facts(100, 100, 0, True), State.CANCELLED, 0, 0),
        (Facts(100, 100, 100, True), State.CANCELLED, 0, 100),
        (Facts(0, 0, 0, False), State.PAID, 0, 0),
    ],
)
def test_the_state_follows_from_what_happened(facts: Facts, state: State, missing: int, excess: int) -> None:
    """SECURITY M2, RULES M6."""
    assert (facts.state, facts.missing, facts.excess) == (state, missing, excess)


@given(
    unit=st.integers(0, 10**8), quantity=st.integers(1, 1000), periods=st.integers(1, 36),
    discount=st.integers(0, 100), sliding=st.integers(0, 100),
)  # fmt: skip
def test_a_partner_never_pays_more_than_the_public(
    unit: int, quantity: int, periods: int, discount: int, sliding: int
) -> None:
    """RULES M1, M4: the cashback is never negative, whatever is rounded."""
    factors = Factors(Money(unit, "CHF"), quantity, periods, discount, sliding, quantity)
    assert 0 <= factors.partner.minor <= factors.public.minor <= factors.listed.minor


@given(whole=st.integers(0, 10**9), parts=st.lists(st.integers(0, 1000), min_size=1, max_size=8))
def test_what_is_taken_back_bit_by_bit_is_all_of_it(whole: int, parts: list[int]) -> None:
    """RULES M11, SECURITY L7."""
    money, of, taken, back = Money(whole, "EUR"), sum(parts), 0, 0
    for part in parts:
        taken += part
        due = proportion(money, taken=taken, of=of).minor
        assert due >= back
        back = due
    assert back == whole


def test_numbers_are_read_by_people() -> None:
    """An invoice has its year and its number in it."""
    assert numbered("O", 2026, 12) == "O-2026-00012"
    assert numbered("", 2026, 123_456) == "2026-123456"
