"""The operator's policy (RULES P): read once, checked, versioned."""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields, is_dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp import places
from webapp.config import BadSetting, Settings
from webapp.demo.settings import PROGRAMME, supplied
from webapp.directory.models import Application
from webapp.money import Money
from webapp.products.rules import CODE, Family
from webapp.programme import (
    DEFAULT_FILE,
    FAMILIES,
    SECTIONS,
    Seller,
    Sliding,
    Texts,
    read,
)

DEFAULTS = DEFAULT_FILE.read_text("utf-8")
SELLER = """
[seller]
street = "Example Street 1"
postcode = "1000"
city = "Lausanne"
country = "CH"
vat_number = "CHE-107.787.577 MWST"
iban = { CHF = "CH93 0076 2011 6238 5295 7", EUR = "DE89 3704 0044 0532 0130 00" }
"""
QR_IBAN = "CH44 3199 9123 0008 8901 2"


def written(tmp_path, text):
    file = tmp_path / "programme.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def altered(text, pattern, replacement):
    text, n = re.subn(pattern, lambda _: replacement, text, flags=re.MULTILINE)
    assert n, pattern
    return text


def changed(tmp_path, pattern, replacement):
    return written(tmp_path, altered(DEFAULTS, pattern, replacement))


def sold_by(tmp_path, pattern="$x", replacement=""):
    """The defaults with a seller, one entry of it changed."""
    seller = SELLER if pattern == "$x" else altered(SELLER, pattern, replacement)
    return read(written(tmp_path, DEFAULTS + seller))


def refusal(file):
    with pytest.raises(BadSetting) as stop:
        read(file)
    sentence = str(stop.value)
    assert sentence.endswith(".") and str(file) in sentence and "\n" not in sentence
    return sentence


# --- what the files that come with the portal say -------------------------------------------------------------


def test_the_defaults_are_those_of_the_rules():
    """RULES P2, A2, T6."""
    policy = read()
    assert policy.eligibility.volume("CHF") == Money(200_000, "CHF")
    assert policy.eligibility.volume("EUR") == Money(180_000, "EUR")
    assert policy.eligibility.months_to_reach_it == 12
    assert (policy.tenders.validity_days, policy.tenders.retention_days) == (30, 90)
    assert policy.tenders.visitors_confirm is True
    assert policy.tenders.validity_choices == (14, 21, 30)


def test_the_defaults_for_money_are_those_of_the_rules():
    """RULES P2, M2, M6, M8, F2, F4, F5, F6, F8."""
    policy = read()
    assert policy.sliding == Sliding(("web", "mail"), (5, 10, 15, 25, 35), (5, 10, 15, 20, 25))
    assert policy.discounts == {}
    assert policy.invoicing.due_days == 30
    assert policy.invoicing.least_withdrawal("EUR") == Money(2_000, "EUR")
    assert policy.renewals.reminder_choices == (60, 30, 14, 7, 1)
    assert (policy.renewals.automatic_reminder_days, policy.renewals.days_before) == (14, 1)
    affiliates = policy.affiliation
    assert (affiliates.click_days, affiliates.commission_days, affiliates.pending_days) == (30, 365, 30)
    assert affiliates.tiers == [(0, 25), (50, 30), (1000, 35), (20_000, 50)]
    assert affiliates.least_payout == 50
    assert policy.events.timestamp_tolerance_seconds == 300


def test_without_a_seller_nobody_pays_by_invoice():
    policy = read()
    assert policy.seller is None
    assert policy.iban("CHF") is None and policy.iban("EUR") is None


def test_every_state_of_the_eu_has_a_rate_and_so_have_switzerland_liechtenstein_and_monaco():
    """RULES M7."""
    rates = read().vat.rates
    assert set(rates) == places.EU | {"CH", "LI", "MC"}
    assert (rates["CH"], rates["LI"], rates["FI"], rates["EE"], rates["RO"], rates["SK"]) == (
        *(810, 810, 2550, 2400, 2100, 2300),
    )
    assert all(1500 <= rates[state] <= 2700 for state in places.EU)  # the directive allows no less than 15 %


def test_there_are_27_states_in_the_eu_and_three_more_in_the_eea():
    assert len(places.EU) == 27
    assert {"IS", "LI", "NO"} == places.EEA - places.EU
    assert set(places.COUNTRIES) >= places.EEA


def test_the_demo_s_policy_differs_from_the_defaults_in_what_the_demo_shows():
    demo, default = read(PROGRAMME), read()
    differing = {
        each.name for each in fields(demo) if getattr(demo, each.name) != getattr(default, each.name)
    }
    assert differing == {"file", "digest", "vat", "discounts", "affiliation", "seller"}
    assert demo.seller is not None and demo.seller.country == "CH"
    assert demo.iban("CHF") == "CH9300762011623852957" and demo.iban("EUR") == "LI21088100002324013AA"
    assert demo.seller.written_iban("EUR") == "LI21 0881 0000 2324 013A A"


def test_the_demo_s_entries_are_of_its_catalogue():
    catalogue = (PROGRAMME.parent / "catalogue.csv").read_text("utf-8")
    codes = {line.split(",")[0] for line in catalogue.splitlines()}
    demo = read(PROGRAMME)
    assert codes >= {*demo.discounts, *demo.affiliation.excluded_plans}


def test_the_demo_has_its_own_policy_unless_another_one_is_named():
    here = {"host": "127.0.0.1", "port": 8000}
    assert supplied({"SECRET_KEY": "x"}, **here)["PROGRAMME_FILE"] == str(PROGRAMME)
    assert supplied({"SECRET_KEY": "x", "PROGRAMME_FILE": "/my.toml"}, **here)["PROGRAMME_FILE"] == "/my.toml"


def test_the_commented_examples_of_the_defaults_are_valid(tmp_path):
    text = DEFAULTS
    for comment in ("web-pro = 25", r'"mail\.large" = 30', r"\[seller\]", r"\[texts\.en\]", "[a-z_]+ = "):
        text = re.sub(rf"^# (?={comment})", "", text, flags=re.MULTILINE)
    policy = read(written(tmp_path, text))
    assert policy.discounts == {"web-pro": 25, "mail.large": 30}
    assert policy.seller is not None and policy.seller.name and set(policy.seller.iban) == {"CHF", "EUR"}
    assert policy.text_in("en").introduction and policy.text_in("en").benefits
    assert policy.text_in("de") == Texts()


# --- versions ---------------------------------------------------------------------------------------------------


def test_a_changed_file_is_another_version_even_under_its_old_label(tmp_path):
    """RULES P1."""
    before = read(written(tmp_path, DEFAULTS))
    after = read(changed(tmp_path, r"^due_days = 30", "due_days = 31"))
    assert before.label == after.label
    assert before.version != after.version
    digest = hashlib.sha256(DEFAULTS.encode()).hexdigest()
    assert (before.version, before.digest) == (f"2026-11+{digest[:8]}", digest)


def test_the_same_bytes_are_the_same_version_wherever_they_are(tmp_path):
    """RULES P1."""
    assert read(written(tmp_path, DEFAULT_FILE.read_bytes())).version == read().version


def test_the_longest_version_fits_into_the_column_that_keeps_it(tmp_path):
    policy = read(changed(tmp_path, r"^version = .*", f'version = "{"v" * 30}"'))
    assert len(policy.version) == 39 <= Application.__table__.c.policy_version.type.length


# --- an operator's own numbers ------------------------------------------------------------------------------------


def test_an_operator_s_own_numbers_are_taken(tmp_path):
    """RULES P1."""
    policy = read(changed(tmp_path, r"^validity_days = 30", "validity_days = 20"))
    assert policy.tenders.validity_choices == (14, 20)


def test_a_discount_of_the_policy_goes_before_the_plan_s_own(tmp_path):
    """RULES P1, M1."""
    policy = read(changed(tmp_path, r"^# web-pro = 25", 'web-pro = 25\n"mail.large" = 0'))
    assert policy.discount_of("web-pro", 20) == 25
    assert policy.discount_of("mail.large", 20) == 0
    assert policy.discount_of("web-start", 20) == 20


def test_a_policy_may_say_nothing_of_discounts_seller_and_texts(tmp_path):
    policy = read(changed(tmp_path, r"^\[discounts\].*", ""))
    assert (policy.discounts, policy.seller, policy.texts) == ({}, None, {})


@pytest.mark.parametrize(
    ("count", "rate"),
    [(0, 0), (1, 0), (4, 0), (5, 5), (9, 5), (10, 10), (14, 10), (15, 15), (24, 15), (25, 20), (34, 20),
     (35, 25), (36, 25), (1_000_000, 25)],
)  # fmt: skip
@pytest.mark.parametrize("family", ["web", "mail"])
def test_the_step_of_the_sliding_scale_follows_the_count(family, count, rate):
    """RULES M2, M3: 35 hostings are 25 per cent cheaper."""
    assert read().sliding.step(family, True, count) == rate


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("slides", [True, False])
def test_only_plans_that_slide_in_families_that_slide_have_a_step(family, slides):
    """RULES M2."""
    expected = 25 if slides and family in ("web", "mail") else 0
    assert read().sliding.step(family, slides, 35) == expected


@given(count=st.integers(0, 2_000_000))
def test_more_products_are_never_dearer(count):
    """RULES M2."""
    step = read().sliding.step
    assert 0 <= step("web", True, count) <= step("web", True, count + 1) <= 100


def test_a_policy_without_a_sliding_scale_has_no_steps(tmp_path):
    text = altered(altered(DEFAULTS, r"^counts = .*", "counts = []"), r"^rates = \[5, .*", "rates = []")
    assert read(written(tmp_path, text)).sliding.step("web", True, 1000) == 0


def test_the_families_of_the_policy_are_those_of_the_catalogue():
    """RULES P1: the policy stands below the catalogue and cannot ask it."""
    assert set(FAMILIES) == set(Family)


@given(code=st.from_regex(r"\A[A-Za-z0-9._-]{1,42}\Z"))
def test_a_plan_s_code_is_one_for_the_policy_exactly_when_it_is_for_the_catalogue(code):
    from webapp.programme import _PLAN_CODE

    assert bool(_PLAN_CODE.fullmatch(code)) == bool(CODE.fullmatch(code))


def test_vat_is_charged_where_the_operator_is_registered_and_nowhere_else():
    """RULES M7."""
    vat = replace(read().vat, registered=("CH", "LI"))
    assert {country: vat.rate(country) for country in ("CH", "LI", "FR", "DE", "GB", "US")} == {
        "CH": 810,
        "LI": 810,
        "FR": 0,
        "DE": 0,
        "GB": 0,
        "US": 0,
    }
    abroad = replace(vat, registered=("FR", "FI"))
    assert (abroad.rate("FR"), abroad.rate("FI"), abroad.rate("CH")) == (2000, 2550, 0)
    assert abroad.charged_in("FI") and not abroad.charged_in("CH")
    assert [country for country, _rate in abroad.table[:2]] == ["FI", "FR"]


@pytest.mark.parametrize(
    ("written_as", "points"),
    [("8.1", 810), ("8.10", 810), ("0.07", 7), ("25.55", 2555), ("19", 1900), ("0", 0), ("100", 10_000),
     ("8.100000000000000000000000000000000000000", 810), ("2.9e1", 2900), ("1_9.2_5", 1925)],
)  # fmt: skip
def test_per_cents_of_vat_are_exact(tmp_path, written_as, points):
    """SECURITY M: no binary fraction comes near money."""
    vat = read(changed(tmp_path, r"^CH = 8\.1", f"CH = {written_as}")).vat
    assert vat.rates["CH"] == points and type(vat.rates["CH"]) is int


def test_what_brings_an_affiliate_nothing(tmp_path):
    """RULES F4."""
    affiliation = read(
        changed(tmp_path, r"^excluded_plans = \[\]", 'excluded_plans = ["web-always"]')
    ).affiliation
    assert affiliation.excludes("domain", "domain-ch") and affiliation.excludes("web", "web-always")
    assert not affiliation.excludes("web", "web-start") and not affiliation.excludes("mail", "domain")


def test_a_seller_s_accounts_are_read_as_banks_write_them(tmp_path):
    policy = sold_by(tmp_path)
    assert policy.seller == Seller(
        street="Example Street 1",
        postcode="1000",
        city="Lausanne",
        country="CH",
        vat_number="CHE-107.787.577 MWST",
        iban={"CHF": "CH9300762011623852957", "EUR": "DE89370400440532013000"},
    )
    assert policy.iban("CHF") == "CH9300762011623852957"


def test_a_seller_may_have_an_account_in_one_currency_only(tmp_path):
    """Payment by invoice is offered where there is an account."""
    policy = sold_by(tmp_path, r"^iban = .*", 'iban = { CHF = "CH9300762011623852957" }')
    assert policy.iban("CHF") and policy.iban("EUR") is None
    assert sold_by(tmp_path, r"^iban = .*", "").iban("CHF") is None


def test_a_seller_outside_switzerland_has_the_vat_number_of_its_country(tmp_path):
    """RULES M7."""
    for country, number in (("DE", "DE136695976"), ("GR", "EL094259216"), ("GB", "GB980780684")):
        text = altered(SELLER, r"^country = .*", f'country = "{country}"')
        text = altered(text, r"^vat_number = .*", f'vat_number = "{number}"')
        seller = read(written(tmp_path, DEFAULTS + text)).seller
        assert seller is not None and seller.vat_number == number


def test_who_charges_no_vat_needs_no_vat_number(tmp_path):
    text = altered(DEFAULTS, r"^registered = .*", "registered = []")
    policy = read(written(tmp_path, text + altered(SELLER, r"^vat_number = .*", "")))
    assert not policy.vat.registered and policy.seller is not None


@pytest.mark.parametrize("seller", ["", altered(SELLER, r"^vat_number = .*", "")])
def test_who_charges_vat_has_a_vat_number(tmp_path, seller):
    """RULES M7: invoices show it."""
    text = altered(DEFAULTS, r"^registered = .*", 'registered = ["CH", "LI"]')
    with pytest.raises(BadSetting, match=r"seller\.vat_number"):
        read(written(tmp_path, text + seller))
    assert read(written(tmp_path, text + SELLER)).vat.rate("CH") == 810


def test_a_file_of_a_windows_editor_is_read(tmp_path):
    """A byte order mark and CRLF are no mistakes."""
    raw = b"\xef\xbb\xbf" + DEFAULTS.replace("\n", "\r\n").encode()
    assert read(written(tmp_path, raw)).sliding == read().sliding


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "replacement", "named"),
    [
        (r"^version = .*", "", "version"),
        (r"^version = .*", "version = 7", "version"),
        (r"^version = .*", 'version = ""', "version"),
        (r"^version = .*", 'version = "2026 11"', "version"),
        (r"^version = .*", 'version = "2026+11"', "version"),
        (r"^version = .*", f'version = "{"v" * 31}"', "version"),
        (r"^version = ", "vresion = 1\nversion = ", "vresion is not part"),
        (r"^\[tenders\]", "[tender]", "tenders"),
        (r"^\[events\]", "[discount]\nweb = 1\n[events]", "discount is not part"),
        (r"^retention_days = \d+", "", "tenders.retention_days"),
        (r"^retention_days = \d+", "retention_days = -1", "tenders.retention_days"),
        (r"^retention_days = \d+", "retention_days = 1.5", "tenders.retention_days"),
        (r"^retention_days = \d+", "retention_days = true", "tenders.retention_days"),
        (r"^retention_days = \d+", "retention_days = 1000000000", "tenders.retention_days"),
        (r"^retention_days = \d+", "retention_days = 2026-11-22", "tenders.retention_days"),
        (r"^retention_days = \d+", "retentoin_days = 1\nretention_days = 9", "tenders.retentoin_days"),
        (r"^validity_days = 30", "validity_days = 0", "tenders.validity_days"),
        (r"^digest_hour = 7", "digest_hour = 24", "tenders.digest_hour"),
        (r"^visitors_confirm = true", 'visitors_confirm = "yes"', "tenders.visitors_confirm"),
        (r"^budget_steps = .*", "budget_steps = [1000, 'a']", "tenders.budget_steps"),
        (r"^budget_steps = .*", "budget_steps = [1000, 1000]", "tenders.budget_steps"),
        (r"^closing_reminder_days = 3", "closing_reminder_days = 14", "tenders.closing_reminder_days"),
        (r"^volume_per_year = .*", "volume_per_year = { CHF = 2000 }", "EUR"),
        (r"^volume_per_year = .*", "volume_per_year = { CHF = 1, EUR = 1, USD = 1 }", "volume_per_year"),
        (r"^volume_per_year = .*", "volume_per_year = { CHF = 1, EUR = 1.5 }", "volume_per_year.EUR"),
        (r"^most_discount = 35", "most_discount = 101", "benefits.most_discount"),
        (r"^# web-pro = 25", "web-pro = 101", "discounts.web-pro"),
        (r"^# web-pro = 25", "web-pro = -1", "discounts.web-pro"),
        (r"^# web-pro = 25", "web-pro = 12.5", "discounts.web-pro"),
        (r"^# web-pro = 25", "web-pro = false", "discounts.web-pro"),
        (r"^# web-pro = 25", "Web-Pro = 25", "Web-Pro"),
        (r"^# web-pro = 25", "mail.large = 25", "discounts.mail"),
        (r"^families = .*", 'families = ["web", "webs"]', "'webs'"),
        (r"^families = .*", 'families = ["web", "web"]', "sliding.families"),
        (r"^families = .*", 'families = "web"', "sliding.families"),
        (r"^counts = .*", "counts = [5, 10, 10, 25, 35]", "sliding.counts"),
        (r"^counts = .*", "counts = [5, 10, 15, 35, 25]", "sliding.counts"),
        (r"^counts = .*", "counts = [0, 10, 15, 25, 35]", "sliding.counts"),
        (r"^counts = .*", "counts = [5, 10]", "sliding.rates"),
        (r"^rates = \[5, .*", "rates = [5, 10, 9, 20, 25]", "sliding.rates"),
        (r"^rates = \[5, .*", "rates = [5, 10, 15, 20, 101]", "sliding.rates"),
        (r"^registered = .*", 'registered = ["CH", "GB"]', "GB"),
        (r"^registered = .*", 'registered = ["Switzerland"]', "Switzerland"),
        (r"^registered = .*", "registered = true", "vat.registered"),
        (r"^CH = 8\.1", 'CH = "8.1"', "vat.rates.CH"),
        (r"^CH = 8\.1", "CH = 8.125", "vat.rates.CH"),
        (r"^CH = 8\.1", "CH = 8.1000000000000000000000000000000000001", "vat.rates.CH"),
        (r"^CH = 8\.1", "CH = -8.1", "vat.rates.CH"),
        (r"^CH = 8\.1", "CH = 810", "vat.rates.CH"),
        (r"^CH = 8\.1", "CH = nan", "vat.rates.CH"),
        (r"^CH = 8\.1", "CH = inf", "vat.rates.CH"),
        (r"^CH = 8\.1", "CH = 1e-9999999", "vat.rates.CH"),
        (r"^CH = 8\.1", "CH = 1e99999999999999999999", "numbers"),
        (r"^CH = 8\.1", "CH = true", "vat.rates.CH"),
        (r"^GR = 24", "EL = 24", "vat.rates.EL"),
        (r"^GR = 24", "gr = 24", "vat.rates.gr"),
        (r"^due_days = 30", "due_days = 366", "invoicing.due_days"),
        (r"^withdrawal_least = 20", "withdrawal_least = -1", "invoicing.withdrawal_least"),
        (r"^reminder_choices = .*", "reminder_choices = [63, 30]", "renewals.reminder_choices"),
        (r"^reminder_choices = .*", "reminder_choices = [30, 0]", "renewals.reminder_choices"),
        (r"^reminder_choices = .*", "reminder_choices = [7, 30]", "renewals.reminder_choices"),
        (r"^automatic_reminder_days = 14", "automatic_reminder_days = 63", "renewals.automatic_reminder"),
        (r"^days_before = 1", "days_before = 14", "renewals.days_before"),
        (r"^rates = \[25, .*", "rates = [25, 30, 35]", "affiliation.rate_steps"),
        (r"^rates = \[25, .*", "rates = [25, 30, 29, 50]", "affiliation.rates"),
        (r"^rate_steps = .*", "rate_steps = [10, 50, 1000, 20000]", "affiliation.rate_steps"),
        (r"^rate_steps = .*", "rate_steps = [0, 50, 50, 20000]", "affiliation.rate_steps"),
        (r"^excluded_families = .*", 'excluded_families = ["domains"]', "'domains'"),
        (r"^excluded_plans = \[\]", 'excluded_plans = ["Web"]', "'Web'"),
        (r"^timestamp_tolerance_seconds = 300", "timestamp_tolerance_seconds = 0", "events.timestamp"),
        (r"\Z", "\n[texts.it]\nintroduction = 'x'\n", "texts.en"),
        (r"\Z", "\n[texts.en]\nbenefits = 'x'\n", "texts.en"),
    ],
)
def test_a_wrong_policy_stops_the_start_with_one_sentence_that_names_the_entry(
    tmp_path, pattern, replacement, named
):
    """RULES P1."""
    file = changed(tmp_path, pattern, replacement)
    assert named in refusal(file)


@pytest.mark.parametrize(
    ("pattern", "replacement", "named"),
    [
        (r"^street = .*", "", "seller.street"),
        (r"^street = .*", 'street = " "', "seller.street"),
        (r"^street = .*", f'street = "{"x" * 71}"', "seller.street"),
        (r"^street = .*", r'street = "Example\nStreet"', "seller.street"),
        (r"^street = .*", 'street = "Улица 1"', "seller.street"),
        (r"^street = .*", "street = 1", "seller.street"),
        (r"^city = .*", "ctiy = 'x'\ncity = 'y'", "seller.ctiy"),
        (r"^country = .*", 'country = "Schweiz"', "seller.country"),
        (r"^vat_number = .*", 'vat_number = "CHE-107.787.578 MWST"', "seller.vat_number"),
        (r"^vat_number = .*", 'vat_number = "CHE-107.787.577"', "seller.vat_number"),
        (r"^vat_number = .*", 'vat_number = "DE136695976"', "seller.vat_number"),
        (r"^iban = .*", 'iban = "CH9300762011623852957"', "seller.iban"),
        (r"^iban = .*", 'iban = { USD = "CH9300762011623852957" }', "seller.iban"),
        (r"^iban = .*", 'iban = { CHF = "CH9300762011623852958" }', "seller.iban"),
        (r"^iban = .*", 'iban = { CHF = "" }', "seller.iban"),
        (r"^iban = .*", "iban = { CHF = 7 }", "seller.iban"),
        (r"^iban = .*", 'iban = { CHF = "DE89370400440532013000" }', "seller.iban.CHF"),
        (r"^iban = .*", f'iban = {{ CHF = "{QR_IBAN}" }}', "QR-IBAN"),
        (r"^iban = .*", 'iban = { EUR = "CH9300762011623852957" }', "seller.bic.EUR"),
        (r"^iban = (.*)", 'bic = { CHF = "HELVCH20XXX" }', "seller.bic"),
        (r"^iban = (.*)", 'bic = { EUR = "HELV-20" }', "seller.bic"),
    ],
)
def test_a_wrong_seller_stops_the_start(tmp_path, pattern, replacement, named):
    """Bills would go out with it."""
    assert named in refusal(written(tmp_path, DEFAULTS + altered(SELLER, pattern, replacement)))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (altered(DEFAULTS, r"^version = .*", "version ="), "line 5"),
        (altered(DEFAULTS, r"^CH = 8\.1", "CH = 8,1"), "line "),
        (altered(DEFAULTS, r"^CH = 8\.1", "CH = 8.1\nCH = 8.1"), "line "),
        (b'version = "2026-11"\n\n# caf\xe9\n', "line 3"),
        (b"x = " + b"[" * 100_000, "nested"),
        (b"x = 1" + b"0" * 10_000, "numbers"),
        (b"\x00", "line 1"),
        (b"", "version"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_with_the_line(tmp_path, text, line):
    assert line in refusal(written(tmp_path, text))


@given(raw=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_whatever_is_in_the_file_it_is_read_or_refused(tmp_path_factory, raw):
    file = tmp_path_factory.getbasetemp() / "anything.toml"
    file.write_bytes(raw)
    with pytest.raises(BadSetting):
        read(file)


@given(
    name=st.sampled_from(sorted(SECTIONS)),
    data=st.data(),
    value=st.sampled_from(
        ["-1", "0", "99999999999999999999", "1.5", "nan", "true", '"x"', "[]", "[-1]", "[[1]]", '["é"]', "{}",
         "{ CHF = 1 }", "2026-11-22", "'''\n'''"]
    ),
)  # fmt: skip
def test_whatever_an_entry_says_it_is_taken_or_refused(tmp_path_factory, name, data, value):
    """Nothing but BadSetting ever comes out."""
    entry = data.draw(st.sampled_from([each.name for each in fields(SECTIONS[name])]))
    head, section, tail = DEFAULTS.partition(f"\n[{name}]")
    body = re.sub(rf"(?m)^{entry} = .*$", "", tail.partition("\n")[2], count=1)
    file = tmp_path_factory.getbasetemp() / "one_entry.toml"
    file.write_text(f"{head}{section}\n{entry} = {value}\n{body}", "utf-8")
    try:
        assert is_dataclass(read(file))
    except BadSetting as refused:
        assert str(refused).endswith(".")


def test_a_policy_that_is_not_there_stops_the_start(tmp_path):
    assert "cannot be read" in refusal(tmp_path / "missing.toml")
    assert "cannot be read" in refusal(tmp_path)


def test_the_application_starts_with_the_file_of_its_settings(app):
    """RULES P1."""
    settings = app.config["SETTINGS"]
    assert isinstance(settings, Settings)
    assert app.config["PROGRAMME"].version == read(PROGRAMME).version
