"""Tells a story through the same actions that people use, at the dates on which things happened.

A strand is a generator: it yields the moment at which it goes on. `tell` takes the strands in order of time, lets
the days pass in between (jobs, mail), and leaves behind a portal that looks lived in, with a full mailbox.
"""

from __future__ import annotations

import hashlib
import heapq
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta

from flask import Flask

from webapp import clock, drafts, links, transport
from webapp.accounts import actions as accounts
from webapp.accounts import passwords
from webapp.accounts import queries as people_of
from webapp.accounts.models import Organisation, User
from webapp.accounts.rules import OrganisationDetails, Role
from webapp.affiliation import actions as affiliation
from webapp.demo import calls, drawings, sign_ins
from webapp.demo.calls import Answer, Call
from webapp.demo.people import Company, Person
from webapp.directory import actions as directory
from webapp.directory import queries as directory_of
from webapp.directory.models import Application, PartnerAccount
from webapp.extensions import db
from webapp.inbox import actions as inbox
from webapp.inbox import queries as inbox_of
from webapp.invitations import actions as invitations
from webapp.organisations import actions as organisations
from webapp.payouts import actions as payouts
from webapp.postman import Postman
from webapp.programme import programme
from webapp.renewals import actions as renewals
from webapp.revenue import actions as revenue
from webapp.tenders import actions as tenders
from webapp.tenders.models import Offer, Tender, TenderRecipient
from webapp.tenders.rules import closing
from webapp.transport import FolderTransport, Never
from webapp.visits import Visit

Strand = Iterator[datetime]

MONEY_DAYS = 268  # since then things are ordered, billed and paid for here: nearly nine months
DAILY = (
    renewals.remind,
    renewals.renew,
    revenue.send_statements,
    payouts.run_due,
    payouts.finish_executions,
    affiliation.forget_clicks,
    invitations.remind,
    invitations.tell_of_lapses,
    tenders.expire,
    inbox.send_digests,
    inbox.tell_of_openings,
    tenders.remind_of_closing,
    tenders.erase_old,
)
MISTYPED = calls.ROWING_CLUB.email  # nobody lives there: its mail ends dead on the operator's desk


class Mailbox(FolderTransport):
    """The folder, with one address that its server does not know."""

    def send(self, to: str, message: bytes) -> None:
        if to == MISTYPED:
            raise Never(f"550 5.1.1 <{to}>: Recipient address rejected: User unknown")
        super().send(to, message)


class Teller(ABC):
    """What time it is in the story, who everybody is, and what people do in it."""

    def __init__(self, app: Flask, *, begin: datetime | None = None, end: datetime | None = None) -> None:
        """Until `end`, this moment unless given; from `begin` on the days pass by the clock."""
        self._app = app
        self.end = end or clock.now()
        self.zone = app.config["SETTINGS"].zone
        self._passed = begin or self.end - timedelta(
            days=MONEY_DAYS
        )  # before that nothing happens by the clock
        folder = app.config["SETTINGS"].mail_server.folder
        way_out = Mailbox(folder) if folder else transport.transport(app)
        self._postman = Postman(app, way_out)
        self.password_hash = passwords.hash_password(sign_ins.password())

    # --- time -----------------------------------------------------------------------------------------------

    def days_ago(self, days: float, at: str = "09:00") -> datetime:
        """So many days ago at this time of day."""
        day = (self.end - timedelta(days=days)).astimezone(self.zone).date()
        return min(datetime.combine(day, time.fromisoformat(at), self.zone), self.end - timedelta(minutes=5))

    def hours_ago(self, hours: float) -> datetime:
        """So many hours ago."""
        return self.end - timedelta(hours=hours)

    @abstractmethod
    def strands(self) -> Iterator[Strand]:
        """Everything that happens."""

    def tell(self) -> None:
        """Takes the strands in order of time until all are told."""
        waiting: list[tuple[datetime, int, Strand]] = []
        for number, strand in enumerate(self.strands()):
            heapq.heappush(waiting, (next(strand), number, strand))
        while waiting:
            moment, number, strand = heapq.heappop(waiting)
            self._let_days_pass(moment)
            with clock.standing_at(moment):
                db.session.rollback()  # what was read before is old news
                following = next(strand, None)
            self.deliver(moment + timedelta(minutes=1))
            if following:
                heapq.heappush(waiting, (max(following, moment), number, strand))
        self._let_days_pass(self.end)
        self._do_what_is_due(self.end)
        db.session.rollback()

    def _let_days_pass(self, moment: datetime) -> None:
        """What the worker would have done each morning until then."""
        morning = datetime.combine(self._passed.astimezone(self.zone).date(), time(7, 30), self.zone)
        while (morning := morning + timedelta(days=1)) <= moment:
            self._passed = morning
            self._do_what_is_due(morning)

    def _do_what_is_due(self, moment: datetime) -> None:
        with self._app.app_context(), clock.standing_at(moment):
            for job in DAILY:
                job(now=moment)
        self.deliver(moment)

    def deliver(self, moment: datetime) -> None:
        """What is due leaves; in a context of its own, as the worker is another process."""
        db.session.rollback()
        with self._app.app_context(), clock.standing_at(min(moment, self.end)):
            while self._postman.round():
                pass

    @contextmanager
    def without_account(self, currency: str) -> Iterator[None]:
        """Meanwhile the policy names no bank account in this currency: nobody pays by invoice or fills an account."""
        policy, seller = programme(), programme().seller
        assert seller is not None
        iban, bic = (
            {other: number for other, number in numbers.items() if other != currency}
            for numbers in (seller.iban, seller.bic)
        )
        version = hashlib.sha256(f"{policy.digest} without {currency}".encode()).hexdigest()
        seller = replace(seller, iban=iban, bic=bic)
        self._app.config["PROGRAMME"] = replace(policy, digest=version, seller=seller)
        try:
            yield
        finally:
            self._app.config["PROGRAMME"] = policy

    # --- who is who -----------------------------------------------------------------------------------------

    def person(self, who: Person) -> User:
        """The account of somebody who has signed up by now."""
        found = people_of.user_by_email(who.email)
        assert found is not None, who.email
        return found

    def organisation(self, company: Company) -> Organisation:
        """The organisation that the first of its team has founded."""
        found = {
            each.organisation.name: each.organisation for each in people_of.memberships(self.founder(company))
        }
        return found[company.name]

    def founder(self, company: Company) -> User:
        """The first of the team."""
        return self.person(company.team[0][0])

    def partner(self, who: Person) -> PartnerAccount:
        """The partner account of the company in which this person works."""
        for membership in people_of.memberships(self.person(who)):
            if account := directory_of.account_of(membership.organisation):
                return account
        raise LookupError(who.email)

    # --- what people do -------------------------------------------------------------------------------------

    def sign_up(self, company: Company, *, visit: Visit | None = None, now: datetime) -> None:
        """The founder signs up, over an affiliate's link or not, and follows the link in the mail."""
        who = company.team[0][0]
        accounts.sign_up(
            details_of(company),
            name=who.name,
            email=who.email,
            password_hash=self.password_hash,
            language=who.language,
            visit=visit,
            now=now,
        )
        person = self.person(who)
        self.deliver(now)
        link = links.live("verify", person.id)
        assert link is not None
        accounts.verify_address(link, by=person, now=now)
        if who.region != person.region:
            accounts.change_profile(
                person, name=who.name, language=who.language, region=who.region, by=person, now=now
            )

    def join(self, company: Company, who: Person, role: Role, *, now: datetime) -> None:
        """The founder invites somebody, who follows the link and joins."""
        founder = self.founder(company)
        invitation = organisations.invite(
            self.organisation(company), email=who.email, role=role, language=who.language, by=founder, now=now
        )
        self.deliver(now)
        link = links.live("colleague", invitation.id)
        assert link is not None
        organisations.join_as_new_person(
            link, name=who.name, password_hash=self.password_hash, language=who.language, now=now
        )

    def settle(self, company: Company, *, now: datetime) -> None:
        """A company arrives with its whole team."""
        self.sign_up(company, now=now)
        for who, role in company.team[1:]:
            self.join(company, who, role, now=now)

    def apply(self, company: Company, website: str, about: str, *, now: datetime) -> Application:
        """The founder applies for the company."""
        return directory.apply(
            self.organisation(company), website=website, about=about, by=self.founder(company), now=now
        )

    def publish(self, call: Call, company: Company | None = None, *, now: datetime) -> Tender:
        """Somebody sends a call: a client's founder, or a visitor."""
        organisation = self.organisation(company) if company else None
        by = self.founder(company) if company else None
        draft = drafts.save("tender", drafts.new_key(), call.typed, now=now)
        return tenders.send(draft, by=by, organisation=organisation, now=now)

    def received(self, who: Person, tender: Tender) -> TenderRecipient:
        """The call in this partner's inbox."""
        found = inbox_of.received(self.partner(who), tender.public_id)
        assert found is not None, (who.email, tender.title)
        return found

    def open(self, who: Person, tender: Tender, *, now: datetime) -> None:
        """A partner reads the whole call."""
        inbox.open_contact(self.received(who, tender), by=self.person(who), now=now)

    def offer(self, who: Person, tender: Tender, answer: Answer, *, now: datetime) -> Offer:
        """A partner makes an offer."""
        terms = inbox.Terms(
            price_least=answer.least * 100,
            price_most=(answer.most or answer.least) * 100,
            currency=answer.currency,
            message=answer.message,
            language=answer.language,
            valid_until=closing(now, answer.days, self.zone),
            pdf=drawings.pdf("offer.pdf", answer.pdf) if answer.pdf else None,
        )
        return inbox.make_offer(self.received(who, tender), terms, by=self.person(who), now=now)


def details_of(company: Company) -> OrganisationDetails:
    """What the company says of itself."""
    return OrganisationDetails(
        company.kind,
        company.name,
        company.street,
        company.postcode,
        company.city,
        company.country,
        company.register_number or None,
        company.vat_number or None,
    )
