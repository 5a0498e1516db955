"""What the operator may type."""

from __future__ import annotations

from webapp.accounts.forms import NewPassword
from webapp.directory.labels import SUSPENSION_REASONS
from webapp.forms import BaseForm, EmailLine, Line, OneOf, Text, filled, lazy, needed


class RejectionForm(BaseForm):
    """The reason that the applicant reads (RULES A4)."""

    reason = Text(
        lazy("Reason"),
        [needed(lazy("Write the reason; the applicant reads it.")), filled(least=10, most=2000)],
        most=2000,
    )


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
