"""Who is found in the directory (RULES A5)."""

from itertools import product
from urllib.parse import parse_qsl

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from tests.factories import make_organisation, make_partner, make_user
from webapp.directory import queries
from webapp.directory.forms import read_filters
from webapp.directory.models import PartnerAccount
from webapp.directory.rules import Filters
from webapp.extensions import db
from webapp.text import fold
from webapp.unit import unit_of_work

SERVICES = [(), ("web",), ("web", "cloud"), ("events",)]
SPEAKS = ["", "fr", "de"]
PLACES = [("", ""), ("CH", ""), ("CH", "CH-VD"), ("", "CH-BE"), ("DE", "DE-NW"), ("FR", "")]
WORDS = ["", "alpha", "ÉTOILE  zurich", "a_c", "50%", "nobody"]


def partner(name, *, services, languages, country, region, **values):
    organisation = make_organisation(name, owner=make_user(name), country=country)
    return make_partner(
        organisation,
        services=frozenset(services),
        languages=frozenset(languages),
        region=region,
        search=fold(name),
        **values,
    )


@pytest.fixture
def everybody(app):
    return [
        partner("Alpha a_c", services={"web", "cloud"}, languages={"fr", "de"}, country="CH", region="CH-VD"),
        partner("Beta Étoile Zürich", services={"web"}, languages={"de"}, country="CH", region="CH-BE"),
        partner("Gamma 50% abc", services={"cloud", "mail"}, languages={"fr"}, country="DE", region="DE-NW"),
        partner("Delta", services={"web", "mail"}, languages={"en"}, country="CH", region=""),
        partner(
            "Hidden alpha", services={"web"}, languages={"de"}, country="CH", region="CH-VD", listed_at=None
        ),
        partner(
            "Suspended alpha",
            services={"web"},
            languages={"de"},
            country="CH",
            region="CH-VD",
            suspended_at=make_user("x").created_at,
        ),
    ]


def should_be_found(partner, filters):
    """RULES A5, said plainly: listed, and each thing that is asked for is true of it."""
    return (
        partner.listed_at is not None
        and partner.suspended_at is None
        and all(word in partner.search for word in fold(filters.q).split())
        and set(filters.services) <= partner.services
        and filters.speaks in {"", *partner.languages}
        and filters.country in ("", partner.country)
        and filters.region in ("", partner.region)
    )


def test_filters_combine_and_any_is_a_real_choice(everybody):
    """RULES A5: the whole truth table."""
    some = 0
    for q, services, speaks, (country, region) in product(WORDS, SERVICES, SPEAKS, PLACES):
        filters = Filters(q, services, speaks, country, region)
        expected = sorted((p for p in everybody if should_be_found(p, filters)), key=lambda p: p.sort_name)
        found = queries.find_partners(filters)
        assert [row[1] for row in found.rows] == [p.public_id for p in expected], filters
        assert (found.count, found.more) == (len(expected), False), filters
        some += bool(expected)
    assert some > 30


@pytest.mark.parametrize(
    ("query", "filters", "page"),
    [
        ("", Filters(), 1),
        ("q=&service=&speaks=&country=&region=&page=", Filters(), 1),
        ("service=web&service=nonsense&service=web&service=mail", Filters(services=("web", "mail")), 1),
        ("speaks=it&country=XX&region=YY-1&page=-3", Filters(), 1),
        ("country=CH&region=CH-VD", Filters(country="CH", region="CH-VD"), 1),
        ("country=FR&region=CH-VD", Filters(country="FR"), 1),
        ("region=CH", Filters(), 1),
        ("q=%20%20a%20%20b%20&page=3", Filters(q="a b"), 3),
        ("page=%C2%B2", Filters(), 1),
        ("page=99999999999999999999", Filters(), 10_000),
        ("page=9999999", Filters(), 10_000),
        ("q=" + "x" * 500, Filters(q="x" * 100), 1),
    ],
)
def test_what_an_address_asks_for_that_does_not_exist_counts_as_any(query, filters, page):
    """RULES A5: an empty or unknown filter never errors."""
    assert read_filters(MultiDict(parse_qsl(query, keep_blank_values=True))) == (filters, page)


@unit_of_work
def many(n):
    """So many copies of one partner, in bulk."""
    organisation = make_organisation("First", owner=make_user("First"))
    first = make_partner(organisation)
    skip = {"id", "public_id", "slug", "organisation_id"}
    values = {
        column.name: getattr(first, column.name)
        for column in PartnerAccount.__table__.columns
        if column.name not in skip
    }
    for number in range(n - 1):
        other = make_organisation(f"Number {number}", owner=None)
        db.session.add(PartnerAccount(**values, slug=f"p{number}", organisation_id=other.id))


def test_a_page_has_25_and_the_count_is_capped(app, monkeypatch):
    """RULES A5: nobody waits until 100,000 rows are counted."""
    monkeypatch.setattr(queries, "COUNT_LIMIT", 40)
    queries._page_of.cache_clear()
    many(60)
    first, third = queries.find_partners(Filters()), queries.find_partners(Filters(), page=3)
    assert (len(first.rows), first.more, first.count) == (25, True, 41)
    assert (len(third.rows), third.more, third.count) == (10, False, 41)
    assert not set(first.rows) & set(third.rows)
    beyond = queries.find_partners(Filters(), page=9)
    assert (beyond.rows, beyond.more, beyond.count) == ((), False, 41)
    queries._page_of.cache_clear()


def test_the_number_of_statements_does_not_grow_with_the_rows(app, everybody):
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    sa.event.listen(db.engine, "after_cursor_execute", note)
    try:
        found = queries.find_partners(Filters())
        queries.cards([row[0] for row in found.rows], "en")
    finally:
        sa.event.remove(db.engine, "after_cursor_execute", note)
    assert len([each for each in statements if each.startswith("SELECT")]) == 2


def test_a_card_has_the_reader_s_language_or_the_one_that_there_is(app):
    """RULES A5, L2: a partner's text stays in its language and says which one."""
    both = partner(
        "Both", services=(), languages=(), country="CH", region="", texts={"fr": "Oui", "de": "Ja"}
    )
    none = partner("None", services=(), languages=(), country="CH", region="")
    unit_of_work(lambda: db.session.delete(none.texts[0]))()
    for reader, expected in (("de", ("Ja", "de")), ("fr", ("Oui", "fr")), ("en", ("Oui", "fr"))):
        found = queries.cards([both.id, none.id], reader)
        assert (found[both.id].text, found[both.id].text_language) == expected
        assert found[none.id].text is None


def test_a_preview_is_for_the_people_of_the_organisation(cast):
    unit_of_work(lambda: setattr(cast.lumiere_partner, "listed_at", None))()
    slug = cast.lumiere_partner.slug
    assert queries.listed_partner(slug) is None
    assert queries.own_partner(slug, cast.paula) is cast.lumiere_partner
    assert queries.own_partner(slug, cast.berta) is None
