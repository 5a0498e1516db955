"""The mails of prepaid accounts: what they say, to whom, in which language, and when they stay at home."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import make_prepaid, make_withdrawal
from tests.html import read
from tests.payments.story import imported, incoming
from tests.post import html_of, of_kind, says_the_same, text_of, unflowed
from webapp.accounts.rules import Role
from webapp.extensions import db
from webapp.mailer import KINDS, QueuedMail
from webapp.payments import actions
from webapp.payments.queries import top_up_reference
from webapp.payments.rules import Kind
from webapp.unit import unit_of_work


def _topped_up(cast, now):
    imported(incoming(123_450, top_up_reference(cast.lumen)), now=now)


def _requested(cast, now, **values):
    make_prepaid(cast.lumen, 10_000)
    return make_withdrawal(cast.lumen, cast.nadia, 4_000, now=now, **values)


def _paid(cast, now, **values):
    actions.pay_withdrawal(_requested(cast, now, **values), by=cast.olga, now=now + timedelta(days=1))


def _refused(cast, now):
    actions.refuse_withdrawal(
        _requested(cast, now), reason="The account <b>is closed</b>.", by=cast.olga, now=now
    )


# what happens so that a mail of this kind is queued and holds
CAUSES = {
    "topped_up": _topped_up,
    "withdrawal_requested": _requested,
    "withdrawal_paid": _paid,
    "withdrawal_refused": _refused,
}


@unit_of_work
def _readers_speak(language, region):
    db.session.execute(sa.update(QueuedMail).values(language=language, region=region))


def words(message):
    """Its text, with plain blanks."""
    return " ".join(unflowed(message).split())


def english(outbox, kind, now):
    """The mails of this kind, as somebody in English reads them."""
    _readers_speak("en", "CH")
    return of_kind(outbox.deliver(now + timedelta(days=2)), kind)


def test_every_kind_of_mail_has_a_cause_here():
    assert {kind for kind in KINDS if KINDS[kind].write.__module__ == "webapp.payments.mail"} == set(CAUSES)


@pytest.mark.parametrize(
    ("language", "region"), [("en", "CH"), ("fr", "CH"), ("fr", "FR"), ("de", "CH"), ("de", "DE")]
)
@pytest.mark.parametrize("kind", CAUSES)
def test_every_mail_in_every_language(cast, outbox, now, kind, language, region):
    """RULES L1, L2, M6: whole, in the reader's language, text and HTML alike; the target is never told in full."""
    CAUSES[kind](cast, now)
    _readers_speak(language, region)
    found = of_kind(outbox.deliver(now + timedelta(days=2)), kind)
    assert {message["To"] for message in found} == {cast.nadia.email, cast.adam.email}
    for message in found:
        root = read(html_of(message))[0]
        assert message["Content-Language"] == language == root.all("html")[0].get("lang")
        assert len(message["Subject"]) < 60, message["Subject"]
        assert "Lumen Optik AG" in unflowed(message)
        assert "0483" not in text_of(message) + html_of(message)
        for link in root.all("a"):
            href = link.get("href")
            assert href.startswith(f"http://localhost/{language}/") and href in text_of(message)
        assert message["List-Unsubscribe"] is None
        says_the_same(message)


def test_the_links_lead_to_the_account(cast, outbox, client, now):
    for cause in CAUSES.values():
        cause(cast, now)
    client.sign_in(cast.nadia)
    links = {
        link for each in outbox.deliver(now) if each["To"] == cast.nadia.email for link in outbox.links(each)
    }
    assert links
    for link in links:
        assert client.get(link).status_code == 200, link


def test_money_that_arrived(cast, outbox, now):
    """RULES M6"""
    _topped_up(cast, now)
    message = english(outbox, "topped_up", now)[0]
    assert message["Subject"] == "CHF 1’234.50 on your prepaid account"
    text = words(message)
    assert "CHF 1’234.50 is on the prepaid account of Lumen Optik AG." in text and "20 November 2026" in text


def test_a_withdrawal_is_told_before_the_money_leaves(cast, outbox, now):
    """SECURITY: a thief's withdrawal is seen by all who could stop it."""
    _requested(cast, now)
    message = english(outbox, "withdrawal_requested", now)[0]
    assert message["Subject"] == "Withdrawal of CHF 40.00 requested"
    text = words(message)
    assert "Nadia Noser has asked to have CHF 40.00 paid out" in text and "CH56 •••• 8009" in text
    assert "If you know nothing of it, answer this mail before the money leaves." in text


def test_a_withdrawal_that_was_paid_out(cast, outbox, now):
    _paid(cast, now)
    text = words(english(outbox, "withdrawal_paid", now)[0])
    assert "one or two working days" in text and "22 November 2026" in text and "CH56 •••• 8009" in text


def test_a_withdrawal_to_paypal(cast, outbox, now):
    _paid(cast, now, kind=Kind.PAYPAL, target="nadia@lumen.example")
    text = words(english(outbox, "withdrawal_paid", now)[0])
    assert "on its way to the PayPal account" in text and "n••••@lumen.example" in text
    assert "bank" not in text


def test_a_withdrawal_that_was_refused_says_why(cast, outbox, now):
    """What the operator wrote is text, not markup."""
    _refused(cast, now)
    message = english(outbox, "withdrawal_refused", now)[0]
    text = words(message)
    assert "The money is back on the prepaid account of Lumen Optik AG." in text
    assert "The account <b>is closed</b>." in text and "<b>is" not in html_of(message)


@pytest.mark.parametrize("kind", CAUSES)
def test_who_looks_after_the_money_no_more_gets_none(cast, outbox, now, kind):
    """RULES O2: rights are those of the moment at which the mail leaves."""
    CAUSES[kind](cast, now)
    cast.adam.memberships[0].role = Role.COLLABORATOR
    db.session.commit()
    found = of_kind(outbox.deliver(now + timedelta(days=2)), kind)
    assert [message["To"] for message in found] == [cast.nadia.email]


def test_mails_about_a_withdrawal_are_one_conversation(cast, outbox, now):
    _paid(cast, now)
    _readers_speak("en", "CH")
    found = [each for each in outbox.deliver(now + timedelta(days=2)) if each["To"] == cast.adam.email]
    asked, paid = (of_kind(found, kind)[0] for kind in ("withdrawal_requested", "withdrawal_paid"))
    assert asked["References"] == paid["References"]
