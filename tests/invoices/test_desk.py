"""The operator's pages of invoices: finding them, their files, and numbers without a gap (RULES M5)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.invoices.story import own_order, partners_order
from tests.orders.story import pay, refund
from webapp.invoices.queries import numbers
from webapp.invoices.rules import Kind

LIST = "/en/admin/invoices"


@pytest.fixture
def desk(client, cast):
    return client.sign_in(cast.olga)


def rows(page):
    return [row.all("th")[0].text for row in page.main.all("tr")[1:]]


def test_invoices_are_found_by_number_order_reference_and_payer(desk, cast):
    """RULES M5: by who pays, not by whose products they are."""
    one, other = partners_order(cast), own_order(cast.stefans)
    assert rows(desk.get_page(LIST)) == [other.invoice.number, one.invoice.number]
    spaced = f"{one.reference[:4]} {one.reference[4:8]} {one.reference[8:]}".lower()
    for words in (one.invoice.number, one.number, spaced, "lumière"):
        assert rows(desk.get_page(f"{LIST}?q={words}")) == [one.invoice.number], words
    for words in ("100%25", "lumen"):
        assert "No invoice found" in desk.get_page(f"{LIST}?q={words}")


def test_invoices_are_narrowed_by_year_and_kind(desk, cast, clock):
    old = own_order(cast.stefans, now=clock.now.replace(year=2025))
    recent = own_order(cast.stefans, 2)
    pay(recent)
    note = refund(recent, 100)
    credit = f"{note.number} Credit note"
    for query, expected in (
        ("year=2025", [old.invoice.number]), ("year=2026", [credit, recent.invoice.number]),
        ("kind=credit_note", [credit]), ("kind=invoice&year=2026", [recent.invoice.number]),
        ("kind=nonsense&year=0", [credit, recent.invoice.number, old.invoice.number]),
    ):  # fmt: skip
        assert rows(desk.get_page(f"{LIST}?{query}")) == expected, query


def test_the_operator_reads_every_invoice_and_its_files(desk, cast):
    order = partners_order(cast)
    address = f"{LIST}/{order.invoice.public_id}"
    page = desk.get_page(address)
    assert "Lumière Digital Sàrl" in page and "CHF 225.19" in page
    assert page.links[order.number] == f"/en/admin/orders/{order.public_id}"
    assert desk.get_page(page.links[order.number]).links[f"Invoice {order.invoice.number}"] == address
    assert page.links["Download PDF"] == f"{address}.pdf"
    answer = desk.get(f"{address}.pdf")
    assert (
        answer.data.startswith(b"%PDF") and "invoice-2026-00001.pdf" in answer.headers["Content-Disposition"]
    )
    assert desk.get(f"{address}.xml").content_type == "application/xml"
    assert desk.get(f"{LIST}/{order.public_id}.pdf").status_code == 404


def test_the_file_is_the_payer_s_own(desk, cast, another):
    order = partners_order(cast)
    own = another().sign_in(cast.pierre).get(
        f"/fr/o/{cast.lumiere.public_id}/invoices/{order.invoice.public_id}.pdf"
    )  # fmt: skip
    assert desk.get(f"{LIST}/{order.invoice.public_id}.pdf").data == own.data


def test_the_desk_is_the_operator_s(another, cast):
    order = own_order(cast.lumen)
    for part in ("", f"/{order.invoice.public_id}", f"/{order.invoice.public_id}.pdf"):
        assert another().sign_in(cast.nadia).get(LIST + part).status_code == 404
        assert another().get(LIST + part).status_code == 303


def test_before_the_first_invoice_the_list_says_so(desk):
    assert "No invoices yet" in desk.get_page(LIST)


# --- numbers ------------------------------------------------------------------------------------------------


def test_numbers_without_a_gap_are_counted_by_year_and_kind(desk, cast, clock):
    """RULES M5."""
    own_order(cast.stefans, now=clock.now.replace(year=2025))
    order = own_order(cast.stefans, 3)
    pay(order)
    refund(order, 100)
    refund(order, 100)
    assert {(each.year, each.kind): (each.count, each.missing) for each in numbers()} == {
        (2025, Kind.INVOICE): (1, 0), (2026, Kind.INVOICE): (1, 0), (2026, Kind.CREDIT_NOTE): (2, 0),
    }  # fmt: skip
    page = desk.get_page(LIST)
    assert page.text.count("Without a gap") == 3 and "missing" not in page


def test_a_missing_number_is_shown(desk, cast, damage):
    """RULES M5: also above a hundred thousand."""
    order = own_order(cast.stefans)
    row = (
        "public_id, order_id, payer_id, corrects_id, issued_at, issued_on, due_on, "
        "language, party, currency, net, vat, gross, reason"
    )
    for number in ("C-2026-00001", "C-2026-00003", "C-2026-100002"):
        values = row.replace("public_id", f"'{number}'").replace("corrects_id", "id")
        copied = f"SELECT '{number}', {values} FROM invoices WHERE id = {order.invoice.id}"
        damage(sa.text(f"INSERT INTO invoices (number, {row}) {copied}"))
    page = desk.get_page(LIST)
    assert "99’999 numbers are missing" in page and "flask ledger check" in page
    assert [each.missing for each in numbers()] == [0, 99_999]
    assert rows(page)[0] == "C-2026-100002 Credit note"
