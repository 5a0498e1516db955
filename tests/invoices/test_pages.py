"""Pages and files of an organisation's invoices: for who pays, and for nobody else (RULES M5, SECURITY A10)."""

from __future__ import annotations

import io

import pypdf
import pytest

from tests.factories import join, make_order, make_partnership, make_prepaid, make_user
from tests.invoices.reading import complaints, inside, text_of
from tests.invoices.story import hosting, own_order, partners_order
from tests.orders.story import cancelled, new, pay, refund
from webapp.accounts.rules import Role
from webapp.extensions import db
from webapp.orders.rules import Method
from webapp.partnerships.rules import Access

PARTS = ("", ".pdf", ".xml")


def list_of(organisation, query=""):
    return f"/en/o/{organisation.public_id}/invoices{query}"


def page_of(invoice, organisation=None, part=""):
    return f"{list_of(organisation or invoice.payer)}/{invoice.public_id}{part}"


def rows(page):
    """Number and total of each row of the list."""
    return [(row.all("th")[0].text, row.all("td")[3].text) for row in page.main.all("tr")[1:]]


@pytest.fixture
def order(cast):
    """Lumière has ordered for Lumen Optik, and pays: CHF 225.19."""
    return partners_order(cast)


# --- who may ------------------------------------------------------------------------------------------------


def answers(client, user, invoice, organisation):
    """What the page, the PDF and the XML answer when it is asked for under this organisation."""
    browser = client().sign_in(user) if user else client()
    return [browser.get(page_of(invoice, organisation, part)).status_code for part in PARTS]


def test_who_may_see_an_invoice_that_the_partner_pays(another, cast, order):
    """RULES M5, SECURITY A10: the client has no access to it, though the products are its own."""
    invoice = order.invoice
    for user, organisation, expected in (
        (None, cast.lumiere, 303), (cast.pierre, cast.lumiere, 200), (cast.paula, cast.lumiere, 403),
        (cast.nadia, cast.lumen, 404), (cast.adam, cast.lumen, 404), (cast.hugo, cast.lumen, 403),
        (cast.nadia, cast.lumiere, 404), (cast.pierre, cast.lumen, 404), (cast.stefan, cast.lumiere, 404),
        (cast.stefan, cast.stefans, 404), (cast.olga, cast.lumiere, 404), (cast.berta, cast.bergwerk, 404),
    ):  # fmt: skip
        assert answers(another, user, invoice, organisation) == [expected] * 3, user and user.name


@pytest.mark.parametrize("method", list(Method))
def test_who_may_see_an_invoice_that_the_client_pays(another, cast, method):
    """RULES M5, SECURITY A10: the partner that ordered has no access to it, however it is paid."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    make_prepaid(cast.lumen, 100_000)
    order = make_order(cast.lumen, new(hosting()), acting=partnership, by=cast.pierre, method=method)
    pages = [order.invoice, cancelled(order).invoices[-1]]
    for invoice in pages:
        for user, organisation, expected in (
            (cast.nadia, cast.lumen, 200), (cast.adam, cast.lumen, 200), (cast.hugo, cast.lumen, 403),
            (cast.pierre, cast.lumiere, 404), (cast.pierre, cast.lumen, 404), (cast.stefan, cast.lumen, 404),
        ):  # fmt: skip
            assert answers(another, user, invoice, organisation) == [expected] * 3, user.name


def test_lists_hold_the_own_invoices_only(another, cast, order):
    """RULES M5."""
    own = own_order(cast.lumen)
    pierres, nadias = another().sign_in(cast.pierre), another().sign_in(cast.nadia)
    assert [number for number, _total in rows(pierres.get_page(list_of(cast.lumiere)))] == [
        order.invoice.number
    ]
    assert [number for number, _total in rows(nadias.get_page(list_of(cast.lumen)))] == [own.invoice.number]
    assert another().sign_in(cast.hugo).get(list_of(cast.lumen)).status_code == 403
    assert another().sign_in(cast.stefan).get(list_of(cast.lumen)).status_code == 404


def test_an_order_s_id_is_no_invoice_s(client, cast, order):
    client.sign_in(cast.pierre)
    for public_id in (order.public_id, "x" * 26, "2026-00001"):
        for part in PARTS:
            assert client.get(f"{list_of(cast.lumiere)}/{public_id}{part}").status_code == 404
    assert client.get(page_of(order.invoice, part=".doc")).status_code == 404


# --- the list -----------------------------------------------------------------------------------------------


def test_the_list_is_newest_first_with_credit_notes_and_sums(client, cast, order):
    pay(order)
    note = refund(order, 1_000)
    later = own_order(cast.lumiere, 2)
    page = client.sign_in(cast.pierre).get_page(list_of(cast.lumiere))
    assert [number for number, _total in rows(page)] == [
        later.invoice.number,
        f"{note.number} Credit note",
        order.invoice.number,
    ]
    invoiced = order.money(order.gross + later.gross)
    for words in ("Invoiced in CHF", f"CHF {invoiced.amount}", "−CHF 10.81", "In your favour", "To be paid"):
        assert words in page
    assert page.links[order.invoice.number] == page_of(order.invoice)
    assert page.links[f"PDF {note.number}"] == page_of(note, part=".pdf")


def test_years_are_chosen_and_summed(client, cast, clock):
    """RULES M5: each year has its numbers."""
    old = own_order(cast.stefans, now=clock.now.replace(year=2024))
    recent = own_order(cast.stefans, 2)
    client.sign_in(cast.stefan)
    assert len(rows(client.get_page(list_of(cast.stefans)))) == 2
    for year, invoice in ((2024, old.invoice), (2026, recent.invoice)):
        page = client.get_page(list_of(cast.stefans, f"?year={year}"))
        assert [number for number, _total in rows(page)] == [invoice.number]
        assert f"CHF {invoice.money(invoice.gross).amount}" in page
    assert len(rows(client.get_page(list_of(cast.stefans, "?year=1999")))) == 2
    assert list(client.get_page(list_of(cast.stefans)).links)[:3] == ["All", "2026", "2024"]


def test_long_lists_have_pages(client, cast, statements):
    plan = hosting()
    for _ in range(27):
        make_order(cast.stefans, new(plan))
    client.sign_in(cast.stefan)
    with statements() as seen:
        page = client.get_page(list_of(cast.stefans))
    assert len(rows(page)) == 25 and "Next page" in page and len(seen) < 12
    assert len(rows(client.get_page(list_of(cast.stefans, "?page=2")))) == 2
    assert "Show all invoices" in client.get_page(list_of(cast.stefans, "?page=3"))


def test_before_the_first_invoice_the_list_says_what_comes(client, cast):
    assert "No invoices yet" in client.sign_in(cast.pierre).get_page(list_of(cast.lumiere))


def test_the_menu_has_invoices_for_those_who_may(another, cast):
    assert list_of(cast.lumen) in another().sign_in(cast.adam).get_page(list_of(cast.lumen)).all_links
    team = f"/en/o/{cast.lumen.public_id}/team"
    assert list_of(cast.lumen) not in another().sign_in(cast.hugo).get_page(team).all_links


# --- the page -----------------------------------------------------------------------------------------------


def test_the_page_says_what_the_paper_says(client, cast, order):
    """RULES M3, O3, O8, DESIGN 6: each price explained."""
    cast.lumiere.invoice_note = "Commande 4711"
    db.session.commit()
    other = make_order(cast.lumen, new(hosting(), 2), acting=order.partnership)
    page = client.sign_in(cast.pierre).get_page(page_of(order.invoice))
    for words in [
        "Invoice 2026-00001", "Helvia SA", "CHE-107.787.577 TVA", "Lumière Digital Sàrl", "1800 Vevey",
        "CHE-105.962.535", "Products of Lumen Optik AG", "19 November 2026", "19 December 2026", "Web hosting",
        "shop.ch", "New, for 1 year from the payment", "35 at CHF 9.92", "CHF 208.32", "VAT 8.1% CHF 16.87",
        "CHF 225.19", "CHF 9.92 × 35 × 1 year", "− 20% partner discount", "CHF 277.76", order.policy_version,
    ]:  # fmt: skip
        assert words in page, words
    assert "Commande 4711" not in page and "Commande 4711" in client.get_page(page_of(other.invoice))


def test_the_page_has_what_a_transfer_needs_until_it_has_come(client, cast, order):
    """RULES M6: what is missing, not what was billed."""
    client.sign_in(cast.pierre)
    page = client.get_page(page_of(order.invoice))
    copies = [each.text for each in page.main.with_class("copy")]
    assert copies[0] == "CH93 0076 2011 6238 5295 7" and copies[-1].replace(" ", "") == order.reference
    pay(order, 10_000)
    assert "CHF 125.19 of CHF 225.19" in client.get_page(page_of(order.invoice))
    pay(order)
    page = client.get_page(page_of(order.invoice))
    assert "There is nothing left to pay." in page and page.main.with_class("copy") == []


def test_a_cancelled_order_s_invoice_asks_for_nothing(client, cast, order):
    """RULES M6."""
    cancelled(order, reason="Ordered twice")
    client.sign_in(cast.pierre)
    page = client.get_page(page_of(order.invoice))
    assert "The order was cancelled. There is nothing to pay any more." in page
    note = order.invoices[-1]
    assert page.links[f"Credit note {note.number}"] == page_of(note)
    page = client.get_page(page_of(note))
    assert page.links[f"Invoice {order.invoice.number}"] == page_of(order.invoice)
    for words in (
        f"Credit note {note.number}",
        "Ordered twice",
        "Total credited CHF 225.19",
        "in your favour",
    ):
        assert words in page
    assert "How this was worked out" not in page


def test_what_the_prepaid_account_paid_is_said(client, cast):
    make_prepaid(cast.stefans, 100_000)
    order = own_order(cast.stefans, method=Method.PREPAID)
    page = client.sign_in(cast.stefan).get_page(page_of(order.invoice))
    assert "Paid from the prepaid account on 19 November 2026." in page and not page.main.with_class("copy")


def test_order_and_invoice_lead_to_each_other(client, cast, order):
    client.sign_in(cast.pierre)
    address = f"/en/o/{cast.lumiere.public_id}/orders/{order.public_id}"
    assert client.get_page(page_of(order.invoice)).links[order.number] == address
    assert client.get_page(address).links[f"Invoice {order.invoice.number}"] == page_of(order.invoice)


def test_the_holder_s_page_of_the_order_does_not_lead_there(client, cast, order):
    """RULES M5."""
    page = client.sign_in(cast.nadia).get_page(f"/en/o/{cast.lumen.public_id}/orders/{order.public_id}")
    assert not [link for link in page.all_links if order.invoice.public_id in link]


# --- the files ----------------------------------------------------------------------------------------------


def test_the_pdf_is_saved_under_its_number_and_kept_by_nobody(client, cast, order):
    """SECURITY: a file of ours, which no browser guesses at or stores."""
    client.sign_in(cast.pierre)
    answer = client.get(page_of(order.invoice, part=".pdf"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="invoice-2026-00001.pdf"'
    assert answer.headers["Cache-Control"] == "no-store" and answer.content_type == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "208,32" in text_of(answer.data) and complaints(inside(answer.data)) == []
    assert pypdf.PdfReader(io.BytesIO(answer.data)).metadata.author == "Helvia SA"
    assert client.get(page_of(order.invoice, part=".pdf")).data == answer.data


def test_the_xml_is_what_the_pdf_holds(client, cast, order):
    client.sign_in(cast.pierre)
    answer = client.get(page_of(order.invoice, part=".xml"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="invoice-2026-00001.xml"'
    assert answer.content_type == "application/xml" and answer.headers["Cache-Control"] == "no-store"
    assert answer.data == inside(client.get(page_of(order.invoice, part=".pdf")).data)


def test_a_credit_note_is_called_so(client, cast, order):
    note = refund(order, 1_000)
    answer = client.sign_in(cast.pierre).get(page_of(note, part=".pdf"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="credit-note-2026-00001.pdf"'


def test_the_paper_speaks_the_payer_s_language_whoever_reads(client, cast, order):
    """RULES L2: the payer's, the reader's is another one."""
    dora = make_user("Dora Deutsch", language="de", region="DE")
    join(dora, cast.lumiere, Role.ADMINISTRATOR)
    client.sign_in(dora)
    german = page_of(order.invoice, part=".pdf").replace("/en/", "/de/")
    assert client.get(german).data == client.get(page_of(order.invoice, part=".pdf")).data


@pytest.mark.parametrize("part", PARTS)
def test_a_document_that_can_t_be_made_is_told_plainly_and_logged(client, cast, order, part, caplog):
    """The person reads what happened, the operator which invoice it was."""
    order.lines[0].quantity = 36
    db.session.commit()
    answer = client.sign_in(cast.pierre).get(page_of(order.invoice, part=part))
    assert answer.status_code == 500 and "2026-00001 can’t be shown as a document" in answer.text
    (record,) = [each for each in caplog.records if each.name == "webapp.invoices.exchange"]
    assert "2026-00001" in record.getMessage() and record.exc_info
