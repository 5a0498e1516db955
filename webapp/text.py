"""What people type: folded for search, checked for characters that have no place in a line."""

from __future__ import annotations

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"})
_BAD_IN_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BAD_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_BIDI_CONTROLS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def fold(text: str) -> str:
    """Lower case without accents and ligatures, single blanks: `Café Zürich` is found by `cafe zurich`.

    NUL goes too: PostgreSQL takes it in no text, and words to search for come from anybody.
    """
    text = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES).replace("\0", ""))
    return " ".join("".join(c for c in text if not unicodedata.combining(c)).split())


def tidy_line(text: str) -> str:
    """One line as it is stored: NFC, trimmed, runs of blanks made one."""
    return re.sub(r"[ \t\u00a0\u3000]+", " ", unicodedata.normalize("NFC", text)).strip()


def tidy_text(text: str) -> str:
    """Several lines as they are stored: NFC, `\\n` line ends, trimmed, at most one empty line in a row."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def has_control_characters(text: str, *, lines: bool) -> bool:
    """Whether it holds control characters or direction overrides; `lines` allows tab and line feed."""
    return bool((_BAD_IN_TEXT if lines else _BAD_IN_LINE).search(text) or _BIDI_CONTROLS.search(text))


def slug(text: str) -> str:
    """`Lumière Digital Sàrl` -> `lumiere-digital-sarl`; `x` when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")[:60].strip("-") or "x"
