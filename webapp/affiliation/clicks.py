"""The clicks on affiliates' links, noted while a page is answered and written a moment later, many at once.

Whose tag it is, is looked up once in a while. What waits here is lost when the process is killed, and only
statistics with it: the visitor's browser keeps the click, and a sign-up writes its missing row.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from multiprocessing.util import Finalize

from flask import Flask

from webapp import clock
from webapp.affiliation import actions, queries, rules
from webapp.affiliation.rules import Noted
from webapp.kept import Shelf
from webapp.visits import Visit

log = logging.getLogger(__name__)

TAGS = 4096  # looked up lately
TAG_HOLDS = timedelta(
    minutes=1
)  # a new tag works at once; one that was closed is counted no longer than this
WAITING_MOST = 10_000
AT_ONCE = 1_000  # rows of one transaction
PAUSE = 1.0  # seconds from a click to its row
COUNTED_MOST = 50_000  # networks of which one process counts the clicks of this hour


class Clicks:
    """Those of one process; the application's `visits.Recommenders`."""

    def __init__(self, app: Flask, *, by_itself: bool) -> None:
        """`by_itself`: a thread writes them; tests call `write`."""
        self._app = app
        self._accounts: Shelf[tuple[int | None, datetime]] = Shelf(TAGS)
        self._waiting: deque[Noted] = deque()
        self._some = threading.Event()
        self._begin = threading.Lock()
        self._thread: threading.Thread | None = None
        self._by_itself = by_itself
        self._hour = 0
        self._counted: Counter[tuple[int, str | None]] = Counter()  # None: all networks together

    def knows(self, tag: str) -> bool:
        """Whether an affiliate with an open account has this tag (RULES F1)."""
        return self._account(tag) is not None

    def is_known_now(self, tag: str) -> bool:
        """The same without looking it up: that somebody asked lately, and it was somebody's."""
        known = self._accounts.get(tag)
        return known is not None and known[0] is not None and known[1] <= clock.now() < known[1] + TAG_HOLDS

    def note(self, visit: Visit) -> None:
        """Somebody followed this affiliate's link; more than anybody would is not counted."""
        account = self._account(visit.tag)
        if account is None or visit.click is None or not self._counts(account, visit):
            return
        self._waiting.append(Noted(visit.click, account, visit.path, visit.at, visit.network))
        self._some.set()
        if self._by_itself and self._thread is None:
            self._start()

    def write(self) -> int:
        """Writes what waits; how many rows it made."""
        written = 0
        self._some.clear()
        while batch := list(self._next()):
            with self._app.app_context():
                try:
                    written += actions.write_clicks(batch, now=clock.now())
                except Exception:
                    log.exception("%s clicks were not written", len(batch))
        return written

    def _account(self, tag: str) -> int | None:
        now = clock.now()
        known = self._accounts.get(tag)
        if known is None or not known[1] <= now < known[1] + TAG_HOLDS:
            known = (queries.id_of_open_account(tag), now)
            self._accounts.put(tag, known)
        return known[0]

    def _counts(self, account: int, visit: Visit) -> bool:
        """Keeps floods away from the database; what several processes let through is counted again there."""
        hour = int(visit.at.timestamp()) // 3600
        if hour != self._hour or len(self._counted) > COUNTED_MOST:
            self._hour, self._counted = hour, Counter()
        one, every = (account, visit.network), (account, None)
        if self._counted[one] >= rules.NETWORK_CLICKS_MOST or self._counted[every] >= rules.CLICKS_MOST:
            return False
        self._counted.update((one, every))
        return len(self._waiting) < WAITING_MOST

    def _next(self) -> Iterator[Noted]:
        with suppress(IndexError):
            for _ in range(AT_ONCE):
                yield self._waiting.popleft()

    def _start(self) -> None:
        with self._begin:
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_writing, name="clicks", daemon=True)
                self._thread.start()
                Finalize(None, self.write, exitpriority=0)  # at the end of workers, too, unlike atexit

    def _keep_writing(self) -> None:
        while True:
            self._some.wait()
            time.sleep(PAUSE)
            self.write()
