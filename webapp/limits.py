"""How often something may be tried: counters in the database, shared by all processes, failing closed."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base
from webapp.extensions import db
from webapp.refused import TooMany
from webapp.unit import unit_of_work


class Attempts(Base):
    """How many times in one window. The key is hashed: no address stands here in clear."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    window: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    n: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


@unit_of_work
def spend(what: str, who: str, *, most: int, per: timedelta, now: datetime) -> None:
    """Counts one attempt in a unit of its own, before the work. Raises TooMany beyond `most` per window."""
    seconds = int(per.total_seconds())
    window = int(now.timestamp()) // seconds
    key = hashlib.sha256(f"{what}:{who}:{current_app.secret_key}".encode()).hexdigest()
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(Attempts)
        .values(key=key, window=window, n=1, ends_at=now + per)
        .on_conflict_do_update(index_elements=["key", "window"], set_={"n": Attempts.n + 1})
        .returning(Attempts.n)
    )
    if db.session.scalar(statement) > most:
        # the count stays: the unit commits although the attempt is refused
        db.session.commit()
        raise TooMany((window + 1) * seconds - int(now.timestamp()))


@unit_of_work
def forget_old(*, now: datetime) -> int:
    """Deletes counters whose window is over; how many."""
    return db.session.execute(sa.delete(Attempts).where(Attempts.ends_at < now)).rowcount
