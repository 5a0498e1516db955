"""What messages of outside shops do: orders with their effects, events in any order and any number of times."""

from __future__ import annotations

import itertools
import logging
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.story import (
    event_of,
    faults_of,
    make_api_key,
    next_id,
    order_of,
    orders,
    renewal_order,
    standing,
    take,
)
from tests.dump import everything
from tests.factories import make_partnership, make_plan, make_product, make_user
from tests.orders.story import has
from webapp.api import actions, queries
from webapp.api.rules import Faults, Misfit, NoRoom, OtherBody, ShownAlready, Standing
from webapp.extensions import db
from webapp.orders.rules import Method, State
from webapp.partnerships.rules import Access, Payer
from webapp.products.models import Product
from webapp.products.rules import Family
from webapp.unit import unit_of_work


@pytest.fixture
def plan(app):
    """CHF 120 a year, 20 per cent for partners."""
    return make_plan("web-pro")


# --- orders -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payer", list(Payer))
def test_the_client_is_charged_and_its_full_partner_earns_once_it_is_paid(cast, plan, payer):
    """RULES M4: who orders in a shop is the client, so it pays the public price under either payment method."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, payer=payer)
    order = take(order_of(cast.lumen, plan, 2))
    assert (order.holder, order.payer, order.partnership) == (cast.lumen, cast.lumen, partnership)
    assert (order.method, order.by, order.outside) == (Method.OUTSIDE, None, "1001")
    assert (order.net, order.state) == (24_000, State.OPEN)
    assert has(cast.lumiere) == 0
    take(event_of("paid"))
    assert order.state is State.PAID
    assert has(cast.lumiere) == 4_800
    assert [product.label for product in order.lines[0].made] == ["example.ch 1", "example.ch 2"]
    assert standing()["clearing", ""] == -order.gross


def test_a_limited_partner_earns_on_a_renewal_of_what_it_manages_alone(cast, plan):
    """RULES M4: the last lines of the table but one."""
    mine, other = make_product(cast.lumen, "mine.ch", plan), make_product(cast.lumen, "other.ch", plan)
    make_partnership(cast.lumen, cast.lumiere_partner, products=[mine])
    lines = [
        {"plan": plan.code, "quantity": 1, "periods": 1, "product": each.public_id} for each in (mine, other)
    ]
    before = mine.renews_on
    order = take(order_of(cast.lumen, plan, lines=lines))
    take(event_of("paid"))
    assert [line.cashback_booked for line in order.lines] == [2_400, 0]
    assert mine.renews_on > before


def test_the_price_is_the_portal_s_and_another_one_is_told(cast, plan):
    """The total that the shop charged is compared; nothing is placed at another price."""
    before = everything()
    with pytest.raises(Faults) as refusal:
        take(order_of(cast.lumen, plan, 100, expected_gross="1.00"))
    (fault,) = refusal.value.faults
    assert (fault.code, fault.pointer) == ("price_changed", "/expected_gross")
    assert "it is now 9729.00 CHF" in fault.message
    assert everything() == before
    assert take(order_of(cast.lumen, plan, 100, expected_gross="9729.00")).gross == 972_900


def test_every_line_that_names_something_wrong_is_told_with_its_place(cast, plan):
    retired = make_plan("old", name="Old", retired_at=plan.created_at)
    mail = make_plan("mail", Family.MAIL)
    mine, theirs = make_product(cast.lumen, "a.ch", plan), make_product(cast.bergwerk, "b.ch", plan)
    ended = make_product(cast.lumen, "c.ch", plan, ended_at=plan.created_at)
    new = {"quantity": 1, "periods": 1, "label": "new.ch"}
    renewed = {"quantity": 1, "periods": 1}
    lines = [
        {**new, "plan": "no-such-plan"},
        {**new, "plan": retired.code},
        {**renewed, "plan": plan.code, "product": theirs.public_id},
        {**renewed, "plan": plan.code, "product": ended.public_id},
        {**renewed, "plan": mail.code, "product": mine.public_id},
        {**new, "plan": plan.code},
    ]
    before = everything()
    with pytest.raises(Faults) as refusal:
        take(order_of(cast.lumen, plan, lines=lines, currency="EUR"))
    assert faults_of(refusal.value) == [
        "other_currency /currency", "unknown_plan /lines/0/plan", "not_sold /lines/1/plan",
        "unknown_product /lines/2/product", "unknown_product /lines/3/product", "other_plan /lines/4/plan",
    ]  # fmt: skip
    assert everything() == before


def test_a_product_of_a_retired_plan_can_be_renewed(cast):
    product = make_product(cast.lumen, "a.ch", make_plan("old", retired_at=cast.lumen.created_at))
    assert take(renewal_order(cast.lumen, product)).gross


def test_an_unknown_client_is_told_alone(cast, plan):
    with pytest.raises(Faults) as refusal:
        take({**order_of(cast.lumen, plan), "client": "a" * 26})
    assert faults_of(refusal.value) == ["unknown_client /client"]


def test_what_the_rules_refuse_has_a_code_and_a_sentence_in_english(cast, plan):
    """SECURITY L4: the same period is renewed once, whoever asks for it."""
    product = make_product(cast.lumen, "a.ch", plan)
    first = take(renewal_order(cast.lumen, product))
    with pytest.raises(Faults) as refusal:
        take(renewal_order(cast.lumen, product, external_id="1002"))
    (fault,) = refusal.value.faults
    assert fault == ("renewed_already", "", f"a.ch is being renewed already: order {first.number}.")


# --- once ---------------------------------------------------------------------------------------------------


def test_the_same_message_twice_is_one_order(cast, plan):
    """SECURITY L4."""
    body, event_id = order_of(cast.lumen, plan), next_id()
    first = take(body, event_id)
    before = everything()
    assert take(body, event_id) is first
    assert everything() == before


def test_the_same_id_says_one_thing(cast, plan):
    """SECURITY L4: another body under the same id is refused, and changes nothing."""
    event_id = next_id()
    take(order_of(cast.lumen, plan), event_id)
    before = everything()
    for body in (order_of(cast.lumen, plan, 2), event_of("paid")):
        with pytest.raises(OtherBody):
            take(body, event_id)
    assert everything() == before


def test_an_order_is_brought_by_one_message(cast, plan):
    take(order_of(cast.lumen, plan))
    before = everything()
    with pytest.raises(Faults) as refusal:
        take(order_of(cast.lumen, plan))
    assert faults_of(refusal.value) == ["already_there /external_id"]
    assert everything() == before


def test_a_message_that_was_refused_can_be_put_right_under_its_id(cast, plan):
    event_id = next_id()
    with pytest.raises(Faults):
        take(order_of(cast.lumen, plan, currency="EUR"), event_id)
    assert take(order_of(cast.lumen, plan), event_id).number


def test_an_event_counts_once_however_often_it_comes(cast, plan):
    """SECURITY L4: paid once, though the shop repeats it a day later."""
    order, event_id = take(order_of(cast.lumen, plan)), next_id()
    for days in (0, 1, 2):
        row = take(event_of("paid", "50.00"), event_id, now=order.placed_at + timedelta(days=days))
        assert row.standing is Standing.APPLIED
        assert order.received == 5_000


# --- events -------------------------------------------------------------------------------------------------


def test_without_an_amount_an_event_is_about_the_whole_order(cast, plan):
    order = take(order_of(cast.lumen, plan))
    take(event_of("paid"))
    assert order.received == order.gross
    take(event_of("refunded"))
    assert (order.credited, order.state) == (order.gross, State.REFUNDED)
    assert standing() == {}  # the shop gives it back itself


def test_a_refund_that_comes_before_its_order_is_parked_then_applied(cast, plan):
    """SECURITY M2."""
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    refund, paid = take(event_of("refunded", "64.86", reason="Too slow")), take(event_of("paid"))
    assert (refund.standing, paid.standing, refund.order) == (Standing.PARKED, Standing.PARKED, None)
    assert standing() == {}
    order = take(order_of(cast.lumen, plan))
    assert (refund.standing, paid.standing, refund.order) == (Standing.APPLIED, Standing.APPLIED, order)
    assert order.state is State.PART_REFUNDED
    assert standing()["clearing", ""] == -6_486  # the shop gives back what it had received
    assert has(cast.lumiere) == 1_200  # RULES M11: half of the cashback
    assert [note.reason for note in order.invoices if note.is_credit] == ["Too slow"]
    assert queries.still_parked() == []


def test_a_refund_beyond_what_is_left_gives_back_what_is_left(cast, plan, caplog):
    order = take(order_of(cast.lumen, plan))
    take(event_of("paid"))
    take(event_of("refunded", "100.00"))
    with caplog.at_level(logging.WARNING):
        row = take(event_of("refunded", "100.00"))
    assert (order.credited, standing()) == (order.gross, {})
    assert (row.misfit, row.standing) == (Misfit.BEYOND, Standing.APPLIED)
    assert "look it up in the shop" in caplog.text
    assert queries.misfits() == [row]


def test_an_event_in_another_currency_is_refused(cast, plan):
    take(order_of(cast.lumen, plan))
    before = everything()
    for kind in ("paid", "refunded"):
        with pytest.raises(Faults) as refusal:
            take(event_of(kind, "10.00", "EUR"))
        assert faults_of(refusal.value) == ["other_currency /data/currency"]
    assert everything() == before


def test_one_that_was_parked_does_not_hold_up_its_order(cast, plan, caplog):
    """The order counts, what fits it too; the rest is told to the operator."""
    wrong, right = take(event_of("paid", "129.72", "EUR")), take(event_of("paid", "100.00"))
    with caplog.at_level(logging.WARNING):
        order = take(order_of(cast.lumen, plan))
    assert (order.received, order.state) == (10_000, State.PART_PAID)
    assert (wrong.misfit, wrong.standing) == (Misfit.CURRENCY, Standing.REFUSED)
    assert (right.misfit, right.standing) == (None, Standing.APPLIED)
    assert f"event {wrong.event_id} came before order {order.number}" in caplog.text


def test_a_cancellation_that_came_too_late_changes_nothing(cast, plan):
    """What followed a renewal is not torn apart (RULES M6); the shop is told why."""
    product = make_product(cast.lumen, "a.ch", plan)
    take(renewal_order(cast.lumen, product))
    take(event_of("paid"))
    take(renewal_order(cast.lumen, product, external_id="1002"))
    take(event_of("paid", external_id="1002"))
    before = everything()
    with pytest.raises(Faults) as refusal:
        take(event_of("cancelled"))
    assert faults_of(refusal.value) == ["renewed_meanwhile"]
    assert everything() == before


def test_money_that_comes_after_the_cancellation_stays_the_shop_s_to_give_back(cast, plan):
    """RULES M6: it never was on an account here."""
    order = take(order_of(cast.lumen, plan))
    take(event_of("cancelled", reason="Changed their mind"))
    take(event_of("paid"))
    assert (order.state, order.returned, standing()) == (State.CANCELLED, order.gross, {})
    assert db.session.query(Product).count() == 0


STORY = {
    "order": None,
    "paid": event_of("paid"),
    "refunded": event_of("refunded", "43.24"),
    "cancelled": event_of("cancelled"),
}


@pytest.mark.parametrize("of", [("order", "paid", "refunded"), ("order", "paid", "cancelled"), tuple(STORY)])
def test_in_whatever_order_messages_come_the_accounts_are_the_same(cast, plan, of):
    """SECURITY M2: all permutations, each on an order of its own; the partner's prepaid account and its debt are
    looked at together."""
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    found = []
    for n, story in enumerate(itertools.permutations(of)):
        before = standing()
        for name in story:
            body = order_of(cast.lumen, plan) if name == "order" else STORY[name]
            take(renumbered(body, str(n)))
        after = standing()
        order = orders()[-1]
        change = {key: after.get(key, 0) - before.get(key, 0) for key in before.keys() | after.keys()}
        change = {key: minor for key, minor in change.items() if minor}
        found.append((change, order.state, order.received, order.credited))
        retire(order)
    assert len(found) == {3: 6, 4: 24}[len(of)]
    assert all(each == found[0] for each in found), found
    change, state, received, credited = found[0]
    assert (state, received) == (
        State.CANCELLED if "cancelled" in of else State.PART_REFUNDED, 12_972,
    )  # fmt: skip
    if "cancelled" in of:  # nobody has paid and nobody has earned
        assert (credited, change) == (12_972, {})
    else:
        assert (credited, change["clearing", ""]) == (4_324, -8_648)
        assert change["prepaid", cast.lumiere.name] == 1_600  # RULES M11: two thirds of 24.00


def renumbered(body, external_id):
    """The same about another order."""
    if "lines" in body:
        return {**body, "external_id": external_id}
    return {**body, "data": {**body["data"], "external_id": external_id}}


@unit_of_work
def retire(order):
    """What it made counts in no later price."""
    for line in order.lines:
        for product in line.made:
            product.ended_at = product.ended_at or order.placed_at


@settings(max_examples=12, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(data=st.data())
def test_however_often_and_in_whatever_order_messages_are_repeated(cast, plan, data):
    """SECURITY L4, M2: further permutations with repetitions, against the straight story."""
    n = next_id()
    names = data.draw(
        st.permutations([*STORY, *data.draw(st.lists(st.sampled_from(list(STORY)), max_size=4))])
    )
    found = []
    for which, story in (("a", list(STORY)), ("b", names)):
        before = standing()
        for name in story:
            body = order_of(cast.lumen, plan) if name == "order" else STORY[name]
            take(renumbered(body, f"{n}{which}"), f"{n}-{which}-{name}")
        after = standing()
        found.append({key: after.get(key, 0) - before.get(key, 0) for key in before.keys() | after.keys()})
        order = orders()[-1]
        found.append((order.state, order.received, order.credited))
        retire(order)
    assert {k: v for k, v in found[0].items() if v} == {k: v for k, v in found[2].items() if v}
    assert found[1] == found[3]


# --- keys ---------------------------------------------------------------------------------------------------


def test_two_keys_are_valid_at_a_time_so_that_one_can_follow_the_other(cast, now):
    old, new = make_api_key(cast.olga, "Old"), make_api_key(cast.olga, "New")
    assert queries.valid_keys() == [old, new]
    with pytest.raises(NoRoom):
        make_api_key(cast.olga, "Third")
    actions.revoke_key(old, by=cast.olga, now=now)
    third = make_api_key(cast.olga, "Third")
    assert {key.name for key in queries.valid_keys()} == {"New", "Third"}
    listed = queries.keys()
    assert [key.name for key in listed] == ["Third", "New", "Old"]
    assert len({key.secret for key in (old, new, third)}) == 3


def test_a_form_makes_one_key(cast, now):
    actions.make_key("Shop", form_key="a" * 26, by=cast.olga, now=now)
    with pytest.raises(ShownAlready):
        actions.make_key("Shop", form_key="a" * 26, by=cast.olga, now=now)


def test_a_key_s_secret_is_in_no_row(cast):
    """SECURITY: a copy of the database signs nothing."""
    key = make_api_key(cast.olga)
    rows = repr(everything())
    assert key.secret.hex() not in rows and repr(key.secret)[2:-1] not in rows
    assert len(key.secret) == 32


def test_a_key_says_once_in_five_minutes_that_it_is_used(cast, now, statements):
    key = make_api_key(cast.olga)
    for seconds, told_at in ((0, 0), (299, 0), (300, 300), (10, 300), (599, 300), (600, 600)):
        actions.note_use([key], now=now + timedelta(seconds=seconds))
        db.session.refresh(key)
        assert key.used_at == now + timedelta(seconds=told_at)
    with statements() as seen:
        actions.note_use([key], now=now + timedelta(seconds=700))
    assert [each for each in seen if each.startswith("UPDATE")] == []


def test_keys_are_in_the_record(cast, now):
    """SECURITY U1."""
    key = make_api_key(make_user(operator_since=now))
    for _time in range(2):
        actions.revoke_key(key, by=cast.olga, now=now)
    rows = [row for row in everything()["audit_events"] if "api_key" in row]
    assert len(rows) == 2
