"""Applications and their answers, listings; what happens when two things happen at once (RULES A)."""

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from PIL import Image

from tests.factories import join, make_application, make_organisation, make_user
from tests.threads import at_once
from webapp import kept, uploads
from webapp.accounts.models import Organisation
from webapp.accounts.rules import Kind, Role
from webapp.audit import AuditEvent
from webapp.directory import actions, queries
from webapp.directory.models import Application, PartnerAccount
from webapp.directory.rules import (
    AlreadyDecided,
    AlreadySuspended,
    Filters,
    Listing,
    MayNotApply,
    NotSuspended,
    Obstacle,
    SuspensionReason,
)
from webapp.extensions import db
from webapp.mailer import QueuedMail
from webapp.refused import Refused
from webapp.unit import lock, unit_of_work

ABOUT = "We look after forty shops in three cantons."


def apply(organisation, by, now):
    return actions.apply(organisation, website="https://www.example.com/", about=ABOUT, by=by, now=now)


def mails(kind):
    return db.session.scalars(sa.select(QueuedMail.address).where(QueuedMail.kind == kind)).all()


def audited():
    return db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)).all()


@unit_of_work
def join_affiliates(organisation):
    """What the affiliate programme will do: the same lock, the same column."""
    if lock(organisation).programme:
        raise Refused()
    organisation.programme = "affiliate"


def listing(**changed):
    values = {
        "listed": True,
        "name": "Lumière",
        "website": "https://l.example/",
        "city": "Vevey",
        "country": "CH",
        "region": "CH-VD",
        "services": frozenset({"web"}),
        "languages": frozenset({"fr"}),
        "texts": {"fr": "Bonjour."},
        **changed,
    }
    return Listing(**values)


# --- applying -----------------------------------------------------------------------------------------------


def test_an_application_is_received_and_waits_for_the_operators(cast, now):
    """RULES A1, A4."""
    application = apply(cast.lumen, cast.nadia, now)
    assert application.state == "waiting" and application.policy_version
    assert mails("application_received") == [cast.nadia.email]
    assert mails("application_waiting") == [cast.olga.email]
    assert audited() == ["application.sent"]


def test_what_is_in_the_way_is_named(cast, now):
    """RULES A1, A3: an individual, a company without a number, a partner, an affiliate."""
    anna = make_user("Anna")
    individual = make_organisation("Anna", owner=anna, kind=Kind.INDIVIDUAL, register_number=None)
    affiliate = make_organisation("Links AG", owner=anna, programme="affiliate")
    for organisation, why in (
        (individual, Obstacle.INDIVIDUAL),
        (affiliate, Obstacle.AFFILIATE),
        (cast.lumiere, Obstacle.PARTNER),
        (cast.stefans, Obstacle.NO_REGISTER_NUMBER),
    ):
        with pytest.raises(MayNotApply) as refusal:
            apply(organisation, anna, now)
        assert refusal.value.why is why
    assert db.session.scalar(sa.select(sa.func.count(Application.id))) == 0
    assert mails("application_received") == []


def test_a_double_submit_is_one_application(app, cast, now):
    """RULES A4: two at the same time, one row, one mail."""
    lumen, nadia = cast.lumen.id, cast.nadia.id

    def submit():
        return apply(db.session.get(Organisation, lumen), db.session.get(type(cast.nadia), nadia), now)

    results = at_once(app, submit, submit)
    assert sorted(isinstance(result, MayNotApply) for result in results) == [False, True]
    assert db.session.scalar(sa.select(sa.func.count(Application.id))) == 1
    assert mails("application_received") == [cast.nadia.email]


def test_the_database_itself_holds_one_waiting_application(cast):
    """RULES A4: whatever the code does."""
    make_application(cast.lumen, cast.nadia)
    with pytest.raises(sa.exc.IntegrityError):
        make_application(cast.lumen, cast.nadia)
    db.session.rollback()


# --- the answer ---------------------------------------------------------------------------------------------


def test_an_approval_makes_a_partner_with_a_listing_to_complete(cast, now):
    """RULES A4, A5: prefilled, not shown before the partner says so; every call at once by mail."""
    partner = actions.approve(apply(cast.lumen, cast.nadia, now), by=cast.olga, now=now)
    assert cast.lumen.programme == "partner"
    assert (partner.slug, partner.name, partner.city, partner.country) == (
        "lumen-optik-ag",
        "Lumen Optik AG",
        "Bern",
        "CH",
    )
    assert partner.website == "https://www.example.com/" and partner.listed_at is None
    assert partner.tender_services == partner.tender_places == partner.tender_languages == frozenset()
    assert partner.tender_mail == "at_once" and partner.tender_contact.user_id == cast.nadia.id
    assert mails("application_approved") == [cast.nadia.email]
    assert audited() == ["application.sent", "application.approved"]


def test_a_rejection_has_a_reason_and_is_not_for_ever(cast, now):
    """RULES A4."""
    first = apply(cast.lumen, cast.nadia, now)
    actions.reject(first, reason="Your website does not open.", by=cast.olga, now=now)
    assert first.state == "rejected" and cast.lumen.programme is None
    assert mails("application_rejected") == [cast.nadia.email]
    second = apply(cast.lumen, cast.nadia, now + timedelta(days=1))
    actions.approve(second, by=cast.olga, now=now + timedelta(days=2))
    assert cast.lumen.programme == "partner"


def test_an_application_is_decided_once(cast, now):
    """RULES A4."""
    application = apply(cast.lumen, cast.nadia, now)
    actions.reject(application, reason="Not yet, sorry.", by=cast.olga, now=now)
    for again in (
        lambda: actions.approve(application, by=cast.olga, now=now),
        lambda: actions.reject(application, reason="And again, no.", by=cast.olga, now=now),
    ):
        with pytest.raises(AlreadyDecided):
            again()
    assert application.reason == "Not yet, sorry." and cast.lumen.programme is None


def test_of_an_approval_and_a_rejection_at_once_one_wins(app, cast, now):
    """RULES A4: two operators, two tabs."""
    number = apply(cast.lumen, cast.nadia, now).id

    def fetched():
        return db.session.get(Application, number)

    results = at_once(
        app,
        lambda: actions.approve(fetched(), by=None, now=now),
        lambda: actions.reject(fetched(), reason="No, thank you.", by=None, now=now),
    )
    assert sum(isinstance(result, AlreadyDecided) for result in results) == 1
    application = fetched()
    assert (application.state == "approved") == (cast.lumen.programme == "partner")
    assert len(mails("application_approved")) + len(mails("application_rejected")) == 1


def test_two_approvals_at_once_make_one_partner(app, cast, now):
    """RULES A4: a double click."""
    number = apply(cast.lumen, cast.nadia, now).id

    def click() -> object:
        return actions.approve(db.session.get(Application, number), by=None, now=now)

    results = at_once(app, click, click)
    assert sum(isinstance(result, AlreadyDecided) for result in results) == 1
    assert len(mails("application_approved")) == 1


def test_nobody_is_partner_and_affiliate_at_one_instant(app, cast, now):
    """RULES A3: approval and the affiliate programme at the same time."""
    number, lumen = apply(cast.lumen, cast.nadia, now).id, cast.lumen.id
    results = at_once(
        app,
        lambda: actions.approve(db.session.get(Application, number), by=None, now=now),
        lambda: join_affiliates(db.session.get(Organisation, lumen)),
    )
    assert sum(isinstance(result, Refused) for result in results) == 1
    accounts = db.session.scalar(
        sa.select(sa.func.count(PartnerAccount.id)).where(PartnerAccount.organisation_id == lumen)
    )
    assert cast.lumen.programme == ("partner" if accounts else "affiliate")


def test_who_became_an_affiliate_meanwhile_cannot_be_approved(cast, now):
    """RULES A3."""
    application = apply(cast.lumen, cast.nadia, now)
    join_affiliates(cast.lumen)
    with pytest.raises(MayNotApply) as refusal:
        actions.approve(application, by=cast.olga, now=now)
    assert refusal.value.why is Obstacle.AFFILIATE
    assert application.state == "waiting" and cast.lumen.programme == "affiliate"


def test_companies_of_the_same_name_get_addresses_of_their_own(app, now):
    """RULES A5: also when they are approved at once."""
    numbers = []
    for n in range(3):
        owner = make_user(f"Owner {n}")
        numbers.append(make_application(make_organisation("Café Web", owner=owner), owner).id)
    actions.approve(db.session.get(Application, numbers[0]), by=None, now=now)
    at_once(
        app,
        *(lambda n=n: actions.approve(db.session.get(Application, n), by=None, now=now) for n in numbers[1:]),
    )
    slugs = db.session.scalars(sa.select(PartnerAccount.slug).order_by(PartnerAccount.slug)).all()
    assert slugs == ["cafe-web", "cafe-web-2", "cafe-web-3"]


# --- the listing --------------------------------------------------------------------------------------------


def picture():
    stream = io.BytesIO()
    Image.new("RGB", (100, 80), "teal").save(stream, "PNG")
    return uploads.Checked("logo.png", "image/png", stream.getvalue())


def test_a_listing_is_replaced_as_a_whole_and_found_by_its_new_words(cast, now):
    """RULES A5."""
    partner = cast.lumiere_partner
    stamp = kept.stamp_of("directory", db.engine)
    actions.edit_listing(
        partner,
        listing(name="Œuvres Zürich", services=frozenset({"events"}), texts={"de": "Wir löten.", "fr": ""}),
        by=cast.pierre,
        now=now,
    )
    assert {text.language: text.text for text in partner.texts} == {"de": "Wir löten."}
    assert (partner.version, partner.changed_at) == (2, now)
    assert kept.stamp_of("directory", db.engine) not in (None, stamp)
    for words in ("oeuvres", "ZURICH", "vevey", "waadt", "vaud", "Suisse", "loten", "events and ticketing"):
        assert [row[1] for row in queries.find_partners(Filters(q=words)).rows] == [partner.public_id], words
    assert not queries.find_partners(Filters(q="boutiques")).rows
    assert "listing.changed" in audited()


def test_a_partner_decides_whether_it_is_listed_and_keeps_its_date(cast, now):
    """RULES A5."""
    partner = cast.lumiere_partner
    since = partner.listed_at
    actions.edit_listing(partner, listing(), by=cast.pierre, now=now)
    assert partner.listed_at == since
    actions.edit_listing(partner, listing(listed=False), by=cast.pierre, now=now)
    assert partner.listed_at is None and queries.listed_partner(partner.slug) is None
    actions.edit_listing(partner, listing(), by=cast.pierre, now=now)
    assert partner.listed_at == now


def test_a_new_logo_takes_the_place_of_the_old_one(cast, now):
    partner = cast.lumiere_partner
    actions.edit_listing(partner, listing(), logo=picture(), by=cast.pierre, now=now)
    first = partner.logo.public_id
    actions.edit_listing(partner, listing(), logo=picture(), by=cast.pierre, now=now)
    second = partner.logo.public_id
    assert queries.logo(partner.slug, first) is None and queries.logo(partner.slug, second) is not None
    actions.edit_listing(partner, listing(), remove_logo=True, by=cast.pierre, now=now)
    assert partner.logo is None
    assert db.session.scalar(sa.select(sa.func.count(uploads.Upload.id))) == 0


# --- suspended, and active again ----------------------------------------------------------------------------


def test_a_suspension_is_recorded_with_its_reason_and_told_to_those_who_answer(app, cast, now):
    """RULES A4: what the operator decides; the log keeps a code."""
    second = join(make_user("Second Head"), cast.lumiere, Role.LEGAL_REPRESENTATIVE)
    join(make_user("Gone Head", disabled_at=now), cast.lumiere, Role.LEGAL_REPRESENTATIVE)
    actions.suspend(cast.lumiere_partner, SuspensionReason.INVOICES, by=cast.olga, now=now)
    assert cast.lumiere_partner.suspended_at == now
    event = db.session.scalar(sa.select(AuditEvent))
    assert (event.action, event.detail, event.person_id, event.organisation_id) == (
        "partner.suspended", "reason=invoices", cast.olga.id, cast.lumiere.id,
    )  # fmt: skip
    assert sorted(mails("partner_suspended")) == sorted([cast.pierre.email, second.user.email])
    with pytest.raises(AlreadySuspended):
        actions.suspend(cast.lumiere_partner, SuspensionReason.OTHER, by=cast.olga, now=now)
    actions.resume(cast.lumiere_partner, by=cast.olga, now=now)
    assert cast.lumiere_partner.suspended_at is None and audited()[-1] == "partner.resumed"
    assert sorted(mails("partner_resumed")) == sorted([cast.pierre.email, second.user.email])
    with pytest.raises(NotSuspended):
        actions.resume(cast.lumiere_partner, by=cast.olga, now=now)


def test_a_suspended_partner_is_in_no_list_and_comes_back(app, cast, now):
    """RULES A5: kept pages of the directory show it at once."""
    before = kept.stamp_of("directory", db.engine)
    actions.suspend(cast.lumiere_partner, SuspensionReason.OTHER, by=cast.olga, now=now)
    between = kept.stamp_of("directory", db.engine)
    assert [row[1] for row in queries.find_partners(Filters()).rows] == [cast.bergwerk_partner.public_id]
    actions.resume(cast.lumiere_partner, by=cast.olga, now=now)
    assert len(queries.find_partners(Filters()).rows) == 2
    assert len({before, between, kept.stamp_of("directory", db.engine)}) == 3


def test_two_operators_suspend_once(app, cast, now):
    partner, olga = cast.lumiere_partner.id, cast.olga.id

    def suspend():
        actions.suspend(
            db.session.get(PartnerAccount, partner), SuspensionReason.OTHER, by=db.session.get(type(cast.olga), olga),
            now=now,
        )  # fmt: skip

    results = at_once(app, suspend, suspend)
    assert {type(each) for each in results} == {AlreadySuspended, type(None)}
    assert audited() == ["partner.suspended"] and len(mails("partner_suspended")) == 1
