"""A month of the affiliate programme, played through day by day: `flask demo --month`.

Everything happens by the actions that people and the worker use: clicks, sign-ups, orders, a refund, what is
confirmed after thirty days, and the run that pays it. Afterwards it is that day in the demo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from webapp import clock
from webapp.affiliation.models import Commission
from webapp.demo import calendar, people
from webapp.demo.recommended import AFFILIATES, JULES, MILA, VERGLEICH, Affiliate, Recommended, Won, customer
from webapp.demo.teller import Strand, Teller
from webapp.earnings import queries as earnings
from webapp.extensions import db
from webapp.i18n import money, speaking
from webapp.ledger import proofs
from webapp.ledger.rules import next_month
from webapp.orders import actions as orders
from webapp.payouts import queries as payouts
from webapp.payouts.models import Payout
from webapp.programme import programme

Say = Callable[[str], None]


def play(app: Flask, say: Say) -> bool:
    """From today until what is ordered today has been paid out; whether the ledger holds at the end."""
    month = Month(app, say)
    with speaking("en", "CH"):
        month.tell()
    calendar.go_to(app, month.end)
    return not any(proofs.run().values())


class Month(Teller):
    """New customers, orders, a refund, and the first run that pays for them."""

    def __init__(self, app: Flask, say: Say) -> None:
        begin = clock.now()
        paid = clock.day_of(begin) + timedelta(days=programme().affiliation.pending_days + 1)
        super().__init__(app, begin=begin, end=clock.start_of(next_month(paid)) + timedelta(days=2, hours=12))
        self._begin, self._say_line = begin, say
        self._recommended = Recommended(self)

    def strands(self) -> Iterator[Strand]:
        yield self._blog()
        yield self._podcast()
        yield self._comparison()
        yield self._clicks()
        yield self._operator()
        yield self._end()

    def _on(self, day: int, at: int = 10) -> datetime:
        """So many days after the beginning, at this hour."""
        return clock.start_of(clock.day_of(self._begin) + timedelta(days=day)) + timedelta(hours=at)

    def _say(self, text: str) -> None:
        self._say_line(f"{clock.day_of(clock.now()):%a %d %b %Y}  {text}")

    # --- what happens ---------------------------------------------------------------------------------------

    def _new(self, name: str, affiliate: Affiliate, place: tuple[str, str, str, str]) -> Won:
        """A customer of its own for each time that a month is played."""
        name = f"{name} {clock.day_of(self._begin):%y%m%d}"
        return Won(customer(name, affiliate.company.language, place), affiliate, 0, ())

    def _signs_up(self, won: Won, *, now: datetime) -> None:
        self._recommended.win(won, now=now)
        self._say(f"{won.company.name} signs up over the link of {won.by.company.name}.")

    def _buys(self, won: Won, plan: str, label: str, months: int, *, now: datetime) -> None:
        order = self._recommended.buy(won.company, plan, label, 1, months, now=now)
        self._told(order.id, won.by)

    def _told(self, order_id: int, affiliate: Affiliate) -> None:
        commission = db.session.query(Commission).filter_by(order_id=order_id).one()
        amount = money(commission.account.money(commission.amount))
        until = f"{commission.waits_until:%d %b %Y}"
        self._say(
            f"Order {commission.order.number}: {amount} for {affiliate.company.name} at {commission.rate} %, "
            f"waiting until {until}."
        )

    def _blog(self) -> Strand:
        """Mila's rate rises with this order: from 50.- on the next one counts at 30 per cent."""
        won = self._new("Kräuterladen Neumarkt", MILA, ("Neumarkt 3", "8400", "Winterthur", "CH"))
        yield (now := self._begin + timedelta(minutes=10))
        self._signs_up(won, now=now)
        self._buys(won, "web-start", "kraeuterladen.example", 24, now=now)
        yield (now := self._on(9))
        self._buys(won, "mail-service", "Postfach", 12, now=now)

    def _podcast(self) -> Strand:
        """A customer that orders, and gives half of it back while it waits (RULES F6)."""
        won = self._new("Épicerie Sous-Gare", JULES, ("Avenue d’Ouchy 7", "1006", "Lausanne", "CH"))
        yield (now := self._on(2, 17))
        self._signs_up(won, now=now)
        order = self._recommended.buy(won.company, "cloud-s", "epicerie", 1, 12, now=now)
        self._told(order.id, JULES)
        yield (now := self._on(12))
        (line,) = order.lines
        half = line.money(line.net).part(1, 2)
        olga = self.person(people.OLGA)
        orders.credit(order, {line.id: half}, reason="Six mois suffisent.", by=olga, now=now)
        commission = db.session.query(Commission).filter_by(order_id=order.id).one()
        left = money(commission.account.money(commission.amount))
        self._say(f"Half of order {order.number} is refunded; {left} of its commission is left.")

    def _comparison(self) -> Strand:
        """An order that is cancelled on the last waiting day brings nothing (RULES F6)."""
        won = self._new("Turbinenhaus Labor", VERGLEICH, ("Hardstrasse 230", "8005", "Zürich", "CH"))
        yield (now := self._on(1, 14))
        self._signs_up(won, now=now)
        order = self._recommended.buy(won.company, "cloud-m", "labor", 1, 12, now=now)
        self._told(order.id, VERGLEICH)
        yield (now := self._on(31, 16))
        orders.cancel(order, reason="Projekt beendet.", by=self.person(people.OLGA), now=now)
        self._say(f"Order {order.number} is cancelled on its last waiting day: its commission is, too.")

    def _clicks(self) -> Strand:
        day = 0
        while self._on(day + 7, 20) < self.end:
            day += 7
            yield (now := self._on(day, 20))
            for affiliate in AFFILIATES:
                self._recommended.click(affiliate, affiliate.clicks, now=now)

    def _operator(self) -> Strand:
        """Imports rates on Mondays, and carries out each run on the day after it."""
        day = 0
        while self._on(day + 1, 11) < self.end:
            day += 1
            now = self._on(day, 11)
            today = clock.day_of(now)
            if today.weekday() == 0 or today.day == 2:
                yield now
                if today.weekday() == 0:
                    self._recommended.import_rates(today, now=now)
                elif carried_out := self._recommended.execute(now=now):
                    self._say(f"The operator has given {carried_out} payout runs to the bank.")

    def _end(self) -> Strand:
        yield self.end - timedelta(minutes=5)
        for affiliate in AFFILIATES:
            account = self._recommended.account(affiliate)
            standing, rate = payouts.standing(account, now=self.end), earnings.progress(account).rate
            self._say(
                f"{affiliate.company.name}: waiting {money(standing.waiting)}, confirmed "
                f"{money(standing.confirmed)}, paid {money(standing.paid)}, rate {rate} %."
            )

    # --- what the clock does --------------------------------------------------------------------------------

    def _do_what_is_due(self, moment: datetime) -> None:
        """Each morning; what is confirmed that day and what is paid is told."""
        newest = db.session.scalar(sa.select(sa.func.max(Payout.id))) or 0
        super()._do_what_is_due(moment)
        with clock.standing_at(moment):
            today = clock.day_of(moment)
            confirmed = db.session.query(Commission).filter(
                Commission.confirms_on == today, Commission.amount > 0, Commission.placed_at < moment
            )
            for commission in confirmed:
                amount = money(commission.account.money(commission.amount))
                who = commission.account.organisation.name
                self._say(f"Confirmed: {amount} of order {commission.order.number} for {who}.")
            for payout in db.session.query(Payout).filter(Payout.id > newest).order_by(Payout.id):
                who, way = payout.account.organisation.name, payout.kind.value
                self._say(f"Payout {payout.number}: {money(payout.money)} to {who} ({way}).")
