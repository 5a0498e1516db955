"""What a partner's people change for a client: what allows it at that moment, and what is written (RULES C14)."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import (
    join,
    make_assignment,
    make_partnership,
    make_product,
    make_setting,
    make_user,
)
from tests.partnerships.story import FULL, LIMITED, STATISTICAL, TECHNICAL, ids, membership
from tests.threads import at_once
from tests.times import NOW
from webapp.accounts.rules import Role
from webapp.audit import AuditEvent
from webapp.clients import actions
from webapp.clients.rules import (
    AccessLost,
    NotLookedAfter,
    PartnershipOver,
    PartnerSuspended,
    RightGone,
)
from webapp.directory import actions as directory
from webapp.directory.rules import SuspensionReason
from webapp.extensions import db
from webapp.organisations import actions as organisations
from webapp.partnerships import actions as partnerships
from webapp.partnerships.rules import NOTHING, Access, Side
from webapp.products import actions as products
from webapp.products import queries
from webapp.products.rules import ProductEnded, SettingTaken

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def shelf(lumens_products):
    make_setting(lumens_products.site, "PHP version", "8.3")
    return lumens_products


@pytest.fixture
def limited(cast, shelf):
    """Lumière has the site's technique and the shop's statistics; Paula looks after it."""
    partnership = make_partnership(
        cast.lumen, cast.lumiere_partner, products={shelf.site: TECHNICAL, shelf.shop: STATISTICAL}
    )
    make_assignment(partnership, membership(cast.lumiere, cast.paula))
    return partnership


def change(partnership, product, by, value="8.4", **values):
    return actions.change_setting(
        partnership, product, name="PHP version", value=value, by=by, now=LATER, **values
    )  # fmt: skip


def settings(product):
    return {row.name: row.value for row in queries.settings_of(product)}


def events():
    rows = db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id))
    return [
        (row.action, row.person_id, row.organisation_id, row.subject, row.detail) for row in rows
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["pierre", "paula"])
def test_a_change_is_recorded_with_the_real_person_for_the_client(cast, limited, shelf, who):
    """RULES C14."""
    person = getattr(cast, who)
    setting = change(limited, shelf.site, person)
    assert settings(shelf.site) == {"PHP version": "8.4"} and setting.changed_at == LATER
    actions.remove_setting(limited, shelf.site, setting, by=person, now=LATER)
    assert settings(shelf.site) == {}
    for_lumen = (person.id, cast.lumen.id)
    acted = ("partnership.acted", *for_lumen, f"partnerships:{limited.id}", f"product={shelf.site.id}")
    of_product = (*for_lumen, f"products:{shelf.site.id}", f"setting={setting.id}")
    assert events() == [acted, ("setting.changed", *of_product), acted, ("setting.removed", *of_product)]


def test_what_the_product_refuses_leaves_no_trace(cast, limited, shelf):
    with pytest.raises(SettingTaken):
        actions.add_setting(limited, shelf.site, name="PHP version", value="8.4", by=cast.pierre, now=LATER)
    assert settings(shelf.site) == {"PHP version": "8.3"} and events() == []


def test_full_access_reaches_every_product_also_later_ones(cast):
    """RULES C2."""
    full = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    late = make_product(cast.lumen, "late.ch")
    change(full, late, cast.pierre)
    assert settings(late) == {"PHP version": "8.4"}


def take_the_right(cast, partnership, shelf):
    left = {shelf.site: STATISTICAL, shelf.shop: STATISTICAL}
    partnerships.change_access(
        partnership, partnership.terms, ids(left), version=partnership.version, by=cast.nadia, now=NOW
    )


def take_the_product(cast, partnership, shelf):
    partnerships.remove_product(partnership, shelf.site, by=cast.nadia, now=NOW)


def end_it(side):
    def end(cast, partnership, _shelf):
        by = cast.nadia if side is Side.CLIENT else cast.pierre
        partnerships.end(partnership, side=side, seen_hash=by.password_hash, by=by, now=NOW)

    return end


def suspend(cast, _partnership, _shelf):
    directory.suspend(cast.lumiere_partner, SuspensionReason.OTHER, by=cast.olga, now=NOW)


def unassign(cast, partnership, _shelf):
    partnerships.assign(partnership, [], by=cast.pierre, now=NOW)


def send_away(cast, _partnership, _shelf):
    organisations.remove_member(membership(cast.lumiere, cast.paula), by=cast.pierre, now=NOW)


def end_the_product(cast, _partnership, shelf):
    products.end_product(shelf.site, by=cast.olga, now=NOW)


HAPPENINGS = [
    (take_the_right, RightGone),
    (take_the_product, RightGone),
    (end_it(Side.CLIENT), PartnershipOver),
    (end_it(Side.PARTNER), PartnershipOver),
    (suspend, PartnerSuspended),
    (unassign, NotLookedAfter),
    (send_away, NotLookedAfter),
    (end_the_product, ProductEnded),
]
IN_WORDS = [
    "right taken", "product taken", "ended by client", "ended by partner", "suspended", "unassigned", "sent away",
    "product ended",
]  # fmt: skip


@pytest.mark.parametrize(("happen", "refusal"), HAPPENINGS, ids=IN_WORDS)
def test_what_happened_since_the_page_was_shown_decides(cast, limited, shelf, happen, refusal):
    """SECURITY A3; RULES C4, C9, C11, C13, C14: rights are those of this moment. Paula has read all before."""
    setting = queries.setting_named(shelf.site, "PHP version")
    happen(cast, limited, shelf)
    before = len(events())
    with pytest.raises(refusal):
        change(limited, shelf.site, cast.paula)
    with pytest.raises(refusal):
        actions.remove_setting(limited, shelf.site, setting, by=cast.paula, now=LATER)
    assert settings(shelf.site) == {"PHP version": "8.3"} and len(events()) == before


def test_the_statistical_right_changes_nothing(cast, limited, shelf):
    """RULES C4."""
    with pytest.raises(RightGone):
        change(limited, shelf.shop, cast.pierre)


@pytest.mark.parametrize("who", ["nadia", "berta", "stefan", "olga"])
def test_nobody_else_acts_through_the_partnership(cast, limited, shelf, who):
    """RULES C13; SECURITY A12."""
    with pytest.raises(NotLookedAfter):
        change(limited, shelf.site, getattr(cast, who))


def test_a_product_of_somebody_else_is_out_of_reach_even_with_full_access(cast):
    """RULES C2; SECURITY A2, A12."""
    full = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)
    with pytest.raises(AccessLost):
        change(full, make_product(cast.stefans), cast.pierre)


def test_an_administrator_acts_without_being_assigned(cast, limited, shelf):
    """RULES C13; one who is made a collaborator does not."""
    anna = make_user("Anna Admin")
    place = join(anna, cast.lumiere, Role.ADMINISTRATOR)
    change(limited, shelf.site, anna)
    organisations.set_role(place, Role.COLLABORATOR, by=cast.pierre, now=NOW)
    with pytest.raises(NotLookedAfter):
        change(limited, shelf.site, anna, "8.5")


def test_lifting_the_suspension_gives_everything_back(app, cast, limited, shelf):
    """Partnerships are not deleted by a suspension."""
    suspend(cast, limited, shelf)
    directory.resume(cast.lumiere_partner, by=cast.olga, now=NOW)
    change(limited, shelf.site, cast.paula)
    assert settings(shelf.site) == {"PHP version": "8.4"}


def here(row):
    """The row as this thread's session has it."""
    return db.session.get(type(row), sa.inspect(row).identity)


def all_here(rows):
    """The same for all fields of a dataclass."""
    return type(rows)(**{each.name: here(getattr(rows, each.name)) for each in fields(rows)})


TAKINGS = dict(zip(IN_WORDS, HAPPENINGS, strict=True))


@pytest.mark.parametrize("words", [words for words in IN_WORDS if words != "product ended"])
@pytest.mark.parametrize("round", range(3))
def test_a_change_comes_before_access_is_taken_away_or_not_at_all(app, cast, limited, shelf, words, round):
    """SECURITY A3, with real concurrency: the order of the audit tells which came first."""
    happen, refusal = TAKINGS[words]
    outcome, taken = at_once(
        app,
        lambda: change(here(limited), here(shelf.site), here(cast.paula)),
        lambda: happen(all_here(cast), here(limited), all_here(shelf)),
    )
    assert not isinstance(taken, Exception), taken
    acted = [action for action, *_rest in events() if action == "setting.changed"]
    if isinstance(outcome, Exception):
        assert isinstance(outcome, refusal) and acted == [] and settings(shelf.site) == {"PHP version": "8.3"}
    else:
        assert len(acted) == 1 and settings(shelf.site) == {"PHP version": "8.4"}
        order = [action for action, *_rest in events()]
        assert order.index("setting.changed") < len(order) - 1
    with pytest.raises(refusal):
        change(limited, shelf.site, cast.paula, "9")


def test_taking_a_right_away_again_gives_nothing_back(cast, limited, shelf):
    take_the_product(cast, limited, shelf)
    partnerships.change_access(
        limited, FULL, {}, version=limited.version, by=cast.nadia, now=NOW
    )  # fmt: skip
    change(limited, shelf.site, cast.pierre)
    partnerships.change_access(
        limited, LIMITED, ids({shelf.post: TECHNICAL, shelf.site: NOTHING}),
        version=limited.version, by=cast.nadia, now=NOW,
    )  # fmt: skip
    with pytest.raises(RightGone):
        change(limited, shelf.site, cast.pierre, "9")
    change(limited, shelf.post, cast.pierre)
