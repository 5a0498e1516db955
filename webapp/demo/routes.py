"""Demo mode's own pages: the mailbox in which all mail ends up; English, no language in the address."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click
from flask import Blueprint, Flask, Response, current_app, g, request, url_for
from flask.blueprints import BlueprintSetupState

from webapp.demo import calendar, month
from webapp.demo import mailbox as box
from webapp.demo.sign_ins import sign_ins
from webapp.found import found
from webapp.htmx import page_number, render
from webapp.security import POLICY
from webapp.text import tidy_line

blueprint = Blueprint("demo", __name__, cli_group=None)

PER_PAGE = 50
FRAMING = f"{POLICY}; frame-src 'self'"
FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-top-navigation-by-user-activation"
)


@blueprint.record_once
def _offer_sign_ins(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["demo_sign_ins"] = sign_ins


@blueprint.record_once
def _run_ahead(state: BlueprintSetupState) -> None:
    assert isinstance(state.app, Flask)
    state.app.config["AHEAD"] = calendar.ahead(state.app)


@blueprint.cli.command("demo")
@click.option(
    "--month", "played", is_flag=True, required=True, help="Play a month of the affiliate programme."
)
def play(played: bool) -> None:
    """Let the demo's time pass."""
    if not month.play(current_app, click.echo):
        raise click.ClickException("The ledger does not hold. See: flask ledger check")


@blueprint.before_request
def _speak_english() -> None:
    g.language = "en"


def _folder() -> Path:
    return current_app.config["SETTINGS"].mail_server.folder or Path("nowhere")


@blueprint.get("/mail")
def mailbox() -> Response:
    """All mails, newest first; `to` narrows them down."""
    to = tidy_line(request.args.get("to", ""))[:254]
    page = page_number(request.args)
    mails = box.envelopes(_folder(), to=to)
    return render(
        "demo/mailbox.html",
        mails=mails[(page - 1) * PER_PAGE : page * PER_PAGE],
        n=len(mails),
        to=to,
        page=page,
        more=len(mails) > page * PER_PAGE,
        at=lambda page: url_for("demo.mailbox", to=to or None, page=page),
    )


@blueprint.get("/mail/<name>")
def mail(name: str) -> Response:
    """One mail: as HTML in a frame, as text, its links, its source."""
    response = render("demo/mail.html", mail=found(box.opened(_folder(), name)))
    response.headers["Content-Security-Policy"] = FRAMING
    return response


@blueprint.get("/mail/<name>/html")
def mail_html(name: str) -> Response:
    """The HTML part by itself, with the styles that mail programs need and nothing else."""
    html = found(box.opened(_folder(), name)).html
    response = Response(html.replace("<head>", '<head><base target="_top">', 1))
    response.headers["Content-Security-Policy"] = FRAMED
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.get("/mail/<name>/source")
def mail_source(name: str) -> Response:
    """The mail as it left, for other programs."""
    response = Response(found(box.opened(_folder(), name)).source, mimetype="text/plain")
    response.headers["Content-Disposition"] = f"inline; filename={quote(name)}.txt"
    return response
