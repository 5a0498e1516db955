"""The mails of invitations: what they say, to whom, in which language, and when they stay at home (UX 6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import join, make_partnership, make_product, make_user
from tests.html import read
from tests.invitations.story import (
    FULL,
    LIMITED,
    STATISTICAL,
    TECHNICAL,
    WALLET,
    asked,
    invited,
    mails,
    token_of,
)
from tests.post import html_of, of_kind, says_the_same, text_of, unflowed
from tests.times import NOW
from webapp.accounts.rules import Role
from webapp.extensions import db
from webapp.invitations import actions
from webapp.mailer import KINDS, QueuedMail
from webapp.organisations import actions as organisations
from webapp.partnerships import actions as partnerships
from webapp.partnerships.labels import for_client
from webapp.partnerships.queries import summary
from webapp.partnerships.rules import EVERYTHING, Side
from webapp.products.rules import Family
from webapp.unit import unit_of_work

SOON = NOW + timedelta(days=26)
LATER = NOW + timedelta(days=31)


def _sent(cast, goods, outbox, **values):
    """An invitation of a client whose mail has left."""
    sent = invited(cast, goods.site, goods.shop, goods.post, **values)
    outbox.deliver()
    return sent


def _deleted(cast, goods, outbox, clock):
    to_partner, to_client = _sent(cast, goods, outbox), asked(cast, "nobody@nowhere.example")
    outbox.deliver()
    actions.delete(to_partner, by=cast.nadia, now=clock.now)
    actions.delete(to_client, by=cast.pierre, now=clock.now)


def _reminded(cast, goods, outbox, clock):
    _sent(cast, goods, outbox)
    asked(cast, "nobody@nowhere.example")
    clock.now = SOON
    actions.remind(now=clock.now)


def _lapsed(cast, goods, outbox, clock):
    _sent(cast, goods, outbox)
    asked(cast, "nobody@nowhere.example")
    clock.now = LATER
    actions.tell_of_lapses(now=clock.now)


def _granted(cast, goods, outbox, clock):
    actions.grant(
        asked(cast), cast.lumen, LIMITED, {goods.site.id: TECHNICAL, goods.domain.id: EVERYTHING},
        by=cast.nadia, now=clock.now,
    )  # fmt: skip


# what happens so that a mail of this kind is queued and holds
CAUSES = {
    "invitation_to_partner": lambda cast, goods, outbox, clock: (
        invited(cast, goods.site, goods.shop, goods.post, message="Welcome.\nLet us begin."),
        invited(cast, terms=WALLET, partner="bergwerk"),
    ),
    "invitation_to_client": lambda cast, goods, outbox, clock: (
        asked(cast, "nobody@nowhere.example", message="May we?"),
        asked(cast, terms=WALLET),
    ),
    "invitation_reminder": _reminded,
    "invitation_deleted": _deleted,
    "invitation_accepted": lambda cast, goods, outbox, clock: actions.accept(
        _sent(cast, goods, outbox), by=cast.pierre, now=clock.now
    ),
    "invitation_refused": lambda cast, goods, outbox, clock: actions.refuse(
        _sent(cast, goods, outbox), reason="Pas le temps.", by=cast.pierre, now=clock.now
    ),
    "invitation_lapsed": _lapsed,
    "request_granted": _granted,
    "request_refused": lambda cast, goods, outbox, clock: actions.refuse(
        asked(cast), reason="Nein danke.", by=cast.nadia, now=clock.now
    ),
}


@unit_of_work
def _readers_speak(language, region):
    db.session.execute(sa.update(QueuedMail).values(language=language, region=region))


def test_every_kind_of_mail_has_a_cause_here():
    assert {kind for kind in KINDS if KINDS[kind].write.__module__ == "webapp.invitations.mail"} == set(
        CAUSES
    )


@pytest.mark.parametrize(
    ("language", "region"), [("en", "CH"), ("fr", "CH"), ("fr", "FR"), ("de", "CH"), ("de", "DE")]
)
@pytest.mark.parametrize("kind", CAUSES)
def test_every_mail_in_every_language(cast, lumens_products, outbox, clock, kind, language, region):
    """RULES L1, L2, C6, C7, C8: whole, in the reader's language, text and HTML alike, a subject that fits."""
    CAUSES[kind](cast, lumens_products, outbox, clock)
    _readers_speak(language, region)
    found = of_kind(outbox.deliver(), kind)
    assert found
    for message in found:
        root = read(html_of(message))[0]
        assert message["Content-Language"] == language == root.all("html")[0].get("lang")
        assert len(message["Subject"]) < 60 or language != "en", message["Subject"]
        hrefs = [link.get("href") for link in root.all("a")]
        assert hrefs or kind == "invitation_deleted"
        for href in hrefs:
            assert href.startswith(f"http://localhost/{language}/") and href in text_of(message)
        assert message["List-Unsubscribe"] is None  # nobody can stop these
        says_the_same(message)


def one(messages, kind):
    (message,) = of_kind(messages, kind)
    return message


# --- to the partner -----------------------------------------------------------------------------------------


def test_the_subject_says_who_and_what(cast, lumens_products, outbox):
    """RULES C6, UX 6"""
    _readers_in_english(cast)
    invited(cast, lumens_products.site, lumens_products.shop, lumens_products.post)
    invited(cast, terms=FULL, partner="bergwerk")
    subjects = {message["To"]: message["Subject"] for message in outbox.deliver()}
    assert subjects == {
        cast.pierre.email: "Lumen Optik AG asks you to manage 3 of its products",
        cast.berta.email: "Lumen Optik AG asks you to manage all its products",
    }


@unit_of_work
def _readers_in_english(cast):
    for person in (cast.pierre, cast.berta, cast.nadia):
        person.language = "en"


def test_the_partner_reads_what_it_will_be_able_to_do(cast, lumens_products, outbox):
    """RULES C6: in the same words as on the page; looking changes nothing; people's words stay theirs."""
    _readers_in_english(cast)
    sent = invited(cast, lumens_products.site, rights=TECHNICAL, message="Guten Tag")
    text = unflowed(one(outbox.deliver(), "invitation_to_partner"))
    assert "✓ Manage 1 product: lumen-optik.ch" in text and "✕ Cannot see any statistics" in text
    assert "You cannot order or renew for Lumen Optik AG" in text
    assert "Opening the link changes nothing yet." in text and "Answer by: 21 December 2026" in text
    assert "because you are a legal representative of Lumière Digital Sàrl" in text
    assert f"http://localhost/en/i/{token_of(sent)}" in text and "Guten Tag" in text


def test_each_representative_reads_it_in_its_own_language(cast, lumens_products, outbox):
    """RULES L2"""
    pia = make_user("Pia Pasche", language="de")
    join(pia, cast.lumiere, Role.LEGAL_REPRESENTATIVE)
    invited(cast, lumens_products.site)
    languages = {message["To"]: message["Content-Language"] for message in outbox.deliver()}
    assert languages == {cast.pierre.email: "fr", pia.email: "de"}


def test_what_is_gone_by_then_is_not_promised(cast, lumens_products, outbox):
    """RULES C6"""
    _readers_in_english(cast)
    invited(cast, lumens_products.site, lumens_products.shop)
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[lumens_products.shop])
    message = one(outbox.deliver(), "invitation_to_partner")
    assert message["Subject"] == "Lumen Optik AG asks you to manage 1 product"
    assert "shop.lumen-optik.ch" not in text_of(message)


def test_many_products_are_counted(cast, outbox):
    """RULES C6: two thousand names make no mail."""
    _readers_in_english(cast)
    invited(cast, *(make_product(cast.lumen, f"site-{n:02}.example") for n in range(12)))
    text = unflowed(one(outbox.deliver(), "invitation_to_partner"))
    assert "site-04.example and 7 more" in text and "site-05.example" not in text


# --- to the client ------------------------------------------------------------------------------------------


def test_an_unknown_address_is_asked_in_the_language_that_the_partner_chose(cast, outbox):
    """RULES C7, L2"""
    asked(cast, "nobody@nowhere.example", language="fr")
    asked(cast, "nadia@lumen.example", language="fr")
    messages = outbox.deliver()
    assert {message["To"]: message["Content-Language"] for message in messages} == {
        "nobody@nowhere.example": "fr",
        "nadia@lumen.example": "de",
    }


def test_known_and_unknown_addresses_read_the_same(cast, outbox):
    """RULES C7: but for why it is in this language."""
    _readers_in_english(cast)
    first, second = asked(cast), asked(cast, "nobody@nowhere.example")
    known, unknown = (unflowed(message) for message in outbox.deliver())
    tokens = token_of(first), token_of(second)
    known, unknown = known.replace(tokens[0], "T"), unknown.replace(tokens[1], "T")
    assert known.replace("your account", "the request") == unknown
    assert "Websites and hosting: Technical and Statistics" in known and "Mail: Statistics" in known


# --- the end of waiting -------------------------------------------------------------------------------------


def test_a_mail_whose_cause_is_gone_is_not_written(cast, lumens_products, outbox, clock):
    """RULES C8, SECURITY O2: answered or deleted before the mail left."""

    @unit_of_work
    def silently(sent, **values):
        for name, value in values.items():
            setattr(sent, name, value)

    silently(invited(cast, lumens_products.site), deleted_at=NOW)
    silently(asked(cast, "nobody@nowhere.example"), refused_at=NOW)
    clock.now = LATER
    assert outbox.deliver() == []


def test_a_reminder_to_who_has_answered_meanwhile_is_cancelled(cast, lumens_products, outbox, clock):
    """RULES C8"""
    sent = _sent(cast, lumens_products, outbox)
    clock.now = SOON
    actions.remind(now=clock.now)
    actions.refuse(sent, reason="", by=cast.pierre, now=clock.now)
    assert of_kind(outbox.deliver(), "invitation_reminder") == []


def test_that_a_lapsed_one_was_deleted_is_no_news(cast, lumens_products, outbox, clock):
    """RULES C8"""
    sent = _sent(cast, lumens_products, outbox)
    clock.now = LATER
    actions.delete(sent, by=cast.nadia, now=clock.now)
    assert mails("invitation_deleted") == [cast.pierre.email] and outbox.deliver() == []


def test_one_that_was_sent_again_has_not_lapsed(cast, lumens_products, outbox, clock):
    """RULES C8"""
    sent = _sent(cast, lumens_products, outbox)
    clock.now = LATER
    actions.tell_of_lapses(now=clock.now)
    actions.resend(sent, by=cast.nadia, now=clock.now)
    assert of_kind(outbox.deliver(), "invitation_lapsed") == []


@pytest.mark.parametrize(
    ("cause", "kind", "invitation", "request_"),
    [
        (_reminded, "invitation_reminder", "the invitation can no longer", "the request can no longer"),
        (_deleted, "invitation_deleted", "The invitation of Lumen Optik AG was", "The request of Lumière"),
        (_lapsed, "invitation_lapsed", "send the invitation again", "send the request again"),
    ],
)
def test_a_client_invites_and_a_partner_requests(
    cast, lumens_products, outbox, clock, cause, kind, invitation, request_
):
    """RULES C6, C7: the same mails, each in its own words."""
    cause(cast, lumens_products, outbox, clock)
    _readers_speak("en", "CH")
    texts = [unflowed(message) for message in of_kind(outbox.deliver(), kind)]
    assert sorted((invitation in text, request_ in text) for text in texts) == [(False, True), (True, False)]


def test_all_mails_about_one_invitation_make_one_thread(cast, lumens_products, outbox, clock):
    """UX 6"""
    sent = _sent(cast, lumens_products, outbox)
    clock.now = SOON
    actions.remind(now=clock.now)
    outbox.deliver()
    actions.accept(sent, by=cast.pierre, now=clock.now)
    outbox.deliver()
    assert len({message["References"] for message in outbox.messages}) == 1 and len(outbox.messages) == 3


# --- answered -----------------------------------------------------------------------------------------------


def test_the_client_reads_that_the_partner_accepted_and_what_it_can_do(cast, lumens_products, outbox, clock):
    """RULES C6: with what was left out."""
    _readers_in_english(cast)
    sent = _sent(cast, lumens_products, outbox)
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[lumens_products.post])
    partnership = actions.accept(sent, by=cast.pierre, now=clock.now)
    message = one(outbox.deliver(), "invitation_accepted")
    text = unflowed(message)
    assert message["Subject"] == "Lumière Digital Sàrl has accepted your invitation"
    for line in for_client(summary(partnership)):
        assert line.sentence in text
    assert "1 product of the invitation was no longer available and was left out." in text


def test_the_reason_is_quoted_in_the_language_of_who_wrote_it(cast, lumens_products, outbox, clock):
    """RULES C6, L2"""
    CAUSES["invitation_refused"](cast, lumens_products, outbox, clock)
    message = one(outbox.deliver(), "invitation_refused")
    (quote,) = read(html_of(message))[0].all("blockquote")
    assert message["Content-Language"] == "de" and quote.get("lang") == "fr" and quote.text == "Pas le temps."


def test_the_partner_reads_what_it_asked_for_and_got(cast, lumens_products, outbox, clock):
    """RULES C7"""
    _readers_in_english(cast)
    _granted(cast, lumens_products, outbox, clock)
    text = unflowed(one(outbox.deliver(), "request_granted"))
    assert "✓ Manage 2 products: lumen-optik.ch, lumen-optik.swiss" in text
    assert "That differs from what you asked for:" in text
    asked_web = (
        "Websites and hosting: you asked for Technical and Statistics and got Technical on lumen-optik.ch."
    )
    assert asked_web in text
    assert "Mail: you asked for Statistics and got nothing." in text
    assert "Domains: you asked for nothing and got Technical and Statistics on lumen-optik.swiss." in text


@pytest.mark.parametrize(
    ("wanted", "given", "sentence"),
    [
        (FULL, FULL, "That is what you asked for."),
        (WALLET, FULL, "You asked to use your own payment method; the client’s is used."),
        (FULL, WALLET, "You asked to use the client’s payment method; yours is used."),
        (FULL, LIMITED, "You asked for full access and got limited access."),
        (LIMITED, FULL, "You asked for limited access and got full access."),
    ],
)
def test_other_access_than_asked_is_said(cast, lumens_products, outbox, clock, wanted, given, sentence):
    """RULES C5, C7"""
    _readers_in_english(cast)
    picked = {lumens_products.site.id: STATISTICAL} if given is LIMITED else {}
    actions.grant(asked(cast, terms=wanted), cast.lumen, given, picked, by=cast.nadia, now=clock.now)
    assert sentence in unflowed(one(outbox.deliver(), "request_granted"))


def test_what_was_asked_for_to_the_letter_is_said(cast, lumens_products, outbox, clock):
    """RULES C7"""
    _readers_in_english(cast)
    request = asked(cast, rights={Family.WEB: TECHNICAL})
    actions.grant(
        request, cast.lumen, LIMITED, {lumens_products.site.id: TECHNICAL}, by=cast.nadia, now=clock.now
    )
    assert "That is what you asked for." in unflowed(one(outbox.deliver(), "request_granted"))


def test_news_of_a_partnership_that_has_ended_is_no_news(cast, lumens_products, outbox, clock):
    """RULES C11"""
    partnership = actions.accept(_sent(cast, lumens_products, outbox), by=cast.pierre, now=clock.now)
    partnerships.end(
        partnership, side=Side.CLIENT, seen_hash=cast.nadia.password_hash, by=cast.nadia, now=clock.now
    )
    assert of_kind(outbox.deliver(), "invitation_accepted") == []


def test_a_suspended_partner_asks_nobody_by_mail_and_is_asked_nothing(cast, lumens_products, outbox, clock):
    invited(cast, lumens_products.site)
    asked(cast, "nobody@nowhere.example")
    unit_of_work(lambda: setattr(cast.lumiere_partner, "suspended_at", clock.now))()
    assert outbox.deliver() == []
    clock.now = SOON
    assert actions.remind(now=clock.now) == 0


def test_who_was_removed_meanwhile_learns_of_no_product(cast, lumens_products, outbox, clock):
    """SECURITY A12: the mail of an invitation names products."""
    rosa = make_user("Rosa Roux", email="rosa@lumiere.example")
    place = join(rosa, cast.lumiere, Role.LEGAL_REPRESENTATIVE)
    invited(cast, lumens_products.site)
    organisations.remove_member(place, by=cast.pierre, now=clock.now)
    outbox.deliver()
    assert outbox.to(cast.pierre.email) and not of_kind(outbox.to(rosa.email), "invitation_to_partner")
