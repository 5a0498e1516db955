"""The prepaid account as its organisation sees it, and as a file."""

import csv
import io
from datetime import timedelta

import pytest

from tests.factories import make_organisation, make_prepaid
from tests.ledger.story import CLEARING, REVENUE, book, booking, prepaid
from tests.times import NOW
from webapp.ledger.labels import CAUSES
from webapp.ledger.rules import Cause
from webapp.payments.queries import top_up_reference

HTMX = {"HX-Request": "true"}


def account_of(organisation, query=""):
    return f"/en/o/{organisation.public_id}/account{query}"


def file_of(organisation, query=""):
    return f"/en/o/{organisation.public_id}/account.csv{query}"


def rows_of(page):
    """What, amount and balance of each line of the statement."""
    return [[cell.text for cell in row.all("td")][1:] for row in page.main.all("tr") if row.all("td")]


def cells_of(page):
    assert page.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(page.response.get_data().decode("utf-8-sig"))))


@pytest.fixture
def lumen(cast):
    """Lumen Optik: CHF 1'000.00 paid in in October, CHF 250.50 spent in November, and some euros."""
    make_prepaid(cast.lumen, 100_000, now=NOW - timedelta(days=40))
    book(booking(prepaid(cast.lumen), REVENUE, 25_050, cause=Cause.ORDER_PAID, reference="O-2026-00012"))
    make_prepaid(cast.lumen, 7_000, "EUR")
    return cast.lumen


def test_the_page_shows_each_balance_and_the_newest_month(client, cast, lumen):
    """RULES M6: what is on the prepaid account, and what became of it."""
    page = client.sign_in(cast.adam).get_page(account_of(lumen))
    assert page.h1 == "Prepaid account"
    assert [figure.text for figure in page.main.with_class("num")] == ["CHF 749.50", "€ 70.00"]
    assert page.main.all("h2")[0].text == "November 2026"
    assert rows_of(page) == [["Order paid O-2026-00012", "−CHF 250.50", "CHF 749.50"]]
    assert [each.text for each in page.main.all("option")] == ["November 2026", "October 2026"]
    assert [each.text for each in page.main.all("dd")][-2:] == ["CHF 1’000.00", "CHF 749.50"]


def test_another_month_is_chosen_by_a_plain_form(client, cast, lumen):
    """UX: it works without JavaScript; HTMX swaps the statement."""
    client.sign_in(cast.adam)
    page = client.get_page(account_of(lumen, "?currency=CHF&month=2026-10"))
    paid_in = f"Paid in {top_up_reference(cast.lumen)}"
    assert rows_of(page) == [[paid_in, "+CHF 1’000.00", "CHF 1’000.00"]]
    form = page.main.all("form")[0]
    assert form.get("method") == "get" and form.all("button")
    assert (form.get("hx-get"), form.get("hx-target")) == (form.get("action"), "#statement")
    fragment = client.get_page(account_of(lumen, "?month=2026-10"), headers=HTMX)
    assert "HX-Request" in fragment.headers["Vary"]
    assert rows_of(fragment) == rows_of(page) and not fragment.root.all("h1")
    assert [each for each in fragment.root.all("section") if each.get("id") == "statement"]


def test_the_other_currency_has_a_statement_of_its_own(client, cast, lumen):
    """RULES O3."""
    client.sign_in(cast.adam)
    assert client.get_page(account_of(lumen)).links["EUR"] == account_of(lumen, "?currency=EUR")
    page = client.get_page(account_of(lumen, "?currency=EUR"))
    assert rows_of(page) == [[f"Paid in {top_up_reference(cast.lumen)}", "+€ 70.00", "€ 70.00"]]


@pytest.mark.parametrize(
    "query", ["?month=2026-13", "?month=x", "?currency=USD", "?page=0", "?page=99", "?month="]
)
def test_nonsense_in_the_address_shows_the_newest_month(client, cast, lumen, query):
    page = client.sign_in(cast.adam).get_page(account_of(lumen, query))
    assert rows_of(page) == [["Order paid O-2026-00012", "−CHF 250.50", "CHF 749.50"]]


def test_a_long_month_has_pages(client, cast):
    book(*(booking(CLEARING, prepaid(cast.lumen), 1) for _ in range(51)))
    client.sign_in(cast.adam)
    page = client.get_page(account_of(cast.lumen))
    assert len(rows_of(page)) == 50
    older = client.get_page(page.links["Next page"])
    assert rows_of(older) == [["Paid in", "+CHF 0.01", "CHF 0.01"]]
    assert "Next page" not in older.links and older.links["Previous page"]


def test_before_anything_moved_the_page_says_what_the_account_is_for(client, cast):
    client.sign_in(cast.berta)
    page = client.get_page(account_of(cast.bergwerk))
    assert "Nothing has moved yet" in page and "0,00" in page.main.with_class("num")[0].text
    assert not page.main.all("table") and not page.main.all("form")
    assert client.get(file_of(cast.bergwerk)).status_code == 404


def test_collaborators_neither_see_it_nor_the_entry_in_the_menu(client, cast, lumen, another):
    """RULES O2: money is for administrators and legal representatives."""
    overview = f"/en/o/{lumen.public_id}/"
    assert client.sign_in(cast.hugo).get(account_of(lumen)).status_code == 403
    assert client.get(file_of(lumen)).status_code == 403
    assert account_of(lumen) not in client.get_page(overview).all_links
    assert account_of(lumen) in another().sign_in(cast.adam).get_page(overview).all_links
    stranger = another().sign_in(cast.stefan)
    assert stranger.get(account_of(lumen)).status_code == stranger.get(file_of(lumen)).status_code == 404


def test_the_page_takes_as_many_statements_for_much_as_for_little(client, cast, statements):
    make_prepaid(cast.lumen, 1)
    client.sign_in(cast.adam)
    counts = []
    for _ in range(3):
        client.get_page(account_of(cast.lumen))
        with statements() as seen:
            client.get_page(account_of(cast.lumen))
        counts.append(seen)
        for days in range(1, 13):
            make_prepaid(cast.lumen, 1, now=NOW + timedelta(days=days * 31))
    assert len(counts[0]) == len(counts[1]) == len(counts[2]), counts


# --- the file -----------------------------------------------------------------------------------------------


def test_the_file_of_a_month_has_amounts_in_columns_of_their_own(client, cast, lumen):
    client.sign_in(cast.adam)
    make_prepaid(lumen, 5)
    reference = top_up_reference(lumen)
    page = client.get_page(account_of(lumen))
    answer = client.get_page(page.links["Download CSV"])
    assert answer.headers["Content-Disposition"] == 'attachment; filename="account-CHF-2026-11.csv"'
    assert cells_of(answer) == [
        ["Date", "What", "Reference", "Money in", "Money out", "Balance", "Currency"],
        ["2026-11-21", "Order paid", "O-2026-00012", "", "250.50", "749.50", "CHF"],
        ["2026-11-21", "Paid in", reference, "0.05", "", "749.55", "CHF"],
    ]
    euros = client.get_page(file_of(lumen, "?currency=EUR"))
    assert cells_of(euros)[1:] == [["2026-11-21", "Paid in", reference, "70.00", "", "70.00", "EUR"]]


def test_a_reference_that_a_spreadsheet_would_run_is_defused(client, cast):
    """SECURITY 3."""
    book(booking(CLEARING, prepaid(cast.lumen), 5, reference="=1+1"))
    answer = client.sign_in(cast.adam).get_page(file_of(cast.lumen))
    assert cells_of(answer)[1][2] == "'=1+1"


def test_every_cause_has_its_words():
    assert set(CAUSES) == set(Cause)


def test_nobody_else_s_money_is_on_it(client, cast, lumen):
    make_prepaid(make_organisation("Other AG"), 999_900)
    page = client.sign_in(cast.nadia).get_page(account_of(lumen))
    assert "9’999" not in page
