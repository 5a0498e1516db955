"""Orders from placing to cancelling, and what each step books, on the real database (RULES M1–M7, M11)."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import join, make_organisation, make_partnership, make_plan, make_product, make_user
from tests.orders.story import (
    BANK,
    DEBT,
    RECEIVABLE,
    all_is_well,
    balances,
    booked,
    cancelled,
    fund,
    has,
    key,
    line_of,
    new,
    ordered,
    pay,
    prepaid,
    refund,
    refund_total,
    set_values,
    withdraw,
)
from tests.tenders.story import audit_of, count, kinds
from webapp.accounts.rules import Role
from webapp.extensions import db
from webapp.ledger.models import Transfer
from webapp.ledger.rules import AccountKind, KeyReused, NotEnough
from webapp.ledger.rules import Side as Account
from webapp.money import Money
from webapp.orders import actions, rules
from webapp.orders.models import Invoice, Order, OrderProduct, Series
from webapp.orders.quotes import renewal_of
from webapp.orders.rules import Method, PriceKind, State
from webapp.partnerships.rules import Access, Payer, Side
from webapp.products import actions as products
from webapp.products.models import Product
from webapp.products.rules import RenewedMeanwhile

CLEARING = Account(AccountKind.CLEARING)
LUMEN, LUMIERE = "Lumen Optik AG", "Lumière Digital Sàrl"
CHARGED = {("revenue", ""): 12_000, ("vat", ""): 972}


@pytest.fixture(autouse=True)
def whatever_happened_adds_up(app):
    """SECURITY L1–L7, M1, M2: after every test of this file."""
    yield
    all_is_well()


@pytest.fixture
def plan(app):
    """CHF 120 or EUR 110 a year, 20 per cent for partners."""
    return make_plan()


@pytest.fixture
def full(cast):
    """Lumière has full access to Lumen, which pays for itself."""
    return make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)


@pytest.fixture
def wallet(cast):
    """Lumière has full access to Lumen, and pays for what it orders for it."""
    return make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)


def ended(partnership, now):
    set_values(partnership, ended_at=now, ended_by_side=Side.CLIENT)


def active(organisation):
    """How many products it has."""
    return db.session.scalar(
        sa.select(sa.func.count())
        .select_from(Product)
        .where(Product.organisation_id == organisation.id, Product.ended_at.is_(None))
    )


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
    fund(cast.lumen, 30_000)
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


# --- numbers ------------------------------------------------------------------------------------------------


def test_numbers_have_no_gaps(cast, plan):
    """RULES M5: what is refused takes no number; credit notes have their own."""
    ordered(cast.lumen, new(plan))
    for values in ({"expected": Money(1, "CHF")}, {"method": Method.PREPAID}, {"by": cast.hugo}):
        with pytest.raises((rules.PriceChanged, NotEnough, rules.NoLongerOrdering)):
            ordered(cast.lumen, new(plan), **values)
    second = ordered(cast.lumen, new(plan))
    assert (second.number, second.invoice.number) == ("O-2026-00002", "2026-00002")
    assert refund(second, 1).number == "C-2026-00001"
    with pytest.raises(rules.TooMuchCredited):
        refund(second, 12_000)
    assert refund(second, 1).number == "C-2026-00002"


def test_a_year_begins_with_one_in_the_operator_s_zone(cast, plan):
    """RULES M5: half past midnight in Zürich is still the old year in UTC."""
    first = ordered(cast.lumen, new(plan), now=datetime(2026, 12, 31, 22, 59, tzinfo=UTC))
    second = ordered(cast.lumen, new(plan), now=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert [first.invoice.number, second.invoice.number] == ["2026-00001", "2027-00001"]
    assert second.invoice.issued_on == date(2027, 1, 1) and second.number == "O-2027-00001"


def test_days_on_invoices_never_go_back(cast, now, plan):
    """RULES M5: a clock that is set back numbers on, with the day of the newest one."""
    ordered(cast.lumen, new(plan), now=now)
    late = ordered(cast.lumen, new(plan), now=now - timedelta(days=3))
    assert (late.invoice.number, late.invoice.issued_on) == ("2026-00002", date(2026, 11, 21))
    assert late.invoice.due_on == date(2026, 12, 21)
    next_one = ordered(cast.lumen, new(plan), now=now + timedelta(days=1))
    assert next_one.invoice.issued_on == date(2026, 11, 22)


# --- payment ------------------------------------------------------------------------------------------------


def test_the_prepaid_account_pays_at_once(cast, plan, full):
    """RULES M4, M6: enough to the last Rappen."""
    fund(cast.lumen, 12_972)
    order = ordered(cast.lumen, new(plan), by=cast.nadia, method=Method.PREPAID)
    assert (order.state, order.due_on, active(cast.lumen)) == (State.PAID, date(2026, 11, 21), 1)
    assert balances() == {
        ("bank", ""): -12_972, **CHARGED, ("cashback", ""): -2400, ("prepaid", LUMIERE): 2400,
    }  # fmt: skip


def test_one_rappen_short_orders_nothing(cast, plan, full):
    """SECURITY L5: no order, no invoice, no number, no mail, no product."""
    fund(cast.lumen, 12_971)
    with pytest.raises(NotEnough):
        ordered(cast.lumen, new(plan), by=cast.nadia, method=Method.PREPAID)
    assert count(Order) == count(Invoice) == count(Series) == active(cast.lumen) == 0
    assert balances() == {("bank", ""): -12_971, ("prepaid", LUMEN): 12_971} and kinds() == []


def test_money_in_another_currency_pays_nothing(cast, plan):
    """SECURITY L6: euros on the account don't pay francs."""
    fund(cast.lumen, 1_000_000, "EUR")
    with pytest.raises(NotEnough):
        ordered(cast.lumen, new(plan), method=Method.PREPAID)
    order = ordered(cast.lumen, new(plan))
    with pytest.raises(ValueError):
        actions.receive(order, Money(12_972, "EUR"), BANK, key=key(), by=None, now=order.placed_at)
    assert booked(order) == {"order_charged": 12_000, "order_vat": 972}


@pytest.mark.parametrize(
    ("parts", "states", "rest"),
    [
        ((12_972,), [State.PAID], 0),
        ((12_971, 1), [State.PART_PAID, State.PAID], 0),
        ((6000, 6972), [State.PART_PAID, State.PAID], 0),
        ((20_000,), [State.PAID], 7028),
        ((6000, 10_000), [State.PART_PAID, State.PAID], 3028),
        ((12_972, 12_972), [State.PAID, State.PAID], 12_972),
        ((12_972, 1, 2), [State.PAID] * 3, 3),
    ],
)
def test_what_is_received(cast, plan, full, parts, states, rest):
    """RULES M6: exact, partial, in excess, twice; what is too much is the payer's."""
    order, seen = ordered(cast.lumen, new(plan)), []
    for part in parts:
        pay(order, part)
        seen.append(order.state)
        assert active(cast.lumen) == has(cast.lumiere) // 2400 == (order.state is State.PAID)
    assert seen == states and has(cast.lumen) == rest
    assert order.received == sum(parts) and order.returned == rest
    assert has(cast.lumen, RECEIVABLE) == 0
    assert kinds().count("order_paid") == 2  # to Nadia and Adam, once


def test_a_transfer_that_was_under_way_when_the_order_was_cancelled(cast, plan, full):
    """RULES M6: it goes to the payer's prepaid account, from where it pays a new order."""
    order = ordered(cast.lumen, new(plan))
    cancelled(order)
    assert balances() == {}
    pay(order, 12_972)
    assert (order.state, active(cast.lumen), order.paid_at) == (State.CANCELLED, 0, None)
    assert balances() == {("bank", ""): -12_972, ("prepaid", LUMEN): 12_972}
    assert ordered(cast.lumen, new(plan), method=Method.PREPAID).state is State.PAID


def test_a_part_payment_comes_back_when_the_order_is_cancelled(cast, plan, full):
    """RULES M6."""
    order = ordered(cast.lumen, new(plan))
    pay(order, 5000)
    cancelled(order)
    assert balances() == {("bank", ""): -5000, ("prepaid", LUMEN): 5000}


def test_the_money_of_an_order_that_a_partner_paid_comes_back_to_the_partner(cast, plan, wallet):
    """RULES M6: to the payer, not to the client."""
    fund(cast.lumiere, 10_378)
    order = ordered(cast.lumen, new(plan), by=cast.pierre, acting=wallet, method=Method.PREPAID)
    assert has(cast.lumiere) == 0
    cancelled(order)
    assert (has(cast.lumiere), has(cast.lumen)) == (10_378, 0)


def test_the_same_payment_counts_once(cast, plan, full):
    """SECURITY L4: the same key and amount; another amount, source or order is refused."""
    order, other = ordered(cast.lumen, new(plan)), ordered(cast.lumen, new(plan))
    for _n in range(3):
        pay(order, 5000, key="transfer-1")
    assert order.received == 5000
    fund(cast.lumen, 5000)
    for wrong in ((order, 5001), (other, 5000), (order, 5000, prepaid(cast.lumen))):
        with pytest.raises(KeyReused):
            pay(*wrong, key="transfer-1")
    assert (order.received, other.received) == (5000, 0)
    pay(order)
    pay(order, 5000, key="transfer-1")
    assert has(cast.lumen) == 5000 and audit_of(order).count("order.received") == 2


def test_an_open_order_is_paid_from_the_prepaid_account_or_by_a_shop(cast, plan):
    """RULES M4, M6."""
    order, outside = ordered(cast.lumen, new(plan)), ordered(cast.lumen, new(plan), method=Method.OUTSIDE)
    with pytest.raises(NotEnough):
        pay(order, source=prepaid(cast.lumen))
    assert order.received == 0
    fund(cast.lumen, 12_972)
    pay(order, source=prepaid(cast.lumen))
    pay(outside, source=CLEARING)
    assert order.state is outside.state is State.PAID
    assert balances() == {
        ("bank", ""): -12_972, ("clearing", ""): -12_972, ("revenue", ""): 24_000, ("vat", ""): 1944,
    }  # fmt: skip


def test_no_invoice_where_nobody_could_pay_it(app, cast, plan, monkeypatch):
    """RULES M6: the operator has no account in this currency."""
    policy = app.config["PROGRAMME"]
    monkeypatch.setitem(policy.seller.iban, "CHF", "")
    with pytest.raises(rules.NoInvoice):
        ordered(cast.lumen, new(plan))


# --- credit -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paid", ["before", "after"])
@pytest.mark.parametrize("steps", [(1,) * 7 + (93,), (33, 33, 34), (99, 1), (50, 50), (100,)])
def test_refunds_add_up(cast, full, paid, steps):
    """RULES M11, SECURITY L7: net, VAT and cashback, in however many steps, before or after the payment."""
    plan = make_plan(price_chf=100, discount=35)
    order = ordered(cast.lumen, new(plan))
    if paid == "before":
        pay(order)
    for done, step in zip(itertools.accumulate(steps), steps, strict=True):
        note = refund(order, step)
        assert (note.net, note.corrects, note.reason) == (step, order.invoice, "Too slow")
        assert order.credited - done == Money(8, "CHF").part(done, 100).minor
        if paid == "before":
            assert has(cast.lumiere) == 35 - Money(35, "CHF").part(done, 100).minor
            assert has(cast.lumen) == order.credited
    if paid == "after":
        assert has(cast.lumiere) == active(cast.lumen) == 0 and order.paid_at is None
        pay(order, 108)
    assert order.state is State.REFUNDED and order.credited == 108 == has(cast.lumen)
    assert balances() == {("bank", ""): -108, ("prepaid", LUMEN): 108}
    assert active(cast.lumen) == 1  # money comes back, products stay: `cancel` ends them
    notes = [invoice for invoice in order.invoices if invoice.is_credit]
    assert [sum(each.net for each in notes), sum(each.vat for each in notes)] == [100, 8]


def test_a_refund_of_several_lines_is_one_credit_note(cast, plan, full):
    """RULES M11: each line with its own part of the VAT."""
    order = ordered(cast.lumen, new(plan), new(plan, 2), new(plan))
    pay(order)
    note = refund(order, 1000, 0, 500)
    assert [(each.line.position, each.net, each.vat) for each in note.credits] == [
        (1, 1000, 81),
        (3, 500, 41),
    ]
    assert (note.net, note.vat, note.gross) == (1500, 122, 1622)
    assert [line.credited for line in order.lines] == [1000, 0, 500]
    assert [line.cashback_booked for line in order.lines] == [2200, 4800, 2300]


def test_a_refund_before_the_payment_lowers_what_is_missing(cast, plan, full):
    """RULES M11, SECURITY M2: the rest pays the order, and the cashback is of the rest."""
    order = ordered(cast.lumen, new(plan))
    refund(order, 6000)
    assert (order.missing.minor, order.state) == (6486, State.OPEN)
    pay(order, 6486)
    assert (order.state, active(cast.lumen), has(cast.lumiere)) == (State.PART_REFUNDED, 1, 1200)


def test_a_refund_that_leaves_what_was_paid_already_pays_the_order(cast, plan, full):
    """SECURITY M2: 64.86 were paid, the other half is given back."""
    order = ordered(cast.lumen, new(plan))
    pay(order, 6486)
    assert active(cast.lumen) == 0
    refund(order, 6000)
    assert (order.state, active(cast.lumen), has(cast.lumiere)) == (State.PART_REFUNDED, 1, 1200)


def test_what_was_credited_whole_before_anything_was_paid_begins_nothing(cast, plan, full):
    """RULES M5, SECURITY M2: nobody gets a product because its bill was wrong; nobody is told of a payment."""
    order = ordered(cast.lumen, new(plan))
    refund(order, 12_000)
    assert (order.state, order.paid_at, active(cast.lumen)) == (State.REFUNDED, None, 0)
    assert "order_paid" not in kinds() and balances() == {}
    cancelled(order)
    assert order.state is State.CANCELLED and balances() == {}


@pytest.mark.parametrize("amounts", [(), (0, 0), (-1, 2)])
def test_a_refund_has_an_amount(cast, plan, amounts):
    """RULES M11."""
    order = ordered(cast.lumen, new(plan), new(plan))
    with pytest.raises(rules.NothingCredited):
        refund(order, *amounts)
    assert count(Invoice) == 1


@given(
    prices=st.lists(st.integers(1, 999), min_size=1, max_size=3),
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 600)), max_size=6),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_refunds_with_and_without_their_vat_add_up(cast, full, prices, steps):
    """RULES M11, SECURITY L7: net by line and gross by total, mixed, and the cancel takes what is left."""
    plans = [make_plan(price_chf=price, sliding=False) for price in prices]
    before = balances()
    order = ordered(cast.lumen, *[new(plan) for plan in plans])
    pay(order)
    for by_line, most in steps:
        if by_line:
            amount = min(most, max(line.left.minor for line in order.lines))
            amounts = {line.id: order.money(min(amount, line.left.minor)) for line in order.lines}
            if amount:
                actions.credit(order, amounts, reason="", by=None, now=order.placed_at)
        elif left := order.gross - order.credited:
            refund_total(order, min(most, left))
        whole = order.money(order.vat)
        assert 0 <= order.credited - sum(line.credited for line in order.lines) <= whole.minor
    all_is_well()
    cancelled(order)
    after = balances()
    bank, own = ("bank", ""), ("prepaid", LUMEN)
    assert after.pop(bank) == before.pop(bank, 0) - order.gross
    assert after.pop(own) == before.pop(own, 0) + order.gross
    assert after == before == {}


@pytest.mark.parametrize("end", ["refunded", "cancelled"])
def test_a_cent_of_vat_that_is_left_alone_is_given_back_too(cast, end):
    """SECURITY L7: 0.08 in refunds of one Rappen, of which the last is nothing but VAT."""
    order = ordered(cast.lumen, new(make_plan(price_chf=7)))
    assert (order.net, order.vat) == (7, 1)
    for _n in range(7):
        refund_total(order, 1)
    assert (line_of(order).credited, order.credited) == (7, 7)
    if end == "refunded":
        note = refund_total(order, 1)
    else:
        note = cancelled(order).invoices[-1]
    assert (note.net, note.vat, [each.vat for each in note.credits]) == (0, 1, [1])
    assert balances() == {}


def test_a_refund_of_a_total_is_spread_over_the_lines(cast, plan, full):
    """RULES M11: as in the whole order, VAT included."""
    order = ordered(cast.lumen, new(plan), new(plan, 2))
    pay(order)
    note = refund_total(order, 3243)
    assert (note.net, note.vat, note.gross) == (3000, 243, 3243)
    assert [(each.net, each.vat) for each in note.credits] == [(1000, 81), (2000, 162)]
    assert has(cast.lumen) == 3243 and has(cast.lumiere) == 6600
    for amount, why in (
        (order.gross, rules.TooMuchCredited), (0, rules.NothingCredited), (-1, rules.NothingCredited),
    ):  # fmt: skip
        with pytest.raises(why):
            refund_total(order, amount)
    cancelled(order)
    with pytest.raises(rules.AlreadyCancelled):
        refund_total(order, 1)


def test_what_a_shop_received_is_given_back_by_the_shop(cast, plan, full):
    """RULES M6: it is not on the prepaid account, too."""
    order = ordered(cast.lumen, new(plan), method=Method.OUTSIDE)
    pay(order, source=CLEARING)
    refund_total(order, 1081)
    assert balances()["clearing", ""] == -12_972 + 1081
    cancelled(order)
    assert balances() == {}


def test_lines_of_another_order_are_not_refunded(cast, plan):
    """RULES M11: a crafted form credits nothing, and makes no empty credit note."""
    order, other = ordered(cast.lumen, new(plan)), ordered(cast.lumen, new(plan))
    amounts = {line_of(other).id: Money(100, "CHF")}
    with pytest.raises(rules.NothingCredited):
        actions.credit(order, amounts, reason="", by=None, now=order.placed_at)
    with pytest.raises(ValueError):
        actions.credit(order, {line_of(order).id: Money(1, "EUR")}, reason="", by=None, now=order.placed_at)
    assert count(Invoice) == 2


def test_nobody_gets_more_back_than_was_billed(cast, plan, full):
    """RULES M11: of each line."""
    order = ordered(cast.lumen, new(plan), new(plan))
    pay(order)
    for amounts in ((12_001,), (0, 12_001)):
        with pytest.raises(rules.TooMuchCredited):
            refund(order, *amounts)
    refund(order, 11_999)
    with pytest.raises(rules.TooMuchCredited):
        refund(order, 2)
    refund(order, 1)
    assert has(cast.lumen) == 12_972 and has(cast.lumiere) == 2400


def test_a_cancelled_order_is_credited_no_more(cast, plan):
    """RULES M6, M11."""
    order = cancelled(ordered(cast.lumen, new(plan)))
    with pytest.raises(rules.AlreadyCancelled):
        refund(order, 1)


# --- cashback -----------------------------------------------------------------------------------------------


def test_cashback_that_was_spent_becomes_a_debt_and_the_next_one_pays_it(cast, plan, full):
    """RULES M11, SECURITY L5: nobody falls below zero; the debt is paid before the partner gets more."""
    order = ordered(cast.lumen, new(plan))
    pay(order)
    withdraw(cast.lumiere, 2000)
    refund(order, 12_000)
    assert (has(cast.lumiere), has(cast.lumiere, DEBT)) == (0, -2000)
    small = ordered(cast.lumen, new(make_plan(price_chf=5000)))
    pay(small)  # brings 10.00
    assert (has(cast.lumiere), has(cast.lumiere, DEBT)) == (0, -1000)
    pay(ordered(cast.lumen, new(plan)))  # brings 24.00
    assert (has(cast.lumiere), has(cast.lumiere, DEBT)) == (1400, 0)
    assert booked(small)["debt_settled"] == 1000
    refund(small, 5000)
    assert (has(cast.lumiere), has(cast.lumiere, DEBT)) == (400, 0)


def test_a_debt_is_of_one_partner_and_one_currency(cast, plan, full):
    """SECURITY L6: cashback in euros pays no debt in francs; money that is paid in stays where it is."""
    order = ordered(cast.lumen, new(plan))
    pay(order)
    withdraw(cast.lumiere, 2400)
    cancelled(order)
    berlin = make_organisation("Berlin GmbH", country="DE")
    make_partnership(berlin, cast.lumiere_partner, Access.FULL)
    pay(ordered(berlin, new(plan)))
    fund(cast.lumiere, 500)
    assert has(cast.lumiere, currency="EUR") == 2200
    assert (has(cast.lumiere), has(cast.lumiere, DEBT)) == (500, -2400)


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


# --- whatever the order of events ---------------------------------------------------------------------------

EVENTS = {
    "paid": lambda order: pay(order, 12_972, key=f"{order.id}:paid"),
    "paid again": lambda order: pay(order, 12_972, key=f"{order.id}:paid"),
    "a rest": lambda order: pay(order, 500, key=f"{order.id}:rest"),
    "refund": lambda order: refund(order, 4321),
    "cancel": lambda order: cancelled(order),
}


def told(order, names):
    """Tells the order these events; a refund after the cancel is refused, as everything was given back."""
    for name in names:
        try:
            EVENTS[name](order)
        except rules.AlreadyCancelled:
            assert name == "refund"


def world(cast):
    """What there is, by account; for the partner as a whole, whatever it owes."""
    return {
        **{name: has(None, AccountKind(name)) for name in ("revenue", "vat", "bank", "cashback")},
        "payer": has(cast.lumen), "receivable": has(cast.lumen, RECEIVABLE),
        "partner": has(cast.lumiere) + has(cast.lumiere, DEBT), "active": active(cast.lumen),
    }  # fmt: skip


@pytest.mark.parametrize(
    "events",
    [("paid", "refund"), ("paid", "cancel"), ("paid", "a rest", "refund"), ("paid", "refund", "cancel"),
     ("paid", "paid again", "refund", "cancel"), ("a rest", "refund", "cancel"), ("a rest", "cancel")],
    ids=", ".join,
)  # fmt: skip
def test_events_in_any_order_and_repeated_come_to_the_same(cast, full, events):
    """SECURITY M2: every order of what happens to an order gives the same state and the same balances."""
    plan = make_plan(sliding=False)
    found = {}
    for names in itertools.permutations(events):
        before = world(cast)
        order = ordered(cast.lumen, new(plan))
        told(order, names)
        differences = {name: value - before[name] for name, value in world(cast).items()}
        found[names] = differences, order.state, order.received, order.returned, order.credited
        if spent := has(cast.lumiere):  # the next one begins with a partner who has spent it all
            withdraw(cast.lumiere, spent)
    assert all(each == found[events] for each in found.values()), found
