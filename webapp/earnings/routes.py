"""Pages of an affiliate's earnings."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts.access import member
from webapp.accounts.queries import Member
from webapp.affiliation import queries as affiliation
from webapp.affiliation.models import AffiliateAccount
from webapp.affiliation.rules import SEES_EARNINGS
from webapp.earnings import exchange, labels, queries
from webapp.found import found
from webapp.htmx import go, page_number, render
from webapp.ledger import exchange as statements
from webapp.ledger import queries as books
from webapp.ledger.forms import read_account, read_month
from webapp.ledger.rules import AccountKind
from webapp.payouts import queries as payouts
from webapp.programme import programme

blueprint = Blueprint("earnings", __name__)
for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


def _account(membership: Member) -> AffiliateAccount:
    """The organisation's affiliate account, open or closed; there is no such page for others."""
    return found(affiliation.account_of(membership.organisation))


@blueprint.get("/o/<org>/affiliate")
@member(SEES_EARNINGS)
def index(membership: Member) -> AnyResponse:
    """Waiting, confirmed and paid, the way to the next rate, and each order (RULES F5–F8)."""
    account = affiliation.account_of(membership.organisation)
    if account is None:
        return go(url_for("affiliation.join", org=membership.org.public_id))
    now, page = clock.now(), page_number(request.args)
    return render(
        "earnings/index.html",
        fragment="earnings/_commissions.html",
        membership=membership, account=account, terms=programme().affiliation,
        standing=payouts.standing(account, now=now), progress=queries.progress(account),
        chart=queries.chart(account, today=clock.day_of(now)), listed=queries.listed(account, page=page),
    )  # fmt: skip


@blueprint.get("/o/<org>/affiliate/statement")
@member(SEES_EARNINGS)
def statement(membership: Member) -> Response:
    """What moved on the affiliate's account in a month: commissions, what was taken back, payouts."""
    account = _account(membership)
    accounts = _books(account)
    chosen = read_account(request.args, accounts)
    months = books.months(chosen)
    day = read_month(request.args, months)
    month = books.month_of(chosen, day) if day else None
    return render(
        "earnings/statement.html",
        fragment="ledger/_statement.html",
        membership=membership, endpoint="earnings.statement", account=account, accounts=accounts, chosen=chosen,
        months=months, statement=books.statement(month, page=page_number(request.args)) if month else None,
    )  # fmt: skip


@blueprint.get("/o/<org>/affiliate/statement.csv")
@member(SEES_EARNINGS)
def statement_file(membership: Member) -> Response:
    """A month of the account for spreadsheets."""
    chosen = read_account(request.args, _books(_account(membership)))
    day = found(read_month(request.args, books.months(chosen)))
    return statements.download(books.month_of(chosen, day), "earnings")


def _books(account: AffiliateAccount) -> list[books.OwnAccount]:
    return books.own_accounts(account.organisation, AccountKind.EARNINGS, currency=account.currency)


@blueprint.get("/o/<org>/affiliate/earnings.csv")
@member(SEES_EARNINGS)
def earnings_file(membership: Member) -> Response:
    """All orders as a file."""
    return exchange.download(_account(membership))
