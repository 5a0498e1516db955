"""The worker's half of the mail: rows are claimed by a lease, sent one by one, marked one by one.

None is lost, none leaves for a change that did not commit; a worker killed between the server's "250" and the
mark sends one second copy with the same Message-ID. Any number of workers may run.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from webapp import clock, letters
from webapp.database import writing
from webapp.extensions import db
from webapp.i18n import speaking
from webapp.mailer import KINDS, WAITING, Letter, QueuedMail
from webapp.transport import Later, Never, Transport

log = logging.getLogger(__name__)

Subject = TypeVar("Subject")
Answer = TypeVar("Answer")

BATCH = 1000  # a mail to many is written once per batch and language
LEASE = timedelta(seconds=90)
WORKING_TIME = LEASE / 2  # of a lease; what is not done by then goes back, before another worker takes it too
RECHECK_SECONDS = 0.05  # a cancel waits for the mail in hand, at most this much longer
BACK_OFF_MINUTES = (1, 5, 15, 60, 180, 360, 720)  # then the mail is dead

_ROWS = QueuedMail.__table__
_MARK = sa.update(QueuedMail).where(
    _ROWS.c.id == sa.bindparam("mail"), _ROWS.c.leased_by == sa.bindparam("worker")
)
# the mark of every mail that goes well: past SQLAlchemy, which would take as long as the mail server
_SENT = (
    "UPDATE queued_mails SET sent_at = ?, last_error = NULL, leased_until = NULL "
    "WHERE id = ? AND leased_by = ?"
)


@contextmanager
def _writing() -> Iterator[sa.Connection]:
    token = writing.set(True)
    try:
        with db.engine.begin() as connection:
            yield connection
    finally:
        writing.reset(token)


class Stamp:
    """Marks mails as sent, each in a transaction of its own, over one connection."""

    def __init__(self, connection: PoolProxiedConnection, worker: str) -> None:
        dialect = db.engine.dialect
        self._connection = connection
        self._cursor = connection.cursor()
        self._worker = worker
        self._statement = _SENT if dialect.name == "sqlite" else _SENT.replace("?", "%s")
        self._stored = _ROWS.c.sent_at.type.bind_processor(dialect) or datetime.isoformat
        self._errors = dialect.loaded_dbapi.Error

    def sent(self, mail: QueuedMail) -> None:
        """It has left."""
        values = (self._stored(clock.now()), mail.id, self._worker)
        try:
            self._cursor.execute(self._statement, values)
            self._connection.commit()
        except self._errors as error:
            raise DBAPIError(self._statement, values, error) from error


class Postman:
    """Delivers what is due. Needs an application context. `stopping` is asked before each mail."""

    def __init__(
        self, app: Flask, transport: Transport, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        self._app = app
        self._transport = transport
        self._stopping = stopping
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    def round(self, *, now: datetime | None = None) -> int:
        """Claims a batch and delivers it; how many mails it handled. Gives back what it does not get to."""
        claimed = self._claim(now or clock.now())
        if not claimed:
            return 0
        with closing(db.engine.raw_connection()) as connection:
            return self._deliver(claimed, Stamp(connection, self._name))

    def _deliver(self, claimed: list[QueuedMail], stamp: Stamp) -> int:
        done_by = time.monotonic() + WORKING_TIME.total_seconds()
        skeletons: dict[tuple[str, int, str, str], letters.Skeleton | None] = {}
        checked: dict[tuple[str, int], float] = {}
        for n, mail in enumerate(claimed):
            if self._stopping() or time.monotonic() > done_by:
                self._give_back(claimed[n:])
                return n
            subject = (mail.kind, mail.about)
            try:
                kind = KINDS[mail.kind]
                if kind.holds:
                    if time.monotonic() - checked.get(subject, 0) > RECHECK_SECONDS:
                        if not self._reading(kind.holds, mail.about):
                            self._mark(mail, cancelled_at=clock.now())
                            continue
                        checked[subject] = time.monotonic()
                    message = self._copy(mail, skeletons)
                else:
                    letter = self._reading(self._written, mail)
                    message = letters.build(letter, mail) if letter else None
                if message is None:
                    self._mark(mail, cancelled_at=clock.now())
                    continue
                self._transport.send(mail.address, message)
            except Never as error:
                self._dead(mail, str(error))
            except letters.BadAddress:
                self._dead(mail, "the address is not a plain mail address")
            except Later as error:
                self._again(mail, str(error))
            except Exception as error:  # a mail that can't be written must not stop the others
                log.exception("mail %s (%s) could not be written", mail.id, mail.kind)
                self._again(mail, f"{type(error).__name__}: {error}")
            else:
                stamp.sent(mail)
        return len(claimed)

    def _claim(self, now: datetime) -> list[QueuedMail]:
        due = (
            sa.select(QueuedMail.id)
            .where(
                WAITING,
                QueuedMail.due_at <= now,
                sa.or_(QueuedMail.leased_until.is_(None), QueuedMail.leased_until < now),
            )
            .order_by(QueuedMail.due_at, QueuedMail.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
            .cte("due")  # as a plain subquery PostgreSQL may run it again for each row, past its limit
        )
        claim = (
            sa.update(QueuedMail)
            .where(QueuedMail.id.in_(sa.select(due.c.id)), WAITING)
            .values(leased_until=now + LEASE, leased_by=self._name, attempts=QueuedMail.attempts + 1)
            .returning(QueuedMail)
            .execution_options(synchronize_session=False, populate_existing=True)
        )
        token = writing.set(True)
        try:
            mails = sorted(db.session.scalars(claim), key=lambda mail: mail.id)
            db.session.commit()
            db.session.expunge_all()
            return mails
        finally:
            writing.reset(token)

    @staticmethod
    def _reading(ask: Callable[[Subject], Answer], subject: Subject) -> Answer:
        try:
            return ask(subject)
        finally:
            db.session.rollback()  # the next question sees what was committed meanwhile

    @staticmethod
    def _written(mail: QueuedMail) -> Letter | None:
        with speaking(mail.language, mail.region):
            return KINDS[mail.kind].write(mail)

    def _copy(
        self, mail: QueuedMail, skeletons: dict[tuple[str, int, str, str], letters.Skeleton | None]
    ) -> bytes | None:
        key = (mail.kind, mail.about, mail.language, mail.region)
        if key not in skeletons:
            letter = self._reading(self._written, mail)
            skeletons[key] = letters.skeleton(letter, mail) if letter else None
        skeleton = skeletons[key]
        if skeleton is None:
            return None
        return skeleton.addressed(mail.address, mail.message_id, letters.stop_address(mail))

    def _mark(self, mail: QueuedMail, **values: object) -> None:
        with _writing() as connection:
            connection.execute(_MARK, {"mail": mail.id, "worker": self._name, "leased_until": None, **values})

    def _give_back(self, mails: list[QueuedMail]) -> None:
        with _writing() as connection:
            connection.execute(
                sa.update(QueuedMail)
                .where(QueuedMail.id.in_([mail.id for mail in mails]), QueuedMail.leased_by == self._name)
                .values(leased_until=None, attempts=QueuedMail.attempts - 1)
            )

    def _again(self, mail: QueuedMail, error: str) -> None:
        if mail.attempts > len(BACK_OFF_MINUTES):
            self._dead(mail, error)
            return
        minutes = BACK_OFF_MINUTES[mail.attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 # spreads retries, keeps no secret
        log.warning(
            "mail %s (%s) will be tried again in %.0f minutes: %s", mail.id, mail.kind, minutes, error
        )
        self._mark(mail, due_at=clock.now() + timedelta(minutes=minutes), last_error=error[:2000])

    def _dead(self, mail: QueuedMail, error: str) -> None:
        log.error("mail %s (%s) is dead: %s. See Mail log in the operator's desk.", mail.id, mail.kind, error)
        self._mark(mail, dead_at=clock.now(), last_error=error[:2000])
