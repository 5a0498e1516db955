"""The operator's policy (RULES P): read once, checked, versioned."""

from __future__ import annotations

import re

import pytest

from webapp.config import BadSetting
from webapp.money import Money
from webapp.programme import DEFAULT_FILE, read

DEFAULTS = DEFAULT_FILE.read_text("utf-8")


def test_the_defaults_are_those_of_the_rules():
    """RULES P2, A2, T6."""
    policy = read()
    assert policy.version
    assert policy.eligibility.volume("CHF") == Money(200_000, "CHF")
    assert policy.eligibility.volume("EUR") == Money(180_000, "EUR")
    assert policy.eligibility.months_to_reach_it == 12
    assert (policy.tenders.validity_days, policy.tenders.retention_days) == (30, 90)
    assert policy.tenders.visitors_confirm is True
    assert policy.tenders.validity_choices == (14, 21, 30)


def changed(tmp_path, pattern, replacement):
    file = tmp_path / "programme.toml"
    text, n = re.subn(pattern, replacement, DEFAULTS, flags=re.MULTILINE)
    assert n, pattern
    file.write_text(text, "utf-8")
    return file


def test_an_operator_s_own_numbers_are_taken(tmp_path):
    """RULES P1."""
    policy = read(changed(tmp_path, r"^validity_days = 30", "validity_days = 20"))
    assert policy.tenders.validity_choices == (14, 20)


@pytest.mark.parametrize(
    ("pattern", "replacement", "named"),
    [
        (r"^version = .*", "", "version"),
        (r"^version = .*", "version = 7", "version"),
        (r"^\[tenders\]", "[tender]", "tenders"),
        (r"^retention_days = \d+", "", "retention_days"),
        (r"^retention_days = \d+", "retention_days = -1", "retention_days"),
        (r"^retention_days = \d+", "retention_days = 1.5", "retention_days"),
        (r"^retention_days = \d+", "retention_days = true", "retention_days"),
        (r"^retention_days = \d+", "retentoin_days = 1\nretention_days = 9", "retentoin_days"),
        (r"^visitors_confirm = true", 'visitors_confirm = "yes"', "visitors_confirm"),
        (r"^budget_steps = .*", "budget_steps = [1000, 'a']", "budget_steps"),
        (r"^volume_per_year = .*", "volume_per_year = { CHF = 2000 }", "EUR"),
        (r"^version = .*", "version =", "cannot be read"),
    ],
)
def test_a_wrong_policy_stops_the_start_with_one_sentence_that_names_the_entry(
    tmp_path, pattern, replacement, named
):
    with pytest.raises(BadSetting) as stop:
        read(changed(tmp_path, pattern, replacement))
    assert named in str(stop.value) and str(stop.value).endswith(".")


def test_a_policy_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(BadSetting):
        read(tmp_path / "missing.toml")
