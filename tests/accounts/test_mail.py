"""The mails about accounts: what they say, to whom, in which language."""

import pytest

from tests.factories import join, make_organisation, make_user
from tests.post import html_of, text_of
from webapp import links, mailer
from webapp.accounts import actions, queries
from webapp.accounts.passwords import hash_password
from webapp.accounts.rules import Kind, OrganisationDetails, Role
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


def invited(now, *, to="new@example.com", language="fr"):
    anna = make_user("Anna Arnold", language="de")
    organisation = make_organisation("Arnold & Söhne AG", owner=anna)
    invitation = actions.invite(
        organisation, email=to, role=Role.ADMINISTRATOR, language=language, by=anna, now=now
    )
    return anna, organisation, invitation


def test_a_stranger_is_invited_in_the_language_of_the_invitation(app, outbox, now):
    """RULES L2"""
    invited(now, language="en")
    message = one(outbox)
    text = text_of(message).replace(" \n", " ")
    assert message["Subject"] == "Anna Arnold invites you to Arnold & Söhne AG"
    assert "Administrator" in text and "the language of the invitation" in text
    assert outbox.links(message)[0].startswith("/en/i/")


def test_who_has_an_account_is_invited_in_its_language(app, outbox, now):
    """RULES L2: a mail is in the recipient's language, whoever triggers it."""
    make_user(email="new@example.com", language="de")
    invited(now, language="fr")
    assert one(outbox)["Content-Language"] == "de"


def test_an_invitation_that_is_withdrawn_does_not_leave(app, outbox, now):
    anna, _organisation, invitation = invited(now)
    actions.withdraw_invitation(invitation, by=anna, now=now)
    assert outbox.deliver() == []


def test_an_invitation_that_was_withdrawn_in_the_worker_s_hand_is_not_written(app, outbox, now):
    _anna, _organisation, invitation = invited(now)
    withdraw_silently(invitation, now)
    assert outbox.deliver() == []


@unit_of_work
def withdraw_silently(invitation, now):
    invitation.withdrawn_at = now


def test_the_inviter_hears_that_somebody_joined(app, outbox, now):
    anna, _organisation, invitation = invited(now)
    link = links.live("colleague", invitation.id)
    actions.join_as_new_person(link, name="Nele Neu", password_hash=HASH, language="fr", now=now)
    (message,) = outbox.to(anna.email)
    assert message["Content-Language"] == "de"  # RULES L2
    assert "Nele Neu" in text_of(message) and "new@example.com" in text_of(message)


def test_an_invitation_of_somebody_who_has_left_is_not_mailed(app, outbox, now):
    anna, organisation, invitation = invited(now)
    join(make_user(), organisation, Role.LEGAL_REPRESENTATIVE)
    actions.remove_member(queries.membership_in(organisation, anna), by=anna, now=now)
    assert links.live("colleague", invitation.id) is None
    assert outbox.to(invitation.email) == []


@pytest.mark.parametrize(
    "kind", ["verify_address", "reset_password", "colleague_invited", "colleague_joined"]
)
def test_a_mail_about_nothing_is_not_written(app, kind, now):
    row = mailer.QueuedMail(kind=kind, about=999, language="en", address="x@example.com", queued_at=now)
    assert mailer.KINDS[kind].write(row) is None
