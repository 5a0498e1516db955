"""Files of payouts: against the official schema of ISO 20022, and read back."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sepaxml
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.payouts.story import IBAN, JANUARY, PAYPAL, affiliate, earn, payouts, run, runs, to
from webapp.money import Money
from webapp.payouts import actions, electronic, exchange
from webapp.payouts.electronic import Debtor, Order, Party, Payment, plain
from webapp.payouts.rules import Kind

SCHEMA = Path(sepaxml.__file__).parent / "schemas/pain.001.001.09.xsd"  # as ISO publishes it
NS = {"p": electronic.SPACE}
HELVIA = Party("Helvia GmbH & Söhne", "Seestraße 1", "8002", "Zürich", "CH")


@pytest.fixture(scope="module")
def schema():
    return xmlschema.XMLSchema(SCHEMA)


def file_of(*payments, iban=IBAN, bic="", currency="CHF"):
    total = sum((each.amount for each in payments), Money(0, currency))
    made = datetime(2027, 1, 1, 0, 30, tzinfo=UTC)
    order = Order("202701-CHF-1-x", made, date(2027, 1, 4), len(payments), total, Debtor(HELVIA, iban, bic))
    return b"".join(electronic.lines(order, payments))


def payment(n=1, minor=6_000, currency="CHF", iban=IBAN, name="Ännchen Œuvre <b>", **values):
    party = Party(name, *(values.get(key, "") for key in ("street", "postcode", "town", "country")))
    return Payment(f"A-2027-{n:05}", Money(minor, currency), party, iban, values.get("text", "Commissions"))


def texts(file, path):
    return [each.text for each in etree.fromstring(file).iterfind(f".//p:{path.replace('/', '/p:')}", NS)]


# --- the bank's file ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "iban", "bic"),
    [
        ("CHF", IBAN, ""), ("CHF", IBAN, "POFICHBEXXX"), ("EUR", "DE89370400440532013000", "COBADEFF"),
        ("EUR", "DE89370400440532013000", ""), ("EUR", IBAN, ""),
    ],
)  # fmt: skip
def test_a_file_follows_the_schema(schema, currency, iban, bic):
    """RULES F8: pain.001.001.09 of ISO 20022."""
    place = {"street": "Rue du Lac 12", "postcode": "1003", "town": "Lausanne", "country": "CH"}
    whole = file_of(payment(1, currency=currency, **place), payment(2, currency=currency),
                    currency=currency, iban=iban, bic=bic)  # fmt: skip
    schema.validate(whole.decode())
    assert texts(whole, "GrpHdr/NbOfTxs") == texts(whole, "PmtInf/NbOfTxs") == ["2"]
    assert texts(whole, "GrpHdr/CtrlSum") == texts(whole, "PmtInf/CtrlSum") == ["120.00"]
    assert texts(whole, "InstdAmt") == ["60.00", "60.00"]


def test_euros_go_as_sepa_wants_them(schema):
    """RULES F8: service level SEPA, shared charges, letters of telegrams."""
    whole = file_of(payment(currency="EUR", iban="DE89370400440532013000"), currency="EUR")
    assert texts(whole, "SvcLvl/Cd") == ["SEPA"] and texts(whole, "ChrgBr") == ["SLEV"]
    assert texts(whole, "Cdtr/Nm") == ["Aennchen Oeuvre b"]
    assert texts(whole, "Dbtr/Nm") == ["Helvia GmbH + Soehne"]


def test_francs_go_as_the_swiss_payment_standards_want_them(schema):
    """RULES F8: no service level, structured address, the bank by its number, Latin letters with their marks."""
    whole = file_of(payment(street="Chemin des Œillets 7", postcode="1204", town="Genève", country="CH"))
    assert not texts(whole, "SvcLvl/Cd") and not texts(whole, "ChrgBr")
    assert texts(whole, "Cdtr/Nm") == ["Ännchen Œuvre <b>"]
    address = [(each.tag.rpartition("}")[2], each.text) for each in
               etree.fromstring(whole).find(".//p:Cdtr/p:PstlAdr", NS)]  # fmt: skip
    assert address == [
        ("StrtNm", "Chemin des Œillets 7"),
        ("PstCd", "1204"),
        ("TwnNm", "Genève"),
        ("Ctry", "CH"),
    ]
    assert texts(whole, "ClrSysId/Cd") == ["CHBCC"] and texts(whole, "MmbId") == ["762"]
    assert all(
        len(each) <= 35
        for path in ("MsgId", "PmtInfId", "InstrId", "EndToEndId")
        for each in texts(whole, path)
    )


@given(
    st.lists(
        st.tuples(st.text(max_size=90), st.text(max_size=130), st.text(max_size=14), st.text(max_size=90),
                  st.integers(1, 10**10)),
        min_size=1, max_size=3,
    ),
    st.sampled_from(["CHF", "EUR"]),
)  # fmt: skip
def test_whatever_people_are_called_the_file_follows_the_schema(people, currency):
    """SECURITY 3: text of people is never markup, and never what a bank refuses."""
    payments = [
        payment(n, minor, currency, name=name, street=street, postcode=postcode, town=town, country="CH")
        for n, (name, street, postcode, town, minor) in enumerate(people, 1)
    ]
    whole = file_of(*payments, currency=currency)
    _SCHEMA.validate(whole.decode())
    assert texts(whole, "CtrlSum")[0] == f"{sum(each.amount.minor for each in payments) / 100:.2f}"


_SCHEMA = xmlschema.XMLSchema(SCHEMA)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Zürich", "Zuerich"), ("Genève", "Geneve"), ("Weiß & Söhne", "Weiss + Soehne"), ("Łódź", "Lodz"),
        ("Müller_2", "Mueller-2"), ("//a//b/", "a/b"), ("a///b", "a/b"),
        ("日本", ""), ("a\n\tb", "a b"), ("“Anna”", "Anna"),
    ],
)  # fmt: skip
def test_letters_of_telegrams(text, written):
    assert plain(text, 70, sepa=True) == written


@pytest.mark.parametrize(
    ("day", "paid"),
    [("2027-01-01", "2027-01-01"), ("2027-01-02", "2027-01-04"), ("2027-01-03", "2027-01-04")],
)
def test_a_bank_does_not_pay_on_a_weekend(day, paid):
    assert exchange.working_day(date.fromisoformat(day)) == date.fromisoformat(paid)


# --- of a run -----------------------------------------------------------------------------------------------


def test_the_files_of_a_run_hold_what_it_pays(client, cast, clock, schema):
    """RULES F8: one pain.001 per currency, PayPal's list, and nothing of prepaid accounts; read back."""
    earn(to(affiliate("Ännchen & Söhne"), holder="Anna Ännchen"))
    earn(to(affiliate("Bert"), Kind.PAYPAL), 12_345)
    earn(affiliate("Cleo"))
    back = to(affiliate("Dora"))
    earn(back)
    clock.now = JANUARY
    run()
    (it,) = runs()
    actions.take_back(payouts(back)[0], reason="Closed", by=cast.olga, now=JANUARY)
    client.sign_in(cast.olga)
    page = client.get_page(f"/en/admin/payouts/{it.public_id}")
    whole = client.get(page.links["Download the bank’s file"]).data
    schema.validate(whole.decode())
    first = payouts()[0]
    assert texts(whole, "EndToEndId") == [first.number]
    assert texts(whole, "Cdtr/Nm") == ["Anna Ännchen"] and texts(whole, "CdtrAcct/Id/IBAN") == [IBAN]
    assert texts(whole, "CtrlSum") == ["60.00", "60.00"] and texts(whole, "ReqdExctnDt/Dt") == ["2027-01-01"]
    assert texts(whole, "RmtInf/Ustrd") == [f"Provisionen, Gutschrift {first.number}"]
    rows = list(csv.reader(io.StringIO(client.get(page.links["Download PayPal’s file"]).text)))
    number = payouts()[1].number
    assert rows == [[PAYPAL, "123.45", "CHF", number, f"Provisionen, Gutschrift {number}"]]


def test_paypal_gets_no_longer_files_than_it_takes(client, cast, clock, monkeypatch):
    for n in range(3):
        earn(to(affiliate(f"Affiliate {n}"), Kind.PAYPAL, f"a{n}@example.com"))
    clock.now = JANUARY
    run()
    monkeypatch.setattr(exchange, "PAYPAL_MOST", 2)
    client.sign_in(cast.olga)
    page = client.get_page(f"/en/admin/payouts/{runs()[0].public_id}")
    files = [client.get(page.links[f"Download PayPal’s file {n}"]).text for n in (1, 2)]
    assert [[line.split(",")[0] for line in file.splitlines()] for file in files] == [
        ["a0@example.com", "a1@example.com"], ["a2@example.com"],
    ]  # fmt: skip
    assert client.get(f"/en/admin/payouts/{runs()[0].public_id}/paypal-3.csv").status_code == 404


def test_a_run_without_payments_by_bank_has_no_file(client, cast, clock):
    earn(to(affiliate(), Kind.PAYPAL))
    clock.now = JANUARY
    run()
    client.sign_in(cast.olga)
    page = client.get_page(f"/en/admin/payouts/{runs()[0].public_id}")
    assert "Download the bank’s file" not in page.links
    assert client.get(f"/en/admin/payouts/{runs()[0].public_id}/transfers.xml").status_code == 404
