"""The mails of the programme: to whom, in which language, with which link (RULES A4, L2)."""

import pytest

from tests.factories import make_application
from tests.post import html_of, text_of
from webapp.directory import actions
from webapp.directory.rules import SuspensionReason


@pytest.fixture
def application(cast, now):
    """Nadia reads German, Olga English."""
    return actions.apply(
        cast.lumen,
        website="https://www.example.com/",
        about="We look after forty shops.",
        by=cast.nadia,
        now=now,
    )


def to(messages, person):
    (message,) = [message for message in messages if message["To"] == person.email]
    return message


def test_the_applicant_and_the_operators_hear_of_an_application(cast, application, outbox):
    """RULES A4, L2: each in their own language."""
    messages = outbox.deliver()
    applicant, operator = to(messages, cast.nadia), to(messages, cast.olga)
    assert (applicant["Content-Language"], operator["Content-Language"]) == ("de", "en")
    assert "Lumen Optik AG" in applicant["Subject"] and "https://www.example.com/" in text_of(applicant)
    assert operator["Subject"] == "Lumen Optik AG applies to become a partner"
    assert outbox.links(applicant)[-1] == f"/de/o/{cast.lumen.public_id}/application"
    assert outbox.links(operator)[-1] == f"/en/admin/applications/{application.public_id}"
    assert "CHE-100.155.212" in text_of(operator) and "https://www.example.com/" in text_of(operator)


def test_operators_are_not_mailed_about_what_is_decided(cast, application, outbox, now):
    actions.reject(application, reason="Not yet, sorry.", by=cast.olga, now=now)
    assert cast.olga.email not in {message["To"] for message in outbox.deliver()}


def test_a_rejection_carries_the_reason_in_the_operator_s_words(cast, application, outbox, now):
    """RULES A4: with a reason; one may apply again."""
    reason = "Your website <b>does not</b> open.\nPlease repair it."
    actions.reject(application, reason=reason, by=cast.olga, now=now)
    message = outbox.deliver()[-1]
    assert message["To"] == cast.nadia.email and message["Content-Language"] == "de"
    assert "> Your website <b>does not</b> open." in text_of(message)
    assert "&lt;b&gt;does not&lt;/b&gt;" in html_of(message)
    assert outbox.links(message)[0] == f"/de/o/{cast.lumen.public_id}/application"


def test_an_approval_leads_to_the_directory_profile(cast, application, outbox, now):
    """RULES A4, A5."""
    actions.approve(application, by=cast.olga, now=now)
    message = outbox.deliver()[-1]
    assert message["To"] == cast.nadia.email
    assert outbox.links(message)[0] == f"/de/o/{cast.lumen.public_id}/directory-profile"


def test_all_mails_of_an_application_are_one_thread(cast, now, outbox):
    application = make_application(cast.lumen, cast.nadia)
    actions.reject(application, reason="Not yet, sorry.", by=cast.olga, now=now)
    assert outbox.deliver()[0]["References"] == f"<application.{application.id}@helvia.example>"


def test_a_suspended_partner_is_told_without_the_reason_and_so_when_it_is_over(cast, outbox, now):
    actions.suspend(cast.bergwerk_partner, SuspensionReason.SECURITY, by=cast.olga, now=now)
    (message,) = outbox.deliver()
    assert (message["To"], message["Content-Language"]) == (cast.berta.email, "de")
    assert "Bergwerk IT GmbH" in message["Subject"] and "wrong hands" not in text_of(message)
    assert outbox.links(message)[0] == f"/de/o/{cast.bergwerk.public_id}/clients"
    actions.resume(cast.bergwerk_partner, by=cast.olga, now=now)
    (message,) = outbox.deliver()
    assert message["To"] == cast.berta.email
    assert outbox.links(message)[0] == f"/de/o/{cast.bergwerk.public_id}/clients"


def test_a_suspension_that_is_lifted_before_its_mail_leaves_is_not_told(cast, outbox, now):
    actions.suspend(cast.bergwerk_partner, SuspensionReason.OTHER, by=cast.olga, now=now)
    actions.resume(cast.bergwerk_partner, by=cast.olga, now=now)
    assert [message["Message-ID"].split(".")[0] for message in outbox.deliver()] == ["<partner_resumed"]


def test_who_leaves_the_programme_reads_what_stays_and_what_it_may_do_now(cast, outbox, now):
    """RULES A3, L2."""
    actions.leave(cast.bergwerk_partner, by=cast.berta, now=now)
    message = to(outbox.deliver(), cast.berta)
    assert message["Content-Language"] == "de"
    assert outbox.links(message)[-1] == f"/de/o/{cast.bergwerk.public_id}/"
    assert "Bergwerk IT GmbH" in message["Subject"] and "Bergwerk IT GmbH" in html_of(message)


def test_a_suspended_partner_that_left_hears_of_its_leaving_only(cast, outbox, now):
    actions.suspend(cast.bergwerk_partner, SuspensionReason.SECURITY, by=cast.olga, now=now)
    actions.leave(cast.bergwerk_partner, by=cast.berta, now=now)
    assert len(outbox.deliver()) == 1
