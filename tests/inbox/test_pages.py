"""The partner's inbox as its people meet it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.client import values_of
from tests.factories import make_organisation, make_partner, make_recipient, make_tender, make_user
from tests.inbox.story import answered, opened, received
from tests.tenders.steps import CALL, NEW, PDF, at, file, follow, manage, picture, the_call
from tests.tenders.story import CONTACT, count, published
from tests.times import NOW
from webapp.audit import AuditEvent
from webapp.extensions import db
from webapp.inbox import actions
from webapp.tenders import actions as tenders
from webapp.tenders.models import Offer, TenderOpening


def test_the_tabs_of_the_inbox(app, cast, client):
    """RULES T2, T6, T9."""
    names = [
        "New call",
        "Opened call",
        "Answered call",
        "Closed answered call",
        "Closed call",
        "Dismissed call",
    ]
    calls = {name: published(title=name) for name in names}
    opened(calls["Opened call"], cast.lumiere_partner, cast.pierre)
    for name in ("Answered call", "Closed answered call"):
        answered(calls[name], cast.lumiere_partner, cast.pierre)
    for name in ("Closed answered call", "Closed call"):
        tenders.cancel(calls[name], by=None, now=NOW)
    row = received(calls["Dismissed call"], cast.lumiere_partner)
    actions.dismiss(row, reason="budget", by=cast.pierre, now=NOW)
    client.sign_in(cast.pierre)

    def shown(query):
        page = client.get_page(at(cast.lumiere) + query)
        return [name for name in names if name in page]

    everything_open = ["New call", "Opened call", "Answered call"]
    assert shown("") == shown("?tab=open") == shown("?tab=nonsense") == everything_open
    assert shown("?tab=opened") == ["Opened call"]
    assert shown("?tab=answered") == ["Answered call"]
    assert shown("?tab=closed") == ["Closed answered call"]
    assert shown("?tab=dismissed") == ["Dismissed call"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?service=web", ["Web in German"]),
        ("?service=backup&language=en", ["Backup in English"]),
        ("?service=backup&language=de", []),
        ("?language=de", ["Web in German"]),
        # anything unknown is no filter
        ("?service=weapons", ["Web in German", "Backup in English"]),
        ("?service=%25&language=_", ["Web in German", "Backup in English"]),
        ("?service=&language=&page=", ["Web in German", "Backup in English"]),
        ("?page=x", ["Web in German", "Backup in English"]),
        ("?page=-3", ["Web in German", "Backup in English"]),
        ("?page=%C2%B2", ["Web in German", "Backup in English"]),
        (f"?page={'9' * 5000}", []),
        ("?page=99999999999999999999", []),
        ("?service[]=web", ["Web in German", "Backup in English"]),
    ],
)
def test_filters_of_the_inbox(app, cast, client, query, found):
    """RULES T2."""
    published(title="Web in German", services=["web"], reply_languages=["de"])
    published(title="Backup in English", services=["backup"], reply_languages=["en"])
    client.sign_in(cast.pierre)
    page = client.get_page(at(cast.lumiere) + query)
    assert [name for name in ("Web in German", "Backup in English") if name in page] == found
    fragment = client.get_page(at(cast.lumiere) + query, headers={"HX-Request": "true"})
    assert fragment.root.by_id("tender-list")


def test_the_pages_of_the_inbox(app, cast, client):
    for n in range(27):
        make_recipient(make_tender(title=f"Call number {n:02d}"), cast.lumiere_partner)
    client.sign_in(cast.pierre)
    first = client.get_page(at(cast.lumiere))
    assert "27 calls" in first and "Call number 26" in first and "Call number 01" not in first
    second = client.get_page(first.links["Next page"])
    assert "Call number 01" in second and "Next page" not in second.links
    assert client.get_page(second.links["Previous page"]).text == first.text


def test_the_contact_is_hidden_until_it_is_opened(app, cast, client, another):
    """RULES T2, T8; SECURITY N4: and opened by POST only, on record, for this partner only."""
    tender = published(
        description=CALL["description"] + " Much more text follows here. " * 20 + "The very end."
    )
    here = at(cast.lumiere, tender.public_id)
    client.sign_in(cast.paula)
    page = client.get_page(here)
    assert not [value for value in CONTACT.values() if value in page.response.text]
    assert "The very end." not in page and "Show contact details" in page.buttons
    assert client.get(f"{here}/opening").status_code == 405 and count(TenderOpening) == 0
    page = follow(client, client.submit(here, to=f"{here}/opening"))
    assert all(value in page.response.text.replace("&amp;", "&") for value in CONTACT.values())
    assert "The very end." in page and "by Paula Piguet" in page
    assert (
        db.session.scalar(sa.select(AuditEvent.person_id).where(AuditEvent.action == "tender.opened"))
        == cast.paula.id
    )
    # a colleague sees it, another partner does not
    assert CONTACT["contact_email"] in another().sign_in(cast.pierre).get_page(here)
    theirs = another().sign_in(cast.berta).get_page(at(cast.bergwerk, tender.public_id))
    assert CONTACT["contact_email"] not in theirs.response.text
    assert "1 partner has opened this call." in theirs


def test_a_reply_by_mail_goes_to_the_requester_and_nobody_else(app, cast, client):
    """An address may hold `?` and `&`; a link must not read them as further fields."""
    tender = published(contact_email="a?bcc=spy&x=1@optics.example")
    opened(tender, cast.lumiere_partner, cast.pierre)
    client.sign_in(cast.pierre)
    page = client.get_page(at(cast.lumiere, tender.public_id))
    (link,) = [link for link in page.all_links if link.startswith("mailto:a")]
    assert link.startswith("mailto:a%3Fbcc%3Dspy%26x%3D1@optics.example?subject=")


def test_what_went_to_others_is_not_found(app, cast, client, another):
    """SECURITY A12: other partners' calls and offers, other organisations' addresses."""
    cast.bergwerk_partner.tender_services = frozenset({"backup"})
    db.session.commit()
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre)
    own = published(by=cast.nadia, organisation=cast.lumen)
    addresses = [
        ("GET", tender.public_id), ("POST", f"{tender.public_id}/opening"), ("GET", f"{tender.public_id}/offer"),
        ("POST", f"{tender.public_id}/offer"), ("POST", f"{tender.public_id}/offer/withdrawal"),
        ("POST", f"{tender.public_id}/dismissal"), ("POST", f"{tender.public_id}/dismissal/end"),
        ("GET", f"{tender.public_id}/files/{'a' * 26}"), ("GET", f"sent/{own.public_id}"), ("GET", "a" * 26),
        ("GET", "%00"),
    ]  # fmt: skip
    for who, organisation in (
        (cast.berta, cast.bergwerk),  # a partner whom it did not concern
        (cast.berta, cast.lumiere),  # somebody else's organisation
        (cast.stefan, cast.lumiere),
        (cast.stefan, cast.stefans),  # no partner at all
    ):
        reader = another().sign_in(who)
        for method, rest in addresses:
            answer = (
                reader.get(at(organisation, rest))
                if method == "GET"
                else reader.post_to(at(organisation, rest))
            )
            status = answer.status_code if method == "GET" else answer.status
            assert status == 404, (who.name, organisation.name, method, rest)
        assert reader.get(f"/en/tenders/{tender.public_id}").status_code == 404
    for rest in ("", "preferences", "sent"):
        assert another().sign_in(cast.stefan).get(at(cast.lumiere, rest).rstrip("/")).status_code == 404
    assert offer.withdrawn_at is None and count(TenderOpening) == 1


def test_a_suspended_partner_sees_no_call(app, cast, client):
    tender = published()
    cast.lumiere_partner.suspended_at = NOW
    db.session.commit()
    client.sign_in(cast.pierre)
    for rest in ([], [tender.public_id], ["preferences"]):
        assert client.get(at(cast.lumiere, *rest)).status_code == 404


@pytest.mark.parametrize("end", ["unconfirmed", "cancelled", "expired", "awarded", "hidden"])
def test_a_closed_call_is_shown_to_no_partner_but_with_its_own_offer(app, cast, another, clock, end):
    """RULES T6; SECURITY N3."""
    third = make_partner(make_organisation("Third AG", owner=(tom := make_user("Tom Third"))))
    tender = published()
    kept = answered(tender, cast.lumiere_partner, cast.pierre)
    opened(tender, cast.bergwerk_partner, cast.berta)
    winner = answered(tender, third, tom)
    if end == "cancelled":
        tenders.cancel(tender, by=None, now=NOW)
    elif end == "expired":
        clock.now = tender.closes_at
    elif end == "awarded":
        tenders.accept(tender, winner, seen=winner.stamp, by=None, now=NOW)
    elif end == "hidden":
        tenders.hide(tender, by=cast.olga, now=NOW)
    else:
        tender.confirmed_at = None
        db.session.commit()
    berta = another().sign_in(cast.berta)
    page = berta.get_page(at(cast.bergwerk, tender.public_id), status=410)
    assert "This call for tenders is not open any more." in page
    assert CONTACT["contact_email"] not in page.response.text
    pierre = another().sign_in(cast.pierre)
    here = at(cast.lumiere, tender.public_id)
    page = pierre.get_page(here)
    assert kept.message in page
    assert not [value for value in CONTACT.values() if value in page.response.text]
    assert tender.description not in page.response.text
    assert "Change the offer" not in page.links and page.buttons == []
    for noun in ("opening", "offer", "offer/withdrawal", "dismissal/end"):
        assert pierre.post_to(f"{here}/{noun}", {"message": "x"}).status == 410, noun
    won = another().sign_in(tom).get_page(at(third.organisation, tender.public_id))
    assert (CONTACT["contact_email"] in won.response.text) == (end == "awarded")


def test_attachments_are_read_after_the_opening_only(app, cast, client, another):
    """RULES T2; SECURITY 3: as downloads, from ids."""
    checking = follow(client, client.submit(NEW, {**CALL, "files": file("plan.pdf")}))
    follow(client, client.submit(checking.path))
    tender = the_call()
    tenders.confirm(tender, by=None, now=NOW)
    attachment = tender.files[0].public_id
    pierre = another().sign_in(cast.pierre)
    here = at(cast.lumiere, tender.public_id)
    assert "plan.pdf" not in pierre.get_page(here)
    assert pierre.get(f"{here}/files/{attachment}").status_code == 404
    opened(tender, cast.lumiere_partner, cast.pierre)
    assert "plan.pdf" in pierre.get_page(here).links
    answer = pierre.get(f"{here}/files/{attachment}")
    assert answer.data == PDF and answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"] or "no-cache" in answer.headers["Cache-Control"]
    assert (
        another()
        .sign_in(cast.berta)
        .get(at(cast.bergwerk, tender.public_id, "files", attachment))
        .status_code
        == 404
    )
    assert client.get(f"{manage(tender)}/files/{attachment}").data == PDF
    tenders.cancel(tender, by=None, now=NOW)
    assert pierre.get(f"{here}/files/{attachment}").status_code == 404


def test_an_offer_s_pdf_is_read_by_its_two_sides_only(app, cast, client, another):
    """RULES T7."""
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre)
    opened(tender, cast.bergwerk_partner, cast.berta)
    pierre = another().sign_in(cast.pierre)
    here = at(cast.lumiere, tender.public_id)
    follow(pierre, pierre.submit(f"{here}/offer", {"pdf": file("offer.pdf")}))
    pdf = offer.pdf.public_id
    assert pierre.get(f"{here}/files/{pdf}").data == PDF
    assert client.get(f"{manage(tender)}/files/{pdf}").data == PDF
    assert (
        another().sign_in(cast.berta).get(at(cast.bergwerk, tender.public_id, "files", pdf)).status_code
        == 404
    )


OFFER = {
    "price_least": "7’500",
    "price_most": "8’000",
    "currency": "EUR",
    "message": "We have built nine shops for opticians.",
    "days": "60",
}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("price_least", "", "Enter a price, such as 1’500."),
        ("price_least", "cheap", "Enter an amount such as 1’500 or 1’500.50."),
        ("price_least", "-5", "Enter an amount such as 1’500 or 1’500.50."),
        ("price_least", "1.234567", "Enter an amount such as 1’500 or 1’500.50."),
        ("price_least", "²", "Enter an amount such as 1’500 or 1’500.50."),
        ("price_least", "9" * 20, "This amount is too large."),
        ("price_least", "9" * 21, "Use at most 20 characters; there are 21 now."),
        ("price_least", "7\x00500", "Remove the invisible control characters from this text."),
        ("price_most", "7’499.99", "The upper price must not be below the lower one."),
        ("price_most", "much", "Enter an amount such as 1’500 or 1’500.50."),
        ("currency", "", "Choose a currency."),
        ("currency", None, "Choose a currency."),
        ("currency", "XBT", "Choose one of the options shown."),
        ("message", "", "Write what the price covers."),
        ("message", "Cheap and good.", "Write at least 20 characters."),
        ("message", "m" * 5001, "Use at most 5000 characters; there are 5001 now."),
        (
            "message",
            "We have built\x00 nine shops.",
            "Remove the invisible control characters from this text.",
        ),
        ("days", "", "Choose one of the options shown."),
        ("days", "None", "Choose one of the options shown."),
        ("days", "100000", "Choose one of the options shown."),
        ("pdf", ("offer.pdf", b"MZ\x90"), "This is not a PDF file."),
        ("pdf", ("photo.png", picture()), "This is not a PDF file."),
        ("pdf", ("large.pdf", PDF + b"x" * 6 * 1024 * 1024), "The file is larger than 5 MB."),
    ],
)
def test_a_bad_offer_gets_a_message_and_keeps_what_was_typed(app, cast, client, field, value, sentence):
    """RULES T7."""
    tender = published()
    opened(tender, cast.lumiere_partner, cast.pierre)
    client.sign_in(cast.pierre)
    here = at(cast.lumiere, tender.public_id, "offer")
    typed = {**OFFER, field: file(*value) if field == "pdf" else value}
    if field == "currency":
        kept = values_of(client.get_page(here).form())
        sent = {k: v for k, v in {**kept, **OFFER, "currency": value}.items() if v is not None}
        page = client.post_to(here, sent)
        if value is None:  # the call's own currency stands for it
            assert page.status == 303
            return
    else:
        page = client.submit(here, typed)
    assert page.status == 422, page.location
    assert page.errors == [sentence]
    shown = values_of(page.form())
    for name, before in OFFER.items():
        if name != field:
            assert shown[name] == before, name
    assert count(Offer) == 0


def test_an_offer_is_changed_and_withdrawn_by_page(app, cast, client):
    """RULES T7."""
    tender = published()
    opened(tender, cast.lumiere_partner, cast.pierre)
    client.sign_in(cast.pierre)
    here = at(cast.lumiere, tender.public_id)
    page = follow(client, client.submit(f"{here}/offer", {**OFFER, "pdf": file("offer.pdf")}))
    assert "8’000.00" in page or "8,000.00" in page
    editing = client.get_page(f"{here}/offer")
    assert editing.h1 == "Change the offer"
    shown = values_of(editing.form())
    assert (shown["price_least"], shown["price_most"], shown["currency"]) == ("7500", "8000", "EUR")
    assert shown["message"] == OFFER["message"]
    follow(client, client.submit(f"{here}/offer", {"drop_pdf": "y", "price_most": ""}))
    offer = db.session.scalar(sa.select(Offer))
    assert (offer.pdf, offer.price_most) == (None, 750_000)
    page = follow(client, client.submit(here, to=f"{here}/offer/withdrawal"))
    assert "Your offer is withdrawn" in page.notices[0] and "Make an offer" in page.links
    assert client.get_page(f"{here}/offer").h1 == "Make an offer"


def test_the_largest_price_is_taken(app, cast, client):
    """RULES T7."""
    tender = published()
    opened(tender, cast.lumiere_partner, cast.pierre)
    client.sign_in(cast.pierre)
    here = at(cast.lumiere, tender.public_id)
    follow(
        client,
        client.submit(f"{here}/offer", {**OFFER, "price_least": "99’000’000", "price_most": "100000000"}),
    )


def test_an_offer_form_before_the_opening_leads_to_the_call(app, cast, client):
    """RULES T2."""
    tender = published()
    client.sign_in(cast.pierre)
    here = at(cast.lumiere, tender.public_id)
    assert client.get(f"{here}/offer").location == here
    assert client.post_to(f"{here}/offer", OFFER).location == here


def test_not_for_us_needs_a_reason(app, cast, client):
    """RULES T9."""
    tender = published()
    client.sign_in(cast.pierre)
    here = at(cast.lumiere, tender.public_id)
    for reason in (None, "", "None", "boredom"):
        page = client.submit(here, {"reason": reason}, to=f"{here}/dismissal")
        assert page.status == 422 and page.errors, reason
    page = follow(client, client.submit(here, {"reason": "no_capacity"}, to=f"{here}/dismissal"))
    assert tender.title not in page and page.notices
    page = client.get_page(here)
    assert "Take it back" in page.buttons
    page = follow(client, client.submit(here, to=f"{here}/dismissal/end"))
    assert "The call is back in your inbox." in page.notices


def test_preferences_are_kept_and_shown_again(app, cast, client):
    """RULES T9."""
    client.sign_in(cast.pierre)
    here = at(cast.lumiere, "preferences")
    wishes = {
        "services": ["web", "shop"],
        "places": ["CH-GE", "FR"],
        "languages": ["fr"],
        "least_budget": "1’500.-",
        "mail": "daily",
    }
    page = client.get_page(here)
    contact = [option.get("value") for option in page.root.by_id("contact").all("option")][-1]
    page = follow(client, client.submit(here, {**wishes, "contact": contact}))
    assert page.notices == ["Your preferences are saved. They count for calls from now on."]
    shown = values_of(page.form())
    assert (shown["services"], sorted(shown["places"]), shown["languages"]) == (
        ["web", "shop"],
        ["CH-GE", "FR"],
        "fr",
    )
    assert (shown["least_budget"], shown["mail"], shown["contact"]) == ("1500", "daily", contact)
    partner = cast.lumiere_partner
    db.session.refresh(partner)
    assert (partner.tender_least_budget, partner.tender_places) == (1500, {"CH-GE", "FR"})
    # nothing chosen: everything
    nothing = {"services": None, "places": None, "languages": None, "least_budget": ""}
    follow(client, client.submit(here, nothing))
    db.session.refresh(partner)
    assert (partner.tender_services, partner.tender_places, partner.tender_least_budget) == (set(), set(), 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("services", ["weapons"]),
        ("places", ["CH-XX"]),
        ("languages", ["tlh"]),
        ("least_budget", "a lot"),
        ("least_budget", "9" * 19),
        ("mail", "by pigeon"),
        ("mail", ""),
        ("contact", "a" * 26),
        ("contact", ""),
    ],
)
def test_bad_preferences_are_refused_and_the_others_kept(app, cast, client, field, value):
    """RULES T9."""
    client.sign_in(cast.pierre)
    here = at(cast.lumiere, "preferences")
    good = {"services": ["web", "shop"], "languages": ["fr", "de"], "mail": "daily", "least_budget": "500"}
    page = client.submit(here, {**good, field: value})
    assert page.status == 422 and len(page.errors) == 1
    shown = values_of(page.form())
    assert {name: shown[name] for name in good if name != field} == {
        n: v for n, v in good.items() if n != field
    }


def test_a_collaborator_is_told_who_may_set_preferences(app, cast, client):
    """RULES O2, T9."""
    client.sign_in(cast.paula)
    client.get_page(at(cast.lumiere, "preferences"), status=403)
