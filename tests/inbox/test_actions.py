"""What partners do with the calls that went to them, and what the rules refuse."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from tests.factories import make_organisation, make_partner, make_user
from tests.inbox.story import answered, opened, received, terms
from tests.tenders.story import CONTACT, audit_of, count, kinds_of, mails, own, published
from tests.threads import at_once
from webapp.accounts.models import Membership
from webapp.audit import AuditEvent
from webapp.extensions import db
from webapp.inbox import actions, queries
from webapp.tenders import actions as tenders
from webapp.tenders.models import Offer, TenderOpening
from webapp.tenders.rules import NotOpen, NotPossible
from webapp.unit import unit_of_work
from webapp.uploads import Checked, Upload

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PDF = Checked("plan.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n")


# --- opening ------------------------------------------------------------------------------------------------


def test_opening_is_on_record_and_the_requester_is_told(cast, now):
    """RULES T2, T8; SECURITY N4."""
    tender = published()
    actions.open_contact(received(tender, cast.lumiere_partner), by=cast.paula, now=now)
    opening = queries.opening(tender, cast.lumiere_partner)
    assert (opening.user_id, opening.opened_at) == (cast.paula.id, now)
    event = db.session.scalar(sa.select(AuditEvent).where(AuditEvent.action == "tender.opened"))
    assert (event.person_id, event.organisation_id) == (cast.paula.id, cast.lumiere.id)
    assert [mail.address for mail in mails("tender_opened")] == [CONTACT["contact_email"]]


def test_a_second_look_of_the_same_partner_is_no_second_opening(cast, now):
    """RULES T8."""
    tender = published()
    opened(tender, cast.lumiere_partner, cast.pierre)
    opened(tender, cast.lumiere_partner, cast.paula)
    assert count(TenderOpening) == 1 and len(mails("tender_opened")) == 1
    assert audit_of(tender).count("tender.opened") == 1


def test_later_openings_are_told_at_most_daily(cast, now):
    """RULES T8."""
    tender = published()
    opened(tender, cast.lumiere_partner, cast.pierre)
    actions.open_contact(received(tender, cast.bergwerk_partner), by=cast.berta, now=now + HOUR)
    assert len(mails("tender_opened")) == 1
    assert actions.tell_of_openings(now=now + 23 * HOUR) == 0
    assert actions.tell_of_openings(now=now + DAY) == 1
    assert actions.tell_of_openings(now=now + DAY) == 0
    assert len(mails("tender_opened")) == 2
    assert actions.tell_of_openings(now=now + 3 * DAY) == 0  # nobody has opened it since


def test_mail_about_openings_can_be_stopped(cast, now):
    """RULES T8."""
    tender = published()
    assert tenders.stop_mail("openings", tender.public_id, now=now)
    opened(tender, cast.lumiere_partner, cast.pierre)
    assert mails("tender_opened") == []
    assert actions.tell_of_openings(now=now + 2 * DAY) == 0


@pytest.mark.parametrize("end", ["unconfirmed", "closed", "awarded", "hidden"])
def test_a_call_that_is_not_open_is_not_opened(cast, now, end):
    """RULES T6; SECURITY N3."""
    tender = published()
    row = received(tender, cast.bergwerk_partner)
    at = now

    @unit_of_work
    def unconfirm():
        tender.confirmed_at = None

    if end == "unconfirmed":
        unconfirm()
    elif end == "closed":
        at = tender.closes_at
    elif end == "hidden":
        tenders.hide(tender, by=cast.olga, now=now)
    else:
        offer = answered(tender, cast.lumiere_partner, cast.pierre)
        tenders.accept(tender, offer, seen=offer.stamp, by=None, now=now)
    with pytest.raises(NotOpen):
        actions.open_contact(row, by=cast.berta, now=at)
    assert queries.opening(tender, cast.bergwerk_partner) is None


# --- offers -------------------------------------------------------------------------------------------------


def test_an_offer_needs_the_opening_first(cast, now):
    """RULES T2, T7."""
    tender = published()
    with pytest.raises(NotPossible):
        actions.make_offer(received(tender, cast.lumiere_partner), terms(), by=cast.pierre, now=now)


def test_an_offer_is_made_and_the_requester_is_told(cast, now):
    """RULES T7."""
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre, pdf=PDF)
    assert offer.pdf.filename == "plan.pdf" and offer.changes == 0
    assert [mail.address for mail in mails("offer_received")] == [CONTACT["contact_email"]]
    assert audit_of(offer) == ["offer.made"]


def test_a_changed_offer_is_the_same_one_with_a_new_stamp(cast, now):
    """RULES T7: one offer per partner; no second mail."""
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre, pdf=PDF)
    stamp, old_pdf = offer.stamp, offer.pdf_id
    row = received(tender, cast.lumiere_partner)
    actions.make_offer(row, terms(price_least=1, price_most=2), by=cast.paula, now=now + HOUR)
    assert (offer.price_least, offer.price_most, offer.user_id) == (1, 2, cast.paula.id)
    assert offer.stamp != stamp and offer.pdf_id == old_pdf  # nothing said about the PDF: it stays
    actions.make_offer(row, terms(pdf=PDF), by=cast.paula, now=now + HOUR)
    assert offer.pdf_id != old_pdf and count(Upload) == 1
    actions.make_offer(row, terms(drop_pdf=True), by=cast.paula, now=now + HOUR)
    assert offer.pdf_id is None and count(Upload) == 0
    assert len(mails("offer_received")) == 1 and count(Offer) == 1
    assert audit_of(offer) == ["offer.made", *["offer.changed"] * 3]


def test_a_withdrawn_offer_can_be_made_anew(cast, now):
    """RULES T7."""
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre)
    actions.withdraw_offer(offer, by=cast.pierre, now=now)
    actions.withdraw_offer(offer, by=cast.pierre, now=now)
    assert audit_of(offer) == ["offer.made", "offer.withdrawn"]
    actions.make_offer(received(tender, cast.lumiere_partner), terms(), by=cast.pierre, now=now)
    assert offer.withdrawn_at is None and len(mails("offer_received")) == 2


def test_offers_stay_as_they_are_once_the_call_is_over(cast, now):
    """RULES T6."""
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre)
    late = tender.closes_at
    with pytest.raises(NotOpen):
        actions.withdraw_offer(offer, by=cast.pierre, now=late)
    with pytest.raises(NotOpen):
        actions.make_offer(received(tender, cast.lumiere_partner), terms(), by=cast.pierre, now=late)


def test_a_large_price_fits(cast, now):
    """RULES T7."""
    most = 100_000_000 * 100
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre, price_least=most, price_most=most)
    db.session.refresh(offer)
    assert offer.price_most == most


# --- what comes, and how ------------------------------------------------------------------------------------


def test_not_for_us(cast, now):
    """RULES T9."""
    tender = published()
    row = received(tender, cast.lumiere_partner)
    actions.dismiss(row, reason="no_capacity", by=cast.pierre, now=now)
    assert queries.calls(cast.lumiere_partner, "open", now=now).count == 0
    assert queries.calls(cast.lumiere_partner, "dismissed", now=now).count == 1
    assert queries.calls(cast.bergwerk_partner, "open", now=now).count == 1
    actions.take_back_dismissal(row, by=cast.pierre, now=now)
    assert queries.calls(cast.lumiere_partner, "open", now=now).count == 1
    assert audit_of(tender)[-2:] == ["tender.dismissed", "tender.dismissal_taken_back"]


def test_the_mail_goes_to_the_person_whom_the_partner_chose(cast, now):
    """RULES T9."""
    paulas = db.session.scalar(sa.select(Membership).where(Membership.user_id == cast.paula.id))
    wishes = {
        "tender_services": frozenset(),
        "tender_places": frozenset(),
        "tender_languages": frozenset(),
        "tender_least_budget": 0,
        "tender_mail": "at_once",
    }
    actions.set_preferences(cast.lumiere_partner, wishes, contact=paulas, by=cast.pierre, now=now)
    published()
    assert "paula@lumiere.example" in [mail.address for mail in mails("tender_excerpt")]
    assert "pierre@lumiere.example" not in [mail.address for mail in mails("tender_excerpt")]


@pytest.fixture
def daily(cast):
    """A partner that gets one mail a day."""
    return make_partner(
        make_organisation("Daily AG", owner=make_user("Dana Daily", language="fr")), tender_mail="daily"
    )


def test_the_digest_is_one_mail_a_day_after_its_hour(cast, now, daily):
    """RULES T9."""
    published()
    published(title="Another shop for eyeglasses")
    early = now.replace(hour=5)  # six in Zürich
    assert actions.send_digests(now=early) == 0
    assert actions.send_digests(now=early + HOUR) == 1
    assert actions.send_digests(now=early + HOUR) == 0
    published(title="A third shop for eyeglasses")
    assert actions.send_digests(now=early + 5 * HOUR) == 1 and len(mails("tender_digest")) == 1
    assert actions.send_digests(now=early + DAY + HOUR) == 1 and len(mails("tender_digest")) == 2


@pytest.mark.parametrize("change", ["cancelled", "never", "suspended", "nobody"])
def test_no_digest_without_calls_or_somebody_who_wants_it(cast, now, daily, change):
    """RULES T9."""
    tender = published()

    @unit_of_work
    def alter():
        if change == "never":
            daily.tender_mail = "never"
        elif change == "suspended":
            daily.suspended_at = now
        elif change == "nobody":
            db.session.execute(
                sa.delete(Membership).where(Membership.organisation_id == daily.organisation_id)
            )

    alter()
    if change == "cancelled":
        tenders.cancel(tender, by=None, now=now)
    actions.send_digests(now=now)
    assert mails("tender_digest") == []


# --- at once ------------------------------------------------------------------------------------------------

ROUNDS = 3


def test_two_changes_at_once_make_two_stamps(cast, app, now):
    """RULES T7: a stamp stands for one text only, also when two colleagues write at once."""
    for _ in range(ROUNDS):
        tender = published()
        offer = answered(tender, cast.lumiere_partner, cast.pierre)
        both_have_read = Barrier(2)

        def change(price, tender=tender, offer=offer, both_have_read=both_have_read):
            page = own(offer)
            both_have_read.wait(20)
            row = received(own(tender), own(cast.lumiere_partner))
            made = terms(price_least=price, price_most=price)
            changed = actions.make_offer(row, made, by=own(cast.pierre), now=now)
            assert changed is page
            return changed.stamp

        results = at_once(app, lambda: change(1), lambda: change(2))
        assert len(set(results)) == 2, results
        assert offer.changes == 2


def test_two_colleagues_who_answer_at_once_make_one_offer(cast, app, now):
    """RULES T7."""
    tender = published()
    opened(tender, cast.lumiere_partner, cast.pierre)

    def act():
        row = received(own(tender), own(cast.lumiere_partner))
        return actions.make_offer(row, terms(), by=own(cast.pierre), now=now).id

    results = at_once(app, act, act, act)
    assert len(set(results)) == 1 and len(mails("offer_received")) == 1
    assert audit_of(db.session.get_one(Offer, results[0])).count("offer.made") == 1


def test_two_colleagues_who_look_at_once_are_one_opening(cast, app, now):
    """RULES T8; SECURITY N4."""
    for n in range(ROUNDS):
        tender = published()

        def act(who, tender=tender):
            row = received(own(tender), own(cast.lumiere_partner))
            return actions.open_contact(row, by=own(who), now=now).id

        results = at_once(app, *[lambda who=who: act(who) for who in (cast.pierre, cast.paula, cast.pierre)])
        assert len(set(results)) == 1, results
        assert count(TenderOpening) == n + 1 == len(mails("tender_opened"))
        assert audit_of(tender).count("tender.opened") == 1


def test_two_partners_who_look_at_once_make_one_mail(cast, app, now):
    """RULES T8: the first at once, the others at most daily."""
    tender = published()

    def act(partner, who):
        row = received(own(tender), own(partner))
        actions.open_contact(row, by=own(who), now=now)

    at_once(
        app, lambda: act(cast.lumiere_partner, cast.pierre), lambda: act(cast.bergwerk_partner, cast.berta)
    )
    assert count(TenderOpening) == 2 and len(mails("tender_opened")) == 1


def test_two_workers_that_make_the_digest_at_once_make_one(cast, app, now, daily):
    """RULES T9."""
    for n in range(ROUNDS):
        published()
        at = now + n * DAY
        results = at_once(app, *[lambda at=at: actions.send_digests(now=at)] * 2)
        assert kinds_of(results) == ["done", "done"]
        assert len(mails("tender_digest")) == n + 1
