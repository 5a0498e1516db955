"""Every change to calls for tenders but what partners do with them (RULES T)."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from webapp import audit, drafts, links, mailer, uploads
from webapp.accounts.models import Organisation, User
from webapp.directory.models import PartnerAccount
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.mailer import QueuedMail
from webapp.programme import programme
from webapp.revenue import actions as revenue
from webapp.tenders import mail as mails
from webapp.tenders import queries
from webapp.tenders.models import Offer, Tender, TenderRecipient
from webapp.tenders.rules import (
    REQUESTER_MAY,
    AlreadyExtended,
    NotPossible,
    OfferChanged,
    OfferOver,
    Status,
    budget_bounds,
    closing,
    closing_day,
    last_moment,
)
from webapp.unit import lock, unit_of_work
from webapp.uploads import Checked

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # a reference is read out on the phone: no 0/O, 1/I
WAIT_FOR_MAIL_SECONDS = 5.0


# --- writing and sending a call -----------------------------------------------------------------------------


@unit_of_work
def keep_files(draft: Draft, files: list[Checked], *, drop: set[str], now: datetime) -> None:
    """Adds files to a draft and drops those with these public ids; at most as many as the policy allows."""
    if lock(draft).finished_at:
        return
    for upload in queries.draft_files(draft):
        if upload.public_id in drop:
            db.session.delete(upload)
    db.session.flush()
    for checked in files[: max(0, programme().tenders.attachments - len(queries.draft_files(draft)))]:
        uploads.store(checked, now=now, draft=draft.key_hash)


@unit_of_work
def send(draft: Draft, *, by: User | None, organisation: Organisation | None, now: datetime) -> Tender:
    """The draft becomes a call, once: a second send answers the same call (RULES T1, T3, T5).

    A visitor's call waits for the confirmation of the address, unless the policy says otherwise; a signed-in
    requester's goes out at once.
    """
    if not drafts.finish(draft, now=now):
        lock(draft)
        return db.session.get_one(Tender, draft.result)
    data = draft.data
    least, most = budget_bounds(data["budget"])
    tender = Tender(
        reference=_new_reference(),
        organisation_id=organisation.id if organisation else None,
        user_id=by.id if by else None,
        title=data["title"],
        description=data["description"],
        language=data["language"],
        services=frozenset(data["services"]),
        reply_languages=frozenset(data["reply_languages"]),
        country=data["country"],
        region=data["region"],
        start=data["start"],
        currency=data["currency"],
        budget_least=least,
        budget_most=most,
        contact_name=data["contact_name"],
        contact_company=data["contact_company"] or None,
        contact_email=by.email if by else data["contact_email"],
        contact_phone=data["contact_phone"] or None,
        validity_days=int(data["validity_days"]),
        sent_at=now,
    )
    db.session.add(tender)
    for upload in queries.draft_files(draft):
        upload.draft = None
        tender.files.append(upload)
    db.session.flush()
    draft.result = tender.id
    draft.data = {}
    # the link outlives the call by its retention; what it opens says so when it is over
    policy = programme().tenders
    days = policy.confirm_within_days + policy.validity_days * 2 + policy.retention_days + 2
    links.issue("tender", tender.id, expires_at=now + timedelta(days=days), now=now)
    audit.record("tender.sent", tender, by=by, organisation=organisation, now=now)
    if by is None and policy.visitors_confirm:
        mailer.queue("tender_confirm", mails.requester(tender), tender, now=now)
    else:
        mailer.queue("tender_received", mails.requester(tender), tender, now=now)
        _publish(tender, now=now)
    return tender


def _new_reference() -> str:
    while True:
        reference = "CT-" + "".join(secrets.choice(LETTERS) for _ in range(7))
        if not db.session.scalar(sa.select(Tender.id).where(Tender.reference == reference)):
            return reference


@unit_of_work
def confirm(tender: Tender, *, by: User | None, now: datetime) -> None:
    """The requester's address is right: partners are told now (RULES T5). Raises NotPossible."""
    _require(lock(tender), "confirm", now=now)
    audit.record("tender.confirmed", tender, by=by, now=now)
    _publish(tender, now=now)


def _publish(tender: Tender, *, now: datetime) -> None:
    """Opens the call and queues all mails to partners in two statements; nothing is rendered here."""
    zone = current_app.config["SETTINGS"].zone
    tender.confirmed_at = now
    tender.closes_at = closing(now, tender.validity_days, zone)
    db.session.flush()
    wanted = queries.concerned(queries.reach_of(tender))
    db.session.execute(
        sa.insert(TenderRecipient).from_select(
            ["tender_id", "partner_id", "digest"],
            sa.select(sa.literal(tender.id), PartnerAccount.id, PartnerAccount.tender_mail == "daily").where(
                wanted
            ),
        )
    )
    at = sa.literal(now, type_=QueuedMail.queued_at.type)
    db.session.execute(
        sa.insert(QueuedMail).from_select(
            [
                "kind", "about", "address", "name", "language", "region", "stop", "dedupe", "queued_at", "due_at",
                "attempts",
            ],
            sa.select(
                sa.literal("tender_excerpt"),
                sa.literal(tender.id),
                User.email,
                User.name,
                User.language,
                User.region,
                sa.literal("tenders:") + PartnerAccount.public_id,
                sa.literal(f"tender_excerpt:{tender.id}:") + sa.cast(PartnerAccount.id, sa.Text),
                at,
                at,
                sa.literal(0),
            )
            .join(User, User.id == queries.contact_of_partner())
            .where(wanted, PartnerAccount.tender_mail == "at_once"),
            include_defaults=False,
        )
    )  # fmt: skip


# --- what the requester decides -----------------------------------------------------------------------------


def _require(tender: Tender, what: str, *, now: datetime) -> None:
    if what not in REQUESTER_MAY[tender.status(now)] or tender.erased_at:
        raise NotPossible()


def cancel(tender: Tender, *, by: User | None, now: datetime) -> None:
    """Withdraws the call at once (RULES T3). Raises NotPossible.

    Two units of work with a wait between them. The first takes the call from partners and cancels the mails
    that no worker has in hand. Then the mail that is on the wire at this moment is waited for, outside of any
    transaction, so that after the second unit, the cancel proper, none leaves. A crash in between is finished
    by the worker (`finish_cancels`).
    """
    _close_to_partners(tender, by=by, now=now)
    patience = time.monotonic() + WAIT_FOR_MAIL_SECONDS
    while mailer.in_hand("tender_excerpt", tender.id, now=now) and time.monotonic() < patience:
        db.session.rollback()
        time.sleep(0.02)
    db.session.rollback()
    _finish_cancel(tender, now=now)


@unit_of_work
def _close_to_partners(tender: Tender, *, by: User | None, now: datetime) -> None:
    _require(lock(tender), "cancel", now=now)
    tender.cancelling_at = now
    mailer.withhold("tender_excerpt", tender.id, now=now)
    audit.record("tender.cancelled", tender, by=by, now=now)


@unit_of_work
def _finish_cancel(tender: Tender, *, now: datetime) -> None:
    if lock(tender).cancelled_at:
        return
    tender.cancelled_at = now
    mailer.withhold("tender_excerpt", tender.id, now=now)
    mailer.queue("tender_cancelled", mails.requester(tender), tender, now=now)
    _tell_partners_it_is_over(tender, now=now)


def _tell_partners_it_is_over(tender: Tender, *, now: datetime) -> None:
    """To each person who opened the call: it has ended. Those with an offer on an award get their own mail."""
    for opening in tender.openings:
        offer = queries.offer_of(tender, opening.partner)
        if tender.awarded_at and offer and not offer.withdrawn_at:
            continue
        mailer.queue("tender_over", opening.user, opening, now=now, dedupe=f"tender_over:{opening.id}")


@unit_of_work
def extend(tender: Tender, *, by: User | None, now: datetime) -> None:
    """Keeps the call open for one more validity, once (RULES T6). Raises AlreadyExtended, NotPossible."""
    _require(lock(tender), "extend", now=now)
    if tender.extended_at:
        raise AlreadyExtended()
    zone = current_app.config["SETTINGS"].zone
    assert tender.closes_at is not None
    days = timedelta(days=programme().tenders.validity_days)
    tender.closes_at = last_moment(closing_day(tender.closes_at, zone) + days, zone)
    tender.extended_at = now
    tender.reminded_at = None
    audit.record("tender.extended", tender, by=by, now=now)


@unit_of_work
def accept(tender: Tender, offer: Offer, *, seen: str, by: User | None, now: datetime) -> None:
    """Takes an offer; the others are told (RULES T7). `seen` is the offer's stamp on the requester's page.

    Raises NotPossible, OfferOver (withdrawn or past its date), OfferChanged (not the offer that was read).
    """
    _require(lock(tender), "accept", now=now)
    lock(offer)
    if offer.withdrawn_at or offer.valid_until <= now:
        raise OfferOver()
    if offer.stamp != seen:
        raise OfferChanged()
    offers = [lock(each) for each in tender.offers]  # as they are now, not as the page has read them
    offer.accepted_at = now
    tender.awarded_at = now
    mailer.withhold("tender_excerpt", tender.id, now=now)
    audit.record("tender.awarded", tender, by=by, now=now, detail=f"offer={offer.id}")
    for each in offers:
        if not each.withdrawn_at:
            kind = "offer_accepted" if each.id == offer.id else "offer_not_chosen"
            mailer.queue(kind, each.user, each, now=now)
    _tell_partners_it_is_over(tender, now=now)


# --- stopping optional mail ---------------------------------------------------------------------------------


@unit_of_work
def stop_mail(what: str, public_id: str, *, now: datetime) -> bool:
    """What a mail's stop link does: `tenders` and `statements` stop a partner's mails, `openings` a requester's.

    False if unknown.
    """
    if what == "statements":
        return revenue.stop_statements(public_id, now=now)
    if what == "tenders":
        partner = queries.partner_to_stop(public_id)
        if partner and partner.tender_mail != "never":
            partner.tender_mail = "never"
            audit.record("partner.tender_mail_stopped", partner, by=None, now=now)
        return partner is not None
    tender = queries.tender_to_stop(public_id)
    if tender and tender.opening_mails:
        tender.opening_mails = False
        audit.record("tender.opening_mails_stopped", tender, by=None, now=now)
    return what == "openings" and tender is not None


# --- the operator -------------------------------------------------------------------------------------------


@unit_of_work
def hide(tender: Tender, *, by: User, now: datetime) -> None:
    """Takes spam from everybody's sight. No mail tells its sender."""
    if lock(tender).hidden_at is None:
        tender.hidden_at = now
        mailer.withhold("tender_excerpt", tender.id, now=now)
        audit.record("tender.hidden", tender, by=by, now=now)


# --- what happens by the clock ------------------------------------------------------------------------------


def finish_cancels(*, now: datetime) -> int:
    """Finishes cancels that a crash cut off."""
    waiting = queries.cancels_to_finish(now=now)
    for tender in waiting:
        _finish_cancel(tender, now=now)
    return len(waiting)


def expire(*, now: datetime) -> int:
    """Ends calls that have run out (the requester and the partners who opened it are told) and calls whose
    address was never confirmed (nobody is told: the address may be a stranger's). RULES T5, T6."""
    policy = programme().tenders
    over = queries.lapsed(now=now, confirm_within=timedelta(days=policy.confirm_within_days))
    for tender in over:
        _expire(tender, now=now)
    return len(over)


@unit_of_work
def _expire(tender: Tender, *, now: datetime) -> None:
    if lock(tender).lapsed_at or tender.status(now) not in (Status.EXPIRED, Status.UNCONFIRMED):
        return
    tender.lapsed_at = now
    audit.record("tender.expired", tender, by=None, now=now)
    if tender.confirmed_at:
        mailer.withhold("tender_excerpt", tender.id, now=now)
        mailer.queue("tender_expired", mails.requester(tender), tender, now=now)
        _tell_partners_it_is_over(tender, now=now)


def remind_of_closing(*, now: datetime) -> int:
    """Tells requesters a few days before that the call closes."""
    soon = queries.closing_soon(now=now, within=timedelta(days=programme().tenders.closing_reminder_days))
    for tender in soon:
        _remind(tender, now=now)
    return len(soon)


@unit_of_work
def _remind(tender: Tender, *, now: datetime) -> None:
    if lock(tender).reminded_at is None and tender.status(now) is Status.OPEN:
        tender.reminded_at = now
        mailer.queue("tender_closing", mails.requester(tender), tender, now=now)


def erase_old(*, now: datetime) -> int:
    """Erases what people wrote in calls that ended long enough ago; the figures stay (RULES T6)."""
    old = queries.to_erase(now=now, retention=timedelta(days=programme().tenders.retention_days))
    for tender in old:
        erase(tender, now=now)
    return len(old)


@unit_of_work
def erase(tender: Tender, *, now: datetime) -> None:
    """Erases text, contact data, files, and every mail row that went to the requester, whatever its address."""
    if lock(tender).erased_at:
        return
    offers = [offer.id for offer in tender.offers]
    db.session.execute(
        sa.delete(QueuedMail).where(
            sa.or_(
                sa.and_(QueuedMail.kind.in_(mails.TO_REQUESTER), QueuedMail.about == tender.id),
                sa.and_(QueuedMail.kind == "offer_received", QueuedMail.about.in_(offers)),
            )
        )
    )
    for offer in tender.offers:
        offer.message = ""
        if offer.pdf:
            pdf, offer.pdf = offer.pdf, None
            db.session.flush()
            db.session.delete(pdf)
    for upload in list(tender.files):
        tender.files.remove(upload)
        db.session.flush()
        db.session.delete(upload)
    tender.title = tender.description = ""
    tender.contact_name = tender.contact_company = tender.contact_email = tender.contact_phone = None
    tender.erased_at = now
    links.end("tender", tender.id)
    audit.record("tender.erased", tender, by=None, now=now)
