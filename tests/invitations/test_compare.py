"""What a client granted beside what its partner asked for (RULES C7)."""

from itertools import product

import pytest

from tests.factories import make_grant, make_invitation, make_partnership, make_product
from webapp.invitations.queries import asked_and_granted
from webapp.invitations.rules import Comparison, Direction, Granted, compare
from webapp.partnerships.rules import Access, Payer, Rights, Terms
from webapp.products.rules import Family

LIMITED, FULL = Terms(Access.LIMITED), Terms(Access.FULL)
NOTHING, TECHNICAL, STATISTICAL, BOTH = Rights(), Rights(True), Rights(False, True), Rights(True, True)
AS_ASKED, LESS, MORE, OTHER = Comparison


def compared(asked, *granted, family=Family.WEB):
    """One category that was asked for, and what was granted in it."""
    return compare(LIMITED, {family: asked}, LIMITED, {family: [Granted("x.ch", each) for each in granted]})


@pytest.mark.parametrize(
    ("asked", "granted", "kind"),
    [
        (BOTH, BOTH, AS_ASKED), (BOTH, TECHNICAL, LESS), (BOTH, STATISTICAL, LESS),
        (TECHNICAL, BOTH, MORE), (TECHNICAL, TECHNICAL, AS_ASKED), (TECHNICAL, STATISTICAL, OTHER),
        (STATISTICAL, BOTH, MORE), (STATISTICAL, TECHNICAL, OTHER), (STATISTICAL, STATISTICAL, AS_ASKED),
        (NOTHING, BOTH, MORE), (NOTHING, TECHNICAL, MORE), (NOTHING, STATISTICAL, MORE),
    ],
)  # fmt: skip
def test_one_product_of_a_category(asked, granted, kind):
    """RULES C7: the truth table of rights."""
    result = compared(asked, granted)
    assert (result.kind, [each.kind for each in result.families]) == (kind, [kind])


@pytest.mark.parametrize("asked", [TECHNICAL, STATISTICAL, BOTH])
def test_a_category_that_was_asked_for_and_got_nothing_is_less(asked):
    """RULES C7"""
    result = compared(asked)
    assert result.kind is LESS and result.families[0].granted == ()


@pytest.mark.parametrize(
    ("kinds", "whole"),
    [
        ((AS_ASKED, AS_ASKED), AS_ASKED), ((AS_ASKED, LESS), LESS), ((AS_ASKED, MORE), MORE),
        ((LESS, LESS), LESS), ((MORE, MORE), MORE), ((LESS, MORE), OTHER), ((OTHER, LESS), OTHER),
        ((OTHER, AS_ASKED), OTHER),
    ],
)  # fmt: skip
def test_several_together_in_a_category_and_over_categories(kinds, whole):
    """RULES C7. Asked for technical: none of it is less, both is more, statistics alone is other."""
    granted = {AS_ASKED: TECHNICAL, MORE: BOTH, OTHER: STATISTICAL}
    for first, second in (kinds, kinds[::-1]):
        if LESS not in kinds:
            assert compared(TECHNICAL, granted[first], granted[second]).kind is whole
        asked = {Family.WEB: TECHNICAL, Family.MAIL: TECHNICAL}
        given = {
            family: [Granted("x.ch", granted[kind])] if kind is not LESS else []
            for family, kind in zip(asked, (first, second), strict=True)
        }
        result = compare(LIMITED, asked, LIMITED, given)
        assert result.kind is whole and [each.kind for each in result.families] == [first, second]


def test_categories_stand_in_the_order_of_lists_and_only_where_there_is_something():
    """RULES C7"""
    result = compare(
        LIMITED, {Family.OTHER: BOTH, Family.WEB: BOTH}, LIMITED, {Family.MAIL: [Granted("m", BOTH)]}
    )
    assert [each.family for each in result.families] == [Family.WEB, Family.MAIL, Family.OTHER]


@pytest.mark.parametrize(
    ("asked", "granted"),
    list(product([LIMITED, FULL, Terms(Access.FULL, Payer.PARTNER)], repeat=2)),
)
def test_kinds_of_access_and_who_pays(asked, granted):
    """RULES C1, C2, C5, C7"""
    result = compare(asked, {}, granted, {})
    if asked.access is not granted.access:
        assert result.kind is (MORE if granted.access is Access.FULL else LESS)
    else:
        assert result.kind is (AS_ASKED if asked.payer is granted.payer else OTHER)
    assert (result.asked, result.granted, result.families) == (asked, granted, ())


def test_what_a_partnership_holds_today_is_compared(cast, lumens_products, now):
    """RULES C7; SECURITY A12: of the client's other products nothing is said."""
    asked = make_invitation(
        Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre, email=cast.nadia.email,
        asked={Family.WEB: BOTH, Family.MAIL: TECHNICAL},
    )  # fmt: skip
    partnership = make_partnership(
        cast.lumen,
        cast.lumiere_partner,
        products={lumens_products.shop: BOTH, lumens_products.site: TECHNICAL},
    )
    gone = make_product(cast.lumen, "old.lumen-optik.ch", lumens_products.site.plan, ended_at=now)
    make_grant(partnership, gone)
    make_grant(partnership, lumens_products.server, ended_at=now)
    result = asked_and_granted(asked, partnership)
    assert result.kind is LESS
    web, mail = result.families
    assert [each.product for each in web.granted] == ["lumen-optik.ch", "shop.lumen-optik.ch"]
    assert [each.rights for each in web.granted] == [TECHNICAL, BOTH]
    assert (mail.family, mail.asked, mail.granted, mail.kind) == (Family.MAIL, TECHNICAL, (), LESS)
