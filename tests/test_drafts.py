"""Drafts: Back, reload and two tabs are safe, and finishing happens once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.threads import at_once
from tests.times import NOW
from webapp import drafts
from webapp.drafts import LIFETIME, MOST, Draft, find, new_key, save
from webapp.extensions import db
from webapp.unit import unit_of_work

finish = unit_of_work(drafts.finish)


def test_what_was_typed_is_found_again(app):
    key = new_key()
    assert find("tender", key, now=NOW) is None
    save("tender", key, {"title": "Shop"}, now=NOW)
    save("tender", key, {"title": "A shop"}, now=NOW)
    assert find("tender", key, now=NOW).data == {"title": "A shop"}
    assert db.session.scalar(sa.select(sa.func.count(Draft.id))) == 1


def test_it_is_found_by_its_key_and_kind_only(app):
    key = new_key()
    save("tender", key, {}, now=NOW)
    assert find("other", key, now=NOW) is None
    assert find("tender", new_key(), now=NOW) is None


@pytest.mark.parametrize("key", ["", "x", "A" * 26, "a" * 27, "a" * 25 + "\n", "../../etc"])
def test_a_malformed_key_is_no_key(app, key):
    assert find("tender", key, now=NOW) is None
    with pytest.raises(ValueError):
        save("tender", key, {}, now=NOW)


def test_the_key_is_not_in_the_database(app):
    key = new_key()
    draft = save("tender", key, {}, now=NOW)
    assert key not in (draft.key_hash, str(draft.data))


def test_finishing_happens_once(app):
    """RULES T1: a double click makes one call."""
    key = new_key()
    draft = save("tender", key, {"title": "Shop"}, now=NOW)
    assert finish(draft, now=NOW)
    assert not finish(draft, now=NOW)
    assert save("tender", key, {"title": "Changed"}, now=NOW).data == {"title": "Shop"}


def test_at_once_one_finishes(app):
    draft = save("tender", new_key(), {}, now=NOW)

    def act():
        return finish(db.session.get_one(Draft, draft.id), now=NOW)

    assert sorted(at_once(app, *[act] * 5)) == [False] * 4 + [True]


def test_two_who_send_the_first_page_at_once_share_one_draft(app):
    key = new_key()
    at_once(app, *[lambda: save("tender", key, {"title": "Shop"}, now=NOW).id] * 2)
    assert db.session.scalar(sa.select(sa.func.count(Draft.id))) == 1
    assert find("tender", key, now=NOW).data == {"title": "Shop"}


def test_the_oldest_drafts_of_one_person_make_room(app):
    """SECURITY: whoever begins and begins again does not fill the disk. What was finished stays, to be known again."""
    done, old, older, *rest = (new_key() for _ in range(MOST + 2))

    def keep(key, seconds):
        return save("order", key, {"by": "nadia"}, now=NOW + timedelta(seconds=seconds))

    others = [save("order", new_key(), {"by": "adam"}, now=NOW), save("tender", new_key(), {}, now=NOW)]
    assert finish(keep(done, 0), now=NOW)
    for n, key in enumerate((old, older, *rest[:-1]), 1):
        keep(key, n)
    keep(old, 100)  # of all of them it is the newest now
    assert all(find("order", key, now=NOW) for key in (done, old, older, *rest[:-1]))
    keep(rest[-1], 101)
    assert find("order", older, now=NOW) is None
    assert all(find("order", key, now=NOW) for key in (done, old, *rest))
    assert db.session.scalar(sa.select(sa.func.count(Draft.id))) == len(others) + 1 + MOST
    assert keep(older, 102).data == {"by": "nadia"}


def test_drafts_are_forgotten_after_a_day(app):
    key = new_key()
    save("tender", key, {}, now=NOW)
    assert drafts.forget_old(now=NOW + LIFETIME - timedelta(seconds=1)) == 0
    assert find("tender", key, now=NOW + LIFETIME) is None
    assert drafts.forget_old(now=NOW + LIFETIME) == 1
