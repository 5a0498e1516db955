"""One view answers a page to a browser and a fragment to HTMX; one place decides which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from flask import Response, flash, make_response, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response as AnyResponse

from webapp.forms import BaseForm
from webapp.i18n import tell
from webapp.refused import Refused

LAST_PAGE = 10_000


def wants_fragment() -> bool:
    """Whether HTMX asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def sent() -> MultiDict[str, str]:
    """What the form says. To a change that it sends by itself, HTMX adds the button that has the focus, though
    nobody has pressed it: that button (`do`) is left out."""
    form = request.form.copy()
    if wants_fragment():
        form.poplist("do")
    return form


def render(page: str, /, *, fragment: str | None = None, status: int = 200, **values: object) -> Response:
    """The page, or its fragment for HTMX where it has one. 422 is for a form that comes back with errors."""
    template = fragment if fragment and wants_fragment() else page
    response = make_response(render_template(template, **values), status)
    if fragment:
        response.vary.add("HX-Request")
    return response


def show(page: str, form: BaseForm | None, /, **values: Any) -> Response:
    """The page with its form, if it has one; a form that comes back says so by its status."""
    status = form.status if form is not None and form.is_submitted() else 200
    return render(page, form=form, status=status, **values)


@contextmanager
def saying_why_not() -> Iterator[None]:
    """What the rules refuse inside is told on the next page."""
    try:
        yield
    except Refused as refusal:
        flash(tell(refusal), "error")


def go(address: str) -> AnyResponse:
    """On to another page after something was done: 303, or `HX-Redirect` for HTMX."""
    if wants_fragment():
        return Response(status=204, headers={"HX-Redirect": iri_to_uri(address)})
    return redirect(address, 303)


def local_address(target: str | None, default: str) -> str:
    """`target` if it is a path of this site, else `default` (no open redirect)."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc or any(ord(c) < 33 for c in target) else target


def page_number(args: MultiDict[str, str]) -> int:
    """Which page of a list the address asks for by `page`; 1 for whatever is not a number."""
    typed = args.get("page", "")
    if not (typed.isascii() and typed.isdigit()):
        return 1
    return max(int(typed), 1) if len(typed) < len(str(LAST_PAGE)) else LAST_PAGE
