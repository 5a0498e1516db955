"""What is true at the operator's desk. Pure."""

from __future__ import annotations

from datetime import timedelta

from webapp.refused import Refused

SETUP_LIFETIME = timedelta(hours=24)


class NotDead(Refused):
    """Only a mail that was given up is tried again by hand; the worker sees to the others."""

    sentence = "This mail is no longer marked as failed."
