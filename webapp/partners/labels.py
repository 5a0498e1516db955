"""The names that people read for the codes of the programme: services, commitments."""

from __future__ import annotations

from webapp.i18n import lazy
from webapp.partners.rules import SERVICES

SERVICE_NAMES = {
    "web": lazy("Websites and hosting"),
    "mail": lazy("Mail"),
    "cloud": lazy("Cloud servers"),
    "backup": lazy("Backup"),
    "shop": lazy("Online shops"),
    "events": lazy("Events and ticketing"),
}


def service(code: str) -> str:
    """`web` -> `Websites and hosting`, for the reader."""
    return str(SERVICE_NAMES.get(code, code))


def service_choices() -> list[tuple[str, str]]:
    """The services as choices of a form."""
    return [(code, service(code)) for code in SERVICES]
