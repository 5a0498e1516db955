"""Clicks on their way to the database: how many count, how they are written, and when they are forgotten."""

import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import make_affiliate, make_customer, make_organisation, make_user
from tests.threads import at_once
from tests.times import NOW
from webapp.accounts.models import Organisation
from webapp.affiliation import actions, queries, rules
from webapp.affiliation.clicks import Clicks
from webapp.affiliation.models import AffiliateLink, Attribution, Click
from webapp.affiliation.rules import LinkKept, NoAffiliate, Noted, TooManyLinks
from webapp.database import new_public_id
from webapp.extensions import db
from webapp.visits import Visit


@pytest.fixture
def affiliate(app):
    """Anna's company recommends Helvia."""
    return make_affiliate(make_organisation("Anna Empfiehlt", owner=make_user("Anna Affiliate")))


@pytest.fixture
def clicks(app):
    """Those of a process that has just begun."""
    return Clicks(app, by_itself=False)


def click_of(affiliate, network="192.0.2.1", path="/", at=NOW):
    """What is noted of one."""
    return Visit(affiliate.tag, new_public_id(), at, path, network)


def anew():
    """What the test has read so far is old news."""
    db.session.commit()
    db.session.expire_all()


def rows():
    """How many there are now."""
    anew()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Click))


def clicks_by_path(account):
    """path -> number."""
    anew()
    return {row.path: row.clicks for row in queries.links_of(account)}


# --- rules --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/", 1),
        ("/en/prices", 2),
        ("/en/prices?plan=web-pro", 3),
        ("/en/prices?plan=other", 2),
        ("/en/partners", 9),
    ],
)
def test_a_click_belongs_to_the_link_of_its_page(path, link):
    """RULES F1: else to all other pages."""
    links = {"/": 1, "/en/prices": 2, "/en/prices?plan=web-pro": 3, "": 9}
    assert rules.link_followed(path, links) == link


@pytest.mark.parametrize(
    ("before", "sent", "kept"), [(0, 1, 1), (0, 20, 20), (0, 21, 20), (19, 2, 1), (20, 1, 0), (500, 9, 0)]
)
def test_so_many_clicks_of_one_network_count_in_an_hour(before, sent, kept):
    noted = [Noted(str(n), 1, "/", NOW, "192.0.2.1") for n in range(sent)]
    others = [Noted("a", 2, "/", NOW, "192.0.2.1"), Noted("b", 1, "/", NOW, "192.0.2.2")]
    hashes = {"192.0.2.1": "x", "192.0.2.2": "y"}
    found = rules.within_limits([*noted, *others], hashes, {(1, "x"): before} if before else {})
    assert len(found) == kept + 2 and found[-2:] == others


def test_where_no_network_is_known_the_database_counts_none():
    noted = [Noted(str(n), 1, "/", NOW, "") for n in range(50)]
    assert rules.within_limits(noted, {"": None}, {}) == noted


# --- writing ------------------------------------------------------------------------------------------------


def test_many_clicks_are_written_at_once(clicks, affiliate, statements, cast):
    """One INSERT for all rows, one UPDATE per link."""
    other = make_affiliate(make_organisation("Zweite Empfehlung"))
    actions.save_link(affiliate, "/en/prices", "", by=cast.olga, now=NOW)
    for n in range(300):
        clicks.note(click_of(affiliate, f"198.51.100.{n % 250}", path="/" if n % 3 else "/en/prices"))
        clicks.note(click_of(other, f"198.51.100.{n % 250}", path="/de/anything"))
    with statements() as seen:
        assert clicks.write() == 600
    assert clicks_by_path(affiliate) == {"/": 200, "/en/prices": 100, "": 0}
    assert clicks_by_path(other) == {"/": 0, "": 300}
    changes = [each for each in seen if each.startswith(("INSERT INTO clicks", "UPDATE"))]
    assert len(changes) == 4 and len(seen) <= 9
    assert clicks.write() == 0


def test_a_flood_from_one_address_leaves_a_handful_of_rows_and_asks_no_database(
    app, clicks, affiliate, statements
):
    """A million clicks: each beyond the twentieth is one look into a table of this process."""
    clicks.note(click_of(affiliate))
    with statements() as seen:
        began = time.perf_counter()
        for _ in range(20_000):
            clicks.note(click_of(affiliate))
        took = time.perf_counter() - began
    assert seen == [] and took < 10
    assert clicks.write() == rows() == rules.NETWORK_CLICKS_MOST


def test_another_process_does_not_count_them_again(app, clicks, affiliate):
    for process in (clicks, Clicks(app, by_itself=False)):
        for _ in range(30):
            process.note(click_of(affiliate))
        process.write()
    assert rows() == clicks_by_path(affiliate)["/"] == rules.NETWORK_CLICKS_MOST


def test_the_next_hour_counts_anew(clicks, affiliate, clock):
    for _ in range(2):
        for _ in range(30):
            clicks.note(click_of(affiliate, at=clock.now))
        clicks.write()
        clock.forward(hours=1, seconds=1)
    assert rows() == 2 * rules.NETWORK_CLICKS_MOST


def test_a_flood_from_everywhere_is_cut_off(clicks, affiliate, monkeypatch):
    monkeypatch.setattr(rules, "CLICKS_MOST", 50)
    for n in range(200):
        clicks.note(click_of(affiliate, f"198.51.100.{n}"))
    assert clicks.write() == 50


def test_what_can_t_be_written_is_lost_and_nothing_else(app, clicks, affiliate, caplog):
    clicks.note(click_of(affiliate))
    db.session.execute(sa.delete(AffiliateLink))
    db.session.execute(sa.text("DELETE FROM affiliate_accounts"))
    db.session.commit()
    assert clicks.write() == 0 and "1 clicks were not written" in caplog.text


def test_a_process_writes_by_itself(app, affiliate, monkeypatch):
    """With a thread of its own."""
    monkeypatch.setattr("webapp.affiliation.clicks.PAUSE", 0)
    clicks = Clicks(app, by_itself=True)
    clicks.note(click_of(affiliate))
    until = time.monotonic() + 20
    while rows() == 0 and time.monotonic() < until:
        pass
    assert rows() == 1


def test_a_sign_up_makes_the_row_that_was_never_written(affiliate):
    """RULES F2: a process that was killed loses statistics only."""
    customer = make_customer(affiliate)
    attribution = queries.attribution_of(customer.id)
    assert rows() == 1 and attribution.link_id
    clicks = [(row.path, row.sign_ups) for row in queries.links_of(affiliate)]
    assert clicks == [("/", 1), ("", 0)]


def test_two_sign_ups_race_for_one_click(app, affiliate):
    """RULES F2: exactly one of them was won."""
    for n in range(5):
        visit = click_of(affiliate, "198.51.100.1", at=NOW - timedelta(minutes=9))
        people = [make_user(f"Racer {n} {m}") for m in range(2)]
        ids = [make_organisation(f"Racing {n} {m}", owner=person).id for m, person in enumerate(people)]

        def sign_up(m, people=people, ids=ids, visit=visit):
            person, organisation = db.session.merge(people[m]), db.session.get(Organisation, ids[m])
            actions.attribute(organisation, person=person, visit=visit, now=NOW)

        assert at_once(app, lambda: sign_up(0), lambda: sign_up(1)) == [None, None]
        won = db.session.scalars(sa.select(Attribution).where(Attribution.organisation_id.in_(ids))).all()
        assert len(won) == 1
    assert rows() == 5


def test_sign_ups_and_the_writing_of_clicks_at_once(app, affiliate):
    """The row is there once, whoever was first."""
    for n in range(5):
        visit = click_of(affiliate, f"198.51.100.{n}", at=NOW - timedelta(minutes=9))
        person = make_user(f"Runner {n}")
        organisation_id = make_organisation(f"Running {n}", owner=person).id
        noted = Noted(visit.click, affiliate.id, "/", visit.at, visit.network)

        def sign_up(person=person, organisation_id=organisation_id, visit=visit):
            organisation = db.session.get(Organisation, organisation_id)
            actions.attribute(organisation, person=db.session.merge(person), visit=visit, now=NOW)

        def write(noted=noted):
            return actions.write_clicks([noted], now=NOW)

        assert at_once(app, sign_up, write) == [None, 1]
        assert queries.attribution_of(organisation_id)
    assert rows() == 5


# --- forgetting ---------------------------------------------------------------------------------------------


def test_networks_and_clicks_are_forgotten_when_they_count_no_more(clicks, affiliate, clock):
    """RULES F2: the click that won somebody stays, without its network."""
    customer = make_customer(affiliate, now=NOW)
    clicks.note(click_of(affiliate))
    clicks.write()
    assert actions.forget_clicks(now=NOW + timedelta(days=30)) == 0
    anew()
    hashes = sa.select(Click.network_hash).where(Click.id == queries.attribution_of(customer.id).click_id)
    assert db.session.scalar(hashes) is None, "it was half an hour older"
    clicks.note(click_of(affiliate, "198.51.100.7", at=NOW + timedelta(days=20)))
    clicks.write()
    assert actions.forget_clicks(now=NOW + timedelta(days=30, seconds=1)) == 1
    anew()
    attribution = queries.attribution_of(customer.id)
    assert attribution.click_id and attribution.network_hash is None
    assert [
        each.network_hash is None for each in db.session.scalars(sa.select(Click).order_by(Click.at))
    ] == [True, False]
    assert clicks_by_path(affiliate) == {"/": 2, "": 0}


def test_many_are_forgotten_in_portions(affiliate, monkeypatch):
    monkeypatch.setattr(actions, "FORGOTTEN_AT_ONCE", 3)
    noted = [Noted(new_public_id(), affiliate.id, "/", NOW, f"198.51.100.{n}") for n in range(10)]
    actions.write_clicks(noted, now=NOW)
    assert actions.forget_clicks(now=NOW + timedelta(days=31)) == 10 and rows() == 0


# --- the list of links --------------------------------------------------------------------------------------


def test_a_page_is_kept_once_and_as_many_as_a_list_holds(affiliate, cast, monkeypatch):
    monkeypatch.setattr(rules, "LINKS_MOST", 2)
    actions.save_link(affiliate, "/en/prices", "Prices", by=cast.olga, now=NOW)
    with pytest.raises(LinkKept):
        actions.save_link(affiliate, "/en/prices", "", by=cast.olga, now=NOW)
    with pytest.raises(TooManyLinks):
        actions.save_link(affiliate, "/en/partners", "", by=cast.olga, now=NOW)


def test_what_a_removed_link_brought_is_counted_among_all_other_pages(affiliate, cast):
    customer = make_customer(affiliate)
    actions.write_clicks([Noted(new_public_id(), affiliate.id, "/", NOW, "198.51.100.1")], now=NOW)
    link = db.session.scalars(sa.select(AffiliateLink).where(AffiliateLink.path == "/")).one()
    actions.remove_link(link, by=cast.olga, now=NOW)
    assert [(row.path, row.clicks, row.sign_ups) for row in queries.links_of(affiliate)] == [("", 1, 1)]
    assert queries.attribution_of(customer.id).click_id


def test_who_has_closed_keeps_no_further_link(affiliate, cast):
    """RULES A3."""
    actions.close(affiliate, by=cast.olga, now=NOW)
    with pytest.raises(NoAffiliate):
        actions.save_link(affiliate, "/en/prices", "", by=cast.olga, now=NOW)
