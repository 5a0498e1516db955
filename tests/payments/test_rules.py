"""Where money is paid out to (RULES M6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban as registry

from webapp.i18n import speaking, tell
from webapp.money import Money
from webapp.payments.rules import (
    IBAN_EXAMPLE,
    PAID_OUT_TO,
    PAYPAL_EXAMPLE,
    TARGET_LENGTH,
    BelowLeast,
    Destination,
    Kind,
    NoIban,
    NoPayPalAddress,
    NotPaidOutTo,
    QrIban,
    check_iban,
    check_least,
    check_paypal,
    destination,
)
from webapp.refused import Refused

COMPACT = "CH9300762011623852957"


@pytest.mark.parametrize(
    "typed",
    [
        COMPACT, IBAN_EXAMPLE, f"  {COMPACT.lower()}\n", "CH93\u00a00076\u202f2011 6238\t5295 7", " ".join(COMPACT),
    ],
)  # fmt: skip
def test_an_iban_is_stored_compact_however_it_is_typed(typed):
    """RULES M6."""
    assert check_iban(typed) == COMPACT


@pytest.mark.parametrize(
    "typed",
    ["DE37999999990123456789", "FR7630006000011234567890189", "AT089999900000012345", "LI4208810000023240139",
     "GB29NWBK60161331926819"],
)  # fmt: skip
def test_accounts_in_the_sepa_countries_are_reached(typed):
    assert destination(Kind.IBAN, typed) == Destination(Kind.IBAN, typed)


def test_every_country_that_is_reached_has_ibans_that_can_be_checked():
    known = {prefix for prefix in PAID_OUT_TO if registry._ibandb.info(prefix + "00")[0][1]}
    assert known == PAID_OUT_TO


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "CH", COMPACT[:-1], COMPACT + "1", COMPACT[:-1] + "8", "CH9300762011623852975", "CH93-0076-2011",
        "IBAN " + COMPACT, COMPACT.replace("0", "O"), COMPACT.replace("9", "٩"), COMPACT + "\x00", "XX" + COMPACT[2:],
        "ﬀ" + COMPACT[2:], "12345", "A" * 10_000, COMPACT[:4] + "." + COMPACT[4:],
    ],
)  # fmt: skip
def test_what_is_no_iban_is_refused(typed):
    with pytest.raises(NoIban) as refused:
        check_iban(typed)
    assert refused.value.values == {"example": IBAN_EXAMPLE}


def test_other_countries_are_refused():
    with pytest.raises(NotPaidOutTo):
        check_iban("BR1800360305000010009795493C1")


@pytest.mark.parametrize("typed", ["CH3130000000000000001", "CH1831999000000000001"])
def test_a_qr_iban_is_refused(typed):
    """A transfer without a QR reference would come back."""
    with pytest.raises(QrIban):
        check_iban(typed)


def test_an_iban_is_shown_in_groups_and_masked():
    shown = destination(Kind.IBAN, COMPACT)
    assert shown.shown == "CH93 0076 2011 6238 5295 7"
    assert shown.masked == "CH93 •••• 2957"
    assert shown.country == "CH"


def test_a_paypal_address_is_shown_and_masked():
    shown = destination(Kind.PAYPAL, " Claire.Morel@Example.com ")
    assert shown == Destination(Kind.PAYPAL, "claire.morel@example.com")
    assert (shown.shown, shown.masked) == ("claire.morel@example.com", "c••••@example.com")
    assert shown.country is None


@pytest.mark.parametrize(
    "typed", [PAYPAL_EXAMPLE, "a@b.ch", "o'neil+pay@mail.example.co.uk", "x@xn--bcher-kva.de"]
)
def test_mail_addresses_are_taken(typed):
    assert check_paypal(typed) == typed


@pytest.mark.parametrize(
    "typed",
    [
        "", "claire", "@example.com", "claire@", "claire@example", "claire@example..com", "claire@-a.com", "a b@c.ch",
        ".a@b.ch", "a.@b.ch", "a..b@c.ch", "a@b.ch\nx", "a@b@c.ch", "ä@b.ch", "a@b.c", "a@1.2.3.4", COMPACT,
        "a" * 65 + "@b.ch", "a@" + "b." * TARGET_LENGTH + "ch", "a@b.ch, c@d.ch", "<a@b.ch>", "a@b.ch\x00",
    ],
)  # fmt: skip
def test_what_is_no_mail_address_is_refused(typed):
    with pytest.raises(NoPayPalAddress):
        check_paypal(typed)


@given(st.sampled_from(Kind), st.text() | st.text("CH0123456789 "))
def test_whatever_is_typed_is_a_destination_or_refused(kind, typed):
    try:
        found = destination(kind, typed)
    except Refused as refused:
        assert refused.status == 422 and refused.sentence % refused.values
    else:
        assert destination(kind, found.shown) == found and len(found.target) <= TARGET_LENGTH


@pytest.mark.parametrize(
    ("minor", "least", "enough"), [(10_00, 10_00, True), (9_99, 10_00, False), (0, 0, False), (1, 0, True)]
)
def test_less_than_the_least_is_not_paid_out(minor, least, enough):
    if enough:
        check_least(Money(minor, "CHF"), Money(least, "CHF"))
    else:
        with pytest.raises(BelowLeast) as refused:
            check_least(Money(minor, "CHF"), Money(least, "CHF"))
        assert refused.value.values == {"least": Money(least, "CHF")}


def test_the_least_is_told_as_the_reader_writes_amounts():
    with speaking("en", "CH"):
        assert tell(BelowLeast(Money(1_000_00, "CHF"))) == "Withdraw at least CHF\u00a01’000.00."
