"""Whose an order is, who sees its invoice, and who is told (RULES M5, O3, O8)."""

from tests.factories import make_partnership, make_plan
from tests.orders.story import new, ordered, set_values
from webapp.orders import queries
from webapp.orders.rules import Method
from webapp.partnerships.rules import Access, Payer


def test_an_order_is_found_by_those_it_concerns(cast):
    """RULES O8, M5: by who pays and by whom it is for; its invoice by who pays, and by nobody else."""
    wallet = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)
    order = ordered(cast.lumen, new(make_plan()), by=cast.pierre, acting=wallet, key="form", outside="S-1")
    invoice = order.invoice
    for organisation, knows, sees in (
        (cast.lumiere, True, True),
        (cast.lumen, True, False),
        (cast.stefans, False, False),
        (cast.bergwerk, False, False),
    ):
        assert (queries.order_of(organisation, order.public_id) is order) is knows
        assert (queries.invoice_of(organisation, invoice.public_id) is invoice) is sees
    assert queries.any_order(order.public_id) is order
    assert queries.by_id(order.id) is queries.by_key("form") is queries.by_outside_number("S-1") is order
    assert queries.by_reference(order.reference) is order
    assert queries.any_invoice(invoice.public_id) is queries.invoice_by_id(invoice.id) is invoice


def test_money_is_told_to_those_who_manage_it(cast):
    """RULES O3: representatives and administrators who may sign in."""
    assert queries.money_people(cast.lumen) == [cast.nadia, cast.adam]
    set_values(cast.adam, disabled_at=cast.adam.created_at)
    assert queries.money_people(cast.lumen) == [cast.nadia]
    assert queries.is_told(cast.lumen, cast.nadia.email) and not queries.is_told(cast.lumen, cast.hugo.email)


def test_an_invoice_is_offered_where_it_can_be_paid(app):
    """RULES M6: without an account of the operator there is no bank transfer."""
    assert queries.methods("CHF") == [Method.PREPAID, Method.INVOICE]
    assert queries.methods("USD") == [Method.PREPAID]
