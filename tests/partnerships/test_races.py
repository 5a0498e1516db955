"""What people do to partnerships at the same instant, with real threads on both databases.

Each act first reads what its page showed; then all begin together. Whatever the order, the outcome is one that
could have come one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from tests.factories import (
    join,
    make_assignment,
    make_invitation,
    make_organisation,
    make_partner,
    make_partnership,
    make_product,
    make_user,
)
from tests.invitations.story import draft
from tests.partnerships.story import FULL, LIMITED, STATISTICAL, TECHNICAL, WALLET, membership, reaches
from tests.tenders.story import count, kinds_of, own
from tests.threads import at_once
from webapp.accounts.rules import Role
from webapp.audit import AuditEvent
from webapp.database import Base
from webapp.directory import actions as directory
from webapp.directory.rules import SuspensionReason
from webapp.extensions import db
from webapp.invitations import actions as invitations
from webapp.invitations import queries as invitation_queries
from webapp.invitations.models import Invitation
from webapp.invitations.rules import Direction
from webapp.mailer import QueuedMail
from webapp.organisations import actions as organisations
from webapp.partnerships import actions, queries
from webapp.partnerships.models import Assignment, ProductGrant
from webapp.partnerships.rules import EVERYTHING, Access, Payer, Side
from webapp.products import actions as products

RACES = 4


def race(app: Any, *acts: Callable[[Callable[..., Any]], Callable[[], object]]) -> list[Any]:
    """Each act is given `own`, which reads rows in its thread's session, and answers what to do; then all do it."""
    gate = Barrier(len(acts))

    def whole(act: Any) -> Callable[[], object]:
        def run() -> object:
            todo = act(own)
            db.session.commit()  # the page was read in a transaction of its own
            gate.wait()
            result = todo()
            return sa.inspect(result).identity[0] if isinstance(result, Base) else result

        return run

    return at_once(app, *[whole(act) for act in acts])


def editing(partnership, terms, picked, by, now, version=None):
    """`change_access` as a page sends it."""

    def act(own):
        mine, person = own(partnership), own(by)
        seen = mine.version if version is None else version
        return lambda: actions.change_access(mine, terms, picked, version=seen, by=person, now=now)

    return act


def ending(partnership, side, by, now):
    def act(own):
        mine, person = own(partnership), own(by)
        assert mine.partner.organisation and mine.client
        return lambda: actions.end(mine, side=side, seen_hash=person.password_hash, by=person, now=now)

    return act


def accepting(invitation, by, now):
    def act(own):
        mine, person = own(invitation), own(by)
        assert mine.partner.organisation and mine.client
        return lambda: invitations.accept(mine, by=person, now=now)

    return act


def granting(invitation, client, terms, picked, by, now):
    def act(own):
        mine, theirs, person = own(invitation), own(client), own(by)
        return lambda: invitations.grant(mine, theirs, terms, picked, by=person, now=now)

    return act


def suspending(partner, by, now):
    def act(own):
        mine, person = own(partner), own(by)
        return lambda: directory.suspend(mine, next(iter(SuspensionReason)), by=person, now=now)

    return act


def order_of(*actions_done):
    """The audit's rows of these actions, oldest first."""
    rows = db.session.scalars(
        sa.select(AuditEvent.action).where(AuditEvent.action.in_(actions_done)).order_by(AuditEvent.id)
    )
    return list(rows)


def clients():
    """A fresh client with a representative and three products, for each race."""
    for _race in range(RACES):
        person = make_user("Nora Neu")
        client = make_organisation("Neu AG", owner=person)
        yield client, person, [make_product(client, f"{name}.ch") for name in "abc"]


def invited(client, person, partner, *offered, access=Access.LIMITED):
    return make_invitation(
        Direction.TO_PARTNER, partner, person, client=client, products=offered, access=access
    )


def active(client):
    return queries.of_client(client)


def managed(client):
    """Which partnership manages which product: the grants that stand, of partnerships that stand."""
    rows = db.session.execute(
        sa.select(ProductGrant.product_id, ProductGrant.partnership_id)
        .join(ProductGrant.partnership)
        .where(ProductGrant.client_id == client.id, ProductGrant.ended_at.is_(None))
    ).all()
    assert {row[1] for row in rows} <= {each.id for each in active(client)}
    return {row[0]: row[1] for row in rows}


# --- one full partner, one manager per product --------------------------------------------------------------


def test_two_partners_never_get_full_access_at_once(app, cast, now):
    """RULES C2; SECURITY A1: two representatives, one partner each."""
    for client, person, _products in clients():
        other = make_user("Otto Neu")
        join(other, client, Role.LEGAL_REPRESENTATIVE)
        one = make_partnership(client, cast.lumiere_partner)
        two = make_partnership(client, cast.bergwerk_partner)
        results = race(app, editing(one, FULL, {}, person, now), editing(two, WALLET, {}, other, now))
        assert kinds_of(results) == ["FullGiven", "done"], results
        assert sorted(each.access for each in active(client)) == [Access.FULL, Access.LIMITED]


def test_two_requests_are_never_both_granted_full_access(app, cast, now):
    """RULES C2, C7; SECURITY A1."""
    for client, person, _products in clients():
        asked = [
            make_invitation(Direction.TO_CLIENT, partner, by, email=person.email, access=Access.FULL)
            for partner, by in ((cast.lumiere_partner, cast.pierre), (cast.bergwerk_partner, cast.berta))
        ]
        results = race(app, *[granting(each, client, FULL, {}, person, now) for each in asked])
        assert kinds_of(results) == ["FullGiven", "done"], results
        assert len(active(client)) == 1


def test_full_access_and_a_product_for_another_are_never_given_at_once(app, cast, now):
    """RULES C3."""
    for client, person, [site, *_rest] in clients():
        one = make_partnership(client, cast.lumiere_partner)
        two = make_partnership(client, cast.bergwerk_partner)
        results = race(
            app, editing(one, FULL, {}, person, now), editing(two, LIMITED, {site.id: TECHNICAL}, person, now)
        )
        assert kinds_of(results) in (["FullGiven", "done"], ["HeldByOthers", "done"]), results
        full = queries.full_partner(client)
        assert bool(full) is not bool(managed(client))


def test_one_product_is_given_to_one_partner(app, cast, now):
    """RULES C1; SECURITY A2."""
    for client, person, [site, shop, _mail] in clients():
        one = make_partnership(client, cast.lumiere_partner)
        two = make_partnership(client, cast.bergwerk_partner)
        results = race(
            app,
            editing(one, LIMITED, {site.id: TECHNICAL}, person, now),
            editing(two, LIMITED, {site.id: STATISTICAL, shop.id: TECHNICAL}, person, now),
        )
        assert kinds_of(results) == ["ProductTaken", "done"], results
        winner = one if results[0] is None else two
        assert managed(client)[site.id] == winner.id
        assert set(managed(client).values()) == {winner.id}


def test_two_partners_accept_invitations_that_overlap(app, cast, now):
    """RULES C1, C6; SECURITY A2: both begin; what both were offered goes to one of them."""
    for client, person, [site, shop, mail] in clients():
        one = invited(client, person, cast.lumiere_partner, site, shop)
        two = invited(client, person, cast.bergwerk_partner, shop, mail)
        results = race(app, accepting(one, cast.pierre, now), accepting(two, cast.berta, now))
        assert kinds_of(results) == ["done", "done"], results
        held = managed(client)
        assert (held[site.id], held[mail.id]) == (results[0], results[1])
        assert held[shop.id] in results


def test_of_a_full_and_a_limited_invitation_one_is_accepted(app, cast, now):
    """RULES C3, C6."""
    for client, person, [site, *_rest] in clients():
        one = invited(client, person, cast.lumiere_partner, access=Access.FULL)
        two = invited(client, person, cast.bergwerk_partner, site)
        results = race(app, accepting(one, cast.pierre, now), accepting(two, cast.berta, now))
        assert kinds_of(results) in (["FullGiven", "done"], ["HeldByOthers", "done"]), results
        assert len(active(client)) == 1


# --- one answer ---------------------------------------------------------------------------------------------


def test_an_invitation_is_accepted_once(app, cast, now):
    """SECURITY A4: two colleagues, or a double click."""
    rosa = make_user("Rosa Roux")
    join(rosa, cast.lumiere, Role.LEGAL_REPRESENTATIVE)
    for client, person, [site, *_rest] in clients():
        invitation = invited(client, person, cast.lumiere_partner, site)
        results = race(
            app,
            accepting(invitation, cast.pierre, now),
            accepting(invitation, rosa, now),
            accepting(invitation, cast.pierre, now),
        )
        assert kinds_of(results) == ["NotWaiting", "NotWaiting", "done"], results
        assert len(active(client)) == 1 and len(managed(client)) == 1


def test_an_invitation_is_accepted_or_deleted(app, cast, now):
    """RULES C8; SECURITY A4."""
    for client, person, [site, *_rest] in clients():
        invitation = invited(client, person, cast.lumiere_partner, site)

        def delete(own, invitation=invitation, person=person):
            mine, by = own(invitation), own(person)
            assert mine.client and mine.partner
            return lambda: invitations.delete(mine, by=by, now=now)

        results = race(app, accepting(invitation, cast.pierre, now), delete)
        assert kinds_of(results) == ["NotWaiting", "done"], results
        db.session.refresh(invitation)
        assert bool(invitation.deleted_at) is not bool(invitation.accepted_at)
        assert bool(active(client)) is bool(invitation.accepted_at)


def test_an_invitation_is_accepted_or_refused(app, cast, now):
    """SECURITY A4."""
    for client, person, [site, *_rest] in clients():
        invitation = invited(client, person, cast.lumiere_partner, site)

        def refuse(own, invitation=invitation):
            mine, by = own(invitation), own(cast.pierre)
            return lambda: invitations.refuse(mine, reason="", by=by, now=now)

        results = race(app, accepting(invitation, cast.pierre, now), refuse)
        assert kinds_of(results) == ["NotWaiting", "done"], results
        assert bool(active(client)) is (results[1] is not None)


def test_one_request_is_granted_by_one_organisation(app, cast, now):
    """SECURITY A4: a person who answers for two organisations, in two tabs."""
    for client, person, _products in clients():
        second = make_organisation("Neu & Töchter", owner=person)
        request = make_invitation(
            Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre, email=person.email, access=Access.FULL
        )
        results = race(
            app,
            granting(request, client, FULL, {}, person, now),
            granting(request, second, FULL, {}, person, now),
        )
        assert kinds_of(results) == ["NotWaiting", "done"], results
        assert len(active(client)) + len(active(second)) == 1


def test_two_who_ask_each_other_become_partners_once(app, cast, now):
    """RULES C6, C7: the client grants while the partner accepts; what is left over is closed."""
    for client, person, [site, *_rest] in clients():
        invitation = invited(client, person, cast.lumiere_partner, site)
        request = make_invitation(Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre, email=person.email)
        results = race(
            app,
            accepting(invitation, cast.pierre, now),
            granting(request, client, LIMITED, {site.id: EVERYTHING}, person, now),
        )
        assert kinds_of(results) in (["AlreadyPartners", "done"], ["NotWaiting", "done"]), results
        assert len(active(client)) == 1
        assert invitation_queries.open_between(client, cast.lumiere_partner) is None


@pytest.mark.parametrize("how", ["a double click", "two colleagues"])
def test_a_partner_is_invited_once(app, cast, now, how):
    """RULES C6, C8: a double click answers the same invitation; of two colleagues one is told."""
    for client, person, [site, *_rest] in clients():
        colleague = make_user("Otto Neu")
        join(colleague, client, Role.LEGAL_REPRESENTATIVE)
        first = draft()

        def invite(typed, by, client=client, site=site):
            def act(own):
                rows, person = (own(typed), own(client), own(cast.lumiere_partner)), own(by)
                return lambda: invitations.invite(
                    *rows, LIMITED, {site.id: TECHNICAL}, message="", by=person, now=now
                )

            return act

        if how == "a double click":
            results = race(app, invite(first, person), invite(first, person))
            assert results[0] == results[1] and isinstance(results[0], int), results
        else:
            results = race(app, invite(first, person), invite(draft(), colleague))
            assert kinds_of(results) == ["AlreadyInvited", "done"], results
        made = db.session.scalars(sa.select(Invitation).where(Invitation.client_id == client.id)).all()
        assert len(made) == 1
        mailed = sa.select(QueuedMail).where(
            QueuedMail.kind == "invitation_to_partner", QueuedMail.about == made[0].id
        )
        assert len(db.session.scalars(mailed).all()) == 1


@pytest.mark.parametrize("how", ["a double click", "two colleagues"])
def test_an_address_is_asked_once(app, cast, now, how):
    """RULES C7, C8."""
    rosa = make_user("Rosa Roux")
    join(rosa, cast.lumiere, Role.LEGAL_REPRESENTATIVE)
    for number in range(RACES):
        first = draft("request")

        def ask(typed, by, email=f"c{number}@client.example"):
            def act(own):
                rows, person = (own(typed), own(cast.lumiere_partner)), own(by)
                assert rows[1].organisation
                return lambda: invitations.ask(
                    *rows, email, FULL, {}, message="", language="de", by=person, now=now
                )

            return act

        if how == "a double click":
            results = race(app, ask(first, cast.pierre), ask(first, cast.pierre))
            assert results[0] == results[1] and isinstance(results[0], int), results
        else:
            results = race(app, ask(first, cast.pierre), ask(draft("request"), rosa))
            assert kinds_of(results) == ["AlreadyInvited", "done"], results
        assert count(Invitation) == number + 1


def test_an_invitation_is_sent_again_once(app, cast, now):
    """RULES C8: one new link, one mail."""
    for client, person, [site, *_rest] in clients():
        invitation = invited(client, person, cast.lumiere_partner, site)

        def resend(own, invitation=invitation, person=person):
            mine, by = own(invitation), own(person)
            return lambda: invitations.resend(mine, by=by, now=now)

        results = race(app, resend, resend)
        assert kinds_of(results) == ["SentJustNow", "done"], results


# --- one editor ---------------------------------------------------------------------------------------------


def test_of_two_tabs_one_saves(app, cast, now):
    """RULES C9: the other one is told, and overwrites nothing."""
    for client, person, [site, shop, _mail] in clients():
        partnership = make_partnership(client, cast.lumiere_partner, products=[site])
        wanted = [{site.id: TECHNICAL}, {site.id: EVERYTHING, shop.id: STATISTICAL}]
        results = race(app, *[editing(partnership, LIMITED, each, person, now) for each in wanted])
        assert kinds_of(results) == ["ChangedMeanwhile", "done"], results
        db.session.refresh(partnership)
        assert queries.granted(partnership) == wanted[results.index(None)] and partnership.version == 2


def test_the_wallet_and_the_access_change_one_after_the_other(app, cast, now):
    """RULES C5, C9, C10: limited access is never left with the partner's payment method."""
    for client, person, [site, *_rest] in clients():
        partnership = make_partnership(client, cast.lumiere_partner, Access.FULL)

        def pay(own, partnership=partnership, person=person):
            mine, by = own(partnership), own(person)
            return lambda: actions.change_payer(mine, Payer.PARTNER, version=mine.version, by=by, now=now)

        results = race(app, pay, editing(partnership, LIMITED, {site.id: TECHNICAL}, person, now))
        assert kinds_of(results) == ["ChangedMeanwhile", "done"], results
        db.session.refresh(partnership)
        assert partnership.terms == (LIMITED if results[1] is None else WALLET)


def test_two_products_are_removed_at_once(app, cast, now):
    """RULES C9: neither comes back by the other one's removal."""
    for client, person, [site, shop, mail] in clients():
        partnership = make_partnership(client, cast.lumiere_partner, products=[site, shop, mail])

        def remove(product, partnership=partnership, person=person):
            def act(own):
                mine, gone, by = own(partnership), own(product), own(person)
                return lambda: actions.remove_product(mine, gone, by=by, now=now)

            return act

        assert race(app, remove(site), remove(shop)) == [None, None]
        assert queries.granted(partnership) == {mail.id: EVERYTHING}


def test_an_end_and_an_edit(app, cast, now):
    """RULES C11: nothing is granted after the end, whichever came first."""
    for client, person, [site, shop, _mail] in clients():
        partnership = make_partnership(client, cast.lumiere_partner, products=[site])
        results = race(
            app,
            ending(partnership, Side.PARTNER, cast.pierre, now),
            editing(partnership, LIMITED, {site.id: TECHNICAL, shop.id: EVERYTHING}, person, now),
        )
        assert kinds_of(results) in (["done", "done"], ["Ended", "done"]), results
        assert results[0] is None and managed(client) == {} and active(client) == []
        db.session.refresh(partnership)
        assert queries.last_change(partnership).what == "ended"
        assert not reaches(cast.pierre, partnership)


def test_both_sides_end_it_once(app, cast, now):
    """RULES C11: one end, one mail to each."""
    for client, person, [site, *_rest] in clients():
        partnership = make_partnership(client, cast.lumiere_partner, products=[site])
        results = race(
            app,
            ending(partnership, Side.PARTNER, cast.pierre, now),
            ending(partnership, Side.CLIENT, person, now),
        )
        assert kinds_of(results) == ["Ended", "done"], results
        db.session.refresh(partnership)
        assert partnership.ended_by_side is (Side.PARTNER if results[0] is None else Side.CLIENT)
        about = queries.last_change(partnership).id
        told = db.session.scalars(sa.select(QueuedMail.kind).where(QueuedMail.about == about)).all()
        assert sorted(told) == ["ended_client", "ended_partner"]


def test_an_end_makes_room_for_the_next_or_does_not_yet(app, cast, now):
    """RULES C2, C11: while one full partner goes, another one accepts."""
    for client, person, _products in clients():
        old = make_partnership(client, cast.lumiere_partner, Access.FULL)
        invitation = invited(client, person, cast.bergwerk_partner, access=Access.FULL)
        results = race(app, ending(old, Side.CLIENT, person, now), accepting(invitation, cast.berta, now))
        assert kinds_of(results) in (["done", "done"], ["FullGiven", "done"]), results
        assert results[0] is None and len(active(client)) == (not isinstance(results[1], Exception))


def test_a_product_ends_while_it_is_granted(app, cast, now):
    """RULES C1: what has ended is in nobody's hands."""
    for client, person, [site, *_rest] in clients():
        partnership = make_partnership(client, cast.lumiere_partner)

        def end_product(own, site=site):
            mine, by = own(site), own(cast.olga)
            return lambda: products.end_product(mine, by=by, now=now)

        results = race(app, end_product, editing(partnership, LIMITED, {site.id: TECHNICAL}, person, now))
        assert kinds_of(results) in (["done", "done"], ["NotYours", "done"]), results
        assert queries.granted(partnership) == {} and queries.holders(client) == []
        assert not queries.rights_of(partnership, site)


# --- people who go in the middle ----------------------------------------------------------------------------


def demoting(member, by, now, role=Role.COLLABORATOR):
    def act(own):
        mine, person = own(member), own(by)
        assert mine.organisation
        return lambda: organisations.set_role(mine, role, by=person, now=now)

    return act


def removing(member, by, now):
    def act(own):
        mine, person = own(member), own(by)
        assert mine.organisation
        return lambda: organisations.remove_member(mine, by=person, now=now)

    return act


@pytest.mark.parametrize("how", [demoting, removing])
def test_a_representative_who_loses_the_role_while_editing(app, cast, now, how):
    """RULES C6, O2: the edit came before, or not at all."""
    for client, person, [site, *_rest] in clients():
        rolf = make_user("Rolf Rossi")
        rolfs = join(rolf, client, Role.LEGAL_REPRESENTATIVE)
        partnership = make_partnership(client, cast.lumiere_partner)
        before = count(AuditEvent)
        results = race(
            app,
            how(rolfs, person, now),
            editing(partnership, LIMITED, {site.id: TECHNICAL}, rolf, now),
        )
        assert kinds_of(results) in (["done", "done"], ["OnlyRepresentatives", "done"], ["Gone", "done"]), (
            results
        )
        assert results[0] is None
        if results[1] is None:
            assert (
                order_of("partnership.rights", "member.role_changed", "member.removed")[-2]
                == "partnership.rights"
            )
            assert queries.granted(partnership) == {site.id: TECHNICAL}
        else:
            assert queries.granted(partnership) == {} and count(AuditEvent) == before + 1


@pytest.mark.parametrize("how", [demoting, removing])
def test_a_representative_of_the_partner_who_loses_the_role_while_accepting(app, cast, now, how):
    """RULES C6, O2."""
    for client, person, [site, *_rest] in clients():
        rosa = make_user("Rosa Roux")
        rosas = join(rosa, cast.lumiere, Role.LEGAL_REPRESENTATIVE)
        invitation = invited(client, person, cast.lumiere_partner, site)
        results = race(app, how(rosas, cast.pierre, now), accepting(invitation, rosa, now))
        assert kinds_of(results) in (["done", "done"], ["OnlyRepresentatives", "done"], ["Gone", "done"]), (
            results
        )
        accepted = not isinstance(results[1], Exception)
        assert results[0] is None and len(active(client)) == accepted
        if accepted:
            last = order_of("partnership.started", "member.role_changed", "member.removed")[-2:]
            assert last[0] == "partnership.started"


def test_somebody_is_assigned_while_leaving(app, cast, now):
    """RULES C13: no assignment is left behind, and nobody sees an error."""
    for client, _person, _products in clients():
        ben = make_user("Ben Blanc")
        bens = join(ben, cast.lumiere)
        partnership = make_partnership(client, cast.lumiere_partner)

        def assign(own, partnership=partnership, bens=bens):
            mine, by, people = own(partnership), own(cast.pierre), [own(bens)]
            assert mine.partner.organisation
            return lambda: actions.assign(mine, people, by=by, now=now)

        results = race(app, removing(bens, cast.pierre, now), assign)
        assert results == [None, None]
        assert count(Assignment) == 0 and not reaches(ben, partnership)


def test_two_assign_at_once(app, cast, now):
    """RULES C13: the last one's choice stands, not a mixture."""
    paulas = membership(cast.lumiere, cast.paula)
    annas = join(make_user("Anna Arnet"), cast.lumiere)
    bens = join(make_user("Ben Blanc"), cast.lumiere)
    for client, _person, _products in clients():
        partnership = make_partnership(client, cast.lumiere_partner)
        make_assignment(partnership, bens)

        def assign(*people, partnership=partnership):
            def act(own):
                mine, by, wanted = own(partnership), own(cast.pierre), [own(each) for each in people]
                return lambda: actions.assign(mine, wanted, by=by, now=now)

            return act

        assert race(app, assign(paulas), assign(annas, bens)) == [None, None]
        chosen = {each.membership_id for each in queries.assigned(partnership)}
        assert chosen in ({paulas.id}, {annas.id, bens.id})


def test_two_representatives_who_demote_each_other_leave_one(app, cast, now):
    """RULES O2; SECURITY A6: and the one who is left ends the partnership."""
    for client, person, _products in clients():
        rolf = make_user("Rolf Rossi")
        rolfs = join(rolf, client, Role.LEGAL_REPRESENTATIVE)
        partnership = make_partnership(client, cast.lumiere_partner, Access.FULL)
        results = race(app, demoting(rolfs, person, now), demoting(membership(client, person), rolf, now))
        assert kinds_of(results) in (["NotYourRank", "done"], ["LastRepresentative", "done"]), results
        [left] = queries.representatives(client)
        actions.end(partnership, side=Side.CLIENT, seen_hash=left.password_hash, by=left, now=now)


def test_somebody_follows_while_the_client_removes_or_promotes_the_same_person(app, cast, now):
    """RULES C8, O2: whatever comes first, nobody of the partner keeps a place by accident."""
    for client, person, [site, *_rest] in clients():
        paulas = join(cast.paula, client, Role.COLLABORATOR)
        invitation = invited(client, person, cast.lumiere_partner, site)
        how = removing if client.id % 2 else demoting
        results = race(
            app,
            accepting(invitation, cast.pierre, now),
            *[how(paulas, person, now, *[Role.ADMINISTRATOR] * (how is demoting))],
        )
        assert kinds_of(results) in (["done", "done"], ["Gone", "done"]), results
        assert not isinstance(results[0], Exception)
        assert membership(client, cast.paula) is None
        # who was removed before the start followed nobody
        assert reaches(cast.paula, active(client)[0]) is (how is demoting or results[1] is not None)


def test_somebody_follows_while_leaving_the_partner(app, cast, now):
    """RULES C8, C13: no error but a polite one, and no assignment of somebody who has left."""
    for client, person, [site, *_rest] in clients():
        ben = make_user("Ben Blanc")
        bens = join(ben, cast.lumiere)
        join(ben, client)
        invitation = invited(client, person, cast.lumiere_partner, site)
        results = race(app, accepting(invitation, cast.pierre, now), removing(bens, cast.pierre, now))
        assert kinds_of(results) in (["done", "done"], ["Gone", "done"]), results
        assert results[1] is None and count(Assignment) == 0
        began = not isinstance(results[0], Exception)
        assert len(active(client)) == began
        followed = began and "followed" in [each.what for each in queries.history(active(client)[0])]
        assert (
            membership(client, ben) is None
        ) is followed  # who left the partner before is the client's own


# --- the operator -------------------------------------------------------------------------------------------


def test_a_partner_is_suspended_while_it_accepts(app, cast, now):
    """RULES C11: it began before, or not at all; in both cases the partner reaches nothing now."""
    for client, person, [site, *_rest] in clients():
        rosa = make_user("Rosa Roux")
        partner = make_partner(make_organisation("Neuer Partner", owner=rosa))
        invitation = invited(client, person, partner, site)
        results = race(app, suspending(partner, cast.olga, now), accepting(invitation, rosa, now))
        assert kinds_of(results) in (["done", "done"], ["Suspended", "done"]), results
        began = not isinstance(results[1], Exception)
        assert results[0] is None and len(active(client)) == began
        if began:
            assert order_of("partnership.started", "partner.suspended")[-2:] == [
                "partnership.started", "partner.suspended",
            ]  # fmt: skip
            assert not reaches(rosa, active(client)[0])


def test_a_partner_is_suspended_while_it_is_given_more(app, cast, now):
    """RULES C9, C11."""
    for client, person, [site, *_rest] in clients():
        partner = make_partner(make_organisation("Neuer Partner", owner=make_user()))
        partnership = make_partnership(client, partner)
        results = race(
            app,
            suspending(partner, cast.olga, now),
            editing(partnership, LIMITED, {site.id: TECHNICAL}, person, now),
        )
        assert kinds_of(results) in (["done", "done"], ["Suspended", "done"]), results
        if results[1] is None:
            assert order_of("partnership.rights", "partner.suspended")[-2:] == [
                "partnership.rights", "partner.suspended",
            ]  # fmt: skip
