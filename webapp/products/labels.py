"""The words for categories, periods, colours and figures."""

from __future__ import annotations

from webapp.i18n import lazy
from webapp.products.rules import Family

FAMILIES = {
    Family.WEB: lazy("Websites and hosting"),
    Family.MAIL: lazy("Mail"),
    Family.CLOUD: lazy("Cloud servers"),
    Family.DOMAIN: lazy("Domains"),
    Family.OTHER: lazy("Other products"),
}


def family(which: Family) -> str:
    """The category's name."""
    return str(FAMILIES[which])
