"""Orders, payments and refunds at the same instant, with real threads on both databases.

Each act first reads what its page showed; then all begin together. Whatever the order, the outcome is one that
could have come one after the other, the books add up, and no number is missing.
"""

import pytest
import sqlalchemy as sa

from tests.factories import (
    join,
    make_organisation,
    make_partner,
    make_partnership,
    make_prepaid,
    make_product,
    make_user,
    make_withdrawal,
)
from tests.orders.story import CLEARING, DEBT, cancelled, has, line_of, new, ordered, pay, prepaid
from tests.partnerships.story import LIMITED, TECHNICAL
from tests.partnerships.test_races import editing, ending, order_of, race, suspending
from tests.tenders.story import count, kinds_of
from webapp.accounts.rules import Role
from webapp.extensions import db
from webapp.money import Money
from webapp.orders import actions
from webapp.orders.models import Invoice, Order, OrderLine
from webapp.orders.quotes import Wanted, renewal_of
from webapp.orders.rules import Method, State
from webapp.partnerships import actions as partnerships
from webapp.partnerships.rules import Access, Payer, Side
from webapp.products import actions as products
from webapp.products.models import Product

RACES = 4


def placing(holder, plan, quantity=1, *, by=None, acting=None, method=Method.PREPAID, now=None, **values):
    """`place` as a page sends it: so many new products."""

    def act(own):
        mine, wanted = own(holder), [Wanted(own(plan), "neu.ch", quantity)]
        through, person = acting and own(acting), by and own(by)
        side = Side.PARTNER if acting else Side.CLIENT
        return lambda: actions.place(
            mine, wanted, side=side, acting=through, method=method, by=person, now=now, **values
        )

    return act


def renewing(product, *, now, method=Method.INVOICE):
    def act(own):
        mine = own(product)
        wanted, holder = [renewal_of(mine)], own(mine.organisation)
        return lambda: actions.place(holder, wanted, side=Side.CLIENT, method=method, by=None, now=now)

    return act


def receiving(order, minor, *, now, key=None, source=None):
    def act(own):
        mine = own(order)
        assert all(line.credited >= 0 for line in mine.lines)  # the page showed them
        return lambda: pay(mine, minor, source, now=now, **({"key": key} if key else {}))

    return act


def cancelling(order, *, now):
    def act(own):
        mine = own(order)
        assert mine.lines
        return lambda: actions.cancel(mine, reason="A mistake", by=None, now=now)

    return act


def crediting(order, minor, *, now):
    def act(own):
        mine = own(order)
        amounts = {line.id: mine.money(minor) for line in mine.lines}
        return lambda: actions.credit(mine, amounts, reason="Too slow", by=None, now=now)

    return act


def clients():
    """A fresh client with a representative, for each race."""
    for n in range(RACES):
        person = make_user("Nora Neu")
        yield make_organisation(f"Neu {n} AG", owner=person), person


# --- one balance, one count ---------------------------------------------------------------------------------


def test_two_orders_never_spend_the_same_balance(app, now, plan):
    """SECURITY L5: it is enough for one of them."""
    for client, person in clients():
        make_prepaid(client, 20_000)
        results = race(app, *[placing(client, plan, by=person, now=now)] * 2)
        assert kinds_of(results) == ["NotEnough", "done"], results
        assert has(client) == 20_000 - 12_972
    assert count(Order) == count(Product) == RACES


def test_two_orders_count_one_after_the_other(app, cast, now, plan):
    """RULES M2: of two times 18 hostings one is of 18 and one of 36, whoever ordered."""
    colleague = make_user("Otto Neu")
    for client, person in clients():
        join(colleague, client, Role.ADMINISTRATOR)
        make_prepaid(client, 1_000_000)
        results = race(app, *[placing(client, plan, 18, by=by, now=now) for by in (person, colleague)])
        lines = [line_of(db.session.get_one(Order, each)) for each in results]
        assert sorted((line.count, line.sliding) for line in lines) == [(18, 15), (36, 25)]


def test_a_partner_s_orders_for_two_clients_count_one_after_the_other(app, cast, now, plan):
    """RULES M2: the same payer, two clients, and itself."""
    make_prepaid(cast.lumiere, 10_000_000)
    wallets = [
        make_partnership(client, cast.lumiere_partner, Access.FULL, Payer.PARTNER) for client, _ in clients()
    ]
    for n, (one, two) in enumerate(zip(wallets[::2], wallets[1::2], strict=True)):
        before = n * 30
        results = race(
            app,
            placing(one.client, plan, 10, by=cast.pierre, acting=one, now=now),
            placing(two.client, plan, 10, by=cast.pierre, acting=two, now=now),
            placing(cast.lumiere, plan, 10, by=cast.pierre, now=now),
        )
        counts = [line_of(db.session.get_one(Order, each)).count for each in results]
        assert sorted(counts) == [before + 10, before + 20, before + 30]


def test_an_open_order_that_is_paid_counts_before_or_after_another_one(app, now, plan):
    """RULES M2: products begin with the payment; the other order has counted them or not, never half."""
    for n, (client, person) in enumerate(clients()):
        make_prepaid(client, 1_000_000)
        waiting = ordered(client, new(plan, 18))
        results = race(
            app,
            receiving(waiting, waiting.gross, key=f"r{n}", now=now),
            placing(client, plan, 18, by=person, now=now),
        )
        assert results[0] is None
        line = line_of(db.session.get_one(Order, results[1]))
        assert (line.count, line.sliding) in [(18, 15), (36, 25)]


# --- once ---------------------------------------------------------------------------------------------------


def test_a_double_click_orders_once(app, now, plan):
    """SECURITY L4: both answer the same order, and neither sees an error."""
    for n, (client, person) in enumerate(clients()):
        make_prepaid(client, 100_000)
        results = race(app, *[placing(client, plan, by=person, now=now, key=f"form-{n}")] * 3)
        assert len(set(results)) == 1 and isinstance(results[0], int), results
        assert has(client) == 100_000 - 12_972


def test_a_period_is_renewed_once(app, now, plan):
    """SECURITY L4: by two people, or a person and the automatic renewal."""
    for client, _person in clients():
        site = make_product(client, plan=plan)
        results = race(app, *[renewing(site, now=now)] * 3)
        assert kinds_of(results) == ["RenewedAlready", "RenewedAlready", "done"], results
        assert db.session.scalar(sa.select(sa.func.count()).where(OrderLine.product_id == site.id)) == 1


def test_a_payment_is_counted_once(app, now, plan):
    """SECURITY L4, M6: the same message of a shop two times at once."""
    for n, (client, _person) in enumerate(clients()):
        order = ordered(client, new(plan))
        assert race(app, *[receiving(order, 12_972, key=f"t{n}", now=now, source=CLEARING)] * 2) == [
            None,
            None,
        ]
        assert (order.received, has(client), len(line_of(order).made)) == (12_972, 0, 1)


def test_two_payments_of_one_order(app, now, plan):
    """RULES M6: both count; the second one is the payer's."""
    for n, (client, _person) in enumerate(clients()):
        order = ordered(client, new(plan))
        acts = [receiving(order, 12_972, key=f"{side}{n}", now=now) for side in "ab"]
        assert race(app, *acts) == [None, None]
        assert (order.received, has(client), len(line_of(order).made)) == (25_944, 12_972, 1)


def test_two_part_payments_pay_the_order(app, now, plan):
    """RULES M6, SECURITY M2: neither sees the other one's half, and it is paid all the same."""
    for n, (client, _person) in enumerate(clients()):
        order = ordered(client, new(plan))
        acts = [receiving(order, 6486, key=f"{side}{n}", now=now) for side in "ab"]
        assert race(app, *acts) == [None, None]
        assert (order.state, len(line_of(order).made)) == (State.PAID, 1)


def test_numbers_have_no_gaps_under_a_crowd(app, cast, now, plan):
    """RULES M5: eight at once, every second one refused; the crowd gets 1 to 4, two times."""
    crowd = list(clients())
    for round_ in (1, 2):
        acts = [placing(client, plan, by=person, method=Method.INVOICE, now=now) for client, person in crowd]
        acts += [placing(client, plan, by=person, now=now) for client, person in crowd]  # nothing is there
        results = race(app, *acts)
        assert kinds_of(results) == ["NotEnough"] * 4 + ["done"] * 4, results
        expected = [f"2026-{n:05d}" for n in range(1, 4 * round_ + 1)]
        assert list(db.session.scalars(sa.select(Invoice.number).order_by(Invoice.number))) == expected


# --- money back ---------------------------------------------------------------------------------------------


def test_a_cancel_and_a_payment(app, cast, now, plan):
    """RULES M6, SECURITY M2: the money is on the prepaid account, nothing is left running, nobody has earned."""
    for n, (client, _person) in enumerate(clients()):
        make_partnership(client, cast.lumiere_partner, Access.FULL)
        order = ordered(client, new(plan))
        results = race(app, cancelling(order, now=now), receiving(order, 12_972, key=f"t{n}", now=now))
        assert results == [None, None]
        assert (order.state, has(client), has(cast.lumiere)) == (State.CANCELLED, 12_972, 0)
        assert all(product.ended_at for product in line_of(order).made)


def test_a_refund_and_a_payment(app, cast, now, plan):
    """SECURITY M2: the same balances, whichever came first."""
    for n, (client, _person) in enumerate(clients()):
        make_partnership(client, cast.lumiere_partner, Access.FULL)
        order = ordered(client, new(plan))
        results = race(app, crediting(order, 6000, now=now), receiving(order, 12_972, key=f"t{n}", now=now))
        assert not any(isinstance(each, Exception) for each in results), results
        assert (order.state, has(client)) == (State.PART_REFUNDED, 6486)
        assert has(cast.lumiere) == 1200 * (n + 1)


def test_two_refunds_never_give_back_more_than_was_billed(app, now, plan):
    """RULES M11: two people refund the same line."""
    for client, _person in clients():
        order = ordered(client, new(plan))
        pay(order)
        results = race(app, *[crediting(order, 7000, now=now)] * 2)
        assert kinds_of(results) == ["TooMuchCredited", "done"], results
        assert has(client) == 7567


def test_an_order_is_cancelled_once(app, now, plan):
    """RULES M6."""
    for client, _person in clients():
        order = ordered(client, new(plan))
        pay(order)
        assert kinds_of(race(app, *[cancelling(order, now=now)] * 2)) == ["AlreadyCancelled", "done"]
        assert has(client) == 12_972


def test_a_partner_spends_its_cashback_while_it_is_taken_back(app, cast, now, plan):
    """SECURITY L5, RULES M11: spent or taken back, what is missing is a debt; never below zero."""
    for client, _person in clients():
        make_partnership(client, cast.lumiere_partner, Access.FULL)
        order = ordered(client, new(plan))
        pay(order)
        before = has(cast.lumiere) + has(cast.lumiere, DEBT)

        def spend(own):
            partner, person = own(cast.lumiere), own(cast.pierre)
            assert partner.currency and person.name
            return lambda: make_withdrawal(partner, person, 2000)

        results = race(app, cancelling(order, now=now), spend)
        assert results[0] is None and kinds_of(results[1:]) in (["done"], ["NotEnough"])
        spent = 0 if isinstance(results[1], Exception) else 2000
        assert has(cast.lumiere) + has(cast.lumiere, DEBT) == before - 2400 - spent
        make_prepaid(cast.lumiere, 1)


# --- people and partnerships that change in the middle ------------------------------------------------------


CHANGED = {
    "the payment method": "partnership.payer",
    "the access": "partnership.access",
    "its end": "partnership.ended",
    "its suspension": "partner.suspended",
}


@pytest.mark.parametrize("what", list(CHANGED))
def test_a_partner_s_order_and_a_change_of_what_it_may(app, cast, now, plan, what):
    """RULES C10, C11, M4: the order was before the change, under the old terms, or it is refused or another one."""
    for client, person in clients():
        rosa = make_user("Rosa Roux")
        partner = make_partner(make_organisation("Partner SA", owner=rosa))
        site = make_product(client)
        wallet = make_partnership(client, partner, Access.FULL, Payer.PARTNER)
        make_prepaid(partner.organisation, 10_378)

        def change_payer(own, wallet=wallet, person=person):
            mine, by = own(wallet), own(person)
            return lambda: partnerships.change_payer(mine, Payer.CLIENT, version=mine.version, by=by, now=now)

        change = {
            "the payment method": change_payer,
            "the access": editing(wallet, LIMITED, {site.id: TECHNICAL}, person, now),
            "its end": ending(wallet, Side.CLIENT, person, now),
            "its suspension": suspending(partner, cast.olga, now),
        }[what]
        results = race(app, placing(client, plan, by=rosa, acting=wallet, now=now), change)
        assert not isinstance(results[1], Exception), results
        refusal = {
            "the payment method": "NotEnough",  # it would be the client's money, of which there is none
            "the access": "MayNotOrder",
        }.get(what, "NoLongerOrdering")
        assert kinds_of(results[:1]) in (["done"], [refusal]), results
        if isinstance(results[0], int):
            happened = order_of("order.placed", CHANGED[what])[-2:]
            assert happened == ["order.placed", CHANGED[what]]  # and not under terms that were over
            order = db.session.get_one(Order, results[0])
            assert (order.payer, order.paid_by, order.net) == (partner.organisation, Payer.PARTNER, 9600)
            assert has(partner.organisation) == 0
        else:
            assert has(partner.organisation) == 10_378


def test_a_product_ends_while_its_renewal_is_paid(app, cast, now, plan):
    """RULES M6: it was renewed and then ended, or the money is on the prepaid account."""
    for n, (client, _person) in enumerate(clients()):
        site = make_product(client, plan=plan)
        order = ordered(client, site)

        def end_product(own, site=site):
            mine, by = own(site), own(cast.olga)
            return lambda: products.end_product(mine, by=by, now=now)

        assert race(app, receiving(order, 12_972, key=f"t{n}", now=now), end_product) == [None, None]
        assert site.ended_at and (has(client), order.state) in [
            (0, State.PAID),
            (12_972, State.REFUNDED),
        ]


def test_a_crowd_orders_without_anybody_in_the_way(app, cast, now, plan):
    """SECURITY L1: partners who earn, order for clients and for themselves, pay and are refunded, all at once."""
    one, two = cast.lumiere_partner, cast.bergwerk_partner
    both = [one.organisation, two.organisation]
    crowd = list(clients())
    for n, (client, _person) in enumerate(crowd):
        make_partnership(client, (one, two)[n % 2], Access.FULL)
    make_partnership(one.organisation, two, Access.FULL)
    for each in (*both, *[client for client, _ in crowd]):
        make_prepaid(each, 1_000_000, "CHF")
        make_prepaid(each, 1_000_000, each.currency)
    open_orders = [ordered(client, new(plan)) for client, _person in crowd]
    paid = [ordered(client, new(plan), method=Method.PREPAID) for client, _person in crowd]
    acts = [placing(client, plan, by=person, now=now) for client, person in crowd]
    acts += [placing(each, plan, now=now) for each in both]
    acts += [receiving(order, 12_972, key=f"c{order.id}", now=now) for order in open_orders]
    acts += [crediting(order, 100, now=now) for order in paid]
    results = race(app, *acts)
    assert kinds_of(results) == ["done"] * len(acts), results


def test_money_that_is_not_there_is_not_spent_by_paying_an_open_order_twice(app, now, plan):
    """SECURITY L5: from the prepaid account, by two people."""
    for n, (client, _person) in enumerate(clients()):
        make_prepaid(client, 12_972)
        order = ordered(client, new(plan))
        acts = [receiving(order, 12_972, key=f"{s}{n}", now=now, source=prepaid(client)) for s in "ab"]
        results = race(app, *acts)
        # the second one gets its own money back at once: what is too much is the payer's
        assert kinds_of(results) in (["NotEnough", "done"], ["done", "done"]), results
        assert order.state is State.PAID and has(client) == 0


def test_the_same_key_for_two_orders_pays_one(app, now, plan):
    """SECURITY L4."""
    for n, (client, _person) in enumerate(clients()):
        orders = [ordered(client, new(plan)) for _n in range(2)]
        results = race(app, *[receiving(each, 12_972, key=f"t{n}", now=now) for each in orders])
        assert kinds_of(results) == ["KeyReused", "done"], results
        assert sorted(each.received for each in orders) == [0, 12_972]


def test_a_cancelled_renewal_and_a_new_one(app, now, plan):
    """SECURITY L4: the new one is refused, or comes after the cancel."""
    for client, _person in clients():
        site = make_product(client, plan=plan)
        first = ordered(client, site)
        results = race(app, cancelling(first, now=now), renewing(site, now=now))
        assert results[0] is None and kinds_of(results[1:]) in (["done"], ["RenewedAlready"])
        if isinstance(results[1], Exception):
            cancelled(ordered(client, site))


def test_an_amount_shown_before_another_order_is_told(app, now, plan):
    """RULES M2: of two people who saw the price of 18 at 15 per cent, one is told the new one."""
    for client, person in clients():
        make_prepaid(client, 1_000_000)
        gross = Money(198_472, client.currency)
        acts = [placing(client, plan, 18, by=person, now=now, expected=gross)] * 2
        assert kinds_of(race(app, *acts)) == ["PriceChanged", "done"]
