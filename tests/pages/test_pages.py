"""Home, overview, legal texts, and what browsers, search engines and monitors ask for."""

import json
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from tests.factories import (
    make_application,
    make_invitation,
    make_organisation,
    make_partner,
    make_partnership,
    make_plan,
    make_product,
    make_tender,
    make_user,
)
from webapp import jobs, kept
from webapp.accounts.rules import Kind
from webapp.extensions import db
from webapp.invitations.rules import Direction
from webapp.pages import queries as page_queries
from webapp.pages import routes
from webapp.partnerships.rules import Access
from webapp.tenders.models import TenderRecipient
from webapp.unit import unit_of_work

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"


def overview_of(organisation):
    return f"/en/o/{organisation.public_id}/"


# --- languages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "cookie", "language"),
    [
        ("", "", "en"),
        ("de-AT,de;q=0.9,en;q=0.5", "", "de"),
        ("it,fr-CH;q=0.4", "", "fr"),
        ("pt", "", "en"),
        ("de", "fr", "fr"),
        ("de", "xx", "de"),
    ],
)
def test_the_bare_address_leads_to_the_reader_s_language(client, accepted, cookie, language):
    """RULES L1: cookie, browser, default; never for an address that has one."""
    headers = {"Accept-Language": accepted} if accepted else {}
    if cookie:
        client.set_cookie("language", cookie)
    answer = client.get("/", headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/{language}/")
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].replace(" ", "").split(","))
    assert client.get("/de/", headers=headers).status_code == 200


def test_the_account_s_language_comes_first(client, cast):
    """RULES L1."""
    client.sign_in(cast.pierre)
    assert client.get("/", headers={"Accept-Language": "de"}).headers["Location"] == "/fr/"


def test_whoever_moves_on_in_a_language_has_chosen_it(client, cast):
    """Also on a page that is kept; a link from elsewhere chooses nothing."""
    unit_of_work(lambda: kept.changed("directory"))()
    within = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
    for _ in range(2):
        assert (
            "Set-Cookie" not in client.get("/fr/", headers={**within, "Sec-Fetch-Site": "cross-site"}).headers
        )
    assert client.get("/fr/", headers=within).headers["Set-Cookie"].startswith("language=fr;")
    assert client.get("/").headers["Location"] == "/fr/"
    assert "Set-Cookie" not in client.get("/fr/", headers=within).headers


def test_the_language_switch_keeps_page_and_query(client, cast):
    """RULES L1."""
    links = client.get_page("/de/partners?q=a%20b&service=web").all_links
    for language in ("en", "fr", "de"):
        assert f"/{language}/partners?q=a%20b&service=web" in links


# --- pages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_home_leads_to_the_directory_and_to_a_call_for_tenders(client, cast, language):
    page = client.get_page(f"/{language}/")
    targets = set(page.links.values())
    assert {f"/{language}/tenders/new", f"/{language}/become-a-partner"} <= targets
    assert page.form(f"/{language}/partners").all("input")[0].get("name") == "q"
    assert len(page.root.with_class("card")) == 2


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.parametrize("topic", ["imprint", "privacy", "accessibility"])
def test_legal_texts_stand_in_each_language(client, language, topic):
    """RULES L1."""
    assert client.get_page(f"/{language}/about/{topic}").status == 200
    client.get_page(f"/{language}/about/other", status=404)


def test_the_imprint_and_the_privacy_page_name_the_operator_and_the_periods(client):
    imprint = client.get_page("/en/about/imprint")
    for words in ("Helvia", "Seestrasse 1", "8002 Zürich", "Switzerland", "desk@helvia.example"):
        assert words in imprint, words
    privacy = client.get_page("/en/about/privacy")
    assert "90 days after its end" in privacy and "30 days" in privacy and "7 days" in privacy


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_affiliate_page_explains_the_programme_and_how_to_take_part(client, language):
    """RULES A3, F1, F2, F5, F6, F8: the figures are the policy's."""
    page = client.get_page(f"/{language}/affiliate")
    for figure in ("30", "365", "25", "35", "50", "1’000", "20’000"):
        assert figure in page.text.replace("\u202f", "’").replace("1 000", "1’000").replace(
            "20 000", "20’000"
        ), figure
    assert any(target.startswith(f"/{language}/sign-up?next=") for target in page.links.values())


# --- an organisation's overview -----------------------------------------------------------------------------


def test_a_partner_sees_calls_volume_and_listing(client, cast):
    """RULES A2: progress on the partner's dashboard."""
    tender = make_tender(title="A shop for eyeglasses")
    unit_of_work(
        lambda: db.session.add(TenderRecipient(tender_id=tender.id, partner_id=cast.lumiere_partner.id))
    )()
    page = client.sign_in(cast.paula).get_page(overview_of(cast.lumiere))
    for words in (
        "1 open call for tenders",
        "A shop for eyeglasses",
        "CHF 0.00 of CHF 2’000 a year",
        "To be reached by",
    ):
        assert words in page, words
    assert page.links["Edit the directory profile"].endswith("/directory-profile")
    assert "vera@visitor.example" not in page.text


@pytest.mark.parametrize(
    ("minor", "days", "share", "sentence"),
    [
        (50_000, 60, "25", "To be reached by"),
        (200_000, 60, "100", "The yearly volume is reached."),
        (200_000, 600, "100", "The yearly volume is reached."),
        (199_990, 600, "99", "The yearly volume is not reached. It was due by"),
        (None, 600, "0", "The yearly volume is not reached. It was due by"),
    ],
)
def test_a_partner_sees_where_it_stands(client, cast, now, minor, days, share, sentence):
    """RULES A2: by what its clients’ products cost a year."""
    partner = cast.lumiere_partner
    unit_of_work(lambda: setattr(partner, "approved_at", now - timedelta(days=days)))()
    if minor is not None:
        make_product(cast.lumen, plan=make_plan(price_chf=minor))
        make_partnership(cast.lumen, partner, Access.FULL)
    page = client.sign_in(cast.paula).get_page(overview_of(cast.lumiere))
    assert sentence in page
    assert [bar.get("value") for bar in page.main.all("progress")] == [share]


def test_a_new_partner_is_asked_to_complete_its_profile(client, cast):
    unit_of_work(lambda: setattr(cast.lumiere_partner, "listed_at", None))()
    page = client.sign_in(cast.pierre).get_page(overview_of(cast.lumiere))
    assert "Clients can’t find you yet" in page and "No open calls for tenders" in page


def test_others_see_what_they_can_do_next(client, cast, now):
    """RULES A3, A4: a company applies, an individual recommends, an applicant waits."""
    make_tender(organisation=cast.lumen, user=cast.nadia, title="Our new shop")
    nadia = client.sign_in(cast.nadia)
    page = nadia.get_page(overview_of(cast.lumen))
    assert "Our new shop" in page and "Apply to become a partner" in page.links
    make_application(cast.lumen, cast.nadia, applied_at=now)
    assert "Your application is with us" in nadia.get_page(overview_of(cast.lumen))
    alone = make_organisation("Nadia", owner=cast.nadia, kind=Kind.INDIVIDUAL)
    assert "Earn by recommending" in nadia.get_page(overview_of(alone))
    affiliate = make_organisation("Links", owner=cast.nadia, programme="affiliate")
    assert not {"Apply to become a partner", "Read the conditions"} & set(
        nadia.get_page(overview_of(affiliate)).links
    )


def test_the_overview_shows_partners_and_who_waits_for_an_answer(client, another, cast):
    """RULES C6, C7."""
    page = client.sign_in(cast.nadia).get_page(overview_of(cast.lumen))
    assert "Add a partner" in page.links
    make_partnership(cast.lumen, cast.bergwerk_partner)
    make_invitation(Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre, email=cast.nadia.email)
    page = client.get_page(overview_of(cast.lumen))
    assert "Bergwerk IT GmbH" in page.links and "Answer" in page.links and "Add a partner" not in page.links
    make_invitation(Direction.TO_PARTNER, cast.lumiere_partner, cast.stefan, client=cast.stefans)
    page = another().sign_in(cast.pierre).get_page(overview_of(cast.lumiere))
    assert "Clients who invite you" in page and "Stranger & Sons" in page


def test_a_collaborator_is_not_told_which_clients_invite_its_partner(client, cast):
    """RULES C13: it reaches the clients that were given to it, and answers no invitation."""
    make_invitation(Direction.TO_PARTNER, cast.lumiere_partner, cast.stefan, client=cast.stefans)
    assert "Stranger & Sons" not in client.sign_in(cast.paula).get_page(overview_of(cast.lumiere))


def test_a_suspended_partner_is_told(client, cast, now):
    unit_of_work(lambda: setattr(cast.lumiere_partner, "suspended_at", now))()
    assert "suspended" in client.sign_in(cast.pierre).get_page(overview_of(cast.lumiere))


def test_an_overview_is_for_members(client, another, cast):
    client.sign_in(cast.stefan).get_page(overview_of(cast.lumen), status=404)
    assert "/en/sign-in" in another().get_page(overview_of(cast.lumen), status=303).location


# --- for browsers, search engines, monitors -----------------------------------------------------------------


def test_hue_and_logo_are_the_operator_s(app, client, monkeypatch, tmp_path):
    own = tmp_path / "logo.svg"
    own.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    assert client.get("/theme.css").text == ":root{--h:262}\n"
    assert "262" in client.get("/logo").text and client.get("/favicon.ico").mimetype == "image/svg+xml"
    monkeypatch.setitem(
        app.config, "SETTINGS", replace(app.config["SETTINGS"], brand_hue=120, brand_logo=str(own))
    )
    assert client.get("/theme.css").text == ":root{--h:120}\n"
    answer = client.get("/logo")
    assert answer.text == own.read_text() and "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_robots_are_shown_the_site_map_and_kept_off_private_pages(client):
    text = client.get("/robots.txt").text
    assert (
        "Sitemap: http://localhost/sitemap.xml" in text
        and "Disallow: /*/o/" in text
        and "Disallow: /*/t/" in text
    )


def urls(client, address="/sitemap.xml"):
    """address -> {hreflang: address}."""
    root = ElementTree.fromstring(client.get(address).data)
    return {
        url.find(f"{SITEMAP}loc").text: {
            link.get("hreflang"): link.get("href") for link in url.findall(f"{XHTML}link")
        }
        for url in root.findall(f"{SITEMAP}url")
    }


def test_the_site_map_has_every_public_page_with_its_languages(client, cast, now):
    """RULES L1: the sets are mutual; a partner is in the languages that it wrote in."""
    found = urls(client)
    for language in ("en", "fr", "de"):
        for path in ("", "partners", "tenders/new", "become-a-partner", "affiliate"):
            assert f"http://localhost/{language}/{path}" in found
    for address, alternates in found.items():
        assert address in alternates.values() and alternates["x-default"] in alternates.values()
        assert all(found[other] == alternates for other in alternates.values())
    assert "http://localhost/fr/partners/lumiere-digital-sarl" in found
    assert "http://localhost/de/partners/lumiere-digital-sarl" not in found
    assert found["http://localhost/de/partners/bergwerk-it-gmbh"].keys() == {"de", "x-default"}
    for address in found:
        assert client.get(address.removeprefix("http://localhost")).status_code in (200, 303), address
    unit_of_work(lambda: setattr(cast.bergwerk_partner, "listed_at", None))()
    assert "http://localhost/de/partners/bergwerk-it-gmbh" not in urls(client)


def test_a_large_site_map_comes_in_parts(client, app, monkeypatch):
    monkeypatch.setattr(routes, "PARTNERS_PER_MAP", 2)
    for n in range(3):
        make_partner(make_organisation(f"Firm {n}", owner=make_user(f"Owner {n}")))
    index = ElementTree.fromstring(client.get("/sitemap.xml").data)
    parts = [loc.text.removeprefix("http://localhost") for loc in index.iter(f"{SITEMAP}loc")]
    assert parts == ["/sitemap-1.xml", "/sitemap-2.xml"]
    first, second = (urls(client, part) for part in parts)
    assert "http://localhost/en/" in first and "http://localhost/en/" not in second
    assert len([address for address in first | second if "/partners/firm" in address]) == 3


def test_health_tells_of_the_database_and_the_worker(client, app, clock, monkeypatch):
    assert json.loads(client.get("/healthz").data) == {"database": "ok", "worker_seconds_ago": None}
    jobs.run_due(now=clock.now)
    clock.forward(seconds=90)
    assert client.get("/healthz").json == {"database": "ok", "worker_seconds_ago": 90}

    def away():
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(page_queries, "last_job", away)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (503, {"database": "away"})
