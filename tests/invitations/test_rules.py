"""What is true of invitations, without a database (RULES C6, C7, C8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.times import NOW
from webapp.invitations import rules
from webapp.invitations.rules import Comparison, Granted, State, Step, compare, state_of, steps
from webapp.partnerships.rules import EVERYTHING, NOTHING, Access, Payer, Rights, Terms
from webapp.products.rules import Family

TECHNICAL, STATISTICAL = Rights(technical=True), Rights(statistical=True)
LIMITED, FULL, WALLET = Terms(Access.LIMITED), Terms(Access.FULL), Terms(Access.FULL, Payer.PARTNER)
LATER, EARLIER = NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("dates", "state"),
    [
        ({"expires_at": LATER}, State.WAITING),
        ({"expires_at": NOW}, State.EXPIRED),
        ({"expires_at": EARLIER}, State.EXPIRED),
        ({"expires_at": LATER, "accepted_at": EARLIER}, State.ACCEPTED),
        ({"expires_at": EARLIER, "accepted_at": EARLIER}, State.ACCEPTED),
        ({"expires_at": LATER, "refused_at": EARLIER}, State.REFUSED),
        ({"expires_at": EARLIER, "refused_at": EARLIER}, State.REFUSED),
        ({"expires_at": LATER, "deleted_at": EARLIER}, State.DELETED),
        ({"expires_at": EARLIER, "deleted_at": EARLIER}, State.DELETED),
    ],
)
def test_the_state_follows_from_the_dates(dates, state):
    """RULES C8: an invitation lapses after 30 days; an answer and a deletion are for good."""
    whole = {"accepted_at": None, "refused_at": None, "deleted_at": None, **dates}
    assert state_of(**whole, now=NOW) is state


@pytest.mark.parametrize("state", State)
def test_what_is_open_can_be_sent_again_or_deleted(state):
    """RULES C8"""
    assert state.open == (state in (State.WAITING, State.EXPIRED))


def test_an_invitation_is_good_for_thirty_days_with_a_reminder_before():
    """RULES C8"""
    assert timedelta(days=30) == rules.LIFETIME
    assert timedelta(days=5) == rules.REMINDER
    assert timedelta(minutes=10) == rules.RESEND_PAUSE


@pytest.mark.parametrize(
    ("access", "third"),
    [(None, Step.PRODUCTS), (Access.LIMITED, Step.PRODUCTS), (Access.FULL, Step.WALLET)],
)
def test_the_way_asks_for_products_or_for_the_payment_method(access, third):
    """RULES C6"""
    assert steps(access) == (Step.WHO, Step.ACCESS, third, Step.CHECK)


@pytest.mark.parametrize(
    ("asked", "wanted", "granted", "given", "kind"),
    [
        (LIMITED, {Family.WEB: TECHNICAL}, LIMITED, {Family.WEB: TECHNICAL}, Comparison.AS_ASKED),
        (LIMITED, {Family.WEB: EVERYTHING}, LIMITED, {Family.WEB: TECHNICAL}, Comparison.LESS),
        (LIMITED, {Family.WEB: TECHNICAL}, LIMITED, {}, Comparison.LESS),
        (LIMITED, {Family.WEB: TECHNICAL}, LIMITED, {Family.WEB: EVERYTHING}, Comparison.MORE),
        (LIMITED, {}, LIMITED, {Family.MAIL: TECHNICAL}, Comparison.MORE),
        (LIMITED, {Family.WEB: TECHNICAL}, LIMITED, {Family.WEB: STATISTICAL}, Comparison.OTHER),
        (LIMITED, {Family.WEB: TECHNICAL}, LIMITED, {Family.MAIL: TECHNICAL}, Comparison.OTHER),
        (LIMITED, {Family.WEB: TECHNICAL}, FULL, {}, Comparison.MORE),
        (FULL, {}, LIMITED, {Family.WEB: EVERYTHING}, Comparison.LESS),
        (FULL, {}, FULL, {}, Comparison.AS_ASKED),
        (WALLET, {}, FULL, {}, Comparison.OTHER),
        (FULL, {}, WALLET, {}, Comparison.OTHER),
    ],
)
def test_what_was_granted_beside_what_was_asked_for(asked, wanted, granted, given, kind):
    """RULES C7: the client may grant other rights than asked, and the partner sees it."""
    products = {family: [Granted("a product", rights)] for family, rights in given.items()}
    compared = compare(asked, wanted, granted, products)
    assert compared.kind is kind
    if asked.access is granted.access is Access.LIMITED:
        assert {each.family for each in compared.families} == {*wanted, *given}
        assert all(each.asked == wanted.get(each.family, NOTHING) for each in compared.families)
    else:
        assert compared.families == ()
