"""The reseller space as the partner's people meet it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.factories import (
    PASSWORD,
    join,
    make_assignment,
    make_invitation,
    make_organisation,
    make_partnership,
    make_product,
    make_setting,
    make_tag,
    make_usage,
    make_user,
)
from tests.partnerships.story import STATISTICAL, TECHNICAL, membership
from tests.times import NOW
from webapp.accounts.rules import Role
from webapp.audit import AuditEvent
from webapp.directory import actions as directory
from webapp.directory.rules import SuspensionReason
from webapp.extensions import db
from webapp.invitations import actions as invitations
from webapp.invitations.rules import Direction
from webapp.partnerships import actions as partnerships
from webapp.partnerships import queries as partnership_queries
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import EVERYTHING, Access, Payer, Rights, Side, Terms
from webapp.products import queries as products
from webapp.products.rules import Family, Metric


@pytest.fixture
def shelf(lumens_products):
    make_setting(lumens_products.site, "PHP version", "8.3")
    make_usage(lumens_products.site, date(2026, 11, 20), 1234)
    return lumens_products


@pytest.fixture
def limited(cast, shelf):
    """Lumière has all of the site, the shop's technique and the mail's statistics; Paula looks after it."""
    rights = {shelf.site: EVERYTHING, shelf.shop: TECHNICAL, shelf.post: STATISTICAL}
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, products=rights)
    make_assignment(partnership, membership(cast.lumiere, cast.paula))
    return partnership


def at(partnership=None, *parts, partner=None):
    org = partner or db.session.get(Partnership, partnership.id).partner.organisation
    client = [partnership.public_id] if partnership else []
    return "/".join([f"/en/o/{org.public_id}/clients", *client, *map(str, parts)])


def listed(page):
    return [row.all("a")[0].text for row in page.root.by_id("client-list").all("tr")[1:]]


# --- the list -----------------------------------------------------------------------------------------------


def test_the_table_says_what_each_client_lets_the_partner_do(cast, client, limited):
    """RULES C12."""
    full = make_partnership(
        cast.stefans, cast.lumiere_partner, Access.FULL, Payer.PARTNER, started_at=NOW - timedelta(days=400)
    )
    page = client.sign_in(cast.pierre).get_page(at(partner=cast.lumiere))
    assert page.h1 == "Managed clients" and "2 clients" in page.notices
    rows = [[cell.text for cell in row.all("th", "td")][:6] for row in page.root.all("tr")[1:]]
    assert rows == [
        ["Lumen Optik AG", "Limited access", "Client’s", "3", "11 Nov 2026", "Active"],
        ["Stranger & Sons", "Full access", "Yours", "0", "17 Oct 2025", "Active"],
    ]
    links = {link.get("aria-label") or link.text: link.get("href") for link in page.main.all("a")}
    assert links["Act for Lumen Optik AG"] == at(limited, "products")
    assert links["Lumen Optik AG"] == at(limited)
    assert links["End the partnership"] == at(full, "end")
    assert links["Add a client"] == at(partner=cast.lumiere) + "/new"


def test_search_filter_and_sort_by_the_address(cast, client):
    """RULES C12: without a script by a button, with one in place."""
    for name, access in (("Zürich AG", Access.FULL), ("Bern AG", Access.LIMITED), ("Genf AG", Access.FULL)):
        made = make_partnership(make_organisation(name), cast.lumiere_partner, access)
    partnerships.end(made, side=Side.PARTNER, seen_hash=cast.pierre.password_hash, by=cast.pierre, now=NOW)
    client.sign_in(cast.pierre)
    here = at(partner=cast.lumiere)
    assert listed(client.get_page(here)) == ["Bern AG", "Zürich AG"]
    assert listed(client.get_page(f"{here}?status=all&access=full")) == ["Genf AG", "Zürich AG"]
    assert listed(client.get_page(f"{here}?q=zurich")) == ["Zürich AG"]
    fragment = client.get_page(f"{here}?status=ended", headers={"HX-Request": "true"})
    assert listed(fragment) == ["Genf AG"] and fragment.root.all("h1") == []
    nothing = client.get_page(f"{here}?q=nobody")
    assert "No client matches this search" in nothing and nothing.links["Show all clients"] == here


def test_the_pages_of_the_list_keep_what_was_asked(cast, client):
    for n in range(27):
        make_partnership(make_organisation(f"Client {n:02d}"), cast.lumiere_partner)
    make_partnership(make_organisation("Other"), cast.lumiere_partner)
    client.sign_in(cast.pierre)
    first = client.get_page(at(partner=cast.lumiere) + "?q=client&sort=since")
    assert "27 clients" in first.notices and len(listed(first)) == 25
    second = client.get_page(first.links["Next page"])
    assert len(listed(second)) == 2 and "Next page" not in second.links
    assert client.get_page(second.links["Previous page"]).text == first.text


def test_a_collaborator_meets_its_own_clients_only(cast, client, limited):
    """RULES C13; SECURITY A12: no word of the others, and no button that it can't use."""
    make_partnership(cast.stefans, cast.lumiere_partner)
    make_invitation(
        Direction.TO_PARTNER, cast.lumiere_partner, cast.stefan, client=make_organisation("Wait AG")
    )
    page = client.sign_in(cast.paula).get_page(at(partner=cast.lumiere))
    assert listed(page) == ["Lumen Optik AG"]
    assert "Stranger" not in page.response.text and "Wait AG" not in page.response.text
    assert "Add a client" not in page.links and "End the partnership" not in page.links
    make_assignment(limited, join(make_user("Carla"), cast.lumiere))
    carlas = partnership_queries.assigned(limited)[-1].membership.user
    partnerships.assign(limited, [], by=cast.pierre, now=NOW)
    page = client.sign_in(carlas).get_page(at(partner=cast.lumiere))
    assert "No clients yet" in page and "Lumen" not in page.response.text


def test_what_waits_stands_above_the_list(cast, client, shelf):
    """RULES C6, C7: clients' invitations to answer, and the partner's own requests."""
    theirs = make_invitation(
        Direction.TO_PARTNER, cast.lumiere_partner, cast.nadia, client=cast.lumen, products=[shelf.site]
    )
    make_invitation(
        Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre, email="vera@new.example",
        asked={Family.WEB: TECHNICAL},
    )  # fmt: skip
    page = client.sign_in(cast.pierre).get_page(at(partner=cast.lumiere))
    assert "Limited access to 1 product" in page and "vera@new.example" in page
    (link,) = [each for each in page.main.all("a") if "Lumen Optik AG" in each.get("aria-label")]
    assert link.get("href") == f"/en/o/{cast.lumiere.public_id}/invitations/{theirs.public_id}"
    assert "No clients yet" in page


def test_the_number_of_statements_does_not_grow_with_the_clients(cast, client, statements):
    client.sign_in(cast.pierre)
    here = at(partner=cast.lumiere)

    def asked():
        with statements() as seen:
            client.get_page(here)
        print(*[e[:90].replace(chr(10), " ") for e in seen], sep=chr(10))
        print("--")
        return len([each for each in seen if each.startswith("SELECT")])

    for n in range(3):
        make_partnership(make_organisation(f"A {n}"), cast.lumiere_partner)
    few = asked()
    for n in range(40):
        make_partnership(make_organisation(f"B {n}"), cast.lumiere_partner)
    assert asked() == few <= 10


def test_an_organisation_that_is_no_partner_has_no_clients(cast, client):
    client.sign_in(cast.nadia)
    assert client.get(at(partner=cast.lumen)).status_code == 404
    assert "Clients" not in client.get_page(f"/en/o/{cast.lumen.public_id}/").root.text


# --- the menu -----------------------------------------------------------------------------------------------


def menu(page):
    return [link.text for link in page.root.with_class("side")[0].all("a")]


def test_the_menu_leads_to_my_clients(cast, client, limited):
    """RULES C13."""
    for n in range(9):
        make_partnership(make_organisation(f"Client {n}"), cast.lumiere_partner)
    overview = f"/en/o/{cast.lumiere.public_id}/"
    pierres = menu(client.sign_in(cast.pierre).get_page(overview))
    assert [name for name in pierres if name.startswith(("Client ", "Lumen", "All"))] == [
        *(f"Client {n}" for n in range(8)), "All clients",
    ]  # fmt: skip
    page = client.sign_in(cast.paula).get_page(overview)
    assert "Lumen Optik AG" in menu(page) and "All clients" not in menu(page)
    (address,) = [
        link.get("href") for link in page.root.with_class("side")[0].all("a") if link.text == "Lumen Optik AG"
    ]
    space = client.get_page(address)
    (current,) = [link for link in space.root.with_class("side")[0].all("a") if link.has("aria-current")]
    assert current.text == "Lumen Optik AG"


def test_a_suspended_partner_has_no_menu_entry_that_leads_nowhere(cast, client, limited):
    suspend(cast)
    page = client.sign_in(cast.pierre).get_page(f"/en/o/{cast.lumiere.public_id}/")
    assert "Lumen Optik AG" not in menu(page) and "Calls for tenders" not in menu(page)
    assert "Clients" in menu(page)


# --- one client ---------------------------------------------------------------------------------------------


def test_the_profile_says_what_the_partner_can_do(cast, client, limited):
    """RULES C12: access, payment method, products with rights, people, history."""
    page = client.sign_in(cast.pierre).get_page(at(limited))
    for words in (
        "Limited access", "Client’s payment method", "What you can do",
        "Manage 2 products: lumen-optik.ch, shop.lumen-optik.ch", "See statistics for 2 products",
        "You cannot order or renew for Lumen Optik AG, and do not see its invoices",
        "Collaborators: Paula Piguet", "look after all clients: Pierre Perret",
        "11 Nov 2026: Lumière Digital Sàrl began the partnership", "End partnership…",
    ):  # fmt: skip
        assert words in page, words
    rows = [[cell.text for cell in row.all("th", "td")] for row in page.root.all("tr")[1:]]
    assert rows[0] == ["lumen-optik.ch", "Web hosting Pro", "Technical and Statistics", "1 Jun 2027"]
    assert [row[2] for row in rows[1:]] == ["Technical", "Statistics"]
    helper = client.sign_in(cast.paula).get_page(at(limited))
    assert "End partnership…" not in helper.links and "Choose people" not in helper.links


def test_the_profile_names_ten_products_and_leads_to_the_others(cast, client):
    many = [make_product(cast.lumen, f"site-{n:02d}.ch") for n in range(12)]
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, products=many)
    page = client.sign_in(cast.pierre).get_page(at(partnership))
    assert len(page.root.all("tr")) == 11 and page.links["See all 12 products"] == at(partnership, "products")


def test_a_partnership_without_products_says_so(cast, client):
    """RULES C9."""
    client.sign_in(cast.pierre)
    bare = make_partnership(cast.lumen, cast.lumiere_partner)
    assert "has taken all products out of your hands" in client.get_page(at(bare))
    assert "No products in your hands" in client.get_page(at(bare, "products"))
    full = make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL)
    assert "Stranger & Sons has no products at the moment." in client.get_page(at(full))
    assert "No products yet" in client.get_page(at(full, "products"))


def granted(cast, asked, terms, picked, asked_terms=Terms(Access.LIMITED)):  # noqa: B008 # Terms is frozen: one value for all calls does no harm
    """A request of Lumière's that Lumen has granted in its own way."""
    request = make_invitation(
        Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre, email=cast.nadia.email, asked=asked,
        access=asked_terms.access, payer=asked_terms.payer,
    )  # fmt: skip
    by_id = {product.id: rights for product, rights in picked.items()}
    return invitations.grant(request, cast.lumen, terms, by_id, by=cast.nadia, now=NOW)


def test_the_partner_sees_the_difference_between_asked_and_granted(cast, client, shelf):
    """RULES C7; SECURITY A5, A12: of products that it did not get it hears nothing."""
    partnership = granted(
        cast,
        {Family.WEB: EVERYTHING, Family.MAIL: STATISTICAL},
        Terms(Access.LIMITED),
        {shelf.site: TECHNICAL},
    )
    page = client.sign_in(cast.pierre).get_page(at(partnership))
    assert "Lumen Optik AG gave you less than you asked for." in page
    rows = [
        [cell.text for cell in row.all("th", "td")]
        for table in page.root.all("table")[:1] for row in table.all("tr")[1:]
    ]  # fmt: skip
    assert rows == [
        ["Access", "Limited access", "Limited access"],
        ["Websites and hosting", "Technical and Statistics", "lumen-optik.ch: Technical"],
        ["Mail", "Statistics", "Nothing"],
    ]
    assert "shop.lumen-optik.ch" not in page.response.text


def test_another_payment_method_than_asked_is_told(cast, client):
    """RULES C5, C7."""
    asked = Terms(Access.FULL, Payer.PARTNER)
    partnership = granted(cast, {}, Terms(Access.FULL), {}, asked)
    page = client.sign_in(cast.pierre).get_page(at(partnership))
    assert "gave you something other than what you asked for" in page
    assert "Payment method Your payment method Client’s payment method" in page


def test_what_was_granted_as_asked_is_told_in_a_sentence(cast, client, shelf):
    """RULES C7."""
    partnership = granted(cast, {Family.WEB: TECHNICAL}, Terms(Access.LIMITED), {shelf.site: TECHNICAL})
    page = client.sign_in(cast.pierre).get_page(at(partnership))
    assert "You have what you asked for." in page and len(page.root.all("table")) == 1


def suspend(cast):
    directory.suspend(cast.lumiere_partner, SuspensionReason.OTHER, by=cast.olga, now=NOW)


@pytest.mark.parametrize("side", [Side.CLIENT, Side.PARTNER])
def test_a_record_stays_when_it_has_ended(cast, client, limited, shelf, side):
    """RULES C11: history stays, products do not."""
    by = cast.nadia if side is Side.CLIENT else cast.pierre
    partnerships.end(limited, side=side, seen_hash=by.password_hash, by=by, now=NOW)
    for person in (cast.pierre, cast.paula):
        page = client.sign_in(person).get_page(at(limited))
        assert "ended this partnership on 21 November 2026" in page and "Ended" in page
        assert shelf.site.label not in page.response.text and "What you can do" not in page
        left = [link for link in page.all_links if link.startswith(at(limited, ""))]
        assert left == ([at(limited, "billing.csv")] if person is cast.pierre else [])


def test_a_suspended_partner_keeps_a_record_without_products(cast, client, limited, shelf):
    suspend(cast)
    client.sign_in(cast.pierre)
    page = client.get_page(at(partner=cast.lumiere))
    assert (
        "suspended since 21 November 2026" in page
        and "Suspended" in page
        and "Add a client" not in page.links
    )
    page = client.get_page(at(limited))
    assert (
        "Your partner account has been suspended since" in page and shelf.site.label not in page.response.text
    )
    assert client.get(at(limited, "products")).status_code == 404
    assert client.sign_in(cast.paula).get(at(limited)).status_code == 200


# --- people -------------------------------------------------------------------------------------------------


def test_who_looks_after_a_client_is_chosen_by_ticks(cast, client, another, limited):
    """RULES C13."""
    carla = make_user("Carla Collaborator")
    place = join(carla, cast.lumiere)
    anna = make_user("Anna Admin")
    join(anna, cast.lumiere, Role.ADMINISTRATOR)
    carlas = another().sign_in(carla)
    assert carlas.get(at(limited, "products")).status_code == 404
    client.sign_in(anna)
    page = client.get_page(at(limited, "people"))
    assert "administrators look after all clients: Anna Admin and Pierre Perret" in page
    ticked = {
        box.parent.text: box.has("checked") for box in page.main.all("input") if box.get("name") == "people"
    }
    assert ticked == {"Carla Collaborator": False, "Paula Piguet": True}
    done = client.submit(at(limited, "people"), {"people": [place.public_id]})
    assert (done.status, done.location) == (303, at(limited))
    notices = client.get_page(done.location).notices
    assert "Your choice of who looks after Lumen Optik AG has been saved." in notices
    carlas.get_page(at(limited, "products"))
    assert another().sign_in(cast.paula).get(at(limited, "products")).status_code == 404


def test_only_collaborators_of_the_team_can_be_ticked(cast, client, limited):
    """RULES C13; SECURITY A12."""
    stranger = membership(cast.bergwerk, cast.berta)
    client.sign_in(cast.pierre)
    page = client.submit(at(limited, "people"), {"people": [stranger.public_id]})
    assert (page.status, page.errors) == (422, ["Choose from the options shown."])
    client.submit(at(limited, "people"), {"people": None})
    assert partnership_queries.assigned(limited) == []


def test_people_of_a_partnership_that_has_ended_are_not_changed(cast, client, limited):
    partnerships.end(limited, side=Side.CLIENT, seen_hash=cast.nadia.password_hash, by=cast.nadia, now=NOW)
    client.sign_in(cast.pierre)
    assert client.get(at(limited, "people")).status_code == 410
    assert client.post_to(at(limited, "people")).status == 410


# --- the end ------------------------------------------------------------------------------------------------


def test_a_representative_ends_the_collaboration_with_its_password(cast, client, another, limited, outbox):
    """RULES C11; SECURITY A7."""
    paula = another().sign_in(cast.paula)
    paula.get_page(at(limited, "products"))
    client.sign_in(cast.pierre)
    assert client.submit(at(limited, "end")).location == at(limited, "end/password")
    wrong = client.submit(at(limited, "end/password"), {"password": "wrong horse battery"})
    assert wrong.status == 422 and db.session.get(Partnership, limited.id).ended_at is None
    done = client.submit(at(limited, "end/password"), {"password": PASSWORD})
    assert done.location == at(limited, "ended")
    assert client.get_page(done.location).h1
    assert paula.get(at(limited, "products")).status_code == 404
    assert {message["To"] for message in outbox.deliver()} == {cast.nadia.email, cast.pierre.email}
    assert listed(client.get_page(at(partner=cast.lumiere) + "?status=ended")) == ["Lumen Optik AG"]


# --- acting for a client ------------------------------------------------------------------------------------


def bar(page):
    (found,) = page.root.with_class("acting")
    return found


def test_acting_is_always_visible(cast, client, limited, shelf):
    """RULES C14: a bar with both names, and the way out, on every page of the client's space."""
    client.sign_in(cast.paula)
    setting = products.setting_named(shelf.site, "PHP version").public_id
    of_site = ["products", shelf.site.public_id]
    for parts in (
        ["products"], of_site, [*of_site, "settings/new"], [*of_site, "settings", setting],
        [*of_site, "settings", setting, "removal"],
    ):  # fmt: skip
        page = client.get_page(at(limited, *parts))
        assert bar(page).text == "You act for Lumen Optik AG as Lumière Digital Sàrl Leave"
        assert bar(page).all("a")[0].get("href") == at(limited)
        refused = client.post_to(at(limited, *parts)) if parts != ["products"] and parts != of_site else None
        if refused is not None and refused.status == 422:
            assert bar(refused)


def test_the_space_shows_what_was_granted_and_nothing_else(cast, client, limited, shelf):
    """RULES C1, C4; SECURITY A12."""
    make_tag(cast.lumen, "prod", products=[shelf.site])
    client.sign_in(cast.paula)
    page = client.get_page(at(limited, "products"))
    assert "3 products" in page.notices and "lumen-optik.ch prod" in page
    for each in (shelf.server, shelf.domain):
        assert each.label not in page.response.text
        assert client.get(at(limited, "products", each.public_id)).status_code == 404


def test_each_right_shows_its_part(cast, client, limited, shelf):
    """RULES C4."""
    client.sign_in(cast.paula)
    both = client.get_page(at(limited, "products", shelf.site.public_id))
    assert "8.3" in both and "1’234" in both and "Add a setting" in both.links
    make_setting(shelf.post, "Quota", "50 GB")
    make_usage(shelf.shop, date(2026, 11, 20), 4321, Metric.VISITS)
    technical = client.get_page(at(limited, "products", shelf.shop.public_id))
    assert "not its statistics" in technical and "4’321" not in technical.response.text
    statistical = client.get_page(at(limited, "products", shelf.post.public_id))
    assert "not its settings" in statistical and "50 GB" not in statistical.response.text
    assert "Add a setting" not in statistical.links
    assert client.get(at(limited, "products", shelf.post.public_id, "settings/new")).status_code == 404


def test_settings_are_changed_added_and_removed_for_the_client(cast, client, limited, shelf):
    """RULES C4, C14: recorded with the real person, for the client."""
    client.sign_in(cast.paula)
    here = at(limited, "products", shelf.site.public_id)
    page = client.get_page(here)
    change = page.links["Change"]
    done = client.submit(change, {"value": "8.4"})
    assert done.location == here and "The setting PHP version is changed." in client.get_page(here).notices
    client.submit(f"{here}/settings/new", {"name": "Memory", "value": "512M"})
    twice = client.submit(f"{here}/settings/new", {"name": "memory", "value": "1G"})
    assert twice.status == 422 and twice.errors == [
        "There is a setting with this name already. Change it in the list."
    ]
    assert {row.name: row.value for row in products.settings_of(shelf.site)} == {
        "Memory": "512M", "PHP version": "8.4",
    }  # fmt: skip
    client.submit(f"{change}/removal")
    assert [row.name for row in products.settings_of(shelf.site)] == ["Memory"]
    rows = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action.startswith("setting.")))
    assert [(row.action, row.person_id, row.organisation_id) for row in rows] == [
        ("setting.changed", cast.paula.id, cast.lumen.id),
        ("setting.changed", cast.paula.id, cast.lumen.id),
        ("setting.removed", cast.paula.id, cast.lumen.id),
    ]


def test_products_of_the_space_are_searched(cast, client):
    for n in range(30):
        make_product(cast.lumen, f"site-{n:02d}.ch")
    full = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    client.sign_in(cast.pierre)
    first = client.get_page(at(full, "products"))
    assert "30 products" in first.notices and "Find a product" in first
    assert "site-29.ch" in client.get_page(first.links["Next page"])
    found = client.get_page(at(full, "products") + "?q=site-07", headers={"HX-Request": "true"})
    assert "1 product" in found.notices and "site-07.ch" in found
    assert "No product matches this search" in client.get_page(at(full, "products") + "?q=zz%25")


TYPED = {"name": "Secret <b>key", "value": "first line & the rest"}


def lose(cast, how, partnership, shelf):
    if how == "ended":
        partnerships.end(
            partnership, side=Side.CLIENT, seen_hash=cast.nadia.password_hash, by=cast.nadia, now=NOW
        )
    elif how == "suspended":
        suspend(cast)
    elif how == "unassigned":
        partnerships.assign(partnership, [], by=cast.pierre, now=NOW)
    else:
        left = {shelf.shop.id: TECHNICAL, shelf.site.id: STATISTICAL if how == "right taken" else Rights()}
        partnerships.change_access(
            partnership, partnership.terms, left, version=partnership.version, by=cast.nadia, now=NOW
        )


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("ended", "The partnership has ended, and with it all access to the products of this client."),
        ("suspended", "Your partner account is suspended."),
        ("unassigned", "You do not look after this client, or not any more."),
        ("right taken", "The client has changed your access"),
        ("product taken", "The client has changed your access"),
    ],
)
def test_the_very_next_request_is_refused_and_nothing_typed_is_lost(
    cast, client, limited, shelf, how, sentence
):
    """SECURITY A3; RULES C11, C13, C14: 404 for pages, for what was sent a page that says what happened."""
    client.sign_in(cast.paula)
    form = at(limited, "products", shelf.site.public_id, "settings/new")
    token = client.get_page(form).form(form).all("input")[0].get("value")
    lose(cast, how, limited, shelf)
    page = client.post_to(form, {"csrf_token": token, **TYPED})
    assert page.status == 403 and page.h1 == "Nothing was changed" and sentence in page
    assert TYPED["name"] in page and TYPED["value"] in page and token not in page.text
    assert [row.name for row in products.settings_of(shelf.site)] == ["PHP version"]
    assert client.get(form).status_code == 404
    if how not in ("right taken",):
        assert client.get(at(limited, "products", shelf.site.public_id)).status_code == 404
    if how == "unassigned":
        assert "Lumen Optik AG" not in page.response.text
    assert client.get(page.links["Managed clients"]).status_code == 200


def test_a_product_that_ended_meanwhile_is_told(cast, client, limited, shelf):
    from webapp.products import actions

    client.sign_in(cast.paula)
    form = at(limited, "products", shelf.site.public_id, "settings/new")
    client.get_page(form)
    actions.end_product(shelf.site, by=cast.olga, now=NOW)
    page = client.post_to(form, TYPED)
    assert page.status == 410 and TYPED["value"] in page and "has ended" in page
    assert client.get(form).status_code == 404


def test_what_was_never_given_is_not_even_refused(cast, client, limited, shelf):
    """SECURITY A12: a product that the partner never had is not there, whatever is sent."""
    client.sign_in(cast.pierre)
    for product in (shelf.server, make_product(cast.stefans)):
        for parts in ([], ["settings/new"], ["settings/x/removal"]):
            here = at(limited, "products", product.public_id, *parts)
            assert client.get(here).status_code == 404
            assert client.post_to(here, TYPED).status == (404 if parts else 405)
