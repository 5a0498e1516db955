"""Files in and out: what is read, each fault with its line, cells that a spreadsheet would run."""

from dataclasses import replace
from datetime import date

import pytest

from tests.factories import make_plan
from webapp.products import exchange
from webapp.products.exchange import PLAN_COLUMNS, USAGE_COLUMNS, read_plans, read_usage, resolved
from webapp.products.rules import Family, Metric, Period
from webapp.sheets import defuse

TODAY = date(2026, 11, 21)
HEADER = ",".join(PLAN_COLUMNS)
FAMILIES = "web, mail, cloud, domain, other"
LINE = "web-pro,web,Web Pro,Web Pro,Web Pro,year,120.00,110.50,20,yes,no,no"
USAGE = ",".join(USAGE_COLUMNS)
UNKNOWN = "The header has columns that are not known, or that appear twice:"
NO_DAY = "not a day up to today, such as 2026-11-30."
METRICS = "visits, transfer, messages, cpu_hours"
SQLITE_ONLY = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
pytestmark = [SQLITE_ONLY, pytest.mark.usefixtures("app")]


def plan_file(*lines, header=HEADER):
    return "\r\n".join([header, *lines, ""]).encode()


def changed(**cells):
    values = dict(zip(PLAN_COLUMNS, LINE.split(","), strict=True))
    return ",".join({**values, **cells}.values())


def faults(*lines, **kwargs):
    rows, found = read_plans(plan_file(*lines, **kwargs))
    assert not (rows and found)
    return found


# --- plans --------------------------------------------------------------------------------------------------


def test_a_line_is_a_plan():
    ((row,), found) = read_plans(plan_file(LINE))
    details = row.details
    assert not found and row.retired is False
    assert (details.code, details.family, details.period) == ("web-pro", Family.WEB, Period.YEAR)
    assert (details.price_chf, details.price_eur, details.discount) == (12_000, 11_050, 20)
    assert (details.sliding, details.affiliates) == (True, False)
    assert details.names == {"en": "Web Pro", "fr": "Web Pro", "de": "Web Pro"}


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + plan_file(LINE),
        plan_file(LINE).replace(b",", b";"),
        plan_file(LINE).replace(b"\r\n", b"\n"),
        plan_file("", LINE, ",,,,,,,,,,,"),
        plan_file(LINE).upper().replace(b"WEB PRO", b"Web Pro"),
        plan_file(LINE.replace("120.00", "120")),
        plan_file(LINE.replace("yes", "1").replace("no", "false")),
        plan_file(*(",".join(reversed(line.split(","))) for line in [LINE]), header=",".join(reversed(PLAN_COLUMNS))),
    ],
    ids=["mark", "semicolons", "newlines", "empty lines", "capitals", "whole", "ones", "other order"],
)  # fmt: skip
def test_files_of_all_spreadsheets_are_read_alike(data):
    assert read_plans(data) == read_plans(plan_file(LINE))
    assert read_plans(data)[0]


def test_the_file_may_leave_open_whether_a_plan_is_retired():
    header = HEADER.removesuffix(",retired")
    ((row,), _none) = read_plans(plan_file(LINE.removesuffix(",no"), header=header))
    assert row.retired is None


def test_line_breaks_in_a_cell_do_not_shift_the_numbers_of_lines():
    broken = LINE.replace("Web Pro", '"Web\nPro"', 1)
    (first, second) = faults(broken, changed(code="b", discount="101"))
    assert first.startswith("Line 2: write a text of at most 80 characters in the column “name_en”")
    assert second.startswith("Line 4: “101” in the column “discount”")


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"code": "web pro"}, "write letters, digits, dots and hyphens in the column “code”, such as web-pro."),
        ({"code": ""}, "write letters, digits, dots and hyphens in the column “code”, such as web-pro."),
        ({"family": "shoes"}, f"“shoes” in the column “family” is none of these: {FAMILIES}."),
        ({"name_fr": " "}, "write a text of at most 80 characters in the column “name_fr”."),
        ({"name_de": "x" * 81}, "write a text of at most 80 characters in the column “name_de”."),
        ({"name_de": "a\x1bb"}, "write a text of at most 80 characters in the column “name_de”."),
        ({"period": "week"}, "“week” in the column “period” is none of these: month, year."),
        ({"price_chf": "1'200"}, "“1'200” in the column “price_chf” is not an amount such as 1250.50."),
        ({"price_eur": "-1"}, "“-1” in the column “price_eur” is not an amount such as 1250.50."),
        ({"price_eur": "1.234"}, "“1.234” in the column “price_eur” is not an amount such as 1250.50."),
        ({"price_eur": "9" * 12}, f"“{'9' * 12}” in the column “price_eur” is not an amount such as 1250.50."),
        ({"price_eur": "٣"}, "“٣” in the column “price_eur” is not an amount such as 1250.50."),
        ({"discount": "20%"}, "“20%” in the column “discount” is not a whole number from 0 to 100."),
        ({"discount": "101"}, "“101” in the column “discount” is not a whole number from 0 to 100."),
        ({"sliding": "maybe"}, "write yes or no in the column “sliding”."),
        ({"affiliates": ""}, "write yes or no in the column “affiliates”."),
        ({"retired": "soon"}, "write yes or no in the column “retired”."),
        ({"family": "x" * 100}, f"“{'x' * 40}…” in the column “family” is none of these: {FAMILIES}."),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_line(cells, told):
    assert faults(changed(**cells)) == [f"Line 2: {told}"]


def test_a_line_has_as_many_cells_as_the_header():
    assert faults(changed(code="a,b")) == ["Line 2 has 13 cells; the header has 12."]


def test_all_faults_are_told_at_once_and_nothing_is_read():
    found = faults(LINE, changed(code="a", discount="x"), changed(code="b", period="x"), LINE)
    assert [each.split(":")[0] for each in found] == ["Line 3", "Line 4", "Line 5"]
    assert found[2] == "Line 5: the code “web-pro” is on line 2 already."


def test_the_same_code_in_other_letters_is_the_same_code():
    assert faults(LINE, changed(code="WEB-PRO")) == ["Line 3: the code “web-pro” is on line 2 already."]


def test_of_many_faults_the_first_fifty_are_told():
    found = faults(*[changed(code=f"c{n}", discount="x") for n in range(60)])
    assert len(found) == 51 and found[-1] == "… and 10 more lines"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "The file has no lines below its header."),
        (HEADER.encode(), "The file has no lines below its header."),
        (b"code,family\na,web", "The header lacks these columns: name_en, name_fr, name_de, period, price_chf, "
         "price_eur, discount, sliding, affiliates."),
        (f"{HEADER},colour\n{LINE},red".encode(), f"{UNKNOWN} colour."),
        (f"{HEADER},code\n{LINE},red".encode(), f"{UNKNOWN} code."),
        (plan_file(LINE) + b"caf\xe9", "Line 3: the file is not in UTF-8. Save it as “CSV UTF-8”."),
        (plan_file(LINE) + b"\0", "This is not a CSV file."),
        (plan_file('"web-pro'), "Line 2: the quotation marks do not match."),
        (b"\x89PNG\r\n\x1a\n", "Line 1: the file is not in UTF-8. Save it as “CSV UTF-8”."),
        (b"x" * (exchange.LARGEST_FILE + 1), "The file is larger than 5 MB."),
        (b"x" * 1_000_000, "Line 1: the quotation marks do not match."),
    ],
    ids=["empty", "header", "columns", "unknown", "twice", "latin-1", "nul", "quotes", "picture", "large", "cell"],
)  # fmt: skip
def test_a_file_that_is_none_is_told_as_a_whole(data, told):
    assert read_plans(data)[1] == [told]


def test_a_file_has_an_end():
    lines = [changed(code=f"c{n}") for n in range(exchange.MOST_PLANS + 1)]
    assert faults(*lines) == ["The file has more than 2000 lines. Split it into several files."]


# --- out ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["=1+1", "+41", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_defused(cell):
    assert defuse(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["web", "1=1", "a@b", "'quoted'", "''", "", "Été"])
def test_other_cells_stay_as_they_are(cell):
    assert defuse(cell) == cell


def test_what_goes_out_comes_back_the_same(app):
    formula = "=HYPERLINK(\"http://evil.example\";'x')"
    plans = [
        make_plan("web-a", name_en=formula, name_fr="+Été, «bis»; \"ter\"", name_de="'@x", price_chf=5, discount=0),
        make_plan("mail-b", Family.MAIL, period=Period.MONTH, sliding=False),
    ]  # fmt: skip
    data = exchange.written_plans(plans)
    assert data.startswith(b"\xef\xbb\xbf") and b"\r\n" in data and b",0.05," in data
    assert not any(cell.startswith(b"=") for cell in data.replace(b'"', b"").split(b","))
    rows, found = read_plans(data)
    assert not found and [row.details for row in rows] == [plan.details for plan in plans]
    assert [row.retired for row in rows] == [False, False]


# --- usage --------------------------------------------------------------------------------------------------


def usage_file(*lines):
    return "\n".join([USAGE, *lines]).encode()


def test_a_line_is_a_figure():
    (line,), found = read_usage(usage_file("shop.example,Lumen,2026-11-20,visits,12"), today=TODAY)
    assert not found
    assert (line.product, line.organisation, line.day) == ("shop.example", "Lumen", date(2026, 11, 20))
    assert (line.metric, line.amount, line.line) == (Metric.VISITS, 12, 2)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a,,2026-11-22,visits,1", f"“2026-11-22” in the column “day” is {NO_DAY}"),
        ("a,,20.11.2026,visits,1", f"“20.11.2026” in the column “day” is {NO_DAY}"),
        ("a,,2026-02-30,visits,1", f"“2026-02-30” in the column “day” is {NO_DAY}"),
        ("a,,2026-11-20,steps,1", f"“steps” in the column “metric” is none of these: {METRICS}."),
        ("a,,2026-11-20,visits,-1", "“-1” in the column “amount” is not a whole number."),
        ("a,,2026-11-20,visits,1.5", "“1.5” in the column “amount” is not a whole number."),
        ("a,,2026-11-20,visits,9999999999999999", "“9999999999999999” in the column “amount” is not a whole number."),
        (",,2026-11-20,visits,1", "write a text of at most 120 characters in the column “product”."),
    ],
)  # fmt: skip
def test_each_fault_of_a_figure_is_told_with_its_line(line, told):
    assert read_usage(usage_file(line), today=TODAY) == ([], [f"Line 2: {told}"])


def lines_of(*lines):
    rows, found = read_usage(usage_file(*lines), today=TODAY)
    assert not found
    return rows


def test_products_are_found_by_number_or_by_organisation_and_label():
    rows = lines_of("p1,,2026-11-20,visits,1", "shop,Lumen,2026-11-20,visits,2")
    figures, found = resolved(rows, {"p1": 7}, {("Lumen", "shop"): [8]})
    assert not found and [(each.product_id, each.amount) for each in figures] == [(7, 1), (8, 2)]


def test_products_that_are_not_clear_are_told_and_nothing_is_taken():
    rows = lines_of(
        "p1,,2026-11-20,visits,1",
        "nope,,2026-11-20,visits,1",
        "shop,Other,2026-11-20,visits,1",
        "twice,Lumen,2026-11-20,visits,1",
        "shop,Lumen,2026-11-20,visits,1",
    )
    figures, found = resolved(rows, {"p1": 7}, {("Lumen", "shop"): [7], ("Lumen", "twice"): [8, 9]})
    assert figures == []
    assert [each.split(",")[0].split(".")[0] for each in found] == [
        "Line 3: there is no product with the number “nope”",
        "Line 4: Other has no product “shop”",
        "Line 5: there are several products “twice” of Lumen",
        "Line 6: the same product",
    ]
    assert found[3].endswith("are on line 2 already.")


def test_a_cell_of_a_price_has_a_decimal_point():
    assert exchange.cell_of("price_chf", 1205) == "12.05"
    assert exchange.cell_of("discount", 20) == "20"
    assert exchange.cell_of("sliding", True) == "yes"
    details = replace(read_plans(plan_file(LINE))[0][0].details, price_chf=0)
    assert exchange.plan_cells(details, True)[6::5] == ["0.00", "yes"]
