"""What is true of calls for tenders, as tables, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.tenders.rules import (
    REQUESTER_MAY,
    Dates,
    Status,
    budget_bands,
    budget_bounds,
    closing,
    closing_day,
    excerpt,
    last_moment,
    status,
    without_contact,
)

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
BEFORE, SOON = NOW - timedelta(days=1), NOW + timedelta(days=1)
SECOND = timedelta(seconds=1)
ZURICH = ZoneInfo("Europe/Zurich")
OPEN = Dates(confirmed_at=BEFORE, closes_at=SOON)


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        # T5: nothing is open before its confirmation
        (Dates(), Status.UNCONFIRMED),
        (Dates(closes_at=SOON), Status.UNCONFIRMED),
        (Dates(cancelling_at=BEFORE), Status.CANCELLED),
        (Dates(lapsed_at=BEFORE), Status.EXPIRED),
        (Dates(hidden_at=BEFORE), Status.HIDDEN),
        # T6: open until the closing instant, not at it
        (OPEN, Status.OPEN),
        (replace(OPEN, confirmed_at=NOW), Status.OPEN),
        (replace(OPEN, closes_at=NOW + SECOND), Status.OPEN),
        (replace(OPEN, closes_at=NOW), Status.EXPIRED),
        (replace(OPEN, closes_at=NOW - SECOND), Status.EXPIRED),
        (replace(OPEN, closes_at=None), Status.EXPIRED),
        (replace(OPEN, lapsed_at=BEFORE), Status.EXPIRED),
        # T3: a cancel counts from its first second
        (replace(OPEN, cancelling_at=NOW), Status.CANCELLED),
        (replace(OPEN, cancelling_at=NOW, closes_at=BEFORE), Status.CANCELLED),
        # T7: accepted, also after the end
        (replace(OPEN, awarded_at=NOW), Status.AWARDED),
        (replace(OPEN, awarded_at=NOW, lapsed_at=BEFORE, closes_at=BEFORE), Status.AWARDED),
        # what the operator hides is hidden whatever else happened
        (replace(OPEN, hidden_at=NOW), Status.HIDDEN),
        (replace(OPEN, hidden_at=NOW, cancelling_at=NOW), Status.HIDDEN),
        (replace(OPEN, hidden_at=NOW, awarded_at=NOW), Status.HIDDEN),
        (replace(OPEN, hidden_at=NOW, lapsed_at=NOW), Status.HIDDEN),
    ],
)
def test_the_status_follows_from_the_dates(dates, expected):
    """RULES T3, T5, T6, T7."""
    assert status(dates, now=NOW) is expected


def test_a_call_is_open_in_exactly_one_of_all_combinations_of_dates():
    """RULES T6: confirmed, not closed yet, and nothing else happened."""
    combinations = list(product([None, BEFORE], [None, BEFORE, NOW, SOON], *[[None, BEFORE]] * 4))
    are_open = [each for each in combinations if status(Dates(*each), now=NOW) is Status.OPEN]
    assert are_open == [(BEFORE, SOON, None, None, None, None)]


@pytest.mark.parametrize(
    ("state", "may"),
    [
        (Status.UNCONFIRMED, {"confirm", "cancel"}),
        (Status.OPEN, {"cancel", "extend", "accept"}),
        (Status.AWARDED, set()),
        (Status.CANCELLED, set()),
        (Status.EXPIRED, {"accept"}),
        (Status.HIDDEN, set()),
    ],
)
def test_what_the_requester_may_still_do(state, may):
    """RULES T3, T6, T7."""
    assert REQUESTER_MAY[state] == may


def test_every_status_says_what_the_requester_may():
    assert set(REQUESTER_MAY) == set(Status)


@pytest.mark.parametrize(
    ("now", "days", "closes", "last_day"),
    [
        # UTC is an hour behind Zürich in winter, two in summer
        ("2026-11-21T10:00", 30, "2026-12-21T23:00", "2026-12-21"),
        ("2026-11-21T22:59:59", 30, "2026-12-21T23:00", "2026-12-21"),
        ("2026-11-21T23:00", 30, "2026-12-22T23:00", "2026-12-22"),  # it is the next day already in Zürich
        ("2026-07-01T21:59:59", 14, "2026-07-15T22:00", "2026-07-15"),
        ("2026-07-01T22:00", 14, "2026-07-16T22:00", "2026-07-16"),
        # over the change to summer time (29 March 2026) and back (25 October)
        ("2026-03-20T10:00", 14, "2026-04-03T22:00", "2026-04-03"),
        ("2026-03-28T10:00", 0, "2026-03-28T23:00", "2026-03-28"),
        ("2026-03-29T10:00", 0, "2026-03-29T22:00", "2026-03-29"),
        ("2026-10-20T10:00", 14, "2026-11-03T23:00", "2026-11-03"),
        ("2026-10-24T10:00", 1, "2026-10-25T23:00", "2026-10-25"),
        # over the end of a year and a leap day
        ("2026-12-20T10:00", 30, "2027-01-19T23:00", "2027-01-19"),
        ("2028-02-20T10:00", 14, "2028-03-05T23:00", "2028-03-05"),
    ],
)
def test_a_call_closes_at_the_end_of_its_last_day_where_the_operator_is(now, days, closes, last_day):
    """RULES T6."""
    closes_at = closing(datetime.fromisoformat(now).replace(tzinfo=UTC), days, ZURICH)
    assert closes_at == datetime.fromisoformat(closes).replace(tzinfo=UTC)
    assert closing_day(closes_at, ZURICH) == date.fromisoformat(last_day)


# in Santiago and Beirut the clocks go forward at midnight: that day begins at one o'clock
@pytest.mark.parametrize("zone", ["Europe/Zurich", "America/Santiago", "Asia/Beirut", "Pacific/Apia", "UTC"])
def test_the_closing_day_is_the_day_that_was_meant_on_every_day_of_ten_years(zone):
    zone = ZoneInfo(zone)
    for n in range(3653):
        day = date(2020, 1, 1) + timedelta(days=n)
        closes_at = last_moment(day, zone)
        assert closing_day(closes_at.astimezone(UTC), zone) == day
        assert closing_day(closes_at, zone) == day


@pytest.mark.parametrize(
    ("band", "bounds"),
    [
        ("", (None, None)),
        ("-1000", (0, 1000)),
        ("1000-5000", (1000, 5000)),
        ("20000-", (20000, None)),
    ],
)
def test_a_budget_band_has_bounds(band, bounds):
    assert budget_bounds(band) == bounds


@pytest.mark.parametrize(
    ("steps", "bands"),
    [
        ((), []),
        ((1000,), ["-1000", "1000-"]),
        ((1000, 5000, 20000), ["-1000", "1000-5000", "5000-20000", "20000-"]),
    ],
)
def test_the_steps_of_the_policy_make_the_bands(steps, bands):
    assert budget_bands(steps) == bands


@given(st.lists(st.integers(1, 10**7), min_size=1, unique=True).map(sorted))
def test_bands_cover_every_budget_without_a_gap(steps):
    bounds = [budget_bounds(band) for band in budget_bands(tuple(steps))]
    assert bounds[0][0] == 0 and bounds[-1][1] is None
    assert all(one[1] == next_one[0] for one, next_one in pairwise(bounds))


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("", 20, ""),
        ("Short and whole.", 20, "Short and whole."),
        ("Two\n\nparagraphs\there", 40, "Two paragraphs here"),
        ("exactly twenty chars", 20, "exactly twenty chars"),
        ("exactly twenty-1 chars", 20, "exactly twenty-1…"),
        ("Ends with, a comma, and more", 20, "Ends with, a comma…"),
        ("Oneverylongwordwithoutanyblank", 10, "Oneverylo…"),
        ("A " + "long" * 10, 10, "A longlon…"),
        ("🙂" * 30, 10, "🙂" * 9 + "…"),
        ("مرحبا بالعالم هذا نص طويل", 14, "مرحبا بالعالم…"),
    ],
)
def test_an_excerpt_is_cut_at_a_word(text, length, expected):
    """RULES T2."""
    assert excerpt(text, length) == expected


@given(st.text(max_size=700))
def test_an_excerpt_is_one_line_and_never_too_long(text):
    """RULES T2."""
    short = excerpt(text)
    assert len(short) <= 280
    assert short == " ".join(short.split())
    whole = " ".join(text.split())
    assert short == whole or (short.endswith("…") and whole.startswith(short[:-1]))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Write to vera@visitor.example, please", "Write to […], please"),
        ("Call +41 31 555 01 02 or 031 555 01 02.", "Call […] or […]."),
        ("Phone 0041315550102", "Phone […]"),
        ("From 01.02.2026 to 03.04.2026", "From 01.02.2026 to 03.04.2026"),
        ("20 mailboxes, CHF 1’500.00, 2026-12-31", "20 mailboxes, CHF 1’500.00, 2026-12-31"),
        ("a@b", "a@b"),
    ],
)
def test_contact_data_typed_into_the_text_stays_out_of_the_excerpt(typed, shown):
    """RULES T2."""
    assert without_contact(typed) == shown
