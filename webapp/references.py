"""Creditor references (ISO 11649): what a payer quotes and the bank hands on, `RF18 5390 0754 7034`.

In what comes in, those of the QR-bill with 27 digits are read as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iso11649
from stdnum.ch import esr
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10

BODY_LENGTH = 21  # what the standard leaves after RF and the check digits

_RF = re.compile(r"(?<![A-Z0-9])RF(?= ?[0-9]{2})")
_GROUP = re.compile(" ?[A-Z0-9]+")
_LONGEST_WRITTEN = 2 * 25  # 25 characters with blanks between them
_QRR = re.compile(r"(?<![A-Z0-9])[0-9](?: ?[0-9]){26}(?![A-Z0-9])")


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


def valid_reference(written: str) -> str:
    """The compact reference, "" if it is none: RF… with its check digits, or 27 digits of which the last checks."""
    compact = written.replace(" ", "").upper()
    if re.fullmatch("RF[0-9]{2}[A-Z0-9]{1,21}", compact) and iso11649.is_valid(compact):
        return compact
    if re.fullmatch("[0-9]{27}", compact) and compact.strip("0") and esr.is_valid(compact):
        return compact
    return ""


def references_in(text: str) -> Iterator[str]:
    """Every reading of a reference in what somebody wrote: in one piece, in groups, followed by other words."""
    text = text.upper()
    for start in _RF.finditer(text):
        end = start.start()
        while (piece := _GROUP.match(text, end)) and piece.end() - start.start() <= _LONGEST_WRITTEN:
            end = piece.end()
            if reference := valid_reference(text[start.start() : end]):
                yield reference
    for digits in _QRR.finditer(text):
        if reference := valid_reference(digits[0]):
            yield reference
