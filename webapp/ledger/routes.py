"""Pages of an organisation's prepaid account."""

from __future__ import annotations

from flask import Blueprint, Response, request

from webapp.accounts.access import member
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.found import found
from webapp.htmx import page_number, render
from webapp.ledger import exchange, labels, queries
from webapp.ledger.forms import read_account, read_month

blueprint = Blueprint("ledger", __name__)

for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


@blueprint.get("/o/<org>/account")
@member(Role.ADMINISTRATOR)
def account(membership: Member) -> Response:
    """What is on the prepaid account, and what moved in a month."""
    accounts = queries.own_accounts(membership.org)
    chosen = read_account(request.args, accounts)
    months = queries.months(chosen)
    day = read_month(request.args, months)
    month = queries.month_of(chosen, day) if day else None
    return render(
        "ledger/account.html",
        fragment="ledger/_statement.html",
        membership=membership,
        endpoint="ledger.account",
        accounts=accounts,
        chosen=chosen,
        months=months,
        statement=queries.statement(month, page=page_number(request.args)) if month else None,
    )


@blueprint.get("/o/<org>/account.csv")
@member(Role.ADMINISTRATOR)
def account_file(membership: Member) -> Response:
    """A month of the account for spreadsheets."""
    chosen = read_account(request.args, queries.own_accounts(membership.org))
    day = found(read_month(request.args, queries.months(chosen)))
    return exchange.download(queries.month_of(chosen, day))
