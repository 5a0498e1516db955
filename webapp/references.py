"""Creditor references (ISO 11649): what a payer quotes and the bank hands on, `RF18 5390 0754 7034`."""

from __future__ import annotations

import re

from stdnum import iso11649
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10

BODY_LENGTH = 21  # what the standard leaves after RF and the check digits


def reference_of(number: str) -> str:
    """The reference, without blanks, for a number such as `2026-000042`: its letters and digits count."""
    body = re.sub("[^0-9A-Z]", "", number.upper())
    if not 0 < len(body) <= BODY_LENGTH:
        raise ValueError(number)
    return f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"


def parse_reference(text: str) -> str | None:
    """What somebody typed or a bank sent, without blanks; None when it is no valid reference."""
    compact = re.sub(r"[\s.\-/,:]", "", text).upper()
    if not re.fullmatch(r"RF[0-9]{2}[0-9A-Z]{1,21}", compact):
        return None
    try:
        return str(iso11649.validate(compact))
    except ValidationError:
        return None


def spaced(reference: str) -> str:
    """In groups of four, as it is printed."""
    return str(iso11649.format(reference))
