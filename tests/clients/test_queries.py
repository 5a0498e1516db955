"""Which clients a partner's colleague sees (RULES C12, C13), and what of a client's products (RULES C1, C2, C4)."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from werkzeug.datastructures import MultiDict

from tests.factories import (
    join,
    make_assignment,
    make_grant,
    make_invitation,
    make_organisation,
    make_partnership,
    make_product,
    make_tag,
    make_user,
)
from tests.partnerships.story import STATISTICAL, TECHNICAL, membership
from tests.times import NOW
from webapp.accounts.rules import Role
from webapp.clients import queries
from webapp.clients.forms import read_filters
from webapp.clients.rules import Filters, Order, Status
from webapp.invitations.rules import Direction
from webapp.partnerships.rules import EVERYTHING, Access, Payer
from webapp.text import fold
from webapp.unit import unit_of_work

DAY = timedelta(days=1)
# name, access, payer, how many products, days since it began, ended
KINDS = [
    ("Alpha Optik AG", Access.LIMITED, Payer.CLIENT, 2, 5, False),
    ("béta Étoile", Access.FULL, Payer.CLIENT, 3, 50, False),
    ("Gamma 50% a_b", Access.FULL, Payer.PARTNER, 0, 20, False),
    ("Delta Zürich", Access.LIMITED, Payer.CLIENT, 0, 1, False),
    ("Epsilon aus Zurich", Access.LIMITED, Payer.CLIENT, 4, 90, True),
    ("Zeta Strasse", Access.FULL, Payer.PARTNER, 1, 70, True),
]


@pytest.fixture
def clients(cast):
    """Lumière's clients, one of each kind, by name; one of Bergwerk's, which Lumière never sees."""
    made = {}
    for name, access, payer, products, days, ended in KINDS:
        client = make_organisation(name)
        shelf = [make_product(client, f"product {n} of {name}") for n in range(products)]
        make_product(client, "ended long ago", ended_at=NOW - DAY)
        if access is Access.LIMITED:
            make_product(client, "nobody's")
        made[name] = make_partnership(
            client, cast.lumiere_partner, access, payer, shelf if access is Access.LIMITED else (),
            started_at=NOW - days * DAY, ended_at=NOW if ended else None,
        )  # fmt: skip
    make_partnership(make_organisation("Alpha of Bergwerk"), cast.bergwerk_partner)
    return made


BARE = Filters()


def listed(cast, person, filters=BARE, page=1):
    return queries.clients(
        queries.partner_of(cast.lumiere), membership(cast.lumiere, person), filters, page=page
    )  # fmt: skip


def names(found):
    return [row.name for row in found.rows]


def should_be_listed(kind, filters):
    """RULES C12, said plainly."""
    name, access, payer, _products, _days, ended = kind
    return (
        all(word in fold(name) for word in fold(filters.q).split())
        and filters.access in ("", access)
        and filters.payer in ("", payer)
        and filters.status in (Status.ALL, Status.ENDED if ended else Status.CURRENT)
    )


def test_search_and_filters_combine(cast, clients):
    """RULES C12: the whole truth table."""
    words = ["", "ETOILE", "zürich", "a_b", "50%", "alpha  ag", "nobody"]
    some = 0
    for q, access, payer, status in product(words, ["", *Access], ["", *Payer], Status):
        filters = Filters(q, access, payer, status)
        expected = [kind[0] for kind in KINDS if should_be_listed(kind, filters)]
        found = listed(cast, cast.pierre, filters)
        assert names(found) == sorted(expected, key=fold), filters
        assert (found.count, found.more) == (len(expected), False), filters
        some += len(expected)
    assert some > 50


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.NAME, ["Alpha Optik AG", "béta Étoile", "Delta Zürich", "Gamma 50% a_b"]),
        (Order.SINCE, ["Delta Zürich", "Alpha Optik AG", "Gamma 50% a_b", "béta Étoile"]),
        (Order.PRODUCTS, ["béta Étoile", "Alpha Optik AG", "Delta Zürich", "Gamma 50% a_b"]),
    ],
)
def test_the_list_is_sorted_by_name_age_or_products(cast, clients, order, expected):
    """RULES C12."""
    assert names(listed(cast, cast.pierre, Filters(order=order))) == expected


@pytest.mark.parametrize("order", Order)
def test_a_row_tells_access_payment_and_active_products(cast, clients, order):
    """RULES C12, C1, C2: granted products with limited access, all with full access, none of what has ended."""
    rows = listed(cast, cast.pierre, Filters(status=Status.ALL, order=order)).rows
    assert {
        row.name: (row.access, row.payer, row.products, row.public_id, row.started_at, bool(row.ended_at))
        for row in rows
    } == {
        name: (
            access, payer, 0 if ended else products, clients[name].public_id, NOW - days * DAY, ended
        )
        for name, access, payer, products, days, ended in KINDS
    }  # fmt: skip


def test_a_collaborator_sees_the_clients_that_were_given_to_it(cast, clients):
    """RULES C13; a record of ended ones stays, like the others."""
    own = membership(cast.lumiere, cast.paula)
    assert names(listed(cast, cast.paula, Filters(status=Status.ALL))) == []
    for name in ("béta Étoile", "Epsilon aus Zurich"):
        make_assignment(clients[name], own)
    assert names(listed(cast, cast.paula)) == ["béta Étoile"]
    found = listed(cast, cast.paula, Filters(status=Status.ALL))
    assert (names(found), found.count) == (["béta Étoile", "Epsilon aus Zurich"], 2)
    assert listed(cast, cast.paula, Filters(q="alpha", order=Order.PRODUCTS)).count == 0


def test_an_administrator_sees_all_clients(cast, clients):
    """RULES C13."""
    anna = make_user("Anna Admin")
    join(anna, cast.lumiere, Role.ADMINISTRATOR)
    assert len(listed(cast, anna).rows) == 4


def test_pages_hold_25_and_two_statements_find_them(cast, statements):
    for n in range(60):
        client = make_organisation(f"Client {n:02d}")
        make_partnership(client, cast.lumiere_partner, products=[make_product(client)] if n % 2 else [])
    for order in Order:
        seen_names = []
        for page, (size, more) in {1: (25, True), 2: (25, True), 3: (10, False), 4: (0, False)}.items():
            pierres, partner = membership(cast.lumiere, cast.pierre), queries.partner_of(cast.lumiere)
            with statements() as seen:
                found = queries.clients(partner, pierres, Filters(order=order), page=page)
            assert len([each for each in seen if each.startswith("SELECT")]) == 2
            assert (len(found.rows), found.more, found.count) == (size, more, 60)
            seen_names += names(found)
        assert len(set(seen_names)) == 60


def test_a_client_with_another_name_is_found_by_it(cast, clients):
    @unit_of_work
    def rename():
        clients["Delta Zürich"].client.name = "Ätna Genève"

    rename()
    assert names(listed(cast, cast.pierre))[1] == "Ätna Genève"
    assert names(listed(cast, cast.pierre, Filters("geneve"))) == ["Ätna Genève"]
    assert names(listed(cast, cast.pierre, Filters("zurich"))) == []


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ({}, Filters()),
        ({"q": "  a   b ", "access": "full"}, Filters("a b", "full")),
        ({"payer": "partner", "status": "all", "sort": "since"}, Filters("", "", "partner", Status.ALL, Order.SINCE)),
        ({"q": "\0", "access": "zzz", "payer": "%", "status": "", "sort": "id; DROP"}, Filters()),
        ({"q": "x" * 3000}, Filters("x" * 100)),
    ],
)  # fmt: skip
def test_an_address_says_what_to_list_and_anything_unknown_is_no_filter(query, filters):
    assert read_filters(MultiDict(query)) == filters


# --- the menu -----------------------------------------------------------------------------------------------


def test_my_clients_are_those_that_can_be_reached_now(cast, clients):
    """RULES C13: the organisation switcher."""
    pierres, paulas = membership(cast.lumiere, cast.pierre), membership(cast.lumiere, cast.paula)
    everybody = ["Alpha Optik AG", "béta Étoile", "Delta Zürich", "Gamma 50% a_b"]
    assert names(queries.my_clients(pierres)) == everybody
    assert names(queries.my_clients(paulas)) == []
    make_assignment(clients["Delta Zürich"], paulas)
    make_assignment(clients["Zeta Strasse"], paulas)  # it has ended
    assert names(queries.my_clients(paulas)) == ["Delta Zürich"]
    unit_of_work(lambda: setattr(cast.lumiere_partner, "suspended_at", NOW))()
    for each in (pierres, paulas):
        mine = queries.my_clients(each)
        assert (names(mine), mine.more, mine.suspended) == ([], False, True)


def test_the_menu_names_eight_clients_with_one_statement(cast, clients, statements):
    for n in range(5):
        make_partnership(make_organisation(f"Kilo {n}"), cast.lumiere_partner)
    pierres = membership(cast.lumiere, cast.pierre)
    with statements() as seen:
        mine = queries.my_clients(pierres)
    assert (len(mine.rows), mine.more, mine.suspended) == (8, True, False)
    assert len([each for each in seen if each.startswith("SELECT")]) == 1


# --- a client's products ------------------------------------------------------------------------------------


def managed(partnership, **values):
    return queries.managed(partnership, language="en", **values)


def test_a_limited_partner_sees_its_products_and_a_full_one_all(cast, lumens_products, statements):
    """RULES C1, C2, C4: with the rights on each, and the client's tags (RULES O9)."""
    shelf = lumens_products
    make_tag(cast.lumen, "prod", products=[shelf.site, shelf.server])
    ended = make_product(cast.lumen, "gone.ch", ended_at=NOW - DAY)
    limited = make_partnership(
        cast.lumen, cast.lumiere_partner, products={shelf.shop: TECHNICAL, shelf.site: EVERYTHING, ended: TECHNICAL}
    )  # fmt: skip
    make_grant(limited, shelf.post, ended_at=NOW)
    with statements() as seen:
        page = managed(limited)
    assert len([each for each in seen if each.startswith("SELECT")]) == 3
    assert [(row.label, row.plan, row.rights, row.tags) for row in page.rows] == [
        ("lumen-optik.ch", "Web hosting Pro", EVERYTHING, (("prod", "green"),)),
        ("shop.lumen-optik.ch", "Web hosting Pro", TECHNICAL, ()),
    ]
    others = managed(
        make_partnership(cast.lumen, cast.bergwerk_partner, products={shelf.server: STATISTICAL})
    )
    assert [(row.label, row.rights) for row in others.rows] == [("vps-zrh-01", STATISTICAL)]
    unit_of_work(lambda: setattr(limited, "access", Access.FULL))()
    page = managed(limited)
    assert [row.label for row in page.rows] == [
        each.label for each in (shelf.site, shelf.shop, shelf.post, shelf.server, shelf.domain)
    ]
    assert {row.rights for row in page.rows} == {EVERYTHING} and page.count == 5


@pytest.mark.parametrize("access", Access)
def test_products_are_searched_and_come_25_a_page(cast, access):
    many = [make_product(cast.lumen, f"site-{n:02d}.Zürich.ch") for n in range(31)]
    partnership = make_partnership(
        cast.lumen, cast.lumiere_partner, access, products=many if access is Access.LIMITED else ()
    )
    first, second = managed(partnership), managed(partnership, page=2)
    assert (len(first.rows), first.more, first.count) == (25, True, 31)
    assert (len(second.rows), second.more) == (6, False)
    assert [row.label for row in managed(partnership, q="ZURICH 07").rows] == ["site-07.Zürich.ch"]
    assert managed(partnership, q="%").count == 0


def test_once_managed_is_known_of_what_was_granted_and_of_all_after_full_access(cast, lumens_products):
    shelf = lumens_products
    limited = make_partnership(cast.lumen, cast.lumiere_partner, products=[shelf.site])
    make_grant(limited, shelf.shop, ended_at=NOW)
    assert [queries.was_managed(limited, each) for each in (shelf.site, shelf.shop, shelf.post)] == [
        True, True, False,
    ]  # fmt: skip
    full = make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL)
    assert queries.was_managed(full, make_product(cast.stefans))


def test_the_request_behind_a_partnership_is_the_partner_s_own(cast):
    """RULES C7."""
    asked = make_partnership(cast.lumen, cast.lumiere_partner)
    request = make_invitation(
        Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre, email=cast.nadia.email, client=cast.lumen,
        accepted_at=NOW, answered_by=cast.nadia, partnership=asked,
    )  # fmt: skip
    invited = make_partnership(cast.stefans, cast.lumiere_partner)
    make_invitation(
        Direction.TO_PARTNER, cast.lumiere_partner, cast.stefan, client=cast.stefans,
        accepted_at=NOW, answered_by=cast.pierre, partnership=invited,
    )  # fmt: skip
    assert queries.request_behind(asked) is request
    assert queries.request_behind(invited) is None
