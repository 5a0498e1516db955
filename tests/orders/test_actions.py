"""Orders from placing to cancelling, on the real database (RULES M1–M6)."""

from datetime import date

import pytest
import sqlalchemy as sa

from tests.factories import (
    join,
    make_organisation,
    make_partnership,
    make_plan,
    make_prepaid,
    make_product,
    make_user,
)
from tests.orders.story import (
    CHARGED,
    LUMEN,
    LUMIERE,
    active,
    balances,
    cancelled,
    ended,
    has,
    line_of,
    new,
    ordered,
    pay,
    refund,
    set_values,
)
from tests.tenders.story import audit_of, count, kinds
from webapp.accounts.rules import Role
from webapp.extensions import db
from webapp.ledger.models import Transfer
from webapp.money import Money
from webapp.orders import actions, rules
from webapp.orders.models import Invoice, Order, OrderProduct, Series
from webapp.orders.quotes import renewal_of
from webapp.orders.rules import Method, PriceKind, State
from webapp.partnerships.rules import Access, Payer, Side
from webapp.products import actions as products
from webapp.products.models import Product
from webapp.products.rules import RenewedMeanwhile

# --- RULES M4, line by line ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payer", "acting", "charged", "net", "gross", "cashback"),
    [
        (Payer.CLIENT, False, "lumen", 12_000, 12_972, 2400),
        (Payer.CLIENT, True, "lumen", 12_000, 12_972, 2400),
        (Payer.PARTNER, False, "lumen", 12_000, 12_972, 2400),
        (Payer.PARTNER, True, "lumiere", 9600, 10_378, 0),
    ],
)
@pytest.mark.parametrize("renewal", [False, True])
def test_full_access(cast, plan, renewal, payer, acting, charged, net, gross, cashback):
    """RULES M4, its first four lines, with what everybody has after placing and after payment; M5."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, payer)
    wanted = make_product(cast.lumen, plan=plan) if renewal else new(plan)
    by = cast.pierre if acting else cast.nadia
    order = ordered(cast.lumen, wanted, by=by, acting=partnership if acting else None)
    payers = getattr(cast, charged)
    assert (order.holder, order.payer, order.by, order.partnership) == (cast.lumen, payers, by, partnership)
    assert (order.access, order.paid_by) == (Access.FULL, payer)
    assert (order.net, order.vat, order.gross) == (net, gross - net, gross)
    line = line_of(order)
    assert line.price is (PriceKind.PUBLIC if charged == "lumen" else PriceKind.PARTNER)
    assert (line.public, line.partner, line.cashback) == (12_000, 9600, cashback)
    assert line.earner is (cast.lumiere if cashback else None)
    assert order.invoice.payer is payers
    taken = {("revenue", ""): net, ("vat", ""): gross - net}
    assert balances() == {("receivable", payers.name): -gross, **taken}
    pay(order)
    earned = {("cashback", ""): -cashback, ("prepaid", LUMIERE): cashback} if cashback else {}
    assert balances() == {("bank", ""): -gross, **taken, **earned}
    [product] = db.session.scalars(sa.select(Product))
    assert (product.organisation, product.payer) == (cast.lumen, payers)  # installed at the client's
    assert product.renews_on == (date(2028, 6, 1) if renewal else date(2027, 11, 21))


@pytest.mark.parametrize("managed", [True, False])
def test_limited_access(cast, plan, managed):
    """RULES M4, its fifth and sixth line."""
    site, other = make_product(cast.lumen, "a.ch", plan), make_product(cast.lumen, "b.ch", plan)
    make_partnership(cast.lumen, cast.lumiere_partner, products=[site])
    order = ordered(cast.lumen, site if managed else other, by=cast.nadia)
    assert (order.payer, order.net, line_of(order).price) == (cast.lumen, 12_000, PriceKind.PUBLIC)
    pay(order)
    earned = {("cashback", ""): -2400, ("prepaid", LUMIERE): 2400} if managed else {}
    assert balances() == {("bank", ""): -12_972, **CHARGED, **earned}


@pytest.mark.parametrize("renewal", [False, True])
def test_a_limited_partner_orders_nothing(cast, plan, renewal):
    """RULES M4, its last line; C1."""
    site = make_product(cast.lumen, plan=plan)
    limited = make_partnership(cast.lumen, cast.lumiere_partner, products=[site])
    with pytest.raises(rules.MayNotOrder):
        ordered(cast.lumen, site if renewal else new(plan), by=cast.pierre, acting=limited)
    assert count(Order) == 0 and balances() == {}


def test_without_a_partner_nobody_earns(cast, plan):
    """RULES M4."""
    order = ordered(cast.lumen, new(plan), by=cast.nadia)
    assert (order.partnership, order.access, order.paid_by) == (None, None, None)
    pay(order)
    assert balances() == {("bank", ""): -12_972, **CHARGED}


@pytest.mark.parametrize("why", ["suspended", "ended", "another client's"])
def test_a_partner_who_no_longer_may_orders_nothing(cast, now, plan, wallet, why):
    """RULES C11, M4."""
    if why == "suspended":
        set_values(cast.lumiere_partner, suspended_at=now)
    elif why == "ended":
        ended(wallet, now)
    holder = cast.stefans if why == "another client's" else cast.lumen
    with pytest.raises(rules.NoLongerOrdering):
        ordered(holder, new(plan), by=cast.pierre, acting=wallet)


@pytest.mark.parametrize("person", ["hugo", "stefan", "pierre"])
def test_who_may_not_spend_the_money_orders_nothing(cast, plan, full, person):
    """RULES O3, M4: collaborators, strangers, and the partner's people under the client's own name."""
    with pytest.raises(rules.NoLongerOrdering):
        ordered(cast.lumen, new(plan), by=getattr(cast, person))


@pytest.mark.parametrize("person", ["paula", "nadia"])
def test_who_may_not_spend_the_partner_s_money_orders_nothing_for_its_client(cast, plan, wallet, person):
    """RULES O3, C13."""
    with pytest.raises(rules.NoLongerOrdering):
        ordered(cast.lumen, new(plan), by=getattr(cast, person), acting=wallet)


def test_an_administrator_may_order(cast, plan):
    """RULES O3."""
    ada = make_user("Ada Arnold")
    join(ada, cast.stefans, Role.ADMINISTRATOR)
    assert ordered(cast.stefans, new(plan), by=ada).by is ada


def test_a_partner_in_francs_pays_francs_for_a_client_in_euros(cast, plan):
    """RULES M4: an order is in its payer's currency, and nothing is converted."""
    berlin = make_organisation("Berlin GmbH", country="DE")
    acting = make_partnership(berlin, cast.lumiere_partner, Access.FULL, Payer.PARTNER)
    order = ordered(berlin, new(plan), by=cast.pierre, acting=acting)
    assert (order.currency, order.net, order.vat) == ("CHF", 9600, 778)
    pay(order)
    assert balances("EUR") == {}
    own = ordered(berlin, new(plan))
    assert (own.currency, own.net, own.vat) == ("EUR", 11_000, 0)
    pay(own)
    assert has(cast.lumiere, currency="EUR") == 2200 and has(cast.lumiere) == 0


def test_several_earners_in_one_order(cast, plan):
    """RULES C1, M4: each gets its own, and the refund of a line takes back that one's only."""
    mine, theirs = make_product(cast.lumen, "a.ch", plan), make_product(cast.lumen, "b.ch", plan)
    make_partnership(cast.lumen, cast.lumiere_partner, products=[mine])
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[theirs])
    order = ordered(cast.lumen, mine, theirs, new(plan))
    pay(order)
    assert (has(cast.lumiere), has(cast.bergwerk)) == (2400, 2400)
    refund(order, 0, 6000)
    assert (has(cast.lumiere), has(cast.bergwerk)) == (2400, 1200)


# --- what is written ----------------------------------------------------------------------------------------


def test_an_order_says_who_what_and_by_which_policy(cast, now, plan, wallet):
    """RULES P1, O8, C14; SECURITY U1, O1."""
    order = ordered(cast.lumen, new(plan, 3, 2, "shop.ch"), by=cast.pierre, acting=wallet)
    assert (order.number, order.reference[:2]) == ("O-2026-00001", "RF")
    assert (order.side, order.method, order.placed_at) == (Side.PARTNER, Method.INVOICE, now)
    assert order.due_on == date(2026, 12, 21)
    assert order.policy_version.startswith("2026-11+")
    line = line_of(order)
    assert (line.quantity, line.periods, line.unit, line.discount, line.sliding) == (3, 2, 12_000, 20, 0)
    assert line.plan_name == {"en": plan.name_en, "fr": plan.name_fr, "de": plan.name_de}
    invoice = order.invoice
    assert (invoice.number, invoice.due_on, invoice.language) == ("2026-00001", date(2026, 12, 21), "fr")
    assert invoice.gross == order.gross
    assert audit_of(order) == ["order.placed"]
    assert kinds() == ["invoice_issued", "ordered_for_client", "ordered_for_client"]
    assert {transfer.policy_version for transfer in db.session.scalars(sa.select(Transfer))} == {
        order.policy_version
    }


def test_what_is_paid_begins_with_the_payment_and_not_before(cast, plan, clock):
    """RULES M5: three products, each with its own name, from the day of the payment on."""
    order = ordered(cast.lumen, new(plan, 3, 2, "shop.ch"), by=cast.nadia)
    assert active(cast.lumen) == 0 and order.state is State.OPEN
    pay(order, now=clock.forward(days=3))
    made = line_of(order).made
    assert [product.label for product in made] == ["shop.ch 1", "shop.ch 2", "shop.ch 3"]
    assert {(product.started_on, product.renews_on) for product in made} == {
        (date(2026, 11, 24), date(2028, 11, 24))
    }
    assert all(product.auto_renew for product in made) and order.paid_at == clock.now


def test_names_of_many_products_sort_as_they_are_counted(cast, plan):
    """RULES M5: “site 01” to “site 12”, so that a list by name does not put 10 before 2."""
    order = ordered(cast.lumen, new(plan, 12, label="site"))
    pay(order)
    names = [product.label for product in line_of(order).made]
    assert (names[0], names[-1]) == ("site 01", "site 12") and names == sorted(names)


def test_what_costs_nothing_begins_at_once(cast, full):
    """RULES M1: nothing to pay, to book, to earn; and an invoice over nothing."""
    order = ordered(cast.lumen, new(make_plan(price_chf=0)))
    assert (order.state, order.gross, order.invoice.gross) == (State.PAID, 0, 0)
    assert active(cast.lumen) == 1 and balances() == {}
    cancelled(order)
    assert active(cast.lumen) == 0 and balances() == {}
    with pytest.raises(rules.AlreadyCancelled):
        refund(order, 0)


def test_a_line_that_costs_nothing_beside_one_that_does(cast, plan, full):
    """RULES M11: its part of VAT, refund and cashback is nothing."""
    order = ordered(cast.lumen, new(make_plan(price_chf=0)), new(plan))
    pay(order)
    refund(order, 0, 12_000)
    assert [line.vat for line in order.lines] == [0, 972]
    assert balances() == {("bank", ""): -12_972, ("prepaid", LUMEN): 12_972}
    cancelled(order)


@pytest.mark.parametrize("number", [0, 51])
def test_an_order_has_lines_but_not_too_many(cast, plan, number):
    """RULES M1."""
    with pytest.raises(rules.NothingOrdered):
        ordered(cast.lumen, *[new(plan)] * number)


def test_a_retired_plan_is_renewed_and_not_sold(cast, now, plan):
    """RULES P1, M1: who has it keeps it."""
    site = make_product(cast.lumen, plan=plan)
    set_values(plan, retired_at=now)
    with pytest.raises(rules.NotSold):
        ordered(cast.lumen, new(plan))
    assert ordered(cast.lumen, site).net == 12_000


def test_a_renewal_is_of_the_plan_that_the_product_has_now(cast, plan):
    """RULES M1, M4: the operator moved it to another plan since the page was read."""
    site = make_product(cast.lumen, plan=plan)
    wanted = renewal_of(site)
    set_values(site, plan=make_plan(price_chf=20_000), label="new.ch")
    order = ordered(cast.lumen, wanted)
    assert (order.net, line_of(order).label) == (20_000, "new.ch")


@pytest.mark.parametrize("why", ["ended", "a stranger's"])
def test_only_own_active_products_are_renewed(cast, now, why):
    """RULES O8, M8."""
    site = make_product(cast.lumen if why == "ended" else cast.stefans)
    if why == "ended":
        set_values(site, ended_at=now)
    with pytest.raises(rules.NotRenewable):
        ordered(cast.lumen, site)


def test_a_suspended_or_dismissed_partner_keeps_what_an_order_promised(cast, now, plan, full):
    """RULES C11, M4: who earns is decided when the order is placed; the end of everything changes nothing."""
    order = ordered(cast.lumen, new(plan))
    ended(full, now)
    set_values(cast.lumiere_partner, suspended_at=now)
    make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL)
    pay(order)
    assert (has(cast.lumiere), has(cast.bergwerk)) == (2400, 0)
    refund(order, 6000)
    assert has(cast.lumiere) == 1200


@pytest.mark.parametrize("payer", list(Payer))
def test_terms_that_change_before_the_payment_change_nothing(cast, plan, payer):
    """RULES C10, M4, M5."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, payer)
    order = ordered(cast.lumen, new(plan), by=cast.pierre, acting=partnership)
    set_values(partnership, payer=Payer.CLIENT if payer is Payer.PARTNER else Payer.PARTNER)
    pay(order)
    assert order.payer is (cast.lumiere if payer is Payer.PARTNER else cast.lumen)
    assert has(cast.lumiere) == (0 if payer is Payer.PARTNER else 2400)


def test_a_changed_policy_rates_nothing_anew(cast, plan, full):
    """RULES P1: neither catalogue nor discount, between order, payment and refund."""
    order = ordered(cast.lumen, new(plan))
    set_values(plan, price_chf=1, discount=0)
    pay(order)
    refund(order, 6000)
    assert has(cast.lumiere) == 1200 and has(cast.lumen) == 6486


# --- once ---------------------------------------------------------------------------------------------------


def test_a_form_that_is_sent_twice_orders_once(cast, plan):
    """SECURITY L4: the second one answers the first order, whatever became of it."""
    make_prepaid(cast.lumen, 30_000)
    values = {"by": cast.nadia, "method": Method.PREPAID, "key": "form-1"}
    first = ordered(cast.lumen, new(plan), **values)
    again = ordered(cast.lumen, new(plan), expected=Money(1, "CHF"), **values)
    assert first is again and count(Order) == count(Invoice) == active(cast.lumen) == 1
    assert has(cast.lumen) == 30_000 - 12_972


def test_a_price_that_changed_is_told_and_nothing_is_ordered(cast, plan, full):
    """RULES M4: also when only the currency or who is charged changed."""
    for amount in (Money(12_971, "CHF"), Money(12_972, "EUR"), Money(10_378, "CHF")):
        with pytest.raises(rules.PriceChanged):
            ordered(cast.lumen, new(plan), expected=amount)
    assert count(Order) == count(Series) == 0
    assert ordered(cast.lumen, new(plan), expected=Money(12_972, "CHF")).number == "O-2026-00001"


def test_a_period_is_renewed_once(cast, plan):
    """SECURITY L4: while the renewal waits, and after it was paid; the next period is another one."""
    site = make_product(cast.lumen, plan=plan)
    first = ordered(cast.lumen, site)
    with pytest.raises(rules.RenewedAlready) as refused:
        ordered(cast.lumen, site)
    assert refused.value.values["order"] == first.number
    pay(first)
    assert site.renews_on == date(2028, 6, 1)
    ordered(cast.lumen, site)
    assert line_of(first).claim == f"{site.id}:2027-06-01"


def test_an_order_makes_a_thousand_products_at_most(cast, plan):
    """All of them begin in the transaction that pays: fifty lines of a thousand would stop everybody for minutes."""
    lines = [new(plan, 500, label="a.ch"), new(plan, 500, label="b.ch")]
    with pytest.raises(rules.TooManyProducts):
        ordered(cast.lumen, *lines, new(plan))
    ordered(cast.lumen, *lines, make_product(cast.lumen, plan=plan))


def test_nothing_is_renewed_beyond_the_century(cast):
    """RULES M8: a product's dates end there, and a plan that costs nothing could be renewed for ever."""
    free = make_plan(price_chf=0, price_eur=0)
    site = make_product(cast.lumen, "lumen.ch", plan=free, renews_on=date(2090, 6, 1))
    with pytest.raises(rules.TooFarAhead):
        ordered(cast.lumen, renewal_of(site, periods=10))
    ordered(cast.lumen, renewal_of(site, periods=9))
    assert site.renews_on == date(2099, 6, 1)
    with pytest.raises(rules.TooFarAhead):
        ordered(cast.lumen, site)


def test_a_cancelled_renewal_lets_go_of_its_period(cast, plan):
    """SECURITY L4."""
    site = make_product(cast.lumen, plan=plan)
    cancelled(ordered(cast.lumen, site))
    pay(ordered(cast.lumen, site))
    assert site.renews_on == date(2028, 6, 1)


def test_an_order_renews_a_product_once(cast, plan):
    """SECURITY L4: a crafted form is refused in a sentence, not by the database."""
    site = make_product(cast.lumen, plan=plan)
    with pytest.raises(rules.RenewedTwice):
        ordered(cast.lumen, site, site)


# --- cancelling ---------------------------------------------------------------------------------------------


def test_a_cancelled_order_ends_what_it_made(cast, plan, full):
    """RULES M6, M11: products, cashback and money, all of it."""
    order = ordered(cast.lumen, new(plan, 2), by=cast.nadia)
    pay(order)
    products.end_product(line_of(order).made[0], by=cast.olga, now=order.placed_at)
    cancelled(order, by=cast.olga)
    assert active(cast.lumen) == 0 and order.state is State.CANCELLED
    assert balances() == {("bank", ""): -25_944, ("prepaid", LUMEN): 25_944}
    assert line_of(order).cashback_booked == 0
    with pytest.raises(rules.AlreadyCancelled):
        cancelled(order)
    assert count(OrderProduct) == 2  # history stays


def test_a_cancelled_order_that_was_refunded_in_part(cast, plan, full):
    """RULES M11: the rest is credited, and no more."""
    order = ordered(cast.lumen, new(plan))
    pay(order)
    refund(order, 3333)
    cancelled(order)
    assert [invoice.gross for invoice in order.invoices] == [12_972, 3603, 9369]
    assert balances() == {("bank", ""): -12_972, ("prepaid", LUMEN): 12_972}


def test_a_cancelled_renewal_is_taken_back(cast, plan, wallet):
    """RULES M6, M2: the product is as it was, also who pays for it."""
    site = make_product(cast.lumen, plan=plan)
    order = ordered(cast.lumen, site, by=cast.pierre, acting=wallet)
    pay(order)
    assert (site.renews_on, site.payer) == (date(2028, 6, 1), cast.lumiere)
    cancelled(order)
    assert (site.renews_on, site.payer, site.ended_at) == (date(2027, 6, 1), cast.lumen, None)


def test_an_unpaid_renewal_is_cancelled_without_touching_the_product(cast, plan):
    """RULES M6."""
    site = make_product(cast.lumen, plan=plan)
    cancelled(ordered(cast.lumen, site))
    assert site.renews_on == date(2027, 6, 1)


def test_a_renewal_that_another_one_followed_is_taken_back_after_it(cast, plan):
    """RULES M6, M8."""
    site = make_product(cast.lumen, plan=plan)
    first, second = ordered(cast.lumen, site, key="a"), None
    pay(first)
    second = ordered(cast.lumen, site, key="b")
    pay(second)
    with pytest.raises(RenewedMeanwhile):
        cancelled(first)
    assert first.cancelled_at is None and site.renews_on == date(2029, 6, 1)
    cancelled(second)
    cancelled(first)
    assert site.renews_on == date(2027, 6, 1)


def test_a_cancelled_renewal_of_a_product_that_has_ended(cast, now, plan):
    """RULES M6: the money comes back; the product stays ended."""
    site = make_product(cast.lumen, plan=plan)
    order = ordered(cast.lumen, site)
    pay(order)
    products.end_product(site, by=cast.olga, now=now)
    cancelled(order)
    assert site.ended_at == now and has(cast.lumen) == 12_972


def test_a_renewal_of_a_product_that_ended_before_it_was_paid(cast, now, plan, full):
    """RULES M6: the money is the payer's again, the other line is carried out; nobody earns on the first."""
    site, shop = make_product(cast.lumen, "a.ch", plan), make_product(cast.lumen, "b.ch", plan)
    order = ordered(cast.lumen, site, shop)
    products.end_product(site, by=cast.olga, now=now)
    pay(order)
    assert [line.credited for line in order.lines] == [12_000, 0]
    assert (site.renews_on, shop.renews_on) == (date(2027, 6, 1), date(2028, 6, 1))
    assert (has(cast.lumen), has(cast.lumiere)) == (12_972, 2400)
    assert order.state is State.PART_REFUNDED
    cancelled(order)
    assert (has(cast.lumen), has(cast.lumiere)) == (25_944, 0) and shop.renews_on == date(2027, 6, 1)


def test_a_renewal_whose_product_was_moved_follows_it(cast, now, plan):
    """RULES M8: the operator moved the day before the payment."""
    site = make_product(cast.lumen, plan=plan)
    order = ordered(cast.lumen, site)
    set_values(site, renews_on=date(2027, 7, 1))
    pay(order)
    assert site.renews_on == line_of(order).ends_on == date(2028, 7, 1)
    cancelled(order)
    assert site.renews_on == date(2027, 7, 1)


def test_who_pays_takes_an_unpaid_order_back(cast, now, plan, wallet):
    """RULES M6: nobody else, and not after the payment."""
    order = ordered(cast.lumen, new(plan), by=cast.pierre, acting=wallet)
    for organisation, by, why in (
        (cast.lumen, cast.nadia, rules.NotOpen),
        (cast.lumiere, cast.nadia, rules.NoLongerOrdering),
        (cast.lumiere, cast.paula, rules.NoLongerOrdering),
    ):
        with pytest.raises(why):
            actions.cancel_unpaid(order, organisation=organisation, by=by, now=now)
    actions.cancel_unpaid(order, organisation=cast.lumiere, by=cast.pierre, now=now)
    assert order.state is State.CANCELLED and balances() == {}
    assert "Lumière Digital Sàrl" in order.invoices[-1].reason
    with pytest.raises(rules.AlreadyCancelled):
        actions.cancel_unpaid(order, organisation=cast.lumiere, by=cast.pierre, now=now)
    paid = ordered(cast.lumen, new(plan))
    pay(paid)
    with pytest.raises(rules.NotOpen):
        actions.cancel_unpaid(paid, organisation=cast.lumen, by=cast.nadia, now=now)
