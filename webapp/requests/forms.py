"""What partners type when they ask for access, and clients when they answer."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from wtforms import Field, ValidationError

from webapp.accounts.forms import NewPassword, OrganisationFields, PersonName, language_choices
from webapp.forms import BaseForm, EmailLine, ManyOf, OneOf, Select, Text, lazy, needed
from webapp.i18n import gettext as _
from webapp.invitations.forms import CheckForm
from webapp.invitations.rules import MESSAGE_LENGTH
from webapp.partnerships.labels import ACCESSES, PAYERS, RIGHTS
from webapp.partnerships.rules import Access, NothingChosen, Payer, Right, Rights, Terms
from webapp.products.labels import FAMILIES
from webapp.products.rules import Family
from webapp.requests.rules import ChoiceChanged


class TermsFields:
    """Limited or full, and who pays with full access (RULES C1, C2, C5). Nothing is chosen beforehand."""

    access = OneOf(
        lazy("How much access?"),
        [needed(lazy("Choose limited or full access."))],
        choices=lambda: [(access.value, str(label)) for access, label in ACCESSES.items()],
    )
    payer = OneOf(
        lazy("Who pays?"), choices=lambda: [(payer.value, str(label)) for payer, label in PAYERS.items()]
    )

    @property
    def is_full(self) -> bool:
        """Whether full access is chosen; what was left in fields of the other kind does not count then."""
        return bool(self.access.data == Access.FULL)

    def validate_payer(self, field: Field) -> None:
        if self.is_full and not field.data:
            raise ValidationError(_("Say whose payment method is used."))

    @property
    def terms(self) -> Terms:
        """What was chosen, once it is valid."""
        return Terms(Access.FULL, Payer(self.payer.data)) if self.is_full else Terms(Access.LIMITED)

    @property
    def typed(self) -> dict[str, Any]:
        """What a draft keeps, whether it is right or not."""
        return {"access": self.access.data or "", "payer": self.payer.data or ""}


# --- the partner asks ---------------------------------------------------------------------------------------


class WhoForm(BaseForm):
    """Whom the partner asks, and in which language somebody without an account gets the mail."""

    email = EmailLine(
        lazy("Mail address of the client"), [needed(lazy("Enter the mail address of the client."))]
    )
    language = Select(lazy("Language of the mail"), choices=language_choices)

    @property
    def typed(self) -> dict[str, Any]:
        """What a draft keeps."""
        return {"email": self.email.data, "language": self.language.data}


def right_choices() -> list[tuple[str, str]]:
    """`web:technical` -> `Technical, Websites and hosting`: a box for each category and right."""
    return [
        (
            f"{family.value}:{right.value}",
            _("%(right)s, %(category)s", right=str(name), category=str(category)),
        )
        for family, category in FAMILIES.items()
        for right, name in RIGHTS.items()
    ]


class AskForm(TermsFields, BaseForm):
    """What the partner asks for: the client's products are unknown to it, so it names categories."""

    rights = ManyOf(lazy("Which rights?"), choices=right_choices)

    def validate_rights(self, field: Field) -> None:
        if self.access.data == Access.LIMITED and not field.data:
            raise ValidationError(_("Choose at least one right in one category."))

    @property
    def typed(self) -> dict[str, Any]:
        """What a draft keeps."""
        return {**super().typed, "rights": list(self.rights.data or ())}


def asked_rights(data: dict[str, Any]) -> dict[Family, Rights]:
    """What a draft holds, by category; nothing with full access."""
    kept = set(data["rights"]) if data["access"] == Access.LIMITED else set()
    asked = {
        family: Rights(*(f"{family.value}:{right.value}" in kept for right in Right)) for family in Family
    }
    return {family: rights for family, rights in asked.items() if rights}


def kept_terms(data: dict[str, Any]) -> Terms:
    """The terms that a draft holds, once its form was right."""
    full = data["access"] == Access.FULL
    return Terms(Access.FULL, Payer(data["payer"])) if full else Terms(Access.LIMITED)


class MessageForm(BaseForm):
    """A few words to the client."""

    message = Text(lazy("Message"), most=MESSAGE_LENGTH)

    @property
    def typed(self) -> dict[str, Any]:
        """What a draft keeps."""
        return {"message": self.message.data}


# --- the client answers -------------------------------------------------------------------------------------


class GrantForm(TermsFields, BaseForm):
    """What the client grants; the boxes of products are read beside it (RULES C7)."""

    def chosen(self, *, any_product: bool) -> bool:
        """Whether it is valid, and says something."""
        good = self.validate()
        if good and not self.is_full and not any_product:
            self.refuse(NothingChosen())
        return good and not self.form_errors


def is_whole(choice: dict[str, Any]) -> bool:
    """Whether a draft says enough to be checked; it keeps what was wrong, too."""
    if choice["access"] == Access.FULL:
        return choice["payer"] in set(Payer)
    return choice["access"] == Access.LIMITED and bool(choice["wanted"])


def stamp_of(choice: dict[str, Any]) -> str:
    """Another one whenever something else was chosen."""
    return hashlib.sha256(json.dumps(choice, sort_keys=True).encode()).hexdigest()[:16]


class ConfirmGrantForm(CheckForm):
    """The last button."""

    changed = ChoiceChanged

    def __init__(self, choice: dict[str, Any]) -> None:
        super().__init__(kept_terms(choice).access, stamp_of(choice))


class JoinForm(PersonName, NewPassword, OrganisationFields, BaseForm):
    """A client without an account: the mailed link has proved the address."""

    def __init__(self, email: str) -> None:
        self.email = email
        super().__init__()

    @property
    def personal(self) -> tuple[str, ...]:  # type: ignore[override] # computed here
        return (self.email, self.name.data or "")
