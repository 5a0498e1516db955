"""Pages by which a partner asks a client for access, and by which the client answers."""

import re
from datetime import timedelta

import pytest

from tests.factories import (
    PASSWORD,
    join,
    make_invitation,
    make_organisation,
    make_partner,
    make_partnership,
    make_product,
    make_user,
)
from tests.requests.story import asked, at, clients, follow, grant_of, partnership, requests, typed
from webapp import links
from webapp.accounts import queries as people
from webapp.accounts.rules import Role
from webapp.invitations import actions as invitations
from webapp.invitations.queries import PURPOSE
from webapp.invitations.rules import Direction, State
from webapp.limits import spend_all
from webapp.partnerships import queries as partnerships
from webapp.partnerships.rules import EVERYTHING, Access, Payer, Rights
from webapp.products.rules import Family
from webapp.requests.routes import REQUESTS

TECHNICAL, STATISTICAL = Rights(technical=True), Rights(statistical=True)
LIMITED = {"access": "limited", "rights": ["web:technical", "web:statistical", "mail:statistical"]}


@pytest.fixture
def pierre(client, cast):
    return client.sign_in(cast.pierre)


@pytest.fixture
def nadia(another, cast):
    return another().sign_in(cast.nadia)


def boxes(*, technical=(), statistical=(), **more):
    """What ticking these boxes sends."""
    return {
        "technical": [each.public_id for each in technical],
        "statistical": [each.public_id for each in statistical],
        "access": "limited", **more,
    }  # fmt: skip


# --- the partner asks ---------------------------------------------------------------------------------------


def test_a_partner_asks_for_limited_access(pierre, cast, now):
    """RULES C7: by e-mail, with the access it asks for."""
    check = typed(pierre, cast.lumiere, cast.nadia.email, **LIMITED)
    for words in (cast.nadia.email, "Limited access", "Technical and Statistics", "We spoke on Monday."):
        assert words in check
    page = follow(pierre, pierre.submit(check.path))
    assert page.path == clients(cast.lumiere)
    assert page.notices == [f"Waiting for {cast.nadia.email}, until 21 December 2026."]
    (sent,) = requests()
    assert (sent.direction, sent.email, sent.language) == (Direction.TO_CLIENT, cast.nadia.email, "de")
    assert (sent.access, sent.client_id, sent.message) == (Access.LIMITED, None, "We spoke on Monday.")
    assert {each.family: each.rights for each in sent.asked} == {
        Family.WEB: EVERYTHING, Family.MAIL: STATISTICAL,
    }  # fmt: skip


def test_a_partner_asks_for_full_access_and_says_who_shall_pay(pierre, cast):
    """RULES C5, C7"""
    check = typed(pierre, cast.lumiere, access="full", payer="partner", rights=["web:technical"])
    assert "Full access" in check and "Your payment method" in check and "Technical" not in check
    pierre.submit(check.path)
    (sent,) = requests()
    assert (sent.access, sent.payer, sent.asked) == (Access.FULL, Payer.PARTNER, [])


def test_nothing_is_chosen_beforehand(pierre, cast):
    """RULES C7"""
    page = pierre.submit(clients(cast.lumiere, "new"), {"email": "new@client.example"})
    form = follow(pierre, page).form()
    assert [box.get("id") for box in form.all("input") if box.has("checked")] == []


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        ({}, "Choose limited or full access."),
        ({"access": "limited"}, "Choose at least one right in one category."),
        ({"access": "full"}, "Say whose payment method is used."),
        ({"access": "all"}, "Choose one of the options shown."),
        ({"access": "limited", "rights": ["web:everything"]}, "Choose from the options shown."),
    ],
)
def test_a_page_of_the_wizard_says_what_is_missing(pierre, cast, ask, complaint):
    page = pierre.submit(clients(cast.lumiere, "new"), {"email": "new@client.example"})
    page = pierre.submit(page.location, ask)
    assert page.status == 422 and page.errors == [complaint]
    check = page.path.replace("/ask", "/check")
    assert pierre.post_to(check).location == page.path and requests() == []


def test_a_wrong_address_is_kept_and_explained(pierre, cast):
    page = pierre.submit(clients(cast.lumiere, "new"), {"email": "nobody at client"})
    assert page.errors == ["Enter a mail address such as name@example.com."]
    again = pierre.get_page(page.path.replace("/en/", "/de/"))
    assert again.root.by_id("email").get("value") == "nobody at client"


def test_changing_one_answer_leads_back_to_the_check(pierre, cast):
    check = typed(pierre, cast.lumiere)
    page = pierre.submit(check.path.replace("/check", "/who"), {"email": "other@client.example"})
    assert page.location == check.path
    assert "other@client.example" in pierre.get_page(check.path)


def test_known_and_unknown_addresses_get_the_same_pages(pierre, cast, now):
    """RULES C7; SECURITY: nobody learns who has an account, from no byte of any page."""
    make_organisation("Anna & Co", owner=make_user("Anna Alt", email="anna@example.org"))
    seen = []
    for email in ("anna@example.org", "emil@example.org"):
        check = typed(pierre, cast.lumiere, email)
        sent = follow(pierre, pierre.submit(check.path))
        seen.append([without_chance(page.response.text).replace(email, "@") for page in (check, sent)])
        invitations.delete(requests()[-1], by=cast.pierre, now=now)
    assert seen[0] == seen[1]


def without_chance(html):
    """The page without tokens and ids, which are drawn by lot."""
    html = re.sub(r'(name="csrf_token" value=")[^"]*', r"\1", html)
    return re.sub(r"\b[a-z2-7]{26}\b", "id", html)


def test_one_request_per_address_at_a_time(pierre, cast):
    """RULES C7, C8"""
    asked(cast)
    check = typed(pierre, cast.lumiere, cast.nadia.email)
    page = pierre.submit(check.path)
    assert page.status == 409 and "There is an open invitation already" in page.errors[0]
    assert len(requests()) == 1


def test_sending_twice_sends_once(pierre, cast, outbox):
    """RULES C7"""
    check = typed(pierre, cast.lumiere, cast.nadia.email)
    assert pierre.submit(check.path).status == 303
    for step in ("who", "message", "check"):
        page = follow(pierre, pierre.post_to(check.path.replace("/check", f"/{step}")))
        assert "This request has been sent already. You will find it in the list." in page.notices
    assert pierre.get(check.path).status_code == 303
    assert len(requests()) == 1 and len(outbox.to(cast.nadia.email)) == 1


def test_requests_are_limited(pierre, cast, now):
    check = typed(pierre, cast.lumiere)
    spend_all([(REQUESTS, cast.lumiere.public_id)] * 50, now=now)
    assert pierre.submit(check.path).status == 429 and requests() == []


def test_a_mailbox_is_not_flooded_by_several_partners(another, cast):
    sent = 0
    for n in range(11):
        owner = make_user(f"Owner {n}")
        make_partner(company := make_organisation(f"Company {n}", owner=owner))
        browser = another().sign_in(owner)
        sent += browser.submit(typed(browser, company, "vera@client.example").path).status == 303
    assert sent == 10


def test_a_suspended_partner_asks_nobody(pierre, cast, now):
    """RULES C7"""
    check = typed(pierre, cast.lumiere)
    cast.lumiere_partner.suspended_at = now
    assert "suspended" in pierre.get_page(clients(cast.lumiere, "new"), status=409)
    assert pierre.post_to(check.path).status == 409 and requests() == []


def test_only_legal_representatives_of_the_partner_ask(another, cast):
    """RULES C7"""
    paula = another().sign_in(cast.paula)
    assert "Pierre Perret" in paula.get_page(clients(cast.lumiere, "new"), status=403)


def test_an_organisation_that_is_no_partner_has_no_clients_to_ask(nadia, cast):
    assert nadia.get(clients(cast.lumen, "new")).status_code == 404


def test_a_draft_is_the_one_person_s_who_began_it(pierre, another, cast):
    check = typed(pierre, cast.lumiere)
    other = another().sign_in(cast.berta)
    mine = check.path.replace(cast.lumiere.public_id, cast.bergwerk.public_id)
    assert other.get(mine).status_code == 404 and other.post_to(mine).status == 404
    assert other.post_to(mine.replace("/check", "/who"), {"email": "x@y.example"}).status == 404


def test_an_old_draft_begins_anew(pierre, cast, clock):
    check = typed(pierre, cast.lumiere)
    clock.forward(hours=25)
    pierre.sign_in(cast.pierre)
    for step in ("ask", "message", "check"):
        page = follow(pierre, pierre.post_to(check.path.replace("/check", f"/{step}")))
        assert page.path == clients(cast.lumiere, "new") and "opened too long ago" in page


# --- the client answers -------------------------------------------------------------------------------------


def test_whoever_represents_one_organisation_is_not_asked_which(nadia, cast, lumens_products):
    """RULES C7"""
    request = asked(cast)
    page = follow(nadia, nadia.get_page(at(request), status=303))
    assert page.path == grant_of(cast.lumen, request)
    for words in ("Asked", "You grant", "Technical and Statistics", "We spoke on Monday.", "Pierre Perret"):
        assert words in page


def test_nothing_is_ticked_before_the_client_ticks_it(nadia, cast, lumens_products):
    """RULES C7: what was asked is a proposal, full access and the wallet are never preselected."""
    for values in ({}, {"access": Access.FULL, "payer": Payer.PARTNER, "asked": {}}):
        request = asked(cast, **values)
        page = nadia.get_page(grant_of(cast.lumen, request))
        assert not [box for box in page.form(page.path).all("input") if box.has("checked")]
        invitations.delete(request, by=cast.pierre, now=request.sent_at + timedelta(days=2))


def test_the_client_grants_what_it_likes(nadia, pierre, cast, lumens_products, outbox):
    """RULES C7, SECURITY A5: less of one thing, more of another, whatever was asked."""
    request, products = asked(cast), lumens_products
    page = nadia.submit(
        grant_of(cast.lumen, request), boxes(technical=[products.shop], statistical=[products.server])
    )
    assert partnerships.of_client(cast.lumen) == []
    review = follow(nadia, page)
    assert review.path == grant_of(cast.lumen, request, "check")
    for words in ("Manage 1 product: shop.lumen-optik.ch", "See statistics for 1 product", "Cannot order"):
        assert words in review
    shown = follow(nadia, nadia.submit(review.path))
    granted = partnership()
    assert shown.path == f"/en/o/{cast.lumen.public_id}/partners/{granted.public_id}"
    assert "Lumière Digital Sàrl is your partner now." in shown.notices
    assert partnerships.granted(granted) == {products.shop.id: TECHNICAL, products.server.id: STATISTICAL}
    assert requests()[0].state(granted.started_at) is State.ACCEPTED
    assert outbox.to(cast.pierre.email)


def test_what_was_asked_can_be_filled_in_and_then_changed(nadia, cast, lumens_products):
    """RULES C7"""
    request, products = asked(cast), lumens_products
    page = nadia.submit(grant_of(cast.lumen, request), {"do": "asked"})
    page = follow(nadia, page)
    ticked = {box.get("id") for box in page.form(page.path).all("input") if box.has("checked")}
    assert ticked == {
        "access-0", f"t-{products.site.public_id}", f"s-{products.site.public_id}",
        f"t-{products.shop.public_id}", f"s-{products.shop.public_id}", f"s-{products.post.public_id}",
    }  # fmt: skip
    page = nadia.submit(page.path, {"technical": [products.site.public_id]})
    assert "Manage 1 product: lumen-optik.ch" in follow(nadia, page)
    nadia.submit(page.location)
    assert partnerships.granted(partnership())[products.shop.id] == STATISTICAL


def test_choices_are_kept_over_pages_and_languages(nadia, cast, lumens_products):
    for n in range(30):
        make_product(cast.lumen, f"site-{n:02}.ch", lumens_products.site.plan)
    request = asked(cast)
    address = grant_of(cast.lumen, request)
    page = nadia.submit(address, boxes(technical=[lumens_products.site], do="page:2"))
    assert "page=2" in page.location
    nadia.submit(page.location, boxes(statistical=[lumens_products.server], do="search", q="optik"))
    page = nadia.get_page(grant_of(cast.lumen, request, language="de") + "?q=optik")
    assert page.root.by_id(f"t-{lumens_products.site.public_id}").has("checked")
    page = nadia.get_page(address + "?page=2")
    assert page.root.by_id(f"s-{lumens_products.server.public_id}").has("checked")


def test_limited_access_needs_a_product(nadia, cast, lumens_products):
    """RULES C4"""
    page = nadia.submit(grant_of(cast.lumen, asked(cast)), boxes())
    assert page.status == 422 and page.errors == ["Choose at least one product and one right."]


@pytest.mark.parametrize("payer", ["client", "partner"])
def test_full_access_asks_for_the_password(nadia, cast, lumens_products, payer):
    """RULES C2, C5"""
    request = asked(cast)
    page = nadia.submit(grant_of(cast.lumen, request), {"access": "full", "payer": payer})
    review = follow(nadia, page)
    assert "Manage all your products, now and later" in review
    assert nadia.submit(review.path).errors == ["Enter your password."]
    assert nadia.submit(review.path, {"password": "a wrong one"}).errors == ["This is not your password."]
    assert partnerships.of_client(cast.lumen) == []
    assert nadia.submit(review.path, {"password": PASSWORD}).status == 303
    assert (partnership().access, partnership().payer) == (Access.FULL, Payer(payer))


@pytest.mark.parametrize(
    "choice",
    [{}, {"access": "limited"}, {"access": "full"}, {"access": "full", "payer": "x"}, {"access": "x"}],
)
def test_there_is_nothing_to_check_before_the_choice_is_whole(nadia, cast, choice):
    request = asked(cast)
    nadia.post_to(grant_of(cast.lumen, request), choice)
    page = nadia.get_page(grant_of(cast.lumen, request, "check"), status=303)
    assert page.location == grant_of(cast.lumen, request)
    assert nadia.post_to(page.path).location == page.location


def test_full_access_needs_a_payer(nadia, cast):
    """RULES C5"""
    page = nadia.submit(grant_of(cast.lumen, asked(cast)), {"access": "full"})
    assert page.status == 422 and page.errors == ["Say whose payment method is used."]


def test_a_client_without_products_can_give_full_access_only(another, cast):
    """RULES C7"""
    request = asked(cast, email=cast.stefan.email)
    stefan = another().sign_in(cast.stefan)
    address = grant_of(cast.stefans, request)
    assert "There are no products yet" in stefan.get_page(address)
    assert "Fill in what was asked" not in stefan.get_page(address).buttons
    assert stefan.submit(address, {"access": "limited"}).status == 422
    review = follow(stefan, stefan.submit(address, {"access": "full", "payer": "client"}))
    assert stefan.submit(review.path, {"password": PASSWORD}).status == 303
    assert partnership().client_id == cast.stefans.id


def test_a_person_with_two_organisations_chooses(nadia, cast, lumens_products):
    """RULES C7: the partner knows an address only."""
    second = make_organisation("Noser Immobilien", owner=cast.nadia)
    theirs = make_organisation("Not hers to give")
    join(cast.nadia, theirs, Role.ADMINISTRATOR)
    request = asked(cast)
    page = nadia.get_page(at(request))
    assert page.h1 == "Which organisation are you answering for?"
    assert page.links["Answer for Lumen Optik AG"] == grant_of(cast.lumen, request)
    assert page.links["Answer for Noser Immobilien"] == grant_of(second, request)
    assert "Not hers to give" not in page
    make_product(second, "noser.ch", lumens_products.site.plan)
    nadia.submit(grant_of(cast.lumen, request), boxes(technical=[lumens_products.site]))
    other = nadia.get_page(grant_of(second, request))
    assert not [box for box in other.form(other.path).all("input") if box.has("checked")]
    assert nadia.get_page(grant_of(second, request, "check"), status=303).location == other.path


def test_somebody_of_the_partner_does_not_answer_for_the_partner(pierre, cast):
    """SECURITY A11: client and partner are two."""
    request = asked(cast, email=cast.pierre.email)
    assert "You represent no organisation yet" in pierre.get_page(at(request))
    assert pierre.get(grant_of(cast.lumiere, request)).status_code == 404
    assert pierre.post_to(grant_of(cast.lumiere, request, "check")).status == 404


def test_whoever_represents_nothing_opens_an_organisation_and_comes_back(client, cast):
    """RULES C7"""
    alone = make_user("Alma Allein", email="alma@alone.example")
    request = asked(cast, email=alone.email)
    client.sign_in(alone)
    page = client.get_page(at(request))
    page = client.submit(page.links["Create an organisation"], {
        "kind": "individual", "street": "Weg 1", "postcode": "3011", "city": "Bern", "country": "CH",
    })  # fmt: skip
    assert page.location == at(request)
    (mine,) = people.memberships(alone)
    assert client.get_page(at(request), status=303).location == grant_of(mine.organisation, request)


def test_a_collaborator_is_told_who_decides(another, cast):
    """RULES C7"""
    request = asked(cast, email=cast.hugo.email)
    hugo = another().sign_in(cast.hugo)
    assert "For Lumen Optik AG this is up to Nadia Noser." in hugo.get_page(at(request))
    assert "Nadia Noser" in hugo.get_page(grant_of(cast.lumen, request), status=403)


def test_people_of_the_partner_in_the_team_are_named(nadia, cast, lumens_products):
    """RULES C8"""
    join(cast.paula, cast.lumen)
    request = asked(cast)
    page = nadia.submit(grant_of(cast.lumen, request), boxes(technical=[lumens_products.site]))
    assert "Paula Piguet" in follow(nadia, page)


# --- refusing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["", "We look after this ourselves."])
def test_the_client_refuses_with_a_reason_or_without(nadia, cast, outbox, reason):
    """RULES C7"""
    request = asked(cast)
    page = nadia.submit(at(request, "refusal"), {"reason": reason})
    assert page.location == "/en/start"
    (refused,) = requests()
    assert refused.refused_at and refused.reason == reason and refused.answered_by_id == cast.nadia.id
    assert partnerships.of_client(cast.lumen) == []
    assert outbox.to(cast.pierre.email)
    assert nadia.get_page(at(request), status=410).h1 == "You have refused this request"


def test_a_reason_that_is_too_long_is_kept(nadia, cast):
    page = nadia.submit(at(asked(cast), "refusal"), {"reason": "no " * 300})
    assert page.status == 422 and "Use at most 500 characters" in page.errors[0]


# --- what is in the way -------------------------------------------------------------------------------------


def test_another_full_partner_has_to_give_way_first(nadia, cast, lumens_products):
    """RULES C3"""
    standing = make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL)
    request = asked(cast)
    page = nadia.get_page(grant_of(cast.lumen, request))
    assert "Bergwerk IT GmbH has full access" in page and "Continue" not in page.buttons
    there = f"/en/o/{cast.lumen.public_id}/partners/{standing.public_id}"
    assert page.links["Change or end the access of Bergwerk IT GmbH"] == there
    page = nadia.post_to(grant_of(cast.lumen, request), boxes(
        technical=[lumens_products.site], shown=[lumens_products.site.public_id]
    ))  # fmt: skip
    assert page.status == 409 and "Bergwerk IT GmbH has full access" in page.errors[0]


def test_full_access_is_not_possible_while_others_manage_products(nadia, cast, lumens_products):
    """RULES C3: each partner and product is named, with a link."""
    held = make_partnership(cast.lumen, cast.bergwerk_partner, products=[lumens_products.server])
    request = asked(cast)
    page = nadia.get_page(grant_of(cast.lumen, request))
    assert page.root.by_id("access-1").has("disabled")
    assert "vps-zrh-01" in page
    assert f"/en/o/{cast.lumen.public_id}/partners/{held.public_id}" in page.links.values()
    page = nadia.post_to(grant_of(cast.lumen, request), {"access": "full", "payer": "client"})
    assert page.status == 409 and page.errors[0].startswith("Full access is not possible")


def test_whoever_is_a_partner_already_is_changed_on_its_page(nadia, cast, lumens_products):
    """RULES C9"""
    standing = make_partnership(cast.lumen, cast.lumiere_partner, products=[lumens_products.site])
    request = asked(cast)
    page = nadia.get_page(grant_of(cast.lumen, request))
    assert page.links["Change its access"].endswith(standing.public_id)
    page = nadia.post_to(grant_of(cast.lumen, request), boxes(
        technical=[lumens_products.shop], shown=[lumens_products.shop.public_id]
    ))  # fmt: skip
    assert page.status == 409 and "is your partner already" in page.errors[0]


def reviewed(nadia, cast, request, *products):
    """The client has chosen and sees the review page."""
    return follow(nadia, nadia.submit(grant_of(cast.lumen, request), boxes(technical=products)))


def test_a_product_that_another_partner_got_meanwhile_is_told_and_the_rest_is_kept(
    nadia, cast, lumens_products
):
    """RULES C1: nothing is granted by halves."""
    request, products = asked(cast), lumens_products
    review = reviewed(nadia, cast, request, products.site, products.server)
    values = {"seen": review.root.all("form")[-1].all("input")[1].get("value")}
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[products.server])
    page = nadia.post_to(review.path, values)
    assert page.status == 409
    assert page.errors == ["vps-zrh-01 is now managed by Bergwerk IT GmbH."]
    assert page.root.by_id(f"t-{products.site.public_id}").has("checked")
    assert "Managed by Bergwerk IT GmbH" in page
    assert partnerships.active_between(cast.lumen, cast.lumiere_partner) is None
    page = nadia.submit(grant_of(cast.lumen, request))
    assert nadia.submit(page.location).status == 303
    granted = partnerships.active_between(cast.lumen, cast.lumiere_partner)
    assert partnerships.granted(granted) == {products.site.id: TECHNICAL}


def test_a_product_that_ended_meanwhile_is_told(nadia, cast, lumens_products, now):
    """RULES C1"""
    request, products = asked(cast), lumens_products
    review = reviewed(nadia, cast, request, products.site, products.server)
    products.server.ended_at = now
    page = nadia.submit(review.path)
    assert page.status == 409 and "is not there any more" in page.errors[0]


def test_nothing_is_granted_that_the_page_did_not_show(nadia, cast, lumens_products):
    """Two tabs: the other one changed the choice."""
    request = asked(cast)
    review = reviewed(nadia, cast, request, lumens_products.site)
    seen = review.form(review.path)
    values = {each.get("name"): each.get("value") for each in seen.all("input")}
    reviewed(nadia, cast, request, lumens_products.shop)
    page = nadia.post_to(review.path, {"seen": values["seen"]})
    assert page.status == 409 and "has changed since this page was opened" in page.errors[0]
    assert "shop.lumen-optik.ch" in page and partnerships.of_client(cast.lumen) == []
    assert nadia.submit(review.path).status == 303


def test_a_partner_that_was_suspended_gets_nothing_but_can_be_refused(nadia, cast, lumens_products, now):
    """RULES C7"""
    request = asked(cast)
    review = reviewed(nadia, cast, request, lumens_products.site)
    cast.lumiere_partner.suspended_at = now
    page = nadia.submit(review.path)
    assert page.status == 409 and "is suspended at the moment" in page.errors[0]
    assert "Continue" not in nadia.get_page(grant_of(cast.lumen, request)).buttons
    assert nadia.submit(at(request, "refusal")).status == 303


# --- answered, lapsed, somebody else's ----------------------------------------------------------------------


def test_answering_twice_changes_nothing_more(nadia, cast, lumens_products):
    """SECURITY A4"""
    request = asked(cast)
    review = reviewed(nadia, cast, request, lumens_products.site)
    assert nadia.submit(review.path).status == 303
    assert nadia.post_to(review.path).status == 410
    assert nadia.post_to(grant_of(cast.lumen, request), boxes()).status == 410
    page = nadia.post_to(at(request, "refusal"))
    assert page.status == 410 and page.h1 == "You have answered this request"
    assert page.links["See what Lumière Digital Sàrl can do"].endswith(partnership().public_id)


def test_a_request_that_was_taken_back_or_has_lapsed_says_so(nadia, cast, clock, now):
    """RULES C8"""
    deleted = asked(cast)
    invitations.delete(deleted, by=cast.pierre, now=now)
    assert nadia.get_page(at(deleted), status=410).h1 == "This request was deleted"
    lapsed = asked(cast, sent_at=now - timedelta(days=30))
    page = nadia.get_page(grant_of(cast.lumen, lapsed), status=410)
    assert page.h1 == "This request has expired" and "Ask Lumière Digital Sàrl to send it again." in page


def test_deleted_between_the_review_and_the_button(nadia, cast, lumens_products, now):
    """RULES C8"""
    request = asked(cast)
    review = reviewed(nadia, cast, request, lumens_products.site)
    invitations.delete(request, by=cast.pierre, now=now)
    assert nadia.post_to(review.path).status == 410 and partnerships.of_client(cast.lumen) == []


def test_a_request_to_somebody_else_is_not_there(another, cast, lumens_products):
    """RULES C7, SECURITY: also for a colleague of whoever was asked."""
    request = asked(cast)
    join(cast.adam, second := make_organisation("Adams Firma"), Role.LEGAL_REPRESENTATIVE)
    for person, organisation in ((cast.adam, second), (cast.stefan, cast.stefans)):
        browser = another().sign_in(person)
        for address in (at(request), at(request, "refusal"), grant_of(organisation, request)):
            assert browser.get(address).status_code == 404
        assert browser.post_to(grant_of(organisation, request, "check")).status == 404
    assert another().get(at(request)).status_code == 303


# --- a client without an account ----------------------------------------------------------------------------

NEWCOMER = {
    "name": "Vera Neu", "new_password": "seven geese on a ladder", "kind": "company",
    "organisation_name": "Neu & Söhne", "street": "Gasse 1", "postcode": "3011", "city": "Bern",
    "country": "CH",
}  # fmt: skip


def joining(request, language="en"):
    return f"/{language}/i/{links.live(PURPOSE, request.id).token}/join"


def test_a_client_without_an_account_signs_up_by_the_link(client, cast, now):
    """RULES C7: the link proves the address; then the request is answered."""
    request = asked(cast, email="vera@new.example")
    page = client.submit(joining(request), NEWCOMER)
    assert page.location == at(request)
    vera = people.user_by_email("vera@new.example")
    (mine,) = people.memberships(vera)
    assert (vera.verified_at.date(), mine.role) == (now.date(), Role.LEGAL_REPRESENTATIVE)
    page = follow(client, client.get_page(at(request), status=303))
    assert page.path == grant_of(mine.organisation, request)
    review = follow(client, client.submit(page.path, {"access": "full", "payer": "client"}))
    assert client.submit(review.path).status == 303, "the password was shown a moment ago"
    assert partnership().client_id == mine.organisation_id


def test_what_is_wrong_with_the_form_is_said(client, cast):
    request = asked(cast, email="vera@new.example")
    page = client.submit(joining(request), {**NEWCOMER, "name": "", "new_password": "short", "postcode": ""})
    assert page.status == 422 and len(page.errors) == 3
    assert page.root.by_id("organisation_name").get("value") == "Neu & Söhne"
    assert people.user_by_email("vera@new.example") is None


def test_an_address_that_signs_in_already_never_sees_the_form(client, another, cast):
    """RULES C7"""
    request = asked(cast)
    token = links.live(PURPOSE, request.id).token
    for browser in (client, another().sign_in(cast.stefan), another().sign_in(cast.nadia)):
        assert browser.get_page(joining(request), status=303).location == f"/en/i/{token}"
        assert browser.post_to(joining(request), NEWCOMER).location == f"/en/i/{token}"
    assert cast.nadia.name == "Nadia Noser"


def test_an_account_that_was_never_verified_is_taken_over_by_whoever_has_the_mailbox(client, cast):
    """RULES C7: what a stranger typed into the sign-up form opens nothing."""
    make_user("A Stranger", email="vera@new.example", verified_at=None)
    request = asked(cast, email="vera@new.example")
    assert client.submit(joining(request), NEWCOMER).location == at(request)
    vera = people.user_by_email("vera@new.example")
    assert vera.name == "Vera Neu" and vera.verified_at
    assert people.user_with_password("vera@new.example", PASSWORD) is None


def test_a_link_that_is_over_leads_to_its_page(client, cast, now):
    """RULES C8"""
    request = asked(cast, email="vera@new.example")
    address = joining(request)
    invitations.delete(request, by=cast.pierre, now=now)
    assert client.get(address).status_code == 303 and client.post_to(address, NEWCOMER).status == 303
    assert client.get("/en/i/nonsense/join").status_code == 303
    assert people.user_by_email("vera@new.example") is None


def test_an_invitation_of_a_partner_is_not_joined_this_way(client, cast):
    """RULES C6"""
    theirs = make_invitation(Direction.TO_PARTNER, cast.lumiere_partner, cast.nadia, client=cast.lumen)
    assert client.get(joining(theirs)).status_code == 303
