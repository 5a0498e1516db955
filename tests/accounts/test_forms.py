"""The own password once more, before a change that matters."""

from collections.abc import Callable

import pytest
from flask import get_template_attribute
from flask_login import login_user

from tests.factories import PASSWORD
from webapp.accounts import access, actions, queries
from webapp.accounts.forms import PasswordAgain
from webapp.accounts.models import token_hash
from webapp.extensions import db
from webapp.forms import BaseForm, Line, needed


class Weighty(PasswordAgain, BaseForm):
    """A form as features have them."""

    reason = Line("Reason", [needed("Say why.")])


class Light(Weighty):
    """One that matters no more, for what was chosen."""

    password_needed = False


@pytest.fixture
def send(app, cast, clock, monkeypatch) -> Callable[..., BaseForm]:
    """Sends the form as Nadia, whose session began by a link."""
    token, row = actions.sign_in(
        cast.nadia, seen_hash=cast.nadia.password_hash, kept=False, browser="", address="", now=clock.now
    )
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)

    def post(form=Weighty, **data):
        with app.test_request_context(method="POST", data={"reason": "because", **data}):
            db.session.refresh(row)
            login_user(access.SignedIn(token, queries.who(token_hash(token), now=row.last_seen_at)))
            sent = form()
            sent.good = sent.validate_on_submit()
            field = get_template_attribute("components/forms.html", "password_again")
            sent.shown = 'type="password"' in field(sent)
            return sent

    return post


def test_the_right_password_is_good_for_fifteen_minutes(send, clock):
    assert send(password=PASSWORD).good
    clock.forward(minutes=14)
    again = send()
    assert again.good and not again.shown
    clock.forward(minutes=1)
    late = send()
    assert not late.good and late.shown
    assert late.errors_in_order == [("password", "Enter your password.")]


def test_a_wrong_password_is_told_next_to_the_field(send):
    wrong = send(password="not the password")
    assert not wrong.good and wrong.shown
    assert (wrong.status, wrong.errors_in_order) == (422, [("password", "This is not your password.")])


def test_wrong_passwords_are_counted_and_right_ones_are_not(send, clock):
    for _n in range(12):
        assert send(password=PASSWORD).good
        clock.forward(minutes=15)
    for _n in range(10):
        assert send(password="not the password").status == 422
    stopped = send(password=PASSWORD)
    assert not stopped.good
    assert stopped.status == 429
    clock.forward(minutes=15)
    assert send(password=PASSWORD).good


def test_a_form_that_is_wrong_anyway_costs_no_attempt_and_confirms_nothing(send):
    assert send(password=PASSWORD, reason="").errors_in_order == [("reason", "Say why.")]
    assert not send().good


def test_a_choice_that_matters_less_needs_no_password(send):
    light = send(Light)
    assert light.good and not light.shown
