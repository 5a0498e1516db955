"""The mails about accounts: what they say, to whom, in which language."""

import pytest

from tests.factories import make_user
from tests.post import html_of, text_of
from webapp import links, mailer
from webapp.accounts import actions, queries
from webapp.accounts.passwords import hash_password
from webapp.accounts.rules import Kind, OrganisationDetails
from webapp.unit import unit_of_work

HASH = hash_password("seven geese on a ladder")
DETAILS = OrganisationDetails(Kind.INDIVIDUAL, "Nora Neu", "Weg 1", "1003", "Lausanne", "CH")


def sign_up(now, **changed):
    values = {
        "name": "Nora Neu",
        "email": "nora@example.com",
        "password_hash": HASH,
        "language": "en",
        **changed,
    }
    actions.sign_up(DETAILS, **values, now=now)


def one(outbox):
    (message,) = outbox.deliver()
    return message


def test_the_verification_carries_its_link_and_says_what_it_does(app, outbox, now):
    sign_up(now)
    message = one(outbox)
    text = text_of(message).replace("\n", " ").replace("  ", " ")
    assert message["To"] == "nora@example.com"
    assert message["Subject"] == "Confirm your mail address"
    assert "Nora Neu" in text and "Opening the link changes nothing yet" in text
    assert "It is in English, the language of your account." in text
    (link, *_rest) = outbox.links(message)
    assert link.startswith("/en/verify/")
    assert link in html_of(message)


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_a_mail_is_in_the_language_of_who_gets_it(app, outbox, now, language):
    """RULES L2"""
    sign_up(now, language=language)
    message = one(outbox)
    assert message["Content-Language"] == language
    assert outbox.links(message)[0].startswith(f"/{language}/verify/")


def test_a_verification_that_is_not_needed_any_more_does_not_leave(app, outbox, now):
    sign_up(now)
    nora = queries.user_by_email("nora@example.com")
    verify(nora, now)
    assert outbox.deliver() == []


@unit_of_work
def verify(person, now):
    person.verified_at = now


def test_a_verification_whose_link_has_run_out_does_not_leave(app, outbox, clock, now):
    sign_up(now)
    clock.forward(days=3)
    assert outbox.deliver() == []


def test_a_known_person_is_told_and_led_to_the_sign_in(app, outbox, now):
    make_user("Nora Alt", email="nora@example.com", language="fr")
    sign_up(now, language="de")
    message = one(outbox)
    assert message["Content-Language"] == "fr"  # RULES L2: the account's, not the form's
    sign_in, forgot = outbox.links(message)[:2]
    assert (sign_in, forgot) == ("/fr/sign-in", "/fr/password/forgot")


def test_who_never_verified_the_address_chooses_a_password(app, outbox, clock, now):
    sign_up(now)
    clock.forward(hours=1)
    sign_up(clock.now, name="Somebody Else")
    assert [message["Subject"] for message in outbox.deliver()] == ["You already have an account"]
    assert outbox.links(outbox.messages[-1])[0].startswith("/en/password/reset/")


def test_a_reset_carries_its_link(app, outbox, now):
    person = make_user(language="de", region="DE")
    actions.request_reset(person.email, now=now)
    message = one(outbox)
    assert outbox.links(message)[0].startswith("/de/password/reset/")


def test_a_reset_that_was_replaced_carries_the_newest_link_only(app, outbox, clock, now):
    person = make_user()
    actions.request_reset(person.email, now=now)
    actions.request_reset(person.email, now=now)
    first, second = outbox.deliver()
    assert outbox.links(first)[0] == outbox.links(second)[0]


def test_a_changed_password_is_told_with_the_way_out(app, outbox, clock, now):
    person = make_user(language="en", region="GB")
    reset(person, now)
    message = outbox.deliver()[-1]
    assert message["Subject"] == "Your password was changed"
    assert "21 Nov 2026, 11:00" in text_of(message)  # in the operator's time zone
    assert "/en/password/forgot" in outbox.links(message)


def reset(person, now):
    actions.request_reset(person.email, now=now)
    actions.reset_password(links.live("reset", person.id), password_hash=HASH, now=now)


@pytest.mark.parametrize("kind", ["verify_address", "reset_password"])
def test_a_mail_about_nothing_is_not_written(app, kind, now):
    row = mailer.QueuedMail(kind=kind, about=999, language="en", address="x@example.com", queued_at=now)
    assert mailer.KINDS[kind].write(row) is None
