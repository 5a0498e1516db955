"""The mails about calls for tenders, each kind in each language, and those that must not leave."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import template_rendered

from tests.factories import make_organisation, make_partner, make_user
from tests.html import read
from tests.inbox.story import answered, opened, received, terms
from tests.post import html_of, of_kind, parsed, says_the_same, text_of, unflowed
from tests.tenders.story import CONTACT, mails, published, sent
from tests.times import NOW
from webapp import links
from webapp.extensions import db
from webapp.inbox import actions as inbox
from webapp.mailer import KINDS, QueuedMail
from webapp.tenders import actions
from webapp.unit import unit_of_work

MODULES = ("webapp.tenders.mail", "webapp.inbox.mail")
OPTIONAL = {"tender_excerpt", "tender_digest", "tender_opened"}
LATER = NOW + timedelta(days=60)


def _two_offers(cast):
    tender = published()
    chosen = answered(tender, cast.lumiere_partner, cast.pierre, valid_until=LATER)
    answered(tender, cast.bergwerk_partner, cast.berta, valid_until=LATER)
    return tender, chosen


def _awarded(cast, clock):
    third = make_partner(make_organisation("Third AG", owner=(tom := make_user("Tom Third"))))
    tender, chosen = _two_offers(cast)
    opened(tender, third, tom)
    actions.accept(tender, chosen, seen=chosen.stamp, by=None, now=clock.now)


def _digest(cast, clock):
    make_partner(make_organisation("Daily AG", owner=make_user("Dana Daily")), tender_mail="daily")
    published()
    published(title="A second shop for eyeglasses")
    inbox.send_digests(now=clock.now)


def _closing(cast, clock):
    tender = published()
    clock.now = tender.closes_at - timedelta(days=2)
    actions.remind_of_closing(now=clock.now)


def _expired(cast, clock):
    tender, _chosen = _two_offers(cast)
    clock.now = tender.closes_at
    actions.expire(now=clock.now)


# what happens so that a mail of this kind is queued and holds
CAUSES = {
    "tender_confirm": lambda cast, clock: sent(),
    "tender_received": lambda cast, clock: published(by=cast.nadia, organisation=cast.lumen),
    "tender_excerpt": lambda cast, clock: published(),
    "tender_digest": _digest,
    "tender_opened": lambda cast, clock: opened(published(), cast.lumiere_partner, cast.pierre),
    "offer_received": lambda cast, clock: answered(published(), cast.lumiere_partner, cast.pierre),
    "offer_accepted": _awarded,
    "offer_not_chosen": _awarded,
    "tender_over": _awarded,
    "tender_closing": _closing,
    "tender_expired": _expired,
    "tender_cancelled": lambda cast, clock: actions.cancel(published(), by=None, now=clock.now),
}


@unit_of_work
def _readers_speak(language, region):
    db.session.execute(sa.update(QueuedMail).values(language=language, region=region))


def test_every_kind_of_mail_has_a_cause_here():
    assert {kind for kind in KINDS if KINDS[kind].write.__module__ in MODULES} == set(CAUSES)


@pytest.mark.parametrize(
    ("language", "region"), [("en", "CH"), ("fr", "CH"), ("fr", "FR"), ("de", "CH"), ("de", "DE")]
)
@pytest.mark.parametrize("kind", CAUSES)
def test_every_mail_in_every_language(cast, outbox, clock, kind, language, region):
    """RULES L1, L2, T2 to T8: whole, in the reader's language, text and HTML alike, links that are absolute."""
    CAUSES[kind](cast, clock)
    _readers_speak(language, region)
    found = of_kind(outbox.deliver(), kind)
    assert found
    for message in found:
        text, html = text_of(message), html_of(message)
        root = read(html)[0]
        assert message["Content-Language"] == language == root.all("html")[0].get("lang")
        assert len(message["Subject"]) < 78
        # links lead into the portal, in the reader's language
        hrefs = [link.get("href") for link in root.all("a")]
        assert hrefs or kind == "tender_over"
        for href in hrefs:
            assert href.startswith(f"http://localhost/{language}/"), href
            assert href in text
        # only what is optional can be stopped, with one click
        stop = message["List-Unsubscribe"]
        assert bool(stop) == bool(message["List-Unsubscribe-Post"]) == (kind in OPTIONAL)
        if stop:
            assert str(stop).strip("<>") in hrefs
        says_the_same(message)


def test_the_words_of_people_stay_in_their_language(cast, outbox):
    """RULES L2: a French call in a German mail says which one it is."""
    published(language="fr", title="Une boutique en ligne", description="Nous vendons des lunettes. " * 3)
    (message,) = [m for m in outbox.deliver() if m["To"] == "berta@bergwerk.example"]
    assert message["Content-Language"] == "de"
    (quote,) = read(html_of(message))[0].all("blockquote")
    assert quote.get("lang") == "fr" and quote.text.startswith("Nous vendons des lunettes.")


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_a_visitor_is_written_to_in_the_language_of_the_form(cast, outbox, language):
    """RULES L2."""
    sent(language=language)
    assert [message["Content-Language"] for message in outbox.deliver()] == [language]


def test_a_member_is_written_to_in_its_own_language(cast, outbox):
    """RULES L2: Nadia reads German, whatever language the call is in."""
    published(by=cast.nadia, organisation=cast.lumen, language="fr")
    (message,) = outbox.to("nadia@lumen.example")
    assert message["Content-Language"] == "de"


def test_the_mail_to_the_requester_carries_the_link_that_cancels(cast, outbox):
    """RULES T3, T5: from the first mail on, always the same one."""
    tender = sent()
    own = f"/en/t/{links.live('tender', tender.id).token}"
    (first,) = outbox.deliver()
    assert own in outbox.links(first)
    actions.confirm(tender, by=None, now=NOW)
    answered(tender, cast.lumiere_partner, cast.pierre)
    for message in [m for m in outbox.deliver() if m["To"] == CONTACT["contact_email"]]:
        assert own in outbox.links(message)


def test_all_mails_about_one_call_make_one_thread(cast, outbox):
    tender, chosen = _two_offers(cast)
    actions.accept(tender, chosen, seen=chosen.stamp, by=None, now=NOW)
    threads = {message["References"] for message in outbox.deliver()}
    assert len(threads) == 1


# --- to many ------------------------------------------------------------------------------------------------


def test_a_fan_out_is_written_once_per_language_and_region(app, cast, outbox):
    """RULES L2, T2: 30 partners, 4 kinds of readers, 4 renderings; each mail still has its own stop link."""
    readers = [("en", "CH"), ("fr", "CH"), ("de", "CH"), ("de", "DE")]
    for n in range(28):
        language, region = readers[n % 4]
        owner = make_user(f"Owner {n}", language=language, region=region)
        make_partner(make_organisation(f"Partner {n}", owner=owner))
    published()
    rendered = []

    def note(_app, template, context, **_more):
        rendered.append(template.name)

    with template_rendered.connected_to(note, app):
        told = of_kind(outbox.deliver(), "tender_excerpt")
    assert len(told) == 30
    assert rendered.count("mail/letter.html") == rendered.count("mail/letter.txt") == 4
    assert len({message["List-Unsubscribe"] for message in told}) == 30
    assert len({message["Message-ID"] for message in told}) == 30
    assert len({message["To"] for message in told}) == 30
    by_language = {message["To"]: message["Content-Language"] for message in told}
    assert by_language["pierre@lumiere.example"] == "fr" and by_language["berta@bergwerk.example"] == "de"


@pytest.mark.parametrize("who", ["visitor", "member"])
def test_no_mail_to_a_partner_holds_contact_data(cast, outbox, clock, who):
    """RULES T2; SECURITY N4: no name, company, address or number, anywhere in the bytes."""
    by = {"by": cast.nadia, "organisation": cast.lumen} if who == "visitor" else {}
    third = make_partner(
        make_organisation("Third AG", owner=(tom := make_user("Tom Third"))), tender_mail="daily"
    )
    tender = published(**by)
    inbox.send_digests(now=clock.now)
    outbox.deliver()
    chosen = answered(tender, cast.lumiere_partner, cast.pierre)
    answered(tender, cast.bergwerk_partner, cast.berta)
    opened(tender, third, tom)
    outbox.deliver()
    actions.accept(tender, chosen, seen=chosen.stamp, by=None, now=clock.now)
    outbox.deliver()
    other = published(**by)
    opened(other, cast.lumiere_partner, cast.pierre)
    actions.cancel(other, by=None, now=clock.now)
    outbox.deliver()
    requester = "nadia@lumen.example" if by else CONTACT["contact_email"]
    contact = [requester, *(value for name, value in CONTACT.items() if name != "contact_email")]
    contact += ["Valentina", "Visconti", "5557788", "555 77 88"]
    to_partners = [(to, message) for to, message in outbox.raw if to != requester]
    assert {to for to, _message in to_partners} == {
        "pierre@lumiere.example",
        "berta@bergwerk.example",
        tom.email,
    }
    kinds = {parsed(message)["Message-ID"].split(".")[0].strip("<") for _to, message in to_partners}
    assert kinds == {"tender_excerpt", "tender_digest", "offer_accepted", "offer_not_chosen", "tender_over"}
    for _to, raw in to_partners:
        message = parsed(raw)
        everything = raw.decode("utf-8") + str(message["Subject"]) + text_of(message) + html_of(message)
        assert [value for value in contact if value.lower() in everything.lower()] == []


# --- stale causes -------------------------------------------------------------------------------------------


def states(kind):
    return {mail.state for mail in mails(kind)}


def test_a_mail_about_a_cancelled_call_is_cancelled(cast, outbox, now):
    """RULES T3; SECURITY N3, O2: nothing of it leaves but the news of the cancel."""
    tender = sent()
    actions.cancel(tender, by=None, now=now)
    outbox.deliver()
    assert states("tender_confirm") == {"cancelled"} and states("tender_cancelled") == {"sent"}
    tender = published(by=cast.nadia, organisation=cast.lumen)
    opened(tender, cast.lumiere_partner, cast.pierre)
    actions.remind_of_closing(now=tender.closes_at - timedelta(days=1))
    actions.cancel(tender, by=None, now=now)
    outbox.deliver(now=tender.closes_at)
    for kind in ("tender_received", "tender_excerpt", "tender_opened", "tender_closing"):
        assert states(kind) == {"cancelled"}, kind


def test_a_confirmation_that_came_before_its_mail(cast, outbox, now):
    """RULES T5: no mail asks for what was done."""
    tender = sent()
    actions.confirm(tender, by=None, now=now)
    outbox.deliver()
    assert states("tender_confirm") == {"cancelled"} and states("tender_excerpt") == {"sent"}


def test_a_mail_about_a_withdrawn_offer_is_cancelled(cast, outbox, now):
    """RULES T7."""
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre)
    inbox.withdraw_offer(offer, by=cast.pierre, now=now)
    outbox.deliver()
    assert states("offer_received") == {"cancelled"}


def test_an_offer_made_anew_before_its_mail_left_is_told(cast, outbox, now):
    """RULES T7: the mail says what the offer says at the moment it leaves."""
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre)
    inbox.withdraw_offer(offer, by=cast.pierre, now=now)
    row = received(tender, cast.lumiere_partner)
    inbox.make_offer(row, terms(price_least=123_400, price_most=123_400), by=cast.pierre, now=now)
    told = of_kind(outbox.deliver(), "offer_received")
    assert told and all(re.search(r"1.234\.00", text_of(message)) for message in told)


@pytest.mark.parametrize("end", ["hidden", "closed", "awarded"])
def test_partners_hear_nothing_of_a_call_that_is_not_open(cast, outbox, clock, end):
    """RULES T6; SECURITY N3."""
    tender = published()
    if end == "hidden":
        actions.hide(tender, by=cast.olga, now=clock.now)
    elif end == "closed":
        clock.now = tender.closes_at
    else:
        offer = answered(tender, cast.lumiere_partner, cast.pierre)
        actions.accept(tender, offer, seen=offer.stamp, by=None, now=clock.now)
    outbox.deliver(now=clock.now)
    assert states("tender_excerpt") == {"cancelled"}


def test_news_of_an_end_that_is_another_one_by_now(cast, outbox, clock):
    """RULES T7: the call closed, then an offer was accepted; nobody hears that it has closed."""
    tender, chosen = _two_offers(cast)
    outbox.deliver()
    clock.now = tender.closes_at
    actions.expire(now=clock.now)
    actions.accept(tender, chosen, seen=chosen.stamp, by=None, now=clock.now)
    outbox.deliver(now=clock.now)
    assert states("tender_expired") == {"cancelled"} and states("offer_accepted") == {"sent"}


def test_an_erased_call_sends_nothing(cast, outbox, now):
    """SECURITY N5: also a mail that waits for its server since weeks is gone."""
    tender, chosen = _two_offers(cast)
    actions.accept(tender, chosen, seen=chosen.stamp, by=None, now=now)
    actions.erase(tender, now=now)
    assert outbox.deliver() == []
    assert {mail.state for mail in mails()} == {"cancelled"}
    assert not {mail.address for mail in mails()} & {CONTACT["contact_email"]}


def test_mail_of_a_hidden_call_does_not_tell_partners_of_its_end(cast, outbox, now):
    """RULES T6."""
    tender = published()
    opened(tender, cast.lumiere_partner, cast.pierre)
    outbox.deliver()
    actions.cancel(tender, by=None, now=now)
    actions.hide(tender, by=cast.olga, now=now)
    outbox.deliver()
    assert states("tender_over") == {"cancelled"}


@pytest.mark.parametrize(
    "title",
    [
        "🙂" * 90,
        "x" * 90,
        "word " * 17 + "end", "&<>\"'" * 18, "眼鏡店" * 30, "متجر " * 17, "Tom & \"Jerry\" <b>", "%s %d $y {0} \\n"],
)  # fmt: skip
def test_any_title_makes_good_mails(cast, outbox, title):
    """RULES T2: headers, text and HTML of every mail that quotes it; `deliver` proofreads each."""
    title = title.strip()
    tender = published(title=title, description=title * 10)
    answered(tender, cast.lumiere_partner, cast.pierre, message=title * 10)
    messages = outbox.deliver()
    assert len(messages) == 4
    for message in messages:
        assert max(len(line) for line in message.as_bytes().splitlines()) <= 998
        assert "".join(title.split()) in "".join(read(html_of(message))[0].text.split())
        assert "".join(title.split()) in "".join(unflowed(message).split())
