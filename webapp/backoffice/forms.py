"""What the operator may type."""

from __future__ import annotations

from wtforms import ValidationError

from webapp.accounts.forms import NewPassword
from webapp.directory.labels import SUSPENSION_REASONS
from webapp.forms import Amount, BaseForm, EmailLine, Line, OneOf, Text, filled, lazy, needed
from webapp.i18n import gettext as _
from webapp.money import Money


class RejectionForm(BaseForm):
    """The reason that the applicant reads (RULES A4)."""

    reason = Text(
        lazy("Reason"),
        [needed(lazy("Write the reason; the applicant reads it.")), filled(least=10, most=2000)],
        most=2000,
    )


class VolumeForm(BaseForm):
    """A partner's yearly volume (RULES A2); an empty field takes back what is recorded."""

    amount = Amount(lazy("Volume a year"))

    def __init__(self, recorded: Money | None, currency: str) -> None:
        known = recorded if recorded and recorded.currency == currency else None
        super().__init__(data={"amount": known})
        self.recorded = recorded
        self.currency = currency

    def validate_amount(self, field: Amount) -> None:
        if field.minor is None and self.recorded is None:
            raise ValidationError(_("Enter an amount such as 1’500 or 1’500.50."))

    @property
    def volume(self) -> Money | None:
        """What to record, after validation."""
        return None if self.amount.minor is None else Money(self.amount.minor, self.currency)


class SuspensionForm(BaseForm):
    """Why a partner is suspended: for the log."""

    reason = OneOf(
        lazy("Why is it suspended?"),
        [needed(lazy("Choose a reason."))],
        choices=lambda: [(code.value, words) for code, words in SUSPENSION_REASONS.items()],
    )


class SetupForm(NewPassword, BaseForm):
    """The first operator."""

    name = Line(lazy("Your name"), [needed(lazy("Enter your name."))], most=80)
    email = EmailLine(lazy("Mail address"), [needed(lazy("Enter your mail address."))])

    @property
    def personal(self) -> tuple[str, ...]:  # type: ignore[override] # computed here
        return (self.email.data or "", self.name.data or "")
