"""What people choose and type when a client adds a partner, and when somebody answers an invitation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from wtforms import Field, ValidationError

from webapp.accounts.forms import PasswordAgain
from webapp.accounts.models import Organisation, User
from webapp.directory.models import PartnerAccount
from webapp.forms import BaseForm, HiddenField, OneOf, Text, lazy, needed
from webapp.i18n import gettext as _
from webapp.invitations import rules
from webapp.invitations.queries import Candidate
from webapp.invitations.selection import Choice
from webapp.limits import Limit
from webapp.partnerships.labels import ACCESSES, PAYERS
from webapp.partnerships.queries import Bars
from webapp.partnerships.rules import Access
from webapp.refused import Refused

DAY = timedelta(days=1)
REQUESTS_TO_ADDRESS = Limit("request-mail", 10, DAY)  # that partners send to one address
REQUESTS_BY_ONE = Limit("request-mail-by", 5, DAY)  # of these, by one partner: it can't use up all of them
INVITATIONS = Limit("partner-invitations", 50, DAY)  # of an organisation, and by a person
INVITATIONS_TO_PARTNER = Limit("partner-invitation-mail", 10, DAY)  # that they send to one partner


def request_attempts(partner: PartnerAccount, email: str) -> list[tuple[Limit, str]]:
    """What a mail of this partner to somebody's address counts against."""
    return [(REQUESTS_BY_ONE, f"{partner.public_id} {email}"), (REQUESTS_TO_ADDRESS, email)]


def mail_attempts(client: Organisation, partner: PartnerAccount, by: User) -> list[tuple[Limit, str]]:
    """What the mail of an invitation to a partner counts against, also when it is sent again."""
    senders = (client.public_id, by.public_id)
    return [(INVITATIONS_TO_PARTNER, f"{sender} {partner.public_id}") for sender in senders]


def invitation_attempts(client: Organisation, partner: PartnerAccount, by: User) -> list[tuple[Limit, str]]:
    """What a new invitation to a partner counts against."""
    new = [(INVITATIONS, client.public_id), (INVITATIONS, by.public_id)]
    return [*mail_attempts(client, partner, by), *new]


class PartnerForm(BaseForm):
    """One of the partners that were found; those that can't be invited are no choices."""

    partner = OneOf(lazy("Which partner?"), [needed(lazy("Choose a partner."))], choices=())

    def __init__(self, candidates: Sequence[Candidate], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.partner.choices = [
            (each.partner.public_id, each.partner.name) for each in candidates if not each.obstacle
        ]


class AccessForm(BaseForm):
    """Limited or full (RULES C1, C2)."""

    access = OneOf(
        lazy("How much may the partner manage?"),
        [needed(lazy("Choose limited or full access."))],
        choices=lambda: [(access.value, str(label)) for access, label in ACCESSES.items()],
    )

    def __init__(self, bars: Bars, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bars = bars

    def validate_access(self, field: Field) -> None:
        if self.bars.on(Access(field.data)):
            raise ValidationError(
                _("This access can’t be given at the moment. The page names the partner who has access.")
            )


class WalletForm(BaseForm):
    """Whose payment method is used (RULES C5)."""

    payer = OneOf(
        lazy("Who pays for what the partner orders and renews?"),
        [needed(lazy("Choose who pays."))],
        choices=lambda: [(payer.value, str(label)) for payer, label in PAYERS.items()],
    )


class CheckForm(PasswordAgain, BaseForm):
    """The last page of a choice: full access, and with it the wallet, asks for the password.

    `seen` stands for what the page showed: another tab may have changed the choice since; `changed` says so.
    """

    seen = HiddenField()
    changed: type[Refused] = rules.ChoiceChanged

    def __init__(self, access: Access | None, stamp: str, **typed: str) -> None:
        self.password_needed = access is Access.FULL
        self._stamp = stamp
        super().__init__(data={"seen": stamp, **typed})

    def validate(self, extra_validators: Any = None) -> bool:
        """Nothing is done that the page did not show."""
        seen, self.seen.data = self.seen.data, self._stamp
        if seen != self._stamp:
            self.refuse(self.changed())
            return False
        return super().validate(extra_validators)


class SendForm(CheckForm):
    """Sends an invitation, with a message if there is one."""

    message = Text(lazy("Message"), most=rules.MESSAGE_LENGTH)

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice.access, choice.stamp, message=choice.message)


class RefusalForm(BaseForm):
    """Why not, if somebody wants to say."""

    reason = Text(lazy("Reason"), most=rules.REASON_LENGTH)
