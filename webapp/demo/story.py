"""The demo's story: who arrives when, what is asked and offered; `entrusted` and `trade` tell the rest."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from flask import Flask

from webapp import drafts
from webapp.accounts import actions as accounts
from webapp.accounts import queries as people_of
from webapp.accounts.models import User
from webapp.accounts.rules import Kind, OrganisationDetails, Role
from webapp.demo import calls, drawings, people, sign_ins
from webapp.demo.entrusted import Entrusted
from webapp.demo.people import Applicant, Company, Partner
from webapp.demo.recommended import Recommended
from webapp.demo.teller import Strand, Teller
from webapp.demo.trade import Trade
from webapp.directory import actions as directory
from webapp.directory.models import Application
from webapp.directory.rules import Listing
from webapp.extensions import db
from webapp.inbox import actions as inbox
from webapp.organisations import actions as organisations
from webapp.postman import Postman
from webapp.renewals import actions as renewals
from webapp.tenders import actions as tenders


def told() -> bool:
    """Whether somebody lives in the database already."""
    return bool(db.session.scalar(sa.select(sa.exists().select_from(User))))


def tell(app: Flask) -> None:
    """Tells the whole story. Needs an application context and an empty database; takes some seconds."""
    logs = [logging.getLogger(each) for each in (Postman.__module__, renewals.__name__)]
    for log in logs:
        log.disabled = True  # the one dead mail is meant to be, and so is the renewal that fails
    try:
        Story(app).tell()
    finally:
        for log in logs:
            log.disabled = False


class Story(Teller):
    """Accounts, applications and calls for tenders."""

    def strands(self) -> Iterator[Strand]:
        yield self._operator()
        for partner in people.PARTNERS:
            yield self._partner(partner)
        for company, days in people.ARRIVALS:
            yield self._client(company, days)
        yield self._second_organisation()
        yield self._applications()
        yield self._colleagues()
        yield self._erased_call()
        yield self._wine()
        yield self._bakery()
        yield self._festival()
        yield self._fiduciary()
        yield self._architects()
        yield self._optician()
        yield self._spam()
        yield self._photographer()
        yield self._practice()
        yield self._unconfirmed()
        trade = Trade(self)
        yield from Entrusted(self, trade).strands()
        yield from trade.strands()
        yield from Recommended(self).strands()

    def _operator(self) -> Strand:
        yield (now := self.days_ago(5200))
        olga = people.OLGA
        accounts.create_first_operator(
            olga.name, olga.email, sign_ins.password(), olga.language, region=olga.region, now=now
        )

    def _partner(self, partner: Partner) -> Strand:
        company, founder = partner.company, partner.company.team[0][0]
        yield (now := self.days_ago(partner.years * 365.25 + 6, "10:12"))
        self.settle(company, now=now)
        application = self.apply(company, partner.website, partner.about, now=now)
        yield (now := self.days_ago(partner.years * 365.25, "14:40"))
        account = directory.approve(application, by=self.person(people.OLGA), now=now)
        yield (now := self.days_ago(partner.years * 365.25, "16:05"))
        by = self.person(founder)
        listing = Listing(
            listed=True,
            name=partner.listed_as,
            website=partner.website,
            city=company.city,
            country=company.country,
            region=partner.region,
            services=frozenset(partner.services),
            languages=frozenset(partner.languages),
            texts=partner.texts,
        )
        logo = drawings.logo(partner.logo) if partner.logo else None
        directory.edit_listing(account, listing, logo=logo, by=by, now=now)
        contact = people_of.membership_in(account.organisation, by)
        assert contact is not None
        inbox.set_preferences(account, _preferences(partner), contact=contact, by=by, now=now)

    def _client(self, company: Company, days: int) -> Strand:
        yield (now := self.days_ago(days, "11:30"))
        self.settle(company, now=now)

    def _second_organisation(self) -> Strand:
        """RULES O1: somebody who switches between two organisations."""
        yield (now := self.days_ago(75, "20:15"))
        details = OrganisationDetails(
            Kind.COMPANY, "Vignoble Favre", "Chemin des Vignes 2", "1095", "Lutry", "CH", "CHE-895.559.793"
        )
        organisations.open_organisation(details, key=drafts.new_key(), by=self.person(people.JULIEN), now=now)

    def _applications(self) -> Strand:
        """One rejected, two waiting (RULES A4)."""
        olga = people.OLGA
        yield (now := self.days_ago(20, "17:45"))
        application = self._applicant(people.FASTRANK, now=now)
        yield (now := self.days_ago(19, "08:50"))
        directory.reject(application, reason=people.REJECTION, by=self.person(olga), now=now)
        yield (now := self.days_ago(3, "15:20"))
        self._applicant(people.OCTOPUS, now=now)
        yield (now := self.days_ago(1, "10:05"))
        self._applicant(people.KIRCHNER, now=now)

    def _applicant(self, applicant: Applicant, *, now: datetime) -> Application:
        self.settle(applicant.company, now=now)
        return self.apply(applicant.company, applicant.website, applicant.about, now=now)

    def _colleagues(self) -> Strand:
        """Two colleagues who have not answered yet."""
        lumiere, lumen = people.PARTNERS[0].company, people.LUMEN
        yield (now := self.days_ago(2, "13:30"))
        self._invite(lumiere, "noemie.gaillard@lumiere-digital.example", Role.COLLABORATOR, now=now)
        yield (now := self.days_ago(1, "16:20"))
        self._invite(lumen, "beat.lanz@lumen-optik.example", Role.ADMINISTRATOR, now=now)

    def _invite(self, company: Company, email: str, role: Role, *, now: datetime) -> None:
        organisations.invite(
            self.organisation(company),
            email=email,
            role=role,
            language=company.language,
            by=self.founder(company),
            now=now,
        )

    def _erased_call(self) -> Strand:
        """Ended more than 90 days ago: figures only (RULES T6). The worker expires and erases it."""
        yield (now := self.days_ago(140, "09:40"))
        tender = self.publish(calls.SCHOOL_CLOUD, now=now)
        yield (now := self.days_ago(140, "09:52"))
        tenders.confirm(tender, by=None, now=now)
        yield (now := self.days_ago(138, "14:10"))
        self.open(people.LEA, tender, now=now)

    def _wine(self) -> Strand:
        """Expired with an offer that can still be accepted."""
        yield (now := self.days_ago(40, "18:30"))
        tender = self.publish(calls.WINE_SITE, people.WEINBAU, now=now)
        yield (now := self.days_ago(39, "08:15"))
        self.open(people.KATHARINA, tender, now=now)
        yield (now := self.days_ago(38, "11:00"))
        self.offer(people.KATHARINA, tender, calls.DONAU_ON_WINE, now=now)

    def _bakery(self) -> Strand:
        """Extended once."""
        yield (now := self.days_ago(41, "14:00"))
        tender = self.publish(calls.BAKERY_MAIL, people.BOULANGERIE, now=now)
        yield (now := self.days_ago(39, "10:30"))
        self.open(people.CAMILLE, tender, now=now)
        yield (now := self.days_ago(12, "19:10"))
        tenders.extend(tender, by=self.person(people.SOPHIE), now=now)
        yield (now := self.days_ago(9, "09:25"))
        self.offer(people.CAMILLE, tender, calls.LUMIERE_ON_MAIL, now=now)

    def _festival(self) -> Strand:
        """Awarded to one of three; the others are told (RULES T7)."""
        yield (now := self.days_ago(31, "12:05"))
        tender = self.publish(calls.FESTIVAL_TICKETS, people.FESTIVAL, now=now)
        yield (now := self.days_ago(31, "15:30"))
        self.open(people.LEA, tender, now=now)
        yield (now := self.days_ago(30, "08:45"))
        self.open(people.AURELIEN, tender, now=now)
        self.open(people.WIEBKE, tender, now=now)
        yield (now := self.days_ago(28, "17:20"))
        self.offer(people.AURELIEN, tender, calls.GARANCE_ON_TICKETS, now=now)
        yield (now := self.days_ago(27, "09:05"))
        chosen = self.offer(people.LEA, tender, calls.KOLLEKTIV_ON_TICKETS, now=now)
        yield (now := self.days_ago(25, "10:50"))
        self.offer(people.WIEBKE, tender, calls.NORD_ON_TICKETS, now=now)
        yield (now := self.days_ago(17, "21:15"))
        tenders.accept(tender, chosen, seen=chosen.stamp, by=self.person(people.OLIVIER), now=now)

    def _fiduciary(self) -> Strand:
        """A visitor's call that closes in two days; its reminder is out."""
        yield (now := self.days_ago(28, "16:40"))
        tender = self.publish(calls.FIDUCIARY_ARCHIVE, now=now)
        yield (now := self.days_ago(28, "17:02"))
        tenders.confirm(tender, by=None, now=now)
        yield (now := self.days_ago(26, "09:30"))
        self.open(people.MARC, tender, now=now)
        yield (now := self.days_ago(25, "14:15"))
        self.offer(people.MARC, tender, calls.DATAFORT_ON_ARCHIVE, now=now)

    def _architects(self) -> Strand:
        """Withdrawn by its requester (RULES T3)."""
        yield (now := self.days_ago(13, "09:10"))
        tender = self.publish(calls.ARCHITECTS_BACKUP, now=now)
        yield (now := self.days_ago(13, "09:14"))
        tenders.confirm(tender, by=None, now=now)
        yield (now := self.days_ago(13, "15:45"))
        self.open(people.RETO, tender, now=now)
        yield (now := self.days_ago(12, "18:00"))
        tenders.cancel(tender, by=None, now=now)

    def _optician(self) -> Strand:
        """Open, with readers, two offers and a "not for us"."""
        yield (now := self.days_ago(6, "09:20"))
        tender = self.publish(calls.OPTICIANS_SHOP, people.LUMEN, now=now)
        yield (now := self.days_ago(6, "11:40"))
        self.open(people.FIONA, tender, now=now)
        yield (now := self.days_ago(5, "08:30"))
        self.open(people.TOBIAS, tender, now=now)
        inbox.dismiss(
            self.received(people.LEA, tender), reason="no_capacity", by=self.person(people.LEA), now=now
        )
        yield (now := self.days_ago(4, "16:55"))
        self.offer(people.FIONA, tender, calls.NORTHBRIDGE_ON_SHOP, now=now)
        yield (now := self.days_ago(3, "10:10"))
        self.open(people.CAMILLE, tender, now=now)
        self.offer(people.TOBIAS, tender, calls.PIXEL_ON_SHOP, now=now)

    def _spam(self) -> Strand:
        """Hidden by the operator."""
        yield (now := self.days_ago(4, "03:12"))
        tender = self.publish(calls.SPAM, now=now)
        self.deliver(now)
        tenders.confirm(tender, by=None, now=now)
        yield (now := self.days_ago(4, "08:20"))
        tenders.hide(tender, by=self.person(people.OLGA), now=now)

    def _photographer(self) -> Strand:
        """Open, read by two partners, no offer yet."""
        yield (now := self.days_ago(2, "17:30"))
        tender = self.publish(calls.PHOTO_SITE, people.EMMAS, now=now)
        yield (now := self.days_ago(1, "09:45"))
        self.open(people.CAMILLE, tender, now=now)
        yield (now := self.days_ago(1, "14:25"))
        self.open(people.FIONA, tender, now=now)

    def _practice(self) -> Strand:
        """Open, read by nobody yet."""
        yield (now := self.hours_ago(7))
        tender = self.publish(calls.MEDICAL_SERVER, now=now)
        yield (now := self.hours_ago(6.8))
        tenders.confirm(tender, by=None, now=now)

    def _unconfirmed(self) -> Strand:
        """Two visitors who have not followed their link; the address of one is mistyped (RULES T5)."""
        yield (now := self.hours_ago(5))
        self.publish(calls.ROWING_CLUB, now=now)
        yield (now := self.hours_ago(2))
        self.publish(calls.CHOIR_SITE, now=now)


def _preferences(partner: Partner) -> dict[str, object]:
    """What it does, in its languages, where it is known; changed by what it wants (RULES T9)."""
    near = {
        "CH": ("CH", "LI"),
        "LI": ("LI", "CH", "AT"),
        "FR": ("FR", "CH"),
        "DE": ("DE", "CH"),
        "AT": ("AT", "DE"),
    }
    wishes: dict[str, object] = {
        "tender_services": partner.services,
        "tender_places": near[partner.company.country],
        "tender_languages": partner.languages,
        "tender_least_budget": 0,
        "tender_mail": "at_once",
        **partner.wants,
    }
    for name in ("tender_services", "tender_places", "tender_languages"):
        wishes[name] = frozenset(wishes[name])  # type: ignore[call-overload] # the three are sets of words
    return wishes
