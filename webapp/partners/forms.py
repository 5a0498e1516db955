"""What is typed on the pages of a client's partners. The boxes of products are read by partnerships.forms."""

from __future__ import annotations

from datetime import timedelta

from webapp.accounts.forms import PasswordAgain
from webapp.forms import BaseForm, OneOf, lazy, needed
from webapp.limits import Limit
from webapp.partners import labels
from webapp.partnerships.rules import Payer

CHANGES = Limit("access-changes", 100, timedelta(days=1))  # of one partnership: each is a mail to the partner


class EditorForm(BaseForm):
    """The editor of access: what is wrong with it as a whole."""


class ReviewForm(PasswordAgain, BaseForm):
    """Saves the changes; full access asks for the password."""

    def __init__(self, *, becomes_full: bool) -> None:
        super().__init__()
        self.password_needed = becomes_full


class PaymentChoice(BaseForm):
    """Whose payment method."""

    payer = OneOf(
        lazy("Who pays?"),
        [needed(lazy("Choose who pays."))],
        choices=lambda: [(payer.value, labels.payment(payer)) for payer in Payer],
    )


class PaymentForm(PasswordAgain, BaseForm):
    """Saves the payment method; handing over the wallet asks for the password."""

    def __init__(self, payer: Payer) -> None:
        super().__init__()
        self.password_needed = payer is Payer.PARTNER
