"""What a client saves of a draft, on both databases."""

from __future__ import annotations

import pytest

from tests.cast import stock
from tests.factories import make_partnership
from tests.threads import at_once
from webapp import drafts
from webapp.accounts.models import User
from webapp.drafts import Draft
from webapp.extensions import db
from webapp.partners import actions
from webapp.partnerships import queries
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import EVERYTHING, Access, ChangedMeanwhile, Terms

LIMITED = Terms(Access.LIMITED)


@pytest.fixture
def products(cast):
    return stock(cast.lumen)


@pytest.fixture
def limited(cast, products):
    """Lumière Digital manages the site."""
    return make_partnership(cast.lumen, cast.lumiere_partner, products=[products.site])


@pytest.fixture
def draft(now):
    """Changes that wait to be saved."""
    return drafts.save("access", drafts.new_key(), {}, now=now)


def test_a_draft_is_saved_once_at_the_same_instant(app, cast, limited, products, draft, now):
    """RULES C9: two clicks at once make one change, one version, one line of history."""
    wanted = {products.site.id: EVERYTHING, products.shop.id: EVERYTHING}
    partnership_id, draft_id, nadia_id = limited.id, draft.id, cast.nadia.id

    def save():
        actions.save_access(
            db.session.get(Partnership, partnership_id), db.session.get(Draft, draft_id), LIMITED, wanted,
            version=1, by=db.session.get(User, nadia_id), now=now,
        )  # fmt: skip

    assert at_once(app, save, save) == [None, None]
    assert set(queries.granted(limited)) == set(wanted)
    assert len(queries.history(limited)) == 2


def test_a_draft_that_was_refused_can_be_saved_later(app, cast, limited, products, draft, now):
    """RULES C9: a refusal takes everything back, the draft included."""
    wanted = {products.shop.id: EVERYTHING}
    with pytest.raises(ChangedMeanwhile):
        actions.save_access(limited, draft, LIMITED, wanted, version=7, by=cast.nadia, now=now)
    actions.save_access(limited, draft, LIMITED, wanted, version=1, by=cast.nadia, now=now)
    assert set(queries.granted(limited)) == set(wanted)
