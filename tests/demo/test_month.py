"""The demo's affiliates, and a month of theirs played through."""

from datetime import timedelta

from flask import Flask

from webapp import clock
from webapp.affiliation.models import AffiliateAccount, Attribution
from webapp.affiliation.rules import Verdict
from webapp.demo import calendar
from webapp.extensions import db
from webapp.ledger import proofs
from webapp.payouts.models import Payout
from webapp.payouts.rules import Kind, State


def test_the_story_has_an_affiliate_at_each_rate(demo: Flask) -> None:
    """RULES F5."""
    with demo.app_context():
        accounts = db.session.query(AffiliateAccount).order_by(AffiliateAccount.earned).all()
        assert [account.tier for account in accounts] == [25, 30, 35, 50]
        assert {payout.state for payout in db.session.query(Payout)} >= {State.EXECUTED, State.RETURNED}
        assert db.session.query(Attribution).filter_by(verdict=Verdict.HELD).count() == 1


def test_a_month_is_played_through(demo: Flask) -> None:
    """From the click to the payout, with a refund; afterwards it is that day in the demo, and all adds up."""
    before = clock.now()
    told = demo.test_cli_runner().invoke(args=["demo", "--month"])
    assert told.exit_code == 0, told.output
    output = told.output.replace("\N{NO-BREAK SPACE}", " ")
    for words in (
        "signs up over the link of Mila Frei", "CHF 59.52 for Mila Frei at 25 %", "at 30 %", "is refunded",
        "cancelled on its last waiting day", "to Mila Frei (prepaid)", "payout runs to the bank",
    ):  # fmt: skip
        assert words in output
    with demo.app_context():
        assert clock.now() > before + timedelta(days=31)
        assert not any(proofs.run().values())
        assert db.session.query(Payout).filter_by(kind=Kind.PREPAID).count() == 1


def test_without_a_month_played_it_is_today(demo: Flask) -> None:
    calendar.file_of(demo).unlink(missing_ok=True)
    with demo.app_context():
        assert abs(clock.now() - clock.now()) < timedelta(minutes=1) and calendar.ahead(demo)() == timedelta(
            0
        )
