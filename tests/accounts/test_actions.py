"""Changes of people and sessions, on both databases."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import PASSWORD, make_user
from tests.threads import at_once
from webapp import links
from webapp.accounts import actions, queries, rules
from webapp.accounts.models import (
    Organisation,
    User,
    UserSession,
    token_hash,
)
from webapp.accounts.passwords import hash_password, matches
from webapp.accounts.rules import Kind, OrganisationDetails, Role
from webapp.audit import AuditEvent
from webapp.extensions import db
from webapp.mailer import QueuedMail
from webapp.refused import Gone

NEW_PASSWORD = "seven geese on a ladder"
HASH = hash_password(NEW_PASSWORD)

DETAILS = OrganisationDetails(
    kind=Kind.COMPANY, name="Atelier Brun SA", street="Rue Haute 2", postcode="1003", city="Lausanne",
    country="CH", register_number="CHE-107.787.577",
)  # fmt: skip


def sign_up(now, **changed):
    values = {
        "name": "Nora Neu",
        "email": "nora@example.com",
        "password_hash": HASH,
        "language": "fr",
        **changed,
    }
    actions.sign_up(values.pop("details", DETAILS), **values, now=now)


def waiting(kind=None):
    mails = db.session.scalars(sa.select(QueuedMail).order_by(QueuedMail.id))
    return [(mail.kind, mail.address) for mail in mails if kind in (None, mail.kind)]


def done():
    return list(db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


# --- signing up ---------------------------------------------------------------------------------------------


def test_a_person_signs_up_with_an_organisation(app, now):
    """RULES O1, O2, O3: the person is its legal representative, the country gives the currency."""
    sign_up(now)
    nora = queries.user_by_email("nora@example.com")
    (membership,) = queries.memberships(nora)
    organisation = membership.organisation
    assert (nora.language, nora.region, nora.verified_at) == ("fr", "CH", None)
    assert membership.role is Role.LEGAL_REPRESENTATIVE
    assert (organisation.kind, organisation.currency, organisation.language) == (Kind.COMPANY, "CHF", "fr")
    assert organisation.register_number == "CHE-107.787.577"
    assert waiting() == [("verify_address", "nora@example.com")]
    assert done() == ["person.signed_up"]


@pytest.mark.parametrize(
    ("country", "currency"), [("CH", "CHF"), ("LI", "CHF"), ("FR", "EUR"), ("GB", "EUR")]
)
def test_the_country_gives_the_currency(app, now, country, currency):
    """RULES O3"""
    sign_up(now, details=OrganisationDetails(Kind.INDIVIDUAL, "Nora Neu", "Weg 1", "1000", "Ort", country))
    assert db.session.scalars(sa.select(Organisation)).one().currency == currency


def test_a_known_address_gets_a_mail_and_nothing_changes(app, now):
    known = make_user("Nora Alt", email="nora@example.com")
    sign_up(now)
    assert waiting() == [("already_registered", "nora@example.com")]
    assert db.session.scalars(sa.select(User)).all() == [known]
    assert known.name == "Nora Alt" and matches(known.password_hash, PASSWORD)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Organisation)) == 0


def test_what_a_stranger_typed_first_is_no_password_of_the_address_s_owner(app, now):
    """Somebody opens an account with my address and waits until I confirm it."""
    sign_up(now, name="Mallory", password_hash=hash_password("the stranger’s own one"))
    verify = links.live("verify", queries.user_by_email("nora@example.com").id).token
    sign_up(now + timedelta(hours=1))
    nora = queries.user_by_email("nora@example.com")
    assert not matches(nora.password_hash, "the stranger’s own one")
    assert not matches(nora.password_hash, NEW_PASSWORD)
    assert links.find("verify", verify, now=now + timedelta(hours=1)) is None
    assert links.live("reset", nora.id)


def test_a_double_click_on_sign_up_is_one_account_and_one_mail(app, now):
    sign_up(now)
    sign_up(now)
    assert waiting() == [("verify_address", "nora@example.com")]
    assert matches(queries.user_by_email("nora@example.com").password_hash, NEW_PASSWORD)


def test_two_sign_ups_at_once_are_one_account(app, now):
    results = at_once(app, lambda: sign_up(now), lambda: sign_up(now), lambda: sign_up(now))
    assert results == [None, None, None]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 1
    assert waiting() == [("verify_address", "nora@example.com")]


def test_the_link_verifies_once(app, now):
    sign_up(now)
    nora = queries.user_by_email("nora@example.com")
    token = links.live("verify", nora.id).token
    link = links.find("verify", token, now=now)
    assert actions.verify_address(link, now=now).verified_at == now
    assert links.find("verify", token, now=now) is None
    with pytest.raises(Gone):
        actions.verify_address(link, now=now)


def test_sending_the_verification_again_kills_the_older_link(app, now):
    sign_up(now)
    nora = queries.user_by_email("nora@example.com")
    older = links.live("verify", nora.id).token
    actions.send_verification("nora@example.com", now=now + timedelta(seconds=30))
    assert len(waiting()) == 1, "a double click sends nothing"
    actions.send_verification("nora@example.com", now=now + timedelta(minutes=5))
    assert len(waiting()) == 2
    assert links.find("verify", older, now=now) is None


def test_a_verification_is_sent_to_nobody_unknown_or_verified(app, now):
    make_user(email="done@example.com")
    actions.send_verification("done@example.com", now=now)
    actions.send_verification("unknown@example.com", now=now)
    assert waiting() == []


def test_the_first_operator_is_made_once(app, now):
    olga = actions.create_first_operator("Olga", "olga@example.com", NEW_PASSWORD, "de", now=now)
    assert (
        olga.operator_since == now and olga.verified_at == now and matches(olga.password_hash, NEW_PASSWORD)
    )
    with pytest.raises(rules.OperatorExists):
        actions.create_first_operator("Otto", "otto@example.com", NEW_PASSWORD, "de", now=now)


def test_two_first_operators_at_once_are_one(app, now):
    make = [
        lambda n=n: actions.create_first_operator("Olga", f"olga{n}@example.com", NEW_PASSWORD, "de", now=now)
        for n in range(3)
    ]
    results = at_once(app, *make)
    assert sum(isinstance(result, rules.OperatorExists) for result in results) == 2
    assert len(queries.operators()) == 1


def test_an_account_does_not_become_the_operator_s_by_its_address(app, now):
    make_user(email="nora@example.com")
    with pytest.raises(rules.AddressTaken):
        actions.create_first_operator("Olga", "nora@example.com", NEW_PASSWORD, "de", now=now)
    assert queries.operators() == []


# --- sessions and passwords ---------------------------------------------------------------------------------


def start(person, now, **values):
    values = {
        "kept": False,
        "browser": "",
        "address": "192.0.2.1",
        "seen_hash": person.password_hash,
        **values,
    }
    return actions.sign_in(person, **values, now=now)


def test_a_session_is_found_by_its_token_and_ends(app, now):
    token, row = start(make_user(), now)
    assert token not in row.token_hash
    assert queries.who(token_hash(token), now=now).session_id == row.id
    actions.end_session(row, by=row.user, now=now)
    assert queries.who(token_hash(token), now=now) is None


def test_a_session_that_is_used_does_not_idle_out(app, now):
    token, row = start(make_user(), now)
    later = now + timedelta(minutes=50)
    actions.see(row, now=later)
    assert queries.who(token_hash(token), now=later + timedelta(minutes=50))
    assert queries.who(token_hash(token), now=later + timedelta(minutes=60)) is None


def test_a_session_knows_when_the_password_was_shown_last(app, now):
    _token, row = start(make_user(), now, confirmed=True)
    assert row.confirmed_at == now
    later = now + timedelta(minutes=20)
    actions.confirm_session(row, now=later)
    assert row.confirmed_at == later
    assert rules.confirmation_holds(row.confirmed_at, now=later + timedelta(minutes=14, seconds=59))
    assert not rules.confirmation_holds(row.confirmed_at, now=later + timedelta(minutes=15))


def test_a_session_by_a_mailed_link_has_shown_no_password(app, now):
    _token, row = start(make_user(), now)
    assert not rules.confirmation_holds(row.confirmed_at, now=now)


def test_an_ended_session_is_not_confirmed(app, now):
    _token, row = start(make_user(), now)
    actions.end_session(row, by=row.user, now=now)
    actions.confirm_session(row, now=now)
    assert row.confirmed_at is None


def test_an_ended_session_is_not_revived_by_being_seen(app, now):
    token, row = start(make_user(), now)
    actions.end_session(row, by=row.user, now=now)
    actions.see(row, now=now + timedelta(minutes=5))
    assert queries.who(token_hash(token), now=now) is None


def test_operators_are_not_kept_signed_in(app, now):
    """SECURITY: longer sessions only without elevated rights."""
    assert start(make_user(), now, kept=True)[1].kept
    assert not start(make_user(operator_since=now), now, kept=True)[1].kept


def test_a_password_that_changed_while_it_was_compared_opens_nothing(app, now):
    person = make_user()
    with pytest.raises(rules.WrongPassword):
        start(person, now, seen_hash=HASH)


def test_a_disabled_account_opens_nothing(app, now):
    person = make_user(disabled_at=now)
    with pytest.raises(rules.WrongPassword):
        start(person, now)
    assert queries.user_with_password(person.email, PASSWORD) is None


def test_a_new_password_ends_the_other_sessions(app, now):
    person = make_user()
    (this, row), (other, _row) = start(person, now), start(person, now)
    actions.change_password(
        person, seen_hash=person.password_hash, password_hash=HASH, but=row, by=person, now=now
    )
    assert queries.who(token_hash(this), now=now)
    assert queries.who(token_hash(other), now=now) is None
    assert matches(person.password_hash, NEW_PASSWORD)
    assert row.confirmed_at == now
    assert waiting() == [("password_changed", person.email)]


def test_a_reset_works_once_and_ends_all_sessions(app, now):
    person = make_user(verified_at=None)
    token, _row = start(person, now)
    actions.request_reset(person.email, now=now)
    link = links.live("reset", person.id)
    assert links.find("reset", link.token, now=now + timedelta(minutes=59))
    assert links.find("reset", link.token, now=now + timedelta(minutes=60)) is None
    actions.reset_password(link, password_hash=HASH, now=now)
    assert queries.who(token_hash(token), now=now) is None
    assert matches(person.password_hash, NEW_PASSWORD) and person.verified_at == now
    with pytest.raises(Gone):
        actions.reset_password(link, password_hash=HASH, now=now)
    assert waiting() == [("reset_password", person.email), ("password_changed", person.email)]


def test_a_reset_for_an_unknown_address_writes_as_much_and_mails_nobody(app, now):
    actions.request_reset("unknown@example.com", now=now)
    assert waiting() == []
    assert db.session.scalars(sa.select(links.Link)).one().subject == actions.NOBODY


def test_old_sessions_are_forgotten(app, now):
    person = make_user()
    _token, ended = start(person, now)
    actions.end_session(ended, by=person, now=now)
    start(person, now)
    start(person, now, kept=True)
    assert actions.forget_old_sessions(now=now + timedelta(days=30)) == 0
    assert actions.forget_old_sessions(now=now + timedelta(days=31, hours=1)) == 2
    assert db.session.scalars(sa.select(UserSession)).one().kept
    assert actions.forget_old_sessions(now=now + timedelta(days=61)) == 1
