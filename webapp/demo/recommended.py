"""The demo's affiliates, one at each rate: whom they win, what that brings, and where it is paid to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from webapp import clock, drafts
from webapp.accounts.models import User
from webapp.accounts.rules import Kind as Legal
from webapp.affiliation import actions as affiliation
from webapp.affiliation import queries as affiliates
from webapp.affiliation.models import AffiliateAccount
from webapp.affiliation.rules import Noted
from webapp.database import new_public_id
from webapp.demo import people
from webapp.demo.people import LEGAL, Company, Person
from webapp.demo.teller import Strand, Teller
from webapp.orders import actions as orders
from webapp.orders.models import Order
from webapp.orders.quotes import Wanted
from webapp.orders.rules import Method
from webapp.partnerships.rules import Side
from webapp.payments import actions as payments
from webapp.payouts import actions as payouts
from webapp.payouts import queries as runs
from webapp.payouts.rules import Kind
from webapp.products import queries as products_of
from webapp.rates import actions as rates
from webapp.rates.rules import Quoted
from webapp.text import slug
from webapp.visits import Visit

RATES_SINCE = 268  # days ago
MILLIONTHS = 936_400  # of a franc, what a euro was worth then; made up, like all that follows


@dataclass(frozen=True)
class Affiliate:
    """Somebody who recommends since so many days, and where payouts go; `clicks` in a usual week."""

    company: Company
    days: int
    kind: Kind
    target: str
    clicks: int
    pages: tuple[tuple[str, str], ...] = ()  # further links: path and name


@dataclass(frozen=True)
class Won:
    """A customer that came over a link so many days ago, and what it ordered then: plan, label, quantity, months."""

    company: Company
    by: Affiliate
    days: int
    orders: tuple[tuple[int, str, str, int, int], ...]  # the first number: so many days after its sign-up
    code: bool = False  # the tag was typed, not clicked


def _alone(name: str, email: str, language: str, place: tuple[str, str, str, str]) -> Company:
    """A private person."""
    street, postcode, city, country = place
    who = Person(name, email, language, country)
    return Company(name, street, postcode, city, country, language, ((who, LEGAL),), kind=Legal.INDIVIDUAL)


def _company(
    name: str, founder: str, email: str, language: str, place: tuple[str, str, str, str], number: str = ""
) -> Company:
    street, postcode, city, country = place
    who = Person(founder, email, language, country)
    return Company(name, street, postcode, city, country, language, ((who, LEGAL),), number)


MILA = Affiliate(
    _alone("Mila Frei", "mila@kleinkram-blog.example", "de", ("Steinberggasse 14", "8400", "Winterthur", "CH")),
    52, Kind.PREPAID, "", 9,
)  # fmt: skip
JULES = Affiliate(
    _alone("Jules Monod", "jules@reseau-cafe.example", "fr", ("Rue de Bourg 31", "1003", "Lausanne", "CH")),
    230, Kind.IBAN, "CH9300762011623852957", 64, (("/prices", "Épisode 41: les prix"), ("/affiliate", "À propos")),
)  # fmt: skip
BLATTWERK = Affiliate(
    _company(
        "Blattwerk Medien UG", "Jana Ostermann", "jana@blattwerk-medien.example", "de",
        ("Brüsseler Platz 8", "50674", "Köln", "DE"), "HRB 98 231",
    ),
    245, Kind.IBAN, "DE89370400440532013000", 210, (("/prices", "Vergleich: Webhosting"),),
)  # fmt: skip
VERGLEICH = Affiliate(
    _company(
        "Serverkompass AG", "Reto Danioth", "reto@serverkompass.example", "de",
        ("Baarerstrasse 52", "6300", "Zug", "CH"), "CHE-471.203.884",
    ),
    262, Kind.PAYPAL, "zahlungen@serverkompass.example", 520, (("/prices", "Cloud-Vergleich 2026"),),
)  # fmt: skip
AFFILIATES = (MILA, JULES, BLATTWERK, VERGLEICH)


def customer(name: str, language: str, place: tuple[str, str, str, str]) -> Company:
    """A company that becomes a customer."""
    return _company(name, f"{name.split()[0]} Team", f"info@{slug(name)}.example", language, place)


WON = (
    Won(
        customer("Velowerk Töss", "de", ("Zürcherstrasse 120", "8406", "Winterthur", "CH")), MILA, 47,
        ((0, "web-start", "velowerk-toess.ch", 1, 12),),
    ),
    Won(
        customer("Nähatelier Rychenberg", "de", ("Rychenbergstrasse 9", "8400", "Winterthur", "CH")), MILA, 21,
        ((0, "domain-ch", "naehatelier-rychenberg.ch", 1, 1),), code=True,
    ),
    Won(
        customer("Torréfaction Ouchy", "fr", ("Avenue d’Ouchy 44", "1006", "Lausanne", "CH")), JULES, 190,
        ((0, "web-pro", "torrefaction-ouchy.ch", 1, 12), (140, "newsletter", "infolettre", 1, 12)),
    ),
    Won(
        customer("Studio Flon", "fr", ("Rue du Port-Franc 17", "1003", "Lausanne", "CH")), JULES, 120,
        ((0, "cloud-m", "studio-flon", 1, 12), (84, "backup", "Sauvegarde", 1, 12)),
    ),
    Won(
        customer("Escalade Malley", "fr", ("Chemin du Viaduc 3", "1008", "Prilly", "CH")), JULES, 70,
        ((3, "web-pro", "escalade-malley.ch", 1, 12),),  # too late to count
    ),
    Won(
        customer("Brettspielcafé Ehrenfeld", "de", ("Venloer Straße 210", "50823", "Köln", "DE")), BLATTWERK, 205,
        ((0, "web-pro", "brettspielcafe-ehrenfeld.example", 4, 12), (150, "mail-service", "Postfächer", 6, 12)),
    ),
    Won(
        customer("Rheinkontor Versand", "de", ("Deutz-Mülheimer Straße 30", "50679", "Köln", "DE")), BLATTWERK, 110,
        ((0, "cloud-m", "rheinkontor", 4, 12), (20, "backup", "Sicherung", 4, 12)),
    ),
    Won(
        customer("Alpenblick Ferien", "de", ("Dorfstrasse 88", "3818", "Grindelwald", "CH")), BLATTWERK, 60,
        ((0, "web-pro", "alpenblick-ferien.ch", 2, 24), (33, "newsletter", "Gästebrief", 1, 12)),
    ),
    Won(
        customer("Messwert Systeme", "de", ("Technoparkstrasse 1", "8005", "Zürich", "CH")), VERGLEICH, 240,
        ((0, "public-cloud", "messwert-zrh", 10, 36),),
    ),
    Won(
        customer("Kantor Logistik", "de", ("Güterstrasse 140", "4053", "Basel", "CH")), VERGLEICH, 150,
        ((0, "public-cloud", "kantor-bsl", 8, 36), (118, "cloud-m", "kantor-test", 2, 12)),
    ),
)  # fmt: skip
LOOKALIKE = Won(
    customer("Kompass Shop", "de", ("Baarerstrasse 52", "6300", "Zug", "CH")), VERGLEICH, 4,
    ((0, "web-pro", "kompass-shop.ch", 1, 12),),
)  # fmt: skip


class Recommended:
    """What becomes of recommendations: clicks, sign-ups, orders, reference rates, payouts."""

    def __init__(self, story: Teller) -> None:
        self._story = story
        self._networks = 0

    def strands(self) -> Iterator[Strand]:
        """All of them."""
        yield self._rates()
        for affiliate in AFFILIATES:
            yield self._affiliate(affiliate)
        for won in (*WON, LOOKALIKE):
            yield self._won(won)
        yield self._refunded()
        yield self._carry_out()

    @property
    def _olga(self) -> User:
        return self._story.person(people.OLGA)

    def account(self, affiliate: Affiliate) -> AffiliateAccount:
        """Its affiliate account."""
        account = affiliates.account_of(self._story.organisation(affiliate.company))
        assert account is not None
        return account

    # --- recommending ---------------------------------------------------------------------------------------

    def _affiliate(self, affiliate: Affiliate) -> Strand:
        yield (now := self._story.days_ago(affiliate.days, "19:40"))
        self._story.settle(affiliate.company, now=now)
        by = self._story.founder(affiliate.company)
        account = affiliation.join(self._story.organisation(affiliate.company), by=by, now=now)
        for path, label in affiliate.pages:
            affiliation.save_link(account, path, label, by=by, now=now)
        if affiliate.kind is not Kind.PREPAID:
            payouts.prefer(account, affiliate.kind, affiliate.target, affiliate.company.name, by=by, now=now)
        for days in range(affiliate.days - 3, 0, -7):
            yield (now := self._story.days_ago(days, "21:10"))
            self.click(affiliate, affiliate.clicks, now=now)

    def click(self, affiliate: Affiliate, times: int, *, now: datetime) -> None:
        """So many people follow its links."""
        account = self.account(affiliate)
        pages = ["/", "/", *(path for path, _label in affiliate.pages)]
        noted = [
            Noted(
                new_public_id(),
                account.id,
                pages[n % len(pages)],
                now - timedelta(minutes=n),
                self._network(),
            )
            for n in range(times)
        ]
        affiliation.write_clicks(noted, now=now)

    def _network(self) -> str:
        """Somebody's address, of those kept for examples (RFC 5737 has too few, so RFC 2544's)."""
        self._networks += 1
        return f"198.18.{self._networks // 250 % 250}.{self._networks % 250}"

    def _won(self, won: Won) -> Strand:
        yield (now := self._story.days_ago(won.days, "15:20"))
        self.win(won, now=now)
        for after, plan, label, quantity, months in won.orders:
            yield (now := self._story.days_ago(won.days - after, "16:05"))
            self.buy(won.company, plan, label, quantity, months, now=now)

    def win(self, won: Won, *, now: datetime) -> None:
        """Somebody follows the link, looks around for half an hour, and signs up; or types the code."""
        account, network = self.account(won.by), self._network()
        click = None if won.code else new_public_id()
        visit = Visit(account.tag, click, now - timedelta(minutes=30), "/", network)
        if click:
            affiliation.write_clicks([Noted(click, account.id, "/", visit.at, network)], now=visit.at)
        self._story.sign_up(won.company, visit=visit, now=now)

    def buy(
        self, company: Company, code: str, label: str, quantity: int, months: int, *, now: datetime
    ) -> Order:
        """A customer orders, and its instant transfer is booked by hand."""
        plan = products_of.plan_by_code(code)
        assert plan is not None, code
        order: Order = orders.place(
            self._story.organisation(company), [Wanted(plan, label, quantity, months)], side=Side.CLIENT,
            method=Method.INVOICE, by=self._story.founder(company), now=now, key=drafts.new_key(),
        )  # fmt: skip
        payments.book_payment(
            order, order.missing, booked_on=clock.day_of(now), key=drafts.new_key(), by=self._olga, now=now
        )
        return order

    def _refunded(self) -> Strand:
        """Half of an order is given back while its commission waits, and all of another one (RULES F6)."""
        yield (now := self._story.days_ago(26, "10:30"))
        newsletter = self.buy(WON[7].company, "newsletter", "Hausbrief", 1, 12, now=now)
        yield (now := self._story.days_ago(19, "11:15"))
        (line,) = newsletter.lines
        orders.credit(
            newsletter, {line.id: line.money(line.net).part(1, 2)}, by=self._olga, now=now,
            reason="Nur ein halbes Jahr gebraucht.",
        )  # fmt: skip
        yield (now := self._story.days_ago(16, "14:00"))
        backup = self.buy(WON[3].company, "backup", "Sauvegarde 2", 1, 12, now=now)
        yield (now := self._story.days_ago(9, "09:30"))
        orders.cancel(backup, reason="Commandé deux fois.", by=self._olga, now=now)

    # --- what the operator does -----------------------------------------------------------------------------

    def _rates(self) -> Strand:
        """The reference rates of the week, imported on Monday mornings; of each weekday before."""
        for days in range(RATES_SINCE, -1, -1):
            now = self._story.days_ago(days, "08:05")
            if clock_day(now, self._story).weekday() == 0 or days == 0:
                yield now
                self.import_rates(clock_day(now, self._story), now=now)

    def import_rates(self, today: date, *, now: datetime) -> None:
        """Those of the seven days before."""
        days = [today - timedelta(days=n) for n in range(7, 0, -1)]
        quoted = [Quoted("CHF", _rate(day), day) for day in days if day.weekday() < 5]
        rates.take_in(quoted, by=self._olga, now=now)

    def _carry_out(self) -> Strand:
        """Two days after each run the operator has given its files to the bank; once a payout comes back (RULES F8)."""
        for month in self._months():
            yield (now := month + timedelta(days=1, hours=10))
            self.execute(now=now)
            if month == self._months()[-2]:
                yield (now := month + timedelta(days=3, hours=9))
                self._come_back(now=now)

    def execute(self, *, now: datetime) -> int:
        """Carries out the runs that are to be carried out; how many."""
        due = [row.run for row in runs.runs()[0] if row.run.sealed_at and not row.run.executed_at]
        for run in due:
            payouts.execute(run, by=self._olga, now=now)
        return len(due)

    def _come_back(self, *, now: datetime) -> None:
        """The bank does not know the account; the affiliate confirms it some days later."""
        for payout in runs.payouts_of(self.account(BLATTWERK)).rows[:1]:
            payouts.take_back(payout, reason="Konto unbekannt", by=self._olga, now=now)
            by = self._story.founder(BLATTWERK.company)
            payouts.prefer(self.account(BLATTWERK), BLATTWERK.kind, BLATTWERK.target, BLATTWERK.company.name,
                           by=by, now=now + timedelta(days=2))  # fmt: skip

    def _months(self) -> list[datetime]:
        """The first mornings of the months in which runs were carried out."""
        days = (self._story.days_ago(days, "00:00") for days in range(200, 0, -1))
        return [day for day in days if clock_day(day, self._story).day == 1]


def clock_day(moment: datetime, story: Teller) -> date:
    """The day where the operator is."""
    return moment.astimezone(story.zone).date()


def _rate(day: date) -> int:
    """Made up, but the same whenever it is asked for."""
    n = day.toordinal()
    return MILLIONTHS + 100 * ((n * 7919) % 61 - 30) + 100 * (n % 29)
