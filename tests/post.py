"""The tests' post office: mail is delivered by the real postman, into a list or to a real SMTP server."""

from __future__ import annotations

import asyncio
import contextvars
import re
import socket
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask, has_app_context

from tests.html import read
from webapp.extensions import db
from webapp.postman import Postman

ADDRESS = re.compile(r"https?://[^\s<>\"]+")


def parsed(message: bytes) -> EmailMessage:
    """The message as a mail program reads it."""
    return message_from_bytes(message, policy=policy.default)  # type: ignore[return-value] # by its policy


def text_of(message: EmailMessage) -> str:
    """The plain text part."""
    part = message.get_body(("plain",))
    assert part is not None
    return part.get_content()


def html_of(message: EmailMessage) -> str:
    """The HTML part."""
    part = message.get_body(("html",))
    assert part is not None
    return part.get_content()


def unflowed(message: EmailMessage) -> str:
    """The plain text as mail programs show it: soft line ends joined, marks of quotes gone (RFC 3676)."""
    text = re.sub(r"(?m)^ (?=>|From )", "", text_of(message).replace("\r\n", "\n").replace(" \n> ", " "))
    text = text.replace("\n-- \n", "\n--\n")
    return re.sub(r"(?m)^> ", "", text.replace(" \n", " "))


def of_kind(messages: Iterable[EmailMessage], kind: str) -> list[EmailMessage]:
    """Those of this kind: it begins the Message-ID."""
    return [message for message in messages if message["Message-ID"].startswith(f"<{kind}.")]


class Collector:
    """A way out of the house that ends in a list."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []

    def send(self, to: str, message: bytes) -> None:
        self.messages.append((to, message))

    def close(self) -> None:
        pass


class Outbox:
    """What left. `messages` holds all that was delivered so far."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._way_out = Collector()
        self._postman = Postman(app, self._way_out)

    @property
    def messages(self) -> list[EmailMessage]:
        """All that was delivered, oldest first."""
        return [parsed(message) for _to, message in self._way_out.messages]

    @property
    def raw(self) -> list[tuple[str, bytes]]:
        """The same as (address, bytes on the wire)."""
        return self._way_out.messages

    def deliver(self, now: datetime | None = None) -> list[EmailMessage]:
        """Delivers what is due and answers the new messages, each one checked."""
        before = len(self._way_out.messages)

        def rounds() -> None:
            with self._app.app_context():
                while self._postman.round(now=now):
                    pass

        if has_app_context():
            db.session.commit()
        contextvars.Context().run(rounds)
        if has_app_context():
            db.session.expire_all()
        new = self.messages[before:]
        for message in new:
            proofread(message)
        return new

    def to(self, address: str) -> list[EmailMessage]:
        """What this address has got so far, oldest first; delivers what is due."""
        self.deliver()
        found = [message for to, message in self._way_out.messages if to == address]
        return [parsed(message) for message in found]

    def links(self, message: EmailMessage) -> list[str]:
        """The addresses in the text part as paths of this site, without the one that stops mail."""
        stop = str(message.get("List-Unsubscribe", "")).strip("<>")
        base = self._app.config["SETTINGS"].base_url
        found = [address.rstrip(".,)") for address in ADDRESS.findall(text_of(message))]
        return [address.removeprefix(base) for address in found if address != stop]


def proofread(message: EmailMessage) -> None:
    """What every mail must be."""
    complaints = []
    text, html = text_of(message), html_of(message)
    for part in (str(message["Subject"]), text, html):
        for leak in (
            "None",
            "Undefined",
            "{{",
            "%(",
            "object at 0x",
            "&amp;amp;",
            "mark.invalid",
            "stop-mark",
        ):
            if leak in part:
                complaints.append(f"{leak!r} stands in it")
    for header in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language"):
        if not message[header]:
            complaints.append(f"it has no {header}")
    if any(len(line) > 78 for line in text.splitlines() if "http" not in line):
        complaints.append("a line of its text is longer than 78 characters")
    root, structure, _doctype = read(html)
    complaints += structure
    for link in root.all("a"):
        if not link.get("href").startswith(("http://", "https://", "mailto:")):
            complaints.append(f"the link {link.get('href')!r} is not absolute")
    if root.all("html") and root.all("html")[0].get("lang") != message["Content-Language"]:
        complaints.append("its lang is not its Content-Language")
    assert not complaints, "\n  ".join([f"{message['Subject']!r} to {message['To']}:", *complaints])


def says_the_same(message: EmailMessage) -> None:
    """What stands in its text stands in its HTML, and the other way round."""
    root = read(html_of(message))[0]
    plain = " ".join(unflowed(message).split())
    for element in root.all("h1", "p", "td", "blockquote", "a", "span"):
        if not element.all("h1", "p", "td", "blockquote", "a") and element.text:
            assert element.text in plain, element.text
    for line in unflowed(message).splitlines():
        words = " ".join(line.split()).removesuffix(":").strip()
        if words and words != "--" and not words.startswith("http"):
            shown = root.text.replace(" :", ":")
            assert all(part.strip() in shown for part in re.split(r"\s?: ", words, maxsplit=1)), words


@dataclass
class Received:
    """A message that an SMTP server took."""

    sender: str
    to: list[str]
    data: bytes

    @property
    def message(self) -> EmailMessage:
        """As a mail program reads it."""
        return parsed(self.data)


@dataclass
class MailServer:
    """A real SMTP server. `answers` says what comes next instead of "250 OK": a reply such as "451 busy",
    HANG_UP, or an Event that it waits for before it takes the message. `refused` maps recipients to replies;
    `holding` is set while it waits with a message in hand; `pipelining` takes commands before their turn."""

    HANG_UP = "hang up"

    port: int = 0
    pipelining: bool = True
    received: list[Received] = field(default_factory=list)
    answers: deque[str | threading.Event] = field(default_factory=deque)
    refused: dict[str, str] = field(default_factory=dict)
    holding: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """For MAIL_URL."""
        return f"smtp+plain://127.0.0.1:{self.port}"

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], *["250-PIPELINING"] * self.pipelining, responses[-1]]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers.popleft() if self.answers else "250 OK"
        if isinstance(answer, threading.Event):
            self.holding.set()
            await asyncio.get_running_loop().run_in_executor(None, answer.wait, 30)
            self.holding.clear()
            answer = "250 OK"
        if answer == self.HANG_UP:
            assert server.transport is not None
            server.transport.close()
            return "421 going away"
        if answer.startswith("2"):
            content: Any = envelope.content
            self.received.append(Received(envelope.mail_from or "", list(envelope.rcpt_tos), bytes(content)))
        return answer

    def to(self, address: str) -> list[Received]:
        """What this address has got."""
        return [each for each in self.received if address in each.to]


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """A mail server on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = MailServer(free.getsockname()[1])
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
