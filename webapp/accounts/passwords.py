"""Passwords: how they are kept, compared and judged.

They are kept as argon2id hashes (SECURITY: 19 MiB, 2 passes, 1 lane) and read in Unicode form NFKC, so that
"é" is the same password from every keyboard.

`common_passwords.txt` beside this file lists common passwords of 12 characters and more, NFKC, in lower
case, sorted, one per line. It holds those of the frequency list that ships in the Python package zxcvbn
4.5.0 (MIT licence, Copyright (c) 2016 Daniel Wolf), and our own additions in English, French and German:
common words doubled or followed by usual digits and signs, one key repeated, rows of digits, and walks over
QWERTY, QWERTZ and AZERTY keyboards.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 12  # characters
MAX_LENGTH = 200  # characters; far above any passphrase, and bounds the work of one request

_LEAST_NAME = 4  # characters of a name or address from which it counts as recognisable
_LONGEST_NAME = 254  # what is longer is no name and no address, and would take minutes to look for
_LEAST_REST = 8  # characters that must remain beside the personal parts

_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def hash_password(plain: str) -> str:
    """The argon2id hash to store, as a PHC string ("$argon2id$v=19$m=19456,t=2,p=1$...")."""
    return _HASHER.hash(_secret(plain))


def matches(stored: str | None, plain: str) -> bool:
    """Whether the password is the stored one; does the same work when nothing is stored."""
    dummy = _dummy()  # asked for in every case, so that its one-time cost tells nothing either
    try:
        return _HASHER.verify(stored or dummy, _secret(plain)) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether a hash made by `hash_password` has other costs than today's and should be made again."""
    return _HASHER.check_needs_rehash(stored)


def weakness(plain: str, *personal: str) -> str | None:
    """Why a new password is refused: "short", "long", "common" or "personal"; None if it is good.

    `personal` takes the person's e-mail addresses and names in any order. Personal is a password in which
    fewer than 8 characters remain without them, or without their parts of 4 letters and more.
    """
    password = _normal(plain)
    if len(password) < MIN_LENGTH:
        return "short"
    if len(password) > MAX_LENGTH:
        return "long"
    if password.lower() in _common():
        return "common"
    if _mostly(password.casefold(), _parts(personal)):
        return "personal"
    return None


def _mostly(password: str, parts: set[str]) -> bool:
    longest_first = sorted(parts, key=len, reverse=True)
    rest, found = re.subn("|".join(map(re.escape, longest_first)), "", password) if parts else (password, 0)
    return found > 0 and len(rest) < _LEAST_REST


def _parts(personal: tuple[str, ...]) -> set[str]:
    """What people build passwords from: "anna.keller@example.ch" -> {"anna.keller", "annakeller", ...}."""
    parts: set[str] = set()
    for value in personal:
        given = _normal(value[:_LONGEST_NAME]).casefold().strip()
        whole = given.rpartition("@")[0] or given
        words = re.findall(r"[^\W_]+", whole)
        parts.update((given, whole, "".join(words), *words))
    return {part for part in parts if len(part) >= _LEAST_NAME}


@lru_cache
def _common() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text("utf-8").splitlines())


@lru_cache
def _dummy() -> str:
    return hash_password(secrets.token_urlsafe())


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _secret(plain: str) -> bytes:
    """The bytes that are hashed; a lone surrogate, which JSON can carry, is no error."""
    return _normal(plain).encode("utf-8", "surrogatepass")
