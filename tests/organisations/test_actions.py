"""Changes of organisations and teams, on both databases."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import PASSWORD, join, make_organisation, make_user
from tests.threads import at_once
from webapp import drafts, links
from webapp.accounts import queries as people
from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.passwords import hash_password, matches
from webapp.accounts.rules import AddressTaken, Kind, OrganisationDetails, Role
from webapp.audit import AuditEvent
from webapp.extensions import db
from webapp.mailer import QueuedMail
from webapp.organisations import actions, queries, rules
from webapp.organisations.models import ColleagueInvitation
from webapp.refused import Gone

NEW_PASSWORD = "seven geese on a ladder"
HASH = hash_password(NEW_PASSWORD)

DETAILS = OrganisationDetails(
    kind=Kind.COMPANY, name="Atelier Brun SA", street="Rue Haute 2", postcode="1003", city="Lausanne",
    country="CH", register_number="CHE-107.787.577",
)  # fmt: skip


def waiting(kind=None):
    mails = db.session.scalars(sa.select(QueuedMail).order_by(QueuedMail.id))
    return [(mail.kind, mail.address) for mail in mails if kind in (None, mail.kind)]


def done():
    return list(db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


# --- organisations ------------------------------------------------------------------------------------------


def test_a_person_opens_further_organisations(app, now):
    """RULES O1: any number of organisations."""
    person = make_user(language="de")
    first = actions.open_organisation(DETAILS, key=drafts.new_key(), by=person, now=now)
    second = actions.open_organisation(DETAILS, key=drafts.new_key(), by=person, now=now)
    assert first.id != second.id and first.language == "de"
    assert [m.role for m in people.memberships(person)] == [Role.LEGAL_REPRESENTATIVE] * 2


def test_a_double_submit_opens_one_organisation(app, now):
    person_id = make_user().id
    for n in range(1, 6):
        key = drafts.new_key()

        def submit(key=key):
            me = db.session.get(User, person_id)
            return actions.open_organisation(DETAILS, key=key, by=me, now=now).id

        assert len(set(at_once(app, submit, submit, submit))) == 1
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Organisation)) == n


def test_a_change_of_country_changes_the_currency(app, now):
    """RULES O3"""
    organisation = make_organisation(vat_number=None)
    assert organisation.currency == "CHF"
    moved = OrganisationDetails(
        Kind.COMPANY, "Neu GmbH", "Weg 1", "10115", "Berlin", "DE", "HRB 1", "DE136695976"
    )
    actions.change_organisation(organisation, moved, language="en", invoice_note="PO 7", by=None, now=now)
    assert (organisation.name, organisation.country, organisation.currency) == ("Neu GmbH", "DE", "EUR")
    assert (organisation.vat_number, organisation.invoice_note) == ("DE136695976", "PO 7")


# --- the team -----------------------------------------------------------------------------------------------


def make_duo():
    """An organisation with two legal representatives."""
    anna, bert = make_user("Anna"), make_user("Bert")
    organisation = make_organisation(owner=anna)
    join(bert, organisation, Role.LEGAL_REPRESENTATIVE)
    return organisation, anna, bert


@pytest.fixture
def duo(app):
    """The three."""
    return make_duo()


def member(organisation, person):
    return people.membership_in(organisation, person)


def test_the_last_legal_representative_is_neither_demoted_nor_removed(duo, now):
    """RULES O2"""
    organisation, anna, bert = duo
    actions.set_role(member(organisation, bert), Role.COLLABORATOR, by=anna, now=now)
    with pytest.raises(rules.LastRepresentative):
        actions.set_role(member(organisation, anna), Role.ADMINISTRATOR, by=anna, now=now)
    with pytest.raises(rules.LastRepresentative):
        actions.remove_member(member(organisation, anna), by=anna, now=now)
    assert queries.representatives(organisation) == 1


@pytest.mark.parametrize("act", ["demote", "remove", "leave"])
def test_two_who_oust_each_other_at_once_leave_one_behind(app, now, act):
    """RULES O2: the organisation's row is locked, the second is judged by what the first has done."""
    for _round in range(6):
        organisation, anna, bert = make_duo()

        def oust(actor, other, organisation=organisation):
            me, org = db.session.get(User, actor.id), db.session.get(Organisation, organisation.id)
            target = member(org, me if act == "leave" else db.session.get(User, other.id))
            if act == "demote":
                actions.set_role(target, Role.COLLABORATOR, by=me, now=now)
            else:
                actions.remove_member(target, by=me, now=now)

        results = at_once(
            app, lambda a=anna, b=bert, go=oust: go(a, b), lambda a=anna, b=bert, go=oust: go(b, a)
        )
        assert sum(result is None for result in results) == 1, results
        assert queries.representatives(organisation) == 1


def test_an_administrator_does_not_touch_legal_representatives(duo, now):
    """RULES O2"""
    organisation, anna, _bert = duo
    admin, helper = make_user(), make_user()
    join(admin, organisation, Role.ADMINISTRATOR)
    join(helper, organisation)
    refused = [
        lambda: actions.set_role(member(organisation, anna), Role.COLLABORATOR, by=admin, now=now),
        lambda: actions.set_role(member(organisation, helper), Role.LEGAL_REPRESENTATIVE, by=admin, now=now),
        lambda: actions.set_role(member(organisation, admin), Role.LEGAL_REPRESENTATIVE, by=admin, now=now),
        lambda: actions.remove_member(member(organisation, anna), by=admin, now=now),
        lambda: actions.invite(
            organisation,
            email="x@example.com",
            role=Role.LEGAL_REPRESENTATIVE,
            language="en",
            by=admin,
            now=now,
        ),
        lambda: actions.remove_member(member(organisation, admin), by=helper, now=now),
    ]
    for act in refused:
        with pytest.raises(rules.NotYourRank):
            act()
    actions.set_role(member(organisation, helper), Role.ADMINISTRATOR, by=admin, now=now)
    actions.remove_member(member(organisation, helper), by=admin, now=now)
    assert member(organisation, helper) is None


def test_who_was_demoted_meanwhile_is_judged_by_the_role_of_now(app, duo, now):
    """RULES O2"""
    organisation, anna, bert = duo
    stale, annas = member(organisation, bert), member(organisation, anna)
    db.session.commit()

    def demote():
        with app.app_context():
            actions.set_role(
                db.session.get(Membership, stale.id),
                Role.COLLABORATOR,
                by=db.session.get(User, anna.id),
                now=now,
            )

    thread = threading.Thread(target=demote)
    thread.start()
    thread.join()
    assert stale.role is Role.LEGAL_REPRESENTATIVE, "the test holds old news"
    with pytest.raises(rules.NotYourRank):
        actions.set_role(annas, Role.COLLABORATOR, by=bert, now=now)


def test_everybody_else_may_leave(duo, now):
    """RULES O2"""
    organisation, anna, bert = duo
    helper = make_user()
    join(helper, organisation)
    actions.remove_member(member(organisation, helper), by=helper, now=now)
    actions.remove_member(member(organisation, bert), by=bert, now=now)
    assert [m.user_id for m in people.team(organisation)] == [anna.id]


def invite(organisation, by, now, **changed):
    values = {"email": "new@example.com", "role": Role.ADMINISTRATOR, "language": "fr", **changed}
    return actions.invite(organisation, **values, by=by, now=now)


def test_an_invitation_is_accepted_once(duo, now):
    """RULES O2: with the role that was given."""
    organisation, anna, _bert = duo
    invitation = invite(organisation, anna, now)
    newcomer = make_user("Nele", email="new@example.com")
    link = links.live("colleague", invitation.id)
    membership = actions.accept_invitation(link, by=newcomer, now=now)
    assert membership.role is Role.ADMINISTRATOR
    assert links.find("colleague", link.token, now=now) is None
    with pytest.raises(Gone):
        actions.accept_invitation(link, by=newcomer, now=now)
    assert waiting("colleague_joined") == [("colleague_joined", anna.email)]


def test_only_the_invited_address_accepts(duo, now):
    organisation, anna, _bert = duo
    link = links.live("colleague", invite(organisation, anna, now).id)
    with pytest.raises(Gone):
        actions.accept_invitation(link, by=make_user(), now=now)
    assert links.find("colleague", link.token, now=now), "the refusal has used nothing up"


def test_two_answers_at_once_make_one_member(app, duo, now):
    organisation, anna, _bert = duo
    invitation = invite(organisation, anna, now)
    newcomer = make_user("Nele", email="new@example.com")

    def accept():
        link = links.live("colleague", invitation.id)
        return (
            actions.accept_invitation(link, by=db.session.get(User, newcomer.id), now=now).id
            if link
            else None
        )

    at_once(app, accept, accept, accept)
    assert len(people.memberships(newcomer)) == 1
    assert len(waiting("colleague_joined")) == 1


def test_a_newcomer_gets_a_verified_account(duo, now):
    organisation, anna, _bert = duo
    link = links.live("colleague", invite(organisation, anna, now).id)
    nele = actions.join_as_new_person(link, name="Nele", password_hash=HASH, language="de", now=now)
    assert (nele.email, nele.verified_at, nele.language) == ("new@example.com", now, "de")
    assert member(organisation, nele).role is Role.ADMINISTRATOR


def test_a_newcomer_takes_over_an_account_that_nobody_ever_verified(duo, now):
    organisation, anna, _bert = duo
    squatter = make_user("Mallory", email="new@example.com", verified_at=None)
    link = links.live("colleague", invite(organisation, anna, now).id)
    nele = actions.join_as_new_person(link, name="Nele", password_hash=HASH, language="de", now=now)
    assert nele.id == squatter.id and nele.name == "Nele"
    assert matches(nele.password_hash, NEW_PASSWORD) and not matches(nele.password_hash, PASSWORD)


def test_a_newcomer_does_not_take_over_a_verified_account(duo, now):
    organisation, anna, _bert = duo
    owner = make_user("Nele", email="new@example.com")
    link = links.live("colleague", invite(organisation, anna, now).id)
    with pytest.raises(AddressTaken):
        actions.join_as_new_person(link, name="Mallory", password_hash=HASH, language="de", now=now)
    assert owner.name == "Nele" and matches(owner.password_hash, PASSWORD)
    assert links.find("colleague", link.token, now=now)


def test_an_invitation_is_sent_again_after_ten_minutes_and_the_older_link_dies(duo, now):
    organisation, anna, _bert = duo
    invitation = invite(organisation, anna, now)
    older = links.live("colleague", invitation.id).token
    with pytest.raises(rules.SentJustNow):
        actions.resend_invitation(invitation, by=anna, now=now + timedelta(minutes=9, seconds=59))
    then = now + timedelta(minutes=10)
    actions.resend_invitation(invitation, by=anna, now=then)
    assert links.find("colleague", older, now=then) is None
    assert invitation.expires_at == then + rules.INVITATION_LIFETIME
    assert len(waiting("colleague_invited")) == 2


def test_a_withdrawn_invitation_opens_nothing(duo, now):
    organisation, anna, _bert = duo
    invitation = invite(organisation, anna, now)
    token = links.live("colleague", invitation.id).token
    actions.withdraw_invitation(invitation, by=anna, now=now)
    assert links.find("colleague", token, now=now) is None
    assert db.session.scalars(sa.select(QueuedMail)).one().state == "cancelled"
    with pytest.raises(Gone):
        actions.resend_invitation(invitation, by=anna, now=now + timedelta(hours=1))


def test_nobody_is_invited_twice_or_who_is_there(duo, now):
    organisation, anna, bert = duo
    invite(organisation, anna, now)
    with pytest.raises(rules.AlreadyInvited):
        invite(organisation, bert, now)
    with pytest.raises(rules.AlreadyMember):
        invite(organisation, anna, now, email=bert.email)


def test_an_invitation_that_has_run_out_is_sent_anew(duo, now):
    organisation, anna, bert = duo
    first = invite(organisation, anna, now)
    later = now + rules.INVITATION_LIFETIME
    again = invite(organisation, bert, later, role=Role.COLLABORATOR)
    assert again.id == first.id and again.role is Role.COLLABORATOR and again.invited_by_id == bert.id
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ColleagueInvitation)) == 1


def test_two_invitations_at_once_are_one(app, duo, now):
    organisation, anna, _bert = duo

    def act():
        return invite(db.session.get(Organisation, organisation.id), db.session.get(User, anna.id), now).id

    results = at_once(app, act, act)
    assert sum(isinstance(result, rules.AlreadyInvited) for result in results) == 1, results


def test_a_removed_member_invites_nobody(duo, now):
    organisation, anna, bert = duo
    actions.remove_member(member(organisation, bert), by=anna, now=now)
    with pytest.raises(Gone):
        invite(organisation, bert, now)


def test_every_change_of_the_team_is_recorded(duo, now):
    organisation, anna, bert = duo
    actions.set_role(member(organisation, bert), Role.ADMINISTRATOR, by=anna, now=now)
    actions.withdraw_invitation(invite(organisation, anna, now), by=anna, now=now)
    actions.remove_member(member(organisation, bert), by=anna, now=now)
    assert done() == ["member.role_changed", "colleague.invited", "colleague.withdrawn", "member.removed"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Membership)) == 1


def test_who_is_removed_does_not_come_back_by_an_invitation_of_their_own(app, cast, now):
    """RULES O2."""
    mine = actions.invite(
        cast.lumen,
        email="second@nadia.example",
        role=Role.ADMINISTRATOR,
        language="de",
        by=cast.adam,
        now=now,
    )
    other = actions.invite(
        cast.lumen, email="new@lumen.example", role=Role.COLLABORATOR, language="de", by=cast.nadia, now=now
    )
    actions.remove_member(people.membership_in(cast.lumen, cast.adam), by=cast.nadia, now=now)
    db.session.refresh(mine)
    db.session.refresh(other)
    assert mine.withdrawn_at == now
    assert other.withdrawn_at is None
