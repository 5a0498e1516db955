"""Orders as files: which rows, which columns, and who sees what of them (RULES M9, M10, C12)."""

from datetime import UTC, date, datetime

import pytest

from tests.factories import make_organisation, make_partnership, make_plan
from tests.orders.story import cancelled, new, ordered, refund
from tests.revenue.story import bought, by_partner, cells, full, limited, sources_plan
from webapp.i18n import speaking
from webapp.partnerships.rules import Access, Payer
from webapp.revenue import exchange, monthly, rows
from webapp.revenue.rows import Wanted
from webapp.unit import unit_of_work

COLUMNS = (
    "Date", "Client", "Order", "Invoice", "Product", "Plan", "Action", "Period", "Quantity", "Public price, net",
    "Discount in per cent", "Sliding scale in per cent", "Charged, net", "VAT in per cent", "VAT", "Total",
    "Currency", "Payer", "Cashback", "Status",
)  # fmt: skip
IN_DECEMBER = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)


@pytest.fixture
def pierre(client, cast):
    """The browser of the partner's legal representative."""
    return client.sign_in(cast.pierre)


@pytest.fixture
def in_december(client, cast, clock):
    """The same, some days later."""
    clock.forward(days=12)
    return client.sign_in(cast.pierre)


def revenue_of(browser, cast, **query):
    return browser.get(f"/en/o/{cast.lumiere.public_id}/revenue.csv", query_string=query)


def billing_of(browser, cast, partnership, **query):
    address = f"/en/o/{cast.lumiere.public_id}/clients/{partnership.public_id}/billing.csv"
    return browser.get(address, query_string=query)


def orders_of(browser, organisation, **query):
    return browser.get(f"/en/o/{organisation.public_id}/orders.csv", query_string=query)


# --- the form of a file -------------------------------------------------------------------------------------


def test_a_file_is_utf_8_with_a_mark_and_has_the_columns(pierre, cast):
    """RULES M9: with ISO dates and plain points, named with currency and month."""
    by_partner(full(cast, Payer.PARTNER), new(sources_plan(), 35, label="Hébergement Zürich"))
    answer = revenue_of(pierre, cast, month="2026-11", currency="CHF")
    assert answer.data.startswith(b"\xef\xbb\xbf") and answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="revenue-CHF-2026-11.csv"'
    [row] = cells(answer)
    assert tuple(row) == COLUMNS
    assert list(row.values()) == [
        "2026-11-21", "Lumen Optik AG", "O-2026-00001", "2026-00001", "Hébergement Zürich", "Web Start", "New product",
        "1 year", "35", "260.40", "20", "25", "208.32", "8.1", "16.87", "225.19", "CHF", "Lumière Digital Sàrl",
        "", "Paid",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_headings_are_in_the_reader_s_language(pierre, cast, language):
    """RULES M9, L1."""
    full(cast)
    answer = pierre.get(f"/{language}/o/{cast.lumiere.public_id}/revenue.csv")
    with speaking(language, "CH"):
        assert answer.data.decode("utf-8-sig").splitlines() == [
            ",".join(f'"{each}"' if "," in each else each for each in exchange.columns())
        ]


def test_a_label_can_be_no_formula(pierre, cast):
    """SECURITY 3."""
    by_partner(full(cast, Payer.PARTNER), new(make_plan(), label="=1+1"))
    assert cells(revenue_of(pierre, cast))[0]["Product"] == "'=1+1"


def test_a_credit_note_is_a_row_with_amounts_below_nothing(pierre, cast):
    """RULES M9, M11: without a quantity, so that quantities add up."""
    order = by_partner(full(cast, Payer.PARTNER), new(make_plan(), 2))
    note = refund(order, 9_600, now=IN_DECEMBER)
    first, second = cells(revenue_of(pierre, cast))
    assert first["Status"] == second["Status"] == "Partly refunded"
    assert [second[name] for name in ("Date", "Order", "Invoice", "Action", "Quantity", "Period")] == [
        "2026-12-03", order.number, note.number, "Credit note", "", "",
    ]  # fmt: skip
    amounts = ("Public price, net", "Charged, net", "VAT", "Total")
    assert [first[name] for name in amounts] == ["240.00", "192.00", "15.55", "207.55"]
    assert [second[name] for name in amounts] == ["-120.00", "-96.00", "-7.78", "-103.78"]


def test_a_file_adds_up_to_the_statement(in_december, cast):
    """RULES M9: a month of the file has what the month of the statement has."""
    client = make_organisation("Spreewald GmbH", country="DE")
    entrusted, theirs = full(cast, Payer.PARTNER), full(cast, client=client)
    plan = sources_plan()
    first = by_partner(entrusted, new(plan, 7), new(plan, 3), paid=IN_DECEMBER)
    second = bought(cast.lumen, new(plan, 11))
    third = bought(theirs.client, new(plan, 13))
    ordered(cast.lumen, new(plan))
    refund(first, 1_000, 333, now=IN_DECEMBER)
    refund(second, 777, now=IN_DECEMBER)
    refund(third, 1, now=IN_DECEMBER)
    for month in (date(2026, 11, 1), date(2026, 12, 1)):
        for currency in ("CHF", "EUR"):
            rows = cells(revenue_of(in_december, cast, month=f"{month:%Y-%m}", currency=currency))
            cashback = sum(float(row["Cashback"] or 0) for row in rows)
            discount = sum(
                float(row["Public price, net"]) - float(row["Charged, net"])
                for row in rows
                if row["Payer"] == "Lumière Digital Sàrl"
            )
            each = monthly.earned(cast.lumiere, [month]).get(currency, {}).get(month)
            expected = (each.discount.minor, each.cashback.minor) if each else (0, 0)
            assert (round(discount * 100), round(cashback * 100)) == expected


# --- who sees what ------------------------------------------------------------------------------------------


def test_a_partner_sees_no_invoice_and_no_vat_of_what_its_client_pays(pierre, cast):
    """RULES M5, M9."""
    partnership = full(cast)
    bought(cast.lumen, new(sources_plan(), 35))
    [row] = cells(billing_of(pierre, cast, partnership))
    assert {name for name, cell in row.items() if not cell} == {"Invoice", "VAT in per cent", "VAT", "Total"}
    assert [row[name] for name in ("Public price, net", "Discount in per cent", "Charged, net", "Cashback")] == [
        "260.40", "20", "260.40", "52.08",
    ]  # fmt: skip
    assert (row["Payer"], row["Status"]) == ("Lumen Optik AG", "Carried out")


def test_a_partner_sees_all_of_what_it_pays_to_invoice_it_again(pierre, cast):
    """RULES M10."""
    partnership = full(cast, Payer.PARTNER)
    order = by_partner(partnership, new(make_plan()))
    answer = billing_of(pierre, cast, partnership)
    assert "billing-lumen-optik-ag-CHF-EUR.csv" in answer.headers["Content-Disposition"]
    [row] = cells(answer)
    assert {name for name, cell in row.items() if not cell} == {"Cashback"}
    assert (row["Invoice"], row["Public price, net"], row["Charged, net"], row["Total"]) == (
        order.invoice.number, "120.00", "96.00", "103.78",
    )  # fmt: skip


def test_a_client_sees_no_amount_of_what_its_partner_pays(client, cast):
    """RULES M5: it sees that its products were ordered."""
    partnership = full(cast, Payer.PARTNER)
    by_partner(partnership, new(make_plan(), label="theirs.ch"))
    bought(cast.lumen, new(make_plan(), label="mine.ch"))
    theirs, mine = cells(orders_of(client.sign_in(cast.adam), cast.lumen))
    assert {name for name, cell in theirs.items() if not cell} == {
        "Invoice", "Public price, net", "Discount in per cent", "Sliding scale in per cent", "Charged, net",
        "VAT in per cent", "VAT", "Total", "Cashback",
    }  # fmt: skip
    assert (theirs["Product"], theirs["Payer"], theirs["Status"]) == (
        "theirs.ch", "Lumière Digital Sàrl", "Carried out",
    )  # fmt: skip
    assert {name for name, cell in mine.items() if not cell} == {"Cashback"}
    assert (mine["Discount in per cent"], mine["Status"]) == ("0", "Paid")


def test_a_credit_note_hides_the_same(pierre, another, cast):
    """RULES M5, M9, M11."""
    partnership = full(cast)
    refund(bought(cast.lumen, new(make_plan())), 6_000)
    refund(by_partner(partnership, new(make_plan())), 6_000)
    *_lines, first, _second = cells(billing_of(pierre, cast, partnership))
    assert (first["Invoice"], first["VAT"], first["Total"], first["Cashback"]) == ("", "", "", "-12.00")
    *_lines, first, _second = cells(orders_of(another().sign_in(cast.nadia), cast.lumen))
    assert (first["Invoice"], first["Total"], first["Cashback"]) == ("C-2026-00001", "-64.86", "")


# --- which rows ---------------------------------------------------------------------------------------------


def test_a_limited_partner_gets_the_lines_of_what_it_manages(pierre, cast):
    """RULES C1, C12: the client's other products are nothing to it."""
    partnership, mine, other = limited(cast)
    bought(cast.lumen, mine, other, new(make_plan()))
    assert [row["Product"] for row in cells(billing_of(pierre, cast, partnership))] == ["mine.ch"]
    assert [row["Product"] for row in cells(revenue_of(pierre, cast))] == ["mine.ch"]


def test_a_full_partner_gets_what_was_ordered_while_it_was_one(pierre, cast, now):
    """RULES C11, C12: nothing from before, nothing from after, and the file stays when it is over."""
    bought(cast.lumen, new(make_plan(), label="before.ch"))
    partnership = full(cast, Payer.PARTNER)
    bought(cast.lumen, new(make_plan(), label="during.ch"))
    by_partner(partnership, new(make_plan(), label="by-partner.ch"))
    unit_of_work(
        lambda: [setattr(partnership, "ended_at", now), setattr(partnership, "ended_by_side", "client")]
    )()
    bought(cast.lumen, new(make_plan(), label="after.ch"))
    rows = cells(billing_of(pierre, cast, partnership))
    assert [row["Product"] for row in rows] == ["during.ch", "by-partner.ch"]
    assert [row["Product"] for row in cells(revenue_of(pierre, cast))] == ["during.ch", "by-partner.ch"]


def test_each_client_s_file_has_its_own_rows_only(pierre, cast):
    """SECURITY A1."""
    here, there = full(cast), full(cast, client=cast.stefans)
    bought(cast.lumen, new(make_plan(), label="here.ch"))
    bought(cast.stefans, new(make_plan(), label="there.ch"))
    bought(cast.bergwerk, new(make_plan(), label="elsewhere.ch"))
    assert [row["Product"] for row in cells(billing_of(pierre, cast, here))] == ["here.ch"]
    assert [row["Product"] for row in cells(billing_of(pierre, cast, there))] == ["there.ch"]
    assert [row["Product"] for row in cells(revenue_of(pierre, cast))] == ["here.ch", "there.ch"]


def test_another_partner_s_earnings_are_not_told(client, cast):
    """RULES M5, C1: of two limited partners each sees its own lines."""
    _partnership, mine, other = limited(cast)
    theirs = make_partnership(cast.lumen, cast.bergwerk_partner, products=[other])
    bought(cast.lumen, mine, other)
    berta = client.sign_in(cast.berta)
    [row] = cells(berta.get(f"/en/o/{cast.bergwerk.public_id}/clients/{theirs.public_id}/billing.csv"))
    assert (row["Product"], row["Cashback"]) == ("other.ch", "24.00")


def test_a_month_and_a_currency_can_be_asked_for(in_december, cast):
    """RULES M9: the month of the order in a client's file, of the payment in that of the revenue."""
    partnership = full(cast)
    make_partnership(make_organisation("Spreewald GmbH", country="DE"), cast.lumiere_partner, Access.FULL)
    order = bought(cast.lumen, new(make_plan()), paid=IN_DECEMBER)
    assert [row["Date"] for row in cells(revenue_of(in_december, cast, month="2026-12"))] == ["2026-12-03"]
    assert cells(revenue_of(in_december, cast, month="2026-11")) == []
    assert [row["Date"] for row in cells(billing_of(in_december, cast, partnership, month="2026-11"))] == [
        "2026-11-21"
    ]
    assert cells(billing_of(in_december, cast, partnership, month="2026-12")) == []
    assert cells(revenue_of(in_december, cast, currency="EUR")) == []
    assert order.number in revenue_of(in_december, cast, currency="CHF").text


@pytest.mark.parametrize("query", [{"month": "November"}, {"month": "2027-01"}, {"currency": "USD"}])
def test_nobody_gets_another_file_than_asked_for(pierre, cast, query):
    full(cast)
    assert revenue_of(pierre, cast, **query).status_code == 404


def test_an_order_that_waits_or_was_cancelled_brings_no_cashback(pierre, cast):
    """RULES M4, M6."""
    partnership = full(cast)
    ordered(cast.lumen, new(make_plan()))
    cancelled(ordered(cast.lumen, new(make_plan())))
    cancelled(bought(cast.lumen, new(make_plan())))
    rows = cells(billing_of(pierre, cast, partnership))
    assert [(row["Cashback"], row["Status"]) for row in rows] == [
        ("0.00", "Waiting"), ("0.00", "Order cancelled"), ("24.00", "Order cancelled"),
        ("0.00", "Order cancelled"), ("-24.00", "Order cancelled"),
    ]  # fmt: skip


# --- many rows ----------------------------------------------------------------------------------------------


def test_rows_are_read_in_pages_and_none_is_lost(pierre, cast, monkeypatch):
    monkeypatch.setattr(rows, "AT_ONCE", 3)
    entrusted = full(cast, Payer.PARTNER)
    plan = make_plan()
    for n in range(4):
        order = by_partner(entrusted, new(plan, label=f"a{n}.ch"), new(plan, label=f"b{n}.ch"))
        bought(cast.lumen, new(plan, label=f"c{n}.ch"))
        refund(order, 100, 200)
        refund(order, 300)
    lines = [f"{letter}{n}.ch" for n in range(4) for letter in "abc"]
    credits = [f"{letter}{n}.ch" for n in range(4) for letter in "aab"]
    assert [row["Product"] for row in cells(revenue_of(pierre, cast))] == lines + credits
    assert [row["Product"] for row in cells(billing_of(pierre, cast, entrusted))] == lines + credits


def test_a_file_leaves_while_it_is_read(app, cast, monkeypatch, statements):
    """RULES M9: the first rows after the first page of the query, whatever follows."""
    monkeypatch.setattr(rows, "AT_ONCE", 2)
    full(cast)
    plan = make_plan()
    for _n in range(6):
        ordered(cast.lumen, new(plan))
    with app.test_request_context("/en/"), statements() as seen:
        cells_of = exchange._cells(rows.of_revenue(cast.lumiere), Wanted())
        assert [next(cells_of)[2] for _n in range(2)] == ["O-2026-00001", "O-2026-00002"]
        begun = len([each for each in seen if "FROM order_lines" in each])
        assert len(list(cells_of)) == 4
    assert begun == 2 < len([each for each in seen if "FROM order_lines" in each])


# --- who may ------------------------------------------------------------------------------------------------


def test_files_are_for_administrators_of_that_organisation(client, another, cast):
    """RULES O2, SECURITY A1."""
    partnership = full(cast)
    paula, nadia, stefan = (another().sign_in(each) for each in (cast.paula, cast.nadia, cast.stefan))
    for browser, status in ((paula, 403), (nadia, 404), (stefan, 404)):
        assert revenue_of(browser, cast).status_code == status
        assert billing_of(browser, cast, partnership).status_code == status
        assert orders_of(browser, cast.lumiere).status_code == status
    assert client.get(f"/en/o/{cast.lumen.public_id}/revenue.csv").status_code == 303
    assert nadia.get(f"/en/o/{cast.lumen.public_id}/revenue.csv").status_code == 404  # no partner
    elsewhere = make_partnership(cast.stefans, cast.bergwerk_partner, Access.FULL)
    pierre = another().sign_in(cast.pierre)
    assert billing_of(pierre, cast, elsewhere).status_code == 404
