"""What an operator sends about exchange rates."""

from __future__ import annotations

from wtforms import Field
from wtforms.validators import StopValidation

from webapp.forms import BaseForm, FileField, lazy
from webapp.i18n import gettext as _
from webapp.payments.elements import Faults
from webapp.rates import files
from webapp.rates.rules import Quoted


class RatesForm(BaseForm):
    """A file of the European Central Bank. After validation `rates` is what it says."""

    file = FileField(lazy("Reference rates (XML or CSV)"))
    rates: list[Quoted]

    def validate_file(self, field: Field) -> None:
        if not field.data or not field.data.filename:
            raise StopValidation(_("Choose a file."))
        try:
            self.rates = files.read(field.data.stream.read(files.LARGEST + 1))
        except Faults as wrong:
            self.form_errors = [*self.form_errors, *(fault.sentence for fault in wrong.faults)]
            raise StopValidation(_("Nothing was imported. Download the file once more.")) from None
