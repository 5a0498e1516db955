"""What people change in partnerships, what it does, and what the rules refuse."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import (
    join,
    make_assignment,
    make_invitation,
    make_organisation,
    make_partner,
    make_partnership,
    make_product,
    make_user,
)
from tests.partnerships.story import (
    FULL,
    LIMITED,
    STATISTICAL,
    TECHNICAL,
    WALLET,
    audited,
    begun,
    changes,
    grants,
    ids,
    membership,
    reaches,
    told,
)
from tests.tenders.story import audit_of, count, mails
from webapp.accounts.rules import OnlyRepresentatives, Role, WrongPassword
from webapp.audit import AuditEvent
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.invitations import actions as invitations
from webapp.invitations.rules import Direction, State
from webapp.mailer import QueuedMail
from webapp.organisations import actions as organisations
from webapp.organisations import queries as teams
from webapp.partnerships import actions, labels, queries, rules
from webapp.partnerships.models import Partnership, PartnershipChange, ProductGrant
from webapp.partnerships.rules import EVERYTHING, Access, Payer, Side, Standing
from webapp.products import actions as products
from webapp.products.models import Product
from webapp.products.rules import NotYours
from webapp.refused import Gone
from webapp.unit import unit_of_work

DAY = timedelta(days=1)


@pytest.fixture
def shelf(lumens_products):
    return lumens_products


@pytest.fixture
def limited(cast, shelf):
    """Lumière manages the site with both rights and the shop's technique."""
    return make_partnership(
        cast.lumen, cast.lumiere_partner, products={shelf.site: EVERYTHING, shelf.shop: TECHNICAL}
    )


@pytest.fixture
def full(cast, shelf):
    """Lumière has everything."""
    return make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)


@pytest.fixture
def rolf(cast):
    """Another legal representative of Lumen Optik, who reads French."""
    rolf = make_user("Rolf Rossi", email="rolf@lumen.example", language="fr")
    join(rolf, cast.lumen, Role.LEGAL_REPRESENTATIVE)
    return rolf


@unit_of_work
def suspend(partner, now):
    db.session.execute(
        sa.update(PartnerAccount).where(PartnerAccount.id == partner.id).values(suspended_at=now)
    )


def to(kind):
    """Whom mails of this kind go to, with the language."""
    return [(mail.address, mail.language) for mail in mails(kind)]


def nothing_new(partnership, version):
    """Neither a line, nor a mail, nor another version."""
    db.session.refresh(partnership)
    assert partnership.version == version
    assert [each.what for each in changes(partnership)] == ["started"]
    assert count(QueuedMail) == count(AuditEvent) == 0


# --- it begins ----------------------------------------------------------------------------------------------


def test_a_limited_partnership_begins_with_its_products(cast, shelf, now):
    """RULES C1, C4, C6."""
    picked = {shelf.site: EVERYTHING, shelf.server: STATISTICAL}
    partnership = begun(cast.lumen, cast.lumiere_partner, LIMITED, picked, by=cast.pierre)
    assert partnership.terms == LIMITED and partnership.standing is Standing.ACTIVE
    assert (partnership.started_at, partnership.changed_at, partnership.changed_by) == (now, now, cast.pierre)
    assert queries.granted(partnership) == ids(picked)
    event = audited("partnership.started")
    assert (event.person_id, event.organisation_id, event.detail) == (
        cast.pierre.id, cast.lumiere.id, "limited",
    )  # fmt: skip
    [change] = changes(partnership)
    assert (change.what, change.side, change.person, len(change.rights)) == (
        "started", Side.PARTNER, cast.pierre, 3,
    )  # fmt: skip


def test_a_client_who_grants_begins_it_on_its_own_side(cast, shelf):
    """RULES C7."""
    partnership = begun(
        cast.lumen, cast.lumiere_partner, LIMITED, {shelf.site: TECHNICAL}, by=cast.nadia, side=Side.CLIENT
    )
    assert audited("partnership.started").organisation_id == cast.lumen.id
    assert told(partnership, Side.CLIENT, cast.nadia) == ["You began the partnership"]
    assert told(partnership, Side.PARTNER, cast.pierre) == ["Lumen Optik AG began the partnership"]


@pytest.mark.parametrize("terms", [FULL, WALLET])
def test_full_access_needs_no_grants(cast, shelf, terms):
    """RULES C2, C5: present and future products, whatever was picked before."""
    partnership = begun(cast.lumen, cast.lumiere_partner, terms, {shelf.site: TECHNICAL}, by=cast.pierre)
    assert partnership.terms == terms and count(ProductGrant) == 0
    later = make_product(cast.lumen, "later.ch")
    assert queries.rights_of(partnership, shelf.site) == queries.rights_of(partnership, later) == EVERYTHING


def test_limited_partners_share_the_products(cast, shelf):
    """RULES C1: several, if they manage different ones."""
    one = begun(cast.lumen, cast.lumiere_partner, LIMITED, {shelf.site: TECHNICAL}, by=cast.pierre)
    other = begun(cast.lumen, cast.bergwerk_partner, LIMITED, {shelf.shop: TECHNICAL}, by=cast.berta)
    assert queries.granted(one) == {shelf.site.id: TECHNICAL}
    assert queries.granted(other) == {shelf.shop.id: TECHNICAL}


def test_a_partnership_without_products_harms_nobody(cast, shelf):
    """RULES C3, C9: only "anything" is refused beside a full partner."""
    make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    assert queries.granted(begun(cast.lumen, cast.bergwerk_partner, by=cast.berta)) == {}


def test_a_full_partner_may_stand_beside_one_without_products(cast, shelf):
    """RULES C3."""
    make_partnership(cast.lumen, cast.lumiere_partner)
    assert begun(cast.lumen, cast.bergwerk_partner, FULL, by=cast.berta).access is Access.FULL


def _own(cast, shelf):
    return cast.lumiere, LIMITED, {}


def _suspended(cast, shelf):
    suspend(cast.lumiere_partner, cast.lumen.created_at)
    return cast.lumen, LIMITED, {shelf.site: TECHNICAL}


def _partners_already(cast, shelf):
    make_partnership(cast.lumen, cast.lumiere_partner)
    return cast.lumen, LIMITED, {shelf.site: TECHNICAL}


def _full_after_full(cast, shelf):
    make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL)
    return cast.lumen, FULL, {}


def _limited_after_full(cast, shelf):
    make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL)
    return cast.lumen, LIMITED, {shelf.site: TECHNICAL}


def _full_after_limited(cast, shelf):
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[shelf.site])
    return cast.lumen, FULL, {}


def _same_product(cast, shelf):
    make_partnership(cast.lumen, cast.bergwerk_partner, products={shelf.site: STATISTICAL})
    return cast.lumen, LIMITED, {shelf.site: TECHNICAL, shelf.shop: TECHNICAL}


def _strangers_product(cast, shelf):
    return cast.lumen, LIMITED, {shelf.site: TECHNICAL, make_product(cast.stefans): TECHNICAL}


def _ended_product(cast, shelf):
    products.end_product(shelf.site, by=cast.olga, now=cast.lumen.created_at)
    return cast.lumen, LIMITED, {shelf.site: TECHNICAL}


@pytest.mark.parametrize(
    ("story", "refusal"),
    [
        (_own, rules.OwnPartner),
        (_suspended, rules.Suspended),
        (_partners_already, rules.AlreadyPartners),
        (_full_after_full, rules.FullGiven),
        (_limited_after_full, rules.FullGiven),
        (_full_after_limited, rules.HeldByOthers),
        (_same_product, rules.ProductTaken),
        (_strangers_product, NotYours),
        (_ended_product, NotYours),
    ],
)
def test_what_is_in_the_way_is_told_and_nothing_is_written(cast, shelf, story, refusal):
    """RULES C1, C2, C3; SECURITY A1, A2, A11."""
    client, terms, picked = story(cast, shelf)
    tables = (Partnership, ProductGrant, PartnershipChange, AuditEvent, QueuedMail)
    before = [count(table) for table in tables]
    with pytest.raises(refusal):
        begun(client, cast.lumiere_partner, terms, picked, by=cast.pierre)
    assert [count(table) for table in tables] == before


def test_the_refusal_of_full_access_names_each_partner_and_product(cast, shelf):
    """RULES C3."""
    third = make_partner(make_organisation("Alpenwerk AG"))
    bergwerks = make_partnership(cast.lumen, cast.bergwerk_partner, products=[shelf.shop, shelf.server])
    thirds = make_partnership(cast.lumen, third, products=[shelf.domain])
    with pytest.raises(rules.HeldByOthers) as refusal:
        begun(cast.lumen, cast.lumiere_partner, FULL, by=cast.pierre)
    assert [(each.partner, each.partnership, each.product) for each in refusal.value.holders] == [
        ("Alpenwerk AG", thirds.public_id, "lumen-optik.swiss"),
        ("Bergwerk IT GmbH", bergwerks.public_id, "shop.lumen-optik.ch"),
        ("Bergwerk IT GmbH", bergwerks.public_id, "vps-zrh-01"),
    ]


def test_products_that_have_ended_are_in_nobody_s_way(cast, shelf, now):
    """RULES C3."""
    make_partnership(cast.lumen, cast.bergwerk_partner, products=[shelf.site])
    products.end_product(shelf.site, by=cast.olga, now=now)
    assert begun(cast.lumen, cast.lumiere_partner, FULL, by=cast.pierre).access is Access.FULL


def test_after_the_end_it_can_begin_anew(cast, shelf, limited, now):
    """RULES C11: as another partnership; the old one stays on record."""
    actions.end(limited, side=Side.CLIENT, seen_hash=cast.nadia.password_hash, by=cast.nadia, now=now)
    again = begun(cast.lumen, cast.lumiere_partner, LIMITED, {shelf.site: TECHNICAL}, by=cast.pierre)
    assert again.id != limited.id and count(Partnership) == 2


def test_what_the_client_grants_closes_its_own_invitation(cast, shelf, now):
    """RULES C6, C7; SECURITY A4: the two have found each other the other way round."""
    own = make_invitation(
        Direction.TO_PARTNER, cast.lumiere_partner, cast.nadia, client=cast.lumen, products=[shelf.site]
    )
    others = make_invitation(Direction.TO_PARTNER, cast.bergwerk_partner, cast.nadia, client=cast.lumen)
    asked = make_invitation(Direction.TO_CLIENT, cast.lumiere_partner, cast.pierre, email=cast.nadia.email)
    invitations.grant(asked, cast.lumen, LIMITED, ids({shelf.shop: TECHNICAL}), by=cast.nadia, now=now)
    for each in (own, others):
        db.session.refresh(each)
    assert own.state(now) is State.DELETED and others.state(now) is State.WAITING


# --- people who were colleagues (C8) ------------------------------------------------------------------------


def test_the_partner_s_people_follow_the_partnership(cast, shelf, now):
    """RULES C8: who had a place in the client's team reaches it through the partnership, and no other way."""
    join(cast.paula, cast.lumen, Role.ADMINISTRATOR)
    partnership = begun(cast.lumen, cast.lumiere_partner, LIMITED, {shelf.site: TECHNICAL}, by=cast.pierre)
    assert membership(cast.lumen, cast.paula) is None
    assert reaches(cast.paula, partnership)
    assert [each.membership.user for each in queries.assigned(partnership)] == [cast.paula]
    assert membership(cast.lumen, cast.hugo) and membership(
        cast.lumen, cast.adam
    )  # the client's own people stay
    removed = audited("member.removed")
    assert (removed.person_id, removed.organisation_id, removed.detail) == (
        cast.pierre.id, cast.lumen.id, "partnership",
    )  # fmt: skip
    assert audited("partnership.followed").person_id == cast.pierre.id
    assert partnership.changed_by == cast.pierre  # it is the acceptance that changed something
    assert "Paula Piguet works through the partnership from now on, no longer as a colleague" in told(
        partnership, Side.CLIENT, cast.nadia
    )
    assert "You work through the partnership from now on, no longer as a colleague" in told(
        partnership, Side.PARTNER, cast.paula
    )


def test_what_began_with_the_partnership_ends_with_it(cast, shelf, now):
    """RULES C8, C11."""
    join(cast.paula, cast.lumen, Role.ADMINISTRATOR)
    partnership = begun(cast.lumen, cast.lumiere_partner, LIMITED, {shelf.site: TECHNICAL}, by=cast.pierre)
    actions.end(partnership, side=Side.CLIENT, seen_hash=cast.nadia.password_hash, by=cast.nadia, now=now)
    assert not reaches(cast.paula, partnership) and membership(cast.lumen, cast.paula) is None


def test_who_follows_leaves_no_door_open(cast, now):
    """RULES C8: what somebody invited to the client's team as its colleague is withdrawn with the place."""
    join(cast.paula, cast.lumen, Role.ADMINISTRATOR)
    by_paula, by_adam = (
        organisations.invite(
            cast.lumen,
            email=f"{by.id}@second.example",
            role=Role.ADMINISTRATOR,
            language="de",
            by=by,
            now=now,
        )
        for by in (cast.paula, cast.adam)
    )
    begun(cast.lumen, cast.lumiere_partner, FULL, by=cast.pierre)
    assert teams.open_invitations(cast.lumen) == [by_adam]
    db.session.refresh(by_paula)
    assert by_paula.withdrawn_at == now


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.LEGAL_REPRESENTATIVE])
def test_who_reaches_all_clients_needs_no_assignment(cast, role):
    """RULES C8, C13."""
    anna = make_user("Anna Arnet")
    join(anna, cast.lumiere, role)
    join(anna, cast.lumen, Role.COLLABORATOR)
    partnership = begun(cast.lumen, cast.lumiere_partner, by=cast.pierre)
    assert membership(cast.lumen, anna) is None
    assert queries.assigned(partnership) == [] and reaches(anna, partnership)


def test_a_legal_representative_of_the_client_stays_one(cast):
    """RULES C8, O2: an organisation keeps who answers for it."""
    join(cast.nadia, cast.lumiere, Role.COLLABORATOR)
    partnership = begun(cast.lumen, cast.lumiere_partner, by=cast.pierre)
    assert membership(cast.lumen, cast.nadia).role is Role.LEGAL_REPRESENTATIVE
    assert not reaches(cast.nadia, partnership)
    assert [each.what for each in changes(partnership)] == ["started"]


# --- access changes -----------------------------------------------------------------------------------------


def test_rights_are_given_and_taken_away(cast, shelf, limited, rolf, now):
    """RULES C4, C9."""
    picked = {shelf.site: TECHNICAL, shelf.shop: TECHNICAL, shelf.server: EVERYTHING}
    actions.change_access(limited, LIMITED, ids(picked), version=limited.version, by=cast.nadia, now=now)
    assert queries.granted(limited) == ids(picked)
    assert grants(limited) == [
        ("lumen-optik.ch", EVERYTHING, True),
        ("shop.lumen-optik.ch", TECHNICAL, False),  # untouched: the same row as before
        ("lumen-optik.ch", TECHNICAL, False),
        ("vps-zrh-01", EVERYTHING, False),
    ]
    assert told(limited, Side.CLIENT, cast.nadia)[1:] == [
        "You took away Statistics on lumen-optik.ch",
        "You gave Technical on vps-zrh-01",
        "You gave Statistics on vps-zrh-01",
    ]
    assert told(limited, Side.CLIENT, cast.hugo)[1] == "Nadia Noser took away Statistics on lumen-optik.ch"
    assert told(limited, Side.PARTNER, cast.pierre)[2] == "Lumen Optik AG gave Technical on vps-zrh-01"
    assert (limited.version, limited.changed_at, limited.changed_by) == (2, now, cast.nadia)
    assert audit_of(limited) == ["partnership.rights"]


def test_who_is_told_of_a_change_in_which_language(cast, shelf, limited, rolf, now):
    """RULES C9, L2: the partner's legal representatives, and the client's other ones; not who did it."""
    actions.change_access(limited, LIMITED, ids({shelf.site: TECHNICAL}), version=1, by=cast.nadia, now=now)
    assert to("access_changed") == [("pierre@lumiere.example", "fr")]
    assert to("access_changed_copy") == [("rolf@lumen.example", "fr")]
    assert count(QueuedMail) == 2
    change = queries.last_change(limited)
    assert {mail.about for mail in mails()} == {change.id}


def test_saving_what_is_there_already_changes_nothing(cast, shelf, limited):
    """RULES C9."""
    picked = ids({shelf.site: EVERYTHING, shelf.shop: TECHNICAL})
    actions.change_access(limited, LIMITED, picked, version=1, by=cast.nadia, now=limited.started_at)
    nothing_new(limited, 1)


def test_full_access_again_changes_nothing(cast, full, now):
    """RULES C10: the payment method has an action of its own."""
    actions.change_access(full, WALLET, {}, version=1, by=cast.nadia, now=now)
    nothing_new(full, 1)
    assert full.payer is Payer.CLIENT


def test_taking_everything_away_leaves_a_partnership_without_products(cast, limited, now):
    """RULES C9."""
    actions.change_access(limited, LIMITED, {}, version=1, by=cast.nadia, now=now)
    assert queries.granted(limited) == {} and limited.standing is Standing.ACTIVE
    assert reaches(cast.pierre, limited)


@pytest.mark.parametrize("terms", [FULL, WALLET])
def test_from_limited_to_full(cast, shelf, limited, terms, now):
    """RULES C2, C5, C9: nothing is taken away, and history says so."""
    actions.change_access(limited, terms, {}, version=1, by=cast.nadia, now=now)
    assert limited.terms == terms
    assert all(over for _label, _rights, over in grants(limited))
    assert queries.rights_of(limited, shelf.domain) == EVERYTHING
    assert told(limited, Side.CLIENT, cast.nadia)[1:] == ["You gave full access"]
    assert audited("partnership.access").detail == "full"
    assert to("access_changed") == [("pierre@lumiere.example", "fr")]


def test_from_full_to_limited(cast, shelf, now):
    """RULES C1, C5, C9: the wallet goes back to the client."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)
    with pytest.raises(rules.NothingChosen):
        actions.change_access(partnership, LIMITED, {}, version=1, by=cast.nadia, now=now)
    actions.change_access(
        partnership, LIMITED, ids({shelf.shop: STATISTICAL}), version=1, by=cast.nadia, now=now
    )
    assert partnership.terms == LIMITED
    assert queries.rights_of(partnership, shelf.shop) == STATISTICAL
    assert not queries.rights_of(partnership, shelf.site)
    assert told(partnership, Side.PARTNER, cast.pierre)[1:] == [
        "Lumen Optik AG gave limited access",
        "Lumen Optik AG gave Statistics on shop.lumen-optik.ch",
    ]


@pytest.mark.parametrize(
    ("others", "terms", "refusal"),
    [
        (Access.FULL, FULL, rules.FullGiven),
        (Access.FULL, LIMITED, rules.FullGiven),
        (Access.LIMITED, FULL, rules.HeldByOthers),
        (Access.LIMITED, LIMITED, rules.ProductTaken),
    ],
)
def test_an_edit_respects_the_other_partners(cast, shelf, others, terms, refusal, now):
    """RULES C1, C2, C3."""
    make_partnership(
        cast.lumen, cast.bergwerk_partner, others, products=[] if others is Access.FULL else [shelf.server]
    )
    partnership = make_partnership(cast.lumen, cast.lumiere_partner)
    with pytest.raises(refusal):
        actions.change_access(
            partnership, terms, ids({shelf.server: TECHNICAL}), version=1, by=cast.nadia, now=now
        )
    nothing_new(partnership, 1)


def test_an_edit_respects_whose_products_they_are(cast, shelf, limited, now):
    """SECURITY A2."""
    for product in (make_product(cast.stefans), make_product(cast.lumen, ended_at=now)):
        with pytest.raises(NotYours):
            actions.change_access(
                limited, LIMITED, ids({product: TECHNICAL}), version=1, by=cast.nadia, now=now
            )
    nothing_new(limited, 1)


def test_a_product_that_has_ended_is_no_line_of_a_later_edit(cast, shelf, limited, now):
    """RULES C9: nobody took it away."""
    products.end_product(shelf.site, by=cast.olga, now=now)
    assert queries.granted(limited) == ids({shelf.shop: TECHNICAL})
    actions.change_access(limited, LIMITED, ids({shelf.shop: EVERYTHING}), version=1, by=cast.nadia, now=now)
    assert told(limited, Side.CLIENT, cast.nadia)[1:] == ["You gave Statistics on shop.lumen-optik.ch"]


STALE = {
    "full": lambda p, shelf, by, now: actions.change_access(
        p, FULL, {}, version=p.version - 1, by=by, now=now
    ),
    "rights": lambda p, shelf, by, now: actions.change_access(
        p, LIMITED, ids({shelf.domain: TECHNICAL}), version=p.version - 1, by=by, now=now
    ),
    "payer": lambda p, shelf, by, now: actions.change_payer(
        p, Payer.PARTNER, version=p.version - 1, by=by, now=now
    ),
}


@pytest.mark.parametrize("edit", STALE)
@pytest.mark.parametrize("access", list(Access))
def test_nothing_is_overwritten_unseen(cast, shelf, access, edit, now):
    """RULES C9, C10: the page showed an older version."""
    partnership = make_partnership(
        cast.lumen, cast.lumiere_partner, access, version=4,
        products=[shelf.site] if access is Access.LIMITED else [],
    )  # fmt: skip
    before = queries.granted(partnership)
    with pytest.raises(rules.ChangedMeanwhile):
        STALE[edit](partnership, shelf, cast.nadia, now)
    nothing_new(partnership, 4)
    assert queries.granted(partnership) == before and partnership.access is access


# --- one product less ---------------------------------------------------------------------------------------


def test_one_product_is_removed(cast, shelf, limited, rolf, now):
    """RULES C9."""
    actions.remove_product(limited, shelf.site, by=cast.nadia, now=now)
    assert queries.granted(limited) == ids({shelf.shop: TECHNICAL})
    assert told(limited, Side.CLIENT, cast.nadia)[1:] == [
        "You took away Technical on lumen-optik.ch",
        "You took away Statistics on lumen-optik.ch",
    ]
    assert to("access_changed") == [("pierre@lumiere.example", "fr")]
    assert to("access_changed_copy") == [("rolf@lumen.example", "fr")]
    assert limited.version == 2
    actions.remove_product(limited, shelf.shop, by=rolf, now=now)
    assert queries.granted(limited) == {} and limited.ended_at is None


def test_removing_what_is_not_there_changes_nothing(cast, shelf, limited, now):
    """RULES C9: a second click on the same button."""
    actions.remove_product(limited, shelf.server, by=cast.nadia, now=now)
    nothing_new(limited, 1)


def test_a_full_partner_has_no_single_product_to_lose(cast, shelf, full, now):
    """RULES C2."""
    with pytest.raises(rules.ChangedMeanwhile):
        actions.remove_product(full, shelf.site, by=cast.nadia, now=now)


def test_a_removed_product_is_free_for_another_partner(cast, shelf, limited, now):
    """RULES C1."""
    actions.remove_product(limited, shelf.site, by=cast.nadia, now=now)
    other = begun(cast.lumen, cast.bergwerk_partner, LIMITED, {shelf.site: TECHNICAL}, by=cast.berta)
    assert queries.granted(other) == ids({shelf.site: TECHNICAL})


# --- who pays -----------------------------------------------------------------------------------------------


def test_the_payment_method_changes_and_the_partner_is_mailed(cast, full, rolf, now):
    """RULES C5, C10, L2."""
    actions.change_payer(full, Payer.PARTNER, version=1, by=cast.nadia, now=now)
    assert full.payer is Payer.PARTNER and full.version == 2
    assert to("payer_changed") == [("pierre@lumiere.example", "fr")]
    assert to("payer_changed_copy") == [("rolf@lumen.example", "fr")]
    assert told(full, Side.CLIENT, cast.nadia)[1:] == ["You set the partner’s payment method"]
    actions.change_payer(full, Payer.CLIENT, version=2, by=rolf, now=now + DAY)
    assert told(full, Side.PARTNER, cast.pierre)[2] == "Lumen Optik AG set the client’s payment method"
    assert audit_of(full) == ["partnership.payer"] * 2


def test_the_same_payment_method_again_changes_nothing(cast, full, now):
    """RULES C10."""
    actions.change_payer(full, Payer.CLIENT, version=1, by=cast.nadia, now=now)
    nothing_new(full, 1)


@pytest.mark.parametrize("payer", list(Payer))
def test_with_limited_access_there_is_nothing_to_choose(cast, limited, payer, now):
    """RULES C5."""
    with pytest.raises(rules.ChangedMeanwhile):
        actions.change_payer(limited, payer, version=1, by=cast.nadia, now=now)
    nothing_new(limited, 1)


# --- it ends ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "who"), [(Side.CLIENT, "nadia"), (Side.PARTNER, "pierre")])
@pytest.mark.parametrize("access", list(Access))
def test_either_side_ends_it_at_once(cast, shelf, rolf, side, who, access, now):
    """RULES C11; SECURITY A7: all access stops with the same commit, history stays."""
    partnership = make_partnership(
        cast.lumen, cast.lumiere_partner, access, products=[shelf.site] if access is Access.LIMITED else []
    )
    make_assignment(partnership, membership(cast.lumiere, cast.paula))
    by = getattr(cast, who)
    actions.end(partnership, side=side, seen_hash=by.password_hash, by=by, now=now)
    assert (partnership.ended_at, partnership.ended_by_side) == (now, side)
    assert partnership.standing is Standing.ENDED
    assert not any(reaches(person, partnership) for person in (cast.pierre, cast.paula))
    assert queries.granted(partnership) == {} and all(over for *_rest, over in grants(partnership))
    assert to("ended_client") == [("nadia@lumen.example", "de"), ("rolf@lumen.example", "fr")]
    assert to("ended_partner") == [("pierre@lumiere.example", "fr")]
    event = audited("partnership.ended")
    assert (event.person_id, event.organisation_id) == (
        by.id, (cast.lumen if side is Side.CLIENT else cast.lumiere).id,
    )  # fmt: skip
    assert told(partnership, side, by)[-1] == "You ended the partnership"
    assert queries.partners_partnership(membership(cast.lumiere, cast.pierre), partnership.public_id)
    assert queries.of_client(cast.lumen) == [] and queries.of_client(cast.lumen, ended=True) == [partnership]


def test_ending_needs_the_password_that_holds_now(cast, limited, now):
    """SECURITY A7: one that was changed meanwhile is no password."""
    with pytest.raises(WrongPassword):
        actions.end(limited, side=Side.CLIENT, seen_hash="another", by=cast.nadia, now=now)
    nothing_new(limited, 1)
    assert limited.ended_at is None


@pytest.mark.parametrize(
    ("side", "who"),
    [
        (Side.CLIENT, "adam"), (Side.CLIENT, "hugo"), (Side.CLIENT, "pierre"), (Side.CLIENT, "stefan"),
        (Side.PARTNER, "paula"), (Side.PARTNER, "nadia"), (Side.PARTNER, "berta"), (Side.PARTNER, "olga"),
    ],
)  # fmt: skip
def test_only_who_answers_for_a_side_ends_it(cast, limited, side, who, now):
    """RULES C11."""
    by = getattr(cast, who)
    with pytest.raises(OnlyRepresentatives):
        actions.end(limited, side=side, seen_hash=by.password_hash, by=by, now=now)
    assert limited.ended_at is None


def test_it_ends_once(cast, limited, now):
    """RULES C11: the first end stands."""
    actions.end(limited, side=Side.CLIENT, seen_hash=cast.nadia.password_hash, by=cast.nadia, now=now)
    with pytest.raises(rules.Ended):
        actions.end(
            limited, side=Side.PARTNER, seen_hash=cast.pierre.password_hash, by=cast.pierre, now=now + DAY
        )
    assert (limited.ended_at, limited.ended_by_side) == (now, Side.CLIENT)
    assert len(mails("ended_client")) == 1


# --- who may ------------------------------------------------------------------------------------------------

EDITS = {
    "access": lambda p, shelf, by, now: actions.change_access(p, FULL, {}, version=p.version, by=by, now=now),
    "rights": lambda p, shelf, by, now: actions.change_access(
        p, LIMITED, ids({shelf.server: TECHNICAL}), version=p.version, by=by, now=now
    ),
    "product": lambda p, shelf, by, now: actions.remove_product(p, shelf.site, by=by, now=now),
    "payer": lambda p, shelf, by, now: actions.change_payer(
        p, Payer.PARTNER, version=p.version, by=by, now=now
    ),
}


@pytest.mark.parametrize("who", ["adam", "hugo", "pierre", "paula", "berta", "stefan", "olga"])
@pytest.mark.parametrize("edit", EDITS)
def test_only_the_client_s_legal_representatives_change_something(cast, shelf, limited, edit, who, now):
    """RULES C6, C9, C10."""
    with pytest.raises(OnlyRepresentatives):
        EDITS[edit](limited, shelf, getattr(cast, who), now)
    nothing_new(limited, 1)


@pytest.mark.parametrize("edit", EDITS)
def test_an_ended_partnership_does_not_change(cast, shelf, edit, now):
    """RULES C11."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, products=[shelf.site], ended_at=now)
    with pytest.raises(rules.Ended):
        EDITS[edit](partnership, shelf, cast.nadia, now)
    nothing_new(partnership, 1)


@pytest.mark.parametrize("edit", EDITS)
def test_a_page_that_was_open_when_the_role_was_lost_changes_nothing(
    cast, shelf, limited, elsewhere, edit, now
):
    """RULES C6, O2: judged by the role at this moment, not by what the request has read before."""
    rolf = make_user("Rolf Rossi")
    join(rolf, cast.lumen, Role.LEGAL_REPRESENTATIVE)
    assert membership(cast.lumen, rolf).role is Role.LEGAL_REPRESENTATIVE  # read, as the page did
    elsewhere(
        lambda: organisations.set_role(
            membership(cast.lumen, rolf), Role.ADMINISTRATOR, by=cast.nadia, now=now
        )
    )
    with pytest.raises(OnlyRepresentatives):
        EDITS[edit](limited, shelf, rolf, now)


# --- suspended partners -------------------------------------------------------------------------------------


def test_a_suspended_partner_reaches_nothing_and_the_partnership_stays(cast, limited, now):
    """RULES C11: until the operator lets it go on."""
    make_assignment(limited, membership(cast.lumiere, cast.paula))
    suspend(cast.lumiere_partner, now)
    assert not reaches(cast.pierre, limited) and not reaches(cast.paula, limited)
    assert queries.of_client(cast.lumen) == [limited]
    suspend(cast.lumiere_partner, None)
    assert reaches(cast.pierre, limited) and reaches(cast.paula, limited)


def test_a_suspended_partner_is_given_nothing_but_can_lose_everything(cast, shelf, limited, now):
    """RULES C9, C11. The page had been read before."""
    assert limited.partner.suspended_at is None
    suspend(cast.lumiere_partner, now)
    with pytest.raises(rules.Suspended):
        EDITS["rights"](limited, shelf, cast.nadia, now)
    with pytest.raises(rules.Suspended):
        EDITS["access"](limited, shelf, cast.nadia, now)
    actions.remove_product(limited, shelf.site, by=cast.nadia, now=now)
    assert queries.granted(limited) == ids({shelf.shop: TECHNICAL})
    actions.end(limited, side=Side.CLIENT, seen_hash=cast.nadia.password_hash, by=cast.nadia, now=now)
    assert limited.standing is Standing.ENDED


def test_the_wallet_is_not_handed_to_a_suspended_partner(cast, full, now):
    """RULES C10."""
    suspend(cast.lumiere_partner, now)
    with pytest.raises(rules.Suspended):
        actions.change_payer(full, Payer.PARTNER, version=1, by=cast.nadia, now=now)


# --- who of the partner (C13) -------------------------------------------------------------------------------


def test_collaborators_reach_the_clients_that_are_assigned_to_them(cast, limited, now):
    """RULES C13."""
    other = make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL)
    assert not reaches(cast.paula, limited) and reaches(cast.pierre, limited)
    actions.assign(limited, [membership(cast.lumiere, cast.paula)], by=cast.pierre, now=now)
    assert reaches(cast.paula, limited) and not reaches(cast.paula, other)
    event = audited("client.assigned")
    assert (event.person_id, event.organisation_id, event.detail) == (
        cast.pierre.id, cast.lumiere.id, "people=1",
    )  # fmt: skip
    actions.assign(limited, [], by=cast.pierre, now=now)
    assert not reaches(cast.paula, limited)
    assert audited("client.assigned").detail == "people=0"


def test_assigning_replaces_who_looked_after_the_client_before(cast, limited, now):
    """RULES C13."""
    paulas, anna = membership(cast.lumiere, cast.paula), make_user("Anna Arnet")
    annas = join(anna, cast.lumiere)
    actions.assign(limited, [paulas], by=cast.pierre, now=now)
    [first] = queries.assigned(limited)
    actions.assign(limited, [paulas, annas], by=cast.pierre, now=now + DAY)
    assert [(each.membership.user.name, each.created_at) for each in queries.assigned(limited)] == [
        ("Anna Arnet", now + DAY), ("Paula Piguet", first.created_at),
    ]  # fmt: skip
    assert audited("client.assigned").detail == "people=2"
    actions.assign(limited, [annas], by=cast.pierre, now=now)
    assert [each.membership_id for each in queries.assigned(limited)] == [annas.id]


def test_an_administrator_of_the_partner_assigns_too(cast, limited, now):
    """RULES C13."""
    anna = make_user("Anna Arnet")
    join(anna, cast.lumiere, Role.ADMINISTRATOR)
    actions.assign(limited, [membership(cast.lumiere, cast.paula)], by=anna, now=now)
    assert reaches(cast.paula, limited)


@pytest.mark.parametrize("who", ["paula", "nadia", "berta", "stefan", "olga"])
def test_others_assign_nobody(cast, limited, who, now):
    """RULES C13."""
    with pytest.raises(OnlyRepresentatives):
        actions.assign(limited, [membership(cast.lumiere, cast.paula)], by=getattr(cast, who), now=now)
    assert queries.assigned(limited) == []


def test_nobody_but_the_partner_s_own_people_is_assigned(cast, limited, now):
    """RULES C13; SECURITY A12."""
    actions.assign(
        limited,
        [membership(cast.lumen, cast.hugo), membership(cast.bergwerk, cast.berta)],
        by=cast.pierre,
        now=now,
    )
    assert queries.assigned(limited) == []


def test_who_left_a_moment_ago_is_not_assigned(cast, limited, now):
    """RULES C13: the page still showed a tick."""
    paulas = membership(cast.lumiere, cast.paula)
    _leave(paulas.id)
    actions.assign(limited, [paulas], by=cast.pierre, now=now)
    assert queries.assigned(limited) == []


@unit_of_work
def _leave(membership_id):
    """The row goes without this session's noticing."""
    db.session.execute(sa.text("DELETE FROM memberships WHERE id = :id"), {"id": membership_id})


def test_an_assignment_goes_with_the_place_in_the_team(cast, limited, now):
    """RULES C13: who comes back begins without clients."""
    actions.assign(limited, [membership(cast.lumiere, cast.paula)], by=cast.pierre, now=now)
    organisations.remove_member(membership(cast.lumiere, cast.paula), by=cast.pierre, now=now)
    assert queries.assigned(limited) == []
    join(cast.paula, cast.lumiere)
    assert not reaches(cast.paula, limited)


def test_who_is_demoted_keeps_what_was_assigned_and_no_more(cast, limited, now):
    """RULES C13: rights are read from live rows (SECURITY A3)."""
    anna = make_user("Anna Arnet")
    join(anna, cast.lumiere, Role.ADMINISTRATOR)
    other = make_partnership(cast.stefans, cast.lumiere_partner)
    actions.assign(other, [membership(cast.lumiere, anna)], by=cast.pierre, now=now)
    assert reaches(anna, limited) and reaches(anna, other)
    organisations.set_role(membership(cast.lumiere, anna), Role.COLLABORATOR, by=cast.pierre, now=now)
    assert not reaches(anna, limited) and reaches(anna, other)


def test_nobody_is_assigned_to_what_is_over(cast, now):
    """RULES C11, C13."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, ended_at=now)
    with pytest.raises(rules.Ended):
        actions.assign(partnership, [membership(cast.lumiere, cast.paula)], by=cast.pierre, now=now)


# --- one act, one transaction -------------------------------------------------------------------------------


def test_an_act_that_is_refused_late_leaves_nothing_behind(cast, shelf, limited, now):
    """SECURITY O1, U1: neither mail nor line nor audit of what did not happen."""

    @unit_of_work
    def change_and_fail():
        actions.change_access(limited, FULL, {}, version=1, by=cast.nadia, now=now)
        raise Gone()

    with pytest.raises(Gone):
        change_and_fail()
    nothing_new(limited, 1)
    assert limited.access is Access.LIMITED
    assert queries.granted(limited) == ids({shelf.site: EVERYTHING, shelf.shop: TECHNICAL})


def test_two_thousand_products_are_granted_and_taken_back(cast, now):
    """RULES C9: one act, whatever the number."""
    many = 2000
    first = make_product(cast.lumen, "p0000")
    row = {
        column.key: getattr(first, column.key)
        for column in first.__table__.columns
        if column.key not in ("id", "public_id", "label", "sort_label")
    }
    with_products = [{**row, "label": f"p{n:04}", "sort_label": f"p{n:04}"} for n in range(1, many)]
    _insert_products(with_products)
    everything = dict.fromkeys(queries.active_products(cast.lumen), EVERYTHING)
    assert len(everything) == many
    partnership = begun(cast.lumen, cast.lumiere_partner, by=cast.pierre)
    actions.change_access(
        partnership, LIMITED, everything, version=partnership.version, by=cast.nadia, now=now
    )
    assert queries.granted(partnership) == everything
    actions.change_access(partnership, LIMITED, {}, version=partnership.version, by=cast.nadia, now=now)
    assert queries.granted(partnership) == {}


@unit_of_work
def _insert_products(rows):
    db.session.execute(sa.insert(Product), rows)


def test_the_history_keeps_what_a_product_was_called(cast, lumens_products, now):
    """SECURITY A12: what a client calls its products after the end is nothing to its former partner."""
    partnership = actions.begin(
        cast.lumen, cast.lumiere_partner, LIMITED, {lumens_products.site.id: EVERYTHING},
        side=Side.PARTNER, by=cast.pierre, now=now,
    )  # fmt: skip
    actions.remove_product(partnership, lumens_products.site, by=cast.nadia, now=now)
    unit_of_work(lambda: setattr(lumens_products.site, "label", "secret-merger.ch"))()
    told = str([labels.right_line(each) for each in queries.history(partnership)[0].rights])
    assert "lumen-optik.ch" in told and "secret" not in told
