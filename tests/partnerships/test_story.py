"""Any story of clients, partners, products and people, told to the program and to a small model at once.

The model is the rules in plain Python, without a database. After each step the program must have refused what
the model refuses, by the same refusal, and both must know the same world: SECURITY A1–A9, A11, A12.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
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

from tests.factories import join, make_organisation, make_partner, make_plan, make_product, make_user
from tests.invitations.story import draft
from tests.partnerships.story import FULL, LIMITED, STATISTICAL, TECHNICAL, WALLET, membership
from tests.times import NOW
from webapp.accounts.models import Membership, Organisation
from webapp.accounts.rules import OnlyRepresentatives, Role, WrongPassword
from webapp.directory import actions as directory
from webapp.directory.models import PartnerAccount
from webapp.directory.rules import AlreadySuspended, NotSuspended, SuspensionReason
from webapp.extensions import db
from webapp.invitations import actions as invitations
from webapp.invitations import queries as invitation_queries
from webapp.invitations.models import Invitation
from webapp.invitations.rules import (
    LIFETIME,
    RESEND_PAUSE,
    AlreadyInvited,
    NotWaiting,
    SentJustNow,
    State,
)
from webapp.organisations import actions as organisations
from webapp.organisations.rules import LastRepresentative
from webapp.partnerships import actions, queries
from webapp.partnerships.models import Assignment, Partnership, PartnershipChange, ProductGrant
from webapp.partnerships.rules import (
    EVERYTHING,
    NOTHING,
    Access,
    AlreadyPartners,
    ChangedMeanwhile,
    Ended,
    FullGiven,
    HeldByOthers,
    NothingChosen,
    OwnPartner,
    Payer,
    ProductTaken,
    Side,
    Standing,
    Suspended,
    Terms,
    may_order,
)
from webapp.products import actions as products
from webapp.products.models import Product
from webapp.products.rules import Family, NotYours, ProductEnded
from webapp.refused import Gone, Refused
from webapp.unit import unit_of_work

REPRESENTATIVE, ADMINISTRATOR, COLLABORATOR = (
    Role.LEGAL_REPRESENTATIVE, Role.ADMINISTRATOR, Role.COLLABORATOR,
)  # fmt: skip

# --- the model ----------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Thing:
    """A product: whose it is, whether it is over."""

    owner: str
    ended: bool = False


@dataclass(eq=False)
class Pact:
    """A partnership. `granted` by product; `caretakers` are assigned to it."""

    client: str
    partner: str
    terms: Terms
    granted: dict[Thing, Any] = field(default_factory=dict)
    caretakers: set[str] = field(default_factory=set)
    ended: bool = False
    steps: int = 1  # lines of its history


@dataclass(eq=False)
class Letter:
    """An invitation: to a partner from `client`, or to `email` from a partner."""

    partner: str
    terms: Terms
    sent: Any
    client: str | None = None
    email: str | None = None
    offered: dict[Thing, Any] = field(default_factory=dict)
    end: State | None = None
    pact: Pact | None = None

    @property
    def sender(self) -> str:
        return self.partner if self.email else self.client or ""

    def state(self, now: Any) -> State:
        """Waiting or expired until it ends."""
        return self.end or (State.WAITING if now < self.sent + LIFETIME else State.EXPIRED)


class Model:
    """The rules, as a person would tell them. Each method answers the refusal, or None and what it changes."""

    def __init__(self) -> None:
        self.roles: dict[tuple[str, str], Role] = {}  # organisation, person
        self.suspended: set[str] = set()
        self.things: list[Thing] = []
        self.pacts: list[Pact] = []
        self.letters: list[Letter] = []
        self.now = NOW

    def answers_for(self, organisation: str, person: str) -> bool:
        return self.roles.get((organisation, person)) is REPRESENTATIVE

    def manages(self, organisation: str, person: str) -> bool:
        return self.roles.get((organisation, person)) in (REPRESENTATIVE, ADMINISTRATOR)

    def active(self, client: str) -> list[Pact]:
        return [each for each in self.pacts if each.client == client and not each.ended]

    def managed(self, pact: Pact) -> dict[Thing, Any]:
        """What a limited partner has; what has ended left out."""
        return {thing: rights for thing, rights in pact.granted.items() if not thing.ended}

    def rights(self, pact: Pact, thing: Thing) -> Any:
        if pact.ended or pact.partner in self.suspended or thing.ended or thing.owner != pact.client:
            return NOTHING
        return EVERYTHING if pact.terms.access is Access.FULL else pact.granted.get(thing, NOTHING)

    def reaches(self, organisation: str, person: str, pact: Pact) -> bool:
        """RULES C13."""
        if pact.ended or pact.partner != organisation or organisation in self.suspended:
            return False
        return self.manages(organisation, person) or (
            (organisation, person) in self.roles and person in pact.caretakers
        )

    def against_terms(self, client: str, terms: Terms, picked: Any, but: Pact | None) -> Any:
        """RULES C1–C3."""
        others = [each for each in self.active(client) if each is not but]
        if any(each.terms.access is Access.FULL for each in others) and (
            terms.access is Access.FULL or picked
        ):
            return FullGiven
        taken = {thing for each in others for thing in self.managed(each)}
        if terms.access is Access.FULL:
            return HeldByOthers if taken else None
        if any(thing.owner != client or thing.ended for thing in picked):
            return NotYours
        return ProductTaken if taken & set(picked) else None

    def against_new(self, client: str, partner: str, terms: Terms, picked: Any) -> Any:
        if client == partner:
            return OwnPartner
        if partner in self.suspended:
            return Suspended
        if any(each.partner == partner for each in self.active(client)):
            return AlreadyPartners
        return self.against_terms(client, terms, picked, None)

    def begin(self, client: str, partner: str, terms: Terms, picked: Any) -> Pact:
        """RULES C6–C8."""
        pact = Pact(client, partner, terms, dict(picked) if terms.access is Access.LIMITED else {})
        for organisation, person in list(self.roles):
            shared = organisation == client and (partner, person) in self.roles
            if shared and not self.answers_for(client, person):
                if not self.manages(partner, person):
                    pact.caretakers.add(person)
                self.leave(client, person)
                pact.steps += 1
        self.pacts.append(pact)
        return pact

    def leave(self, organisation: str, person: str) -> None:
        del self.roles[organisation, person]
        for pact in self.pacts:
            if pact.partner == organisation:
                pact.caretakers.discard(person)

    def against_change(self, pact: Pact, person: str, *, stale: bool = False) -> Any:
        if not self.answers_for(pact.client, person):
            return OnlyRepresentatives
        if pact.ended:
            return Ended
        return ChangedMeanwhile if stale else None

    def against_last(self, organisation: str, person: str, new: Role | None) -> Any:
        """RULES O2."""
        others = [each for each in self.roles if each[0] == organisation and self.answers_for(*each)]
        loses = self.answers_for(organisation, person) and new is not REPRESENTATIVE
        return LastRepresentative if loses and len(others) == 1 else None


# --- both at once -------------------------------------------------------------------------------------------

CLIENTS = ("Lumen", "Optik", "Bergwerk")  # Bergwerk is a client and a partner
PARTNERS = ("Lumiere", "Bergwerk", "Alpenwerk")
ORGANISATIONS = tuple(dict.fromkeys(CLIENTS + PARTNERS))
TEAMS = {
    **{
        (organisation, f"{organisation}'s {role.value}"): role
        for organisation in ORGANISATIONS
        for role in (REPRESENTATIVE, ADMINISTRATOR, COLLABORATOR)
    },
    # people of partners who help in a client's team (RULES C8), and one who answers for two organisations
    ("Lumen", "Lumiere's collaborator"): ADMINISTRATOR,
    ("Lumen", "Lumiere's administrator"): COLLABORATOR,
    ("Optik", "Bergwerk's collaborator"): COLLABORATOR,
    ("Bergwerk", "Lumiere's collaborator"): COLLABORATOR,
    ("Optik", "Lumen's legal_representative"): REPRESENTATIVE,
}
PEOPLE = tuple(dict.fromkeys(person for _organisation, person in TEAMS))

all_rights = st.sampled_from([TECHNICAL, STATISTICAL, EVERYTHING])
all_clients = st.sampled_from(["Lumen", "Lumen", *CLIENTS])  # partners meet where there are several
all_terms = st.sampled_from([LIMITED, LIMITED, LIMITED, LIMITED, FULL, WALLET])
all_data = st.data()


class Rows(dict[Any, Any]):
    """What the database knows each thing of the model as. A refusal makes the session forget all it has read:
    the ids are kept apart, or each would be read again."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: dict[Any, int] = {}

    def __setitem__(self, thing: Any, row: Any) -> None:
        super().__setitem__(thing, row)
        self.ids[thing] = row.id


class Story(RuleBasedStateMachine):
    """One installation after the other, each with fresh organisations in the same database."""

    @initialize(data=all_data, begun=st.integers(0, 3), waiting=st.integers(0, 3))
    def people_and_products(self, data: Any, begun: int, waiting: int) -> None:
        self.model = Model()
        self.rows, self.emails = Rows(), {}
        self._assemble()
        self.client_ids = [self.rows.ids[name] for name in ORGANISATIONS]
        for number in range(begun + waiting):
            self.become_partners(data, answered=number >= waiting)

    @unit_of_work
    def _assemble(self) -> None:
        self.rows["operator"] = make_user("Operator")
        for name in PEOPLE:
            person = self.rows[name, "person"] = make_user(name.replace("_", " "))
            self.emails[name] = person.email
        for name in ORGANISATIONS:
            self.rows[name] = make_organisation(name)
            if name in PARTNERS:
                self.rows[name, "partner"] = make_partner(self.rows[name])
        for (organisation, person), role in TEAMS.items():
            self._join(organisation, person, role)
        self.plan = make_plan()
        for name, number in zip(CLIENTS, (4, 2, 1), strict=True):
            for _number in range(number):
                self._add_product(name)

    def _join(self, organisation: str, person: str, role: Role) -> None:
        join(self.rows[person, "person"], self.rows[organisation], role)
        self.model.roles[organisation, person] = role

    def _add_product(self, client: str) -> None:
        thing = Thing(client)
        self.rows[thing] = make_product(self.rows[client], f"{client}-{len(self.model.things)}", self.plan)
        self.model.things.append(thing)

    # --- drawing ---

    def mostly(self, data: Any, likely: list[Any], all_of_them: Any, what: str) -> Any:
        """One of those with which something happens, now and then any of them."""
        weight = 5 * len(all_of_them) // max(1, len(likely))
        return data.draw(st.sampled_from([*likely * weight, *all_of_them]), what)

    def somebody(self, data: Any, organisation: str) -> str:
        """Mostly somebody who answers for the organisation, but anybody may try."""
        return self.mostly(
            data, [each for each in PEOPLE if self.model.answers_for(organisation, each)], PEOPLE, "by"
        )

    def picked(self, data: Any, client: str) -> dict[Thing, Any]:
        """Some of the client's products, now and then somebody else's or one that has ended."""
        things = self.model.things
        own = [each for each in things if each.owner == client and not each.ended]
        anything = data.draw(st.integers(0, 9)) == 9 or not own
        return data.draw(
            st.dictionaries(st.sampled_from(things if anything else own), all_rights, max_size=4), "picked"
        )

    def pact(self, data: Any) -> Pact:
        return self.mostly(
            data, [each for each in self.model.pacts if not each.ended], self.model.pacts, "pact"
        )

    def letter(self, data: Any, *, to_client: bool | None = None) -> Letter:
        """One that waits, mostly."""
        model = self.model
        waiting = [
            each
            for each in model.letters
            if each.state(model.now) is State.WAITING and to_client in (None, each.email is not None)
        ]
        return self.mostly(data, waiting, model.letters, "letter")

    def by_id(self, picked: dict[Thing, Any]) -> dict[int, Any]:
        return {self.rows.ids[thing]: rights for thing, rights in picked.items()}

    def person(self, name: str) -> Any:
        return self.rows[name, "person"]

    def act(self, predicted: Any, act: Any) -> Any:
        """Does it; the program refuses exactly what the model does."""
        try:
            result = act()
        except Refused as refusal:
            assert type(refusal) is predicted, f"{type(refusal).__name__} instead of {predicted}"
            return None
        assert predicted is None, f"nothing instead of {predicted.__name__}"
        return result

    # --- invitations ---

    @rule(data=all_data, client=all_clients, partner=st.sampled_from(PARTNERS), terms=all_terms)
    def invite(self, data: Any, client: str, partner: str, terms: Terms) -> None:
        """RULES C6."""
        picked = self.picked(data, client) if terms is LIMITED else {}
        self._invite(client, partner, terms, picked, self.somebody(data, client))

    def _invite(self, client: str, partner: str, terms: Terms, picked: Any, by: str) -> Letter | None:
        model = self.model
        is_open = any(
            each.client == client and each.partner == partner and not each.end and not each.email
            for each in model.letters
        )
        predicted = (
            (None if model.answers_for(client, by) else OnlyRepresentatives)
            or model.against_new(client, partner, terms, picked)
            or (NothingChosen if terms is LIMITED and not picked else None)
            or (AlreadyInvited if is_open else None)
        )
        row = self.act(
            predicted,
            lambda: invitations.invite(
                draft(now=model.now), self.rows[client], self.rows[partner, "partner"], terms, self.by_id(picked),
                message="", by=self.person(by), now=model.now,
            ),
        )  # fmt: skip
        if predicted is None:
            letter = Letter(partner, terms, model.now, client=client, offered=picked)
            model.letters.append(letter)
            self.rows[letter] = row
            return letter
        return None

    @rule(
        data=all_data, partner=st.sampled_from(PARTNERS), terms=all_terms,
        rights=st.sampled_from([NOTHING, TECHNICAL, STATISTICAL, EVERYTHING]),
    )  # fmt: skip
    def ask(self, data: Any, partner: str, terms: Terms, rights: Any) -> None:
        """RULES C7."""
        model, by = self.model, self.somebody(data, partner)
        answering = [each for each in PEOPLE if any(model.answers_for(client, each) for client in CLIENTS)]
        to = self.mostly(data, answering, PEOPLE, "to")
        email = self.emails[to]
        is_open = any(
            each.email == email and each.partner == partner and not each.end for each in model.letters
        )
        predicted = (
            (None if model.answers_for(partner, by) else OnlyRepresentatives)
            or (Suspended if partner in model.suspended else None)
            or (NothingChosen if terms is LIMITED and not rights else None)
            or (AlreadyInvited if is_open else None)
        )
        row = self.act(
            predicted,
            lambda: invitations.ask(
                draft("request", now=model.now), self.rows[partner, "partner"], email, terms, {Family.WEB: rights},
                message="", language="en", by=self.person(by), now=model.now,
            ),
        )  # fmt: skip
        if predicted is None:
            letter = Letter(partner, terms, model.now, email=email)
            model.letters.append(letter)
            self.rows[letter] = row

    def _against_sender(self, letter: Letter, by: str) -> Any:
        if not self.model.answers_for(letter.sender, by):
            return OnlyRepresentatives
        return NotWaiting if letter.end else None

    @precondition(lambda self: self.model.letters)
    @rule(data=all_data)
    def resend(self, data: Any) -> None:
        """RULES C8."""
        model, letter = self.model, self.letter(data)
        by = self.somebody(data, letter.sender)
        predicted = (
            self._against_sender(letter, by)
            or (Suspended if letter.partner in model.suspended else None)
            or (SentJustNow if model.now - letter.sent < RESEND_PAUSE else None)
        )
        self.act(predicted, lambda: invitations.resend(self.rows[letter], by=self.person(by), now=model.now))
        if predicted is None:
            letter.sent = model.now

    @precondition(lambda self: self.model.letters)
    @rule(data=all_data)
    def delete(self, data: Any) -> None:
        """RULES C8."""
        letter = self.letter(data)
        by = self.somebody(data, letter.sender)
        predicted = self._against_sender(letter, by)
        self.act(
            predicted, lambda: invitations.delete(self.rows[letter], by=self.person(by), now=self.model.now)
        )
        if predicted is None:
            letter.end = State.DELETED

    def _answered(self, letter: Letter, pact: Pact, row: Any) -> None:
        letter.end, letter.pact, letter.client = State.ACCEPTED, pact, pact.client
        self.rows[pact] = row
        for other in self.model.letters:
            if (other.client, other.partner, other.email, other.end) == (
                pact.client,
                pact.partner,
                None,
                None,
            ):
                other.end = State.DELETED

    @precondition(lambda self: self.model.letters)
    @rule(data=all_data)
    def accept(self, data: Any) -> None:
        """RULES C6; SECURITY A4."""
        letter = self.letter(data, to_client=False)
        self._accept(letter, self.somebody(data, letter.partner))

    @rule(data=all_data, answered=st.booleans())
    def become_partners(self, data: Any, answered: bool) -> None:
        """RULES C6: invited by somebody who may, and accepted at once or later."""
        client, partner = data.draw(all_clients), data.draw(st.sampled_from(PARTNERS))
        terms = data.draw(all_terms)
        picked = self.picked(data, client) if terms is LIMITED else {}
        letter = self._invite(client, partner, terms, picked, self._representative(client))
        if letter and answered:
            self._accept(letter, self._representative(partner))

    def _accept(self, letter: Letter, by: str) -> None:
        model = self.model
        others = model.active(letter.client or "")
        taken = {thing for each in others for thing in model.managed(each)}
        picked = {
            thing: rights
            for thing, rights in letter.offered.items()
            if not thing.ended and thing not in taken
        }
        if letter.client is None:
            predicted: Any = Gone  # nobody accepts what was asked by its own side
        elif letter.state(model.now) is not State.WAITING:
            predicted = NotWaiting
        elif not model.answers_for(letter.partner, by):
            predicted = OnlyRepresentatives
        else:
            predicted = model.against_new(letter.client, letter.partner, letter.terms, picked)
        row = self.act(
            predicted, lambda: invitations.accept(self.rows[letter], by=self.person(by), now=model.now)
        )
        if predicted is None:
            self._answered(
                letter, model.begin(letter.client or "", letter.partner, letter.terms, picked), row
            )

    @precondition(lambda self: self.model.letters)
    @rule(data=all_data, terms=all_terms)
    def grant(self, data: Any, terms: Terms) -> None:
        """RULES C7; SECURITY A4, A5: what is granted is what the client chose, whatever was asked."""
        model, letter = self.model, self.letter(data, to_client=True)
        asked = [each for each in PEOPLE if self.emails[each] == letter.email]
        by = self.mostly(data, asked, PEOPLE, "by")
        client = self.mostly(
            data, [each for each in CLIENTS if model.answers_for(each, by)], CLIENTS, "client"
        )
        picked = self.picked(data, client) if terms is LIMITED else {}
        if letter.state(model.now) is not State.WAITING:
            predicted: Any = NotWaiting
        elif letter.email != self.emails[by]:
            predicted = Gone
        elif not model.answers_for(client, by):
            predicted = OnlyRepresentatives
        elif terms is LIMITED and not picked:
            predicted = NothingChosen
        else:
            predicted = model.against_new(client, letter.partner, terms, picked)
        row = self.act(
            predicted,
            lambda: invitations.grant(
                self.rows[letter],
                self.rows[client],
                terms,
                self.by_id(picked),
                by=self.person(by),
                now=model.now,
            ),
        )
        if predicted is None:
            self._answered(letter, model.begin(client, letter.partner, terms, picked), row)

    @precondition(lambda self: self.model.letters)
    @rule(data=all_data)
    def refuse(self, data: Any) -> None:
        """RULES C6, C7; SECURITY A4."""
        model, letter = self.model, self.letter(data)
        asked = [each for each in PEOPLE if self.emails[each] == letter.email]
        by = self.somebody(data, letter.partner)
        if asked and data.draw(st.booleans()):
            [by] = asked
        if letter.state(model.now) is not State.WAITING:
            predicted: Any = NotWaiting
        elif letter.email:
            predicted = None if by in asked else Gone
        else:
            predicted = None if model.answers_for(letter.partner, by) else OnlyRepresentatives
        self.act(
            predicted,
            lambda: invitations.refuse(self.rows[letter], reason="", by=self.person(by), now=model.now),
        )
        if predicted is None:
            letter.end = State.REFUSED

    @rule(minutes=st.sampled_from([1, 11, 11, 60 * 24, 60 * 24 * 31]))
    def time_passes(self, minutes: int) -> None:
        """RULES C8: an invitation lapses after 30 days."""
        self.model.now += timedelta(minutes=minutes)

    # --- partnerships ---

    @precondition(lambda self: self.model.pacts)
    @rule(data=all_data, terms=all_terms, stale=st.sampled_from([0, 0, 0, 1]))
    def change_access(self, data: Any, terms: Terms, stale: int) -> None:
        """RULES C9."""
        model, pact = self.model, self.pact(data)
        by = self.somebody(data, pact.client)
        picked = self.picked(data, pact.client) if terms is LIMITED else {}
        was = pact.terms.access
        predicted = (
            model.against_change(pact, by, stale=bool(stale))
            or (Suspended if pact.partner in model.suspended else None)
            or model.against_terms(pact.client, terms, picked, pact)
            or (NothingChosen if terms is LIMITED and was is Access.FULL and not picked else None)
        )
        self.act(
            predicted,
            lambda: actions.change_access(
                self.rows[pact], terms, self.by_id(picked), version=self.version(pact) - stale,
                by=self.person(by), now=model.now,
            ),
        )  # fmt: skip
        if predicted is None and (
            terms.access is not was or (terms is LIMITED and model.managed(pact) != picked)
        ):
            pact.terms, pact.granted = terms, dict(picked)
            pact.steps += 1

    def version(self, pact: Pact) -> int:
        """What the page showed."""
        return db.session.scalars(
            sa.select(Partnership.version).where(Partnership.id == self.rows.ids[pact])
        ).one()

    @precondition(lambda self: self.model.pacts)
    @rule(data=all_data)
    def remove_product(self, data: Any) -> None:
        """RULES C9."""
        model, pact = self.model, self.pact(data)
        by, thing = (
            self.somebody(data, pact.client),
            self.mostly(data, [*pact.granted], model.things, "thing"),
        )
        predicted = model.against_change(pact, by) or (
            ChangedMeanwhile if pact.terms.access is Access.FULL else None
        )
        self.act(
            predicted,
            lambda: actions.remove_product(
                self.rows[pact], self.rows[thing], by=self.person(by), now=model.now
            ),
        )
        if predicted is None and thing in model.managed(pact):
            del pact.granted[thing]
            pact.steps += 1

    @precondition(lambda self: self.model.pacts)
    @rule(data=all_data, payer=st.sampled_from(Payer), stale=st.sampled_from([0, 0, 0, 1]))
    def change_payer(self, data: Any, payer: Payer, stale: int) -> None:
        """RULES C5, C10."""
        model, pact = self.model, self.pact(data)
        by = self.somebody(data, pact.client)
        changes = pact.terms.payer is not payer
        predicted = (
            model.against_change(pact, by, stale=bool(stale))
            or (ChangedMeanwhile if pact.terms.access is Access.LIMITED else None)
            or (Suspended if changes and pact.partner in model.suspended else None)
        )
        self.act(
            predicted,
            lambda: actions.change_payer(
                self.rows[pact], payer, version=self.version(pact) - stale, by=self.person(by), now=model.now
            ),
        )
        if predicted is None and changes:
            pact.terms = Terms(Access.FULL, payer)
            pact.steps += 1

    @precondition(lambda self: self.model.pacts)
    @rule(
        data=all_data, side=st.sampled_from([Side.CLIENT, Side.PARTNER]), right=st.sampled_from([1, 1, 1, 0])
    )
    def end(self, data: Any, side: Side, right: int) -> None:
        """RULES C11; SECURITY A7."""
        model, pact = self.model, self.pact(data)
        own = pact.client if side is Side.CLIENT else pact.partner
        by = self.somebody(data, own)
        predicted: Any = None
        if not model.answers_for(own, by):
            predicted = OnlyRepresentatives
        elif pact.ended:
            predicted = Ended
        elif not right:
            predicted = WrongPassword
        seen = self.person(by).password_hash if right else "that of another password"
        self.act(
            predicted,
            lambda: actions.end(
                self.rows[pact], side=side, seen_hash=seen, by=self.person(by), now=model.now
            ),
        )
        if predicted is None:
            pact.ended, pact.granted = True, {}
            pact.steps += 1

    @precondition(lambda self: self.model.pacts)
    @rule(data=all_data, people=st.sets(st.sampled_from(PEOPLE), max_size=3))
    def assign(self, data: Any, people: set[str]) -> None:
        """RULES C13."""
        model, pact = self.model, self.pact(data)
        team = [person for organisation, person in model.roles if organisation == pact.partner]
        people = people | data.draw(st.sets(st.sampled_from(team), max_size=2), "team")
        by = self.somebody(data, pact.partner)
        predicted = (None if model.manages(pact.partner, by) else OnlyRepresentatives) or (
            Ended if pact.ended else None
        )
        places = [
            place
            for person in people
            for organisation in ORGANISATIONS
            if (place := membership(self.rows[organisation], self.person(person)))
        ]
        self.act(
            predicted, lambda: actions.assign(self.rows[pact], places, by=self.person(by), now=model.now)
        )
        if predicted is None:
            pact.caretakers = people & set(team)

    # --- products, people, the operator ---

    @rule(client=st.sampled_from(CLIENTS))
    def add_product(self, client: str) -> None:
        """RULES C1, C2: a limited partner does not get it, a full one does."""
        if len(self.model.things) < 12:
            self._add_product(client)

    @precondition(lambda self: sum(not each.ended for each in self.model.things) > 3)
    @rule(data=all_data)
    def end_product(self, data: Any) -> None:
        """RULES C1."""
        thing = data.draw(st.sampled_from(self.model.things), "thing")
        predicted = ProductEnded if thing.ended else None
        self.act(
            predicted,
            lambda: products.end_product(self.rows[thing], by=self.rows["operator"], now=self.model.now),
        )
        thing.ended = True

    @rule(partner=st.sampled_from(PARTNERS), again=st.sampled_from([False, False, False, True]))
    def suspend_or_resume(self, partner: str, again: bool) -> None:
        """RULES C11: nothing is reached meanwhile, everything is as before afterwards."""
        model, row, operator = self.model, self.rows[partner, "partner"], self.rows["operator"]
        if (partner in model.suspended) is again:
            reason = next(iter(SuspensionReason))
            predicted = AlreadySuspended if again else None
            self.act(predicted, lambda: directory.suspend(row, reason, by=operator, now=model.now))
            model.suspended.add(partner)
        else:
            predicted = NotSuspended if again else None
            self.act(predicted, lambda: directory.resume(row, by=operator, now=model.now))
            model.suspended.discard(partner)

    def member(self, data: Any) -> tuple[str, str]:
        return data.draw(st.sampled_from(sorted(self.model.roles)), "member")

    def _representative(self, organisation: str) -> str:
        return next(each for each in PEOPLE if self.model.answers_for(organisation, each))

    @rule(data=all_data, role=st.sampled_from(Role))
    def change_role(self, data: Any, role: Role) -> None:
        """RULES O2; SECURITY A6."""
        organisation, person = self.member(data)
        predicted = self.model.against_last(organisation, person, role)
        place = membership(self.rows[organisation], self.person(person))
        by = self.person(self._representative(organisation))
        self.act(predicted, lambda: organisations.set_role(place, role, by=by, now=self.model.now))
        if predicted is None:
            self.model.roles[organisation, person] = role

    @rule(data=all_data)
    def remove_member(self, data: Any) -> None:
        """RULES O2, C13; SECURITY A6."""
        organisation, person = self.member(data)
        predicted = self.model.against_last(organisation, person, None)
        place = membership(self.rows[organisation], self.person(person))
        by = self.person(self._representative(organisation))
        self.act(predicted, lambda: organisations.remove_member(place, by=by, now=self.model.now))
        if predicted is None:
            self.model.leave(organisation, person)

    @rule(
        organisation=st.sampled_from(ORGANISATIONS),
        person=st.sampled_from(PEOPLE),
        role=st.sampled_from(Role),
    )
    def join(self, organisation: str, person: str, role: Role) -> None:
        """RULES O1."""
        if (organisation, person) not in self.model.roles:
            self._join(organisation, person, role)

    @precondition(lambda self: self.model.pacts)
    @rule(data=all_data, person=st.sampled_from(PEOPLE))
    def somebody_looks(self, data: Any, person: str) -> None:
        """SECURITY A3, A12: rights on one product, and every question that a page asks for this person."""
        model, pact = self.model, self.pact(data)
        thing = data.draw(st.sampled_from(model.things), "thing")
        row = self.rows[pact]
        assert queries.rights_of(row, self.rows[thing]) == model.rights(pact, thing)
        for organisation in PARTNERS:
            place = membership(self.rows[organisation], self.person(person))
            assert (place is not None) is ((organisation, person) in model.roles)
            if place:
                found = queries.reached(place, row.public_id)
                assert (found is not None) is model.reaches(organisation, person, pact)
        for client in CLIENTS:
            own = queries.clients_partnership(self.rows[client], row.public_id)
            assert (own is not None) is (client == pact.client)
        email = self.emails[person]
        mine = {each.id for each in invitation_queries.waiting_for_person(self.person(person), now=model.now)}
        waiting = [
            each for each in model.letters if each.email == email and each.state(model.now) is State.WAITING
        ]
        assert mine == {self.rows.ids[each] for each in waiting}

    # --- what holds after each step ---

    @invariant()
    def both_know_the_same_partnerships(self) -> None:
        """SECURITY A4, A5, A7, A8, A11: access, payer, standing, the length of history."""
        model = self.model
        found = {
            row[0]: row[1:]
            for row in db.session.execute(
                sa.select(
                    Partnership.id, Partnership.client_id, PartnerAccount.organisation_id, Partnership.access,
                    Partnership.payer, Partnership.ended_at.is_not(None), sa.func.count(PartnershipChange.id),
                )
                .join(Partnership.partner)
                .join(PartnershipChange, PartnershipChange.partnership_id == Partnership.id)
                .where(Partnership.client_id.in_(self.client_ids))
                .group_by(Partnership.id, PartnerAccount.organisation_id)
            )
        }  # fmt: skip
        known = {
            self.rows.ids[pact]: (
                self.rows.ids[pact.client], self.rows.ids[pact.partner], pact.terms.access, pact.terms.payer,
                pact.ended, pact.steps,
            )
            for pact in model.pacts
        }  # fmt: skip
        assert {key: (*row[:4], bool(row[4]), row[5]) for key, row in found.items()} == known
        for client, partner, access, _payer, ended, _steps in known.values():
            assert client != partner  # A11
            assert may_order(access, acting_for_client=True) is (access is Access.FULL) or ended  # A8

    @invariant()
    def nobody_has_what_another_has(self) -> None:
        """SECURITY A1, A2: read from the tables themselves."""
        full = db.session.execute(
            sa.select(Partnership.client_id, sa.func.count())
            .where(
                Partnership.client_id.in_(self.client_ids),
                Partnership.ended_at.is_(None),
                Partnership.access == Access.FULL,
            )
            .group_by(Partnership.client_id)
        ).all()
        assert all(number == 1 for _client, number in full)
        rows = db.session.execute(
            sa.select(
                ProductGrant.product_id, ProductGrant.partnership_id, ProductGrant.technical,
                ProductGrant.statistical, Product.organisation_id, Partnership.client_id, Partnership.access,
                Partnership.ended_at, Product.ended_at,
            )
            .join(Product, Product.id == ProductGrant.product_id)
            .join(Partnership, Partnership.id == ProductGrant.partnership_id)
            .where(ProductGrant.client_id.in_(self.client_ids), ProductGrant.ended_at.is_(None))
        ).all()  # fmt: skip
        assert len({row[0] for row in rows}) == len(rows)  # A2
        for row in rows:
            assert row[4] == row[5] and row[6] is Access.LIMITED and row[7] is None and (row[2] or row[3])
            if row[8] is None:
                assert row[5] not in {client for client, _number in full}  # C3
        live = {(row[1], row[0]): (row[2], row[3]) for row in rows if row[8] is None}
        assert live == {
            (self.rows.ids[pact], self.rows.ids[thing]): (rights.technical, rights.statistical)
            for pact in self.model.pacts
            for thing, rights in self.model.managed(pact).items()
        }

    @invariant()
    def everybody_reaches_what_the_rules_say(self) -> None:
        """SECURITY A3, A12; RULES C13: through the question that every page of the partner asks."""
        model = self.model
        places = db.session.execute(
            sa.select(Membership, Membership.user_id).where(Membership.organisation_id.in_(self.client_ids))
        ).all()
        names = {self.rows.ids[each, "person"]: each for each in PEOPLE}
        homes = {self.rows.ids[each]: each for each in ORGANISATIONS}
        roles = {(homes[place.organisation_id], names[user]): place.role for place, user in places}
        assert roles == model.roles
        for place, user in places:
            organisation, person = homes[place.organisation_id], names[user]
            if organisation not in PARTNERS:
                continue
            reached = db.session.scalars(
                sa.select(Partnership.id).join(Partnership.partner).where(queries.reaching(place))
            ).all()
            assert set(reached) == {
                self.rows.ids[pact] for pact in model.pacts if model.reaches(organisation, person, pact)
            }
        assigned = db.session.execute(
            sa.select(Assignment.partnership_id, Membership.user_id)
            .join(Assignment.membership)
            .where(Membership.organisation_id.in_(self.client_ids))
        ).all()
        assert {tuple(row) for row in assigned} == {
            (self.rows.ids[pact], self.rows.ids[person, "person"])
            for pact in model.pacts
            for person in pact.caretakers
        }

    @invariant()
    def clients_see_their_partners(self) -> None:
        """SECURITY A12."""
        for client in CLIENTS:
            standing = {
                self.rows.ids[pact]: Standing.SUSPENDED
                if pact.partner in self.model.suspended
                else Standing.ACTIVE
                for pact in self.model.active(client)
            }
            found = queries.of_client(self.rows[client])
            for each in found:
                db.session.refresh(each.partner)
            assert {each.id: each.standing for each in found} == standing

    @invariant()
    def invitations_end_once(self) -> None:
        """SECURITY A4: an end absorbs, and an accepted one has its partnership."""
        rows = db.session.execute(
            sa.select(
                Invitation.id, Invitation.accepted_at, Invitation.refused_at, Invitation.deleted_at,
                Invitation.expires_at, Invitation.partnership_id,
            )
            .where(Invitation.partner_id.in_([self.rows.ids[each, "partner"] for each in PARTNERS]))
        ).all()  # fmt: skip
        now, found = self.model.now, {}
        for id_, accepted, refused, deleted, expires, partnership in rows:
            ends = [
                state
                for state, at in (
                    (State.ACCEPTED, accepted),
                    (State.REFUSED, refused),
                    (State.DELETED, deleted),
                )
                if at
            ]
            assert len(ends) <= 1
            found[id_] = (*ends, State.WAITING if now < expires else State.EXPIRED)[0], partnership
        assert found == {
            self.rows.ids[each]: (each.state(now), self.rows.ids[each.pact] if each.pact else None)
            for each in self.model.letters
        }

    @invariant()
    def organisations_keep_somebody_and_one_programme(self) -> None:
        """SECURITY A6, A9."""
        answered = db.session.scalars(
            sa.select(Membership.organisation_id)
            .where(Membership.role == REPRESENTATIVE, Membership.organisation_id.in_(self.client_ids))
            .distinct()
        ).all()
        assert set(answered) == set(self.client_ids)
        programmes = db.session.execute(
            sa.select(Organisation.programme, PartnerAccount.id.is_not(None))
            .outerjoin(PartnerAccount, PartnerAccount.organisation_id == Organisation.id)
            .where(Organisation.id.in_(self.client_ids))
        ).all()
        assert all((programme == "partner") is bool(account) for programme, account in programmes)

    def teardown(self) -> None:
        db.session.rollback()
        db.session.expunge_all()


@pytest.mark.usefixtures("cast")
def test_any_story_follows_the_rules(app):
    """SECURITY A1–A9, A11, A12; RULES C1–C11, C13, O2."""
    on_postgres = db.engine.dialect.name == "postgresql"
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=4 if on_postgres else 12,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
