"""What people may type about a further organisation, its settings and its team."""

from __future__ import annotations

from typing import Any

from wtforms import Field

from webapp import drafts
from webapp.accounts import labels
from webapp.accounts.forms import NewPassword, OrganisationFields, PersonName, language_choices
from webapp.accounts.models import Organisation
from webapp.accounts.rules import OrganisationDetails, Role
from webapp.forms import BaseForm, EmailLine, HiddenField, OneOf, Select, Text, lazy, needed
from webapp.organisations import rules

# --- organisations ------------------------------------------------------------------------------------------


class OrganisationForm(OrganisationFields, BaseForm):
    """A further organisation. `key` makes a second submit harmless."""

    key = HiddenField(default=drafts.new_key)

    def validate_key(self, field: Field) -> None:
        if not drafts.KEY.fullmatch(field.data or ""):
            field.data = drafts.new_key()


class SettingsForm(OrganisationFields, BaseForm):
    """What an organisation's administrators may change. Its kind stays as it is."""

    kind = None  # type: ignore[assignment] # how WTForms takes a field out
    language = Select(lazy("Language of the organisation"), choices=language_choices)
    invoice_note = Text(lazy("Note on your invoices"), most=500)

    def __init__(self, organisation: Organisation) -> None:
        self._kind = organisation.kind
        super().__init__(obj=organisation, data={"organisation_name": organisation.name})

    @property
    def is_company(self) -> bool:
        """Everything counts here: an individual may have a VAT number and another name, too."""
        return True

    def details(self, person_name: str = "") -> OrganisationDetails:
        """What was typed."""
        return OrganisationDetails(
            kind=self._kind,
            name=self.organisation_name.data,
            street=self.street.data,
            postcode=self.postcode.data,
            city=self.city.data,
            country=self.country.data,
            register_number=self.register_number.data or None,
            vat_number=self.vat_number.data or None,
        )


# --- the team -----------------------------------------------------------------------------------------------


def role_choices(actor: Role, current: Role | None = None) -> list[tuple[str, str]]:
    """The roles that somebody with the role `actor` may give, strongest last."""
    return [
        (role.value, str(label))
        for role, label in labels.ROLES.items()
        if rules.may_set_role(actor, current=current, new=role)
    ]


class InviteForm(BaseForm):
    """A colleague's address, role and language."""

    email = EmailLine(lazy("Mail address"), [needed(lazy("Enter the mail address of your colleague."))])
    role = OneOf(lazy("Role"), [needed(lazy("Choose a role."))], choices=(), default=Role.COLLABORATOR.value)
    language = Select(lazy("Language of the invitation"), choices=language_choices)

    def __init__(self, actor: Role, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role.choices = role_choices(actor)


class RoleForm(BaseForm):
    """Another role."""

    role = OneOf(lazy("Role"), [needed(lazy("Choose a role."))], choices=())

    def __init__(self, actor: Role, current: Role) -> None:
        super().__init__(data={"role": current.value})
        self.role.choices = role_choices(actor, current)


class JoinForm(PersonName, NewPassword, BaseForm):
    """Somebody without an account joins."""

    def __init__(self, email: str) -> None:
        self.email = email
        super().__init__()

    @property
    def personal(self) -> tuple[str, ...]:  # type: ignore[override] # computed here
        return (self.email, self.name.data or "")
