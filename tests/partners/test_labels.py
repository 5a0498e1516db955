"""By whom an access was changed in the meantime, in whole sentences (RULES C9)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.times import NOW
from webapp.i18n import speaking
from webapp.partners.labels import changed_by
from webapp.partnerships.models import PartnershipChange
from webapp.partnerships.rules import Side


@pytest.mark.parametrize(
    ("side", "me", "who"), [(Side.OPERATOR, 2, "the operator"), (Side.CLIENT, 1, "yourself")]
)
@pytest.mark.parametrize(
    ("minutes", "when"),
    [(0, "just now"), (1, "1 minute ago"), (59, "59 minutes ago"), (60, "on 21 Nov 2026, 11:00")],
)
def test_by_the_operator_and_by_oneself(app, side, me, who, minutes, when):
    change = PartnershipChange(side=side, person_id=1, at=NOW)
    with speaking("en", "CH"):
        assert changed_by(change, me=me, now=NOW + timedelta(minutes=minutes)) == f"Changed by {who} {when}"
