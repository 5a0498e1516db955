"""Two kinds of mail for the tests of the post itself, about a person: `note`, and `notice` to many."""

from __future__ import annotations

from webapp import mailer
from webapp.accounts.models import User
from webapp.extensions import db
from webapp.i18n import current_language
from webapp.mailer import Kind, Letter, QueuedMail

WRITTEN: list[int] = []  # the ids of the mails for which words were written


def _letter(mail: QueuedMail) -> Letter | None:
    user = db.session.get(User, mail.about)
    if user is None or user.disabled_at:
        return None
    WRITTEN.append(mail.id)
    return Letter(
        subject=f"News of {user.name} ({current_language()})",
        heading=f"News of {user.name}",
        paragraphs=("Zürich, été, 10 €: " + "words " * 40,),
        why="You are in a test.",
    )


def _holds(about: int) -> bool:
    user = db.session.get(User, about)
    return user is not None and user.disabled_at is None


def register() -> None:
    """Makes both known to the postman."""
    mailer.KINDS.update(note=Kind(_letter), notice=Kind(_letter, _holds))
