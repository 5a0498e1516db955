"""What each address answers, by how the partner stands to the client: tests/addresses.py asks who somebody is, this
table asks how two organisations are related at that moment (SECURITY A3, A12; RULES C1, C2, C4, C11, C13, C14).

Lumen Optik is the client, with one product and one setting. Pierre represents Lumière; Paula works there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.dump import everything
from tests.factories import (
    make_assignment,
    make_invitation,
    make_partnership,
    make_product,
    make_setting,
)
from tests.partnerships.story import STATISTICAL, TECHNICAL, membership
from tests.test_every_page import METHODS, TRACES, told
from tests.times import NOW
from webapp.accounts.models import User
from webapp.invitations.rules import Direction
from webapp.mailer import address_of
from webapp.partnerships.rules import Access
from webapp.products.models import Product
from webapp.unit import unit_of_work

RELATIONS = (
    "with",  # limited access, both rights on the product
    "technical", "statistics",  # limited access, one right on it
    "without",  # limited access to another product
    "full",
    "suspended", "ended",  # full access, until then
    "assigned", "unassigned",  # limited access to the product, asked by a collaborator
    "invited",  # there is an open invitation
    "stranger",  # the client has another partner, who has full access
)  # fmt: skip
RELATED = RELATIONS[:-3]  # whoever has, or had, something to do with the client


@dataclass(frozen=True)
class Answer:
    """Who is answered `status`; the others 404, but where `others` says otherwise."""

    status: int
    may: tuple[str, ...]
    others: dict[str, int]

    def to(self, relation: str) -> int:
        return self.status if relation in self.may else self.others.get(relation, 404)


def answer(status: int, *may: str, **others: int) -> Answer:
    return Answer(status, may, others)


REPRESENTATIVES = ("with", "technical", "statistics", "without", "full", "suspended")
REACHING = ("with", "technical", "statistics", "without", "full", "assigned")
SEEING = ("with", "technical", "statistics", "full", "assigned")
CHANGING = ("with", "technical", "full", "assigned")
# too weak a role is told so before anything is looked up
WEAK = {"assigned": 403, "unassigned": 403}
# what was sent is answered by a page that says why not, where there was something once
LOST = {"statistics": 403, "suspended": 403, "ended": 403, "unassigned": 403}

EMPTY = {"name": "", "value": ""}  # nothing filled in

TABLE: dict[str, dict[str, Answer]] = {
    "clients.show": {"GET": answer(200, *RELATED)},
    "clients.people": {
        "GET": answer(200, *REPRESENTATIVES, ended=410, **WEAK),
        "POST": answer(303, *REPRESENTATIVES, ended=410, **WEAK),
    },
    "clients.end": {
        "GET": answer(200, *REPRESENTATIVES, ended=303, **WEAK),
        "POST": answer(303, *REPRESENTATIVES, ended=303, **WEAK),
    },
    "clients.end_password": {
        "GET": answer(303, *REPRESENTATIVES, ended=303, **WEAK),
        "POST": answer(303, *REPRESENTATIVES, ended=303, **WEAK),
    },
    "clients.ended": {"GET": answer(200, "ended", **dict.fromkeys(REPRESENTATIVES, 303), **WEAK)},
    "clients.products": {"GET": answer(200, *REACHING)},
    "clients.product": {"GET": answer(200, *SEEING)},
    "clients.new_setting": {"GET": answer(200, *CHANGING), "POST": answer(422, *CHANGING, **LOST)},
    "clients.change_setting": {"GET": answer(200, *CHANGING), "POST": answer(422, *CHANGING, **LOST)},
    "clients.remove_setting": {"GET": answer(200, *CHANGING), "POST": answer(303, *CHANGING, **LOST)},
}


@dataclass(frozen=True)
class Scene:
    """Who asks, and what for."""

    asks: User
    values: dict[str, Any]


def scene(cast, relation: str) -> Scene:
    """Makes the two related so."""
    site, other = make_product(cast.lumen, "lumen-optik.ch"), make_product(cast.lumen, "shop.lumen-optik.ch")
    setting = make_setting(site, "PHP version", "8.3-of-lumen")
    partner, asks = cast.lumiere_partner, cast.pierre
    if relation == "invited":
        related: Any = make_invitation(
            Direction.TO_PARTNER, partner, cast.nadia, client=cast.lumen, products=[site]
        )
    elif relation == "stranger":
        related = make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL)
    elif relation in ("full", "suspended", "ended"):
        ended_at = NOW if relation == "ended" else None
        related = make_partnership(cast.lumen, partner, Access.FULL, ended_at=ended_at)
    else:
        related = make_partnership(cast.lumen, partner, products=products_of(relation, site, other))
    if relation == "suspended":
        unit_of_work(lambda: setattr(partner, "suspended_at", NOW))()
    if relation in ("assigned", "unassigned"):
        asks = cast.paula
    if relation == "assigned":
        make_assignment(related, membership(cast.lumiere, cast.paula))
    values = {
        "org": cast.lumiere.public_id, "client": related.public_id, "product": site.public_id,
        "setting": setting.public_id,
    }  # fmt: skip
    return Scene(asks, values)


def products_of(relation: str, site: Product, other: Product) -> Any:
    if relation == "without":
        return [other]
    return {site: {"technical": TECHNICAL, "statistics": STATISTICAL}[relation]} if relation in (
        "technical", "statistics",
    ) else [site]  # fmt: skip


def path(app, endpoint: str, values: dict[str, Any]) -> str:
    wanted = next(iter(app.url_map.iter_rules(endpoint))).arguments - {"lang"}
    return "/" + address_of(endpoint, lang="en", **{name: values[name] for name in wanted}).split("/", 3)[3]


def test_every_address_about_a_client_is_in_the_table(app):
    known: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("clients.") and "client" in rule.arguments:
            known[rule.endpoint] = (rule.methods or set()) & METHODS
    assert {name: set(answers) for name, answers in TABLE.items()} == known


@pytest.mark.parametrize("relation", RELATIONS)
def test_the_relation_decides_what_is_shown(app, cast, client, relation):
    """And looking changes nothing (SECURITY T1)."""
    story, wrong = scene(cast, relation), []
    client.sign_in(story.asks)
    before = everything(but=TRACES)
    for name, answers in TABLE.items():
        response = client.get(path(app, name, story.values))
        if response.status_code != answers["GET"].to(relation):
            wrong.append(f"{name}: {response.status_code}, not {answers['GET'].to(relation)}")
        if response.status_code == 404 and relation in ("invited", "stranger", "unassigned"):
            wrong += [f"{name} says {word}" for word in ("Lumen", "lumen-optik") if word in response.text]
    assert not wrong, told(wrong)
    assert everything(but=TRACES) == before


@pytest.mark.parametrize("relation", RELATIONS)
def test_the_relation_decides_what_is_changed(app, cast, another, relation):
    """Whoever is refused changes nothing, and is told nothing of the client that it must not know."""
    story, wrong = scene(cast, relation), []
    before = everything(but=TRACES)
    for name, answers in TABLE.items():
        if "POST" not in answers:
            continue
        expected = answers["POST"].to(relation)
        page = another().sign_in(story.asks).post_to(path(app, name, story.values), EMPTY)
        if page.status != expected:
            wrong.append(f"{name}: {page.status}, not {expected}")
        if expected in (403, 404, 410) and everything(but=TRACES) != before:
            wrong.append(f"{name} changes something")
        if expected in (403, 404) and "8.3-of-lumen" in page.response.text:
            wrong.append(f"{name} shows a setting")
        if relation in ("invited", "stranger", "unassigned") and "Lumen" in page.response.text:
            wrong.append(f"{name} names the client")
        before = everything(but=TRACES)
    assert not wrong, told(wrong)


@pytest.mark.parametrize("relation", RELATIONS)
def test_the_list_and_the_menu_name_who_is_reached(app, cast, client, relation):
    """RULES C12, C13: the list keeps a record, the menu leads only where there is something to do."""
    story = scene(cast, relation)
    page = client.sign_in(story.asks).get_page(f"/en/o/{story.values['org']}/clients?status=all")
    in_list = any("Lumen Optik AG" in row.text for row in page.main.all("tr"))
    in_menu = any(link.text == "Lumen Optik AG" for link in page.root.with_class("side")[0].all("a"))
    assert (in_list, in_menu) == (relation in RELATED, relation in REACHING)
