"""What the demo's clients have entrusted to partners: told once, and looked at by those who are offered to sign in."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import ProofreadingClient
from tests.times import Clock
from webapp import clock
from webapp.accounts import queries as accounts
from webapp.accounts.models import Organisation, User
from webapp.demo import people, story
from webapp.demo.goods import GOODS, USAGE_DAYS, usage
from webapp.demo.people import SHOWN, Company, Person
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.partnerships import queries as partnerships
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Standing
from webapp.products.rules import Metric


def account(who: Person) -> User:
    """The person's account."""
    found = accounts.user_by_email(who.email)
    assert found is not None
    return found


def organisation(company: Company) -> Organisation:
    """The company's organisation."""
    return db.session.scalars(sa.select(Organisation).where(Organisation.name == company.name)).one()


def sign_in(visitor: ProofreadingClient, demo: Flask, who: Person) -> str:
    """Signs the person in; the public id of the organisation that comes first."""
    visitor.clock = Clock(clock.now())
    with demo.app_context():
        person = account(who)
        visitor.sign_in(person)
        mine = accounts.memberships(person)
        return mine[0].organisation.public_id if mine else ""


def partnership(client: Company, partner: Person) -> Partnership:
    """Theirs that stands."""
    ids = [each.organisation_id for each in accounts.memberships(account(partner))]
    accounts_of = sa.select(PartnerAccount).where(PartnerAccount.organisation_id.in_(ids))
    found = partnerships.active_between(organisation(client), db.session.scalars(accounts_of).one())
    assert found is not None
    return found


def test_a_partners_list_looks_lived_in(visitor: ProofreadingClient, demo: Flask) -> None:
    """RULES C12."""
    org = sign_in(visitor, demo, people.CAMILLE)
    page = visitor.get_page(f"/fr/o/{org}/clients")
    for company in (people.LUMEN, people.GARAGE, people.DENTAIRE, people.LIBRAIRIE, people.FONDATION):
        assert company.name in page
    assert people.AUBERGE.name not in page
    page = visitor.get_page(f"/fr/o/{org}/clients?status=ended")
    assert people.AUBERGE.name in page and people.SOUFFLE.name in page


def test_the_access_of_a_limited_partner_is_that_of_the_picture(
    visitor: ProofreadingClient, demo: Flask
) -> None:
    """UX 5.4: rights came and went over months (RULES C4, C9)."""
    org = sign_in(visitor, demo, people.NADIA)
    with demo.app_context():
        theirs = partnership(people.LUMEN, people.CAMILLE)
        public_id = theirs.public_id
        assert len(partnerships.history(theirs)) >= 5
    page = visitor.get_page(f"/de/o/{org}/partners/{public_id}")
    for label in (
        "lumen-optik.ch", "shop.lumen-optik.ch", "staging.lumen-optik.ch", "lumen-optik.ch (24 Postfächer)",
        "newsletter.lumen-optik.ch", "vps-zrh-01", "k8s-pilot",
    ):  # fmt: skip
        assert label in page
    assert "Bergwerk IT GmbH" in page


def test_the_access_of_a_suspended_partner_is_stopped(visitor: ProofreadingClient, demo: Flask) -> None:
    """RULES C14, SECURITY A3: the partnership stands, nobody acts through it."""
    org = sign_in(visitor, demo, people.STEFAN)
    with demo.app_context():
        theirs = partnership(people.SONNENHOF, people.STEFAN)
        assert theirs.standing is Standing.SUSPENDED
        (own,) = accounts.memberships(account(people.STEFAN))
        assert partnerships.reached(own, theirs.public_id) is None
        public_id = theirs.public_id
    visitor.get_page(f"/de/o/{org}/clients/{public_id}/products", status=404)
    assert people.SONNENHOF.name in visitor.get_page(f"/de/o/{org}/clients")


def test_a_place_in_the_clients_team_has_followed_the_partnership(demo: Flask) -> None:
    """RULES C8, C13: who looks after two clients reaches these and no other."""
    with demo.app_context():
        ines = account(people.INES)
        (own,) = accounts.memberships(ines)
        for company, reached in ((people.LUMEN, True), (people.THEATRE, True), (people.GARAGE, False)):
            theirs = partnership(company, people.CAMILLE)
            assert (partnerships.reached(own, theirs.public_id) is not None) is reached, company.name
        changes = partnerships.history(partnership(people.LUMEN, people.CAMILLE))
        assert [each.what for each in reversed(changes)][:2] == ["started", "followed"]


@pytest.mark.parametrize("shown", SHOWN, ids=[each.person.name for each in SHOWN])
def test_there_is_something_to_see_for_everybody(
    visitor: ProofreadingClient, demo: Flask, shown: people.Shown
) -> None:
    """UX 5.15."""
    org = sign_in(visitor, demo, shown.person)
    for language in ("en", "fr", "de"):
        page = visitor.get_page(f"/{language}/o/{org}/" if org else f"/{language}/admin/")
        assert page.h1


def test_an_empty_database_has_no_story(app: Flask) -> None:
    assert not story.told()
    assert db.session.scalar(sa.select(User.id)) is None


def test_usage_has_a_weekly_rhythm_and_is_the_same_each_time() -> None:
    today = clock.now().date()
    site, mail = GOODS[people.LUMEN][0], GOODS[people.LUMEN][4]
    figures = list(usage(site, until=today))
    assert figures == list(usage(site, until=today))
    assert len(figures) == 2 * USAGE_DAYS
    for good, metric in ((site, Metric.VISITS), (mail, Metric.MESSAGES)):
        days = [(day, amount) for which, day, amount in usage(good, until=today) if which is metric]
        sundays = [amount for day, amount in days if day.weekday() == 6]
        others = [amount for day, amount in days if day.weekday() < 5]
        assert sum(sundays) / len(sundays) < sum(others) / len(others)
