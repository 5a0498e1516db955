"""What is true of people and organisations, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from webapp.accounts import rules
from webapp.accounts.rules import Role, SignInStep
from webapp.places import COUNTRIES

COLLABORATOR, ADMINISTRATOR, REPRESENTATIVE = Role
THEN = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_a_stronger_role_reaches_what_a_weaker_one_may():
    """RULES O2"""
    reached = {(actor, needed) for actor in Role for needed in Role if actor.reaches(needed)}
    assert reached == {
        (COLLABORATOR, COLLABORATOR),
        (ADMINISTRATOR, COLLABORATOR),
        (ADMINISTRATOR, ADMINISTRATOR),
        (REPRESENTATIVE, COLLABORATOR),
        (REPRESENTATIVE, ADMINISTRATOR),
        (REPRESENTATIVE, REPRESENTATIVE),
    }


def test_an_address_is_verified_before_anything_else():
    assert rules.next_step(verified_at=None) is SignInStep.VERIFY_ADDRESS
    assert rules.next_step(verified_at=THEN) is SignInStep.DONE


@pytest.mark.parametrize(
    ("age", "idle", "kept", "lives"),
    [
        (timedelta(hours=1), timedelta(minutes=59), False, True),
        (timedelta(hours=1), timedelta(minutes=60), False, False),
        (timedelta(hours=24), timedelta(0), False, False),
        (timedelta(days=29), timedelta(days=29), True, True),
        (timedelta(days=30), timedelta(days=30), True, False),
        (timedelta(days=90), timedelta(0), True, False),
    ],
)
def test_a_session_idles_out_and_has_a_longest_time(age, idle, kept, lives):
    times = {"created_at": THEN, "last_seen_at": THEN + age - idle, "now": THEN + age}
    assert rules.session_lives(**times, ended_at=None, kept=kept) is lives
    assert not rules.session_lives(**times, ended_at=THEN, kept=kept)


@pytest.mark.parametrize(
    ("typed", "country", "compact", "valid"),
    [
        ("che-107.787.577", "CH", "CHE-107.787.577", True),
        ("CHE 107 787 577", "CH", "CHE-107.787.577", True),
        ("CHE-107.787.578", "CH", "CHE-107.787.578", False),
        ("CHE-107.787.577", "LI", "CHE-107.787.577", True),
        ("732 829 320", "FR", "732829320", True),
        ("732 829 321", "FR", "732 829 321", False),
        ("732 829 320 00074", "FR", "73282932000074", True),
        ("HRB  12345", "DE", "HRB 12345", True),
        ("none", "DE", "NONE", False),
        ("123", "DE", "123", False),
        ("<b>12345</b>", "DE", "<B>12345</B>", False),
    ],
)
def test_a_register_number_is_checked_offline(typed, country, compact, valid):
    """RULES O3"""
    checked = rules.check_register_number(typed, country)
    assert checked.valid is valid
    if valid:
        assert checked.compact == compact


@pytest.mark.parametrize(
    ("typed", "country", "compact", "valid"),
    [
        ("CHE-107.787.577 IVA", "CH", "CHE-107.787.577 IVA", True),
        ("CHE107787577 MWST", "CH", "CHE-107.787.577 MWST", True),
        ("CHE-107.787.577", "CH", "", False),
        ("DE 136 695 976", "DE", "DE136695976", True),
        ("136695976", "DE", "", False),
        ("DE136695978", "DE", "", False),
        ("FR 40 303 265 045", "FR", "FR40303265045", True),
        ("GB 980 7806 84", "GB", "GB980780684", True),
        ("hello", "DE", "", False),
    ],
)
def test_a_vat_number_is_checked_offline(typed, country, compact, valid):
    """RULES O3"""
    checked = rules.check_vat_number(typed, country)
    assert checked.valid is valid
    if valid:
        assert checked.compact == compact


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_examples_that_are_shown_would_be_taken(country):
    """RULES O3"""
    assert rules.check_register_number(rules.register_example(country), country).valid
    has_vat = country in rules.VAT_EXAMPLES
    assert rules.check_vat_number(rules.vat_example(country), country if has_vat else "DE").valid


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0",
            "Firefox/Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0 Safari/537.36 "
            "Edg/129.0",
            "Edge/Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/17.0 Safari/605",
            "Safari/macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 CriOS/129.0 Safari/604.1",
            "Chrome/iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/129.0 Mobile Safari/537",
            "Chrome/Android",
        ),
        ("curl/8.0", "/"),
        ("", "/"),
    ],
)
def test_a_browser_is_named_in_plain_words(agent, words):
    assert rules.browser_of(agent) == words
