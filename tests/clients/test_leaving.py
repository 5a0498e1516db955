"""A partner leaves the programme, so that its organisation may join the affiliate programme (RULES A3)."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from tests.factories import (
    PASSWORD,
    join,
    make_affiliate,
    make_application,
    make_invitation,
    make_offer,
    make_order,
    make_partnership,
    make_plan,
    make_product,
    make_tender,
    make_user,
)
from tests.invitations.story import mails
from tests.orders.story import DEBT, has, refund
from tests.partnerships.test_races import race
from tests.tenders.story import audit_of, kinds_of
from tests.times import NOW
from webapp.accounts.rules import OnlyRepresentatives, Role
from webapp.affiliation import actions as affiliation
from webapp.affiliation.rules import MayNotJoin
from webapp.clients import actions, queries
from webapp.clients.rules import Keeps, StillNeeded
from webapp.directory import actions as directory
from webapp.directory import queries as directory_of
from webapp.directory.rules import HasLeft, SuspensionReason
from webapp.extensions import db
from webapp.inbox import queries as inbox
from webapp.invitations import actions as invitations
from webapp.invitations.rules import Direction
from webapp.orders.quotes import Wanted
from webapp.partnerships.rules import Access
from webapp.unit import unit_of_work

LATER = NOW + timedelta(days=1)


def leave(cast, *, by=None, now=NOW):
    actions.leave(cast.lumiere_partner, by=by or cast.pierre, now=now)


def partnership(cast, **values):
    return make_partnership(cast.lumen, cast.lumiere_partner, **values)


def invitation(cast, **values):
    goods = make_product(cast.lumen)
    return make_invitation(
        Direction.TO_PARTNER, cast.lumiere_partner, cast.nadia, client=cast.lumen, products=[goods], **values
    )


def request(cast, **values):
    return make_invitation(Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre, **values)


def offer(cast, *, tender=None, **values):
    return make_offer(make_tender(**(tender or {})), cast.lumiere_partner, cast.pierre, **values)


# --- what is in the way -------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", list(product((False, True), repeat=4)))
def test_whoever_counts_on_the_partner_keeps_it(cast, there):
    """RULES A3: clients, invitations in both directions, offers; each alone, and none of them."""
    for exists, make in zip(there, (partnership, invitation, request, offer), strict=True):
        if exists:
            make(cast)
    keeps = queries.what_keeps(cast.lumiere_partner, now=NOW)
    assert keeps == Keeps(*map(int, there)) and bool(keeps) == any(there)
    if any(there):
        with pytest.raises(StillNeeded):
            leave(cast)
        assert cast.lumiere.programme == "partner" and cast.lumiere_partner.left_at is None
    else:
        leave(cast)
        assert cast.lumiere.programme is None


OVER = {
    "a partnership that ended": lambda cast: partnership(cast, ended_at=NOW - timedelta(days=1)),
    "an invitation that lapsed": lambda cast: invitation(cast, sent_at=NOW - timedelta(days=30)),
    "one refused": lambda cast: invitation(cast, refused_at=NOW),
    "one deleted": lambda cast: invitation(cast, deleted_at=NOW),
    "a request that lapsed": lambda cast: request(cast, sent_at=NOW - timedelta(days=30)),
    "one of those refused": lambda cast: request(cast, refused_at=NOW),
    "one of those deleted": lambda cast: request(cast, deleted_at=NOW),
    "an offer withdrawn": lambda cast: offer(cast, withdrawn_at=NOW),
    "an offer past its date": lambda cast: offer(cast, valid_until=NOW),
    "an offer that won": lambda cast: offer(cast, accepted_at=NOW, tender={"awarded_at": NOW}),
    "an offer to a call that is over": lambda cast: offer(cast, tender={"closes_at": NOW}),
    "somebody else's offer": lambda cast: make_offer(make_tender(), cast.bergwerk_partner, cast.berta),
    "somebody else's client": lambda cast: make_partnership(cast.lumen, cast.bergwerk_partner),
}


@pytest.mark.parametrize("over", list(OVER.values()), ids=list(OVER))
def test_what_is_over_or_somebody_else_s_keeps_nobody(cast, over):
    """RULES A3."""
    over(cast)
    assert not queries.what_keeps(cast.lumiere_partner, now=NOW)
    leave(cast)


# --- leaving ------------------------------------------------------------------------------------------------


def test_who_leaves_is_no_partner_any_more_and_may_become_an_affiliate(cast):
    """RULES A3, SECURITY A9: first one, then the other."""
    with pytest.raises(MayNotJoin):
        affiliation.join(cast.lumiere, by=cast.pierre, now=NOW)
    leave(cast)
    partner = cast.lumiere_partner
    assert (partner.left_at, partner.suspended_at, partner.listed_at) == (NOW, NOW, None)
    assert cast.lumiere.programme is None and audit_of(partner) == ["partner.left"]
    assert mails("partner_left") == [cast.pierre.email]
    assert directory_of.listed_partner(partner.slug) is None
    assert directory_of.own_partner(partner.slug, cast.pierre) is None
    assert inbox.partner_of(cast.lumiere) is None
    affiliation.join(cast.lumiere, by=cast.pierre, now=NOW)
    assert cast.lumiere.programme == "affiliate"


def test_who_has_left_can_t_leave_again_and_nobody_resumes_it(cast):
    leave(cast)
    for act in (
        lambda: leave(cast),
        lambda: directory.resume(cast.lumiere_partner, by=cast.olga, now=NOW),
        lambda: directory.suspend(cast.lumiere_partner, SuspensionReason.OTHER, by=cast.olga, now=NOW),
    ):
        with pytest.raises(HasLeft):
            act()
    assert audit_of(cast.lumiere_partner) == ["partner.left"] and len(mails("partner_left")) == 1


def test_only_a_representative_leaves(cast):
    admin = make_user("Ada Admin")
    join(admin, cast.lumiere, Role.ADMINISTRATOR)
    for person in (admin, cast.paula, cast.nadia, cast.olga):
        with pytest.raises(OnlyRepresentatives):
            leave(cast, by=person)


def test_a_suspended_partner_may_leave(cast):
    """Since when it was suspended is kept; its desk offers nothing to lift."""
    directory.suspend(cast.lumiere_partner, SuspensionReason.INVOICES, by=cast.olga, now=NOW)
    leave(cast, now=LATER)
    assert (cast.lumiere_partner.suspended_at, cast.lumiere_partner.left_at) == (NOW, LATER)


def test_a_later_application_brings_the_same_account_back(cast):
    """RULES A3, A4: the same address, not listed until the partner says so."""
    partner = cast.lumiere_partner
    before = (partner.id, partner.slug, partner.approved_at, partner.version)
    leave(cast)
    account = make_affiliate(cast.lumiere, now=NOW)
    affiliation.close(account, by=cast.pierre, now=NOW)
    application = directory.apply(
        cast.lumiere, website="https://new.example/", about="Again.", by=cast.pierre, now=LATER
    )
    back = directory.approve(application, by=cast.olga, now=LATER)
    assert (back.id, back.slug, back.approved_at) == before[:3] and back.version > before[3]
    assert (back.left_at, back.suspended_at, back.listed_at) == (None, None, None)
    assert back.website == "https://new.example/" and back.tender_contact is not None
    assert cast.lumiere.programme == "partner"
    leave(cast, now=LATER)
    assert back.left_at == LATER


def test_money_stays_where_it_is(cast):
    """RULES C11, M11: who earns was decided with the order; what is given back is owed after leaving, too."""
    standing = partnership(cast, access=Access.FULL)
    orders = [make_order(cast.lumen, Wanted(make_plan(), "example.com"), paid=paid) for paid in (True, False)]
    assert has(cast.lumiere) == 2_400
    end(standing)
    leave(cast)
    refund(orders[0], 6_000)
    assert has(cast.lumiere) == 1_200 and has(cast.lumiere, DEBT) == 0


@unit_of_work
def end(standing):
    standing.ended_at, standing.ended_by_side = NOW, "client"


# --- at the same instant ------------------------------------------------------------------------------------


def leaving(cast):
    def act(own):
        partner, pierre = own(cast.lumiere_partner), own(cast.pierre)
        return lambda: actions.leave(partner, by=pierre, now=NOW)

    return act


def left_or_partner(cast):
    """Left without clients, or a partner with them."""
    keeps = queries.what_keeps(cast.lumiere_partner, now=NOW)
    assert (cast.lumiere_partner.left_at is None) == bool(keeps)
    assert (cast.lumiere.programme == "partner") == bool(keeps)


def test_leaving_and_accepting_a_client(app, cast):
    """RULES A3, SECURITY A9: an invitation that waits keeps the partner, and one that is accepted, too."""
    waiting = invitation(cast)

    def accepting(own):
        mine, pierre = own(waiting), own(cast.pierre)
        return lambda: invitations.accept(mine, by=pierre, now=NOW)

    results = race(app, leaving(cast), accepting)
    assert "StillNeeded" in kinds_of(results), results
    left_or_partner(cast)


def test_leaving_and_asking_a_client(app, cast):
    from tests.invitations.story import draft
    from tests.partnerships.story import FULL

    for _n in range(3):
        kept = draft("request")

        def asking(own, kept=kept):
            mine, partner, pierre = own(kept), own(cast.lumiere_partner), own(cast.pierre)
            return lambda: invitations.ask(
                mine, partner, "new@client.example", FULL, {}, message="", language="en", by=pierre, now=NOW
            )

        results = race(app, leaving(cast), asking)
        assert kinds_of(results) in (["StillNeeded", "done"], ["Suspended", "done"]) or (
            kinds_of(results)[0] in ("AlreadyInvited", "HasLeft")
        ), results
        left_or_partner(cast)


def test_leaving_and_a_client_inviting(app, cast):
    from tests.invitations.story import draft
    from tests.partnerships.story import FULL

    kept = draft()

    def inviting(own):
        mine, client, partner, nadia = own(kept), own(cast.lumen), own(cast.lumiere_partner), own(cast.nadia)
        return lambda: invitations.invite(mine, client, partner, FULL, {}, message="", by=nadia, now=NOW)

    results = race(app, leaving(cast), inviting)
    assert kinds_of(results) in (["StillNeeded", "done"], ["Suspended", "done"]), results
    left_or_partner(cast)


def test_leaving_twice_at_once(app, cast):
    results = race(app, leaving(cast), leaving(cast))
    assert kinds_of(results) == ["HasLeft", "done"] and len(mails("partner_left")) == 1


def test_leaving_and_being_resumed(app, cast):
    """The operator's button never makes a partner of who has left."""
    directory.suspend(cast.lumiere_partner, SuspensionReason.OTHER, by=cast.olga, now=NOW)

    def resuming(own):
        partner, olga = own(cast.lumiere_partner), own(cast.olga)
        return lambda: directory.resume(partner, by=olga, now=NOW)

    race(app, leaving(cast), resuming)
    assert cast.lumiere_partner.left_at and cast.lumiere_partner.suspended_at


# --- pages --------------------------------------------------------------------------------------------------


def address(cast, page="leaving"):
    return f"/en/o/{cast.lumiere.public_id}/{page}"


def test_a_representative_leaves_with_the_password(client, cast):
    """RULES A3, SECURITY 3."""
    client.sign_in(cast.pierre)
    assert address(cast) in client.get_page(address(cast, "directory-profile")).links.values()
    page = client.get_page(address(cast))
    assert page.h1 == "Leave the partner programme?"
    assert "may join the affiliate programme" in page
    assert client.submit(address(cast)).status == 422
    assert client.submit(address(cast), {"password": "not this one"}).status == 422
    assert cast.lumiere_partner.left_at is None
    done = client.submit(address(cast), {"password": PASSWORD})
    page = client.get_page(done.location)
    assert "Lumière Digital Sàrl has left the partner programme." in page.notices
    assert cast.lumiere_partner.left_at
    assert client.get(address(cast)).status_code == 303
    assert client.get(f"/en/partners/{cast.lumiere_partner.slug}").status_code == 404
    assert "left the partner programme on" in client.get_page(address(cast, "clients"))
    for gone in ("directory-profile", "clients/new", "tenders"):
        assert client.get(address(cast, gone)).status_code == 404


def test_what_is_in_the_way_is_said_with_links(client, cast):
    """RULES A3."""
    partnership(cast), offer(cast)
    waiting, asked = invitation(cast), request(cast)
    page = client.sign_in(cast.pierre).get_page(address(cast))
    assert page.h1 == "You can’t leave the partner programme yet" and not page.main.all("form")
    for sentence in (
        "1 client works with you.", "1 client has invited you", "1 of your requests waits",
        "1 of your offers can still be accepted.",
    ):  # fmt: skip
        assert sentence in page
    links = page.links.values()
    for to in (
        address(cast, "clients"), address(cast, "tenders") + "?tab=answered",
        address(cast, f"invitations/{waiting.public_id}"),
        address(cast, f"invitations/{asked.public_id}/deletion"),
    ):  # fmt: skip
        assert to in links, to


def test_what_came_in_between_is_said(client, cast):
    client.sign_in(cast.pierre).get_page(address(cast))
    partnership(cast)
    page = client.post_to(address(cast), {"csrf_token": client.token(), "password": PASSWORD})
    assert page.status == 409 and "1 client works with you." in page
    assert "Something has come in between" in page


def test_the_desk_offers_nothing_for_who_has_left(client, cast):
    leave(cast)
    page = client.sign_in(cast.olga).get_page(f"/en/admin/organisations/{cast.lumiere.public_id}")
    assert "It has left the partner programme." in page
    assert "Lift the suspension" not in page.buttons and "Suspend this partner" not in page.links
    end = f"/en/admin/organisations/{cast.lumiere.public_id}/suspension/end"
    client.post_to(end, {"csrf_token": client.token()})
    assert cast.lumiere_partner.suspended_at


def test_a_partner_is_led_here_from_the_affiliate_programme(client, cast):
    page = client.sign_in(cast.pierre).get_page(address(cast, "affiliate/join"))
    assert page.links["Leave the partner programme"] == address(cast)


def test_who_is_no_partner_has_no_such_page(client, cast):
    assert client.sign_in(cast.nadia).get(f"/en/o/{cast.lumen.public_id}/leaving").status_code == 404


def test_an_approval_of_somebody_new_makes_a_new_account(cast):
    partner = directory.approve(make_application(cast.lumen, cast.nadia), by=cast.olga, now=NOW)
    assert partner.slug and partner.left_at is None and db.session.get(type(partner), partner.id) is partner
