"""How a visitor found the site: over somebody's link, or by a code that somebody told."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

TAG = re.compile(r"[a-z2-9]{4,20}")
_AROUND = " \t\r\n.,;:!?/\\|()[]{}<>\"'“”‘’«»&=#"  # what mail programs and people leave around an address


@dataclass(frozen=True)
class Visit:
    """What is known of it when somebody signs up (RULES F2, F3).

    `click` is the click's own id, None for a code that was typed; `path` where the link led; `network` who
    signs up, as limits count (`limits.network`).
    """

    tag: str
    click: str | None
    at: datetime
    path: str
    network: str


def normal_tag(typed: str) -> str | None:
    """The tag as it is stored, however it was spelled: `K7M2Q9`, ` k7m2q9/`, full-width letters (RULES F1)."""
    text = unicodedata.normalize("NFKC", typed)
    text = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cf", "Cc"))
    text = text.strip(_AROUND).casefold()
    return text if TAG.fullmatch(text) else None
