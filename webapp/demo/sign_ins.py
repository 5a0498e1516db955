"""Who can be signed in as in the demo: shown in the terminal and on the sign-in page, in demo mode only."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from flask import current_app

from webapp.accounts import labels
from webapp.accounts.rules import Role
from webapp.demo.people import SHOWN, Shown
from webapp.i18n import gettext as _


@dataclass(frozen=True)
class SignIn:
    """One person to try; `place` is the organisation, `sees` what there is to see."""

    name: str
    email: str
    password: str
    role: str
    place: str
    sees: str


def password() -> str:
    """The one password of all demo people: looks random, follows from SECRET_KEY, stands nowhere."""
    proof = hmac.digest(current_app.secret_key.encode(), b"demo password", hashlib.sha256)  # type: ignore[union-attr] # checked by config
    letters = base64.b32encode(proof).decode().lower()
    return "-".join(letters[n : n + 4] for n in range(0, 16, 4))


def sign_ins() -> list[SignIn]:
    """The people worth trying, with their roles and what they see, for the reader."""
    return [
        SignIn(each.person.name, each.person.email, password(), _role(each.role), each.place, _sees(each))
        for each in SHOWN
    ]


def _sees(shown: Shown) -> str:
    words = str(shown.sees)
    return words[0].upper() + words[1:]


def _role(role: Role | None) -> str:
    return labels.role(role) if role else _("Operator")


def greeting() -> str:
    """What the terminal says once the demo is up."""
    base = current_app.config["SETTINGS"].base_url
    people = sign_ins()
    rows = [(each.email, each.place or each.name, each.sees) for each in people]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [f"  {email:<{widths[0]}}  {place:<{widths[1]}}  {sees}" for email, place, sees in rows]
    return "\n".join(
        [
            "",
            f"The demo is at  {base}",
            f"and its mail at {base}/dev/mail",
            "",
            f"Sign in with the password  {people[0].password}  as",
            *lines,
            "",
            "Ctrl-C stops it; its data stay in var/.  make demo-reset  tells the story anew.",
        ]
    )
