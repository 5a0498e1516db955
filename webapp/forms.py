"""The base of all forms: fields that tidy what people type, and messages in their language.

WTForms is not asked for its own translations: every message here is ours, a sentence that says what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask_wtf import FlaskForm
from itsdangerous import BadSignature, URLSafeSerializer
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    FileField,
    Form,
    HiddenField,
    MultipleFileField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.form import BaseForm as WtForm
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from webapp import clock
from webapp.i18n import gettext as _
from webapp.i18n import lazy, tell
from webapp.limits import Limit, spend_all
from webapp.money import MINOR_PER_UNIT, Money, parse_amount
from webapp.refused import Refused, TooMany
from webapp.text import has_control_characters, tidy_line, tidy_text

__all__ = [
    "Amount", "BaseForm", "BooleanField", "ConfirmForm", "EmailLine", "FileField", "HiddenField", "Line", "ManyOf",
    "MultipleFileField", "OneOf", "PasswordField", "PublicForm", "RadioField", "Select", "SelectField",
    "Text", "filled", "lazy", "needed",
]  # fmt: skip


class BaseForm(FlaskForm):
    """A form. `errors_in_order` is what the summary at the top of the page links to.

    `status` is the answer's when the form comes back: 422, or that of the refusal that stands above it.
    """

    status = 422
    form_errors: list[str]

    class Meta(FlaskForm.Meta):
        def bind_field(self, form: Form, unbound: Any, options: dict[str, Any]) -> Field:
            return unbound.bind(form=form, **options)

        def get_translations(self, form: Form) -> None:
            return None

    @property
    def errors_in_order(self) -> list[tuple[str, str]]:
        """(id of the control to go to, message) for each field that needs attention, top to bottom.

        What is wrong with the form as a whole comes first and leads to the top of the page's content.
        """
        found = [("main", str(message)) for message in self.form_errors]
        for field in self:
            for message in field.errors[:1]:
                first = f"{field.id}-0" if isinstance(field, ManyOf | OneOf) else field.id
                found.append((first, str(message)))
        return found

    def blame(self, field_name: str, refusal: Refused) -> None:
        """Puts a domain refusal next to the field that it is about."""
        field = self[field_name]
        field.errors = [*field.errors, tell(refusal)]

    def refuse(self, refusal: Refused) -> None:
        """Puts a domain refusal above the form: it is about no field in particular."""
        self.status = refusal.status
        self.form_errors = [*self.form_errors, tell(refusal)]

    def within(self, *attempts: tuple[Limit, str]) -> bool:
        """Counts one attempt against each limit; one that is reached stands above the form."""
        try:
            spend_all(list(attempts), now=clock.now())
        except TooMany as refusal:
            self.refuse(refusal)
        return not self.form_errors


class ConfirmForm(BaseForm):
    """A page with one button."""


class PublicForm(BaseForm):
    """A form that strangers can send: a field that only robots fill in, and the signed time of showing.

    Its template calls the macro `guard(form)`. A post that looks like a robot's comes back as an invalid form
    with a sentence that a person can act on; everything typed is kept.
    """

    website2 = StringField(lazy("Leave this field empty"))
    shown = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shown_at = _read_stamp(self.shown.data)
        if self._shown_at is None:
            self.shown.data = _stamps().dumps(int(clock.now().timestamp()))

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields, then whether a person wrote them."""
        good = super().validate(extra_validators)
        sentence = self._like_a_robot()
        if sentence:
            self.form_errors = [*self.form_errors, sentence]
        return good and not sentence

    def _like_a_robot(self) -> str:
        if self.website2.data:
            return _(
                "A field that has to stay empty was filled in. It is empty again: send the form once more."
            )
        seconds = current_app.config["FORM_MIN_SECONDS"]
        if seconds and too_quick(self._shown_at, now=clock.now(), seconds=seconds):
            return _("That was very quick. Wait a moment, then send the form again.")
        return ""


def _stamps() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="form-shown")


def _read_stamp(stamp: str | None) -> datetime | None:
    """When the form was shown; None for a stamp that is missing or not ours."""
    try:
        return datetime.fromtimestamp(_stamps().loads(stamp or ""), UTC)
    except (BadSignature, TypeError, ValueError, OverflowError):
        return None


class needed:
    """The field must be filled in; the sentence tells what to enter."""

    field_flags: dict[str, Any] = {"needed": True}

    def __init__(self, sentence: Any) -> None:
        self.sentence = sentence

    def __call__(self, form: Form, field: Field) -> None:
        if not field.data or (isinstance(field.data, str) and not field.data.strip()):
            field.errors = []
            raise StopValidation(str(self.sentence))


class filled:
    """At most `most` and, when something is there, at least `least` characters."""

    def __init__(self, *, least: int = 0, most: int) -> None:
        self.least = least
        self.most = most

    def __call__(self, form: Form, field: Field) -> None:
        n = len(field.data or "")
        if n > self.most:
            raise ValidationError(_too_long(n, self.most))
        if 0 < n < self.least:
            raise ValidationError(_("Write at least %(least)s characters.", least=self.least))


def _too_long(n: int, most: int) -> str:
    return _("Use at most %(most)s characters; there are %(n)s now.", most=most, n=n)


class Line(StringField):
    """One line. Control characters and direction overrides are refused, blanks tidied, `most` kept.

    A line that is too long reaches no other validator: some take a minute over a megabyte.
    """

    lines = False
    data: str  # a field that was left out is an empty line here

    def __init__(self, label: Any = None, validators: Any = (), *, most: int = 120, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.most = most

    def process_data(self, value: Any) -> None:
        self.data = value or ""

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = (tidy_text if self.lines else tidy_line)(valuelist[0])

    def pre_validate(self, form: WtForm) -> None:
        if has_control_characters(self.data or "", lines=self.lines):
            raise StopValidation(_("Remove the invisible control characters from this text."))
        if len(self.data) > self.most:
            raise StopValidation(_too_long(len(self.data), self.most))


class Text(Line, TextAreaField):
    """Several lines."""

    lines = True


class EmailLine(Line, EmailField):
    """A mail address: form checked offline, stored in lower case (RFC 5321 allows it for the domain; people
    expect it for the whole)."""

    def __init__(self, label: Any = None, validators: Any = (), **kwargs: Any) -> None:
        super().__init__(label, [*validators, self._is_address], most=254, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        self.data = (self.data or "").lower()

    @staticmethod
    def _is_address(form: Form, field: Field) -> None:
        if not field.data:
            return
        try:
            address = validate_email(
                field.data, check_deliverability=False, allow_smtputf8=False, test_environment=True
            )
        except EmailNotValidError:
            raise ValidationError(_("Enter a mail address such as name@example.com.")) from None
        field.data = (address.ascii_email or address.normalized).lower()


class Amount(Line):
    """An amount of money, not negative. Once validated, `minor` holds its minor units; None for nothing."""

    largest = 100_000_000 * MINOR_PER_UNIT
    minor: int | None = None

    def __init__(self, label: Any = None, validators: Any = (), **kwargs: Any) -> None:
        super().__init__(label, validators, most=20, **kwargs)

    def process_data(self, value: Money | str | None) -> None:
        super().process_data(f"{value.amount:.2f}".removesuffix(".00") if isinstance(value, Money) else value)

    def pre_validate(self, form: WtForm) -> None:
        super().pre_validate(form)
        if not self.data:
            return
        try:
            minor = parse_amount(self.data)
        except ValueError:
            raise StopValidation(_("Enter an amount such as 1’500 or 1’500.50.")) from None
        if minor > self.largest:
            raise StopValidation(_("This amount is too large."))
        self.minor = minor


class OneOf(RadioField):
    """One of a few named choices, as radio buttons. `choices` may be a function, asked for each request."""

    def __init__(
        self, label: Any = None, validators: Any = (), *, choices: Callable[[], Any] | Any, **kw: Any
    ) -> None:
        super().__init__(label, validators, choices=choices, validate_choice=False, **kw)

    def pre_validate(self, form: WtForm) -> None:
        if self.data not in (None, "") and self.data not in [value for value, *_rest in self.iter_choices()]:
            raise StopValidation(_("Choose one of the options shown."))


class Select(SelectField):
    """One of many named choices, as a drop-down list."""

    def __init__(
        self, label: Any = None, validators: Any = (), *, choices: Callable[[], Any] | Any, **kw: Any
    ) -> None:
        super().__init__(label, validators, choices=choices, validate_choice=False, **kw)

    def pre_validate(self, form: WtForm) -> None:
        if self.data not in [value for value, *_rest in self.iter_choices()]:
            raise StopValidation(_("Choose one of the options shown."))


class ManyOf(SelectMultipleField):
    """Any of a few named choices, as check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(
        self, label: Any = None, validators: Any = (), *, choices: Callable[[], Any] | Any, **kw: Any
    ) -> None:
        super().__init__(label, validators, choices=choices, validate_choice=False, **kw)

    def pre_validate(self, form: WtForm) -> None:
        allowed = {value for value, *_rest in self.iter_choices()}
        if set(self.data or ()) - allowed:
            raise StopValidation(_("Choose from the options shown."))


def too_quick(shown: datetime | None, *, now: datetime, seconds: int) -> bool:
    """Whether a form came back faster than a person writes, or without saying when it was shown."""
    return shown is None or (now - shown).total_seconds() < seconds
