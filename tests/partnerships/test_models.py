"""What the database itself refuses, whatever the code does: rows are written past all actions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.factories import (
    make_assignment,
    make_grant,
    make_invitation,
    make_organisation,
    make_partner,
    make_partnership,
    make_product,
    make_tag,
)
from tests.times import NOW
from webapp.database import new_public_id
from webapp.extensions import db
from webapp.invitations.models import AskedRights, Invitation, OfferedProduct
from webapp.invitations.rules import Direction
from webapp.partnerships.models import Assignment, Partnership, PartnershipChange, ProductGrant, RightChanged
from webapp.partnerships.rules import NOTHING, Access, Payer, Rights, Side, Standing
from webapp.products.models import ProductTag
from webapp.products.rules import Family

TECHNICAL = Rights(technical=True)
ENDED = {"ended_at": NOW, "ended_by_side": Side.CLIENT}


@contextmanager
def refused(constraint: str, *or_by: str) -> Iterator[None]:
    """The database refuses by this constraint, or one of the others. SQLite names only its checks."""
    with pytest.raises(IntegrityError) as refusal:
        yield
    db.session.rollback()
    error = refusal.value.orig
    if db.engine.dialect.name == "postgresql":
        assert error.diag.constraint_name in (constraint, *or_by)
    else:
        says = {"ck": f"CHECK constraint failed: {constraint}", "fk": "FOREIGN KEY", "uq": "UNIQUE"}
        assert says[constraint[:2]] in str(error)


def insert(table, **values):
    db.session.execute(sa.insert(table.__table__).values(**values))


def row_of(client, partner, **values):
    """What a partnership's row needs."""
    return {
        "public_id": new_public_id(),
        "client_id": client.id,
        "partner_id": partner.id,
        "partner_organisation_id": partner.organisation_id,
        "access": Access.LIMITED,
        "payer": Payer.CLIENT,
        "started_at": NOW,
        "changed_at": NOW,
        "version": 1,
        **values,
    }


def begin(client, partner, **values):
    insert(Partnership, **row_of(client, partner, **values))


def grant(partnership, product, **values):
    row = {
        "partnership_id": partnership.id, "product_id": product.id, "client_id": partnership.client_id,
        "technical": True, "statistical": True, "granted_at": NOW, **values,
    }  # fmt: skip
    insert(ProductGrant, **row)


# --- partnerships -------------------------------------------------------------------------------------------


def test_a_client_has_one_full_partner(cast):
    """RULES C2; SECURITY A1."""
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    with refused("uq_partnerships_full"):
        begin(cast.lumen, cast.bergwerk_partner, access=Access.FULL)


def test_a_limited_partner_does_not_become_the_second_full_one(cast):
    """RULES C2; SECURITY A1."""
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    other = make_partnership(cast.lumen, cast.bergwerk_partner)
    with refused("uq_partnerships_full"):
        db.session.execute(
            sa.update(Partnership).where(Partnership.id == other.id).values(access=Access.FULL)
        )


def test_an_ended_full_partnership_makes_room(cast):
    """RULES C2, C11."""
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, ended_at=NOW)
    make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL, ended_at=NOW)
    begin(cast.lumen, cast.bergwerk_partner, access=Access.FULL)
    begin(cast.stefans, cast.bergwerk_partner, access=Access.FULL)  # another client's is no matter


@pytest.mark.parametrize("access", list(Access))
def test_two_organisations_are_partners_once_at_a_time(cast, access):
    """RULES C1."""
    make_partnership(cast.lumen, cast.lumiere_partner, ended_at=NOW)
    make_partnership(cast.lumen, cast.lumiere_partner)
    with refused("uq_partnerships_pair"):
        begin(cast.lumen, cast.lumiere_partner, access=access)


@pytest.mark.parametrize("access", list(Access))
def test_nobody_is_its_own_partner(cast, access):
    """SECURITY A11."""
    with refused("ck_partnerships_two_organisations"):
        begin(cast.lumiere, cast.lumiere_partner, access=access)


def test_a_partner_s_organisation_can_t_be_made_up(cast):
    """SECURITY A11: the check above can't be fooled by another organisation's id."""
    with refused("fk_partnerships_partner"):
        begin(cast.lumiere, cast.lumiere_partner, partner_organisation_id=cast.stefans.id)


def test_a_partner_has_a_partner_account(cast):
    """RULES A4: who was never approved can't be anybody's partner."""
    made_up = row_of(
        cast.lumen, cast.lumiere_partner, partner_id=9999, partner_organisation_id=cast.stefans.id
    )
    with refused("fk_partnerships_partner", "fk_partnerships_partner_id"):
        insert(Partnership, **made_up)


def test_a_partner_account_with_partnerships_stays(cast):
    """RULES C11: history stays."""
    make_partnership(cast.lumen, cast.lumiere_partner, ended_at=NOW)
    with pytest.raises(IntegrityError):
        db.session.execute(sa.text("DELETE FROM partner_accounts"))
    db.session.rollback()


def test_limited_access_is_paid_for_by_the_client(cast):
    """RULES C5."""
    with refused("ck_partnerships_limited_is_paid_by_client"):
        begin(cast.lumen, cast.lumiere_partner, payer=Payer.PARTNER)
    begin(cast.lumen, cast.lumiere_partner, access=Access.FULL, payer=Payer.PARTNER)


@pytest.mark.parametrize("half", [{"ended_at": NOW}, {"ended_by_side": Side.PARTNER}])
def test_an_end_has_a_time_and_a_side(cast, half):
    """RULES C11."""
    with refused("ck_partnerships_ended_whole"):
        begin(cast.lumen, cast.lumiere_partner, **half)
    begin(cast.lumen, cast.lumiere_partner, **ENDED)


@pytest.mark.parametrize("column", ["access", "payer"])
def test_access_and_payer_have_no_other_values(cast, column):
    """RULES C1, C2, C5."""
    values = {
        **row_of(cast.lumen, cast.lumiere_partner), "access": "full", "payer": "client",
        "started_at": "2026-11-21 10:00:00+00:00", "changed_at": "2026-11-21 10:00:00+00:00", column: "half",
    }  # fmt: skip
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    with refused(f"ck_partnerships_{column}"):
        db.session.execute(sa.text(f"INSERT INTO partnerships ({names}) VALUES ({marks})"), values)


def test_standing_follows_the_end_and_the_partner(cast, now):
    """RULES C11."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner)
    assert partnership.standing is Standing.ACTIVE
    cast.lumiere_partner.suspended_at = now
    assert partnership.standing is Standing.SUSPENDED
    partnership.ended_at = now
    assert partnership.standing is Standing.ENDED


# --- grants -------------------------------------------------------------------------------------------------


def test_a_product_has_one_managing_partner(cast, lumens_products):
    """RULES C1; SECURITY A2."""
    make_partnership(cast.lumen, cast.lumiere_partner, products=[lumens_products.site])
    other = make_partnership(cast.lumen, cast.bergwerk_partner)
    with refused("uq_product_grants_product"):
        grant(other, lumens_products.site)
    grant(other, lumens_products.shop)


def test_one_partner_has_one_grant_of_a_product(cast, lumens_products):
    """RULES C4: rights stand in one row."""
    partnership = make_partnership(
        cast.lumen, cast.lumiere_partner, products={lumens_products.site: TECHNICAL}
    )
    with refused("uq_product_grants_product"):
        grant(partnership, lumens_products.site, technical=False)


def test_a_grant_that_has_ended_makes_room(cast, lumens_products):
    """RULES C9."""
    make_partnership(cast.lumen, cast.lumiere_partner, products=[lumens_products.site], ended_at=NOW)
    first = make_partnership(cast.lumen, cast.lumiere_partner)
    make_grant(first, lumens_products.site, ended_at=NOW)
    grant(make_partnership(cast.lumen, cast.bergwerk_partner), lumens_products.site)


def test_another_organisation_s_product_is_not_granted(cast):
    """SECURITY A2: whichever client the row claims."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner)
    strangers = make_product(cast.stefans)
    with refused("fk_product_grants_product"):
        grant(partnership, strangers)
    with refused("fk_product_grants_partnership"):
        grant(partnership, strangers, client_id=cast.stefans.id)


def test_a_granted_product_does_not_change_hands(cast, lumens_products):
    """SECURITY A2: also not afterwards."""
    make_partnership(cast.lumen, cast.lumiere_partner, products=[lumens_products.site])
    with refused("fk_product_grants_product"):
        lumens_products.site.organisation_id = cast.stefans.id
        db.session.flush()


def test_a_grant_without_any_right_is_none(cast, lumens_products):
    """RULES C4."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner)
    with refused("ck_product_grants_some_right"):
        grant(partnership, lumens_products.site, technical=False, statistical=False)
    with refused("ck_product_grants_some_right"):
        make_grant(partnership, lumens_products.site, NOTHING)


# --- history and people -------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["client", "partner", "operator"])
def test_history_says_on_whose_side(cast, side):
    """RULES C11."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner)
    insert(PartnershipChange, partnership_id=partnership.id, at=NOW, side=Side(side), what="ended", detail="")


def test_a_right_that_changed_is_one_of_the_two(cast, lumens_products):
    """RULES C4."""
    make_partnership(cast.lumen, cast.lumiere_partner)
    change = db.session.scalars(sa.select(PartnershipChange)).one()
    for right in ("technical", "statistical"):
        insert(
            RightChanged, change_id=change.id, product_id=lumens_products.site.id, right=right, label="x",
            given=True,
        )  # fmt: skip
    with refused("ck_right_changes_right"):
        db.session.execute(
            sa.text(
                'INSERT INTO right_changes (change_id, product_id, "right", label, given)'
                " VALUES (:c, :p, :r, 'x', true)"
            ),
            {"c": change.id, "p": lumens_products.site.id, "r": "financial"},
        )


def test_somebody_is_assigned_once_and_goes_with_the_membership(cast):
    """RULES C13."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner)
    [paulas] = cast.paula.memberships
    make_assignment(partnership, paulas)
    with refused("uq_assignments_partnership_id_membership_id"):
        insert(Assignment, partnership_id=partnership.id, membership_id=paulas.id, created_at=NOW)
    db.session.execute(sa.text("DELETE FROM memberships WHERE id = :id"), {"id": paulas.id})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Assignment)) == 0


# --- invitations --------------------------------------------------------------------------------------------


def test_one_open_invitation_between_a_client_and_a_partner(cast):
    """RULES C8."""
    offered = (Direction.TO_PARTNER, cast.lumiere_partner, cast.nadia)
    for over in ({"refused_at": NOW}, {"deleted_at": NOW}):
        make_invitation(*offered, client=cast.lumen, **over)
    make_invitation(
        *offered, client=cast.lumen, sent_at=NOW - timedelta(days=40)
    )  # lapsed, open nevertheless
    make_invitation(Direction.TO_PARTNER, cast.bergwerk_partner, cast.nadia, client=cast.lumen)
    make_invitation(*offered, client=cast.stefans)
    with refused("uq_invitations_to_partner"):
        make_invitation(*offered, client=cast.lumen)


def test_one_open_request_of_a_partner_to_an_address(cast):
    """RULES C7, C8."""
    asked = (Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre)
    make_invitation(*asked, email="nadia@lumen.example", refused_at=NOW)
    make_invitation(*asked, email="nadia@lumen.example")
    make_invitation(*asked, email="hugo@lumen.example")
    make_invitation(Direction.TO_CLIENT, cast.bergwerk_partner, cast.berta, email="nadia@lumen.example")
    with refused("uq_invitations_to_client"):
        make_invitation(*asked, email="nadia@lumen.example")


@pytest.mark.parametrize("two", [("accepted", "refused"), ("accepted", "deleted"), ("refused", "deleted")])
def test_an_invitation_ends_once(cast, two):
    """SECURITY A4."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner)
    values = {f"{one}_at": NOW for one in two}
    if "accepted" in two:
        values["partnership"] = partnership
    with refused("ck_invitations_ends_once"):
        make_invitation(Direction.TO_PARTNER, cast.lumiere_partner, cast.nadia, client=cast.lumen, **values)


def test_an_accepted_invitation_has_its_partnership(cast):
    """SECURITY A4."""
    sent = (Direction.TO_PARTNER, cast.lumiere_partner, cast.nadia)
    with refused("ck_invitations_accepted_whole"):
        make_invitation(*sent, client=cast.lumen, accepted_at=NOW)
    partnership = make_partnership(cast.lumen, cast.lumiere_partner)
    with refused("ck_invitations_accepted_whole"):
        make_invitation(*sent, client=cast.lumen, partnership=partnership)
    make_invitation(*sent, client=cast.lumen, partnership=partnership, accepted_at=NOW)


def test_an_invitation_knows_whom_it_goes_to(cast):
    """RULES C6, C7: a partner from a client, or an address from a partner."""
    with refused("ck_invitations_client_known"):
        make_invitation(Direction.TO_PARTNER, cast.lumiere_partner, cast.nadia)
    with refused("ck_invitations_addressee"):
        make_invitation(
            Direction.TO_PARTNER, cast.lumiere_partner, cast.nadia, client=cast.lumen, email="x@y.example"
        )
    with refused("ck_invitations_addressee"):
        make_invitation(Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre, email=None)


def test_an_invitation_s_terms_are_possible_ones(cast):
    """RULES C5."""
    with refused("ck_invitations_limited_is_paid_by_client"):
        make_invitation(
            Direction.TO_PARTNER, cast.lumiere_partner, cast.nadia, client=cast.lumen, payer=Payer.PARTNER
        )


def test_an_offer_or_a_request_without_any_right_is_none(cast, lumens_products):
    """RULES C4."""
    to_partner = make_invitation(Direction.TO_PARTNER, cast.lumiere_partner, cast.nadia, client=cast.lumen)
    to_client = make_invitation(Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre)
    without = {"technical": False, "statistical": False}
    with refused("ck_offered_products_some_right"):
        insert(OfferedProduct, invitation_id=to_partner.id, product_id=lumens_products.site.id, **without)
    with refused("ck_asked_rights_some_right"):
        insert(AskedRights, invitation_id=to_client.id, family=Family.WEB, **without)


def test_what_was_offered_goes_with_the_invitation(cast, lumens_products):
    """RULES C6."""
    make_invitation(
        Direction.TO_PARTNER, cast.lumiere_partner, cast.nadia, client=cast.lumen,
        products=[lumens_products.site],
    )  # fmt: skip
    db.session.execute(sa.delete(Invitation.__table__))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(OfferedProduct)) == 0


# --- tags ---------------------------------------------------------------------------------------------------


def test_a_tag_and_its_product_are_of_one_organisation(cast, lumens_products):
    """RULES O9; SECURITY A12."""
    other = make_organisation(owner=cast.stefan)
    make_partner(other)
    theirs = make_tag(other, "prod")
    for organisation, constraint in ((cast.lumen, "fk_product_tags_tag"), (other, "fk_product_tags_product")):
        with refused(constraint):
            insert(
                ProductTag,
                product_id=lumens_products.site.id,
                tag_id=theirs.id,
                organisation_id=organisation.id,
            )
