"""The programme, the application, the directory and the partner's own listing, as people see them."""

import io
import json
from dataclasses import replace

import pytest
from PIL import Image

from tests.factories import make_application, make_organisation, make_partner, make_user
from webapp import kept
from webapp.accounts.rules import Kind
from webapp.directory import actions, queries
from webapp.directory.rules import Listing
from webapp.programme import Texts
from webapp.unit import unit_of_work

COMMITTED = {"support": "y", "invoices": "y", "products": "y", "conditions": "y"}
APPLICATION = {"website": "www.example.com", "about": "We look after forty shops in Bern.", **COMMITTED}
NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> & 🎪"


def application_of(organisation):
    return f"/en/o/{organisation.public_id}/application"


def listing_of(organisation):
    return f"/en/o/{organisation.public_id}/directory-profile"


def error_at(page, field):
    return page.root.by_id(f"{field}-error").text


def head(page, tag, **attributes):
    """The elements of the page's head with these attributes."""
    return [e for e in page.root.all(tag) if all(e.get(name) == value for name, value in attributes.items())]


def names(page):
    """Who is on the cards, in order."""
    return [card.all("h3")[0].text for card in page.root.with_class("card")]


def edit(partner, by, now, **changed):
    """Changes the listing by the action, as its editor does."""
    texts = {text.language: text.text for text in partner.texts}
    shown = ("name", "website", "city", "country", "region", "services", "languages")
    values = {name: getattr(partner, name) for name in shown}
    actions.edit_listing(
        partner, Listing(**{"listed": True, "texts": texts, **values, **changed}), by=by, now=now
    )


# --- the programme ------------------------------------------------------------------------------------------


def test_the_programme_page_names_conditions_benefits_and_the_way_in(client):
    """RULES A1, A2, A3, A6."""
    page = client.get_page("/en/become-a-partner")
    for words in (
        "Up to 35% back",
        "CHF 2’000",
        "€1’800",
        "12 months",
        "commercial register",
        "active website",
        "answer for their invoices",
        "special conditions for resellers",
        "directory",
        "calls for tenders",
        "affiliate programme",
    ):
        assert words in page.text.replace("€\xa01", "€1").replace("€ 1", "€1"), words
    assert page.links["Apply now"].startswith("/en/sign-up")
    assert page.links["See the affiliate programme"] == "/en/affiliate"


def test_the_operator_s_own_words_stand_on_the_programme_page(app, client, monkeypatch):
    """RULES A6: its texts are the operator's, in three languages, with good defaults."""
    own = {"fr": Texts("Nos mots à nous.", ("Thèmes offerts <b>",))}
    monkeypatch.setitem(app.config, "PROGRAMME", replace(app.config["PROGRAMME"], texts=own))
    french = client.get_page("/fr/become-a-partner")
    assert "Nos mots à nous." in french and "Thèmes offerts <b>" in french
    assert "Nos mots" not in client.get_page("/en/become-a-partner").text


def test_apply_now_leads_a_representative_to_the_application(client, cast):
    client.sign_in(cast.nadia)
    assert client.get_page("/en/become-a-partner").links["Apply now"] == application_of(cast.lumen)


# --- the application ----------------------------------------------------------------------------------------


def test_from_the_form_to_the_directory(client, another, cast, outbox):
    """RULES A1, A4, A5: applied, approved, completed, listed."""
    nadia, olga = client.sign_in(cast.nadia), another().sign_in(cast.olga)
    address = application_of(cast.lumen)
    sent = nadia.submit(address, APPLICATION)
    assert (sent.status, sent.location) == (303, address)
    waiting = nadia.get_page(address)
    assert waiting.h1 == "Your application is with us" and not waiting.forms
    assert {message["To"] for message in outbox.deliver()} == {cast.nadia.email, cast.olga.email}

    application = queries.last_application(cast.lumen)
    assert application.website == "https://www.example.com/"
    desk = f"/en/admin/applications/{application.public_id}"
    assert olga.submit(desk, to=f"{desk}/approval").status == 303
    (welcome,) = outbox.deliver()
    assert outbox.links(welcome)[0].endswith(f"/de/o/{cast.lumen.public_id}/directory-profile")

    saved = nadia.submit(
        listing_of(cast.lumen),
        {"listed": "y", "services": ["web", "shop"], "languages": ["de"], "text_de": "Wir bauen Läden."},
    )
    assert saved.status == 303
    assert "Lumen Optik AG" in names(another().get_page("/en/partners?q=laden"))


def test_a_double_submit_shows_the_waiting_page(client, cast, now):
    """RULES A4: the second one does no harm."""
    client.sign_in(cast.nadia)
    make_application(cast.lumen, cast.nadia, applied_at=now)
    page = client.post_to(application_of(cast.lumen), APPLICATION)
    assert (page.status, page.h1) == (200, "Your application is with us")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("website", "", "Enter the address of your website."),
        ("website", "javascript:alert(1)", "Enter a web address such as https://www.example.com."),
        ("website", "http://10.0.0.1/", "Enter a web address such as https://www.example.com."),
        ("about", "", "Tell us in a few sentences what your company does."),
        ("about", "shops", "Write at least 20 characters."),
        ("about", "x" * 2001, "Use at most 2000 characters; there are 2001 now."),
        (
            "about",
            "We look after \x00 shops and \u202e more.",
            "Remove the invisible control characters from this text.",
        ),
        ("support", None, "Confirm that you support your customers."),
        ("invoices", None, "Confirm that you answer for the invoices."),
        ("products", None, "Confirm which products you use for contracts won here."),
        ("conditions", None, "Confirm that you have read the special conditions."),
    ],
)
def test_each_condition_is_asked_for_and_nothing_typed_is_lost(client, cast, field, value, message):
    """RULES A1: website, words, four commitments."""
    client.sign_in(cast.nadia)
    typed = {**APPLICATION, "about": f"{NASTY} and forty shops.", field: value}
    page = client.submit(application_of(cast.lumen), typed)
    assert page.status == 422 and page.errors == [message] and error_at(page, field) == message
    assert page.title.startswith("Error:")
    if field != "about":
        assert page.root.by_id("about").text == " ".join(typed["about"].split())
    ticked = [box.get("name") for box in page.main.all("input") if box.has("checked")]
    assert ticked == [name for name in COMMITTED if name != field]
    assert queries.last_application(cast.lumen) is None


def test_who_cannot_apply_reads_why(client, cast):
    """RULES A1, A3: a page that explains, not an error."""
    stefan = client.sign_in(cast.stefan)
    anna = make_organisation("Anna", owner=cast.stefan, kind=Kind.INDIVIDUAL, register_number=None)
    links = make_organisation("Links AG", owner=cast.stefan, programme="affiliate")
    for organisation, title, link in (
        (anna, "The partner programme is for companies", "/en/affiliate"),
        (links, "Links AG is in the affiliate programme", "/en/affiliate"),
        (cast.stefans, "A register number is missing", f"/en/o/{cast.stefans.public_id}/settings"),
    ):
        page = stefan.get_page(application_of(organisation))
        assert page.h1 == title and not page.forms
        assert link in page.links.values()
    assert (
        client.sign_in(cast.pierre).get_page(application_of(cast.lumiere)).h1
        == "Lumière Digital Sàrl is a partner"
    )


def test_a_rejected_applicant_reads_the_reason_and_applies_again(client, cast, now):
    """RULES A4."""
    application = make_application(cast.lumen, cast.nadia, applied_at=now)
    actions.reject(application, reason=f"No shop there: {NASTY}", by=cast.olga, now=now)
    nadia = client.sign_in(cast.nadia)
    page = nadia.get_page(application_of(cast.lumen))
    assert "Your last application was not approved" in page and "alert(1)" in page
    assert nadia.submit(application_of(cast.lumen), APPLICATION).status == 303


def test_only_a_legal_representative_applies(client, another, cast):
    """RULES A1; an administrator is told whom to ask, a stranger finds nothing."""
    address = application_of(cast.lumen)
    page = client.sign_in(cast.adam).get_page(address, status=403)
    assert "Nadia Noser" in page
    assert client.post_to(address, APPLICATION).status == 403
    another().sign_in(cast.stefan).get_page(address, status=404)
    assert "/en/sign-in" in another().get_page(address, status=303).location


# --- the directory ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_visitors_find_partners(client, cast, language):
    """RULES A5."""
    page = client.get_page(f"/{language}/partners")
    assert names(page) == ["Bergwerk IT GmbH", "Lumière Digital Sàrl"]
    assert names(client.get_page(f"/{language}/partners?q=LUMIERE")) == ["Lumière Digital Sàrl"]
    assert names(client.get_page(f"/{language}/partners?service=web&service=cloud")) == ["Bergwerk IT GmbH"]
    assert names(client.get_page(f"/{language}/partners?speaks=fr&country=CH&region=CH-VD")) == [
        "Lumière Digital Sàrl"
    ]
    assert names(
        client.get_page(f"/{language}/partners?service=&speaks=&country=zz&region=&q=&page=x")
    ) == names(page)


def test_the_filters_stay_as_they_were_chosen(client, cast):
    page = client.get_page("/en/partners?q=berg&service=cloud&speaks=de&country=DE&region=DE-NW")
    assert page.root.by_id("q").get("value") == "berg"
    chosen = [option.get("value") for option in page.root.all("option") if option.has("selected")]
    assert chosen == ["de", "DE", "DE-NW"]
    assert [box.get("value") for box in page.root.all("input") if box.has("checked")] == ["cloud"]
    assert head(page, "meta", name="robots", content="noindex, follow")


def test_typing_gets_the_results_only(client, cast):
    """RULES A5: the same address; the count is announced."""
    answer = client.get("/en/partners?q=berg", headers={"HX-Request": "true"})
    assert answer.text.lstrip().startswith('<div id="results"') and "HX-Request" in answer.headers["Vary"]
    assert "1 partner" in answer.text and "Lumière" not in answer.text
    form = client.get_page("/en/partners").form("/en/partners")
    assert (form.get("hx-target"), form.get("hx-get")) == ("#results", form.get("action"))


def test_nobody_found_offers_a_way_out(client, cast):
    page = client.get_page("/en/partners?q=xyzzy")
    assert "0 partners" in page and "No partner matches this search" in page
    assert page.links["Show all partners"] == "/en/partners"


def test_pages_of_the_directory_keep_the_filters(client, app):
    for n in range(27):
        make_partner(make_organisation(f"Firm {n:02}", owner=make_user(f"Owner {n}")))
    first = client.get_page("/en/partners?service=web&speaks=de")
    assert len(names(first)) == 25 and "27 partners" in first
    following = first.links["Next page"]
    assert following == "/en/partners?service=web&speaks=de&page=2"
    second = client.get_page(following)
    assert names(second) == ["Firm 25", "Firm 26"]
    assert second.links["Previous page"] == "/en/partners?service=web&speaks=de"


def test_a_text_in_another_language_says_so(client, cast):
    """RULES L2."""
    page = client.get_page("/en/partners?q=bergwerk")
    assert "Only in German for now" in page
    (text,) = [p for p in page.root.all("p") if p.get("lang") == "de"]
    assert text.text == "Server für den Mittelstand."
    assert "Only in" not in client.get_page("/en/partners?q=lumiere").text


def test_what_partners_write_is_shown_and_never_run(client, cast, now):
    edit(
        cast.lumiere_partner,
        cast.pierre,
        now,
        name=NASTY,
        city="<b>Vevey</b>",
        texts={"en": f"{NASTY} </script><script>alert(3)</script>"},
    )
    for address in ("/en/", "/en/partners", f"/en/partners/{cast.lumiere_partner.slug}"):
        page = client.get_page(address)
        assert NASTY in page.text and "<b>Vevey</b>" in page.text
        assert not [e for e in page.root.walk() if any(name.startswith("on") for name in e.attributes)]
        scripts = [e for e in page.root.all("script") if not e.get("src")]
        assert [e.get("type") for e in scripts] == ["application/ld+json"] * len(scripts)
    assert "<script>alert" not in client.get(f"/en/partners?q={NASTY}").text


# --- kept pages ---------------------------------------------------------------------------------------------


def test_a_change_shows_at_once_in_pages_that_are_kept(client, cast, now):
    """RULES A5: directory, home and profile, as the visitor sees them next."""
    edit(cast.lumiere_partner, cast.pierre, now)
    slug = cast.lumiere_partner.slug
    for n, address in enumerate(("/en/partners", "/en/", f"/en/partners/{slug}")):
        before = client.get(address)
        again = client.get(address)
        assert again.data == before.data and again.headers["ETag"] == before.headers["ETag"]
        edit(cast.lumiere_partner, cast.pierre, now, name=f"Renamed {n}")  # in the same second
        assert f"Renamed {n}" in client.get(address).text


def test_a_kept_page_is_not_sent_again_to_who_has_it(client, cast, now):
    edit(cast.lumiere_partner, cast.pierre, now)
    first = client.get("/en/partners")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "HX-Request"} <= set(first.headers["Vary"].replace(" ", "").split(","))
    again = client.get("/en/partners", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    kept_page, fresh = client.get("/en/partners"), client.get("/en/partners?nothing=1")
    assert (
        set(kept_page.headers.keys()) == set(fresh.headers.keys())
        and "Content-Security-Policy" in kept_page.headers
    )


def test_kept_pages_are_for_visitors_without_a_session(client, another, cast, now):
    edit(cast.lumiere_partner, cast.pierre, now)
    assert "Sign in" in client.get("/en/partners").text
    signed_in = another().sign_in(cast.pierre).get("/en/partners")
    assert "My space" in signed_in.text and signed_in.headers["Cache-Control"] == "no-store"
    assert "Sign in" in client.get("/en/partners").text
    assert client.get("/fr/partners").text != client.get("/en/partners").text


def test_a_page_made_during_a_change_is_not_kept_as_new(app, cast, monkeypatch, client, now):
    """The stamp is read before the page is made."""
    edit(cast.lumiere_partner, cast.pierre, now)
    find, partner, pierre = queries.find_partners, cast.lumiere_partner, cast.pierre

    def find_then_change(*about, **named):
        found = find(*about, **named)
        unit_of_work(lambda: kept.changed("directory"))()
        return found

    monkeypatch.setattr(queries, "find_partners", find_then_change)
    first = client.get("/en/partners").headers["ETag"]
    monkeypatch.setattr(queries, "find_partners", find)
    assert client.get("/en/partners").headers["ETag"] != first
    assert partner.listed_at and pierre.name


# --- a partner's page ---------------------------------------------------------------------------------------


def test_a_profile_authenticates_the_partner(client, cast):
    """RULES A5: badge, "partner since", and a website that gets no favours."""
    page = client.get_page("/en/partners/lumiere-digital-sarl")
    assert page.h1 == "Lumière Digital Sàrl" and "Partner since 2026" in page
    assert "We build shops." in page and "Vevey, Vaud, Switzerland" in page
    (website,) = [link for link in page.main.all("a") if link.text == "www.example.com"]
    assert website.get("rel") == "noopener nofollow ugc"
    assert page.links["Publish a call for tenders"].startswith("/en/tenders/new")


def test_a_profile_has_structured_data(client, cast):
    """RULES A5: JSON-LD."""
    page = client.get_page("/fr/partners/lumiere-digital-sarl")
    (block,) = head(page, "script", type="application/ld+json")
    data = json.loads(block.children[0])
    assert data["@type"] == "ProfessionalService" and data["name"] == "Lumière Digital Sàrl"
    assert data["@id"] == "http://localhost/fr/partners/lumiere-digital-sarl"
    assert data["address"] == {
        "@type": "PostalAddress",
        "addressLocality": "Vevey",
        "addressRegion": "Vaud",
        "addressCountry": "CH",
    }
    assert data["description"] == "Nous construisons des boutiques." and data["knowsLanguage"] == [
        "de",
        "en",
        "fr",
    ]


def test_a_profile_exists_for_search_engines_where_it_has_a_text(client, cast):
    """RULES L1: mutual hreflang of the languages written in, x-default, canonical."""
    at = "http://localhost/{}/partners/lumiere-digital-sarl".format
    for language in ("en", "fr", "de"):
        page = client.get_page(f"/{language}/partners/lumiere-digital-sarl?x=1")
        found = {link.get("hreflang"): link.get("href") for link in head(page, "link", rel="alternate")}
        assert found == {"en": at("en"), "fr": at("fr"), "x-default": at("en")}
        (canonical,) = head(page, "link", rel="canonical")
        assert canonical.get("href") == at("en" if language == "de" else language)
    german = client.get_page("/en/partners/bergwerk-it-gmbh")
    assert [link.get("hreflang") for link in head(german, "link", rel="alternate")] == ["de", "x-default"]


@pytest.mark.parametrize("path", ["partners", "become-a-partner", "affiliate", ""])
def test_public_pages_name_each_other_in_all_languages(client, cast, path):
    """RULES L1: hreflang."""
    sets = []
    for language in ("en", "fr", "de"):
        page = client.get_page(f"/{language}/{path}")
        sets.append({link.get("hreflang"): link.get("href") for link in head(page, "link", rel="alternate")})
        assert head(page, "link", rel="canonical")[0].get("href") == f"http://localhost/{language}/{path}"
    assert sets[0] == sets[1] == sets[2] and set(sets[0]) == {"en", "fr", "de", "x-default"}


def test_unlisted_suspended_and_unknown_partners_have_no_page(client, another, cast, now):
    """RULES A5; its own people see a preview."""
    edit(cast.lumiere_partner, cast.pierre, now, listed=False)
    unit_of_work(lambda: setattr(cast.bergwerk_partner, "suspended_at", now))()
    unit_of_work(lambda: kept.changed("directory"))()
    for slug in ("lumiere-digital-sarl", "bergwerk-it-gmbh", "nobody", "%00", "a b"):
        client.get_page(f"/en/partners/{slug}", status=404)
    assert names(client.get_page("/en/partners")) == []
    preview = another().sign_in(cast.paula).get_page("/en/partners/lumiere-digital-sarl")
    assert "This is a preview." in preview and head(preview, "meta", name="robots", content="noindex")
    another().sign_in(cast.berta).get_page("/en/partners/lumiere-digital-sarl", status=404)


# --- the listing editor -------------------------------------------------------------------------------------


def picture(size=(200, 100), form="PNG"):
    stream = io.BytesIO()
    Image.new("RGB", size, "teal").save(stream, form)
    stream.seek(0)
    return stream


def test_a_partner_edits_its_listing_in_three_languages_with_a_logo(client, another, cast):
    """RULES A5."""
    pierre = client.sign_in(cast.pierre)
    saved = pierre.submit(
        listing_of(cast.lumiere),
        {"name": "Lumière", "text_de": "Wir bauen Läden.", "logo": (picture((900, 450)), "logo.png")},
    )
    assert (saved.status, saved.location) == (303, listing_of(cast.lumiere))
    assert pierre.get_page(saved.location).notices == ["The directory profile is saved."]
    page = another().get_page("/de/partners/lumiere-digital-sarl")
    assert page.h1 == "Lumière" and "Wir bauen Läden." in page
    (logo,) = page.root.with_class("logo")
    answer = another().get(logo.get("src"))
    assert answer.mimetype == "image/png" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert Image.open(io.BytesIO(answer.data)).size == (512, 256)
    pierre.submit(listing_of(cast.lumiere), {"remove_logo": "y"})
    assert another().get(logo.get("src")).status_code == 404
    assert not another().get_page("/de/partners/lumiere-digital-sarl").root.with_class("logo")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "filename", "message"),
    [
        (SVG, "logo.svg", "This is not a JPEG, PNG or WebP picture."),
        (SVG, "logo.png", "This is not a JPEG, PNG or WebP picture."),
        (b"MZ" + b"\0" * 100, "logo.jpg", "This is not a JPEG, PNG or WebP picture."),
        (b"", "empty.png", "The file is empty."),
        (b"\x89PNG" + b"\0" * (6 * 1024 * 1024), "huge.png", "The file is larger than 5 MB."),
        (b"\x89PNG" + b"\0" * (50 * 1024 * 1024), "giant.png", "The file is larger than 5 MB."),
        (None, "small.png", "The picture must be at least 64 × 64 pixels."),
    ],
    ids=["svg", "svg named png", "exe named jpg", "empty", "6 MB", "50 MB", "too small"],
)
def test_a_bad_logo_is_refused_beside_the_field_and_nothing_typed_is_lost(
    client, cast, content, filename, message
):
    stream = picture((40, 40)) if content is None else io.BytesIO(content)
    client.sign_in(cast.pierre)
    page = client.submit(
        listing_of(cast.lumiere),
        {"name": "Changed", "text_en": "Typed for an hour.", "logo": (stream, filename)},
    )
    assert page.status == 422 and error_at(page, "logo") == message
    assert page.root.by_id("name").get("value") == "Changed"
    assert page.root.by_id("text_en").text == "Typed for an hour."
    assert cast.lumiere_partner.name == "Lumière Digital Sàrl" and cast.lumiere_partner.logo is None


@pytest.mark.parametrize(
    ("field", "changed", "message"),
    [
        ("name", {"name": ""}, "Enter the name that clients know you by."),
        ("name", {"name": "x" * 121}, "Use at most 120 characters; there are 121 now."),
        ("website", {"website": "ftp://x.example"}, "Enter a web address such as https://www.example.com."),
        ("city", {"city": "Bern\x07"}, "Remove the invisible control characters from this text."),
        ("country", {"country": "XX", "region": ""}, "Choose a country from the list."),
        ("region", {"country": "FR"}, "Choose a region of the country above, or none."),
        ("region", {"region": "CH-QQ"}, "Choose a region from the list."),
        ("services", {"services": None}, "Choose at least one service, so that clients find you."),
        ("services", {"services": ["web", "gold"]}, "Choose from the options shown."),
        ("languages", {"languages": None}, "Choose at least one language."),
        ("text_en", {"text_en": "", "text_fr": " "}, "Write a short text in at least one language."),
        ("text_de", {"text_de": "ü" * 601}, "Use at most 600 characters; there are 601 now."),
    ],
)
def test_the_listing_s_fields_say_what_to_do(client, cast, field, changed, message):
    """RULES A5."""
    page = client.sign_in(cast.pierre).submit(
        listing_of(cast.lumiere), {"website": "typed.example", **changed}
    )
    assert page.status == 422 and error_at(page, field) == message and page.errors == [message]
    if field != "website":
        assert "typed.example" in page.root.by_id("website").get("value")


def test_an_unlisted_profile_may_be_half_finished(client, cast):
    saved = client.sign_in(cast.pierre).submit(
        listing_of(cast.lumiere),
        {"listed": None, "services": None, "languages": None, "text_en": "", "text_fr": ""},
    )
    assert saved.status == 303


def test_the_editor_is_for_administrators_of_partners(client, another, cast, now):
    """RULES O2, A5: a collaborator is told whom to ask; who is no partner finds nothing."""
    assert "Pierre Perret" in client.sign_in(cast.paula).get_page(listing_of(cast.lumiere), status=403)
    another().sign_in(cast.stefan).get_page(listing_of(cast.lumiere), status=404)
    another().sign_in(cast.nadia).get_page(listing_of(cast.lumen), status=404)
    unit_of_work(lambda: setattr(cast.lumiere_partner, "suspended_at", now))()
    another().sign_in(cast.pierre).get_page(listing_of(cast.lumiere), status=404)
