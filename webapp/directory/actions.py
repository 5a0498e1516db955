"""Every change to applications, partner accounts and listings."""

from __future__ import annotations

from datetime import datetime

from webapp import audit, kept, mailer, uploads
from webapp.accounts import queries as accounts
from webapp.accounts.models import Organisation, User
from webapp.accounts.rules import Role
from webapp.config import LANGUAGES
from webapp.directory import mail as _mail  # noqa: F401 # registers the mails
from webapp.directory import queries
from webapp.directory.labels import service
from webapp.directory.models import Application, ListingText, PartnerAccount
from webapp.directory.rules import (
    AlreadyDecided,
    AlreadySuspended,
    HasLeft,
    Listing,
    MayNotApply,
    NotSuspended,
    Obstacle,
    SuspensionReason,
)
from webapp.extensions import db
from webapp.i18n import speaking
from webapp.places import place_name
from webapp.programme import programme
from webapp.text import fold, slug
from webapp.unit import lock, unit_of_work
from webapp.uploads import Checked


def _directory_changed() -> None:
    """Every action that changes what the directory shows says so."""
    kept.changed("directory")


@unit_of_work
def apply(organisation: Organisation, *, website: str, about: str, by: User, now: datetime) -> Application:
    """Applies for the organisation, all commitments accepted (RULES A1). Raises MayNotApply."""
    lock(organisation)
    queries.refuse_obstacle(organisation)
    application = Application(
        organisation=organisation,
        applicant=by,
        website=website,
        about=about,
        policy_version=programme().version,
        applied_at=now,
    )
    db.session.add(application)
    audit.record("application.sent", application, by=by, now=now, organisation=organisation)
    mailer.queue("application_received", by, application, now=now)
    for operator in accounts.operators():
        mailer.queue("application_waiting", operator, application, now=now)
    return application


@unit_of_work
def approve(application: Application, *, by: User | None, now: datetime) -> PartnerAccount:
    """Makes the organisation a partner, who was one before with its old account (RULES A3, A4).

    Raises AlreadyDecided or MayNotApply.
    """
    organisation = lock(application.organisation)
    _decide(application, by=by)
    if organisation.programme is not None:
        raise MayNotApply(Obstacle(organisation.programme))
    application.approved_at = now
    organisation.programme = "partner"
    _directory_changed()  # its row is locked from here on: two approvals never take the same slug
    known = queries.account_of(organisation)
    partner = _back(known, application, now=now) if known else _first_account(application, now=now)
    audit.record("application.approved", application, by=by, now=now, organisation=organisation)
    mailer.queue("application_approved", application.applicant, application, now=now)
    return partner


def _first_account(application: Application, *, now: datetime) -> PartnerAccount:
    organisation = application.organisation
    partner = PartnerAccount(
        organisation=organisation,
        approved_at=now,
        slug=_free_slug(organisation.name),
        name=organisation.name,
        website=application.website,
        city=organisation.city,
        country=organisation.country,
        services=frozenset(),
        languages=frozenset({organisation.language}),
        changed_at=now,
        sort_name=fold(organisation.name)[:200],
        search="",
        tender_contact=queries.tender_contact_for(organisation, application.applicant),
    )
    partner.search = _search_text(partner, {})
    db.session.add(partner)
    return partner


def _back(partner: PartnerAccount, application: Application, *, now: datetime) -> PartnerAccount:
    """Who had left is a partner again, at its old address; its profile waits to be switched on."""
    lock(partner)
    partner.left_at = partner.suspended_at = partner.listed_at = None
    partner.website = application.website
    partner.tender_contact = partner.tender_contact or queries.tender_contact_for(
        application.organisation, application.applicant
    )
    partner.changed_at = now
    partner.version += 1
    return partner


@unit_of_work
def leave(partner: PartnerAccount, *, by: User, now: datetime) -> None:
    """The organisation is no partner any more, and may join the affiliate programme (RULES A3).

    What the account has earned and owes stays. What is in the way, a feature above has asked. Raises HasLeft.
    """
    organisation = lock(partner.organisation)
    if lock(partner).left_at:
        raise HasLeft()
    partner.left_at = now
    partner.suspended_at = partner.suspended_at or now
    partner.listed_at = None
    partner.changed_at = now
    partner.version += 1
    organisation.programme = None
    _directory_changed()
    audit.record("partner.left", partner, by=by, now=now, organisation=organisation)
    _tell_representatives("partner_left", partner, now=now)


@unit_of_work
def reject(application: Application, *, reason: str, by: User | None, now: datetime) -> None:
    """Says no, with a reason that the applicant reads; the organisation may apply again (RULES A4)."""
    organisation = lock(application.organisation)
    _decide(application, by=by)
    application.rejected_at = now
    application.reason = reason
    audit.record("application.rejected", application, by=by, now=now, organisation=organisation)
    mailer.queue("application_rejected", application.applicant, application, now=now)


def _decide(application: Application, *, by: User | None) -> None:
    lock(application)
    if application.state != "waiting":
        raise AlreadyDecided()
    application.decided_by_id = by.id if by else None


def _free_slug(name: str) -> str:
    wanted = slug(name)
    taken = queries.slugs_like(wanted)
    free, n = wanted, 1
    while free in taken:
        n += 1
        free = f"{wanted}-{n}"
    return free


@unit_of_work
def suspend(partner: PartnerAccount, reason: SuspensionReason, *, by: User, now: datetime) -> None:
    """Takes the partner out of the programme for now: it is in no list, gets no calls, acts for no client.

    Its partnerships stay. Whoever answers for it is told by mail. Raises AlreadySuspended and HasLeft.
    """
    if lock(partner).left_at:
        raise HasLeft()
    if partner.suspended_at:
        raise AlreadySuspended()
    partner.suspended_at = now
    _directory_changed()
    audit.record(
        "partner.suspended", partner, by=by, now=now, organisation=partner.organisation,
        detail=f"reason={reason.value}",
    )  # fmt: skip
    _tell_representatives("partner_suspended", partner, now=now)


@unit_of_work
def resume(partner: PartnerAccount, *, by: User, now: datetime) -> None:
    """Lifts the suspension: everything is as it was before. Raises NotSuspended and HasLeft."""
    if lock(partner).left_at:
        raise HasLeft()
    if partner.suspended_at is None:
        raise NotSuspended()
    partner.suspended_at = None
    _directory_changed()
    audit.record("partner.resumed", partner, by=by, now=now, organisation=partner.organisation)
    _tell_representatives("partner_resumed", partner, now=now)


def _tell_representatives(kind: str, partner: PartnerAccount, *, now: datetime) -> None:
    for person in accounts.colleagues_with(partner.organisation, Role.LEGAL_REPRESENTATIVE):
        if person.disabled_at is None:
            mailer.queue(kind, person, partner, now=now)


@unit_of_work
def edit_listing(
    partner: PartnerAccount,
    listing: Listing,
    *,
    logo: Checked | None = None,
    remove_logo: bool = False,
    by: User,
    now: datetime,
) -> None:
    """Replaces what the directory shows of the partner (RULES A5); a new logo replaces the old one."""
    lock(partner)
    _directory_changed()
    partner.listed_at = (partner.listed_at or now) if listing.listed else None
    partner.name = listing.name
    partner.website = listing.website
    partner.city = listing.city
    partner.country = listing.country
    partner.region = listing.region
    partner.services = listing.services
    partner.languages = listing.languages
    partner.sort_name = fold(listing.name)[:200]
    partner.search = _search_text(partner, dict(listing.texts))
    partner.changed_at = now
    partner.version += 1
    _write_texts(partner, dict(listing.texts))
    if logo or remove_logo:
        _replace_logo(partner, logo, now=now)
    audit.record("listing.changed", partner, by=by, now=now, organisation=partner.organisation)


def _write_texts(partner: PartnerAccount, texts: dict[str, str]) -> None:
    for existing in list(partner.texts):
        text = texts.pop(existing.language, "")
        if text:
            existing.text = text
        else:
            partner.texts.remove(existing)
    partner.texts += [ListingText(language=language, text=text) for language, text in texts.items() if text]


def _replace_logo(partner: PartnerAccount, logo: Checked | None, *, now: datetime) -> None:
    old = partner.logo
    partner.logo = uploads.store(logo, now=now) if logo else None
    db.session.flush()
    if old:
        db.session.delete(old)


def _search_text(partner: PartnerAccount, texts: dict[str, str]) -> str:
    """What the directory's search looks through: names of places and services in every language."""
    words = [partner.name, partner.city, *texts.values()]
    for language in LANGUAGES:
        words += [place_name(code, language) for code in (partner.country, partner.region) if code]
        with speaking(language, "CH"):
            words += [service(code) for code in sorted(partner.services)]
    return fold(" ".join(dict.fromkeys(words)))
