"""Server-side drafts of forms with several pages: Back, reload, two tabs and a language switch are safe.

The draft's key in the address is also the one-time key of the form: finishing happens once.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base, new_public_id
from webapp.extensions import db
from webapp.unit import insert_into, rows_changed, unit_of_work
from webapp.uploads import Upload

LIFETIME = timedelta(hours=24)
MOST = 50  # of one owner that are not finished; those that were left alone longest go
KEY = re.compile(r"[a-z2-7]{26}")


class Draft(Base):
    """What was typed so far. `result` is the id of what the finished draft became.

    `owner` is the public id that `data` holds as `by`: of a membership, or of an operator.
    """

    __tablename__ = "drafts"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    kind: Mapped[str] = mapped_column(sa.String(30))
    data: Mapped[dict[str, Any]]
    owner: Mapped[str | None] = mapped_column(sa.String(26))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    result: Mapped[int | None]

    __table_args__ = (sa.Index("ix_drafts_owner", "owner", "expires_at"),)


_LIVE = sa.select(Draft).where(
    Draft.key_hash == sa.bindparam("key_hash"), Draft.expires_at > sa.bindparam("now")
)

_SAVED = (
    sa.select(Draft)
    .where(Draft.key_hash == sa.bindparam("key_hash"))
    .execution_options(populate_existing=True)
)


def new_key() -> str:
    """A key for a form that is shown for the first time; it has no row until the form is sent."""
    return new_public_id()


def _hash(kind: str, key: str) -> str:
    """The same key names another draft in another form."""
    return hashlib.sha256(f"{kind}:{key}".encode()).hexdigest()


def find(kind: str, key: str, *, now: datetime) -> Draft | None:
    """The live draft with this key."""
    if not KEY.fullmatch(key):
        return None
    return db.session.scalar(_LIVE, {"key_hash": _hash(kind, key), "now": now})


@unit_of_work
def save(kind: str, key: str, data: dict[str, Any], *, now: datetime) -> Draft:
    """Keeps what was typed under this key; a finished draft stays as it is. ValueError for a malformed key.

    A new one beyond the MOST of who typed it, `by` in the data, takes the place of the oldest.
    """
    if not KEY.fullmatch(key):
        raise ValueError("not a draft's key")
    values = {
        "key_hash": _hash(kind, key), "kind": kind, "data": data, "owner": data.get("by"), "created_at": now,
        "expires_at": now + LIFETIME,
    }  # fmt: skip
    db.session.connection().execute(_upsert(db.engine.dialect.name), values)
    draft = db.session.scalars(_SAVED, {"key_hash": values["key_hash"]}).one()
    if draft.owner and draft.created_at == now:
        _forget_all_but_newest(draft.owner)
    return draft


@cache
def _upsert(_dialect: str) -> sa.Insert:
    """A new draft, or other data for one that is not finished: a double click saves the same one twice at once."""
    statement = insert_into(Draft)
    return statement.on_conflict_do_update(
        index_elements=["key_hash"],
        set_={"data": statement.excluded.data, "expires_at": statement.excluded.expires_at},
        where=Draft.finished_at.is_(None),
    )


def _forget_all_but_newest(owner: str) -> None:
    beyond = (
        sa.select(Draft.id)
        .where(Draft.owner == owner, Draft.finished_at.is_(None))
        .order_by(Draft.expires_at.desc(), Draft.id.desc())
        .offset(MOST)
    )
    db.session.execute(sa.delete(Draft).where(Draft.id.in_(beyond)))


def finish(draft: Draft, *, now: datetime) -> bool:
    """Marks the draft finished in the caller's unit of work. False when it was finished before."""
    changed = rows_changed(
        sa.update(Draft).where(Draft.id == draft.id, Draft.finished_at.is_(None)).values(finished_at=now)
    )
    return changed == 1


@unit_of_work
def forget_old(*, now: datetime) -> int:
    """Deletes drafts past their lifetime and the files kept with them; how many drafts."""
    forgotten = rows_changed(sa.delete(Draft).where(Draft.expires_at <= now))
    alive = sa.select(Draft.key_hash)
    db.session.execute(sa.delete(Upload).where(Upload.draft.is_not(None), Upload.draft.not_in(alive)))
    return forgotten
