"""What the sender of a call for tenders types."""

from __future__ import annotations

from typing import Any

import phonenumbers
from flask import current_app
from wtforms import Field, ValidationError

from webapp import clock, places
from webapp.directory.labels import service_choices
from webapp.forms import (
    EmailLine,
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
from webapp.programme import programme
from webapp.tenders import labels
from webapp.tenders.rules import closing, closing_day, without_contact

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
