"""What an organisation chooses about mails of renewals, and about renewing by itself (RULES M8)."""

from __future__ import annotations

from wtforms import Field, ValidationError

from webapp.forms import BaseForm, BooleanField, ManyOf, lazy
from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.programme import programme
from webapp.renewals.rules import Wishes


def interval_choices() -> list[tuple[str, str]]:
    """The intervals that the policy offers, longest first."""
    return [
        (str(days), ngettext("%(num)s day before", "%(num)s days before", days))
        for days in programme().renewals.reminder_choices
    ]


class NoticesForm(BaseForm):
    """Which mails come, and when."""

    reminders = BooleanField(lazy("Remind us before the renewal date"))
    days = ManyOf(lazy("When to remind"), choices=interval_choices)
    automatic_reminder = BooleanField(lazy("Tell us before a product renews by itself"))
    automatic_done = BooleanField(lazy("Confirm each renewal and what was debited"))
    invoice_issued = BooleanField(lazy("Tell us when an invoice is issued"))

    def __init__(self, wishes: Wishes) -> None:
        super().__init__(
            data={
                "reminders": wishes.reminders,
                "days": [str(each) for each in wishes.days],
                "automatic_reminder": wishes.automatic_reminder,
                "automatic_done": wishes.automatic_done,
                "invoice_issued": wishes.invoice_issued,
            }
        )

    def validate_days(self, field: Field) -> None:
        """Reminders that never come help nobody."""
        if self.reminders.data and not field.data:
            raise ValidationError(_("Choose at least one, or switch the reminders off."))

    @property
    def wishes(self) -> Wishes:
        """What was chosen."""
        chosen = self.days.data or ()
        days = tuple(each for each in programme().renewals.reminder_choices if str(each) in chosen)
        return Wishes(
            self.reminders.data, days, self.automatic_reminder.data, self.automatic_done.data,
            self.invoice_issued.data,
        )  # fmt: skip
