"""What may be typed about withdrawals and transfers, and what an address asks of their lists."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field, ValidationError
from wtforms.validators import StopValidation

from webapp.accounts.forms import PasswordAgain
from webapp.forms import Amount, BaseForm, FileField, HiddenField, Line, OneOf, lazy, needed
from webapp.i18n import gettext as _
from webapp.i18n import money
from webapp.ledger.rules import NotEnough
from webapp.money import Money
from webapp.orders.models import Order
from webapp.payments import labels, rules, statements
from webapp.payments.elements import LARGEST_FILE, Faults
from webapp.payments.rules import Destination, Kind, TransferState, WithdrawalState
from webapp.payments.statements import Statement
from webapp.products.forms import Day
from webapp.programme import programme
from webapp.refused import Refused

# --- what an address asks for -------------------------------------------------------------------------------


def read_transfer_state(args: MultiDict[str, str]) -> TransferState | None:
    """Which transfers the list shows: those that wait unless told otherwise; None for all."""
    asked = args.get("state", TransferState.WAITING)
    return TransferState(asked) if asked in set(TransferState) else None


def read_withdrawal_state(args: MultiDict[str, str]) -> WithdrawalState | None:
    """Which withdrawals the list shows: those that wait unless told otherwise; None for all."""
    asked = args.get("state", WithdrawalState.WAITING)
    return WithdrawalState(asked) if asked in set(WithdrawalState) else None


# --- withdrawals --------------------------------------------------------------------------------------------


class WithdrawalForm(BaseForm):
    """How much is to be paid out, from which account, and where to."""

    currency = OneOf(
        lazy("From which account?"), [needed(lazy("Choose an account."))], choices=()
    )  # the choices are the accounts that have something
    amount = Amount(lazy("Amount"), [needed(lazy("Enter an amount such as 1’500 or 1’500.50."))])
    kind = OneOf(
        lazy("Where to?"),
        [needed(lazy("Say where the money goes."))],
        choices=lambda: [(kind.value, words) for kind, words in labels.TO.items()],
        default=Kind.IBAN.value,
    )
    iban = Line(lazy("IBAN"), most=60)
    paypal = Line(lazy("Mail address of the PayPal account"), most=rules.TARGET_LENGTH)
    destination: Destination | None = None

    def __init__(self, accounts: Sequence[Money], typed: dict[str, Any] | None = None) -> None:
        self.accounts = {each.currency: each for each in accounts}
        super().__init__(data=typed or {"currency": next(iter(self.accounts), None)})
        self.currency.choices = [(code, money(each)) for code, each in self.accounts.items()]

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields, then whether so much is paid out, and whether it can go there."""
        good = super().validate(extra_validators)
        if self.currency.errors or self.kind.errors:
            return False
        return self._fits("amount", self._check_amount) & self._fits(self.target, self._check_target) & good

    @property
    def target(self) -> str:
        """The name of the field that says where to."""
        return "paypal" if self.kind.data == Kind.PAYPAL else "iban"

    def _fits(self, name: str, check: Any) -> bool:
        if self[name].errors:
            return False
        try:
            check()
        except Refused as refusal:
            self.blame(name, refusal)
            return False
        return True

    def _check_amount(self) -> None:
        account = self.accounts[self.currency.data]
        rules.check_least(self.wanted, programme().invoicing.least_withdrawal(account.currency))
        if self.wanted.minor > account.minor:
            raise NotEnough()

    def _check_target(self) -> None:
        self.destination = rules.destination(Kind(self.kind.data), self[self.target].data)

    @property
    def wanted(self) -> Money:
        """How much, after validation of the amount."""
        return Money(self.amount.minor or 0, self.currency.data)

    def as_data(self, by: str) -> dict[str, Any]:
        """What the check page keeps."""
        assert self.destination
        return {
            "by": by, "currency": self.currency.data, "amount": self.amount.data, "kind": self.kind.data,
            "iban": self.iban.data, "paypal": self.paypal.data,
            "minor": self.wanted.minor, "target": self.destination.target,
        }  # fmt: skip


def wanted_of(data: dict[str, Any]) -> tuple[Money, Destination]:
    """How much a kept form asks for, and where to."""
    return Money(data["minor"], data["currency"]), Destination(Kind(data["kind"]), data["target"])


def stamp_of(*said: object) -> str:
    """A short name for what a page says."""
    return hashlib.sha256("\n".join(map(str, said)).encode()).hexdigest()[:16]


class CheckedForm(BaseForm):
    """The button of a page that shows what it does; `seen` is what the page has shown.

    What was changed in another window meanwhile is not done unseen: the form comes back with `changed`.
    """

    changed: type[Refused]
    seen = HiddenField()

    def __init__(self, *said: object) -> None:
        super().__init__()
        self.shown = stamp_of(*said)

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields, then whether it is still what was shown."""
        good = super().validate(extra_validators)
        if self.seen.data != self.shown:
            self.refuse(self.changed())
        return good and not self.form_errors


class WithdrawForm(PasswordAgain, CheckedForm):
    """The button that asks for the money, with the password."""

    changed = rules.WithdrawalChanged

    def __init__(self, amount: Money, to: Destination) -> None:
        super().__init__(amount, to)


class RefusalForm(BaseForm):
    """Why the operator doesn't pay a withdrawal out; who asked reads it in a mail."""

    reason = Line(
        lazy("Reason"),
        [needed(lazy("Enter the reason. The organisation reads it."))],
        most=rules.REASON_LENGTH,
    )


# --- transfers ----------------------------------------------------------------------------------------------


class StatementForm(BaseForm):
    """A bank's statement. After validation `content` is the file, and `statement` what it says."""

    file = FileField(lazy("Account statement (camt.053)"))
    content = b""
    statement: Statement

    def validate_file(self, field: Field) -> None:
        if not field.data or not field.data.filename:
            raise StopValidation(_("Choose a file."))
        self.content = field.data.stream.read(LARGEST_FILE + 1)  # one that is larger is told so as a whole
        try:
            self.statement = statements.read(self.content)
        except Faults as wrong:
            self.form_errors = [*self.form_errors, *(fault.sentence for fault in wrong.faults)]
            raise StopValidation(_("Nothing was imported. Ask the bank for a right file.")) from None
        try:
            rules.check_account(self.statement.account_iban, programme().iban(self.statement.currency))
        except rules.OtherAccount as refusal:
            raise StopValidation(_(refusal.sentence)) from None


class BookForm(CheckedForm):
    """The button that books a payment for an order."""

    changed = rules.PaymentChanged

    def __init__(self, amount: Money, day: date) -> None:
        super().__init__(amount, day)


class PaymentForm(BaseForm):
    """A transfer for an order that the operator saw on its account."""

    amount = Amount(lazy("Amount"), [needed(lazy("Enter an amount such as 1’500 or 1’500.50."))])
    booked_on = Day(
        lazy("Booked by the bank on"), [needed(lazy("Enter the day on which the bank booked it."))]
    )

    def __init__(self, order: Order, *, today: date, typed: dict[str, Any] | None = None) -> None:
        missing = order.missing if order.missing.minor and not order.cancelled_at else None
        super().__init__(data=typed or {"amount": missing, "booked_on": today})
        self.order = order
        self.today = today

    def validate_amount(self, field: Amount) -> None:
        if field.minor == 0:
            raise ValidationError(_("Enter an amount above zero."))

    def validate_booked_on(self, field: Day) -> None:
        if field.day and field.day > self.today:
            raise ValidationError(_("This day is in the future. Enter the day on which the bank booked it."))

    def as_data(self) -> dict[str, Any]:
        """What the check page keeps."""
        assert self.booked_on.day
        return {
            "order": self.order.public_id, "amount": self.amount.data, "booked_on": self.booked_on.data,
            "minor": self.amount.minor, "day": self.booked_on.day.isoformat(),
        }  # fmt: skip


def payment_of(order: Order, data: dict[str, Any]) -> tuple[Money, date]:
    """How much a kept form says came in for the order, and when."""
    return order.money(data["minor"]), date.fromisoformat(data["day"])
