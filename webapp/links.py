"""The links that mails carry. Opening one shows a page; only a POST acts (RULES T4).

A link is a row and a secret that is in no row: the token is a random selector and its HMAC under SECRET_KEY,
so a copy of the database opens nothing, yet a later mail can carry the same link again. Links that are used,
expired, replaced, malformed or unknown look alike: `find` answers None.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base
from webapp.extensions import db
from webapp.unit import rows_changed

TOKEN = re.compile(r"[A-Za-z0-9_-]{65}")
SELECTOR_LENGTH = 22


class Link(Base):
    """One mailed link. `purpose` and `subject` say what it opens, such as `tender` and the tender's id."""

    __tablename__ = "links"

    id: Mapped[int] = mapped_column(primary_key=True)
    selector: Mapped[str] = mapped_column(sa.String(SELECTOR_LENGTH), unique=True)
    purpose: Mapped[str] = mapped_column(sa.String(30))
    subject: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (sa.Index("ix_links_purpose_subject", "purpose", "subject"),)

    @property
    def token(self) -> str:
        """What stands in the address: 22 characters that find the row, 43 that prove it was mailed."""
        return self.selector + _proof(self.purpose, self.selector)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _proof(purpose: str, selector: str) -> str:
    message = f"link:{purpose}:{selector}".encode()
    return _encode(hmac.digest(current_app.config["SETTINGS"].secret_key.encode(), message, hashlib.sha256))


def issue(purpose: str, subject: int, *, expires_at: datetime, now: datetime) -> Link:
    """A new link in the caller's unit of work; older ones of the same purpose and subject die."""
    end(purpose, subject)
    return _new(purpose, subject, expires_at=expires_at, now=now)


def _new(purpose: str, subject: int, *, expires_at: datetime, now: datetime) -> Link:
    link = Link(
        selector=_encode(secrets.token_bytes(16)),
        purpose=purpose,
        subject=subject,
        created_at=now,
        expires_at=expires_at,
    )
    db.session.add(link)
    db.session.flush()
    return link


def replace(purpose: str, subject: int, *, expires_at: datetime, now: datetime) -> Link:
    """The same, but the older links stay known as replaced, for `find_replaced`."""
    db.session.execute(
        sa.update(Link)
        .where(Link.purpose == purpose, Link.subject == subject, Link.used_at.is_(None))
        .values(used_at=now)
    )
    return _new(purpose, subject, expires_at=expires_at, now=now)


def end(purpose: str, subject: int) -> None:
    """Ends all links of this purpose to this subject."""
    db.session.execute(sa.delete(Link).where(Link.purpose == purpose, Link.subject == subject))


def find(purpose: str, token: str, *, now: datetime) -> Link | None:
    """The live link with this token; None alike for used, expired, replaced, malformed and unknown ones."""
    return _with_token(purpose, token, Link.used_at.is_(None), Link.expires_at > now)


def find_replaced(purpose: str, token: str, *, now: datetime) -> Link | None:
    """A link that was genuine until `replace` made a newer one: its page may say so."""
    return _with_token(purpose, token, Link.used_at.is_not(None), Link.expires_at > now)


def _with_token(purpose: str, token: str, *conditions: sa.ColumnElement[bool]) -> Link | None:
    if not TOKEN.fullmatch(token):
        return None
    selector, proof = token[:SELECTOR_LENGTH], token[SELECTOR_LENGTH:]
    if not hmac.compare_digest(proof, _proof(purpose, selector)):
        return None
    return db.session.scalar(
        sa.select(Link).where(Link.selector == selector, Link.purpose == purpose, *conditions)
    )


def live(purpose: str, subject: int) -> Link | None:
    """The link that mails about this subject carry."""
    return db.session.scalar(
        sa.select(Link)
        .where(Link.purpose == purpose, Link.subject == subject, Link.used_at.is_(None))
        .order_by(Link.id.desc())
        .limit(1)
    )


def consume(link: Link, *, now: datetime) -> bool:
    """Uses the link up in the caller's unit of work. False when somebody was faster."""
    changed = rows_changed(
        sa.update(Link)
        .where(Link.id == link.id, Link.used_at.is_(None), Link.expires_at > now)
        .values(used_at=now)
    )
    return changed == 1


# --- one-click stop of optional mail (RFC 8058) -------------------------------------------------------------


def stop_token(what: str, public_id: str) -> str:
    """The token that stops one kind of mail to one recipient. It has no row and does not expire."""
    return f"{what}.{public_id}.{_proof('stop-mail', f'{what}.{public_id}')}"


def read_stop_token(token: str) -> tuple[str, str] | None:
    """`(what, public_id)` of a stop token, None when it is not one of ours."""
    named, _, proof = token.rpartition(".")
    what, _, public_id = named.partition(".")
    if not token.isascii() or not hmac.compare_digest(proof, _proof("stop-mail", named)):
        return None
    return what, public_id
