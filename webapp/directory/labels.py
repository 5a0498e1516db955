"""How codes of the programme are called, and a partner's profile as search engines read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import current_app

from webapp.directory.models import ListingText, PartnerAccount
from webapp.directory.rules import SERVICES, SuspensionReason
from webapp.i18n import current_language, lazy
from webapp.mailer import address_of
from webapp.places import region_name

SERVICE_NAMES = {
    "web": lazy("Websites and hosting"),
    "mail": lazy("Mail"),
    "cloud": lazy("Cloud servers"),
    "backup": lazy("Backup"),
    "shop": lazy("Online shops"),
    "events": lazy("Events and ticketing"),
}

APPLICATION_STATES = {
    "waiting": (lazy("Waiting"), "wait"),
    "approved": (lazy("Approved"), "ok"),
    "rejected": (lazy("Rejected"), ""),
}

SUSPENSION_REASONS = {
    SuspensionReason.CONDITIONS: lazy("It does not keep to the conditions of the programme"),
    SuspensionReason.INVOICES: lazy("Invoices are unpaid"),
    SuspensionReason.SECURITY: lazy("Its access may be in the wrong hands"),
    SuspensionReason.REQUEST: lazy("It asked for it"),
    SuspensionReason.OTHER: lazy("Another reason"),
}


def service(code: str) -> str:
    """`web` -> `Websites and hosting`, for the reader."""
    return str(SERVICE_NAMES.get(code, code))


def in_order(services: Iterable[str]) -> list[str]:
    """Service codes in the order in which they are always shown."""
    return [code for code in SERVICES if code in services]


def service_choices() -> list[tuple[str, str]]:
    """The services as choices of a form."""
    return [(code, service(code)) for code in SERVICES]


def structured_data(partner: PartnerAccount, text: ListingText | None, address: str) -> dict[str, Any]:
    """The partner as a ProfessionalService whose status the operator vouches for (RULES A5)."""
    settings = current_app.config["SETTINGS"]
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ProfessionalService",
        "@id": address,
        "name": partner.name,
        "url": partner.website,
        "mainEntityOfPage": address,
        "address": {
            "@type": "PostalAddress",
            "addressLocality": partner.city,
            "addressRegion": region_name(partner.region, current_language()),
            "addressCountry": partner.country,
        },
        "knowsLanguage": sorted(partner.languages),
        "knowsAbout": [service(code) for code in sorted(partner.services)],
        "memberOf": {
            "@type": "Organization",
            "name": settings.operator_name or settings.brand_name,
            "url": settings.base_url,
        },
    }
    if not partner.region:
        del data["address"]["addressRegion"]
    if text:
        data["description"] = text.text
    if partner.logo:
        data["logo"] = address_of("directory.logo", slug=partner.slug, file=partner.logo.public_id)
    return data
