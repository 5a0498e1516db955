"""Every error is a page in the reader's language that says what happened and what to do next; JSON for machines."""

from __future__ import annotations

import logging

from flask import Flask, abort, current_app, g, jsonify, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from webapp.config import LANGUAGES
from webapp.extensions import db
from webapp.htmx import render
from webapp.i18n import gettext as _
from webapp.i18n import tell
from webapp.refused import Refused, TooMany

log = logging.getLogger(__name__)

MACHINES = "/api"  # below it nobody reads pages
FOR_MACHINES = {
    400: ("bad_request", "This is not a request that can be read."),
    403: ("forbidden", "A browser sent this from another site."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not know this method."),
    413: ("body_too_large", "The body is too large."),
    415: ("wrong_media_type", "The body has to be application/json in UTF-8."),
    500: ("broken", "Something broke on our side. Nothing was saved; send it again later."),
}


def _speak_language_of_address() -> None:
    first = request.path.split("/")[1] if "/" in request.path else ""
    if "language" not in g and first in LANGUAGES:
        g.language = first


def _page(status: int, title: str, sentence: str) -> Response:
    return render("layouts/error.html", status=status, title=title, sentence=sentence, code=status)


def _machines_ask() -> bool:
    return request.path == MACHINES or request.path.startswith(f"{MACHINES}/")


def _told_to_machines(status: int) -> Response:
    code, message = FOR_MACHINES.get(status, ("refused", "This is not possible."))
    response = jsonify(errors=[{"code": code, "pointer": "", "message": message}])
    response.status_code = status
    return response


def http_error(error: HTTPException) -> Response | HTTPException:
    """Pages for the errors that routing, authorisation and limits raise."""
    _speak_language_of_address()
    if error.code is None or error.code < 400:
        return error
    response = _told_to_machines(error.code) if _machines_ask() else _page_for(error)
    if error.code == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(error.valid_methods)  # type: ignore[attr-defined] # checked above
    return response


def _page_for(error: HTTPException) -> Response:
    pages = {
        403: (_("You can’t do this"), _("Your role or this address does not allow it.")),
        404: (_("This page does not exist"), _("It may have moved, or the link is incomplete.")),
        405: (_("This is not how it works"), _("The address was opened in a way that it does not support.")),
        410: (_("This is no longer available"), _("What was here is not available any more.")),
        413: (
            _("That is too large"),
            _("The files are too large to be received. Go back and choose smaller ones."),
        ),
        429: (_("Please wait a moment"), _("There were too many attempts. Try again a little later.")),
    }
    status = error.code or 500
    title, sentence = pages.get(status, (_("That did not work"), _("Go back and try again.")))
    if error.description and status in (403, 410) and error.description != type(error).description:
        sentence = str(error.description)
    return _page(status, title, sentence)


def csrf_error(error: CSRFError) -> Response:
    """The form's session is over: nothing was done."""
    _speak_language_of_address()
    log.info("form refused: %s", error.description)
    return _page(
        400,
        _("Please send the form again"),
        _("Your session had ended, so nothing was changed. Go back, reload the page and send it again."),
    )


def refused(error: Refused) -> Response:
    """A rule that said no, where the page itself did not catch it."""
    _speak_language_of_address()
    db.session.rollback()
    if _machines_ask():
        return _told_to_machines(error.status)
    if isinstance(error, TooMany):
        response = _page(429, _("Please wait a moment"), tell(error))
        response.headers["Retry-After"] = str(error.seconds)
        return response
    return _page(error.status, _("That is not possible"), tell(error))


def link_over(address: str, label: str) -> Response:
    """A mailed link that opens nothing: used, expired, replaced, malformed and unknown ones look alike.

    `address` and `label` say where to go instead.
    """
    return render("layouts/link_over.html", status=410, address=address, label=label)


def crash(error: Exception) -> Response:
    """A bug or a broken neighbour: logged with its trace, told plainly."""
    if current_app.config.get("TESTING"):
        raise error
    _speak_language_of_address()
    db.session.rollback()
    log.exception("%s %s failed", request.method, request.endpoint)
    if _machines_ask():
        return _told_to_machines(500)
    return _page(
        500,
        _("Something broke on our side"),
        _("It has been recorded. What you sent was not saved; please try again in a moment."),
    )


def lead_no_machine_on() -> None:
    """Where Werkzeug would send a browser on, from a doubled slash, a machine is told that nothing is there."""
    if isinstance(request.routing_exception, RequestRedirect) and _machines_ask():
        abort(404)


def init_app(app: Flask) -> None:
    """Registers the pages."""
    app.before_request(lead_no_machine_on)
    app.register_error_handler(CSRFError, csrf_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(Exception, crash)
