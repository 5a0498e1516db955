"""The mails of a partnership that stands, as they leave: to whom, in which language, what they say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import join, make_partnership, make_user
from tests.partnerships.story import FULL, LIMITED, TECHNICAL, ids
from tests.post import of_kind, unflowed
from webapp.accounts import queries as people
from webapp.accounts.rules import Role
from webapp.organisations import actions as organisations
from webapp.partnerships import actions
from webapp.partnerships.rules import EVERYTHING, Access, Payer, Side


@pytest.fixture
def rolf(cast):
    """Another legal representative of Lumen Optik, who reads English."""
    rolf = make_user("Rolf Rossi", email="rolf@lumen.example", language="en")
    join(rolf, cast.lumen, Role.LEGAL_REPRESENTATIVE)
    return rolf


@pytest.fixture
def english(cast):
    """Rosa answers for Lumière and reads English."""
    rosa = make_user("Rosa Roux", email="rosa@lumiere.example", language="en")
    join(rosa, cast.lumiere, Role.LEGAL_REPRESENTATIVE)
    return rosa


def only(messages):
    [message] = messages
    return message


def test_a_change_of_access_tells_what_changed_and_what_holds_now(
    cast, lumens_products, rolf, english, outbox, now
):
    """RULES C9, L2."""
    shelf = lumens_products
    partnership = make_partnership(
        cast.lumen, cast.lumiere_partner, products={shelf.site: EVERYTHING, shelf.shop: TECHNICAL}
    )
    actions.change_access(
        partnership, LIMITED, ids({shelf.site: TECHNICAL, shelf.server: EVERYTHING}), version=1,
        by=cast.nadia, now=now,
    )  # fmt: skip
    outbox.deliver(now)
    to_partner, to_client = (only(outbox.to(each.email)) for each in (english, rolf))
    assert to_partner["Subject"] == "Lumen Optik AG has changed your access"
    assert to_client["Subject"] == "Access of Lumière Digital Sàrl changed"
    assert "Nadia Noser has changed what Lumière Digital Sàrl may do for Lumen Optik AG." in unflowed(
        to_client
    )
    for message in (to_partner, to_client):
        text = unflowed(message)
        for line in (
            "− Statistics on lumen-optik.ch", "− Technical on shop.lumen-optik.ch", "+ Technical on vps-zrh-01",
            "✓ Manage 2 products: lumen-optik.ch, vps-zrh-01", "✓ See statistics for 1 product",
        ):  # fmt: skip
            assert line in text
        assert "+ Technical on lumen-optik.ch" not in text
    assert any(f"/clients/{partnership.public_id}" in link for link in outbox.links(to_partner))
    assert any(f"/partners/{partnership.public_id}" in link for link in outbox.links(to_client))
    assert only(outbox.to("pierre@lumiere.example"))["Content-Language"] == "fr"
    assert (
        outbox.to("nadia@lumen.example") == outbox.to("paula@lumiere.example") == []
    )  # she did it; he is no representative


def test_full_access_is_a_gift_and_nothing_is_listed_as_taken(cast, lumens_products, english, outbox, now):
    """RULES C2, C9."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, products=[lumens_products.site])
    actions.change_access(partnership, FULL, {}, version=1, by=cast.nadia, now=now)
    text = unflowed(only(outbox.to(english.email)))
    assert "✓ Manage all products of Lumen Optik AG, now and later" in text and "−" not in text


@pytest.mark.parametrize(
    ("payer", "to_partner", "to_client"),
    [
        (Payer.PARTNER, "are charged to you, at the partner price", "pays for what it orders and renews"),
        (Payer.CLIENT, "are charged to the client, at the public price", "Lumen Optik AG pays for"),
    ],
)
def test_a_change_of_the_payment_method(cast, rolf, english, outbox, now, payer, to_partner, to_client):
    """RULES C10, M4."""
    before = Payer.CLIENT if payer is Payer.PARTNER else Payer.PARTNER
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, before)
    actions.change_payer(partnership, payer, version=1, by=cast.nadia, now=now)
    assert to_partner in unflowed(only(outbox.to(english.email)))
    assert to_client in unflowed(only(outbox.to(rolf.email)))


@pytest.mark.parametrize("side", [Side.CLIENT, Side.PARTNER])
def test_both_sides_read_who_ended_it(cast, lumens_products, rolf, english, outbox, now, side):
    """RULES C11."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, products=[lumens_products.site])
    by = cast.nadia if side is Side.CLIENT else cast.pierre
    actions.end(partnership, side=side, seen_hash=by.password_hash, by=by, now=now)
    to_client, to_partner = (unflowed(only(outbox.to(each.email))) for each in (rolf, english))
    own_side = "was ended on your side"
    assert (own_side in to_client) is (side is Side.CLIENT)
    assert (own_side in to_partner) is (side is Side.PARTNER)
    assert ("Lumière Digital Sàrl has ended the partnership" in to_client) is (side is Side.PARTNER)
    assert ("Lumen Optik AG has ended the partnership" in to_partner) is (side is Side.CLIENT)


def test_after_the_end_nobody_reads_of_an_older_change(cast, lumens_products, rolf, english, outbox, now):
    """SECURITY O2: what is not true any more does not leave."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, products=[lumens_products.site])
    actions.change_access(partnership, FULL, {}, version=1, by=cast.nadia, now=now)
    actions.change_payer(partnership, Payer.PARTNER, version=2, by=cast.nadia, now=now)
    later = now + timedelta(minutes=1)
    actions.end(partnership, side=Side.CLIENT, seen_hash=cast.nadia.password_hash, by=cast.nadia, now=later)
    messages = outbox.deliver(later)
    kinds = ("access_changed", "access_changed_copy", "payer_changed", "payer_changed_copy")
    assert not [message for kind in kinds for message in of_kind(messages, kind)]
    assert len(of_kind(messages, "ended_client")) == len(of_kind(messages, "ended_partner")) == 2


def test_who_no_longer_answers_for_its_side_reads_nothing_more(
    cast, lumens_products, rolf, english, outbox, now
):
    """SECURITY A12: a mail that waits names products of the client."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner)
    actions.change_access(
        partnership, LIMITED, ids({lumens_products.server: EVERYTHING}), version=1, by=cast.nadia, now=now
    )
    organisations.remove_member(people.membership_in(cast.lumiere, english), by=cast.pierre, now=now)
    organisations.set_role(people.membership_in(cast.lumen, rolf), Role.ADMINISTRATOR, by=cast.nadia, now=now)
    read = {message["To"] for message in outbox.deliver(now)}
    assert cast.pierre.email in read and not {english.email, rolf.email} & read
