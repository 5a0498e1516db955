"""What is asked of the ledger: balances, months, pages of a statement, the trial balance."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.factories import make_organisation, make_prepaid
from tests.ledger.story import CLEARING, REVENUE, book, booking, prepaid, rich
from tests.times import NOW
from webapp.extensions import db
from webapp.ledger import queries
from webapp.ledger.models import Entry
from webapp.ledger.rules import AccountKind
from webapp.money import Money

NOVEMBER, OCTOBER = date(2026, 11, 1), date(2026, 10, 1)
LONG_AGO = datetime(2024, 2, 3, 12, tzinfo=UTC)


def moved(organisation, *moments, minor=100):
    """CHF 1.00 is paid in at each of these moments."""
    for moment in moments:
        book(booking(CLEARING, prepaid(organisation), minor), now=moment)


def account_of(organisation):
    return queries.own_accounts(organisation)[0]


def amounts(statement):
    return [line.amount.minor for line in statement.lines]


# --- balances -----------------------------------------------------------------------------------------------


def test_an_organisation_has_its_own_currency_and_those_that_ever_moved(app):
    """RULES O3: a German company's account is in euros."""
    german = make_organisation(country="DE")
    assert queries.balances(german) == [Money(0, "EUR")]
    make_prepaid(german, 700, "CHF")
    assert queries.balances(german) == [Money(0, "EUR"), Money(700, "CHF")]
    make_prepaid(german, 300)
    book(booking(prepaid(german), REVENUE, 700))
    assert queries.balances(german) == [Money(300, "EUR"), Money(0, "CHF")]
    assert queries.balances(make_organisation()) == [Money(0, "CHF")]


def test_the_trial_balance_adds_up_to_nothing(app):
    """SECURITY L1."""
    assert queries.trial_balance() == {}
    one = rich(5_000)
    rich(2_000)
    book(booking(prepaid(one), REVENUE, 1_500))
    make_prepaid(one, 100, "EUR")
    assert queries.trial_balance() == {
        "CHF": {
            AccountKind.PREPAID: Money(5_500, "CHF"),
            AccountKind.CLEARING: Money(-7_000, "CHF"),
            AccountKind.REVENUE: Money(1_500, "CHF"),
        },
        "EUR": {AccountKind.PREPAID: Money(100, "EUR"), AccountKind.BANK: Money(-100, "EUR")},
    }


# --- months -------------------------------------------------------------------------------------------------


def test_only_months_that_have_entries_are_offered(app):
    organisation = make_organisation()
    assert queries.months(account_of(organisation)) == ()
    moved(organisation, LONG_AGO, LONG_AGO + timedelta(days=400), NOW)
    assert queries.months(account_of(organisation)) == (NOVEMBER, date(2025, 3, 1), date(2024, 2, 1))


def test_a_month_is_offered_as_soon_as_the_account_moves_in_it(app):
    """Months are remembered; what comes after them is not left out, and another account's are its own."""
    organisation, other = make_organisation(), make_organisation()
    moved(organisation, LONG_AGO)
    assert queries.months(account_of(organisation)) == (date(2024, 2, 1),)
    moved(organisation, NOW)
    moved(other, NOW)
    assert queries.months(account_of(organisation)) == (NOVEMBER, date(2024, 2, 1))
    assert queries.months(account_of(other)) == (NOVEMBER,)


def test_a_month_begins_in_the_operator_s_zone(app):
    """Zürich is an hour ahead of UTC in winter, and two in summer."""
    organisation = make_organisation()
    november = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    july = datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
    june = july - timedelta(seconds=1)
    moved(organisation, june, july, november)
    assert queries.months(account_of(organisation)) == (NOVEMBER, date(2026, 7, 1), date(2026, 6, 1))
    assert [
        queries.month_of(account_of(organisation), day).count for day in (NOVEMBER, OCTOBER, date(2026, 7, 1))
    ] == [1, 0, 1]


def test_each_month_begins_where_the_last_one_ended(app):
    organisation = make_organisation()
    moved(organisation, LONG_AGO, LONG_AGO + timedelta(days=400), NOW, NOW)
    account = account_of(organisation)
    chain = [
        (month.opening.minor, month.closing.minor, month.count)
        for day in reversed(queries.months(account))
        if (month := queries.month_of(account, day))
    ]
    assert chain == [(0, 100, 1), (100, 200, 1), (200, 400, 2)]
    quiet = queries.month_of(account, date(2024, 7, 1))
    assert (quiet.opening, quiet.closing, quiet.count) == (Money(100, "CHF"), Money(100, "CHF"), 0)


# --- a statement --------------------------------------------------------------------------------------------


@pytest.fixture
def busy(app):
    """An organisation with three entries in October and 120 in November, of 1, 2, 3 … Rappen."""
    organisation = make_organisation()
    moved(organisation, *[NOW - timedelta(days=40)] * 3)
    book(*(booking(CLEARING, prepaid(organisation), n) for n in range(1, 121)))
    return organisation


def test_a_statement_has_the_newest_entries_first(busy):
    month = queries.month_of(account_of(busy), NOVEMBER)
    pages = [queries.statement(month, page=n) for n in (1, 2, 3)]
    assert [amounts(page) for page in pages] == [
        list(range(120, 70, -1)),
        list(range(70, 20, -1)),
        list(range(20, 0, -1)),
    ]
    assert [page.more for page in pages] == [True, True, False]
    assert (month.opening.minor, month.closing.minor) == (300, 300 + 120 * 121 // 2)
    newest = pages[0].lines[0]
    assert newest.balance == month.closing and newest.cause == "topped_up"


def test_a_page_beyond_the_last_one_is_the_last_one(busy):
    month = queries.month_of(account_of(busy), NOVEMBER)
    assert queries.statement(month, page=99).page == 3
    assert amounts(queries.statement(month, page=99)) == list(range(20, 0, -1))


def test_the_file_has_all_entries_oldest_first(busy, monkeypatch):
    monkeypatch.setattr(queries, "AT_ONCE", 50)
    month = queries.month_of(account_of(busy), NOVEMBER)
    assert [row.amount for row in queries.all_rows(month)] == list(range(1, 121))


def test_what_others_move_is_not_in_it(busy):
    other = rich(5)
    month = queries.month_of(account_of(other), NOVEMBER)
    assert [row.amount for row in queries.all_rows(month)] == [5]


def test_a_statement_takes_as_many_statements_for_much_as_for_little(busy, statements):
    """The same at 10 and at 1,000,000 transfers."""
    small = rich(5)
    counts = []
    for organisation in (small, busy):
        with statements() as seen:
            accounts = queries.own_accounts(organisation)
            queries.months(accounts[0])
            queries.statement(queries.month_of(accounts[0], NOVEMBER))
        counts.append(len(seen))
    assert counts == [4, 4]


def test_no_query_of_a_page_reads_a_whole_account(busy, statements):
    """Each step is by an index: SQLite's plan scans no table of entries or transfers."""
    if db.engine.dialect.name != "sqlite":
        return
    with statements() as seen:
        account = account_of(busy)
        queries.months(account)
        queries.statement(queries.month_of(account, NOVEMBER), page=2)
        queries.heads([account.id])
        queries.balance(AccountKind.PREPAID, busy.id, currency="CHF")
    for statement in seen:
        values = ["2026-11-01 00:00:00" if "DATE" in statement else 1] * statement.count("?")
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(values))
        steps = [row[-1] for row in plan]
        assert not [step for step in steps if step.startswith(("SCAN entries", "SCAN transfers"))], steps
    assert len(seen) == 6


def test_entries_are_numbered_without_a_gap(busy):
    """SECURITY L3."""
    account = account_of(busy)
    numbers = db.session.scalars(
        sa.select(Entry.seq).where(Entry.account_id == account.id).order_by(Entry.seq)
    ).all()
    assert numbers == list(range(1, 124))
