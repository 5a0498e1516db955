"""Links in mails: opening shows, posting acts once, a stolen database opens nothing (invariants T1 to T4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.threads import at_once
from tests.times import NOW
from webapp import links
from webapp.extensions import db
from webapp.unit import unit_of_work

LATER = NOW + timedelta(days=3)


@pytest.fixture
def link(app):
    return unit_of_work(links.issue)("reset", 7, expires_at=LATER, now=NOW)


def find(token, *, purpose="reset", now=NOW):
    return links.find(purpose, token, now=now)


consume = unit_of_work(links.consume)


def test_the_token_finds_the_link_as_often_as_it_is_opened(link):
    assert find(link.token).subject == 7
    assert find(link.token).subject == 7


def test_a_link_acts_once(link):
    """RULES T4, invariant T2."""
    assert consume(link, now=NOW)
    assert not consume(link, now=NOW)
    assert find(link.token) is None


def test_of_many_who_use_a_link_at_once_one_succeeds(app, link):
    def use():
        return consume(db.session.get_one(links.Link, link.id), now=NOW)

    assert sorted(at_once(app, *[use] * 6)) == [False] * 5 + [True]


def test_it_expires(link):
    assert find(link.token, now=LATER - timedelta(seconds=1))
    assert find(link.token, now=LATER) is None
    assert not consume(link, now=LATER)


def test_a_new_link_ends_the_older_one(link):
    """Invariant T3."""
    newer = unit_of_work(links.issue)("reset", 7, expires_at=LATER, now=NOW)
    assert find(link.token) is None
    assert find(newer.token).id == newer.id
    assert links.live("reset", 7).token == newer.token


def test_other_links_are_left_alone(link):
    unit_of_work(links.issue)("reset", 8, expires_at=LATER, now=NOW)
    unit_of_work(links.issue)("verify", 7, expires_at=LATER, now=NOW)
    assert find(link.token)


def test_a_link_opens_only_what_it_is_for(link):
    assert find(link.token, purpose="verify") is None


BENT = {
    "empty": lambda token: "",
    "shorter": lambda token: token[:-1],
    "longer": lambda token: token + "A",
    "other end": lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
    "other start": lambda token: ("A" if token[0] != "A" else "B") + token[1:],
    "without proof": lambda token: token[:22] + "A" * 43,
    "other case": lambda token: token.swapcase(),
    "line feed": lambda token: token + "\n",
    "accents": lambda token: "é" * 65,
    "injection": lambda token: "' OR 1=1 --".ljust(65, "x"),
    "huge": lambda token: "x" * 100_000,
}


@pytest.mark.parametrize("bend", BENT)
def test_malformed_and_unknown_tokens_are_answered_like_used_ones(link, bend):
    """Invariant T2."""
    assert find(BENT[bend](link.token)) is None


def test_the_database_holds_nothing_that_opens_anything(link):
    """Invariant T4: the proof in the token is in no column."""
    row = db.session.execute(sa.select(links.Link.__table__)).mappings().one()
    stored = " ".join(map(str, row.values()))
    assert link.token not in stored and link.token[22:] not in stored
    for part in (stored, row["selector"], row["selector"].ljust(65, "A")):
        assert find(part) is None


def test_another_key_of_the_operator_ends_all_links(app, link, monkeypatch):
    token = link.token
    settings = replace(app.config["SETTINGS"], secret_key="another-key-0123456789-0123456789")
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    assert find(token) is None


def test_a_stop_link_names_what_it_stops(app):
    token = links.stop_token("tenders", "abc")
    assert links.read_stop_token(token) == ("tenders", "abc")
    assert links.read_stop_token(token[:-1]) is None
    assert links.read_stop_token("") is None
    assert links.read_stop_token("a.b.c") is None
