"""The state of a call in SQL says the same as in Python (RULES T6)."""

from datetime import timedelta
from itertools import product

from tests.factories import make_tender
from webapp.backoffice import queries
from webapp.tenders.rules import Status


def all_tenders(state, now):
    """Those of every page."""
    found, page = [], 1
    while (part := queries.tenders("", state, now=now, page=page)).more:
        found, page = [*found, *part.rows], page + 1
    return [tender.id for tender in (*found, *part.rows)]


def test_every_call_is_found_in_its_state_and_in_no_other(app, now):
    yesterday, tomorrow = now - timedelta(days=1), now + timedelta(days=1)
    choices = {
        "confirmed_at": (None, yesterday),
        "closes_at": (None, yesterday, now, tomorrow),
        "awarded_at": (None, yesterday),
        "cancelling_at": (None, yesterday),
        "hidden_at": (None, yesterday),
        "lapsed_at": (None, yesterday),
    }
    made = []
    for values in product(*choices.values()):
        dates = dict(zip(choices, values, strict=True))
        if bool(dates["confirmed_at"]) == bool(dates["closes_at"]):  # both come with the confirmation
            made.append(make_tender(**dates))
    for status in Status:
        expected = [tender.id for tender in made if tender.status(now) is status]
        assert sorted(all_tenders(status.value, now)) == sorted(expected), status
    assert len(all_tenders("", now)) == len(made)
