"""The demo's mailbox: what `FolderTransport` has written, read as a mail program would."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

NAME = re.compile(r"[0-9]{6,}-[0-9]+-[0-9]+")


@dataclass(frozen=True)
class Envelope:
    """A mail in the list. `id` is its file's name without `.eml`."""

    id: str
    to: str
    subject: str
    language: str
    at: datetime


@dataclass(frozen=True)
class Opened:
    """A mail that is read. `links` are (words, address), each address once."""

    envelope: Envelope
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    links: tuple[tuple[str, str], ...]
    source: str


def envelopes(folder: Path, *, to: str = "") -> list[Envelope]:
    """The mails to addresses that hold `to`, newest first."""
    files = [file for file in folder.glob("*.eml") if NAME.fullmatch(file.stem)] if folder.is_dir() else []
    found = [_envelope(file) for file in files]
    return sorted(
        (each for each in found if to.casefold() in each.to.casefold()),
        key=lambda each: (each.at, each.id),
        reverse=True,
    )


def opened(folder: Path, name: str) -> Opened | None:
    """The mail of this name."""
    file = folder / f"{name}.eml"
    if not NAME.fullmatch(name) or not file.is_file():
        return None
    raw = file.read_bytes()
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)  # `policy.default` makes these
    html = _part(message, "html")
    return Opened(
        _envelope(file),
        tuple((header, str(value)) for header, value in message.items() if header != "Content-Type"),
        _part(message, "plain"),
        html,
        tuple((words, address) for address, words in _Links(html).found.items()),
        raw.decode("utf-8", "replace").replace("\r\n", "\n"),
    )


@lru_cache(maxsize=4096)  # a written mail does not change
def _envelope(file: Path) -> Envelope:
    with file.open("rb") as stream:
        message = BytesParser(policy=policy.default).parse(stream, headersonly=True)
    date = message["Date"]
    return Envelope(
        file.stem,
        str(message["To"] or ""),
        str(message["Subject"] or ""),
        str(message["Content-Language"] or ""),
        parsedate_to_datetime(str(date)) if date else datetime.fromtimestamp(file.stat().st_mtime, UTC),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


class _Links(HTMLParser):
    """Collects address -> words of the links of a page; the longer words win."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._address: str | None = None
        self._words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._address, self._words = dict(attrs).get("href"), ""

    def handle_data(self, data: str) -> None:
        self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._address:
            words = " ".join(self._words.split())
            if (words and words != self._address) or self._address not in self.found:
                self.found[self._address] = words
            self._address = None
