"""The tests' browser: it proofreads each page, sends forms as people do, and signs people in."""

from __future__ import annotations

import contextvars
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.html import Element, read
from tests.proofreading import complaints_about
from tests.times import Clock
from webapp.accounts.access import token_hash
from webapp.accounts.models import User, UserSession
from webapp.extensions import db
from webapp.unit import unit_of_work

SECONDS_TO_FILL_IN = 20


@dataclass(frozen=True)
class Page:
    """An answer as people see it. `status`, `path` and `headers` are the answer's."""

    response: TestResponse

    @property
    def status(self) -> int:
        """The status code."""
        return self.response.status_code

    @property
    def path(self) -> str:
        """The address that was asked for, without its query."""
        return self.response.request.path

    @property
    def headers(self) -> Any:
        """The answer's headers."""
        return self.response.headers

    @property
    def location(self) -> str:
        """Where it sends people on to: the path with its query."""
        where = urlsplit(self.response.headers.get("Location") or self.response.headers["HX-Redirect"])
        return f"{where.path}?{where.query}" if where.query else where.path

    @cached_property
    def root(self) -> Element:
        """Its elements."""
        return read(self.response.text)[0]

    @cached_property
    def main(self) -> Element:
        """The elements of its main part; of the whole fragment where there is no page around."""
        return next(iter(self.root.all("main")), self.root)

    @property
    def text(self) -> str:
        """What people read in the main part, blanks tidied."""
        return self.main.text

    @property
    def h1(self) -> str:
        """Its heading."""
        return self.root.all("h1")[0].text

    @property
    def title(self) -> str:
        """Its title in the browser."""
        return self.root.all("title")[0].text

    @property
    def links(self) -> dict[str, str]:
        """words -> address of the links in the main part."""
        return {link.text or link.get("aria-label"): link.get("href") for link in self.main.all("a")}

    @property
    def all_links(self) -> list[str]:
        """The addresses of all links, menus included."""
        return [link.get("href") for link in self.root.all("a") if link.has("href")]

    @property
    def forms(self) -> list[Element]:
        """The forms of the main part."""
        return self.main.all("form")

    @property
    def buttons(self) -> list[str]:
        """The words on the buttons of the main part."""
        return [button.text for button in self.main.all("button")]

    @property
    def errors(self) -> list[str]:
        """What the summary at the top complains about."""
        return [item.text for box in self.root.with_class("errors") for item in box.all("li")]

    @property
    def notices(self) -> list[str]:
        """What it says was done."""
        return [notice.text for notice in self.root.walk() if notice.get("role") == "status" and notice.text]

    def form(self, action: str | None = None) -> Element:
        """The form of the main part that goes to this address; the only one that posts without an address."""
        base = self.response.request.path
        posting = [form for form in self.root.all("form") if form.get("method").lower() == "post"]
        if action is not None:
            found = [
                form
                for form in self.root.all("form")
                if _path(urljoin(base, form.get("action"))) == _path(action)
            ]
        else:
            inside = [form for form in posting if any(holder.tag == "main" for holder in form.ancestors())]
            own = [form for form in inside if _path(urljoin(base, form.get("action"))) == base]
            found = own or inside or posting
        assert len(found) == 1, (
            f"{self.path} has {len(found)} such forms: {[f.get('action') for f in posting]}"
        )
        return found[0]

    def __contains__(self, words: str) -> bool:
        return words in self.text


def _path(address: str) -> str:
    return urlsplit(address).path


def values_of(form: Element) -> dict[str, Any]:
    """What a browser would send when nothing is changed; lists where a name stands more than once."""
    values: dict[str, list[str]] = {}
    for control in form.all("input", "select", "textarea"):
        name, kind = control.get("name"), control.get("type", "text")
        if not name or control.has("disabled") or kind in ("submit", "button", "file", "image", "reset"):
            continue
        if control.tag == "select":
            options = control.all("option")
            chosen = [option for option in options if option.has("selected")] or options[:1]
            values.setdefault(name, []).extend(option.get("value", option.text) for option in chosen)
        elif control.tag == "textarea":
            text = "".join(child for child in control.children if isinstance(child, str))
            values.setdefault(name, []).append(text.removeprefix("\n"))
        elif kind not in ("radio", "checkbox") or control.has("checked"):
            values.setdefault(name, []).append(control.get("value", "on" if kind == "checkbox" else ""))
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


class ProofreadingClient(FlaskClient):
    """`get` and `post` answer responses, `get_page` and `submit` pages; each HTML answer is proofread.

    Every request has an application context of its own, as in production, even when the test holds one open;
    afterwards the test's session reads anew what the request has committed.
    """

    clock: Clock

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if has_app_context():
            db.session.commit()
        kwargs.setdefault("buffered", True)  # files are read and closed
        response: TestResponse = contextvars.Context().run(super().open, *args, **kwargs)
        response.request.environ["wsgi.input"].close()  # a large request lies in a file
        if has_app_context():
            db.session.expire_all()
        self._proofread(response)
        return response

    @staticmethod
    def _proofread(response: TestResponse) -> None:
        if response.mimetype != "text/html" or response.request.method == "HEAD" or not response.data:
            return
        if 300 <= response.status_code < 400:
            return
        fragment = response.request.headers.get("HX-Request") == "true" and "<html" not in response.text
        complaints = complaints_about(response.text, path=response.request.path, fragment=fragment)
        assert not complaints, "\n  ".join(
            [f"{response.request.method} {response.request.path}:", *complaints]
        )

    def get_page(self, address: str, *, status: int = 200, **kwargs: Any) -> Page:
        """The page at this address; it must answer with this status."""
        page = Page(self.get(address, **kwargs))
        assert page.status == status, f"{address} answered {page.status}: {page.headers.get('Location', '')}"
        return page

    def submit(
        self, address: str, data: dict[str, Any] | None = None, *, to: str | None = None, **kwargs: Any
    ) -> Page:
        """Opens the page, fills in the form (the one that goes to `to`, else its only one), sends it; follows
        nothing. What `data` leaves out stays as the form shows it; None takes a field out; a list is several
        values; a file is `(stream, filename)`. The clock moves on by the seconds that people need to type.
        """
        page = self.get_page(address)
        form = page.form(to)
        values = {**values_of(form), **(data or {})}
        self.clock.forward(seconds=SECONDS_TO_FILL_IN)
        target = urljoin(page.path, form.get("action"))
        sent = {name: value for name, value in values.items() if value is not None}
        return Page(self.post(target, data=sent, **kwargs))

    def post_to(self, address: str, data: dict[str, Any] | None = None, **kwargs: Any) -> Page:
        """Posts past all forms, but with a token of this session: what somebody could do with own tools."""
        return Page(self.post(address, data={"csrf_token": self.token(), **(data or {})}, **kwargs))

    def token(self) -> str:
        """A csrf_token of this session."""
        app = self.application

        def make() -> str:
            from flask import session
            from flask_wtf.csrf import generate_csrf

            with self.session_transaction() as kept, app.test_request_context():
                session.update(kept)
                made: str = generate_csrf()
                kept.update(session)
            return made

        return contextvars.Context().run(make)

    def sign_in(self, user: User) -> ProofreadingClient:
        """Signs the person in without the sign-in page (that page has tests of its own)."""
        token = secrets.token_urlsafe(32)
        _start_session(user, token, self.clock)

        def keep() -> None:
            with self.session_transaction() as session:
                session.clear()
                session["_user_id"] = token
                session["_fresh"] = True

        contextvars.Context().run(keep)
        return self

    def sign_out(self) -> ProofreadingClient:
        """Forgets who was signed in, and all cookies."""
        self._cookies = {}
        return self


@unit_of_work
def _start_session(user: User, token: str, clock: Clock) -> None:
    db.session.add(
        UserSession(
            user_id=user.id,
            token_hash=token_hash(token),
            kept=False,
            created_at=clock.now,
            last_seen_at=clock.now,
        )
    )
