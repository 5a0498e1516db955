"""Changes of people, sessions, organisations and teams, on both databases."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import PASSWORD, join, make_organisation, make_user
from tests.threads import at_once
from webapp import drafts, links
from webapp.accounts import actions, queries, rules
from webapp.accounts.models import (
    ColleagueInvitation,
    Membership,
    Organisation,
    User,
    UserSession,
    token_hash,
)
from webapp.accounts.passwords import hash_password, matches
from webapp.accounts.rules import Kind, OrganisationDetails, Role
from webapp.audit import AuditEvent
from webapp.extensions import db
from webapp.mailer import QueuedMail
from webapp.refused import Gone

NEW_PASSWORD = "seven geese on a ladder"
HASH = hash_password(NEW_PASSWORD)

DETAILS = OrganisationDetails(
    kind=Kind.COMPANY, name="Atelier Brun SA", street="Rue Haute 2", postcode="1003", city="Lausanne",
    country="CH", register_number="CHE-107.787.577",
)  # fmt: skip


def sign_up(now, **changed):
    values = {
        "name": "Nora Neu",
        "email": "nora@example.com",
        "password_hash": HASH,
        "language": "fr",
        **changed,
    }
    actions.sign_up(values.pop("details", DETAILS), **values, now=now)


def waiting(kind=None):
    mails = db.session.scalars(sa.select(QueuedMail).order_by(QueuedMail.id))
    return [(mail.kind, mail.address) for mail in mails if kind in (None, mail.kind)]


def done():
    return list(db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


# --- signing up ---------------------------------------------------------------------------------------------


def test_a_person_signs_up_with_an_organisation(app, now):
    """RULES O1, O2, O3: the person is its legal representative, the country gives the currency."""
    sign_up(now)
    nora = queries.user_by_email("nora@example.com")
    (membership,) = queries.memberships(nora)
    organisation = membership.organisation
    assert (nora.language, nora.region, nora.verified_at) == ("fr", "CH", None)
    assert membership.role is Role.LEGAL_REPRESENTATIVE
    assert (organisation.kind, organisation.currency, organisation.language) == (Kind.COMPANY, "CHF", "fr")
    assert organisation.register_number == "CHE-107.787.577"
    assert waiting() == [("verify_address", "nora@example.com")]
    assert done() == ["person.signed_up"]


@pytest.mark.parametrize(
    ("country", "currency"), [("CH", "CHF"), ("LI", "CHF"), ("FR", "EUR"), ("GB", "EUR")]
)
def test_the_country_gives_the_currency(app, now, country, currency):
    """RULES O3"""
    sign_up(now, details=OrganisationDetails(Kind.INDIVIDUAL, "Nora Neu", "Weg 1", "1000", "Ort", country))
    assert db.session.scalars(sa.select(Organisation)).one().currency == currency


def test_a_known_address_gets_a_mail_and_nothing_changes(app, now):
    known = make_user("Nora Alt", email="nora@example.com")
    sign_up(now)
    assert waiting() == [("already_registered", "nora@example.com")]
    assert db.session.scalars(sa.select(User)).all() == [known]
    assert known.name == "Nora Alt" and matches(known.password_hash, PASSWORD)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Organisation)) == 0


def test_what_a_stranger_typed_first_is_no_password_of_the_address_s_owner(app, now):
    """Somebody opens an account with my address and waits until I confirm it."""
    sign_up(now, name="Mallory", password_hash=hash_password("the stranger’s own one"))
    verify = links.live("verify", queries.user_by_email("nora@example.com").id).token
    sign_up(now + timedelta(hours=1))
    nora = queries.user_by_email("nora@example.com")
    assert not matches(nora.password_hash, "the stranger’s own one")
    assert not matches(nora.password_hash, NEW_PASSWORD)
    assert links.find("verify", verify, now=now + timedelta(hours=1)) is None
    assert links.live("reset", nora.id)


def test_a_double_click_on_sign_up_is_one_account_and_one_mail(app, now):
    sign_up(now)
    sign_up(now)
    assert waiting() == [("verify_address", "nora@example.com")]
    assert matches(queries.user_by_email("nora@example.com").password_hash, NEW_PASSWORD)


def test_two_sign_ups_at_once_are_one_account(app, now):
    results = at_once(app, lambda: sign_up(now), lambda: sign_up(now), lambda: sign_up(now))
    assert results == [None, None, None]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 1
    assert waiting() == [("verify_address", "nora@example.com")]


def test_the_link_verifies_once(app, now):
    sign_up(now)
    nora = queries.user_by_email("nora@example.com")
    token = links.live("verify", nora.id).token
    link = links.find("verify", token, now=now)
    assert actions.verify_address(link, now=now).verified_at == now
    assert links.find("verify", token, now=now) is None
    with pytest.raises(Gone):
        actions.verify_address(link, now=now)


def test_sending_the_verification_again_kills_the_older_link(app, now):
    sign_up(now)
    nora = queries.user_by_email("nora@example.com")
    older = links.live("verify", nora.id).token
    actions.send_verification("nora@example.com", now=now + timedelta(seconds=30))
    assert len(waiting()) == 1, "a double click sends nothing"
    actions.send_verification("nora@example.com", now=now + timedelta(minutes=5))
    assert len(waiting()) == 2
    assert links.find("verify", older, now=now) is None


def test_a_verification_is_sent_to_nobody_unknown_or_verified(app, now):
    make_user(email="done@example.com")
    actions.send_verification("done@example.com", now=now)
    actions.send_verification("unknown@example.com", now=now)
    assert waiting() == []


def test_the_first_operator_is_made_once(app, now):
    olga = actions.create_first_operator("Olga", "olga@example.com", NEW_PASSWORD, "de", now=now)
    assert (
        olga.operator_since == now and olga.verified_at == now and matches(olga.password_hash, NEW_PASSWORD)
    )
    with pytest.raises(rules.OperatorExists):
        actions.create_first_operator("Otto", "otto@example.com", NEW_PASSWORD, "de", now=now)


def test_two_first_operators_at_once_are_one(app, now):
    make = [
        lambda n=n: actions.create_first_operator("Olga", f"olga{n}@example.com", NEW_PASSWORD, "de", now=now)
        for n in range(3)
    ]
    results = at_once(app, *make)
    assert sum(isinstance(result, rules.OperatorExists) for result in results) == 2
    assert len(queries.operators()) == 1


def test_an_account_does_not_become_the_operator_s_by_its_address(app, now):
    make_user(email="nora@example.com")
    with pytest.raises(rules.AddressTaken):
        actions.create_first_operator("Olga", "nora@example.com", NEW_PASSWORD, "de", now=now)
    assert queries.operators() == []


# --- sessions and passwords ---------------------------------------------------------------------------------


def start(person, now, **values):
    values = {
        "kept": False,
        "browser": "",
        "address": "192.0.2.1",
        "seen_hash": person.password_hash,
        **values,
    }
    return actions.sign_in(person, **values, now=now)


def test_a_session_is_found_by_its_token_and_ends(app, now):
    token, row = start(make_user(), now)
    assert token not in row.token_hash
    assert queries.live_session(token_hash(token), now=now).id == row.id
    actions.end_session(row, by=row.user, now=now)
    assert queries.live_session(token_hash(token), now=now) is None


def test_a_session_that_is_used_does_not_idle_out(app, now):
    token, row = start(make_user(), now)
    later = now + timedelta(minutes=50)
    actions.see(row, now=later)
    assert queries.live_session(token_hash(token), now=later + timedelta(minutes=50))
    assert queries.live_session(token_hash(token), now=later + timedelta(minutes=60)) is None


def test_an_ended_session_is_not_revived_by_being_seen(app, now):
    token, row = start(make_user(), now)
    actions.end_session(row, by=row.user, now=now)
    actions.see(row, now=now + timedelta(minutes=5))
    assert queries.live_session(token_hash(token), now=now) is None


def test_operators_are_not_kept_signed_in(app, now):
    """SECURITY: longer sessions only without elevated rights."""
    assert start(make_user(), now, kept=True)[1].kept
    assert not start(make_user(operator_since=now), now, kept=True)[1].kept


def test_a_password_that_changed_while_it_was_compared_opens_nothing(app, now):
    person = make_user()
    with pytest.raises(rules.WrongPassword):
        start(person, now, seen_hash=HASH)


def test_a_disabled_account_opens_nothing(app, now):
    person = make_user(disabled_at=now)
    with pytest.raises(rules.WrongPassword):
        start(person, now)
    assert queries.user_with_password(person.email, PASSWORD) is None


def test_a_new_password_ends_the_other_sessions(app, now):
    person = make_user()
    (this, row), (other, _row) = start(person, now), start(person, now)
    actions.change_password(
        person, seen_hash=person.password_hash, password_hash=HASH, but=row, by=person, now=now
    )
    assert queries.live_session(token_hash(this), now=now)
    assert queries.live_session(token_hash(other), now=now) is None
    assert matches(person.password_hash, NEW_PASSWORD)
    assert waiting() == [("password_changed", person.email)]


def test_a_reset_works_once_and_ends_all_sessions(app, now):
    person = make_user(verified_at=None)
    token, _row = start(person, now)
    actions.request_reset(person.email, now=now)
    link = links.live("reset", person.id)
    assert links.find("reset", link.token, now=now + timedelta(minutes=59))
    assert links.find("reset", link.token, now=now + timedelta(minutes=60)) is None
    actions.reset_password(link, password_hash=HASH, now=now)
    assert queries.live_session(token_hash(token), now=now) is None
    assert matches(person.password_hash, NEW_PASSWORD) and person.verified_at == now
    with pytest.raises(Gone):
        actions.reset_password(link, password_hash=HASH, now=now)
    assert waiting() == [("reset_password", person.email), ("password_changed", person.email)]


def test_a_reset_for_an_unknown_address_writes_as_much_and_mails_nobody(app, now):
    actions.request_reset("unknown@example.com", now=now)
    assert waiting() == []
    assert db.session.scalars(sa.select(links.Link)).one().subject == actions.NOBODY


def test_old_sessions_are_forgotten(app, now):
    person = make_user()
    _token, ended = start(person, now)
    actions.end_session(ended, by=person, now=now)
    start(person, now)
    start(person, now, kept=True)
    assert actions.forget_old_sessions(now=now + timedelta(days=30)) == 0
    assert actions.forget_old_sessions(now=now + timedelta(days=31, hours=1)) == 2
    assert db.session.scalars(sa.select(UserSession)).one().kept
    assert actions.forget_old_sessions(now=now + timedelta(days=61)) == 1


# --- organisations ------------------------------------------------------------------------------------------


def test_a_person_opens_further_organisations(app, now):
    """RULES O1: any number of organisations."""
    person = make_user(language="de")
    first = actions.open_organisation(DETAILS, key=drafts.new_key(), by=person, now=now)
    second = actions.open_organisation(DETAILS, key=drafts.new_key(), by=person, now=now)
    assert first.id != second.id and first.language == "de"
    assert [m.role for m in queries.memberships(person)] == [Role.LEGAL_REPRESENTATIVE] * 2


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
    return queries.membership_in(organisation, person)


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
    assert [m.user_id for m in queries.team(organisation)] == [anna.id]


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
    assert len(queries.memberships(newcomer)) == 1
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
    with pytest.raises(rules.AddressTaken):
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
    actions.remove_member(queries.membership_in(cast.lumen, cast.adam), by=cast.nadia, now=now)
    db.session.refresh(mine)
    db.session.refresh(other)
    assert mine.withdrawn_at == now
    assert other.withdrawn_at is None
