"""How a browser gets in and out: its cookie and the row of its session begin and end together."""

from __future__ import annotations

from flask import request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts import access, actions, passwords
from webapp.accounts.models import User


def enter(
    known: User,
    address: str | None,
    *,
    kept: bool = False,
    renewed_hash: str | None = None,
    confirmed: bool = False,
) -> AnyResponse:
    """Starts a session in place of the one that the browser may have, and goes to the address.

    Without one it goes to the page that the person wanted to see when it signed up; that is forgotten then.

    `confirmed` tells that the person has shown its password.
    """
    _end()
    address = address or known.first_page or url_for("accounts.start")
    token, row = actions.sign_in(
        known, seen_hash=known.password_hash, kept=kept, browser=request.user_agent.string,
        address=request.remote_addr or "", renewed_hash=renewed_hash, confirmed=confirmed,
        now=clock.now(),
    )  # fmt: skip
    return access.begin(token, row, address)


def confirm(password: str) -> bool:
    """Whether this is the person's password; if so, the session remembers when it was shown."""
    me = access.person()
    right = passwords.matches(me.password_hash, password)
    if right:
        actions.confirm_session(current_user.session, by=me, now=clock.now())
    return right


def leave() -> None:
    """Ends the session: the cookie opens nothing any more, wherever a copy of it is."""
    _end()
    session.clear()


def _end() -> None:
    if current_user.is_authenticated:
        actions.end_session(current_user.session, by=access.person(), now=clock.now())
