"""Settings: a wrong one stops the start with one clear sentence that names it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from webapp.config import BadSetting, Settings, read

GOOD = {
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "BASE_URL": "https://partners.example.com",
    "MAIL_URL": "smtps://user:p%40ss@mail.example.com",
    "MAIL_FROM": "Partners <partners@example.com>",
    "OPERATOR_NAME": "Helvia",
    "OPERATOR_EMAIL": "desk@example.com",
}


def test_good_settings_are_taken():
    settings = read(GOOD)
    assert (settings.mode, settings.secure, settings.demo) == ("production", True, False)
    assert settings.mail_domain == "example.com"


def test_blank_settings_count_as_missing_ones():
    assert read({**GOOD, "TIMEZONE": "  "}).timezone == "Europe/Zurich"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"MODE": "debug"}, "MODE"),
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "a" * 40}, "SECRET_KEY"),
        ({"BASE_URL": "partners.example.com"}, "BASE_URL"),
        ({"BASE_URL": "https://example.com/partners"}, "BASE_URL"),
        ({"BASE_URL": "http://partners.example.com"}, "BASE_URL"),
        ({"BASE_URL": "http://localhost.evil.example"}, "BASE_URL"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"DEFAULT_LANGUAGE": "it"}, "DEFAULT_LANGUAGE"),
        ({"BRAND_HUE": "361"}, "BRAND_HUE"),
        ({"BRAND_HUE": "blue"}, "BRAND_HUE"),
        ({"BRAND_LOGO": "/nowhere/logo.svg"}, "BRAND_LOGO"),
        ({"BRAND_LOGO": __file__}, "BRAND_LOGO"),
        ({"OPERATOR_COUNTRY": "Switzerland"}, "OPERATOR_COUNTRY"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"PROGRAMME_FILE": "/nowhere.toml"}, "PROGRAMME_FILE"),
        ({"TIMEZONE": "Zurich"}, "TIMEZONE"),
        ({"TIMEZONE": "../etc/passwd"}, "TIMEZONE"),
        ({"PROXY_HOPS": "-1"}, "PROXY_HOPS"),
        ({"PROXY_HOPS": "one"}, "PROXY_HOPS"),
        ({"MAIL_URL": ""}, "MAIL_URL"),
        ({"MAIL_URL": "mail.example.com"}, "MAIL_URL"),
        ({"MAIL_URL": "smtp://"}, "MAIL_URL"),
        ({"MAIL_URL": "smtp://mail.example.com:many"}, "MAIL_URL"),
        ({"MAIL_URL": "folder:"}, "MAIL_URL"),
        ({"MAIL_FROM": "Partners"}, "MAIL_FROM"),
        ({"OPERATOR_NAME": ""}, "OPERATOR_NAME"),
        ({"OPERATOR_EMAIL": "desk"}, "OPERATOR_EMAIL"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_sentence_that_names_it(wrong, named):
    with pytest.raises(BadSetting) as stop:
        read({**GOOD, **wrong})
    sentence = str(stop.value)
    assert named in sentence and sentence.endswith((".", ")", '"')) and "\n" not in sentence


def test_the_key_itself_is_never_printed():
    with pytest.raises(BadSetting) as stop:
        read({**GOOD, "SECRET_KEY": "hush-hush"})
    assert "hush-hush" not in str(stop.value)


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "username", "password"),
    [
        ("smtp://mail.example.com", "smtp", "mail.example.com", 587, None, None),
        ("smtps://u:p%40s%3As@mail.example.com", "smtps", "mail.example.com", 465, "u", "p@s:s"),
        ("smtp+plain://127.0.0.1:1025", "smtp+plain", "127.0.0.1", 1025, None, None),
    ],
)
def test_the_mail_server_is_read_from_its_address(url, scheme, host, port, username, password):
    server = Settings(mail_url=url).mail_server
    assert (server.scheme, server.host, server.port) == (scheme, host, port)
    assert (server.username, server.password) == (username, password)


def test_mail_may_go_into_a_folder():
    assert Settings(mail_url="folder:/tmp/my%20mail").mail_server.folder == Path("/tmp/my mail")


def test_localhost_needs_no_https_in_production():
    for base in ("http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000"):
        assert not read({**GOOD, "BASE_URL": base}).secure


def test_the_readme_names_every_setting():
    readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    missing = [field.name.upper() for field in fields(Settings) if f"`{field.name.upper()}`" not in readme]
    assert missing == []
