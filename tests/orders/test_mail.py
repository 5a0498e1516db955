"""The mails of orders, as they leave: to whom, in which language, what they say (RULES M5, M6, M7, M8, L2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import join, make_order, make_partnership, make_plan, make_prepaid, make_user
from tests.orders.story import cancelled, pay, refund
from tests.post import html_of, of_kind, unflowed
from webapp.accounts.rules import Role
from webapp.extensions import db
from webapp.orders import actions
from webapp.orders.quotes import Wanted
from webapp.orders.rules import Method
from webapp.partnerships.rules import Access
from webapp.products.rules import Family

LANGUAGES = ("de", "en", "fr")


@pytest.fixture
def hosting(app):
    return make_plan("web-start", name="Web hosting Start", price_chf=992, price_eur=575)


@pytest.fixture
def readers(cast):
    """Who sees the money of Lumen Optik and of Lumière, in three languages each, by language."""
    people = {"de": cast.nadia, "fr": cast.pierre}
    found = {}
    for organisation in (cast.lumen, cast.lumiere):
        for language in LANGUAGES:
            name = f"{language} {organisation.name.split()[0]}"
            person = make_user(name, language=language)
            join(person, organisation, Role.ADMINISTRATOR)
            found[organisation.id, language] = person
    return found | {(cast.lumen.id, "own"): people["de"], (cast.lumiere.id, "own"): people["fr"]}


def said(message):
    """Its text, with blanks for those that do not break."""
    return unflowed(message).replace("\xa0", " ")


def one(outbox, person, kind):
    """The only mail of this kind that the person got."""
    [message] = of_kind(outbox.to(person.email), kind)
    return message


def say_in_three_languages(outbox, client, readers, organisation, kind):
    """Each reader's mail is in the own language, with a button that leads to the order (RULES L2)."""
    for language in LANGUAGES:
        person = readers[organisation.id, language]
        message = one(outbox, person, kind)
        assert message["Content-Language"] == language
        [link] = [each for each in outbox.links(message) if "/orders/" in each]
        assert link.startswith(f"/{language}/o/{organisation.public_id}/orders/")
        client.sign_in(person).get_page(link)
        assert f'href="http://localhost{link}"' in html_of(message)


# --- the invoice --------------------------------------------------------------------------------------------


def test_the_payer_gets_the_invoice_and_how_to_pay_it(client, cast, hosting, readers, outbox):
    """RULES M8, UX 6."""
    order = make_order(cast.lumen, Wanted(hosting, "shop.ch", 2), by=cast.nadia)
    outbox.deliver()
    say_in_three_languages(outbox, client, readers, cast.lumen, "invoice_issued")
    message = one(outbox, readers[cast.lumen.id, "en"], "invoice_issued")
    assert message["Subject"] == f"Invoice {order.invoice.number}: CHF 21.45"
    text = said(message)
    for words in (
        order.number, "Ordered: 2 × shop.ch", "Payable by: 19 December 2026", "CH93 0076 2011 6238 5295 7",
        "Account holder: Helvia SA",
        " ".join(order.reference[n : n + 4] for n in range(0, len(order.reference), 4)),
        "The order is carried out as soon as the payment has arrived.",
    ):  # fmt: skip
        assert words in text, words


def test_what_was_paid_from_the_prepaid_account_asks_for_nothing(cast, hosting, outbox):
    make_prepaid(cast.stefans, 10_000)
    make_order(cast.stefans, Wanted(hosting, "shop.ch"), method=Method.PREPAID)
    outbox.deliver()
    text = said(one(outbox, cast.stefan, "invoice_issued"))
    assert "There is nothing for you to do." in text and "CH93" not in text
    assert of_kind(outbox.messages, "order_paid") == []


@pytest.mark.parametrize(("kind", "number", "asked"), [
    ("company", None, True), ("company", "CHE-107.787.577 MWST", False), ("individual", None, False),
])  # fmt: skip
def test_a_company_without_a_vat_number_is_asked_for_it(cast, hosting, outbox, kind, number, asked):
    """RULES M7."""
    cast.stefans.kind, cast.stefans.vat_number = kind, number
    db.session.commit()
    make_order(cast.stefans, Wanted(hosting, "shop.ch"))
    outbox.deliver()
    text = said(one(outbox, cast.stefan, "invoice_issued"))
    assert ("has a VAT number, add it in the settings" in text) is asked


def test_a_company_without_a_vat_number_is_asked_for_it_with_its_first_invoice_only(cast, hosting, outbox):
    """RULES M7: the page on which it pays asks, too, and so do the mails that announce renewals."""
    make_order(cast.lumen, Wanted(hosting, "another.ch"))
    for label in ("first.ch", "second.ch"):
        make_order(cast.stefans, Wanted(hosting, label))
    outbox.deliver()
    first, second = (said(each) for each in of_kind(outbox.to(cast.stefan.email), "invoice_issued"))
    assert "has a VAT number" in first
    assert "VAT" not in second


def test_an_invoice_that_is_paid_before_its_mail_leaves_asks_for_nothing(cast, hosting, outbox):
    """RULES L2: written from the state when it leaves."""
    make_order(cast.stefans, Wanted(hosting, "shop.ch"), paid=True)
    outbox.deliver()
    text = said(one(outbox, cast.stefan, "invoice_issued"))
    assert "Nothing is left to be paid." in text
    assert "Please transfer" not in text and "CH93" not in text and "Payable by" not in text


def test_an_order_of_many_lines_names_a_few(cast, hosting, outbox):
    make_order(cast.stefans, *(Wanted(hosting, f"{n}.ch") for n in range(6)))
    make_order(cast.stefans, *(Wanted(hosting, f"{n}.ch") for n in range(4)))
    outbox.deliver()
    six, four = (said(each) for each in of_kind(outbox.to(cast.stefan.email), "invoice_issued"))
    assert "Ordered: 0.ch, 1.ch, 2.ch and 3 more" in six
    assert "Ordered: 0.ch, 1.ch, 2.ch and 3.ch" in four


def test_products_of_one_name_are_told_apart_by_their_plans(cast, hosting, outbox):
    domain = make_plan("domain-ch", family=Family.DOMAIN, name="Domain .ch")
    make_order(cast.stefans, Wanted(hosting, "shop.ch"), Wanted(domain, "shop.ch"), Wanted(hosting, "b.ch"))
    outbox.deliver()
    text = said(one(outbox, cast.stefan, "invoice_issued"))
    assert "Ordered: shop.ch (Web hosting Start), shop.ch (Domain .ch) and b.ch" in text


# --- what a partner ordered ---------------------------------------------------------------------------------


def test_a_client_hears_what_its_partner_ordered_and_who_pays(client, cast, hosting, readers, outbox):
    """RULES M4, C14."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    make_order(cast.lumen, Wanted(hosting, "shop.ch", 2), acting=partnership, by=cast.pierre)
    outbox.deliver()
    say_in_three_languages(outbox, client, readers, cast.lumen, "ordered_for_client")
    message = one(outbox, readers[cast.lumen.id, "en"], "ordered_for_client")
    assert message["Subject"] == "Lumière Digital Sàrl has ordered for Lumen Optik AG"
    text = said(message)
    for words in (
        "You pay for this order",
        "Ordered by: Pierre Perret",
        "Ordered: 2 × shop.ch",
        "Total: CHF 21.45",
    ):
        assert words in text, words
    assert of_kind(outbox.to(cast.pierre.email), "invoice_issued") == []  # it is not the partner's to see


def test_nothing_about_amounts_reaches_a_client_whose_partner_pays(
    client, cast, hosting, wallet, readers, outbox
):
    """RULES M5, SECURITY A10: whatever becomes of the order."""
    order = make_order(cast.lumen, Wanted(hosting, "shop.ch", 35), acting=wallet, by=cast.pierre)
    pay(order)
    refund(order, 5_000)
    cancelled(order)
    outbox.deliver()
    secrets = ("CHF", "208", "225", order.invoice.number, order.reference, "CH93", "Prepaid", "prepaid")
    for language in (*LANGUAGES, "own"):
        mails = outbox.to(readers[cast.lumen.id, language].email)
        assert {each["Message-ID"].split(".")[0] for each in mails} == {
            "<ordered_for_client", "<order_cancelled",
        }  # fmt: skip
        for message in mails:
            words = f"{message['Subject']} {said(message)} {html_of(message)}".replace(order.number, "")
            assert [each for each in secrets if each in words] == []
    text = said(one(outbox, readers[cast.lumen.id, "en"], "ordered_for_client"))
    assert "Lumière Digital Sàrl pays for this order. What it ordered is yours all the same." in text
    say_in_three_languages(outbox, client, readers, cast.lumen, "order_cancelled")


# --- payment, refund, cancellation --------------------------------------------------------------------------


def test_a_transfer_that_pays_the_order_is_told(client, cast, hosting, readers, outbox):
    order = make_order(cast.lumen, Wanted(hosting, "shop.ch", 2))
    pay(order, 1_000)
    assert of_kind(outbox.deliver(), "order_paid") == []
    pay(order)
    outbox.deliver()
    say_in_three_languages(outbox, client, readers, cast.lumen, "order_paid")
    text = said(one(outbox, readers[cast.lumen.id, "en"], "order_paid"))
    assert f"Order {order.number} is paid in full" in text and "Total: CHF 21.45" in text


def test_a_credit_note_says_why_and_where_the_money_is(client, cast, hosting, readers, outbox):
    """RULES M11, M6."""
    order = make_order(cast.lumen, Wanted(hosting, "shop.ch", 2), paid=True)
    refund(order, 992)
    outbox.deliver()
    say_in_three_languages(outbox, client, readers, cast.lumen, "credit_issued")
    message = one(outbox, readers[cast.lumen.id, "en"], "credit_issued")
    assert message["Subject"] == "Credit note C-2026-00001: CHF 10.73"
    text = said(message)
    for words in (
        "Reason: Too slow",
        f"corrects invoice {order.invoice.number}",
        "is on your prepaid account",
    ):
        assert words in text, words


@pytest.mark.parametrize(
    ("received", "refunded", "words"),
    [
        (0, 992, "You have that much less to pay."),
        (0, 1_984, "Nothing is left to be paid."),
        (2_145, 992, "is on your prepaid account"),
    ],
)
def test_what_a_credit_note_means_depends_on_what_was_paid(cast, hosting, outbox, received, refunded, words):
    """RULES M6."""
    order = make_order(cast.stefans, Wanted(hosting, "shop.ch", 2))
    if received:
        pay(order, received)
    refund(order, refunded)
    outbox.deliver()
    assert words in said(one(outbox, cast.stefan, "credit_issued"))


@pytest.mark.parametrize(
    ("received", "words"),
    [
        (
            0,
            [
                "Nothing of it will be carried out.",
                "If a transfer is under way, the money goes to your prepaid",
            ],
        ),
        (
            500,
            [
                "Nothing of it will be carried out.",
                "What you paid, CHF 5.00, has gone to your prepaid account.",
            ],
        ),
        (
            2_145,
            ["New products of it have ended", "What you paid, CHF 21.45, has gone to your prepaid account."],
        ),
    ],
)
def test_a_cancelled_order_says_what_happens_to_the_money(cast, hosting, outbox, received, words):
    """RULES M6."""
    order = make_order(cast.stefans, Wanted(hosting, "shop.ch", 2))
    if received:
        pay(order, received)
    cancelled(order)
    outbox.deliver()
    text = said(one(outbox, cast.stefan, "order_cancelled"))
    assert [each for each in words if each not in text] == []


def test_money_of_a_shop_comes_back_by_the_shop(cast, hosting, outbox):
    order = make_order(cast.stefans, Wanted(hosting, "shop.ch"), method=Method.OUTSIDE, outside="S-1")
    pay(order, source=actions.Account(actions.AccountKind.CLEARING))
    refund(order, 500)
    cancelled(order)
    outbox.deliver()
    cancellation = said(one(outbox, cast.stefan, "order_cancelled"))
    assert "The shop in which you ordered gives you back CHF 10.72." in cancellation
    for message in of_kind(outbox.to(cast.stefan.email), "credit_issued"):
        assert "The shop in which you ordered gives you back what you have paid too much." in said(message)


# --- who is told --------------------------------------------------------------------------------------------


def test_collaborators_and_whoever_has_left_hear_nothing(cast, hosting, outbox, now):
    """RULES O2: asked again when the mail leaves."""
    order = make_order(cast.lumen, Wanted(hosting, "shop.ch"))
    for membership in cast.adam.memberships:
        membership.role = Role.COLLABORATOR
    db.session.commit()
    cancelled(order, now=now + timedelta(minutes=1))
    outbox.deliver(now + timedelta(minutes=2))
    assert outbox.to(cast.hugo.email) == outbox.to(cast.adam.email) == []
    assert {each["Message-ID"].split(".")[0] for each in outbox.to(cast.nadia.email)} == {
        "<invoice_issued", "<credit_issued", "<order_cancelled",
    }  # fmt: skip
