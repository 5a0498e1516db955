"""Paying in and withdrawing, as an organisation sees it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import PIL.Image
import PIL.ImageDraw
import pytest
import zxingcpp

from tests.client import Page, values_of
from tests.factories import PASSWORD, make_prepaid, make_withdrawal
from tests.orders.story import has
from tests.payments.story import PAYPAL, under_way, withdrawals
from tests.times import NOW
from webapp.extensions import db
from webapp.money import Money
from webapp.payments import actions
from webapp.payments.queries import top_up_reference
from webapp.payments.rules import Kind
from webapp.references import spaced

TYPED = {"amount": "40.00", "kind": "iban", "iban": "ch56 0483 5012 3456 7800 9"}
ONLY = "iban", "CH5604835012345678009"
NO_IBAN = "This is not an IBAN. Compare it with your bank’s, for example CH93 0076 2011 6238 5295 7."
NO_PAYPAL = "Enter the mail address of the PayPal account, such as name@example.com."
FAR_AWAY = (
    "Withdrawals go to accounts in Switzerland and the SEPA countries. This IBAN is of another country."
)


def account_of(organisation, path=""):
    return f"/en/o/{organisation.public_id}/account{path}"


def new(organisation):
    return account_of(organisation, "/withdrawals/new")


@pytest.fixture
def lumen(cast):
    """Lumen Optik, with CHF 100 on its account."""
    make_prepaid(cast.lumen, 10_000)
    return cast.lumen


@pytest.fixture
def nadias(client, cast, lumen):
    """The browser of Lumen Optik's legal representative."""
    return client.sign_in(cast.nadia)


# --- paying in ----------------------------------------------------------------------------------------------


def test_where_to_transfer_money_to(client, cast):
    """RULES O3: an account per currency, the own one first, with the reference that names the organisation."""
    page = client.sign_in(cast.adam).get_page(account_of(cast.lumen, "/payment-in"))
    assert [each.text for each in page.main.all("h2")] == ["In CHF", "In EUR"]
    values = [each.text for each in page.main.all("dd")]
    reference = spaced(top_up_reference(cast.lumen))
    assert values[:4] == ["CH93 0076 2011 6238 5295 7", "HELVCH20XXX", "Helvia SA", reference]
    assert values[5:9] == ["LI21 0881 0000 2324 013A A", "HELVLI20XXX", "Helvia SA", reference]
    assert [each.text for each in _headings(client.get_page(account_of(cast.lumen)))] == ["Prepaid account"]


def _headings(page):
    return page.main.all("h1")


def _drawn(svg):
    """What a camera would see of the page's drawing: its `rect` and `path` elements, eight pixels for a unit."""
    width = round(float(svg.get("viewbox").split()[2]))
    picture = PIL.Image.new("L", (width * 8, width * 8), 128)
    pen = PIL.ImageDraw.Draw(picture)

    def box(x, y, wide, high, colour):
        pen.rectangle([x * 8, y * 8, (x + wide) * 8 - 1, (y + high) * 8 - 1], fill=colour)

    assert svg.all("rect")[0].get("width") == str(width), "white all around, on a dark page too"
    box(0, 0, width, width, 255)
    for x, y, wide in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg.all("path")[0].get("d")):
        box(int(x), int(y), int(wide), 1, 0)
    for cross in svg.all("svg"):
        left, top, side = (float(cross.get(name)) for name in ("x", "y", "width"))
        for part in cross.all("rect"):
            x, y, wide, high = (
                float(part.get(name) or 0) * side / 700 for name in ("x", "y", "width", "height")
            )
            box(left + x, top + y, wide, high, 255 if part.get("fill") else 0)
    return picture


def _codes(page):
    """The text of each code on the page, by what its drawing is called."""
    found = {}
    for figure in page.main.all("figure"):
        svg = figure.all("svg")[0]
        (code,) = zxingcpp.read_barcodes(_drawn(svg), formats=zxingcpp.BarcodeFormat.QRCode)
        found[svg.get("aria-label")] = code.text
    return found


def test_a_banking_app_scans_where_to_and_asks_for_the_amount(client, cast):
    """RULES M6: the reference of the organisation, no amount, and no debtor: whoever pays in is one."""
    page = client.sign_in(cast.adam).get_page(account_of(cast.lumen, "/payment-in"))
    codes = _codes(page)
    assert list(codes) == [
        f"Code with these bank details, for transfers in {currency}" for currency in ("CHF", "EUR")
    ]
    reference = top_up_reference(cast.lumen)
    swiss, european = codes.values()
    lines = swiss.split("\r\n")
    assert lines[:4] == ["SPC", "0200", "1", "CH9300762011623852957"]
    assert lines[4:11] == ["S", "Helvia SA", "Rue du Simplon 12", "", "1006", "Lausanne", "CH"]
    assert lines[11:] == [*[""] * 7, "", "CHF", *[""] * 7, "SCOR", reference, "", "EPD"]
    assert european.split("\n") == [
        "BCD", "002", "1", "SCT", "HELVLI20XXX", "Helvia SA", "LI21088100002324013AA", "", "", reference,
    ]  # fmt: skip


def test_where_the_schemes_have_no_place_for_an_account_there_is_no_code(app, client, cast, monkeypatch):
    """Francs to an account abroad: its details stand in the text alone."""
    policy = app.config["PROGRAMME"]
    seller = replace(policy.seller, iban={**policy.seller.iban, "CHF": "DE89370400440532013000"})
    monkeypatch.setitem(app.config, "PROGRAMME", replace(policy, seller=seller))
    page = client.sign_in(cast.nadia).get_page(account_of(cast.lumen, "/payment-in"))
    assert [name[-3:] for name in _codes(page)] == ["EUR"] and "DE89 3704 0044 0532 0130 00" in page


def test_the_own_currency_comes_first(client, cast):
    page = client.sign_in(cast.berta).get_page(account_of(cast.bergwerk, "/payment-in"))
    assert [each.text for each in page.main.all("h2")] == ["In EUR", "In CHF"]


def test_a_currency_without_an_account_of_the_operator(app, client, cast, monkeypatch):
    policy = app.config["PROGRAMME"]
    seller = replace(policy.seller, iban={"CHF": policy.seller.iban["CHF"]}, bic={})
    monkeypatch.setitem(app.config, "PROGRAMME", replace(policy, seller=seller))
    client.sign_in(cast.nadia)
    page = client.get_page(account_of(cast.lumen, "/payment-in"))
    assert "Helvia has no account in EUR." in page and "BIC" not in page
    monkeypatch.setitem(app.config, "PROGRAMME", replace(policy, seller=None))
    page = client.get_page(account_of(cast.lumen, "/payment-in"))
    assert "no account in CHF" in page and "no account in EUR" in page and not page.main.all("dl")


def test_the_account_leads_there(client, cast, lumen, another):
    page = client.sign_in(cast.nadia).get_page(account_of(lumen))
    assert page.links["Pay in"] == account_of(lumen, "/payment-in")
    assert page.links["Withdraw money"] == new(lumen)
    assert page.links["Withdrawals"] == account_of(lumen, "/withdrawals")
    adams = another().sign_in(cast.adam).get_page(account_of(lumen))
    assert "Withdraw money" not in adams.links and "Pay in" in adams.links


# --- withdrawing --------------------------------------------------------------------------------------------


def check_page(browser, lumen, **typed):
    """The check page that follows the form."""
    answer = browser.submit(new(lumen), {**TYPED, **typed})
    assert answer.status == 303, answer.errors
    return answer.location


def test_a_withdrawal_in_three_steps(nadias, cast, lumen, outbox):
    """RULES M6: amount and target, check with the password, done. Who looks after the account hears of it."""
    outbox.deliver()  # that money came
    where = check_page(nadias, lumen)
    page = nadias.get_page(where)
    assert [each.text for each in page.main.all("dd")] == [
        "CHF 40.00", "Prepaid account of Lumen Optik AG", "Bank account CH56 •••• 8009",
    ]  # fmt: skip
    assert "0483" not in page.response.text and page.buttons[-1] == "Request CHF 40.00"
    assert not withdrawals(), "nothing happens before the button"
    answer = nadias.submit(where, {"password": PASSWORD})
    assert (answer.status, answer.location) == (303, account_of(lumen, "/withdrawals"))
    assert (has(lumen), under_way(lumen)) == (6_000, 4_000)
    [row] = withdrawals()
    assert (row.kind, row.target) == ONLY and row.requested_by_id == cast.nadia.id
    page = nadias.get_page(answer.location)
    assert (
        page.notices == ["The withdrawal is requested. You get a mail as soon as it is paid out."]
        and "CH56 •••• 8009" in page
    )
    assert "Waiting" in page and "CHF 40.00" in page and "0483" not in page.response.text
    assert sorted(each["To"].addresses[0].addr_spec for each in outbox.deliver(NOW + timedelta(minutes=5))) == [
        cast.adam.email, cast.nadia.email,
    ]  # fmt: skip


def test_to_paypal(nadias, lumen):
    where = check_page(nadias, lumen, kind="paypal", paypal="Nadia@Lumen.example", iban="")
    assert "n••••@lumen.example" in nadias.get_page(where)
    nadias.submit(where, {"password": PASSWORD})
    assert withdrawals()[0].destination == PAYPAL


def test_a_wrong_password_asks_for_nothing(nadias, lumen):
    """SECURITY: nor does none."""
    where = check_page(nadias, lumen)
    for typed, words in (("wrong wrong wrong", "This is not your password."), ("", "Enter your password.")):
        page = nadias.submit(where, {"password": typed})
        assert page.status == 422 and words in page.errors
    assert not withdrawals() and has(lumen) == 10_000


def test_the_password_is_asked_for_once_in_a_while(nadias, lumen, clock):
    nadias.submit(check_page(nadias, lumen), {"password": PASSWORD})
    where = check_page(nadias, lumen)
    assert "Your password" not in nadias.get_page(where)
    assert nadias.submit(where).status == 303 and len(withdrawals()) == 2
    clock.forward(minutes=16)
    page = nadias.submit(check_page(nadias, lumen, amount="20"))
    assert page.status == 422 and len(withdrawals()) == 2


def test_a_second_press_asks_for_nothing_more(nadias, lumen):
    """SECURITY L4: nor does the page when it is opened again, nor a change of what was sent."""
    where = check_page(nadias, lumen)
    shown = values_of(nadias.get_page(where).form())
    for _ in range(2):
        answer = nadias.post(where, data={**shown, "password": PASSWORD})
        assert answer.status_code == 303
    assert nadias.get(where).status_code == 303
    assert nadias.post_to(where.removesuffix("/check"), {**TYPED, "amount": "60"}).status == 303
    assert nadias.get(where).status_code == 303
    assert len(withdrawals()) == 1 and has(lumen) == 6_000


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"amount": ""}, ["Enter an amount such as 1’500 or 1’500.50."]),
        ({"amount": "100.01"}, ["There is not enough money on the prepaid account."]),
        ({"amount": "19.99"}, ["Withdraw at least CHF 20.00."]),
        ({"amount": "-40"}, ["Enter an amount such as 1’500 or 1’500.50."]),
        ({"iban": ""}, [NO_IBAN]),
        ({"iban": "CH56 0483 5012 3456 7800 8"}, [NO_IBAN]),
        ({"iban": "BR1500000000000010932840814P2"}, [FAR_AWAY]),
        ({"kind": "paypal", "paypal": "nadia"}, [NO_PAYPAL]),
        ({"kind": "cash"}, ["Choose one of the options shown."]),
        ({"currency": "USD"}, ["Choose one of the options shown."]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(nadias, lumen, typed, errors):
    page = nadias.submit(new(lumen), {**TYPED, **typed})
    assert page.status == 422 and page.errors[: len(errors)] == errors
    for name in ("amount", "iban", "paypal"):
        if name in typed:
            [control] = [each for each in page.main.all("input") if each.get("name") == name]
            assert control.get("value") == typed[name]
    assert not withdrawals()


def test_the_form_comes_back_as_it_was(nadias, lumen):
    where = check_page(nadias, lumen)
    back = nadias.get_page(where).links["Change"]
    page = nadias.get_page(back)
    values = {each.get("name"): each.get("value") for each in page.main.all("input")}
    assert (values["amount"], values["iban"]) == ("40.00", "ch56 0483 5012 3456 7800 9")
    again = nadias.submit(back, {"amount": "30"})
    assert again.location == where and "CHF 30.00" in nadias.get_page(where)


def test_money_that_went_meanwhile_is_said_on_the_check_page(nadias, lumen, cast):
    """SECURITY L5: somebody was faster; what was typed is still there."""
    where = check_page(nadias, lumen, amount="100")
    make_withdrawal(lumen, cast.nadia, 10_000)
    page = nadias.submit(where, {"password": PASSWORD})
    assert page.status == 409 and page.errors == ["There is not enough money on the prepaid account."]
    assert "CHF 100.00" in page and len(withdrawals()) == 1
    assert "There is nothing to withdraw" in nadias.get_page(page.links["Change"])


def test_the_password_confirms_what_was_shown_and_nothing_else(nadias, lumen):
    """SECURITY A7: another window has changed amount and destination meanwhile."""
    where = check_page(nadias, lumen)
    shown = values_of(nadias.get_page(where).form())
    nadias.submit(
        where.removesuffix("/check"), {"amount": "99", "kind": "paypal", "paypal": "eve@evil.example"}
    )
    page = nadias.post_to(where, {**shown, "password": PASSWORD})
    assert page.status == 409 and not withdrawals()
    assert page.errors == [
        "The withdrawal has been changed in another window since you saw it. Check it again."
    ]
    assert "CHF 99.00" in page
    nadias.submit(where, {"password": PASSWORD})
    assert [each.amount for each in withdrawals()] == [9_900]


def test_what_was_not_shown_is_not_requested_without_a_password_either(nadias, lumen):
    """The same within the minutes in which the password is not asked for again."""
    nadias.submit(check_page(nadias, lumen, amount="20"), {"password": PASSWORD})
    where = check_page(nadias, lumen)
    shown = values_of(nadias.get_page(where).form())
    assert "password" not in shown
    nadias.submit(where.removesuffix("/check"), {"amount": "60"})
    page = nadias.post_to(where, shown)
    assert page.status == 409 and "CHF 60.00" in page and len(withdrawals()) == 1


def test_a_withdrawal_that_was_requested_is_not_changed_any_more(nadias, lumen):
    """SECURITY L4: nobody is told that something else was requested."""
    where = check_page(nadias, lumen)
    nadias.submit(where, {"password": PASSWORD})
    change = where.removesuffix("/check")
    for send in (nadias.get, nadias.post):
        answer = Page(send(change, data={**TYPED, "amount": "50", "csrf_token": nadias.token()}))
        assert answer.status == 303
        assert "This withdrawal has been requested already." in nadias.get_page(answer.location).notices
    assert [each.amount for each in withdrawals()] == [4_000]


def test_an_account_without_money_has_no_form(client, cast):
    page = client.sign_in(cast.pierre).get_page(new(cast.lumiere))
    assert "There is nothing to withdraw" in page and not page.forms
    answer = client.post_to(new(cast.lumiere), TYPED)
    assert answer.status in (200, 422) and not withdrawals()


def test_of_two_accounts_one_is_chosen(nadias, lumen):
    make_prepaid(lumen, 5_000, "EUR")
    page = nadias.get_page(new(lumen))
    assert [each.get("value") for each in page.main.all("input") if each.get("name") == "currency"] == [
        "CHF", "EUR",
    ]  # fmt: skip
    where = check_page(nadias, lumen, currency="EUR", amount="50")
    nadias.submit(where, {"password": PASSWORD})
    assert withdrawals()[0].money == Money(5_000, "EUR") and has(lumen) == 10_000


def test_nobody_sees_the_draft_of_somebody_else(nadias, lumen, cast, another):
    where = check_page(nadias, lumen)
    pierres = another().sign_in(cast.pierre)
    assert pierres.get(where).status_code == 404
    own = where.replace(lumen.public_id, cast.lumiere.public_id)
    assert pierres.get(own).status_code == 404
    assert pierres.post_to(own, {"password": PASSWORD}).status == 404
    assert another().sign_in(cast.adam).get(where).status_code == 403
    assert nadias.get(account_of(lumen, "/withdrawals/new/" + "a" * 26 + "/check")).status_code == 404


def test_a_former_representative_asks_for_nothing(nadias, lumen, cast):
    """SECURITY: rights are those of this moment."""
    where = check_page(nadias, lumen)
    cast.nadia.memberships[0].role = "administrator"
    db.session.commit()
    answer = nadias.post_to(where, {"password": PASSWORD})
    assert answer.status == 403 and not withdrawals()


def test_the_list_shows_what_became_of_each(nadias, lumen, cast, another):
    """RULES O2: an administrator sees it, without the button; targets are masked."""
    one = make_withdrawal(lumen, cast.nadia, 2_000)
    two = make_withdrawal(lumen, cast.nadia, 3_000, kind=Kind.PAYPAL, target="nadia@lumen.example")
    make_withdrawal(lumen, cast.nadia, 2_500)
    actions.pay_withdrawal(one, by=cast.olga, now=NOW)
    actions.refuse_withdrawal(two, reason="PayPal says no.", by=cast.olga, now=NOW)
    page = another().sign_in(cast.adam).get_page(account_of(lumen, "/withdrawals"))
    rows = [" ".join(row.text.split()) for row in page.main.all("tr")][1:]
    assert [re.search("Waiting|Paid out|Refused", row)[0] for row in rows] == [
        "Waiting",
        "Refused",
        "Paid out",
    ]
    assert "PayPal says no." in rows[1] and "n••••@lumen.example" in rows[1] and "nadia@" not in rows[1]
    assert "Withdraw money" not in page.links
    assert nadias.get_page(account_of(lumen, "/withdrawals")).links["Withdraw money"] == new(lumen)


def test_a_long_list_has_pages(nadias, lumen, cast):
    make_prepaid(lumen, 100_000)
    for _ in range(26):
        make_withdrawal(lumen, cast.nadia, 2_000)
    page = nadias.get_page(account_of(lumen, "/withdrawals"))
    assert len(page.main.all("tr")) == 26
    assert len(nadias.get_page(page.links["Next page"]).main.all("tr")) == 2
