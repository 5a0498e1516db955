"""What an operator types about keys; each asks for the password."""

from __future__ import annotations

from typing import Any

from webapp import drafts
from webapp.accounts.forms import PasswordAgain
from webapp.api.rules import NAME_LENGTH
from webapp.forms import BaseForm, HiddenField, Line, lazy, needed
from webapp.i18n import gettext as _


class KeyForm(PasswordAgain, BaseForm):
    """A key's name. `form_key` is the form's one-time key: sent again, it makes no second key."""

    name = Line(
        lazy("Name"), [needed(lazy("Give the key a name, such as that of the shop."))], most=NAME_LENGTH
    )
    form_key = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.form_key.data:
            self.form_key.data = drafts.new_key()

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields and the password, then whether the form's key is one."""
        good = super().validate(extra_validators)
        if drafts.KEY.fullmatch(self.form_key.data or ""):
            return good
        self.form_key.data = drafts.new_key()
        self.form_errors = [*self.form_errors, _("Send the form again.")]
        return False


class RevocationForm(PasswordAgain, BaseForm):
    """A page with one button."""
