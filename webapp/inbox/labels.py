"""The words for the codes of the inbox."""

from __future__ import annotations

from webapp.i18n import lazy

TABS = {
    "open": lazy("Open"),
    "opened": lazy("Opened by you"),
    "answered": lazy("Answered"),
    "closed": lazy("Closed"),
    "dismissed": lazy("Not for us"),
}

DISMISSALS = {
    "no_capacity": lazy("We have no time for it"),
    "other_field": lazy("It is not our field"),
    "budget": lazy("The budget does not fit"),
    "place": lazy("It is too far away"),
    "other": lazy("Another reason"),
}
