"""What an affiliate sees of its payouts, and says about where they go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import PASSWORD, join, make_user
from tests.payouts.story import (
    FEBRUARY,
    IBAN,
    JANUARY,
    PAYPAL,
    affiliate,
    earn,
    give_back,
    owner_of,
    payouts,
    run,
    to,
)
from tests.times import NOW
from webapp.accounts.rules import Role
from webapp.payouts import actions, queries
from webapp.payouts.rules import Kind

TYPED = {"kind": "iban", "iban": "ch93 0076 2011 6238 5295 7", "holder": "Anna", "password": PASSWORD}


@pytest.fixture
def anna(app):
    return affiliate()


@pytest.fixture
def annas(client, anna):
    """The browser of the affiliate's legal representative."""
    return client.sign_in(owner_of(anna))


def page_of(account, name="payouts"):
    return f"/en/o/{account.organisation.public_id}/affiliate/{name}"


def later(browser, account, clock, moment):
    """The time goes on, and she signs in once more."""
    clock.now = moment
    browser.sign_in(owner_of(account))


def notice(page):
    return next(each.text for each in page.main.with_class("notice"))


# --- payouts ------------------------------------------------------------------------------------------------


def test_nothing_was_paid_yet(annas, anna):
    page = annas.get_page(page_of(anna))
    assert "No payouts yet" in page and "Payouts go to: Prepaid account" in page


@pytest.mark.parametrize(
    ("minor", "words"),
    [
        (0, "The next payouts are on 1 December 2026. CHF 50.00 must be confirmed by then; "
            "CHF 50.00 are missing so far."),
        (4_999, "The next payouts are on 1 January 2027. CHF 50.00 must be confirmed by then; "
                "CHF 0.01 are missing so far."),
        (5_000, "CHF 50.00 will be paid on 1 January 2027."),
    ],
)  # fmt: skip
def test_when_the_next_payout_is_or_what_is_missing(annas, anna, clock, minor, words):
    """RULES F8: 49.99 and 50.00."""
    if minor:
        earn(anna, minor)
        later(annas, anna, clock, NOW + timedelta(days=31))
    assert notice(annas.get_page(page_of(anna))) == words


def test_a_payout_with_its_credit_note(annas, anna, clock):
    """RULES F8: date, where to, state, amount; PDF and XML of the affiliate alone."""
    earn(to(anna))
    later(annas, anna, clock, JANUARY)
    run()
    page = annas.get_page(page_of(anna))
    (row,) = page.main.all("tr")[1:]
    for words in ("1 Jan 2027", "A-2027-00001", "IBAN CH93 •••• 2957", "On its way", "CHF 60.00"):
        assert words in row.text, row.text
    assert IBAN not in page and "0076" not in page.text
    address = next(link for words, link in page.links.items() if words.startswith("A-2027-00001"))
    document = annas.get(address)
    assert document.data.startswith(b"%PDF") and document.headers["Content-Type"] == "application/pdf"
    whole = annas.get(address.replace(".pdf", ".xml"))
    assert b"389" in whole.data


def test_another_affiliate_s_credit_note_is_not_there(client, anna, clock):
    """SECURITY 3: ids of others look like ids of nobody."""
    other = affiliate("Bert")
    earn(other)
    clock.now = JANUARY
    run()
    client.sign_in(owner_of(anna))
    assert client.get(f"{page_of(anna)}/{payouts(other)[0].public_id}.pdf").status_code == 404


def test_a_debt_is_explained(annas, anna, clock):
    """RULES F6."""
    order = earn(anna)
    later(annas, anna, clock, JANUARY)
    run()
    give_back(order, now=JANUARY)
    page = annas.get_page(page_of(anna))
    assert "−CHF 60.00" in page or "-CHF 60.00" in page or "CHF -60.00" in page or "CHF-60.00" in page, (
        page.text
    )
    assert "It is taken from what you earn next; you never have to pay it back." in page


def test_what_holds_a_payout_up_is_said(annas, anna, clock, cast):
    """RULES F8: changed a few days ago; came back."""
    earn(anna)
    actions.prefer(anna, Kind.IBAN, IBAN, "Anna", by=owner_of(anna), now=JANUARY - timedelta(days=2))
    later(annas, anna, clock, JANUARY)
    run()
    words = "CHF 60.00 will be paid from 4 January 2027 on: after a change of where payouts go we wait for a few days."
    assert notice(annas.get_page(page_of(anna))) == words
    later(annas, anna, clock, JANUARY + timedelta(days=3, hours=1))
    run(clock.now)
    (payout,) = payouts()
    actions.take_back(payout, reason="Konto geschlossen", by=cast.olga, now=clock.now)
    page = annas.get_page(page_of(anna))
    assert notice(page).startswith("Your last payout came back.") and "Konto geschlossen" in page
    assert "Came back" in page
    actions.prefer(anna, Kind.PREPAID, "", "", by=owner_of(anna), now=clock.now)
    assert notice(annas.get_page(page_of(anna))) == "CHF 60.00 will be paid on 1 February 2027."


# --- preferences --------------------------------------------------------------------------------------------


def test_an_iban_is_saved_with_the_password_and_shown_masked(annas, anna):
    """RULES F8: blanks are allowed; the bank's country is shown."""
    done = annas.submit(page_of(anna, "preferences"), TYPED)
    assert (done.status, done.location) == (303, page_of(anna, "preferences"))
    page = annas.get_page(done.location)
    assert page.notices == ["Saved. All who see the earnings are told by mail of a change."]
    assert "IBAN CH93 •••• 2957" in page and "Switzerland" in page and "Anna" in page
    assert "Nothing is paid before 26 November 2026" in page
    assert "0076" not in page.response.text.replace("CH93 0076 2011 6238 5295 7", "")
    chosen = queries.preference_of(anna)
    assert (chosen.kind, chosen.target, chosen.holder) == (Kind.IBAN, IBAN, "Anna")


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"password": "wrong one here"}, "This is not your password."),
        ({"password": ""}, "Enter your password."),
        ({"iban": "CH93 0076 2011 6238 5295 8"}, "This is not an IBAN. Compare it with your bank’s, "
                                                 "for example CH93 0076 2011 6238 5295 7."),
        ({"iban": "CH44 3199 9123 0008 8901 2"}, "This is a QR-IBAN, which takes bills only. "
                                                 "Enter the account’s normal IBAN."),
        ({"iban": "DE89 3704 0044 0532 0130 00"}, "Swiss francs are paid out to accounts in Switzerland or "
                                                  "Liechtenstein. This IBAN is of another country."),
        ({"holder": ""}, "Enter the name of the account’s holder."),
        ({"kind": "paypal", "paypal": "nobody"}, "Enter the mail address of the PayPal account, "
                                                 "such as name@example.com."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_saved(annas, anna, typed, error):
    """RULES F8."""
    page = annas.submit(page_of(anna, "preferences"), {**TYPED, **typed})
    assert page.status == 422 and page.errors == [error]
    assert queries.preference_row(anna) is None


def test_an_empty_field_keeps_what_is_there(annas, anna):
    """RULES F8: shown masked, an account needn't be typed again to be confirmed."""
    to(anna)
    page = annas.submit(page_of(anna, "preferences"), {**TYPED, "iban": "", "holder": "Anna B."})
    assert page.status == 303
    assert (queries.preference_row(anna).target, queries.preference_row(anna).holder) == (IBAN, "Anna B.")


def test_an_iban_is_not_kept_as_a_paypal_address(annas, anna):
    to(anna)
    page = annas.submit(page_of(anna, "preferences"), {**TYPED, "kind": "paypal", "paypal": ""})
    assert page.status == 422


def test_back_to_the_prepaid_account(annas, anna):
    to(anna, Kind.PAYPAL, PAYPAL)
    assert annas.submit(page_of(anna, "preferences"), {"kind": "prepaid", "password": PASSWORD}).status == 303
    assert queries.preference_row(anna).kind is Kind.PREPAID


def test_administrators_see_payouts_and_representatives_decide(client, anna):
    """RULES F8, O2: who may see earnings may not change where they go."""
    admin, helper = make_user("Adam"), make_user("Hilda")
    join(admin, anna.organisation, Role.ADMINISTRATOR)
    join(helper, anna.organisation, Role.COLLABORATOR)
    client.sign_in(admin)
    assert client.get(page_of(anna)).status_code == 200
    assert client.get(page_of(anna, "preferences")).status_code == 403
    client.sign_in(helper)
    assert client.get(page_of(anna)).status_code == 403


def test_there_is_no_such_page_without_an_affiliate_account(client, cast):
    client.sign_in(cast.nadia)
    assert client.get(f"/en/o/{cast.lumen.public_id}/affiliate/payouts").status_code == 404
    assert client.get(f"/en/o/{cast.lumen.public_id}/affiliate/preferences").status_code == 404


def test_the_page_asks_few_statements(annas, anna, clock, statements):
    """BENCH: as many for many payouts as for one."""
    earn(anna)
    later(annas, anna, clock, FEBRUARY)
    run()
    annas.get_page(page_of(anna))
    with statements() as seen:
        annas.get_page(page_of(anna))
    assert len(seen) <= 12, "\n".join(seen)
    assert clock.now > NOW
