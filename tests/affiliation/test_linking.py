"""The page with an affiliate's links, and the banners."""

import io

import pytest
from PIL import Image

from tests.client import values_of
from tests.factories import make_affiliate, make_customer
from webapp.affiliation import actions, banners, queries
from webapp.affiliation.rules import Noted
from webapp.database import new_public_id


@pytest.fixture
def account(cast):
    """Lumen Optik recommends Helvia."""
    return make_affiliate(cast.lumen)


@pytest.fixture
def nadia(client, cast, account):
    """Its legal representative."""
    return client.sign_in(cast.nadia)


def links_of(account):
    """Where its list of links is."""
    return f"/en/o/{account.organisation.public_id}/affiliate/links"


def shown(page):
    """The links on the page."""
    return [field.get("value") for field in page.main.all("input") if field.has("readonly")]


def test_each_link_with_what_it_brought(nadia, account, now):
    """RULES F1."""
    make_customer(account)
    actions.write_clicks(
        [Noted(new_public_id(), account.id, path, now, "") for path in ("/", "/", "/x")], now=now
    )
    page = nadia.get_page(links_of(account))
    assert shown(page) == [f"http://localhost/?ref={account.tag}"]
    assert "2 clicks · 1 new customer" in page and "All other pages 1 click · 0 new customers" in page
    assert account.tag in page


@pytest.mark.parametrize(
    ("typed", "made"),
    [
        ("/en/prices", "http://localhost/en/prices?ref={}"),
        ("http://localhost/de/prices?plan=web-pro&utm_source=x&ref=other22", "http://localhost/de/prices?plan=web-pro&ref={}"),
        (" /fr/ ", "http://localhost/?ref={}"),
    ],
)  # fmt: skip
def test_any_page_makes_a_link(nadia, account, typed, made):
    """RULES F1: as a page, and as its part that HTMX asks for; nothing is kept by looking."""
    page = nadia.get_page(links_of(account), query_string={"address": typed})
    assert shown(page)[-1] == made.format(account.tag)
    part = nadia.get_page(links_of(account), query_string={"address": typed}, headers={"HX-Request": "true"})
    assert part.root.by_id("link-out") and shown(part) == [made.format(account.tag)]
    assert len(queries.links_of(account)) == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter the address of a page."),
        ("https://evil.example/", "Enter the address of a page of ours, such as /en/prices."),
        ("en/prices", "Enter the address of a page of ours, such as /en/prices."),
        ("//evil.example", "Enter the address of a page of ours, such as /en/prices."),
        ("/en/nowhere", "There is no page at this address."),
        ("/logo", "There is no page at this address."),
        ("/en/partners?q=" + "x" * 200, "This address is too long."),
        ("x" * 401, "Use at most 400 characters; there are 401 now."),
    ],
)
def test_what_is_no_page_of_ours_is_told(nadia, account, typed, sentence):
    page = nadia.get_page(links_of(account), query_string={"address": typed})
    assert page.errors == [] and page.root.by_id("address-error").text == sentence
    part = nadia.get_page(links_of(account), query_string={"address": typed}, headers={"HX-Request": "true"})
    assert sentence in part.root.text and shown(part) == []
    sent = nadia.post_to(links_of(account), {"address": typed, "label": "My label"})
    assert (sent.status, sent.errors) == (422, [sentence])


def test_pages_of_the_operator_s_other_sites_make_links_by_way_of_this_one(nadia, account, policy):
    """RULES F1."""
    policy(sites=("www.helvia.example",))
    page = nadia.get_page(links_of(account), query_string={"address": "https://www.helvia.example/mail?a=1"})
    link = f"http://localhost/r/{account.tag}?to=https://www.helvia.example/mail?a%3D1"
    assert shown(page)[-1] == link and "Pages of our other sites" in page
    location = nadia.get(link).headers["Location"]
    assert location == f"https://www.helvia.example/mail?a=1&ref={account.tag}"


def test_a_link_is_kept_and_taken_away(nadia, account):
    built = nadia.get_page(f"{links_of(account)}?address=/en/prices").root.by_id("link-out")
    values = {**values_of(built.all("form")[0]), "label": "Our prices"}
    kept = nadia.post_to(links_of(account), values)
    assert (kept.status, kept.location) == (303, links_of(account))
    page = nadia.get_page(links_of(account))
    assert page.notices == ["The link is in your list."] and "Our prices" in page
    again = nadia.post_to(links_of(account), values)
    assert "This page is in your list already." in nadia.get_page(again.location)
    row = queries.links_of(account)[1]
    removed = nadia.submit(links_of(account), to=f"{links_of(account)}/{row.public_id}/removal")
    assert removed.location == links_of(account)
    assert [each.path for each in queries.links_of(account)] == ["/", ""]


def test_the_row_of_all_other_pages_stays(nadia, account, now):
    actions.write_clicks([Noted(new_public_id(), account.id, "/x", now, "")], now=now)
    rest = queries.links_of(account)[-1]
    assert rest.path == ""
    assert nadia.post_to(f"{links_of(account)}/{rest.public_id}/removal").status == 404


def test_links_of_a_closed_account_are_shown_as_such(nadia, account, cast, now):
    """RULES A3."""
    actions.close(account, by=cast.nadia, now=now)
    assert "clicks on these links don’t count" in nadia.get_page(links_of(account))
    refused = nadia.post_to(links_of(account), {"address": "/en/prices"})
    assert "This affiliate account is closed." in nadia.get_page(refused.location)


def test_who_is_no_affiliate_has_no_links(client, cast):
    client.sign_in(cast.stefan).get_page(f"/en/o/{cast.stefans.public_id}/affiliate/links", status=404)


# --- banners ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.parametrize(
    ("size", "pixels"), [("300x250", (300, 250)), ("728x90", (728, 90)), ("160x600", (160, 600))]
)
def test_banners_in_each_language_and_size(client, language, size, pixels):
    """RULES F1: with the operator's name, as SVG and PNG; no cookie comes with them."""
    answers = {kind: client.get(f"/banners/{language}/{size}.{kind}") for kind in ("png", "svg")}
    with Image.open(io.BytesIO(answers["png"].data)) as image:
        assert (image.size, image.format) == (pixels, "PNG")
    drawn = answers["svg"].text
    assert f'width="{pixels[0]}" height="{pixels[1]}"' in drawn and "Cordée" in drawn
    for response in answers.values():
        assert response.headers["Cache-Control"] == "public, max-age=86400"
        assert "Set-Cookie" not in response.headers and "Cross-Origin-Resource-Policy" not in response.headers


@pytest.mark.parametrize(("width", "height"), [(300, 250), (728, 90), (160, 600)])
@pytest.mark.parametrize("hue", [0, 90, 262])
@pytest.mark.parametrize(
    "name", ["A", "Helvia", "Gesellschaft für Rechenzentrumsbetrieb und Kommunikation", "W" * 40]
)
def test_whatever_the_operator_s_name_it_fits(app, width, height, hue, name):
    banner = banners.laid_out(width, height, name, hue)
    for line in banner.words:
        assert line.x >= 0 and line.y <= height and line.x + line.width <= width
    assert banner.words[-2].y < banner.button[1] or width == 728
    red, green, blue = (int(banner.ground[n : n + 2], 16) for n in (1, 3, 5))
    assert 0.2126 * red + 0.7152 * green + 0.0722 * blue < 100, "white letters can be read on it"


def test_banners_of_nothing_are_not_there(client):
    for path in ("/banners/it/300x250.svg", "/banners/de/1x1.svg", "/banners/de/300x250.gif"):
        assert client.get(path).status_code == 404
