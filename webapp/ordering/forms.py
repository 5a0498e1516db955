"""What is typed while an order is put together."""

from __future__ import annotations

from functools import partial
from typing import Any

from wtforms import Field
from wtforms.form import BaseForm as WtForm
from wtforms.validators import StopValidation

from webapp import drafts
from webapp.forms import BaseForm, HiddenField, Line, OneOf, Select, lazy, needed
from webapp.i18n import gettext as _
from webapp.i18n import number
from webapp.ordering import labels
from webapp.ordering.rules import PERIODS, LinesChanged, Seen, is_domain
from webapp.ordering.selection import Basket, Item
from webapp.orders.labels import METHODS
from webapp.orders.rules import QUANTITY_MOST, Method
from webapp.products.models import Plan, Product
from webapp.products.rules import LABEL_LENGTH, Family, Period
from webapp.text import fold


class Quantity(Line):
    """A whole number from 1. Once validated, `whole` holds it."""

    whole = 1

    def __init__(self, label: Any = None, validators: Any = (), **kwargs: Any) -> None:
        super().__init__(label, validators, most=8, **kwargs)

    def pre_validate(self, form: WtForm) -> None:
        super().pre_validate(form)
        if not (self.data.isascii() and self.data.isdigit() and 1 <= int(self.data) <= QUANTITY_MOST):
            raise StopValidation(_("Enter a whole number from 1 to %(most)s.", most=number(QUANTITY_MOST)))
        self.whole = int(self.data)


class DomainName(Line):
    """The name of a domain, in small letters."""

    def __init__(self, label: Any = None, validators: Any = (), **kwargs: Any) -> None:
        super().__init__(label, validators, most=LABEL_LENGTH, **kwargs)

    def pre_validate(self, form: WtForm) -> None:
        super().pre_validate(form)
        self.data = self.data.lower()
        if not is_domain(self.data):
            raise StopValidation(_("Enter the name of the domain, such as example.ch."))


def periods_choices(period: Period) -> list[tuple[str, str]]:
    """(value, words) of how long something can be ordered at once."""
    return [(str(n), labels.lasting(n, period)) for n in PERIODS[period]]


def _key(field: HiddenField) -> str:
    """What the field holds, if it is a key of our making; else a new one."""
    typed = field.data or ""
    return typed if drafts.KEY.fullmatch(typed) else drafts.new_key()


# --- into the order -----------------------------------------------------------------------------------------


class AddForm(BaseForm):
    """A plan of the catalogue: how many, and what they are called. `key` puts it in once, however often it is sent."""

    key = HiddenField()
    quantity = Quantity(lazy("Quantity"))
    label = Line(lazy("Label"), most=LABEL_LENGTH)

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        for field in (self.quantity, self.label):
            field.id = field.label.field_id = f"{field.name}-{plan.public_id}"

    @classmethod
    def of(cls, plan: Plan) -> AddForm:
        """The form for this plan: a domain is one, and has a name."""
        return (AddDomainForm if plan.family is Family.DOMAIN else AddForm)(plan)

    @property
    def item(self) -> Item:
        """The line, after validation; without a label it is called like its plan."""
        quantity = 1 if self.plan.family is Family.DOMAIN else self.quantity.whole
        return Item(_key(self.key), self.plan, self.label.data, quantity)


class AddDomainForm(AddForm):
    """A domain: one, whatever a form says."""

    label = DomainName(lazy("Domain name"))


class RenewalForm(BaseForm):
    """A product for so many more periods. `key` begins one order, however often it is sent."""

    key = HiddenField(default=drafts.new_key)
    periods = Select(lazy("For how long?"), choices=())

    def __init__(self, product: Product) -> None:
        super().__init__()
        self.product = product
        self.periods.choices = periods_choices(product.plan.period)
        self.periods.id = self.periods.label.field_id = f"periods-{product.public_id}"

    @property
    def begins(self) -> str:
        """The key of the order that it begins."""
        self.key.data = _key(self.key)
        return self.key.data

    @property
    def item(self) -> Item:
        """The line, after validation."""
        product = self.product
        periods = int(self.periods.data)
        return Item(drafts.new_key(), product.plan, product.label, periods=periods, product=product)


# --- all lines ----------------------------------------------------------------------------------------------


class LinesForm(BaseForm):
    """Quantity, periods and label of each line, as `quantity-<line>` and so on."""

    basket: Basket

    @classmethod
    def of(cls, basket: Basket, **given: Any) -> LinesForm:
        """The form with the fields of these lines."""
        fields = {
            f"{name}-{item.key}": field for item in basket.items for name, field in _fields(item).items()
        }
        form: LinesForm = type("LinesForm", (cls,), fields)(data=_as_typed(basket), **given)
        form.basket = basket
        return form

    def field(self, name: str, item: Item) -> Field | None:
        """The line's field of this name, if it has one."""
        return self._fields.get(f"{name}-{item.key}")

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields, then that no domain is registered twice."""
        good = super().validate(extra_validators)
        names: set[str] = set()
        for item in self.basket.items:
            field = self.field("label", item)
            if isinstance(field, DomainName) and not field.errors:
                if fold(field.data) in names:
                    field.errors = [_("%(label)s is in the order already.", label=field.data)]
                    good = False
                names.add(fold(field.data))
        return good

    def take_over(self) -> None:
        """Puts into the order what was typed well, after validation."""
        for item in self.basket.items:
            for name in ("quantity", "periods", "label"):
                field = self.field(name, item)
                if field is not None and not field.errors:
                    value = field.whole if isinstance(field, Quantity) else field.data
                    setattr(item, name, int(value) if name == "periods" else value)


def _fields(item: Item) -> dict[str, Any]:
    periods = Select(lazy("For how long?"), choices=partial(periods_choices, item.plan.period))
    if item.obstacle:
        return {}
    if item.product:
        return {"periods": periods}
    if item.plan.family is Family.DOMAIN:
        return {"label": DomainName(lazy("Domain name")), "periods": periods}
    label = Line(lazy("Label"), [needed(lazy("Enter a label, such as example.com."))], most=LABEL_LENGTH)
    return {"label": label, "quantity": Quantity(lazy("Quantity")), "periods": periods}


def _as_typed(basket: Basket) -> dict[str, str]:
    return {
        f"{name}-{item.key}": str(getattr(item, name))
        for item in basket.items
        for name in ("label", "quantity", "periods")
    }


# --- placing it ---------------------------------------------------------------------------------------------


class PlaceForm(BaseForm):
    """How it is paid; `seen` is what the page has shown."""

    seen = HiddenField()
    method = OneOf(
        lazy("How is it paid?"), [needed(lazy("Choose how it is paid."))],
        choices=lambda: [(each, METHODS[each]) for each in (Method.PREPAID, Method.INVOICE)],
    )  # fmt: skip

    def validate(self, extra_validators: Any = None) -> bool:
        """The choice, and that the page has shown something."""
        good = super().validate(extra_validators)
        if self.shown is None:
            self.refuse(LinesChanged())
        return good and self.shown is not None

    @property
    def shown(self) -> Seen | None:
        """What the page has shown, if it was a page of ours."""
        return Seen.read(self.seen.data or "")
