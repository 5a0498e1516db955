"""Every address, asked by everybody, in every language, in the right way and in wrong ones.

The table is tests/addresses.py. The client proofreads each page on the way.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.addresses import ADDRESSES, ROLES, Address
from tests.browser.stage import Stage, people_and_stage
from tests.client import Page, ProofreadingClient, values_of
from tests.dump import everything
from tests.factories import make_organisation, make_user
from webapp.config import LANGUAGES
from webapp.mailer import address_of

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
# What an answer may leave behind whatever it answers: counted attempts, and when a session was last seen.
SQLITE_ONLY = pytest.mark.parametrize(
    "installation", ["sqlite"], indirect=True
)  # words and links ask no database
TRACES = ("attempts", "user_sessions")

GETS = {name: address for name, address in ADDRESSES.items() if address.get is not None}
POSTS = {name: address for name, address in ADDRESSES.items() if address.post is not None}


@pytest.fixture
def stage(app, installation) -> Stage:
    return installation.begin_with(people_and_stage, 3)


@pytest.fixture
def people(stage, another) -> dict[str, ProofreadingClient]:
    """A browser for each role, signed in."""
    stranger = make_user("Sonja Sonst", email="sonja@elsewhere.example")
    make_organisation("Elsewhere & Co", owner=stranger)
    cast = stage.cast
    users = {
        "stranger": stranger, "helper": cast.hugo, "admin": cast.adam, "owner": cast.nadia,
        "partner_helper": cast.paula, "partner_owner": cast.pierre, "operator": cast.olga,
    }  # fmt: skip
    return {"visitor": another(), **{role: another().sign_in(user) for role, user in users.items()}}


def path(endpoint: str, stage: Stage, language: str = "en", **changed: Any) -> str:
    """Where the endpoint is, without the host."""
    values = {**ADDRESSES[endpoint].values(stage), **changed}
    return "/" + address_of(endpoint, lang=language, **values).split("/", 3)[3]


def told(wrong: list[str]) -> str:
    """For a test's report."""
    return "\n".join([f"{len(wrong)}:", *wrong])


def first_who_may(address: Address, method: str) -> str:
    """The weakest role that is not refused."""
    access = address.posts if method == "POST" and address.posts else address.access
    return next(role for role in ROLES if access.answer(role) is None)


def test_every_address_is_in_the_table_with_its_methods(app):
    known: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        known.setdefault(rule.endpoint, set()).update((rule.methods or set()) & METHODS)
    listed = {
        name: {method for method in ("GET", "POST") if getattr(address, method.lower()) is not None}
        for name, address in ADDRESSES.items()
    }
    assert listed == known


@pytest.mark.parametrize("role", ROLES)
def test_who_may_look_at_what_and_looking_changes_nothing(role, stage, people):
    """Invariant T1; RULES O2; SECURITY: another organisation's page is not there."""
    client, wrong = people[role], []
    before = everything(but=TRACES)
    for name, address in GETS.items():
        language = LANGUAGES[len(name) % 3]
        found, expected = client.get(path(name, stage, language)).status_code, address.expected("GET", role)
        if found != expected:
            wrong.append(f"{name}: {found}, not {expected}")
        if role == "owner" and client.head(path(name, stage, language)).status_code != found:
            wrong.append(f"{name}: HEAD answers something else")
    assert not wrong, told(wrong)
    after = everything(but=TRACES)
    assert [table for table in before if before[table] != after[table]] == []


@pytest.mark.parametrize("role", ROLES)
def test_who_may_not_change_what(role, stage, people):
    client, wrong = people[role], []
    before = everything(but=TRACES)
    for name, address in POSTS.items():
        access = address.posts or address.access
        if (expected := access.answer(role)) is not None:
            page = client.post_to(path(name, stage), address.data(stage))
            if page.status != expected:
                wrong.append(f"{name}: {page.status}, not {expected}")
            if page.status == 303 and "/sign-in" not in page.location:
                wrong.append(f"{name}: leads to {page.location}")
    assert not wrong, told(wrong)
    after = everything(but=TRACES)
    assert [table for table in before if before[table] != after[table]] == []


def emptied(client: ProofreadingClient, target: str, address: Address) -> dict[str, Any]:
    """The form of this page with nothing filled in; nothing at all where there is no page to see it on."""
    if address.get is None:
        return {}
    return dict.fromkeys(values_of(client.get_page(target).form()), "")


def test_an_empty_form_comes_back_with_what_it_asks_for_and_changes_nothing(stage, people):
    wrong = []
    before = everything(but=(*TRACES, "drafts"))
    for name, address in POSTS.items():
        role = first_who_may(address, "POST")
        if address.expected("POST", role) == 422:
            client, target = people[role], path(name, stage, "en")
            page = client.post_to(target, {**emptied(client, target, address), "csrf_token": client.token()})
            if page.status != 422 or not page.errors or not page.title.startswith("Error:"):
                wrong.append(f"{name}: {page.status} {page.title} {page.errors}")
    assert not wrong, told(wrong)
    after = everything(but=(*TRACES, "drafts"))
    assert [table for table in before if before[table] != after[table]] == []


DOING = [
    name for name, address in POSTS.items() if address.expected("POST", first_who_may(address, "POST")) != 422
]


@pytest.mark.parametrize("name", DOING)
def test_whoever_may_does(name, stage, people):
    """Without a script: the answer sends on to a page that says what was done. Twice is never a crash."""
    address = POSTS[name]
    role = first_who_may(address, "POST")
    client, target = people[role], path(name, stage)
    page = client.post_to(target, address.data(stage))
    assert page.status == address.expected("POST", role)
    if page.status == 303:
        following = client.get(page.location)
        assert following.status_code in (200, 303)
    again = client.post_to(target, address.data(stage))
    assert again.status in (200, 204, 303, 404, 409, 410, 415, 422, 429)


@SQLITE_ONLY
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_reads_well_in_every_language(language, stage, people):
    """RULES L1, L2. The client proofreads."""
    for name, address in GETS.items():
        role = first_who_may(address, "GET")
        if address.page and address.expected("GET", role) == 200:
            page = people[role].get_page(path(name, stage, language))
            assert page.headers["Content-Type"] == "text/html; charset=utf-8"
            for other in LANGUAGES:
                assert any(link.startswith(f"/{other}/") for link in page.all_links), (
                    f"{name}: no way to {other}"
                )


@SQLITE_ONLY
@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_is_too_weak_is_told_who_may(language, stage, people):
    for name, address in GETS.items():
        if "helper" in address.access.weak:
            page = people["helper"].get_page(path(name, stage, language), status=403)
            assert "Nadia Noser" in page.text, name


@SQLITE_ONLY
def test_what_a_method_is_not_for_is_said_with_what_it_is_for(app, stage, people):
    known: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        known.setdefault(rule.rule, set()).update(rule.methods or set())
    wrong = []
    for rule in app.url_map.iter_rules():
        target = path(rule.endpoint, stage)
        for method in sorted(METHODS - known[rule.rule]):
            response = people["owner"].open(
                target, method=method, data={"csrf_token": people["owner"].token()}
            )
            if response.status_code != 405 or method in response.headers.get("Allow", method):
                wrong.append(f"{method} {rule.rule}: {response.status_code} {response.headers.get('Allow')}")
    assert not wrong, told(wrong)


# --- ids of others, ids of nobody ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_things_of_another_organisation_are_not_there(method, stage, another):
    """SECURITY, threat 1: Berta asks through her own organisation for what is Lumen's and Lumière's."""
    client, wrong = another().sign_in(stage.cast.berta), []
    for name in {"GET": GETS, "POST": POSTS}[method]:
        values = ADDRESSES[name].values(stage)
        if "org" not in values or len(values) == 1:
            continue
        if "tender" in values and name != "tenders.sent_show":
            values["tender"] = stage.unconfirmed.public_id  # it did not go to her
        target = path(name, stage, **{**values, "org": stage.cast.bergwerk.public_id})
        status = client.get(target).status_code if method == "GET" else client.post_to(target).status
        if status != 404:
            wrong.append(f"{name}: {status}")
    assert not wrong, told(wrong)


NO_IDS = {"lang", "topic", "number", "mail", "filename", "language", "size", "kind", "nth"}
NONSENSE = ("x", "a" * 26, "a" * 65, "0", "-1", "%00", "%F0%9F%92%A3", "..%2F..", "'%20OR%201=1", "z" * 2000)


@pytest.mark.parametrize("shift", range(3))
def test_an_id_of_nothing_is_no_page_and_never_a_crash(shift, app, stage, people):
    """Each part of each address meets some of them, and in one of the three runs a blank byte."""
    wrong, n = [], 0
    for rule in app.url_map.iter_rules():
        for part in sorted((rule.arguments or set()) - NO_IDS):
            for method in ("GET", "POST"):
                address = ADDRESSES[rule.endpoint]
                if getattr(address, method.lower()) is None:
                    continue
                n += 1
                nonsense = "%00" if n % 3 == shift else NONSENSE[(n + shift) % len(NONSENSE)]
                client = people[first_who_may(address, method)]
                target = path(rule.endpoint, stage, **{part: "MARK"}).replace("MARK", nonsense)
                status = client.get(target).status_code if method == "GET" else client.post_to(target).status
                begins = part == "draft" and status in (200, 422)  # any well-formed key begins a form
                begins = begins or (rule.endpoint == "arrivals.follow" and status == 302)  # to the first page
                if status not in (303, 404, 410) and not begins:
                    wrong.append(f"{method} {rule.endpoint} {part}={nonsense[:9]}: {status}")
    assert not wrong, told(wrong)


ODD_QUERIES = (
    "page=0&q=%00&state=zzz&tab=zzz&service=zzz&language=zz&country=zz&region=zz&speaks=zz&kind=zz&org=zz",
    "page=-1&q=%25_%5C%27%22&state=&tab=&service=&language=&country=&region=&speaks=&kind=&next=",
    "page=99999999999999999999999&q=" + "x" * 3000 + "&next=//evil.example",
    "page=1e9&page=x&q=%F0%9F%92%A3%E2%80%AE&q=a&service=web&service=mail&next=javascript:alert(1)",
    "page=%D9%A3&%FF=%FF&q=%ED%A0%80&=&&;a;b",
)


@pytest.mark.parametrize("query", ODD_QUERIES, ids=range(len(ODD_QUERIES)))
def test_no_query_breaks_a_page(query, stage, people):
    wrong = []
    for name, address in GETS.items():
        role = first_who_may(address, "GET")
        response = people[role].get(f"{path(name, stage)}?{query}")
        if response.status_code not in (address.expected("GET", role), 404):
            wrong.append(f"{name}: {response.status_code}")
        if "evil.example" in response.headers.get("Location", ""):
            wrong.append(f"{name}: leads to {response.headers['Location']}")
    assert not wrong, told(wrong)


def links_of(page: Page) -> set[str]:
    """The addresses of this site that a page leads to, without their anchors."""
    return {link.split("#")[0] for link in page.all_links if link.startswith("/")} - {""}


@SQLITE_ONLY
@pytest.mark.parametrize("role", ROLES)
def test_no_link_leads_into_the_void(role, stage, people):
    """Whoever follows every link of every page finds a page, or is told who may."""
    client = people[role]
    seen: set[str] = set()
    waiting = {
        path(name, stage) for name, address in GETS.items() if address.page and role in address.access.may
    }
    wrong = []
    while waiting:
        target = waiting.pop()
        seen.add(target)
        response = client.get(target)
        if (
            response.status_code >= 400
            and response.status_code != 403
            and target != path("backoffice.setup", stage)
        ):
            wrong.append(f"{target}: {response.status_code}")
        if response.mimetype == "text/html" and response.status_code == 200 and target.startswith("/en"):
            found = {link for link in links_of(Page(response)) if link.startswith("/en")}
            waiting |= {link for link in found if link not in seen and link.count("page=") == 0}
    assert not wrong, told(wrong)
