"""What our typeface can show: text of people is brought down to it before it goes on paper."""

from __future__ import annotations

import re
import struct
import unicodedata
from functools import lru_cache
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
UNKNOWN = "□"
UNBROKEN = 40  # letters in a row, after which a line may break anywhere
BREAK_HERE = "\u200b"


def printable(text: str) -> str:
    """The text as our typeface shows it; line ends stay, other control characters and overrides go."""
    shown = "".join(_shown(letter) for letter in unicodedata.normalize("NFC", text))
    return re.sub(rf"(\S{{{UNBROKEN}}})(?=\S)", rf"\1{BREAK_HERE}", shown)


@lru_cache(maxsize=4096)
def _shown(letter: str) -> str:
    if letter == "\n":
        return letter
    category = unicodedata.category(letter)
    if category in ("Zl", "Zp") or letter == "\t":
        return " "
    if category in ("Cc", "Cf", "Cs"):
        return ""
    if ord(letter) in _known():
        return letter
    if category.startswith("M"):  # a mark on a letter: the letter alone says enough
        return ""
    plain = unicodedata.normalize("NFKD", letter)[0]
    return plain if ord(plain) in _known() else UNKNOWN


@lru_cache(maxsize=1)
def _known() -> frozenset[int]:
    files = [characters(file) for file in sorted(FONTS.glob("*.ttf"))]
    return frozenset.intersection(*files)


def characters(font: Path) -> frozenset[int]:
    """The code points of the basic plane that a TrueType file has a glyph for (its `cmap`, format 4)."""
    data = font.read_bytes()
    (tables,) = struct.unpack_from(">H", data, 4)
    records = (struct.unpack_from(">4sLLL", data, 12 + 16 * n) for n in range(tables))
    cmap = next(offset for tag, _sum, offset, _length in records if tag == b"cmap")
    (subtables,) = struct.unpack_from(">H", data, cmap + 2)
    for n in range(subtables):
        _platform, _encoding, offset = struct.unpack_from(">HHL", data, cmap + 4 + 8 * n)
        if struct.unpack_from(">H", data, cmap + offset) == (4,):
            return _segments(data, cmap + offset)
    raise ValueError(f"{font} has no table of characters that we can read")


def _segments(data: bytes, table: int) -> frozenset[int]:
    (twice,) = struct.unpack_from(">H", data, table + 6)
    count = twice // 2

    def column(number: int, kind: str) -> tuple[int, ...]:
        # the ends, two bytes of padding, then starts, deltas and offsets of the ranges
        start = table + 14 + number * twice + (2 if number else 0)
        return struct.unpack_from(f">{count}{kind}", data, start)

    ends, starts, deltas, offsets = column(0, "H"), column(1, "H"), column(2, "h"), column(3, "H")
    found = set()
    for n in range(count):
        for code in range(starts[n], min(ends[n], 0xFFFE) + 1):
            glyph = code + deltas[n]
            if offsets[n]:
                where = table + 16 + 3 * twice + 2 * n + offsets[n] + 2 * (code - starts[n])
                (glyph,) = struct.unpack_from(">H", data, where)
            if glyph & 0xFFFF:
                found.add(code)
    return frozenset(found)
