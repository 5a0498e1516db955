"""The story of the demo: on both databases, through the real actions, by the real clock."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from webapp import clock
from webapp.accounts import passwords
from webapp.accounts import queries as accounts
from webapp.accounts.models import Organisation, User
from webapp.demo import people, sign_ins, story
from webapp.directory import queries as directory
from webapp.directory.models import Application, PartnerAccount
from webapp.extensions import db
from webapp.mailer import QueuedMail
from webapp.organisations.models import ColleagueInvitation
from webapp.tenders.models import Offer, Tender
from webapp.tenders.rules import Status

real_now = clock.now  # before a fixture makes the clock stand


@pytest.fixture
def told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The story, told now; the moment at which it ends."""
    monkeypatch.setattr("webapp.clock.now", real_now)
    story.tell(app)
    return real_now()


def count(rows: sa.Select[tuple[object]]) -> int:
    """How many rows there are."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0


def test_everybody_is_there_once_it_is_told(told: datetime) -> None:
    assert story.told()
    listed = db.session.scalars(sa.select(PartnerAccount).where(PartnerAccount.listed_at.is_not(None))).all()
    assert len(listed) == 12
    assert {text.language for partner in listed for text in partner.texts} == {"en", "fr", "de"}
    assert {partner.country for partner in listed} == {"CH", "DE", "FR", "AT", "LI"}
    assert sum(partner.logo is not None for partner in listed) >= 6
    assert {partner.tender_mail for partner in listed} == {"at_once", "daily", "never"}
    names = set(db.session.scalars(sa.select(Organisation.name)))
    assert names >= {client.name for client in people.CLIENTS}
    assert [operator.name for operator in accounts.operators()] == ["Olga Brunner"]

    # applications (RULES A4) and colleagues who have not answered (RULES O2)
    states = sorted(application.state for application in db.session.scalars(sa.select(Application)))
    assert (states.count("waiting"), states.count("rejected"), states.count("approved")) == (2, 1, 12)
    open_invitations = sa.select(ColleagueInvitation.id).where(ColleagueInvitation.accepted_at.is_(None))
    assert count(open_invitations) == 2

    # volumes: reached, on the way, not reached, not recorded (RULES A2)
    standings = [directory.volume_of(partner, now=told) for partner in listed]
    assert {(s.managed is not None, s.reached, s.in_grace) for s in standings} == {
        (True, True, False), (True, False, True), (True, False, False), (False, False, False),
    }  # fmt: skip

    # somebody belongs to two organisations (RULES O1)
    julien = accounts.user_by_email(people.JULIEN.email)
    assert julien is not None
    assert len(accounts.memberships(julien)) == 2


def test_calls_are_in_every_state(told: datetime) -> None:
    """RULES T3, T5, T6, T7."""
    calls = db.session.scalars(sa.select(Tender)).all()
    assert {call.status(told) for call in calls} == set(Status)
    open_calls = [call for call in calls if call.status(told) is Status.OPEN]
    assert {len(call.offers) > 0 for call in open_calls} == {True, False}
    assert any(call.extended_at for call in open_calls)
    assert any(not call.openings for call in open_calls)
    assert {call.language for call in calls} == {"en", "fr", "de"}
    assert any(call.organisation_id for call in calls)
    assert any(call.organisation_id is None for call in calls)

    erased = [call for call in calls if call.erased_at]
    assert [(call.title, call.contact_email, call.contact_name) for call in erased] == [("", None, None)]
    awarded = next(call for call in calls if call.awarded_at)
    assert sorted(bool(offer.accepted_at) for offer in awarded.offers) == [False, False, True]
    assert count(sa.select(Offer.id).where(Offer.pdf_id.is_not(None))) >= 1


def test_its_mail_has_left_and_one_is_dead(told: datetime, app: Flask) -> None:
    states = dict(
        db.session.execute(
            sa.select(
                QueuedMail.kind + sa.literal(" ") + QueuedMail.address, QueuedMail.dead_at.is_not(None)
            ).where(QueuedMail.sent_at.is_(None), QueuedMail.cancelled_at.is_(None))
        ).all()
    )
    dead = [what for what, is_dead in states.items() if is_dead]
    assert dead == [f"tender_confirm {story.MISTYPED}"]
    assert len(states) == 1, "mail is still waiting"
    sent_ones = QueuedMail.sent_at.is_not(None)
    kinds = set(db.session.scalars(sa.select(QueuedMail.kind).where(sent_ones)))
    assert kinds >= {
        "verify_address", "colleague_invited", "application_waiting", "application_rejected",
        "tender_confirm", "tender_excerpt", "tender_digest", "tender_opened", "tender_closing",
        "tender_expired", "tender_cancelled", "tender_over",
        "offer_received", "offer_accepted", "offer_not_chosen",
    }  # fmt: skip
    excerpts = QueuedMail.kind == "tender_excerpt"
    languages = set(db.session.scalars(sa.select(QueuedMail.language).where(excerpts)))
    assert languages == {"en", "fr", "de"}
    folder = app.config["SETTINGS"].mail_server.folder
    sent = count(sa.select(QueuedMail.id).where(sent_ones))
    erased = 2  # with the erased call, the rows of its mails to the requester are gone
    assert sent <= len(list(folder.glob("*.eml"))) <= sent + 2 * erased


def test_the_people_shown_can_sign_in(told: datetime) -> None:
    """UX 5.15: one password, made of the secret key, shown in demo mode only."""
    for shown in sign_ins.sign_ins():
        person = accounts.user_by_email(shown.email)
        assert person is not None and person.verified_at, shown.email
        assert person.name == shown.name
    olga = accounts.user_by_email(people.OLGA.email)
    assert olga is not None
    assert passwords.matches(olga.password_hash, sign_ins.password())
    assert not passwords.weakness(sign_ins.password(), olga.email, olga.name)


def test_nothing_is_told_twice(app: Flask) -> None:
    assert not story.told()
    assert db.session.scalar(sa.select(User.id)) is None


def test_numbers_of_companies_are_right() -> None:
    """RULES O3: the register numbers pass the check that forms make."""
    from webapp.accounts.rules import check_register_number

    companies = [partner.company for partner in people.PARTNERS] + list(people.CLIENTS)
    companies += [each.company for each in (people.OCTOPUS, people.KIRCHNER, people.FASTRANK)]
    for company in companies:
        if company.register_number:
            assert check_register_number(company.register_number, company.country).valid, company.name
