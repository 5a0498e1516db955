"""The operator's desk: applications, organisations, calls for tenders, mail, and the first operator."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.api.story import event_of, take
from tests.factories import (
    make_application,
    make_organisation,
    make_partnership,
    make_plan,
    make_product,
    make_tender,
    make_user,
)
from webapp import links, programme
from webapp.accounts.models import User
from webapp.audit import AuditEvent
from webapp.backoffice import actions
from webapp.directory.models import Application
from webapp.extensions import db
from webapp.mailer import QueuedMail
from webapp.partnerships.rules import Access
from webapp.products.rules import Family
from webapp.unit import unit_of_work

DESK = ["", "applications", "organisations", "tenders", "programme", "mails"]
NEW_PASSWORD = "seven geese on a ladder"


@pytest.fixture
def olga(client, cast):
    """The operator's browser."""
    return client.sign_in(cast.olga)


@pytest.fixture
def application(cast, now):
    return make_application(cast.lumen, cast.nadia, applied_at=now)


def at(thing, part=""):
    return f"/en/admin/{thing.__tablename__}/{thing.public_id}{part}"


def audited():
    return db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)).all()


@unit_of_work
def queued(now, **values):
    row = {
        "kind": "application_waiting",
        "about": 1,
        "address": "olga@helvia.example",
        "name": "Olga",
        "language": "en",
        "region": "CH",
        "queued_at": now,
        "due_at": now,
        **values,
    }
    mail = QueuedMail(**row)
    db.session.add(mail)
    db.session.flush()
    return mail


# --- who may ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", DESK)
def test_for_everybody_else_the_desk_does_not_exist(client, another, cast, part):
    """Legal representatives and partners included."""
    assert "/en/sign-in" in another().get_page(f"/en/admin/{part}", status=303).location
    for person in (cast.nadia, cast.pierre):
        another().sign_in(person).get_page(f"/en/admin/{part}", status=404)
    assert client.sign_in(cast.olga).get_page(f"/en/admin/{part}").status == 200


@pytest.mark.parametrize("act", ["approval", "rejection"])
def test_only_the_operator_decides(client, cast, application, act):
    """RULES A4."""
    nadia = client.sign_in(cast.nadia)
    assert nadia.post_to(at(application, f"/{act}"), {"reason": "Because I say so."}).status == 404
    assert client.get(at(application, f"/{act}")).status_code == 405
    assert application.state == "waiting"


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.parametrize("part", DESK)
def test_the_desk_reads_in_each_language(olga, cast, application, now, language, part):
    """RULES L1."""
    make_tender()
    queued(now, dead_at=now, last_error="550 no")
    olga.get_page(f"/{language}/admin/{part}")


# --- the desk -----------------------------------------------------------------------------------------------


def test_the_overview_counts_what_waits(olga, cast, now):
    page = olga.get_page("/en/admin/")
    assert "Nothing is waiting for you." in page
    make_application(cast.lumen, cast.nadia)
    queued(now, dead_at=now)
    make_tender()
    take(event_of("paid"))
    page = olga.get_page("/en/admin/")
    assert "1 application is waiting for an answer" in page and "1 mail could not be delivered" in page
    assert page.links["Read the applications"] == "/en/admin/applications"
    assert "1 message from a shop is waiting for its order" in page
    assert page.links["See the messages"] == "/en/admin/messages"
    figures = {
        div.all("dt")[0].text: div.all("dd")[0].text for div in page.root.with_class("stats")[0].all("div")
    }
    assert figures == {"Partners": "2", "Organisations": "4", "Open calls for tenders": "1"}


# --- applications -------------------------------------------------------------------------------------------


def test_applications_are_listed_by_state(olga, cast, application, now):
    """RULES A4."""
    assert "Lumen Optik AG" in olga.get_page("/en/admin/applications")
    assert "Lumen Optik AG" in olga.get_page("/en/admin/applications?state=nonsense")
    olga.submit(at(application), {"reason": "Your website does not open."}, to=at(application, "/rejection"))
    assert "No application is waiting" in olga.get_page("/en/admin/applications")
    assert "Lumen Optik AG" in olga.get_page("/en/admin/applications?state=rejected")


def test_an_approval_makes_a_partner(olga, cast, application):
    """RULES A4."""
    page = olga.get_page(at(application))
    for words in ("CHE-100.155.212", "https://www.example.com", "Nadia Noser", "forty shops"):
        assert words in page, words
    done = olga.submit(at(application), to=at(application, "/approval"))
    assert (done.status, done.location) == (303, "/en/admin/applications")
    assert olga.get_page(done.location).notices == [
        "Lumen Optik AG is a partner now and has been told by mail."
    ]
    assert cast.lumen.programme == "partner" and not olga.get_page(at(application)).forms


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("", "Write the reason; the applicant reads it."),
        ("No.", "Write at least 10 characters."),
        ("n" * 2001, "Use at most 2000 characters; there are 2001 now."),
    ],
)
def test_a_rejection_needs_a_reason(olga, application, reason, message):
    """RULES A4."""
    page = olga.submit(at(application), {"reason": reason}, to=at(application, "/rejection"))
    assert page.status == 422 and page.errors == [message]
    assert page.root.by_id("reason").text == reason
    assert application.state == "waiting"


def test_who_comes_second_is_told(olga, cast, application, now):
    """RULES A4."""
    olga.submit(at(application), to=at(application, "/approval"))
    late = olga.post_to(at(application, "/rejection"), {"reason": "Too late anyway."})
    assert late.status == 409 and "decided already" in late
    assert db.session.get(Application, application.id).state == "approved"


def test_an_affiliate_cannot_be_approved(olga, cast, application):
    """RULES A3: the page says so, and the action holds."""
    unit_of_work(lambda: setattr(cast.lumen, "programme", "affiliate"))()
    page = olga.get_page(at(application))
    assert "Nobody can be partner and affiliate at once." in page and len(page.forms) == 1
    assert olga.post_to(at(application, "/approval")).status == 409


# --- organisations ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("lumen", ["Lumen Optik AG"]),
        ("VEVEY", ["Lumière Digital Sàrl"]),
        ("paula@", ["Lumière Digital Sàrl"]),
        ("100%", []),
        ("_", []),
        ("", ["Bergwerk IT GmbH", "Lumen Optik AG", "Lumière Digital Sàrl", "Stranger & Sons"]),
    ],
)
def test_organisations_are_found_by_name_city_and_member(olga, search, found):
    page = olga.get_page("/en/admin/organisations", query_string={"q": search})
    assert [row.all("th")[0].text for row in page.main.all("tr")[1:]] == found
    assert page.root.by_id("q").get("value") == search


def test_an_organisation_shows_people_programme_and_volume(olga, cast):
    """RULES A2: the volume is shown to the operator, too, with what it is made of."""
    goods = [make_product(cast.lumen, label) for label in ("a.ch", "b.ch", "c.ch")]
    make_partnership(cast.lumen, cast.lumiere_partner, products=goods[:2])
    make_tender(organisation=cast.lumiere, user=cast.pierre)
    page = olga.get_page(at(cast.lumiere))
    for words in (
        "Pierre Perret",
        "Legal representative",
        "paula@lumiere.example",
        "Volume under management",
        "CHF 240.00 of CHF 2’000 a year",
        "To be reached by",
        "Products 2",
        "Clients 1",
        "Calls for tenders published 1",
    ):
        assert words in page, words
    assert "Volume" not in olga.get_page(at(cast.lumen)).text


# --- calls for tenders --------------------------------------------------------------------------------------


def test_calls_for_tenders_are_searched_and_filtered(olga, cast, now):
    make_tender(title="Open shop")
    make_tender(title="Old shop", closes_at=now - timedelta(days=1))
    page = olga.get_page("/en/admin/tenders?q=shop&state=open")
    assert "Open shop" in page and "Old shop" not in page
    assert "Old shop" in olga.get_page("/en/admin/tenders?state=expired")
    assert "Open shop" in olga.get_page("/en/admin/tenders?q=vera%40visitor")


def test_spam_is_hidden_from_everybody(olga, cast, another, now):
    tender = make_tender(title="Cheap pills")
    page = olga.get_page(at(tender))
    assert "vera@visitor.example" in page and "Is this spam?" in page
    assert olga.submit(at(tender), to=at(tender, "/hiding")).status == 303
    assert tender.hidden_at == now + timedelta(seconds=20)
    page = olga.get_page(at(tender))
    assert "Nobody but you sees it." in page and not page.forms
    assert audited()[-1] == "tender.hidden"


# --- mail ---------------------------------------------------------------------------------------------------


def test_the_mail_log_is_filtered(olga, now):
    queued(now, address="dead@example.com", dead_at=now, attempts=8, last_error="550 <b>no</b>")
    queued(now, address="sent@example.com", sent_at=now, kind="application_approved")
    page = olga.get_page("/en/admin/mails?state=dead")
    assert "dead@example.com" in page and "550 <b>no</b>" in page and "sent@example.com" not in page
    assert "sent@example.com" in olga.get_page("/en/admin/mails?kind=application_approved&q=SENT%40")
    assert "sent@example.com" in olga.get_page("/en/admin/mails?kind=nonsense&state=nonsense")
    assert "No mail found" in olga.get_page("/en/admin/mails?q=nobody")


def test_a_dead_mail_is_tried_again(olga, cast, application, outbox, now):
    """Its cause is asked anew, and it leaves."""
    dead = queued(now, about=application.id, dead_at=now, attempts=8, last_error="550 no")
    done = olga.submit("/en/admin/mails?state=dead", to=f"/en/admin/mails/{dead.id}/retry")
    assert done.status == 303
    assert (dead.dead_at, dead.attempts, dead.state) == (None, 0, "waiting")
    (message,) = outbox.deliver(now=now + timedelta(minutes=1))
    assert message["To"] == "olga@helvia.example"
    again = olga.post_to(f"/en/admin/mails/{dead.id}/retry")
    assert "This mail is no longer marked as failed." in olga.get_page(again.location).notices
    assert audited()[-1] == "mail.retried"


# --- the first operator -------------------------------------------------------------------------------------


def setup_address(app):
    """What the command prints."""
    result = app.test_cli_runner().invoke(args=["setup"])
    assert result.exit_code == 0, result.output
    return re.search(r"http://localhost(/en/admin/setup/\S+)", result.output)[1]


def test_the_first_operator_comes_by_a_link_that_works_once(app, client, another):
    """No open installer: only who started the portal has the address."""
    address = setup_address(app)
    for _ in range(3):
        assert client.get_page(address).h1 == "Set up this portal"
        client.head(address)
    assert db.session.scalar(sa.select(sa.func.count(User.id))) == 0
    typed = {"name": "Olga Ott", "email": "olga@helvia.example", "new_password": NEW_PASSWORD}
    assert client.submit(address, typed).location == "/en/sign-in"
    olga = db.session.scalar(sa.select(User))
    assert olga.operator_since and olga.verified_at and olga.language == "en"
    another().get_page(address, status=410)
    assert another().sign_in(olga).get_page("/en/admin/").status == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("email", "olga"), ("new_password", "short"), ("new_password", "olga@helvia.example")],
)
def test_the_setup_page_asks_for_what_it_needs(app, client, field, value):
    typed = {"name": "Olga Ott", "email": "olga@helvia.example", "new_password": NEW_PASSWORD, field: value}
    page = client.submit(setup_address(app), typed)
    assert page.status == 422 and len(page.errors) == 1 and page.root.by_id(f"{field}-error").text
    assert page.root.by_id("new_password").get("value") == ""


def test_a_taken_address_leaves_the_link_alive(app, client):
    taken = make_user("Olga Ott")
    address = setup_address(app)
    page = client.submit(address, {"name": "Olga", "email": taken.email, "new_password": NEW_PASSWORD})
    assert page.status == 422 and page.errors == ["There is an account with this mail address already."]
    assert client.get_page(address).status == 200


def test_there_is_no_setup_where_there_is_an_operator(app, client, now):
    address = setup_address(app)
    make_user("Olga Ott", operator_since=now)
    client.get_page(address, status=409)
    result = app.test_cli_runner().invoke(args=["setup"])
    assert result.exit_code == 1 and "has an operator already" in result.output


def test_a_setup_link_dies_after_a_day_and_when_a_new_one_is_made(app, client, clock, now):
    first = setup_address(app)
    second = setup_address(app)
    for address in (first, "/en/admin/setup/x", first[:-1] + "A"):
        client.get_page(address, status=410)
    clock.forward(hours=25)
    client.get_page(second, status=410)
    assert links.find("setup", second.rpartition("/")[2], now=clock.now) is None


def test_a_tender_or_application_of_nobody_is_not_found(olga):
    for part in ("applications/x", "organisations/x", "tenders/x", "mails/9/retry"):
        status = 405 if part.startswith("mails") else 404
        assert olga.get(f"/en/admin/{part}").status_code == status
    assert olga.post_to("/en/admin/mails/9/retry").status == 404
    assert make_organisation("X").public_id and actions.SETUP_LIFETIME


# --- suspending a partner -----------------------------------------------------------------------------------


def test_a_partner_is_suspended_on_a_page_of_its_own_and_active_again_with_one_button(olga, cast, another):
    """RULES C14, SECURITY A3: the very next request of its people is refused; nothing is deleted."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    space = f"/en/o/{cast.lumiere.public_id}/clients/{partnership.public_id}/products"
    pierre = another().sign_in(cast.pierre)
    pierre.get_page(space)
    page = olga.get_page(olga.get_page(at(cast.lumiere)).links["Suspend this partner"])
    assert page.h1 == "Suspend Lumière Digital Sàrl" and audited() == []
    done = olga.submit(page.path, {"reason": "invoices"})
    assert done.location == at(cast.lumiere)
    page = olga.get_page(done.location)
    assert "Lumière Digital Sàrl is suspended and has been told by mail." in page.notices
    assert "by Olga Ott" in page and "Invoices are unpaid" in page and "Partner, suspended" in page
    assert pierre.get(space).status_code == 404
    done = olga.submit(page.path, to=at(cast.lumiere, "/suspension/end"))
    assert (
        "Lumière Digital Sàrl is active again and has been told by mail."
        in olga.get_page(done.location).notices
    )
    pierre.get_page(space)
    assert audited() == ["partner.suspended", "partner.resumed"]


def test_a_suspension_needs_a_reason(olga, cast):
    page = olga.submit(at(cast.lumiere, "/suspension"))
    assert (page.status, page.errors) == (422, ["Choose a reason."])
    assert audited() == []


def test_what_was_suspended_or_lifted_meanwhile_is_said(olga, cast):
    here = at(cast.lumiere, "/suspension")
    olga.submit(here, {"reason": "other"})
    done = olga.submit(here, {"reason": "other"})
    assert "This partner is suspended already." in olga.get_page(done.location).notices
    for sentence in ("is active again", "This partner is not suspended."):
        page = olga.get_page(olga.post_to(f"{here}/end").location)
        assert any(sentence in notice for notice in page.notices)


def test_only_partners_are_suspended(olga, cast):
    assert olga.get(at(cast.lumen, "/suspension")).status_code == 404
    assert olga.post_to(at(cast.lumen, "/suspension/end")).status == 404
    assert "Suspend this partner" not in olga.get_page(at(cast.lumen)).links


# --- the programme's policy -----------------------------------------------------------------------------------


def facts(page):
    """What the page says, by the words before it."""
    return {
        div.all("dt")[0].text: div.all("dd")[0].text for dl in page.main.all("dl") for div in dl.all("div")
    }


def rows(page, section):
    """The rows of the table under this heading."""
    part = next(each for each in page.main.all("section") if each.get("aria-labelledby") == section)
    return [tuple(cell.text for cell in row.all("th", "td")) for row in part.all("tr")[1:]]


def test_the_whole_policy_can_be_read_at_the_desk(olga, app):
    """RULES P1, M1, M2, M6, M7, M8, F2, F4, F5, T6."""
    make_plan("newsletter", Family.MAIL, name="Newsletter", discount=30)
    make_plan("web-always", name="High-Availability Hosting")
    page = olga.get_page("/en/admin/programme")
    policy = app.config["PROGRAMME"]
    told = facts(page)
    assert told["Kept with everything booked"] == policy.version
    assert told["File"] == str(policy.file) and told["Checksum (SHA-256)"] == policy.digest
    assert told["Volume under management, a year"].startswith("At least CHF")
    assert rows(page, "discounts") == [("Newsletter", "newsletter", "30%", "35%")]
    assert rows(page, "sliding") == [("5", "5%"), ("10", "10%"), ("15", "15%"), ("25", "20%"), ("35", "25%")]
    vat = rows(page, "vat")
    assert vat[:2] == [("Switzerland", "Yes", "8.1%"), ("Liechtenstein", "Yes", "8.1%")]
    assert ("Finland", "No", "25.5%") in vat and len(vat) == len(policy.vat.rates)
    assert told["Invoices are due within"] == "30 days"
    assert told["Seller"] == "Helvia SA, Rue du Simplon 12, 1006 Lausanne, Switzerland"
    assert told["Payment by invoice in CHF"] == "CH93 0076 2011 6238 5295 7, HELVCH20XXX"
    assert told["Reminders to choose from, in days before the due date"] == "60, 30, 14, 7 and 1"
    assert told["An automatic renewal is announced"] == "14 days before"
    assert told["Excluded categories"] == "Domains"
    assert "High-Availability Hosting web-always" in told.values()
    assert rows(page, "affiliates") == [("0", "25%"), ("50", "30%"), ("1’000", "35%"), ("20’000", "50%")]
    assert told["Visitors confirm their address"] == "Yes, within 7 days"
    assert "more than 300 seconds" in page and not page.main.all("form", "input", "button")


def test_the_desk_says_what_the_policy_leaves_out(olga, app, monkeypatch):
    """RULES P1."""
    policy = app.config["PROGRAMME"]
    bare = replace(
        programme.read(),
        sliding=programme.Sliding((), (), ()),
        vat=replace(policy.vat, registered=()),
        renewals=replace(policy.renewals, days_before=0),
        tenders=replace(policy.tenders, visitors_confirm=False),
        affiliation=replace(policy.affiliation, excluded_families=(), excluded_plans=()),
    )
    monkeypatch.setitem(app.config, "PROGRAMME", bare)
    page = olga.get_page("/en/admin/programme")
    told = facts(page)
    assert "the policy sets no other one" in page and "No VAT is charged." in page
    assert "prices do not depend on how many products" in page
    assert told["Payment by invoice in EUR"] == "Not offered: the policy names no account."
    assert told["An automatic renewal is ordered"] == "on the due date"
    assert told["Excluded categories"] == "No category" and "Seller" not in told
    assert told["Visitors confirm their address"] == "No: their calls leave at once"


def test_the_desk_marks_plans_of_the_policy_that_nobody_sells(olga, now):
    """RULES P1: a code with a slip in it has no effect, and nothing else would tell."""
    page = olga.get_page("/en/admin/programme")
    assert rows(page, "discounts") == [("Not in the catalogue", "newsletter", "–", "35%")]
    make_plan("newsletter", Family.MAIL, name="Newsletter", retired_at=now)
    assert rows(olga.get_page("/en/admin/programme"), "discounts")[0][0] == "Newsletter Retired"


def test_the_desk_says_how_the_policy_is_changed(olga, app, monkeypatch):
    """RULES P1."""
    assert "PROGRAMME_FILE" not in olga.get_page("/en/admin/programme")
    monkeypatch.setitem(app.config, "PROGRAMME", programme.read())
    assert "Name the copy in the setting PROGRAMME_FILE." in olga.get_page("/en/admin/programme")
