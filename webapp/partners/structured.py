"""A partner's profile as search engines read it (JSON-LD, schema.org)."""

from __future__ import annotations

from typing import Any

from flask import current_app

from webapp.i18n import current_language
from webapp.mailer import address_of
from webapp.partners.labels import service
from webapp.partners.models import ListingText, PartnerAccount
from webapp.places import region_name


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
        data["logo"] = address_of("partners.logo", slug=partner.slug, file=partner.logo.public_id)
    return data
