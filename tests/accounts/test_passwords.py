"""Passwords: kept as argon2id, compared in constant effort, and refused when they are weak."""

import unicodedata
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters

from webapp.accounts import passwords

GOOD = "violet ladder, seven geese"


@pytest.fixture
def verified(monkeypatch):
    """The hashes that were really compared, in order."""
    hashes = []
    real = PasswordHasher.verify

    def verify(self, stored, plain):
        hashes.append(stored)
        return real(self, stored, plain)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    return hashes


def test_a_hash_matches_its_password_and_no_other():
    stored = passwords.hash_password(GOOD)
    assert passwords.matches(stored, GOOD)
    assert not passwords.matches(stored, GOOD + "!")
    assert not passwords.matches(stored, "")


def test_a_hash_is_argon2id_with_the_agreed_costs_and_a_salt():
    stored = passwords.hash_password(GOOD)
    costs = extract_parameters(stored)
    assert stored.startswith("$argon2id$")
    assert (costs.time_cost, costs.memory_cost, costs.parallelism) == (2, 19456, 1)
    assert stored != passwords.hash_password(GOOD)


def test_an_unknown_person_costs_one_comparison_with_the_same_costs(verified):
    known = passwords.hash_password(GOOD)
    assert not passwords.matches(known, "wrong")
    assert not passwords.matches(None, "wrong")
    assert len(verified) == 2
    assert extract_parameters(verified[0]) == extract_parameters(verified[1])


def test_the_dummy_hash_is_made_once(verified):
    passwords.matches(None, "wrong")
    passwords.matches(None, "wrong again")
    assert len(set(verified)) == 1


@pytest.mark.parametrize("stored", ["!", "not a hash", "$argon2id$v=19$m=19456,t=2,p=1$broken"])
def test_nothing_matches_a_damaged_hash(stored):
    assert not passwords.matches(stored, GOOD)


def test_nobody_signs_in_with_the_dummy(monkeypatch):
    monkeypatch.setattr(passwords, "_dummy", lambda: passwords.hash_password(GOOD))
    assert not passwords.matches(None, GOOD)
    assert not passwords.matches("", GOOD)


def test_the_same_password_from_another_keyboard_matches():
    composed, decomposed = (unicodedata.normalize(form, "café crème à Genève") for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert passwords.matches(passwords.hash_password(composed), decomposed)


def test_capitals_and_spaces_count():
    stored = passwords.hash_password("Violet ladder 77")
    assert not passwords.matches(stored, "violet ladder 77")
    assert not passwords.matches(stored, "Violet ladder 77 ")


def test_a_lone_surrogate_is_a_password_like_any_other():
    assert passwords.matches(passwords.hash_password("\ud800 and then some"), "\ud800 and then some")


def test_a_hash_with_other_costs_is_outdated():
    assert not passwords.outdated(passwords.hash_password(GOOD))
    older = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(GOOD)
    assert passwords.outdated(older)
    assert passwords.matches(older, GOOD)


@pytest.mark.parametrize(
    ("plain", "code"),
    [
        ("", "short"),
        ("gT5$kq!9zRw", "short"),  # 11
        ("gT5$kq!9zRwm", None),  # 12
        ("é" * 6 + "gT5$k", "short"),
        (unicodedata.normalize("NFD", "é") * 6 + "gT5$k", "short"),  # 17 code points, 11 characters
        ("Tq7 " * 50, None),  # 200
        ("Tq7 " * 50 + "x", "long"),  # 201
        (GOOD, None),
        ("quatre vaches mauves", None),
        ("vier lila Kühe im Nebel", None),
    ],
)
def test_length_is_counted_in_characters(plain, code):
    assert passwords.weakness(plain) == code


@pytest.mark.parametrize(
    "plain",
    [
        "passwordpassword",
        "PasswordPassword",
        "password1234",
        "password2026!",
        "123456789012",
        "qwertyuiop123",
        "1qaz2wsx3edc",
        "qwertzuiop123",
        "azertyuiop123",
        "motdepasse123",
        "MotDePasse2025",
        "passwort1234",
        "Passwort2026!",
        "hallohallohallo",
        "aaaaaaaaaaaa",
        "Frühling2026!",
        unicodedata.normalize("NFD", "Frühling2026!"),
        "\uff30assword123\uff14",  # full-width P and 4
    ],
)
def test_a_common_password_is_refused_however_it_is_written(plain):
    assert passwords.weakness(plain) == "common"


PERSON = ("anna.keller@example.ch", "Anna Keller-Dubois")


@pytest.mark.parametrize(
    ("plain", "personal", "code"),
    [
        ("anna.keller1", PERSON, "personal"),
        ("Anna.Keller@example.ch", PERSON, "personal"),
        ("anna.keller@example.ch1", PERSON, "personal"),
        ("Anna.Keller2026", PERSON, "personal"),
        ("AnnaKeller2026!", PERSON, "personal"),
        ("kelleranna-77", PERSON, "personal"),
        ("2026DuboisKeller", PERSON, "personal"),
        ("Dubois-Keller-Anna", PERSON, "personal"),
        ("kellerkeller", PERSON, "personal"),
        ("keller7654321", PERSON, "personal"),  # 7 remain
        ("keller87654321", PERSON, None),  # 8 remain
        ("anna likes seven geese", PERSON, None),
        (GOOD, PERSON, None),
        ("hélène+20262", ("Hélène",), "personal"),
        (unicodedata.normalize("NFD", "hélène+20262"), ("Hélène",), "personal"),
        ("straße-20265", ("x@example.ch", "STRASSE"), "personal"),
        ("bob-77-Tq!zw", ("bob@example.ch", "Bob"), None),  # under 4 letters
        ("example12345", ("bob@example.ch",), None),  # only what stands before the @
        ("a.b*c(d+e)[f", ("a.b*c(d@example.ch",), "personal"),  # no pattern of ours
        ("gT5$kq!9zRwm", (), None),
        ("gT5$kq!9zRwm", ("", " ", "@", "@example.ch"), None),
    ],
)
def test_a_password_made_of_the_person_is_refused(plain, personal, code):
    assert passwords.weakness(plain, *personal) == code


def test_the_list_of_common_passwords_is_plain_sorted_and_long_enough_to_matter():
    lines = Path(passwords.__file__).with_name("common_passwords.txt").read_text("utf-8").splitlines()
    assert 500 <= len(lines) <= 5000
    assert lines == sorted(set(lines))
    assert all(passwords.MIN_LENGTH <= len(line) <= passwords.MAX_LENGTH for line in lines)
    assert all(line == unicodedata.normalize("NFKC", line).lower().strip() for line in lines)
