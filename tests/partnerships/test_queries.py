"""What is asked about partnerships: who reaches whom, what is granted, what others hold, and the summary."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.factories import (
    join,
    make_assignment,
    make_grant,
    make_organisation,
    make_partner,
    make_partnership,
    make_product,
    make_user,
)
from tests.partnerships.story import FULL, LIMITED, STATISTICAL, TECHNICAL, WALLET, ids, membership
from webapp.accounts.models import Organisation
from webapp.accounts.rules import Role
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.partnerships import queries
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import EVERYTHING, NOTHING, Access, Holder, Rights, Summary
from webapp.products.models import Product
from webapp.unit import unit_of_work

MANY = 2000


@pytest.fixture
def shelf(lumens_products):
    return lumens_products


def reached_by(person, organisation):
    """The clients that the person reaches as a colleague of this partner, through both questions alike."""
    mine = membership(organisation, person)
    rows = db.session.scalars(
        sa.select(Partnership).join(PartnerAccount, Partnership.partner).where(queries.reaching(mine))
    ).all()
    one_by_one = {
        each.id
        for each in db.session.scalars(sa.select(Partnership))
        if queries.reached(mine, each.public_id)
    }
    assert {row.id for row in rows} == one_by_one
    return sorted(row.client.name for row in rows)


@unit_of_work
def many_products(client, *, number, partnership=None):
    """That many active products, granted to the partner of this partnership."""
    first = make_product(client, "p0000")
    row = {
        column.key: getattr(first, column.key)
        for column in Product.__table__.columns
        if column.key not in ("id", "public_id", "label", "sort_label")
    }
    db.session.execute(
        sa.insert(Product), [{**row, "label": f"p{n:04}", "sort_label": f"p{n:04}"} for n in range(1, number)]
    )
    if partnership:
        for product in queries.active_products(client).values():
            make_grant(partnership, product)


# --- who reaches whom ---------------------------------------------------------------------------------------


def test_who_of_the_partner_reaches_which_client(cast):
    """RULES C13; SECURITY A3, A12."""
    anna = make_user("Anna Arnet")
    join(anna, cast.lumiere, Role.ADMINISTRATOR)
    lumen = make_partnership(cast.lumen, cast.lumiere_partner)
    make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL)
    make_partnership(cast.stefans, cast.bergwerk_partner, ended_at=lumen.started_at)
    make_assignment(lumen, membership(cast.lumiere, cast.paula))
    assert reached_by(cast.pierre, cast.lumiere) == ["Lumen Optik AG", "Stranger & Sons"]
    assert reached_by(anna, cast.lumiere) == ["Lumen Optik AG", "Stranger & Sons"]
    assert reached_by(cast.paula, cast.lumiere) == ["Lumen Optik AG"]
    assert reached_by(cast.berta, cast.bergwerk) == []
    assert reached_by(cast.nadia, cast.lumen) == []  # the client's own people reach it as colleagues


def test_what_is_over_or_suspended_is_reached_by_nobody(cast, now):
    """RULES C11."""
    over = make_partnership(cast.lumen, cast.lumiere_partner, ended_at=now)
    make_assignment(over, membership(cast.lumiere, cast.paula))
    make_partnership(cast.lumen, cast.bergwerk_partner)
    _suspend(cast.bergwerk_partner, now)
    for person, organisation in (
        (cast.pierre, cast.lumiere), (cast.paula, cast.lumiere), (cast.berta, cast.bergwerk),
    ):  # fmt: skip
        assert reached_by(person, organisation) == []


@unit_of_work
def _suspend(partner, now):
    db.session.execute(
        sa.update(PartnerAccount).where(PartnerAccount.id == partner.id).values(suspended_at=now)
    )


def test_an_assignment_from_elsewhere_opens_nothing(cast):
    """SECURITY A12: a row that names somebody else's colleague."""
    lumen = make_partnership(cast.lumen, cast.lumiere_partner)
    ben = make_user("Ben Berg")
    make_assignment(lumen, join(ben, cast.bergwerk, Role.COLLABORATOR))
    assert reached_by(ben, cast.bergwerk) == []


def test_an_assignment_with_one_client_opens_no_other(cast):
    """RULES C13."""
    lumen = make_partnership(cast.lumen, cast.lumiere_partner)
    stefans = make_partnership(cast.stefans, cast.lumiere_partner)
    make_assignment(stefans, membership(cast.lumiere, cast.paula))
    assert queries.reached(membership(cast.lumiere, cast.paula), lumen.public_id) is None
    assert queries.reached(membership(cast.lumiere, cast.paula), stefans.public_id) == stefans


def test_the_record_of_an_ended_partnership_stays_with_those_who_had_it(cast, now):
    """RULES C11, C13."""
    lumen = make_partnership(cast.lumen, cast.lumiere_partner, ended_at=now)
    stefans = make_partnership(cast.stefans, cast.lumiere_partner, ended_at=now)
    make_assignment(lumen, membership(cast.lumiere, cast.paula))
    pierres, paulas = (membership(cast.lumiere, each) for each in (cast.pierre, cast.paula))
    assert queries.partners_partnership(pierres, lumen.public_id) == lumen
    assert queries.partners_partnership(pierres, stefans.public_id) == stefans
    assert queries.partners_partnership(paulas, lumen.public_id) == lumen
    assert queries.partners_partnership(paulas, stefans.public_id) is None
    assert queries.partners_partnership(membership(cast.bergwerk, cast.berta), lumen.public_id) is None


def test_a_client_sees_its_own_partnerships_only(cast, now):
    """SECURITY A12: by name, those that are over by themselves, newest first."""
    third = make_partner(make_organisation("Alpenwerk AG"))
    lumieres = make_partnership(cast.lumen, cast.lumiere_partner)
    bergwerks = make_partnership(cast.lumen, cast.bergwerk_partner)
    alpenwerks = make_partnership(cast.lumen, third, ended_at=lumieres.started_at)
    before = make_partnership(cast.lumen, third, ended_at=now)
    strangers = make_partnership(cast.stefans, cast.lumiere_partner)
    assert queries.of_client(cast.lumen) == [bergwerks, lumieres]
    assert queries.of_client(cast.lumen, ended=True) == [before, alpenwerks]
    assert queries.clients_partnership(cast.lumen, alpenwerks.public_id) == alpenwerks
    assert queries.clients_partnership(cast.lumen, strangers.public_id) is None
    assert queries.active_between(cast.lumen, cast.lumiere_partner) == lumieres
    assert queries.active_between(cast.lumen, third) is None


# --- what is granted ----------------------------------------------------------------------------------------


def test_granted_is_what_stands(cast, shelf, now):
    """RULES C4, C9: without grants that are over and products that have ended."""
    gone = make_product(cast.lumen, "gone.ch", ended_at=now)
    partnership = make_partnership(
        cast.lumen, cast.lumiere_partner,
        products={shelf.site: TECHNICAL, shelf.shop: EVERYTHING, gone: EVERYTHING},
    )  # fmt: skip
    make_grant(partnership, shelf.server, ended_at=now)
    assert queries.granted(partnership) == ids({shelf.site: TECHNICAL, shelf.shop: EVERYTHING})


def test_rights_of_one_product(cast, shelf):
    """RULES C1, C2, C4."""
    lumieres = make_partnership(cast.lumen, cast.lumiere_partner, products={shelf.site: STATISTICAL})
    bergwerks = make_partnership(cast.lumen, cast.bergwerk_partner, products={shelf.shop: TECHNICAL})
    assert queries.rights_of(lumieres, shelf.site) == STATISTICAL
    assert queries.rights_of(lumieres, shelf.shop) == queries.rights_of(bergwerks, shelf.site) == NOTHING
    strangers = make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL)
    assert queries.rights_of(strangers, make_product(cast.stefans)) == EVERYTHING


def test_full_access_to_one_client_is_no_right_on_another_s_product(cast, shelf):
    """SECURITY A2, A12."""
    strangers = make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL)
    assert queries.rights_of(strangers, shelf.site) == NOTHING


def test_what_is_over_gives_no_rights(cast, shelf, now):
    """RULES C11; SECURITY A3."""
    over = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, ended_at=now)
    assert queries.rights_of(over, shelf.site) == NOTHING


def test_what_has_ended_is_in_nobody_s_hands(cast, shelf, now):
    """RULES C1, C2."""
    gone = make_product(cast.lumen, "gone.ch", ended_at=now)
    limited = make_partnership(cast.lumen, cast.lumiere_partner, products=[gone])
    assert queries.rights_of(limited, gone) == NOTHING


def test_holders_are_all_other_partners_products(cast, shelf, now):
    """RULES C3."""
    gone = make_product(cast.lumen, "gone.ch", ended_at=now)
    lumieres = make_partnership(cast.lumen, cast.lumiere_partner, products=[shelf.site])
    bergwerks = make_partnership(cast.lumen, cast.bergwerk_partner, products=[shelf.server, shelf.shop, gone])
    of_bergwerk = [
        Holder("Bergwerk IT GmbH", bergwerks.public_id, label)
        for label in ("shop.lumen-optik.ch", "vps-zrh-01")
    ]
    of_lumiere = [Holder("Lumière Digital Sàrl", lumieres.public_id, "lumen-optik.ch")]
    assert queries.holders(cast.lumen) == of_bergwerk + of_lumiere
    assert queries.holders(cast.lumen, but=lumieres) == of_bergwerk
    assert queries.holders(cast.stefans) == []


def test_taken_is_what_another_partner_manages(cast, shelf, now):
    """RULES C1."""
    lumieres = make_partnership(cast.lumen, cast.lumiere_partner, products=[shelf.site])
    make_grant(lumieres, shelf.domain, ended_at=now)
    everything = [shelf.site.id, shelf.shop.id, shelf.domain.id]
    assert queries.taken(cast.lumen, everything) == {shelf.site.id: "Lumière Digital Sàrl"}
    assert queries.taken(cast.lumen, everything, but=lumieres) == {}
    assert queries.taken(cast.lumen, [shelf.shop.id]) == queries.taken(cast.lumen, []) == {}
    assert queries.taken(cast.stefans, everything) == {}


def test_the_full_partner(cast, now):
    """RULES C2."""
    assert queries.full_partner(cast.lumen) is None
    make_partnership(cast.lumen, cast.bergwerk_partner)
    make_partnership(cast.lumen, cast.bergwerk_partner, Access.FULL, ended_at=now)
    assert queries.full_partner(cast.lumen) is None
    full = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    assert queries.full_partner(cast.lumen) == full
    assert queries.full_partner(cast.lumen, but=full) is None
    assert queries.full_partner(cast.stefans) is None


def test_active_products_are_the_client_s_own_in_the_order_of_lists(cast, shelf, now):
    """RULES C1; SECURITY A2."""
    make_product(cast.lumen, "gone.ch", ended_at=now)
    strangers = make_product(cast.stefans)
    labels = [
        "lumen-optik.ch",
        "shop.lumen-optik.ch",
        "mail.lumen-optik.ch",
        "vps-zrh-01",
        "lumen-optik.swiss",
    ]
    assert [each.label for each in queries.active_products(cast.lumen).values()] == labels
    assert list(queries.active_products(cast.lumen, [strangers.id, shelf.post.id])) == [shelf.post.id]
    assert queries.active_products(cast.lumen, []) == {}


# --- the summary --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "names"),
    [
        (0, ()),
        (1, ("lumen-optik.ch",)),
        (3, ("lumen-optik.ch", "shop.lumen-optik.ch", "mail.lumen-optik.ch")),
        (5, ("lumen-optik.ch", "shop.lumen-optik.ch", "mail.lumen-optik.ch")),
    ],
)
def test_the_summary_names_three_and_counts_all(cast, shelf, number, names):
    """RULES C9: the three lines of what a partner can do."""
    products = [shelf.site, shelf.shop, shelf.post, shelf.server, shelf.domain][:number]
    partnership = make_partnership(
        cast.lumen, cast.lumiere_partner, products=dict.fromkeys(products, TECHNICAL)
    )
    summary = queries.summary(partnership)
    assert (summary.technical.count, summary.technical.names) == (number, names)
    assert (summary.statistical.count, summary.statistical.names) == (0, ())
    assert summary.terms == LIMITED


def test_the_summary_counts_the_two_rights_by_themselves(cast, shelf, now):
    """RULES C4."""
    gone = make_product(cast.lumen, "gone.ch", ended_at=now)
    partnership = make_partnership(
        cast.lumen, cast.lumiere_partner,
        products={shelf.site: TECHNICAL, shelf.shop: EVERYTHING, shelf.server: STATISTICAL, gone: EVERYTHING},
    )  # fmt: skip
    summary = queries.summary(partnership)
    assert summary.technical.names == ("lumen-optik.ch", "shop.lumen-optik.ch")
    assert summary.statistical.names == ("shop.lumen-optik.ch", "vps-zrh-01")


@pytest.mark.parametrize("terms", [FULL, WALLET])
def test_the_summary_of_full_access_counts_all_products(cast, shelf, terms):
    """RULES C2."""
    make_product(cast.stefans)
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, terms.access, terms.payer)
    summary = queries.summary(partnership)
    assert summary.terms == terms
    assert summary.technical == summary.statistical and summary.technical.count == 5


@pytest.mark.parametrize("terms", [LIMITED, FULL, WALLET])
@pytest.mark.parametrize("number", [0, 1, 3, 5])
def test_what_will_be_is_summed_up_as_what_is(cast, shelf, terms, number):
    """RULES C6, C9: the review page says what the partner's page will say."""
    products = [shelf.domain, shelf.site, shelf.post, shelf.server, shelf.shop][:number]
    rights = [EVERYTHING, TECHNICAL, STATISTICAL, TECHNICAL, Rights(statistical=True)]
    picked = dict(zip(products, rights, strict=False))
    planned = queries.summary_of(terms, ids(picked), cast.lumen)
    partnership = make_partnership(
        cast.lumen, cast.lumiere_partner, terms.access, terms.payer, picked if terms is LIMITED else ()
    )
    assert isinstance(planned, Summary)
    assert planned == queries.summary(partnership)


@pytest.mark.parametrize("access", list(Access))
def test_many_products_take_as_many_statements_as_few(app, cast, statements, access):
    """RULES C1, C2: summary, rights, holders and the rest."""
    counted = []
    for number, client in ((2, cast.stefans), (MANY, cast.lumen)):
        partnership = make_partnership(client, cast.lumiere_partner, access)
        many_products(client, number=number, partnership=partnership if access is Access.LIMITED else None)
        everything = list(queries.active_products(client))
        assert len(everything) == number
        with statements() as seen:
            queries.summary(partnership)
            queries.summary_of(LIMITED, dict.fromkeys(everything, EVERYTHING), client)
            queries.summary_of(FULL, {}, client)
            queries.granted(partnership)
            queries.labels_of(client, everything)
            queries.holders(client)
            queries.taken(client, everything)
            queries.active_products(client, everything)
            queries.reached(membership(cast.lumiere, cast.pierre), partnership.public_id)
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_many_partnerships_take_one_statement(cast, statements):
    """RULES C12."""
    for number in range(12):
        make_partnership(cast.lumen, make_partner(make_organisation(f"Partner {number}")))
    db.session.expire_all()
    lumen = db.session.get_one(Organisation, cast.lumen.id)
    with statements() as seen:
        found = queries.of_client(lumen)
        assert {(each.partner.name, each.client.name) for each in found}
    assert len(found) == 12 and len(seen) == 1


# --- history and people -------------------------------------------------------------------------------------


def test_who_answers_for_an_organisation_and_may_sign_in(cast, now):
    """RULES O2, C10: by name; nobody who was disabled."""
    anna, ben = make_user("Anna Arnet"), make_user("Ben Berg", disabled_at=now)
    for person in (anna, ben):
        join(person, cast.lumen, Role.LEGAL_REPRESENTATIVE)
    assert queries.representatives(cast.lumen) == [anna, cast.nadia]


def test_people_who_belong_to_both(cast):
    """RULES C8: the client's representatives aside."""
    for person in (cast.paula, cast.pierre):
        join(person, cast.lumen, Role.ADMINISTRATOR)
    join(cast.nadia, cast.lumiere, Role.COLLABORATOR)
    join(cast.berta, cast.lumen)
    found = queries.shared_people(cast.lumen, cast.lumiere_partner)
    assert [each.user for each in found] == [cast.paula, cast.pierre]
    assert {each.organisation_id for each in found} == {cast.lumen.id}
