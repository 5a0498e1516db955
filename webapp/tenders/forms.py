"""What people type about calls for tenders and offers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import phonenumbers
from flask import current_app
from wtforms import Field, ValidationError

from webapp import clock, places
from webapp.accounts.models import Membership
from webapp.directory.labels import service_choices
from webapp.forms import (
    Amount,
    BaseForm,
    BooleanField,
    EmailLine,
    FileField,
    Line,
    ManyOf,
    MultipleFileField,
    OneOf,
    PublicForm,
    SelectField,
    Text,
    filled,
    lazy,
    needed,
)
from webapp.i18n import LANGUAGE_NAMES, current_language, day, ngettext
from webapp.i18n import gettext as _
from webapp.money import MINOR_PER_UNIT
from webapp.programme import programme
from webapp.tenders import labels
from webapp.tenders.rules import closing, closing_day, without_contact

OFFER_DAYS = (14, 30, 60, 90)
GROUPED_COUNTRIES = ("CH", "FR", "DE", "AT", "BE")


def place_choices() -> dict[str, list[tuple[str, str]]]:
    """Countries with their regions as groups of a drop-down list; the others at the end."""
    language = current_language()
    names = dict(places.countries(language))
    groups = {
        names[country]: [
            (country, _("Anywhere in %(country)s", country=names[country])),
            *places.regions(country, language),
        ]
        for country in GROUPED_COUNTRIES
    }
    others = [(code, name) for code, name in places.countries(language) if code not in GROUPED_COUNTRIES]
    return {"": [("", _("Choose a region or a country"))], **groups, _("Other countries"): others}


def validity_choices() -> list[tuple[str, str]]:
    """`19 December 2026 (in 28 days)`."""
    zone = current_app.config["SETTINGS"].zone
    choices = []
    for days in programme().tenders.validity_choices:
        last = day(closing_day(closing(clock.now(), days, zone), zone))
        choices.append(
            (str(days), ngettext("%(day)s (in %(num)s day)", "%(day)s (in %(num)s days)", days, day=last))
        )
    return choices


class TenderForm(PublicForm):
    """The call (RULES T1). `currency` is set by the view: budgets are shown in one currency."""

    title = Line(
        lazy("Short title"), [needed(lazy("Write a short title.")), filled(least=8, most=90)], most=90
    )
    services = ManyOf(
        lazy("What do you need?"), [needed(lazy("Choose at least one service."))], choices=service_choices
    )
    description = Text(
        lazy("Describe your project"),
        [needed(lazy("Describe your project in a few sentences.")), filled(least=30, most=5000)],
        most=5000,
    )
    place = SelectField(
        lazy("Where are you?"),
        [needed(lazy("Choose a region or a country."))],
        choices=place_choices,
        validate_choice=False,
    )
    budget = OneOf(lazy("Budget"), choices=(), default="")
    start = OneOf(
        lazy("When should it start?"),
        [needed(lazy("Choose one of the options shown."))],
        choices=lambda: [*labels.STARTS.items()],
        default="open",
    )
    reply_languages = ManyOf(
        lazy("In which languages may partners answer?"),
        [needed(lazy("Choose at least one language."))],
        choices=lambda: [*LANGUAGE_NAMES.items()],
    )
    validity_days = OneOf(lazy("Answers are welcome until"), choices=validity_choices)
    files = MultipleFileField(lazy("Attachments"))
    contact_name = Line(lazy("Your name"), [needed(lazy("Enter your name."))], most=80)
    contact_company = Line(lazy("Company"), most=120)
    contact_email = EmailLine(
        lazy("E-mail address"), [needed(lazy("Enter your e-mail address, such as name@example.com."))]
    )
    contact_phone = Line(lazy("Phone"), most=30)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        policy = programme().tenders
        self.currency = currency
        self.budget.choices = labels.budget_choices(policy.budget_steps, currency)
        if not self.validity_days.data or self.validity_days.data == "None":
            self.validity_days.data = str(policy.validity_days)
        if self.budget.data in (None, "None"):
            self.budget.data = ""

    def validate_title(self, field: Field) -> None:
        if without_contact(field.data) != field.data:
            raise ValidationError(
                _("Leave mail addresses and phone numbers out of the title; there are fields for them below.")
            )

    def validate_place(self, field: Field) -> None:
        if not places.is_place(field.data):
            raise ValidationError(_("Choose a region or a country."))

    def validate_contact_phone(self, field: Field) -> None:
        if not field.data:
            return
        country = (self.place.data or current_app.config["SETTINGS"].operator_country)[:2]
        try:
            number = phonenumbers.parse(field.data, country)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise ValidationError(_("Enter a phone number such as +41 21 555 01 23, or leave this empty."))

    @property
    def typed(self) -> dict[str, Any]:
        """What a draft keeps: plain values, whether they are right or not."""
        place = self.place.data or ""
        region = place if "-" in place else ""
        return {
            **{name: self[name].data or "" for name in TEXTS},
            "services": list(self.services.data or ()),
            "reply_languages": list(self.reply_languages.data or ()),
            "place": place,
            "country": place[:2],
            "region": region,
            "currency": self.currency,
            "language": current_language(),
        }


TEXTS = (
    "title", "description", "budget", "start", "validity_days", "contact_name", "contact_company", "contact_email",
    "contact_phone",
)  # fmt: skip


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
        choices=lambda: [*labels.DISMISSALS.items()],
    )
