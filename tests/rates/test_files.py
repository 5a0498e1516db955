"""The bank's files: read whole, or refused with the line named (RULES F9)."""

import tracemalloc
from datetime import date

import pytest

from webapp.payments.elements import Faults
from webapp.rates import files
from webapp.rates.rules import Quoted

DAILY = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
\t<Cube>
\t\t<Cube time='2026-11-20'>
\t\t\t<Cube currency='USD' rate='1.0921'/>
\t\t\t<Cube currency='CHF' rate='0.9345'/>
\t\t</Cube>
\t</Cube>
</gesmes:Envelope>"""
FRIDAY = Quoted("CHF", 934_500, date(2026, 11, 20))


@pytest.fixture(autouse=True)
def words(app):
    """Faults are sentences."""
    with app.test_request_context("/en/"):
        yield


def test_the_rate_of_a_day_is_read_from_xml():
    assert files.read(DAILY) == files.read(b"\xef\xbb\xbf" + DAILY) == [FRIDAY]


def test_many_days_are_read_the_oldest_first():
    earlier = b"<Cube time='2026-11-19'><Cube currency='CHF' rate='1'/></Cube></Cube>\n</gesmes"
    both = DAILY.replace(b"</Cube>\n</gesmes", earlier)
    assert files.read(both) == [Quoted("CHF", 1_000_000, date(2026, 11, 19)), FRIDAY]


def test_the_same_is_read_from_tables():
    assert files.read(b"Date, USD, CHF, \n20 November 2026, 1.0921, 0.9345, \n") == [FRIDAY]
    history = (
        b"Date,USD,CHF,\r\n2026-11-20,1.0921,0.9345,\r\n2026-11-19,1.1,N/A,\r\n1999-01-04,1.18,1.6168,\r\n"
    )
    assert files.read(history) == [Quoted("CHF", 1_616_800, date(1999, 1, 4)), FRIDAY]


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", 1, "no file of reference rates"),
        (b"Date,USD\n2026-11-20,1\n", 1, "no file of reference rates"),
        (b"Date,CHF\n2026-11-20,0.93\n2026-11-19,0,94\n", 3, "“0” is not a rate"),
        (b"Date,CHF\n2026-11-20,-0.93\n", 2, "“-0.93” is not a rate"),
        (b"Date,CHF\n2026-13-20,0.93\n", 2, "“2026-13-20” is not a day"),
        (b"Date,CHF\n2026-11-20,0.93\n2026-11-20,0.94\n", 3, "something else of this day"),
        (b"Date,USD,CHF\n2026-11-20,1.1\n", 2, "too short"),
        (b"Date,CHF\n", 0, "no rate of the Swiss franc"),
        (b"Date,CHF\n\xff,1\n", 0, "not in UTF-8"),
        (DAILY[:-20], 10, "not well-formed"),
        (DAILY.replace(b"0.9345", b"0.93459999"), 8, "is not a rate"),
        (
            DAILY.replace(b"<gesmes:Envelope", b"<!DOCTYPE x [<!ENTITY a 'b'>]><gesmes:Envelope"),
            2,
            "document type",
        ),
        (b"<Document/>", 1, "no file of reference rates"),
    ],
)
def test_what_is_wrong_is_refused_whole_with_its_line(data, line, words):
    with pytest.raises(Faults) as refused:
        files.read(data)
    (fault,) = refused.value.faults
    assert fault.line == line and words in fault.sentence


def test_a_file_full_of_faults_is_left_after_those_that_are_told():
    """SECURITY 3: what is wrong with it takes no more memory than the file itself."""
    data = b"Date,CHF\n" + b"a,b\n" * 100_000
    tracemalloc.start()
    with pytest.raises(Faults) as refused:
        files.read(data)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(refused.value.faults) == files.FAULTS_TOLD
    assert most < 20 * len(data)


def test_the_rate_the_other_way_round_is_the_reciprocal():
    """RULES F9: from francs to euros, half up to the millionth."""
    assert FRIDAY.rate("EUR", "CHF").millionths == 934_500
    assert FRIDAY.rate("CHF", "EUR").millionths == 1_070_091
    with pytest.raises(ValueError):
        FRIDAY.rate("CHF", "CHF")
