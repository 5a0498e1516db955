"""Settings from the environment, read once. A wrong or missing one stops the start with one clear sentence.

The README's chapter "Settings" is the operator's view of this table.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from webapp.places import COUNTRIES

LANGUAGES = ("en", "fr", "de")
MODES = ("production", "demo", "test")


class BadSetting(SystemExit):
    """A setting that the product cannot start with; its message is for the operator."""


@dataclass(frozen=True)
class MailServer:
    """Where mail goes: an SMTP server, or a folder that receives `.eml` files (demo and trial)."""

    scheme: str  # smtp (STARTTLS, insisted on), smtps (TLS from the start), smtp+plain (never TLS), folder
    host: str = ""
    port: int = 25
    username: str | None = None
    password: str | None = None
    folder: Path | None = None


@dataclass(frozen=True)
class Settings:
    """All that an operator sets. Names of the variables are the fields' in capitals."""

    mode: str = "production"
    secret_key: str = ""
    base_url: str = "http://localhost:8000"
    database_url: str = "sqlite:///var/cordee.sqlite3"
    mail_url: str = ""
    mail_from: str = ""
    programme_file: str = ""
    proxy_hops: int = 0
    timezone: str = "Europe/Zurich"
    default_language: str = "en"
    brand_name: str = "Cordée"
    brand_hue: int = 262
    brand_logo: str = ""
    operator_name: str = ""
    operator_address: str = ""
    operator_email: str = ""
    operator_country: str = "CH"
    log_level: str = "INFO"

    @property
    def demo(self) -> bool:
        """Whether the demo story's doors (mailbox page, list of sign-ins) are open."""
        return self.mode == "demo"

    @property
    def secure(self) -> bool:
        """Whether the portal is reached over HTTPS."""
        return self.base_url.startswith("https://")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days begin and end."""
        return ZoneInfo(self.timezone)

    @property
    def mail_server(self) -> MailServer:
        """`mail_url` taken apart."""
        return _mail_server(self.mail_url)

    @property
    def mail_domain(self) -> str:
        """The domain of Message-IDs."""
        return self.mail_from.rpartition("@")[2].rstrip(">") or "localhost"


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this environment; raises BadSetting with the sentence to print."""
    values: dict[str, object] = {}
    for field in fields(Settings):
        raw = environ.get(field.name.upper(), "").strip()
        if not raw:
            continue
        values[field.name] = _whole_number(field.name, raw) if field.type == "int" else raw
    settings = Settings(**values)  # type: ignore[arg-type] # fields were converted one by one above
    _check(settings)
    return settings


def _whole_number(name: str, raw: str) -> int:
    if not raw.isascii() or not raw.isdigit():
        raise BadSetting(f"{name.upper()} must be a whole number, not {raw!r}.")
    return int(raw)


def _check(s: Settings) -> None:
    def refuse(sentence: str) -> None:
        raise BadSetting(sentence)

    if s.mode not in MODES:
        refuse(f"MODE must be one of {', '.join(MODES)}, not {s.mode!r}.")
    if not re.fullmatch(r"https?://[^/\s]+", s.base_url):
        refuse("BASE_URL must be the public address without a path, such as https://partners.example.com.")
    if not s.database_url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        refuse("DATABASE_URL must start with sqlite:/// or postgresql://.")
    if s.default_language not in LANGUAGES:
        refuse(f"DEFAULT_LANGUAGE must be one of {', '.join(LANGUAGES)}.")
    if not 0 <= s.brand_hue <= 360:
        refuse("BRAND_HUE must be a hue from 0 to 360.")
    if s.brand_logo and not (Path(s.brand_logo).is_file() and s.brand_logo.endswith((".svg", ".png"))):
        refuse("BRAND_LOGO must be the path of an .svg or .png file that exists.")
    if s.operator_country not in COUNTRIES:
        refuse("OPERATOR_COUNTRY must be a two-letter country code, such as CH.")
    if s.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        refuse("LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
    if s.programme_file and not Path(s.programme_file).is_file():
        refuse(f"PROGRAMME_FILE names {s.programme_file!r}, which does not exist.")
    try:
        ZoneInfo(s.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        refuse(f"TIMEZONE must be a name such as Europe/Zurich, not {s.timezone!r}.")
    if len(s.secret_key) < 32:
        refuse(
            "SECRET_KEY must have at least 32 characters; make one with: "
            'python3 -c "import secrets; print(secrets.token_hex(32))"'
        )
    _mail_server(s.mail_url)
    if "@" not in s.mail_from:
        refuse("MAIL_FROM must be the sender of all mail, such as 'Partners <partners@example.com>'.")
    if s.mode == "production":
        if len(set(s.secret_key)) < 8:
            refuse("SECRET_KEY is too simple for production; make a random one.")
        if not s.secure and not re.match(r"http://(localhost|127\.0\.0\.1|\[::1\])(:|$)", s.base_url):
            refuse("BASE_URL must start with https:// in production.")
        if not s.operator_name or "@" not in s.operator_email:
            refuse("OPERATOR_NAME and OPERATOR_EMAIL must be set: pages and mails name who runs the portal.")


def _mail_server(url: str) -> MailServer:
    if not url:
        raise BadSetting("MAIL_URL must be set, such as smtp://user:password@mail.example.com:587.")
    parts = urlsplit(url)
    if parts.scheme == "folder" and parts.path:
        return MailServer("folder", folder=Path(unquote(parts.path)))
    default_ports = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
    if parts.scheme not in default_ports or not parts.hostname:
        raise BadSetting("MAIL_URL must be smtp://, smtps:// or smtp+plain:// with a host, or folder:/path.")
    try:
        port = parts.port or default_ports[parts.scheme]
    except ValueError:
        raise BadSetting("MAIL_URL has a port that is not a number.") from None
    return MailServer(
        parts.scheme,
        parts.hostname,
        port,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )
