"""How a finished message leaves: over SMTP with checked certificates and time limits, or into a folder."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol

from flask import Flask
from flask_mail import Connection, Mail

from webapp.config import MailServer, Settings

SECONDS = 20
_BARE = re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+")  # an address that needs no quoting


class Later(Exception):
    """It did not leave; trying again may help (4xx, no answer, a connection that broke)."""


class Never(Exception):
    """It was refused for good (5xx for this recipient or this content)."""


class Transport(Protocol):
    """A way out. Not safe for threads: each worker has its own."""

    def send(self, to: str, message: bytes) -> None:
        """Hands the message over; raises Later or Never."""

    def greet(self) -> None:
        """Knocks at the door without leaving a mail; raises Later."""

    def close(self) -> None:
        """Says goodbye politely."""


class _CheckedConnection(Connection):
    """Flask-Mail's connection with what it leaves out: a time limit and certificates that are verified."""

    def configure_host(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        mail = self.mail
        if mail.use_ssl:
            host: smtplib.SMTP = smtplib.SMTP_SSL(mail.server, mail.port, timeout=SECONDS, context=context)
        else:
            host = smtplib.SMTP(mail.server, mail.port, timeout=SECONDS)
        try:
            if mail.use_tls:
                host.starttls(context=context)
            if mail.username:
                host.login(mail.username, mail.password or "")
        except (smtplib.SMTPException, OSError):
            host.close()
            raise
        return host


class SmtpTransport:
    """One kept connection, opened at the first message and again after it broke."""

    def __init__(self, mail: Mail, sender: str) -> None:
        self._mail = mail
        self._sender = sender
        self._host: smtplib.SMTP | None = None

    def send(self, to: str, message: bytes) -> None:
        try:
            if self._host is None:
                self._host = _CheckedConnection(self._mail).configure_host()
            eight_bit = self._eight_bit
            if self._host.has_extn("pipelining") and _BARE.fullmatch(to):
                self._in_one_breath(self._host, to, message, " BODY=8BITMIME" if eight_bit else "")
            else:
                self._host.sendmail(self._sender, [to], message, mail_options=["BODY=8BITMIME"] * eight_bit)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise self._judged(code, words) from None
        except smtplib.SMTPDataError as error:
            raise self._judged(error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Later(f"{type(error).__name__}: {error}") from None

    def greet(self) -> None:
        try:
            self._host = _CheckedConnection(self._mail).configure_host()
            self._host.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Later(f"{type(error).__name__}: {error}") from None

    @property
    def _eight_bit(self) -> bool:
        assert self._host is not None
        self._host.ehlo_or_helo_if_needed()
        return self._host.has_extn("8bitmime")

    def _in_one_breath(self, host: smtplib.SMTP, to: str, message: bytes, option: str) -> None:
        """Sender, recipient and DATA at once where the server allows it (RFC 2920): half the waiting."""
        host.send(f"MAIL FROM:<{self._sender}>{option}\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode("ascii"))
        sender, recipient, data = host.getreply(), host.getreply(), host.getreply()
        welcome = sender[0] == 250 and recipient[0] in (250, 251)
        if data[0] == 354:
            stuffed = message.replace(b"\r\n.", b"\r\n..").removesuffix(b"\r\n") + b"\r\n"
            # a server that asks for the message to a refused recipient gets an empty one; it reaches nobody
            host.send((stuffed if welcome else b"") + b".\r\n")
            taken = host.getreply()
        else:
            host.rset()
            taken = data
        if sender[0] != 250:
            raise smtplib.SMTPSenderRefused(*sender, self._sender)
        if not welcome:
            raise self._judged(*recipient)
        if taken[0] != 250:
            raise self._judged(*taken)

    @staticmethod
    def _judged(code: int, words: bytes | str) -> Exception:
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        return (Never if code >= 500 else Later)(f"{code} {text}")

    def close(self) -> None:
        if self._host is not None:
            try:
                self._host.quit()
            except (smtplib.SMTPException, OSError):
                self._host.close()
            self._host = None


class FolderTransport:
    """Each message a file: for the demo and for trying things out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._n = 0

    def send(self, to: str, message: bytes) -> None:
        self._n += 1
        existing = len(os.listdir(self._folder))
        name = f"{existing:06d}-{os.getpid()}-{self._n}.eml"
        partial = self._folder / f".{name}"
        partial.write_bytes(message)
        partial.rename(self._folder / name)

    def greet(self) -> None:
        if not os.access(self._folder, os.W_OK):
            raise Later(f"{self._folder} can't be written to")

    def close(self) -> None:
        pass


def configure(app: Flask, settings: Settings) -> None:
    """Hands the mail server to Flask-Mail."""
    server = settings.mail_server
    app.config.update(
        MAIL_SERVER=server.host,
        MAIL_PORT=server.port,
        MAIL_USE_TLS=server.scheme == "smtp",
        MAIL_USE_SSL=server.scheme == "smtps",
        MAIL_USERNAME=server.username,
        MAIL_PASSWORD=server.password,
        MAIL_DEFAULT_SENDER=settings.mail_from,
    )
    Mail(app)


def transport(app: Flask) -> Transport:
    """The way out that MAIL_URL names."""
    settings: Settings = app.config["SETTINGS"]
    server: MailServer = settings.mail_server
    if server.folder:
        return FolderTransport(server.folder)
    return SmtpTransport(app.extensions["mail"], parseaddr(settings.mail_from)[1])
