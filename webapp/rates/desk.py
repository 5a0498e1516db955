"""Exchange rates at the operator's desk, and the command that imports them."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Blueprint, flash, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, uploads
from webapp.accounts.access import operator, person
from webapp.htmx import go, show
from webapp.i18n import ngettext
from webapp.payments.elements import Faults
from webapp.rates import actions, files, labels, queries
from webapp.rates.forms import RatesForm
from webapp.rates.rules import OtherRate

DAYS_SHOWN = 30

blueprint = Blueprint("rates", __name__, cli_group="rates")
for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


@blueprint.route("/admin/rates", methods=["GET", "POST"])
@uploads.takes_files
@operator
def desk() -> AnyResponse:
    """The newest rates, and a form that takes a file in (RULES F9)."""
    form = RatesForm()
    if form.validate_on_submit():
        fresh = actions.take_in(form.rates, by=person(), now=clock.now())
        flash(ngettext("%(num)s day was imported.", "%(num)s days were imported.", fresh))
        return go(url_for("rates.desk"))
    return show("rates/desk.html", form, rates=queries.newest(DAYS_SHOWN), today=clock.day_of(clock.now()))


@blueprint.cli.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def take_in(file: Path) -> None:
    """Take in the European Central Bank's reference rates from FILE, its XML or CSV, of a day or of all days."""
    try:
        fresh = actions.take_in(files.read(file.read_bytes()), by=None, now=clock.now())
    except Faults as wrong:
        raise click.ClickException("\n".join(fault.sentence for fault in wrong.faults)) from None
    except OtherRate as refusal:
        raise click.ClickException(refusal.sentence % refusal.values) from None
    click.echo(f"{fresh} days were imported.")
