"""Pages to sign up and in, and of one's own account."""

import io
import re

import pytest
import sqlalchemy as sa
from PIL import Image

from tests.factories import PASSWORD, join, make_user
from webapp import links
from webapp.accounts import actions, queries
from webapp.accounts.models import Organisation, User, UserSession
from webapp.accounts.passwords import matches
from webapp.accounts.rules import Kind
from webapp.extensions import db

NEW_PASSWORD = "seven geese on a ladder"

COMPANY = {
    "name": "Nora Neu", "email": "nora@example.com", "new_password": NEW_PASSWORD,
    "kind": "company", "organisation_name": "Atelier Brun SA", "street": "Rue Haute 2", "postcode": "1003",
    "city": "Lausanne", "country": "CH", "register_number": "CHE-107.787.577",
    "vat_number": "CHE-107.787.577 TVA",
}  # fmt: skip


@pytest.fixture
def sign_up(client):
    """Fills in the sign-up page; what is named is changed."""

    def send(*, language="en", query="", **changed):
        return client.submit(f"/{language}/sign-up{query}", {**COMPANY, **changed})

    return send


def error_at(page, field):
    """The message next to a field."""
    return page.root.by_id(f"{field}-error").text


def picture(size=(300, 300)):
    """A picture as a browser sends it."""
    stream = io.BytesIO()
    Image.new("RGB", size, "teal").save(stream, "PNG")
    stream.seek(0)
    return stream, "me.png"


# --- signing up ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_from_the_form_to_the_own_space(client, outbox, sign_up, language):
    """RULES O1, O3: a person and its company, confirmed by mail, signed in."""
    done = sign_up(language=language, register_number="che 107 787 577")
    assert (done.status, done.location) == (303, f"/{language}/sign-up/done")
    assert "nora@example.com" in client.get_page(done.location)
    (message,) = outbox.deliver()
    verify = outbox.links(message)[0]
    entered = client.submit(verify)
    assert (entered.status, entered.location) == (303, f"/{language}/start")
    overview = client.get_page(client.get(entered.location).location)
    nora = queries.user_by_email("nora@example.com")
    (membership,) = queries.memberships(nora)
    assert overview.path == f"/{language}/o/{membership.organisation.public_id}/"
    assert (nora.language, nora.region) == (language, "CH")
    organisation = membership.organisation
    assert (organisation.kind, organisation.name, organisation.currency) == (
        Kind.COMPANY,
        "Atelier Brun SA",
        "CHF",
    )
    assert organisation.register_number == "CHE-107.787.577"
    assert organisation.vat_number == "CHE-107.787.577 TVA"


def test_the_way_back_is_kept_through_the_confirmation(client, outbox, sign_up):
    page = sign_up(query="?next=/en/partners")
    assert page.location == "/en/sign-up/done"
    (message,) = outbox.deliver()
    assert client.submit(outbox.links(message)[0]).location == "/en/partners"


def test_the_way_back_is_kept_for_another_device_and_taken_once(client, another, outbox, sign_up):
    """The account remembers it until the first sign-in."""
    sign_up(query="?next=/en/partners")
    (message,) = outbox.deliver()
    phone = another()
    assert phone.submit(outbox.links(message)[0]).location == "/en/partners"
    assert queries.user_by_email("nora@example.com").first_page is None
    again = another().submit("/en/sign-in", {"email": "nora@example.com", "password": NEW_PASSWORD})
    assert again.location == "/en/start"


def test_a_second_sign_up_leaves_no_way_back_to_who_never_confirmed(client, outbox, sign_up, clock):
    """Nobody knows who typed it: the holder of the mailbox chooses a password, and starts where all start."""
    sign_up(query="?next=/en/partners")
    clock.forward(minutes=5)
    sign_up(query="?next=/en/partners")
    assert queries.user_by_email("nora@example.com").first_page is None


def test_a_way_back_that_is_too_long_is_forgotten(client, sign_up):
    sign_up(query="?next=/en/" + "x" * 300)
    assert queries.user_by_email("nora@example.com").first_page is None


@pytest.mark.parametrize("next", ["https://evil.example", "//evil.example", "/\\evil.example", "evil"])
def test_no_way_back_leads_to_another_site(client, sign_up, outbox, next):
    sign_up(query=f"?next={next}")
    (message,) = outbox.deliver()
    assert client.submit(outbox.links(message)[0]).location == "/en/start"


def test_an_individual_is_called_like_the_person(client, sign_up):
    """RULES O3: what was left in the fields of a company does not count."""
    sign_up(kind="individual", register_number="wrong", vat_number="wrong", country="FR")
    organisation = db.session.scalars(sa.select(Organisation)).one()
    assert (organisation.kind, organisation.name) == (Kind.INDIVIDUAL, "Nora Neu")
    assert (organisation.register_number, organisation.vat_number, organisation.currency) == (
        None,
        None,
        "EUR",
    )


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "Enter your name."),
        ("name", "x" * 81, "Use at most 80 characters; there are 81 now."),
        ("name", "Nora\x0bBcc: x", "Remove the invisible control characters from this text."),
        ("name", "Nora \u202e Neu", "Remove the invisible control characters from this text."),
        ("email", "", "Enter your mail address."),
        ("email", "nora", "Enter a mail address such as name@example.com."),
        ("email", "nora@", "Enter a mail address such as name@example.com."),
        ("new_password", "", "Choose a password."),
        ("new_password", "short", "Use at least 12 characters. Several words in a row are easy to remember."),
        ("new_password", "x1y2" * 51, "Use at most 200 characters."),
        (
            "new_password",
            "passwordpassword",
            "This password is on the lists that attackers try first. Choose another one.",
        ),
        (
            "new_password",
            "nora@example.com",
            "This password is too close to your name or mail address. Choose another one.",
        ),
        ("organisation_name", "", "Enter the name of the organisation."),
        ("organisation_name", "x" * 121, "Use at most 120 characters; there are 121 now."),
        ("street", "", "Enter the street and number."),
        ("postcode", "", "Enter the postcode."),
        ("postcode", "1" * 13, "Use at most 12 characters; there are 13 now."),
        ("city", "", "Enter the town."),
        ("country", "XX", "Choose one of the options shown."),
        (
            "register_number",
            "CHE-1",
            "This is not a company-register number. It looks like CHE-107.787.577.",
        ),
        ("vat_number", "7", "This is not a VAT number. It looks like CHE-107.787.577 MWST."),
        ("kind", "robot", "Choose one of the options shown."),
    ],
)
def test_a_wrong_field_says_what_to_do_and_nothing_is_lost(client, sign_up, field, typed, sentence):
    page = sign_up(**{field: typed})
    assert page.status == 422 and page.title.startswith("Error:")
    assert sentence in page.errors
    assert error_at(page, field) == sentence
    typed_elsewhere = {
        k: v for k, v in COMPANY.items() if k not in (field, "new_password", "kind", "country")
    }
    for name, value in typed_elsewhere.items():
        assert page.root.by_id(name).get("value") == value
    assert not page.root.by_id("new_password").get("value")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 0


@pytest.mark.parametrize(
    ("country", "register", "vat"),
    [
        ("FR", "732 829 320", "FR40303265045"),
        ("DE", "HRB 12345", "DE136695976"),
        ("AT", "FN 123456a", "ATU13585627"),
    ],
)
def test_the_example_is_one_of_the_country(sign_up, country, register, vat):
    """RULES O3"""
    page = sign_up(country=country, register_number="-", vat_number="-")
    assert register in error_at(page, "register_number")
    assert vat in error_at(page, "vat_number")


def test_html_and_emoji_are_words_like_any_other(client, sign_up, outbox):
    assert sign_up(name="<b>Nora</b> 🦊 نورة").status == 303
    (message,) = outbox.deliver()
    assert "<b>Nora</b>" not in message.get_body(("html",)).get_content()
    assert "<b>Nora</b>" in message.get_body(("plain",)).get_content()


def test_a_known_address_gets_the_same_answer(client, another, sign_up, outbox):
    make_user(email="known@example.com")
    new, known = sign_up(), None
    other = another()
    known = other.submit("/en/sign-up", {**COMPANY, "email": "known@example.com"})
    assert (known.status, known.location) == (new.status, new.location)
    pages = [each.get_page("/en/sign-up/done").text for each in (client, other)]
    assert pages[0].replace("nora@", "") == pages[1].replace("known@", "")
    subjects = {message["To"]: message["Subject"] for message in outbox.deliver()}
    assert subjects == {
        "nora@example.com": "Confirm your mail address",
        "known@example.com": "You already have an account",
    }


def test_opening_the_verification_changes_nothing(client, outbox, sign_up):
    sign_up()
    verify = outbox.links(outbox.deliver()[0])[0]
    for _again in range(3):
        assert client.get_page(verify).buttons == ["Confirm and sign in"]
        client.head(verify)
    assert queries.user_by_email("nora@example.com").verified_at is None


def test_used_expired_replaced_and_unknown_links_look_alike(client, clock, outbox, sign_up):
    sign_up()
    used = outbox.links(outbox.deliver()[0])[0]
    client.submit(used)
    client.sign_out()
    token = used.rpartition("/")[2]
    other = ("A" if token[-1] != "A" else "B") + token[1:]
    texts = {
        client.get_page(f"/en/verify/{one}", status=410).text for one in (token, other, "short", "x" * 65)
    }
    assert len(texts) == 1
    assert client.post_to(used).status == 410


def test_the_mail_can_be_sent_again(client, clock, outbox, sign_up):
    sign_up()
    first = outbox.links(outbox.deliver()[0])[0]
    clock.forward(minutes=5)
    again = client.submit("/en/sign-up/done", to="/en/sign-up/mail")
    assert again.location == "/en/sign-up/done"
    second = outbox.links(outbox.deliver()[0])[0]
    assert second != first
    client.get_page(first, status=410)
    client.get_page(second)


def test_the_page_to_send_again_is_for_those_who_wait(client):
    assert client.get("/en/sign-up/done").location == "/en/sign-in"
    assert client.post_to("/en/sign-up/mail").location == "/en/sign-in"


def test_too_many_sign_ups_wait_and_lose_nothing(client, sign_up):
    for n in range(20):
        assert sign_up(email=f"nora{n}@example.com").status == 303
    page = sign_up(email="nora20@example.com")
    assert page.status == 429 and "Try again in" in page.errors[0]
    assert page.root.by_id("street").get("value") == "Rue Haute 2"


def test_one_address_gets_few_mails(client, clock, sign_up):
    for _again in range(5):
        assert sign_up().status == 303
    assert sign_up().status == 429
    clock.forward(hours=1)
    assert sign_up().status == 303


# --- forms that strangers send ------------------------------------------------------------------------------


def test_a_robot_that_fills_in_everything_is_asked_again(client, sign_up):
    page = sign_up(website2="https://spam.example")
    assert page.status == 422 and "has to stay empty" in page.errors[0]
    assert page.root.by_id("website2").get("value") == ""
    assert page.root.by_id("street").get("value") == "Rue Haute 2"
    assert queries.user_by_email("nora@example.com") is None


@pytest.fixture
def slow_forms(app):
    """As in production."""
    app.config["FORM_MIN_SECONDS"] = 2
    yield
    app.config["FORM_MIN_SECONDS"] = 0


def test_a_form_that_returns_at_once_is_asked_again(client, clock, slow_forms):
    shown = client.get_page("/en/sign-up").root.by_id("website2").parent.parent
    stamp = next(field.get("value") for field in shown.all("input") if field.get("name") == "shown")
    page = client.post_to("/en/sign-up", {**COMPANY, "shown": stamp})
    assert page.status == 422 and "very quick" in page.errors[0]
    assert page.root.by_id("street").get("value") == "Rue Haute 2"
    clock.forward(seconds=2)
    assert client.post_to("/en/sign-up", {**COMPANY, "shown": stamp}).status == 303, "the first stamp counts"


@pytest.mark.parametrize("stamp", ["", "1700000000", "MTcwMDAwMDAwMA.forged"])
def test_a_form_that_does_not_say_when_it_was_shown_is_asked_again(client, slow_forms, stamp):
    assert client.post_to("/en/sign-up", {**COMPANY, "shown": stamp}).status == 422


def test_a_person_is_slow_enough(client, slow_forms, sign_up):
    assert sign_up().status == 303


# --- signing in and out -------------------------------------------------------------------------------------


def enter(client, email, password=PASSWORD, query="", **more):
    return client.submit(f"/en/sign-in{query}", {"email": email, "password": password, **more})


def test_signing_in_leads_to_the_own_space(client, cast):
    page = enter(client, "NADIA@lumen.example")
    assert page.location == "/en/start"
    assert client.get(page.location).location == f"/en/o/{cast.lumen.public_id}/"


def test_signing_in_shows_the_password_and_confirming_the_address_does_not(
    client, cast, sign_up, outbox, now
):
    enter(client, cast.nadia.email)
    assert db.session.scalars(sa.select(UserSession)).one().confirmed_at == client.clock.now
    client.sign_out()
    sign_up()
    client.submit(outbox.links(outbox.deliver()[-1])[0])
    assert [row.confirmed_at for row in db.session.scalars(sa.select(UserSession))].count(None) == 1


def test_signing_in_leads_back(client, cast):
    team = f"/en/o/{cast.lumen.public_id}/team"
    asked = client.get(team)
    assert asked.location.startswith("/en/sign-in?next=")
    page = client.submit(asked.location, {"email": cast.nadia.email, "password": PASSWORD})
    assert page.location == team
    assert client.get_page(team).h1 == "Team"


def test_htmx_without_a_session_is_sent_to_the_sign_in(client, cast):
    team = f"/en/o/{cast.lumen.public_id}/team"
    answer = client.get(team, headers={"HX-Request": "true", "HX-Current-URL": f"http://localhost{team}?q=1"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/en/sign-in?next=")


@pytest.mark.parametrize("email", ["nadia@lumen.example", "unknown@lumen.example"])
def test_a_wrong_password_and_an_unknown_address_look_alike(client, cast, email):
    page = enter(client, email, "not the password")
    assert page.status == 422
    assert page.errors == ["The mail address or the password is not right."]
    assert page.root.by_id("email").get("value") == email
    assert "not the password" not in page.response.text


def test_the_session_before_is_of_no_use_afterwards(client, cast):
    """Against session fixation: nothing of what an attacker planted survives, and the row is new."""
    with client.session_transaction() as planted:
        planted["planted"] = "by an attacker"
    before = client.token()
    enter(client, cast.nadia.email)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"]
    assert client.post("/en/account/sessions/others/end", data={"csrf_token": before}).status_code == 400


def test_after_signing_out_a_copy_of_the_cookie_opens_nothing(client, another, cast):
    enter(client, cast.nadia.email)
    copy = another()
    copy.set_cookie("session", client.get_cookie("session").value)
    assert copy.get("/en/account").status_code == 200
    assert client.submit("/en/account", to="/en/sign-out").location == "/en/sign-in"
    assert copy.get("/en/account").location.startswith("/en/sign-in")
    assert client.get("/en/account").location.startswith("/en/sign-in")


def test_signing_out_is_no_link(client, cast):
    client.sign_in(cast.nadia)
    assert client.get("/en/sign-out").status_code == 405
    client.get_page("/en/account")


def test_keep_me_signed_in(client, cast, clock):
    enter(client, cast.nadia.email, keep="y")
    assert client.get_cookie("session").expires is not None
    clock.forward(days=29)
    client.get_page("/en/account")


def test_without_keeping_the_session_idles_out(client, cast, clock):
    enter(client, cast.nadia.email)
    assert client.get_cookie("session").expires is None
    clock.forward(minutes=59)
    client.get_page("/en/account")
    clock.forward(minutes=59)
    client.get_page("/en/account")
    clock.forward(minutes=60)
    assert client.get("/en/account").location.startswith("/en/sign-in")


def test_the_last_time_seen_is_noted_every_five_minutes(client, cast, clock):
    client.sign_in(cast.nadia)

    def seen():
        return db.session.scalars(sa.select(UserSession)).one().last_seen_at

    start = seen()
    clock.forward(minutes=4, seconds=59)
    client.get("/en/account")
    assert seen() == start
    clock.forward(seconds=1)
    client.get("/en/account")
    assert seen() == clock.now


def test_ten_wrong_passwords_make_the_next_one_wait(client, cast, clock):
    for _again in range(10):
        assert enter(client, cast.nadia.email, "wrong wrong wrong").status == 422
        clock.forward(seconds=-20)
    page = enter(client, cast.nadia.email)
    assert page.status == 429, "even the right one"
    assert page.root.by_id("email").get("value") == cast.nadia.email
    clock.forward(minutes=15)
    assert enter(client, cast.nadia.email).status == 303


def test_right_passwords_do_not_count(client, cast):
    for _again in range(12):
        assert enter(client, cast.nadia.email).status == 303
        client.sign_out()


def test_who_guesses_at_many_accounts_is_stopped_by_network(app, client, cast):
    for n in range(100):
        client.post_to("/en/sign-in", {"email": f"x{n}@example.com", "password": "wrong"})
    assert client.post_to("/en/sign-in", {"email": cast.nadia.email, "password": PASSWORD}).status == 429


def test_an_address_that_is_not_verified_leads_to_the_mail(client, outbox):
    make_user(email="late@example.com", verified_at=None)
    page = enter(client, "late@example.com", query="?next=/en/partners")
    assert page.location == "/en/sign-up/done"
    assert client.get("/en/account").location.startswith("/en/sign-in")
    (message,) = outbox.deliver()
    assert client.submit(outbox.links(message)[0]).location == "/en/partners"


def test_a_disabled_account_looks_like_a_wrong_password(client):
    make_user(email="gone@example.com", disabled_at=make_user().created_at)
    page = enter(client, "gone@example.com")
    assert page.errors == ["The mail address or the password is not right."]


def test_signing_in_sets_the_language_of_the_front_door_only(client, cast):
    page = enter(client, cast.pierre.email)
    assert client.get_cookie("language").value == "fr"
    assert page.location == "/en/start", "the page keeps the language of its address"


def test_who_is_signed_in_already_goes_on(client, cast):
    client.sign_in(cast.nadia)
    assert client.get("/en/sign-in").location == "/en/start"
    assert client.get("/en/sign-up?next=/en/partners").location == "/en/partners"


def test_signing_in_as_somebody_else_ends_the_session_before(client, cast):
    client.sign_in(cast.nadia)
    client.post_to("/en/sign-in", {"email": cast.stefan.email, "password": PASSWORD})
    open_rows = db.session.scalars(sa.select(UserSession).where(UserSession.ended_at.is_(None))).all()
    assert [row.user_id for row in open_rows] == [cast.stefan.id]


# --- where one starts; several organisations ----------------------------------------------------------------


def test_the_organisation_that_was_open_last_opens_again(client, cast):
    """RULES O1: people switch between their organisations."""
    join(cast.nadia, cast.bergwerk)
    client.sign_in(cast.nadia)
    page = client.get_page(f"/en/o/{cast.lumen.public_id}/team")
    assert f"/en/o/{cast.bergwerk.public_id}/" in page.all_links
    client.get_page(f"/en/o/{cast.bergwerk.public_id}/team")
    assert client.get("/en/start").location == f"/en/o/{cast.bergwerk.public_id}/"
    client.get_page(f"/en/o/{cast.lumen.public_id}/team")
    assert client.get("/en/start").location == f"/en/o/{cast.lumen.public_id}/"


def test_an_operator_starts_at_the_desk_and_a_newcomer_makes_an_organisation(client, another, cast):
    assert client.sign_in(cast.olga).get("/en/start").location.startswith("/en/admin")
    newcomer = another().sign_in(make_user())
    assert newcomer.get("/en/start").location == "/en/account/organisations/new"


# --- passwords ----------------------------------------------------------------------------------------------


def test_a_forgotten_password_is_chosen_anew(client, outbox, cast):
    client.submit("/en/password/forgot", {"email": cast.stefan.email})
    reset = outbox.links(outbox.deliver()[0])[0]
    for _again in range(3):
        client.get_page(reset)
    short = client.submit(reset, {"new_password": "short"})
    assert short.status == 422 and error_at(short, "new_password").startswith("Use at least 12")
    assert client.submit(reset, {"new_password": NEW_PASSWORD}).location == "/en/sign-in"
    client.get_page(reset, status=410)
    assert enter(client, cast.stefan.email, NEW_PASSWORD).location == "/en/start"
    assert [message["Subject"] for message in outbox.deliver()] == ["Your password was changed"]


def test_a_reset_ends_all_sessions(client, another, outbox, cast):
    elsewhere = another().sign_in(cast.stefan)
    client.submit("/en/password/forgot", {"email": cast.stefan.email})
    client.submit(outbox.links(outbox.deliver()[0])[0], {"new_password": NEW_PASSWORD})
    assert elsewhere.get("/en/account").status_code == 303


def test_an_unknown_address_gets_the_same_page(client, outbox, cast):
    texts = [
        client.submit("/en/password/forgot", {"email": email}).text.replace(email, "…")
        for email in (cast.stefan.email, "unknown@example.com")
    ]
    assert texts[0] == texts[1]
    assert [message["To"] for message in outbox.deliver()] == [cast.stefan.email]


def test_a_reset_link_lives_an_hour(client, clock, outbox, cast):
    client.submit("/en/password/forgot", {"email": cast.stefan.email})
    reset = outbox.links(outbox.deliver()[0])[0]
    clock.forward(hours=1)
    client.get_page(reset, status=410)


def test_the_links_of_one_purpose_open_nothing_else(client, outbox, cast):
    client.submit("/en/password/forgot", {"email": cast.stefan.email})
    token = outbox.links(outbox.deliver()[0])[0].rpartition("/")[2]
    client.get_page(f"/en/verify/{token}", status=410)
    client.get_page(f"/en/join/{token}", status=410)


def test_a_password_is_changed_with_the_current_one(client, another, outbox, cast):
    client.sign_in(cast.nadia)
    elsewhere = another().sign_in(cast.nadia)
    wrong = client.submit("/en/account/password", {"current_password": "wrong", "new_password": NEW_PASSWORD})
    assert wrong.status == 422 and error_at(wrong, "current_password") == "This is not your current password."
    done = client.submit("/en/account/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})
    assert done.location == "/en/account/password"
    assert client.get("/en/account").status_code == 200
    assert elsewhere.get("/en/account").status_code == 303
    assert matches(cast.nadia.password_hash, NEW_PASSWORD)
    assert [message["To"] for message in outbox.deliver()] == [cast.nadia.email]


def test_the_current_password_is_not_guessed_for_ever(client, clock, cast):
    client.sign_in(cast.nadia)
    for _again in range(10):
        client.submit("/en/account/password", {"current_password": "wrong", "new_password": NEW_PASSWORD})
        clock.forward(seconds=-20)
    page = client.submit("/en/account/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})
    assert page.status == 429
    assert matches(cast.nadia.password_hash, PASSWORD)


# --- one's own account --------------------------------------------------------------------------------------


def test_name_language_and_format_are_edited(client, cast):
    """RULES O4"""
    client.sign_in(cast.nadia)
    page = client.submit("/en/account", {"name": "  Nadia   Keller ", "language": "fr", "region": "FR"})
    assert page.location == "/en/account"
    assert (cast.nadia.name, cast.nadia.language, cast.nadia.region) == ("Nadia Keller", "fr", "FR")
    assert client.get_cookie("language").value == "fr"
    assert client.submit("/en/account", {"language": "xx"}).status == 422


def test_an_avatar_is_shown_and_without_one_the_initials(client, cast):
    """RULES O4"""
    client.sign_in(cast.nadia)
    assert "NN" in client.get_page("/en/account")
    client.submit("/en/account", {"picture": picture()}, content_type="multipart/form-data")
    page = client.get_page("/en/account")
    address = page.main.all("img")[0].get("src")
    answer = client.get(address)
    assert answer.mimetype == "image/png" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "public" not in answer.headers["Cache-Control"]
    client.submit("/en/account", to="/en/account/picture/removal")
    assert "NN" in client.get_page("/en/account")
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (picture((209, 300)), "The picture must be at least 210 × 210 pixels."),
        ((io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "me.svg"), "not a JPEG, PNG or WebP"),
        ((io.BytesIO(b"MZ\x90\x00"), "me.png"), "not a JPEG, PNG or WebP"),
    ],
)
def test_what_is_no_picture_is_refused_and_the_rest_is_kept(client, cast, file, sentence):
    """RULES O4: at least 210 × 210 pixels."""
    client.sign_in(cast.nadia)
    stream = io.BytesIO(file[0].getvalue())
    page = client.submit(
        "/en/account", {"name": "Nadia New", "picture": (stream, file[1])}, content_type="multipart/form-data"
    )
    assert page.status == 422 and sentence in error_at(page, "picture")
    assert page.root.by_id("name").get("value") == "Nadia New"
    assert cast.nadia.avatar is None


def test_a_picture_far_too_large_is_refused_next_to_its_field(client, cast):
    client.sign_in(cast.nadia)
    fields = {"csrf_token": client.token(), "name": "Nadia New", "language": "de", "region": "CH"}
    lines = [f'--cut\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    lines.append('--cut\r\nContent-Disposition: form-data; name="picture"; filename="me.png"\r\n\r\n')
    body = "".join(lines).encode() + b"x" * 20 * 1024 * 1024 + b"\r\n--cut--\r\n"
    answer = client.post("/en/account", data=body, content_type="multipart/form-data; boundary=cut")
    assert answer.status_code == 422
    assert "larger than 5 MB" in answer.text and "Nadia New" in answer.text


def test_a_picture_is_seen_by_colleagues_and_operators_only(client, another, cast):
    """RULES O4"""
    client.sign_in(cast.nadia)
    client.submit("/en/account", {"picture": picture()}, content_type="multipart/form-data")
    address = f"/en/avatars/{cast.nadia.avatar.public_id}"
    seen = {
        person.name: another().sign_in(person).get(address).status_code
        for person in (cast.nadia, cast.hugo, cast.olga, cast.pierre, cast.stefan)
    }
    assert seen == {
        "Nadia Noser": 200, "Hugo Huber": 200, "Olga Ott": 200, "Pierre Perret": 404, "Stefan Stranger": 404,
    }  # fmt: skip
    assert another().get(address).status_code == 303


def test_the_own_sessions_are_listed_and_ended_one_by_one(client, another, cast):
    firefox = "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"
    other = another()
    other.environ_base["HTTP_USER_AGENT"] = firefox
    enter(other, cast.nadia.email)
    client.sign_in(cast.nadia)
    page = client.get_page("/en/account/sessions")
    assert "Firefox on Windows" in page and page.text.count("This device") == 1
    (end,) = [
        form.get("action")
        for form in page.forms
        if re.search(r"sessions/[a-z2-7]{26}/end", form.get("action"))
    ]
    client.submit("/en/account/sessions", to=end)
    assert other.get("/en/account").status_code == 303
    client.get_page("/en/account")


def test_all_other_sessions_end_at_once(client, another, cast):
    others = [another().sign_in(cast.nadia) for _each in range(2)]
    stranger = another().sign_in(cast.stefan)
    client.sign_in(cast.nadia)
    client.submit("/en/account/sessions", to="/en/account/sessions/others/end")
    assert [each.get("/en/account").status_code for each in others] == [303, 303]
    client.get_page("/en/account")
    stranger.get_page("/en/account")


def test_who_asks_is_read_in_one_statement_and_anew_for_each_page(client, cast, statements):
    """SECURITY A3: a colleague who is removed is out at the next click."""
    client.sign_in(cast.hugo)
    [mine] = [each for each in queries.memberships(cast.hugo) if each.organisation is cast.lumen]
    address = f"/en/o/{cast.lumen.public_id}/tenders/sent"
    with statements() as seen:
        assert client.get(address).status_code == 200
    about = [each for each in seen if "FROM user_sessions" in each or "FROM users" in each]
    assert len(about) == 1 and "memberships" in about[0] and "organisations" in about[0]
    db.session.delete(mine)
    db.session.commit()
    assert client.get(address).status_code == 404


def test_a_stranger_s_session_is_not_there(client, another, cast):
    another().sign_in(cast.stefan)
    theirs = db.session.scalars(sa.select(UserSession)).one().public_id
    client.sign_in(cast.nadia)
    assert client.post_to(f"/en/account/sessions/{theirs}/end").status == 404


# --- every page, every language -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_every_page_of_accounts_is_sound_in_every_language(another, cast, language):
    """The client proofreads: one heading, labels, actions, no leak."""
    visitor, nadia = another(), another().sign_in(cast.nadia)
    for path in ("sign-up", "sign-in", "password/forgot"):
        visitor.get_page(f"/{language}/{path}")
    for path in ("account", "account/password", "account/sessions"):
        nadia.get_page(f"/{language}/{path}")


def test_a_link_in_the_database_opens_nothing(app, client, outbox, cast, now):
    """SECURITY T4: a copy of the database yields no usable link or session."""
    actions.request_reset(cast.stefan.email, now=now)
    row = links.live("reset", cast.stefan.id)
    for guess in (row.selector, row.selector + "A" * 43):
        client.get_page(f"/en/password/reset/{guess}", status=410)
    hashed = client.sign_in(cast.stefan) and db.session.scalars(sa.select(UserSession)).one().token_hash
    with client.session_transaction() as session:
        session["_user_id"] = hashed
    assert client.get("/en/account").status_code == 303
