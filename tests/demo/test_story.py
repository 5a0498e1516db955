"""The story of the demo: on both databases, through the real actions, by the real clock."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from tests.books import all_is_well
from tests.installation import Installation
from webapp import clock, jobs
from webapp.accounts import passwords
from webapp.accounts import queries as accounts
from webapp.accounts.models import Organisation
from webapp.api.models import ApiKey, OutsideEvent
from webapp.demo import people, sign_ins, story, teller
from webapp.directory.models import Application, PartnerAccount
from webapp.extensions import db
from webapp.invitations import queries as invitations
from webapp.invitations.models import Invitation
from webapp.invitations.rules import Comparison, Direction, State
from webapp.mailer import QueuedMail
from webapp.orders.models import Order, OrderLine
from webapp.orders.rules import Method, Treatment
from webapp.orders.rules import State as Money
from webapp.organisations.models import ColleagueInvitation
from webapp.partnerships import queries as partnerships
from webapp.partnerships.models import Assignment, Partnership, PartnershipChange
from webapp.partnerships.rules import Access, Payer, Side, Standing, Terms
from webapp.payments.models import IncomingTransfer, Withdrawal
from webapp.payments.rules import BY_HAND, Kind, TransferState, WithdrawalState
from webapp.products.models import Plan, Product, Usage
from webapp.products.rules import Family
from webapp.revenue import monthly
from webapp.revenue import queries as revenue
from webapp.tenders.models import Offer, Tender
from webapp.tenders.rules import Status


@pytest.fixture(scope="module")
def told(installation: Installation) -> Iterator[datetime]:
    """The story, told once for all that look at it here; the moment at which it ends."""
    app = installation.app
    try:
        with app.app_context():
            story.tell(app)
            yield clock.now()
            db.session.rollback()
    finally:
        installation.forget()
        shutil.rmtree(app.config["SETTINGS"].mail_server.folder or "", ignore_errors=True)


def count(rows: sa.Select[Any]) -> int:
    """How many rows there are."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0


def test_everybody_is_there_once_it_is_told(told: datetime) -> None:
    assert story.told()
    listed = db.session.scalars(sa.select(PartnerAccount).where(PartnerAccount.listed_at.is_not(None))).all()
    assert len(listed) == 13  # one of them suspended: the directory shows twelve
    assert {text.language for partner in listed for text in partner.texts} == {"en", "fr", "de"}
    assert {partner.country for partner in listed} == {"CH", "DE", "FR", "AT", "LI"}
    assert sum(partner.logo is not None for partner in listed) >= 6
    assert {partner.tender_mail for partner in listed} == {"at_once", "daily", "never"}
    names = set(db.session.scalars(sa.select(Organisation.name)))
    assert names >= {client.name for client in people.CLIENTS}
    assert [operator.name for operator in accounts.operators()] == ["Olga Brunner"]

    # applications (RULES A4) and colleagues who have not answered (RULES O2)
    states = sorted(application.state for application in db.session.scalars(sa.select(Application)))
    assert (states.count("waiting"), states.count("rejected"), states.count("approved")) == (2, 1, 13)
    open_invitations = sa.select(ColleagueInvitation.id).where(ColleagueInvitation.accepted_at.is_(None))
    assert count(open_invitations) == 2

    # volumes: reached, on the way, not reached, none (RULES A2)
    standings = [revenue.standing(partner, revenue.volume(partner), now=told) for partner in listed]
    assert {(s.managed.minor > 0, s.reached, s.in_grace) for s in standings} == {
        (True, True, False), (True, False, True), (True, False, False), (False, False, False),
    }  # fmt: skip

    # somebody belongs to two organisations (RULES O1)
    julien = accounts.user_by_email(people.JULIEN.email)
    assert julien is not None
    assert len(accounts.memberships(julien)) == 2


def test_calls_are_in_every_state(told: datetime) -> None:
    """RULES T3, T5, T6, T7."""
    calls = db.session.scalars(sa.select(Tender)).all()
    assert {call.status(told) for call in calls} == set(Status)
    open_calls = [call for call in calls if call.status(told) is Status.OPEN]
    assert {len(call.offers) > 0 for call in open_calls} == {True, False}
    assert any(call.extended_at for call in open_calls)
    assert any(not call.openings for call in open_calls)
    assert {call.language for call in calls} == {"en", "fr", "de"}
    assert any(call.organisation_id for call in calls)
    assert any(call.organisation_id is None for call in calls)

    erased = [call for call in calls if call.erased_at]
    assert [(call.title, call.contact_email, call.contact_name) for call in erased] == [("", None, None)]
    awarded = next(call for call in calls if call.awarded_at)
    assert sorted(bool(offer.accepted_at) for offer in awarded.offers) == [False, False, True]
    assert count(sa.select(Offer.id).where(Offer.pdf_id.is_not(None))) >= 1


def test_partnerships_are_in_every_state(told: datetime) -> None:
    """RULES C1, C2, C5, C9, C11, C13."""
    every = db.session.scalars(sa.select(Partnership)).all()
    active = [each for each in every if each.standing is Standing.ACTIVE]
    assert {each.standing for each in every} == set(Standing)
    assert {each.terms for each in active} == {
        Terms(Access.LIMITED), Terms(Access.FULL), Terms(Access.FULL, Payer.PARTNER),
    }  # fmt: skip
    assert {each.ended_by_side for each in every if each.ended_at} == {Side.CLIENT, Side.PARTNER}
    limited = [each for each in active if each.access is Access.LIMITED]
    assert {bool(partnerships.granted(each)) for each in limited} == {True, False}
    changes = db.session.scalars(sa.select(PartnershipChange)).all()
    assert {each.what for each in changes} >= {"started", "access", "rights", "payer", "ended", "followed"}
    assert {right.given for each in changes for right in each.rights} == {True, False}
    assert count(sa.select(Assignment.id)) >= 3

    of_partner = Counter(each.partner.name for each in active)
    assert of_partner["Lumière Digital"] >= 12
    of_client = Counter(each.client.name for each in active)
    assert of_client["Lumen Optik AG"] == 2  # two limited ones, side by side

    # what the winner of a call for tenders gets (RULES T7)
    call = db.session.scalars(sa.select(Tender).where(Tender.awarded_at.is_not(None))).one()
    chosen = next(offer for offer in call.offers if offer.accepted_at)
    assert call.organisation is not None
    assert partnerships.active_between(call.organisation, chosen.partner)


def test_invitations_are_in_every_state(told: datetime) -> None:
    """RULES C6, C7, C8."""
    every = db.session.scalars(sa.select(Invitation)).all()
    to_partner = [each for each in every if each.direction is Direction.TO_PARTNER]
    assert {each.state(told) for each in to_partner} == set(State)
    requests = [each for each in every if each.direction is Direction.TO_CLIENT]
    assert {each.state(told) for each in requests} == {State.WAITING, State.ACCEPTED, State.REFUSED}
    assert all(each.reason for each in every if each.refused_at)
    waiting = [each for each in every if each.state(told) is State.WAITING]
    assert {each.sent_at > each.created_at for each in waiting} == {True, False}  # one was sent again
    known = {accounts.user_by_email(each.email or "") is not None for each in requests}
    assert known == {True, False}
    granted = next(each for each in requests if each.partnership)
    assert granted.partnership is not None
    assert invitations.asked_and_granted(granted, granted.partnership).kind is Comparison.LESS


def test_products_are_of_every_kind(told: datetime) -> None:
    """RULES O9, M1."""
    plans = db.session.scalars(sa.select(Plan)).all()
    assert {plan.family for plan in plans} == set(Family)
    assert {bool(plan.retired_at) for plan in plans} == {True, False}
    assert max(plan.discount for plan in plans) == 35
    start = next(plan for plan in plans if plan.code == "web-start")
    assert (start.price_chf, start.price_eur, start.discount, start.sliding) == (992, 575, 20, True)

    products = db.session.scalars(sa.select(Product)).all()
    assert {bool(product.ended_at) for product in products} == {True, False}
    owed = {line.product_id for order in orders_in(Money.OPEN, Money.PART_PAID) for line in order.lines}
    running = [product for product in products if product.ended_at is None and product.id not in owed]
    assert all(product.renews_on >= told.date() for product in running)
    owners = {product.organisation.name for product in products}
    assert "Vignoble Favre" not in owners  # somebody who has not ordered anything yet
    lumens = [each for each in products if each.organisation.name == "Lumen Optik AG" and not each.ended_at]
    assert len(lumens) == 9
    assert {tag.name for product in lumens for tag in product.tags} == {"prod", "shop", "test"}
    measured = set(db.session.scalars(sa.select(Usage.product_id)))
    assert {each.plan.family for each in lumens if each.id in measured} == {
        Family.WEB,
        Family.MAIL,
        Family.CLOUD,
    }
    assert all(each.settings for each in lumens)


def orders_in(*states: Money) -> list[Order]:
    """The orders that are in one of these states."""
    return [each for each in db.session.scalars(sa.select(Order)) if each.state in states]


def test_orders_are_in_every_state(told: datetime) -> None:
    """RULES M4, M6, M7, M8, M11."""
    every = db.session.scalars(sa.select(Order)).all()
    assert 120 <= len(every) <= 250
    assert {each.state for each in every} == set(Money)
    assert {each.method for each in every} == set(Method)
    assert {each.treatment for each in every} == set(Treatment)
    assert {(each.side, each.paid_by) for each in every if each.access is Access.FULL} == {
        (Side.CLIENT, Payer.CLIENT), (Side.CLIENT, Payer.PARTNER), (Side.PARTNER, Payer.CLIENT),
        (Side.PARTNER, Payer.PARTNER),
    }  # fmt: skip
    assert {each.by is None for each in every} == {
        True,
        False,
    }  # those that nobody placed renewed by themselves
    assert {each.due_on < told.date() for each in orders_in(Money.OPEN, Money.PART_PAID)} == {True, False}
    assert {invoice.language for each in every for invoice in each.invoices} == {"en", "fr", "de"}
    credits_ = [invoice for each in every for invoice in each.invoices if invoice.corrects_id]
    assert {invoice.language for invoice in credits_} == {"en", "fr", "de"}

    # more than was asked for, and what arrived for an order that was cancelled meanwhile (RULES M6)
    assert any(each.state is Money.PAID and each.returned for each in every)
    assert any(each.state is Money.CANCELLED and each.paid_at is None and each.returned for each in every)
    # half of an order given back, and half of its cashback with it (RULES M11)
    halves = [line for each in orders_in(Money.PART_REFUNDED) for line in each.lines if line.cashback]
    assert any(0 < line.cashback_booked < line.cashback for line in halves)


def test_thirty_five_hostings_cost_what_the_sources_say(told: datetime) -> None:
    """RULES M3."""
    lines = db.session.scalars(sa.select(OrderLine).where(OrderLine.quantity == 35)).all()
    steps = {
        line.order.currency: [line.factors.listed.minor, line.factors.discounted.minor, line.net]
        for line in lines
    }
    assert steps == {"CHF": [347_20, 277_76, 208_32], "EUR": [201_25, 161_00, 120_75]}
    (german,) = [line.order for line in lines if line.order.currency == "EUR"]
    assert (german.treatment, german.vat, german.payer.country) == (Treatment.REVERSE_CHARGE, 0, "DE")
    assert all(len(line.made) == 35 for line in lines)


def test_two_partners_have_earned_for_eight_months(told: datetime) -> None:
    """RULES M10."""
    lasting = []
    for partner in db.session.scalars(sa.select(PartnerAccount)):
        months = monthly.months_of(partner, now=told)
        for by_month in monthly.earned(partner.organisation, months).values():
            lasting += [partner.name] * (sum(earned.total.minor > 0 for earned in by_month.values()) >= 8)
    assert set(lasting) >= {"Lumière Digital", "Bergwerk IT GmbH"}


def test_money_came_in_and_went_out_in_every_way(told: datetime) -> None:
    """RULES M6."""
    transfers = db.session.scalars(sa.select(IncomingTransfer)).all()
    assert {each.state for each in transfers} == set(TransferState)
    assert {each.bank_id.startswith(BY_HAND) for each in transfers} == {True, False}
    assert {each.currency for each in transfers} == {"CHF", "EUR"}
    withdrawals = db.session.scalars(sa.select(Withdrawal)).all()
    assert {each.state for each in withdrawals} == set(WithdrawalState)
    assert {each.kind for each in withdrawals} == set(Kind)


def test_a_shop_has_sent_orders_and_a_refund_waits_for_its_order(told: datetime) -> None:
    """SECURITY M2."""
    assert count(sa.select(ApiKey.id).where(ApiKey.used_at.is_not(None))) == 1
    events = db.session.scalars(sa.select(OutsideEvent).order_by(OutsideEvent.id)).all()
    assert [each.kind for each in events if each.applied_at is None] == ["refunded"]
    assert [each.kind for each in events if each.external_id == "K9-1041"] == ["refunded", "order", "paid"]
    assert not any(each.misfit for each in events)


def test_all_its_money_adds_up(told: datetime) -> None:
    """SECURITY L1–L7, M1, M2: what `flask ledger check` says of it."""
    all_is_well()


def test_no_job_is_due(told: datetime) -> None:
    before = count(sa.select(QueuedMail.id))
    for job in jobs.JOBS.values():
        job.act(now=told)
    assert count(sa.select(QueuedMail.id)) == before


def test_its_mail_has_left_and_one_is_dead(told: datetime, installation: Installation) -> None:
    states = dict(
        db.session.execute(
            sa.select(
                QueuedMail.kind + sa.literal(" ") + QueuedMail.address, QueuedMail.dead_at.is_not(None)
            ).where(QueuedMail.sent_at.is_(None), QueuedMail.cancelled_at.is_(None))
        ).all()
    )
    dead = [what for what, is_dead in states.items() if is_dead]
    assert dead == [f"tender_confirm {teller.MISTYPED}"]
    assert len(states) == 1, "mail is still waiting"
    sent_ones = QueuedMail.sent_at.is_not(None)
    kinds = set(db.session.scalars(sa.select(QueuedMail.kind).where(sent_ones)))
    assert kinds >= {
        "verify_address", "colleague_invited", "application_waiting", "application_rejected",
        "tender_confirm", "tender_excerpt", "tender_digest", "tender_opened", "tender_closing",
        "tender_expired", "tender_cancelled", "tender_over",
        "offer_received", "offer_accepted", "offer_not_chosen", "partner_suspended",
        "invitation_to_partner", "invitation_accepted", "invitation_refused", "invitation_deleted",
        "invitation_reminder", "invitation_lapsed", "invitation_to_client", "request_granted", "request_refused",
        "access_changed", "access_changed_copy", "payer_changed", "ended_client", "ended_partner",
        "invoice_issued", "order_paid", "order_cancelled", "credit_issued", "ordered_for_client",
        "renewal_reminder", "automatic_reminder", "automatic_done", "automatic_failed", "monthly_statement",
        "topped_up", "withdrawal_requested", "withdrawal_paid", "withdrawal_refused",
    }  # fmt: skip
    for kind in (
        "invitation_to_partner", "invitation_accepted", "invoice_issued", "order_paid", "credit_issued",
        "automatic_reminder", "automatic_done", "topped_up", "monthly_statement",
    ):  # fmt: skip
        spoken = sa.select(QueuedMail.language).where(QueuedMail.kind == kind, sent_ones)
        assert set(db.session.scalars(spoken)) == {"en", "fr", "de"}, kind
    excerpts = QueuedMail.kind == "tender_excerpt"
    languages = set(db.session.scalars(sa.select(QueuedMail.language).where(excerpts)))
    assert languages == {"en", "fr", "de"}
    folder = installation.app.config["SETTINGS"].mail_server.folder
    sent = count(sa.select(QueuedMail.id).where(sent_ones))
    erased = 2  # with the erased call, the rows of its mails to the requester are gone
    assert sent <= len(list(folder.glob("*.eml"))) <= sent + 2 * erased


def test_the_people_shown_can_sign_in(told: datetime) -> None:
    """UX 5.15: one password, made of the secret key, shown in demo mode only."""
    for shown in sign_ins.sign_ins():
        person = accounts.user_by_email(shown.email)
        assert person is not None and person.verified_at, shown.email
        assert person.name == shown.name
    olga = accounts.user_by_email(people.OLGA.email)
    assert olga is not None
    assert passwords.matches(olga.password_hash, sign_ins.password())
    assert not passwords.weakness(sign_ins.password(), olga.email, olga.name)


def test_numbers_of_companies_are_right() -> None:
    """RULES O3, M7: register and VAT numbers pass the checks that forms make, and are as those keep them."""
    from webapp.accounts.rules import check_register_number, check_vat_number

    companies = [partner.company for partner in people.PARTNERS] + list(people.CLIENTS)
    companies += [each.company for each in (people.OCTOPUS, people.KIRCHNER, people.FASTRANK)]
    for company in companies:
        if company.register_number:
            assert check_register_number(company.register_number, company.country).valid, company.name
        if company.vat_number:
            checked = check_vat_number(company.vat_number, company.country)
            assert (checked.valid, checked.compact) == (True, company.vat_number), company.name
