"""What people type about affiliate accounts."""

from __future__ import annotations

from flask import current_app, request
from werkzeug.datastructures import MultiDict
from wtforms import Field, ValidationError

from webapp.accounts.forms import PasswordAgain
from webapp.affiliation import rules
from webapp.affiliation.rules import LABEL_LENGTH, PATH_LENGTH, Month, Verdict
from webapp.forms import Amount, BaseForm, BooleanField, Line, OneOf, Select, lazy, needed
from webapp.i18n import gettext as _
from webapp.money import CURRENCIES, Money
from webapp.programme import programme
from webapp.visits import is_page, leads_to, page_of

MONTHS = 12  # that a calculation looks ahead
EXAMPLE = "200"


class JoinForm(PasswordAgain, BaseForm):
    """The rules, accepted by who may bind the organisation."""

    terms = BooleanField(
        lazy("We know these rules and accept them"), [needed(lazy("Accept the rules to take part."))]
    )


class CloseForm(PasswordAgain, BaseForm):
    """A page with one button."""


class ReviewForm(BaseForm):
    """What the desk decides about a customer."""

    verdict = OneOf(
        lazy("Does this customer count?"),
        [needed(lazy("Choose whether the customer counts."))],
        choices=lambda: [
            (Verdict.ALLOWED.value, _("It counts: the affiliate earns on its orders")),
            (Verdict.REFUSED.value, _("It does not count: what was booked for it is taken back")),
        ],
    )
    note = Line(lazy("Note for ourselves"), most=rules.NOTE_LENGTH)


class CalculatorForm(BaseForm):
    """What customers order in a month: typed into the address."""

    amount = Amount(
        lazy("Orders of your customers per month, without VAT"),
        [needed(lazy("Enter what your customers order in a month."))],
    )
    currency = Select(lazy("Currency"), choices=lambda: [(each, each) for each in CURRENCIES])

    class Meta(BaseForm.Meta):
        csrf = False

    def __init__(self, args: MultiDict[str, str], *, currency: str) -> None:
        given = {"amount": EXAMPLE, "currency": currency}
        super().__init__(formdata=MultiDict({name: args.get(name, value) for name, value in given.items()}))

    def course(self) -> list[Month]:
        """Month by month what it would bring; nothing for what can't be answered."""
        if not self.validate() or not self.amount.minor:
            return []
        monthly = Money(self.amount.minor, self.currency.data)
        return rules.projection(monthly, months=MONTHS, tiers=programme().affiliation.tiers)


class LinkForm(BaseForm):
    """A page to link to: typed into the address to see the link, or sent to keep it. `page` is where it leads."""

    address = Line(lazy("Page"), [needed(lazy("Enter the address of a page."))], most=PATH_LENGTH * 2)
    label = Line(lazy("Name in your list"), most=LABEL_LENGTH)
    page = ""

    def __init__(self, args: MultiDict[str, str]) -> None:
        """`args` are those of the address."""
        self.asked = "address" in args and request.method == "GET"
        if self.asked:
            super().__init__(formdata=args, meta={"csrf": False})
            self.validate()
        else:
            super().__init__()

    @property
    def answer(self) -> int:
        """The status of the page."""
        return self.status if self.is_submitted() else 200

    def validate_address(self, field: Field) -> None:
        own, sites = current_app.config["SETTINGS"].base_url, programme().affiliation.sites
        to = leads_to(field.data, own=own, sites=sites)
        if to is None:
            raise ValidationError(_("Enter the address of a page of ours, such as /en/prices."))
        page = page_of(to)
        if page.startswith("/") and not is_page(page):
            raise ValidationError(_("There is no page at this address."))
        if len(page) > PATH_LENGTH:
            raise ValidationError(_("This address is too long."))
        self.page = page
