"""Letters become mails: text and HTML from one structure, built and checked by the standard library.

A mail to many is built once per language with marks in place of what differs, and the recipient's values are
put in as bytes after they were checked; nothing else differs between its copies.
"""

from __future__ import annotations

import re
import secrets
import textwrap
from dataclasses import dataclass
from email.header import Header
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache

from flask import current_app, render_template
from markupsafe import Markup, escape

from webapp import clock, links
from webapp.i18n import speaking
from webapp.mailer import Letter, QueuedMail, address_of
from webapp.text import has_control_characters

WIDTH = 72
LONGEST_SUBJECT = 77
LONGEST_LINE = 900  # bytes of HTML, before the stop link is put in; RFC 5322 allows 998
# drawn anew by each process: nobody can write them into a text and have it replaced
_MARK = secrets.token_hex(8)
_SUBJECT = f"subject-{_MARK}"
_TO = f"to-{_MARK}@mark.invalid"
_ID = f"<id-{_MARK}@mark.invalid>"
_STOP = f"https://stop-{_MARK}.mark.invalid/"
_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class BadAddress(ValueError):
    """An address that must not reach a header."""


@dataclass(frozen=True)
class Skeleton:
    """A whole message with marks for recipient, Message-ID and stop link."""

    message: bytes

    def addressed(self, to: str, message_id: str, stop: str) -> bytes:
        """The message for one recipient. Raises BadAddress for anything but a plain mail address."""
        return (
            self.message.replace(_TO.encode(), _plain_address(to).encode())
            .replace(_ID.encode(), message_id.encode())
            .replace(_STOP.encode(), stop.encode())
        )


def _plain_address(address: str) -> str:
    if _PLAIN.fullmatch(
        address
    ):  # nearly all are; the standard library's judgement takes longer than the mail
        return address
    if has_control_characters(address, lines=False) or not re.fullmatch(
        r"[!-~]+@[A-Za-z0-9.\[\]:-]+", address
    ):
        raise BadAddress(address)
    return HeaderAddress(addr_spec=address).addr_spec


def stop_address(mail: QueuedMail) -> str:
    """The address that stops this kind of mail; empty when it can't be stopped."""
    if not mail.stop:
        return ""
    what, _, public_id = mail.stop.partition(":")
    before = _before_stop_token(current_app.config["SETTINGS"].base_url, mail.language)
    return before + links.stop_token(what, public_id)


@lru_cache(maxsize=8)
def _before_stop_token(_base_url: str, language: str) -> str:
    return address_of("tenders.stop_mail", token="-", lang=language).removesuffix("-")


def build(letter: Letter, mail: QueuedMail) -> bytes:
    """The message for one recipient."""
    return skeleton(letter, mail).addressed(mail.address, mail.message_id, stop_address(mail))


def skeleton(letter: Letter, mail: QueuedMail) -> Skeleton:
    """The message for all recipients with this mail's language and region."""
    with speaking(mail.language, mail.region):
        text = render_template("mail/letter.txt", letter=letter, stop=_STOP if mail.stop else "")
        html = render_template(
            "mail/letter.html", letter=letter, stop=_STOP if mail.stop else "", language=mail.language
        )
    settings = current_app.config["SETTINGS"]
    message = EmailMessage(policy=SMTP.clone(max_line_length=998))
    message["Subject"] = _SUBJECT
    message["From"] = _sender(settings.mail_from)
    message["To"] = _TO
    message["Reply-To"] = letter.reply_to or settings.operator_email or parseaddr(settings.mail_from)[1]
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = _ID
    message["Auto-Submitted"] = "auto-generated"
    if letter.thread:
        message["References"] = f"<{letter.thread}@{settings.mail_domain}>"
    if mail.stop:
        message["List-Unsubscribe"] = f"<{_STOP}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_flowed(text), cte="8bit", params={"format": "flowed"})
    message.add_alternative(_short_lines(html), subtype="html", cte="8bit")
    message["Content-Language"] = mail.language
    return Skeleton(message.as_bytes().replace(_SUBJECT.encode(), _folded(_subject(letter.subject)), 1))


@lru_cache(maxsize=4)
def _sender(configured: str) -> HeaderAddress:
    name, address = parseaddr(configured)
    return HeaderAddress(display_name=name, addr_spec=address)


def _subject(text: str) -> str:
    """One line without control characters, cut at a word where it is too long for a list of mails."""
    line = " ".join("".join(" " if has_control_characters(c, lines=False) else c for c in text).split())
    if len(line) <= LONGEST_SUBJECT:
        return line
    cut = line[: LONGEST_SUBJECT - 1]
    kept, _, rest = cut.rpartition(" ")
    return (kept if len(rest) < WIDTH // 3 else cut).rstrip(" ,.;:–-") + "…"


def _folded(subject: str) -> bytes:
    """The subject in encoded words of at most 75 bytes (RFC 2047); the newer email package makes them longer,
    and doubles blanks between them."""
    return Header(subject, header_name="Subject", maxlinelen=76).encode(linesep="\r\n").encode("ascii")


def _flowed(text: str) -> str:
    """Lines of at most 72 columns, joined by a trailing blank where a reader may flow them (RFC 3676).

    Each line of a quote begins with its mark, and no other line does; a word longer than a line is cut, an
    address never.
    """
    lines: list[str] = []
    for line in text.strip().split("\n"):
        if line == "-- ":
            lines.append(line)
            continue
        mark = "> " if line.startswith("> ") else ""
        words = [
            piece for word in line.removeprefix(mark).split(" ") for piece in _pieces(word, WIDTH - len(mark))
        ]
        wrapped = textwrap.wrap(
            " ".join(words), WIDTH - len(mark), break_long_words=False, break_on_hyphens=False
        ) or [""]
        marked = [
            mark + part if mark or not part.startswith((">", "From ")) else f" {part}" for part in wrapped
        ]
        lines += [f"{part} " for part in marked[:-1]] + [marked[-1]]
    return "\n".join(lines) + "\n"


def _pieces(word: str, width: int) -> list[str]:
    if len(word) <= width or word.startswith(("http://", "https://")):
        return [word]
    return [word[at : at + width] for at in range(0, len(word), width)]


_HTML_PART = re.compile(r"<[^>]*>|&[#\w]+;|.", re.DOTALL)


def _short_lines(html: str) -> str:
    """The same HTML in lines that mail servers take: broken at blanks, a longer word by a tag that shows nothing."""
    return "\n".join(
        line if len(line.encode()) <= LONGEST_LINE else _broken(line) for line in html.split("\n")
    )


def _broken(line: str) -> str:
    lines, here, size = [], "", 0
    for part in _HTML_PART.findall(line):
        length = len(part.encode())
        if size + length > LONGEST_LINE:
            before, blank, after = here.rpartition(" ")
            if blank and len(after.encode()) < LONGEST_LINE // 2:
                lines.append(before)
                here = after
            else:
                lines.append(here + "<wbr")
                here = ">"
            size = len(here.encode())
        here += part
        size += length
    return "\n".join([*lines, here])


def paragraph_breaks(text: str) -> Markup:
    """People's own lines in HTML: escaped, with `<br>` for line ends."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())
