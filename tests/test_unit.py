"""The unit of work: all of an action or nothing, and nobody decides by what was true a moment ago."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.factories import make_organisation, make_user
from tests.threads import at_once
from webapp.accounts.models import Organisation, User
from webapp.database import new_public_id, prepare_engine, writing
from webapp.extensions import db
from webapp.refused import Gone, Refused
from webapp.unit import lock, unit_of_work

RACES = 15


class Taken(Refused):
    """Somebody was faster."""


@unit_of_work
def take(organisation_id, programme):
    """Checks, then writes: the shape of every action."""
    organisation = lock(db.session.get_one(Organisation, organisation_id))
    if organisation.programme:
        raise Taken
    organisation.programme = programme
    return programme


@unit_of_work
def append(organisation_id, letter):
    """Reads, then writes what follows from it."""
    organisation = lock(db.session.get_one(Organisation, organisation_id))
    organisation.invoice_note += letter


def test_of_two_who_check_and_write_at_once_one_wins(app):
    for _race in range(RACES):
        organisation = make_organisation()
        results = at_once(
            app,
            lambda id=organisation.id: take(id, "partner"),
            lambda id=organisation.id: take(id, "affiliate"),
        )
        winners = [result for result in results if isinstance(result, str)]
        assert len(winners) == 1 and any(isinstance(result, Taken) for result in results)
        assert db.session.get_one(Organisation, organisation.id).programme == winners[0]


def test_no_update_is_lost(app):
    organisation = make_organisation()
    id = organisation.id
    results = at_once(app, *[lambda: append(id, "x")] * 12)
    assert results == [None] * 12
    assert organisation.invoice_note == "x" * 12


def test_two_who_lock_the_same_rows_in_opposite_order_both_get_through(app):
    """PostgreSQL ends one of them as a deadlock; the whole action is tried again."""
    one, other = make_organisation("One"), make_organisation("Other")
    a, b = one.id, other.id

    @unit_of_work
    def swap(first, second):
        for id in (first, second):
            lock(db.session.get_one(Organisation, id)).invoice_note += "x"
            db.session.flush()

    for _race in range(3):
        results = at_once(app, lambda: swap(a, b), lambda: swap(b, a))
        assert results == [None, None]
    assert (one.invoice_note, other.invoice_note) == ("x" * 6, "x" * 6)


def test_a_refusal_takes_everything_back(app):
    @unit_of_work
    def act():
        make_user("Never There")
        db.session.flush()
        raise Refused

    with pytest.raises(Refused):
        act()
    assert db.session.scalar(sa.select(sa.func.count(User.id))) == 0
    assert not writing.get()


def test_a_crash_takes_everything_back_too(app):
    @unit_of_work
    def act():
        make_user("Never There")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        act()
    assert db.session.scalar(sa.select(sa.func.count(User.id))) == 0


def test_a_broken_constraint_takes_everything_back(app):
    make_user("First", email="same@example.com")

    @unit_of_work
    def act():
        make_user("Second")
        make_user("Third", email="same@example.com")

    with pytest.raises(sa.exc.IntegrityError):
        act()
    assert db.session.scalars(sa.select(User.name)).all() == ["First"]


def test_an_action_called_by_another_joins_its_transaction(app):
    @unit_of_work
    def outer(fail):
        make_user("Inner")  # a unit of work itself
        if fail:
            raise Refused

    with pytest.raises(Refused):
        outer(True)
    assert db.session.scalar(sa.select(sa.func.count(User.id))) == 0
    outer(False)
    assert db.session.scalar(sa.select(sa.func.count(User.id))) == 1


def test_lock_reads_the_row_anew(app, elsewhere):
    organisation = make_organisation()
    assert organisation.programme is None
    elsewhere(lambda: take(organisation.id, "partner"))
    with pytest.raises(Taken):
        take(organisation.id, "affiliate")


def test_a_row_that_has_gone_is_gone(app, elsewhere):
    user = make_user()

    @unit_of_work
    def remove():
        db.session.execute(sa.delete(User).where(User.id == user.id))

    elsewhere(remove)

    @unit_of_work
    def act():
        lock(user)

    with pytest.raises(Gone):
        act()


def test_readers_do_not_wait_for_a_writer(app):
    organisation = make_organisation("Before")
    seen = []

    @unit_of_work
    def write():
        lock(db.session.get_one(Organisation, organisation.id)).name = "After"
        db.session.flush()
        token = writing.set(False)
        try:
            with app.app_context():
                seen.append(db.session.scalar(sa.select(Organisation.name)))
        finally:
            writing.reset(token)

    write()
    assert seen == ["Before"] and organisation.name == "After"


def test_a_naive_datetime_never_reaches_the_database(app):
    from datetime import datetime

    with pytest.raises(sa.exc.StatementError):
        make_user(created_at=datetime(2026, 1, 1))


def test_public_ids_are_random_and_long():
    ids = {new_public_id() for _n in range(1000)}
    assert len(ids) == 1000 and {len(each) for each in ids} == {26}


def test_sqlite_is_set_to_be_trusted(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'some.sqlite3'}")
    prepare_engine(engine, synchronous="FULL")
    names = ("foreign_keys", "journal_mode", "synchronous", "secure_delete")
    with engine.connect() as connection:
        pragmas = {name: connection.scalar(sa.text(f"PRAGMA {name}")) for name in names}
    engine.dispose()
    assert pragmas == {"foreign_keys": 1, "journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
