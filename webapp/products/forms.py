"""What may be typed about plans, products, settings and tags, and what an address asks of a list."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, ValidationError
from wtforms.form import BaseForm as WtForm
from wtforms.validators import StopValidation

from webapp import drafts
from webapp.config import LANGUAGES
from webapp.forms import (
    Amount,
    BaseForm,
    BooleanField,
    FileField,
    HiddenField,
    Line,
    OneOf,
    Select,
    lazy,
    needed,
)
from webapp.i18n import gettext as _
from webapp.products import labels, rules
from webapp.products.exchange import LARGEST_FILE, iso_day
from webapp.products.models import Plan, Product, ProductSetting, Tag
from webapp.products.rules import Colour, Family, Metric, Period, PlanDetails, ProductDetails
from webapp.text import fold, has_control_characters

LONGEST_SEARCH = 100
CHART_DAYS = (30, 90)
_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")


# --- what an address asks for -------------------------------------------------------------------------------


def read_search(args: MultiDict[str, str]) -> str:
    """The words of a search; empty for what nobody can have typed."""
    words = " ".join(args.get("q", "").split())[:LONGEST_SEARCH]
    return "" if has_control_characters(words, lines=False) else words


def read_family(args: MultiDict[str, str]) -> Family | None:
    """The category of a list; None for all."""
    asked = args.get("family", "")
    return Family(asked) if asked in set(Family) else None


def read_chart(args: MultiDict[str, str]) -> tuple[Metric | None, int]:
    """(metric, days) of the chart; the first metric that there is, and a month, unless asked otherwise."""
    metric, days = args.get("metric", ""), args.get("days", "")
    return (
        Metric(metric) if metric in set(Metric) else None,
        next((each for each in CHART_DAYS if str(each) == days), CHART_DAYS[0]),
    )


# --- the catalogue ------------------------------------------------------------------------------------------


class Percent(Line):
    """A whole number from 0 to 100. Once validated, `whole` holds it."""

    whole = 0

    def __init__(self, label: Any = None, validators: Any = (), **kwargs: Any) -> None:
        super().__init__(label, validators, most=5, **kwargs)

    def pre_validate(self, form: WtForm) -> None:
        super().pre_validate(form)
        typed = self.data.removesuffix("%").strip()
        if not re.fullmatch("[0-9]{1,3}", typed) or int(typed) > 100:
            raise StopValidation(_("Enter a whole number from 0 to 100."))
        self.whole = int(typed)


class PlanForm(BaseForm):
    """A plan of the catalogue."""

    code = Line(
        lazy("Code"), [needed(lazy("Enter a code, such as web-pro."))], most=rules.CODE_LENGTH
    )  # fmt: skip
    family = OneOf(
        lazy("Category"), [needed(lazy("Choose a category."))], choices=lambda: [*labels.FAMILIES.items()]
    )
    name_en = Line(lazy("Name in English"), [needed(lazy("Enter the name in English."))], most=80)
    name_fr = Line(lazy("Name in French"), [needed(lazy("Enter the name in French."))], most=80)
    name_de = Line(lazy("Name in German"), [needed(lazy("Enter the name in German."))], most=80)
    period = OneOf(
        lazy("Period"),
        [needed(lazy("Choose a period."))],
        choices=lambda: [(Period.MONTH, _("A month")), (Period.YEAR, _("A year"))],
    )
    price_chf = Amount(lazy("Price in CHF"), [needed(lazy("Enter the price in CHF."))])
    price_eur = Amount(lazy("Price in EUR"), [needed(lazy("Enter the price in EUR."))])
    discount = Percent(lazy("Discount for partners"))
    sliding = BooleanField(lazy("The sliding scale applies"))
    affiliates = BooleanField(lazy("It counts for affiliates"))

    def __init__(self, plan: Plan | None = None) -> None:
        super().__init__(data=_plan_as_typed(plan) if plan else {"period": Period.YEAR})

    def validate_code(self, field: Line) -> None:
        field.data = field.data.lower()
        if not rules.CODE.fullmatch(field.data):
            raise ValidationError(_("Use letters, digits, dots and hyphens only, such as web-pro."))

    @property
    def details(self) -> PlanDetails:
        """What was typed, after validation."""
        return PlanDetails(
            code=self.code.data,
            family=Family(self.family.data),
            names={language: self[f"name_{language}"].data for language in LANGUAGES},
            period=Period(self.period.data),
            price_chf=self.price_chf.minor or 0,
            price_eur=self.price_eur.minor or 0,
            discount=self.discount.whole,
            sliding=bool(self.sliding.data),
            affiliates=bool(self.affiliates.data),
        )


def _plan_as_typed(plan: Plan) -> dict[str, Any]:
    return {
        **plan.details.columns(),
        "price_chf": plan.price("CHF"),
        "price_eur": plan.price("EUR"),
        "discount": str(plan.discount),
    }


class FileForm(BaseForm):
    """A CSV file. `content` is what it holds, after validation; `complain` says what is wrong with it."""

    file = FileField(lazy("CSV file"))
    content = b""

    def validate_file(self, field: Field) -> None:
        if not field.data or not field.data.filename:
            raise StopValidation(_("Choose a CSV file."))
        self.content = field.data.stream.read(LARGEST_FILE + 1)  # one that is larger is told so as a whole

    def complain(self, faults: list[str]) -> None:
        """Shows what is wrong with the file, line by line."""
        self.form_errors = [*self.form_errors, *faults]
        self.file.errors = [_("Nothing was imported. Put these lines right, then choose the file again.")]


# --- an organisation's products, by the operator ------------------------------------------------------------


class Day(Line):
    """A day, typed as `2027-06-30` or `30.6.2027`. Once validated, `day` holds it."""

    day: date | None = None

    def __init__(self, label: Any = None, validators: Any = (), **kwargs: Any) -> None:
        super().__init__(label, validators, most=10, **kwargs)

    def process_data(self, value: date | str | None) -> None:
        super().process_data(f"{value:%d.%m.%Y}" if isinstance(value, date) else value)

    def pre_validate(self, form: WtForm) -> None:
        super().pre_validate(form)
        if not self.data:
            return
        self.day = typed_day(self.data)
        if self.day is None or not rules.FIRST_DAY <= self.day <= rules.LAST_DAY:
            raise StopValidation(_("Enter a day such as 30.06.2027 or 2027-06-30."))


def typed_day(typed: str) -> date | None:
    """The day that somebody has typed; None for what is no day."""
    if parts := _DAY.fullmatch(typed):
        typed = f"{parts[3]}-{int(parts[2]):02}-{int(parts[1]):02}"
    return iso_day(typed)


class ProductForm(BaseForm):
    """A product of an organisation. `key` makes a second submit harmless."""

    key = HiddenField(default=drafts.new_key)
    plan = Select(lazy("Plan"), choices=())
    label = Line(
        lazy("Label"), [needed(lazy("Enter a label, such as example.com."))], most=rules.LABEL_LENGTH
    )
    started_on = Day(lazy("Start"), [needed(lazy("Enter the first day."))])
    renews_on = Day(lazy("Renewal date"), [needed(lazy("Enter the day of the next renewal."))])
    auto_renew = BooleanField(lazy("It renews automatically"))

    def __init__(self, plans: list[Plan], product: Product | None = None) -> None:
        super().__init__(data=_product_as_typed(product) if product else {"auto_renew": True})
        self.plan.choices = {
            labels.family(family): [(plan.code, labels.plan_name(plan)) for plan in rows]
            for family, rows in labels.plans_by_family(plans)
        }
        if product is None:
            self.plan.choices = {"–": [("", _("Choose a plan"))], **self.plan.choices}

    def validate_key(self, field: Field) -> None:
        if not drafts.KEY.fullmatch(field.data or ""):
            field.data = drafts.new_key()

    def validate_plan(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Choose a plan."))

    def validate_renews_on(self, field: Day) -> None:
        if field.day and self.started_on.day and field.day <= self.started_on.day:
            raise ValidationError(_("The renewal comes after the start."))

    @property
    def details(self) -> ProductDetails:
        """What was typed, after validation."""
        assert self.started_on.day and self.renews_on.day  # both are needed
        return ProductDetails(
            plan_code=self.plan.data,
            label=self.label.data,
            started_on=self.started_on.day,
            renews_on=self.renews_on.day,
            auto_renew=bool(self.auto_renew.data),
        )


def _product_as_typed(product: Product) -> dict[str, Any]:
    names = ("label", "started_on", "renews_on", "auto_renew")
    return {"plan": product.plan.code, **{name: getattr(product, name) for name in names}}


# --- settings -----------------------------------------------------------------------------------------------


class SettingForm(BaseForm):
    """A technical setting; the name of one that is there stays."""

    name = Line(
        lazy("Name"), [needed(lazy("Enter a name, such as PHP version."))], most=rules.SETTING_NAME_LENGTH
    )
    value = Line(lazy("Value"), [needed(lazy("Enter the value."))], most=rules.SETTING_VALUE_LENGTH)

    def __init__(self, setting: ProductSetting | None = None) -> None:
        super().__init__(data={"value": setting.value} if setting else None)
        if setting:
            del self.name


# --- tags ---------------------------------------------------------------------------------------------------


def colour_choices() -> list[tuple[Colour, str]]:
    """The colours by name."""
    return [(colour, str(name)) for colour, name in labels.COLOURS.items()]


def _has_letters(form: Form, field: Field) -> None:
    if not fold(field.data):
        raise ValidationError(_("Enter a name with letters, digits or signs."))


class TagForm(BaseForm):
    """A tag's name and colour (RULES O9). `place` makes the ids of its fields differ from another form's."""

    name = Line(
        lazy("Name of the tag"),
        [needed(lazy("Enter a name, such as shop.")), _has_letters],
        most=rules.TAG_LENGTH,
    )
    colour = OneOf(lazy("Colour"), [needed(lazy("Choose a colour."))], choices=colour_choices)

    def __init__(self, tag: Tag | None = None, *, place: str = "") -> None:
        super().__init__(data={"name": tag.name, "colour": tag.colour} if tag else {"colour": Colour.GREY})
        if place:
            self.name.id, self.colour.id = f"name-{place}", f"colour-{place}"
            self.name.label.field_id, self.colour.label.field_id = self.name.id, self.colour.id


class MergeForm(BaseForm):
    """Into which tag another one goes."""

    into = Select(lazy("Merge into"), choices=())

    def __init__(self, others: list[Tag]) -> None:
        super().__init__()
        self.others = {each.public_id: each for each in others}
        self.into.choices = [
            ("", _("Choose a tag")),
            *((key, each.name) for key, each in self.others.items()),
        ]

    def validate_into(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Choose a tag."))

    @property
    def chosen(self) -> Tag:
        """The tag that stays, after validation."""
        return self.others[self.into.data]
