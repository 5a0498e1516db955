"""The operator's commands: `flask --app wsgi <command>`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from webapp import clock, extraction, sheets, upkeep
from webapp.affiliation import proofs as _affiliation  # noqa: F401 # registers what affiliation proves
from webapp.backoffice import actions as backoffice
from webapp.i18n import tell
from webapp.ledger import proofs, queries
from webapp.mailer import address_of
from webapp.money import Money
from webapp.orders import proofs as _proofs  # noqa: F401 # registers what orders prove
from webapp.payments import proofs as _payments  # noqa: F401 # registers what payments prove
from webapp.payouts import actions as paying
from webapp.payouts import proofs as _payouts  # noqa: F401 # registers what payouts prove
from webapp.refused import Refused
from webapp.worker import Stop, run

FAULTY_LEDGER = """
Rows were changed behind the application, or the application has a defect. Do not edit the rows.
1. Stop the worker, so that nothing is paid out: keep it stopped until this is understood.
2. Copy the database as it is now: flask --app wsgi backup FILE
3. Check the newest backups with this command to find out since when it is so.
4. Restore the last one that is right, or book back what is wrong; then run this command again."""


def init_app(app: Flask) -> None:
    """Registers the commands."""
    for command in (setup, worker, backup, check, translate, ledger, payouts):
        app.cli.add_command(command)


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined] # Flask's proxy


@click.command()
@with_appcontext
def setup() -> None:
    """Print the one-time address at which the first operator signs up."""
    try:
        link = backoffice.open_setup(now=clock.now())
    except Refused as refusal:
        raise click.ClickException(tell(refusal)) from None
    language = current_app.config["SETTINGS"].default_language
    click.echo("Open this address within 24 hours; it works once:")
    click.echo(address_of("backoffice.setup", token=link.token, lang=language))


@click.command()
@click.option("--no-mail", is_flag=True, help="Do not send mail; it waits in its queue (after a restore).")
@with_appcontext
def worker(no_mail: bool) -> None:
    """Deliver mail and do what is due, until stopped."""
    run(_app(), Stop().listen(), mail=not no_mail)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def backup(file: Path) -> None:
    """Copy the database, in use or not, to FILE."""
    try:
        size = upkeep.back_up(file.absolute())
    except upkeep.CannotBackUp as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The database is copied to {file} ({size / 1_000_000:.1f} MB).")


@click.command()
@with_appcontext
def check() -> None:
    """Look whether settings, database and mail server are in place; sends nothing."""
    found = list(upkeep.findings(_app()))
    for finding in found:
        click.echo(f"{'ok     ' if finding.fine else 'NOT OK '} {finding.sentence}")
    if not all(finding.fine for finding in found):
        raise SystemExit(1)


@click.command()
def translate() -> None:
    """Collect the sentences of code and templates into the catalogues."""
    for language, waiting in extraction.update().items():
        click.echo(f"{language}: {waiting} sentences wait for their translation.")


@click.group()
def ledger() -> None:
    """Look after the ledger."""


@ledger.command("check")
@with_appcontext
def check_ledger() -> None:
    """Prove that all money adds up; changes nothing. Prints the trial balance, and each fault."""
    for currency, kinds in queries.trial_balance().items():
        click.echo(f"{currency}")
        for kind, balance in kinds.items():
            click.echo(f"  {kind:<12}{sheets.figure(balance):>20}")
        total = sum(kinds.values(), Money(0, currency))
        click.echo(f"  {'total':<12}{sheets.figure(total):>20}")
    found = proofs.run()
    for name, faults in found.items():
        click.echo(f"{'NOT OK ' if faults else 'ok     '} {name}")
        for fault in faults:
            click.echo(f"        {fault}")
    if any(found.values()):
        click.echo(FAULTY_LEDGER)
        raise SystemExit(1)


@click.group()
def payouts() -> None:
    """Look after what affiliates are paid."""


@payouts.command("run")
@click.option("--month", type=click.DateTime(["%Y-%m"]), help="Such as 2026-12; this month unless given.")
@with_appcontext
def run_payouts(month: datetime | None) -> None:
    """Pay the affiliates who are due and not paid yet; safe to repeat. The worker does it by itself."""
    now = clock.now()
    first = month.date() if month else clock.day_of(now).replace(day=1)
    try:
        made = paying.run_month(first, now=now)
    except Refused as refusal:
        raise click.ClickException(tell(refusal)) from None
    click.echo(f"Payouts made for {first:%Y-%m}: {made}.")
