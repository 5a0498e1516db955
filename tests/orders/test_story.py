"""Any story of orders, payments and refunds, told to the program and to a small model at once.

The model is the rules in plain Python: what somebody owes, what was received, who earns, in minor units, worked
out anew from the facts after each step. The program must have refused what the model refuses, and must have
booked what the model says: RULES M1–M6, M11; SECURITY L1–L7, M1, M2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.books import all_is_well
from tests.factories import (
    make_organisation,
    make_partner,
    make_partnership,
    make_plan,
    make_prepaid,
    make_product,
    make_user,
    make_withdrawal,
)
from tests.orders.story import DEBT, PREPAID, RECEIVABLE, has, pay, prepaid
from tests.times import NOW
from webapp.extensions import db
from webapp.ledger.models import Entry, LedgerAccount
from webapp.ledger.queries import NEWEST
from webapp.ledger.rules import AccountKind, NotEnough
from webapp.orders import actions, rules
from webapp.orders.quotes import Wanted, renewal_of
from webapp.orders.rules import Method, State
from webapp.partnerships.models import Partnership, ProductGrant
from webapp.partnerships.rules import Access, Payer, Side
from webapp.payments import actions as payments
from webapp.payments.rules import BelowLeast
from webapp.products.models import Product
from webapp.products.rules import RenewedMeanwhile
from webapp.refused import Refused
from webapp.unit import unit_of_work

CLIENTS, PARTNERS, PLANS = ("Anna AG", "Bela AG"), ("Uhu SA", "Vogel SA"), ("cheap", "odd", "free", "large")
PRICES = {"cheap": 333, "odd": 12_345, "free": 0, "large": 99_999}
DISCOUNTS = {"cheap": 35, "odd": 20, "free": 20, "large": 0}
LEAST = 2_000  # of a withdrawal
STEPS = [(5, 5), (10, 10), (15, 15), (25, 20), (35, 25)]  # RULES M2


# --- the model ----------------------------------------------------------------------------------------------


def rounded(numerator: int, denominator: int) -> int:
    """Half up; nothing here is negative."""
    return (2 * numerator + denominator) // (2 * denominator)


def less(amount: int, per_cent: int) -> int:
    return rounded(amount * (100 - per_cent), 100)


@dataclass(eq=False)
class Site:
    """A product: whose it is, who pays for it, how often it was renewed."""

    owner: str
    payer: str
    plan: str
    ended: bool = False
    renewals: int = 0
    waiting: Bill | None = None  # the order that renews its next period


@dataclass
class Item:
    """A line: `site` when it renews one."""

    plan: str
    quantity: int
    net: int
    cashback: int
    earner: str | None
    site: Site | None = None
    payer_before: str = ""
    renewed: bool = False  # the renewal was carried out
    credited: int = 0


@dataclass(eq=False)
class Bill:
    """An order, and what happened to it."""

    holder: str
    payer: str
    items: list[Item]
    vat: int
    made: list[Site] = field(default_factory=list)
    received: int = 0
    vat_back: int = 0
    paid: bool = False
    cancelled: bool = False

    @property
    def net(self) -> int:
        return sum(item.net for item in self.items)

    @property
    def gross(self) -> int:
        return self.net + self.vat

    @property
    def credited(self) -> int:
        return sum(item.credited for item in self.items) + self.vat_back

    @property
    def owed(self) -> int:
        return self.gross - self.credited

    @property
    def returned(self) -> int:
        return max(0, self.received - self.owed)

    def earned(self, partner: str) -> int:
        """What this partner has of it at this moment (RULES M4, M11)."""
        if not self.paid:
            return 0
        mine = [item for item in self.items if item.earner == partner and item.net]
        return sum(item.cashback - rounded(item.cashback * item.credited, item.net) for item in mine)

    @property
    def state(self) -> State:
        if self.cancelled:
            return State.CANCELLED
        if self.owed > self.received:
            return State.PART_PAID if self.received else State.OPEN
        if self.credited:
            return State.REFUNDED if self.credited == self.gross else State.PART_REFUNDED
        return State.PAID


@dataclass(eq=False)
class Pact:
    """A partnership; a limited one manages `sites`."""

    client: str
    partner: str
    full: bool
    partner_pays: bool
    sites: set[Site] = field(default_factory=set)
    ended: bool = False


class Model:
    """The world as the rules say it should be."""

    def __init__(self) -> None:
        self.sites: list[Site] = []
        self.bills: list[Bill] = []
        self.paid: list[Bill] = []  # in the order of their payment
        self.pacts: list[Pact] = []
        self.suspended: set[str] = set()
        self.filled: dict[str, int] = dict.fromkeys(
            (*CLIENTS, *PARTNERS), 0
        )  # paid in, less withdrawn and spent

    def acting(self, client: str) -> Pact | None:
        return next((pact for pact in self.pacts if pact.client == client and not pact.ended), None)

    def earner_of(self, client: str, site: Site | None) -> str | None:
        """RULES M4: whom a line of the client's own order concerns."""
        pact = self.acting(client)
        if pact is None or pact.partner in self.suspended:
            return None
        return pact.partner if pact.full or site in pact.sites else None

    def whole(self, organisation: str) -> int:
        """What it has on its prepaid account, less its debt."""
        returned = sum(bill.returned for bill in self.bills if bill.payer == organisation)
        return self.filled[organisation] + returned + sum(bill.earned(organisation) for bill in self.bills)

    def quote(self, holder: str, pact: Pact | None, wanted: list[tuple[str, int, Site | None]]) -> Bill:
        """RULES M1–M4: what an order would be now; the sums by hand."""
        by_partner = pact is not None and pact.partner_pays
        payer = pact.partner if pact and by_partner else holder
        active = sum(site.payer == payer and not site.ended for site in self.sites)
        count = active + sum(
            quantity for _plan, quantity, site in wanted if site is None or site.payer != payer
        )
        sliding = max((rate for least, rate in STEPS if count >= least), default=0)
        items = []
        for plan, quantity, site in wanted:
            public = less(PRICES[plan] * quantity, sliding)
            partner = less(less(PRICES[plan] * quantity, DISCOUNTS[plan]), sliding)
            if by_partner:
                items.append(Item(plan, quantity, partner, 0, None, site))
                continue
            earner = pact.partner if pact else self.earner_of(holder, site)
            items.append(Item(plan, quantity, public, public - partner if earner else 0, earner, site))
        vat = rounded(sum(item.net for item in items) * 810, 10_000)
        return Bill(holder, payer, items, vat)

    def settle(self, bill: Bill) -> None:
        """SECURITY M2: what follows from the facts."""
        paid = bill.received >= bill.owed and (bill.received > 0 or bill.gross == 0)
        if bill.paid or bill.cancelled or not paid:
            return
        bill.paid = True
        self.paid.append(bill)
        for item in bill.items:
            if item.site is None:
                made = [Site(bill.holder, bill.payer, item.plan) for _n in range(item.quantity)]
                bill.made += made
                self.sites += made
            elif item.site.ended:
                self.credit(bill, {id(item): item.net - item.credited})
            else:
                item.payer_before, item.site.payer = item.site.payer, bill.payer
                item.site.renewals += 1
                item.site.waiting, item.renewed = None, True

    def credit(self, bill: Bill, amounts: dict[int, int]) -> None:
        for item in bill.items:
            item.credited += amounts.get(id(item), 0)
        net = sum(item.credited for item in bill.items)
        bill.vat_back = rounded(bill.vat * net, bill.net) if bill.net else 0

    def cancel(self, bill: Bill) -> type[Refused] | None:
        if bill.cancelled:
            return rules.AlreadyCancelled
        later = [item for item in bill.items if item.renewed and item.site and not item.site.ended]
        if any(item.site and self.last_renewal(item.site) is not bill for item in later):
            return RenewedMeanwhile
        for site in bill.made:
            site.ended = True
        for item in bill.items:
            if item.site and item.site.waiting is bill:
                item.site.waiting = None
            if item in later and item.site:
                item.site.renewals -= 1
                item.site.payer = item.payer_before
        self.credit(bill, {id(item): item.net - item.credited for item in bill.items})
        bill.cancelled = True
        return None

    def last_renewal(self, site: Site) -> Bill | None:
        """The newest order that renewed it and still stands."""
        found = [
            bill
            for bill in self.bills
            if not bill.cancelled and any(item.site is site and item.renewed for item in bill.items)
        ]
        return max(found, key=self.paid.index, default=None)


# --- both, side by side -------------------------------------------------------------------------------------


class Story(RuleBasedStateMachine):
    """Each rule does the same to both, and compares what they answer; the invariants compare the rest."""

    @initialize()
    def begin(self) -> None:
        db.session.rollback()
        self.model = Model()
        self.now = NOW
        self.rows: dict[Any, Any] = {}
        accounts = all_accounts()
        self.start = {kind: accounts.get((kind, None), 0) for kind in self.kinds}
        self.bank = 0
        self.rows["operator"] = make_user("Olga Ott", operator_since=NOW)
        for name in (*CLIENTS, *PARTNERS):
            self.rows[name, "owner"] = make_user(name)
            self.rows[name] = make_organisation(name, owner=self.rows[name, "owner"])
        for name in PARTNERS:
            self.rows[name, "partner"] = make_partner(self.rows[name], name=name)
        for name in PLANS:
            self.rows[name] = make_plan(price_chf=PRICES[name], discount=DISCOUNTS[name], name=name)
        for name in CLIENTS:
            site = Site(name, name, "odd")
            self.model.sites.append(site)
            self.rows[site] = make_product(self.rows[name], f"{name}.ch", self.rows["odd"])

    kinds = (AccountKind.REVENUE, AccountKind.VAT, AccountKind.CASHBACK, AccountKind.BANK)

    def does(self, expected: type[Refused] | None, act: Any) -> Any:
        """The act, which must be refused just so."""
        self.now += timedelta(minutes=1)
        if expected is None:
            return act()
        with pytest.raises(expected):
            act()
        return None

    def meet_products(self, bill: Bill) -> None:
        """What was paid has begun: the rows of new products are known from now on."""
        order = self.rows[bill]
        made = [product for line in order.lines for product in line.made]
        assert len(made) == len(bill.made)
        self.rows.update(zip(bill.made, made, strict=True))

    # --- orders

    def place(self, holder: str, pact: Pact | None, wanted: Any, *, method: Method) -> None:
        bill = self.model.quote(holder, pact, wanted)
        expected: type[Refused] | None = None
        if pact and (pact.ended or pact.partner in self.model.suspended):
            expected = rules.NoLongerOrdering
        elif any(site and (site.ended or site.owner != holder) for _plan, _n, site in wanted):
            expected = rules.NotRenewable
        elif any(site and site.waiting for _plan, _n, site in wanted):
            expected = rules.RenewedAlready
        elif pact and not pact.full:
            expected = rules.MayNotOrder
        elif method is Method.PREPAID and bill.gross > self.balance(bill.payer):
            expected = NotEnough
        lines = [
            renewal_of(self.rows[site]) if site else Wanted(self.rows[plan], "neu.ch", quantity)
            for plan, quantity, site in wanted
        ]
        order = self.does(
            expected,
            lambda: actions.place(
                self.rows[holder], lines, side=Side.PARTNER if pact else Side.CLIENT, method=method, by=None,
                acting=self.rows[pact] if pact else None, now=self.now,
            ),
        )  # fmt: skip
        if order is None:
            return
        self.rows[bill] = order
        self.model.bills.append(bill)
        for item in bill.items:
            if item.site:
                item.site.waiting = bill
        if method is Method.PREPAID:
            bill.received = bill.gross
            self.model.filled[bill.payer] -= bill.gross
        self.model.settle(bill)
        self.meet_products(bill)

    def balance(self, name: str) -> int:
        """What it may spend: money that was paid in pays no debt, so the ledger has to be asked."""
        return has(self.rows[name])

    @rule(
        holder=st.sampled_from(CLIENTS), plan=st.sampled_from(PLANS), quantity=st.integers(1, 6),
        also=st.sampled_from((None, *PLANS)), method=st.sampled_from((Method.PREPAID, Method.INVOICE)),
    )  # fmt: skip
    def client_orders(self, holder: str, plan: str, quantity: int, also: str | None, method: Method) -> None:
        wanted = [(plan, quantity, None), *([(also, 1, None)] if also else [])]
        self.place(holder, None, wanted, method=method)

    @precondition(lambda self: self.model.pacts)
    @rule(
        data=st.data(), plan=st.sampled_from(PLANS), quantity=st.integers(1, 6),
        method=st.sampled_from((Method.PREPAID, Method.INVOICE)),
    )  # fmt: skip
    def partner_orders(self, data: Any, plan: str, quantity: int, method: Method) -> None:
        pact = data.draw(st.sampled_from(self.model.pacts))
        self.place(pact.client, pact, [(plan, quantity, None)], method=method)

    @rule(data=st.data(), by_partner=st.booleans(), method=st.sampled_from((Method.PREPAID, Method.INVOICE)))
    def somebody_renews(self, data: Any, by_partner: bool, method: Method) -> None:
        site = data.draw(st.sampled_from(self.model.sites))
        pact = self.model.acting(site.owner) if by_partner else None
        self.place(site.owner, pact, [(site.plan, 1, site)], method=method)

    # --- money

    @precondition(lambda self: self.model.bills)
    @rule(data=st.data(), how=st.sampled_from(("all", "some", "more", "a Rappen less")), own=st.booleans())
    def money_arrives(self, data: Any, how: str, own: bool) -> None:
        bill = data.draw(st.sampled_from(self.model.bills))
        missing = max(1, bill.owed - bill.received)
        amount = {"all": missing, "some": max(1, missing // 3), "more": missing + 777}.get(
            how, max(1, missing - 1)
        )
        source = prepaid(self.rows[bill.payer]) if own else None
        expected = NotEnough if own and amount > self.balance(bill.payer) else None
        order, key = self.rows[bill], f"story:{self.rows[bill].id}:{self.now.isoformat()}"

        def receive() -> bool:
            for _time in ("once", "once more"):
                pay(order, amount, source, key=key, now=self.now)
            return True

        if not self.does(expected, receive):
            return
        bill.received += amount
        if own:
            self.model.filled[bill.payer] -= amount
        else:
            self.bank -= amount
        self.model.settle(bill)
        self.meet_products(bill)

    @precondition(lambda self: self.model.bills)
    @rule(data=st.data(), parts=st.lists(st.integers(0, 100), min_size=2, max_size=2))
    def operator_refunds(self, data: Any, parts: list[int]) -> None:
        bill = data.draw(st.sampled_from(self.model.bills))
        order = self.rows[bill]
        amounts = [
            (item.net - item.credited) * part // 100 for item, part in zip(bill.items, parts, strict=False)
        ]
        expected = (
            rules.AlreadyCancelled if bill.cancelled else None if any(amounts) else rules.NothingCredited
        )
        by_id = {line.id: order.money(each) for line, each in zip(order.lines, amounts, strict=True)}
        note = self.does(expected, lambda: actions.credit(order, by_id, reason="So", by=None, now=self.now))
        if note:
            by_item = zip(bill.items, amounts, strict=True)
            self.model.credit(bill, {id(item): each for item, each in by_item})
            self.model.settle(bill)
            self.meet_products(bill)

    @precondition(lambda self: self.model.bills)
    @rule(data=st.data())
    def operator_cancels(self, data: Any) -> None:
        bill = data.draw(st.sampled_from(self.model.bills))
        expected = self.model.cancel(bill)
        order = self.rows[bill]
        self.does(expected, lambda: actions.cancel(order, reason="So", by=None, now=self.now))

    @rule(name=st.sampled_from((*CLIENTS, *PARTNERS)), minor=st.integers(1, 300_000))
    def somebody_pays_in(self, name: str, minor: int) -> None:
        make_prepaid(self.rows[name], minor)
        self.model.filled[name] += minor
        self.bank -= minor

    @rule(
        name=st.sampled_from((*CLIENTS, *PARTNERS)), share=st.integers(1, 101),
        answer=st.sampled_from(("paid", "refused", "none yet")),
    )  # fmt: skip
    def somebody_withdraws(self, name: str, share: int, answer: str) -> None:
        there = self.balance(name)
        minor = there + 1 if share > 100 else there * share // 100
        expected = BelowLeast if minor < LEAST else NotEnough if minor > there else None
        owner, operator = self.rows[name, "owner"], self.rows["operator"]
        withdrawal = self.does(expected, lambda: make_withdrawal(self.rows[name], owner, minor, now=self.now))
        if not withdrawal:
            return
        if answer == "paid":
            payments.pay_withdrawal(withdrawal, by=operator, now=self.now)
            self.bank += minor
        if answer == "refused":
            payments.refuse_withdrawal(withdrawal, reason="So", by=operator, now=self.now)
        else:
            self.model.filled[name] -= minor

    # --- partnerships and products

    @rule(
        client=st.sampled_from(CLIENTS), partner=st.sampled_from(PARTNERS), full=st.booleans(),
        partner_pays=st.booleans(), data=st.data(),
    )  # fmt: skip
    def partnership_begins(
        self, client: str, partner: str, full: bool, partner_pays: bool, data: Any
    ) -> None:
        if self.model.acting(client):
            return
        pact = Pact(client, partner, full, full and partner_pays)
        mine = [site for site in self.model.sites if site.owner == client and not site.ended]
        if not full and mine:
            pact.sites = {data.draw(st.sampled_from(mine))}
        self.model.pacts.append(pact)
        self.rows[pact] = make_partnership(
            self.rows[client], self.rows[partner, "partner"], Access.FULL if full else Access.LIMITED,
            Payer.PARTNER if pact.partner_pays else Payer.CLIENT, [self.rows[site] for site in pact.sites],
        )  # fmt: skip

    @rule(client=st.sampled_from(CLIENTS), end=st.booleans())
    def partnership_ends_or_changes_its_payer(self, client: str, end: bool) -> None:
        pact = self.model.acting(client)
        if pact and end:
            pact.ended = True
            end_partnership(self.rows[pact], self.now)
        elif pact and pact.full:
            pact.partner_pays = not pact.partner_pays
            change(self.rows[pact], payer=Payer.PARTNER if pact.partner_pays else Payer.CLIENT)

    @rule(partner=st.sampled_from(PARTNERS))
    def partner_is_suspended_or_comes_back(self, partner: str) -> None:
        self.model.suspended ^= {partner}
        change(
            self.rows[partner, "partner"], suspended_at=self.now if partner in self.model.suspended else None
        )

    @rule(data=st.data())
    def product_ends(self, data: Any) -> None:
        site = data.draw(st.sampled_from(self.model.sites))
        if not site.ended:
            site.ended = True
            change(self.rows[site], ended_at=self.now)

    # --- what has to be true after each step

    @invariant()
    def the_books_add_up(self) -> None:
        """SECURITY L1–L7, M1, and all that `flask ledger check` proves of orders."""
        all_is_well()

    @invariant()
    def every_order_is_what_happened_to_it(self) -> None:
        """SECURITY M2, RULES M6, M11."""
        for bill in self.model.bills:
            order = self.rows[bill]
            assert (order.net, order.vat, order.credited, order.received, order.returned) == (
                bill.net, bill.vat, bill.credited, bill.received, bill.returned,
            )  # fmt: skip
            assert (order.state, order.paid_at is not None) == (bill.state, bill.paid)
            assert order.payer is self.rows[bill.payer]  # RULES M5

    @invariant()
    def everybody_has_what_is_due(self) -> None:
        """RULES M4, M6, M11: prepaid less debt; nobody below zero; what is owed on invoices."""
        accounts = all_accounts()
        for name in (*CLIENTS, *PARTNERS):
            id_ = self.rows[name].id
            own, owed = accounts.get((PREPAID, id_), 0), -accounts.get((DEBT, id_), 0)
            assert own >= 0 and owed >= 0
            assert own - owed == self.model.whole(name)
            missing = sum(
                max(0, bill.owed - bill.received) for bill in self.model.bills if bill.payer == name
            )
            assert accounts.get((RECEIVABLE, id_), 0) == -missing

    @invariant()
    def the_operator_has_the_rest(self) -> None:
        """RULES M11: revenue and VAT of what is billed and not credited, less cashback."""
        bills = self.model.bills
        cashback = sum(bill.earned(partner) for bill in bills for partner in PARTNERS)
        expected = {
            AccountKind.REVENUE: sum(item.net - item.credited for bill in bills for item in bill.items),
            AccountKind.VAT: sum(bill.vat - bill.vat_back for bill in bills),
            AccountKind.CASHBACK: -cashback,
            AccountKind.BANK: self.bank,
        }
        accounts = all_accounts()
        found = {kind: accounts.get((kind, None), 0) - self.start[kind] for kind in self.kinds}
        assert found == expected

    @invariant()
    def products_are_installed_at_the_client_s(self) -> None:
        """RULES M5, M2: whose, who pays, whether it is over, how often it was renewed."""
        for site in self.model.sites:
            product: Product = self.rows[site]
            assert (product.organisation, product.payer) == (self.rows[site.owner], self.rows[site.payer])
            assert (product.ended_at is not None) == site.ended
            assert (product.renews_on.year - product.started_on.year) == 1 + site.renewals

    def teardown(self) -> None:
        db.session.rollback()
        db.session.expunge_all()


def all_accounts() -> dict[tuple[AccountKind, int | None], int]:
    """What is on every account, by kind and organisation."""
    newest = sa.and_(Entry.account_id == LedgerAccount.id, Entry.seq == NEWEST)
    rows = db.session.execute(
        sa.select(LedgerAccount.kind, LedgerAccount.organisation_id, Entry.balance).join(Entry, newest)
    )
    return {(kind, organisation_id): balance for kind, organisation_id, balance in rows}


@unit_of_work
def end_partnership(partnership: Partnership, now: datetime) -> None:
    """With what it manages, as its action does."""
    mine = ProductGrant.partnership_id == partnership.id
    db.session.execute(sa.update(ProductGrant).where(mine).values(ended_at=now))
    partnership.ended_at, partnership.ended_by_side = now, Side.CLIENT


@unit_of_work
def change(row: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def test_any_story_follows_the_rules(app):
    """RULES M1–M6, M11; SECURITY L1–L7, M1, M2."""
    on_postgres = db.engine.dialect.name == "postgresql"
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=4 if on_postgres else 12,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
