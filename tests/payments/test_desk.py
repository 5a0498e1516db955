"""The operator's desk: statements, transfers, payments by hand, withdrawals."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from tests.factories import (
    make_order,
    make_prepaid,
    make_waiting_transfer,
    make_withdrawal,
)
from tests.orders.story import has
from tests.payments.story import IBAN, file_of, suspense, transfers, withdrawals
from tests.times import NOW
from webapp.extensions import db
from webapp.orders import actions as orders
from webapp.orders.rules import Method, State
from webapp.payments import actions
from webapp.payments.elements import LARGEST_FILE
from webapp.payments.queries import top_up_reference
from webapp.uploads import Upload

DESK, IMPORT, OUT = "/en/admin/payments", "/en/admin/payments/import", "/en/admin/withdrawals"


@pytest.fixture
def olgas(client, cast):
    """The operator's browser."""
    return client.sign_in(cast.olga)


@pytest.fixture
def order(cast):
    """CHF 129.72 of Lumen Optik's."""
    return make_order(cast.lumen)


def upload(browser, content, name="camt.xml"):
    return browser.submit(IMPORT, {"file": (io.BytesIO(content), name)})


def figures(page):
    return [each.text for each in page.main.with_class("num")]


# --- importing ----------------------------------------------------------------------------------------------


def test_a_statement_is_checked_then_booked(olgas, cast, order):
    """RULES M6: for orders, for prepaid accounts, to be assigned, known already."""
    content = file_of(
        ("129.72", order.reference, ""), ("50.00", top_up_reference(cast.lumen), ""),
        ("12.00", "", "Thank you"),
    )  # fmt: skip
    answer = upload(olgas, content)
    assert answer.status == 303
    page = olgas.get_page(answer.location)
    assert figures(page) == ["1", "1", "1"] and "known already" not in page
    rows = [row.text for row in page.main.all("tr")][1:]
    assert order.number in rows[0] and "Lumen Optik AG" in rows[1] and "To be assigned" in rows[2]
    assert not transfers() and order.received == 0, "nothing is booked by looking"
    done = olgas.submit(answer.location)
    assert (done.status, done.location) == (303, DESK)
    page = olgas.get_page(DESK)
    assert page.notices == ["3 transfers were booked. 1 of them waits to be assigned."]
    assert "Thank you" in page and "Payer 1" not in page
    assert (order.state, has(cast.lumen), suspense()) == (State.PAID, 5_000, 1_200)
    again = olgas.get_page(upload(olgas, content).location)
    assert figures(again) == ["0", "0", "0"] and "3 transfers of the file are known already." in again
    assert "There is nothing to do." in again and not again.forms


def test_a_second_press_books_nothing_more(olgas, cast):
    """SECURITY L4: and the file is gone from the database."""
    where = upload(olgas, file_of(("50.00", top_up_reference(cast.lumen), ""))).location
    olgas.submit(where)
    assert olgas.post_to(where).status == 303
    assert olgas.get(where).status_code == 303
    assert "This file was imported already." in olgas.get_page(DESK).notices
    assert has(cast.lumen) == 5_000 and db.session.query(Upload).count() == 0


def test_faults_are_told_with_their_lines(olgas):
    broken = file_of(("12.50", "", ""), ("1.5.0", "", ""), ("2.00", "", ""))
    page = upload(olgas, broken)
    assert page.status == 422 and not transfers()
    assert any("Line 16" in each and "1.5.0" in each for each in page.errors), page.errors
    assert "Nothing was imported. Ask the bank for a right file." in page.errors


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"not XML at all", "well-formed XML"),
        (b"<x" + b" " * LARGEST_FILE + b"/>", "larger than 5 MB"),
        (file_of(("1.00", "", ""), iban=IBAN), "of another account than the one that invoices name"),
    ],
)
def test_a_file_that_is_none(olgas, content, words):
    page = upload(olgas, content)
    assert page.status == 422 and any(words in each for each in page.errors), page.errors


def test_no_file_at_all(olgas):
    assert "Choose a file." in olgas.submit(IMPORT, {"file": None}).errors


def test_of_a_large_file_the_first_rows_are_listed(olgas):
    page = olgas.get_page(upload(olgas, file_of(*[("1.00", "", "")] * 203)).location)
    assert len(page.main.all("tr")) == 201 and "… and 3 more transfers" in page
    assert page.buttons[-1] == "Book 203 transfers"


def test_what_people_write_is_text(olgas):
    """SECURITY: a name or a text is never markup."""
    page = olgas.get_page(upload(olgas, file_of(("1.00", "", "&lt;script&gt;x&lt;/script&gt;"))).location)
    assert "<script>x</script>" in page.text and "<script>x" not in page.response.text


# --- the list -----------------------------------------------------------------------------------------------


def test_the_list_begins_with_what_waits_oldest_first(olgas, cast, order):
    make_waiting_transfer(1_000, text="First")
    make_waiting_transfer(2_000, text="Second")
    make_prepaid(cast.lumen, 500)
    page = olgas.get_page(DESK)
    rows = [row.text for row in page.main.all("tr")][1:]
    assert len(rows) == 2 and "First" in rows[0] and "Second" in rows[1]
    everything = olgas.get_page(f"{DESK}?state=all")
    assert len(everything.main.all("tr")) == 4
    assert "Lumen Optik AG" in everything.main.all("tr")[1].text


@pytest.mark.parametrize(
    ("search", "count"),
    [
        ("optik", 3), ("November", 2), ("CH56 0483 5012", 2), ("20.00", 1), ("30", 0), ("O-2026-00001", 1),
        ("nothing", 0), ("%", 0), ("99999999999999999999999", 0), ("RF", 1),
    ],
)  # fmt: skip
def test_the_list_is_searched(olgas, cast, order, search, count):
    make_waiting_transfer(1_000)
    make_waiting_transfer(2_000)
    actions.book_payment(order, order.missing, booked_on=NOW.date(), key="k", by=cast.olga, now=NOW)
    make_prepaid(cast.lumen, 500) if search == "optik" else None
    page = olgas.get_page(f"{DESK}?state=all&q={search.replace('%', '%25')}")
    assert len(page.main.all("tr")[1:]) == count, page.text


def test_nothing_waits(olgas):
    page = olgas.get_page(DESK)
    assert "No transfer waits to be assigned." in page
    assert "No transfer found" in olgas.get_page(f"{DESK}?state=all")


def test_a_long_list_has_pages(olgas):
    for _ in range(26):
        make_waiting_transfer(100)
    page = olgas.get_page(DESK)
    assert len(page.main.all("tr")) == 26
    assert len(olgas.get_page(page.links["Next page"]).main.all("tr")) == 2


# --- assigning ----------------------------------------------------------------------------------------------


def page_of(transfer, path=""):
    return f"{DESK}/{transfer.public_id}{path}"


def test_a_transfer_is_looked_up_and_pays_an_order(olgas, cast, order):
    """RULES M6: what is missing and what is too much is said before anything is booked."""
    transfer = make_waiting_transfer(order.gross + 100)
    page = olgas.get_page(page_of(transfer))
    assert order.number in page, "the payer's name is searched for at first"
    page = olgas.get_page(page_of(transfer, f"?q={order.number}"))
    where = page.links[f"Pay this order… {order.number}"]
    page = olgas.get_page(where)
    assert "The order is paid: what was ordered begins at once." in page
    assert "CHF 1.00 goes to the prepaid account of Lumen Optik AG." in page
    assert olgas.submit(where).location == DESK
    assert (order.state, has(cast.lumen), suspense()) == (State.PAID, 100, 0)
    assert olgas.get_page(page_of(transfer)).links[order.number].endswith(order.public_id)
    assert olgas.get_page(where, status=409)


def test_a_part_is_explained(olgas, order):
    transfer = make_waiting_transfer(order.gross - 100)
    page = olgas.get_page(page_of(transfer, f"/order/{order.public_id}"))
    assert "CHF 1.00 is still missing, and nothing begins yet." in page


def test_a_cancelled_order_is_explained(olgas, cast, order):
    orders.cancel(order, reason="A mistake", by=cast.olga, now=NOW)
    transfer = make_waiting_transfer(1_000)
    where = page_of(transfer, f"/order/{order.public_id}")
    page = olgas.get_page(where)
    assert "The order is cancelled, and stays so." in page and "CHF 10.00 goes to the prepaid account" in page
    olgas.submit(where)
    assert has(cast.lumen) == 1_000


def test_only_orders_that_fit_are_offered(olgas, cast, order):
    shop = make_order(cast.lumen, method=Method.OUTSIDE, outside="SHOP-7")
    euros = make_order(cast.bergwerk)
    transfer = make_waiting_transfer(order.gross)
    page = olgas.get_page(page_of(transfer, "?q=O-2026"))
    assert order.number in page and shop.number not in page and euros.number not in page
    assert olgas.submit(page_of(transfer, f"/order/{euros.public_id}")).status == 422
    assert olgas.submit(page_of(transfer, f"/order/{shop.public_id}")).status == 409
    assert suspense() == order.gross


def test_a_transfer_is_put_on_a_prepaid_account(olgas, cast):
    transfer = make_waiting_transfer(1_000)
    page = olgas.get_page(page_of(transfer, "?q=lumi"))
    where = page.links["Put on its prepaid account… Lumière Digital Sàrl"]
    assert olgas.submit(where).location == DESK
    assert has(cast.lumiere) == 1_000 and suspense() == 0
    page = olgas.get_page(page_of(transfer))
    assert "Lumière Digital Sàrl" in page and not page.forms
    assert olgas.get_page(where, status=409)


def test_a_transfer_is_noted_as_sent_back(olgas):
    transfer = make_waiting_transfer(1_000)
    where = olgas.get_page(page_of(transfer)).links["Note as sent back…"]
    assert "send it back at your bank first" in olgas.get_page(where)
    assert olgas.submit(where).location == DESK
    assert suspense() == 0 and transfers()[0].state == "sent_back"
    assert olgas.get_page(where, status=409)


def test_a_search_that_finds_nothing_says_so(olgas):
    page = olgas.get_page(page_of(make_waiting_transfer(), "?q=zzz"))
    assert "No order in CHF and no organisation fits." in page


# --- by hand ------------------------------------------------------------------------------------------------


def by_hand(order, path=""):
    return f"/en/admin/orders/{order.public_id}/payments/new{path}"


def test_a_payment_is_booked_by_hand(olgas, cast, order):
    page = olgas.get_page(f"/en/admin/orders/{order.public_id}")
    assert page.links["Book a payment…"] == by_hand(order)
    form = {each.get("name"): each.get("value") for each in olgas.get_page(by_hand(order)).main.all("input")}
    assert (form["amount"], form["booked_on"]) == ("129.72", "21.11.2026")
    where = olgas.submit(by_hand(order), {"booked_on": "2026-11-20"}).location
    page = olgas.get_page(where)
    assert "20 November 2026" in page and "what was ordered begins at once" in page
    assert order.received == 0
    done = olgas.submit(where)
    assert done.location == f"/en/admin/orders/{order.public_id}"
    assert order.state is State.PAID and transfers()[0].recorded_by_id == cast.olga.id
    assert olgas.get(where).status_code == 303 and olgas.post_to(where).status == 303
    assert len(transfers()) == 1
    assert "Booked by hand" in olgas.get_page(f"{DESK}?state=all")


def test_a_payment_that_was_changed_in_another_window_is_not_booked_unseen(olgas, order):
    where = olgas.submit(by_hand(order), {"amount": "100"}).location
    seen = {each.get("name"): each.get("value") for each in olgas.get_page(where).main.all("input")}["seen"]
    olgas.submit(where.removesuffix("/check"), {"amount": "120"})
    page = olgas.post_to(where, {"seen": seen})
    assert page.status == 422 or page.status == 409
    assert "changed in another window" in page and "CHF 120.00" in page and transfers() == []
    olgas.submit(where)
    assert [each.amount for each in transfers()] == [12_000]


def test_part_and_excess_are_explained_before(olgas, order):
    part = olgas.get_page(olgas.submit(by_hand(order), {"amount": "100"}).location)
    assert "CHF 29.72 is still missing, and nothing begins yet." in part
    more = olgas.get_page(olgas.submit(by_hand(order), {"amount": "200"}).location)
    assert "CHF 70.28 goes to the prepaid account of Lumen Optik AG." in more
    back = olgas.get_page(more.links["Change"])
    assert [each.get("value") for each in back.main.all("input") if each.get("name") == "amount"] == ["200"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"amount": ""}, "Enter an amount such as"), ({"amount": "0"}, "above zero"),
        ({"amount": "x"}, "Enter an amount such as"), ({"booked_on": ""}, "Enter the day"),
        ({"booked_on": "22.11.2026"}, "in the future"), ({"booked_on": "31.2.2026"}, "Enter a day such as"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_payment_is_said(olgas, order, typed, words):
    page = olgas.submit(by_hand(order), typed)
    assert page.status == 422 and words in page.errors[0]


def test_an_order_of_a_shop_takes_no_payment(olgas, cast):
    order = make_order(cast.lumen, method=Method.OUTSIDE, outside="SHOP-1")
    assert "Book a payment…" not in olgas.get_page(f"/en/admin/orders/{order.public_id}").links
    assert "paid in the shop" in olgas.get_page(by_hand(order), status=409)


def test_the_draft_belongs_to_its_order(olgas, cast, order):
    where = olgas.submit(by_hand(order)).location
    other = make_order(cast.lumen)
    assert olgas.get(where.replace(order.public_id, other.public_id)).status_code == 404


# --- withdrawals --------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(cast):
    """Two withdrawals of Lumen Optik's, the first one an hour older."""
    make_prepaid(cast.lumen, 10_000)
    return [
        make_withdrawal(cast.lumen, cast.nadia, 4_000, now=NOW - timedelta(hours=1)),
        make_withdrawal(cast.lumen, cast.nadia, 3_000),
    ]


def test_withdrawals_wait_with_where_they_go(olgas, cast, waiting):
    """RULES M6: oldest first, with the whole IBAN."""
    page = olgas.get_page(OUT)
    rows = [row.text for row in page.main.all("tr")][1:]
    assert "CHF 40.00" in rows[0] and "CHF 30.00" in rows[1]
    assert all("CH56 0483 5012 3456 7800 9" in row and "Lumen Optik AG" in row for row in rows)


def test_a_withdrawal_is_noted_as_paid_out(olgas, cast, waiting):
    where = f"{OUT}/{waiting[0].public_id}"
    page = olgas.get_page(where)
    assert "CH56 0483 5012 3456 7800 9" in page and "Nadia Noser" in page
    assert olgas.submit(where, to=f"{where}/payout").location == OUT
    assert olgas.get_page(OUT).notices == ["The withdrawal of Lumen Optik AG is noted as paid out."]
    page = olgas.get_page(where)
    assert "Paid out on" in page and not page.forms
    assert "Paid out" in olgas.get_page(f"{OUT}?state=paid")
    assert olgas.post_to(f"{where}/payout").status == 409, "decided once"
    assert olgas.get(f"{where}/refusal").status_code == 409


def test_a_withdrawal_is_refused_with_a_reason(olgas, cast, waiting):
    where = f"{OUT}/{waiting[0].public_id}/refusal"
    assert "Enter the reason. The organisation reads it." in olgas.submit(where).errors
    assert olgas.submit(where, {"reason": "The account is closed."}).location == OUT
    assert (withdrawals()[0].reason, has(cast.lumen)) == ("The account is closed.", 7_000)
    assert "The account is closed." in olgas.get_page(f"{OUT}/{waiting[0].public_id}")


def test_lists_without_anything(olgas):
    assert "No withdrawal waits to be paid out." in olgas.get_page(OUT)
    assert "No withdrawals here" in olgas.get_page(f"{OUT}?state=refused")


def test_the_overview_counts_what_waits(olgas, waiting):
    make_waiting_transfer()
    page = olgas.get_page("/en/admin/")
    assert "2 withdrawals are waiting to be paid out" in page
    assert "1 bank transfer is waiting to be assigned" in page
    assert (page.links["See the withdrawals"], page.links["See the transfers"]) == (OUT, DESK)
    assert {OUT, DESK} <= set(page.all_links)


def test_nobody_else_gets_there(client, cast, waiting):
    transfer = make_waiting_transfer()
    client.sign_in(cast.nadia)
    for address in (DESK, IMPORT, OUT, page_of(transfer), f"{OUT}/{waiting[0].public_id}"):
        assert client.get(address).status_code == 404
    assert client.post_to(f"{OUT}/{waiting[0].public_id}/payout").status == 404
    assert waiting[0].waiting
