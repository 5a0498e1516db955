"""What the database itself refuses, whatever the application would do: SQL, not actions, writes here."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.factories import make_organisation
from tests.ledger.story import CLEARING, REVENUE, book, booking, prepaid, rich
from tests.times import NOW
from webapp.database import new_public_id
from webapp.extensions import db
from webapp.ledger import queries
from webapp.ledger.models import Entry, LedgerAccount, Transfer
from webapp.ledger.rules import AccountKind


@pytest.fixture
def account(app):
    """The prepaid account of an organisation that has paid in CHF 100.00, by two transfers."""
    organisation = rich(6_000)
    book(booking(CLEARING, prepaid(organisation), 4_000))
    return queries.accounts({(prepaid(organisation), "CHF")})[prepaid(organisation), "CHF"]


def clearing():
    return queries.accounts({(CLEARING, "CHF")})[CLEARING, "CHF"]


def refused(statement, match=None):
    """The statement fails, and nothing of it stays."""
    with pytest.raises(DBAPIError, match=match):
        db.session.execute(statement)
    db.session.rollback()


def transfer(debit, credit, amount=500, **values):
    """Writes a transfer without entries, in the test's own transaction."""
    row = {
        "public_id": new_public_id(), "at": NOW, "debit_id": debit.id, "credit_id": credit.id,
        "amount": amount, "currency": "CHF", "cause": "topped_up", "key": new_public_id(),
        "subject": "tests:1", "reference": "", "policy_version": "test", **values,
    }  # fmt: skip
    return sa.insert(Transfer.__table__).values(**row)


def entry(account, transfer_id, **values):
    """The third entry of the account, right unless told otherwise."""
    row = {
        "account_id": account.id, "seq": 3, "transfer_id": transfer_id, "at": NOW, "amount": 500,
        "balance": 10_500, "floored": True, **values,
    }  # fmt: skip
    return sa.insert(Entry.__table__).values(**row)


@pytest.mark.parametrize("table", ["transfers", "entries", "ledger_accounts"])
def test_nothing_is_changed_or_deleted(account, table):
    """SECURITY L3: triggers refuse it on both databases."""
    for statement in (f"UPDATE {table} SET public_id = 'x'", f"DELETE FROM {table}"):
        if table == "entries":
            statement = statement.replace("public_id = 'x'", "balance = 1")
        refused(sa.text(statement), "append-only")


def test_a_right_entry_is_let_in(account):
    made = db.session.execute(transfer(clearing(), account))
    db.session.execute(entry(account, made.inserted_primary_key[0]))
    db.session.rollback()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"seq": 4}, "no gap"),
        ({"seq": 2}, "no gap"),
        ({"balance": 10_501}, "the one before and the amount"),
        ({"amount": 501, "balance": 10_501}, "what its transfer says"),
        ({"amount": -500, "balance": 9_500}, "what its transfer says"),
        ({"at": NOW.replace(year=2020)}, "run back"),
        ({"at": NOW.replace(year=2030)}, "what its transfer says"),
        ({"floored": False}, "what its transfer says"),
        ({"transfer_id": 10**6}, "what its transfer says"),
    ],
)
def test_an_entry_continues_its_account_s_chain(account, values, why):
    """SECURITY L2, L3, L5."""
    made = db.session.execute(transfer(clearing(), account))
    refused(entry(account, **{"transfer_id": made.inserted_primary_key[0], **values}), why)


def test_an_entry_of_a_third_account_is_refused(account):
    """SECURITY L1."""
    other = rich(10_000)
    third = queries.accounts({(prepaid(other), "CHF")})[prepaid(other), "CHF"]
    made = db.session.execute(transfer(clearing(), account))
    refused(entry(third, made.inserted_primary_key[0], seq=2), "what its transfer says")


def test_the_floor_holds_in_the_database(account):
    """SECURITY L5: a CHECK, also when the application forgets it."""
    made = db.session.execute(transfer(account, clearing(), 10_001))
    refused(entry(account, made.inserted_primary_key[0], amount=-10_001, balance=-1), "floor")


def test_a_transfer_has_the_currency_of_both_accounts(account):
    """SECURITY L6: by foreign keys."""
    refused(transfer(clearing(), account, currency="EUR"))
    book(booking(CLEARING, REVENUE, 1, "EUR"))
    euros = queries.accounts({(CLEARING, "EUR")})[CLEARING, "EUR"]
    refused(transfer(euros, account))
    refused(transfer(euros, account, currency="EUR"))


@pytest.mark.parametrize("amount", [0, -1])
def test_a_transfer_is_over_an_amount_above_zero(account, amount):
    """SECURITY L7."""
    refused(transfer(clearing(), account, amount))


def test_no_fraction_gets_in(app, account):
    """SECURITY L7: SQLite would keep it, PostgreSQL rounds it away before the check."""
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
        return
    db.session.rollback()
    with pytest.raises(IntegrityError, match="amount"):
        db.session.execute(
            sa.text(
                "INSERT INTO transfers (public_id, at, debit_id, credit_id, amount, currency, cause, key, subject,"
                " reference, policy_version) VALUES ('x', '2026-01-01', :one, :other, 1.5, 'CHF', 'topped_up',"
                " 'x', 'x', '', 'x')"
            ),
            {"one": account.id, "other": clearing().id},
        )
    db.session.rollback()


def test_other_nonsense_is_refused_too(account):
    refused(transfer(account, account))
    refused(transfer(clearing(), account, cause="gift"))
    refused(transfer(clearing(), account, cause="converted"))
    refused(transfer(clearing(), account, rate=1, rate_on=NOW.date()))
    refused(transfer(clearing(), account, cause="converted", rate=0, rate_on=NOW.date()))
    refused(transfer(clearing(), account, key=db.session.scalar(sa.select(Transfer.key).limit(1))))


def test_an_account_exists_once(app):
    organisation = make_organisation()

    def account(kind, organisation_id, currency="CHF"):
        return sa.insert(LedgerAccount.__table__).values(
            public_id=new_public_id(),
            kind=kind,
            organisation_id=organisation_id,
            currency=currency,
            created_at=NOW,
        )

    for row in ((AccountKind.BANK, None), (AccountKind.PREPAID, organisation.id)):
        db.session.execute(account(*row))
        db.session.commit()
        refused(account(*row))
        db.session.execute(account(*row, "EUR"))
        db.session.commit()
    refused(account(AccountKind.VAT, organisation.id), "whose")
    refused(account(AccountKind.PREPAID, None), "whose")
    refused(account(AccountKind.VAT, None, "USD"), "currency")
