"""What was put together becomes an order, once, whoever presses at the same time."""

import pytest

from tests.factories import make_partnership, make_prepaid
from tests.ordering.story import orders, sell
from tests.orders.story import has
from tests.threads import at_once
from tests.times import NOW
from webapp import drafts
from webapp.accounts.models import Membership, User
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.ledger.rules import NotEnough
from webapp.money import Money
from webapp.ordering import actions
from webapp.ordering.models import Purchase
from webapp.ordering.rules import AmountChanged, PayerChanged, Seen
from webapp.ordering.selection import Basket, Item
from webapp.orders.models import Order
from webapp.orders.rules import Method, NoLongerOrdering
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Access, Payer, Side


@pytest.fixture
def goods(app):
    return sell()


def begun(person, organisation, *items, partnership=None):
    """A draft of an order with these lines, and what its check page shows."""
    member = db.session.query(Membership).filter_by(user_id=person.id, organisation_id=organisation.id).one()
    basket = Basket(Purchase(member, partnership), drafts.new_key(), [])
    for plan, quantity in items:
        basket.add(Item(drafts.new_key(), plan, "", quantity))
    return drafts.save("order", basket.key, basket.as_kept, now=NOW), basket


def place(draft, basket, seen=None, *, method=Method.INVOICE, by):
    return actions.place(
        draft, basket.purchase, basket.wanted, seen=seen or basket.seen, method=method, key=basket.key, by=by,
        now=NOW,
    )  # fmt: skip


def test_a_second_submit_answers_the_first_order(cast, goods):
    """UX 2.6: the draft's key is the order's."""
    draft, basket = begun(cast.nadia, cast.lumen, (goods.hosting, 35))
    first = place(draft, basket, by=cast.nadia)
    assert place(draft, basket, by=cast.nadia).id == first.id
    assert (len(orders()), first.key) == (1, basket.key)


def test_two_presses_at_the_same_instant_are_one_order(app, cast, goods):
    """SECURITY L4, with real threads on both databases."""
    make_prepaid(cast.lumen, 1_000_000)
    for _race in range(5):
        _draft, basket = begun(cast.nadia, cast.lumen, (goods.hosting, 2))
        row, seen, member = _draft.id, basket.seen, basket.purchase.membership.id
        kept, nadia, key = basket.as_kept, cast.nadia.id, basket.key

        def press(row=row, seen=seen, member=member, kept=kept, key=key, nadia=nadia):
            purchase = Purchase(db.session.get(Membership, member))
            mine = Basket.read(kept, purchase, key)
            person = db.session.get(User, nadia)
            return place(db.session.get(Draft, row), mine, seen, method=Method.PREPAID, by=person).id

        one, two = at_once(app, press, press)
        assert isinstance(one, int) and one == two, (one, two)
    assert len(orders()) == 5
    assert has(cast.lumen) == 1_000_000 - sum(each.gross for each in orders())


def test_what_costs_something_else_by_now_is_refused_with_both_amounts(cast, goods):
    draft, basket = begun(cast.nadia, cast.lumen, (goods.hosting, 35))
    seen = basket.seen
    goods.hosting.price_chf = 1_000
    db.session.commit()
    with pytest.raises(AmountChanged) as refusal:
        place(draft, basket, seen, by=cast.nadia)
    assert refusal.value.values == {"old": Money(28_149, "CHF"), "new": Money(28_376, "CHF")}
    assert orders() == [] and not db.session.get(Draft, draft.id).finished_at, "it can be placed later"


def test_a_client_that_changes_the_payment_method_at_the_same_instant_pays_nothing_unseen(app, cast, goods):
    """RULES C10, M4: whichever comes first, the order is the one that was seen or none."""
    plain = goods.domain
    plain.discount = 0  # both would pay the same
    db.session.commit()
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)
    for _race in range(5):
        partnership.payer = Payer.PARTNER
        db.session.commit()
        draft, basket = begun(cast.pierre, cast.lumiere, (plain, 1), partnership=partnership)
        ids = (draft.id, basket.purchase.membership.id, partnership.id, cast.pierre.id)
        seen, kept, key = basket.seen, basket.as_kept, basket.key

        def press(ids=ids, seen=seen, kept=kept, key=key):
            purchase = Purchase(db.session.get(Membership, ids[1]), db.session.get(Partnership, ids[2]))
            mine = Basket.read(kept, purchase, key)
            return place(db.session.get(Draft, ids[0]), mine, seen, by=db.session.get(User, ids[3])).payer_id

        def change(ids=ids):
            db.session.get(Partnership, ids[2]).payer = Payer.CLIENT
            db.session.commit()

        placed, _changed = at_once(app, press, change)
        assert placed == cast.lumiere.id or isinstance(placed, PayerChanged), placed
    assert {each.payer_id for each in orders()} <= {cast.lumiere.id}


def test_who_is_no_administrator_any_more_orders_nothing(cast, goods):
    """RULES O2: asked again under lock."""
    _draft, basket = begun(cast.adam, cast.lumen, (goods.mail, 1))
    db.session.delete(db.session.query(Membership).filter_by(user_id=cast.adam.id).one())
    db.session.commit()
    with pytest.raises(NoLongerOrdering):
        orders_place(cast, basket, by=cast.adam)
    assert orders() == []


def orders_place(cast, basket, *, by):
    """As the action does it, for somebody whose membership is gone."""
    purchase = Purchase(db.session.query(Membership).filter_by(user_id=cast.nadia.id).one())
    draft = drafts.save("order", drafts.new_key(), {}, now=NOW)
    return actions.place(
        draft,
        purchase,
        basket.wanted,
        seen=basket.seen,
        method=Method.INVOICE,
        key=basket.key,
        by=by,
        now=NOW,
    )


def test_too_little_money_leaves_nothing_behind(cast, goods):
    """SECURITY L5."""
    draft, basket = begun(cast.nadia, cast.lumen, (goods.mail, 1))
    with pytest.raises(NotEnough):
        place(draft, basket, method=Method.PREPAID, by=cast.nadia)
    assert orders() == [] and has(cast.lumen) == 0


def test_what_is_seen_tells_lines_payers_and_amounts_apart(cast, goods):
    _draft, basket = begun(cast.nadia, cast.lumen, (goods.mail, 1))
    _draft, other = begun(cast.nadia, cast.lumen, (goods.mail, 2))
    assert basket.seen != other.seen and basket.seen.lines != other.seen.lines
    assert Seen.read(str(basket.seen)) == basket.seen
    assert db.session.query(Order).count() == 0 and basket.purchase.side is Side.CLIENT
