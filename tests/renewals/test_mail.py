"""The mails of renewals: what they say, to whom, in which language, and when they stay at home (RULES M8)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.factories import make_partnership, make_plan, make_prepaid
from tests.html import read
from tests.orders.story import ordered
from tests.post import html_of, of_kind, says_the_same, text_of, unflowed
from tests.renewals.story import (
    IN_A_WEEK,
    IN_TWO_WEEKS,
    PRICE,
    by_hand,
    change,
    no_invoices,
    orders,
    product,
    wish,
)
from webapp.accounts.models import Membership
from webapp.accounts.rules import Kind, Role
from webapp.extensions import db
from webapp.mailer import KINDS, QueuedMail
from webapp.orders import actions as order_actions
from webapp.partnerships.rules import Access, Payer, Side
from webapp.products.rules import Family
from webapp.renewals import actions
from webapp.unit import unit_of_work

ASKING = "has a VAT number"


@pytest.fixture
def wallet(cast):
    """Lumière has full access to Lumen Optik and pays for what it orders."""
    return make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)


def _reminded(cast, now):
    by_hand(cast.lumen, "one.ch", IN_A_WEEK)
    by_hand(cast.stefans, "shop.example", IN_A_WEEK)
    by_hand(cast.stefans, "blog.example", IN_A_WEEK)
    actions.remind(now=now)


def _announced(cast, now):
    product(cast.lumen, "one.ch", IN_TWO_WEEKS)
    product(cast.stefans, "shop.example", IN_TWO_WEEKS)
    product(cast.stefans, "blog.example", IN_TWO_WEEKS)
    actions.remind(now=now)


def _done(cast, now):
    for holder in (cast.lumen, cast.stefans):
        make_prepaid(holder, 100_000)
    product(cast.lumen, "one.ch")
    product(cast.stefans, "shop.example")
    product(cast.stefans, "blog.example")
    actions.renew(now=now)


def _failed(cast, now):
    product(cast.lumen, "one.ch")
    product(cast.stefans, "shop.example")
    product(cast.stefans, "blog.example")
    with no_invoices():
        actions.renew(now=now)


# what happens so that a mail of this kind is queued and holds
CAUSES = {
    "renewal_reminder": _reminded,
    "automatic_reminder": _announced,
    "automatic_done": _done,
    "automatic_failed": _failed,
}


@unit_of_work
def _readers_speak(language, region):
    db.session.execute(sa.update(QueuedMail).values(language=language, region=region))


def english(outbox, kind):
    """The mails of this kind, as somebody in English reads them."""
    _readers_speak("en", "CH")
    return of_kind(outbox.deliver(), kind)


def to(messages, person):
    (message,) = [each for each in messages if each["To"] == person.email]
    return message


def test_every_kind_of_mail_has_a_cause_here():
    assert {kind for kind in KINDS if KINDS[kind].write.__module__ == "webapp.renewals.mail"} == set(CAUSES)


@pytest.mark.parametrize(
    ("language", "region"), [("en", "CH"), ("fr", "CH"), ("fr", "FR"), ("de", "CH"), ("de", "DE")]
)
@pytest.mark.parametrize("kind", CAUSES)
def test_every_mail_in_every_language(cast, outbox, now, kind, language, region):
    """RULES L1, L2, M8: whole, in the reader's language, text and HTML alike, a subject that fits."""
    CAUSES[kind](cast, now)
    _readers_speak(language, region)
    with no_invoices():
        found = of_kind(outbox.deliver(), kind)
    assert {message["To"] for message in found} == {cast.nadia.email, cast.adam.email, cast.stefan.email}
    for message in found:
        root = read(html_of(message))[0]
        assert message["Content-Language"] == language == root.all("html")[0].get("lang")
        assert len(message["Subject"]) < 60 or language != "en", message["Subject"]
        hrefs = [link.get("href") for link in root.all("a")]
        assert hrefs
        for href in hrefs:
            assert href.startswith(f"http://localhost/{language}/") and href in text_of(message)
        assert message["List-Unsubscribe"] is None  # each is switched off by its kind
        says_the_same(message)


def test_the_links_of_every_mail_lead_to_pages(cast, outbox, client, now):
    for cause in CAUSES.values():
        cause(cast, now)
    client.sign_in(cast.nadia)
    with no_invoices():
        found = outbox.deliver()
    for message in found:
        if message["To"] == cast.nadia.email:
            for link in outbox.links(message):
                assert client.get(link).status_code == 200, link


# --- reminders ----------------------------------------------------------------------------------------------


def test_a_reminder_names_what_has_to_be_renewed_by_when(cast, outbox, now):
    """RULES M8"""
    _reminded(cast, now)
    found = english(outbox, "renewal_reminder")
    one, more = to(found, cast.nadia), to(found, cast.stefan)
    assert one["Subject"] == "Renew by 28 Nov 2026: one.ch"
    assert more["Subject"] == "Renew by 28 Nov 2026: 2 products"
    text = unflowed(more)
    assert "2 products have to be renewed by 28 November 2026" in text
    assert "They do not renew by themselves" in text
    assert "shop.example" in text and "blog.example" in text and "one.ch" not in text


def test_the_holder_is_named_when_another_pays(cast, wallet, outbox, now):
    """RULES O8, M8: who pays gets it; the link leads to the client’s product."""
    it = by_hand(cast.lumen, "one.ch", IN_A_WEEK, payer=cast.lumiere)
    actions.remind(now=now)
    (message,) = english(outbox, "renewal_reminder")
    assert message["To"] == cast.pierre.email
    assert f"{it.plan.name_en} of Lumen Optik AG" in unflowed(message)
    assert any(
        f"/clients/{wallet.public_id}/products/{it.public_id}" in link for link in outbox.links(message)
    )


@pytest.mark.parametrize("cause", [_reminded, _announced])
def test_a_company_without_vat_number_is_asked_for_it(cast, outbox, now, cause):
    """RULES M7: asked for in the mails that announce renewals of a company without one."""
    kind = next(name for name, each in CAUSES.items() if each is cause)
    change(cast.stefans, vat_number="CHE-107.787.577 MWST")
    cause(cast, now)
    found = english(outbox, kind)
    assert ASKING in unflowed(to(found, cast.nadia))
    assert ASKING not in unflowed(to(found, cast.stefan))


def test_an_individual_is_not_asked_for_a_vat_number(cast, outbox, now):
    """RULES M7"""
    change(cast.lumen, kind=Kind.INDIVIDUAL)
    _reminded(cast, now)
    assert ASKING not in unflowed(to(english(outbox, "renewal_reminder"), cast.nadia))


def test_what_renews_by_itself_is_announced_with_what_it_will_cost(cast, outbox, now):
    """RULES M8: a reminder 14 days before."""
    make_prepaid(cast.lumen, PRICE)
    _announced(cast, now)
    found = english(outbox, "automatic_reminder")
    one, more = to(found, cast.nadia), to(found, cast.stefan)
    assert one["Subject"] == "Automatic renewal on 5 Dec 2026: one.ch"
    assert more["Subject"] == "Automatic renewal on 5 Dec 2026: 2 products"
    assert "Expected total: CHF\u00a0129.72" in unflowed(one)
    assert "The amount will be taken from the prepaid account" in unflowed(one)
    assert "Expected total: CHF\u00a0259.44" in unflowed(more)
    assert "an invoice will come instead" in unflowed(more)


def test_whoever_can_t_get_an_invoice_is_asked_to_answer(cast, outbox, now):
    _announced(cast, now)
    with no_invoices():
        text = unflowed(to(english(outbox, "automatic_reminder"), cast.nadia))
    assert "transfers in CHF are not possible here. Answer this mail before then" in text


def test_the_partner_reads_its_own_price(cast, wallet, outbox, now):
    """RULES M4, M5"""
    product(cast.lumen, "one.ch", IN_TWO_WEEKS, payer=cast.lumiere)
    actions.remind(now=now)
    (message,) = english(outbox, "automatic_reminder")
    assert "Expected total: CHF\u00a0103.78" in unflowed(message)  # 96.00 and 8.1 per cent


def test_a_mail_names_thirty_products_and_counts_the_others(cast, outbox, now):
    for n in range(33):
        by_hand(cast.lumen, f"site-{n:02}.ch", IN_A_WEEK)
    actions.remind(now=now)
    text = unflowed(to(english(outbox, "renewal_reminder"), cast.nadia))
    assert "site-29.ch" in text and "site-30.ch" not in text
    assert "And 3 more." in text


# --- after --------------------------------------------------------------------------------------------------


def test_a_renewal_and_its_debit_are_confirmed(cast, outbox, now):
    """RULES M8: confirmation of renewal and debit."""
    _done(cast, now)
    found = english(outbox, "automatic_done")
    one, more = to(found, cast.nadia), to(found, cast.stefan)
    assert one["Subject"] == "Renewed: one.ch"
    assert more["Subject"] == "Renewed: 2 products"
    assert "Debited: CHF\u00a0129.72" in unflowed(one)
    assert "one.ch\nUntil 22 November 2027\n" in unflowed(one)
    assert ASKING not in unflowed(one)  # nothing more can be done about this invoice


def test_a_confirmation_tells_products_of_one_name_apart_and_counts_the_others(cast, outbox, now):
    make_prepaid(cast.lumen, 1_000_000)
    plans = [make_plan(name=name, family=Family.OTHER) for name in ("Hosting", "Domain")]
    for plan in plans:
        product(cast.lumen, "one.ch", plan=plan)
    for n in range(31):
        product(cast.lumen, f"site-{n:02}.ch", plan=plans[0])
    actions.renew(now=now)
    text = unflowed(to(english(outbox, "automatic_done"), cast.nadia))
    assert "one.ch (Hosting)" in text and "one.ch (Domain)" in text
    assert "site-27.ch" in text and "site-28.ch" not in text
    assert "And 3 more." in text


def test_a_partner_that_pays_is_led_to_its_clients_product(cast, wallet, outbox, client, now):
    """RULES O8, M8"""
    make_prepaid(cast.lumiere, PRICE)
    it = product(cast.lumen, "one.ch", payer=cast.lumiere)
    actions.renew(now=now)
    message = to(english(outbox, "automatic_done"), cast.pierre)
    page = f"/clients/{wallet.public_id}/products/{it.public_id}"
    (link,) = [each for each in outbox.links(message) if each.endswith(page)]
    assert client.sign_in(cast.pierre).get(link).status_code == 200


def test_what_could_not_be_renewed_says_what_to_do(cast, outbox, now):
    """RULES M8: could not be renewed."""
    make_prepaid(cast.lumen, 10_000)
    _failed(cast, now)
    with no_invoices():
        text = unflowed(to(english(outbox, "automatic_failed"), cast.nadia))
    assert "There is not enough money on the prepaid account of Lumen Optik AG." in text
    assert "Transfers in CHF are not possible here. Answer this mail" in text
    for fact in (
        "Needed: CHF\u00a0129.72",
        "On the prepaid account: CHF\u00a0100.00",
        "Missing: CHF\u00a029.72",
    ):
        assert fact in text


# --- mails whose cause is gone ------------------------------------------------------------------------------


@unit_of_work
def _leave(person):
    db.session.execute(
        sa.update(Membership).where(Membership.user_id == person.id).values(role=Role.COLLABORATOR)
    )


@pytest.mark.parametrize("kind", CAUSES)
def test_who_no_longer_sees_the_money_gets_nothing(cast, outbox, now, kind):
    """RULES M5: mails are written from the state when they leave."""
    CAUSES[kind](cast, now)
    _leave(cast.adam)
    with no_invoices():
        found = of_kind(outbox.deliver(), kind)
    assert found and cast.adam.email not in {message["To"] for message in found}


def test_what_was_renewed_meanwhile_is_no_news(cast, outbox, now):
    it = by_hand(cast.lumen, "one.ch", IN_A_WEEK)
    product(cast.lumen, "two.ch", IN_TWO_WEEKS)
    actions.remind(now=now)
    ordered(cast.lumen, it)
    change(product(cast.stefans), ended_at=now)
    assert of_kind(outbox.deliver(), "renewal_reminder") == []


def test_what_was_switched_off_meanwhile_stays_at_home(cast, outbox, now):
    """RULES M8: switchable, at once."""
    by_hand(cast.lumen, "one.ch", IN_A_WEEK)
    product(cast.lumen, "two.ch", IN_TWO_WEEKS)
    actions.remind(now=now)
    wish(cast.lumen, reminders=False, automatic_reminder=False)
    assert outbox.deliver() == []


def test_a_partnership_that_ended_before_the_mail_left(cast, wallet, outbox, now):
    """RULES C11: the former partner reads nothing of its client’s products any more."""
    by_hand(cast.lumen, "one.ch", IN_A_WEEK, payer=cast.lumiere)
    actions.remind(now=now)
    change(wallet, ended_at=now, ended_by_side=Side.CLIENT)
    assert outbox.deliver() == []


def test_an_order_that_was_cancelled_is_not_confirmed(cast, outbox, now):
    make_prepaid(cast.lumen, PRICE)
    product(cast.lumen, "one.ch")
    actions.renew(now=now)
    order_actions.cancel(orders()[0], reason="No", by=None, now=now)
    assert of_kind(outbox.deliver(), "automatic_done") == []


def test_money_that_came_before_the_mail_left_makes_it_needless(cast, outbox, now):
    product(cast.lumen, "one.ch")
    with no_invoices():
        actions.renew(now=now)
    make_prepaid(cast.lumen, PRICE)
    with no_invoices():
        assert of_kind(outbox.deliver(), "automatic_failed") == []
