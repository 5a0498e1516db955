"""The mails about colleagues: what they say, to whom, in which language."""

import pytest

from tests.factories import join, make_organisation, make_user
from tests.post import text_of
from webapp import links, mailer
from webapp.accounts import queries as people
from webapp.accounts.passwords import hash_password
from webapp.accounts.rules import Role
from webapp.organisations import actions
from webapp.unit import unit_of_work

HASH = hash_password("seven geese on a ladder")


def one(outbox):
    (message,) = outbox.deliver()
    return message


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
    assert outbox.links(message)[0].startswith("/en/join/")


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
    actions.remove_member(people.membership_in(organisation, anna), by=anna, now=now)
    assert links.live("colleague", invitation.id) is None
    assert outbox.to(invitation.email) == []


@pytest.mark.parametrize("kind", ["colleague_invited", "colleague_joined"])
def test_a_mail_about_nothing_is_not_written(app, kind, now):
    row = mailer.QueuedMail(kind=kind, about=999, language="en", address="x@example.com", queued_at=now)
    assert mailer.KINDS[kind].write(row) is None
