"""Pages that are the same for everybody are kept rendered until what they show changes.

What they show has a row in `revisions`; an action that changes it calls `changed(name)` in its unit of work.
The row is read at each request, so that a change shows at once in all processes.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import closing
from dataclasses import dataclass
from functools import wraps
from typing import Generic, TypeVar

import sqlalchemy as sa
from flask import Response, current_app, make_response, request, session
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base
from webapp.extensions import db
from webapp.htmx import wants_fragment

View = TypeVar("View", bound=Callable[..., object])
Thing = TypeVar("Thing")

PAGES = 512
LONGEST_QUERY = 300  # nobody fills the shelf with addresses that come once


class Revision(Base):
    """A stamp that is new after every change of what kept pages show; drawn at random, none comes back."""

    __tablename__ = "revisions"

    name: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    stamp: Mapped[int] = mapped_column(sa.BigInteger)


class Shelf(Generic[Thing]):
    """The things used last, at most `size` of them; safe for threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._things: OrderedDict[Hashable, Thing] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Thing | None:
        """The thing, if it is still here."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
            return self._things.get(key)

    def put(self, key: Hashable, thing: Thing) -> None:
        """Keeps it; the one that nobody asked for longest goes."""
        with self._lock:
            self._things[key] = thing
            self._things.move_to_end(key)
            if len(self._things) > self._size:
                self._things.popitem(last=False)


@dataclass(frozen=True)
class KeptPage:
    """A rendered answer and the stamp of what it shows."""

    stamp: int
    body: bytes
    content_type: str
    etag: str


def shelf(name: str, size: int) -> Shelf[Thing]:
    """This application's shelf of that name."""
    shelves: dict[str, Shelf[Thing]] = current_app.extensions.setdefault("kept", {})
    return shelves.setdefault(name, Shelf(size))


def changed(name: str) -> None:
    """Says, in the caller's unit of work, that what `name` stands for is not as it was."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    stamp = secrets.randbits(62)
    statement = insert(Revision).values(name=name, stamp=stamp)
    db.session.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"stamp": statement.excluded.stamp})
    )


def stamp_of(name: str) -> int | None:
    """The stamp as it is committed now; None when nothing of it was ever changed. Past the session: cheap."""
    marker = "?" if db.engine.dialect.name == "sqlite" else "%s"
    with closing(db.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT stamp FROM revisions WHERE name = {marker}", (name,))  # noqa: S608 # the marker only
        row = cursor.fetchone()
        cursor.close()
    return row[0] if row else None


def until_changed(name: str) -> Callable[[View], View]:
    """The view's pages for visitors without a session are kept until `changed(name)`.

    The stamp is read before the page is made: a change in between makes the page newer than its stamp says,
    never older.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def keeping(*args: object, **kwargs: object) -> object:
            if not _the_same_for_everybody():
                return view(*args, **kwargs)
            stamp = stamp_of(name)
            pages: Shelf[KeptPage] = shelf("pages", PAGES)
            key = (request.environ["PATH_INFO"], request.environ.get("QUERY_STRING", ""), wants_fragment())
            page = pages.get(key)
            if page is None or page.stamp != stamp:
                response = make_response(view(*args, **kwargs))
                if stamp is None or response.status_code != 200 or session.modified:
                    return response
                page = KeptPage(
                    stamp, response.get_data(), response.headers["Content-Type"], secrets.token_hex(8)
                )
                pages.put(key, page)
            return _answer(page)

        return keeping  # type: ignore[return-value] # the same signature, by functools.wraps

    return decorate


def _the_same_for_everybody() -> bool:
    environ = request.environ
    return (
        request.method in ("GET", "HEAD")
        and f"{current_app.config['SESSION_COOKIE_NAME']}=" not in environ.get("HTTP_COOKIE", "")
        and len(environ.get("QUERY_STRING", "")) <= LONGEST_QUERY
    )


def _answer(page: KeptPage) -> Response:
    headers = {
        "Content-Type": page.content_type,
        "Cache-Control": "private, no-cache",
        "Vary": "Cookie, HX-Request",
        "ETag": f'"{page.etag}"',
    }
    if page.etag in request.environ.get("HTTP_IF_NONE_MATCH", ""):
        return Response(status=304, headers=headers)
    return Response(page.body, headers=headers)
