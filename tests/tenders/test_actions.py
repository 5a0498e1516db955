"""What people and the clock do to calls for tenders, and what the rules refuse."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.dump import bytes_on_disk, everything, where
from tests.factories import make_organisation, make_partner, make_user
from tests.inbox.story import answered, opened, received, terms
from tests.tenders.story import (
    CONTACT,
    audit_of,
    count,
    draft,
    kinds,
    kinds_of,
    mails,
    own,
    published,
    sent,
)
from tests.threads import at_once
from webapp import links
from webapp.extensions import db
from webapp.inbox import actions as inbox
from webapp.inbox import queries as inbox_of
from webapp.tenders import actions, queries
from webapp.tenders.models import Tender, TenderOpening, TenderRecipient
from webapp.tenders.rules import (
    AlreadyExtended,
    NotOpen,
    NotPossible,
    OfferChanged,
    OfferOver,
    Status,
)
from webapp.unit import unit_of_work
from webapp.uploads import Checked, Upload

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PDF = Checked("plan.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n")


# --- sending and confirming ---------------------------------------------------------------------------------


def test_a_visitor_sends_a_call_with_everything_that_was_typed(cast, now):
    """RULES T1."""
    kept = draft()
    actions.keep_files(kept, [PDF, PDF], drop=set(), now=now)
    tender = actions.send(kept, by=None, organisation=None, now=now)
    assert tender.title == "A shop for eyeglasses"
    assert tender.services == {"web", "shop"} and tender.reply_languages == {"en", "de"}
    assert (tender.country, tender.region, tender.start) == ("CH", "CH-BE", "month")
    assert (tender.budget_least, tender.budget_most, tender.currency) == (5000, 20000, "CHF")
    assert {name: getattr(tender, name) for name in CONTACT} == CONTACT
    assert [file.filename for file in tender.files] == ["plan.pdf", "plan.pdf"]
    assert [file.draft for file in tender.files] == [None, None]
    assert tender.reference.startswith("CT-") and not set("01OI") & set(tender.reference[3:])
    assert audit_of(tender) == ["tender.sent"]


def test_what_was_typed_does_not_stay_in_the_draft(cast, now):
    """SECURITY N5: the contact data stands in one place."""
    kept = draft()
    actions.send(kept, by=None, organisation=None, now=now)
    assert where("valentina") == ["queued_mails", "tenders"]


def test_nobody_but_the_requester_is_mailed_before_the_confirmation(cast, now):
    """RULES T5; SECURITY N1."""
    tender = sent()
    assert tender.status(now) is Status.UNCONFIRMED
    assert [(mail.kind, mail.address) for mail in mails()] == [("tender_confirm", CONTACT["contact_email"])]
    assert count(TenderRecipient) == 0


def test_the_confirmation_tells_each_partner_once(cast, now):
    """RULES T2, T5; SECURITY N2."""
    tender = sent()
    actions.confirm(tender, by=None, now=now)
    assert tender.status(now) is Status.OPEN
    told = [(mail.address, mail.language, mail.stop) for mail in mails("tender_excerpt")]
    assert told == [
        ("pierre@lumiere.example", "fr", f"tenders:{cast.lumiere_partner.public_id}"),
        ("berta@bergwerk.example", "de", f"tenders:{cast.bergwerk_partner.public_id}"),
    ]
    assert count(TenderRecipient) == 2
    assert audit_of(tender) == ["tender.sent", "tender.confirmed"]


def test_a_call_is_confirmed_once(cast, now):
    """RULES T5."""
    tender = published()
    with pytest.raises(NotPossible):
        actions.confirm(tender, by=None, now=now)
    assert len(mails("tender_excerpt")) == 2


def test_a_signed_in_requester_s_call_goes_out_at_once(cast, now):
    """RULES T3, T5: the address of an account is known."""
    tender = published(by=cast.nadia, organisation=cast.lumen, contact_email="else@where.example")
    assert tender.status(now) is Status.OPEN
    assert tender.contact_email == "nadia@lumen.example"  # not what was typed: nobody has confirmed that
    assert kinds() == ["tender_received", "tender_excerpt", "tender_excerpt"]
    assert mails()[0].address == "nadia@lumen.example"


def test_the_operator_can_switch_the_confirmation_off(cast, now, app, monkeypatch):
    """RULES T5."""
    from dataclasses import replace

    policy = app.config["PROGRAMME"]
    monkeypatch.setitem(
        app.config, "PROGRAMME", replace(policy, tenders=replace(policy.tenders, visitors_confirm=False))
    )
    assert sent().status(now) is Status.OPEN
    assert kinds() == ["tender_received", "tender_excerpt", "tender_excerpt"]


def test_the_link_outlives_the_call_and_its_retention(cast, now):
    """RULES T3, T6."""
    tender = sent()
    link = links.live("tender", tender.id)
    assert link.expires_at >= now + timedelta(days=7 + 30 + 30 + 90)


def test_a_partner_is_told_as_it_wishes(cast, now):
    """RULES T9: at once, once a day, or not at all; the inbox has it in any case."""
    daily = make_partner(make_organisation("Daily AG", owner=make_user("Dana Daily")), tender_mail="daily")
    never = make_partner(make_organisation("Never AG", owner=make_user("Nina Never")), tender_mail="never")
    other = make_partner(
        make_organisation("Other AG", owner=make_user("Oscar Other")), tender_services={"backup"}
    )
    tender = published()
    assert len(mails("tender_excerpt")) == 2
    rows = db.session.scalars(sa.select(TenderRecipient).where(TenderRecipient.tender_id == tender.id))
    digest = {row.partner_id: row.digest for row in rows}
    assert digest[daily.id] and not digest[never.id] and other.id not in digest


def test_a_partner_s_own_call_does_not_come_back_to_it(cast, now):
    """RULES T9."""
    published(by=cast.pierre, organisation=cast.lumiere)
    assert [mail.address for mail in mails("tender_excerpt")] == ["berta@bergwerk.example"]


def test_a_draft_keeps_as_many_files_as_the_policy_allows(cast, now):
    """RULES T1: three."""
    kept = draft()
    actions.keep_files(kept, [PDF] * 2, drop=set(), now=now)
    actions.keep_files(kept, [PDF] * 2, drop=set(), now=now)
    files = queries.draft_files(kept)
    assert len(files) == 3
    actions.keep_files(kept, [PDF], drop={files[0].public_id}, now=now)
    assert [file.id for file in queries.draft_files(kept)][:2] == [files[1].id, files[2].id]
    assert len(queries.draft_files(kept)) == 3


def test_a_sent_draft_takes_no_more_files(cast, now):
    kept = draft()
    actions.send(kept, by=None, organisation=None, now=now)
    actions.keep_files(kept, [PDF], drop=set(), now=now)
    assert count(Upload) == 0


# --- what the requester decides -----------------------------------------------------------------------------


def test_a_cancel_takes_effect_at_once(cast, now):
    """RULES T3; SECURITY N3."""
    tender = published()
    opened(tender, cast.lumiere_partner, cast.pierre)
    actions.cancel(tender, by=None, now=now)
    assert tender.status(now) is Status.CANCELLED
    assert {mail.state for mail in mails("tender_excerpt")} == {"cancelled"}
    assert inbox_of.open_count(cast.lumiere_partner, now=now) == 0
    assert [mail.address for mail in mails("tender_cancelled")] == [CONTACT["contact_email"]]
    assert [mail.address for mail in mails("tender_over")] == ["pierre@lumiere.example"]
    assert audit_of(tender)[-1] == "tender.cancelled"
    for act in (
        lambda: inbox.open_contact(received(tender, cast.bergwerk_partner), by=cast.berta, now=now),
        lambda: inbox.make_offer(received(tender, cast.lumiere_partner), terms(), by=cast.pierre, now=now),
        lambda: inbox.dismiss(
            received(tender, cast.bergwerk_partner), reason="budget", by=cast.berta, now=now
        ),
    ):
        with pytest.raises(NotOpen):
            act()


def test_an_unconfirmed_call_is_cancelled_too(cast, now):
    """RULES T3, T5: the person whose address somebody else has typed."""
    tender = sent()
    actions.cancel(tender, by=None, now=now)
    with pytest.raises(NotPossible):
        actions.confirm(tender, by=None, now=now)
    assert mails("tender_excerpt") == []


@pytest.mark.parametrize("act", [actions.cancel, actions.extend, actions.confirm])
def test_nothing_is_decided_twice_about_a_cancelled_call(cast, now, act):
    """RULES T3, T6."""
    tender = published()
    actions.cancel(tender, by=None, now=now)
    with pytest.raises(NotPossible):
        act(tender, by=None, now=now)
    assert len(mails("tender_cancelled")) == 1


def test_a_cancel_that_a_crash_cut_off_is_finished(cast, now):
    """RULES T3."""
    tender = published()
    actions._close_to_partners(tender, by=None, now=now)
    assert tender.status(now) is Status.CANCELLED and tender.cancelled_at is None
    assert actions.finish_cancels(now=now + timedelta(seconds=5)) == 0  # the request may be at work still
    assert actions.finish_cancels(now=now + timedelta(seconds=31)) == 1
    assert actions.finish_cancels(now=now + timedelta(seconds=62)) == 0
    assert tender.cancelled_at and len(mails("tender_cancelled")) == 1


def test_a_call_is_extended_once_by_the_whole_validity(cast, now):
    """RULES T6."""
    tender = published(validity_days="14")
    closes = tender.closes_at
    actions.extend(tender, by=None, now=now)
    assert tender.closes_at == closes + timedelta(days=30)
    with pytest.raises(AlreadyExtended):
        actions.extend(tender, by=None, now=now)
    assert audit_of(tender)[-1] == "tender.extended"


@pytest.mark.parametrize("minutes", [0, 1])
def test_a_call_that_has_closed_is_not_extended(cast, now, minutes):
    """RULES T6."""
    tender = published()
    with pytest.raises(NotPossible):
        actions.extend(tender, by=None, now=tender.closes_at + timedelta(minutes=minutes))


def test_an_unconfirmed_call_is_not_extended(cast, now):
    """RULES T5, T6."""
    with pytest.raises(NotPossible):
        actions.extend(sent(), by=None, now=now)


def test_an_offer_is_accepted_and_the_others_are_told(cast, now):
    """RULES T7."""
    third = make_partner(make_organisation("Third AG", owner=(tom := make_user("Tom Third"))))
    fourth = make_partner(make_organisation("Fourth AG", owner=(fay := make_user("Fay Fourth"))))
    tender = published()
    chosen = answered(tender, cast.lumiere_partner, cast.pierre)
    answered(tender, cast.bergwerk_partner, cast.berta)
    opened(tender, third, tom)  # has only looked
    withdrawn = answered(tender, fourth, fay)
    inbox.withdraw_offer(withdrawn, by=fay, now=now)
    actions.accept(tender, chosen, seen=chosen.stamp, by=None, now=now)
    assert tender.status(now) is Status.AWARDED and chosen.accepted_at == now
    assert [mail.address for mail in mails("offer_accepted")] == ["pierre@lumiere.example"]
    assert [mail.address for mail in mails("offer_not_chosen")] == ["berta@bergwerk.example"]
    assert [mail.address for mail in mails("tender_over")] == [tom.email, fay.email]
    assert audit_of(tender)[-1] == "tender.awarded"


def test_an_offer_is_accepted_after_the_end_while_it_is_valid(cast, now):
    """RULES T6, T7."""
    tender = published(validity_days="14")
    offer = answered(tender, cast.lumiere_partner, cast.pierre, valid_until=now + timedelta(days=60))
    later = now + timedelta(days=20)
    actions.expire(now=later)
    actions.accept(tender, offer, seen=offer.stamp, by=None, now=later)
    assert tender.status(later) is Status.AWARDED


@pytest.mark.parametrize("state", ["withdrawn", "past its date", "changed", "unknown stamp"])
def test_an_offer_that_is_not_what_was_read_is_not_accepted(cast, now, state):
    """RULES T7."""
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre)
    seen, at, refusal = offer.stamp, now, OfferOver
    if state == "withdrawn":
        inbox.withdraw_offer(offer, by=cast.pierre, now=now)
    elif state == "past its date":
        at = offer.valid_until
    else:
        refusal = OfferChanged
        if state == "changed":
            more = terms(price_least=900_000, price_most=900_000)
            inbox.make_offer(received(tender, cast.lumiere_partner), more, by=cast.pierre, now=now)
        else:
            seen = ""
    with pytest.raises(refusal):
        actions.accept(tender, offer, seen=seen, by=None, now=at)
    assert tender.awarded_at is None and mails("offer_accepted") == []


@pytest.mark.parametrize("end", ["cancelled", "awarded", "hidden"])
def test_nothing_is_accepted_in_a_call_that_is_over(cast, now, end):
    """RULES T7."""
    tender = published()
    offer = answered(tender, cast.lumiere_partner, cast.pierre)
    other = answered(tender, cast.bergwerk_partner, cast.berta)
    if end == "cancelled":
        actions.cancel(tender, by=None, now=now)
    elif end == "hidden":
        actions.hide(tender, by=cast.olga, now=now)
    else:
        actions.accept(tender, other, seen=other.stamp, by=None, now=now)
    with pytest.raises(NotPossible):
        actions.accept(tender, offer, seen=offer.stamp, by=None, now=now)
    assert offer.accepted_at is None


# --- stopping optional mail ---------------------------------------------------------------------------------


def test_a_partner_stops_its_mails(cast, now):
    """RULES T9: the calls still reach the inbox."""
    assert actions.stop_mail("tenders", cast.lumiere_partner.public_id, now=now)
    assert actions.stop_mail("tenders", cast.lumiere_partner.public_id, now=now)
    assert cast.lumiere_partner.tender_mail == "never"
    assert audit_of(cast.lumiere_partner) == ["partner.tender_mail_stopped"]
    published()
    assert [mail.address for mail in mails("tender_excerpt")] == ["berta@bergwerk.example"]
    assert inbox_of.open_count(cast.lumiere_partner, now=now) == 1


@pytest.mark.parametrize("what", ["tenders", "openings", "everything", ""])
def test_stopping_what_is_not_there_says_so(cast, now, what):
    assert not actions.stop_mail(what, "nobody", now=now)


# --- the operator -------------------------------------------------------------------------------------------


def test_the_operator_hides_spam_and_nobody_is_told(cast, now):
    """RULES T6."""
    tender = published()
    opened(tender, cast.lumiere_partner, cast.pierre)
    before = len([mail for mail in mails() if mail.state == "waiting"])
    actions.hide(tender, by=cast.olga, now=now)
    actions.hide(tender, by=cast.olga, now=now)
    assert tender.status(now) is Status.HIDDEN
    assert inbox_of.open_count(cast.bergwerk_partner, now=now) == 0
    assert len(mails(waiting=True)) == before - 2  # the two to partners
    assert audit_of(tender).count("tender.hidden") == 1


# --- the clock ----------------------------------------------------------------------------------------------


def test_a_call_expires_and_those_whom_it_concerns_are_told(cast, now):
    """RULES T6."""
    tender = published()
    opened(tender, cast.lumiere_partner, cast.pierre)
    assert actions.expire(now=tender.closes_at - timedelta(seconds=1)) == 0
    assert actions.expire(now=tender.closes_at) == 1
    assert actions.expire(now=tender.closes_at + DAY) == 0
    assert [mail.address for mail in mails("tender_expired")] == [CONTACT["contact_email"]]
    assert [mail.address for mail in mails("tender_over")] == ["pierre@lumiere.example"]
    assert {mail.state for mail in mails("tender_excerpt")} == {"cancelled"}


def test_a_call_that_nobody_confirmed_lapses_and_is_erased_without_a_word(cast, now):
    """RULES T5: the address may be a stranger's."""
    tender = sent()
    assert actions.expire(now=now + timedelta(days=7) - timedelta(seconds=1)) == 0
    assert actions.expire(now=now + timedelta(days=7)) == 1
    assert actions.erase_old(now=now + timedelta(days=7)) == 1
    assert tender.contact_email is None and kinds() == []
    with pytest.raises(NotPossible):
        actions.confirm(tender, by=None, now=now + timedelta(days=7))


def test_a_call_confirmed_at_the_last_moment_does_not_lapse(cast, now):
    """RULES T5."""
    tender = sent()
    week = now + timedelta(days=7)
    actions.confirm(tender, by=None, now=week)
    assert actions.expire(now=week) == 0 and tender.status(week) is Status.OPEN


def test_the_requester_is_reminded_once_before_the_end(cast, now):
    """RULES T6."""
    tender = published()
    assert actions.remind_of_closing(now=tender.closes_at - timedelta(days=3, seconds=1)) == 0
    assert actions.remind_of_closing(now=tender.closes_at - timedelta(days=3)) == 1
    assert actions.remind_of_closing(now=tender.closes_at - timedelta(days=2)) == 0
    assert len(mails("tender_closing")) == 1
    actions.extend(tender, by=None, now=tender.closes_at - timedelta(days=1))
    assert actions.remind_of_closing(now=tender.closes_at - timedelta(days=3)) == 1


# --- what stays, and what is erased -------------------------------------------------------------------------

WORDS = "Zebrafish aquarium seventeen"
THEIR_OWN = ("users", "organisations", "memberships", "user_sessions", "partner_accounts", "listing_texts")


def _a_whole_story(cast, now, outbox, *, by, organisation):
    kept = draft(title=f"{WORDS} in the title", description=f"{WORDS} in the text, and so on and so on.")
    actions.keep_files(kept, [Checked("secret-plan.pdf", "application/pdf", b"%PDF- zebra file %%EOF")],
                       drop=set(), now=now)  # fmt: skip
    tender = actions.send(kept, by=by, organisation=organisation, now=now)
    if by is None:
        actions.confirm(tender, by=None, now=now)
    outbox.deliver()
    row = opened(tender, cast.lumiere_partner, cast.pierre)
    offer = answered(tender, cast.lumiere_partner, cast.pierre, message=f"Dear Valentina, {WORDS}.",
                     pdf=Checked("visconti.pdf", "application/pdf", b"%PDF- zebra offer %%EOF"))  # fmt: skip
    other = answered(tender, cast.bergwerk_partner, cast.berta, message=f"{WORDS} too")
    inbox.withdraw_offer(other, by=cast.berta, now=now)
    actions.extend(tender, by=None, now=now)
    actions.accept(tender, offer, seen=offer.stamp, by=None, now=now)
    outbox.deliver()
    assert row.tender_id == tender.id
    return tender, offer


@pytest.mark.parametrize("who", ["visitor", "member"])
def test_after_the_retention_nothing_of_the_requester_is_left_anywhere(cast, now, outbox, who):
    """RULES T6; SECURITY N5."""
    by, organisation = (None, None) if who == "visitor" else (cast.nadia, cast.lumen)
    tender, offer = _a_whole_story(cast, now, outbox, by=by, organisation=organisation)
    traces = [*CONTACT.values(), "visconti", WORDS, "zebra", "secret-plan"]
    if by:
        traces = [trace for trace in traces if trace != CONTACT["contact_email"]] + ["nadia@lumen.example"]
    assert all(where(trace) for trace in traces), "the story has to leave what is looked for"
    # they stand in these tables and in no other, so that nobody can forget one
    tables = {table for trace in traces for table in where(trace, but=THEIR_OWN)}
    assert tables == {"offers", "queued_mails", "tenders", "uploads"}
    assert actions.erase_old(now=now + timedelta(days=90) - timedelta(seconds=1)) == 0
    assert actions.erase_old(now=now + timedelta(days=90)) == 1
    assert {trace: where(trace, but=THEIR_OWN) for trace in traces} == {trace: [] for trace in traces}
    on_disk = bytes_on_disk().lower()
    assert [t for t in traces if t.lower().encode() in on_disk and not t.startswith("nadia")] == []
    # the figures stay
    assert (tender.budget_least, tender.budget_most, tender.services) == (5000, 20000, {"web", "shop"})
    assert (offer.price_least, offer.accepted_at, tender.awarded_at) == (750_000, now, now)
    assert tender.erased_at and tender.reference and count(TenderOpening) == 2
    assert links.live("tender", tender.id) is None
    assert audit_of(tender)[-1] == "tender.erased"
    assert actions.erase_old(now=now + timedelta(days=91)) == 0


@pytest.mark.parametrize("end", ["cancelled", "expired", "hidden"])
def test_the_retention_counts_from_the_end_whatever_it_was(cast, now, end):
    """RULES T6."""
    tender = published()
    if end == "cancelled":
        actions.cancel(tender, by=None, now=now)
        ended = now
    elif end == "hidden":
        actions.hide(tender, by=cast.olga, now=now)
        ended = now
    else:
        ended = tender.closes_at
        actions.expire(now=ended)
    assert actions.erase_old(now=ended + timedelta(days=90) - timedelta(seconds=1)) == 0
    assert actions.erase_old(now=ended + timedelta(days=90)) == 1
    assert where("valentina") == []


def test_an_open_call_is_never_erased(cast, now):
    tender = published()
    assert actions.erase_old(now=tender.closes_at - timedelta(seconds=1)) == 0


def test_what_concerns_other_calls_survives_the_erasure(cast, now, outbox):
    """RULES T6: the mails and the link of the requester's other call."""
    first = published(by=cast.nadia, organisation=cast.lumen)
    second = published(by=cast.nadia, organisation=cast.lumen)
    actions.cancel(first, by=cast.nadia, now=now)
    actions.erase_old(now=now + timedelta(days=90))
    assert [mail.about for mail in mails("tender_received")] == [second.id]
    assert links.live("tender", second.id) and not links.live("tender", first.id)
    assert second.title and second.contact_email


def test_an_erasure_cut_off_in_the_middle_has_done_nothing(cast, now):
    """A crash leaves the call whole: the next run does all of it."""
    tender = published()
    actions.cancel(tender, by=None, now=now)
    before = everything()

    @unit_of_work
    def crash():
        actions.erase(tender, now=now)
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError):
        crash()
    assert everything() == before


# --- at once ------------------------------------------------------------------------------------------------

ROUNDS = 3


def test_one_draft_sent_twice_at_once_is_one_call(cast, app, now):
    """RULES T1; SECURITY N2: a double click."""
    for n in range(ROUNDS):
        kept = draft(contact_email=f"v{n}@optics.example")
        by = cast.nadia

        def act(kept=kept, by=by):
            return actions.send(own(kept), by=own(by), organisation=None, now=now).id

        results = at_once(app, *[act] * 4)
        assert len(set(results)) == 1, results
        assert count(Tender) == n + 1
        assert len(mails("tender_excerpt")) == 2 * (n + 1) and len(mails("tender_received")) == n + 1


def test_two_confirmations_at_once_tell_partners_once(cast, app, now):
    """RULES T5; SECURITY N2."""
    for n in range(ROUNDS):
        tender = sent()

        def act(tender=tender):
            actions.confirm(own(tender), by=None, now=now)

        assert kinds_of(at_once(app, act, act)) == ["NotPossible", "done"]
        assert len(mails("tender_excerpt")) == 2 * (n + 1)


def test_a_cancel_and_a_confirmation_at_once_leave_no_mail_to_partners(cast, app, now):
    """RULES T3; SECURITY N3."""
    for _ in range(ROUNDS * 2):
        tender = sent()

        def confirm(tender=tender):
            actions.confirm(own(tender), by=None, now=now)

        def cancel(tender=tender):
            actions.cancel(own(tender), by=None, now=now)

        results = at_once(app, confirm, cancel)
        assert results[1] is None and kinds_of(results) in (["done", "done"], ["NotPossible", "done"])
        assert own(tender).status(now) is Status.CANCELLED
        assert mails("tender_excerpt", waiting=True) == []


def test_two_cancels_at_once_are_one(cast, app, now):
    """RULES T3."""
    tender = published()

    def act():
        actions.cancel(own(tender), by=None, now=now)

    assert kinds_of(at_once(app, act, act)) == ["NotPossible", "done"]
    assert len(mails("tender_cancelled")) == 1


def test_two_offers_accepted_at_once_are_one_award(cast, app, now):
    """RULES T7."""
    for n in range(ROUNDS):
        tender = published()
        offers = [
            answered(tender, cast.lumiere_partner, cast.pierre),
            answered(tender, cast.bergwerk_partner, cast.berta),
        ]

        def act(offer, tender=tender):
            mine = own(offer)
            actions.accept(own(tender), mine, seen=mine.stamp, by=None, now=now)

        results = at_once(app, *[lambda offer=offer: act(offer) for offer in offers])
        assert kinds_of(results) == ["NotPossible", "done"]
        assert [bool(offer.accepted_at) for offer in offers].count(True) == 1
        assert len(mails("offer_accepted")) == len(mails("offer_not_chosen")) == n + 1


def test_an_offer_is_either_accepted_or_withdrawn(cast, app, now):
    """RULES T7."""
    for _ in range(ROUNDS * 2):
        tender = published()
        offer = answered(tender, cast.lumiere_partner, cast.pierre)

        def accept(tender=tender, offer=offer):
            mine = own(offer)
            actions.accept(own(tender), mine, seen=mine.stamp, by=None, now=now)

        def withdraw(offer=offer):
            inbox.withdraw_offer(own(offer), by=own(cast.pierre), now=now)

        assert kinds_of(at_once(app, accept, withdraw)) in (["NotOpen", "done"], ["OfferOver", "done"])
        assert bool(offer.accepted_at) != bool(offer.withdrawn_at)


def test_nobody_accepts_another_offer_than_was_read(cast, app, now):
    """RULES T7: the price goes up at the moment of the acceptance."""
    for _ in range(ROUNDS * 2):
        tender = published()
        offer = answered(tender, cast.lumiere_partner, cast.pierre)
        stamp = offer.stamp

        def accept(tender=tender, offer=offer, stamp=stamp):
            actions.accept(own(tender), own(offer), seen=stamp, by=None, now=now)

        def change(tender=tender):
            partner = own(cast.lumiere_partner)
            row = received(own(tender), partner)
            more = terms(price_least=9_900_000, price_most=9_900_000)
            inbox.make_offer(row, more, by=own(cast.pierre), now=now)

        assert kinds_of(at_once(app, accept, change)) in (["NotOpen", "done"], ["OfferChanged", "done"])
        assert not (offer.accepted_at and offer.price_least == 9_900_000)


def test_two_extensions_at_once_are_one(cast, app, now):
    """RULES T6."""
    for _ in range(ROUNDS):
        tender = published()
        closes = tender.closes_at

        def act(tender=tender):
            actions.extend(own(tender), by=None, now=now)

        assert kinds_of(at_once(app, act, act)) == ["AlreadyExtended", "done"]
        assert tender.closes_at == closes + timedelta(days=30)


def test_a_cancel_and_an_opening_at_once(cast, app, now):
    """SECURITY N3: once the cancel is in, no contact is shown."""
    for _ in range(ROUNDS * 2):
        tender = published()

        def cancel(tender=tender):
            actions.cancel(own(tender), by=None, now=now)

        def look(tender=tender):
            row = received(own(tender), own(cast.lumiere_partner))
            inbox.open_contact(row, by=own(cast.pierre), now=now)

        results = at_once(app, cancel, look)
        assert results[0] is None
        events = audit_of(tender)
        if "tender.opened" in events:  # it came first, so its reader hears that the call is over
            assert events.index("tender.opened") < events.index("tender.cancelled")
            assert mails("tender_over")
        else:
            assert kinds_of(results) == ["NotOpen", "done"]


def test_two_stops_at_once_are_one_change(cast, app, now):
    """RULES T9; SECURITY U1."""
    partner = cast.lumiere_partner
    at_once(app, *[lambda name=partner.public_id: actions.stop_mail("tenders", name, now=now)] * 3)
    assert audit_of(partner) == ["partner.tender_mail_stopped"]
    tender = published()
    at_once(app, *[lambda name=tender.public_id: actions.stop_mail("openings", name, now=now)] * 3)
    assert audit_of(tender).count("tender.opening_mails_stopped") == 1


def test_two_workers_that_end_a_call_at_once_tell_of_it_once(cast, app, now):
    """RULES T6."""
    tender = published()
    opened(tender, cast.lumiere_partner, cast.pierre)
    soon = tender.closes_at - DAY
    assert kinds_of(at_once(app, *[lambda: actions.remind_of_closing(now=soon)] * 2)) == ["done", "done"]
    assert len(mails("tender_closing")) == 1
    over = tender.closes_at
    assert kinds_of(at_once(app, *[lambda: actions.expire(now=over)] * 2)) == ["done", "done"]
    assert len(mails("tender_expired")) == len(mails("tender_over")) == 1
    later = over + timedelta(days=90)
    assert kinds_of(at_once(app, *[lambda: actions.erase_old(now=later)] * 2)) == ["done", "done"]
    assert audit_of(tender).count("tender.erased") == 1


def test_files_added_at_once_stay_within_the_number(cast, app, now):
    """RULES T1."""
    kept = draft()
    at_once(app, *[lambda: actions.keep_files(own(kept), [PDF] * 3, drop=set(), now=now)] * 2)
    assert len(queries.draft_files(kept)) == 3


def test_the_worker_s_lease_counts_while_a_cancel_waits(cast, now, clock):
    """SECURITY N3: a mail in a worker's hand is waited for, but not for ever."""
    tender = published()

    @unit_of_work
    def take():
        for mail in mails("tender_excerpt"):
            mail.leased_until = now + timedelta(seconds=90)

    take()
    actions.WAIT_FOR_MAIL_SECONDS, patience = 0.05, actions.WAIT_FOR_MAIL_SECONDS
    try:
        actions.cancel(tender, by=None, now=now)
    finally:
        actions.WAIT_FOR_MAIL_SECONDS = patience
    assert tender.cancelled_at
