"""Whom a call concerns (RULES T9), on the real databases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_organisation, make_partner, make_tender
from tests.times import NOW
from webapp.directory.models import PartnerAccount
from webapp.directory.rules import SERVICES
from webapp.extensions import db
from webapp.tenders.models import Tender
from webapp.tenders.queries import Reach, concerned, count_concerned, is_open
from webapp.tenders.rules import Dates, Status, status
from webapp.unit import unit_of_work

CALL = Reach(
    services=frozenset({"web", "mail"}),
    reply_languages=frozenset({"fr", "de"}),
    country="CH",
    region="CH-VD",
    budget_most=5000,
)
WHOLE_COUNTRY = replace(CALL, region="")
UNKNOWN_BUDGET = replace(CALL, budget_most=None)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@pytest.mark.parametrize(
    ("wishes", "call", "concerns"),
    [
        # nothing chosen: everything
        ({}, CALL, True),
        ({}, WHOLE_COUNTRY, True),
        ({}, UNKNOWN_BUDGET, True),
        # services: one in common is enough
        ({"tender_services": words("web")}, CALL, True),
        ({"tender_services": words("web mail cloud")}, CALL, True),
        ({"tender_services": words("cloud mail")}, CALL, True),
        ({"tender_services": words("cloud backup")}, CALL, False),
        # languages: the same
        ({"tender_languages": words("de")}, CALL, True),
        ({"tender_languages": words("en fr")}, CALL, True),
        ({"tender_languages": words("en")}, CALL, False),
        # a call in a region reaches the region and the whole country, not its neighbours
        ({"tender_places": words("CH-VD")}, CALL, True),
        ({"tender_places": words("CH")}, CALL, True),
        ({"tender_places": words("FR CH-GE CH-VD")}, CALL, True),
        ({"tender_places": words("CH-GE")}, CALL, False),
        ({"tender_places": words("FR")}, CALL, False),
        ({"tender_places": words("FR-ARA")}, CALL, False),
        # a call for a whole country reaches each of its regions
        ({"tender_places": words("CH")}, WHOLE_COUNTRY, True),
        ({"tender_places": words("CH-GE")}, WHOLE_COUNTRY, True),
        ({"tender_places": words("FR-ARA LI CH-ZG")}, WHOLE_COUNTRY, True),
        ({"tender_places": words("FR-ARA")}, WHOLE_COUNTRY, False),
        # Germany is no region of the Netherlands, however the codes look (NL, DE-NI)
        ({"tender_places": words("DE-NI")}, replace(CALL, country="NI", region=""), False),
        # the budget's upper end decides; at the bound still
        ({"tender_least_budget": 4999}, CALL, True),
        ({"tender_least_budget": 5000}, CALL, True),
        ({"tender_least_budget": 5001}, CALL, False),
        ({"tender_least_budget": 5001}, UNKNOWN_BUDGET, True),
        ({"tender_least_budget": 0}, replace(CALL, budget_most=0), True),
        # how it is told does not decide whether it concerns
        ({"tender_mail": "daily"}, CALL, True),
        ({"tender_mail": "never"}, CALL, True),
        ({"listed_at": None}, CALL, True),
        ({"suspended_at": NOW}, CALL, False),
        # all wishes must hold
        (
            {
                "tender_services": words("web"),
                "tender_languages": words("de"),
                "tender_places": words("CH"),
                "tender_least_budget": 100,
            },
            CALL,
            True,
        ),
        ({"tender_services": words("web"), "tender_languages": words("en")}, CALL, False),
        ({"tender_places": words("CH-VD"), "tender_services": words("shop")}, CALL, False),
    ],
)
def test_whom_a_call_concerns(app, wishes, call, concerns):
    """RULES T9."""
    make_partner(make_organisation(), **wishes)
    assert count_concerned(call) == concerns


def test_a_partner_s_own_call_does_not_concern_it(app):
    """RULES T9."""
    own, other = make_organisation(), make_organisation("Other AG")
    make_partner(own)
    other_partner = make_partner(other)
    found = db.session.scalars(
        sa.select(PartnerAccount).where(concerned(replace(CALL, organisation_id=own.id)))
    )
    assert list(found) == [other_partner]


@dataclass(frozen=True)
class Wishes:
    services: frozenset[str]
    languages: frozenset[str]
    places: frozenset[str]
    least_budget: int
    suspended: bool
    organisation: int


def twin(call: Reach, wishes: Wishes, organisation_id: int) -> bool:
    """RULES T9 in plain Python."""
    in_country = {place for place in wishes.places if place.startswith(call.country + "-")}
    places = wishes.places & {call.country, call.region} if call.region else (
        wishes.places & {call.country} or in_country
    )  # fmt: skip
    return bool(
        not wishes.suspended
        and (not wishes.services or wishes.services & call.services)
        and (not wishes.languages or wishes.languages & call.reply_languages)
        and (not wishes.places or places)
        and (call.budget_most is None or wishes.least_budget <= call.budget_most)
        and call.organisation_id != organisation_id
    )


PLACES = ["CH", "CH-VD", "CH-GE", "CH-BE", "FR", "FR-ARA", "FR-20R", "DE", "DE-BE", "BE", "BE-BRU", "LI"]
some = st.frozensets
partners = st.builds(
    Wishes,
    services=some(st.sampled_from(SERVICES), max_size=3),
    languages=some(st.sampled_from(["en", "fr", "de"]), max_size=2),
    places=some(st.sampled_from(PLACES), max_size=3),
    least_budget=st.sampled_from([0, 1000, 4999, 5000, 5001, 20000]),
    suspended=st.booleans(),
    organisation=st.integers(0, 5),
)
calls = st.sampled_from(PLACES).flatmap(
    lambda place: st.builds(
        Reach,
        services=some(st.sampled_from(SERVICES), min_size=1, max_size=2),
        reply_languages=some(st.sampled_from(["en", "fr", "de"]), min_size=1, max_size=2),
        country=st.just(place[:2]),
        region=st.just(place if "-" in place else ""),
        budget_most=st.sampled_from([None, 1000, 5000, 20000]),
    )
)


@pytest.fixture
def six_partners(app):
    return [make_partner(make_organisation(f"Company {n}")) for n in range(6)]


@unit_of_work
def _wish(accounts, wishes):
    for account, each in zip(accounts, wishes, strict=True):
        account.tender_services, account.tender_languages = each.services, each.languages
        account.tender_places, account.tender_least_budget = each.places, each.least_budget
        account.suspended_at = NOW if each.suspended else None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes=st.lists(partners, min_size=6, max_size=6), call=calls, sender=st.integers(-1, 5))
def test_the_query_says_what_its_twin_says(six_partners, wishes, call, sender):
    """RULES T9."""
    _wish(six_partners, wishes)
    call = replace(call, organisation_id=six_partners[sender].organisation_id if sender >= 0 else None)
    found = set(db.session.scalars(sa.select(PartnerAccount.id).where(concerned(call))))
    expected = {
        account.id
        for account, each in zip(six_partners, wishes, strict=True)
        if twin(call, each, account.organisation_id)
    }
    assert found == expected


MOMENTS = [None, NOW - timedelta(seconds=1), NOW, NOW + timedelta(seconds=1)]


@unit_of_work
def _every_call() -> dict[int, Dates]:
    """A call for each combination of dates that the tables allow."""
    pattern = make_tender(reference="PATTERN")
    columns = {
        column.name: getattr(pattern, column.name)
        for column in Tender.__table__.columns
        if column.name not in ("id", "public_id", "reference")
    }
    moments = [[None, NOW - timedelta(seconds=1)], MOMENTS, *[[None, NOW]] * 4]
    rows, expected = [], {}
    for n, values in enumerate(product(*moments), start=10):
        expected[n] = Dates(*values)
        names = ("confirmed_at", "closes_at", "awarded_at", "cancelling_at", "hidden_at", "lapsed_at")
        rows.append({**columns, **dict(zip(names, values, strict=True))})
        rows[-1] |= {"id": n, "reference": f"R{n}", "public_id": f"public-id-{n}"}
    db.session.execute(sa.insert(Tender), rows)
    db.session.delete(pattern)
    return expected


def test_the_database_calls_open_what_the_rules_call_open(app):
    """RULES T6: the one status in SQL and its twin in Python agree on every combination of dates."""
    calls = _every_call()
    later: list[datetime] = [NOW - timedelta(seconds=1), NOW, NOW + timedelta(seconds=1)]
    for now in later:
        found = set(db.session.scalars(sa.select(Tender.id).where(is_open(now))))
        assert found == {n for n, dates in calls.items() if status(dates, now=now) is Status.OPEN}
