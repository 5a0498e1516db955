"""Who is asking, and for which organisation. Loading is authorising: what is not theirs is not found."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import TypeVar

from flask import (
    Flask,
    Response,
    abort,
    flash,
    g,
    redirect,
    request,
    session,
    url_for,
)
from flask_login import UserMixin, current_user, login_user
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, drafts
from webapp.accounts import queries
from webapp.accounts.models import User, UserSession, token_hash
from webapp.accounts.queries import AnyMember, Member, Org, Who
from webapp.accounts.rules import Role, confirmation_holds
from webapp.drafts import Draft
from webapp.extensions import login_manager
from webapp.found import found
from webapp.htmx import go, render, wants_fragment
from webapp.i18n import remember_language

View = TypeVar("View", bound=Callable[..., object])


class SignedIn(UserMixin):
    """What Flask-Login keeps: the session's token, which is in the cookie, and who that is at this moment.

    `session` and `person` are the rows, read by those who need them: most pages do with `who`.
    """

    def __init__(self, token: str, who: Who) -> None:
        self.token = token
        self.who = who

    @cached_property
    def session(self) -> UserSession:
        """This browser's session."""
        return queries.session(self.who.session_id)

    @cached_property
    def person(self) -> User:
        """Who has signed in."""
        return queries.person(self.who.person_id)

    def get_id(self) -> str:
        """The token; the row holds its hash only."""
        return self.token


def load_session(token: str) -> SignedIn | None:
    """Called by Flask-Login once per request that asks who is there."""
    who = queries.who(token_hash(token), now=clock.now())
    if who is None:
        return None
    if "region" not in g:
        g.region = who.region
    return SignedIn(token, who)


def begin(token: str, row: UserSession, address: str) -> AnyResponse:
    """Signs the browser in with a fresh cookie and sends it on; `/` speaks the person's language from now on.

    Nothing of the session before stays but what the next page is to tell.
    """
    told: list[tuple[str, str]] = session.get("_flashes", [])  # Flask's place for them; they stay unread here
    session.clear()
    for category, sentence in told:
        flash(sentence, category)
    session.permanent = row.kept
    login_user(found(load_session(token)))
    return with_language(go(address), row.user)


def with_language(response: AnyResponse, person: User) -> AnyResponse:
    """The answer that makes `/` lead to the person's language from now on."""
    remember_language(response, person.language)
    return response


def my_organisations() -> list[Org]:
    """The signed-in person's organisations, by name."""
    return [membership.org for membership in _my_memberships()]


def _my_memberships() -> tuple[Member, ...]:
    memberships: tuple[Member, ...] = current_user.who.memberships if current_user.is_authenticated else ()
    return memberships


def person() -> User:
    """The signed-in person. Only for views behind `signed_in`."""
    someone: User = current_user.person
    return someone


def me() -> str:
    """The public id of the signed-in person, for what needs no more."""
    public_id: str = current_user.who.public_id
    return public_id


def person_or_none() -> User | None:
    """The signed-in person, if there is one."""
    return current_user.person if current_user.is_authenticated else None


def recently_confirmed() -> bool:
    """Whether this browser was shown the person's password within the last minutes."""
    return current_user.is_authenticated and confirmation_holds(
        current_user.session.confirmed_at, now=clock.now()
    )


def send_to_sign_in() -> AnyResponse:
    """401 + HX-Redirect for HTMX, a redirect for a browser; the way back is kept."""
    if wants_fragment():
        back = request.headers.get("HX-Current-URL", "")
        path = "/" + back.split("/", 3)[3] if back.count("/") >= 3 else ""
        return Response(status=401, headers={"HX-Redirect": url_for("accounts.sign_in", next=path or None)})
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.sign_in", next=here), 303)


def signed_in(view: View) -> View:
    """The view is for signed-in people; others are sent to sign in and come back."""

    @wraps(view)
    def guarded(*args: object, **kwargs: object) -> object:
        if not current_user.is_authenticated:
            return send_to_sign_in()
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value] # the same signature, by functools.wraps


def member(role: Role = Role.COLLABORATOR) -> Callable[[View], View]:
    """The view's address names an organisation (`org`): the person belongs to it, with at least this role.

    The view gets the `Member` in place of the id. A stranger gets 404, too weak a role a page that says
    whom to ask.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @signed_in
        def guarded(*args: object, org: str, **kwargs: object) -> object:
            membership = found(next((mine for mine in _my_memberships() if mine.org.public_id == org), None))
            g.membership = membership
            if session.get("organisation") != org:
                session["organisation"] = org  # where `start` leads next time
            if not membership.role.reaches(role):
                return too_weak(membership, role)
            return view(*args, membership=membership, **kwargs)

        return guarded  # type: ignore[return-value] # `org` became `membership`

    return decorate


def too_weak(membership: AnyMember, role: Role) -> Response:
    """The page that says who may do it (403)."""
    return render(
        "accounts/too_weak.html",
        status=403,
        membership=membership,
        needed=role,
        able=queries.colleagues_with(membership.organisation, role),
    )


def own_draft(kind: str, key: str, membership: Member) -> Draft | None:
    """The colleague's live draft, which holds its membership as `by`; 404 for somebody else's, or a malformed key."""
    if not drafts.KEY.fullmatch(key):
        abort(404)
    draft = drafts.find(kind, key, now=clock.now())
    if draft and draft.data["by"] != membership.public_id:
        abort(404)
    return draft


def operator(view: View) -> View:
    """The view is part of the operator's desk; for everybody else it does not exist."""

    @wraps(view)
    @signed_in
    def guarded(*args: object, **kwargs: object) -> object:
        if not current_user.who.operator:
            abort(404)
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value] # the same signature, by functools.wraps


def init_app(app: Flask) -> None:
    """Tells Flask-Login how to load a session and what to do without one, and templates who is where."""
    app.jinja_env.globals.update(my_organisations=my_organisations)
    login_manager.user_loader(load_session)
    login_manager.unauthorized_handler(send_to_sign_in)
