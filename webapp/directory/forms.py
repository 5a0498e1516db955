"""What a person may type in the partner programme and in the directory."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, ValidationError
from wtforms.validators import StopValidation

from webapp import places, uploads
from webapp.config import LANGUAGES
from webapp.directory.labels import service_choices
from webapp.directory.models import PartnerAccount
from webapp.directory.rules import SERVICES, TEXT_LENGTH, Filters, Listing, normal_website
from webapp.forms import (
    BaseForm,
    BooleanField,
    FileField,
    Line,
    ManyOf,
    SelectField,
    Text,
    filled,
    lazy,
    needed,
)
from webapp.htmx import page_number
from webapp.i18n import LANGUAGE_NAMES, current_language
from webapp.i18n import gettext as _
from webapp.uploads import BadFile, Checked

LONGEST_SEARCH = 100


def read_filters(args: MultiDict[str, str]) -> tuple[Filters, int]:
    """(filters, page) of an address; what is unknown or makes no sense counts as "any"."""
    country = args.get("country", "")
    country = country if country in places.COUNTRIES else ""
    region = args.get("region", "")
    region = region if "-" in region and places.is_place(region) else ""
    if country and region and places.country_of(region) != country:
        region = ""
    speaks = args.get("speaks", "")
    filters = Filters(
        q=" ".join(args.get("q", "").split())[:LONGEST_SEARCH],
        services=tuple(code for code in SERVICES if code in args.getlist("service")),
        speaks=speaks if speaks in LANGUAGES else "",
        country=country,
        region=region,
    )
    return filters, page_number(args)


def country_choices() -> list[tuple[str, str]]:
    """The countries, named for the reader."""
    return places.countries(current_language())


def region_groups() -> dict[str, list[tuple[str, str]]]:
    """The regions by country, named for the reader."""
    language = current_language()
    return {
        name: places.regions(code, language)
        for code, name in places.countries(language)
        if code in places.REGIONS
    }


def web_address(form: Form, field: Field) -> None:
    """An http or https address of a public host; it is kept in one normal form."""
    try:
        field.data = normal_website(field.data)
    except ValueError:
        raise ValidationError(_("Enter a web address such as https://www.example.com.")) from None
    if len(field.data) > 200:
        raise ValidationError(
            _("Use at most %(most)s characters; there are %(n)s now.", most=200, n=len(field.data))
        )


class ApplicationForm(BaseForm):
    """RULES A1: who applies shows a website, says who it is, and accepts each commitment."""

    website = Line(
        lazy("Website"), [needed(lazy("Enter the address of your website.")), web_address], most=200
    )
    about = Text(
        lazy("What does your company do?"),
        [needed(lazy("Tell us in a few sentences what your company does.")), filled(least=20, most=2000)],
        most=2000,
    )
    support = BooleanField(
        lazy("We support our customers, or the products that we manage for them."),
        [needed(lazy("Confirm that you support your customers."))],
    )
    invoices = BooleanField(
        lazy("We answer for the invoices of our customers, or of the products that we manage for them."),
        [needed(lazy("Confirm that you answer for the invoices."))],
    )
    products = BooleanField(
        lazy("For contracts that we win through the calls for tenders we use only the operator’s products."),
        [needed(lazy("Confirm which products you use for contracts won here."))],
    )
    conditions = BooleanField(
        lazy("We have read the special conditions for resellers and keep to them."),
        [needed(lazy("Confirm that you have read the special conditions."))],
    )


def regions_or_none() -> dict[str, list[tuple[str, str]]]:
    """The regions as choices of a form, the empty one first."""
    return {"–": [("", _("No region"))], **region_groups()}


class ListingForm(BaseForm):
    """RULES A5: what the directory shows."""

    listed = BooleanField(lazy("Show us in the public directory"))
    name = Line(lazy("Name"), [needed(lazy("Enter the name that clients know you by."))], most=120)
    website = Line(
        lazy("Website"), [needed(lazy("Enter the address of your website.")), web_address], most=200
    )
    city = Line(lazy("City"), [needed(lazy("Enter the city."))], most=80)
    country = SelectField(lazy("Country"), choices=country_choices, validate_choice=False)
    region = SelectField(lazy("Region"), choices=regions_or_none, validate_choice=False)
    services = ManyOf(lazy("Services"), choices=service_choices)
    languages = ManyOf(lazy("Languages you work in"), choices=lambda: [*LANGUAGE_NAMES.items()])
    text_en = Text(lazy("Short text in English"), most=TEXT_LENGTH)
    text_fr = Text(lazy("Short text in French"), most=TEXT_LENGTH)
    text_de = Text(lazy("Short text in German"), most=TEXT_LENGTH)
    logo = FileField(lazy("Logo"))
    remove_logo = BooleanField(lazy("Remove the logo"))

    checked_logo: Checked | None = None

    def __init__(self, *, partner: PartnerAccount) -> None:
        super().__init__(data=_as_typed(partner))

    def validate_country(self, field: Field) -> None:
        if field.data not in places.COUNTRIES:
            raise ValidationError(_("Choose a country from the list."))

    def validate_region(self, field: Field) -> None:
        if field.data and places.country_of(field.data) != self.country.data:
            raise ValidationError(_("Choose a region of the country above, or none."))
        if field.data and not places.is_place(field.data):
            raise ValidationError(_("Choose a region from the list."))

    def validate_services(self, field: Field) -> None:
        if self.listed.data and not field.data:
            raise StopValidation(_("Choose at least one service, so that clients find you."))

    def validate_languages(self, field: Field) -> None:
        if self.listed.data and not field.data:
            raise StopValidation(_("Choose at least one language."))

    def validate_text_en(self, field: Field) -> None:
        if self.listed.data and not any(self[f"text_{language}"].data for language in LANGUAGES):
            raise StopValidation(_("Write a short text in at least one language."))

    def validate_logo(self, field: Field) -> None:
        if not field.data or not field.data.filename:
            return
        try:
            self.checked_logo = uploads.check_picture(field.data, smallest=64, largest=512, square=False)
        except BadFile as refusal:
            raise StopValidation(_(refusal.sentence, **refusal.values)) from None

    def listing(self) -> Listing:
        """What was typed, for the action."""
        return Listing(
            listed=self.listed.data,
            name=self.name.data,
            website=self.website.data,
            city=self.city.data,
            country=self.country.data,
            region=self.region.data or "",
            services=frozenset(self.services.data or ()),
            languages=frozenset(self.languages.data or ()),
            texts={language: self[f"text_{language}"].data or "" for language in LANGUAGES},
        )


def _as_typed(partner: PartnerAccount) -> dict[str, Any]:
    return {
        "listed": partner.listed_at is not None,
        "services": sorted(partner.services),
        "languages": sorted(partner.languages),
        **{name: getattr(partner, name) for name in ("name", "website", "city", "country", "region")},
        **{f"text_{text.language}": text.text for text in partner.texts},
    }
