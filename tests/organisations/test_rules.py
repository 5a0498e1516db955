"""What is true of a team, without a database."""

import pytest

from webapp.accounts.rules import Role
from webapp.organisations import rules

COLLABORATOR, ADMINISTRATOR, REPRESENTATIVE = Role


@pytest.mark.parametrize("current", [None, *Role])
@pytest.mark.parametrize("new", [None, *Role])
def test_only_a_legal_representative_touches_that_role(current, new):
    """RULES O2"""
    touches = REPRESENTATIVE in (current, new)
    assert not rules.may_set_role(COLLABORATOR, current=current, new=new)
    assert rules.may_set_role(ADMINISTRATOR, current=current, new=new) is not touches
    assert rules.may_set_role(REPRESENTATIVE, current=current, new=new)


@pytest.mark.parametrize(
    ("representatives", "current", "new", "keeps"),
    [
        (1, REPRESENTATIVE, None, False),
        (1, REPRESENTATIVE, COLLABORATOR, False),
        (1, REPRESENTATIVE, ADMINISTRATOR, False),
        (1, REPRESENTATIVE, REPRESENTATIVE, True),
        (1, ADMINISTRATOR, None, True),
        (1, COLLABORATOR, ADMINISTRATOR, True),
        (2, REPRESENTATIVE, None, True),
        (2, REPRESENTATIVE, COLLABORATOR, True),
    ],
)
def test_the_last_legal_representative_stays(representatives, current, new, keeps):
    """RULES O2"""
    assert rules.keeps_a_representative(representatives, current=current, new=new) is keeps


@pytest.mark.parametrize(
    ("role", "weakest"),
    [
        (COLLABORATOR, ADMINISTRATOR),
        (ADMINISTRATOR, ADMINISTRATOR),
        (REPRESENTATIVE, REPRESENTATIVE),
    ],
)
def test_who_takes_somebody_out(role, weakest):
    """RULES O2"""
    assert rules.who_removes(role) is weakest
