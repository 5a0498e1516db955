"""How a visitor found the site: over somebody's link, or by a code that somebody told (RULES F1, F2).

The last link followed is known by a click: its id, random, and when and where it led. It lives in the session
of the visit; for longer, in a cookie of its own, only once the visitor agrees (or the policy asks nobody). Who
recommends, and what is counted, is the business of a feature above, given to `init_app`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Flask, current_app, g, request, session
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from webapp import clock
from webapp.config import LANGUAGES
from webapp.database import new_public_id
from webapp.limits import network
from webapp.programme import Affiliation, programme

TAG = re.compile(r"[a-z2-9]{4,20}")
_AROUND = " \t\r\n.,;:!?/\\|()[]{}<>\"'“”‘’«»&=#"  # what mail programs and people leave around an address
REFERENCE = "ref"
NAMES = (REFERENCE, "utm_term")  # of the tag in an address; the first wins
_CARRIES_TAG = re.compile(rf"(?:^|&)(?:{'|'.join(NAMES)})=")
_LANGUAGE = re.compile(rf"^/(?:{'|'.join(LANGUAGES)})/")
_ANALYTICS = "utm_"  # parameters that say nothing about which page it is
_PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_MOZ")
SAME_VISIT = timedelta(hours=1)  # a page that is loaded again, or in another language, is no new click
LONGEST_PATH = 200
IN_SESSION, REFUSED = "visit", "visit_refused"
SIGNED_IN = "_user_id"  # Flask-Login's place in the session


@dataclass(frozen=True)
class Visit:
    """What is known of it when somebody signs up (RULES F2, F3).

    `click` is the click's own id, None for a code that was typed; `path` where the link led; `network` who
    signs up, as limits count (`limits.network`).
    """

    tag: str
    click: str | None
    at: datetime
    path: str
    network: str


class Recommenders(Protocol):
    """Those whose links count."""

    def knows(self, tag: str) -> bool:
        """Whether this is somebody's tag."""

    def note(self, visit: Visit) -> None:
        """Their link was followed. Called for each click: it must cost next to nothing."""


def network_hash(address: str) -> str | None:
    """What stands for a visitor's network until the window of a click is over; salted, so nobody can look it up."""
    if not network(address):
        return None
    secret = current_app.config["SETTINGS"].secret_key
    return hashlib.sha256(f"affiliate:{network(address)}:{secret}".encode()).hexdigest()


def normal_tag(typed: str) -> str | None:
    """The tag as it is stored, however it was spelled: `K7M2Q9`, ` k7m2q9/`, full-width letters (RULES F1)."""
    text = unicodedata.normalize("NFKC", typed)
    text = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cf", "Cc"))
    text = text.strip(_AROUND).casefold()
    return text if TAG.fullmatch(text) else None


# --- addresses ----------------------------------------------------------------------------------------------


def carries_tag(query: str) -> bool:
    """Whether an address with this query may be somebody's link."""
    return "=" in query and _CARRIES_TAG.search(query) is not None


def untagged(address: str) -> str:
    """The address without the tag and what analytics programs add."""
    parts = urlsplit(address)
    rest = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name != REFERENCE and not name.startswith(_ANALYTICS)
    ]
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", urlencode(rest), ""))


def page_of(address: str) -> str:
    """What links to this address are counted under: the same, and `/` for the home page in each language."""
    page = untagged(address)
    return "/" if page.strip("/") in LANGUAGES else page


def with_tag(address: str, tag: str) -> str:
    """The address, a path or a full one, as a link of this tag; one that it carried goes."""
    parts = urlsplit(address)
    others = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in NAMES
    ]
    return urlunsplit(parts._replace(query=urlencode([*others, (REFERENCE, tag)])))


def leads_to(address: str, *, own: str, sites: Sequence[str]) -> str | None:
    """Where a link may lead: a path of this site, or an https address on one of these hosts; None for all else.

    `own` is this site's address (`BASE_URL`): its full addresses become paths.
    """
    if not address or "\\" in address or any(ord(sign) < 33 or ord(sign) == 127 for sign in address):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if (parts.scheme, parts.netloc.lower()) == urlsplit(own)[:2]:
        address = urlunsplit(("", "", parts.path or "/", parts.query, parts.fragment))
    if address.startswith("/"):
        return None if address.startswith("//") else address
    return address if parts.scheme == "https" and parts.netloc.lower() in sites else None


class Way(NamedTuple):
    """Where a link leads: the address, with its tag, and what a click on the way is counted under; None where
    the page itself counts it."""

    location: str
    counted: str | None


@lru_cache(maxsize=1024)
def way(to: str, tag: str | None, *, own: str, sites: tuple[str, ...]) -> Way:
    """The way on by a redirect, with the tag if it is somebody's; to the first page where it may not lead."""
    address = leads_to(to, own=own, sites=sites) or "/"
    if tag is None:
        return Way(address, None)
    return Way(with_tag(address, tag), None if address.startswith("/") else page_of(address))


def is_page(path: str) -> bool:
    """Whether people can read something there: a click on such a path counts."""
    if urlsplit(path).path == "/":
        return True
    try:
        rule, _arguments = current_app.url_map.bind("").match(urlsplit(path).path, "GET", return_rule=True)
    except HTTPException:
        return False
    return "lang" in rule.arguments


# --- following a link ---------------------------------------------------------------------------------------


def init_app(app: Flask, recommenders: Recommenders) -> None:
    """Looks at each address that is opened, and lets pages ask whether the click may be remembered."""
    app.extensions["recommenders"] = recommenders
    app.before_request(_notice)
    app.after_request(_keep_cookie)
    app.jinja_env.globals.update(
        asks_about_visit=asks,
        days_of_visit=lambda: _terms().click_days,
        remembers_visit=lambda: _from_cookie() is not None,
        this_page_untagged=lambda: untagged(request.full_path),
    )


def _recommenders() -> Recommenders:
    return cast("Recommenders", current_app.extensions["recommenders"])


def _terms() -> Affiliation:
    return programme().affiliation


def _notice() -> None:
    """A page for people was opened by an address that carries a tag."""
    environ = request.environ
    if carries_tag(environ.get("QUERY_STRING", "")) and "language" in g and is_visit(environ):
        tag = tag_in_address()
        if tag:
            follow(tag, page_of(request.full_path))


def is_visit(environ: Mapping[str, Any]) -> bool:
    """Whether somebody opens a page: no part of one, nothing that a browser fetches in advance, no HEAD."""
    return (
        environ["REQUEST_METHOD"] == "GET"
        and environ.get("HTTP_SEC_FETCH_MODE", "navigate") == "navigate"
        and environ.get("HTTP_SEC_FETCH_DEST", "document") == "document"
        and not any("prefetch" in environ.get(name, "") for name in _PURPOSES)
        and "HTTP_HX_REQUEST" not in environ
    )


def tag_in_address() -> str | None:
    """The known tag that the address carries. `utm_term` is anybody's: what is unknown is ignored (RULES F1)."""
    for name in NAMES:
        for typed in request.args.getlist(name)[:1]:
            tag = known_tag(typed)
            if tag:
                return tag
    return None


def known_tag(typed: str) -> str | None:
    """The tag, however it was spelled, if it is somebody's."""
    tag = normal_tag(typed)
    return tag if tag and _recommenders().knows(tag) else None


def follow(tag: str, page: str) -> None:
    """Somebody's link was followed: it is counted, and the visitor's last one from now on (RULES F2)."""
    visit, before = Visit(tag, new_public_id(), clock.now(), page[:LONGEST_PATH], here()), current()
    if before and _is_again(visit, before):
        return
    _recommenders().note(visit)
    if SIGNED_IN in session:
        return  # a customer already (RULES F10)
    if not objects() and (not _terms().consent_required or _from_cookie()):
        g.visit = visit
        session.pop(IN_SESSION, None)
    else:
        session[IN_SESSION] = kept(visit)


def _is_again(visit: Visit, before: Visit) -> bool:
    same_page = _LANGUAGE.sub("/", visit.path) == _LANGUAGE.sub("/", before.path)
    return visit.tag == before.tag and same_page and visit.at - before.at < SAME_VISIT


def here() -> str:
    """The network that asks."""
    return network(request.remote_addr)


# --- what is known of the visitor ---------------------------------------------------------------------------


def current() -> Visit | None:
    """The visitor's last click that still counts (RULES F2)."""
    known = (g.get("visit"), _read(session.get(IN_SESSION)), _from_cookie())
    now = clock.now()
    since = now - timedelta(days=_terms().click_days)
    # one from the future, of a clock that went wrong, stands in no other's way
    counting = [visit for visit in known if visit and since <= visit.at <= now]
    last = max(counting, key=lambda visit: visit.at, default=None)
    return replace(last, network=here()) if last else None


def told(typed: str) -> Visit | None:
    """What somebody's code says; None for one that is nobody's."""
    tag = known_tag(typed)
    return Visit(tag, None, clock.now(), "", here()) if tag else None


def objects() -> bool:
    """Whether the browser says by itself that it wants nothing remembered (Global Privacy Control, Do Not Track)."""
    return "1" in (request.headers.get("Sec-GPC"), request.headers.get("DNT"))


def asks() -> bool:
    """Whether this page asks if the click may be remembered beyond the visit; not amidst filling in a form."""
    unasked = IN_SESSION in session and REFUSED not in session and SIGNED_IN not in session
    return unasked and request.method == "GET" and not objects()


def answer(*, remember: bool) -> None:
    """The visitor's answer: a cookie for as long as a click counts, or no further question in this visit."""
    visit = _read(session.get(IN_SESSION))
    if not remember or objects():
        session[REFUSED] = True
    elif visit:
        g.visit = visit
        session.pop(IN_SESSION)


def forget() -> None:
    """After the sign-up, or when the visitor wants so, nothing is known any more."""
    for name in (IN_SESSION, REFUSED):
        session.pop(name, None)
    g.visit = None


def kept(visit: Visit) -> list[Any]:
    """What the session or the cookie holds of it."""
    return [visit.tag, visit.click, int(visit.at.timestamp()), visit.path]


def _read(known: Any) -> Visit | None:
    if not known:
        return None
    tag, click, at, path = known
    return Visit(tag, click, datetime.fromtimestamp(at, UTC), path, "")


def cookie_name() -> str:
    """Of the cookie that remembers a visit."""
    return "__Host-visit" if current_app.config["SETTINGS"].secure else "visit"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="visit")


def _from_cookie() -> Visit | None:
    signed = request.cookies.get(cookie_name())
    if not signed or objects():
        return None
    try:
        return _read(_signer().loads(signed))
    except BadSignature:
        return None


def _keep_cookie(response: Response) -> Response:
    """Sets the cookie that was agreed to, or takes it away."""
    if "visit" not in g:
        return response
    secure = current_app.config["SETTINGS"].secure
    how: dict[str, Any] = {"secure": secure, "httponly": True, "samesite": "Lax"}
    visit: Visit | None = g.visit
    if visit:
        left = visit.at + timedelta(days=_terms().click_days) - clock.now()
        response.set_cookie(cookie_name(), _signer().dumps(kept(visit)), max_age=left, **how)
    elif cookie_name() in request.cookies:
        response.delete_cookie(cookie_name(), **how)
    return response
