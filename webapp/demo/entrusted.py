"""The demo's strands of products and partnerships: each state that a partnership or an invitation can be in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path

from webapp import drafts, links
from webapp.accounts import queries as people_of
from webapp.accounts.models import Organisation, User
from webapp.accounts.rules import Role
from webapp.clients import actions as clients
from webapp.demo import goods, pacts, people
from webapp.demo.goods import GOODS, Good
from webapp.demo.pacts import Asked, Pact
from webapp.demo.people import Company, Person
from webapp.demo.teller import MONEY_DAYS, Strand, Teller, details_of
from webapp.demo.trade import Trade
from webapp.directory import actions as directory
from webapp.directory.rules import SuspensionReason
from webapp.invitations import actions as invitations
from webapp.invitations.models import Invitation
from webapp.organisations import actions as organisations
from webapp.partnerships import actions as partnerships
from webapp.partnerships import queries as partnerships_of
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Payer, Rights, Side
from webapp.products import actions as products
from webapp.products import exchange
from webapp.products import queries as products_of
from webapp.products.models import Product
from webapp.products.rules import Figure, ProductDetails
from webapp.requests import actions as requests

CATALOGUE = Path(__file__).with_name("catalogue.csv")


class Entrusted:
    """Products arrive, are put into partners' hands, and are taken back."""

    def __init__(self, story: Teller, trade: Trade) -> None:
        self._story, self._trade = story, trade
        self._placed: list[tuple[Good, int]] = []  # each good that is in use, and its product's id

    def strands(self) -> Iterator[Strand]:
        """All of them."""
        yield self._catalogue()
        for company, days in people.ARRIVALS:
            yield from self._goods(company, days)
        for pact in pacts.PACTS:
            yield self._pact(pact)
        yield self._lumen()
        yield self._external()
        yield self._bergwerk()
        yield self._acting()
        yield self._theatre()
        yield self._camping()
        yield self._librairie()
        yield self._brasserie()
        yield self._auberge()
        yield self._souffle()
        yield self._sonnenhof()
        yield self._refused()
        yield self._lapsed()
        yield self._deleted()
        yield self._waiting()
        yield self._sent_again()
        yield self._fondation()
        yield from self._goods(people.FONDATION, 146)
        yield self._requests()
        yield self._usage()

    # --- products -------------------------------------------------------------------------------------------

    @property
    def _olga(self) -> User:
        return self._story.person(people.OLGA)

    def _catalogue(self) -> Strand:
        """Imported as a file, as an operator would; one plan is no longer sold."""
        yield (now := self._story.days_ago(1000))
        rows, faults = exchange.read_plans(CATALOGUE.read_bytes())
        assert not faults, faults
        plans = [{"details": row.details.as_data(), "retired": row.retired} for row in rows]
        draft = drafts.save("plans", drafts.new_key(), {"plans": plans}, now=now)
        products.import_plans(draft, by=self._olga, now=now)
        yield (now := self._story.days_ago(300, "15:00"))
        classic = products_of.plan_by_code("web-classic")
        assert classic is not None
        products.retire_plan(classic, by=self._olga, now=now)

    def _goods(self, company: Company, arrival: int) -> Iterator[Strand]:
        """A strand for each day on which the client gets products."""

        def since(good: Good) -> int:
            return good.days or arrival

        for days, group in groupby(sorted(GOODS.get(company, ()), key=since), key=since):
            yield self._delivery(company, list(group), days)

    def _delivery(self, company: Company, wanted: list[Good], days: int) -> Strand:
        """Before money was looked after here the operator set products up; since then they are ordered."""
        yield (now := self._story.days_ago(days, "14:00"))
        organisation = self._story.organisation(company)
        if days > MONEY_DAYS:
            products_made = [self._set_up(company, organisation, good, now=now) for good in wanted]
        else:
            products_made = self._trade.buy(company, [(good.plan, good.label) for good in wanted], now=now)
        placed = list(zip(wanted, [product.id for product in products_made], strict=True))
        for good, product in zip(wanted, products_made, strict=True):
            self._arrange(product, good, by=self._story.founder(company), now=now)
        self._placed += [each for each in placed if not each[0].ended]
        for good, product_id in placed:
            if good.ended:
                yield (now := self._story.days_ago(good.ended, "16:30"))
                ended = products_of.product_by_id(product_id)
                assert ended is not None
                self._count([(good, product_id)], now=now)
                products.end_product(ended, by=self._olga, now=now)

    def _set_up(self, company: Company, organisation: Organisation, good: Good, *, now: datetime) -> Product:
        """By the operator."""
        plan = products_of.plan_by_code(good.plan)
        assert plan is not None, good.plan
        started = now.astimezone(self._story.zone).date()
        renews_on, automatic = self._trade.renewal(company, good, plan, started)
        details = ProductDetails(good.plan, good.label, started, renews_on, automatic)
        return products.add_product(organisation, details, key=drafts.new_key(), by=self._olga, now=now)

    def _arrange(self, product: Product, good: Good, *, by: User, now: datetime) -> None:
        """The founder tags it and sets it as it is wanted."""
        for name, colour in good.tags:
            products.add_tag(product, name=name, colour=colour, by=by, now=now)
        for name, value in good.settings.items():
            products.change_setting(product, name=name, value=value, by=by, now=now)

    def _usage(self) -> Strand:
        """The figures of all products, as a file of the operator's brings them."""
        yield (now := self._story.hours_ago(3))
        self._count(self._placed, now=now)

    def _count(self, placed: list[tuple[Good, int]], *, now: datetime) -> None:
        until = now.astimezone(self._story.zone).date()
        figures = [
            Figure(product_id, *figure)
            for good, product_id in placed
            for figure in goods.usage(good, until=until)
        ]
        products.import_usage(figures, by=self._olga, now=now)

    # --- what everybody does --------------------------------------------------------------------------------

    def _picked(self, organisation: Organisation, labels: Mapping[str, str]) -> dict[int, Rights]:
        """Rights by product, from letters by label; of a site and a domain with the same it is the site."""
        found: dict[str, int] = {}
        for product in partnerships_of.active_products(organisation).values():
            found.setdefault(product.label, product.id)
        return {found[label]: Rights("t" in letters, "s" in letters) for label, letters in labels.items()}

    def _invite(self, pact: Pact, *, now: datetime) -> Invitation:
        organisation = self._story.organisation(pact.client)
        return invitations.invite(
            drafts.save("invitation", drafts.new_key(), {}, now=now), organisation,
            self._story.partner(pact.partner), pact.terms, self._picked(organisation, pact.products),
            message=pact.message, language=pact.client.language, by=self._story.founder(pact.client), now=now,
        )  # fmt: skip

    def _ask(self, asked: Asked, *, now: datetime) -> Invitation:
        rights = {family: Rights("t" in letters, "s" in letters) for family, letters in asked.rights.items()}
        return invitations.ask(
            drafts.save("request", drafts.new_key(), {}, now=now), self._story.partner(asked.partner),
            asked.email, asked.terms, rights, message=asked.message, language=asked.language,
            by=self._story.person(asked.partner), now=now,
        )  # fmt: skip

    def _pact(self, pact: Pact) -> Strand:
        """Invited (RULES C6), and accepted a day later."""
        yield (now := self._story.days_ago(pact.days, "17:15"))
        invitation = self._invite(pact, now=now)
        yield (now := self._story.days_ago(pact.days - 1, "09:20"))
        invitations.accept(invitation, by=self._story.person(pact.partner), now=now)

    def _partnership(self, pact: Pact) -> Partnership:
        found = partnerships_of.active_between(
            self._story.organisation(pact.client), self._story.partner(pact.partner)
        )
        assert found is not None, pact
        return found

    def _change(self, pact: Pact, changes: Mapping[str, str], *, by: User, now: datetime) -> None:
        """Other rights on some products, none for an empty text (RULES C9)."""
        partnership = self._partnership(pact)
        picked = {
            **partnerships_of.granted(partnership),
            **self._picked(self._story.organisation(pact.client), changes),
        }
        partnerships.change_access(
            partnership, pact.terms, {each: rights for each, rights in picked.items() if rights},
            version=partnership.version, by=by, now=now,
        )  # fmt: skip

    def _assign(self, pact: Pact, who: Person, *, by: Person, now: datetime) -> None:
        partnership = self._partnership(pact)
        own = people_of.membership_in(partnership.partner.organisation, self._story.person(who))
        assert own is not None
        partnerships.assign(partnership, [own], by=self._story.person(by), now=now)

    def _end(self, pact: Pact, side: Side, who: Person, *, now: datetime) -> None:
        by = self._story.person(who)
        partnerships.end(self._partnership(pact), side=side, seen_hash=by.password_hash, by=by, now=now)

    # --- partnerships that change ---------------------------------------------------------------------------

    def _lumen(self) -> Strand:
        """Limited; rights come and go over months (RULES C1, C4, C9)."""
        pact, days_ago = pacts.LUMEN_AND_LUMIERE, self._story.days_ago
        yield from self._pact(pact)
        for days, at, who, changes in (
            (190, "14:25", people.NADIA, {"shop.lumen-optik.ch": "t", "lumen-optik.ch (24 Postfächer)": "s"}),
            (118, "10:40", people.PAUL, {"staging.lumen-optik.ch": ""}),
            (64, "16:05", people.NADIA, {"vps-zrh-01": "s"}),
            (19, "11:30", people.NADIA, {"vps-zrh-01": "ts"}),
        ):
            yield (now := days_ago(days, at))
            self._change(pact, changes, by=self._story.person(who), now=now)

    def _external(self) -> Strand:
        """A place in the client's team, which follows the partnership from its beginning (RULES C8)."""
        yield (now := self._story.days_ago(300, "13:50"))
        invitation = organisations.invite(
            self._story.organisation(people.LUMEN), email=people.INES.email, role=Role.COLLABORATOR,
            language="fr", by=self._story.person(people.NADIA), now=now,
        )  # fmt: skip
        yield (now := self._story.days_ago(299, "08:35"))
        link = links.live("colleague", invitation.id)
        assert link is not None
        organisations.accept_invitation(link, by=self._story.person(people.INES), now=now)

    def _bergwerk(self) -> Strand:
        """Limited, beside another limited partner (RULES C1)."""
        pact = pacts.LUMEN_AND_BERGWERK
        yield from self._pact(pact)
        yield (now := self._story.days_ago(98, "15:10"))
        self._assign(pact, people.SABINE, by=people.RETO, now=now)
        yield (now := self._story.days_ago(45, "09:55"))
        self._change(pact, {"k8s-pilot": "ts"}, by=self._story.person(people.PAUL), now=now)

    def _acting(self) -> Strand:
        """Collaborators of partners act for the clients entrusted to them (RULES C13, C14)."""
        for days, pact, who, label, name, value in (
            (12, pacts.LUMEN_AND_BERGWERK, people.SABINE, "k8s-pilot", "Knoten", "4"),
            (5, pacts.LUMEN_AND_LUMIERE, people.INES, "lumen-optik.ch", "PHP-Version", "8.3"),
        ):
            yield (now := self._story.days_ago(days, "10:20"))
            partnership = self._partnership(pact)
            (product_id,) = self._picked(partnership.client, {label: "t"})
            product = products_of.product_by_id(product_id)
            assert product is not None
            clients.change_setting(
                partnership, product, name=name, value=value, by=self._story.person(who), now=now
            )

    def _theatre(self) -> Strand:
        """From limited to full (RULES C2, C9); looked after by a collaborator."""
        pact = pacts.THEATRE_AND_LUMIERE
        yield from self._pact(pact)
        yield (now := self._story.days_ago(290, "18:20"))
        partnership = self._partnership(pact)
        partnerships.change_access(
            partnership, pacts.FULL, {}, version=partnership.version,
            by=self._story.person(people.MIREILLE), now=now,
        )  # fmt: skip
        yield (now := self._story.days_ago(286, "08:50"))
        self._assign(pact, people.INES, by=people.JULIEN, now=now)

    def _camping(self) -> Strand:
        """Full; the partner pays from some day on (RULES C5, C10)."""
        pact = pacts.CAMPING_AND_LUMIERE
        yield from self._pact(pact)
        yield (now := self._story.days_ago(120, "19:40"))
        partnership = self._partnership(pact)
        partnerships.change_payer(
            partnership, Payer.PARTNER, version=partnership.version,
            by=self._story.person(people.JEAN_MARC), now=now,
        )  # fmt: skip

    def _librairie(self) -> Strand:
        """Limited, and nothing left in the partner's hands (RULES C9)."""
        pact = pacts.LIBRAIRIE_AND_LUMIERE
        yield from self._pact(pact)
        for days, label in ((210, "librairie-la-marge.ch (4 adresses)"), (96, "librairie-la-marge.ch")):
            yield (now := self._story.days_ago(days, "12:15"))
            partnership = self._partnership(pact)
            (product_id,) = self._picked(partnership.client, {label: "t"})
            product = products_of.product_by_id(product_id)
            assert product is not None
            partnerships.remove_product(partnership, product, by=self._story.person(people.HELENE), now=now)

    def _brasserie(self) -> Strand:
        """Limited, with more by and by."""
        pact = pacts.BRASSERIE_AND_LUMIERE
        yield from self._pact(pact)
        yield (now := self._story.days_ago(170, "20:05"))
        self._change(pact, {"boutique.grand-jorat.ch": "ts"}, by=self._story.person(people.LUC), now=now)

    def _auberge(self) -> Strand:
        """Ended by the client (RULES C11)."""
        yield from self._pact(pacts.AUBERGE_AND_LUMIERE)
        yield (now := self._story.days_ago(75, "22:10"))
        self._end(pacts.AUBERGE_AND_LUMIERE, Side.CLIENT, people.THIERRY, now=now)

    def _souffle(self) -> Strand:
        """Ended by the partner (RULES C11)."""
        yield from self._pact(pacts.SOUFFLE_AND_LUMIERE)
        yield (now := self._story.days_ago(155, "17:30"))
        self._end(pacts.SOUFFLE_AND_LUMIERE, Side.PARTNER, people.CAMILLE, now=now)

    def _sonnenhof(self) -> Strand:
        """With a partner whom the operator suspends: the partnership stays, the access stops."""
        yield from self._pact(pacts.SONNENHOF_AND_SEEWERK)
        yield (now := self._story.days_ago(9, "11:05"))
        directory.suspend(
            self._story.partner(people.STEFAN), SuspensionReason.INVOICES, by=self._olga, now=now
        )

    # --- invitations that led nowhere, or not yet (RULES C8) -------------------------------------------------

    def _refused(self) -> Strand:
        pact = pacts.LUMEN_AND_ALPENSERVER
        yield (now := self._story.days_ago(pact.days, "16:45"))
        invitation = self._invite(pact, now=now)
        yield (now := self._story.days_ago(pact.days - 2, "07:55"))
        by = self._story.person(pact.partner)
        invitations.refuse(invitation, reason=pacts.ALPENSERVER_REFUSES, by=by, now=now)

    def _lapsed(self) -> Strand:
        """Its reminder and the news that it has lapsed leave by the clock."""
        yield (now := self._story.days_ago(pacts.LUMEN_AND_HEXAGONE.days, "15:35"))
        self._invite(pacts.LUMEN_AND_HEXAGONE, now=now)

    def _deleted(self) -> Strand:
        pact = pacts.EMMA_AND_NORTHBRIDGE
        yield (now := self._story.days_ago(pact.days, "10:10"))
        invitation = self._invite(pact, now=now)
        yield (now := self._story.days_ago(pact.days - 1, "21:25"))
        invitations.delete(invitation, by=self._story.person(people.EMMA), now=now)

    def _waiting(self) -> Strand:
        yield (now := self._story.days_ago(pacts.LUMEN_AND_NORTHBRIDGE.days, "11:45"))
        self._invite(pacts.LUMEN_AND_NORTHBRIDGE, now=now)

    def _sent_again(self) -> Strand:
        pact = pacts.HORLOGERIE_AND_LUMIERE
        yield (now := self._story.days_ago(pact.days, "17:05"))
        invitation = self._invite(pact, now=now)
        yield (now := self._story.days_ago(3, "08:40"))
        invitations.resend(invitation, by=self._story.person(people.VINCENT), now=now)

    # --- what partners ask for (RULES C7) -------------------------------------------------------------------

    def _fondation(self) -> Strand:
        """Somebody without an account signs up by the link, and grants less than was asked."""
        company, who = people.FONDATION, people.ISABELLE
        yield (now := self._story.days_ago(pacts.FONDATION_ASKED.days, "09:30"))
        invitation = self._ask(pacts.FONDATION_ASKED, now=now)
        yield (now := self._story.days_ago(147, "20:40"))
        requests.join(
            invitation, details_of(company), name=who.name, password_hash=self._story.password_hash,
            language=who.language, now=now,
        )  # fmt: skip
        yield (now := self._story.days_ago(145, "21:05"))
        organisation = self._story.organisation(company)
        picked = self._picked(organisation, pacts.FONDATION_GRANTS)
        invitations.grant(
            invitation, organisation, pacts.LIMITED, picked, by=self._story.person(who), now=now
        )

    def _requests(self) -> Strand:
        """Refused; waiting with somebody known, and with an address that nobody has signed up with."""
        asked = pacts.FESTIVAL_ASKED
        yield (now := self._story.days_ago(asked.days, "10:35"))
        request = self._ask(asked, now=now)
        yield (now := self._story.days_ago(asked.days - 1, "22:50"))
        by = self._story.person(people.OLIVIER)
        invitations.refuse(request, reason=pacts.FESTIVAL_REFUSES, by=by, now=now)
        for asked in (pacts.BOULANGERIE_ASKED, pacts.FROMAGERIE_ASKED):
            yield (now := self._story.days_ago(asked.days, "16:15"))
            self._ask(asked, now=now)
