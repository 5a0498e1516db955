"""What is the same for everybody is rendered once and kept: whole pages, cards, and the pieces of each page.

A kept page shows something that has a row in `revisions`; an action that changes it calls `changed(name)` in
its unit of work. The row is read at each request, so that a change shows at once in all processes. Pages for
visitors without a session are answered before Flask sets about its work.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import wraps
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from flask import Flask, current_app, make_response, render_template, request
from markupsafe import Markup
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base
from webapp.extensions import db
from webapp.i18n import LANGUAGE_COOKIE, reader
from webapp.unit import insert_into
from webapp.visits import carries_tag

View = TypeVar("View", bound=Callable[..., object])
Thing = TypeVar("Thing")

PAGES = 512
PIECES = 8192
LONGEST_QUERY = 300  # nobody fills the shelf with addresses that come once
_LANGUAGE = re.compile(rf"(?:^|;)\s*{LANGUAGE_COOKIE}=(\w{{2}})\s*(?:;|$)")


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

    def get_all(self, keys: Sequence[Hashable]) -> list[Thing | None]:
        """The same for many, in their order."""
        with self._lock:
            for key in keys:
                if key in self._things:
                    self._things.move_to_end(key)
            return [self._things.get(key) for key in keys]

    def put(self, key: Hashable, thing: Thing) -> None:
        """Keeps it; the one that nobody asked for longest goes."""
        with self._lock:
            self._things[key] = thing
            self._things.move_to_end(key)
            if len(self._things) > self._size:
                self._things.popitem(last=False)


def shelf(name: str, size: int) -> Shelf[Any]:
    """This application's shelf of that name."""
    shelves: dict[str, Shelf[Any]] = current_app.extensions.setdefault("kept", {})
    return shelves.get(name) or shelves.setdefault(name, Shelf(size))


def piece(template: str, **values: Hashable) -> Markup:
    """A part of a page that depends on nothing but the reader and these values: drawn once, then kept."""
    key = _key(template, values)
    kept_ones = shelf("pieces", PIECES)
    drawn: Markup | None = kept_ones.get(key)
    return drawn if drawn is not None else _drawn(kept_ones, key, template, values)


def pieces(template: str, name: str, rows: Sequence[tuple[Any, ...]], **values: Hashable) -> Markup:
    """Such a part for each row, which it gets as `name`, one after the other: a list costs one look at the shelf."""
    key = _key(template, values)
    keys = [(key, name, tuple(row)) for row in rows]  # a row of SQLAlchemy compares itself slowly
    kept_ones = shelf("pieces", PIECES)
    return Markup("\n").join(
        drawn if drawn is not None else _drawn(kept_ones, keys[n], template, {name: rows[n], **values})
        for n, drawn in enumerate(kept_ones.get_all(keys))
    )


def _key(template: str, values: dict[str, Hashable]) -> Hashable:
    who = reader()
    return (template, who.language, who.region, *values.items())


def _drawn(kept_ones: Shelf[Any], key: Hashable, template: str, values: dict[str, Any]) -> Markup:
    drawn = Markup(render_template(template, **values))  # noqa: S704 # a template's output is escaped there
    kept_ones.put(key, drawn)
    return drawn


# --- what pages show ----------------------------------------------------------------------------------------


def changed(name: str) -> None:
    """Says, in the caller's unit of work, that what `name` stands for is not as it was."""
    statement = insert_into(Revision).values(name=name, stamp=secrets.randbits(62))
    db.session.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"stamp": statement.excluded.stamp})
    )


_STAMP = {
    "sqlite": "SELECT stamp FROM revisions WHERE name = ?",
    "postgresql": "SELECT stamp FROM revisions WHERE name = %s",
}


def stamp_of(name: str, engine: Engine) -> int | None:
    """The stamp as it is committed now; None when nothing of it was ever changed. Past the session: cheap."""
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(_STAMP[engine.dialect.name], (name,))
        row = cursor.fetchone()
        cursor.close()
    return row[0] if row else None


# --- whole pages --------------------------------------------------------------------------------------------


def until_changed(name: str) -> Callable[[View], View]:
    """The view's pages for visitors without a session are kept until `changed(name)`.

    The stamp is read before the page is made: a change in between makes the page newer than its stamp says,
    never older.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def keeping(*args: object, **kwargs: object) -> object:
            # asked of Flask as well, which finds a session where `_key` sees none (`session =…`)
            has_session = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
            if "kept.key" not in request.environ or has_session:
                return view(*args, **kwargs)
            stamp = stamp_of(name, db.engine)
            response = make_response(view(*args, **kwargs))
            response.headers["Cache-Control"] = "private, no-cache"
            response.vary.update(("Cookie", "HX-Request"))
            if stamp is not None:
                response.set_etag(secrets.token_hex(8), weak=True)
                request.environ["kept.as"] = (name, stamp)
            return response

        return keeping  # type: ignore[return-value] # the same signature, by functools.wraps

    return decorate


@dataclass(frozen=True)
class KeptPage:
    """A whole answer, and the name and stamp of what it shows."""

    name: str
    stamp: int
    headers: list[tuple[str, str]]
    body: bytes
    etag: str


class KeptPages:
    """Stands before the application: answers pages that are kept, keeps those that `until_changed` marks."""

    def __init__(
        self, application: Callable[..., Iterable[bytes]], engine: Engine, session_cookie: str
    ) -> None:
        self._application = application
        self._engine = engine
        self._session = f"{session_cookie}="
        self._pages: Shelf[KeptPage] = Shelf(PAGES)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        key = self._key(environ)
        if key is None:
            return self._application(environ, start_response)
        page = self._pages.get(key)
        if page is None or not self._is_as_it_was(page):
            environ["kept.key"] = key
            return self._make(environ, start_response)
        if page.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            start_response("304 Not Modified", [pair for pair in page.headers if pair[0] != "Content-Length"])
            return []
        start_response("200 OK", page.headers)
        return [page.body]

    def _is_as_it_was(self, page: KeptPage) -> bool:
        """Whether nothing of what the page shows has changed; a database that is away is the application's to tell."""
        try:
            return page.stamp == stamp_of(page.name, self._engine)
        except (DBAPIError, self._engine.dialect.loaded_dbapi.Error):
            return False

    def _key(self, environ: dict[str, Any]) -> Hashable | None:
        """All that such an answer depends on; None for requests whose answers are their own."""
        cookies = environ.get("HTTP_COOKIE", "")
        query = environ.get("QUERY_STRING", "")
        if environ["REQUEST_METHOD"] != "GET" or self._session in cookies or len(query) > LONGEST_QUERY:
            return None
        if query and carries_tag(query):  # a click is noted, and the page may ask about it
            return None
        language = _LANGUAGE.search(cookies) if cookies else None
        return (
            environ["PATH_INFO"],
            query,
            environ.get("HTTP_HX_REQUEST"),
            environ.get("HTTP_SEC_FETCH_DEST") == "document" and environ.get("HTTP_SEC_FETCH_SITE"),
            language and language[1],
        )

    def _make(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        begun: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            begun[:] = [status, headers]
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        answer = self._application(environ, start)
        if "kept.as" not in environ or not begun or not self._may_keep(*begun):
            return answer
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        name, stamp = environ["kept.as"]
        headers = list(begun[1])
        etag = dict(headers)["ETag"]
        self._pages.put(environ["kept.key"], KeptPage(name, stamp, headers, body, etag))
        return [body]

    def _may_keep(self, status: str, headers: list[tuple[str, str]]) -> bool:
        cookies = [value for name, value in headers if name.lower() == "set-cookie"]
        # that of the language depends on nothing but the key
        return status.startswith("200") and all(value.startswith(f"{LANGUAGE_COOKIE}=") for value in cookies)


def init_app(app: Flask) -> None:
    """Puts the kept pages before the application, and `piece` and `pieces` into templates."""
    with app.app_context():
        app.wsgi_app = KeptPages(app.wsgi_app, db.engine, app.config["SESSION_COOKIE_NAME"])  # type: ignore[method-assign] # Flask's documented way
    app.jinja_env.globals.update(piece=piece, pieces=pieces)
