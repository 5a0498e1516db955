"""The mails about payouts: what they say, to whom, in which language, and when they stay at home."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.html import read
from tests.payouts.story import (
    IBAN,
    JANUARY,
    PAYPAL,
    affiliate,
    earn,
    owner_of,
    payouts,
    run,
    runs,
    to,
)
from tests.post import html_of, of_kind, says_the_same, text_of, unflowed
from webapp.extensions import db
from webapp.mailer import KINDS, QueuedMail
from webapp.payouts import actions
from webapp.payouts.rules import Kind
from webapp.unit import unit_of_work

REASON = "The account <b>is closed</b>."


def _due(cast, kind=Kind.IBAN):
    account = to(affiliate(), kind)
    earn(account)
    run()
    return account


def _sent(cast, kind=Kind.IBAN):
    account = _due(cast, kind)
    actions.execute(runs()[0], by=cast.olga, now=JANUARY)
    return account


def _failed(cast):
    account = _sent(cast)
    actions.take_back(payouts()[0], reason=REASON, by=cast.olga, now=JANUARY + timedelta(days=1))
    return account


def _changed(cast):
    account = to(affiliate(), Kind.PAYPAL)
    actions.prefer(account, Kind.IBAN, IBAN, "Anna", by=owner_of(account), now=JANUARY)
    return account


# what happens so that a mail of this kind is queued and holds
CAUSES = {
    "payout_sent": _sent,
    "payout_failed": _failed,
    "payout_preferences_changed": _changed,
    "payout_run_due": _due,
}


@unit_of_work
def _readers_speak(language, region):
    db.session.execute(sa.update(QueuedMail).values(language=language, region=region))


def words(message):
    """Its text, with plain blanks."""
    return " ".join(unflowed(message).split())


def english(outbox, kind):
    """The mails of this kind, as somebody in English reads them."""
    _readers_speak("en", "CH")
    return of_kind(outbox.deliver(JANUARY + timedelta(days=2)), kind)


def test_every_kind_of_mail_has_a_cause_here():
    assert {kind for kind in KINDS if KINDS[kind].write.__module__ == "webapp.payouts.mail"} == set(CAUSES)


@pytest.mark.parametrize(
    ("language", "region"), [("en", "CH"), ("fr", "CH"), ("fr", "FR"), ("de", "CH"), ("de", "DE")]
)
@pytest.mark.parametrize("kind", CAUSES)
def test_every_mail_in_every_language(cast, outbox, kind, language, region):
    """RULES L1, L2, F8: whole, in the reader's language, text and HTML alike; the target is never told in full."""
    account = CAUSES[kind](cast)
    _readers_speak(language, region)
    found = of_kind(outbox.deliver(JANUARY + timedelta(days=2)), kind)
    people = {
        "payout_run_due": {cast.olga.email},
        "payout_preferences_changed": {owner_of(account).email, PAYPAL},
    }
    assert {message["To"] for message in found} == people.get(kind, {owner_of(account).email})
    for message in found:
        root = read(html_of(message))[0]
        assert message["Content-Language"] == language == root.all("html")[0].get("lang")
        assert len(message["Subject"]) < 60, message["Subject"]
        assert "0076" not in text_of(message) + html_of(message)
        for link in root.all("a"):
            href = link.get("href")
            assert href.startswith(f"http://localhost/{language}/") and href in text_of(message)
        assert message["List-Unsubscribe"] is None
        says_the_same(message)


@pytest.mark.parametrize("kind", CAUSES)
def test_the_links_lead_somewhere(cast, outbox, client, clock, kind):
    account = CAUSES[kind](cast)
    clock.now = JANUARY + timedelta(days=2)
    client.sign_in(cast.olga if kind == "payout_run_due" else owner_of(account))
    for message in of_kind(outbox.deliver(clock.now), kind):
        for link in outbox.links(message):
            assert client.get(link).status_code == 200, link


def test_a_payout_that_was_sent(cast, outbox):
    """RULES F8."""
    _sent(cast)
    (message,) = english(outbox, "payout_sent")
    assert message["Subject"] == "CHF 60.00 of commissions paid out"
    text = words(message)
    for said in ("one or two working days", "IBAN CH93 •••• 2957", "1 January 2027", "A-2027-00001"):
        assert said in text


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.PAYPAL, "on its way to the PayPal account"),
        (Kind.PREPAID, "on the prepaid account of Anna Empfiehlt"),
    ],
)
def test_where_the_money_is(cast, outbox, kind, said):
    account = affiliate() if kind is Kind.PREPAID else to(affiliate(), kind)
    earn(account)
    run()
    if kind is Kind.PAYPAL:
        actions.execute(runs()[0], by=cast.olga, now=JANUARY)
    (message,) = english(outbox, "payout_sent")
    assert said in words(message)


def test_a_payout_that_came_back_says_why_and_what_to_do(cast, outbox):
    """RULES F8; what was sent before it came back is not told any more."""
    _failed(cast)
    (message,) = english(outbox, "payout_failed")
    assert message["Subject"] == "Your payout of CHF 60.00 came back"
    text = words(message)
    assert "Nothing is lost" in text and REASON in text and "Look at where payouts go" in text
    assert "<b>is closed" not in html_of(message)
    assert not of_kind(outbox.messages, "payout_sent")


def test_a_change_is_told_at_the_old_address_without_a_link(cast, outbox):
    """UX 6: whoever had the money before may have no account here."""
    account = _changed(cast)
    found = {message["To"]: message for message in english(outbox, "payout_preferences_changed")}
    assert found[PAYPAL]["Subject"] == "Payouts of Anna Empfiehlt go somewhere else"
    assert not outbox.links(found[PAYPAL]) and "were paid to this address before" in words(found[PAYPAL])
    told = words(found[owner_of(account).email])
    assert "Nothing is paid before 6 January 2027." in told and "answer this mail at once" in told


def test_the_operator_is_not_asked_for_what_is_done(cast, outbox):
    """UX 6, mail 26."""
    _sent(cast)
    assert not english(outbox, "payout_run_due")


def test_what_the_operator_has_to_do(cast, outbox):
    _due(cast)
    (message,) = english(outbox, "payout_run_due")
    assert message["Subject"] == "Payouts in CHF are to be carried out"
    assert "The payouts of January 2027 are to be carried out" in words(message)
    assert "Bank account" in words(message) and "CHF 60.00" in words(message)
