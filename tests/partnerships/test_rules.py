"""What is true of partnerships, as tables."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.accounts.rules import Role
from webapp.partnerships.rules import (
    EVERYTHING,
    NOTHING,
    Access,
    Payer,
    Right,
    RightChange,
    Rights,
    Terms,
    differences,
    earns,
    manages_all_clients,
    may_order,
    rights_on,
)

TECHNICAL, STATISTICAL = Rights(technical=True), Rights(statistical=True)
RIGHTS = (NOTHING, TECHNICAL, STATISTICAL, EVERYTHING)

some_rights = st.sampled_from(RIGHTS)
selections = st.dictionaries(st.integers(1, 6), some_rights)


def applied(picked, changes):
    """The selection after these changes."""
    rights = {
        (product_id, right) for product_id, each in picked.items() for right in Right if each.has(right)
    }
    for change in changes:
        (rights.add if change.given else rights.remove)((change.product_id, change.right))
    return rights


# --- rights -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rights", "technical", "statistical", "some"),
    [
        (NOTHING, False, False, False),
        (TECHNICAL, True, False, True),
        (STATISTICAL, False, True, True),
        (EVERYTHING, True, True, True),
    ],
)
def test_rights_are_technical_statistical_or_both(rights, technical, statistical, some):
    """RULES C4."""
    assert (rights.has(Right.TECHNICAL), rights.has(Right.STATISTICAL), bool(rights)) == (
        technical, statistical, some,
    )  # fmt: skip


@pytest.mark.parametrize(("one", "other"), list(product(RIGHTS, RIGHTS)))
def test_what_two_sets_of_rights_have_in_common(one, other):
    """RULES C4."""
    for right in Right:
        assert (one & other).has(right) is (one.has(right) and other.has(right))


@pytest.mark.parametrize("granted", RIGHTS)
def test_full_access_is_every_right_and_limited_access_what_was_granted(granted):
    """RULES C1, C2, C4."""
    assert rights_on(Access.FULL, granted) == EVERYTHING
    assert rights_on(Access.LIMITED, granted) == granted


# --- ordering and earning -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("access", "acting", "may"),
    [
        (Access.LIMITED, True, False),
        (Access.FULL, True, True),
        (Access.LIMITED, False, True),
        (Access.FULL, False, True),
    ],
)
def test_only_a_full_partner_orders_for_its_client(access, acting, may):
    """RULES C1, C2; SECURITY A8: acting for the client a limited partner never orders; the client always may."""
    assert may_order(access, acting_for_client=acting) is may


@pytest.mark.parametrize(
    ("access", "manages", "earning"),
    [
        (Access.LIMITED, False, False),
        (Access.LIMITED, True, True),
        (Access.FULL, False, True),
        (Access.FULL, True, True),
    ],
)
def test_who_earns(access, manages, earning):
    """RULES C1, C2: a limited partner on what it manages, a full partner on everything."""
    assert earns(access, manages_product=manages) is earning


# --- terms --------------------------------------------------------------------------------------------------


def test_terms_are_paid_for_by_the_client_unless_they_say_otherwise():
    """RULES C5."""
    assert Terms(Access.LIMITED).payer is Terms(Access.FULL).payer is Payer.CLIENT
    assert Terms(Access.FULL, Payer.PARTNER).payer is Payer.PARTNER


def test_with_limited_access_the_wallet_stays_with_the_client():
    """RULES C5: only full access leaves a choice."""
    with pytest.raises(ValueError, match="paid for by the client"):
        Terms(Access.LIMITED, Payer.PARTNER)


# --- differences --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), list(product(RIGHTS, RIGHTS)))
def test_each_right_that_changes_is_one_change(before, after):
    """RULES C9."""
    assert differences({7: before}, {7: after}) == [
        RightChange(7, right, after.has(right))
        for right in Right
        if before.has(right) is not after.has(right)
    ]


def test_a_product_that_is_missing_is_one_without_rights():
    """RULES C9: added and removed products."""
    assert differences({}, {1: TECHNICAL}) == [RightChange(1, Right.TECHNICAL, True)]
    assert differences({1: TECHNICAL}, {}) == [RightChange(1, Right.TECHNICAL, False)]
    assert differences({1: NOTHING}, {2: NOTHING}) == []


def test_changes_are_ordered_by_product_and_technical_comes_first():
    """RULES C9: the same list on the save bar, the review page, in the mail and in the history."""
    changes = differences({9: EVERYTHING, 2: STATISTICAL}, {5: EVERYTHING, 2: TECHNICAL})
    assert changes == [
        RightChange(2, Right.TECHNICAL, True),
        RightChange(2, Right.STATISTICAL, False),
        RightChange(5, Right.TECHNICAL, True),
        RightChange(5, Right.STATISTICAL, True),
        RightChange(9, Right.TECHNICAL, False),
        RightChange(9, Right.STATISTICAL, False),
    ]


@given(selections, selections)
def test_the_differences_lead_from_one_selection_to_the_other(before, after):
    """RULES C9: no more and no less."""
    changes = differences(before, after)
    assert applied(before, changes) == applied(after, [])
    assert len({(each.product_id, each.right) for each in changes}) == len(changes)


@given(selections, selections)
def test_there_and_back_is_the_same_the_other_way_round(before, after):
    """RULES C9."""
    back = [RightChange(each.product_id, each.right, not each.given) for each in differences(before, after)]
    assert differences(after, before) == back
    assert differences(before, before) == []


# --- people -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "all_clients"),
    [(Role.COLLABORATOR, False), (Role.ADMINISTRATOR, True), (Role.LEGAL_REPRESENTATIVE, True)],
)
def test_who_reaches_every_client(role, all_clients):
    """RULES C13."""
    assert manages_all_clients(role) is all_clients


def test_every_role_is_judged():
    """RULES C13."""
    assert {role for role in Role if not manages_all_clients(role)} == {Role.COLLABORATOR}
