"""Every change to partnerships. The client is locked first, then the partner: two at once are judged one by one.

What must hold even against two of these at the same instant stands in the database too (models).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from webapp import audit, mailer
from webapp.accounts import queries as accounts
from webapp.accounts.checks import refuse_all_but_representatives, role_in
from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.rules import OnlyRepresentatives, WrongPassword
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.organisations import actions as organisations
from webapp.partnerships import checks, queries, rules
from webapp.partnerships import mail as _mail  # noqa: F401 # registers the mails
from webapp.partnerships.models import (
    Assignment,
    Partnership,
    PartnershipChange,
    ProductGrant,
    RightChanged,
)
from webapp.partnerships.rules import NOTHING, Access, Payer, Picked, Side, Terms
from webapp.products.models import Product
from webapp.unit import lock, rows_changed, unit_of_work

# --- who may ------------------------------------------------------------------------------------------------


def _changing(partnership: Partnership, *, by: User, version: int | None = None) -> None:
    """Locks the client and its partnership for a change by the client; nothing is overwritten unseen."""
    lock(partnership.client)
    lock(partnership)
    refuse_all_but_representatives(partnership.client, by)
    if partnership.ended_at:
        raise rules.Ended()
    if version is not None and version != partnership.version:
        raise rules.ChangedMeanwhile()


# --- its life -----------------------------------------------------------------------------------------------


@unit_of_work
def begin(
    client: Organisation, partner: PartnerAccount, terms: Terms, picked: Picked, *, side: Side, by: User,
    now: datetime,
) -> Partnership:  # fmt: skip
    """The partnership begins with these terms and, when limited, these products (RULES C1–C5).

    `side` is who said yes last. Raises OwnPartner, Suspended, AlreadyPartners, FullGiven, HeldByOthers,
    ProductTaken, NotYours.
    """
    lock(client)
    checks.refuse_new(client, partner, terms, picked)
    partnership = Partnership(
        client=client, partner=partner, partner_organisation_id=partner.organisation_id,
        access=terms.access, payer=terms.payer, started_at=now, changed_at=now, changed_by=by,
    )  # fmt: skip
    db.session.add(partnership)
    db.session.flush()
    change = _record(partnership, "started", side=side, by=by, now=now, detail=terms.access.value)
    if terms.access is Access.LIMITED:
        _set_grants(partnership, picked, change, now=now)
    _follow(partnership, now=now, by=by)
    return partnership


def _follow(partnership: Partnership, *, now: datetime, by: User) -> None:
    """People of the partner who had a place in the client's team reach it through the partnership from now on,
    and lose it with it (RULES C8)."""
    for place in queries.shared_people(partnership.client, partnership.partner):
        own = accounts.membership_in(partnership.partner.organisation, place.user)
        if own and not rules.manages_all_clients(lock(own).role):
            db.session.add(Assignment(partnership=partnership, membership=own, created_at=now))
        _record(partnership, "followed", side=Side.PARTNER, by=by, now=now, person=place.user)
        audit.record(
            "member.removed", place, by=by, now=now, organisation=partnership.client, detail="partnership"
        )
        organisations.take_out(place, now=now)


@unit_of_work
def change_access(
    partnership: Partnership, terms: Terms, picked: Picked, *, version: int, by: User, now: datetime
) -> None:
    """Limited or full, and with limited access the products with their rights (RULES C9).

    `version` is what the person saw. Raises ChangedMeanwhile, Ended, OnlyRepresentatives, and what `begin`
    raises about the other partners.
    """
    _changing(partnership, by=by, version=version)
    checks.refuse_suspended(partnership.partner)
    checks.refuse_terms(partnership.client, terms, picked, but=partnership)
    if terms.access is Access.LIMITED and partnership.access is Access.FULL and not picked:
        raise rules.NothingChosen()
    kind_changes = terms.access is not partnership.access
    before = queries.granted(partnership) if partnership.access is Access.LIMITED else {}
    if not kind_changes and (terms.access is Access.FULL or not rules.differences(before, picked)):
        return
    what = "access" if kind_changes else "rights"
    change = _record(
        partnership, what, side=Side.CLIENT, by=by, now=now, detail=terms.access.value if kind_changes else ""
    )
    partnership.access, partnership.payer = terms.access, terms.payer
    if terms.access is Access.FULL:
        _end_grants(partnership, now=now)  # nothing is taken away: everything is given
    else:
        _set_grants(partnership, picked, change, now=now)
    _tell_of_change(change)


@unit_of_work
def remove_product(partnership: Partnership, product: Product, *, by: User, now: datetime) -> None:
    """Takes one product out of a limited partner's hands; without any the partnership stays (RULES C9)."""
    _changing(partnership, by=by)
    if partnership.access is Access.FULL:
        raise rules.ChangedMeanwhile()
    left = queries.granted(partnership)
    if left.pop(product.id, NOTHING) == NOTHING:
        return
    change = _record(partnership, "rights", side=Side.CLIENT, by=by, now=now)
    _set_grants(partnership, left, change, now=now)
    _tell_of_change(change)


@unit_of_work
def change_payer(partnership: Partnership, payer: Payer, *, version: int, by: User, now: datetime) -> None:
    """Whose payment method is used from now on (RULES C5, C10). Raises ChangedMeanwhile, Ended."""
    _changing(partnership, by=by, version=version)
    if partnership.access is not Access.FULL:
        raise rules.ChangedMeanwhile()
    if partnership.payer is payer:
        return
    checks.refuse_suspended(partnership.partner)
    partnership.payer = payer
    change = _record(partnership, "payer", side=Side.CLIENT, by=by, now=now, detail=payer.value)
    for representative in queries.representatives(partnership.partner.organisation):
        mailer.queue("payer_changed", representative, change, now=now)
    for representative in _colleagues(partnership.client, by):
        mailer.queue("payer_changed_copy", representative, change, now=now)


@unit_of_work
def end(partnership: Partnership, *, side: Side, seen_hash: str, by: User, now: datetime) -> None:
    """Ends it at once, with everything that it allowed (RULES C11); `seen_hash` is the password that was checked.

    Raises Ended, OnlyRepresentatives, WrongPassword for a password that was changed meanwhile.
    """
    lock(partnership.client)
    lock(partnership)
    own = partnership.client if side is Side.CLIENT else partnership.partner.organisation
    refuse_all_but_representatives(own, by)
    if partnership.ended_at:
        raise rules.Ended()
    if lock(by).password_hash != seen_hash:
        raise WrongPassword()
    _end_grants(partnership, now=now)
    change = _record(partnership, "ended", side=side, by=by, now=now)
    partnership.ended_at, partnership.ended_by_side = now, side
    for representative in queries.representatives(partnership.client):
        mailer.queue("ended_client", representative, change, now=now)
    for representative in queries.representatives(partnership.partner.organisation):
        mailer.queue("ended_partner", representative, change, now=now)


@unit_of_work
def assign(partnership: Partnership, colleagues: Iterable[Membership], *, by: User, now: datetime) -> None:
    """Who of the partner's collaborators looks after the client from now on (RULES C13).

    Raises Ended, and OnlyRepresentatives for somebody who is neither representative nor administrator.
    """
    lock(partnership.partner.organisation)  # its team stays as it is meanwhile
    lock(partnership)
    role = role_in(partnership.partner.organisation, by)
    if role is None or not rules.manages_all_clients(role):
        raise OnlyRepresentatives()
    if partnership.ended_at:
        raise rules.Ended()
    wanted = {each.id: each for each in queries.still_colleagues(partnership, colleagues)}
    people = len(wanted)
    for assignment in queries.assigned(partnership):
        if wanted.pop(assignment.membership_id, None) is None:
            db.session.delete(assignment)
    db.session.add_all(
        Assignment(partnership=partnership, membership=each, created_at=now) for each in wanted.values()
    )
    audit.record(
        "client.assigned", partnership, by=by, now=now, organisation=partnership.partner.organisation,
        detail=f"people={people}",
    )  # fmt: skip


# --- what all of them write ---------------------------------------------------------------------------------


def _set_grants(
    partnership: Partnership, picked: Picked, change: PartnershipChange, *, now: datetime
) -> None:
    """Makes the grants what was picked. A grant whose rights change ends, and a new one begins.

    The grant of a product that has ended stays: nobody took anything away.
    """
    changes = rules.differences(queries.granted(partnership), picked)
    touched = list(dict.fromkeys(each.product_id for each in changes))
    # the old ones end before the new ones begin: one manager per product
    _end_grants(partnership, ProductGrant.product_id.in_(touched), now=now)
    db.session.add_all(
        ProductGrant(
            partnership_id=partnership.id,
            product_id=product_id,
            client_id=partnership.client_id,
            technical=picked[product_id].technical,
            statistical=picked[product_id].statistical,
            granted_at=now,
        )
        for product_id in touched
        if picked.get(product_id)
    )
    labels = queries.called(touched)
    change.rights = [
        RightChanged(
            product_id=each.product_id, right=each.right, label=labels[each.product_id], given=each.given
        )
        for each in changes
    ]


def _end_grants(partnership: Partnership, *which: sa.ColumnElement[bool], now: datetime) -> None:
    rows_changed(
        sa.update(ProductGrant)
        .where(ProductGrant.partnership_id == partnership.id, ProductGrant.ended_at.is_(None), *which)
        .values(ended_at=now)
    )


def _record(
    partnership: Partnership, what: str, *, side: Side, by: User, now: datetime, detail: str = "",
    person: User | None = None,
) -> PartnershipChange:  # fmt: skip
    """A line of the history and of the audit, and a new version of the partnership; `person` the line is about."""
    change = PartnershipChange(
        partnership=partnership, at=now, side=side, person=person or by, what=what, detail=detail
    )
    db.session.add(change)
    partnership.version = (partnership.version or 0) + 1
    partnership.changed_at, partnership.changed_by = now, by
    own = partnership.partner.organisation if side is Side.PARTNER else partnership.client
    audit.record(f"partnership.{what}", partnership, by=by, now=now, organisation=own, detail=detail)
    return change


def _tell_of_change(change: PartnershipChange) -> None:
    """Mails the partner, and the other representatives of the client."""
    partnership, by = change.partnership, change.person
    for representative in queries.representatives(partnership.partner.organisation):
        mailer.queue("access_changed", representative, change, now=change.at)
    for representative in _colleagues(partnership.client, by):
        mailer.queue("access_changed_copy", representative, change, now=change.at)


def _colleagues(organisation: Organisation, by: User | None) -> list[User]:
    return [each for each in queries.representatives(organisation) if by is None or each.id != by.id]
