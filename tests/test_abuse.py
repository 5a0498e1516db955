"""What somebody tries who wants to break, flood or slow the portal."""

from __future__ import annotations

import io
import time

import pytest
import sqlalchemy as sa
from PIL import Image

from tests.cast import stock
from tests.factories import PASSWORD, make_invitation, make_partnership, make_user
from tests.inbox.story import opened
from tests.tenders.story import CONTACT, published
from webapp import kept, uploads
from webapp.accounts.passwords import weakness
from webapp.accounts.rules import Role
from webapp.drafts import new_key
from webapp.extensions import db
from webapp.invitations.models import Invitation
from webapp.invitations.rules import Direction
from webapp.limits import spend_all
from webapp.mailer import QueuedMail
from webapp.organisations import actions as organisations
from webapp.partners.forms import CHANGES
from webapp.partnerships.rules import Access, Payer
from webapp.tenders.models import Offer
from webapp.unit import unit_of_work

HUGE = 200_000  # characters; what took half a minute before
MOMENT = 5.0  # seconds


def mails_to(address):
    return db.session.scalar(sa.select(sa.func.count(QueuedMail.id)).where(QueuedMail.address == address))


# --- work ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a" * HUGE, " ".join(f"name{n}" for n in range(HUGE // 10))])
def test_a_password_is_compared_with_a_huge_name_in_a_moment(name):
    begun = time.monotonic()
    assert weakness("correct horse batterie", f"{name}@example.com", name) is None
    assert time.monotonic() - begun < MOMENT


@pytest.mark.parametrize("field", ["name", "email", "organisation_name", "vat_number", "register_number"])
def test_a_huge_line_is_only_measured(client, field):
    typed = {
        "name": "Nora Neu", "email": "nora@example.com", "new_password": "seven geese on a ladder", "kind": "company",
        "organisation_name": "Neu SA", "street": "Rue 1", "postcode": "1003", "city": "Lausanne", "country": "CH",
    }  # fmt: skip
    begun = time.monotonic()
    page = client.submit("/en/sign-up", {**typed, field: "a" * HUGE})
    assert time.monotonic() - begun < MOMENT
    assert page.status == 422
    (error,) = page.errors
    assert error.startswith("Use at most ")


def test_no_more_pictures_are_drawn_again_than_may_be_attached(client, monkeypatch):
    """RULES T1: up to three; a file of 5 kB can be a picture of 40 million points."""
    looked_at = []
    check = uploads.check_attachment
    monkeypatch.setattr(
        uploads, "check_attachment", lambda file: looked_at.append(file.filename) or check(file)
    )
    picture = io.BytesIO()
    Image.new("1", (30, 20)).save(picture, "PNG")
    files = [(io.BytesIO(picture.getvalue()), f"{n}.png") for n in range(9)]
    page = client.submit("/en/tenders/new", {"title": "A shop for eyeglasses", **CONTACT, "files": files})
    assert "Attach at most 3 files." in page.errors
    assert looked_at == ["0.png", "1.png", "2.png"]


# --- addresses and headers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["99999", "9223372036854775807", "9" * 30])
def test_a_site_map_far_behind_the_last_is_no_crash(client, number):
    assert client.get(f"/sitemap-{number}.xml").status_code in (200, 404)


@pytest.mark.parametrize("number", ["0", "99999", "9223372036854775808", "9" * 30])
def test_a_mail_that_never_was_is_not_there(client, cast, number):
    client.sign_in(cast.olga)
    assert client.post_to(f"/en/admin/mails/{number}/retry").status == 404


@pytest.mark.parametrize(
    "origin", ["http://[", "http://[::1", "http://localhost@evil.example", "//localhost", "localhost"]
)
def test_a_malformed_origin_is_another_site(client, origin):
    data = {"email": "x@example.com", "password": "x", "csrf_token": client.token()}
    assert client.post("/en/sign-in", data=data, headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("cookie", ["session ={}", "session\t={}", "language=en;session ={}"])
def test_a_page_of_a_session_is_never_kept_however_its_cookie_is_written(app, client, another, cast, cookie):
    """Flask finds the session behind `session =…`, too: its page must not become everybody's."""
    unit_of_work(lambda: kept.changed("directory"))()
    pierre = another().sign_in(cast.pierre)
    pierre.get("/en/partners")  # the answer to the next one sets no cookie
    session = pierre.get_cookie("session").value
    stranger = app.test_client(use_cookies=False)
    signed_in = stranger.get("/en/partners", headers={"Cookie": cookie.format(session)})
    assert "My space" in signed_in.get_data(as_text=True), "else this test proves nothing"
    assert "Sign in" in client.get("/en/partners").text


def test_a_draft_s_key_in_another_form_is_another_draft(client, cast):
    key = new_key()
    client.sign_in(cast.nadia)
    data = {
        "key": key, "kind": "individual", "street": "Gasse 1", "postcode": "3011", "city": "Bern", "country": "CH",
    }  # fmt: skip
    assert client.post_to("/en/account/organisations/new", data).status == 303
    page = client.post_to(f"/en/tenders/new/{key}", {"title": "A shop for eyeglasses", **CONTACT})
    assert page.status == 422 and page.root.by_id("title").get("value") == "A shop for eyeglasses"


# --- what PostgreSQL takes in no text ------------------------------------------------------------------------


def test_words_with_nul_are_searched_without_it(client, cast):
    site, nul = stock(cast.lumen).site, "lumi\0"
    asked = make_invitation(
        Direction.TO_CLIENT, cast.bergwerk_partner, cast.berta, email=cast.stefan.email, access=Access.FULL
    )
    lumen, stefans = (f"/en/o/{each.public_id}" for each in (cast.lumen, cast.stefans))
    for person, address, data in (
        (cast.nadia, f"{lumen}/partners/new/{new_key()}/who", {"q": nul}),
        (cast.nadia, f"{lumen}/partners/new/{new_key()}/who", {"q": f"{nul}@lumiere.example"}),
        (cast.nadia, f"{lumen}/products/{site.public_id}/tags", {"name": nul, "colour": "grey"}),
        (cast.nadia, f"{lumen}/products/{site.public_id}/settings/new", {"name": nul, "value": nul}),
        (cast.stefan, f"{stefans}/requests/{asked.public_id}/grant", {"q": nul, "access": ""}),
    ):
        assert client.sign_in(person).post_to(address, data).status == 422, address
    full = make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL)
    page = client.post_to(
        f"{stefans}/partners/{full.public_id}/draft", {"q": nul, "access": "limited", "do": "review"}
    )
    assert page.status == 422


# --- floods of mail -----------------------------------------------------------------------------------------


def test_who_signs_in_again_and_again_sends_few_mails_to_an_address_that_is_not_theirs(client, clock):
    make_user(email="victim@example.com", verified_at=None)
    for _again in range(20):
        page = client.submit("/en/sign-in", {"email": "victim@example.com", "password": PASSWORD})
        assert page.location == "/en/sign-up/done"
        clock.forward(minutes=1)
    assert "too many attempts" in client.get_page(page.location).response.text
    assert mails_to("victim@example.com") <= 5


def test_one_address_gets_few_invitations_from_however_many_organisations(client, cast, clock):
    client.sign_in(cast.nadia)
    statuses = []
    for n in range(12):
        address = client.post_to(
            "/en/account/organisations/new",
            {"key": new_key(), "kind": "company", "organisation_name": f"Firm {n}", "street": "Gasse 1",
             "postcode": "3011", "city": "Bern", "country": "CH"},
        ).location  # fmt: skip
        invitation = {"email": "victim@example.com", "role": "collaborator", "language": "en"}
        statuses.append(client.post_to(f"{address}team/new", invitation).status)
    assert statuses == [303] * 10 + [429] * 2
    assert mails_to("victim@example.com") == 10


def test_an_invitation_is_sent_again_only_so_often(client, cast, clock, now):
    invitation = organisations.invite(
        cast.lumen,
        email="victim@example.com",
        role=Role.COLLABORATOR,
        language="en",
        by=cast.nadia,
        now=now,
    )
    client.sign_in(cast.nadia)
    for _again in range(15):
        clock.forward(minutes=11)
        client.post_to(f"/en/o/{cast.lumen.public_id}/team/invitations/{invitation.public_id}/mail")
    assert mails_to("victim@example.com") == 11


def test_nobody_opens_organisations_without_end(client, cast):
    client.sign_in(cast.nadia)
    data = {"kind": "individual", "street": "Gasse 1", "postcode": "3011", "city": "Bern", "country": "CH"}
    statuses = [
        client.post_to("/en/account/organisations/new", {**data, "key": new_key()}).status for _n in range(22)
    ]
    assert statuses == [303] * 20 + [429] * 2


def test_an_offer_made_and_withdrawn_again_and_again_ends(client, cast):
    """RULES T7: each new offer is a mail to the requester."""
    tender = published()
    opened(tender, cast.lumiere_partner, cast.pierre)
    client.sign_in(cast.pierre)
    here = f"/en/o/{cast.lumiere.public_id}/tenders/{tender.public_id}"
    offer = {"price_least": "7500", "currency": "EUR", "message": "We have built nine shops.", "days": "30"}
    for _again in range(20):
        assert client.post_to(f"{here}/offer", offer).status == 303
        assert client.post_to(f"{here}/offer/withdrawal").status == 303
    page = client.post_to(f"{here}/offer", offer)
    assert page.errors[0].startswith("There were too many attempts.")
    assert page.root.by_id("price_least").get("value") == "7500"
    assert db.session.scalar(sa.select(Offer)).withdrawn_at


def test_a_partner_gets_few_invitations_however_often_they_are_deleted_and_sent_again(client, cast, clock):
    """RULES C8: each one, and each time that one is sent again, is a mail to whoever answers for the partner."""
    site = stock(cast.lumen).site
    client.sign_in(cast.nadia)
    here = f"/en/o/{cast.lumen.public_id}"
    statuses = []
    for _over in range(3):
        way = f"{here}/partners/new/{new_key()}"
        client.post_to(f"{way}/who?partner=lumiere-digital-sarl", {"partner": cast.lumiere_partner.public_id})
        client.post_to(f"{way}/access", {"access": "limited"})
        client.post_to(f"{way}/products", {"shown": site.public_id, "technical": site.public_id})
        statuses.append(client.submit(f"{way}/check").status)
        invitation = db.session.scalars(sa.select(Invitation).order_by(Invitation.id.desc())).first()
        for _again in range(5):
            clock.forward(minutes=11)
            client.post_to(f"{here}/invitations/{invitation.public_id}/mail")
        client.post_to(f"{here}/invitations/{invitation.public_id}/deletion")
    assert statuses == [303, 303, 429]
    sent = sa.select(sa.func.count(QueuedMail.id)).where(QueuedMail.kind == "invitation_to_partner")
    assert db.session.scalar(sent) == 10


def asking(browser, organisation, email):
    """Goes through the partner's pages, past all forms; the answer of the last one."""
    way = f"/en/o/{organisation.public_id}/clients/new/{new_key()}"
    browser.post_to(f"{way}/who", {"email": email, "language": "en"})
    browser.post_to(f"{way}/ask", {"access": "full", "payer": "client"})
    browser.post_to(f"{way}/message", {"message": ""})
    return browser.post_to(f"{way}/check")


def test_one_partner_leaves_others_room_to_ask_the_same_address(client, cast, clock):
    """RULES C7: what sends no mail costs nothing, and what does is limited by partner as well."""
    victim = "vera@client.example"
    client.sign_in(cast.pierre)
    assert asking(client, cast.lumiere, victim).status == 303
    invitation = db.session.scalars(sa.select(Invitation)).one()
    again = f"/en/o/{cast.lumiere.public_id}/invitations/{invitation.public_id}/mail"
    for _impatient in range(12):
        client.post_to(again)
        assert asking(client, cast.lumiere, victim).status == 409  # there is one already
    for _patient in range(12):
        clock.forward(minutes=11)
        client.post_to(again)
    assert mails_to(victim) == 5
    client.sign_in(cast.berta)
    assert asking(client, cast.bergwerk, victim).status == 303


def test_a_client_that_changes_its_mind_all_day_does_not_flood_its_partner(client, cast, clock):
    """RULES C9, C10: each change is a mail to whoever answers for the partner."""
    full = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)
    client.sign_in(cast.nadia)
    address = f"/en/o/{cast.lumen.public_id}/partners/{full.public_id}/payment/check?payer="
    spend_all([(CHANGES, full.public_id)] * 99, now=clock.now)
    assert client.submit(f"{address}client").status == 303
    page = client.submit(f"{address}partner", {"password": PASSWORD})
    assert page.status == 429 and page.errors[0].startswith("There were too many attempts.")
    assert mails_to(cast.pierre.email) == 1 and full.payer is Payer.CLIENT
