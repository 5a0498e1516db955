"""Pages of this feature."""

from __future__ import annotations

from flask import Blueprint

from webapp.invitations import actions as _actions  # noqa: F401

blueprint = Blueprint("invitations", __name__)
