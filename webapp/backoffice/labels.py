"""How the desk names states."""

from __future__ import annotations

from webapp.i18n import lazy

MAIL_STATES = {
    "waiting": (lazy("Waiting"), "wait"),
    "sent": (lazy("Sent"), "ok"),
    "dead": (lazy("Failed"), "bad"),
    "cancelled": (lazy("Cancelled"), ""),
}
