"""Granting at the same instant, and signing up by a request's link, on both databases."""

import pytest

from tests.factories import make_user
from tests.requests.story import asked, partnership
from tests.threads import at_once
from webapp.accounts import queries as people
from webapp.accounts.models import Organisation, User
from webapp.accounts.rules import AddressTaken, Kind, OrganisationDetails, Role
from webapp.extensions import db
from webapp.invitations import actions as invitations
from webapp.invitations.models import Invitation
from webapp.invitations.rules import NotWaiting, State
from webapp.partnerships import queries as partnerships
from webapp.partnerships.rules import EVERYTHING, Access, FullGiven, HeldByOthers, Terms
from webapp.requests import actions

LIMITED, FULL = Terms(Access.LIMITED), Terms(Access.FULL)
NEU = OrganisationDetails(Kind.COMPANY, "Neu & Söhne", "Gasse 1", "8001", "Zürich", "CH")


def grants(cast, request, terms, picked, now):
    """The act of granting, for a thread of its own."""
    ids = request.id, cast.lumen.id, cast.nadia.id

    def act():
        rows = [
            db.session.get(kind, id) for kind, id in zip((Invitation, Organisation, User), ids, strict=True)
        ]
        return invitations.grant(*rows[:2], terms, picked, by=rows[2], now=now).id

    return act


def outcomes(results):
    """What each did: True, or the refusal's class."""
    return [type(result) if isinstance(result, Exception) else True for result in results]


def test_a_request_is_granted_once(app, cast, lumens_products, now):
    """RULES C7, SECURITY A4: two tabs at the same instant."""
    act = grants(cast, asked(cast), LIMITED, {lumens_products.site.id: EVERYTHING}, now)
    results = at_once(app, act, act, act)
    assert sorted(map(str, outcomes(results))) == sorted(map(str, [True, NotWaiting, NotWaiting]))
    assert partnerships.granted(partnership()) == {lumens_products.site.id: EVERYTHING}


def test_granting_and_deleting_at_once_has_one_winner(app, cast, lumens_products, now):
    """RULES C7, C8"""
    request = asked(cast)
    request_id, pierre_id = request.id, cast.pierre.id

    def delete():
        row, pierre = db.session.get(Invitation, request_id), db.session.get(User, pierre_id)
        return invitations.delete(row, by=pierre, now=now)

    results = at_once(app, grants(cast, request, FULL, {}, now), delete)
    assert sorted(map(str, outcomes(results))) == sorted(map(str, [True, NotWaiting]))
    granted = partnerships.active_between(cast.lumen, cast.lumiere_partner)
    assert (request.state(now) is State.ACCEPTED) == (granted is not None)


def test_two_partners_never_get_full_access_at_once(app, cast, lumens_products, now):
    """RULES C2, SECURITY A1: two tabs, two requests, one instant."""
    first, second = asked(cast), asked(cast, partner=cast.bergwerk_partner)
    results = at_once(app, *[grants(cast, each, FULL, {}, now) for each in (first, second)])
    assert sorted(map(str, outcomes(results))) == sorted(map(str, [True, FullGiven]))
    assert len(partnerships.of_client(cast.lumen)) == 1


def test_full_access_and_a_product_for_another_never_meet(app, cast, lumens_products, now):
    """RULES C3"""
    first, second = asked(cast), asked(cast, partner=cast.bergwerk_partner)
    results = outcomes(
        at_once(
            app,
            grants(cast, first, FULL, {}, now),
            grants(cast, second, LIMITED, {lumens_products.site.id: EVERYTHING}, now),
        )
    )
    assert results in ([True, FullGiven], [HeldByOthers, True])


def join(request, now, **values):
    """Vera signs up by the link."""
    values = {"name": "Vera Neu", "password_hash": "a hash", "language": "de", "now": now, **values}
    return actions.join(request, NEU, **values)


def test_a_newcomer_is_verified_and_represents_its_organisation(cast, now):
    """RULES C7, O2: nothing is granted by signing up."""
    request = asked(cast, email="vera@new.example")
    vera = join(request, now)
    (mine,) = people.memberships(vera)
    assert (vera.email, vera.verified_at, vera.language, vera.region) == ("vera@new.example", now, "de", "CH")
    assert (mine.role, mine.organisation.name) == (Role.LEGAL_REPRESENTATIVE, "Neu & Söhne")
    assert request.state(now) is State.WAITING and request.client_id is None


def test_an_address_that_signs_in_already_is_not_taken(cast, now):
    """RULES C7"""
    with pytest.raises(AddressTaken):
        join(asked(cast), now)
    assert (cast.nadia.name, cast.nadia.password_hash != "a hash") == ("Nadia Noser", True)


def test_a_disabled_account_is_not_taken_over(cast, now):
    make_user("Vera Alt", email="vera@new.example", verified_at=None, disabled_at=now)
    with pytest.raises(AddressTaken):
        join(asked(cast, email="vera@new.example"), now)


@pytest.mark.parametrize("ended", ["deleted", "lapsed"])
def test_nobody_joins_by_a_request_that_is_over(cast, clock, now, ended):
    """RULES C8"""
    request = asked(cast, email="vera@new.example")
    if ended == "deleted":
        invitations.delete(request, by=cast.pierre, now=now)
    with pytest.raises(NotWaiting):
        join(request, now if ended == "deleted" else clock.forward(days=40))
    assert people.user_by_email("vera@new.example") is None


def test_joining_twice_at_once_makes_one_account(app, cast, now):
    request_id = asked(cast, email="vera@new.example").id
    results = at_once(app, *[lambda: join(db.session.get(Invitation, request_id), now).id] * 3)
    assert sorted(map(str, outcomes(results))) == sorted(map(str, [True, AddressTaken, AddressTaken]))
    assert len(people.memberships(people.user_by_email("vera@new.example"))) == 1
