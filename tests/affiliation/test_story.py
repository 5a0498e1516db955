"""Any story of sign-ups, orders, payments, refunds, rates, reviews and payouts, told to the program and to a model.

The model is RULES F in plain Python: whole minor units and days of one zone, worked out anew after each step. The
program must have booked what the model says, for whom it says, and have paid it out in the month that it says:
SECURITY M3–M7; and whatever happened, all that `flask ledger check` proves is true.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.affiliation.story import (
    DAY,
    HOUR,
    SECOND,
    becomes_colleague,
    earnings,
    give_back,
    make_joined,
    of,
    ordered,
    owner_of,
    paid,
    signed_up,
    visited,
    won,
)
from tests.books import all_is_well
from tests.factories import make_organisation, make_partner, make_partnership, make_plan, make_rate, make_user
from tests.orders.story import cancelled, ended
from tests.payouts.story import to
from tests.times import NOW
from webapp import clock
from webapp.affiliation import actions
from webapp.affiliation.models import AffiliateAccount
from webapp.affiliation.rules import AlreadyReviewed, MayNotJoin, NoAffiliate, Reason, Verdict
from webapp.extensions import db
from webapp.ledger import queries as books
from webapp.ledger.rules import AccountKind
from webapp.mailer import QueuedMail
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Access
from webapp.payments import actions as payments
from webapp.payouts import actions as payouts
from webapp.payouts.models import Payout, PayoutPreference, PayoutRun
from webapp.payouts.rules import Executed, NothingToReturn
from webapp.rates import actions as rates
from webapp.rates.models import ExchangeRate
from webapp.rates.rules import OtherRate, Quoted
from webapp.unit import unit_of_work
from webapp.visits import Visit

ZONE = ZoneInfo("Europe/Zurich")
MILLION = 1_000_000
PRICES = {"cheap": 333, "odd": 12_345, "free": 0, "large": 799_999, "domain": 2_500}
COUNTS = {"cheap": True, "odd": True, "free": True, "large": True, "domain": False}
TIERS = ((0, 25), (5_000, 30), (100_000, 35), (2_000_000, 50))  # RULES F5
LEAST = 5_000  # RULES F8
YEAR = 365 * DAY
_stories = count()


# --- the model ----------------------------------------------------------------------------------------------


def rounded(numerator: int, denominator: int) -> int:
    """Half up; nothing here is negative."""
    return (2 * numerator + denominator) // (2 * denominator)


def day_of(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


@dataclass(eq=False)
class Affiliate:
    """Who recommends; `holds_until` and `came_back` are those of its preference, if it has one."""

    name: str
    currency: str
    outside: bool  # paid by the bank
    open: bool = True
    tier: int = 0
    told: int = 0
    paid_until: date | None = None
    holds_until: datetime | None = None
    came_back: bool = False
    deals: list[Deal] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)

    @property
    def earned(self) -> int:
        return sum(deal.amount for deal in self.deals)

    @property
    def counted(self) -> int:
        """RULES F5: without what is not paid or looked at yet."""
        return sum(deal.amount for deal in self.deals if deal.confirms)

    @property
    def balance(self) -> int:
        return self.earned - sum(each.amount for each in self.paid if not each.returned)

    def owed(self, month: date) -> int:
        """RULES F8: what was confirmed before the month, less what was paid."""
        ready = (deal.amount for deal in self.deals if deal.confirms and deal.confirms < month)
        return sum(ready) - sum(each.amount for each in self.paid if not each.returned)


@dataclass(eq=False)
class Client:
    """Whom an affiliate won."""

    affiliate: Affiliate
    currency: str
    since: datetime
    verdict: Verdict
    first: datetime | None = None
    reviewed: date | None = None
    colleague: bool = False
    managed: bool = False


@dataclass(eq=False)
class Deal:
    """An order of a customer, and what it brings."""

    client: Client
    placed: datetime
    nets: list[int]
    counts: list[bool]
    reason: Reason | None
    rate: int
    before: int
    credited: list[int] = field(default_factory=list)
    exchange: int | None = None
    booked: int = 0
    amount: int = 0
    confirms: date | None = None
    over: bool = False
    fell: bool = False

    @property
    def foreign(self) -> bool:
        return self.client.currency != self.client.affiliate.currency

    @property
    def base(self) -> int:
        return sum(net for net, counts in zip(self.nets, self.counts, strict=True) if counts)

    @property
    def whole(self) -> int:
        return rounded(self.base * self.rate, 100)

    @property
    def waits_until(self) -> date:
        return day_of(self.placed) + 30 * DAY

    @property
    def due(self) -> int | None:
        """RULES F6, F9: None as long as the rate of exchange is not known."""
        if self.reason:
            return 0
        if self.foreign and self.exchange is None:
            return None
        gone = sum(back for back, counts in zip(self.credited, self.counts, strict=True) if counts)
        return self.whole - (rounded(self.whole * gone, self.base) if self.base else 0)


@dataclass(eq=False)
class Run:
    executed: bool


@dataclass(eq=False)
class Paid:
    """A payout."""

    affiliate: Affiliate
    month: date
    amount: int
    run: Run
    executed: bool
    returned: bool = False


class Model:
    """The world as the rules say it should be."""

    def __init__(self) -> None:
        self.affiliates: list[Affiliate] = []
        self.clients: list[Client] = []
        self.deals: list[Deal] = []
        self.paid: list[Paid] = []
        self.rates: dict[date, int] = {}
        self.runs: set[tuple[date, str]] = set()

    def exchange(self, deal: Deal) -> int | None:
        """RULES F9: the newest rate of the week before the order."""
        day = day_of(deal.placed)
        known = [each for each in self.rates if day - 7 * DAY <= each <= day]
        if not known:
            return None
        rate = self.rates[max(known)]
        return rate if deal.client.currency == "EUR" else rounded(MILLION * MILLION, rate)

    def why_not(self, client: Client, placed: datetime, counts: list[bool]) -> Reason | None:
        """RULES F2–F4."""
        assert client.first is not None
        reasons = {
            Reason.CLOSED: not client.affiliate.open,
            Reason.OWN: client.colleague,
            Reason.MANAGED: client.managed,
            Reason.LATE: client.first - client.since > 24 * HOUR,
            Reason.OVER: day_of(placed) > day_of(client.since) + 365 * DAY,
            Reason.EXCLUDED: not any(counts),
            Reason.REFUSED: client.verdict is Verdict.REFUSED,
        }
        return next((reason for reason, applies in reasons.items() if applies), None)

    def place(self, client: Client, plans: list[str], now: datetime) -> Deal:
        client.first = client.first or now
        earned, counts = client.affiliate.counted, [COUNTS[plan] for plan in plans]
        rate = [rate for step, rate in TIERS if earned >= step][-1]
        nets = [PRICES[plan] for plan in plans]
        deal = Deal(
            client, now, nets, counts, self.why_not(client, now, counts), rate, earned, [0] * len(nets)
        )
        self.deals.append(deal)
        client.affiliate.deals.append(deal)
        return deal

    def settle(self, deal: Deal, paid_at: datetime | None, now: datetime) -> None:
        """RULES F5, F6, SECURITY M3: what follows from the facts; `paid_at` is the order's."""
        self.follow(deal, paid_at, now)
        self.tell(deal.client.affiliate)

    def follow(self, deal: Deal, paid_at: datetime | None, now: datetime) -> None:
        client, affiliate = deal.client, deal.client.affiliate
        if deal.foreign and deal.exchange is None:
            deal.exchange = self.exchange(deal)
        due = deal.due
        if due is None:
            return
        if due != deal.booked:
            deal.booked = due
            deal.amount = rounded(due * deal.exchange, MILLION) if deal.exchange else due
        if deal.reason:
            return
        deal.fell = deal.fell or (due == 0 and deal.whole > 0)
        if deal.confirms is None and paid_at and client.verdict is not Verdict.HELD:
            after = deal.waits_until + DAY
            late = day_of(now) if deal.exchange and day_of(now) >= after else after
            days = (after, day_of(paid_at), late, affiliate.paid_until, client.reviewed)
            deal.confirms = max(each for each in days if each)

    def tell(self, affiliate: Affiliate) -> None:
        rate = [rate for step, rate in TIERS if affiliate.counted >= step][-1]
        if rate > affiliate.tier:
            affiliate.told += not (affiliate.tier == 0 and rate == 25)
            affiliate.tier = rate

    def run(self, now: datetime) -> list[Paid]:
        """RULES F8, SECURITY M4."""
        month, made = day_of(now).replace(day=1), []
        start = datetime(month.year, month.month, 1, tzinfo=ZONE)
        for currency in ("CHF", "EUR"):
            again, run = (month, currency) in self.runs, Run(executed=True)
            for affiliate in self.affiliates:
                if affiliate.currency != currency or (affiliate.paid_until and affiliate.paid_until >= month):
                    continue
                held = affiliate.holds_until
                if again and (held is None or held < start):
                    continue
                if affiliate.owed(month) < LEAST or affiliate.came_back or (held and now < held):
                    continue
                payout = Paid(affiliate, month, affiliate.owed(month), run, executed=not affiliate.outside)
                run.executed = run.executed and payout.executed
                affiliate.paid_until = month
                affiliate.paid.append(payout)
                self.paid.append(payout)
                self.runs.add((month, currency))
                made.append(payout)
        return made


# --- both, side by side -------------------------------------------------------------------------------------


class Story(RuleBasedStateMachine):
    """Each rule does the same to both; the invariants compare."""

    @initialize(rate=st.booleans())
    def begin(self, rate: bool) -> None:
        db.session.rollback()
        # a month has one run, whoever is paid in it: each story has months of its own
        self.model, self.rows, self.now = Model(), {}, NOW + next(_stories) * 4 * YEAR
        self.olga = make_user("Olga", operator_since=NOW)
        self.partner = make_partner(make_organisation("Uhu SA"))
        self.plans = {
            name: make_plan(price_chf=price, price_eur=price, sliding=False, affiliates=COUNTS[name])
            for name, price in PRICES.items()
        }
        self.model.rates = {row.day: row.millionths for row in db.session.scalars(sa.select(ExchangeRate))}
        self.model.runs = {(row.month, row.currency) for row in db.session.scalars(sa.select(PayoutRun))}
        if rate:
            self.rate_is_imported(days=3, millionths=937_654)
        self.under_way = {each: operator_has(each) for each in ("CHF", "EUR")}
        for name, currency, outside in (("Anna", "CHF", False), ("Bert", "EUR", True)):
            affiliate = Affiliate(name, currency, outside)
            account = make_joined(name, currency=currency, country="CH" if currency == "CHF" else "DE")
            if outside:
                to(account)
                affiliate.holds_until = NOW - 25 * DAY
            self.rows[affiliate] = account
            self.model.affiliates.append(affiliate)
            for each in ("CHF", "EUR"):
                client = self.sign_up(affiliate, each, "click")
                assert client
                self.order(client, ["large"] if each == currency else ["odd"], pays=each == currency)
        self.now += 31 * DAY
        self.month_is_paid(next_month=True)
        assert len(self.model.paid) == 2

    def settle(self, deal: Deal) -> None:
        self.model.settle(deal, self.rows[deal].paid_at, self.now)

    def deal(self, data: Any) -> Deal:
        return data.draw(st.sampled_from(self.model.deals))

    # --- winning and ordering

    @rule(
        who=st.integers(0, 1), currency=st.sampled_from(("CHF", "EUR")),
        how=st.sampled_from(("click", "click", "click", "code", "own place", "own number", "old click")),
        plan=st.sampled_from(("odd", "large", "nothing yet")),
    )  # fmt: skip
    def somebody_signs_up(self, who: int, currency: str, how: str, plan: str) -> None:
        client = self.sign_up(self.model.affiliates[who], currency, how)
        if client and plan != "nothing yet":
            self.order(client, [plan], pays=True)

    def sign_up(self, affiliate: Affiliate, currency: str, how: str) -> Client | None:
        account: AffiliateAccount = self.rows[affiliate]
        own = account.organisation
        values: dict[str, Any] = {"currency": currency, "country": "CH" if currency == "CHF" else "DE"}
        visit = visited(account, self.now - (30 * DAY + SECOND if how == "old click" else HOUR))
        verdict = Verdict.ALLOWED
        if how == "code":
            visit = Visit(account.tag, None, self.now, "", "192.0.2.1")
        elif how == "own place":
            values = {"currency": own.currency, "country": own.country, "street": own.street}
            verdict = Verdict.HELD
        elif how == "own number":
            change(own, register_number=f"CHE-{own.id}")
            values["register_number"], verdict = own.register_number, Verdict.REFUSED
        customer = signed_up(account, now=self.now, visit=visit, **values)
        found = won(customer)
        if how == "code" and found:
            verdict = found.verdict  # many codes from one place make somebody look
        assert (found is not None) == (affiliate.open and how != "old click")
        if found is None:
            return None
        assert (found.verdict, found.account) == (verdict, account)
        client = Client(affiliate, values["currency"], self.now, verdict)
        self.rows[client] = customer
        self.model.clients.append(client)
        return client

    @precondition(lambda self: self.model.clients)
    @rule(
        data=st.data(), plans=st.lists(st.sampled_from(tuple(PRICES)), min_size=1, max_size=3),
        pays=st.booleans(),
    )  # fmt: skip
    def somebody_orders(self, data: Any, plans: list[str], pays: bool) -> None:
        self.order(data.draw(st.sampled_from(self.model.clients)), plans, pays=pays)

    def order(self, client: Client, plans: list[str], *, pays: bool) -> None:
        order = ordered(self.rows[client], *(self.plans[plan] for plan in plans), now=self.now)
        deal = self.model.place(client, plans, self.now)
        self.rows[deal] = order
        self.settle(deal)
        if pays:
            self.pay(deal)

    @precondition(lambda self: len(self.model.clients) > 4)
    @rule(data=st.data(), colleague=st.booleans())
    def somebody_else_appears(self, data: Any, colleague: bool) -> None:
        client = data.draw(st.sampled_from(self.model.clients[4:]))
        if colleague and not client.colleague:
            becomes_colleague(owner_of(self.rows[client]), self.rows[client.affiliate].organisation)
            client.colleague = True
        elif not colleague and client.managed:
            ended(self.rows[client, "partnership"], self.now)
            client.managed = False
        elif not colleague:
            partnership: Partnership = make_partnership(self.rows[client], self.partner, Access.FULL)
            self.rows[client, "partnership"] = partnership
            client.managed = True

    # --- money

    @precondition(lambda self: self.model.deals)
    @rule(data=st.data())
    def order_is_paid(self, data: Any) -> None:
        self.pay(self.deal(data))

    def pay(self, deal: Deal) -> None:
        if self.rows[deal].missing.minor > 0:
            paid(self.rows[deal], now=self.now)
            self.settle(deal)

    @precondition(lambda self: self.model.deals)
    @rule(data=st.data(), per_cent=st.integers(1, 100))
    def something_is_given_back(self, data: Any, per_cent: int) -> None:
        deal = self.deal(data)
        left = [net - back for net, back in zip(deal.nets, deal.credited, strict=True)]
        minors = [each * per_cent // 100 for each in left]
        if deal.over or not any(minors):
            return
        give_back(self.rows[deal], *minors, now=self.now)
        deal.credited = [back + minor for back, minor in zip(deal.credited, minors, strict=True)]
        self.settle(deal)

    @precondition(lambda self: self.model.deals)
    @rule(data=st.data())
    def order_is_cancelled(self, data: Any) -> None:
        deal = self.deal(data)
        if not deal.over:
            cancelled(self.rows[deal], now=self.now)
            deal.over, deal.credited = True, list(deal.nets)
            self.settle(deal)

    @rule(days=st.integers(0, 8), millionths=st.integers(500_000, 2_000_000))
    def rate_is_imported(self, days: int, millionths: int) -> None:
        day = day_of(self.now) - days * DAY
        known = self.model.rates.get(day)
        if known not in (None, millionths):
            with pytest.raises(OtherRate):
                rates.take_in([Quoted("CHF", millionths, day)], by=None, now=self.now)
            return
        rates.take_in([Quoted("CHF", millionths, day)], by=None, now=self.now)
        self.model.rates[day] = millionths
        for deal in self.model.deals:
            if deal.foreign and deal.exchange is None and not deal.reason:
                self.settle(deal)

    # --- the desk and the affiliate

    @precondition(lambda self: self.model.clients)
    @rule(data=st.data(), verdict=st.sampled_from((Verdict.ALLOWED, Verdict.REFUSED)))
    def desk_decides(self, data: Any, verdict: Verdict) -> None:
        client = data.draw(st.sampled_from(self.model.clients))
        attribution = won(self.rows[client])
        if client.verdict is verdict:
            with pytest.raises(AlreadyReviewed):
                actions.review(attribution, verdict, note="", by=self.olga, now=self.now)
            return
        actions.review(attribution, verdict, note="", by=self.olga, now=self.now)
        client.verdict, client.reviewed = verdict, day_of(self.now)
        for deal in [each for each in self.model.deals if each.client is client]:
            if verdict is Verdict.REFUSED:
                deal.reason = deal.reason or Reason.REFUSED
            elif deal.reason is Reason.REFUSED:
                deal.reason = deal.confirms = None
            self.settle(deal)

    @rule(who=st.integers(0, 1))
    def account_is_closed_or_opened(self, who: int) -> None:
        affiliate = self.model.affiliates[who]
        account: AffiliateAccount = self.rows[affiliate]
        owner = owner_of(account.organisation)
        if affiliate.open:
            actions.close(account, by=owner, now=self.now)
            with pytest.raises(NoAffiliate):
                actions.close(account, by=owner, now=self.now)
        else:
            change(account.organisation, programme="partner")  # SECURITY A9
            with pytest.raises(MayNotJoin):
                actions.join(account.organisation, by=owner, now=self.now)
            change(account.organisation, programme=None)
            assert actions.join(account.organisation, by=owner, now=self.now) == account
        affiliate.open = not affiliate.open

    # --- payouts

    @rule(next_month=st.booleans())
    def month_is_paid(self, next_month: bool) -> None:
        if next_month:
            self.now = datetime.combine(day_of(self.now).replace(day=1) + 32 * DAY, time(9), UTC).replace(
                day=1
            )
        made = self.model.run(self.now)
        assert payouts.run_due(now=self.now) == len(made)
        for each in made:
            of_month = sa.and_(Payout.account_id == self.rows[each.affiliate].id, Payout.month == each.month)
            self.rows[each] = db.session.scalars(sa.select(Payout).where(of_month)).one()

    @precondition(lambda self: self.model.paid)
    @rule(data=st.data())
    def run_is_carried_out(self, data: Any) -> None:
        payout = data.draw(st.sampled_from(self.model.paid))
        run = self.rows[payout].run
        if payout.run.executed:
            with pytest.raises(Executed):
                payouts.execute(run, by=self.olga, now=self.now)
            return
        payouts.execute(run, by=self.olga, now=self.now)
        payout.run.executed = True
        for each in self.model.paid:
            if each.run is payout.run and not each.returned:
                each.executed = True

    @precondition(lambda self: self.model.paid)
    @rule(data=st.data(), again=st.booleans())
    def payout_comes_back(self, data: Any, again: bool) -> None:
        payout = data.draw(st.sampled_from(self.model.paid))
        account = self.rows[payout.affiliate]
        if payout.returned or not payout.affiliate.outside:
            with pytest.raises(NothingToReturn):
                payouts.take_back(self.rows[payout], reason="Closed", by=self.olga, now=self.now)
            return
        payouts.take_back(self.rows[payout], reason="Closed", by=self.olga, now=self.now)
        payout.returned, payout.affiliate.came_back = True, True
        if all(each.returned or each.executed for each in self.model.paid if each.run is payout.run):
            payout.run.executed = True
        if again:
            self.confirm(payout.affiliate, account)

    @rule()
    def bert_confirms_where_payouts_go(self) -> None:
        self.confirm(self.model.affiliates[1], self.rows[self.model.affiliates[1]])

    def confirm(self, affiliate: Affiliate, account: AffiliateAccount) -> None:
        """The same place once more."""
        row = db.session.get_one(PayoutPreference, account.id)
        owner = owner_of(account.organisation)
        payouts.prefer(account, row.kind, row.target, row.holder, by=owner, now=self.now)
        if affiliate.came_back and affiliate.holds_until:
            affiliate.came_back, affiliate.holds_until = False, max(affiliate.holds_until, self.now)

    # --- time

    @rule(passed=st.sampled_from((HOUR, 23 * HOUR, DAY, 7 * DAY, 29 * DAY, 30 * DAY, 31 * DAY, 200 * DAY)))
    def time_passes(self, passed: timedelta) -> None:
        self.now += passed

    @rule(back=st.sampled_from((HOUR, 3 * DAY, 40 * DAY)))
    def clock_is_set_back(self, back: timedelta) -> None:
        """SECURITY M7."""
        self.now -= back

    # --- what has to be true after each step

    @invariant()
    def the_books_add_up(self) -> None:
        """All that `flask ledger check` proves."""
        all_is_well()

    @invariant()
    def every_order_brings_what_the_rules_say(self) -> None:
        """RULES F2–F6, F9; SECURITY M3, M5, M7."""
        for deal in self.model.deals:
            found = of(self.rows[deal])
            assert (found.reason, found.rate, found.earned_before) == (deal.reason, deal.rate, deal.before)
            assert (found.base, found.whole, found.excluded) == (
                deal.base,
                deal.whole,
                sum(deal.nets) - deal.base,
            )
            assert (found.booked, found.amount, found.exchange) == (deal.booked, deal.amount, deal.exchange)
            assert (found.confirms_on, found.waits_until) == (deal.confirms, deal.waits_until)
            assert (found.cancelled_at is not None) == deal.fell

    @invariant()
    def every_affiliate_has_what_it_earned(self) -> None:
        """RULES F5, F8; SECURITY M4: less what it was paid; nothing in another currency; tiers told once."""
        for affiliate in self.model.affiliates:
            account = self.rows[affiliate]
            db.session.refresh(account)
            assert (account.earned, account.tier) == (affiliate.earned, affiliate.tier)
            assert earnings(account) == affiliate.balance
            assert earnings(account, "EUR" if affiliate.currency == "CHF" else "CHF") == 0
            assert account.paid_until == affiliate.paid_until
            assert (account.closed_at is None) == affiliate.open
            assert account.organisation.programme == ("affiliate" if affiliate.open else None)  # A9
            about = sa.and_(QueuedMail.kind == "tier_reached", QueuedMail.about == account.id)
            people = len(db.session.scalars(sa.select(QueuedMail.address).where(about).distinct()).all())
            mails = db.session.scalars(sa.select(QueuedMail.id).where(about)).all()
            assert len(mails) == affiliate.told * people if affiliate.told else not mails

    @invariant()
    def nobody_is_paid_twice_or_too_little(self) -> None:
        """SECURITY M4: at most one payout per month, of at least 50.–, equal to what was due."""
        for affiliate in self.model.affiliates:
            account = self.rows[affiliate]
            found = db.session.scalars(
                sa.select(Payout).where(Payout.account_id == account.id).order_by(Payout.id)
            ).all()
            assert [(each.month, each.amount, each.returned_at is not None) for each in found] == [
                (each.month, each.amount, each.returned) for each in affiliate.paid
            ]
            assert len({each.month for each in found}) == len(found)
            assert all(each.amount >= LEAST and each.currency == affiliate.currency for each in found)
        for currency in ("CHF", "EUR"):
            waiting = sum(
                each.amount for each in self.model.paid
                if each.affiliate.currency == currency and not each.executed and not each.returned
            )  # fmt: skip
            assert operator_has(currency) - self.under_way[currency] == waiting

    def teardown(self) -> None:
        db.session.rollback()
        for affiliate in getattr(self, "model", Model()).affiliates:  # no run of the next story pays them
            change(self.rows[affiliate], paid_until=date(9999, 1, 1))
        db.session.expunge_all()


def operator_has(currency: str) -> int:
    """What is on its way to affiliates."""
    return books.balance(AccountKind.PAYOUTS, currency=currency).minor


@unit_of_work
def change(row: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def test_any_story_follows_the_rules(app):
    """RULES F2–F9, SECURITY M3–M7."""
    on_postgres = db.engine.dialect.name == "postgresql"
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=3 if on_postgres else 8,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# --- the events of one order, in any order and however often (SECURITY M2) ----------------------------------

EVENTS = ("pays some", "pays the rest", "refund", "another refund", "rate", "review")


def happens(event: str, order: Any, olga: Any, done: set[str]) -> None:
    """Once; what comes again is heard of again, and changes nothing."""
    if event in done:
        actions.follow(order, now=NOW)
        actions.settle_waiting(now=NOW)
        return
    done.add(event)
    if event == "rate":
        if not db.session.get(ExchangeRate, ("CHF", day_of(NOW))):
            make_rate(day_of(NOW), 937_654)
        actions.settle_waiting(now=NOW)
    elif event == "review":
        actions.review(won(order.holder), Verdict.ALLOWED, note="", by=olga, now=NOW)
    elif event == "refund":
        give_back(order, 3_333)
    elif event == "another refund":
        give_back(order, 1_234)
    elif order.missing.minor > 0:
        pay_some(order, 2_000 if event == "pays some" else None)


def pay_some(order: Any, minor: int | None) -> None:
    amount = min(minor or order.missing.minor, order.missing.minor)
    key = f"some{order.id}:{minor}:{order.received}"
    payments.book_payment(order, order.money(amount), booked_on=clock.day_of(NOW), key=key, by=None, now=NOW)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=st.lists(st.sampled_from(EVENTS), max_size=12), order_of=st.permutations(EVENTS))
def test_a_commission_is_a_function_of_what_happened(app, events, order_of):
    """SECURITY M2: whatever comes first, and however often, commission, booking and day are the same."""
    db.session.rollback()
    with_rate = db.session.get(ExchangeRate, ("CHF", day_of(NOW))) is not None
    outcomes = []
    for sequence in (EVENTS, (*events, *order_of)):
        olga = make_user("Olga", operator_since=NOW)
        account = make_joined()
        customer = signed_up(
            account, currency="EUR", country=account.organisation.country, street=account.organisation.street
        )
        assert won(customer).verdict is Verdict.HELD
        order = ordered(customer, make_plan(price_eur=9_999, sliding=False))
        assert (of(order).exchange is not None) == (with_rate or bool(outcomes))
        done: set[str] = set()
        for event in sequence:
            happens(event, order, olga, done)
        found = of(order)
        outcomes.append((
            found.reason, found.booked, found.amount, found.exchange, found.confirms_on, found.cancelled_at,
            earnings(account), account.earned, earnings(account, "EUR"),
        ))  # fmt: skip
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][1] == 2_500 - rounded(2_500 * 4_567, 9_999)
    all_is_well()
