"""The pages by which a client adds a partner, and those of the mailed link (RULES C6, C7, C8)."""

from __future__ import annotations

import pytest

from tests.dump import everything
from tests.factories import (
    PASSWORD,
    join,
    make_organisation,
    make_partnership,
    make_product,
    make_user,
)
from tests.invitations.story import FULL, TECHNICAL, WALLET, asked, invited, page_of, token_of
from tests.times import NOW
from webapp.accounts.rules import Role
from webapp.extensions import db
from webapp.invitations import actions
from webapp.invitations.models import Invitation
from webapp.invitations.rules import State
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import EVERYTHING, Access, Payer
from webapp.unit import unit_of_work

HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def nadias(client, cast, lumens_products):
    """Nadia's browser; Lumen Optik has products."""
    return client.sign_in(cast.nadia)


@pytest.fixture
def pierres(client, cast, lumens_products):
    """Pierre's browser; Lumen Optik has products."""
    return client.sign_in(cast.pierre)


def start(browser, cast, query=""):
    """The address of the first page of a new way."""
    first = browser.get(f"/en/o/{cast.lumen.public_id}/partners/new{query}")
    assert first.status_code == 303
    return first.headers["Location"]


def choose_partner(browser, cast, partner="lumiere"):
    """As far as the second page: its address."""
    who = start(browser, cast)
    chosen = getattr(cast, f"{partner}_partner").public_id
    page = browser.submit(f"{who}?q={partner}", {"partner": chosen})
    assert page.status == 303, page.errors
    return page.location


def choose_limited(browser, cast, *products, technical=True, statistical=False):
    """As far as the check page: its address."""
    page = browser.submit(choose_partner(browser, cast), {"access": "limited"})
    ids = [each.public_id for each in products]
    page = browser.submit(
        page.location, {"technical": ids if technical else None, "statistical": ids if statistical else None}
    )
    assert page.status == 303, page.errors
    return page.location


def choose_full(browser, cast, payer="client"):
    """As far as the check page: its address."""
    page = browser.submit(choose_partner(browser, cast), {"access": "full"})
    page = browser.submit(page.location, {"payer": payer})
    assert page.status == 303, page.errors
    return page.location


def sent_one():
    return db.session.query(Invitation).one()


def change(page, step):
    """Where the Change link of this answer leads."""
    return next(link for link in page.all_links if link.endswith(f"/{step}?then=check"))


def facts(page):
    """What the check page says, by label."""
    rows = page.root.with_class("check-list")[0].all("div")
    return {row.all("dt")[0].text: row.all("dd")[0].text for row in rows}


# --- who ----------------------------------------------------------------------------------------------------


def test_the_way_begins_without_writing_anything(nadias, cast):
    """RULES C6: a GET changes nothing."""
    before = everything()
    page = nadias.get_page(start(nadias, cast))
    assert page.h1 == "Which partner?" and "Type at least two letters." in page
    assert everything() == before


def test_partners_are_searched_by_name(nadias, cast):
    """RULES C6"""
    page = nadias.get_page(start(nadias, cast) + "?q=lumi")
    assert "1 partner found" in page and "Lumière Digital Sàrl" in page and "Vevey, Vaud" in page
    assert "German, English and French" in page and "Partner since 2026" in page


def test_htmx_gets_the_results_alone(nadias, cast):
    """UX 5.1"""
    address = start(nadias, cast) + "?q=lumi"
    page = nadias.get_page(address, **HTMX)
    (part,) = [child for child in page.root.children if not isinstance(child, str)]
    assert part.get("id") == "partner-results" and "Lumière Digital" in page.text
    assert "HX-Request" in page.headers["Vary"]
    (form,) = [form for form in nadias.get_page(address).root.all("form") if form.get("role") == "search"]
    assert (form.get("hx-trigger"), form.get("hx-sync"), form.get("hx-target")) == (
        "input delay:300ms, submit", "this:replace", "#partner-results",
    )  # fmt: skip


def test_nothing_found_leads_on(nadias, cast):
    """UX 5.1: to the directory and to a call for tenders."""
    page = nadias.get_page(start(nadias, cast) + "?q=zzzz")
    assert "No partner was found" in page
    assert page.links["Browse the directory"] == "/en/partners"
    assert page.links["Publish a call for tenders"] == "/en/tenders/new"


def test_a_part_of_an_address_finds_nobody(nadias, cast):
    """RULES C6: the answers to a wrong and to an unknown address are the same."""
    who = start(nadias, cast)
    wrong, unknown = (
        nadias.get_page(f"{who}?q={q}").text for q in ("pierre@lumiere.exampl", "no@body.example")
    )
    assert wrong.replace("pierre@lumiere.exampl", "") == unknown.replace("no@body.example", "")
    assert "Lumière" in nadias.get_page(f"{who}?q=pierre@lumiere.example")


def test_addresses_are_not_tried_out(nadias, cast):
    who = start(nadias, cast)
    for n in range(100):
        assert nadias.get(f"{who}?q=guess{n}@lumiere.example").status_code == 200
    assert nadias.get(f"{who}?q=guess@lumiere.example").status_code == 429
    assert nadias.get(f"{who}?q=lumiere").status_code == 200


def test_who_can_t_be_invited_is_no_choice(nadias, cast, lumens_products):
    """RULES C6: partner already, invited already."""
    invited(cast, lumens_products.site)
    partnership = make_partnership(cast.lumen, cast.bergwerk_partner, products=[lumens_products.shop])
    who = start(nadias, cast)
    page = nadias.get_page(who + "?q=it")
    assert "This is your partner already." in page and "There is an open invitation already." in page
    assert [box for box in page.root.all("input") if box.get("type") == "radio"] == []
    show = page.links["See what Bergwerk IT GmbH can do"]
    assert show.endswith(f"/partners/{partnership.public_id}")
    page = nadias.post_to(who, {"q": "it", "partner": cast.bergwerk_partner.public_id})
    assert page.status == 422


def test_oneself_is_no_choice(client, cast):
    """SECURITY A11"""
    client.sign_in(cast.pierre)
    who = client.get(f"/en/o/{cast.lumiere.public_id}/partners/new").headers["Location"]
    assert "This is your own organisation." in client.get_page(who + "?q=lumiere")


def test_a_partner_that_was_not_found_can_t_be_slipped_in(nadias, cast):
    """RULES C6: an id alone chooses nobody."""
    page = nadias.post_to(start(nadias, cast), {"q": "lumiere", "partner": cast.bergwerk_partner.public_id})
    assert page.status == 422 and page.errors == ["Choose one of the options shown."]


def test_without_a_choice_the_results_stay(nadias, cast):
    who = start(nadias, cast)
    page = nadias.submit(f"{who}?q=lumiere")
    assert page.status == 422 and page.errors == ["Choose a partner."] and page.title.startswith("Error:")
    assert "Lumière Digital Sàrl" in page and page.root.by_id("q").get("value") == "lumiere"


def test_only_legal_representatives_add_a_partner(client, cast):
    """RULES C6: others read whom to ask."""
    client.sign_in(cast.adam)
    page = client.get_page(f"/en/o/{cast.lumen.public_id}/partners/new", status=403)
    assert "Nadia Noser" in page


# --- access -------------------------------------------------------------------------------------------------


def test_access_is_asked_with_what_it_means(nadias, cast):
    """RULES C1, C2: nothing is chosen beforehand."""
    page = nadias.get_page(choose_partner(nadias, cast))
    assert page.h1 == "How much may Lumière Digital Sàrl manage?"
    assert "Cannot order or renew for you" in page and "No other partner can have access alongside it" in page
    assert [box for box in page.root.all("input") if box.has("checked")] == []
    assert nadias.submit(page.path).errors == ["Choose limited or full access."]


def test_full_access_waits_for_those_who_manage_products(nadias, cast, lumens_products):
    """RULES C3: it names each partner and product, with a link."""
    partnership = make_partnership(
        cast.lumen, cast.bergwerk_partner, products=[lumens_products.server, lumens_products.post]
    )
    access = choose_partner(nadias, cast)
    page = nadias.get_page(access)
    full = next(box for box in page.root.all("input") if box.get("value") == "full")
    assert full.has("disabled")
    assert page.root.by_id(full.get("aria-describedby")).text.startswith(
        "Full access is for one partner alone."
    )
    assert "vps-zrh-01" in page and "mail.lumen-optik.ch" in page
    assert page.links["Change or end the access of Bergwerk IT GmbH"].endswith(partnership.public_id)
    assert nadias.post_to(access, {"access": "full"}).status == 422
    assert nadias.submit(access, {"access": "limited"}).status == 303


def test_beside_a_full_partner_nothing_can_be_given(nadias, cast):
    """RULES C2, C3"""
    partnership = make_partnership(cast.lumen, cast.bergwerk_partner, access=Access.FULL)
    access = choose_partner(nadias, cast)
    page = nadias.get_page(access)
    assert "Bergwerk IT GmbH has full access." in page and "Continue" not in page.buttons
    assert page.links["Change or end the access of Bergwerk IT GmbH"].endswith(partnership.public_id)
    for value in ("limited", "full"):
        assert nadias.post_to(access, {"access": value}).status == 422


# --- products -----------------------------------------------------------------------------------------------


def test_products_are_chosen_with_their_rights(nadias, cast, lumens_products):
    """RULES C4, C6"""
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[lumens_products.server])
    page = nadias.submit(choose_partner(nadias, cast), {"access": "limited"})
    page = nadias.get_page(page.location)
    assert page.h1 == "Which products may Lumière Digital Sàrl manage?"
    assert "Managed by Bergwerk IT GmbH" in page
    site, shop = lumens_products.site.public_id, lumens_products.shop.public_id
    page = nadias.submit(page.path, {"technical": [site, shop], "statistical": [shop]})
    check = nadias.get_page(page.location)
    assert facts(check)["Products"] == "2 products"
    assert "Manage 2 products: lumen-optik.ch, shop.lumen-optik.ch" in check
    assert "See statistics for 1 product" in check


def test_without_a_product_the_way_ends_here(nadias, cast):
    """RULES C4"""
    page = nadias.submit(choose_partner(nadias, cast), {"access": "limited"})
    page = nadias.submit(page.location)
    assert page.status == 422 and page.errors == ["Choose at least one product and one right."]


def test_another_partner_s_product_can_t_be_slipped_in(nadias, cast, lumens_products):
    """RULES C1"""
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[lumens_products.server])
    page = nadias.submit(choose_partner(nadias, cast), {"access": "limited"})
    server = lumens_products.server.public_id
    assert nadias.post_to(page.location, {"shown": server, "technical": server}).status == 422


def test_the_sentence_follows_the_boxes(nadias, cast, lumens_products):
    """UX 5.1: #picked, for those with scripts; what was ticked is kept."""
    products = nadias.submit(choose_partner(nadias, cast), {"access": "limited"}).location
    site = lumens_products.site.public_id
    # with the button that has the focus at that moment, though nobody has pressed it
    page = nadias.post_to(products, {"shown": site, "technical": site, "do": "none:web"}, **HTMX)
    (part,) = [child for child in page.root.children if not isinstance(child, str)]
    assert part.get("id") == "picked" and part.get("role") == "status"
    assert "Manage 1 product: lumen-optik.ch" in page.text
    assert nadias.get_page(products).root.by_id(f"t-{site}").has("checked")


def test_all_and_none_and_pages_of_the_list_keep_what_was_ticked(nadias, cast, lumens_products):
    """RULES C6: every button of the list is a submit."""
    for n in range(30):
        make_product(cast.lumen, f"other-{n:02}.example")
    products = nadias.submit(choose_partner(nadias, cast), {"access": "limited"}).location
    page = nadias.submit(products, {"do": "all:domain"})
    assert page.status == 303
    shown = nadias.get_page(page.location)
    site = lumens_products.site.public_id
    page = nadias.submit(shown.path, {"statistical": site, "do": "page:2"})
    assert page.location.endswith("/products?page=2")
    second = nadias.get_page(page.location)
    domain = lumens_products.domain.public_id
    assert second.root.by_id(f"t-{domain}").has("checked")
    assert nadias.get_page(products).root.by_id(f"s-{site}").has("checked")


# --- wallet -------------------------------------------------------------------------------------------------


def test_the_wallet_is_asked_about_in_plain_words(nadias, cast):
    """RULES C5: nothing is chosen beforehand."""
    page = nadias.submit(choose_partner(nadias, cast), {"access": "full"})
    page = nadias.get_page(page.location)
    assert page.h1 == "Who pays for what Lumière Digital Sàrl orders and renews?"
    assert "You get the invoices; Lumière Digital Sàrl does not see them." in page
    assert "Lumière Digital Sàrl gets these invoices; you do not see them." in page
    assert [box for box in page.root.all("input") if box.has("checked")] == []
    assert nadias.submit(page.path).errors == ["Choose who pays."]


# --- check, and sending -------------------------------------------------------------------------------------


def test_limited_access_is_sent(nadias, cast, lumens_products, outbox):
    """RULES C6"""
    check = choose_limited(nadias, cast, lumens_products.site, statistical=True)
    page = nadias.get_page(check)
    assert facts(page) == {
        "Partner": "Lumière Digital Sàrl",
        "Access": "Limited access",
        "Products": "1 product",
    }
    assert "What Lumière Digital Sàrl will be able to do" in page
    assert not any(box.get("type") == "password" for box in page.root.all("input"))
    page = nadias.submit(check, {"message": "Shall we begin in\nJanuary?"})
    assert page.location == f"/en/o/{cast.lumen.public_id}/partners"
    sent = sent_one()
    assert sent.message == "Shall we begin in\nJanuary?" and sent.language == "en"
    assert [(each.product_id, each.rights) for each in sent.products] == [
        (lumens_products.site.id, EVERYTHING)
    ]
    with nadias.session_transaction() as session:
        assert "Waiting for Lumière Digital Sàrl, until 21 December 2026." in str(session["_flashes"])
    assert len(outbox.to(cast.pierre.email)) == 1


def test_full_access_asks_for_the_password(nadias, cast, lumens_products):
    """RULES C6: unless it was shown within the last 15 minutes."""
    check = choose_full(nadias, cast, payer="partner")
    page = nadias.get_page(check)
    assert facts(page)["Payment"] == "Partner’s payment method"
    page = nadias.submit(check, {"message": "Hello"})
    assert page.status == 422 and page.errors == ["Enter your password."]
    page = nadias.submit(check, {"password": "wrong wrong wrong"})
    assert page.status == 422 and page.errors == ["This is not your password."]
    assert page.root.by_id("password").get("value") == ""
    assert nadias.get_page(check).root.by_id("message").text == "Hello"
    assert nadias.submit(check, {"password": PASSWORD}).status == 303
    assert (sent_one().access, sent_one().payer) == (Access.FULL, Payer.PARTNER)


def test_the_password_is_not_asked_for_twice(nadias, cast, clock):
    """RULES C6: 15 minutes long."""
    check = choose_full(nadias, cast)
    assert nadias.submit(check, {"password": PASSWORD}).status == 303
    actions.delete(sent_one(), by=cast.nadia, now=clock.now)
    assert nadias.submit(choose_full(nadias, cast)).status == 303


def test_changing_an_answer_leads_back_to_the_summary(nadias, cast, lumens_products):
    """UX 5: each Change link."""
    check = choose_limited(nadias, cast, lumens_products.site)
    page = nadias.get_page(check)
    products = change(page, "products")
    assert products.endswith("then=check")
    site = lumens_products.site.public_id
    assert nadias.get_page(products).root.by_id(f"t-{site}").has("checked")
    page = nadias.submit(products, {"technical": None, "statistical": site})
    assert page.location == check
    page = nadias.submit(change(nadias.get_page(check), "access"), {"access": "full"})
    assert page.location.endswith("/wallet?then=check")
    page = nadias.submit(page.location, {"payer": "client"})
    assert page.location == check
    assert facts(nadias.get_page(check))["Access"] == "Full access"


def test_no_page_is_reached_without_the_answers_before_it(nadias, cast):
    """UX 5.1"""
    access = choose_partner(nadias, cast)
    for page in ("products", "wallet", "check"):
        assert nadias.get_page(access.replace("/access", f"/{page}"), status=303).location == access
    nadias.submit(access, {"access": "full"})
    assert nadias.get_page(access.replace("access", "products"), status=303).location.endswith("/wallet")


def test_the_way_survives_language_and_reload(nadias, cast, lumens_products):
    """UX 3.2"""
    check = choose_limited(nadias, cast, lumens_products.site)
    for _again in range(2):
        page = nadias.get_page(check.replace("/en/", "/de/"))
    assert "lumen-optik.ch" in page


def test_a_draft_belongs_to_one_person_and_one_organisation(nadias, cast, another, lumens_products):
    """SECURITY: another's draft is not there."""
    check = choose_limited(nadias, cast, lumens_products.site)
    nina = make_user("Nina Neff")
    join(nina, cast.lumen, Role.LEGAL_REPRESENTATIVE)
    assert another().sign_in(nina).get(check).status_code == 404
    key = check.split("/")[-2]
    stefans = another().sign_in(cast.stefan)
    assert stefans.get(f"/en/o/{cast.stefans.public_id}/partners/new/{key}/check").status_code == 404
    assert stefans.get(f"/en/o/{cast.stefans.public_id}/partners/new/nonsense/who").status_code == 404


def test_a_forgotten_draft_begins_again(nadias, cast, lumens_products, clock):
    check = choose_limited(nadias, cast, lumens_products.site)
    clock.forward(hours=25)
    nadias.sign_in(cast.nadia)
    assert nadias.get_page(check, status=303).location.endswith("/partners/new")


def test_sending_twice_sends_once(nadias, cast, lumens_products):
    """UX 2, rule 6"""
    check = choose_limited(nadias, cast, lumens_products.site)
    data = {"seen": seen_on(nadias.get_page(check))}
    assert nadias.post_to(check, data).status == 303
    assert nadias.post_to(check, data).status == 303
    assert db.session.query(Invitation).count() == 1
    page = nadias.get_page(check, status=303)
    assert page.location.endswith("/partners")


def seen_on(page):
    """What the form says that the page showed."""
    return next(box.get("value") for box in page.root.all("input") if box.get("name") == "seen")


def test_nothing_is_sent_that_the_page_did_not_show(nadias, cast, lumens_products):
    """RULES C6: changed in another tab meanwhile."""
    check = choose_limited(nadias, cast, lumens_products.site)
    seen = seen_on(nadias.get_page(check))
    shop = lumens_products.shop.public_id
    nadias.submit(check.replace("check", "products"), {"technical": [shop]})
    page = nadias.post_to(check, {"seen": seen})
    assert page.status == 409 and page.title.startswith("Error:")
    assert "has changed since this page was opened" in page.errors[0]
    assert nadias.post_to(check, {"seen": seen_on(page)}).status == 303
    assert [each.product_id for each in sent_one().products] == [lumens_products.shop.id]


def test_a_product_that_was_taken_meanwhile_is_told_and_left_out(nadias, cast, lumens_products):
    """RULES C1"""
    check = choose_limited(nadias, cast, lumens_products.site, lumens_products.shop)
    seen = seen_on(nadias.get_page(check))
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[lumens_products.shop])
    page = nadias.post_to(check, {"seen": seen})
    assert page.status == 409
    assert "shop.lumen-optik.ch is now managed by Bergwerk IT GmbH." in page
    assert facts(page)["Products"] == "1 product"
    assert nadias.post_to(check, {"seen": seen_on(page)}).status == 303
    assert [each.product_id for each in sent_one().products] == [lumens_products.site.id]


def test_full_access_given_meanwhile_is_told(nadias, cast, lumens_products):
    """RULES C2, C3"""
    check = choose_limited(nadias, cast, lumens_products.site)
    make_partnership(cast.lumen, cast.bergwerk_partner, access=Access.FULL)
    page = nadias.submit(check)
    assert page.status == 409 and "Bergwerk IT GmbH has full access." in page.errors[0]
    assert "Change or end the access of Bergwerk IT GmbH" in page.links


def test_products_given_meanwhile_stand_in_the_way_of_full_access(nadias, cast, lumens_products):
    """RULES C3"""
    check = choose_full(nadias, cast)
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[lumens_products.server])
    page = nadias.submit(check, {"password": PASSWORD})
    assert page.status == 409 and "vps-zrh-01" in page
    assert db.session.query(Invitation).count() == 0


def test_a_partner_that_was_invited_or_linked_meanwhile_is_told(nadias, cast, lumens_products):
    """RULES C6"""
    check = choose_limited(nadias, cast, lumens_products.site)
    sent = invited(cast, lumens_products.shop)
    page = nadias.submit(check)
    assert page.status == 409 and page.errors[0].startswith("There is an open invitation already.")
    actions.accept(sent, by=cast.pierre, now=NOW)
    page = nadias.submit(check)
    assert page.status == 409 and "is your partner already" in page.errors[0]


def test_people_of_the_partner_in_the_own_team_are_named(nadias, cast, lumens_products):
    """RULES C8: and what happens to them."""
    join(cast.paula, cast.lumen)
    page = nadias.get_page(choose_limited(nadias, cast, lumens_products.site))
    assert "belong to your organisation today: Paula Piguet." in page
    assert "they leave your team and work for you through the partnership only" in page


# --- from the public profile, and from an accepted offer ---------------------------------------------------


def test_the_profile_leads_to_the_way_with_the_partner_chosen(nadias, cast):
    """RULES T7, C6"""
    profile = nadias.get_page(f"/en/partners/{cast.lumiere_partner.slug}")
    page = nadias.get_page(profile.links["Ask this partner"], status=303)
    page = nadias.get_page(page.location, status=303)
    who = nadias.get_page(page.location)
    box = next(box for box in who.root.all("input") if box.get("type") == "radio")
    assert box.has("checked") and box.get("value") == cast.lumiere_partner.public_id
    assert nadias.submit(page.location).location.endswith("/access")


def test_who_answers_for_several_says_for_which(nadias, cast):
    second = make_organisation("Zweite AG", owner=cast.nadia)
    page = nadias.get_page(f"/en/partners/{cast.lumiere_partner.slug}/invitation")
    assert page.h1 == "For which organisation?"
    assert page.links["Zweite AG"].startswith(f"/en/o/{second.public_id}/partners/new?partner=")


def test_a_visitor_signs_in_first_or_signs_up(client, cast):
    ask = f"/en/partners/{cast.lumiere_partner.slug}/invitation"
    page = client.get_page(ask, status=303)
    assert page.location.startswith("/en/sign-in?next=") and "invitation" in page.location
    sign_in = client.get_page(page.location)
    assert "next=" in sign_in.links["Create an account"]


def test_a_colleague_without_the_role_reads_whom_to_ask(client, cast):
    """RULES C6"""
    client.sign_in(cast.hugo)
    page = client.get_page(f"/en/partners/{cast.lumiere_partner.slug}/invitation", status=403)
    assert "Nadia Noser" in page


def test_nobody_asks_their_own_organisation(client, cast):
    client.sign_in(cast.pierre)
    page = client.get_page(f"/en/partners/{cast.lumiere_partner.slug}/invitation")
    assert "This is your own organisation" in page


def test_a_partner_outside_the_directory_is_asked_by_its_id_only(nadias, cast):
    """RULES T7: as after an offer of one that is not listed."""

    @unit_of_work
    def hide():
        cast.lumiere_partner.listed_at = None

    hide()
    assert nadias.get(f"/en/partners/{cast.lumiere_partner.slug}/invitation").status_code == 404
    page = nadias.get_page(f"/en/partners/{cast.lumiere_partner.public_id}/invitation", status=303)
    page = nadias.get_page(page.location, status=303)
    assert "Lumière Digital Sàrl" in nadias.get_page(page.location)


# --- the row of an open invitation --------------------------------------------------------------------------


def test_sending_again_by_htmx_replaces_the_row_and_keeps_the_focus(nadias, cast, lumens_products, clock):
    """RULES C8, UX 5.2: the button has the same id."""
    sent = invited(cast, lumens_products.site)
    clock.forward(minutes=11)
    address = f"/en/o/{cast.lumen.public_id}/invitations/{sent.public_id}/mail"
    page = nadias.post_to(address, **HTMX)
    (row,) = [child for child in page.root.children if not isinstance(child, str)]
    assert row.get("id") == f"inv-{sent.public_id}" and "Sent again." in row.text
    button = page.root.by_id(f"resend-{sent.public_id}")
    assert button.has("autofocus") and button.text == "Resend"
    page = nadias.post_to(address, **HTMX)
    assert page.status == 200 and "less than 10 minutes ago" in page.text


def test_sending_again_without_scripts(nadias, cast, lumens_products, clock):
    """RULES C8"""
    sent = invited(cast, lumens_products.site)
    older = token_of(sent)
    clock.forward(minutes=11)
    page = nadias.post_to(f"/en/o/{cast.lumen.public_id}/invitations/{sent.public_id}/mail")
    assert page.location == f"/en/o/{cast.lumen.public_id}/partners"
    assert token_of(sent) != older


def test_a_lapsed_row_offers_to_send_again(nadias, cast, lumens_products, clock):
    """RULES C8"""
    sent = invited(cast, lumens_products.site)
    clock.forward(days=31)
    nadias.sign_in(cast.nadia)
    page = nadias.post_to(f"/en/o/{cast.lumen.public_id}/invitations/{sent.public_id}/mail", **HTMX)
    assert "Waiting" in page.text and sent.state(clock.now) is State.WAITING


def test_deleting_asks_once(nadias, cast, lumens_products):
    """RULES C8"""
    sent = invited(cast, lumens_products.site)
    address = f"/en/o/{cast.lumen.public_id}/invitations/{sent.public_id}/deletion"
    page = nadias.get_page(address)
    assert page.h1 == "Delete the invitation?" and sent.state(NOW) is State.WAITING
    page = nadias.submit(address)
    assert page.location == f"/en/o/{cast.lumen.public_id}/partners"
    assert sent.state(NOW) is State.DELETED
    assert nadias.get_page(address, status=303).location == page.location


def test_a_partner_sends_its_request_again_and_deletes_it(pierres, cast, clock):
    """RULES C8: both directions."""
    sent = asked(cast, "nobody@nowhere.example")
    base = f"/en/o/{cast.lumiere.public_id}/invitations/{sent.public_id}"
    clock.forward(minutes=11)
    page = pierres.post_to(f"{base}/mail", **HTMX)
    assert (
        "nobody@nowhere.example" in page.text
        and "Websites and hosting (Technical and Statistics)" in page.text
    )
    labels = [each.get("aria-label") for each in page.root.all("button", "a")]
    assert labels == [f"{what} the request to nobody@nowhere.example" for what in ("Resend", "Delete")]
    assert pierres.get_page(f"{base}/deletion").h1 == "Delete the request?"
    assert pierres.submit(f"{base}/deletion").location == f"/en/o/{cast.lumiere.public_id}/clients"
    assert sent.state(clock.now) is State.DELETED


def test_others_find_nothing_to_send_again_or_delete(another, cast, lumens_products):
    """SECURITY: an invitation of another organisation is not there, nor is it for weaker roles."""
    sent = invited(cast, lumens_products.site)
    for who, org, status in (
        (cast.stefan, cast.stefans, 404), (cast.pierre, cast.lumiere, 404), (cast.adam, cast.lumen, 403),
    ):  # fmt: skip
        browser = another().sign_in(who)
        base = f"/en/o/{org.public_id}/invitations/{sent.public_id}"
        assert browser.post_to(f"{base}/mail").status == status
        assert browser.post_to(f"{base}/deletion").status == status
    assert sent.state(NOW) is State.WAITING


# --- the mailed link ----------------------------------------------------------------------------------------


def test_looking_changes_nothing(pierres, another, cast, lumens_products):
    """RULES T4, SECURITY T1: three times, signed in or not."""
    sent = invited(cast, lumens_products.site)
    visitor, before = another(), everything()
    for _again in range(3):
        assert pierres.get(page_of(sent)).status_code == 200
        assert visitor.get(page_of(sent)).status_code == 200
        assert pierres.head(page_of(sent)).status_code == 200
    assert everything() == before


def test_a_visitor_reads_who_invites_and_signs_in(client, cast, lumens_products):
    """RULES C6"""
    sent = invited(cast, lumens_products.site)
    page = client.get_page(page_of(sent))
    assert page.h1 == "Lumen Optik AG invites Lumière Digital Sàrl"
    assert "lumen-optik.ch" not in page
    assert "next=" in page.links["Sign in and come back"]


def test_the_representative_reads_what_it_gets_and_accepts(pierres, cast, lumens_products):
    """RULES C6: two buttons of equal weight."""
    sent = invited(cast, lumens_products.site, lumens_products.post, rights=TECHNICAL, message="Welcome!")
    page = pierres.get_page(page_of(sent))
    assert page.h1 == "Lumen Optik AG wants to work with you"
    assert "Welcome!" in page and "lumen-optik.ch: Technical" in page
    assert "Manage 2 products: lumen-optik.ch, mail.lumen-optik.ch" in page
    weights = {button.text: button.get("class") for button in page.main.all("button")}
    assert weights["Accept the invitation"] == weights["Refuse the invitation"] == "btn"
    page = pierres.submit(page_of(sent), to=f"{page_of(sent)}/acceptance")
    partnership = db.session.query(Partnership).one()
    assert page.location == f"/en/o/{cast.lumiere.public_id}/clients/{partnership.public_id}"


def test_what_is_gone_is_said_to_be_gone(pierres, cast, lumens_products):
    """RULES C6"""
    sent = invited(cast, lumens_products.site, lumens_products.shop)
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[lumens_products.shop])
    page = pierres.get_page(page_of(sent))
    assert "1 product is no longer available and left out: shop.lumen-optik.ch" in page
    assert "Bergwerk" not in page  # SECURITY A12: whom else the client trusts is not its business
    assert pierres.submit(page_of(sent), to=f"{page_of(sent)}/acceptance").status == 303


def test_what_is_in_the_way_is_said_without_naming_the_other_partner(pierres, cast, lumens_products):
    """RULES C3, SECURITY A12"""
    sent = invited(cast, terms=FULL)
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[lumens_products.shop])
    page = pierres.get_page(page_of(sent))
    assert "has given its products to another partner in the meantime" in page and "Bergwerk" not in page
    page = pierres.post_to(f"{page_of(sent)}/acceptance")
    assert page.status == 409 and "Bergwerk" not in page and sent.state(NOW) is State.WAITING
    assert "has given its products to another partner" in page.errors[0]


def test_refusing_with_a_reason(pierres, cast, lumens_products):
    """RULES C6"""
    sent = invited(cast, lumens_products.site)
    page = pierres.submit(page_of(sent), {"reason": "x" * 501}, to=f"{page_of(sent)}/refusal")
    assert page.status == 422 and "at most 500" in page.errors[0]
    page = pierres.submit(page_of(sent), {"reason": "No time."}, to=f"{page_of(sent)}/refusal")
    assert page.location == f"/en/o/{cast.lumiere.public_id}/clients" and sent.reason == "No time."
    page = pierres.get_page(page_of(sent), status=410)
    assert page.h1 == "This invitation was refused" and "21 November 2026" in page


def test_accepting_twice_tells_what_happened(pierres, cast, lumens_products):
    """SECURITY A4"""
    sent = invited(cast, lumens_products.site)
    assert pierres.post_to(f"{page_of(sent)}/acceptance").status == 303
    page = pierres.post_to(f"{page_of(sent)}/acceptance")
    assert page.status == 410 and page.h1 == "This invitation was accepted"
    assert "See the client" in page.links and db.session.query(Partnership).count() == 1


def test_the_wrong_account_switches(client, cast, lumens_products):
    """UX 5.3"""
    sent = invited(cast, lumens_products.site)
    client.sign_in(cast.stefan)
    page = client.get_page(page_of(sent))
    assert (
        "You are signed in as stefan@stranger.example. This invitation is for Lumière Digital Sàrl." in page
    )
    assert client.post_to(f"{page_of(sent)}/acceptance").status == 200 and sent.state(NOW) is State.WAITING
    page = client.submit(page_of(sent), to=f"{page_of(sent)}/switch")
    assert page.location == page_of(sent)
    assert "Sign in and come back" in client.get_page(page_of(sent)).links


def test_a_colleague_of_the_partner_reads_who_can_answer(client, cast, lumens_products):
    """RULES C6"""
    sent = invited(cast, lumens_products.site)
    client.sign_in(cast.paula)
    assert "Pierre Perret" in client.get_page(page_of(sent), status=403)
    assert client.post_to(f"{page_of(sent)}/acceptance").status == 403
    assert client.post_to(f"{page_of(sent)}/refusal").status == 403
    assert sent.state(NOW) is State.WAITING


def test_a_visitor_can_t_answer(client, cast, lumens_products):
    sent = invited(cast, lumens_products.site)
    for answer in ("acceptance", "refusal"):
        page = client.post_to(f"{page_of(sent)}/{answer}")
        assert page.status == 303 and page.location.startswith("/en/sign-in")
    assert sent.state(NOW) is State.WAITING


def _lapse(sent, cast, clock):
    clock.forward(days=31)


def _delete(sent, cast, clock):
    actions.delete(sent, by=cast.nadia, now=clock.now)


def _accept(sent, cast, clock):
    actions.accept(sent, by=cast.pierre, now=clock.now)


def _refuse(sent, cast, clock):
    actions.refuse(sent, reason="", by=cast.pierre, now=clock.now)


def _end(sent, cast, clock):
    from webapp.partnerships import actions as partnerships
    from webapp.partnerships.rules import Side

    partnership = actions.accept(sent, by=cast.pierre, now=clock.now)
    partnerships.end(
        partnership, side=Side.CLIENT, seen_hash=cast.nadia.password_hash, by=cast.nadia, now=clock.now
    )


@pytest.mark.parametrize(
    ("what", "title"),
    [
        (_lapse, "This invitation has expired"),
        (_delete, "This invitation was deleted"),
        (_accept, "This invitation was accepted"),
        (_refuse, "This invitation was refused"),
        (_end, "This partnership has ended"),
    ],
)
@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_a_link_that_is_over_leads_to_a_page_that_says_what_happened(
    client, cast, lumens_products, clock, what, title, language
):
    """RULES C8, UX 5.3: named pages, for a year."""
    sent = invited(cast, lumens_products.site)
    what(sent, cast, clock)
    for who in (None, cast.pierre, cast.stefan):
        if who:
            client.sign_in(who)
        page = client.get_page(page_of(sent, language), status=410)
        assert language != "en" or page.h1 == title
        assert client.post_to(f"{page_of(sent)}/acceptance").status == (410 if who else 303)


def test_the_link_of_an_older_mail_says_that_it_was_replaced(client, cast, lumens_products, clock):
    """RULES C8: the newest one opens."""
    sent = invited(cast, lumens_products.site)
    older = page_of(sent)
    clock.forward(minutes=11)
    actions.resend(sent, by=cast.nadia, now=clock.now)
    page = client.get_page(older, status=410)
    assert page.h1 == "A newer mail has replaced this link"
    client.sign_in(cast.pierre)
    there = client.get_page(older, status=410).links["See the invitation"]
    assert there == f"/en/o/{cast.lumiere.public_id}/invitations/{sent.public_id}"
    assert client.post_to(f"{older}/acceptance").status == 410 and sent.state(clock.now) is State.WAITING


@pytest.mark.parametrize("token", ["x", "x" * 65, "x" * 64 + "é"])
def test_unknown_and_malformed_links_look_alike(client, cast, token):
    """SECURITY T2"""
    assert client.get_page(f"/en/i/{token}", status=410).h1 == "This link no longer works"


def test_a_link_for_something_else_opens_nothing(client, cast, lumens_products):
    """SECURITY T4: purpose and subject belong together."""
    sent = invited(cast, lumens_products.site)
    assert client.get(f"/en/t/{token_of(sent)}").status_code == 410


# --- the same in the partner's space ------------------------------------------------------------------------


def test_a_partner_answers_in_its_space(pierres, cast, lumens_products):
    """RULES C6"""
    sent = invited(cast, terms=WALLET)
    here = f"/en/o/{cast.lumiere.public_id}/invitations/{sent.public_id}"
    page = pierres.get_page(here)
    assert "Order and renew for Lumen Optik AG, at your expense" in page
    assert pierres.submit(here, to=f"{here}/acceptance").status == 303
    assert pierres.get_page(here, status=410).h1 == "This invitation was accepted"


def test_a_partner_refuses_in_its_space(pierres, cast, lumens_products):
    """RULES C6"""
    sent = invited(cast, lumens_products.site)
    here = f"/en/o/{cast.lumiere.public_id}/invitations/{sent.public_id}"
    assert pierres.submit(here, to=f"{here}/refusal").location.endswith("/clients")
    assert sent.state(NOW) is State.REFUSED


def test_an_invitation_is_in_no_other_space(another, cast, lumens_products):
    """SECURITY: 404 for others, the page that says who can for weaker roles."""
    sent = invited(cast, lumens_products.site)
    for who, org, status in (
        (cast.nadia, cast.lumen, 404), (cast.berta, cast.bergwerk, 404), (cast.stefan, cast.stefans, 404),
        (cast.paula, cast.lumiere, 403),
    ):  # fmt: skip
        browser = another().sign_in(who)
        here = f"/en/o/{org.public_id}/invitations/{sent.public_id}"
        assert browser.get(here).status_code == status
        assert browser.post_to(f"{here}/acceptance").status == status
        assert browser.post_to(f"{here}/refusal").status == status
    assert sent.state(NOW) is State.WAITING


# --- the link of a partner's request ------------------------------------------------------------------------


def test_who_was_asked_is_led_to_the_answer(client, cast):
    """RULES C7"""
    sent = asked(cast, cast.nadia.email)
    client.sign_in(cast.nadia)
    assert client.get_page(page_of(sent), status=302).location == f"/en/requests/{sent.public_id}"


def test_an_address_without_an_account_is_led_to_sign_up(client, cast):
    """RULES C7"""
    sent = asked(cast, "new@client.example")
    page = client.get_page(page_of(sent))
    assert page.h1 == "Lumière Digital Sàrl asks for access to your products"
    assert page.links["Create an account"] == f"{page_of(sent)}/join"


def test_an_address_with_an_account_signs_in(client, cast):
    """RULES C7"""
    page = client.get_page(page_of(asked(cast, cast.nadia.email)))
    assert "next=" in page.links["Sign in and come back"]


def test_a_request_to_another_address_asks_to_switch(client, cast):
    """RULES C7"""
    sent = asked(cast, "new@client.example")
    client.sign_in(cast.nadia)
    page = client.get_page(page_of(sent))
    assert "You are signed in as nadia@lumen.example. This request is for new@client.example." in page
    assert client.post_to(f"{page_of(sent)}/acceptance").status == 200 and sent.state(NOW) is State.WAITING


def test_a_request_that_is_over_says_so(client, cast, lumens_products, clock):
    """RULES C7, C8"""
    sent = asked(cast, cast.nadia.email)
    actions.grant(sent, cast.lumen, FULL, {}, by=cast.nadia, now=clock.now)
    assert client.get_page(page_of(sent), status=410).h1 == "This request was accepted"
    clock.forward(days=1)
    assert "21 November 2026" in client.get_page(page_of(sent), status=410)
