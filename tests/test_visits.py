"""How links are read: tags in any spelling, where a link may lead, what it is counted under."""

import pytest

from webapp.visits import carries_tag, is_page, leads_to, normal_tag, page_of, untagged, with_tag

OWN = "https://partners.helvia.example"
SITES = ("www.helvia.example", "shop.helvia.example")


@pytest.mark.parametrize(
    "typed",
    [
        "k7m2q9x", "K7M2Q9X", "K7m2q9X", " k7m2q9x ", "k7m2q9x/", "k7m2q9x.", "“k7m2q9x”", "<k7m2q9x>", "k7m2q9x\r\n",
        "\u200bk7m2q9x\ufeff", "ｋ７ｍ２ｑ９ｘ", "Ｋ７Ｍ２Ｑ９Ｘ!", "k7m2\u00adq9x", "\u202ek7m2q9x",
    ],
)  # fmt: skip
def test_a_tag_is_the_same_in_any_spelling(typed):
    """RULES F1."""
    assert normal_tag(typed) == "k7m2q9x"


@pytest.mark.parametrize(
    "typed",
    ["", "k7m", "k7 m2q9x", "k7m2q9x?x=1", "k0m2q9x", "k1m2q9x", "ключ", "x" * 21, "k7m2-q9x", "%00", "<>"],
)
def test_what_is_no_tag_is_none(typed):
    """RULES F1: `utm_term` holds anything."""
    assert normal_tag(typed) is None


@pytest.mark.parametrize(
    ("query", "carries"),
    [
        ("ref=k7m2q9x", True), ("utm_term=k7m2q9x", True), ("a=b&ref=k7m2q9x", True), ("a=b&utm_term=", True),
        ("", False), ("href=x", False), ("my_utm_term=x", False), ("a=ref=x", False), ("ref", False),
    ],
)  # fmt: skip
def test_which_addresses_carry_a_tag(query, carries):
    assert carries_tag(query) is carries


@pytest.mark.parametrize(
    ("address", "to"),
    [
        ("/", "/"),
        ("/en/prices?plan=web-pro#top", "/en/prices?plan=web-pro#top"),
        (f"{OWN}/de/partners", "/de/partners"),
        (OWN, "/"),
        ("HTTPS://Partners.Helvia.Example/de/", "/de/"),
        ("https://www.helvia.example/mail", "https://www.helvia.example/mail"),
        ("https://WWW.helvia.example", "https://WWW.helvia.example"),
        ("http://www.helvia.example/mail", None),
        ("https://www.helvia.example:8443/", None),
        ("https://me@www.helvia.example/", None),
        ("https://www.helvia.example.evil.example/", None),
        ("https://evil.example/?www.helvia.example", None),
        (f"{OWN}//evil.example", None),
        (f"{OWN}.evil.example/", None),
        ("//evil.example", None),
        ("/\\evil.example", None),
        ("\\\\evil.example", None),
        ("/\tx", None),
        (" //evil.example", None),
        ("/en/\r\nSet-Cookie: a=b", None),
        ("https:///evil.example", None),
        ("https:evil.example", None),
        ("https://[evil", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("en/prices", None),
        ("", None),
    ],
)
def test_a_link_leads_to_this_site_or_to_the_operator_s_others(address, to):
    """SECURITY: no open redirect."""
    assert leads_to(address, own=OWN, sites=SITES) == to


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("/", "/?ref=k7m2q9x"),
        ("/en/prices?plan=web-pro#top", "/en/prices?plan=web-pro&ref=k7m2q9x#top"),
        ("/en/?ref=another&utm_term=third&utm_source=mail", "/en/?utm_source=mail&ref=k7m2q9x"),
        ("https://www.helvia.example/mail", "https://www.helvia.example/mail?ref=k7m2q9x"),
        ("/en/partners?q=Z%C3%BCrich+West&empty=", "/en/partners?q=Z%C3%BCrich+West&empty=&ref=k7m2q9x"),
    ],
)
def test_a_link_carries_its_tag_and_no_other(address, link):
    assert with_tag(address, "k7m2q9x") == link


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/?ref=k7m2q9x", "/"),
        ("/de/?utm_term=k7m2q9x", "/"),
        ("/fr", "/"),
        ("/en/prices?plan=web-pro&utm_source=mail&ref=k7m2q9x#top", "/en/prices?plan=web-pro"),
        ("https://www.helvia.example/de/?ref=k7m2q9x", "https://www.helvia.example/de/"),
        ("https://www.helvia.example", "https://www.helvia.example/"),
    ],
)
def test_what_a_click_is_counted_under(address, page):
    assert page_of(address) == page


def test_without_the_tag_it_stays_the_page_in_its_language():
    assert untagged("/de/?ref=k7m2q9x&a=b") == "/de/?a=b"


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/", True), ("/en/", True), ("/de/partners?service=web", True), ("/en/partners/anybody", True),
        ("/partners", False), ("/en/nowhere", False), ("/logo", False), ("/api/v1/openapi.json", False),
        ("/static/css/app.css", False), ("/%00", False), ("/en/partners/x/", False),
    ],
)  # fmt: skip
def test_what_people_can_read_is_a_page(app, path, page):
    assert is_page(path) is page
