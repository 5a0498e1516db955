"""What happens by the clock: each job calls one action, once per slot of time, whatever the number of workers.

A job is safe to repeat; one that a crash cut off is done by its next slot.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base
from webapp.extensions import db
from webapp.unit import insert_into, unit_of_work

log = logging.getLogger(__name__)


class JobSlot(Base):
    """The newest slot of time in which a job was started."""

    __tablename__ = "job_slots"

    name: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    slot: Mapped[int] = mapped_column(sa.BigInteger)
    started_at: Mapped[datetime]


@dataclass(frozen=True)
class Job:
    """`act(now=...)` once in every stretch of `every`."""

    act: Callable[..., object]
    every: timedelta


JOBS: dict[str, Job] = {}


def periodic(name: str, act: Callable[..., object], *, every: timedelta) -> None:
    """Registers an action that takes `now=`; called in `create_app`."""
    JOBS[name] = Job(act, every)


def run_due(*, now: datetime) -> list[str]:
    """Runs the jobs whose slot has come and that no other worker has taken; their names."""
    ran = []
    for name, job in JOBS.items():
        if not _take(name, int(now.timestamp()) // int(job.every.total_seconds()), now=now):
            continue
        try:
            job.act(now=now)
            ran.append(name)
        except Exception:
            db.session.rollback()
            log.exception("job %s failed; it is tried again in its next slot", name)
    return ran


@unit_of_work
def _take(name: str, slot: int, *, now: datetime) -> bool:
    taken = insert_into(JobSlot).values(name=name, slot=slot, started_at=now)
    statement = taken.on_conflict_do_update(
        index_elements=["name"], set_={"slot": slot, "started_at": now}, where=JobSlot.slot < slot
    ).returning(JobSlot.slot)
    return db.session.scalar(statement) is not None
