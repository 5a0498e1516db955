"""Calls for tenders as people meet them: pages, forms, links in mails."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.client import values_of
from tests.dump import everything
from tests.factories import make_organisation, make_partner, make_user
from tests.inbox.story import answered, opened
from tests.tenders.steps import CALL, NEW, PDF, at, file, follow, manage, picture, the_call
from tests.tenders.story import CONTACT, count, mails, published, sent
from tests.times import NOW
from webapp import links, uploads
from webapp.extensions import db
from webapp.inbox import actions as inbox
from webapp.links import stop_token
from webapp.tenders import actions
from webapp.tenders.models import Tender
from webapp.tenders.rules import Status
from webapp.uploads import Upload

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"
CONTROLS = (
    "\x00", "\x07", "\x1b[31m", "a\x0bBcc: x@y.example", "\x1c", "\x85", "\u2028", "\x7f", "\n", "\r\nBcc:x",
)  # fmt: skip
NO_ADDRESSES = (
    "valentina", "a@b", "a b@c.example", "a@b@c.example", "a@-b.example", "a@b.example, c@d.example",
    "<a@b.example>", "é@b.example",
)  # fmt: skip


# --- the whole way ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_a_visitor_s_call_from_the_form_to_the_award(app, cast, client, another, outbox, clock, language):
    """RULES T1 to T8, L1, L2: three people, three languages, everything by pages and mails."""
    # written, checked, sent
    checking = follow(client, client.submit(f"/{language}/tenders/new", {**CALL, "files": file("plan.pdf")}))
    assert "plan.pdf" in checking and CALL["title"] in checking
    done = follow(client, client.submit(checking.path, {}))
    assert the_call().reference in done
    assert the_call().language == language
    # confirmed by the mail's link
    (mail,) = outbox.deliver()
    assert (mail["To"], mail["Content-Language"]) == (CONTACT["contact_email"], language)
    own_page = outbox.links(mail)[0]
    assert own_page.startswith(f"/{language}/t/")
    client.sign_out()
    page = follow(client, client.submit(own_page, to=f"{own_page}/confirmation"))
    assert page.notices
    # partners are told, in their languages; one opens and answers
    told = {message["To"]: message for message in outbox.deliver()}
    assert {to: message["Content-Language"] for to, message in told.items()} == {
        "pierre@lumiere.example": "fr",
        "berta@bergwerk.example": "de",
    }
    for who, organisation, price in (
        (cast.pierre, cast.lumiere, "7’500"),
        (cast.berta, cast.bergwerk, "8 000.50"),
    ):
        partner = another().sign_in(who)
        landing = partner.get(outbox.links(told[who.email])[0])
        assert landing.status_code == 302
        here = landing.location.removeprefix("http://localhost")
        assert here == at(organisation, the_call().public_id, language=who.language)
        page = partner.get_page(here)
        assert CONTACT["contact_email"] not in page.response.text
        assert CONTACT["contact_phone"] not in page.response.text
        page = follow(partner, partner.submit(here, to=f"{here}/opening"))
        assert CONTACT["contact_email"] in page and CONTACT["contact_phone"] in page
        offer = {"price_least": price, "message": "We have built nine shops for opticians."}
        page = follow(partner, partner.submit(f"{here}/offer", {**offer, "pdf": file("offer.pdf")}))
        assert page.notices and "offer.pdf" in page
    received_mails = outbox.deliver()
    assert {message["To"] for message in received_mails} == {CONTACT["contact_email"]}
    # compared and accepted
    page = client.get_page(own_page)
    assert "Lumière Digital Sàrl" in page and "Bergwerk IT GmbH" in page
    acceptance = next(link for link in page.all_links if link.endswith("/acceptance"))
    page = follow(client, client.submit(acceptance))
    assert the_call().status(clock.now) is Status.AWARDED
    answers = {message["To"]: message["Content-Language"] for message in outbox.deliver()}
    assert answers == {"pierre@lumiere.example": "fr", "berta@bergwerk.example": "de"}


def test_a_member_s_call_is_published_at_once(app, cast, client, outbox):
    """RULES T1, T3, T5."""
    client.sign_in(cast.nadia)
    page = client.get_page(f"{NEW}?org={cast.lumen.public_id}")
    values = values_of(page.form())
    assert (values["contact_name"], values["contact_email"]) == ("Nadia Noser", "nadia@lumen.example")
    assert values["contact_company"] == "Lumen Optik AG"
    call = {name: value for name, value in CALL.items() if not name.startswith("contact")}
    checking = follow(client, client.submit(NEW, call))
    assert "Partners are told at once" in checking
    done = follow(client, client.submit(checking.path))
    assert done.h1 == "Your call is published"
    assert the_call().organisation_id == cast.lumen.id
    assert {mail["To"] for mail in outbox.deliver()} >= {"nadia@lumen.example", "pierre@lumiere.example"}
    listed = client.get_page(at(cast.lumen, "sent"))
    own = client.get(listed.links[CALL["title"]])
    assert own.status_code == 302 and "/t/" in own.location


def test_a_person_without_an_organisation_confirms_like_a_visitor(app, client):
    """RULES T5: the page says what will happen."""
    client.sign_in(make_user("Lena Lonely"))
    checking = follow(client, client.submit(NEW, CALL))
    assert "when you have confirmed your address" in checking
    follow(client, client.submit(checking.path))
    assert [mail.kind for mail in mails()] == ["tender_confirm"]


def test_a_call_written_before_signing_in_stays_a_visitor_s(app, cast, client):
    """RULES T5: what the check page said is what happens."""
    checking = follow(client, client.submit(NEW, CALL))
    client.sign_in(cast.nadia)
    assert "when you have confirmed your address" in client.get_page(checking.path)
    follow(client, client.submit(checking.path))
    assert the_call().contact_email == CONTACT["contact_email"] and the_call().organisation_id is None


def test_a_call_is_never_sent_for_another_organisation_than_it_was_written_for(app, cast, client):
    client.sign_in(cast.nadia)
    call = {name: value for name, value in CALL.items() if not name.startswith("contact")}
    checking = follow(client, client.submit(NEW, call))
    client.sign_out().sign_in(cast.stefan)
    follow(client, client.submit(checking.path))
    assert the_call().organisation_id is None and [mail.kind for mail in mails()] == ["tender_confirm"]


def test_the_check_page_counts_the_partners_who_will_be_told(app, cast, client):
    """RULES T9: the sender's own organisation is none of them."""
    assert "It concerns 2 partners" in follow(client, client.submit(NEW, CALL))
    client.sign_in(cast.pierre)
    call = {name: value for name, value in CALL.items() if not name.startswith("contact")}
    assert "It concerns one partner" in follow(client, client.submit(NEW, call))
    nobody = {**call, "services": "events", "reply_languages": "fr"}
    cast.bergwerk_partner.tender_services = frozenset({"web"})
    db.session.commit()
    assert "No partner matches" in follow(client, client.submit(NEW, nobody))


# --- the form withstands ------------------------------------------------------------------------------------

RTL_OVERRIDE = "Ship \u202eth gnihtemos\u202c to us"
PROBLEMS = [
    # each field empty
    ("title", "", "Write a short title."),
    ("title", "   \u00a0 ", "Write a short title."),
    ("services", None, "Choose at least one service."),
    ("description", "", "Describe your project in a few sentences."),
    ("description", "\r\n \r\n", "Describe your project in a few sentences."),
    ("place", "", "Choose a region or a country."),
    ("start", "", "Choose one of the options shown."),
    ("reply_languages", None, "Choose at least one language."),
    ("contact_name", "", "Enter your name."),
    ("contact_email", "", "Enter your e-mail address, such as name@example.com."),
    # too short, too long
    ("title", "Shop", "Write at least 8 characters."),
    ("title", "x" * 91, "Use at most 90 characters; there are 91 now."),
    ("title", "🙂" * 91, "Use at most 90 characters; there are 91 now."),
    ("description", "Too short.", "Write at least 30 characters."),
    ("description", "word " * 1001, "Use at most 5000 characters; there are 5004 now."),
    ("contact_name", "n" * 81, "Use at most 80 characters; there are 81 now."),
    ("contact_company", "c" * 121, "Use at most 120 characters; there are 121 now."),
    ("contact_phone", "1" * 31, "Use at most 30 characters; there are 31 now."),
    # control characters, line ends and direction overrides in one line
    *[
        ("title", f"A shop for {bad} eyeglasses", "Remove the invisible control characters from this text.")
        for bad in CONTROLS
    ],
    ("title", RTL_OVERRIDE, "Remove the invisible control characters from this text."),
    ("title", "A shop \u2067for\u2069 eyeglasses", "Remove the invisible control characters from this text."),
    ("description", CALL["description"] + "\x00", "Remove the invisible control characters from this text."),
    ("description", RTL_OVERRIDE * 3, "Remove the invisible control characters from this text."),
    ("contact_name", "Valentina\x00", "Remove the invisible control characters from this text."),
    ("contact_company", "Vis\u202econti", "Remove the invisible control characters from this text."),
    # in the wrong format
    ("place", "XX", "Choose a region or a country."),
    ("place", "CH-XX", "Choose a region or a country."),
    ("place", "ch-be", "Choose a region or a country."),
    ("services", ["web", "weapons"], "Choose from the options shown."),
    ("reply_languages", ["tlh"], "Choose from the options shown."),
    ("budget", "1-2", "Choose one of the options shown."),
    ("start", "yesterday", "Choose one of the options shown."),
    ("start", "None", "Choose one of the options shown."),
    ("validity_days", "365", "Choose one of the options shown."),
    ("validity_days", "-1", "Choose one of the options shown."),
    *[
        ("contact_email", bad, "Enter a mail address such as name@example.com.")
        for bad in NO_ADDRESSES
    ],
    *[
        ("contact_phone", bad, "Enter a phone number such as +41 21 555 01 23, or leave this empty.")
        for bad in ("phone me", "12", "+999 1234567")
    ],
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "sentence"), PROBLEMS)
def test_bad_input_gets_a_message_and_nothing_typed_is_lost(app, client, field, value, sentence):
    """RULES T1: 422, the sentence at the top and next to the field, every other field as it was."""
    typed = {**CALL, field: value}
    page = client.submit(NEW, {**typed, "files": file("plan.pdf")})
    assert page.status == 422, page.location
    assert page.errors == [sentence]
    assert page.title.startswith("Error:")
    kept = values_of(page.form())
    for name, before in typed.items():
        if name != field:
            assert kept.get(name) == before, name
        elif name in ("title", "description", "contact_company", "contact_phone") and value.isprintable():
            assert kept[name] == " ".join(value.split()), "what was wrong is there to be put right"
    assert "Remove plan.pdf" in page
    assert count(Tender) == 0
    # what was kept is still there when the page is opened anew; with the right value it goes on
    again = client.get_page(page.path)
    assert "Remove plan.pdf" in again
    follow(client, client.submit(page.path, {field: CALL[field]}))


@pytest.mark.parametrize("field", ["title", "description", "contact_name", "contact_company"])
@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script> & <b>bold</b>",
        "\"quotes\" 'and' `ticks` ${7*7} #{7*7} <%= 7*7 %> {0} %s",
        "🙂👩‍👩‍👧‍👦🇨🇭 Brillen für alle, ça va: ĳ ﬁ",
        "متجر للنظارات في برن",
        "חנות \u200fלמשקפיים\u200e בברן",
        "眼鏡店のためのウェブショップ",
        "O'Brien & Söhne; DROP TABLE tenders;--",
    ],
)
def test_any_words_of_people_come_through_whole_and_harmless(app, cast, client, outbox, field, text):
    """RULES T1: HTML, emoji, right-to-left text and code are words."""
    if field == "description":
        text = f"{text} – {CALL['description']}"
    page = client.submit(NEW, {**CALL, field: text})
    checking = follow(client, page)
    text = unicodedata.normalize("NFC", text)
    assert " ".join(text.split()) in checking.text
    follow(client, client.submit(checking.path))
    tender = the_call()
    assert getattr(tender, field) == text
    actions.confirm(tender, by=None, now=NOW)
    row = opened(tender, cast.lumiere_partner, cast.pierre)
    client.sign_in(cast.pierre)
    call = at(cast.lumiere, tender.public_id)
    for address in (at(cast.lumiere), call, at(cast.lumiere, tender.public_id, "offer"), manage(tender)):
        assert "<script>alert(1)" not in client.get_page(address).response.text
    assert " ".join(text.split()) in client.get_page(at(cast.lumiere, row.tender.public_id)).text


def test_the_lines_of_a_description_stay(app, client):
    call = {**CALL, "description": "First line of the text.\r\n\r\n\r\n\r\nSecond\tline of the text."}
    checking = follow(client, client.submit(NEW, call))
    follow(client, client.submit(checking.path))
    assert the_call().description == "First line of the text.\n\nSecond\tline of the text."


def test_several_problems_at_once_are_told_in_the_order_of_the_form(app, client):
    page = client.submit(NEW, {**CALL, "title": "", "services": None, "contact_email": "x"})
    assert page.errors == [
        "Write a short title.",
        "Choose at least one service.",
        "Enter a mail address such as name@example.com.",
    ]


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("large.pdf", b"%PDF-1.4" + b"x" * 50 * 1024 * 1024 + b"%%EOF", "The file is larger than 5 MB."),
        ("installer.pdf", b"MZ\x90\x00" + b"\x00" * 3000, "Only PDF, JPEG and PNG files can be attached."),
        ("polyglot.pdf", b"%PDF-1.4" + b"\x00" * 3000, "This is not a PDF file."),
        ("logo.svg", SVG, "Only PDF, JPEG and PNG files can be attached."),
        ("photo.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "This is not a JPEG, PNG or WebP picture."),
        ("empty.pdf", b"", "The file is empty."),
        ("page.html", b"<html>", "Only PDF, JPEG and PNG files can be attached."),
    ],
)  # fmt: skip
def test_a_file_that_is_not_taken_is_named_and_the_good_one_stays(app, client, name, data, problem):
    """RULES T1; SECURITY 3 (uploads)."""
    page = client.submit(NEW, {**CALL, "files": [file("plan.pdf"), file(name, data)]})
    assert page.status == 422
    assert page.errors == [f"{name}: {problem}"]
    kept = values_of(page.form())
    assert {field: kept[field] for field in CALL} == CALL
    assert "Remove plan.pdf" in page and f"Remove {name}" not in page
    # without that file it goes on
    checking = follow(client, client.submit(page.path))
    assert "plan.pdf" in checking


def test_a_file_of_nearly_five_megabytes_is_taken(app, client):
    """RULES T1."""
    data = PDF + b"\x00" * (5 * 1024 * 1024 - len(PDF) - 6) + b"%%EOF\n"
    follow(client, client.submit(NEW, {**CALL, "files": file("plan.pdf", data)}))
    assert db.session.scalar(sa.select(Upload.size)) == 5 * 1024 * 1024


def test_pictures_are_encoded_anew(app, client):
    """SECURITY 3: whatever else was in the file is gone."""
    data = picture() + b"<script>secret</script>"
    follow(client, client.submit(NEW, {**CALL, "files": file("../../photo.JPG", data)}))
    upload = db.session.scalar(sa.select(Upload))
    assert (upload.filename, upload.content_type) == ("photo.png", "image/png")
    assert b"secret" not in upload.data


def test_of_four_files_three_are_kept_and_it_is_said(app, client):
    """RULES T1: up to three."""
    page = client.submit(NEW, {**CALL, "files": [file(f"plan{n}.pdf") for n in range(4)]})
    assert page.status == 422 and page.errors == ["Attach at most 3 files."]
    assert [name for name in ("plan0", "plan1", "plan2", "plan3") if f"Remove {name}.pdf" in page] == [
        "plan0",
        "plan1",
        "plan2",
    ]
    # a fourth that comes later is not dropped in silence either
    page = client.submit(page.path, {"files": file("late.pdf")})
    assert page.status == 422 and page.errors == ["Attach at most 3 files."]
    boxes = [box.get("value") for box in page.root.all("input") if box.get("name") == "drop_file"]
    checking = follow(client, client.submit(page.path, {"drop_file": boxes[:2], "files": file("late.pdf")}))
    assert "plan2.pdf and late.pdf" in checking


def test_an_upload_larger_than_all_limits_gets_a_page(app, client):
    data = b"x" * (uploads.REQUEST_BYTES + 1)
    page = client.submit(NEW, {**CALL, "files": file("huge.pdf", data)})
    assert page.status == 413 and page.h1 == "That is too large"


def test_change_links_lead_back_to_the_field_with_everything_typed(app, client):
    """RULES T1."""
    checking = follow(client, client.submit(NEW, {**CALL, "files": file("plan.pdf")}))
    changes = [link for link in checking.main.all("a") if link.text.startswith("Change")]
    assert len(changes) == 13
    editing = client.get_page(checking.links["‹ Back to the form"])
    ids = [element.get("id") for element in editing.root.walk()]
    for change in changes:
        address, _, anchor = change.get("href").partition("#")
        assert address == editing.path and anchor in ids
    kept = values_of(editing.form())
    assert {name: kept[name] for name in CALL} == CALL
    checking = follow(client, client.submit(editing.path, {"title": "Another title for it"}))
    assert "Another title for it" in checking and "plan.pdf" in checking


def test_a_language_switch_keeps_the_draft(app, client):
    """RULES L1."""
    checking = follow(client, client.submit(NEW, CALL))
    german = client.get_page(checking.path.replace("/en/", "/de/"))
    assert CALL["title"] in german
    kept = values_of(client.get_page(checking.path.replace("/en/", "/fr/").removesuffix("/check")).form())
    assert kept["title"] == CALL["title"]


def test_a_double_submit_is_one_call(app, cast, client, outbox):
    """RULES T1: two clicks on Send, then Back and Send again."""
    checking = follow(client, client.submit(NEW, CALL))
    first = client.post_to(checking.path)
    second = client.post_to(checking.path)
    assert first.location == second.location == checking.path.replace("/check", "/done")
    for address in (checking.path, checking.path.removesuffix("/check")):
        assert client.get(address).location.endswith("/done")
    again = client.post_to(checking.path.removesuffix("/check"), {**CALL, "title": "Changed afterwards"})
    assert follow(client, again, status=303)
    assert count(Tender) == 1 and the_call().title == CALL["title"]
    assert len(outbox.deliver()) == 1


def test_a_double_click_on_continue_is_one_draft(app, client):
    page = client.get_page(NEW)
    address = page.form().get("action")
    for _ in range(2):
        assert client.post_to(address, CALL).location == f"{address}/check"


def test_a_call_is_not_sent_unchecked(app, client):
    """RULES T1: neither an unknown draft nor an incomplete one."""
    page = client.submit(NEW, {**CALL, "title": ""})
    assert client.get(f"{page.path}/check").location == page.path
    assert client.post_to(f"{page.path}/check").location == page.path
    unknown = f"{NEW}/{'a' * 26}"
    assert client.post_to(f"{unknown}/check").location == NEW
    assert client.get(f"{unknown}/done").status_code == 404
    assert client.post_to(f"{NEW}/nonsense", CALL).status == 404
    assert count(Tender) == 0


def test_a_form_that_lay_open_for_days_is_still_taken(app, client, clock):
    """Nothing typed is lost, also after the draft's day is over."""
    page = client.submit(NEW, {**CALL, "title": ""})
    clock.forward(hours=25)
    assert follow(client, client.post_to(page.path, CALL)).h1 == "Check your call for tenders"


def test_the_done_page_is_over_when_the_call_is(app, cast, client):
    checking = follow(client, client.submit(NEW, CALL))
    done = follow(client, client.submit(checking.path))
    actions.cancel(the_call(), by=None, now=NOW)
    client.get_page(done.path, status=410)


def test_a_robot_that_fills_in_every_field_is_asked_again(app, client):
    page = client.submit(NEW, {**CALL, "website2": "https://spam.example"})
    assert page.status == 422 and "has to stay empty" in page.errors[0]
    assert values_of(page.form())["title"] == CALL["title"]
    follow(client, client.submit(page.path))


def test_too_many_calls_from_one_place_wait(app, client):
    """SECURITY 3: limits."""
    for n in range(10):
        checking = follow(client, client.submit(NEW, {**CALL, "contact_email": f"a{n}@optics.example"}))
        follow(client, client.submit(checking.path))
    checking = follow(client, client.submit(NEW, CALL))
    refused = client.submit(checking.path)
    assert refused.status == 429 and int(refused.headers["Retry-After"]) > 0
    assert count(Tender) == 10


def test_the_excerpt_without_a_script(app, client):
    """RULES T2: a button shows what partners see first; nothing typed is lost by it."""
    page = client.submit(NEW, {**CALL, "do": "preview"})
    assert page.status == 200
    excerpt = page.root.by_id("excerpt")
    assert CALL["title"] in excerpt.text and CONTACT["contact_email"] not in excerpt.text
    kept = values_of(page.form())
    assert {name: kept[name] for name in CALL} == CALL
    half = client.submit(NEW, {"title": "Half a title", "do": "preview"})
    assert "Half a title" in half.root.by_id("excerpt").text


def test_the_excerpt_as_one_types(app, client):
    """RULES T2: HTMX gets the excerpt alone, and nothing is kept."""
    page = client.get_page(NEW)
    before = everything(but=("attempts",))
    answer = client.post_to(
        page.form().get("action"), {**CALL, "do": "preview"}, headers={"HX-Request": "true"}
    )
    assert answer.status == 200 and answer.root.by_id("excerpt").text.startswith("What partners see first")
    assert everything(but=("attempts",)) == before


# --- links in mails -----------------------------------------------------------------------------------------


def _every_mail(cast, outbox, clock):
    """A story in which every mail of this feature leaves."""
    daily = make_partner(make_organisation("Daily AG", owner=make_user("Dana Daily")), tender_mail="daily")
    third = make_partner(make_organisation("Third AG", owner=(tom := make_user("Tom Third"))))
    tender = sent()
    messages = outbox.deliver()
    actions.confirm(tender, by=None, now=clock.now)
    signed_in = published(by=cast.nadia, organisation=cast.lumen)
    cancelled = published(title="This one is cancelled")
    opened(cancelled, third, tom)
    inbox.send_digests(now=clock.now)
    messages += outbox.deliver()
    actions.cancel(cancelled, by=None, now=clock.now)
    chosen = answered(tender, cast.lumiere_partner, cast.pierre, valid_until=NOW + timedelta(days=99))
    answered(tender, cast.bergwerk_partner, cast.berta, valid_until=NOW + timedelta(days=99))
    opened(tender, third, tom)
    messages += outbox.deliver()
    clock.now = tender.closes_at - timedelta(days=1)
    actions.remind_of_closing(now=clock.now)
    messages += outbox.deliver()
    actions.accept(tender, chosen, seen=chosen.stamp, by=None, now=clock.now)
    messages += outbox.deliver()
    clock.now = signed_in.closes_at
    actions.expire(now=clock.now)
    messages += outbox.deliver()
    assert daily.id
    return messages


ALL_KINDS = {
    "tender_confirm", "tender_received", "tender_excerpt", "tender_digest", "tender_opened", "offer_received",
    "offer_accepted", "offer_not_chosen", "tender_over", "tender_closing", "tender_expired", "tender_cancelled",
}  # fmt: skip


def test_looking_at_any_mailed_link_changes_nothing(app, cast, client, another, outbox, clock):
    """RULES T4; SECURITY links T1: three times GET and HEAD, by a mail scanner and by the people themselves."""
    messages = _every_mail(cast, outbox, clock)
    assert {mail.kind for mail in mails()} == ALL_KINDS
    addresses = {link for message in messages for link in outbox.links(message)}
    for message in messages:
        if message["List-Unsubscribe"]:
            addresses.add(str(message["List-Unsubscribe"]).strip("<>").removeprefix("http://localhost"))
    assert len(addresses) > 10
    readers = [client] + [another().sign_in(who) for who in (cast.pierre, cast.berta, cast.nadia)]
    before = everything()
    seen = set()
    for reader in readers:
        for address in sorted(addresses):
            for method in ("GET", "HEAD", "GET", "HEAD", "GET", "HEAD"):
                seen.add(reader.open(address, method=method).status_code)
    assert everything() == before
    assert seen <= {200, 302, 303, 404, 410}


def test_the_requester_s_pages_change_nothing_by_looking(app, cast, client):
    """RULES T4: the page of acceptance too; and what acts does not answer to GET."""
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre)
    before = everything()
    here = manage(tender)
    for address in (here, f"{here}/offers/{offer.public_id}/acceptance"):
        assert client.get(address).status_code == client.head(address).status_code == 200
    for noun in ("confirmation", "cancellation", "extension"):
        assert client.get(f"{here}/{noun}").status_code == 405
        assert client.head(f"{here}/{noun}").status_code == 405
    assert everything() == before


def test_a_cancel_by_the_mailed_link(app, cast, client, another, outbox):
    """RULES T3, T4."""
    sent()
    (mail,) = outbox.deliver()
    here = outbox.links(mail)[0]
    page = client.get_page(here)
    assert page.buttons == ["Confirm the call", "Cancel the call"]
    follow(client, client.submit(here, to=f"{here}/confirmation"))
    tender = the_call()
    pierre = another().sign_in(cast.pierre)
    assert tender.title in pierre.get_page(at(cast.lumiere))
    page = follow(client, client.submit(here, to=f"{here}/cancellation"))
    assert "Your call is withdrawn. Partners no longer see it." in page.notices
    assert "Withdrawn on" in page
    assert tender.title not in pierre.get_page(at(cast.lumiere))
    pierre.get_page(at(cast.lumiere, tender.public_id), status=410)
    # the button of a page that was open before says so, and changes nothing
    page = follow(client, client.post_to(f"{here}/cancellation"))
    assert "This is not possible any more, because the call has changed in the meantime." in page.notices


def test_an_extension_by_page_is_there_once(app, cast, client):
    """RULES T6."""
    tender = published()
    here = manage(tender)
    page = follow(client, client.submit(here, to=f"{here}/extension"))
    assert "Your call stays open longer." in page.notices and "Extend the call" not in page.buttons
    page = follow(client, client.post_to(f"{here}/extension"))
    assert "This call has been extended once already." in page.notices


def test_an_offer_that_changed_is_read_again_before_it_is_accepted(app, cast, client):
    """RULES T7."""
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre)
    acceptance = f"{manage(tender)}/offers/{offer.public_id}/acceptance"
    form = values_of(client.get_page(acceptance).form())
    answered(tender, cast.lumiere_partner, cast.pierre, price_least=900_000, price_most=950_000)
    page = follow(client, client.post_to(acceptance, {"seen": form["seen"]}))
    assert "The partner has changed this offer in the meantime. Read it again, then decide." in page.notices
    assert "CHF 9’000.00 to CHF 9’500.00" in page or "CHF 9,000.00 to CHF 9,500.00" in page
    page = follow(client, client.submit(acceptance))
    assert "You have accepted the offer of Lumière Digital Sàrl" in page


def test_an_accepted_offer_leads_to_giving_its_partner_access(app, cast, client):
    """RULES T7, C6: with this partner chosen; a visitor signs in or up first and comes back."""
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre)
    page = follow(client, client.submit(f"{manage(tender)}/offers/{offer.public_id}/acceptance"))
    ask = page.links["Give Lumière Digital Sàrl access"]
    sign_in = client.get_page(client.get_page(ask, status=303).location)
    assert (
        "next=" in sign_in.links["Create an account"] and "invitation" in sign_in.links["Create an account"]
    )
    client.sign_in(cast.nadia)
    page = client.get_page(client.get_page(ask, status=303).location, status=303)
    assert "Lumière Digital Sàrl" in client.get_page(page.location)


def test_offers_of_other_calls_are_not_found_by_a_link(app, cast, client):
    """SECURITY A12."""
    tender, other = published(), published(title="Another call of others")
    offer = answered(other, cast.lumiere_partner, cast.pierre)
    acceptance = f"{manage(tender)}/offers/{offer.public_id}/acceptance"
    client.get_page(acceptance, status=404)
    assert client.post_to(acceptance, {"seen": offer.stamp}).status == 404


@pytest.mark.parametrize("state", ["expired", "replaced", "erased", "forged", "cut off", "nonsense"])
def test_a_link_that_opens_nothing_gets_a_friendly_page(app, cast, client, clock, state):
    """RULES T4; SECURITY links T2: they all look alike."""
    tender = published()
    here = manage(tender)
    if state == "expired":
        clock.forward(days=400)
    elif state == "replaced":
        from webapp.unit import unit_of_work

        unit_of_work(links.issue)("tender", tender.id, expires_at=NOW + timedelta(days=9), now=NOW)
    elif state == "erased":
        actions.cancel(tender, by=None, now=NOW)
        actions.erase(tender, now=NOW)
    elif state == "forged":
        here = here[:-1] + ("A" if here[-1] != "A" else "B")
    elif state == "cut off":
        here = here[:-1]
    else:
        here = "/en/t/é ."
    before = everything()
    for address, method in (
        (here, "GET"),
        (f"{here}/cancellation", "POST"),
        (f"{here}/confirmation", "POST"),
    ):
        page = client.get_page(address, status=410) if method == "GET" else client.post_to(address)
        assert page.status == 410
        assert "This link does not work any more. It was used up, has expired or is incomplete." in page
    assert everything() == before


@pytest.mark.parametrize(
    "address", ["/en/t/%00", "/en/stop/%00", "/en/tenders/new?org=%00", "/en/tenders/new/%00", "/en/%00"]
)
def test_an_address_with_nul_is_not_found(app, client, address):
    """PostgreSQL takes no NUL in a text; the person gets a page, not a crash."""
    assert client.get_page(address, status=404).h1 == "This page does not exist"


# --- stopping mail ------------------------------------------------------------------------------------------


def test_one_click_stops_the_mails(app, cast, client, another, outbox):
    """RULES T4, T9 (RFC 8058): the mail service posts without cookies, token or page."""
    published()
    message = next(m for m in outbox.deliver() if m["To"] == "pierre@lumiere.example")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = str(message["List-Unsubscribe"]).strip("<>").removeprefix("http://localhost")
    assert client.get_page(address).buttons == ["Stop these mails"] or address.startswith("/fr")
    assert cast.lumiere_partner.tender_mail == "at_once"
    answer = another().post(
        address,
        data={"List-Unsubscribe": "One-Click"},
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Set-Cookie" not in answer.headers
    db.session.refresh(cast.lumiere_partner)
    assert cast.lumiere_partner.tender_mail == "never"
    assert another().post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 204


@pytest.mark.parametrize("what", ["tenders", "openings"])
def test_the_stop_page_has_a_button(app, cast, client, what):
    """RULES T4."""
    tender = published()
    name = cast.lumiere_partner.public_id if what == "tenders" else tender.public_id
    address = f"/en/stop/{stop_token(what, name)}"
    page = client.submit(address, to=f"{address}/mail")
    assert page.status == 200 and page.h1 == "These mails have stopped"
    db.session.refresh(cast.lumiere_partner)
    db.session.refresh(tender)
    assert (cast.lumiere_partner.tender_mail == "never") == (what == "tenders")
    assert tender.opening_mails == (what == "tenders")
    assert client.post(f"{address}/mail").status_code == 400  # that button is a form with a token


@pytest.mark.parametrize("token", ["nonsense", "ImEi.forged", "%00", "é"])
def test_a_stop_link_that_is_not_ours_is_not_found(app, client, token):
    for method in ("GET", "HEAD", "POST"):
        assert client.open(f"/en/stop/{token}", method=method).status_code == 404
    assert client.post_to(f"/en/stop/{token}/mail").status == 404
