"""What the operator changes, beside the actions of the features themselves."""

from __future__ import annotations

from datetime import datetime

from webapp import audit, links
from webapp.accounts import actions as accounts
from webapp.accounts import queries as people
from webapp.accounts.models import User
from webapp.accounts.rules import OperatorExists
from webapp.backoffice.rules import SETUP_LIFETIME, NotDead
from webapp.links import Link
from webapp.mailer import QueuedMail
from webapp.refused import Gone
from webapp.unit import lock, unit_of_work

NOBODY = 0  # what the link is about: there is no row for it yet


@unit_of_work
def open_setup(*, by: User | None = None, now: datetime) -> Link:
    """A one-time link that makes the first operator; an older one dies. Raises OperatorExists."""
    if people.operators():
        raise OperatorExists()
    return links.issue("setup", NOBODY, expires_at=now + SETUP_LIFETIME, now=now)


@unit_of_work
def set_up(
    link: Link,
    *,
    name: str,
    email: str,
    password: str,
    language: str,
    region: str,
    by: User | None = None,
    now: datetime,
) -> User:
    """Uses the link up and makes the first operator. Raises Gone, OperatorExists, AddressTaken."""
    if not links.consume(link, now=now):
        raise Gone()
    return accounts.create_first_operator(name, email, password, language, region=region, by=by, now=now)


@unit_of_work
def retry_mail(mail: QueuedMail, *, by: User, now: datetime) -> None:
    """Puts a dead mail back into the queue, due now, with all its attempts ahead. Raises NotDead."""
    if lock(mail).dead_at is None:
        raise NotDead()
    mail.dead_at = None
    mail.attempts = 0
    mail.due_at = now
    audit.record("mail.retried", mail, by=by, now=now)
