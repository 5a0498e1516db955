"""What people may type about themselves and, on the same page, about their organisation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import current_app
from wtforms import Field, ValidationError

from webapp import clock, limits, uploads, visits
from webapp.accounts import access, entrance, labels, passwords, rules
from webapp.accounts.models import User
from webapp.accounts.rules import Kind, OrganisationDetails
from webapp.forms import (
    BaseForm,
    BooleanField,
    EmailLine,
    FileField,
    Line,
    OneOf,
    PasswordField,
    PublicForm,
    Select,
    lazy,
    needed,
)
from webapp.i18n import LANGUAGE_NAMES, current_language, tell
from webapp.i18n import gettext as _
from webapp.limits import Limit
from webapp.places import countries
from webapp.refused import Refused

PASSWORD_CHECKS = Limit("password", 10, timedelta(minutes=15))  # wrong ones, by somebody who is signed in
CODES = Limit("recommended-by", 10, timedelta(hours=1))  # wrong ones, from one network

# --- pieces -------------------------------------------------------------------------------------------------


class PersonName:
    """How a person is called."""

    name = Line(lazy("Your name"), [needed(lazy("Enter your name."))], most=80)


class OwnAddress:
    """The person's own mail address."""

    email = EmailLine(lazy("Mail address"), [needed(lazy("Enter your mail address."))])


class NewPassword:
    """A password that is chosen here. `personal` is what it must not be made of."""

    new_password = PasswordField(lazy("Password"), [needed(lazy("Choose a password."))])
    personal: tuple[str, ...] = ()

    def validate_new_password(self, field: Field) -> None:
        weakness = passwords.weakness(field.data, *self.personal)
        if weakness:
            raise ValidationError(str(labels.WEAKNESSES[weakness]))

    def hashed(self) -> str:
        """The hash to store; slow on purpose."""
        return passwords.hash_password(self.new_password.data or "")


class PasswordAgain:
    """The own password, asked for unless it was shown within the last minutes.

    Goes before BaseForm; its field is shown by the macro `password_again(form)`. `password_needed` may depend
    on what was chosen.
    """

    password = PasswordField(lazy("Your password"))
    password_needed = True

    @property
    def asks_password(self) -> bool:
        """Whether the form shows the field and reads it."""
        return self.password_needed and not access.recently_confirmed()

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields, then the password: a form that is wrong anyway costs no attempt."""
        good: bool = super().validate(extra_validators)  # type: ignore[misc] # that of BaseForm
        return good and (not self.asks_password or self._shows_password())

    def _shows_password(self) -> bool:
        attempt = (PASSWORD_CHECKS, access.person().public_id)
        if not self.password.data:
            self.password.errors = [_("Enter your password.")]
        elif self.within(attempt):  # type: ignore[attr-defined] # that of BaseForm
            if entrance.confirm(self.password.data):
                limits.give_back([attempt], now=clock.now())
                return True
            self.password.errors = [_("This is not your password.")]
        return False


class OrganisationFields:
    """What an organisation says of itself (RULES O3)."""

    kind = OneOf(
        lazy("Who are you?"),
        [needed(lazy("Say whether you are an individual or a company."))],
        choices=lambda: [(kind.value, str(label)) for kind, label in labels.KINDS.items()],
        default=Kind.COMPANY.value,
    )
    organisation_name = Line(lazy("Name of the organisation"))
    street = Line(lazy("Street and number"), [needed(lazy("Enter the street and number."))])
    postcode = Line(lazy("Postcode"), [needed(lazy("Enter the postcode."))], most=12)
    city = Line(lazy("Town"), [needed(lazy("Enter the town."))], most=80)
    country = Select(
        lazy("Country"),
        choices=lambda: countries(current_language()),
        default=lambda: current_app.config["SETTINGS"].operator_country,
    )
    register_number = Line(lazy("Company-register number"), most=30)
    vat_number = Line(lazy("VAT number"), most=30)

    @property
    def is_company(self) -> bool:
        """Fields that only a company has do not count for an individual, whatever was left in them."""
        return bool(self.kind.data == Kind.COMPANY)

    def validate_organisation_name(self, field: Field) -> None:
        if self.is_company and not field.data:
            raise ValidationError(_("Enter the name of the organisation."))

    def validate_register_number(self, field: Field) -> None:
        if self.is_company and field.data:
            field.data = _register_number(field.data, self.country.data)

    def validate_vat_number(self, field: Field) -> None:
        if self.is_company and field.data:
            field.data = _vat_number(field.data, self.country.data)

    def details(self, person_name: str) -> OrganisationDetails:
        """What was typed; an individual is called like the person."""
        company = self.is_company
        return OrganisationDetails(
            kind=Kind(self.kind.data),
            name=self.organisation_name.data if company else person_name,
            street=self.street.data,
            postcode=self.postcode.data,
            city=self.city.data,
            country=self.country.data,
            register_number=self.register_number.data or None if company else None,
            vat_number=self.vat_number.data or None if company else None,
        )


def _register_number(typed: str, country: str) -> str:
    checked = rules.check_register_number(typed, country)
    if not checked.valid:
        example = rules.register_example(country)
        raise ValidationError(
            _("This is not a company-register number. It looks like %(example)s.", example=example)
        )
    return checked.compact


def _vat_number(typed: str, country: str) -> str:
    checked = rules.check_vat_number(typed, country)
    if not checked.valid:
        example = rules.vat_example(country)
        raise ValidationError(_("This is not a VAT number. It looks like %(example)s.", example=example))
    return checked.compact


def language_choices() -> list[tuple[str, str]]:
    """The languages by their own names."""
    return list(LANGUAGE_NAMES.items())


def _right_password(form: PasswordForm, field: Field) -> None:
    if not passwords.matches(form.person.password_hash, field.data or ""):
        raise ValidationError(_("This is not your current password."))


# --- signing up and in --------------------------------------------------------------------------------------


class Recommended:
    """By whom: the link says so over which the visitor came, else a code that somebody told (RULES F2).

    Goes before PublicForm. `visit` is what is known. Wrong codes are counted, so that nobody finds one by trying.
    """

    code = Line(lazy("Who told you about us?"), most=60)

    def __init__(self) -> None:
        super().__init__()
        self.visit = visits.current()
        self.asks_code = self.visit is None

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields, then the code: a form that is wrong anyway costs no attempt."""
        good: bool = super().validate(extra_validators)  # type: ignore[misc] # that of PublicForm
        return good and (not self.asks_code or not self.code.data or self._knows_code())

    def _knows_code(self) -> bool:
        attempt = (CODES, visits.here())
        if not self.within(attempt):  # type: ignore[attr-defined] # that of BaseForm
            return False
        self.visit = visits.told(self.code.data)
        if self.visit:
            limits.give_back([attempt], now=clock.now())
            return True
        self.code.errors = [_("Nobody has this ID. Check how it is written, or leave the field empty.")]
        return False


class SignUpForm(Recommended, PersonName, OwnAddress, NewPassword, OrganisationFields, PublicForm):
    """A person and its organisation, on one page (RULES O1, O3)."""

    @property
    def personal(self) -> tuple[str, ...]:  # type: ignore[override] # computed here
        return (self.email.data or "", self.name.data or "")


class SignInForm(OwnAddress, BaseForm):
    """Address and password."""

    password = PasswordField(lazy("Password"), [needed(lazy("Enter your password."))])
    keep = BooleanField(lazy("Keep me signed in on this device"))


class AddressForm(OwnAddress, PublicForm):
    """A mail address that something is sent to."""


class ResetForm(NewPassword, BaseForm):
    """The new password, by a link from a mail."""

    new_password = PasswordField(lazy("New password"), [needed(lazy("Choose a password."))])

    def __init__(self, person: User) -> None:
        super().__init__()
        self.personal = (person.email, person.name)


# --- the person ---------------------------------------------------------------------------------------------


class ProfileForm(PersonName, BaseForm):
    """Name, languages, picture (RULES O4)."""

    language = Select(lazy("Language of your mails"), choices=language_choices)
    region = Select(lazy("Number and date format"), choices=lambda: countries(current_language()))
    picture = FileField(lazy("Picture"))
    avatar: uploads.Checked | None = None

    def validate_picture(self, field: Field) -> None:
        if not field.data:
            return
        pixels = rules.AVATAR_PIXELS
        try:
            self.avatar = uploads.check_picture(field.data, smallest=pixels, largest=2 * pixels, square=True)
        except Refused as refusal:
            raise ValidationError(tell(refusal)) from None


class PasswordForm(NewPassword, BaseForm):
    """A new password, with the current one."""

    current_password = PasswordField(
        lazy("Current password"), [needed(lazy("Enter your current password.")), _right_password]
    )
    new_password = PasswordField(lazy("New password"), [needed(lazy("Choose a password."))])

    def __init__(self, person: User) -> None:
        self.person = person
        self.personal = (person.email, person.name)
        super().__init__()
