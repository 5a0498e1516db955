"""Statements of banks: what came in, under which id, and each fault with its line (RULES M6)."""

import re
import string
import unicodedata
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from webapp.money import Money
from webapp.payments import elements, statements
from webapp.payments.elements import WHOLE_FILE, Faults
from webapp.payments.rules import BANK_ID_LENGTH, NAME_LENGTH, TEXT_LENGTH
from webapp.payments.statements import LeftOut, read

FILES = Path(__file__).parent / "files"
IBAN, OTHER_IBAN = "CH9300762011623852957", "CH0309000000800012345"
NAMESPACES = [
    *(f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}" for version in ("02", "04", "08", "10", "13")),
    "http://www.six-interbank-clearing.com/de/camt.053.001.04.ch.02.xsd",
    "",
]


def sample(name):
    return (FILES / name).read_bytes()


def entry(amount="12.50", *, currency="CHF", sts="BOOK", way="CRDT", day="2026-11-20", ref="", inner=""):
    """An entry, an element a line, in the order of the standard."""
    return "\n".join([
        "<Ntry>",
        f'<Amt Ccy="{currency}">{amount}</Amt>',
        f"<CdtDbtInd>{way}</CdtDbtInd>",
        f"<Sts>{sts}</Sts>",
        f"<BookgDt><Dt>{day}</Dt></BookgDt>",
        *([f"<AcctSvcrRef>{ref}</AcctSvcrRef>"] if ref else []),
        *([inner] if inner else []),
        "</Ntry>",
    ])  # fmt: skip


def transaction(amount=None, *, ref="", text="", currency="CHF", inner=""):
    parts = [f"<Refs><AcctSvcrRef>{ref}</AcctSvcrRef></Refs>"] if ref else []
    parts += [f'<Amt Ccy="{currency}">{amount}</Amt>'] if amount else []
    parts += [inner, f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>" if text else ""]
    return f"<TxDtls>{''.join(parts)}</TxDtls>"


def batch(amount, *transactions, ref="", announced=None):
    number = f"<Btch><NbOfTxs>{announced}</NbOfTxs></Btch>" if announced else ""
    return entry(amount, ref=ref, inner="<NtryDtls>" + number + "\n".join(transactions) + "</NtryDtls>")


def account(number=IBAN, currency="CHF"):
    named = f"<Ccy>{currency}</Ccy>" if currency else ""
    return f"<Acct><Id><IBAN>{number}</IBAN></Id>{named}</Acct>"


def statement(*entries, head=None):
    return "\n".join(["<Stmt>", account() if head is None else head, *entries, "</Stmt>"])


def message(*inner, namespace=NAMESPACES[2], name="BkToCstmrStmt"):
    return "\n".join([
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<Document xmlns="{namespace}">' if namespace else "<Document>",
        f"<{name}>",
        *inner,
        f"</{name}>",
        "</Document>",
    ]).encode()  # fmt: skip


def file(*entries, **kwargs):
    return message(statement(*entries), **kwargs)


def faults(data):
    with pytest.raises(Faults) as refused:
        read(data)
    return list(refused.value.faults)


def fault(data, line_with=None):
    """The only fault; it is on the line that holds these words, once."""
    ((line, sentence),) = faults(data)
    if line_with is not None:
        lines = data.decode().split("\n")
        (expected,) = [n for n, each in enumerate(lines, 1) if line_with in each]
        assert line == expected and f"Line {line}" in sentence
    return sentence


def rf(body):
    return f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"


def ids(data):
    return [each.bank_id for each in read(data).entries]


# --- files of banks -----------------------------------------------------------------------------------------


def test_a_swiss_cantonal_bank_s_file_is_read():
    """RULES M6: what came in is known by its reference."""
    found = read(sample("zurich_08.xml"))
    first, *batch_ = found.entries
    assert (found.account_iban, found.currency) == (IBAN, "CHF")
    assert (first.amount, first.booked_on) == (Money(225_15, "CHF"), date(2026, 11, 20))
    assert (first.debtor_name, first.debtor_iban) == ("Atelier Morges Sàrl", "CH36098760000012345AB")
    assert (first.reference, first.text) == ("RF47202600000117", "Hébergement 2027")
    assert first.bank_reference == "Z263240000001"
    assert [each.amount.minor for each in batch_] == [200_00, 200_00, 12_20]
    assert [each.reference for each in batch_] == ["RF25202600000125"] * 2 + [""]
    assert (batch_[2].debtor_name, batch_[2].text) == ("Verein Dorfplatz", "RF00 NOT VALID")
    assert len({each.bank_id for each in found.entries}) == 4
    assert found.left_out == LeftOut(debits=1, reversals=1, not_booked=1, empty=1)
    assert found.left_out.total == 4


def test_a_postal_bank_s_file_is_read():
    """Another namespace with a prefix, days with a zone, no currency at the account, no details at all."""
    found = read(sample("post_04.xml"))
    assert (found.account_iban, found.currency) == (OTHER_IBAN, "CHF")
    assert [each.amount.minor for each in found.entries] == [1000_50, 49_50, 75_00, 310_00]
    assert [each.reference for each in found.entries] == [
        "210000000003139471430009017", "", "RF03202600000133", ""
    ]  # fmt: skip
    assert {each.booked_on for each in found.entries} == {date(2026, 11, 19)}
    assert [each.bank_reference for each in found.entries] == ["263230004001", "263230004002", "", ""]
    assert found.entries[2].text.startswith("GUTSCHRIFT VON FREMDBANK")


def test_a_german_savings_bank_s_file_is_read():
    """A reference over two lines, charges kept by the bank, two gifts that differ in nothing."""
    found = read(sample("sparkasse_02.xml"))
    first, overseas, *gifts = found.entries
    assert (found.account_iban, found.currency) == ("DE37999999990123456789", "EUR")
    assert (first.amount, first.debtor_name) == (Money(120_75, "EUR"), "Möwe & Söhne KG")
    assert (first.reference, first.debtor_iban) == ("RF022026000042", "DE53999999990000000042")
    assert first.booked_on == date(2026, 11, 19)
    assert (overseas.amount, overseas.debtor_iban) == (Money(985_00, "EUR"), "")
    assert [each.text for each in gifts] == ["Spende", "Spende"]
    assert gifts[0].bank_id != gifts[1].bank_id


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_version_is_read(namespace):
    assert read(file(entry(), namespace=namespace)).entries[0].amount == Money(12_50, "CHF")


@pytest.mark.parametrize("status", ["BOOK", "<Cd>BOOK</Cd>", " BOOK\n"])
def test_a_booked_entry_is_booked_in_old_and_new_spelling(status):
    assert len(read(file(entry(sts=status))).entries) == 1


@pytest.mark.parametrize("status", ["PDNG", "INFO", "<Cd>FUTR</Cd>"])
def test_an_entry_that_is_not_booked_is_left_out_and_counted(status):
    found = read(file(entry(sts=status)))
    assert (found.entries, found.left_out) == ((), LeftOut(not_booked=1))


def test_reversals_and_debits_are_left_out_and_counted():
    reversal = "<RvslInd>1</RvslInd>"
    found = read(file(entry(inner=reversal), entry(way="DBIT"), entry(way="DBIT", inner=reversal)))
    assert (found.entries, found.left_out) == ((), LeftOut(debits=1, reversals=2))


def test_a_statement_may_be_empty():
    assert read(file()).entries == ()


def test_a_byte_order_mark_and_windows_line_ends_are_fine():
    data = b"\xef\xbb\xbf" + file(entry()).replace(b"\n", b"\r\n")
    assert len(read(data).entries) == 1


def test_statements_of_several_days_are_read_together():
    data = message(statement(entry(ref="A")), statement(entry(ref="B", day="2026-11-21")))
    assert [each.booked_on.day for each in read(data).entries] == [20, 21]


# --- batches ------------------------------------------------------------------------------------------------


def test_a_batch_gives_each_transaction_its_own_amount():
    found = read(file(batch("30.00", transaction("10.00", ref="a"), transaction("20", ref="b"))))
    assert [(each.amount.minor, each.bank_reference) for each in found.entries] == [
        (10_00, "a"),
        (20_00, "b"),
    ]


@pytest.mark.parametrize("path", ["AmtDtls/TxAmt", "AmtDtls/InstdAmt"])
def test_the_amount_of_a_transaction_may_stand_among_its_details(path):
    outer, inner = path.split("/")
    parts = [
        f'<{outer}><{inner}><Amt Ccy="CHF">{each}</Amt></{inner}></{outer}>' for each in ("1.00", "2.00")
    ]
    found = read(file(batch("3.00", *(transaction(inner=each) for each in parts))))
    assert [each.amount.minor for each in found.entries] == [1_00, 2_00]


def test_a_batch_that_does_not_add_up_is_refused():
    data = file(batch("30.00", transaction("10.00"), transaction("20.01")))
    assert "add up to 30.01, and the entry is 30.00." in fault(data, "<Ntry>")


def test_a_transaction_of_a_batch_without_an_amount_is_refused():
    data = file(batch("30.00", transaction("10.00"), transaction(text="which")))
    assert "has no amount of its own in CHF." in fault(data, "which")


def test_one_transaction_of_an_announced_batch_does_not_stand_for_all():
    data = file(batch("30.00", transaction(text="one of two"), announced=2))
    assert "has no amount of its own" in fault(data, "one of two")


def test_one_transaction_has_to_be_its_entry_unless_the_bank_kept_charges():
    assert "add up to 10.00" in fault(file(batch("9.00", transaction("10.00"))))
    kept = transaction("10.00", inner="<Chrgs/>")
    assert read(file(batch("9.00", kept))).entries[0].amount.minor == 9_00


def test_one_transaction_in_a_foreign_currency_is_its_entry():
    data = file(batch("9.00", transaction("1100", currency="JPY")))
    assert read(data).entries[0].amount == Money(9_00, "CHF")


def test_a_debit_inside_of_a_credit_is_refused():
    inner = "<CdtDbtInd>DBIT</CdtDbtInd>"
    data = file(batch("10.00", transaction("15.00"), transaction("5.00", inner=inner)))
    assert "a transaction of this credit is a debit." in fault(data, "DBIT")


# --- permanent ids ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["zurich_08.xml", "post_04.xml", "sparkasse_02.xml"])
def test_the_same_file_has_the_same_ids(name):
    assert ids(sample(name)) == ids(sample(name).replace(b"\n", b"\r\n"))
    assert all(len(each) == BANK_ID_LENGTH for each in ids(sample(name)))


def test_overlapping_files_name_the_same_money_the_same_way():
    monday = [entry(ref="A"), entry("7.00")]
    tuesday = [entry(ref="C", day="2026-11-21"), batch("3.00", transaction("1.00"), transaction("2.00"))]
    first, both = ids(file(*monday)), ids(file(*tuesday, *monday))
    assert set(first) < set(both) and len(set(both)) == 5


def test_the_place_in_the_file_tells_nothing():
    one, other = entry("1.00"), entry("2.00")
    assert set(ids(file(one, other))) == set(ids(file(other, one)))


def test_two_payments_that_differ_in_nothing_are_two():
    assert len(set(ids(file(entry(), entry(), entry())))) == 3


def test_a_reference_that_a_bank_uses_twice_loses_no_money():
    assert len(set(ids(file(entry("1.00", ref="X"), entry("2.00", ref="X"), entry("2.00", ref="X"))))) == 3


def test_transactions_that_repeat_the_reference_of_their_entry_are_told_apart():
    parts = [transaction("5.00", ref="X"), transaction("5.00", ref="X")]
    assert len(set(ids(file(batch("10.00", *parts, ref="X"))))) == 2


def test_an_entry_is_the_same_with_and_without_its_details():
    bare, detailed = entry("5.00", ref="X"), batch("5.00", transaction("5.00", ref="X"), ref="X")
    assert ids(file(bare)) == ids(file(detailed))


@pytest.mark.parametrize("missing", ["NOTPROVIDED", "", " "])
def test_a_bank_reference_that_is_none_does_not_count(missing):
    found = read(file(entry("1.00", ref=missing, inner=""), entry("2.00", ref=missing))).entries
    assert [each.bank_reference for each in found] == ["", ""]


def test_a_statement_that_is_in_the_file_twice_counts_once():
    found = read(message(statement(entry(), entry()), statement(entry(), entry())))
    assert (len(found.entries), found.left_out.repeated) == (2, 2)


def test_the_same_payment_on_another_account_is_another_one():
    other = message(statement(entry(ref="A"), head=account(OTHER_IBAN)))
    assert ids(file(entry(ref="A"))) != ids(other)


# --- references ---------------------------------------------------------------------------------------------

RF = rf("202600000117")


@pytest.mark.parametrize(
    "text",
    [
        RF, RF.lower(), f"Invoice {RF}.", " ".join(re.findall("..?.?.?", RF)), f"/RFB/{RF}/",
        f"{RF[:9]} {RF[9:]}", f"RF {RF[2:]}", f"{RF}, {RF}", f"RF12 {RF}",
    ],
)  # fmt: skip
def test_a_reference_is_found_in_what_somebody_wrote(text):
    """RULES M6."""
    assert read(file(batch("1.00", transaction("1.00", text=text)))).entries[0].reference == RF


@pytest.mark.parametrize("text", [RF[:-1] + "8", f"X{RF}", RF[:3], "", "RF", f"{RF}9", "0" * 27])
def test_what_is_no_reference_is_none(text):
    found = read(file(batch("1.00", transaction("1.00", text=text)))).entries[0]
    assert (found.reference, found.references) == ("", ())


def test_two_references_are_told_and_none_is_chosen():
    other = rf("202600000118")
    found = read(file(batch("1.00", transaction("1.00", text=f"{RF} + {other}")))).entries[0]
    assert (found.references, found.reference) == ((RF, other), "")


def test_a_structured_reference_goes_before_others():
    inner = f"<RmtInf><Ustrd>{rf('9')}</Ustrd><Strd><CdtrRefInf><Ref>{RF}</Ref></CdtrRefInf></Strd></RmtInf>"
    assert read(file(batch("1.00", transaction("1.00", inner=inner)))).entries[0].references == (RF,)


def test_27_digits_are_found_in_what_somebody_wrote():
    text = "Ref 21 00000 00003 13947 14300 09017 danke"
    found = read(file(batch("1.00", transaction("1.00", text=text)))).entries[0]
    assert found.reference == "210000000003139471430009017"


def test_what_a_payer_writes_never_keeps_the_others_from_being_booked():
    """No odd character, no length: otherwise one payer could stop a whole day's file."""
    text = "a&#x202E;b&#x85;c&#x2028;d&#xAD;\U0001f600 " + "x" * 5_000
    inner = f"<RltdPties><Dbtr><Nm>{text}</Nm></Dbtr><DbtrAcct><Id><IBAN>{text}</IBAN></Id></DbtrAcct></RltdPties>"
    found = read(file(batch("1.00", transaction("1.00", inner=inner, text=text)))).entries[0]
    assert found.text.startswith("a b c d \U0001f600 x") and found.text.isprintable()
    assert len(found.text) == TEXT_LENGTH and len(found.debtor_name) <= NAME_LENGTH
    assert found.debtor_iban == ""


# --- faults -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "amount",
    [
        "12.505", "-12.50", "+12.50", "NaN", "INF", "1e3", "1'000.00", "1,000.00", "12,50", ".5", "12.", "",
        "١٢", "１２", "0x10", "12.50 CHF", "1" * 14, "twelve", "1_000", "12.50\u00a0",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(amount):
    assert "is not an amount such as 1250.50." in fault(file(entry(), entry(amount)), f'"CHF">{amount}<')


@pytest.mark.parametrize("way", ["DBIT", "CRDT"])
def test_an_entry_that_is_left_out_is_read_all_the_same(way):
    assert "is not an amount" in fault(file(entry("-1", way=way, sts="PDNG")), ">-1<")


def test_an_amount_in_another_currency_than_the_account_is_refused():
    assert "this amount is in “EUR”, and the account is in CHF." in fault(file(entry(currency="EUR")), "EUR")
    assert "this amount is in “”" in fault(file(entry().replace(' Ccy="CHF"', "")), "<Amt>")


@pytest.mark.parametrize("currency", ["USD", "chf", "XXX"])
def test_an_account_in_a_currency_that_is_not_ours_is_refused(currency):
    data = message(statement(entry(), head=account(currency=currency)))
    assert f"“{currency}” is none of our currencies: CHF, EUR." in fault(data, currency)


def test_an_account_without_any_currency_is_refused():
    data = message(statement(head=account(currency="")))
    assert "“” is none of our currencies" in fault(data, "<Stmt>")


def test_the_currency_of_an_account_may_be_that_of_its_amounts():
    assert read(message(statement(entry(currency="EUR"), head=account(currency="")))).currency == "EUR"


@pytest.mark.parametrize("head", [" ", "<Acct><Id><Othr><Id>12-3</Id></Othr></Id><Ccy>CHF</Ccy></Acct>"])
def test_a_statement_without_an_iban_is_refused(head):
    assert "names no account by an IBAN." in fault(message(statement(entry(), head=head)), "<Stmt>")


def test_an_account_that_is_no_iban_is_refused():
    wrong = "CH9300762011623852958"
    assert f"“{wrong}” is not an IBAN." in fault(message(statement(head=account(wrong))), wrong)


def test_several_accounts_in_a_file_are_refused():
    data = message(statement(entry()), statement(entry(), head=account(OTHER_IBAN)))
    ((line, sentence),) = faults(data)
    assert data.decode().split("\n")[line - 1] == "<Stmt>" and "of another account than the first" in sentence


@pytest.mark.parametrize(
    "day",
    [
        "2026-02-29", "2026-13-01", "20.11.2026", "20261120", "", "2026-11-20T25", "1999-12-31", "2100-01-01",
        "0001-01-01", "٢٠٢٦-11-20", "2026-11-20 ;", "2026-11-20+1",
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(day):
    assert "is not a date such as 2026-11-30." in fault(file(entry(day=day)), f"<Dt>{day}</Dt>")


def test_a_leap_day_is_a_date():
    assert read(file(entry(day="2028-02-29"))).entries[0].booked_on == date(2028, 2, 29)


def test_without_a_day_of_booking_the_value_date_counts():
    data = entry().replace("BookgDt", "ValDt")
    assert read(file(data)).entries[0].booked_on == date(2026, 11, 20)
    assert "has no booking date." in fault(file(data.replace("ValDt", "Other")), "<Ntry>")


@pytest.mark.parametrize(
    ("name", "old"), [("Amt", '<Amt Ccy="CHF">12.50</Amt>'), ("Sts", "<Sts>BOOK</Sts>"),
                      ("CdtDbtInd", "<CdtDbtInd>CRDT</CdtDbtInd>")],
)  # fmt: skip
def test_an_entry_lacks_nothing_that_we_need(name, old):
    assert f"this entry has no “{name}”." in fault(file(entry().replace(old, "")), "<Ntry>")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("Sts", ">BOOK<", ">BOKED<"),
        ("CdtDbtInd", ">CRDT<", ">CREDIT<"),
        ("Sts", ">BOOK<", "><Prtry>X</Prtry><"),
    ],
)
def test_a_code_that_nobody_knows_is_refused(name, old, new):
    assert f"in “{name}” is none of these:" in fault(file(entry().replace(old, new)), f"<{name}>")


def test_a_reversal_is_true_or_false():
    assert "in “RvslInd”" in fault(file(entry(inner="<RvslInd>maybe</RvslInd>")), "maybe")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("BkToCstmrDbtCdtNtfctn", "camt.054"),
        ("BkToCstmrAcctRpt", "camt.052"),
        ("CstmrCdtTrfInitn", "pain.001"),
    ],
)
def test_other_messages_are_refused_by_their_name(name, kind):
    namespace = f"urn:iso:std:iso:20022:tech:xsd:{kind}.001.08"
    for data in (message(statement(), name=name, namespace=""), message(statement(), namespace=namespace)):
        assert f"this is a message “{kind}”. Upload an account statement" in fault(data)


@pytest.mark.parametrize(
    "data", [b"<html><body/></html>", b"<Document/>", b"<a/>", b"<Document><b/></Document>"]
)
def test_what_is_no_statement_is_refused(data):
    assert fault(data) == "Line 1: this is not an account statement, “camt.053”."


def test_a_message_without_a_statement_is_refused():
    assert "the message holds no statement." in fault(message(), "<BkToCstmrStmt>")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (file(entry())[:-12], 13), (file(entry()).replace(b"</Sts>", b"</Stz>"), 9), (b"a;b;c\n1;2;3", 1),
        (file(entry("&unknown;")), 7), (b"\x00", 1), (file(entry("\x01")), 7),
        (b"<a>" * 100_000, 1), (b"<a>\n" * 300, 257),
    ],
)  # fmt: skip
def test_what_is_not_well_formed_is_refused(data, line):
    assert faults(data) == [(line, f"Line {line}: this is not well-formed XML. Is the file complete?")]


@pytest.mark.parametrize("data", [b"", b" \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(data):
    assert faults(data) == [(WHOLE_FILE, "The file is empty.")]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (file(entry()).replace(b"UTF-8", b"ISO-8859-1"), 1), (file(entry(ref="\xe9")).decode().encode("latin-1"), 11),
        (file(entry()).decode().encode("utf-16"), 1), (file(entry()).replace(b"UTF-8", b"UTF-7"), 1),
    ],
)  # fmt: skip
def test_another_encoding_is_refused(data, line):
    assert faults(data) == [(line, f"Line {line}: the file is not in UTF-8.")]


def test_a_large_file_is_refused():
    data = file(entry()) + b" " * elements.LARGEST_FILE
    assert faults(data) == [(WHOLE_FILE, "The file is larger than 5 MB.")]


def test_a_file_of_too_many_entries_is_refused():
    data = message("<Stmt>" + account() + "<Ntry/>" * (statements.MOST_ENTRIES + 1) + "</Stmt>")
    assert faults(data) == [
        (WHOLE_FILE, "The file has more than 100000 entries. Split it into several files.")
    ]


def test_all_faults_are_told_up_to_fifty():
    found = faults(file(*(entry("x") for _n in range(53)), entry()))
    assert len(found) == 51 and found[-1] == (WHOLE_FILE, "… and 3 more entries")
    assert [line for line, _sentence in found[:3]] == [7, 13, 19]


def test_lines_are_right_far_down():
    """Beyond the 65,535 lines that the parser counts easily."""
    data = file(*["\n"] * 70_000, entry("x"))
    assert "is not an amount" in fault(data, ">x<")


def test_a_wrong_value_is_quoted_in_short_and_in_print():
    assert f"“{'9' * 40}…”" in fault(file(entry("9" * 10_000)))
    assert "“12”" in fault(file(entry("1&#x202E;2")))


# --- attacks ------------------------------------------------------------------------------------------------

LAUGHS = "<!DOCTYPE d [\n<!ENTITY a0 'ha'>\n" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>\n" for n in range(1, 10)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    ("definition", "used"),
    [
        (LAUGHS, "&a9;"),
        ('<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>', "&x;"),
        ('<!DOCTYPE d SYSTEM "http://127.0.0.1:1/d.dtd">', "1.00"),
        ('<!DOCTYPE d [<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;]>', "1.00"),
        ("<!DOCTYPE html>", "1.00"),
    ],
)
def test_a_file_that_defines_anything_is_refused_before_it_is_parsed(definition, used):
    """Billion laughs, foreign files, foreign hosts."""
    data = file(entry(used)).replace(b"<Document", definition.encode() + b"\n<Document", 1)
    assert fault(data, "<!DOCTYPE") == "Line 2: the file defines a document type. No bank’s statement does."


def test_the_parser_itself_opens_nothing_and_does_not_laugh_either(monkeypatch):
    monkeypatch.setattr(elements, "_DEFINITIONS", re.compile(b"(?!)"))
    foreign = b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n'
    data = file(entry(inner="<AddtlNtryInf>&x;</AddtlNtryInf>")).replace(
        b"<Document", foreign + b"<Document", 1
    )
    assert read(data).entries[0].text == ""
    data = file(entry(ref="&a9;")).replace(b"<Document", LAUGHS.encode() + b"<Document", 1)
    assert "this is not well-formed XML" in fault(data)


# --- there and back -----------------------------------------------------------------------------------------

WORDS = st.text(
    st.characters(blacklist_categories=("C", "Z"), max_codepoint=0xFFFF) | st.just(" "), max_size=60
).map(lambda text: " ".join(text.split()))
REFERENCES = st.text(string.digits + string.ascii_uppercase, min_size=1, max_size=21).map(rf)
PAYMENTS = st.fixed_dictionaries(
    {
        "minor": st.integers(1, 10**14),
        "day": st.dates(date(2000, 1, 1), date(2099, 12, 31)),
        "name": WORDS,
        "reference": st.none() | REFERENCES,
        "text": WORDS.filter(lambda text: "RF" not in text.upper() and sum(c.isdigit() for c in text) < 27),
        "status": st.sampled_from(["BOOK", "<Cd>BOOK</Cd>"]),
        "nested": st.booleans(),
    }
)


def written(payments):
    entries = []
    for each in payments:
        name = f"<Nm>{escape(each['name'])}</Nm>"
        strd = (
            f"<Strd><CdtrRefInf><Ref>{each['reference']}</Ref></CdtrRefInf></Strd>"
            if each["reference"]
            else ""
        )
        inner = (
            f"<RltdPties><Dbtr>{f'<Pty>{name}</Pty>' if each['nested'] else name}</Dbtr></RltdPties>"
            f"<RmtInf><Ustrd>{escape(each['text'])}</Ustrd>{strd}</RmtInf>"
        )
        amount = str(Decimal(each["minor"]) / 100)
        details = f"<NtryDtls>{transaction(inner=inner)}</NtryDtls>"
        entries.append(entry(amount, day=each["day"].isoformat(), sts=each["status"], inner=details))
    return file(*entries)


@given(st.lists(PAYMENTS, max_size=8))
def test_what_is_written_is_read(payments):
    found = read(written(payments)).entries
    assert [
        (each.amount.minor, each.booked_on, each.debtor_name, each.reference, each.text) for each in found
    ] == [
        (
            each["minor"], each["day"], unicodedata.normalize("NFC", each["name"]), each["reference"] or "",
            unicodedata.normalize("NFC", each["text"]),
        )
        for each in payments
    ]  # fmt: skip
    assert len({each.bank_id for each in found}) == len(payments)


@given(st.lists(PAYMENTS, min_size=1, max_size=8), st.data())
def test_any_part_of_the_days_has_the_same_ids(payments, data):
    """Files that overlap by whole days import everything once, whichever days they hold."""
    days = data.draw(st.sets(st.sampled_from([each["day"] for each in payments])))
    part = [each for each in payments if each["day"] in days]
    assert set(ids(written(part))) <= set(ids(written(payments)))


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_file_is_refused_or_read_and_nothing_else_happens(data):
    original = sample(data.draw(st.sampled_from(["zurich_08.xml", "post_04.xml", "sparkasse_02.xml"])))
    start = data.draw(st.integers(0, len(original) - 1))
    end = start + data.draw(st.integers(0, 40))
    damaged = original[:start] + data.draw(st.binary(max_size=8)) + original[end:]
    try:
        read(damaged)
    except Faults as refused:
        lines = damaged.count(b"\n") + 1
        assert refused.faults and all(0 <= line <= lines for line, _sentence in refused.faults)


def test_a_file_of_nearly_the_largest_size_is_read():
    days = [str(date(2026, 1, 1) + timedelta(n % 300)) for n in range(30_000)]
    data = file(*(entry(f"{n}.00", ref=f"R{n}", day=day) for n, day in enumerate(days, 1)))
    assert 0.9 < len(data) / elements.LARGEST_FILE < 1
    assert len(read(data).entries) == 30_000
