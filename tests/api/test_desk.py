"""The operator's pages: keys are shown once, and messages say what to do about them."""

from __future__ import annotations

import itertools
import re
import subprocess
from datetime import timedelta

import pytest

from tests.api.story import Shop, event_of, make_api_key, order_of, orders, take
from tests.client import Page, values_of
from tests.factories import PASSWORD, make_plan
from webapp.api import queries
from webapp.api.signing import read_secret
from webapp.extensions import db

MESSAGES, KEYS, NEW = "/en/admin/messages", "/en/admin/keys", "/en/admin/keys/new"


@pytest.fixture
def desk(client, cast):
    return client.sign_in(cast.olga)


@pytest.fixture
def plan(app):
    return make_plan("web-pro")


def revocation(key):
    return f"{KEYS}/{key.public_id}/revocation"


def secret_on(page: Page) -> str:
    (shown,) = page.root.with_class("once")
    return shown.text


# --- keys ---------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_signs(desk, another, cast, plan, clock):
    page = desk.submit(NEW, {"name": "Shop", "password": PASSWORD})
    assert page.status == 200
    assert page.headers["Cache-Control"] == "no-store"
    secret = secret_on(page)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    shop = Shop(another(), [read_secret(secret)], lambda: clock.now)
    assert shop.order(order_of(cast.lumen, plan)).status_code == 200
    for address in (KEYS, NEW, MESSAGES, revocation(queries.valid_keys()[0])):
        assert secret not in desk.get_page(address).response.text


def test_a_browser_that_sends_the_form_again_sees_nothing_and_makes_nothing(desk):
    """Reload, Back and a double click."""
    typed = {**values_of(desk.get_page(NEW).form()), "name": "Shop", "password": PASSWORD}
    first = Page(desk.post(NEW, data=typed))
    again = Page(desk.post(NEW, data=typed))
    assert again.status == 409
    assert again.errors == [
        "This key was made and shown already. If nobody has kept it, revoke it and make another one."
    ]
    assert secret_on(first) not in again.response.text
    assert len(queries.keys()) == 1


def test_keys_ask_for_the_password(desk, cast):
    """SECURITY: whoever sits down at somebody's desk makes no key, and revokes none."""
    page = desk.submit(NEW, {"name": "Shop"})
    assert (page.status, page.errors) == (422, ["Enter your password."])
    page = desk.submit(NEW, {"name": "Shop", "password": "wrong"})
    assert (page.status, page.errors) == (422, ["This is not your password."])
    assert queries.keys() == []
    key = make_api_key(cast.olga)
    page = desk.submit(revocation(key), {"password": "wrong"})
    assert (page.status, page.errors) == (422, ["This is not your password."])
    assert queries.valid_keys() == [key]


def test_a_key_has_a_name(desk):
    page = desk.submit(NEW, {"name": " ", "password": PASSWORD})
    assert page.errors == ["Give the key a name, such as that of the shop."]
    page = Page(
        desk.post(
            NEW,
            data={
                **values_of(desk.get_page(NEW).form()),
                "form_key": "x",
                "name": "Shop",
                "password": PASSWORD,
            },
        )
    )
    assert page.errors == ["Send the form again."]
    assert values_of(page.form())["form_key"] != "x"


def test_a_third_key_has_to_wait(desk, cast):
    make_api_key(cast.olga, "Old")
    typed = {**values_of(desk.get_page(NEW).form()), "name": "Third", "password": PASSWORD}
    make_api_key(cast.olga, "New")
    assert "Revoke one before you make another." in desk.get_page(NEW)
    assert NEW not in desk.get_page(KEYS).links.values()
    page = Page(desk.post(NEW, data=typed))
    assert (page.status, page.errors) == (
        409, ["Two keys are valid already. Revoke one before you make another."],
    )  # fmt: skip


def test_a_revoked_key_stays_in_the_list(desk, cast, clock):
    key = make_api_key(cast.olga, "Old shop")
    page = desk.get_page(revocation(key))
    assert "It was never used." in page
    page = desk.submit(revocation(key), {"password": PASSWORD})
    assert page.location == KEYS
    listed = desk.get_page(KEYS)
    assert listed.notices == ["The key Old shop is revoked."]
    assert "Old shop Revoked" in listed.text
    assert desk.get(revocation(key)).status_code == 303
    db.session.refresh(key)
    revoked = key.revoked_at
    clock.forward(days=1)
    desk.post_to(revocation(key))
    db.session.refresh(key)
    assert key.revoked_at == revoked


def test_the_list_says_when_a_key_was_last_used(desk, cast, clock, another, plan):
    key = make_api_key(cast.olga, "Shop")
    assert "Never" in desk.get_page(KEYS)
    clock.forward(days=3)
    desk.sign_in(cast.olga)
    Shop(another(), [key.secret], lambda: clock.now).event(event_of("paid"))
    assert "24 Nov 2026, 11:00" in desk.get_page(KEYS)
    assert "It was last used on 24 Nov 2026" in desk.get_page(revocation(key))


def test_the_example_of_the_page_places_an_order(desk, another, cast, plan, clock, tmp_path):
    """It is run as it stands there, by a shell whose `curl` and `date` are ours."""
    page = desk.submit(NEW, {"name": "Shop", "password": PASSWORD})
    (example,) = page.root.with_class("example")
    script = "".join(
        each if isinstance(each, str) else each.text_as_is for each in example.all("code")[0].children
    )
    script = script.replace('"client": "…"', f'"client": "{cast.lumen.public_id}"')
    script = script.replace('"plan": "…"', f'"plan": "{plan.code}"')
    seconds, moment = int(clock.now.timestamp()), clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    ours = f"""
set -eu
date() {{ case "$*" in *T*) echo {moment};; *) echo {seconds};; esac; }}
curl() {{ for each; do printf '%s\\0' "$each"; done; }}
"""
    done = subprocess.run(["bash", "-c", ours + script], capture_output=True, check=True)
    words = done.stdout.decode().split("\0")[:-1]
    headers = [word.split(": ", 1) for before, word in itertools.pairwise(words) if before == "-H"]
    assert words[-1] == "http://localhost/api/v1/orders"
    answer = another().post(words[-1], data=words[words.index("--data-binary") + 1], headers=headers)
    assert answer.status_code == 200, answer.text
    assert [order.outside for order in orders()] == ["test-1"]


# --- messages -----------------------------------------------------------------------------------------------


def rows(page, heading):
    """The shop's numbers in the table under this heading."""
    for section in page.main.all("section"):
        if section.all("h2")[0].text == heading:
            return [row.all("span")[0].text for row in section.all("tr")[1:]]
    return []


def test_messages_are_listed_by_what_is_to_be_done(desk, cast, plan, now):
    assert "No messages yet" in desk.get_page(MESSAGES)
    take(event_of("paid", "1.00", "EUR", external_id="a"))
    take(event_of("paid", external_id="b"))
    take(event_of("refunded", "9.00", external_id="c", reason="Too slow"))
    page = desk.get_page(MESSAGES)
    assert rows(page, "Waiting for their order") == ["a", "b", "c"]
    assert "Too slow" in page
    order = take({**order_of(cast.lumen, plan), "external_id": "a"})
    page = desk.get_page(MESSAGES)
    assert rows(page, "Waiting for their order") == ["b", "c"]
    assert rows(page, "To look up in the shop") == ["a"]
    assert rows(page, "Newest messages") == ["a", "a"]
    assert "It names another currency than its order, so nothing was booked." in page
    assert page.links[order.number] == f"/en/admin/orders/{order.public_id}"


def test_an_order_leads_to_its_messages(desk, cast, plan):
    for number in ("shop/1&2", "other"):
        order = take({**order_of(cast.lumen, plan), "external_id": number})
    order = orders()[0]
    address = desk.get_page(f"/en/admin/orders/{order.public_id}").links["shop/1&2"]
    assert rows(desk.get_page(address), "Newest messages") == ["shop/1&2"]
    assert "No message found" in desk.get_page(f"{MESSAGES}?q=zzz")
    assert rows(desk.get_page(f"{MESSAGES}?q=OTHER"), "Newest messages") == ["other"]


def test_the_newest_hundred_are_shown(desk, cast, plan, now):
    take(order_of(cast.lumen, plan, 4))
    for n in range(101):
        take(event_of("paid", "0.01"), f"msg_{n}_of_many", now=now + timedelta(seconds=n))
    text = desk.get_page(MESSAGES).text
    assert "msg_1_of_many" in text and "msg_100_of_many" in text
    assert "msg_0_of_many" not in text


def test_the_id_of_a_client_is_on_its_page(desk, cast):
    assert cast.lumen.public_id in desk.get_page(f"/en/admin/organisations/{cast.lumen.public_id}").text


def test_nobody_else_has_a_desk(another, cast):
    """RULES O2."""
    key = make_api_key(cast.olga)
    for address in (MESSAGES, KEYS, NEW, revocation(key)):
        assert another().sign_in(cast.nadia).get(address).status_code == 404
