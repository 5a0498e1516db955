"""What is true of requests that partners send to clients (RULES C7). Pure."""

from __future__ import annotations

from webapp.refused import Refused

STEPS = ("who", "ask", "message")  # of the partner's wizard; the check comes after them


class AccountSuspended(Refused):
    """The operator has suspended the partner that wants to ask."""

    sentence = (
        "Your partner account is suspended at the moment, so you can’t ask anybody for access. "
        "Open requests can still be deleted."
    )


class ChoiceChanged(Refused):
    """What would be granted is not what the page showed: it was changed in another tab."""

    sentence = (
        "What you would grant has changed since this page was opened. Check it once more, then grant it."
    )


def next_step(done: list[str]) -> str:
    """The first page of the wizard that was not filled in right, else the check."""
    return next((step for step in STEPS if step not in done), "check")
