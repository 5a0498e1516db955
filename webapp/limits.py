"""How often something may be tried: counters in the database, shared by all processes, failing closed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base
from webapp.extensions import db
from webapp.refused import TooMany
from webapp.unit import insert_into, rows_changed, unit_of_work


class Attempts(Base):
    """How many times in one window. The key is hashed: no address stands here in clear."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    window: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    n: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Limit:
    """At most `most` attempts at `what` per window, for each `who`."""

    what: str
    most: int
    per: timedelta


def network(address: str | None) -> str:
    """Who asks, as limits count: an IPv4 address, or the /64 that one IPv6 customer has. Of a network, itself."""
    try:
        parsed = ip_address((address or "").removesuffix("/64"))
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        # a server that listens on both names IPv4 customers ::ffff:192.0.2.1, all of them in one /64
        parsed = parsed.ipv4_mapped or parsed
    return str(parsed if parsed.version == 4 else ip_network((parsed, 64), strict=False))


@unit_of_work
def spend_all(attempts: list[tuple[Limit, str]], *, now: datetime) -> None:
    """Counts one attempt against each of these limits. Raises TooMany at the first that is reached."""
    for limit, who in attempts:
        spend(limit.what, who, most=limit.most, per=limit.per, now=now)


@unit_of_work
def give_back(attempts: list[tuple[Limit, str]], *, now: datetime) -> None:
    """Takes the count of these attempts back: they were right, only wrong ones count."""
    for limit, who in attempts:
        key, window = _slot(limit.what, who, limit.per, now)
        db.session.execute(
            sa.update(Attempts)
            .where(Attempts.key == key, Attempts.window == window, Attempts.n > 0)
            .values(n=Attempts.n - 1)
        )


def _slot(what: str, who: str, per: timedelta, now: datetime) -> tuple[str, int]:
    secret = current_app.config["SETTINGS"].secret_key
    key = hashlib.sha256(f"{what}:{who}:{secret}".encode()).hexdigest()
    return key, int(now.timestamp()) // int(per.total_seconds())


@unit_of_work
def spend(what: str, who: str, *, most: int, per: timedelta, now: datetime) -> None:
    """Counts one attempt in a unit of its own, before the work. Raises TooMany beyond `most` per window."""
    seconds = int(per.total_seconds())
    key, window = _slot(what, who, per, now)
    statement = (
        insert_into(Attempts)
        .values(key=key, window=window, n=1, ends_at=now + per)
        .on_conflict_do_update(index_elements=["key", "window"], set_={"n": Attempts.n + 1})
        .returning(Attempts.n)
    )
    if db.session.execute(statement).scalar_one() > most:
        # the count stays: the unit commits although the attempt is refused
        db.session.commit()
        raise TooMany((window + 1) * seconds - int(now.timestamp()))


def left(limit: Limit, who: str, *, now: datetime) -> int:
    """How many more attempts the window has room for."""
    key, window = _slot(limit.what, who, limit.per, now)
    spent = db.session.scalar(sa.select(Attempts.n).where(Attempts.key == key, Attempts.window == window))
    return max(0, limit.most - (spent or 0))


def seconds_left(limit: Limit, *, now: datetime) -> int:
    """How long the window still lasts."""
    seconds = int(limit.per.total_seconds())
    return seconds - int(now.timestamp()) % seconds


@unit_of_work
def forget_old(*, now: datetime) -> int:
    """Deletes counters whose window is over; how many."""
    return rows_changed(sa.delete(Attempts).where(Attempts.ends_at < now))
