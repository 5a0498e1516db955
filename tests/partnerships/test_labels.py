"""The words for what a partner can do and for what changed: each combination as both sides read it."""

from __future__ import annotations

import re

import pytest

from tests.factories import make_partnership, make_user
from tests.partnerships.story import FULL, LIMITED, WALLET, told
from webapp.i18n import speaking
from webapp.partnerships import labels
from webapp.partnerships.labels import Line, change_line, for_client, for_partner, history_lines
from webapp.partnerships.models import PartnershipChange, RightChanged
from webapp.partnerships.rules import Access, Payer, Right, Side, Some, Standing, Summary

NONE, ONE = Some(0, ()), Some(1, ("site.ch",))
THREE = Some(3, ("site.ch", "shop.ch", "mail.ch"))
FOUR, MANY = Some(4, THREE.names), Some(2003, THREE.names)


def limited(technical=NONE, statistical=NONE):
    return Summary(LIMITED, technical, statistical)


# --- what a partner can do ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("technical", "statistical", "lines"),
    [
        (NONE, NONE, [Line(False, "Cannot manage any product"), Line(False, "Cannot see any statistics")]),
        (
            ONE, NONE,
            [Line(True, "Manage 1 product: site.ch"), Line(False, "Cannot see any statistics")],
        ),
        (
            NONE, ONE,
            [Line(False, "Cannot manage any product"), Line(True, "See statistics for 1 product")],
        ),
        (
            THREE, THREE,
            [
                Line(True, "Manage 3 products: site.ch, shop.ch, mail.ch"),
                Line(True, "See statistics for 3 products"),
            ],
        ),
        (
            FOUR, MANY,
            [
                Line(True, "Manage 4 products: site.ch, shop.ch, mail.ch and 1 more"),
                Line(True, "See statistics for 2,003 products"),
            ],
        ),
        (
            MANY, ONE,
            [
                Line(True, "Manage 2,003 products: site.ch, shop.ch, mail.ch and 2,000 more"),
                Line(True, "See statistics for 1 product"),
            ],
        ),
    ],
)  # fmt: skip
def test_limited_access_in_words(app, technical, statistical, lines):
    """RULES C1, C4: the same two lines for both sides, and what it can never do."""
    summary = limited(technical, statistical)
    assert for_client(summary) == [
        *lines, Line(False, "Cannot order or renew for you, and does not see your invoices"),
    ]  # fmt: skip
    assert for_partner(summary, "Lumen Optik AG") == [
        *lines,
        Line(False, "You cannot order or renew for Lumen Optik AG, and do not see its invoices"),
    ]


@pytest.mark.parametrize(
    ("terms", "client_reads", "partner_reads"),
    [
        (
            FULL,
            [
                Line(True, "Manage all your products, now and later"),
                Line(True, "Order and renew for you; you pay"),
                Line(False, "Cannot see your invoices"),
            ],
            [
                Line(True, "Manage all products of Lumen Optik AG, now and later"),
                Line(True, "Order and renew for Lumen Optik AG, at its expense"),
                Line(False, "You do not see the invoices of Lumen Optik AG"),
            ],
        ),
        (
            WALLET,
            [
                Line(True, "Manage all your products, now and later"),
                Line(True, "Order and renew for you, at its own expense"),
                Line(False, "You do not see the invoices that it pays"),
            ],
            [
                Line(True, "Manage all products of Lumen Optik AG, now and later"),
                Line(True, "Order and renew for Lumen Optik AG, at your expense"),
                Line(False, "Lumen Optik AG does not see the invoices that you pay"),
            ],
        ),
    ],
    ids=["the client pays", "the partner pays"],
)
@pytest.mark.parametrize("products", [NONE, MANY], ids=["no product", "many products"])
def test_full_access_in_words(app, terms, client_reads, partner_reads, products):
    """RULES C2, C5, M5: who orders, who pays, who sees which invoices."""
    summary = Summary(terms, products, products)
    assert for_client(summary) == client_reads
    assert for_partner(summary, "Lumen Optik AG") == partner_reads


@pytest.mark.parametrize("summary", [limited(ONE, ONE), Summary(FULL, ONE, ONE), Summary(WALLET, ONE, ONE)])
def test_only_full_access_says_that_it_orders(app, summary):
    """RULES C1, C2; SECURITY A8."""
    orders = [
        line.may
        for lines in (for_client(summary), for_partner(summary, "X"))
        for line in lines
        if "rder and renew" in line.sentence or "order or renew" in line.sentence
    ]
    assert orders == [summary.terms.access is Access.FULL] * 2


@pytest.mark.parametrize("language", ["fr", "de"])
def test_numbers_are_written_as_the_reader_writes_them(app, language):
    """RULES L1."""
    with speaking(language, "CH"):
        lines = for_client(limited(MANY, MANY))
    assert all("2,003" not in line.sentence and "2003" not in line.sentence for line in lines)


def test_a_name_with_signs_of_a_template_stays_as_it_is(app):
    """A client called “100 % Optik %(s)s” breaks no sentence."""
    name = "100 % Optik %(s)s {x}"
    for summary in (limited(ONE, ONE), Summary(FULL, ONE, ONE), Summary(WALLET, ONE, ONE)):
        assert any(name in line.sentence for line in for_partner(summary, name))
    weird = limited(Some(1, (name,)), NONE)
    assert for_client(weird)[0].sentence == f"Manage 1 product: {name}"


@pytest.mark.parametrize(
    ("right", "given", "line"),
    [
        (Right.TECHNICAL, True, "+ Technical on site.ch"),
        (Right.STATISTICAL, True, "+ Statistics on site.ch"),
        (Right.TECHNICAL, False, "− Technical on site.ch"),
        (Right.STATISTICAL, False, "− Statistics on site.ch"),
    ],
)
def test_a_right_that_changes_in_words(app, right, given, line):
    """RULES C9."""
    assert change_line(right, "site.ch", given=given) == line


def test_every_code_has_its_word(app):
    """RULES C1, C2, C4, C5."""
    assert set(labels.ACCESSES) == set(Access) and set(labels.PAYERS) == set(Payer)
    assert set(labels.RIGHTS) == set(Right) and set(labels.STANDINGS) == set(Standing)


# --- history ------------------------------------------------------------------------------------------------

WHATS = [
    ("started", "limited"), ("started", "full"), ("access", "limited"), ("access", "full"), ("payer", "client"),
    ("payer", "partner"), ("rights", ""), ("followed", ""), ("ended", ""),
]  # fmt: skip


def changed(cast, lumens_products, what, detail, side, person):
    """A change that is in no table."""
    rights = []
    if what == "rights" or (what, detail) == ("access", "limited"):
        rights = [
            RightChanged(right=Right.TECHNICAL, given=True, label=lumens_products.site.label),
            RightChanged(right=Right.STATISTICAL, given=False, label=lumens_products.site.label),
        ]
    return PartnershipChange(
        side=side,
        person=person,
        person_id=person.id if person else None,
        what=what,
        detail=detail,
        rights=rights,
    )


def read(change, reader, me):
    return history_lines(
        change, reader=reader, me=me, client="Lumen Optik AG", partner="Lumière Digital Sàrl"
    )


@pytest.mark.parametrize(("what", "detail"), WHATS)
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("reader", [Side.CLIENT, Side.PARTNER])
def test_every_change_has_its_lines_for_every_reader(cast, lumens_products, what, detail, side, reader):
    """RULES C11: whole sentences, whoever reads them; the other side's people are not named."""
    person = {Side.CLIENT: cast.nadia, Side.PARTNER: cast.pierre, Side.OPERATOR: cast.olga}[side]
    change = changed(cast, lumens_products, what, detail, side, person)
    for me in (person.id, make_user().id):
        lines = read(change, reader, me)
        assert lines and all(re.fullmatch(r"[A-Z][^%{}]+[a-z.é]", line) for line in lines)
        mine = side is reader and me == person.id
        assert all(line.startswith("You ") is mine for line in lines)
        if side is not reader and what != "followed":
            assert not any(person.name in line for line in lines)


def test_who_did_it(cast, lumens_products):
    """RULES C11: oneself, a colleague by name, the other side by its own name, the operator."""
    ended = changed(cast, lumens_products, "ended", "", Side.CLIENT, cast.nadia)
    assert read(ended, Side.CLIENT, cast.nadia.id) == ["You ended the partnership"]
    assert read(ended, Side.CLIENT, cast.hugo.id) == ["Nadia Noser ended the partnership"]
    assert read(ended, Side.PARTNER, cast.pierre.id) == ["Lumen Optik AG ended the partnership"]
    assert read(ended, Side.PARTNER, cast.nadia.id) == ["Lumen Optik AG ended the partnership"]
    by_operator = changed(cast, lumens_products, "ended", "", Side.OPERATOR, cast.olga)
    assert read(by_operator, Side.CLIENT, cast.olga.id) == ["The operator ended the partnership"]


def test_somebody_who_is_no_longer_known(cast, lumens_products):
    """RULES C11: then the organisation did it."""
    change = changed(cast, lumens_products, "payer", "partner", Side.CLIENT, None)
    assert read(change, Side.CLIENT, cast.nadia.id) == ["Lumen Optik AG set the partner’s payment method"]


def test_limited_access_names_what_it_gave(cast, lumens_products):
    """RULES C9."""
    change = changed(cast, lumens_products, "access", "limited", Side.CLIENT, cast.nadia)
    assert read(change, Side.PARTNER, cast.pierre.id) == [
        "Lumen Optik AG gave limited access",
        "Lumen Optik AG gave Technical on lumen-optik.ch",
        "Lumen Optik AG took away Statistics on lumen-optik.ch",
    ]


def test_what_actions_write_is_what_labels_know(cast, lumens_products):
    """RULES C11: the change that a partnership begins with."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, products=[lumens_products.site])
    assert told(partnership, Side.CLIENT, cast.nadia) == ["Lumière Digital Sàrl began the partnership"]
