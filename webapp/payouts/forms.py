"""What may be typed about payouts, and what an address asks of their lists."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from webapp.accounts.forms import PasswordAgain
from webapp.affiliation.models import AffiliateAccount
from webapp.forms import BaseForm, Line, OneOf, lazy, needed
from webapp.i18n import gettext as _
from webapp.payments.rules import TARGET_LENGTH
from webapp.payouts import labels, rules
from webapp.payouts.rules import Kind, Preference, State
from webapp.refused import Refused


def read_state(args: MultiDict[str, str]) -> State | None:
    """Which payouts of a run the page shows; None for all."""
    asked = args.get("state", "")
    return State(asked) if asked in set(State) else None


class _Preferences(BaseForm):
    """Where payouts go. Left empty, IBAN or address stay as they are; after validation `target` is where."""

    kind = OneOf(
        lazy("Where to?"),
        [needed(lazy("Say where payouts go."))],
        choices=lambda: [(kind.value, words) for kind, words in labels.CHOICES.items()],
    )
    holder = Line(lazy("Account holder"), most=rules.NAME_LENGTH)
    iban = Line(lazy("IBAN"), most=60)
    paypal = Line(lazy("Mail address of the PayPal account"), most=TARGET_LENGTH)
    target = ""

    def __init__(self, account: AffiliateAccount, now: Preference) -> None:
        owner = account.organisation.name[: rules.NAME_LENGTH]
        super().__init__(data={"kind": now.kind.value, "holder": now.holder or owner})
        self.account = account
        self.now = now

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields, then whether money can go there."""
        good = super().validate(extra_validators)
        if self.kind.errors or self.chosen is Kind.PREPAID:
            return good
        name = self.chosen.value
        if self.chosen is Kind.IBAN and not self.holder.data:
            self.holder.errors = [_("Enter the name of the account’s holder.")]
            good = False
        if not self[name].errors:
            try:
                self.target = rules.target(self.chosen, self[name].data or self.kept, self.account.currency)
            except Refused as refusal:
                self.blame(name, refusal)
        return good and not self[name].errors

    @property
    def chosen(self) -> Kind:
        """Where to, after validation of that field."""
        return Kind(self.kind.data)

    @property
    def kept(self) -> str:
        """What an empty field stands for."""
        return self.now.target if self.chosen is self.now.kind else ""

    @property
    def named(self) -> str:
        """The holder, where there is one."""
        return str(self.holder.data) if self.chosen is Kind.IBAN else ""


class PreferencesForm(PasswordAgain, _Preferences):
    """The same, with the password."""


class ReturnForm(BaseForm):
    """Why a payout came back."""

    reason = Line(
        lazy("Reason"), [needed(lazy("Enter the reason. The affiliate reads it."))], most=rules.REASON_LENGTH
    )
