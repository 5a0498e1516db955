"""What happens to an affiliate at the same instant, with real threads on both databases."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from tests.affiliation.story import (
    DAY,
    at,
    earning,
    earnings,
    give_back,
    make_joined,
    of,
    ordered,
    plan_for,
    signed_up,
    visited,
    won,
)
from tests.factories import make_organisation, make_prepaid, make_rate, make_user
from tests.partnerships.test_races import race
from tests.tenders.story import kinds_of
from tests.times import NOW
from webapp.accounts.models import Organisation
from webapp.affiliation import actions
from webapp.affiliation.models import AffiliateAccount, Attribution, Commission
from webapp.affiliation.rules import Verdict
from webapp.clients import actions as clients
from webapp.directory import actions as directory
from webapp.directory.models import Application
from webapp.extensions import db
from webapp.orders import actions as orders
from webapp.orders.quotes import Wanted
from webapp.orders.rules import Method
from webapp.partnerships.rules import Side
from webapp.payments import actions as payments
from webapp.payouts import actions as payouts
from webapp.payouts.models import Payout

TIMES = 4
JANUARY = at(2027, 1, 1, 1)


def ordering(customer, plan, method=Method.INVOICE):
    def act(own):
        holder, wanted = own(customer), Wanted(own(plan), "neu.ch")
        return lambda: orders.place(holder, [wanted], side=Side.CLIENT, method=method, by=None, now=NOW)

    return act


def refunding(order, now=NOW):
    def act(own):
        mine = own(order)
        return lambda: give_back(mine, now=now)

    return act


def reviewing(attribution, verdict, olga):
    def act(own):
        mine, person = own(attribution), own(olga)
        return lambda: actions.review(mine, verdict, note="", by=person, now=NOW)

    return act


def booked(account):
    """What its account says, its commissions and the ledger: all the same."""
    total = sa.select(sa.func.sum(Commission.amount)).where(Commission.account_id == account.id)
    assert db.session.scalar(total) == account.earned
    return account.earned


def test_two_orders_of_two_customers_at_once(app):
    """RULES F5: what is earned is exact, and one of the two comes after the other: the second has its rate."""
    account = make_joined()
    earning(account, 4_000)
    customers = [signed_up(account) for _n in range(2)]
    plan = plan_for(8_000)
    for each in customers:
        make_prepaid(each, 10_000 * TIMES)
    for n in range(TIMES):
        results = race(app, *(ordering(each, plan, Method.PREPAID) for each in customers))
        assert not [each for each in results if isinstance(each, Exception)], results
        assert booked(account) == earnings(account)
        if n == 0:  # 20.– reach the step of 50.–: the later one is paid at 30 per cent
            assert account.earned == 4_000 + 2_000 + 2_400
    rows = db.session.scalars(sa.select(Commission).order_by(Commission.id)).all()
    before = 0
    for row in rows:
        assert row.earned_before == before
        before += row.amount


def test_an_order_and_a_refund_of_another_at_once(app):
    """RULES F5, F6."""
    account = make_joined()
    customer, plan = signed_up(account), plan_for(8_000)
    for _n in range(TIMES):
        order = earning(account, 1_000)
        results = race(app, ordering(customer, plan), refunding(order))
        assert not [each for each in results if isinstance(each, Exception)], results
        assert of(order).amount == 0 and booked(account) == earnings(account)


def test_a_refund_and_a_payout_run_at_once(app):
    """RULES F6, F8: paid whole and owed back, or not paid."""
    for n in range(TIMES):
        account = make_joined(f"Affiliate {n}")
        order = earning(account, 6_000)
        month = at(2027, 1 + n, 1, 1)
        results = race(
            app, lambda _own, month=month: lambda: payouts.run_due(now=month), refunding(order, month)
        )
        assert not [each for each in results if isinstance(each, Exception)], results
        paid = db.session.scalars(sa.select(Payout.amount).where(Payout.account_id == account.id)).all()
        assert (paid, earnings(account)) in (([6_000], -6_000), ([], 0))


def test_a_payment_and_a_payout_run_at_once(app):
    """SECURITY M4: what is confirmed while a run is under way is in this payout, or in a later one, never lost."""
    for n in range(TIMES):
        account = make_joined(f"Affiliate {n}")
        order = earning(account, 6_000, paid=False)
        month = at(2027, 1 + n, 1, 1)

        def paying(own, order=order):
            mine = own(order)
            return lambda: payments.book_payment(
                mine, mine.missing, booked_on=date(2026, 12, 1), key=f"late{mine.id}", by=None, now=NOW
            )

        results = race(app, lambda _own, month=month: lambda: payouts.run_due(now=month), paying)
        assert not [each for each in results if isinstance(each, Exception)], results
        payouts.run_due(now=month + 40 * DAY)
        paid = db.session.scalars(sa.select(Payout.amount).where(Payout.account_id == account.id)).all()
        assert (paid, earnings(account)) == ([6_000], 0)


def test_joining_and_being_approved_at_once(app, cast):
    """RULES A3, SECURITY A9: one or the other, never both."""
    for n in range(TIMES):
        owner = make_user(f"Owner {n}")
        company: Organisation = make_organisation(f"Company {n}", owner=owner)

        def joining(own, company=company, owner=owner):
            mine, person = own(company), own(owner)
            return lambda: actions.join(mine, by=person, now=NOW)

        def applying(own, company=company, owner=owner):
            mine, person, olga = own(company), own(owner), own(cast.olga)

            def apply_and_be_approved():
                application: Application = directory.apply(
                    mine, website="https://www.example.com", about="Us", by=person, now=NOW
                )
                return directory.approve(application, by=olga, now=NOW)

            return apply_and_be_approved

        results = race(app, joining, applying)
        joined, _approved = results
        assert kinds_of(results) in (["MayNotApply", "done"], ["MayNotJoin", "done"]), results
        db.session.refresh(company)
        assert company.programme == ("partner" if isinstance(joined, Exception) else "affiliate")
        of_company = AffiliateAccount.organisation_id == company.id
        account = db.session.scalar(sa.select(AffiliateAccount.id).where(of_company))
        assert (account is None) == isinstance(joined, Exception)


def test_joining_and_a_waiting_application_s_approval_at_once(app, cast):
    """RULES A3, SECURITY A9: who waits for an answer can't join, whichever comes first."""
    for n in range(TIMES):
        owner = make_user(f"Owner {n}")
        company = make_organisation(f"Company {n}", owner=owner)
        application = directory.apply(
            company, website="https://www.example.com", about="Us", by=owner, now=NOW
        )

        def joining(own, company=company, owner=owner):
            mine, person = own(company), own(owner)
            return lambda: actions.join(mine, by=person, now=NOW)

        def approving(own, application=application):
            mine, olga = own(application), own(cast.olga)
            return lambda: directory.approve(mine, by=olga, now=NOW)

        assert kinds_of(race(app, joining, approving)) == ["MayNotJoin", "done"]
        db.session.refresh(company)
        assert company.programme == "partner"


def test_leaving_the_other_programme_and_joining_at_once(app, cast):
    """RULES A3, SECURITY A9: an affiliate once it has left, or refused while it has not."""

    def leaving(own):
        mine, pierre = own(cast.lumiere_partner), own(cast.pierre)
        return lambda: clients.leave(mine, by=pierre, now=NOW)

    def joining(own):
        mine, pierre = own(cast.lumiere), own(cast.pierre)
        return lambda: actions.join(mine, by=pierre, now=NOW)

    results = race(app, leaving, joining)
    assert kinds_of(results) in (["done", "done"], ["MayNotJoin", "done"]), results
    db.session.refresh(cast.lumiere)
    assert cast.lumiere.programme == ("affiliate" if kinds_of(results) == ["done", "done"] else None)


def test_joining_twice_at_once_opens_one_account(app):
    """RULES F1."""
    owner = make_user("Owner")
    company = make_organisation("Company", owner=owner)

    def joining(own):
        mine, person = own(company), own(owner)
        return lambda: actions.join(mine, by=person, now=NOW)

    first, second = race(app, joining, joining)
    assert first == second
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AffiliateAccount)) == 1


def test_two_at_the_desk_review_a_customer_at_once(app, cast):
    """RULES F3: one decides; the other hears that somebody did."""
    for n in range(TIMES):
        account = make_joined(f"Affiliate {n}")
        customer = signed_up(account, street=account.organisation.street)
        ordered(customer, paid=True)
        results = race(app, *[reviewing(won(customer), Verdict.REFUSED, cast.olga)] * 2)
        assert kinds_of(results) == ["AlreadyReviewed", "done"]
        assert account.earned == earnings(account) == 0


def test_a_review_and_an_order_at_once(app, cast):
    """RULES F3: whichever comes first, a refused customer's orders bring nothing."""
    account = make_joined()
    customer, plan = signed_up(account), plan_for(8_000)
    for verdict in (Verdict.REFUSED, Verdict.ALLOWED) * 2:
        results = race(app, ordering(customer, plan), reviewing(won(customer), verdict, cast.olga))
        assert not [each for each in results if isinstance(each, Exception)], results
        counting = verdict is Verdict.ALLOWED
        assert (booked(account) > 0) == counting and earnings(account) == account.earned


def test_two_sign_ups_over_one_click_at_once(app):
    """RULES F2: a click wins one customer."""
    account = make_joined()
    for n in range(TIMES):
        visit = visited(account, NOW - DAY)
        people = [make_user(f"Owner {n}{k}", created_at=NOW) for k in range(2)]
        firms = [
            make_organisation(f"Firm {n}{k}", owner=person, street=f"Weg {n}{k}", register_number=None)
            for k, person in enumerate(people)
        ]

        def signing_up(own, visit=visit, pair=None):
            firm, person = own(pair[0]), own(pair[1])
            return lambda: actions.attribute(firm, person=person, visit=visit, now=NOW)

        results = race(
            app,
            *(lambda own, pair=pair: signing_up(own, pair=pair) for pair in zip(firms, people, strict=True)),
        )
        assert results == [None, None], results
        ids = [firm.id for firm in firms]
        found = db.session.scalars(sa.select(Attribution).where(Attribution.organisation_id.in_(ids))).all()
        assert len(found) == 1


def test_a_late_rate_and_a_refund_at_once(app):
    """RULES F9, SECURITY M2."""
    account = make_joined()
    customer = signed_up(account, country="DE", currency="EUR")
    waiting = [ordered(customer, paid=True) for _n in range(TIMES)]
    make_rate()
    for order in waiting:
        results = race(app, lambda _own: lambda: actions.settle_waiting(now=NOW), refunding(order))
        assert not [each for each in results if isinstance(each, Exception)], results
        assert of(order).amount == 0 and earnings(account) == booked(account)
