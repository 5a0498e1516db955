"""The tests' own tools."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.factories import make_offer, make_tender, make_user
from tests.proofreading import complaints_about
from tests.times import NOW
from webapp.accounts.models import User
from webapp.extensions import db
from webapp.kept import changed, stamp_of
from webapp.unit import unit_of_work


def test_a_test_finds_an_empty_database(app):
    assert db.session.query(User).count() == 0
    make_user("Somebody")


def test_and_so_does_the_next(app):
    assert db.session.query(User).count() == 0
    make_user("Somebody")


def test_the_cast_is_there(cast, app):
    assert db.session.query(User).count() == 8
    tender = make_tender()
    assert make_offer(tender, cast.lumiere_partner, cast.pierre).tender_id == tender.id
    assert tender.closes_at == NOW + timedelta(days=29)


@dataclass(frozen=True)
class Pair:
    one: User
    other: User
    word: str


def pair(word: str) -> Pair:
    made.append(word)
    publish()
    return Pair(make_user("One"), make_user("Other"), word)


made: list[str] = []


@unit_of_work
def publish() -> None:
    changed("pair")


def test_what_tests_begin_with_is_made_once_and_then_copied(app, installation):
    made.clear()
    installation.forget()
    first = installation.begin_with(pair, "first")
    stamp = stamp_of("pair", db.engine)
    names = first.one.public_id, first.other.public_id
    first.one.name = "Changed"
    make_user("Another")
    db.session.commit()
    db.session.expunge_all()
    installation.forget()
    assert db.session.query(User).count() == 0

    again = installation.begin_with(pair, "first")
    assert made == ["first"]
    assert again.one is not first.one and again.one in db.session and again.one.name == "One"
    assert (again.one.public_id, again.other.public_id, again.word) == (*names, "first")
    assert db.session.query(User).order_by(User.id).all() == [again.one, again.other]
    assert stamp_of("pair", db.engine) not in (None, stamp), "a page that was kept is shown to another test"
    assert make_user("Third").id == again.other.id + 1


def test_what_tests_begin_with_stands_beside_what_they_wrote_before(app, installation):
    installation.forget()
    before = make_user("Before")
    begun = installation.begin_with(pair, "second")
    assert {before, begun.one, begun.other} == set(db.session.query(User))
    db.session.rollback()
    installation.forget()
    installation.begin_with(pair, "second")
    assert db.session.query(User).count() == 2


def test_the_time_stands_still_until_it_is_moved_on(clock):
    from webapp import clock as the_clock

    assert the_clock.now() == NOW
    clock.forward(days=1)
    assert the_clock.now() == NOW + timedelta(days=1)


GOOD = """<!doctype html><html lang="en"><head><title>T – C</title></head>
<body><main><h1>T</h1>%s</main></body></html>"""


def test_a_good_page_has_no_complaints():
    assert complaints_about(GOOD % "<p>Words.</p>", path="/en/") == []


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        ("<h1>Again</h1>", "one h1"),
        ("<p id=a></p><p id=a></p>", "stands 2 times"),
        ("<input name=x>", "no label"),
        ("<form method=post action=/x></form>", "csrf_token"),
        ("<form method=get></form>", "no action"),
        ("<a href=/x><a href=/x>Words</a></a>", "stands in a link"),
        ("<p>1 < 2</p>", "a bare <"),
        ("<p id=a id=b></p>", "has id twice"),
        ("<p 'x'>x</p>", "between its attributes"),
        ("<p style='color:red'>x</p>", "style of its own"),
        ("<p onclick=x>x</p>", "has onclick"),
        ("<script>x</script>", "a script stands"),
        ("<p>Name: None</p>", "None"),
        ("<a href='/o/None'>x</a>", "None"),
        ("<p>%(name)s</p>", "%("),
        ("<p>Tom &amp;amp; Co</p>", "&amp;"),
        ("<p>Ã©t&eacute;</p>", "Ã"),
        ("<p><b>x</p>", "closes <b>"),
        ("<a href=/x><img src=/y alt=''></a>", "no words"),
        ("<h3>x</h3>", "skips a level"),
        ("<button hx-post=/x hx-target=#y>x</button>", "without a script"),
        ("<label for=nothing>x</label>", "points at nothing"),
    ],
)
def test_a_bad_page_is_complained_about(part, complaint):
    assert complaint in " ".join(complaints_about(GOOD.replace("%s", part), path="/en/"))


def test_a_page_speaks_the_language_of_its_address():
    assert "lang is 'en'" in complaints_about(GOOD % "", path="/fr/")
