"""Pages on which a client sees its partners, changes what they may do, and ends partnerships."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from tests.cast import stock
from tests.client import values_of
from tests.factories import (
    PASSWORD,
    join,
    make_grant,
    make_invitation,
    make_partnership,
    make_plan,
    make_product,
    make_user,
)
from tests.post import of_kind
from tests.times import NOW
from webapp.accounts.rules import Role
from webapp.extensions import db
from webapp.invitations.rules import Direction
from webapp.partnerships import actions, queries
from webapp.partnerships.models import Partnership, PartnershipChange
from webapp.partnerships.rules import EVERYTHING, Access, Payer, Rights, Side, Terms
from webapp.unit import unit_of_work

TECHNICAL, STATISTICAL = Rights(technical=True), Rights(statistical=True)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def stocked(cast):
    """Lumen Optik's products."""
    return stock(cast.lumen)


@pytest.fixture
def limited(cast, stocked):
    """Lumière Digital manages the site, and the shop without its statistics."""
    return make_partnership(
        cast.lumen,
        cast.lumiere_partner,
        products={stocked.site: EVERYTHING, stocked.shop: TECHNICAL},
        started_at=NOW - timedelta(days=263),
    )


@pytest.fixture
def full(cast, stocked):
    """Lumière Digital has full access; Lumen Optik pays."""
    return make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)


@pytest.fixture
def nadias(client, cast):
    """Nadia's browser; her password was not shown lately."""
    return client.sign_in(cast.nadia)


@pytest.fixture
def paul(cast):
    """Another legal representative of Lumen Optik."""
    paul = make_user("Paul Probst", email="paul@lumen.example")
    join(paul, cast.lumen, Role.LEGAL_REPRESENTATIVE)
    return paul


def listed(cast):
    return f"/en/o/{cast.lumen.public_id}/partners"


def at(partnership, rest=""):
    return f"/en/o/{partnership.client.public_id}/partners/{partnership.public_id}{rest}"


def as_is(partnership):
    """Its rights by label, as they stand in the database."""
    db.session.expire_all()
    products = queries.active_products(partnership.client)
    return {products[each].label: rights for each, rights in queries.granted(partnership).items()}


def boxes(page):
    """What the editor would send when nothing is changed; the boxes as lists."""
    form = next(form for form in page.forms if "access" in form.get("class").split())
    values = values_of(form)
    for name in ("shown", "technical", "statistical"):
        found = values.get(name, [])
        values[name] = [found] if isinstance(found, str) else list(found)
    return values


def ticked(page, *, on=(), off=(), **more):
    """The editor's values after somebody ticked (product, "technical") and took ticks away."""
    values = boxes(page)
    for product, right in on:
        values[right] = [*values[right], product.public_id]
    for product, right in off:
        values[right] = [each for each in values[right] if each != product.public_id]
    return {**values, **more}


def key_in(address):
    return parse_qs(urlsplit(address).query)["draft"][0]


@pytest.fixture
def change(nadias):
    """Opens the editor, ticks, and goes on to the review; answers that page."""

    def send(partnership, browser=None, **what):
        browser = browser or nadias
        editor = browser.get_page(at(partnership))
        sent = browser.post_to(at(partnership, "/draft"), ticked(editor, do="review", **what))
        assert sent.status == 303
        return browser.get_page(sent.location, status=what.pop("status", 200))

    return send


def save(browser, review, **more):
    """The button of the review."""
    return browser.post_to(review.path, {**values_of(review.form(review.path)), **more})


# --- the list -----------------------------------------------------------------------------------------------


def test_the_list_says_who_has_what(nadias, cast, limited, stocked):
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[stocked.server])
    page = nadias.get_page(listed(cast))
    rows = [[cell.text for cell in row.all("th", "td")] for row in page.main.all("tbody")[0].all("tr")]
    assert rows == [
        ["Bergwerk IT GmbH", "Active", "Limited access", "Your payment method", "1"],
        ["Lumière Digital Sàrl", "Active", "Limited access", "Your payment method", "2"],
    ]
    assert page.links["Lumière Digital Sàrl"] == at(limited)
    assert page.links["Add a partner"] == f"{listed(cast)}/new"
    assert listed(cast) in page.all_links  # the menu


def test_the_list_counts_all_products_of_a_full_partner(nadias, cast, full):
    """RULES C2."""
    page = nadias.get_page(listed(cast))
    assert [cell.text for cell in page.main.all("td")] == [
        "Active",
        "Full access",
        "Your payment method",
        "5",
    ]


def test_without_partners_the_list_says_what_one_is(nadias, cast, another):
    page = nadias.get_page(listed(cast))
    assert "No partner yet" in page and "Add a partner" in page.links
    assert page.links["Or describe your project to all partners"].startswith("/en/tenders/new")
    hugos = another().sign_in(cast.hugo).get_page(listed(cast))
    assert "Add a partner" not in hugos.links
    assert "Only legal representatives can add a partner." in hugos


def test_the_list_shows_invitations_requests_and_what_has_ended(nadias, cast, stocked):
    make_invitation(
        Direction.TO_PARTNER, cast.bergwerk_partner, cast.nadia, client=cast.lumen, products=[stocked.site]
    )
    make_invitation(Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre, email=cast.nadia.email)
    gone = make_partnership(cast.lumen, cast.lumiere_partner, ended_at=NOW - timedelta(days=1))
    page = nadias.get_page(listed(cast))
    assert "Limited access to 1 product" in page
    assert "Answer Lumière Digital Sàrl" in [link.get("aria-label") for link in page.main.all("a")]
    assert "1 partnership that has ended" in page
    assert at(gone) in page.all_links


# --- one partner --------------------------------------------------------------------------------------------


def test_the_page_says_what_the_partner_can_do_today(nadias, limited):
    """RULES C1, C4."""
    page = nadias.get_page(at(limited))
    assert page.h1 == "Lumière Digital Sàrl"
    assert "Limited access since 3 March 2026" in page
    assert [line.text for line in page.main.with_class("ticks")[0].all("li")] == [
        "Manage 2 products: lumen-optik.ch, shop.lumen-optik.ch",
        "See statistics for 1 product",
        "Cannot order or renew for you, and does not see your invoices",
    ]
    assert "3 Mar 2026: Lumière Digital Sàrl began the partnership" in page


def test_colleagues_look_and_change_nothing(another, cast, limited, stocked):
    """RULES C6: only legal representatives decide; the others see neither buttons nor editor."""
    for person in (cast.hugo, cast.adam):
        browser = another().sign_in(person)
        page = browser.get_page(at(limited))
        assert page.forms == [] and "End partnership…" not in page.links
        assert "Products and rights" in page and "shop.lumen-optik.ch" in page
        for address in (
            "/review", "/payment", "/payment/check", "/end", "/end/password",
            f"/products/{stocked.site.public_id}/removal",
        ):  # fmt: skip
            browser.get_page(at(limited, address), status=403)
        for address in ("/draft", "/review", "/end", "/end/password"):
            assert browser.post_to(at(limited, address)).status == 403


def test_others_find_nothing(another, cast, limited):
    """SECURITY A1: another organisation's partner is not there, by whatever address."""
    stefans = another().sign_in(cast.stefan)
    for rest in ("", "/review", "/payment", "/end", "/end/password", "/ended"):
        stefans.get_page(at(limited, rest), status=404)
        stefans.get_page(f"/en/o/{cast.stefans.public_id}/partners/{limited.public_id}{rest}", status=404)


def test_the_page_of_a_suspended_partner_says_what_that_means(nadias, cast, limited):
    _suspend(cast.lumiere_partner)
    page = nadias.get_page(at(limited))
    assert "Suspended" in page and "has suspended Lumière Digital Sàrl" in page
    assert page.forms == [] and "End partnership…" in page.links
    assert nadias.post_to(at(limited, "/draft"), {"do": "review"}).location == at(limited)


@unit_of_work
def _suspend(partner):
    partner.suspended_at = NOW


def test_the_page_of_an_ended_partnership_stays_readable(nadias, cast, stocked):
    """RULES C11: the history stays."""
    gone = make_partnership(
        cast.lumen, cast.lumiere_partner, products=[stocked.site], ended_at=NOW - timedelta(days=1)
    )
    page = nadias.get_page(at(gone))
    assert "This partnership has ended" in page and "History" in page
    assert page.forms == [] and "End partnership…" not in page.links
    for rest in ("/review", "/payment", f"/products/{stocked.site.public_id}/removal"):
        assert nadias.get(at(gone, rest)).status_code == 303


# --- the editor ---------------------------------------------------------------------------------------------


def test_the_bar_follows_each_tick_and_nothing_is_saved(nadias, limited, stocked):
    """RULES C9: explicit save, never by a tick."""
    editor = nadias.get_page(at(limited))
    values = ticked(editor, on=[(stocked.shop, "statistical")], off=[(stocked.site, "technical")])
    bar = nadias.post_to(at(limited, "/draft"), values, headers=HTMX)
    assert bar.status == 200
    assert "2 changes, not saved yet" in bar.root.text
    assert [line.text for line in bar.root.all("li")] == [
        "− Technical on lumen-optik.ch",
        "+ Statistics on shop.lumen-optik.ch",
    ]
    assert as_is(limited) == {"lumen-optik.ch": EVERYTHING, "shop.lumen-optik.ch": TECHNICAL}
    kept = nadias.get_page(f"{at(limited)}?draft={values['draft']}")
    assert boxes(kept)["statistical"] == [stocked.site.public_id, stocked.shop.public_id]
    back = nadias.post_to(at(limited, "/draft"), {**boxes(editor), "draft": values["draft"]}, headers=HTMX)
    assert "not saved yet" not in back.root.text


def test_a_button_that_only_has_the_focus_does_nothing(nadias, limited, stocked):
    """HTMX sends it along with a tick; somebody who tabs past "Share none" has not pressed it."""
    values = ticked(nadias.get_page(at(limited)), on=[(stocked.shop, "statistical")])
    bar = nadias.post_to(at(limited, "/draft"), {**values, "do": "none:web"}, headers=HTMX)
    assert bar.status == 200 and [line.text for line in bar.root.all("li")] == [
        "+ Statistics on shop.lumen-optik.ch"
    ]


def test_the_bar_names_three_changes_and_counts_the_rest(nadias, limited, stocked):
    new = [(each, "technical") for each in (stocked.post, stocked.server, stocked.domain)]
    values = ticked(nadias.get_page(at(limited)), on=[*new, (stocked.shop, "statistical")])
    bar = nadias.post_to(at(limited, "/draft"), values, headers=HTMX)
    assert "4 changes, not saved yet" in bar.root.text and "and 1 more" in bar.root.text


def test_changes_are_reviewed_saved_told_and_noted(nadias, cast, limited, stocked, change, outbox, paul):
    """RULES C9, without a script."""
    review = change(limited, on=[(stocked.shop, "statistical")], off=[(stocked.site, "technical")])
    assert review.h1 == "Review your changes"
    assert "Lumière Digital Sàrl may see the statistics of shop.lumen-optik.ch." in review
    assert "can’t change settings, files and users of lumen-optik.ch any more." in review
    assert "What Lumière Digital Sàrl will be able to do" in review
    assert "See statistics for 2 products" in review
    saved = save(nadias, review)
    assert (saved.status, saved.location) == (303, at(limited))
    page = nadias.get_page(saved.location)
    assert page.notices == ["Saved. Lumière Digital Sàrl has been told by mail."]
    assert "21 Nov 2026: You took away Technical on lumen-optik.ch" in page
    assert as_is(limited) == {"lumen-optik.ch": STATISTICAL, "shop.lumen-optik.ch": EVERYTHING}
    sent = outbox.deliver()
    assert [mail["To"] for mail in of_kind(sent, "access_changed")] == [cast.pierre.email]
    assert [mail["To"] for mail in of_kind(sent, "access_changed_copy")] == [paul.email]


def test_saving_twice_has_one_effect(nadias, limited, stocked, change):
    review = change(limited, on=[(stocked.post, "technical")])
    assert save(nadias, review).location == save(nadias, review).location == at(limited)
    assert len(queries.history(limited)) == 2
    assert "Nothing is changed." not in nadias.get_page(at(limited))


def test_a_review_without_changes_leads_back(nadias, limited):
    editor = nadias.get_page(at(limited))
    sent = nadias.post_to(at(limited, "/draft"), ticked(editor, do="review"))
    assert nadias.get(sent.location).location == at(limited)
    assert "Nothing is changed." in nadias.get_page(at(limited)).notices
    assert nadias.get(at(limited, "/review")).location == at(limited)


def test_what_was_ticked_stays_from_page_to_page(nadias, cast, limited, stocked):
    """25 products a page; the draft's key travels in the form and in the address."""
    plan = make_plan()
    many = [make_product(cast.lumen, f"www-{n:02}.example", plan) for n in range(30)]
    first = nadias.get_page(at(limited))
    assert len(boxes(first)["shown"]) == 25
    sent = nadias.post_to(at(limited, "/draft"), ticked(first, on=[(many[0], "technical")], do="page:2"))
    second = nadias.get_page(sent.location)
    assert sent.location.startswith(f"{at(limited)}?draft=") and "page=2" in sent.location
    assert "1 change, not saved yet" in second
    found = nadias.post_to(
        at(limited, "/draft"), ticked(second, on=[(many[29], "statistical")], do="enter", q="www-07")
    )
    searched = nadias.get_page(found.location)
    assert boxes(searched)["shown"] == [many[7].public_id]
    done = nadias.post_to(at(limited, "/draft"), ticked(searched, do="enter", q="www-07"))
    review = nadias.get_page(done.location)
    assert "2 changes for Lumière Digital Sàrl" in review
    save(nadias, review)
    assert as_is(limited)["www-00.example"] == TECHNICAL
    assert as_is(limited)["www-29.example"] == STATISTICAL


def test_a_category_is_given_whole(nadias, limited, stocked):
    sent = nadias.post_to(at(limited, "/draft"), ticked(nadias.get_page(at(limited)), do="all:mail"))
    page = nadias.get_page(sent.location)
    assert stocked.post.public_id in boxes(page)["technical"]
    assert "2 changes, not saved yet" in page


def test_the_last_product_can_go_and_the_page_says_what_is_left(nadias, limited, stocked, change):
    """RULES C9: a limited partnership with no products."""
    review = change(
        limited,
        off=[(stocked.site, "technical"), (stocked.site, "statistical"), (stocked.shop, "technical")],
    )
    assert "stays your partner, but without any product" in review
    save(nadias, review)
    page = nadias.get_page(at(limited))
    assert as_is(limited) == {} and "Cannot manage any product" in page and "Change access" in page


def test_a_draft_is_its_maker_s_and_its_partnership_s(nadias, cast, limited, stocked, another, paul):
    values = ticked(nadias.get_page(at(limited)), on=[(stocked.post, "technical")])
    nadias.post_to(at(limited, "/draft"), values, headers=HTMX)
    query = f"?draft={values['draft']}"
    assert "not saved yet" in nadias.get_page(at(limited) + query)
    pauls = another().sign_in(paul)
    assert "not saved yet" not in pauls.get_page(at(limited) + query)
    assert pauls.get(at(limited, "/review") + query).location == at(limited)
    assert pauls.post_to(at(limited, "/review"), {"draft": values["draft"]}).location == at(limited)
    other = make_partnership(cast.lumen, cast.bergwerk_partner)
    assert nadias.get(at(other, "/review") + query).location == at(other)
    taken_over = pauls.post_to(at(limited, "/draft"), {**values, "do": "review", "csrf_token": pauls.token()})
    assert key_in(taken_over.location) != values["draft"]


def test_no_form_is_taken_without_its_token(nadias, limited, stocked):
    """CSRF: each change wants the token of this session."""
    for rest in (
        "/draft", "/review", "/payment/check?payer=partner", "/end", "/end/password",
        f"/products/{stocked.site.public_id}/removal",
    ):  # fmt: skip
        assert nadias.post(at(limited, rest), data={"password": PASSWORD}).status_code == 400
    assert as_is(limited) == {"lumen-optik.ch": EVERYTHING, "shop.lumen-optik.ch": TECHNICAL}


# --- two at once --------------------------------------------------------------------------------------------


@pytest.fixture
def paul_gives(limited, paul, clock):
    """Paul gives the partner one more product while Nadia's editor is open."""

    def give(product, rights):
        picked = {**queries.granted(limited), product.id: rights}
        actions.change_access(
            limited, Terms(Access.LIMITED), picked, version=limited.version, by=paul, now=clock.now
        )
        db.session.expire_all()

    return give


def test_an_old_tab_is_told_what_changed_and_overwrites_nothing(nadias, limited, stocked, paul_gives, clock):
    """RULES C9: 409, both versions, the reader chooses."""
    old = nadias.get_page(at(limited))
    paul_gives(stocked.post, EVERYTHING)
    clock.forward(minutes=2)
    values = ticked(old, on=[(stocked.shop, "statistical")], do="review")
    bar = nadias.post_to(at(limited, "/draft"), {**values, "do": ""}, headers=HTMX)
    assert "Somebody has changed this access in the meantime." in bar.root.text
    sent = nadias.post_to(at(limited, "/draft"), values)
    conflict = nadias.get_page(sent.location, status=409)
    assert conflict.h1 == "Changed by Paul Probst 2 minutes ago"
    theirs, mine = ([li.text for li in panel.all("li")] for panel in conflict.main.with_class("panel"))
    assert "Paul Probst gave Technical on mail.lumen-optik.ch" in theirs
    assert mine == ["+ Statistics on shop.lumen-optik.ch"]
    assert nadias.post_to(at(limited, "/review"), {"draft": values["draft"]}).status == 409
    assert as_is(limited)["mail.lumen-optik.ch"] == EVERYTHING
    assert as_is(limited)["shop.lumen-optik.ch"] == TECHNICAL
    assert conflict.links["Drop my changes"] == at(limited)
    again = nadias.post_to(
        at(limited, "/draft"), {**values_of(conflict.form(at(limited, "/draft"))), "do": "again"}
    )
    review = nadias.get_page(again.location)
    assert "1 change for Lumière Digital Sàrl" in review  # Paul's stays
    save(nadias, review)
    assert as_is(limited)["mail.lumen-optik.ch"] == EVERYTHING
    assert as_is(limited)["shop.lumen-optik.ch"] == EVERYTHING


def test_a_change_between_review_and_saving_is_told_too(nadias, limited, stocked, change, paul_gives):
    review = change(limited, on=[(stocked.shop, "statistical")])
    paul_gives(stocked.post, TECHNICAL)
    assert save(nadias, review).status == 409
    assert as_is(limited)["shop.lumen-optik.ch"] == TECHNICAL


def test_what_both_wanted_needs_no_second_time(nadias, limited, stocked, paul_gives):
    old = nadias.get_page(at(limited))
    paul_gives(stocked.shop, EVERYTHING)
    sent = nadias.post_to(at(limited, "/draft"), ticked(old, on=[(stocked.shop, "statistical")], do="review"))
    conflict = nadias.get_page(sent.location, status=409)
    assert conflict.h1 == "Changed by Paul Probst just now"
    again = nadias.post_to(
        at(limited, "/draft"), {**values_of(conflict.form(at(limited, "/draft"))), "do": "again"}
    )
    assert nadias.get(again.location).location == at(limited)


def test_an_old_tab_does_not_take_back_a_change_of_the_kind(nadias, cast, limited, stocked, paul, clock):
    old = nadias.get_page(at(limited))
    actions.change_access(limited, Terms(Access.FULL), {}, version=limited.version, by=paul, now=clock.now)
    sent = nadias.post_to(at(limited, "/draft"), ticked(old, on=[(stocked.post, "technical")], do="review"))
    conflict = nadias.get_page(sent.location, status=409)
    assert "Paul Probst gave full access" in conflict and "+ Technical on mail.lumen-optik.ch" in conflict
    again = nadias.post_to(
        at(limited, "/draft"), {**values_of(conflict.form(at(limited, "/draft"))), "do": "again"}
    )
    assert nadias.get(again.location).location == at(limited)
    db.session.expire_all()
    assert limited.access is Access.FULL


# --- limited and full ---------------------------------------------------------------------------------------


def test_full_access_asks_for_the_password_and_is_saved(nadias, limited, change, clock):
    """RULES C2, C5, C9: the wallet goes with it; the password unless it was shown in the last 15 minutes."""
    review = change(limited, access="full", payer="partner")
    assert "gets full access: all your products, now and later." in review
    assert "From now on Lumière Digital Sàrl pays for what it orders and renews for you" in review
    assert "password" in values_of(review.form(review.path))
    assert save(nadias, review, password="").errors == ["Enter your password."]
    wrong = save(nadias, review, password="not the password")
    assert (wrong.status, wrong.errors) == (422, ["This is not your password."])
    assert limited.access is Access.LIMITED
    assert save(nadias, review, password=PASSWORD).location == at(limited)
    db.session.expire_all()
    assert (limited.access, limited.payer) == (Access.FULL, Payer.PARTNER)
    page = nadias.get_page(at(limited))
    assert "Full access since 21 November 2026" in page and "Partner’s payment method" in page


def test_a_password_that_was_just_shown_is_not_asked_for(nadias, limited, change):
    save(nadias, change(limited, access="full"), password=PASSWORD)
    page = nadias.get_page(at(limited))
    sent = nadias.submit(f"{at(limited)}/payment/check?payer=partner")
    assert page.h1 and sent.location == at(limited)
    db.session.expire_all()
    assert limited.payer is Payer.PARTNER


def test_full_becomes_limited_only_with_a_product(nadias, full, stocked):
    """RULES C9: asks for products before it can be saved."""
    editor = nadias.get_page(at(full))
    refused = nadias.post_to(at(full, "/draft"), ticked(editor, access="limited", do="review"))
    assert (refused.status, refused.errors) == (422, ["Choose at least one product and one right."])
    assert boxes(refused)["access"] == "limited"
    sent = nadias.post_to(at(full, "/draft"), ticked(refused, on=[(stocked.site, "technical")], do="review"))
    review = nadias.get_page(sent.location)
    assert "loses full access" in review
    assert "password" not in values_of(review.form(review.path))
    save(nadias, review)
    assert as_is(full) == {"lumen-optik.ch": TECHNICAL} and full.access is Access.LIMITED


def test_full_access_names_who_is_in_the_way(nadias, cast, limited, stocked):
    """RULES C3: each partner and product, with a link to its page."""
    other = make_partnership(cast.lumen, cast.bergwerk_partner, products=[stocked.server])
    sent = nadias.post_to(
        at(limited, "/draft"), ticked(nadias.get_page(at(limited)), access="full", do="review")
    )
    page = nadias.get_page(sent.location, status=409)
    assert "vps-zrh-01" in page and at(other) in page.all_links
    assert "Save access" not in page.buttons
    key = key_in(sent.location)
    assert nadias.post_to(at(limited, "/review"), {"draft": key, "password": PASSWORD}).status == 409
    db.session.expire_all()
    assert limited.access is Access.LIMITED


def test_beside_a_full_partner_nobody_is_given_anything(nadias, cast, full, stocked):
    """RULES C3, the other way round."""
    idle = make_partnership(cast.lumen, cast.bergwerk_partner)
    sent = nadias.post_to(
        at(idle, "/draft"),
        ticked(nadias.get_page(at(idle)), on=[(stocked.server, "technical")], do="review"),
    )
    page = nadias.get_page(sent.location, status=409)
    assert "Lumière Digital Sàrl has full access" in page and at(full) in page.all_links
    nadias.post_to(at(idle, "/review"), {"draft": key_in(sent.location)})
    assert as_is(idle) == {}


def test_a_product_of_another_partner_can_t_be_ticked(nadias, cast, limited, stocked):
    """RULES C1."""
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[stocked.server])
    editor = nadias.get_page(at(limited))
    assert "Managed by Bergwerk IT GmbH" in editor
    forced = ticked(editor, on=[(stocked.server, "technical")], do="review")
    forced["shown"] = [*forced["shown"], stocked.server.public_id]
    sent = nadias.post_to(at(limited, "/draft"), forced)
    assert nadias.get(sent.location).location == at(limited)


# --- one product --------------------------------------------------------------------------------------------


def test_one_product_is_taken_away_on_a_page_of_its_own(nadias, limited, stocked, outbox):
    """RULES C9: dustbin, confirm."""
    address = at(limited, f"/products/{stocked.shop.public_id}/removal")
    assert address in nadias.get_page(at(limited)).all_links
    page = nadias.get_page(address)
    assert page.h1 == "Take shop.lumen-optik.ch away from Lumière Digital Sàrl?"
    assert "It is the last product." not in page
    assert nadias.submit(address).location == at(limited)
    assert as_is(limited) == {"lumen-optik.ch": EVERYTHING}
    assert of_kind(outbox.deliver(), "access_changed")
    assert nadias.get(address).location == at(limited)
    assert nadias.post_to(address).location == at(limited)
    assert "It is the last product." in nadias.get_page(
        at(limited, f"/products/{stocked.site.public_id}/removal")
    )


# --- who pays -----------------------------------------------------------------------------------------------


def test_the_wallet_is_handed_over_with_the_password_and_told(nadias, full, outbox):
    """RULES C5, C10."""
    page = nadias.get_page(at(full))
    assert at(full, "/payment") in page.all_links
    cards = nadias.get_page(at(full, "/payment"))
    assert "You pay Current" in cards
    address = f"{at(full)}/payment/check?payer=partner"
    check = nadias.get_page(address)
    assert "From now on Lumière Digital Sàrl pays" in check
    assert nadias.submit(address, {"password": "wrong wrong wrong"}).status == 422
    assert nadias.submit(address, {"password": PASSWORD}).location == at(full)
    db.session.expire_all()
    assert full.payer is Payer.PARTNER
    assert of_kind(outbox.deliver(), "payer_changed")


def test_the_wallet_comes_back_without_a_password(nadias, cast, stocked):
    """RULES C10."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)
    address = f"{at(partnership)}/payment/check?payer=client"
    assert "password" not in values_of(nadias.get_page(address).form())
    assert nadias.submit(address).location == at(partnership)
    db.session.expire_all()
    assert partnership.payer is Payer.CLIENT


def test_a_payment_method_that_changed_meanwhile_is_not_overwritten(nadias, full, paul, clock):
    check = nadias.get_page(f"{at(full)}/payment/check?payer=partner")
    values = {**values_of(check.form()), "password": PASSWORD}
    actions.change_access(
        full, Terms(Access.LIMITED), dict.fromkeys(queries.active_products(full.client), EVERYTHING),
        version=full.version, by=paul, now=clock.now,
    )  # fmt: skip
    nadias.post_to(f"{at(full)}/payment/check?payer=partner", values)
    db.session.expire_all()
    assert full.payer is Payer.CLIENT


def test_a_version_that_is_no_number_saves_nothing(nadias, full):
    address = f"{at(full)}/payment/check?payer=partner"
    assert nadias.submit(address, {"version": "x", "password": PASSWORD}).location == at(full)
    db.session.expire_all()
    assert full.payer is Payer.CLIENT
    assert any("in the meantime" in notice for notice in nadias.get_page(at(full)).notices)


def test_the_same_payment_method_and_an_unknown_one_change_nothing(nadias, full, limited_elsewhere):
    assert nadias.get(f"{at(full)}/payment/check?payer=client").location == at(full)
    assert nadias.get(f"{at(full)}/payment/check?payer=nobody").location == at(full, "/payment")
    assert nadias.get(at(limited_elsewhere, "/payment")).location == at(limited_elsewhere)


@pytest.fixture
def limited_elsewhere(cast):
    """A partner with limited access and no products: it has no payment method (RULES C5)."""
    return make_partnership(cast.lumen, cast.bergwerk_partner)


# --- the end ------------------------------------------------------------------------------------------------


@pytest.fixture
def at_the_password(nadias):
    """Reads the first page and goes on."""

    def go_on(partnership):
        sent = nadias.submit(at(partnership, "/end"))
        assert sent.location == at(partnership, "/end/password")
        return nadias.get_page(sent.location)

    return go_on


def try_password(browser, partnership, password="not the password", **more):
    return browser.post_to(at(partnership, "/end/password"), {"password": password}, **more)


def test_the_first_page_says_what_stops_and_what_stays(nadias, limited):
    """RULES C11."""
    page = nadias.get_page(at(limited, "/end"))
    assert "no longer has access to 2 products of yours" in page
    assert "lumen-optik.ch, shop.lumen-optik.ch" in page
    assert "Your products and all their data" in page and "This can’t be undone." in page
    assert page.links["Keep the partnership"] == at(limited)


def test_a_partnership_ends_at_once_by_the_password(nadias, cast, limited, at_the_password, outbox, another):
    """RULES C11: two pages, the password, the end; both sides are mailed, the history stays."""
    pierres = another().sign_in(cast.pierre)
    page = at_the_password(limited)
    assert "loses access to 2 products today, 21 November 2026, as soon as you confirm." in page
    assert "End the partnership with Lumière Digital Sàrl" in page.buttons
    done = try_password(nadias, limited, PASSWORD)
    assert (done.status, done.location) == (303, at(limited, "/ended"))
    ended = nadias.get_page(done.location)
    assert ended.h1 == "The partnership with Lumière Digital Sàrl has ended"
    assert "Nadia Noser" in ended and f"P-{limited.public_id[:8].upper()}" in ended
    assert ended.links["Find another partner"] == "/en/partners"
    db.session.expire_all()
    assert limited.ended_by_side is Side.CLIENT and as_is(limited) == {}
    sent = outbox.deliver()
    assert of_kind(sent, "ended_client") and of_kind(sent, "ended_partner")
    own = queries.reached(_place(cast.pierre, cast.lumiere), limited.public_id)
    assert own is None and pierres


def _place(person, organisation):
    return next(each for each in organisation.memberships if each.user_id == person.id)


def test_ending_twice_shows_the_same_page(nadias, limited, at_the_password):
    at_the_password(limited)
    for _n in range(2):
        assert try_password(nadias, limited, PASSWORD).location == at(limited, "/ended")
    for rest in ("/end", "/end/password"):
        assert nadias.get(at(limited, rest)).location == at(limited, "/ended")
    assert nadias.post_to(at(limited, "/end")).status == 303
    assert db.session.scalar(sa.select(sa.func.count()).where(PartnershipChange.what == "ended")) == 1


def test_the_password_is_asked_for_even_when_it_was_just_shown(nadias, limited, change, at_the_password):
    """RULES C11: no shortcut."""
    save(nadias, change(limited, access="full"), password=PASSWORD)
    assert "Your password" in at_the_password(limited)
    assert try_password(nadias, limited, "").errors == []  # next to the field
    db.session.expire_all()
    assert limited.ended_at is None


def test_the_second_page_needs_the_first(nadias, cast, limited, stocked, at_the_password, clock):
    """RULES C11: a mark for this one partnership and ten minutes."""
    other = make_partnership(cast.lumen, cast.bergwerk_partner, products=[stocked.server])
    assert nadias.get(at(limited, "/end/password")).location == at(limited, "/end")
    assert try_password(nadias, limited, PASSWORD).location == at(limited, "/end")
    at_the_password(other)
    assert try_password(nadias, limited, PASSWORD).location == at(limited, "/end")
    at_the_password(limited)
    clock.forward(minutes=10)
    assert try_password(nadias, limited, PASSWORD).location == at(limited, "/end")
    db.session.expire_all()
    assert limited.ended_at is None


def test_a_wrong_password_comes_back_empty_with_the_tries_left(nadias, limited, at_the_password):
    at_the_password(limited)
    wrong = try_password(nadias, limited)
    assert wrong.status == 422 and wrong.title.startswith("Error:")
    field = wrong.root.by_id("password")
    assert not field.has("value") and field.has("autofocus")
    assert field.get("autocomplete") == "current-password"
    assert "This is not your password. You have 4 tries left." in wrong
    part = try_password(nadias, limited, headers=HTMX)
    assert part.status == 422 and "You have 3 tries left." in part.root.text
    assert part.root.by_id("pwform") and part.root.by_id("password").has("autofocus")


def test_five_wrong_passwords_make_a_pause(nadias, cast, limited, stocked, at_the_password, clock):
    """RULES C11; SECURITY: counted per person and partnership, before the password is looked at."""
    at_the_password(limited)
    for left in (4, 3, 2, 1):
        assert f"You have {left} tr" in try_password(nadias, limited)
    assert "it was the last try. Wait 15 minutes" in try_password(nadias, limited)
    clock.forward(minutes=3)
    stopped = try_password(nadias, limited, PASSWORD)
    assert stopped.status == 429 and "Try again in 12 minutes." in stopped
    part = try_password(nadias, limited, PASSWORD, headers=HTMX)
    assert part.status == 422 and "Try again in 12 minutes." in part.root.text
    db.session.expire_all()
    assert limited.ended_at is None
    other = make_partnership(cast.lumen, cast.bergwerk_partner, products=[stocked.server])
    at_the_password(other)
    assert "You have 4 tries left." in try_password(nadias, other)
    clock.forward(minutes=12)
    at_the_password(limited)
    assert try_password(nadias, limited, PASSWORD).location == at(limited, "/ended")


def test_htmx_is_led_on_after_the_right_password(nadias, limited, at_the_password):
    at_the_password(limited)
    done = try_password(nadias, limited, PASSWORD, headers=HTMX)
    assert (done.status, done.location) == (204, at(limited, "/ended"))


def test_what_stands_is_not_called_ended(nadias, limited):
    assert nadias.get(at(limited, "/ended")).location == at(limited)


def test_a_grant_of_an_ended_product_is_not_counted(nadias, cast, limited):
    old = make_product(cast.lumen, "old.example", ended_at=NOW - timedelta(days=1))
    make_grant(limited, old)
    assert "no longer has access to 2 products of yours" in nadias.get_page(at(limited, "/end"))
    assert db.session.get(Partnership, limited.id)
