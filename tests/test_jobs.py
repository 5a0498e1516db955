"""What happens by the clock: once per slot, whatever the number of workers."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from tests.factories import make_user
from tests.threads import at_once
from tests.times import NOW
from webapp import jobs
from webapp.accounts.models import User
from webapp.extensions import db
from webapp.jobs import periodic, run_due

HOUR = timedelta(hours=1)


@pytest.fixture
def ran(app, monkeypatch):
    monkeypatch.setattr(jobs, "JOBS", {})
    ran = []
    periodic("hourly", lambda now: ran.append(now), every=HOUR)
    return ran


def test_a_job_runs_once_in_its_slot(ran):
    assert run_due(now=NOW) == ["hourly"]
    assert run_due(now=NOW + timedelta(minutes=59)) == []
    assert run_due(now=NOW + HOUR) == ["hourly"]
    assert ran == [NOW, NOW + HOUR]


def test_missed_slots_are_made_up_for_once(ran):
    run_due(now=NOW)
    assert run_due(now=NOW + 10 * HOUR) == ["hourly"]
    assert len(ran) == 2


def test_a_clock_that_is_set_back_repeats_nothing(ran):
    """Invariant M7."""
    run_due(now=NOW)
    assert run_due(now=NOW - 2 * HOUR) == []
    assert len(ran) == 1


def test_of_many_workers_one_runs_it(app, ran):
    results = at_once(app, *[lambda: run_due(now=NOW)] * 5)
    assert sorted(results) == [[], [], [], [], ["hourly"]]
    assert len(ran) == 1


def test_a_job_that_fails_is_logged_and_stops_no_other(app, monkeypatch, caplog):
    monkeypatch.setattr(jobs, "JOBS", {})

    def fail(now):
        db.session.add(User(name="half"))
        raise RuntimeError("disk full")

    periodic("failing", fail, every=HOUR)
    periodic("working", lambda now: make_user(), every=HOUR)
    with caplog.at_level(logging.ERROR):
        assert run_due(now=NOW) == ["working"]
    assert "failing" in caplog.text and "disk full" in caplog.text
    assert [user.name for user in db.session.query(User)] == ["Somebody New"]


def test_every_registered_job_runs_on_an_empty_database(app):
    assert run_due(now=NOW) == list(jobs.JOBS)
    assert len(jobs.JOBS) >= 9
