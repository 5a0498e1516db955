"""What happens to invitations, and what does not (RULES C6, C7, C8; SECURITY A4, A5, T3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import join, make_organisation, make_partner, make_partnership, make_product, make_user
from tests.invitations.story import (
    FULL,
    LIMITED,
    TECHNICAL,
    WALLET,
    asked,
    draft,
    invited,
    mails,
    token_of,
)
from tests.threads import at_once
from tests.times import NOW
from webapp.accounts import queries as accounts
from webapp.accounts.rules import OnlyRepresentatives, Role
from webapp.audit import AuditEvent
from webapp.directory.models import PartnerAccount
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.invitations import actions, queries, rules
from webapp.invitations.models import Invitation
from webapp.invitations.rules import NotWaiting, State
from webapp.organisations import actions as organisations
from webapp.partnerships import actions as partnerships
from webapp.partnerships import queries as partnership_queries
from webapp.partnerships import rules as partnership_rules
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import EVERYTHING, Access, Payer, Side
from webapp.products.rules import NotYours
from webapp.refused import Gone
from webapp.unit import unit_of_work

LATER = NOW + timedelta(minutes=11)


def standing():
    return db.session.query(Partnership).filter(Partnership.ended_at.is_(None)).all()


def fresh(invitation):
    """The same invitation for another thread, which has a session of its own."""
    return db.session.get(Invitation, invitation.id)


@unit_of_work
def end_product(product, now=NOW):
    product.ended_at = now


# --- sent ---------------------------------------------------------------------------------------------------


def test_a_client_invites_a_partner(cast, lumens_products):
    """RULES C6: its legal representatives get a mail; nothing is granted yet."""
    sent = invited(cast, lumens_products.site, lumens_products.shop, rights=TECHNICAL, message="Hello")
    assert (sent.client, sent.partner, sent.invited_by) == (cast.lumen, cast.lumiere_partner, cast.nadia)
    assert queries.offered(sent) == {
        lumens_products.site.id: TECHNICAL,
        lumens_products.shop.id: TECHNICAL,
    }
    assert sent.message == "Hello" and sent.state(NOW) is State.WAITING
    assert sent.expires_at == NOW + timedelta(days=30)
    assert mails("invitation_to_partner") == ["pierre@lumiere.example"]
    assert standing() == []
    assert db.session.query(AuditEvent).filter_by(action="invitation.sent").count() == 1


def test_a_second_submit_of_the_same_draft_answers_the_first(app, cast, lumens_products):
    """RULES C6: one draft, one invitation, also for two clicks at the same instant."""
    picked = {lumens_products.site.id: EVERYTHING}
    kept, partner, nadia, lumen = draft().id, cast.lumiere_partner.id, cast.nadia.id, cast.lumen.id

    def send():
        return actions.invite(
            db.session.get(Draft, kept), accounts.organisation(lumen), db.session.get(PartnerAccount, partner),
            LIMITED, picked, message="", by=accounts.user(nadia), now=NOW,
        ).id  # fmt: skip

    first, second = at_once(app, send, send)
    assert first == second and db.session.query(Invitation).count() == 1
    assert len(mails("invitation_to_partner")) == 1


@pytest.mark.parametrize("who", ["adam", "hugo", "pierre", "stefan"])
def test_only_legal_representatives_of_the_client_invite(cast, lumens_products, who):
    """RULES C6"""
    with pytest.raises(OnlyRepresentatives):
        actions.invite(
            draft(), cast.lumen, cast.lumiere_partner, LIMITED, {lumens_products.site.id: EVERYTHING},
            message="", by=getattr(cast, who), now=NOW,
        )  # fmt: skip


def test_one_open_invitation_between_the_two(cast, lumens_products):
    """RULES C6, C8: the one that is there is sent again, or deleted."""
    first = invited(cast, lumens_products.site)
    with pytest.raises(rules.AlreadyInvited):
        invited(cast, lumens_products.shop)
    actions.delete(first, by=cast.nadia, now=NOW)
    assert invited(cast, lumens_products.shop).state(NOW) is State.WAITING


def test_what_the_rules_of_partnerships_forbid_is_not_offered(cast, lumens_products, now):
    """RULES C1, C2, C3, C6"""
    with pytest.raises(partnership_rules.NothingChosen):
        invited(cast)
    foreign = make_product(cast.stefans, "stranger.example")
    with pytest.raises(NotYours):
        invited(cast, foreign)
    limited = make_partnership(cast.lumen, cast.bergwerk_partner, products=[lumens_products.server])
    with pytest.raises(partnership_rules.ProductTaken):
        invited(cast, lumens_products.server)
    with pytest.raises(partnership_rules.HeldByOthers) as refusal:
        invited(cast, terms=FULL)
    assert [(each.partner, each.product) for each in refusal.value.holders] == [
        ("Bergwerk IT GmbH", "vps-zrh-01")
    ]
    with pytest.raises(partnership_rules.AlreadyPartners):
        invited(cast, lumens_products.site, partner="bergwerk")
    partnerships.change_access(limited, FULL, {}, version=limited.version, by=cast.nadia, now=now)
    with pytest.raises(partnership_rules.FullGiven):
        invited(cast, lumens_products.site)


def test_a_suspended_partner_is_not_invited(cast, lumens_products, now):
    @unit_of_work
    def suspend():
        cast.lumiere_partner.suspended_at = now

    suspend()
    with pytest.raises(partnership_rules.Suspended):
        invited(cast, lumens_products.site)


# --- sent again, deleted ------------------------------------------------------------------------------------


def test_sending_again_kills_the_older_link(cast, lumens_products):
    """RULES C8, SECURITY T3: and everything is kept."""
    sent = invited(cast, lumens_products.site)
    older = token_of(sent)
    actions.resend(sent, by=cast.nadia, now=LATER)
    assert token_of(sent) != older
    assert queries.by_link(older, now=LATER) is None
    assert queries.by_replaced_link(older, now=LATER) == sent
    assert queries.by_link(token_of(sent), now=LATER) == sent
    assert sent.expires_at == LATER + timedelta(days=30)
    assert set(queries.offered(sent)) == {lumens_products.site.id}
    assert len(mails("invitation_to_partner")) == 2


def test_nobody_gets_two_mails_within_ten_minutes(cast, lumens_products):
    """RULES C8"""
    sent = invited(cast, lumens_products.site)
    with pytest.raises(rules.SentJustNow):
        actions.resend(sent, by=cast.nadia, now=NOW + timedelta(minutes=9, seconds=59))
    actions.resend(sent, by=cast.nadia, now=NOW + timedelta(minutes=10))


def test_one_that_has_lapsed_is_sent_again_as_it_was(cast, lumens_products):
    """RULES C8: it lapses after 30 days; then it can't be answered until it is sent again."""
    sent = invited(cast, lumens_products.site)
    then = NOW + timedelta(days=30)
    assert sent.state(then - timedelta(seconds=1)) is State.WAITING
    assert sent.state(then) is State.EXPIRED
    with pytest.raises(NotWaiting) as refusal:
        actions.accept(sent, by=cast.pierre, now=then)
    assert refusal.value.state is State.EXPIRED
    actions.resend(sent, by=cast.nadia, now=then)
    assert actions.accept(sent, by=cast.pierre, now=then).client == cast.lumen


def test_a_deleted_invitation_can_t_be_answered_or_sent(cast, lumens_products):
    """RULES C8, SECURITY A4"""
    sent = invited(cast, lumens_products.site)
    actions.delete(sent, by=cast.nadia, now=NOW)
    for act in (
        lambda: actions.accept(sent, by=cast.pierre, now=NOW),
        lambda: actions.refuse(sent, reason="", by=cast.pierre, now=NOW),
        lambda: actions.resend(sent, by=cast.nadia, now=LATER),
        lambda: actions.delete(sent, by=cast.nadia, now=LATER),
    ):
        with pytest.raises(NotWaiting):
            act()
    assert sent.state(LATER) is State.DELETED


def test_only_the_sender_s_representatives_send_again_and_delete(cast, lumens_products):
    """RULES C6, C7, C8"""
    to_partner, to_client = invited(cast, lumens_products.site), asked(cast, "else@where.example")
    for sent, others in ((to_partner, (cast.adam, cast.pierre)), (to_client, (cast.paula, cast.nadia))):
        for somebody in others:
            with pytest.raises(OnlyRepresentatives):
                actions.resend(sent, by=somebody, now=LATER)
            with pytest.raises(OnlyRepresentatives):
                actions.delete(sent, by=somebody, now=LATER)


def test_whoever_got_the_mail_is_told_of_the_deletion(cast, lumens_products, outbox):
    """RULES C8"""
    sent = invited(cast, lumens_products.site)
    outbox.deliver()
    actions.delete(sent, by=cast.nadia, now=NOW)
    assert mails("invitation_deleted") == ["pierre@lumiere.example"]


def test_nobody_is_told_of_what_they_never_heard_of(cast, lumens_products, outbox):
    """RULES C8"""
    sent = invited(cast, lumens_products.site)
    actions.delete(sent, by=cast.nadia, now=NOW)
    assert mails("invitation_deleted") == [] and outbox.deliver() == []


# --- accepted -----------------------------------------------------------------------------------------------


def test_the_partner_accepts(cast, lumens_products):
    """RULES C6: the partnership begins with what was offered, and the client is told."""
    sent = invited(cast, lumens_products.site, lumens_products.shop)
    partnership = actions.accept(sent, by=cast.pierre, now=NOW)
    assert (partnership.client, partnership.partner) == (cast.lumen, cast.lumiere_partner)
    assert set(partnership_queries.granted(partnership)) == {
        lumens_products.site.id,
        lumens_products.shop.id,
    }
    assert (sent.state(NOW), sent.partnership, sent.answered_by) == (State.ACCEPTED, partnership, cast.pierre)
    assert mails("invitation_accepted") == ["nadia@lumen.example"]


def test_full_access_with_the_partner_s_payment_method(cast, lumens_products):
    """RULES C2, C5, C6"""
    partnership = actions.accept(invited(cast, terms=WALLET), by=cast.pierre, now=NOW)
    assert (partnership.access, partnership.payer) == (Access.FULL, Payer.PARTNER)


@pytest.mark.parametrize("who", ["paula", "nadia", "stefan", "berta"])
def test_only_legal_representatives_of_the_partner_answer(cast, lumens_products, who):
    """RULES C6"""
    sent = invited(cast, lumens_products.site)
    with pytest.raises(OnlyRepresentatives):
        actions.accept(sent, by=getattr(cast, who), now=NOW)
    with pytest.raises(OnlyRepresentatives):
        actions.refuse(sent, reason="", by=getattr(cast, who), now=NOW)
    assert sent.state(NOW) is State.WAITING


def test_an_invitation_is_accepted_once(app, cast, lumens_products):
    """SECURITY A4: also by two at the same instant."""
    sent = invited(cast, lumens_products.site)
    pia = make_user("Pia Pasche")
    join(pia, cast.lumiere, Role.LEGAL_REPRESENTATIVE)
    number, people = sent.id, (cast.pierre.id, pia.id)

    def accept(person):
        def act():
            return actions.accept(db.session.get(Invitation, number), by=accounts.user(person), now=NOW).id

        return act

    results = at_once(app, *(accept(person) for person in people))
    assert sorted(isinstance(each, NotWaiting) for each in results) == [False, True]
    assert len(standing()) == 1 and mails("invitation_accepted") == ["nadia@lumen.example"]


def test_accepting_against_deleting_has_one_winner(app, cast, lumens_products):
    """SECURITY A4: whoever is first; the other one is told."""
    sent = invited(cast, lumens_products.site)
    number, pierre, nadia = sent.id, cast.pierre.id, cast.nadia.id

    def accept():
        return actions.accept(db.session.get(Invitation, number), by=accounts.user(pierre), now=NOW).id

    def delete():
        actions.delete(db.session.get(Invitation, number), by=accounts.user(nadia), now=NOW)
        return "deleted"

    accepted, deleted = at_once(app, accept, delete)
    after = fresh(sent)
    if after.state(NOW) is State.ACCEPTED:
        assert isinstance(deleted, NotWaiting) and [each.id for each in standing()] == [accepted]
    else:
        assert after.state(NOW) is State.DELETED
        assert isinstance(accepted, NotWaiting) and deleted == "deleted" and standing() == []


def test_two_partners_who_accept_the_same_product_at_once_do_not_both_get_it(app, cast, lumens_products):
    """RULES C1: the second one begins without it, and sees so; no error."""
    first = invited(cast, lumens_products.site, lumens_products.shop)
    second = invited(cast, lumens_products.shop, lumens_products.post, partner="bergwerk")
    numbers = {first.id: cast.pierre.id, second.id: cast.berta.id}

    def accept(number, person):
        return lambda: (
            actions.accept(db.session.get(Invitation, number), by=accounts.user(person), now=NOW).id
        )

    results = at_once(app, *(accept(*pair) for pair in numbers.items()))
    assert all(isinstance(each, int) for each in results), results
    held = [set(partnership_queries.granted(each)) for each in standing()]
    assert held[0] & held[1] == set()
    assert held[0] | held[1] == {
        each.id for each in (lumens_products.site, lumens_products.shop, lumens_products.post)
    }


def test_two_partners_who_accept_full_access_at_once_do_not_both_get_it(app, cast, lumens_products):
    """RULES C2, SECURITY A1"""
    first, second = invited(cast, terms=FULL), invited(cast, terms=FULL, partner="bergwerk")
    numbers = {first.id: cast.pierre.id, second.id: cast.berta.id}

    def accept(number, person):
        return lambda: (
            actions.accept(db.session.get(Invitation, number), by=accounts.user(person), now=NOW).id
        )

    results = at_once(app, *(accept(*pair) for pair in numbers.items()))
    assert sorted(isinstance(each, partnership_rules.FullGiven) for each in results) == [False, True]
    assert len(standing()) == 1


def test_a_product_that_has_ended_or_gone_to_others_is_left_out(cast, lumens_products):
    """RULES C1, C6: the partner sees what it gets, not an error."""
    goods = lumens_products
    sent = invited(cast, goods.site, goods.shop, goods.post)
    end_product(goods.shop)
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[goods.post])
    assert set(queries.still_offered(sent)) == {goods.site.id}
    partnership = actions.accept(sent, by=cast.pierre, now=NOW)
    assert set(partnership_queries.granted(partnership)) == {goods.site.id}


def test_with_nothing_left_the_partnership_begins_without_products(cast, lumens_products):
    """RULES C6, C9"""
    sent = invited(cast, lumens_products.site)
    end_product(lumens_products.site)
    assert partnership_queries.granted(actions.accept(sent, by=cast.pierre, now=NOW)) == {}


def test_people_of_the_partner_in_the_client_s_team_follow_the_partnership(cast, lumens_products):
    """RULES C8: their status follows it from its start."""
    join(cast.paula, cast.lumen, Role.ADMINISTRATOR)
    sent = invited(cast, lumens_products.site)
    assert accounts.membership_in(cast.lumen, cast.paula)
    partnership = actions.accept(sent, by=cast.pierre, now=NOW)
    assert accounts.membership_in(cast.lumen, cast.paula) is None
    assert [each.membership.user for each in partnership_queries.assigned(partnership)] == [cast.paula]


def test_what_the_two_have_open_besides_is_over_when_they_have_found_each_other(cast, lumens_products):
    """RULES C6, C7"""
    request, sent = asked(cast), invited(cast, lumens_products.site)
    actions.grant(request, cast.lumen, LIMITED, {lumens_products.shop.id: TECHNICAL}, by=cast.nadia, now=NOW)
    assert sent.state(NOW) is State.DELETED
    with pytest.raises(NotWaiting):
        actions.accept(sent, by=cast.pierre, now=NOW)


# --- refused ------------------------------------------------------------------------------------------------


def test_the_partner_refuses_with_a_reason(cast, lumens_products):
    """RULES C6"""
    sent = invited(cast, lumens_products.site)
    actions.refuse(sent, reason="No time.", by=cast.pierre, now=NOW)
    assert (sent.state(NOW), sent.reason, sent.answered_by) == (State.REFUSED, "No time.", cast.pierre)
    assert mails("invitation_refused") == ["nadia@lumen.example"] and standing() == []
    with pytest.raises(NotWaiting):
        actions.accept(sent, by=cast.pierre, now=NOW)


# --- a partner asks a client --------------------------------------------------------------------------------


def test_a_client_grants_what_it_likes(cast, lumens_products):
    """RULES C7, SECURITY A5: whatever was asked."""
    request = asked(cast, terms=WALLET)
    partnership = actions.grant(
        request, cast.lumen, LIMITED, {lumens_products.domain.id: TECHNICAL}, by=cast.nadia, now=NOW
    )
    assert partnership_queries.granted(partnership) == {lumens_products.domain.id: TECHNICAL}
    assert (partnership.payer, request.client) == (Payer.CLIENT, cast.lumen)
    assert mails("request_granted") == ["pierre@lumiere.example"]
    change = partnership_queries.last_change(partnership)
    assert change.side is Side.CLIENT


def test_only_the_address_that_was_asked_answers(cast, lumens_products):
    """RULES C7"""
    request = asked(cast, "somebody@else.example")
    with pytest.raises(Gone):
        actions.grant(request, cast.lumen, FULL, {}, by=cast.nadia, now=NOW)
    with pytest.raises(Gone):
        actions.refuse(request, reason="", by=cast.nadia, now=NOW)


def test_only_for_an_organisation_that_the_person_answers_for(cast, lumens_products):
    """RULES C7"""
    request = asked(cast, cast.adam.email)
    with pytest.raises(OnlyRepresentatives):
        actions.grant(request, cast.lumen, FULL, {}, by=cast.adam, now=NOW)
    with pytest.raises(OnlyRepresentatives):
        actions.grant(request, cast.stefans, FULL, {}, by=cast.adam, now=NOW)


def test_known_and_unknown_addresses_are_asked_alike(cast):
    """RULES C7: and each in the language of its account, if it has one (RULES L2)."""
    asked(cast, cast.nadia.email)
    asked(cast, "nobody@nowhere.example")
    assert mails("invitation_to_client") == [cast.nadia.email, "nobody@nowhere.example"]


def test_an_address_is_asked_once_at_a_time(cast):
    """RULES C7"""
    asked(cast, "nobody@nowhere.example")
    with pytest.raises(rules.AlreadyInvited):
        asked(cast, "nobody@nowhere.example")


def test_only_legal_representatives_of_the_partner_ask(cast):
    """RULES C7"""
    with pytest.raises(OnlyRepresentatives):
        actions.ask(
            draft("request"), cast.lumiere_partner, "a@b.example", FULL, {}, message="", language="en",
            by=cast.paula, now=NOW,
        )  # fmt: skip


# --- by the clock -------------------------------------------------------------------------------------------


def test_a_reminder_goes_out_once_per_sending(cast, lumens_products):
    """RULES C8: five days before it lapses."""
    sent = invited(cast, lumens_products.site)
    asked(cast, "nobody@nowhere.example")
    soon = NOW + timedelta(days=25)
    actions.remind(now=soon - timedelta(seconds=1))
    assert mails("invitation_reminder") == []
    for hours in (0, 1, 30):
        actions.remind(now=soon + timedelta(hours=hours))
    assert mails("invitation_reminder") == ["pierre@lumiere.example", "nobody@nowhere.example"]
    actions.resend(sent, by=cast.nadia, now=soon)
    actions.remind(now=soon + timedelta(days=25))
    assert mails("invitation_reminder")[2:] == ["pierre@lumiere.example"]


def test_nobody_is_reminded_of_what_was_answered(cast, lumens_products):
    actions.refuse(invited(cast, lumens_products.site), reason="", by=cast.pierre, now=NOW)
    actions.remind(now=NOW + timedelta(days=26))
    assert mails("invitation_reminder") == []


def test_the_sender_hears_once_that_it_has_lapsed(cast, lumens_products):
    """RULES C8"""
    invited(cast, lumens_products.site)
    asked(cast, "nobody@nowhere.example")
    for days in (29, 30, 31, 36, 50):
        actions.tell_of_lapses(now=NOW + timedelta(days=days))
    assert mails("invitation_lapsed") == ["nadia@lumen.example", "pierre@lumiere.example"]


# --- whom a client can find ---------------------------------------------------------------------------------


def names(candidates):
    return [(each.partner.name, each.obstacle) for each in candidates]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("lumiere", ["Lumière Digital Sàrl"]),
        ("DIGITAL lum", ["Lumière Digital Sàrl"]),
        ("it", ["Bergwerk IT GmbH", "Lumière Digital Sàrl"]),
        ("l", []),
        ("", []),
        ("pierre@lumiere.example", ["Lumière Digital Sàrl"]),
        (" Pierre@Lumiere.example ", ["Lumière Digital Sàrl"]),
        ("pierre@lumiere", []),
        ("@lumiere.example", []),
        ("paula@lumiere.example", []),
        ("nadia@lumen.example", []),
        ("%", []),
    ],
)
def test_partners_are_found_by_name_or_by_the_exact_address_of_a_representative(cast, words, found):
    """RULES C6: no part of an address tells anything."""
    assert [name for name, _why in names(queries.candidates(cast.lumen, words))] == found


def test_a_partner_outside_the_directory_is_found_by_address_only(cast):
    """RULES A5, C6: its name is nobody's business."""

    @unit_of_work
    def hide():
        cast.lumiere_partner.listed_at = None

    hide()
    assert queries.candidates(cast.lumen, "lumiere") == []
    assert names(queries.candidates(cast.lumen, cast.pierre.email)) == [("Lumière Digital Sàrl", "")]


def test_who_can_t_be_invited_is_shown_with_the_reason(cast, lumens_products, now):
    """RULES C6"""
    third = make_partner(make_organisation("Digital Third AG", owner=make_user()))
    invited(cast, lumens_products.site, partner="bergwerk")
    make_partnership(cast.lumen, third, products=[lumens_products.shop])
    assert names(queries.candidates(cast.lumen, "digital")) == [
        ("Digital Third AG", "partner"), ("Lumière Digital Sàrl", ""),
    ]  # fmt: skip
    assert names(queries.candidates(cast.lumen, "bergwerk")) == [("Bergwerk IT GmbH", "invited")]
    assert names(queries.candidates(cast.lumiere, "lumiere")) == [("Lumière Digital Sàrl", "own")]


def test_a_suspended_partner_is_not_found(cast, now):
    @unit_of_work
    def suspend():
        cast.lumiere_partner.suspended_at = now

    suspend()
    assert queries.candidates(cast.lumen, "lumiere") == []
    assert queries.candidates(cast.lumen, cast.pierre.email) == []


def test_a_search_takes_a_fixed_number_of_statements(cast, statements):
    for n in range(25):
        make_partner(make_organisation(f"Lumen {n:02} AG"))
    with statements() as seen:
        found = queries.candidates(cast.lumen, "lumen")
    assert len(found) == queries.CANDIDATES and len(seen) <= 4


def test_what_a_removed_representative_offered_holds_when_a_colleague_sends_it_again(cast, now):
    """RULES C6: full access and the wallet are not given by somebody who has left meanwhile."""
    rolf = make_user("Rolf Rossi", email="rolf@lumen.example")
    place = join(rolf, cast.lumen, Role.LEGAL_REPRESENTATIVE)
    invitation = invited(cast, terms=WALLET, now=now - timedelta(hours=1))
    unit_of_work(lambda: setattr(invitation, "invited_by", rolf))()
    organisations.remove_member(place, by=cast.nadia, now=now)
    with pytest.raises(rules.SenderLeft):
        actions.accept(invitation, by=cast.pierre, now=now)
    assert partnership_queries.of_client(cast.lumen) == []
    actions.resend(invitation, by=cast.nadia, now=now)
    assert actions.accept(invitation, by=cast.pierre, now=now).access is Access.FULL
