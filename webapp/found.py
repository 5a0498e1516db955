"""Loading is authorising: queries are scoped to who asks, and what they do not find is not there."""

from __future__ import annotations

from typing import TypeVar

from flask import abort

Thing = TypeVar("Thing")


def found(thing: Thing | None) -> Thing:
    """The thing, or 404."""
    if thing is None:
        abort(404)
    return thing
