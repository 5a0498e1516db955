"""What a partner types about the calls that went to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from wtforms import Field, ValidationError

from webapp import clock
from webapp.accounts.models import Membership
from webapp.directory.labels import service_choices
from webapp.forms import (
    Amount,
    BaseForm,
    BooleanField,
    FileField,
    ManyOf,
    OneOf,
    SelectField,
    Text,
    filled,
    lazy,
    needed,
)
from webapp.i18n import LANGUAGE_NAMES, day, ngettext
from webapp.i18n import gettext as _
from webapp.inbox.labels import DISMISSALS
from webapp.money import MINOR_PER_UNIT
from webapp.tenders.forms import place_choices
from webapp.tenders.rules import closing

OFFER_DAYS = (14, 30, 60, 90)


class OfferForm(BaseForm):
    """A partner's offer (RULES T7)."""

    price_least = Amount(lazy("Price"), [needed(lazy("Enter a price, such as 1’500."))])
    price_most = Amount(lazy("Up to"))
    currency = OneOf(lazy("Currency"), choices=lambda: [("CHF", "CHF"), ("EUR", "EUR")])
    message = Text(
        lazy("Message"),
        [needed(lazy("Write what the price covers.")), filled(least=20, most=5000)],
        most=5000,
    )
    days = OneOf(
        lazy("Valid until"),
        [needed(lazy("Choose one of the options shown."))],
        choices=lambda: offer_day_choices(),
    )
    pdf = FileField(lazy("Offer as PDF"))
    drop_pdf = BooleanField(lazy("Remove the attached PDF"))

    def validate_price_most(self, field: Amount) -> None:
        least = self.price_least.minor
        if field.minor is not None and least is not None and field.minor < least:
            raise ValidationError(_("The upper price must not be below the lower one."))

    def validate_currency(self, field: Field) -> None:
        if not field.data or field.data == "None":
            raise ValidationError(_("Choose a currency."))

    @property
    def prices(self) -> tuple[int, int]:
        """(least, most) in minor units, after validation."""
        least, most = self.price_least.minor, self.price_most.minor
        assert least is not None  # it is needed
        return least, least if most is None else most

    def valid_until(self, now: datetime) -> datetime:
        """The first instant after the last valid day."""
        return closing(now, int(self.days.data), current_app.config["SETTINGS"].zone)


def offer_day_choices() -> list[tuple[str, str]]:
    """How long an offer may stand."""
    zone = current_app.config["SETTINGS"].zone
    today = clock.now().astimezone(zone).date()
    return [
        (
            str(days),
            ngettext(
                "%(day)s (in %(num)s day)",
                "%(day)s (in %(num)s days)",
                days,
                day=day(today + timedelta(days=days)),
            ),
        )
        for days in OFFER_DAYS
    ]


class PreferencesForm(BaseForm):
    """Which calls a partner receives (RULES T9)."""

    services = ManyOf(lazy("Services"), choices=service_choices)
    places = ManyOf(
        lazy("Regions"), choices=lambda: [c for group in place_choices().values() for c in group if c[0]]
    )
    languages = ManyOf(lazy("Languages in which you answer"), choices=lambda: [*LANGUAGE_NAMES.items()])
    least_budget = Amount(lazy("Smallest budget"))
    mail = OneOf(
        lazy("How should we tell you?"),
        choices=lambda: [
            ("at_once", _("By mail, at once")),
            ("daily", _("By mail, once a day")),
            ("never", _("Not by mail; I look at the inbox")),
        ],
    )
    contact = SelectField(lazy("Who gets the mails?"), choices=(), validate_choice=False)

    def __init__(self, *args: Any, members: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = {member.public_id: member for member in members}
        self.contact.choices = [(key, member.user.name) for key, member in self.members.items()]

    def validate_mail(self, field: Field) -> None:
        if not field.data or field.data == "None":
            raise ValidationError(_("Choose one of the options shown."))

    def validate_contact(self, field: Field) -> None:
        if field.data not in self.members:
            raise ValidationError(_("Choose one of your colleagues."))

    @property
    def preferences(self) -> dict[str, Any]:
        """The columns of the partner account, after validation."""
        return {
            "tender_services": frozenset(self.services.data or ()),
            "tender_places": frozenset(self.places.data or ()),
            "tender_languages": frozenset(self.languages.data or ()),
            "tender_least_budget": (self.least_budget.minor or 0) // MINOR_PER_UNIT,
            "tender_mail": self.mail.data,
        }


class DismissalForm(BaseForm):
    """ "Not for us", with a reason."""

    reason = OneOf(
        lazy("Why is it not for you?"),
        [needed(lazy("Choose a reason."))],
        choices=lambda: [*DISMISSALS.items()],
    )
