"""What pages say, in any language."""

from __future__ import annotations

from webapp.i18n import gettext, speaking


def said(sentence: str, language: str, **values: object) -> str:
    """The sentence as somebody in Switzerland reads it."""
    with speaking(language, "CH"):
        return gettext(sentence, **values)
