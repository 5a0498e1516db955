"""How visitors arrive over a link, and what is kept of it."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.accounts.test_pages import COMPANY, error_at
from tests.factories import make_affiliate, make_customer, make_organisation, make_user
from webapp import kept
from webapp.accounts import queries as accounts
from webapp.accounts.forms import CODES
from webapp.affiliation import actions, queries
from webapp.affiliation.clicks import Clicks
from webapp.affiliation.models import AffiliateLink, Attribution, Click
from webapp.affiliation.rules import NETWORK_CLICKS_MOST, Sign
from webapp.extensions import db
from webapp.unit import unit_of_work

BAR = "Somebody recommended us to you."
OUT = "https://www.helvia.example/mail?plan=2"


@pytest.fixture
def affiliate(app):
    """Anna's company recommends Helvia."""
    anna = make_user("Anna Affiliate")
    return make_affiliate(
        make_organisation("Anna Empfiehlt", owner=anna, street="Am Bach 1", register_number=None)
    )


@pytest.fixture
def clicks(app):
    """What waits to be written, as in a process that has just begun."""
    before = app.extensions["recommenders"]
    app.extensions["recommenders"] = Clicks(app, by_itself=False)
    yield app.extensions["recommenders"]
    app.extensions["recommenders"] = before


def counted(clicks):
    """path -> clicks of all affiliates, after all that waits is written."""
    clicks.write()
    db.session.commit()
    db.session.expire_all()
    found: dict[str, int] = {}
    for link in db.session.scalars(sa.select(AffiliateLink)):
        if link.clicks:
            found[link.path] = found.get(link.path, 0) + link.clicks
    return found


def cookies(response):
    """name -> what the answer says about it."""
    return {each.split("=")[0]: each for each in response.headers.getlist("Set-Cookie")}


def won():
    """The only customer that was won, if there is one."""
    return db.session.scalars(sa.select(Attribution)).one_or_none()


# --- what is a click ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["ref={}", "utm_term={}", "utm_term=shoes&ref={}", "ref=nobody&utm_term={}", "a=1&ref={}%2F"]
)
def test_any_page_is_a_link(client, affiliate, clicks, query):
    """RULES F1."""
    client.get_page("/de/become-a-partner?" + query.format(affiliate.tag.upper()))
    assert counted(clicks) == {"": 1}
    (click,) = db.session.scalars(sa.select(Click))
    assert click.account_id == affiliate.id and len(click.public_id) == 26
    assert click.network_hash == actions.network_hash("127.0.0.1") and "127" not in click.network_hash


def test_a_saved_page_counts_for_itself_and_the_first_page_in_each_language(
    client, another, affiliate, clicks, cast
):
    """RULES F1: with whatever else is in the address."""
    actions.save_link(affiliate, "/en/partners", "", by=cast.olga, now=affiliate.joined_at)
    for path in ("/en/partners", "/en/partners?service=web", "/de/partners", "/en/", "/fr/"):
        another().get_page(f"{path}{'&' if '?' in path else '?'}ref={affiliate.tag}")
    assert counted(clicks) == {"/en/partners": 2, "": 1, "/": 2}


NO_VISITS = {
    "a part of a page": {"HX-Request": "true"},
    "fetched by a script": {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    "shown in a frame": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    "shown as a picture": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    "fetched in advance": {"Sec-Purpose": "prefetch"},
    "rendered in advance": {"Sec-Purpose": "prefetch;prerender"},
    "fetched in advance, in older words": {"Purpose": "prefetch"},
}


@pytest.mark.parametrize("headers", NO_VISITS.values(), ids=NO_VISITS)
def test_only_who_opens_a_page_has_clicked(client, affiliate, clicks, headers):
    for address in ("/en/partners?ref={}", "/r/{}?to=" + OUT):
        response = client.get(address.format(affiliate.tag), headers=headers)
        assert response.status_code in (200, 302) and "session" not in cookies(response)
    assert counted(clicks) == {}


def test_whoever_opens_it_in_a_browser_has(client, affiliate, clicks):
    client.get_page(
        f"/en/partners?ref={affiliate.tag}",
        headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    )
    assert counted(clicks) == {"": 1}


def test_asking_for_the_head_of_a_page_or_for_a_file_is_no_click(client, affiliate, clicks):
    for address in ("/en/partners", "/en/nowhere"):
        client.head(f"{address}?ref={affiliate.tag}")
    for address in ("/logo", "/robots.txt", "/static/css/app.css", "/en/nowhere", "/healthz"):
        client.get(f"{address}?ref={affiliate.tag}")
    assert counted(clicks) == {}


def test_what_is_nobody_s_tag_is_ignored_and_replaces_nothing(client, affiliate, clicks):
    """RULES F1, F2: `utm_term` is anybody's."""
    response = client.get("/en/partners?utm_term=running+shoes")
    assert cookies(response) == {}
    client.get_page(f"/en/partners?ref={affiliate.tag}")
    for query in (
        "utm_term=shoes",
        "utm_term=shoes99",
        "ref=nobody22",
        "ref=",
        "ref=%00",
        "utm_term=" + "x" * 400,
    ):
        client.get(f"/en/partners?{query}")
    assert counted(clicks) == {"": 1}
    client.submit("/en/sign-up", COMPANY)
    assert won().account_id == affiliate.id


def test_ref_wins_over_utm_term(client, affiliate, clicks):
    """RULES F1."""
    other = make_affiliate(make_organisation("Zweite Empfehlung"))
    client.get_page(f"/en/partners?utm_term={other.tag}&ref={affiliate.tag}")
    clicks.write()
    assert [click.account_id for click in db.session.scalars(sa.select(Click))] == [affiliate.id]


def test_the_same_page_again_is_the_same_click(client, affiliate, clicks, clock):
    """Loaded again, or in another language; after an hour it is a new one."""
    for path in ("/en/partners", "/en/partners", "/de/partners"):
        client.get_page(f"{path}?ref={affiliate.tag}")
        clock.forward(minutes=19)
    assert counted(clicks) == {"": 1}
    clock.forward(minutes=4)
    client.get_page(f"/en/partners?ref={affiliate.tag}")
    assert counted(clicks) == {"": 2}


def test_a_closed_account_has_no_links_any_more(client, affiliate, clicks, clock, cast):
    """RULES A3: a minute later at the latest."""
    client.get_page(f"/en/partners?ref={affiliate.tag}")
    actions.close(affiliate, by=cast.olga, now=clock.now)
    clock.forward(minutes=1)
    client.get_page(f"/en/become-a-partner?ref={affiliate.tag}")
    assert counted(clicks) == {"": 1}


def test_a_customer_s_click_is_counted_and_leaves_nothing(client, affiliate, clicks, cast):
    """RULES F10."""
    client.sign_in(cast.nadia)
    assert BAR not in client.get(f"/en/partners?ref={affiliate.tag}").text
    assert BAR not in client.get("/en/partners").text
    assert counted(clicks) == {"": 1}


# --- the redirect -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("", "/?ref={}"),
        ("?to=/de/prices%3Fplan=web-pro", "/de/prices?plan=web-pro&ref={}"),
        ("?to=http://localhost/en/", "/en/?ref={}"),
        ("?to=//evil.example", "/?ref={}"),
        ("?to=https://evil.example/", "/?ref={}"),
        ("?to=javascript:alert(1)", "/?ref={}"),
        ("?to=/%5Cevil.example", "/?ref={}"),
        ("?to=/%0d%0aLocation:%20//evil.example", "/?ref={}"),
        ("?to=http://www.helvia.example/", "/?ref={}"),
        (f"?to={OUT}", OUT + "&ref={}"),
    ],
)
def test_the_redirect_carries_the_tag_on(client, affiliate, policy, to, location):
    """RULES F1, SECURITY: no open redirect."""
    policy(sites=("www.helvia.example",))
    response = client.get(f"/r/{affiliate.tag.upper()}{to}")
    assert (response.status_code, response.headers["Location"]) == (302, location.format(affiliate.tag))
    assert response.headers["Cache-Control"] == "no-store"


def test_an_unknown_tag_leads_on_without_anything(client, policy, clicks, app):
    policy(sites=("www.helvia.example",))
    for to, location in (("", "/"), ("?to=/en/prices", "/en/prices"), (f"?to={OUT}", OUT)):
        response = client.get(f"/r/nobody22{to}")
        assert response.headers["Location"] == location and cookies(response) == {}
    assert counted(clicks) == {}


def test_a_click_counts_once_wherever_the_redirect_leads(client, affiliate, clicks, policy):
    """Here the page counts it, on the way to another site the redirect does."""
    policy(sites=("www.helvia.example",))
    response = client.get(f"/r/{affiliate.tag}?to=/en/partners")
    assert cookies(response) == {} and counted(clicks) == {}
    client.get(response.headers["Location"])
    assert counted(clicks) == {"": 1}
    assert set(cookies(client.get(f"/r/{affiliate.tag}?to={OUT}"))) == {"session"}
    assert counted(clicks) == {"": 2}


@pytest.mark.parametrize("address", ["/r/{}?to=/en/prices%3Fplan=w%C3%A9b", "/r/{}/?to=" + OUT, "/r/{}"])
@pytest.mark.parametrize("headers", [{}, {"Sec-Purpose": "prefetch"}, {"Cookie": "language=de"}], ids=str)
def test_the_shortcut_answers_what_flask_answers(
    client, another, affiliate, clicks, policy, address, headers
):
    """The first visitor is answered by Flask, the second one without it; the click counts both times."""
    policy(sites=("www.helvia.example",))
    address = address.format(affiliate.tag)
    by_flask, by_shortcut = (another().get(address, headers=headers) for _ in range(2))
    assert (by_flask.status, by_flask.data) == (by_shortcut.status, by_shortcut.data) == ("302 FOUND", b"")
    without_session = [
        sorted((name, "session" if name == "Set-Cookie" else value) for name, value in each.headers)
        for each in (by_flask, by_shortcut)
    ]
    assert without_session[0] == without_session[1]
    counts = OUT in address and "Sec-Purpose" not in headers
    assert counted(clicks) == ({"": 2} if counts else {})


def test_the_shortcut_s_session_is_one_of_flask_s(client, another, affiliate, clicks, policy):
    """What the visit leaves is found at the sign-up, and counts for who was last (RULES F2)."""
    policy(sites=("www.helvia.example",))
    other = make_affiliate(make_organisation("Zweite Empfehlung"))
    for account in (other, affiliate):
        another().get(f"/r/{account.tag}?to={OUT}")
    client.get(f"/r/{other.tag}?to={OUT}")
    client.get(f"/r/{affiliate.tag}?to={OUT}")
    assert BAR in client.get_page("/en/").root.text
    client.submit("/en/sign-up", COMPANY)
    assert won().account_id == affiliate.id and won().click_id
    assert counted(clicks) == {"": 4}


def test_a_flood_over_the_shortcut_leaves_a_handful_of_rows(another, affiliate, clicks, policy, statements):
    policy(sites=("www.helvia.example",))
    address = f"/r/{affiliate.tag}?to={OUT}"
    another().get(address)
    with statements() as seen:
        for _ in range(1_000):
            assert another().get(address).status_code == 302
    assert seen == [] and counted(clicks) == {"": NETWORK_CLICKS_MOST}


def test_the_first_page_carries_the_tag_into_the_language(client, affiliate, clicks):
    response = client.get(f"/?utm_term={affiliate.tag}", headers={"Accept-Language": "fr"})
    assert response.headers["Location"] == f"/fr/?ref={affiliate.tag}"
    assert client.get("/?ref=nobody22").headers["Location"] == "/en/"
    client.get(f"/fr/?ref={affiliate.tag}")
    assert counted(clicks) == {"/": 1}


# --- what is remembered -------------------------------------------------------------------------------------


def test_without_a_yes_the_click_lives_in_the_session_of_the_visit(client, affiliate):
    """RULES F2 and consent: no cookie of its own, none that outlives the browser."""
    response = client.get(f"/en/partners?ref={affiliate.tag}")
    (cookie,) = cookies(response).values()
    assert cookie.startswith("session=") and "Max-Age" not in cookie and "Expires" not in cookie
    assert BAR in response.text and "for 30 days" in response.text
    assert BAR in client.get("/en/").text, "on each page of the visit"


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_yes_sets_a_cookie_for_as_long_as_a_click_counts(client, affiliate, clock, language):
    """RULES F2: thirty days, and back to the page without the tag."""
    address = f"/{language}/partners?service=web&ref={affiliate.tag}"
    page = client.get_page(address)
    clock.forward(days=1)
    answered = client.submit(address, {"remember": "yes"}, to="/visit")
    assert (answered.status, answered.location) == (303, f"/{language}/partners?service=web")
    assert page.root.text
    cookie = cookies(answered.response)["visit"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert 29 * 86_400 - 60 < int(cookie.split("Max-Age=")[1].split(";")[0]) <= 30 * 86_400
    assert BAR not in client.get("/en/partners").text


def test_a_yes_can_be_taken_back(client, affiliate):
    """As easily as it was given: on the page that tells of it."""
    client.submit(f"/en/partners?ref={affiliate.tag}", {"remember": "yes"}, to="/visit")
    privacy = "/en/about/privacy"
    assert "Forget who recommended us" in client.get_page(privacy)
    answered = client.submit(privacy, {"remember": "forget"}, to="/visit")
    assert answered.location == privacy and "Max-Age=0" in cookies(answered.response)["visit"]
    assert "Forget who recommended us" not in client.get_page(privacy)
    client.submit("/en/sign-up", COMPANY)
    assert won() is None


def test_no_is_not_asked_again_and_the_click_counts_for_this_visit(client, affiliate):
    answered = client.submit(f"/en/partners?ref={affiliate.tag}", {"remember": "no"}, to="/visit")
    assert "visit" not in cookies(answered.response)
    assert BAR not in client.get("/en/").text
    client.submit("/en/sign-up", COMPANY)
    assert won().account_id == affiliate.id


@pytest.mark.parametrize("objection", [{"Sec-GPC": "1"}, {"DNT": "1"}], ids=str)
@pytest.mark.parametrize("required", [True, False])
def test_a_browser_that_objects_has_said_no(client, affiliate, policy, objection, required):
    policy(consent_required=required)
    response = client.get(f"/en/partners?ref={affiliate.tag}", headers=objection)
    assert set(cookies(response)) == {"session"} and BAR not in response.text
    said = client.post_to("/visit", {"remember": "yes", "next": "/en/"}, headers=objection)
    assert "visit" not in cookies(said.response)


def test_where_no_consent_is_required_the_cookie_comes_at_once(client, affiliate, policy):
    policy(consent_required=False, click_days=7)
    response = client.get(f"/en/partners?ref={affiliate.tag}")
    assert set(cookies(response)) == {"visit"} and f"Max-Age={7 * 86_400}" in cookies(response)["visit"]
    assert BAR not in response.text


def test_behind_https_the_cookie_is_locked_to_the_host(client, affiliate, app, policy, monkeypatch):
    policy(consent_required=False)
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], base_url="https://localhost"))
    cookie = cookies(client.get(f"/en/partners?ref={affiliate.tag}", base_url="https://localhost"))[
        "__Host-visit"
    ]
    assert "Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie


def test_whoever_has_agreed_is_not_asked_about_the_next_link(client, affiliate):
    """RULES F2: the last click wins."""
    client.submit(f"/en/partners?ref={affiliate.tag}", {"remember": "yes"}, to="/visit")
    other = make_affiliate(make_organisation("Zweite Empfehlung"))
    response = client.get(f"/en/partners?ref={other.tag}")
    assert BAR not in response.text and "visit" in cookies(response)
    client.submit("/en/sign-up", COMPANY)
    assert won().account_id == other.id


@pytest.mark.parametrize("forged", ["x", "W10.x", "", "eyJ0YWciOiJ4In0.abc", "%00"])
def test_a_forged_cookie_is_nothing(client, affiliate, forged):
    client.set_cookie("visit", forged)
    client.get_page("/en/partners")
    assert client.submit("/en/sign-up", COMPANY).status == 303
    assert won() is None


def test_an_answer_without_a_click_changes_nothing(client, app):
    assert "visit" not in cookies(client.post_to("/visit", {"remember": "yes"}).response)
    assert client.post_to("/visit", {"remember": "yes", "next": "//evil.example"}).location == "/"


# --- kept pages ---------------------------------------------------------------------------------------------


def test_pages_that_are_kept_stay_those_of_visitors_without_a_click(client, another, affiliate, cast, clicks):
    """Nobody is shown another one's question, and no page with a click is taken from the shelf."""
    unit_of_work(lambda: kept.changed("directory"))()
    for query in ("ref={}", "utm_term={}", "a=1&ref={}"):
        address = "/en/partners?" + query.format(affiliate.tag)
        assert BAR in another().get(address).text
        second = another().get(address)
        assert BAR in second.text and "ETag" not in second.headers
    assert counted(clicks) == {"": 6}
    visitor = another()
    visitor.get(f"/en/partners?ref={affiliate.tag}")
    assert BAR in visitor.get("/en/partners").text
    plain = another().get("/en/partners")
    assert BAR not in plain.text and cookies(plain) == {}
    assert another().get("/en/partners").headers["ETag"] == plain.headers["ETag"]
    assert BAR in visitor.get("/en/partners", headers={"If-None-Match": plain.headers["ETag"]}).text


def test_whoever_has_only_agreed_gets_kept_pages(client, another, affiliate, policy):
    policy(consent_required=False)
    unit_of_work(lambda: kept.changed("directory"))()
    plain = another().get("/en/partners")
    client.get(f"/en/become-a-partner?ref={affiliate.tag}")
    assert client.get("/en/partners").headers["ETag"] == plain.headers["ETag"]


# --- signing up ---------------------------------------------------------------------------------------------


def test_a_sign_up_is_won_by_the_last_click(client, affiliate, clicks, clock):
    """RULES F2: also when the click was not written yet; and then it is forgotten."""
    client.submit(f"/en/partners?ref={affiliate.tag}", {"remember": "yes"}, to="/visit")
    clock.forward(days=3)
    page = client.get_page("/en/sign-up")
    assert "Who told you about us?" not in page
    done = client.submit("/en/sign-up", COMPANY)
    attribution = won()
    assert attribution.account_id == affiliate.id
    assert (attribution.organisation.name, attribution.pays_until) == (
        "Atelier Brun SA",
        clock.now.date().replace(year=2027),
    )
    assert attribution.network_hash == actions.network_hash("127.0.0.1")
    assert counted(clicks) == {"": 1}
    (row,) = [row for row in queries.links_of(affiliate) if not row.path]
    assert (row.clicks, row.sign_ups) == (1, 1)
    assert "visit=;" in cookies(done.response)["visit"]
    assert "Who told you about us?" in client.get_page("/en/sign-up")


def test_after_thirty_days_a_click_counts_no_more(client, affiliate, clock):
    """RULES F2: to the second."""
    client.submit(f"/en/partners?ref={affiliate.tag}", {"remember": "yes"}, to="/visit")
    clock.forward(days=30, seconds=-40)
    assert "Who told you about us?" not in client.get_page("/en/sign-up")
    clock.forward(seconds=41)
    assert "Who told you about us?" in client.get_page("/en/sign-up")
    client.submit("/en/sign-up", COMPANY)
    assert won() is None


def test_a_click_of_a_clock_that_was_ahead_stands_in_no_other_s_way(client, affiliate, clicks, clock):
    """RULES F2: the clock is set back; the link that is followed then wins."""
    clock.forward(days=9)
    client.submit(f"/en/partners?ref={affiliate.tag}", {"remember": "yes"}, to="/visit")
    clock.forward(days=-9)
    assert "Who told you about us?" in client.get_page("/en/sign-up")
    other = make_affiliate(make_organisation("Bert Empfiehlt", owner=make_user("Bert Affiliate")))
    client.get_page(f"/en/partners?ref={other.tag}")
    clock.forward(minutes=5)
    client.submit("/en/sign-up", COMPANY)
    assert won().account_id == other.id


def test_a_click_wins_one_customer(client, another, affiliate, clicks):
    """RULES F2: a copied cookie wins nobody else."""
    client.submit(f"/en/partners?ref={affiliate.tag}", {"remember": "yes"}, to="/visit")
    copied = client.get_cookie("visit").value
    client.submit("/en/sign-up", COMPANY)
    twin = another()
    twin.set_cookie("visit", copied)
    assert (
        twin.submit("/en/sign-up", {**COMPANY, "email": "two@example.com", "register_number": ""}).status
        == 303
    )
    assert won().organisation.name == "Atelier Brun SA"
    assert accounts.user_by_email("two@example.com")


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}.", "<{}>"])
def test_a_code_wins_where_no_click_is_known(client, affiliate, typed):
    """RULES F1, F2."""
    assert (
        client.submit("/en/sign-up", {**COMPANY, "code": typed.format(affiliate.tag.upper())}).status == 303
    )
    assert won().account_id == affiliate.id and won().click_id is None
    assert queries.sign_ups_by_code(affiliate) == 1


def test_an_unknown_code_is_told_at_its_field(client, affiliate):
    page = client.submit("/en/sign-up", {**COMPANY, "code": "nobody22"})
    sentence = "Nobody has this ID. Check how it is written, or leave the field empty."
    assert (page.status, page.errors, error_at(page, "code")) == (422, [sentence], sentence)
    assert accounts.user_by_email(COMPANY["email"]) is None
    assert client.submit("/en/sign-up", {**COMPANY, "code": ""}).status == 303 and won() is None


def test_codes_can_t_be_found_by_trying(client, affiliate):
    """Wrong ones are counted, right ones are not."""
    for n in range(CODES.most):
        assert client.submit("/en/sign-up", {**COMPANY, "code": f"nobody{n + 20}"}).status == 422
    refused = client.submit("/en/sign-up", {**COMPANY, "code": affiliate.tag})
    assert refused.status == 429 and won() is None
    assert client.submit("/en/sign-up", {**COMPANY, "code": ""}).status == 303


def test_a_code_counts_for_nothing_beside_a_click(client, affiliate):
    client.get_page(f"/en/partners?ref={affiliate.tag}")
    other = make_affiliate(make_organisation("Zweite Empfehlung"))
    client.submit("/en/sign-up", {**COMPANY, "code": other.tag})
    assert won().account_id == affiliate.id


def test_a_known_address_is_answered_the_same_and_wins_nobody(client, another, affiliate, cast):
    """RULES O1."""
    answers = []
    for email in ("new@example.com", cast.nadia.email):
        visitor = another()
        visitor.submit(f"/en/partners?ref={affiliate.tag}", {"remember": "yes"}, to="/visit")
        done = visitor.submit("/en/sign-up", {**COMPANY, "email": email})
        answers.append((done.status, done.location, sorted(cookies(done.response))))
    assert answers[0] == answers[1]
    assert len(db.session.scalars(sa.select(Attribution)).all()) == 1


def test_a_sign_up_that_is_faster_than_a_person_is_looked_at(client, affiliate, clock):
    """RULES F3."""
    client.get_page(f"/en/partners?ref={affiliate.tag}")
    form = {**COMPANY, "csrf_token": client.token(), "shown": ""}
    page = client.get_page("/en/sign-up")
    form["shown"] = next(
        field.get("value") for field in page.root.all("input") if field.get("name") == "shown"
    )
    client.post("/en/sign-up", data=form)
    assert Sign.FAST in won().signs


def test_an_affiliate_without_customers_has_an_empty_list(affiliate):
    assert [(row.path, row.clicks, row.sign_ups) for row in queries.links_of(affiliate)] == [("/", 0, 0)]
    make_customer(affiliate)
    assert [(row.path, row.clicks, row.sign_ups) for row in queries.links_of(affiliate)] == [
        ("/", 0, 1),
        ("", 0, 0),
    ]
