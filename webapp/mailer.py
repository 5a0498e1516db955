"""Mail that leaves with the change that causes it: a row in the same transaction, delivered by the worker.

A row says which mail to whom about what; its words are written just before it leaves, in the recipient's
language (RULES L2), from the state as it is then. A mail whose cause is gone by then is cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base
from webapp.extensions import db
from webapp.i18n import current_language


class QueuedMail(Base):
    """One mail to one address. It ends sent, dead (visible to the operator) or cancelled."""

    __tablename__ = "queued_mails"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    about: Mapped[int]
    address: Mapped[str] = mapped_column(sa.String(254))
    name: Mapped[str] = mapped_column(sa.String(120))
    language: Mapped[str] = mapped_column(sa.String(2))
    region: Mapped[str] = mapped_column(sa.String(2))
    stop: Mapped[str | None] = mapped_column(sa.String(60))
    dedupe: Mapped[str | None] = mapped_column(sa.String(80), unique=True)
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(sa.String(80))
    last_error: Mapped[str | None] = mapped_column(sa.Text)
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "ix_queued_mails_waiting",
            "due_at",
            "id",
            sqlite_where=sa.text("sent_at IS NULL AND dead_at IS NULL AND cancelled_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND dead_at IS NULL AND cancelled_at IS NULL"),
        ),
        sa.Index("ix_queued_mails_kind_about", "kind", "about"),
    )

    @property
    def state(self) -> str:
        """waiting, sent, dead or cancelled."""
        if self.sent_at:
            return "sent"
        if self.dead_at:
            return "dead"
        return "cancelled" if self.cancelled_at else "waiting"

    @property
    def message_id(self) -> str:
        """The same at every attempt, so that a second copy is recognised as one."""
        domain = current_app.config["SETTINGS"].mail_domain
        return f"<{self.kind}.{self.id}.{int(self.queued_at.timestamp())}@{domain}>"


WAITING = sa.and_(
    QueuedMail.sent_at.is_(None), QueuedMail.dead_at.is_(None), QueuedMail.cancelled_at.is_(None)
)


class Recipient(Protocol):
    """Who gets a mail: a person with an account, or `Address`."""

    @property
    def email(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def region(self) -> str: ...


@dataclass(frozen=True)
class Address:
    """A recipient without an account."""

    email: str
    name: str
    language: str
    region: str


@dataclass(frozen=True)
class Letter:
    """What a mail says; its text and HTML parts are drawn from this one structure.

    `button` is (label, address); `quote` is (language, text) of words that people wrote and that stay in
    their language; `thread` groups mails about one thing; `why` says why the recipient gets it.
    """

    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    why: str
    preheader: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    quote: tuple[str, str] | None = None
    entries: tuple[tuple[str, str, str], ...] = ()  # a digest: (title, one line, address)
    button: tuple[str, str] | None = None
    after: tuple[str, ...] = ()
    thread: str = ""
    reply_to: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of mail. `alike`: the same words for all recipients of a language; `holds` is asked again
    just before each one leaves."""

    write: Callable[[QueuedMail], Letter | None]
    holds: Callable[[int], bool] | None = None

    @property
    def alike(self) -> bool:
        """Whether it is written once per language instead of once per recipient."""
        return self.holds is not None


Writer = Callable[[QueuedMail], Letter | None]
KINDS: dict[str, Kind] = {}


def mail(write: Writer) -> Writer:
    """Registers the function that writes the mail of its name; None means that its cause is gone."""
    KINDS[write.__name__] = Kind(write)
    return write


def mail_to_many(*, holds: Callable[[int], bool]) -> Callable[[Writer], Writer]:
    """The same for a mail to many, alike but for the recipient, valid while `holds(about)`."""

    def register(write: Writer) -> Writer:
        KINDS[write.__name__] = Kind(write, holds)
        return write

    return register


def queue(
    kind: str,
    to: Recipient,
    about: Base,
    *,
    now: datetime,
    stop: str | None = None,
    dedupe: str | None = None,
    delay: timedelta = timedelta(0),
) -> None:
    """Adds the mail in the caller's unit of work. `stop` is what its unsubscribe link stops, None for none.

    With `dedupe` a second mail of that key is not added.
    """
    if kind not in KINDS:
        raise KeyError(kind)
    db.session.flush()
    if dedupe and db.session.scalar(sa.select(QueuedMail.id).where(QueuedMail.dedupe == dedupe)):
        return
    row = _row(kind, to, about, due_at=now + delay, now=now)
    db.session.add(QueuedMail(**row, stop=stop, dedupe=dedupe))


def queue_each(kind: str, mails: Iterable[tuple[Recipient, Base]], *, now: datetime) -> None:
    """The same for many mails of a kind, to whom and about what, by one statement."""
    if kind not in KINDS:
        raise KeyError(kind)
    db.session.flush()
    rows = [_row(kind, to, about, due_at=now, now=now) for to, about in mails]
    if rows:
        db.session.execute(sa.insert(QueuedMail), rows)


def _row(kind: str, to: Recipient, about: Base, *, due_at: datetime, now: datetime) -> dict[str, Any]:
    return {
        "kind": kind,
        "about": about.id,  # type: ignore[attr-defined] # every table has an id
        "address": to.email,
        "name": to.name,
        "language": to.language,
        "region": to.region,
        "queued_at": now,
        "due_at": due_at,
    }


def withhold(kind: str, about: int, *, now: datetime) -> None:
    """Cancels the mails of this kind and subject that no worker has in hand."""
    db.session.execute(
        sa.update(QueuedMail)
        .where(
            QueuedMail.kind == kind,
            QueuedMail.about == about,
            WAITING,
            sa.or_(QueuedMail.leased_until.is_(None), QueuedMail.leased_until <= now),
        )
        .values(cancelled_at=now)
    )


def has_left(kind: str, about: int) -> bool:
    """Whether a mail of this kind and subject was sent to anybody."""
    return bool(
        db.session.scalar(
            sa.select(
                sa.exists().where(
                    QueuedMail.kind == kind, QueuedMail.about == about, QueuedMail.sent_at.is_not(None)
                )
            )
        )
    )


def in_hand(kind: str, about: int, *, now: datetime) -> bool:
    """Whether a worker is sending mails of this kind and subject at this moment."""
    return bool(
        db.session.scalar(
            sa.select(
                sa.exists().where(
                    QueuedMail.kind == kind, QueuedMail.about == about, WAITING, QueuedMail.leased_until > now
                )
            )
        )
    )


def address_of(endpoint: str, /, **values: Any) -> str:
    """The absolute address of a page in the language being spoken; works outside of requests."""
    base = urlsplit(current_app.config["SETTINGS"].base_url)
    values.setdefault("lang", current_language())
    return current_app.url_map.bind(base.netloc, url_scheme=base.scheme).build(
        endpoint, values, force_external=True
    )
