"""How the codes of accounts are called."""

from __future__ import annotations

from webapp.accounts.models import UserSession
from webapp.accounts.rules import Kind, Role
from webapp.i18n import gettext as _
from webapp.i18n import lazy

ROLES = {
    Role.COLLABORATOR: lazy("Collaborator"),
    Role.ADMINISTRATOR: lazy("Administrator"),
    Role.LEGAL_REPRESENTATIVE: lazy("Legal representative"),
}

ROLE_HINTS = {
    Role.COLLABORATOR: lazy(
        "Works with what the organisation has. Does not change the team or the settings."
    ),
    Role.ADMINISTRATOR: lazy("Manages the team and the settings as well."),
    Role.LEGAL_REPRESENTATIVE: lazy(
        "Speaks for the organisation, and alone gives or takes away the role of legal representative."
    ),
}

KINDS = {
    Kind.INDIVIDUAL: lazy("An individual"),
    Kind.COMPANY: lazy("A company or an association"),
}

WEAKNESSES = {
    "short": lazy("Use at least 12 characters. Several words in a row are easy to remember."),
    "long": lazy("Use at most 200 characters."),
    "common": lazy("This password is on the lists that attackers try first. Choose another one."),
    "personal": lazy("This password is too close to your name or mail address. Choose another one."),
}


def role(code: Role) -> str:
    """The role in words."""
    return str(ROLES[code])


def role_hint(code: str) -> str:
    """What somebody with this role may do."""
    return str(ROLE_HINTS[Role(code)])


def browser(session: UserSession) -> str:
    """`Firefox on Windows`, as far as it is known."""
    name, _slash, system = session.browser.partition("/")
    if name and system:
        return _("%(browser)s on %(system)s", browser=name, system=system)
    return name or system or _("A browser that we don’t know")
