"""The words for what the desk sees of affiliates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp.affiliation.models import Attribution
from webapp.affiliation.rules import Reason, Sign, Verdict
from webapp.i18n import lazy

VERDICTS = {
    Verdict.ALLOWED: lazy("Counts"),
    Verdict.HELD: lazy("To be reviewed"),
    Verdict.REFUSED: lazy("Does not count"),
}
TONES = {Verdict.ALLOWED: "ok", Verdict.HELD: "wait", Verdict.REFUSED: "bad"}

SIGNS = {
    Sign.SAME_NUMBER: lazy("The register or VAT number is the affiliate’s own."),
    Sign.SAME_PLACE: lazy("Street and postcode are the affiliate’s own."),
    Sign.SAME_NETWORK: lazy(
        "The sign-up came from an internet connection from which the affiliate signs in."
    ),
    Sign.SAME_DOMAIN: lazy("The mail address has the domain of the affiliate’s people."),
    Sign.MANY: lazy("Several customers of this affiliate signed up from the same internet connection."),
    Sign.FAST: lazy("The form was filled in faster than a person can."),
}

# as the desk reads them; the affiliate's own words are of `earnings`
REASONS = {
    Reason.CLOSED: lazy("The affiliate account was closed."),
    Reason.REFUSED: lazy("The customer was refused."),
    Reason.LATE: lazy("The customer’s first order came too late."),
    Reason.OVER: lazy("The customer signed up too long ago."),
    Reason.OWN: lazy("Ordered by the affiliate, or by somebody of its organisation."),
    Reason.ADDRESS: lazy("Ordered from the affiliate’s own internet connection."),
    Reason.MANAGED: lazy("The customer was no new one, or a partner manages its products."),
    Reason.EXCLUDED: lazy("Nothing in the order counts for affiliates."),
}


def verdict_name(verdict: Verdict) -> str:
    """What became of a customer."""
    return str(VERDICTS[verdict])


def verdict_tone(verdict: Verdict) -> str:
    """The colour of its badge."""
    return TONES[verdict]


def signs_of(attribution: Attribution) -> list[str]:
    """What made a sign-up suspicious, in words."""
    return [str(words) for sign, words in SIGNS.items() if sign.value in attribution.signs]


def reason_name(reason: Reason) -> str:
    """Why an order brings nothing."""
    return str(REASONS[reason])


FILTERS: dict[str, Callable[..., Any]] = {
    "verdict_name": verdict_name, "verdict_tone": verdict_tone, "signs_of": signs_of, "reason_name": reason_name,
}  # fmt: skip
