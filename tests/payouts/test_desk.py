"""The operator's desk: runs, what they pay, carrying them out, and what comes back."""

from __future__ import annotations

import pytest

from tests.payouts.story import JANUARY, affiliate, earn, earnings, payouts, run, runs, to
from webapp.payouts import actions
from webapp.payouts.models import PayoutRun
from webapp.payouts.rules import Kind, RunState, State
from webapp.unit import unit_of_work

DESK = "/en/admin/payouts"


@pytest.fixture
def olgas(client, cast, clock):
    """The operator's browser, on the day of the run."""
    clock.now = JANUARY
    return client.sign_in(cast.olga)


@pytest.fixture
def due(app):
    """A run with one payout each way."""
    for name, kind in (("Anna", Kind.IBAN), ("Bert", Kind.PAYPAL)):
        earn(to(affiliate(name), kind))
    earn(affiliate("Cleo"))
    run()
    return runs()[0]


def page_of(it, path=""):
    return f"{DESK}/{it.public_id}{path}"


def test_no_runs_yet(olgas):
    assert "No payouts yet" in olgas.get_page(DESK)


def test_runs_with_what_they_pay(olgas, due):
    """RULES F8."""
    (row,) = olgas.get_page(DESK).main.all("tr")[1:]
    for words in ("January 2027", "CHF", "To be carried out", "3", "CHF 180.00"):
        assert words in row.text
    page = olgas.get_page(page_of(due))
    assert page.h1 == "Payouts of January 2027 in CHF"
    totals = [row.text for row in page.main.all("table")[0].all("tr")[1:]]
    assert [each.split()[0] for each in totals] == ["Bank", "PayPal", "Prepaid"], totals
    for words in ("CH93 0076 2011 6238 5295 7", "pay@anna.example", "Anna", "Bert", "Cleo"):
        assert words in page
    assert "Cleo" not in olgas.get_page(page_of(due) + "?state=made")


def test_what_is_to_be_carried_out_stands_on_the_desk(olgas, due):
    """UX 6, mail 26, and the desk's list."""
    assert "1 payout run is to be carried out" in olgas.get_page("/en/admin/")
    olgas.submit(page_of(due, "/execution"))
    assert "payout run" not in olgas.get_page("/en/admin/")


def test_a_run_is_noted_as_carried_out(olgas, due):
    """RULES F8."""
    page = olgas.get_page(page_of(due))
    page = olgas.get_page(page.links["Note as carried out…"])
    assert page.h1 == "Is this run carried out?"
    done = olgas.submit(page_of(due, "/execution"))
    assert (done.status, done.location) == (303, page_of(due))
    page = olgas.get_page(done.location)
    assert page.notices == ["The run is noted as carried out. The affiliates are told by mail."]
    assert "Carried out on 1 January 2027 by Olga" in page
    assert {each.state for each in payouts()} == {State.EXECUTED}
    assert olgas.get(page_of(due, "/execution")).status_code == 409
    assert olgas.post_to(page_of(due, "/execution")).status == 409


def test_a_payout_is_noted_as_returned_with_its_reason(olgas, due):
    """RULES F8: the reason is needed; the amount is the affiliate's balance again."""
    first = payouts()[0]
    where = f"{DESK}/notes/{first.public_id}/return"
    page = olgas.submit(where, {"reason": " "})
    assert page.status == 422 and page.errors == ["Enter the reason. The affiliate reads it."]
    done = olgas.submit(where, {"reason": "Konto geschlossen"})
    assert done.location == page_of(due)
    page = olgas.get_page(done.location)
    assert "Konto geschlossen" in page and earnings(first.account) == 6_000
    assert olgas.get(where).status_code == 409
    assert olgas.get(f"{DESK}/notes/{payouts()[2].public_id}/return").status_code == 409  # a prepaid account


def test_credit_notes_on_the_desk(olgas, due):
    first = payouts()[0]
    assert olgas.get(f"{DESK}/notes/{first.public_id}.pdf").data.startswith(b"%PDF")
    assert b"CrossIndustryInvoice" in olgas.get(f"{DESK}/notes/{first.public_id}.xml").data


def test_a_run_that_is_still_being_put_together_has_no_files(olgas, due):
    """RULES F8: nobody pays half a run."""

    @unit_of_work
    def reopen():
        due.sealed_at = None

    reopen()
    assert due.state is RunState.FILLING
    page = olgas.get_page(page_of(due))
    assert "This run is still being put together." in page and not page.buttons
    for path in ("/transfers.xml", "/paypal-1.csv", "/execution"):
        assert olgas.get(page_of(due, path)).status_code == 409, path


def test_a_second_run_of_a_month_is_counted(olgas, due):
    @unit_of_work
    def another():
        from webapp.extensions import db

        db.session.add(
            PayoutRun(month=due.month, currency="CHF", nth=2, started_at=JANUARY, sealed_at=JANUARY)
        )

    another()
    assert "January 2027, run 2" in olgas.get_page(DESK)


def test_only_the_operator(client, cast, due):
    client.sign_in(cast.nadia)
    first = payouts()[0]
    for where in (DESK, page_of(due), page_of(due, "/transfers.xml"), f"{DESK}/notes/{first.public_id}.pdf"):
        assert client.get(where).status_code == 404
    assert actions.finish_executions(now=JANUARY) == 0
