"""What the monthly statement says, and when it is held back (UX mail 21)."""

from datetime import UTC, datetime

import pytest

from tests.factories import make_organisation, make_plan
from tests.post import of_kind, text_of
from tests.revenue.story import bought, by_partner, full, new, sources_plan
from webapp.accounts.models import Membership
from webapp.extensions import db
from webapp.partnerships.rules import Payer
from webapp.revenue import actions
from webapp.tenders.actions import stop_mail

FIRST_OF_DECEMBER = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)


@pytest.fixture
def statement(outbox, clock):
    """Sends what is due on the first of December."""

    def send():
        actions.send_statements(now=FIRST_OF_DECEMBER)
        clock.now = FIRST_OF_DECEMBER
        return of_kind(outbox.deliver(), "monthly_statement")

    return send


def test_it_tells_discount_and_cashback_by_currency(cast, statement):
    """RULES M4, L2: in the recipient's language, with a link to the statement."""
    cast.pierre.language = "en"
    db.session.commit()
    by_partner(full(cast, Payer.PARTNER), new(sources_plan(), 35))
    german = make_organisation("Spreewald GmbH", country="DE")
    full(cast, client=german)
    bought(german, new(make_plan()))
    [mail] = statement()
    assert mail["Subject"] == "Your revenue in November 2026"
    text = text_of(mail).replace("\xa0", " ")
    for words in ("Discount in CHF", "CHF 52.08", "Cashback in EUR", "22.00", "Lumière Digital Sàrl"):
        assert words in text, words
    assert f"/en/o/{cast.lumiere.public_id}/revenue?month=2026-11" in text


def test_one_currency_is_not_named_twice(cast, statement):
    cast.pierre.language = "en"
    db.session.commit()
    full(cast)
    bought(cast.lumen, new(make_plan()))
    [mail] = statement()
    text = text_of(mail).replace("\xa0", " ")
    assert "Discount: CHF 0.00" in text and "Cashback: CHF 24.00" in text and "Together: CHF 24.00" in text


def test_it_can_be_stopped_by_one_click(cast, statement, client):
    """RFC 8058, RULES T4: the page only asks."""
    full(cast)
    bought(cast.lumen, new(make_plan()))
    [mail] = statement()
    address = mail["List-Unsubscribe"].strip("<>").removeprefix("http://localhost")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert client.get_page(address).status == 200
    db.session.refresh(cast.lumiere_partner)
    assert cast.lumiere_partner.statement_mail
    assert client.post(address).status_code == 204
    db.session.refresh(cast.lumiere_partner)
    assert not cast.lumiere_partner.statement_mail


def test_it_is_held_back_from_who_may_not_see_it_any_more(cast, statement, now):
    """RULES L2: written when it leaves, from what is true then."""
    full(cast)
    bought(cast.lumen, new(make_plan()))
    actions.send_statements(now=FIRST_OF_DECEMBER)
    db.session.query(Membership).filter_by(user_id=cast.pierre.id).update({"role": "collaborator"})
    db.session.commit()
    assert statement() == []


def test_it_is_held_back_when_it_was_stopped_meanwhile(cast, statement, now):
    full(cast)
    bought(cast.lumen, new(make_plan()))
    actions.send_statements(now=FIRST_OF_DECEMBER)
    assert stop_mail("statements", cast.lumiere_partner.public_id, now=now)
    assert statement() == []
