"""What an order would cost, and why (RULES M1–M4, M7)."""

import pytest

from tests.factories import make_organisation, make_partnership, make_plan, make_product
from tests.orders.story import cancelled, line_of, new, ordered, pay, set_values
from webapp.money import Money
from webapp.orders.quotes import quote, renewal_of
from webapp.orders.rules import MayNotOrder, PriceKind, Treatment
from webapp.partnerships.rules import Access, Payer, Side
from webapp.products.rules import Family
from webapp.programme import programme


@pytest.fixture
def web(app):
    """Web hosting for CHF 120 or EUR 110 a year that slides, with 20 per cent for partners."""
    return make_plan("web-sliding", Family.WEB)


def own(holder, *wanted):
    return quote(holder, wanted, side=Side.CLIENT)


def by_partner(partnership, *wanted):
    return quote(partnership.client, wanted, side=Side.PARTNER, acting=partnership)


def count_and_rate(found):
    factors = found.lines[0].factors
    return factors.count, factors.sliding


def many(organisation, plan, number, **values):
    return [make_product(organisation, f"{n}.ch", plan, **values) for n in range(number)]


# --- the count of the sliding scale -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "wanted", "expected"),
    [
        (0, 1, (1, 0)),
        (0, 4, (4, 0)),
        (0, 5, (5, 5)),
        (3, 1, (4, 0)),
        (4, 1, (5, 5)),
        (9, 1, (10, 10)),
        (0, 34, (34, 20)),
        (0, 35, (35, 25)),
        (2, 32, (34, 20)),
        (2, 33, (35, 25)),
    ],
)
def test_the_count_has_what_is_there_and_this_order(cast, web, there, wanted, expected):
    """RULES M2: active products of the family, this order included."""
    many(cast.lumen, web, there)
    assert count_and_rate(own(cast.lumen, new(web, wanted))) == expected


def test_all_lines_of_a_family_count_together(cast, web):
    """RULES M2: three of one plan and two of another one are five of the family; mail counts by itself."""
    other, mail = make_plan("web-large", Family.WEB), make_plan("post", Family.MAIL)
    found = own(cast.lumen, new(web, 3), new(other, 2), new(mail, 4))
    assert [(line.factors.count, line.factors.sliding) for line in found.lines] == [(5, 5), (5, 5), (4, 0)]


def test_a_renewal_is_not_counted_twice(cast, web):
    """RULES M2: it is one of the active products already."""
    first, *_rest = many(cast.lumen, web, 4)
    assert count_and_rate(own(cast.lumen, renewal_of(first))) == (4, 0)
    assert count_and_rate(own(cast.lumen, renewal_of(first, periods=3), new(web))) == (5, 5)


def test_what_somebody_else_pays_for_is_not_counted_until_it_is_renewed(cast, web):
    """RULES M2: of the same payer; a product that changes its payer counts for the new one, this order included."""
    wallet = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)
    first, *_rest = many(cast.lumen, web, 3)
    many(cast.lumen, web, 4, payer=cast.lumiere)
    many(cast.stefans, web, 2, payer=cast.lumiere)
    assert count_and_rate(own(cast.lumen, new(web))) == (4, 0)  # its own three and this one
    assert count_and_rate(by_partner(wallet, new(web))) == (7, 5)  # Lumière's six, of two clients
    assert count_and_rate(by_partner(wallet, renewal_of(first))) == (7, 5)


def test_what_has_ended_waits_or_was_cancelled_is_not_counted(cast, now, web):
    """RULES M2: of active products."""
    many(cast.lumen, web, 3)
    many(cast.lumen, web, 3, ended_at=now)
    waiting = ordered(cast.lumen, new(web, 2))
    assert count_and_rate(own(cast.lumen, new(web))) == (4, 0)
    pay(waiting)
    assert count_and_rate(own(cast.lumen, new(web))) == (6, 5)
    cancelled(waiting)
    assert count_and_rate(own(cast.lumen, new(web))) == (4, 0)


@pytest.mark.parametrize(
    ("family", "sliding", "rate"),
    [
        (Family.WEB, True, 25),
        (Family.MAIL, True, 25),
        (Family.WEB, False, 0),
        (Family.CLOUD, True, 0),
        (Family.DOMAIN, True, 0),
        (Family.OTHER, True, 0),
    ],
)
def test_only_web_and_mail_slide_and_only_plans_that_do(cast, family, sliding, rate):
    """RULES M2."""
    plan = make_plan(family=family, sliding=sliding)
    assert count_and_rate(own(cast.lumen, new(plan, 35))) == (35, rate)


@pytest.mark.parametrize(
    ("country", "unit", "public", "partner"),
    [("CH", 992, 26_040, 20_832), ("DE", 575, 15_094, 12_075)],
)
def test_the_figures_of_the_sources_come_out(cast, country, unit, public, partner):
    """RULES M3: 208.32 and 120.75, by the real policy."""
    client = make_organisation("Neu", country=country)
    plan = make_plan(price_chf=unit, price_eur=unit)
    make_partnership(client, cast.lumiere_partner, Access.FULL)
    [line] = own(client, new(plan, 35)).lines
    assert (line.factors.public.minor, line.factors.partner.minor) == (public, partner)
    assert (line.net.minor, line.cashback.minor) == (public, public - partner)


# --- discounts ----------------------------------------------------------------------------------------------


def test_the_policy_s_discount_goes_before_the_catalogue_s(cast):
    """RULES M1, P1."""
    assert programme().discounts == {"newsletter": 35}
    listed, other = make_plan("newsletter", discount=30), make_plan("letters", discount=30)
    found = own(cast.lumen, new(listed), new(other))
    assert [line.factors.discount for line in found.lines] == [35, 30]
    order = ordered(cast.lumen, new(listed))
    assert (line_of(order).discount, line_of(order).partner) == (35, 7800)


def test_half_a_rappen_goes_up(cast):
    """RULES M3, M11: 1.30 less 25 per cent is 0.975; 8.1 per cent of 5.00 are 0.405."""
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    [line] = own(cast.lumen, new(make_plan(price_chf=130, discount=25))).lines
    assert (line.factors.partner.minor, line.cashback.minor) == (98, 32)
    found = own(cast.lumen, new(make_plan(price_chf=500)))
    assert (found.net.minor, found.vat.minor, found.gross.minor) == (500, 41, 541)


def test_vat_is_rounded_once_for_the_whole_order(cast):
    """SECURITY L7: three lines of 0.405 each are 1.22 together, and the parts add up to that."""
    plans = [make_plan(price_chf=500) for _n in range(3)]
    order = ordered(cast.lumen, *[new(plan) for plan in plans])
    assert (order.net, order.vat) == (1500, 122)
    assert sorted(line.vat for line in order.lines) == [40, 41, 41]


def test_what_costs_nothing_can_be_ordered(cast):
    """RULES M1, M4: with nothing to pay, to tax and to earn."""
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    found = own(cast.lumen, new(make_plan(price_chf=0)))
    assert (found.net.minor, found.vat.minor, found.cashback.minor) == (0, 0, 0)


# --- who pays, who earns ------------------------------------------------------------------------------------


def test_the_payer_pays_in_its_own_currency(cast, web):
    """RULES M4: a partner in francs pays francs for a client in euros; the client pays euros itself."""
    berlin = make_organisation("Berlin GmbH", country="DE")
    wallet = make_partnership(berlin, cast.lumiere_partner, Access.FULL, Payer.PARTNER)
    found = by_partner(wallet, new(web))
    assert (found.payer, found.net) == (cast.lumiere, Money(9600, "CHF"))
    assert own(berlin, new(web)).net == Money(11_000, "EUR")
    assert own(berlin, new(web)).cashback == Money(2200, "EUR")


def test_each_limited_partner_earns_on_what_it_manages(cast, web):
    """RULES C1, M4: two partners and nobody, in one order."""
    mine, theirs, nobodys = many(cast.lumen, web, 3)
    one = make_partnership(cast.lumen, cast.lumiere_partner, products=[mine])
    two = make_partnership(cast.lumen, cast.bergwerk_partner, products=[theirs])
    found = own(cast.lumen, *map(renewal_of, (mine, theirs, nobodys)), new(web))
    assert [line.partnership for line in found.lines] == [one, two, None, None]
    assert [bool(line.cashback.minor) for line in found.lines] == [True, True, False, False]
    assert found.partnership is None  # it is nobody's order


def test_a_right_that_was_taken_away_earns_nothing(cast, now, web):
    """RULES C9, M4."""
    [site] = many(cast.lumen, web, 1)
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, products=[site])
    assert own(cast.lumen, renewal_of(site)).lines[0].partnership == partnership
    set_values(partnership, ended_at=now, ended_by_side=Side.CLIENT)
    assert own(cast.lumen, renewal_of(site)).lines[0].partnership is None


@pytest.mark.parametrize("access", list(Access))
def test_a_suspended_partner_earns_nothing(cast, now, web, access):
    """RULES M4, A5: the client orders as if it had no partner."""
    [site] = many(cast.lumen, web, 1)
    products = [site] if access is Access.LIMITED else []
    make_partnership(cast.lumen, cast.lumiere_partner, access, products=products)
    set_values(cast.lumiere_partner, suspended_at=now)
    found = own(cast.lumen, renewal_of(site), new(web))
    assert [line.partnership for line in found.lines] == [None, None] and found.cashback.minor == 0


def test_a_limited_partner_is_told_no_price(cast, web):
    """RULES M4, its last line."""
    [site] = many(cast.lumen, web, 1)
    limited = make_partnership(cast.lumen, cast.lumiere_partner, products=[site])
    for wanted in (new(web), renewal_of(site)):
        with pytest.raises(MayNotOrder):
            by_partner(limited, wanted)


def test_the_partner_price_is_for_who_orders_as_partner(cast, web):
    """RULES M4."""
    wallet = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)
    assert by_partner(wallet, new(web)).lines[0].deal.price is PriceKind.PARTNER
    assert own(cast.lumen, new(web)).lines[0].deal.price is PriceKind.PUBLIC


# --- tax ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "number", "treatment", "rate"),
    [
        ("CH", None, Treatment.STANDARD, 810),
        ("LI", None, Treatment.STANDARD, 810),
        ("DE", None, Treatment.OUTSIDE_SCOPE, 0),
        ("DE", "DE136695976", Treatment.REVERSE_CHARGE, 0),
        ("DE", "DE136695970", Treatment.OUTSIDE_SCOPE, 0),  # wrong check digit
        ("US", None, Treatment.OUTSIDE_SCOPE, 0),
    ],
)
def test_the_payer_s_country_and_number_make_the_tax(cast, web, country, number, treatment, rate):
    """RULES M7."""
    client = make_organisation("Neu", country=country, vat_number=number)
    found = own(client, new(web))
    assert (found.tax.treatment, found.tax.rate) == (treatment, rate)
    assert found.vat == found.net.share(rate) and found.gross == found.net + found.vat
    order = ordered(client, new(web))
    assert (order.treatment, order.vat_rate, order.vat) == (treatment, rate, found.vat.minor)


def test_the_tax_is_the_payer_s_not_the_client_s(cast, web):
    """RULES M5, M7: Bergwerk in Germany pays for a client in Switzerland."""
    set_values(cast.bergwerk, vat_number="DE136695976")
    wallet = make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL, Payer.PARTNER)
    assert by_partner(wallet, new(web)).tax.treatment is Treatment.REVERSE_CHARGE
    assert own(cast.lumen, new(web)).tax.treatment is Treatment.STANDARD
