"""The volume under management, and prices (RULES A2, M1, M2)."""

from datetime import UTC, date, datetime

import pytest

from tests.factories import make_grant, make_partnership, make_plan, make_product
from tests.revenue.story import full, sources_plan
from webapp.directory.actions import suspend
from webapp.directory.rules import SuspensionReason
from webapp.money import Money
from webapp.orders.rules import Treatment
from webapp.partnerships.rules import Access
from webapp.products.rules import Family, Period
from webapp.revenue import queries

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
IN_DECEMBER = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)


def francs(minor):
    return Money(minor, "CHF")


# --- the volume ---------------------------------------------------------------------------------------------


def test_the_volume_is_what_the_managed_products_cost_a_year(cast):
    """RULES A2: full access counts all products, limited access those granted; monthly prices twelve times."""
    monthly = make_plan(period=Period.MONTH, price_chf=900)
    goods = [make_product(cast.lumen, label) for label in ("a.ch", "b.ch", "c.ch")]
    make_partnership(cast.lumen, cast.lumiere_partner, products=goods[:2])
    make_product(cast.stefans, "server", monthly)
    make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL)
    assert queries.volume(cast.lumiere_partner) == queries.Volume(francs(2 * 12_000 + 12 * 900), 3, 2)


def test_the_volume_is_in_the_partner_s_own_currency(cast, now):
    """RULES A2, O3: by the prices of the catalogue, nothing is converted."""
    make_product(cast.lumen)
    make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL)
    volume = queries.volume(cast.bergwerk_partner)
    assert volume.value == Money(11_000, "EUR")
    assert queries.standing(cast.bergwerk_partner, volume, now=now).asked == Money(180_000, "EUR")


def test_what_has_ended_is_not_managed(cast, now):
    """RULES A2."""
    kept, given_back = make_product(cast.lumen, "kept.ch"), make_product(cast.lumen, "back.ch")
    over = make_product(cast.lumen, "over.ch", ended_at=now)
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, products=[kept, over])
    make_grant(partnership, given_back, ended_at=now)
    make_product(cast.stefans)
    make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL, ended_at=now)
    assert queries.volume(cast.lumiere_partner) == queries.Volume(francs(12_000), 1, 1)


def test_a_suspended_partner_manages_nothing(cast, now):
    """RULES A2."""
    make_product(cast.lumen)
    full(cast)
    suspend(cast.lumiere_partner, SuspensionReason.OTHER, by=cast.olga, now=now)
    assert queries.volume(cast.lumiere_partner) == queries.Volume(francs(0), 0, 0)


def test_the_volume_of_many_products_is_one_statement(cast, statements):
    for n in range(30):
        make_product(cast.lumen, f"{n}.ch")
    full(cast)
    assert cast.lumiere_partner.organisation.currency == "CHF"
    partner = cast.lumiere_partner
    with statements() as seen:
        assert queries.volume(partner).products == 30
    assert len([each for each in seen if "plans" in each]) == 1


# --- prices -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "listed", "discounted", "partner", "public"),
    [("CHF", 34_720, 27_776, 20_832, 26_040), ("EUR", 20_125, 16_100, 12_075, 15_094)],
)
def test_the_sources_prices_come_out_exactly(app, currency, listed, discounted, partner, public):
    """RULES M3."""
    factors = queries.price(sources_plan(), currency, quantity=35, periods=1).factors
    assert [each.minor for each in (factors.listed, factors.discounted, factors.partner, factors.public)] == [
        listed, discounted, partner, public,
    ]  # fmt: skip


def test_a_price_counts_what_the_payer_pays_for_already(cast, now):
    """RULES M2: active products of that category, whoever has them."""
    plan = sources_plan()
    for n in range(4):
        make_product(cast.lumen, f"{n}.ch", plan, payer=cast.lumiere)
    make_product(cast.lumiere, "own.ch", plan, ended_at=now)
    make_product(cast.lumiere, "mail.ch", make_plan(family=Family.MAIL))
    price = queries.price(plan, "CHF", quantity=1, periods=1, payer=cast.lumiere)
    assert (price.paid_already, price.factors.count, price.factors.sliding) == (4, 5, 5)
    assert queries.price(plan, "CHF", quantity=1, periods=1).factors.sliding == 0


def test_a_partner_s_price_has_its_vat(cast):
    """RULES M7: by the partner's country; no payer, no VAT."""
    plan = sources_plan()
    price = queries.price(plan, "CHF", quantity=35, periods=1, payer=cast.lumiere)
    assert price.tax.treatment is Treatment.STANDARD
    assert (price.vat, price.gross) == (francs(1_687), francs(22_519))
    assert queries.price(plan, "CHF", quantity=35, periods=1).vat is None
