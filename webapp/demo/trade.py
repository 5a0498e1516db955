"""The demo's strands of money: what is ordered, billed and paid, earned and paid out, and what goes wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from webapp import drafts
from webapp.accounts.models import Organisation, User
from webapp.api import actions as api
from webapp.api import rules as messages
from webapp.demo import pacts, people
from webapp.demo.bank import Arriving, Bank
from webapp.demo.goods import Good
from webapp.demo.pacts import Pact
from webapp.demo.people import Company
from webapp.demo.teller import Strand, Teller, details_of
from webapp.ledger import queries as books
from webapp.ledger.rules import AccountKind
from webapp.money import CURRENCIES, Money
from webapp.orders import actions as orders
from webapp.orders import checks
from webapp.orders import queries as billing
from webapp.orders.models import Order
from webapp.orders.queries import Row
from webapp.orders.quotes import Wanted, renewal_of
from webapp.orders.rules import Method, Shown
from webapp.organisations import actions as organisations
from webapp.partnerships import queries as partnerships
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Side
from webapp.payments import actions as payments
from webapp.payments import queries as transfers
from webapp.payments import statements
from webapp.payments.models import Withdrawal
from webapp.payments.rules import Destination, Kind, TransferState
from webapp.products import queries as products_of
from webapp.products.models import Plan, Product
from webapp.products.rules import Period, following
from webapp.renewals import actions as renewals
from webapp.renewals.rules import Wishes

LUMIERE, BERGWERK = people.PARTNERS[0].company, people.PARTNERS[1].company

FIRST_RENEWALS = 262  # days ago: what was there before renews here for the first time after that

# How many days somebody's bank takes for an invoice, and who has stopped paying, since when.
DAYS_TO_PAY = {
    people.LUMEN: 11, people.GARAGE: 24, people.MENUISERIE: 9, people.LIBRAIRIE: 27, people.SOUFFLE: 19,
    people.CAMPING: 8, people.BRASSERIE: 22, people.FONDATION: 6, people.ZAHNRADWERK: 16, people.HAFENLICHT: 13,
}  # fmt: skip
USUALLY = 12
STOPPED = {people.AUBERGE: 74, people.SONNENHOF: 66}

# Who decides about renewals by hand, and how many days ago these products were due first; negative: in so many.
BY_HAND = {people.MENUISERIE: 205, people.LIBRAIRIE: 118, people.DANSE: -6}

# Who needs no mail each month to know that its products renew.
QUIET = (
    LUMIERE, BERGWERK, people.GARAGE, people.THEATRE, people.CAMPING, people.AUBERGE, people.SONNENHOF, people.DENTAIRE,
    people.SOUFFLE, people.ZAHNRADWERK,
)  # fmt: skip

TOP_UPS = (
    (people.LAKESIDE, 264, 900), (people.LAKESIDE, 148, 1000), (people.THEATRE, 258, 700), (people.THEATRE, 122, 700),
    (people.LUMEN, 208, 1500), (LUMIERE, 174, 400), (BERGWERK, 250, 4000),
    (people.EMMAS, 60, 80),
)  # fmt: skip

LUMIERES_BANK = Destination(Kind.IBAN, "CH7500900000031234567")
LUMIERES_PAYPAL = Destination(Kind.PAYPAL, "compta@lumiere-digital.example")


class Trade:
    """Nearly nine months of orders and of the transfers that pay them."""

    def __init__(self, story: Teller) -> None:
        self._story = story
        self._bank = Bank()
        self._apart: set[str] = set()  # numbers of orders that are paid already, or otherwise than usually

    def strands(self) -> Iterator[Strand]:
        """All of them."""
        yield self._statements()
        for company, days, units in TOP_UPS:
            yield self._top_up(company, days, units)
        for pact, days in (
            (pacts.DENTAIRE_AND_LUMIERE, 266), (pacts.ZAHNRADWERK_AND_BERGWERK, 265),
            (pacts.FLEURS_AND_LUMIERE, 192), (pacts.CAMPING_AND_LUMIERE, 117),
        ):  # fmt: skip
            yield self._wallet(pact, days)
        yield self._year(people.MENUISERIE, 214)
        yield self._year(people.LIBRAIRIE, 121)
        yield self._wishes()
        yield self._monitoring()
        yield self._learning()
        yield self._lens_tests()
        yield self._recordings()
        yield self._letters()
        yield self._camping()
        yield self._sections()
        yield self._choirs()
        yield self._portraits()
        yield self._cancelled_under_way()
        yield self._part()
        yield self._unpaid()
        yield self._unassigned()
        yield self._withdrawals()
        yield self._other_bank()
        yield self._shop()

    # --- what everybody does --------------------------------------------------------------------------------

    @property
    def _olga(self) -> User:
        return self._story.person(people.OLGA)

    def _day(self, now: datetime) -> date:
        return now.astimezone(self._story.zone).date()

    def renewal(self, company: Company, good: Good, plan: Plan, started: date) -> tuple[date, bool]:
        """When a product from the time before is due first, and whether it renews by itself."""
        first = self._day(self._story.days_ago(FIRST_RENEWALS))
        if good.ended:
            return self._day(self._story.days_ago(good.ended)), False
        if company in BY_HAND and plan.period is Period.MONTH:
            return self._day(self._story.days_ago(BY_HAND[company])), False
        if plan.period is Period.MONTH:  # all of a client on the same day
            started = self._day(self._story.days_ago(dict(people.ARRIVALS)[company]))
        due, periods = started, 0
        while due <= first:
            periods += 1
            due = following(started, plan.period, periods=periods, started_on=started)
        return due, good.renews

    def buy(self, company: Company, wanted: Iterable[tuple[str, str]], *, now: datetime) -> list[Product]:
        """A new client orders, its instant transfer arrives, and the operator books it by hand."""
        lines = [self._new(code, label) for code, label in wanted]
        order = self._order(company, lines, now=now)
        self._apart.add(order.number)
        payments.book_payment(
            order,
            order.money(order.gross),
            booked_on=self._day(now),
            key=drafts.new_key(),
            by=self._olga,
            now=now,
        )
        made = billing.products_made(order)
        return [product for line in order.lines for product in made[line.id]]

    def _new(self, code: str, label: str, quantity: int = 1, periods: int = 1) -> Wanted:
        plan = products_of.plan_by_code(code)
        assert plan is not None, code
        return Wanted(plan, label, quantity, periods)

    def _renewals(self, holder: Organisation, *, period: Period, periods: int = 1) -> list[Wanted]:
        """Of all products that are not being renewed already."""
        return [
            renewal_of(product, periods=periods)
            for product in partnerships.active_products(holder).values()
            if product.plan.period is period and not billing.claimed(checks.claim_of(product))
        ]

    def _order(
        self, company: Company, wanted: list[Wanted], *, method: Method = Method.INVOICE, now: datetime
    ) -> Order:
        """By whoever has founded the client."""
        return orders.place(
            self._story.organisation(company), wanted, side=Side.CLIENT, method=method,
            by=self._story.founder(company), now=now, key=drafts.new_key(),
        )  # fmt: skip

    def _partnership(self, pact: Pact) -> Partnership:
        found = partnerships.active_between(
            self._story.organisation(pact.client), self._story.partner(pact.partner)
        )
        assert found is not None, pact
        return found

    def _order_for(self, pact: Pact, wanted: list[Wanted], *, now: datetime) -> Order:
        """By the partner, for its client; from whose money is the client's to decide (RULES C5, M4)."""
        partnership = self._partnership(pact)
        return orders.place(
            partnership.client, wanted, side=Side.PARTNER, acting=partnership, method=Method.INVOICE,
            by=self._story.person(pact.partner), now=now, key=drafts.new_key(),
        )  # fmt: skip

    def _pay(self, order: Order, minor: int | None = None, *, now: datetime, after: int = 0) -> None:
        """Sends a transfer for the order: all of it, or so much."""
        self._apart.add(order.number)
        amount = order.money(order.gross if minor is None else minor)
        day = self._day(now + timedelta(days=after))
        self._bank.send(Arriving(day, order.payer.name, amount, order.reference))

    # --- the bank -------------------------------------------------------------------------------------------

    def _statements(self) -> Strand:
        """Once a week the operator imports what its bank tells (RULES M6)."""
        for days in range(FIRST_RENEWALS, 0, -7):
            yield (now := self._story.days_ago(days, "08:30"))
            today = self._day(now)
            self._pay_invoices(today)
            for currency in CURRENCIES:
                if file := self._bank.statement(currency, until=today):
                    payments.import_statement(statements.read(file), by=self._olga, now=now)

    def _pay_invoices(self, today: date) -> None:
        """Everybody pays after the days that they usually take."""
        usually = {company.name: days for company, days in DAYS_TO_PAY.items()}
        stopped = {each.name: self._day(self._story.days_ago(days)) for each, days in STOPPED.items()}
        for row in list(self._open(today)):
            placed = self._day(row.placed_at)
            day = placed + timedelta(days=usually.get(row.payer, USUALLY))
            if row.number in self._apart or day > today or placed >= stopped.get(row.payer, today):
                continue
            self._apart.add(row.number)
            order = billing.any_order(row.public_id)
            assert order is not None
            self._bank.send(Arriving(day, row.payer, row.missing, order.reference))

    def _open(self, today: date) -> Iterator[Row]:
        page, more = 1, True
        while more:
            part = billing.all_orders("", Shown.TO_BE_PAID, today=today, page=page)
            yield from (row for row in part.rows if row.method is Method.INVOICE)
            page, more = page + 1, part.more

    def _top_up(self, company: Company, days: int, units: int) -> Strand:
        yield (now := self._story.days_ago(days, "10:15"))
        organisation = self._story.organisation(company)
        amount = Money(units * 100, organisation.currency)
        reference = transfers.top_up_reference(organisation)
        self._bank.send(Arriving(self._day(now), company.name, amount, reference))

    def _unassigned(self) -> Strand:
        """Transfers that name nothing: one assigned by hand, one sent back, two that still wait."""
        for days, debtor, minor, text in (
            (104, "Luc Perroud", 12_000, "Acompte hébergement, Brasserie du Grand-Jorat"),
            (83, "Büro Aemisegger AG", 48_750, "Rechnung 88123, Bürostühle"),
        ):
            yield (now := self._story.days_ago(days, "09:00"))
            self._bank.send(Arriving(self._day(now), debtor, Money(minor, "CHF"), text=text))
            yield (now := self._story.days_ago(days - 8, "16:20"))
            (row,) = transfers.transfers(debtor, TransferState.WAITING).rows
            transfer = transfers.transfer(row.public_id)
            assert transfer is not None
            if days == 104:
                brasserie = self._story.organisation(people.BRASSERIE)
                payments.assign_to_account(transfer, brasserie, by=self._olga, now=now)
            else:
                payments.send_back(transfer, by=self._olga, now=now)
        yield (now := self._story.days_ago(9, "09:00"))
        self._bank.send(
            Arriving(self._day(now), "Vulliemin J.-M.", Money(64_85, "CHF"), text="Facture octobre, merci"),
            Arriving(self._day(now), "Hafenlicht Verlag", Money(30_80, "EUR"), text="RF19 O202 6000 1"),
        )

    def _other_bank(self) -> Strand:
        """The operator changes its bank for euros: until the new account is open, a renewal fails (RULES M8)."""
        yield self._story.days_ago(165, "08:00")
        with self._story.without_account("EUR"):
            yield self._story.days_ago(155, "08:00")

    # --- renewals by hand -----------------------------------------------------------------------------------

    def _wallet(self, pact: Pact, days: int) -> Strand:
        """The partner renews everything once, and pays for it from then on (RULES C5, O8)."""
        yield (now := self._story.days_ago(days, "15:30"))
        client = self._story.organisation(pact.client)
        while not (wanted := self._renewals(client, period=Period.MONTH)):  # nothing is billed twice
            days -= 1
            yield (now := self._story.days_ago(days, "15:30"))
        self._order_for(pact, wanted, now=now)

    def _year(self, company: Company, days: int) -> Strand:
        """A client renews for twelve months at once."""
        yield (now := self._story.days_ago(days, "10:50"))
        wanted = self._renewals(self._story.organisation(company), period=Period.MONTH, periods=12)
        self._order(company, wanted, now=now)

    def _wishes(self) -> Strand:
        """Which mails somebody wants (RULES M8), and what is printed on its invoices (O3)."""
        yield (now := self._story.days_ago(267, "08:20"))
        for company in QUIET:
            organisation, by = self._story.organisation(company), self._story.founder(company)
            wishes = Wishes(
                True, (30, 7), automatic_reminder=False, automatic_done=False, invoice_issued=True
            )
            renewals.save_wishes(organisation, wishes, by=by, now=now)
        lumen, nadia = self._story.organisation(people.LUMEN), self._story.person(people.NADIA)
        renewals.save_wishes(lumen, Wishes(True, (60, 30, 7), True, True, True), by=nadia, now=now)
        organisations.change_organisation(
            lumen, details_of(people.LUMEN), language="de", invoice_note="Kostenstelle 410", by=nadia, now=now
        )

    # --- orders ---------------------------------------------------------------------------------------------

    def _monitoring(self) -> Strand:
        """A partner with full access orders at its client's cost (M4); the client pays a little too much (M6)."""
        yield (now := self._story.days_ago(133, "14:10"))
        order = self._order_for(
            pacts.GARAGE_AND_LUMIERE, [self._new("monitoring", "Surveillance du site", periods=12)], now=now
        )
        self._pay(order, 100_00, now=now, after=6)

    def _learning(self) -> Strand:
        """Half of it is given back, and half of the partner's cashback with it (RULES M11)."""
        yield (now := self._story.days_ago(103, "09:40"))
        wanted = [self._new("cloud-m", "archive.lakeside-languages.ch", periods=12)]
        order = self._order(people.LAKESIDE, wanted, now=now)
        self._pay(order, now=now, after=2)
        yield (now := self._story.days_ago(41, "11:15"))
        (line,) = order.lines
        orders.credit(
            order, {line.id: line.money(line.net).part(1, 2)}, by=self._olga, now=now,
            reason="Six of the twelve months, as agreed on the phone.",
        )  # fmt: skip

    def _lens_tests(self) -> Strand:
        """Paid, and cancelled weeks later: the money is on the prepaid account."""
        yield (now := self._story.days_ago(88, "13:35"))
        order = self._order(
            people.LUMEN, [self._new("cloud-s", "sehtest.lumen-optik.ch", periods=6)], now=now
        )
        self._pay(order, now=now, after=3)
        yield (now := self._story.days_ago(57, "09:25"))
        orders.cancel(order, reason="Das Projekt wurde eingestellt.", by=self._olga, now=now)

    def _recordings(self) -> Strand:
        """Ordered by the client, which gives its partner cashback."""
        for days, company, code, label in (
            (31, people.THEATRE, "cloud-m", "captations.trois-quarts.ch"),
            (19, people.GARAGE, "cloud-m", "srv-atelier"),
        ):
            yield (now := self._story.days_ago(days, "16:45"))
            order = self._order(company, [self._new(code, label, periods=12)], now=now)
            self._pay(order, now=now, after=5)

    def _letters(self) -> Strand:
        """A transfer that the operator books by hand."""
        yield (now := self._story.days_ago(37, "18:30"))
        order = self._order(
            people.BRASSERIE, [self._new("newsletter", "infolettre Grand-Jorat", periods=3)], now=now
        )
        self._apart.add(order.number)
        yield (now := self._story.days_ago(33, "09:10"))
        payments.book_payment(
            order, order.missing, booked_on=self._day(now), key=drafts.new_key(), by=self._olga, now=now
        )

    def _camping(self) -> Strand:
        """By the partner, at its own cost and at the partner price (RULES M4)."""
        yield (now := self._story.days_ago(71, "10:05"))
        wanted = [self._new("newsletter", "infolettre Roseaux"), self._new("domain-com", "roseaux-lac.com")]
        self._order_for(pacts.CAMPING_AND_LUMIERE, wanted, now=now)

    def _sections(self) -> Strand:
        """Thirty-five hostings at the partner price: CHF 347.20, 277.76, 208.32 (RULES M3)."""
        yield (now := self._story.days_ago(20, "09:55"))
        self._order_for(pacts.FANFARES_AND_LUMIERE, [self._new("web-start", "Site de section", 35)], now=now)

    def _choirs(self) -> Strand:
        """The same in euros, by a partner in Germany with a VAT number: 201.25, 161.00, 120.75 (RULES M3, M7)."""
        yield (now := self._story.days_ago(25, "11:20"))
        self._order_for(pacts.CHORVERBAND_AND_PIXEL, [self._new("web-start", "Chorseite", 35)], now=now)

    def _portraits(self) -> Strand:
        """From the prepaid account."""
        yield (now := self._story.days_ago(48, "20:30"))
        wanted = [self._new("domain-com", "clarke-at-work.com")]
        self._order(people.EMMAS, wanted, method=Method.PREPAID, now=now)

    def _cancelled_under_way(self) -> Strand:
        """Cancelled while the transfer was on its way: it fills the prepaid account (RULES M6)."""
        yield (now := self._story.days_ago(27, "08:15"))
        wanted = [self._new("backup", "Sauvegarde magasins", periods=12)]
        order = self._order(people.BOULANGERIE, wanted, now=now)
        self._pay(order, now=now, after=2)
        yield (now := self._story.days_ago(26, "17:40"))
        boulangerie, sophie = self._story.organisation(people.BOULANGERIE), self._story.person(people.SOPHIE)
        orders.cancel_unpaid(order, organisation=boulangerie, by=sophie, now=now)

    def _part(self) -> Strand:
        """Paid in part, and overdue."""
        yield (now := self._story.days_ago(44, "12:25"))
        order = self._order(
            people.DANSE, [self._new("newsletter", "infolettre Arabesque", periods=12)], now=now
        )
        self._pay(order, 120_00, now=now, after=10)

    def _unpaid(self) -> Strand:
        """Waits for its payment."""
        yield (now := self._story.days_ago(6, "10:35"))
        wanted = [
            self._new("backup", "Datensicherung Filialen", periods=12),
            self._new("domain-com", "lumen-optik.com"),
        ]
        self._apart.add(self._order(people.LUMEN, wanted, now=now).number)

    # --- money that goes out --------------------------------------------------------------------------------

    def _withdrawals(self) -> Strand:
        """Of a partner that earns: one paid out, one refused, one that waits (RULES M6)."""
        for first, destination, decide in (
            (100, LUMIERES_BANK, self._pay_out), (60, LUMIERES_PAYPAL, self._refuse), (14, LUMIERES_BANK, None),
        ):  # fmt: skip
            days = first
            while True:
                yield (now := self._story.days_ago(days, "17:05"))
                if amount := self._to_withdraw():
                    break
                days -= 1
            withdrawal = payments.request_withdrawal(
                self._lumiere, amount, destination, key=drafts.new_key(), by=self._story.person(people.CAMILLE),
                now=now,
            )  # fmt: skip
            if decide:
                yield (now := self._story.days_ago(days - 2, "09:45"))
                decide(withdrawal, now=now)

    @property
    def _lumiere(self) -> Organisation:
        return self._story.organisation(LUMIERE)

    def _to_withdraw(self) -> Money | None:
        """What is there, in whole tens; not worth the trouble below fifty."""
        there = books.balance(AccountKind.PREPAID, self._lumiere.id, currency="CHF").minor // 10_00 * 10_00
        return Money(min(there, 80_00), "CHF") if there >= 50_00 else None

    def _pay_out(self, withdrawal: Withdrawal, *, now: datetime) -> None:
        payments.pay_withdrawal(withdrawal, by=self._olga, now=now)

    def _refuse(self, withdrawal: Withdrawal, *, now: datetime) -> None:
        reason = "PayPal ne connaît pas cette adresse. Veuillez la vérifier ou indiquer un IBAN."
        payments.refuse_withdrawal(withdrawal, reason=reason, by=self._olga, now=now)

    # --- orders from outside --------------------------------------------------------------------------------

    def _shop(self) -> Strand:
        """An agency's shop feeds the portal; its messages come in whatever order (SECURITY M2)."""
        yield (now := self._story.days_ago(14, "10:30"))
        self._key = api.make_key("Shop von Kollektiv 9", form_key=drafts.new_key(), by=self._olga, now=now)
        yield (now := self._story.days_ago(13, "11:02"))
        self._ordered_outside("K9-1038", ("monitoring", "Surveillance billetterie", 12), now=now)
        self._event("K9-1038", "order.paid", now=now + timedelta(minutes=1))
        yield (now := self._story.days_ago(8, "15:48"))
        self._event("K9-1041", "order.refunded", amount="9.00", reason="Rabais de bienvenue", now=now)
        self._ordered_outside(
            "K9-1041", ("cloud-s", "scan.festival-des-lacs.ch", 3), now=now + timedelta(minutes=2)
        )
        self._event("K9-1041", "order.paid", now=now + timedelta(minutes=3))
        yield (now := self._story.days_ago(5, "10:24"))
        self._ordered_outside("K9-1042", ("backup", "Sauvegarde photos", 1), now=now)
        self._event("K9-1042", "order.paid", now=now + timedelta(minutes=1))
        yield (now := self._story.days_ago(4, "17:06"))
        self._event("K9-1042", "order.refunded", reason="Article repris", now=now)
        yield (now := self._story.days_ago(2, "12:16"))
        self._event("K9-1043", "order.refunded", amount="18.00", reason="Commande en double", now=now)

    def _ordered_outside(self, number: str, line: tuple[str, str, int], *, now: datetime) -> None:
        code, label, periods = line
        festival = self._story.organisation(people.FESTIVAL)
        body = _message(
            external_id=number, client=festival.public_id, currency="CHF", placed_at=now.isoformat(),
            lines=[{"plan": code, "label": label, "quantity": 1, "periods": periods}],
        )  # fmt: skip
        api.take_order(messages.new_order(body, now=now), event_id=f"msg_{number}_order", body=body, now=now)
        api.note_use([self._key], now=now)

    def _event(self, number: str, kind: str, *, now: datetime, **said: str) -> None:
        currency = {"currency": "CHF"} if "amount" in said else {}
        body = _message(
            type=kind, timestamp=now.isoformat(), data={"external_id": number, **said, **currency}
        )  # fmt: skip
        event_id = f"msg_{number}_{kind.split('.')[1]}"
        api.take_event(messages.event(body, now=now), event_id=event_id, body=body, now=now)
        api.note_use([self._key], now=now)


def _message(**values: object) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode()
